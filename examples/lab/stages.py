#!/usr/bin/env python3
"""The quickstart's stages, live: a shop that leaks as planned and is killed for it, then the ways in
which it does not. For each stage the lab is changed, leakdiag looks, and what it says is held against
what was changed. Exits with 1 when one of its answers is not the one announced.

  stages.py --leakdiag build/leakdiag --locust VENV/bin/locust [--keep DIR] [STAGE ...]
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = [sys.executable, os.path.join(HERE, "lab.py")]
SCENARIO = os.path.join(HERE, "scenario.yaml")


class Stage:
    """What is changed before the look, how long the look takes, and what must come out of it."""

    def __init__(self, name, title, change, look_s, expect, needs_cgroup=False, history=None):
        self.name = name
        self.title = title
        self.change = change
        self.look_s = look_s
        self.expect = expect
        self.needs_cgroup = needs_cgroup
        self.history = history


def fresh(*commands):
    """A new shop at its baseline, after the given changes."""
    return list(commands) + [["limit", "20Mi"]]


STAGES = [
    Stage(
        "on-track",
        "Flag 300, 25 users, limit 20Mi: the leak as planned",
        [],
        26,
        {"verdict": "as-expected", "memory": "on-track", "ttl": True},
    ),
    Stage(
        "oom-kill",
        "The same, looked at until the kernel kills the shop and it starts again",
        [],
        28,
        {"verdict": "as-expected", "memory": "oom-sawtooth", "termination": "oom-killed"},
        needs_cgroup=True,
        history="on-track",
    ),
    Stage(
        "flag-off",
        "Somebody switched the flag off",
        fresh(["flag", "off"]),
        8,
        {"verdict": "not-as-expected", "cause": "flag-not-applied", "flag.value": "not-enabled"},
    ),
    Stage(
        "flag-100",
        "The flag is on, with its stock value 100",
        fresh(["flag", "100"]),
        19,
        {"verdict": "not-as-expected", "cause": "flag-value-too-low", "flag.value": "lower"},
    ),
    Stage(
        "load-stopped",
        "The flag is right again, but nobody buys",
        [["flag", "300"], ["load", "stop"], ["limit", "20Mi"]],
        8,
        {"verdict": "not-as-expected", "cause": "no-checkouts", "flag.seen": "blocked"},
    ),
    Stage(
        "limit-too-high",
        "The load runs again, but the limit is 64Mi",
        [["load", "start"], ["limit", "64Mi"]],
        17,
        {"verdict": "not-as-expected", "cause": "limit-too-high", "limit": "higher"},
        needs_cgroup=True,
    ),
]


class Colours:
    def __init__(self, on):
        self.bold, self.dim, self.green, self.red, self.off = (
            ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m") if on else ("",) * 5
        )


def lab(folder, *command):
    subprocess.run(LAB + list(command) + ["--dir", folder], check=True, stdout=subprocess.DEVNULL)


def sources(folder):
    """The lab's places as parameters of the scenario."""
    with open(os.path.join(folder, "lab.json")) as file:
        where = json.load(file)
    with open(where["state_file"]) as file:
        shop = json.load(file)
    names = {
        "ofrep_url": where["ofrep_url"],
        "locust_url": where["locust_url"],
        "log_file": where["log"],
        "flag_file": where["flag_file"],
        "lab_dir": folder,
    }
    if shop.get("cgroup"):
        names["cgroup"] = shop["cgroup"]
    else:
        names["pid"] = str(shop["pid"])
    return names


def look(options, folder, stage):
    """Run leakdiag on the terminal, then read what it saw from the capture."""
    capture = os.path.join(folder, stage.name + ".capture.json")
    command = [options.leakdiag, "diagnose", "--scenario", SCENARIO]
    for name, value in sources(folder).items():
        command += ["--set", "%s=%s" % (name, value)]
    command += ["--for", "%ds" % stage.look_s, "--save", capture, "--force"]
    earlier = os.path.join(folder, "%s.capture.json" % stage.history)
    if stage.history and os.path.exists(earlier):
        command += ["--history", earlier]
    sys.stdout.flush()
    done = subprocess.run(command, timeout=stage.look_s + 60)
    if not os.path.exists(capture):
        raise SystemExit("leakdiag ended with %d and left no capture" % done.returncode)
    replay = subprocess.run(
        [options.leakdiag, "replay", capture, "-o", "json"], capture_output=True, timeout=60
    )
    with open(os.path.join(folder, stage.name + ".json"), "wb") as file:
        file.write(replay.stdout)
    return json.loads(replay.stdout)


