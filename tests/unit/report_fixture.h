/* A diagnosis made by hand: what the report shows must not hang on how it was judged. */
#ifndef TESTS_UNIT_REPORT_FIXTURE_H
#define TESTS_UNIT_REPORT_FIXTURE_H

#include <check.h>
#include <leakdiag/report.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "diagnosis/diagnosis.h"

#define MI       1048576.0
#define NOW_MS   1795444260000 /* 2026-11-23T14:31:00Z */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { FLAG, LOAD, ORDERS, SEEN, LIMIT, MEMORY, TELEMETRY, COLLECTOR, CHECKS };

/* Everything a diagnosis points to. Move it never: it holds pointers into itself. */
typedef struct world {
    leakdiag_scenario scenario;
    ld_check checks[CHECKS];
    size_t memory_needs[2];
    ld_cause causes[2];
    leakdiag_observation observation;
    ld_fact *facts[8];
    ld_answer answers[CHECKS];
    ld_rate rates[CHECKS];
    ld_verdict_cause found[2];
    char *in_favour[2], *against[1];
    leakdiag_diagnosis d;
} world;

static inline ld_check make_check(const char *id, const char *kind, const char *asks,
                                  const char *command)
{
    return (ld_check){.id = ld_copy_text(id),
                      .kind = ld_kind_find(kind),
                      .asks = ld_copy_text(asks),
                      .command = command ? ld_copy_text(command) : NULL};
}

static inline void make_scenario(world *w)
{
    static const struct {
        const char *id, *kind, *asks, *command;
    } checks[CHECKS] = {
        {"flag.value", "flag-value", "Does the flag service answer with the value?",
         "curl -s -X POST -d '{}' "
         "http://localhost:8016/ofrep/v1/evaluate/flags/kafkaQueueProblems"},
        {"load", "load", "Is the load test running as planned?",
         "curl -s http://localhost:8089/stats/requests | jq '{state, user_count}'"},
        {"orders", "rate", "Are orders being placed?", "grep -ci 'order placed' shop.log"},
        {"flag.seen", "flag-seen", "Does the application act on the flag?",
         "grep -E 'kafkaQueueProblems|Done with #' shop.log"},
        {"limit", "limit", "Is the memory limit the expected one?", "cat memory.max"},
        {"memory", "memory", "Does memory climb along the timeline?", NULL},
        {"telemetry.memory", "telemetry", "Does the backend show memory rising?", NULL},
        {"collector", "collector", "Does the collector gather pod memory?", NULL},
    };
    for (size_t i = 0; i < CHECKS; i++)
        w->checks[i] = make_check(checks[i].id, checks[i].kind, checks[i].asks, checks[i].command);
    w->memory_needs[0] = FLAG;
    w->memory_needs[1] = ORDERS;
    w->checks[MEMORY].needs = w->memory_needs;
    w->checks[MEMORY].n_needs = 2;
    w->checks[TELEMETRY].supporting = w->checks[COLLECTOR].supporting = true;
    w->scenario = (leakdiag_scenario){.references = 1,
                                      .name = ld_copy_text("otel-demo/checkout"),
                                      .checks = w->checks,
                                      .n_checks = CHECKS,
                                      .causes = w->causes,
                                      .n_causes = 2,
                                      .window_ms = 300000};
}

static inline void make_causes(world *w)
{
    static const char *lower[] = {"lower"}, *seen[] = {"seen"};
    static ld_condition when[] = {{FLAG, lower, 1}, {SEEN, seen, 1}};
    w->causes[0] = (ld_cause){
        .id = ld_copy_text("flag-value-too-low"),
        .title = ld_copy_text("The flag is on, but its value is too low for the timeline"),
        .when = {when, 2},
        .refuted_by = ld_copy_text("memory on the timeline of 300"),
        .fix = ld_copy_text("Raise the value of variant \"on\" to 300 or 500."),
        .command = ld_copy_text("kubectl edit configmap flagd-config -n otel-demo"),
        .predicts_limit = true};
    w->causes[1] = (ld_cause){.id = ld_copy_text("limit-too-high"),
                              .title = ld_copy_text("The container may use more memory than the "
                                                    "experiment assumes")};
}

