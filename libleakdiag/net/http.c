#include "net/http.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

static leakdiag_status check_header(const char *header, leakdiag_error *err)
{
    size_t name = strcspn(header, ": \t");
    if (name == 0 || header[name] != ':')
        return ld_fail(err, LEAKDIAG_E_INVALID, "header: \"Name: value\" is needed");
    for (size_t i = 0; header[i]; i++) {
        unsigned char c = (unsigned char)header[i];
        if (c < 0x20 || c == 0x7f) /* libcurl would send it: one more header, or request */
            return ld_fail(err, LEAKDIAG_E_INVALID, "header %.*s has control byte 0x%02x at %zu",
                           name > 64 ? 64 : (int)name, header, c, i);
    }
    return LEAKDIAG_OK;
}

static leakdiag_status check_headers(const char *const *headers, leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    for (size_t i = 0; !status && headers && headers[i]; i++)
        status = check_header(headers[i], err);
    return status;
}

leakdiag_status ld_http_check(const ld_http_request *request, leakdiag_error *err)
{
    const ld_origin *origin = request->origin;
    bool is_get = ld_text_equal(request->method, "GET");
    if (!is_get && !ld_text_equal(request->method, "POST"))
        return ld_fail(err, LEAKDIAG_E_INVALID, "only GET and POST are sent");
    if (is_get && request->body)
        return ld_fail(err, LEAKDIAG_E_INVALID, "a GET has no body");
    if (request->timeout_ms < 0)
        return ld_fail(err, LEAKDIAG_E_INVALID, "a timeout is negative");
    if (request->retries_max < -1 || request->retries_max > LD_HTTP_RETRIES_MAX)
        return ld_fail(err, LEAKDIAG_E_INVALID, "retries are -1 to %d", LD_HTTP_RETRIES_MAX);
    leakdiag_status status = check_headers(request->headers, err);
    if (!status && origin)
        status = check_headers((const char *const *)origin->headers, err);
    if (!status)
        status = ld_url_check(request->url, err);
    if (!status && origin)
        status = ld_origin_check(origin, request->url, err);
    return status;
}

void ld_http_request_done(ld_http_request *request)
{
    ld_text_done(&request->answer);
}

leakdiag_status ld_http_perform(ld_http_request *requests, size_t n, int64_t deadline_ms,
                                const leakdiag_cancel *cancel, leakdiag_error *err)
{
    LD_CLEANUP(ld_http_client_freep) ld_http_client *client = NULL;
    LD_CLEANUP(ld_releasep) ld_http_request **pointers = NULL;
    if (n == 0)
        return LEAKDIAG_OK;
    leakdiag_status status = ld_http_client_new(NULL, &client, err);
    if (status)
        return status;
    pointers = ld_alloc_array(n, sizeof *pointers);
    if (!pointers)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < n; i++)
        pointers[i] = &requests[i];
    return ld_http_client_perform(client, pointers, n, deadline_ms, cancel, err);
}
