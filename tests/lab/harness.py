"""What the tests of the lab share: paths, waiting, a scripted flag service, the counting line."""

import glob
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAB = os.path.join(ROOT, "examples", "lab")
DEADLINE_S = 10

sys.dont_write_bytecode = True
sys.path.insert(0, LAB)


def wait_until(what, condition, deadline_s=DEADLINE_S):
    """The condition's first true value; an AssertionError when it stays false."""
    deadline = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("%s did not come true" % what)
        time.sleep(0.01)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def read_text(path):
    with open(path, errors="replace") as file:
        return file.read()


_built = []


def shop_binary():
    """The shop, compiled once for a test run."""
    if not _built:
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        folder = tempfile.mkdtemp()
        target = os.path.join(folder, "shop")
        sources = sorted(glob.glob(os.path.join(LAB, "shop", "*.c")))
        subprocess.run(
            [compiler, "-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"]
            + ["-o", target] + sources,
            check=True,
        )
        _built.append((target, folder))
    return _built[0][0]


class FlagScript:
    """Answers every flag request with the same bytes and keeps what it was asked.

    answer None: accept and never answer. on_request is called before the answer is sent.
    """

    def __init__(self, answer, on_request=lambda: None, close_after=False):
        self.requests = []
        self.connections = 0
        self.answer = answer
        self.on_request = on_request
        self.close_after = close_after
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        data = b""
        with connection:
            while True:
                part = connection.recv(65536)
                if not part:
                    return
                data += part
                head, _, body = data.partition(b"\r\n\r\n")
                length = re.search(rb"Content-Length: (\d+)", head)
                if not length or len(body) < int(length.group(1)):
                    continue
                self.on_request()
                self.requests.append(data)
                data = b""
                if self.answer is not None:
                    connection.sendall(self.answer)
                if self.close_after:
                    return

    def close(self):
        self.listener.close()


def flag_answer(body, status="200 OK"):
    head = "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return (head % (status, len(body)) + body).encode()


def main(module):
    """Runs a module's tests; the last line is what tests/run counts."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    for _, folder in _built:
        shutil.rmtree(folder, ignore_errors=True)
    print("%d passed, %d failed, %d skipped" % (result.testsRun - failed - skipped, failed, skipped))
    return 1 if failed or not result.testsRun else 0
