/* What holds for every report, whatever was observed. */
#include "report_fixture.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/paper.h"

static const leakdiag_format formats[] = {LEAKDIAG_FORMAT_TEXT, LEAKDIAG_FORMAT_JSON,
                                          LEAKDIAG_FORMAT_JUNIT, LEAKDIAG_FORMAT_QUICK};

/* What a hostile log, flag or server may send. */
static const char *const hostile[] = {
    "\x1b[2J\x1b]0;gone\x07", /* clears the screen, sets the title */
    "a\rb\bc\vd\fe",          /* overwrites */
    "\xc2\x9b"
    "31m",                                                 /* CSI as one C1 character */
    "\xe2\x80\xaegnp.exe",                                 /* right to left override */
    "zero\xe2\x80\x8bwidth\xef\xbb\xbf",                   /* invisible */
    "\xff\xfe broken \xc3",                                /* not UTF-8 */
    "</failure>]]><script>&amp;\"'",                       /* markup */
    "\x7f\x01\x02",                                        /* delete and friends */
    "line one\nline two\ttabbed",                          /* one finding is one line */
    "\xe6\xbc\xa2\xe5\xad\x97 \xf0\x9f\x92\xa9 e\xcc\x81", /* wide, emoji, combining */
    "\xef\xbf\xbe\xef\xbf\xbf",                            /* not characters in XML */
    "",
    "a-word-that-is-much-longer-than-any-terminal-is-wide-and-has-no-blank-in-it-at-all-"
    "a-word-that-is-much-longer-than-any-terminal-is-wide-and-has-no-blank-in-it-at-all",
};

/* The same text in every place that can come from outside. */
static void world_made_of(world *w, const char *text)
{
    world_make(w);
    answer(w, FLAG, "lower", LD_FAIL, text, text, text);
    answer(w, LOAD, "users-differ", LD_WARN, text, text, text);
    answer(w, ORDERS, NULL, LD_UNKNOWN, "", text, text);
    world_text(&w->scenario.name, text);
    world_text(&w->checks[LIMIT].id, text);
    world_text(&w->checks[LOAD].command, text);
    world_text(&w->causes[0].title, text);
    world_text(&w->causes[0].refuted_by, text);
    world_text(&w->causes[0].fix, text);
    world_text(&w->found[0].prediction, text);
    world_text(&w->in_favour[0], text);
    world_text(&w->against[0], text);
    world_text(&w->facts[0]->source, text);
    world_text(&w->facts[0]->of.flag.value_json, text);
    world_text(&w->facts[2]->of.log.recent[0].text, text);
    world_text(&w->d.summary, text);
    world_text(&w->d.next, text);
    int64_t times_ms[] = {NOW_MS - 60000, NOW_MS - 30000, NOW_MS};
    double bytes[] = {8 * MI, 9 * MI, 10 * MI};
    world_samples(w, times_ms, bytes, 3);
}

/* Steps over one of the escapes that the report itself writes: ESC [ digits and ; m. */
static size_t color_escape(const char *p)
{
    size_t n = 2;
    if (p[0] != '\x1b' || p[1] != '[')
        return 0;
    while ((p[n] >= '0' && p[n] <= '9') || p[n] == ';')
        n++;
    return p[n] == 'm' ? n + 1 : 0;
}

