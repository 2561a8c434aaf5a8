#include "sources/kube_look.h"

#include <string.h>

#include "base/alloc.h"
#include "sources/exchange.h"

const char ld_kube_too_young[] =
    "metrics.k8s.io has no sample of it yet: two scrapes must have seen the same instance";

void ld_kube_look_done(ld_kube_look *look)
{
    ld_http_request_done(&look->deployment_request);
    for (size_t i = 0; i < LD_KUBE_LOOK_ROUNDS; i++) {
        ld_http_request_done(&look->pods_requests[i]);
        ld_http_request_done(&look->metrics_requests[i]);
        ld_release(look->pods_urls[i]);
        ld_release(look->metrics_urls[i]);
    }
    ld_release(look->deployment_url);
    ld_release(look->selector);
    ld_kube_deployment_done(&look->found);
    ld_kube_pods_done(&look->pods);
    ld_kube_samples_done(&look->samples);
}

static void note_failure(ld_kube_look *look, leakdiag_status status)
{
    if (status == LEAKDIAG_E_NOMEM)
        look->asking->failed = status;
}

/* What cannot be sent, like a token that no header may hold, has no answer to wait for. */
static leakdiag_status send(ld_kube_look *look, ld_http_request *request,
                            void (*on_done)(ld_http_request *, void *), leakdiag_error *err)
{
    request->on_done = on_done;
    request->payload = look;
    if (ld_ask_send(look->asking, request))
        return LEAKDIAG_OK;
    return look->asking->failed ? ld_fail_nomem(err)
                                : ld_fail(err, LEAKDIAG_E_INVALID, "%s", request->why);
}

/* Both are in, and the pods are the right ones. */
static void go_on(ld_kube_look *look)
{
    bool is_known =
        look->has_pods && (look->has_deployment || look->deployment_status || !look->deployment[0]);
    if (is_known && look->on_known)
        look->on_known(look);
}

/* --- pods and metrics --- */

static const char *pod_or_null(const ld_kube_look *look)
{
    return look->pod[0] ? look->pod : NULL;
}

static leakdiag_status read_pods(ld_kube_look *look, const ld_http_request *request,
                                 leakdiag_error *why)
{
    leakdiag_status status = ld_ask_unanswered(request, why);
    if (status)
        return status;
    ld_answer answer = ld_exchange_answer(request);
    ld_kube_asked asked = {look->pod[0] ? "get" : "list", "pods", "", look->ns, pod_or_null(look)};
    return look->pod[0] ? ld_kube_read_pod(&asked, &answer, &look->pods, why)
                        : ld_kube_read_pods(&asked, &answer, &look->pods, why);
}

static void pods_answered(ld_http_request *request, void *payload)
{
    ld_kube_look *look = payload;
    ld_ask_note(look->asking, request);
    if (request != &look->pods_requests[look->round])
        return;
    look->pods_status = read_pods(look, request, &look->no_pods);
    look->has_pods = !look->pods_status;
    note_failure(look, look->pods_status);
    go_on(look);
}

static void metrics_answered(ld_http_request *request, void *payload)
{
    ld_kube_look *look = payload;
    ld_ask_note(look->asking, request);
    if (request != &look->metrics_requests[look->round])
        return;
    look->samples_status = ld_ask_unanswered(request, &look->no_samples);
    if (!look->samples_status) {
        ld_answer answer = ld_exchange_answer(request);
        ld_kube_asked asked = {look->pod[0] ? "get" : "list", "pods", "metrics.k8s.io", look->ns,
                               pod_or_null(look)};
        look->samples_status =
            ld_kube_read_metrics(&asked, &answer, &look->samples, &look->no_samples);
    }
    look->has_samples = !look->samples_status;
    note_failure(look, look->samples_status);
}

static leakdiag_status ask_pods(ld_kube_look *look, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *path = NULL;
    leakdiag_status status = look->pod[0] ? ld_kube_path_pod(look->ns, look->pod, &path, err)
                                          : ld_kube_path_pods(look->ns, look->selector, &path, err);
    if (!status)
        status = ld_ask_cluster(look->asking, path, &look->pods_urls[look->round],
                                &look->pods_requests[look->round], err);
    return status ? status : send(look, &look->pods_requests[look->round], pods_answered, err);
}

static leakdiag_status ask_metrics(ld_kube_look *look, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *path = NULL;
    leakdiag_status status = ld_kube_path_metrics(look->ns, pod_or_null(look),
                                                  look->pod[0] ? NULL : look->selector, &path, err);
    if (!status)
        status = ld_ask_cluster(look->asking, path, &look->metrics_urls[look->round],
                                &look->metrics_requests[look->round], err);
    if (!status)
        look->samples_status =
            send(look, &look->metrics_requests[look->round], metrics_answered, &look->no_samples);
    return status;
}

