import json

import leakdiag as ld
import pytest

MI = 1 << 20


def test_a_curve_is_made_from_text_or_points():
    parsed = ld.Timeline.parse("0m=8Mi,15m=18Mi,20m=20Mi")
    made = ld.Timeline([ld.TimelinePoint(0, 8 * MI), ld.TimelinePoint(900000, 18 * MI),
                        ld.TimelinePoint(1200000, 20 * MI)])
    assert parsed.points == made.points
    assert parsed.end_ms == 1200000
    assert parsed.bytes_at(450000) == 13 * MI


def test_phases_and_bands_are_there():
    curve = ld.Timeline([ld.TimelinePoint(0, 10, "rest"), ld.TimelinePoint(1000, 10, "climb"),
                         ld.TimelinePoint(2000, 20)], tolerance_bytes=1, tolerance_ms=1)
    assert (curve.phase_at(0), curve.phase_at(1500)) == ("rest", "climb")
    assert curve.band_at(500) == (9, 11)
    assert curve.points[0].phase == "rest"


def test_a_curve_is_scaled():
    assert ld.Timeline.parse("0m=8Mi,20m=20Mi").scale(3).end_ms == 3600000
    with pytest.raises(ld.InvalidError):
        ld.Timeline.parse("0m=8Mi,20m=20Mi").scale(0)


def test_a_climb_is_held_against_a_curve(climb):
    curve = ld.Timeline.parse("0m=8Mi,15m=18Mi,20m=20Mi", oom_at_end=True)
    comparison = curve.compare(climb, start_ms=0, now_ms=885000, stale_after_ms=60000,
                               limit_bytes=20 * MI)
    assert comparison.finding is ld.MemoryFinding.ON_TRACK
    assert comparison.fitted_time_ratio == pytest.approx(1, rel=0.1)
    assert (comparison.start_ms, comparison.position_ms) == (0, 885000)
    assert comparison.observed_bytes == 8388608 + 174763 * 59
    assert comparison.expected_bytes == pytest.approx(18 * MI, rel=0.02)
    assert (comparison.decides_at_ms, comparison.is_match) == (None, False)
    assert comparison.first_deviation_s is None
    assert comparison.trend.verdict is ld.LeakVerdict.LEAK
    assert comparison.to_dict() == json.loads(comparison.to_json())
    assert json.loads(comparison.to_json(file="x"))["file"] == "x"


def test_a_trend_outlives_its_comparison(climb):
    trend = ld.Timeline.parse("0m=8Mi,20m=20Mi").compare(climb).trend
    assert trend.score > 0


def test_one_sample_is_too_early():
    comparison = ld.Timeline.parse("0m=8Mi,20m=20Mi").compare(
        ld.Series([0], [8 * MI]), restart_times_ms=[], oom_times_ms=[], soft_limit_bytes=1.0)
    assert comparison.finding is ld.MemoryFinding.TOO_EARLY
    assert comparison.decides_at_ms > 0


def test_a_bad_text_is_an_error_with_its_column():
    with pytest.raises(ld.InvalidError) as caught:
        ld.Timeline.parse("0m=8Mi,20m=much")
    assert caught.value.column
    with pytest.raises(TypeError):
        ld.Timeline([(1, 2)]) if False else ld.Timeline.parse(None)
