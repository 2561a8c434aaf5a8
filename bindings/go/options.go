package leakdiag

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Option is a detail of a call. Each says which calls take it; with others the call fails.
type Option func(*settings)

type settings struct {
	given                                       []string
	context                                     any
	bearerToken, apiKey, root, origin           string
	set                                         []string
	limit, softLimit, timeScale, toleranceBytes float64
	restarts, kills                             []int64
	tolerance, staleAfter                       time.Duration
	oomAtEnd                                    bool
	start, now, windowFrom, windowTo            int64
	hasStart, hasNow                            bool
	recent                                      int64
	deadline                                    time.Duration
	history                                     []*Observation
	lookFor                                     time.Duration
	untilDecided                                bool
	onLook                                      func(*Diagnosis) bool
	color, ascii, verbose                       bool
	columns                                     int64
	cluster                                     *Cluster
	namespaceName, selector, container, parts   string
	transport                                   http.RoundTripper
	logger                                      *slog.Logger
	kubeconfig, kubeContext, clusterName, user  string
	impersonate                                 string
	execPolicy                                  ExecPolicy
	execAllowed                                 []string
	scenario                                    *Scenario
}

// collect applies options and refuses those that mean nothing to a call.
func collect(op string, options []Option, allowed ...string) (*settings, error) {
	s := &settings{}
	for _, option := range options {
		option(s)
	}
	for _, name := range s.given {
		if !contains(allowed, name) {
			return nil, invalid(op, "%s means nothing here; it takes %s", name,
				orNone(strings.Join(allowed, ", ")))
		}
	}
	return s, nil
}

func contains(list []string, name string) bool {
	for _, item := range list {
		if item == name {
			return true
		}
	}
	return false
}

func orNone(list string) string {
	if list == "" {
		return "no options"
	}
	return list
}

func named(name string, apply func(*settings)) Option {
	return func(s *settings) {
		s.given = append(s.given, name)
		apply(s)
	}
}

// WithContext is the evaluation context, which becomes a JSON object: EvaluateFlag, EvaluateFlags.
func WithContext(context any) Option {
	return named("WithContext", func(s *settings) { s.context = context })
}

// WithBearerToken is sent as Authorization: Bearer and never shown: EvaluateFlag, EvaluateFlags.
func WithBearerToken(token string) Option {
	return named("WithBearerToken", func(s *settings) { s.bearerToken = token })
}

// WithAPIKey is sent as X-API-Key and never shown: EvaluateFlag, EvaluateFlags.
func WithAPIKey(key string) Option {
	return named("WithAPIKey", func(s *settings) { s.apiKey = key })
}

// WithRoot is a prefix for /proc and /sys: MemoryOfProcess, MemoryOfCgroup.
func WithRoot(root string) Option {
	return named("WithRoot", func(s *settings) { s.root = root })
}

// WithOrigin is the file name that goes before error messages: ParseScenario.
func WithOrigin(origin string) Option {
	return named("WithOrigin", func(s *settings) { s.origin = origin })
}

// WithSet gives parameters of a scenario a value, "name=value": ParseScenario, BuiltinScenario,
// LoadScenario, Replay.
func WithSet(nameValue ...string) Option {
	return named("WithSet", func(s *settings) { s.set = append(s.set, nameValue...) })
}

// WithLimit is the memory limit: Analyze, Compare.
func WithLimit(bytes float64) Option {
	return named("WithLimit", func(s *settings) { s.limit = bytes })
}

// WithSoftLimit is the soft limit of the runtime (GOMEMLIMIT and kin): Analyze, Compare.
func WithSoftLimit(bytes float64) Option {
	return named("WithSoftLimit", func(s *settings) { s.softLimit = bytes })
}

// WithRestarts are restarts known from elsewhere, in ms of the series' clock: Analyze, Compare.
func WithRestarts(timesMs ...int64) Option {
	return named("WithRestarts", func(s *settings) { s.restarts = append(s.restarts, timesMs...) })
}