static bool moves_or_hides(unsigned c)
{
    return (c >= 0x80 && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

static unsigned decode(const char *p, size_t n)
{
    unsigned code = (unsigned char)p[0] & (n == 1 ? 0xffu : 0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)p[i] & 0x3fu);
    return code;
}

static void check_harmless(const char *report, bool color, const char *why)
{
    size_t len = strlen(report);
    for (size_t i = 0; i < len;) {
        size_t escape = color ? color_escape(report + i) : 0;
        if (escape) {
            i += escape;
            continue;
        }
        size_t n = ld_utf8_len(report + i, len - i);
        ck_assert_msg(n > 0, "%s: broken UTF-8 at %zu of\n%s", why, i, report);
        unsigned c = decode(report + i, n);
        ck_assert_msg(c == '\n' || (c >= 0x20 && c != 0x7f && !moves_or_hides(c)),
                      "%s: character %x at %zu of\n%s", why, c, i, report);
        i += n;
    }
    ck_assert_msg(len > 0 && report[len - 1] == '\n', "%s: no newline at the end", why);
}

START_TEST(no_control_character_gets_out)
{
    world w;
    world_made_of(&w, hostile[_i]);
    for (size_t f = 0; f < COUNT(formats); f++)
        for (int64_t color = 0; color < 2; color++) {
            char *report =
                render(&w, formats[f], (leakdiag_report_options){.color = color, .verbose = color});
            check_harmless(report, color, hostile[_i]);
            leakdiag_free(report);
        }
    char *text = NULL;
    ck_assert_int_eq(leakdiag_report_explain(&w.scenario, "flag-value-too-low", &text, NULL), 0);
    check_harmless(text, false, "explain");
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(each_line_closes_its_own_color)
{
    world w;
    world_made_of(&w, hostile[_i]);
    char *report = render(&w, LEAKDIAG_FORMAT_TEXT, (leakdiag_report_options){.color = 1});
    bool is_open = false;
    for (const char *p = report; *p; p++) {
        size_t n = color_escape(p);
        if (n)
            is_open = strncmp(p, "\x1b[0m", 4) != 0;
        ck_assert_msg(*p != '\n' || !is_open, "open at the end of a line in\n%s", report);
        p += n ? n - 1 : 0;
    }
    leakdiag_free(report);
    world_done(&w);
}
END_TEST

START_TEST(colors_change_no_word)
{
    world w;
    world_made_of(&w, hostile[_i]);
    char *colored = render(&w, LEAKDIAG_FORMAT_TEXT, (leakdiag_report_options){.color = 1});
    char *bare = render(&w, LEAKDIAG_FORMAT_TEXT, (leakdiag_report_options){.color = 0});
    ck_assert_ptr_nonnull(strstr(colored, "\x1b["));
    char *to = colored;
    for (const char *p = colored; *p;) {
        size_t n = color_escape(p);
        if (n)
            p += n;
        else
            *to++ = *p++;
    }
    *to = '\0';
    ck_assert_str_eq(colored, bare);
    leakdiag_free(colored);
    leakdiag_free(bare);
    world_done(&w);
}
END_TEST

START_TEST(ascii_mode_writes_ascii)
{
    world w;
    world_made_of(&w, hostile[_i]);
    static const leakdiag_format text_forms[] = {LEAKDIAG_FORMAT_TEXT, LEAKDIAG_FORMAT_QUICK};
    for (size_t f = 0; f < 2; f++) {
        char *report =
            render(&w, text_forms[f], (leakdiag_report_options){.ascii = 1, .verbose = 1});
        for (const char *p = report; *p; p++)
            ck_assert_msg((unsigned char)*p < 0x80, "byte %x in\n%s", (unsigned char)*p, report);
        leakdiag_free(report);
    }
    world_done(&w);
}
END_TEST

/* Words as a shell sees them: blanks in quotes part nothing. */
static size_t count_words(const char *line, size_t len)
{
    size_t n = 0;
    char quote = '\0';
    bool in_word = false;
    for (size_t i = 0; i < len; i++) {
        if (quote)
            quote = line[i] == quote ? '\0' : quote;
        else if (line[i] == '\'' || line[i] == '"')
            quote = line[i];
        bool is_blank = line[i] == ' ' && !quote;
        n += !is_blank && !in_word;
        in_word = !is_blank;
    }
    return n;
}

START_TEST(the_width_of_text_is_that_of_a_terminal)
{
    static const struct {
        const char *text;
        size_t columns;
    } cases[] = {
        {"", 0},
        {"plain", 5},
        {"\xc3\xa4", 1},                 /* a with dots, one character */
        {"a\xcc\x88", 1},                /* the same as two */
        {"\xe6\xbc\xa2\xe5\xad\x97", 4}, /* two Han characters */
        {"\xf0\x9f\x92\xa9", 2},         /* an emoji */
        {"\xe2\xa0\xa4\xe2\x94\x82", 2}, /* braille and a box line */
    };
    ck_assert_uint_eq(ld_text_columns(cases[_i].text, strlen(cases[_i].text)), cases[_i].columns);
}
END_TEST

START_TEST(no_line_is_wider_than_the_terminal)
{
    world w;
    world_make(&w);
    if (_i)
        world_done(&w), world_made_of(&w, hostile[_i]);
    for (int64_t columns = 20; columns <= 160; columns += 7)
        for (int64_t variant = 0; variant < 4; variant++) {
            char *report =
                render(&w, variant & 1 ? LEAKDIAG_FORMAT_TEXT : LEAKDIAG_FORMAT_QUICK,
                       (leakdiag_report_options){.columns = columns, .verbose = variant & 2});
            for (char *line = report; *line; line = strchr(line, '\n') + 1) {
                size_t len = strcspn(line, "\n");
                size_t width = ld_text_columns(line, len);
                ck_assert_msg(len == 0 || line[len - 1] != ' ', "a blank ends a line");
                if (len > 2 && strncmp(line + len - 2, " \\", 2) == 0 &&
                    width > (size_t)columns) /* a long word of a command that goes on */
                    len -= 2;
                ck_assert_msg(width <= (size_t)columns || count_words(line, len) == 1,
                              "%zu columns instead of %d: %.*s", width, (int)columns, (int)len,
                              line);
            }
            leakdiag_free(report);
        }
    world_done(&w);
}
END_TEST

/* Undoes what a shell does with a backslash at the end of a line. */
static void join_lines(const char *text, char *ret)
{
    while (*text) {
        if (strncmp(text, " \\\n", 3) == 0) {
            text += 3 + strspn(text + 3, " ");
            *ret++ = ' ';
        } else
            *ret++ = *text++;
    }
    *ret = '\0';
}

START_TEST(a_broken_command_is_the_same_command)
{
    static const char *const commands[] = {
        "kubectl get deployment checkout -n otel-demo -o "
        "jsonpath='{.spec.template.spec.containers[?(@.name==\"checkout\")].resources}'",
        "grep -E 'kafkaQueueProblems|Done with #' /var/log/shop.log | tail -n 3",
        "sh -c \"echo 'a b' c\\\" d\" e\\ f g",
        "short",
    };
    world w;
    world_make(&w);
    w.d.n_causes = 0; /* their command would stand there too */
    world_text(&w.d.next, commands[_i]);
    for (int64_t columns = 20; columns < 200; columns += 3) {
        char *report =
            render(&w, LEAKDIAG_FORMAT_TEXT, (leakdiag_report_options){.columns = columns});
        char joined[4096];
        ck_assert_uint_lt(strlen(report), sizeof joined);
        join_lines(strstr(report, "next:"), joined);
        const char *command = joined + strlen("next:");
        command += strspn(command, " \n"); /* a first word too long for the line of "next:" */
        ck_assert_uint_eq(strlen(command), strlen(commands[_i]) + 1);
        ck_assert_int_eq(strncmp(command, commands[_i], strlen(commands[_i])), 0);
        leakdiag_free(report);
    }
    world_done(&w);
}
END_TEST

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *render_json(const world *w)
{
    char *text = render(w, LEAKDIAG_FORMAT_JSON, (leakdiag_report_options){0});
    const char *end = strchr(text, '\n');
    ck_assert_msg(end && end[1] == '\0', "it is not one line");
    json_error_t err;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &err);
    ck_assert_msg(json != NULL, "%s in %s", err.text, text);
    leakdiag_free(text);
    return json;
}

static void check_sorted(const json_t *json)
{
    const char *key, *before = "";
    json_t *member;
    size_t i;
    if (json_is_object(json))
        json_object_foreach((json_t *)(uintptr_t)json, key, member)
        {
            ck_assert_msg(strcmp(before, key) < 0, "%s stands behind %s", key, before);
            before = key;
            check_sorted(member);
        }
    json_array_foreach((json_t *)(uintptr_t)json, i, member) check_sorted(member);
}

START_TEST(json_is_one_sorted_line)
{
    world w;
    world_made_of(&w, hostile[_i]);
    json_t *json = render_json(&w);
    check_sorted(json);
    json_decref(json);
    world_done(&w);
}
END_TEST

static const char *text_at(const json_t *json, const char *key)
{
    return json_string_value(json_object_get(json, key));
}

START_TEST(json_has_every_fact_of_the_text)
{
    world w;
    world_make(&w);
    json_t *json = render_json(&w);
    ck_assert_str_eq(text_at(json, "schema"), "leakdiag.diagnosis/1");
    ck_assert_str_eq(text_at(json, "scenario"), "otel-demo/checkout");
    ck_assert_str_eq(text_at(json, "now"), "2026-11-23T14:31:00Z");
    ck_assert_str_eq(text_at(json, "verdict"), "not-as-expected");
    ck_assert_str_eq(text_at(json, "summary"), w.d.summary);
    ck_assert_str_eq(text_at(json, "next"), w.d.next);
    ck_assert_str_eq(text_at(json, "first_broken"), "flag.value");
    ck_assert_int_eq(json_integer_value(json_object_get(json, "exit_code")), 3);
    ck_assert(json_is_true(json_object_get(json, "decided")));
    ck_assert(json_is_null(json_object_get(json, "decides_at")));

    const json_t *checks = json_object_get(json, "checks");
    ck_assert_uint_eq(json_array_size(checks), CHECKS);
    for (size_t i = 0; i < CHECKS; i++) {
        const json_t *check = json_array_get(checks, i);
        ck_assert_str_eq(text_at(check, "id"), w.checks[i].id);
        ck_assert_str_eq(text_at(check, "outcome"), ld_outcome_name(w.answers[i].outcome));
        ck_assert_str_eq(text_at(check, "observed"), leakdiag_check_observed(&w.d, i));
        ck_assert_str_eq(text_at(check, "expected"), leakdiag_check_expected(&w.d, i));
        ck_assert_str_eq(text_at(check, "reason"), leakdiag_check_reason(&w.d, i));
        ck_assert_str_eq(text_at(check, "command"), leakdiag_check_command(&w.d, i));
        ck_assert_pstr_eq(text_at(check, "finding"), leakdiag_check_finding(&w.d, i));
        ck_assert_pstr_eq(text_at(check, "blocked_by"), leakdiag_check_blocked_by(&w.d, i));
        ck_assert_int_eq(json_is_true(json_object_get(check, "configured")),
                         w.answers[i].is_configured);
    }
    const json_t *cause = json_array_get(json_object_get(json, "causes"), 0);
    ck_assert_str_eq(text_at(cause, "id"), "flag-value-too-low");
    ck_assert_str_eq(text_at(cause, "confidence"), "likely");
    ck_assert_str_eq(text_at(cause, "prediction"), "the limit is reached in 54m");
    ck_assert_str_eq(text_at(cause, "refuted_by"), "memory on the timeline of 300");
    ck_assert_uint_eq(json_array_size(json_object_get(cause, "for")), 2);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(cause, "against"), 0)),
                     "memory is on-track: 12Mi");
    json_decref(json);
    world_done(&w);
}
END_TEST

