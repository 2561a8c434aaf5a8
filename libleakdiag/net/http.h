/* HTTP: several requests at once on one curl multi handle under one deadline. */
#ifndef LD_NET_HTTP_H
#define LD_NET_HTTP_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

#define LD_HTTP_BODY_MAX_BYTES     ((size_t)1 << 20) /* unless the request says otherwise */
#define LD_HTTP_CONNECT_TIMEOUT_MS 5000
#define LD_HTTP_URL_MAX_BYTES      4096

/* How a request ended. Unreachable, refused and empty are different answers, so transport failures
 * are told apart here and HTTP statuses are left to the codecs. */
typedef enum ld_http_end {
    LD_HTTP_ANSWERED = 0, /* status and body are set */
    LD_HTTP_NO_NAME,      /* DNS */
    LD_HTTP_NO_CONNECT,   /* refused or no route */
    LD_HTTP_TIMED_OUT,    /* deadline; why says how far it came */
    LD_HTTP_CUT_OFF,      /* reset or truncated */
    LD_HTTP_NOT_HTTP,     /* something answers, but not HTTP */
    LD_HTTP_TLS,          /* certificate or handshake */
    LD_HTTP_TOO_LARGE,    /* body over the limit */
    LD_HTTP_CANCELLED
} ld_http_end;

typedef struct ld_http_request {
    /* asked; borrowed until ld_http_perform() returned */
    const char *method;         /* "GET" or "POST" */
    const char *url;            /* http or https, no userinfo, no fragment */
    const char *body;           /* of a POST; NULL for none */
    const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
    size_t body_max_bytes;      /* 0 = LD_HTTP_BODY_MAX_BYTES */
    int64_t timeout_ms;         /* 0 = the deadline of the whole call */
    /* answered; freed by ld_http_request_done() */
    ld_http_end end;
    int status;
    char content_type[128];
    char redirect_host[256]; /* of a 3xx: where it leads to; "" for none */
    ld_text answer;
    int64_t latency_ms;
    int64_t date_ms; /* the header Date: the other side's clock, to the second; 0 = not said */
    char why[256];   /* one line for people when end is not ANSWERED: what failed, at which stage */
} ld_http_request;

/* What ld_http_perform() checks before anything is sent: method, URL, headers, timeout. E_INVALID.
 */
leakdiag_status ld_http_check(const ld_http_request *request, leakdiag_error *err);

/* Perform them all together, for at most deadline_ms from now. LEAKDIAG_OK also when some or all
 * did not answer (see .end); E_INVALID for a bad method, URL, header or time (nothing is sent),
 * E_NOMEM, E_CANCELLED. After a failure no request has an answer.
 *
 * No redirect is followed; no proxy, cookie, .netrc, HSTS or content encoding is used, whatever the
 * environment says. The system's certificates are read for https only. */
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
