/* Sets of patterns, and what counts as a line. */
#include <math.h>
#include <stdio.h>

#include "logs_helpers.h"

/* ---- sets ---- */

START_TEST(a_set_keeps_the_given_order)
{
    leakdiag_patterns *patterns =
        compile((leakdiag_pattern[]){{"zebra", "z", 0}, {"ant", "a", 0}}, 2);
    ck_assert_uint_eq(leakdiag_patterns_len(patterns), 2);
    ck_assert_str_eq(leakdiag_patterns_name(patterns, 0), "zebra");
    ck_assert_str_eq(leakdiag_patterns_name(patterns, 1), "ant");
    ck_assert_ptr_null(leakdiag_patterns_name(patterns, 2));
    leakdiag_patterns_unref(patterns);
}
END_TEST

static const struct {
    leakdiag_pattern list[2];
    leakdiag_status status;
    const char *says;
} bad_sets[] = {
    {{{NULL, "a", 0}, {"b", "b", 0}}, LEAKDIAG_E_INVALID, "pattern 1 has no name"},
    {{{"a", "a", 0}, {"", "b", 0}}, LEAKDIAG_E_INVALID, "pattern 2 has no name"},
    {{{"a", "a", 0}, {"a", "b", 0}}, LEAKDIAG_E_INVALID, "\"a\" is used twice: rename pattern 2"},
    {{{"a", "a", 0}, {"\xc3", "b", 0}}, LEAKDIAG_E_INVALID, "not UTF-8"},
    {{{"a", "", 0}, {"b", "b", 0}}, LEAKDIAG_E_INVALID, "\"a\" is empty"},
    {{{"a", NULL, 0}, {"b", "b", 0}}, LEAKDIAG_E_INVALID, "\"a\" is empty"},
    {{{"a", "", REGEX}, {"b", "b", 0}}, LEAKDIAG_E_INVALID, "\"a\" is empty"},
    {{{"a", "x\ny", 0}, {"b", "b", 0}}, LEAKDIAG_E_INVALID, "newline"},
    {{{"a", "a", 4}, {"b", "b", 0}}, LEAKDIAG_E_INVALID, "unknown flag"},
    {{{"a", "a", 0}, {"b", "(b", REGEX}}, LEAKDIAG_E_INVALID, "pattern \"b\": not a regular"},
    {{{"a", "a", 0}, {"b", "(*UTF)b", REGEX}}, LEAKDIAG_E_INVALID, "pattern \"b\""},
};

START_TEST(a_bad_set_is_refused_with_its_reason)
{
    leakdiag_patterns *patterns = (leakdiag_patterns *)0x1;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_patterns_new(bad_sets[_i].list, 2, &patterns, &err),
                     bad_sets[_i].status);
    ck_assert_ptr_eq(patterns, (leakdiag_patterns *)0x1);
    ck_assert_msg(strstr(err.message, bad_sets[_i].says), "%s", err.message);
}
END_TEST

START_TEST(a_bad_expression_says_where_it_is_wrong)
{
    leakdiag_patterns *patterns = NULL;
    leakdiag_error err = {0};
    leakdiag_pattern list[] = {{"p", "abc[z-a]", REGEX}};
    ck_assert_int_eq(leakdiag_patterns_new(list, 1, &patterns, &err), LEAKDIAG_E_INVALID);
    ck_assert_uint_eq(err.column, 7); /* the `a`: where the range turned out to be backwards */
    ck_assert_int_eq(err.status, LEAKDIAG_E_INVALID);
}
END_TEST

START_TEST(a_set_has_room_for_256_patterns_and_no_more)
{
    static char names[LEAKDIAG_PATTERNS_MAX + 1][8];
    leakdiag_pattern list[LEAKDIAG_PATTERNS_MAX + 1];
    for (size_t i = 0; i < COUNT(list); i++) {
        snprintf(names[i], sizeof names[i], "n%zu", i);
        list[i] = (leakdiag_pattern){names[i], "x", 0};
    }
    leakdiag_patterns *patterns = compile(list, LEAKDIAG_PATTERNS_MAX);
    leakdiag_patterns_unref(patterns);
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_patterns_new(list, COUNT(list), &patterns, &err), LEAKDIAG_E_LIMIT);
}
END_TEST

