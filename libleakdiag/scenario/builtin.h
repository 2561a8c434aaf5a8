/* The scenarios that come with the library: generated from builtin/NAME.yaml by embed.cmake. */
#ifndef LD_SCENARIO_BUILTIN_H
#define LD_SCENARIO_BUILTIN_H

#include <stddef.h>

typedef struct ld_builtin {
    const char *name; /* as its metadata says */
    const char *text; /* NUL-terminated */
    size_t len;       /* without the NUL */
} ld_builtin;

extern const ld_builtin ld_builtins[];
extern const size_t ld_builtin_count;

#endif
