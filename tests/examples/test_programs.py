#!/usr/bin/env python3
"""The example programs: each one screen, each with one header of the library, each doing its job on
real input (recorded answers served on loopback, this process, files)."""

import glob
import http.server
import os
import re
import subprocess
import sys
import threading
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.path.join(TOP, "examples", "programs")
BUILD = os.path.join(TOP, "build", "dev", "examples")
FIXTURES = os.path.join(TOP, "tests", "fixtures")
sys.path.insert(0, os.path.join(TOP, "tests", "command"))

from api import POD, Api  # noqa: E402  pylint: disable=wrong-import-position
from harness import Folder  # noqa: E402  pylint: disable=wrong-import-position


def run(name, *arguments, data=b"", **environment):
    program = os.path.join(BUILD, "example_" + name)
    done = subprocess.run([program, *arguments], input=data, capture_output=True, timeout=60,
                          env={**os.environ, "KUBECONFIG": "/nonexistent", **environment})
    return done.returncode, done.stdout.decode()


def csv(values):
    lines = ["%d,%d" % (15 * i, value) for i, value in enumerate(values)]
    return ("t,ws\n" + "\n".join(lines) + "\n").encode()


class Recorded(http.server.BaseHTTPRequestHandler):
    """Answers with the bytes of recordings."""

    answers = {
        ("POST", "/ofrep/v1/evaluate/flags/kafkaQueueProblems"): "ofrep/01_post_off.resp.http",
        ("GET", "/stats/requests"): "locust/v2.47.0/11_stats_running.resp.http",
    }

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name = self.answers.get((self.command, self.path))
        if not name:
            self.send_error(404)
            return
        with open(os.path.join(FIXTURES, name), "rb") as file:
            self.wfile.write(file.read())
        self.close_connection = True

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


class Programs(unittest.TestCase):
    def serve(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorded)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return "http://127.0.0.1:%d" % server.server_address[1]

    def test_each_has_at_most_30_lines_and_one_header_of_the_library(self):
        sources = glob.glob(os.path.join(PROGRAMS, "*.c"))
        self.assertGreaterEqual(len(sources), 7)
        for source in sources:
            with open(source) as file:
                text = file.read()
            self.assertLessEqual(len(text.splitlines()), 30, source)
            self.assertEqual(len(re.findall(r"#include <leakdiag", text)), 1, source)

    def test_each_header_of_a_tool_has_its_program(self):
        used = set()
        for source in glob.glob(os.path.join(PROGRAMS, "*.c")):
            with open(source) as file:
                used.update(re.findall(r"#include <leakdiag/(\w+)\.h>", file.read()))
        self.assertEqual(used, {"flag", "logs", "series", "timeline", "memory", "load", "pods"})

    def test_count_logs_counts_the_demo_lines(self):
        with open(os.path.join(FIXTURES, "logs", "checkout-2.0.2.jsonl"), "rb") as file:
            text = file.read()
        status, out = run("count_logs", data=text + b'{"message":"order placed"}\n')
        self.assertEqual((status, out), (0, "orders: 1\nqueued: 1\n"))

    def test_is_it_leaking_tells_a_climb_from_rest(self):
        climb = csv(8388608 + 174763 * i for i in range(60))
        rest = csv(8388608 + 4096 * (i % 3) for i in range(60))
        status, out = run("is_it_leaking", "20Mi", data=climb)
        self.assertEqual(status, 0)
        self.assertRegex(out, r"^leak: 116\d\d bytes/s, limit in \d+ s")
        self.assertTrue(run("is_it_leaking", data=rest)[1].startswith("no-leak:"))
        self.assertEqual(run("is_it_leaking", data=b"no header\n")[0], 1)

    def test_on_time_holds_a_climb_against_a_curve(self):
        climb = csv(8388608 + 174763 * i for i in range(60))
        status, out = run("on_time", "0m=8Mi,15m=18Mi,20m=20Mi", data=climb)
        self.assertEqual((status, out.split(",")[0]), (0, "on-track"))
        third = csv(8388608 + 58254 * i for i in range(60))
        status, out = run("on_time", "0m=8Mi,15m=18Mi,20m=20Mi", data=third)
        self.assertEqual((status, out.split(",")[0]), (0, "behind"))

    def test_flag_value_evaluates_over_ofrep(self):
        status, out = run("flag_value", self.serve(), "kafkaQueueProblems")
        self.assertEqual((status, out), (0, "kafkaQueueProblems = 0 (by POST)\n"))

    def test_load_state_reads_locust(self):
        status, out = run("load_state", self.serve())
        self.assertEqual(status, 0)
        self.assertIn("running", out)

    def test_process_memory_sees_a_process(self):
        status, out = run("process_memory", str(os.getpid()))
        self.assertEqual(status, 0, out)
        self.assertRegex(out, r"\d")
        self.assertNotEqual(run("process_memory", "4194303")[0], 0)

    def test_replay_judges_a_capture_as_the_command_does(self):
        capture = os.path.join(FIXTURES, "captures", "flag-off-while-climbing.json")
        status, out = run("replay", capture, "otel-demo/checkout")
        self.assertEqual(status, 3)
        command = os.path.join(os.path.dirname(BUILD), "leakdiag")
        done = subprocess.run([command, "replay", capture, "-o", "json", "--scenario",
                               "otel-demo/checkout"], capture_output=True, timeout=20)
        self.assertEqual(out, done.stdout.decode())
        self.assertEqual(run("replay", "/none", "otel-demo/checkout"), (2, ""))

    def test_diagnose_looks_once(self):
        status, out = run("diagnose", "any-workload", "pid=%d" % os.getpid())
        self.assertEqual(status, 5, out)
        self.assertIn("too-early", out)
        self.assertEqual(run("diagnose", "no-such-scenario"), (2, ""))

    def test_until_verdict_finds_a_leak(self):
        code = "import time\nkept = []\nprint(flush=True)\n" \
               "while True: kept.append(bytearray(400000)); time.sleep(0.05)"
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as leaking:
            leaking.stdout.readline()
            try:
                status, out = run("until_verdict", str(leaking.pid), "10")
            finally:
                leaking.kill()
        self.assertEqual(status, 3, out)
        self.assertIn("Memory grows", out)

    def test_pod_memory_sees_the_pods_of_a_deployment(self):
        with Folder() as folder, Api(folder) as api:
            place = {"KUBECONFIG": api.kubeconfig}
            status, out = run("pod_memory", "deploy/checkout", **place)
            self.assertEqual((status, out),
                             (0, POD + "/checkout: %d bytes, limit 20Mi\n" % (12008 * 1024)))
            self.assertEqual(run("pod_memory", "deploy/nix", **place), (1, ""))
            self.assertEqual(run("pod_memory", "deploy/checkout", "other", **place)[0], 1)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    failed = len(result.failures) + len(result.errors)
    print(
        "%d passed, %d failed, %d skipped"
        % (result.testsRun - failed - len(result.skipped), failed, len(result.skipped))
    )
    sys.exit(1 if failed else 0)
