/* Random logs, cut at random, against counting the obvious way. */
#include <check.h>
#include <jansson.h>
#include <leakdiag/logs.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "naive_logs.h"

#define LOG_MAX  400000
#define ROUNDS   60
#define PATTERNS 8
#define TEN_MS   1733220000000 /* 2024-12-03T10:00:00Z */

static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static size_t below(size_t n)
{
    return (size_t)(next_random() % n);
}

typedef struct log_text {
    char *data;
    size_t len;
} log_text;

static void add(log_text *to, const char *data, size_t len)
{
    if (len > LOG_MAX - to->len)
        return;
    memcpy(to->data + to->len, data, len);
    to->len += len;
}

static void add_text(log_text *to, const char *text)
{
    add(to, text, strlen(text));
}

/* Few letters, so that near misses and overlaps are common. */
static void add_words(log_text *to, size_t n)
{
    static const char *const words[] = {"a",  "b",    "A",        "B",   "ab",    "aab", " ",
                                        "\r", "\xff", "\xc3\xa4", "#12", "#-0.5", "{\"", "order"};
    for (size_t i = 0; i < n; i++) {
        if (below(40) == 0) {
            add(to, "\0", 1);
            continue;
        }
        add_text(to, words[below(sizeof words / sizeof words[0])]);
    }
}

/* What the generator knows about the times it wrote. */
typedef struct times {
    bool any;
    int64_t from_ms, to_ms;
} times;

static void add_time(log_text *to, times *seen)
{
    size_t s = below(3600);
    char text[40];
    snprintf(text, sizeof text, "2024-12-03T10:%02zu:%02zuZ", s / 60, s % 60);
    add_text(to, text);
    int64_t ms = TEN_MS + (int64_t)s * 1000;
    seen->from_ms = seen->any && seen->from_ms < ms ? seen->from_ms : ms;
    seen->to_ms = seen->any && seen->to_ms > ms ? seen->to_ms : ms;
    seen->any = true;
}

static void add_line(log_text *to, times *seen)
{
    static const size_t edges[] = {65533, 65534, 65535, 65536, 65537, 65538, 131072};
    switch (below(12)) {
    case 0:
        add_time(to, seen);
        add_text(to, " ");
        add_words(to, below(10));
        break;
    case 1:
        add_text(to, "{\"m\":\"a{[b\\\"\",\"n\":{\"time\":\"2001-01-01T00:00:00Z\"},\"ts\":\"");
        add_time(to, seen);
        add_text(to, "\"}");
        break;
    case 2:
        if (below(8) == 0 && LOG_MAX - to->len > 200000) {
            size_t len = edges[below(sizeof edges / sizeof edges[0])];
            memset(to->data + to->len, 'x', len);
            to->len += len;
            add_words(to, below(3));
            break;
        } /* fall through */
    default:
        add_words(to, below(10));
    }
    add_text(to, below(3) ? "\n" : "\r\n");
}

static const leakdiag_pattern patterns_of_choice[PATTERNS] = {
    {"ab", "ab", 0},
    {"folded", "aAb", LEAKDIAG_PATTERN_IGNORE_CASE},
    {"return", "\r", 0},
    {"same as ab", "ab", LEAKDIAG_PATTERN_REGEX},
    {"same as folded", "aab", LEAKDIAG_PATTERN_REGEX | LEAKDIAG_PATTERN_IGNORE_CASE},
    {"same without JIT", "(*NO_JIT)\\x61(?:b)", LEAKDIAG_PATTERN_REGEX},
    {"number", "#([-.0-9]+)", LEAKDIAG_PATTERN_REGEX},
    {"all", "^", LEAKDIAG_PATTERN_REGEX},
};

static leakdiag_scan *scan_in_chunks(leakdiag_patterns *patterns, log_text all, size_t chunk_max)
{
    leakdiag_scan_options options = LEAKDIAG_SCAN_OPTIONS_INIT;
    options.recent = 5;
    options.window_from_ms = TEN_MS + 1800000;
    leakdiag_scan *scan = NULL;
    ck_assert_int_eq(leakdiag_scan_new(patterns, &options, &scan, NULL), LEAKDIAG_OK);
    for (size_t at = 0; at < all.len;) {
        size_t n = chunk_max ? below(chunk_max + 1) : all.len;
        n = n < all.len - at ? n : all.len - at;
        /* A copy of its own, so that a look beyond the chunk is a sanitizer's catch. */
        char *chunk = malloc(n ? n : 1);
        memcpy(chunk, all.data + at, n);
        if (leakdiag_scan_push(scan, chunk, n, NULL) != LEAKDIAG_OK) /* ck_assert is slow here */
            ck_abort_msg("push failed");
        free(chunk);
        at += n;
    }
    ck_assert_int_eq(leakdiag_scan_finish(scan, NULL), LEAKDIAG_OK);
    return scan;
}

