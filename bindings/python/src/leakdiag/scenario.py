"""The experiment as data: where facts come from, what is expected, what a deviation means."""

from __future__ import annotations

import dataclasses
import os
from typing import Iterable, Mapping, Union

from . import _capi
from ._handle import Result, settings
from .base import Path

Settings = Union[Mapping[str, object], Iterable[str]]
MAX_BYTES = 1048576


@dataclasses.dataclass(frozen=True)
class Param:
    """A parameter of a scenario."""

    name: str
    value: str
    type: str
    about: str


@dataclasses.dataclass(frozen=True)
class ScenarioCheck:
    """A check that a scenario asks for."""

    id: str
    asks: str


@dataclasses.dataclass(frozen=True)
class ScenarioCause:
    """A cause that a scenario knows."""

    id: str
    title: str


@dataclasses.dataclass(frozen=True)
class LintMessage:
    """What a linter has to say."""

    is_error: bool
    line: int | None
    column: int | None
    message: str


@dataclasses.dataclass(frozen=True)
class EmbeddedTest:
    """How a test that is embedded in a scenario came out."""

    name: str
    passed: bool
    message: str


def _means_file(name: str) -> bool:
    """"otel-demo/chekout" is a mistyped name, "./shop.yml" a missing file."""
    return (name == "-" or name.startswith(("/", ".")) or name.endswith((".yaml", ".yml", ".json"))
            or os.path.exists(name))


class Scenario(Result):
    """A validated scenario with its parameters filled in."""

    __slots__ = ()
    _shown = ("name", "title")

    @classmethod
    def parse(cls, text: bytes | str, *, origin: str | None = None, set: Settings = ()) -> Scenario:
        """Read a scenario from YAML or JSON."""
        return cls._of(_capi.scenario_parse(text, origin, settings(set)))

    @classmethod
    def builtin(cls, name: str, *, set: Settings = ()) -> Scenario:
        """A built-in scenario by name."""
        return cls._of(_capi.scenario_builtin(name, settings(set)))

    @classmethod
    def load(cls, name: Path, *, set: Settings = ()) -> Scenario:
        """A built-in scenario by name, or a scenario from a file."""
        named = os.fspath(name)
        if named in cls.builtin_names() or not _means_file(named):
            return cls.builtin(named, set=set)  # says what there is when there is no such name
        return cls.parse(_capi.file_read(named, MAX_BYTES), origin=named, set=set)

    @staticmethod
    def builtin_names() -> tuple[str, ...]:
        """Names of the built-in scenarios."""
        return tuple(str(_capi.scenario_builtin_name(i))
                     for i in range(_capi.scenario_builtin_count()))

    @classmethod
    def builtin_text(cls, name: str) -> str:
        """YAML text of a built-in scenario."""
        names = cls.builtin_names()
        if name not in names:
            cls.builtin(name)  # says it with the nearest name
        return (_capi.scenario_builtin_text(names.index(name)) or b"").decode()

    @property
    def name(self) -> str:
        """"otel-demo/checkout"."""
        return str(_capi.scenario_name(self._handle))

    @property
    def title(self) -> str:
        """One line."""
        return str(_capi.scenario_title(self._handle))

    @property
    def summary(self) -> str:
        """What it is about, or ""."""
        return str(_capi.scenario_summary(self._handle))

    @property
    def uses_cluster(self) -> bool:
        """Whether some of its sources are in a cluster or reached through one."""
        return _capi.scenario_uses_cluster(self._handle) != 0

    @property
    def params(self) -> tuple[Param, ...]:
        """Parameters with their values."""
        h = self._handle
        return tuple(Param(str(_capi.scenario_param_name(h, i)),
                           str(_capi.scenario_param_value(h, i)),
                           str(_capi.scenario_param_type(h, i)),
                           str(_capi.scenario_param_about(h, i)))
                     for i in range(_capi.scenario_param_count(h)))

    @property
    def checks(self) -> tuple[ScenarioCheck, ...]:
        """Checks in causal order."""
        h = self._handle
        return tuple(ScenarioCheck(str(_capi.scenario_check_id(h, i)),
                                   str(_capi.scenario_check_asks(h, i)))
                     for i in range(_capi.scenario_check_count(h)))

    @property
    def causes(self) -> tuple[ScenarioCause, ...]:
        """Causes that it knows."""
        h = self._handle
        return tuple(ScenarioCause(str(_capi.scenario_cause_id(h, i)),
                                   str(_capi.scenario_cause_title(h, i)))
                     for i in range(_capi.scenario_cause_count(h)))

    def share(self) -> Scenario:
        """Another reference to the same scenario, with a life of its own."""
        return Scenario._of(_capi.scenario_ref(self._handle))

    def explain(self, id: str) -> str:
        """What a check or a cause means, as text of at most 80 columns."""
        return _capi.report_explain(self._handle, id)

    def run_tests(self) -> tuple[EmbeddedTest, ...]:
        """Run the tests that are embedded in the scenario."""
        results = _capi.scenario_test(self._handle)
        return tuple(EmbeddedTest(str(_capi.test_name(results, i)),
                                  _capi.test_passed(results, i) != 0,
                                  str(_capi.test_message(results, i)))
                     for i in range(_capi.test_count(results)))

    def to_json(self) -> str:
        return _capi.scenario_to_json(self._handle)


def lint(text: bytes | str) -> tuple[LintMessage, ...]:
    """All faults of a scenario's text, errors and warnings."""
    found = _capi.scenario_lint(text)
    return tuple(LintMessage(_capi.lint_is_error(found, i) != 0, _capi.lint_line(found, i) or None,
                             _capi.lint_column(found, i) or None, str(_capi.lint_message(found, i)))
                 for i in range(_capi.lint_len(found)))
