/* A Service and what is ready behind it. */
#include <string.h>

#include "base/alloc.h"
#include "sources/asking.h"
#include "sources/copier.h"
#include "sources/exchange.h"
#include "sources/kube_way.h"
#include "sources/rights.h"
#include "wire/kube.h"

typedef struct service_question {
    ld_question base;
    const char *as, *ns, *name;
    bool is_called; /* the application asks it: what policies say of the way is of interest */
    char *url, *slices_url, *policies_url;
    ld_http_request service, slices, policies;
    leakdiag_error why;
    leakdiag_status invalid;
} service_question;

static void done(ld_question *question)
{
    service_question *q = (service_question *)question;
    ld_http_request_done(&q->service);
    ld_http_request_done(&q->slices);
    ld_http_request_done(&q->policies);
    ld_release(q->url);
    ld_release(q->slices_url);
    ld_release(q->policies_url);
}

static void answered(ld_http_request *request, void *payload)
{
    service_question *q = payload;
    ld_ask_note(q->base.asking, request);
}

static leakdiag_status prepare(service_question *q)
{
    LD_CLEANUP(ld_releasep) char *path = NULL;
    LD_CLEANUP(ld_releasep) char *slices = NULL;
    LD_CLEANUP(ld_releasep) char *policies = NULL;
    ld_asking *asking = q->base.asking;
    leakdiag_status status = ld_kube_path_service(q->ns, q->name, &path, &q->why);
    if (!status)
        status = ld_kube_path_endpoint_slices(q->ns, q->name, &slices, &q->why);
    if (!status)
        status = ld_ask_cluster(asking, path, &q->url, &q->service, &q->why);
    if (!status)
        status = ld_ask_cluster(asking, slices, &q->slices_url, &q->slices, &q->why);
    if (!status && q->is_called)
        status = ld_kube_path_policies(q->ns, &policies, &q->why);
    if (!status && q->is_called)
        status = ld_ask_cluster(asking, policies, &q->policies_url, &q->policies, &q->why);
    return status;
}

static leakdiag_status begin(ld_question *question, leakdiag_error *err)
{
    service_question *q = (service_question *)question;
    const ld_attributes *attributes = &question->spec->attributes;
    q->as = ld_attribute_text(attributes, "as", "");
    q->ns = ld_attribute_text(attributes, "namespace", "");
    q->name = ld_attribute_text(attributes, "name", "");
    q->is_called = ld_is_called(question->asking->scenario, q->as);
    q->invalid = prepare(q);
    if (q->invalid)
        return q->invalid == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err) : LEAKDIAG_OK;
    q->service.on_done = answered;
    q->service.payload = q;
    ld_ask_send(question->asking, &q->service);
    ld_ask_send(question->asking, &q->slices);
    if (q->is_called)
        ld_ask_send(question->asking, &q->policies);
    return LEAKDIAG_OK;
}

static leakdiag_status read_service(const service_question *q, ld_kube_service *service,
                                    leakdiag_error *why)
{
    if (q->invalid) {
        *why = q->why;
        return q->invalid;
    }
    leakdiag_status status = ld_ask_unanswered(&q->service, why);
    if (status)
        return status;
    ld_kube_asked asked = {"get", "services", "", q->ns, q->name};
    ld_answer answer = ld_exchange_answer(&q->service);
    return ld_kube_read_service(&asked, &answer, service, why);
}

static leakdiag_status read_slices(const service_question *q, ld_kube_endpoints *endpoints,
                                   leakdiag_error *why)
{
    leakdiag_status status = ld_ask_unanswered(&q->slices, why);
    if (status)
        return status;
    ld_kube_asked asked = {"list", "endpointslices", "discovery.k8s.io", q->ns, q->name};
    ld_answer answer = ld_exchange_answer(&q->slices);
    return ld_kube_read_endpoint_slices(&asked, &answer, endpoints, why);
}

static leakdiag_status add_ports(const ld_kube_service *service, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text ports = {0};
    for (size_t i = 0; i < service->n_ports; i++)
        ld_text_addf(&ports, "%s%lld", i ? "," : "", (long long)service->ports[i].port);
    return service->n_ports ? ld_text_take(&ports, ret, err) : LEAKDIAG_OK;
}

static leakdiag_status fill(const service_question *q, const ld_kube_service *service,
                            ld_service_fact *of, leakdiag_error *err)
{
    LD_CLEANUP(ld_kube_endpoints_done) ld_kube_endpoints endpoints = {0};
    ld_copier c = {.err = err};
    leakdiag_error why = {0};
    leakdiag_status status = read_slices(q, &endpoints, &why);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (status) {
        ld_copy_to(&c, why.message, &of->detail);
    } else {
        of->ready = endpoints.ready;
        of->not_ready = endpoints.not_ready;
    }
    of->is_external = service->type && strcmp(service->type, "ExternalName") == 0;
    if (!c.status)
        c.status = add_ports(service, &of->ports, err);
    if (c.status || !q->is_called)
        return c.status;
    const ld_ways_asked asked = {q->base.asking, q->as, q->ns, &q->policies, service, &endpoints};
    return ld_ways_add(&asked, of, err);
}

static leakdiag_status finish(ld_question *question, ld_facts *facts, leakdiag_error *err)
{
    service_question *q = (service_question *)question;
    LD_CLEANUP(ld_kube_service_done) ld_kube_service service = {0};
    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = NULL;
    LD_CLEANUP(ld_text_done) ld_text source = {0}, object = {0};
    leakdiag_error why = {0};
    int64_t now_ms = question->asking->now_ms;
    ld_text_addf(&source, "service %s/%s", q->ns, q->name);
    ld_text_addf(&object, "service/%s", q->name);
    if (source.failed || object.failed)
        return ld_fail_nomem(err);
    leakdiag_status status = read_service(q, &service, &why);
    bool is_missing = status == LEAKDIAG_E_NOT_FOUND;
    if (status && !is_missing)
        return ld_facts_add_failed(facts, LD_FACT_SERVICE, source.data, q->as, now_ms, status,
                                   why.message, err);
    ld_copier c = {.err = err};
    c.status = ld_fact_new(LD_FACT_SERVICE, source.data, now_ms, &fact, err);
    if (c.status)
        return c.status;
    fact->latency_ms = q->service.latency_ms;
    fact->of.service.exists = !is_missing;
    ld_copy_to(&c, q->as, &fact->subject);
    ld_copy_to(&c, object.data, &fact->of.service.object);
    if (!c.status && !is_missing)
        c.status = fill(q, &service, &fact->of.service, err);
    return c.status ? c.status : ld_facts_add(facts, ld_steal(&fact), err);
}

leakdiag_status ld_service_question_new(ld_question **ret, leakdiag_error *err)
{
    static const ld_question_type type = {begin, finish, done};
    service_question *q = ld_alloc_zero(sizeof *q);
    if (!q)
        return ld_fail_nomem(err);
    q->base.type = &type;
    *ret = &q->base;
    return LEAKDIAG_OK;
}
