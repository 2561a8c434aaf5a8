/* Opening a cluster: from a kubeconfig, or from within a pod. */
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "net/certificate.h"
#include "net/cluster_state.h"
#include "net/http.h"
#include "net/in_cluster.h"

/* ---- its URL ---- */

/* Without query and fragment, as in client-go, and without a '/' at the end. */
static char *bare_url(const char *server)
{
    size_t n = strcspn(server, "?#");
    while (n > 0 && server[n - 1] == '/')
        n--;
    return ld_copy_bytes(server, n);
}

static leakdiag_status check_server(const char *url, leakdiag_error *err)
{
    bool is_http = ld_text_same_word(url, "http://", 7);
    leakdiag_error why = {0};
    if (!is_http && !ld_text_same_word(url, "https://", 8))
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "server must begin with https:// (or http://, without credentials)");
    leakdiag_status status = ld_url_check(url, &why);
    if (!status)
        return LEAKDIAG_OK;
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    char *like = strstr(why.message, "; write it like");
    if (like)
        *like = '\0';
    return ld_fail(err, status, "server %s; write it like https://10.0.0.1:6443", why.message);
}

static leakdiag_status take_server(const ld_entry *entry, leakdiag_cluster *made,
                                   leakdiag_error *err)
{
    const char *server;
    leakdiag_error why = {0};
    leakdiag_status status = ld_entry_text(entry, "server", &server, err);
    if (!status && !server)
        status = ld_entry_fail(entry, NULL, err, LEAKDIAG_E_INVALID,
                               "it has no server; write it like server: https://10.0.0.1:6443");
    if (status)
        return status;
    made->server = bare_url(server);
    if (!made->server)
        return ld_fail_nomem(err);
    status = check_server(made->server, &why);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (status)
        return ld_entry_fail(entry, "server", err, status, "%s", why.message);
    made->is_https = ld_text_same_word(made->server, "https://", 8);
    return LEAKDIAG_OK;
}

/* ---- whom it is trusted by, and how it is reached ---- */

/* Go resolves names at a socks5 proxy; in curl's words that is socks5h. The URL may hold a
 * password, so no message repeats it. */
static leakdiag_status take_proxy(const ld_entry *entry, leakdiag_cluster *made,
                                  leakdiag_error *err)
{
    const char *proxy;
    leakdiag_status status = ld_entry_text(entry, "proxy-url", &proxy, err);
    if (status || !proxy)
        return status;
    LD_CLEANUP(ld_secret_text_done) ld_secret_text url = {0};
    bool is_socks = ld_text_same_word(proxy, "socks5://", 9);
    bool is_known = is_socks || ld_text_same_word(proxy, "http://", 7) ||
                    ld_text_same_word(proxy, "https://", 8);
    const char *host = strstr(proxy, "://");
    for (const char *p = proxy; *p; p++)
        is_known = is_known && (unsigned char)*p > 0x20 && (unsigned char)*p < 0x7f;
    if (!is_known || !host || !host[3] || host[3] == '/')
        return ld_entry_fail(
            entry, "proxy-url", err, LEAKDIAG_E_INVALID,
            "proxy-url must be like http://proxy:3128, with http, https or socks5");
    if (is_socks)
        ld_secret_add(&url, "socks5h", 7);
    const char *rest = is_socks ? host : proxy;
    ld_secret_add(&url, rest, strlen(rest));
    return ld_secret_take(&url, &made->proxy_url, err);
}

