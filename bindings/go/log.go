package leakdiag

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"leakdiag.example/leakdiag/internal/capi"
)

// level is the library's level as slog has it.
func (l LogLevel) level() slog.Level {
	switch l {
	case LogLevelDebug:
		return slog.LevelDebug
	case LogLevelInfo:
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// listening is a *slog.Logger as the library takes it, for one call or one session.
type listening struct {
	raw      *capi.Writing
	logger   *slog.Logger
	ctx      context.Context // of the call that is under way
	panicked any
}

// newListening makes one; nil stays nil, and then nothing is told.
func newListening(logger *slog.Logger) *listening {
	if logger == nil {
		return nil
	}
	l := &listening{logger: logger, ctx: context.Background()}
	l.raw = capi.NewWriting(l.write)
	return l
}

func (l *listening) write(r *capi.Record) (stop bool) {
	defer func() {
		if reason := recover(); reason != nil {
			l.panicked, stop = reason, true
		}
	}()
	level := LogLevel(r.Level).level()
	handler := l.logger.Handler()
	if !handler.Enabled(l.ctx, level) {
		return false
	}
	record := slog.NewRecord(time.UnixMilli(r.TimeMs), level, r.Message, 0)
	record.AddAttrs(attributes(r)...)
	_ = handler.Handle(l.ctx, record) // as slog's own methods do
	return false
}

// attributes are what a record says beside its message.
func attributes(r *capi.Record) []slog.Attr {
	made := []slog.Attr{slog.String("event", r.Event), slog.String("source", r.Source)}
	if r.DurationMs >= 0 {
		made = append(made, slog.Duration("duration", time.Duration(r.DurationMs)*time.Millisecond))
	}
	if r.Method == "" {
		return made
	}
	made = append(made, slog.String("method", r.Method), slog.String("url", r.URL),
		slog.Int64("http_status", r.HTTPStatus), slog.Int64("bytes", r.Bytes),
		slog.Int64("attempt", r.Attempt))
	if r.Connection != "" {
		made = append(made, slog.String("connection", r.Connection))
	}
	return made
}

// hooks are what the library calls during a call: a transport, a log. Each may be nil.
type hooks struct {
	asks  *answering
	tells *listening
}

// newHooks makes those of a call's options.
func (s *settings) newHooks() hooks {
	return hooks{newAnswering(s.transport), newListening(s.logger)}
}

// set gives them to the options of a call.
func (h hooks) set(options interface {
	SetTransport(capi.Transport)
	SetLog(capi.Log)
}) {
	if h.asks != nil {
		options.SetTransport(h.asks.raw.C())
	}
	if h.tells != nil {
		options.SetLog(h.tells.raw.C())
	}
}

// during says which call is under way: what is called during it sees the values of its context.
func (h hooks) during(ctx context.Context) {
	if h.asks != nil {
		h.asks.ctx = context.WithoutCancel(ctx)
	}
	if h.tells != nil {
		h.tells.ctx = ctx
	}
}

func (h hooks) release() {
	if h.asks != nil {
		h.asks.raw.Release()
	}
	if h.tells != nil {
		h.tells.raw.Release()
	}
}

// goOn panics with what one of them panicked with, now that C has returned.
func (h hooks) goOn() {
	if h.asks != nil && h.asks.panicked != nil {
		reason := h.asks.panicked
		h.asks.panicked = nil
		panic(fmt.Sprintf("in the transport: %v", reason))
	}
	if h.tells != nil && h.tells.panicked != nil {
		reason := h.tells.panicked
		h.tells.panicked = nil
		panic(fmt.Sprintf("in the logger: %v", reason))
	}
}
