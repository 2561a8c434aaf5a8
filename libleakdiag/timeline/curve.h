/* The expected curve behind the public handle. */
#ifndef LD_TIMELINE_CURVE_H
#define LD_TIMELINE_CURVE_H

#include <leakdiag/timeline.h>
#include <stdbool.h>

struct leakdiag_timeline {
    size_t n;
    leakdiag_timeline_point *points; /* phases are owned */
    double tolerance_bytes;
    int64_t tolerance_ms;
    bool oom_at_end;
    double time_scale;
};

/* The curve, its lower and its upper edge. A curve that ends in a kill is drawn on beyond its end
 * at its mean pace: a limit higher than expected lets the same climb go on. */
double ld_curve_bytes(const leakdiag_timeline *timeline, double at_ms);
double ld_curve_lo(const leakdiag_timeline *timeline, double at_ms);
double ld_curve_hi(const leakdiag_timeline *timeline, double at_ms);

#endif
