/* The expected curve: made once from points, then only read. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/number.h"
#include "timeline/curve.h"

#define DEFAULT_TOLERANCE 0.075
#define LONGEST_MS        ((int64_t)3650 * 86400 * 1000)

LD_DEFINE_CLEANUP(leakdiag_timeline, leakdiag_timeline_free, timeline_freep)

static leakdiag_status check_options(const leakdiag_timeline_options *o, leakdiag_error *err)
{
    if (!(o->tolerance_bytes >= 0) || isinf(o->tolerance_bytes))
        return ld_fail(err, LEAKDIAG_E_INVALID, "tolerance_bytes must be 0 (default) or more");
    if (o->tolerance_ms < 0 || o->tolerance_ms > LONGEST_MS)
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "tolerance_ms must be 0 (default) or more, up to ten years");
    if (!(o->time_scale >= 1e-6 && o->time_scale <= 1e6))
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "time_scale must be 0 (as it is) or between 0.000001 and 1000000");
    if (o->oom_at_end != 0 && o->oom_at_end != 1)
        return ld_fail(err, LEAKDIAG_E_INVALID, "oom_at_end must be 0 or 1");
    return LEAKDIAG_OK;
}

static leakdiag_status check_points(const leakdiag_timeline_point *points, size_t n,
                                    leakdiag_error *err)
{
    if (n > LEAKDIAG_TIMELINE_MAX_POINTS)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "a timeline of %zu points: at most %d are allowed", n,
                       LEAKDIAG_TIMELINE_MAX_POINTS);
    if (n < 2 || !points)
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "a timeline needs at least two points, like 0m=8Mi,20m=20Mi");
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(points[i].bytes) || points[i].bytes < 0)
            return ld_fail(err, LEAKDIAG_E_INVALID,
                           "point %zu of the timeline: bytes must be finite and not negative",
                           i + 1);
        if (points[i].at_ms < 0 || points[i].at_ms > LONGEST_MS)
            return ld_fail(err, LEAKDIAG_E_INVALID,
                           "point %zu of the timeline: its time must be 0 or more, up to ten years",
                           i + 1);
        if (i > 0 && points[i].at_ms <= points[i - 1].at_ms)
            return ld_fail(err, LEAKDIAG_E_INVALID,
                           "point %zu of the timeline is not later than the one before it", i + 1);
    }
    return LEAKDIAG_OK;
}

static leakdiag_status copy_points(const leakdiag_timeline_point *points, size_t n,
                                   leakdiag_timeline *timeline, leakdiag_error *err)
{
    timeline->points = ld_alloc_array(n, sizeof *timeline->points);
    if (!timeline->points)
        return ld_fail_nomem(err);
    for (; timeline->n < n; timeline->n++) {
        leakdiag_timeline_point *point = &timeline->points[timeline->n];
        *point = points[timeline->n];
        if (!point->phase)
            continue;
        point->phase = ld_copy_text(point->phase);
        if (!point->phase)
            return ld_fail_nomem(err);
    }
    return LEAKDIAG_OK;
}

static void set_tolerance(leakdiag_timeline *timeline, const leakdiag_timeline_options *options)
{
    double top = 0;
    for (size_t i = 0; i < timeline->n; i++)
        top = fmax(top, timeline->points[i].bytes);
    double length_ms = (double)(leakdiag_timeline_end_ms(timeline) - timeline->points[0].at_ms);
    timeline->tolerance_bytes =
        options->tolerance_bytes > 0 ? options->tolerance_bytes : DEFAULT_TOLERANCE * top;
    timeline->tolerance_ms = options->tolerance_ms > 0 ? options->tolerance_ms
                                                       : (int64_t)(DEFAULT_TOLERANCE * length_ms);
    timeline->oom_at_end = options->oom_at_end != 0;
    timeline->time_scale = options->time_scale;
}

leakdiag_status leakdiag_timeline_new(const leakdiag_timeline_point *points, size_t n,
                                      const leakdiag_timeline_options *options,
                                      leakdiag_timeline **ret, leakdiag_error *err)
{
    leakdiag_timeline_options used = LEAKDIAG_TIMELINE_OPTIONS_INIT;
    leakdiag_status status = ld_options_copy(&used, sizeof used, sizeof used, options, err);
    if (status)
        return status;
    used.time_scale = used.time_scale == 0 ? 1 : used.time_scale;
    status = check_options(&used, err);
    if (!status)
        status = check_points(points, n, err);
    if (status)
        return status;

    LD_CLEANUP(timeline_freep) leakdiag_timeline *timeline = ld_alloc_zero(sizeof *timeline);
    if (!timeline)
        return ld_fail_nomem(err);
    status = copy_points(points, n, timeline, err);
    if (status)
        return status;
    set_tolerance(timeline, &used);
    *ret = ld_steal(&timeline);
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_timeline_scale(const leakdiag_timeline *timeline, double time_ratio,
                                        leakdiag_timeline **ret, leakdiag_error *err)
{
    double end_ms = (double)leakdiag_timeline_end_ms(timeline) * time_ratio;
    if (!(time_ratio > 0) || !(end_ms <= (double)LONGEST_MS))
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "the time ratio must be above 0, and the timeline it makes at most ten "
                       "years long");
    LD_CLEANUP(ld_releasep)
    leakdiag_timeline_point *points = ld_alloc_array(timeline->n, sizeof *points);
    if (!points)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < timeline->n; i++) {
        points[i] = timeline->points[i];
        points[i].at_ms = (int64_t)floor((double)points[i].at_ms * time_ratio + 0.5);
    }
    leakdiag_timeline_options options = LEAKDIAG_TIMELINE_OPTIONS_INIT;
    options.tolerance_bytes = timeline->tolerance_bytes;
    options.tolerance_ms =
        ld_ms_from_double(floor((double)timeline->tolerance_ms * time_ratio + 0.5));
    options.oom_at_end = timeline->oom_at_end;
    options.time_scale = timeline->time_scale;
    return leakdiag_timeline_new(points, timeline->n, &options, ret, err);
}

void leakdiag_timeline_free(leakdiag_timeline *timeline)
{
    if (!timeline)
        return;
    for (size_t i = 0; i < timeline->n; i++)
        ld_release((void *)(uintptr_t)timeline->points[i].phase);
    ld_release(timeline->points);
    ld_release(timeline);
}

int64_t leakdiag_timeline_end_ms(const leakdiag_timeline *timeline)
{
    return timeline->points[timeline->n - 1].at_ms;
}

size_t leakdiag_timeline_len(const leakdiag_timeline *timeline)
{
    return timeline->n;
}

leakdiag_timeline_point leakdiag_timeline_point_at(const leakdiag_timeline *timeline, size_t i)
{
    return i < timeline->n ? timeline->points[i] : (leakdiag_timeline_point){0};
}

const char *leakdiag_timeline_phase_at(const leakdiag_timeline *timeline, int64_t at_ms)
{
    const char *phase = "";
    for (size_t i = 0; i < timeline->n && timeline->points[i].at_ms <= at_ms; i++)
        if (timeline->points[i].phase)
            phase = timeline->points[i].phase;
    return phase;
}
