"""All facts of one look, or of a run of looks; a capture is an observation in a file."""

from __future__ import annotations

import dataclasses
import os

from . import _capi
from ._handle import Result, settings
from .base import Path
from .errors import Error
from .scenario import Scenario, Settings

CAPTURE_MAX_BYTES = 33554432


@dataclasses.dataclass(frozen=True)
class Fact:
    """One fact, or why it could not be collected (error), or why it is of no use (trouble)."""

    kind: str
    source: str
    time_ms: int
    latency_ms: int | None
    error: str
    trouble: str


class Observation(Result):
    """What was seen, and what was not and why."""

    __slots__ = ()
    _shown = ("now_ms", "first_ms")

    @classmethod
    def from_json(cls, data: bytes | str) -> Observation:
        """Read a capture."""
        return cls._of(_capi.observation_from_json(data))

    @classmethod
    def load(cls, path: Path) -> Observation:
        """Read a capture from a file."""
        data = _capi.file_read(os.fspath(path), CAPTURE_MAX_BYTES)
        try:
            return cls.from_json(data)
        except Error as error:
            raise error._at(os.fspath(path)) from None

    def save(self, path: Path, *, replace: bool = False) -> None:
        """Write it as a capture, as a whole or not at all."""
        _capi.file_write(os.fspath(path), self.to_json(), int(replace))

    @property
    def now_ms(self) -> int:
        """The time of judgement, Unix ms."""
        return _capi.observation_now_ms(self._handle)

    @property
    def first_ms(self) -> int:
        """Time of the oldest fact, Unix ms."""
        return _capi.observation_first_ms(self._handle)

    def until(self, now_ms: int) -> Observation:
        """What was known at an earlier time."""
        return Observation._of(_capi.observation_until(self._handle, now_ms))

    def join(self, later: Observation) -> Observation:
        """This one and a later one of the same workload as one."""
        return Observation._of(_capi.observation_join(self._handle, later._handle))

    def share(self) -> Observation:
        """Another reference to the same observation, with a life of its own."""
        return Observation._of(_capi.observation_ref(self._handle))

    @property
    def scenario_text(self) -> str:
        """Text of the scenario it was made with, or ""."""
        return (_capi.observation_scenario(self._handle) or b"").decode("utf-8", "replace")

    @property
    def settings(self) -> tuple[str, ...]:
        """The "name=value" that the scenario was made with."""
        return tuple(str(_capi.observation_setting(self._handle, i))
                     for i in range(_capi.observation_setting_count(self._handle)))

    def scenario(self, *, set: Settings = ()) -> Scenario:
        """The scenario it was made with."""
        return Scenario.parse(self.scenario_text, origin="scenario of the capture",
                              set=[*self.settings, *settings(set)])

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Its facts, those that could not be collected included."""
        return tuple(self._fact(i) for i in range(_capi.observation_fact_count(self._handle)))

    def _fact(self, i: int) -> Fact:
        h = self._handle
        latency = _capi.observation_fact_latency_ms(h, i)
        return Fact(str(_capi.observation_fact_kind(h, i)), str(_capi.observation_fact_source(h, i)),
                    _capi.observation_fact_time_ms(h, i), None if latency < 0 else latency,
                    str(_capi.observation_fact_error(h, i)),
                    str(_capi.observation_fact_trouble(h, i)))

    def to_json(self) -> str:
        return _capi.observation_to_json(self._handle)
