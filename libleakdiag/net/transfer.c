#include "net/transfer.h"

#include <stdio.h>
#include <string.h>
#include <threads.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "net/authorities.h"
#include "net/explain.h"

static once_flag curl_once = ONCE_FLAG_INIT;
static _Atomic(CURLcode) curl_started;

/* Once, and only when a request is really made: it costs some 0.7 ms. Never undone: other users of
 * libcurl in the process may still need it. */
static void start_curl(void)
{
    curl_started = curl_global_init(CURL_GLOBAL_DEFAULT);
}

leakdiag_status ld_transfer_open(CURLM **ret, leakdiag_error *err)
{
    if (ld_curl_is_missing && ld_curl_is_missing())
        return ld_fail(err, LEAKDIAG_E_IO, "libcurl.so.4 cannot be loaded; install libcurl 4");
    call_once(&curl_once, start_curl);
    if (curl_started)
        return ld_fail(err, LEAKDIAG_E_IO, "libcurl does not start: %s",
                       curl_easy_strerror(curl_started));
    *ret = curl_multi_init();
    return *ret ? LEAKDIAG_OK : ld_fail_nomem(err);
}

/* ---- what libcurl calls ---- */

static size_t take_body(char *data, size_t size, size_t n, void *payload)
{
    ld_exchange *x = payload;
    return ld_intake_body(&x->intake, data, size * n) ? size * n : size * n + 1;
}

static size_t take_header(char *data, size_t size, size_t n, void *payload)
{
    ld_exchange *x = payload;
    return ld_intake_header(&x->intake, data, size * n) ? size * n : size * n + 1;
}

/* ---- what is set ---- */

#define SET(option, value)                                                                         \
    do {                                                                                           \
        if (code == CURLE_OK)                                                                      \
            code = curl_easy_setopt(x->easy, option, value);                                       \
    } while (0)

/* Nothing is taken from the environment but whom https trusts (set_tls), and nothing beyond this one exchange is done. */
static CURLcode set_limits(ld_exchange *x, int64_t timeout_ms)
{
    CURLcode code = CURLE_OK;
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS,
        (long)(timeout_ms < LD_HTTP_CONNECT_TIMEOUT_MS ? timeout_ms : LD_HTTP_CONNECT_TIMEOUT_MS));
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L); /* do not wait for a resolver that hangs */
#endif
    return code;
}

/* One connection for all requests of an origin when it speaks HTTP/2: whoever comes second waits
 * until that is known. A long body is kept away from it: it would fill the connection's window. */
static CURLcode set_connection(ld_exchange *x)
{
    CURLcode code = CURLE_OK;
    if (ld_exchange_shares(x)) {
        code = curl_easy_setopt(x->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        if (code == CURLE_UNSUPPORTED_PROTOCOL) /* a libcurl that was built without it */
            code = curl_easy_setopt(x->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        SET(CURLOPT_PIPEWAIT, 1L);
    } else
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (x->request->is_bulk) {
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_FORBID_REUSE, 1L);
    }
    return code;
}

#if LIBCURL_VERSION_NUM >= 0x074d00
static CURLcode set_blob(ld_exchange *x, CURLoption option, char *pem)
{
    /* Not copied, so that a key stays in one place; the origin outlives the transfer. */
    struct curl_blob blob = {.data = pem, .len = strlen(pem), .flags = CURL_BLOB_NOCOPY};
    return curl_easy_setopt(x->easy, option, &blob);
}

static CURLcode set_authorities(ld_exchange *x, const ld_origin *origin)
{
    return set_blob(x, CURLOPT_CAINFO_BLOB, origin->ca_pem);
}

static CURLcode set_certificate(ld_exchange *x, const ld_origin *origin)
{
    CURLcode code = set_blob(x, CURLOPT_SSLCERT_BLOB, origin->certificate_pem);
    SET(CURLOPT_SSLCERTTYPE, "PEM");
    if (code == CURLE_OK)
        code = set_blob(x, CURLOPT_SSLKEY_BLOB, origin->key_pem);
    SET(CURLOPT_SSLKEYTYPE, "PEM");
    return code;
}
#else
static CURLcode set_authorities(ld_exchange *x, const ld_origin *origin)
{
    (void)x, (void)origin;
    return CURLE_UNKNOWN_OPTION;
}

static CURLcode set_certificate(ld_exchange *x, const ld_origin *origin)
{
    (void)x, (void)origin;
    return CURLE_UNKNOWN_OPTION;
}
#endif

/* Those of an origin that names none. */
static CURLcode set_public_authorities(ld_exchange *x)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    const ld_surroundings around = ld_surroundings_of_process();
    const ld_authorities found =
        ld_authorities_find((ld_authorities){curl->cainfo, curl->capath}, &around);
    CURLcode code = CURLE_OK;
    SET(CURLOPT_CAINFO, found.file);
    SET(CURLOPT_CAPATH, found.folder);
    return code;
}

