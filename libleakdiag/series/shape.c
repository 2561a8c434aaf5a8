#include "series/shape.h"

#include <math.h>
#include <string.h>

#define KIB         1024.0
#define QUANTUM     (2 * KIB) /* what a page or two of rounding may move a bin */
#define NOISE_SHARE 0.80
#define NOISE_MOST  3.0
#define RISE_LEAST  (64 * KIB)
#define STAND_SHARE 0.02

static size_t clamp(size_t value, size_t low, size_t high)
{
    return value < low ? low : value > high ? high : value;
}

static double bin_end(const ld_samples *s, ld_segment segment, size_t bins, size_t k)
{
    if (k + 1 == bins)
        return INFINITY;
    return s->t_s[segment.from] +
           ld_segment_duration_s(s, segment) * (double)(k + 1) / (double)bins;
}

void ld_bin_medians(const ld_samples *s, ld_segment segment, size_t bins, double *scratch,
                    ld_points *ret)
{
    ret->n = 0;
    size_t i = segment.from;
    for (size_t k = 0; k < bins; k++) {
        double end_s = bin_end(s, segment, bins, k);
        size_t n = 0, from = i;
        for (; i < segment.to && s->t_s[i] < end_s; i++)
            scratch[n++] = s->bytes[i];
        if (n == 0)
            continue;
        ret->bytes[ret->n] = ld_median(scratch, n);
        memcpy(scratch, s->t_s + from, n * sizeof *scratch);
        ret->t_s[ret->n++] = ld_median(scratch, n);
    }
}

void ld_bin_troughs(const ld_samples *s, ld_segment segment, size_t bins, ld_points *ret)
{
    ret->n = 0;
    size_t i = segment.from;
    for (size_t k = 0; k < bins; k++) {
        double end_s = bin_end(s, segment, bins, k);
        size_t lowest = i;
        size_t from = i;
        for (; i < segment.to && s->t_s[i] < end_s; i++)
            if (s->bytes[i] < s->bytes[lowest])
                lowest = i;
        if (i == from)
            continue;
        ret->t_s[ret->n] = s->t_s[lowest];
        ret->bytes[ret->n++] = s->bytes[lowest];
    }
}

static ld_line robust_line(const ld_points *points, double *slopes)
{
    double rest[LD_THEIL_SEN_MAX];
    double slope = ld_theil_sen(points->t_s, points->bytes, points->n, slopes);
    for (size_t i = 0; i < points->n; i++)
        rest[i] = points->bytes[i] - slope * points->t_s[i];
    return (ld_line){.at0 = ld_median(rest, points->n), .slope = slope};
}

/* Squared error of the best a + b * shape(u) with b > 0; infinite when b would not be. */
static double model_error(const double *shape, const double *x, size_t n)
{
    ld_line line = ld_least_squares(shape, x, n);
    if (line.slope <= 0)
        return INFINITY;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double rest = x[i] - line.at0 - line.slope * shape[i];
        sum += rest * rest;
    }
    return sum;
}

static double line_error(const double *u, const double *x, size_t n)
{
    ld_line line = ld_least_squares(u, x, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double rest = x[i] - line.at0 - line.slope * u[i];
        sum += rest * rest;
    }
    return sum;
}

static double gain(double error, double line, size_t n)
{
    double floor_error = QUANTUM * QUANTUM * (double)n;
    return fmax(0, 1 - (error + floor_error) / (line + floor_error));
}

static void fit_bends(const ld_shape *shape, const double *u, ld_features *f, double *hinge_at)
{
    static const double times[] = {0.08, 0.15, 0.25, 0.4, 0.7};
    const ld_points *bins = &shape->bins;
    double model[LD_BINS_MAX], best_saturation = INFINITY, best_hinge = INFINITY;
    for (size_t k = 0; k < sizeof times / sizeof times[0]; k++) {
        for (size_t i = 0; i < bins->n; i++)
            model[i] = 1 - ld_exp(-u[i] / times[k]);
        best_saturation = fmin(best_saturation, model_error(model, bins->bytes, bins->n));
    }
    for (int percent = 15; percent <= 85; percent += 5) {
        for (size_t i = 0; i < bins->n; i++)
            model[i] = fmin(u[i], percent / 100.0);
        double error = model_error(model, bins->bytes, bins->n);
        if (error < best_hinge) {
            best_hinge = error;
            *hinge_at = percent / 100.0;
        }
    }
    double line = line_error(u, bins->bytes, bins->n);
    f->saturation = gain(best_saturation, line, bins->n);
    f->hinge = gain(best_hinge, line, bins->n);
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
        scratch[i] = fabs(s->bytes[segment.from + i] - line.at0 -
                          line.slope * s->t_s[segment.from + i]);
    return ld_quantile(scratch, n, NOISE_SHARE);
}

static void measure_features(ld_shape *shape)
{
    double u[LD_BINS_MAX];
    for (size_t i = 0; i < shape->bins.n; i++)
        u[i] = (shape->bins.t_s[i] - shape->from_s) / shape->duration_s;
    ld_features *f = &shape->features;
    f->tau = ld_kendall_tau(shape->bins.bytes, shape->bins.n);
    fit_bends(shape, u, f, &shape->hinge_at);
    shape->range_bytes = range_of(&shape->bins);
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

    ld_bin_medians(s, segment, clamp(n / 3, 6, LD_BINS_MAX), scratch->values, &ret->bins);
    measure_features(ret);
}
