/* A transport of one's own: the same limits, retries and credentials, and neither a socket nor
 * libcurl. libcurl's functions are defined here: whoever calls one ends the test. */
#include <check.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "fake/torture.h"
#include "net/http.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#undef curl_easy_getinfo
#undef curl_easy_setopt
#define NOT_CALLED(type, name, arguments)                                                          \
    type name arguments                                                                            \
    {                                                                                              \
        abort();                                                                                   \
    }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
NOT_CALLED(CURLcode, curl_global_init, (long flags))
NOT_CALLED(CURL *, curl_easy_init, (void))
NOT_CALLED(CURLcode, curl_easy_setopt, (CURL * easy, CURLoption option, ...))
NOT_CALLED(CURLcode, curl_easy_getinfo, (CURL * easy, CURLINFO info, ...))
NOT_CALLED(void, curl_easy_cleanup, (CURL * easy))
NOT_CALLED(const char *, curl_easy_strerror, (CURLcode code))
NOT_CALLED(CURLM *, curl_multi_init, (void))
NOT_CALLED(CURLMcode, curl_multi_cleanup, (CURLM * multi))
NOT_CALLED(CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL *easy))
NOT_CALLED(CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL *easy))
NOT_CALLED(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text))
NOT_CALLED(void, curl_slist_free_all, (struct curl_slist * list))

#pragma GCC diagnostic pop

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- a transport that says what it was told to ---- */

typedef struct script {
    leakdiag_http_answer answers[4]; /* the last one again and again */
    size_t n, calls;
    int broken;
    int64_t takes_ms;
    char headers[1024], method[8], url[256], body[64];
    int64_t deadline_ms;
} script;

static int answer(const leakdiag_http_request *request, leakdiag_http_answer *ret, void *payload)
{
    script *s = payload;
    ck_assert_uint_eq(request->size, sizeof *request);
    ck_assert_uint_eq(ret->size, sizeof *ret);
    s->headers[0] = '\0';
    for (size_t i = 0; request->headers[i]; i++) {
        strcat(s->headers, request->headers[i]);
        strcat(s->headers, "\n");
    }
    snprintf(s->method, sizeof s->method, "%s", request->method);
    snprintf(s->url, sizeof s->url, "%s", request->url);
    snprintf(s->body, sizeof s->body, "%.*s", (int)request->body_len,
             request->body ? request->body : "");
    s->deadline_ms = request->deadline_ms;
    if (s->takes_ms) {
        const struct timespec wait = {s->takes_ms / 1000, s->takes_ms % 1000 * 1000000};
        nanosleep(&wait, NULL);
    }
    *ret = s->answers[s->calls < s->n ? s->calls : s->n - 1];
    ret->size = sizeof *ret;
    s->calls++;
    return s->broken;
}

static leakdiag_status perform(script *s, ld_http_request *request, int64_t deadline_ms,
                               leakdiag_error *err)
{
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    LD_CLEANUP(ld_http_client_freep) ld_http_client *client = NULL;
    transport.answer = answer;
    transport.payload = s;
    leakdiag_status status = ld_http_client_new(&transport, &client, err);
    return status ? status : ld_http_client_perform(client, &request, 1, deadline_ms, NULL, err);
}

static void perform_fine(script *s, ld_http_request *request)
{
    leakdiag_error err = {0};
    ck_assert_msg(perform(s, request, 5000, &err) == LEAKDIAG_OK, "%s", err.message);
}

