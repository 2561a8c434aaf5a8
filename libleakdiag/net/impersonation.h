/* Acting as somebody else: the headers that say so. */
#ifndef LD_NET_IMPERSONATION_H
#define LD_NET_IMPERSONATION_H

#include "net/kubeconfig.h"

/* as, as-uid, as-groups and as-user-extra of the entry (NULL: none); `instead` takes the place of
 * as. *ret stays NULL when nobody is named. */
leakdiag_status ld_impersonation_read(const ld_entry *user, const char *instead, char ***ret,
                                      leakdiag_error *err);
void ld_headers_free(char **headers);
leakdiag_status ld_headers_copy(char *const *headers, char ***ret, leakdiag_error *err);

#endif
