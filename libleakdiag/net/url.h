/* A URL in its parts. Read here and not by libcurl: what decides whom a credential is shown to
 * must not depend on how lenient a parser is, and a transport of one's own needs no libcurl. */
#ifndef LD_NET_URL_H
#define LD_NET_URL_H

#include <stdbool.h>

#include "base/error.h"

/* Spans of the text that was parsed. */
typedef struct ld_url {
    bool is_tls;
    const char *host; /* an IPv6 address with its brackets */
    size_t host_len;
    int port;         /* the usual one filled in */
    const char *rest; /* from the path on; may be "" */
} ld_url;

/* Stricter than RFC 3986: http or https, a host of letters, digits, '.', '_', '-' or an address, no
 * userinfo, no fragment, no '.' or '..' in its path. E_INVALID; the text is never repeated. */
leakdiag_status ld_url_parse(const char *text, ld_url *ret, leakdiag_error *err);
/* The same scheme, host (in any case) and port. */
bool ld_url_same_origin(const ld_url *a, const ld_url *b);

#endif
