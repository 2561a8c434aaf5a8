/**
 * @file leakdiag/load.h
 * What a load generator (Locust) says of itself: state, users, requests.
 *
 * leakdiag_load_read() uses the network and may be called from any thread: it shares no state. The
 * getters are pure; a finished answer never changes and may be read from any thread.
 */
#ifndef LEAKDIAG_LOAD_H
#define LEAKDIAG_LOAD_H

#include <leakdiag/cluster.h>
#include <leakdiag/log.h>
#include <leakdiag/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/** State of the load test. Values never change. */
typedef enum leakdiag_load_state {
    LEAKDIAG_LOAD_UNKNOWN = 0,    /**< it answered with a state that is not known here */
    LEAKDIAG_LOAD_READY = 1,      /**< never started */
    LEAKDIAG_LOAD_SPAWNING = 2,   /**< users are being started */
    LEAKDIAG_LOAD_RUNNING = 3,    /**< all users run */
    LEAKDIAG_LOAD_STOPPING = 4,   /**< "cleanup" or "stopping" */
    LEAKDIAG_LOAD_STOPPED = 5,    /**< by somebody, or after its run time */
    LEAKDIAG_LOAD_MISSING = 6,    /**< Locust has no runner */
    LEAKDIAG_LOAD_NOT_LOCUST = 7, /**< something answers there, but not Locust */
    LEAKDIAG_LOAD_REFUSED = 8,    /**< a login, 401, 403, 407, 429 */
    LEAKDIAG_LOAD_UNREACHABLE = 9 /**< no answer, or a gateway's 502, 503, 504 */
} leakdiag_load_state;

/** "unknown", "ready", "spawning", … @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_load_state_name(leakdiag_load_state state);

/** How to read. Start from LEAKDIAG_LOAD_OPTIONS_INIT. */
typedef struct leakdiag_load_options {
    size_t size;
    int64_t deadline_ms;     /**< default 5,000 */
    leakdiag_cancel *cancel; /**< may be NULL */
    /** Then url may be a service of it, "load-generator:8089", which is asked through the API
     * server; a URL is asked as it is. */
    leakdiag_cluster *cluster;
    const char *namespace_name; /**< of that service; NULL: the cluster's */
    /** Who answers instead of the network; NULL: the network. */
    const leakdiag_transport *transport;
    const leakdiag_log *log; /**< who hears of it; NULL: nobody */
} leakdiag_load_options;

/* clang-format off */
#define LEAKDIAG_LOAD_OPTIONS_INIT {sizeof(leakdiag_load_options), 0, NULL, NULL, NULL, NULL, NULL}
/* clang-format on */

/** One answer. Immutable. */
typedef struct leakdiag_load leakdiag_load;

/**
 * Ask Locust: its statistics, and its index page for what they lack. It keeps its statistics for
 * 2 s, so asking more often gives the same answer.
 *
 * An endpoint that does not answer is a result (`unreachable`), not an error. No proxy, no
 * redirect, no cookie and no .netrc is used.
 *
 * @param url      Base URL, "http://localhost:8089"; a path prefix is kept. Without user:password@,
 *                 query and fragment. With options->cluster also a service, "NAME:PORT".
 * @param options  NULL for the defaults. Borrowed for the call.
 * @param[out] ret Owned by the caller; free with leakdiag_load_free().
 * @retval LEAKDIAG_OK             *ret is set, whatever the state
 * @retval LEAKDIAG_E_INVALID      bad URL or deadline, or options of a wrong size: nothing was sent
 * @retval LEAKDIAG_E_CANCELLED    the token was triggered
 * @retval LEAKDIAG_E_AUTH         there is no credential for the cluster
 * @retval LEAKDIAG_E_TIMEOUT      that credential did not come in time
 * @retval LEAKDIAG_E_CALLBACK     the transport is broken, or the log asked to stop
 * @retval LEAKDIAG_E_IO           libcurl is missing or does not start
 * @retval LEAKDIAG_E_UNSUPPORTED  an option that only a newer version knows, or libcurl lacks what
 *                                 is needed
 * @retval LEAKDIAG_E_NOMEM        out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_load_read(const char *url,
                                                               const leakdiag_load_options *options,
                                                               leakdiag_load **ret,
                                                               leakdiag_error *err);

/** What Locust does now. @since 0.1.0 */
LEAKDIAG_API leakdiag_load_state leakdiag_load_get_state(const leakdiag_load *load);
/** Users now; -1 when not known. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_load_users(const leakdiag_load *load);
/** Users asked for; -1 when not known: Locust tells it from version 2.47 on. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_load_target_users(const leakdiag_load *load);
/** Users started per second; NAN when not known: never set, or an old page (Locust 2.18). @since
 * 0.1.0 */
LEAKDIAG_API double leakdiag_load_spawn_per_s(const leakdiag_load *load);
/**
 * How long the test has been running at least, ms; -1 when it does not run, or not known (an
 * old page: Locust 2.18). At most 5 s too little, but counted from the last reset of the
 * statistics.
 * @since 0.1.0
 */
LEAKDIAG_API int64_t leakdiag_load_age_ms(const leakdiag_load *load);
/** Share of failed requests, 0 to 1; NAN when not known. @since 0.1.0 */
LEAKDIAG_API double leakdiag_load_fail_ratio(const leakdiag_load *load);
/** Number of rows of the statistics, without the sum. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_load_row_count(const leakdiag_load *load);
/** "/api/checkout", as it came; NULL beyond the end. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_load_row_name(const leakdiag_load *load, size_t i);
/** "POST", as it came; NULL beyond the end. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_load_row_method(const leakdiag_load *load, size_t i);
/** Requests since the start, failures included; -1 when not known. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_load_row_requests(const leakdiag_load *load, size_t i);
/** Failed requests since the start; -1 when not known. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_load_row_failures(const leakdiag_load *load, size_t i);
/** Requests per second now; frozen at its last value once the test is stopped. NAN when not known.
 * @since 0.1.0 */
LEAKDIAG_API double leakdiag_load_row_rate_per_s(const leakdiag_load *load, size_t i);
/** One line that says why the state is what it is, safe for a terminal; may be "". Borrowed.
 * @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_load_detail(const leakdiag_load *load);
/** HTTP status of the answer, or 0. @since 0.1.0 */
LEAKDIAG_API int leakdiag_load_http_status(const leakdiag_load *load);
/** From the question to the answer, ms; -1 when not measured. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_load_latency_ms(const leakdiag_load *load);
/**
 * One JSON object, schema leakdiag.load/1; what is not known is null. Free with leakdiag_free().
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_load_to_json(const leakdiag_load *load,
                                                                  char **ret, leakdiag_error *err);
/** Free it; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_load_free(leakdiag_load *load);

#ifdef __cplusplus
}
#endif
#endif
