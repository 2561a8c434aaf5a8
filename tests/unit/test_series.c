/* Series, CSV, and what a series says alone: hand-made traces with a known truth. */
#include <stdio.h>

#include "base/json.h"
#include "series_helpers.h"

/* --- the object --- */

START_TEST(a_series_keeps_what_it_was_given)
{
    int64_t times_ms[] = {3000, 1000, 1000};
    double bytes[] = {1, 2, 3};
    leakdiag_series *series = NULL;
    ck_assert_int_eq(leakdiag_series_new(times_ms, bytes, 3, &series, NULL), LEAKDIAG_OK);
    times_ms[0] = 0;
    bytes[0] = 0;
    ck_assert_uint_eq(leakdiag_series_len(series), 3);
    ck_assert_int_eq(leakdiag_series_times_ms(series)[0], 3000);
    ck_assert_double_eq(leakdiag_series_values(series)[0], 1);
    leakdiag_series_unref(series);
}
END_TEST

START_TEST(a_series_lives_until_its_last_reference)
{
    leakdiag_series *series = NULL;
    ck_assert_int_eq(leakdiag_series_new(&(int64_t){7}, &(double){8}, 1, &series, NULL),
                     LEAKDIAG_OK);
    ck_assert_ptr_eq(leakdiag_series_ref(series), series);
    leakdiag_series_unref(series);
    ck_assert_int_eq(leakdiag_series_times_ms(series)[0], 7);
    leakdiag_series_unref(series);
    leakdiag_series_unref(NULL);
}
END_TEST

