/* Hand-made series, a fixed source of noise, and an allocator that fails on command. */
#ifndef SERIES_HELPERS_H
#define SERIES_HELPERS_H

#include <check.h>
#include <leakdiag/series.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MIB          (1024.0 * 1024.0)
#define KIB          1024.0
#define MINUTE_MS    60000
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define POINTS_MAX   4096

/* The same numbers on every machine; about normal with mean 0 and deviation 1. */
static inline double noise(uint64_t *state)
{
    double sum = 0;
    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        sum += (double)(*state >> 11) / 9007199254740992.0 - 0.5;
    }
    return sum;
}

/* A trace under construction. */
typedef struct trace {
    size_t n;
    int64_t times_ms[POINTS_MAX];
    double bytes[POINTS_MAX];
} trace;

static inline void trace_add(trace *t, int64_t time_ms, double bytes)
{
    ck_assert_uint_lt(t->n, POINTS_MAX);
    t->times_ms[t->n] = time_ms;
    t->bytes[t->n++] = bytes < 0 ? 0 : floor(bytes / 4096) * 4096; /* pages */
}

static inline leakdiag_series *series_of(const trace *t)
{
    leakdiag_series *series = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_series_new(t->times_ms, t->bytes, t->n, &series, &err) == LEAKDIAG_OK,
                  "%s", err.message);
    return series;
}

static inline leakdiag_trend *analyzed(const trace *t, const leakdiag_trend_options *options)
{
    leakdiag_series *series = series_of(t);
    leakdiag_trend *trend = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_series_analyze(series, options, &trend, &err) == LEAKDIAG_OK, "%s",
                  err.message);
    leakdiag_series_unref(series);
    return trend;
}

/* Allocations after the k-th fail; blocks that are alive are counted. */
typedef struct poor_heap {
    size_t left;
    long alive;
} poor_heap;

static inline void *poor_alloc(size_t bytes, void *payload)
{
    poor_heap *heap = payload;
    if (heap->left == 0)
        return NULL;
    heap->left--;
    heap->alive++;
    return malloc(bytes);
}

static inline void *poor_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    poor_heap *heap = payload;
    (void)old_bytes;
    if (heap->left == 0)
        return NULL;
    heap->left--;
    return realloc(memory, bytes);
}

static inline void poor_release(void *memory, void *payload)
{
    poor_heap *heap = payload;
    heap->alive -= memory != NULL;
    free(memory);
}

/* Calls attempt() with 0, 1, 2 … allocations allowed until it succeeds. attempt() returns the
 * status and checks itself that outputs stay untouched. */
static inline void fail_every_allocation(leakdiag_status (*attempt)(void))
{
    for (size_t k = 0;; k++) {
        poor_heap heap = {.left = k};
        leakdiag_allocator poor = {sizeof poor, poor_alloc, poor_resize, poor_release, &heap};
        ck_assert_int_eq(leakdiag_set_allocator(&poor), LEAKDIAG_OK);
        leakdiag_status status = attempt();
        ck_assert_int_eq(leakdiag_set_allocator(NULL), LEAKDIAG_OK);
        ck_assert_msg(heap.alive == 0, "%ld blocks left behind at allocation %zu", heap.alive, k);
        if (status == LEAKDIAG_OK)
            return;
        ck_assert_int_eq(status, LEAKDIAG_E_NOMEM);
        ck_assert_uint_lt(k, 200);
    }
}

#endif
