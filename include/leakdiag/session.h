/**
 * @file leakdiag/session.h
 * A session gathers: it asks all sources of a scenario at once, under one deadline, and keeps what
 * it has seen, so that each look adds to the observation.
 *
 * This is the shell: network, files, clock. One session belongs to one thread at a time.
 */
#ifndef LEAKDIAG_SESSION_H
#define LEAKDIAG_SESSION_H

#include <leakdiag/cluster.h>
#include <leakdiag/diagnosis.h>
#include <leakdiag/log.h>
#include <leakdiag/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How to gather. Start from LEAKDIAG_SESSION_OPTIONS_INIT. */
typedef struct leakdiag_session_options {
    size_t size;
    int64_t deadline_ms;     /**< for one look; default 5,000; with less than 2,500 what happened to
                                  pods between two looks is not asked for */
    leakdiag_cancel *cancel; /**< ends a look or a wait; may be NULL; must outlive the session */
    /** Where the scenario's workloads are; NULL: its sources of a cluster are not asked. Must
     * outlive the session. The scenario says in which namespace they are: set its parameter, as
     * "namespace=" and leakdiag_cluster_namespace_name(); nothing is filled in here. */
    leakdiag_cluster *cluster;
    const leakdiag_transport *transport; /**< who answers instead of the network; copied; NULL: the
                                              network */
    const leakdiag_log *log;             /**< who hears of it; copied; NULL: nobody */
} leakdiag_session_options;

/* clang-format off */
#define LEAKDIAG_SESSION_OPTIONS_INIT {sizeof(leakdiag_session_options), 0, NULL, NULL, NULL, NULL}
/* clang-format on */

/** What gathers: a scenario, its sources, and all that was seen. No pointer to one may be NULL but
 * that of leakdiag_session_free(). */
typedef struct leakdiag_session leakdiag_session;

/**
 * Make a session. Nothing is asked yet.
 *
 * @param scenario  A reference is kept.
 * @param options   NULL for the defaults. Borrowed for the call.
 * @param[out] ret  Owned by the caller; free with leakdiag_session_free().
 * @retval LEAKDIAG_OK             *ret is set
 * @retval LEAKDIAG_E_INVALID      no scenario, a deadline that is negative or longer than 24 days,
 *                                 a transport or log without its function, a level that is none,
 *                                 options of a wrong size, or a pattern that cannot be compiled
 * @retval LEAKDIAG_E_UNSUPPORTED  an option that only a newer version knows
 * @retval LEAKDIAG_E_LIMIT        more or longer patterns than leakdiag_patterns_new() takes
 * @retval LEAKDIAG_E_NOMEM        out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_session_new(leakdiag_scenario *scenario, const leakdiag_session_options *options,
                     leakdiag_session **ret, leakdiag_error *err);

/**
 * Start from what an earlier capture knows (leakdiag_observation_join()). Before the first look.
 *
 * @param earlier  Not NULL. Its facts are shared; the caller keeps its own reference.
 * @retval LEAKDIAG_OK       the next look has its facts
 * @retval LEAKDIAG_E_LIMIT  together more than LEAKDIAG_FACTS_MAX facts
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_session_add_history(
    leakdiag_session *session, leakdiag_observation *earlier, leakdiag_error *err);

/**
 * One look: ask everything, return all that is known now. A source that does not answer is part of
 * the observation, not an error.
 *
 * Each look behind the first one at pods of a cluster takes a second for what happened to them
 * since the look before.
 *
 * The observation says which scenario it was made with (leakdiag_observation_scenario() and
 * leakdiag_observation_setting()): judge it with that one, which is leakdiag_session_scenario()
 * after the look. leakdiag_session_watch() sees to it.
 *
 * @param[out] ret  Owned by the caller; give it back with leakdiag_observation_unref().
 * @retval LEAKDIAG_OK             *ret is set
 * @retval LEAKDIAG_E_CANCELLED    the token was triggered
 * @retval LEAKDIAG_E_LIMIT        the session has as many facts as it can hold
 * @retval LEAKDIAG_E_CALLBACK     the transport is broken, or the log asked to stop
 * @retval LEAKDIAG_E_IO           libcurl is missing or does not start
 * @retval LEAKDIAG_E_UNSUPPORTED  libcurl lacks what is needed
 * @retval LEAKDIAG_E_NOMEM        out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_session_gather(leakdiag_session *session,
                                                                    leakdiag_observation **ret,
                                                                    leakdiag_error *err);

/**
 * The scenario that the session looks and judges with: the one it was made of, and once the
 * application was found in a version that one of the scenario's profiles describes, that one with
 * the profile's settings added. A new reference: give it back with leakdiag_scenario_unref().
 * @since 0.1.0
 */
LEAKDIAG_API leakdiag_scenario *leakdiag_session_scenario(const leakdiag_session *session);

/**
 * The namespace of the cluster in which the scenario's first workload is looked for; NULL: in none,
 * as there is no cluster or the scenario says no namespace. Borrowed, until the next look.
 * @since 0.1.0
 */
LEAKDIAG_API const char *leakdiag_session_namespace_name(const leakdiag_session *session);

/** How long to look. Start from LEAKDIAG_WATCH_OPTIONS_INIT. */
typedef struct leakdiag_watch_options {
    size_t size;
    int64_t for_ms;        /**< look for so long; 0 = one look */
    int64_t until_decided; /**< 1: end at the first decided memory finding; for_ms is then the most
                                (0 = one hour) */
    /** Called after each look, on the calling thread; may not call the session. The diagnosis is
     * borrowed for this call only. Not 0 stops: then the result so far is returned. May be NULL. */
    int (*on_look)(const leakdiag_diagnosis *diagnosis, void *payload);
    void *payload;
} leakdiag_watch_options;

/* clang-format off */
#define LEAKDIAG_WATCH_OPTIONS_INIT {sizeof(leakdiag_watch_options), 0, 0, NULL, NULL}
/* clang-format on */

/**
 * Look again and again at the scenario's pace, and judge each time.
 * However long it lasts, memory stays small: what is older than twice the scenario's window is kept
 * in fewer facts, with the same counts, samples and changes.
 * When cancelled, also during the first look, what is known so far is returned with LEAKDIAG_OK; so
 * it is when, after the first look, a limit is reached.
 *
 * @param options  NULL for one look. Borrowed for the call.
 * @param[out] ret_observation  May be NULL. Owned by the caller; give it back with
 *                              leakdiag_observation_unref().
 * @param[out] ret_diagnosis    Owned by the caller; free with leakdiag_diagnosis_free().
 * @retval LEAKDIAG_OK             *ret_diagnosis is set
 * @retval LEAKDIAG_E_INVALID      a negative time, or options of a wrong size
 * @retval LEAKDIAG_E_LIMIT        at the first look: more than a session or a diagnosis takes
 * @retval LEAKDIAG_E_CALLBACK     the transport is broken, or the log asked to stop
 * @retval LEAKDIAG_E_IO           libcurl is missing or does not start
 * @retval LEAKDIAG_E_UNSUPPORTED  an option that only a newer version knows, or libcurl lacks what
 *                                 is needed
 * @retval LEAKDIAG_E_NOMEM        out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_session_watch(leakdiag_session *session, const leakdiag_watch_options *options,
                       leakdiag_observation **ret_observation, leakdiag_diagnosis **ret_diagnosis,
                       leakdiag_error *err);

/** Free it; observations and diagnoses made with it stay. NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_session_free(leakdiag_session *session);

#ifdef __cplusplus
}
#endif
#endif
