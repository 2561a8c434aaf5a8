"""What the tests share: recorded services on loopback, the fixtures of the repository, and a record
of the raw functions that did their work, which the parity test reads."""

import contextlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading

import pytest

from leakdiag import _capi

TOP = pathlib.Path(__file__).resolve().parents[3]
FIXTURES = TOP / "tests" / "fixtures"
pytest_plugins = ["pytester"]
_called = set()


def _recorded(name, function):
    def call(*arguments):
        made = function(*arguments)
        _called.add(name)
        return made
    return call


def pytest_configure(config):
    if os.environ.get("LEAKDIAG_CALLED"):
        for name in dir(_capi):
            function = getattr(_capi, name)
            if callable(function) and not name.startswith(("_", "SWIG")):
                setattr(_capi, name, _recorded(name, function))


def pytest_unconfigure(config):
    if os.environ.get("LEAKDIAG_CALLED"):
        with open(os.environ["LEAKDIAG_CALLED"], "w") as file:
            json.dump(sorted(_called), file)


class _Recorded(http.server.BaseHTTPRequestHandler):
    """Answers with the bytes of recordings; /hang waits until the test is over."""

    answers = {
        ("POST", "/ofrep/v1/evaluate/flags/kafkaQueueProblems"): "ofrep/01_post_off.resp.http",
        ("POST", "/ofrep/v1/evaluate/flags/stringFlag"): "ofrep/13_type_stringFlag.resp.http",
        ("POST", "/ofrep/v1/evaluate/flags"): "ofrep/18_bulk.resp.http",
        ("GET", "/stats/requests"): "locust/v2.47.0/11_stats_running.resp.http",
    }

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        if self.path.startswith("/hang"):
            self.server.asked.set()
            self.server.over.wait()
            self.close_connection = True
            return
        name = self.answers.get((self.command, self.path))
        if not name:
            self.send_error(404)
            return
        self.wfile.write((FIXTURES / name).read_bytes())
        self.close_connection = True

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    """A server; .url answers as recorded, .hanging never answers."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Recorded)
    server.seen, server.asked, server.over = [], threading.Event(), threading.Event()
    server.daemon_threads = True
    server.url = "http://127.0.0.1:%d" % server.server_address[1]
    server.hanging = server.url + "/hang"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


LEAK = """
import time
kept = []
print("up", flush=True)
while True:
    kept.append(bytearray(400000))
    time.sleep(0.05)
"""
REST = """
import time
kept = bytearray(20000000)
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def process():
    """Starts a Python program that prints a line when it is up; ended with the test."""
    with contextlib.ExitStack() as stack:
        def start(code):
            made = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
            stack.callback(made.wait)
            stack.callback(made.kill)
            made.stdout.readline()
            return made
        yield start


@pytest.fixture
def climb():
    """A series that climbs 174763 bytes every 15 seconds."""
    import leakdiag
    return leakdiag.Series([15000 * i for i in range(60)],
                           [8388608.0 + 174763 * i for i in range(60)])


@pytest.fixture
def captures():
    """The captures of the repository."""
    return sorted((FIXTURES / "captures").glob("*.json"))
