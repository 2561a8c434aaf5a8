package leakdiag

import (
	"errors"
	"runtime"

	"leakdiag.example/leakdiag/internal/capi"
)

// CaptureMaxBytes is the largest capture.
const CaptureMaxBytes = 33554432

// Observation is all facts of one look, or of a run of looks. A capture is one in a file.
type Observation struct{ *object }

// Fact is one fact, or why it could not be collected (Error), or why it is of no use (Trouble).
type Fact struct {
	Kind, Source string
	TimeMs       int64
	LatencyMs    int64 // -1 when not measured
	Error        string
	Trouble      string
}

// ObservationFromJSON reads a capture.
func ObservationFromJSON(data []byte) (*Observation, error) {
	return observationOf("capture", func(ret *uintptr, e *capi.ErrorDetail) int {
		return capi.Observation_from_json(data, ret, e)
	})
}

// LoadObservation reads a capture from a file.
func LoadObservation(path string) (*Observation, error) {
	data, err := ReadFile(path, CaptureMaxBytes)
	if err != nil {
		return nil, err
	}
	made, err := ObservationFromJSON(data)
	var failed *Error
	if errors.As(err, &failed) {
		failed.Message = path + ": " + failed.Message
	}
	return made, err
}

func observationOf(op string, make func(*uintptr, *capi.ErrorDetail) int) (*Observation, error) {
	var handle uintptr
	err := call(op, func(e *capi.ErrorDetail) int { return make(&handle, e) })
	if err != nil {
		return nil, err
	}
	return newObservation(handle), nil
}

func newObservation(handle uintptr) *Observation {
	return &Observation{newObject(handle, capi.Observation_unref, nil)}
}

// Save writes it as a capture, as a whole or not at all.
func (o *Observation) Save(path string, replace bool) error {
	made, err := o.ToJSON()
	if err != nil {
		return err
	}
	return WriteFile(path, []byte(made), replace)
}

// NowMs is the time of judgement, Unix ms.
func (o *Observation) NowMs() int64 { return read(o.object, capi.Observation_now_ms) }

// FirstMs is the time of the oldest fact, Unix ms.
func (o *Observation) FirstMs() int64 { return read(o.object, capi.Observation_first_ms) }

// Until is what was known at an earlier time.
func (o *Observation) Until(nowMs int64) (*Observation, error) {
	defer runtime.KeepAlive(o)
	return observationOf("until", func(ret *uintptr, e *capi.ErrorDetail) int {
		return capi.Observation_until(o.load(), nowMs, ret, e)
	})
}

// Join is this one and a later one of the same workload as one.
func (o *Observation) Join(later *Observation) (*Observation, error) {
	defer runtime.KeepAlive(o)
	defer runtime.KeepAlive(later)
	return observationOf("join", func(ret *uintptr, e *capi.ErrorDetail) int {
		return capi.Observation_join(o.load(), later.load(), ret, e)
	})
}

// Share is another reference to the same observation, with a life of its own.
func (o *Observation) Share() *Observation {
	return newObservation(read(o.object, capi.Observation_ref))
}

// ScenarioText is the text of the scenario it was made with, or "".
func (o *Observation) ScenarioText() string {
	return read(o.object, func(handle uintptr) string {
		var n int64
		text := capi.Observation_scenario(handle, &n)
		return string(capi.Bytes(text, n))
	})
}

// Settings are the "name=value" that the scenario was made with.
func (o *Observation) Settings() []string {
	made := make([]string, read(o.object, capi.Observation_setting_count))
	for i := range made {
		made[i] = textAt(o.object, capi.Observation_setting, int64(i))
	}
	return made
}

// Scenario is the scenario it was made with. Options: WithSet.
func (o *Observation) Scenario(options ...Option) (*Scenario, error) {
	s, err := collect("scenario", options, "WithSet")
	if err != nil {
		return nil, err
	}
	set := append(o.Settings(), s.set...)
	return ParseScenario([]byte(o.ScenarioText()), WithOrigin("scenario of the capture"),
		WithSet(set...))
}

// Facts are its facts, those that could not be collected included.
func (o *Observation) Facts() []Fact {
	facts := make([]Fact, read(o.object, capi.Observation_fact_count))
	for i := range facts {
		k := int64(i)
		facts[i] = Fact{
			Kind:      textAt(o.object, capi.Observation_fact_kind, k),
			Source:    textAt(o.object, capi.Observation_fact_source, k),
			TimeMs:    readAt(o.object, capi.Observation_fact_time_ms, k),
			LatencyMs: readAt(o.object, capi.Observation_fact_latency_ms, k),
			Error:     textAt(o.object, capi.Observation_fact_error, k),
			Trouble:   textAt(o.object, capi.Observation_fact_trouble, k),
		}
	}
	return facts
}

// ToJSON is the capture's bytes.
func (o *Observation) ToJSON() (string, error) {
	return toJSON(o.object, "capture", capi.Observation_to_json)
}

// MarshalJSON is ToJSON.
func (o *Observation) MarshalJSON() ([]byte, error) { return raw(o.ToJSON()) }
