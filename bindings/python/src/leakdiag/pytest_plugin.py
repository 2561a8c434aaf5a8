"""The pytest plugin: the assertions of leakdiag.testing as fixtures that keep their captures.

Each look is kept as a capture below --leakdiag-artifacts (or pytest's own temporary folder), so that
`leakdiag replay FILE` shows it again; the paths stand in the failure and as a property in JUnit XML.
"""

from __future__ import annotations

import functools
import pathlib
import re
from typing import Any, Callable

import pytest

from . import testing
from .diagnosis import Diagnosis

Assertion = Callable[..., Diagnosis]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("leakdiag", "memory of processes, cgroups and deployments")
    group.addoption("--leakdiag-artifacts", metavar="DIR", default=None,
                    help="keep the captures of the leak assertions in this folder")
    parser.addini("leakdiag_artifacts", "the same as --leakdiag-artifacts", default="")


@pytest.fixture
def leakdiag_artifacts(request: pytest.FixtureRequest,
                       tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Folder in which this test run keeps its captures."""
    config = request.config
    named = config.getoption("--leakdiag-artifacts") or config.getini("leakdiag_artifacts")
    if named:
        folder = pathlib.Path(config.rootpath, str(named))
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    return tmp_path_factory.mktemp("leakdiag")


class _Keeper:
    """Runs assertions of one test and keeps what they observed."""

    def __init__(self, node: Any, folder: pathlib.Path) -> None:
        self.node, self.folder, self.count = node, folder, 0

    def run(self, assertion: Assertion, *arguments: Any, **options: Any) -> Diagnosis:
        __tracebackhide__ = True
        self.count += 1
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", self.node.nodeid).strip("-")[-100:]
        path = self.folder / ("%s-%d.capture.json" % (name, self.count))
        options.setdefault("save", path)
        try:
            return assertion(*arguments, **options)
        finally:
            self.node.user_properties.append(("leakdiag_capture", str(options["save"])))


@pytest.fixture
def _leakdiag_keeper(request: pytest.FixtureRequest, leakdiag_artifacts: pathlib.Path) -> _Keeper:
    return _Keeper(request.node, leakdiag_artifacts)


@pytest.fixture
def assert_leaking(_leakdiag_keeper: _Keeper) -> Assertion:
    """leakdiag.testing.assert_leaking, with its capture kept."""
    return functools.partial(_leakdiag_keeper.run, testing.assert_leaking)


@pytest.fixture
def assert_not_leaking(_leakdiag_keeper: _Keeper) -> Assertion:
    """leakdiag.testing.assert_not_leaking, with its capture kept."""
    return functools.partial(_leakdiag_keeper.run, testing.assert_not_leaking)


@pytest.fixture
def assert_on_track(_leakdiag_keeper: _Keeper) -> Assertion:
    """leakdiag.testing.assert_on_track, with its capture kept."""
    return functools.partial(_leakdiag_keeper.run, testing.assert_on_track)
