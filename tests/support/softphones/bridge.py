"""Tells the calls of a baresip as Sidetone's adapters exec and http want them, and holds.

  bridge.py CONTROL_PORT state|hold|resume     one run, as adapters.exec starts it
  bridge.py CONTROL_PORT serve HTTP_PORT       addresses /calls, /hold, /resume for adapters.http
"""
import http.server
import json
import os
import re
import socket
import sys

LINE = re.compile(r"\[line (\d+)\]\s+\S+\s+ESTABLISHED(\s+\(on hold\))?")


def tell(port, command):
    with socket.create_connection(("127.0.0.1", port), timeout=1) as control:
        request = json.dumps({"command": command, "token": "bridge"}).encode()
        control.sendall(b"%d:%s," % (len(request), request))
        text = b""
        while True:
            piece = control.recv(65536)
            if not piece:
                sys.exit("baresip closed the channel")
            text += piece
            while True:
                length, colon, rest = text.partition(b":")
                if not colon or len(rest) <= int(length):
                    break
                message, text = json.loads(rest[: int(length)]), rest[int(length) + 1 :]
                if message.get("token") == "bridge":
                    return message


def calls(port):
    found = LINE.findall(tell(port, "listcalls")["data"])
    return [{"id": line, "phase": "held" if held else "active"} for line, held in found]


def act(port, action, call):
    if call not in [known["id"] for known in calls(port)]:
        return f"there is no call {call!r}"
    reply = tell(port, action)
    return None if reply["ok"] else reply["data"].strip()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def allowed(self):
        if self.headers["Authorization"] == "Bearer open-sesame":
            return True
        self.answer(401, "show the token")
        return False

    def do_GET(self):
        if self.allowed():
            self.answer(200, json.dumps(calls(self.server.control)))

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.allowed():
            assert self.path == "/" + order["action"]
            problem = act(self.server.control, order["action"], order["call"])
            self.answer(409 if problem else 204, problem or "")

    def log_message(self, *_):
        pass


def main():
    port, what = int(sys.argv[1]), sys.argv[2]
    if what == "state":
        print(json.dumps(calls(port)))
    elif what == "serve":
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[3])), Handler)
        server.control = port
        server.serve_forever()
    else:
        sys.exit(act(port, what, os.environ["SIDETONE_CALL"]))


main()
