"""Plots with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .diagnosis import Diagnosis
    from .series import Series

MIB = 1048576.0


def new_axes() -> Axes:
    """Axes of a figure of its own; no window is opened and pyplot's state is left alone."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("plot() needs matplotlib: pip install matplotlib; "
                          "report() shows the same as text") from error
    axes: Axes = Figure(figsize=(8, 4), layout="constrained").subplots()
    return axes


def plot_series(series: Series, axes: Axes | None, limit_bytes: float | None) -> Axes:
    """Memory over time in Mi and seconds since the first sample."""
    axes = new_axes() if axes is None else axes
    times, values = series.times_view.tolist(), series.values_view.tolist()
    start = min(times, default=0)
    axes.plot([(t - start) / 1000 for t in times], [v / MIB for v in values], label="observed")
    if limit_bytes is not None:
        axes.axhline(limit_bytes / MIB, linestyle="--", color="tab:red", label="limit")
    axes.set_xlabel("seconds")
    axes.set_ylabel("memory [Mi]")
    axes.legend()
    return axes


def plot_diagnosis(diagnosis: Diagnosis, axes: Axes | None) -> Axes:
    """Memory with its limit and OOM kills; the title is the verdict."""
    axes = new_axes() if axes is None else axes
    memory = diagnosis.to_dict().get("memory") or {}
    series = diagnosis.series
    if series is not None:
        plot_series(series, axes, memory.get("limit_bytes"))
        start = min(series.times_view.tolist(), default=0) / 1000
        for kill in memory.get("oom_times_s") or ():
            axes.axvline(kill - start, linestyle=":", color="tab:red")
    axes.set_title("%s: %s" % (diagnosis.verdict, diagnosis.summary), wrap=True)
    return axes
