/* The expected curve and what stands against it: the runbook's twenty minutes in many variations.
 */
#include <leakdiag/timeline.h>
#include <stdio.h>

#include "series_helpers.h"

static const struct {
    double minute, mib;
    const char *phase;
} runbook[] = {{0, 8, "baseline"}, {3, 10, "climbing"},  {6, 12, NULL},        {9, 14, NULL},
               {12, 16, NULL},     {15, 18, "pressure"}, {18, 19, "critical"}, {20, 20, "oom"}};

/* The runbook's curve with its tolerance, compressed by `scale`. */
static leakdiag_timeline *runbook_curve(double scale)
{
    leakdiag_timeline_point points[COUNT(runbook)];
    for (size_t i = 0; i < COUNT(runbook); i++)
        points[i] = (leakdiag_timeline_point){(int64_t)(runbook[i].minute * MINUTE_MS / scale),
                                              runbook[i].mib * MIB, runbook[i].phase};
    leakdiag_timeline_options options = LEAKDIAG_TIMELINE_OPTIONS_INIT;
    options.tolerance_bytes = 1.5 * MIB;
    options.tolerance_ms = (int64_t)(90000 / scale);
    options.oom_at_end = 1;
    options.time_scale = scale;
    leakdiag_timeline *timeline = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_timeline_new(points, COUNT(points), &options, &timeline, &err) ==
                      LEAKDIAG_OK,
                  "%s", err.message);
    return timeline;
}

static leakdiag_timeline *parsed(const char *text)
{
    leakdiag_timeline *timeline = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_timeline_parse(text, NULL, &timeline, &err) == LEAKDIAG_OK, "%s",
                  err.message);
    return timeline;
}

static leakdiag_comparison *compared(const leakdiag_timeline *timeline, const trace *t,
                                     const leakdiag_compare_options *options)
{
    leakdiag_series *series = series_of(t);
    leakdiag_comparison *comparison = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_timeline_compare(timeline, series, options, &comparison, &err) ==
                      LEAKDIAG_OK,
                  "%s", err.message);
    leakdiag_series_unref(series);
    return comparison;
}

/* --- the curve --- */

START_TEST(text_makes_the_same_curve_as_points)
{
    leakdiag_timeline *a = runbook_curve(1);
    leakdiag_timeline *b =
        parsed(" 0m=8Mi, 3m=10Mi,6m=12Mi ,9m=14Mi,12m = 16Mi,15m=18Mi,18m=19Mi,1200s=20971520");
    ck_assert_uint_eq(leakdiag_timeline_len(b), 8);
    for (int64_t at_ms = -60000; at_ms < 1400000; at_ms += 7000) {
        ck_assert_double_eq(leakdiag_timeline_bytes_at(a, at_ms),
                            leakdiag_timeline_bytes_at(b, at_ms));
        /* the default tolerance is 7.5 % of 20Mi and of 20 minutes: the runbook's 1.5Mi and 90 s */
        ck_assert_double_eq(leakdiag_timeline_lo_bytes_at(a, at_ms),
                            leakdiag_timeline_lo_bytes_at(b, at_ms));
        ck_assert_double_eq(leakdiag_timeline_hi_bytes_at(a, at_ms),
                            leakdiag_timeline_hi_bytes_at(b, at_ms));
    }
    leakdiag_timeline_free(a);
    leakdiag_timeline_free(b);
    leakdiag_timeline_free(NULL);
}
END_TEST

static const struct {
    const char *text;
    uint32_t column;
    const char *word;
} bad_text[] = {
    {"", 1, "time is expected"},
    {"0m=8Mi", 0, "at least two points"},
    {"0m=8Mi,", 8, "time is expected"},
    {"0m=8Mi,,3m=10Mi", 8, "time is expected"},
    {"0m=8Mi,3m", 10, "\"=\" and a size"},
    {"0m=8Mi,3m=", 11, "size is expected"},
    {"0m=8Mi,3x=10Mi", 8, "\"3x\" is not a duration"},
    {"0m=8Mi,3m=10mi", 11, "\"10mi\" is not a quantity"},
    {"0m=8Mi,3m=10Mi=4", 11, "not a quantity"},
    {"0m=8Mi,-3m=10Mi", 8, "not a duration"},
    {"0m=8Mi,0m=10Mi", 0, "point 2"},
    {"3m=8Mi,0m=10Mi", 0, "not later"},
};

