/**
 * @file leakdiag/logs.h
 * Count patterns in a log: compile a named set once, push bytes in any chunking, read the results.
 *
 * Pure: no I/O, no clock. A compiled set may be shared by threads; a scan belongs to one thread.
 * The result never depends on how the bytes were cut into chunks.
 */
#ifndef LEAKDIAG_LOGS_H
#define LEAKDIAG_LOGS_H

#include <leakdiag/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEAKDIAG_PATTERNS_MAX       256     /**< patterns in one set */
#define LEAKDIAG_PATTERN_MAX_BYTES  4096    /**< one pattern's text */
#define LEAKDIAG_LINE_MAX_BYTES     65536   /**< kept of one line; the rest is counted, not searched */
#define LEAKDIAG_CAPTURES_MAX       8       /**< numeric captures of one pattern */

#define LEAKDIAG_PATTERN_IGNORE_CASE 1u /**< ASCII letters match either case */
#define LEAKDIAG_PATTERN_REGEX       2u /**< a PCRE2 pattern; default is a fixed string */

/** One pattern to compile. Strings are copied. */
typedef struct leakdiag_pattern {
    const char *name; /**< unique in the set, not empty */
    const char *text; /**< the fixed string, or the regular expression */
    uint64_t flags;   /**< LEAKDIAG_PATTERN_… */
} leakdiag_pattern;

/** A compiled set. Immutable, shared by reference count. */
typedef struct leakdiag_patterns leakdiag_patterns;

/**
 * Compile a set.
 * A regular expression is matched per line with limits (match 100,000, depth 1,000, heap 1 MiB):
 * a line that is too expensive is counted as such, never as "no match".
 *
 * @retval LEAKDIAG_OK         *ret is set
 * @retval LEAKDIAG_E_INVALID  empty or doubled name, empty text, bad expression (err.column = offset + 1)
 * @retval LEAKDIAG_E_LIMIT    too many or too long
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_patterns_new(const leakdiag_pattern *list,
                                                                  size_t n, leakdiag_patterns **ret,
                                                                  leakdiag_error *err);
LEAKDIAG_API leakdiag_patterns *leakdiag_patterns_ref(leakdiag_patterns *patterns);
LEAKDIAG_API void leakdiag_patterns_unref(leakdiag_patterns *patterns);
LEAKDIAG_API size_t leakdiag_patterns_len(const leakdiag_patterns *patterns);
/** Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_patterns_name(const leakdiag_patterns *patterns, size_t i);

/** How to scan. Start from LEAKDIAG_SCAN_OPTIONS_INIT. */
typedef struct leakdiag_scan_options {
    size_t size;
    int64_t window_from_ms; /**< lines dated before this are left out of window_count(); 0 = none are */
    size_t recent;          /**< how many of the latest matching lines to keep, all patterns together;
                                 default 0, at most 64 */
} leakdiag_scan_options;

/* clang-format off */
#define LEAKDIAG_SCAN_OPTIONS_INIT {sizeof(leakdiag_scan_options), 0, 0}
/* clang-format on */

/** A scan in progress, then its result. */
typedef struct leakdiag_scan leakdiag_scan;

/**
 * @param patterns  The scan keeps a reference.
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_scan_new(leakdiag_patterns *patterns,
                                                              const leakdiag_scan_options *options,
                                                              leakdiag_scan **ret,
                                                              leakdiag_error *err);
/**
 * Push bytes: any cut, also inside a line or a UTF-8 character; NUL bytes are bytes like others.
 * @retval LEAKDIAG_E_INVALID  after leakdiag_scan_finish()
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_scan_push(leakdiag_scan *scan,
                                                               const char *data, size_t len,
                                                               leakdiag_error *err);
/** The input ends here: a last line without a newline is judged now. Calling it again is fine. @since 0.1.0 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_scan_finish(leakdiag_scan *scan,
                                                                 leakdiag_error *err);
/** Bytes of an unfinished last line that are held back (for a reader that follows a file). @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_scan_pending_bytes(const leakdiag_scan *scan);

/** One matching line. Text is borrowed from the scan. */
typedef struct leakdiag_log_line {
    const char *text; /**< without line ending; may hold any byte; NUL-terminated for convenience */
    size_t len;       /**< bytes kept (at most LEAKDIAG_LINE_MAX_BYTES) */
    uint64_t number;  /**< line number, from 1 */
    int64_t has_time; /**< 1 when the line carries a time that could be read */
    int64_t time_ms;  /**< Unix ms */
} leakdiag_log_line;

