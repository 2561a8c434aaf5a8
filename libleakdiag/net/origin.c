#include "net/origin.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "net/http.h"
#include "net/secret.h"

void ld_origin_free(ld_origin *origin)
{
    if (!origin)
        return;
    for (size_t i = 0; origin->headers && origin->headers[i]; i++)
        ld_secret_release(origin->headers[i]);
    ld_release(origin->headers);
    ld_secret_release(origin->key_pem);
    ld_secret_release(origin->authorization);
    ld_secret_release(origin->proxy_url);
    ld_release(origin->certificate_pem);
    ld_release(origin->base_url);
    ld_release(origin->ca_pem);
    ld_release(origin->server_name);
    ld_release(origin);
}

/* Enough to link and test with. */
bool ld_origin_is_of(const ld_origin *origin, const char *url)
{
    LD_CLEANUP(ld_releasep) char *own = NULL;
    LD_CLEANUP(ld_releasep) char *other = NULL;
    return !ld_url_host_port(origin->base_url, &own, NULL) &&
           !ld_url_host_port(url, &other, NULL) && ld_text_equal(own, other) &&
           ld_text_same_word(origin->base_url, url, 6);
}
