/* Memory through the allocator hook of leakdiag/base.h. All sizes are overflow-checked. */
#ifndef LD_BASE_ALLOC_H
#define LD_BASE_ALLOC_H

#include <leakdiag/base.h>

void *ld_alloc(size_t bytes);      /* NULL when out of memory; bytes = 0 gives a unique block */
void *ld_alloc_zero(size_t bytes); /* the same, zeroed */
void *ld_alloc_array(size_t n, size_t item_bytes); /* zeroed; NULL on overflow */
/* Grow to hold n items. On failure NULL is returned and the old block stays valid. */
void *ld_resize_array(void *memory, size_t old_n, size_t n, size_t item_bytes);
void ld_release(void *memory);                     /* NULL is fine */
char *ld_copy_text(const char *text);              /* NULL when out of memory */
char *ld_copy_bytes(const char *data, size_t len); /* NUL-terminated copy */

/* For LD_CLEANUP on any pointer that came from here. */
static inline void ld_releasep(void *p)
{
    ld_release(*(void **)p);
}

#endif
