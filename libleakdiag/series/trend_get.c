/* Getters of a trend. */
#include <leakdiag/series.h>

#include "series/trend.h"

leakdiag_leak_verdict leakdiag_trend_verdict(const leakdiag_trend *trend)
{
    return trend->verdict;
}

double leakdiag_trend_score(const leakdiag_trend *trend)
{
    return trend->score;
}

int leakdiag_trend_is_unsure(const leakdiag_trend *trend)
{
    return trend->is_unsure;
}

double leakdiag_trend_slope_bytes_per_s(const leakdiag_trend *trend)
{
    return trend->slope_bytes_per_s;
}

double leakdiag_trend_slope_lo_bytes_per_s(const leakdiag_trend *trend)
{
    return trend->slope_lo;
}

double leakdiag_trend_slope_hi_bytes_per_s(const leakdiag_trend *trend)
{
    return trend->slope_hi;
}

double leakdiag_trend_ttl_s(const leakdiag_trend *trend)
{
    return trend->ttl_s;
}

double leakdiag_trend_ttl_lo_s(const leakdiag_trend *trend)
{
    return trend->ttl_lo_s;
}

double leakdiag_trend_ttl_hi_s(const leakdiag_trend *trend)
{
    return trend->ttl_hi_s;
}

double leakdiag_trend_level_bytes(const leakdiag_trend *trend)
{
    return trend->level_bytes;
}

leakdiag_trace_class leakdiag_trend_trace_class(const leakdiag_trend *trend)
{
    return trend->trace_class;
}

leakdiag_memory_finding leakdiag_trend_finding(const leakdiag_trend *trend)
{
    return trend->finding;
}

size_t leakdiag_trend_oom_count(const leakdiag_trend *trend)
{
    return trend->oom_count;
}

int64_t leakdiag_trend_oom_time_ms(const leakdiag_trend *trend, size_t i)
{
    return i < trend->oom_count ? trend->oom_times_ms[i] : 0;
}

size_t leakdiag_trend_restart_count(const leakdiag_trend *trend)
{
    return trend->restart_count;
}

int64_t leakdiag_trend_restart_time_ms(const leakdiag_trend *trend, size_t i)
{
    return i < trend->restart_count ? trend->restart_times_ms[i] : 0;
}

int64_t leakdiag_trend_segment_from_ms(const leakdiag_trend *trend)
{
    return trend->segment_from_ms;
}

int64_t leakdiag_trend_segment_to_ms(const leakdiag_trend *trend)
{
    return trend->segment_to_ms;
}
