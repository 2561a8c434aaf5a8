package leakdiag_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"leakdiag.example/leakdiag"
)

func TestSizesAndDurationsAreReadAsKubernetesWritesThem(t *testing.T) {
	same(t, "20Mi", must(leakdiag.ParseQuantity("20Mi"))(t), 20971520)
	same(t, "20M", must(leakdiag.ParseQuantity("20M"))(t), 20000000)
	same(t, "1h20m", must(leakdiag.ParseDuration("1h20m"))(t), 80*time.Minute)
	same(t, "100 years do not overflow", must(leakdiag.ParseDuration("876000h"))(t) > 0, true)
	same(t, "version", strings.Count(leakdiag.Version(), "."), 2)
}

func TestAnErrorHasAStatusAndSaysWhy(t *testing.T) {
	_, err := leakdiag.SeriesFromCSV([]byte("t,ws\n0,x\n"))
	var failure *leakdiag.Error
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	same(t, "line", failure.Line, 2)
	same(t, "column", failure.Column, 3)
	same(t, "is invalid", errors.Is(err, leakdiag.ErrInvalid), true)
	same(t, "is not found", errors.Is(err, leakdiag.ErrNotFound), false)
	same(t, "the word", leakdiag.ErrNotFound.Error(), "not-found")
	same(t, "names the operation", strings.HasPrefix(err.Error(), "series: "), true)
}

func TestEveryStatusHasAWordOfItsOwn(t *testing.T) {
	words := map[string]bool{}
	for status := leakdiag.ErrCallback; status <= leakdiag.ErrInvalid; status++ {
		words[status.Error()] = true
	}
	same(t, "words", len(words), 12)
}

func TestANulInATextIsRefused(t *testing.T) {
	_, err := leakdiag.ParseQuantity("20\x00Mi")
	same(t, "is invalid", errors.Is(err, leakdiag.ErrInvalid), true)
	_, err = leakdiag.NewPatterns(leakdiag.Pattern{Name: "a", Text: "\x00"})
	same(t, "is invalid", errors.Is(err, leakdiag.ErrInvalid), true)
}

func TestAnOptionThatMeansNothingIsRefused(t *testing.T) {
	_, err := climb(t).Analyze(leakdiag.WithStart(1))
	if !errors.Is(err, leakdiag.ErrInvalid) || !strings.Contains(err.Error(), "WithStart") {
		t.Error(err)
	}
}

func TestAFileIsWrittenWholeOrNotAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := leakdiag.WriteFile(path, []byte("\x00\xff"), false); err != nil {
		t.Fatal(err)
	}
	same(t, "bytes", string(must(leakdiag.ReadFile(path, 10))(t)), "\x00\xff")
	same(t, "conflict", errors.Is(leakdiag.WriteFile(path, nil, false), leakdiag.ErrConflict), true)
	if err := leakdiag.WriteFile(path, nil, true); err != nil {
		t.Error(err)
	}
	_, err := leakdiag.ReadFile(path+"none", 10)
	same(t, "not found", errors.Is(err, leakdiag.ErrNotFound), true)
}

func TestAFlagIsEvaluatedOverOFREP(t *testing.T) {
	s := recorded(t)
	f := must(leakdiag.EvaluateFlag(context.Background(), s.URL, "kafkaQueueProblems",
		leakdiag.WithBearerToken("geheim"), leakdiag.WithAPIKey("key"),
		leakdiag.WithContext(map[string]string{"user": "ä"})))(t)
	defer f.Close()
	same(t, "state", f.State(), leakdiag.FlagValue)
	same(t, "word", f.State().String(), "value")
	same(t, "type", f.Type(), leakdiag.FlagTypeNumber)
	same(t, "type's word", f.Type().String(), "number")
	same(t, "key", f.Key(), "kafkaQueueProblems")
	same(t, "number", f.Number(), 0)
	same(t, "json", f.ValueJSON(), "0")
	same(t, "variant", f.Variant(), "off")
	same(t, "reason", f.Reason(), "STATIC")
	same(t, "error code", f.ErrorCode(), "")
	same(t, "detail", f.Detail(), "")
	same(t, "method", f.Method(), "POST")
	same(t, "status", f.HTTPStatus(), 200)
	same(t, "targeting", f.HasTargeting(), false)
	same(t, "latency is known", f.LatencyMs() >= 0, true)
	same(t, "body", json.Valid(f.Body()), true)
	_, isText := f.StringValue()
	same(t, "is a text", isText, false)
	text, isText := must(leakdiag.EvaluateFlag(context.Background(), s.URL, "stringFlag"))(t).StringValue()
	same(t, "is a text", isText && text != "", true)
	same(t, "token", s.seen[0].Header.Get("Authorization"), "Bearer geheim")
	same(t, "api key", s.seen[0].Header.Get("X-API-Key"), "key")
}

