package leakdiag

import (
	"runtime"

	"leakdiag.example/leakdiag/internal/capi"
)

// TimelinePoint is one point of the expected curve.
type TimelinePoint struct {
	AtMs  int64 // since the clock starts
	Bytes float64
	Phase string // from here on; "" for none
}

// Timeline is the expected curve.
type Timeline struct{ *object }

var timelineOptions = []string{"WithToleranceBytes", "WithTolerance", "WithOOMAtEnd", "WithTimeScale"}

// NewTimeline makes a curve from points; between them it is straight. Options: WithToleranceBytes,
// WithTolerance, WithOOMAtEnd, WithTimeScale.
func NewTimeline(points []TimelinePoint, options ...Option) (*Timeline, error) {
	return timelineOf(options, func(o capi.Timeline_options, ret *uintptr, e *capi.ErrorDetail) int {
		var hold capi.Hold
		defer hold.Release()
		list := make([]capi.Point, len(points))
		for i, p := range points {
			list[i] = capi.Point{AtMs: p.AtMs, Bytes: p.Bytes, Phase: hold.OptionalText(p.Phase)}
		}
		return capi.Timeline_new(list, o, ret, e)
	})
}

// ParseTimeline makes a curve from text: "0m=8Mi,3m=10Mi,20m=20Mi". Options as for NewTimeline.
func ParseTimeline(text string, options ...Option) (*Timeline, error) {
	return timelineOf(options, func(o capi.Timeline_options, ret *uintptr, e *capi.ErrorDetail) int {
		return capi.Timeline_parse(text, o, ret, e)
	})
}

func timelineOf(options []Option,
	make func(capi.Timeline_options, *uintptr, *capi.ErrorDetail) int) (*Timeline, error) {
	s, err := collect("timeline", options, timelineOptions...)
	if err != nil {
		return nil, err
	}
	var handle uintptr
	err = call("timeline", func(e *capi.ErrorDetail) int {
		o := capi.NewTimeline_options()
		defer capi.DeleteTimeline_options(o)
		o.SetTolerance_bytes(s.toleranceBytes)
		o.SetTolerance_ms(s.tolerance.Milliseconds())
		o.SetOom_at_end(int64(flagOf(s.oomAtEnd)))
		o.SetTime_scale(s.timeScale)
		return make(o, &handle, e)
	})
	if err != nil {
		return nil, err
	}
	return &Timeline{newObject(handle, capi.Timeline_free, nil)}, nil
}

// Scale is the curve for another speed: all times multiplied by timeRatio.
func (t *Timeline) Scale(timeRatio float64) (*Timeline, error) {
	var handle uintptr
	err := call("timeline", func(e *capi.ErrorDetail) int {
		return capi.Timeline_scale(t.load(), timeRatio, &handle, e)
	})
	runtime.KeepAlive(t)
	if err != nil {
		return nil, err
	}
	return &Timeline{newObject(handle, capi.Timeline_free, nil)}, nil
}

// BytesAt is what is expected at a time.
func (t *Timeline) BytesAt(atMs int64) float64 {
	return readAt(t.object, capi.Timeline_bytes_at, atMs)
}

// BandAt is the lower and upper edge of the band there.
func (t *Timeline) BandAt(atMs int64) (lo, hi float64) {
	return readAt(t.object, capi.Timeline_lo_bytes_at, atMs),
		readAt(t.object, capi.Timeline_hi_bytes_at, atMs)
}

// PhaseAt is the name of the phase at a time, "" before the first one.
func (t *Timeline) PhaseAt(atMs int64) string {
	return textAt(t.object, capi.Timeline_phase_at, atMs)
}

// EndMs is the time of the last point.
func (t *Timeline) EndMs() int64 { return read(t.object, capi.Timeline_end_ms) }

// Points are the points.
func (t *Timeline) Points() []TimelinePoint {
	points := make([]TimelinePoint, read(t.object, capi.Timeline_len))
	for i := range points {
		var p capi.Point
		capi.Timeline_point_at(t.load(), int64(i), &p)
		points[i] = TimelinePoint{p.AtMs, p.Bytes, capi.Text(p.Phase)}
	}
	runtime.KeepAlive(t)
	return points
}

