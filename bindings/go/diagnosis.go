package leakdiag

import (
	"runtime"

	"leakdiag.example/leakdiag/internal/capi"
)

// Diagnosis is the judgement: checks in causal order, what is broken first, ranked causes.
type Diagnosis struct{ *object }

// Check is one link of the chain.
type Check struct {
	ID, Kind, Asks             string
	Finding                    string // "" when there is nothing to find
	Outcome                    Outcome
	Observed, Expected, Reason string
	BlockedBy                  string // the check that blocks it, or ""
	Source                     string
	TimeMs                     int64 // Unix ms, or 0
	Command                    string
}

// Cause is a likely cause with its evidence.
type Cause struct {
	ID, Title                           string
	Confidence                          Confidence
	Supporting, Contradicting           []string
	RefutedBy, Fix, Command, Prediction string
}

// Diagnose judges an observation. Missing evidence is a result, no error.
func Diagnose(scenario *Scenario, observation *Observation) (*Diagnosis, error) {
	var handle uintptr
	err := call("diagnose", func(e *capi.ErrorDetail) int {
		return capi.Diagnose(scenario.load(), observation.load(), &handle, e)
	})
	runtime.KeepAlive(scenario)
	runtime.KeepAlive(observation)
	if err != nil {
		return nil, err
	}
	return newDiagnosis(handle), nil
}

// Replay judges a capture in a file again, with the scenario it was made with. Options: WithSet.
func Replay(path string, options ...Option) (*Diagnosis, error) {
	observation, err := LoadObservation(path)
	if err != nil {
		return nil, err
	}
	defer observation.Close()
	scenario, err := observation.Scenario(options...)
	if err != nil {
		return nil, err
	}
	defer scenario.Close()
	return Diagnose(scenario, observation)
}

func newDiagnosis(handle uintptr) *Diagnosis {
	return &Diagnosis{newObject(handle, capi.Diagnosis_free, nil)}
}

// Verdict is what the whole comes to.
func (d *Diagnosis) Verdict() Verdict { return Verdict(read(d.object, capi.Diagnosis_verdict)) }

// ExitCode is that of a command that reports it.
func (d *Diagnosis) ExitCode() int { return read(d.object, capi.Diagnosis_exit_code) }

// Summary is one sentence that says the verdict and its reason.
func (d *Diagnosis) Summary() string { return text(d.object, capi.Diagnosis_summary) }

// Next is the command to run next, or "".
func (d *Diagnosis) Next() string { return text(d.object, capi.Diagnosis_next) }

// IsDecided says whether looking longer can not change the kind of the memory finding.
func (d *Diagnosis) IsDecided() bool { return read(d.object, capi.Diagnosis_is_decided) != 0 }

// DecidesAtMs is, when too early, the earliest time at which memory can be judged; else 0.
func (d *Diagnosis) DecidesAtMs() int64 { return read(d.object, capi.Diagnosis_decides_at_ms) }

// HasEvidence says whether at least one source answered.
func (d *Diagnosis) HasEvidence() bool { return read(d.object, capi.Diagnosis_has_evidence) != 0 }

// Checks are all those of the scenario, in its order.
func (d *Diagnosis) Checks() []Check {
	checks := make([]Check, read(d.object, capi.Diagnosis_check_count))
	for i := range checks {
		checks[i] = d.check(int64(i))
	}
	return checks
}

// Check is a check by id, and whether there is one.
func (d *Diagnosis) Check(id string) (Check, bool) {
	i := read(d.object, func(handle uintptr) int64 { return capi.Diagnosis_find_check(handle, id) })
	if i >= read(d.object, capi.Diagnosis_check_count) {
		return Check{}, false
	}
	return d.check(i), true
}

