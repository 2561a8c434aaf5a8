/**
 * @file leakdiag/log.h
 * Hear what the library does: requests and their retries, connections, credentials, which source
 * was chosen, what could not be collected and why. The library itself never prints.
 *
 * (What a service writes to its own log is read with leakdiag/logs.h.)
 *
 * Threads: the function is called on the thread that made the call which has something to tell,
 * never twice at once for one call or one session. Two calls on two threads may call it at the same
 * time when both were given it.
 */
#ifndef LEAKDIAG_LOG_H
#define LEAKDIAG_LOG_H

#include <leakdiag/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How much somebody wants to know. Values never change. */
typedef enum leakdiag_log_level {
    LEAKDIAG_LOG_LEVEL_DEBUG = 0, /**< each request that was answered; each source that is asked */
    LEAKDIAG_LOG_LEVEL_INFO = 1,  /**< retries, requests without an answer, credentials, profiles */
    LEAKDIAG_LOG_LEVEL_WARNING = 2 /**< what is missing in the result, when that begins */
} leakdiag_log_level;

/** "debug", "info", "warning". @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_log_level_name(leakdiag_log_level level);

/** One thing that happened. All of it is borrowed for the call. No text holds a secret, and each is
 * one line, safe for a terminal. */
typedef struct leakdiag_log_record {
    size_t size;         /**< of this struct: what a newer version appends is found by it */
    int64_t level;       /**< a #leakdiag_log_level */
    int64_t time_ms;     /**< Unix ms, by this machine's clock */
    const char *event;   /**< what kind of thing; more words may come:
                              "request"    it has ended, with an answer or without one;
                              "retry"      it will be sent again, and why;
                              "credential" an exec plugin ran, a token file was read again, or the
                                           server refused what there was;
                              "source"     where something is asked for, or under whose names;
                              "missing"    a fact was not collected, and why;
                              "gap"        lines of a log may have been lost */
    const char *source;  /**< what it is about: "host:port" of a request; else as the facts of an
                              observation call their source, or whose credential; never NULL */
    const char *message; /**< all of it in words; never NULL */
    /** Of "request" and "retry"; else NULL, 0 and -1. */
    const char *method;     /**< "GET" or "POST"; NULL: not about a request */
    const char *url;        /**< absolute, with its query */
    const char *connection; /**< "new" or "reused"; NULL: there was none, or it is not known */
    int64_t http_status;    /**< of the answer; 0: there was none */
    int64_t duration_ms;    /**< of a request since it was first sent, its retries included; of a
                                 run of an exec plugin; -1: not measured */
    int64_t bytes;          /**< of the body as it came; -1: not about a request */
    int64_t attempt;        /**< counted from 1; 0: not about a request */
} leakdiag_log_record;

/** Who listens. Start from LEAKDIAG_LOG_INIT. */
typedef struct leakdiag_log {
    size_t size;
    /**
     * Take one record. It may not call the session, or whatever else of the library is under way;
     * all pure functions and other sessions are fine. It must not throw or jump out.
     *
     * Return 0. Anything else ends the whole call with LEAKDIAG_E_CALLBACK, before the next request
     * is sent; a call that has failed by then keeps its own reason. The time it takes counts towards
     * the deadline, and is not cut short by it.
     */
    int (*write)(const leakdiag_log_record *record, void *payload);
    void *payload; /**< handed to write(); must live as long as who was given the log */
    int64_t level; /**< a #leakdiag_log_level: records below it are not made; default: all are */
} leakdiag_log;

/* clang-format off */
#define LEAKDIAG_LOG_INIT {sizeof(leakdiag_log), NULL, NULL, 0}
/* clang-format on */

#ifdef __cplusplus
}
#endif
#endif