func TestAServiceThatDoesNotAnswerIsAState(t *testing.T) {
	f := must(leakdiag.EvaluateFlag(context.Background(), "http://127.0.0.1:1", "k"))(t)
	same(t, "state", f.State(), leakdiag.FlagUnreachable)
	same(t, "number is unknown", math.IsNaN(f.Number()), true)
	l := must(leakdiag.ReadLoad(context.Background(), "http://127.0.0.1:1"))(t)
	same(t, "state", l.State(), leakdiag.LoadUnreachable)
	same(t, "users are unknown", l.Users(), -1)
}

func TestAllFlagsAreAList(t *testing.T) {
	file := must(os.ReadFile(fixtures(t, "src_flags", "flags_used.good.json")))(t)
	for _, flags := range []*leakdiag.Flags{
		must(leakdiag.EvaluateFlags(context.Background(), recorded(t).URL))(t),
		must(leakdiag.FlagsFromFile(file))(t),
	} {
		same(t, "state", flags.State(), leakdiag.FlagValue)
		same(t, "detail", flags.Detail(), "")
		same(t, "has some", flags.Len() > 1, true)
		same(t, "json", strings.Contains(must(flags.ToJSON())(t), "leakdiag.flags/1"), true)
		same(t, "the first has a key", flags.At(0).Key() != "", true)
		if flags.At(flags.Len()) != nil {
			t.Error("there is one beyond the end")
		}
	}
	f := must(leakdiag.FlagFromFile(file, "kafkaQueueProblems"))(t)
	same(t, "method", f.Method(), "file")
	same(t, "latency is unknown", f.LatencyMs(), -1)
}

func TestMemoryOfAProcess(t *testing.T) {
	m := must(leakdiag.MemoryOfProcess(os.Getpid()))(t)
	same(t, "has some", m.WorkingSetBytes() > 1<<20, true)
	same(t, "has a pid", m.PID() > 0, true)
	same(t, "times", m.TimeMs() > m.StartedMs() && m.StartedMs() > 0, true)
	same(t, "environment", m.HasEnvironment(), true)
	_, set := m.Environment("GOGC_")
	same(t, "a variable that is not shown", set, false)
	same(t, "limit is known together", math.IsNaN(m.LimitBytes()), m.HasLimit() != 1)
	for _, text := range []string{m.Kind(), m.Detail() + m.Cgroup()} {
		same(t, "says what it is", text != "", true)
	}
	for _, n := range []float64{m.UsageBytes(), m.AnonymousBytes(), float64(m.OOMKills() + 1),
		float64(m.ProcessCount() + 1)} {
		same(t, "known or not", math.IsNaN(n) || n >= 0, true)
	}
	_, err := leakdiag.MemoryOfProcess(4194303)
	same(t, "not found", errors.Is(err, leakdiag.ErrNotFound), true)
	_, err = leakdiag.MemoryOfCgroup("/none", leakdiag.WithRoot(t.TempDir()))
	same(t, "not found", errors.Is(err, leakdiag.ErrNotFound), true)
}

func TestLocustIsRead(t *testing.T) {
	l := must(leakdiag.ReadLoad(context.Background(), recorded(t).URL))(t)
	same(t, "state", l.State().String(), "running")
	same(t, "users", l.Users() > 0, true)
	same(t, "status", l.HTTPStatus(), 200)
	found := false
	for _, row := range l.Rows() {
		found = found || row.Name == "/api/checkout" && row.Method == "POST" && row.RatePerS > 0 &&
			row.Requests >= row.Failures
	}
	same(t, "checkout's row", found, true)
	for _, n := range []float64{float64(l.TargetUsers() + 1), l.SpawnPerS(), float64(l.AgeMs() + 1),
		l.FailRatio(), float64(l.LatencyMs() + 1)} {
		same(t, "known or not", math.IsNaN(n) || n >= 0, true)
	}
	same(t, "detail is a text", l.Detail() == l.Detail(), true)
}

