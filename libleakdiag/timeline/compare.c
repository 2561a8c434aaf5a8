/*
 * A series against the curve. The kills decide first: a climb that ended in one is held against the
 * time of the curve's end. The climb that is under way decides where there was no kill, or where it
 * plainly does something else than climb.
 */
#include <math.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/number.h"
#include "timeline/comparison.h"

#define MATCH 0.30 /* of the expected time */

LD_DEFINE_CLEANUP(leakdiag_comparison, leakdiag_comparison_free, comparison_freep)

/* What all steps look at. */
typedef struct view {
    const leakdiag_timeline *timeline;
    const leakdiag_series *series;
    const leakdiag_compare_options *options;
    double start_ms;
} view;

/* Climbs of the run: each starts with the clock or with a restart. */
typedef struct lives {
    bool has_kill;
    double first_kill_after_ms; /* from its climb's start */
    double last_kill_after_ms;
    double last_kill_from_ms, last_kill_at_ms; /* that climb, in the series' clock */
    double current_from_ms;
} lives;

static leakdiag_status check_options(const leakdiag_compare_options *o, leakdiag_error *err)
{
    if (o->stale_after_ms < 0)
        return ld_fail(err, LEAKDIAG_E_INVALID, "stale_after_ms must be 0 (never) or more");
    return LEAKDIAG_OK;
}

static leakdiag_status analyze_alone(const view *v, leakdiag_comparison *comparison,
                                     leakdiag_error *err)
{
    const leakdiag_compare_options *o = v->options;
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = o->limit_bytes;
    if (o->limit_bytes == 0 && v->timeline->oom_at_end) /* a kill is expected there */
        options.limit_bytes = v->timeline->points[v->timeline->n - 1].bytes;
    options.soft_limit_bytes = o->soft_limit_bytes;
    options.restart_times_ms = o->restart_times_ms;
    options.restart_count = o->restart_count;
    options.oom_times_ms = o->oom_times_ms;
    options.oom_count = o->oom_count;
    options.time_scale = v->timeline->time_scale;
    return leakdiag_series_analyze(v->series, &options, &comparison->trend, err);
}

static bool is_oom(const leakdiag_trend *trend, int64_t time_ms)
{
    for (size_t i = 0; i < leakdiag_trend_oom_count(trend); i++)
        if (leakdiag_trend_oom_time_ms(trend, i) == time_ms)
            return true;
    return false;
}

static lives find_lives(const view *v, const leakdiag_trend *trend)
{
    lives found = {.current_from_ms = v->start_ms};
    for (size_t i = 0; i < leakdiag_trend_restart_count(trend); i++) {
        int64_t time_ms = leakdiag_trend_restart_time_ms(trend, i);
        double at_ms = (double)time_ms, after_ms = at_ms - found.current_from_ms;
        if (after_ms <= 0)
            continue;
        if (is_oom(trend, time_ms)) {
            if (!found.has_kill)
                found.first_kill_after_ms = after_ms;
            found.has_kill = true;
            found.last_kill_after_ms = after_ms;
            found.last_kill_from_ms = found.current_from_ms;
            found.last_kill_at_ms = at_ms;
        }
        found.current_from_ms = at_ms;
    }
    return found;
}

/* The restart's time is only known to a sample or two: what comes before the drop is the old life.
 */
static double first_of_life(const view *v, double restart_ms)
{
    const int64_t *times_ms = leakdiag_series_times_ms(v->series);
    const double *values = leakdiag_series_values(v->series);
    double to_ms = restart_ms + (double)v->timeline->tolerance_ms, deepest = 0,
           from_ms = restart_ms;
    for (size_t i = 1; i < leakdiag_series_len(v->series); i++) {
        double at_ms = (double)times_ms[i], drop = values[i - 1] - values[i];
        if (at_ms < restart_ms || at_ms > to_ms || drop < 0.2 * values[i - 1] || drop <= deepest)
            continue;
        deepest = drop;
        from_ms = at_ms;
    }
    return from_ms;
}

static double kill_ratio(const view *v, double after_ms)
{
    return after_ms / (double)leakdiag_timeline_end_ms(v->timeline);
}

