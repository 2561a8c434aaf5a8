#!/usr/bin/env python3
"""Turn each rule around and see whether the world matrix, or the test that holds it, notices.

Two kinds of mutants: rules of the built-in scenario's causes (in a copy of the YAML), and single
lines of the sources (mutants.py), compiled and linked outside the tree from the objects of a build
folder. Each must turn at least one of its rows of the matrix red, or its Check program where the
matrix does not tell; a survivor is a failure.

Usage: test_mutation.py [-k WORD] [BUILD]     BUILD is build/dev
"""

import argparse
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mutants import EQUIVALENT, ROWS_OF_CAUSE, SOURCES, UNANSWERED  # noqa: E402

SCENARIO = os.path.join(TOP, "libleakdiag/scenario/builtin/otel-demo-checkout.yaml")
KINDS = os.path.join(TOP, "libleakdiag/scenario/kinds.c")
CHECKS_LINE = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.M)
CLUSTER_ROWS = os.path.join(TOP, "tests/world/matrix/cluster.yaml")
PACKAGES = ["libcurl", "jansson", "yaml-0.1", "libpcre2-8", "openssl", "check"]
WORLD = "test_world"
TIMEOUT_S = 60


# --- running the matrix ---------------------------------------------------------------------------

def rows_of_cluster():
    """Rows that only a cluster has: they are run in the cluster, all others decoded (cheapest)."""
    text = open(CLUSTER_ROWS, encoding="utf-8").read()
    return list(dict.fromkeys(re.findall(r"^  row: (.*)$", text, re.M)))


def runs_of(where):
    """(program, case, rows) for "R2,R15" or "test_world live R11"; None is the whole matrix."""
    if where and where.startswith("test_"):
        program, case, rows = (where.split(" ", 2) + [None, None])[:3]
        return [(program, case, rows)]
    cluster = rows_of_cluster()
    wanted = where.split(",") if where else cluster
    decoded = [r for r in wanted if r not in cluster]
    inside = [r for r in wanted if r in cluster]
    runs = [(WORLD, "decoded", ",".join(decoded) or None)] if decoded or not where else []
    return runs + ([(WORLD, "cluster", ",".join(inside))] if inside else [])


def program_of(where):
    return runs_of(where)[0][0]


