/* The tools that stand alone, against fake services and trees of kernel files: flag, load, memory.
 */
#include <check.h>
#include <leakdiag/flag.h>
#include <leakdiag/load.h>
#include <leakdiag/memory.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fake/fake_http.h"
#include "fake/torture.h"
#include "sources/asking.h"
#include "sources/flag.h"
#include "sources/kube_facts.h"
#include "sources/load.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define FLAG_PATH    "/ofrep/v1/evaluate/flags/kafkaQueueProblems"
#define BULK_PATH    "/ofrep/v1/evaluate/flags"

/* A rule that sends a recorded answer; its bytes are never freed. */
static fake_rule recorded(const char *method, const char *path, const char *file)
{
    char name[1024];
    fake_rule rule = {.method = method, .path = path};
    snprintf(name, sizeof name, "%s/%s.resp.http", FIXTURES, file);
    rule.bytes = fake_read_file(name, &rule.len);
    return rule;
}

static void forget(fake_rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free((void *)(uintptr_t)rules[i].bytes);
}

static leakdiag_flag *evaluate(const char *url, const leakdiag_flag_options *options)
{
    leakdiag_flag *flag = NULL;
    leakdiag_error err = {0};
    leakdiag_status status =
        leakdiag_flag_evaluate(url, "kafkaQueueProblems", options, &flag, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return flag;
}

static void assert_flag(const leakdiag_flag *flag, leakdiag_flag_state state, const char *method,
                        int http_status)
{
    leakdiag_flag_state got = leakdiag_flag_get_state(flag);
    ck_assert_msg(got == state, "state is %s: %s", leakdiag_flag_state_name(got),
                  leakdiag_flag_detail(flag));
    ck_assert_str_eq(leakdiag_flag_method(flag), method);
    ck_assert_int_eq(leakdiag_flag_http_status(flag), http_status);
    ck_assert_int_ge(leakdiag_flag_latency_ms(flag), 0);
}

/* ---- flag ---- */

START_TEST(a_value_takes_one_post_with_the_context)
{
    fake_rule rule = recorded("POST", FLAG_PATH, "ofrep/01_post_off");
    fake_http *server = fake_http_start(&rule, 1);
    leakdiag_flag_options options = LEAKDIAG_FLAG_OPTIONS_INIT;
    options.context_json = "{\"targetingKey\":\"x\"}";
    options.bearer_token = "canary-token\n";
    options.api_key = "canary-key";
    leakdiag_flag *flag = evaluate(fake_http_url(server), &options);
    assert_flag(flag, LEAKDIAG_FLAG_VALUE, "POST", 200);
    ck_assert(leakdiag_flag_number(flag) == 0);
    ck_assert_uint_eq(fake_http_request_count(server), 1);
    char *sent = fake_http_request(server, 0);
    ck_assert_ptr_nonnull(strstr(sent, "POST " FLAG_PATH " HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\nContent-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\nAuthorization: Bearer canary-token\r\n"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\nX-API-Key: canary-key\r\n"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\n\r\n{\"context\":{\"targetingKey\":\"x\"}}"));
    char *json = NULL;
    ck_assert_int_eq(leakdiag_flag_to_json(flag, &json, NULL), LEAKDIAG_OK);
    ck_assert_ptr_null(strstr(json, "canary"));
    leakdiag_free(json);
    free(sent);
    leakdiag_flag_free(flag);
    fake_http_stop(server);
    forget(&rule, 1);
}
END_TEST

START_TEST(a_credential_that_a_refusal_repeats_is_not_shown)
{
    static const char refusal[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
                                  "Connection: close\r\n\r\n{\"errorCode\":\"GENERAL\","
                                  "\"errorDetails\":\"canary-token or canary-key is unknown\"}";
    static const fake_rule rules[] = {{.bytes = refusal}};
    fake_http *server = fake_http_start(rules, 1);
    leakdiag_flag_options options = LEAKDIAG_FLAG_OPTIONS_INIT;
    leakdiag_flag *flag = NULL;
    leakdiag_flags *flags = NULL;
    char *json = NULL;
    options.bearer_token = "canary-token\n";
    options.api_key = "canary-key";
    ck_assert(!leakdiag_flag_evaluate(fake_http_url(server), "k", &options, &flag, NULL));
    ck_assert_ptr_nonnull(strstr(leakdiag_flag_detail(flag), "is unknown"));
    ck_assert(!leakdiag_flag_to_json(flag, &json, NULL));
    ck_assert_ptr_null(strstr(json, "canary"));
    ck_assert(!leakdiag_flag_evaluate_all(fake_http_url(server), &options, &flags, NULL));
    ck_assert_ptr_null(strstr(leakdiag_flags_detail(flags), "canary"));
    leakdiag_free(json);
    leakdiag_flag_free(flag);
    leakdiag_flags_free(flags);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_service_that_takes_only_get_is_asked_once_more_and_named)
{
    const fake_rule rules[] = {
        {.method = "POST", .bytes = "HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n"},
        {.method = "GET",
         .path = "/prefix" FLAG_PATH,
         .bytes = "HTTP/1.0 200 OK\r\n\r\n{\"value\": 300}"}};
    fake_http *server = fake_http_start(rules, 2);
    char url[128];
    snprintf(url, sizeof url, "%s/prefix/", fake_http_url(server));
    leakdiag_flag *flag = evaluate(url, NULL);
    assert_flag(flag, LEAKDIAG_FLAG_VALUE, "GET", 200);
    ck_assert(leakdiag_flag_number(flag) == 300);
    ck_assert_uint_eq(fake_http_request_count(server), 2);
    char *get = fake_http_request(server, 1);
    ck_assert_ptr_null(strstr(get, "Content-Type"));
    free(get);
    leakdiag_flag_free(flag);
    fake_http_stop(server);
}
END_TEST

START_TEST(flagd_on_a_wrong_path_is_not_ofrep_after_one_get)
{
    fake_rule rules[] = {recorded(NULL, NULL, "ofrep/25_root")};
    fake_http *server = fake_http_start(rules, 1);
    leakdiag_flag *flag = evaluate(fake_http_url(server), NULL);
    assert_flag(flag, LEAKDIAG_FLAG_NOT_OFREP, "POST", 404);
    ck_assert_uint_eq(fake_http_request_count(server), 2);
    leakdiag_flag_free(flag);
    fake_http_stop(server);
    forget(rules, 1);
}
END_TEST

START_TEST(the_list_of_all_flags_tells_missing_from_a_rejected_file)
{
    static const struct {
        const char *bulk;
        leakdiag_flag_state state;
    } rows[] = {{"ofrep/18_bulk", LEAKDIAG_FLAG_MISSING},
                {"ofrep/invalid_file/18_bulk", LEAKDIAG_FLAG_FILE_REJECTED},
                {"ofrep/20_bulk_get", LEAKDIAG_FLAG_MISSING}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        fake_rule rules[] = {recorded("POST", FLAG_PATH, "ofrep/invalid_file/01_post_off"),
                             recorded("POST", BULK_PATH, rows[i].bulk)};
        fake_http *server = fake_http_start(rules, 2);
        leakdiag_flag *flag = evaluate(fake_http_url(server), NULL);
        assert_flag(flag, rows[i].state, "POST", 404);
        ck_assert_uint_eq(fake_http_request_count(server), 2);
        leakdiag_flag_free(flag);
        fake_http_stop(server);
        forget(rules, 2);
    }
}
END_TEST

/* What is no answer, or the answer of something else. */
static const struct {
    fake_rule rule;
    leakdiag_flag_state state;
    const char *in_detail;
} answers[] = {
    {{.bytes = "", .reset = true}, LEAKDIAG_FLAG_UNREACHABLE, "cut the connection"},
    {{.bytes = "SSH-2.0-OpenSSH_9.2\r\n\r\n"}, LEAKDIAG_FLAG_NOT_OFREP, "not speak HTTP"},
    {{.bytes = "HTTP/1.1 302 Found\r\nLocation: https://login.example/?t=s3cret\r\n"
               "Content-Length: 0\r\n\r\n"},
     LEAKDIAG_FLAG_NOT_OFREP,
     "redirect to login.example"},
    {{.bytes = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"},
     LEAKDIAG_FLAG_REFUSED,
     "401"},
    {{.bytes = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"},
     LEAKDIAG_FLAG_UNREACHABLE,
     "gateway"},
    {{.bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"},
     LEAKDIAG_FLAG_NOT_OFREP,
     "text/html: <html>"},
    {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"value\":"},
     LEAKDIAG_FLAG_MALFORMED,
     "line 1"},
};

START_TEST(each_other_answer_is_a_state_and_takes_one_request)
{
    fake_http *server = fake_http_start(&answers[_i].rule, 1);
    leakdiag_flag *flag = evaluate(fake_http_url(server), NULL);
    ck_assert_int_eq(leakdiag_flag_get_state(flag), answers[_i].state);
    ck_assert_msg(strstr(leakdiag_flag_detail(flag), answers[_i].in_detail), "detail is: %s",
                  leakdiag_flag_detail(flag));
    ck_assert_ptr_null(strstr(leakdiag_flag_detail(flag), "s3cret"));
    ck_assert_uint_eq(fake_http_request_count(server), 1);
    leakdiag_flag_free(flag);
    fake_http_stop(server);
}
END_TEST

START_TEST(an_answer_without_end_is_malformed_and_not_read_to_its_end)
{
    const size_t len = (size_t)4 << 20;
    char *bytes = malloc(len + 128);
    int head = sprintf(bytes, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n", len);
    memset(bytes + head, ' ', len);
    const fake_rule rule = {.bytes = bytes, .len = (size_t)head + len};
    fake_http *server = fake_http_start(&rule, 1);
    leakdiag_flag *flag = evaluate(fake_http_url(server), NULL);
    assert_flag(flag, LEAKDIAG_FLAG_MALFORMED, "POST", 0);
    ck_assert_ptr_nonnull(strstr(leakdiag_flag_detail(flag), "larger than 1048576 bytes"));
    leakdiag_flag_free(flag);
    fake_http_stop(server);
    free(bytes);
}
END_TEST

START_TEST(a_refused_connection_is_unreachable_and_says_what_to_do)
{
    char *url = fake_dead_url();
    leakdiag_flag *flag = evaluate(url, NULL);
    assert_flag(flag, LEAKDIAG_FLAG_UNREACHABLE, "POST", 0);
    ck_assert_ptr_nonnull(strstr(leakdiag_flag_detail(flag), "refused after "));
    ck_assert_ptr_nonnull(strstr(leakdiag_flag_detail(flag), "is its port-forward running?"));
    leakdiag_flag_free(flag);
    free(url);
}
END_TEST

START_TEST(on_the_usual_port_the_command_of_the_port_forward_is_given)
{
    ld_flag_ask *ask = NULL;
    leakdiag_flag *flag = NULL;
    ld_http_request request;
    ck_assert_int_eq(ld_flag_ask_new("http://localhost:8016", "k", NULL, &ask, NULL), LEAKDIAG_OK);
    ld_flag_ask_first(ask, &request);
    request.end = LD_HTTP_NO_CONNECT;
    snprintf(request.why, sizeof request.why, "connect to localhost:8016: refused after 0 ms");
    ck_assert_int_eq(ld_flag_ask_decode(ask, &request, &flag, NULL), LEAKDIAG_OK);
    ck_assert_ptr_nonnull(
        strstr(leakdiag_flag_detail(flag), "kubectl -n otel-demo port-forward svc/flagd 8016"));
    leakdiag_flag_free(flag);
    ld_flag_ask_free(ask);
}
END_TEST

START_TEST(a_service_that_hangs_is_given_up_and_the_second_question_gets_the_rest_of_the_time)
{
    const fake_rule rules[] = {{.path = FLAG_PATH,
                                .bytes = "HTTP/1.1 404 Not Found\r\nContent-Length: 30\r\n\r\n"
                                         "{\"errorCode\":\"FLAG_NOT_FOUND\"}"},
                               {.path = BULK_PATH, .hang = true}};
    fake_http *server = fake_http_start(rules, 2);
    leakdiag_flag_options options = LEAKDIAG_FLAG_OPTIONS_INIT;
    options.deadline_ms = 150;
    leakdiag_flag *flag = evaluate(fake_http_url(server), &options);
    assert_flag(flag, LEAKDIAG_FLAG_MISSING, "POST", 404);
    leakdiag_flag_free(flag);

    fake_http_set_rules(server, &(fake_rule){.hang = true}, 1);
    flag = evaluate(fake_http_url(server), &options);
    assert_flag(flag, LEAKDIAG_FLAG_UNREACHABLE, "POST", 0);
    ck_assert_ptr_nonnull(strstr(leakdiag_flag_detail(flag), "first byte"));
    ck_assert_ptr_null(strstr(leakdiag_flag_detail(flag), "port-forward"));
    leakdiag_flag_free(flag);
    fake_http_stop(server);
}
END_TEST

START_TEST(bad_arguments_are_refused_and_nothing_is_sent)
{
    const fake_rule rule = {.bytes = "HTTP/1.1 200 OK\r\n\r\n"};
    fake_http *server = fake_http_start(&rule, 1);
    const char *fine = fake_http_url(server);
    leakdiag_flag_options bad_context = LEAKDIAG_FLAG_OPTIONS_INIT, bad_token = bad_context,
                          empty_token = bad_context, bad_key = bad_context, bad_time = bad_context,
                          bad_size = bad_context;
    bad_context.context_json = "[]";
    bad_token.bearer_token = "s3cret\r\nX-Injected: 1";
    empty_token.bearer_token = "\n";
    bad_key.api_key = "s3cret\x01";
    bad_time.deadline_ms = -1;
    bad_size.size = 8;
    const struct {
        const char *url, *key;
        const leakdiag_flag_options *options;
        const char *in_message;
    } rows[] = {
        {"localhost:8016", "k", NULL, "no scheme"},
        {NULL, "k", NULL, "empty"},
        {fine, NULL, NULL, "key is empty"},
        {fine, "../../x", NULL, "'..'"},
        {fine, "a\nb", NULL, "0x0a"},
        {fine, "k", &bad_context, "context"},
        {fine, "k", &bad_token, "Authorization has control byte"},
        {fine, "k", &empty_token, "credential for \"Authorization\" is empty"},
        {fine, "k", &bad_key, "X-API-Key has control byte"},
        {fine, "k", &bad_time, "deadline"},
        {fine, "k", &bad_size, "size"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        leakdiag_flag *flag = NULL;
        leakdiag_error err = {0};
        ck_assert_int_eq(
            leakdiag_flag_evaluate(rows[i].url, rows[i].key, rows[i].options, &flag, &err),
            LEAKDIAG_E_INVALID);
        ck_assert_ptr_null(flag);
        ck_assert_msg(strstr(err.message, rows[i].in_message), "message is: %s", err.message);
        ck_assert_ptr_null(strstr(err.message, "s3cret"));
    }
    ck_assert_uint_eq(fake_http_request_count(server), 0);
    fake_http_stop(server);
}
END_TEST

START_TEST(all_flags_come_in_one_list)
{
    fake_rule rule = recorded("POST", BULK_PATH, "ofrep/18_bulk");
    fake_http *server = fake_http_start(&rule, 1);
    leakdiag_flags *flags = NULL;
    ck_assert_int_eq(leakdiag_flag_evaluate_all(fake_http_url(server), NULL, &flags, NULL),
                     LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_flags_state(flags), LEAKDIAG_FLAG_VALUE);
    ck_assert_uint_eq(leakdiag_flags_len(flags), 15);
    leakdiag_flags_free(flags);
    fake_http_stop(server);
    forget(&rule, 1);

    char *dead = fake_dead_url();
    ck_assert_int_eq(leakdiag_flag_evaluate_all(dead, NULL, &flags, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_flags_state(flags), LEAKDIAG_FLAG_UNREACHABLE);
    ck_assert_ptr_nonnull(strstr(leakdiag_flags_detail(flags), "refused"));
    leakdiag_flags_free(flags);
    free(dead);
}
END_TEST

typedef struct trigger {
    fake_http *server;
    leakdiag_cancel *cancel;
} trigger;

static void *trigger_once_asked(void *payload)
{
    trigger *t = payload;
    while (fake_http_request_count(t->server) == 0)
        sched_yield();
    leakdiag_cancel_trigger(t->cancel);
    return NULL;
}

START_TEST(cancelling_is_an_error_and_sets_nothing)
{
    const fake_rule rule = {.hang = true};
    trigger t = {.server = fake_http_start(&rule, 1)};
    pthread_t thread;
    ck_assert_int_eq(leakdiag_cancel_new(&t.cancel, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, trigger_once_asked, &t), 0);
    leakdiag_flag_options options = LEAKDIAG_FLAG_OPTIONS_INIT;
    options.cancel = t.cancel;
    options.deadline_ms = 60000;
    leakdiag_flag *flag = NULL;
    leakdiag_load *load = NULL;
    leakdiag_load_options load_options = LEAKDIAG_LOAD_OPTIONS_INIT;
    load_options.cancel = t.cancel;
    ck_assert_int_eq(leakdiag_flag_evaluate(fake_http_url(t.server), "k", &options, &flag, NULL),
                     LEAKDIAG_E_CANCELLED);
    pthread_join(thread, NULL);
    ck_assert_int_eq(leakdiag_load_read(fake_http_url(t.server), &load_options, &load, NULL),
                     LEAKDIAG_E_CANCELLED);
    ck_assert_ptr_null(flag);
    ck_assert_ptr_null(load);
    leakdiag_cancel_free(t.cancel);
    fake_http_stop(t.server);
}
END_TEST

/* ---- load ---- */

START_TEST(locust_is_asked_for_its_statistics_and_its_page)
{
    fake_rule rules[] = {
        recorded("GET", "/loadgen/stats/requests", "locust/v2.47.0/32_stats_running"),
        recorded("GET", "/loadgen/", "locust/v2.47.0/32_index_running")};
    fake_http *server = fake_http_start(rules, 2);
    char url[128];
    snprintf(url, sizeof url, "%s/loadgen", fake_http_url(server));
    leakdiag_load *load = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(leakdiag_load_read(url, NULL, &load, &err) == LEAKDIAG_OK, "%s", err.message);
    ck_assert_int_eq(leakdiag_load_get_state(load), LEAKDIAG_LOAD_RUNNING);
    ck_assert_int_eq(leakdiag_load_users(load), 25);
    ck_assert_int_eq(leakdiag_load_target_users(load), 25);
    ck_assert(leakdiag_load_spawn_per_s(load) == 3);
    ck_assert_int_ge(leakdiag_load_age_ms(load), 20000);
    ck_assert_int_ge(leakdiag_load_latency_ms(load), 0);
    ck_assert_uint_eq(fake_http_request_count(server), 2);
    leakdiag_load_free(load);

    /* without the page: what only it tells is not known */
    fake_http_set_rules(server, rules, 1);
    ck_assert_int_eq(leakdiag_load_read(url, NULL, &load, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_load_get_state(load), LEAKDIAG_LOAD_RUNNING);
    ck_assert_int_eq(leakdiag_load_target_users(load), -1);
    ck_assert(isnan(leakdiag_load_spawn_per_s(load)));
    leakdiag_load_free(load);
    fake_http_stop(server);
    forget(rules, 2);
}
END_TEST

START_TEST(the_age_is_told_by_the_services_own_clock)
{
    const fake_rule rules[] = {
        {.path = "/stats/requests",
         .bytes = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
                  "{\"stats\":[],\"state\":\"running\",\"user_count\":25}"},
        {.path = "/",
         .bytes = "HTTP/1.0 200 OK\r\nDate: Mon, 23 Nov 2026 12:10:00 GMT\r\n\r\n"
                  "window.templateArgs = {\"history\": [{\"time\": \"2026-11-23T12:00:00Z\"}]}"}};
    fake_http *server = fake_http_start(rules, 2);
    leakdiag_load *load = NULL;
    ck_assert_int_eq(leakdiag_load_read(fake_http_url(server), NULL, &load, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_load_age_ms(load), 599000);
    leakdiag_load_free(load);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_page_that_hangs_does_not_hide_the_statistics)
{
    fake_rule rules[] = {recorded("GET", "/stats/requests", "locust/v2.33.0/11_stats_running"),
                         {.path = "/", .hang = true}};
    fake_http *server = fake_http_start(rules, 2);
    leakdiag_load_options options = LEAKDIAG_LOAD_OPTIONS_INIT;
    options.deadline_ms = 300;
    leakdiag_load *load = NULL;
    ck_assert_int_eq(leakdiag_load_read(fake_http_url(server), &options, &load, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_load_get_state(load), LEAKDIAG_LOAD_RUNNING);
    ck_assert_int_eq(leakdiag_load_users(load), 25);
    leakdiag_load_free(load);
    fake_http_stop(server);
    forget(rules, 1);
}
END_TEST

START_TEST(what_is_not_locust_or_does_not_answer_is_a_state)
{
    char *dead = fake_dead_url();
    leakdiag_load *load = NULL;
    ck_assert_int_eq(leakdiag_load_read(dead, NULL, &load, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_load_get_state(load), LEAKDIAG_LOAD_UNREACHABLE);
    ck_assert_ptr_nonnull(strstr(leakdiag_load_detail(load), "refused"));
    leakdiag_load_free(load);
    free(dead);

    const fake_rule rule = {.bytes = "SSH-2.0-OpenSSH_9.2\r\n\r\n"};
    fake_http *server = fake_http_start(&rule, 1);
    ck_assert_int_eq(leakdiag_load_read(fake_http_url(server), NULL, &load, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_load_get_state(load), LEAKDIAG_LOAD_NOT_LOCUST);
    leakdiag_load_free(load);
    fake_http_stop(server);

    load = NULL;
    ck_assert_int_eq(leakdiag_load_read("ftp://h", NULL, &load, NULL), LEAKDIAG_E_INVALID);
    ck_assert_ptr_null(load);
}
END_TEST

/* ---- out of memory ---- */

static const char *tortured_url;

static leakdiag_status ask_flag_and_load(void)
{
    leakdiag_flag *flag = NULL;
    leakdiag_flags *flags = NULL;
    leakdiag_load *load = NULL;
    leakdiag_flag_options options = LEAKDIAG_FLAG_OPTIONS_INIT;
    options.bearer_token = "t";
    leakdiag_status status =
        leakdiag_flag_evaluate(tortured_url, "kafkaQueueProblems", &options, &flag, NULL);
    if (!status)
        status = leakdiag_flag_evaluate_all(tortured_url, NULL, &flags, NULL);
    if (!status)
        status = leakdiag_load_read(tortured_url, NULL, &load, NULL);
    leakdiag_flag_free(flag);
    leakdiag_flags_free(flags);
    leakdiag_load_free(load);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    fake_rule rules[] = {recorded("POST", FLAG_PATH, "ofrep/invalid_file/01_post_off"),
                         recorded("POST", BULK_PATH, "ofrep/invalid_file/18_bulk"),
                         recorded("GET", "/stats/requests", "locust/v2.33.0/32_stats_running"),
                         recorded("GET", "/", "locust/v2.33.0/32_index_running")};
    fake_http *server = fake_http_start(rules, COUNT(rules));
    tortured_url = fake_http_url(server);
    ck_assert_uint_gt(torture_run(ask_flag_and_load), 60);
    fake_http_stop(server);
    forget(rules, COUNT(rules));
}
END_TEST

/* ---- the API server's clock ---- */

#define ASKED_MS INT64_C(1795439371000)

/* The question went out late_ms after the look began, and the answer took took_ms. */
static const struct {
    int64_t late_ms, took_ms, date_ms, ahead_ms;
} dates[] = {
    {0, 10, ASKED_MS, 0},           {0, 10, ASKED_MS + 3000, 3495},
    {0, 10, ASKED_MS + 2000, 0},    {0, 10, ASKED_MS - 60000, -59505},
    {0, 4900, ASKED_MS, 0},        /* written at once, and the rest came late */
    {0, 4900, ASKED_MS + 4000, 0}, /* written late */
    {4900, 10, ASKED_MS + 4000, 0}, {4900, 10, ASKED_MS + 64000, 59595},
};

START_TEST(a_slow_answer_is_no_wrong_clock)
{
    ld_asking asking = {.now_ms = ASKED_MS, .begun_ms = 1000};
    ld_http_request request = {.end = LD_HTTP_ANSWERED,
                               .status = 200,
                               .asked_ms = 1000 + dates[_i].late_ms,
                               .latency_ms = dates[_i].took_ms,
                               .date_ms = dates[_i].date_ms};
    ld_ask_note(&asking, &request);
    ck_assert(asking.has_clock);
    ck_assert_int_eq(asking.ahead_ms, dates[_i].ahead_ms);
    request.date_ms += 3600000; /* the first one counts */
    ld_ask_note(&asking, &request);
    ck_assert_int_eq(asking.ahead_ms, dates[_i].ahead_ms);
}
END_TEST

START_TEST(an_answer_without_a_date_says_nothing_of_the_clock)
{
    ld_asking asking = {.now_ms = ASKED_MS, .begun_ms = 1000};
    ld_http_request request = {.end = LD_HTTP_ANSWERED, .status = 200, .asked_ms = 1000};
    ld_ask_note(&asking, &request);
    ck_assert(!asking.has_clock);
    ck_assert_int_eq(asking.ahead_ms, 0);
}
END_TEST

/* ---- which container of a workload is meant ---- */

/* Containers "a b"; one with '~' before it is an init container. */
static const struct {
    const char *containers, *wanted,
        *meant; /* of the Deployment "shop"; meant NULL: nobody knows */
} choices[] = {
    {"shop", NULL, "shop"},
    {"shop", "", "shop"},
    {"main", "", "main"},
    {"main", "other", "main"},
    {"shop worker", "", "shop"},
    {"shop worker", "worker", "worker"},
    {"worker shop", "worker", "worker"},
    {"worker shop", "other", "shop"},
    {"main proxy", "", NULL},
    {"~init main", "", "main"},
    {"~shop main", "", "shop"},
    {"~proxy main", "proxy", "proxy"},
};

enum { CONTAINERS = 2 };

static size_t split(const char *text, char names[CONTAINERS][16], bool *is_init)
{
    size_t n = 0;
    for (const char *at = text; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
        is_init[n] = *at == '~';
        at += is_init[n];
        snprintf(names[n++], 16, "%.*s", (int)strcspn(at, " "), at);
    }
    return n;
}

/* The template says the limit, the pod its memory: both must be of the same container. */
START_TEST(template_and_pod_agree_on_the_container)
{
    char names[CONTAINERS][16];
    bool is_init[CONTAINERS];
    ld_kube_container containers[CONTAINERS] = {0};
    ld_kube_instance instances[CONTAINERS] = {0};
    size_t n = split(choices[_i].containers, names, is_init);
    for (size_t i = 0; i < n; i++) {
        containers[i].name = containers[i].limit_text = instances[i].name = names[i];
        containers[i].is_init = instances[i].is_init = is_init[i];
    }
    ld_kube_deployment deployment = {.name = "shop", .containers = containers, .n_containers = n};
    ld_kube_pod pod = {.name = "shop-1", .instances = instances, .n_instances = n};
    leakdiag_scenario scenario = {0};
    ld_fact *fact = NULL;
    ck_assert_int_eq(ld_fact_from_deployment(&deployment, NULL, choices[_i].wanted, "app",
                                             &scenario, 0, &fact, NULL),
                     LEAKDIAG_OK);
    const ld_kube_instance *instance = ld_pod_container(&pod, choices[_i].wanted, "shop", NULL);
    ck_assert_pstr_eq(fact->of.workload.limit_text, choices[_i].meant);
    ck_assert_pstr_eq(instance ? instance->name : NULL, choices[_i].meant);
    ld_fact_unref(fact);
}
END_TEST

#include "memory_cases.h"

int main(void)
{
    Suite *suite = suite_create("sources");
    TCase *tc = tcase_create("flag");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_value_takes_one_post_with_the_context);
    tcase_add_test(tc, a_credential_that_a_refusal_repeats_is_not_shown);
    tcase_add_test(tc, a_service_that_takes_only_get_is_asked_once_more_and_named);
    tcase_add_test(tc, flagd_on_a_wrong_path_is_not_ofrep_after_one_get);
    tcase_add_test(tc, the_list_of_all_flags_tells_missing_from_a_rejected_file);
    tcase_add_loop_test(tc, each_other_answer_is_a_state_and_takes_one_request, 0,
                        (int)COUNT(answers));
    tcase_add_test(tc, an_answer_without_end_is_malformed_and_not_read_to_its_end);
    tcase_add_test(tc, a_refused_connection_is_unreachable_and_says_what_to_do);
    tcase_add_test(tc, on_the_usual_port_the_command_of_the_port_forward_is_given);
    tcase_add_test(
        tc, a_service_that_hangs_is_given_up_and_the_second_question_gets_the_rest_of_the_time);
    tcase_add_test(tc, bad_arguments_are_refused_and_nothing_is_sent);
    tcase_add_test(tc, all_flags_come_in_one_list);
    tcase_add_test(tc, cancelling_is_an_error_and_sets_nothing);
    suite_add_tcase(suite, tc);
    tc = tcase_create("load");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, locust_is_asked_for_its_statistics_and_its_page);
    tcase_add_test(tc, the_age_is_told_by_the_services_own_clock);
    tcase_add_test(tc, a_page_that_hangs_does_not_hide_the_statistics);
    tcase_add_test(tc, what_is_not_locust_or_does_not_answer_is_a_state);
    tcase_add_test(tc, every_allocation_may_fail);
    suite_add_tcase(suite, tc);
    tc = tcase_create("container");
    tcase_add_loop_test(tc, template_and_pod_agree_on_the_container, 0, (int)COUNT(choices));
    suite_add_tcase(suite, tc);
    tc = tcase_create("clock");
    tcase_add_loop_test(tc, a_slow_answer_is_no_wrong_clock, 0, (int)COUNT(dates));
    tcase_add_test(tc, an_answer_without_a_date_says_nothing_of_the_clock);
    suite_add_tcase(suite, tc);
    suite_add_tcase(suite, memory_cases());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
