package leakdiag

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"leakdiag.example/leakdiag/internal/capi"
)

// answerMaxBytes bounds what is read of an answer: more than the library takes of any.
const answerMaxBytes = 64 << 20

// answering is an http.RoundTripper as the library takes it, for one call or one session.
type answering struct {
	raw      *capi.Answering
	inner    http.RoundTripper
	ctx      context.Context // of the call that is under way; it is the library that ends it
	panicked any
}

// newAnswering makes one; nil stays nil, which is the network.
func newAnswering(inner http.RoundTripper) *answering {
	if inner == nil {
		return nil
	}
	a := &answering{inner: inner, ctx: context.Background()}
	a.raw = capi.NewAnswering(a.answer)
	return a
}

func (a *answering) answer(r *capi.Request) (made capi.Answer) {
	defer func() {
		if reason := recover(); reason != nil {
			a.panicked, made = reason, capi.Answer{Broken: true}
		}
	}()
	ctx, cancel := context.WithTimeout(a.ctx, time.Duration(r.DeadlineMs)*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return capi.Answer{Failure: err.Error()}
	}
	for _, header := range r.Headers {
		name, value, _ := strings.Cut(header, ":")
		request.Header.Add(name, strings.TrimSpace(value))
	}
	response, err := a.inner.RoundTrip(request)
	if err != nil {
		return failure(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerMaxBytes))
	if err != nil {
		return failure(err)
	}
	return answerOf(response, body)
}

func answerOf(response *http.Response, body []byte) capi.Answer {
	made := capi.Answer{Status: int64(response.StatusCode), Body: body,
		ContentType: response.Header.Get("Content-Type")}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		made.DateMs = date.UnixMilli()
	}
	for name, values := range response.Header {
		for _, value := range values {
			if name != "Content-Type" && name != "Date" {
				made.Headers = append(made.Headers, name+": "+value)
			}
		}
	}
	return made
}

// failure says why there is no answer, in one line.
func failure(err error) capi.Answer {
	kind := HTTPFailureConnect
	var name *net.DNSError
	var timeout net.Error
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.As(err, &name):
		kind = HTTPFailureName
	case errors.As(err, &timeout) && timeout.Timeout():
		kind = HTTPFailureTimeout
	case errors.As(err, &record), errors.As(err, &authority):
		kind = HTTPFailureTLS
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET):
		kind = HTTPFailureCutOff
	}
	text := strings.Join(strings.Fields(err.Error()), " ")
	if text == "" {
		text = kind.String()
	}
	return capi.Answer{Failure: text, FailureKind: int64(kind)}
}