const log = "2026-11-23T10:00:00Z order placed\n2026-11-23T10:00:30Z Done with #300 messages\n" +
	"2026-11-23T10:01:00Z ORDER PLACED\n2026-11-23T10:02:00Z Done with #100 messages\n\xff\x00 rest"

func scanned(t *testing.T, options ...leakdiag.Option) *leakdiag.Scan {
	t.Helper()
	p := must(leakdiag.NewPatterns(
		leakdiag.Pattern{Name: "orders", Text: "order placed", IgnoreCase: true},
		leakdiag.Pattern{Name: "done", Text: `Done with #(\d+)`, Regex: true},
		leakdiag.Pattern{Name: "never", Text: "never"}))(t)
	same(t, "names", strings.Join(p.Share().Names(), ","), "orders,done,never")
	s := must(p.NewScan(options...))(t)
	_ = p.Close()
	if _, err := io.Copy(s, strings.NewReader(log)); err != nil {
		t.Fatal(err)
	}
	same(t, "pending", s.PendingBytes(), 7)
	if err := s.Finish(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPatternsAreCounted(t *testing.T) {
	const start = 1795428000000
	s := scanned(t, leakdiag.WithWindow(start+45000, start+120000), leakdiag.WithRecent(2))
	same(t, "orders", s.Count(0), 2)
	same(t, "in the window", s.WindowCount(0), 1)
	same(t, "beyond the end", s.Count(99), 0)
	sum := uint64(0)
	for i := 0; i < leakdiag.ScanSlices; i++ {
		sum += s.SliceCount(0, i)
	}
	same(t, "in the slices", sum, 1)
	same(t, "first", *lineOf(s.First(0)), "2026-11-23T10:00:00Z order placed 1 1795428000000")
	same(t, "last", s.Last(0).Number, 3)
	if s.First(2) != nil || s.Last(2) != nil {
		t.Error("what never matches has a line")
	}
	same(t, "captures", reflect.DeepEqual(s.Captures(1), []leakdiag.Capture{{1, 100, 100, 300}}), true)
	same(t, "expensive", s.Expensive(1), 0)
	same(t, "rate", s.RatePerMin(0), 1)
	same(t, "lines", s.Lines(), 5)
	same(t, "bytes", s.Bytes(), uint64(len(log)))
	same(t, "truncated", s.Truncated(), 0)
	from, to, ok := s.TimeSpan()
	same(t, "span", ok && from == start && to == start+120000, true)
	same(t, "recent", len(s.Recent()) == 2 && s.Recent()[0].Number == 3, true)
	same(t, "recent matches", s.RecentMatches(0, 0) && !s.RecentMatches(0, 1), true)
	_, err := s.Write([]byte("more"))
	same(t, "finished is finished", errors.Is(err, leakdiag.ErrInvalid), true)
}

func lineOf(line *leakdiag.LogLine) *string {
	made := string(line.Data) + " " + jsonOf(line.Number) + " " + jsonOf(line.TimeMs)
	return &made
}

func jsonOf(value any) string {
	made, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(made)
}

func TestAClimbIsALeak(t *testing.T) {
	s := climb(t)
	trend := must(s.Analyze(leakdiag.WithLimit(20 << 20)))(t)
	same(t, "verdict", trend.Verdict().String(), "leak")
	same(t, "finding", trend.Finding(), leakdiag.MemoryAhead)
	same(t, "finding's word", trend.Finding().String(), "ahead")
	same(t, "class has a word", trend.TraceClass().String() != "", true)
	same(t, "score", trend.Score() > 0.5 && !trend.IsUnsure(), true)
	lo, hi := trend.SlopeIntervalBytesPerS()
	same(t, "slope", lo <= trend.SlopeBytesPerS() && trend.SlopeBytesPerS() <= hi && lo > 8000, true)
	lo, hi = trend.TTLIntervalS()
	same(t, "time to the limit", lo <= trend.TTLS() && trend.TTLS() <= hi, true)
	same(t, "level", trend.LevelBytes() > 18e6, true)
	from, to := trend.SegmentMs()
	same(t, "segment", from == 0 && to == 59*15000, true)
	trend = must(s.Analyze(leakdiag.WithRestarts(150000), leakdiag.WithOOMKills(300000),
		leakdiag.WithSoftLimit(1<<30), leakdiag.WithTimeScale(2)))(t)
	same(t, "kills", jsonOf(trend.OOMTimesMs()), "[300000]")
	same(t, "restarts", strings.Contains(jsonOf(trend.RestartTimesMs()), "150000"), true)
	unknown := must(must(leakdiag.NewSeries(nil, nil))(t).Analyze())(t)
	same(t, "unknown is NaN", math.IsNaN(unknown.Score()) && math.IsNaN(unknown.TTLS()), true)
}

func TestASeriesIsLentWithoutACopy(t *testing.T) {
	s := climb(t).Share()
	same(t, "length", s.Len(), 60)
	var first, second *float64
	s.View(func(_ []int64, values []float64) { first = &values[0] })
	s.View(func(times []int64, values []float64) {
		second = &values[0]
		same(t, "time", times[1], 15000)
		same(t, "value", values[1], 8388608+174763)
	})
	same(t, "the same memory", first, second)
	same(t, "copies", s.Values()[1] == 8388608+174763 && s.TimesMs()[1] == 15000, true)
	_, err := leakdiag.NewSeries([]int64{1}, nil)
	same(t, "as many of each", errors.Is(err, leakdiag.ErrInvalid), true)
	_, err = leakdiag.NewSeries([]int64{1}, []float64{math.NaN()})
	same(t, "no NaN", errors.Is(err, leakdiag.ErrInvalid), true)
	empty := must(leakdiag.SeriesFromCSV([]byte("t,ws\n")))(t)
	same(t, "empty", empty.Len(), 0)
	empty.View(func(times []int64, values []float64) { same(t, "empty", len(times)+len(values), 0) })
}

func TestAClimbIsHeldAgainstACurve(t *testing.T) {
	curve := must(leakdiag.ParseTimeline("0m=8Mi,15m=18Mi,20m=20Mi", leakdiag.WithOOMAtEnd()))(t)
	c := must(curve.Compare(climb(t), leakdiag.WithStart(0), leakdiag.WithNow(885000),
		leakdiag.WithStaleAfter(time.Minute), leakdiag.WithLimit(20<<20)))(t)
	same(t, "finding", c.Finding(), leakdiag.MemoryOnTrack)
	same(t, "pace", c.FittedTimeRatio() > 0.9 && c.FittedTimeRatio() < 1.1, true)
	same(t, "start and position", c.StartMs() == 0 && c.PositionMs() == 885000, true)
	same(t, "observed", c.ObservedBytes(), 8388608+174763*59)
	same(t, "expected", c.ExpectedBytes() > 17<<20, true)
	same(t, "decided", c.DecidesAtMs(), 0)
	same(t, "match", c.IsMatch(), false)
	same(t, "never left the band", math.IsNaN(c.FirstDeviationS()), true)
	same(t, "its trend", c.Trend().Verdict(), leakdiag.LeakYes)
	same(t, "end", must(curve.Scale(3))(t).EndMs(), 3600000)
	_, err := leakdiag.ParseTimeline("0m=8Mi,20m=much")
	same(t, "is invalid", errors.Is(err, leakdiag.ErrInvalid), true)
}

func TestACurveHasPhasesAndABand(t *testing.T) {
	points := []leakdiag.TimelinePoint{{0, 10, "rest"}, {1000, 10, "climb"}, {2000, 20, ""}}
	curve := must(leakdiag.NewTimeline(points, leakdiag.WithToleranceBytes(1),
		leakdiag.WithTolerance(time.Millisecond), leakdiag.WithTimeScale(1)))(t)
	same(t, "points", reflect.DeepEqual(curve.Points(), points), true)
	lo, hi := curve.BandAt(500)
	same(t, "band", lo == 9 && hi == 11, true)
	same(t, "phase", curve.PhaseAt(0)+curve.PhaseAt(1500), "restclimb")
	same(t, "value", curve.BytesAt(1500), 15)
}
