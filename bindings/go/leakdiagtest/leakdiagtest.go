// Package leakdiagtest asserts in tests that a process, cgroup, deployment or capture is leaking, is
// not leaking, or is on track.
//
// The assertions look until memory can be judged, five minutes at most ([For]). Too little to judge
// by is a failure, not a pass. A failure shows the whole report: memory over time, the checks, the
// causes. What was observed is kept as a capture in the folder that the environment variable
// LEAKDIAG_ARTIFACTS names, which is made when it is not there, or after a failure
// in the folder for temporary files; leakdiag replay shows it again.
package leakdiagtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"leakdiag.example/leakdiag"
)

const workload = "any-workload"

// Target is what to look at: [Process], [Cgroup], [Deployment] or [Capture].
type Target struct {
	set     []string
	capture string
	remote  bool
}

// Process is a local process.
func Process(pid int) Target { return Target{set: []string{"pid=" + strconv.Itoa(pid)}} }

// Cgroup is a local memory cgroup.
func Cgroup(path string) Target { return Target{set: []string{"cgroup=" + path}} }

// Deployment is a deployment of a cluster.
func Deployment(namespace, name string) Target {
	return Target{set: []string{"namespace=" + namespace, "deployment=" + name}, remote: true}
}

// Capture is what was observed earlier, in a file. It is judged with the settings that it was made
// with, its time_scale included, unless others are given.
func Capture(path string) Target { return Target{capture: path} }

// Option is a detail of an assertion.
type Option func(*look)

type look struct {
	target Target
	atMost time.Duration
	set    []string

	cluster *leakdiag.Cluster
}

// In looks in this cluster, instead of that of the kubeconfig.
func In(cluster *leakdiag.Cluster) Option { return func(l *look) { l.cluster = cluster } }

// For looks so long at most, instead of five minutes; 0 is one look. Less than the time between two
// looks is an error.
func For(duration time.Duration) Option { return func(l *look) { l.atMost = duration } }

// TimeScale is for workloads that leak so many times faster: the times that a trend is judged by are
// divided by it. Samples come at the scenario's pace all the same, every five seconds, and six are
// needed: a verdict takes 25 seconds at 10 and at 100, where it takes over a minute at 1.
func TimeScale(scale float64) Option {
	return Set("time_scale=" + strconv.FormatFloat(scale, 'g', -1, 64))
}

// Set gives parameters of the scenario a value, "name=value".
func Set(nameValue ...string) Option {
	return func(l *look) { l.set = append(l.set, nameValue...) }
}

// AssertLeaking asserts that memory grows without an end in sight.
func AssertLeaking(t testing.TB, target Target, options ...Option) *leakdiag.Diagnosis {
	t.Helper()
	return assert(t, "a leak was expected", workload, target, options,
		func(d *leakdiag.Diagnosis) bool { return isLeaking(d) })
}

// AssertNotLeaking asserts that memory does not grow, or stops growing.
func AssertNotLeaking(t testing.TB, target Target, options ...Option) *leakdiag.Diagnosis {
	t.Helper()
	return assert(t, "no leak was expected", workload, target, options,
		func(d *leakdiag.Diagnosis) bool { return isJudged(d) && !isLeaking(d) })
}

// AssertOnTrack asserts that memory is as a scenario expects it, which is named or in a file. A zero
// target leaves it to the scenario what to look at.
func AssertOnTrack(t testing.TB, scenario string, target Target, options ...Option) *leakdiag.Diagnosis {
	t.Helper()
	return assert(t, "memory was expected to be on track", scenario, target, options, isOnTrack)
}

func isLeaking(d *leakdiag.Diagnosis) bool {
	finding, ok := d.MemoryFinding()
	return ok && (finding == leakdiag.MemoryAhead || finding == leakdiag.MemoryOOMSawtooth)
}

func isJudged(d *leakdiag.Diagnosis) bool {
	finding, ok := d.MemoryFinding()
	return ok && finding > leakdiag.MemoryTooEarly
}

func isOnTrack(d *leakdiag.Diagnosis) bool {
	passed := false
	for _, check := range d.Checks() {
		if check.Kind == "memory" {
			passed = check.Outcome == leakdiag.OutcomePass
		}
	}
	return passed
}

func assert(t testing.TB, claim, scenario string, target Target, options []Option,
	holds func(*leakdiag.Diagnosis) bool) *leakdiag.Diagnosis {
	t.Helper()
	l := &look{target: target, atMost: 5 * time.Minute}
	for _, option := range options {
		option(l)
	}
	observation, diagnosis, err := l.run(t, scenario)
	if err != nil {
		t.Fatalf("leakdiag: %v", err)
	}
	t.Cleanup(func() { _, _ = observation.Close(), diagnosis.Close() })
	failed := !holds(diagnosis)
	kept := keep(t, observation, failed)
	if failed {
		t.Errorf("%s, but memory is %s\n\n%s\n%s", claim, found(diagnosis), report(diagnosis), kept)
	}
	return diagnosis
}

