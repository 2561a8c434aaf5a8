#!/usr/bin/env python3
"""`leakdiag quick` on a cluster against the runbook's quick block with the real kubectl.

Usage: tests/bench/test_cluster.py [COMMAND]    (default: build/release/leakdiag, then build/leakdiag)

Both ask the same API server (tests/kubernetes/fakeapi: recorded answers over HTTPS and HTTP/2), whose
every answer is 0, 5 or 25 ms late. They take turns in one run, in a random order, and only ratios
are judged: of the medians of CPU time (user + system of all processes of a turn), and of the lower
quartiles of wall time, because whatever else runs here lengthens a short turn more than a long one.
For the same reason what is missed is measured again, twice at most. kubectl has its cache of the
API's resources filled, as it has on the machine of whoever uses it daily; what the block costs
without is shown beside. kubectl: $LEAKDIAG_KUBECTL, else the one that tests/kubernetes/build made; it
must be of the version that tests/kubernetes/go.mod pins.
"""

import glob
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KUBERNETES = os.path.join(TOP, "tests", "kubernetes")
sys.dont_write_bytecode = True
sys.path.insert(0, KUBERNETES)
import parts  # noqa: E402  pylint: disable=wrong-import-position

TURNS, COLD_TURNS, TRIES = 11, 5, 3
# delay; so many times less CPU and wall time is the goal; with less than that it is a regression.
# Wall time at 25 ms does not reach its goal (6.5 times): of some 65 ms two rounds are 50, TLS is 5, and
# the rest is in many small parts. A round more, or a library loaded, would fall below what is last.
LIMITS = [("0ms", (12, 12), (12, 10)), ("5ms", (12, 10), (12, 8)), ("25ms", (12, 7), (12, 5.5))]
PEAK_MAX_MB = 16
DEADLINE_MS, LATE_MAX_MS = 500, 100
FAULTS = ["deaf", "reset", "garbage", "silent", "silent-log", "silent-service", "silent-metrics",
          "slow-body", "cut"]
counts = {"passed": 0, "failed": 0, "skipped": 0}


class Missing(Exception):
    pass


def check(what, ok, said=""):
    print("%-52s %s%s" % (what, said + "  " if said else "", "ok" if ok else "FAILED"), flush=True)
    counts["passed" if ok else "failed"] += 1


# --- the contestants ------------------------------------------------------------------------------

def find_command():
    names = sys.argv[1:2] or [os.path.join(TOP, "build", *rest, "leakdiag")
                              for rest in (["release"], [])]
    for name in names:
        if os.access(name, os.X_OK):
            return os.path.abspath(name)
    sys.exit("no command to measure; build it with: cmake --preset release")


def find_kubectl():
    """The program and its version, which is the pinned one."""
    with open(os.path.join(KUBERNETES, "go.mod")) as file:
        pinned = re.search(r"^\s*k8s\.io/kubernetes (v\S+)$", file.read(), re.M).group(1)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    names = [os.environ.get("LEAKDIAG_KUBECTL", "")]
    names += glob.glob(os.path.join(glob.escape(home), "leakdiag", "kubernetes-*", "kubectl"))
    for name in names:
        if not os.access(name, os.X_OK):
            continue
        said = subprocess.run([name, "version", "--client", "-o", "json"], check=True,
                              capture_output=True, text=True).stdout
        version = json.loads(said)["clientVersion"]["gitVersion"]
        if version == pinned:
            return name, version
    raise Missing("there is no kubectl %s; tests/kubernetes/build makes it" % pinned)


class FakeAPI:
    """The API server as a process, told what to do line by line."""

    def __init__(self, folder):
        program = os.path.join(folder, "fakeapi")
        self.kubeconfig = os.path.join(folder, "kubeconfig")
        try:
            parts.run(parts.go("build", "-o", program, "./fakeapi"), "the API server", cwd=KUBERNETES)
        except parts.Missing as problem:
            raise Missing(problem) from None
        self.process = subprocess.Popen(
            [program, "-fixtures", os.path.join(TOP, "tests", "fixtures"), "-kubeconfig",
             self.kubeconfig], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.urls = json.loads(self.process.stdout.readline())

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)