def judge(path, case, rows=None, scenario=None):
    """How many tests turned red, or None when the program did not come to its end."""
    environment = dict(os.environ, CK_FORK="no", CK_VERBOSITY="normal")
    if case:
        environment["CK_RUN_CASE"] = case
    if rows:
        environment["LEAKDIAG_WORLD_ROWS"] = rows
    if scenario:
        environment["LEAKDIAG_WORLD_SCENARIO"] = scenario
    try:
        done = subprocess.run([path], env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return None
    found = CHECKS_LINE.search(done.stdout.decode(errors="replace"))
    if not found:
        return None
    total, failures, errors = map(int, found.groups())
    return failures + errors if total else 0


def is_killed(path, where, scenario=None):
    return any(judge(path, case, rows, scenario) != 0 for _, case, rows in runs_of(where))


# --- mutants of the scenario's causes --------------------------------------------------------------

def words_of_kinds():
    """Kind -> all its findings, as kinds.c lists them."""
    text = open(KINDS, encoding="utf-8").read()
    words = {}
    for name, body in re.findall(r"static const ld_finding (\w+)_findings\[\] = \{(.*?)\n\};", text, re.S):
        words[name.replace("_", "-")] = re.findall(r'\{"([a-z-]+)", LD_', body)
    return words


def kinds_of_checks(text):
    """Check id -> kind."""
    checks = text[text.index("\nchecks:"):text.index("\ntimeline:")]
    found = re.findall(r"^  ([a-z.-]+):\n(?:    \{kind: |    kind: )([a-z-]+)", checks, re.M)
    return dict(found)


def blocks_of_causes(text):
    """Cause id -> (start, end) in the text."""
    start = text.index("\ncauses:") + 1
    end = re.compile(r"^(?![ #\n])", re.M).search(text, start + len("causes:\n")).start()
    heads = [m for m in re.finditer(r"^  ([a-z-]+):\n", text[:end], re.M) if m.start() > start]
    ends = [m.start() for m in heads[1:]] + [end]
    return {m.group(1): (m.start(), e) for m, e in zip(heads, ends)}


def conditions(block):
    """(key, check, whole condition, findings) of when, any and unless in one cause."""
    for part in re.finditer(r"^    (when|any|unless):(.*?)(?=^    [a-z_]+:|\Z)", block, re.M | re.S):
        for one in re.finditer(r"([a-z][a-z.-]*): \[([a-z, -]+)\]", part.group(2)):
            yield part.group(1), one.group(1), one.group(0), one.group(2).split(", ")


def without(block, condition):
    """The block with one condition taken out, and what became empty with it."""
    for old in (condition + ", ", ", " + condition, "      " + condition + "\n", condition):
        if old in block:
            block = block.replace(old, "", 1)
            break
    return re.sub(r"^    (when|any|unless): \{\}\n", "", block, flags=re.M)


def scenario_mutants():
    """(name, rows, text) for each rule of the built-in scenario, and the names of those skipped."""
    text = open(SCENARIO, encoding="utf-8").read()
    words, kinds = words_of_kinds(), kinds_of_checks(text)
    mutants, skipped = [], []
    for cause, (start, end) in blocks_of_causes(text).items():
        block, rows = text[start:end], ROWS_OF_CAUSE.get(cause)

        def add(what, changed, cause=cause, rows=rows, start=start, end=end):
            name = "%s: %s" % (cause, what)
            if name in EQUIVALENT:
                print("no difference  %s: %s" % (name, EQUIVALENT[name]))
            else:
                mutants.append((name, rows, text[:start] + changed + text[end:]))

        if rows is None:
            skipped.append("%s: no check answers it yet" % cause)
            continue
        add("is not known", "")
        for key, check, condition, findings in conditions(block):
            if check in UNANSWERED:
                skipped.append("%s: %s %s: no check answers it yet" % (cause, key, check))
                continue
            others = [w for w in words[kinds[check]] if w not in findings]
            add("%s %s turned around" % (key, check),
                block.replace(condition, "%s: [%s]" % (check, ", ".join(others)), 1))
            changed = without(block, condition)
            if "when:" in changed:
                add("without %s %s" % (key, check), changed)
    return mutants, skipped


def run_scenario_mutant(program, folder, number, mutant):
    name, rows, text = mutant
    path = os.path.join(folder, "scenario%d.yaml" % number)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return name, is_killed(program, rows, path)


# --- mutants of the sources ------------------------------------------------------------------------

def pkg_config(what):
    return subprocess.run(["pkg-config", what] + PACKAGES, check=True, stdout=subprocess.PIPE,
                          text=True).stdout.split()


class Build:
    """Objects of a build folder, to link a test program with one of them exchanged."""

    def __init__(self, folder):
        self.folder = folder
        self.rooms = self.find("libleakdiag/CMakeFiles/ld_*.dir")
        self.flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O0", "-w", "-ffp-contract=off",
                      "-I", os.path.join(TOP, "include"),
                      "-I", os.path.join(folder, "libleakdiag")] + pkg_config("--cflags")
        self.libraries = pkg_config("--libs") + ["-lm", "-lpthread"]
        self.compiler = os.environ.get("CC", "cc")

    def path_of(self, program):
        return os.path.join(self.folder, "tests", program)

    def find(self, pattern):
        found = glob.glob(os.path.join(self.folder, pattern, "**/*.o"), recursive=True)
        return sorted(o for o in found if self.is_current(o))

    @staticmethod
    def is_current(path):
        """An object of a source that is gone would be linked twice."""
        source = re.sub(r".*/CMakeFiles/(ld_\w+|test_\w+)\.dir/", "", path)[:-len(".o")]
        return (source.startswith(("builtin_data", "scenario/builtin_data"))
                or os.path.exists(os.path.join(TOP, "libleakdiag", source))
                or os.path.exists(os.path.join(TOP, "tests", source)))

    def object_of(self, source):
        ending = "/%s.o" % source
        found = [o for o in self.rooms if o.endswith(ending)]
        if len(found) != 1:
            raise RuntimeError("no object of %s in %s; build the preset dev" % (source, self.folder))
        return found[0]

    def link(self, program, source, text, folder, number):
        """A test program with this text in place of a source; its path."""
        place = os.path.join(folder, "mutant%d" % number)
        with open(place + ".c", "w", encoding="utf-8") as out:
            out.write(text)
        # Quoted includes are found from the room's own folder, as in the tree.
        include = ["-I", os.path.join(TOP, "libleakdiag"),
                   "-iquote", os.path.dirname(os.path.join(TOP, "libleakdiag", source))]
        subprocess.run([self.compiler] + self.flags + include + ["-c", place + ".c", "-o", place + ".o"],
                       check=True)
        own = self.object_of(source)
        objects = [place + ".o" if o == own else o for o in self.rooms]
        objects += self.find("tests/CMakeFiles/%s.dir" % program)
        subprocess.run([self.compiler, "-o", place] + objects + self.libraries, check=True)
        return place


