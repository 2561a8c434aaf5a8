/* No secret reaches any output: outside text is masked before it is cut or shown. */
#ifndef LD_BASE_REDACT_H
#define LD_BASE_REDACT_H

#include <stddef.h>

#include "base/error.h"

/* A copy in which "[masked]" stands for bearer tokens, JWTs, known kinds of tokens, the user and
 * password of a URL, and the values of names that look secret. Masking twice changes no more. */
leakdiag_status ld_redact(const char *data, size_t len, char **ret, leakdiag_error *err);
/* The same for text that is read again (a scenario): only what is a secret whatever its name is, so
 * that keys and numbers stay as they are. */
leakdiag_status ld_redact_known(const char *data, size_t len, char **ret, leakdiag_error *err);

#endif
