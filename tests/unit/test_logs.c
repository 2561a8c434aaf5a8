#include <check.h>
#include <jansson.h>
#include <leakdiag/logs.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ICASE    LEAKDIAG_PATTERN_IGNORE_CASE
#define REGEX    LEAKDIAG_PATTERN_REGEX
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static leakdiag_patterns *compile(const leakdiag_pattern *list, size_t n)
{
    leakdiag_patterns *patterns = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_patterns_new(list, n, &patterns, &err) == LEAKDIAG_OK, "%s",
                  err.message);
    return patterns;
}

static leakdiag_scan *begin(const leakdiag_pattern *list, size_t n,
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

static void push(leakdiag_scan *scan, const char *data, size_t len)
{
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_scan_push(scan, data, len, &err) == LEAKDIAG_OK, "%s", err.message);
}

static void finish(leakdiag_scan *scan)
{
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_scan_finish(scan, &err) == LEAKDIAG_OK, "%s", err.message);
}

/* A finished scan of one pattern over one text. */
static leakdiag_scan *scan_bytes(const char *text, uint64_t flags, const char *log, size_t len)
{
    leakdiag_scan *scan = begin(&(leakdiag_pattern){"p", text, flags}, 1, NULL);
    push(scan, log, len);
    finish(scan);
    return scan;
}

static leakdiag_scan *scan_text(const char *text, uint64_t flags, const char *log)
{
    return scan_bytes(text, flags, log, strlen(log));
}

static char *json_of(const leakdiag_scan *scan)
{
    char *json = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_scan_to_json(scan, &json, &err) == LEAKDIAG_OK, "%s", err.message);
    return json;
}

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

/* ---- times ---- */

/* 2024-12-03T10:00:00Z, from `date -u -d … +%s`. */
#define TEN 1733220000000

static const struct {
    const char *line;
    int has_time;
    int64_t time_ms;
} dated[] = {
    {"2024-12-03T10:00:00.123456789Z x", 1, TEN + 123},
    {"2024-12-03T11:00:00+01:00 x", 1, TEN},
    {"2024-12-03T10:00:00Z", 1, TEN},
    {"2024-12-03T10:00:00Z,x", 1, TEN},
    {"2024-12-03T10:00:00Zulu x", 0, 0},
    {"2024-12-03T10:00:00 x", 0, 0}, /* no offset: which zone? */
    {" 2024-12-03T10:00:00Z x", 0, 0},
    {"[2024-12-03T10:00:00Z] x", 0, 0},
    {"x 2024-12-03T10:00:00Z", 0, 0},
    {"{\"message\":\"x\",\"severity\":\"info\",\"timestamp\":\"2024-12-03T10:00:00.1Z\"}", 1,
     TEN + 100},
    {"{\"time\":\"2024-12-03T10:00:00Z\",\"x\":1}", 1, TEN},
    {" \t{ \"ts\" : \"2024-12-03T10:00:00Z\" , \"x\":1}", 1, TEN},
    {"{\"@timestamp\":\"2024-12-03T10:00:00Z x\"}", 0, 0},
    {"{\"@timestamp\":\"2024-12-03T10:00:00Z\"}", 1, TEN},
    {"{\"x\":[1,{\"time\":\"2024-12-03T09:00:00Z\"}],\"time\":\"2024-12-03T10:00:00Z\"}", 1, TEN},
    {"{\"x\":{\"time\":\"2024-12-03T09:00:00Z\"}}", 0, 0},
    {"{\"time\":1733220000,\"ts\":\"2024-12-03T10:00:00Z\"}", 1, TEN}, /* the first that reads */
    {"{\"time\":\"soon\",\"ts\":\"2024-12-03T10:00:00Z\"}", 1, TEN},
    {"{\"ts\":\"2024-12-03T10:00:00Z\",\"time\":\"2024-12-03T09:00:00Z\"}", 1, TEN},
    {"{\"a\\\"\":\"}\\\\\",\"ts\":\"2024-12-03T10:00:00Z\"}", 1, TEN},
    {"{\"a\":\"\\\"ts\\\":\\\"2024-12-03T10:00:00Z\\\"\"}", 0, 0}, /* inside a string */
    {"{\"a\":tru \"ts\":\"2024-12-03T10:00:00Z\"", 1, TEN},        /* broken JSON is read on */
    {"{\"ts\":\"2024-12-03T10:00:00Z\",\"message\":\"cut he", 1, TEN},
    {"{\"ts\":\"2024-12-03T10:00:00Z", 0, 0},
    {"{\"ts\":\"", 0, 0},
    {"{\"ts\":", 0, 0},
    {"{\"ts\"", 0, 0},
    {"{\"ts", 0, 0},
    {"{\"", 0, 0},
    {"{", 0, 0},
    {"{}\"ts\":\"2024-12-03T10:00:00Z\"", 0, 0},
    {"{}{\"ts\":\"2024-12-03T10:00:00Z\"}", 0, 0}, /* the first object is the line's */
    {"{\"xts\":\"2024-12-03T10:00:00Z\",\"tsx\":\"2024-12-03T10:00:00Z\"}", 0, 0},
    {"2024-12-03T10:00:00Z {\"ts\":\"2024-12-03T09:00:00Z\"}", 1, TEN}, /* the beginning wins */
    {"order {\"ts\":\"2024-12-03T10:00:00Z\"}", 0, 0},
    {"1969-12-31T23:59:59Z x", 1, -1000},
    {"", 0, 0},
};

