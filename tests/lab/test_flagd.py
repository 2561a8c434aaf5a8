#!/usr/bin/env python3
"""The cluster's flag service and its page: flagd's RPC and management ports against what the real
flagd 0.16.1 was recorded to answer, byte for byte but for the date; the page against the demo's
sources, since nobody recorded it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

import harness
import test_flag_service as flags
from harness import DEADLINE_S, ROOT, wait_until

WORLD = os.path.join(ROOT, "tests", "kubernetes", "world")
FIXTURES = os.path.join(ROOT, "tests", "fixtures")


class Program:
    """One of the cluster's Python programs on free ports, which it names in its last word."""

    def __init__(self, name, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(WORLD, name), *arguments, "--host", "127.0.0.1"],
            stdout=subprocess.PIPE,
            env=dict(os.environ, PYTHONPATH=harness.LAB, PYTHONDONTWRITEBYTECODE="1"),
        )
        found = self.wait_for(rb"listening on (?:[\d.]+:)?([\d ]+)$")
        self.ports = [int(port) for port in found.group(1).split()]

    def wait_for(self, pattern):
        """The pattern's match in the first line of output, from now on, that has it."""
        for line in self.process.stdout:
            found = re.search(pattern, line.strip())
            if found:
                return found
        raise AssertionError("it ended without saying %r" % pattern)

    def stop(self):
        self.process.terminate()
        self.process.wait(DEADLINE_S)
        self.process.stdout.close()


def flagd(path):
    ports = ["--port", "0", "--management-port", "0", "--ofrep-port", "0"]
    return Program("flagd.py", "--uri", "file:" + path, *ports)


class Recorded(unittest.TestCase):
    """Filled below: one test for each recorded exchange."""

    @classmethod
    def setUpClass(cls):
        cls.service = flagd(flags.GOOD)

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()

    def replay(self, folder, port, name):
        base = os.path.join(FIXTURES, folder, name)
        answer = flags.exchange(self.service.ports[port], flags.read_file(base + ".req.http"))
        expected = flags.read_file(base + ".resp.http")
        self.assertEqual(flags.without_date(answer), flags.without_date(expected))


def add_recorded_tests():
    for folder, port in (("flagd_eval", 0), ("flagd_mgmt", 1)):
        for file in sorted(os.listdir(os.path.join(FIXTURES, folder))):
            if file.endswith(".resp.http"):
                name = file[: -len(".resp.http")]

                def test(self, folder=folder, port=port, name=name):
                    self.replay(folder, port, name)

                setattr(Recorded, "test_%s_%s" % (folder, name), test)


add_recorded_tests()


class Running(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = os.path.join(self.folder.name, "demo.flagd.json")
        shutil.copyfile(flags.GOOD, self.file)

    def started(self, program):
        self.addCleanup(program.stop)
        return program

    def ask(self, port, path, data=None):
        """(status, decoded body)"""
        url = "http://127.0.0.1:%d%s" % (port, path)
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def value(self, service):
        path = "/flagd.evaluation.v1.Service/ResolveInt"
        return self.ask(service.ports[0], path, {"flagKey": "kafkaQueueProblems", "context": {}})[1]["value"]

    def edit(self, value, default="on"):
        """Changes the flag in the file; the whole document as it is now."""
        with open(self.file) as file:
            document = json.load(file)
        document["flags"]["kafkaQueueProblems"]["variants"]["on"] = value
        document["flags"]["kafkaQueueProblems"]["defaultVariant"] = default
        with open(self.file + ".new", "w") as file:
            json.dump(document, file)
        os.replace(self.file + ".new", self.file)
        return document

    def test_an_edit_of_the_file_reaches_both_ports_and_a_bad_one_reaches_none(self):
        service = self.started(flagd(self.file))
        self.assertEqual(self.value(service), "0")
        self.edit(300)
        wait_until("300 over the RPC", lambda: self.value(service) == "300")
        path = "/ofrep/v1/evaluate/flags/kafkaQueueProblems"
        self.assertEqual(self.ask(service.ports[2], path, {"context": {}})[1]["value"], 300)
        self.edit(500, default="nope")
        service.wait_for(rb"rejected: .*'nope'")
        self.assertEqual(self.value(service), "300")

    def test_every_evaluation_is_counted_with_its_reason_and_variant(self):
        service = self.started(flagd(self.file))
        for _ in range(3):
            self.value(service)
        url = "http://127.0.0.1:%d/metrics" % service.ports[1]
        with urllib.request.urlopen(url, timeout=DEADLINE_S) as answer:
            text = answer.read().decode()
        line = next(one for one in text.splitlines() if "kafkaQueueProblems" in one)
        self.assertRegex(line, r'feature_flag_reason="STATIC",feature_flag_result_variant="off".* 3$')

    def page(self, api):
        return self.started(Program("flagd_ui.py", "--file", self.file, "--port", "0", "--api", api)).ports[0]

    def on_disk(self):
        try:
            with open(self.file) as file:
                return json.load(file)
        except ValueError:
            return None  # a write in place is seen half done

    def test_the_page_of_2_2_answers_before_it_writes_and_replaces_the_file(self):
        port = self.page("2.2")
        status, held = self.ask(port, "/api/read")
        self.assertEqual((status, list(held)), (200, ["flags"]))
        written = {"flags": {"one": {"state": "ENABLED", "variants": {"a": 1}, "defaultVariant": "a"}}}
        self.assertEqual(self.ask(port, "/api/write", {"data": written}), (200, {}))
        wait_until("written file", lambda: self.on_disk() == written)
        self.assertEqual(self.ask(port, "/api/read-file"), (200, written))

    def test_the_page_of_2_2_does_not_see_an_edit_of_the_file_and_overwrites_it(self):
        port = self.page("2.2")
        self.edit(300)
        held = self.ask(port, "/api/read")[1]
        self.assertEqual(held["flags"]["kafkaQueueProblems"]["defaultVariant"], "off")
        self.ask(port, "/api/write-to-file", {"data": held})
        wait_until("lost edit", lambda: self.on_disk() == held)

    def test_a_write_without_data_is_refused_and_changes_nothing(self):
        for api, path, status in (("2.2", "/api/write", 400), ("next", "/feature/api/write-to-file", 500)):
            before = self.on_disk()
            self.assertEqual(self.ask(self.page(api), path, {"flags": {}})[0], status)
            self.assertEqual(self.on_disk(), before)

    def test_the_older_page_lives_below_feature_and_reads_the_file_each_time(self):
        port = self.page("next")
        self.assertEqual(self.ask(port, "/")[0], 404)
        document = self.edit(300)
        read = "/feature/api/read-file?file_name="
        self.assertEqual(self.ask(port, read + "demo.flagd.json"), (200, document))
        self.assertEqual(self.ask(port, read + "nope.json"), (500, {"error": "Failed to read file"}))
        said = self.ask(port, "/feature/api/write-to-file", {"data": {"flags": {}}})
        self.assertEqual(said, (200, {"message": "File written successfully"}))
        self.assertEqual(self.on_disk(), {"flags": {}})


if __name__ == "__main__":
    sys.exit(harness.main("__main__"))
