#include "report_fixture.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ---- a small judge of well-formedness: enough for documents without DTD and comments ----------
 */

typedef struct xml {
    const char *start, *p;
    char open[16][64]; /* elements not closed yet */
    size_t depth;
    size_t cases, failures, skipped, outputs;
} xml;

static void bad(const xml *x, const char *what)
{
    ck_abort_msg("%s at %zu: %.60s", what, (size_t)(x->p - x->start), x->p);
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static void read_name(xml *x, char out[64])
{
    size_t n = 0;
    if (!isalpha((unsigned char)*x->p))
        bad(x, "no name");
    while (is_name(*x->p) && n < 63)
        out[n++] = *x->p++;
    out[n] = '\0';
}

/* XML 1.0, section 2.2. */
static bool is_character(unsigned c)
{
    return c == 0x9 || c == 0xa || c == 0xd || (c >= 0x20 && c <= 0xd7ff) ||
           (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

static void read_character(xml *x)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    for (size_t i = 0; i < COUNT(entities); i++)
        if (strncmp(x->p, entities[i], strlen(entities[i])) == 0) {
            x->p += strlen(entities[i]);
            return;
        }
    if (*x->p == '&' || *x->p == '<' || strncmp(x->p, "]]>", 3) == 0)
        bad(x, "unescaped markup");
    size_t n = ld_utf8_len(x->p, strlen(x->p));
    if (n == 0)
        bad(x, "broken UTF-8");
    unsigned code = (unsigned char)*x->p & (n == 1 ? 0xffu : 0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)x->p[i] & 0x3fu);
    if (!is_character(code))
        bad(x, "no XML character");
    x->p += n;
}

static void read_attributes(xml *x)
{
    char names[16][64];
    for (size_t n = 0; *x->p == ' '; n++) {
        x->p++;
        ck_assert_uint_lt(n, COUNT(names));
        read_name(x, names[n]);
        for (size_t i = 0; i < n; i++)
            if (strcmp(names[i], names[n]) == 0)
                bad(x, "a doubled attribute");
        if (strncmp(x->p, "=\"", 2) != 0)
            bad(x, "no value");
        for (x->p += 2; *x->p != '"';)
            read_character(x);
        x->p++;
    }
}

static void count(xml *x, const char *name)
{
    x->cases += strcmp(name, "testcase") == 0;
    x->failures += strcmp(name, "failure") == 0;
    x->skipped += strcmp(name, "skipped") == 0;
    x->outputs += strcmp(name, "system-out") == 0;
}

static void read_tag(xml *x)
{
    char name[64];
    x->p++;
    if (*x->p == '/') {
        x->p++;
        read_name(x, name);
        if (x->depth == 0 || strcmp(x->open[x->depth - 1], name) != 0 || *x->p != '>')
            bad(x, "closes what is not open");
        x->depth--;
        x->p++;
        return;
    }
    read_name(x, name);
    count(x, name);
    read_attributes(x);
    if (strncmp(x->p, "/>", 2) == 0) {
        x->p += 2;
        return;
    }
    if (*x->p != '>' || x->depth == COUNT(x->open))
        bad(x, "a tag does not end");
    strcpy(x->open[x->depth++], name);
    x->p++;
}

static xml check_xml(const char *text)
{
    static const char declaration[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    xml x = {.start = text, .p = text};
    ck_assert_int_eq(strncmp(text, declaration, strlen(declaration)), 0);
    x.p += strlen(declaration);
    do {
        if (*x.p == '\0')
            bad(&x, "it ends too early");
        if (*x.p == '<')
            read_tag(&x);
        else
            read_character(&x);
    } while (x.depth > 0);
    ck_assert_str_eq(x.p, "\n"); /* one root element and nothing behind it */
    return x;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static char *render_junit(const world *w)
{
    return render(w, LEAKDIAG_FORMAT_JUNIT, (leakdiag_report_options){0});
}

START_TEST(each_check_is_one_case_and_the_totals_are_right)
{
    world w;
    world_make(&w);
    char *text = render_junit(&w);
    xml x = check_xml(text);
    ck_assert_uint_eq(x.cases, CHECKS);
    ck_assert_uint_eq(x.failures, 1); /* flag.value */
    ck_assert_uint_eq(x.skipped, 3);  /* memory is blocked, two are unknown */
    ck_assert_uint_eq(x.outputs, 2);  /* the warning of load, and the causes */
    ck_assert_ptr_nonnull(strstr(text, "<testsuite name=\"otel-demo/checkout\" tests=\"8\" "
                                       "failures=\"1\" errors=\"0\" skipped=\"3\" time=\"0\" "
                                       "timestamp=\"2026-11-23T14:31:00\">"));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(the_totals_follow_the_outcomes)
{
    static const struct {
        ld_outcome outcome;
        const char *totals;
    } cases[] = {
        {LD_PASS, "tests=\"8\" failures=\"0\" errors=\"0\" skipped=\"0\""},
        {LD_WARN, "tests=\"8\" failures=\"0\" errors=\"0\" skipped=\"0\""},
        {LD_FAIL, "tests=\"8\" failures=\"8\" errors=\"0\" skipped=\"0\""},
        {LD_UNKNOWN, "tests=\"8\" failures=\"0\" errors=\"0\" skipped=\"8\""},
        {LD_BLOCKED, "tests=\"8\" failures=\"0\" errors=\"0\" skipped=\"8\""},
    };
    world w;
    world_make(&w);
    for (size_t i = 0; i < CHECKS; i++)
        w.answers[i].outcome = cases[_i].outcome;
    char *text = render_junit(&w);
    xml x = check_xml(text);
    ck_assert_ptr_nonnull(strstr(text, cases[_i].totals));
    ck_assert_uint_eq(x.failures, cases[_i].outcome == LD_FAIL ? CHECKS : 0);
    ck_assert_uint_eq(x.skipped, cases[_i].outcome >= LD_UNKNOWN ? CHECKS : 0);
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(a_failure_says_what_was_seen_and_what_was_expected)
{
    world w;
    world_make(&w);
    char *text = render_junit(&w);
    ck_assert_ptr_nonnull(
        strstr(text, "<failure message=\"lower: 100 (variant on), expected 300\" type=\"lower\">"));
    ck_assert_ptr_nonnull(strstr(text, "\nwhy: a third of the value\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "<skipped message=\"blocked: flag.value is broken before it\"/>"));
    ck_assert_ptr_nonnull(
        strstr(text, "<skipped message=\"unknown: no telemetry source is configured\"/>"));
    ck_assert_ptr_nonnull(strstr(text, "cause (likely): flag-value-too-low: The flag is on"));
    ck_assert_ptr_nonnull(strstr(text, "\n  against: memory is on-track: 12Mi\n"));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(no_character_breaks_the_document)
{
    /* Every byte once, as it is and behind a byte that begins a longer character. */
    char text[] = {'a', (char)_i, 'b', (char)0xe2, (char)0x80, (char)_i, '\0'};
    world w;
    world_make(&w);
    answer(&w, FLAG, "lower", LD_FAIL, text, "]]>", text);
    answer(&w, LOAD, "users-differ", LD_WARN, text, text, "<![CDATA[");
    answer(&w, ORDERS, NULL, LD_UNKNOWN, "", "", text);
    world_text(&w.scenario.name, text);
    world_text(&w.checks[LIMIT].id, text);
    world_text(&w.causes[0].title, text);
    world_text(&w.d.next, text);
    char *report = render_junit(&w);
    check_xml(report);
    leakdiag_free(report);
    world_done(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report junit");
    TCase *tc = tcase_create("junit");
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, each_check_is_one_case_and_the_totals_are_right);
    tcase_add_loop_test(tc, the_totals_follow_the_outcomes, 0, 5);
    tcase_add_test(tc, a_failure_says_what_was_seen_and_what_was_expected);
    tcase_add_loop_test(tc, no_character_breaks_the_document, 1, 256);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
