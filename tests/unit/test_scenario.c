/* The built-in scenarios: the runbook's numbers, the agreed ids, the closed sets of findings. */
#include "scenario/builtin.h"
#include "scenario_helpers.h"

/* --- the runbook's numbers --- */

START_TEST(the_flag_is_300)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = checkout();
    ck_assert_str_eq(ld_attribute_text(&check_named(s, "flag.value")->expect, "value", ""), "300");
    ck_assert_str_eq(ld_scenario_param(s, "flag"), "kafkaQueueProblems");
    ck_assert_double_eq(s->timeline_flag_value, 300);
    const ld_role *flag = ld_scenario_role(s, "flag");
    ck_assert_str_eq(flag->sources[0].type, "ofrep");
    ck_assert_str_eq(ld_attribute_text(&flag->sources[0].attributes, "local", ""),
                     "http://localhost:8016");
}
END_TEST

START_TEST(the_load_is_25_users_at_3_per_second_for_10_minutes)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = checkout();
    ck_assert_double_eq(expected(s, "load", "users"), 25);
    ck_assert_double_eq(expected(s, "load", "spawn_per_s"), 3);
    ck_assert_double_eq(expected(s, "load", "min_age"), 10 * MIN);
    ck_assert_str_eq(
        ld_attribute_text(&ld_scenario_role(s, "load")->sources[0].attributes, "local", ""),
        "http://localhost:8089");
}
END_TEST

START_TEST(requests_are_10_to_20_per_minute)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = checkout();
    ck_assert_double_eq(expected(s, "requests", "min_per_min"), 10);
    ck_assert_double_eq(expected(s, "requests", "max_per_min"), 20);
}
END_TEST

START_TEST(memory_starts_at_8_388_608_bytes_and_the_limit_is_20_971_520)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = checkout();
    ck_assert_double_eq(leakdiag_timeline_bytes_at(s->timeline, 0), 8388608);
    ck_assert_double_eq(expected(s, "limit", "bytes"), 20971520);
    ck_assert(s->expects_growth);
}
END_TEST

static const struct {
    int minute;
    double mi;
    const char *phase;
} timeline[] = {
    {0, 8, "baseline"},
    {3, 10, "climbing"},
    {6, 12, "steady growth"},
    {9, 14, "70 % of the limit"},
    {12, 16, "80 % of the limit"},
    {15, 18, "90 % of the limit, GC pressure"},
    {18, 19, "critical, latency spikes"},
    {20, 20, "OOM kill"},
};

START_TEST(the_timeline_has_this_point)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = checkout();
    ck_assert_uint_eq(leakdiag_timeline_len(s->timeline), COUNT(timeline));
    leakdiag_timeline_point p = leakdiag_timeline_point_at(s->timeline, (size_t)_i);
    ck_assert_int_eq(p.at_ms, timeline[_i].minute * (int64_t)MIN);
    ck_assert_double_eq(p.bytes, timeline[_i].mi * MI);
    ck_assert_str_eq(p.phase, timeline[_i].phase);
}
END_TEST

START_TEST(the_timeline_ends_in_an_oom_kill_and_starts_after_load_and_flag)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = checkout();
    ck_assert(s->timeline_oom_at_end);
    ck_assert_double_eq(s->timeline_tolerance_bytes, 1.5 * MI);
    ck_assert_int_eq(s->timeline_tolerance_ms, 90000);
    ck_assert_uint_eq(s->n_starts_after, 2);
    ck_assert_str_eq(s->checks[s->starts_after[0]].id, "load");
    ck_assert_str_eq(s->checks[s->starts_after[1]].id, "flag.seen");
}
END_TEST

START_TEST(the_patterns_are_the_demos_lines)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = checkout();
    static const struct {
        const char *name, *text;
        uint64_t flags;
    } wanted[] = {
        {"flag-active", "FeatureFlag 'kafkaQueueProblems' is activated", 0},
        {"flag-done", "Done with #([0-9]+) messages for overload simulation",
         LEAKDIAG_PATTERN_REGEX},
        {"order", "order placed", LEAKDIAG_PATTERN_IGNORE_CASE},
        {"order-confirmed", "order confirmation email sent", 0},
        {"request", "PlaceOrder", LEAKDIAG_PATTERN_IGNORE_CASE},
        {"hand-off-ok", "Successful to write message", 0},
        {"hand-off-failed", "Failed to (send|write) message", LEAKDIAG_PATTERN_REGEX},
    };
    ck_assert_uint_eq(s->n_patterns, COUNT(wanted));
    for (size_t i = 0; i < COUNT(wanted); i++) {
        ck_assert_str_eq(s->patterns[i].name, wanted[i].name);
        ck_assert_str_eq(s->patterns[i].text, wanted[i].text);
        ck_assert_uint_eq(s->patterns[i].flags, wanted[i].flags);
    }
}
END_TEST