START_TEST(names_and_texts_may_have_4096_bytes_and_no_more)
{
    char text[LEAKDIAG_PATTERN_MAX_BYTES + 2];
    memset(text, 'x', sizeof text);
    text[LEAKDIAG_PATTERN_MAX_BYTES] = '\0';
    leakdiag_patterns *patterns = compile((leakdiag_pattern[]){{text, text, 0}}, 1);
    leakdiag_patterns_unref(patterns);
    patterns = compile((leakdiag_pattern[]){{"p", text, REGEX}}, 1);
    leakdiag_patterns_unref(patterns);

    text[LEAKDIAG_PATTERN_MAX_BYTES] = 'x';
    text[LEAKDIAG_PATTERN_MAX_BYTES + 1] = '\0';
    leakdiag_error err = {0};
    ck_assert_int_eq(
        leakdiag_patterns_new((leakdiag_pattern[]){{text, "x", 0}}, 1, &patterns, &err),
        LEAKDIAG_E_LIMIT);
    ck_assert_int_eq(
        leakdiag_patterns_new((leakdiag_pattern[]){{"p", text, 0}}, 1, &patterns, &err),
        LEAKDIAG_E_LIMIT);
    ck_assert_int_eq(
        leakdiag_patterns_new((leakdiag_pattern[]){{"p", text, REGEX}}, 1, &patterns, &err),
        LEAKDIAG_E_LIMIT);
}
END_TEST

