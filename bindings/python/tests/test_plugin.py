"""The pytest plugin, in a pytest of its own."""

import json
import xml.etree.ElementTree as ET

import leakdiag as ld
import pytest
from conftest import FIXTURES, LEAK, REST
from leakdiag import testing

CAPTURES = FIXTURES / "captures"
CLIMB = CAPTURES / "leak-from-csv.json"
AT_REST = CAPTURES / "rest-from-csv.json"


def test_the_fixtures_are_there_without_an_import(pytester):
    pytester.makepyfile("""
        def test_it(assert_leaking, assert_not_leaking):
            assert_leaking(capture=%r)
            assert_not_leaking(capture=%r)
    """ % (str(CLIMB), str(AT_REST)))
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_failure_shows_the_plot_the_causes_and_the_capture(pytester):
    pytester.makepyfile("""
        def test_it(assert_not_leaking):
            assert_not_leaking(capture=%r)
    """ % str(CLIMB))
    result = pytester.runpytest_subprocess("--leakdiag-artifacts=kept", "--junitxml=out.xml")
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    for part in ("no leak was expected, but memory is ahead", "⠤ observed", "memory-leak",
                 "leakdiag replay shows it again"):
        assert part in text, part
    kept = list((pytester.path / "kept").glob("*.capture.json"))
    assert len(kept) == 1 and kept[0].read_bytes() == CLIMB.read_bytes()
    assert kept[0].name in text and "testing.py" not in text
    properties = ET.parse(pytester.path / "out.xml").findall(".//property")
    assert [p.get("name") for p in properties] == ["leakdiag_capture"]
    assert properties[0].get("value") == str(kept[0])


def test_captures_of_passed_tests_are_kept_too(pytester):
    pytester.makeini("[pytest]\nleakdiag_artifacts = there\n")
    pytester.makepyfile("""
        def test_it(assert_leaking):
            assert_leaking(capture=%r)
            assert_leaking(capture=%r)
    """ % (str(CLIMB), str(CLIMB)))
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    assert len(list((pytester.path / "there").iterdir())) == 2


def test_a_process_that_leaks_is_found(process):
    diagnosis = testing.assert_leaking(pid=process(LEAK).pid, for_s=120, time_scale=10)
    assert diagnosis.memory_finding is ld.MemoryFinding.AHEAD


def test_a_capture_is_judged_as_it_was_made(process, tmp_path):
    kept = tmp_path / "kept.json"
    with pytest.raises(testing.LeakAssertionError, match="memory is ahead"):
        testing.assert_not_leaking(pid=process(LEAK).pid, for_s=120, time_scale=10, save=kept)
    again = testing.assert_leaking(capture=kept)
    assert again.to_json() == ld.replay(kept).to_json()
    other = testing.look("otel-demo/checkout", capture=kept).diagnosis
    assert other.memory_finding is not None
    with pytest.raises(testing.LeakAssertionError, match="memory is too-early"):
        testing.assert_leaking(capture=kept, time_scale=1)


def test_a_process_at_rest_is_not_leaking(process):
    diagnosis = testing.assert_not_leaking(pid=process(REST).pid, for_s=120, time_scale=10)
    assert diagnosis.memory_finding is ld.MemoryFinding.FLAT


def test_too_little_to_judge_by_is_a_failure(process):
    with pytest.raises(AssertionError, match="no leak was expected, but memory is too-early"):
        testing.assert_not_leaking(pid=process(REST).pid, for_s=0)
    with pytest.raises(AssertionError, match="a leak was expected, but memory is too-early"):
        testing.assert_leaking(pid=process(LEAK).pid, for_s=0)


def test_on_track_is_what_the_scenario_expects(tmp_path):
    csv = tmp_path / "memory.csv"
    csv.write_text("t,ws\n" + "".join("%d,%d\n" % (15 * i, 8388608 + 4096 * (i % 3))
                                      for i in range(60)))
    assert testing.assert_on_track("any-workload", set={"csv": csv}, for_s=0,
                                   save=tmp_path / "kept.json")
    assert json.loads((tmp_path / "kept.json").read_text())["facts"]
    with pytest.raises(testing.LeakAssertionError, match="expected to be on track") as caught:
        testing.assert_on_track("any-workload", capture=CLIMB)
    assert caught.value.diagnosis.causes and caught.value.observation.facts


def test_a_target_is_named_once():
    with pytest.raises(ld.InvalidError, match="one of them"):
        testing.assert_leaking(pid=1, capture=CLIMB)
    with pytest.raises(ld.InvalidError, match="must say what"):
        testing.assert_leaking()
    with pytest.raises(ld.InvalidError, match="namespace/name"):
        testing.assert_leaking(deployment="checkout")
    with pytest.raises(ld.InvalidError, match="finished scenario"):
        testing.look(ld.Scenario.builtin("any-workload"), pid=1)


def test_a_time_shorter_than_the_pace_is_a_mistake(process):
    with pytest.raises(ld.InvalidError, match="for_s: 3 is less than the 5 seconds between two looks"):
        testing.assert_leaking(pid=process(LEAK).pid, for_s=3)
    with pytest.raises(ld.InvalidError, match="for_s: a duration in seconds is needed, not -1"):
        testing.assert_leaking(pid=process(LEAK).pid, for_s=-1)
    assert testing.assert_leaking(capture=CLIMB, for_s=3)  # which is there already


def test_a_mistake_shows_the_test_alone(pytester):
    pytester.makepyfile("""
        def test_it(assert_leaking):
            assert_leaking(pid=1, capture="x")
        def test_none(assert_on_track):
            assert_on_track("otel-demo", pid=1)
        def test_text(assert_leaking):
            assert_leaking(capture=__file__)
    """)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=3)
    text = result.stdout.str()
    for part in ("one of them says what to look at", "there are any-workload, otel-demo/checkout",
                 "test_a_mistake_shows_the_test_alone.py: not valid JSON"):
        assert part in text, part
    assert "testing.py" not in text and "scenario.py" not in text and "observation.py" not in text


def test_the_error_of_an_assertion_is_public():
    assert "LeakAssertionError" in testing.__all__
