/* Bearer tokens: what may be sent as one, and when a JWT expires. */
#ifndef LD_NET_TOKEN_H
#define LD_NET_TOKEN_H

#include "base/error.h"

/* Cuts blanks and line breaks from both ends, in place; what is left behind is wiped. */
void ld_token_trim(char *token);
/* LEAKDIAG_E_INVALID when it is empty or has a byte that no header may have: says at which offset,
 * and nothing of the token. */
leakdiag_status ld_token_check(const char *token, leakdiag_error *err);
/* The claim exp of a JWT in milliseconds; 0 when it says none or is no JWT. Its signature is the
 * server's business. */
int64_t ld_token_expires_ms(const char *token);

#endif
