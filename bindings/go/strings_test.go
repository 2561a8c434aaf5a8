package leakdiag_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"leakdiag.example/leakdiag"
)

func TestPrintedThingsSayWhatTheyAre(t *testing.T) {
	flag := must(leakdiag.FlagFromFile([]byte(`{"flags": {"k": {"state": "ENABLED",
		"variants": {"on": 5}, "defaultVariant": "on"}}}`), "k"))(t)
	series := must(leakdiag.NewSeries([]int64{0, 1000}, []float64{1, 2}))(t)
	capture := must(leakdiag.LoadObservation(fixtures(t, "captures", "leak-from-csv.json")))(t)
	scenario := must(capture.Scenario())(t)
	service := recorded(t)
	for text, thing := range map[string]fmt.Stringer{
		`Flag(key="k", state=value, value=5, variant="on", reason="STATIC", detail=`: flag,
		`Series(len=2)`:                                           series,
		`Trend(verdict=too-early, trace`:                          must(series.Analyze())(t),
		`Diagnosis(verdict=not-as-expected, summary="`:            must(leakdiag.Diagnose(scenario, capture))(t),
		`Scenario(name="any-workload", title="Is this leaking?")`: scenario,
		`Observation(now_ms=`:                                     capture,
		`Memory(kind="`:                                           must(leakdiag.MemoryOfProcess(os.Getpid()))(t),
		`Load(state=`:                                             must(leakdiag.ReadLoad(context.Background(), service.URL))(t),
		`Flags(state=value, len=`:                                 must(leakdiag.EvaluateFlags(context.Background(), service.URL))(t),
		`Cluster(server="https://api.lab:6443/prefix", context="lab", `: cluster(t),
	} {
		if got := fmt.Sprintln(thing); !strings.HasPrefix(got, text) {
			t.Errorf("%q instead of %q", got, text)
		}
	}
	same(t, "what is not known", strings.Contains(must(series.Analyze())(t).String(), "ttl_s=unknown"),
		math.IsNaN(must(series.Analyze())(t).TTLS()))
	patterns := must(leakdiag.NewPatterns(leakdiag.Pattern{Name: "a", Text: "a"}))(t)
	same(t, "patterns", fmt.Sprint(patterns), "Patterns(names=[a])")
	same(t, "scan", fmt.Sprint(must(patterns.NewScan())(t)), "Scan(lines=0)")
	same(t, "session", fmt.Sprint(session(t)), "Session()")
	same(t, "none", fmt.Sprint(&leakdiag.Diagnosis{}), "<Diagnosis (closed)>")
	_ = series.Close()
	same(t, "closed", fmt.Sprint(series), "<Series (closed)>")
}
