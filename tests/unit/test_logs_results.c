/* Times, windows, rates, captured numbers and the JSON of a scan. */
#include <jansson.h>
#include <math.h>

#include "logs_helpers.h"

/* ---- times ---- */

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

static void add_json(Suite *suite)
{
    TCase *tc = add_case(suite, "JSON");
    tcase_add_loop_test(tc, the_result_renders_as_json, 0, COUNT(rendered));
    tcase_add_test(tc, names_that_begin_alike_are_sorted);
}

int main(void)
{
    Suite *suite = suite_create("logs, results");
    add_times_and_captures(suite);
    add_json(suite);
    return run_suite(suite);
}
