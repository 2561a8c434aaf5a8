/* JSON in (with limits, before jansson sees it) and out (sorted keys, stable numbers). */
#ifndef LD_BASE_JSON_H
#define LD_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/error.h"

typedef struct ld_json_limits {
    size_t bytes;  /* 0 = 16 MiB */
    size_t depth;  /* 0 = 64 */
    size_t values; /* 0 = 2,000,000 */
    bool all_real; /* whole numbers too: one beyond 64 bits does not cost the whole document */
} ld_json_limits;

static inline void ld_json_decrefp(json_t **json)
{
    json_decref(*json);
}
#define LD_JSON LD_CLEANUP(ld_json_decrefp) json_t

/* Whole input must be one JSON value. Doubled keys, NUL, broken UTF-8, NaN, trailing data are
 * errors with line and column. limits may be NULL. */
leakdiag_status ld_json_parse(const char *data, size_t len, const ld_json_limits *limits,
                              json_t **ret, leakdiag_error *err);
/* Compact, keys sorted; reals as their shortest text. *ret is from ld_alloc. */
/* The same limits alone, on bytes that are JSON. */
leakdiag_status ld_json_check_limits(const char *data, size_t len, const ld_json_limits *limits,
                                     leakdiag_error *err);
leakdiag_status ld_json_dump(const json_t *json, char **ret, leakdiag_error *err);
/* The same over several lines, two blanks of indent. */
leakdiag_status ld_json_dump_pretty(const json_t *json, char **ret, leakdiag_error *err);

/* A number: integer when whole and exact, else real; null for NAN and infinities. New reference. */
json_t *ld_json_number(double value);
/* A string; bytes that are not UTF-8 become U+FFFD; null for a NULL. New reference. */
json_t *ld_json_text(const char *text);
json_t *ld_json_bytes(const char *data, size_t len);

/* Readers of an object's member: false (and *ret untouched) when missing, null or of another type.
 */
bool ld_json_get_text(const json_t *object, const char *key, const char **ret);
bool ld_json_get_number(const json_t *object, const char *key, double *ret); /* int or real */
bool ld_json_get_int(const json_t *object, const char *key, int64_t *ret);   /* whole, in range */
bool ld_json_get_bool(const json_t *object, const char *key, bool *ret);

#endif
