package leakdiag

import (
	"runtime"
	"sync"

	"leakdiag.example/leakdiag/internal/capi"
)

// Pattern is a fixed string, or a regular expression (PCRE2), to look for in each line.
type Pattern struct {
	Name, Text string
	IgnoreCase bool
	Regex      bool
}

// Patterns is a compiled set; scans and goroutines may share it.
type Patterns struct{ *object }

// NewPatterns compiles a set.
func NewPatterns(patterns ...Pattern) (*Patterns, error) {
	var handle uintptr
	err := call("patterns", func(e *capi.ErrorDetail) int {
		var hold capi.Hold
		defer hold.Release()
		list := make([]capi.Pattern, len(patterns))
		for i, p := range patterns {
			list[i] = capi.Pattern{Name: hold.Text(p.Name), Text: hold.Text(p.Text)}
			list[i].Flags = uint64(flagOf(p.IgnoreCase) | flagOf(p.Regex)<<1)
		}
		return capi.Patterns_new(list, &handle, e)
	})
	if err != nil {
		return nil, err
	}
	return &Patterns{newObject(handle, capi.Patterns_unref, nil)}, nil
}

// Share is another reference to the same set, with a life of its own.
func (p *Patterns) Share() *Patterns {
	return &Patterns{newObject(read(p.object, capi.Patterns_ref), capi.Patterns_unref, nil)}
}

// Names in the order given.
func (p *Patterns) Names() []string {
	names := make([]string, read(p.object, capi.Patterns_len))
	for i := range names {
		names[i] = textAt(p.object, capi.Patterns_name, int64(i))
	}
	return names
}

// LogLine is one matching line.
type LogLine struct {
	Data    []byte
	Number  uint64 // from 1
	HasTime bool
	TimeMs  int64 // Unix ms, when HasTime
}

// Capture are numbers that a group of a regular expression captured.
type Capture struct {
	Group          int
	Last, Min, Max float64
}

// ScanSlices is the number of equal slices that the window is counted in.
const ScanSlices = 20

// Scan is a scan in progress, then its result. It is an io.Writer. Patterns are counted from 0.
type Scan struct {
	*object
	mutex sync.Mutex
}

// NewScan begins a scan. Options: WithWindow, WithRecent.
func (p *Patterns) NewScan(options ...Option) (*Scan, error) {
	s, err := collect("scan", options, "WithWindow", "WithRecent")
	if err != nil {
		return nil, err
	}
	var handle uintptr
	err = call("scan", func(e *capi.ErrorDetail) int {
		o := capi.NewScan_options()
		defer capi.DeleteScan_options(o)
		o.SetWindow_from_ms(s.windowFrom)
		o.SetWindow_to_ms(s.windowTo)
		o.SetRecent(s.recent)
		return capi.Scan_new(p.load(), o, &handle, e)
	})
	runtime.KeepAlive(p)
	if err != nil {
		return nil, err
	}
	return &Scan{object: newObject(handle, capi.Scan_free, nil)}, nil
}

// Close gives the scan back now. Closing again is fine.
func (s *Scan) Close() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.object.Close()
}

// Write pushes bytes; any cut is fine.
func (s *Scan) Write(data []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	err := call("scan", func(e *capi.ErrorDetail) int {
		return capi.Scan_push(s.load(), data, e)
	})
	runtime.KeepAlive(s)
	if err != nil {
		return 0, err
	}
	return len(data), nil
}

// Finish says that the input ends here: a last line without a newline is judged now.
func (s *Scan) Finish() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	err := call("scan", func(e *capi.ErrorDetail) int { return capi.Scan_finish(s.load(), e) })
	runtime.KeepAlive(s)
	return err
}

func scanned[T any](s *Scan, get func(uintptr, int64) T, i int) T {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return readAt(s.object, get, int64(i))
}

func scannedAll[T any](s *Scan, get func(uintptr) T) T {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return read(s.object, get)
}

// Count is the number of lines that match pattern i.
func (s *Scan) Count(i int) uint64 { return scanned(s, capi.Scan_count, i) }

