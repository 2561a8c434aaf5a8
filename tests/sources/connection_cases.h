/* Connections from one call to the next, the body as it comes, requests that follow from others.
 * Part of test_client.c. */
#ifndef CONNECTION_CASES_H
#define CONNECTION_CASES_H

#include "client_helpers.h"
#include "fake/torture.h"

START_TEST(the_next_call_uses_the_connection_again)
{
    const fake_rule rule = {.bytes = OK_300, .keep = true};
    for (int is_tls = 0; is_tls <= 1; is_tls++) {
        fake_http *server = is_tls ? fake_tls_start(&rule, 1, NULL) : fake_http_start(&rule, 1);
        ld_origin *origin = origin_of(fake_http_url(server));
        ld_http_client *client = client_new();
        for (int i = 0; i < 3; i++) {
            ld_http_request request = {
                .method = "GET", .url = fake_http_url(server), .origin = origin};
            perform(client, &request, 5000);
            assert_end(&request, LD_HTTP_ANSWERED, "");
            ld_http_request_done(&request);
        }
        ck_assert_uint_eq(fake_http_request_count(server), 3);
        ck_assert_uint_eq(fake_http_accept_count(server), 1);
        ld_http_client_free(client);
        ld_origin_free(origin);
        fake_http_stop(server);
    }
}
END_TEST

START_TEST(a_bulk_body_has_a_connection_of_its_own)
{
    const fake_rule rule = {.bytes = OK_300, .keep = true};
    for (int is_tls = 0; is_tls <= 1; is_tls++) {
        fake_http *server = is_tls ? fake_tls_start(&rule, 1, NULL) : fake_http_start(&rule, 1);
        ld_origin *origin = origin_of(fake_http_url(server));
        ld_http_client *client = client_new();
        const size_t accepted[] = {1, 2, 3, 3}; /* a bulk one, another, a bulk one, another */
        for (size_t i = 0; i < COUNT(accepted); i++) {
            ld_http_request request = {.method = "GET",
                                       .url = fake_http_url(server),
                                       .origin = origin,
                                       .is_bulk = i % 2 == 0};
            perform(client, &request, 5000);
            assert_end(&request, LD_HTTP_ANSWERED, "");
            ck_assert_uint_eq(fake_http_accept_count(server), accepted[i]);
            ld_http_request_done(&request);
        }
        ld_http_client_free(client);
        ld_origin_free(origin);
        fake_http_stop(server);
    }
}
END_TEST

START_TEST(a_connection_that_died_meanwhile_is_replaced)
{
    const fake_rule keeps = {.bytes = OK_300, .keep = true};
    fake_http *server = fake_http_start(&keeps, 1);
    ld_http_client *client = client_new();
    const fake_rule rules[] = {{.bytes = "", .times = 1}, {.bytes = OK_300, .keep = true}};
    for (int i = 0; i < 2; i++) {
        ld_http_request request = {.method = "GET", .url = fake_http_url(server)};
        perform(client, &request, 5000);
        assert_end(&request, LD_HTTP_ANSWERED, "");
        ck_assert_int_eq(request.retries, 0); /* libcurl does that by itself */
        ld_http_request_done(&request);
        fake_http_set_rules(server, rules, 2);
    }
    ck_assert_uint_eq(fake_http_accept_count(server), 2);
    ld_http_client_free(client);
    fake_http_stop(server);
}
END_TEST

START_TEST(on_a_connection_that_was_there_the_stage_is_right_too)
{
    const fake_rule rules[] = {{.bytes = OK_300, .keep = true, .times = 1}, {.hang = true}};
    for (int is_tls = 0; is_tls <= 1; is_tls++) {
        fake_http *server = is_tls ? fake_tls_start(rules, 2, NULL) : fake_http_start(rules, 2);
        ld_origin *origin = origin_of(fake_http_url(server));
        ld_http_client *client = client_new();
        for (int i = 0; i < 2; i++) {
            ld_http_request request = {
                .method = "GET", .url = fake_http_url(server), .origin = origin};
            perform(client, &request, i ? 200 : 5000);
            assert_end(&request, i ? LD_HTTP_TIMED_OUT : LD_HTTP_ANSWERED,
                       i ? "as far as: waiting for the first byte; " : "");
            ld_http_request_done(&request);
        }
        ck_assert_uint_eq(fake_http_accept_count(server), 1);
        ld_http_client_free(client);
        ld_origin_free(origin);
        fake_http_stop(server);
    }
}
END_TEST