static leakdiag_status take_trust(const ld_entry *entry, leakdiag_cluster *made,
                                  leakdiag_error *err)
{
    const char *server_name;
    leakdiag_status status =
        ld_entry_bool(entry, "insecure-skip-tls-verify", &made->is_insecure, err);
    if (!status)
        status = ld_entry_text(entry, "tls-server-name", &server_name, err);
    if (!status)
        status =
            ld_entry_pem(entry, "certificate-authority", "CERTIFICATE", &made->ca_pem, NULL, err);
    if (status)
        return status;
    if (made->ca_pem && made->is_insecure && made->is_https)
        return ld_entry_fail(entry, "insecure-skip-tls-verify", err, LEAKDIAG_E_INVALID,
                             "specifying a root certificates file with the insecure flag is not "
                             "allowed; remove insecure-skip-tls-verify");
    if (server_name && !(made->server_name = ld_copy_text(server_name)))
        return ld_fail_nomem(err);
    if (made->is_insecure && made->is_https)
        ld_warn(&made->warnings,
                "cluster %.63s: the server's certificate is not checked "
                "(insecure-skip-tls-verify): anybody may answer for it",
                entry->name);
    return LEAKDIAG_OK;
}

static leakdiag_status take_cluster(const ld_entry *entry, leakdiag_cluster *made,
                                    leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text origin = {0};
    leakdiag_status status = take_server(entry, made, err);
    if (!status)
        status = take_trust(entry, made, err);
    if (!status)
        status = take_proxy(entry, made, err);
    if (status)
        return status;
    made->cluster_name = ld_copy_text(entry->name);
    ld_text_add(&origin, "kubeconfig ");
    ld_text_add(&origin, entry->file->path);
    return made->cluster_name ? ld_text_take(&origin, &made->origin, err) : ld_fail_nomem(err);
}

/* ---- as whom ---- */

/* What a plugin is told of the cluster that its own tool put there. */
static const ld_node *exec_extension(const ld_entry *cluster)
{
    const ld_node *list = ld_node_get(cluster->node, "extensions");
    for (size_t i = 0; list && list->kind == LD_NODE_LIST && i < list->n; i++) {
        const char *name = ld_node_text(ld_node_get(&list->children[i], "name"));
        if (name && strcmp(name, "client.authentication.k8s.io/exec") == 0)
            return ld_node_get(&list->children[i], "extension");
    }
    return NULL;
}

static leakdiag_status take_user(const leakdiag_cluster_options *options, const ld_entry *cluster,
                                 const ld_entry *user, leakdiag_cluster *made, leakdiag_error *err)
{
    const ld_user_frame frame = {
        .cluster = {.server = made->server,
                    .server_name = made->server_name,
                    .ca_pem = made->ca_pem,
                    .proxy_url = made->proxy_url,
                    .is_insecure = made->is_insecure,
                    .config = exec_extension(cluster)},
        .impersonate = options->impersonate,
        .exec_policy = options->exec_policy,
        .exec_allowed = options->exec_allowed,
        .uid = made->around.uid,
        .now_ms = made->around.now_ms(made->around.payload),
    };
    made->user = ld_copy_text(user->name);
    if (!made->user)
        return ld_fail_nomem(err);
    if (made->is_https)
        return ld_credentials_read(user, &frame, &made->warnings, &made->credentials, err);
    if (user->node && user->node->n)
        ld_warn(&made->warnings,
                "credentials are not sent over plain http: %.200s is asked as "
                "anonymous; use https",
                made->server);
    return LEAKDIAG_OK;
}

/* Asked as somebody else than was meant would be worse than not at all. */
static leakdiag_status check_impersonation(const leakdiag_cluster_options *options,
                                           const leakdiag_cluster *made, leakdiag_error *err)
{
    if (made->is_https || !options->impersonate || !*options->impersonate)
        return LEAKDIAG_OK;
    return ld_fail(err, LEAKDIAG_E_INVALID,
                   "acting as %.63s needs https: over plain http to %.200s nothing of it is sent",
                   options->impersonate, made->server);
}

/* ---- the namespace ---- */

