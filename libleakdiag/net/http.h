/* HTTP: several requests at once on one curl multi handle under one deadline. */
#ifndef LD_NET_HTTP_H
#define LD_NET_HTTP_H

#include <leakdiag/transport.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "net/log.h"
#include "net/origin.h"

#define LD_HTTP_BODY_MAX_BYTES     ((size_t)1 << 20) /* unless the request says otherwise */
#define LD_HTTP_HEAD_MAX_BYTES     ((size_t)1 << 16) /* all header lines of one request together */
#define LD_HTTP_CONNECT_TIMEOUT_MS 5000
#define LD_HTTP_URL_MAX_BYTES      4096
#define LD_HTTP_REQUESTS_MAX       4096 /* of one call, those that on_done adds included */
#define LD_HTTP_RETRIES_MAX        8
#define LD_HTTP_RETRY_AFTER_MAX_MS 30000 /* a server that asks for more is asked again then */

/* How a request ended. Unreachable, refused and empty are different answers, so transport failures
 * are told apart here and HTTP statuses are left to the codecs. */
typedef enum ld_http_end {
    LD_HTTP_ANSWERED = 0, /* status and body are set */
    LD_HTTP_NO_NAME,      /* DNS */
    LD_HTTP_NO_CONNECT,   /* refused or no route */
    LD_HTTP_TIMED_OUT,    /* deadline; why says how far it came */
    LD_HTTP_CUT_OFF,      /* reset or truncated */
    LD_HTTP_NOT_HTTP,     /* something answers, but not HTTP */
    LD_HTTP_TLS,          /* certificate or handshake; also when the server refuses ours */
    LD_HTTP_TOO_LARGE,    /* body or head over the limit */
    LD_HTTP_CANCELLED,
    LD_HTTP_ENCODED, /* a compressed body, which nobody asked for; it is not taken */
    LD_HTTP_STOPPED  /* on_body wanted no more; status and what came before the body are set */
} ld_http_end;

typedef struct ld_http_request {
    /* asked; borrowed until the call returned */
    const char *method;         /* "GET" or "POST" */
    const char *url;            /* http or https, no userinfo, no fragment */
    const char *body;           /* of a POST; NULL for none */
    const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
    size_t body_max_bytes;      /* 0 = LD_HTTP_BODY_MAX_BYTES */
    int64_t timeout_ms;         /* 0 = the deadline of the whole call; retries included */
    /* Whom it trusts and what it shows. NULL: no credentials, the system's authorities. The URL
     * must be of this origin, else E_INVALID and nothing is sent. */
    const ld_origin *origin;
    /* A long body, like a log: HTTP/1.1 on a connection of its own, so that it holds up nobody.
     * All others to one https origin share one connection (HTTP/2); over HTTP/1.1 a connection is
     * used by one after the other. Of 64 requests that run at once 16 may be bulk; the rest waits
     * for its turn, so a body that does not end needs a timeout_ms or an on_body that stops. */
    bool is_bulk;
    /* How often a GET may be sent again: when it is cut off before any byte came, and after 429,
     * 502, 503 and 504, as Retry-After says or else after 200, 400, 800 … ms, but never beyond the
     * deadline. 0 = once for a GET with an origin, else never; -1 = never; at most
     * LD_HTTP_RETRIES_MAX. Anything but a GET is never sent again. */
    int64_t retries_max;
    /* The body as it comes, instead of answer; never of an answer that is retried. Counted against
     * body_max_bytes all the same. False stops: the end is LD_HTTP_STOPPED. */
    bool (*on_body)(struct ld_http_request *request, const char *data, size_t len, void *payload);
    /* It has ended, whatever the end (cancelled and out of memory too); once for each request of a
     * call that was not refused. May call ld_http_client_add(), and take the answer away. */
    void (*on_done)(struct ld_http_request *request, void *payload);
    void *payload;
    /* answered; freed by ld_http_request_done() */
    ld_http_end end;
    int status;
    char content_type[128];
    char redirect_host[256]; /* of a 3xx: where it leads to; "" for none */
    ld_text answer;
    int64_t asked_ms;   /* the first try, by the monotonic clock */
    int64_t latency_ms; /* from then to the end */
    int64_t date_ms;    /* the header Date: the other side's clock, to the second; 0 = not said */
    int64_t retries;    /* how often it was sent again */
    int64_t retry_after_ms; /* said by a 429 or 503 that was not retried; -1 = not said */
    char audit_id[64];      /* header Audit-Id of the Kubernetes API, made safe; "" */
    int64_t wire_bytes;     /* of the body as it came */
    char why[384]; /* one line for people when end is not ANSWERED: what failed, at which stage */
} ld_http_request;

