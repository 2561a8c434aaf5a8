/* When a request is sent again, and when not. Part of test_client.c. */
#ifndef RETRY_CASES_H
#define RETRY_CASES_H

#include "client_helpers.h"
#include "net/intake.h"

#define BUSY(more)                                                                                 \
    "HTTP/1.1 503 Service Unavailable\r\n" more "Content-Type: text/plain\r\n"                     \
    "Content-Length: 4\r\n\r\nbusy"

/* One GET with an origin to a server with these two rules, the first of which is used up. */
static int64_t ask_twice(const fake_rule *first, const char *method, int64_t retries_max,
                         int64_t deadline_ms, ld_http_request *ret, size_t *ret_count)
{
    fake_rule rules[2] = {*first, {.bytes = OK_300}};
    fake_http *server = fake_http_start(rules, 2);
    ld_origin *origin = origin_of(fake_http_url(server));
    ld_http_client *client = client_new();
    *ret = (ld_http_request){.method = method,
                             .url = fake_http_url(server),
                             .origin = origin,
                             .retries_max = retries_max};
    int64_t start = now_ms();
    perform(client, ret, deadline_ms);
    int64_t took = now_ms() - start;
    *ret_count = fake_http_request_count(server);
    ret->url = NULL;
    ld_http_client_free(client);
    ld_origin_free(origin);
    fake_http_stop(server);
    return took;
}

static const struct retry_case {
    const char *name;
    fake_rule first;
    const char *method;
    int64_t retries_max;
    /* expected */
    int status;
    int64_t retries, at_least_ms, retry_after_ms;
} retry_cases_table[] = {
    {"reset", {.bytes = "", .reset = true, .times = 1}, "GET", 0, 200, 1, 200, -1},
    {"closed", {.bytes = "", .times = 1}, "GET", 0, 200, 1, 200, -1},
    {"twice", {.bytes = BUSY(""), .times = 2}, "GET", 2, 200, 2, 600, -1},
    {"once is not enough", {.bytes = BUSY(""), .times = 2}, "GET", 1, 503, 1, 200, -1},
    {"429", {.bytes = STATUS("429 Too Many Requests"), .times = 1}, "GET", 0, 200, 1, 200, -1},
    {"502", {.bytes = STATUS("502 Bad Gateway"), .times = 1}, "GET", 0, 200, 1, 200, -1},
    {"504", {.bytes = STATUS("504 Gateway Timeout"), .times = 1}, "GET", 0, 200, 1, 200, -1},
    {"500 is no reason", {.bytes = STATUS("500 Oops"), .times = 1}, "GET", 1, 500, 0, 0, -1},
    {"404 is no reason", {.bytes = STATUS("404 Not Found"), .times = 1}, "GET", 1, 404, 0, 0, -1},
    {"a POST is not repeated", {.bytes = BUSY(""), .times = 1}, "POST", 1, 503, 0, 0, -1},
    {"a reset POST neither", {.bytes = "", .reset = true, .times = 1}, "POST", 1, 0, 0, 0, -1},
    {"never", {.bytes = BUSY(""), .times = 1}, "GET", -1, 503, 0, 0, -1},
    {"not once a byte came", {.bytes = OK_300, .cut_after = 30, .times = 1}, "GET", 1, 0, 0, 0, -1},
    {"as it says", {.bytes = BUSY("Retry-After: 1\r\n"), .times = 1}, "GET", 0, 200, 1, 1000, -1},
    {"never sooner", {.bytes = BUSY("Retry-After: 0\r\n"), .times = 1}, "GET", 0, 200, 1, 200, -1},
    {"a negative delay is none",
     {.bytes = BUSY("Retry-After: -1\r\n"), .times = 1},
     "GET",
     0,
     200,
     1,
     200,
     -1},
    {"beyond the deadline",
     {.bytes = BUSY("Retry-After: 20\r\n"), .times = 1},
     "GET",
     0,
     503,
     0,
     0,
     20000},
    {"beyond all reason",
     {.bytes = BUSY("Retry-After: 99999999999999999999\r\n"), .times = 1},
     "GET",
     0,
     503,
     0,
     0,
     LD_HTTP_RETRY_AFTER_MAX_MS},
};

START_TEST(a_request_is_sent_again_when_that_is_safe_and_asked_for)
{
    const struct retry_case *c = &retry_cases_table[_i];
    ld_http_request request;
    size_t count;
    int64_t took = ask_twice(&c->first, c->method, c->retries_max, 10000, &request, &count);
    ck_assert_msg(request.status == c->status, "%s: %d: %s", c->name, request.status, request.why);
    ck_assert_int_eq(request.retries, c->retries);
    ck_assert_uint_eq(count, (size_t)c->retries + 1);
    ck_assert_int_ge(took, c->at_least_ms);
    ck_assert_int_ge(request.latency_ms, c->at_least_ms); /* waiting is part of it */
    ck_assert_int_eq(request.retry_after_ms, c->retry_after_ms);
    if (c->status == 200)
        ck_assert_str_eq(request.answer.data, "{\"value\":300}");
    if (c->status == 503)
        ck_assert_str_eq(request.answer.data, "busy");
    ck_assert_int_lt(took, c->at_least_ms + 5000);
    ld_http_request_done(&request);
}
END_TEST