START_TEST(an_answer_is_taken_as_if_it_came_from_the_network)
{
    static const char *const more[] = {"Audit-Id: 1-2", "Date: Mon, 23 Nov 2026 13:09:31 GMT",
                                       NULL};
    script s = {.answers = {{.status = 200,
                             .content_type = "application/json",
                             .body = "{\"a\":\0001}",
                             .body_len = 8,
                             .headers = more,
                             .latency_ms = 17}},
                .n = 1};
    const char *const headers[] = {"Content-Type: application/json", NULL};
    ld_http_request request = {
        .method = "POST", .url = "https://api.example/x?y=z", .body = "{}", .headers = headers};
    perform_fine(&s, &request);
    ck_assert_int_eq(request.end, LD_HTTP_ANSWERED);
    ck_assert_int_eq(request.status, 200);
    ck_assert_str_eq(request.content_type, "application/json");
    ck_assert_str_eq(request.audit_id, "1-2");
    ck_assert_int_eq(request.date_ms, INT64_C(1795439371000));
    ck_assert_int_eq(request.latency_ms, 17);
    ck_assert_uint_eq(request.answer.len, 8);
    ck_assert_mem_eq(request.answer.data, "{\"a\":\0001}", 8);
    ck_assert_int_eq(request.wire_bytes, 8);
    ck_assert_str_eq(s.method, "POST");
    ck_assert_str_eq(s.url, "https://api.example/x?y=z");
    ck_assert_str_eq(s.body, "{}");
    ck_assert_str_eq(s.headers, "Accept-Encoding: identity\nContent-Type: application/json\n");
    ck_assert_int_gt(s.deadline_ms, 0);
    ck_assert_int_le(s.deadline_ms, 5000);
    ld_http_request_done(&request);
}
END_TEST

START_TEST(a_bare_status_is_an_answer)
{
    script s = {.answers = {{.status = 404}}, .n = 1};
    ld_http_request request = {.method = "GET", .url = "http://h/"};
    perform_fine(&s, &request);
    ck_assert_int_eq(request.end, LD_HTTP_ANSWERED);
    ck_assert_int_eq(request.status, 404);
    ck_assert_str_eq(request.content_type, "");
    ck_assert_int_eq(request.date_ms, 0);
    ck_assert_uint_eq(request.answer.len, 0);
    ld_http_request_done(&request);
}
END_TEST

