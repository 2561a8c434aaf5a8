/**
 * @file leakdiag/report.h
 * A diagnosis as text for people, JSON for programs, JUnit for CI.
 *
 * Pure: it makes text, it prints nothing. Everything from outside is escaped.
 */
#ifndef LEAKDIAG_REPORT_H
#define LEAKDIAG_REPORT_H

#include <leakdiag/diagnosis.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Forms of a report. Values never change. */
typedef enum leakdiag_format {
    LEAKDIAG_FORMAT_TEXT = 0,  /**< one line per check, cause and next command at the end, plot */
    LEAKDIAG_FORMAT_JSON = 1,  /**< schema leakdiag.diagnosis/1, keys sorted */
    LEAKDIAG_FORMAT_JUNIT = 2, /**< one testcase per check; unknown and blocked are skipped */
    LEAKDIAG_FORMAT_QUICK = 3  /**< the runbook's five answers, each beside its expectation */
} leakdiag_format;

/** How to write. Start from LEAKDIAG_REPORT_OPTIONS_INIT. */
typedef struct leakdiag_report_options {
    size_t size;
    int64_t color;   /**< 1: ANSI colours (words say the same) */
    int64_t ascii;   /**< 1: no character beyond ASCII */
    int64_t columns; /**< width of the terminal; 0 = 80 */
    int64_t verbose; /**< 1: also checks that pass, sources, equivalent commands */
} leakdiag_report_options;

/* clang-format off */
#define LEAKDIAG_REPORT_OPTIONS_INIT {sizeof(leakdiag_report_options), 0, 0, 0, 0}
/* clang-format on */

/**
 * @param[out] ret  Free with leakdiag_free(). Ends in a newline.
 * @retval LEAKDIAG_E_INVALID  no such format
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_report_render(const leakdiag_diagnosis *diagnosis, leakdiag_format format,
                       const leakdiag_report_options *options, char **ret, leakdiag_error *err);

/**
 * Explain one check of a diagnosis: question, finding, evidence, what each finding of its kind
 * means, the same question by hand.
 * @retval LEAKDIAG_E_NOT_FOUND  no check or cause of that id (names the nearest)
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_report_explain(
    const leakdiag_scenario *scenario, const char *id, char **ret, leakdiag_error *err);

#ifdef __cplusplus
}
#endif
#endif
