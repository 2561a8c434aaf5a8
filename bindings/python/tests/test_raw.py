"""The raw module must not crash, whatever it is given: each function with arguments of wrong types,
with None, with closed objects, with handles of another type."""

import itertools

import leakdiag as ld
import pytest
from leakdiag import _capi

HARMLESS = {"nothing", "count_memory", "live_blocks", "version", "new"}
NAMES = sorted(name for name in dir(_capi) if callable(getattr(_capi, name))
               and not name.startswith(("_", "SWIG")) and "swig" not in name
               and name not in HARMLESS)


def kinds():
    return [None, 0, -1, 2 ** 70, 1.5, "", "text", "a\x00b", b"", b"\xff", [], [None], [("a",)],
            (None, None), {}, object(), float("nan"), ld.CancelToken()._handle,
            _capi.new_flag_options()]


@pytest.mark.parametrize("name", NAMES)
def test_wrong_arguments_are_exceptions_or_answers(name):
    function = getattr(_capi, name)
    refused = 0
    for n in range(4):
        for arguments in itertools.islice(itertools.product(kinds(), repeat=n), 400):
            if n == 1 and name.endswith(("file_read",)):
                continue
            try:
                function(*arguments)
            except (TypeError, ValueError, OverflowError, ld.Error, AttributeError):
                refused += 1
    assert refused


def test_a_handle_of_another_type_is_refused():
    series = ld.Series([0], [1])._handle
    with pytest.raises(TypeError, match="leakdiag.flag is needed here, not leakdiag.series"):
        _capi.flag_key(series)


@pytest.mark.parametrize("name", ["series_len", "flag_key", "diagnosis_verdict", "scan_lines"])
def test_none_is_a_closed_object(name):
    with pytest.raises(ValueError, match="closed"):
        getattr(_capi, name)(None)


def test_beyond_the_end_there_is_nothing():
    diagnosis = ld.diagnose(ld.Scenario.builtin("any-workload"), ld.Observation.from_json(
        '{"facts":[],"now_ms":1,"schema":"leakdiag.capture/1"}'))._handle
    for name in ("check_id", "check_finding", "check_observed", "cause_id", "cause_fix"):
        assert getattr(_capi, name)(diagnosis, 10 ** 6) is None
    scenario = ld.Scenario.builtin("any-workload")._handle
    assert _capi.scenario_param_name(scenario, 99) is None
    assert _capi.scenario_builtin_text(99) is None and _capi.scenario_builtin_name(99) is None
