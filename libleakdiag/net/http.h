/* HTTP: several requests at once on one curl multi handle under one deadline. */
#ifndef LD_NET_HTTP_H
#define LD_NET_HTTP_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

/* How a request ended. Unreachable, refused and empty are different answers, so transport failures
 * are told apart here and HTTP statuses are left to the codecs. */
typedef enum ld_http_end {
    LD_HTTP_ANSWERED = 0, /* status and body are set */
    LD_HTTP_NO_NAME,      /* DNS */
    LD_HTTP_NO_CONNECT,   /* refused or no route */
    LD_HTTP_TIMED_OUT,    /* deadline; stage says how far it came */
    LD_HTTP_CUT_OFF,      /* reset, truncated, not HTTP */
    LD_HTTP_TLS,          /* certificate or handshake */
    LD_HTTP_TOO_LARGE,    /* body over the limit */
    LD_HTTP_CANCELLED
} ld_http_end;

typedef struct ld_http_request {
    /* asked; borrowed until ld_http_perform() returned */
    const char *method; /* "GET" or "POST" */
    const char *url;    /* http or https, no userinfo, no fragment */
    const char *body;   /* NULL for none */
    const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
    size_t body_max_bytes;      /* 0 = 1 MiB */
    int64_t timeout_ms;         /* 0 = the deadline of the whole call */
    /* answered; freed by ld_http_request_done() */
    ld_http_end end;
    int status;
    char content_type[128];
    ld_text answer;
    int64_t latency_ms;
    char why[256]; /* one line for people when end is not ANSWERED: what failed, at which stage */
} ld_http_request;

/* Perform them all together. LEAKDIAG_OK also when some or all did not answer (see .end);
 * E_INVALID for a bad URL or header (nothing is sent), E_NOMEM, E_CANCELLED. */
leakdiag_status ld_http_perform(ld_http_request *requests, size_t n, int64_t deadline_ms,
                                const leakdiag_cancel *cancel, leakdiag_error *err);
void ld_http_request_done(ld_http_request *request);

/* base URL + path: joins without doubling '/', keeps a prefix, refuses userinfo, query, fragment and
 * other schemes. Path segments must be encoded already. *ret from ld_alloc. */
leakdiag_status ld_url_join(const char *base_url, const char *path, char **ret, leakdiag_error *err);

#endif