/* What is checked before anything is sent: method, URL, origin, headers, timeout. E_INVALID. */
leakdiag_status ld_http_check(const ld_http_request *request, leakdiag_error *err);

/* Keeps connections from one call to the next; one thread at a time. */
typedef struct ld_http_client ld_http_client;

/* transport: who answers instead of the network; copied; NULL: the network. E_INVALID, E_NOMEM. */
leakdiag_status ld_http_client_new(const leakdiag_transport *transport, ld_http_client **ret,
                                   leakdiag_error *err);
/* Who is told of its requests from now on; borrowed; NULL: nobody. When it asks to stop, the call
 * ends with E_CALLBACK. */
void ld_http_client_set_log(ld_http_client *client, ld_log *log);
/* Closes its connections; NULL is fine. Not from on_body or on_done. */
void ld_http_client_free(ld_http_client *client);
LD_DEFINE_CLEANUP(ld_http_client, ld_http_client_free, ld_http_client_freep)

/* Perform these and all that on_done adds, together, for at most deadline_ms from now. The pointers
 * stay valid until it returns. LEAKDIAG_OK also when some or all did not answer (see .end);
 * E_INVALID for a bad method, URL, origin, header or time (nothing is sent), E_NOMEM, E_CANCELLED,
 * E_IO when libcurl is missing, E_CALLBACK when the transport is broken or the log asked to stop.
 * After a failure no request has an answer.
 *
 * No redirect is followed; no proxy but the origin's, no cookie, .netrc or HSTS is used, whatever
 * the environment says. The system's certificates, or those of $SSL_CERT_FILE and $SSL_CERT_DIR, are
 * read for https without a CA of its own only.
 *
 * Once a connection that had been idle turns out to be dead, libcurl sends the request again on a
 * fresh one, a POST too: that is not counted as a retry. */
leakdiag_status ld_http_client_perform(ld_http_client *client, ld_http_request *const *requests,
                                       size_t n, int64_t deadline_ms, const leakdiag_cancel *cancel,
                                       leakdiag_error *err);
/* Only from on_done: one more, under the same deadline. E_INVALID as above, E_LIMIT beyond
 * LD_HTTP_REQUESTS_MAX, E_CANCELLED when the call is ending anyway; its on_done does not come then.
 */
leakdiag_status ld_http_client_add(ld_http_client *client, ld_http_request *request,
                                   leakdiag_error *err);

/* The same once, over a client that ends with the call. */
leakdiag_status ld_http_perform(ld_http_request *requests, size_t n, int64_t deadline_ms,
                                const leakdiag_cancel *cancel, leakdiag_error *err);
void ld_http_request_done(ld_http_request *request);

/* base URL + path: joins without doubling '/', keeps a prefix, refuses userinfo, query, fragment
 * and other schemes. Path segments must be encoded already. *ret from ld_alloc. */
leakdiag_status ld_url_join(const char *base_url, const char *path, char **ret,
                            leakdiag_error *err);
/* What ld_http_perform() asks of a URL: a query is fine here. Errors do not repeat the URL: it may
 * hold a password. */
leakdiag_status ld_url_check(const char *url, leakdiag_error *err);

/* Only in the shared library, which loads libcurl when it is first needed: it could not. */
bool ld_curl_is_missing(void) __attribute__((weak));
/* "localhost", "127.0.0.1", "[::1]" and kin; false also for what is no URL. */
bool ld_url_is_loopback(const char *url);
/* "host:port" for people, made safe; *ret from ld_alloc. The port is always said. */
leakdiag_status ld_url_host_port(const char *url, char **ret, leakdiag_error *err);

#endif
