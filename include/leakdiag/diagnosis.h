/**
 * @file leakdiag/diagnosis.h
 * The judgement: checks in causal order, what is broken first, ranked causes, predictions.
 *
 * A pure function of a scenario and an observation: same input, same result, in every language.
 * A finished diagnosis never changes and may be read from any thread.
 *
 * Texts are borrowed: they live as long as the diagnosis (the results) they came from. Beyond the
 * end a text is NULL, an outcome UNKNOWN, a confidence POSSIBLE, a time or count 0. No pointer but
 * that of a `_free()` may be NULL.
 */
#ifndef LEAKDIAG_DIAGNOSIS_H
#define LEAKDIAG_DIAGNOSIS_H

#include <leakdiag/observation.h>
#include <leakdiag/scenario.h>
#include <leakdiag/series.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a check came to. Missing data is `unknown`: never green, never zero. Values never change.
 */
typedef enum leakdiag_outcome {
    LEAKDIAG_OUTCOME_PASS = 0,
    LEAKDIAG_OUTCOME_WARN = 1,
    LEAKDIAG_OUTCOME_FAIL = 2,
    LEAKDIAG_OUTCOME_UNKNOWN = 3, /**< could not be judged */
    LEAKDIAG_OUTCOME_BLOCKED = 4  /**< something before it in the chain is broken */
} leakdiag_outcome;

/** The whole. Values never change. */
typedef enum leakdiag_verdict {
    LEAKDIAG_VERDICT_AS_EXPECTED = 0,     /**< exit code 0 */
    LEAKDIAG_VERDICT_WARNING = 1,         /**< exit code 4 */
    LEAKDIAG_VERDICT_NOT_AS_EXPECTED = 2, /**< exit code 3 */
    LEAKDIAG_VERDICT_INCONCLUSIVE = 3     /**< exit code 5 */
} leakdiag_verdict;

/** How sure a cause is whose conditions hold, by stated rules: `confirmed` when an independent
 * finding supports it and none speaks against it; `possible` when one speaks against it and none
 * supports it; `likely` is all between. Values never change. */
typedef enum leakdiag_confidence {
    LEAKDIAG_CONFIDENCE_POSSIBLE = 0,
    LEAKDIAG_CONFIDENCE_LIKELY = 1,
    LEAKDIAG_CONFIDENCE_CONFIRMED = 2
} leakdiag_confidence;

/** "pass", "warn", "fail", "unknown", "blocked". @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_outcome_name(leakdiag_outcome outcome);
/** "as-expected", "warning", "not-as-expected", "inconclusive". @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_verdict_name(leakdiag_verdict verdict);
/** "possible", "likely", "confirmed". @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_confidence_name(leakdiag_confidence confidence);

/** The judgement. Immutable. */
typedef struct leakdiag_diagnosis leakdiag_diagnosis;

/**
 * Judge an observation.
 *
 * @param scenario     A reference is kept.
 * @param observation  A reference is kept.
 * @param[out] ret     Owned by the caller; free with leakdiag_diagnosis_free().
 * @retval LEAKDIAG_OK         *ret is set; missing evidence is a result, not an error
 * @retval LEAKDIAG_E_INVALID  the scenario or the observation is NULL
 * @retval LEAKDIAG_E_LIMIT    more than 1024 restarts in the observation
 * @retval LEAKDIAG_E_NOMEM    out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_diagnose(leakdiag_scenario *scenario,
                                                              leakdiag_observation *observation,
                                                              leakdiag_diagnosis **ret,
                                                              leakdiag_error *err);

/** What the whole comes to. @since 0.1.0 */
LEAKDIAG_API leakdiag_verdict leakdiag_diagnosis_verdict(const leakdiag_diagnosis *diagnosis);
/** Exit code of a command that reports it: 0 as-expected, 4 warning, 3 not-as-expected, 5
 * inconclusive. @since 0.1.0 */
LEAKDIAG_API int leakdiag_diagnosis_exit_code(const leakdiag_diagnosis *diagnosis);
/** One sentence that says the verdict and its reason. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_diagnosis_summary(const leakdiag_diagnosis *diagnosis);
/** The command to run next, or "". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_diagnosis_next(const leakdiag_diagnosis *diagnosis);
/** 1 when looking longer can not change the memory finding's kind: what `--until decided` waits
 * for. @since 0.1.0 */
LEAKDIAG_API int leakdiag_diagnosis_is_decided(const leakdiag_diagnosis *diagnosis);
/** When too early: the earliest time at which memory can be judged, Unix ms; else 0. @since 0.1.0
 */
LEAKDIAG_API int64_t leakdiag_diagnosis_decides_at_ms(const leakdiag_diagnosis *diagnosis);
/** 1 when at least one source answered. @since 0.1.0 */
LEAKDIAG_API int leakdiag_diagnosis_has_evidence(const leakdiag_diagnosis *diagnosis);

/** Number of checks: all those of the scenario, in its order. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_diagnosis_check_count(const leakdiag_diagnosis *diagnosis);
/** Index of a check by id, or leakdiag_diagnosis_check_count(). @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_diagnosis_find_check(const leakdiag_diagnosis *diagnosis,
                                                  const char *id);
/** "flag.value". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_check_id(const leakdiag_diagnosis *diagnosis, size_t i);
/** "flag-value". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_check_kind(const leakdiag_diagnosis *diagnosis, size_t i);
/** The question it asks. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_check_asks(const leakdiag_diagnosis *diagnosis, size_t i);
/** A word of its kind's closed set, or NULL when there is nothing to find. Borrowed. @since 0.1.0
 */