// WithOOMKills are OOM kills known from elsewhere, in ms of the series' clock: Analyze, Compare.
func WithOOMKills(timesMs ...int64) Option {
	return named("WithOOMKills", func(s *settings) { s.kills = append(s.kills, timesMs...) })
}

// WithTimeScale says that the timeline is compressed so many times: Analyze, NewTimeline,
// ParseTimeline.
func WithTimeScale(scale float64) Option {
	return named("WithTimeScale", func(s *settings) { s.timeScale = scale })
}

// WithToleranceBytes is half the height of the band: NewTimeline, ParseTimeline.
func WithToleranceBytes(bytes float64) Option {
	return named("WithToleranceBytes", func(s *settings) { s.toleranceBytes = bytes })
}

// WithTolerance is half the width of the band: NewTimeline, ParseTimeline.
func WithTolerance(time time.Duration) Option {
	return named("WithTolerance", func(s *settings) { s.tolerance = time })
}

// WithOOMAtEnd says that the last point is an OOM kill, then the curve starts again: NewTimeline,
// ParseTimeline.
func WithOOMAtEnd() Option {
	return named("WithOOMAtEnd", func(s *settings) { s.oomAtEnd = true })
}

// WithStart is when the curve's clock starts, in ms of the series' clock: Compare.
func WithStart(ms int64) Option {
	return named("WithStart", func(s *settings) { s.start, s.hasStart = ms, true })
}

// WithNow is the time of judgement, in ms of the series' clock: Compare.
func WithNow(ms int64) Option {
	return named("WithNow", func(s *settings) { s.now, s.hasNow = ms, true })
}

// WithStaleAfter is how old the newest sample may be: Compare.
func WithStaleAfter(age time.Duration) Option {
	return named("WithStaleAfter", func(s *settings) { s.staleAfter = age })
}

// WithWindow counts lines dated in a window apart, Unix ms; an end of 0 counts no slices: NewScan.
func WithWindow(fromMs, toMs int64) Option {
	return named("WithWindow", func(s *settings) { s.windowFrom, s.windowTo = fromMs, toMs })
}

// WithRecent keeps so many of the latest matching lines: NewScan.
func WithRecent(lines int) Option {
	return named("WithRecent", func(s *settings) { s.recent = int64(lines) })
}

// WithDeadline is for all answers of one look: NewSession. 0 is the usual five seconds, a negative one
// an error.
func WithDeadline(deadline time.Duration) Option {
	return named("WithDeadline", func(s *settings) { s.deadline = deadline })
}

// WithHistory starts from what earlier captures of the same workload know: NewSession.
func WithHistory(earlier ...*Observation) Option {
	return named("WithHistory", func(s *settings) { s.history = append(s.history, earlier...) })
}

// WithFor looks again and again for so long: Watch.
func WithFor(duration time.Duration) Option {
	return named("WithFor", func(s *settings) { s.lookFor = duration })
}

// WithUntilDecided ends at the first decided memory finding: Watch.
func WithUntilDecided() Option {
	return named("WithUntilDecided", func(s *settings) { s.untilDecided = true })
}

// WithOnLook calls a function after each look; true stops. It may use its diagnosis during the call
// only, and not call the session: Watch.
func WithOnLook(f func(*Diagnosis) (stop bool)) Option {
	return named("WithOnLook", func(s *settings) { s.onLook = f })
}

// WithColor writes ANSI colours: Report.
func WithColor() Option { return named("WithColor", func(s *settings) { s.color = true }) }

// WithASCII writes no character beyond ASCII: Report.
func WithASCII() Option { return named("WithASCII", func(s *settings) { s.ascii = true }) }

// WithVerbose also writes reasons, sources and checks that no source could answer: Report.
func WithVerbose() Option { return named("WithVerbose", func(s *settings) { s.verbose = true }) }

