/* How a try ended, in our words. */
#ifndef LD_NET_EXPLAIN_H
#define LD_NET_EXPLAIN_H

#include "net/exchange.h"

ld_http_end ld_http_end_of(CURL *easy, CURLcode code, const char *curl_said);
/* Fills request->why from request->end, the stage and what libcurl knows of the try; "" when there
 * is nothing to say. Without libcurl (x->easy is NULL) by the stage alone. False: out of memory. */
bool ld_http_explain(const ld_exchange *x, CURLcode code);

#endif
