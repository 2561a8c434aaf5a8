#include "sources/errand.h"

#include <string.h>

#include "base/alloc.h"
#include "net/clock.h"
#include "net/cluster.h"
#include "sources/exchange.h"

static leakdiag_status ask(ld_errand *errand, ld_http_client *client, ld_log *log, int64_t until_ms,
                           leakdiag_error *err)
{
    LD_CLEANUP(ld_origin_freep) ld_origin *origin = NULL;
    leakdiag_status status = LEAKDIAG_OK;
    if (errand->cluster)
        status = ld_cluster_origin(errand->cluster, until_ms - ld_monotonic_ms(), errand->cancel,
                                   log, &origin, err);
    if (status)
        return status;
    ld_asking *asking = &errand->asking;
    *asking = (ld_asking){
        .client = client, .cluster = origin, .now_ms = ld_wall_ms(), .begun_ms = ld_monotonic_ms()};
    status = errand->begin(asking, errand->payload, err);
    if (status || asking->n_first == 0)
        return status;
    int64_t left_ms = until_ms - ld_monotonic_ms();
    asking->is_running = true;
    status = ld_http_client_perform(client, asking->first, asking->n_first,
                                    left_ms > 0 ? left_ms : 1, errand->cancel, err);
    asking->cluster = NULL;
    return !status && asking->failed ? ld_fail_nomem(err) : status;
}

/* After a 401: is there another credential to ask with? Then it is asked for. */
static bool renew_credential(ld_errand *errand, ld_log *log, int64_t until_ms)
{
    if (!errand->asking.was_refused || !errand->cluster ||
        !ld_cluster_can_refresh(errand->cluster) || ld_monotonic_ms() >= until_ms)
        return false;
    ld_cluster_say_refused(errand->cluster, log);
    ld_cluster_refused(errand->cluster);
    return true;
}

leakdiag_status ld_errand_run(ld_errand *errand, leakdiag_error *err)
{
    LD_CLEANUP(ld_http_client_freep) ld_http_client *client = NULL;
    ld_log log;
    if (errand->deadline_ms < 0 || errand->deadline_ms > INT32_MAX)
        return ld_fail(err, LEAKDIAG_E_INVALID, "the deadline is not positive, or too far away");
    int64_t deadline_ms = errand->deadline_ms ? errand->deadline_ms : LD_ERRAND_DEADLINE_MS;
    int64_t until_ms = ld_monotonic_ms() + deadline_ms;
    leakdiag_status status = ld_log_init(&log, errand->log, err);
    if (!status)
        status = ld_http_client_new(errand->transport, &client, err);
    if (status)
        return status;
    ld_http_client_set_log(client, &log);
    status = ask(errand, client, &log, until_ms, err);
    if (!status && renew_credential(errand, &log, until_ms))
        status = ask(errand, client, &log, until_ms, err);
    errand->skew_ms = errand->asking.ahead_ms;
    errand->now_ms = ld_wall_ms() + errand->skew_ms;
    return status ? status : ld_log_status(&log, err);
}

/* --- plain requests --- */

leakdiag_status ld_errand_endpoint(const leakdiag_cluster *cluster, const char *ns,
                                   const char *service, ld_endpoint *ret, leakdiag_error *err)
{
    if (cluster && service && !strstr(service, "://"))
        return ld_endpoint_of_service(leakdiag_cluster_server(cluster),
                                      ns ? ns : leakdiag_cluster_namespace_name(cluster), service,
                                      ret, err);
    *ret = (ld_endpoint){.base_url = ld_copy_text(service ? service : ""),
                         .where = ld_copy_text(service ? service : "")};
    return ret->base_url && ret->where ? LEAKDIAG_OK : ld_fail_nomem(err);
}

typedef struct batch {
    ld_http_request *requests;
    size_t n;
    ld_asking *asking;
} batch;

static void answered(ld_http_request *request, void *payload)
{
    batch *b = payload;
    if (!request->origin)
        return;
    ld_answer answer = ld_exchange_answer(request);
    if (request->status == 401 && !ld_ask_is_status(&answer)) /* of the service behind it */
        return;
    ld_ask_note(b->asking, request);
}

/* What a request asks, without what came of it before. */
static void renew(ld_http_request *request)
{
    ld_http_request_done(request);
    *request = (ld_http_request){.method = request->method,
                                 .url = request->url,
                                 .body = request->body,
                                 .headers = request->headers,
                                 .body_max_bytes = request->body_max_bytes};
}

static leakdiag_status send_all(ld_asking *asking, void *payload, leakdiag_error *err)
{
    batch *b = payload;
    b->asking = asking;
    for (size_t i = 0; i < b->n; i++) {
        renew(&b->requests[i]);
        b->requests[i].origin = asking->cluster;
        b->requests[i].on_done = answered;
        b->requests[i].payload = b;
        leakdiag_status status = ld_http_check(&b->requests[i], err);
        if (status)
            return status;
        ld_ask_send(asking, &b->requests[i]);
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_errand_perform(ld_errand *errand, ld_http_request *requests, size_t n,
                                  leakdiag_error *err)
{
    batch b = {requests, n, NULL};
    errand->begin = send_all;
    errand->payload = &b;
    return ld_errand_run(errand, err);
}
