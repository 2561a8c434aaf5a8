/* What a pod knows of its cluster: the service's address and the files of its service account. */
#ifndef LD_NET_IN_CLUSTER_H
#define LD_NET_IN_CLUSTER_H

#include <stdbool.h>

#include "base/error.h"
#include "net/surroundings.h"

typedef struct ld_in_cluster {
    char *server, *token_path, *ca_path, *ca_pem;
    char *namespace_name; /* NULL: not told */
} ld_in_cluster;

/* *ret: the environment names a server and there is a token. E_NOMEM. */
leakdiag_status ld_in_cluster_is_possible(const ld_surroundings *around, bool *ret,
                                          leakdiag_error *err);
/* Fails without a ca.crt: then nobody is trusted, rather than everybody. */
leakdiag_status ld_in_cluster_read(const ld_surroundings *around, ld_in_cluster *ret,
                                   leakdiag_error *err);
void ld_in_cluster_done(ld_in_cluster *in);

#endif
