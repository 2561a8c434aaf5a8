/**
 * @file leakdiag/timeline.h
 * An expected memory curve, and how an observed series stands against it.
 *
 * Pure: no I/O, no clock, no global state. Every function may be called from any thread; a finished
 * timeline or comparison never changes.
 */
#ifndef LEAKDIAG_TIMELINE_H
#define LEAKDIAG_TIMELINE_H

#include <leakdiag/series.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most points one expected curve may have. */
#define LEAKDIAG_TIMELINE_MAX_POINTS 256

/** One point of the expected curve. This struct never grows. */
typedef struct leakdiag_timeline_point {
    int64_t at_ms;     /**< since the clock starts */
    double bytes;      /**< expected working set */
    const char *phase; /**< from here on, e.g. "climbing"; NULL for none; copied */
} leakdiag_timeline_point;

/** How the curve is meant. Start from LEAKDIAG_TIMELINE_OPTIONS_INIT. */
typedef struct leakdiag_timeline_options {
    size_t size;
    double tolerance_bytes; /**< half height of the band; 0 = 7.5 % of the curve's top */
    int64_t tolerance_ms;   /**< half width of the band; 0 = 7.5 % of the curve's length */
    int64_t oom_at_end;     /**< 1: the last point is an OOM kill, then the curve starts again */
    double time_scale;      /**< see leakdiag_trend_options; 0 = 1 */
} leakdiag_timeline_options;

/* clang-format off */
#define LEAKDIAG_TIMELINE_OPTIONS_INIT {sizeof(leakdiag_timeline_options), 0, 0, 0, 0}
/* clang-format on */

/** The expected curve. Immutable; free it with leakdiag_timeline_free(). */
typedef struct leakdiag_timeline leakdiag_timeline;

/**
 * Make a curve from points; between them it is straight.
 *
 * @param points   Times strictly rising from >= 0, at least 2 points; copied with their phases.
 * @param options  NULL for the defaults. Borrowed for the call.
 * @param[out] ret Owned by the caller; free with leakdiag_timeline_free(). Untouched on failure.
 * @param[out] err NULL, or filled on failure.
 * @retval LEAKDIAG_OK         *ret is set
 * @retval LEAKDIAG_E_INVALID  too few, not rising, negative (names the point), options out of range
 * @retval LEAKDIAG_E_LIMIT    more than LEAKDIAG_TIMELINE_MAX_POINTS
 * @retval LEAKDIAG_E_NOMEM    out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_timeline_new(
    const leakdiag_timeline_point *points, size_t n, const leakdiag_timeline_options *options,
    leakdiag_timeline **ret, leakdiag_error *err);

/**
 * The same from text: "0m=8Mi,3m=10Mi,20m=20Mi" (durations and quantities as leakdiag/base.h reads
 * them; blanks around them are fine; no phases).
 *
 * @param text     Borrowed for the call.
 * @param options  NULL for the defaults. Borrowed for the call.
 * @param[out] ret Owned by the caller. Untouched on failure.
 * @param[out] err NULL, or filled on failure.
 * @retval LEAKDIAG_OK         *ret is set
 * @retval LEAKDIAG_E_INVALID  as for leakdiag_timeline_new(); a misread part with its column
 * @retval LEAKDIAG_E_LIMIT    more than LEAKDIAG_TIMELINE_MAX_POINTS
 * @retval LEAKDIAG_E_NOMEM    out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_timeline_parse(const char *text, const leakdiag_timeline_options *options,
                        leakdiag_timeline **ret, leakdiag_error *err);

/**
 * The curve for another speed: all times and the tolerance in time multiplied by @p time_ratio (>
 * 0). A third of the flag value at the same order rate is three times the time.
 *
 * @param[out] ret Owned by the caller. Untouched on failure.
 * @param[out] err NULL, or filled on failure.
 * @retval LEAKDIAG_OK         *ret is set
 * @retval LEAKDIAG_E_INVALID  the ratio is not above 0, or makes points of the same millisecond
 * @retval LEAKDIAG_E_NOMEM    out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_timeline_scale(const leakdiag_timeline *timeline, double time_ratio,
                        leakdiag_timeline **ret, leakdiag_error *err);

/** Expected bytes at a time; before the first and after the last point: that point's. @since 0.1.0
 */
LEAKDIAG_API double leakdiag_timeline_bytes_at(const leakdiag_timeline *timeline, int64_t at_ms);
/**
 * Lower edge of the band there, bytes, never below 0: the lowest expected value within the
 * tolerance in time, less the tolerance in value. @since 0.1.0
 */
LEAKDIAG_API double leakdiag_timeline_lo_bytes_at(const leakdiag_timeline *timeline, int64_t at_ms);
/** Upper edge of the band there, bytes: the highest within the tolerance, plus it. @since 0.1.0 */
LEAKDIAG_API double leakdiag_timeline_hi_bytes_at(const leakdiag_timeline *timeline, int64_t at_ms);
/** Name of the phase at a time, "" before the first one. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_timeline_phase_at(const leakdiag_timeline *timeline,
                                                    int64_t at_ms);
/** Time of the last point, ms after the clock's start. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_timeline_end_ms(const leakdiag_timeline *timeline);
/** Number of points, 2 or more. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_timeline_len(const leakdiag_timeline *timeline);
/** The i-th point, all zero beyond the last; its phase is borrowed. @since 0.1.0 */
LEAKDIAG_API leakdiag_timeline_point leakdiag_timeline_point_at(const leakdiag_timeline *timeline,
                                                                size_t i);
