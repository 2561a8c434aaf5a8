#!/usr/bin/env python3
"""The verbs that look and judge: quick, diagnose, capture, replay, check, top, doctor."""

import datetime
import json
import os
import re
import signal
import stat
import subprocess
import sys
import xml.etree.ElementTree

from fake import Fake, answer, closed_port, locust, ofrep_value
from harness import (GUARD_S, Folder, Skip, interrupt, is_error, main, refused, run, start, test,
                     wait_until)

MI = 1 << 20
FLAG = ("POST", "/ofrep/v1/evaluate/flags/kafkaQueueProblems")


def csv(points):
    return "t,ws\n" + "".join("%g,%d\n" % point for point in points)


def leak():
    return csv([(t, 8 * MI + t * 11650 + (t * 7919 % 97 - 48) * 256) for t in range(0, 900, 15)])


def flat():
    return csv([(t, 8 * MI + (t * 7919 % 97 - 48) * 256) for t in range(0, 1200, 15)])


class Child:
    """A process that just sits there."""

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdout.readline()
        return self.process.pid

    def __exit__(self, *_):
        self.process.communicate(b"\n")


def nowhere():
    url = "http://127.0.0.1:%d" % closed_port()
    return ["--set", "ofrep_url=" + url, "--set", "locust_url=" + url]


def service(value=300, state="running"):
    return Fake({FLAG: ofrep_value(value), ("GET", "/stats/requests"): locust(state=state)})


def at(fake):
    return ["--set", "ofrep_url=" + fake.url, "--set", "locust_url=" + fake.url]


def often(folder):
    """any-workload with five looks in a second."""
    text = run("scenario", "show", "any-workload", "-o", "yaml").out
    assert "every: 5s" in text
    return ["--scenario", folder.write("often.yaml", text.replace("every: 5s", "every: 200ms"))]


# --- the JSON contract ----------------------------------------------------------------------------

def diagnosis(result, *statuses):
    assert result.status in (statuses or (0, 3, 4, 5)), result
    got = json.loads(result.out)
    assert got["schema"] == "leakdiag.diagnosis/1", got
    assert got["verdict"] == {0: "as-expected", 4: "warning", 3: "not-as-expected",
                              5: "inconclusive"}.get(result.status, got["verdict"]), result
    for check in got["checks"]:
        assert {"id", "finding", "outcome"} <= set(check), check
        assert check["outcome"] in ("pass", "warn", "fail", "unknown", "blocked"), check
    for cause in got["causes"]:
        assert {"id", "confidence", "for", "against"} <= set(cause), cause
        assert cause["confidence"] in ("confirmed", "likely", "possible"), cause
    return {check["id"]: check for check in got["checks"]}


@test
def a_leaking_recording_is_not_as_expected():
    with Folder() as folder:
        path = folder.write("leak.csv", leak())
        checks = diagnosis(run("diagnose", "--csv", path, "-o", "json"), 3)
        assert checks["memory"]["outcome"] == "fail", checks["memory"]
        checks = diagnosis(run("diagnose", "--csv", folder.write("flat.csv", flat()), "-o",
                               "json"), 0)
        assert checks["memory"]["finding"] == "flat", checks["memory"]


@test
def a_process_is_looked_at_and_one_look_is_too_early():
    with Child() as pid:
        checks = diagnosis(run("diagnose", "--pid", str(pid), "-o", "json"), 5)
        assert checks["memory"]["finding"] == "too-early", checks["memory"]


@test
def quick_gives_five_answers_and_one_missing_source_never_hides_the_others():
    log = '{"message":"order placed","severity":"info","timestamp":"2024-12-03T10:00:00Z"}\n'
    with Child() as pid, Folder() as folder, service() as fake:
        args = ["--pid", str(pid), "--set", "log_file=" + folder.write("log", log)]
        whole = run("quick", *args, *at(fake))
        words = ("flag", "memory", "log", "orders", "limit")
        assert whole.status in (0, 3, 4, 5), whole
        assert all(word in whole.out for word in words) and "300" in whole.out, whole
        for missing in (nowhere(), at(fake)[:2] + nowhere()[2:], nowhere()[:2] + at(fake)[2:]):
            result = run("quick", *args, *missing)
            assert result.status in (3, 4, 5), result
            assert all(word in result.out for word in words), result
        assert "300" in run("quick", *at(fake)[:2], *nowhere()[2:]).out
        diagnosis(run("quick", *args, *at(fake), "-o", "json"))


