#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *default_alloc(size_t bytes, void *payload)
{
    (void)payload;
    return malloc(bytes);
}

static void *default_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    (void)old_bytes;
    (void)payload;
    return realloc(memory, bytes);
}

static void default_release(void *memory, void *payload)
{
    (void)payload;
    free(memory);
}

static const leakdiag_allocator default_allocator = {
    .size = sizeof(leakdiag_allocator),
    .alloc = default_alloc,
    .resize = default_resize,
    .release = default_release,
};

/* Set once before first use (documented), so it needs no lock. */
static leakdiag_allocator current = {
    .size = sizeof(leakdiag_allocator),
    .alloc = default_alloc,
    .resize = default_resize,
    .release = default_release,
};

leakdiag_status leakdiag_set_allocator(const leakdiag_allocator *allocator)
{
    if (!allocator) {
        current = default_allocator;
        return LEAKDIAG_OK;
    }
    if (allocator->size != sizeof *allocator || !allocator->alloc || !allocator->resize ||
        !allocator->release)
        return LEAKDIAG_E_INVALID;
    current = *allocator;
    return LEAKDIAG_OK;
}

void leakdiag_free(void *memory)
{
    ld_release(memory);
}

void *ld_alloc(size_t bytes)
{
    return current.alloc(bytes ? bytes : 1, current.payload);
}

void *ld_alloc_zero(size_t bytes)
{
    void *memory = ld_alloc(bytes);
    if (memory)
        memset(memory, 0, bytes);
    return memory;
}

void *ld_alloc_array(size_t n, size_t item_bytes)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, item_bytes, &bytes))
        return NULL;
    return ld_alloc_zero(bytes);
}

void *ld_resize_array(void *memory, size_t old_n, size_t n, size_t item_bytes)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, item_bytes, &bytes))
        return NULL;
    if (!memory)
        return ld_alloc(bytes);
    return current.resize(memory, old_n * item_bytes, bytes ? bytes : 1, current.payload);
}

void ld_release(void *memory)
{
    if (memory)
        current.release(memory, current.payload);
}

char *ld_copy_bytes(const char *data, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *copy = ld_alloc(len + 1);
    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}

char *ld_copy_text(const char *text)
{
    return ld_copy_bytes(text, strlen(text));
}
