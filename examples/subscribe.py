#!/usr/bin/env python3
"""Follows an organisation's alerts and events: what every subscriber has to get right.

    python3 examples/subscribe.py mqtt://localhost --org local

Needs paho-mqtt 1.6 (Debian's python3-paho-mqtt) or 2.x.

- The broker keeps what arrives while this program is away: MQTT 5, a fixed client id, no clean start.
- QoS 1 may deliver twice: a message is known by its (node, boot, seq).
- `alert/...` is the state of an alert, said again every 60 s while it stands. `event/alert.*` tells each
  change once, and is kept for a day. Both are folded by the alert's `id`; the higher (boot, seq) is right.
- An alert that nobody refreshed for 180 s, or of a lost node, is *expired*: not known, and not over.
- Keys, events and alerts that it does not know are no error, so that it outlives updates.
"""

import argparse
import json
import time
from urllib.parse import urlparse

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

EXPIRY_S = 180
DAY_S = 24 * 3600
REMEMBERED = 10_000


class Follower:
    """The messages of all nodes, as they add up. Times are seconds of a clock that never jumps."""

    def __init__(self, say):
        self.say = say
        self.events = {}  # (node, boot, seq), the oldest first
        self.alerts = {}  # id: what it says, and when that was last heard
        self.lost = set()  # nodes whose last will was sent

    def take(self, topic, payload, now):
        """Takes one message."""
        try:
            message = json.loads(payload)
            node, boot = message["node"], message["boot"]
            # sidetone/v1/ORG/node/NODE/event/TYPE, .../alert/KIND/SUBJECT or .../status
            what = topic.split("/")[5]
            if what == "status":
                self.status(node, message["state"], now)
            elif what == "alert":
                self.alert(message, now)
            elif what == "event" and is_new(self.events, (node, boot, message["seq"])):
                if "kind" in message:
                    self.alert(message, now)
                else:
                    self.say(f"{node}: {message['type']}")
        except (ValueError, TypeError, LookupError):
            return  # not of this contract; or empty, which removes a retained message

    def alert(self, message, now):
        """One alert, from either topic; a repetition is its refresh."""
        key, order = message["id"], (message["boot"], message["seq"])
        known = self.alerts.get(key)
        if known and order < known["order"]:
            return
        shown = f"{message['state']} {message['severity']} {message['kind']}: {message['text']}"
        over = message["state"] == "cleared"
        if known["shown"] != shown or known["expired"] if known else not over:
            self.say(f"{message['node']}: {shown}")
        is_new(self.alerts, key)
        self.alerts[key] = {
            "node": message["node"], "order": order, "shown": shown, "over": over, "heard": now, "expired": False,
        }

    def status(self, node, state, now):
        """A node's state; one that is lost refreshes nothing."""
        (self.lost.add if state == "lost" else self.lost.discard)(node)
        self.expire(now)

    def expire(self, now):
        """Tells which alerts nobody refreshes any more."""
        for alert in list(self.alerts.values()):
            silent = alert["node"] in self.lost or now - alert["heard"] > EXPIRY_S
            if silent and not alert["over"] and not alert["expired"]:
                alert["expired"] = True
                self.say(f"{alert['node']}: expired {alert['shown']}")


def is_new(memory, key):
    """Notes the key, and forgets the oldest of too many."""
    if key in memory:
        return False
    memory[key] = None
    if len(memory) > REMEMBERED:
        del memory[next(iter(memory))]
    return True


def main():
    parser = argparse.ArgumentParser(description="Follow the alerts and events of Sidetone.")
    parser.add_argument("broker", help="mqtt://host[:port] or mqtts://host[:port]")
    parser.add_argument("--org", default="local", help="organisation, second level of the topics (local)")
    parser.add_argument("--client-id", default="sidetone-subscribe-py", help="one per running program")
    parser.add_argument("--ca", help="PEM file of the broker's authority (the system's)")
    parser.add_argument("--cert", help="PEM file of this program's certificate")
    parser.add_argument("--key", help="PEM file of its private key")
    arguments = parser.parse_args()
    url = urlparse(arguments.broker)

    follower = Follower(lambda line: print(line, flush=True))
    topics = [f"sidetone/v1/{arguments.org}/node/+/{what}" for what in ("status", "event/+", "alert/+/+")]

    def connected(client, _userdata, _flags, reason, _properties=None):
        print(f"connected: {reason}", flush=True)
        client.subscribe([(topic, 1) for topic in topics])

    # paho 2 wants to be told which callbacks it finds; for MQTT 5 they are those of paho 1.
    api = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
    client = mqtt.Client(*api, client_id=arguments.client_id, protocol=mqtt.MQTTv5)
    client.on_connect = connected
    client.on_message = lambda _client, _userdata, m: follower.take(m.topic, m.payload, time.monotonic())
    if url.scheme == "mqtts":
        client.tls_set(arguments.ca, arguments.cert, arguments.key)
    session = Properties(PacketTypes.CONNECT)
    session.SessionExpiryInterval = DAY_S
    port = url.port or (8883 if url.scheme == "mqtts" else 1883)
    client.reconnect_delay_set(min_delay=1, max_delay=30)
    client.connect_async(url.hostname, port, keepalive=20, clean_start=False, properties=session)
    client.loop_start()  # connects, and connects again, for as long as the program runs
    while True:
        time.sleep(1)
        follower.expire(time.monotonic())


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