// Comparison is how a series stands against the curve.
type Comparison struct{ *object }

// Compare holds a series against the curve. Options: WithStart, WithNow, WithStaleAfter, WithLimit,
// WithSoftLimit, WithRestarts, WithOOMKills.
func (t *Timeline) Compare(series *Series, options ...Option) (*Comparison, error) {
	s, err := collect("compare", options, "WithStart", "WithNow", "WithStaleAfter", "WithLimit",
		"WithSoftLimit", "WithRestarts", "WithOOMKills")
	if err != nil {
		return nil, err
	}
	var handle uintptr
	err = call("compare", func(e *capi.ErrorDetail) int {
		var hold capi.Hold
		defer hold.Release()
		o := capi.NewCompare_options()
		defer capi.DeleteCompare_options(o)
		o.SetHas_start(int64(flagOf(s.hasStart)))
		o.SetStart_ms(s.start)
		o.SetHas_now(int64(flagOf(s.hasNow)))
		o.SetNow_ms(s.now)
		o.SetStale_after_ms(s.staleAfter.Milliseconds())
		o.SetLimit_bytes(s.limit)
		o.SetSoft_limit_bytes(s.softLimit)
		o.SetRestart_times_ms(hold.Times(s.restarts))
		o.SetRestart_count(int64(len(s.restarts)))
		o.SetOom_times_ms(hold.Times(s.kills))
		o.SetOom_count(int64(len(s.kills)))
		return capi.Timeline_compare(t.load(), series.load(), o, &handle, e)
	})
	runtime.KeepAlive(t)
	runtime.KeepAlive(series)
	if err != nil {
		return nil, err
	}
	return &Comparison{newObject(handle, capi.Comparison_free, nil)}, nil
}

// Finding is the answer.
func (c *Comparison) Finding() MemoryFinding {
	return MemoryFinding(read(c.object, capi.Comparison_finding))
}

// IsMatch says whether the first OOM kill came within 30 % of the curve's end.
func (c *Comparison) IsMatch() bool { return read(c.object, capi.Comparison_is_match) != 0 }

// FirstDeviationS is when the climb that decided left the band for good, or NaN.
func (c *Comparison) FirstDeviationS() float64 {
	return read(c.object, capi.Comparison_first_deviation_s)
}

// FittedTimeRatio is the observed pace: 1 as expected, 3 when it takes three times as long; or NaN.
func (c *Comparison) FittedTimeRatio() float64 {
	return read(c.object, capi.Comparison_fitted_time_ratio)
}

// DecidesAtMs is, when too early, the earliest time at which it can be decided; else 0.
func (c *Comparison) DecidesAtMs() int64 { return read(c.object, capi.Comparison_decides_at_ms) }

// PositionMs is where on the curve the last sample lies.
func (c *Comparison) PositionMs() int64 { return read(c.object, capi.Comparison_position_ms) }

// StartMs is when the clock of the climb under way started.
func (c *Comparison) StartMs() int64 { return read(c.object, capi.Comparison_start_ms) }

// ObservedBytes is the last that was observed, or NaN.
func (c *Comparison) ObservedBytes() float64 { return read(c.object, capi.Comparison_observed_bytes) }

// ExpectedBytes is what is expected at that position, or NaN.
func (c *Comparison) ExpectedBytes() float64 { return read(c.object, capi.Comparison_expected_bytes) }

// Trend is the series' own trend. It is closed with the comparison.
func (c *Comparison) Trend() *Trend {
	return &Trend{newObject(read(c.object, capi.Comparison_trend), nil, c.object)}
}

// ToJSON is the comparison as the C library and the command write it.
func (c *Comparison) ToJSON() (string, error) { return c.ToJSONOf("") }

// ToJSONOf is ToJSON with the name of a file in it.
func (c *Comparison) ToJSONOf(file string) (string, error) {
	return toJSON(c.object, "comparison", func(handle uintptr, ret **byte, e *capi.ErrorDetail) int {
		return capi.Comparison_to_json(handle, file, ret, e)
	})
}

// MarshalJSON is ToJSON.
func (c *Comparison) MarshalJSON() ([]byte, error) { return raw(c.ToJSON()) }
