/* The scenario: the runbook's numbers in the built-in one, what is refused and where, parameters,
 * the linter, the series shorthand, and memory running out at every point. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/text.h"
#include "scenario/builtin.h"
#include "scenario/scenario.h"
#include "scenario/shorthand.h"
#include "timeline/curve.h"

#define MI           1048576.0
#define MIN          60000
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

LD_DEFINE_CLEANUP(leakdiag_scenario, leakdiag_scenario_unref, scenario_unrefp)
LD_DEFINE_CLEANUP(leakdiag_lint, leakdiag_lint_free, lint_freep)

/* Allocations through the library's hook: counted, and the fail_at-th one fails. */
static size_t allocations, live, fail_at;

static void *counted_alloc(size_t bytes, void *payload)
{
    (void)payload;
    if (++allocations == fail_at)
        return NULL;
    live++;
    return malloc(bytes);
}

static void *counted_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    (void)old_bytes;
    (void)payload;
    return ++allocations == fail_at ? NULL : realloc(memory, bytes);
}

static void counted_release(void *memory, void *payload)
{
    (void)payload;
    live--;
    free(memory);
}

static void count_allocations(size_t fails)
{
    static const leakdiag_allocator counting = {sizeof counting, counted_alloc, counted_resize,
                                                counted_release, NULL};
    allocations = live = 0;
    fail_at = fails;
    ck_assert_int_eq(leakdiag_set_allocator(&counting), LEAKDIAG_OK);
}

static void stop_counting(void)
{
    ck_assert_int_eq(leakdiag_set_allocator(NULL), LEAKDIAG_OK);
    ck_assert_msg(live == 0, "%zu blocks left after allocation %zu failed", live, fail_at);
}

static leakdiag_scenario *builtin(const char *name, const char *const *set, size_t n_set)
{
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_scenario_builtin(name, set, n_set, &s, &err) == LEAKDIAG_OK, "%s",
                  err.message);
    return s;
}

static leakdiag_scenario *checkout(void)
{
    return builtin("otel-demo/checkout", NULL, 0);
}

static const ld_check *check_named(const leakdiag_scenario *s, const char *id)
{
    size_t i = ld_scenario_check(s, id);
    ck_assert_msg(i < s->n_checks, "no check %s", id);
    return &s->checks[i];
}

static double expected(const leakdiag_scenario *s, const char *id, const char *key)
{
    return ld_attribute_number(&check_named(s, id)->expect, key, NAN);
}

/* --- the runbook's numbers --- */

START_TEST(the_flag_is_300)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = checkout();
    ck_assert_str_eq(ld_attribute_text(&check_named(s, "flag.value")->expect, "value", ""), "300");
    ck_assert_str_eq(ld_scenario_param(s, "flag"), "kafkaQueueProblems");
    ck_assert_double_eq(s->timeline_flag_value, 300);
    const ld_role *flag = ld_scenario_role(s, "flag");
    ck_assert_str_eq(flag->sources[0].type, "ofrep");
    ck_assert_str_eq(ld_attribute_text(&flag->sources[0].attributes, "url", ""),
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
        ld_attribute_text(&ld_scenario_role(s, "load")->sources[0].attributes, "url", ""),
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
     "", "rollout.app:settling,in-progress rollout.flagd:settling,in-progress", false},
    {"no-checkouts", "orders:zero", "load:stopped frontend:missing,no-endpoints requests:zero", "",
     false},
    {"flag-value-too-low", "flag.value:lower flag.seen:seen", "",
     "memory:on-track,ahead,oom-sawtooth termination:oom-killed", true},
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
        ck_assert_uint_ge(s->n_tests, 6);
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

/* --- a small scenario that uses everything --- */

static const char small[] = "apiVersion: leakdiag/v1\n"                                /* 1 */
                            "kind: Scenario\n"                                         /* 2 */
                            "metadata: {name: small, title: A small one}\n"            /* 3 */
                            "params:\n"                                                /* 4 */
                            "  url: {type: text, default: \"http://localhost:1\"}\n"   /* 5 */
                            "  users: {type: number, default: 5, about: how many}\n"   /* 6 */
                            "  limit: {type: quantity, default: 20Mi}\n"               /* 7 */
                            "  age: {type: duration, default: 10m}\n"                  /* 8 */
                            "pace: {every: 1s, window: 1m, settle: 10s, stale: 5s}\n"  /* 9 */
                            "sources:\n"                                               /* 10 */
                            "  load: [{type: locust, url: \"${url}\"}]\n"              /* 11 */
                            "  memory: [{type: csv, path: \"\"}]\n"                    /* 12 */
                            "patterns:\n"                                              /* 13 */
                            "  order: {text: \"order of ${users}\"}\n"                 /* 14 */
                            "checks:\n"                                                /* 15 */
                            "  load:\n"                                                /* 16 */
                            "    kind: load\n"                                         /* 17 */
                            "    asks: Is it running?\n"                               /* 18 */
                            "    expect: {users: \"${users}\", min_age: \"${age}\"}\n" /* 19 */
                            "  orders:\n"                                              /* 20 */
                            "    kind: rate\n"                                         /* 21 */
                            "    asks: Are there orders?\n"                            /* 22 */
                            "    needs: [load]\n"                                      /* 23 */
                            "    expect: {of: [\"load:/a\", \"log:order\"]}\n"         /* 24 */
                            "    outcomes: {zero: warn}\n"                             /* 25 */
                            "  limit:\n"                                               /* 26 */
                            "    kind: limit\n"                                        /* 27 */
                            "    asks: Is there a limit?\n"                            /* 28 */
                            "    expect: {bytes: \"${limit}\"}\n"                      /* 29 */
                            "timeline:\n"                                              /* 30 */
                            "  oom_at_end: true\n"                                     /* 31 */
                            "  points:\n"                                              /* 32 */
                            "    - {at: 0m, value: 8Mi, phase: start}\n"               /* 33 */
                            "    - {at: 10m, value: 20Mi}\n"                           /* 34 */
                            "causes:\n"                                                /* 35 */
                            "  no-load:\n"                                             /* 36 */
                            "    title: Nobody is there\n"                             /* 37 */
                            "    when: {load: [stopped], orders: [zero, low]}\n"       /* 38 */
                            "    refuted_by: one order\n"                              /* 39 */
                            "    fix: Start ${users} users.\n"                         /* 40 */
                            "tests:\n"                                                 /* 41 */
                            "  - name: stopped\n"                                      /* 42 */
                            "    given: {load: {state: stopped}, every: 1s, memory: \"8Mi+1x3\"}\n"
                            "    expect: {first_cause: no-load, checks: {load: stopped}}\n";

/* The small scenario with its first `from` replaced by `to`. */
static char *with(const char *from, const char *to)
{
    const char *at = strstr(small, from);
    ck_assert_msg(at != NULL, "\"%s\" is not in the small scenario", from);
    char *text = malloc(strlen(small) + strlen(to) + 1);
    ck_assert_ptr_nonnull(text);
    sprintf(text, "%.*s%s%s", (int)(at - small), small, to, at + strlen(from));
    return text;
}

static leakdiag_scenario *parse(const char *text, const char *const *set, size_t n_set)
{
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_scenario_parse(text, strlen(text), "x.yaml", set, n_set, &s, &err) ==
                      LEAKDIAG_OK,
                  "%s", err.message);
    return s;
}

