/* Building a leakdiag_load: the one way for codecs, sources, captures and tests. */
#ifndef LD_WIRE_LOAD_H
#define LD_WIRE_LOAD_H

#include <leakdiag/load.h>

#include "base/cleanup.h"
#include "base/error.h"

typedef struct ld_load_row_fields {
    const char *method, *name;  /* NULL becomes "" */
    int64_t requests, failures; /* -1 not known */
    double rate_per_s;          /* NAN not known */
} ld_load_row_fields;

/* Everything is copied. */
typedef struct ld_load_fields {
    leakdiag_load_state state;
    int64_t users, target_users; /* -1 not known */
    double spawn_per_s;          /* NAN not known */
    int64_t age_ms;              /* -1 not known */
    double fail_ratio;           /* NAN not known */
    const ld_load_row_fields *rows;
    size_t n_rows;
    const char *detail; /* NULL becomes "" */
    int http_status;
    int64_t latency_ms; /* -1 not measured */
} ld_load_fields;

/* Nothing known. */
/* clang-format off */
#define LD_LOAD_FIELDS_UNKNOWN                                                                     \
    {.users = -1, .target_users = -1, .spawn_per_s = NAN, .age_ms = -1, .fail_ratio = NAN,         \
     .latency_ms = -1}
/* clang-format on */

leakdiag_status ld_load_new(const ld_load_fields *fields, leakdiag_load **ret, leakdiag_error *err);

LD_DEFINE_CLEANUP(leakdiag_load, leakdiag_load_free, ld_load_freep)

#endif
