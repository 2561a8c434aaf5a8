#!/usr/bin/env python3
"""leakdiag logs count: the contract, and inputs that nobody would write on purpose."""

import array
import fcntl
import json
import signal
import subprocess
import termios

from harness import GUARD_S, Folder, interrupt, main, refused, run, start, test, wait_until

LOG = """\
{"message":"[PlaceOrder] user_id=\\"3b1\\"","severity":"info","timestamp":"2024-12-03T10:00:00.5Z"}
{"message":"Warning: FeatureFlag 'kafkaQueueProblems' is activated","timestamp":"2024-12-03T10:00:01Z"}
{"message":"Done with #300 messages for overload simulation.","timestamp":"2024-12-03T10:00:02Z"}
no time: kafkaqueueproblems
{"message":"Order placed","timestamp":"2024-12-03T10:00:30Z"}
{"message":"order placed","timestamp":"2024-12-03T10:01:00.5Z"}
"""


def count(*args, stdin=LOG, **kwargs):
    result = run("logs", "count", *args, "-o", "json", stdin=stdin, **kwargs)
    assert result.status == 0 and result.err == "", result
    assert result.out.count("\n") == 1, result
    return json.loads(result.out)


@test
def each_name_has_count_first_and_last():
    lines = LOG.split("\n")
    assert count("-e", "flag=kafkaQueueProblems", "-e", "order=order placed", "-e", "no=absent",
                 "-") == {
        "flag": {"count": 1, "first": {"line": lines[1], "t": 1733220001},
                 "last": {"line": lines[1], "t": 1733220001}},
        "order": {"count": 1, "first": {"line": lines[5], "t": 1733220060.5},
                  "last": {"line": lines[5], "t": 1733220060.5}},
        "no": {"count": 0, "first": None, "last": None}}


@test
def ignoring_case_finds_more_and_a_line_without_time_has_none():
    got = count("-i", "-e", "flag=KAFKAQUEUEPROBLEMS", "-e", "order=order placed", "-")
    assert got["flag"]["count"] == 2 and got["order"]["count"] == 2, got
    assert got["flag"]["last"] == {"line": "no time: kafkaqueueproblems", "t": None}, got
    assert got["order"]["first"]["t"] == 1733220030, got


@test
def patterns_are_fixed_strings_unless_asked_otherwise():
    text = "a.b\naxb\n(x\n"
    assert count("-e", "n=a.b", "-", stdin=text)["n"]["count"] == 1
    assert count("-F", "-e", "n=a.b", "-", stdin=text)["n"]["count"] == 1
    assert count("-e", "n=(", "-", stdin=text)["n"]["count"] == 1
    assert count("--regex", "-e", "n=a.b", "-", stdin=text)["n"]["count"] == 2
    assert count("-E", "-i", "-e", "n=^A.B$", "-", stdin=text)["n"]["count"] == 2


@test
def the_name_ends_at_the_first_equals_sign():
    got = count("-e", "user=user_id=", "-e", "x==", "-", stdin="user_id=3\na=b\n")
    assert got["user"]["count"] == 1 and got["x"]["count"] == 2, got


@test
def a_regular_expression_captures_numbers():
    got = count("--regex", "-e", r"done=Done with #(\d+)", "-")
    assert got["done"]["captures"] == {"1": {"last": 300, "max": 300, "min": 300}}, got


@test
def the_way_the_bytes_arrive_changes_nothing():
    log = (LOG * 3000).encode()
    args = ["-i", "-e", "flag=kafkaqueueproblems", "-e", "order=order placed"]
    with Folder() as folder:
        path = folder.write("log", log)
        whole = count(*args, path)
        assert whole == count(*args, "-", stdin=log)
        for sizes in ((1, 7, 4096), (65535, 65537), (65536,)):
            process = start("logs", "count", *args, "-", "-o", "json", stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)
            at, turn = 0, 0
            while at < len(log):
                size = sizes[turn % len(sizes)] if at < 300000 else 65536
                process.stdin.write(log[at:at + size])
                process.stdin.flush()
                at, turn = at + size, turn + 1
            out, _ = process.communicate(timeout=GUARD_S)
            assert json.loads(out) == whole, sizes
    assert whole["order"]["count"] == 6000, whole["order"]["count"]


@test
def several_files_are_counted_together_and_not_glued():
    with Folder() as folder:
        first = folder.write("first", "one hit\nlast without newline hi")
        second = folder.write("second", "t\nhit\n")
        got = count("-e", "n=hit", first, second)
        assert got["n"]["count"] == 2, got
        assert got["n"]["first"]["line"] == "one hit" and got["n"]["last"]["line"] == "hit", got
        got = count("-e", "n=newline", first, "-", second, stdin="newline")
        assert got["n"]["count"] == 2, got


@test
def it_counts_as_grep_does():
    with Folder() as folder:
        path = folder.write("log", LOG * 500)
        for flags, pattern in (([], "order placed"), (["-i"], "order placed"), ([], "zz")):
            grep = subprocess.run(["grep", "-c", *flags, pattern, path], capture_output=True,
                                  text=True, check=False)
            assert count(*flags, "-e", "n=" + pattern, path)["n"]["count"] == int(grep.stdout)


@test
def an_empty_log_counts_nothing():
    assert count("-e", "n=x", "-", stdin="") == {"n": {"count": 0, "first": None, "last": None}}
    assert count("-e", "n=x", "/dev/null")["n"]["count"] == 0


@test
def text_has_counts_rates_and_the_time_covered():
    result = run("logs", "count", "-i", "-e", "order=order placed", "-e", "none=zz", "-", stdin=LOG)
    assert result.status == 0, result
    assert "order: 2 lines, 2/min" in result.out, result
    assert "none: 0 lines" in result.out, result
    assert "of 6 lines" in result.out and "(1m)" in result.out, result


