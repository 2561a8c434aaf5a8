/* Whom a credential is shown to: its origin, and nobody else. Part of test_client.c. */
#ifndef CREDENTIAL_CASES_H
#define CREDENTIAL_CASES_H

#include <curl/curl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "client_helpers.h"

#define CANARY "canary-s3cret"

static ld_origin *origin_with_canaries(const char *base_url)
{
    ld_origin *origin = origin_of(base_url);
    origin->authorization = ld_copy_text("Bearer " CANARY);
    origin->certificate_pem = ld_copy_text(fake_tls_client_pem(FAKE_CLIENT_GOOD));
    origin->key_pem = ld_copy_text(fake_tls_client_key_pem());
    origin->headers = ld_alloc_array(3, sizeof *origin->headers);
    origin->headers[0] = ld_copy_text("Impersonate-User: " CANARY);
    origin->headers[1] = ld_copy_text("Impersonate-Group: " CANARY "2");
    return origin;
}

START_TEST(an_origin_over_tls_is_shown_all_of_its_credentials)
{
    const fake_rule rule = {.bytes = OK_300};
    const fake_tls_options options = {.wants_client = true};
    fake_http *server = fake_tls_start(&rule, 1, &options);
    ld_origin *origin = origin_with_canaries(fake_http_url(server));
    const char *const headers[] = {"Accept: application/json", NULL};
    ld_http_client *client = client_new();
    ld_http_request request = {
        .method = "GET", .url = fake_http_url(server), .origin = origin, .headers = headers};
    ck_assert(!ld_origin_hides_credentials(origin));
    perform(client, &request, 5000);
    assert_end(&request, LD_HTTP_ANSWERED, "");
    char *sent = fake_http_request(server, 0);
    ck_assert_ptr_nonnull(strstr(sent, "\r\nAuthorization: Bearer " CANARY "\r\n"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\nImpersonate-User: " CANARY "\r\n"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\nImpersonate-Group: " CANARY "2\r\n"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\nAccept: application/json\r\n"));
    free(sent);
    ld_http_request_done(&request);
    ld_http_client_free(client);
    ld_origin_free(origin);
    fake_http_stop(server);
}
END_TEST

START_TEST(over_plain_http_no_credential_is_sent_and_that_can_be_said)
{
    const fake_rule rule = {.bytes = OK_300};
    fake_http *server = fake_http_start(&rule, 1);
    ld_origin *origin = origin_with_canaries(fake_http_url(server));
    ld_http_client *client = client_new();
    ld_http_request request = {.method = "GET", .url = fake_http_url(server), .origin = origin};
    ck_assert(ld_origin_hides_credentials(origin));
    perform(client, &request, 5000);
    assert_end(&request, LD_HTTP_ANSWERED, "");
    char *sent = fake_http_request(server, 0);
    ck_assert_ptr_null(strstr(sent, CANARY));
    ck_assert_ptr_null(strcasestr(sent, "Authorization"));
    ck_assert_ptr_null(strcasestr(sent, "Impersonate"));
    free(sent);
    ld_http_request_done(&request);
    ld_http_client_free(client);
    ld_origin_free(origin);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_url_of_another_origin_is_refused_and_nothing_is_sent)
{
    const fake_rule rule = {.bytes = OK_300};
    fake_http *server = fake_http_start(&rule, 1), *tls = fake_tls_start(&rule, 1, NULL);
    ld_origin *origin = origin_with_canaries(fake_http_url(tls));
    ld_http_client *client = client_new();
    const char *port = strrchr(fake_http_url(tls), ':');
    char other_host[64], other_scheme[64], upper[64];
    snprintf(other_host, sizeof other_host, "https://localhost%s/", port);
    snprintf(other_scheme, sizeof other_scheme, "http://127.0.0.1%s/", port);
    snprintf(upper, sizeof upper, "HTTPS://127.0.0.1%s/x?y", port);
    const char *const urls[] = {other_host, other_scheme, fake_http_url(server),
                                "https://127.0.0.1/"};
    for (size_t i = 0; i < COUNT(urls); i++) {
        ld_http_request fine = {.method = "GET", .url = fake_http_url(tls), .origin = origin};
        ld_http_request request = {.method = "GET", .url = urls[i], .origin = origin};
        ld_http_request *both[] = {&fine, &request};
        leakdiag_error err = {0};
        ck_assert_int_eq(ld_http_client_perform(client, both, 2, 5000, NULL, &err),
                         LEAKDIAG_E_INVALID);
        ck_assert_msg(strstr(err.message, "not of the origin"), "%s", err.message);
        ck_assert_ptr_null(strstr(err.message, CANARY));
    }
    ck_assert_uint_eq(fake_http_accept_count(tls), 0);
    ck_assert_uint_eq(fake_http_accept_count(server), 0);
    ck_assert(ld_origin_is_of(origin, upper));
    ld_http_client_free(client);
    ld_origin_free(origin);
    fake_http_stop(tls);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_redirect_leads_no_credential_anywhere)
{
    const fake_rule target_rule = {.bytes = OK_300};
    fake_http *target = fake_tls_start(&target_rule, 1, NULL);
    char bytes[256];
    snprintf(bytes, sizeof bytes,
             "HTTP/1.1 307 Temporary Redirect\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n",
             fake_http_url(target));
    const fake_rule rule = {.bytes = bytes};
    fake_http *server = fake_tls_start(&rule, 1, NULL);
    ld_origin *origin = origin_with_canaries(fake_http_url(server));
    ld_http_client *client = client_new();
    ld_http_request request = {.method = "GET", .url = fake_http_url(server), .origin = origin};
    perform(client, &request, 5000);
    assert_end(&request, LD_HTTP_ANSWERED, "");
    ck_assert_int_eq(request.status, 307);
    ck_assert_str_eq(request.redirect_host, "127.0.0.1");
    ck_assert_uint_eq(fake_http_accept_count(target), 0);
    ld_http_request_done(&request);
    ld_http_client_free(client);
    ld_origin_free(origin);
    fake_http_stop(server);
    fake_http_stop(target);
}
END_TEST

START_TEST(a_request_without_an_origin_does_not_use_a_connection_with_credentials)
{
    /* over the connection of a client certificate it would be that client */
    const fake_rule rule = {.bytes = OK_300, .keep = true};
    fake_http *server = fake_tls_start(&rule, 1, NULL);
    ld_origin *shown = origin_with_canaries(fake_http_url(server));
    ld_origin *bare = origin_of(fake_http_url(server));
    ld_http_client *client = client_new();
    for (int i = 0; i < 2; i++) {
        ld_http_request request = {
            .method = "GET", .url = fake_http_url(server), .origin = i ? bare : shown};
        perform(client, &request, 5000);
        assert_end(&request, LD_HTTP_ANSWERED, "");
        ld_http_request_done(&request);
    }
    ck_assert_uint_eq(fake_http_accept_count(server), 2);
    char *sent = fake_http_request(server, 1);
    ck_assert_ptr_null(strstr(sent, CANARY));
    free(sent);
    ld_http_client_free(client);
    ld_origin_free(bare);
    ld_origin_free(shown);
    fake_http_stop(server);
}
END_TEST

static char *copy_if(const char *text)
{
    return text ? ld_copy_text(text) : NULL;
}

START_TEST(an_origin_that_cannot_be_shown_safely_is_refused)
{
    static const struct {
        const char *authorization, *header, *key, *server_name, *proxy, *in_message;
    } rows[] = {
        {"Bearer " CANARY "\r\nX: 1", NULL, NULL, NULL, NULL, "byte 0x0d at 20"},
        {"Bearer " CANARY "\n", NULL, NULL, NULL, NULL, "byte 0x0a"},
        {NULL, "Impersonate-User: " CANARY "\n", NULL, NULL, NULL, "Impersonate-User has control"},
        {NULL, NULL, CANARY, NULL, NULL, "a key its certificate"},
        {NULL, NULL, NULL, "a/b", NULL, "tls-server-name"},
        {NULL, NULL, NULL, "", NULL, "tls-server-name"},
        {NULL, NULL, NULL, "a:1", NULL, "tls-server-name"},
        {NULL, NULL, NULL, NULL, "ftp://p", "http://, https://, socks5h://"},
        {NULL, NULL, NULL, NULL, "http://p\n", "the proxy's URL has byte 0x0a"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        ld_origin *origin = origin_of("https://127.0.0.1:1");
        origin->authorization = copy_if(rows[i].authorization);
        origin->key_pem = copy_if(rows[i].key);
        origin->server_name = copy_if(rows[i].server_name);
        origin->proxy_url = copy_if(rows[i].proxy);
        origin->headers = ld_alloc_array(2, sizeof *origin->headers);
        origin->headers[0] = copy_if(rows[i].header);
        ld_http_request request = {
            .method = "GET", .url = "https://127.0.0.1:1/", .origin = origin};
        leakdiag_error err = {0};
        ck_assert_int_eq(ld_http_check(&request, &err), LEAKDIAG_E_INVALID);
        ck_assert_msg(strstr(err.message, rows[i].in_message), "message is: %s", err.message);
        ck_assert_ptr_null(strstr(err.message, CANARY));
        ld_origin_free(origin);
    }
}
END_TEST

START_TEST(a_certificate_may_have_another_name_than_the_host_when_that_is_said)
{
    const fake_rule rule = {.bytes = OK_300, .keep = true};
    const fake_tls_options options = {.is_for_another_host = true};
    static const struct {
        const char *server_name;
        ld_http_end end;
    } rows[] = {{"other.example", LD_HTTP_ANSWERED}, {"third.example", LD_HTTP_TLS}};
    fake_http *server = fake_tls_start(&rule, 1, &options);
    char url[128], host[128];
    snprintf(url, sizeof url, "%s/a?b=c", fake_http_url(server));
    snprintf(host, sizeof host, "\r\nHost: %s\r\n", fake_http_url(server) + 8);
    ld_http_client *client = client_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        ld_origin *origin = origin_with_canaries(fake_http_url(server));
        origin->server_name = copy_if(rows[i].server_name);
        ld_http_request request = {.method = "GET", .url = url, .origin = origin};
        perform(client, &request, 5000);
        assert_end(&request, rows[i].end, "");
        ld_http_request_done(&request);
        ld_origin_free(origin);
    }
    char *sent = fake_http_request(server, 0);
    ck_assert_msg(strncmp(sent, "GET /a?b=c HTTP/1.1\r\n", 21) == 0, "%s", sent);
    ck_assert_ptr_nonnull(strstr(sent, host)); /* the host that was asked for, not the name */
    ck_assert_ptr_null(strstr(sent, "other.example"));
    ck_assert_uint_eq(fake_http_request_count(server), 1);
    free(sent);
    ld_http_client_free(client);
    fake_http_stop(server);
}
END_TEST

START_TEST(the_origins_proxy_is_used_and_no_other)
{
    const fake_rule rule = {.bytes = OK_300};
    fake_http *proxy = fake_http_start(&rule, 1);
    ld_origin *origin = origin_of("http://no-such-host.invalid:8016");
    origin->proxy_url = ld_copy_text(fake_http_url(proxy));
    ld_http_client *client = client_new();
    ld_http_request request = {
        .method = "GET", .url = "http://no-such-host.invalid:8016/x", .origin = origin};
    setenv("no_proxy", "*", 1);
    perform(client, &request, 5000);
    unsetenv("no_proxy");
    assert_end(&request, LD_HTTP_ANSWERED, "");
    char *sent = fake_http_request(proxy, 0);
    ck_assert_msg(strncmp(sent, "GET http://no-such-host.invalid:8016/x ", 39) == 0, "%s", sent);
    free(sent);
    ld_http_request_done(&request);
    ld_http_client_free(client);
    ld_origin_free(origin);
    fake_http_stop(proxy);
}
END_TEST

START_TEST(a_proxy_that_refuses_the_tunnel_sees_no_credential)
{
    const fake_rule rule = {.bytes = STATUS("407 Proxy Authentication Required")};
    fake_http *proxy = fake_http_start(&rule, 1);
    ld_origin *origin = origin_with_canaries("https://api.invalid:6443");
    origin->proxy_url = ld_copy_text(fake_http_url(proxy));
    ld_http_client *client = client_new();
    ld_http_request request = {
        .method = "GET", .url = "https://api.invalid:6443/x", .origin = origin, .retries_max = -1};
    perform(client, &request, 5000);
    assert_end(&request, LD_HTTP_NO_CONNECT, "through its proxy");
    assert_end(&request, LD_HTTP_NO_CONNECT, "407");
    char *sent = fake_http_request(proxy, 0);
    ck_assert_msg(strncmp(sent, "CONNECT api.invalid:6443 ", 25) == 0, "%s", sent);
    ck_assert_ptr_null(strstr(sent, CANARY));
    free(sent);
    ld_http_request_done(&request);
    ld_http_client_free(client);
    ld_origin_free(origin);
    fake_http_stop(proxy);
}
END_TEST

START_TEST(what_a_proxy_says_is_not_taken_for_the_answer)
{
    const fake_rule rule = {.bytes = "HTTP/1.1 200 Established\r\nAudit-Id: proxy\r\n\r\n",
                            .stall = true};
    fake_http *proxy = fake_http_start(&rule, 1);
    ld_origin *origin = origin_with_canaries("https://api.invalid:6443");
    origin->proxy_url = ld_copy_text(fake_http_url(proxy));
    ld_http_client *client = client_new();
    ld_http_request request = {
        .method = "GET", .url = "https://api.invalid:6443/x", .origin = origin};
    perform(client, &request, 300);
    assert_end(&request, LD_HTTP_TIMED_OUT, "as far as: tls");
    ld_http_client_free(client);
    ld_origin_free(origin);
    fake_http_stop(proxy);
}
END_TEST

/* Whether somebody on this machine opened the file while the origin was asked. */
static bool is_opened(const char *file, const ld_origin *origin)
{
    char events[4096];
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    ck_assert_int_ge(watch, 0);
    ck_assert_int_ge(inotify_add_watch(watch, file, IN_OPEN), 0);
    ld_http_client *client = client_new();
    ld_http_request request = {.method = "GET", .url = origin->base_url, .origin = origin};
    perform(client, &request, 5000);
    assert_end(&request, origin->ca_pem ? LD_HTTP_ANSWERED : LD_HTTP_TLS, "");
    ld_http_request_done(&request);
    ld_http_client_free(client);
    bool opened = read(watch, events, sizeof events) > 0;
    close(watch);
    return opened;
}

START_TEST(with_an_authority_of_its_own_the_systems_certificates_are_not_read)
{
    const char *bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
    if (!bundle || access(bundle, R_OK) != 0)
        return; /* nothing could be read */
    const fake_rule rule = {.bytes = OK_300};
    fake_http *server = fake_tls_start(&rule, 1, NULL);
    ld_origin *origin = origin_of(fake_http_url(server));
    char *ca_pem = ld_steal(&origin->ca_pem);
    ck_assert(is_opened(bundle, origin)); /* the watch works, and the fake is not trusted */
    origin->ca_pem = ca_pem;
    size_t opened = 0;
    for (int i = 0; i < 10; i++)
        opened += is_opened(bundle, origin);
    ck_assert_uint_lt(opened, 10); /* others may read it just now, but not every time */
    ld_origin_free(origin);
    fake_http_stop(server);
}
END_TEST

static TCase *credential_cases(void)
{
    TCase *tc = tcase_create("credentials");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, an_origin_over_tls_is_shown_all_of_its_credentials);
    tcase_add_test(tc, over_plain_http_no_credential_is_sent_and_that_can_be_said);
    tcase_add_test(tc, a_url_of_another_origin_is_refused_and_nothing_is_sent);
    tcase_add_test(tc, a_redirect_leads_no_credential_anywhere);
    tcase_add_test(tc, a_request_without_an_origin_does_not_use_a_connection_with_credentials);
    tcase_add_test(tc, an_origin_that_cannot_be_shown_safely_is_refused);
    tcase_add_test(tc, a_certificate_may_have_another_name_than_the_host_when_that_is_said);
    tcase_add_test(tc, the_origins_proxy_is_used_and_no_other);
    tcase_add_test(tc, a_proxy_that_refuses_the_tunnel_sees_no_credential);
    tcase_add_test(tc, what_a_proxy_says_is_not_taken_for_the_answer);
    tcase_add_test(tc, with_an_authority_of_its_own_the_systems_certificates_are_not_read);
    return tc;
}

#endif