/* finding, outcome, observed, expected, reason */
static inline void answer(world *w, size_t i, const char *finding, ld_outcome outcome,
                          const char *observed, const char *expected, const char *reason)
{
    ld_answer *a = &w->answers[i];
    a->check = &w->checks[i];
    a->finding = finding ? ld_kind_finding(a->check->kind, finding) : NULL;
    a->outcome = outcome;
    a->is_configured = true;
    a->blocked_by = SIZE_MAX;
    a->observed.len = a->expected.len = a->reason.len = 0;
    ld_text_add(&a->observed, observed);
    ld_text_add(&a->expected, expected);
    ld_text_add(&a->reason, reason);
}

static inline void make_facts(world *w)
{
    static const char *const kinds[] = {"ofrep http://localhost:8016",
                                        "locust http://localhost:8089", "log-file shop.log"};
    static const ld_fact_kind of[] = {LD_FACT_FLAG, LD_FACT_LOAD, LD_FACT_LOG};
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(ld_fact_new(of[i], kinds[i], NOW_MS - 2000, &w->facts[i], NULL), 0);
    w->facts[0]->latency_ms = 12;
    w->facts[0]->of.flag.state = LEAKDIAG_FLAG_VALUE;
    w->facts[0]->of.flag.value_json = ld_copy_text("100");
    w->facts[0]->of.flag.variant = ld_copy_text("on");
    w->facts[1]->of.load.state = LEAKDIAG_LOAD_RUNNING;
    ld_log_fact *log = &w->facts[2]->of.log;
    log->recent = ld_alloc_array(2, sizeof *log->recent);
    log->n_recent = 2;
    log->recent[0] = (ld_line){ld_copy_text("Warning: FeatureFlag 'kafkaQueueProblems' is "
                                            "activated, overloading queue now."),
                               true, NOW_MS - 5000};
    log->recent[1] =
        (ld_line){ld_copy_text("Done with #100 messages for overload simulation."), false, 0};
    w->observation =
        (leakdiag_observation){.references = 1, .now_ms = NOW_MS, .facts = w->facts, .n_facts = 3};
    w->answers[FLAG].fact = w->facts[0];
}

static inline void make_found(world *w)
{
    w->in_favour[0] = ld_copy_text("flag.value is lower: 100 (variant on), expected 300");
    w->in_favour[1] = ld_copy_text("flag.seen is seen: 3 lines in 5m");
    w->against[0] = ld_copy_text("memory is on-track: 12Mi");
    w->found[0] = (ld_verdict_cause){&w->causes[0],
                                     LEAKDIAG_CONFIDENCE_LIKELY,
                                     {w->in_favour, 2},
                                     {w->against, 1},
                                     ld_copy_text("the limit is reached in 54m")};
    w->found[1] =
        (ld_verdict_cause){&w->causes[1], LEAKDIAG_CONFIDENCE_POSSIBLE, {0}, {0}, ld_copy_text("")};
}