/** Lines that match pattern @p i (a line counts once however often it matches). @since 0.1.0 */
LEAKDIAG_API uint64_t leakdiag_scan_count(const leakdiag_scan *scan, size_t i);
/** The same, without lines dated before window_from_ms. @since 0.1.0 */
LEAKDIAG_API uint64_t leakdiag_scan_window_count(const leakdiag_scan *scan, size_t i);
/** First and last matching line. Returns 0 when nothing matched and leaves *ret alone. @since 0.1.0 */
LEAKDIAG_API int leakdiag_scan_first(const leakdiag_scan *scan, size_t i, leakdiag_log_line *ret);
LEAKDIAG_API int leakdiag_scan_last(const leakdiag_scan *scan, size_t i, leakdiag_log_line *ret);
/** Number of groups of pattern @p i that were read as numbers at least once. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_scan_capture_count(const leakdiag_scan *scan, size_t i);
/** The last number captured by group @p group (from 1) of pattern @p i, or NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_scan_capture_last(const leakdiag_scan *scan, size_t i, size_t group);
/** Smallest and largest number captured by that group, or NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_scan_capture_min(const leakdiag_scan *scan, size_t i, size_t group);
LEAKDIAG_API double leakdiag_scan_capture_max(const leakdiag_scan *scan, size_t i, size_t group);
/** Lines on which pattern @p i was given up as too expensive: the count is then a lower bound. @since 0.1.0 */
LEAKDIAG_API uint64_t leakdiag_scan_expensive(const leakdiag_scan *scan, size_t i);
/** Matching lines per minute over the time that the log covers, or NAN when that is not known. @since 0.1.0 */
LEAKDIAG_API double leakdiag_scan_rate_per_min(const leakdiag_scan *scan, size_t i);
/** All lines, matching or not. @since 0.1.0 */
LEAKDIAG_API uint64_t leakdiag_scan_lines(const leakdiag_scan *scan);
/** All bytes pushed. @since 0.1.0 */
LEAKDIAG_API uint64_t leakdiag_scan_bytes(const leakdiag_scan *scan);
/** Lines longer than LEAKDIAG_LINE_MAX_BYTES, of which only the beginning was searched. @since 0.1.0 */
LEAKDIAG_API uint64_t leakdiag_scan_truncated(const leakdiag_scan *scan);
/** Earliest and latest time any line carried. Returns 0 when no line carried one. @since 0.1.0 */
LEAKDIAG_API int leakdiag_scan_time_span(const leakdiag_scan *scan, int64_t *ret_from_ms,
                                         int64_t *ret_to_ms);
/** Kept latest matching lines, oldest first; see leakdiag_scan_options::recent. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_scan_recent_len(const leakdiag_scan *scan);
/** @param[out] ret_pattern  index of the first pattern that matched it; may be NULL. @since 0.1.0 */
LEAKDIAG_API leakdiag_log_line leakdiag_scan_recent(const leakdiag_scan *scan, size_t i,
                                                    size_t *ret_pattern);
/**
 * {"NAME": {"count": n, "first": {"line": text, "t": seconds|null}|null, "last": …}} on one line.
 * Bytes that are not UTF-8 become U+FFFD.
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_scan_to_json(const leakdiag_scan *scan,
                                                                  char **ret, leakdiag_error *err);
/** Free it; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_scan_free(leakdiag_scan *scan);

#ifdef __cplusplus
}
#endif
#endif