# --- bad usage ------------------------------------------------------------------------------------

@test
def bad_patterns_are_refused():
    refused(run("logs", "count", "-e", "noequals", "-"), "noequals", "NAME=PATTERN")
    refused(run("logs", "count", "-e", "=x", "-"))
    refused(run("logs", "count", "-e", "n=", "-"))
    refused(run("logs", "count", "-e", "n=a", "-e", "n=b", "-"), "n")
    refused(run("logs", "count", "-e", "n=a\nb", "-"))
    refused(run("logs", "count", "--regex", "-e", "n=(", "-"))
    refused(run("logs", "count", "--regex", "-e", "n=[", "-e", "m=x", "-"), "n")
    refused(run("logs", "count", "-F", "--regex", "-e", "n=a", "-"), "--regex")
    refused(run("logs", "count", "-"), "-e NAME=PATTERN")
    refused(run("logs", "count", "-e", "n=a"), "FILE")
    refused(run("logs", "count", *[word for i in range(257) for word in ("-e", "n%d=x" % i)], "-"))
    refused(run("logs", "count", "-e", "n=" + "x" * 5000, "-"))
    refused(run("logs", "count", "-e", "\udcff=x", "-"))


@test
def bad_files_are_refused():
    with Folder() as folder:
        missing = folder.name("missing.log")
        refused(run("logs", "count", "-e", "n=a", missing), "missing.log", "No such file")
        refused(run("logs", "count", "-e", "n=a", folder.path), folder.path, "folder")
        good = folder.write("good", "a\n")
        refused(run("logs", "count", "-e", "n=a", good, missing), "missing.log")
        refused(run("logs", "count", "-e", "n=a", ""))


# --- hostile logs ---------------------------------------------------------------------------------

@test
def control_bytes_become_visible_escapes_in_text():
    log = b"hit \x1b]0;owned\x07 \x00 \r bidi \xe2\x80\xae \xff end\nhit\n"
    result = run("logs", "count", "-e", "n=hit", "-", stdin=log)
    assert result.status == 0, result
    for shown in ("\\x1b]0;owned\\x07", "\\x00", "\\x0d", "\\u202e", "\\xff"):
        assert shown in result.out, (shown, result)
    assert b"\x1b" not in result.out_bytes and b"\x00" not in result.out_bytes, result


@test
def json_stays_json_whatever_the_log_holds():
    log = b'hit \x1b \x00 "\\ \xff \xed\xa0\x80 \xe2\x80\xa8 ]]>\n::error::hit\n'
    got = count("-e", "n=hit", "-", stdin=log)
    assert got["n"]["count"] == 2 and "\x1b" in got["n"]["first"]["line"], got
    assert "\ufffd" in got["n"]["first"]["line"], got


@test
def binary_junk_is_a_log_like_any_other():
    junk = bytes((i * 7919 + i // 251) % 256 for i in range(200000))
    assert count("-e", "n=leakdiag", "-", stdin=junk)["n"]["count"] == 0
    assert count("-e", "n=leakdiag", "-", stdin=junk + b"\nleakdiag")["n"]["count"] == 1


@test
def a_line_of_ten_megabytes_is_cut_and_said():
    log = b"hit" + b"x" * 10_000_000 + b"late\nhit\n"
    result = run("logs", "count", "-e", "n=hit", "-e", "late=late", "-", stdin=log)
    assert result.status == 0 and "n: 2 lines" in result.out, result
    assert "late: 0 lines" in result.out and "longer than 64 KiB" in result.out, result
    assert len(result.out) < 5000 and result.cpu_s < 1, result


@test
def an_expensive_expression_is_counted_and_never_taken_for_no_match():
    log = ("a" * 20000 + "!\n") * 20
    result = run("logs", "count", "--regex", "-e", "n=(a+)+$", "-", "-o", "json", stdin=log)
    assert result.status == 0, result
    assert json.loads(result.out)["n"]["expensive"] == 20, result
    assert "at least" in run("logs", "count", "-E", "-e", "n=(a+)+$", "-", stdin=log).out


@test
def a_million_lines_are_counted():
    got = count("-e", "n=order placed", "-e", "m=zz", "-", stdin="x order placed\n" * 1_000_000)
    assert got["n"]["count"] == 1_000_000 and got["m"]["count"] == 0


# --- interrupts -----------------------------------------------------------------------------------

def at_rest(process):
    """It waits for more: the pipe is empty and it sleeps in read()."""
    left = array.array("i", [0])
    fcntl.ioctl(process.stdin.fileno(), termios.FIONREAD, left)
    with open("/proc/%d/stat" % process.pid) as file:
        state = file.read().rpartition(")")[2].split()[0]
    return left[0] == 0 and state == "S"


@test
def an_interrupt_prints_the_counts_so_far():
    process = start("logs", "count", "-e", "n=hit", "-", "-o", "json", stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(b"hit\n" * 20000)
    process.stdin.flush()
    wait_until("all was read", lambda: at_rest(process))
    interrupt(process)
    out, err = process.communicate(timeout=GUARD_S)
    assert process.returncode == 130, (process.returncode, err)
    assert json.loads(out)["n"]["count"] == 20000 and err == b"", (out, err)


@test
def a_job_that_ignores_interrupts_goes_on_ignoring_them():
    process = start("logs", "count", "-e", "n=hit", "-", stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    process.stdin.write(b"hit\n")
    process.stdin.flush()
    wait_until("it waits", lambda: at_rest(process))
    interrupt(process)
    out, _ = process.communicate(b"hit\n", timeout=GUARD_S)
    assert process.returncode == 0 and b"n: 2 lines" in out, out


main()
