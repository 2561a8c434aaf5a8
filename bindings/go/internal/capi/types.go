package capi

import (
	"runtime"
	"strings"
	"unsafe"
)

// ErrorDetail is leakdiag_error, which never grows.
type ErrorDetail struct {
	Status, HTTPStatus  int32
	Flags, Line, Column uint32
	_                   [3]uint32
	message             [480]byte
}

// Message is the text of the error.
func (e *ErrorDetail) Message() string {
	text, _, _ := strings.Cut(string(e.message[:]), "\x00")
	return text
}

// Pattern is leakdiag_pattern, which never grows.
type Pattern struct {
	Name, Text *byte
	Flags      uint64
}

// Point is leakdiag_timeline_point, which never grows.
type Point struct {
	AtMs  int64
	Bytes float64
	Phase *byte
}

// Line is leakdiag_log_line, which never grows. Its text is borrowed.
type Line struct {
	text    *byte
	len     int64
	Number  uint64
	HasTime int64
	TimeMs  int64
}

// Data copies the text of the line.
func (l *Line) Data() []byte {
	return Bytes(l.text, l.len)
}

// Misuse is what a call panics with that would otherwise crash in C.
type Misuse string

// Error makes a Misuse an error.
func (m Misuse) Error() string {
	return string(m)
}

// open refuses a handle that is closed or was never made.
func open(handle uintptr, noun string) uintptr {
	if handle == 0 {
		panic(Misuse("the " + strings.ReplaceAll(noun, "_", " ") + " is closed or was never made"))
	}
	return handle
}

// Open refuses a handle that is closed or was never made.
func Open(handle uintptr, noun string) uintptr {
	return open(handle, noun)
}

// clean refuses a text of which C would see a part only.
func clean(text string) string {
	if strings.IndexByte(text, 0) >= 0 {
		panic(Misuse("the text holds a NUL character; take it out"))
	}
	return text
}

// Text copies a C text; a missing one is "".
func Text(text *byte) string {
	s, _ := Optional(text)
	return s
}

// Optional copies a C text and says whether there is one.
func Optional(text *byte) (string, bool) {
	if text == nil {
		return "", false
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(text), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(text, n)), true
}

// Bytes copies C memory.
func Bytes(data *byte, n int64) []byte {
	if data == nil {
		return nil
	}
	return append([]byte{}, unsafe.Slice(data, int(n))...)
}

// Taken copies a text that C made for the caller, and frees it.
func Taken(text *byte) string {
	s := Text(text)
	Free(text)
	return s
}

// Hold keeps Go memory in place while C borrows it. Release it when the call is over.
type Hold struct {
	pinner runtime.Pinner
}

// Text is a copy that ends in NUL.
func (h *Hold) Text(text string) *byte {
	data := append([]byte(clean(text)), 0)
	h.pinner.Pin(&data[0])
	return &data[0]
}

// OptionalText is Text, or nil for "".
func (h *Hold) OptionalText(text string) *byte {
	if text == "" {
		return nil
	}
	return h.Text(text)
}

// Texts are copies that end in NUL.
func (h *Hold) Texts(texts []string) []*byte {
	made := make([]*byte, len(texts))
	for i, text := range texts {
		made[i] = h.Text(text)
	}
	return made
}

// TextList is a NULL-terminated array of copies, nil when there are none.
func (h *Hold) TextList(texts []string) **byte {
	if len(texts) == 0 {
		return nil
	}
	made := append(h.Texts(texts), nil)
	h.pinner.Pin(&made[0])
	return &made[0]
}

// Times is the first of some numbers, nil when there are none.
func (h *Hold) Times(times []int64) *int64 {
	if len(times) == 0 {
		return nil
	}
	h.pinner.Pin(&times[0])
	return &times[0]
}

// Release lets go of everything.
func (h *Hold) Release() {
	h.pinner.Unpin()
}
