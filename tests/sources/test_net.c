/* HTTP as this library asks it: what is sent, what is refused, and how each failure is told. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fake/fake_http.h"
#include "fake/torture.h"
#include "net/http.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define OK_300                                                                                     \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "                        \
    "13\r\n\r\n{\"value\":300}"

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One request to a server with one rule, for at most 2 s. */
static ld_http_request ask(const fake_rule *rule, const char *path)
{
    fake_http *server = fake_http_start(rule, 1);
    char *url = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(ld_url_join(fake_http_url(server), path, &url, &err), LEAKDIAG_OK);
    ld_http_request request = {.method = "GET", .url = url};
    leakdiag_status status = ld_http_perform(&request, 1, 2000, NULL, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    request.url = NULL;
    leakdiag_free(url);
    fake_http_stop(server);
    return request;
}

static void assert_end(const ld_http_request *request, ld_http_end end, const char *in_why)
{
    ck_assert_msg(request->end == end, "end is %d, not %d: %s", (int)request->end, (int)end,
                  request->why);
    ck_assert_msg(strstr(request->why, in_why), "why is: %s", request->why);
    if (end != LD_HTTP_ANSWERED)
        ck_assert_uint_eq(request->answer.len, 0);
}

START_TEST(an_answer_comes_with_status_type_body_and_date)
{
    const fake_rule rule = {.bytes = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n"
                                     "Date: Mon, 23 Nov 2026 13:09:31 GMT\r\nContent-Length: 4\r\n"
                                     "\r\nno\0!",
                            .len = 0};
    fake_rule own = rule;
    own.len = strlen(rule.bytes) + 2; /* the body holds a NUL */
    ld_http_request request = ask(&own, "/x");
    assert_end(&request, LD_HTTP_ANSWERED, "");
    ck_assert_int_eq(request.status, 404);
    ck_assert_str_eq(request.content_type, "text/plain");
    ck_assert_uint_eq(request.answer.len, 4);
    ck_assert_mem_eq(request.answer.data, "no\0!", 4);
    ck_assert_int_eq(request.date_ms, INT64_C(1795439371000));
    ck_assert_int_ge(request.latency_ms, 0);
    ck_assert_str_eq(request.redirect_host, "");
    ld_http_request_done(&request);
}
END_TEST

START_TEST(an_answer_without_type_date_and_body_is_an_answer)
{
    const fake_rule rule = {.bytes =
                                "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n"};
    ld_http_request request = ask(&rule, "/x");
    assert_end(&request, LD_HTTP_ANSWERED, "");
    ck_assert_int_eq(request.status, 405);
    ck_assert_str_eq(request.content_type, "");
    ck_assert_int_eq(request.date_ms, 0);
    ck_assert_uint_eq(request.answer.len, 0);
    ld_http_request_done(&request);
}
END_TEST

START_TEST(a_post_carries_its_body_and_headers_and_nothing_from_the_environment)
{
    const fake_rule rule = {.method = "POST", .bytes = OK_300};
    fake_http *server = fake_http_start(&rule, 1);
    char home[] = "/tmp/leakdiag-home-XXXXXX", netrc[64];
    ck_assert_ptr_nonnull(mkdtemp(home));
    snprintf(netrc, sizeof netrc, "%s/.netrc", home);
    FILE *file = fopen(netrc, "w");
    ck_assert_ptr_nonnull(file);
    fputs("machine 127.0.0.1 login canary password canary\n", file);
    fclose(file);
    char *dead = fake_dead_url();
    const char *const names[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < COUNT(names); i++)
        setenv(names[i], dead, 1);
    char *home_before = getenv("HOME") ? strdup(getenv("HOME")) : NULL;
    setenv("HOME", home, 1);

    const char *const headers[] = {"Content-Type: application/json", "X-API-Key: k", NULL};
    ld_http_request request = {
        .method = "POST", .url = fake_http_url(server), .body = "{\"a\":1}", .headers = headers};
    leakdiag_error err = {0};
    ck_assert_int_eq(ld_http_perform(&request, 1, 2000, NULL, &err), LEAKDIAG_OK);
    assert_end(&request, LD_HTTP_ANSWERED, "");

    for (size_t i = 0; i < COUNT(names); i++)
        unsetenv(names[i]);
    if (home_before)
        setenv("HOME", home_before, 1);
    char *sent = fake_http_request(server, 0);
    ck_assert_msg(strncmp(sent, "POST / HTTP/1.1\r\n", 17) == 0, "%s", sent);
    ck_assert_ptr_nonnull(strstr(sent, "\r\nContent-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\nX-API-Key: k\r\n"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\nContent-Length: 7\r\n"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\n\r\n{\"a\":1}"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\nUser-Agent: leakdiag/"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\nAccept-Encoding: identity\r\n"));
    static const char *const unwanted[] = {"Authorization", "gzip",  "Expect",
                                           "Cookie",        "Proxy", "canary"};
    for (size_t i = 0; i < COUNT(unwanted); i++)
        ck_assert_msg(!strcasestr(sent, unwanted[i]), "%s in: %s", unwanted[i], sent);
    ck_assert_uint_eq(fake_http_request_count(server), 1);
    free(sent);
    free(dead);
    free(home_before);
    ld_http_request_done(&request);
    unlink(netrc);
    rmdir(home);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_redirect_is_not_followed_and_only_its_host_is_kept)
{
    static const struct {
        const char *location, *host;
    } rows[] = {
        {"Location: https://login.example/sso?token=s3cret\r\n", "login.example"},
        {"Location: /login\r\n", "127.0.0.1"},
        {"Location: file:///etc/passwd\r\n", ""},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char bytes[256];
        snprintf(bytes, sizeof bytes, "HTTP/1.1 302 Found\r\n%sContent-Length: 0\r\n\r\n",
                 rows[i].location);
        const fake_rule rule = {.bytes = bytes};
        ld_http_request request = ask(&rule, "/x");
        assert_end(&request, LD_HTTP_ANSWERED, "");
        ck_assert_int_eq(request.status, 302);
        ck_assert_str_eq(request.redirect_host, rows[i].host);
        ld_http_request_done(&request);
    }
}
END_TEST

START_TEST(a_compressed_body_is_not_taken_and_its_encoding_is_named)
{
    static const struct {
        const char *header;
        ld_http_end end;
        const char *in_why;
    } rows[] = {
        {"Content-Encoding: gzip", LD_HTTP_ENCODED, "encoded as gzip"},
        {"content-encoding:br", LD_HTTP_ENCODED, "encoded as br"},
        {"Content-Encoding: \x1b[31mx", LD_HTTP_ENCODED, "encoded as \\x1b[31mx"},
        {"Content-Encoding: identity", LD_HTTP_ANSWERED, ""},
        {"Content-Encoding: ", LD_HTTP_ANSWERED, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char bytes[256];
        snprintf(bytes, sizeof bytes, "HTTP/1.1 200 OK\r\n%s\r\nContent-Length: 4\r\n\r\nbody",
                 rows[i].header);
        const fake_rule rule = {.bytes = bytes};
        ld_http_request request = ask(&rule, "/x");
        assert_end(&request, rows[i].end, rows[i].in_why);
        ld_http_request_done(&request);
    }
}
END_TEST

START_TEST(an_answer_byte_by_byte_is_an_answer)
{
    const fake_rule rule = {.bytes = OK_300, .chunk_bytes = true};
    ld_http_request request = ask(&rule, "/x");
    assert_end(&request, LD_HTTP_ANSWERED, "");
    ck_assert_str_eq(request.answer.data, "{\"value\":300}");
    ld_http_request_done(&request);
}
END_TEST

/* How each failure ends and what is said of it. */
static const struct {
    fake_rule rule;
    ld_http_end end;
    const char *in_why;
} failures[] = {
    {{.bytes = "", .cut_after = 0}, LD_HTTP_CUT_OFF, "first byte"},
    {{.bytes = OK_300, .cut_after = 80}, LD_HTTP_CUT_OFF, "body"},
    {{.bytes = OK_300, .cut_after = 80, .reset = true}, LD_HTTP_CUT_OFF, "cut the connection"},
    {{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
     LD_HTTP_CUT_OFF,
     "cut the connection"},
    {{.bytes = "SSH-2.0-OpenSSH_9.2\r\nand more of it\r\n"}, LD_HTTP_NOT_HTTP, "not speak HTTP"},
    {{.bytes = "\x15\x03\x01"}, LD_HTTP_NOT_HTTP, "not speak HTTP"},
};

START_TEST(each_failure_has_its_own_words)
{
    ld_http_request request = ask(&failures[_i].rule, "/x");
    assert_end(&request, failures[_i].end, failures[_i].in_why);
    assert_end(&request, failures[_i].end, "127.0.0.1:");
    ck_assert_int_eq(request.status, 0);
    ld_http_request_done(&request);
}
END_TEST

static ld_http_request ask_url(const char *url, int64_t deadline_ms)
{
    ld_http_request request = {.method = "GET", .url = url};
    leakdiag_error err = {0};
    leakdiag_status status = ld_http_perform(&request, 1, deadline_ms, NULL, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return request;
}

START_TEST(a_port_where_nothing_listens_refuses)
{
    char *url = fake_dead_url();
    ld_http_request request = ask_url(url, 2000);
    assert_end(&request, LD_HTTP_NO_CONNECT, "connect to 127.0.0.1:");
    assert_end(&request, LD_HTTP_NO_CONNECT, ": refused after ");
    ld_http_request_done(&request);
    free(url);
}
END_TEST

START_TEST(a_name_that_cannot_exist_has_no_address)
{
    /* 64 characters are one too many for a label: the resolver says no without asking anybody. */
    char url[128] = "http://";
    memset(url + 7, 'a', 64);
    strcpy(url + 71, "/");
    ld_http_request request = ask_url(url, 2000);
    assert_end(&request, LD_HTTP_NO_NAME, "dns: no address for aaaa");
    ld_http_request_done(&request);
}
END_TEST

START_TEST(what_hangs_is_given_up_at_the_deadline_and_the_others_still_answer)
{
    const fake_rule rules[] = {{.path = "/hang", .hang = true}, {.bytes = OK_300}};
    fake_http *server = fake_http_start(rules, 2);
    char hang[128], late[128], body[128];
    snprintf(hang, sizeof hang, "%s/hang", fake_http_url(server));
    snprintf(late, sizeof late, "%s/hang?own=timeout", fake_http_url(server));
    snprintf(body, sizeof body, "%s/fine", fake_http_url(server));
    ld_http_request requests[] = {{.method = "GET", .url = hang},
                                  {.method = "GET", .url = late, .timeout_ms = 50},
                                  {.method = "GET", .url = body}};
    int64_t start = now_ms();
    ck_assert_int_eq(ld_http_perform(requests, 3, 300, NULL, NULL), LEAKDIAG_OK);
    int64_t took = now_ms() - start;
    assert_end(&requests[0], LD_HTTP_TIMED_OUT, "it got as far as: waiting for the first byte");
    assert_end(&requests[1], LD_HTTP_TIMED_OUT, "within 5");
    assert_end(&requests[2], LD_HTTP_ANSWERED, "");
    ck_assert_int_ge(requests[0].latency_ms, 290);
    ck_assert_int_lt(requests[1].latency_ms, requests[0].latency_ms);
    ck_assert_int_lt(requests[2].latency_ms, requests[0].latency_ms);
    ck_assert_int_ge(took, 290);
    ck_assert_int_lt(took, 3000);
    ck_assert_uint_eq(fake_http_request_count(server), 3); /* all went out */
    for (size_t i = 0; i < 3; i++)
        ld_http_request_done(&requests[i]);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_body_that_stops_halfway_times_out_at_the_body)
{
    /* more is announced than comes, and the connection stays open for the delay of the second */
    const fake_rule rule = {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx",
                            .chunk_bytes = true,
                            .hang = false};
    fake_rule slow = rule;
    char *bytes = malloc(200000);
    memset(bytes, 'x', 200000);
    memcpy(bytes, rule.bytes, strlen(rule.bytes));
    slow.bytes = bytes;
    slow.len = 200000; /* byte by byte: takes far longer than the deadline */
    fake_http *server = fake_http_start(&slow, 1);
    ld_http_request request = ask_url(fake_http_url(server), 100);
    if (request.end == LD_HTTP_TIMED_OUT)
        assert_end(&request, LD_HTTP_TIMED_OUT, "it got as far as: body");
    else /* a very fast machine has sent all of it */
        assert_end(&request, LD_HTTP_CUT_OFF, "body");
    ld_http_request_done(&request);
    fake_http_stop(server);
    free(bytes);
}
END_TEST

/* A body of `len` bytes, with its length or chunked. */
static char *body_answer(size_t len, bool chunked, size_t *ret_len)
{
    char *bytes = malloc(len + 256);
    int head =
        chunked
            ? sprintf(bytes, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n", len)
            : sprintf(bytes, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
    memset(bytes + head, 'x', len);
    size_t all = (size_t)head + len;
    if (chunked) {
        memcpy(bytes + all, "\r\n0\r\n\r\n", 7);
        all += 7;
    }
    *ret_len = all;
    return bytes;
}

START_TEST(a_body_of_the_limit_is_taken_and_one_more_byte_is_not)
{
    for (int chunked = 0; chunked <= 1; chunked++) {
        for (int more = -1; more <= 1; more++) {
            fake_rule rule = {0};
            char *bytes = body_answer(100000 + (size_t)(more + 1) - 1, chunked, &rule.len);
            rule.bytes = bytes;
            fake_http *server = fake_http_start(&rule, 1);
            ld_http_request request = {
                .method = "GET", .url = fake_http_url(server), .body_max_bytes = 100000};
            ck_assert_int_eq(ld_http_perform(&request, 1, 5000, NULL, NULL), LEAKDIAG_OK);
            if (more <= 0) {
                assert_end(&request, LD_HTTP_ANSWERED, "");
                ck_assert_uint_eq(request.answer.len, (size_t)(100000 + more));
            } else
                assert_end(&request, LD_HTTP_TOO_LARGE, "larger than 100000 bytes");
            ld_http_request_done(&request);
            fake_http_stop(server);
            free(bytes);
        }
    }
}
END_TEST

START_TEST(without_a_limit_of_its_own_a_body_may_have_one_mebibyte)
{
    for (int more = 0; more <= 1; more++) {
        fake_rule rule = {0};
        char *bytes = body_answer(LD_HTTP_BODY_MAX_BYTES + (size_t)more, true, &rule.len);
        rule.bytes = bytes;
        ld_http_request request = ask(&rule, "/x");
        assert_end(&request, more ? LD_HTTP_TOO_LARGE : LD_HTTP_ANSWERED, "");
        ld_http_request_done(&request);
        free(bytes);
    }
}
END_TEST

START_TEST(endless_headers_are_cut_off)
{
    const size_t len = 400000;
    char *bytes = malloc(len + 1);
    size_t at = (size_t)sprintf(bytes, "HTTP/1.1 200 OK\r\n");
    while (at + 100 < len)
        at += (size_t)sprintf(bytes + at, "X-Header: %080d\r\n", 0);
    const fake_rule rule = {.bytes = bytes, .len = at};
    ld_http_request request = ask(&rule, "/x");
    assert_end(&request, LD_HTTP_TOO_LARGE, "the head of the answer of 127.0.0.1:");
    assert_end(&request, LD_HTTP_TOO_LARGE, "larger than 65536 bytes");
    ld_http_request_done(&request);
    free(bytes);
}
END_TEST

START_TEST(bad_requests_are_refused_and_nothing_is_sent)
{
    const fake_rule rule = {.bytes = OK_300};
    fake_http *server = fake_http_start(&rule, 1);
    const char *fine = fake_http_url(server);
    const char *const crlf[] = {"Authorization: Bearer s3cret\r\nX-Injected: 1", NULL};
    const char *const lf[] = {"X-A: 1", "X-B: s3cret\n", NULL};
    const char *const del[] = {"X-B: s3cret\x7f", NULL};
    const char *const no_name[] = {": x", NULL};
    const char *const no_colon[] = {"s3cret", NULL};
    const struct {
        ld_http_request request;
        int64_t deadline_ms;
        const char *in_message;
    } rows[] = {
        {{.method = "GET", .url = fine, .headers = crlf}, 1000, "Authorization has control byte"},
        {{.method = "GET", .url = fine, .headers = lf}, 1000, "X-B has control byte 0x0a at 11"},
        {{.method = "GET", .url = fine, .headers = del}, 1000, "0x7f"},
        {{.method = "GET", .url = fine, .headers = no_name}, 1000, "Name: value"},
        {{.method = "GET", .url = fine, .headers = no_colon}, 1000, "Name: value"},
        {{.method = "PUT", .url = fine}, 1000, "GET and POST"},
        {{.method = NULL, .url = fine}, 1000, "GET and POST"},
        {{.method = "GET", .url = fine, .body = "x"}, 1000, "no body"},
        {{.method = "GET", .url = NULL}, 1000, "empty"},
        {{.method = "GET", .url = "file:///etc/hostname"}, 1000, "http and https"},
        {{.method = "GET", .url = fine, .timeout_ms = -1}, 1000, "negative"},
        {{.method = "GET", .url = fine}, 0, "deadline"},
        {{.method = "GET", .url = fine}, INT64_C(3000000000), "deadline"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        ld_http_request requests[2] = {{.method = "GET", .url = fine}, rows[i].request};
        leakdiag_error err = {0};
        ck_assert_int_eq(ld_http_perform(requests, 2, rows[i].deadline_ms, NULL, &err),
                         LEAKDIAG_E_INVALID);
        ck_assert_msg(strstr(err.message, rows[i].in_message), "message is: %s", err.message);
        ck_assert_ptr_null(strstr(err.message, "s3cret"));
    }
    ck_assert_uint_eq(fake_http_request_count(server), 0);
    fake_http_stop(server);
}
END_TEST

START_TEST(no_request_is_no_work)
{
    ck_assert_int_eq(ld_http_perform(NULL, 0, 1000, NULL, NULL), LEAKDIAG_OK);
}
END_TEST

/* ---- cancel ---- */

typedef struct trigger {
    fake_http *server;
    leakdiag_cancel *cancel;
    int64_t at_ms;
} trigger;

static void *trigger_once_asked(void *payload)
{
    trigger *t = payload;
    while (fake_http_request_count(t->server) == 0)
        sched_yield();
    t->at_ms = now_ms();
    leakdiag_cancel_trigger(t->cancel);
    return NULL;
}

START_TEST(a_cancelled_request_returns_at_once)
{
    const fake_rule rule = {.hang = true};
    fake_http *server = fake_http_start(&rule, 1);
    trigger t = {.server = server};
    pthread_t thread;
    ck_assert_int_eq(leakdiag_cancel_new(&t.cancel, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, trigger_once_asked, &t), 0);
    ld_http_request request = {.method = "GET", .url = fake_http_url(server)};
    leakdiag_error err = {0};
    ck_assert_int_eq(ld_http_perform(&request, 1, 60000, t.cancel, &err), LEAKDIAG_E_CANCELLED);
    int64_t returned_ms = now_ms();
    pthread_join(thread, NULL);
    /* 50 ms are promised; a loaded machine may schedule us late */
    ck_assert_int_lt(returned_ms - t.at_ms, 1000);
    ck_assert_int_eq(request.end, LD_HTTP_CANCELLED);
    ck_assert_uint_eq(request.answer.len, 0);

    ck_assert_int_eq(ld_http_perform(&request, 1, 60000, t.cancel, &err), LEAKDIAG_E_CANCELLED);
    ck_assert_uint_eq(fake_http_request_count(server), 1); /* the second was not even sent */
    leakdiag_cancel_free(t.cancel);
    fake_http_stop(server);
}
END_TEST

/* ---- threads and signals ---- */

static void *ask_ten_times(void *payload)
{
    const char *url = payload;
    for (int i = 0; i < 10; i++) {
        ld_http_request request = {.method = "GET", .url = url};
        if (ld_http_perform(&request, 1, 10000, NULL, NULL) || request.end || request.status != 200)
            return payload;
        ld_http_request_done(&request);
    }
    return NULL;
}

START_TEST(many_threads_may_ask_at_once)
{
    const fake_rule rule = {.bytes = OK_300};
    fake_http *server = fake_http_start(&rule, 1);
    char url[64];
    snprintf(url, sizeof url, "%s", fake_http_url(server));
    pthread_t threads[8];
    for (size_t i = 0; i < COUNT(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_ten_times, url), 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *failed = url;
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    ck_assert_uint_eq(fake_http_request_count(server), 80);
    fake_http_stop(server);
}
END_TEST

START_TEST(the_signal_mask_is_left_as_it_was)
{
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    ck_assert_int_eq(sigismember(&before, SIGPIPE), 0);
    const fake_rule rule = {.bytes = "", .reset = true};
    ld_http_request request = ask(&rule, "/x");
    ld_http_request_done(&request);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int signal = 1; signal < 32; signal++)
        ck_assert_int_eq(sigismember(&before, signal), sigismember(&after, signal));
}
END_TEST

/* ---- out of memory ---- */

static const char *tortured_url;

static leakdiag_status ask_and_free(void)
{
    char *url = NULL;
    leakdiag_status status = ld_url_join(tortured_url, "/x", &url, NULL);
    ld_http_request requests[2] = {{.method = "GET", .url = url}, {.method = "GET", .url = url}};
    if (!status)
        status = ld_http_perform(requests, 2, 5000, NULL, NULL);
    for (size_t i = 0; i < 2; i++) {
        if (status)
            ck_assert_ptr_null(requests[i].answer.data);
        ld_http_request_done(&requests[i]);
    }
    leakdiag_free(url);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    const fake_rule rule = {.bytes = OK_300};
    fake_http *server = fake_http_start(&rule, 1);
    tortured_url = fake_http_url(server);
    ck_assert_uint_ge(torture_run(ask_and_free), 6);
    fake_http_stop(server);
}
END_TEST

#include "tls_cases.h"
#include "url_cases.h"

int main(void)
{
    Suite *suite = suite_create("net");
    TCase *tc = tcase_create("HTTP");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, an_answer_comes_with_status_type_body_and_date);
    tcase_add_test(tc, an_answer_without_type_date_and_body_is_an_answer);
    tcase_add_test(tc, a_post_carries_its_body_and_headers_and_nothing_from_the_environment);
    tcase_add_test(tc, a_redirect_is_not_followed_and_only_its_host_is_kept);
    tcase_add_test(tc, a_compressed_body_is_not_taken_and_its_encoding_is_named);
    tcase_add_test(tc, an_answer_byte_by_byte_is_an_answer);
    tcase_add_loop_test(tc, each_failure_has_its_own_words, 0, (int)COUNT(failures));
    tcase_add_test(tc, a_port_where_nothing_listens_refuses);
    tcase_add_test(tc, a_name_that_cannot_exist_has_no_address);
    tcase_add_test(tc, what_hangs_is_given_up_at_the_deadline_and_the_others_still_answer);
    tcase_add_test(tc, a_body_that_stops_halfway_times_out_at_the_body);
    tcase_add_test(tc, a_body_of_the_limit_is_taken_and_one_more_byte_is_not);
    tcase_add_test(tc, without_a_limit_of_its_own_a_body_may_have_one_mebibyte);
    tcase_add_test(tc, endless_headers_are_cut_off);
    tcase_add_test(tc, bad_requests_are_refused_and_nothing_is_sent);
    tcase_add_test(tc, no_request_is_no_work);
    tcase_add_test(tc, a_cancelled_request_returns_at_once);
    tcase_add_test(tc, many_threads_may_ask_at_once);
    tcase_add_test(tc, the_signal_mask_is_left_as_it_was);
    tcase_add_test(tc, every_allocation_may_fail);
    suite_add_tcase(suite, tc);
    suite_add_tcase(suite, tls_cases());
    suite_add_tcase(suite, url_cases());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
