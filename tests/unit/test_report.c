#include "report_fixture.h"

#include <stdio.h>
#include <string.h>

#include "report/forms.h"

static const leakdiag_report_options plain = {0};

static char *render_text(const world *w)
{
    return render(w, LEAKDIAG_FORMAT_TEXT, plain);
}

/* ---- text ------------------------------------------------------------------------------------ */

START_TEST(the_text_says_verdict_checks_causes_and_the_next_command)
{
    world w;
    world_make(&w);
    char *text = render_text(&w);
    ck_assert_str_eq(
        text, "NOT AS EXPECTED  The flag is on, but its value is too low for the timeline\n"
              "otel-demo/checkout at 2026-11-23T14:31:00Z\n"
              "\n"
              "\xe2\x96\xb8 FAIL  flag.value  lower         100 (variant on); expected 300\n"
              "        first broken link: a third of the value\n"
              "  WARN  load        users-differ  50 users, 3/s, 12m; expected 25 users\n"
              "  PASS  orders      in-range      14.2/min (71 in 5m); expected more than 0/min\n"
              "  PASS  flag.seen   seen          3 lines in 5m, value 100; expected 300\n"
              "  PASS  limit       expected      20Mi\n"
              "  BLKD  memory      behind        9Mi, +0.2Mi/min; blocked by flag.value\n"
              "  not looked at: telemetry.memory, collector (no source configured)\n"
              "\n"
              "  LIKELY    flag-value-too-low  The flag is on, but its value is too low for the\n"
              "                                timeline\n"
              "    for         flag.value is lower: 100 (variant on), expected 300\n"
              "                flag.seen is seen: 3 lines in 5m\n"
              "    against     memory is on-track: 12Mi\n"
              "    refuted by  memory on the timeline of 300\n"
              "    predicts    the limit is reached in 54m\n"
              "    fix         Raise the value of variant \"on\" to 300 or 500.\n"
              "  POSSIBLE  limit-too-high      The container may use more memory than the\n"
              "                                experiment assumes\n"
              "\n"
              "next: kubectl edit configmap flagd-config -n otel-demo\n");
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(what_does_not_fit_goes_on_under_its_own_column)
{
    world w;
    world_make(&w);
    char *text = render(&w, LEAKDIAG_FORMAT_TEXT, (leakdiag_report_options){.columns = 62});
    ck_assert_ptr_nonnull(strstr(text,
                                 "NOT AS EXPECTED  The flag is on, but its value is too low for\n"
                                 "                 the timeline\n"));
    ck_assert_ptr_nonnull(strstr(text,
                                 "  WARN  load        users-differ  50 users, 3/s, 12m; expected\n"
                                 "                                  25 users\n"));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(verbose_shows_every_check_with_source_age_and_command)
{
    world w;
    world_make(&w);
    char *text = render(&w, LEAKDIAG_FORMAT_TEXT, (leakdiag_report_options){.verbose = 1});
    ck_assert_ptr_nonnull(strstr(text, "source   ofrep http://localhost:8016, 2s ago\n"));
    ck_assert_ptr_nonnull(strstr(text, "by hand  grep -ci 'order placed' shop.log\n"));
    ck_assert_ptr_nonnull(strstr(text, "  ????  telemetry.memory  -             no telemetry"));
    ck_assert_ptr_null(strstr(text, "not looked at"));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(only_the_first_broken_link_is_marked)
{
    world w;
    world_make(&w);
    answer(&w, LIMIT, "higher", LD_FAIL, "64Mi", "20Mi", "");
    char *text = render(&w, LEAKDIAG_FORMAT_TEXT, (leakdiag_report_options){.ascii = 1});
    char *mark = strstr(text, "\n> FAIL  flag.value");
    ck_assert_ptr_nonnull(mark);
    ck_assert_ptr_null(strstr(mark + 1, "\n> "));
    ck_assert_ptr_nonnull(strstr(text, "\n  FAIL  limit "));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(a_failure_that_blocks_nothing_is_no_link)
{
    world w;
    world_make(&w);
    answer(&w, MEMORY, "behind", LD_PASS, "9Mi", "", "");
    char *text = render_text(&w);
    ck_assert_ptr_nonnull(strstr(text, "expected 300\n        a third of the value\n"));
    ck_assert_ptr_null(strstr(text, "first broken link"));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(a_rate_has_its_window_and_its_count_when_known)
{
    static const struct {
        ld_rate rate;
        const char *shown;
    } cases[] = {
        {{true, 14.24, 300, 71, "x"}, "  14.2/min, 71 in 5m "},
        {{true, 0, NAN, 0, "x"}, "  0/min  "},
        {{true, 60, NAN, 900, "x"}, "  60/min, 900 in all  "},
        {{true, 6, 90, NAN, "x"}, "  6/min over 90s  "},
    };
    world w;
    world_make(&w);
    w.rates[ORDERS] = cases[_i].rate;
    char *text = render(&w, LEAKDIAG_FORMAT_QUICK, plain);
    ck_assert_msg(strstr(text, cases[_i].shown) != NULL, "%s", text);
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(an_unknown_answer_says_why)
{
    world w;
    world_make(&w);
    answer(&w, ORDERS, "silent-source", LD_UNKNOWN, "", "more than 0/min", "the log is empty");
    char *text = render_text(&w);
    ck_assert_ptr_nonnull(
        strstr(text, "  \?\?\?\?  orders      silent-source  the log is empty\n"));
    leakdiag_free(text);

    /* A word that is the finding's own adds nothing. */
    answer(&w, FLAG, "unreachable", LD_UNKNOWN, "unreachable", "300", "connection refused");
    w.d.first_broken = SIZE_MAX;
    text = render_text(&w);
    ck_assert_ptr_nonnull(strstr(text, "  flag.value  unreachable    connection refused\n"));
    leakdiag_free(text);
    text = render(&w, LEAKDIAG_FORMAT_QUICK, plain);
    ck_assert_ptr_nonnull(strstr(text, "  flag value    connection refused        expected 300\n"
                                       "      by hand       curl "));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(what_passes_keeps_to_one_line)
{
    world w;
    world_make(&w);
    static const char observed[] = "running, 25 users, 3/s, for 22m";
    answer(&w, LOAD, "running", LD_PASS, observed, "running, 25 users, 3/s, for 10m", "");
    char *text = render_text(&w);
    ck_assert_ptr_nonnull(strstr(text, "running   running, 25 users, 3/s, for 22m\n"));
    leakdiag_free(text);
    w.answers[LOAD].outcome = LD_WARN; /* what does not pass says what was expected */
    text = render_text(&w);
    ck_assert_ptr_nonnull(strstr(text, "running   running, 25 users, 3/s, for 22m; expected"));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(names_that_do_not_fit_one_line_are_counted)
{
    world w;
    world_make(&w);
    for (size_t i = LOAD; i < CHECKS; i++)
        w.answers[i].is_configured = false;
    char *text = render(&w, LEAKDIAG_FORMAT_TEXT, (leakdiag_report_options){.columns = 72});
    ck_assert_ptr_nonnull(
        strstr(text, "  not looked at: load, orders and 5 more (no source configured)\n"));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

/* Two samples, no cause, and a prediction for the limit of 20Mi. */
static void add_prediction(world *w, double ttl_s, double lo_s, double hi_s)
{
    int64_t times_ms[] = {NOW_MS - 60000, NOW_MS};
    double bytes[] = {8 * MI, 11 * MI};
    world_samples(w, times_ms, bytes, 2);
    w->d.ttl_s = ttl_s;
    w->d.ttl_lo_s = lo_s;
    w->d.ttl_hi_s = hi_s;
    world_text(&w->d.summary, "memory is on-track");
    w->d.n_causes = 0;
}

START_TEST(the_time_to_the_limit_has_its_interval)
{
    static const struct {
        double lo_s, hi_s;
        const char *line;
    } cases[] = {
        {150, 240, "\n  the limit 20Mi is reached in 3m (2m30s to 4m)\n"},
        {150, INFINITY, "\n  the limit 20Mi is reached in 3m (2m30s or later)\n"},
        {NAN, NAN, "\n  the limit 20Mi is reached in 3m\n"},
    };
    world w;
    world_make(&w);
    add_prediction(&w, 180, cases[_i].lo_s, cases[_i].hi_s);
    char *text = render_text(&w);
    ck_assert_ptr_nonnull(strstr(text, cases[_i].line));
    leakdiag_free(text);
    world_text(&w.d.summary, "on track; the limit is reached in 3m");
    text = render_text(&w);
    ck_assert_msg(strstr(text, "the limit 20Mi") == NULL, "it must not be said twice");
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(too_early_says_from_when_on)
{
    world w;
    world_make(&w);
    w.d.is_decided = false;
    w.d.decides_at_ms = NOW_MS + 90000;
    char *text = render_text(&w);
    ck_assert_ptr_nonnull(
        strstr(text, "  memory can be judged from 2026-11-23T14:32:30Z on (in 90s)\n"));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(the_plot_stands_between_checks_and_causes)
{
    world w;
    world_make(&w);
    add_prediction(&w, NAN, NAN, NAN);
    w.d.n_causes = 2;
    char *text = render_text(&w);
    const char *axis = strstr(text, " limit 20Mi \xe2\x94\xa4");
    ck_assert_ptr_nonnull(axis);
    ck_assert(axis > strstr(text, "not looked at"));
    ck_assert(axis < strstr(text, "LIKELY"));
    ck_assert_ptr_nonnull(strstr(text, ", 2 memory samples over 60s\n"));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

/* ---- quick ----------------------------------------------------------------------------------- */

START_TEST(quick_gives_the_five_answers_in_the_runbooks_order)
{
    world w;
    world_make(&w);
    int64_t times_ms[] = {NOW_MS - 1000};
    double bytes[] = {9 * MI};
    world_samples(&w, times_ms, bytes, 1);
    char *text = render(&w, LEAKDIAG_FORMAT_QUICK, plain);
    ck_assert_str_eq(
        text, "FAIL  flag value    100 (variant on)          expected 300\n"
              "BLKD  memory now    9Mi, behind               expected 12Mi at 6m\n"
              "PASS  flag in log   3 lines in 5m, value 100  expected 300\n"
              "        5s ago  Warning: FeatureFlag 'kafkaQueueProblems' is activated,\n"
              "        overloading queue now.\n"
              "        Done with #100 messages for overload simulation.\n"
              "PASS  orders        14.2/min, 71 in 5m        expected more than 0/min\n"
              "PASS  memory limit  20Mi                      expected 20Mi\n"
              "\n"
              "NOT AS EXPECTED  flag-value-too-low (likely): The flag is on, but its value is\n"
              "  too low for the timeline\n"
              "next: kubectl edit configmap flagd-config -n otel-demo\n");
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(a_missing_source_hides_none_of_the_other_four)
{
    static const struct {
        size_t check;
        const char *line;
    } cases[] = {
        {FLAG, "\?\?\?\?  flag value    connection refused"},
        {MEMORY, "\?\?\?\?  memory now    connection refused"},
        {SEEN, "\?\?\?\?  flag in log   connection refused"},
        {ORDERS, "\?\?\?\?  orders        connection refused"},
        {LIMIT, "\?\?\?\?  memory limit  connection refused"},
    };
    static const char *const labels[] = {"  flag value  ", "  memory now  ", "  flag in log ",
                                         "  orders      ", "  memory limit"};
    world w;
    world_make(&w);
    int64_t times_ms[] = {NOW_MS - 1000};
    double bytes[] = {9 * MI};
    if (cases[_i].check != MEMORY)
        world_samples(&w, times_ms, bytes, 1);
    if (cases[_i].check == SEEN)
        w.facts[2]->of.log.n_recent = 0;
    w.rates[ORDERS].is_known = cases[_i].check != ORDERS;
    answer(&w, cases[_i].check, NULL, LD_UNKNOWN, "", "x", "connection refused");

    char *text = render(&w, LEAKDIAG_FORMAT_QUICK, plain);
    w.facts[2]->of.log.n_recent = 2;
    ck_assert_msg(strstr(text, cases[_i].line) != NULL, "%s", text);
    for (size_t i = 0; i < COUNT(labels); i++)
        ck_assert_msg(strstr(text, labels[i]) != NULL, "no %s in\n%s", labels[i], text);
    const char *command = w.checks[cases[_i].check].command;
    if (command) /* the next step by hand; its last word is never broken */
        ck_assert_ptr_nonnull(strstr(text, strrchr(command, ' ') + 1));
    const char *unknown = strstr(text, "\?\?\?\?");
    ck_assert_msg(strstr(unknown + 1, "\?\?\?\?") == NULL, "only one is unknown:\n%s", text);
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(quick_names_a_blocker_that_is_none_of_the_five)
{
    world w;
    world_make(&w);
    answer(&w, LOAD, "stopped", LD_FAIL, "stopped", "running", "");
    answer(&w, SEEN, "not-seen", LD_BLOCKED, "none", "300", "");
    w.answers[SEEN].blocked_by = LOAD;
    char *text = render(&w, LEAKDIAG_FORMAT_QUICK, plain);
    ck_assert_ptr_nonnull(strstr(text, "\n                    blocked by load: stopped\n"));
    leakdiag_free(text);

    w.facts[2]->of.log.n_recent = 0; /* nothing was seen either: no question by hand for that */
    answer(&w, SEEN, "not-seen", LD_BLOCKED, "", "300", "no line of the flag");
    w.answers[SEEN].blocked_by = LOAD;
    text = render(&w, LEAKDIAG_FORMAT_QUICK, plain);
    w.facts[2]->of.log.n_recent = 2;
    ck_assert_ptr_nonnull(strstr(text, "BLKD  flag in log   blocked by load: stopped  expected 300"
                                       "\nPASS  orders "));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(what_a_scenario_does_not_ask_is_said)
{
    world w;
    world_make(&w);
    w.d.n_answers = LIMIT; /* no limit, no memory */
    char *text = render(&w, LEAKDIAG_FORMAT_QUICK, plain);
    ck_assert_ptr_nonnull(strstr(text, "----  memory now    this scenario does not ask for it\n"));
    ck_assert_ptr_nonnull(strstr(text, "----  memory limit  this scenario does not ask for it\n"));
    leakdiag_free(text);
    world_done(&w);
}
END_TEST

START_TEST(quick_keeps_the_last_three_lines_of_the_flag)
{
    world w;
    world_make(&w);
    /* An earlier look with three lines; the latest look has two. */
    ld_fact *earlier = NULL;
    ck_assert_int_eq(ld_fact_new(LD_FACT_LOG, "log-file shop.log", NOW_MS - 9000, &earlier, NULL),
                     0);
    earlier->of.log.recent = ld_alloc_array(3, sizeof(ld_line));
    earlier->of.log.n_recent = 3;
    for (size_t i = 0; i < 3; i++)
        earlier->of.log.recent[i].text = ld_copy_text(i == 2 ? "line three" : "too old");
    w.facts[3] = w.facts[2];
    w.facts[2] = earlier;
    w.observation.n_facts = 4;

    ld_five five;
    ld_five_find(&w.d, &five);
    ck_assert_uint_eq(five.n_lines, 3);
    ck_assert_str_eq(five.lines[0]->text, "line three");
    ck_assert_str_eq(five.lines[2]->text, "Done with #100 messages for overload simulation.");
    world_done(&w);
}
END_TEST

/* ---- arguments ------------------------------------------------------------------------------- */

START_TEST(a_bad_call_leaves_the_output_alone)
{
    world w;
    world_make(&w);
    char untouched, *text = &untouched;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_report_render(&w.d, (leakdiag_format)9, NULL, &text, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_ptr_eq(text, &untouched);
    ck_assert_ptr_nonnull(strstr(err.message, "9 is no report format"));

    leakdiag_report_options options = LEAKDIAG_REPORT_OPTIONS_INIT;
    options.size = 3;
    ck_assert_int_eq(leakdiag_report_render(&w.d, LEAKDIAG_FORMAT_TEXT, &options, &text, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_int_eq(leakdiag_report_render(NULL, LEAKDIAG_FORMAT_TEXT, NULL, &text, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_ptr_eq(text, &untouched);
    world_done(&w);
}
END_TEST

static size_t allocations_left;

static void *count_alloc(size_t bytes, void *payload)
{
    (void)payload;
    return allocations_left-- > 0 ? malloc(bytes) : NULL;
}

static void *count_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    (void)old_bytes;
    (void)payload;
    return allocations_left-- > 0 ? realloc(memory, bytes) : NULL;
}

static void count_release(void *memory, void *payload)
{
    (void)payload;
    free(memory);
}

START_TEST(every_failed_allocation_is_an_error_and_leaks_nothing)
{
    static const leakdiag_allocator counting = {sizeof counting, count_alloc, count_resize,
                                                count_release, NULL};
    static const leakdiag_format formats[] = {LEAKDIAG_FORMAT_TEXT, LEAKDIAG_FORMAT_JSON,
                                              LEAKDIAG_FORMAT_JUNIT, LEAKDIAG_FORMAT_QUICK};
    allocations_left = 1000000;
    ck_assert_int_eq(leakdiag_set_allocator(&counting), LEAKDIAG_OK);
    world w;
    world_make(&w);
    add_prediction(&w, 180, 150, 240);
    w.d.n_causes = 2;
    leakdiag_status status = LEAKDIAG_E_NOMEM;
    for (size_t n = 0; status != LEAKDIAG_OK; n++) {
        char *text = NULL;
        allocations_left = n;
        status = leakdiag_report_render(&w.d, formats[_i], NULL, &text, NULL);
        allocations_left = 1000000;
        ck_assert_int_eq(status, text ? LEAKDIAG_OK : LEAKDIAG_E_NOMEM);
        leakdiag_free(text);
        ck_assert_msg(n < 5000, "it never succeeds");
    }
    world_done(&w);
    ck_assert_int_eq(leakdiag_set_allocator(NULL), LEAKDIAG_OK);
}
END_TEST

static void add_loop(TCase *tc, const TTest *test, size_t n)
{
    tcase_add_loop_test(tc, test, 0, (int)n);
}

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tc = tcase_create("forms");
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, the_text_says_verdict_checks_causes_and_the_next_command);
    tcase_add_test(tc, what_does_not_fit_goes_on_under_its_own_column);
    tcase_add_test(tc, verbose_shows_every_check_with_source_age_and_command);
    tcase_add_test(tc, only_the_first_broken_link_is_marked);
    tcase_add_test(tc, a_failure_that_blocks_nothing_is_no_link);
    add_loop(tc, a_rate_has_its_window_and_its_count_when_known, 4);
    tcase_add_test(tc, an_unknown_answer_says_why);
    tcase_add_test(tc, what_passes_keeps_to_one_line);
    tcase_add_test(tc, names_that_do_not_fit_one_line_are_counted);
    add_loop(tc, the_time_to_the_limit_has_its_interval, 3);
    tcase_add_test(tc, too_early_says_from_when_on);
    tcase_add_test(tc, the_plot_stands_between_checks_and_causes);
    tcase_add_test(tc, quick_gives_the_five_answers_in_the_runbooks_order);
    add_loop(tc, a_missing_source_hides_none_of_the_other_four, 5);
    tcase_add_test(tc, quick_names_a_blocker_that_is_none_of_the_five);
    tcase_add_test(tc, what_a_scenario_does_not_ask_is_said);
    tcase_add_test(tc, quick_keeps_the_last_three_lines_of_the_flag);
    tcase_add_test(tc, a_bad_call_leaves_the_output_alone);
    add_loop(tc, every_failed_allocation_is_an_error_and_leaks_nothing, 4);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