START_TEST(the_time_of_a_line_is_read)
{
    leakdiag_scan *scan = scan_text("^", REGEX, dated[_i].line);
    if (!dated[_i].line[0]) { /* no bytes are no line */
        ck_assert_uint_eq(leakdiag_scan_lines(scan), 0);
        leakdiag_scan_free(scan);
        return;
    }
    leakdiag_log_line line;
    ck_assert_int_eq(leakdiag_scan_first(scan, 0, &line), 1);
    ck_assert_msg(line.has_time == dated[_i].has_time && line.time_ms == dated[_i].time_ms,
                  "%s: %d %lld", dated[_i].line, (int)line.has_time, (long long)line.time_ms);
    leakdiag_scan_free(scan);
}
END_TEST

START_TEST(a_cut_time_is_not_completed_by_an_older_line)
{
    leakdiag_scan *scan = begin(&(leakdiag_pattern){"p", "^", REGEX}, 1, NULL);
    static const char log[] = "{\"ts\":\"2024-12-03T10:00:00Z\"}\n{\"ts\":\"2024-12-03T10:00:00Z";
    for (const char *at = log; *at; at++)
        push(scan, at, 1);
    finish(scan);
    leakdiag_log_line line;
    ck_assert_int_eq(leakdiag_scan_first(scan, 0, &line), 1);
    ck_assert_int_eq(line.has_time, 1);
    ck_assert_int_eq(leakdiag_scan_last(scan, 0, &line), 1);
    ck_assert_int_eq(line.has_time, 0);
    leakdiag_scan_free(scan);
}
END_TEST

static const char backwards[] = "2024-12-03T10:01:00Z a\n"
                                "2024-12-03T10:00:00Z b\n"
                                "no time a\n"
                                "2024-12-03T10:02:00Z b\n"
                                "2024-12-03T10:00:30Z a\n";

START_TEST(times_may_go_backwards)
{
    leakdiag_scan *scan = scan_text("a", 0, backwards);
    int64_t from = 0, to = 0;
    ck_assert_int_eq(leakdiag_scan_time_span(scan, &from, &to), 1);
    ck_assert_int_eq(from, TEN);
    ck_assert_int_eq(to, TEN + 120000);
    ck_assert_double_eq(leakdiag_scan_rate_per_min(scan, 0), 1.5);
    leakdiag_log_line line;
    ck_assert_int_eq(leakdiag_scan_first(scan, 0, &line), 1);
    ck_assert_int_eq(line.time_ms, TEN + 60000); /* first in the log, not the earliest */
    leakdiag_scan_free(scan);
}
END_TEST

