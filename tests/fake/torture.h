/* An allocator that fails when told, and the loop over every allocation of a scenario. */
#ifndef TORTURE_H
#define TORTURE_H

#include <check.h>
#include <leakdiag/base.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct torture {
    size_t calls, fail_at; /* counted from 1; 0 = never */
    bool for_ever;
    size_t live;
} torture;

static inline bool torture_fails(torture *t)
{
    t->calls++;
    return t->fail_at && (t->calls == t->fail_at || (t->for_ever && t->calls > t->fail_at));
}

static inline void *torture_alloc(size_t bytes, void *payload)
{
    torture *t = payload;
    void *memory = torture_fails(t) ? NULL : malloc(bytes);
    t->live += memory != NULL;
    return memory;
}

static inline void *torture_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    (void)old_bytes;
    return torture_fails(payload) ? NULL : realloc(memory, bytes);
}

static inline void torture_release(void *memory, void *payload)
{
    torture *t = payload;
    t->live--;
    free(memory);
}

/* Runs `scenario` with the k-th allocation failing, once and from there on, for every k until none
 * fails any more. The scenario returns its status and frees what it made; it must give E_NOMEM
 * whenever something failed, and leak nothing. Returns how many failures were tried. */
static inline size_t torture_run(leakdiag_status (*scenario)(void))
{
    size_t tried = 0;
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
        for (size_t k = 1;; k++) {
            torture t = {.fail_at = k, .for_ever = for_ever};
            const leakdiag_allocator allocator = {.size = sizeof allocator,
                                                  .alloc = torture_alloc,
                                                  .resize = torture_resize,
                                                  .release = torture_release,
                                                  .payload = &t};
            ck_assert_int_eq(leakdiag_set_allocator(&allocator), LEAKDIAG_OK);
            leakdiag_status status = scenario();
            ck_assert_int_eq(leakdiag_set_allocator(NULL), LEAKDIAG_OK);
            ck_assert_msg(t.live == 0, "%zu blocks leaked when allocation %zu failed", t.live, k);
            if (t.calls < k) {
                ck_assert_int_eq(status, LEAKDIAG_OK);
                break;
            }
            ck_assert_msg(status == LEAKDIAG_E_NOMEM, "status %d when allocation %zu failed",
                          (int)status, k);
            tried++;
        }
    }
    return tried;
}

#endif
