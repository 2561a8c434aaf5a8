/**
 * @file leakdiag/series.h
 * A memory series, and what it says alone: is this leaking, how fast, when is the limit reached.
 *
 * Pure: no I/O, no clock, no global state. Every function may be called from any thread;
 * a finished series or trend never changes. The same input gives the same bits on every machine.
 * The method stands in libleakdiag/series/trend.c, step by step.
 */
#ifndef LEAKDIAG_SERIES_H
#define LEAKDIAG_SERIES_H

#include <leakdiag/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most points one series may have. */
#define LEAKDIAG_SERIES_MAX_POINTS 1000000

/** Times and values. Immutable, shared by reference count. */
typedef struct leakdiag_series leakdiag_series;

/**
 * Make a series from arrays, which are copied.
 *
 * @param times_ms  Unix milliseconds (or any clock in ms); any order, repeats allowed: they are
 * kept as given, cleaning belongs to the analysis.
 * @param values    Bytes. Must be finite, not negative and at most 2^63; leave a missing sample
 * out.
 * @param n         May be 0.
 * @param[out] ret  Owned by the caller: one reference. Untouched on failure.
 * @param[out] err  NULL, or filled on failure.
 * @retval LEAKDIAG_OK         *ret is set
 * @retval LEAKDIAG_E_INVALID  a value is not finite, negative or too large (names its index)
 * @retval LEAKDIAG_E_LIMIT    more than LEAKDIAG_SERIES_MAX_POINTS
 * @retval LEAKDIAG_E_NOMEM    out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_series_new(const int64_t *times_ms,
                                                                const double *values, size_t n,
                                                                leakdiag_series **ret,
                                                                leakdiag_error *err);

/**
 * Read a CSV with a header that has the columns `t` (seconds, fractions allowed) and `ws` (bytes);
 * other columns are ignored. An empty `ws` cell is a missing sample. CRLF and a byte order mark are
 * fine.
 *
 * Times are rounded to whole milliseconds.
 *
 * @param data  Borrowed for the call; need not end in NUL.
 * @param len   Bytes at @p data.
 * @param[out] ret  Owned by the caller: one reference. Untouched on failure.
 * @param[out] err  NULL, or filled on failure.
 * @retval LEAKDIAG_OK         *ret is set; a header alone gives an empty series
 * @retval LEAKDIAG_E_INVALID  no such header or a cell is not a number (err has line and column)
 * @retval LEAKDIAG_E_LIMIT    too many rows, or a row longer than 64 KiB
 * @retval LEAKDIAG_E_NOMEM    out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_series_from_csv(const char *data, size_t len,
                                                                     leakdiag_series **ret,
                                                                     leakdiag_error *err);

/**
 * One more reference to the same series; give each back with leakdiag_series_unref(). From any
 * thread.
 *
 * @param series  Not NULL.
 * @return @p series, never NULL.
 * @since 0.1.0
 */
LEAKDIAG_API leakdiag_series *leakdiag_series_ref(leakdiag_series *series);
/** Give a reference back; the last one frees it. NULL is fine. From any thread. @since 0.1.0 */
LEAKDIAG_API void leakdiag_series_unref(leakdiag_series *series);
/** Number of points, 0 or more. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_series_len(const leakdiag_series *series);
/** Times in ms, as given; borrowed, leakdiag_series_len() entries. @since 0.1.0 */
LEAKDIAG_API const int64_t *leakdiag_series_times_ms(const leakdiag_series *series);
/** Values in bytes; borrowed, leakdiag_series_len() entries. @since 0.1.0 */
LEAKDIAG_API const double *leakdiag_series_values(const leakdiag_series *series);

/** Is it leaking? */
typedef enum leakdiag_leak_verdict {
    LEAKDIAG_LEAK_TOO_EARLY = 0, /**< too few points or too short to say */
    LEAKDIAG_LEAK_NO = 1,
    LEAKDIAG_LEAK_YES = 2
} leakdiag_leak_verdict;