static const struct {
    const char *log;
    double rate; /* NAN: not known */
} rates[] = {
    {"a\na\n", NAN},
    {"2024-12-03T10:00:00Z a\n", NAN},
    {"2024-12-03T10:00:00Z a\n2024-12-03T10:00:00Z a\n", NAN},
    {"2024-12-03T10:00:00Z a\n2024-12-03T10:00:10Z a\n", 12},
    {"2024-12-03T10:00:00Z x\n2024-12-03T10:05:00Z x\n", 0}, /* covered, and nothing there */
    {"2024-12-03T10:00:00Z x\na\na\n2024-12-03T10:01:00Z x\n", 2},
};

START_TEST(a_rate_needs_a_duration)
{
    leakdiag_scan *scan = scan_text("a", 0, rates[_i].log);
    double rate = leakdiag_scan_rate_per_min(scan, 0);
    if (isnan(rates[_i].rate))
        ck_assert(isnan(rate));
    else
        ck_assert_double_eq(rate, rates[_i].rate);
    leakdiag_scan_free(scan);
}
END_TEST

static const struct {
    int64_t from_ms;
    uint64_t count;
} windows[] = {{0, 3}, {TEN + 30000, 3}, {TEN + 30001, 2}, {TEN + 60001, 1}, {-5, 3}};

START_TEST(a_window_leaves_out_what_is_dated_before_it)
{
    leakdiag_scan_options options = LEAKDIAG_SCAN_OPTIONS_INIT;
    options.window_from_ms = windows[_i].from_ms;
    leakdiag_scan *scan = begin(&(leakdiag_pattern){"p", "a", 0}, 1, &options);
    push(scan, backwards, strlen(backwards));
    finish(scan);
    ck_assert_uint_eq(leakdiag_scan_window_count(scan, 0), windows[_i].count);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 3);
    leakdiag_scan_free(scan);
}
END_TEST

START_TEST(without_a_window_even_old_lines_count)
{
    leakdiag_scan *scan = scan_text("a", 0, "1969-12-31T23:59:59Z a\n");
    ck_assert_uint_eq(leakdiag_scan_window_count(scan, 0), 1);
    leakdiag_scan_free(scan);
}
END_TEST

/* ---- captures ---- */

START_TEST(numbers_are_captured)
{
    leakdiag_scan *scan = scan_text(
        "#(\\S+) of (\\w+)(?: in (\\S+))?", REGEX,
        "#300 of x\n#100 of 7 in 2.5\n#-1.5e1 of y in 2.1ms\n#nan of z in 0x10\n#200 of z\n");
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 5);
    ck_assert_uint_eq(leakdiag_scan_capture_count(scan, 0), 3);
    ck_assert_double_eq(leakdiag_scan_capture_last(scan, 0, 1), 200);
    ck_assert_double_eq(leakdiag_scan_capture_min(scan, 0, 1), -15);
    ck_assert_double_eq(leakdiag_scan_capture_max(scan, 0, 1), 300);
    ck_assert_double_eq(leakdiag_scan_capture_last(scan, 0, 2), 7); /* the last that was a number */
    ck_assert_double_eq(leakdiag_scan_capture_min(scan, 0, 3), 2.5);
    ck_assert_double_eq(leakdiag_scan_capture_max(scan, 0, 3), 2.5);
    ck_assert(isnan(leakdiag_scan_capture_last(scan, 0, 4)));
    leakdiag_scan_free(scan);
}
END_TEST