START_TEST(each_failure_has_its_end_and_its_words_are_kept_in_one_line)
{
    static const struct {
        int64_t kind;
        ld_http_end end;
        const char *why;
    } rows[] = {
        {LEAKDIAG_HTTP_FAILURE_CONNECT, LD_HTTP_NO_CONNECT, "connect: a\\x0ab"},
        {LEAKDIAG_HTTP_FAILURE_NAME, LD_HTTP_NO_NAME, "dns: a\\x0ab"},
        {LEAKDIAG_HTTP_FAILURE_TIMEOUT, LD_HTTP_TIMED_OUT, "first byte: a\\x0ab"},
        {LEAKDIAG_HTTP_FAILURE_CUT_OFF, LD_HTTP_CUT_OFF, "first byte: a\\x0ab"},
        {LEAKDIAG_HTTP_FAILURE_NOT_HTTP, LD_HTTP_NOT_HTTP, "first byte: a\\x0ab"},
        {LEAKDIAG_HTTP_FAILURE_TLS, LD_HTTP_TLS, "tls: a\\x0ab"},
        {99, LD_HTTP_CUT_OFF, "first byte: a\\x0ab"},
        {-1, LD_HTTP_CUT_OFF, "first byte: a\\x0ab"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        script s = {.answers = {{.failure = "a\nb", .failure_kind = rows[i].kind, .status = 200}},
                    .n = 1};
        ld_http_request request = {.method = "GET", .url = "http://h/"};
        perform_fine(&s, &request);
        ck_assert_int_eq(request.end, rows[i].end);
        ck_assert_str_eq(request.why, rows[i].why);
        ck_assert_int_eq(request.status, 0);
    }
}
END_TEST

START_TEST(failures_have_names)
{
    ck_assert_str_eq(leakdiag_http_failure_name(LEAKDIAG_HTTP_FAILURE_CONNECT), "connect");
    ck_assert_str_eq(leakdiag_http_failure_name(LEAKDIAG_HTTP_FAILURE_TLS), "tls");
    ck_assert_str_eq(leakdiag_http_failure_name((leakdiag_http_failure)99), "unknown-failure");
}
END_TEST

START_TEST(retries_are_the_same)
{
    static const char *const wait[] = {"Retry-After: 1", NULL};
    static const char *const wait_long[] = {"Retry-After: 20", NULL};
    script s = {.answers = {{.status = 503, .headers = wait},
                            {.failure = "reset", .failure_kind = LEAKDIAG_HTTP_FAILURE_CUT_OFF},
                            {.status = 200, .body = "x", .body_len = 1}},
                .n = 3};
    ld_http_request request = {.method = "GET", .url = "http://h/", .retries_max = 2};
    int64_t start = now_ms();
    perform_fine(&s, &request);
    ck_assert_int_ge(now_ms() - start, 1400); /* 1 s as it says, then 400 ms */
    ck_assert_int_eq(request.status, 200);
    ck_assert_int_eq(request.retries, 2);
    ck_assert_str_eq(request.answer.data, "x");
    ld_http_request_done(&request);

    script late = {.answers = {{.status = 429, .headers = wait_long}}, .n = 1};
    perform_fine(&late, &request);
    ck_assert_int_eq(request.status, 429);
    ck_assert_int_eq(request.retries, 0);
    ck_assert_int_eq(request.retry_after_ms, 20000);
    ck_assert_uint_eq(late.calls, 1);
    ld_http_request_done(&request);
}
END_TEST

START_TEST(limits_are_the_same)
{
    static char large[LD_HTTP_HEAD_MAX_BYTES + 10] = "X: ";
    static const char *const gzip[] = {"Content-Encoding: gzip", NULL};
    const char *const head[] = {large, NULL};
    memset(large + 3, 'x', sizeof large - 4);
    const struct {
        leakdiag_http_answer answer;
        ld_http_end end;
        const char *in_why;
    } rows[] = {
        {{.status = 200, .body = "12345", .body_len = 5}, LD_HTTP_ANSWERED, ""},
        {{.status = 200, .body = "123456", .body_len = 6}, LD_HTTP_TOO_LARGE, "than 5 bytes"},
        {{.status = 200, .headers = head}, LD_HTTP_TOO_LARGE, "the head of the answer of h:80"},
        {{.status = 200, .headers = gzip, .body = "x", .body_len = 1}, LD_HTTP_ENCODED, "gzip"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        script s = {.answers = {rows[i].answer}, .n = 1};
        ld_http_request request = {.method = "GET", .url = "http://h/", .body_max_bytes = 5};
        perform_fine(&s, &request);
        ck_assert_msg(request.end == rows[i].end, "%zu: %d %s", i, (int)request.end, request.why);
        ck_assert_msg(strstr(request.why, rows[i].in_why), "%s", request.why);
        ld_http_request_done(&request);
    }
}
END_TEST

START_TEST(an_answer_after_its_time_counts_as_none)
{
    script s = {.answers = {{.status = 200}}, .n = 1, .takes_ms = 120};
    ld_http_request request = {.method = "GET", .url = "http://h/", .timeout_ms = 50};
    perform_fine(&s, &request);
    ck_assert_int_eq(request.end, LD_HTTP_TIMED_OUT);
    ck_assert_int_le(s.deadline_ms, 50);
}
END_TEST

START_TEST(credentials_are_bound_to_their_origin_here_too)
{
    ld_origin origin = {0};
    char base[64], authorization[] = "Bearer s3cret", user[] = "Impersonate-User: u";
    char *headers[] = {user, NULL};
    origin.base_url = base;
    origin.authorization = authorization;
    origin.headers = headers;
    script s = {.answers = {{.status = 200}}, .n = 1};
    ld_http_request request = {.method = "GET", .origin = &origin};

    strcpy(base, "https://h:6443/prefix");
    request.url = "https://H:6443/x";
    perform_fine(&s, &request);
    ck_assert_str_eq(s.headers, "Accept-Encoding: identity\nAuthorization: Bearer s3cret\n"
                                "Impersonate-User: u\n");

    strcpy(base, "http://h:6443");
    request.url = "http://h:6443/x";
    perform_fine(&s, &request);
    ck_assert_str_eq(s.headers, "Accept-Encoding: identity\n");

    s.calls = 0;
    leakdiag_error err = {0};
    request.url = "http://h:6444/x";
    ck_assert_int_eq(perform(&s, &request, 1000, &err), LEAKDIAG_E_INVALID);
    ck_assert_uint_eq(s.calls, 0);
}
END_TEST

static bool refuse(ld_http_request *request, const char *data, size_t len, void *payload)
{
    (void)request, (void)data, (void)len;
    ++*(size_t *)payload;
    return false;
}

static void count_done(ld_http_request *request, void *payload)
{
    (void)request;
    ++*(size_t *)payload;
}

START_TEST(callbacks_are_called_here_too)
{
    size_t calls = 0;
    script s = {.answers = {{.status = 200, .body = "x", .body_len = 1}}, .n = 1};
    ld_http_request request = {.method = "GET",
                               .url = "http://h/",
                               .on_body = refuse,
                               .on_done = count_done,
                               .payload = &calls};
    perform_fine(&s, &request);
    ck_assert_uint_eq(calls, 2);
    ck_assert_int_eq(request.end, LD_HTTP_STOPPED);
    ck_assert_int_eq(request.status, 200);
}
END_TEST

START_TEST(a_broken_transport_ends_the_call)
{
    const struct {
        leakdiag_http_answer answer;
        int broken;
        const char *in_message;
    } rows[] = {
        {{.status = 200}, 1, "asked for h:80, says that it is broken"},
        {{.status = 0}, 0, "gives no HTTP status"},
        {{.status = 99}, 0, "gives no HTTP status"},
        {{.status = 600}, 0, "gives no HTTP status"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t calls = 0;
        script s = {.answers = {rows[i].answer}, .n = 1, .broken = rows[i].broken};
        ld_http_request request = {
            .method = "GET", .url = "http://h/?s3cret", .on_done = count_done, .payload = &calls};
        leakdiag_error err = {0};
        ck_assert_int_eq(perform(&s, &request, 1000, &err), LEAKDIAG_E_CALLBACK);
        ck_assert_msg(strstr(err.message, rows[i].in_message), "%s", err.message);
        ck_assert_ptr_null(strstr(err.message, "s3cret"));
        ck_assert_int_eq(request.end, LD_HTTP_CANCELLED);
        ck_assert_uint_eq(calls, 1);
    }
}
END_TEST

START_TEST(a_transport_is_checked_when_it_is_given)
{
    ld_http_client *client = NULL;
    leakdiag_error err = {0};
    leakdiag_transport none = LEAKDIAG_TRANSPORT_INIT;
    ck_assert_int_eq(ld_http_client_new(&none, &client, &err), LEAKDIAG_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.message, "answer()"));
    none.size = 1;
    none.answer = answer;
    ck_assert_int_eq(ld_http_client_new(&none, &client, &err), LEAKDIAG_E_INVALID);
    ck_assert_ptr_null(client);
}
END_TEST

static leakdiag_status ask_a_transport(void)
{
    char base[] = "https://h", authorization[] = "Bearer x";
    ld_origin origin = {.base_url = base, .authorization = authorization};
    script s = {.answers = {{.status = 200, .content_type = "a", .body = "x", .body_len = 1},
                            {.failure = "gone"},
                            {.status = 200, .body = "too long", .body_len = 8}},
                .n = 3};
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    transport.answer = answer;
    transport.payload = &s;
    ld_http_client *client = NULL;
    ld_http_request requests[3], *pointers[3];
    for (size_t i = 0; i < 3; i++) {
        requests[i] = (ld_http_request){
            .method = "GET", .url = "https://h/", .origin = &origin, .body_max_bytes = 4};
        pointers[i] = &requests[i];
    }
    leakdiag_status status = ld_http_client_new(&transport, &client, NULL);
    if (!status)
        status = ld_http_client_perform(client, pointers, 3, 5000, NULL, NULL);
    for (size_t i = 0; i < 3; i++)
        ld_http_request_done(&requests[i]);
    ld_http_client_free(client);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    ck_assert_uint_ge(torture_run(ask_a_transport), 20);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("transport");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, an_answer_is_taken_as_if_it_came_from_the_network);
    tcase_add_test(tc, a_bare_status_is_an_answer);
    tcase_add_test(tc, each_failure_has_its_end_and_its_words_are_kept_in_one_line);
    tcase_add_test(tc, failures_have_names);
    tcase_add_test(tc, retries_are_the_same);
    tcase_add_test(tc, limits_are_the_same);
    tcase_add_test(tc, an_answer_after_its_time_counts_as_none);
    tcase_add_test(tc, credentials_are_bound_to_their_origin_here_too);
    tcase_add_test(tc, callbacks_are_called_here_too);
    tcase_add_test(tc, a_broken_transport_ends_the_call);
    tcase_add_test(tc, a_transport_is_checked_when_it_is_given);
    tcase_add_test(tc, every_allocation_may_fail);
    Suite *suite = suite_create("transport");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