START_TEST(an_empty_series_is_fine)
{
    leakdiag_series *series = NULL;
    ck_assert_int_eq(leakdiag_series_new(NULL, NULL, 0, &series, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_series_len(series), 0);
    leakdiag_series_unref(series);
}
END_TEST

static const struct {
    double bytes;
    const char *word;
} bad_values[] = {{NAN, "not finite"}, {INFINITY, "not finite"}, {-1, "negative"}, {1e19, "2^63"}};

START_TEST(a_bad_value_is_named_by_its_index)
{
    leakdiag_series *series = (leakdiag_series *)0x1;
    leakdiag_error err = {0};
    int64_t times_ms[] = {1, 2, 3};
    double bytes[] = {1, 2, bad_values[_i].bytes};
    ck_assert_int_eq(leakdiag_series_new(times_ms, bytes, 3, &series, &err), LEAKDIAG_E_INVALID);
    ck_assert_ptr_eq(series, (leakdiag_series *)0x1);
    ck_assert_ptr_nonnull(strstr(err.message, "value 2"));
    ck_assert_ptr_nonnull(strstr(err.message, bad_values[_i].word));
}
END_TEST

START_TEST(too_many_points_are_refused_before_they_are_read)
{
    leakdiag_series *series = NULL;
    ck_assert_int_eq(leakdiag_series_new(&(int64_t){0}, &(double){0},
                                         LEAKDIAG_SERIES_MAX_POINTS + 1, &series, NULL),
                     LEAKDIAG_E_LIMIT);
    ck_assert_int_eq(leakdiag_series_new(NULL, NULL, 1, &series, NULL), LEAKDIAG_E_INVALID);
    ck_assert_ptr_null(series);
}
END_TEST

/* --- CSV --- */

static const struct {
    const char *text;
    size_t n;
    int64_t first_ms;
    double first_bytes;
} good_csv[] = {
    {"t,ws\n1,100\n2,200\n", 2, 1000, 100},
    {"t,ws\r\n1,100\r\n2,200\r\n", 2, 1000, 100},
    {"\xef\xbb\xbft,ws\n1,100", 1, 1000, 100},
    {"pod,ws,x,t\na,5,9,2\n", 1, 2000, 5},
    {"t,ws\n1,\n2,7\n", 1, 2000, 7}, /* a missing sample */
    {"t,ws\n0.0004,1\n", 1, 0, 1},
    {"t,ws\n0.0005,1\n", 1, 1, 1}, /* half a millisecond rounds up */
    {"t,ws\n-1.5,1\n", 1, -1500, 1},
    {"t,ws\n1750.6,18874368\n", 1, 1750600, 18874368},
    {"t,ws\n1732530000.123,1e6\n", 1, 1732530000123, 1e6},
    {" t , ws \n 1 , 3 \n", 1, 1000, 3},
    {"\"t\",\"ws\"\n\"1\",\"3\"\n", 1, 1000, 3},
    {"t,ws,note\n1,3,\"a,b\"\n", 1, 1000, 3},
    {"t,ws\n\n1,3\n\n", 1, 1000, 3},
    {"t,ws\n", 0, 0, 0},
    {"t,ws", 0, 0, 0},
};

START_TEST(csv_is_read_by_column_name)
{
    leakdiag_series *series = NULL;
    leakdiag_error err = {0};
    const char *text = good_csv[_i].text;
    ck_assert_msg(leakdiag_series_from_csv(text, strlen(text), &series, &err) == LEAKDIAG_OK, "%s",
                  err.message);
    ck_assert_uint_eq(leakdiag_series_len(series), good_csv[_i].n);
    if (good_csv[_i].n > 0) {
        ck_assert_int_eq(leakdiag_series_times_ms(series)[0], good_csv[_i].first_ms);
        ck_assert_double_eq(leakdiag_series_values(series)[0], good_csv[_i].first_bytes);
    }
    leakdiag_series_unref(series);
}
END_TEST

static const struct {
    const char *text;
    uint32_t line, column;
    const char *word;
} bad_csv[] = {
    {"", 1, 1, "empty"},
    {"time,ws\n1,2\n", 1, 1, "no column \"t\""},
    {"t,mem\n1,2\n", 1, 1, "no column \"ws\""},
    {"T,WS\n1,2\n", 1, 1, "no column"},
    {"t,ws,t\n1,2,3\n", 1, 6, "twice"},
    {"t,ws\n1,2\n3,abc\n", 3, 3, "\"abc\""},
    {"t,ws\nx,2\n", 2, 1, "\"x\""},
    {"t,ws\n1,nan\n", 2, 3, "not a decimal"},
    {"t,ws\n1,1e999\n", 2, 3, "not a decimal"},
    {"t,ws\n1,0x10\n", 2, 3, "not a decimal"},
    {"t,ws\n1,-5\n", 2, 3, "negative"},
    {"t,ws\n1,2\n3,1e19\n", 3, 3, "2^63"},
    {"t,ws\n,5\n", 2, 1, "no value in the column \"t\""},
    {"t,ws\n5\n", 2, 1, "no value in the column \"ws\""},
    {"t,ws\n1e13,5\n", 2, 1, "out of range"},
    {"t,ws\n1 2,5\n", 2, 1, "not a decimal"},
    {"t,ws\n1,5;7\n", 2, 3, "not a decimal"},
};

START_TEST(a_csv_mistake_has_its_line_and_column)
{
    leakdiag_series *series = (leakdiag_series *)0x1;
    leakdiag_error err = {0};
    const char *text = bad_csv[_i].text;
    ck_assert_int_eq(leakdiag_series_from_csv(text, strlen(text), &series, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_ptr_eq(series, (leakdiag_series *)0x1);
    ck_assert_uint_eq(err.line, bad_csv[_i].line);
    ck_assert_uint_eq(err.column, bad_csv[_i].column);
    ck_assert_msg(strstr(err.message, bad_csv[_i].word) != NULL, "%s", err.message);
}
END_TEST

START_TEST(csv_need_not_end_in_nul)
{
    leakdiag_series *series = NULL;
    char text[] = "t,ws\n1,23";
    ck_assert_int_eq(leakdiag_series_from_csv(text, 8, &series, NULL), LEAKDIAG_OK);
    ck_assert_double_eq(leakdiag_series_values(series)[0], 2);
    leakdiag_series_unref(series);
}
END_TEST

START_TEST(an_endless_csv_row_is_refused)
{
    size_t len = 70000;
    char *text = malloc(len);
    ck_assert_ptr_nonnull(text);
    memset(text, ',', len);
    memcpy(text, "t,ws\n", 5);
    leakdiag_series *series = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_series_from_csv(text, len, &series, &err), LEAKDIAG_E_LIMIT);
    ck_assert_uint_eq(err.line, 2);
    free(text);
}
END_TEST

START_TEST(a_csv_of_too_many_rows_is_refused)
{
    size_t rows = LEAKDIAG_SERIES_MAX_POINTS + 1, len = 5 + rows * 4;
    char *text = malloc(len);
    ck_assert_ptr_nonnull(text);
    memcpy(text, "t,ws\n", 5);
    for (size_t i = 0; i < rows; i++)
        memcpy(text + 5 + i * 4, "1,2\n", 4);
    leakdiag_series *series = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_series_from_csv(text, len, &series, &err), LEAKDIAG_E_LIMIT);
    ck_assert_int_eq(leakdiag_series_from_csv(text, len - 4, &series, &err), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_series_len(series), LEAKDIAG_SERIES_MAX_POINTS);
    leakdiag_series_unref(series);
    free(text);
}
END_TEST

/* --- shapes --- */

typedef struct shape {
    const char *name;
    double (*mib_at)(double minute);
    double minutes, step_s, noise_mib;
    double limit_mib, soft_limit_mib;
    leakdiag_leak_verdict verdict;
    leakdiag_trace_class trace_class;
    leakdiag_memory_finding finding;
} shape;

static double flat(double m)
{
    (void)m;
    return 100;
}

static double steady(double m)
{
    return 50 + 0.5 * m;
}

/* Stands, and grows by 8 MiB in one minute of every 15. */
static double bursts(double m)
{
    double cycle = floor(m / 15), part = m - 15 * cycle;
    return 50 + 8 * (cycle + fmax(0, part - 14));
}

static double hidden(double m)
{
    return 60 + 0.15 * m + 12 * sin(m * 6.283185307 / 20);
}

static double drained(double m)
{
    return 90 - 0.4 * m;
}

static double one_step(double m)
{
    return m < 25 ? 40 : 70;
}

static double warmed_up(double m)
{
    return 100 - 60 * exp(-m / 6);
}

static double filled_cache(double m)
{
    return fmin(30 + 2 * m, 90);
}

static double warmed_up_at_once(double m)
{
    return fmin(30 + 6 * m, 90);
}

static double waves(double m)
{
    return 60 + 20 * sin(m * 6.283185307 / 12);
}

/* Climbs to 64 MiB within 60 minutes, is killed, starts again. */
static double killed(double m)
{
    return m < 60 ? 14 + m * 50 / 60 : 14 + (m - 60.5) * 50 / 60;
}

static double held_at_50(double m)
{
    return fmin(20 + m, 48 + 0.005 * m);
}

static const shape shapes[] = {
    {"flat", flat, 60, 15, 0.1, 200, 0, LEAKDIAG_LEAK_NO, LEAKDIAG_TRACE_FLAT,
     LEAKDIAG_MEMORY_FLAT},
    {"steady", steady, 60, 15, 0.3, 200, 0, LEAKDIAG_LEAK_YES, LEAKDIAG_TRACE_STEADY,
     LEAKDIAG_MEMORY_AHEAD},
    {"steady, five minutes", steady, 5, 15, 0.05, 200, 0, LEAKDIAG_LEAK_YES, LEAKDIAG_TRACE_STEADY,
     LEAKDIAG_MEMORY_AHEAD},
    {"steady, no limit", steady, 60, 15, 0.3, 0, 0, LEAKDIAG_LEAK_YES, LEAKDIAG_TRACE_STEADY,
     LEAKDIAG_MEMORY_AHEAD},
    {"bursty", bursts, 120, 15, 0.02, 0, 0, LEAKDIAG_LEAK_YES, LEAKDIAG_TRACE_BURSTY,
     LEAKDIAG_MEMORY_AHEAD},
    {"hidden", hidden, 120, 15, 0.5, 0, 0, LEAKDIAG_LEAK_YES, LEAKDIAG_TRACE_HIDDEN,
     LEAKDIAG_MEMORY_AHEAD},
    {"drain", drained, 120, 15, 0.5, 0, 0, LEAKDIAG_LEAK_NO, LEAKDIAG_TRACE_DRAIN,
     LEAKDIAG_MEMORY_SHRINKING},
    {"step", one_step, 50, 15, 0.5, 0, 0, LEAKDIAG_LEAK_NO, LEAKDIAG_TRACE_STEP,
     LEAKDIAG_MEMORY_STEP},
    {"warm-up", warmed_up, 60, 15, 0.2, 0, 0, LEAKDIAG_LEAK_NO, LEAKDIAG_TRACE_WARM_UP,
     LEAKDIAG_MEMORY_PLATEAU},
    {"warm-up with a knee", warmed_up_at_once, 60, 15, 0.2, 0, 0, LEAKDIAG_LEAK_NO,
     LEAKDIAG_TRACE_WARM_UP, LEAKDIAG_MEMORY_PLATEAU},
    {"cache-fill", filled_cache, 60, 15, 0.2, 0, 0, LEAKDIAG_LEAK_NO, LEAKDIAG_TRACE_CACHE_FILL,
     LEAKDIAG_MEMORY_PLATEAU},
    {"periodic", waves, 120, 15, 0.5, 0, 0, LEAKDIAG_LEAK_NO, LEAKDIAG_TRACE_PERIODIC,
     LEAKDIAG_MEMORY_FLAT},
    {"noisy", flat, 60, 15, 15, 0, 0, LEAKDIAG_LEAK_NO, LEAKDIAG_TRACE_NOISY, LEAKDIAG_MEMORY_FLAT},
    {"oom-sawtooth", killed, 90, 15, 0.1, 64, 0, LEAKDIAG_LEAK_YES, LEAKDIAG_TRACE_OOM_SAWTOOTH,
     LEAKDIAG_MEMORY_OOM_SAWTOOTH},
    {"gc-bound", held_at_50, 80, 15, 0.3, 64, 50, LEAKDIAG_LEAK_NO, LEAKDIAG_TRACE_GC_BOUND,
     LEAKDIAG_MEMORY_GC_BOUND},
    /* near misses */
    {"held at 50, no soft limit known", held_at_50, 80, 15, 0.3, 64, 0, LEAKDIAG_LEAK_NO,
     LEAKDIAG_TRACE_CACHE_FILL, LEAKDIAG_MEMORY_PLATEAU},
    {"a leak that passes the soft limit", steady, 60, 15, 0.3, 0, 80, LEAKDIAG_LEAK_YES,
     LEAKDIAG_TRACE_STEADY, LEAKDIAG_MEMORY_AHEAD},
};

static void draw(const shape *s, trace *t)
{
    uint64_t state = 1;
    t->n = 0;
    for (double at_s = 0; at_s <= s->minutes * 60; at_s += s->step_s)
        trace_add(t, (int64_t)(at_s * 1000),
                  (s->mib_at(at_s / 60) + s->noise_mib * noise(&state)) * MIB);
}

START_TEST(each_shape_has_its_name)
{
    static trace t;
    const shape *s = &shapes[_i];
    draw(s, &t);
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = s->limit_mib * MIB;
    options.soft_limit_bytes = s->soft_limit_mib * MIB;
    leakdiag_trend *trend = analyzed(&t, &options);
    ck_assert_msg(leakdiag_trend_verdict(trend) == s->verdict, "%s: %s, score %d/1000", s->name,
                  leakdiag_leak_verdict_name(leakdiag_trend_verdict(trend)),
                  (int)(1000 * leakdiag_trend_score(trend)));
    ck_assert_msg(leakdiag_trend_trace_class(trend) == s->trace_class, "%s: %s", s->name,
                  leakdiag_trace_class_name(leakdiag_trend_trace_class(trend)));
    ck_assert_msg(leakdiag_trend_finding(trend) == s->finding, "%s: %s", s->name,
                  leakdiag_memory_finding_name(leakdiag_trend_finding(trend)));
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(every_word_of_the_vocabulary_has_its_text)
{
    ck_assert_str_eq(leakdiag_leak_verdict_name(LEAKDIAG_LEAK_YES), "leak");
    ck_assert_str_eq(leakdiag_leak_verdict_name(LEAKDIAG_LEAK_NO), "no-leak");
    ck_assert_str_eq(leakdiag_leak_verdict_name(LEAKDIAG_LEAK_TOO_EARLY), "too-early");
    static const char *const classes[] = {
        "unknown", "flat",       "steady",   "bursty", "hidden",  "gc-bound", "oom-sawtooth",
        "warm-up", "cache-fill", "periodic", "step",   "plateau", "drain",    "noisy"};
    for (size_t i = 0; i < COUNT(classes); i++)
        ck_assert_str_eq(leakdiag_trace_class_name((leakdiag_trace_class)i), classes[i]);
    static const char *const findings[] = {"no-samples", "stale",  "too-early", "on-track",
                                           "ahead",      "behind", "flat",      "plateau",
                                           "gc-bound",   "step",   "shrinking", "oom-sawtooth"};
    for (size_t i = 0; i < COUNT(findings); i++)
        ck_assert_str_eq(leakdiag_memory_finding_name((leakdiag_memory_finding)i), findings[i]);
    ck_assert_str_eq(leakdiag_trace_class_name((leakdiag_trace_class)99), "unknown");
    ck_assert_str_eq(leakdiag_memory_finding_name((leakdiag_memory_finding)99), "no-samples");
}
END_TEST

/* --- numbers --- */

START_TEST(a_steady_leak_has_its_rate_and_its_time_to_the_limit)
{
    static trace t;
    shape s = {.mib_at = steady, .minutes = 60, .step_s = 15, .noise_mib = 0.2};
    draw(&s, &t);
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 100 * MIB;
    leakdiag_trend *trend = analyzed(&t, &options);
    double truth = 0.5 * MIB / 60;
    ck_assert_double_eq_tol(leakdiag_trend_slope_bytes_per_s(trend), truth, truth * 0.01);
    ck_assert_double_lt(leakdiag_trend_slope_lo_bytes_per_s(trend), truth);
    ck_assert_double_gt(leakdiag_trend_slope_hi_bytes_per_s(trend), truth);
    ck_assert_double_eq_tol(leakdiag_trend_level_bytes(trend), 80 * MIB, 0.5 * MIB);
    /* 20 MiB at 0.5 MiB a minute */
    ck_assert_double_eq_tol(leakdiag_trend_ttl_s(trend), 2400, 60);
    ck_assert_double_lt(leakdiag_trend_ttl_lo_s(trend), 2400);
    ck_assert_double_gt(leakdiag_trend_ttl_hi_s(trend), 2400);
    ck_assert_double_gt(leakdiag_trend_score(trend), 0.75);
    ck_assert_int_eq(leakdiag_trend_is_unsure(trend), 0);
    ck_assert_int_eq(leakdiag_trend_segment_from_ms(trend), 0);
    ck_assert_int_eq(leakdiag_trend_segment_to_ms(trend), 3600000);
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(without_a_limit_or_a_leak_there_is_no_time_to_it)
{
    static trace t;
    shape s = {.mib_at = steady, .minutes = 60, .step_s = 15, .noise_mib = 0.2};
    draw(&s, &t);
    leakdiag_trend *trend = analyzed(&t, NULL);
    ck_assert(isnan(leakdiag_trend_ttl_s(trend)));
    ck_assert(isnan(leakdiag_trend_ttl_hi_s(trend)));
    leakdiag_trend_free(trend);

    s.mib_at = flat;
    draw(&s, &t);
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 200 * MIB;
    trend = analyzed(&t, &options);
    ck_assert(isnan(leakdiag_trend_ttl_s(trend)));
    ck_assert_double_eq_tol(leakdiag_trend_slope_bytes_per_s(trend), 0, 100);
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(the_rate_survives_spikes)
{
    static trace t;
    shape s = {.mib_at = steady, .minutes = 60, .step_s = 15, .noise_mib = 0.1};
    draw(&s, &t);
    for (size_t i = 7; i < t.n; i += 23)
        t.bytes[i] += 40 * MIB;
    leakdiag_trend *trend = analyzed(&t, NULL);
    double truth = 0.5 * MIB / 60;
    ck_assert_double_eq_tol(leakdiag_trend_slope_bytes_per_s(trend), truth, truth * 0.03);
    ck_assert_int_eq(leakdiag_trend_verdict(trend), LEAKDIAG_LEAK_YES);
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(growth_below_one_percent_of_the_level_is_no_leak_but_unsure)
{
    static trace t = {0};
    t.n = 0;
    for (int i = 0; i <= 240; i++) /* 4 MiB on 512 within an hour, without any noise */
        trace_add(&t, i * 15000, (512 + 4.0 * i / 240) * MIB);
    leakdiag_trend *trend = analyzed(&t, NULL);
    ck_assert_int_eq(leakdiag_trend_verdict(trend), LEAKDIAG_LEAK_NO);
    ck_assert_int_eq(leakdiag_trend_is_unsure(trend), 1);
    leakdiag_trend_free(trend);

    t.n = 0;
    for (int i = 0; i <= 240; i++) /* near miss: 16 MiB */
        trace_add(&t, i * 15000, (512 + 16.0 * i / 240) * MIB);
    trend = analyzed(&t, NULL);
    ck_assert_int_eq(leakdiag_trend_verdict(trend), LEAKDIAG_LEAK_YES);
    leakdiag_trend_free(trend);
}
END_TEST

/* --- restarts and kills --- */

/* Climbs by 1 MiB per 15 s from 10 MiB; the limit is met at 30 MiB. */
static void add_climb(trace *t, int64_t from_ms, size_t n, double from_mib)
{
    for (size_t i = 0; i < n; i++)
        trace_add(t, from_ms + 15000 * (int64_t)i, (from_mib + (double)i) * MIB);
}

START_TEST(a_drop_from_the_limit_is_an_oom_kill)
{
    static trace t;
    t.n = 0;
    add_climb(&t, 0, 20, 10);          /* 29.0 MiB at 285 s */
    add_climb(&t, 20 * 15000, 20, 10); /* again */
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 30 * MIB;
    leakdiag_trend *trend = analyzed(&t, &options);
    ck_assert_uint_eq(leakdiag_trend_oom_count(trend), 1);
    ck_assert_uint_eq(leakdiag_trend_restart_count(trend), 1);
    /* between the last sample of the old life and the first of the new one */
    ck_assert_int_gt(leakdiag_trend_oom_time_ms(trend, 0), 285000);
    ck_assert_int_lt(leakdiag_trend_oom_time_ms(trend, 0), 300000);
    ck_assert_int_eq(leakdiag_trend_restart_time_ms(trend, 0),
                     leakdiag_trend_oom_time_ms(trend, 0));
    ck_assert_int_eq(leakdiag_trend_oom_time_ms(trend, 1), 0);
    ck_assert_int_ge(leakdiag_trend_segment_from_ms(trend), 300000);
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(the_same_drop_far_from_the_limit_is_none)
{
    static trace t;
    t.n = 0;
    add_climb(&t, 0, 20, 10);
    add_climb(&t, 20 * 15000, 20, 10);
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 60 * MIB;
    leakdiag_trend *trend = analyzed(&t, &options);
    ck_assert_uint_eq(leakdiag_trend_oom_count(trend), 0);
    ck_assert_uint_eq(leakdiag_trend_restart_count(trend), 0);
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(a_fast_climb_may_be_killed_well_below_the_limit)
{
    static trace t;
    t.n = 0;
    for (int i = 0; i < 12; i++) /* 6 MiB per sample: 24 MiB, then 30 would have come */
        trace_add(&t, i * 15000, (i % 4 == 3 ? 24.0 : 6.0 * (1 + i % 4)) * MIB);
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 30 * MIB;
    leakdiag_trend *trend = analyzed(&t, &options);
    ck_assert_uint_eq(leakdiag_trend_oom_count(trend), 2);
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(a_crash_is_a_restart_but_no_kill)
{
    static trace t;
    t.n = 0;
    for (int i = 0; i < 60; i++) /* the new process is seen when it has only just begun */
        trace_add(&t, i * 15000, (i == 30 ? 0.5 : 20) * MIB);
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 64 * MIB;
    leakdiag_trend *trend = analyzed(&t, &options);
    ck_assert_uint_eq(leakdiag_trend_restart_count(trend), 1);
    ck_assert_uint_eq(leakdiag_trend_oom_count(trend), 0);
    ck_assert_int_eq(leakdiag_trend_finding(trend), LEAKDIAG_MEMORY_FLAT);
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(a_child_killed_before_its_container_ends_is_one_event)
{
    static trace t;
    t.n = 0;
    add_climb(&t, 0, 20, 10);
    trace_add(&t, 20 * 15000, 15 * MIB); /* what is left for a moment */
    trace_add(&t, 21 * 15000, 15 * MIB);
    add_climb(&t, 26 * 15000, 20, 1); /* after a pause */
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 30 * MIB;
    leakdiag_trend *trend = analyzed(&t, &options);
    ck_assert_uint_eq(leakdiag_trend_oom_count(trend), 1);
    ck_assert_uint_eq(leakdiag_trend_restart_count(trend), 1);
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(drops_every_few_minutes_without_a_pause_are_a_collector)
{
    static trace t;
    t.n = 0;
    for (int life = 0; life < 6; life++) /* from 10 to 29 of 30 MiB, again and again */
        add_climb(&t, life * 20 * 15000, 20, 10);
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 30 * MIB;
    leakdiag_trend *trend = analyzed(&t, &options);
    ck_assert_uint_eq(leakdiag_trend_oom_count(trend), 0);
    leakdiag_trend_free(trend);

    t.n = 0;
    int64_t at_ms = 0;
    for (int life = 0; life < 6; life++) { /* the same with Kubernetes' growing pause: kills */
        add_climb(&t, at_ms, 20, 10);
        at_ms += 20 * 15000 + (life > 0 ? 10000 << (life - 1) : 0);
    }
    trend = analyzed(&t, &options);
    ck_assert_uint_eq(leakdiag_trend_oom_count(trend), 5);
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(known_events_join_the_drops_that_show_them)
{
    static trace t;
    t.n = 0;
    add_climb(&t, 0, 20, 10);
    add_climb(&t, 20 * 15000, 20, 10);
    add_climb(&t, 40 * 15000, 20, 10);
    int64_t ooms_ms[] = {291234}, restarts_ms[] = {291234, 595000, 100};
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 60 * MIB; /* the drops alone show nothing here */
    options.oom_times_ms = ooms_ms;
    options.oom_count = 1;
    options.restart_times_ms = restarts_ms;
    options.restart_count = 3;
    leakdiag_trend *trend = analyzed(&t, &options);
    ck_assert_uint_eq(leakdiag_trend_oom_count(trend), 1);
    ck_assert_int_eq(leakdiag_trend_oom_time_ms(trend, 0), 291234);
    ck_assert_uint_eq(leakdiag_trend_restart_count(trend), 3);
    ck_assert_int_eq(leakdiag_trend_restart_time_ms(trend, 0), 100);
    ck_assert_int_eq(leakdiag_trend_restart_time_ms(trend, 1), 291234);
    ck_assert_int_eq(leakdiag_trend_restart_time_ms(trend, 2), 595000);
    ck_assert_int_eq(leakdiag_trend_finding(trend), LEAKDIAG_MEMORY_OOM_SAWTOOTH);
    leakdiag_trend_free(trend);

    options.limit_bytes = 30 * MIB; /* now they do; the known time is the better one */
    trend = analyzed(&t, &options);
    ck_assert_uint_eq(leakdiag_trend_oom_count(trend), 2);
    ck_assert_uint_eq(leakdiag_trend_restart_count(trend), 3);
    ck_assert_int_eq(leakdiag_trend_oom_time_ms(trend, 0), 291234);
    ck_assert_int_eq(leakdiag_trend_oom_time_ms(trend, 1), 595000);
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(a_spike_to_the_limit_is_no_sawtooth)
{
    static trace t;
    t.n = 0;
    for (int i = 0; i < 120; i++)
        trace_add(&t, i * 15000, (i == 60 ? 29 : 12) * MIB);
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 30 * MIB;
    leakdiag_trend *trend = analyzed(&t, &options);
    ck_assert_uint_eq(leakdiag_trend_oom_count(trend), 1);
    ck_assert_int_eq(leakdiag_trend_finding(trend), LEAKDIAG_MEMORY_FLAT);
    leakdiag_trend_free(trend);
}
END_TEST

/* --- too early, hostile --- */

static void all_equal_times(trace *t)
{
    for (int i = 0; i < 100; i++)
        trace_add(t, 5000, i * MIB);
}

static void decreasing_times(trace *t)
{
    for (int i = 0; i < 100; i++)
        trace_add(t, 1000000 - i * 15000, i * MIB);
}

static void one_point(trace *t)
{
    trace_add(t, 0, 8 * MIB);
}

static void five_points(trace *t)
{
    for (int i = 0; i < 5; i++)
        trace_add(t, i * 60000, i * MIB);
}

static void fifty_nine_seconds(trace *t)
{
    for (int i = 0; i < 60; i++)
        trace_add(t, i * 1000, i * MIB);
}

static const struct {
    const char *name;
    void (*fill)(trace *);
} too_early[] = {
    {"all equal times", all_equal_times},
    {"decreasing times", decreasing_times},
    {"one point", one_point},
    {"five points", five_points},
    {"59 seconds", fifty_nine_seconds},
};

START_TEST(too_little_is_too_early_and_never_a_number)
{
    static trace t;
    t.n = 0;
    too_early[_i].fill(&t);
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 1000 * MIB;
    leakdiag_trend *trend = analyzed(&t, &options);
    ck_assert_int_eq(leakdiag_trend_verdict(trend), LEAKDIAG_LEAK_TOO_EARLY);
    ck_assert_int_eq(leakdiag_trend_finding(trend), LEAKDIAG_MEMORY_TOO_EARLY);
    ck_assert_int_eq(leakdiag_trend_trace_class(trend), LEAKDIAG_TRACE_UNKNOWN);
    ck_assert_int_eq(leakdiag_trend_is_unsure(trend), 1);
    ck_assert(isnan(leakdiag_trend_score(trend)));
    ck_assert(isnan(leakdiag_trend_slope_bytes_per_s(trend)));
    ck_assert(isnan(leakdiag_trend_ttl_s(trend)));
    ck_assert(isfinite(leakdiag_trend_level_bytes(trend)));
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(no_samples_have_their_own_finding)
{
    static trace t;
    t.n = 0;
    leakdiag_trend *trend = analyzed(&t, NULL);
    ck_assert_int_eq(leakdiag_trend_finding(trend), LEAKDIAG_MEMORY_NO_SAMPLES);
    ck_assert_int_eq(leakdiag_trend_verdict(trend), LEAKDIAG_LEAK_TOO_EARLY);
    ck_assert(isnan(leakdiag_trend_level_bytes(trend)));
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(huge_values_and_times_do_no_harm)
{
    enum { N = 64 };
    int64_t times_ms[N];
    double bytes[N];
    for (int i = 0; i < N; i++) {
        times_ms[i] = i == 0 ? INT64_MIN : i == N - 1 ? INT64_MAX : INT64_MAX / N * i;
        bytes[i] = i % 3 == 0 ? 0 : i % 3 == 1 ? 9.2e18 : 4.9e-324;
    }
    leakdiag_series *series = NULL;
    leakdiag_trend *trend = NULL;
    char *json = NULL;
    ck_assert_int_eq(leakdiag_series_new(times_ms, bytes, N, &series, NULL), LEAKDIAG_OK);
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 1e308;
    options.time_scale = 1e6;
    ck_assert_int_eq(leakdiag_series_analyze(series, &options, &trend, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_trend_to_json(trend, NULL, &json, NULL), LEAKDIAG_OK);
    ck_assert_ptr_null(strstr(json, "inf"));
    ck_assert_ptr_null(strstr(json, "nan"));
    leakdiag_free(json);
    leakdiag_trend_free(trend);
    leakdiag_series_unref(series);
}
END_TEST

START_TEST(a_million_points_are_judged_too)
{
    size_t n = LEAKDIAG_SERIES_MAX_POINTS;
    int64_t *times_ms = malloc(n * sizeof *times_ms);
    double *bytes = malloc(n * sizeof *bytes);
    ck_assert(times_ms && bytes);
    uint64_t state = 3;
    for (size_t i = 0; i < n; i++) {
        times_ms[i] = (int64_t)i * 15000;
        bytes[i] = 100 * MIB + (double)i * 200 + fabs(noise(&state)) * MIB;
    }
    leakdiag_series *series = NULL;
    leakdiag_trend *trend = NULL;
    ck_assert_int_eq(leakdiag_series_new(times_ms, bytes, n, &series, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_series_analyze(series, NULL, &trend, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_trend_verdict(trend), LEAKDIAG_LEAK_YES);
    ck_assert_double_eq_tol(leakdiag_trend_slope_bytes_per_s(trend), 200 / 15.0, 0.2);
    leakdiag_trend_free(trend);
    leakdiag_series_unref(series);
    free(times_ms);
    free(bytes);
}
END_TEST

START_TEST(a_sawtooth_made_to_hurt_stays_quick)
{
    size_t n = LEAKDIAG_SERIES_MAX_POINTS; /* half a million restarts, none of them alike */
    int64_t *times_ms = malloc(n * sizeof *times_ms), known_ms[1024];
    double *bytes = malloc(n * sizeof *bytes);
    ck_assert(times_ms && bytes);
    for (size_t i = 0; i < n; i++) {
        times_ms[i] = (int64_t)i * 300000;
        bytes[i] = i % 2 ? 1000 * MIB + (double)i : 0;
    }
    for (int i = 0; i < 1024; i++)
        known_ms[i] = (int64_t)n * 300000 - i;
    leakdiag_series *series = NULL;
    leakdiag_trend *trend = NULL;
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 1000 * MIB;
    options.restart_times_ms = known_ms;
    options.restart_count = 1024;
    ck_assert_int_eq(leakdiag_series_new(times_ms, bytes, n, &series, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_series_analyze(series, &options, &trend, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_trend_verdict(trend), LEAKDIAG_LEAK_TOO_EARLY);
    leakdiag_trend_free(trend);
    leakdiag_series_unref(series);
    free(times_ms);
    free(bytes);
}
END_TEST

/* --- options --- */

static const struct {
    const char *name;
    double limit, soft, scale;
    size_t restarts, ooms;
    bool has_times;
    leakdiag_status status;
} options_table[] = {
    {"defaults", 0, 0, 0, 0, 0, false, LEAKDIAG_OK},
    {"scaled", 1e9, 1e8, 30, 1, 1, true, LEAKDIAG_OK},
    {"negative limit", -1, 0, 0, 0, 0, false, LEAKDIAG_E_INVALID},
    {"limit without end", INFINITY, 0, 0, 0, 0, false, LEAKDIAG_E_INVALID},
    {"limit that is none", NAN, 0, 0, 0, 0, false, LEAKDIAG_E_INVALID},
    {"negative soft limit", 0, -1, 0, 0, 0, false, LEAKDIAG_E_INVALID},
    {"negative scale", 0, 0, -30, 0, 0, false, LEAKDIAG_E_INVALID},
    {"scale that is none", 0, 0, NAN, 0, 0, false, LEAKDIAG_E_INVALID},
    {"scale too large", 0, 0, 1e7, 0, 0, false, LEAKDIAG_E_INVALID},
    {"restarts without times", 0, 0, 0, 1, 0, false, LEAKDIAG_E_INVALID},
    {"kills without times", 0, 0, 0, 0, 1, false, LEAKDIAG_E_INVALID},
    {"too many restarts", 0, 0, 0, 1025, 0, true, LEAKDIAG_E_LIMIT},
    {"too many kills", 0, 0, 0, 0, 1025, true, LEAKDIAG_E_LIMIT},
};

START_TEST(options_are_checked)
{
    static int64_t times_ms[2000];
    static trace t;
    t.n = 0;
    one_point(&t);
    leakdiag_series *series = series_of(&t);
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = options_table[_i].limit;
    options.soft_limit_bytes = options_table[_i].soft;
    options.time_scale = options_table[_i].scale;
    options.restart_count = options_table[_i].restarts;
    options.oom_count = options_table[_i].ooms;
    if (options_table[_i].has_times)
        options.restart_times_ms = options.oom_times_ms = times_ms;
    leakdiag_trend *trend = NULL;
    ck_assert_msg(leakdiag_series_analyze(series, &options, &trend, NULL) ==
                      options_table[_i].status,
                  "%s", options_table[_i].name);
    ck_assert((trend != NULL) == (options_table[_i].status == LEAKDIAG_OK));
    leakdiag_trend_free(trend);
    leakdiag_series_unref(series);
}
END_TEST

START_TEST(options_of_another_size_are_understood_or_refused)
{
    struct {
        leakdiag_trend_options known;
        int64_t newer;
    } longer = {.known = LEAKDIAG_TREND_OPTIONS_INIT};
    static trace t;
    t.n = 0;
    one_point(&t);
    leakdiag_series *series = series_of(&t);
    leakdiag_trend *trend = NULL;

    longer.known.size = sizeof longer; /* a newer caller that does not use what is new */
    ck_assert_int_eq(leakdiag_series_analyze(series, &longer.known, &trend, NULL), LEAKDIAG_OK);
    leakdiag_trend_free(trend);
    trend = NULL;
    longer.newer = 1; /* one that does */
    ck_assert_int_eq(leakdiag_series_analyze(series, &longer.known, &trend, NULL),
                     LEAKDIAG_E_UNSUPPORTED);
    longer.known.size = 8; /* not from the macro */
    ck_assert_int_eq(leakdiag_series_analyze(series, &longer.known, &trend, NULL),
                     LEAKDIAG_E_INVALID);
    ck_assert_ptr_null(trend);
    leakdiag_series_unref(series);
}
END_TEST

/* --- JSON --- */

START_TEST(the_json_of_too_little_is_full_of_nulls)
{
    static trace t;
    t.n = 0;
    one_point(&t);
    leakdiag_trend *trend = analyzed(&t, NULL);
    char *json = NULL;
    ck_assert_int_eq(leakdiag_trend_to_json(trend, "a \"b\".csv", &json, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(json, "{\"class\":\"unknown\",\"file\":\"a \\\"b\\\".csv\",\"leak\":false,"
                           "\"oom_times\":[],\"restart_times\":[],\"score\":null,\"slope\":null,"
                           "\"slope_hi\":null,\"slope_lo\":null,\"ttl\":null,\"ttl_hi\":null,"
                           "\"ttl_lo\":null,\"unsure\":true,\"verdict\":\"too-early\"}");
    leakdiag_free(json);
    leakdiag_trend_free(trend);
}
END_TEST

START_TEST(the_json_of_a_leak_has_its_numbers_in_seconds_and_bytes)
{
    static trace t;
    t.n = 0;
    add_climb(&t, 1000000, 20, 10);
    add_climb(&t, 1300000, 20, 10);
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 30 * MIB;
    leakdiag_trend *trend = analyzed(&t, &options);
    char *text = NULL;
    ck_assert_int_eq(leakdiag_trend_to_json(trend, NULL, &text, NULL), LEAKDIAG_OK);
    json_t *json = NULL;
    ck_assert_int_eq(ld_json_parse(text, strlen(text), NULL, &json, NULL), LEAKDIAG_OK);
    ck_assert_ptr_null(json_object_get(json, "file"));
    ck_assert(json_is_true(json_object_get(json, "leak")));
    ck_assert_str_eq(json_string_value(json_object_get(json, "class")), "oom-sawtooth");
    ck_assert_str_eq(json_string_value(json_object_get(json, "verdict")), "leak");
    ck_assert(json_is_boolean(json_object_get(json, "unsure")));
    double slope = json_number_value(json_object_get(json, "slope"));
    ck_assert_double_eq_tol(slope, MIB / 15, MIB / 150);
    ck_assert_double_lt(json_number_value(json_object_get(json, "slope_lo")), slope);
    ck_assert_double_gt(json_number_value(json_object_get(json, "slope_hi")), slope);
    ck_assert_double_eq_tol(json_number_value(json_object_get(json, "ttl")), 15, 8);
    ck_assert_double_eq_tol(
        json_number_value(json_array_get(json_object_get(json, "oom_times"), 0)), 1292.5, 7.5);
    ck_assert_uint_eq(json_array_size(json_object_get(json, "restart_times")), 1);
    json_decref(json);
    leakdiag_free(text);
    leakdiag_trend_free(trend);
}
END_TEST

/* --- out of memory --- */

static leakdiag_status all_of_it(void)
{
    static const char csv[] = "t,ws\n0,1e7\n15,1.1e7\n30,1.2e7\n45,1.3e7\n60,1.4e7\n75,1.5e7\n"
                              "90,1.6e7\n105,0.1e7\n120,1.1e7\n135,1.2e7\n150,1.3e7\n165,1.4e7\n"
                              "180,1.5e7\n195,1.6e7\n210,1.7e7\n225,1.8e7\n240,1.9e7\n";
    leakdiag_series *series = (leakdiag_series *)0x1;
    leakdiag_status status = leakdiag_series_from_csv(csv, sizeof csv - 1, &series, NULL);
    if (status) {
        ck_assert_ptr_eq(series, (leakdiag_series *)0x1);
        return status;
    }
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 2e7;
    leakdiag_trend *trend = (leakdiag_trend *)0x1;
    status = leakdiag_series_analyze(series, &options, &trend, NULL);
    leakdiag_series_unref(series);
    if (status) {
        ck_assert_ptr_eq(trend, (leakdiag_trend *)0x1);
        return status;
    }
    char *json = (char *)0x1;
    status = leakdiag_trend_to_json(trend, "x", &json, NULL);
    leakdiag_trend_free(trend);
    if (status)
        ck_assert_ptr_eq(json, (char *)0x1);
    else
        leakdiag_free(json);
    return status;
}

START_TEST(every_failed_allocation_leaves_nothing_behind)
{
    fail_every_allocation(all_of_it);
}
END_TEST

static void add_shapes(Suite *suite)
{
    TCase *tc = tcase_create("shapes");
    tcase_add_loop_test(tc, each_shape_has_its_name, 0, COUNT(shapes));
    tcase_add_test(tc, every_word_of_the_vocabulary_has_its_text);
    tcase_add_test(tc, a_steady_leak_has_its_rate_and_its_time_to_the_limit);
    tcase_add_test(tc, without_a_limit_or_a_leak_there_is_no_time_to_it);
    tcase_add_test(tc, the_rate_survives_spikes);
    tcase_add_test(tc, growth_below_one_percent_of_the_level_is_no_leak_but_unsure);
    suite_add_tcase(suite, tc);

    tc = tcase_create("restarts");
    tcase_add_test(tc, a_drop_from_the_limit_is_an_oom_kill);
    tcase_add_test(tc, the_same_drop_far_from_the_limit_is_none);
    tcase_add_test(tc, a_fast_climb_may_be_killed_well_below_the_limit);
    tcase_add_test(tc, a_crash_is_a_restart_but_no_kill);
    tcase_add_test(tc, a_child_killed_before_its_container_ends_is_one_event);
    tcase_add_test(tc, drops_every_few_minutes_without_a_pause_are_a_collector);
    tcase_add_test(tc, known_events_join_the_drops_that_show_them);
    tcase_add_test(tc, a_spike_to_the_limit_is_no_sawtooth);
    suite_add_tcase(suite, tc);
}

static void add_edges(Suite *suite)
{
    TCase *tc = tcase_create("edges");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, too_little_is_too_early_and_never_a_number, 0, COUNT(too_early));
    tcase_add_test(tc, no_samples_have_their_own_finding);
    tcase_add_test(tc, huge_values_and_times_do_no_harm);
    tcase_add_test(tc, a_million_points_are_judged_too);
    tcase_add_test(tc, a_sawtooth_made_to_hurt_stays_quick);
    tcase_add_loop_test(tc, options_are_checked, 0, COUNT(options_table));
    tcase_add_test(tc, options_of_another_size_are_understood_or_refused);
    tcase_add_test(tc, the_json_of_too_little_is_full_of_nulls);
    tcase_add_test(tc, the_json_of_a_leak_has_its_numbers_in_seconds_and_bytes);
    tcase_add_test(tc, every_failed_allocation_leaves_nothing_behind);
    suite_add_tcase(suite, tc);
}

int main(void)
{
    Suite *suite = suite_create("series");
    TCase *tc = tcase_create("object");
    tcase_add_test(tc, a_series_keeps_what_it_was_given);
    tcase_add_test(tc, a_series_lives_until_its_last_reference);
    tcase_add_test(tc, an_empty_series_is_fine);
    tcase_add_loop_test(tc, a_bad_value_is_named_by_its_index, 0, COUNT(bad_values));
    tcase_add_test(tc, too_many_points_are_refused_before_they_are_read);
    suite_add_tcase(suite, tc);

    tc = tcase_create("csv");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, csv_is_read_by_column_name, 0, COUNT(good_csv));
    tcase_add_loop_test(tc, a_csv_mistake_has_its_line_and_column, 0, COUNT(bad_csv));
    tcase_add_test(tc, csv_need_not_end_in_nul);
    tcase_add_test(tc, an_endless_csv_row_is_refused);
    tcase_add_test(tc, a_csv_of_too_many_rows_is_refused);
    suite_add_tcase(suite, tc);

    add_shapes(suite);
    add_edges(suite);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
