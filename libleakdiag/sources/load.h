/* Asking a load generator, in steps that a gather can send together with other requests:
 *
 *   ld_load_ask_new()       once
 *   ld_load_ask_requests()  round 1: two requests, the statistics and the page
 *   ld_load_ask_decode()    the result
 */
#ifndef LD_SOURCES_LOAD_H
#define LD_SOURCES_LOAD_H

#include <leakdiag/load.h>

#include "base/cleanup.h"
#include "sources/asking.h"

/* Immutable; one may be asked many times. */
typedef struct ld_load_ask ld_load_ask;

/* E_INVALID for a bad URL. */
leakdiag_status ld_load_ask_new(const char *url, ld_load_ask **ret, leakdiag_error *err);
void ld_load_ask_free(ld_load_ask *ask);
LD_DEFINE_CLEANUP(ld_load_ask, ld_load_ask_free, ld_load_ask_freep)

#define LD_LOAD_ASK_REQUESTS 2

/* ret[0] the statistics, ret[1] the page; both borrow from ask. */
void ld_load_ask_requests(const ld_load_ask *ask, ld_http_request ret[LD_LOAD_ASK_REQUESTS]);
/* Both performed requests as a load. page may be NULL, or unanswered: then what only it tells is
 * not known. Only E_NOMEM fails. */
leakdiag_status ld_load_ask_decode(const ld_http_request *stats, const ld_http_request *page,
                                   leakdiag_load **ret, leakdiag_error *err);
/* The same for a service that may be behind the API server: where that could not reach it, the
 * load says so in the API server's words. */
leakdiag_status ld_load_ask_decode_from(const ld_endpoint *endpoint,
                                        const ld_http_request requests[LD_LOAD_ASK_REQUESTS],
                                        leakdiag_load **ret, leakdiag_error *err);

#endif
