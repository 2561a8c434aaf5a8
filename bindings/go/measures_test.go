package leakdiag_test

import (
	"testing"
	"time"

	"leakdiag.example/leakdiag"
	"leakdiag.example/leakdiag/internal/capi"
)

// fastest is the fastest round of both calls, made in turns: what disturbs a round only makes it
// slower.
func fastest(call, empty func(n int)) (ns, emptyNs float64) {
	const rounds, n = 40, 20000
	measure := func(f func(int)) float64 {
		started := time.Now()
		f(n)
		return float64(time.Since(started).Nanoseconds()) / n
	}
	for i := 0; i < rounds; i++ {
		a, b := measure(call), measure(empty)
		if i == 0 || a < ns {
			ns = a
		}
		if i == 0 || b < emptyNs {
			emptyNs = b
		}
	}
	return
}

func nothing(n int) {
	for i := 0; i < n; i++ {
		capi.Nothing()
	}
}

func TestAGetterCostsAtMostThreeEmptyCalls(t *testing.T) {
	if raceEnabled {
		t.Log("the race detector measures itself; only that it runs is tested")
	}
	flag := must(leakdiag.FlagFromFile([]byte("{}"), "a key of some length"))(t)
	getters := map[string]func(int){
		"HTTPStatus": func(n int) {
			for i := 0; i < n; i++ {
				flag.HTTPStatus()
			}
		},
		"Number": func(n int) {
			for i := 0; i < n; i++ {
				flag.Number()
			}
		},
		"State": func(n int) {
			for i := 0; i < n; i++ {
				flag.State()
			}
		},
		"Key": func(n int) {
			for i := 0; i < n; i++ {
				flag.Key()
			}
		},
	}
	for name, getter := range getters {
		ns, empty := fastest(getter, nothing)
		t.Logf("%s: %.0f ns, an empty call %.0f ns", name, ns, empty)
		if ns > 3*empty && !raceEnabled {
			t.Errorf("%s costs %.1f empty calls", name, ns/empty)
		}
	}
}

func TestAViewCostsTheSameAtAnyLength(t *testing.T) {
	views := make([]func(int), 2)
	for i, n := range []int{10, 1000000} {
		series := must(leakdiag.NewSeries(make([]int64, n), make([]float64, n)))(t)
		views[i] = func(n int) {
			for k := 0; k < n; k++ {
				series.View(func([]int64, []float64) {})
			}
		}
	}
	long, short := fastest(views[1], views[0])
	t.Logf("10 points %.0f ns, 10^6 points %.0f ns", short, long)
	if long > 1.5*short && !raceEnabled {
		t.Error("a view of a long series costs more")
	}
}
