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

bool ld_memories_copy(const ld_memories *memories, ld_memories *ret)
{
    *ret = (ld_memories){.oldest = memories->oldest};
    for (size_t i = 0; i < memories->n; i++) {
        const ld_memory_of *from = &memories->list[i];
        ld_memory_of *to = &ret->list[ret->n++];
        *to = *from;
        to->key = ld_copy_text(from->key);
        to->text = from->text ? ld_copy_text(from->text) : NULL;
        if (!to->key || (from->text && !to->text)) {
            ld_memories_done(ret);
            return false;
        }
    }
    return true;
}

void ld_memories_done(ld_memories *memories)
{
    for (size_t i = 0; i < memories->n; i++)
        forget(&memories->list[i]);
    memories->n = 0;
}
