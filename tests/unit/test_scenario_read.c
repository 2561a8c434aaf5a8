/* Reading a scenario: values, parameters, JSON in and out. */
#include "base/json.h"
#include "scenario_helpers.h"
#include "timeline/curve.h"

START_TEST(the_small_scenario_is_what_it_says)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(small, NULL, 0);
    ck_assert_str_eq(leakdiag_scenario_title(s), "A small one");
    ck_assert_str_eq(leakdiag_scenario_summary(s), "");
    ck_assert_str_eq(s->origin, "x.yaml");
    ck_assert_int_eq(s->every_ms, 1000);
    ck_assert_int_eq(s->window_ms, MIN);
    ck_assert_int_eq(s->settle_ms, 10000);
    ck_assert_int_eq(s->stale_ms, 5000);
    ck_assert_double_eq(s->time_scale, 1);
    ck_assert_uint_eq(leakdiag_scenario_param_count(s), 4);
    ck_assert_str_eq(leakdiag_scenario_param_name(s, 1), "users");
    ck_assert_str_eq(leakdiag_scenario_param_value(s, 1), "5");
    ck_assert_str_eq(leakdiag_scenario_param_type(s, 1), "number");
    ck_assert_str_eq(leakdiag_scenario_param_about(s, 1), "how many");
    ck_assert_str_eq(leakdiag_scenario_param_about(s, 0), "");
    ck_assert_str_eq(leakdiag_scenario_param_type(s, 2), "quantity");
    ck_assert_ptr_null(leakdiag_scenario_param_name(s, 4));
    ck_assert_ptr_null(leakdiag_scenario_param_type(s, 4));
    ck_assert_double_eq(s->params.list[3].number, 10 * MIN);
    ck_assert_str_eq(s->patterns[0].text, "order of 5");
    ck_assert_str_eq(s->causes[0].fix, "Start 5 users.");

    const ld_check *orders = check_named(s, "orders");
    ck_assert_uint_eq(orders->n_needs, 1);
    ck_assert_uint_eq(orders->needs[0], ld_scenario_check(s, "load"));
    ck_assert_uint_eq(orders->n_overrides, 1);
    ck_assert_ptr_eq(orders->overrides[0].finding, ld_kind_finding(orders->kind, "zero")->name);
    ck_assert_int_eq(orders->overrides[0].outcome, LD_WARN);
    ck_assert(!orders->supporting);
    ck_assert_ptr_null(orders->command);
    const ld_attribute *of = ld_attribute_find(&orders->expect, "of");
    ck_assert_uint_eq(of->n_items, 2);
    ck_assert_str_eq(of->items[1], "log:order");
    ck_assert_uint_eq(of->line, 24);
    ck_assert_ptr_null(ld_attribute_find(&orders->expect, "window"));
    ck_assert_str_eq(ld_attribute_text(&orders->expect, "window", "none"), "none");

    ck_assert_uint_eq(s->n_tests, 1);
    ck_assert_uint_eq(s->tests[0].line, 42);
    ck_assert_str_eq(ld_attribute_text(&s->tests[0].given, "load.state", ""), "stopped");
    ck_assert_double_eq(ld_attribute_number(&s->tests[0].given, "every", NAN), 1000);
    ck_assert_str_eq(ld_attribute_text(&s->tests[0].expect, "checks.load", ""), "stopped");
    /* Kept although it is empty: whoever gathers skips it. */
    ck_assert_str_eq(
        ld_attribute_text(&ld_scenario_role(s, "memory")->sources[0].attributes, "path", "empty"),
        "empty");
}
END_TEST

START_TEST(values_from_outside_are_filled_in_everywhere)
{
    static const char *const set[] = {"users=7", "users=50", "limit=40Mi", "url=http://h/a=b",
                                      "age=90s"};
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(small, set, COUNT(set));
    ck_assert_double_eq(expected(s, "load", "users"), 50);
    ck_assert_double_eq(expected(s, "load", "min_age"), 90000);
    ck_assert_double_eq(expected(s, "limit", "bytes"), 40 * MI);
    ck_assert_str_eq(ld_scenario_param(s, "url"), "http://h/a=b");
    ck_assert_str_eq(s->param_info[1].fallback, "5");
    ck_assert_ptr_null(ld_scenario_param(s, "url2"));
    ck_assert_uint_eq(s->n_set, COUNT(set));
    ck_assert_str_eq(s->set[3], "url=http://h/a=b");
    ck_assert_str_eq(s->text, small); /* the text stays as it was read */
}
END_TEST

START_TEST(a_value_from_outside_is_not_filled_in_again)
{
    static const char *const set[] = {"url=${users}"};
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(small, set, 1);
    ck_assert_str_eq(
        ld_attribute_text(&ld_scenario_role(s, "load")->sources[0].attributes, "url", ""),
        "${users}");
}
END_TEST

START_TEST(a_source_that_is_not_meant_may_be_empty_throughout)
{
    char *text = with("{type: csv, path: \"\"}]", "{type: csv, path: \"\"}]\n"
                                                  "  flag: [{type: ofrep, url: \"\", key: \"\"}]");
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(text, NULL, 0);
    ck_assert_uint_eq(ld_scenario_role(s, "flag")->n, 1);
    free(text);
}
END_TEST

