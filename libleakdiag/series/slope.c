#include "series/slope.h"

#include <math.h>

#define KIB              1024.0
#define CALM_SHARE       0.15 /* of the rise: below it all samples may speak, not just the troughs */
#define BOOTSTRAP_ROUNDS 100
#define BOOTSTRAP_SEED   20241203u
/* Residuals of few troughs know too little of the truth's wiggles: calibrated on real traces. */
#define WIDEN        3.5
#define MODEL_SHARE  0.04
#define PAGE_BYTES   (2 * KIB)
#define TWO_SIGMA    1.96
#define PEAKS        0.97
#define UNMODELLED   1.1 /* on both ends of the time to the limit */
#define CLIMB_TAU    0.6
#define LARGEST_JUMP 0.4

bool ld_segment_climbs(const ld_samples *s, ld_segment segment, const ld_scratch *scratch)
{
    if (!ld_segment_is_long_enough(s, segment))
        return false;
    ld_points bins;
    size_t n = (segment.to - segment.from) / 3;
    n = n < 6 ? 6 : n > LD_BINS_MAX ? LD_BINS_MAX : n;
    ld_bin_medians(s, segment, n, scratch->values, &bins);
    double rise = bins.bytes[bins.n - 1] - bins.bytes[0], largest = 0;
    for (size_t i = 1; i < bins.n; i++)
        largest = fmax(largest, bins.bytes[i] - bins.bytes[i - 1]);
    return ld_kendall_tau(bins.bytes, bins.n) > CLIMB_TAU && largest < LARGEST_JUMP * rise;
}

static double segment_slope(const ld_samples *s, ld_segment segment, const ld_shape *shape,
                            const ld_scratch *scratch)
{
    if (shape->noise_bytes > CALM_SHARE * fabs(shape->rise_bytes))
        return shape->trough_line.slope;
    ld_points bins;
    size_t n = segment.to - segment.from;
    ld_bin_medians(s, segment, n < LD_THEIL_SEN_MAX ? n : LD_THEIL_SEN_MAX, scratch->values, &bins);
    return ld_theil_sen(bins.t_s, bins.bytes, bins.n, scratch->slopes);
}

/* Earlier climbs that ended in a kill tell the rate as well: the median, weighted by duration. */
static double slope_over_lives(const ld_samples *s, const ld_segments *lives, double own,
                               ld_segment judged, const ld_scratch *scratch)
{
    double slopes[16], weights[16];
    size_t n = 0;
    slopes[n] = own;
    weights[n++] = ld_segment_duration_s(s, judged);
    for (size_t i = lives->n; i-- > 0 && n < 16;) {
        ld_segment life = ld_segment_settled(s, lives->items[i]);
        if (i == lives->judged || !lives->items[i].ends_in_oom ||
            !ld_segment_climbs(s, life, scratch))
            continue;
        ld_points bins;
        size_t samples = life.to - life.from;
        ld_bin_medians(s, life, samples < LD_BINS_MAX ? samples : LD_BINS_MAX, scratch->values,
                       &bins);
        slopes[n] = ld_theil_sen(bins.t_s, bins.bytes, bins.n, scratch->slopes);
        weights[n++] = ld_segment_duration_s(s, life);
    }
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += weights[i];
    double best = own, best_distance = INFINITY;
    for (size_t i = 0; i < n; i++) { /* the slope with half of the weight on each side */
        double below = weights[i] / 2;
        for (size_t k = 0; k < n; k++)
            if (slopes[k] < slopes[i])
                below += weights[k];
        if (fabs(below - total / 2) < best_distance) {
            best_distance = fabs(below - total / 2);
            best = slopes[i];
        }
    }
    return best;
}

static double bootstrap_spread(const ld_shape *shape, const ld_scratch *scratch)
{
    const ld_points *troughs = &shape->troughs;
    size_t n = troughs->n, block = n / 5 < 1 ? 1 : n / 5 > 4 ? 4 : n / 5;
    double rest[LD_ENVELOPE_MAX], drawn[LD_ENVELOPE_MAX], slopes[BOOTSTRAP_ROUNDS];
    for (size_t i = 0; i < n; i++)
        rest[i] =
            troughs->bytes[i] - shape->trough_line.at0 - shape->trough_line.slope * troughs->t_s[i];
    ld_random random = {BOOTSTRAP_SEED};
    for (size_t round = 0; round < BOOTSTRAP_ROUNDS; round++) {
        for (size_t i = 0; i < n; i += block) {
            size_t from = ld_random_below(&random, n);
            for (size_t k = 0; k < block && i + k < n; k++)
                drawn[i + k] =
                    shape->trough_line.slope * troughs->t_s[i + k] + rest[(from + k) % n];
        }
        slopes[round] = ld_theil_sen(troughs->t_s, drawn, n, scratch->slopes);
    }
    double low = ld_quantile(slopes, BOOTSTRAP_ROUNDS, 0.16);
    return (ld_quantile(slopes, BOOTSTRAP_ROUNDS, 0.84) - low) / 2;
}

ld_slope ld_slope_measure(const ld_samples *s, ld_segment segment, const ld_shape *shape,
                          const ld_segments *lives, const ld_scratch *scratch)
{
    double own = segment_slope(s, segment, shape, scratch);
    double value = slope_over_lives(s, lives, own, segment, scratch);
    double spread = WIDEN * bootstrap_spread(shape, scratch) + MODEL_SHARE * fabs(value) +
                    PAGE_BYTES / shape->duration_s;
    return (ld_slope){value, value - TWO_SIGMA * spread, value + TWO_SIGMA * spread};
}

ld_level ld_level_measure(const ld_samples *s, ld_segment segment, ld_segment last_life,
                          const ld_shape *shape, double slope, const ld_scratch *scratch)
{
    size_t n = 0;
    for (size_t i = segment.from; i < segment.to; i++)
        scratch->values[n++] =
            fmax(0, s->bytes[i] - shape->trough_line.at0 - shape->trough_line.slope * s->t_s[i]);
    double usual = ld_median(scratch->values, n);
    double swing = fmax(0, ld_quantile(scratch->values, n, PEAKS) - usual);

    /* The limit is reached from where the process stands now, also when an earlier life was judged.
     */
    double end_s = s->t_s[last_life.to - 1], last = s->bytes[last_life.to - 1];
    double recent_s = fmin(shape->duration_s, ld_segment_duration_s(s, last_life)) / 3;
    n = 0;
    for (size_t i = last_life.from; i < last_life.to; i++)
        if (s->t_s[i] >= end_s - recent_s)
            scratch->values[n++] = s->bytes[i] + slope * (end_s - s->t_s[i]);
    double level = ld_median(scratch->values, n);
    if (shape->period_s > 0) /* it is the next peak that meets the limit */
        level += 0.8 * swing;
    return (ld_level){.bytes = fmax(last, level), .swing_bytes = swing};
}

ld_time_to_limit ld_time_to_limit_measure(ld_level level, ld_slope slope, double limit_bytes)
{
    if (limit_bytes <= 0 || !(slope.value > 0))
        return (ld_time_to_limit){NAN, NAN, NAN};
    double left = fmax(0, limit_bytes - level.bytes);
    double least = fmax(0, left - level.swing_bytes / 2), most = left + level.swing_bytes / 2;
    return (ld_time_to_limit){
        .value = left / slope.value,
        .lo = least / slope.hi / UNMODELLED,
        .hi = most / fmax(slope.lo, slope.value / 4) * UNMODELLED,
    };
}
