"""A server that answers what the test says, byte for byte."""

import json
import os
import socket
import threading

from harness import TOP

FIXTURES = os.path.join(TOP, "tests", "fixtures")


def recorded(*path):
    with open(os.path.join(FIXTURES, *path), "rb") as file:
        return file.read()


def answer(status, body, kind="application/json", more=""):
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    body = body if isinstance(body, bytes) else body.encode()
    head = "HTTP/1.1 %s X\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n"
    return (head % (status, kind, len(body), more)).encode() + body


def ofrep_value(value, **more):
    return answer(200, dict({"key": "kafkaQueueProblems", "value": value, "variant": "on",
                             "reason": "STATIC"}, **more))


def locust(users=25, state="running", requests=300, rate=0.25):
    """The keys of /stats/requests that Locust 2 sends, and that matter here."""
    row = {"method": "POST", "name": "/api/checkout", "safe_name": "/api/checkout",
           "num_requests": requests, "num_failures": 0, "avg_response_time": 12.0,
           "min_response_time": 3, "max_response_time": 40, "current_rps": rate,
           "current_fail_per_sec": 0.0, "median_response_time": 11, "avg_content_length": 100}
    return answer(200, {"stats": [row, dict(row, method="", name="Aggregated",
                                            safe_name="Aggregated")],
                        "errors": [], "total_rps": rate, "fail_ratio": 0.0, "state": state,
                        "user_count": users, "workers": []})


class Fake:
    """with Fake({("POST", "/path"): bytes}) as fake: ... fake.url, fake.seen"""

    def __init__(self, answers, default=answer(404, "")):
        self.answers, self.default, self.seen = answers, default, []

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        with connection, connection.makefile("rb") as stream:
            words = stream.readline().decode("latin-1").split()
            head = {}
            for line in iter(stream.readline, b"\r\n"):
                if not line:
                    return
                name, _, value = line.decode("latin-1").partition(":")
                head[name.lower()] = value.strip()
            body = stream.read(int(head.get("content-length", 0)))
            self.seen.append((words[0], words[1], head, body))
            reply = self.answers.get((words[0], words[1].partition("?")[0]), self.default)
            try:
                connection.sendall(reply(body) if callable(reply) else reply)
            except OSError:
                pass


def closed_port():
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
