/* Building a leakdiag_flag: the one way for codecs, sources, captures and tests. */
#ifndef LD_WIRE_FLAG_H
#define LD_WIRE_FLAG_H

#include <leakdiag/flag.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/error.h"

/* Everything is copied. NULL texts stay NULL, but key, detail and method become "". */
typedef struct ld_flag_fields {
    leakdiag_flag_state state;
    const char *key;
    const char *value_json; /* NULL for none; type, number and string follow from it */
    const char *variant;
    const char *reason;
    const char *error_code;
    const char *detail;
    const char *method;
    int http_status;
    bool has_targeting;
    int64_t latency_ms; /* -1 not measured */
    const char *body;
    size_t body_len;
} ld_flag_fields;

/* E_INVALID when value_json is not one JSON value, or null. */
leakdiag_status ld_flag_new(const ld_flag_fields *fields, leakdiag_flag **ret, leakdiag_error *err);
/* Another state and detail for one that is not handed out yet. Unchanged on failure. */
leakdiag_status ld_flag_restate(leakdiag_flag *flag, leakdiag_flag_state state, const char *detail,
                                leakdiag_error *err);
/* Not empty, at most LEAKDIAG_FLAG_KEY_MAX_BYTES, printable ASCII, no '/', no "..". The error names
 * the byte. */
leakdiag_status ld_flag_check_key(const char *key, leakdiag_error *err);

/* A list takes over the flags that are added to it. */
leakdiag_status ld_flags_new(leakdiag_flag_state state, const char *detail, leakdiag_flags **ret,
                             leakdiag_error *err);
/* Takes the flag over on success only. */
leakdiag_status ld_flags_add(leakdiag_flags *flags, leakdiag_flag *flag, leakdiag_error *err);

LD_DEFINE_CLEANUP(leakdiag_flag, leakdiag_flag_free, ld_flag_freep)
LD_DEFINE_CLEANUP(leakdiag_flags, leakdiag_flags_free, ld_flags_freep)

#endif
