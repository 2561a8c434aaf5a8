/* Values and band of the curve at a time. */
#include "timeline/curve.h"

#include <math.h>

static double value_at(const leakdiag_timeline *timeline, double at_ms)
{
    const leakdiag_timeline_point *p = timeline->points;
    if (at_ms <= (double)p[0].at_ms)
        return p[0].bytes;
    for (size_t i = 1; i < timeline->n; i++) {
        double from_ms = (double)p[i - 1].at_ms, to_ms = (double)p[i].at_ms;
        if (at_ms <= to_ms)
            return p[i - 1].bytes +
                   (p[i].bytes - p[i - 1].bytes) * ((at_ms - from_ms) / (to_ms - from_ms));
    }
    return p[timeline->n - 1].bytes;
}

double ld_curve_bytes(const leakdiag_timeline *timeline, double at_ms)
{
    const leakdiag_timeline_point *first = &timeline->points[0];
    const leakdiag_timeline_point *last = &timeline->points[timeline->n - 1];
    double beyond_ms = at_ms - (double)last->at_ms;
    if (!timeline->oom_at_end || beyond_ms <= 0)
        return value_at(timeline, at_ms);
    double pace = (last->bytes - first->bytes) / (double)(last->at_ms - first->at_ms);
    return last->bytes + fmax(0, pace) * beyond_ms;
}

typedef double (*curve_fn)(const leakdiag_timeline *, double);

typedef struct extremes {
    double lowest;
    double highest;
} extremes;

/* Between two points the curve is straight: its extremes lie at the window's ends or on points. */
static extremes in_window(const leakdiag_timeline *timeline, double at_ms, curve_fn curve)
{
    double from_ms = at_ms - (double)timeline->tolerance_ms;
    double to_ms = at_ms + (double)timeline->tolerance_ms;
    double from = curve(timeline, from_ms), to = curve(timeline, to_ms);
    extremes found = {fmin(from, to), fmax(from, to)};
    for (size_t i = 0; i < timeline->n; i++) {
        double point_ms = (double)timeline->points[i].at_ms;
        if (point_ms <= from_ms || point_ms >= to_ms)
            continue;
        found.lowest = fmin(found.lowest, timeline->points[i].bytes);
        found.highest = fmax(found.highest, timeline->points[i].bytes);
    }
    return found;
}

double ld_curve_lo(const leakdiag_timeline *timeline, double at_ms)
{
    return fmax(0, in_window(timeline, at_ms, ld_curve_bytes).lowest - timeline->tolerance_bytes);
}

double ld_curve_hi(const leakdiag_timeline *timeline, double at_ms)
{
    return in_window(timeline, at_ms, ld_curve_bytes).highest + timeline->tolerance_bytes;
}

double leakdiag_timeline_bytes_at(const leakdiag_timeline *timeline, int64_t at_ms)
{
    return value_at(timeline, (double)at_ms);
}

double leakdiag_timeline_lo_bytes_at(const leakdiag_timeline *timeline, int64_t at_ms)
{
    double lowest = in_window(timeline, (double)at_ms, value_at).lowest;
    return fmax(0, lowest - timeline->tolerance_bytes);
}

double leakdiag_timeline_hi_bytes_at(const leakdiag_timeline *timeline, int64_t at_ms)
{
    return in_window(timeline, (double)at_ms, value_at).highest + timeline->tolerance_bytes;
}
