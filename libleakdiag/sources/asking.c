#include "sources/asking.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "sources/exchange.h"
#include "wire/kube.h"

#define SKEW_MIN_MS 3000 /* a clock that is off by less is right */

/* One line for each kind of question. */
static const struct {
    const char *type;
    leakdiag_status (*make)(ld_question **ret, leakdiag_error *err);
} kinds[] = {
    {"ofrep", ld_flag_question_new},
    {"flagd-rpc", ld_rpc_question_new},
    {"flagd-ui", ld_ui_question_new},
    {"flagd-configmap", ld_config_map_question_new},
    {"locust", ld_load_question_new},
    {"kubernetes", ld_workload_question_new},
    {"kubernetes-service", ld_service_question_new},
    {"prometheus", ld_prometheus_question_new},
};

leakdiag_status ld_question_new(ld_asking *asking, const ld_source_spec *spec, ld_question **ret,
                                leakdiag_error *err)
{
    *ret = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].type, spec->type) != 0)
            continue;
        leakdiag_status status = kinds[i].make(ret, err);
        if (status)
            return status;
        (*ret)->asking = asking;
        (*ret)->spec = spec;
        return LEAKDIAG_OK;
    }
    return LEAKDIAG_OK;
}

void ld_question_free(ld_question *question)
{
    if (!question)
        return;
    question->type->done(question);
    ld_release(question);
}

const ld_kube_look *ld_asking_look(const ld_asking *asking, const char *as)
{
    for (size_t i = 0; i < asking->n_looks; i++)
        if (strcmp(asking->looks[i].as, as) == 0)
            return asking->looks[i].look;
    return NULL;
}

/* --- sending --- */

static void not_sent(ld_http_request *request, const char *why)
{
    request->end = LD_HTTP_NO_CONNECT;
    snprintf(request->why, sizeof request->why, "%.*s", (int)sizeof request->why - 1, why);
}

bool ld_ask_send(ld_asking *asking, ld_http_request *request)
{
    leakdiag_error err = {0};
    leakdiag_status status = ld_http_check(request, &err);
    if (!status && asking->is_running) {
        status = ld_http_client_add(asking->client, request, &err);
    } else if (!status && asking->n_first < LD_FIRST_REQUESTS_MAX) {
        asking->first[asking->n_first++] = request;
        return true;
    } else if (!status) {
        status =
            ld_fail(&err, LEAKDIAG_E_LIMIT, "more than %d requests at once", LD_FIRST_REQUESTS_MAX);
    }
    if (status == LEAKDIAG_E_NOMEM)
        asking->failed = status;
    if (status)
        not_sent(request, err.message);
    return !status;
}

leakdiag_status ld_ask_cluster(ld_asking *asking, const char *path, char **url,
                               ld_http_request *request, leakdiag_error *err)
{
    leakdiag_status status = ld_url_join(asking->cluster->base_url, path, url, err);
    if (status)
        return status;
    static const char *const headers[] = {"Accept: application/json", NULL};
    *request = (ld_http_request){
        .method = "GET",
        .url = *url,
        .headers = headers,
        .origin = asking->cluster,
        .body_max_bytes = LD_KUBE_BODY_MAX_BYTES,
    };
    return LEAKDIAG_OK;
}

/* Date is whole seconds, written at some time between the question and the answer: a difference
 * that is hardly more than that is none. */
static int64_t ahead_ms(const ld_asking *asking, const ld_http_request *request)
{
    int64_t asked_ms = asking->now_ms + request->asked_ms - asking->begun_ms;
    int64_t half_ms = request->latency_ms / 2;
    int64_t ahead_ms = request->date_ms + 500 - (asked_ms + half_ms);
    int64_t doubt_ms = SKEW_MIN_MS + half_ms;
    return ahead_ms > doubt_ms || ahead_ms < -doubt_ms ? ahead_ms : 0;
}

void ld_ask_note(ld_asking *asking, const ld_http_request *request)
{
    if (request->end != LD_HTTP_ANSWERED)
        return;
    if (request->status == 401)
        asking->was_refused = true;
    if (!request->date_ms || asking->has_clock)
        return;
    asking->has_clock = true;
    asking->ahead_ms = ahead_ms(asking, request);
}

