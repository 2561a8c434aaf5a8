/**
 * @file leakdiag/logs.h
 * Count patterns in a log: compile a named set once, push bytes in any chunking, read the results.
 *
 * Pure: no I/O, no clock, no global state. A compiled set may be shared by threads; a scan belongs
 * to one thread at a time. The result never depends on how the bytes were cut into chunks.
 *
 * **Lines.** A line ends at a newline; a carriage return right before it is not part of the line. A
 * last line without a newline is judged by leakdiag_scan_finish(). NUL and bytes that are not UTF-8
 * are bytes like others. Of a line longer than LEAKDIAG_LINE_MAX_BYTES only the beginning is
 * searched and kept, and leakdiag_scan_truncated() says on how many lines that happened.
 *
 * **Times.** A line carries a time when it begins with an RFC 3339 time (as `kubectl logs
 * --timestamps` writes it), or when it is a JSON object, blanks before it allowed, that has one of
 * the keys `timestamp`, `time`, `ts`, `@timestamp` with an RFC 3339 string. Only keys of the
 * outermost object count; the first that reads as a time wins; a time at the very beginning wins
 * over them all. The object need not be complete, so a line that was cut still has its time. Times
 * need an offset (`Z` or `+01:00`); seconds since 1970 as a number are not read. Times may go
 * backwards from line to line: nothing here relies on their order.
 */
#ifndef LEAKDIAG_LOGS_H
#define LEAKDIAG_LOGS_H

#include <leakdiag/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEAKDIAG_PATTERNS_MAX      256   /**< patterns in one set */
#define LEAKDIAG_PATTERN_MAX_BYTES 4096  /**< one pattern's text; the same for its name */
#define LEAKDIAG_LINE_MAX_BYTES    65536 /**< searched and kept of one line */
#define LEAKDIAG_CAPTURES_MAX      8     /**< groups of one pattern that are read as numbers */
#define LEAKDIAG_RECENT_MAX        64    /**< latest matching lines that a scan can keep */

#define LEAKDIAG_PATTERN_IGNORE_CASE 1u /**< ASCII letters match either case */
#define LEAKDIAG_PATTERN_REGEX       2u /**< a PCRE2 pattern; default is a fixed string */

/** One pattern to compile. Strings are copied. This struct never grows. */
typedef struct leakdiag_pattern {
    const char *name; /**< unique in the set, not empty, UTF-8 */
    const char *text; /**< the fixed string, or the regular expression */
    uint64_t flags;   /**< LEAKDIAG_PATTERN_… */
} leakdiag_pattern;

/** A compiled set. Immutable, shared by reference count. */
typedef struct leakdiag_patterns leakdiag_patterns;

/**
 * Compile a set. Without LEAKDIAG_PATTERN_REGEX a pattern is a fixed string and case matters.
 *
 * A regular expression sees one line at a time (`^` and `$` are its ends) and sees bytes, not
 * characters: `.` is one byte, classes and letter case know ASCII only, and `(*UTF)` is refused.
 * So a broken byte in a line never hides the rest of it.
 *
 * What a regular expression may cost is limited: PCRE2's match limit 100,000, depth 1,000 and heap
 * 1 MiB (each start in the line has its own match limit), and over the whole line 2,000,000 steps,
 * a step being an item of the pattern tried or a byte moved. A pattern that went over a limit on
 * 32 lines gets 100,000 steps a line from then on. A line that goes over a limit is counted by
 * leakdiag_scan_expensive(), never as "no match". Where PCRE2 has no just-in-time compiler the same
 * limits can be reached on other lines.
 *
 * @param list      Borrowed for the call. May be NULL when @p n is 0: such a set counts lines only.
 * @param n         How many; at most LEAKDIAG_PATTERNS_MAX.
 * @param[out] ret  Owned by the caller; give it back with leakdiag_patterns_unref().
 * @param[out] err  NULL, or filled on failure. For a bad expression err.column is the place in its
 *                  text, from 1.
 * @retval LEAKDIAG_OK         *ret is set
 * @retval LEAKDIAG_E_INVALID  a name that is empty, doubled or not UTF-8; an empty text; a fixed
 *                             string with a newline, which no line can hold; an unknown flag; a bad
 *                             expression
 * @retval LEAKDIAG_E_LIMIT    too many patterns, or a name or text that is too long
 * @retval LEAKDIAG_E_NOMEM    out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_patterns_new(const leakdiag_pattern *list,
                                                                  size_t n, leakdiag_patterns **ret,
                                                                  leakdiag_error *err);
/** One more reference to the same set, from any thread. NULL gives NULL. @since 0.1.0 */
LEAKDIAG_API leakdiag_patterns *leakdiag_patterns_ref(leakdiag_patterns *patterns);
/** Give a reference back, from any thread; the last one frees the set. NULL is fine. @since 0.1.0
 */
