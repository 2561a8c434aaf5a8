/* Limits, the series shorthand, and memory running out at every point. */
#include "scenario/builtin.h"
#include "scenario/shorthand.h"
#include "scenario_helpers.h"

/* --- limits --- */

static leakdiag_status parse_text(ld_text *text, leakdiag_error *err)
{
    leakdiag_scenario *s = NULL;
    ck_assert(!text->failed);
    leakdiag_status status =
        leakdiag_scenario_parse(text->data, text->len, "x.yaml", NULL, 0, &s, err);
    leakdiag_scenario_unref(s);
    return status;
}

static void add_head(ld_text *text)
{
    ld_text_add(text, "apiVersion: leakdiag/v1\nkind: Scenario\n"
                      "metadata: {name: a, title: A}\n");
}

START_TEST(too_many_of_anything_is_refused)
{
    static const struct {
        const char *section, *item;
        int most;
    } limits[] = {
        {"checks", "  c%d: {kind: termination, asks: Is it?}\n", 256},
        {"patterns", "  c%d: {text: x}\n", 256},
        {"params", "  c%d: {type: text, default: x}\n", 128},
        {"causes", "  c%d: {title: T, when: {m: [flat]}}\n", 256},
        {"tests", "  - {name: c%d, given: {}, expect: {first_cause: none}}\n", 1000},
    };
    for (size_t i = 0; i < COUNT(limits); i++)
        for (int more = 0; more <= 1; more++) {
            LD_CLEANUP(ld_text_done) ld_text text = {0};
            add_head(&text);
            if (strcmp(limits[i].section, "checks") != 0)
                ld_text_add(&text, "checks: {m: {kind: memory, asks: Is it?}}\n");
            ld_text_addf(&text, "%s:\n", limits[i].section);
            for (int k = 0; k < limits[i].most + more; k++) {
                char item[128];
                const char *mark = strstr(limits[i].item, "%d");
                snprintf(item, sizeof item, "%.*s%d%s", (int)(mark - limits[i].item),
                         limits[i].item, k, mark + 2);
                ld_text_add(&text, item);
            }
            leakdiag_error err = {0};
            leakdiag_status status = parse_text(&text, &err);
            ck_assert_msg(status == (more ? LEAKDIAG_E_LIMIT : LEAKDIAG_OK), "%s %d: %s",
                          limits[i].section, limits[i].most + more, err.message);
        }
}
END_TEST

START_TEST(lists_have_their_limits_too)
{
    for (int n = 64; n <= 65; n++) {
        LD_CLEANUP(ld_text_done) ld_text counters = {0};
        LD_CLEANUP(ld_text_done) ld_text sources = {0};
        add_head(&counters);
        ld_text_add(&counters, "checks: {m: {kind: rate, asks: Is it?, expect: {of: [");
        for (int i = 0; i < n; i++)
            ld_text_addf(&counters, "%s\"load:%d\"", i ? ", " : "", i);
        ld_text_add(&counters, "]}}}\n");
        ck_assert_int_eq(parse_text(&counters, NULL), n > 64 ? LEAKDIAG_E_LIMIT : LEAKDIAG_OK);

        add_head(&sources);
        ld_text_add(&sources, "checks: {m: {kind: memory, asks: Is it?}}\nsources:\n  memory:\n");
        for (int i = 0; i < n; i++)
            ld_text_add(&sources, "    - {type: csv, path: x}\n");
        ck_assert_int_eq(parse_text(&sources, NULL), n > 64 ? LEAKDIAG_E_LIMIT : LEAKDIAG_OK);
    }
}
END_TEST

