/* A compiled set of patterns, as the scanner sees it. */
#ifndef LD_LOGS_PATTERNS_H
#define LD_LOGS_PATTERNS_H

#include <leakdiag/logs.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "logs/needle.h"
#include "logs/regex.h"

typedef struct ld_pattern {
    char *name;
    char *text; /* the fixed string, in lower case when folded; NULL for an expression */
    ld_needle needle;
    bool folded;
    ld_regex *regex; /* NULL for a fixed string */
} ld_pattern;

struct leakdiag_patterns {
    atomic_size_t refs;
    ld_pattern *items;
    size_t *by_name; /* indices, sorted by name: the order of the JSON */
    size_t len;
    bool any_regex;
    bool any_folded; /* a fixed string that ignores case */
};

/* ASCII only: other bytes are parts of characters that we do not know. */
void ld_fold(char *to, const char *from, size_t len);

#endif
