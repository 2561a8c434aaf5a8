"""Where the bindings were built (examples/prepare bindings), and what their tests share."""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINDINGS = os.environ.get("LEAKDIAG_BINDINGS") or os.path.join(TOP, "build", "bindings")
PREFIX = os.path.join(BINDINGS, "prefix")
PYTHON = os.path.join(BINDINGS, "venv", "bin", "python")
COMMAND = os.path.join(PREFIX, "bin", "leakdiag")
GO_MODULE = os.path.join(TOP, "bindings", "go")
GO_WANTED = (1, 21)
NOT_INHERITED = re.compile(r"^(PYTEST_|PYTHONPATH$|LD_LIBRARY_PATH$|PKG_CONFIG_PATH$|GOFLAGS$)")

if not os.path.exists(PYTHON):
    sys.exit("the bindings are not built; run: examples/prepare bindings")


def environment(**more):
    """That of the installed library and the built Python package."""
    made = {name: value for name, value in os.environ.items() if not NOT_INHERITED.match(name)}
    made.update(PYTHONPATH=os.path.join(BINDINGS, "python"), PYTHONDONTWRITEBYTECODE="1",
                LD_LIBRARY_PATH=os.path.join(PREFIX, "lib"),
                PKG_CONFIG_PATH=os.path.join(PREFIX, "lib", "pkgconfig"),
                GOFLAGS="-buildvcs=false", GOTOOLCHAIN="local", MPLBACKEND="agg")
    made.update(more)
    return made


def run(*command, cwd=TOP, **more):
    """The finished process; its output is text."""
    return subprocess.run(command, cwd=cwd, env=environment(**more), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          timeout=600)


def old_go():
    """Why the Go package cannot be tested here, or None."""
    try:
        done = run("go", "env", "GOVERSION")
    except FileNotFoundError:
        return "there is no go here, and the distribution has none that is new enough"
    version = re.match(r"go(\d+)\.(\d+)", done.stdout)
    if version and tuple(int(n) for n in version.groups()) >= GO_WANTED:
        return None
    return "go is %s, but the package needs %d.%d" % (done.stdout.strip(), *GO_WANTED)


def skip_with_old_go():
    """Ends the script, and says so aloud, where Go is too old."""
    reason = old_go()
    if reason:
        print("SKIPPED: %s: %s" % (os.path.basename(sys.argv[0]), reason))
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(0)


class Count:
    """Counts checks; the last line says the sum."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, sentence, problems):
        """One check: passed when there is no problem."""
        if problems:
            self.failed += 1
            print("FAILED: %s" % sentence)
            for line in [problems] if isinstance(problems, str) else problems:
                print("    %s" % str(line).rstrip().replace("\n", "\n    "))
        else:
            self.passed += 1

    def ran(self, sentence, done):
        """One check: the process ended well."""
        self.check(sentence, "status %d\n%s" % (done.returncode, done.stdout[-6000:])
                   if done.returncode else None)

    def end(self):
        print("%d passed, %d failed, %d skipped" % (self.passed, self.failed, self.skipped))
        sys.exit(1 if self.failed else 0)