// WindowCount is the same, without lines dated before the window.
func (s *Scan) WindowCount(i int) uint64 { return scanned(s, capi.Scan_window_count, i) }

// SliceCount is the number of matching lines dated in a slice of the window.
func (s *Scan) SliceCount(i, slice int) uint64 {
	return scannedAll(s, func(handle uintptr) uint64 {
		return capi.Scan_slice_count(handle, int64(i), int64(slice))
	})
}

// First is the line matching pattern i that came first, nil without one.
func (s *Scan) First(i int) *LogLine { return s.line(capi.Scan_first, i) }

// Last is the line matching pattern i that came last, nil without one.
func (s *Scan) Last(i int) *LogLine { return s.line(capi.Scan_last, i) }

func (s *Scan) line(get func(uintptr, int64, *capi.Line) int, i int) *LogLine {
	return scannedAll(s, func(handle uintptr) *LogLine {
		var line capi.Line
		if get(handle, int64(i), &line) == 0 {
			return nil
		}
		made := logLine(&line)
		return &made
	})
}

func logLine(line *capi.Line) LogLine {
	return LogLine{line.Data(), line.Number, line.HasTime != 0, line.TimeMs}
}

// Captures are the groups of pattern i that were read as numbers.
func (s *Scan) Captures(i int) []Capture {
	return scannedAll(s, func(handle uintptr) []Capture {
		var found []Capture
		n, k := capi.Scan_capture_count(handle, int64(i)), int64(i)
		for group := int64(1); group <= 8 && int64(len(found)) < n; group++ {
			last := capi.Scan_capture_last(handle, k, group)
			if last == last {
				found = append(found, Capture{int(group), last,
					capi.Scan_capture_min(handle, k, group), capi.Scan_capture_max(handle, k, group)})
			}
		}
		return found
	})
}

// Expensive is the number of lines on which pattern i was given up: its count is a lower bound.
func (s *Scan) Expensive(i int) uint64 { return scanned(s, capi.Scan_expensive, i) }

// RatePerMin is the matching lines per minute over the time that the log covers, or NaN.
func (s *Scan) RatePerMin(i int) float64 { return scanned(s, capi.Scan_rate_per_min, i) }

// Lines is the number of lines, matching or not.
func (s *Scan) Lines() uint64 { return scannedAll(s, capi.Scan_lines) }

// Bytes is the number of bytes pushed.
func (s *Scan) Bytes() uint64 { return scannedAll(s, capi.Scan_bytes) }

// PendingBytes is the number of bytes since the last newline, not judged yet.
func (s *Scan) PendingBytes() int64 { return scannedAll(s, capi.Scan_pending_bytes) }

// Truncated is the number of lines that were too long to be searched whole.
func (s *Scan) Truncated() uint64 { return scannedAll(s, capi.Scan_truncated) }

// TimeSpan are the earliest and latest time that any line carried, Unix ms, and whether one did.
func (s *Scan) TimeSpan() (fromMs, toMs int64, ok bool) {
	ok = scannedAll(s, func(handle uintptr) int {
		return capi.Scan_time_span(handle, &fromMs, &toMs)
	}) != 0
	return
}

// Recent are the latest matching lines that were kept, oldest first.
func (s *Scan) Recent() []LogLine {
	return scannedAll(s, func(handle uintptr) []LogLine {
		lines := make([]LogLine, capi.Scan_recent_len(handle))
		for i := range lines {
			var line capi.Line
			var first int64
			capi.Scan_recent(handle, int64(i), &first, &line)
			lines[i] = logLine(&line)
		}
		return lines
	})
}

// RecentMatches says whether kept line i matches a pattern.
func (s *Scan) RecentMatches(i, pattern int) bool {
	return scannedAll(s, func(handle uintptr) int {
		return capi.Scan_recent_matches(handle, int64(i), int64(pattern))
	}) != 0
}

// ToJSON is the result as the C library and the command write it.
func (s *Scan) ToJSON() (string, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return toJSON(s.object, "scan", capi.Scan_to_json)
}

// MarshalJSON is ToJSON.
func (s *Scan) MarshalJSON() ([]byte, error) { return raw(s.ToJSON()) }
