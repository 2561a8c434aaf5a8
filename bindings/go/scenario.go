package leakdiag

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"leakdiag.example/leakdiag/internal/capi"
)

// ScenarioMaxBytes is the largest scenario.
const ScenarioMaxBytes = 1048576

// Scenario is the experiment as data, validated, with its parameters filled in.
type Scenario struct{ *object }

// Param is a parameter of a scenario.
type Param struct{ Name, Value, Type, About string }

// ScenarioCheck is a check that a scenario asks for.
type ScenarioCheck struct{ ID, Asks string }

// ScenarioCause is a cause that a scenario knows.
type ScenarioCause struct{ ID, Title string }

// ParseScenario reads a scenario from YAML or JSON. Options: WithSet, WithOrigin.
func ParseScenario(data []byte, options ...Option) (*Scenario, error) {
	s, err := collect("scenario", options, "WithSet", "WithOrigin")
	if err != nil {
		return nil, err
	}
	return scenarioOf(s, func(set []*byte, ret *uintptr, e *capi.ErrorDetail) int {
		return capi.Scenario_parse(data, s.origin, set, ret, e)
	})
}

// BuiltinScenario is a built-in scenario by name. Options: WithSet.
func BuiltinScenario(name string, options ...Option) (*Scenario, error) {
	s, err := collect("scenario", options, "WithSet")
	if err != nil {
		return nil, err
	}
	return scenarioOf(s, func(set []*byte, ret *uintptr, e *capi.ErrorDetail) int {
		return capi.Scenario_builtin(name, set, ret, e)
	})
}

// LoadScenario is a built-in scenario by name, or a scenario from a file. Options: WithSet.
func LoadScenario(name string, options ...Option) (*Scenario, error) {
	if contains(BuiltinScenarioNames(), name) || !meansFile(name) {
		return BuiltinScenario(name, options...) // says what there is when there is no such name
	}
	data, err := ReadFile(name, ScenarioMaxBytes)
	if err != nil {
		return nil, err
	}
	return ParseScenario(data, append(options, WithOrigin(name))...)
}

// meansFile tells "./shop.yml", a missing file, from "otel-demo/chekout", a mistyped name.
func meansFile(name string) bool {
	if name == "-" || strings.HasPrefix(name, "/") || strings.HasPrefix(name, ".") ||
		contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name)) {
		return true
	}
	_, err := os.Stat(name)
	return err == nil
}

func scenarioOf(s *settings, make func([]*byte, *uintptr, *capi.ErrorDetail) int) (*Scenario, error) {
	var handle uintptr
	err := call("scenario", func(e *capi.ErrorDetail) int {
		var hold capi.Hold
		defer hold.Release()
		return make(hold.Texts(s.set), &handle, e)
	})
	if err != nil {
		return nil, err
	}
	return newScenario(handle), nil
}

func newScenario(handle uintptr) *Scenario {
	return &Scenario{newObject(handle, capi.Scenario_unref, nil)}
}

// BuiltinScenarioNames are the names of the built-in scenarios.
func BuiltinScenarioNames() []string {
	names := make([]string, capi.Scenario_builtin_count())
	for i := range names {
		names[i] = capi.Text(capi.Scenario_builtin_name(int64(i)))
	}
	return names
}

// BuiltinScenarioText is the YAML text of a built-in scenario.
func BuiltinScenarioText(name string) (string, error) {
	for i, known := range BuiltinScenarioNames() {
		if known == name {
			var n int64
			text := capi.Scenario_builtin_text(int64(i), &n)
			return string(capi.Bytes(text, n)), nil
		}
	}
	_, err := BuiltinScenario(name) // says it with the nearest name
	return "", err
}

// Share is another reference to the same scenario, with a life of its own.
func (s *Scenario) Share() *Scenario { return newScenario(read(s.object, capi.Scenario_ref)) }

// Name is like "otel-demo/checkout".
func (s *Scenario) Name() string { return text(s.object, capi.Scenario_name) }

// Title is one line.
func (s *Scenario) Title() string { return text(s.object, capi.Scenario_title) }