/* --- ids and closed sets, from the house plan --- */

static void assert_ids(size_t n, const char *(*get)(const leakdiag_scenario *, size_t),
                       const leakdiag_scenario *s, const char *wanted)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    for (size_t i = 0; i < n; i++)
        ld_text_addf(&text, "%s%s", i ? " " : "", get(s, i));
    ck_assert_str_eq(text.data, wanted);
    ck_assert_ptr_null(get(s, n));
}

START_TEST(the_ids_of_the_checkout_scenario_are_the_agreed_ones)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = checkout();
    assert_ids(leakdiag_scenario_check_count(s), leakdiag_scenario_check_id, s,
               "flag.value flag.agreement reach.flagd rollout.flagd rollout.app load frontend "
               "requests orders hand-off flag.seen limit soft-limit memory termination "
               "telemetry.memory telemetry.rate telemetry.flag telemetry.arriving collector");
    assert_ids(leakdiag_scenario_cause_count(s), leakdiag_scenario_cause_id, s,
               "flag-not-applied app-has-old-value no-checkouts flag-value-too-low limit-too-high "
               "edit-lost settling soft-limit flag-unreachable hand-off-broken metrics-missing");
}
END_TEST

static const struct {
    const char *kind, *findings;
} closed_sets[] = {
    {"flag-value", "expected lower higher not-enabled disabled code-default missing file-rejected "
                   "malformed not-ofrep refused unreachable"},
    {"flag-agreement", "agree edit-not-durable not-loaded app-differs"},
    {"flag-seen", "seen other-value not-seen silent-source unverified-pattern"},
    {"reach", "reachable config-mismatch no-endpoints policy-blocks"},
    {"rate", "in-range low high zero lower-bound silent-source"},
    {"load", "running spawning stopped users-differ rate-differs too-young failing "
             "other-generator absent"},
    {"hand-off", "configured not-configured failing silent-source"},
    {"service", "ready no-endpoints missing"},
    {"rollout", "settled in-progress stuck settling"},
    {"limit", "expected higher lower none pods-differ decimal-unit"},
    {"soft-limit", "none roomy tight"},
    {"memory", "on-track ahead behind flat plateau gc-bound step shrinking oom-sawtooth too-early "
               "stale no-samples"},
    {"termination", "none oom-killed evicted crashed"},
    {"telemetry", "as-expected flat absent delayed not-permitted"},
    {"collector", "configured not-configured misconfigured failing"},
};

START_TEST(a_kind_has_its_closed_set_of_findings)
{
    ck_assert_uint_eq(COUNT(closed_sets), LD_KINDS);
    const ld_kind *kind = ld_kind_find(closed_sets[_i].kind);
    ck_assert_ptr_nonnull(kind);
    ck_assert_ptr_eq(kind, ld_kind_at((size_t)kind->id));
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    for (size_t i = 0; i < kind->n_findings; i++) {
        ld_text_addf(&text, "%s%s", i ? " " : "", kind->findings[i].name);
        ck_assert_ptr_eq(ld_kind_finding(kind, kind->findings[i].name), &kind->findings[i]);
        ck_assert_int_ne(kind->findings[i].outcome, LD_BLOCKED);
        ld_outcome outcome; /* tests name findings and outcomes alike */
        ck_assert(!ld_outcome_find(kind->findings[i].name, &outcome));
    }
    ck_assert_str_eq(text.data, closed_sets[_i].findings);
    ck_assert_ptr_null(ld_kind_finding(kind, "no-such-finding"));
}
END_TEST

START_TEST(missing_data_is_never_green)
{
    static const char *const blind[] = {"silent-source", "unverified-pattern", "no-samples",
                                        "stale",         "too-early",          "unreachable",
                                        "refused",       "not-ofrep",          "not-permitted"};
    for (size_t k = 0; k < LD_KINDS; k++)
        for (size_t i = 0; i < COUNT(blind); i++) {
            const ld_finding *finding = ld_kind_finding(ld_kind_at(k), blind[i]);
            ck_assert(!finding || finding->outcome == LD_UNKNOWN);
        }
}
END_TEST

