/* Whom https trusts when the origin names no authority. Part of test_client.c. */
#ifndef AUTHORITY_CASES_H
#define AUTHORITY_CASES_H

#include <unistd.h>

#include "client_helpers.h"
#include "net/authorities.h"

/* A file that is there, one that is not, and another that is. */
#define THERE "/proc/self/stat"
#define NOT_THERE "/proc/self/no-such-file"
#define ELSEWHERE "/proc/self/status"

static const char *const places[] = {NOT_THERE, ELSEWHERE, THERE, NULL};

static void assert_found(ld_authorities built_in, ld_surroundings around, const char *file,
                         const char *folder)
{
    ld_authorities found = ld_authorities_find(built_in, &around);
    ck_assert_pstr_eq(found.file, file);
    ck_assert_pstr_eq(found.folder, folder);
}

START_TEST(authorities_are_those_of_libcurl_where_its_file_is_there)
{
    assert_found((ld_authorities){THERE, "/f"}, (ld_surroundings){.certificate_places = places},
                 THERE, "/f");
}
END_TEST

START_TEST(authorities_are_the_first_that_are_there_where_libcurl_knows_none)
{
    const ld_surroundings around = {.certificate_places = places};
    assert_found((ld_authorities){NOT_THERE, "/f"}, around, ELSEWHERE, "/f");
    assert_found((ld_authorities){NULL, NULL}, around, ELSEWHERE, NULL);
}
END_TEST

START_TEST(without_any_authorities_libcurl_says_what_it_misses)
{
    static const char *const none[] = {NOT_THERE, NULL};
    const ld_authorities built_in = {NOT_THERE, NULL};
    assert_found(built_in, (ld_surroundings){.certificate_places = none}, NOT_THERE, NULL);
    assert_found(built_in, (ld_surroundings){0}, NOT_THERE, NULL);
}
END_TEST

START_TEST(authorities_of_the_environment_come_first)
{
    ld_surroundings around = {.certificate_places = places, .certificate_file = NOT_THERE};
    assert_found((ld_authorities){THERE, "/f"}, around, NOT_THERE, "/f");
    around.certificate_folder = "/mine";
    assert_found((ld_authorities){THERE, "/f"}, around, NOT_THERE, "/mine");
    around.certificate_file = ""; /* as if it were not set */
    assert_found((ld_authorities){THERE, "/f"}, around, THERE, "/mine");
    around.certificate_places = NULL; /* a folder alone is enough */
    assert_found((ld_authorities){NOT_THERE, NULL}, around, NULL, "/mine");
}
END_TEST

/* How a request without an authority of its own ends while SSL_CERT_FILE is that; NULL: not set. */
static ld_http_end end_with(const char *file, const char *url)
{
    char *before = getenv("SSL_CERT_FILE");
    before = before ? strdup(before) : NULL;
    ck_assert_int_eq(file ? setenv("SSL_CERT_FILE", file, 1) : unsetenv("SSL_CERT_FILE"), 0);
    ld_http_client *client = client_new();
    ld_http_request request = {.method = "GET", .url = url};
    perform(client, &request, 2000);
    ld_http_end end = request.end;
    ld_http_request_done(&request);
    ld_http_client_free(client);
    ck_assert_int_eq(before ? setenv("SSL_CERT_FILE", before, 1) : unsetenv("SSL_CERT_FILE"), 0);
    free(before);
    return end;
}

START_TEST(https_trusts_whom_the_environment_names)
{
    char path[] = "/tmp/leakdiag-ca-XXXXXX";
    int fd = mkstemp(path);
    const char *pem = fake_tls_ca_pem();
    ck_assert_int_eq(write(fd, pem, strlen(pem)), (ssize_t)strlen(pem));
    close(fd);
    const fake_rule rule = {.bytes = OK_300};
    fake_http *server = fake_tls_start(&rule, 1, NULL);
    ck_assert_int_eq(end_with(path, fake_http_url(server)), LD_HTTP_ANSWERED);
    ck_assert_int_eq(end_with(NULL, fake_http_url(server)), LD_HTTP_TLS);
    ck_assert_int_eq(end_with(NOT_THERE, fake_http_url(server)), LD_HTTP_TLS);
    fake_http_stop(server);
    unlink(path);
}
END_TEST

static TCase *authority_cases(void)
{
    TCase *tc = tcase_create("authorities");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, authorities_are_those_of_libcurl_where_its_file_is_there);
    tcase_add_test(tc, authorities_are_the_first_that_are_there_where_libcurl_knows_none);
    tcase_add_test(tc, without_any_authorities_libcurl_says_what_it_misses);
    tcase_add_test(tc, authorities_of_the_environment_come_first);
    tcase_add_test(tc, https_trusts_whom_the_environment_names);
    return tc;
}

#endif
