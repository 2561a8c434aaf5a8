package leakdiag_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leakdiag.example/leakdiag"
)

func TestABuiltInScenarioSaysWhatItIs(t *testing.T) {
	s := must(leakdiag.BuiltinScenario("any-workload", leakdiag.WithSet("pid=7")))(t).Share()
	same(t, "name", s.Name(), "any-workload")
	same(t, "title and summary", s.Title() != "" && s.Summary() != "", true)
	found := false
	for _, p := range s.Params() {
		found = found || p == leakdiag.Param{Name: "pid", Value: "7", Type: "text", About: p.About}
	}
	same(t, "the parameter", found, true)
	ids := map[string]bool{}
	for _, check := range s.Checks() {
		ids[check.ID] = check.Asks != ""
	}
	same(t, "checks", ids["limit"] && ids["memory"], true)
	lab := must(leakdiag.LoadScenario(fixtures(t, "..", "..", "examples", "lab", "scenario.yaml")))(t)
	same(t, "needs no cluster", lab.UsesCluster(), false)
	same(t, "cause", s.Causes()[0].ID == "memory-leak" && s.Causes()[0].Title != "", true)
	text := must(s.Explain("memory-leak"))(t)
	same(t, "explains", strings.Contains(text, "memory"), true)
	tests := must(s.RunTests())(t)
	for _, test := range tests {
		same(t, test.Name, test.Passed && test.Message == "", true)
	}
	same(t, "has tests", len(tests) > 5, true)
}

func TestAScenarioIsReadFromTextAndFile(t *testing.T) {
	text := must(leakdiag.BuiltinScenarioText("any-workload"))(t)
	path := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	same(t, "name", must(leakdiag.LoadScenario(path))(t).Name(), "any-workload")
	same(t, "name", must(leakdiag.LoadScenario("any-workload"))(t).Name(), "any-workload")
	_, err := leakdiag.ParseScenario([]byte("nonsense: 1\n"), leakdiag.WithOrigin("mine.yaml"))
	same(t, "says where", strings.Contains(err.Error(), "mine.yaml:1:"), true)
	for _, unknown := range []string{"any-worklod", filepath.Join(t.TempDir(), "none")} {
		_, err = leakdiag.BuiltinScenarioText(unknown)
		same(t, unknown, errors.Is(err, leakdiag.ErrNotFound), true)
		_, err = leakdiag.LoadScenario(unknown)
		same(t, unknown, errors.Is(err, leakdiag.ErrNotFound), true)
	}
	found := must(leakdiag.Lint([]byte("apiVersion: leakdiag/v2\n")))(t)
	first := found[0]
	same(t, "lint", first.IsError && first.Line == 1 && first.Column > 0 && first.Message != "", true)
}

func TestACaptureIsReadAndWrittenAsTheSameBytes(t *testing.T) {
	paths, err := filepath.Glob(fixtures(t, "captures", "*.json"))
	if err != nil || len(paths) < 5 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		o := must(leakdiag.LoadObservation(path))(t)
		want := must(os.ReadFile(path))(t)
		same(t, path, must(o.ToJSON())(t), string(want))
		saved := filepath.Join(t.TempDir(), "saved.json")
		if err := o.Save(saved, false); err != nil {
			t.Fatal(err)
		}
		same(t, path, string(must(os.ReadFile(saved))(t)), string(want))
	}
}

func TestAnObservationKnowsEarlierTimes(t *testing.T) {
	o := must(leakdiag.LoadObservation(fixtures(t, "captures", "leaking-process.json")))(t).Share()
	early := must(o.Until(o.FirstMs()))(t)
	same(t, "fewer", len(early.Facts()) > 0 && len(early.Facts()) < len(o.Facts()), true)
	same(t, "joined", len(must(early.Join(o))(t).Facts()) >= len(o.Facts()), true)
	same(t, "now", early.NowMs(), o.FirstMs())
	fact := o.Facts()[0]
	same(t, "fact", fact.Kind == "memory" && fact.Source != "" && fact.TimeMs > 0 && fact.Error == "" &&
		fact.LatencyMs >= -1, true)
	same(t, "scenario", must(o.Scenario())(t).Name(), "any-workload")
	same(t, "settings", len(o.Settings()) > 0 && o.ScenarioText() != "", true)
}

