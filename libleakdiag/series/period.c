/* Does it repeat? Autocorrelation of the detrended segment. */
#include <math.h>

#include "series/shape.h"

#define LONGEST_LAG   0.55
#define CLEAR_ENOUGH  0.35
#define FEWEST_POINTS 16

size_t ld_resample(const ld_samples *s, ld_segment segment, double grid[LD_GRID_MAX])
{
    size_t n = segment.to - segment.from, m = n < LD_GRID_MAX ? n : LD_GRID_MAX, i = segment.from;
    double step_s = ld_segment_duration_s(s, segment) / (double)(m - 1);
    for (size_t k = 0; k < m; k++) {
        double t_s = s->t_s[segment.from] + step_s * (double)k;
        while (i + 2 < segment.to && s->t_s[i + 1] < t_s)
            i++;
        double part = (t_s - s->t_s[i]) / (s->t_s[i + 1] - s->t_s[i]);
        part = fmin(1, fmax(0, part));
        grid[k] = s->bytes[i] + part * (s->bytes[i + 1] - s->bytes[i]);
    }
    return m;
}

static void detrend(double *grid, size_t m)
{
    double places[LD_GRID_MAX];
    for (size_t k = 0; k < m; k++)
        places[k] = (double)k;
    ld_line line = ld_least_squares(places, grid, m);
    for (size_t k = 0; k < m; k++)
        grid[k] -= line.at0 + line.slope * (double)k;
}

static double correlation(const double *grid, size_t m, size_t lag)
{
    double sum = 0;
    for (size_t k = 0; k + lag < m; k++)
        sum += grid[k] * grid[k + lag];
    return sum;
}

double ld_period_s(const ld_samples *s, ld_segment segment)
{
    if (segment.to - segment.from < FEWEST_POINTS)
        return 0;
    double grid[LD_GRID_MAX];
    size_t m = ld_resample(s, segment, grid);
    detrend(grid, m);
    double whole = correlation(grid, m, 0);
    if (whole <= 0)
        return 0;

    size_t lags = (size_t)(LONGEST_LAG * (double)m), best = 0, lag = 1;
    double best_value = CLEAR_ENOUGH;
    while (lag <= lags && correlation(grid, m, lag) > 0)
        lag++;
    double before = -1;
    for (; lag <= lags; lag++) {
        double value = correlation(grid, m, lag) / whole;
        if (best > 0 && value < before)
            break; /* over the first maximum */
        if (value > best_value) {
            best_value = value;
            best = lag;
        }
        before = value;
    }
    return ld_segment_duration_s(s, segment) / (double)(m - 1) * (double)best;
}
