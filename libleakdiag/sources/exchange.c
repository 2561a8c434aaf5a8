#include "sources/exchange.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

ld_answer ld_exchange_answer(const ld_http_request *request)
{
    return (ld_answer){
        .method = request->method,
        .status = request->status,
        .content_type = request->content_type,
        .redirect_host = request->redirect_host,
        .body = request->answer.data ? request->answer.data : "",
        .len = request->answer.len,
        .latency_ms = request->latency_ms,
        .now_ms = request->date_ms,
        .retry_after_s = request->retry_after_ms > 0 ? (request->retry_after_ms + 999) / 1000 : 0,
    };
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);
    return len >= n && strcmp(text + len - n, end) == 0;
}

void ld_exchange_explain(ld_text *detail, const ld_http_request *request, const char *service,
                         int port)
{
    LD_CLEANUP(ld_releasep) char *where = NULL;
    char usual[16];
    ld_text_add(detail, request->why[0] ? request->why : "no answer");
    if (request->end != LD_HTTP_NO_CONNECT || !ld_url_is_loopback(request->url) ||
        ld_url_host_port(request->url, &where, NULL))
        return;
    snprintf(usual, sizeof usual, ":%d", port);
    ld_text_add(detail, "; does it run, and is its port-forward running?");
    if (ends_with(where, usual))
        ld_text_addf(detail, " kubectl -n otel-demo port-forward svc/%s %d", service, port);
}