START_TEST(a_misread_curve_has_its_column)
{
    leakdiag_timeline *timeline = (leakdiag_timeline *)0x1;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_timeline_parse(bad_text[_i].text, NULL, &timeline, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_ptr_eq(timeline, (leakdiag_timeline *)0x1);
    ck_assert_msg(strstr(err.message, bad_text[_i].word) != NULL, "%s", err.message);
    ck_assert_uint_eq(err.column, bad_text[_i].column);
    ck_assert_int_eq(leakdiag_timeline_parse(NULL, NULL, &timeline, NULL), LEAKDIAG_E_INVALID);
}
END_TEST

START_TEST(a_curve_has_at_most_256_points)
{
    static char text[8192];
    size_t len = 0;
    for (int i = 0; i < 257; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%ds=1Mi", i ? "," : "", i);
    leakdiag_timeline *timeline = NULL;
    ck_assert_int_eq(leakdiag_timeline_parse(text, NULL, &timeline, NULL), LEAKDIAG_E_LIMIT);
    *strrchr(text, ',') = '\0';
    ck_assert_int_eq(leakdiag_timeline_parse(text, NULL, &timeline, NULL), LEAKDIAG_OK);
    leakdiag_timeline_free(timeline);

    static leakdiag_timeline_point points[257];
    for (int i = 0; i < 257; i++)
        points[i].at_ms = i;
    ck_assert_int_eq(leakdiag_timeline_new(points, 257, NULL, &timeline, NULL), LEAKDIAG_E_LIMIT);
}
END_TEST

static const struct {
    leakdiag_timeline_point second;
    const char *word;
} bad_points[] = {
    {{1000, NAN, NULL}, "point 2"},
    {{1000, -1, NULL}, "point 2"},
    {{0, 1, NULL}, "point 2"},
    {{INT64_MAX, 1, NULL}, "ten years"},
};

START_TEST(a_bad_point_is_named)
{
    leakdiag_timeline_point points[] = {{0, 1, "a"}, bad_points[_i].second};
    leakdiag_timeline *timeline = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_timeline_new(points, 2, NULL, &timeline, &err), LEAKDIAG_E_INVALID);
    ck_assert_msg(strstr(err.message, bad_points[_i].word) != NULL, "%s", err.message);
}
END_TEST

static const struct {
    double bytes;
    int64_t ms, oom;
    double scale;
    leakdiag_status status;
} curve_options[] = {
    {0, 0, 0, 0, LEAKDIAG_OK},          {MIB, 1000, 1, 30, LEAKDIAG_OK},
    {-1, 0, 0, 0, LEAKDIAG_E_INVALID},  {NAN, 0, 0, 0, LEAKDIAG_E_INVALID},
    {0, -1, 0, 0, LEAKDIAG_E_INVALID},  {0, INT64_MAX, 0, 0, LEAKDIAG_E_INVALID},
    {0, 0, 2, 0, LEAKDIAG_E_INVALID},   {0, 0, 0, -1, LEAKDIAG_E_INVALID},
    {0, 0, 0, NAN, LEAKDIAG_E_INVALID},
};

START_TEST(options_of_a_curve_are_checked)
{
    leakdiag_timeline_options options = LEAKDIAG_TIMELINE_OPTIONS_INIT;
    options.tolerance_bytes = curve_options[_i].bytes;
    options.tolerance_ms = curve_options[_i].ms;
    options.oom_at_end = curve_options[_i].oom;
    options.time_scale = curve_options[_i].scale;
    leakdiag_timeline *timeline = NULL;
    ck_assert_int_eq(leakdiag_timeline_parse("0s=1,1s=2", &options, &timeline, NULL),
                     curve_options[_i].status);
    leakdiag_timeline_free(timeline);
    options = (leakdiag_timeline_options){.size = 8};
    ck_assert_int_eq(leakdiag_timeline_parse("0s=1,1s=2", &options, &timeline, NULL),
                     LEAKDIAG_E_INVALID);
}
END_TEST

static const struct {
    double minute, mib, lo_mib, hi_mib;
    const char *phase;
} places[] = {
    {-5, 8, 6.5, 9.5, ""},
    {0, 8, 6.5, 10.5, "baseline"}, /* 90 s later it may be 9Mi */
    {1.5, 9, 6.5, 11.5, "baseline"},
    {9, 14, 11.5, 16.5, "climbing"},
    {15, 18, 15.5, 20, "pressure"}, /* 16.5 min: 18.5Mi */
    {19, 19.5, 17.3333333, 21.5, "critical"},
    {20, 20, 17.75, 21.5, "oom"},
    {25, 20, 18.5, 21.5, "oom"},
};

START_TEST(the_band_is_wide_in_value_and_in_time)
{
    leakdiag_timeline *timeline = runbook_curve(1);
    int64_t at_ms = (int64_t)(places[_i].minute * MINUTE_MS);
    ck_assert_double_eq_tol(leakdiag_timeline_bytes_at(timeline, at_ms), places[_i].mib * MIB, 1);
    ck_assert_double_eq_tol(leakdiag_timeline_lo_bytes_at(timeline, at_ms), places[_i].lo_mib * MIB,
                            1);
    ck_assert_double_eq_tol(leakdiag_timeline_hi_bytes_at(timeline, at_ms), places[_i].hi_mib * MIB,
                            1);
    ck_assert_str_eq(leakdiag_timeline_phase_at(timeline, at_ms), places[_i].phase);
    ck_assert_int_eq(leakdiag_timeline_end_ms(timeline), 20 * MINUTE_MS);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(the_band_sees_a_peak_between_its_edges)
{
    leakdiag_timeline_options options = LEAKDIAG_TIMELINE_OPTIONS_INIT;
    options.tolerance_bytes = 1;
    options.tolerance_ms = 10000;
    leakdiag_timeline *timeline = NULL;
    ck_assert_int_eq(
        leakdiag_timeline_parse("0s=100,60s=100,65s=900,70s=100", &options, &timeline, NULL),
        LEAKDIAG_OK);
    ck_assert_double_eq(leakdiag_timeline_hi_bytes_at(timeline, 60000), 901);
    ck_assert_double_eq(leakdiag_timeline_lo_bytes_at(timeline, 60000), 99);
    ck_assert_double_eq(leakdiag_timeline_hi_bytes_at(timeline, 50000), 101);
    leakdiag_timeline_free(timeline);

    options.tolerance_bytes = 500; /* and it never goes below nothing */
    ck_assert_int_eq(leakdiag_timeline_parse("0s=100,60s=200", &options, &timeline, NULL),
                     LEAKDIAG_OK);
    ck_assert_double_eq(leakdiag_timeline_lo_bytes_at(timeline, 0), 0);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(a_third_of_the_flag_takes_three_times_as_long)
{
    leakdiag_timeline *timeline = runbook_curve(1), *slow = NULL;
    ck_assert_int_eq(leakdiag_timeline_scale(timeline, 3, &slow, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_timeline_end_ms(slow), 60 * MINUTE_MS);
    for (int64_t at_ms = 0; at_ms < 1300000; at_ms += 10000) {
        ck_assert_double_eq_tol(leakdiag_timeline_bytes_at(slow, 3 * at_ms),
                                leakdiag_timeline_bytes_at(timeline, at_ms), 1);
        ck_assert_double_eq_tol(leakdiag_timeline_lo_bytes_at(slow, 3 * at_ms),
                                leakdiag_timeline_lo_bytes_at(timeline, at_ms), 1);
    }
    ck_assert_str_eq(leakdiag_timeline_point_at(slow, 5).phase, "pressure");
    ck_assert_int_eq(leakdiag_timeline_point_at(slow, 5).at_ms, 45 * MINUTE_MS);
    ck_assert_int_eq(leakdiag_timeline_point_at(slow, 99).at_ms, 0);
    leakdiag_timeline_free(slow);

    static const double bad[] = {0, -1, NAN, INFINITY, 1e300, 1e-9};
    leakdiag_timeline *none = NULL;
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_int_eq(leakdiag_timeline_scale(timeline, bad[i], &none, NULL),
                         LEAKDIAG_E_INVALID);
    ck_assert_ptr_null(none);
    leakdiag_timeline_free(timeline);
}
END_TEST

/* --- runs --- */

static double curve_mib(double minute)
{
    if (minute <= 0)
        return 8;
    for (size_t i = 1; i < COUNT(runbook); i++)
        if (minute <= runbook[i].minute)
            return runbook[i - 1].mib + (runbook[i].mib - runbook[i - 1].mib) *
                                            (minute - runbook[i - 1].minute) /
                                            (runbook[i].minute - runbook[i - 1].minute);
    return 20 + 0.5 * (minute - 20);
}

/* a and b of each kind are explained where they are used */
typedef struct run {
    const char *name;
    double (*mib_at)(const struct run *run, double minute);
    double a, b;
    double base; /* MiB at the start */
    double minutes;
    const char *findings; /* allowed in this order */
} run;

/* On the curve, `a` times as slow, growth begins b minutes late; killed at 20 MiB, again and again.
 */
static double on_curve(const run *r, double minute)
{
    double life = 20 * r->a + r->b, lives = floor(minute / life);
    return r->base - 8 + curve_mib(fmax(0, minute - lives * life - r->b) / r->a);
}

/* Straight from the base to 20 MiB in a minutes; growth begins b minutes late. */
static double straight(const run *r, double minute)
{
    double lives = floor(minute / r->a), part = minute - lives * r->a;
    return r->base + (20 - r->base) * fmax(0, part - r->b) / (r->a - r->b);
}

static double standing(const run *r, double minute)
{
    (void)minute;
    return r->base;
}

/* The lab: orders come at full pace only after a minutes, then b MiB a minute. */
static double ramped_load(const run *r, double minute)
{
    double ramp = fmin(minute, r->a);
    return r->base + r->b * (ramp * ramp / (2 * r->a) + fmax(0, minute - r->a));
}

static const run runs[] = {
    {"on the curve", on_curve, 1, 0, 8, 44, "too-early on-track oom-sawtooth"},
    {"on the curve from 8.6Mi", on_curve, 1, 0, 8.6, 23, "too-early on-track oom-sawtooth"},
    {"on the curve from 7.2Mi", on_curve, 1, 0, 7.2, 19, "too-early on-track"},
    {"on the curve, 90 s late", on_curve, 1, 1.5, 8, 24, "too-early on-track oom-sawtooth"},
    {"straight, 17 min", straight, 17, 0, 8, 36, "too-early on-track oom-sawtooth"},
    {"straight, 20 min from 8.6Mi", straight, 20, 0, 8.6, 42, "too-early on-track oom-sawtooth"},
    {"straight, 22 min", straight, 22, 0, 8, 46, "too-early on-track oom-sawtooth"},
    {"straight, 22 min, 90 s late", straight, 22, 1.5, 8, 24, "too-early on-track oom-sawtooth"},
    {"flat at 8Mi", standing, 0, 0, 8, 40, "too-early flat"},
    {"flat at 8.6Mi", standing, 0, 0, 8.6, 40, "too-early flat"},
    {"flat at 12Mi", standing, 0, 0, 12, 40, "too-early flat"},
    {"a third of the speed", on_curve, 3, 0, 8, 66, "too-early behind"},
    {"flag 100: 54 min", straight, 54, 0, 8.6, 60, "too-early behind"},
    {"killed after 10 min", straight, 10, 0, 8, 22, "too-early ahead"},
    {"the lab, flag 300", ramped_load, 4, 0.6, 8.65, 19, "too-early on-track"},
    {"the lab, flag 100", ramped_load, 4, 0.18, 8.65, 40, "too-early behind"},
};

static const struct {
    double step_s, noise_mib, quantum_bytes, scale;
} looks[] = {
    {5, 0, 4096, 1},    {5, 0.1, 4096, 1},  {5, 0.1, MIB, 1},    {15, 0, 4096, 1},
    {15, 0.1, 4096, 1}, {15, 0.3, 4096, 1}, {15, 0, MIB, 1},     {15, 0.1, MIB, 1},
    {30, 0.3, 4096, 1}, {30, 0, MIB, 1},    {60, 0, 4096, 1},    {60, 0.1, 4096, 1},
    {60, 0, MIB, 1},    {15, 0, 4096, 30},  {15, 0.1, 4096, 30}, {15, 0, 0.25 * MIB, 30},
};

static void draw(const run *r, size_t look, trace *t)
{
    uint64_t state = 99;
    double step_s = looks[look].step_s, quantum = looks[look].quantum_bytes;
    t->n = 0;
    for (double at_s = 0; at_s <= r->minutes * 60; at_s += step_s) {
        double mib = r->mib_at(r, at_s / 60) + looks[look].noise_mib * noise(&state);
        double bytes = floor(fmin(mib, 20) * MIB / quantum) * quantum;
        trace_add(t, (int64_t)(at_s * 1000 / looks[look].scale + 0.5), bytes);
    }
}

/* Checks that the findings of all prefixes come in the order of `allowed` and reach its end. */
static void check_prefixes(const leakdiag_timeline *timeline, const trace *t, const run *r,
                           size_t look)
{
    char allowed[128], *place = NULL;
    snprintf(allowed, sizeof allowed, "%s", r->findings);
    const char *now = strtok_r(allowed, " ", &place);
    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    options.limit_bytes = 20 * MIB;
    bool is_thorough =
        look == 4 || look == 5 || look == 13; /* every prefix; of the other looks, some 50 */
    size_t stride = is_thorough ? 1 : t->n / 50 + 1;
    static trace prefix;
    prefix = *t;
    for (prefix.n = 1; prefix.n <= t->n; prefix.n += stride) {
        leakdiag_comparison *c = compared(timeline, &prefix, &options);
        const char *finding = leakdiag_memory_finding_name(leakdiag_comparison_finding(c));
        if (now && strcmp(finding, now) != 0)
            now = strtok_r(NULL, " ", &place);
        ck_assert_msg(now && strcmp(finding, now) == 0, "%s, look %zu: %s after %.1f min", r->name,
                      look, finding,
                      (double)t->times_ms[prefix.n - 1] * looks[look].scale / MINUTE_MS);
        leakdiag_comparison_free(c);
    }
    ck_assert_msg(strtok_r(NULL, " ", &place) == NULL, "%s, look %zu: ends as %s", r->name, look,
                  now);
}

START_TEST(no_prefix_of_a_run_takes_its_finding_back)
{
    static trace t;
    const run *r = &runs[_i];
    for (size_t look = 0; look < COUNT(looks); look++) {
        leakdiag_timeline *timeline = runbook_curve(looks[look].scale);
        draw(r, look, &t);
        check_prefixes(timeline, &t, r, look);
        leakdiag_timeline_free(timeline);
    }
}
END_TEST

START_TEST(a_finding_comes_in_time_to_be_of_use)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    for (size_t i = 0; i < COUNT(runs); i++) {
        run r = runs[i];
        if (r.mib_at == ramped_load && r.b < 0.5)
            continue;  /* slow and late: the slowest to show */
        r.minutes = 7; /* of the twenty */
        draw(&r, 4, &t);
        leakdiag_comparison *c = compared(timeline, &t, NULL);
        ck_assert_msg(leakdiag_comparison_finding(c) != LEAKDIAG_MEMORY_TOO_EARLY, "%s", r.name);
        leakdiag_comparison_free(c);
    }
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(too_early_says_when_it_can_be_decided)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    run r = runs[0];
    for (r.minutes = 0; r.minutes < 4; r.minutes += 0.5) {
        draw(&r, 3, &t);
        leakdiag_comparison *c = compared(timeline, &t, NULL);
        ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_TOO_EARLY);
        int64_t decides_at_ms = leakdiag_comparison_decides_at_ms(c);
        ck_assert_int_gt(decides_at_ms, t.times_ms[t.n - 1]);
        ck_assert_int_lt(decides_at_ms, 6 * MINUTE_MS);
        leakdiag_comparison_free(c);

        run later = r; /* and then it is */
        later.minutes = (double)(decides_at_ms + 30000) / MINUTE_MS;
        draw(&later, 3, &t);
        c = compared(timeline, &t, NULL);
        ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_ON_TRACK);
        ck_assert_int_eq(leakdiag_comparison_decides_at_ms(c), 0);
        leakdiag_comparison_free(c);
    }
    leakdiag_timeline_free(timeline);
}
END_TEST

/* --- one finding each --- */

/* On the curve until minute a, then b MiB a minute. */
static double bent(const run *r, double minute)
{
    return r->base - 8 + curve_mib(fmin(minute, r->a)) + r->b * fmax(0, minute - r->a);
}

static double jumped(const run *r, double minute)
{
    return minute < r->a ? r->base : r->base + r->b;
}

static double falling(const run *r, double minute)
{
    return r->base - r->a * minute;
}

static const struct {
    run run;
    double limit_mib, soft_limit_mib;
    leakdiag_memory_finding finding;
    double ratio_lo, ratio_hi; /* 0: must be NAN */
} ends[] = {
    {{"stopped at 8 min", bent, 8, 0, 8, 25, NULL}, 20, 0, LEAKDIAG_MEMORY_PLATEAU, 0, 0},
    {{"bent at its soft limit", bent, 12, 0.05, 8, 30, NULL},
     20,
     16,
     LEAKDIAG_MEMORY_GC_BOUND,
     0,
     0},
    {{"the same without one", bent, 12, 0.02, 8, 30, NULL}, 20, 0, LEAKDIAG_MEMORY_PLATEAU, 0, 0},
    {{"passes the soft limit on its way", on_curve, 1, 0, 8, 13, NULL},
     20,
     16,
     LEAKDIAG_MEMORY_ON_TRACK,
     0.95,
     1.05},
    {{"one jump", jumped, 6, 5, 8, 24, NULL}, 20, 0, LEAKDIAG_MEMORY_STEP, 0, 0},
    {{"falls", falling, 0.3, 0, 14, 20, NULL}, 20, 0, LEAKDIAG_MEMORY_SHRINKING, 0, 0},
    {{"twice as fast", straight, 10, 0, 8, 8, NULL}, 20, 0, LEAKDIAG_MEMORY_AHEAD, 0.4, 0.6},
    {{"a third, piecewise", on_curve, 3, 0, 8, 40, NULL},
     20,
     0,
     LEAKDIAG_MEMORY_BEHIND,
     2.85,
     3.15},
    {{"one and a half times", straight, 30, 0, 8, 25, NULL},
     20,
     0,
     LEAKDIAG_MEMORY_BEHIND,
     1.4,
     1.7},
    {{"22 min", straight, 22, 0, 8, 20, NULL}, 20, 0, LEAKDIAG_MEMORY_ON_TRACK, 1.02, 1.25},
    {{"limit 64Mi, goes on", bent, 20, 0.6, 8, 50, NULL},
     64,
     0,
     LEAKDIAG_MEMORY_ON_TRACK,
     0.8,
     1.2},
    {{"no limit, goes on", bent, 20, 0.6, 8, 30, NULL}, 0, 0, LEAKDIAG_MEMORY_ON_TRACK, 0.8, 1.2},
    {{"high at the start, at full pace", on_curve, 1, 0, 10.5, 12, NULL},
     24,
     0,
     LEAKDIAG_MEMORY_ON_TRACK,
     0.9,
     1.1},
};

START_TEST(each_run_ends_in_its_finding)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    uint64_t state = 5;
    t.n = 0;
    for (double at_s = 0; at_s <= ends[_i].run.minutes * 60; at_s += 15)
        trace_add(&t, (int64_t)at_s * 1000,
                  (ends[_i].run.mib_at(&ends[_i].run, at_s / 60) + 0.05 * noise(&state)) * MIB);
    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    options.limit_bytes = ends[_i].limit_mib * MIB;
    options.soft_limit_bytes = ends[_i].soft_limit_mib * MIB;
    leakdiag_comparison *c = compared(timeline, &t, &options);
    ck_assert_msg(leakdiag_comparison_finding(c) == ends[_i].finding, "%s: %s", ends[_i].run.name,
                  leakdiag_memory_finding_name(leakdiag_comparison_finding(c)));
    double ratio = leakdiag_comparison_fitted_time_ratio(c);
    if (ends[_i].ratio_hi == 0)
        ck_assert_msg(isnan(ratio), "%s", ends[_i].run.name);
    else
        ck_assert_msg(ratio >= ends[_i].ratio_lo && ratio <= ends[_i].ratio_hi, "%s: %d/1000",
                      ends[_i].run.name, (int)(ratio * 1000));
    ck_assert_int_eq(leakdiag_comparison_is_match(c), 0);
    leakdiag_comparison_free(c);
    leakdiag_timeline_free(timeline);
}
END_TEST

