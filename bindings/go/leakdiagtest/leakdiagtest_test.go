package leakdiagtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"leakdiag.example/leakdiag"
	"leakdiag.example/leakdiag/leakdiagtest"
)

func capture(name string) leakdiagtest.Target {
	_, file, _, _ := runtime.Caller(0)
	return leakdiagtest.Capture(filepath.Join(filepath.Dir(file), "..", "..", "..", "tests", "fixtures",
		"captures", name))
}

// recorder is a test whose failures are wanted.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Errorf(format string, arguments ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, arguments...))
}

func (r *recorder) Fatalf(format string, arguments ...any) {
	r.Errorf(format, arguments...)
	runtime.Goexit()
}

func failuresOf(t *testing.T, f func(testing.TB)) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return strings.Join(r.failures, "\n")
}

func TestCapturesAreJudged(t *testing.T) {
	leakdiagtest.AssertLeaking(t, capture("leak-from-csv.json"))
	leakdiagtest.AssertNotLeaking(t, capture("rest-from-csv.json"))
	leakdiagtest.AssertOnTrack(t, "any-workload", capture("rest-from-csv.json"))
}

func TestAFailureShowsThePlotTheCausesAndTheCapture(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "not", "there", "yet")
	t.Setenv("LEAKDIAG_ARTIFACTS", folder)
	text := failuresOf(t, func(t testing.TB) {
		leakdiagtest.AssertNotLeaking(t, capture("leak-from-csv.json"))
	})
	for _, part := range []string{"no leak was expected, but memory is ahead", "⠤ observed",
		"memory-leak", "leakdiag replay shows it again"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in\n%s", part, text)
		}
	}
	kept, err := filepath.Glob(filepath.Join(folder, "*.capture.json"))
	if err != nil || len(kept) != 1 || !strings.Contains(text, kept[0]) {
		t.Errorf("kept: %v %v", kept, err)
	}
}

func TestWhatDoesNotHoldFails(t *testing.T) {
	t.Setenv("LEAKDIAG_ARTIFACTS", t.TempDir())
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for claim, f := range map[string]func(testing.TB){
		"a leak was expected, but memory is flat": func(t testing.TB) {
			leakdiagtest.AssertLeaking(t, capture("rest-from-csv.json"))
		},
		"expected to be on track, but memory is ahead": func(t testing.TB) {
			leakdiagtest.AssertOnTrack(t, "any-workload", capture("leak-from-csv.json"))
		},
		"no leak was expected, but memory is too-early": func(t testing.TB) {
			leakdiagtest.AssertNotLeaking(t, leakdiagtest.Process(os.Getpid()), leakdiagtest.For(0))
		},
		"no kubeconfig": func(t testing.TB) {
			leakdiagtest.AssertLeaking(t, leakdiagtest.Deployment("otel-demo", "checkout"))
		},
		"For(3s): less than the 5s between two looks": func(t testing.TB) {
			leakdiagtest.AssertLeaking(t, leakdiagtest.Process(os.Getpid()),
				leakdiagtest.For(3*time.Second))
		},
		"For(-1s): a time is needed": func(t testing.TB) {
			leakdiagtest.AssertLeaking(t, leakdiagtest.Process(os.Getpid()),
				leakdiagtest.For(-time.Second))
		},
		"there are any-workload, otel-demo/checkout": func(t testing.TB) {
			leakdiagtest.AssertOnTrack(t, "otel-demo", leakdiagtest.Target{})
		},
		"README: not valid JSON": func(t testing.TB) { leakdiagtest.AssertLeaking(t, capture("README")) },
		"the target is empty":    func(t testing.TB) { leakdiagtest.AssertLeaking(t, leakdiagtest.Target{}) },
		"No such file":           func(t testing.TB) { leakdiagtest.AssertLeaking(t, capture("none.json")) },
	} {
		if text := failuresOf(t, f); !strings.Contains(text, claim) {
			t.Errorf("%q is missing in %q", claim, text)
		}
	}
}

func TestThisProcessLeaksWhileItKeepsMemory(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		var kept [][]byte
		for {
			select {
			case <-stop:
				runtime.KeepAlive(kept)
				return
			case <-time.After(50 * time.Millisecond):
				page := make([]byte, 1<<20)
				for i := range page {
					page[i] = 1
				}
				kept = append(kept, page)
			}
		}
	}()
	t.Setenv("LEAKDIAG_ARTIFACTS", t.TempDir())
	d := leakdiagtest.AssertLeaking(t, leakdiagtest.Process(os.Getpid()),
		leakdiagtest.For(2*time.Minute), leakdiagtest.TimeScale(10))
	if finding, _ := d.MemoryFinding(); finding != leakdiag.MemoryAhead {
		t.Error(finding)
	}
	kept := leakdiagtest.Capture(filepath.Join(os.Getenv("LEAKDIAG_ARTIFACTS"), t.Name()+".capture.json"))
	leakdiagtest.AssertLeaking(t, kept) // as it was made: with its time scale
	if text := failuresOf(t, func(t testing.TB) {
		leakdiagtest.AssertLeaking(t, kept, leakdiagtest.TimeScale(1))
	}); !strings.Contains(text, "memory is too-early") {
		t.Error(text)
	}
}
