/* The exec entry of a user in a kubeconfig. */
#ifndef LD_NET_EXEC_ENTRY_H
#define LD_NET_EXEC_ENTRY_H

#include <leakdiag/cluster.h>

#include "net/credentials.h"

/* *ret stays NULL when there is none. What forbids to run it is kept in it: reading is allowed. */
leakdiag_status ld_exec_entry_read(const ld_entry *user, const ld_user_frame *frame,
                                   ld_exec_plugin **ret, leakdiag_error *err);

#endif
