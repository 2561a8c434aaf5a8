#!/usr/bin/env python3
"""Turn each rule of the engine around and see whether the world matrix notices.

Two kinds of mutants: rules of the built-in scenario's causes (in a copy of the YAML), and single
lines of the sources (mutants.py), compiled and linked outside the tree from the objects of a build
folder. Each must turn at least one of its rows of the matrix red; a survivor is a failure.

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
from mutants import CLUSTER_ONLY, EQUIVALENT, ROWS_OF_CAUSE, SOURCES  # noqa: E402

SCENARIO = os.path.join(TOP, "libleakdiag/scenario/builtin/otel-demo-checkout.yaml")
KINDS = os.path.join(TOP, "libleakdiag/scenario/kinds.c")
CHECKS_LINE = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.M)
PACKAGES = ["libcurl", "jansson", "yaml-0.1", "libpcre2-8", "check"]
TIMEOUT_S = 60


# --- running the matrix ---------------------------------------------------------------------------

def judge(program, rows=None, scenario=None):
    """How many cases turned red, or None when the program did not come to its end."""
    environment = dict(os.environ, CK_FORK="no", CK_VERBOSITY="normal", CK_RUN_CASE="decoded")
    if rows:
        environment["LEAKDIAG_WORLD_ROWS"] = rows
    if scenario:
        environment["LEAKDIAG_WORLD_SCENARIO"] = scenario
    try:
        done = subprocess.run([program], env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return None
    found = CHECKS_LINE.search(done.stdout.decode(errors="replace"))
    if not found:
        return None
    total, failures, errors = map(int, found.groups())
    return failures + errors if total else 0


def is_killed(program, rows, scenario=None):
    red = judge(program, rows, scenario)
    return red is None or red > 0


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
            skipped.append("%s: only a cluster tells" % cause)
            continue
        add("is not known", "")
        for key, check, condition, findings in conditions(block):
            if check in CLUSTER_ONLY:
                skipped.append("%s: %s %s: only a cluster tells" % (cause, key, check))
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
    return name, is_killed(program, rows, path) or is_killed(program, None, path)


# --- mutants of the sources ------------------------------------------------------------------------

def pkg_config(what):
    return subprocess.run(["pkg-config", what] + PACKAGES, check=True, stdout=subprocess.PIPE,
                          text=True).stdout.split()


class Build:
    """Objects of a build folder, to link a test program with one of them exchanged."""

    def __init__(self, folder):
        self.folder = folder
        self.program = os.path.join(folder, "tests", "test_world")
        self.objects = sorted(
            glob.glob(os.path.join(folder, "libleakdiag/CMakeFiles/ld_*.dir/**/*.o"), recursive=True)
            + glob.glob(os.path.join(folder, "tests/CMakeFiles/test_world.dir/**/*.o"), recursive=True))
        self.objects = [o for o in self.objects if self.is_current(o)]
        self.flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O0", "-w", "-ffp-contract=off",
                      "-I", os.path.join(TOP, "include"),
                      "-I", os.path.join(folder, "libleakdiag")] + pkg_config("--cflags")
        self.libraries = pkg_config("--libs") + ["-lm", "-lpthread"]
        self.compiler = os.environ.get("CC", "cc")

    @staticmethod
    def is_current(path):
        """An object of a source that is gone would be linked twice."""
        source = re.sub(r".*/CMakeFiles/(ld_\w+|test_world)\.dir/", "", path)[:-len(".o")]
        return (source.startswith(("builtin_data", "scenario/builtin_data"))
                or os.path.exists(os.path.join(TOP, "libleakdiag", source))
                or os.path.exists(os.path.join(TOP, "tests", source)))

    def object_of(self, source):
        ending = "/%s.o" % source
        found = [o for o in self.objects if o.endswith(ending)]
        if len(found) != 1:
            raise RuntimeError("no object of %s in %s; build the preset dev" % (source, self.folder))
        return found[0]

    def link(self, source, text, folder, number):
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
        objects = [place + ".o" if o == own else o for o in self.objects]
        subprocess.run([self.compiler, "-o", place] + objects + self.libraries, check=True)
        return place


def run_source_mutant(build, folder, number, mutant):
    source, rows, old, new = mutant
    name = "%s: %s" % (source, " ".join(new.split()))
    text = open(os.path.join(TOP, "libleakdiag", source), encoding="utf-8").read()
    if text.count(old) != 1:
        return name + " (the line to change is not there once: adapt mutants.py)", False
    try:
        program = build.link(source, text.replace(old, new), folder, number)
    except subprocess.CalledProcessError:
        return name + " (does not compile or link: adapt mutants.py)", False
    killed = is_killed(program, rows) or is_killed(program, None)
    os.unlink(program)
    return name, killed


# --- the whole -------------------------------------------------------------------------------------

def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("-k", metavar="WORD", default="", help="only mutants with this in their name")
    parser.add_argument("build", nargs="?", default=os.path.join(TOP, "build", "dev"))
    options = parser.parse_args()
    build = Build(os.path.abspath(options.build))
    mutants, skipped = scenario_mutants()

    folder = tempfile.mkdtemp(prefix="leakdiag-mutation-")
    try:
        if judge(build.program) != 0:
            print("FAILED: the matrix is not green before any mutation: %s" % build.program)
            print("0 passed, 1 failed, 0 skipped")
            return 1
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            jobs = [pool.submit(run_scenario_mutant, build.program, folder, i, m)
                    for i, m in enumerate(mutants) if options.k in m[0]]
            jobs += [pool.submit(run_source_mutant, build, folder, i, m)
                     for i, m in enumerate(SOURCES) if options.k in " ".join(m)]
            results = [job.result() for job in jobs]
    finally:
        shutil.rmtree(folder)

    for name in skipped:
        print("skipped        %s" % name)
    for name, killed in results:
        print("%s       %s" % ("killed  " if killed else "SURVIVED", name))
    survived = sum(not killed for _, killed in results)
    print("%d passed, %d failed, %d skipped" % (len(results) - survived, survived, len(skipped)))
    return 1 if survived or not results else 0


if __name__ == "__main__":
    sys.exit(main())
