import json

import leakdiag as ld
import pytest
from conftest import FIXTURES, TOP
from leakdiag.diagnosis import confidence_name, outcome_name, verdict_name

CAPTURES = FIXTURES / "captures"


def test_a_built_in_scenario_says_what_it_is():
    scenario = ld.Scenario.builtin("any-workload", set={"pid": 7})
    assert scenario.name == "any-workload" and scenario.title and scenario.summary
    assert {p.name: p.value for p in scenario.params}["pid"] == "7"
    assert {p.type for p in scenario.params} <= {"text", "number", "quantity", "duration"}
    assert {"limit", "memory"} <= {c.id for c in scenario.checks} and scenario.checks[0].asks
    assert scenario.causes[0].id == "memory-leak" and scenario.causes[0].title
    assert scenario.uses_cluster  # when a deployment or a pod is named
    assert not ld.Scenario.load(TOP / "examples/lab/scenario.yaml").uses_cluster
    assert scenario.to_dict() == json.loads(scenario.to_json())
    assert scenario == ld.Scenario.load("any-workload", set=["pid=7"])
    assert "any-workload" in ld.Scenario.builtin_names()


def test_a_scenario_is_read_from_text_and_file(tmp_path):
    text = ld.Scenario.builtin_text("any-workload")
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert ld.Scenario.load(path) == ld.Scenario.parse(text.encode())
    with pytest.raises(ld.InvalidError, match="mine.yaml:1:") as caught:
        ld.Scenario.parse("nonsense: 1\n", origin="mine.yaml")
    assert caught.value.line == 1
    with pytest.raises(ld.NotFoundError, match="any-workload"):
        ld.Scenario.builtin("any-worklod")
    with pytest.raises(ld.NotFoundError):
        ld.Scenario.builtin_text("any-worklod")
    with pytest.raises(TypeError):
        ld.Scenario.builtin("any-workload", set="pid=7")


def test_the_embedded_tests_of_a_scenario_run():
    results = ld.Scenario.builtin("any-workload").run_tests()
    assert len(results) > 5 and all(r.passed and r.message == "" and r.name for r in results)


def test_a_scenario_is_linted():
    found = ld.lint("apiVersion: leakdiag/v2\n")
    assert found and found[0].is_error and found[0].line == 1 and found[0].column
    assert found[0].message
    assert ld.lint(ld.Scenario.builtin_text("any-workload")) == ()


def test_checks_and_causes_are_explained():
    assert "memory" in ld.Scenario.builtin("any-workload").explain("memory-leak")
    with pytest.raises(ld.NotFoundError):
        ld.Scenario.builtin("any-workload").explain("none")


def test_a_capture_is_read_and_written_as_the_same_bytes(captures, tmp_path):
    assert len(captures) >= 5
    for path in captures:
        observation = ld.Observation.load(path)
        assert observation.to_json().encode() == path.read_bytes()
        observation.save(tmp_path / path.name)
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_an_observation_has_facts():
    observation = ld.Observation.load(CAPTURES / "nothing-answers.json")
    assert observation.first_ms <= observation.now_ms
    facts = {fact.kind: fact for fact in observation.facts}
    assert facts["flag"].source and facts["flag"].time_ms
    assert facts["flag"].error == "" and facts["flag"].latency_ms is not None
    mixed = ld.Observation.load(TOP / "tests/fuzz/corpus/capture/one-of-each.json").facts
    assert [fact.kind for fact in mixed if "connection refused" in fact.error] == ["load"]
    assert [fact.latency_ms for fact in mixed][:2] == [3, None]
    assert observation.scenario_text.startswith("#") and isinstance(observation.settings, tuple)
    assert observation.scenario().name == "otel-demo/checkout"


def test_an_observation_knows_earlier_times():
    observation = ld.Observation.load(CAPTURES / "leaking-process.json")
    early = observation.until(observation.first_ms)
    assert 0 < len(early.facts) < len(observation.facts)
    joined = early.join(observation)
    assert len(joined.facts) >= len(observation.facts)
    shared = observation.share()
    observation.close()
    assert shared.now_ms


def test_a_capture_is_judged():
    diagnosis = ld.replay(CAPTURES / "flag-off-while-climbing.json")
    assert diagnosis.verdict is ld.Verdict.NOT_AS_EXPECTED and diagnosis.exit_code == 3
    assert diagnosis.summary and diagnosis.next is not None and diagnosis.has_evidence
    check = diagnosis.check("flag.value")
    assert (check.kind, check.finding, check.outcome) == ("flag-value", "not-enabled", "fail")
    assert check.asks and check.observed and check.expected and check.source and check.time_ms
    assert check.reason is not None and check.command is not None
    with pytest.raises(KeyError):
        diagnosis.check("none")
    blocked = [c for c in diagnosis.checks if c.outcome is ld.Outcome.BLOCKED]
    assert blocked and blocked[0].blocked_by
    cause = diagnosis.causes[0]
    assert cause.id == "flag-not-applied" and isinstance(cause.confidence, ld.Confidence)
    assert cause.title and cause.supporting and cause.refuted_by and cause.fix
    assert isinstance(cause.contradicting, tuple) and cause.command is not None
    assert cause.prediction is not None


