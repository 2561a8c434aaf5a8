/* One climb of the observed series, measured against the curve. */
#ifndef LD_TIMELINE_CLIMB_H
#define LD_TIMELINE_CLIMB_H

#include "timeline/curve.h"

#define LD_CLIMB_POINTS 240

/* Positions are ms after the climb's clock started. */
typedef struct ld_climb {
    double start_ms; /* in the series' clock */
    size_t samples;
    double first_ms, end_ms;
    size_t n; /* samples thinned to at most LD_CLIMB_POINTS medians */
    double at_ms[LD_CLIMB_POINTS];
    double bytes[LD_CLIMB_POINTS];
} ld_climb;

/* Paces are observed over expected growth: 1 as expected, 0 standing, below 0 falling. */
typedef struct ld_pace {
    double value;
    double error; /* standard error; INFINITY when there is too little to say */
} ld_pace;

typedef struct ld_measured {
    double level_at_ms, level_bytes; /* median of the last stretch, and where it lies */
    bool has_base;
    double base_bytes;  /* median of the first stretch; the curve's start when that was not seen */
    double grain_bytes; /* quantum and noise of a sample: differences below it say nothing */
    ld_pace pace;       /* over the whole climb */
    ld_pace recent;     /* over its last part */
    bool has_recent;
    double jump_bytes; /* largest rise between neighbours, beyond the curve's own */
} ld_measured;

/* Takes the samples of [from_ms, to_ms) whose time advances. */
void ld_climb_take(const leakdiag_series *series, double start_ms, double from_ms, double to_ms,
                   double tolerance_ms, ld_climb *ret);
void ld_climb_measure(const leakdiag_timeline *timeline, const ld_climb *climb, ld_measured *ret);
/* How many times as long as the curve the climb takes: the best fit of curve(t / ratio) + offset.
 */
double ld_climb_time_ratio(const leakdiag_timeline *timeline, const ld_climb *climb);
/* Position from which on the climb stays outside the band; NAN when its end is inside. */
double ld_climb_first_deviation_ms(const leakdiag_timeline *timeline, const ld_climb *climb,
                                   double grain_bytes);
/* Before this position a flat series cannot be told from one on the curve. INFINITY when the curve
 * never rises enough for that. */
double ld_decidable_from_ms(const leakdiag_timeline *timeline, double grain_bytes);

#endif