func TestACaptureIsJudged(t *testing.T) {
	d := must(leakdiag.Replay(fixtures(t, "captures", "flag-off-while-climbing.json")))(t)
	same(t, "verdict", d.Verdict(), leakdiag.VerdictNotAsExpected)
	same(t, "word", d.Verdict().String(), "not-as-expected")
	same(t, "exit code", d.ExitCode(), 3)
	same(t, "summary", d.Summary() != "" && d.HasEvidence(), true)
	same(t, "next is a text", d.Next() == d.Next(), true)
	check, ok := d.Check("flag.value")
	same(t, "check", ok && check.Kind == "flag-value" && check.Finding == "not-enabled" &&
		check.Outcome == leakdiag.OutcomeFail && check.Outcome.String() == "fail", true)
	same(t, "details", check.Asks != "" && check.Observed != "" && check.Expected != "" &&
		check.Source != "" && check.TimeMs > 0, true)
	_, ok = d.Check("none")
	same(t, "no such check", ok, false)
	blocked := 0
	for _, check := range d.Checks() {
		if check.Outcome == leakdiag.OutcomeBlocked {
			blocked++
			same(t, "says by what", check.BlockedBy != "", true)
		}
	}
	same(t, "some are blocked", blocked > 0, true)
	cause := d.Causes()[0]
	same(t, "cause", cause.ID == "flag-not-applied" && len(cause.Supporting) > 0 && cause.Fix != "" &&
		cause.RefutedBy != "" && cause.Title != "" && cause.Confidence.String() != "", true)
}

func TestEvidenceAgainstACauseIsThere(t *testing.T) {
	text := strings.Replace(must(leakdiag.BuiltinScenarioText("any-workload"))(t),
		"    refuted_by: a longer look", "    against: {limit: [none]}\n    refuted_by: a longer look", 1)
	scenario := must(leakdiag.ParseScenario([]byte(text), leakdiag.WithSet("time_scale=10")))(t)
	o := must(leakdiag.LoadObservation(fixtures(t, "captures", "leaking-process.json")))(t)
	cause := must(leakdiag.Diagnose(scenario, o))(t).Causes()[0]
	same(t, "against", strings.HasPrefix(cause.Contradicting[0], "limit is none"), true)
	same(t, "confidence", cause.Confidence, leakdiag.ConfidencePossible)
}

func TestALeakHasASeries(t *testing.T) {
	d := must(leakdiag.Replay(fixtures(t, "captures", "leaking-process.json")))(t)
	finding, ok := d.MemoryFinding()
	same(t, "finding", ok && finding == leakdiag.MemoryAhead && d.IsDecided(), true)
	same(t, "decides", d.DecidesAtMs(), 0)
	same(t, "series", d.Series().Len() > 4, true)
	seconds, earliest, latest := d.TimeToLimitS()
	same(t, "no limit, no time", seconds != seconds && earliest != earliest && latest != latest, true)
	text := must(d.Report(leakdiag.FormatText, leakdiag.WithColor(), leakdiag.WithColumns(60),
		leakdiag.WithVerbose()))(t)
	same(t, "colours", strings.Contains(text, "\x1b["), true)
	text = must(d.Report(leakdiag.FormatQuick, leakdiag.WithASCII()))(t)
	same(t, "ascii", strings.IndexFunc(text, func(r rune) bool { return r > 127 }), -1)
	text = must(d.Report(leakdiag.FormatJUnit))(t)
	same(t, "junit", strings.HasPrefix(text, "<?xml"), true)
	_, err := d.Report(leakdiag.Format(99))
	same(t, "no such form", errors.Is(err, leakdiag.ErrInvalid), true)
	nothing := must(leakdiag.Replay(fixtures(t, "captures", "nothing-answers.json")))(t)
	if nothing.Series() != nil {
		t.Error("there is a series without samples")
	}
}

func TestEverythingIsJSON(t *testing.T) {
	s := climb(t)
	scan := scanned(t)
	values := []json.Marshaler{
		must(leakdiag.FlagFromFile([]byte("{}"), "k"))(t),
		must(leakdiag.MemoryOfProcess(os.Getpid()))(t),
		must(leakdiag.ReadLoad(context.Background(), "http://127.0.0.1:1"))(t),
		must(s.Analyze())(t),
		must(must(leakdiag.ParseTimeline("0m=8Mi,20m=20Mi"))(t).Compare(s))(t),
		must(leakdiag.BuiltinScenario("any-workload"))(t),
		must(leakdiag.LoadObservation(fixtures(t, "captures", "leaking-process.json")))(t),
		must(leakdiag.Replay(fixtures(t, "captures", "leaking-process.json")))(t),
		scan,
	}
	for _, value := range values {
		if made, err := json.Marshal(value); err != nil || !json.Valid(made) || made[0] != '{' {
			t.Errorf("%T: %s %v", value, made, err)
		}
	}
	named := must(must(s.Analyze())(t).ToJSONOf("a.csv"))(t)
	same(t, "names its file", strings.Contains(named, `"file":"a.csv"`), true)
}