def test_evidence_against_a_cause_is_there():
    text = ld.Scenario.builtin_text("any-workload").replace(
        "    refuted_by: a longer look", "    against: {limit: [none]}\n    refuted_by: a longer look")
    diagnosis = ld.diagnose(ld.Scenario.parse(text, set={"time_scale": 10}),
                            ld.Observation.load(CAPTURES / "leaking-process.json"))
    assert diagnosis.causes[0].contradicting[0].startswith("limit is none")
    assert diagnosis.causes[0].confidence is ld.Confidence.POSSIBLE


def test_a_leak_has_a_series_and_a_prediction():
    capture = ld.Observation.load(CAPTURES / "leaking-process.json")
    diagnosis = ld.replay(capture)
    assert diagnosis.memory_finding is ld.MemoryFinding.AHEAD and diagnosis.is_decided
    series = diagnosis.series
    diagnosis.close()
    assert len(series) > 4 and series.values_view[0] > 0
    early = ld.replay(capture, at_ms=capture.first_ms)
    assert not early.is_decided and early.time_to_limit is None


def climbing(looks, start=100 << 20, limit=300 << 20):
    """A capture of a process that grows by 1Mi every 15 seconds."""
    facts = [{"kind": "memory", "source": "process 1", "t_ms": 15000 * i, "memory": {
        "kind": "process", "limit_bytes": limit, "pid": 7, "sample_ms": 15000 * i,
        "started_ms": 1, "working_set_bytes": start + i * (1 << 20)}} for i in range(1, looks + 1)]
    return ld.Observation.from_json(json.dumps(
        {"facts": facts, "now_ms": 15000 * looks, "schema": "leakdiag.capture/1"}))


def test_time_to_the_limit_has_an_interval():
    ttl = ld.diagnose(ld.Scenario.builtin("any-workload"), climbing(80)).time_to_limit
    assert ttl.earliest_s <= ttl.seconds <= ttl.latest_s
    assert ttl.seconds == pytest.approx(120 * 15, rel=0.1)


def test_too_early_says_when_it_decides():
    scenario = ld.Scenario.builtin("otel-demo/checkout")
    diagnosis = ld.diagnose(scenario, climbing(3, start=8 << 20, limit=20 << 20))
    assert diagnosis.memory_finding in (None, "too-early") and not diagnosis.is_decided
    assert diagnosis.decides_at_ms is None or diagnosis.decides_at_ms > 45000


def test_reports_have_forms():
    diagnosis = ld.replay(CAPTURES / "leaking-process.json")
    assert diagnosis.report().startswith("NOT AS EXPECTED")
    assert diagnosis.report("junit").startswith("<?xml")
    assert diagnosis.report(ld.Format.QUICK)
    assert "\x1b[" in diagnosis.report(color=True)
    assert diagnosis.report(ascii=True, columns=60, verbose=True).isascii()
    assert diagnosis.to_json() == diagnosis.report("json")
    assert diagnosis.to_dict() == json.loads(diagnosis.to_json())
    with pytest.raises(ValueError):
        diagnosis.report("yaml")


def test_a_diagnosis_can_be_plotted():
    pytest.importorskip("matplotlib")
    axes = ld.replay(CAPTURES / "leaking-process.json").plot()
    assert "not-as-expected" in axes.get_title() and axes.get_lines()
    assert ld.replay(CAPTURES / "nothing-answers.json").plot().get_title()


def test_without_matplotlib_plot_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        ld.replay(CAPTURES / "leaking-process.json").plot()


def test_words_are_those_of_the_library():
    assert [outcome_name(i) for i in range(5)] == [o.value for o in ld.Outcome]
    assert [verdict_name(i) for i in range(4)] == [v.value for v in ld.Verdict]
    assert [confidence_name(i) for i in range(3)] == [c.value for c in ld.Confidence]


def test_results_are_values():
    made = [ld.replay(CAPTURES / "leaking-process.json") for _ in range(2)]
    assert made[0] == made[1] and hash(made[0]) == hash(made[1]) and made[0] != "x"
    with pytest.raises(TypeError, match="JSON"):
        __import__("pickle").dumps(made[0])
    shared = ld.Scenario.builtin("any-workload").share()
    assert __import__("copy").copy(shared) is shared


def test_a_wrong_name_of_a_scenario_says_the_names(tmp_path):
    for name in ("otel-demo", "any"):
        for call in (ld.Scenario.load, ld.Scenario.builtin):
            with pytest.raises(ld.NotFoundError, match="there are any-workload, otel-demo/checkout"):
                call(name)
    with pytest.raises(ld.NotFoundError, match=r"\./shop.yml: cannot open it"):
        ld.Scenario.load("./shop.yml")


def test_a_file_that_is_no_capture_is_named(tmp_path):
    wrong = tmp_path / "wrong.json"
    wrong.write_text("no")
    with pytest.raises(ld.InvalidError, match="wrong.json: not valid JSON") as caught:
        ld.Observation.load(wrong)
    assert caught.value.status is ld.Status.INVALID
