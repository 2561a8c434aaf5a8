"""Nothing is left behind, whatever way an object goes. A process of its own counts the blocks of the
library: the counting allocator must be there before anything else."""

import subprocess
import sys
import textwrap

import pytest
from conftest import FIXTURES

PRELUDE = """
import gc, sys
from leakdiag import _capi
assert _capi.count_memory() == 0
import leakdiag as ld
FIXTURES = %r

def lost(make, times=50):
    make(); gc.collect()
    before = _capi.live_blocks()
    for _ in range(times):
        make()
    gc.collect()
    return _capi.live_blocks() - before
""" % str(FIXTURES)


def run(code):
    done = subprocess.run([sys.executable, "-c", PRELUDE + textwrap.dedent(code)],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_that_is_made_is_given_back():
    run("""
    def tools():
        series = ld.Series(range(100), range(100))
        view = series.values_view
        series.analyze(limit_bytes=1e9, restart_times_ms=[5]).to_json()
        ld.Timeline.parse("0m=8Mi,20m=20Mi").scale(2).compare(series).trend.to_json()
        ld.Timeline([ld.TimelinePoint(0, 1, "a"), ld.TimelinePoint(9, 2)]).points
        scan = ld.Scan({"a": "b"}, recent=3)
        scan.push(b"a\\nb\\n"); scan.finish(); scan.recent; scan.to_json(); scan.first("a")
        ld.Memory.of_process(__import__("os").getpid()).to_json()
        ld.Flag.from_file("{}", "k").body
        ld.Flags.from_file('{"flags":{"a":{"state":"ENABLED","variants":{"on":1},"defaultVariant":"on"}}}')[0].value
    assert lost(tools) == 0, lost(tools)

    def pipeline():
        diagnosis = ld.replay(FIXTURES + "/captures/flag-off-while-climbing.json")
        diagnosis.to_json(); diagnosis.checks; diagnosis.causes; diagnosis.series
        scenario = ld.Scenario.builtin("any-workload", set={"pid": 1})
        scenario.share().run_tests(); scenario.explain("memory"); ld.lint("x: y")
        with ld.Session(scenario) as session:
            session.watch(on_look=lambda d: d.summary)
    assert lost(pipeline, 10) == 0, lost(pipeline, 10)
    """)


def test_failures_leave_nothing_behind():
    run("""
    def fail():
        for call in (lambda: ld.parse_quantity("x"), lambda: ld.Series([1], [-1]),
                     lambda: ld.Scenario.parse("x: 1"), lambda: ld.Observation.from_json("{}"),
                     lambda: ld.Patterns([ld.Pattern("a", "(", regex=True)]),
                     lambda: ld.Flag.evaluate("x", "y"), lambda: ld.Series([1], []),
                     lambda: ld.Scenario.builtin("any-workload", set=[1]),
                     lambda: ld.Timeline([(1,)])):
            try:
                call()
            except Exception:
                pass
            else:
                raise AssertionError
    assert lost(fail) == 0
    """)


def test_cycles_are_collected():
    run("""
    def cycle():
        class Node: pass
        node = Node()
        node.self, node.flags = node, ld.Flags.from_file(
            '{"flags":{"a":{"state":"ENABLED","variants":{"on":1},"defaultVariant":"on"}}}')
        node.flag = node.flags[0]
        session = ld.Session(ld.Scenario.builtin("any-workload"))
        node.session, node.call = session, lambda: node
    assert lost(cycle, 20) == 0
    """)


def test_an_array_keeps_its_memory_and_nothing_else():
    pytest.importorskip("numpy")
    run("""
    import numpy
    series = ld.Series(range(1000), range(1000))
    start = _capi.live_blocks()
    values = series.values
    del series; gc.collect()
    assert _capi.live_blocks() == start and values[999] == 999
    del values; gc.collect()
    assert _capi.live_blocks() == start - 1 or _capi.live_blocks() < start
    """)


def test_a_million_objects_leave_memory_flat():
    """Made and dropped: a token, and a series with its view. Blocks and resident memory stay."""
    out = run("""
    def resident():
        return int(open("/proc/self/statm").read().split()[1]) * 4096
    def many(n):
        times, values = __import__("array").array("q", range(8)), __import__("array").array("d", range(8))
        for _ in range(n):
            token = _capi.cancel_new()
            series = _capi.series_new((times, values))
            view = _capi.series_values(series)
    many(20000); gc.collect()
    blocks, bytes = _capi.live_blocks(), resident()
    many(1000000); gc.collect()
    assert _capi.live_blocks() == blocks
    print(resident() - bytes)
    """)
    assert int(out) < 2 << 20, "grew by %s bytes" % out.strip()


def test_a_million_failures_leave_memory_flat():
    out = run("""
    def resident():
        return int(open("/proc/self/statm").read().split()[1]) * 4096
    def many(n):
        for _ in range(n):
            try:
                _capi.quantity_parse("x")
            except ld.Error:
                pass
    many(20000); gc.collect()
    bytes, none = resident(), sys.getrefcount(None)
    many(1000000); gc.collect()
    assert abs(sys.getrefcount(None) - none) < 1000
    print(resident() - bytes)
    """)
    assert int(out) < 2 << 20, "grew by %s bytes" % out.strip()