START_TEST(json_has_the_five_answers)
{
    world w;
    world_make(&w);
    int64_t times_ms[] = {NOW_MS - 1500};
    double bytes[] = {9 * MI};
    world_samples(&w, times_ms, bytes, 1);
    json_t *json = render_json(&w);
    const json_t *quick = json_object_get(json, "quick");
    ck_assert_str_eq(text_at(json_object_get(quick, "flag"), "value_json"), "100");
    ck_assert_str_eq(text_at(json_object_get(quick, "flag"), "variant"), "on");
    const json_t *memory = json_object_get(quick, "memory");
    ck_assert_int_eq(json_integer_value(json_object_get(memory, "bytes")), 9437184);
    ck_assert_double_eq(json_number_value(json_object_get(memory, "time_s")), 1795444258.5);
    ck_assert(json_is_null(json_object_get(memory, "expected_bytes")));
    const json_t *lines = json_object_get(quick, "flag_lines");
    ck_assert_uint_eq(json_array_size(lines), 2);
    ck_assert_str_eq(text_at(json_array_get(lines, 0), "time"), "2026-11-23T14:30:55Z");
    ck_assert_str_eq(text_at(json_array_get(lines, 1), "line"),
                     "Done with #100 messages for overload simulation.");
    const json_t *orders = json_object_get(quick, "orders");
    ck_assert_double_eq(json_number_value(json_object_get(orders, "rate_per_min")), 14.2);
    ck_assert_int_eq(json_integer_value(json_object_get(orders, "window_s")), 300);
    ck_assert_int_eq(json_integer_value(json_object_get(orders, "count")), 71);
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(quick, "limit"), "bytes")),
                     20971520);
    json_decref(json);
    world_done(&w);
}
END_TEST

