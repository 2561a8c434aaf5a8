/* The short cuts of the scanner against the long way round. */
#include <check.h>
#include <leakdiag/logs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/needle.h"
#include "logs/patterns.h"
#include "unit/naive_logs.h"

static uint64_t state;

static size_t below(size_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % n);
}

static void fill(char *text, size_t len, const char *alphabet)
{
    for (size_t i = 0; i < len; i++)
        text[i] = alphabet[below(strlen(alphabet))];
}

START_TEST(a_needle_is_found_where_the_obvious_way_finds_it)
{
    static const char *const alphabets[] = {"ab", "aaaaaaaab", "abc\x80\xff", "\" eQ'"};
    state = 0x9e3779b97f4a7c15u + (uint64_t)_i;
    size_t found = 0;
    for (int round = 0; round < 3000; round++) {
        const char *alphabet = alphabets[below(4)];
        size_t len = below(300), needle_len = 1 + below(12);
        /* Places of their own size, so that a look beyond is a sanitizer's catch. */
        char *text = malloc(len ? len : 1), *needle = malloc(needle_len);
        fill(text, len, alphabet);
        fill(needle, needle_len, alphabet);
        ld_needle of = ld_needle_of(needle, needle_len);
        bool is_in = ld_needle_is_in(&of, text, len);
        found += is_in;
        ck_assert_int_eq(is_in, naive_contains((naive_line){.text = text, .len = len}, needle,
                                               needle_len, false));
        free(text);
        free(needle);
    }
    ck_assert_uint_gt(found, 300);
    ck_assert_uint_lt(found, 2700);
}
END_TEST

START_TEST(a_needle_at_the_very_ends_and_behind_many_near_misses_is_found)
{
    char text[4096];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = 'b';
    ld_needle last = ld_needle_of("aaab", 4), first = ld_needle_of("aaa", 3);
    ck_assert(ld_needle_is_in(&last, text, sizeof text));
    ck_assert(!ld_needle_is_in(&last, text, sizeof text - 1));
    ck_assert(ld_needle_is_in(&first, text, 3));
    ck_assert(!ld_needle_is_in(&first, text, 2));
    /* "Q" is where it stops, a hundred times in vain. */
    for (size_t i = 0; i + 8 < sizeof text; i += 8)
        text[i + 3] = 'Q';
    ld_needle q = ld_needle_of("Qaaab", 5);
    memcpy(text + 4000, "Qaaab", 5);
    ck_assert(ld_needle_is_in(&q, text, sizeof text));
    ck_assert(!ld_needle_is_in(&q, text, 4004));
}
END_TEST

START_TEST(folding_changes_letters_of_ascii_and_nothing_else)
{
    char text[256 + 16], folded[sizeof text];
    for (size_t from = 0; from < 9; from++) { /* every byte at every place of a word */
        for (size_t i = 0; i < 256; i++)
            text[from + i] = (char)i;
        ld_fold(folded, text + from, 256);
        for (size_t i = 0; i < 256; i++)
            ck_assert_uint_eq((unsigned char)folded[i], i >= 'A' && i <= 'Z' ? i + 32 : i);
        ld_fold(folded, text + from + 'A', 3);
        ck_assert(memcmp(folded, "abc", 3) == 0);
    }
}
END_TEST

/* What an expression must begin with is taken from its text. In parentheses it has no such
 * beginning, so that PCRE2 alone answers. */
static const char *const expressions[] = {"Done with #([0-9]+)",
                                          "abc",
                                          "ab*c",
                                          "ab?c",
                                          "ab{0,1}c",
                                          "ab+c",
                                          "abc|xyz",
                                          "a(b|x)c",
                                          "a[(]b|xyz",
                                          "a\\(b|xyz",
                                          "a[]|(]b",
                                          "a[^]|]c|xyz",
                                          "a[[:alpha:](]b|xyz",
                                          "(a|b)|xyz",
                                          "a\\Qb|\\Ec",
                                          "abc(?i)DEF",
                                          "a(?#()b|xyz",
                                          "^abc",
                                          "ab\\.c",
                                          "abc$",
                                          "a.c",
                                          "#a",
                                          "x(?=y)yz",
                                          "a)?",
                                          "abc{",
                                          "ab{x",
                                          "(?x)a b c",
                                          "a{2}bc",
                                          "(*NO_JIT)abc",
                                          "b\\Kc"};
static const char *const lines[] = {
    "",     "abc",   "ac",    "xyz", "axc",  "a(b",  "a|b",  "ab|c",  "abcdef", "abcDEF",
    "ab.c", "abbbc", "a b c", "#a",  "abc{", "ab{x", "aabc", "zzbcz", "a]c",    "Done with #300",
    "xabcx"};

static uint64_t count(const char *expression, const char *line)
{
    const leakdiag_pattern pattern = {"it", expression, LEAKDIAG_PATTERN_REGEX};
    leakdiag_patterns *patterns = NULL;
    leakdiag_scan *scan = NULL;
    if (leakdiag_patterns_new(&pattern, 1, &patterns, NULL))
        return UINT64_MAX;
    ck_assert(!leakdiag_scan_new(patterns, NULL, &scan, NULL));
    ck_assert(!leakdiag_scan_push(scan, line, strlen(line), NULL));
    ck_assert(!leakdiag_scan_push(scan, "\n", 1, NULL));
    ck_assert(!leakdiag_scan_finish(scan, NULL));
    uint64_t n = leakdiag_scan_count(scan, 0);
    leakdiag_scan_free(scan);
    leakdiag_patterns_unref(patterns);
    return n;
}

START_TEST(an_expression_matches_the_same_with_and_without_its_known_beginning)
{
    const char *expression = expressions[_i];
    char enclosed[100];
    size_t matched = 0;
    snprintf(enclosed, sizeof enclosed, strncmp(expression, "(*", 2) == 0 ? "%s" : "(?:%s)",
             expression);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        uint64_t n = count(expression, lines[i]);
        ck_assert_msg(n == count(enclosed, lines[i]), "\"%s\" in \"%s\": %d", expression, lines[i],
                      (int)n);
        matched += n == 1;
    }
    ck_assert(matched > 0 || count(expression, "") == UINT64_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("logs");
    TCase *tc = tcase_create("needle");
    tcase_add_loop_test(tc, a_needle_is_found_where_the_obvious_way_finds_it, 0, 8);
    tcase_add_test(tc, a_needle_at_the_very_ends_and_behind_many_near_misses_is_found);
    tcase_add_test(tc, folding_changes_letters_of_ascii_and_nothing_else);
    tcase_add_loop_test(tc, an_expression_matches_the_same_with_and_without_its_known_beginning, 0,
                        (int)(sizeof expressions / sizeof expressions[0]));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
