/* What one life of a process looks like: trough envelope, bin medians, features for the verdict. */
#ifndef LD_SERIES_SHAPE_H
#define LD_SERIES_SHAPE_H

#include "series/samples.h"
#include "series/stats.h"

#define LD_ENVELOPE_MAX 24
#define LD_BINS_MAX     40

/* Arrays that all steps share, made once. */
typedef struct ld_scratch {
    double *values; /* as many as there are samples */
    double *slopes; /* LD_THEIL_SEN_PAIRS */
} ld_scratch;

typedef struct ld_points {
    size_t n;
    double t_s[LD_THEIL_SEN_MAX];
    double bytes[LD_THEIL_SEN_MAX];
} ld_points;

typedef struct ld_features {
    double tau;        /* of the bin medians */
    double hinge;      /* how much better "rises, then stands" fits than a line */
    double saturation; /* the same for "rises ever slower" */
    double noise;      /* height over the trough line against the rise */
    double standing;   /* longest share of the time without movement */
    double backward;   /* largest drawdown against the range */
} ld_features;

typedef struct ld_shape {
    double from_s, duration_s;
    double period_s;   /* 0 = none seen */
    ld_points troughs; /* lowest point of each of <= LD_ENVELOPE_MAX stretches */
    ld_line trough_line;
    ld_points bins; /* medians of <= LD_BINS_MAX stretches */
    double rise_bytes; /* of the trough line over the segment */
    double noise_bytes;
    double hinge_at;   /* share of the duration where the best hinge bends */
    double range_bytes;
    ld_features features;
} ld_shape;

/* Median (or lowest value) of equal stretches of time; empty stretches are left out. */
void ld_bin_medians(const ld_samples *s, ld_segment segment, size_t bins, double *scratch,
                    ld_points *ret);
void ld_bin_troughs(const ld_samples *s, ld_segment segment, size_t bins, ld_points *ret);
/* Length of the strongest repeating pattern in seconds, 0 if none is clear. */
double ld_period_s(const ld_samples *s, ld_segment segment);
void ld_shape_measure(const ld_samples *s, ld_segment segment, const ld_scratch *scratch,
                      ld_shape *ret);

#endif