START_TEST(patterns_are_bounded_in_length_alone_and_together)
{
    static const struct {
        int length, times;
        leakdiag_status status;
    } rows[] = {{4096, 8, LEAKDIAG_OK}, {4096, 9, LEAKDIAG_E_LIMIT}, {4097, 1, LEAKDIAG_E_LIMIT}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        LD_CLEANUP(ld_text_done) ld_text text = {0};
        add_head(&text);
        ld_text_add(&text, "checks: {m: {kind: memory, asks: Is it?}}\npatterns:\n");
        for (int k = 0; k < rows[i].times; k++) {
            ld_text_addf(&text, "  p%d: {regex: ", k);
            for (int c = 0; c < rows[i].length; c++)
                ld_text_add_char(&text, 'x');
            ld_text_add(&text, "}\n");
        }
        leakdiag_error err = {0};
        ck_assert_msg(parse_text(&text, &err) == rows[i].status, "%s", err.message);
    }
}
END_TEST

START_TEST(parameters_cannot_blow_a_document_up)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    add_head(&text);
    ld_text_add(&text, "params: {p: {type: text, default: \"");
    for (int i = 0; i < 4096; i++)
        ld_text_add_char(&text, 'x');
    ld_text_add(&text, "\"}}\nchecks: {m: {kind: memory, asks: \"");
    for (int i = 0; i < 10000; i++)
        ld_text_add(&text, "${p}");
    ld_text_add(&text, "\"}}\n");
    leakdiag_error err = {0};
    ck_assert_int_eq(parse_text(&text, &err), LEAKDIAG_E_LIMIT);
    ck_assert_msg(strstr(err.message, "too long after the parameters"), "%s", err.message);

    char *fill = strstr(text.data, "\"${p}"); /* 17 times 4096 are too many for one text */
    text.len = (size_t)(fill - text.data);
    ld_text_add_char(&text, '"');
    for (int i = 0; i < 17; i++)
        ld_text_add(&text, "${p}");
    ld_text_add(&text, "\"}}\n");
    ck_assert_int_eq(parse_text(&text, &err), LEAKDIAG_E_LIMIT);

    text.len = (size_t)(strstr(text.data, "\"${p}") - text.data); /* now in many small texts */
    ld_text_add(&text, "x\"}}\ntests:\n");
    for (int i = 0; i < 1000; i++)
        ld_text_add(&text, "  - {name: \"${p}${p}${p}\", given: {}, expect: {}}\n");
    ck_assert_int_eq(parse_text(&text, &err), LEAKDIAG_E_LIMIT);
    ck_assert_msg(strstr(err.message, "too long after the parameters"), "%s", err.message);
}
END_TEST

START_TEST(only_so_many_faults_are_kept)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    add_head(&text);
    ld_text_add(&text, "checks: {m: {kind: memory, asks: Is it?}}\n");
    for (int i = 0; i < 60; i++)
        ld_text_addf(&text, "on%d: on\n", i); /* an error and a warning each */
    for (int i = 0; i < 20000; i++)
        ld_text_addf(&text, "x%d: 1\n", i);
    LD_CLEANUP(lint_freep) leakdiag_lint *lint = NULL;
    ck_assert_int_eq(leakdiag_scenario_lint(text.data, text.len, &lint, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_lint_len(lint), 100);
    size_t errors = 0;
    for (size_t i = 0; i < leakdiag_lint_len(lint); i++)
        errors += (size_t)leakdiag_lint_is_error(lint, i);
    ck_assert_uint_eq(errors, 50); /* warnings do not crowd them out */
}
END_TEST