static leakdiag_memory_finding finding_of_kill(const view *v, const lives *found)
{
    double ratio = kill_ratio(v, found->last_kill_after_ms);
    if (!v->timeline->oom_at_end || ratio < 1 - MATCH)
        return LEAKDIAG_MEMORY_AHEAD;
    return ratio > 1 + MATCH ? LEAKDIAG_MEMORY_BEHIND : LEAKDIAG_MEMORY_OOM_SAWTOOTH;
}

/* After a kill only what is plainly, and for half of the curve, no climb speaks against the
 * sawtooth. */
static bool is_no_climb(leakdiag_memory_finding finding)
{
    switch (finding) {
    case LEAKDIAG_MEMORY_FLAT:
    case LEAKDIAG_MEMORY_PLATEAU:
    case LEAKDIAG_MEMORY_GC_BOUND:
    case LEAKDIAG_MEMORY_STEP:
    case LEAKDIAG_MEMORY_SHRINKING:
        return true;
    case LEAKDIAG_MEMORY_NO_SAMPLES:
    case LEAKDIAG_MEMORY_STALE:
    case LEAKDIAG_MEMORY_TOO_EARLY:
    case LEAKDIAG_MEMORY_ON_TRACK:
    case LEAKDIAG_MEMORY_AHEAD:
    case LEAKDIAG_MEMORY_BEHIND:
    case LEAKDIAG_MEMORY_OOM_SAWTOOTH:
    default:
        return false;
    }
}

static bool is_growing(leakdiag_memory_finding finding)
{
    return finding == LEAKDIAG_MEMORY_ON_TRACK || finding == LEAKDIAG_MEMORY_AHEAD ||
           finding == LEAKDIAG_MEMORY_BEHIND;
}

/* Seconds of the climb that decided, and its pace. */
static void report_kill(const view *v, const lives *found, ld_climb *climb,
                        leakdiag_comparison *ret)
{
    ld_climb_take(v->series, found->last_kill_from_ms, found->last_kill_from_ms,
                  found->last_kill_at_ms, (double)v->timeline->tolerance_ms, climb);
    ret->fitted_time_ratio = kill_ratio(v, found->last_kill_after_ms);
    if (climb->n < 5)
        return;
    ld_measured m;
    ld_climb_measure(v->timeline, climb, &m);
    ret->first_deviation_s = ld_climb_first_deviation_ms(v->timeline, climb, m.grain_bytes) / 1000;
}

static double usual_step_ms(const ld_climb *climb, double time_scale)
{
    return climb->samples > 1 ? (climb->end_ms - climb->first_ms) / (double)(climb->samples - 1)
                              : 15000 / time_scale;
}

/* The earliest time at which one more look can decide. */
static int64_t decides_at(const view *v, const ld_climb *climb, const ld_measured *m)
{
    double needed_ms = ld_decidable_from_ms(v->timeline, m ? m->grain_bytes : 0);
    if (isinf(needed_ms))
        needed_ms = (double)leakdiag_timeline_end_ms(v->timeline) / 2;
    double lag_ms =
        (double)v->timeline->tolerance_ms / 2; /* what a longer climb's level lags behind */
    if (m)
        lag_ms = fmax(lag_ms, climb->end_ms - m->level_at_ms);
    double at_ms = climb->start_ms + needed_ms + lag_ms;
    if (climb->samples == 0)
        return ld_ms_from_double(at_ms);
    double step_ms = usual_step_ms(climb, v->timeline->time_scale);
    double missing = climb->samples < 5 ? (double)(5 - climb->samples) : 1;
    return ld_ms_from_double(fmax(at_ms, climb->start_ms + climb->end_ms + missing * step_ms));
}

