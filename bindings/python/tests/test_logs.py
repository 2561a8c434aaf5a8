import json

import leakdiag as ld
import pytest

LOG = (b'2026-11-23T10:00:00Z order placed\n'
       b'2026-11-23T10:00:30Z Done with #300 messages\n'
       b'2026-11-23T10:01:00Z ORDER PLACED\n'
       b'2026-11-23T10:02:00Z Done with #100 messages\n'
       b'\xff\x00 rest')
T0 = 1795428000000


@pytest.fixture
def patterns():
    return ld.Patterns([ld.Pattern("orders", "order placed", ignore_case=True),
                        ld.Pattern("done", r"Done with #(\d+)", regex=True),
                        ld.Pattern("never", "never")])


def scan_of(patterns, **options):
    scan = patterns.scan(**options)
    for i in range(0, len(LOG), 7):
        scan.push(LOG[i:i + 7])
    return scan


def test_lines_are_counted_in_any_chunking(patterns):
    scan = scan_of(patterns).finish()
    assert scan.counts == {"orders": 2, "done": 2, "never": 0}
    assert (scan.lines, scan.bytes, scan.truncated, scan.pending_bytes) == (5, len(LOG), 0, 0)
    assert scan.count("orders") == scan.count(0) == 2
    assert scan.expensive("orders") == 0
    assert scan.rate_per_min("orders") == 1
    assert scan.rate_per_min("never") == 0


def test_a_line_is_pending_until_it_ends(patterns):
    scan = scan_of(patterns)
    assert (scan.lines, scan.pending_bytes) == (4, 7)
    scan.finish()
    with pytest.raises(ld.InvalidError):
        scan.push(b"more")


def test_first_and_last_lines_have_times_and_bytes(patterns):
    scan = scan_of(patterns).finish()
    assert scan.first("orders") == ld.LogLine(LOG.split(b"\n")[0], 1, T0)
    assert scan.last("orders").number == 3
    assert scan.first("never") is None and scan.last("never") is None
    assert scan.first("orders").text.endswith("order placed")
    assert scan.time_span_ms == (T0, T0 + 120000)
    assert ld.Patterns({}).scan().time_span_ms is None


def test_numbers_are_captured(patterns):
    scan = scan_of(patterns).finish()
    assert scan.captures("done") == (ld.Capture(1, 100.0, 100.0, 300.0),)
    assert scan.captures("orders") == ()


def test_a_window_is_counted_apart(patterns):
    scan = scan_of(patterns, window_from_ms=T0 + 45000, window_to_ms=T0 + 120000).finish()
    assert (scan.window_count("orders"), scan.window_count("done")) == (1, 1)
    assert sum(scan.slice_count("orders", i) for i in range(ld.Scan.SLICES)) == 1


def test_recent_lines_are_kept(patterns):
    scan = scan_of(patterns, recent=2).finish()
    assert [line.number for line in scan.recent] == [3, 4]
    assert scan.recent_patterns(0) == ("orders",)


def test_json_is_the_librarys(patterns):
    scan = scan_of(patterns).finish()
    assert scan.to_dict() == json.loads(scan.to_json())
    assert scan.to_dict()["orders"]["count"] == 2


def test_a_set_is_shared(patterns):
    shared = patterns.share()
    patterns.close()
    assert shared.names == ("orders", "done", "never") and len(shared) == 3


def test_one_call_counts():
    assert ld.count_patterns(LOG.decode("latin-1"), {"done": "Done with"}) == {"done": 2}


def test_a_bad_expression_is_an_error_with_its_column():
    with pytest.raises(ld.InvalidError) as caught:
        ld.Patterns([ld.Pattern("a", "x(", regex=True)])
    assert caught.value.column


def test_unknown_patterns_are_refused(patterns):
    scan = patterns.scan()
    with pytest.raises(KeyError):
        scan.count("none")
    with pytest.raises(IndexError):
        scan.count(9)
    with pytest.raises(TypeError):
        hash(scan)


@pytest.mark.parametrize("wrong", [None, 1, "ab"])
def test_wrong_patterns_are_refused(wrong):
    with pytest.raises((TypeError, AttributeError)):
        ld.Patterns(wrong)
