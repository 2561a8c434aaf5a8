#!/usr/bin/env python3
"""Run every test_*.sh and test_*.py of a folder, or the named ones, and sum their last lines.

Each script ends with "N passed, N failed, N skipped" and a status that agrees; one that does not
counts as failed. The scripts run one after the other, from the top folder, without input.
"""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COUNT_LINE = re.compile(rb"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)
INTERPRETERS = {".sh": "bash", ".py": sys.executable}


def run(script):
    """Counts of one script and, when its own line is not to be trusted, why."""
    interpreter = INTERPRETERS[os.path.splitext(script)[1]]
    process = subprocess.Popen([interpreter, script], cwd=TOP, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = b""
    for line in process.stdout:
        sys.stdout.buffer.write(line)
        sys.stdout.flush()
        if COUNT_LINE.match(line):
            output = line
    status = process.wait()
    if not output:
        return (0, 1, 0), "it ended with status %d and without a countable line" % status
    counts = tuple(int(n) for n in COUNT_LINE.match(output).groups())
    if sum(counts) == 0:
        return (0, 1, 0), "it tested nothing"
    if status != 0 and counts[1] == 0:
        return (counts[0], 1, counts[2]), "it counted no failure but ended with status %d" % status
    return counts, None


def main():
    folder = os.path.join(TOP, sys.argv[1])
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    if os.path.isfile(folder):
        folder, names = TOP, sys.argv[1:]
    scripts = [name for name in names if os.path.basename(name).startswith("test_")
               and os.path.splitext(name)[1] in INTERPRETERS]
    total = [0, 0, 0]
    failed = []
    for name in scripts:
        print("--- %s" % name, flush=True)
        counts, reason = run(os.path.join(folder, name))
        total = [a + b for a, b in zip(total, counts)]
        if counts[1]:
            failed.append("FAILED %s: %s" % (name, reason or "%d of its tests" % counts[1]))
    if not scripts:
        failed.append("FAILED: there is no test_*.sh or test_*.py in %s" % sys.argv[1])
        total[1] += 1
    print("---")
    for line in failed:
        print(line)
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
