package leakdiag

import "leakdiag.example/leakdiag/internal/capi"

// FlagState is what the answer to an evaluation means.
type FlagState int

// States of a flag.
const (
	FlagValue        FlagState = 0
	FlagCodeDefault  FlagState = 1
	FlagDisabled     FlagState = 2
	FlagMissing      FlagState = 3
	FlagFileRejected FlagState = 4
	FlagMalformed    FlagState = 5
	FlagNotOFREP     FlagState = 6
	FlagRefused      FlagState = 7
	FlagUnreachable  FlagState = 8
)

// String is the word that reports and JSON show.
func (s FlagState) String() string { return capi.Text(capi.Flag_state_name(int(s))) }

// FlagType is the type of a flag's value.
type FlagType int

// Types of a value.
const (
	FlagTypeNone    FlagType = 0
	FlagTypeBoolean FlagType = 1
	FlagTypeNumber  FlagType = 2
	FlagTypeString  FlagType = 3
	FlagTypeObject  FlagType = 4
)

// String is the word that reports and JSON show.
func (t FlagType) String() string { return capi.Text(capi.Flag_type_name(int(t))) }

// LoadState is the state of a load test.
type LoadState int

// States of a load test.
const (
	LoadUnknown     LoadState = 0
	LoadReady       LoadState = 1
	LoadSpawning    LoadState = 2
	LoadRunning     LoadState = 3
	LoadStopping    LoadState = 4
	LoadStopped     LoadState = 5
	LoadMissing     LoadState = 6
	LoadNotLocust   LoadState = 7
	LoadRefused     LoadState = 8
	LoadUnreachable LoadState = 9
)

// String is the word that reports and JSON show.
func (s LoadState) String() string { return capi.Text(capi.Load_state_name(int(s))) }

// LeakVerdict says whether it is leaking.
type LeakVerdict int

// Verdicts over a trend.
const (
	LeakTooEarly LeakVerdict = 0
	LeakNo       LeakVerdict = 1
	LeakYes      LeakVerdict = 2
)

// String is the word that reports and JSON show.
func (v LeakVerdict) String() string { return capi.Text(capi.Leak_verdict_name(int(v))) }

// TraceClass is the shape of a trace.
type TraceClass int

// Shapes of a trace.
const (
	TraceUnknown     TraceClass = 0
	TraceFlat        TraceClass = 1
	TraceSteady      TraceClass = 2
	TraceBursty      TraceClass = 3
	TraceHidden      TraceClass = 4
	TraceGCBound     TraceClass = 5
	TraceOOMSawtooth TraceClass = 6
	TraceWarmUp      TraceClass = 7
	TraceCacheFill   TraceClass = 8
	TracePeriodic    TraceClass = 9
	TraceStep        TraceClass = 10
	TracePlateau     TraceClass = 11
	TraceDrain       TraceClass = 12
	TraceNoisy       TraceClass = 13
)

// String is the word that reports and JSON show.
func (c TraceClass) String() string { return capi.Text(capi.Trace_class_name(int(c))) }

// MemoryFinding is a word for how memory behaves.
type MemoryFinding int

// Findings about memory.
const (
	MemoryNoSamples   MemoryFinding = 0
	MemoryStale       MemoryFinding = 1
	MemoryTooEarly    MemoryFinding = 2
	MemoryOnTrack     MemoryFinding = 3
	MemoryAhead       MemoryFinding = 4
	MemoryBehind      MemoryFinding = 5
	MemoryFlat        MemoryFinding = 6
	MemoryPlateau     MemoryFinding = 7
	MemoryGCBound     MemoryFinding = 8
	MemoryStep        MemoryFinding = 9
	MemoryShrinking   MemoryFinding = 10
	MemoryOOMSawtooth MemoryFinding = 11
)

// String is the word that reports and JSON show.
func (f MemoryFinding) String() string { return capi.Text(capi.Memory_finding_name(int(f))) }

// Outcome is what a check came to.
type Outcome int

// Outcomes of a check.
const (
	OutcomePass    Outcome = 0
	OutcomeWarn    Outcome = 1
	OutcomeFail    Outcome = 2
	OutcomeUnknown Outcome = 3
	OutcomeBlocked Outcome = 4
)

// String is the word that reports and JSON show.
func (o Outcome) String() string { return capi.Text(capi.Outcome_name(int(o))) }

// Verdict is what the whole comes to.
type Verdict int

// Verdicts over all.
const (
	VerdictAsExpected    Verdict = 0
	VerdictWarning       Verdict = 1
	VerdictNotAsExpected Verdict = 2
	VerdictInconclusive  Verdict = 3
)

// String is the word that reports and JSON show.
func (v Verdict) String() string { return capi.Text(capi.Verdict_name(int(v))) }

// Confidence is how sure a cause is.
type Confidence int

// Confidences of a cause.
const (
	ConfidencePossible  Confidence = 0
	ConfidenceLikely    Confidence = 1
	ConfidenceConfirmed Confidence = 2
)

// String is the word that reports and JSON show.
func (c Confidence) String() string { return capi.Text(capi.Confidence_name(int(c))) }

// Format is a form of a report.
type Format int

// Forms of a report.
const (
	FormatText  Format = 0
	FormatJSON  Format = 1
	FormatJUnit Format = 2
	FormatQuick Format = 3
)

// ExecPolicy says whether the kubeconfig's exec plugin may be run.
type ExecPolicy int

// Policies for exec plugins.
const (
	ExecDeny    ExecPolicy = 0
	ExecAllow   ExecPolicy = 1
	ExecAllowed ExecPolicy = 2
)

// AccessState says whether a right is there.
type AccessState int

// States of a right.
const (
	AccessUnknown AccessState = 0
	AccessAllowed AccessState = 1
	AccessDenied  AccessState = 2
)

// String is the word that reports and JSON show.
func (s AccessState) String() string { return capi.Text(capi.Access_state_name(int(s))) }

// HTTPFailure is why there is no answer.
type HTTPFailure int

// Reasons for no answer.
const (
	HTTPFailureConnect HTTPFailure = 0
	HTTPFailureName    HTTPFailure = 1
	HTTPFailureTimeout HTTPFailure = 2
	HTTPFailureCutOff  HTTPFailure = 3
	HTTPFailureNotHTTP HTTPFailure = 4
	HTTPFailureTLS     HTTPFailure = 5
)

// String is the word that reports and JSON show.
func (f HTTPFailure) String() string { return capi.Text(capi.Http_failure_name(int(f))) }

// LogLevel is how much somebody wants to know.
type LogLevel int

// Levels of records; WithLogger makes of them those of slog.
const (
	LogLevelDebug   LogLevel = 0
	LogLevelInfo    LogLevel = 1
	LogLevelWarning LogLevel = 2
)

// String is the level as a word.
func (l LogLevel) String() string { return capi.Text(capi.Log_level_name(int(l))) }