/* ---- the body as it comes ---- */

typedef struct sink {
    ld_text text;
    size_t calls, stop_at; /* bytes; 0 = never */
    int status;
    size_t done_calls;
} sink;

static bool take(ld_http_request *request, const char *data, size_t len, void *payload)
{
    sink *s = payload;
    s->calls++;
    s->status = request->status;
    ld_text_add_bytes(&s->text, data, len);
    return s->stop_at == 0 || s->text.len < s->stop_at;
}

static void count_done(ld_http_request *request, void *payload)
{
    (void)request;
    ((sink *)payload)->done_calls++;
}

static void ask_into(const fake_rule *rules, size_t n, sink *s, ld_http_request *request)
{
    fake_http *server = fake_http_start(rules, n);
    ld_http_client *client = client_new();
    request->method = "GET";
    request->url = fake_http_url(server);
    request->on_body = take;
    request->on_done = count_done;
    request->payload = s;
    perform(client, request, 5000);
    request->url = NULL;
    ck_assert_uint_eq(s->done_calls, 1);
    ck_assert_uint_eq(request->answer.len, 0); /* one or the other */
    ld_http_client_free(client);
    fake_http_stop(server);
}

START_TEST(on_body_gets_all_of_it_and_knows_the_status)
{
    const fake_rule rule = {.bytes = OK_300, .chunk_bytes = true};
    sink s = {0};
    ld_http_request request = {0};
    ask_into(&rule, 1, &s, &request);
    assert_end(&request, LD_HTTP_ANSWERED, "");
    ck_assert_str_eq(s.text.data, "{\"value\":300}");
    ck_assert_int_eq(s.status, 200);
    ck_assert_int_eq(request.wire_bytes, 13);
    ld_text_done(&s.text);
}
END_TEST

START_TEST(on_body_may_stop_and_that_is_no_failure)
{
    const fake_rule rule = {.bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n",
                            .endless = "line of a log that does not end\n"};
    sink s = {.stop_at = 1000};
    ld_http_request request = {0};
    ask_into(&rule, 1, &s, &request);
    assert_end(&request, LD_HTTP_STOPPED, "");
    ck_assert_int_eq(request.status, 200);
    ck_assert_str_eq(request.content_type, "text/plain");
    ck_assert_uint_ge(s.text.len, 1000);
    ck_assert_int_eq(request.wire_bytes, (int64_t)s.text.len);
    ld_text_done(&s.text);
}
END_TEST

START_TEST(what_on_body_gets_is_limited_too)
{
    const fake_rule rule = {.bytes = "HTTP/1.1 200 OK\r\n\r\n", .endless = "0123456789abcdef"};
    sink s = {0};
    ld_http_request request = {.body_max_bytes = 5000};
    ask_into(&rule, 1, &s, &request);
    assert_end(&request, LD_HTTP_TOO_LARGE, "larger than 5000 bytes");
    ck_assert_uint_le(s.text.len, 5000);
    ld_text_done(&s.text);
}
END_TEST