LEAKDIAG_API const char *leakdiag_check_finding(const leakdiag_diagnosis *diagnosis, size_t i);
/** What the check came to; UNKNOWN beyond the end. @since 0.1.0 */
LEAKDIAG_API leakdiag_outcome leakdiag_check_outcome(const leakdiag_diagnosis *diagnosis, size_t i);
/** What was observed, for people: "100 (variant on)". Borrowed; "" when nothing was. @since 0.1.0
 */
LEAKDIAG_API const char *leakdiag_check_observed(const leakdiag_diagnosis *diagnosis, size_t i);
/** What was expected, for people: "300". Borrowed; "" when nothing is. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_check_expected(const leakdiag_diagnosis *diagnosis, size_t i);
/** Why it is so, one sentence. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_check_reason(const leakdiag_diagnosis *diagnosis, size_t i);
/** The check that blocks it, or NULL. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_check_blocked_by(const leakdiag_diagnosis *diagnosis, size_t i);
/** Where the fact came from, or "". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_check_source(const leakdiag_diagnosis *diagnosis, size_t i);
/** When the fact was collected, Unix ms, or 0. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_check_time_ms(const leakdiag_diagnosis *diagnosis, size_t i);
/** The same question by hand (kubectl, curl), or "". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_check_command(const leakdiag_diagnosis *diagnosis, size_t i);

/** Number of likely causes; 0 when none of the scenario fits. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_diagnosis_cause_count(const leakdiag_diagnosis *diagnosis);
/** "flag-not-applied"; the first is the most likely. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cause_id(const leakdiag_diagnosis *diagnosis, size_t i);
/** One line that says what is wrong. Borrowed; NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cause_title(const leakdiag_diagnosis *diagnosis, size_t i);
/** How sure it is; POSSIBLE beyond the end. @since 0.1.0 */
LEAKDIAG_API leakdiag_confidence leakdiag_cause_confidence(const leakdiag_diagnosis *diagnosis,
                                                           size_t i);
/** Pieces of evidence for it; 0 beyond the end. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_cause_supporting_count(const leakdiag_diagnosis *diagnosis, size_t i);
/** The k-th piece of evidence for it: "flag.value is lower: 100, expected 300". Borrowed; NULL
 * beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cause_supporting(const leakdiag_diagnosis *diagnosis, size_t i,
                                                   size_t k);
/** Pieces of evidence against it; 0 beyond the end. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_cause_contradicting_count(const leakdiag_diagnosis *diagnosis,
                                                       size_t i);
/** The k-th piece of evidence against it. Borrowed; NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cause_contradicting(const leakdiag_diagnosis *diagnosis, size_t i,
                                                      size_t k);
/** What would refute it. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cause_refuted_by(const leakdiag_diagnosis *diagnosis, size_t i);
/** What to do. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cause_fix(const leakdiag_diagnosis *diagnosis, size_t i);
/** First command of it, or "". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cause_command(const leakdiag_diagnosis *diagnosis, size_t i);
/** What it predicts ("the limit is reached in 54m"), or "". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cause_prediction(const leakdiag_diagnosis *diagnosis, size_t i);

/** Predicted seconds until the memory limit; NAN when none is predicted. @since 0.1.0 */
LEAKDIAG_API double leakdiag_diagnosis_ttl_s(const leakdiag_diagnosis *diagnosis);
/** The earliest it may be, seconds; NAN when none is predicted. @since 0.1.0 */
LEAKDIAG_API double leakdiag_diagnosis_ttl_lo_s(const leakdiag_diagnosis *diagnosis);
/** The latest it may be, seconds; finite whenever one is predicted, else NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_diagnosis_ttl_hi_s(const leakdiag_diagnosis *diagnosis);
/** The memory series that was judged; borrowed; NULL when there is none. @since 0.1.0 */
LEAKDIAG_API const leakdiag_series *leakdiag_diagnosis_series(const leakdiag_diagnosis *diagnosis);

/** Free it and give its references back; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_diagnosis_free(leakdiag_diagnosis *diagnosis);

/** Results of a scenario's embedded tests. Immutable. */
typedef struct leakdiag_test_results leakdiag_test_results;

/**
 * Run the tests that are embedded in a scenario: made-up facts in, expected judgement out. A test
 * that comes out otherwise is a result, not an error.
 *
 * @param scenario  Not NULL. A reference is kept.
 * @param[out] ret  Owned by the caller; free with leakdiag_test_results_free().
 * @retval LEAKDIAG_OK       *ret is set, also when there are no tests
 * @retval LEAKDIAG_E_LIMIT  made-up facts are more than a diagnosis takes (names the test)
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_scenario_test(leakdiag_scenario *scenario,
                                                                   leakdiag_test_results **ret,
                                                                   leakdiag_error *err);
/** Number of tests. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_test_count(const leakdiag_test_results *results);
/** Name of the i-th test. Borrowed; NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_test_name(const leakdiag_test_results *results, size_t i);
/** 1 when it came out as expected, else 0; 0 beyond the end. @since 0.1.0 */
LEAKDIAG_API int leakdiag_test_passed(const leakdiag_test_results *results, size_t i);
/** What differed, or "". Borrowed; NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_test_message(const leakdiag_test_results *results, size_t i);
/** Free them and give the scenario back; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_test_results_free(leakdiag_test_results *results);

#ifdef __cplusplus
}
#endif
#endif