// WithColumns is the width of the terminal: Report.
func WithColumns(columns int) Option {
	return named("WithColumns", func(s *settings) { s.columns = int64(columns) })
}

// WithCluster says where the workloads and services are: EvaluateFlag, EvaluateFlags, ReadLoad,
// NewSession.
func WithCluster(cluster *Cluster) Option {
	return named("WithCluster", func(s *settings) { s.cluster = cluster })
}

// WithNamespace is the namespace that is meant: EvaluateFlag, EvaluateFlags, ReadLoad, OpenCluster,
// ReadPods, ReviewAccess, RBACYAML.
func WithNamespace(name string) Option {
	return named("WithNamespace", func(s *settings) { s.namespaceName = name })
}

// WithTransport answers instead of the network; no socket is opened by the library then. It is asked
// for one request after the other, with the values of the call's context: EvaluateFlag, EvaluateFlags,
// ReadLoad, ReadPods, ReviewAccess, NewSession.
func WithTransport(transport http.RoundTripper) Option {
	return named("WithTransport", func(s *settings) { s.transport = transport })
}

// WithLogger hears what the library does: requests, retries, credentials (slog.LevelDebug and Info), and
// what is missing in the result (slog.LevelWarn). No secret is among it. Its handler is called during
// the call, with the call's context, and may not use the session: EvaluateFlag, EvaluateFlags,
// ReadLoad, ReadPods, ReviewAccess, NewSession.
func WithLogger(logger *slog.Logger) Option {
	return named("WithLogger", func(s *settings) { s.logger = logger })
}

// WithSelector chooses pods by labels, as kubectl -l: ReadPods.
func WithSelector(selector string) Option {
	return named("WithSelector", func(s *settings) { s.selector = selector })
}

// WithContainer wants containers of this name only: ReadPods.
func WithContainer(name string) Option {
	return named("WithContainer", func(s *settings) { s.container = name })
}

// WithParts wants these parts of the Role only, "read" or "proxy": RBACYAML.
func WithParts(parts string) Option {
	return named("WithParts", func(s *settings) { s.parts = parts })
}

// WithScenario narrows rights to what looking at a scenario needs: ReviewAccess, RBACYAML.
func WithScenario(scenario *Scenario) Option {
	return named("WithScenario", func(s *settings) { s.scenario = scenario })
}

// WithKubeconfig is one file, instead of those that kubectl would read: OpenCluster.
func WithKubeconfig(path string) Option {
	return named("WithKubeconfig", func(s *settings) { s.kubeconfig = path })
}

// WithKubeContext is a context of the kubeconfig, instead of its current one: OpenCluster.
func WithKubeContext(name string) Option {
	return named("WithKubeContext", func(s *settings) { s.kubeContext = name })
}

// WithClusterName is a cluster of the kubeconfig, instead of the context's: OpenCluster.
func WithClusterName(name string) Option {
	return named("WithClusterName", func(s *settings) { s.clusterName = name })
}

// WithUser is a user of the kubeconfig, instead of the context's: OpenCluster.
func WithUser(name string) Option {
	return named("WithUser", func(s *settings) { s.user = name })
}

// WithImpersonate is the user to act as: OpenCluster.
func WithImpersonate(user string) Option {
	return named("WithImpersonate", func(s *settings) { s.impersonate = user })
}

// WithExecPolicy says whether the kubeconfig's exec plugin may be run, with ExecAllowed which ones:
// OpenCluster.
func WithExecPolicy(policy ExecPolicy, allowed ...string) Option {
	return named("WithExecPolicy", func(s *settings) { s.execPolicy, s.execAllowed = policy, allowed })
}

// contextJSON is the evaluation context as text, "" without one.
func (s *settings) contextJSON(op string) (string, error) {
	if s.context == nil {
		return "", nil
	}
	made, err := json.Marshal(s.context)
	if err != nil {
		return "", invalid(op, "the context cannot become JSON: %v", err)
	}
	return string(made), nil
}
