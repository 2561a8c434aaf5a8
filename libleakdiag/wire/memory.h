/* Building a leakdiag_memory: the one way for sources, captures and tests. */
#ifndef LD_WIRE_MEMORY_H
#define LD_WIRE_MEMORY_H

#include <leakdiag/memory.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "wire/proc.h"

/* Everything is copied. */
typedef struct ld_memory_fields {
    int64_t time_ms;
    double working_set_bytes;
    double usage_bytes, anonymous_bytes; /* NAN not known */
    int has_limit;                       /* 1, 0, -1 not known */
    double limit_bytes;                  /* NAN unless has_limit is 1 */
    int64_t oom_kills;                   /* -1 not known */
    int64_t started_ms;                  /* 0 not known */
    int64_t pid;                         /* 0 none */
    int64_t process_count;               /* -1 not known */
    const char *kind;                    /* "cgroup-v1", "cgroup-v2", "process" */
    const char *cgroup;                  /* NULL becomes "" */
    const char *detail;                  /* NULL becomes "" */
    bool has_environment;
    /* In the order of ld_proc_environment_names; NULL where not set. */
    const char *environment[LD_PROC_ENVIRONMENT_NAMES];
} ld_memory_fields;

/* Nothing known. */
/* clang-format off */
#define LD_MEMORY_FIELDS_UNKNOWN                                                                   \
    {.working_set_bytes = NAN, .usage_bytes = NAN, .anonymous_bytes = NAN, .has_limit = -1,        \
     .limit_bytes = NAN, .oom_kills = -1, .process_count = -1}
/* clang-format on */

leakdiag_status ld_memory_new(const ld_memory_fields *fields, leakdiag_memory **ret,
                              leakdiag_error *err);

LD_DEFINE_CLEANUP(leakdiag_memory, leakdiag_memory_free, ld_memory_freep)

#endif