/* A label of RFC 1123; anything else would make another path. */
static leakdiag_status check_namespace(const char *name, const char *source, leakdiag_error *err)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool is_inner = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_inner && (c != '-' || i == 0 || i + 1 == len))
            return ld_fail(
                err, LEAKDIAG_E_INVALID,
                "namespace %.63s (from %s): byte %zu is not allowed; lower-case letters, "
                "digits, and '-' within, are",
                name, source, i + 1);
    }
    if (len > 63)
        return ld_fail(err, LEAKDIAG_E_INVALID, "namespace (from %s): longer than 63 characters",
                       source);
    return LEAKDIAG_OK;
}

static leakdiag_status take_namespace(const char *option, const char *found, const char *source,
                                      leakdiag_cluster *made, leakdiag_error *err)
{
    bool has_option = option && *option;
    const char *name = has_option ? option : found ? found : "default";
    made->namespace_source = has_option ? "option" : found ? source : "default";
    leakdiag_status status = check_namespace(name, made->namespace_source, err);
    if (status)
        return status;
    made->namespace_name = ld_copy_text(name);
    return made->namespace_name ? LEAKDIAG_OK : ld_fail_nomem(err);
}

/* ---- what will not hold ---- */

static leakdiag_status warn_if_expired(leakdiag_cluster *made, const char *pem, bool is_authority,
                                       leakdiag_error *err)
{
    char when[LD_NUMBER_BYTES];
    int64_t expires_ms = 0;
    if (!pem)
        return LEAKDIAG_OK;
    leakdiag_status status = ld_certificate_expires(pem, is_authority, &expires_ms, err);
    if (status || !expires_ms || expires_ms > made->around.now_ms(made->around.payload))
        return status;
    ld_rfc3339_format(expires_ms, when);
    ld_warn(&made->warnings,
            "%s %.63s: the %s expired at %s; get a new kubeconfig, or is this "
            "machine's clock wrong?",
            is_authority ? "cluster" : "user", is_authority ? made->cluster_name : made->user,
            is_authority ? "certificate authority" : "client certificate", when);
    return LEAKDIAG_OK;
}

/* ---- a kubeconfig ---- */

static bool is_given(const char *text)
{
    return text && *text;
}

static leakdiag_status no_such(const ld_kubeconfig *config, ld_entry_kind kind, const char *what,
                               const char *name, const char *who, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *names = NULL;
    leakdiag_status status = ld_kubeconfig_names(config, kind, &names, err);
    if (status)
        return status;
    return ld_fail(err, LEAKDIAG_E_NOT_FOUND, "%s %.63s (%s) is not defined in %.150s; defined: %s",
                   what, name, who, config->n ? config->files[0].path : "any file", names);
}

/* The three entries that are meant. A user may be missing: then it is anonymous. */
typedef struct chosen {
    ld_entry context, cluster, user;
    bool has_context, has_user;
} chosen;

static leakdiag_status choose_context(const leakdiag_cluster_options *options,
                                      const ld_kubeconfig *config, chosen *ret, leakdiag_error *err)
{
    bool is_option = is_given(options->context);
    const char *name = is_option ? options->context : ld_kubeconfig_current_context(config);
    if (!name)
        return LEAKDIAG_OK;
    ret->has_context = ld_kubeconfig_find(config, LD_CONTEXTS, name, &ret->context);
    if (!ret->has_context)
        return no_such(config, LD_CONTEXTS, "context", name,
                       is_option ? "option" : "current-context", err);
    return LEAKDIAG_OK;
}

/* Of the option, else of the context. */
static leakdiag_status name_of_part(const chosen *c, const char *option, const char *key,
                                    const char **ret, leakdiag_error *err)
{
    *ret = is_given(option) ? option : NULL;
    if (*ret || !c->has_context)
        return LEAKDIAG_OK;
    return ld_entry_text(&c->context, key, ret, err);
}