LEAKDIAG_API void leakdiag_patterns_unref(leakdiag_patterns *patterns);
/** Number of patterns. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_patterns_len(const leakdiag_patterns *patterns);
/** Name of pattern @p i, in the order given. Borrowed. NULL when there is no such pattern.
 * @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_patterns_name(const leakdiag_patterns *patterns, size_t i);

/** How to scan. Start from LEAKDIAG_SCAN_OPTIONS_INIT. */
typedef struct leakdiag_scan_options {
    size_t size;
    int64_t window_from_ms; /**< lines dated before this are left out of
                                 leakdiag_scan_window_count(); default 0, which leaves none out */
    int64_t window_to_ms;   /**< end of the window for leakdiag_scan_slice_count(); default 0: no
                                 slices are counted */
    size_t recent;          /**< how many of the latest matching lines to keep, all patterns
                                 together; default 0, at most LEAKDIAG_RECENT_MAX */
} leakdiag_scan_options;

/* clang-format off */
#define LEAKDIAG_SCAN_OPTIONS_INIT {sizeof(leakdiag_scan_options), 0, 0, 0}
/* clang-format on */

/** A scan in progress, then its result. Every getter may also be called in between; it then speaks
 * of the lines that are complete so far. */
typedef struct leakdiag_scan leakdiag_scan;

/**
 * Begin a scan.
 *
 * @param patterns  The scan keeps a reference of its own.
 * @param options   NULL for the defaults. Borrowed for the call.
 * @param[out] ret  Owned by the caller; free it with leakdiag_scan_free().
 * @param[out] err  NULL, or filled on failure.
 * @retval LEAKDIAG_OK             *ret is set
 * @retval LEAKDIAG_E_INVALID      no patterns, or options of a wrong size
 * @retval LEAKDIAG_E_UNSUPPORTED  an option that only a newer version knows
 * @retval LEAKDIAG_E_LIMIT        recent is more than LEAKDIAG_RECENT_MAX
 * @retval LEAKDIAG_E_NOMEM        out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_scan_new(leakdiag_patterns *patterns,
                                                              const leakdiag_scan_options *options,
                                                              leakdiag_scan **ret,
                                                              leakdiag_error *err);
/**
 * Push bytes: any cut, also inside a line, a line ending or a UTF-8 character.
 *
 * @param data  Borrowed for the call. May be NULL when @p len is 0.
 * @retval LEAKDIAG_OK         done
 * @retval LEAKDIAG_E_INVALID  after leakdiag_scan_finish(), or no data
 * @retval LEAKDIAG_E_NOMEM    out of memory. The scan ends there: the getters tell what was counted
 *                             before, and pushing, finishing and leakdiag_scan_to_json() go on to
 *                             fail like this, so that a part is not taken for the whole
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_scan_push(leakdiag_scan *scan,
                                                               const char *data, size_t len,
                                                               leakdiag_error *err);
/**
 * The input ends here: a last line without a newline is judged now. Calling it again is fine.
 *
 * @retval LEAKDIAG_OK       done
 * @retval LEAKDIAG_E_NOMEM  out of memory, now or in an earlier push
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_scan_finish(leakdiag_scan *scan,
                                                                 leakdiag_error *err);
/** Bytes pushed since the last newline, not judged yet: leakdiag_scan_bytes() less this is where a
 * reader that follows a file would start again. 0 after leakdiag_scan_finish(). @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_scan_pending_bytes(const leakdiag_scan *scan);

/** One matching line. Text is borrowed from the scan, until the next push, finish or free. This
 * struct never grows. */
typedef struct leakdiag_log_line {
    const char *text; /**< without line ending; may hold any byte; NUL-terminated for convenience */
    size_t len;       /**< bytes kept (at most LEAKDIAG_LINE_MAX_BYTES) */
    uint64_t number;  /**< line number, from 1 */
    int64_t has_time; /**< 1 when the line carries a time that could be read */
    int64_t time_ms;  /**< Unix ms; 0 without a time */
} leakdiag_log_line;

/** Lines that match pattern @p i; a line counts once however often it matches. 0 when there is no
 * such pattern. @since 0.1.0 */
LEAKDIAG_API uint64_t leakdiag_scan_count(const leakdiag_scan *scan, size_t i);
/** The same, without lines dated before window_from_ms. A line without a time is counted: it cannot
 * be shown to lie outside. @since 0.1.0 */
LEAKDIAG_API uint64_t leakdiag_scan_window_count(const leakdiag_scan *scan, size_t i);

/** Equal slices that the window is counted in. */
#define LEAKDIAG_SCAN_SLICES 20

