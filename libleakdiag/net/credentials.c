#include "net/credentials.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "net/exec_entry.h"
#include "net/impersonation.h"
#include "net/token.h"

#define RENEW_MARGIN_MS 60000 /* before a token expires, at most */

void ld_credentials_done(ld_credentials *credentials)
{
    ld_release(credentials->certificate_pem);
    ld_secret_release(credentials->key_pem);
    ld_secret_release(credentials->token);
    ld_secret_release(credentials->basic);
    ld_release(credentials->token_path);
    ld_exec_plugin_free(credentials->exec);
    ld_headers_free(credentials->headers);
    ld_release(credentials->where);
    *credentials = (ld_credentials){0};
}

/* ---- token files ---- */

static leakdiag_status read_token_file(const char *path, char **ret, ld_file_about *about,
                                       leakdiag_error *err)
{
    LD_SECRET *token = NULL;
    size_t len = 0;
    leakdiag_error why = {0};
    leakdiag_status status = ld_secret_read_file(path, &token, &len, about, err);
    if (status)
        return status;
    if (strlen(token) != len)
        return ld_fail(err, LEAKDIAG_E_INVALID, "%s: token file has control byte at offset %zu",
                       path, strlen(token));
    size_t skipped = strspn(token, " \t\r\n\v\f");
    ld_token_trim(token);
    status = ld_token_check(token, &why);
    if (status) {
        const char *offset = strstr(why.message, "offset ");
        size_t at = skipped;
        for (const char *p = offset ? offset + 7 : NULL; p && *p >= '0' && *p <= '9'; p++)
            at = p == offset + 7 ? (size_t)(*p - '0') : at * 10 + (size_t)(*p - '0');
        return ld_fail(err, status,
                       offset ? "%s: token file has control byte at offset %zu"
                              : "%s: token file is empty",
                       path, at + skipped);
    }
    *ret = ld_steal(&token);
    return LEAKDIAG_OK;
}

static leakdiag_status take_token_file(ld_credentials *credentials, int64_t now_ms,
                                       leakdiag_error *err)
{
    char *token = NULL;
    ld_file_about about = {0};
    leakdiag_status status = read_token_file(credentials->token_path, &token, &about, err);
    if (status)
        return status;
    ld_secret_release(credentials->token);
    credentials->token = token;
    credentials->token_about = about;
    credentials->token_read_ms = now_ms;
    return LEAKDIAG_OK;
}

leakdiag_status ld_credentials_read_again(ld_credentials *credentials, bool now, int64_t now_ms,
                                          bool *ret, leakdiag_error *err)
{
    ld_file_about about;
    *ret = false;
    if (!credentials->token_path)
        return LEAKDIAG_OK;
    int64_t age_ms = now_ms - credentials->token_read_ms;
    bool is_due = now || age_ms >= LD_TOKEN_FILE_PERIOD_MS || age_ms < 0 ||
                  !ld_file_look(credentials->token_path, &about) ||
                  !ld_file_same(&about, &credentials->token_about);
    if (!is_due)
        return LEAKDIAG_OK;
    leakdiag_status status = take_token_file(credentials, now_ms, err);
    *ret = !status;
    bool has_good = credentials->token && status && status != LEAKDIAG_E_NOMEM;
    return has_good ? LEAKDIAG_OK : status;
}

leakdiag_status ld_credentials_of_token_file(const char *path, int64_t now_ms, ld_credentials *ret,
                                             leakdiag_error *err)
{
    LD_CLEANUP(ld_credentials_done) ld_credentials made = {.kind = "token-file"};
    made.token_path = ld_copy_text(path);
    made.where = ld_copy_text("service account");
    if (!made.token_path || !made.where)
        return ld_fail_nomem(err);
    leakdiag_status status = take_token_file(&made, now_ms, err);
    if (status)
        return ld_error_prefix(err, status, "in-cluster");
    *ret = made;
    made = (ld_credentials){0};
    return LEAKDIAG_OK;
}

