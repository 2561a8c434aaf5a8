/* What must hold for any series: nothing depends on where its clock starts, how it was delivered,
 * or how fast its time was run. */
#include <stdio.h>

#include "series_helpers.h"

#define TRACES 150

/* Trends, waves, noise, jumps, climbs to the limit, gaps and polled repeats, drawn from a seed.
 * Times are multiples of 30 ms, so that a compression by 30 is exact. */
static void draw(int seed, trace *t, double *limit_bytes)
{
    uint64_t state = (uint64_t)seed * 977 + 5;
    double level = 10 + 40 * fabs(noise(&state)), slope = 0.4 * noise(&state);
    double wave = seed % 3 == 0 ? 5 * fabs(noise(&state)) : 0, rough = fabs(noise(&state));
    double jump = seed % 5 == 0 ? 10 * noise(&state) : 0, limit = level + 12;
    int64_t step_ms = seed % 4 == 0 ? 5010 : 15000, at_ms = 1700000000010;
    double began = 0, now = 0;
    t->n = 0;
    for (int i = 0; i < 80 + seed * 3; i++) {
        int64_t gap_ms = i % 37 == 36 ? 8 * step_ms : step_ms;
        at_ms += gap_ms;
        now += (double)gap_ms / 60000;
        double mib = level + slope * (now - began) + wave * sin(now) + rough * noise(&state) / 4;
        mib += i > 60 ? jump : 0;
        if (mib > limit && seed % 2 == 0) {
            began = now;
            mib = level;
        }
        trace_add(t, at_ms, fmax(mib, 0.1) * MIB);
        if (seed % 4 == 0 && i % 3 != 0)
            t->bytes[t->n - 1] = t->bytes[t->n > 1 ? t->n - 2 : 0]; /* polled again */
    }
    *limit_bytes = limit * MIB;
}

static leakdiag_trend *trend_of(const trace *t, double limit_bytes, double time_scale)
{
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = limit_bytes;
    options.time_scale = time_scale;
    return analyzed(t, &options);
}

static char *json_of(const leakdiag_trend *trend)
{
    char *json = NULL;
    ck_assert_int_eq(leakdiag_trend_to_json(trend, NULL, &json, NULL), LEAKDIAG_OK);
    return json;
}

