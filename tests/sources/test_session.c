/* Whole gathers: real sockets on loopback, real files, scripted faults. */
#include "sources/sessions.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "observation/observation.h"

static char folder[64], log_path[128], log_set[160];

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/leakdiag-session-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(log_path, sizeof log_path, "%s/app.log", folder);
    snprintf(log_set, sizeof log_set, "log_file=%s", log_path);
}

static void remove_folder(void)
{
    unlink(log_path);
    rmdir(folder);
}

static void write_log(const char *mode, const char *text)
{
    FILE *file = fopen(log_path, mode);
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* The latest log fact of an observation. */
static const ld_log_fact *last_log(const leakdiag_observation *o)
{
    for (size_t i = o->n_facts; i-- > 0;)
        if (o->facts[i]->kind == LD_FACT_LOG) {
            ck_assert_msg(!o->facts[i]->error, "%s", o->facts[i]->error);
            return &o->facts[i]->of.log;
        }
    ck_abort_msg("no log fact");
}

static int64_t count_of(const ld_log_fact *log, const char *name)
{
    for (size_t i = 0; i < log->n_patterns; i++)
        if (strcmp(log->patterns[i].name, name) == 0)
            return log->patterns[i].count;
    ck_abort_msg("no pattern %s", name);
}

START_TEST(a_look_brings_the_facts_of_all_sources)
{
    fake_http *server = fake_http_start(GOOD_RULES);
    char pid[40];
    snprintf(pid, sizeof pid, "pid=%d", (int)getpid());
    leakdiag_scenario *scenario = scenario_for(fake_http_url(server), fake_http_url(server), pid);
    leakdiag_session *session = session_for(leakdiag_scenario_ref(scenario), 3000, NULL);
    leakdiag_observation *o = NULL;
    leakdiag_diagnosis *d = look(session, scenario, &o);

    ck_assert_str_eq(finding(d, "flag.value"), "expected");
    ck_assert_str_eq(finding(d, "load"), "running"); /* 240 requests at 0.25/s: 16 minutes old */
    ck_assert_str_eq(finding(d, "orders"), "in-range");
    ck_assert_str_eq(finding(d, "memory"), "too-early");
    for (size_t i = 1; i < leakdiag_observation_fact_count(o); i++) /* one look, one time */
        ck_assert_int_eq(leakdiag_observation_fact_time_ms(o, i),
                         leakdiag_observation_fact_time_ms(o, 0));

    leakdiag_observation_unref(o);
    leakdiag_diagnosis_free(d);
    leakdiag_session_free(session);
    leakdiag_scenario_unref(scenario);
    fake_http_stop(server);
}
END_TEST

START_TEST(one_missing_source_hides_nothing)
{
    fake_http *server = fake_http_start(GOOD_RULES);
    char *dead = fake_dead_url();
    leakdiag_scenario *scenario = scenario_for(dead, fake_http_url(server), "pid=4194303");
    leakdiag_session *session = session_for(leakdiag_scenario_ref(scenario), 3000, NULL);
    leakdiag_observation *o = NULL;
    leakdiag_diagnosis *d = look(session, scenario, &o);

    ck_assert_str_eq(finding(d, "flag.value"), "unreachable");
    ck_assert_str_eq(finding(d, "load"), "running");
    ck_assert_str_eq(finding(d, "memory"), "no-samples");
    size_t memory = leakdiag_diagnosis_find_check(d, "memory");
    ck_assert_ptr_nonnull(strstr(leakdiag_check_reason(d, memory), "4194303"));
    ck_assert_int_eq(leakdiag_diagnosis_exit_code(d), 5);
    ck_assert_int_eq(leakdiag_diagnosis_has_evidence(d), 1);

    free(dead);
    leakdiag_observation_unref(o);
    leakdiag_diagnosis_free(d);
    leakdiag_session_free(session);
    leakdiag_scenario_unref(scenario);
    fake_http_stop(server);
}
END_TEST

typedef struct follow_up {
    const char *post, *get, *bulk, *finding;
} follow_up;

#define MISSING NOT_FOUND("{\"key\":\"kafkaQueueProblems\",\"errorCode\":\"FLAG_NOT_FOUND\"}")

static const follow_up follow_ups[] = {
    {NOT_ALLOWED, JSON_ANSWER("{\"value\":300}"), NULL, "expected"},
    {NOT_ALLOWED, NOT_ALLOWED, NULL, "not-ofrep"},
    {MISSING, NULL, JSON_ANSWER("{\"flags\":[],\"metadata\":{}}"), "file-rejected"},
    {MISSING, NULL,
     JSON_ANSWER("{\"flags\":[{\"key\":\"other\",\"value\":1,\"reason\":\"STATIC\"}]}"), "missing"},
    {JSON_ANSWER("{\"key\":\"kafkaQueueProblems\",\"reason\":\"DISABLED\"}"), NULL, NULL,
     "disabled"},
};

START_TEST(a_second_question_makes_the_answer_better)
{
    const follow_up *f = &follow_ups[_i];
    const fake_rule rules[] = {
        {.method = "POST", .path = FLAG_PATH, .bytes = f->post},
        {.method = "GET", .path = FLAG_PATH, .bytes = f->get ? f->get : NOT_ALLOWED},
        {.method = "POST",
         .path = "/ofrep/v1/evaluate/flags",
         .bytes = f->bulk ? f->bulk : NOT_ALLOWED},
        {.bytes = NOT_FOUND("{}")},
    };
    fake_http *server = fake_http_start(rules, sizeof rules / sizeof rules[0]);
    leakdiag_scenario *scenario = scenario_for(fake_http_url(server), fake_http_url(server), NULL);
    leakdiag_session *session = session_for(leakdiag_scenario_ref(scenario), 3000, NULL);
    leakdiag_diagnosis *d = look(session, scenario, NULL);
    ck_assert_str_eq(finding(d, "flag.value"), f->finding);
    leakdiag_diagnosis_free(d);
    leakdiag_session_free(session);
    leakdiag_scenario_unref(scenario);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_server_that_hangs_costs_the_deadline_and_no_other_fact)
{
    const fake_rule hang[] = {{.hang = true}};
    fake_http *slow = fake_http_start(hang, 1), *good = fake_http_start(GOOD_RULES);
    leakdiag_scenario *scenario = scenario_for(fake_http_url(slow), fake_http_url(good), NULL);
    leakdiag_session *session = session_for(leakdiag_scenario_ref(scenario), 300, NULL);
    leakdiag_diagnosis *d = look(session, scenario, NULL);
    ck_assert_str_eq(finding(d, "flag.value"), "unreachable");
    ck_assert_str_eq(finding(d, "load"), "running");
    leakdiag_diagnosis_free(d);
    leakdiag_session_free(session);
    leakdiag_scenario_unref(scenario);
    fake_http_stop(slow);
    fake_http_stop(good);
}
END_TEST

/* A session that follows the log of this test; its servers do not exist. */
static leakdiag_session *follow_log(leakdiag_scenario **scenario)
{
    char *dead = fake_dead_url();
    *scenario = scenario_for(dead, dead, log_set);
    free(dead);
    return session_for(leakdiag_scenario_ref(*scenario), 3000, NULL);
}

static int64_t new_orders(leakdiag_session *session)
{
    leakdiag_observation *o = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_session_gather(session, &o, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    int64_t n = count_of(last_log(o), "order");
    leakdiag_observation_unref(o);
    return n;
}

START_TEST(a_log_is_followed_and_each_line_counts_once)
{
    make_folder();
    write_log("w", "order placed 1\norder placed 2\n");
    leakdiag_scenario *scenario;
    leakdiag_session *session = follow_log(&scenario);
    ck_assert_int_eq(new_orders(session), 2);
    ck_assert_int_eq(new_orders(session), 0);
    write_log("a", "order placed 3\norder pla");
    ck_assert_int_eq(new_orders(session), 1); /* the half line waits for its end */
    write_log("a", "ced 4\n");
    ck_assert_int_eq(new_orders(session), 1);
    leakdiag_session_free(session);
    leakdiag_scenario_unref(scenario);
    remove_folder();
}
END_TEST

START_TEST(a_rotated_log_is_read_anew_and_says_that_lines_may_be_lost)
{
    make_folder();
    write_log("w", "order placed 1\norder placed 2\n");
    leakdiag_scenario *scenario;
    leakdiag_session *session = follow_log(&scenario);
    ck_assert_int_eq(new_orders(session), 2);
    char old[160];
    snprintf(old, sizeof old, "%s.1", log_path);
    ck_assert_int_eq(rename(log_path, old), 0);
    write_log("w", "order placed 3\n");

    leakdiag_observation *o = NULL;
    ck_assert_int_eq(leakdiag_session_gather(session, &o, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(count_of(last_log(o), "order"), 1);
    ck_assert(last_log(o)->has_gap);
    leakdiag_observation_unref(o);
    leakdiag_session_free(session);
    leakdiag_scenario_unref(scenario);
    unlink(old);
    remove_folder();
}
END_TEST

START_TEST(a_pipe_is_read_without_waiting_for_its_writer)
{
    make_folder();
    ck_assert_int_eq(mkfifo(log_path, 0600), 0);
    leakdiag_scenario *scenario;
    leakdiag_session *session = follow_log(&scenario);
    ck_assert_int_eq(new_orders(session), 0);
    int writer = open(log_path, O_WRONLY | O_NONBLOCK);
    ck_assert_int_ge(writer, 0);
    ck_assert_int_gt(write(writer, "order placed\norder pla", 22), 0);
    ck_assert_int_eq(new_orders(session), 1);
    ck_assert_int_gt(write(writer, "ced\n", 4), 0);
    ck_assert_int_eq(new_orders(session), 1);
    close(writer);
    leakdiag_session_free(session);
    leakdiag_scenario_unref(scenario);
    remove_folder();
}
END_TEST

START_TEST(a_log_that_is_not_there_says_so_and_how_to_name_it)
{
    make_folder();
    leakdiag_scenario *scenario;
    leakdiag_session *session = follow_log(&scenario);
    leakdiag_diagnosis *d = look(session, scenario, NULL);
    size_t seen = leakdiag_diagnosis_find_check(d, "flag.seen");
    ck_assert_int_eq(leakdiag_check_outcome(d, seen), LEAKDIAG_OUTCOME_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(leakdiag_check_reason(d, seen), "log_file"));
    leakdiag_diagnosis_free(d);
    leakdiag_session_free(session);
    leakdiag_scenario_unref(scenario);
    remove_folder();
}
END_TEST

static int cancel_now(const leakdiag_diagnosis *diagnosis, void *payload)
{
    ck_assert_ptr_nonnull(diagnosis);
    leakdiag_cancel_trigger(payload);
    return 0;
}

START_TEST(a_cancelled_watch_returns_what_it_knows)
{
    fake_http *server = fake_http_start(GOOD_RULES);
    leakdiag_cancel *cancel = NULL;
    ck_assert_int_eq(leakdiag_cancel_new(&cancel, NULL), LEAKDIAG_OK);
    leakdiag_session *session =
        session_for(scenario_for(fake_http_url(server), fake_http_url(server), NULL), 3000, cancel);
    leakdiag_watch_options options = LEAKDIAG_WATCH_OPTIONS_INIT;
    options.for_ms = 3600000;
    options.on_look = cancel_now;
    options.payload = cancel;
    leakdiag_diagnosis *d = NULL;
    ck_assert_int_eq(leakdiag_session_watch(session, &options, NULL, &d, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(finding(d, "flag.value"), "expected");

    leakdiag_observation *untouched = NULL; /* and a look that begins cancelled is an error */
    ck_assert_int_eq(leakdiag_session_gather(session, &untouched, NULL), LEAKDIAG_E_CANCELLED);
    ck_assert_ptr_null(untouched);
    leakdiag_diagnosis_free(d);
    leakdiag_session_free(session);
    leakdiag_cancel_free(cancel);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_bad_url_is_a_fact_and_the_rest_goes_on)
{
    fake_http *server = fake_http_start(GOOD_RULES);
    leakdiag_scenario *scenario = scenario_for("ftp://localhost/x", fake_http_url(server), NULL);
    leakdiag_session *session = session_for(leakdiag_scenario_ref(scenario), 3000, NULL);
    leakdiag_diagnosis *d = look(session, scenario, NULL);
    size_t flag = leakdiag_diagnosis_find_check(d, "flag.value");
    ck_assert_int_eq(leakdiag_check_outcome(d, flag), LEAKDIAG_OUTCOME_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(leakdiag_check_reason(d, flag), "http"));
    ck_assert_str_eq(finding(d, "load"), "running");
    leakdiag_diagnosis_free(d);
    leakdiag_session_free(session);
    leakdiag_scenario_unref(scenario);
    fake_http_stop(server);
}
END_TEST

START_TEST(the_capture_of_a_look_is_judged_the_same_as_the_look)
{
    fake_http *server = fake_http_start(GOOD_RULES);
    leakdiag_scenario *scenario = scenario_for(fake_http_url(server), fake_http_url(server), NULL),
                      *again = NULL;
    leakdiag_session *session = session_for(leakdiag_scenario_ref(scenario), 3000, NULL);
    leakdiag_observation *o = NULL, *replayed = NULL;
    leakdiag_diagnosis *live = look(session, scenario, &o), *replay = NULL;
    char *text = NULL;
    size_t len;
    ck_assert_int_eq(leakdiag_observation_to_json(o, &text, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_observation_from_json(text, strlen(text), &replayed, NULL),
                     LEAKDIAG_OK);
    const char *yaml = leakdiag_observation_scenario(replayed, &len);
    const char *set[] = {leakdiag_observation_setting(replayed, 0),
                         leakdiag_observation_setting(replayed, 1)};
    ck_assert_uint_eq(leakdiag_observation_setting_count(replayed), 2);
    ck_assert_int_eq(leakdiag_scenario_parse(yaml, len, NULL, set, 2, &again, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_diagnose(again, replayed, &replay, NULL), LEAKDIAG_OK);
    for (size_t i = 0; i < leakdiag_diagnosis_check_count(live); i++) {
        ck_assert_str_eq(leakdiag_check_observed(live, i), leakdiag_check_observed(replay, i));
        ck_assert_str_eq(leakdiag_check_reason(live, i), leakdiag_check_reason(replay, i));
        ck_assert_int_eq(leakdiag_check_outcome(live, i), leakdiag_check_outcome(replay, i));
    }
    leakdiag_free(text);
    leakdiag_diagnosis_free(live);
    leakdiag_diagnosis_free(replay);
    leakdiag_observation_unref(o);
    leakdiag_observation_unref(replayed);
    leakdiag_scenario_unref(again);
    leakdiag_scenario_unref(scenario);
    leakdiag_session_free(session);
    fake_http_stop(server);
}
END_TEST

START_TEST(bad_options_are_refused_before_anything_is_asked)
{
    static const struct {
        int64_t deadline_ms;
        size_t size;
        bool has_mute_transport;
        const char *message;
    } rows[] = {{-1, sizeof(leakdiag_session_options), false, "deadline"},
                {INT64_C(2147483648), sizeof(leakdiag_session_options), false, "deadline"},
                {0, 0, false, "size"},
                {0, sizeof(leakdiag_session_options), true, "answer()"}};
    const leakdiag_transport mute = LEAKDIAG_TRANSPORT_INIT;
    leakdiag_scenario *scenario = NULL;
    ck_assert(!leakdiag_scenario_builtin("any-workload", NULL, 0, &scenario, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        leakdiag_session_options options = {.size = rows[i].size,
                                            .deadline_ms = rows[i].deadline_ms,
                                            .transport = rows[i].has_mute_transport ? &mute : NULL};
        leakdiag_session *session = NULL;
        leakdiag_error err = {0};
        ck_assert_int_eq(leakdiag_session_new(scenario, &options, &session, &err),
                         LEAKDIAG_E_INVALID);
        ck_assert_msg(strstr(err.message, rows[i].message), "%s", err.message);
        ck_assert_ptr_null(session);
    }
    ck_assert_int_eq(leakdiag_session_new(NULL, NULL, NULL, NULL), LEAKDIAG_E_INVALID);
    leakdiag_scenario_unref(scenario);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("session");
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, a_look_brings_the_facts_of_all_sources);
    tcase_add_test(tc, one_missing_source_hides_nothing);
    tcase_add_loop_test(tc, a_second_question_makes_the_answer_better, 0,
                        sizeof follow_ups / sizeof follow_ups[0]);
    tcase_add_test(tc, a_server_that_hangs_costs_the_deadline_and_no_other_fact);
    tcase_add_test(tc, a_log_is_followed_and_each_line_counts_once);
    tcase_add_test(tc, a_rotated_log_is_read_anew_and_says_that_lines_may_be_lost);
    tcase_add_test(tc, a_pipe_is_read_without_waiting_for_its_writer);
    tcase_add_test(tc, a_log_that_is_not_there_says_so_and_how_to_name_it);
    tcase_add_test(tc, a_cancelled_watch_returns_what_it_knows);
    tcase_add_test(tc, a_bad_url_is_a_fact_and_the_rest_goes_on);
    tcase_add_test(tc, the_capture_of_a_look_is_judged_the_same_as_the_look);
    tcase_add_test(tc, bad_options_are_refused_before_anything_is_asked);
    Suite *suite = suite_create("session");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
