#include "net/exec_credential.h"

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/number.h"
#include "net/secret.h"
#include "net/token.h"

void ld_exec_credential_done(ld_exec_credential *credential)
{
    ld_secret_release(credential->token);
    ld_secret_release(credential->certificate_pem);
    ld_secret_release(credential->key_pem);
    *credential = (ld_exec_credential){0};
}

/* ---- what it is told ---- */

static json_t *json_of(const ld_node *node);

/* A plain text in the kubeconfig may be a number, true, false or null. */
static json_t *json_of_scalar(const ld_node *node)
{
    double number;
    if (node->quoted)
        return ld_json_text(node->text);
    if (!*node->text || strcmp(node->text, "null") == 0 || strcmp(node->text, "~") == 0)
        return json_null();
    if (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)
        return json_boolean(*node->text == 't');
    if (ld_number_parse(node->text, strlen(node->text), &number))
        return ld_json_number(number);
    return ld_json_text(node->text);
}

static json_t *json_of(const ld_node *node)
{
    if (node->kind == LD_NODE_SCALAR)
        return json_of_scalar(node);
    bool is_list = node->kind == LD_NODE_LIST;
    json_t *json = is_list ? json_array() : json_object();
    for (size_t i = 0; json && i < node->n; i++) { /* depth is bounded by LD_NODE_MAX_DEPTH */
        const ld_node *child = &node->children[i];
        json_t *value = json_of(child);
        if (is_list ? json_array_append_new(json, value)
                    : json_object_set_new(json, child->key, value)) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}

static int set_text(json_t *object, const char *key, const char *text)
{
    return text ? json_object_set_new(object, key, ld_json_text(text)) : 0;
}

static json_t *json_of_cluster(const ld_exec_cluster *cluster)
{
    LD_JSON *json = json_object();
    int failed = !json;
    failed = failed || set_text(json, "server", cluster->server) ||
             set_text(json, "tls-server-name", cluster->server_name) ||
             set_text(json, "proxy-url", cluster->proxy_url);
    if (!failed && cluster->is_insecure)
        failed = json_object_set_new(json, "insecure-skip-tls-verify", json_true());
    if (!failed && cluster->ca_pem) {
        LD_CLEANUP(ld_releasep)
        char *ca = ld_base64_encode(cluster->ca_pem, strlen(cluster->ca_pem));
        failed = !ca || set_text(json, "certificate-authority-data", ca);
    }
    if (!failed && cluster->config)
        failed = json_object_set_new(json, "config", json_of(cluster->config));
    return failed ? NULL : ld_steal(&json);
}

leakdiag_status ld_exec_info(const char *api_version, const ld_exec_cluster *cluster, char **ret,
                             leakdiag_error *err)
{
    LD_JSON *info = json_pack("{s:s, s:s, s:{s:b}}", "kind", "ExecCredential", "apiVersion",
                              api_version, "spec", "interactive", 0);
    if (!info)
        return ld_fail_nomem(err);
    if (cluster &&
        json_object_set_new(json_object_get(info, "spec"), "cluster", json_of_cluster(cluster)))
        return ld_fail_nomem(err);
    return ld_json_dump(info, ret, err);
}

/* ---- what it answers ---- */

static leakdiag_status bad(leakdiag_error *err, const char *why)
{
    return ld_fail(err, LEAKDIAG_E_AUTH, "its answer is no use: %s", why);
}

static void wipe(const json_t *object, const char *key)
{
    json_t *text = json_object_get(object, key);
    if (json_is_string(text))
        explicit_bzero((char *)(uintptr_t)json_string_value(text), json_string_length(text));
}

static leakdiag_status copy_secret(const json_t *status, const char *key, char **ret,
                                   leakdiag_error *err)
{
    const char *text = json_string_value(json_object_get(status, key));
    if (!text || !*text)
        return LEAKDIAG_OK;
    *ret = ld_copy_text(text);
    return *ret ? LEAKDIAG_OK : ld_fail_nomem(err);
}

static leakdiag_status read_expiry(const json_t *status, int64_t *ret, leakdiag_error *err)
{
    const json_t *member = json_object_get(status, "expirationTimestamp");
    if (!member || json_is_null(member))
        return LEAKDIAG_OK;
    const char *text = json_string_value(member);
    if (!text || !*text || ld_rfc3339_parse(text, strlen(text), ret) != strlen(text))
        return bad(err, "expirationTimestamp is not a time like 2026-11-23T14:31:00Z");
    return LEAKDIAG_OK;
}

static leakdiag_status check_parts(ld_exec_credential *made, leakdiag_error *err)
{
    if (!made->certificate_pem != !made->key_pem)
        return bad(err, "clientCertificateData and clientKeyData go together, one is missing");
    if (!made->token && !made->key_pem)
        return bad(err, "status has no token and no client certificate; is the plugin logged in?");
    if (made->key_pem && (!strstr(made->key_pem, "PRIVATE KEY-----") ||
                          !strstr(made->certificate_pem, "-----BEGIN CERTIFICATE-----")))
        return bad(err, "its client certificate or key is not PEM");
    if (!made->token)
        return LEAKDIAG_OK;
    leakdiag_error why = {0};
    leakdiag_status status = ld_token_check(made->token, &why);
    return status ? bad(err, why.message) : LEAKDIAG_OK;
}

static leakdiag_status read_status(const json_t *status, ld_exec_credential *made,
                                   leakdiag_error *err)
{
    if (!json_is_object(status))
        return bad(err, "it has no status; is the plugin logged in?");
    leakdiag_status failed = copy_secret(status, "token", &made->token, err);
    if (!failed)
        failed = copy_secret(status, "clientCertificateData", &made->certificate_pem, err);
    if (!failed)
        failed = copy_secret(status, "clientKeyData", &made->key_pem, err);
    if (!failed)
        failed = read_expiry(status, &made->expires_ms, err);
    return failed ? failed : check_parts(made, err);
}

static leakdiag_status check_kind(const char *api_version, const json_t *answer,
                                  leakdiag_error *err)
{
    const char *kind = json_string_value(json_object_get(answer, "kind"));
    const char *version = json_string_value(json_object_get(answer, "apiVersion"));
    if (!kind || strcmp(kind, "ExecCredential") != 0)
        return bad(err, "its kind is not ExecCredential");
    if (version && strcmp(version, api_version) == 0)
        return LEAKDIAG_OK;
    return ld_fail(
        err, LEAKDIAG_E_AUTH,
        "its answer is no use: the kubeconfig says apiVersion %.60s, the plugin another; "
        "make the kubeconfig anew with the plugin's own tool",
        api_version);
}

leakdiag_status ld_exec_credential_read(const char *api_version, const char *data, size_t len,
                                        ld_exec_credential *ret, leakdiag_error *err)
{
    static const ld_json_limits limits = {.bytes = (size_t)1 << 20, .depth = 16, .values = 1000};
    LD_CLEANUP(ld_exec_credential_done) ld_exec_credential made = {0};
    LD_JSON *answer = NULL;
    if (len == 0)
        return bad(err, "it said nothing on its standard output");
    leakdiag_status status = ld_json_parse(data, len, &limits, &answer, NULL);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (status || !json_is_object(answer))
        return bad(err, "not one JSON object");
    status = check_kind(api_version, answer, err);
    const json_t *facts = json_object_get(answer, "status");
    if (!status)
        status = read_status(facts, &made, err);
    wipe(facts, "token");
    wipe(facts, "clientKeyData");
    if (status)
        return status;
    *ret = made;
    made = (ld_exec_credential){0};
    return LEAKDIAG_OK;
}
