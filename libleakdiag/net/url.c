#include <curl/curl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "net/http.h"

static void curlu_cleanup(CURLU **url)
{
    curl_url_cleanup(*url);
}

static void curl_freep(char **text)
{
    curl_free(*text);
}

#define CURL_TEXT LD_CLEANUP(curl_freep) char

static leakdiag_status no_url(leakdiag_error *err, const char *why)
{
    return ld_fail(err, LEAKDIAG_E_INVALID, "URL: %s; it looks like http://localhost:8016", why);
}

/* Before curl sees it: its parser lets some of this pass or mends it. */
static leakdiag_status check_bytes(const char *url, leakdiag_error *err)
{
    size_t len = url ? strlen(url) : 0;
    if (len == 0)
        return no_url(err, "it is empty");
    if (len > LD_HTTP_URL_MAX_BYTES)
        return ld_fail(err, LEAKDIAG_E_INVALID, "URL has %zu bytes; at most %d are allowed", len,
                       LD_HTTP_URL_MAX_BYTES);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)url[i];
        if (c <= 0x20 || c >= 0x7f || c == '\\')
            return ld_fail(err, LEAKDIAG_E_INVALID, "URL has byte 0x%02x at %zu; percent-encode it",
                           c, i);
    }
    return LEAKDIAG_OK;
}

/* "/../" would reach outside of the prefix: curl would squash it, or the server. */
static bool has_dot_segment(CURLU *url)
{
    CURL_TEXT *path = NULL;
    if (curl_url_get(url, CURLUPART_PATH, &path, 0) != CURLUE_OK)
        return false;
    for (const char *p = path; p; p = strchr(p, '/')) {
        p += *p == '/';
        size_t n = strcspn(p, "/");
        if ((n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
            return true;
    }
    return false;
}

/* Where the host begins; NULL when the scheme is none of ours. curl would take "http:/host" too. */
static const char *after_scheme(const char *url)
{
    if (ld_text_same_word(url, "http://", 7))
        return url + 7;
    return ld_text_same_word(url, "https://", 8) ? url + 8 : NULL;
}

/* What curl takes, but must not be sent. */
static leakdiag_status check_parts(const char *text, leakdiag_error *err)
{
    const char *host = after_scheme(text);
    if (!host)
        return no_url(err,
                      strstr(text, "://") ? "only http and https are spoken" : "it has no scheme");
    size_t authority = strcspn(host, "/?#");
    if (authority == 0)
        return no_url(err, "it has no host");
    if (memchr(host, '@', authority))
        return no_url(err, "no user:password@ is taken");
    if (strchr(host, '#'))
        return no_url(err, "no #fragment is taken");
    return LEAKDIAG_OK;
}

/* *ret stays NULL on failure. */
static leakdiag_status parse(const char *text, CURLU **ret, leakdiag_error *err)
{
    leakdiag_status status = check_bytes(text, err);
    if (!status)
        status = check_parts(text, err);
    if (status)
        return status;
    LD_CLEANUP(curlu_cleanup) CURLU *url = curl_url();
    CURLUcode code =
        url ? curl_url_set(url, CURLUPART_URL, text, CURLU_PATH_AS_IS) : CURLUE_OUT_OF_MEMORY;
    if (!url && ld_curl_is_missing && ld_curl_is_missing())
        return ld_fail(err, LEAKDIAG_E_IO, "libcurl.so.4 cannot be loaded; install libcurl 4");
    if (code == CURLUE_OUT_OF_MEMORY)
        return ld_fail_nomem(err);
    if (code)
        return no_url(err, "it cannot be read");
    if (has_dot_segment(url))
        return no_url(err, "no '.' or '..' is taken in its path");
    *ret = ld_steal(&url);
    return LEAKDIAG_OK;
}

leakdiag_status ld_url_check(const char *url, leakdiag_error *err)
{
    LD_CLEANUP(curlu_cleanup) CURLU *parsed = NULL;
    return parse(url, &parsed, err);
}

leakdiag_status ld_url_join(const char *base_url, const char *path, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(curlu_cleanup) CURLU *base = NULL;
    leakdiag_status status = parse(base_url, &base, err);
    if (status)
        return status;
    if (strchr(base_url, '?'))
        return no_url(err, "no ?query is taken in a base URL");
    size_t len = strlen(base_url);
    while (len > 0 && base_url[len - 1] == '/')
        len--;
    LD_CLEANUP(ld_text_done) ld_text joined = {0};
    ld_text_add_bytes(&joined, base_url, len);
    ld_text_add(&joined, "/");
    ld_text_add(&joined, path + strspn(path, "/"));
    if (!joined.failed) {
        status = ld_url_check(joined.data, err);
        if (status)
            return status;
    }
    return ld_text_take(&joined, ret, err);
}

bool ld_url_is_loopback(const char *url)
{
    LD_CLEANUP(curlu_cleanup) CURLU *parsed = NULL;
    CURL_TEXT *host = NULL;
    if (parse(url, &parsed, NULL) || curl_url_get(parsed, CURLUPART_HOST, &host, 0))
        return false;
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "[::1]") == 0;
}

leakdiag_status ld_url_host_port(const char *url, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(curlu_cleanup) CURLU *parsed = NULL;
    CURL_TEXT *host = NULL;
    CURL_TEXT *port = NULL;
    leakdiag_status status = parse(url, &parsed, err);
    if (status)
        return status;
    if (curl_url_get(parsed, CURLUPART_HOST, &host, 0) ||
        curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
        return ld_fail_nomem(err);
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    ld_text_add_safe(&text, host, strlen(host));
    ld_text_addf(&text, ":%s", port);
    return ld_text_take(&text, ret, err);
}
