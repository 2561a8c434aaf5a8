"""Count patterns in a log: compile a named set once, push bytes in any chunking, read the results."""

from __future__ import annotations

import dataclasses
from typing import Iterable, Mapping, Union

from . import _capi
from ._handle import Handle, Result, options

_IGNORE_CASE = 1
_REGEX = 2


@dataclasses.dataclass(frozen=True)
class Pattern:
    """A fixed string, or a regular expression (PCRE2), to look for in each line."""

    name: str
    text: str
    ignore_case: bool = False
    regex: bool = False


@dataclasses.dataclass(frozen=True)
class LogLine:
    """One matching line."""

    data: bytes
    number: int
    time_ms: int | None

    @property
    def text(self) -> str:
        """The line; bytes that are not UTF-8 become U+FFFD."""
        return self.data.decode("utf-8", "replace")


@dataclasses.dataclass(frozen=True)
class Capture:
    """Numbers that a group of a regular expression captured."""

    group: int
    last: float
    min: float
    max: float


PatternsLike = Union["Patterns", Mapping[str, str], Iterable[Pattern]]


class Patterns(Handle):
    """A compiled set of patterns; scans and threads may share it."""

    __slots__ = ()
    _shown = ("names",)

    def __init__(self, patterns: Mapping[str, str] | Iterable[Pattern]) -> None:
        """From {"name": "fixed string"} or from Pattern objects."""
        if isinstance(patterns, Mapping):
            patterns = [Pattern(name, text) for name, text in patterns.items()]
        self._handle = _capi.patterns_new(
            [(p.name, p.text, _IGNORE_CASE * p.ignore_case | _REGEX * p.regex) for p in patterns])

    def share(self) -> Patterns:
        """Another reference to the same set, with a life of its own."""
        return Patterns._of(_capi.patterns_ref(self._handle))

    def __len__(self) -> int:
        return _capi.patterns_len(self._handle)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the order given."""
        return tuple(str(_capi.patterns_name(self._handle, i)) for i in range(len(self)))

    def scan(self, *, window_from_ms: int | None = None, window_to_ms: int | None = None,
             recent: int | None = None) -> Scan:
        """Begin a scan."""
        return Scan(self, window_from_ms=window_from_ms, window_to_ms=window_to_ms, recent=recent)


class Scan(Result):
    """A scan in progress, then its result. Patterns are named, or counted from 0."""

    __slots__ = ("_names",)
    _shown = ("lines", "counts")
    _names: tuple[str, ...]
    SLICES = 20

    def __init__(self, patterns: PatternsLike, *, window_from_ms: int | None = None,
                 window_to_ms: int | None = None, recent: int | None = None) -> None:
        if not isinstance(patterns, Patterns):
            patterns = Patterns(patterns)
        made = options("scan_options", window_from_ms=window_from_ms, window_to_ms=window_to_ms,
                       recent=recent)
        self._names = patterns.names
        self._handle = _capi.scan_new(patterns._handle, made)

    def push(self, data: bytes | bytearray | memoryview | str) -> None:
        """Push bytes; any cut is fine."""
        _capi.scan_push(self._handle, data)

    def finish(self) -> Scan:
        """The input ends here. Returns the scan itself."""
        _capi.scan_finish(self._handle)
        return self

    def _index(self, pattern: str | int) -> int:
        if isinstance(pattern, int):
            if not 0 <= pattern < len(self._names):
                raise IndexError("there are %d patterns" % len(self._names))
            return pattern
        try:
            return self._names.index(pattern)
        except ValueError:
            raise KeyError(pattern) from None

    def count(self, pattern: str | int) -> int:
        """Lines that match."""
        return _capi.scan_count(self._handle, self._index(pattern))

    @property
    def counts(self) -> dict[str, int]:
        """Matching lines of each pattern."""
        return {name: _capi.scan_count(self._handle, i) for i, name in enumerate(self._names)}

    def window_count(self, pattern: str | int) -> int:
        """The same, without lines dated before the window."""
        return _capi.scan_window_count(self._handle, self._index(pattern))

    def slice_count(self, pattern: str | int, i: int) -> int:
        """Matching lines dated in slice i (of SLICES) of the window."""
        return _capi.scan_slice_count(self._handle, self._index(pattern), i)

    def first(self, pattern: str | int) -> LogLine | None:
        """The matching line that came first."""
        line = _capi.scan_first(self._handle, self._index(pattern))
        return None if line is None else LogLine(*line)

    def last(self, pattern: str | int) -> LogLine | None:
        """The matching line that came last."""
        line = _capi.scan_last(self._handle, self._index(pattern))
        return None if line is None else LogLine(*line)

    def captures(self, pattern: str | int) -> tuple[Capture, ...]:
        """Groups that were read as numbers."""
        i = self._index(pattern)
        found: list[Capture] = []
        for group in range(1, 9):
            if len(found) == _capi.scan_capture_count(self._handle, i):
                break
            last = _capi.scan_capture_last(self._handle, i, group)
            if last == last:
                found.append(Capture(group, last, _capi.scan_capture_min(self._handle, i, group),
                                     _capi.scan_capture_max(self._handle, i, group)))
        return tuple(found)

    def expensive(self, pattern: str | int) -> int:
        """Lines on which the pattern was given up: the count is then a lower bound."""
        return _capi.scan_expensive(self._handle, self._index(pattern))

    def rate_per_min(self, pattern: str | int) -> float | None:
        """Matching lines per minute over the time that the log covers."""
        rate = _capi.scan_rate_per_min(self._handle, self._index(pattern))
        return rate if rate == rate else None

    @property
    def lines(self) -> int:
        """All lines, matching or not."""
        return _capi.scan_lines(self._handle)

    @property
    def bytes(self) -> int:
        """All bytes pushed."""
        return _capi.scan_bytes(self._handle)

    @property
    def pending_bytes(self) -> int:
        """Bytes since the last newline, not judged yet."""
        return _capi.scan_pending_bytes(self._handle)

    @property
    def truncated(self) -> int:
        """Lines that were too long to be searched whole."""
        return _capi.scan_truncated(self._handle)

    @property
    def time_span_ms(self) -> tuple[int, int] | None:
        """Earliest and latest time that any line carried."""
        known, start, end = _capi.scan_time_span(self._handle)
        return (start, end) if known else None

    @property
    def recent(self) -> tuple[LogLine, ...]:
        """The latest matching lines that were kept, oldest first."""
        lines = []
        for i in range(_capi.scan_recent_len(self._handle)):
            line, _ = _capi.scan_recent(self._handle, i)
            lines.append(LogLine(*line))
        return tuple(lines)

    def recent_patterns(self, i: int) -> tuple[str, ...]:
        """Names of the patterns that kept line i matches."""
        return tuple(name for k, name in enumerate(self._names)
                     if _capi.scan_recent_matches(self._handle, i, k))

    def to_json(self) -> str:
        return _capi.scan_to_json(self._handle)

    __hash__ = None  # type: ignore[assignment]  # it changes while bytes are pushed


def count_patterns(data: bytes | str, patterns: PatternsLike) -> dict[str, int]:
    """How many lines of a log match each pattern."""
    scan = Scan(patterns)
    scan.push(data)
    return scan.finish().counts