def environment(folder, api, kubectl=None):
    """Nothing of the caller's but the path to the programs; the home folder is new."""
    home = os.path.join(folder, "home")
    programs = os.path.join(folder, "programs")
    os.makedirs(home, exist_ok=True)
    os.makedirs(programs, exist_ok=True)
    if kubectl and not os.path.exists(os.path.join(programs, "kubectl")):
        os.symlink(kubectl, os.path.join(programs, "kubectl"))
    return {"PATH": programs + ":/usr/local/bin:/usr/bin:/bin", "HOME": home, "LC_ALL": "C.UTF-8",
            "KUBECONFIG": api.kubeconfig, "FLAG_SERVICE": api.urls["ofrep"]}


# --- measuring ------------------------------------------------------------------------------------

def turn(command, env, out):
    """CPU and wall time in ms of a command with all that it starts and waits for."""
    started = time.monotonic()
    null = os.open(os.devnull, os.O_RDONLY)
    pid = os.posix_spawn(command[0], command, env, file_actions=[
        (os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, out, 1)])
    os.close(null)
    usage = os.wait4(pid, 0)[2]
    return (1000 * (usage.ru_utime + usage.ru_stime), 1000 * (time.monotonic() - started))


def figures(contestants, turns):
    """Of each contestant the median of CPU time and the lower quartile of wall time."""
    times = {name: [] for name in contestants}
    with tempfile.TemporaryFile() as out:
        for number in range(turns + 1):
            for name in random.sample(list(contestants), len(contestants)):
                if name == "cold":
                    shutil.rmtree(contestants[name][1]["KUBECACHEDIR"], ignore_errors=True)
                used = turn(*contestants[name], out.fileno())
                if number:  # the first one fills the caches
                    times[name].append(used)
    return {name: (statistics.median(cpu for cpu, _ in rows),
                   sorted(wall for _, wall in rows)[len(rows) // 4])
            for name, rows in times.items()}


def measure_one(delay, goals, contestants, cold):
    """A row of the table for each try; the last one counts."""
    for left in reversed(range(TRIES)):
        got = figures(contestants, TURNS)
        ratios = [block / quick for quick, block in zip(got["quick"], got["block"])]
        cells = [figure for pair in zip(got["quick"], got["block"], cold) for figure in pair]
        print("%-6s | %8.1f %8.1f %8.1f %7.1fx | %8.1f %8.1f %8.1f %7.1fx" % (
            delay, *cells[:3], ratios[0], *cells[3:], ratios[1]), flush=True)
        if not left or all(ratio >= limit for ratio, limit in zip(ratios, goals)):
            return ratios


def measure(leakdiag, folder):
    kubectl, version = find_kubectl()
    with FakeAPI(folder) as api:
        env = environment(folder, api, kubectl)
        block = ["/bin/bash", os.path.join(TOP, "tests", "bench", "runbook_quick.sh")]
        contestants = {"quick": ([leakdiag, "quick"], env), "block": (block, env)}
        cold_env = dict(env, KUBECACHEDIR=os.path.join(env["HOME"], ".cold"))
        check_block(block, env)
        print("kubectl %s; ms of %d turns" % (version, TURNS))
        print("%-6s | %8s %8s %8s %8s | %8s %8s %8s %8s" % (
            "delay", "CPU", "block", "cold", "less", "wall", "block", "cold", "less"))
        results = []
        for delay, goals, _ in LIMITS:
            api.tell("delay " + delay)
            cold = figures({"cold": (block, cold_env)}, COLD_TURNS)["cold"]
            results.append(measure_one(delay, goals, contestants, cold))
        for (delay, goals, floors), ratios in zip(LIMITS, results):
            for what, goal, floor, ratio in zip(("CPU", "wall time"), goals, floors, ratios):
                if ratio < goal:
                    print("%s: %s: %.1fx less, the goal of %gx is not reached" % (
                        delay, what, ratio, goal))
                check("%s: %s at least %gx less" % (delay, what, floor), ratio >= floor,
                      "%.1fx" % ratio)


def check_block(block, env):
    """A block that fails fast would be a weak rival."""
    done = subprocess.run(block, env=env, capture_output=True, text=True, check=False)
    ok = not done.stderr and done.stdout.endswith("20Mi\n") and "Mi " in done.stdout
    check("the runbook's block works here", ok, "" if ok else done.stdout + done.stderr)


# --- what it uses, and how long it takes at most --------------------------------------------------

PEAK = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ,
                     file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
print(os.wait4(pid, 0)[2].ru_maxrss)
"""


def check_use(leakdiag, folder):
    with FakeAPI(folder) as api:
        env = environment(folder, api)
        api.tell("delay 25ms")
        api.tell("counts")
        done = subprocess.run([leakdiag, "quick"], env=env, capture_output=True, text=True,
                              check=False)
        got = api.tell("counts")
        answered = all(text in done.stdout for text in ("300 (variant on)", "20Mi", "Mi, ", "/min"))
        check("quick answers all five", answered, "" if answered else done.stdout + done.stderr)
        check("two round trips", got["rounds"] == 2, "%d" % got["rounds"])
        check("one connection", got["connections"] == 1, "%d" % got["connections"])
        print("requests: %d" % got["requests"])
        # Started by a small process: what starts it would count as its own peak otherwise.
        said = subprocess.run([sys.executable, "-I", "-S", "-c", PEAK, leakdiag, "quick"], env=env,
                              capture_output=True, text=True, check=True).stdout
        peak = int(said) / 1024
        check("peak memory at most %d MB" % PEAK_MAX_MB, peak <= PEAK_MAX_MB, "%.1f MB" % peak)


def check_faults(leakdiag, folder):
    """Whatever goes wrong, there is an answer that says what, and it comes in time."""
    with FakeAPI(folder) as api:
        env = environment(folder, api)
        command = [leakdiag, "quick", "-o", "json", "--request-timeout", "%dms" % DEADLINE_MS]
        for fault in FAULTS + ["refused"]:
            if fault == "refused":
                api.__exit__()
            else:
                api.tell("fault " + fault)
            walls, done = [], None
            for _ in range(3):
                started = time.monotonic()
                done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
                walls.append(1000 * (time.monotonic() - started))
            wall = statistics.median(walls)  # one may meet a busy machine
            check("%s: a typed answer in %d + %d ms" % (fault, DEADLINE_MS, LATE_MAX_MS),
                  is_typed(done, fault) and wall <= DEADLINE_MS + LATE_MAX_MS, "%.0f ms" % wall)


def is_typed(done, fault):
    """A diagnosis that says what is unknown and why, and its exit status. Where only a part is
    silent, the others have answered."""
    try:
        checks = {c["id"]: c for c in json.loads(done.stdout)["checks"]}
    except (ValueError, KeyError):
        print(done.stdout[:500], done.stderr[:500])
        return False
    has_reason = any(c["outcome"] == "unknown" and c.get("reason") for c in checks.values())
    is_partial = checks["limit"]["finding"] == "expected"
    return (has_reason and is_partial == fault.startswith("silent-")
            and done.returncode in (1, 3, 4, 5))


def main():
    leakdiag = find_command()
    with tempfile.TemporaryDirectory(prefix="leakdiag-bench-") as folder:
        for part in (check_use, check_faults, measure):
            try:
                part(leakdiag, folder)
            except Missing as problem:
                print("%s SKIPPED: %s" % (part.__name__, problem), flush=True)
                counts["skipped"] += 1
            except Exception as error:  # pylint: disable=broad-except
                print("%s FAILED: %s: %s" % (part.__name__, type(error).__name__, error))
                counts["failed"] += 1
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % counts)
    sys.exit(1 if counts["failed"] else 0)


main()
