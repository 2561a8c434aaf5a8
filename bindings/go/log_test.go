package leakdiag_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"leakdiag.example/leakdiag"
)

const secret = "hunter22hunter22"

// logTo is a logger into a buffer of JSON lines, from a level on.
func logTo(buffer *bytes.Buffer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewJSONHandler(buffer, &slog.HandlerOptions{Level: level}))
}

func lines(t *testing.T, buffer *bytes.Buffer) []map[string]any {
	t.Helper()
	var made []map[string]any
	for decoder := json.NewDecoder(buffer); decoder.More(); {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		made = append(made, line)
	}
	return made
}

func TestALoggerHearsEachRequest(t *testing.T) {
	var buffer bytes.Buffer
	s := recorded(t)
	_ = must(leakdiag.EvaluateFlag(context.Background(), s.URL, "kafkaQueueProblems",
		leakdiag.WithBearerToken(secret), leakdiag.WithLogger(logTo(&buffer, slog.LevelDebug))))(t)
	same(t, "no secret", strings.Contains(buffer.String(), secret), false)
	heard := lines(t, &buffer)
	same(t, "records", len(heard), 1)
	for name, want := range map[string]any{
		"level": "DEBUG", "event": "request", "source": strings.TrimPrefix(s.URL, "http://"),
		"method": "POST", "url": s.URL + "/ofrep/v1/evaluate/flags/kafkaQueueProblems",
		"http_status": 200.0, "attempt": 1.0, "connection": "new",
	} {
		same(t, name, heard[0][name], want)
	}
	same(t, "bytes", heard[0]["bytes"].(float64) > 0, true)
	same(t, "message", strings.Contains(heard[0]["msg"].(string), ": 200 in "), true)
}

func TestALevelThatChangesIsFollowed(t *testing.T) {
	var buffer bytes.Buffer
	level := new(slog.LevelVar)
	level.Set(slog.LevelInfo)
	s := recorded(t)
	logger := leakdiag.WithLogger(logTo(&buffer, level))
	_ = must(leakdiag.ReadLoad(context.Background(), s.URL, logger))(t)
	same(t, "nothing", buffer.Len(), 0)
	_ = must(leakdiag.ReadLoad(context.Background(), "http://127.0.0.1:9", logger))(t)
	for _, line := range lines(t, &buffer) {
		same(t, "level", line["level"], any("INFO"))
		same(t, "refused", strings.Contains(line["msg"].(string), "refused"), true)
	}
}

func TestASessionTellsWhatIsMissingOnce(t *testing.T) {
	var buffer bytes.Buffer
	s := recorded(t)
	scenario := must(leakdiag.BuiltinScenario("otel-demo/checkout", leakdiag.WithSet(
		"ofrep_url="+s.URL, "locust_url=http://127.0.0.1:9", "pid="+strconv.Itoa(os.Getpid()))))(t)
	session := must(leakdiag.NewSession(scenario,
		leakdiag.WithLogger(logTo(&buffer, slog.LevelWarn))))(t)
	defer session.Close()
	_ = must(session.Gather(context.Background()))(t)
	heard := lines(t, &buffer)
	same(t, "records", len(heard), 1)
	same(t, "level", heard[0]["level"], any("WARN"))
	same(t, "event", heard[0]["event"], any("missing"))
	same(t, "method", heard[0]["method"], nil)
	_ = must(session.Gather(context.Background()))(t)
	same(t, "records", len(lines(t, &buffer)), 0)
}

type callKey struct{}

// tracing remembers what the context of each record and request says.
type tracing struct {
	slog.Handler
	heard, asked []any
}

func (t *tracing) Handle(ctx context.Context, _ slog.Record) error {
	t.heard = append(t.heard, ctx.Value(callKey{}))
	return nil
}

func (t *tracing) RoundTrip(r *http.Request) (*http.Response, error) {
	t.asked = append(t.asked, r.Context().Value(callKey{}))
	return nil, errors.New("not today")
}

func TestALoggerAndATransportSeeTheContextOfTheCall(t *testing.T) {
	seen := &tracing{Handler: slog.NewTextHandler(new(bytes.Buffer),
		&slog.HandlerOptions{Level: slog.LevelDebug})}
	options := []leakdiag.Option{leakdiag.WithLogger(slog.New(seen)), leakdiag.WithTransport(seen)}
	ctx := context.WithValue(context.Background(), callKey{}, "first")
	_ = must(leakdiag.ReadLoad(ctx, "http://h:1", options...))(t)
	scenario := must(leakdiag.BuiltinScenario("otel-demo/checkout", leakdiag.WithSet(
		"ofrep_url=http://h:1", "locust_url=http://h:2", "pid="+strconv.Itoa(os.Getpid()))))(t)
	session := must(leakdiag.NewSession(scenario, options...))(t)
	defer session.Close()
	for _, call := range []string{"first", "second"} {
		seen.heard, seen.asked = nil, nil
		_ = must(session.Gather(context.WithValue(ctx, callKey{}, call)))(t)
		same(t, "heard", len(seen.heard) > 0, true)
		same(t, "asked", len(seen.asked) > 0, true)
		for _, value := range append(seen.heard, seen.asked...) {
			same(t, "context", value, any(call))
		}
	}
}

type panicking struct{ slog.Handler }

func (panicking) Handle(context.Context, slog.Record) error { panic("mine") }

func TestAPanicOfALoggerGoesOnAfterCHasReturned(t *testing.T) {
	logger := slog.New(panicking{slog.NewTextHandler(new(bytes.Buffer),
		&slog.HandlerOptions{Level: slog.LevelDebug})})
	defer func() { same(t, "panic", recover(), any("in the logger: mine")) }()
	_, _ = leakdiag.EvaluateFlag(context.Background(), recorded(t).URL, "k", leakdiag.WithLogger(logger))
	t.Error("no panic")
}

func TestLogLevelsHaveNames(t *testing.T) {
	same(t, "levels", leakdiag.LogLevelDebug.String()+leakdiag.LogLevelInfo.String()+
		leakdiag.LogLevelWarning.String(), "debuginfowarning")
}