// Summary is what it is about, or "".
func (s *Scenario) Summary() string { return text(s.object, capi.Scenario_summary) }

// UsesCluster says whether some of its sources are in a cluster or reached through one.
func (s *Scenario) UsesCluster() bool { return read(s.object, capi.Scenario_uses_cluster) != 0 }

// Params are the parameters with their values.
func (s *Scenario) Params() []Param {
	params := make([]Param, read(s.object, capi.Scenario_param_count))
	for i := range params {
		k := int64(i)
		params[i] = Param{textAt(s.object, capi.Scenario_param_name, k),
			textAt(s.object, capi.Scenario_param_value, k),
			textAt(s.object, capi.Scenario_param_type, k),
			textAt(s.object, capi.Scenario_param_about, k)}
	}
	return params
}

// Checks in causal order.
func (s *Scenario) Checks() []ScenarioCheck {
	checks := make([]ScenarioCheck, read(s.object, capi.Scenario_check_count))
	for i := range checks {
		checks[i] = ScenarioCheck{textAt(s.object, capi.Scenario_check_id, int64(i)),
			textAt(s.object, capi.Scenario_check_asks, int64(i))}
	}
	return checks
}

// Causes that it knows.
func (s *Scenario) Causes() []ScenarioCause {
	causes := make([]ScenarioCause, read(s.object, capi.Scenario_cause_count))
	for i := range causes {
		causes[i] = ScenarioCause{textAt(s.object, capi.Scenario_cause_id, int64(i)),
			textAt(s.object, capi.Scenario_cause_title, int64(i))}
	}
	return causes
}

// Explain says what a check or a cause means, as text of at most 80 columns.
func (s *Scenario) Explain(id string) (string, error) {
	return toJSON(s.object, "explain", func(handle uintptr, ret **byte, e *capi.ErrorDetail) int {
		return capi.Report_explain(handle, id, ret, e)
	})
}

// ToJSON is the scenario as the C library and the command write it.
func (s *Scenario) ToJSON() (string, error) {
	return toJSON(s.object, "scenario", capi.Scenario_to_json)
}

// MarshalJSON is ToJSON.
func (s *Scenario) MarshalJSON() ([]byte, error) { return raw(s.ToJSON()) }

// EmbeddedTest is how a test that is embedded in a scenario came out.
type EmbeddedTest struct {
	Name    string
	Passed  bool
	Message string // what differed, or ""
}

// RunTests runs the tests that are embedded in the scenario.
func (s *Scenario) RunTests() ([]EmbeddedTest, error) {
	var handle uintptr
	err := call("scenario test", func(e *capi.ErrorDetail) int {
		return capi.Scenario_test(s.load(), &handle, e)
	})
	runtime.KeepAlive(s)
	if err != nil {
		return nil, err
	}
	results := newObject(handle, capi.Test_results_free, nil)
	defer results.Close()
	tests := make([]EmbeddedTest, read(results, capi.Test_count))
	for i := range tests {
		tests[i] = EmbeddedTest{textAt(results, capi.Test_name, int64(i)),
			readAt(results, capi.Test_passed, int64(i)) != 0,
			textAt(results, capi.Test_message, int64(i))}
	}
	return tests, nil
}

// LintMessage is what a linter has to say.
type LintMessage struct {
	IsError      bool
	Line, Column int // from 1; 0 when not known
	Message      string
}

// Lint finds all faults of a scenario's text, errors and warnings.
func Lint(data []byte) ([]LintMessage, error) {
	var handle uintptr
	err := call("lint", func(e *capi.ErrorDetail) int {
		return capi.Scenario_lint(data, &handle, e)
	})
	if err != nil {
		return nil, err
	}
	found := newObject(handle, capi.Lint_free, nil)
	defer found.Close()
	messages := make([]LintMessage, read(found, capi.Lint_len))
	for i := range messages {
		k := int64(i)
		messages[i] = LintMessage{readAt(found, capi.Lint_is_error, k) != 0,
			int(readAt(found, capi.Lint_line, k)), int(readAt(found, capi.Lint_column, k)),
			textAt(found, capi.Lint_message, k)}
	}
	return messages, nil
}
