#!/usr/bin/env python3
"""The Python package is typed: mypy --strict finds nothing in it, and finds a caller's mistake."""

import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import support  # noqa: E402

GOOD = """
import leakdiag

series = leakdiag.Series([0, 1], [1.0, 2.0])
verdict: leakdiag.LeakVerdict = series.analyze(limit_bytes=5.0).verdict
total: float = series.values.sum()
for check in leakdiag.replay("a.json").checks:
    finding: str | None = check.finding
"""
MISTAKES = {
    "a misspelt argument": "leakdiag.Series([0], [1.0]).analyze(limit_byte=5.0)",
    "a number for a text": "leakdiag.Flag.evaluate('http://x', 5)",
    "what may be unknown as a number": "x: float = leakdiag.Series([0], [1.0]).analyze().ttl_s",
    "a result that does not exist": "leakdiag.replay('a').verdikt",
}


def mypy(folder, text):
    path = os.path.join(folder, "caller.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return support.run(support.PYTHON, "-m", "mypy", "--strict", "--cache-dir",
                       os.path.join(folder, "cache"), path, cwd=folder,
                       MYPYPATH=os.path.join(support.BINDINGS, "python"), PYTHONPATH="")


def main():
    count = support.Count()
    with tempfile.TemporaryDirectory() as folder:
        count.ran("mypy --strict finds nothing in the package", support.run(
            support.PYTHON, "-m", "mypy", "--cache-dir", os.path.join(folder, "own"),
            cwd=os.path.join(support.TOP, "bindings", "python")))
        count.ran("a caller without a mistake is fine", mypy(folder, GOOD))
        for what, line in MISTAKES.items():
            done = mypy(folder, "import leakdiag\n%s\n" % line)
            count.check("mypy reports %s" % what,
                        None if done.returncode == 1 and "caller.py:2" in done.stdout
                        else done.stdout or "nothing was reported")
    package = os.path.join(support.BINDINGS, "python", "leakdiag")
    count.check("py.typed is in the package",
                None if os.path.exists(os.path.join(package, "py.typed")) else "it is missing")
    count.end()


if __name__ == "__main__":
    main()
