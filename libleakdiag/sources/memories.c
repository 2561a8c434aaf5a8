#include "sources/memories.h"

#include <string.h>

#include "base/alloc.h"

static void empty(ld_memory_of *memory)
{
    ld_release(memory->key);
    ld_release(memory->text);
    ld_release(memory->next_text);
    if (memory->log)
        ld_release(memory->log->source);
    ld_release(memory->log);
    *memory = (ld_memory_of){0};
}

/* Whoever reads a log holds on to it until the look is over. */
static bool is_held(const ld_memories *memories, const ld_memory_of *memory)
{
    return memory->log && memory->used > memories->kept_asks;
}

/* Pods come and go: what nobody asked for for long is of one that is gone. */
static ld_memory_of *make_room(ld_memories *memories)
{
    if (memories->n < LD_MEMORIES_MAX)
        return &memories->list[memories->n++];
    size_t oldest = 0;
    for (size_t i = 1; i < memories->n; i++) {
        bool is_older = memories->list[i].used < memories->list[oldest].used;
        if (!is_held(memories, &memories->list[i]) &&
            (is_older || is_held(memories, &memories->list[oldest])))
            oldest = i;
    }
    empty(&memories->list[oldest]);
    return &memories->list[oldest];
}

/* Where it is; n when there is none. */
static size_t find(const ld_memories *memories, const char *key)
{
    size_t i = 0;
    while (i < memories->n && strcmp(memories->list[i].key, key) != 0)
        i++;
    return i;
}

const ld_memory_of *ld_memories_find(const ld_memories *memories, const char *key)
{
    size_t i = find(memories, key);
    return i < memories->n ? &memories->list[i] : NULL;
}

ld_memory_of *ld_memories_of(ld_memories *memories, const char *key)
{
    size_t i = find(memories, key);
    ld_memory_of *memory = i < memories->n ? &memories->list[i] : NULL;
    if (!memory) {
        char *copy = ld_copy_text(key);
        if (!copy)
            return NULL;
        memory = make_room(memories);
        memory->key = copy;
    }
    memory->used = ++memories->asks;
    return memory;
}

bool ld_memory_set_text(ld_memory_of *memory, const char *text, size_t len)
{
    char *copy = ld_copy_bytes(text, len);
    if (!copy)
        return false;
    ld_release(memory->text);
    memory->text = copy;
    return true;
}

bool ld_memory_set_next_text(ld_memory_of *memory, const char *text)
{
    char *copy = ld_copy_text(text);
    if (!copy)
        return false;
    ld_release(memory->next_text);
    memory->next_text = copy;
    return true;
}

static void keep(ld_memory_of *memory)
{
    if (memory->next_text) {
        ld_release(memory->text);
        memory->text = memory->next_text;
        memory->next_text = NULL;
    }
    if (memory->next_ms)
        memory->ms = memory->next_ms;
    memory->next_ms = 0;
    memory->tries = memory->next_tries;
    if (memory->log && memory->log->has_next)
        memory->log->now = memory->log->next;
    if (memory->log)
        memory->log->has_next = false;
}

void ld_memories_keep(ld_memories *memories)
{
    memories->kept_asks = memories->asks;
    for (size_t i = memories->n; i-- > 0;) {
        keep(&memories->list[i]);
        if (!memories->list[i].log || !memories->list[i].log->is_gone)
            continue;
        empty(&memories->list[i]);
        memories->list[i] = memories->list[--memories->n];
        memories->list[memories->n] = (ld_memory_of){0};
    }
}

void ld_memories_drop(ld_memories *memories)
{
    memories->kept_asks = memories->asks;
    for (size_t i = 0; i < memories->n; i++) {
        memories->list[i].next_ms = 0;
        memories->list[i].next_tries = memories->list[i].tries;
        ld_release(memories->list[i].next_text);
        memories->list[i].next_text = NULL;
        if (memories->list[i].log)
            memories->list[i].log->has_next = memories->list[i].log->is_gone = false;
    }
}

void ld_memories_done(ld_memories *memories)
{
    for (size_t i = 0; i < memories->n; i++)
        empty(&memories->list[i]);
    memories->n = 0;
}