static void check_same(double a, double b, const char *what, int seed)
{
    bool same = (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= 1e-9 * fabs(a);
    ck_assert_msg(same, "seed %d: %s %.17g and %.17g", seed, what, a, b);
}

/* All but times; b's seconds are `factor` times shorter than a's. */
static void check_same_answer(const leakdiag_trend *a, const leakdiag_trend *b, double factor,
                              int seed)
{
    ck_assert_int_eq(leakdiag_trend_verdict(a), leakdiag_trend_verdict(b));
    ck_assert_int_eq(leakdiag_trend_trace_class(a), leakdiag_trend_trace_class(b));
    ck_assert_int_eq(leakdiag_trend_finding(a), leakdiag_trend_finding(b));
    ck_assert_int_eq(leakdiag_trend_is_unsure(a), leakdiag_trend_is_unsure(b));
    check_same(leakdiag_trend_score(a), leakdiag_trend_score(b), "score", seed);
    check_same(leakdiag_trend_level_bytes(a), leakdiag_trend_level_bytes(b), "level", seed);
    check_same(leakdiag_trend_slope_bytes_per_s(a) * factor, leakdiag_trend_slope_bytes_per_s(b),
               "slope", seed);
    check_same(leakdiag_trend_slope_lo_bytes_per_s(a) * factor,
               leakdiag_trend_slope_lo_bytes_per_s(b), "slope_lo", seed);
    check_same(leakdiag_trend_ttl_s(a), leakdiag_trend_ttl_s(b) * factor, "ttl", seed);
    check_same(leakdiag_trend_ttl_hi_s(a), leakdiag_trend_ttl_hi_s(b) * factor, "ttl_hi", seed);
    ck_assert_uint_eq(leakdiag_trend_oom_count(a), leakdiag_trend_oom_count(b));
    ck_assert_uint_eq(leakdiag_trend_restart_count(a), leakdiag_trend_restart_count(b));
}

START_TEST(the_clock_may_start_anywhere)
{
    static trace t, moved;
    double limit_bytes;
    draw(_i, &t, &limit_bytes);
    moved = t;
    int64_t by_ms = -1700000000000 + _i;
    for (size_t i = 0; i < t.n; i++)
        moved.times_ms[i] += by_ms;
    leakdiag_trend *a = trend_of(&t, limit_bytes, 0), *b = trend_of(&moved, limit_bytes, 0);
    check_same_answer(a, b, 1, _i);
    for (size_t i = 0; i < leakdiag_trend_restart_count(a); i++)
        ck_assert_int_eq(leakdiag_trend_restart_time_ms(a, i) + by_ms,
                         leakdiag_trend_restart_time_ms(b, i));
    leakdiag_trend_free(a);
    leakdiag_trend_free(b);
}
END_TEST

START_TEST(a_compressed_time_gives_the_same_answer)
{
    static trace t, quick;
    double limit_bytes;
    draw(_i, &t, &limit_bytes);
    quick = t;
    for (size_t i = 0; i < t.n; i++)
        quick.times_ms[i] /= 30;
    leakdiag_trend *a = trend_of(&t, limit_bytes, 1), *b = trend_of(&quick, limit_bytes, 30);
    check_same_answer(a, b, 30, _i);
    for (size_t i = 0; i < leakdiag_trend_oom_count(a); i++)
        ck_assert_int_le(
            llabs(leakdiag_trend_oom_time_ms(a, i) / 30 - leakdiag_trend_oom_time_ms(b, i)), 1);
    leakdiag_trend_free(a);
    leakdiag_trend_free(b);
}
END_TEST

START_TEST(rows_sent_twice_or_late_change_nothing)
{
    static trace t, twice;
    double limit_bytes;
    draw(_i, &t, &limit_bytes);
    twice.n = 0;
    for (size_t i = 0; i < t.n && twice.n + 3 < POINTS_MAX; i++) {
        trace_add(&twice, t.times_ms[i], t.bytes[i]);
        trace_add(&twice, t.times_ms[i], t.bytes[i]);
        if (i > 10 && i % 7 == 0) /* an old one comes again */
            trace_add(&twice, t.times_ms[i - 9], t.bytes[i - 9]);
    }
    leakdiag_trend *a = trend_of(&t, limit_bytes, 0), *b = trend_of(&twice, limit_bytes, 0);
    char *first = json_of(a), *second = json_of(b);
    ck_assert_str_eq(first, second);
    leakdiag_free(first);
    leakdiag_free(second);
    leakdiag_trend_free(a);
    leakdiag_trend_free(b);
}
END_TEST

START_TEST(a_csv_and_its_arrays_give_the_same_bytes)
{
    static trace t;
    static char csv[POINTS_MAX * 64];
    double limit_bytes;
    draw(_i, &t, &limit_bytes);
    size_t len = (size_t)snprintf(csv, sizeof csv, "x,ws,t\r\n");
    for (size_t i = 0; i < t.n; i++)
        len += (size_t)snprintf(csv + len, sizeof csv - len, "a,%lld,%lld.%03d\r\n",
                                (long long)t.bytes[i], (long long)(t.times_ms[i] / 1000),
                                (int)(t.times_ms[i] % 1000));
    leakdiag_series *series = NULL;
    ck_assert_int_eq(leakdiag_series_from_csv(csv, len, &series, NULL), LEAKDIAG_OK);
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = limit_bytes;
    leakdiag_trend *a = analyzed(&t, &options), *b = NULL;
    ck_assert_int_eq(leakdiag_series_analyze(series, &options, &b, NULL), LEAKDIAG_OK);
    char *first = json_of(a), *second = json_of(b);
    ck_assert_str_eq(first, second);
    leakdiag_free(first);
    leakdiag_free(second);
    leakdiag_trend_free(a);
    leakdiag_trend_free(b);
    leakdiag_series_unref(series);
}
END_TEST

START_TEST(the_numbers_are_in_order)
{
    static trace t;
    double limit_bytes;
    draw(_i, &t, &limit_bytes);
    leakdiag_trend *trend = trend_of(&t, limit_bytes, 0);
    double score = leakdiag_trend_score(trend), slope = leakdiag_trend_slope_bytes_per_s(trend);
    ck_assert(score >= 0 && score <= 1);
    ck_assert_int_eq(leakdiag_trend_verdict(trend),
                     score >= 0.5 ? LEAKDIAG_LEAK_YES : LEAKDIAG_LEAK_NO);
    ck_assert_double_le(leakdiag_trend_slope_lo_bytes_per_s(trend), slope);
    ck_assert_double_ge(leakdiag_trend_slope_hi_bytes_per_s(trend), slope);
    double ttl_s = leakdiag_trend_ttl_s(trend);
    if (!isnan(ttl_s)) {
        ck_assert_double_ge(leakdiag_trend_ttl_lo_s(trend), 0);
        ck_assert_double_le(leakdiag_trend_ttl_lo_s(trend), ttl_s);
        ck_assert_double_ge(leakdiag_trend_ttl_hi_s(trend), ttl_s);
    }
    ck_assert_uint_le(leakdiag_trend_oom_count(trend), leakdiag_trend_restart_count(trend));
    for (size_t i = 1; i < leakdiag_trend_restart_count(trend); i++)
        ck_assert_int_lt(leakdiag_trend_restart_time_ms(trend, i - 1),
                         leakdiag_trend_restart_time_ms(trend, i));
    ck_assert_int_le(leakdiag_trend_segment_from_ms(trend), leakdiag_trend_segment_to_ms(trend));
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(four_times_the_bytes_leak_four_times_as_fast)
{
    static trace t, large;
    uint64_t state = (uint64_t)_i + 1;
    t.n = 0;
    for (int i = 0; i < 120 + _i; i++) /* clear growth: the thresholds in bytes play no part */
        trace_add(&t, i * 15000, (40 + 0.3 * i + 0.4 * noise(&state)) * MIB);
    large = t;
    for (size_t i = 0; i < t.n; i++)
        large.bytes[i] *= 4;
    leakdiag_trend *a = trend_of(&t, 200 * MIB, 0), *b = trend_of(&large, 800 * MIB, 0);
    ck_assert_int_eq(leakdiag_trend_verdict(a), LEAKDIAG_LEAK_YES);
    ck_assert_int_eq(leakdiag_trend_verdict(b), LEAKDIAG_LEAK_YES);
    ck_assert_int_eq(leakdiag_trend_trace_class(a), leakdiag_trend_trace_class(b));
    check_same(4 * leakdiag_trend_slope_bytes_per_s(a), leakdiag_trend_slope_bytes_per_s(b),
               "slope", _i);
    check_same(leakdiag_trend_ttl_s(a), leakdiag_trend_ttl_s(b), "ttl", _i);
    leakdiag_trend_free(a);
    leakdiag_trend_free(b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("series properties");
    TCase *tc = tcase_create("invariances");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, the_clock_may_start_anywhere, 0, TRACES);
    tcase_add_loop_test(tc, a_compressed_time_gives_the_same_answer, 0, TRACES);
    tcase_add_loop_test(tc, rows_sent_twice_or_late_change_nothing, 0, TRACES);
    tcase_add_loop_test(tc, a_csv_and_its_arrays_give_the_same_bytes, 0, TRACES);
    tcase_add_loop_test(tc, the_numbers_are_in_order, 0, TRACES);
    tcase_add_loop_test(tc, four_times_the_bytes_leak_four_times_as_fast, 0, 30);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
