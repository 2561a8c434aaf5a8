#include <stdio.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "net/clock.h"
#include "net/exchange.h"

static leakdiag_log_record record_of(const ld_exchange *x, const char *event, const char *where)
{
    const ld_http_request *request = x->request;
    bool is_answer = request->end == LD_HTTP_ANSWERED || request->end == LD_HTTP_STOPPED;
    return (leakdiag_log_record){.event = event,
                                 .source = where,
                                 .method = request->method,
                                 .url = request->url,
                                 .connection = x->connection,
                                 .http_status = is_answer ? x->intake.status : 0,
                                 .duration_ms = ld_monotonic_ms() - x->start_ms,
                                 .bytes = request->wire_bytes};
}

static const char *why(const ld_http_request *request)
{
    return request->why[0] ? request->why : "no answer";
}

void ld_exchange_log_end(ld_log *log, const ld_exchange *x)
{
    LD_CLEANUP(ld_releasep) char *where = NULL;
    const ld_http_request *request = x->request;
    bool is_answer = request->end == LD_HTTP_ANSWERED || request->end == LD_HTTP_STOPPED;
    leakdiag_log_level level = is_answer ? LEAKDIAG_LOG_LEVEL_DEBUG : LEAKDIAG_LOG_LEVEL_INFO;
    if (!ld_log_wants(log, level))
        return;
    if (ld_url_host_port(request->url, &where, NULL)) {
        log->status = LEAKDIAG_E_NOMEM; /* the URL was checked before it was asked */
        return;
    }
    leakdiag_log_record record = record_of(x, "request", where);
    record.level = level;
    record.duration_ms = request->latency_ms;
    record.attempt = request->retries + 1;
    if (!is_answer)
        ld_log_write(log, record, "%s %s: %s", request->method, request->url, why(request));
    else
        ld_log_write(log, record, "%s %s: %d in %lld ms, %lld bytes%s%s%s", request->method,
                     request->url, x->intake.status, (long long)request->latency_ms,
                     (long long)request->wire_bytes, x->connection ? ", " : "",
                     x->connection ? x->connection : "", x->connection ? " connection" : "");
}

void ld_exchange_log_retry(ld_log *log, const ld_exchange *x, int64_t wait_ms)
{
    LD_CLEANUP(ld_releasep) char *where = NULL;
    const ld_http_request *request = x->request;
    char reason[sizeof request->why];
    if (!ld_log_wants(log, LEAKDIAG_LOG_LEVEL_INFO))
        return;
    if (ld_url_host_port(request->url, &where, NULL)) {
        log->status = LEAKDIAG_E_NOMEM;
        return;
    }
    leakdiag_log_record record = record_of(x, "retry", where);
    record.level = LEAKDIAG_LOG_LEVEL_INFO;
    record.attempt = request->retries;
    if (request->end == LD_HTTP_ANSWERED)
        snprintf(reason, sizeof reason, "the answer was %d", x->intake.status);
    else
        snprintf(reason, sizeof reason, "%s", why(request));
    ld_log_write(log, record, "%s %s: %s; asked again in %lld ms", request->method, request->url,
                 reason, (long long)wait_ms);
}