static const struct {
    double minutes;
    int match;
    leakdiag_memory_finding finding;
} kills[] = {
    {7, 0, LEAKDIAG_MEMORY_AHEAD},           {13.5, 0, LEAKDIAG_MEMORY_AHEAD},
    {14.5, 1, LEAKDIAG_MEMORY_OOM_SAWTOOTH}, {20, 1, LEAKDIAG_MEMORY_OOM_SAWTOOTH},
    {25.5, 1, LEAKDIAG_MEMORY_OOM_SAWTOOTH}, {26.5, 0, LEAKDIAG_MEMORY_BEHIND},
    {54, 0, LEAKDIAG_MEMORY_BEHIND},
};

START_TEST(a_kill_matches_within_thirty_percent)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    run r = {"", straight, kills[_i].minutes, 0, 8, kills[_i].minutes + 3, NULL};
    draw(&r, 4, &t);
    leakdiag_comparison *c = compared(timeline, &t, NULL); /* the curve's end names the limit */
    ck_assert_int_eq(leakdiag_comparison_is_match(c), kills[_i].match);
    ck_assert_int_eq(leakdiag_comparison_finding(c), kills[_i].finding);
    ck_assert_double_eq_tol(leakdiag_comparison_fitted_time_ratio(c), kills[_i].minutes / 20, 0.02);
    ck_assert_int_ge(leakdiag_comparison_start_ms(c),
                     (int64_t)(kills[_i].minutes * MINUTE_MS) - 15000);
    leakdiag_comparison_free(c);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(after_a_kill_a_flat_line_is_flat_in_the_end)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    run r = {"", on_curve, 1, 0, 8, 19.9, NULL};
    draw(&r, 4, &t);
    for (int i = 0; i < 60; i++) /* the load was stopped */
        trace_add(&t, 20 * MINUTE_MS + i * 15000, 8 * MIB);
    leakdiag_comparison *c = compared(timeline, &t, NULL);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_FLAT);
    ck_assert_int_eq(leakdiag_comparison_is_match(c), 1);
    leakdiag_comparison_free(c);
    t.n -= 26; /* 8.5 minutes of it may be a slow start */
    c = compared(timeline, &t, NULL);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_OOM_SAWTOOTH);
    leakdiag_comparison_free(c);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(what_lags_behind_a_restart_is_the_old_life)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    run r = {"", on_curve, 1, 0, 8, 10, NULL};
    draw(&r, 3, &t);
    int64_t restart_ms = t.times_ms[t.n - 1] + 5000;
    double old = t.bytes[t.n - 1];
    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    options.restart_times_ms = &restart_ms;
    options.restart_count = 1;
    for (int i = 1; i < 30; i++) { /* four samples still show the old process */
        trace_add(&t, 10 * MINUTE_MS + i * 15000, i <= 4 ? old : 8 * MIB);
        leakdiag_comparison *c = compared(timeline, &t, &options);
        leakdiag_memory_finding finding = leakdiag_comparison_finding(c);
        ck_assert(finding == LEAKDIAG_MEMORY_TOO_EARLY || finding == LEAKDIAG_MEMORY_FLAT);
        leakdiag_comparison_free(c);
    }
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(a_known_kill_needs_no_drop_to_be_seen)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    run r = {"", on_curve, 1, 0, 8, 18, NULL};
    draw(&r, 4, &t);
    int64_t oom_ms = 20 * MINUTE_MS + 1234;
    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    options.oom_times_ms = &oom_ms;
    options.oom_count = 1;
    leakdiag_comparison *c = compared(timeline, &t, &options);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_OOM_SAWTOOTH);
    ck_assert_int_eq(leakdiag_comparison_is_match(c), 1);
    ck_assert_int_eq(leakdiag_comparison_start_ms(c), oom_ms);
    ck_assert(isnan(leakdiag_comparison_first_deviation_s(c)));
    leakdiag_comparison_free(c);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(a_kill_that_nobody_announced_is_ahead)
{
    static trace t;
    leakdiag_timeline *timeline = parsed("0m=8Mi,20m=20Mi"); /* no kill at its end */
    run r = {"", straight, 20, 0, 8, 23, NULL};
    draw(&r, 4, &t);
    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    options.limit_bytes = 20 * MIB;
    leakdiag_comparison *c = compared(timeline, &t, &options);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_AHEAD);
    ck_assert_int_eq(leakdiag_comparison_is_match(c), 0);
    leakdiag_comparison_free(c);
    leakdiag_timeline_free(timeline);
}
END_TEST