@test
def a_flag_that_is_off_is_not_as_expected_and_named():
    with service(value=0) as fake:
        result = run("diagnose", *at(fake), "-o", "json")
        checks = diagnosis(result, 3)
        assert checks["flag.value"]["finding"] == "not-enabled", checks["flag.value"]
        assert json.loads(result.out)["causes"][0]["id"] == "flag-not-applied", result
        text = run("diagnose", *at(fake))
        assert text.status == 3 and "flag-not-applied" in text.out, text


@test
def nothing_reachable_at_all_is_status_1():
    for verb in (["quick"], ["diagnose"], ["check", "flag.value"], ["doctor"]):
        result = run(*verb, *nowhere())
        assert result.status == 1 and "leakdiag: nothing answered" in result.err, result
        assert result.err.count("\n") == 1 and result.out, result
    with Folder() as folder:
        path = folder.name("run.json")
        result = run("capture", path, *nowhere())
        assert result.status == 1 and os.path.exists(path), result


@test
def a_process_that_is_gone_is_status_1():
    with Child() as pid:
        pass
    assert run("diagnose", "--pid", str(pid)).status == 1
    is_error(run("top", "--pid", str(pid)), 1, str(pid))
    is_error(run("top", "--cgroup", "/sys/fs/cgroup/none/such"), 1, "/sys/fs/cgroup/none/such")


@test
def a_process_that_is_gone_is_told_how_to_be_named():
    with Child() as pid:
        pass
    for args in (("diagnose",), ("diagnose", "--until", "decided"), ("quick", *nowhere())):
        shown = run(*args, "--pid", str(pid))
        assert "doctor" not in shown.out + shown.err, shown
        assert "--until decided" not in shown.out, shown
        assert shown.status == 1 and "--pid (%d): there is no such process" % pid in shown.err, shown
        assert args[0] == "quick" or shown.out.endswith(
            "next: the same again with --pid N of a process that runs (ps -e lists them)\n"), shown


@test
def who_watches_a_process_is_not_sent_to_kubectl():
    with Child() as pid:
        shown = run("quick", "--pid", str(pid), *nowhere())
        assert shown.status == 3 and "next: kubectl" not in shown.out, shown
        shown = run("doctor", "--pid", str(pid))
        assert shown.status == 0 and "kubectl" not in shown.out, shown
        assert "flag:" not in shown.out and "load:" not in shown.out, shown


@test
def too_early_says_how_much_time_or_how_many_samples_are_missing():
    def reason(points, *more):
        path = folder.write("few.csv", csv(points))
        return diagnosis(run("diagnose", "--csv", path, "-o", "json", *more), 5)["memory"]["reason"]
    with Folder() as folder:
        assert reason([(2 * i, 8 * MI) for i in range(8)]) == "14s seen; about 60s is needed"
        assert reason([(0, 8 * MI)]) == "0s seen; about 60s is needed"
        assert reason([(i, 8 * MI) for i in range(6)], "--set", "time_scale=10") == \
            "5s seen; about 6s is needed"
        assert reason([(30 * i, 8 * MI) for i in range(4)]) == "4 samples; 6 are needed"


@test
def what_is_read_on_this_machine_is_told_too():
    with Child() as pid, Folder() as folder:
        log = folder.write("app.log", "order placed\n")
        shown = run("quick", "--pid", str(pid), "--set", "log_file=" + log, *nowhere(), "--log",
                    "debug")
        assert "memory: process %d is read" % pid in shown.err, shown
        assert "log: log-file %s is read" % log in shown.err, shown


@test
def a_process_that_was_just_started_is_not_settling():
    with Child() as pid:
        checks = diagnosis(run("diagnose", "--pid", str(pid), "-o", "json"), 5)
        assert checks["rollout.app"]["finding"] == "settled", checks["rollout.app"]
        assert checks["rollout.app"]["expected"] == "no restart", checks["rollout.app"]
        checks = diagnosis(run("quick", "--pid", str(pid), *nowhere(), "-o", "json"))
        assert checks["rollout.app"]["finding"] == "settling", checks["rollout.app"]


@test
def no_slope_stands_beside_a_plateau():
    points = [(15 * i, (50 + 2 * min(i, 20)) * MI) for i in range(60)]
    with Folder() as folder:
        path = folder.write("warm-up.csv", csv(points))
        memory = diagnosis(run("diagnose", "--csv", path, "-o", "json"), 0)["memory"]
        assert memory["finding"] == "plateau", memory
        assert "/min" not in memory["observed"], memory


