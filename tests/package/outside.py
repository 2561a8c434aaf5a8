"""What the tests of the packages share: a user's environment, without a trace of the build."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "bindings"))
import support  # noqa: E402


def clean(**more):
    """Neither the build's library nor its package."""
    made = {name: value for name, value in os.environ.items()
            if not support.NOT_INHERITED.match(name) and name != "VIRTUAL_ENV"}
    made.update(more)
    return made


def run(*command, cwd, **more):
    """The finished process; its output is text."""
    return subprocess.run(command, cwd=cwd, env=clean(**more), text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=600)


def make_environment(count, folder):
    """The interpreter of a clean environment in folder/venv."""
    base = support.run(support.PYTHON, "-c", "import sys; print(sys._base_executable)")
    venv = os.path.join(folder, "venv")
    count.ran("a clean environment is made",
              run(base.stdout.strip(), "-m", "venv", venv, cwd=folder))
    return os.path.join(venv, "bin", "python")


def only_the_module_is_shown(count, module):
    """What it carries cannot meet the same library of another module."""
    exported = run("nm", "-D", "--defined-only", module, cwd=os.path.dirname(module))
    count.check("the extension shows nothing of what it carries to other modules",
                [line for line in exported.stdout.split("\n") if line and "PyInit" not in line])
