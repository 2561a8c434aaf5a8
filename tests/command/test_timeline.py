#!/usr/bin/env python3
"""leakdiag timeline: the contract that other tools rely on, and bad input."""

import json
import math

from harness import Folder, main, refused, run, test

MI = 1 << 20
KEYS = {"file", "leak", "verdict", "score", "slope", "slope_lo", "slope_hi", "ttl", "ttl_lo",
        "ttl_hi", "oom_times", "restart_times", "class", "unsure"}
CURVE = "0m=8Mi,3m=10Mi,6m=12Mi,9m=14Mi,12m=16Mi,15m=18Mi,18m=19Mi,20m=20Mi"
POINTS = [(0, 8), (180, 10), (360, 12), (540, 14), (720, 16), (900, 18), (1080, 19), (1200, 20)]


def csv(points, header="t,ws"):
    return header + "\n" + "".join("%g,%d\n" % point for point in points)


def ripple(i):
    """A little movement that is the same in every run."""
    return ((i * 7919) % 97 - 48) * 512


def runbook_bytes(t):
    """The expected curve of the runbook."""
    for (t0, v0), (t1, v1) in zip(POINTS, POINTS[1:]):
        if t <= t1:
            return (v0 + (v1 - v0) * (t - t0) / (t1 - t0)) * MI
    return POINTS[-1][1] * MI


def climb(seconds=900, step=15, stretch=1.0):
    return [(t, runbook_bytes(t / stretch) + ripple(i))
            for i, t in enumerate(range(0, seconds + 1, step))]


def flat(seconds=1200, step=15):
    return [(t, 8 * MI + ripple(i)) for i, t in enumerate(range(0, seconds + 1, step))]


def sawtooth():
    """Climbs for 20 minutes, is killed, starts again at 8Mi, and climbs."""
    points = [(t, min(runbook_bytes(t), 19.9 * MI) + ripple(t)) for t in range(0, 1200, 15)]
    return points + [(1215 + t, runbook_bytes(t) + ripple(t)) for t in range(0, 600, 15)]


def analyze(points, *args, header="t,ws"):
    with Folder() as folder:
        path = folder.write("run.csv", csv(points, header) if isinstance(points, list) else points)
        result = run("timeline", "analyze", *args, path, "-o", "json")
        assert result.status == 0 and result.err == "" and result.out.count("\n") == 1, result
        got = json.loads(result.out)
        assert set(got) == KEYS, set(got) ^ KEYS
        assert got["file"] == path
        return got


# --- analyze --------------------------------------------------------------------------------------

@test
def a_leak_has_its_rate_and_its_time_to_the_limit():
    got = analyze(climb(), "--limit", "20Mi")
    rate = 2 * MI / 180
    assert got["leak"] is True and got["verdict"] == "leak" and got["unsure"] is False, got
    assert 0.5 < got["score"] <= 1, got
    assert math.isclose(got["slope"], rate, rel_tol=0.05), got
    assert got["slope_lo"] <= got["slope"] <= got["slope_hi"] and got["slope_lo"] > 0, got
    assert math.isclose(got["ttl"], 180, rel_tol=0.1), got
    assert got["ttl_lo"] <= got["ttl"] and (got["ttl_hi"] is None or got["ttl"] <= got["ttl_hi"])
    assert got["oom_times"] == [] and got["restart_times"] == [], got


@test
def a_flat_run_is_no_leak():
    got = analyze(flat(), "--limit=20971520")
    assert got["leak"] is False and got["verdict"] == "no-leak" and got["class"] == "flat", got
    assert 0 <= got["score"] < 0.5, got


@test
def too_little_is_too_early_and_nothing_is_made_up():
    got = analyze(climb()[:3], "--limit", "20Mi")
    assert got["verdict"] == "too-early" and got["leak"] is False, got
    assert got["ttl"] is None, got
    assert analyze([])["verdict"] == "too-early"


