"""An expected memory curve, and how an observed series stands against it."""

from __future__ import annotations

import dataclasses
from typing import Any, Iterable

from . import _capi
from ._handle import Handle, Result, options
from .series import _FINDINGS, MemoryFinding, Series, Trend, times


@dataclasses.dataclass(frozen=True)
class TimelinePoint:
    """One point of the expected curve."""

    at_ms: int
    bytes: float
    phase: str | None = None


def _options(tolerance_bytes: float | None, tolerance_ms: int | None, oom_at_end: bool,
             time_scale: float | None) -> Any:
    return options("timeline_options", tolerance_bytes=tolerance_bytes, tolerance_ms=tolerance_ms,
                   oom_at_end=int(oom_at_end), time_scale=time_scale)


class Timeline(Handle):
    """The expected curve."""

    __slots__ = ()
    _shown = ("points",)

    def __init__(self, points: Iterable[TimelinePoint], *, tolerance_bytes: float | None = None,
                 tolerance_ms: int | None = None, oom_at_end: bool = False,
                 time_scale: float | None = None) -> None:
        """From points; between them it is straight."""
        made = _options(tolerance_bytes, tolerance_ms, oom_at_end, time_scale)
        self._handle = _capi.timeline_new([(p.at_ms, p.bytes, p.phase) for p in points], made)

    @classmethod
    def parse(cls, text: str, *, tolerance_bytes: float | None = None,
              tolerance_ms: int | None = None, oom_at_end: bool = False,
              time_scale: float | None = None) -> Timeline:
        """From text: "0m=8Mi,3m=10Mi,20m=20Mi"."""
        made = _options(tolerance_bytes, tolerance_ms, oom_at_end, time_scale)
        return cls._of(_capi.timeline_parse(text, made))

    def scale(self, time_ratio: float) -> Timeline:
        """The curve for another speed."""
        return Timeline._of(_capi.timeline_scale(self._handle, time_ratio))

    def bytes_at(self, at_ms: int) -> float:
        """Expected bytes at a time."""
        return _capi.timeline_bytes_at(self._handle, at_ms)

    def band_at(self, at_ms: int) -> tuple[float, float]:
        """Lower and upper edge of the band there."""
        return (_capi.timeline_lo_bytes_at(self._handle, at_ms),
                _capi.timeline_hi_bytes_at(self._handle, at_ms))

    def phase_at(self, at_ms: int) -> str | None:
        """Name of the phase at a time."""
        return _capi.timeline_phase_at(self._handle, at_ms)

    @property
    def end_ms(self) -> int:
        """Time of the last point."""
        return _capi.timeline_end_ms(self._handle)

    @property
    def points(self) -> tuple[TimelinePoint, ...]:
        """The points."""
        return tuple(TimelinePoint(*_capi.timeline_point_at(self._handle, i))
                     for i in range(_capi.timeline_len(self._handle)))

    def compare(self, series: Series, *, start_ms: int | None = None, now_ms: int | None = None,
                stale_after_ms: int | None = None, limit_bytes: float | None = None,
                soft_limit_bytes: float | None = None,
                restart_times_ms: Iterable[int] | None = None,
                oom_times_ms: Iterable[int] | None = None) -> Comparison:
        """Hold a series against the curve."""
        restarts, kills = times(restart_times_ms), times(oom_times_ms)
        made = options("compare_options", has_start=int(start_ms is not None), start_ms=start_ms,
                       has_now=int(now_ms is not None), now_ms=now_ms,
                       stale_after_ms=stale_after_ms, limit_bytes=limit_bytes,
                       soft_limit_bytes=soft_limit_bytes, restart_times_ms=restarts,
                       restart_count=None if restarts is None else len(restarts),
                       oom_times_ms=kills, oom_count=None if kills is None else len(kills))
        return Comparison._of(_capi.timeline_compare(self._handle, series._handle, made))


class Comparison(Result):
    """How a series stands against the curve. What is not known is None."""

    __slots__ = ()
    _shown = ("finding", "fitted_time_ratio", "first_deviation_s")

    @property
    def finding(self) -> MemoryFinding:
        """The answer."""
        return _FINDINGS[_capi.comparison_finding(self._handle)]

    @property
    def is_match(self) -> bool:
        """Whether the first OOM kill came within 30 % of the curve's end."""
        return _capi.comparison_is_match(self._handle) != 0

    @property
    def first_deviation_s(self) -> float | None:
        """When the climb that decided left the band for good."""
        number = _capi.comparison_first_deviation_s(self._handle)
        return number if number == number else None

    @property
    def fitted_time_ratio(self) -> float | None:
        """Observed pace: 1 as expected, 3 when it takes three times as long."""
        number = _capi.comparison_fitted_time_ratio(self._handle)
        return number if number == number else None

    @property
    def decides_at_ms(self) -> int | None:
        """When too early: the earliest time at which it can be decided."""
        return _capi.comparison_decides_at_ms(self._handle) or None

    @property
    def position_ms(self) -> int:
        """Where on the curve the last sample lies."""
        return _capi.comparison_position_ms(self._handle)

    @property
    def start_ms(self) -> int:
        """When the clock of the climb under way started."""
        return _capi.comparison_start_ms(self._handle)

    @property
    def observed_bytes(self) -> float | None:
        """Last observed bytes."""
        number = _capi.comparison_observed_bytes(self._handle)
        return number if number == number else None

    @property
    def expected_bytes(self) -> float | None:
        """Expected bytes at that position."""
        number = _capi.comparison_expected_bytes(self._handle)
        return number if number == number else None

    @property
    def trend(self) -> Trend:
        """The series' own trend."""
        return Trend._of(_capi.comparison_trend(self._handle))

    def to_json(self, *, file: str | None = None) -> str:
        return _capi.comparison_to_json(self._handle, file)