func (l *look) run(t testing.TB, name string) (*leakdiag.Observation, *leakdiag.Diagnosis, error) {
	if l.target.capture != "" {
		return l.replay(name)
	}
	scenario, err := leakdiag.LoadScenario(name, leakdiag.WithSet(append(l.target.set, l.set...)...))
	if err != nil {
		return nil, nil, err
	}
	defer scenario.Close()
	if name == workload && len(l.target.set) == 0 {
		return nil, nil, errors.New("the target is empty; name a Process, Cgroup, Deployment or Capture")
	}
	if err := l.checkTime(scenario); err != nil {
		return nil, nil, err
	}
	session, err := l.open(scenario)
	if err != nil {
		return nil, nil, err
	}
	defer session.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if test, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if deadline, ok := test.Deadline(); ok { // leave time to report
			ctx, cancel = context.WithDeadline(ctx, deadline.Add(-5*time.Second))
			defer cancel()
		}
	}
	if l.atMost == 0 {
		return session.Watch(ctx)
	}
	return session.Watch(ctx, leakdiag.WithFor(l.atMost), leakdiag.WithUntilDecided())
}

// checkTime refuses a time that is shorter than the pace: it would be one look, at which nothing can
// be judged.
func (l *look) checkTime(scenario *leakdiag.Scenario) error {
	var made struct {
		Pace struct {
			EveryMs int64 `json:"every_ms"`
		}
	}
	text, err := scenario.ToJSON()
	if err == nil {
		err = json.Unmarshal([]byte(text), &made)
	}
	if err != nil {
		return err
	}
	every := time.Duration(made.Pace.EveryMs) * time.Millisecond
	if l.atMost < 0 {
		return fmt.Errorf("For(%v): a time is needed; give the time that a verdict may take, like "+
			"2*time.Minute, or 0 for one look", l.atMost)
	}
	if l.atMost > 0 && l.atMost < every {
		return fmt.Errorf("For(%v): less than the %v between two looks, so there would be one; give "+
			"the time that a verdict may take, like 2*time.Minute, or 0 for one look", l.atMost, every)
	}
	return nil
}

// open makes a session, in the cluster of the kubeconfig when the scenario needs one.
func (l *look) open(scenario *leakdiag.Scenario) (*leakdiag.Session, error) {
	if l.cluster == nil && (l.target.remote || len(l.target.set) == 0 && scenario.UsesCluster()) {
		cluster, err := leakdiag.OpenCluster()
		switch {
		case err == nil:
			l.cluster = cluster // the session keeps it alive
		case l.target.remote || !errors.Is(err, leakdiag.ErrNotFound):
			return nil, err
		}
	}
	if l.cluster == nil {
		return leakdiag.NewSession(scenario)
	}
	return leakdiag.NewSession(scenario, leakdiag.WithCluster(l.cluster))
}

// replay judges the capture by the scenario with the settings that the capture was made with, as far
// as the scenario knows them, and then those that are given.
func (l *look) replay(name string) (*leakdiag.Observation, *leakdiag.Diagnosis, error) {
	observation, err := leakdiag.LoadObservation(l.target.capture)
	if err != nil {
		return nil, nil, err
	}
	own, err := known(name, observation.Settings())
	if err != nil {
		return nil, nil, err
	}
	scenario, err := leakdiag.LoadScenario(name, leakdiag.WithSet(append(own, l.set...)...))
	if err != nil {
		return nil, nil, err
	}
	defer scenario.Close()
	diagnosis, err := leakdiag.Diagnose(scenario, observation)
	return observation, diagnosis, err
}

// known are those of the settings that are parameters of the scenario.
func known(name string, settings []string) ([]string, error) {
	scenario, err := leakdiag.LoadScenario(name)
	if err != nil {
		return nil, err
	}
	defer scenario.Close()
	var found []string
	for _, setting := range settings {
		for _, param := range scenario.Params() {
			if strings.HasPrefix(setting, param.Name+"=") {
				found = append(found, setting)
			}
		}
	}
	return found, nil
}

func found(d *leakdiag.Diagnosis) string {
	finding, ok := d.MemoryFinding()
	if !ok {
		return "not judged"
	}
	return finding.String()
}

func report(d *leakdiag.Diagnosis) string {
	made, err := d.Report(leakdiag.FormatText, leakdiag.WithColumns(100))
	if err != nil {
		return err.Error()
	}
	return made
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// keep saves the capture and says where.
func keep(t testing.TB, observation *leakdiag.Observation, failed bool) string {
	folder := os.Getenv("LEAKDIAG_ARTIFACTS")
	if folder == "" {
		if !failed {
			return ""
		}
		made, err := os.MkdirTemp("", "leakdiag-")
		if err != nil {
			return "the capture was not kept: " + err.Error()
		}
		folder = made
	} else if err := os.MkdirAll(folder, 0o777); err != nil {
		return "the capture was not kept: " + err.Error()
	}
	name := strings.Trim(notInNames.ReplaceAllString(t.Name(), "-"), "-") + ".capture.json"
	path := filepath.Join(folder, name)
	if err := observation.Save(path, true); err != nil {
		return "the capture was not kept: " + err.Error()
	}
	return "capture: " + path + " (leakdiag replay shows it again)"
}