START_TEST(on_body_sees_no_answer_that_is_retried_and_the_last_one_in_full)
{
    const fake_rule rules[] = {
        {.bytes = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy", .times = 1},
        {.bytes = OK_300}};
    sink s = {0};
    ld_http_request request = {.retries_max = 1};
    ask_into(rules, 2, &s, &request);
    assert_end(&request, LD_HTTP_ANSWERED, "");
    ck_assert_str_eq(s.text.data, "{\"value\":300}");
    ck_assert_int_eq(request.wire_bytes, 13);
    ld_text_done(&s.text);

    /* it may be retried, but its time is too short for that */
    const fake_rule late = {.bytes = "HTTP/1.1 503 Busy\r\nRetry-After: 20\r\nContent-Length: 4\r\n"
                                     "\r\nbusy"};
    s = (sink){0};
    request = (ld_http_request){.retries_max = 1};
    ask_into(&late, 1, &s, &request);
    ck_assert_int_eq(request.status, 503);
    ck_assert_str_eq(s.text.data, "busy");
    ck_assert_int_eq(s.status, 503);
    ld_text_done(&s.text);
}
END_TEST

/* ---- requests that follow from others ---- */

typedef struct chain {
    ld_http_client *client;
    ld_http_request requests[5];
    size_t n, done;
    char order[16];
    leakdiag_status refused;
    const char *bad_url;
} chain;

static void add_next(ld_http_request *request, void *payload)
{
    chain *c = payload;
    c->order[c->done++] = (char)('0' + (request - c->requests));
    if (c->n == COUNT(c->requests))
        return;
    ld_http_request *next = &c->requests[c->n++];
    *next = *request;
    if (c->bad_url)
        next->url = c->bad_url;
    c->refused = ld_http_client_add(c->client, next, NULL);
}

START_TEST(on_done_may_add_requests_under_the_same_deadline)
{
    const fake_rule rule = {.bytes = OK_300, .keep = true};
    fake_http *server = fake_http_start(&rule, 1);
    chain c = {.client = client_new(), .n = 1};
    c.requests[0] = (ld_http_request){
        .method = "GET", .url = fake_http_url(server), .on_done = add_next, .payload = &c};
    perform(c.client, &c.requests[0], 5000);
    ck_assert_str_eq(c.order, "01234");
    ck_assert_int_eq(c.refused, LEAKDIAG_OK);
    ck_assert_uint_eq(fake_http_request_count(server), 5);
    ck_assert_uint_eq(fake_http_accept_count(server), 1);
    for (size_t i = 0; i < COUNT(c.requests); i++) {
        assert_end(&c.requests[i], LD_HTTP_ANSWERED, "");
        ck_assert_str_eq(c.requests[i].answer.data, "{\"value\":300}");
        ld_http_request_done(&c.requests[i]);
    }
    ld_http_client_free(c.client);
    fake_http_stop(server);
}
END_TEST

START_TEST(what_on_done_adds_is_checked_too)
{
    const fake_rule rule = {.bytes = OK_300};
    fake_http *server = fake_http_start(&rule, 1);
    chain c = {.client = client_new(), .n = 1, .bad_url = "file:///etc/passwd"};
    c.requests[0] = (ld_http_request){
        .method = "GET", .url = fake_http_url(server), .on_done = add_next, .payload = &c};
    perform(c.client, &c.requests[0], 5000);
    ck_assert_str_eq(c.order, "0");
    ck_assert_int_eq(c.refused, LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_http_client_add(c.client, &c.requests[0], NULL), LEAKDIAG_E_INVALID);
    ld_http_request_done(&c.requests[0]);
    ld_http_client_free(c.client);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_deadline_ends_a_chain_that_does_not_end)
{
    const fake_rule rule = {.hang = true};
    fake_http *server = fake_http_start(&rule, 1);
    chain c = {.client = client_new(), .n = 1};
    c.requests[0] = (ld_http_request){
        .method = "GET", .url = fake_http_url(server), .on_done = add_next, .payload = &c};
    int64_t start = now_ms();
    perform(c.client, &c.requests[0], 200);
    ck_assert_int_lt(now_ms() - start, 2000);
    ck_assert_str_eq(c.order, "01234"); /* each was told, none was begun after the deadline */
    assert_end(&c.requests[0], LD_HTTP_TIMED_OUT, "first byte");
    assert_end(&c.requests[1], LD_HTTP_TIMED_OUT, "waiting for its turn");
    ck_assert_uint_eq(fake_http_request_count(server), 1);
    ld_http_client_free(c.client);
    fake_http_stop(server);
}
END_TEST

typedef struct cancelled {
    leakdiag_cancel *cancel;
    ld_http_client *client;
    ld_http_request more;
    size_t done;
    leakdiag_status added;
} cancelled;

static void cancel_and_add(ld_http_request *request, void *payload)
{
    cancelled *c = payload;
    c->done++;
    leakdiag_cancel_trigger(c->cancel);
    c->more = *request;
    c->added = ld_http_client_add(c->client, &c->more, NULL);
}

static void count_cancelled(ld_http_request *request, void *payload)
{
    ck_assert_int_eq(request->end, LD_HTTP_CANCELLED);
    ((cancelled *)payload)->done++;
}

START_TEST(after_a_cancel_all_are_told_and_nobody_has_an_answer)
{
    const fake_rule rules[] = {{.path = "/hang", .hang = true}, {.bytes = OK_300}};
    fake_http *server = fake_http_start(rules, 2);
    char hang[128];
    snprintf(hang, sizeof hang, "%s/hang", fake_http_url(server));
    cancelled c = {.client = client_new()};
    ck_assert_int_eq(leakdiag_cancel_new(&c.cancel, NULL), LEAKDIAG_OK);
    ld_http_request requests[] = {
        {.method = "GET", .url = hang, .on_done = count_cancelled, .payload = &c},
        {.method = "GET", .url = fake_http_url(server), .on_done = cancel_and_add, .payload = &c}};
    ld_http_request *both[] = {&requests[0], &requests[1]};
    ck_assert_int_eq(ld_http_client_perform(c.client, both, 2, 60000, c.cancel, NULL),
                     LEAKDIAG_E_CANCELLED);
    ck_assert_uint_eq(c.done, 2);
    ck_assert_int_eq(c.added, LEAKDIAG_E_CANCELLED);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(requests[i].end, LD_HTTP_CANCELLED);
        ck_assert_ptr_null(requests[i].answer.data);
    }
    ld_http_request again = {.method = "GET", .url = fake_http_url(server)};
    perform(c.client, &again, 5000); /* the client is as good as before */
    assert_end(&again, LD_HTTP_ANSWERED, "");
    ld_http_request_done(&again);
    leakdiag_cancel_free(c.cancel);
    ld_http_client_free(c.client);
    fake_http_stop(server);
}
END_TEST

