import array
import gc
import json
import math

import leakdiag as ld
import pytest
from leakdiag.series import leak_verdict_name, memory_finding_name, trace_class_name

numpy = pytest.importorskip("numpy")


def test_a_series_comes_from_anything_with_numbers():
    for times, values in (([0, 1000], [1, 2.5]), (range(0, 2000, 1000), (1, 2.5)),
                          (array.array("q", [0, 1000]), array.array("d", [1, 2.5])),
                          (numpy.array([0, 1000]), numpy.array([1, 2.5])),
                          (numpy.array([0, 1000], "int32"), numpy.array([1, 2.5], "float32")),
                          (numpy.array([0, 9, 1000])[::2], numpy.array([1, 9, 2.5])[::2])):
        series = ld.Series(times, values)
        assert series.times_view.tolist() == [0, 1000]
        assert series.values_view.tolist() == [1, 2.5]
        assert len(series) == 2


def test_views_are_the_memory_itself_and_read_only():
    series = ld.Series(range(1000), [1.0] * 1000)
    assert series.values.__array_interface__["data"][0] == series.values.ctypes.data
    assert series.values.ctypes.data == series.values.ctypes.data
    assert series.values_view.readonly and not series.values.flags.writeable
    assert not series.values.flags.owndata
    assert series.times_ms.dtype == numpy.int64 and series.values.dtype == numpy.float64
    assert numpy.asarray(series.values_view).ctypes.data == series.values.ctypes.data


def test_a_view_outlives_its_series():
    series = ld.Series(range(1000), range(1000))
    values, view = series.values, series.times_view
    series.close()
    del series
    gc.collect()
    assert values.sum() == 499500 and view[999] == 999


def test_an_empty_series_is_fine():
    series = ld.Series([], [])
    assert len(series) == 0 and series.values.size == 0
    assert series.analyze().verdict is ld.LeakVerdict.TOO_EARLY


def test_a_series_comes_from_csv():
    assert ld.Series.from_csv("t,ws\n0,1\n1.5,2\n").times_view.tolist() == [0, 1500]
    with pytest.raises(ld.InvalidError) as caught:
        ld.Series.from_csv(b"t,ws\n0,x\n")
    assert (caught.value.line, caught.value.column) == (2, 3)


def test_a_shared_series_has_a_life_of_its_own(climb):
    shared = climb.share()
    climb.close()
    assert len(shared) == 60 and "60" in repr(shared)


@pytest.mark.parametrize("times, values, error", [
    ([0], [math.nan], ld.InvalidError), ([0], [-1], ld.InvalidError), ([0, 1], [1], ValueError),
    (None, [1], TypeError), (["a"], [1], TypeError), ([0.5], [1], TypeError)])
def test_wrong_values_are_refused(times, values, error):
    with pytest.raises(error):
        ld.Series(times, values)


def test_a_climb_is_a_leak(climb):
    trend = climb.analyze(limit_bytes=20 << 20)
    assert (trend.verdict, trend.finding) == ("leak", "ahead")
    assert trend.score > 0.5 and not trend.is_unsure
    assert trend.slope_bytes_per_s == pytest.approx(174763 / 15, rel=1e-3)
    assert trend.slope_lo_bytes_per_s < trend.slope_bytes_per_s < trend.slope_hi_bytes_per_s
    assert trend.ttl_lo_s <= trend.ttl_s <= trend.ttl_hi_s
    assert trend.level_bytes == pytest.approx(8388608 + 174763 * 59, rel=1e-3)
    assert isinstance(trend.trace_class, ld.TraceClass)
    assert trend.segment_ms == (0, 59 * 15000)
    assert (trend.oom_times_ms, trend.restart_times_ms) == ((), ())


def test_what_is_not_known_is_none():
    trend = ld.Series([0], [1]).analyze()
    for name in ("score", "slope_bytes_per_s", "slope_lo_bytes_per_s", "slope_hi_bytes_per_s",
                 "ttl_s", "ttl_lo_s", "ttl_hi_s"):
        assert getattr(trend, name) is None


def test_known_restarts_and_kills_are_taken(climb):
    trend = climb.analyze(restart_times_ms=[150000], oom_times_ms=range(300000, 300001),
                          soft_limit_bytes=1 << 30, time_scale=2)
    assert 150000 in trend.restart_times_ms and trend.oom_times_ms == (300000,)


def test_json_is_the_librarys(climb):
    trend = climb.analyze()
    assert trend.to_dict() == json.loads(trend.to_json())
    assert json.loads(trend.to_json(file="a.csv"))["file"] == "a.csv"


def test_words_are_those_of_the_library():
    assert [leak_verdict_name(i) for i in range(3)] == [v.value for v in ld.LeakVerdict]
    assert [trace_class_name(i) for i in range(14)] == [c.value for c in ld.TraceClass]
    assert [memory_finding_name(i) for i in range(12)] == [f.value for f in ld.MemoryFinding]


def test_a_series_can_be_plotted(climb):
    pytest.importorskip("matplotlib")
    axes = climb.plot(limit_bytes=20 << 20)
    assert axes.get_lines()[0].get_xdata()[1] == 15
    assert climb.plot(axes) is axes


def test_without_numpy_an_array_says_what_to_install(monkeypatch):
    series = ld.Series([0, 1000], [1, 2])
    monkeypatch.setitem(__import__("sys").modules, "numpy", None)
    with pytest.raises(ImportError, match="pip install numpy; values_view"):
        series.values
    with pytest.raises(ImportError, match="pip install numpy; times_view"):
        series.times_ms
