#include "net/origin.h"

#include <string.h>

#include "base/alloc.h"
#include "net/http.h"
#include "net/url.h"

static void wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    ld_release(secret);
}

void ld_origin_free(ld_origin *origin)
{
    if (!origin)
        return;
    ld_release(origin->base_url);
    ld_release(origin->ca_pem);
    ld_release(origin->server_name);
    ld_release(origin->certificate_pem);
    wipe(origin->key_pem);
    wipe(origin->authorization);
    for (size_t i = 0; origin->headers && origin->headers[i]; i++)
        wipe(origin->headers[i]);
    ld_release(origin->headers);
    wipe(origin->proxy_url); /* may hold a password */
    ld_release(origin);
}

bool ld_origin_is_of(const ld_origin *origin, const char *url)
{
    ld_url own, other;
    return !ld_url_parse(origin->base_url, &own, NULL) && !ld_url_parse(url, &other, NULL) &&
           ld_url_same_origin(&own, &other);
}

static bool has_credentials(const ld_origin *origin)
{
    return origin->certificate_pem || origin->key_pem || origin->authorization ||
           (origin->headers && origin->headers[0]);
}

bool ld_origin_hides_credentials(const ld_origin *origin)
{
    ld_url own;
    return has_credentials(origin) && !ld_url_parse(origin->base_url, &own, NULL) && !own.is_tls;
}

bool ld_origin_shows_credentials(const ld_origin *origin)
{
    ld_url own;
    return !ld_url_parse(origin->base_url, &own, NULL) && own.is_tls;
}

static leakdiag_status check_value(const char *value, const char *what, leakdiag_error *err)
{
    for (size_t i = 0; value && value[i]; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c < 0x20 || c >= 0x7f)
            return ld_fail(err, LEAKDIAG_E_INVALID, "%s has byte 0x%02x at %zu; nothing was sent",
                           what, c, i);
    }
    return LEAKDIAG_OK;
}

/* Before it becomes the host of a URL. */
static leakdiag_status check_server_name(const char *name, leakdiag_error *err)
{
    size_t len = name ? strlen(name) : 0;
    if (!name)
        return LEAKDIAG_OK;
    if (len == 0 || len > 253 ||
        name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")])
        return ld_fail(err, LEAKDIAG_E_INVALID, "tls-server-name is no host name; correct it");
    return LEAKDIAG_OK;
}

static bool is_proxy_scheme(const char *url)
{
    static const char *const schemes[] = {"http://", "https://", "socks5h://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (ld_text_same_word(url, schemes[i], strlen(schemes[i])))
            return true;
    return false;
}

leakdiag_status ld_origin_check(const ld_origin *origin, const char *url, leakdiag_error *err)
{
    leakdiag_status status = ld_url_check(origin->base_url, err);
    if (status)
        return status;
    if (!ld_origin_is_of(origin, url))
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "the URL is not of the origin whose credentials it would show; nothing was "
                       "sent");
    if (!origin->certificate_pem != !origin->key_pem)
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "a client certificate needs its key, and a key its "
                       "certificate; nothing was sent");
    status = check_server_name(origin->server_name, err);
    if (!status)
        status = check_value(origin->authorization, "the authorization", err);
    if (!status)
        status = check_value(origin->proxy_url, "the proxy's URL", err);
    if (!status && origin->proxy_url && !is_proxy_scheme(origin->proxy_url))
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "the proxy's URL begins with none of http://, https://, socks5h://");
    return status;
}
