/* GOMEMLIMIT as Go reads it. */
#ifndef LD_BASE_SOFT_LIMIT_H
#define LD_BASE_SOFT_LIMIT_H

#include <stdbool.h>

/* "16MiB", "1073741824", "off". False when it is not such a text; "off" and NULL leave *ret_bytes
 * NAN and are fine. */
bool ld_soft_limit_parse(const char *text, double *ret_bytes);

#endif