START_TEST(json_says_what_was_not_collected_and_why)
{
    world w;
    world_make(&w);
    leakdiag_status status =
        ld_fact_new_failed(LD_FACT_LOAD, "locust http://localhost:8089", NOW_MS - 1000,
                           LEAKDIAG_E_IO, "connection refused", &w.facts[3], NULL);
    ck_assert_int_eq(status, LEAKDIAG_OK);
    w.observation.n_facts = 4;
    json_t *json = render_json(&w);
    const json_t *sources = json_object_get(json, "sources");
    ck_assert_uint_eq(json_array_size(sources), 3); /* both looks at Locust are one source */
    const json_t *flag = json_array_get(sources, 0), *load = json_array_get(sources, 2);
    ck_assert_str_eq(text_at(flag, "kind"), "flag");
    ck_assert_int_eq(json_integer_value(json_object_get(flag, "latency_ms")), 12);
    ck_assert(json_is_null(json_object_get(flag, "error")));
    ck_assert_str_eq(text_at(load, "source"), "locust http://localhost:8089");
    ck_assert_str_eq(text_at(load, "error"), "connection refused");
    ck_assert_str_eq(text_at(load, "status"), "io");
    ck_assert_str_eq(text_at(flag, "status"), "ok");
    ck_assert_int_eq(json_integer_value(json_object_get(load, "looks")), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(load, "looks_failed")), 1);
    ck_assert(json_is_null(json_object_get(load, "latency_ms")));
    json_decref(json);
    world_done(&w);
}
END_TEST

