/* The tests that are embedded in the scenarios, each as a check of its own. */
#include <check.h>
#include <leakdiag/diagnosis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static leakdiag_test_results *results[2];

static leakdiag_test_results *run(const char *name)
{
    leakdiag_scenario *scenario = NULL;
    leakdiag_test_results *ret = NULL;
    leakdiag_error err = {0};
    if (leakdiag_scenario_builtin(name, NULL, 0, &scenario, &err) ||
        leakdiag_scenario_test(scenario, &ret, &err)) {
        fprintf(stderr, "%s: %s\n", name, err.message);
        exit(EXIT_FAILURE);
    }
    leakdiag_scenario_unref(scenario);
    return ret;
}

static void expect_passed(const leakdiag_test_results *of, size_t i)
{
    ck_assert_msg(leakdiag_test_passed(of, i), "%s: %s", leakdiag_test_name(of, i),
                  leakdiag_test_message(of, i));
}

START_TEST(a_test_of_otel_demo_checkout_comes_out_as_it_says)
{
    expect_passed(results[0], (size_t)_i);
}
END_TEST

START_TEST(a_test_of_any_workload_comes_out_as_it_says)
{
    expect_passed(results[1], (size_t)_i);
}
END_TEST

START_TEST(a_wrong_expectation_is_told_in_words)
{
    static const char text[] =
        "apiVersion: leakdiag/v1\n"
        "kind: Scenario\n"
        "metadata: {name: x, title: x}\n"
        "pace: {every: 5s, window: 5m, settle: 5m, stale: 2m}\n"
        "sources: {flag: [{type: ofrep, url: \"http://x\", key: k}]}\n"
        "checks:\n"
        "  flag.value: {kind: flag-value, asks: Is it 3?, expect: {value: 3}}\n"
        "causes:\n"
        "  off: {title: It is off, when: {flag.value: [not-enabled]}, fix: Switch it on.}\n"
        "tests:\n"
        "  - name: wrong in four ways\n"
        "    given: {flag: 0}\n"
        "    expect: {verdict: as-expected, first_cause: none, causes: [],\n"
        "             checks: {flag.value: expected}}\n";
    leakdiag_scenario *scenario = NULL;
    leakdiag_test_results *got = NULL;
    leakdiag_error err = {0};
    leakdiag_status status =
        leakdiag_scenario_parse(text, strlen(text), "x", NULL, 0, &scenario, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    ck_assert_int_eq(leakdiag_scenario_test(scenario, &got, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_test_count(got), 1);
    ck_assert(!leakdiag_test_passed(got, 0));
    ck_assert_str_eq(leakdiag_test_message(got, 0),
                     "verdict is not-as-expected, expected as-expected; first cause is off, "
                     "expected none; causes are off, expected none; flag.value is not-enabled "
                     "(fail), expected expected");
    leakdiag_test_results_free(got);
    leakdiag_scenario_unref(scenario);
}
END_TEST

int main(void)
{
    results[0] = run("otel-demo/checkout");
    results[1] = run("any-workload");
    TCase *tc = tcase_create("embedded");
    tcase_add_loop_test(tc, a_test_of_otel_demo_checkout_comes_out_as_it_says, 0,
                        (int)leakdiag_test_count(results[0]));
    tcase_add_loop_test(tc, a_test_of_any_workload_comes_out_as_it_says, 0,
                        (int)leakdiag_test_count(results[1]));
    tcase_add_test(tc, a_wrong_expectation_is_told_in_words);
    Suite *suite = suite_create("embedded");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    leakdiag_test_results_free(results[0]);
    leakdiag_test_results_free(results[1]);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