/* The runbook's issue 4 on a working system: the flag is 100 instead of 300. No memory samples. */
static inline void world_make(world *w)
{
    *w = (world){.d = {.first_broken = FLAG}};
    make_scenario(w);
    make_causes(w);
    answer(w, FLAG, "lower", LD_FAIL, "100 (variant on)", "300", "a third of the value");
    answer(w, LOAD, "users-differ", LD_WARN, "50 users, 3/s, 12m", "25 users", "");
    answer(w, ORDERS, "in-range", LD_PASS, "14.2/min (71 in 5m)", "more than 0/min", "");
    answer(w, SEEN, "seen", LD_PASS, "3 lines in 5m, value 100", "300", "");
    answer(w, LIMIT, "expected", LD_PASS, "20Mi", "20Mi", "");
    answer(w, MEMORY, "behind", LD_BLOCKED, "9Mi, +0.2Mi/min", "12Mi at 6m", "");
    answer(w, TELEMETRY, NULL, LD_UNKNOWN, "", "", "no telemetry source is configured");
    answer(w, COLLECTOR, NULL, LD_UNKNOWN, "", "", "no collector source is configured");
    w->answers[MEMORY].blocked_by = FLAG;
    w->answers[TELEMETRY].is_configured = w->answers[COLLECTOR].is_configured = false;
    make_facts(w);
    make_found(w);
    w->rates[ORDERS] = (ld_rate){true, 14.2, 300, 71, "log:order"};
    ck_assert_int_eq(leakdiag_series_new(NULL, NULL, 0, &w->d.view.series, NULL), 0);
    w->d.scenario = &w->scenario;
    w->d.observation = &w->observation;
    w->d.view.scenario = &w->scenario;
    w->d.view.observation = &w->observation;
    w->d.view.now_ms = NOW_MS;
    w->d.view.flag = w->facts[0];
    w->d.view.load = w->facts[1];
    w->d.view.limit_bytes = 20 * MI;
    w->d.view.soft_limit_bytes = NAN;
    w->d.view.oom_kills = -1;
    w->d.ttl_s = w->d.ttl_lo_s = w->d.ttl_hi_s = NAN;
    w->d.answers = w->answers;
    w->d.n_answers = CHECKS;
    w->d.rates = w->rates;
    w->d.causes = w->found;
    w->d.n_causes = 2;
    w->d.verdict = LEAKDIAG_VERDICT_NOT_AS_EXPECTED;
    w->d.is_decided = true;
    w->d.summary = ld_copy_text("The flag is on, but its value is too low for the timeline");
    w->d.next = ld_copy_text("kubectl edit configmap flagd-config -n otel-demo");
}

/* Replaces the memory samples. */
static inline void world_samples(world *w, const int64_t *times_ms, const double *bytes, size_t n)
{
    leakdiag_series_unref(w->d.view.series);
    ck_assert_int_eq(leakdiag_series_new(times_ms, bytes, n, &w->d.view.series, NULL), 0);
}

/* Replaces a text that the fixture made. */
static inline void world_text(char **slot, const char *text)
{
    ld_release(*slot);
    *slot = ld_copy_text(text);
}

static inline void world_done(world *w)
{
    for (size_t i = 0; i < CHECKS; i++) {
        ld_text_done(&w->answers[i].observed);
        ld_text_done(&w->answers[i].expected);
        ld_text_done(&w->answers[i].reason);
        ld_release(w->checks[i].id);
        ld_release(w->checks[i].asks);
        ld_release(w->checks[i].command);
    }
    for (size_t i = 0; i < 2; i++) {
        ld_release(w->causes[i].id);
        ld_release(w->causes[i].title);
        ld_release(w->causes[i].refuted_by);
        ld_release(w->causes[i].fix);
        ld_release(w->causes[i].command);
        ld_release(w->found[i].prediction);
        ld_release(w->in_favour[i]);
    }
    ld_release(w->against[0]);
    ld_release(w->scenario.name);
    for (size_t i = 0; i < w->observation.n_facts; i++)
        ld_fact_unref(w->facts[i]);
    leakdiag_series_unref(w->d.view.series);
    leakdiag_trend_free(w->d.trend);
    leakdiag_comparison_free(w->d.comparison);
    leakdiag_timeline_free(w->scenario.timeline);
    ld_release(w->d.summary);
    ld_release(w->d.next);
}

/* The report, which the caller frees. */
static inline char *render(const world *w, leakdiag_format format, leakdiag_report_options options)
{
    char *text = NULL;
    leakdiag_error err = {0};
    options.size = sizeof options;
    ck_assert_msg(leakdiag_report_render(&w->d, format, &options, &text, &err) == LEAKDIAG_OK, "%s",
                  err.message);
    return text;
}

#endif
