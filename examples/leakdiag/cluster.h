/* Which cluster is meant, by the options that kubectl has too, and which workload in it. */
#ifndef CLI_CLUSTER_H
#define CLI_CLUSTER_H

#include "cli.h"

/* The options as a piece of a table. */
#define CLUSTER_OPTIONS                                                                            \
    {"kubeconfig",                                                                                 \
     0,                                                                                            \
     "FILE",                                                                                       \
     NULL,                                                                                         \
     HINT_FILE,                                                                                    \
     false,                                                                                        \
     "which cluster (default: $KUBECONFIG, ~/.kube/config, the pod's own)"},                       \
        {"context", 0, "NAME", NULL, HINT_NONE, false, "a context of the kubeconfig"},             \
        {"namespace", 'n', "NAME", NULL, HINT_NONE, false, "the namespace"},                       \
    {                                                                                              \
        "as", 0, "USER", NULL, HINT_NONE, false, "act as somebody else (impersonation)"            \
    }
#define WORKLOAD_OPTIONS                                                                           \
    {"selector",                                                                                   \
     'l',                                                                                          \
     "LABELS",                                                                                     \
     NULL,                                                                                         \
     HINT_NONE,                                                                                    \
     false,                                                                                        \
     "pods by labels (default: the Deployment's own selector)"},                                   \
    {                                                                                              \
        "container", 'c', "NAME", NULL, HINT_NONE, false, "a container of the pod"                 \
    }

/* "deploy/NAME", "deployment/NAME", "pod/NAME": the parameter of a scenario that names it, and the
 * name; false for anything else. */
bool parse_workload(const char *text, const char **ret_param, const char **ret_name);
/* Whether the options or the operand say that a cluster is meant. */
bool means_cluster(const cli_args *args);

/* The cluster that is meant. Without a word about one, and without a kubeconfig, *ret stays NULL:
 * then there is none. Warnings are told on stderr. 0, or the exit status after the reason was told.
 */
int open_cluster(const cli_args *args, leakdiag_cluster **ret);

static inline void cluster_free(leakdiag_cluster **p)
{
    leakdiag_cluster_free(*p);
}

#endif
