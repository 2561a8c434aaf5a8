/* What a plugin is told (KUBERNETES_EXEC_INFO) and what it answers: an ExecCredential as JSON. */
#ifndef LD_NET_EXEC_CREDENTIAL_H
#define LD_NET_EXEC_CREDENTIAL_H

#include <stdbool.h>

#include "base/node.h"

typedef struct ld_exec_credential {
    char *token, *certificate_pem, *key_pem; /* wiped when freed */
    int64_t expires_ms;                      /* 0: not said */
} ld_exec_credential;

void ld_exec_credential_done(ld_exec_credential *credential);

/* The cluster as a plugin sees it when it asks for it; texts may be NULL. */
typedef struct ld_exec_cluster {
    const char *server, *server_name, *ca_pem, *proxy_url;
    bool is_insecure;
    const ld_node *config; /* the extension client.authentication.k8s.io/exec; NULL */
} ld_exec_cluster;

/* cluster NULL: it is not told. *ret from ld_alloc. */
leakdiag_status ld_exec_info(const char *api_version, const ld_exec_cluster *cluster, char **ret,
                             leakdiag_error *err);
/* LEAKDIAG_E_AUTH with what is wrong with the answer, which is not repeated. */
leakdiag_status ld_exec_credential_read(const char *api_version, const char *data, size_t len,
                                        ld_exec_credential *ret, leakdiag_error *err);

#endif
