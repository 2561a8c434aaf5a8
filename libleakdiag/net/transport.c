#include "net/transport.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "net/clock.h"
#include "net/explain.h"

const char *leakdiag_http_failure_name(leakdiag_http_failure failure)
{
    static const char *const names[] = {"connect", "name", "timeout", "cut-off", "not-http", "tls"};
    size_t i = (size_t)failure;
    return i < sizeof names / sizeof *names ? names[i] : "unknown-failure";
}

static ld_http_end end_of(int64_t failure)
{
    static const ld_http_end ends[] = {LD_HTTP_NO_CONNECT, LD_HTTP_NO_NAME,  LD_HTTP_TIMED_OUT,
                                       LD_HTTP_CUT_OFF,    LD_HTTP_NOT_HTTP, LD_HTTP_TLS};
    bool is_known = failure >= 0 && (size_t)failure < sizeof ends / sizeof *ends;
    return is_known ? ends[failure] : LD_HTTP_CUT_OFF;
}

static ld_stage stage_of(ld_http_end end)
{
    switch (end) {
    case LD_HTTP_NO_NAME:
        return LD_STAGE_DNS;
    case LD_HTTP_NO_CONNECT:
        return LD_STAGE_CONNECT;
    case LD_HTTP_TLS:
        return LD_STAGE_TLS;
    default:
        return LD_STAGE_FIRST_BYTE;
    }
}

/* ---- what it is asked ---- */

typedef struct header_list {
    const char **texts; /* NULL-terminated */
    char *authorization;
} header_list;

static void header_list_done(header_list *list)
{
    if (list->authorization)
        explicit_bzero(list->authorization, strlen(list->authorization));
    ld_release(list->authorization);
    ld_release(list->texts);
}

static size_t count(const char *const *texts)
{
    size_t n = 0;
    while (texts && texts[n])
        n++;
    return n;
}

static leakdiag_status join_authorization(const char *value, char **ret, leakdiag_error *err)
{
    ld_text text = {0};
    ld_text_add(&text, "Authorization: ");
    ld_text_add(&text, value);
    return ld_text_take(&text, ret, err);
}

/* The same, in the same order, as goes over libcurl. */
static leakdiag_status list_headers(const ld_http_request *request, header_list *ret,
                                    leakdiag_error *err)
{
    const ld_origin *shown =
        request->origin && ld_origin_shows_credentials(request->origin) ? request->origin : NULL;
    size_t n_own = count(request->headers);
    size_t n_more = shown ? count((const char *const *)shown->headers) : 0;
    size_t n = 0;
    ret->texts = ld_alloc_array(n_own + n_more + 3, sizeof *ret->texts);
    if (!ret->texts)
        return ld_fail_nomem(err);
    ret->texts[n++] = "Accept-Encoding: identity";
    for (size_t i = 0; i < n_own; i++)
        ret->texts[n++] = request->headers[i];
    if (shown && shown->authorization) {
        leakdiag_status status = join_authorization(shown->authorization, &ret->authorization, err);
        if (status)
            return status;
        ret->texts[n++] = ret->authorization;
    }
    for (size_t i = 0; i < n_more; i++)
        ret->texts[n++] = shown->headers[i];
    return LEAKDIAG_OK;
}

/* ---- what it answered ---- */

static bool take_header(ld_intake *intake, const char *name, const char *value)
{
    LD_CLEANUP(ld_text_done) ld_text line = {0};
    ld_text_add(&line, name);
    ld_text_add(&line, value);
    intake->out_of_memory |= line.failed;
    return !line.failed && ld_intake_header(intake, line.data, line.len);
}

static bool take_head(ld_intake *intake, const leakdiag_http_answer *answer)
{
    intake->status = (int)answer->status;
    if (answer->content_type && !take_header(intake, "Content-Type: ", answer->content_type))
        return false;
    for (size_t i = 0; answer->headers && answer->headers[i]; i++)
        if (!ld_intake_header(intake, answer->headers[i], strlen(answer->headers[i])))
            return false;
    if (answer->date_ms)
        intake->date_ms = answer->date_ms;
    return true;
}

static void take_failure(ld_exchange *x, const leakdiag_http_answer *answer, ld_text *why)
{
    ld_http_request *request = x->request;
    request->end = end_of(answer->failure_kind);
    x->stage = stage_of(request->end);
    ld_text_addf(why, "%s: ", ld_stage_name(x->stage));
    ld_text_add_safe(why, answer->failure, strlen(answer->failure));
    snprintf(request->why, sizeof request->why, "%s", why->data ? why->data : "");
    x->intake.out_of_memory |= why->failed;
}

static void take_answer(ld_exchange *x, const leakdiag_http_answer *answer)
{
    x->stage = LD_STAGE_BODY;
    if (take_head(&x->intake, answer) && answer->body && answer->body_len)
        ld_intake_body(&x->intake, answer->body, answer->body_len);
    x->request->end = ld_exchange_own_end(x);
    x->intake.out_of_memory |= !ld_http_explain(x, CURLE_OK);
}

static leakdiag_status broken(leakdiag_error *err, const ld_http_request *request, const char *what)
{
    LD_CLEANUP(ld_releasep) char *where = NULL;
    leakdiag_status status = ld_url_host_port(request->url, &where, err);
    return status
               ? status
               : ld_fail(err, LEAKDIAG_E_CALLBACK, "the transport, asked for %s, %s", where, what);
}

leakdiag_status ld_transport_try(const leakdiag_transport *transport, ld_exchange *x,
                                 int64_t timeout_ms, leakdiag_error *err)
{
    LD_CLEANUP(header_list_done) header_list headers = {0};
    LD_CLEANUP(ld_text_done) ld_text why = {0};
    ld_http_request *request = x->request;
    leakdiag_status status = list_headers(request, &headers, err);
    if (status)
        return status;
    const leakdiag_http_request question = {.size = sizeof question,
                                            .method = request->method,
                                            .url = request->url,
                                            .body = request->body,
                                            .body_len = request->body ? strlen(request->body) : 0,
                                            .headers = headers.texts,
                                            .deadline_ms = timeout_ms};
    leakdiag_http_answer answer = {.size = sizeof answer};
    int64_t start_ms = ld_monotonic_ms();
    if (transport->answer(&question, &answer, transport->payload))
        return broken(err, request, "says that it is broken");
    int64_t took_ms = ld_monotonic_ms() - start_ms;
    request->latency_ms =
        answer.latency_ms > 0 ? answer.latency_ms : ld_monotonic_ms() - x->start_ms;
    if (took_ms > timeout_ms) {
        request->end = LD_HTTP_TIMED_OUT;
        x->stage = LD_STAGE_FIRST_BYTE;
        x->intake.out_of_memory |= !ld_http_explain(x, CURLE_OK);
    } else if (answer.failure)
        take_failure(x, &answer, &why);
    else if (answer.status < 100 || answer.status > 599)
        return broken(err, request, "gives no HTTP status");
    else
        take_answer(x, &answer);
    return x->intake.out_of_memory ? ld_fail_nomem(err) : LEAKDIAG_OK;
}
