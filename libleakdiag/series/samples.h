/* A series cleaned for judging, and where its process was started anew. */
#ifndef LD_SERIES_SAMPLES_H
#define LD_SERIES_SAMPLES_H

#include <leakdiag/series.h>
#include <stdbool.h>

typedef struct ld_samples {
    size_t n;
    double *t_s; /* since the first sample; strictly rising; already times time_scale, so that
                    every constant below can be written in the seconds of a real run */
    double *bytes;
    double step_s;      /* median distance, 0 with fewer than two */
    double long_step_s; /* nine of ten are shorter */
    double origin_ms;
    double time_scale;
} ld_samples;

/* Drops rows whose time does not advance and repeats of a value that was only polled again. */
leakdiag_status ld_samples_clean(const leakdiag_series *series, double time_scale, ld_samples *ret,
                                 leakdiag_error *err);
void ld_samples_done(ld_samples *samples);
/* Between the series' clock and t_s. */
double ld_samples_to_s(const ld_samples *samples, int64_t time_ms);
int64_t ld_samples_to_ms(const ld_samples *samples, double t_s);

typedef struct ld_restart {
    double t_s;
    size_t first; /* sample that is the first of the new process; n when none is */
    bool is_oom;
    bool is_known; /* from the caller, not from the drop */
} ld_restart;

typedef struct ld_restarts {
    size_t n;
    ld_restart *items; /* by time */
} ld_restarts;

/* Finds the drops that are restarts and joins them with the known ones. */
leakdiag_status ld_restarts_find(const ld_samples *samples, const leakdiag_trend_options *options,
                                 ld_restarts *ret, leakdiag_error *err);
void ld_restarts_done(ld_restarts *restarts);

/* One life of the process, or what was seen of it: samples [from, to). */
typedef struct ld_segment {
    size_t from;
    size_t to;
    bool is_restarted; /* its start was seen */
    bool ends_in_oom;
} ld_segment;

typedef struct ld_segments {
    size_t n; /* lives with at least one sample; too short ones too */
    ld_segment *items;
    size_t judged; /* index of the one that counts; n when none is long enough */
} ld_segments;

leakdiag_status ld_segments_split(const ld_samples *samples, const ld_restarts *restarts,
                                  ld_segments *ret, leakdiag_error *err);
void ld_segments_done(ld_segments *segments);
/* The part of a life that may be judged: without the start-up behind a restart. */
ld_segment ld_segment_settled(const ld_samples *samples, ld_segment segment);
bool ld_segment_is_long_enough(const ld_samples *samples, ld_segment segment);
double ld_segment_duration_s(const ld_samples *samples, ld_segment segment);

#endif
