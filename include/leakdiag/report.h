/**
 * @file leakdiag/report.h
 * A diagnosis as text for people, JSON for programs, JUnit for CI.
 *
 * Pure: it makes text, it prints nothing, and the same diagnosis gives the same bytes everywhere.
 * What came from outside is escaped: no control character, no text that reorders or hides other
 * text, and no markup of its own gets into a report. Every function may be called from any thread.
 */
#ifndef LEAKDIAG_REPORT_H
#define LEAKDIAG_REPORT_H

#include <leakdiag/diagnosis.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Forms of a report. Values never change. */
typedef enum leakdiag_format {
    /** For people: the verdict, one line per check with the first broken link marked, memory over
     * time against its expected band, the causes with evidence for and against, and the next
     * command in the last line. */
    LEAKDIAG_FORMAT_TEXT = 0,
    /**
     * For programs: one JSON object on one line, schema `leakdiag.diagnosis/1`, keys sorted. Every
     * fact of the text is in it. Times are RFC 3339 texts; what is not known is null; names say
     * their unit. Members:
     *  - `schema scenario now verdict exit_code summary next decided decides_at first_broken
     *    has_evidence`
     *  - `checks [{id, kind, asks, finding, outcome, observed, expected, reason, blocked_by,
     *    configured, first_broken, source, time, command}]`
     *  - `causes [{id, title, confidence, for [], against [], refuted_by, prediction, fix,
     *    command}]`, the most likely first
     *  - `predictions {ttl_s, ttl_lo_s, ttl_hi_s}`: seconds until the memory limit; all three
     *    are null when none is predicted
     *  - `memory {samples, from_s, to_s, limit_bytes, soft_limit_bytes, oom_kills, oom_times_s [],
     *    restart_times_s [], class, slope_bytes_per_s, slope_lo_bytes_per_s,
     *    slope_hi_bytes_per_s, start_s, position_s, fitted_time_ratio, first_deviation_s}`; times
     *    in the clock of the samples, which for live sources is Unix time
     *  - `quick {flag, memory, flag_seen, flag_lines [{line, time}], orders, limit}`: the five
     *    answers, each with `check, finding, outcome, observed, expected, reason` (null when the
     *    scenario does not ask) and its numbers: `flag.{state, value_json, variant}`,
     *    `memory.{bytes, time_s, expected_bytes, expected_lo_bytes, expected_hi_bytes}`,
     *    `orders.{rate_per_min, window_s, count, of}`, `limit.bytes`
     *  - `sources [{kind, source, status, error, time, latency_ms, looks, looks_failed}]`: the
     *    latest look at each; `error` says why there is nothing
     *
     * Members are only ever added.
     */
    LEAKDIAG_FORMAT_JSON = 1,
    /** For CI: JUnit XML, one test case per check. A check that fails is a failure, one that is
     * unknown or blocked is skipped with its reason, a warning passes and says so. */
    LEAKDIAG_FORMAT_JUNIT = 2,
    /** For people in a hurry: the runbook's five answers (flag value, memory now, the last three
     * flag lines, orders as rate, count and window, limit), each beside its expectation. One that
     * is missing says why and how to ask by hand, and hides none of the others. */
    LEAKDIAG_FORMAT_QUICK = 3
} leakdiag_format;

/** How to write. Start from LEAKDIAG_REPORT_OPTIONS_INIT. JSON and JUnit look at none of them. */
typedef struct leakdiag_report_options {
    size_t size;
    int64_t color;   /**< 1: ANSI colours; words say the same. Each line closes its own */
    int64_t ascii;   /**< 1: no character beyond ASCII */
    int64_t columns; /**< width of the terminal, 20 to 1,000; 0 = 80. A line is longer only when one
                          word is */
    int64_t verbose; /**< 1: also checks that no source could answer; reasons, sources with their
                          age, and the same question by hand */
} leakdiag_report_options;

/* clang-format off */
#define LEAKDIAG_REPORT_OPTIONS_INIT {sizeof(leakdiag_report_options), 0, 0, 0, 0}
/* clang-format on */

/**
 * Write a report.
 *
 * @param diagnosis  Borrowed for the call.
 * @param format     One of #leakdiag_format.
 * @param options    NULL for the defaults. Borrowed for the call.
 * @param[out] ret   UTF-8 that ends in a newline. Free with leakdiag_free(). Untouched on failure.
 * @param[out] err   NULL, or filled on failure.
 * @retval LEAKDIAG_OK             *ret is set
 * @retval LEAKDIAG_E_INVALID      no diagnosis, no such format, or options of a wrong size
 * @retval LEAKDIAG_E_UNSUPPORTED  an option that only a newer version knows
 * @retval LEAKDIAG_E_NOMEM        out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_report_render(const leakdiag_diagnosis *diagnosis, leakdiag_format format,
                       const leakdiag_report_options *options, char **ret, leakdiag_error *err);

/**
 * Explain a check or a cause of a scenario, without looking at anything. A check: its question,
 * what each finding of its kind means and comes to here, what it needs, what it blocks, which
 * causes use it, and the same question by hand. A cause: when it fires, what rules it out, what
 * supports it and speaks against it, what would refute it, and the fix. Where a check and a cause
 * share a name, both.
 *
 * @param scenario  Borrowed for the call.
 * @param id        "flag.value", "limit-too-high".
 * @param[out] ret  Text of at most 80 columns, ending in a newline. Free with leakdiag_free().
 *                  Untouched on failure.
 * @param[out] err  NULL, or filled on failure.
 * @retval LEAKDIAG_OK           *ret is set
 * @retval LEAKDIAG_E_INVALID    no scenario or no id
 * @retval LEAKDIAG_E_NOT_FOUND  no check or cause of that id (names the nearest)
 * @retval LEAKDIAG_E_NOMEM      out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_report_explain(
    const leakdiag_scenario *scenario, const char *id, char **ret, leakdiag_error *err);

#ifdef __cplusplus
}
#endif
#endif
