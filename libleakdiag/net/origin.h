/* Where a request goes, whom it trusts there and what it shows there. A credential is bound to its
 * origin: it is sent to that scheme, host and port and to nobody else. */
#ifndef LD_NET_ORIGIN_H
#define LD_NET_ORIGIN_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/error.h"

/* All texts are from ld_alloc and owned. PEM texts are the certificates themselves, not paths. */
typedef struct ld_origin {
    char *base_url; /* "https://host:port/prefix", without a trailing '/' */
    /* Whom it trusts (https only). */
    char *ca_pem;      /* these authorities and no others; NULL: the system's */
    char *server_name; /* the name that the certificate must have, and SNI; NULL: the host's */
    bool is_insecure;  /* no certificate is checked: only when the kubeconfig says so */
    /* What it shows (https only: nothing of it goes over plain http). */
    char *certificate_pem, *key_pem; /* both or none; the key is wiped when freed */
    char *authorization; /* value of that header, like "Bearer …"; NULL: none; wiped */
    char **headers;      /* more "Name: value" (impersonation), NULL-terminated; NULL: none */
    char *proxy_url;     /* http, https or socks5h; NULL: none */
} ld_origin;

/* Frees all; secrets are wiped before. NULL is fine. */
void ld_origin_free(ld_origin *origin);
LD_DEFINE_CLEANUP(ld_origin, ld_origin_free, ld_origin_freep)

/* Whether the URL has this origin's scheme, host and port (defaults filled in, host in any case).
 */
bool ld_origin_is_of(const ld_origin *origin, const char *url);
/* Whether it has credentials that are not sent, because it is reached over plain http: say so. */
bool ld_origin_hides_credentials(const ld_origin *origin);
/* Whether what it has of credentials is sent. */
bool ld_origin_shows_credentials(const ld_origin *origin);
/* What a request to url with this origin needs: the same origin, no control bytes, a certificate
 * with its key. E_INVALID. */
leakdiag_status ld_origin_check(const ld_origin *origin, const char *url, leakdiag_error *err);

#endif