START_TEST(missing_arguments_are_an_error_and_freeing_nothing_is_fine)
{
    leakdiag_patterns *patterns = NULL;
    leakdiag_scan *scan = NULL;
    char *json = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_patterns_new(NULL, 1, &patterns, &err), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(leakdiag_patterns_new(NULL, 0, NULL, &err), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(leakdiag_scan_new(NULL, NULL, &scan, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(leakdiag_scan_push(NULL, "a", 1, &err), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(leakdiag_scan_finish(NULL, &err), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(leakdiag_scan_to_json(NULL, &json, &err), LEAKDIAG_E_INVALID);
    ck_assert_ptr_null(leakdiag_patterns_ref(NULL));
    leakdiag_patterns_unref(NULL);
    leakdiag_scan_free(NULL);
}
END_TEST

START_TEST(a_window_beyond_all_clocks_is_refused)
{
    static const int64_t windows_ms[][2] = {
        {INT64_MIN, INT64_MAX}, {INT64_MIN, 5}, {1, INT64_MAX}, {1, (INT64_C(1) << 53) + 1}};
    leakdiag_patterns *patterns = compile(NULL, 0);
    for (size_t i = 0; i < COUNT(windows_ms); i++) {
        leakdiag_scan *scan = NULL;
        leakdiag_scan_options options = LEAKDIAG_SCAN_OPTIONS_INIT;
        options.window_from_ms = windows_ms[i][0];
        options.window_to_ms = windows_ms[i][1];
        ck_assert_int_eq(leakdiag_scan_new(patterns, &options, &scan, NULL), LEAKDIAG_E_INVALID);
        ck_assert_ptr_null(scan);
    }
    leakdiag_patterns_unref(patterns);
}
END_TEST

START_TEST(options_are_checked)
{
    leakdiag_patterns *patterns = compile(NULL, 0);
    leakdiag_scan *scan = (leakdiag_scan *)0x1;
    leakdiag_error err = {0};
    leakdiag_scan_options options = LEAKDIAG_SCAN_OPTIONS_INIT;
    options.recent = LEAKDIAG_RECENT_MAX + 1;
    ck_assert_int_eq(leakdiag_scan_new(patterns, &options, &scan, &err), LEAKDIAG_E_LIMIT);
    options.recent = LEAKDIAG_RECENT_MAX;
    ck_assert_int_eq(leakdiag_scan_new(patterns, &options, &scan, &err), LEAKDIAG_OK);
    leakdiag_scan_free(scan);
    scan = (leakdiag_scan *)0x1;
    options.size = 4;
    ck_assert_int_eq(leakdiag_scan_new(patterns, &options, &scan, &err), LEAKDIAG_E_INVALID);
    ck_assert_ptr_eq(scan, (leakdiag_scan *)0x1);
    leakdiag_patterns_unref(patterns);
}
END_TEST

/* ---- lines ---- */

static const struct {
    const char *text;
    uint64_t flags;
    const char *log;
    uint64_t lines, count;
} counted[] = {
    /* how lines end */
    {"a", 0, "", 0, 0},
    {"a", 0, "a", 1, 1},
    {"a", 0, "a\n", 1, 1},
    {"a", 0, "a\na", 2, 2},
    {"a", 0, "\n\n\n", 3, 0},
    {"a", 0, "a\r\nb\r\na\r\n", 3, 2},
    {"a", 0, "ba\nb\n", 2, 1},
    {"ab", 0, "a\nb\n", 2, 0}, /* nothing matches across lines */
    /* a line counts once */
    {"a", 0, "aaa\naa\n", 2, 2},
    {"aa", 0, "aaa\na\n", 2, 1},
    /* fixed strings are fixed and case matters */
    {"a.c", 0, "abc\na.c\n", 2, 1},
    {"(x+)*$", 0, "(x+)*$\nxx\n", 2, 1},
    {"Order", 0, "order\nOrder\nORDER\n", 3, 1},
    {"Order", ICASE, "order\nOrder\nORDER\n", 3, 3},
    {"AZ", ICASE, "az\nAZ\nAY\n", 3, 2},
    {"@", ICASE, "@\n`\n", 2, 1}, /* the neighbours of A-Z are not folded */
    {"[", ICASE, "[\n{\n", 2, 1},
    {"\xc3\x84", ICASE, "\xc3\x84\n\xc3\xa4\n", 2, 1}, /* nor is what is not ASCII */
    {"aab", 0, "aaab\n", 1, 1},
    /* carriage returns */
    {"a\r", 0, "a\r\na\r", 2, 1},     /* of a line ending only with a newline behind it */
    {"a\r", 0, "a\r\r\na\r\n", 2, 1}, /* and only one of them */
    {"a\rb", 0, "a\rb\n", 1, 1},
    {"\r", 0, "\r\n\r", 2, 1},
    /* expressions see one line */
    {"^a$", REGEX, "a\nba\nab\na\r\na", 5, 3},
    {"a\\nb", REGEX, "a\nb\n", 2, 0},
    {"^$", REGEX, "\na\n\r\n", 3, 2},
    {"a.b", REGEX,
     "a\rb\na\xff"
     "b\n",
     2, 2},
    {"a.b", REGEX,
     "a\xc3\xa4"
     "b\n",
     1, 0}, /* bytes, not characters */
    {"a..b", REGEX,
     "a\xc3\xa4"
     "b\n",
     1, 1},
    {"order (placed|done)", REGEX, "order placed\norder\nORDER DONE\n", 3, 1},
    {"order (placed|done)", REGEX | ICASE, "order placed\norder\nORDER DONE\n", 3, 2},
    {"\xc4", REGEX | ICASE, "\xc4\n\xe4\n", 2, 1},
    {"\\bfail\\b", REGEX, "failed\nfail\n", 2, 1},
    {"(?x) a # comment\n b", REGEX, "ab\n", 1, 1},
    {"(a)?b\\1", REGEX, "b\naba\n", 2, 1},
    {"(*NO_JIT)^a$", REGEX, "a\nba\nab\na\r\na", 5, 3},
    {"(?(?=a)ab|cd)", REGEX, "ab\ncd\nac\n", 3, 2},
};

START_TEST(lines_are_counted)
{
    leakdiag_scan *scan = scan_text(counted[_i].text, counted[_i].flags, counted[_i].log);
    ck_assert_uint_eq(leakdiag_scan_lines(scan), counted[_i].lines);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), counted[_i].count);
    ck_assert_uint_eq(leakdiag_scan_window_count(scan, 0), counted[_i].count);
    ck_assert_uint_eq(leakdiag_scan_bytes(scan), strlen(counted[_i].log));
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 0), 0);
    leakdiag_scan_free(scan);
}
END_TEST

START_TEST(nul_bytes_are_bytes_like_others)
{
    static const char log[] = "a\0b\nb\0\0a";
    leakdiag_scan *scan = scan_bytes("b", 0, log, sizeof log - 1);
    leakdiag_log_line line;
    ck_assert_uint_eq(leakdiag_scan_lines(scan), 2);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 2);
    ck_assert_int_eq(leakdiag_scan_first(scan, 0, &line), 1);
    ck_assert_uint_eq(line.len, 3);
    ck_assert_mem_eq(line.text, "a\0b", 4); /* with a NUL behind it */
    leakdiag_scan_free(scan);

    scan = scan_bytes("^b\\x00{2}a$", REGEX, log, sizeof log - 1);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 1);
    leakdiag_scan_free(scan);
}
END_TEST

