"""What a call costs, measured against a call that does nothing, in turns in the same run."""

import time

import leakdiag as ld
import pytest
from leakdiag import _capi


def seconds(call, n=4000):
    started = time.perf_counter()
    for _ in range(n):
        call()
    return time.perf_counter() - started


def ratio(call, empty, rounds=40):
    """Of the fastest rounds of both, made in turns: what disturbs a round only makes it slower."""
    pairs = [(seconds(call), seconds(empty)) for _ in range(rounds)]
    return min(a for a, _ in pairs) / min(b for _, b in pairs)


def test_a_getter_costs_at_most_three_empty_calls():
    flag = ld.Flag.from_file('{"flags":{"a":{"state":"ENABLED","variants":{"on":1},'
                             '"defaultVariant":"on"}}}', "a")
    handle = flag._handle
    for getter in (_capi.flag_http_status, _capi.flag_number, _capi.flag_key,
                   _capi.flag_latency_ms, _capi.flag_get_state):
        assert ratio(lambda: getter(handle), lambda: _capi.nothing()) <= 3, getter


def test_a_property_costs_at_most_three_empty_calls():
    flag = ld.Flag.from_file("{}", "a")
    for name in ("http_status", "key", "detail", "state", "number"):
        function = eval("lambda: flag.%s" % name, {"flag": flag})
        assert ratio(function, lambda: _capi.nothing()) <= 3, name


def test_a_view_costs_the_same_at_any_length():
    numpy = pytest.importorskip("numpy")
    short = ld.Series(range(10), range(10))
    long = ld.Series(numpy.arange(10 ** 6), numpy.arange(10.0 ** 6))
    assert len(long) == 10 ** 6
    assert ratio(lambda: long.values_view, lambda: short.values_view) < 1.5
    assert ratio(lambda: long.values, lambda: short.values) < 1.5
    # To have a measure: a copy does cost what it is long.
    copy = seconds(lambda: long.values.copy(), 20) / 20
    assert seconds(lambda: long.values, 20) / 20 < copy / 20
