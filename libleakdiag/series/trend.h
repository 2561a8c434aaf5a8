/* The trend behind the public handle. */
#ifndef LD_SERIES_TREND_H
#define LD_SERIES_TREND_H

#include <leakdiag/series.h>

struct leakdiag_trend {
    leakdiag_leak_verdict verdict;
    leakdiag_trace_class trace_class;
    leakdiag_memory_finding finding;
    int is_unsure;
    double score;
    double slope_bytes_per_s, slope_lo, slope_hi;
    double ttl_s, ttl_lo_s, ttl_hi_s;
    double level_bytes;
    int64_t segment_from_ms, segment_to_ms;
    size_t oom_count;
    int64_t *oom_times_ms;
    size_t restart_count;
    int64_t *restart_times_ms;
};

#endif
