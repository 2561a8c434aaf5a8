/* A cluster from within: its origin with the credential that holds now. */
#ifndef LD_NET_CLUSTER_H
#define LD_NET_CLUSTER_H

#include <leakdiag/cluster.h>
#include <stdbool.h>

#include "net/log.h"
#include "net/origin.h"
#include "net/surroundings.h"

/* leakdiag_cluster_open() in other surroundings, which must outlive the cluster; NULL: those of the
 * process. */
leakdiag_status ld_cluster_open_in(const leakdiag_cluster_options *options,
                                   const ld_surroundings *around, leakdiag_cluster **ret,
                                   leakdiag_error *err);
/* A copy with the credential that holds now: runs the exec plugin or reads the token file again
 * when needed. Threads that need the plugin at the same time run it once. *ret is owned by the
 * caller (ld_origin_free()). log is told of what was run or read; NULL: nobody is. E_AUTH: there is
 * no credential, and why; E_TIMEOUT: another thread was still getting it. */
leakdiag_status ld_cluster_origin(leakdiag_cluster *cluster, int64_t deadline_ms,
                                  const leakdiag_cancel *cancel, ld_log *log, ld_origin **ret,
                                  leakdiag_error *err);
/* A 401 came: the next ld_cluster_origin() gets a new credential if there is any way. */
void ld_cluster_refused(leakdiag_cluster *cluster);
void ld_cluster_say_refused(const leakdiag_cluster *cluster, ld_log *log);
bool ld_cluster_can_refresh(const leakdiag_cluster *cluster);
/* For the message of a 401 that a new credential did not mend: as whom it was asked, whether that
 * expired and when, and what to do; one safe line without a secret. *ret from ld_alloc. */
leakdiag_status ld_cluster_why_refused(leakdiag_cluster *cluster, char **ret, leakdiag_error *err);

#endif