static void assert_same_line(leakdiag_log_line a, leakdiag_log_line b)
{
    ck_assert_uint_eq(a.len, b.len);
    ck_assert(a.len == 0 || memcmp(a.text, b.text, a.len) == 0);
    ck_assert_uint_eq(a.number, b.number);
    ck_assert_int_eq(a.has_time, b.has_time);
    ck_assert_int_eq(a.time_ms, b.time_ms);
}

static void assert_same_number(double a, double b)
{
    ck_assert((isnan(a) && isnan(b)) || a == b);
}

static void assert_same_scan(const leakdiag_scan *a, const leakdiag_scan *b)
{
    ck_assert_uint_eq(leakdiag_scan_lines(a), leakdiag_scan_lines(b));
    ck_assert_uint_eq(leakdiag_scan_bytes(a), leakdiag_scan_bytes(b));
    ck_assert_uint_eq(leakdiag_scan_truncated(a), leakdiag_scan_truncated(b));
    ck_assert_uint_eq(leakdiag_scan_recent_len(a), leakdiag_scan_recent_len(b));
    for (size_t i = 0; i < leakdiag_scan_recent_len(a); i++) {
        size_t p = 0, q = 0;
        assert_same_line(leakdiag_scan_recent(a, i, &p), leakdiag_scan_recent(b, i, &q));
        ck_assert_uint_eq(p, q);
    }
    for (size_t i = 0; i < PATTERNS; i++) {
        ck_assert_uint_eq(leakdiag_scan_window_count(a, i), leakdiag_scan_window_count(b, i));
        assert_same_number(leakdiag_scan_rate_per_min(a, i), leakdiag_scan_rate_per_min(b, i));
    }
    char *x = NULL, *y = NULL;
    ck_assert_int_eq(leakdiag_scan_to_json(a, &x, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_scan_to_json(b, &y, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(x, y);
    leakdiag_free(x);
    leakdiag_free(y);
}

static log_text random_log(times *seen)
{
    log_text all = {.data = malloc(LOG_MAX)};
    for (size_t n = below(200); n > 0; n--)
        add_line(&all, seen);
    if (below(2)) /* without a newline at the end */
        add_words(&all, below(4));
    return all;
}

START_TEST(any_cut_gives_the_same_result)
{
    static const size_t cuts[] = {1, 3, 50, 1000, 66000};
    leakdiag_patterns *patterns = NULL;
    ck_assert_int_eq(leakdiag_patterns_new(patterns_of_choice, PATTERNS, &patterns, NULL),
                     LEAKDIAG_OK);
    state = 0x9e3779b97f4a7c15u + (uint64_t)_i;
    times seen = {0};
    log_text all = random_log(&seen);
    leakdiag_scan *whole = scan_in_chunks(patterns, all, 0);
    for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
        leakdiag_scan *cut = scan_in_chunks(patterns, all, cuts[c]);
        assert_same_scan(whole, cut);
        leakdiag_scan_free(cut);
    }
    leakdiag_scan_free(whole);
    leakdiag_patterns_unref(patterns);
    free(all.data);
}
END_TEST

static void assert_line_is(leakdiag_log_line kept, naive_line line, uint64_t number)
{
    ck_assert_uint_eq(kept.number, number);
    ck_assert_uint_eq(kept.len, line.len);
    ck_assert(line.len == 0 || memcmp(kept.text, line.text, line.len) == 0);
}

/* Pattern i of the scan must be what looking for `needle` line by line finds. */
static void assert_found(const leakdiag_scan *scan, size_t i, log_text all, const char *needle,
                         bool ignore_case)
{
    uint64_t count = 0, number = 0, first = 0, last = 0, truncated = 0;
    naive_line line, first_line = {0}, last_line = {0};
    for (size_t at = 0; naive_next(all.data, all.len, &at, &line);) {
        number++;
        truncated += line.truncated;
        if (!naive_contains(line, needle, strlen(needle), ignore_case))
            continue;
        if (count++ == 0) {
            first = number;
            first_line = line;
        }
        last = number;
        last_line = line;
    }
    ck_assert_uint_eq(leakdiag_scan_lines(scan), number);
    ck_assert_uint_eq(leakdiag_scan_truncated(scan), truncated);
    ck_assert_uint_eq(leakdiag_scan_count(scan, i), count);
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, i), 0);
    leakdiag_log_line kept;
    ck_assert_int_eq(leakdiag_scan_first(scan, i, &kept), count > 0);
    if (count == 0)
        return;
    assert_line_is(kept, first_line, first);
    ck_assert_int_eq(leakdiag_scan_last(scan, i, &kept), 1);
    assert_line_is(kept, last_line, last);
}

