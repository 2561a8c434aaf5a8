package leakdiag_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"leakdiag.example/leakdiag"
	"leakdiag.example/leakdiag/internal/capi"
)

// The counting allocator must be there before anything else of the library.
func TestMain(m *testing.M) {
	if capi.Count_memory() != 0 {
		panic("the library refuses the counting allocator")
	}
	os.Exit(m.Run())
}

// settled waits for finalizers and returns the blocks that are alive.
func settled(want int64) int64 {
	for i := 0; i < 200 && capi.Live_blocks() > want; i++ {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
	return capi.Live_blocks()
}

func everything(t *testing.T) {
	s := climb(t)
	defer s.Close()
	trend := must(s.Analyze(leakdiag.WithRestarts(5)))(t)
	must(trend.ToJSON())(t)
	curve := must(leakdiag.ParseTimeline("0m=8Mi,20m=20Mi"))(t)
	must(curve.Compare(s))(t).Trend()
	must(curve.Scale(2))(t)
	scan := scanned(t, leakdiag.WithRecent(3))
	scan.Recent()
	must(leakdiag.FlagFromFile([]byte("{}"), "k"))(t).Body()
	d := must(leakdiag.Replay(fixtures(t, "captures", "flag-off-while-climbing.json")))(t)
	must(d.ToJSON())(t)
	d.Checks()
	d.Series()
	scenario := must(leakdiag.BuiltinScenario("any-workload",
		leakdiag.WithSet("pid="+strconv.Itoa(os.Getpid()))))(t)
	must(scenario.RunTests())(t)
	must(leakdiag.Lint([]byte("x: y")))(t)
	made := must(leakdiag.NewSession(scenario))(t)
	if _, _, err := made.Watch(context.Background(), leakdiag.WithOnLook(
		func(d *leakdiag.Diagnosis) bool { return false })); err != nil {
		t.Fatal(err)
	}
	must(leakdiag.EvaluateFlag(context.Background(), "http://127.0.0.1:1", "k"))(t)
}

func TestWhatIsNotClosedIsGivenBackByTheCollector(t *testing.T) {
	everything(t)
	before := settled(0)
	for i := 0; i < 20; i++ {
		everything(t)
	}
	if after := settled(before); after > before {
		t.Errorf("%d blocks more after 20 rounds", after-before)
	}
}

func TestFailuresLeaveNothingBehind(t *testing.T) {
	before := settled(0)
	for i := 0; i < 100; i++ {
		_, err1 := leakdiag.ParseQuantity("x")
		_, err2 := leakdiag.NewSeries([]int64{1}, []float64{-1})
		_, err3 := leakdiag.ObservationFromJSON([]byte("{}"))
		_, err4 := leakdiag.EvaluateFlag(context.Background(), "x", "y")
		_, err5 := leakdiag.ParseScenario(nil)
		if err1 == nil || err2 == nil || err3 == nil || err4 == nil || err5 == nil {
			t.Fatal("something did not fail")
		}
	}
	same(t, "blocks", settled(before), before)
}

func TestAMillionObjectsLeaveMemoryFlat(t *testing.T) {
	resident := func() int64 {
		text := must(os.ReadFile("/proc/self/statm"))(t)
		pages := must(strconv.ParseInt(strings.Fields(string(text))[1], 10, 64))(t)
		return pages * int64(os.Getpagesize())
	}
	cycle := func(n int) {
		times, values := []int64{1, 2}, []float64{1, 2}
		for i := 0; i < n; i++ {
			s, err := leakdiag.NewSeries(times, values)
			if err != nil {
				t.Fatal(err)
			}
			_ = s.Close()
		}
	}
	cycle(20000)
	runtime.GC()
	blocks, before := settled(0), resident()
	cycle(1000000)
	runtime.GC()
	same(t, "blocks", settled(blocks), blocks)
	if grown := resident() - before; grown > 8<<20 {
		t.Errorf("grew by %d bytes", grown)
	}
}

func TestWhatIsClosedPanicsOrIsAnErrorButDoesNotCrash(t *testing.T) {
	d := must(leakdiag.Replay(fixtures(t, "captures", "leaking-process.json")))(t)
	series := d.Series()
	_, _ = d.Close(), d.Close()
	same(t, "a getter", panics(func() { d.Summary() }), true)
	same(t, "what was borrowed", panics(func() { series.Len() }), true)
	_, err := d.ToJSON()
	same(t, "an error", errors.Is(err, leakdiag.ErrInvalid), true)
	flags := must(leakdiag.FlagsFromFile(must(os.ReadFile(
		fixtures(t, "src_flags", "flags_used.good.json")))(t)))(t)
	flag := flags.At(0)
	_ = flags.Close()
	same(t, "a flag of a closed list", panics(func() { flag.Key() }), true)
	s := climb(t)
	_ = s.Close()
	_, err = s.Analyze()
	same(t, "an error", errors.Is(err, leakdiag.ErrInvalid), true)
	made := session(t)
	_ = made.Close()
	_, err = made.Gather(context.Background())
	same(t, "an error", errors.Is(err, leakdiag.ErrInvalid), true)
	same(t, "nil is Go's own panic", panics(func() { (*leakdiag.Flag)(nil).Key() }), true)
}
