#include "sources/memories.h"

#include <string.h>

#include "base/alloc.h"

static void forget(ld_memory_of *memory)
{
    ld_release(memory->key);
    ld_release(memory->text);
    *memory = (ld_memory_of){0};
}

ld_memory_of *ld_memories_of(ld_memories *memories, const char *key)
{
    for (size_t i = 0; i < memories->n; i++)
        if (strcmp(memories->list[i].key, key) == 0)
            return &memories->list[i];
    char *copy = ld_copy_text(key);
    if (!copy)
        return NULL;
    size_t at = memories->n;
    if (at == LD_MEMORIES_MAX) { /* pods come and go: the oldest is gone for long */
        at = memories->oldest;
        memories->oldest = (at + 1) % LD_MEMORIES_MAX;
        forget(&memories->list[at]);
    } else {
        memories->n++;
    }
    memories->list[at].key = copy;
    return &memories->list[at];
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

void ld_memories_done(ld_memories *memories)
{
    for (size_t i = 0; i < memories->n; i++)
        forget(&memories->list[i]);
    memories->n = 0;
}
