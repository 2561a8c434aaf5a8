/**
 * @file leakdiag/transport.h
 * Answer the library's HTTP requests from a function of your own instead of the network: recorded
 * answers in a test, a tunnel, a client with other rules. With a transport no socket is opened and
 * libcurl is not even loaded; limits, retries, deadlines and what becomes of credentials stay the
 * same.
 *
 * Threads: the function is called on the thread that made the call which needs an answer, one
 * request after the other, never twice at once for one session. Two sessions on two threads may
 * call it at the same time when both were given it.
 */
#ifndef LEAKDIAG_TRANSPORT_H
#define LEAKDIAG_TRANSPORT_H

#include <leakdiag/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Why there is no answer. Values never change. */
typedef enum leakdiag_http_failure {
    LEAKDIAG_HTTP_FAILURE_CONNECT = 0,  /**< refused, or no route */
    LEAKDIAG_HTTP_FAILURE_NAME = 1,     /**< no address for the name */
    LEAKDIAG_HTTP_FAILURE_TIMEOUT = 2,  /**< nothing within the time that was given */
    LEAKDIAG_HTTP_FAILURE_CUT_OFF = 3,  /**< reset before the answer began; a GET may be retried */
    LEAKDIAG_HTTP_FAILURE_NOT_HTTP = 4, /**< something answers, but not HTTP */
    LEAKDIAG_HTTP_FAILURE_TLS = 5       /**< certificate or handshake */
} leakdiag_http_failure;

/** "connect", "name", "timeout", "cut-off", "not-http", "tls". @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_http_failure_name(leakdiag_http_failure failure);

/** One request as it would be sent. All of it is borrowed for the call. */
typedef struct leakdiag_http_request {
    size_t size;        /**< of this struct: what a newer version appends is found by it */
    const char *method; /**< "GET" or "POST" */
    const char *url;    /**< absolute, with its query */
    const char *body;   /**< of a POST; NULL without one */
    size_t body_len;    /**< bytes of the body */
    /** "Name: value", NULL-terminated, never NULL. Credentials are among them, as they would be
     * sent: do not log them. Host, User-Agent, Content-Length are not among them. */
    const char *const *headers;
    int64_t deadline_ms; /**< what is left; an answer that comes later counts as a time-out */
} leakdiag_http_request;

/** The answer. Zeroed before the call but for its size; what stays zero is not said. The texts
 * belong to the transport and must live until its next call, or until the call of the library that
 * asked has returned. */
typedef struct leakdiag_http_answer {
    size_t size;                /**< of this struct, set by the library */
    int64_t status;             /**< HTTP status, 100 to 599 */
    const char *content_type;   /**< value of that header; NULL: none */
    const char *body;           /**< may hold any byte; NULL: empty */
    size_t body_len;            /**< bytes of the body */
    int64_t date_ms;            /**< the other side's clock (header Date); 0: not said */
    int64_t latency_ms;         /**< what is told of how long it took; 0: it is measured */
    const char *const *headers; /**< more "Name: value" (Retry-After, Location, Audit-Id, …),
                                     NULL-terminated; NULL: none */
    const char *failure;        /**< not NULL: there is no answer, and this is why, in one line */
    int64_t failure_kind;       /**< a #leakdiag_http_failure; only read beside a failure */
} leakdiag_http_answer;

/** Who answers. Start from LEAKDIAG_TRANSPORT_INIT; zero what you do not know. */
typedef struct leakdiag_transport {
    size_t size;
    /**
     * Answer one request. It may block for request->deadline_ms; a cancel is seen once it has
     * returned. It may not call the session, or whatever else of the library waits for this very
     * answer; all pure functions and other sessions are fine. It must not throw or jump out.
     *
     * An endpoint that cannot be reached is an answer (`failure`). Return 0 then too; anything else
     * says that the transport itself is broken, and ends the whole call with
     * LEAKDIAG_E_CALLBACK.
     */
    int (*answer)(const leakdiag_http_request *request, leakdiag_http_answer *ret, void *payload);
    void *payload; /**< handed to answer(); must live as long as who was given the transport */
} leakdiag_transport;

/* clang-format off */
#define LEAKDIAG_TRANSPORT_INIT {sizeof(leakdiag_transport), NULL, NULL}
/* clang-format on */

#ifdef __cplusplus
}
#endif
#endif