/* ---- the parts of a user ---- */

static leakdiag_status read_certificate(const ld_entry *user, ld_warnings *warnings,
                                        ld_credentials *made, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *key_path = NULL;
    struct stat found;
    leakdiag_status status =
        ld_entry_pem(user, "client-certificate", "CERTIFICATE", &made->certificate_pem, NULL, err);
    if (status)
        return status;
    if (!made->certificate_pem) { /* as in client-go, a key alone is nothing */
        if (ld_node_get(user->node, "client-key") || ld_node_get(user->node, "client-key-data"))
            ld_warn(warnings, "%s: there is a client key, but no client certificate: not used",
                    made->where);
        return LEAKDIAG_OK;
    }
    status = ld_entry_pem(user, "client-key", "PRIVATE KEY", &made->key_pem, &key_path, err);
    if (status)
        return status;
    if (!made->key_pem)
        return ld_entry_fail(user, "client-certificate-data", err, LEAKDIAG_E_INVALID,
                             "the client certificate needs client-key or client-key-data");
    if (key_path && stat(key_path, &found) == 0 && found.st_mode & (S_IRWXG | S_IRWXO))
        ld_warn(warnings, "key file %s is readable by others; chmod 600 it", key_path);
    made->kind = "client-certificate";
    return LEAKDIAG_OK;
}

/* The file is the better source: it is renewed. The text is for when it cannot be read. */
static leakdiag_status read_token(const ld_entry *user, const ld_user_frame *frame,
                                  ld_warnings *warnings, ld_credentials *made, leakdiag_error *err)
{
    const char *token, *file;
    leakdiag_error why = {0};
    leakdiag_status status = ld_entry_text(user, "token", &token, err);
    if (!status)
        status = ld_entry_text(user, "tokenFile", &file, err);
    if (status)
        return status;
    if (token) {
        made->kind = "token";
        made->token = ld_copy_text(token);
        if (!made->token)
            return ld_fail_nomem(err);
        ld_token_trim(made->token);
        status = ld_token_check(made->token, &why);
        if (status)
            return ld_entry_fail(user, "token", err, status, "%s", why.message);
    }
    if (!file)
        return LEAKDIAG_OK;
    made->kind = "token-file";
    made->token_path = ld_entry_path(user, file);
    if (!made->token_path)
        return ld_fail_nomem(err);
    status = take_token_file(made, frame->now_ms, &why);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (status && !token)
        return ld_entry_fail(user, "tokenFile", err, status, "%s (relative paths count from %s)",
                             why.message, user->file->folder);
    if (status)
        ld_warn(warnings, "%s: %s; the token in the kubeconfig is used", made->where, why.message);
    return LEAKDIAG_OK;
}

static leakdiag_status read_basic(const ld_entry *user, ld_credentials *made, leakdiag_error *err)
{
    LD_CLEANUP(ld_secret_text_done) ld_secret_text pair = {0};
    LD_CLEANUP(ld_secret_text_done) ld_secret_text header = {0};
    const char *name, *password;
    leakdiag_status status = ld_entry_text(user, "username", &name, err);
    if (!status)
        status = ld_entry_text(user, "password", &password, err);
    if (status || !name) /* as in client-go, a password alone is nothing */
        return status;
    if (made->token || made->token_path)
        return ld_entry_fail(user, "username", err, LEAKDIAG_E_INVALID,
                             "both a token and a user name are there: only one can be sent");
    ld_secret_add(&pair, name, strlen(name));
    ld_secret_add(&pair, ":", 1);
    ld_secret_add(&pair, password ? password : "", password ? strlen(password) : 0);
    LD_SECRET *encoded = pair.failed ? NULL : ld_base64_encode(pair.data, pair.len);
    if (!encoded)
        return ld_fail_nomem(err);
    ld_secret_add(&header, "Basic ", 6);
    ld_secret_add(&header, encoded, strlen(encoded));
    made->kind = "basic";
    return ld_secret_take(&header, &made->basic, err);
}

