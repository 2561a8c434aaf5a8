/* What the tests of the HTTP client share. */
#ifndef CLIENT_HELPERS_H
#define CLIENT_HELPERS_H

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "fake/fake_http.h"
#include "fake/fake_tls.h"
#include "net/http.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define OK_300                                                                                     \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "                        \
    "13\r\n\r\n{\"value\":300}"
#define STATUS(line) "HTTP/1.1 " line "\r\nContent-Length: 0\r\n\r\n"

static inline int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* An origin of that server, which trusts the fake authority. Free with ld_origin_free(). */
static inline ld_origin *origin_of(const char *base_url)
{
    ld_origin *origin = ld_alloc_zero(sizeof *origin);
    ck_assert_ptr_nonnull(origin);
    origin->base_url = ld_copy_text(base_url);
    origin->ca_pem = ld_copy_text(fake_tls_ca_pem());
    return origin;
}

static inline ld_http_client *client_new(void)
{
    ld_http_client *client = NULL;
    ck_assert_int_eq(ld_http_client_new(NULL, &client, NULL), LEAKDIAG_OK);
    return client;
}

static inline void perform(ld_http_client *client, ld_http_request *request, int64_t deadline_ms)
{
    leakdiag_error err = {0};
    leakdiag_status status = ld_http_client_perform(client, &request, 1, deadline_ms, NULL, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
}

static inline void assert_end(const ld_http_request *request, ld_http_end end, const char *in_why)
{
    ck_assert_msg(request->end == end, "end is %d, not %d: %s", (int)request->end, (int)end,
                  request->why);
    ck_assert_msg(strstr(request->why, in_why), "\"%s\" is not in: %s", in_why, request->why);
    ck_assert_msg(!strpbrk(request->why, "\r\n\x1b"), "not one line: %s", request->why);
    if (end != LD_HTTP_ANSWERED && end != LD_HTTP_STOPPED) {
        ck_assert_uint_eq(request->answer.len, 0);
        ck_assert_int_eq(request->status, 0);
    }
}

#endif
