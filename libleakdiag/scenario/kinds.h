/* The closed sets: check kinds, their findings and what each finding means by default, the keys a
 * check of that kind may expect, and the keys a source type takes. The list grows, never the words.
 */
#ifndef LD_SCENARIO_KINDS_H
#define LD_SCENARIO_KINDS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum ld_outcome {
    LD_PASS = 0,
    LD_WARN = 1,
    LD_FAIL = 2,
    LD_UNKNOWN = 3,
    LD_BLOCKED = 4
} ld_outcome;

typedef enum ld_kind_id {
    LD_KIND_FLAG_VALUE,
    LD_KIND_FLAG_AGREEMENT,
    LD_KIND_FLAG_SEEN,
    LD_KIND_REACH,
    LD_KIND_RATE,
    LD_KIND_LOAD,
    LD_KIND_HAND_OFF,
    LD_KIND_SERVICE,
    LD_KIND_ROLLOUT,
    LD_KIND_LIMIT,
    LD_KIND_SOFT_LIMIT,
    LD_KIND_MEMORY,
    LD_KIND_TERMINATION,
    LD_KIND_TELEMETRY,
    LD_KIND_COLLECTOR,
    LD_KINDS
} ld_kind_id;

typedef enum ld_value_type {
    LD_VALUE_TEXT,
    LD_VALUE_NUMBER,
    LD_VALUE_BYTES,    /* a quantity */
    LD_VALUE_DURATION, /* ms */
    LD_VALUE_BOOL,     /* 1 or 0 */
    LD_VALUE_LIST,     /* of texts */
    LD_VALUE_PATTERN,  /* the name of one of the scenario's patterns, as text */
    LD_VALUE_COUNTERS  /* a list of "load:ROW", "log:PATTERN" and "prometheus:NAME" */
} ld_value_type;

typedef struct ld_key {
    const char *name;
    ld_value_type type;
    bool required;
} ld_key;

typedef struct ld_finding {
    const char *name;
    ld_outcome outcome; /* unless the scenario says otherwise */
} ld_finding;

typedef struct ld_kind {
    ld_kind_id id;
    const char *name;
    const ld_finding *findings;
    size_t n_findings;
    const ld_key *keys; /* under expect: */
    size_t n_keys;
} ld_kind;

typedef struct ld_source_type {
    const char *name;
    const ld_key *keys;
    size_t n_keys;
    const char *requires; /* key that must not be empty for the source to count as configured */
    const char *role;     /* what its facts are about: "flag", "memory", "log", "load", … */
    bool needs_cluster;   /* only asked when there is one */
} ld_source_type;

const ld_kind *ld_kind_find(const char *name);               /* or NULL */
const ld_kind *ld_kind_at(size_t i);                         /* i < LD_KINDS */
const ld_source_type *ld_source_type_find(const char *name); /* or NULL */
size_t ld_source_type_count(void);
const ld_source_type *ld_source_type_at(size_t i);
/* The kind's own spelling of a finding (so that pointers may be compared), or NULL. */
const ld_finding *ld_kind_finding(const ld_kind *kind, const char *name);
/* False (and *ret untouched) when it is no outcome's name. */
bool ld_outcome_find(const char *name, ld_outcome *ret);
const char *ld_outcome_name(ld_outcome outcome); /* "pass", "warn", "fail", "unknown", "blocked" */

#endif