/** Shape of a trace. Values never change. */
typedef enum leakdiag_trace_class {
    LEAKDIAG_TRACE_UNKNOWN = 0,
    LEAKDIAG_TRACE_FLAT = 1,
    LEAKDIAG_TRACE_STEADY = 2,
    LEAKDIAG_TRACE_BURSTY = 3,
    LEAKDIAG_TRACE_HIDDEN = 4,
    LEAKDIAG_TRACE_GC_BOUND = 5,
    LEAKDIAG_TRACE_OOM_SAWTOOTH = 6,
    LEAKDIAG_TRACE_WARM_UP = 7,
    LEAKDIAG_TRACE_CACHE_FILL = 8,
    LEAKDIAG_TRACE_PERIODIC = 9,
    LEAKDIAG_TRACE_STEP = 10,
    LEAKDIAG_TRACE_PLATEAU = 11,
    LEAKDIAG_TRACE_DRAIN = 12,
    LEAKDIAG_TRACE_NOISY = 13
} leakdiag_trace_class;

/**
 * The memory findings: the only words for how memory behaves. Values never change.
 * Without an expected curve (leakdiag_trend_finding()) "ahead" says: growing, though nothing
 * should.
 */
typedef enum leakdiag_memory_finding {
    LEAKDIAG_MEMORY_NO_SAMPLES = 0,
    LEAKDIAG_MEMORY_STALE = 1,     /**< the newest sample is too old to speak of now */
    LEAKDIAG_MEMORY_TOO_EARLY = 2, /**< nothing can be said yet; an earliest time can */
    LEAKDIAG_MEMORY_ON_TRACK = 3,
    LEAKDIAG_MEMORY_AHEAD = 4,
    LEAKDIAG_MEMORY_BEHIND = 5,
    LEAKDIAG_MEMORY_FLAT = 6,
    LEAKDIAG_MEMORY_PLATEAU = 7,  /**< rose, then stopped below the limit */
    LEAKDIAG_MEMORY_GC_BOUND = 8, /**< a runtime's soft limit holds it */
    LEAKDIAG_MEMORY_STEP = 9,
    LEAKDIAG_MEMORY_SHRINKING = 10,
    LEAKDIAG_MEMORY_OOM_SAWTOOTH = 11 /**< climbs, is killed, starts again */
} leakdiag_memory_finding;

/** As a word: "leak", "no-leak", "too-early". @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_leak_verdict_name(leakdiag_leak_verdict verdict);
/** As a word: "flat", "steady", … "unknown". @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_trace_class_name(leakdiag_trace_class trace_class);
/** As a word: "on-track", "ahead", … @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_memory_finding_name(leakdiag_memory_finding finding);

/**
 * How to analyse. Start from LEAKDIAG_TREND_OPTIONS_INIT. The arrays are borrowed for the call and
 * hold at most 1024 times each, in the series' clock. Without a limit no OOM kill is read from the
 * values and no time to the limit is given.
 */
typedef struct leakdiag_trend_options {
    size_t size;
    double limit_bytes;              /**< container limit; 0 = none or not known */
    double soft_limit_bytes;         /**< GOMEMLIMIT and kin; 0 = none or not known */
    const int64_t *restart_times_ms; /**< restarts known from elsewhere; may be NULL */
    size_t restart_count;
    const int64_t *oom_times_ms; /**< OOM kills known from elsewhere (also restarts); may be NULL */
    size_t oom_count;
    double time_scale; /**< a timeline compressed 30 times is 30: the constants that are times (60 s
                            segments, 9 s polling, …) are divided by it; 0 = 1 */
} leakdiag_trend_options;

/* clang-format off */
#define LEAKDIAG_TREND_OPTIONS_INIT {sizeof(leakdiag_trend_options), 0, 0, NULL, 0, NULL, 0, 0}
/* clang-format on */

/** What a series says alone. Immutable; free it with leakdiag_trend_free(). */
typedef struct leakdiag_trend leakdiag_trend;

/**
 * Clean the series, split it at restarts, and judge the segment that counts.
 *
 * Minimum envelope, Theil-Sen slope with a block-bootstrap interval, a logistic verdict over four
 * features of the shape. A drop counts as an OOM kill when the limit was within reach, as a restart
 * when it ends near zero or after a pause.
 *
 * @param series   Borrowed for the call. Any length; too few points give "too-early".
 * @param options  NULL for the defaults.
 * @param[out] ret Owned by the caller; free with leakdiag_trend_free(). Untouched on failure.
 * @param[out] err NULL, or filled on failure.
 * @retval LEAKDIAG_OK            *ret is set
 * @retval LEAKDIAG_E_INVALID     an option is out of range, or the options' size is too small
 * @retval LEAKDIAG_E_LIMIT       more than 1024 known restarts or OOM kills
 * @retval LEAKDIAG_E_UNSUPPORTED an option of a newer version is set
 * @retval LEAKDIAG_E_NOMEM       out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_series_analyze(const leakdiag_series *series, const leakdiag_trend_options *options,
                        leakdiag_trend **ret, leakdiag_error *err);

/**
 * Is it leaking? "Too early" when no stretch between restarts has 6 samples over 60 s (divided by
 * time_scale). @since 0.1.0
 */