static leakdiag_status ask_both(ld_kube_look *look, leakdiag_error *err)
{
    leakdiag_status status = ask_pods(look, err);
    return status || !look->wants_metrics ? status : ask_metrics(look, err);
}

/* --- the Deployment --- */

/* With the Deployment's own selector; the answers to another one do not count. */
static void ask_again(ld_kube_look *look)
{
    ld_kube_pods_done(&look->pods);
    ld_kube_samples_done(&look->samples);
    look->pods = (ld_kube_pods){0};
    look->samples = (ld_kube_samples){0};
    look->has_pods = look->has_samples = false;
    look->samples_status = LEAKDIAG_OK;
    look->round++;
    look->pods_status = ask_both(look, &look->no_pods);
    note_failure(look, look->pods_status);
}

static bool keep_selector(ld_kube_look *look, const char *selector)
{
    char *copy = ld_copy_text(selector);
    if (!copy) {
        note_failure(look, LEAKDIAG_E_NOMEM);
        return false;
    }
    ld_release(look->selector);
    look->selector = copy;
    return true;
}

static void deployment_answered(ld_http_request *request, void *payload)
{
    ld_kube_look *look = payload;
    ld_ask_note(look->asking, request);
    look->deployment_status = ld_ask_unanswered(request, &look->no_deployment);
    if (!look->deployment_status) {
        ld_answer answer = ld_exchange_answer(request);
        ld_kube_asked asked = {"get", "deployments", "apps", look->ns, look->deployment};
        look->deployment_status =
            ld_kube_read_deployment(&asked, &answer, &look->found, &look->no_deployment);
    }
    note_failure(look, look->deployment_status);
    look->has_deployment = !look->deployment_status;
    if (look->on_deployment)
        look->on_deployment(look);
    const char *own = look->has_deployment ? look->found.selector : NULL;
    if (own && !look->fixed_selector && !ld_text_equal(own, look->selector)) {
        if (keep_selector(look, own))
            ask_again(look);
        return;
    }
    go_on(look);
}

/* --- the beginning --- */

static leakdiag_status ask_deployment(ld_kube_look *look)
{
    LD_CLEANUP(ld_releasep) char *path = NULL;
    leakdiag_status status =
        ld_kube_path_deployment(look->ns, look->deployment, &path, &look->no_pods);
    if (!status)
        status = ld_ask_cluster(look->asking, path, &look->deployment_url,
                                &look->deployment_request, &look->no_pods);
    look->deployment_request.timeout_ms = look->asking->deadline_ms / 2; /* logs wait for it */
    if (!status)
        look->deployment_status =
            send(look, &look->deployment_request, deployment_answered, &look->no_deployment);
    return status;
}

leakdiag_status ld_kube_look_begin(ld_kube_look *look)
{
    const char *selector = look->fixed_selector ? look->fixed_selector : look->usual_selector;
    if (look->pod[0])
        look->deployment = "";
    if (selector && !keep_selector(look, selector))
        return look->pods_status = ld_fail_nomem(&look->no_pods);
    if (look->deployment[0])
        look->pods_status = ask_deployment(look);
    bool is_said = look->pod[0] || look->selector || (look->wants_all && !look->deployment[0]);
    if (!look->pods_status && is_said)
        look->pods_status = ask_both(look, &look->no_pods);
    return look->pods_status;
}

const ld_kube_sample *ld_kube_look_sample(const ld_kube_look *look, const char *pod,
                                          const char *container)
{
    for (size_t i = 0; look->has_samples && i < look->samples.n; i++)
        if (ld_text_equal(look->samples.list[i].pod, pod) &&
            ld_text_equal(look->samples.list[i].container, container))
            return &look->samples.list[i];
    return NULL;
}

leakdiag_status ld_kube_look_without_pods(const ld_kube_look *look, leakdiag_error *why)
{
    if (look->has_pods)
        return LEAKDIAG_OK;
    if (look->pods_status)
        return ld_fail_as(why, look->pods_status, &look->no_pods);
    if (look->deployment_status) /* it did not say which pods */
        return ld_fail_as(why, look->deployment_status, &look->no_deployment);
    return ld_fail(why, LEAKDIAG_E_TIMEOUT, "pods in namespace %.64s: there was no time to ask",
                   look->ns);
}

void ld_kube_look_describe_none(const ld_kube_look *look, ld_text *ret)
{
    ld_text_addf(ret, "no pod in namespace %.64s", look->ns);
    if (look->selector) {
        ld_text_add(ret, " has the labels ");
        ld_text_add_safe(ret, look->selector, strnlen(look->selector, 120));
    }
    bool is_scaled_down = look->has_deployment && look->found.replicas == 0;
    ld_text_add(ret, is_scaled_down ? ": it is scaled to 0" : "; is the namespace right?");
}