START_TEST(only_the_first_match_and_the_first_eight_groups_are_captured)
{
    leakdiag_scan *scan = scan_text("(\\d)(\\d)(\\d)(\\d)(\\d)(\\d)(\\d)(\\d)(\\d)(\\d)", REGEX,
                                    "1234567890 9999999999\n");
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 1);
    ck_assert_uint_eq(leakdiag_scan_capture_count(scan, 0), 8);
    for (size_t g = 1; g <= 8; g++)
        ck_assert_double_eq(leakdiag_scan_capture_last(scan, 0, g), (double)g);
    ck_assert(isnan(leakdiag_scan_capture_last(scan, 0, 9)));
    leakdiag_scan_free(scan);
}
END_TEST

START_TEST(a_group_that_took_no_part_keeps_no_old_number)
{
    /* Byte by byte, so that each line stands where the one before stood. */
    leakdiag_scan *scan = begin(&(leakdiag_pattern){"p", "a(\\d)|b(\\d)", REGEX}, 1, NULL);
    for (const char *at = "a1\nb2\nb3\n"; *at; at++)
        push(scan, at, 1);
    ck_assert_double_eq(leakdiag_scan_capture_max(scan, 0, 1), 1);
    ck_assert_double_eq(leakdiag_scan_capture_last(scan, 0, 1), 1);
    ck_assert_double_eq(leakdiag_scan_capture_min(scan, 0, 2), 2);
    ck_assert_double_eq(leakdiag_scan_capture_last(scan, 0, 2), 3);
    leakdiag_scan_free(scan);
}
END_TEST

START_TEST(patterns_do_not_see_each_others_groups)
{
    leakdiag_pattern list[] = {{"three", "(\\d)(\\d)(\\d)", REGEX}, {"one", "x(\\d)", REGEX}};
    leakdiag_scan *scan = begin(list, 2, NULL);
    push(scan, "123 x4\n", 7);
    ck_assert_uint_eq(leakdiag_scan_capture_count(scan, 0), 3);
    ck_assert_uint_eq(leakdiag_scan_capture_count(scan, 1), 1);
    ck_assert_double_eq(leakdiag_scan_capture_last(scan, 1, 1), 4);
    leakdiag_scan_free(scan);
}
END_TEST

START_TEST(numbers_below_zero_have_a_largest)
{
    leakdiag_scan *scan = scan_text("(-\\d)", REGEX, "-7\n-5\n-6\n");
    ck_assert_double_eq(leakdiag_scan_capture_max(scan, 0, 1), -5);
    ck_assert_double_eq(leakdiag_scan_capture_min(scan, 0, 1), -7);
    leakdiag_scan_free(scan);
}
END_TEST

/* ---- cost ---- */

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Unlimited, each of these takes from seconds to for ever on its line. */
static const struct {
    const char *text;
    size_t len;
} costly[] = {
    {"(a+)+$", 16384},
    {"(*NO_JIT)(a+)+$", 16384},
    {"a*a*a*[bc]", 65536},
    {"a.*[xyz]", 65536},
    {"(*NO_JIT)a.*[xyz]", 65536},
    {"(?=.*[zq])a", 65536},
    {"a*a*+[bc]", 65536},
    {"(*NO_JIT)a*a*+[bc]", 65536},
    {"(?:a+?)*+[bc]", 65536},
    {"(?:a|b)*$", 65536},
    {"(?<=a{200})(?:a?){14}[xyz]", 65536},
    {"(a*)\\1[xyz]", 65536},
    {"(?R)?x|(?R)", 65536},
};

START_TEST(an_expensive_line_is_given_up_soon_and_is_never_a_no)
{
    char *log = malloc(costly[_i].len + 1);
    memset(log, 'a', costly[_i].len);
    log[costly[_i].len - 1] = '!';
    log[costly[_i].len] = '\n';
    double before = cpu_s();
    leakdiag_scan *scan = scan_bytes(costly[_i].text, REGEX, log, costly[_i].len + 1);
    double took = cpu_s() - before;
    ck_assert_uint_eq(leakdiag_scan_lines(scan), 1);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 0);
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 0), 1);
    ck_assert_msg(took < 0.5, "%s took %.0f ms", costly[_i].text, took * 1e3);
    leakdiag_scan_free(scan);
    free(log);
}
END_TEST