def run_source_mutant(build, folder, number, mutant):
    source, where, old, new = mutant
    name = "%s: %s" % (source, " ".join(new.split()))
    text = open(os.path.join(TOP, "libleakdiag", source), encoding="utf-8").read()
    if text.count(old) != 1:
        return name + " (the line to change is not there once: adapt mutants.py)", False
    try:
        path = build.link(program_of(where), source, text.replace(old, new), folder, number)
    except subprocess.CalledProcessError:
        return name + " (does not compile or link: adapt mutants.py)", False
    killed = is_killed(path, where)
    os.unlink(path)
    return name, killed


# --- the whole -------------------------------------------------------------------------------------

def is_red(build, run):
    program, case, rows = run
    return judge(build.path_of(program), case, rows) != 0 and " ".join(filter(None, run))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("-k", metavar="WORD", default="", help="only mutants with this in their name")
    parser.add_argument("build", nargs="?", default=os.path.join(TOP, "build", "dev"))
    options = parser.parse_args()
    build = Build(os.path.abspath(options.build))
    mutants, skipped = scenario_mutants()
    runs = set(runs_of(None)).union(*(runs_of(m[1]) for m in SOURCES if m[1].startswith("test_")))

    folder = tempfile.mkdtemp(prefix="leakdiag-mutation-")
    os.environ["TMPDIR"] = folder  # a test that fails leaves its files
    try:
        with concurrent.futures.ThreadPoolExecutor((os.cpu_count() or 2) + 1) as pool:
            red = [r for r in pool.map(lambda run: is_red(build, run), runs) if r]
            if red:
                print("FAILED: not green before any mutation: %s" % "; ".join(red))
                print("0 passed, 1 failed, 0 skipped")
                return 1
            jobs = [pool.submit(run_scenario_mutant, build.path_of(WORLD), folder, i, m)
                    for i, m in enumerate(mutants) if options.k in m[0]]
            jobs += [pool.submit(run_source_mutant, build, folder, i, m)
                     for i, m in enumerate(SOURCES) if options.k in " ".join(m)]
            results = [job.result() for job in jobs]
    finally:
        shutil.rmtree(folder)

    for name in skipped:
        print("skipped        %s" % name)
    for name, killed in results:
        print("%-14s %s" % ("killed" if killed else "SURVIVED", name))
    survived = sum(not killed for _, killed in results)
    print("%d passed, %d failed, %d skipped" % (len(results) - survived, survived, len(skipped)))
    return 1 if survived or not results else 0


if __name__ == "__main__":
    sys.exit(main())
