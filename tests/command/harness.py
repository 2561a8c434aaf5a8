"""Runs the command and counts. A test is a function marked @test whose name is a sentence."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GUARD_S = 30  # a hang becomes a failure, nothing more
_tests = []


class Skip(Exception):
    """Cannot be tested here; the reason is printed."""


def binary():
    named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("LEAKDIAG")
    for path in [named] if named else [os.path.join(TOP, "build", *rest, "leakdiag")
                                       for rest in (["dev"], [])]:
        if os.access(path, os.X_OK):
            return os.path.abspath(path)
    sys.exit("no command to test; give its path, or build with: cmake --preset dev")


LEAKDIAG = binary()
ENVIRONMENT = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8",
               "HOME": "/nonexistent", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}


class Result:
    def __init__(self, status, out, err, cpu_s):
        self.status, self.out_bytes, self.err_bytes, self.cpu_s = status, out, err, cpu_s
        self.out = out.decode("utf-8", "surrogateescape")
        self.err = err.decode("utf-8", "surrogateescape")

    def __repr__(self):
        return "status %d\n--- stdout\n%s--- stderr\n%s" % (
            self.status, self.out[:2000], self.err[:2000])


def run(*args, stdin=b"", env=None, cwd=None):
    """The command's own CPU time is measured, so a busy machine does not matter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if isinstance(stdin, str):
        stdin = stdin.encode()
    done = subprocess.run([LEAKDIAG, *args], input=stdin, capture_output=True, timeout=GUARD_S,
                          env=dict(ENVIRONMENT, **(env or {})), cwd=cwd, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Result(done.returncode, done.stdout, done.stderr, cpu_s)


def start(*args, env=None, **kwargs):
    return subprocess.Popen([LEAKDIAG, *args], env=dict(ENVIRONMENT, **(env or {})), **kwargs)


def interrupt(process, number=signal.SIGINT):
    process.send_signal(number)


def wait_until(what, condition, deadline_s=GUARD_S):
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, "%s did not come true" % what
        time.sleep(0.01)


def is_error(result, status=2, *words):
    """One line on stderr in the house form, nothing on stdout."""
    assert result.status == status, "expected status %d: %r" % (status, result)
    assert result.err.startswith("leakdiag: "), result
    assert result.err.count("\n") == 1 and result.err.endswith("\n"), result
    for word in words:
        assert word in result.err, "%r is not in %r" % (word, result.err)


def refused(result, *words):
    """A bad input: status 2, one line, nothing on stdout, and quickly."""
    is_error(result, 2, *words)
    assert result.out == "", result
    assert result.cpu_s < 1, "it took %.1f s: %r" % (result.cpu_s, result)


class Folder:
    """A temporary folder; write() returns the path."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="leakdiag-test-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def name(self, name):
        return os.path.join(self.path, name)

    def write(self, name, data):
        path = self.name(name)
        with open(path, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        return path


def test(function):
    _tests.append(function)
    return function


def main():
    passed = failed = skipped = 0
    for function in _tests:
        sentence = function.__name__.replace("_", " ")
        try:
            function()
            passed += 1
        except Skip as reason:
            skipped += 1
            print("skipped: %s: %s" % (sentence, reason))
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print("FAILED: %s" % sentence)
            print("    " + traceback.format_exc(limit=-3).strip().replace("\n", "\n    "))
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    sys.exit(1 if failed else 0)
