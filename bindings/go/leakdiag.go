// Package leakdiag says why the memory of a service is (not) growing.
//
// The tools stand alone: [EvaluateFlag], [MemoryOfProcess], [ReadLoad], [NewPatterns], [NewSeries],
// [ParseTimeline]. On top: [Scenario], [Session], [Observation], [Diagnosis].
//
// It is libleakdiag, a C library, through cgo; pkg-config must find it. Every object is given back
// by Close, or else when the garbage collector finds it. Finished objects never change and may be
// read from any goroutine, but Close only when no other goroutine uses them any more; an object that
// is used after Close panics, or returns an error where its method has one. A [Session] and a [Scan]
// serve one goroutine at a time.
//
// What is not known is never zero: numbers are NaN, counts -1, as each method says. Errors are
// [*Error]; errors.Is(err, leakdiag.ErrNotFound) asks for one kind. A call with a context that is
// done returns the context's cause; [Session.Watch] alone returns what is known so far.
package leakdiag

import (
	"encoding/json"
	"math"
	"runtime"
	"sync/atomic"
	"time"

	"leakdiag.example/leakdiag/internal/capi"
)

// Version is the version of the C library that is running.
func Version() string {
	return capi.Text(capi.Version())
}

// ParseQuantity reads a size as Kubernetes writes it, in bytes: "20Mi", "20M", "1.5Gi".
func ParseQuantity(text string) (int64, error) {
	var bytes int64
	err := call("quantity", func(e *capi.ErrorDetail) int {
		return capi.Quantity_parse(text, &bytes, e)
	})
	return bytes, err
}

// ParseDuration reads a duration: "90s", "3m", "1h20m", "1.5s"; a bare number is seconds.
func ParseDuration(text string) (time.Duration, error) {
	var ms int64
	err := call("duration", func(e *capi.ErrorDetail) int {
		return capi.Duration_parse(text, &ms, e)
	})
	if ms > math.MaxInt64/int64(time.Millisecond) {
		ms = math.MaxInt64 / int64(time.Millisecond)
	}
	return time.Duration(ms) * time.Millisecond, err
}

// ReadFile reads a whole file or pipe of at most maxBytes; "-" is standard input.
func ReadFile(path string, maxBytes int64) ([]byte, error) {
	var data *byte
	var n int64
	err := call("file", func(e *capi.ErrorDetail) int {
		return capi.File_read(path, maxBytes, &data, &n, e)
	})
	if err != nil {
		return nil, err
	}
	defer capi.Free(data)
	return capi.Bytes(data, n), nil
}

// WriteFile writes a file as a whole or not at all, readable by its owner only.
func WriteFile(path string, data []byte, replace bool) error {
	return call("file", func(e *capi.ErrorDetail) int {
		return capi.File_write(path, data, flagOf(replace), e)
	})
}

// object is a C object: what all types of this package have in common.
type object struct {
	handle atomic.Uintptr
	free   func(uintptr) // nil for one that is borrowed
	parent *object       // what it is borrowed from: closed with it
}

func newObject(handle uintptr, free func(uintptr), parent *object) *object {
	o := &object{free: free, parent: parent}
	o.handle.Store(handle)
	if free != nil {
		runtime.SetFinalizer(o, func(o *object) { _ = o.Close() })
	}
	return o
}

// Close gives the object back now. Closing again is fine. The error is always nil.
func (o *object) Close() error {
	if handle := o.handle.Swap(0); handle != 0 && o.free != nil {
		runtime.SetFinalizer(o, nil)
		o.free(handle)
	}
	return nil
}

// load is the C object, 0 once it or what it is borrowed from is closed.
func (o *object) load() uintptr {
	if o.parent != nil && o.parent.load() == 0 {
		return 0
	}
	return o.handle.Load()
}

// read calls a getter; the object stays alive meanwhile.
func read[T any](o *object, get func(uintptr) T) T {
	value := get(o.load())
	runtime.KeepAlive(o)
	return value
}

// text calls a getter of a text and copies it; a missing one is "".
func text(o *object, get func(uintptr) *byte) string {
	value := capi.Text(get(o.load()))
	runtime.KeepAlive(o)
	return value
}

// textAt is text for the i-th of something.
func textAt(o *object, get func(uintptr, int64) *byte, i int64) string {
	value := capi.Text(get(o.load(), i))
	runtime.KeepAlive(o)
	return value
}

// readAt is read for the i-th of something.
func readAt[T any](o *object, get func(uintptr, int64) T, i int64) T {
	value := get(o.load(), i)
	runtime.KeepAlive(o)
	return value
}

// toJSON calls a function that writes an object as text.
func toJSON(o *object, op string, write func(uintptr, **byte, *capi.ErrorDetail) int) (string, error) {
	var made *byte
	err := call(op, func(e *capi.ErrorDetail) int {
		return write(o.load(), &made, e)
	})
	runtime.KeepAlive(o)
	if err != nil {
		return "", err
	}
	return capi.Taken(made), nil
}

// raw is what MarshalJSON makes of ToJSON.
func raw(made string, err error) ([]byte, error) {
	return json.RawMessage(made), err
}

func flagOf(b bool) int {
	if b {
		return 1
	}
	return 0
}