START_TEST(a_log_full_of_expensive_lines_ends_and_cheap_ones_still_count)
{
    leakdiag_scan *scan = begin(&(leakdiag_pattern){"p", "a.*[xyz]", REGEX}, 1, NULL);
    char *line = malloc(65536);
    memset(line, 'a', 65535);
    line[65535] = '\n';
    double before = cpu_s();
    for (int i = 0; i < 200; i++) {
        push(scan, line, 65536);
        push(scan, "abcx\n", 5);
    }
    finish(scan);
    double took = cpu_s() - before;
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 0), 200);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 200);
    ck_assert_msg(took < 10, "%.0f ms", took * 1e3);
    leakdiag_scan_free(scan);
    free(line);
}
END_TEST

/* Quadratic, but not yet hopeless: about half a million steps to say no. */
static void push_slow_line(leakdiag_scan *scan)
{
    char line[602];
    memset(line, 'a', sizeof line);
    line[601] = '\n';
    push(scan, line, sizeof line);
}

START_TEST(a_pattern_that_failed_often_gets_less_time)
{
    leakdiag_scan *scan = begin(&(leakdiag_pattern){"p", "a.*[xyz]", REGEX}, 1, NULL);
    char *hopeless = malloc(16384);
    memset(hopeless, 'a', 16384);
    hopeless[16383] = '\n';
    for (uint64_t i = 0; i < 31; i++)
        push(scan, hopeless, 16384);
    push_slow_line(scan);
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 0), 31);
    push(scan, hopeless, 16384);
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 0), 32);
    push_slow_line(scan);
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 0), 33);
    leakdiag_scan_free(scan);
    free(hopeless);
}
END_TEST

START_TEST(one_place_in_the_line_has_a_limit_of_its_own)
{
    /* 2^17 ways to fail at the first `a`: over the match limit, well under the steps of a line. */
    leakdiag_scan *scan = scan_text("(a+)+$", REGEX, "aaaaaaaaaaaaaaaaa!\naaaaaaaaaa!\n");
    ck_assert_uint_eq(leakdiag_scan_expensive(scan, 0), 1);
    leakdiag_scan_free(scan);
}
END_TEST

