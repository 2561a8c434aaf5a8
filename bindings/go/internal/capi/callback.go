package capi

/*
#include <leakdiag.h>
#include <stdint.h>
#include <stdlib.h>
*/
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// Look is what a watch calls after each look. It may neither panic nor keep the diagnosis.
type Look func(diagnosis uintptr) (stop bool)

//export ldGoOnLook
func ldGoOnLook(diagnosis, token C.uintptr_t) C.int {
	look, ok := cgo.Handle(token).Value().(Look)
	if !ok || look(uintptr(diagnosis)) {
		return 1
	}
	return 0
}

// Request is leakdiag_http_request, copied.
type Request struct {
	Method, URL string
	Body        []byte
	Headers     []string
	DeadlineMs  int64
}

// Answer is leakdiag_http_answer before it is copied to C.
type Answer struct {
	Status, DateMs, LatencyMs int64
	ContentType               string
	Body                      []byte
	Headers                   []string
	Failure                   string // not "": there is no answer, and this is why
	FailureKind               int64
	Broken                    bool // the transport itself: ends the whole call
}

// Answering answers requests from Go. Its function may not panic. It serves one call, or one
// session, at a time: C reads an answer until the next one.
type Answering struct {
	answer func(*Request) Answer
	token  cgo.Handle
	raw    Transport
	kept   []unsafe.Pointer
}

// NewAnswering makes a transport of a function. Release it.
func NewAnswering(answer func(*Request) Answer) *Answering {
	t := &Answering{answer: answer, raw: NewTransport()}
	t.token = cgo.NewHandle(t)
	t.raw.Set_answer(uintptr(t.token))
	return t
}

// C is what options take.
func (t *Answering) C() Transport { return t.raw }

// Release frees it; nothing may use it any more.
func (t *Answering) Release() {
	t.token.Delete()
	DeleteTransport(t.raw)
	t.forget()
}

func (t *Answering) forget() {
	for _, memory := range t.kept {
		C.free(memory)
	}
	t.kept = nil
}

// text is a copy in C memory, nil for "".
func (t *Answering) text(s string) *C.char {
	if s == "" {
		return nil
	}
	made := C.CString(s)
	t.kept = append(t.kept, unsafe.Pointer(made))
	return made
}

// texts is a NULL-terminated array in C memory.
func (t *Answering) texts(list []string) **C.char {
	size := unsafe.Sizeof((*C.char)(nil))
	memory := C.calloc(C.size_t(len(list)+1), C.size_t(size))
	t.kept = append(t.kept, memory)
	array := unsafe.Slice((**C.char)(memory), len(list)+1)
	for i, item := range list {
		array[i] = C.CString(item)
		t.kept = append(t.kept, unsafe.Pointer(array[i]))
	}
	return (**C.char)(memory)
}

func request(r *C.leakdiag_http_request) *Request {
	made := &Request{Method: C.GoString(r.method), URL: C.GoString(r.url),
		DeadlineMs: int64(r.deadline_ms)}
	if r.body != nil {
		made.Body = C.GoBytes(unsafe.Pointer(r.body), C.int(r.body_len))
	}
	for p := r.headers; *p != nil; p = (**C.char)(unsafe.Add(unsafe.Pointer(p), unsafe.Sizeof(*p))) {
		made.Headers = append(made.Headers, C.GoString(*p))
	}
	return made
}

//export ldGoAnswer
func ldGoAnswer(r *C.leakdiag_http_request, ret *C.leakdiag_http_answer, token C.uintptr_t) C.int {
	t, ok := cgo.Handle(token).Value().(*Answering)
	if !ok {
		return 1
	}
	t.forget()
	a := t.answer(request(r))
	if a.Broken {
		return 1
	}
	ret.status, ret.date_ms = C.int64_t(a.Status), C.int64_t(a.DateMs)
	ret.latency_ms, ret.failure_kind = C.int64_t(a.LatencyMs), C.int64_t(a.FailureKind)
	ret.content_type, ret.failure = t.text(a.ContentType), t.text(a.Failure)
	if len(a.Body) > 0 {
		body := C.CBytes(a.Body)
		t.kept = append(t.kept, body)
		ret.body, ret.body_len = (*C.char)(body), C.size_t(len(a.Body))
	}
	ret.headers = t.texts(a.Headers)
	return 0
}

// Record is leakdiag_log_record, copied. Missing texts are "".
type Record struct {
	Level, TimeMs           int64
	Event, Source, Message  string
	Method, URL, Connection string
	HTTPStatus, DurationMs  int64
	Bytes, Attempt          int64
}

// Write takes one record. It may not panic.
type Write func(*Record) (stop bool)

// Writing hands records of the log to Go.
type Writing struct {
	token cgo.Handle
	raw   Log
}

// NewWriting makes a log of a function. Release it.
func NewWriting(write Write) *Writing {
	w := &Writing{token: cgo.NewHandle(write), raw: NewLog()}
	w.raw.Set_write(uintptr(w.token))
	return w
}

// C is what options take.
func (w *Writing) C() Log { return w.raw }

// Release frees it; nothing may use it any more.
func (w *Writing) Release() {
	w.token.Delete()
	DeleteLog(w.raw)
}

func given(text *C.char) string {
	if text == nil {
		return ""
	}
	return C.GoString(text)
}

//export ldGoWrite
func ldGoWrite(r *C.leakdiag_log_record, token C.uintptr_t) C.int {
	write, ok := cgo.Handle(token).Value().(Write)
	if !ok || write(&Record{
		Level: int64(r.level), TimeMs: int64(r.time_ms), Event: given(r.event),
		Source: given(r.source), Message: given(r.message), Method: given(r.method),
		URL: given(r.url), Connection: given(r.connection), HTTPStatus: int64(r.http_status),
		DurationMs: int64(r.duration_ms), Bytes: int64(r.bytes), Attempt: int64(r.attempt),
	}) {
		return 1
	}
	return 0
}
