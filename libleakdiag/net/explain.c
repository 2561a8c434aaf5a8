#include "net/explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

ld_http_end ld_http_end_of(CURLcode code)
{
    switch ((int)code) {
    case CURLE_OK:
        return LD_HTTP_ANSWERED;
    case CURLE_COULDNT_RESOLVE_HOST:
        return LD_HTTP_NO_NAME;
    case CURLE_COULDNT_CONNECT:
        return LD_HTTP_NO_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return LD_HTTP_TIMED_OUT;
    case CURLE_UNSUPPORTED_PROTOCOL: /* what came is no HTTP/1.x head: HTTP/0.9 is not taken */
    case CURLE_WEIRD_SERVER_REPLY:
        return LD_HTTP_NOT_HTTP;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_SHUTDOWN_FAILED:
        return LD_HTTP_TLS;
    default:
        return LD_HTTP_CUT_OFF;
    }
}

static bool is_zero(CURL *easy, CURLINFO info)
{
    curl_off_t us = 0;
    return curl_easy_getinfo(easy, info, &us) != CURLE_OK || us == 0;
}

static bool is_connected(CURL *easy)
{
    long port = 0;
    /* With TLS some versions of curl set the time only after the handshake. */
    return !is_zero(easy, CURLINFO_CONNECT_TIME_T) ||
           (curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port) == CURLE_OK && port > 0);
}

/* The step a transfer did not get beyond. */
static const char *stage_of(CURL *easy, const char *url)
{
    long header_bytes = 0;
    curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &header_bytes);
    if (header_bytes > 0)
        return "body";
    if (is_zero(easy, CURLINFO_NAMELOOKUP_TIME_T))
        return "dns";
    if (!is_connected(easy))
        return "connect";
    if (ld_text_same_word(url, "https:", 6) && is_zero(easy, CURLINFO_APPCONNECT_TIME_T))
        return "tls";
    return "first byte";
}

static const char *connect_word(CURL *easy)
{
    long error = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
    switch (error) {
    case ECONNREFUSED:
        return "refused";
    case EHOSTUNREACH:
    case ENETUNREACH:
        return "no route";
    case ETIMEDOUT:
        return "timed out";
    case EACCES:
    case EPERM:
        return "not permitted";
    default:
        return "failed";
    }
}

static void add_curl(ld_text *why, const char *curl_said, CURLcode code)
{
    const char *said = *curl_said ? curl_said : curl_easy_strerror(code);
    ld_text_add(why, ": ");
    ld_text_add_safe(why, said, strcspn(said, "\r\n"));
}

void ld_http_explain(CURL *easy, ld_http_request *request, const char *curl_said, CURLcode code,
                     size_t body_max_bytes)
{
    LD_CLEANUP(ld_text_done) ld_text why = {0};
    LD_CLEANUP(ld_releasep) char *where = NULL;
    long long ms = request->latency_ms;
    if (ld_url_host_port(request->url, &where, NULL))
        return; /* out of memory: the reason stays empty */
    switch (request->end) {
    case LD_HTTP_NO_NAME:
        ld_text_addf(&why, "dns: no address for %s (after %lld ms); is the name right from here?",
                     where, ms);
        break;
    case LD_HTTP_NO_CONNECT:
        ld_text_addf(&why, "connect to %s: %s after %lld ms", where, connect_word(easy), ms);
        break;
    case LD_HTTP_TIMED_OUT:
        ld_text_addf(&why, "%s did not answer within %lld ms; it got as far as: %s", where, ms,
                     stage_of(easy, request->url));
        break;
    case LD_HTTP_NOT_HTTP:
        ld_text_addf(&why, "%s answers, but does not speak HTTP", where);
        break;
    case LD_HTTP_TLS:
        ld_text_addf(&why, "tls with %s failed after %lld ms", where, ms);
        add_curl(&why, curl_said, code);
        break;
    case LD_HTTP_TOO_LARGE:
        ld_text_addf(&why, "the answer of %s is larger than %zu bytes; reading was stopped", where,
                     body_max_bytes);
        break;
    case LD_HTTP_CUT_OFF:
        ld_text_addf(&why, "%s cut the connection after %lld ms at: %s", where, ms,
                     stage_of(easy, request->url));
        add_curl(&why, curl_said, code);
        break;
    case LD_HTTP_ANSWERED:
    case LD_HTTP_CANCELLED:
    default:
        break;
    }
    snprintf(request->why, sizeof request->why, "%s", why.data ? why.data : "");
}
