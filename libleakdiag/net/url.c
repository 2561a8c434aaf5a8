#include "net/url.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "net/http.h"

#define HOST_MAX_BYTES 255

static leakdiag_status no_url(leakdiag_error *err, const char *why)
{
    return ld_fail(err, LEAKDIAG_E_INVALID, "URL: %s; write it like http://localhost:8016", why);
}

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
static bool has_dot_segment(const char *rest)
{
    size_t len = strcspn(rest, "?");
    for (size_t i = 0; i < len;) {
        i += rest[i] == '/';
        size_t n = strcspn(rest + i, "/?");
        if ((n == 1 && rest[i] == '.') || (n == 2 && rest[i] == '.' && rest[i + 1] == '.'))
            return true;
        i += n;
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

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "[address]"; a zone is not taken. */
static bool is_ipv6(const char *host, size_t len)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr unused;
    if (len < 3 || len - 2 >= sizeof address || host[len - 1] != ']')
        return false;
    memcpy(address, host + 1, len - 2);
    address[len - 2] = '\0';
    return inet_pton(AF_INET6, address, &unused) == 1;
}

static bool is_host(const char *host, size_t len)
{
    if (len > HOST_MAX_BYTES)
        return false;
    if (host[0] == '[')
        return is_ipv6(host, len);
    for (size_t i = 0; i < len; i++)
        if (!is_alphanumeric(host[i]) && !strchr("._-", host[i]))
            return false;
    return true;
}

/* ":8016" or nothing; -1 when it is neither. */
static int read_port(const char *text, size_t len, int usual)
{
    if (len == 0)
        return usual;
    int port = 0;
    for (size_t i = 1; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        port = port * 10 + (text[i] - '0');
        if (port > 65535)
            return -1;
    }
    return text[0] == ':' && len > 1 ? port : -1;
}

static leakdiag_status read_authority(const char *text, size_t len, ld_url *ret,
                                      leakdiag_error *err)
{
    if (len == 0)
        return no_url(err, "it has no host");
    if (memchr(text, '@', len))
        return no_url(err, "no user:password@ is taken");
    if (strchr(text, '#'))
        return no_url(err, "no #fragment is taken");
    const char *bracket = text[0] == '[' ? memchr(text, ']', len) : NULL;
    const char *from = bracket ? bracket : text;
    const char *colon = memchr(from, ':', len - (size_t)(from - text));
    ret->host = text;
    ret->host_len = colon ? (size_t)(colon - text) : len;
    ret->port = read_port(text + ret->host_len, len - ret->host_len, ret->is_tls ? 443 : 80);
    if (ret->host_len == 0)
        return no_url(err, "it has no host");
    if (ret->port < 0 || !is_host(ret->host, ret->host_len))
        return no_url(err, "its host or port cannot be read");
    return LEAKDIAG_OK;
}

leakdiag_status ld_url_parse(const char *text, ld_url *ret, leakdiag_error *err)
{
    ld_url url = {0};
    leakdiag_status status = check_bytes(text, err);
    if (status)
        return status;
    const char *host = after_scheme(text);
    if (!host)
        return no_url(err,
                      strstr(text, "://") ? "only http and https are spoken" : "it has no scheme");
    url.is_tls = host == text + 8;
    size_t len = strcspn(host, "/?#");
    status = read_authority(host, len, &url, err);
    if (status)
        return status;
    url.rest = host + len;
    if (has_dot_segment(url.rest))
        return no_url(err, "no '.' or '..' is taken in its path");
    *ret = url;
    return LEAKDIAG_OK;
}

bool ld_url_same_origin(const ld_url *a, const ld_url *b)
{
    return a->is_tls == b->is_tls && a->port == b->port && a->host_len == b->host_len &&
           ld_text_same_word(a->host, b->host, a->host_len);
}

leakdiag_status ld_url_check(const char *url, leakdiag_error *err)
{
    ld_url unused;
    return ld_url_parse(url, &unused, err);
}

leakdiag_status ld_url_join(const char *base_url, const char *path, char **ret, leakdiag_error *err)
{
    leakdiag_status status = ld_url_check(base_url, err);
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
    ld_url parts;
    if (ld_url_parse(url, &parts, NULL))
        return false;
    const char *host = parts.host;
    size_t len = parts.host_len;
    if (len == 9 && ld_text_same_word(host, "localhost", 9))
        return true;
    if (len == 5 && memcmp(host, "[::1]", 5) == 0)
        return true;
    if (len <= 4 || memcmp(host, "127.", 4) != 0)
        return false;
    for (size_t i = 4; i < len; i++) /* 127.example is a name */
        if (host[i] != '.' && (host[i] < '0' || host[i] > '9'))
            return false;
    return true;
}

leakdiag_status ld_url_host_port(const char *url, char **ret, leakdiag_error *err)
{
    ld_url parts;
    leakdiag_status status = ld_url_parse(url, &parts, err);
    if (status)
        return status;
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    ld_text_add_bytes(&text, parts.host, parts.host_len);
    ld_text_addf(&text, ":%d", parts.port);
    return ld_text_take(&text, ret, err);
}
