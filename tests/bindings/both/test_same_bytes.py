#!/usr/bin/env python3
"""One table of scenarios, captures and series through the C library's command, Python and Go: the same
JSON, byte for byte."""

import glob
import hashlib
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import support  # noqa: E402

FIXTURES = os.path.join(support.TOP, "tests", "fixtures")
CURVE = "0m=8Mi,15m=18Mi,20m=20Mi"

PYTHON = r"""
import json, sys
import leakdiag as ld

def made(kind, path, more):
    if kind == "diagnosis": return ld.replay(path).to_json()
    if kind == "other-scenario": return ld.replay(path, scenario=ld.Scenario.load(more)).to_json()
    if kind == "early":
        seen = ld.Observation.load(path)
        return ld.replay(seen, at_ms=seen.first_ms + int(more)).to_json()
    if kind == "junit": return ld.replay(path).report("junit")
    if kind == "text": return ld.replay(path).report(ascii=True, columns=80)
    if kind == "capture": return ld.Observation.load(path).to_json()
    if kind == "scenario": return ld.Scenario.load(path).to_json()
    if kind == "explain": return ld.Scenario.load(path).explain(more)
    data = open(path, "rb").read()
    if kind == "flag": return ld.Flag.from_file(data, more).to_json()
    if kind == "flags": return ld.Flags.from_file(data).to_json()
    if kind == "trend": return ld.Series.from_csv(data).analyze(limit_bytes=20971520).to_json(file=path)
    if kind == "comparison":
        return ld.Timeline.parse(more).compare(ld.Series.from_csv(data)).to_json()
    if kind == "scan":
        scan = ld.Scan({"done": "Done", "order": "order"})
        scan.push(data)
        return scan.finish().to_json()
    raise SystemExit("unknown kind " + kind)

for row in json.load(sys.stdin):
    print(json.dumps(made(*row)))
"""

GO = r"""
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"leakdiag.example/leakdiag"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func read(path string) []byte { return must(os.ReadFile(path)) }

func judged(path, scenario string) *leakdiag.Diagnosis {
	return must(leakdiag.Diagnose(must(leakdiag.LoadScenario(scenario)),
		must(leakdiag.LoadObservation(path))))
}

func early(path, after string) *leakdiag.Diagnosis {
	seen := must(leakdiag.LoadObservation(path))
	ms := must(strconv.ParseInt(after, 10, 64))
	return must(leakdiag.Diagnose(must(seen.Scenario()), must(seen.Until(seen.FirstMs()+ms))))
}

func scanned(data []byte) (string, error) {
	patterns := must(leakdiag.NewPatterns(leakdiag.Pattern{Name: "done", Text: "Done"},
		leakdiag.Pattern{Name: "order", Text: "order"}))
	scan := must(patterns.NewScan())
	must(scan.Write(data))
	check(scan.Finish())
	return scan.ToJSON()
}

func made(kind, path, more string) (string, error) {
	switch kind {
	case "diagnosis":
		return must(leakdiag.Replay(path)).ToJSON()
	case "other-scenario":
		return judged(path, more).ToJSON()
	case "early":
		return early(path, more).ToJSON()
	case "junit":
		return must(leakdiag.Replay(path)).Report(leakdiag.FormatJUnit)
	case "text":
		return must(leakdiag.Replay(path)).Report(leakdiag.FormatText, leakdiag.WithASCII(),
			leakdiag.WithColumns(80))
	case "capture":
		return must(leakdiag.LoadObservation(path)).ToJSON()
	case "scenario":
		return must(leakdiag.LoadScenario(path)).ToJSON()
	case "explain":
		return must(leakdiag.LoadScenario(path)).Explain(more)
	case "flag":
		return must(leakdiag.FlagFromFile(read(path), more)).ToJSON()
	case "flags":
		return must(leakdiag.FlagsFromFile(read(path))).ToJSON()
	case "trend":
		series := must(leakdiag.SeriesFromCSV(read(path)))
		return must(series.Analyze(leakdiag.WithLimit(20971520))).ToJSONOf(path)
	case "comparison":
		series := must(leakdiag.SeriesFromCSV(read(path)))
		return must(must(leakdiag.ParseTimeline(more)).Compare(series)).ToJSON()
	case "scan":
		return scanned(read(path))
	}
	return "", fmt.Errorf("unknown kind %s", kind)
}

func main() {
	var rows [][]string
	check(json.NewDecoder(os.Stdin).Decode(&rows))
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for _, row := range rows {
		check(out.Encode(must(made(row[0], row[1], row[2]))))
	}
}
"""


