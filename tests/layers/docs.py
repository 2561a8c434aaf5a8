#!/usr/bin/env python3
"""Each public function has a doc comment of its own, directly above it, that says since when it is
there and, where its result must be looked at, what it may return; and README.md is filled in."""

import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEADERS = os.path.join(TOP, "include", "leakdiag")
DECLARATION = re.compile(r"^LEAKDIAG_API\b[^;{]*;", re.M)
NAME = re.compile(r"\b(leakdiag_\w+)\s*\(")
# The text of one comment only: it may not run past the end of an earlier one.
COMMENT_ABOVE = re.compile(r"/\*\*(?!/)((?:(?!\*/).)*)\*/[ \t]*\n\Z", re.S)
SINCE = re.compile(r"@since\s+(?:\*\s+)?\d+\.\d+\.\d+")
RETVAL = re.compile(r"@retval\s+(LEAKDIAG_\w+)")
PLACEHOLDER = re.compile(r"@[A-Z]+@")


def faults_of(text, start, declaration):
    """What is missing in the comment above the declaration that starts there."""
    above = COMMENT_ABOVE.search(text, 0, start)
    if not above:
        return ["no doc comment of its own directly above"]
    comment, faults = above.group(1), []
    if "@file" in comment:
        faults.append("only the comment of the file is above it")
    if not SINCE.search(comment):
        faults.append("no @since")
    if "LEAKDIAG_CHECK" in declaration:
        statuses = RETVAL.findall(comment)
        if not statuses:
            faults.append("no @retval")
        elif "LEAKDIAG_OK" not in statuses:
            faults.append("no @retval LEAKDIAG_OK")
    return faults


def check_header(name, text):
    """(passed, failed) of the declarations in one header."""
    passed = failed = 0
    for found in DECLARATION.finditer(text):
        function = NAME.search(found.group())
        faults = faults_of(text, found.start(), found.group())
        if not function:
            faults.append("a declaration that this script cannot read")
        for fault in faults:
            line = text.count("\n", 0, found.start()) + 1
            print("FAILED: %s:%d: %s: %s" % (name, line, function and function.group(1), fault))
        passed, failed = passed + (not faults), failed + bool(faults)
    if not passed + failed:
        print("FAILED: %s: declares nothing" % name)
        failed = 1
    if text.count("\nLEAKDIAG_API ") != passed + failed:
        print("FAILED: %s: a declaration that this script cannot read" % name)
        failed += 1
    return passed, failed


def check_readme(text):
    """(passed, failed): README.md holds no placeholder of a measured number any more."""
    places = [(i, p) for i, line in enumerate(text.split("\n"), 1) for p in PLACEHOLDER.findall(line)]
    for line, placeholder in places:
        print("FAILED: README.md:%d: the placeholder %s was left" % (line, placeholder))
    return (0, 1) if places else (1, 0)


def read(path):
    """A whole text file."""
    with open(path, encoding="utf-8") as file:
        return file.read()


def main():
    """Check all headers and README.md."""
    names = sorted(name for name in os.listdir(HEADERS) if name.endswith(".h"))
    counts = [check_header(name, read(os.path.join(HEADERS, name))) for name in names]
    if not names:
        print("FAILED: there are no headers in include/leakdiag")
        counts.append((0, 1))
    counts.append(check_readme(read(os.path.join(TOP, "README.md"))))
    passed, failed = (sum(count[i] for count in counts) for i in range(2))
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
