#include "timeline/climb.h"

#include <math.h>
#include <string.h>

#include "series/stats.h"

#define MIB         (1024.0 * 1024.0)
#define FEWEST      3   /* samples that make a median worth the name */
#define RECENT_MOST 0.6 /* of what was seen */
#define GRAINS      5   /* expected growth that lets a third of it be seen over the grain */

typedef struct taker {
    double from_ms, width_ms;
    ld_climb *climb;
    double values[64], times[64]; /* of the open stretch */
    size_t n;
    size_t stretch;
} taker;

static void close_stretch(taker *t)
{
    if (t->n == 0 || t->climb->n == LD_CLIMB_POINTS)
        return;
    t->climb->at_ms[t->climb->n] = ld_median(t->times, t->n);
    t->climb->bytes[t->climb->n++] = ld_median(t->values, t->n);
    t->n = 0;
}

static void take_sample(taker *t, double at_ms, double bytes)
{
    size_t stretch = t->width_ms > 0 ? (size_t)((at_ms - t->from_ms) / t->width_ms) : 0;
    if (t->width_ms <= 0 || stretch != t->stretch)
        close_stretch(t);
    t->stretch = stretch;
    if (t->n < sizeof t->values / sizeof t->values[0]) { /* plenty for a median */
        t->values[t->n] = bytes;
        t->times[t->n++] = at_ms;
    }
}

/* Calls take (when not NULL) for each sample that counts. Returns their number. */
static size_t each_sample(const leakdiag_series *series, double from_ms, double to_ms,
                          double start_ms, ld_climb *climb, taker *take)
{
    const int64_t *times_ms = leakdiag_series_times_ms(series);
    const double *values = leakdiag_series_values(series);
    size_t n = 0;
    double last_ms = -INFINITY;
    for (size_t i = 0; i < leakdiag_series_len(series); i++) {
        double time_ms = (double)times_ms[i];
        if (time_ms < from_ms || time_ms >= to_ms || time_ms <= last_ms)
            continue;
        last_ms = time_ms;
        if (n++ == 0)
            climb->first_ms = time_ms - start_ms;
        climb->end_ms = time_ms - start_ms;
        if (take)
            take_sample(take, time_ms - start_ms, values[i]);
    }
    return n;
}

/* A process that has just begun is small for a moment; that is not its baseline. */
static void drop_start_up(ld_climb *climb, double tolerance_ms)
{
    double copy[7];
    size_t n = climb->n < 7 ? climb->n : 7, drop = 0;
    if (n < FEWEST)
        return;
    memcpy(copy, climb->bytes, n * sizeof *copy);
    double usual = ld_median(copy, n);
    while (drop < n && climb->bytes[drop] < 0.5 * usual &&
           climb->at_ms[drop] - climb->at_ms[0] <= tolerance_ms)
        drop++;
    climb->n -= drop;
    memmove(climb->at_ms, climb->at_ms + drop, climb->n * sizeof *climb->at_ms);
    memmove(climb->bytes, climb->bytes + drop, climb->n * sizeof *climb->bytes);
}

void ld_climb_take(const leakdiag_series *series, double start_ms, double from_ms, double to_ms,
                   double tolerance_ms, ld_climb *ret)
{
    *ret = (ld_climb){.start_ms = start_ms, .first_ms = NAN, .end_ms = NAN};
    ret->samples = each_sample(series, from_ms, to_ms, start_ms, ret, NULL);
    if (ret->samples == 0)
        return;
    taker take = {.from_ms = ret->first_ms, .climb = ret};
    if (ret->samples > LD_CLIMB_POINTS)
        take.width_ms = (ret->end_ms - ret->first_ms) / (LD_CLIMB_POINTS - 1);
    each_sample(series, from_ms, to_ms, start_ms, ret, &take);
    close_stretch(&take);
    drop_start_up(ret, tolerance_ms);
}

/* The largest power of two, up to 1Mi, of which all values are multiples: what `top` prints is 1Mi.
 */
static double quantum_of(const ld_climb *climb)
{
    double quantum = MIB;
    for (size_t i = 0; i < climb->n; i++)
        while (quantum > 1 && climb->bytes[i] != floor(climb->bytes[i] / quantum) * quantum)
            quantum /= 2;
    return quantum > 1 ? quantum : 0;
}

/* From second differences, which growth and bends leave alone. */
static double noise_of(const ld_climb *climb)
{
    double bends[LD_CLIMB_POINTS];
    size_t n = 0;
    for (size_t i = 1; i + 1 < climb->n; i++)
        bends[n++] = fabs(climb->bytes[i - 1] - 2 * climb->bytes[i] + climb->bytes[i + 1]);
    return n >= FEWEST ? 1.4826 * ld_median(bends, n) / sqrt(6) : 0;
}