def by_command(kind, path, more):
    """What the command prints for the same row, or None when it has no such form."""
    first = json.loads(open(path, encoding="utf-8").read())["facts"][0]["t_ms"] if kind == "early" \
        else 0
    arguments = {
        "diagnosis": ["replay", path, "-o", "json"],
        "other-scenario": ["replay", path, "-o", "json", "--scenario", more],
        "early": ["replay", path, "-o", "json", "--at", "%dms" % int(more or 0)] if first else [],
        "junit": ["replay", path, "-o", "junit"],
        "text": ["replay", path],
        "scenario": ["scenario", "show", path, "-o", "json"],
        "explain": ["explain", more, "--scenario", path],
        "flag": ["flag", "get", more, "--file", path, "-o", "json"],
        "flags": ["flag", "get", "--all", "--file", path, "-o", "json"],
        "trend": ["timeline", "analyze", "--limit", "20971520", "-o", "json", path],
        "comparison": ["timeline", "compare", "--expect", more, "-o", "json", path],
        "scan": ["logs", "count", "-e", "done=Done", "-e", "order=order", "-o", "json", path],
    }.get(kind)
    if not arguments:
        return None
    done = subprocess.run([support.COMMAND, *arguments], capture_output=True, text=True, check=False,
                          env=support.environment(LC_ALL="C", TERM="dumb"), timeout=60)
    if not done.stdout:  # a report comes with every verdict, also when nothing answered
        raise SystemExit("leakdiag %s: %s" % (" ".join(arguments), done.stderr))
    return done.stdout


def table(folder):
    """(kind, path, more) rows."""
    rows = []
    captures = sorted(glob.glob(os.path.join(FIXTURES, "captures", "*.json")))
    for path in captures:
        rows += [(kind, path, "") for kind in ("diagnosis", "junit", "text", "capture")]
        rows += [("other-scenario", path, name) for name in ("any-workload", "otel-demo/checkout")]
        rows += [("early", path, after) for after in ("0", "10000")]
    for name in ("any-workload", "otel-demo/checkout",
                 os.path.join(support.TOP, "examples", "lab", "scenario.yaml")):
        rows.append(("scenario", name, ""))
        rows.append(("explain", name, "memory"))
    for name in ("good", "with_badVariant"):
        path = os.path.join(FIXTURES, "src_flags", "flags_used.%s.json" % name)
        rows += [("flag", path, key) for key in ("kafkaQueueProblems", "none-such")]
        rows.append(("flags", path, ""))
    for name, values in (("climb", [8388608 + 174763 * i for i in range(60)]),
                         ("rest", [8388608 + 4096 * (i % 3) for i in range(60)]),
                         ("short", [1, 2]), ("empty", [])):
        path = os.path.join(folder, name + ".csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("t,ws\n" + "".join("%d,%d\n" % (15 * i, v) for i, v in enumerate(values)))
        rows += [("trend", path, ""), ("comparison", path, CURVE)]
    rows.append(("scan", os.path.join(FIXTURES, "logs", "checkout-2.0.2.jsonl"), ""))
    return rows


def answers(name, command, rows, cwd):
    done = subprocess.run(command, input=json.dumps(rows), capture_output=True, text=True, cwd=cwd,
                          env=support.environment(), timeout=300, check=False)
    if done.returncode:
        raise SystemExit("%s: %s" % (name, done.stderr))
    return [json.loads(line) for line in done.stdout.splitlines()]


def by_go(folder, rows):
    program = os.path.join(folder, "program")
    os.mkdir(program)
    with open(os.path.join(program, "main.go"), "w", encoding="utf-8") as file:
        file.write(GO)
    with open(os.path.join(program, "go.mod"), "w", encoding="utf-8") as file:
        file.write("module parity.example/parity\n\ngo 1.21\n\n"
                   "require leakdiag.example/leakdiag v0.0.0\n\n"
                   "replace leakdiag.example/leakdiag => %s\n" % support.GO_MODULE)
    return answers("Go", ["go", "run", "."], rows, program)


def difference(a, b):
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return "from byte %d: %r, %r" % (at, a[max(0, at - 40):at + 40], b[max(0, at - 40):at + 40])


def main():
    count = support.Count()
    with tempfile.TemporaryDirectory() as folder:
        rows = table(folder)
        python = answers("Python", [support.PYTHON, "-c", PYTHON], rows, folder)
        go = None if support.old_go() else by_go(folder, rows)
        if go is None:
            print("SKIPPED: Go: %s" % support.old_go())
            count.skipped += len(rows)
        digest, compared = hashlib.sha256(), 0
        for i, row in enumerate(rows):
            name = "%s of %s %s" % (row[0], os.path.basename(row[1]), row[2])
            command = by_command(*row)
            digest.update(python[i].encode())
            if command is not None:
                compared += 1
                got = python[i] if command.endswith("\n") == python[i].endswith("\n") \
                    else python[i] + "\n"
                count.check("%s: the command and Python are the same" % name,
                            None if command == got else difference(command, got))
            if go is not None:
                count.check("%s: Python and Go are the same" % name,
                            None if python[i] == go[i] else difference(python[i], go[i]))
        count.check("the command has most of them", None if compared > len(rows) / 2 else compared)
        print("sha256 of all %d answers: %s" % (len(rows), digest.hexdigest()))
    count.end()


if __name__ == "__main__":
    main()
