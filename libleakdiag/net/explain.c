#include "net/explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "net/clock.h"

static bool says(const char *text, const char *words)
{
    return strstr(text, words) != NULL;
}

/* The other side cut the line during the handshake: that says nothing of certificates. */
static bool is_cut_handshake(CURL *easy, const char *said)
{
    long error = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
    return error == ECONNRESET || says(said, "SSL_ERROR_SYSCALL") || says(said, "unexpected eof") ||
           says(said, "Connection reset");
}

static ld_http_end end_of_tls(CURL *easy, const char *said)
{
    return is_cut_handshake(easy, said) ? LD_HTTP_CUT_OFF : LD_HTTP_TLS;
}

static ld_http_end end_of_io(CURL *easy, const char *said)
{
    long connect_status = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
    if (connect_status >= 300) /* the proxy does not let us through */
        return LD_HTTP_NO_CONNECT;
    /* With TLS 1.3 a server refuses our certificate only here. */
    return says(said, " alert ") ? LD_HTTP_TLS : LD_HTTP_CUT_OFF;
}

ld_http_end ld_http_end_of(CURL *easy, CURLcode code, const char *curl_said)
{
    switch ((int)code) {
    case CURLE_OK:
        return LD_HTTP_ANSWERED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return LD_HTTP_NO_NAME;
    case CURLE_COULDNT_CONNECT:
    case 97: /* CURLE_PROXY, since 7.73 */
        return LD_HTTP_NO_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return LD_HTTP_TIMED_OUT;
    case CURLE_UNSUPPORTED_PROTOCOL: /* what came is no HTTP/1.x head: HTTP/0.9 is not taken */
    case CURLE_WEIRD_SERVER_REPLY:
        return LD_HTTP_NOT_HTTP;
    case CURLE_SSL_CONNECT_ERROR:
        return end_of_tls(easy, curl_said);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_SHUTDOWN_FAILED:
        return LD_HTTP_TLS;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return end_of_io(easy, curl_said);
    default:
        return LD_HTTP_CUT_OFF;
    }
}

const char *ld_stage_name(ld_stage stage)
{
    static const char *const names[] = {
        [LD_STAGE_QUEUE] = "waiting for its turn",
        [LD_STAGE_DNS] = "dns",
        [LD_STAGE_CONNECT] = "connect",
        [LD_STAGE_TLS] = "tls",
        [LD_STAGE_FIRST_BYTE] = "first byte",
        [LD_STAGE_HEAD] = "head",
        [LD_STAGE_BODY] = "body",
    };
    return names[stage];
}

