#!/usr/bin/env python3
"""What reaches a terminal: colours where they are wanted, and nothing that was not meant."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from fake import Fake, locust, ofrep_value
from harness import ENVIRONMENT, GUARD_S, LEAKDIAG, Folder, main, run, start, test

FLAG = ("POST", "/ofrep/v1/evaluate/flags/kafkaQueueProblems")
COLOR = re.compile(rb"\x1b\[[0-9;]*m")
LINE_START = b"\r\x1b[K"


def on_terminal(*args, env=None, stderr_only=False, columns=80, until=None):
    """Everything the command writes to a terminal, and its status."""
    control, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [LEAKDIAG, *args], stdin=subprocess.DEVNULL, stderr=terminal,
        stdout=subprocess.DEVNULL if stderr_only else terminal,
        env={**ENVIRONMENT, "TERM": "xterm", **(env or {})})
    os.close(terminal)
    seen, deadline = b"", time.monotonic() + GUARD_S
    while True:
        assert time.monotonic() < deadline, "it does not end: %r" % seen[-200:]
        if not select.select([control], [], [], 1)[0]:
            continue
        try:
            more = os.read(control, 65536)
        except OSError:
            break
        if not more:
            break
        seen += more
        if until and until(seen):
            process.terminate()
            until = None
    os.close(control)
    return seen, process.wait(GUARD_S)


def services(value=0):
    return Fake({FLAG: ofrep_value(value), ("GET", "/stats/requests"): locust()})


def at(fake):
    return ["--set", "ofrep_url=" + fake.url, "--set", "locust_url=" + fake.url]


@test
def a_terminal_gets_colours_and_a_pipe_gets_none():
    with services() as fake:
        for verb in (["diagnose", *at(fake)], ["flag", "get", "--url", fake.url,
                                                "kafkaQueueProblems"], ["help", "quick"]):
            seen, _ = on_terminal(*verb)
            assert COLOR.search(seen), (verb, seen)
            assert b"\x1b" not in run(*verb).out_bytes, verb


@test
def no_color_and_a_dumb_terminal_get_none():
    with services() as fake:
        verb = ["diagnose", *at(fake)]
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            seen, _ = on_terminal(*verb, env=env)
            assert seen and b"\x1b" not in seen, (env, seen)
        assert COLOR.search(on_terminal(*verb, env={"NO_COLOR": ""})[0])
        assert COLOR.search(on_terminal(*verb, "--color=always", env={"NO_COLOR": "1"})[0])
        assert b"\x1b" not in on_terminal(*verb, "--color", "never")[0]
        assert COLOR.search(run(*verb, "--color=always").out_bytes)
        plain = COLOR.sub(b"", run(*verb, "--color=always").out_bytes).decode()
        assert "flag.value" in plain and "\x1b" not in plain, plain


@test
def without_utf8_the_output_is_ascii():
    with services(300) as fake, Folder() as folder:
        log = folder.write("log", "order placed \u00e9\u2026\n")
        verbs = (["diagnose", *at(fake)], ["quick", *at(fake)], ["doctor", *at(fake)],
                 ["flag", "get", "--url", fake.url, "kafkaQueueProblems"],
                 ["logs", "count", "-e", "n=order", log], ["load", "status", "--url", fake.url])
        for env in ({"LC_ALL": "C"}, {"LC_ALL": "", "LANG": "de_DE.ISO-8859-1"},
                    {"LC_ALL": "", "LC_CTYPE": "C", "LANG": "de_DE.UTF-8"}):
            for verb in verbs:
                result = run(*verb, env=env)
                assert result.out and result.out_bytes.isascii(), (env, verb, result)
        for env in ({"LC_ALL": "de_DE.utf8"}, {"LC_ALL": "", "LANG": "en_US.UTF-8"}):
            assert not run("logs", "count", "-e", "n=order", log, env=env).out_bytes.isascii(), env


@test
def a_narrow_terminal_is_respected():
    with services() as fake:
        seen, _ = on_terminal("diagnose", *at(fake), "--color=never", columns=60)
        text = seen.decode()
        assert max(len(line) for line in text.split("\r\n")) <= 79, text
        wide, _ = on_terminal("diagnose", *at(fake), "--color=never", columns=160)
        assert wide != seen


@test
def progress_is_one_line_on_stderr_that_is_written_over_and_removed():
    with services() as fake:
        seen, status = on_terminal("diagnose", *at(fake), "--for", "1h", stderr_only=True,
                                   until=lambda bytes_seen: bytes_seen.count(b"samples") >= 1)
        assert status == 143, status
        assert b"\n" not in seen and seen.startswith(LINE_START), seen
        assert re.search(rb"\d+s, \d+ samples, memory ", seen), seen
        assert b" 1 samples" not in seen, seen
        assert seen.endswith(LINE_START), seen


@test
def there_is_no_progress_without_a_terminal_or_for_one_look():
    with services() as fake:
        assert run("diagnose", *at(fake), "--for", "100ms").err == ""
        seen, _ = on_terminal("diagnose", *at(fake), stderr_only=True)
        assert seen == b"", seen


@test
def one_sample_is_no_plural():
    seen, _ = on_terminal("diagnose", "--pid", str(os.getpid()), "--for", "1h", stderr_only=True,
                          until=lambda bytes_seen: b"sample" in bytes_seen)
    assert b", 1 sample, memory " in seen, seen


@test
def a_long_look_into_a_file_says_now_and_then_that_it_goes_on():
    process = start("diagnose", "--pid", str(os.getpid()), "--for", "25s",
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    line = process.stderr.readline()
    process.terminate()
    process.communicate()
    assert re.fullmatch(rb"leakdiag: 1[5-9]s, [3-5] samples, memory \S+, too-early\n", line), line


@test
def escapes_from_services_never_reach_the_terminal():
    hostile = "\x1b]0;owned\x07\x1b[2J\u202e\r\n::error::x"
    with Fake({FLAG: ofrep_value(hostile, variant=hostile, reason=hostile),
               ("GET", "/stats/requests"): locust(state=hostile)}) as fake, Folder() as folder:
        log = folder.write("log", "order placed " + hostile + "\n")
        args = [*at(fake), "--set", "log_file=" + log]
        for verb in (["quick", *args], ["diagnose", "-v", *args], ["doctor", *args],
                     ["check", "flag.value", "load", *args],
                     ["flag", "get", "--url", fake.url, "kafkaQueueProblems"],
                     ["load", "status", "--url", fake.url]):
            for seen in (on_terminal(*verb)[0], run(*verb).out_bytes):
                rest = COLOR.sub(b"", seen)
                assert b"\x1b" not in rest and b"\x07" not in rest, (verb, rest)
                assert "\u202e".encode() not in rest, (verb, rest)
                assert not re.search(rb"^::error", rest, re.M), (verb, rest)
        for form in ("json", "junit"):
            out = run("diagnose", *args, "-o", form).out_bytes
            assert b"\x1b" not in out and b"\x07" not in out, out


main()