static leakdiag_status read_oidc(const ld_entry *user, const ld_node *provider,
                                 ld_credentials *made, leakdiag_error *err)
{
    const ld_node *config = ld_node_get(provider, "config");
    const char *id_token = ld_node_text(ld_node_get(config, "id-token"));
    leakdiag_error why = {0};
    if (!id_token || !*id_token)
        return ld_entry_fail(user, "auth-provider", err, LEAKDIAG_E_UNSUPPORTED,
                             "auth-provider oidc has no id-token, and nobody is asked for one; use "
                             "an exec plugin (kubelogin)");
    made->token = ld_copy_text(id_token);
    if (!made->token)
        return ld_fail_nomem(err);
    ld_token_trim(made->token);
    leakdiag_status status = ld_token_check(made->token, &why);
    if (status)
        return ld_entry_fail(user, "auth-provider", err, status, "id-%s", why.message);
    made->kind = "oidc";
    made->expires_ms = ld_token_expires_ms(made->token);
    return LEAKDIAG_OK;
}

static leakdiag_status read_provider(const ld_entry *user, ld_credentials *made,
                                     leakdiag_error *err)
{
    const ld_node *provider, *exec;
    leakdiag_status status = ld_entry_child(user, "auth-provider", LD_NODE_MAP, &provider, err);
    if (!status)
        status = ld_entry_child(user, "exec", LD_NODE_MAP, &exec, err);
    if (status || !provider)
        return status;
    if (exec)
        return ld_entry_fail(user, "auth-provider", err, LEAKDIAG_E_INVALID,
                             "both auth-provider and exec are there: remove one");
    const char *name = ld_node_text(ld_node_get(provider, "name"));
    if (ld_text_equal(name, "oidc"))
        return made->token || made->basic ? LEAKDIAG_OK : read_oidc(user, provider, made, err);
    return ld_entry_fail(user, "auth-provider", err, LEAKDIAG_E_UNSUPPORTED,
                         "auth-provider %.40s was removed in client-go 1.26; use "
                         "gke-gcloud-auth-plugin or kubelogin (an exec plugin)",
                         name ? name : "without a name");
}

/* client-go does not run it beside another credential either: kube once did, and sent the wrong
 * one. */
static leakdiag_status read_exec(const ld_entry *user, const ld_user_frame *frame,
                                 ld_warnings *warnings, ld_credentials *made, leakdiag_error *err)
{
    LD_CLEANUP(ld_exec_plugin_freep) ld_exec_plugin *plugin = NULL;
    leakdiag_status status = ld_exec_entry_read(user, frame, &plugin, err);
    if (status || !plugin)
        return status;
    if (strcmp(made->kind, "none") != 0) {
        ld_warn(warnings, "%s: the exec plugin is not run: there is a %s too", made->where,
                made->kind);
        return LEAKDIAG_OK;
    }
    made->kind = "exec";
    made->exec = ld_steal(&plugin);
    return LEAKDIAG_OK;
}

leakdiag_status ld_credentials_read(const ld_entry *user, const ld_user_frame *frame,
                                    ld_warnings *warnings, ld_credentials *ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_credentials_done) ld_credentials made = {.kind = "none"};
    LD_CLEANUP(ld_text_done) ld_text where = {0};
    ld_text_addf(&where, "user %.63s of %s", user->name, user->file->path);
    leakdiag_status status = ld_text_take(&where, &made.where, err);
    if (!status)
        status = read_certificate(user, warnings, &made, err);
    if (!status)
        status = read_token(user, frame, warnings, &made, err);
    if (!status)
        status = read_basic(user, &made, err);
    if (!status)
        status = read_provider(user, &made, err);
    if (!status)
        status = read_exec(user, frame, warnings, &made, err);
    if (!status)
        status = ld_impersonation_read(user, frame->impersonate, &made.headers, err);
    if (status)
        return status;
    *ret = made;
    made = (ld_credentials){0};
    return LEAKDIAG_OK;
}

