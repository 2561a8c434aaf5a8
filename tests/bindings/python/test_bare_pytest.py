#!/usr/bin/env python3
"""pytest without arguments in the top folder: the tests of the Python package, and no crash."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import support  # noqa: E402

NOTHING_COLLECTED = 5


def main():
    count = support.Count()
    done = support.run(support.PYTHON, "-m", "pytest", "-q", "--collect-only")
    named = [line for line in done.stdout.splitlines() if "::" in line]
    count.check("pytest in the top folder collects the tests of the Python package",
                None if done.returncode == 0 and len(named) > 500 and
                all(line.startswith("bindings/python/tests/") for line in named)
                else done.stdout[-2000:])
    done = support.run(support.PYTHON, "-m", "pytest", "-q", "--collect-only", "tests")
    count.check("pytest tests runs none of the programs there",
                None if done.returncode == NOTHING_COLLECTED else done.stdout[-2000:])
    count.end()


if __name__ == "__main__":
    main()
