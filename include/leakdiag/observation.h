/**
 * @file leakdiag/observation.h
 * An observation: all facts of one look, or of a run of looks, immutable. A capture is an
 * observation in a file: replaying it gives the same bytes, on every machine and in every language.
 * leakdiag-capture(5) says what is in it.
 *
 * Pure: no I/O, no clock ("now" is a field). May be read from any thread. No pointer to an
 * observation may be NULL but that of leakdiag_observation_unref(). Texts are borrowed: they live
 * as long as the observation.
 */
#ifndef LEAKDIAG_OBSERVATION_H
#define LEAKDIAG_OBSERVATION_H

#include <leakdiag/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEAKDIAG_CAPTURE_MAX_BYTES 33554432
#define LEAKDIAG_FACTS_MAX         200000

/** Immutable, shared by reference count. */
typedef struct leakdiag_observation leakdiag_observation;

/**
 * Read a capture (schema leakdiag.capture/1).
 *
 * @param data  Borrowed for the call; at most LEAKDIAG_CAPTURE_MAX_BYTES.
 * @param[out] ret  Owned by the caller; give it back with leakdiag_observation_unref().
 * @retval LEAKDIAG_OK             *ret is set
 * @retval LEAKDIAG_E_INVALID      not a capture, or a fact is not what it should be (names it)
 * @retval LEAKDIAG_E_UNSUPPORTED  a capture of another schema version, or with a fact of a kind
 * that this version does not know: kinds may be added within one
 * @retval LEAKDIAG_E_LIMIT        too large, too deep, too many facts
 * @retval LEAKDIAG_E_NOMEM        out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_observation_from_json(
    const char *data, size_t len, leakdiag_observation **ret, leakdiag_error *err);
/**
 * The capture's bytes: one JSON object, one fact a line, keys sorted. Reading it back and writing
 * it again gives the same bytes.
 * @param[out] ret  NUL-terminated; owned by the caller; free with leakdiag_free().
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_observation_to_json(
    const leakdiag_observation *observation, char **ret, leakdiag_error *err);

/** The time of judgement, Unix ms. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_observation_now_ms(const leakdiag_observation *observation);
/** Time of the oldest fact, Unix ms; now when there is none. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_observation_first_ms(const leakdiag_observation *observation);

/**
 * What was known at an earlier time: the facts collected until then, and that time as "now".
 * This is the virtual clock of a replay.
 *
 * @param now_ms    Unix ms; a fact of exactly this time is in.
 * @param[out] ret  Owned by the caller; give it back with leakdiag_observation_unref().
 * @retval LEAKDIAG_OK       *ret is set, also when no fact is that old
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_observation_until(const leakdiag_observation *observation, int64_t now_ms,
                           leakdiag_observation **ret, leakdiag_error *err);

/**
 * Join an earlier observation of the same workload to a later one (now and scenario are the
 * later's). Facts are put in the order of their times.
 *
 * @param[out] ret  Owned by the caller; give it back with leakdiag_observation_unref().
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_LIMIT  together more than LEAKDIAG_FACTS_MAX facts
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_observation_join(const leakdiag_observation *earlier, const leakdiag_observation *later,
                          leakdiag_observation **ret, leakdiag_error *err);

/** Text of the scenario it was made with (as leakdiag_scenario_parse() takes it), or "". Borrowed.
 * @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_observation_scenario(const leakdiag_observation *observation,
                                                       size_t *ret_len);
/** How many "name=value" the scenario was made with. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_observation_setting_count(const leakdiag_observation *observation);
/** The i-th "name=value" that the scenario was made with. Borrowed; NULL beyond the end. @since
 * 0.1.0 */
LEAKDIAG_API const char *leakdiag_observation_setting(const leakdiag_observation *observation,
                                                      size_t i);

/** Number of facts, those that could not be collected included. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_observation_fact_count(const leakdiag_observation *observation);
/** "flag", "memory", "log", "load", "series", "workload" or "service"; more may come.
 * NULL beyond the end. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_observation_fact_kind(const leakdiag_observation *observation,
                                                        size_t i);
/** Where it came from, like "ofrep http://localhost:8016". Borrowed; NULL beyond the end.
 * @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_observation_fact_source(const leakdiag_observation *observation,
                                                          size_t i);
/** When it was collected, Unix ms; 0 beyond the end. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_observation_fact_time_ms(const leakdiag_observation *observation,
                                                       size_t i);
/** From question to answer, ms; -1 when not measured and beyond the end. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_observation_fact_latency_ms(const leakdiag_observation *observation,
                                                          size_t i);
/** Why it could not be collected, or "" when it was and beyond the end. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_observation_fact_error(const leakdiag_observation *observation,
                                                         size_t i);
/** Why an answer that came is of no use: a service that refuses, or is another one than was meant,
 * a pod without a sample of its memory; else "", and beyond the end. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_observation_fact_trouble(const leakdiag_observation *observation,
                                                           size_t i);

/** One more reference to the same observation, which may not be NULL; from any thread.
 * @since 0.1.0 */
LEAKDIAG_API leakdiag_observation *leakdiag_observation_ref(leakdiag_observation *observation);
/** Give a reference back, from any thread; the last one frees it. NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_observation_unref(leakdiag_observation *observation);

#ifdef __cplusplus
}
#endif
#endif
