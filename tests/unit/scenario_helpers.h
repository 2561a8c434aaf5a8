/* Scenarios to test with, and an allocator that counts and fails on command. */
#ifndef SCENARIO_HELPERS_H
#define SCENARIO_HELPERS_H

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "scenario/scenario.h"

#define MI           1048576.0
#define MIN          60000
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

LD_DEFINE_CLEANUP(leakdiag_scenario, leakdiag_scenario_unref, scenario_unrefp)
LD_DEFINE_CLEANUP(leakdiag_lint, leakdiag_lint_free, lint_freep)

/* Allocations through the library's hook: counted, and the fail_at-th one fails. */
static size_t allocations, live, fail_at;

static inline void *counted_alloc(size_t bytes, void *payload)
{
    (void)payload;
    if (++allocations == fail_at)
        return NULL;
    live++;
    return malloc(bytes);
}

static inline void *counted_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    (void)old_bytes;
    (void)payload;
    return ++allocations == fail_at ? NULL : realloc(memory, bytes);
}

static inline void counted_release(void *memory, void *payload)
{
    (void)payload;
    live--;
    free(memory);
}

static inline void count_allocations(size_t fails)
{
    static const leakdiag_allocator counting = {sizeof counting, counted_alloc, counted_resize,
                                                counted_release, NULL};
    allocations = live = 0;
    fail_at = fails;
    ck_assert_int_eq(leakdiag_set_allocator(&counting), LEAKDIAG_OK);
}

static inline void stop_counting(void)
{
    ck_assert_int_eq(leakdiag_set_allocator(NULL), LEAKDIAG_OK);
    ck_assert_msg(live == 0, "%zu blocks left after allocation %zu failed", live, fail_at);
}

static inline leakdiag_scenario *builtin(const char *name, const char *const *set, size_t n_set)
{
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_scenario_builtin(name, set, n_set, &s, &err) == LEAKDIAG_OK, "%s",
                  err.message);
    return s;
}

static inline leakdiag_scenario *checkout(void)
{
    return builtin("otel-demo/checkout", NULL, 0);
}

static inline const ld_check *check_named(const leakdiag_scenario *s, const char *id)
{
    size_t i = ld_scenario_check(s, id);
    ck_assert_msg(i < s->n_checks, "no check %s", id);
    return &s->checks[i];
}

static inline double expected(const leakdiag_scenario *s, const char *id, const char *key)
{
    return ld_attribute_number(&check_named(s, id)->expect, key, NAN);
}

/* --- a small scenario that uses everything --- */

static const char small[] = "apiVersion: leakdiag/v1\n"                                /* 1 */
                            "kind: Scenario\n"                                         /* 2 */
                            "metadata: {name: small, title: A small one}\n"            /* 3 */
                            "params:\n"                                                /* 4 */
                            "  url: {type: text, default: \"http://localhost:1\"}\n"   /* 5 */
                            "  users: {type: number, default: 5, about: how many}\n"   /* 6 */
                            "  limit: {type: quantity, default: 20Mi}\n"               /* 7 */
                            "  age: {type: duration, default: 10m}\n"                  /* 8 */
                            "pace: {every: 1s, window: 1m, settle: 10s, stale: 5s}\n"  /* 9 */
                            "sources:\n"                                               /* 10 */
                            "  load: [{type: locust, url: \"${url}\"}]\n"              /* 11 */
                            "  memory: [{type: csv, path: \"\"}]\n"                    /* 12 */
                            "patterns:\n"                                              /* 13 */
                            "  order: {text: \"order of ${users}\"}\n"                 /* 14 */
                            "checks:\n"                                                /* 15 */
                            "  load:\n"                                                /* 16 */
                            "    kind: load\n"                                         /* 17 */
                            "    asks: Is it running?\n"                               /* 18 */
                            "    expect: {users: \"${users}\", min_age: \"${age}\"}\n" /* 19 */
                            "  orders:\n"                                              /* 20 */
                            "    kind: rate\n"                                         /* 21 */
                            "    asks: Are there orders?\n"                            /* 22 */
                            "    needs: [load]\n"                                      /* 23 */
                            "    expect: {of: [\"load:/a\", \"log:order\"]}\n"         /* 24 */
                            "    outcomes: {zero: warn}\n"                             /* 25 */
                            "  limit:\n"                                               /* 26 */
                            "    kind: limit\n"                                        /* 27 */
                            "    asks: Is there a limit?\n"                            /* 28 */
                            "    expect: {bytes: \"${limit}\"}\n"                      /* 29 */
                            "timeline:\n"                                              /* 30 */
                            "  oom_at_end: true\n"                                     /* 31 */
                            "  points:\n"                                              /* 32 */
                            "    - {at: 0m, value: 8Mi, phase: start}\n"               /* 33 */
                            "    - {at: 10m, value: 20Mi}\n"                           /* 34 */
                            "causes:\n"                                                /* 35 */
                            "  no-load:\n"                                             /* 36 */
                            "    title: Nobody is there\n"                             /* 37 */
                            "    when: {load: [stopped], orders: [zero, low]}\n"       /* 38 */
                            "    refuted_by: one order\n"                              /* 39 */
                            "    fix: Start ${users} users.\n"                         /* 40 */
                            "tests:\n"                                                 /* 41 */
                            "  - name: stopped\n"                                      /* 42 */
                            "    given: {load: {state: stopped}, every: 1s, memory: \"8Mi+1x3\"}\n"
                            "    expect: {first_cause: no-load, checks: {load: stopped}}\n";

/* The small scenario with its first `from` replaced by `to`. */
static inline char *with(const char *from, const char *to)
{
    const char *at = strstr(small, from);
    ck_assert_msg(at != NULL, "\"%s\" is not in the small scenario", from);
    char *text = malloc(strlen(small) + strlen(to) + 1);
    ck_assert_ptr_nonnull(text);
    sprintf(text, "%.*s%s%s", (int)(at - small), small, to, at + strlen(from));
    return text;
}

static inline leakdiag_scenario *parse(const char *text, const char *const *set, size_t n_set)
{
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_scenario_parse(text, strlen(text), "x.yaml", set, n_set, &s, &err) ==
                      LEAKDIAG_OK,
                  "%s", err.message);
    return s;
}

/* Runs the suite; what main() returns. */
static inline int run_suite(const char *name, TCase *tc)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