/* A line of `len` bytes that ends in "END", with a line ending. */
static char *long_line(size_t len, const char *ending)
{
    char *log = malloc(len + 3);
    memset(log, 'x', len);
    memcpy(log + len - 3, "END", 3);
    strcpy(log + len, ending);
    return log;
}

static const struct {
    size_t len;
    const char *ending;
    uint64_t count, truncated;
} long_lines[] = {
    {65535, "\n", 1, 0},   {65536, "\n", 1, 0},   {65537, "\n", 0, 1}, {65535, "\r\n", 1, 0},
    {65536, "\r\n", 1, 0}, {65537, "\r\n", 0, 1}, {65536, "", 1, 0},   {65537, "", 0, 1},
    {65535, "\r", 1, 0}, /* no newline: the carriage return is the 65,536th byte */
    {65536, "\r", 1, 1},   {200000, "\n", 0, 1},
};

START_TEST(of_a_long_line_64_kib_are_searched)
{
    static const size_t cuts[] = {1000000, 65536, 65537, 4096, 7};
    char *log = long_line(long_lines[_i].len, long_lines[_i].ending);
    for (size_t c = 0; c < COUNT(cuts); c++) {
        leakdiag_scan *scan = begin(&(leakdiag_pattern){"p", "END", 0}, 1, NULL);
        for (size_t at = 0, len = strlen(log); at < len; at += cuts[c])
            push(scan, log + at, len - at < cuts[c] ? len - at : cuts[c]);
        finish(scan);
        ck_assert_uint_eq(leakdiag_scan_lines(scan), 1);
        ck_assert_uint_eq(leakdiag_scan_count(scan, 0), long_lines[_i].count);
        ck_assert_uint_eq(leakdiag_scan_truncated(scan), long_lines[_i].truncated);
        leakdiag_scan_free(scan);
    }
    free(log);
}
END_TEST

START_TEST(a_truncated_line_keeps_its_beginning_and_ends_where_it_ends)
{
    char *log = long_line(70000, "\n");
    leakdiag_scan *scan = begin(&(leakdiag_pattern){"p", "x", 0}, 1, NULL);
    push(scan, log, 70001);
    push(scan, "x2", 2);
    finish(scan);
    leakdiag_log_line line;
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 2);
    ck_assert_int_eq(leakdiag_scan_first(scan, 0, &line), 1);
    ck_assert_uint_eq(line.len, LEAKDIAG_LINE_MAX_BYTES);
    ck_assert_mem_eq(line.text, log, line.len);
    ck_assert_int_eq(leakdiag_scan_last(scan, 0, &line), 1);
    ck_assert_str_eq(line.text, "x2");
    leakdiag_scan_free(scan);
    free(log);
}
END_TEST

START_TEST(an_unfinished_line_is_pending_until_the_end)
{
    leakdiag_scan *scan = begin(&(leakdiag_pattern){"p", "b", 0}, 1, NULL);
    ck_assert_uint_eq(leakdiag_scan_pending_bytes(scan), 0);
    push(scan, "a\nb", 3);
    ck_assert_uint_eq(leakdiag_scan_pending_bytes(scan), 1);
    ck_assert_uint_eq(leakdiag_scan_lines(scan), 1);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 0);
    push(scan, NULL, 0);
    push(scan, "b\r", 2);
    ck_assert_uint_eq(leakdiag_scan_pending_bytes(scan), 3);
    push(scan, "\n", 1);
    ck_assert_uint_eq(leakdiag_scan_pending_bytes(scan), 0);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 1);
    push(scan, "b", 1);
    finish(scan);
    ck_assert_uint_eq(leakdiag_scan_pending_bytes(scan), 0);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 2);
    leakdiag_scan_free(scan);
}
END_TEST

START_TEST(pending_bytes_count_what_is_too_long_to_keep)
{
    char *log = long_line(100000, "");
    leakdiag_scan *scan = begin(&(leakdiag_pattern){"p", "b", 0}, 1, NULL);
    push(scan, log, 100000);
    push(scan, log, 100000);
    ck_assert_uint_eq(leakdiag_scan_pending_bytes(scan), 200000);
    leakdiag_scan_free(scan);
    free(log);
}
END_TEST

START_TEST(after_the_end_nothing_can_be_pushed)
{
    leakdiag_scan *scan = scan_text("a", 0, "a");
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_scan_push(scan, "a", 1, &err), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(leakdiag_scan_push(scan, NULL, 0, &err), LEAKDIAG_E_INVALID);
    finish(scan); /* again is fine, and judges nothing twice */
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 1);
    ck_assert_uint_eq(leakdiag_scan_lines(scan), 1);
    leakdiag_scan_free(scan);
}
END_TEST

