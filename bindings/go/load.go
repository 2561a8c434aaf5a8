package leakdiag

import (
	"context"
	"runtime"

	"leakdiag.example/leakdiag/internal/capi"
)

// Load is one answer of a load generator (Locust).
type Load struct{ *object }

// LoadRow is one row of the statistics; -1 and NaN when not known.
type LoadRow struct {
	Name, Method       string
	Requests, Failures int64
	RatePerS           float64
}

// ReadLoad asks Locust; with a cluster also a service of it, "load-generator:8089". A service that
// does not answer is a state, no error. Options: WithCluster, WithNamespace, WithTransport,
// WithLogger.
func ReadLoad(ctx context.Context, url string, options ...Option) (*Load, error) {
	s, err := collect("load", options, "WithCluster", "WithNamespace", "WithTransport", "WithLogger")
	if err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(s)
	var handle uintptr
	err = s.asking(ctx, "load", func(t token, h hooks, e *capi.ErrorDetail) int {
		var hold capi.Hold
		defer hold.Release()
		o := capi.NewLoad_options()
		defer capi.DeleteLoad_options(o)
		o.SetDeadline_ms(deadlineMs(ctx))
		o.SetCancel(t.load())
		if s.cluster != nil {
			o.SetCluster(s.cluster.handleOf())
		}
		o.SetNamespace_name(hold.OptionalText(s.namespaceName))
		h.set(o)
		return capi.Load_read(url, o, &handle, e)
	})
	if err != nil {
		return nil, err
	}
	return &Load{newObject(handle, capi.Load_free, nil)}, nil
}

// State is what Locust does now.
func (l *Load) State() LoadState { return LoadState(read(l.object, capi.Load_get_state)) }

// Users now; -1 when not known.
func (l *Load) Users() int64 { return read(l.object, capi.Load_users) }

// TargetUsers asked for; -1 when not known.
func (l *Load) TargetUsers() int64 { return read(l.object, capi.Load_target_users) }

// SpawnPerS is the users started per second; NaN when not known.
func (l *Load) SpawnPerS() float64 { return read(l.object, capi.Load_spawn_per_s) }

// AgeMs is how long the test has been running at least; -1 when not known.
func (l *Load) AgeMs() int64 { return read(l.object, capi.Load_age_ms) }

// FailRatio is the share of failed requests, 0 to 1; NaN when not known.
func (l *Load) FailRatio() float64 { return read(l.object, capi.Load_fail_ratio) }

// Rows are the statistics, without the sum.
func (l *Load) Rows() []LoadRow {
	rows := make([]LoadRow, read(l.object, capi.Load_row_count))
	for i := range rows {
		k := int64(i)
		rows[i] = LoadRow{
			Name:     textAt(l.object, capi.Load_row_name, k),
			Method:   textAt(l.object, capi.Load_row_method, k),
			Requests: readAt(l.object, capi.Load_row_requests, k),
			Failures: readAt(l.object, capi.Load_row_failures, k),
			RatePerS: readAt(l.object, capi.Load_row_rate_per_s, k),
		}
	}
	return rows
}

// Detail says why the state is what it is; may be "".
func (l *Load) Detail() string { return text(l.object, capi.Load_detail) }

// HTTPStatus of the answer, or 0.
func (l *Load) HTTPStatus() int { return read(l.object, capi.Load_http_status) }

// LatencyMs is the time from the question to the answer; -1 when not measured.
func (l *Load) LatencyMs() int64 { return read(l.object, capi.Load_latency_ms) }

// ToJSON is the answer as the C library and the command write it.
func (l *Load) ToJSON() (string, error) { return toJSON(l.object, "load", capi.Load_to_json) }

// MarshalJSON is ToJSON.
func (l *Load) MarshalJSON() ([]byte, error) { return raw(l.ToJSON()) }