START_TEST(the_small_scenario_is_what_it_says)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(small, NULL, 0);
    ck_assert_str_eq(leakdiag_scenario_title(s), "A small one");
    ck_assert_str_eq(leakdiag_scenario_summary(s), "");
    ck_assert_str_eq(s->origin, "x.yaml");
    ck_assert_int_eq(s->every_ms, 1000);
    ck_assert_int_eq(s->window_ms, MIN);
    ck_assert_int_eq(s->settle_ms, 10000);
    ck_assert_int_eq(s->stale_ms, 5000);
    ck_assert_double_eq(s->time_scale, 1);
    ck_assert_uint_eq(leakdiag_scenario_param_count(s), 4);
    ck_assert_str_eq(leakdiag_scenario_param_name(s, 1), "users");
    ck_assert_str_eq(leakdiag_scenario_param_value(s, 1), "5");
    ck_assert_str_eq(leakdiag_scenario_param_type(s, 1), "number");
    ck_assert_str_eq(leakdiag_scenario_param_about(s, 1), "how many");
    ck_assert_str_eq(leakdiag_scenario_param_about(s, 0), "");
    ck_assert_str_eq(leakdiag_scenario_param_type(s, 2), "quantity");
    ck_assert_ptr_null(leakdiag_scenario_param_name(s, 4));
    ck_assert_ptr_null(leakdiag_scenario_param_type(s, 4));
    ck_assert_double_eq(s->params.list[3].number, 10 * MIN);
    ck_assert_str_eq(s->patterns[0].text, "order of 5");
    ck_assert_str_eq(s->causes[0].fix, "Start 5 users.");

    const ld_check *orders = check_named(s, "orders");
    ck_assert_uint_eq(orders->n_needs, 1);
    ck_assert_uint_eq(orders->needs[0], ld_scenario_check(s, "load"));
    ck_assert_uint_eq(orders->n_overrides, 1);
    ck_assert_ptr_eq(orders->overrides[0].finding, ld_kind_finding(orders->kind, "zero")->name);
    ck_assert_int_eq(orders->overrides[0].outcome, LD_WARN);
    ck_assert(!orders->supporting);
    ck_assert_ptr_null(orders->command);
    const ld_attribute *of = ld_attribute_find(&orders->expect, "of");
    ck_assert_uint_eq(of->n_items, 2);
    ck_assert_str_eq(of->items[1], "log:order");
    ck_assert_uint_eq(of->line, 24);
    ck_assert_ptr_null(ld_attribute_find(&orders->expect, "window"));
    ck_assert_str_eq(ld_attribute_text(&orders->expect, "window", "none"), "none");

    ck_assert_uint_eq(s->n_tests, 1);
    ck_assert_uint_eq(s->tests[0].line, 42);
    ck_assert_str_eq(ld_attribute_text(&s->tests[0].given, "load.state", ""), "stopped");
    ck_assert_double_eq(ld_attribute_number(&s->tests[0].given, "every", NAN), 1000);
    ck_assert_str_eq(ld_attribute_text(&s->tests[0].expect, "checks.load", ""), "stopped");
    /* Kept although it is empty: whoever gathers skips it. */
    ck_assert_str_eq(
        ld_attribute_text(&ld_scenario_role(s, "memory")->sources[0].attributes, "path", "empty"),
        "empty");
}
END_TEST

START_TEST(values_from_outside_are_filled_in_everywhere)
{
    static const char *const set[] = {"users=7", "users=50", "limit=40Mi", "url=http://h/?a=b",
                                      "age=90s"};
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(small, set, COUNT(set));
    ck_assert_double_eq(expected(s, "load", "users"), 50);
    ck_assert_double_eq(expected(s, "load", "min_age"), 90000);
    ck_assert_double_eq(expected(s, "limit", "bytes"), 40 * MI);
    ck_assert_str_eq(ld_scenario_param(s, "url"), "http://h/?a=b");
    ck_assert_str_eq(s->param_info[1].fallback, "5");
    ck_assert_ptr_null(ld_scenario_param(s, "url2"));
    ck_assert_uint_eq(s->n_set, COUNT(set));
    ck_assert_str_eq(s->set[3], "url=http://h/?a=b");
    ck_assert_str_eq(s->text, small); /* the text stays as it was read */
}
END_TEST

START_TEST(a_value_from_outside_is_not_filled_in_again)
{
    static const char *const set[] = {"url=${users}"};
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(small, set, 1);
    ck_assert_str_eq(
        ld_attribute_text(&ld_scenario_role(s, "load")->sources[0].attributes, "url", ""),
        "${users}");
}
END_TEST

START_TEST(a_source_that_is_not_meant_may_be_empty_throughout)
{
    char *text = with("{type: csv, path: \"\"}]", "{type: csv, path: \"\"}]\n"
                                                  "  flag: [{type: ofrep, url: \"\", key: \"\"}]");
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(text, NULL, 0);
    ck_assert_uint_eq(ld_scenario_role(s, "flag")->n, 1);
    free(text);
}
END_TEST

START_TEST(what_a_parameter_is_about_may_name_another)
{
    char *text = with("about: how many", "about: \"see ${nothing}\"");
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(text, NULL, 0);
    ck_assert_str_eq(leakdiag_scenario_param_about(s, 1), "see ${nothing}");
    free(text);
}
END_TEST

START_TEST(the_band_is_as_wide_as_the_tolerance_says)
{
    char *text =
        with("  oom_at_end: true\n", "  oom_at_end: true\n  tolerance: {value: 3Mi, time: 1ms}\n");
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(text, NULL, 0);
    ck_assert_double_eq_tol(leakdiag_timeline_hi_at(s->timeline, 5 * MIN), 17 * MI, 1000);
    ck_assert_double_eq_tol(leakdiag_timeline_lo_at(s->timeline, 5 * MIN), 11 * MI, 1000);
    ck_assert_int_eq(s->timeline_tolerance_ms, 1);
    free(text);
}
END_TEST

START_TEST(a_compressed_scenario_has_a_compressed_timeline)
{
    char *text = with("stale: 5s}", "stale: 5s, time_scale: 30}");
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(text, NULL, 0);
    ck_assert_double_eq(s->time_scale, 30);
    ck_assert_double_eq(s->timeline->time_scale, 30);
    ck_assert_int_eq(leakdiag_timeline_end_ms(s->timeline), 10 * MIN); /* times are as written */
    ck_assert_int_eq(s->settle_ms, 10000);
    free(text);
}
END_TEST

START_TEST(supporting_checks_and_embedded_sizes_are_told_apart)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = checkout();
    ck_assert(check_named(s, "flag.agreement")->supporting);
    ck_assert(check_named(s, "hand-off")->supporting);
    ck_assert(!check_named(s, "flag.value")->supporting);
    ck_assert(!check_named(s, "memory")->supporting);
    size_t sizes = 0, none = 0, numbers = 0, states = 0;
    for (size_t i = 0; i < s->n_tests; i++) {
        const ld_attribute *limit = ld_attribute_find(&s->tests[i].given, "limit");
        const ld_attribute *flag = ld_attribute_find(&s->tests[i].given, "flag");
        sizes += limit && limit->number == 20 * MI;
        none += limit && isnan(limit->number) && strcmp(limit->text, "none") == 0;
        numbers += flag && flag->number == 300;
        states += flag && isnan(flag->number);
    }
    ck_assert_uint_ge(sizes, 20);
    ck_assert_uint_eq(none, 1);
    ck_assert_uint_ge(numbers, 15);
    ck_assert_uint_eq(states, 5);
}
END_TEST

START_TEST(two_dollars_keep_the_braces)
{
    char *text = with("Start ${users} users.", "echo $${users} $users $ ${users}$");
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(text, NULL, 0);
    ck_assert_str_eq(s->causes[0].fix, "echo ${users} $users $ 5$");
    free(text);
}
END_TEST