START_TEST(an_open_end_of_an_interval_is_null)
{
    world w;
    world_make(&w);
    w.d.ttl_s = 100.00049;
    w.d.ttl_lo_s = 90;
    w.d.ttl_hi_s = INFINITY;
    json_t *json = render_json(&w);
    const json_t *predictions = json_object_get(json, "predictions");
    ck_assert_double_eq(json_number_value(json_object_get(predictions, "ttl_s")), 100);
    ck_assert_int_eq(json_integer_value(json_object_get(predictions, "ttl_lo_s")), 90);
    ck_assert(json_is_null(json_object_get(predictions, "ttl_hi_s")));
    json_decref(json);
    world_done(&w);
}
END_TEST

static void add_loop(TCase *tc, const TTest *test, size_t n)
{
    tcase_add_loop_test(tc, test, 0, (int)n);
}

int main(void)
{
    Suite *suite = suite_create("report properties");
    TCase *tc = tcase_create("whatever was observed");
    suite_add_tcase(suite, tc);
    add_loop(tc, no_control_character_gets_out, COUNT(hostile));
    add_loop(tc, each_line_closes_its_own_color, COUNT(hostile));
    add_loop(tc, colors_change_no_word, COUNT(hostile));
    add_loop(tc, ascii_mode_writes_ascii, COUNT(hostile));
    add_loop(tc, the_width_of_text_is_that_of_a_terminal, 7);
    add_loop(tc, no_line_is_wider_than_the_terminal, COUNT(hostile));
    add_loop(tc, a_broken_command_is_the_same_command, 4);
    add_loop(tc, json_is_one_sorted_line, COUNT(hostile));
    tcase_add_test(tc, json_has_every_fact_of_the_text);
    tcase_add_test(tc, json_has_the_five_answers);
    tcase_add_test(tc, json_says_what_was_not_collected_and_why);
    tcase_add_test(tc, an_open_end_of_an_interval_is_null);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