START_TEST(every_source_type_has_a_role_and_the_key_it_requires)
{
    for (size_t i = 0; i < ld_source_type_count(); i++) {
        const ld_source_type *type = ld_source_type_at(i);
        ck_assert_ptr_eq(ld_source_type_find(type->name), type);
        ck_assert_ptr_nonnull(type->role);
        bool found = false;
        for (size_t k = 0; k < type->n_keys; k++)
            found |= strcmp(type->keys[k].name, type->requires) == 0;
        ck_assert(found);
    }
    ck_assert_ptr_null(ld_source_type_find("telepathy"));
    ck_assert_ptr_null(ld_source_type_at(ld_source_type_count()));
    ck_assert_ptr_null(ld_kind_at(LD_KINDS));
    ck_assert_ptr_null(ld_kind_find("telepathy"));
}
END_TEST

/* The lists of a condition as "check:finding,finding check:…". */
static char *conditions_text(const leakdiag_scenario *s, const ld_conditions *conditions)
{
    ld_text text = {0};
    char *out = NULL;
    for (size_t i = 0; i < conditions->n; i++) {
        ld_text_addf(&text, "%s%s:", i ? " " : "", s->checks[conditions->list[i].check].id);
        for (size_t k = 0; k < conditions->list[i].n; k++)
            ld_text_addf(&text, "%s%s", k ? "," : "", conditions->list[i].findings[k]);
    }
    ck_assert_int_eq(ld_text_take(&text, &out, NULL), LEAKDIAG_OK);
    return out;
}

static const struct {
    const char *id, *when, *any, *unless;
    bool predicts_limit;
} issues[] = {
    {"flag-not-applied", "flag.value:not-enabled,disabled,missing,file-rejected,code-default", "",
     "", false},
    {"app-has-old-value",
     "flag.value:expected orders:in-range,low,high,lower-bound hand-off:configured "
     "flag.seen:not-seen,other-value",
     "",
     "rollout.app:settling,in-progress rollout.flagd:settling,in-progress "
     "reach.flagd:config-mismatch,no-endpoints,policy-blocks",
     false},
    {"no-checkouts", "orders:zero", "load:stopped frontend:missing,no-endpoints requests:zero", "",
     false},
    {"flag-value-too-low", "flag.value:lower flag.seen:seen", "",
     "memory:on-track,ahead,oom-sawtooth", true},
    {"limit-too-high", "limit:higher,none memory:on-track,ahead,behind", "",
     "termination:oom-killed", false},
};

START_TEST(an_issue_of_the_runbook_fires_on_these_findings)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = checkout();
    const ld_cause *cause = &s->causes[_i];
    ck_assert_str_eq(cause->id, issues[_i].id);
    char *when = conditions_text(s, &cause->when), *any = conditions_text(s, &cause->any);
    char *unless = conditions_text(s, &cause->unless);
    ck_assert_str_eq(when, issues[_i].when);
    ck_assert_str_eq(any, issues[_i].any);
    ck_assert_str_eq(unless, issues[_i].unless);
    ck_assert_int_eq(cause->predicts_limit, issues[_i].predicts_limit);
    ck_assert_ptr_nonnull(cause->fix);
    ck_assert_ptr_nonnull(cause->refuted_by);
    ck_assert_ptr_nonnull(cause->command);
    leakdiag_free(when);
    leakdiag_free(any);
    leakdiag_free(unless);
}
END_TEST

START_TEST(any_workload_expects_no_growth_and_no_flag)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = builtin("any-workload", NULL, 0);
    ck_assert(!s->expects_growth);
    ck_assert_ptr_null(s->timeline);
    ck_assert(isnan(s->timeline_flag_value));
    ck_assert_ptr_null(ld_scenario_role(s, "flag"));
    ck_assert_uint_eq(ld_scenario_check(s, "flag.value"), s->n_checks);
    const ld_check *memory = check_named(s, "memory");
    for (size_t i = 0; i < memory->n_overrides; i++)
        if (strcmp(memory->overrides[i].finding, "ahead") == 0)
            ck_assert_int_eq(memory->overrides[i].outcome, LD_FAIL);
        else if (strcmp(memory->overrides[i].finding, "flat") == 0)
            ck_assert_int_eq(memory->overrides[i].outcome, LD_PASS);
    ck_assert_uint_eq(memory->n_overrides, 8);
}
END_TEST