static void *trigger_when_asked(void *payload)
{
    void **both = payload;
    while (fake_http_request_count(both[0]) == 0)
        sched_yield();
    leakdiag_cancel_trigger(both[1]);
    return NULL;
}

START_TEST(a_cancel_ends_the_wait_for_a_retry_too)
{
    const fake_rule rule = {.bytes = "HTTP/1.1 503 Busy\r\nRetry-After: 30\r\n"
                                     "Content-Length: 0\r\n\r\n"};
    fake_http *server = fake_http_start(&rule, 1);
    leakdiag_cancel *cancel = NULL;
    pthread_t thread;
    ck_assert_int_eq(leakdiag_cancel_new(&cancel, NULL), LEAKDIAG_OK);
    void *both[] = {server, cancel};
    ck_assert_int_eq(pthread_create(&thread, NULL, trigger_when_asked, both), 0);
    ld_http_request request = {.method = "GET", .url = fake_http_url(server), .retries_max = 1};
    int64_t start = now_ms();
    ck_assert_int_eq(ld_http_perform(&request, 1, 60000, cancel, NULL), LEAKDIAG_E_CANCELLED);
    ck_assert_int_lt(now_ms() - start, 5000);
    pthread_join(thread, NULL);
    leakdiag_cancel_free(cancel);
    fake_http_stop(server);
}
END_TEST

START_TEST(more_requests_than_run_at_once_are_all_answered)
{
    enum { MANY = 300 };
    const fake_rule rule = {.bytes = OK_300, .keep = true};
    for (int is_tls = 0; is_tls <= 1; is_tls++) {
        fake_http *server = is_tls ? fake_tls_start(&rule, 1, NULL) : fake_http_start(&rule, 1);
        ld_origin *origin = origin_of(fake_http_url(server));
        ld_http_client *client = client_new();
        ld_http_request requests[MANY], *pointers[MANY];
        for (size_t i = 0; i < MANY; i++) {
            requests[i] = (ld_http_request){.method = "GET",
                                            .url = fake_http_url(server),
                                            .origin = origin,
                                            .is_bulk = i % 4 == 1};
            pointers[i] = &requests[i];
        }
        ck_assert_int_eq(ld_http_client_perform(client, pointers, MANY, 60000, NULL, NULL),
                         LEAKDIAG_OK);
        for (size_t i = 0; i < MANY; i++) {
            assert_end(&requests[i], LD_HTTP_ANSWERED, "");
            ck_assert_int_eq(requests[i].retries, 0);
            ld_http_request_done(&requests[i]);
        }
        ck_assert_uint_eq(fake_http_request_count(server), MANY);
        ck_assert_uint_le(fake_http_accept_count(server), 64 + MANY / 4); /* not all at once */
        ld_http_client_free(client);
        ld_origin_free(origin);
        fake_http_stop(server);
    }
}
END_TEST

