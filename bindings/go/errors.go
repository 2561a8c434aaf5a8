package leakdiag

import (
	"errors"
	"fmt"

	"leakdiag.example/leakdiag/internal/capi"
)

// Status is what went wrong, grouped by what a caller would do about it. It is an error itself, so
// that errors.Is(err, ErrNotFound) works.
type Status int

// All that can go wrong.
const (
	ErrInvalid     Status = -1  // bad argument or bad input: correct it
	ErrNoMemory    Status = -2  // out of memory
	ErrIO          Status = -3  // a file or connection failed
	ErrTimeout     Status = -4  // the deadline passed
	ErrCancelled   Status = -5  // the call was cancelled
	ErrAuth        Status = -6  // refused: credentials or rights
	ErrNotFound    Status = -7  // no such thing
	ErrConflict    Status = -8  // changed meanwhile, or exists already
	ErrProtocol    Status = -9  // the other side does not speak as it should
	ErrLimit       Status = -10 // larger, deeper or longer than allowed
	ErrUnsupported Status = -11 // not here, or not in this version
	ErrCallback    Status = -12 // a callback asked to stop
)

// Error is the status as a word, like "not-found".
func (s Status) Error() string {
	return capi.Text(capi.Status_name(int(s)))
}

// Error is a call of the library that failed.
type Error struct {
	Op         string // what was called
	Status     Status
	HTTPStatus int    // of the answer that caused it, or 0
	Retriable  bool   // trying again later may help
	Line       int    // of the input, from 1, or 0
	Column     int    // of the input, from 1, or 0
	Message    string // what, where, why and the next step, on one line
}

// Error is the operation and the message.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s", e.Op, e.Message)
}

// Is makes errors.Is(err, ErrNotFound) and its kin work.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Status
}

// Unwrap is the status.
func (e *Error) Unwrap() error {
	return e.Status
}

// call runs a function that can fail. What would have crashed in C becomes an error too.
func call(op string, f func(*capi.ErrorDetail) int) (err error) {
	var detail capi.ErrorDetail
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case capi.Misuse:
			err = &Error{Op: op, Status: ErrInvalid, Message: reason.Error()}
		default:
			panic(reason)
		}
	}()
	if status := Status(f(&detail)); status != 0 {
		return &Error{
			Op: op, Status: status, HTTPStatus: int(detail.HTTPStatus),
			Retriable: detail.Flags&1 != 0, Line: int(detail.Line), Column: int(detail.Column),
			Message: detail.Message(),
		}
	}
	return nil
}

// invalid is an error that this package found itself.
func invalid(op, format string, arguments ...any) error {
	return &Error{Op: op, Status: ErrInvalid, Message: fmt.Sprintf(format, arguments...)}
}

// isCancelled says whether C ended the call because it was told to.
func isCancelled(err error) bool {
	return errors.Is(err, ErrCancelled)
}