def announced(stage, limited):
    """Without a cgroup there is no limit, which leakdiag rightly finds wrong: only memory is left."""
    if limited or "memory" not in stage.expect:
        return stage.expect
    return {"memory": stage.expect["memory"]}


def differences(stage, said, limited):
    """What leakdiag did not say as announced; empty when all is well."""
    checks = {check["id"]: check for check in said["checks"]}
    found = []
    for key, want in announced(stage, limited).items():
        if key == "verdict":
            got = said["verdict"]
        elif key == "cause":
            got = said["causes"][0]["id"] if said["causes"] else "none"
        elif key == "ttl":
            got = said["predictions"]["ttl_s"] is not None
        else:
            check = checks[key]
            got = want if want in (check["finding"], check["outcome"]) else check["finding"]
        if got != want:
            found.append("%s is %s, announced was %s" % (key, got, want))
    return found


def run_stage(options, folder, stage, colours):
    print("\n%s== %s ==%s" % (colours.bold, stage.title, colours.off))
    for command in stage.change:
        print("%s   lab.py %s%s" % (colours.dim, " ".join(command), colours.off))
        lab(folder, *command)
    print("%s   leakdiag looks for %d s …%s" % (colours.dim, stage.look_s, colours.off))
    found = differences(stage, look(options, folder, stage), has_cgroup(folder))
    for text in found:
        print("%s   NOT AS ANNOUNCED: %s%s" % (colours.red, text, colours.off))
    return found


def has_cgroup(folder):
    return "cgroup" in sources(folder)


def run_all(options, folder, colours):
    results = []
    for stage in STAGES:
        if options.stages and stage.name not in options.stages:
            continue
        if stage.needs_cgroup and not has_cgroup(folder):
            print("\n== %s ==\n   OOM not tested: no memory cgroup may be made here" % stage.title)
            results.append((stage, None))
            continue
        results.append((stage, run_stage(options, folder, stage, colours)))
    return results


def summary(results, began, colours):
    print("\n%sAs announced? (%d s)%s" % (colours.bold, time.monotonic() - began, colours.off))
    for stage, found in results:
        answer = stage.expect.get("cause") or stage.expect["memory"]
        word = "not tested" if found is None else "no" if found else "yes"
        colour = colours.red if found else colours.green if found is not None else colours.dim
        print("  %s%-10s%s %-16s %s" % (colour, word, colours.off, stage.name, answer))
    return 1 if any(found for _, found in results) else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leakdiag", required=True, help="the command")
    parser.add_argument("--locust", required=True, help="the load generator")
    parser.add_argument("--keep", metavar="DIR", help="keep captures, JSON and logs here")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help="only these (default: all)")
    options = parser.parse_args()
    unknown = set(options.stages) - {stage.name for stage in STAGES}
    if unknown:
        parser.error("no stage %s; there are %s" % (unknown.pop(), ", ".join(s.name for s in STAGES)))

    colours = Colours(sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    folder = options.keep or tempfile.mkdtemp(prefix="leakdiag-lab-")
    os.makedirs(folder, exist_ok=True)
    began = time.monotonic()
    print("Starting the lab: flag service, shop, Locust …")
    try:
        lab(folder, "up", "--flag", "300", "--limit", "20Mi", "--locust", options.locust, "--life-s", "400")
        if not has_cgroup(folder):
            print("No memory cgroup may be made here: the shop runs without a limit, OOM not tested")
        results = run_all(options, folder, colours)
    finally:
        subprocess.run(LAB + ["down", "--dir", folder], stdout=subprocess.DEVNULL)
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return summary(results, began, colours)


def stop(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)  # as Ctrl-C: the lab must not be left behind
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as problem:
        sys.exit("quickstart: the lab failed at `%s`" % " ".join(problem.cmd[1:3]))
