/* The one place that speaks PCRE2: compile once, match lines under limits. */
#ifndef LD_LOGS_REGEX_H
#define LD_LOGS_REGEX_H

#include <stdbool.h>

#include "base/error.h"

#define LD_REGEX_GROUPS 8 /* groups whose text is handed out */

typedef struct ld_regex ld_regex;     /* immutable, any thread */
typedef struct ld_matcher ld_matcher; /* scratch memory of one thread */

typedef enum ld_match {
    LD_MATCH_NO,
    LD_MATCH_YES,
    LD_MATCH_GIVEN_UP, /* over a limit: neither yes nor no */
    LD_MATCH_NOMEM,
} ld_match;

/* Where a group matched; begin == NULL when it took no part. */
typedef struct ld_group {
    const char *begin;
    size_t len;
} ld_group;

leakdiag_status ld_regex_new(const char *text, bool ignore_case, ld_regex **ret,
                             leakdiag_error *err);
void ld_regex_free(ld_regex *regex);

leakdiag_status ld_matcher_new(ld_matcher **ret, leakdiag_error *err);
void ld_matcher_free(ld_matcher *matcher);

/* Fills groups 1 to 8 on LD_MATCH_YES only. */
ld_match ld_regex_match(const ld_regex *regex, ld_matcher *matcher, const char *line, size_t len,
                        uint64_t steps_max, ld_group groups[LD_REGEX_GROUPS]);

#endif