leakdiag_status ld_credentials_impersonate(ld_credentials *credentials, const char *user,
                                           leakdiag_error *err)
{
    return user && *user ? ld_impersonation_read(NULL, user, &credentials->headers, err)
                         : LEAKDIAG_OK;
}

/* ---- what holds now ---- */

bool ld_credentials_can_refresh(const ld_credentials *credentials)
{
    return credentials->token_path || (credentials->exec && !credentials->exec->refused);
}

bool ld_credentials_need_run(const ld_credentials *credentials, bool was_refused, int64_t now_ms)
{
    if (!credentials->exec)
        return false;
    return !credentials->has_run || was_refused ||
           (credentials->renew_ms && now_ms >= credentials->renew_ms);
}

/* Before it expires, so that it does not expire on its way. */
static int64_t renew_time(int64_t expires_ms, int64_t now_ms)
{
    if (!expires_ms)
        return 0;
    int64_t lifetime_ms = expires_ms > now_ms ? expires_ms - now_ms : 0;
    int64_t margin_ms = lifetime_ms / 10 < RENEW_MARGIN_MS ? lifetime_ms / 10 : RENEW_MARGIN_MS;
    return expires_ms - margin_ms;
}

void ld_credentials_take(ld_credentials *credentials, ld_exec_credential *given, int64_t now_ms)
{
    ld_secret_release(credentials->token);
    ld_secret_release(credentials->key_pem);
    ld_release(credentials->certificate_pem);
    credentials->token = given->token;
    credentials->key_pem = given->key_pem;
    credentials->certificate_pem = given->certificate_pem;
    credentials->expires_ms = given->expires_ms;
    credentials->renew_ms = renew_time(given->expires_ms, now_ms);
    credentials->has_run = true;
    *given = (ld_exec_credential){0};
}

leakdiag_status ld_credentials_check(const ld_credentials *credentials, int64_t now_ms,
                                     leakdiag_error *err)
{
    char expired[LD_NUMBER_BYTES], ago[LD_NUMBER_BYTES];
    if (credentials->exec || !credentials->expires_ms || now_ms < credentials->expires_ms)
        return LEAKDIAG_OK;
    ld_rfc3339_format(credentials->expires_ms, expired);
    ld_duration_format((double)((now_ms - credentials->expires_ms) / 1000), ago);
    return ld_fail(err, LEAKDIAG_E_AUTH,
                   "%s: its id-token expired %s ago (exp %s), and nobody is asked for another; use "
                   "an exec plugin (kubelogin)",
                   credentials->where, ago, expired);
}

static leakdiag_status show_authorization(const ld_credentials *credentials, ld_origin *origin,
                                          leakdiag_error *err)
{
    LD_CLEANUP(ld_secret_text_done) ld_secret_text header = {0};
    if (credentials->token) {
        ld_secret_add(&header, "Bearer ", 7);
        ld_secret_add(&header, credentials->token, strlen(credentials->token));
    } else if (credentials->basic) {
        ld_secret_add(&header, credentials->basic, strlen(credentials->basic));
    } else {
        return LEAKDIAG_OK;
    }
    return ld_secret_take(&header, &origin->authorization, err);
}

leakdiag_status ld_credentials_show(const ld_credentials *credentials, ld_origin *origin,
                                    leakdiag_error *err)
{
    leakdiag_status status = show_authorization(credentials, origin, err);
    if (status)
        return status;
    if (credentials->key_pem) {
        origin->certificate_pem = ld_copy_text(credentials->certificate_pem);
        origin->key_pem = ld_copy_text(credentials->key_pem);
        if (!origin->certificate_pem || !origin->key_pem)
            return ld_fail_nomem(err);
    }
    return credentials->headers ? ld_headers_copy(credentials->headers, &origin->headers, err)
                                : LEAKDIAG_OK;
}
