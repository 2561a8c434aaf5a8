/* flagd's own port 8013, spoken as Connect JSON: the port that applications use. Pure. */
#ifndef LD_WIRE_FLAGD_RPC_H
#define LD_WIRE_FLAGD_RPC_H

#include "wire/answer.h"
#include "wire/flag.h"

/* v1 is understood by every version of flagd that the demo ships; it has ints as strings. */
#define LD_FLAGD_RPC_INT_PATH "/flagd.evaluation.v1.Service/ResolveInt"

/* {"flagKey":KEY,"context":{}}; *ret is from ld_alloc. E_INVALID for a bad key. */
leakdiag_status ld_flagd_rpc_body(const char *key, char **ret, leakdiag_error *err);
/* Whatever came is a state, with method "rpc"; only E_NOMEM fails. v1 cannot tell a disabled flag
 * from value 0: the reason does. */
leakdiag_status ld_flagd_rpc_decode(const char *key, const ld_answer *answer, leakdiag_flag **ret,
                                    leakdiag_error *err);

#endif
