package leakdiag_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"leakdiag.example/leakdiag"
)

// fixtures is the folder of the repository's fixtures.
func fixtures(t testing.TB, parts ...string) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(append([]string{filepath.Dir(file), "..", "..", "tests", "fixtures"}, parts...)...)
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func same[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// service answers with the bytes of recordings; /hang never answers until the test is over.
type service struct {
	*httptest.Server
	asked chan struct{}
	once  sync.Once
	mutex sync.Mutex
	seen  []*http.Request
}

var answers = map[string]string{
	"POST /ofrep/v1/evaluate/flags/kafkaQueueProblems": "ofrep/01_post_off.resp.http",
	"POST /ofrep/v1/evaluate/flags/stringFlag":         "ofrep/13_type_stringFlag.resp.http",
	"POST /ofrep/v1/evaluate/flags":                    "ofrep/18_bulk.resp.http",
	"GET /stats/requests":                              "locust/v2.47.0/11_stats_running.resp.http",
}

func recorded(t testing.TB) *service {
	t.Helper()
	s := &service{asked: make(chan struct{})}
	over := make(chan struct{})
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mutex.Lock()
		s.seen = append(s.seen, r.Clone(r.Context()))
		s.mutex.Unlock()
		if len(r.URL.Path) >= 5 && r.URL.Path[:5] == "/hang" {
			s.once.Do(func() { close(s.asked) })
			<-over
			return
		}
		data, err := os.ReadFile(fixtures(t, answers[r.Method+" "+r.URL.Path]))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = connection.Write(data)
			_ = connection.Close()
		}
	}))
	t.Cleanup(func() { close(over); s.Close() })
	return s
}

func (s *service) hanging() string { return s.URL + "/hang" }

// climb is a series that climbs 174763 bytes every 15 seconds.
func climb(t testing.TB) *leakdiag.Series {
	t.Helper()
	times, values := make([]int64, 60), make([]float64, 60)
	for i := range times {
		times[i], values[i] = int64(15000*i), 8388608+174763*float64(i)
	}
	return must(leakdiag.NewSeries(times, values))(t)
}
