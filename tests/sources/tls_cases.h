/* TLS: how it fails, and that plain HTTP has nothing to do with it. Part of test_net.c. */
#ifndef TLS_CASES_H
#define TLS_CASES_H

#include <check.h>
#include <curl/curl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "fake/fake_http.h"
#include "net/http.h"

START_TEST(tls_towards_plain_http_fails_as_tls)
{
    const fake_rule rule = {.bytes = OK_300};
    fake_http *server = fake_http_start(&rule, 1);
    char url[128];
    snprintf(url, sizeof url, "https%s/", fake_http_url(server) + 4);
    ld_http_request request = ask_url(url, 2000);
    assert_end(&request, LD_HTTP_TLS, "tls with 127.0.0.1:");
    ld_http_request_done(&request);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_tls_handshake_that_hangs_times_out_at_tls)
{
    const fake_rule rule = {.hang = true};
    fake_http *server = fake_http_start(&rule, 1);
    char url[128];
    snprintf(url, sizeof url, "https%s/", fake_http_url(server) + 4);
    ld_http_request request = ask_url(url, 200);
    assert_end(&request, LD_HTTP_TIMED_OUT, "it got as far as: tls");
    ld_http_request_done(&request);
    fake_http_stop(server);
}
END_TEST

/* Whether somebody on this machine opened the file while url was asked. */
static bool was_opened(const char *file, const char *url)
{
    char events[4096];
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    ck_assert_int_ge(watch, 0);
    ck_assert_int_ge(inotify_add_watch(watch, file, IN_OPEN), 0);
    ld_http_request request = ask_url(url, 2000);
    ld_http_request_done(&request);
    ssize_t n = read(watch, events, sizeof events);
    close(watch);
    return n > 0;
}

START_TEST(plain_http_does_not_read_the_certificates_of_the_system)
{
    /* 26 ms to read on Debian, where it is one large file */
    const char *bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
    if (!bundle || access(bundle, R_OK) != 0)
        return; /* nothing could be read */
    const fake_rule rule = {.bytes = OK_300};
    fake_http *server = fake_http_start(&rule, 1);
    const char *plain = fake_http_url(server);
    char tls[128];
    snprintf(tls, sizeof tls, "https%s/", plain + 4);
    ck_assert(was_opened(bundle, tls)); /* the watch works */
    /* Others may read it just now, but not every time; we would. */
    size_t opened = 0;
    for (size_t i = 0; i < 10; i++)
        opened += was_opened(bundle, plain);
    ck_assert_uint_lt(opened, 10);
    fake_http_stop(server);
}
END_TEST

static TCase *tls_cases(void)
{
    TCase *tc = tcase_create("TLS");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, tls_towards_plain_http_fails_as_tls);
    tcase_add_test(tc, a_tls_handshake_that_hangs_times_out_at_tls);
    tcase_add_test(tc, plain_http_does_not_read_the_certificates_of_the_system);
    return tc;
}

#endif
