/* Restarts and OOM kills from the drops of a working set. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "series/samples.h"
#include "series/stats.h"

#define MIB            (1024.0 * 1024.0)
#define RECENT_SAMPLES 6
#define NEAR_LIMIT     0.90
#define SAME_EVENT_S   60.0 /* a kill and the drop that shows it are seen this far apart */
#define REMNANT_S      60.0
/* Kubernetes forgets its back-off after a run this long. */
#define BACK_OFF_RESET_S 600.0

void ld_restarts_done(ld_restarts *restarts)
{
    ld_release(restarts->items);
    *restarts = (ld_restarts){0};
}

/* How fast it rose just before sample i, the steeper of the last pair and the last few. */
static double recent_slope(const ld_samples *s, size_t from, size_t i)
{
    size_t n = i - from < RECENT_SAMPLES ? i - from : RECENT_SAMPLES;
    if (n < 2)
        return 0;
    double few = ld_least_squares(s->t_s + i - n, s->bytes + i - n, n).slope;
    double pair = (s->bytes[i - 1] - s->bytes[i - 2]) / (s->t_s[i - 1] - s->t_s[i - 2]);
    return fmax(0, fmax(few, pair));
}

static bool looks_killed(const ld_samples *s, size_t from, size_t i, double limit_bytes)
{
    double before = s->bytes[i - 1], gap_s = s->t_s[i] - s->t_s[i - 1];
    if (limit_bytes <= 0 || s->bytes[i] >= 0.75 * before)
        return false;
    return before >= NEAR_LIMIT * limit_bytes ||
           before + recent_slope(s, from, i) * gap_s >= 0.97 * limit_bytes;
}

/* Nothing but a process that has only just begun is this small. */
static bool lands_near_zero(const ld_samples *s, size_t i)
{
    return s->bytes[i] < 0.15 * s->bytes[i - 1];
}

static bool is_after_gap(const ld_samples *s, size_t i)
{
    return s->t_s[i] - s->t_s[i - 1] > fmax(1.55 * s->step_s, 1.2 * s->long_step_s);
}

static bool looks_restarted(const ld_samples *s, size_t i, double lowest)
{
    if (lands_near_zero(s, i))
        return true;
    return is_after_gap(s, i) && s->bytes[i] < 0.5 * s->bytes[i - 1] &&
           s->bytes[i] <= 1.35 * lowest + MIB;
}

static double median_of_3(const double *v)
{
    return fmax(fmin(v[0], v[1]), fmin(fmax(v[0], v[1]), v[2]));
}

/* The lowest level that was held: a single sample of a process just begun says nothing. */
static double lowest_level(const ld_samples *s)
{
    double lowest = INFINITY;
    for (size_t i = 0; i + 2 < s->n; i++)
        lowest = fmin(lowest, median_of_3(s->bytes + i));
    return lowest;
}

/* A killed child and the end of its container a little later are one event: what was left was seen
 * for a moment only and did not grow. */
static bool continues_event(const ld_samples *s, const ld_restart *last, size_t i)
{
    if (s->t_s[i - 1] - s->t_s[last->first] > REMNANT_S)
        return false;
    for (size_t k = last->first; k < i; k++)
        if (s->bytes[k] > s->bytes[last->first] * 1.1)
            return false;
    return true;
}

/* The process ended soon after its last sample; what follows is back-off. */
static double end_time(const ld_samples *s, size_t i)
{
    return s->t_s[i - 1] + fmin(s->t_s[i] - s->t_s[i - 1], s->step_s) / 2;
}

static void add_detected(const ld_samples *s, double limit_bytes, ld_restarts *ret)
{
    double lowest = lowest_level(s);
    size_t from = 0;
    for (size_t i = 1; i < s->n; i++) {
        double drop = s->bytes[i - 1] - s->bytes[i];
        if (drop < fmax(0.2 * s->bytes[i - 1], MIB))
            continue;
        bool is_oom = looks_killed(s, from, i, limit_bytes);
        if (!is_oom && !looks_restarted(s, i, lowest))
            continue;
        if (ret->n > 0 && continues_event(s, &ret->items[ret->n - 1], i))
            ret->items[ret->n - 1].first = i;
        else
            ret->items[ret->n++] =
                (ld_restart){.t_s = end_time(s, i), .first = i, .is_oom = is_oom};
        from = i;
    }
}

static bool is_silent(const ld_samples *s, const ld_restart *r)
{
    return r->is_oom && !is_after_gap(s, r->first) && !lands_near_zero(s, r->first);
}

/* From its third kill within minutes a container waits 20 s and more before it starts again. Kills
 * that follow so fast without a pause are memory given back: a collector, not a kill. */
static void drop_releases(const ld_samples *s, ld_restarts *found)
{
    size_t kept = 0, from = 0;
    while (from < found->n) {
        size_t to = from + 1;
        while (to < found->n && found->items[to].t_s - found->items[to - 1].t_s < BACK_OFF_RESET_S)
            to++;
        size_t silent = 0;
        for (size_t i = from + 2; i < to; i++)
            silent += is_silent(s, &found->items[i]);
        bool releases = silent >= 2 && silent * 2 > to - from - 2;
        for (size_t i = from; i < to; i++)
            if (!releases || !is_silent(s, &found->items[i]))
                found->items[kept++] = found->items[i];
        from = to;
    }
    found->n = kept;
}

static size_t first_sample_after(const ld_samples *s, double t_s)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->t_s[middle] > t_s)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Joins a known event with the drop that shows it, or adds it. */
static void add_known(const ld_samples *s, int64_t time_ms, bool is_oom, ld_restarts *ret)
{
    double t_s = ld_samples_to_s(s, time_ms);
    for (size_t i = 0; i < ret->n; i++) {
        ld_restart *r = &ret->items[i];
        double from = r->is_known ? r->t_s : s->t_s[r->first - 1];
        double to = r->is_known ? r->t_s : s->t_s[r->first];
        double slack = r->is_known ? 1 : SAME_EVENT_S;
        if (t_s < from - slack || t_s > to + slack)
            continue;
        r->t_s = t_s;
        r->is_oom |= is_oom;
        r->is_known = true;
        return;
    }
    ret->items[ret->n++] = (ld_restart){
        .t_s = t_s, .first = first_sample_after(s, t_s), .is_oom = is_oom, .is_known = true};
}

static void sort_by_time(ld_restarts *restarts)
{
    for (size_t i = 1; i < restarts->n; i++) {
        ld_restart moved = restarts->items[i];
        size_t j = i;
        for (; j > 0 && restarts->items[j - 1].t_s > moved.t_s; j--)
            restarts->items[j] = restarts->items[j - 1];
        restarts->items[j] = moved;
    }
}

leakdiag_status ld_restarts_find(const ld_samples *samples, const leakdiag_trend_options *options,
                                 ld_restarts *ret, leakdiag_error *err)
{
    size_t most = samples->n + options->restart_count + options->oom_count;
    LD_CLEANUP(ld_restarts_done) ld_restarts found = {0};
    found.items = ld_alloc_array(most, sizeof *found.items);
    if (!found.items)
        return ld_fail_nomem(err);
    add_detected(samples, options->limit_bytes, &found);
    drop_releases(samples, &found);
    for (size_t i = 0; i < options->oom_count; i++)
        add_known(samples, options->oom_times_ms[i], true, &found);
    for (size_t i = 0; i < options->restart_count; i++)
        add_known(samples, options->restart_times_ms[i], false, &found);
    sort_by_time(&found);
    *ret = found;
    found = (ld_restarts){0};
    return LEAKDIAG_OK;
}