@test
def a_bad_csv_is_bad_input_before_anything_is_asked():
    with Folder() as folder:
        for path, word in ((folder.name("none.csv"), "No such file"), (folder.path, "folder"),
                           (folder.write("empty.csv", ""), "empty.csv"),
                           (folder.write("junk.csv", bytes(range(256))), "junk.csv")):
            refused(run("diagnose", "--csv", path), path, word)
            refused(run("quick", "--csv", path, "--for", "1h"), path, word)


@test
def junit_is_xml_with_one_testcase_per_check():
    with service(value=0) as fake:
        count = len(json.loads(run("diagnose", *at(fake), "-o", "json").out)["checks"])
        result = run("diagnose", *at(fake), "-o", "junit")
        root = xml.etree.ElementTree.fromstring(result.out_bytes)
        assert result.status == 3 and len(root.findall(".//testcase")) == count, result
        assert root.findall(".//failure") and root.findall(".//skipped"), result


# --- looking for a while --------------------------------------------------------------------------

@test
def looking_for_a_while_gathers_more_samples():
    with Folder() as folder, Child() as pid:
        path = folder.name("run.json")
        result = run("capture", path, *often(folder), "--pid", str(pid), "--for", "1s")
        assert result.status == 0 and result.out == "" and result.err == "", result
        with open(path) as file:
            memory = [fact for fact in json.load(file)["facts"] if fact.get("kind") == "memory"]
        assert len(memory) >= 2, len(memory)


