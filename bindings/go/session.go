package leakdiag

import (
	"context"
	"fmt"
	"runtime"
	"runtime/cgo"
	"sync"

	"leakdiag.example/leakdiag/internal/capi"
)

// Session asks all sources of a scenario at once, and keeps what it has seen. It serves one
// goroutine at a time. Once cancelled through a context it stays so: make a new one, with the last
// observation as history.
type Session struct {
	*object
	mutex  sync.Mutex
	cancel token
	hooks  hooks
}

// NewSession makes a session; nothing is asked yet. Without a cluster the scenario's sources
// of one are not asked. Options: WithDeadline, WithHistory, WithCluster, WithTransport, WithLogger.
func NewSession(scenario *Scenario, options ...Option) (*Session, error) {
	given, err := collect("session", options, "WithDeadline", "WithHistory", "WithCluster",
		"WithTransport", "WithLogger")
	if err != nil {
		return nil, err
	}
	cancel, err := newToken("session")
	if err != nil {
		return nil, err
	}
	called, cluster := given.newHooks(), given.cluster
	var handle uintptr
	err = call("session", func(e *capi.ErrorDetail) int {
		o := capi.NewSession_options()
		defer capi.DeleteSession_options(o)
		o.SetDeadline_ms(given.deadline.Milliseconds())
		o.SetCancel(cancel.load())
		if cluster != nil {
			o.SetCluster(cluster.handleOf())
		}
		called.set(o)
		return capi.Session_new(scenario.load(), o, &handle, e)
	})
	runtime.KeepAlive(scenario)
	if err != nil {
		called.release()
		return nil, err
	}
	s := &Session{cancel: cancel, hooks: called}
	s.object = newObject(handle, func(handle uintptr) {
		capi.Session_free(handle)
		called.release() // what it borrows must outlive it
		_ = cancel.Close()
		runtime.KeepAlive(cluster)
	}, nil)
	for _, earlier := range given.history {
		if err := s.AddHistory(earlier); err != nil {
			_ = s.Close()
			return nil, err
		}
	}
	return s, nil
}

// alone runs f unless the session is in use.
func (s *Session) alone(f func() error) error {
	if !s.mutex.TryLock() {
		return invalid("session", "it is in use by another goroutine or by its own callback; "+
			"wait for it, or make a session of your own")
	}
	defer s.mutex.Unlock()
	defer runtime.KeepAlive(s)
	return f()
}

// Close gives the session back; what it returned stays. It waits for a call that is under way.
func (s *Session) Close() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.object.Close()
}

// IsCancelled says whether a context ended a call, also one of Watch, which returned what was known so
// far: the session is then of no use any more.
func (s *Session) IsCancelled() bool { return s.cancel.isTriggered() }

// AddHistory starts from what an earlier capture knows. Before the first look.
func (s *Session) AddHistory(earlier *Observation) error {
	defer runtime.KeepAlive(earlier)
	return s.alone(func() error {
		return call("history", func(e *capi.ErrorDetail) int {
			return capi.Session_add_history(s.load(), earlier.load(), e)
		})
	})
}

// Scenario is what the session looks and judges with: once the application was found in a version
// that a profile describes, with the profile's settings added.
func (s *Session) Scenario() (*Scenario, error) {
	var handle uintptr
	err := s.alone(func() error {
		return call("scenario", func(*capi.ErrorDetail) int {
			handle = capi.Session_scenario(s.load())
			return 0
		})
	})
	if err != nil {
		return nil, err
	}
	return newScenario(handle), nil
}

// NamespaceName is the namespace of the cluster in which the workload is looked for; "": in none.
func (s *Session) NamespaceName() (name string, err error) {
	err = s.alone(func() error {
		return call("namespace", func(*capi.ErrorDetail) int {
			name = capi.Text(capi.Session_namespace_name(s.load()))
			return 0
		})
	})
	return name, err
}

// waiting runs a call of the session that waits, and what it calls back sees its context.
func (s *Session) waiting(ctx context.Context, wait func() error) error {
	return s.alone(func() error {
		s.hooks.during(ctx)
		err := cancellable(ctx, s.cancel, wait)
		s.hooks.goOn()
		return err
	})
}

// Gather is one look: it asks everything, and returns all that is known now.
func (s *Session) Gather(ctx context.Context) (*Observation, error) {
	var handle uintptr
	err := s.waiting(ctx, func() error {
		return call("gather", func(e *capi.ErrorDetail) int {
			return capi.Session_gather(s.load(), &handle, e)
		})
	})
	if err != nil {
		return nil, err
	}
	return newObservation(handle), nil
}

// Watch looks again and again at the scenario's pace, and judges each time. When the context is done
// it returns what is known so far; its error is nil then, too, and [Session.IsCancelled] says so. Only
// with a context that is done before, its error is the context's cause. Options: WithFor,
// WithUntilDecided, WithOnLook.
func (s *Session) Watch(ctx context.Context, options ...Option) (*Observation, *Diagnosis, error) {
	given, err := collect("watch", options, "WithFor", "WithUntilDecided", "WithOnLook")
	if err != nil {
		return nil, nil, err
	}
	var observation, diagnosis uintptr
	var panicked any
	err = s.waiting(ctx, func() error {
		return call("watch", func(e *capi.ErrorDetail) int {
			o := capi.NewWatch_options()
			defer capi.DeleteWatch_options(o)
			o.SetFor_ms(given.lookFor.Milliseconds())
			o.SetUntil_decided(int64(flagOf(given.untilDecided)))
			if given.onLook != nil {
				handle := cgo.NewHandle(lend(given.onLook, &panicked))
				defer handle.Delete()
				o.Set_on_look(uintptr(handle))
			}
			return capi.Session_watch(s.load(), o, &observation, &diagnosis, e)
		})
	})
	if err != nil {
		return nil, nil, err
	}
	seen, judged := newObservation(observation), newDiagnosis(diagnosis)
	if panicked != nil {
		_, _ = seen.Close(), judged.Close()
		panic(panicked)
	}
	return seen, judged, nil
}

// lend makes of a callback one that may be called through C: its diagnosis is closed afterwards, and
// a panic stops the watch and goes on when C has returned.
func lend(onLook func(*Diagnosis) bool, panicked *any) capi.Look {
	return func(handle uintptr) (stop bool) {
		diagnosis := &Diagnosis{newObject(handle, nil, nil)}
		defer func() {
			_ = diagnosis.Close()
			if reason := recover(); reason != nil {
				*panicked, stop = fmt.Sprintf("in the callback of Watch: %v", reason), true
			}
		}()
		return onLook(diagnosis)
	}
}