START_TEST(each_pattern_has_its_own_count_and_lines)
{
    leakdiag_pattern list[] = {{"a", "a", 0}, {"B", "B", ICASE}, {"re", "^c+$", REGEX}};
    leakdiag_scan *scan = begin(list, COUNT(list), NULL);
    static const char log[] = "a\nab\nccc\nAB\nc b\n";
    push(scan, log, strlen(log));
    finish(scan);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 2);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 1), 3);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 2), 1);
    leakdiag_log_line line;
    ck_assert_int_eq(leakdiag_scan_first(scan, 1, &line), 1);
    ck_assert_str_eq(line.text, "ab");
    ck_assert_uint_eq(line.number, 2);
    ck_assert_int_eq(leakdiag_scan_last(scan, 1, &line), 1);
    ck_assert_str_eq(line.text, "c b"); /* as it stands in the log, not folded */
    ck_assert_uint_eq(line.number, 5);
    ck_assert_int_eq(leakdiag_scan_last(scan, 0, &line), 1);
    ck_assert_str_eq(line.text, "ab");
    leakdiag_scan_free(scan);
}
END_TEST

START_TEST(what_is_not_there_is_said_so)
{
    leakdiag_scan *scan = scan_text("a", 0, "b\n");
    leakdiag_log_line line = {.number = 77};
    int64_t from = 1, to = 2;
    size_t pattern = 9;
    ck_assert_int_eq(leakdiag_scan_first(scan, 0, &line), 0);
    ck_assert_int_eq(leakdiag_scan_last(scan, 0, &line), 0);
    ck_assert_int_eq(leakdiag_scan_first(scan, 1, &line), 0);
    ck_assert_uint_eq(line.number, 77);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 1), 0);
    ck_assert_uint_eq(leakdiag_scan_window_count(scan, 1), 0);
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 1), 0);
    ck_assert(isnan(leakdiag_scan_rate_per_min(scan, 0)));
    ck_assert(isnan(leakdiag_scan_rate_per_min(scan, 1)));
    ck_assert(isnan(leakdiag_scan_capture_last(scan, 0, 1)));
    ck_assert(isnan(leakdiag_scan_capture_min(scan, 1, 1)));
    ck_assert(isnan(leakdiag_scan_capture_max(scan, 0, 0)));
    ck_assert(isnan(leakdiag_scan_capture_max(scan, 0, 9)));
    ck_assert_int_eq(leakdiag_scan_time_span(scan, &from, &to), 0);
    ck_assert_int_eq(from, 1);
    ck_assert_uint_eq(leakdiag_scan_recent_len(scan), 0);
    ck_assert_ptr_null(leakdiag_scan_recent(scan, 0, &pattern).text);
    ck_assert_uint_eq(pattern, 9);
    ck_assert_int_eq(leakdiag_scan_recent_matches(scan, 0, 0), 0);
    leakdiag_scan_free(scan);
}
END_TEST

/* ---- recent lines ---- */

START_TEST(the_latest_matching_lines_are_kept_oldest_first)
{
    leakdiag_scan_options options = LEAKDIAG_SCAN_OPTIONS_INIT;
    options.recent = 3;
    leakdiag_pattern list[] = {{"b", "b", 0}, {"a", "a", 0}};
    leakdiag_scan *scan = begin(list, 2, &options);
    size_t pattern = 9;

    push(scan, "a1\nx\nb2\n", 8);
    ck_assert_uint_eq(leakdiag_scan_recent_len(scan), 2);
    ck_assert_str_eq(leakdiag_scan_recent(scan, 0, &pattern).text, "a1");
    ck_assert_uint_eq(pattern, 1);
    ck_assert_str_eq(leakdiag_scan_recent(scan, 1, NULL).text, "b2");
    ck_assert_uint_eq(leakdiag_scan_recent(scan, 1, NULL).number, 3);
    ck_assert_ptr_null(leakdiag_scan_recent(scan, 2, NULL).text);

    static const char more[] = "ab long line that needs more room\nx\nb4\na5\n";
    push(scan, more, strlen(more));
    ck_assert_uint_eq(leakdiag_scan_recent_len(scan), 3);
    ck_assert_str_eq(leakdiag_scan_recent(scan, 0, &pattern).text,
                     "ab long line that needs more room");
    ck_assert_uint_eq(pattern, 0);
    ck_assert_int_eq(leakdiag_scan_recent_matches(scan, 0, 0), 1);
    ck_assert_int_eq(leakdiag_scan_recent_matches(scan, 0, 1), 1);
    ck_assert_int_eq(leakdiag_scan_recent_matches(scan, 0, 2), 0);
    ck_assert_str_eq(leakdiag_scan_recent(scan, 1, &pattern).text, "b4");
    ck_assert_int_eq(leakdiag_scan_recent_matches(scan, 1, 1), 0);
    ck_assert_str_eq(leakdiag_scan_recent(scan, 2, &pattern).text, "a5");
    ck_assert_int_eq(leakdiag_scan_recent_matches(scan, 2, 0), 0);
    leakdiag_scan_free(scan);
}
END_TEST

