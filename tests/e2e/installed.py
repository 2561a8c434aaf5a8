"""The command as it is installed, in a folder of the tests."""

import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def programs(folder):
    """The folder of the installed programs. LEAKDIAG_BUILD names the build (default: build/dev, then build)."""
    names = [os.environ["LEAKDIAG_BUILD"]] if os.environ.get("LEAKDIAG_BUILD") else []
    names = names or [os.path.join(TOP, "build", *rest) for rest in (["dev"], [])]
    for name in names:
        if os.path.exists(os.path.join(name, "leakdiag")):
            target = os.path.join(folder, "installed")
            words = ["cmake", "--install", name, "--prefix", target]
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
            return os.path.join(target, "bin")
    sys.exit("no build to install from; make one with: cmake --preset dev && cmake --build build/dev")


def command(folder):
    """The installed leakdiag, or the one that LEAKDIAG names."""
    given = os.environ.get("LEAKDIAG")
    if given and not os.access(given, os.X_OK):
        sys.exit("LEAKDIAG: %s is no program" % given)
    return os.path.abspath(given) if given else os.path.join(programs(folder), "leakdiag")
