"""A memory series, and what it says alone: is this leaking, how fast, when is the limit reached."""

from __future__ import annotations

import contextlib
from array import array
from typing import TYPE_CHECKING, Any, Iterable, Iterator

from . import _capi
from ._handle import Handle, Result, Word, options

if TYPE_CHECKING:
    import numpy
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


class LeakVerdict(Word):
    """Is it leaking?"""

    TOO_EARLY = "too-early"
    NO_LEAK = "no-leak"
    LEAK = "leak"


class TraceClass(Word):
    """Shape of a trace."""

    UNKNOWN = "unknown"
    FLAT = "flat"
    STEADY = "steady"
    BURSTY = "bursty"
    HIDDEN = "hidden"
    GC_BOUND = "gc-bound"
    OOM_SAWTOOTH = "oom-sawtooth"
    WARM_UP = "warm-up"
    CACHE_FILL = "cache-fill"
    PERIODIC = "periodic"
    STEP = "step"
    PLATEAU = "plateau"
    DRAIN = "drain"
    NOISY = "noisy"


class MemoryFinding(Word):
    """The only words for how memory behaves."""

    NO_SAMPLES = "no-samples"
    STALE = "stale"
    TOO_EARLY = "too-early"
    ON_TRACK = "on-track"
    AHEAD = "ahead"
    BEHIND = "behind"
    FLAT = "flat"
    PLATEAU = "plateau"
    GC_BOUND = "gc-bound"
    STEP = "step"
    SHRINKING = "shrinking"
    OOM_SAWTOOTH = "oom-sawtooth"


_VERDICTS = tuple(LeakVerdict)
_CLASSES = tuple(TraceClass)
_FINDINGS = tuple(MemoryFinding)


def leak_verdict_name(verdict: int) -> str:
    """The word for a verdict's number in C."""
    return str(_capi.leak_verdict_name(verdict))


def trace_class_name(trace_class: int) -> str:
    """The word for a class's number in C."""
    return str(_capi.trace_class_name(trace_class))


def memory_finding_name(finding: int) -> str:
    """The word for a finding's number in C."""
    return str(_capi.memory_finding_name(finding))


def as_memory(values: Any, code: str) -> Any:
    """Anything with numbers in it as contiguous memory: as it is where it fits, else as an array."""
    try:
        view = memoryview(values)
    except TypeError:
        return array(code, values)
    fits = view.itemsize == 8 and view.contiguous and view.format in (code, {"q": "l"}.get(code))
    return values if fits else array(code, view.tolist())


@contextlib.contextmanager
def _asking_for_numpy(wanted: str, without: str) -> Iterator[None]:
    """Says what to do when the import inside fails."""
    try:
        yield
    except ImportError as error:
        raise ImportError("%s needs NumPy: pip install numpy; %s is the same without it"
                          % (wanted, without)) from error


def times(values: Iterable[int] | None) -> Any:
    """Times in ms for options, or None without any."""
    return None if values is None else as_memory(values, "q")


class Series(Handle):
    """Times and values. They never change, and are shared: their memory lives as long as anything
    looks at it."""

    __slots__ = ()
    _shown = ("__len__",)

    def __init__(self, times_ms: Any, values: Any) -> None:
        """From sequences, arrays or NumPy arrays of Unix milliseconds and bytes. They are copied."""
        self._handle = _capi.series_new((as_memory(times_ms, "q"), as_memory(values, "d")))

    @classmethod
    def from_csv(cls, data: bytes | str) -> Series:
        """Read a CSV with the columns `t` (seconds) and `ws` (bytes)."""
        return cls._of(_capi.series_from_csv(data))

    def share(self) -> Series:
        """Another reference to the same series, with a life of its own."""
        return Series._of(_capi.series_ref(self._handle))

    def __repr__(self) -> str:
        return "<Series (closed)>" if self.closed else "<Series of %d points>" % len(self)

    def __len__(self) -> int:
        return _capi.series_len(self._handle)

    @property
    def times_view(self) -> memoryview:
        """Times in ms: the C memory itself, read only."""
        return _capi.series_times_ms(self._handle)

    @property
    def values_view(self) -> memoryview:
        """Values in bytes: the C memory itself, read only."""
        return _capi.series_values(self._handle)

    @property
    def times_ms(self) -> NDArray[numpy.int64]:
        """Times in ms as a read-only NumPy array on the C memory."""
        with _asking_for_numpy("times_ms", "times_view"):
            import numpy
        return numpy.frombuffer(self.times_view, dtype=numpy.int64)

    @property
    def values(self) -> NDArray[numpy.float64]:
        """Values in bytes as a read-only NumPy array on the C memory."""
        with _asking_for_numpy("values", "values_view"):
            import numpy
        return numpy.frombuffer(self.values_view, dtype=numpy.float64)

    def analyze(self, *, limit_bytes: float | None = None, soft_limit_bytes: float | None = None,
                restart_times_ms: Iterable[int] | None = None,
                oom_times_ms: Iterable[int] | None = None,
                time_scale: float | None = None) -> Trend:
        """Clean the series, split it at restarts, and judge the segment that counts."""
        restarts, kills = times(restart_times_ms), times(oom_times_ms)
        made = options("trend_options", limit_bytes=limit_bytes, soft_limit_bytes=soft_limit_bytes,
                       restart_times_ms=restarts, restart_count=None if restarts is None
                       else len(restarts), oom_times_ms=kills,
                       oom_count=None if kills is None else len(kills), time_scale=time_scale)
        return Trend._of(_capi.series_analyze(self._handle, made))

    def plot(self, axes: Axes | None = None, *, limit_bytes: float | None = None) -> Axes:
        """Memory over time with matplotlib, which must be installed."""
        from ._plot import plot_series
        return plot_series(self, axes, limit_bytes)


