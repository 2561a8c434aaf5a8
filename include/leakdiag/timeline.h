/**
 * @file leakdiag/timeline.h
 * An expected memory curve, and how an observed series stands against it.
 *
 * Pure: no I/O, no clock. Every function may be called from any thread.
 */
#ifndef LEAKDIAG_TIMELINE_H
#define LEAKDIAG_TIMELINE_H

#include <leakdiag/series.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most points one expected curve may have. */
#define LEAKDIAG_TIMELINE_MAX_POINTS 256

/** One point of the expected curve. */
typedef struct leakdiag_timeline_point {
    int64_t at_ms;    /**< since the clock starts */
    double bytes;     /**< expected working set */
    const char *phase; /**< from here on, e.g. "climbing"; NULL for none; copied */
} leakdiag_timeline_point;

/** How the curve is meant. Start from LEAKDIAG_TIMELINE_OPTIONS_INIT. */
typedef struct leakdiag_timeline_options {
    size_t size;
    double tolerance_bytes;    /**< half height of the band; 0 = 7.5 % of the curve's top */
    int64_t tolerance_ms;      /**< half width of the band; 0 = 7.5 % of the curve's length */
    int64_t oom_at_end;        /**< 1: the last point is an OOM kill, then the curve starts again */
    double time_scale;         /**< see leakdiag_trend_options; 0 = 1 */
} leakdiag_timeline_options;

/* clang-format off */
#define LEAKDIAG_TIMELINE_OPTIONS_INIT {sizeof(leakdiag_timeline_options), 0, 0, 0, 0}
/* clang-format on */

/** The expected curve. Immutable. */
typedef struct leakdiag_timeline leakdiag_timeline;

/**
 * @param points  Times strictly rising from >= 0, at least 2 points; copied.
 * @retval LEAKDIAG_E_INVALID  too few, not rising, negative (names the point)
 * @retval LEAKDIAG_E_LIMIT    more than LEAKDIAG_TIMELINE_MAX_POINTS
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_timeline_new(const leakdiag_timeline_point *points, size_t n,
                      const leakdiag_timeline_options *options, leakdiag_timeline **ret,
                      leakdiag_error *err);

/**
 * The same from text: "0m=8Mi,3m=10Mi,20m=20Mi".
 * @retval LEAKDIAG_E_INVALID  with the column of the mistake
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_timeline_parse(const char *text, const leakdiag_timeline_options *options,
                        leakdiag_timeline **ret, leakdiag_error *err);

/**
 * The curve for another speed: all times multiplied by @p time_ratio (> 0). A third of the flag
 * value at the same order rate is three times the time.
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_timeline_scale(const leakdiag_timeline *timeline,
                                                                    double time_ratio,
                                                                    leakdiag_timeline **ret,
                                                                    leakdiag_error *err);

/** Expected bytes at a time; before the first and after the last point: that point's. @since 0.1.0 */
LEAKDIAG_API double leakdiag_timeline_bytes_at(const leakdiag_timeline *timeline, int64_t at_ms);
/** Lower edge of the band there (tolerance in value and in time). @since 0.1.0 */
LEAKDIAG_API double leakdiag_timeline_lo_at(const leakdiag_timeline *timeline, int64_t at_ms);
/** Upper edge of the band there. @since 0.1.0 */
LEAKDIAG_API double leakdiag_timeline_hi_at(const leakdiag_timeline *timeline, int64_t at_ms);
/** Name of the phase at a time, or "". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_timeline_phase_at(const leakdiag_timeline *timeline,
                                                    int64_t at_ms);
/** Time of the last point. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_timeline_end_ms(const leakdiag_timeline *timeline);
LEAKDIAG_API size_t leakdiag_timeline_len(const leakdiag_timeline *timeline);
/** The i-th point; its phase is borrowed from the timeline. @since 0.1.0 */
LEAKDIAG_API leakdiag_timeline_point leakdiag_timeline_point_at(const leakdiag_timeline *timeline,
                                                                size_t i);
/** Free it; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_timeline_free(leakdiag_timeline *timeline);

/** What else is known when comparing. Start from LEAKDIAG_COMPARE_OPTIONS_INIT. */
typedef struct leakdiag_compare_options {
    size_t size;
    int64_t has_start;     /**< 1: start_ms is when the curve's clock starts; 0: at the first sample */
    int64_t start_ms;      /**< in the series' clock */
    int64_t has_now;       /**< 1: now_ms is the time of judgement; 0: the last sample */
    int64_t now_ms;        /**< in the series' clock */
    int64_t stale_after_ms; /**< newest sample older than this: stale; 0 = never */
    double limit_bytes;    /**< 0 = none or not known */
    double soft_limit_bytes; /**< 0 = none or not known */
    const int64_t *restart_times_ms; /**< known restarts; may be NULL */
    size_t restart_count;
    const int64_t *oom_times_ms; /**< known OOM kills; may be NULL */
    size_t oom_count;
} leakdiag_compare_options;

/* clang-format off */
#define LEAKDIAG_COMPARE_OPTIONS_INIT {sizeof(leakdiag_compare_options), 0, 0, 0, 0, 0, 0, 0, NULL, 0, NULL, 0}
/* clang-format on */

/** How a series stands against the curve. Immutable. */
typedef struct leakdiag_comparison leakdiag_comparison;

/**
 * Compare. Each climb between restarts is held against the curve on its own; the last one decides.
 * @param[out] ret  Owned by the caller.
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_timeline_compare(const leakdiag_timeline *timeline, const leakdiag_series *series,
                          const leakdiag_compare_options *options, leakdiag_comparison **ret,
                          leakdiag_error *err);

LEAKDIAG_API leakdiag_memory_finding leakdiag_comparison_finding(const leakdiag_comparison *c);
/** 1 when the first OOM kill came within +-30 % of the expected time. @since 0.1.0 */
LEAKDIAG_API int leakdiag_comparison_is_match(const leakdiag_comparison *c);
/** Seconds after the clock's start when the series first left the band for good; NAN if it never did. @since 0.1.0 */
LEAKDIAG_API double leakdiag_comparison_first_deviation_s(const leakdiag_comparison *c);
/** Observed pace: 1 as expected, 3 when it takes three times as long; NAN when not growing. @since 0.1.0 */
LEAKDIAG_API double leakdiag_comparison_fitted_time_ratio(const leakdiag_comparison *c);
/** When the finding is too-early: the earliest time (series' clock, ms) at which it can be decided; else 0. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_comparison_decides_at_ms(const leakdiag_comparison *c);
/** Position on the curve at the last sample, ms after the clock's start. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_comparison_position_ms(const leakdiag_comparison *c);
/** When the clock of the judged climb starts, in the series' clock. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_comparison_start_ms(const leakdiag_comparison *c);
/** Last observed bytes, or NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_comparison_observed_bytes(const leakdiag_comparison *c);
/** Expected bytes at that position, or NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_comparison_expected_bytes(const leakdiag_comparison *c);
/** The series' own trend; borrowed. @since 0.1.0 */
LEAKDIAG_API const leakdiag_trend *leakdiag_comparison_trend(const leakdiag_comparison *c);
/**
 * One JSON object on one line: finding, first_deviation_s, fitted_time_ratio, match (and `file`).
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_comparison_to_json(const leakdiag_comparison *c,
                                                                        const char *file,
                                                                        char **ret,
                                                                        leakdiag_error *err);
/** Free it; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_comparison_free(leakdiag_comparison *c);

#ifdef __cplusplus
}
#endif
#endif
