/* What the tests of the room logs share. */
#ifndef TESTS_LOGS_HELPERS_H
#define TESTS_LOGS_HELPERS_H

#include <check.h>
#include <leakdiag/logs.h>
#include <stdlib.h>
#include <string.h>

#define ICASE    LEAKDIAG_PATTERN_IGNORE_CASE
#define REGEX    LEAKDIAG_PATTERN_REGEX
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline leakdiag_patterns *compile(const leakdiag_pattern *list, size_t n)
{
    leakdiag_patterns *patterns = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_patterns_new(list, n, &patterns, &err) == LEAKDIAG_OK, "%s",
                  err.message);
    return patterns;
}

static inline leakdiag_scan *begin(const leakdiag_pattern *list, size_t n,
                                   const leakdiag_scan_options *options)
{
    leakdiag_patterns *patterns = compile(list, n);
    leakdiag_scan *scan = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_scan_new(patterns, options, &scan, &err) == LEAKDIAG_OK, "%s",
                  err.message);
    leakdiag_patterns_unref(patterns); /* the scan has its own reference */
    return scan;
}

static inline void push(leakdiag_scan *scan, const char *data, size_t len)
{
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_scan_push(scan, data, len, &err) == LEAKDIAG_OK, "%s", err.message);
}

static inline void finish(leakdiag_scan *scan)
{
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_scan_finish(scan, &err) == LEAKDIAG_OK, "%s", err.message);
}

/* A finished scan of one pattern over one text. */
static inline leakdiag_scan *scan_bytes(const char *text, uint64_t flags, const char *log,
                                        size_t len)
{
    leakdiag_scan *scan = begin(&(leakdiag_pattern){"p", text, flags}, 1, NULL);
    push(scan, log, len);
    finish(scan);
    return scan;
}

static inline leakdiag_scan *scan_text(const char *text, uint64_t flags, const char *log)
{
    return scan_bytes(text, flags, log, strlen(log));
}

static inline char *json_of(const leakdiag_scan *scan)
{
    char *json = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_scan_to_json(scan, &json, &err) == LEAKDIAG_OK, "%s", err.message);
    return json;
}

/* 2024-12-03T10:00:00Z, from `date -u -d … +%s`. */
#define TEN 1733220000000

static inline TCase *add_case(Suite *suite, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return tc;
}

static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
