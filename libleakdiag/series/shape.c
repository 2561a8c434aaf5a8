#include "series/shape.h"

#include <math.h>

#define KIB          1024.0
#define NOISE_SHARE  0.80
#define NOISE_MOST   3.0
#define RISE_LEAST   (64 * KIB)
#define STAND_SHARE  0.02
#define LATE_FROM    0.65
#define FULL_PERIODS 2.5
#define TREND_POINTS 24

static size_t clamp(size_t value, size_t low, size_t high)
{
    return value < low ? low : value > high ? high : value;
}

static ld_line robust_line(const ld_points *points, double *slopes)
{
    double rest[LD_THEIL_SEN_MAX];
    double slope = ld_theil_sen(points->t_s, points->bytes, points->n, slopes);
    for (size_t i = 0; i < points->n; i++)
        rest[i] = points->bytes[i] - slope * points->t_s[i];
    return (ld_line){.at0 = ld_median(rest, points->n), .slope = slope};
}

/* With even growth the quickest fifth of the stretches makes little more than a fifth of it. */
static double burst_share(const ld_points *bins)
{
    double rises[LD_BINS_MAX], total = 0, quick = 0;
    size_t n = bins->n - 1;
    for (size_t i = 0; i < n; i++) {
        rises[i] = fmax(0, bins->bytes[i + 1] - bins->bytes[i]);
        total += rises[i];
    }
    if (n == 0 || total <= 0)
        return 0;
    size_t slow = n - (n + 4) / 5;
    ld_quantile(rises, n, n > 1 ? (double)slow / (double)(n - 1) : 0); /* larger ones go behind */
    for (size_t i = slow; i < n; i++)
        quick += rises[i];
    return quick / total;
}

static double longest_standing(const ld_points *bins, double range_bytes)
{
    double still_bytes = fmax(STAND_SHARE * range_bytes, KIB);
    size_t longest = 0, run = 0;
    for (size_t i = 1; i < bins->n; i++) {
        run = fabs(bins->bytes[i] - bins->bytes[i - 1]) <= still_bytes ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return bins->n > 1 ? (double)longest / (double)(bins->n - 1) : 0;
}

static double largest_drawdown(const ld_points *bins)
{
    double highest = bins->bytes[0], largest = 0;
    for (size_t i = 1; i < bins->n; i++) {
        highest = fmax(highest, bins->bytes[i]);
        largest = fmax(largest, highest - bins->bytes[i]);
    }
    return largest;
}

static double range_of(const ld_points *points)
{
    double low = points->bytes[0], high = low;
    for (size_t i = 1; i < points->n; i++) {
        low = fmin(low, points->bytes[i]);
        high = fmax(high, points->bytes[i]);
    }
    return high - low;
}

static double height_over_troughs(const ld_samples *s, ld_segment segment, ld_line line,
                                  double *scratch)
{
    size_t n = segment.to - segment.from;
    for (size_t i = 0; i < n; i++)
        scratch[i] =
            fabs(s->bytes[segment.from + i] - line.at0 - line.slope * s->t_s[segment.from + i]);
    return ld_quantile(scratch, n, NOISE_SHARE);
}

/* Means over one whole period each: what repeats falls out, what grows stays. */
static double trend_over_periods(const ld_samples *s, ld_segment segment, double period_s)
{
    double grid[LD_GRID_MAX], means[LD_GRID_MAX], picked[TREND_POINTS];
    size_t m = ld_resample(s, segment, grid);
    double step_s = ld_segment_duration_s(s, segment) / (double)(m - 1);
    size_t width = clamp((size_t)(period_s / step_s + 0.5), 1, m), n = m - width + 1;
    for (size_t i = 0; i < n; i++) {
        means[i] = 0;
        for (size_t k = i; k < i + width; k++)
            means[i] += grid[k];
    }
    size_t points = clamp(n, 2, TREND_POINTS);
    for (size_t i = 0; i < points; i++)
        picked[i] = means[i * (n - 1) / (points - 1)];
    return ld_kendall_tau(picked, points);
}

static double late_trend(const ld_shape *shape)
{
    size_t from = 0;
    while (from < shape->bins.n &&
           shape->bins.t_s[from] - shape->from_s < LATE_FROM * shape->duration_s)
        from++;
    return ld_kendall_tau(shape->bins.bytes + from, shape->bins.n - from);
}

static double gained(const ld_points *bins)
{
    double first[LD_BINS_MAX], last[LD_BINS_MAX];
    size_t quarter = clamp(bins->n / 4, bins->n < 2 ? bins->n : 2, LD_BINS_MAX);
    for (size_t i = 0; i < quarter; i++) {
        first[i] = bins->bytes[i];
        last[i] = bins->bytes[bins->n - 1 - i];
    }
    return ld_median(last, quarter) - ld_median(first, quarter);
}

static double swing_around_trend(const ld_samples *s, ld_segment segment, double *scratch)
{
    size_t n = segment.to - segment.from;
    ld_line line = ld_least_squares(s->t_s + segment.from, s->bytes + segment.from, n);
    for (size_t i = 0; i < n; i++)
        scratch[i] = s->bytes[segment.from + i] - line.slope * s->t_s[segment.from + i];
    double low = ld_quantile(scratch, n, 0.1);
    return ld_quantile(scratch, n, 0.9) - low;
}

static void measure_features(const ld_samples *s, ld_segment segment, ld_shape *shape)
{
    double u[LD_BINS_MAX];
    for (size_t i = 0; i < shape->bins.n; i++)
        u[i] = (shape->bins.t_s[i] - shape->from_s) / shape->duration_s;
    ld_features *f = &shape->features;
    if (shape->period_s > 0 && shape->duration_s >= FULL_PERIODS * shape->period_s)
        f->tau = trend_over_periods(s, segment, shape->period_s);
    else
        f->tau = ld_kendall_tau(shape->bins.bytes, shape->bins.n);
    f->late_tau = late_trend(shape);
    ld_bends_fit(&shape->bins, u, &shape->bends);
    shape->range_bytes = range_of(&shape->bins);
    shape->gained_bytes = gained(&shape->bins);
    f->burst = burst_share(&shape->bins);
    f->standing = longest_standing(&shape->bins, shape->range_bytes);
    f->backward = largest_drawdown(&shape->bins) / fmax(shape->range_bytes, KIB);
    f->noise = fmin(NOISE_MOST, shape->noise_bytes / fmax(fabs(shape->rise_bytes), RISE_LEAST));
}

void ld_shape_measure(const ld_samples *s, ld_segment segment, const ld_scratch *scratch,
                      ld_shape *ret)
{
    size_t n = segment.to - segment.from;
    *ret = (ld_shape){.from_s = s->t_s[segment.from]};
    ret->duration_s = ld_segment_duration_s(s, segment);
    ret->period_s = ld_period_s(s, segment);

    size_t stretches = clamp(n / 3, 5, LD_ENVELOPE_MAX);
    if (ret->period_s > 0)
        stretches = clamp((size_t)(ret->duration_s / ret->period_s), 4, stretches);
    ld_bin_troughs(s, segment, stretches, &ret->troughs);
    ret->trough_line = robust_line(&ret->troughs, scratch->slopes);
    ret->rise_bytes = ret->trough_line.slope * ret->duration_s;
    ret->noise_bytes = height_over_troughs(s, segment, ret->trough_line, scratch->values);

    ret->swing_bytes = swing_around_trend(s, segment, scratch->values);
    ld_bin_medians(s, segment, clamp(n / 3, 6, LD_BINS_MAX), scratch->values, &ret->bins);
    measure_features(s, segment, ret);
}