static leakdiag_status choose_part(const ld_kubeconfig *config, const chosen *c, ld_entry_kind kind,
                                   const char *option, ld_entry *ret, bool *ret_found,
                                   leakdiag_error *err)
{
    const char *key = kind == LD_CLUSTERS ? "cluster" : "user", *name;
    leakdiag_status status = name_of_part(c, option, key, &name, err);
    *ret_found = false;
    if (status || !name)
        return status;
    *ret_found = ld_kubeconfig_find(config, kind, name, ret);
    if (*ret_found)
        return LEAKDIAG_OK;
    LD_CLEANUP(ld_text_done) ld_text who = {0};
    if (is_given(option))
        ld_text_add(&who, "option");
    else
        ld_text_addf(&who, "named by context %.63s", c->context.name);
    return who.failed ? ld_fail_nomem(err) : no_such(config, kind, key, name, who.data, err);
}

/* *ret_found false: nothing says which cluster is meant. */
static leakdiag_status choose(const leakdiag_cluster_options *options, const ld_kubeconfig *config,
                              chosen *ret, bool *ret_found, leakdiag_error *err)
{
    leakdiag_status status = choose_context(options, config, ret, err);
    if (!status)
        status =
            choose_part(config, ret, LD_CLUSTERS, options->cluster, &ret->cluster, ret_found, err);
    if (!status && *ret_found)
        status = choose_part(config, ret, LD_USERS, options->user, &ret->user, &ret->has_user, err);
    if (!status && ret->has_context && !*ret_found)
        return ld_entry_fail(&ret->context, NULL, err, LEAKDIAG_E_INVALID,
                             "it names no cluster; add cluster: to it");
    return status;
}

static leakdiag_status open_chosen(const leakdiag_cluster_options *options, const chosen *c,
                                   leakdiag_cluster *made, leakdiag_error *err)
{
    const char *ns = NULL;
    leakdiag_status status = take_cluster(&c->cluster, made, err);
    if (!status)
        status = check_impersonation(options, made, err);
    if (!status && c->has_context) {
        made->context = ld_copy_text(c->context.name);
        status =
            made->context ? ld_entry_text(&c->context, "namespace", &ns, err) : ld_fail_nomem(err);
    }
    if (!status)
        status = take_namespace(options->namespace_name, ns, "context", made, err);
    if (!status && c->has_user)
        status = take_user(options, &c->cluster, &c->user, made, err);
    if (!status && !c->has_user && made->is_https)
        status = ld_credentials_impersonate(&made->credentials, options->impersonate, err);
    if (!status && made->is_https)
        status = warn_if_expired(made, made->ca_pem, true, err);
    if (!status)
        status = warn_if_expired(made, made->credentials.certificate_pem, false, err);
    return status;
}

/* ---- a pod ---- */

static leakdiag_status open_in_pod(const leakdiag_cluster_options *options, leakdiag_cluster *made,
                                   leakdiag_error *err)
{
    LD_CLEANUP(ld_in_cluster_done) ld_in_cluster in = {0};
    const ld_surroundings *around = &made->around;
    leakdiag_error why = {0};
    leakdiag_status status = ld_in_cluster_read(around, &in, err);
    if (!status && (status = ld_url_check(in.server, &why)) != LEAKDIAG_OK)
        return status == LEAKDIAG_E_NOMEM
                   ? ld_fail_nomem(err)
                   : ld_fail(err, status,
                             "in-cluster: KUBERNETES_SERVICE_HOST and _PORT make no %s",
                             why.message);
    if (!status)
        status = ld_credentials_of_token_file(in.token_path, around->now_ms(around->payload),
                                              &made->credentials, err);
    if (!status)
        status = ld_credentials_impersonate(&made->credentials, options->impersonate, err);
    if (!status)
        status = take_namespace(options->namespace_name, in.namespace_name, "service account", made,
                                err);
    if (status)
        return status;
    made->server = ld_steal(&in.server);
    made->ca_pem = ld_steal(&in.ca_pem);
    made->ca_path = ld_steal(&in.ca_path);
    made->is_https = true;
    made->origin = ld_copy_text("in-cluster");
    return made->origin ? LEAKDIAG_OK : ld_fail_nomem(err);
}