START_TEST(hostile_documents_are_refused_as_scenarios_too)
{
    static const char *const units[] = {"[", "- ", "- &a x\n", "%TAG ! tag:x,2000:\n"};
    for (size_t i = 0; i < COUNT(units); i++) {
        LD_CLEANUP(ld_text_done) ld_text text = {0};
        for (int k = 0; k < 30000; k++)
            ld_text_add(&text, units[i]);
        leakdiag_error err = {0};
        leakdiag_status status = parse_text(&text, &err);
        ck_assert(status == LEAKDIAG_E_LIMIT || status == LEAKDIAG_E_INVALID);
        ck_assert_msg(strncmp(err.message, "x.yaml:1:", 9) == 0, "%s", err.message);
    }
    leakdiag_scenario *s = NULL;
    char *large = malloc(LEAKDIAG_SCENARIO_MAX_BYTES + 1);
    ck_assert_ptr_nonnull(large);
    memset(large, ' ', LEAKDIAG_SCENARIO_MAX_BYTES + 1);
    ck_assert_int_eq(
        leakdiag_scenario_parse(large, LEAKDIAG_SCENARIO_MAX_BYTES + 1, NULL, NULL, 0, &s, NULL),
        LEAKDIAG_E_LIMIT);
    free(large);
}
END_TEST

/* --- the series shorthand --- */

static const struct {
    const char *text;
    size_t n;
    int64_t end_ms;
    double values[6];
} series[] = {
    {"", 0, 0, {0}},
    {"5", 1, 0, {5}},
    {"1+2x3", 4, 3000, {1, 3, 5, 7}},
    {"10-3x3", 4, 3000, {10, 7, 4, 1}},
    {"4x2", 3, 2000, {4, 4, 4}},
    {"4x0", 1, 0, {4}},
    {"4+1x0", 1, 0, {4}},
    {"8Mi+0x1", 2, 1000, {8 * MI, 8 * MI}},
    {"8Mi+344064x1", 2, 1000, {8 * MI, 8 * MI + 344064}},
    {"1Ki-512x2", 3, 2000, {1024, 512, 0}},
    {" 1 \t 2\n3 ", 3, 2000, {1, 2, 3}},
    {"1 _ 2", 2, 2000, {1, 2}},
    {"1 _x3 2", 2, 4000, {1, 2}},
    {"_x3", 0, 2000, {0}},
    {"_x0 1", 1, 0, {1}},
    {"1e3 0.5Ki", 2, 1000, {1000, 512}},
    {"0.5+0.25x2", 3, 2000, {0.5, 0.75, 1}},
    {"+5", 1, 0, {5}},
    {"8E+2x0", 1, 0, {8e18}}, /* exa, not an exponent */
};