@test
def an_oom_kill_is_found_with_its_time():
    got = analyze(sawtooth(), "--limit", "20Mi")
    assert got["verdict"] == "leak" and got["class"] == "oom-sawtooth", got
    assert len(got["oom_times"]) == 1 and 1185 <= got["oom_times"][0] <= 1215, got
    assert got["restart_times"] == got["oom_times"], got


@test
def without_a_limit_there_is_no_time_to_it():
    for args in ([], ["--limit", "None"], ["--limit", "none"], ["--limit=NONE"], ["--limit", "0"]):
        got = analyze(climb(), *args)
        assert got["ttl"] is None and got["ttl_lo"] is None and got["ttl_hi"] is None, got
        assert got["verdict"] == "leak", got


@test
def all_ways_to_write_a_limit_are_the_same():
    want = analyze(climb(), "--limit", "20Mi")
    for text in ("20971520", "20480Ki", "20971520.0", "20971520000m"):
        got = analyze(climb(), "--limit", text)
        assert dict(got, file="") == dict(want, file=""), text
    assert analyze(climb(), "--limit", "20M")["ttl"] < want["ttl"]


@test
def other_columns_are_ignored_and_empty_cells_are_missing():
    want = analyze(climb())
    wide = "pod,ws,rss,t\n" + "".join("a,%d,1,%g\n" % (v, t) for t, v in climb())
    assert dict(analyze(wide), file="") == dict(want, file="")
    crlf = "\ufefft,ws\r\n" + "".join("%g,%d\r\n" % p for p in climb())
    assert dict(analyze(crlf), file="") == dict(want, file="")
    holes = csv(climb()).replace("\n", "\n1,\n", 1)
    assert analyze(holes)["verdict"] == "leak"


@test
def several_files_give_one_object_each_in_their_order():
    with Folder() as folder:
        names = [folder.write("%d.csv" % i, csv(points))
                 for i, points in enumerate((climb(), flat(), sawtooth()))]
        args = ["timeline", "analyze", "--limit", "20Mi"]
        result = run(*args, *names, "-o", "json")
        assert result.status == 0, result
        got = [json.loads(line) for line in result.out.split("\n")[:-1]]
        assert [one["file"] for one in got] == names
        assert [one["leak"] for one in got] == [True, False, True]
        for order in (["-o", "json", *names], [names[0], "-o", "json", *names[1:]]):
            assert run(*args, *order).out == result.out, order


@test
def a_file_that_cannot_be_read_is_told_and_the_others_go_on():
    with Folder() as folder:
        good = [folder.write(name, csv(climb())) for name in ("a.csv", "z.csv")]
        bad = {folder.name("missing.csv"): "No such file", folder.path: "folder",
               folder.write("empty.csv", ""): "empty.csv",
               folder.write("header.csv", "time,bytes\n1,2\n"): "header.csv",
               folder.write("text.csv", "t,ws\n1,abc\n"): "text.csv",
               folder.write("negative.csv", "t,ws\n1,-5\n"): "negative.csv",
               folder.write("nan.csv", "t,ws\n1,nan\n"): "nan.csv",
               folder.write("junk.csv", bytes(range(256)) * 40): "junk.csv"}
        result = run("timeline", "analyze", good[0], *bad, good[1], "-o", "json")
        assert result.status == 2, result
        assert [json.loads(line)["file"] for line in result.out.split("\n")[:-1]] == good, result
        lines = result.err.split("\n")[:-1]
        assert len(lines) == len(bad), result
        for line, (path, word) in zip(lines, bad.items()):
            assert line.startswith("leakdiag: ") and word in line and path in line, (path, line)


@test
def a_bad_cell_is_named_by_line_and_column():
    with Folder() as folder:
        path = folder.write("run.csv", "t,ws\n1,10\n2,x1\n")
        result = run("timeline", "analyze", path)
        refused(result, path)
        assert "line 3" in result.err or ":3:" in result.err, result


@test
def a_million_rows_are_judged():
    with Folder() as folder:
        rows = "".join("%d,%d\n" % (t, 8 * MI + t * 8 + ripple(t)) for t in range(1_000_000))
        result = run("timeline", "analyze", folder.write("big.csv", "t,ws\n" + rows), "-o", "json")
        assert result.status == 0 and json.loads(result.out)["leak"] is True, result
        assert result.cpu_s < 5, result.cpu_s
        refused(run("timeline", "analyze",
                    folder.write("more.csv", "t,ws\n" + rows + "1000000,1\n")), "more.csv")