@test
def an_interrupt_prints_the_report_so_far():
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with service(value=0) as fake, Folder() as folder:
            saved = folder.name("run.json")
            process = start("diagnose", *at(fake), "--for", "1h", "-o", "json", "--save", saved,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            wait_until("a look was done", lambda: len(fake.seen) >= 4)
            interrupt(process, number)
            out, err = process.communicate(timeout=GUARD_S)
            assert process.returncode == status and err == b"", (process.returncode, err)
            assert json.loads(out)["verdict"] == "not-as-expected", out
            assert os.path.exists(saved)


@test
def a_second_interrupt_ends_at_once():
    import threading
    hold = threading.Event()
    slow = Fake({}, default=lambda _: hold.wait(GUARD_S) and b"")
    with slow as fake:
        process = start("diagnose", *at(fake), "--request-timeout", "25s", stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE)
        wait_until("it waits", lambda: fake.seen)
        for _ in range(2):
            if process.poll() is None:
                interrupt(process)
        out, err = process.communicate(timeout=GUARD_S)
        assert process.returncode == 130, (process.returncode, out, err)
        hold.set()


@test
def until_decided_ends_when_memory_can_be_judged():
    with Folder() as folder:
        path = folder.write("leak.csv", leak())
        args = ["diagnose", "--csv", path, "--until", "decided", "-o", "json"]
        assert diagnosis(run(*args, "--for", "1h"), 3)["memory"]["outcome"] == "fail"
        result = run(*args)
        assert diagnosis(result, 3)["memory"]["outcome"] == "fail", result


# --- captures -------------------------------------------------------------------------------------

def capture(folder, name="run.json", *args):
    path = folder.name(name)
    csv_path = folder.write(name + ".csv", leak())
    result = run("capture", path, "--csv", csv_path, *args)
    assert result.status == 0 and result.out == result.err == "", result
    return path


@test
def a_capture_is_private_and_goes_to_standard_output_when_asked():
    with Folder() as folder:
        path = capture(folder)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert os.listdir(folder.path).sort() == ["run.json", "run.json.csv"].sort()
        result = run("capture", "-", "--csv", folder.name("run.json.csv"))
        assert result.status == 0 and json.loads(result.out)["schema"] == "leakdiag.capture/1"


@test
def an_existing_file_is_kept_unless_forced():
    with Folder() as folder:
        path = capture(folder)
        with open(path, "rb") as file:
            before = file.read()
        for verb in (["capture", path], ["diagnose", "--save", path], ["quick", "--save", path]):
            csv_path = folder.name("run.json.csv")
            refused(run(*verb, "--csv", csv_path), path, "--force")
            with open(path, "rb") as file:
                assert file.read() == before
        assert run("diagnose", "--save", path, "--force", "--csv", csv_path).status == 3
        os.symlink("/nonexistent/target", folder.name("link"))
        refused(run("capture", folder.name("link"), "--csv", csv_path), "link")


@test
def what_cannot_be_written_is_told_before_looking():
    with Folder() as folder:
        path = folder.write("leak.csv", leak())
        for target in (folder.name("none/run.json"), folder.path, folder.path + "/",
                       path + "/run.json", "", "/proc/none/run.json"):
            refused(run("diagnose", "--csv", path, "--for", "1h", "--save", target))
        refused(run("diagnose", "--csv", path, "--save", "-"), "--save")


@test
def a_replay_is_the_same_in_every_byte_and_the_same_as_live():
    with Folder() as folder:
        saved = folder.name("run.json")
        live = run("diagnose", "--csv", folder.write("a.csv", leak()), "-o", "json", "--save",
                   saved)
        for form in ("json", "text", "junit"):
            first = run("replay", saved, "-o", form)
            assert first.status == 3 and first.err == "", first
            for env in ({"TZ": "Asia/Tokyo"}, {"LC_ALL": "de_DE.UTF-8"}):
                assert run("replay", saved, "-o", form, env=env).out == first.out, form
            assert run("replay", "-", "-o", form, stdin=open(saved, "rb").read()).out == first.out
        assert run("replay", saved, "-o", "json").out == live.out, live


@test
def a_replay_knows_earlier_times_and_other_scenarios():
    with Folder() as folder, Child() as pid:
        saved = folder.name("run.json")
        run("capture", saved, *often(folder), "--pid", str(pid), "--for", "1s")
        with open(saved) as file:
            first_ms = min(fact["t_ms"] for fact in json.load(file)["facts"])
        for after_ms in (0, 450):
            early = run("replay", saved, "-o", "json", "--at", "%dms" % after_ms)
            assert early.status == 5, early
            now = datetime.datetime.fromisoformat(json.loads(early.out)["now"][:-1] + "+00:00")
            assert round(now.timestamp() * 1000) == first_ms + after_ms, (now, first_ms)
            for zone in (0, 2, -7):
                there = now.astimezone(datetime.timezone(datetime.timedelta(hours=zone)))
                same = run("replay", saved, "-o", "json", "--at", there.isoformat())
                assert same.out == early.out, same
        for time in ("2000-01-01T00:00:00Z", "2999-01-01T00:00:00+02:00", "1h"):
            result = run("replay", saved, "--at", time, "-o", "json")
            assert result.status in (0, 1, 3, 4, 5) and json.loads(result.out), result
        for time in ("yesterday", "2026-13-01T00:00:00Z", "2026-01-01", "-5s", ""):
            refused(run("replay", saved, "--at", time), "--at")
        other = run("replay", saved, "--scenario", "otel-demo/checkout", "-o", "json")
        assert "flag.value" in other.out and other.status in (3, 5), other
        refused(run("replay", saved, "--scenario", "otel-demo/chekout"), "otel-demo/checkout")
        refused(run("replay", saved, "--set", "nonsense=1"))
        assert run("replay", saved, "--quick").out.count("memory") >= 1


@test
def earlier_captures_are_history():
    with Folder() as folder:
        saved = capture(folder)
        with Child() as pid:
            alone = run("diagnose", "--pid", str(pid), "-o", "json")
            joined = run("diagnose", "--pid", str(pid), "--history", saved, "-o", "json")
            assert joined.status in (0, 3, 4, 5) and joined.out != alone.out, joined
        refused(run("diagnose", "--pid", "1", "--history", folder.name("none")), "none")
        refused(run("diagnose", "--pid", "1", "--history", folder.name("run.json.csv")), ".csv")


@test
def hostile_captures_are_refused_at_once():
    with Folder() as folder:
        with open(capture(folder)) as file:
            good = json.load(file)
        text = json.dumps(good)
        hostile = {
            "empty": "", "junk": bytes(range(256)) * 1000, "list": "[]", "number": "1",
            "no schema": "{}", "other schema": text.replace("leakdiag.capture/1", "other/1"),
            "next version": text.replace("leakdiag.capture/1", "leakdiag.capture/2"),
            "deep": '{"facts": ' + "[" * 100_000, "cut": text[:len(text) // 2],
            "doubled": text[:-1] + ', "schema": "leakdiag.capture/1"}', "trailing": text + "{}",
            "facts are text": json.dumps(dict(good, facts="x")),
            "a fact is a number": json.dumps(dict(good, facts=[1])),
            "many facts": json.dumps(dict(good, facts=good["facts"][:1] * 200_001)),
            "a huge number": text.replace('"now', '"x": 1e999, "now', 1),
            "NUL": text.replace("any-workload", "\\u0000"),
            "too large": '{"x": "' + "y" * 34_000_000 + '"}',
            "not UTF-8": text.encode().replace(b"any-workload", b"\xff\xfe"),
        }
        for name, data in hostile.items():
            path = folder.write("hostile", data)
            result = run("replay", path)
            assert result.status == 2, (name, result)
            assert result.err.startswith("leakdiag: ") and result.err.count("\n") == 1, result
            assert path in result.err and result.out == "", (name, result)
            assert result.cpu_s < 1, (name, result.cpu_s)
        refused(run("replay", folder.name("none.json")), "none.json")
        refused(run("replay", folder.path), folder.path)


# --- check ----------------------------------------------------------------------------------------

@test
def only_the_checks_that_were_named_count():
    with service(value=0) as fake:
        result = run("check", "flag.value", *at(fake))
        assert result.status == 3 and result.out.startswith("fail"), result
        assert result.out.count("\n") == 1, result
        result = run("check", "flag.seen", *at(fake))
        assert result.out.startswith("blocked flag.seen: "), result
        assert " – by flag.value" in result.out, result
        assert run("check", "load", "limit", *at(fake)).status in (3, 4, 5)
        got = json.loads(run("check", "flag.value", "load", *at(fake), "-o", "json").out)
        assert got["schema"] == "leakdiag.checks/1", got
        assert [check["id"] for check in got["checks"]] == ["flag.value", "load"], got
        assert got["checks"][0]["finding"] == "not-enabled", got
    with service() as fake:
        assert run("check", "flag.value", *at(fake)).status == 0
    refused(run("check", "flag.valeu"), "flag.value")
    refused(run("check", "nonsense"), "scenario show")


@test
def the_worst_of_several_checks_is_the_status():
    with Folder() as folder:
        path = folder.write("flat.csv", flat())
        assert run("check", "memory", "--csv", path).status == 0
        both = run("check", "memory", "limit", "termination", "--csv", path, "-o", "json")
        outcomes = {check["outcome"] for check in json.loads(both.out)["checks"]}
        order = [("fail", 3), ("unknown", 5), ("blocked", 5), ("warn", 4), ("pass", 0)]
        assert both.status == next(code for word, code in order if word in outcomes), both


# --- top and doctor -------------------------------------------------------------------------------

@test
def top_shows_exact_memory():
    with Child() as pid:
        got = json.loads(run("top", "--pid", str(pid), "-o", "json").out)
        assert got["schema"] == "leakdiag.memory/1" and got["pid"] == pid, got
        result = run("top", "--pid", str(pid))
        assert result.status == 0, result
        shown = re.search(r"^working set  (\d+)Ki \(", result.out, re.M)
        with open("/proc/%d/status" % pid) as file:
            rss = re.search(r"VmRSS:\s+(\d+)", file.read())
        if got["kind"] == "process":
            assert abs(int(shown.group(1)) - int(rss.group(1))) <= 64, (result, rss.group())
        assert "limit " in result.out and "OOM kills" in result.out, result
        assert "pid %d" % pid in result.out, result


@test
def top_shows_a_cgroup():
    for path in ("/sys/fs/cgroup/memory", "/sys/fs/cgroup"):
        if os.path.exists(path + "/memory.usage_in_bytes") or \
                os.path.exists(path + "/memory.current"):
            result = run("top", "--cgroup", path)
            assert result.status == 0 and path in result.out, result
            assert "cgroup-v" in result.out, result
            return
    raise Skip("no memory cgroup can be read here")


@test
def doctor_says_what_can_be_reached_and_what_to_do():
    with service() as fake:
        result = run("doctor", *at(fake))
        assert result.status == 0 and "leakdiag 0." in result.out, result
        assert re.search(r"^ok +flag from ofrep " + fake.url, result.out, re.M), result
        half = run("doctor", *at(fake)[:2], *nowhere()[2:])
        assert half.status == 0, half
        assert re.search(r"^missing +load from .*\n +next: kubectl", half.out, re.M), half


@test
def until_decided_ends_when_nothing_can_be_decided():
    with Folder() as folder:
        two = folder.write("two.csv", "t,ws\n0,1000\n15,2000\n")
        for what in (("--pid", "4194303"), ("--csv", two), ("-s", "otel-demo/checkout")):
            result = run("diagnose", *what, "--until", "decided")
            assert result.status in (1, 5), result


@test
def a_cause_of_any_built_in_scenario_is_explained():
    assert "memory-leak" in run("explain", "memory-leak").out


main()