/* --- clocks --- */

START_TEST(the_clock_starts_when_it_is_told)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    run r = {"", on_curve, 1, 0, 8, 8, NULL};
    t.n = 0;
    for (int i = 0; i < 40; i++) /* ten minutes at rest, then the load starts */
        trace_add(&t, i * 15000, 8 * MIB);
    for (int i = 0; i <= 32; i++)
        trace_add(&t, (40 + i) * 15000, r.mib_at(&r, i / 4.0) * MIB);

    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    leakdiag_comparison *c = compared(timeline, &t, &options); /* from the first sample: too slow */
    ck_assert_int_ne(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_ON_TRACK);
    leakdiag_comparison_free(c);
    options.has_start = 1;
    options.start_ms = 600000;
    c = compared(timeline, &t, &options);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_ON_TRACK);
    ck_assert_int_eq(leakdiag_comparison_start_ms(c), 600000);
    ck_assert_int_eq(leakdiag_comparison_position_ms(c), 8 * MINUTE_MS);
    ck_assert_double_eq_tol(leakdiag_comparison_expected_bytes(c), 13.333333 * MIB, 10);
    ck_assert_double_eq_tol(leakdiag_comparison_observed_bytes(c), 13.333333 * MIB, 4096);
    leakdiag_comparison_free(c);

    options.start_ms = 5000000; /* it has not started yet */
    c = compared(timeline, &t, &options);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_TOO_EARLY);
    ck_assert_int_gt(leakdiag_comparison_decides_at_ms(c), 5000000);
    leakdiag_comparison_free(c);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(a_known_start_lets_a_late_look_decide)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    options.has_start = 1;
    options.start_ms = 0;
    for (int is_flat = 0; is_flat < 2; is_flat++) { /* three minutes, from the tenth on */
        t.n = 0;
        for (int i = 0; i <= 12; i++)
            trace_add(&t, 10 * MINUTE_MS + i * 15000,
                      (is_flat ? 8.2 : curve_mib(10 + i / 4.0)) * MIB);
        leakdiag_comparison *c = compared(timeline, &t, &options);
        ck_assert_int_eq(leakdiag_comparison_finding(c),
                         is_flat ? LEAKDIAG_MEMORY_FLAT : LEAKDIAG_MEMORY_ON_TRACK);
        leakdiag_comparison_free(c);
    }
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(a_restart_starts_the_clock_again)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    run r = {"", on_curve, 1, 0, 8, 10, NULL};
    draw(&r, 3, &t);
    for (int i = 0; i <= 36; i++) /* restarted at minute 11, for another reason */
        trace_add(&t, 11 * MINUTE_MS + i * 15000, curve_mib(i / 4.0) * MIB);
    int64_t restart_ms = 11 * MINUTE_MS - 2000;
    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    options.restart_times_ms = &restart_ms;
    options.restart_count = 1;
    leakdiag_comparison *c = compared(timeline, &t, &options);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_ON_TRACK);
    ck_assert_int_eq(leakdiag_comparison_start_ms(c), restart_ms);
    ck_assert_int_eq(leakdiag_comparison_is_match(c), 0);
    leakdiag_comparison_free(c);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(a_kill_before_the_clock_does_not_count)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    run r = {"", on_curve, 1, 0, 8, 26, NULL};
    draw(&r, 3, &t); /* killed at 20 min */
    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    options.has_start = 1;
    options.start_ms = 20 * MINUTE_MS + 20000;
    leakdiag_comparison *c = compared(timeline, &t, &options);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_ON_TRACK);
    ck_assert_int_eq(leakdiag_comparison_is_match(c), 0);
    ck_assert_int_eq(leakdiag_comparison_start_ms(c), options.start_ms);
    leakdiag_comparison_free(c);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(a_process_that_has_only_just_begun_is_not_its_baseline)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    t.n = 0;
    trace_add(&t, 0, 0.1 * MIB);
    trace_add(&t, 15000, 3 * MIB);
    for (int i = 2; i <= 40; i++)
        trace_add(&t, i * 15000, 8 * MIB);
    leakdiag_comparison *c = compared(timeline, &t, NULL);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_FLAT);
    leakdiag_comparison_free(c);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(an_old_series_is_stale)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    run r = {"", on_curve, 1, 0, 8, 10, NULL};
    draw(&r, 3, &t);
    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    options.has_now = 1;
    options.now_ms = 12 * MINUTE_MS;
    options.stale_after_ms = 2 * MINUTE_MS;
    leakdiag_comparison *c = compared(timeline, &t, &options);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_ON_TRACK);
    leakdiag_comparison_free(c);
    options.now_ms++;
    c = compared(timeline, &t, &options);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_STALE);
    leakdiag_comparison_free(c);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(one_sample_never_decides)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    for (double minutes = 3; minutes <= 16; minutes++) {
        run r = {"", on_curve, 1, 0, 8, minutes, NULL};
        draw(&r, 3, &t);
        leakdiag_comparison *before = compared(timeline, &t, NULL);
        t.bytes[t.n - 1] = 8 * MIB; /* a spike down */
        leakdiag_comparison *down = compared(timeline, &t, NULL);
        t.bytes[t.n - 1] = 19.5 * MIB;
        leakdiag_comparison *up = compared(timeline, &t, NULL);
        ck_assert_int_eq(leakdiag_comparison_finding(up), leakdiag_comparison_finding(before));
        if (minutes < 12) /* later the drop is large enough for a kill */
            ck_assert_int_eq(leakdiag_comparison_finding(down),
                             leakdiag_comparison_finding(before));
        leakdiag_comparison_free(before);
        leakdiag_comparison_free(down);
        leakdiag_comparison_free(up);
    }
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(the_first_deviation_is_where_the_band_was_left)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    run r = {"", standing, 0, 0, 8, 20, NULL};
    draw(&r, 3, &t);
    leakdiag_comparison *c = compared(timeline, &t, NULL);
    /* the lower edge passes 8Mi at 3.75 min; all values are whole Mi here, which costs 1Mi more */
    ck_assert_double_ge(leakdiag_comparison_first_deviation_s(c), 225);
    ck_assert_double_le(leakdiag_comparison_first_deviation_s(c), 330);
    leakdiag_comparison_free(c);

    r = (run){"", bent, 8, 0, 8, 20, NULL};
    draw(&r, 4, &t);
    c = compared(timeline, &t, NULL); /* 13.33Mi is left at 11.75 min, less the noise */
    ck_assert_double_eq_tol(leakdiag_comparison_first_deviation_s(c), 11.75 * 60, 45);
    leakdiag_comparison_free(c);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(a_curve_that_stays_flat_can_be_compared_too)
{
    static trace t;
    leakdiag_timeline *timeline = parsed("0m=8Mi,20m=8Mi");
    run r = {"", standing, 0, 0, 8.2, 15, NULL};
    draw(&r, 4, &t);
    leakdiag_comparison *c = compared(timeline, &t, NULL);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_ON_TRACK);
    leakdiag_comparison_free(c);
    r = (run){"", on_curve, 1, 0, 8, 10, NULL};
    draw(&r, 4, &t);
    c = compared(timeline, &t, NULL);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_AHEAD);
    leakdiag_comparison_free(c);
    leakdiag_timeline_free(timeline);
}
END_TEST