class Trend(Result):
    """What a series says alone. What is not known is None."""

    __slots__ = ()
    _shown = ("verdict", "trace_class", "finding", "slope_bytes_per_s", "ttl_s")

    @property
    def verdict(self) -> LeakVerdict:
        """Is it leaking?"""
        return _VERDICTS[_capi.trend_verdict(self._handle)]

    @property
    def score(self) -> float | None:
        """0 (surely not) to 1 (surely) leaking, leak from 0.5 on."""
        number = _capi.trend_score(self._handle)
        return number if number == number else None

    @property
    def is_unsure(self) -> bool:
        """Whether the verdict is close to the other one."""
        return _capi.trend_is_unsure(self._handle) != 0

    @property
    def slope_bytes_per_s(self) -> float | None:
        """Growth of the working set."""
        number = _capi.trend_slope_bytes_per_s(self._handle)
        return number if number == number else None

    @property
    def slope_lo_bytes_per_s(self) -> float | None:
        """Lower end of the slope's 95 % interval."""
        number = _capi.trend_slope_lo_bytes_per_s(self._handle)
        return number if number == number else None

    @property
    def slope_hi_bytes_per_s(self) -> float | None:
        """Upper end of the slope's 95 % interval."""
        number = _capi.trend_slope_hi_bytes_per_s(self._handle)
        return number if number == number else None

    @property
    def ttl_s(self) -> float | None:
        """Seconds until the limit is reached at this pace."""
        number = _capi.trend_ttl_s(self._handle)
        return number if number == number else None

    @property
    def ttl_lo_s(self) -> float | None:
        """The earliest it may be reached."""
        number = _capi.trend_ttl_lo_s(self._handle)
        return number if number == number else None

    @property
    def ttl_hi_s(self) -> float | None:
        """The latest it may be reached."""
        number = _capi.trend_ttl_hi_s(self._handle)
        return number if number == number else None

    @property
    def level_bytes(self) -> float | None:
        """Where memory stands at the end of the series."""
        number = _capi.trend_level_bytes(self._handle)
        return number if number == number else None

    @property
    def trace_class(self) -> TraceClass:
        """A word for the shape."""
        return _CLASSES[_capi.trend_trace_class(self._handle)]

    @property
    def finding(self) -> MemoryFinding:
        """The shape as a memory finding, without any expected curve."""
        return _FINDINGS[_capi.trend_finding(self._handle)]

    @property
    def oom_times_ms(self) -> tuple[int, ...]:
        """OOM kills, known ones included."""
        return tuple(_capi.trend_oom_time_ms(self._handle, i)
                     for i in range(_capi.trend_oom_count(self._handle)))

    @property
    def restart_times_ms(self) -> tuple[int, ...]:
        """Restarts, known ones and OOM kills included."""
        return tuple(_capi.trend_restart_time_ms(self._handle, i)
                     for i in range(_capi.trend_restart_count(self._handle)))

    @property
    def segment_ms(self) -> tuple[int, int]:
        """First and last time of the judged segment; (0, 0) when there is none."""
        return (_capi.trend_segment_from_ms(self._handle), _capi.trend_segment_to_ms(self._handle))

    def to_json(self, *, file: str | None = None) -> str:
        return _capi.trend_to_json(self._handle, file)
