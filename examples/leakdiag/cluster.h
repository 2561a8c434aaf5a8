/* Which cluster is meant, by the options that kubectl has too, and which workload in it. */
#ifndef CLI_CLUSTER_H
#define CLI_CLUSTER_H

#include "cli.h"

/* Which cluster and as whom; a workload of it. */
extern const option_group cluster_group, workload_group;
/* The first alone, as a verb takes it. */
extern const option_group *const cluster_groups[];

/* "deploy/NAME", "deployment/NAME", "pod/NAME": the parameter of a scenario that names it, and the
 * name; false for anything else. */
bool parse_workload(const char *text, const char **ret_param, const char **ret_name);
/* The operand of a verb that takes a workload; NULL: none was given. */
const char *workload_operand(const cli_args *args);
/* Tells an operand that names no workload. 0, or the exit status. */
int check_workload(const cli_args *args);
/* Whether the options or the operand say that a cluster is meant. */
bool means_cluster(const cli_args *args);

/* The cluster that is meant. Without a word about one, and without a kubeconfig, *ret stays NULL:
 * then there is none. Warnings are told on stderr. 0, or the exit status after the reason was told.
 */
int open_cluster(const cli_args *args, leakdiag_cluster **ret);
/* The same where nothing goes without one; otherwise is what else may be done. */
int need_cluster(const cli_args *args, const char *otherwise, leakdiag_cluster **ret);

/* A service by its URL, or through the API server. */
typedef struct service_target {
    leakdiag_cluster *cluster; /* NULL: by its URL */
    const char *url;           /* or "NAME:PORT" */
    const char *namespace_name;
    char where[400];  /* for people */
    const char *hint; /* the next step when it does not answer; "" */
} service_target;

/* --url, --service, and the options of a cluster: which one is meant. The defaults hold when
 * nothing says otherwise; `service` is that of the demo. */
int choose_service(const cli_args *args, const char *url, const char *service, service_target *ret);
void target_done(service_target *target);

static inline void cluster_free(leakdiag_cluster **p)
{
    leakdiag_cluster_free(*p);
}

#endif