START_TEST(the_audit_id_is_kept_and_made_safe)
{
    const fake_rule rule = {.bytes = "HTTP/1.1 403 Forbidden\r\nAudit-Id: 8b1e-4f\x1b[0m\r\n"
                                     "Content-Length: 0\r\n\r\n"};
    fake_http *server = fake_http_start(&rule, 1);
    ld_http_request request = {.method = "GET", .url = fake_http_url(server)};
    ck_assert_int_eq(ld_http_perform(&request, 1, 5000, NULL, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(request.status, 403);
    ck_assert_str_eq(request.audit_id, "8b1e-4f\\x1b[0m");
    ld_http_request_done(&request);
    fake_http_stop(server);
}
END_TEST

/* ---- out of memory ---- */

static fake_http *tortured;
static ld_origin *tortured_origin;

static leakdiag_status ask_with_all_of_it(void)
{
    ld_http_client *client = NULL;
    sink s = {0};
    ld_http_request requests[3] = {{.method = "GET", .origin = tortured_origin},
                                   {.method = "GET", .on_done = count_done, .payload = &s},
                                   {.method = "GET", .is_bulk = true}};
    ld_http_request *pointers[] = {&requests[0], &requests[1], &requests[2]};
    for (size_t i = 0; i < 3; i++)
        requests[i].url = fake_http_url(tortured);
    leakdiag_status status = ld_http_client_new(NULL, &client, NULL);
    if (!status) {
        status = ld_http_client_perform(client, pointers, 3, 5000, NULL, NULL);
        ck_assert_uint_eq(s.done_calls, 1);
    }
    for (size_t i = 0; i < 3; i++)
        ld_http_request_done(&requests[i]);
    ld_http_client_free(client);
    return status;
}

START_TEST(every_allocation_of_a_client_may_fail)
{
    /* the failing one too explains itself: of another authority, or a certificate that is fine */
    const fake_rule rule = {.bytes = OK_300, .keep = true};
    tortured = fake_tls_start(&rule, 1, NULL);
    tortured_origin = origin_of(fake_http_url(tortured));
    tortured_origin->authorization = ld_copy_text("Bearer x");
    tortured_origin->server_name = ld_copy_text("kubernetes.default");
    ck_assert_uint_ge(torture_run(ask_with_all_of_it), 20);
    ld_origin_free(tortured_origin);
    fake_http_stop(tortured);
}
END_TEST

static TCase *connection_cases(void)
{
    TCase *tc = tcase_create("connections");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, the_next_call_uses_the_connection_again);
    tcase_add_test(tc, a_bulk_body_has_a_connection_of_its_own);
    tcase_add_test(tc, a_connection_that_died_meanwhile_is_replaced);
    tcase_add_test(tc, on_a_connection_that_was_there_the_stage_is_right_too);
    tcase_add_test(tc, on_body_gets_all_of_it_and_knows_the_status);
    tcase_add_test(tc, on_body_may_stop_and_that_is_no_failure);
    tcase_add_test(tc, what_on_body_gets_is_limited_too);
    tcase_add_test(tc, on_body_sees_no_answer_that_is_retried_and_the_last_one_in_full);
    tcase_add_test(tc, on_done_may_add_requests_under_the_same_deadline);
    tcase_add_test(tc, what_on_done_adds_is_checked_too);
    tcase_add_test(tc, a_deadline_ends_a_chain_that_does_not_end);
    tcase_add_test(tc, after_a_cancel_all_are_told_and_nobody_has_an_answer);
    tcase_add_test(tc, a_cancel_ends_the_wait_for_a_retry_too);
    tcase_add_test(tc, more_requests_than_run_at_once_are_all_answered);
    tcase_add_test(tc, the_audit_id_is_kept_and_made_safe);
    tcase_add_test(tc, every_allocation_of_a_client_may_fail);
    return tc;
}

#endif
