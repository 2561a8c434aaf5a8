#include "sources/load.h"

#include <math.h>

#include "base/alloc.h"
#include "sources/errand.h"
#include "sources/exchange.h"
#include "wire/locust.h"

#define DEFAULT_DEADLINE_MS 5000
#define SERVICE             "load-generator"
#define SERVICE_PORT        8089

struct ld_load_ask {
    char *stats_url, *page_url;
};

void ld_load_ask_free(ld_load_ask *ask)
{
    if (!ask)
        return;
    ld_release(ask->stats_url);
    ld_release(ask->page_url);
    ld_release(ask);
}

leakdiag_status ld_load_ask_new(const char *url, ld_load_ask **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_load_ask_freep) ld_load_ask *ask = ld_alloc_zero(sizeof *ask);
    if (!ask)
        return ld_fail_nomem(err);
    leakdiag_status status = ld_url_join(url, LD_LOCUST_STATS_PATH, &ask->stats_url, err);
    if (!status)
        status = ld_url_join(url, LD_LOCUST_PAGE_PATH, &ask->page_url, err);
    if (status)
        return status;
    *ret = ld_steal(&ask);
    return LEAKDIAG_OK;
}

void ld_load_ask_requests(const ld_load_ask *ask, ld_http_request ret[LD_LOAD_ASK_REQUESTS])
{
    ret[0] = (ld_http_request){
        .method = "GET", .url = ask->stats_url, .body_max_bytes = LD_LOCUST_STATS_MAX_BYTES};
    ret[1] = (ld_http_request){
        .method = "GET", .url = ask->page_url, .body_max_bytes = LD_LOCUST_PAGE_MAX_BYTES};
}

static leakdiag_status unanswered(const ld_http_request *request, leakdiag_load **ret,
                                  leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    ld_load_fields fields = LD_LOAD_FIELDS_UNKNOWN;
    ld_exchange_explain(&detail, request, SERVICE, SERVICE_PORT);
    if (detail.failed)
        return ld_fail_nomem(err);
    bool is_other = request->end == LD_HTTP_NOT_HTTP || request->end == LD_HTTP_TOO_LARGE ||
                    request->end == LD_HTTP_ENCODED;
    fields.state = is_other ? LEAKDIAG_LOAD_NOT_LOCUST : LEAKDIAG_LOAD_UNREACHABLE;
    fields.detail = detail.data;
    fields.latency_ms = request->latency_ms;
    return ld_load_new(&fields, ret, err);
}

leakdiag_status ld_load_ask_decode(const ld_http_request *stats, const ld_http_request *page,
                                   leakdiag_load **ret, leakdiag_error *err)
{
    if (stats->end != LD_HTTP_ANSWERED)
        return unanswered(stats, ret, err);
    bool has_page = page && page->end == LD_HTTP_ANSWERED;
    ld_answer answer = ld_exchange_answer(stats);
    ld_answer page_answer = has_page ? ld_exchange_answer(page) : (ld_answer){0};
    return ld_locust_decode(&answer, has_page ? &page_answer : NULL, ret, err);
}

/* The API server's own words, where it could not reach the service. */
static leakdiag_status not_reached(leakdiag_status refused, const leakdiag_error *why,
                                   const ld_http_request *stats, leakdiag_load **ret,
                                   leakdiag_error *err)
{
    ld_load_fields fields = LD_LOAD_FIELDS_UNKNOWN;
    fields.state = refused == LEAKDIAG_E_AUTH ? LEAKDIAG_LOAD_REFUSED : LEAKDIAG_LOAD_UNREACHABLE;
    fields.detail = why->message;
    fields.http_status = stats->status;
    fields.latency_ms = stats->latency_ms;
    return ld_load_new(&fields, ret, err);
}

leakdiag_status ld_load_ask_decode_from(const ld_endpoint *endpoint,
                                        const ld_http_request requests[LD_LOAD_ASK_REQUESTS],
                                        leakdiag_load **ret, leakdiag_error *err)
{
    leakdiag_error why = {0};
    leakdiag_status refused = ld_endpoint_check(endpoint, &requests[0], &why);
    if (!refused && endpoint->service)
        refused = ld_ask_unanswered(&requests[0], &why);
    if (refused == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (refused)
        return not_reached(refused, &why, &requests[0], ret, err);
    bool has_page = !ld_endpoint_check(endpoint, &requests[1], NULL);
    return ld_load_ask_decode(&requests[0], has_page ? &requests[1] : NULL, ret, err);
}

leakdiag_status leakdiag_load_read(const char *url, const leakdiag_load_options *options,
                                   leakdiag_load **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_load_ask_freep) ld_load_ask *ask = NULL;
    LD_CLEANUP(ld_endpoint_done) ld_endpoint endpoint = {0};
    leakdiag_load_options used = LEAKDIAG_LOAD_OPTIONS_INIT;
    leakdiag_status status = ld_options_copy(&used, sizeof used, sizeof used, options, err);
    if (!status)
        status = ld_errand_endpoint(used.cluster, used.namespace_name, url, &endpoint, err);
    if (!status)
        status = ld_load_ask_new(endpoint.base_url, &ask, err);
    if (status)
        return status;
    ld_http_request requests[LD_LOAD_ASK_REQUESTS];
    ld_load_ask_requests(ask, requests);
    ld_errand errand = {.cluster = endpoint.service ? used.cluster : NULL,
                        .transport = used.transport,
                        .log = used.log,
                        .cancel = used.cancel,
                        .deadline_ms = used.deadline_ms ? used.deadline_ms : DEFAULT_DEADLINE_MS};
    status = ld_errand_perform(&errand, requests, LD_LOAD_ASK_REQUESTS, err);
    if (!status)
        status = ld_load_ask_decode_from(&endpoint, requests, ret, err);
    for (size_t i = 0; i < LD_LOAD_ASK_REQUESTS; i++)
        ld_http_request_done(&requests[i]);
    return status;
}
