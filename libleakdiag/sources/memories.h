/* What later looks of a session need of earlier ones: selectors that were found, and how far each
 * log and each backend was read. */
#ifndef LD_SOURCES_MEMORIES_H
#define LD_SOURCES_MEMORIES_H

#include <stdbool.h>

#include "base/error.h"

#define LD_MEMORIES_MAX 256

typedef struct ld_memory_of {
    char *key;       /* "selector app", "log otel-demo/checkout-1/checkout UID", … */
    char *text;      /* a selector; the time prefix of the last line that was counted */
    int64_t ms;      /* a time */
    bool is_opened;  /* a log: it was read before */
    bool is_bridged; /* a log: the instance before was read to its end in this look */
} ld_memory_of;

typedef struct ld_memories {
    ld_memory_of list[LD_MEMORIES_MAX];
    size_t n;
    size_t oldest; /* the next to be forgotten when there is no room */
} ld_memories;

/* The entry of that key, made when there is none. NULL when out of memory. */
ld_memory_of *ld_memories_of(ld_memories *memories, const char *key);
/* Replaces its text; false when out of memory (then the old one stays). */
bool ld_memory_set_text(ld_memory_of *memory, const char *text, size_t len);
/* As they are now, for a look that may have to be done again. False when out of memory. */
bool ld_memories_copy(const ld_memories *memories, ld_memories *ret);
void ld_memories_done(ld_memories *memories);

#endif
