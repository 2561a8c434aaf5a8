"""The judgement: checks in causal order, what is broken first, ranked causes, predictions."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from . import _capi
from ._handle import Result, Word, options
from .base import Path
from .observation import Observation
from .scenario import Scenario, Settings
from .series import MemoryFinding, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Outcome(Word):
    """What a check came to."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"


class Verdict(Word):
    """The whole."""

    AS_EXPECTED = "as-expected"
    WARNING = "warning"
    NOT_AS_EXPECTED = "not-as-expected"
    INCONCLUSIVE = "inconclusive"


class Confidence(Word):
    """How sure a cause is."""

    POSSIBLE = "possible"
    LIKELY = "likely"
    CONFIRMED = "confirmed"


class Format(Word):
    """Forms of a report."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    QUICK = "quick"


_OUTCOMES = tuple(Outcome)
_VERDICTS = tuple(Verdict)
_CONFIDENCES = tuple(Confidence)
_FORMATS = tuple(Format)


def outcome_name(outcome: int) -> str:
    """The word for an outcome's number in C."""
    return str(_capi.outcome_name(outcome))


def verdict_name(verdict: int) -> str:
    """The word for a verdict's number in C."""
    return str(_capi.verdict_name(verdict))


def confidence_name(confidence: int) -> str:
    """The word for a confidence's number in C."""
    return str(_capi.confidence_name(confidence))


@dataclasses.dataclass(frozen=True)
class Check:
    """One link of the chain."""

    id: str
    kind: str
    asks: str
    finding: str | None
    outcome: Outcome
    observed: str
    expected: str
    reason: str
    blocked_by: str | None
    source: str
    time_ms: int | None
    command: str


@dataclasses.dataclass(frozen=True)
class Cause:
    """A likely cause with its evidence."""

    id: str
    title: str
    confidence: Confidence
    supporting: tuple[str, ...]
    contradicting: tuple[str, ...]
    refuted_by: str
    fix: str
    command: str
    prediction: str


@dataclasses.dataclass(frozen=True)
class TimeToLimit:
    """Predicted seconds until the memory limit, with an interval."""

    seconds: float
    earliest_s: float
    latest_s: float


class Diagnosis(Result):
    """The judgement."""

    __slots__ = ()
    _shown = ("verdict", "summary")

    @property
    def verdict(self) -> Verdict:
        """What the whole comes to."""
        return _VERDICTS[_capi.diagnosis_verdict(self._handle)]

    @property
    def exit_code(self) -> int:
        """Exit code of a command that reports it."""
        return _capi.diagnosis_exit_code(self._handle)

    @property
    def summary(self) -> str:
        """One sentence that says the verdict and its reason."""
        return str(_capi.diagnosis_summary(self._handle))

    @property
    def next(self) -> str:
        """The command to run next, or ""."""
        return str(_capi.diagnosis_next(self._handle))

    @property
    def is_decided(self) -> bool:
        """Whether looking longer can not change the kind of the memory finding."""
        return _capi.diagnosis_is_decided(self._handle) != 0

    @property
    def decides_at_ms(self) -> int | None:
        """When too early: the earliest time at which memory can be judged."""
        return _capi.diagnosis_decides_at_ms(self._handle) or None

    @property
    def has_evidence(self) -> bool:
        """Whether at least one source answered."""
        return _capi.diagnosis_has_evidence(self._handle) != 0

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks of the scenario, in its order."""
        return tuple(self._check(i) for i in range(_capi.diagnosis_check_count(self._handle)))

    def check(self, id: str) -> Check:
        """A check by id; KeyError when there is none."""
        i = _capi.diagnosis_find_check(self._handle, id)
        if i >= _capi.diagnosis_check_count(self._handle):
            raise KeyError(id)
        return self._check(i)

    def _check(self, i: int) -> Check:
        h = self._handle
        return Check(str(_capi.check_id(h, i)), str(_capi.check_kind(h, i)),
                     str(_capi.check_asks(h, i)), _capi.check_finding(h, i),
                     _OUTCOMES[_capi.check_outcome(h, i)], str(_capi.check_observed(h, i)),
                     str(_capi.check_expected(h, i)), str(_capi.check_reason(h, i)),
                     _capi.check_blocked_by(h, i), str(_capi.check_source(h, i)),
                     _capi.check_time_ms(h, i) or None, str(_capi.check_command(h, i)))

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Likely causes, the most likely first."""
        return tuple(self._cause(i) for i in range(_capi.diagnosis_cause_count(self._handle)))

    def _cause(self, i: int) -> Cause:
        h = self._handle
        return Cause(str(_capi.cause_id(h, i)), str(_capi.cause_title(h, i)),
                     _CONFIDENCES[_capi.cause_confidence(h, i)],
                     tuple(str(_capi.cause_supporting(h, i, k))
                           for k in range(_capi.cause_supporting_count(h, i))),
                     tuple(str(_capi.cause_contradicting(h, i, k))
                           for k in range(_capi.cause_contradicting_count(h, i))),
                     str(_capi.cause_refuted_by(h, i)), str(_capi.cause_fix(h, i)),
                     str(_capi.cause_command(h, i)), str(_capi.cause_prediction(h, i)))

    @property
    def time_to_limit(self) -> TimeToLimit | None:
        """When the memory limit is reached, if that is predicted."""
        h = self._handle
        ttl = _capi.diagnosis_ttl_s(h)
        if ttl != ttl:
            return None
        return TimeToLimit(ttl, _capi.diagnosis_ttl_lo_s(h), _capi.diagnosis_ttl_hi_s(h))

    @property
    def series(self) -> Series | None:
        """The memory series that was judged."""
        handle = _capi.diagnosis_series(self._handle)
        return None if handle is None else Series._of(handle)

    @property
    def memory_finding(self) -> MemoryFinding | None:
        """Finding of the check of memory, if the scenario has one that found something."""
        for check in self.checks:
            if check.kind == "memory" and check.finding is not None:
                return MemoryFinding(check.finding)
        return None

    def report(self, format: Format | str = Format.TEXT, *, color: bool = False,
               ascii: bool = False, columns: int | None = None, verbose: bool = False) -> str:
        """The report as text for people, JSON, JUnit or the five quick answers."""
        made = options("report_options", color=int(color), ascii=int(ascii), columns=columns,
                       verbose=int(verbose))
        return _capi.report_render(self._handle, _FORMATS.index(Format(format)), made)

    def to_json(self) -> str:
        return self.report(Format.JSON)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Memory over time with its limit, with matplotlib, which must be installed."""
        from ._plot import plot_diagnosis
        return plot_diagnosis(self, axes)


def diagnose(scenario: Scenario, observation: Observation) -> Diagnosis:
    """Judge an observation. Missing evidence is a result, no exception."""
    return Diagnosis._of(_capi.diagnose(scenario._handle, observation._handle))


def replay(capture: Observation | Path, *, at_ms: int | None = None,
           scenario: Scenario | None = None, set: Settings = ()) -> Diagnosis:
    """Judge a capture again, as it was at any time."""
    observation = capture if isinstance(capture, Observation) else Observation.load(capture)
    if scenario is None:
        scenario = observation.scenario(set=set)
    if at_ms is not None:
        observation = observation.until(at_ms)
    return diagnose(scenario, observation)
