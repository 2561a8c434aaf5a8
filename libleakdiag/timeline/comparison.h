/* The result of a comparison behind the public handle, and the rules that find it. */
#ifndef LD_TIMELINE_COMPARISON_H
#define LD_TIMELINE_COMPARISON_H

#include "timeline/climb.h"

struct leakdiag_comparison {
    leakdiag_memory_finding finding;
    int is_match;
    double first_deviation_s;
    double fitted_time_ratio;
    int64_t decides_at_ms;
    int64_t start_ms;
    int64_t position_ms;
    double observed_bytes;
    double expected_bytes;
    leakdiag_trend *trend;
};

/* What one climb alone says; leaves it as it was. */
leakdiag_memory_finding ld_climb_finding(const leakdiag_timeline *timeline, ld_climb *climb,
                                         double soft_limit_bytes);

#endif