/* What may help, by the stage at which nothing came any more. */
static const char *advice(ld_stage stage)
{
    static const char *const texts[] = {
        [LD_STAGE_QUEUE] = "allow more time",
        [LD_STAGE_DNS] = "is the name server reachable from here?",
        [LD_STAGE_CONNECT] = "does a firewall or network policy drop it?",
        [LD_STAGE_TLS] = "does it speak TLS on this port?",
        [LD_STAGE_FIRST_BYTE] = "is it overloaded? look at its log, or allow more time",
        [LD_STAGE_HEAD] = "is it overloaded? look at its log, or allow more time",
        [LD_STAGE_BODY] = "ask for less, or allow more time",
    };
    return texts[stage];
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

static void add_said(ld_text *why, const ld_exchange *x, CURLcode code)
{
    const char *said = *x->error ? x->error : x->easy && code ? curl_easy_strerror(code) : "";
    if (!*said)
        return;
    ld_text_add(why, ": ");
    ld_text_add_safe(why, said, strcspn(said, "\r\n"));
}

/* OpenSSL's X509_V_ERR_…; they have not changed since it was SSLeay. */
enum {
    NOT_YET_VALID = 9,
    EXPIRED = 10,
    SELF_SIGNED = 18,
    IN_CHAIN = 19,
    NO_ISSUER = 20,
    LEAF = 21
};

static long verify_result(const ld_exchange *x)
{
    long result = 0;
    if (x->easy)
        curl_easy_getinfo(x->easy, CURLINFO_SSL_VERIFYRESULT, &result);
    return result;
}

static bool is_unknown_authority(long result, const char *said)
{
    return result == SELF_SIGNED || result == IN_CHAIN || result == NO_ISSUER || result == LEAF ||
           says(said, "unable to get local issuer") || says(said, "self-signed certificate") ||
           says(said, "self signed certificate") ||
           says(said, "server certificate verification failed"); /* GnuTLS says no more */
}

/* Ours was refused. The last one is libcurl's word for the alert "certificate expired", when the
 * server's own certificate was fine. */
static bool is_ours_refused(const char *said)
{
    static const char *const alerts[] = {
        "alert certificate",   "alert bad certificate",
        "alert unknown ca",    "alert unsupported certificate",
        "alert access denied", "SSL certificate verification failed"};
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
        if (says(said, alerts[i]))
            return true;
    return false;
}

static void add_clock(ld_text *why)
{
    char now[LD_NUMBER_BYTES];
    ld_rfc3339_format(ld_wall_ms() / 1000 * 1000, now);
    ld_text_add(why, now);
}

static void explain_tls(ld_text *why, const ld_exchange *x, CURLcode code)
{
    const char *said = x->error;
    long result = verify_result(x);
    if (result == EXPIRED || says(said, "certificate has expired") ||
        says(said, "expiration date has passed")) {
        ld_text_add(why, "its certificate, or an authority's, has expired; here it is ");
        add_clock(why);
        ld_text_add(why, ": renew it, or correct the clock");
    } else if (result == NOT_YET_VALID || says(said, "certificate is not yet valid") ||
               says(said, "certificate not activated yet")) {
        ld_text_add(why, "its certificate is not yet valid; here it is ");
        add_clock(why);
        ld_text_add(why, ": is this machine's clock right?");
    } else if (is_unknown_authority(result, said))
        ld_text_add(why, "its certificate is from an authority that is not trusted here; is it the "
                         "right server, and certificate-authority-data up to date?");
    else if (says(said, "no alternative certificate subject name") ||
             says(said, "does not match target host name"))
        ld_text_add(why, "its certificate is for another host; use a name it has, or set "
                         "tls-server-name");
    else if (is_ours_refused(said))
        ld_text_add(why, "it refused the client certificate, or wants one; is it expired, or of "
                         "another cluster?");
    else if (says(said, "alert handshake failure"))
        ld_text_add(why, "it refused the handshake; does it want a client certificate, or another "
                         "version of TLS?");
    else if (code == CURLE_SSL_CERTPROBLEM)
        ld_text_add(why, "the client certificate or its key cannot be used; do they belong "
                         "together, and is the key without a password?");
    else if (code == CURLE_SSL_CACERT_BADFILE)
        ld_text_add(why, "the authority's certificate cannot be read; is it PEM?");
    else
        ld_text_add(why, "does it speak TLS on this port?");
    add_said(why, x, code);
}

static void explain_limit(ld_text *why, const ld_exchange *x, const char *where, long long ms)
{
    if (x->intake.head_too_large) {
        ld_text_addf(why,
                     "the head of the answer of %s is larger than %zu bytes; reading was stopped "
                     "after %lld ms; is it the right server?",
                     where, LD_HTTP_HEAD_MAX_BYTES, ms);
        return;
    }
    ld_text_addf(why,
                 "the answer of %s is larger than %zu bytes; reading was stopped at: body, after "
                 "%lld ms and %lld bytes; ask for less",
                 where, x->intake.body_max_bytes, ms, (long long)x->request->wire_bytes);
}

static void explain_timeout(ld_text *why, const ld_exchange *x, const char *where, long long ms)
{
    ld_text_addf(why, "%s did not answer within %lld ms; it got as far as: %s%s", where, ms,
                 x->stage == LD_STAGE_FIRST_BYTE ? "waiting for the " : "",
                 ld_stage_name(x->stage));
    if (x->stage == LD_STAGE_BODY)
        ld_text_addf(why, ", %lld bytes", (long long)x->request->wire_bytes);
    ld_text_addf(why, "; %s", advice(x->stage));
}

static void explain_cut(ld_text *why, const ld_exchange *x, const char *where, CURLcode code,
                        long long ms)
{
    ld_text_addf(why, "%s cut the connection after %lld ms at: %s", where, ms,
                 ld_stage_name(x->stage));
    if (x->stage == LD_STAGE_BODY)
        ld_text_addf(why, ", %lld bytes", (long long)x->request->wire_bytes);
    /* With TLS 1.3 it may have refused our certificate, and cut the line before we read that. */
    bool may_be_certificate = x->url.is_tls && x->stage == LD_STAGE_FIRST_BYTE;
    ld_text_addf(why, "; is it restarting%s? try again",
                 may_be_certificate ? ", or does it want another client certificate" : "");
    add_said(why, x, code);
}

static void explain_connect(ld_text *why, const ld_exchange *x, const char *where, CURLcode code,
                            long long ms)
{
    bool is_proxied = x->request->origin && x->request->origin->proxy_url;
    ld_text_addf(why, "connect to %s%s: %s after %lld ms", where,
                 is_proxied ? " through its proxy" : "", connect_word(x->easy), ms);
    if (is_proxied)
        add_said(why, x, code);
    else if (!ld_url_is_loopback(x->request->url))
        ld_text_add(why, "; does it listen there, and may this machine reach it?");
}

static void add_why(ld_text *why, const ld_exchange *x, CURLcode code, const char *where)
{
    long long ms = x->request->latency_ms;
    switch (x->request->end) {
    case LD_HTTP_NO_NAME:
        ld_text_addf(why, "dns: no address for %s (after %lld ms); is the name right from here?",
                     where, ms);
        break;
    case LD_HTTP_NO_CONNECT:
        explain_connect(why, x, where, code, ms);
        break;
    case LD_HTTP_TIMED_OUT:
        explain_timeout(why, x, where, ms);
        break;
    case LD_HTTP_NOT_HTTP:
        ld_text_addf(why,
                     "%s answers after %lld ms, but does not speak HTTP; is it the right port?",
                     where, ms);
        break;
    case LD_HTTP_TLS:
        ld_text_addf(why, "tls with %s failed after %lld ms: ", where, ms);
        explain_tls(why, x, code);
        break;
    case LD_HTTP_TOO_LARGE:
        explain_limit(why, x, where, ms);
        break;
    case LD_HTTP_CUT_OFF:
        explain_cut(why, x, where, code, ms);
        break;
    case LD_HTTP_ENCODED:
        ld_text_addf(
            why,
            "the body of %s came after %lld ms encoded as %s, which was not asked for, and "
            "was not read; does a proxy in between compress it?",
            where, ms, x->intake.encoding);
        break;
    case LD_HTTP_ANSWERED:
    case LD_HTTP_CANCELLED:
    case LD_HTTP_STOPPED:
    default:
        break;
    }
}

bool ld_http_explain(const ld_exchange *x, CURLcode code)
{
    LD_CLEANUP(ld_text_done) ld_text why = {0};
    LD_CLEANUP(ld_releasep) char *where = NULL;
    if (ld_url_host_port(x->request->url, &where, NULL))
        return false;
    add_why(&why, x, code, where);
    snprintf(x->request->why, sizeof x->request->why, "%s", why.data ? why.data : "");
    return !why.failed;
}
