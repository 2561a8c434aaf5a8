/* One call outside of a session: the cluster's credential, all requests together under one
 * deadline, and all of it once more with a new credential after a 401. */
#ifndef LD_SOURCES_ERRAND_H
#define LD_SOURCES_ERRAND_H

#include <leakdiag/cluster.h>

#include "sources/asking.h"

#define LD_ERRAND_DEADLINE_MS 5000 /* unless the caller says otherwise */

typedef struct ld_errand {
    leakdiag_cluster *cluster; /* NULL: none, only plain requests */
    const leakdiag_transport *transport;
    const leakdiag_cancel *cancel;
    const leakdiag_log *log; /* who is told; NULL: nobody */
    int64_t deadline_ms;     /* 0: LD_ERRAND_DEADLINE_MS; negative is E_INVALID */
    /* Sends the first requests with ld_ask_send(). Called again after a 401: what came before does
     * not count then. */
    leakdiag_status (*begin)(ld_asking *asking, void *payload, leakdiag_error *err);
    void *payload;
    /* What came beside the answers. */
    ld_asking asking; /* valid until ld_errand_run() has returned */
    int64_t now_ms;   /* the cluster's clock where it told the time, else this machine's */
    int64_t skew_ms;  /* what it is ahead of this machine's; 0 when that is nothing to speak of */
} ld_errand;

/* E_INVALID, E_AUTH and E_TIMEOUT (no credential), E_CANCELLED, E_CALLBACK, E_IO, E_UNSUPPORTED,
 * E_NOMEM, and what begin() returned. */
leakdiag_status ld_errand_run(ld_errand *errand, leakdiag_error *err);

/* The same for requests that do not lead to further ones: their origin is set to the cluster's. */
leakdiag_status ld_errand_perform(ld_errand *errand, ld_http_request *requests, size_t n,
                                  leakdiag_error *err);

/* Where a service of the cluster, or a URL, is asked. service is "NAME:PORT" behind the API server,
 * or a URL with "://". ret->origin stays NULL: ld_errand_perform() sets it. E_INVALID, E_NOMEM. */
leakdiag_status ld_errand_endpoint(const leakdiag_cluster *cluster, const char *ns,
                                   const char *service, ld_endpoint *ret, leakdiag_error *err);

#endif
