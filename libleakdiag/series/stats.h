/* Robust numerics in plain doubles: the same bits on every machine (no libm beyond sqrt, floor). */
#ifndef LD_SERIES_STATS_H
#define LD_SERIES_STATS_H

#include <stddef.h>
#include <stdint.h>

/* Theil-Sen compares all pairs, so callers bin first; its scratch holds that many slopes. */
#define LD_THEIL_SEN_MAX   120
#define LD_THEIL_SEN_PAIRS (LD_THEIL_SEN_MAX * (LD_THEIL_SEN_MAX - 1) / 2)

/* Value at share p (0..1) of the sorted order, interpolated. Reorders v: smaller ones go before its
 * place, larger ones behind. n >= 1. */
double ld_quantile(double *v, size_t n, double p);
double ld_median(double *v, size_t n);
/* Median slope of all pairs; 0 when no two times differ. n <= LD_THEIL_SEN_MAX. */
double ld_theil_sen(const double *t, const double *x, size_t n, double *scratch);
/* Kendall's tau-a: +1 always rising, -1 always falling, ties count as neither. */
double ld_kendall_tau(const double *x, size_t n);
double ld_exp(double x);

typedef struct ld_line {
    double at0;
    double slope;
} ld_line;

/* Least squares; slope 0 when all times are equal. n >= 1. */
ld_line ld_least_squares(const double *t, const double *x, size_t n);

/* Fixed-seed 64-bit LCG: the bootstrap must draw the same on every machine. */
typedef struct ld_random {
    uint64_t state;
} ld_random;

size_t ld_random_below(ld_random *random, size_t n);

#endif
