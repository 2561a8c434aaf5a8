"""A pytest that asserts a leak on the lab: with the flag on there is one, with the flag off there is
none. It takes two minutes, and Locust, which examples/prepare installs.

    pytest examples/python/test_lab.py
"""

import json
import pathlib
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture
def shop(request, tmp_path):
    """What to look at: the lab's shop under load by Locust, with the flag as the test wants it."""
    venv = subprocess.run([EXAMPLES / "prepare", "venv"], check=True, stdout=subprocess.PIPE)
    lab = [sys.executable, EXAMPLES / "lab" / "lab.py"]
    subprocess.run([*lab, "up", "--dir", tmp_path, "--flag", request.param,
                    "--locust", venv.stdout.decode().strip() + "/bin/locust"], check=True)
    status = subprocess.run([*lab, "status", "--json", "--dir", tmp_path], check=True,
                            stdout=subprocess.PIPE)
    state = json.loads(status.stdout)["shop"]
    yield {"cgroup": state["cgroup"]} if state["cgroup"] else {"pid": state["pid"]}
    subprocess.run([*lab, "down", "--dir", tmp_path], check=True)


@pytest.mark.parametrize("shop", ["300"], indirect=True)
def test_the_flag_makes_a_leak(shop, assert_leaking):
    assert_leaking(**shop, time_scale=30, for_s=120)


@pytest.mark.parametrize("shop", ["off"], indirect=True)
def test_without_the_flag_there_is_none(shop, assert_not_leaking):
    assert_not_leaking(**shop, time_scale=30, for_s=120)