START_TEST(counts_and_lines_are_those_of_the_obvious_way)
{
    leakdiag_patterns *patterns = NULL;
    ck_assert_int_eq(leakdiag_patterns_new(patterns_of_choice, PATTERNS, &patterns, NULL),
                     LEAKDIAG_OK);
    state = 0xd1b54a32d192ed03u + (uint64_t)_i;
    times seen = {0};
    log_text all = random_log(&seen);
    leakdiag_scan *scan = scan_in_chunks(patterns, all, 500);
    assert_found(scan, 0, all, "ab", false);
    assert_found(scan, 1, all, "aab", true);
    assert_found(scan, 2, all, "\r", false);
    assert_found(scan, 3, all, "ab", false);
    assert_found(scan, 4, all, "aab", true);
    assert_found(scan, 5, all, "ab", false);
    assert_found(scan, 7, all, "", false);

    int64_t from = 0, to = 0;
    ck_assert_int_eq(leakdiag_scan_time_span(scan, &from, &to), seen.any);
    ck_assert(!seen.any || (from == seen.from_ms && to == seen.to_ms));
    leakdiag_scan_free(scan);
    leakdiag_patterns_unref(patterns);
    free(all.data);
}
END_TEST

START_TEST(the_json_says_what_the_getters_say)
{
    leakdiag_patterns *patterns = NULL;
    ck_assert_int_eq(leakdiag_patterns_new(patterns_of_choice, PATTERNS, &patterns, NULL),
                     LEAKDIAG_OK);
    state = 0xaef17502108ef2d9u + (uint64_t)_i;
    times seen = {0};
    log_text all = random_log(&seen);
    leakdiag_scan *scan = scan_in_chunks(patterns, all, 500);
    char *text = NULL;
    ck_assert_int_eq(leakdiag_scan_to_json(scan, &text, NULL), LEAKDIAG_OK);
    ck_assert_ptr_null(strchr(text, '\n'));
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    ck_assert_ptr_nonnull(json);
    ck_assert_uint_eq(json_object_size(json), PATTERNS);
    for (size_t i = 0; i < PATTERNS; i++) {
        json_t *found = json_object_get(json, patterns_of_choice[i].name);
        ck_assert_int_eq(json_integer_value(json_object_get(found, "count")),
                         (json_int_t)leakdiag_scan_count(scan, i));
        leakdiag_log_line last;
        json_t *rendered = json_object_get(found, "last");
        ck_assert_int_eq(leakdiag_scan_last(scan, i, &last), json_is_object(rendered));
        if (!json_is_object(rendered))
            continue;
        json_t *t = json_object_get(rendered, "t");
        ck_assert_int_eq(json_is_number(t), last.has_time != 0);
        if (last.has_time)
            ck_assert_double_eq(json_number_value(t) * 1e3, (double)last.time_ms);
    }
    json_decref(json);
    leakdiag_free(text);
    leakdiag_scan_free(scan);
    leakdiag_patterns_unref(patterns);
    free(all.data);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("properties");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, any_cut_gives_the_same_result, 0, ROUNDS);
    tcase_add_loop_test(tc, counts_and_lines_are_those_of_the_obvious_way, 0, ROUNDS);
    tcase_add_loop_test(tc, the_json_says_what_the_getters_say, 0, ROUNDS);
    Suite *suite = suite_create("logs, properties");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
