/* Every prefix of a run, judged as a replay would: verdicts move forward, never to and fro. */
#include <check.h>
#include <leakdiag/diagnosis.h>
#include <leakdiag/report.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "observation/observation.h"
#include "world/world.h"

#define MINUTE     ((int64_t)60000)
#define PACE       5000 /* between looks */
#define THIRD_PACE "0m=8Mi 45m=18Mi 54m=19Mi 60m=20Mi"
#define FLAT       "0m=8Mi 90m=8Mi"
#define AFTER_A_OOM                                                                                \
    "0m=8Mi 3m=10Mi 6m=12Mi 9m=14Mi 12m=16Mi 15m=18Mi 18m=19Mi 20m=20Mi 20m5s=8Mi 23m5s=10Mi "     \
    "26m5s=12Mi 29m5s=14Mi"

static ld_node *answers;

/* What one prefix came to. */
typedef struct judged {
    int64_t at_ms;
    char finding[32], first[32];
    leakdiag_verdict verdict;
} judged;

/* A run of looks and the judgement of each of its prefixes. */
typedef struct run {
    leakdiag_scenario *scenario;
    leakdiag_observation *whole;
    judged *list;
    size_t n;
} run;

static void judge_prefix(run *r, int64_t at_ms)
{
    leakdiag_error err = {0};
    leakdiag_observation *prefix = NULL;
    leakdiag_diagnosis *d = NULL;
    leakdiag_status status =
        leakdiag_observation_until(r->whole, WORLD_EPOCH + at_ms, &prefix, &err);
    if (!status)
        status = leakdiag_diagnose(r->scenario, prefix, &d, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    judged *one = &r->list[r->n++];
    const char *finding = leakdiag_check_finding(d, leakdiag_diagnosis_find_check(d, "memory"));
    one->at_ms = at_ms;
    one->verdict = leakdiag_diagnosis_verdict(d);
    snprintf(one->finding, sizeof one->finding, "%s", finding ? finding : "-");
    snprintf(one->first, sizeof one->first, "%s",
             leakdiag_diagnosis_cause_count(d) ? leakdiag_cause_id(d, 0) : "none");
    leakdiag_diagnosis_free(d);
    leakdiag_observation_unref(prefix);
}

static run run_of(world *w)
{
    run r = {0};
    w->every_ms = PACE;
    r.scenario = world_scenario(w, &world_usual_places);
    r.whole = world_observe(w, r.scenario, &world_usual_places, WORLD_EPOCH, w->at_ms, true);
    r.list = calloc((size_t)(w->at_ms / PACE) + 1, sizeof *r.list);
    for (int64_t t = 0; t <= w->at_ms; t += PACE)
        judge_prefix(&r, t);
    return r;
}

static void run_done(run *r)
{
    free(r->list);
    leakdiag_observation_unref(r->whole);
    leakdiag_scenario_unref(r->scenario);
}

/* The memory findings are these words in this order, each at least once, none again later. */
static void expect_order(const run *r, const char *const *words, size_t n)
{
    size_t at = 0;
    ck_assert_str_eq(r->list[0].finding, words[0]);
    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->list[i].finding, words[at]) == 0)
            continue;
        bool moves = at + 1 < n && strcmp(r->list[i].finding, words[at + 1]) == 0;
        ck_assert_msg(moves, "at %g s memory is %s after %s", (double)r->list[i].at_ms / 1e3,
                      r->list[i].finding, words[at]);
        at++;
    }
    ck_assert_msg(at + 1 == n, "memory ends as %s", words[at]);
}

static void expect_first(const run *r, int64_t from_ms, int64_t to_ms, const char *cause)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->list[i].at_ms >= from_ms && r->list[i].at_ms <= to_ms)
            ck_assert_msg(strcmp(r->list[i].first, cause) == 0,
                          "at %g s the first cause is %s, not %s", (double)r->list[i].at_ms / 1e3,
                          r->list[i].first, cause);
}

/* The first time at which memory is no longer too early. */
static int64_t decided_ms(const run *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->list[i].finding, "too-early") != 0)
            return r->list[i].at_ms;
    return INT64_MAX;
}

/* The same run with other noise: loops over this many. */
#define NOISES 4

static world noisy(int i)
{
    static const double kib[NOISES] = {0, 96, 192, 256};
    world w = world_healthy(answers);
    w.noise_bytes = kib[i] * 1024;
    w.noise_seed = (uint64_t)i;
    return w;
}

START_TEST(a_run_of_twenty_minutes_is_on_track_until_it_is_killed)
{
    static const char *const words[] = {"too-early", "on-track", "oom-sawtooth"};
    world w = noisy(_i);
    w.at_ms = 29 * MINUTE;
    w.oom_ms[w.n_oom++] = 20 * MINUTE;
    world_set_points(&w, AFTER_A_OOM);
    run r = run_of(&w);
    expect_order(&r, words, 3);
    expect_first(&r, 0, INT64_MAX, "none");
    ck_assert_int_lt(decided_ms(&r), 6 * MINUTE);
    for (size_t i = 0; i < r.n; i++)
        ck_assert_msg(r.list[i].verdict != LEAKDIAG_VERDICT_NOT_AS_EXPECTED,
                      "not as expected at %g s", (double)r.list[i].at_ms / 1e3);
    ck_assert_int_eq(r.list[r.n - 1].verdict, LEAKDIAG_VERDICT_AS_EXPECTED);
    run_done(&r);
}
END_TEST

