package leakdiag

import (
	"context"
	"math"
	"time"

	"leakdiag.example/leakdiag/internal/capi"
)

// token is the C token that ends calls early.
type token struct{ *object }

func newToken(op string) (token, error) {
	var handle uintptr
	err := call(op, func(e *capi.ErrorDetail) int { return capi.Cancel_new(&handle, e) })
	if err != nil {
		return token{}, err
	}
	return token{newObject(handle, capi.Cancel_free, nil)}, nil
}

func (t token) trigger()          { capi.Cancel_trigger(t.load()) }
func (t token) isTriggered() bool { return capi.Cancel_is_triggered(t.load()) != 0 }

// cancellable runs a waiting call that the token ends when the context is done. It never returns
// before the call has: C uses the caller's memory until then.
func cancellable(ctx context.Context, t token, wait func() error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	finished := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(finished)
		t.trigger()
	})
	err := wait()
	if !stop() {
		<-finished // the token must stay until it was triggered
	}
	if isCancelled(err) && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// deadlineMs is how long a call under a context may take: the library's default when the context has no
// deadline, else a little more than is left, so that it is the context that ends the call.
func deadlineMs(ctx context.Context) int64 {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	const longest = 24 * 24 * time.Hour // the most that the library takes
	left := time.Until(deadline) + time.Second
	return int64(math.Max(1, math.Min(float64(left.Milliseconds()), float64(longest.Milliseconds()))))
}
