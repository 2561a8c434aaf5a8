package leakdiag

import (
	"runtime"
	"unsafe"

	"leakdiag.example/leakdiag/internal/capi"
)

// Series is times and values; it never changes.
type Series struct{ *object }

// NewSeries copies times in ms and values in bytes.
func NewSeries(timesMs []int64, values []float64) (*Series, error) {
	if len(timesMs) != len(values) {
		return nil, invalid("series", "%d times but %d values; give as many of each",
			len(timesMs), len(values))
	}
	var handle uintptr
	err := call("series", func(e *capi.ErrorDetail) int {
		return capi.Series_new(unsafe.SliceData(timesMs), unsafe.SliceData(values),
			int64(len(values)), &handle, e)
	})
	if err != nil {
		return nil, err
	}
	return newSeries(handle), nil
}

// SeriesFromCSV reads a CSV with the columns t (seconds) and ws (bytes).
func SeriesFromCSV(data []byte) (*Series, error) {
	var handle uintptr
	err := call("series", func(e *capi.ErrorDetail) int {
		return capi.Series_from_csv(data, &handle, e)
	})
	if err != nil {
		return nil, err
	}
	return newSeries(handle), nil
}

func newSeries(handle uintptr) *Series {
	return &Series{newObject(handle, capi.Series_unref, nil)}
}

// Share is another reference to the same series, with a life of its own.
func (s *Series) Share() *Series { return newSeries(read(s.object, capi.Series_ref)) }

// Len is the number of points.
func (s *Series) Len() int { return int(read(s.object, capi.Series_len)) }

// View lends the C memory of the series to f: no copy. f may neither write to it nor keep it.
func (s *Series) View(f func(timesMs []int64, values []float64)) {
	handle, n := s.load(), s.Len()
	f(unsafe.Slice(capi.Series_times_ms(handle), n), unsafe.Slice(capi.Series_values(handle), n))
	runtime.KeepAlive(s)
}

// TimesMs copies the times.
func (s *Series) TimesMs() (made []int64) {
	s.View(func(times []int64, _ []float64) { made = append([]int64{}, times...) })
	return
}

// Values copies the values.
func (s *Series) Values() (made []float64) {
	s.View(func(_ []int64, values []float64) { made = append([]float64{}, values...) })
	return
}

// Trend is what a series says alone.
type Trend struct{ *object }

// Analyze cleans the series, splits it at restarts, and judges the segment that counts. Options:
// WithLimit, WithSoftLimit, WithRestarts, WithOOMKills, WithTimeScale.
func (s *Series) Analyze(options ...Option) (*Trend, error) {
	given, err := collect("analyze", options, "WithLimit", "WithSoftLimit", "WithRestarts",
		"WithOOMKills", "WithTimeScale")
	if err != nil {
		return nil, err
	}
	var handle uintptr
	err = call("analyze", func(e *capi.ErrorDetail) int {
		var hold capi.Hold
		defer hold.Release()
		o := capi.NewTrend_options()
		defer capi.DeleteTrend_options(o)
		o.SetLimit_bytes(given.limit)
		o.SetSoft_limit_bytes(given.softLimit)
		o.SetRestart_times_ms(hold.Times(given.restarts))
		o.SetRestart_count(int64(len(given.restarts)))
		o.SetOom_times_ms(hold.Times(given.kills))
		o.SetOom_count(int64(len(given.kills)))
		o.SetTime_scale(given.timeScale)
		return capi.Series_analyze(s.load(), o, &handle, e)
	})
	runtime.KeepAlive(s)
	if err != nil {
		return nil, err
	}
	return &Trend{newObject(handle, capi.Trend_free, nil)}, nil
}

// Verdict says whether it is leaking.
func (t *Trend) Verdict() LeakVerdict { return LeakVerdict(read(t.object, capi.Trend_verdict)) }

// Score is 0 (surely not) to 1 (surely) leaking, leak from 0.5 on; NaN when too early.
func (t *Trend) Score() float64 { return read(t.object, capi.Trend_score) }

// IsUnsure says whether the verdict is close to the other one.
func (t *Trend) IsUnsure() bool { return read(t.object, capi.Trend_is_unsure) != 0 }

// SlopeBytesPerS is the growth of the working set; NaN when too early.
func (t *Trend) SlopeBytesPerS() float64 { return read(t.object, capi.Trend_slope_bytes_per_s) }

// SlopeIntervalBytesPerS is the slope's 95 % interval, or NaN.
func (t *Trend) SlopeIntervalBytesPerS() (lo, hi float64) {
	return read(t.object, capi.Trend_slope_lo_bytes_per_s),
		read(t.object, capi.Trend_slope_hi_bytes_per_s)
}

// TTLS is the seconds until the limit is reached at this pace, or NaN.
func (t *Trend) TTLS() float64 { return read(t.object, capi.Trend_ttl_s) }

// TTLIntervalS is the earliest and latest it may be reached, or NaN.
func (t *Trend) TTLIntervalS() (lo, hi float64) {
	return read(t.object, capi.Trend_ttl_lo_s), read(t.object, capi.Trend_ttl_hi_s)
}

// LevelBytes is where memory stands at the end of the series, or NaN.
func (t *Trend) LevelBytes() float64 { return read(t.object, capi.Trend_level_bytes) }

// TraceClass is a word for the shape.
func (t *Trend) TraceClass() TraceClass { return TraceClass(read(t.object, capi.Trend_trace_class)) }

// Finding is the shape as a memory finding, without any expected curve.
func (t *Trend) Finding() MemoryFinding { return MemoryFinding(read(t.object, capi.Trend_finding)) }

// OOMTimesMs are the OOM kills, known ones included.
func (t *Trend) OOMTimesMs() []int64 {
	return numbers(t.object, capi.Trend_oom_count, capi.Trend_oom_time_ms)
}

// RestartTimesMs are the restarts, known ones and OOM kills included.
func (t *Trend) RestartTimesMs() []int64 {
	return numbers(t.object, capi.Trend_restart_count, capi.Trend_restart_time_ms)
}

func numbers(o *object, count func(uintptr) int64, at func(uintptr, int64) int64) []int64 {
	made := make([]int64, read(o, count))
	for i := range made {
		made[i] = readAt(o, at, int64(i))
	}
	return made
}

// SegmentMs is the first and last time of the judged segment; zeros when there is none.
func (t *Trend) SegmentMs() (from, to int64) {
	return read(t.object, capi.Trend_segment_from_ms), read(t.object, capi.Trend_segment_to_ms)
}

// ToJSON is the trend as the C library and the command write it.
func (t *Trend) ToJSON() (string, error) { return t.ToJSONOf("") }

// ToJSONOf is ToJSON with the name of a file in it.
func (t *Trend) ToJSONOf(file string) (string, error) {
	return toJSON(t.object, "trend", func(handle uintptr, ret **byte, e *capi.ErrorDetail) int {
		return capi.Trend_to_json(handle, file, ret, e)
	})
}

// MarshalJSON is ToJSON.
func (t *Trend) MarshalJSON() ([]byte, error) { return raw(t.ToJSON()) }
