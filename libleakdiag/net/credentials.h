/* As whom a cluster is asked: what one user entry of a kubeconfig gives, and what of it holds now.
 */
#ifndef LD_NET_CREDENTIALS_H
#define LD_NET_CREDENTIALS_H

#include "net/exec_plugin.h"
#include "net/kubeconfig.h"
#include "net/origin.h"

#define LD_TOKEN_FILE_PERIOD_MS 60000 /* a token file is read again after this, changed or not */

typedef struct ld_credentials {
    const char
        *kind; /* "none", "token", "token-file", "basic", "client-certificate", "exec", "oidc" */
    char *certificate_pem, *key_pem; /* of the kubeconfig, or what the plugin gave last */
    char *token;                     /* that holds now; NULL: none, or not got yet */
    char *basic;                     /* "Basic …" */
    char *token_path;                /* read again and again; NULL: none */
    ld_file_about token_about;
    int64_t token_read_ms;
    ld_exec_plugin *exec; /* NULL: none */
    bool has_run;         /* the plugin gave something */
    int64_t renew_ms;     /* ask the plugin again from then on; 0: not before a 401 */
    int64_t expires_ms;   /* of the token in use; 0: not known */
    char **headers;       /* impersonation; NULL-terminated; NULL: none */
    char *where;          /* "user NAME of PATH", for messages */
} ld_credentials;

/* Whom the entry is for: what its plugin may be told, and whether it may be run. */
typedef struct ld_user_frame {
    ld_exec_cluster cluster;
    const char *impersonate; /* instead of the entry's; NULL */
    int64_t exec_policy;
    const char *const *exec_allowed;
    uid_t uid;
    int64_t now_ms;
} ld_user_frame;

/* Reads files, runs nothing. */
leakdiag_status ld_credentials_read(const ld_entry *user, const ld_user_frame *frame,
                                    ld_warnings *warnings, ld_credentials *ret,
                                    leakdiag_error *err);
/* Of a service account: the token in this file. */
leakdiag_status ld_credentials_of_token_file(const char *path, int64_t now_ms, ld_credentials *ret,
                                             leakdiag_error *err);
/* Adds impersonation when none was read from an entry. */
leakdiag_status ld_credentials_impersonate(ld_credentials *credentials, const char *user,
                                           leakdiag_error *err);
void ld_credentials_done(ld_credentials *credentials);

bool ld_credentials_can_refresh(const ld_credentials *credentials);
/* The token file again, when it changed, or a minute passed, or `now`: the last good token stays
 * when it cannot be read. *ret: it was read. */
leakdiag_status ld_credentials_read_again(ld_credentials *credentials, bool now, int64_t now_ms,
                                          bool *ret, leakdiag_error *err);
/* Must the plugin be run before they can be used? */
bool ld_credentials_need_run(const ld_credentials *credentials, bool was_refused, int64_t now_ms);
/* What the plugin gave takes the place of what it gave before; *given is emptied. */
void ld_credentials_take(ld_credentials *credentials, ld_exec_credential *given, int64_t now_ms);
/* LEAKDIAG_E_AUTH when they are known to have expired. */
leakdiag_status ld_credentials_check(const ld_credentials *credentials, int64_t now_ms,
                                     leakdiag_error *err);
/* Copies what is shown into the origin. */
leakdiag_status ld_credentials_show(const ld_credentials *credentials, ld_origin *origin,
                                    leakdiag_error *err);

#endif
