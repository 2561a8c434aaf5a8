/* Which URLs are taken, and how they are joined. Part of test_net.c. */
#ifndef URL_CASES_H
#define URL_CASES_H

#include <check.h>
#include <string.h>

#include "net/http.h"

static const struct {
    const char *base, *path, *joined; /* NULL: refused */
    const char *in_message;
} urls[] = {
    {"http://localhost:8016", "/ofrep/v1", "http://localhost:8016/ofrep/v1", NULL},
    {"http://localhost:8016/", "/ofrep/v1", "http://localhost:8016/ofrep/v1", NULL},
    {"http://localhost:8016//", "ofrep/v1", "http://localhost:8016/ofrep/v1", NULL},
    {"https://h/loadgen", "/stats/requests", "https://h/loadgen/stats/requests", NULL},
    {"HTTP://H:1/", "/a%20b", "HTTP://H:1/a%20b", NULL},
    {"http://[::1]:8016", "/x", "http://[::1]:8016/x", NULL},
    {"http://127.0.0.1", "/", "http://127.0.0.1/", NULL},
    {"http://h/a.b/..c/...", "/x", "http://h/a.b/..c/.../x", NULL},
    {"http://h:65535", "/x", "http://h:65535/x", NULL},
    {"http://[::1]", "/x", "http://[::1]/x", NULL},
    {NULL, "/x", NULL, "empty"},
    {"", "/x", NULL, "empty"},
    {"localhost:8016", "/x", NULL, "no scheme"},
    {"ftp://h", "/x", NULL, "http and https"},
    {"file:///etc/passwd", "/x", NULL, "http and https"},
    {"gopher://h", "/x", NULL, "http and https"},
    {"http://", "/x", NULL, "no host"},
    {"http:///x", "/x", NULL, "no host"},
    {"http:/h", "/x", NULL, "no scheme"},
    {"http:h?://", "/x", NULL, "http and https"},
    {"http://h:65536", "/x", NULL, "cannot be read"},
    {"http://h:x", "/x", NULL, "cannot be read"},
    {"http://h:", "/x", NULL, "cannot be read"},
    {"http://h:80:80", "/x", NULL, "cannot be read"},
    {"http://:80", "/x", NULL, "no host"},
    {"http://h%2e", "/x", NULL, "cannot be read"},
    {"http://h;x", "/x", NULL, "cannot be read"},
    {"http://[::1", "/x", NULL, "cannot be read"},
    {"http://[]", "/x", NULL, "cannot be read"},
    {"http://[::g]", "/x", NULL, "cannot be read"},
    {"http://[::1]x", "/x", NULL, "cannot be read"},
    {"http://[::1%25eth0]", "/x", NULL, "cannot be read"},
    {"http://h[::1]", "/x", NULL, "cannot be read"},
    {"http://user:s3cret@h", "/x", NULL, "no user:password@"},
    {"http://s3cret@h", "/x", NULL, "no user:password@"},
    {"http://@h", "/x", NULL, "no user:password@"},
    {"http://h/?token=s3cret", "/x", NULL, "?query"},
    {"http://h?s3cret", "/x", NULL, "?query"},
    {"http://h/#s3cret", "/x", NULL, "#fragment"},
    {"http://h/../x", "/x", NULL, "'..'"},
    {"http://h/a/./b", "/x", NULL, "'.'"},
    {"http://h/..", "/x", NULL, "'..'"},
    {"http://h/a", "/../x", NULL, "'..'"},
    {"http://h/a b", "/x", NULL, "0x20 at 10"},
    {"http://h/a\nb", "/x", NULL, "0x0a at 10"},
    {"http://h/\xc3\xa9", "/x", NULL, "0xc3 at 9"},
    {"http://h\\@x", "/x", NULL, "0x5c at 8"},
};

START_TEST(each_url_is_joined_or_refused)
{
    char *joined = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = ld_url_join(urls[_i].base, urls[_i].path, &joined, &err);
    if (urls[_i].joined) {
        ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
        ck_assert_str_eq(joined, urls[_i].joined);
    } else {
        ck_assert_int_eq(status, LEAKDIAG_E_INVALID);
        ck_assert_ptr_null(joined);
        ck_assert_msg(strstr(err.message, urls[_i].in_message), "message is: %s", err.message);
        ck_assert_ptr_null(strstr(err.message, "s3cret"));
    }
    leakdiag_free(joined);
}
END_TEST

START_TEST(a_url_of_the_limit_is_taken_and_one_more_byte_is_not)
{
    char url[LD_HTTP_URL_MAX_BYTES + 2] = "http://h/";
    memset(url + 9, 'x', sizeof url - 10);
    url[sizeof url - 1] = '\0';
    ck_assert_int_eq(ld_url_check(url, NULL), LEAKDIAG_E_INVALID);
    url[LD_HTTP_URL_MAX_BYTES] = '\0';
    ck_assert_int_eq(ld_url_check(url, NULL), LEAKDIAG_OK);
    url[LD_HTTP_URL_MAX_BYTES - 1] = '\0';
    ck_assert_int_eq(ld_url_check(url, NULL), LEAKDIAG_OK);
    char *joined = NULL;
    ck_assert_int_eq(ld_url_join(url, "/x", &joined, NULL), LEAKDIAG_E_INVALID);
    ck_assert_ptr_null(joined);
}
END_TEST

START_TEST(a_query_is_fine_where_a_whole_url_is_asked_for)
{
    ck_assert_int_eq(ld_url_check("http://h/x?a=b%20c", NULL), LEAKDIAG_OK);
    ck_assert_int_eq(ld_url_check("http://h/x?a=b@c", NULL), LEAKDIAG_OK);
    ck_assert_int_eq(ld_url_check("http://h/x?a#b", NULL), LEAKDIAG_E_INVALID);
}
END_TEST

START_TEST(loopback_is_told_from_the_rest)
{
    static const struct {
        const char *url;
        bool is_loopback;
    } rows[] = {{"http://localhost:8016", true}, {"http://127.0.0.1", true},
                {"http://127.1.2.3:1/", true},   {"http://[::1]:8016", true},
                {"http://flagd:8016", false},    {"http://10.0.0.1", false},
                {"http://127.example", false},   {"http://localhost.example", false},
                {"http://127", false},           {"nonsense", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(ld_url_is_loopback(rows[i].url) == rows[i].is_loopback, "%s", rows[i].url);
}
END_TEST

START_TEST(host_and_port_are_named_also_the_usual_port)
{
    static const struct {
        const char *url, *text;
    } rows[] = {
        {"http://h", "h:80"}, {"https://h/x", "h:443"}, {"http://[::1]:8016", "[::1]:8016"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = NULL;
        ck_assert_int_eq(ld_url_host_port(rows[i].url, &text, NULL), LEAKDIAG_OK);
        ck_assert_str_eq(text, rows[i].text);
        leakdiag_free(text);
    }
}
END_TEST

static TCase *url_cases(void)
{
    TCase *tc = tcase_create("URL");
    tcase_add_loop_test(tc, each_url_is_joined_or_refused, 0, (int)(sizeof urls / sizeof *urls));
    tcase_add_test(tc, a_url_of_the_limit_is_taken_and_one_more_byte_is_not);
    tcase_add_test(tc, a_query_is_fine_where_a_whole_url_is_asked_for);
    tcase_add_test(tc, loopback_is_told_from_the_rest);
    tcase_add_test(tc, host_and_port_are_named_also_the_usual_port);
    return tc;
}

#endif
