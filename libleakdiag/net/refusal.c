/* Why a server may have refused a credential: what can be known of it from here. */
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "net/certificate.h"
#include "net/cluster_state.h"
#include "net/token.h"

typedef struct shown {
    const char *what; /* "token"; NULL: nothing was shown */
    const char *next;
    int64_t expires_ms; /* 0: not known */
} shown;

static const char *next_of(const char *kind)
{
    static const struct {
        const char *kind, *next;
    } steps[] = {
        {"exec", "log in again with the plugin's own tool"},
        {"token-file", "is its file renewed?"},
        {"oidc", "use an exec plugin (kubelogin)"},
        {"basic", "are user name and password right?"},
        {"client-certificate", "get a new kubeconfig"},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (strcmp(steps[i].kind, kind) == 0)
            return steps[i].next;
    return "get a new token";
}

static leakdiag_status find_shown(const leakdiag_cluster *cluster, shown *ret, leakdiag_error *err)
{
    const ld_credentials *own = &cluster->credentials;
    ret->next = next_of(cluster->credential_kind);
    if (own->token) {
        ret->what = "token";
        ret->expires_ms = own->expires_ms ? own->expires_ms : ld_token_expires_ms(own->token);
        return LEAKDIAG_OK;
    }
    if (own->basic) {
        ret->what = "user name with its password";
        return LEAKDIAG_OK;
    }
    if (!own->certificate_pem)
        return LEAKDIAG_OK;
    ret->what = "client certificate";
    return ld_certificate_expires(own->certificate_pem, false, &ret->expires_ms, err);
}

static void add_expiry(ld_text *text, const shown *s, int64_t now_ms)
{
    char when[LD_NUMBER_BYTES], ago[LD_NUMBER_BYTES];
    ld_rfc3339_format(s->expires_ms, when);
    ld_duration_format((double)((now_ms - s->expires_ms) / 1000), ago);
    if (s->expires_ms == 0)
        ld_text_addf(text, "its %s was refused", s->what);
    else if (s->expires_ms <= now_ms)
        ld_text_addf(text, "%s expired %s ago (exp %s)", s->what, ago, when);
    else
        ld_text_addf(text, "its %s was refused, although it is good until %s", s->what, when);
}

static leakdiag_status add_reason(const leakdiag_cluster *cluster, ld_text *text,
                                  leakdiag_error *err)
{
    shown s = {0};
    if (!cluster->is_https) {
        ld_text_add(text,
                    "asked as anonymous: credentials are not sent over plain http; use https");
        return LEAKDIAG_OK;
    }
    leakdiag_status status = find_shown(cluster, &s, err);
    if (status)
        return status;
    if (!s.what) {
        ld_text_add(text, "asked as anonymous: there is no credential; name a user that has one");
        return LEAKDIAG_OK;
    }
    if (cluster->credentials.where)
        ld_text_addf(text, "%s: ", cluster->credentials.where);
    add_expiry(text, &s, cluster->around.now_ms(cluster->around.payload));
    ld_text_addf(text, "; %s", s.next);
    return LEAKDIAG_OK;
}

leakdiag_status ld_cluster_why_refused(leakdiag_cluster *cluster, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    LD_CLEANUP(ld_text_done) ld_text safe = {0};
    pthread_mutex_lock(&cluster->lock);
    leakdiag_status status = add_reason(cluster, &text, err);
    pthread_mutex_unlock(&cluster->lock);
    if (status || text.failed)
        return status ? status : ld_fail_nomem(err);
    ld_text_add_safe(&safe, text.data, text.len);
    return ld_text_take(&safe, ret, err);
}
