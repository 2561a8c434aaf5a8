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

/* How much better than a line a bent curve fits: 0 (not) to 1. Only rising ones count. */
typedef struct ld_bends {
    double hinge;      /* rises, then stands */
    double hinge_at;   /* share of the time where it bends */
    double saturation; /* rises ever slower */
    double step;       /* one jump between two levels */
} ld_bends;

typedef struct ld_features {
    /* The verdict looks at these and at bends.hinge. */
    double tau;      /* rank trend; over whole periods when it repeats */
    double late_tau; /* the same of the last stretch alone: has it stopped? */
    double standing; /* longest share of the time without movement */
    /* The class looks at these too. */
    double noise;    /* height over the trough line against the rise */
    double backward; /* largest drawdown against the range */
    double burst;    /* share of all rising that the quickest fifth of the time made */
} ld_features;

typedef struct ld_shape {
    double from_s, duration_s;
    double period_s;   /* 0 = none seen */
    ld_points troughs; /* lowest point of each of <= LD_ENVELOPE_MAX stretches */
    ld_line trough_line;
    ld_points bins;    /* medians of <= LD_BINS_MAX stretches */
    double rise_bytes; /* of the trough line over the segment */
    double noise_bytes;
    double swing_bytes;  /* between the 10th and 90th percentile around the trend */
    double range_bytes;  /* of the bin medians */
    double gained_bytes; /* last quarter of the bins over the first */
    ld_bends bends;
    ld_features features;
} ld_shape;

/* Median (or lowest value) of equal stretches of time; empty stretches are left out. */
void ld_bin_medians(const ld_samples *s, ld_segment segment, size_t bins, double *scratch,
                    ld_points *ret);
void ld_bin_troughs(const ld_samples *s, ld_segment segment, size_t bins, ld_points *ret);
void ld_bends_fit(const ld_points *bins, const double *u, ld_bends *ret); /* u: times as 0..1 */
/* Values at equal distances; fewer when there are fewer samples. */
#define LD_GRID_MAX 192
size_t ld_resample(const ld_samples *s, ld_segment segment, double grid[LD_GRID_MAX]);
/* Length of the strongest repeating pattern in seconds, 0 if none is clear. */
double ld_period_s(const ld_samples *s, ld_segment segment);
void ld_shape_measure(const ld_samples *s, ld_segment segment, const ld_scratch *scratch,
                      ld_shape *ret);

#endif
