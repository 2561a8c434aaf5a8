/* How a transfer ended, in our words. */
#ifndef LD_NET_EXPLAIN_H
#define LD_NET_EXPLAIN_H

#include <curl/curl.h>

#include "net/http.h"

ld_http_end ld_http_end_of(CURLcode code);
/* Fills request->why from request->end and what curl knows of the transfer. */
void ld_http_explain(CURL *easy, ld_http_request *request, const char *curl_said, CURLcode code,
                     size_t body_max_bytes);

#endif
