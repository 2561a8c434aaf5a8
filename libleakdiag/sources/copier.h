/* Copies outside text into a fact: safe, masked, cut. After the first failure the rest is skipped.
 */
#ifndef LD_SOURCES_COPIER_H
#define LD_SOURCES_COPIER_H

#include <string.h>

#include "observation/fact.h"

typedef struct ld_copier {
    leakdiag_status status;
    leakdiag_error *err;
} ld_copier;

static inline void ld_copy_bytes_to(ld_copier *c, const char *data, size_t len, char **ret)
{
    if (!c->status)
        c->status = ld_fact_text(data, len, LD_FACT_LINE_BYTES, ret, c->err);
}

static inline void ld_copy_to(ld_copier *c, const char *text, char **ret)
{
    ld_copy_bytes_to(c, text, text ? strlen(text) : 0, ret);
}

#endif