START_TEST(what_a_parameter_is_about_may_name_another)
{
    char *text = with("about: how many", "about: \"see ${nothing}\"");
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(text, NULL, 0);
    ck_assert_str_eq(leakdiag_scenario_param_about(s, 1), "see ${nothing}");
    free(text);
}
END_TEST

START_TEST(the_band_is_as_wide_as_the_tolerance_says)
{
    char *text =
        with("  oom_at_end: true\n", "  oom_at_end: true\n  tolerance: {value: 3Mi, time: 1ms}\n");
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(text, NULL, 0);
    ck_assert_double_eq_tol(leakdiag_timeline_hi_bytes_at(s->timeline, 5 * MIN), 17 * MI, 1000);
    ck_assert_double_eq_tol(leakdiag_timeline_lo_bytes_at(s->timeline, 5 * MIN), 11 * MI, 1000);
    ck_assert_int_eq(s->timeline_tolerance_ms, 1);
    free(text);
}
END_TEST

START_TEST(a_compressed_scenario_has_a_compressed_timeline)
{
    char *text = with("stale: 5s}", "stale: 5s, time_scale: 30}");
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(text, NULL, 0);
    ck_assert_double_eq(s->time_scale, 30);
    ck_assert_double_eq(s->timeline->time_scale, 30);
    ck_assert_int_eq(leakdiag_timeline_end_ms(s->timeline), 10 * MIN); /* times are as written */
    ck_assert_int_eq(s->settle_ms, 10000);
    free(text);
}
END_TEST

START_TEST(supporting_checks_and_embedded_sizes_are_told_apart)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = checkout();
    ck_assert(check_named(s, "flag.agreement")->supporting);
    ck_assert(check_named(s, "hand-off")->supporting);
    ck_assert(!check_named(s, "flag.value")->supporting);
    ck_assert(!check_named(s, "memory")->supporting);
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *whole = NULL;
    ck_assert(!ld_scenario_with_tests(s, &whole, NULL));
    size_t sizes = 0, none = 0, numbers = 0, states = 0;
    for (size_t i = 0; i < whole->n_tests; i++) {
        const ld_attribute *limit = ld_attribute_find(&whole->tests[i].given, "limit");
        const ld_attribute *flag = ld_attribute_find(&whole->tests[i].given, "flag");
        sizes += limit && limit->number == 20 * MI;
        none += limit && isnan(limit->number) && strcmp(limit->text, "none") == 0;
        numbers += flag && flag->number == 300;
        states += flag && isnan(flag->number);
    }
    ck_assert_uint_ge(sizes, 20);
    ck_assert_uint_eq(none, 1);
    ck_assert_uint_ge(numbers, 15);
    ck_assert_uint_eq(states, 5);
}
END_TEST

START_TEST(two_dollars_keep_the_braces)
{
    char *text = with("Start ${users} users.", "echo $${users} $users $ ${users}$");
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(text, NULL, 0);
    ck_assert_str_eq(s->causes[0].fix, "echo ${users} $users $ 5$");
    free(text);
}
END_TEST

static const struct {
    const char *set, *says;
} wrong_sets[] = {
    {"usres=1", "x.yaml: unknown parameter \"usres\" in --set: did you mean \"users\"?"},
    {"zzz=1", "x.yaml: unknown parameter \"zzz\" in --set: there are url, users, limit, age"},
    {"users=many", "x.yaml: --set users: \"many\" is not a number"},
    {"users=", "x.yaml: --set users: \"\" is not a number"},
    {"users=-1", "x.yaml: --set users: -1 is negative"},
    {"users", "x.yaml: --set users: write it as name=value"},
    {"limit=20mi", "x.yaml: --set limit: \"20mi\" is not a quantity"},
    {"age=ten", "x.yaml: --set age: \"ten\" is not a duration"},
    {"=1", "x.yaml: unknown parameter \"\" in --set"},
    {"url", "write it as name=value"},
};

START_TEST(a_wrong_value_from_outside_is_refused)
{
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(
        leakdiag_scenario_parse(small, strlen(small), "x.yaml", &wrong_sets[_i].set, 1, &s, &err),
        LEAKDIAG_E_INVALID);
    ck_assert_ptr_null(s);
    ck_assert_msg(strstr(err.message, wrong_sets[_i].says), "%s", err.message);
}
END_TEST

/* --- JSON --- */

static char *to_json(const leakdiag_scenario *s)
{
    char *json = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_scenario_to_json(s, &json, &err) == LEAKDIAG_OK, "%s", err.message);
    return json;
}

