#!/usr/bin/env python3
"""The example programs in Python and Go: each one screen, each doing on real input what its C twin does
(recorded answers served on loopback, this process, files)."""

import glob
import http.server
import os
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import support  # noqa: E402

EXAMPLES = os.path.join(support.TOP, "examples")
FIXTURES = os.path.join(support.TOP, "tests", "fixtures")
CAPTURE = os.path.join(FIXTURES, "captures", "leaking-process.json")
SCREEN = 60
LEAK = """
import time
kept = []
print("up", flush=True)
while True:
    kept.append(bytearray(400000))
    time.sleep(0.05)
"""
WITHOUT_CLUSTER = {"KUBECONFIG": "/nonexistent"}


class Recorded(http.server.BaseHTTPRequestHandler):
    """Answers with the bytes of a recording."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with open(os.path.join(FIXTURES, "ofrep", "01_post_off.resp.http"), "rb") as file:
            self.wfile.write(file.read())
        self.close_connection = True

    def log_message(self, *_):
        pass


def go_programs(folder):
    """Builds all; {name: command}."""
    done = support.run("go", "build", "-o", folder + os.sep, "./...",
                       cwd=os.path.join(EXAMPLES, "go"))
    if done.returncode:
        raise SystemExit("go build: %s" % done.stdout)
    return {name: [os.path.join(folder, name)] for name in os.listdir(folder)}


def python_programs():
    return {os.path.basename(path)[:-len(".py")]: [support.PYTHON, path]
            for path in glob.glob(os.path.join(EXAMPLES, "python", "*.py"))
            if not os.path.basename(path).startswith("test_")}


def run(command, *arguments, data="", **settings):
    done = subprocess.run([*command, *arguments], input=data, capture_output=True, text=True,
                          env=support.environment(**settings), timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


def table(url, leaking_pid):
    """name: (arguments, input, wanted status, text in what it prints, settings)"""
    climb = "t,ws\n" + "".join("%d,%d\n" % (15 * i, 8388608 + 174763 * i) for i in range(60))
    return {
        "flag_value": ([url, "kafkaQueueProblems"], "", 0, "kafkaQueueProblems = 0 (by POST)", {}),
        "process_memory": ([str(os.getpid())], "", 0, "working set ", {}),
        "pod_memory": (["otel-demo", "checkout"], "", 1, "no kubeconfig", WITHOUT_CLUSTER),
        "count_logs": ([], 'x\n{"message":"Order placed"}\nDone with #5 messages', 0,
                       "orders: 1\nqueued: 1", {}),
        "is_it_leaking": ([], climb, 0, "leak: 1165", {}),
        "on_time": (["0m=8Mi,15m=18Mi,20m=20Mi"], climb, 0, "on-track", {}),
        "diagnose": (["any-workload", "pid=%d" % os.getpid()], "", 5, "INCONCLUSIVE",
                     WITHOUT_CLUSTER),
        "replay": ([CAPTURE], "", 3, '"verdict":"not-as-expected"', {}),
        "until_verdict": ([str(leaking_pid), "10"], "", 3, "Memory grows", WITHOUT_CLUSTER),
    }


def check_language(count, language, programs, rows):
    count.check("%s has all of them" % language, sorted(set(rows) ^ set(programs)))
    for name in sorted(set(rows) & set(programs)):
        arguments, data, wanted, text, settings = rows[name]
        status, out, err = run(programs[name], *arguments, data=data, **settings)
        count.check("%s: %s" % (language, name),
                    None if status == wanted and text in out + err
                    else "status %d\n%s\n%s" % (status, out, err))


def check_screens(count):
    long = []
    for path in glob.glob(os.path.join(EXAMPLES, "python", "*.py")) + \
            glob.glob(os.path.join(EXAMPLES, "go", "*", "*.go")):
        with open(path, encoding="utf-8") as file:
            if len(file.readlines()) > SCREEN:
                long.append(path)
    count.check("each is one screen", long)


def main():
    count = support.Count()
    check_screens(count)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorded)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    leaking = subprocess.Popen([sys.executable, "-c", LEAK], stdout=subprocess.PIPE)
    try:
        leaking.stdout.readline()
        rows = table("http://127.0.0.1:%d" % server.server_address[1], leaking.pid)
        check_language(count, "Python", python_programs(), rows)
        if support.old_go():
            print("SKIPPED: the Go examples: %s" % support.old_go())
            count.skipped += len(rows)
        else:
            with tempfile.TemporaryDirectory() as folder:
                check_language(count, "Go", go_programs(folder), rows)
    finally:
        leaking.kill()
        leaking.wait()
        server.shutdown()
        server.server_close()
    count.end()


if __name__ == "__main__":
    main()
