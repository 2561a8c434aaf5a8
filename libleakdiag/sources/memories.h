/* What later looks of a session need of earlier ones: selectors that were found, and how far each
 * log and each backend was read. */
#ifndef LD_SOURCES_MEMORIES_H
#define LD_SOURCES_MEMORIES_H

#include <stdbool.h>

#include "base/error.h"
#include "logs/stitch.h"

#define LD_MEMORIES_MAX 512 /* more than one look asks for, so that none of its own makes room */

/* How far the log of one container of one pod was read. */
typedef struct ld_log_state {
    ld_stitch stitch;   /* the lines that were counted last */
    int64_t restarts;   /* that it was read over; -1: not read yet */
    uint64_t new_lines; /* that the last look counted */
    bool is_ended;      /* it was read after its pod's end: nothing more can come */
} ld_log_state;

/* What a look has found is only kept when its facts are: a look that is taken again, with another
 * credential, begins where the first try began. */
typedef struct ld_log_memory {
    char *source; /* of its facts */
    ld_log_state now, next;
    bool has_next, is_gone;
    int64_t asked_ms; /* the look that asked for it last */
} ld_log_memory;

typedef struct ld_memory_of {
    char *key;             /* "selector app", "log UID/checkout", … */
    char *text;            /* a selector, a version */
    char *next_text;       /* the version to be kept with the facts of this look; NULL none */
    int64_t ms;            /* a time */
    int64_t next_ms;       /* the time to be kept with the facts of this look; 0 none */
    int tries, next_tries; /* in vain, one after the other; to be kept with the facts */
    ld_log_memory *log;    /* NULL: none */
    uint64_t used;         /* when it was last asked for, in asks */
} ld_memory_of;

typedef struct ld_memories {
    ld_memory_of list[LD_MEMORIES_MAX];
    size_t n;
    uint64_t asks, kept_asks; /* all, and those before the look that is under way */
} ld_memories;

/* The entry of that key, made when there is none; what was not asked for for the longest time makes
 * room, but for logs that the look under way has asked for. NULL when out of memory. */
ld_memory_of *ld_memories_of(ld_memories *memories, const char *key);
/* The entry of that key; NULL: nobody asked for it, or it made room. */
const ld_memory_of *ld_memories_find(const ld_memories *memories, const char *key);
/* Replaces its text; false when out of memory (then the old one stays). */
bool ld_memory_set_text(ld_memory_of *memory, const char *text, size_t len);
/* The same with next_text. */
bool ld_memory_set_next_text(ld_memory_of *memory, const char *text);
/* The facts of the look are kept: so is what it has found. */
void ld_memories_keep(ld_memories *memories);
/* They are not. */
void ld_memories_drop(ld_memories *memories);
void ld_memories_done(ld_memories *memories);

#endif