START_TEST(json_of_the_same_shape_is_the_same_scenario)
{
    static const char yaml[] = "apiVersion: leakdiag/v1\nkind: Scenario\n"
                               "metadata: {name: a, title: A}\n"
                               "params: {n: {type: number, default: 5}}\n"
                               "checks:\n"
                               "  load: {kind: load, asks: Is it?, expect: {users: \"${n}\"}, "
                               "supporting: true}\n"
                               "timeline: {oom_at_end: true, points: [{at: 0s, value: 1Mi}, "
                               "{at: 10s, value: 2Mi}]}\n";
    static const char json[] =
        "{\"apiVersion\": \"leakdiag/v1\", \"kind\": \"Scenario\",\n"
        " \"metadata\": {\"name\": \"a\", \"title\": \"A\"},\n"
        " \"params\": {\"n\": {\"type\": \"number\", \"default\": 5}},\n"
        " \"checks\": {\"load\": {\"kind\": \"load\", \"asks\": \"Is it?\",\n"
        "   \"expect\": {\"users\": \"${n}\"}, \"supporting\": true}},\n"
        " \"timeline\": {\"oom_at_end\": true, \"points\": [{\"at\": 0, \"value\": \"1Mi\"},\n"
        "   {\"at\": \"10s\", \"value\": 2097152}]}}";
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *a = parse(yaml, NULL, 0);
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *b = parse(json, NULL, 0);
    char *one = to_json(a), *two = to_json(b);
    ck_assert_str_eq(one, two);
    leakdiag_free(one);
    leakdiag_free(two);

    char wrong[sizeof json];
    strcpy(wrong, json);
    memcpy(strstr(wrong, "\"load\",") + 1, "laod", 4);
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_scenario_parse(wrong, strlen(wrong), "a.json", NULL, 0, &s, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_str_eq(err.message, "a.json:4:30: unknown kind \"laod\" in check \"load\": did you "
                                  "mean \"load\"?");
}
END_TEST

START_TEST(a_scenario_as_json_is_valid_sorted_and_stable)
{
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = parse(small, NULL, 0);
    char *json = to_json(s), *again = to_json(s);
    ck_assert_str_eq(json, again);
    LD_JSON *root = NULL;
    ck_assert_int_eq(ld_json_parse(json, strlen(json), NULL, &root, NULL), LEAKDIAG_OK);
    const char *schema = NULL;
    ck_assert(ld_json_get_text(root, "schema", &schema));
    ck_assert_str_eq(schema, "leakdiag.scenario/1");
    ck_assert_uint_eq(json_array_size(json_object_get(root, "checks")), 3);
    const json_t *load = json_array_get(json_object_get(root, "checks"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(load, "expect"), "users")),
                     "5");
    char *sorted = NULL;
    ck_assert_int_eq(ld_json_dump(root, &sorted, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(sorted, json);
    leakdiag_free(json);
    leakdiag_free(again);
    leakdiag_free(sorted);
}
END_TEST

static const char *const urls_with_secrets[] = {
    "url=https://me:geheim@host:8089/x",
    "url=http://host/x?token=geheim",
    "url=http://host/x#geheim",
};

START_TEST(a_url_with_a_secret_is_refused_and_not_repeated)
{
    leakdiag_scenario *s = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(
        leakdiag_scenario_parse(small, strlen(small), "x", &urls_with_secrets[_i], 1, &s, &err),
        LEAKDIAG_E_INVALID);
    ck_assert_ptr_null(s);
    ck_assert_ptr_null(strstr(err.message, "geheim"));
    ck_assert_ptr_nonnull(strstr(err.message, "\"url\""));
}
END_TEST

START_TEST(a_reference_keeps_it_alive)
{
    leakdiag_scenario *s = parse(small, NULL, 0);
    leakdiag_scenario *again = leakdiag_scenario_ref(s);
    leakdiag_scenario_unref(s);
    ck_assert_str_eq(leakdiag_scenario_name(again), "small");
    leakdiag_scenario_unref(again);
    leakdiag_scenario_unref(NULL);
    ck_assert_ptr_null(leakdiag_scenario_ref(NULL));
    leakdiag_lint_free(NULL);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("read");
    tcase_add_test(tc, the_small_scenario_is_what_it_says);
    tcase_add_test(tc, values_from_outside_are_filled_in_everywhere);
    tcase_add_test(tc, a_value_from_outside_is_not_filled_in_again);
    tcase_add_test(tc, two_dollars_keep_the_braces);
    tcase_add_test(tc, a_source_that_is_not_meant_may_be_empty_throughout);
    tcase_add_test(tc, what_a_parameter_is_about_may_name_another);
    tcase_add_test(tc, the_band_is_as_wide_as_the_tolerance_says);
    tcase_add_test(tc, a_compressed_scenario_has_a_compressed_timeline);
    tcase_add_test(tc, supporting_checks_and_embedded_sizes_are_told_apart);
    tcase_add_loop_test(tc, a_wrong_value_from_outside_is_refused, 0, (int)COUNT(wrong_sets));
    tcase_add_test(tc, json_of_the_same_shape_is_the_same_scenario);
    tcase_add_test(tc, a_scenario_as_json_is_valid_sorted_and_stable);
    tcase_add_loop_test(tc, a_url_with_a_secret_is_refused_and_not_repeated, 0,
                        (int)COUNT(urls_with_secrets));
    tcase_add_test(tc, a_reference_keeps_it_alive);
    return run_suite("scenario", tc);
}
