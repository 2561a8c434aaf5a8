/*
 * What a series says alone. The way, step by step:
 *  1. samples.c   clean: times advance, polled repeats go
 *  2. restarts.c  drops that are kills or restarts, joined with the known ones
 *  3. segments.c  lives of the process; the last long one is judged
 *  4. period.c    does it repeat?
 *  5. shape.c     trough envelope, bin medians, features (bins.c, bends.c)
 *  6. verdict.c   a logistic rule over four of them
 *  7. slope.c     Theil-Sen slope, block-bootstrap interval, time to the limit
 *  8. classify.c  a word for the shape
 * Everything runs on times in the seconds of a real run: time_scale is applied in 1 and undone
 * here.
 */
#include "series/trend.h"

#include <math.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "series/verdict.h"

#define MOST_KNOWN_EVENTS 1024

LD_DEFINE_CLEANUP(leakdiag_trend, leakdiag_trend_free, trend_freep)

static leakdiag_status check_options(const leakdiag_trend_options *o, leakdiag_error *err)
{
    if (!(o->limit_bytes >= 0) || isinf(o->limit_bytes))
        return ld_fail(err, LEAKDIAG_E_INVALID, "limit_bytes must be 0 (none) or more");
    if (!(o->soft_limit_bytes >= 0) || isinf(o->soft_limit_bytes))
        return ld_fail(err, LEAKDIAG_E_INVALID, "soft_limit_bytes must be 0 (none) or more");
    if (!(o->time_scale >= 1e-6 && o->time_scale <= 1e6))
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "time_scale must be 0 (as it is) or between 0.000001 and 1000000");
    if ((o->restart_count > 0 && !o->restart_times_ms) || (o->oom_count > 0 && !o->oom_times_ms))
        return ld_fail(err, LEAKDIAG_E_INVALID, "a count of known times without the times");
    if (o->restart_count > MOST_KNOWN_EVENTS || o->oom_count > MOST_KNOWN_EVENTS)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "more than %d known restarts or OOM kills",
                       MOST_KNOWN_EVENTS);
    return LEAKDIAG_OK;
}

static leakdiag_status report_restarts(const ld_samples *samples, const ld_restarts *restarts,
                                       leakdiag_trend *trend, leakdiag_error *err)
{
    trend->restart_times_ms = ld_alloc_array(restarts->n, sizeof *trend->restart_times_ms);
    trend->oom_times_ms = ld_alloc_array(restarts->n, sizeof *trend->oom_times_ms);
    if (!trend->restart_times_ms || !trend->oom_times_ms)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < restarts->n; i++) {
        int64_t time_ms = ld_samples_to_ms(samples, restarts->items[i].t_s);
        trend->restart_times_ms[trend->restart_count++] = time_ms;
        if (restarts->items[i].is_oom)
            trend->oom_times_ms[trend->oom_count++] = time_ms;
    }
    return LEAKDIAG_OK;
}

/* One kill is enough: it climbed, was killed, and starts again. */
static bool climbs_to_kill(const ld_samples *samples, const ld_segments *lives, bool is_leak,
                           const ld_scratch *scratch)
{
    for (size_t i = 0; i < lives->n; i++) {
        if (!lives->items[i].ends_in_oom)
            continue;
        if (is_leak && i < lives->judged)
            return true;
        if (ld_segment_climbs(samples, ld_segment_settled(samples, lives->items[i]), scratch))
            return true;
    }
    return false;
}

static void report_slope(leakdiag_trend *trend, ld_slope slope, double time_scale)
{
    trend->slope_bytes_per_s = slope.value * time_scale;
    trend->slope_lo = slope.lo * time_scale;
    trend->slope_hi = slope.hi * time_scale;
}