static const struct {
    const char *set, *says;
} wrong_sets[] = {
    {"usres=1", "x.yaml: unknown parameter \"usres\" in --set: did you mean \"users\"?"},
    {"zzz=1", "x.yaml: unknown parameter \"zzz\" in --set: there are url, users, limit, age"},
    {"users=many", "x.yaml: --set users: \"many\" is not a number"},
    {"users=", "x.yaml: --set users: \"\" is not a number"},
    {"users=-1", "x.yaml: --set users: -1 is negative"},
    {"users", "x.yaml: --set users: write it as name=value"},
    {"limit=20mi", "x.yaml: --set limit: \"20mi\" is not a quantity"},
    {"age=ten", "x.yaml: --set age: \"ten\" is not a duration"},
    {"=1", "x.yaml: unknown parameter \"\" in --set"},
    {"url", "write it as name=value"},
};

START_TEST(a_wrong_value_from_outside_is_refused)
{
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(
        leakdiag_scenario_parse(small, strlen(small), "x.yaml", &wrong_sets[_i].set, 1, &s, &err),
        LEAKDIAG_E_INVALID);
    ck_assert_ptr_null(s);
    ck_assert_msg(strstr(err.message, wrong_sets[_i].says), "%s", err.message);
}
END_TEST

/* --- what is refused, and where --- */

static const struct {
    const char *from, *to;
    size_t line, column;
    const char *says;
} refused[] = {
    {"leakdiag/v1", "leakdiag/v2", 1, 13, "apiVersion is \"leakdiag/v2\""},
    {"kind: Scenario", "kind: Scenari", 2, 7, "this reads only \"Scenario\""},
    {"kind: Scenario\n", "", 1, 1, "\"kind\" is missing in the scenario"},
    {"metadata: {", "metadata: [] #", 3, 11, "must be a map, not a list"},
    {"name: small", "name: \"sm all\"", 3, 18, "is no name for a scenario"},
    {", title: A small one", "", 3, 11, "\"title\" is missing in \"metadata\""},
    {"title: A small one", "title: \"\"", 3, 32, "\"title\" of \"metadata\" is empty"},
    {"checks:", "cheks:", 15, 1, "did you mean \"checks\"?"},
    {"title: A small", "titel: A small", 3, 25, "did you mean \"title\"?"},
    {"pace:", "paces:", 9, 1, "unknown key \"paces\" in the scenario: did you mean \"pace\"?"},
    {"type: number", "type: nummer", 6, 17, "unknown type \"nummer\""},
    {"default: 5,", "default: five,", 6, 34, "\"five\" is not a number"},
    {"default: 5, ", "", 6, 10, "\"default\" is missing in parameter \"users\""},
    {"default: 10m", "default: \"${users}\"", 8, 34, "is not a duration"},
    {"default: \"http://localhost:1\"", "default: \"${users}\"", 5, 30, "cannot use another"},
    {"every: 1s", "every: 1x", 9, 15, "\"every\" of \"pace\": \"1x\" is not a duration"},
    {"every: 1s", "every: 1ms", 9, 15, "at least 10ms"},
    {"every: 1s", "evry: 1s", 9, 8, "did you mean \"every\"?"},
    {"stale: 5s", "time_scale: 0", 9, 56, "\"time_scale\" of \"pace\" must be from"},
    {"  load: [", "  lod: [", 11, 3, "unknown key \"lod\" in \"sources\": did you mean \"log\"?"},
    {"type: locust", "type: locusts", 11, 17, "did you mean \"locust\"?"},
    {"type: locust", "type: csv", 11, 17, "unknown type \"csv\" in source 1 of \"load\""},
    {"[{type: locust", "[{typ: locust", 11, 10, "\"type\" is missing in source 1 of \"load\""},
    {"{type: csv, path: \"\"}]",
     "{type: csv, path: \"\"}]\n  flag: [{type: ofrep, url: x, key: \"\"}]", 13, 37,
     "\"key\" of source 1 of \"flag\" is empty"},
    {"csv, path", "csv, pth", 12, 24, "unknown key \"pth\" in source 1 of \"memory\""},
    {"url: \"${url}\"", "url: \"${ulr}\"", 11, 30, "unknown parameter \"ulr\""},
    {"url: \"${url}\"", "url: \"${url\"", 11, 30, "without its \"}\""},
    {"{text: \"order of", "{regex: \"(order of", 14, 18, "pattern \"order\": "},
    {"text: \"order of ${users}\"", "ignore_case: true", 14, 10, "\"text\" or \"regex\""},
    {"text: \"order of", "regex: x, text: \"order of", 14, 10, "\"text\" or \"regex\""},
    {"order of ${users}\"", "x\", ignore_case: yes", 14, 35, "write true or false"},
    {"    kind: load", "    kinds: load", 17, 5,
     "unknown key \"kinds\" in check \"load\": did you mean \"kind\"?"},
    {"kind: load", "kind: laod", 17, 11, "unknown kind \"laod\" in check \"load\""},
    {"asks: Is it running?", "asks: [a]", 18, 11, "\"asks\" of check \"load\" must be a single"},
    {"    asks: Is it running?\n", "", 17, 5, "\"asks\" is missing in check \"load\""},
    {"users: \"${users}\"", "users: many", 19, 21, "\"many\" is not a number"},
    {"users: \"${users}\"", "user: 5", 19, 14, "did you mean \"users\"?"},
    {"min_age: \"${age}\"", "max_fail_ratio: 1.5", 19, 49, "a share from 0 to 1"},
    {"needs: [load]", "needs: [laod]", 23, 13, "unknown check \"laod\" in \"needs\" of check"},
    {"needs: [load]", "needs: [load, load]", 23, 19, "names \"load\" twice"},
    {"needs: [load]", "needs: [orders]", 20, 3, "need each other: orders -> orders"},
    {"needs: [load]", "needs: load", 23, 12, "must be a list, not a single value"},
    {"    asks: Is it running?", "    asks: Is it\n    needs: [orders]", 16, 3,
     "need each other: load -> orders -> load"},
    {"log:order", "log:ordr", 24, 30, "unknown pattern \"ordr\""},
    {"log:order", "lag:order", 24, 30, "neither \"log:PATTERN\" nor \"load:ROW\""},
    {"of: [\"load:/a\", \"log:order\"]", "window: 1m", 24, 13, "\"of\" is missing in \"expect\""},
    {"\"log:order\"]", "\"log:order\"], min_per_min: 5, max_per_min: 4", 24, 57, "above"},
    {"    expect: {of: [\"load:/a\", \"log:order\"]}\n", "", 21, 5,
     "\"of\" is missing in \"expect\""},
    {"zero: warn", "zero: wrn", 25, 22, "unknown outcome \"wrn\""},
    {"zero: warn", "zero: blocked", 25, 22, "unknown outcome \"blocked\""},
    {"zero: warn", "zeroo: warn", 25, 16, "unknown finding \"zeroo\""},
    {"kind: limit", "kind: memory", 29, 5, "kind memory takes no expectations"},
    {"  limit:\n    kind", "  Limit:\n    kind", 26, 3, "\"Limit\" is no name for a check"},
    {"oom_at_end: true", "oom_at_end: on", 31, 15, "write true or false"},
    {"oom_at_end: true", "oom_at_end: true\n  starts: {after: [orderz]}", 32, 20,
     "unknown check \"orderz\""},
    {"at: 10m", "at: 0m", 34, 7, "point 2 of \"timeline\" is not later"},
    {"value: 20Mi", "value: 20mi", 34, 24, "\"value\" of point 2 of \"timeline\""},
    {"{at: 0m, value: 8Mi,", "{value: 8Mi,", 33, 7, "\"at\" is missing in point 1"},
    {"    - {at: 10m, value: 20Mi}\n", "", 33, 5, "\"points\" of \"timeline\""},
    {"  no-load:", "  \"\":", 36, 3, "\"\" is no name for a cause"},
    {"  no-load:", "  no load:", 36, 3, "\"no load\" is no name for a cause"},
    {"  no-load:", "  no-load-of-a-name-that-goes-on-for-more-than-the-sixty-four-bytes:", 36, 3,
     "is no name for a cause"},
    {"  no-load:", "  none:", 36, 3, "\"none\" is no name for a cause"},
    {"    title: Nobody is there\n", "", 37, 5, "\"title\" is missing in cause \"no-load\""},
    {"[stopped]", "[stoped]", 38, 19,
     "unknown finding \"stoped\" in \"load\" in \"when\" of cause \"no-load\": did you mean "
     "\"stopped\"?"},
    {"[stopped]", "[zero]", 38, 19, "unknown finding \"zero\""},
    {"[stopped]", "stopped", 38, 18, "must be a list, not a single value"},
    {"[stopped]", "[]", 38, 18, "lists no finding"},
    {"[stopped]", "[stopped, stopped]", 38, 28, "lists \"stopped\" twice"},
    {"{load: [stopped]", "{lod: [stopped]", 38, 12, "unknown check \"lod\""},
    {"    when:", "    supports:", 36, 3, "it would always fire"},
    {"    when:", "    wen:", 38, 5,
     "unknown key \"wen\" in cause \"no-load\": did you mean \"when\"?"},
    {"name: stopped", "nam: stopped", 42, 5, "unknown key \"nam\" in test 1: did you mean"},
    {"state: stopped", "state: stoped", 43, 27, "unknown load.state \"stoped\""},
    {"every: 1s, memory", "memory", 43, 45, "needs \"every\""},
    {"8Mi+1x3", "8Mi+1", 43, 56, "a step needs a number of repeats"},
    {"\"8Mi+1x3\"", "\"8Mi+1x3\", flag: offf", 43, 73, "unknown flag \"offf\""},
    {"\"8Mi+1x3\"", "\"8Mi+1x3\", limit: lots", 43, 74, "or \"none\""},
    {"\"8Mi+1x3\"", "\"8Mi+1x3\", oom_at: [4s]", 43, 75, "\"oom_at\" of \"given\""},
    {"\"8Mi+1x3\"", "\"8Mi+1x3\", oom_at: [2s, 2s]", 43, 75, "not later than the one before"},
    {"\"8Mi+1x3\"", "\"8Mi+1x3\", now: 2s", 43, 72, "before the last sample"},
    {"\"8Mi+1x3\"", "\"8Mi+1x3\", log: loud", 43, 72, "unknown log \"loud\""},
    {"{state: stopped}", "{state: stopped, fail_ratio: 2}", 43, 48, "a share from 0 to 1"},
    {"{state: stopped}", "{users: 5}", 43, 19, "\"state\" is missing"},
    {"first_cause: no-load", "first_cause: no-laod", 44, 27, "did you mean \"no-load\"?"},
    {"first_cause: no-load", "first_cause: none, causes: [no-load]", 44, 27, "contradict"},
    {"first_cause: no-load", "first_cause: no-load, causes: []", 44, 27, "contradict"},
    {"first_cause: no-load", "verdict: fine", 44, 23, "unknown verdict \"fine\""},
    {"checks: {load: stopped}", "checks: {load: zero}", 44, 51, "unknown finding \"zero\""},
    {"checks: {load: stopped}", "checks: {lod: fail}", 44, 45, "unknown check \"lod\""},
    {"    expect: {first_cause: no-load, checks: {load: stopped}}\n", "", 42, 5,
     "nothing is expected"},
};

