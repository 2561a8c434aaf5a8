package leakdiag_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"leakdiag.example/leakdiag"
)

func session(t *testing.T, options ...leakdiag.Option) *leakdiag.Session {
	t.Helper()
	scenario := must(leakdiag.BuiltinScenario("any-workload",
		leakdiag.WithSet("pid="+strconv.Itoa(os.Getpid()))))(t)
	s := must(leakdiag.NewSession(scenario, options...))(t)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// hanging is a session whose flag service never answers.
func hanging(t *testing.T, s *service) *leakdiag.Session {
	t.Helper()
	scenario := must(leakdiag.BuiltinScenario("otel-demo/checkout", leakdiag.WithSet(
		"ofrep_url="+s.hanging(), "locust_url="+s.URL)))(t)
	made := must(leakdiag.NewSession(scenario, leakdiag.WithDeadline(10*time.Minute)))(t)
	t.Cleanup(func() { _ = made.Close() })
	return made
}

func TestOneLookIsAnObservation(t *testing.T) {
	o := must(session(t).Gather(context.Background()))(t)
	same(t, "facts", len(o.Facts()), 1)
}

func TestAWatchJudgesAndCallsAfterEachLook(t *testing.T) {
	var kept *leakdiag.Diagnosis
	var series *leakdiag.Series
	o, d, err := session(t).Watch(context.Background(), leakdiag.WithOnLook(
		func(d *leakdiag.Diagnosis) bool {
			kept, series = d, d.Series()
			return d.Summary() == ""
		}))
	if err != nil {
		t.Fatal(err)
	}
	finding, _ := d.MemoryFinding()
	same(t, "finding", finding, leakdiag.MemoryTooEarly)
	same(t, "facts", len(o.Facts()), 1)
	same(t, "a lent diagnosis is closed", panics(func() { kept.Summary() }), true)
	same(t, "and what it lent", panics(func() { series.Len() }), true)
}

func panics(f func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	f()
	return
}

func TestOnLookStops(t *testing.T) {
	o, _, err := session(t).Watch(context.Background(), leakdiag.WithFor(time.Hour),
		leakdiag.WithUntilDecided(), leakdiag.WithOnLook(func(*leakdiag.Diagnosis) bool { return true }))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "looks", len(o.Facts()), 1)
}

func TestAPanicInOnLookGoesOnAfterCHasReturned(t *testing.T) {
	s := session(t)
	defer func() {
		reason, _ := recover().(string)
		same(t, "the reason", strings.Contains(reason, "mine"), true)
		if _, err := s.Gather(context.Background()); err != nil {
			t.Error("the session is of no use any more:", err)
		}
	}()
	_, _, _ = s.Watch(context.Background(), leakdiag.WithFor(time.Hour),
		leakdiag.WithOnLook(func(*leakdiag.Diagnosis) bool { panic("mine") }))
	t.Error("it did not panic")
}

func TestASessionIsNotShared(t *testing.T) {
	s := session(t)
	var inner error
	_, _, err := s.Watch(context.Background(), leakdiag.WithOnLook(func(*leakdiag.Diagnosis) bool {
		_, inner = s.Gather(context.Background())
		return false
	}))
	same(t, "outer", err, nil)
	same(t, "inner", errors.Is(inner, leakdiag.ErrInvalid), true)
}

func TestHistoryIsWhatTheNextLookHas(t *testing.T) {
	earlier := must(leakdiag.LoadObservation(fixtures(t, "captures", "leaking-process.json")))(t)
	o := must(session(t, leakdiag.WithHistory(earlier)).Gather(context.Background()))(t)
	same(t, "facts", len(o.Facts()), len(earlier.Facts())+1)
}

func TestAContextEndsWhatWaits(t *testing.T) {
	calls := map[string]func(context.Context, *service) error{
		"flag": func(ctx context.Context, s *service) error {
			_, err := leakdiag.EvaluateFlag(ctx, s.hanging(), "k")
			return err
		},
		"flags": func(ctx context.Context, s *service) error {
			_, err := leakdiag.EvaluateFlags(ctx, s.hanging())
			return err
		},
		"load": func(ctx context.Context, s *service) error {
			_, err := leakdiag.ReadLoad(ctx, s.hanging())
			return err
		},
		"gather": func(ctx context.Context, s *service) error {
			_, err := hanging(t, s).Gather(ctx)
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			s := recorded(t)
			reason := errors.New("enough")
			ctx, cancel := context.WithCancelCause(context.Background())
			go func() { <-s.asked; cancel(reason) }()
			same(t, "the context's cause", call(ctx, s), reason)
			same(t, "also when it is done before", call(ctx, s), reason)
			ctx, stop := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
			defer stop()
			same(t, "a deadline that passed", call(ctx, s), context.DeadlineExceeded)
			ctx, stop = context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer stop()
			same(t, "a deadline", call(ctx, s), context.DeadlineExceeded)
		})
	}
}

func TestACancelledWatchReturnsWhatIsKnown(t *testing.T) {
	s := recorded(t)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-s.asked; cancel() }()
	made := hanging(t, s)
	o, d, err := made.Watch(ctx, leakdiag.WithFor(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "a caller can tell", made.IsCancelled(), true)
	same(t, "it is judged", d.Verdict() != leakdiag.VerdictAsExpected && o.NowMs() > 0, true)
}

func TestACancelledSessionStaysSo(t *testing.T) {
	s := recorded(t)
	made := hanging(t, s)
	same(t, "not yet", made.IsCancelled(), false)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-s.asked; cancel() }()
	_, err := made.Gather(ctx)
	same(t, "cancelled", errors.Is(err, context.Canceled) && made.IsCancelled(), true)
	_, err = made.Gather(context.Background())
	same(t, "still", errors.Is(err, leakdiag.ErrCancelled), true)
}

func TestManyGoroutinesReadAndAsk(t *testing.T) {
	s := recorded(t)
	d := must(leakdiag.Replay(fixtures(t, "captures", "flag-off-while-climbing.json")))(t)
	want := must(d.ToJSON())(t)
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for k := 0; k < 20; k++ {
				if made, err := d.ToJSON(); err != nil || made != want || len(d.Checks()) < 5 {
					t.Error(err)
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(k)*time.Millisecond)
				if f, err := leakdiag.EvaluateFlag(ctx, s.URL, "kafkaQueueProblems"); err == nil {
					_ = f.Close()
				} else if !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				cancel()
			}
		}()
	}
	group.Wait()
}
