/* How fast it grows, how sure that is, and when the limit is reached. */
#ifndef LD_SERIES_SLOPE_H
#define LD_SERIES_SLOPE_H

#include "series/shape.h"

/* Bytes per second of t_s. */
typedef struct ld_slope {
    double value;
    double lo; /* 95 % interval */
    double hi;
} ld_slope;

typedef struct ld_level {
    double bytes;       /* where the end of the segment stands, peaks considered */
    double swing_bytes; /* how far above its usual height it peaks */
} ld_level;

/* Seconds from the last sample; NAN in all when the limit will not be reached. */
typedef struct ld_time_to_limit {
    double value;
    double lo;
    double hi;
} ld_time_to_limit;

ld_slope ld_slope_measure(const ld_samples *s, ld_segment segment, const ld_shape *shape,
                          const ld_segments *lives, const ld_scratch *scratch);
/* last_life is where the process stands now; mostly the same as the judged segment. */
ld_level ld_level_measure(const ld_samples *s, ld_segment segment, ld_segment last_life,
                          const ld_shape *shape, double slope, const ld_scratch *scratch);
ld_time_to_limit ld_time_to_limit_measure(ld_level level, ld_slope slope, double limit_bytes);
/* Did this life climb steadily, without one jump that made most of it? */
bool ld_segment_climbs(const ld_samples *s, ld_segment segment, const ld_scratch *scratch);

#endif