static CURLcode set_tls(ld_exchange *x)
{
    const ld_origin *origin = x->request->origin;
    CURLcode code = CURLE_OK;
    bool is_insecure = origin && origin->is_insecure;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, is_insecure ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, is_insecure ? 0L : 2L);
    if (is_insecure || (origin && origin->ca_pem)) {
        /* The system's take 26 ms to read, and would be trusted. */
        SET(CURLOPT_CAINFO, (char *)NULL);
        SET(CURLOPT_CAPATH, (char *)NULL);
    } else if (code == CURLE_OK && x->url.is_tls)
        code = set_public_authorities(x);
    if (code == CURLE_OK && x->url.is_tls && origin && origin->ca_pem)
        code = set_authorities(x, origin);
    if (code == CURLE_OK && x->url.is_tls && origin && origin->certificate_pem)
        code = set_certificate(x, origin);
    return code;
}

static CURLcode set_proxy(ld_exchange *x)
{
    const ld_origin *origin = x->request->origin;
    CURLcode code = CURLE_OK;
    SET(CURLOPT_PROXY, origin && origin->proxy_url ? origin->proxy_url : "");
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* they are not the answer's */
    return code;
}

static CURLcode add(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);
    if (!longer)
        return CURLE_OUT_OF_MEMORY;
    *list = longer;
    return CURLE_OK;
}

static void wipe_text(ld_text *text)
{
    if (text->data)
        explicit_bzero(text->data, text->room);
    ld_text_done(text);
}

static CURLcode add_credentials(ld_exchange *x)
{
    const ld_origin *origin = x->request->origin;
    CURLcode code = CURLE_OK;
    if (!origin || !ld_origin_shows_credentials(origin))
        return CURLE_OK;
    if (origin->authorization) {
        LD_CLEANUP(wipe_text) ld_text header = {0};
        ld_text_add(&header, "Authorization: ");
        ld_text_add(&header, origin->authorization);
        code = header.failed ? CURLE_OUT_OF_MEMORY : add(&x->headers, header.data);
    }
    for (size_t i = 0; code == CURLE_OK && origin->headers && origin->headers[i]; i++)
        code = add(&x->headers, origin->headers[i]);
    return code;
}

static CURLcode set_headers(ld_exchange *x)
{
    const ld_http_request *request = x->request;
    CURLcode code = add(&x->headers, "Expect:"); /* never wait for 100-continue */
    /* By hand: with the option of that name libcurl would unpack what comes nevertheless. */
    if (code == CURLE_OK)
        code = add(&x->headers, "Accept-Encoding: identity");
    for (size_t i = 0; code == CURLE_OK && request->headers && request->headers[i]; i++)
        code = add(&x->headers, request->headers[i]);
    if (code == CURLE_OK)
        code = add_credentials(x);
    SET(CURLOPT_HTTPHEADER, x->headers);
    return code;
}

/* Another name for the certificate and SNI than the host's: libcurl takes both from the URL, so the
 * URL gets that name, and the connection and the Host header stay with the host. */
static CURLcode rename_host(ld_exchange *x, const char *name)
{
    LD_CLEANUP(ld_text_done) ld_text url = {0};
    LD_CLEANUP(ld_text_done) ld_text where = {0};
    LD_CLEANUP(ld_text_done) ld_text host = {0};
    ld_text_addf(&url, "https://%s:%d%s", name, x->url.port, x->url.rest);
    ld_text_addf(&where, "%s:%d:%.*s:%d", name, x->url.port, (int)x->url.host_len, x->url.host,
                 x->url.port);
    ld_text_addf(&host, "Host: %.*s", (int)x->url.host_len, x->url.host);
    if (x->url.port != 443)
        ld_text_addf(&host, ":%d", x->url.port);
    if (url.failed || where.failed || host.failed)
        return CURLE_OUT_OF_MEMORY;
    CURLcode code = add(&x->connect_to, where.data);
    if (code == CURLE_OK)
        code = add(&x->headers, host.data);
    x->rewritten_url = ld_steal(&url.data);
    SET(CURLOPT_CONNECT_TO, x->connect_to);
    return code;
}

