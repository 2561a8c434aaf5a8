package leakdiag

import (
	"fmt"
	"math"
	"strings"
)

// shown is a value as fmt prints it: Name(field=value, …). What is not known is "unknown".
func (o *object) shown(name string, fields func() []any) string {
	if o == nil || o.load() == 0 {
		return "<" + name + " (closed)>"
	}
	pairs := fields()
	made := make([]string, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		made = append(made, fmt.Sprintf("%s=%s", pairs[i], shownValue(pairs[i+1])))
	}
	return name + "(" + strings.Join(made, ", ") + ")"
}

func shownValue(value any) string {
	switch v := value.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case float64:
		if math.IsNaN(v) {
			return "unknown"
		}
		return fmt.Sprintf("%.15g", v)
	case count:
		if v < 0 {
			return "unknown"
		}
		return fmt.Sprint(int64(v))
	case rawText:
		if v == "" {
			return "none"
		}
		return string(v)
	}
	return fmt.Sprint(value)
}

type (
	count   int64  // -1 when not known
	rawText string // shown without quotes
)

// String is the verdict and its reason.
func (d *Diagnosis) String() string {
	return d.shown("Diagnosis", func() []any {
		return []any{"verdict", d.Verdict(), "summary", d.Summary()}
	})
}

// String is the key, the state and the value.
func (f *Flag) String() string {
	return f.shown("Flag", func() []any {
		return []any{"key", f.Key(), "state", f.State(), "value", rawText(f.ValueJSON()),
			"variant", f.Variant(), "reason", f.Reason(), "detail", f.Detail()}
	})
}

// String is the state and how many there are.
func (f *Flags) String() string {
	return f.shown("Flags", func() []any {
		return []any{"state", f.State(), "len", f.Len(), "detail", f.Detail()}
	})
}

// String is what was read.
func (m *Memory) String() string {
	return m.shown("Memory", func() []any {
		limit := any(m.LimitBytes())
		if m.HasLimit() == 0 {
			limit = rawText("")
		}
		return []any{"kind", m.Kind(), "pid", m.PID(), "working_set_bytes", m.WorkingSetBytes(),
			"limit_bytes", limit, "oom_kills", count(m.OOMKills()), "detail", m.Detail()}
	})
}

// String is the state and the users.
func (l *Load) String() string {
	return l.shown("Load", func() []any {
		return []any{"state", l.State(), "users", count(l.Users()),
			"target_users", count(l.TargetUsers()), "detail", l.Detail()}
	})
}

// String is the number of points.
func (s *Series) String() string {
	return s.shown("Series", func() []any { return []any{"len", s.Len()} })
}

// String is the verdict and what it goes by.
func (t *Trend) String() string {
	return t.shown("Trend", func() []any {
		return []any{"verdict", t.Verdict(), "trace_class", t.TraceClass(), "finding", t.Finding(),
			"slope_bytes_per_s", t.SlopeBytesPerS(), "ttl_s", t.TTLS()}
	})
}

// String is the number of points.
func (t *Timeline) String() string {
	return t.shown("Timeline", func() []any { return []any{"len", len(t.Points())} })
}

// String is what the comparison found.
func (c *Comparison) String() string {
	return c.shown("Comparison", func() []any {
		return []any{"finding", c.Finding(), "fitted_time_ratio", c.FittedTimeRatio(),
			"first_deviation_s", c.FirstDeviationS()}
	})
}

// String is the time that it covers.
func (o *Observation) String() string {
	return o.shown("Observation", func() []any {
		return []any{"now_ms", o.NowMs(), "first_ms", o.FirstMs()}
	})
}

// String is its name and title.
func (s *Scenario) String() string {
	return s.shown("Scenario", func() []any { return []any{"name", s.Name(), "title", s.Title()} })
}

// String is where it is and who asks.
func (c *Cluster) String() string {
	return c.shown("Cluster", func() []any {
		return []any{"server", c.Server(), "context", c.Context(), "namespace_name", c.NamespaceName(),
			"user", c.User()}
	})
}

// String is what was asked and how the rollout stands.
func (p *Pods) String() string {
	return p.shown("Pods", func() []any {
		return []any{"namespace_name", p.NamespaceName(), "selector", p.Selector(),
			"rollout", p.Rollout(), "detail", p.Detail()}
	})
}

// String is how many rights are missing.
func (a *Access) String() string {
	return a.shown("Access", func() []any { return []any{"denied_count", a.DeniedCount()} })
}

// String is the names.
func (p *Patterns) String() string {
	return p.shown("Patterns", func() []any { return []any{"names", p.Names()} })
}

// String is the number of lines so far.
func (s *Scan) String() string {
	return s.shown("Scan", func() []any { return []any{"lines", s.Lines()} })
}

// String is its name alone: a session may be at work elsewhere.
func (s *Session) String() string { return s.shown("Session", func() []any { return nil }) }