START_TEST(a_built_in_scenario_is_read_without_its_tests_and_shows_and_runs_them)
{
    static const char *const set[] = {"limit=40Mi"};
    for (size_t i = 0; i < leakdiag_scenario_builtin_count(); i++) {
        bool is_demo = strcmp(leakdiag_scenario_builtin_name(i), "otel-demo/checkout") == 0;
        LD_CLEANUP(scenario_unrefp)
        leakdiag_scenario *s = builtin(leakdiag_scenario_builtin_name(i), set, is_demo);
        LD_CLEANUP(scenario_unrefp) leakdiag_scenario *whole = NULL;
        LD_CLEANUP(scenario_unrefp) leakdiag_scenario *parsed = NULL;
        LD_CLEANUP(ld_releasep) char *shown = NULL;
        LD_CLEANUP(ld_releasep) char *wanted = NULL;
        ck_assert_uint_eq(s->n_tests, 0);
        ck_assert(!ld_scenario_with_tests(s, &whole, NULL));
        ck_assert_uint_ge(whole->n_tests, 6);
        ck_assert(!is_demo || strcmp(ld_scenario_param(whole, "limit"), "40Mi") == 0);
        ck_assert(
            !leakdiag_scenario_parse(s->text, s->text_len, s->origin, set, is_demo, &parsed, NULL));
        ck_assert(!leakdiag_scenario_to_json(parsed, &wanted, NULL));
        ck_assert(!leakdiag_scenario_to_json(s, &shown, NULL));
        ck_assert_str_eq(shown, wanted);
        ck_assert(!is_demo || strstr(shown, "40Mi"));
    }
}
END_TEST

START_TEST(the_built_in_scenarios_are_found_by_name_and_lint_clean)
{
    ck_assert_uint_eq(leakdiag_scenario_builtin_count(), 2);
    for (size_t i = 0; i < leakdiag_scenario_builtin_count(); i++) {
        size_t len;
        const char *text = leakdiag_scenario_builtin_text(i, &len);
        LD_CLEANUP(scenario_unrefp)
        leakdiag_scenario *s = builtin(leakdiag_scenario_builtin_name(i), NULL, 0);
        ck_assert_str_eq(leakdiag_scenario_name(s), leakdiag_scenario_builtin_name(i));
        ck_assert_uint_eq(len, strlen(text));
        ck_assert_uint_eq(s->text_len, len);
        ck_assert_str_eq(s->text, text);
        LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
        ck_assert_int_eq(leakdiag_scenario_lint(text, len, &lint, NULL), LEAKDIAG_OK);
        ck_assert_msg(leakdiag_lint_len(lint) == 0, "%s", leakdiag_lint_message(lint, 0));
    }
    ck_assert_ptr_null(leakdiag_scenario_builtin_name(2));
    ck_assert_ptr_null(leakdiag_scenario_builtin_text(2, NULL));

    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_scenario_builtin("otel-demo/chekout", NULL, 0, &s, &err),
                     LEAKDIAG_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "did you mean \"otel-demo/checkout\"?"));
    ck_assert_int_eq(leakdiag_scenario_builtin("nothing like it", NULL, 0, &s, &err),
                     LEAKDIAG_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "any-workload, otel-demo/checkout"));
    ck_assert_ptr_null(s);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("built-in");
    tcase_add_test(tc, the_flag_is_300);
    tcase_add_test(tc, the_load_is_25_users_at_3_per_second_for_10_minutes);
    tcase_add_test(tc, requests_are_10_to_20_per_minute);
    tcase_add_test(tc, memory_starts_at_8_388_608_bytes_and_the_limit_is_20_971_520);
    tcase_add_loop_test(tc, the_timeline_has_this_point, 0, (int)COUNT(timeline));
    tcase_add_test(tc, the_timeline_ends_in_an_oom_kill_and_starts_after_load_and_flag);
    tcase_add_test(tc, the_patterns_are_the_demos_lines);
    tcase_add_test(tc, the_ids_of_the_checkout_scenario_are_the_agreed_ones);
    tcase_add_loop_test(tc, a_kind_has_its_closed_set_of_findings, 0, (int)COUNT(closed_sets));
    tcase_add_test(tc, missing_data_is_never_green);
    tcase_add_test(tc, every_source_type_has_a_role_and_the_key_it_requires);
    tcase_add_loop_test(tc, an_issue_of_the_runbook_fires_on_these_findings, 0, (int)COUNT(issues));
    tcase_add_test(tc, any_workload_expects_no_growth_and_no_flag);
    tcase_add_test(tc, the_built_in_scenarios_are_found_by_name_and_lint_clean);
    tcase_add_test(tc, a_built_in_scenario_is_read_without_its_tests_and_shows_and_runs_them);
    return run_suite("scenario", tc);
}
