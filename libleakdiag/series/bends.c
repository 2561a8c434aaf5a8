/* Does it rise along a line, or does it bend, saturate or jump? Fits to the bin medians. */
#include <math.h>

#include "series/shape.h"

#define QUANTUM_BYTES 2048.0 /* what a page or two of rounding may move a bin */

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
    double floor_error = QUANTUM_BYTES * QUANTUM_BYTES * (double)n;
    return fmax(0, 1 - (error + floor_error) / (line + floor_error));
}

/* Two levels, the later one higher; each needs three bins to be a level. */
static double step_error(const ld_points *bins)
{
    double best = INFINITY;
    for (size_t cut = 3; cut + 3 <= bins->n; cut++) {
        double low = 0, high = 0, sum = 0;
        for (size_t i = 0; i < bins->n; i++)
            *(i < cut ? &low : &high) += bins->bytes[i];
        low /= (double)cut;
        high /= (double)(bins->n - cut);
        for (size_t i = 0; i < bins->n; i++) {
            double rest = bins->bytes[i] - (i < cut ? low : high);
            sum += rest * rest;
        }
        if (high > low)
            best = fmin(best, sum);
    }
    return best;
}

void ld_bends_fit(const ld_points *bins, const double *u, ld_bends *ret)
{
    static const double times[] = {0.08, 0.15, 0.25, 0.4, 0.7};
    *ret = (ld_bends){0};
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
            ret->hinge_at = percent / 100.0;
        }
    }
    double line = line_error(u, bins->bytes, bins->n);
    ret->saturation = gain(best_saturation, line, bins->n);
    ret->hinge = gain(best_hinge, line, bins->n);
    ret->step = gain(step_error(bins), line, bins->n);
}
