/* Names for shapes. The order of the questions matters: the first that fits names it. */
#include <math.h>

#include "series/verdict.h"

#define LEAST_BYTES  (192 * 1024.0)
#define SMALL_SHARE  0.03 /* of the level: movement below it is flat */
#define RESTLESS     0.08 /* of the level: swings above it without a trend are noise */
#define SOFT_LIMIT   0.10
#define CLEAR_BEND   0.30
#define EARLY_KNEE   0.30
#define CLEAR_STEP   0.60
#define BURSTS       0.65
#define ONLY_BURSTS  0.85
#define STILL_RISING 0.35

static double small_bytes(const ld_case *c)
{
    return fmax(LEAST_BYTES, SMALL_SHARE * c->level_bytes);
}

/* Near the soft limit, and no longer on the line it came along. */
static bool is_held_by_soft_limit(const ld_case *c)
{
    return c->soft_limit_bytes > 0 &&
           fabs(c->level_bytes - c->soft_limit_bytes) <= SOFT_LIMIT * c->soft_limit_bytes &&
           (!c->is_leak || c->shape->bends.hinge >= CLEAR_BEND);
}

static bool repeats(const ld_shape *shape)
{
    return shape->period_s > 0 && shape->duration_s >= 2 * shape->period_s;
}

static leakdiag_trace_class class_of_leak(const ld_shape *shape)
{
    if (shape->swing_bytes > fabs(shape->gained_bytes) / 2 &&
        (repeats(shape) || shape->features.backward > 0.4))
        return LEAKDIAG_TRACE_HIDDEN;
    if (shape->features.burst > ONLY_BURSTS ||
        (shape->features.burst > BURSTS && shape->features.standing > 0.12))
        return LEAKDIAG_TRACE_BURSTY;
    return LEAKDIAG_TRACE_STEADY;
}

static leakdiag_trace_class class_of_rise(const ld_shape *shape)
{
    const ld_bends *bends = &shape->bends;
    if (bends->step >= CLEAR_STEP && bends->step > fmax(bends->hinge, bends->saturation))
        return LEAKDIAG_TRACE_STEP;
    if (fmax(bends->hinge, bends->saturation) < CLEAR_BEND)
        return shape->features.late_tau < STILL_RISING ? LEAKDIAG_TRACE_PLATEAU
                                                       : LEAKDIAG_TRACE_CACHE_FILL;
    return bends->saturation > bends->hinge || bends->hinge_at <= EARLY_KNEE
               ? LEAKDIAG_TRACE_WARM_UP
               : LEAKDIAG_TRACE_CACHE_FILL;
}

leakdiag_trace_class ld_class_of(const ld_case *c)
{
    const ld_shape *shape = c->shape;
    if (c->climbs_to_kill)
        return LEAKDIAG_TRACE_OOM_SAWTOOTH;
    if (is_held_by_soft_limit(c))
        return LEAKDIAG_TRACE_GC_BOUND;
    if (c->is_leak)
        return class_of_leak(shape);

    double swing = fmax(shape->swing_bytes, shape->range_bytes);
    if (swing < small_bytes(c))
        return LEAKDIAG_TRACE_FLAT;
    if (-shape->gained_bytes >= small_bytes(c) && shape->features.tau <= -0.5)
        return LEAKDIAG_TRACE_DRAIN;
    if (shape->gained_bytes >= small_bytes(c) && shape->features.tau >= 0.3 &&
        (shape->features.backward < 0.4 || shape->bends.step >= CLEAR_STEP))
        return class_of_rise(shape);
    if (repeats(shape))
        return LEAKDIAG_TRACE_PERIODIC;
    return swing >= RESTLESS * c->level_bytes ? LEAKDIAG_TRACE_NOISY : LEAKDIAG_TRACE_FLAT;
}

leakdiag_memory_finding ld_finding_of(leakdiag_trace_class trace_class, bool is_leak)
{
    switch (trace_class) {
    case LEAKDIAG_TRACE_OOM_SAWTOOTH:
        return LEAKDIAG_MEMORY_OOM_SAWTOOTH;
    case LEAKDIAG_TRACE_GC_BOUND:
        return LEAKDIAG_MEMORY_GC_BOUND;
    case LEAKDIAG_TRACE_STEP:
        return LEAKDIAG_MEMORY_STEP;
    case LEAKDIAG_TRACE_DRAIN:
        return LEAKDIAG_MEMORY_SHRINKING;
    case LEAKDIAG_TRACE_WARM_UP:
    case LEAKDIAG_TRACE_CACHE_FILL:
    case LEAKDIAG_TRACE_PLATEAU:
        return LEAKDIAG_MEMORY_PLATEAU;
    case LEAKDIAG_TRACE_UNKNOWN:
    case LEAKDIAG_TRACE_FLAT:
    case LEAKDIAG_TRACE_STEADY:
    case LEAKDIAG_TRACE_BURSTY:
    case LEAKDIAG_TRACE_HIDDEN:
    case LEAKDIAG_TRACE_PERIODIC:
    case LEAKDIAG_TRACE_NOISY:
    default:
        return is_leak ? LEAKDIAG_MEMORY_AHEAD : LEAKDIAG_MEMORY_FLAT;
    }
}
