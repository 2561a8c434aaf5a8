#include "report_fixture.h"

#include <string.h>

#include "report/forms.h"

START_TEST(explaining_a_check_says_findings_needs_and_the_command)
{
    world w;
    world_make(&w);
    char *text = NULL;
    ck_assert_int_eq(leakdiag_report_explain(&w.scenario, "orders", &text, NULL), 0);
    ck_assert_str_eq(text,
                     "check orders (kind rate)\n"
                     "Are orders being placed?\n"
                     "\n"
                     "  PASS  in-range       the rate lies within what is expected\n"
                     "  WARN  low            fewer per minute than expected\n"
                     "  WARN  high           more per minute than expected\n"
                     "  FAIL  zero           a source that works counted none\n"
                     "  WARN  lower-bound    at least so many: lines were lost, so there may be "
                     "more\n"
                     "  \?\?\?\?  silent-source  no source could count, which is not zero\n"
                     "\n"
                     "  needs       nothing before it\n"
                     "  blocks      memory\n"
                     "  causes      no cause looks at it\n"
                     "  by hand     grep -ci 'order placed' shop.log\n");
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(explaining_a_check_follows_the_scenarios_outcomes)
{
    world w;
    world_make(&w);
    ld_outcome_override quiet = {"zero", LD_PASS};
    w.checks[ORDERS].overrides = &quiet;
    w.checks[ORDERS].n_overrides = 1;
    char *text = NULL;
    ck_assert_int_eq(leakdiag_report_explain(&w.scenario, "orders", &text, NULL), 0);
    ck_assert_ptr_nonnull(strstr(text, "  PASS  zero "));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(explaining_a_cause_says_when_it_fires_and_what_refutes_it)
{
    world w;
    world_make(&w);
    char *text = NULL;
    ck_assert_int_eq(leakdiag_report_explain(&w.scenario, "flag-value-too-low", &text, NULL), 0);
    ck_assert_ptr_nonnull(strstr(text, "  when        flag.value is lower\n"
                                       "              flag.seen is seen\n"
                                       "  refuted by  memory on the timeline of 300\n"));
    ck_assert_ptr_nonnull(strstr(text, "  fix         Raise the value"));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(a_check_and_a_cause_of_one_name_are_both_explained)
{
    leakdiag_scenario *scenario = NULL;
    char *text = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(!leakdiag_scenario_builtin("otel-demo/checkout", NULL, 0, &scenario, &err), "%s",
                  err.message);
    ck_assert_int_eq(leakdiag_report_explain(scenario, "soft-limit", &text, NULL), 0);
    ck_assert_ptr_nonnull(strstr(text, "check soft-limit (kind soft-limit)\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n\ncause soft-limit\n"));
    leakdiag_free(text);
    leakdiag_scenario_unref(scenario);
}
END_TEST

START_TEST(an_unknown_id_names_the_nearest)
{
    world w;
    world_make(&w);
    char *text = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_report_explain(&w.scenario, "flag.valu", &text, &err),
                     LEAKDIAG_E_NOT_FOUND);
    ck_assert_ptr_null(text);
    ck_assert_str_eq(
        err.message,
        "otel-demo/checkout has no check or cause \"flag.valu\"; did you mean \"flag.value\"?");
    world_done(&w);
}
END_TEST

START_TEST(every_finding_of_every_kind_has_a_meaning)
{
    for (size_t i = 0; i < LD_KINDS; i++) {
        const ld_kind *kind = ld_kind_at(i);
        for (size_t k = 0; k < kind->n_findings; k++) {
            const char *text = ld_finding_meaning(kind->id, kind->findings[k].name);
            ck_assert_msg(text && *text, "%s: %s", kind->name, kind->findings[k].name);
        }
        ck_assert_ptr_null(ld_finding_meaning(kind->id, "no-such-finding"));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report explain");
    TCase *tc = tcase_create("explain");
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, explaining_a_check_says_findings_needs_and_the_command);
    tcase_add_test(tc, explaining_a_check_follows_the_scenarios_outcomes);
    tcase_add_test(tc, explaining_a_cause_says_when_it_fires_and_what_refutes_it);
    tcase_add_test(tc, a_check_and_a_cause_of_one_name_are_both_explained);
    tcase_add_test(tc, an_unknown_id_names_the_nearest);
    tcase_add_test(tc, every_finding_of_every_kind_has_a_meaning);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