static CURLcode set_request(ld_exchange *x)
{
    const ld_http_request *request = x->request;
    const char *name = request->origin && x->url.is_tls ? request->origin->server_name : NULL;
    CURLcode code = name ? rename_host(x, name) : CURLE_OK;
    if (code == CURLE_OK)
        code = set_headers(x);
    SET(CURLOPT_URL, x->rewritten_url ? x->rewritten_url : request->url);
    SET(CURLOPT_USERAGENT, "leakdiag/" LEAKDIAG_VERSION);
    if (strcmp(request->method, "POST") == 0) {
        const char *body = request->body ? request->body : "";
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
        SET(CURLOPT_POSTFIELDS, body);
    }
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_ERRORBUFFER, x->error);
    SET(CURLOPT_PRIVATE, x);
    return code;
}

leakdiag_status ld_transfer_start(ld_exchange *x, CURLM *multi, int64_t timeout_ms,
                                  leakdiag_error *err)
{
    x->error[0] = '\0';
    x->easy = curl_easy_init();
    CURLcode code = x->easy ? set_limits(x, timeout_ms) : CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK)
        code = set_connection(x);
    if (code == CURLE_OK)
        code = set_tls(x);
    if (code == CURLE_OK)
        code = set_proxy(x);
    if (code == CURLE_OK)
        code = set_request(x);
    if (code == CURLE_OK && curl_multi_add_handle(multi, x->easy))
        code = CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OUT_OF_MEMORY)
        return ld_fail_nomem(err);
    if (code)
        return ld_fail(err, LEAKDIAG_E_UNSUPPORTED, "libcurl: %s; a newer one is needed",
                       curl_easy_strerror(code));
    x->state = LD_EXCHANGE_RUNNING;
    return LEAKDIAG_OK;
}

/* ---- the end ---- */

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

ld_stage ld_transfer_stage(const ld_exchange *x)
{
    if (!x->easy)
        return x->stage;
    if (x->intake.head_bytes > 0)
        return x->intake.has_head ? LD_STAGE_BODY : LD_STAGE_HEAD;
    if (!is_zero(x->easy, CURLINFO_PRETRANSFER_TIME_T))
        return LD_STAGE_FIRST_BYTE; /* on a connection that was there, the times below are zero */
    if (is_zero(x->easy, CURLINFO_NAMELOOKUP_TIME_T))
        return LD_STAGE_DNS;
    if (!is_connected(x->easy))
        return LD_STAGE_CONNECT;
    if (x->url.is_tls && is_zero(x->easy, CURLINFO_APPCONNECT_TIME_T))
        return LD_STAGE_TLS;
    return LD_STAGE_FIRST_BYTE;
}

static const char *connection_of(const ld_exchange *x)
{
    long made = 0;
    if (!x->intake.has_head || curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &made))
        return NULL;
    return made > 0 ? "new" : "reused";
}

bool ld_transfer_end(ld_exchange *x, CURLcode code, ld_stage at_least)
{
    ld_http_end own = ld_exchange_own_end(x);
    x->stage = ld_transfer_stage(x) > at_least ? ld_transfer_stage(x) : at_least;
    x->connection = connection_of(x);
    bool has_begun = !is_zero(x->easy, CURLINFO_STARTTRANSFER_TIME_T);
    if (code == CURLE_OUT_OF_MEMORY && has_begun && !x->intake.has_body) {
        x->intake.head_too_large = true; /* that is what libcurl calls one endless header line */
        own = LD_HTTP_TOO_LARGE;
    }
    x->request->end = own ? own : ld_http_end_of(x->easy, code, x->error);
    if (x->request->end == LD_HTTP_ANSWERED && !x->intake.has_head)
        x->request->end = LD_HTTP_CUT_OFF; /* libcurl takes half a head for an answer */
    if (x->intake.out_of_memory || (code == CURLE_OUT_OF_MEMORY && !own))
        return false;
    return ld_http_explain(x, code);
}

void ld_transfer_clear(ld_exchange *x, CURLM *multi)
{
    if (!x->easy) /* libcurl may not even be loaded */
        return;
    curl_multi_remove_handle(multi, x->easy);
    curl_easy_cleanup(x->easy);
    for (struct curl_slist *at = x->headers; at; at = at->next)
        explicit_bzero(at->data, strlen(at->data)); /* credentials are among them */
    curl_slist_free_all(x->headers);
    curl_slist_free_all(x->connect_to);
    ld_release(x->rewritten_url);
    x->easy = NULL;
    x->headers = x->connect_to = NULL;
    x->rewritten_url = NULL;
}