/**
 * Matching lines dated in one slice of the window from window_from_ms to window_to_ms, so that a
 * window that has moved on can be counted without reading the log again. Lines dated after the
 * window belong to the last slice; lines without a time belong to none.
 *
 * @param i      Pattern, counted from 0.
 * @param slice  From 0 (oldest) to LEAKDIAG_SCAN_SLICES - 1.
 * @return 0 beyond the end, and when no window was given.
 * @since 0.1.0
 */
LEAKDIAG_API uint64_t leakdiag_scan_slice_count(const leakdiag_scan *scan, size_t i, size_t slice);
/** The matching line of pattern @p i that came first in the input, whatever its time. Returns 1, or
 * 0 when nothing matched and *ret is left alone. @since 0.1.0 */
LEAKDIAG_API int leakdiag_scan_first(const leakdiag_scan *scan, size_t i, leakdiag_log_line *ret);
/** The matching line of pattern @p i that came last in the input. Returns 1, or 0 when nothing
 * matched and *ret is left alone. @since 0.1.0 */
LEAKDIAG_API int leakdiag_scan_last(const leakdiag_scan *scan, size_t i, leakdiag_log_line *ret);
/** Number of groups of pattern @p i, out of the first LEAKDIAG_CAPTURES_MAX, that were read as a
 * decimal number at least once. Only regular expressions have groups, and only the first match in a
 * line is looked at. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_scan_capture_count(const leakdiag_scan *scan, size_t i);
/** The last number captured by group @p group (from 1) of pattern @p i, or NAN when it never read
 * as one. @since 0.1.0 */
LEAKDIAG_API double leakdiag_scan_capture_last(const leakdiag_scan *scan, size_t i, size_t group);
/** The smallest number captured by that group, or NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_scan_capture_min(const leakdiag_scan *scan, size_t i, size_t group);
/** The largest number captured by that group, or NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_scan_capture_max(const leakdiag_scan *scan, size_t i, size_t group);
/** Lines on which pattern @p i was given up as too expensive: the count is then a lower bound.
 * @since 0.1.0 */
LEAKDIAG_API uint64_t leakdiag_scan_expensive(const leakdiag_scan *scan, size_t i);
/** Matching lines per minute over the time that the log covers, see leakdiag_scan_time_span(). NAN
 * when fewer than two different times were seen: a rate needs a duration. @since 0.1.0 */
LEAKDIAG_API double leakdiag_scan_rate_per_min(const leakdiag_scan *scan, size_t i);
/** All lines, matching or not. @since 0.1.0 */
LEAKDIAG_API uint64_t leakdiag_scan_lines(const leakdiag_scan *scan);
/** All bytes pushed. @since 0.1.0 */
LEAKDIAG_API uint64_t leakdiag_scan_bytes(const leakdiag_scan *scan);
/** Lines longer than LEAKDIAG_LINE_MAX_BYTES, of which only the beginning was searched: counts are
 * then lower bounds. @since 0.1.0 */
LEAKDIAG_API uint64_t leakdiag_scan_truncated(const leakdiag_scan *scan);
/** Earliest and latest time that any line carried, matching or not. Returns 1, or 0 when no line
 * carried one and the outputs are left alone. @since 0.1.0 */
LEAKDIAG_API int leakdiag_scan_time_span(const leakdiag_scan *scan, int64_t *ret_from_ms,
                                         int64_t *ret_to_ms);
/** How many of the latest matching lines are kept; see leakdiag_scan_options::recent. @since 0.1.0
 */
LEAKDIAG_API size_t leakdiag_scan_recent_len(const leakdiag_scan *scan);
/**
 * Kept line @p i, oldest first. A line that matches several patterns is kept once.
 *
 * @param[out] ret_pattern  index of the first pattern that matched it; may be NULL.
 * @return  The line; all zero when there is no such line, and *ret_pattern is then left alone.
 * @since 0.1.0
 */
LEAKDIAG_API leakdiag_log_line leakdiag_scan_recent(const leakdiag_scan *scan, size_t i,
                                                    size_t *ret_pattern);
/** 1 when kept line @p i matches pattern @p pattern, else 0. @since 0.1.0 */
LEAKDIAG_API int leakdiag_scan_recent_matches(const leakdiag_scan *scan, size_t i, size_t pattern);
/**
 * The result as JSON, on one line, keys sorted:
 * `{"NAME": {"count": n, "first": {"line": text, "t": seconds|null}|null, "last": …}}`.
 * `t` is in Unix seconds. A pattern that was given up on lines also has `"expensive": n`; one that
 * captured numbers has `"captures": {"GROUP": {"last": x, "max": x, "min": x}}`.
 * Bytes that are not UTF-8 become U+FFFD.
 *
 * @param[out] ret  Owned by the caller; free it with leakdiag_free().
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_NOMEM  out of memory, now or while scanning
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