/* How many of the points from the end (or the beginning) lie in a stretch so long. */
static size_t points_within(const ld_climb *climb, bool from_end, double width_ms)
{
    size_t n = 1, most = climb->n / 2 > FEWEST ? climb->n / 2 : FEWEST;
    double edge_ms = from_end ? climb->at_ms[climb->n - 1] : climb->at_ms[0];
    while (n < climb->n && n < most) {
        double at_ms = climb->at_ms[from_end ? climb->n - 1 - n : n];
        if (n >= FEWEST && fabs(at_ms - edge_ms) > width_ms)
            break;
        n++;
    }
    return n;
}

static double median_of(const double *v, size_t n)
{
    double copy[LD_CLIMB_POINTS];
    memcpy(copy, v, n * sizeof *copy);
    return ld_median(copy, n);
}

static double middle(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Running medians of three, so that no single sample turns a line; the ends by Tukey's rule, which
 * leaves a straight line as it is. n >= FEWEST. */
static void without_spikes(const double *seen, size_t n, double *ret)
{
    for (size_t i = 1; i + 1 < n; i++)
        ret[i] = middle(seen[i - 1], seen[i], seen[i + 1]);
    double second = ret[1], third = n > 3 ? ret[2] : second;
    ret[0] = middle(seen[0], second, 3 * second - 2 * third);
    second = ret[n - 2];
    third = n > 3 ? ret[n - 3] : second;
    ret[n - 1] = middle(seen[n - 1], second, 3 * second - 2 * third);
}

static ld_pace pace_of(const leakdiag_timeline *timeline, const ld_climb *climb, size_t from,
                       double quantum)
{
    double expected[LD_CLIMB_POINTS], seen[LD_CLIMB_POINTS];
    const double *at = climb->at_ms + from;
    size_t n = climb->n - from;
    if (n < FEWEST)
        return (ld_pace){0, INFINITY};
    without_spikes(climb->bytes + from, n, seen);
    for (size_t i = 0; i < n; i++)
        expected[i] = ld_curve_bytes(timeline, at[i]);
    ld_line wanted = ld_least_squares(at, expected, n), line = ld_least_squares(at, seen, n);
    if (wanted.slope <= 0)
        return (ld_pace){0, INFINITY};

    double mean = 0, spread = 0, rest = 0;
    for (size_t i = 0; i < n; i++)
        mean += at[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double off = seen[i] - line.at0 - line.slope * at[i];
        spread += (at[i] - mean) * (at[i] - mean);
        rest += off * off;
    }
    /* Medians of three hide half of the noise, and what is left of it comes in runs. */
    double variance = fmax(3 * rest / (double)(n - 2), quantum * quantum / 12);
    double few = 1 + 3 / (double)(n - 2); /* what Student's distribution adds, about */
    return (ld_pace){line.slope / wanted.slope, few * sqrt(variance / spread) / wanted.slope};
}

/* Has the last part stopped? Longer parts say it with less noise, shorter ones sooner. */
static void measure_recent(const leakdiag_timeline *timeline, const ld_climb *climb, double quantum,
                           ld_measured *ret)
{
    static const double shares[] = {0.25, 0.35, 0.5};
    double end_ms = climb->at_ms[climb->n - 1], seen_ms = end_ms - climb->at_ms[0];
    double least_ms = (double)leakdiag_timeline_end_ms(timeline) / 6;
    ret->recent = (ld_pace){0, INFINITY};
    for (size_t k = 0; k < sizeof shares / sizeof shares[0]; k++) {
        double width_ms = fmax(least_ms, shares[k] * seen_ms);
        size_t from = climb->n - 1;
        while (from > 0 && (climb->n - from < 5 || end_ms - climb->at_ms[from] < width_ms))
            from--;
        double expected =
            ld_curve_bytes(timeline, end_ms) - ld_curve_bytes(timeline, climb->at_ms[from]);
        if (end_ms - climb->at_ms[from] > RECENT_MOST * seen_ms ||
            expected < GRAINS * ret->grain_bytes)
            continue;
        ld_pace pace = pace_of(timeline, climb, from, quantum);
        if (pace.value + 2 * pace.error < ret->recent.value + 2 * ret->recent.error)
            ret->recent = pace;
    }
    ret->has_recent = !isinf(ret->recent.error);
}

/* Rise between neighbours beyond what the curve rises there. Two points on each side, for a spike
 * is no jump; the one between them may be a mixture. */
static double largest_jump(const leakdiag_timeline *timeline, const ld_climb *climb)
{
    double largest = 0;
    for (size_t i = 3; i + 1 < climb->n; i++) {
        double before = fmax(climb->bytes[i - 3], climb->bytes[i - 2]);
        double after = fmin(climb->bytes[i], climb->bytes[i + 1]);
        double expected = ld_curve_bytes(timeline, climb->at_ms[i]) -
                          ld_curve_bytes(timeline, climb->at_ms[i - 2]);
        largest = fmax(largest, after - before - fmax(0, expected));
    }
    return largest;
}

/* A stretch in which the curve makes two steps of the quantum: less shows a step, not the level. */
static double coarse_ms(const leakdiag_timeline *timeline, double quantum)
{
    double end_ms = (double)leakdiag_timeline_end_ms(timeline);
    double rise = ld_curve_bytes(timeline, end_ms) - ld_curve_bytes(timeline, 0);
    return rise > 0 ? fmin(2 * quantum / rise, 0.25) * end_ms : 0;
}

void ld_climb_measure(const leakdiag_timeline *timeline, const ld_climb *climb, ld_measured *ret)
{
    double tolerance_ms = (double)timeline->tolerance_ms, quantum = quantum_of(climb);
    *ret = (ld_measured){0};
    ret->grain_bytes = fmin(quantum + noise_of(climb), timeline->tolerance_bytes);
    size_t last = points_within(climb, true, fmax(tolerance_ms, coarse_ms(timeline, quantum)));
    ret->level_bytes = median_of(climb->bytes + climb->n - last, last);
    ret->level_at_ms = median_of(climb->at_ms + climb->n - last, last);
    ret->has_base = climb->at_ms[0] <= tolerance_ms;
    size_t first = points_within(climb, false, tolerance_ms);
    ret->base_bytes = ret->has_base ? median_of(climb->bytes, first) : ld_curve_bytes(timeline, 0);
    ret->pace = pace_of(timeline, climb, 0, quantum);
    ret->jump_bytes = largest_jump(timeline, climb);
    measure_recent(timeline, climb, quantum, ret);
}

/* One way in which the climb may follow the curve. */
typedef struct fit {
    double ratio;    /* of the curve's times */
    double delay_ms; /* until it begins to grow */
} fit;

/* Squares of what is left of the climb when a curve so stretched, at whatever level, is taken off.
 */
static double misfit(const leakdiag_timeline *timeline, const ld_climb *climb, fit f)
{
    double rest[LD_CLIMB_POINTS], mean = 0, sum = 0;
    for (size_t i = 0; i < climb->n; i++) {
        double at_ms = (climb->at_ms[i] - f.delay_ms) / f.ratio;
        rest[i] = climb->bytes[i] - ld_curve_bytes(timeline, at_ms);
        mean += rest[i] / (double)climb->n;
    }
    for (size_t i = 0; i < climb->n; i++)
        sum += (rest[i] - mean) * (rest[i] - mean);
    return sum;
}

typedef struct search {
    const leakdiag_timeline *timeline;
    const ld_climb *climb;
    fit best;
    double misfit;
} search;

static void try_fit(search *s, fit f)
{
    double error = misfit(s->timeline, s->climb, f);
    if (error < s->misfit) {
        s->misfit = error;
        s->best = f;
    }
}

double ld_climb_time_ratio(const leakdiag_timeline *timeline, const ld_climb *climb)
{
    search s = {.timeline = timeline, .climb = climb, .misfit = INFINITY};
    try_fit(&s, (fit){1, 0});
    for (int late = 0; late <= 2; late++) /* a start late by up to the tolerance is fine */
        for (double ratio = 0.05; ratio <= 40; ratio *= 1.1)
            try_fit(&s, (fit){ratio, (double)timeline->tolerance_ms * late / 2});
    for (double step = 0.05; step > 1e-4; step /= 2) { /* finer and finer around the best */
        fit around = s.best;
        try_fit(&s, (fit){around.ratio * (1 - step), around.delay_ms});
        try_fit(&s, (fit){around.ratio * (1 + step), around.delay_ms});
    }
    return s.best.ratio;
}

double ld_climb_first_deviation_ms(const leakdiag_timeline *timeline, const ld_climb *climb,
                                   double grain_bytes)
{
    size_t from = climb->n;
    while (from > 0) {
        double at_ms = climb->at_ms[from - 1], bytes = climb->bytes[from - 1];
        if (bytes >= ld_curve_lo(timeline, at_ms) - grain_bytes &&
            bytes <= ld_curve_hi(timeline, at_ms) + grain_bytes)
            break;
        from--;
    }
    return from + 2 <= climb->n ? climb->at_ms[from] : NAN; /* one sample never decides */
}

double ld_decidable_from_ms(const leakdiag_timeline *timeline, double grain_bytes)
{
    double end_ms = (double)leakdiag_timeline_end_ms(timeline);
    double needed = ld_curve_bytes(timeline, 0) + grain_bytes;
    for (int i = 1; i <= 400; i++) {
        double at_ms = end_ms * i / 400;
        if (ld_curve_lo(timeline, at_ms) > needed)
            return at_ms;
    }
    return INFINITY;
}