START_TEST(without_an_origin_nothing_is_sent_again_unless_asked)
{
    const fake_rule rule = {.bytes = BUSY("")};
    fake_http *server = fake_http_start(&rule, 1);
    ld_http_request request = {.method = "GET", .url = fake_http_url(server)};
    ck_assert_int_eq(ld_http_perform(&request, 1, 5000, NULL, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(request.retries, 0);
    ld_http_request_done(&request);
    request.retries_max = 1;
    ck_assert_int_eq(ld_http_perform(&request, 1, 5000, NULL, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(request.retries, 1);
    ck_assert_uint_eq(fake_http_request_count(server), 3);
    ld_http_request_done(&request);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_retry_does_not_outlive_the_requests_own_time)
{
    const fake_rule rule = {.bytes = BUSY("Retry-After: 1\r\n")};
    fake_http *server = fake_http_start(&rule, 1);
    ld_http_request request = {
        .method = "GET", .url = fake_http_url(server), .timeout_ms = 900, .retries_max = 1};
    ck_assert_int_eq(ld_http_perform(&request, 1, 60000, NULL, NULL), LEAKDIAG_OK);
    assert_end(&request, LD_HTTP_ANSWERED, "");
    ck_assert_int_eq(request.status, 503);
    ck_assert_int_eq(request.retries, 0);
    ck_assert_int_eq(request.retry_after_ms, 1000);
    ld_http_request_done(&request);
    fake_http_stop(server);
}
END_TEST

START_TEST(an_http_date_is_read_and_what_is_none_is_not)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"Mon, 23 Nov 2026 13:09:31 GMT", INT64_C(1795439371000)},
        {"Thu, 01 Jan 1970 00:00:01 GMT", 1000},
        {"Sun, 06 Nov 1994 08:49:37 GMT", INT64_C(784111777000)}, /* RFC 9110's example */
        {"Tue, 29 Feb 2028 00:00:00 GMT", INT64_C(1835395200000)},
        {"Mon, 29 Feb 2027 00:00:00 GMT", 0},
        {"Mon, 23 Nov 2026 13:09:31 CET", 0},
        {"Mon, 23 Nov 2026 25:09:31 GMT", 0},
        {"Mon, 23 anF 2026 13:09:31 GMT", 0},
        {"Mon, -1 Nov 2026 13:09:31 GMT", 0},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 0},
        {"", 0},
        {"yesterday", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ck_assert_msg(ld_http_date(rows[i].text) == rows[i].ms, "%s is %lld", rows[i].text,
                      (long long)ld_http_date(rows[i].text));
}
END_TEST

START_TEST(retry_after_is_seconds_or_a_date_held_against_the_other_sides_clock)
{
    static const struct {
        const char *lines[3];
        int64_t ms;
    } rows[] = {
        {{"Retry-After: 5"}, 5000},
        {{"retry-after:\t30 "}, 30000},
        {{"Retry-After: 31"}, 30000},
        {{"Retry-After: 1000000000"}, 30000},
        {{"Retry-After: -1"}, -1},
        {{"Retry-After: 5s"}, -1},
        {{"Retry-After: 1.5"}, -1},
        {{"Retry-After:"}, -1},
        {{"Date: Mon, 23 Nov 2026 13:09:31 GMT", "Retry-After: Mon, 23 Nov 2026 13:09:41 GMT"},
         10000},
        {{"Retry-After: Mon, 23 Nov 2026 13:09:41 GMT", "Date: Mon, 23 Nov 2026 13:09:31 GMT"},
         10000},
        {{"Date: Mon, 23 Nov 2026 13:09:31 GMT", "Retry-After: Mon, 23 Nov 2026 13:09:21 GMT"}, 0},
        {{"Date: Mon, 23 Nov 2026 13:09:31 GMT", "Retry-After: Mon, 23 Nov 2027 13:09:21 GMT"},
         30000},
        {{"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"}, 30000}, /* our own clock will do */
        {{"X-Retry-After: 5"}, -1},
        {{"Retry-After: 5", "HTTP/1.1 200 OK"}, -1}, /* another head begins */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        ld_http_request request = {.url = "http://h/"};
        ld_intake intake;
        ld_intake_start(&intake, &request, false);
        for (size_t k = 0; k < 3 && rows[i].lines[k]; k++)
            ck_assert(ld_intake_header(&intake, rows[i].lines[k], strlen(rows[i].lines[k])));
        ck_assert_msg(ld_intake_retry_after_ms(&intake) == rows[i].ms, "%s: %lld", rows[i].lines[0],
                      (long long)ld_intake_retry_after_ms(&intake));
    }
}
END_TEST

static TCase *retry_cases(void)
{
    TCase *tc = tcase_create("retries");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, a_request_is_sent_again_when_that_is_safe_and_asked_for, 0,
                        (int)COUNT(retry_cases_table));
    tcase_add_test(tc, without_an_origin_nothing_is_sent_again_unless_asked);
    tcase_add_test(tc, a_retry_does_not_outlive_the_requests_own_time);
    tcase_add_test(tc, an_http_date_is_read_and_what_is_none_is_not);
    tcase_add_test(tc, retry_after_is_seconds_or_a_date_held_against_the_other_sides_clock);
    return tc;
}

#endif
