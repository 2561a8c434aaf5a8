/* Lives of the process between restarts, and which of them is judged. */
#include <math.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "series/bounds.h"
#include "series/samples.h"

#define START_UP_S     60.0
#define START_UP_SHARE 0.10
#define SHORT_LAST     0.40 /* of the longest: a last life this short says less than the longest */

void ld_segments_done(ld_segments *segments)
{
    ld_release(segments->items);
    *segments = (ld_segments){0};
}

double ld_segment_duration_s(const ld_samples *samples, ld_segment segment)
{
    return segment.to > segment.from ? samples->t_s[segment.to - 1] - samples->t_s[segment.from]
                                     : 0;
}

bool ld_segment_is_long_enough(const ld_samples *samples, ld_segment segment)
{
    return segment.to - segment.from >= LD_LEAST_SAMPLES &&
           ld_segment_duration_s(samples, segment) >= LD_LEAST_S;
}

ld_segment ld_segment_settled(const ld_samples *samples, ld_segment segment)
{
    if (!segment.is_restarted)
        return segment;
    double skip_s = fmin(START_UP_S, START_UP_SHARE * ld_segment_duration_s(samples, segment));
    double from_s = samples->t_s[segment.from] + skip_s;
    while (segment.to - segment.from > LD_LEAST_SAMPLES && samples->t_s[segment.from] < from_s)
        segment.from++;
    return segment;
}

static void pick_judged(const ld_samples *samples, ld_segments *segments)
{
    segments->judged = segments->n;
    double longest_s = 0;
    for (size_t i = 0; i < segments->n; i++) {
        double duration_s = ld_segment_duration_s(samples, segments->items[i]);
        if (!ld_segment_is_long_enough(samples, segments->items[i]) || duration_s <= longest_s)
            continue;
        longest_s = duration_s;
        segments->judged = i;
    }
    if (segments->n == 0)
        return;
    ld_segment last = segments->items[segments->n - 1];
    if (ld_segment_is_long_enough(samples, last) &&
        ld_segment_duration_s(samples, last) >= SHORT_LAST * longest_s)
        segments->judged = segments->n - 1;
}

leakdiag_status ld_segments_split(const ld_samples *samples, const ld_restarts *restarts,
                                  ld_segments *ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_segments_done) ld_segments segments = {0};
    segments.items = ld_alloc_array(restarts->n + 1, sizeof *segments.items);
    if (!segments.items)
        return ld_fail_nomem(err);
    ld_segment open = {0};
    for (size_t i = 0; i < restarts->n; i++) {
        const ld_restart *r = &restarts->items[i];
        open.to = r->first;
        open.ends_in_oom = r->is_oom;
        if (open.to > open.from)
            segments.items[segments.n++] = open;
        if (r->first < samples->n)
            open = (ld_segment){.from = r->first, .is_restarted = true};
        else
            open = (ld_segment){.from = samples->n};
    }
    open.to = samples->n;
    if (open.to > open.from)
        segments.items[segments.n++] = open;
    pick_judged(samples, &segments);
    *ret = segments;
    segments = (ld_segments){0};
    return LEAKDIAG_OK;
}