func (d *Diagnosis) check(i int64) Check {
	o := d.object
	return Check{
		ID: textAt(o, capi.Check_id, i), Kind: textAt(o, capi.Check_kind, i),
		Asks: textAt(o, capi.Check_asks, i), Finding: textAt(o, capi.Check_finding, i),
		Outcome:  Outcome(readAt(o, capi.Check_outcome, i)),
		Observed: textAt(o, capi.Check_observed, i), Expected: textAt(o, capi.Check_expected, i),
		Reason: textAt(o, capi.Check_reason, i), BlockedBy: textAt(o, capi.Check_blocked_by, i),
		Source: textAt(o, capi.Check_source, i), TimeMs: readAt(o, capi.Check_time_ms, i),
		Command: textAt(o, capi.Check_command, i),
	}
}

// Causes are the likely ones, the most likely first.
func (d *Diagnosis) Causes() []Cause {
	causes := make([]Cause, read(d.object, capi.Diagnosis_cause_count))
	for i := range causes {
		causes[i] = d.cause(int64(i))
	}
	return causes
}

func (d *Diagnosis) cause(i int64) Cause {
	o := d.object
	return Cause{
		ID: textAt(o, capi.Cause_id, i), Title: textAt(o, capi.Cause_title, i),
		Confidence:    Confidence(readAt(o, capi.Cause_confidence, i)),
		Supporting:    evidence(o, i, capi.Cause_supporting_count, capi.Cause_supporting),
		Contradicting: evidence(o, i, capi.Cause_contradicting_count, capi.Cause_contradicting),
		RefutedBy:     textAt(o, capi.Cause_refuted_by, i), Fix: textAt(o, capi.Cause_fix, i),
		Command:    textAt(o, capi.Cause_command, i),
		Prediction: textAt(o, capi.Cause_prediction, i),
	}
}

func evidence(o *object, i int64, count func(uintptr, int64) int64,
	at func(uintptr, int64, int64) *byte) []string {
	made := make([]string, readAt(o, count, i))
	for k := range made {
		made[k] = text(o, func(handle uintptr) *byte { return at(handle, i, int64(k)) })
	}
	return made
}

// TimeToLimitS are the predicted seconds until the memory limit with the earliest and the latest;
// NaN when none is predicted.
func (d *Diagnosis) TimeToLimitS() (seconds, earliest, latest float64) {
	return read(d.object, capi.Diagnosis_ttl_s), read(d.object, capi.Diagnosis_ttl_lo_s),
		read(d.object, capi.Diagnosis_ttl_hi_s)
}

// Series is the memory series that was judged, nil when there is none. It is closed with the
// diagnosis.
func (d *Diagnosis) Series() *Series {
	handle := read(d.object, capi.Diagnosis_series)
	if handle == 0 {
		return nil
	}
	return &Series{newObject(handle, nil, d.object)}
}

// MemoryFinding is the finding of the check of memory, and whether there is one.
func (d *Diagnosis) MemoryFinding() (MemoryFinding, bool) {
	for _, check := range d.Checks() {
		for f := MemoryNoSamples; check.Kind == "memory" && f <= MemoryOOMSawtooth; f++ {
			if f.String() == check.Finding {
				return f, true
			}
		}
	}
	return 0, false
}

// Report is the diagnosis as text for people, JSON, JUnit or the five quick answers. Options:
// WithColor, WithASCII, WithColumns, WithVerbose.
func (d *Diagnosis) Report(format Format, options ...Option) (string, error) {
	s, err := collect("report", options, "WithColor", "WithASCII", "WithColumns", "WithVerbose")
	if err != nil {
		return "", err
	}
	return toJSON(d.object, "report", func(handle uintptr, ret **byte, e *capi.ErrorDetail) int {
		o := capi.NewReport_options()
		defer capi.DeleteReport_options(o)
		o.SetColor(int64(flagOf(s.color)))
		o.SetAscii(int64(flagOf(s.ascii)))
		o.SetColumns(s.columns)
		o.SetVerbose(int64(flagOf(s.verbose)))
		return capi.Report_render(handle, int(format), o, ret, e)
	})
}

// ToJSON is the diagnosis as the C library and the command write it.
func (d *Diagnosis) ToJSON() (string, error) { return d.Report(FormatJSON) }

// MarshalJSON is ToJSON.
func (d *Diagnosis) MarshalJSON() ([]byte, error) { return raw(d.ToJSON()) }