/* ---- the demo's own lines ---- */

START_TEST(the_lines_of_the_demo_are_understood)
{
    FILE *file = fopen(FIXTURES "/logs/checkout-2.0.2.jsonl", "rb");
    ck_assert_ptr_nonnull(file);
    char log[4096];
    size_t len = fread(log, 1, sizeof log, file);
    fclose(file);
    leakdiag_pattern list[] = {
        {"flag", "kafkaqueueproblems", ICASE},
        {"done", "Done with #(\\d+) messages", REGEX},
        {"order placed", "order placed", ICASE},
        {"written", "Successful to write message. offset: (\\d+), duration: ([0-9.]+)", REGEX},
    };
    leakdiag_scan *scan = begin(list, COUNT(list), NULL);
    push(scan, log, len);
    finish(scan);
    ck_assert_uint_eq(leakdiag_scan_lines(scan), 7);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 1);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 1), 1); /* the flag's name is not in this line */
    ck_assert_uint_eq(leakdiag_scan_count(scan, 2), 0); /* 2.0.2 has no such line */
    ck_assert_double_eq(leakdiag_scan_capture_last(scan, 1, 1), 300);
    ck_assert_double_eq(leakdiag_scan_capture_last(scan, 3, 1), 0);
    ck_assert_double_eq(leakdiag_scan_capture_last(scan, 3, 2), 2.1);
    int64_t from = 0, to = 0;
    ck_assert_int_eq(leakdiag_scan_time_span(scan, &from, &to), 1);
    ck_assert_int_eq(from, TEN);
    ck_assert_int_eq(to, TEN + 310);
    leakdiag_scan_free(scan);
}
END_TEST

static void add_sets(Suite *suite)
{
    TCase *tc = add_case(suite, "sets");
    tcase_add_test(tc, a_set_keeps_the_given_order);
    tcase_add_loop_test(tc, a_bad_set_is_refused_with_its_reason, 0, COUNT(bad_sets));
    tcase_add_test(tc, a_bad_expression_says_where_it_is_wrong);
    tcase_add_test(tc, a_set_has_room_for_256_patterns_and_no_more);
    tcase_add_test(tc, names_and_texts_may_have_4096_bytes_and_no_more);
    tcase_add_test(tc, missing_arguments_are_an_error_and_freeing_nothing_is_fine);
    tcase_add_test(tc, options_are_checked);
    tcase_add_test(tc, a_window_beyond_all_clocks_is_refused);
}

static void add_lines(Suite *suite)
{
    TCase *tc = add_case(suite, "lines");
    tcase_add_loop_test(tc, lines_are_counted, 0, COUNT(counted));
    tcase_add_test(tc, nul_bytes_are_bytes_like_others);
    tcase_add_loop_test(tc, of_a_long_line_64_kib_are_searched, 0, COUNT(long_lines));
    tcase_add_test(tc, a_truncated_line_keeps_its_beginning_and_ends_where_it_ends);
    tcase_add_test(tc, an_unfinished_line_is_pending_until_the_end);
    tcase_add_test(tc, pending_bytes_count_what_is_too_long_to_keep);
    tcase_add_test(tc, after_the_end_nothing_can_be_pushed);
    tcase_add_test(tc, each_pattern_has_its_own_count_and_lines);
    tcase_add_test(tc, what_is_not_there_is_said_so);
    tcase_add_test(tc, the_latest_matching_lines_are_kept_oldest_first);
    tcase_add_test(tc, the_lines_of_the_demo_are_understood);
}

int main(void)
{
    Suite *suite = suite_create("logs");
    add_sets(suite);
    add_lines(suite);
    return run_suite(suite);
}