START_TEST(what_is_wrong_is_refused_with_its_place)
{
    char *text = with(refused[_i].from, refused[_i].to);
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    char place[64];
    snprintf(place, sizeof place, "x.yaml:%zu:%zu: ", refused[_i].line, refused[_i].column);
    ck_assert_msg(leakdiag_scenario_parse(text, strlen(text), "x.yaml", NULL, 0, &s, &err) ==
                      LEAKDIAG_E_INVALID,
                  "accepted: %s", refused[_i].to);
    ck_assert_ptr_null(s);
    ck_assert_msg(strncmp(err.message, place, strlen(place)) == 0, "%s: not at %s: %s",
                  refused[_i].to, place, err.message);
    ck_assert_msg(strstr(err.message, refused[_i].says), "%s: %s", refused[_i].to, err.message);
    ck_assert_uint_eq(err.line, refused[_i].line);
    ck_assert_uint_eq(err.column, refused[_i].column);

    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint(text, strlen(text), &lint, NULL), LEAKDIAG_OK);
    bool found = false;
    for (size_t i = 0; i < leakdiag_lint_len(lint); i++)
        found |= leakdiag_lint_is_error(lint, i) && leakdiag_lint_line(lint, i) == err.line &&
                 strstr(leakdiag_lint_message(lint, i), refused[_i].says) != NULL;
    ck_assert_msg(found, "the linter does not say: %s", err.message);
    free(text);
}
END_TEST