/* --- edges --- */

START_TEST(no_samples_compare_as_no_samples)
{
    static trace t;
    t.n = 0;
    leakdiag_timeline *timeline = runbook_curve(1);
    leakdiag_comparison *c = compared(timeline, &t, NULL);
    ck_assert_int_eq(leakdiag_comparison_finding(c), LEAKDIAG_MEMORY_NO_SAMPLES);
    ck_assert(isnan(leakdiag_comparison_observed_bytes(c)));
    ck_assert(isnan(leakdiag_comparison_expected_bytes(c)));
    ck_assert_ptr_nonnull(leakdiag_comparison_trend(c));
    char *json = NULL;
    ck_assert_int_eq(leakdiag_comparison_to_json(c, "a.csv", &json, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(json, "{\"file\":\"a.csv\",\"finding\":\"no-samples\",\"first_deviation_s\":"
                           "null,\"fitted_time_ratio\":null,\"match\":false}");
    leakdiag_free(json);
    leakdiag_comparison_free(c);
    leakdiag_comparison_free(NULL);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(the_json_of_a_kill_says_match)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    run r = {"", on_curve, 1, 0, 8, 22, NULL};
    draw(&r, 3, &t);
    leakdiag_comparison *c = compared(timeline, &t, NULL);
    char *json = NULL;
    ck_assert_int_eq(leakdiag_comparison_to_json(c, NULL, &json, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(json,
                     "{\"finding\":\"oom-sawtooth\",\"first_deviation_s\":null,"
                     "\"fitted_time_ratio\":0.994,\"match\":true}"); /* between 19:45 and 20:00 */
    leakdiag_free(json);
    leakdiag_comparison_free(c);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(hostile_series_do_no_harm)
{
    static trace t;
    leakdiag_timeline *timeline = runbook_curve(1);
    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    for (int kind = 0; kind < 4; kind++) {
        t.n = 0;
        for (int i = 0; i < 100; i++) {
            t.times_ms[t.n] = kind == 0   ? 5000
                              : kind == 1 ? 1000000 - i * 15000
                              : kind == 2 ? (i % 2 ? INT64_MAX : INT64_MIN)
                                          : i * 15000;
            t.bytes[t.n++] = kind == 3 ? (i % 2 ? 9.2e18 : 0) : i * MIB;
        }
        options.has_start = kind == 2;
        options.start_ms = kind == 2 ? INT64_MIN : 0;
        leakdiag_comparison *c = compared(timeline, &t, &options);
        leakdiag_comparison_free(c);
    }
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(options_of_a_comparison_are_checked)
{
    static trace t;
    t.n = 0;
    leakdiag_timeline *timeline = runbook_curve(1);
    leakdiag_series *series = series_of(&t);
    leakdiag_comparison *c = NULL;
    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    options.stale_after_ms = -1;
    ck_assert_int_eq(leakdiag_timeline_compare(timeline, series, &options, &c, NULL),
                     LEAKDIAG_E_INVALID);
    options.stale_after_ms = 0;
    options.limit_bytes = -1;
    ck_assert_int_eq(leakdiag_timeline_compare(timeline, series, &options, &c, NULL),
                     LEAKDIAG_E_INVALID);
    options.limit_bytes = 0;
    options.oom_count = 1;
    ck_assert_int_eq(leakdiag_timeline_compare(timeline, series, &options, &c, NULL),
                     LEAKDIAG_E_INVALID);
    options.size = 8;
    ck_assert_int_eq(leakdiag_timeline_compare(timeline, series, &options, &c, NULL),
                     LEAKDIAG_E_INVALID);
    ck_assert_ptr_null(c);
    leakdiag_series_unref(series);
    leakdiag_timeline_free(timeline);
}
END_TEST

static leakdiag_status all_of_it(void)
{
    leakdiag_timeline_point points[] = {{0, 8 * MIB, "low"}, {20 * MINUTE_MS, 20 * MIB, "high"}};
    leakdiag_timeline *timeline = (leakdiag_timeline *)0x1, *slow = (leakdiag_timeline *)0x1;
    leakdiag_status status = leakdiag_timeline_new(points, 2, NULL, &timeline, NULL);
    if (status) {
        ck_assert_ptr_eq(timeline, (leakdiag_timeline *)0x1);
        return status;
    }
    status = leakdiag_timeline_scale(timeline, 2, &slow, NULL);
    if (status) {
        ck_assert_ptr_eq(slow, (leakdiag_timeline *)0x1);
        leakdiag_timeline_free(timeline);
        return status;
    }
    leakdiag_timeline_free(slow);

    static trace t;
    run r = {"", straight, 20, 0, 8, 22, NULL};
    draw(&r, 3, &t);
    leakdiag_series *series = NULL;
    leakdiag_comparison *c = (leakdiag_comparison *)0x1;
    char *json = (char *)0x1;
    status = leakdiag_series_new(t.times_ms, t.bytes, t.n, &series, NULL);
    if (!status)
        status = leakdiag_timeline_compare(timeline, series, NULL, &c, NULL);
    leakdiag_series_unref(series);
    leakdiag_timeline_free(timeline);
    if (status) {
        ck_assert_ptr_eq(c, (leakdiag_comparison *)0x1);
        return status;
    }
    status = leakdiag_comparison_to_json(c, "x", &json, NULL);
    leakdiag_comparison_free(c);
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

static TCase *curve_case(void)
{
    TCase *tc = tcase_create("curve");
    tcase_add_test(tc, text_makes_the_same_curve_as_points);
    tcase_add_loop_test(tc, a_misread_curve_has_its_column, 0, COUNT(bad_text));
    tcase_add_test(tc, a_curve_has_at_most_256_points);
    tcase_add_loop_test(tc, a_bad_point_is_named, 0, COUNT(bad_points));
    tcase_add_loop_test(tc, options_of_a_curve_are_checked, 0, COUNT(curve_options));
    tcase_add_loop_test(tc, the_band_is_wide_in_value_and_in_time, 0, COUNT(places));
    tcase_add_test(tc, the_band_sees_a_peak_between_its_edges);
    tcase_add_test(tc, a_third_of_the_flag_takes_three_times_as_long);
    return tc;
}

static TCase *runs_case(void)
{
    TCase *tc = tcase_create("runs");
    tcase_set_timeout(tc, 110);
    tcase_add_loop_test(tc, no_prefix_of_a_run_takes_its_finding_back, 0, COUNT(runs));
    tcase_add_test(tc, a_finding_comes_in_time_to_be_of_use);
    tcase_add_test(tc, too_early_says_when_it_can_be_decided);
    tcase_add_loop_test(tc, each_run_ends_in_its_finding, 0, COUNT(ends));
    tcase_add_loop_test(tc, a_kill_matches_within_thirty_percent, 0, COUNT(kills));
    tcase_add_test(tc, after_a_kill_a_flat_line_is_flat_in_the_end);
    tcase_add_test(tc, what_lags_behind_a_restart_is_the_old_life);
    tcase_add_test(tc, a_known_kill_needs_no_drop_to_be_seen);
    tcase_add_test(tc, a_kill_that_nobody_announced_is_ahead);
    tcase_add_test(tc, the_clock_starts_when_it_is_told);
    tcase_add_test(tc, a_known_start_lets_a_late_look_decide);
    tcase_add_test(tc, a_restart_starts_the_clock_again);
    tcase_add_test(tc, a_kill_before_the_clock_does_not_count);
    tcase_add_test(tc, a_process_that_has_only_just_begun_is_not_its_baseline);
    tcase_add_test(tc, an_old_series_is_stale);
    tcase_add_test(tc, one_sample_never_decides);
    tcase_add_test(tc, the_first_deviation_is_where_the_band_was_left);
    tcase_add_test(tc, a_curve_that_stays_flat_can_be_compared_too);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("timeline");
    suite_add_tcase(suite, curve_case());
    suite_add_tcase(suite, runs_case());
    TCase *tc = tcase_create("edges");
    tcase_add_test(tc, no_samples_compare_as_no_samples);
    tcase_add_test(tc, the_json_of_a_kill_says_match);
    tcase_add_test(tc, hostile_series_do_no_harm);
    tcase_add_test(tc, options_of_a_comparison_are_checked);
    tcase_add_test(tc, every_failed_allocation_leaves_nothing_behind);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
