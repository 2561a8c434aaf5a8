/* What many looks at several pods come to: which pod speaks, how instances ended, which history and
 * which logs count. */
#include <check.h>
#include <leakdiag/diagnosis.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "diagnosis/view.h"

#define OK(call)                                                                                   \
    do {                                                                                           \
        leakdiag_error err = {0};                                                                  \
        leakdiag_status status_ = (call);                                                          \
        ck_assert_msg(status_ == LEAKDIAG_OK, #call ": %s", err.message);                          \
    } while (0)

#define MIB       1048576.0
#define T0        INT64_C(1795435200000)
#define MINUTE    INT64_C(60000)
#define FACTS_MAX 16

/* Facts in the order of the looks, and what is derived from them. */
typedef struct looks {
    leakdiag_scenario *scenario;
    ld_fact *facts[FACTS_MAX];
    size_t n;
    leakdiag_observation *seen;
    ld_view view;
    leakdiag_diagnosis *diagnosis;
} looks;

static ld_fact *add(looks *l, ld_fact_kind kind, const char *source, int64_t time_ms)
{
    ck_assert_uint_lt(l->n, FACTS_MAX);
    OK(ld_fact_new(kind, source, time_ms, &l->facts[l->n], &err));
    return l->facts[l->n++];
}

/* A pod that runs since a day, with a sample of now. */
static ld_memory_fact *add_pod(looks *l, const char *name, int64_t time_ms, double mib)
{
    ld_memory_fact *memory = &add(l, LD_FACT_MEMORY, name, time_ms)->of.memory;
    memory->kind = ld_copy_text("kubernetes");
    memory->has_pod = true;
    memory->sample_ms = time_ms;
    memory->working_set_bytes = mib * MIB;
    memory->started_ms = T0 - 1440 * MINUTE;
    memory->has_limit = 1;
    memory->limit_bytes = 20 * MIB;
    memory->pod.name = ld_copy_text(name);
    memory->pod.uid = ld_copy_text(name);
    memory->pod.container = ld_copy_text("checkout");
    memory->pod.restarts = 0;
    return memory;
}

static void see(looks *l, int64_t now_ms)
{
    leakdiag_observation *empty = NULL;
    OK(leakdiag_scenario_builtin("otel-demo/checkout", NULL, 0, &l->scenario, &err));
    OK(ld_observation_new(now_ms, l->scenario->text, l->scenario->text_len, NULL, 0, &empty, &err));
    OK(ld_observation_extend(empty, l->facts, l->n, now_ms, &l->seen, &err));
    leakdiag_observation_unref(empty);
    OK(ld_view_make(l->scenario, l->seen, &l->view, &err));
    OK(leakdiag_diagnose(l->scenario, l->seen, &l->diagnosis, &err));
}

static void looks_done(looks *l)
{
    ld_view_done(&l->view);
    leakdiag_diagnosis_free(l->diagnosis);
    leakdiag_observation_unref(l->seen);
    leakdiag_scenario_unref(l->scenario);
    for (size_t i = 0; i < l->n; i++)
        ld_fact_unref(l->facts[i]);
}

static const char *judged(const looks *l)
{
    return l->view.memory->of.memory.pod.name;
}

static const char *finding(const looks *l, const char *check)
{
    const char *word =
        leakdiag_check_finding(l->diagnosis, leakdiag_diagnosis_find_check(l->diagnosis, check));
    return word ? word : "-";
}

/* --- which pod speaks --- */

START_TEST(of_several_pods_the_fullest_that_runs_and_stays_speaks)
{
    looks l = {0};
    add_pod(&l, "small", T0, 10);
    add_pod(&l, "full", T0, 15);
    add_pod(&l, "going", T0, 19)->pod.is_terminating = true;
    add_pod(&l, "waiting", T0, 18)->started_ms = 0;
    add_pod(&l, "unmeasured", T0, NAN);
    add_pod(&l, "smaller", T0, 9);
    see(&l, T0);
    ck_assert_str_eq(judged(&l), "full");
    looks_done(&l);
}
END_TEST

START_TEST(a_pod_is_followed_through_the_looks_in_whatever_order_they_tell_it)
{
    looks l = {0};
    bool is_first = _i == 0;
    add_pod(&l, is_first ? "a" : "b", T0, is_first ? 10 : 30);
    add_pod(&l, is_first ? "b" : "a", T0, is_first ? 30 : 10);
    add_pod(&l, "b", T0 + MINUTE, 20);
    add_pod(&l, "a", T0 + MINUTE, 50);
    add_pod(&l, "a", T0 + MINUTE + 5000, 50)->sample_ms = T0 + MINUTE; /* the same sample again */
    see(&l, T0 + MINUTE + 5000);
    ck_assert_str_eq(judged(&l), "a");
    ck_assert_uint_eq(leakdiag_series_len(l.view.series), 2);
    ck_assert_double_eq(leakdiag_series_values(l.view.series)[0], 10 * MIB);
    ck_assert_double_eq(leakdiag_series_values(l.view.series)[1], 50 * MIB);
    ck_assert_uint_eq(l.view.n_restarts, 0);
    looks_done(&l);
}
END_TEST

START_TEST(pods_of_an_earlier_look_say_nothing_of_limits_and_ends_of_now)
{
    looks l = {0};
    ld_memory_fact *before = add_pod(&l, "old", T0, 10);
    before->limit_bytes = 40 * MIB;
    add_pod(&l, "evicted", T0, NAN)->pod.reason = ld_copy_text("Evicted");
    add_pod(&l, "new", T0 + MINUTE, 10);
    see(&l, T0 + MINUTE);
    ck_assert_str_eq(finding(&l, "limit"), "expected");
    ck_assert_str_eq(finding(&l, "termination"), "none");
    looks_done(&l);
}
END_TEST

/* --- the clock --- */

START_TEST(a_clock_that_is_wrong_is_told_beside_the_rollout)
{
    looks l = {0};
    ld_fact *fact = add(&l, LD_FACT_WORKLOAD, "deployment x/checkout", T0);
    ld_workload_fact *app = &fact->of.workload;
    fact->subject = ld_copy_text("app");
    app->object = ld_copy_text("deployment/checkout");
    app->replicas = app->updated = app->ready = app->available = app->total = 1;
    app->is_observed = true;
    app->started_ms = T0 - 22 * MINUTE;
    app->clock_skew_ms = _i ? 10 * MINUTE : -10 * MINUTE; /* to be added to the looker's clock */
    see(&l, T0);
    size_t at = leakdiag_diagnosis_find_check(l.diagnosis, "rollout.app");
    ck_assert_str_eq(finding(&l, "rollout.app"), "settled");
    ck_assert_str_eq(
        leakdiag_check_reason(l.diagnosis, at),
        _i ? "the clock of the machine that looked is 10m behind the cluster's, which is used"
           : "the clock of the machine that looked is 10m ahead of the cluster's, which is used");
    looks_done(&l);
}
END_TEST

/* --- the flag in two places --- */

static ld_flag_fact *add_flag(looks *l, const char *method, leakdiag_flag_state state)
{
    ld_flag_fact *flag = &add(l, LD_FACT_FLAG, method, T0)->of.flag;
    flag->method = ld_copy_text(method);
    flag->state = state;
    return flag;
}

static const struct {
    leakdiag_flag_state served, stored;
    bool has_targeting;
    const char *finding;
} stories[] = {
    {LEAKDIAG_FLAG_MISSING, LEAKDIAG_FLAG_MISSING, false, "agree"},
    {LEAKDIAG_FLAG_MISSING, LEAKDIAG_FLAG_DISABLED, false, "edit-not-durable"},
    {LEAKDIAG_FLAG_MISSING, LEAKDIAG_FLAG_DISABLED, true, "agree"}, /* nobody can tell */
};

START_TEST(what_is_served_and_stored_agree_by_state_unless_rules_decide)
{
    looks l = {0};
    add_flag(&l, "POST", stories[_i].served);
    add_flag(&l, "configmap", stories[_i].stored)->has_targeting = stories[_i].has_targeting;
    see(&l, T0);
    ck_assert_str_eq(finding(&l, "flag.agreement"), stories[_i].finding);
    looks_done(&l);
}
END_TEST

/* --- how instances ended --- */

START_TEST(another_pod_that_took_over_is_a_restart_and_no_kill)
{
    looks l = {0};
    add_pod(&l, "old", T0, 15);
    add_pod(&l, "new", T0 + MINUTE, 8)->started_ms = T0 + MINUTE / 2;
    see(&l, T0 + MINUTE);
    ck_assert_uint_eq(l.view.n_restarts, 1);
    ck_assert_int_eq(l.view.restart_ms[0], T0 + MINUTE / 2);
    ck_assert_uint_eq(l.view.n_ooms, 0);
    looks_done(&l);
}
END_TEST

START_TEST(a_restart_whose_end_nobody_recorded_is_one_all_the_same)
{
    looks l = {0};
    add_pod(&l, "a", T0, 15);
    ld_memory_fact *now = add_pod(&l, "a", T0 + MINUTE, 8);
    now->started_ms = T0 + MINUTE / 2;
    now->pod.restarts = 1;
    see(&l, T0 + MINUTE);
    ck_assert_uint_eq(l.view.n_restarts, 1);
    ck_assert_int_eq(l.view.restart_ms[0], T0 + MINUTE / 2);
    ck_assert_uint_eq(l.view.n_ooms, 0);
    looks_done(&l);
}
END_TEST

static void kill_at(ld_memory_fact *memory, int64_t time_ms)
{
    memory->pod.end_reason = ld_copy_text("OOMKilled");
    memory->pod.end_started_ms = time_ms - 20 * MINUTE;
    memory->pod.ended_ms = memory->started_ms = time_ms;
    memory->pod.restarts = 1;
}

START_TEST(a_kill_counts_once_and_one_before_the_first_sample_bends_no_curve)
{
    looks l = {0};
    int64_t at_ms = T0 + (_i ? 30000 : -30000);
    for (int i = 0; i < 4; i++) {
        ld_memory_fact *memory = add_pod(&l, "a", T0 + i * MINUTE, 10 + i);
        if (T0 + i * MINUTE > at_ms)
            kill_at(memory, at_ms);
    }
    see(&l, T0 + 3 * MINUTE);
    ck_assert_uint_eq(l.view.n_restarts, _i ? 1 : 0);
    ck_assert_uint_eq(l.view.n_ooms, _i ? 1 : 0);
    ck_assert_str_eq(finding(&l, "termination"), "oom-killed");
    ck_assert(l.view.has_start); /* of the instance that was seen first */
    ck_assert_int_eq(l.view.start_ms, _i ? T0 - 1440 * MINUTE : at_ms);
    looks_done(&l);
}
END_TEST

START_TEST(what_is_measured_while_no_instance_runs_is_no_memory_of_the_workload)
{
    looks l = {0};
    add_pod(&l, "a", T0, 15);
    add_pod(&l, "a", T0 + MINUTE, 0)->started_ms = 0;
    add_pod(&l, "a", T0 + 2 * MINUTE, 8)->started_ms = T0 + MINUTE + 20000;
    see(&l, T0 + 2 * MINUTE);
    ck_assert_uint_eq(leakdiag_series_len(l.view.series), 2);
    ck_assert_double_eq(leakdiag_series_values(l.view.series)[1], 8 * MIB);
    looks_done(&l);
}
END_TEST

/* --- history --- */

static void add_history(looks *l, const char *pod, const char *container, const char *name,
                        int64_t from_ms, double mib)
{
    int64_t times_ms[3];
    double values[3];
    ld_fact *fact = add(l, LD_FACT_SERIES, "prometheus", T0);
    for (int i = 0; i < 3; i++) {
        times_ms[i] = from_ms + i * 15000;
        values[i] = (mib + i) * MIB;
    }
    fact->subject = ld_copy_text(name);
    fact->of.series.name = ld_copy_text(name);
    fact->of.series.is_live = true;
    fact->of.series.pod = pod ? ld_copy_text(pod) : NULL;
    fact->of.series.container = container ? ld_copy_text(container) : NULL;
    OK(leakdiag_series_new(times_ms, values, 3, &fact->of.series.series, &err));
}

START_TEST(only_the_judged_pods_own_history_is_its_memory)
{
    looks l = {0};
    add_pod(&l, "a", T0, 15);
    add_history(&l, "b", "checkout", "memory", T0 - 20 * MINUTE, 100);
    add_history(&l, "a", "istio-proxy", "memory", T0 - 15 * MINUTE, 200);
    add_history(&l, NULL, NULL, "orders", T0 - 12 * MINUTE, 300);
    add_history(&l, "a", "checkout", "memory", T0 - 10 * MINUTE, 10);
    see(&l, T0);
    ck_assert_uint_eq(leakdiag_series_len(l.view.series), 4);
    ck_assert_int_eq(leakdiag_series_times_ms(l.view.series)[0], T0 - 10 * MINUTE);
    ck_assert_double_eq(leakdiag_series_values(l.view.series)[0], 10 * MIB);
    ck_assert_double_eq(leakdiag_series_values(l.view.series)[3], 15 * MIB);
    looks_done(&l);
}
END_TEST

/* --- logs --- */

static ld_log_fact *add_log(looks *l, const char *source, int64_t time_ms, bool is_first,
                            int64_t from_ms, int64_t lines)
{
    ld_log_fact *log = &add(l, LD_FACT_LOG, source, time_ms)->of.log;
    log->is_first = is_first;
    log->has_span = true;
    log->from_ms = from_ms;
    log->to_ms = time_ms - 1000;
    log->lines = lines;
    return log;
}

static ld_pattern_fact *add_pattern(ld_log_fact *log, const char *name, int64_t count,
                                    int64_t first_ms)
{
    log->patterns = ld_alloc_zero(sizeof *log->patterns);
    ck_assert_ptr_nonnull(log->patterns);
    log->n_patterns = 1;
    log->patterns->name = ld_copy_text(name);
    log->patterns->count = count;
    log->patterns->capture = NAN;
    log->patterns->first = (ld_line){ld_copy_text("first"), true, first_ms};
    log->patterns->last = (ld_line){ld_copy_text("last"), true, log->to_ms};
    return log->patterns;
}

static const struct {
    int64_t log_from_ms, active_ms, start_ms;
} begins[] = {
    /* the log's own beginning: what was before is not known, and the load is as old as the pod */
    {T0 - 10 * MINUTE, T0 - 10 * MINUTE + 1000, T0 - 1440 * MINUTE},
    /* a time without the flag is seen before it */
    {T0 - 10 * MINUTE, T0 - 5 * MINUTE, T0 - 5 * MINUTE},
    /* the log goes back to the start */
    {T0 - 1440 * MINUTE, T0 - 1440 * MINUTE + 1000, T0 - 1440 * MINUTE + 1000},
};

static void check_begin(int row, bool has_load, int64_t start_ms)
{
    looks l = {0};
    add_pod(&l, "a", T0, 15);
    ld_log_fact *log = add_log(&l, "pod-log x/a", T0, true, begins[row].log_from_ms, 50);
    log->to_ms = T0 - 3 * MINUTE; /* nothing was seen to come late: that is no wrong clock */
    add_pattern(log, "flag-active", 40, begins[row].active_ms);
    if (has_load) {
        ld_load_fact *load = &add(&l, LD_FACT_LOAD, "locust", T0)->of.load;
        load->state = LEAKDIAG_LOAD_RUNNING;
        load->age_ms = 1440 * MINUTE;
    }
    see(&l, T0);
    ck_assert(l.view.has_start);
    ck_assert_int_eq(l.view.start_ms, start_ms);
    ck_assert_int_eq(l.view.log.skew_ms, 0);
    looks_done(&l);
}

START_TEST(the_first_activation_that_a_log_still_has_need_not_be_the_first)
{
    check_begin(_i, true, begins[_i].start_ms);
    /* nothing else tells: the first that is left is nearer than the pod's start */
    check_begin(_i, false, begins[_i].active_ms);
}
END_TEST

START_TEST(lines_of_a_first_look_leave_the_window_as_time_goes_by)
{
    static const int64_t ages_ms[] = {0, 150000, 310000}, left[] = {10, 5, 0};
    looks l = {0};
    ld_log_fact *log = add_log(&l, "pod-log x/a", T0, true, T0 - 9 * MINUTE, 50);
    ld_pattern_fact *pattern = add_pattern(log, "order", 30, T0 - 9 * MINUTE);
    pattern->window_count = 10;
    pattern->has_slices = true;
    for (size_t i = 0; i < 10; i++) /* one in each tenth of the window */
        pattern->slices[i * LEAKDIAG_SCAN_SLICES / 10 + 1]++;
    see(&l, T0 + ages_ms[_i]);
    ck_assert_int_eq(ld_view_pattern(&l.view, "order")->window_count, left[_i]);
    looks_done(&l);
}
END_TEST

/* A later session begins with a log's beginning again; another log's beginning is not its. */
START_TEST(what_a_later_first_look_reads_again_of_the_same_log_counts_once)
{
    looks l = {0};
    add_log(&l, "pod-log x/a", T0 - 5 * MINUTE, true, T0 - 9 * MINUTE, 1);
    add_log(&l, "pod-log x/a", T0, true, T0 - MINUTE, 20);   /* read again later */
    add_log(&l, "pod-log x/a", T0 + MINUTE, false, T0, 300); /* this too */
    add_log(&l, "pod-log x/a", T0 + 2 * MINUTE, true, T0 - MINUTE, 4000);
    add_log(&l, "pod-log x/b", T0 + 2 * MINUTE, true, T0 - 8 * MINUTE, 50000);
    add_log(&l, "pod-log x/a", T0 + 3 * MINUTE, false, T0 + 2 * MINUTE, 600000);
    see(&l, T0 + 3 * MINUTE);
    ck_assert_int_eq(l.view.log.lines, 654001);
    ck_assert_int_eq(l.view.log.from_ms, T0 - 9 * MINUTE);
    ck_assert_int_eq(l.view.log.skew_ms, 0);
    looks_done(&l);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("view");
    tcase_add_test(tc, of_several_pods_the_fullest_that_runs_and_stays_speaks);
    tcase_add_loop_test(tc, a_pod_is_followed_through_the_looks_in_whatever_order_they_tell_it, 0,
                        2);
    tcase_add_test(tc, pods_of_an_earlier_look_say_nothing_of_limits_and_ends_of_now);
    tcase_add_loop_test(tc, a_clock_that_is_wrong_is_told_beside_the_rollout, 0, 2);
    tcase_add_loop_test(tc, what_is_served_and_stored_agree_by_state_unless_rules_decide, 0,
                        (int)(sizeof stories / sizeof stories[0]));
    tcase_add_test(tc, another_pod_that_took_over_is_a_restart_and_no_kill);
    tcase_add_test(tc, a_restart_whose_end_nobody_recorded_is_one_all_the_same);
    tcase_add_loop_test(tc, a_kill_counts_once_and_one_before_the_first_sample_bends_no_curve, 0,
                        2);
    tcase_add_test(tc, what_is_measured_while_no_instance_runs_is_no_memory_of_the_workload);
    tcase_add_loop_test(tc, the_first_activation_that_a_log_still_has_need_not_be_the_first, 0,
                        (int)(sizeof begins / sizeof begins[0]));
    tcase_add_loop_test(tc, lines_of_a_first_look_leave_the_window_as_time_goes_by, 0, 3);
    tcase_add_test(tc, only_the_judged_pods_own_history_is_its_memory);
    tcase_add_test(tc, what_a_later_first_look_reads_again_of_the_same_log_counts_once);
    Suite *suite = suite_create("view");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