static leakdiag_status status_of_end(ld_http_end end)
{
    switch (end) {
    case LD_HTTP_TIMED_OUT:
        return LEAKDIAG_E_TIMEOUT;
    case LD_HTTP_TOO_LARGE:
        return LEAKDIAG_E_LIMIT;
    case LD_HTTP_NOT_HTTP:
    case LD_HTTP_ENCODED:
        return LEAKDIAG_E_PROTOCOL;
    case LD_HTTP_CANCELLED:
        return LEAKDIAG_E_CANCELLED;
    case LD_HTTP_ANSWERED:
    case LD_HTTP_NO_NAME:
    case LD_HTTP_NO_CONNECT:
    case LD_HTTP_CUT_OFF:
    case LD_HTTP_TLS:
    case LD_HTTP_STOPPED:
    default:
        return LEAKDIAG_E_IO;
    }
}

leakdiag_status ld_ask_unanswered(const ld_http_request *request, leakdiag_error *err)
{
    if (!request->url)
        return ld_fail(err, LEAKDIAG_E_IO, "it was not asked");
    if (request->end == LD_HTTP_ANSWERED)
        return LEAKDIAG_OK;
    leakdiag_status status = ld_fail(err, status_of_end(request->end), "%s",
                                     request->why[0] ? request->why : "no answer");
    bool may_pass = request->end == LD_HTTP_NO_CONNECT || request->end == LD_HTTP_CUT_OFF;
    return may_pass ? ld_error_retriable(err, status) : status;
}

/* --- where a service is --- */

void ld_endpoint_done(ld_endpoint *endpoint)
{
    ld_release(endpoint->base_url);
    ld_release(endpoint->where);
}

leakdiag_status ld_endpoint_of_service(const char *server, const char *ns, const char *service,
                                       ld_endpoint *ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *path = NULL;
    LD_CLEANUP(ld_text_done) ld_text where = {0};
    *ret = (ld_endpoint){.ns = ns, .service = service};
    leakdiag_status status = ld_kube_path_service_proxy(ns, service, &path, err);
    if (!status)
        status = ld_url_join(server, path, &ret->base_url, err);
    if (status)
        return status;
    ld_text_addf(&where, "%s/%s through the API server", ns, service);
    return ld_text_take(&where, &ret->where, err);
}

leakdiag_status ld_endpoint_of(ld_asking *asking, const ld_source_spec *spec, ld_endpoint *ret,
                               leakdiag_error *err)
{
    const char *url = ld_attribute_text(&spec->attributes, "url", NULL);
    const char *service = ld_attribute_text(&spec->attributes, "service", NULL);
    *ret = (ld_endpoint){0};
    if (!url && asking->cluster && service) {
        const char *ns = ld_attribute_text(&spec->attributes, "namespace", "default");
        leakdiag_status status =
            ld_endpoint_of_service(asking->cluster->base_url, ns, service, ret, err);
        ret->origin = asking->cluster;
        ret->asking = asking;
        return status;
    }
    if (!url)
        url = ld_attribute_text(&spec->attributes, "local", "");
    ret->base_url = ld_copy_text(url);
    ret->where = ld_copy_text(url);
    return ret->base_url && ret->where ? LEAKDIAG_OK : ld_fail_nomem(err);
}

leakdiag_status ld_endpoint_url(const ld_endpoint *endpoint, const char *path, char **url,
                                leakdiag_error *err)
{
    return ld_url_join(endpoint->base_url, path, url, err);
}

bool ld_ask_is_status(const ld_answer *answer)
{
    static const char beginning[] = "{\"kind\":\"Status\",\"apiVersion\":\"v1\"";
    return answer->status >= 400 && answer->len >= sizeof beginning - 1 &&
           memcmp(answer->body, beginning, sizeof beginning - 1) == 0;
}

leakdiag_status ld_endpoint_check(const ld_endpoint *endpoint, const ld_http_request *request,
                                  leakdiag_error *err)
{
    if (!endpoint->service || request->end != LD_HTTP_ANSWERED)
        return LEAKDIAG_OK;
    ld_answer answer = ld_exchange_answer(request);
    if (!ld_ask_is_status(&answer))
        return LEAKDIAG_OK;
    if (endpoint->asking)
        ld_ask_note(endpoint->asking, request);
    ld_kube_asked asked = {strcmp(request->method, "POST") == 0 ? "create" : "get",
                           "services/proxy", "", endpoint->ns, endpoint->service};
    return ld_kube_check(&asked, &answer, err);
}