static leakdiag_memory_finding look_at_current(const view *v, const lives *found, ld_climb *climb,
                                               leakdiag_comparison *ret)
{
    double tolerance_ms = (double)v->timeline->tolerance_ms;
    double from_ms = first_of_life(v, found->current_from_ms);
    ld_climb_take(v->series, found->current_from_ms, from_ms, INFINITY, tolerance_ms, climb);
    if (climb->n < 5) {
        ret->decides_at_ms = decides_at(v, climb, NULL);
        return LEAKDIAG_MEMORY_TOO_EARLY;
    }
    ld_measured m;
    ld_climb_measure(v->timeline, climb, &m);
    leakdiag_memory_finding finding =
        ld_climb_finding(v->timeline, climb, v->options->soft_limit_bytes);
    ret->decides_at_ms = decides_at(v, climb, &m);
    ret->first_deviation_s = ld_climb_first_deviation_ms(v->timeline, climb, m.grain_bytes) / 1000;
    ret->fitted_time_ratio = is_growing(finding) ? ld_climb_time_ratio(v->timeline, climb) : NAN;
    return finding;
}

static bool is_stale(const view *v)
{
    const leakdiag_compare_options *o = v->options;
    const int64_t *times_ms = leakdiag_series_times_ms(v->series);
    if (!o->has_now || o->stale_after_ms == 0)
        return false;
    double newest_ms = -INFINITY;
    for (size_t i = 0; i < leakdiag_series_len(v->series); i++)
        newest_ms = fmax(newest_ms, (double)times_ms[i]);
    return (double)o->now_ms - newest_ms > (double)o->stale_after_ms;
}

static void report_place(const view *v, const ld_climb *climb, leakdiag_comparison *ret)
{
    size_t n = leakdiag_series_len(v->series);
    ret->observed_bytes = leakdiag_series_values(v->series)[n - 1];
    ret->start_ms = ld_ms_from_double(climb->start_ms);
    if (climb->samples == 0)
        return;
    ret->position_ms = ld_ms_from_double(climb->end_ms);
    ret->expected_bytes = leakdiag_timeline_bytes_at(v->timeline, ret->position_ms);
}

static void compare(const view *v, ld_climb *climb, leakdiag_comparison *ret)
{
    lives found = find_lives(v, ret->trend);
    leakdiag_memory_finding current = look_at_current(v, &found, climb, ret);
    report_place(v, climb, ret);
    ret->finding = current;
    if (found.has_kill) {
        bool is_settled = climb->end_ms > (double)leakdiag_timeline_end_ms(v->timeline) / 2;
        ret->is_match =
            v->timeline->oom_at_end && fabs(kill_ratio(v, found.first_kill_after_ms) - 1) <= MATCH;
        if (!is_settled || !is_no_climb(current)) {
            ret->finding = finding_of_kill(v, &found);
            report_kill(v, &found, climb, ret);
        }
    }
    if (is_stale(v))
        ret->finding = LEAKDIAG_MEMORY_STALE;
    if (ret->finding != LEAKDIAG_MEMORY_TOO_EARLY)
        ret->decides_at_ms = 0;
}

leakdiag_status leakdiag_timeline_compare(const leakdiag_timeline *timeline,
                                          const leakdiag_series *series,
                                          const leakdiag_compare_options *options,
                                          leakdiag_comparison **ret, leakdiag_error *err)
{
    leakdiag_compare_options used = LEAKDIAG_COMPARE_OPTIONS_INIT;
    leakdiag_status status = ld_options_copy(&used, sizeof used, sizeof used, options, err);
    if (!status)
        status = check_options(&used, err);
    if (status)
        return status;

    LD_CLEANUP(comparison_freep)
    leakdiag_comparison *comparison = ld_alloc_zero(sizeof *comparison);
    LD_CLEANUP(ld_releasep) ld_climb *climb = ld_alloc_zero(sizeof *climb);
    if (!comparison || !climb)
        return ld_fail_nomem(err);
    comparison->first_deviation_s = comparison->fitted_time_ratio = NAN;
    comparison->observed_bytes = comparison->expected_bytes = NAN;
    comparison->finding = LEAKDIAG_MEMORY_NO_SAMPLES;

    size_t n = leakdiag_series_len(series);
    view v = {.timeline = timeline, .series = series, .options = &used};
    v.start_ms = used.has_start ? (double)used.start_ms
                 : n > 0        ? (double)leakdiag_series_times_ms(series)[0]
                                : 0;
    status = analyze_alone(&v, comparison, err);
    if (status)
        return status;
    if (n > 0)
        compare(&v, climb, comparison);
    *ret = ld_steal(&comparison);
    return LEAKDIAG_OK;
}