START_TEST(ordinary_expressions_on_long_lines_are_not_expensive)
{
    static const char *const texts[] = {"error.*timeout", "[a-z]+ing: \\d+", "\\bw\\w+ 12\\d",
                                        "^\\S+ \\S+ timeout", "(?i)TIMEOUT|refused"};
    char *line = malloc(65537);
    for (size_t i = 0; i < 65536; i++)
        line[i] = "words of seven and "[i % 19];
    memcpy(line, "a b timeout error ", 18);
    memcpy(line + 65500, "waiting: 12 w2 129 timeout", 26);
    for (size_t i = 0; i < COUNT(texts); i++) {
        leakdiag_scan *scan = scan_bytes(texts[i], REGEX, line, 65536);
        ck_assert_msg(leakdiag_scan_count(scan, 0) == 1, "%s: %d given up", texts[i],
                      (int)leakdiag_scan_expensive(scan, 0));
        leakdiag_scan_free(scan);
    }
    free(line);
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

/* ---- JSON ---- */

static const struct {
    leakdiag_pattern list[3];
    size_t n;
    const char *log;
    const char *json;
} rendered[] = {
    {{{NULL, NULL, 0}}, 0, "a\n", "{}"},
    {{{"p", "a", 0}}, 1, "b\n", "{\"p\":{\"count\":0,\"first\":null,\"last\":null}}"},
    {{{"p", "a", 0}},
     1,
     "a\r\nsay \"a\"\t\\\n",
     "{\"p\":{\"count\":2,\"first\":{\"line\":\"a\",\"t\":null},"
     "\"last\":{\"line\":\"say \\\"a\\\"\\u0009\\\\\",\"t\":null}}}"},
    {{{"p", "a", 0}},
     1,
     "2024-12-03T10:00:00.1Z a\n2024-12-03T10:00:01Z a\n",
     "{\"p\":{\"count\":2,\"first\":{\"line\":\"2024-12-03T10:00:00.1Z a\",\"t\":1733220000.1},"
     "\"last\":{\"line\":\"2024-12-03T10:00:01Z a\",\"t\":1733220001}}}"},
    {{{"z", "a", 0}, {"B", "b", 0}, {"\"", "c", 0}},
     3,
     "",
     "{\"\\\"\":{\"count\":0,\"first\":null,\"last\":null},"
     "\"B\":{\"count\":0,\"first\":null,\"last\":null},"
     "\"z\":{\"count\":0,\"first\":null,\"last\":null}}"},
    {{{"p", "a", 0}},
     1,
     "\xff"
     "a\xc3\n",
     "{\"p\":{\"count\":1,\"first\":{\"line\":\"\xef\xbf\xbd"
     "a\xef\xbf\xbd\",\"t\":null},\"last\":{\"line\":\"\xef\xbf\xbd"
     "a\xef\xbf\xbd\",\"t\":null}}}"},
    {{{"p", "(\\w)=(\\S+)(x)? (\\d+)", REGEX}},
     1,
     "a=2.5 7\na=0.5 9\n",
     "{\"p\":{\"captures\":{\"2\":{\"last\":0.5,\"max\":2.5,\"min\":0.5},"
     "\"4\":{\"last\":9,\"max\":9,\"min\":7}},"
     "\"count\":2,\"first\":{\"line\":\"a=2.5 7\",\"t\":null},"
     "\"last\":{\"line\":\"a=0.5 9\",\"t\":null}}}"},
    {{{"p", "(a+)+$", REGEX}},
     1,
     "a\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n",
     "{\"p\":{\"count\":1,\"expensive\":1,\"first\":{\"line\":\"a\",\"t\":null},"
     "\"last\":{\"line\":\"a\",\"t\":null}}}"},
};

START_TEST(the_result_renders_as_json)
{
    leakdiag_scan *scan = begin(rendered[_i].list, rendered[_i].n, NULL);
    push(scan, rendered[_i].log, strlen(rendered[_i].log));
    finish(scan);
    char *json = json_of(scan);
    ck_assert_str_eq(json, rendered[_i].json);
    json_t *parsed = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(parsed);
    char *again = json_dumps(parsed, JSON_COMPACT | JSON_SORT_KEYS);
    json_t *reparsed = json_loads(again, 0, NULL);
    ck_assert(json_equal(parsed, reparsed));
    free(again);
    json_decref(reparsed);
    json_decref(parsed);
    leakdiag_free(json);
    leakdiag_scan_free(scan);
}
END_TEST

START_TEST(names_that_begin_alike_are_sorted)
{
    leakdiag_pattern list[] = {{"ab", "x", 0}, {"a", "x", 0}, {"a b", "x", 0}};
    leakdiag_scan *scan = begin(list, 3, NULL);
    char *json = json_of(scan);
    const char *a = strstr(json, "\"a\":"), *a_b = strstr(json, "\"a b\":"),
               *ab = strstr(json, "\"ab\":");
    ck_assert(a && a_b && ab && a < a_b && a_b < ab);
    leakdiag_free(json);
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

/* ---- memory ---- */

typedef struct failing {
    size_t calls, fail_at; /* 0: never */
    int keep_failing;
    long live;
} failing;

static int refuses(failing *f)
{
    f->calls++;
    return f->fail_at && (f->calls == f->fail_at || (f->keep_failing && f->calls > f->fail_at));
}

static void *failing_alloc(size_t bytes, void *payload)
{
    failing *f = payload;
    if (refuses(f))
        return NULL;
    f->live++;
    return malloc(bytes);
}

static void *failing_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    (void)old_bytes;
    failing *f = payload;
    if (refuses(f))
        return NULL;
    f->live += memory == NULL;
    return realloc(memory, bytes);
}

static void failing_release(void *memory, void *payload)
{
    ((failing *)payload)->live--;
    free(memory);
}

/* The whole life of a scan; 1 when it went to its end. */
static int whole_life(char **ret_json)
{
    leakdiag_pattern list[] = {{"f", "order", 0},
                               {"i", "ORDER", ICASE},
                               {"r", "(*NO_JIT)#(\\d+)(?:a|b)*c", REGEX},
                               {"j", "o(r)d(?:e|f)+", REGEX | ICASE}};
    static const char log[] =
        "order #12abc\n2024-12-03T10:00:00Z order\nno\n#7ababababababababababababababababc";
    leakdiag_patterns *patterns = (leakdiag_patterns *)0x1;
    leakdiag_scan *scan = (leakdiag_scan *)0x1;
    leakdiag_error err = {0};
    int st = leakdiag_patterns_new(list, COUNT(list), &patterns, &err);
    if (st != LEAKDIAG_OK) {
        ck_assert_int_eq(st, LEAKDIAG_E_NOMEM);
        ck_assert_ptr_eq(patterns, (leakdiag_patterns *)0x1);
        return 0;
    }
    leakdiag_scan_options options = LEAKDIAG_SCAN_OPTIONS_INIT;
    options.recent = 2;
    st = leakdiag_scan_new(patterns, &options, &scan, &err);
    leakdiag_patterns_unref(patterns);
    if (st != LEAKDIAG_OK) {
        ck_assert_int_eq(st, LEAKDIAG_E_NOMEM);
        ck_assert_ptr_eq(scan, (leakdiag_scan *)0x1);
        return 0;
    }
    for (size_t at = 0; st == LEAKDIAG_OK && at < strlen(log); at += 8)
        st = leakdiag_scan_push(scan, log + at, strlen(log + at) < 8 ? strlen(log + at) : 8, &err);
    int scan_failed = st != LEAKDIAG_OK;
    if (st == LEAKDIAG_OK)
        st = leakdiag_scan_finish(scan, &err);
    scan_failed |= st != LEAKDIAG_OK;
    if (scan_failed) { /* a part must not pass for the whole */
        ck_assert_int_eq(leakdiag_scan_push(scan, "x", 1, &err), LEAKDIAG_E_NOMEM);
        ck_assert_int_eq(leakdiag_scan_finish(scan, &err), LEAKDIAG_E_NOMEM);
    }
    *ret_json = NULL;
    int rendered_st = leakdiag_scan_to_json(scan, ret_json, &err);
    if (rendered_st != LEAKDIAG_OK) {
        ck_assert_int_eq(rendered_st, LEAKDIAG_E_NOMEM);
        ck_assert_ptr_null(*ret_json);
    }
    ck_assert(!scan_failed || rendered_st != LEAKDIAG_OK);
    leakdiag_scan_free(scan);
    return rendered_st == LEAKDIAG_OK;
}

START_TEST(every_allocation_may_fail)
{
    failing f = {.keep_failing = _i};
    leakdiag_allocator allocator = {sizeof allocator, failing_alloc, failing_resize,
                                    failing_release, &f};
    ck_assert_int_eq(leakdiag_set_allocator(&allocator), LEAKDIAG_OK);
    char *expected = NULL;
    ck_assert_int_eq(whole_life(&expected), 1);
    size_t all = f.calls, survived = 0;
    ck_assert_uint_gt(all, 30);
    for (size_t k = 1; k <= all; k++) {
        long live = f.live;
        char *json = NULL;
        f.calls = 0;
        f.fail_at = k;
        if (whole_life(&json)) { /* only where something else took over */
            ck_assert_str_eq(json, expected);
            survived++;
        }
        leakdiag_free(json);
        ck_assert_int_eq(f.live, live);
    }
    ck_assert_uint_lt(survived, all);
    leakdiag_free(expected);
    ck_assert_int_eq(f.live, 0);
    ck_assert_int_eq(leakdiag_set_allocator(NULL), LEAKDIAG_OK);
}
END_TEST

/* ---- threads ---- */

#define THREADS 4

static void *scan_in_a_thread(void *payload)
{
    leakdiag_patterns *patterns = leakdiag_patterns_ref(payload);
    static const char log[] = "order 12\nOrder x\nnothing\n";
    uint64_t found = 0;
    for (int round = 0; round < 50; round++) {
        leakdiag_scan *scan = NULL;
        if (leakdiag_scan_new(patterns, NULL, &scan, NULL) == LEAKDIAG_OK &&
            leakdiag_scan_push(scan, log, strlen(log), NULL) == LEAKDIAG_OK &&
            leakdiag_scan_finish(scan, NULL) == LEAKDIAG_OK)
            found += leakdiag_scan_count(scan, 0) + leakdiag_scan_count(scan, 1);
        leakdiag_scan_free(scan);
    }
    leakdiag_patterns_unref(patterns);
    return (void *)(uintptr_t)found;
}

START_TEST(threads_share_a_set)
{
    leakdiag_pattern list[] = {{"i", "ORDER", ICASE}, {"r", "order (\\d+)", REGEX}};
    leakdiag_patterns *patterns = compile(list, 2);
    pthread_t threads[THREADS];
    for (size_t t = 0; t < THREADS; t++)
        ck_assert_int_eq(pthread_create(&threads[t], NULL, scan_in_a_thread, patterns), 0);
    for (size_t t = 0; t < THREADS; t++) {
        void *found = NULL;
        pthread_join(threads[t], &found);
        ck_assert_uint_eq((uintptr_t)found, 150); /* 50 rounds of 2 + 1 lines */
    }
    leakdiag_patterns_unref(patterns);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return tc;
}

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

static void add_times_and_captures(Suite *suite)
{
    TCase *tc = add_case(suite, "times and captures");
    tcase_add_loop_test(tc, the_time_of_a_line_is_read, 0, COUNT(dated));
    tcase_add_test(tc, a_cut_time_is_not_completed_by_an_older_line);
    tcase_add_test(tc, times_may_go_backwards);
    tcase_add_loop_test(tc, a_rate_needs_a_duration, 0, COUNT(rates));
    tcase_add_loop_test(tc, a_window_leaves_out_what_is_dated_before_it, 0, COUNT(windows));
    tcase_add_test(tc, without_a_window_even_old_lines_count);
    tcase_add_test(tc, numbers_are_captured);
    tcase_add_test(tc, only_the_first_match_and_the_first_eight_groups_are_captured);
    tcase_add_test(tc, a_group_that_took_no_part_keeps_no_old_number);
    tcase_add_test(tc, patterns_do_not_see_each_others_groups);
    tcase_add_test(tc, numbers_below_zero_have_a_largest);
}

static void add_bounds(Suite *suite)
{
    TCase *tc = add_case(suite, "bounds");
    tcase_add_loop_test(tc, an_expensive_line_is_given_up_soon_and_is_never_a_no, 0, COUNT(costly));
    tcase_add_test(tc, a_log_full_of_expensive_lines_ends_and_cheap_ones_still_count);
    tcase_add_test(tc, a_pattern_that_failed_often_gets_less_time);
    tcase_add_test(tc, one_place_in_the_line_has_a_limit_of_its_own);
    tcase_add_test(tc, ordinary_expressions_on_long_lines_are_not_expensive);
    tcase_add_loop_test(tc, every_allocation_may_fail, 0, 2);
    tcase_add_test(tc, threads_share_a_set);
    tcase_add_loop_test(tc, the_result_renders_as_json, 0, COUNT(rendered));
    tcase_add_test(tc, names_that_begin_alike_are_sorted);
}

int main(void)
{
    Suite *suite = suite_create("logs");
    add_sets(suite);
    add_lines(suite);
    add_times_and_captures(suite);
    add_bounds(suite);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