static void judge(const ld_samples *samples, const ld_segments *lives,
                  const leakdiag_trend_options *options, const ld_scratch *scratch,
                  leakdiag_trend *trend)
{
    ld_segment segment = ld_segment_settled(samples, lives->items[lives->judged]);
    ld_segment last = lives->judged + 1 == lives->n ? segment : lives->items[lives->n - 1];
    ld_shape shape;
    ld_shape_measure(samples, segment, scratch, &shape);
    ld_slope slope = ld_slope_measure(samples, segment, &shape, lives, scratch);
    ld_level level = ld_level_measure(samples, segment, last, &shape, slope.value, scratch);
    ld_verdict verdict = ld_verdict_of(&shape, level.bytes);

    trend->verdict = verdict.is_leak ? LEAKDIAG_LEAK_YES : LEAKDIAG_LEAK_NO;
    trend->is_unsure = verdict.is_unsure;
    trend->score = verdict.score;
    trend->level_bytes = level.bytes;
    trend->segment_from_ms = ld_samples_to_ms(samples, samples->t_s[segment.from]);
    trend->segment_to_ms = ld_samples_to_ms(samples, samples->t_s[segment.to - 1]);
    report_slope(trend, slope, options->time_scale);
    if (verdict.is_leak) {
        ld_time_to_limit ttl = ld_time_to_limit_measure(level, slope, options->limit_bytes);
        trend->ttl_s = ttl.value / options->time_scale;
        trend->ttl_lo_s = ttl.lo / options->time_scale;
        trend->ttl_hi_s = ttl.hi / options->time_scale;
    }
    ld_case seen = {
        .shape = &shape,
        .is_leak = verdict.is_leak,
        .climbs_to_kill = climbs_to_kill(samples, lives, verdict.is_leak, scratch),
        .level_bytes = level.bytes,
        .soft_limit_bytes = options->soft_limit_bytes,
    };
    trend->trace_class = ld_class_of(&seen);
    trend->finding = ld_finding_of(trend->trace_class, verdict.is_leak);
}

static leakdiag_status analyze(const leakdiag_series *series, const leakdiag_trend_options *options,
                               leakdiag_trend *trend, leakdiag_error *err)
{
    LD_CLEANUP(ld_samples_done) ld_samples samples = {0};
    LD_CLEANUP(ld_restarts_done) ld_restarts restarts = {0};
    LD_CLEANUP(ld_segments_done) ld_segments lives = {0};
    LD_CLEANUP(ld_releasep) double *values = NULL, *slopes = NULL;
    leakdiag_status status = ld_samples_clean(series, options->time_scale, &samples, err);
    if (!status)
        status = ld_restarts_find(&samples, options, &restarts, err);
    if (!status)
        status = ld_segments_split(&samples, &restarts, &lives, err);
    if (!status)
        status = report_restarts(&samples, &restarts, trend, err);
    if (status)
        return status;

    if (samples.n > 0) {
        trend->finding = LEAKDIAG_MEMORY_TOO_EARLY;
        trend->level_bytes = samples.bytes[samples.n - 1];
    }
    if (lives.judged == lives.n)
        return LEAKDIAG_OK;
    values = ld_alloc_array(samples.n, sizeof *values);
    slopes = ld_alloc_array(LD_THEIL_SEN_PAIRS, sizeof *slopes);
    if (!values || !slopes)
        return ld_fail_nomem(err);
    judge(&samples, &lives, options, &(ld_scratch){values, slopes}, trend);
    return LEAKDIAG_OK;
}

static leakdiag_trend *new_trend(void)
{
    leakdiag_trend *trend = ld_alloc_zero(sizeof *trend);
    if (trend) {
        trend->verdict = LEAKDIAG_LEAK_TOO_EARLY;
        trend->is_unsure = 1;
        trend->score = trend->level_bytes = NAN;
        trend->slope_bytes_per_s = trend->slope_lo = trend->slope_hi = NAN;
        trend->ttl_s = trend->ttl_lo_s = trend->ttl_hi_s = NAN;
    }
    return trend;
}

leakdiag_status leakdiag_series_analyze(const leakdiag_series *series,
                                        const leakdiag_trend_options *options, leakdiag_trend **ret,
                                        leakdiag_error *err)
{
    leakdiag_trend_options used = LEAKDIAG_TREND_OPTIONS_INIT;
    leakdiag_status status = ld_options_copy(&used, sizeof used, sizeof used, options, err);
    if (status)
        return status;
    used.time_scale = used.time_scale == 0 ? 1 : used.time_scale;
    status = check_options(&used, err);
    if (status)
        return status;

    LD_CLEANUP(trend_freep) leakdiag_trend *trend = new_trend();
    if (!trend)
        return ld_fail_nomem(err);
    status = analyze(series, &used, trend, err);
    if (status)
        return status;
    *ret = ld_steal(&trend);
    return LEAKDIAG_OK;
}

void leakdiag_trend_free(leakdiag_trend *trend)
{
    if (!trend)
        return;
    ld_release(trend->oom_times_ms);
    ld_release(trend->restart_times_ms);
    ld_release(trend);
}
