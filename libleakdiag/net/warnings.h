/* What a person should know although it works. */
#ifndef LD_NET_WARNINGS_H
#define LD_NET_WARNINGS_H

#include <stdbool.h>

#include "base/error.h"

#define LD_WARNINGS_MAX 32

typedef struct ld_warnings {
    char *list[LD_WARNINGS_MAX];
    size_t n;
    bool failed; /* out of memory happened */
} ld_warnings;

/* One line, made safe. Beyond LD_WARNINGS_MAX nothing is added. */
void ld_warn(ld_warnings *warnings, const char *format, ...) LD_PRINTF(2, 3);
void ld_warnings_done(ld_warnings *warnings);

#endif