START_TEST(without_an_origin_the_message_still_has_the_place)
{
    char *text = with("kind: load", "kind: laod");
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_scenario_parse(text, strlen(text), NULL, NULL, 0, &s, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_str_eq(err.message,
                     "17:11: unknown kind \"laod\" in check \"load\": did you mean \"load\"?");
    ck_assert_int_eq(leakdiag_scenario_parse("a: [", 4, "y.yaml", NULL, 0, &s, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_msg(strncmp(err.message, "y.yaml:2:1: not valid YAML", 26) == 0, "%s", err.message);
    ck_assert_int_eq(leakdiag_scenario_parse("[]", 2, "y.yaml", NULL, 0, &s, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_str_eq(err.message, "y.yaml:1:1: a scenario must be a map, not a list");
    ck_assert_int_eq(leakdiag_scenario_parse(NULL, 0, NULL, NULL, 0, &s, &err), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(leakdiag_scenario_parse(small, 5, NULL, NULL, 1, &s, &err),
                     LEAKDIAG_E_INVALID);
    free(text);
}
END_TEST

START_TEST(the_first_fault_is_the_first_by_place_not_by_reading)
{
    /* Patterns are read before sources. */
    char *text = with("type: locust, url: \"${url}\"}]\n  memory: [{type: csv, path: \"\"}]\n"
                      "patterns:\n  order: {text",
                      "type: locusts, url: \"${url}\"}]\n  memory: [{type: csv, path: \"\"}]\n"
                      "patterns:\n  order: {texts");
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_scenario_parse(text, strlen(text), NULL, NULL, 0, &s, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_uint_eq(err.line, 11);
    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint(text, strlen(text), &lint, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_lint_line(lint, 0), 11);
    ck_assert_uint_eq(leakdiag_lint_line(lint, 1), 14);
    free(text);
}
END_TEST

START_TEST(one_place_has_one_fault)
{
    char *text = with("users: \"${users}\"", "users: \"${usres}\""); /* and so it is no number */
    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint(text, strlen(text), &lint, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_lint_len(lint), 1);
    ck_assert_msg(strstr(leakdiag_lint_message(lint, 0), "unknown parameter \"usres\""), "%s",
                  leakdiag_lint_message(lint, 0));
    free(text);
}
END_TEST

/* --- the linter --- */

static const struct {
    const char *from, *to;
    size_t line, column;
    const char *says;
} warned[] = {
    {"title: A small one", "title: on", 3, 32, "on is a text here"},
    {"title: A small one", "title: NO", 3, 32, "quote it, \"NO\""},
    {"phase: start", "phase: Off", 33, 35, "Off is a text here"},
    {"\"order of ${users}\"", "order", 0, 0, NULL},
    {"title: A small one", "title: \"on\"", 0, 0, NULL},
    {"title: A small one", "title: on and off", 0, 0, NULL},
    {"patterns:\n", "patterns:\n  extra: {text: x}\n", 14, 3, "pattern \"extra\" is not used"},
    {"params:\n", "params:\n  extra: {type: text, default: x}\n", 5, 3,
     "parameter \"extra\" is not used"},
    {"    fix: Start ${users} users.\n", "", 36, 3, "cause \"no-load\" has no \"fix\""},
    {"    refuted_by: one order\n", "", 36, 3, "has no \"refuted_by\""},
    {"value: 20Mi", "value: 19Mi", 34, 7,
     "an OOM kill at 19Mi, but check \"limit\" expects the "
     "limit 20Mi"},
    {"stale: 5s", "stale: 500ms", 9, 7, "\"stale\" is shorter than \"every\""},
    {"window: 1m", "window: 900ms", 9, 7, "\"window\" is shorter than \"every\""},
};

START_TEST(the_linter_warns_of_what_is_likely_a_mistake)
{
    char *text = with(warned[_i].from, warned[_i].to);
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(text, NULL, 0);
    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint(text, strlen(text), &lint, NULL), LEAKDIAG_OK);
    if (!warned[_i].says) {
        ck_assert_msg(leakdiag_lint_len(lint) == 0, "%s", leakdiag_lint_message(lint, 0));
    } else {
        ck_assert_uint_eq(leakdiag_lint_len(lint), 1);
        ck_assert_int_eq(leakdiag_lint_is_error(lint, 0), 0);
        ck_assert_msg(strstr(leakdiag_lint_message(lint, 0), warned[_i].says), "%s",
                      leakdiag_lint_message(lint, 0));
        ck_assert_uint_eq(leakdiag_lint_line(lint, 0), warned[_i].line);
        ck_assert_uint_eq(leakdiag_lint_column(lint, 0), warned[_i].column);
    }
    ck_assert_ptr_null(leakdiag_lint_message(lint, 1));
    free(text);
}
END_TEST

START_TEST(the_linter_names_several_faults_in_the_order_of_their_places)
{
    static const char text[] = "apiVersion: leakdiag/v2\n"
                               "kind: Scenario\n"
                               "metadata: {name: a, title: off}\n"
                               "checks:\n"
                               "  m: {kind: memori, asks: Is it?}\n"
                               "  n: {kind: memory, ask: Is it?}\n"
                               "causes:\n"
                               "  c: {title: C, when: {n: [flatt], x: [flat]}}\n";
    static const struct {
        size_t line, column;
        bool is_error;
    } wanted[] = {{1, 13, true}, {3, 28, false}, {5, 13, true},
                  {6, 21, true}, {8, 28, true},  {8, 36, true}};
    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint(text, strlen(text), &lint, NULL), LEAKDIAG_OK);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        ck_assert_msg(leakdiag_lint_line(lint, i) == wanted[i].line &&
                          leakdiag_lint_column(lint, i) == wanted[i].column &&
                          leakdiag_lint_is_error(lint, i) == wanted[i].is_error,
                      "%zu: %zu:%zu %s", i, leakdiag_lint_line(lint, i),
                      leakdiag_lint_column(lint, i), leakdiag_lint_message(lint, i));
    }
    ck_assert_uint_eq(leakdiag_lint_len(lint), COUNT(wanted));
}
END_TEST

static const char flagged[] = "apiVersion: leakdiag/v1\nkind: Scenario\n"
                              "metadata: {name: a, title: A}\n"
                              "checks:\n"
                              "  %s: {kind: flag-value, asks: Is it?, expect: {value: %d}}\n"
                              "timeline:\n"
                              "  valid_for_flag_value: 300\n"
                              "  points: [{at: 0s, value: 1Mi}, {at: 1m, value: 2Mi}]\n";

START_TEST(the_linter_looks_at_keys_and_at_the_flag_value_too)
{
    static const struct {
        const char *key;
        int value;
        size_t line, column;
    } rows[] = {{"f", 300, 0, 0}, {"\"on\"", 300, 0, 0}, {"on", 300, 5, 3}, {"f", 100, 7, 25}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[sizeof flagged + 20];
        snprintf(text, sizeof text, flagged, rows[i].key, rows[i].value);
        LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
        ck_assert_int_eq(leakdiag_scenario_lint(text, strlen(text), &lint, NULL), LEAKDIAG_OK);
        ck_assert_uint_eq(leakdiag_lint_len(lint), rows[i].line > 0);
        ck_assert_uint_eq(leakdiag_lint_line(lint, 0), rows[i].line);
        ck_assert_uint_eq(leakdiag_lint_column(lint, 0), rows[i].column);
    }
}
END_TEST

START_TEST(a_document_that_is_no_yaml_is_one_lint_error)
{
    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint("a: 1\n\tb: 2\n", 11, &lint, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_lint_len(lint), 1);
    ck_assert_int_eq(leakdiag_lint_is_error(lint, 0), 1);
    ck_assert_uint_eq(leakdiag_lint_line(lint, 0), 2);
    ck_assert_int_eq(leakdiag_scenario_lint(NULL, 0, &lint, NULL), LEAKDIAG_E_INVALID);
}
END_TEST

/* --- JSON --- */

static char *to_json(const leakdiag_scenario *s)
{
    char *json = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_scenario_to_json(s, &json, &err) == LEAKDIAG_OK, "%s", err.message);
    return json;
}

START_TEST(json_of_the_same_shape_is_the_same_scenario)
{
    static const char yaml[] = "apiVersion: leakdiag/v1\nkind: Scenario\n"
                               "metadata: {name: a, title: A}\n"
                               "params: {n: {type: number, default: 5}}\n"
                               "checks:\n"
                               "  load: {kind: load, asks: Is it?, expect: {users: \"${n}\"}, "
                               "supporting: true}\n"
                               "timeline: {oom_at_end: true, points: [{at: 0s, value: 1Mi}, "
                               "{at: 10s, value: 2Mi}]}\n";
    static const char json[] =
        "{\"apiVersion\": \"leakdiag/v1\", \"kind\": \"Scenario\",\n"
        " \"metadata\": {\"name\": \"a\", \"title\": \"A\"},\n"
        " \"params\": {\"n\": {\"type\": \"number\", \"default\": 5}},\n"
        " \"checks\": {\"load\": {\"kind\": \"load\", \"asks\": \"Is it?\",\n"
        "   \"expect\": {\"users\": \"${n}\"}, \"supporting\": true}},\n"
        " \"timeline\": {\"oom_at_end\": true, \"points\": [{\"at\": 0, \"value\": \"1Mi\"},\n"
        "   {\"at\": \"10s\", \"value\": 2097152}]}}";
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *a = parse(yaml, NULL, 0);
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *b = parse(json, NULL, 0);
    char *one = to_json(a), *two = to_json(b);
    ck_assert_str_eq(one, two);
    leakdiag_free(one);
    leakdiag_free(two);

    char wrong[sizeof json];
    strcpy(wrong, json);
    memcpy(strstr(wrong, "\"load\",") + 1, "laod", 4);
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_scenario_parse(wrong, strlen(wrong), "a.json", NULL, 0, &s, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_str_eq(err.message, "a.json:4:30: unknown kind \"laod\" in check \"load\": did you "
                                  "mean \"load\"?");
}
END_TEST

START_TEST(a_scenario_as_json_is_valid_sorted_and_stable)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(small, NULL, 0);
    char *json = to_json(s), *again = to_json(s);
    ck_assert_str_eq(json, again);
    LD_JSON *root = NULL;
    ck_assert_int_eq(ld_json_parse(json, strlen(json), NULL, &root, NULL), LEAKDIAG_OK);
    const char *schema = NULL;
    ck_assert(ld_json_get_text(root, "schema", &schema));
    ck_assert_str_eq(schema, "leakdiag.scenario/1");
    ck_assert_uint_eq(json_array_size(json_object_get(root, "checks")), 3);
    const json_t *load = json_array_get(json_object_get(root, "checks"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(load, "expect"), "users")),
                     "5");
    char *sorted = NULL;
    ck_assert_int_eq(ld_json_dump(root, &sorted, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(sorted, json);
    leakdiag_free(json);
    leakdiag_free(again);
    leakdiag_free(sorted);
}
END_TEST

START_TEST(a_password_in_a_url_is_not_shown)
{
    static const char *const set[] = {"url=https://me:geheim@host:8089/x and http://a:zwei@b"};
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(small, set, 1);
    char *json = to_json(s);
    ck_assert_ptr_null(strstr(json, "geheim"));
    ck_assert_ptr_null(strstr(json, "zwei"));
    ck_assert_ptr_nonnull(strstr(json, "\"https://***@host:8089/x and http://***@b\""));
    leakdiag_free(json);
}
END_TEST

START_TEST(a_reference_keeps_it_alive)
{
    leakdiag_scenario *s = parse(small, NULL, 0);
    leakdiag_scenario *again = leakdiag_scenario_ref(s);
    leakdiag_scenario_unref(s);
    ck_assert_str_eq(leakdiag_scenario_name(again), "small");
    leakdiag_scenario_unref(again);
    leakdiag_scenario_unref(NULL);
    ck_assert_ptr_null(leakdiag_scenario_ref(NULL));
    leakdiag_lint_free(NULL);
}
END_TEST

/* --- limits --- */

static leakdiag_status parse_text(ld_text *text, leakdiag_error *err)
{
    leakdiag_scenario *s = NULL;
    ck_assert(!text->failed);
    leakdiag_status status =
        leakdiag_scenario_parse(text->data, text->len, "x.yaml", NULL, 0, &s, err);
    leakdiag_scenario_unref(s);
    return status;
}

static void add_head(ld_text *text)
{
    ld_text_add(text, "apiVersion: leakdiag/v1\nkind: Scenario\n"
                      "metadata: {name: a, title: A}\n");
}

START_TEST(too_many_of_anything_is_refused)
{
    static const struct {
        const char *section, *item;
        int most;
    } limits[] = {
        {"checks", "  c%d: {kind: memory, asks: Is it?}\n", 256},
        {"patterns", "  c%d: {text: x}\n", 256},
        {"params", "  c%d: {type: text, default: x}\n", 128},
        {"causes", "  c%d: {title: T, when: {m: [flat]}}\n", 256},
        {"tests", "  - {name: c%d, given: {}, expect: {first_cause: none}}\n", 1000},
    };
    for (size_t i = 0; i < COUNT(limits); i++)
        for (int more = 0; more <= 1; more++) {
            LD_CLEANUP(ld_text_done) ld_text text = {0};
            add_head(&text);
            if (strcmp(limits[i].section, "checks") != 0)
                ld_text_add(&text, "checks: {m: {kind: memory, asks: Is it?}}\n");
            ld_text_addf(&text, "%s:\n", limits[i].section);
            for (int k = 0; k < limits[i].most + more; k++) {
                char item[128];
                const char *mark = strstr(limits[i].item, "%d");
                snprintf(item, sizeof item, "%.*s%d%s", (int)(mark - limits[i].item),
                         limits[i].item, k, mark + 2);
                ld_text_add(&text, item);
            }
            leakdiag_error err = {0};
            leakdiag_status status = parse_text(&text, &err);
            ck_assert_msg(status == (more ? LEAKDIAG_E_LIMIT : LEAKDIAG_OK), "%s %d: %s",
                          limits[i].section, limits[i].most + more, err.message);
        }
}
END_TEST

START_TEST(lists_have_their_limits_too)
{
    for (int n = 64; n <= 65; n++) {
        LD_CLEANUP(ld_text_done) ld_text counters = {0};
        LD_CLEANUP(ld_text_done) ld_text sources = {0};
        add_head(&counters);
        ld_text_add(&counters, "checks: {m: {kind: rate, asks: Is it?, expect: {of: [");
        for (int i = 0; i < n; i++)
            ld_text_addf(&counters, "%s\"load:%d\"", i ? ", " : "", i);
        ld_text_add(&counters, "]}}}\n");
        ck_assert_int_eq(parse_text(&counters, NULL), n > 64 ? LEAKDIAG_E_LIMIT : LEAKDIAG_OK);

        add_head(&sources);
        ld_text_add(&sources, "checks: {m: {kind: memory, asks: Is it?}}\nsources:\n  memory:\n");
        for (int i = 0; i < n; i++)
            ld_text_add(&sources, "    - {type: csv, path: x}\n");
        ck_assert_int_eq(parse_text(&sources, NULL), n > 64 ? LEAKDIAG_E_LIMIT : LEAKDIAG_OK);
    }
}
END_TEST

START_TEST(patterns_are_bounded_in_length_alone_and_together)
{
    static const struct {
        int length, times;
        leakdiag_status status;
    } rows[] = {{4096, 8, LEAKDIAG_OK}, {4096, 9, LEAKDIAG_E_LIMIT}, {4097, 1, LEAKDIAG_E_LIMIT}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        LD_CLEANUP(ld_text_done) ld_text text = {0};
        add_head(&text);
        ld_text_add(&text, "checks: {m: {kind: memory, asks: Is it?}}\npatterns:\n");
        for (int k = 0; k < rows[i].times; k++) {
            ld_text_addf(&text, "  p%d: {regex: ", k);
            for (int c = 0; c < rows[i].length; c++)
                ld_text_add_char(&text, 'x');
            ld_text_add(&text, "}\n");
        }
        leakdiag_error err = {0};
        ck_assert_msg(parse_text(&text, &err) == rows[i].status, "%s", err.message);
    }
}
END_TEST

START_TEST(parameters_cannot_blow_a_document_up)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    add_head(&text);
    ld_text_add(&text, "params: {p: {type: text, default: \"");
    for (int i = 0; i < 4096; i++)
        ld_text_add_char(&text, 'x');
    ld_text_add(&text, "\"}}\nchecks: {m: {kind: memory, asks: \"");
    for (int i = 0; i < 10000; i++)
        ld_text_add(&text, "${p}");
    ld_text_add(&text, "\"}}\n");
    leakdiag_error err = {0};
    ck_assert_int_eq(parse_text(&text, &err), LEAKDIAG_E_LIMIT);
    ck_assert_msg(strstr(err.message, "too long after the parameters"), "%s", err.message);

    char *fill = strstr(text.data, "\"${p}"); /* 17 times 4096 are too many for one text */
    text.len = (size_t)(fill - text.data);
    ld_text_add_char(&text, '"');
    for (int i = 0; i < 17; i++)
        ld_text_add(&text, "${p}");
    ld_text_add(&text, "\"}}\n");
    ck_assert_int_eq(parse_text(&text, &err), LEAKDIAG_E_LIMIT);

    text.len = (size_t)(strstr(text.data, "\"${p}") - text.data); /* now in many small texts */
    ld_text_add(&text, "x\"}}\ntests:\n");
    for (int i = 0; i < 1000; i++)
        ld_text_add(&text, "  - {name: \"${p}${p}${p}\", given: {}, expect: {}}\n");
    ck_assert_int_eq(parse_text(&text, &err), LEAKDIAG_E_LIMIT);
    ck_assert_msg(strstr(err.message, "too long after the parameters"), "%s", err.message);
}
END_TEST

START_TEST(only_so_many_faults_are_kept)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    add_head(&text);
    ld_text_add(&text, "checks: {m: {kind: memory, asks: Is it?}}\n");
    for (int i = 0; i < 60; i++)
        ld_text_addf(&text, "on%d: on\n", i); /* an error and a warning each */
    for (int i = 0; i < 20000; i++)
        ld_text_addf(&text, "x%d: 1\n", i);
    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint(text.data, text.len, &lint, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_lint_len(lint), 100);
    size_t errors = 0;
    for (size_t i = 0; i < leakdiag_lint_len(lint); i++)
        errors += (size_t)leakdiag_lint_is_error(lint, i);
    ck_assert_uint_eq(errors, 50); /* warnings do not crowd them out */
}
END_TEST

START_TEST(hostile_documents_are_refused_as_scenarios_too)
{
    static const char *const units[] = {"[", "- ", "- &a x\n", "%TAG ! tag:x,2000:\n"};
    for (size_t i = 0; i < COUNT(units); i++) {
        LD_CLEANUP(ld_text_done) ld_text text = {0};
        for (int k = 0; k < 30000; k++)
            ld_text_add(&text, units[i]);
        leakdiag_error err = {0};
        leakdiag_status status = parse_text(&text, &err);
        ck_assert(status == LEAKDIAG_E_LIMIT || status == LEAKDIAG_E_INVALID);
        ck_assert_msg(strncmp(err.message, "x.yaml:1:", 9) == 0, "%s", err.message);
    }
    leakdiag_scenario *s = NULL;
    char *large = malloc(LEAKDIAG_SCENARIO_MAX_BYTES + 1);
    ck_assert_ptr_nonnull(large);
    memset(large, ' ', LEAKDIAG_SCENARIO_MAX_BYTES + 1);
    ck_assert_int_eq(
        leakdiag_scenario_parse(large, LEAKDIAG_SCENARIO_MAX_BYTES + 1, NULL, NULL, 0, &s, NULL),
        LEAKDIAG_E_LIMIT);
    free(large);
}
END_TEST

/* --- the series shorthand --- */

static const struct {
    const char *text;
    size_t n;
    int64_t end_ms;
    double values[6];
} series[] = {
    {"", 0, 0, {0}},
    {"5", 1, 0, {5}},
    {"1+2x3", 4, 3000, {1, 3, 5, 7}},
    {"10-3x3", 4, 3000, {10, 7, 4, 1}},
    {"4x2", 3, 2000, {4, 4, 4}},
    {"4x0", 1, 0, {4}},
    {"4+1x0", 1, 0, {4}},
    {"8Mi+0x1", 2, 1000, {8 * MI, 8 * MI}},
    {"8Mi+344064x1", 2, 1000, {8 * MI, 8 * MI + 344064}},
    {"1Ki-512x2", 3, 2000, {1024, 512, 0}},
    {" 1 \t 2\n3 ", 3, 2000, {1, 2, 3}},
    {"1 _ 2", 2, 2000, {1, 2}},
    {"1 _x3 2", 2, 4000, {1, 2}},
    {"_x3", 0, 2000, {0}},
    {"_x0 1", 1, 0, {1}},
    {"1e3 0.5Ki", 2, 1000, {1000, 512}},
    {"0.5+0.25x2", 3, 2000, {0.5, 0.75, 1}},
    {"+5", 1, 0, {5}},
    {"8E+2x0", 1, 0, {8e18}}, /* exa, not an exponent */
};

START_TEST(the_shorthand_gives_this_series)
{
    LD_CLEANUP(ld_shorthand_done) ld_shorthand s = {0};
    leakdiag_error err = {0};
    int64_t end_ms = -1;
    ck_assert_msg(ld_shorthand_parse(series[_i].text, 1000, &s, &err) == LEAKDIAG_OK, "%s: %s",
                  series[_i].text, err.message);
    ck_assert_uint_eq(s.n, series[_i].n);
    ck_assert_int_eq(s.end_ms, series[_i].end_ms);
    ck_assert_int_eq(ld_shorthand_check(series[_i].text, 1000, &end_ms, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(end_ms, s.end_ms);
    for (size_t i = 0; i < s.n; i++)
        ck_assert_double_eq(s.values[i], series[_i].values[i]);
    if (s.n && s.n * 1000 == (size_t)s.end_ms + 1000)
        for (size_t i = 0; i < s.n; i++)
            ck_assert_int_eq(s.times_ms[i], (int64_t)i * 1000);
}
END_TEST

START_TEST(a_missing_sample_leaves_its_time_out)
{
    LD_CLEANUP(ld_shorthand_done) ld_shorthand s = {0};
    ck_assert_int_eq(ld_shorthand_parse("1+1x1 _x2 5", 30000, &s, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(s.n, 3);
    ck_assert_int_eq(s.times_ms[1], 30000);
    ck_assert_int_eq(s.times_ms[2], 120000);
}
END_TEST

static const struct {
    const char *text;
    leakdiag_status status;
    size_t column;
    const char *says;
} wrong_series[] = {
    {"x", LEAKDIAG_E_INVALID, 1, "after x comes a whole number"},
    {"1x", LEAKDIAG_E_INVALID, 2, "after x comes a whole number"},
    {"1 2xa", LEAKDIAG_E_INVALID, 4, "after x comes a whole number"},
    {"1x2x3", LEAKDIAG_E_INVALID, 2, "after x comes a whole number"},
    {"1+2", LEAKDIAG_E_INVALID, 2, "a step needs a number of repeats"},
    {"1 abc", LEAKDIAG_E_INVALID, 3, "neither a number nor a size"},
    {"8mi", LEAKDIAG_E_INVALID, 1, "neither a number nor a size"},
    {"stale", LEAKDIAG_E_INVALID, 1, "neither a number nor a size"},
    {"NaN", LEAKDIAG_E_INVALID, 1, "neither a number nor a size"},
    {"1+x3", LEAKDIAG_E_INVALID, 2, "the step is neither"},
    {"1++2x3", LEAKDIAG_E_INVALID, 2, "the step is neither"},
    {"-1", LEAKDIAG_E_INVALID, 1, "negative"},
    {"10-3x4", LEAKDIAG_E_INVALID, 1, "negative"},
    {"1 10-3x4", LEAKDIAG_E_INVALID, 3, "negative"},
    {"_5", LEAKDIAG_E_INVALID, 1, "a missing sample is _"},
    {"1e308+1e308x9", LEAKDIAG_E_INVALID, 1, "infinite"},
    {"1x100000", LEAKDIAG_E_LIMIT, 1, "more than 100000 samples"},
    {"1x50000 _x50000", LEAKDIAG_E_LIMIT, 9, "more than 100000 samples"},
    {"1x18446744073709551615", LEAKDIAG_E_LIMIT, 1, "more than 100000 samples"},
    {"_x18446744073709551617", LEAKDIAG_E_LIMIT, 1, "more than 100000 samples"},
    {"1x99999999999999999999999999", LEAKDIAG_E_LIMIT, 1, "more than 100000 samples"},
};

START_TEST(a_wrong_shorthand_is_refused_with_its_column)
{
    ld_shorthand s = {.n = 77};
    leakdiag_error err = {0};
    ck_assert_msg(ld_shorthand_parse(wrong_series[_i].text, 1000, &s, &err) ==
                      wrong_series[_i].status,
                  "%s: %s", wrong_series[_i].text, err.message);
    ck_assert_uint_eq(s.n, 77);
    ck_assert_msg(strstr(err.message, wrong_series[_i].says), "%s: %s", wrong_series[_i].text,
                  err.message);
    ck_assert_uint_eq(err.column, wrong_series[_i].column);
}
END_TEST

START_TEST(the_longest_shorthand_is_read)
{
    LD_CLEANUP(ld_shorthand_done) ld_shorthand s = {0};
    ck_assert_int_eq(ld_shorthand_parse("1+1x99999", 1000, &s, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(s.n, LD_SHORTHAND_MAX_SAMPLES);
    ck_assert_double_eq(s.values[99999], 100000);
    ck_assert_int_eq(ld_shorthand_parse("1", 0, &s, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_shorthand_parse("1", INT64_MAX, &s, NULL), LEAKDIAG_E_INVALID);
}
END_TEST

/* --- memory runs out --- */

static size_t allocations_of_parse(const char *text, size_t len)
{
    count_allocations(0);
    leakdiag_scenario *s = NULL;
    ck_assert_int_eq(leakdiag_scenario_parse(text, len, "x", NULL, 0, &s, NULL), LEAKDIAG_OK);
    leakdiag_scenario_unref(s);
    size_t n = allocations;
    stop_counting();
    return n;
}

static void parse_without_memory(const char *text, size_t len, size_t k)
{
    static const char *const set[] = {"limit=21Mi"};
    leakdiag_scenario *s = (leakdiag_scenario *)&allocations;
    leakdiag_error err = {0};
    count_allocations(k);
    leakdiag_status status = leakdiag_scenario_parse(text, len, "x", set, 1, &s, &err);
    if (status == LEAKDIAG_OK) {
        leakdiag_scenario_unref(s);
    } else {
        ck_assert_msg(status == LEAKDIAG_E_NOMEM, "allocation %zu: %s", k, err.message);
        ck_assert_ptr_eq(s, (leakdiag_scenario *)&allocations);
    }
    stop_counting();
}

START_TEST(any_allocation_may_fail_while_the_small_scenario_is_read)
{
    size_t n = allocations_of_parse(small, strlen(small));
    ck_assert_uint_gt(n, 100);
    for (size_t k = 1; k <= n + 20; k++)
        parse_without_memory(small, strlen(small), k);
}
END_TEST

/* Every 7th by default: all of them take a minute under sanitizers. LEAKDIAG_EVERY=1 does all. */
START_TEST(allocations_may_fail_while_the_built_in_scenario_is_read)
{
    size_t len, i = strcmp(leakdiag_scenario_builtin_name(0), "otel-demo/checkout") != 0;
    const char *text = leakdiag_scenario_builtin_text(i, &len), *every = getenv("LEAKDIAG_EVERY");
    size_t n = allocations_of_parse(text, len), step = every ? (size_t)atoi(every) : 7;
    ck_assert_uint_gt(n, 1000);
    for (size_t k = 1; k <= n + 20; k += step ? step : 1)
        parse_without_memory(text, len, k);
}
END_TEST

START_TEST(any_allocation_may_fail_in_the_linter_and_in_json)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(small, NULL, 0);
    for (size_t k = 1, done = 0; !done; k++) {
        count_allocations(k);
        leakdiag_lint *lint = NULL;
        leakdiag_status status = leakdiag_scenario_lint(small, strlen(small), &lint, NULL);
        ck_assert(status == LEAKDIAG_OK || (status == LEAKDIAG_E_NOMEM && !lint));
        done = status == LEAKDIAG_OK;
        leakdiag_lint_free(lint);
        stop_counting();
    }
    for (size_t k = 1, done = 0; !done; k++) {
        count_allocations(k);
        char *json = NULL;
        leakdiag_status status = leakdiag_scenario_to_json(s, &json, NULL);
        ck_assert(status == LEAKDIAG_OK || (status == LEAKDIAG_E_NOMEM && !json));
        done = status == LEAKDIAG_OK;
        leakdiag_free(json);
        stop_counting();
    }
    for (size_t k = 1, done = 0; !done; k++) {
        count_allocations(k);
        ld_shorthand out = {0};
        done = ld_shorthand_parse("1+1x3", 1000, &out, NULL) == LEAKDIAG_OK;
        ld_shorthand_done(&out);
        stop_counting();
    }
}
END_TEST

static TCase *runbook_case(void)
{
    TCase *tc = tcase_create("the runbook's numbers");
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
    return tc;
}

static TCase *parse_case(void)
{
    TCase *tc = tcase_create("parse and lint");
    tcase_add_test(tc, the_small_scenario_is_what_it_says);
    tcase_add_test(tc, values_from_outside_are_filled_in_everywhere);
    tcase_add_test(tc, a_value_from_outside_is_not_filled_in_again);
    tcase_add_test(tc, two_dollars_keep_the_braces);
    tcase_add_test(tc, a_source_that_is_not_meant_may_be_empty_throughout);
    tcase_add_test(tc, what_a_parameter_is_about_may_name_another);
    tcase_add_test(tc, the_band_is_as_wide_as_the_tolerance_says);
    tcase_add_test(tc, a_compressed_scenario_has_a_compressed_timeline);
    tcase_add_test(tc, supporting_checks_and_embedded_sizes_are_told_apart);
    tcase_add_loop_test(tc, a_wrong_value_from_outside_is_refused, 0, (int)COUNT(wrong_sets));
    tcase_add_loop_test(tc, what_is_wrong_is_refused_with_its_place, 0, (int)COUNT(refused));
    tcase_add_test(tc, without_an_origin_the_message_still_has_the_place);
    tcase_add_test(tc, the_first_fault_is_the_first_by_place_not_by_reading);
    tcase_add_test(tc, one_place_has_one_fault);
    tcase_add_test(tc, the_linter_looks_at_keys_and_at_the_flag_value_too);
    tcase_add_loop_test(tc, the_linter_warns_of_what_is_likely_a_mistake, 0, (int)COUNT(warned));
    tcase_add_test(tc, the_linter_names_several_faults_in_the_order_of_their_places);
    tcase_add_test(tc, a_document_that_is_no_yaml_is_one_lint_error);
    tcase_add_test(tc, json_of_the_same_shape_is_the_same_scenario);
    tcase_add_test(tc, a_scenario_as_json_is_valid_sorted_and_stable);
    tcase_add_test(tc, a_password_in_a_url_is_not_shown);
    tcase_add_test(tc, a_reference_keeps_it_alive);
    return tc;
}

static TCase *limits_case(void)
{
    TCase *tc = tcase_create("limits, shorthand, memory");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, too_many_of_anything_is_refused);
    tcase_add_test(tc, lists_have_their_limits_too);
    tcase_add_test(tc, patterns_are_bounded_in_length_alone_and_together);
    tcase_add_test(tc, parameters_cannot_blow_a_document_up);
    tcase_add_test(tc, only_so_many_faults_are_kept);
    tcase_add_test(tc, hostile_documents_are_refused_as_scenarios_too);
    tcase_add_loop_test(tc, the_shorthand_gives_this_series, 0, (int)COUNT(series));
    tcase_add_test(tc, a_missing_sample_leaves_its_time_out);
    tcase_add_loop_test(tc, a_wrong_shorthand_is_refused_with_its_column, 0,
                        (int)COUNT(wrong_series));
    tcase_add_test(tc, the_longest_shorthand_is_read);
    tcase_add_test(tc, any_allocation_may_fail_while_the_small_scenario_is_read);
    tcase_add_test(tc, allocations_may_fail_while_the_built_in_scenario_is_read);
    tcase_add_test(tc, any_allocation_may_fail_in_the_linter_and_in_json);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("scenario");
    suite_add_tcase(suite, runbook_case());
    suite_add_tcase(suite, parse_case());
    suite_add_tcase(suite, limits_case());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
