/* Every fault of the other side, over plain HTTP and TLS: its end, its words, in time. Part of
 * test_client.c. */
#ifndef FAULT_CASES_H
#define FAULT_CASES_H

#include "client_helpers.h"
#include "net/explain.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n"
/* A chunk that libcurl would unpack: twenty times the letter a. */
#define PACKED                                                                                     \
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n17\r\n"                            \
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\x4c\xc4\x04\x00\xce\x8b\x6f\x26\x14\x00\x00\x00"
#define BLANK "                                                                                "

static const struct fault {
    const char *name;
    fake_rule rule;
    ld_http_end end;
    int status;
    const char *in_why;
} faults[] = {
    {"closed", {.bytes = ""}, LD_HTTP_CUT_OFF, 0, "at: first byte"},
    {"reset", {.bytes = "", .reset = true}, LD_HTTP_CUT_OFF, 0, "at: first byte"},
    {"half a status line", {.bytes = OK_300, .cut_after = 7}, LD_HTTP_CUT_OFF, 0, "at: first byte"},
    {"cut in the head", {.bytes = OK_300, .cut_after = 30}, LD_HTTP_CUT_OFF, 0, "at: head"},
    {"cut at the end of the head",
     {.bytes = OK_300, .cut_after = 69},
     LD_HTTP_CUT_OFF,
     0,
     "at: head"},
    {"cut in the body", {.bytes = OK_300, .cut_after = 77}, LD_HTTP_CUT_OFF, 0, "at: body, "},
    {"reset in the body", {.bytes = HEAD "abc", .reset = true}, LD_HTTP_CUT_OFF, 0, "at: body"},
    {"cut in a chunk",
     {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"},
     LD_HTTP_CUT_OFF,
     0,
     "at: body, 3 bytes"},
    {"cut between chunks",
     {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"},
     LD_HTTP_CUT_OFF,
     0,
     "at: body, 3 bytes"},
    {"a bad chunk",
     {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
     LD_HTTP_CUT_OFF,
     0,
     "at: body"},
    {"hangs", {.hang = true}, LD_HTTP_TIMED_OUT, 0, "as far as: waiting for the first byte; "},
    {"late", {.bytes = OK_300, .delay_ms = 60000}, LD_HTTP_TIMED_OUT, 0, "first byte; "},
    {"stalls in the head",
     {.bytes = "HTTP/1.1 200 OK\r\nA: b\r\n", .stall = true},
     LD_HTTP_TIMED_OUT,
     0,
     "as far as: head; "},
    {"stalls in the body",
     {.bytes = HEAD "abc", .stall = true},
     LD_HTTP_TIMED_OUT,
     0,
     "as far as: body, 3 bytes; "},
    {"byte by byte", {.bytes = OK_300, .chunk_bytes = true}, LD_HTTP_ANSWERED, 200, ""},
    {"a body without an end",
     {.bytes = "HTTP/1.1 200 OK\r\n\r\n", .endless = BLANK BLANK},
     LD_HTTP_TOO_LARGE,
     0,
     "at: body, "},
    {"headers without an end",
     {.bytes = "HTTP/1.1 200 OK\r\n", .endless = "A: " BLANK "b\r\n"},
     LD_HTTP_TOO_LARGE,
     0,
     "the head of the answer"},
    {"a header without an end",
     {.bytes = "HTTP/1.1 200 OK\r\nA: ", .endless = "b" BLANK},
     LD_HTTP_TOO_LARGE,
     0,
     "the head of the answer"},
    {"a status line without an end",
     {.bytes = "HTTP/1.1 200 ", .endless = "b" BLANK},
     LD_HTTP_TOO_LARGE,
     0,
     "the head of the answer"},
    {"100 Continue for ever",
     {.bytes = "", .endless = "HTTP/1.1 100 Continue\r\n\r\n"},
     LD_HTTP_TOO_LARGE,
     0,
     "the head of the answer"},
    {"a gzip bomb",
     {.bytes = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", .endless = BLANK},
     LD_HTTP_ENCODED,
     0,
     "encoded as gzip"},
    {"a packed transfer",
     {.bytes = PACKED "\r\n0\r\n\r\n", .len = sizeof PACKED - 1 + 7},
     LD_HTTP_ENCODED,
     0,
     "encoded as gzip, chunked"},
    {"cut after 100 Continue",
     {.bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n"},
     LD_HTTP_CUT_OFF,
     0,
     "at: head"},
    {"a length that is none",
     {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc"},
     LD_HTTP_NOT_HTTP,
     0,
     "speak HTTP"},
    {"another protocol", {.bytes = "SSH-2.0-OpenSSH_9.2\r\n"}, LD_HTTP_NOT_HTTP, 0, "speak HTTP"},
    {"a login page",
     {.bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"},
     LD_HTTP_ANSWERED,
     200,
     ""},
    {"elsewhere",
     {.bytes = "HTTP/1.1 302 Found\r\nLocation: https://sso.example/?t=s3cret\r\n"
               "Content-Length: 0\r\n\r\n"},
     LD_HTTP_ANSWERED,
     302,
     ""},
    {"401", {.bytes = STATUS("401 Unauthorized")}, LD_HTTP_ANSWERED, 401, ""},
    {"403", {.bytes = STATUS("403 Forbidden")}, LD_HTTP_ANSWERED, 403, ""},
    {"404", {.bytes = STATUS("404 Not Found")}, LD_HTTP_ANSWERED, 404, ""},
    {"409", {.bytes = STATUS("409 Conflict")}, LD_HTTP_ANSWERED, 409, ""},
    {"410", {.bytes = STATUS("410 Gone")}, LD_HTTP_ANSWERED, 410, ""},
    {"429", {.bytes = STATUS("429 Too Many Requests")}, LD_HTTP_ANSWERED, 429, ""},
    {"500", {.bytes = STATUS("500 Internal Server Error")}, LD_HTTP_ANSWERED, 500, ""},
    {"502", {.bytes = STATUS("502 Bad Gateway")}, LD_HTTP_ANSWERED, 502, ""},
    {"503", {.bytes = STATUS("503 Service Unavailable")}, LD_HTTP_ANSWERED, 503, ""},
    {"504", {.bytes = STATUS("504 Gateway Timeout")}, LD_HTTP_ANSWERED, 504, ""},
};

/* Asks once without retries; how long it took is told. */
static int64_t ask_faulty(const char *base_url, bool is_bulk, int64_t deadline_ms,
                          ld_http_request *ret)
{
    char url[128];
    ld_http_client *client = client_new();
    ld_origin *origin = origin_of(base_url);
    snprintf(url, sizeof url, "%s/x", base_url);
    *ret = (ld_http_request){.method = "GET",
                             .url = url,
                             .origin = origin,
                             .is_bulk = is_bulk,
                             .retries_max = -1,
                             .body_max_bytes = 300000};
    int64_t start = now_ms();
    perform(client, ret, deadline_ms);
    int64_t took = now_ms() - start;
    ret->url = NULL;
    ret->origin = NULL;
    ld_origin_free(origin);
    ld_http_client_free(client);
    return took;
}

static void check_fault(const struct fault *fault, bool is_tls, bool is_bulk)
{
    enum { DEADLINE_MS = 300, LATE_MS = 100, TRIES = 4 };
    int64_t least = INT64_MAX;
    /* A loaded machine may schedule us late once, but not each time. */
    for (int try = 0; try < TRIES && least > DEADLINE_MS + LATE_MS; try++) {
        ld_http_request request;
        fake_http *server =
            is_tls ? fake_tls_start(&fault->rule, 1, NULL) : fake_http_start(&fault->rule, 1);
        bool is_late = fault->end == LD_HTTP_TIMED_OUT;
        int64_t took =
            ask_faulty(fake_http_url(server), is_bulk, is_late ? DEADLINE_MS : 5000, &request);
        least = took < least ? took : least;
        ck_assert_msg(request.end == fault->end, "%s: end is %d: %s", fault->name, (int)request.end,
                      request.why);
        assert_end(&request, fault->end, fault->in_why);
        ck_assert_int_eq(request.status, fault->status);
        ck_assert_int_eq(request.retries, 0);
        if (request.end != LD_HTTP_ANSWERED)
            ck_assert_msg(strstr(request.why, "127.0.0.1:"), "where? %s", request.why);
        ck_assert_int_le(request.wire_bytes, 400000);
        if (fault->end == LD_HTTP_ENCODED)
            ck_assert_int_le(request.wire_bytes, 16384);
        if (!is_late)
            least = 0;
        ld_http_request_done(&request);
        fake_http_stop(server);
    }
    ck_assert_msg(least <= DEADLINE_MS + LATE_MS, "%s took %ld ms at best", fault->name,
                  (long)least);
}

START_TEST(each_fault_has_its_end_and_its_words_in_time)
{
    for (int is_tls = 0; is_tls <= 1; is_tls++)
        for (int is_bulk = 0; is_bulk <= 1; is_bulk++)
            check_fault(&faults[_i], is_tls, is_bulk);
}
END_TEST

static const struct tls_fault {
    const char *name;
    fake_tls_options options;
    const char *in_why;
} tls_faults[] = {
    {"expired", {.is_expired = true}, "has expired; here it is 2"},
    {"not yet valid", {.is_not_yet_valid = true}, "is not yet valid; here it is 2"},
    {"another host", {.is_for_another_host = true}, "is for another host"},
    {"another authority", {.is_of_another_authority = true}, "an authority that is not trusted"},
    {"no client certificate", {.wants_client = true}, "client certificate"},
    {"TLS 1.1", {.is_tls11 = true}, "does it speak TLS"},
};

/* With TLS 1.3 our certificate is refused when the handshake is over for us. If our request goes
 * out after the server has closed, the line is reset and the alert is lost. */
static bool was_cut_before_the_alert(const ld_http_request *request, bool is_tls12)
{
    return !is_tls12 && request->end == LD_HTTP_CUT_OFF &&
           strstr(request->why, "does it want another client certificate");
}

START_TEST(each_fault_of_a_certificate_is_told_from_the_others)
{
    const struct tls_fault *fault = &tls_faults[_i];
    const fake_rule rule = {.bytes = OK_300};
    for (int is_tls12 = 0; is_tls12 <= !fault->options.is_tls11; is_tls12++) {
        fake_tls_options options = fault->options;
        options.is_tls12 = is_tls12;
        ld_http_request request;
        fake_http *server = fake_tls_start(&rule, 1, &options);
        ask_faulty(fake_http_url(server), false, 5000, &request);
        if (!was_cut_before_the_alert(&request, is_tls12))
            assert_end(&request, LD_HTTP_TLS, "tls with 127.0.0.1:");
        assert_end(&request, request.end, fault->in_why);
        ck_assert_uint_eq(fake_http_request_count(server), 0); /* no byte of HTTP was served */
        ld_http_request_done(&request);
        fake_http_stop(server);
    }
}
END_TEST

START_TEST(an_insecure_origin_takes_any_certificate_and_the_others_none_of_these)
{
    const fake_rule rule = {.bytes = OK_300};
    const fake_tls_options options = {
        .is_expired = true, .is_for_another_host = true, .is_of_another_authority = true};
    fake_http *server = fake_tls_start(&rule, 1, &options);
    ld_origin *origin = origin_of(fake_http_url(server));
    ld_http_client *client = client_new();
    leakdiag_free(origin->ca_pem);
    origin->ca_pem = NULL;
    for (int insecure = 1; insecure >= 0; insecure--) {
        origin->is_insecure = insecure;
        ld_http_request request = {.method = "GET", .url = fake_http_url(server), .origin = origin};
        perform(client, &request, 5000);
        /* the second may not use the connection that the first one made */
        assert_end(&request, insecure ? LD_HTTP_ANSWERED : LD_HTTP_TLS, "");
        ld_http_request_done(&request);
    }
    ld_http_client_free(client);
    ld_origin_free(origin);
    fake_http_stop(server);
}
END_TEST

/* Our own side of the handshake. */
static const struct client_case {
    const char *name;
    bool has_key_of_another, has_junk, has_junk_ca;
    fake_tls_client which;
    ld_http_end end;
    const char *in_why;
} client_cases[] = {
    {"good", false, false, false, FAKE_CLIENT_GOOD, LD_HTTP_ANSWERED, ""},
    {"expired", false, false, false, FAKE_CLIENT_EXPIRED, LD_HTTP_TLS, "refused the client cert"},
    {"of another authority", false, false, false, FAKE_CLIENT_OTHER, LD_HTTP_TLS,
     "refused the client certificate"},
    {"with another's key", true, false, false, FAKE_CLIENT_GOOD, LD_HTTP_TLS,
     "do they belong together"},
    {"junk", false, true, false, FAKE_CLIENT_GOOD, LD_HTTP_TLS, "cannot be used"},
    {"junk authority", false, false, true, FAKE_CLIENT_GOOD, LD_HTTP_TLS, "cannot be read"},
};

static void check_client(const struct client_case *c, bool is_tls12)
{
    const fake_rule rule = {.bytes = OK_300};
    const fake_tls_options options = {.wants_client = true, .is_tls12 = is_tls12};
    fake_http *server = fake_tls_start(&rule, 1, &options);
    ld_origin *origin = origin_of(fake_http_url(server));
    origin->certificate_pem = ld_copy_text(c->has_junk ? "junk" : fake_tls_client_pem(c->which));
    origin->key_pem =
        ld_copy_text(c->has_key_of_another ? fake_tls_other_key_pem() : fake_tls_client_key_pem());
    if (c->has_junk_ca) {
        leakdiag_free(origin->ca_pem);
        origin->ca_pem = ld_copy_text("junk");
    }
    ld_http_client *client = client_new();
    ld_http_request request = {.method = "GET", .url = fake_http_url(server), .origin = origin};
    perform(client, &request, 5000);
    if (!was_cut_before_the_alert(&request, is_tls12))
        assert_end(&request, c->end, c->in_why);
    ck_assert_ptr_null(strstr(request.why, "PRIVATE KEY"));
    ck_assert_uint_eq(fake_http_request_count(server), c->end == LD_HTTP_ANSWERED);
    ld_http_request_done(&request);
    ld_http_client_free(client);
    ld_origin_free(origin);
    fake_http_stop(server);
}

START_TEST(a_client_certificate_is_shown_and_what_is_wrong_with_it_is_said)
{
    check_client(&client_cases[_i], false);
    check_client(&client_cases[_i], true);
}
END_TEST

START_TEST(who_waits_for_the_connection_of_another_says_how_far_that_one_came)
{
    /* it accepts, and never says hello */
    const fake_rule rule = {.hang = true};
    fake_http *server = fake_http_start(&rule, 1);
    char url[128];
    snprintf(url, sizeof url, "https%s/", fake_http_url(server) + 4);
    ld_http_request requests[3];
    for (size_t i = 0; i < COUNT(requests); i++)
        requests[i] = (ld_http_request){.method = "GET", .url = url};
    ck_assert_int_eq(ld_http_perform(requests, COUNT(requests), 300, NULL, NULL), LEAKDIAG_OK);
    for (size_t i = 0; i < COUNT(requests); i++) {
        assert_end(&requests[i], LD_HTTP_TIMED_OUT, "as far as: tls; ");
        ld_http_request_done(&requests[i]);
    }
    ck_assert_uint_eq(fake_http_accept_count(server), 1);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_line_that_is_cut_during_the_handshake_says_nothing_of_certificates)
{
    for (int is_reset = 0; is_reset <= 1; is_reset++) {
        const fake_rule rule = {.bytes = "", .reset = is_reset};
        ld_http_request request;
        char url[64];
        fake_http *server = fake_http_start(&rule, 1);
        snprintf(url, sizeof url, "https%s", fake_http_url(server) + 4);
        ask_faulty(url, false, 5000, &request);
        assert_end(&request, LD_HTTP_CUT_OFF, "at: tls; is it restarting? try again");
        fake_http_stop(server);
    }
}
END_TEST

START_TEST(other_tls_libraries_use_other_words_for_the_same)
{
    static const struct {
        const char *said, *in_why;
    } rows[] = {
        {"SSL certificate problem: certificate has expired", "has expired"},
        {"server certificate expiration date has passed.", "has expired"},
        {"SSL certificate problem: certificate is not yet valid", "not yet valid"},
        {"server certificate not activated yet.", "not yet valid"},
        {"SSL certificate problem: unable to get local issuer certificate", "an authority"},
        {"SSL certificate problem: self-signed certificate in certificate chain", "an authority"},
        {"SSL certificate problem: self signed certificate", "an authority"},
        {"server certificate verification failed. CAfile: none CRLfile: none", "an authority"},
        {"SSL: no alternative certificate subject name matches target host name 'h'",
         "another host"},
        {"SSL: certificate subject name (x) does not match target host name 'h'", "another host"},
        {"OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno "
         "0",
         "client certificate"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        ld_http_request request = {.url = "https://h/", .end = LD_HTTP_TLS};
        ld_exchange x = {.request = &request, .stage = LD_STAGE_TLS};
        snprintf(x.error, sizeof x.error, "%s", rows[i].said);
        ck_assert(ld_http_explain(&x, CURLE_PEER_FAILED_VERIFICATION));
        ck_assert_msg(strstr(request.why, rows[i].in_why), "%s: %s", rows[i].said, request.why);
    }
}
END_TEST

static TCase *fault_cases(void)
{
    TCase *tc = tcase_create("faults");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, each_fault_has_its_end_and_its_words_in_time, 0, (int)COUNT(faults));
    tcase_add_loop_test(tc, each_fault_of_a_certificate_is_told_from_the_others, 0,
                        (int)COUNT(tls_faults));
    tcase_add_test(tc, an_insecure_origin_takes_any_certificate_and_the_others_none_of_these);
    tcase_add_loop_test(tc, a_client_certificate_is_shown_and_what_is_wrong_with_it_is_said, 0,
                        (int)COUNT(client_cases));
    tcase_add_test(tc, a_line_that_is_cut_during_the_handshake_says_nothing_of_certificates);
    tcase_add_test(tc, other_tls_libraries_use_other_words_for_the_same);
    tcase_add_test(tc, who_waits_for_the_connection_of_another_says_how_far_that_one_came);
    return tc;
}

#endif
