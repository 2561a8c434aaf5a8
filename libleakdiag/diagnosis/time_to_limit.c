/* When will the limit be met? A line through the climb so far is one answer; an expected curve that
 * it follows is another: the runbook's line says 18 minutes where its table says 20. */
#include <math.h>
#include <string.h>

#include "diagnosis/checks/checks.h"
#include "diagnosis/funnel.h"

/* Seconds to the end of the curve, when memory is on it and the limit stands there; else NAN. */
static double left_of_curve_s(const leakdiag_diagnosis *d)
{
    const leakdiag_timeline *timeline = d->scenario->timeline;
    if (!d->comparison || !timeline || !d->scenario->timeline_oom_at_end ||
        leakdiag_comparison_finding(d->comparison) != LEAKDIAG_MEMORY_ON_TRACK)
        return NAN;
    leakdiag_timeline_point last =
        leakdiag_timeline_point_at(timeline, leakdiag_timeline_len(timeline) - 1);
    int64_t left_ms = last.at_ms - leakdiag_comparison_position_ms(d->comparison);
    bool is_limit = isfinite(d->view.limit_bytes) && d->view.limit_bytes <= last.bytes;
    return is_limit && left_ms >= 0 ? (double)left_ms / 1e3 : NAN;
}

/* A forecast beside "too-early" or "stale" would contradict it. */
static bool is_undecided(const leakdiag_diagnosis *d)
{
    for (size_t i = 0; i < d->n_answers; i++) {
        const ld_answer *answer = &d->answers[i];
        if (answer->check->kind->id == LD_KIND_MEMORY && answer->finding &&
            (strcmp(answer->finding->name, "too-early") == 0 ||
             strcmp(answer->finding->name, "stale") == 0))
            return true;
    }
    return false;
}

void ld_time_to_limit(leakdiag_diagnosis *d)
{
    if (is_undecided(d)) {
        d->ttl_s = d->ttl_lo_s = d->ttl_hi_s = NAN;
        return;
    }
    d->ttl_s = d->trend ? leakdiag_trend_ttl_s(d->trend) : NAN;
    d->ttl_lo_s = d->trend ? leakdiag_trend_ttl_lo_s(d->trend) : NAN;
    d->ttl_hi_s = d->trend ? leakdiag_trend_ttl_hi_s(d->trend) : NAN;
    double curve_s = left_of_curve_s(d);
    if (!isfinite(d->ttl_s) || !isfinite(curve_s))
        return;
    d->ttl_lo_s = fmin(d->ttl_lo_s, curve_s);
    d->ttl_hi_s = fmax(d->ttl_hi_s, curve_s);
}

bool ld_add_time_to_limit(ld_text *text, const leakdiag_diagnosis *d, const char *intro)
{
    if (!isfinite(d->ttl_s))
        return false;
    ld_text_add(text, intro);
    ld_add_duration(text, d->ttl_s);
    ld_text_add(text, " (");
    ld_add_duration(text, d->ttl_lo_s);
    if (isfinite(d->ttl_hi_s)) {
        ld_text_add(text, " to ");
        ld_add_duration(text, d->ttl_hi_s);
    } else {
        ld_text_add(text, " or later");
    }
    ld_text_add(text, ")");
    return true;
}
