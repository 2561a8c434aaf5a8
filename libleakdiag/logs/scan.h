/* A scan's state, shared by the scanner and by what reads its results. */
#ifndef LD_LOGS_SCAN_H
#define LD_LOGS_SCAN_H

#include "logs/patterns.h"

/* A copy of a line that outlives the input. */
typedef struct ld_kept_line {
    char *text;
    size_t len;
    size_t room;
    uint64_t number;
    bool has_time;
    int64_t time_ms;
} ld_kept_line;

typedef struct ld_capture {
    bool seen;
    double last, min, max;
} ld_capture;

/* What one pattern found. */
typedef struct ld_tally {
    uint64_t count;
    uint64_t window_count;
    uint64_t slices[LEAKDIAG_SCAN_SLICES];
    uint64_t expensive;
    ld_kept_line first, last;
    ld_capture captures[LEAKDIAG_CAPTURES_MAX];
    /* Of the line that is being judged: becomes part of the result only when the line as a whole
     * could be stored. */
    ld_match match;
    ld_group groups[LEAKDIAG_CAPTURES_MAX];
} ld_tally;

typedef struct ld_recent {
    ld_kept_line line;
    bool matched[LEAKDIAG_PATTERNS_MAX];
} ld_recent;

struct leakdiag_scan {
    leakdiag_patterns *patterns;
    leakdiag_scan_options options;
    ld_matcher *matcher;
    ld_tally *tallies; /* one per pattern */
    char *folded;      /* the current line in lower case; NULL when no pattern needs it */
    ld_recent *recent; /* a ring of options.recent lines */
    size_t recent_len, recent_next;

    char *held; /* beginning of a line whose end was not pushed yet */
    size_t held_len, held_room;
    uint64_t held_total; /* the same with what was too long to be held */
    char held_last;

    uint64_t lines, bytes, truncated;
    bool has_span;
    int64_t from_ms, to_ms;
    bool finished;
    bool failed; /* out of memory happened: the result is a part */
};

#endif
