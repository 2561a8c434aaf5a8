/* A credential plugin: a program that the kubeconfig names, run without a shell, within a time and
 * a size, in a process group of its own. */
#ifndef LD_NET_EXEC_PLUGIN_H
#define LD_NET_EXEC_PLUGIN_H

#include "net/exec_credential.h"
#include "net/surroundings.h"

#define LD_EXEC_DEADLINE_MS      30000
#define LD_EXEC_STDOUT_MAX_BYTES ((size_t)1 << 20)
#define LD_EXEC_STDERR_MAX_BYTES ((size_t)64 << 10)
#define LD_EXEC_WORDS_MAX        256 /* arguments; variables */

typedef struct ld_exec_plugin {
    char *command;      /* absolute, below a folder ("a/b"), or a name to look for in PATH */
    char **args;        /* without the command; NULL-terminated */
    char **env;         /* "NAME=value", NULL-terminated */
    char *api_version;  /* "client.authentication.k8s.io/v1" */
    char *info;         /* KUBERNETES_EXEC_INFO */
    char *install_hint; /* NULL: none */
    char *refused;      /* why it is not run at all; NULL: it may be */
    char **allowed;     /* absolute paths; NULL: any */
} ld_exec_plugin;

void ld_exec_plugin_free(ld_exec_plugin *plugin);
LD_DEFINE_CLEANUP(ld_exec_plugin, ld_exec_plugin_free, ld_exec_plugin_freep)

/* Runs it for at most deadline_ms, and 30 s. LEAKDIAG_E_AUTH with what went wrong: not found, did
 * not end, exited with a code, said nothing useful. E_CANCELLED, E_NOMEM, E_IO (no pipe). */
leakdiag_status ld_exec_plugin_run(const ld_exec_plugin *plugin, const ld_surroundings *around,
                                   int64_t deadline_ms, const leakdiag_cancel *cancel,
                                   ld_exec_credential *ret, leakdiag_error *err);

#endif
