#!/usr/bin/env python3
"""Answers Sidetone's hold requests: what a gateway beside a PBX has to get right.

    python3 examples/hold_gateway.py mqtt://localhost --org local --phone 1017=127.0.0.1:4444

Needs paho-mqtt 1.6 (Debian's python3-paho-mqtt) or 2.x. It drives baresip phones through their control
sockets (`--phone EXTENSION=ADDRESS`); for a PBX, replace the class Phone by calls of its interface.

- The answer comes *after* the deed: `ok` says that the customer is on hold (or back), not that it was asked for.
- A request lives two seconds. One that is retained, older, or was answered before is left alone: a hold
  that comes late would surprise two people.
- The answer repeats the request, so that the node finds what it belongs to, and adds `ok` and, if not, `reason`.
- The broker lets only the gateway write `hold/reply`, and only the node write its `hold/request`.
"""

import argparse
import json
import socket
import sys
import time
from urllib.parse import urlparse

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

REQUEST_LIVES_S = 2
REMEMBERED = 1000


class Phone:
    """A baresip, by its control socket: netstrings of JSON."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.address = (host, int(port))

    def ask(self, command):
        """Gives a command; its answer."""
        with socket.create_connection(self.address, timeout=1) as control:
            request = json.dumps({"command": command, "token": "gateway"}).encode()
            control.sendall(b"%d:%s," % (len(request), request))
            text = b""
            while piece := control.recv(65536):
                text += piece
                while b":" in text:
                    length, _, rest = text.partition(b":")
                    if len(rest) <= int(length):
                        break
                    message, text = json.loads(rest[: int(length)]), rest[int(length) + 1 :]
                    if message.get("token") == "gateway":
                        return message
        raise OSError("the phone closed its control socket")

    def held(self):
        """Whether its one call is on hold; None if there is not exactly one."""
        calls = [line for line in self.ask("listcalls")["data"].splitlines() if "ESTABLISHED" in line]
        return "(on hold)" in calls[0] if len(calls) == 1 else None

    def turn(self, hold):
        """Holds or resumes, and looks until it is so. None if done, else the reason."""
        held = self.held()
        if held is None:
            return "the extension does not have exactly one call"
        if held != hold:
            reply = self.ask("hold" if hold else "resume")
            if not reply["ok"]:
                return reply["data"].strip()
        until = time.monotonic() + 1
        while self.held() != hold:
            if time.monotonic() > until:
                return "the phone did as if, and nothing changed"
            time.sleep(0.02)
        return None


class Gateway:
    """Requests in, answers out."""

    def __init__(self, phones, answer):
        self.phones = phones
        self.answer = answer
        self.answered = {}  # (node, boot, seq), the oldest first

    def take(self, topic, payload, retained, now):
        """Takes one message; `now` is the time in seconds since 1970."""
        try:
            request = json.loads(payload)
            # sidetone/v1/ORG/node/NODE/hold/request
            node, key = topic.split("/")[4], (request["node"], request["boot"], request["seq"])
            age = now - request["ts"] / 1000
            action, extension = request["action"], request["extension"]
        except (ValueError, TypeError, LookupError):
            return  # not of this contract
        if retained or request["node"] != node or abs(age) > REQUEST_LIVES_S or key in self.answered:
            return
        self.answered[key] = True
        if len(self.answered) > REMEMBERED:
            del self.answered[next(iter(self.answered))]
        reason = self.act(action, extension)
        reply = {**request, "ts": int(time.time() * 1000), "ok": reason is None}
        if reason is not None:
            reply["reason"] = reason
        self.answer(topic.removesuffix("request") + "reply", json.dumps(reply))

    def act(self, action, extension):
        """Does it. None if done, else the reason."""
        if action not in ("hold", "resume"):
            return f"there is no action {action!r}"
        phone = self.phones.get(extension)
        if phone is None:
            return f"there is no extension {extension!r}"
        try:
            return phone.turn(action == "hold")
        except OSError as error:
            return f"the phone does not answer: {error}"


def main():
    arguments = argparse.ArgumentParser(description="Answers Sidetone's hold requests.")
    arguments.add_argument("broker", help="mqtt://host[:port] or mqtts://host[:port]")
    arguments.add_argument("--org", required=True, help="node.org of the nodes")
    arguments.add_argument("--phone", action="append", default=[], metavar="EXTENSION=ADDRESS")
    arguments.add_argument("--ca", help="PEM file of the broker's authority")
    arguments.add_argument("--cert", help="PEM file of this program's certificate")
    arguments.add_argument("--key", help="PEM file of its private key")
    arguments = arguments.parse_args()
    url = urlparse(arguments.broker)
    phones = {}
    for phone in arguments.phone:
        extension, _, address = phone.partition("=")
        phones[extension] = Phone(address)
    topic = f"sidetone/v1/{arguments.org}/node/+/hold/request"

    # paho 2 wants to be told which callbacks it finds; for MQTT 5 they are those of paho 1.
    api = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
    client = mqtt.Client(*api, protocol=mqtt.MQTTv5)
    life = Properties(PacketTypes.PUBLISH)
    life.MessageExpiryInterval = REQUEST_LIVES_S
    gateway = Gateway(phones, lambda topic, reply: client.publish(topic, reply, qos=1, properties=life))

    def on_connect(client, _userdata, _flags, reason, _properties=None):
        if reason != 0:
            return print(f"the broker refuses: {reason}", file=sys.stderr, flush=True)
        # So that one that is published as retained shows it.
        client.subscribe(topic, options=SubscribeOptions(qos=1, retainAsPublished=True))

    def on_subscribe(*_):
        print(f"answers {topic} for extensions {', '.join(phones) or 'none'}", flush=True)

    def on_message(_client, _userdata, message):
        gateway.take(message.topic, message.payload, message.retain, time.time())

    client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
    if url.scheme == "mqtts":
        client.tls_set(arguments.ca, arguments.cert, arguments.key)
    port = url.port or (8883 if url.scheme == "mqtts" else 1883)
    client.reconnect_delay_set(min_delay=1, max_delay=30)
    client.connect_async(url.hostname, port, keepalive=20)
    client.loop_forever(retry_first_connection=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