@test
def text_says_it_with_units():
    with Folder() as folder:
        path = folder.write("run.csv", csv(climb()))
        result = run("timeline", "analyze", "--limit", "20Mi", path)
        assert result.status == 0, result
        assert result.out.startswith(path + ": leak"), result
        assert "Ki/min" in result.out and "limit in " in result.out, result
        saw = folder.write("saw.csv", csv(sawtooth()))
        result = run("timeline", "analyze", "--limit", "20Mi", saw)
        assert "1 OOM kill" in result.out, result


@test
def a_bad_limit_is_refused():
    with Folder() as folder:
        path = folder.write("run.csv", csv(climb()))
        for text in ("20mi", "-1", "Ki", "12E", "9223372036854775808", "", "20 Mi", "1e400", "nan"):
            refused(run("timeline", "analyze", "--limit", text, path), "--limit")


# --- compare --------------------------------------------------------------------------------------

def compare(points, *args, expect=CURVE):
    with Folder() as folder:
        path = folder.write("run.csv", csv(points))
        result = run("timeline", "compare", "--expect", expect, *args, path, "-o", "json")
        assert result.status == 0 and result.err == "" and result.out.count("\n") == 1, result
        got = json.loads(result.out)
        assert set(got) == {"finding", "match", "first_deviation_s", "fitted_time_ratio"}, got
        return got


@test
def a_run_along_the_curve_is_on_track():
    got = compare(climb(), "--oom-at-end", "--limit", "20Mi")
    assert got["finding"] == "on-track" and got["first_deviation_s"] is None, got
    assert math.isclose(got["fitted_time_ratio"], 1, rel_tol=0.1), got
    assert got["match"] is False, got  # there was no OOM kill yet


@test
def an_oom_kill_in_time_is_a_match():
    got = compare(sawtooth(), "--oom-at-end", "--limit", "20Mi")
    assert got["match"] is True and got["finding"] == "oom-sawtooth", got


@test
def an_oom_kill_in_half_the_time_is_no_match():
    fast = [(t / 2, v) for t, v in sawtooth()]
    got = compare(fast, "--oom-at-end", "--limit", "20Mi")
    assert got["match"] is False, got


@test
def a_third_of_the_speed_is_behind_with_its_ratio():
    got = compare(climb(1800, stretch=3.0), "--oom-at-end", "--limit", "20Mi")
    assert got["finding"] == "behind", got
    assert math.isclose(got["fitted_time_ratio"], 3, rel_tol=0.15), got
    assert got["first_deviation_s"] is not None and got["first_deviation_s"] > 0, got


@test
def nothing_that_grows_is_flat():
    got = compare(flat(), "--oom-at-end", "--limit", "20Mi")
    assert got["finding"] == "flat" and got["match"] is False, got
    assert got["fitted_time_ratio"] is None, got


@test
def a_bad_curve_is_refused():
    with Folder() as folder:
        path = folder.write("run.csv", csv(climb()))
        for text in ("", "0m=8Mi", "0m=8Mi,0m=9Mi", "3m=8Mi,1m=9Mi", "0m=8mi,3m=9Mi", "x",
                     "0m=8Mi;3m=9Mi", ",".join("%dm=1Mi" % i for i in range(300))):
            refused(run("timeline", "compare", "--expect", text, path), "--expect")
        refused(run("timeline", "compare", "--expect", CURVE, folder.name("none.csv")), "none.csv")
        refused(run("timeline", "compare", "--expect", CURVE, path, path), "too many")


@test
def the_comparison_reads_well_as_text():
    with Folder() as folder:
        path = folder.write("run.csv", csv(climb(1800, stretch=3.0)))
        result = run("timeline", "compare", "--expect", CURVE, "--oom-at-end", path)
        assert result.status == 0 and "behind" in result.out and "times as long" in result.out


main()