START_TEST(the_shorthand_gives_this_series)
{
    LD_CLEANUP(ld_shorthand_done) ld_shorthand s = {0};
    leakdiag_error err = {0};
    int64_t end_ms = -1;
    ck_assert_msg(ld_shorthand_parse(series[_i].text, 1000, &s, &err) == LEAKDIAG_OK, "%s: %s",
                  series[_i].text, err.message);
    ck_assert_uint_eq(s.n, series[_i].n);
    ck_assert_int_eq(s.end_ms, series[_i].end_ms);
    ck_assert_int_eq(ld_shorthand_check(series[_i].text, 1000, &end_ms, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(end_ms, s.end_ms);
    for (size_t i = 0; i < s.n; i++)
        ck_assert_double_eq(s.values[i], series[_i].values[i]);
    if (s.n && s.n * 1000 == (size_t)s.end_ms + 1000)
        for (size_t i = 0; i < s.n; i++)
            ck_assert_int_eq(s.times_ms[i], (int64_t)i * 1000);
}
END_TEST

START_TEST(a_missing_sample_leaves_its_time_out)
{
    LD_CLEANUP(ld_shorthand_done) ld_shorthand s = {0};
    ck_assert_int_eq(ld_shorthand_parse("1+1x1 _x2 5", 30000, &s, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(s.n, 3);
    ck_assert_int_eq(s.times_ms[1], 30000);
    ck_assert_int_eq(s.times_ms[2], 120000);
}
END_TEST

static const struct {
    const char *text;
    leakdiag_status status;
    size_t column;
    const char *says;
} wrong_series[] = {
    {"x", LEAKDIAG_E_INVALID, 1, "after x comes a whole number"},
    {"1x", LEAKDIAG_E_INVALID, 2, "after x comes a whole number"},
    {"1 2xa", LEAKDIAG_E_INVALID, 4, "after x comes a whole number"},
    {"1x2x3", LEAKDIAG_E_INVALID, 2, "after x comes a whole number"},
    {"1+2", LEAKDIAG_E_INVALID, 2, "a step needs a number of repeats"},
    {"1 abc", LEAKDIAG_E_INVALID, 3, "neither a number nor a size"},
    {"8mi", LEAKDIAG_E_INVALID, 1, "neither a number nor a size"},
    {"stale", LEAKDIAG_E_INVALID, 1, "neither a number nor a size"},
    {"NaN", LEAKDIAG_E_INVALID, 1, "neither a number nor a size"},
    {"1+x3", LEAKDIAG_E_INVALID, 2, "the step is neither"},
    {"1++2x3", LEAKDIAG_E_INVALID, 2, "the step is neither"},
    {"-1", LEAKDIAG_E_INVALID, 1, "negative"},
    {"10-3x4", LEAKDIAG_E_INVALID, 1, "negative"},
    {"1 10-3x4", LEAKDIAG_E_INVALID, 3, "negative"},
    {"_5", LEAKDIAG_E_INVALID, 1, "a missing sample is _"},
    {"1e308+1e308x9", LEAKDIAG_E_INVALID, 1, "infinite"},
    {"1x100000", LEAKDIAG_E_LIMIT, 1, "more than 100000 samples"},
    {"1x50000 _x50000", LEAKDIAG_E_LIMIT, 9, "more than 100000 samples"},
    {"1x18446744073709551615", LEAKDIAG_E_LIMIT, 1, "more than 100000 samples"},
    {"_x18446744073709551617", LEAKDIAG_E_LIMIT, 1, "more than 100000 samples"},
    {"1x99999999999999999999999999", LEAKDIAG_E_LIMIT, 1, "more than 100000 samples"},
};

START_TEST(a_wrong_shorthand_is_refused_with_its_column)
{
    ld_shorthand s = {.n = 77};
    leakdiag_error err = {0};
    ck_assert_msg(ld_shorthand_parse(wrong_series[_i].text, 1000, &s, &err) ==
                      wrong_series[_i].status,
                  "%s: %s", wrong_series[_i].text, err.message);
    ck_assert_uint_eq(s.n, 77);
    ck_assert_msg(strstr(err.message, wrong_series[_i].says), "%s: %s", wrong_series[_i].text,
                  err.message);
    ck_assert_uint_eq(err.column, wrong_series[_i].column);
}
END_TEST

START_TEST(the_longest_shorthand_is_read)
{
    LD_CLEANUP(ld_shorthand_done) ld_shorthand s = {0};
    ck_assert_int_eq(ld_shorthand_parse("1+1x99999", 1000, &s, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(s.n, LD_SHORTHAND_MAX_SAMPLES);
    ck_assert_double_eq(s.values[99999], 100000);
    ck_assert_int_eq(ld_shorthand_parse("1", 0, &s, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_shorthand_parse("1", INT64_MAX, &s, NULL), LEAKDIAG_E_INVALID);
}
END_TEST

/* --- memory runs out --- */

static size_t allocations_of_parse(const char *text, size_t len)
{
    count_allocations(0);
    leakdiag_scenario *s = NULL;
    ck_assert_int_eq(leakdiag_scenario_parse(text, len, "x", NULL, 0, &s, NULL), LEAKDIAG_OK);
    leakdiag_scenario_unref(s);
    size_t n = allocations;
    stop_counting();
    return n;
}

static void parse_without_memory(const char *text, size_t len, size_t k)
{
    static const char *const set[] = {"limit=21Mi"};
    leakdiag_scenario *s = (leakdiag_scenario *)&allocations;
    leakdiag_error err = {0};
    count_allocations(k);
    leakdiag_status status = leakdiag_scenario_parse(text, len, "x", set, 1, &s, &err);
    if (status == LEAKDIAG_OK) {
        leakdiag_scenario_unref(s);
    } else {
        ck_assert_msg(status == LEAKDIAG_E_NOMEM, "allocation %zu: %s", k, err.message);
        ck_assert_ptr_eq(s, (leakdiag_scenario *)&allocations);
    }
    stop_counting();
}

START_TEST(any_allocation_may_fail_while_the_small_scenario_is_read)
{
    size_t n = allocations_of_parse(small, strlen(small));
    ck_assert_uint_gt(n, 100);
    for (size_t k = 1; k <= n + 20; k++)
        parse_without_memory(small, strlen(small), k);
}
END_TEST

/* Every 7th by default: all of them take a minute under sanitizers. LEAKDIAG_EVERY=1 does all. */
START_TEST(allocations_may_fail_while_the_built_in_scenario_is_read)
{
    size_t len, i = strcmp(leakdiag_scenario_builtin_name(0), "otel-demo/checkout") != 0;
    const char *text = leakdiag_scenario_builtin_text(i, &len), *every = getenv("LEAKDIAG_EVERY");
    size_t n = allocations_of_parse(text, len), step = every ? (size_t)atoi(every) : 7;
    ck_assert_uint_gt(n, 1000);
    for (size_t k = 1; k <= n + 20; k += step ? step : 1)
        parse_without_memory(text, len, k);
}
END_TEST

START_TEST(any_allocation_may_fail_in_the_linter_and_in_json)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(small, NULL, 0);
    for (size_t k = 1, done = 0; !done; k++) {
        count_allocations(k);
        leakdiag_lint *lint = NULL;
        leakdiag_status status = leakdiag_scenario_lint(small, strlen(small), &lint, NULL);
        ck_assert(status == LEAKDIAG_OK || (status == LEAKDIAG_E_NOMEM && !lint));
        done = status == LEAKDIAG_OK;
        leakdiag_lint_free(lint);
        stop_counting();
    }
    for (size_t k = 1, done = 0; !done; k++) {
        count_allocations(k);
        char *json = NULL;
        leakdiag_status status = leakdiag_scenario_to_json(s, &json, NULL);
        ck_assert(status == LEAKDIAG_OK || (status == LEAKDIAG_E_NOMEM && !json));
        done = status == LEAKDIAG_OK;
        leakdiag_free(json);
        stop_counting();
    }
    for (size_t k = 1, done = 0; !done; k++) {
        count_allocations(k);
        ld_shorthand out = {0};
        done = ld_shorthand_parse("1+1x3", 1000, &out, NULL) == LEAKDIAG_OK;
        ld_shorthand_done(&out);
        stop_counting();
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("bounds");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, too_many_of_anything_is_refused);
    tcase_add_test(tc, lists_have_their_limits_too);
    tcase_add_test(tc, patterns_are_bounded_in_length_alone_and_together);
    tcase_add_test(tc, parameters_cannot_blow_a_document_up);
    tcase_add_test(tc, only_so_many_faults_are_kept);
    tcase_add_test(tc, hostile_documents_are_refused_as_scenarios_too);
    tcase_add_loop_test(tc, the_shorthand_gives_this_series, 0, (int)COUNT(series));
    tcase_add_test(tc, a_missing_sample_leaves_its_time_out);
    tcase_add_loop_test(tc, a_wrong_shorthand_is_refused_with_its_column, 0,
                        (int)COUNT(wrong_series));
    tcase_add_test(tc, the_longest_shorthand_is_read);
    tcase_add_test(tc, any_allocation_may_fail_while_the_small_scenario_is_read);
    tcase_add_test(tc, allocations_may_fail_while_the_built_in_scenario_is_read);
    tcase_add_test(tc, any_allocation_may_fail_in_the_linter_and_in_json);
    return run_suite("scenario", tc);
}