/* ---- which of the two ---- */

static leakdiag_status nothing_there(const ld_kubeconfig *config, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *names = NULL;
    if (config->n == 0)
        return ld_fail(
            err, LEAKDIAG_E_NOT_FOUND,
            "no kubeconfig: %.300s; not in a cluster either; name one, or set KUBECONFIG",
            *config->missing ? config->missing : "KUBECONFIG names no file");
    leakdiag_status status = ld_kubeconfig_names(config, LD_CONTEXTS, &names, err);
    if (status)
        return status;
    return ld_fail(err, LEAKDIAG_E_NOT_FOUND,
                   "%.150s: no current-context, and not in a cluster either; name a context: %s",
                   config->files[0].path, names);
}

static leakdiag_status open_any(const leakdiag_cluster_options *options, leakdiag_cluster *made,
                                leakdiag_error *err)
{
    LD_CLEANUP(ld_kubeconfig_done) ld_kubeconfig config = {0};
    chosen c = {0};
    bool found = false, in_pod = false;
    leakdiag_status status =
        ld_kubeconfig_load(options->kubeconfig, &made->around, &made->warnings, &config, err);
    if (!status)
        status = choose(options, &config, &c, &found, err);
    if (!status && found)
        return open_chosen(options, &c, made, err);
    if (!status)
        status = ld_in_cluster_is_possible(&made->around, &in_pod, err);
    if (status)
        return status;
    return in_pod ? open_in_pod(options, made, err) : nothing_there(&config, err);
}

static leakdiag_status check_options(const leakdiag_cluster_options *options, leakdiag_error *err)
{
    if (options->exec_policy < LEAKDIAG_EXEC_DENY || options->exec_policy > LEAKDIAG_EXEC_ALLOWED)
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "exec_policy is none of LEAKDIAG_EXEC_DENY, _ALLOW and _ALLOWED");
    return LEAKDIAG_OK;
}

static leakdiag_status make_lock(leakdiag_cluster *made, leakdiag_error *err)
{
    pthread_condattr_t monotonic;
    if (pthread_condattr_init(&monotonic))
        return ld_fail_nomem(err);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    bool failed = pthread_mutex_init(&made->lock, NULL) != 0;
    if (!failed && pthread_cond_init(&made->changed, &monotonic)) {
        pthread_mutex_destroy(&made->lock);
        failed = true;
    }
    pthread_condattr_destroy(&monotonic);
    made->has_lock = !failed;
    return failed ? ld_fail_nomem(err) : LEAKDIAG_OK;
}

LD_DEFINE_CLEANUP(leakdiag_cluster, leakdiag_cluster_free, cluster_freep)

leakdiag_status ld_cluster_open_in(const leakdiag_cluster_options *options,
                                   const ld_surroundings *around, leakdiag_cluster **ret,
                                   leakdiag_error *err)
{
    leakdiag_cluster_options own = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    leakdiag_status status = ld_options_copy(&own, sizeof own, sizeof own, options, err);
    if (!status)
        status = check_options(&own, err);
    if (status)
        return status;
    LD_CLEANUP(cluster_freep) leakdiag_cluster *made = ld_alloc_zero(sizeof *made);
    if (!made)
        return ld_fail_nomem(err);
    made->credentials.kind = "none";
    made->is_process = !around;
    made->around = around ? *around : ld_surroundings_of_process();
    status = make_lock(made, err);
    if (!status)
        status = open_any(&own, made, err);
    if (!status && made->warnings.failed)
        status = ld_fail_nomem(err);
    if (status)
        return status;
    made->credential_kind = made->credentials.kind;
    made->has_impersonation = made->credentials.headers != NULL;
    *ret = ld_steal(&made);
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_cluster_open(const leakdiag_cluster_options *options,
                                      leakdiag_cluster **ret, leakdiag_error *err)
{
    return ld_cluster_open_in(options, NULL, ret, err);
}
