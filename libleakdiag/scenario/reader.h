/* Reading a scenario: the tree of the document, the scenario that comes out of it, and everything
 * that is wrong with it. Faults are collected, not thrown: the parser reports the first by place,
 * the linter all of them.
 *
 * Functions that take `where` name it in their messages: `unknown key "kinds" in check "orders"`.
 */
#ifndef LD_SCENARIO_READER_H
#define LD_SCENARIO_READER_H

#include "base/node.h"
#include "scenario/scenario.h"

#define LD_PROBLEMS_MAX 100
#define LD_WHERE_BYTES  160

/* Together they bound the work on a hostile document. */
#define LD_MAX_PARAMS       128
#define LD_MAX_PARAM_BYTES  4096
#define LD_MAX_CHECKS       256
#define LD_MAX_CAUSES       256
#define LD_MAX_SOURCES      64 /* of one role */
#define LD_MAX_ITEMS        64 /* of a list of texts */
#define LD_MAX_PROFILES     32
#define LD_MAX_TESTS        1000
#define LD_MAX_REGEX_BYTES  32768
#define LD_MAX_FILLED_BYTES ((size_t)4 << 20) /* texts after parameters were filled in */

typedef struct ld_problem {
    leakdiag_error error;
    bool is_warning;
} ld_problem;

typedef struct ld_reader {
    ld_node *root;
    leakdiag_scenario *scenario;
    ld_problem *problems;
    size_t n_problems, room;
    size_t n_errors, n_warnings; /* also those that were not kept */
    bool no_memory;
    bool all_known;     /* no unknown section: a missing one is really missing */
    bool *param_used;   /* scenario->params.n entries */
    bool *pattern_used; /* scenario->n_patterns entries */
    size_t filled_bytes;
    size_t regex_bytes;
} ld_reader;

void ld_reader_done(ld_reader *r); /* for LD_CLEANUP; leaves the scenario alone */

/* Everything from the tree to the scenario. `tree` must be read already. */
void ld_reader_read(ld_reader *r, const char *const *set, size_t n_set);
/* LEAKDIAG_OK, or the first error by place, with "origin:line:column: " before it. */
leakdiag_status ld_reader_status(const ld_reader *r, const char *origin, leakdiag_error *err);
/* Puts the same before an error that the tree's reader made. */
leakdiag_status ld_reader_place(leakdiag_error *err, leakdiag_status status, const char *origin);
/* By place; faults without one first. */
void ld_reader_sort(ld_reader *r);

/* Report. No further ones are kept when there are LD_PROBLEMS_MAX. */
void ld_reader_error(ld_reader *r, size_t line, size_t column, const char *format, ...)
    LD_PRINTF(4, 5);
void ld_reader_limit(ld_reader *r, const ld_node *node, const char *format, ...) LD_PRINTF(3, 4);
void ld_reader_warning(ld_reader *r, size_t line, size_t column, const char *format, ...)
    LD_PRINTF(4, 5);
/* `unknown WHAT "word" in WHERE: did you mean "…"?`, or the list of what is known. */
void ld_reader_unknown(ld_reader *r, size_t line, size_t column, const char *what, const char *word,
                       const char *where, const char *const *known, size_t n);

/* Memory that never fails for the caller to see: no_memory sticks, and NULL comes back. */
void *ld_reader_array(ld_reader *r, size_t n, size_t item_bytes);
char *ld_reader_copy(ld_reader *r, const char *text);

/* Is node there and of this kind? Says so when not. */
bool ld_reader_expect(ld_reader *r, const ld_node *node, ld_node_kind kind, const char *where);
/* A section of the document, or NULL; reports a wrong kind, and a missing one when required. */
const ld_node *ld_reader_section(ld_reader *r, const char *key, bool required);
/* Reports other keys. True when there were none: else a key that seems to be missing is probably
 * one of those, and saying both would hide it. */
bool ld_reader_known_keys(ld_reader *r, const ld_node *map, const char *const *known, size_t n,
                          const char *where);
/* A member's text, or NULL. Reports what is no text, and a required one that is missing or empty.
 */
const char *ld_reader_text(ld_reader *r, const ld_node *map, const char *key, bool required,
                           const char *where);
/* An id: small letters, digits, '-', '.' and '_', at most 64 bytes. Reports others. */
bool ld_reader_is_id(ld_reader *r, const ld_node *node, const char *what);

/* values.c: typed values. */
bool ld_reader_value(ld_reader *r, const ld_node *node, ld_value_type type, const char *where,
                     ld_attribute *ret);
/* A member by its type; false when missing or wrong (which is reported). */
bool ld_reader_number(ld_reader *r, const ld_node *map, const char *key, ld_value_type type,
                      const char *where, double *ret);

typedef struct ld_key_set {
    const ld_key *keys;
    size_t n;
    const char *prefix; /* goes before the keys of the attributes; "" for none */
    const char *nested; /* a further key, which the caller reads; NULL for none */
} ld_key_set;

/* Appends a map's members to ret; unknown and missing keys are reported. map may be NULL. */
void ld_reader_attributes(ld_reader *r, const ld_node *map, ld_key_set keys, const char *where,
                          ld_attributes *ret);
void ld_reader_append(ld_reader *r, ld_attributes *attributes, ld_attribute *taken);
void ld_attribute_done(ld_attribute *attribute);
void ld_attributes_done(ld_attributes *attributes);

/* The sections, in the order in which they are read. */
void ld_read_params(ld_reader *r, const char *const *set, size_t n_set); /* params.c */
void ld_fill_params(ld_reader *r);                                       /* params.c */
void ld_read_pace(ld_reader *r);                                         /* curve.c */
void ld_read_patterns(ld_reader *r);                                     /* sources.c */
void ld_read_sources(ld_reader *r);                                      /* sources.c */
void ld_read_profiles(ld_reader *r);                                     /* profiles.c */
void ld_read_checks(ld_reader *r);                                       /* checks.c */
void ld_read_timeline(ld_reader *r);                                     /* curve.c */
void ld_read_causes(ld_reader *r);                                       /* causes.c */
void ld_read_tests(ld_reader *r);                                        /* embedded.c */

/* Index of the check that a node names, or n_checks after saying so. */
size_t ld_reader_check(ld_reader *r, const ld_node *node, const char *where);
/* A list of such names without repeats; returns how many, *ret may be set even for none. */
size_t ld_reader_check_list(ld_reader *r, const ld_node *list, const char *where, size_t **ret);
/* A finding of that kind by its name, or NULL after saying so. */
const ld_finding *ld_reader_finding(ld_reader *r, const ld_node *at, const char *word,
                                    const ld_kind *kind, const char *where);
/* Index of a pattern by name, or n_patterns. */
size_t ld_scenario_pattern_index(const leakdiag_scenario *scenario, const char *name);

#endif