LEAKDIAG_API leakdiag_leak_verdict leakdiag_trend_verdict(const leakdiag_trend *trend);
/** 0 (surely not) to 1 (surely) leaking, leak from 0.5 on; NAN when too early. @since 0.1.0 */
LEAKDIAG_API double leakdiag_trend_score(const leakdiag_trend *trend);
/**
 * 1 when the score is close to the threshold, when the growth is too small to count, or when it is
 * too early; else 0. @since 0.1.0
 */
LEAKDIAG_API int leakdiag_trend_is_unsure(const leakdiag_trend *trend);
/**
 * Growth of the working set in bytes per second of the series' clock; negative when shrinking; NAN
 * when too early. @since 0.1.0
 */
LEAKDIAG_API double leakdiag_trend_slope_bytes_per_s(const leakdiag_trend *trend);
/** Lower end of the slope's 95 % interval, bytes per second, or NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_trend_slope_lo_bytes_per_s(const leakdiag_trend *trend);
/** Upper end of the slope's 95 % interval, bytes per second, or NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_trend_slope_hi_bytes_per_s(const leakdiag_trend *trend);
/**
 * Seconds from the last sample until the limit is reached at this pace; NAN without a limit or when
 * the verdict is not "leak". @since 0.1.0
 */
LEAKDIAG_API double leakdiag_trend_ttl_s(const leakdiag_trend *trend);
/** The earliest it may be reached, seconds, or NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_trend_ttl_lo_s(const leakdiag_trend *trend);
/** The latest it may be reached, seconds, or NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_trend_ttl_hi_s(const leakdiag_trend *trend);
/** Where memory stands at the end of the series, in bytes; NAN without samples. @since 0.1.0 */
LEAKDIAG_API double leakdiag_trend_level_bytes(const leakdiag_trend *trend);
/** A word for the shape; "unknown" when too early. @since 0.1.0 */
LEAKDIAG_API leakdiag_trace_class leakdiag_trend_trace_class(const leakdiag_trend *trend);
/**
 * The shape as a memory finding, without any expected curve: no-samples, too-early, ahead (a leak),
 * oom-sawtooth, plateau (rose, then rose ever less), gc-bound, step, shrinking or flat. @since
 * 0.1.0
 */
LEAKDIAG_API leakdiag_memory_finding leakdiag_trend_finding(const leakdiag_trend *trend);
/** Number of OOM kills, known ones included. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_trend_oom_count(const leakdiag_trend *trend);
/** When the i-th OOM kill was, ms in the series' clock, by time; 0 beyond the last. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_trend_oom_time_ms(const leakdiag_trend *trend, size_t i);
/** Number of restarts, known ones and OOM kills included. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_trend_restart_count(const leakdiag_trend *trend);
/** When the i-th restart was, ms in the series' clock, by time; 0 beyond the last. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_trend_restart_time_ms(const leakdiag_trend *trend, size_t i);
/** First time of the judged segment, ms in the series' clock; 0 when there is none. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_trend_segment_from_ms(const leakdiag_trend *trend);
/** Last time of the judged segment, ms in the series' clock; 0 when there is none. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_trend_segment_to_ms(const leakdiag_trend *trend);

/**
 * One JSON object on one line, keys sorted: class, leak, oom_times, restart_times, score, slope,
 * slope_hi, slope_lo, ttl, ttl_hi, ttl_lo, unsure, verdict. Seconds and bytes; null when unknown.
 *
 * Slopes have three decimals, the score four.
 *
 * @param file  Adds the key `file`; NULL leaves it out. Borrowed for the call.
 * @param[out] ret  Owned by the caller; free with leakdiag_free(). Untouched on failure.
 * @param[out] err  NULL, or filled on failure.
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_trend_to_json(const leakdiag_trend *trend,
                                                                   const char *file, char **ret,
                                                                   leakdiag_error *err);

/** Free @p trend; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_trend_free(leakdiag_trend *trend);

#ifdef __cplusplus
}
#endif
#endif