/** Free @p timeline; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_timeline_free(leakdiag_timeline *timeline);

/**
 * What else is known when comparing. Start from LEAKDIAG_COMPARE_OPTIONS_INIT. The arrays are
 * borrowed for the call. Without a limit, a curve that ends in a kill says where one is expected.
 */
typedef struct leakdiag_compare_options {
    size_t size;
    int64_t has_start; /**< 1: start_ms is when the curve's clock starts; 0: at the first sample */
    int64_t start_ms;  /**< in the series' clock */
    int64_t has_now;   /**< 1: now_ms is the time of judgement; 0: the last sample */
    int64_t now_ms;    /**< in the series' clock */
    int64_t stale_after_ms;          /**< newest sample older than this: stale; 0 = never */
    double limit_bytes;              /**< 0 = none or not known */
    double soft_limit_bytes;         /**< 0 = none or not known */
    const int64_t *restart_times_ms; /**< known restarts; may be NULL */
    size_t restart_count;
    const int64_t *oom_times_ms; /**< known OOM kills; may be NULL */
    size_t oom_count;
} leakdiag_compare_options;

/* clang-format off */
#define LEAKDIAG_COMPARE_OPTIONS_INIT {sizeof(leakdiag_compare_options), 0, 0, 0, 0, 0, 0, 0, NULL, 0, NULL, 0}
/* clang-format on */

/** How a series stands against the curve. Immutable; free it with leakdiag_comparison_free(). */
typedef struct leakdiag_comparison leakdiag_comparison;

/**
 * Compare. Each climb between restarts is held against the curve on its own, with a clock that
 * starts anew; the last one decides. A climb that ended in an OOM kill is held against the time of
 * the curve's end: within 30 % it is oom-sawtooth, earlier ahead, later behind. A climb under way
 * is judged by its pace and by the band; a start level that differs is normal. One sample never
 * decides: too-early until the curve has risen by clearly more than the tolerance, and whenever the
 * samples leave two answers open.
 *
 * @param timeline Borrowed for the call.
 * @param series   Borrowed for the call.
 * @param options  NULL for the defaults. Borrowed for the call.
 * @param[out] ret Owned by the caller; free with leakdiag_comparison_free(). Untouched on failure.
 * @param[out] err NULL, or filled on failure.
 * @retval LEAKDIAG_OK            *ret is set, also without any sample (finding no-samples)
 * @retval LEAKDIAG_E_INVALID     an option is out of range, or the options' size is too small
 * @retval LEAKDIAG_E_LIMIT       more than 1024 known restarts or OOM kills
 * @retval LEAKDIAG_E_UNSUPPORTED an option of a newer version is set
 * @retval LEAKDIAG_E_NOMEM       out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_timeline_compare(
    const leakdiag_timeline *timeline, const leakdiag_series *series,
    const leakdiag_compare_options *options, leakdiag_comparison **ret, leakdiag_error *err);

/** The answer. @since 0.1.0 */
LEAKDIAG_API leakdiag_memory_finding leakdiag_comparison_finding(const leakdiag_comparison *c);
/** 1 when the first OOM kill came within +-30 % of the curve's end, else 0. @since 0.1.0 */
LEAKDIAG_API int leakdiag_comparison_is_match(const leakdiag_comparison *c);
/**
 * Seconds after its clock's start when the climb that decided left the band for good; NAN if it
 * never did. @since 0.1.0
 */
LEAKDIAG_API double leakdiag_comparison_first_deviation_s(const leakdiag_comparison *c);
/**
 * Observed pace of the climb that decided: 1 as expected, 3 when it takes three times as long; NAN
 * when it does not grow or nothing is decided. @since 0.1.0
 */
LEAKDIAG_API double leakdiag_comparison_fitted_time_ratio(const leakdiag_comparison *c);
/** When the finding is too-early: the earliest time (series' clock, ms) at which it can be decided;
 * else 0. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_comparison_decides_at_ms(const leakdiag_comparison *c);
/** Where on the curve the last sample lies, ms after the start of the climb under way. @since 0.1.0
 */
LEAKDIAG_API int64_t leakdiag_comparison_position_ms(const leakdiag_comparison *c);
/** When the clock of the climb under way started, ms in the series' clock. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_comparison_start_ms(const leakdiag_comparison *c);
/** Last observed bytes, or NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_comparison_observed_bytes(const leakdiag_comparison *c);
/** Expected bytes at that position, or NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_comparison_expected_bytes(const leakdiag_comparison *c);
/** The series' own trend; borrowed, lives as long as @p c. Never NULL. @since 0.1.0 */
LEAKDIAG_API const leakdiag_trend *leakdiag_comparison_trend(const leakdiag_comparison *c);
/**
 * One JSON object on one line, keys sorted: file (when given), finding, first_deviation_s,
 * fitted_time_ratio, match. Three decimals; null for NAN.
 *
 * @param file  NULL leaves the key out. Borrowed for the call.
 * @param[out] ret  Owned by the caller; free with leakdiag_free(). Untouched on failure.
 * @param[out] err  NULL, or filled on failure.
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_comparison_to_json(
    const leakdiag_comparison *c, const char *file, char **ret, leakdiag_error *err);
/** Free @p c; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_comparison_free(leakdiag_comparison *c);

#ifdef __cplusplus
}
#endif
#endif
