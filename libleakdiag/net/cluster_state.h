/* The parts of a leakdiag_cluster. Opening fills it; after that only what the lock guards changes.
 */
#ifndef LD_NET_CLUSTER_STATE_H
#define LD_NET_CLUSTER_STATE_H

#include <pthread.h>

#include "net/cluster.h"
#include "net/credentials.h"
#include "net/warnings.h"

struct leakdiag_cluster {
    char *server, *context, *cluster_name, *user, *namespace_name, *origin;
    const char *namespace_source;
    const char *credential_kind;
    bool is_https, is_insecure, has_impersonation;
    char *server_name, *proxy_url;
    ld_warnings warnings;
    ld_surroundings around;
    bool is_process; /* the surroundings are read again when needed */

    bool has_lock;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Guarded by the lock: */
    char *ca_pem, *ca_path; /* ca_path: read again with the token (in a pod) */
    ld_credentials credentials;
    bool was_refused;
    bool is_busy; /* a thread runs the plugin, without the lock */
    uint64_t runs;
    leakdiag_status last_status; /* of the last run */
    leakdiag_error last_error;
};

ld_surroundings ld_cluster_surroundings(const leakdiag_cluster *cluster);

#endif
