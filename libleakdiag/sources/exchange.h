/* From an HTTP exchange of net to what the codecs of wire take. */
#ifndef LD_SOURCES_EXCHANGE_H
#define LD_SOURCES_EXCHANGE_H

#include "net/http.h"
#include "wire/answer.h"

/* The answer of a request that ended with LD_HTTP_ANSWERED; borrows from it. */
ld_answer ld_exchange_answer(const ld_http_request *request);

/* Why there is no answer, and what to do about it: a port-forward that does not run is the usual
 * reason on this machine. service is its name in Kubernetes, like "flagd"; port its usual one. */
void ld_exchange_explain(ld_text *detail, const ld_http_request *request, const char *service,
                         int port);

#endif