START_TEST(a_low_flag_is_blamed_from_the_first_line_on_and_memory_falls_behind)
{
    static const char *const words[] = {"too-early", "behind"};
    world w = noisy(_i);
    w.at_ms = 30 * MINUTE;
    w.first.flag_post = "on-100";
    w.first.seen = 100;
    world_set_points(&w, THIRD_PACE);
    run r = run_of(&w);
    expect_order(&r, words, 2);
    expect_first(&r, 10000, INT64_MAX, "flag-value-too-low");
    for (size_t i = 0; i < r.n; i++)
        ck_assert_int_eq(r.list[i].verdict, LEAKDIAG_VERDICT_NOT_AS_EXPECTED);
    run_done(&r);
}
END_TEST

START_TEST(a_flag_that_is_off_is_blamed_from_the_first_look_on)
{
    static const char *const words[] = {"too-early", "flat"};
    world w = noisy(_i);
    w.at_ms = 20 * MINUTE;
    w.first.flag_post = "off";
    w.first.seen = NAN;
    world_set_points(&w, FLAT);
    run r = run_of(&w);
    expect_order(&r, words, 2);
    expect_first(&r, 0, INT64_MAX, "flag-not-applied");
    run_done(&r);
}
END_TEST

/* Locust answers from a cache for 2 s and the last orders are still under way: two looks. */
START_TEST(load_that_stops_is_blamed_from_then_on)
{
    world w = world_healthy(answers);
    w.at_ms = 20 * MINUTE;
    w.then = w.first;
    w.then_at_ms = 8 * MINUTE;
    w.then.load = "stopped";
    w.then.load_orders = w.then.log_orders = 0;
    world_set_points(&w, "0m=8Mi 3m=10Mi 6m=12Mi 8m=13.3Mi 10m=8Mi 90m=8Mi");
    run r = run_of(&w);
    expect_first(&r, 0, 8 * MINUTE - PACE, "none");
    expect_first(&r, 8 * MINUTE + 2 * PACE, INT64_MAX, "no-checkouts");
    run_done(&r);
}
END_TEST

static char *capture_of(const leakdiag_observation *observation)
{
    leakdiag_error err = {0};
    char *json = NULL;
    leakdiag_status status = leakdiag_observation_to_json(observation, &json, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return json;
}

static char *report_of(leakdiag_scenario *scenario, leakdiag_observation *observation)
{
    leakdiag_error err = {0};
    leakdiag_diagnosis *d = NULL;
    char *text = NULL;
    leakdiag_status status = leakdiag_diagnose(scenario, observation, &d, &err);
    if (!status)
        status = leakdiag_report_render(d, LEAKDIAG_FORMAT_JSON, NULL, &text, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    leakdiag_diagnosis_free(d);
    return text;
}

/* The scenario as the capture remembers it. */
static leakdiag_scenario *scenario_of(const leakdiag_observation *observation)
{
    leakdiag_error err = {0};
    leakdiag_scenario *scenario = NULL;
    size_t len, n = leakdiag_observation_setting_count(observation);
    const char *text = leakdiag_observation_scenario(observation, &len), *set[16];
    ck_assert_uint_lt(n, 16);
    for (size_t i = 0; i < n; i++)
        set[i] = leakdiag_observation_setting(observation, i);
    leakdiag_status status = leakdiag_scenario_parse(text, len, NULL, set, n, &scenario, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return scenario;
}

static void replay(const run *r)
{
    leakdiag_error err = {0};
    leakdiag_observation *again = NULL;
    char *capture = capture_of(r->whole), *report = report_of(r->scenario, r->whole);
    leakdiag_status status = leakdiag_observation_from_json(capture, strlen(capture), &again, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    leakdiag_scenario *scenario = scenario_of(again);
    char *capture_again = capture_of(again), *report_again = report_of(scenario, again);
    ck_assert_msg(strcmp(capture, capture_again) == 0, "the capture differs after reading it");
    ck_assert_msg(strcmp(report, report_again) == 0, "%s\n%s", report, report_again);
    leakdiag_free(capture);
    leakdiag_free(capture_again);
    leakdiag_free(report);
    leakdiag_free(report_again);
    leakdiag_observation_unref(again);
    leakdiag_scenario_unref(scenario);
}

START_TEST(a_capture_that_is_read_again_gives_the_same_bytes_and_the_same_diagnosis)
{
    world w = world_healthy(answers);
    w.at_ms = 24 * MINUTE;
    w.oom_ms[w.n_oom++] = 20 * MINUTE;
    world_set_points(&w, AFTER_A_OOM);
    run r = run_of(&w);
    replay(&r);
    run_done(&r);

    w = world_healthy(answers);
    w.first.flag_post = "dead";
    w.first.log = "forbidden";
    w.first.load = "login";
    r = run_of(&w);
    replay(&r);
    run_done(&r);
}
END_TEST

int main(void)
{
    answers = world_document("answers.yaml");
    Suite *suite = suite_create("prefixes");
    TCase *tcase = tcase_create("prefixes");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_run_of_twenty_minutes_is_on_track_until_it_is_killed, 0, NOISES);
    tcase_add_loop_test(tcase, a_low_flag_is_blamed_from_the_first_line_on_and_memory_falls_behind,
                        0, NOISES);
    tcase_add_loop_test(tcase, a_flag_that_is_off_is_blamed_from_the_first_look_on, 0, NOISES);
    tcase_add_test(tcase, load_that_stops_is_blamed_from_then_on);
    tcase_add_test(tcase, a_capture_that_is_read_again_gives_the_same_bytes_and_the_same_diagnosis);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    ld_node_free(answers);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
