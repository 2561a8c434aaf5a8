/* A workload of a cluster: its Deployment, the pods that its own selector chooses, their memory,
 * and their logs.
 *
 * The selector is only known when the Deployment has answered. Not to lose a round trip, pods and
 * metrics are asked for with the usual selector (or the one an earlier look has learned) at once;
 * when the Deployment says another one, they are asked for again. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "sources/asking.h"
#include "sources/exchange.h"
#include "sources/kube_facts.h"
#include "sources/kube_log.h"

#define PODS_MAX 16 /* looked at closely; all are counted */
#define ROUNDS   2  /* the usual selector, the Deployment's own */

typedef struct workload_question {
    ld_question base;
    const char *as, *ns, *name, *pod, *container;
    const char *fixed_selector; /* said by the caller; NULL: the Deployment's own */
    char *selector;             /* what pods and metrics were last asked with; NULL: none */
    bool is_app;                /* its memory and its logs are wanted, not only its state */
    bool has_deployment, has_pods, has_samples; /* decoded */
    ld_http_request deployment_request, find_request;
    ld_http_request pods_requests[ROUNDS], metrics_requests[ROUNDS];
    char *deployment_url, *pods_urls[ROUNDS], *metrics_urls[ROUNDS], *find_url;
    size_t round;              /* answers to an earlier one are of the wrong selector */
    const ld_profile *finding; /* the profile that find_request looks for */
    ld_kube_deployment deployment;
    ld_kube_pods pods;
    ld_kube_samples samples;
    leakdiag_error no_deployment, no_pods, no_samples; /* why not */
    leakdiag_status deployment_status, pods_status, samples_status;
    ld_pod_log logs[PODS_MAX];
    size_t n_logs;
    bool has_asked_logs;
} workload_question;

static void done(ld_question *question)
{
    workload_question *q = (workload_question *)question;
    ld_http_request_done(&q->deployment_request);
    ld_http_request_done(&q->find_request);
    for (size_t i = 0; i < ROUNDS; i++) {
        ld_http_request_done(&q->pods_requests[i]);
        ld_http_request_done(&q->metrics_requests[i]);
        ld_release(q->pods_urls[i]);
        ld_release(q->metrics_urls[i]);
    }
    ld_release(q->deployment_url);
    ld_release(q->find_url);
    ld_release(q->selector);
    ld_kube_deployment_done(&q->deployment);
    ld_kube_pods_done(&q->pods);
    ld_kube_samples_done(&q->samples);
    for (size_t i = 0; i < q->n_logs; i++)
        ld_pod_log_done(&q->logs[i]);
}

static void note_failure(workload_question *q, leakdiag_status status)
{
    if (status == LEAKDIAG_E_NOMEM)
        q->base.asking->failed = status;
}

/* --- logs, when the pods are known --- */

static void ask_logs(workload_question *q)
{
    for (size_t i = 0; i < q->pods.n && i < PODS_MAX; i++) {
        const ld_kube_pod *pod = &q->pods.list[i];
        const ld_kube_instance *instance = ld_pod_container(pod, q->container, q->name, NULL);
        if (instance)
            note_failure(
                q, ld_pod_log_begin(&q->logs[q->n_logs++], q->base.asking, pod, instance, NULL));
    }
    q->has_asked_logs = true;
}

/* Both are in, and the pods are the right ones. */
static void go_on(workload_question *q)
{
    bool is_known = q->has_pods && (q->has_deployment || q->deployment_status || !q->name[0]);
    if (is_known && q->is_app && !q->has_asked_logs)
        ask_logs(q);
}

/* --- pods and metrics --- */

static leakdiag_status read_pods(workload_question *q, const ld_http_request *request,
                                 leakdiag_error *why)
{
    leakdiag_status status = ld_ask_unanswered(request, why);
    if (status)
        return status;
    ld_answer answer = ld_exchange_answer(request);
    ld_kube_asked asked = {q->pod[0] ? "get" : "list", "pods", "", q->ns,
                           q->pod[0] ? q->pod : NULL};
    return q->pod[0] ? ld_kube_read_pod(&asked, &answer, &q->pods, why)
                     : ld_kube_read_pods(&asked, &answer, &q->pods, why);
}

static void pods_answered(ld_http_request *request, void *payload)
{
    workload_question *q = payload;
    ld_ask_note(q->base.asking, request);
    if (request != &q->pods_requests[q->round])
        return;
    q->pods_status = read_pods(q, request, &q->no_pods);
    q->has_pods = !q->pods_status;
    note_failure(q, q->pods_status);
    go_on(q);
}

static void metrics_answered(ld_http_request *request, void *payload)
{
    workload_question *q = payload;
    if (request != &q->metrics_requests[q->round])
        return;
    q->samples_status = ld_ask_unanswered(request, &q->no_samples);
    if (!q->samples_status) {
        ld_answer answer = ld_exchange_answer(request);
        ld_kube_asked asked = {q->pod[0] ? "get" : "list", "pods", "metrics.k8s.io", q->ns,
                               q->pod[0] ? q->pod : NULL};
        q->samples_status = ld_kube_read_metrics(&asked, &answer, &q->samples, &q->no_samples);
    }
    q->has_samples = !q->samples_status;
    note_failure(q, q->samples_status);
}

static void send(workload_question *q, ld_http_request *request,
                 void (*on_done)(ld_http_request *, void *))
{
    request->on_done = on_done;
    request->payload = q;
    ld_ask_send(q->base.asking, request);
}

static leakdiag_status ask_pods(workload_question *q, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *path = NULL;
    leakdiag_status status = q->pod[0] ? ld_kube_path_pod(q->ns, q->pod, &path, err)
                                       : ld_kube_path_pods(q->ns, q->selector, &path, err);
    if (!status)
        status = ld_ask_cluster(q->base.asking, path, &q->pods_urls[q->round],
                                &q->pods_requests[q->round], err);
    if (!status)
        send(q, &q->pods_requests[q->round], pods_answered);
    return status;
}

static leakdiag_status ask_metrics(workload_question *q, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *path = NULL;
    leakdiag_status status = ld_kube_path_metrics(q->ns, q->pod[0] ? q->pod : NULL,
                                                  q->pod[0] ? NULL : q->selector, &path, err);
    if (!status)
        status = ld_ask_cluster(q->base.asking, path, &q->metrics_urls[q->round],
                                &q->metrics_requests[q->round], err);
    if (!status)
        send(q, &q->metrics_requests[q->round], metrics_answered);
    return status;
}

static leakdiag_status ask_both(workload_question *q, leakdiag_error *err)
{
    leakdiag_status status = ask_pods(q, err);
    return status || !q->is_app ? status : ask_metrics(q, err);
}

/* --- the Deployment --- */

/* With the Deployment's own selector; the answers to another one do not count. */
static void ask_again(workload_question *q)
{
    ld_kube_pods_done(&q->pods);
    ld_kube_samples_done(&q->samples);
    q->pods = (ld_kube_pods){0};
    q->samples = (ld_kube_samples){0};
    q->has_pods = q->has_samples = false;
    q->samples_status = LEAKDIAG_OK;
    q->round++;
    q->pods_status = ask_both(q, &q->no_pods);
    note_failure(q, q->pods_status);
}

static bool keep_selector(workload_question *q, const char *selector)
{
    char key[128];
    snprintf(key, sizeof key, "selector %.100s", q->as);
    ld_memory_of *memory = ld_memories_of(q->base.asking->memories, key);
    char *copy = ld_copy_text(selector);
    if (!memory || !copy || !ld_memory_set_text(memory, selector, strlen(selector))) {
        ld_release(copy);
        note_failure(q, LEAKDIAG_E_NOMEM);
        return false;
    }
    ld_release(q->selector);
    q->selector = copy;
    return true;
}

static void found(ld_http_request *request, void *payload)
{
    workload_question *q = payload;
    ld_asking *asking = q->base.asking;
    LD_CLEANUP(ld_kube_deployments_done) ld_kube_deployments list = {0};
    ld_kube_asked asked = {"list", "deployments", "apps", q->ns, NULL};
    ld_answer answer = ld_exchange_answer(request);
    if (request->end != LD_HTTP_ANSWERED ||
        ld_kube_read_deployments(&asked, &answer, &list, NULL) || list.n == 0)
        return;
    const char *name = list.list[0].name, *suffix = q->finding->suffix ? q->finding->suffix : "";
    size_t len = strlen(name), n = strlen(suffix);
    if (len < n || strcmp(name + len - n, suffix) != 0 || len - n >= sizeof asking->release)
        return;
    asking->profile = q->finding;
    snprintf(asking->release, sizeof asking->release, "%.*s", (int)(len - n), name);
}

/* Under its usual name there is none: other versions call it otherwise. */
static void look_for_it(workload_question *q)
{
    const leakdiag_scenario *scenario = q->base.asking->scenario;
    LD_CLEANUP(ld_releasep) char *path = NULL;
    for (size_t i = 0; i < scenario->n_profiles && !q->finding; i++)
        if (scenario->profiles[i].find_by)
            q->finding = &scenario->profiles[i];
    if (!q->is_app || !q->finding ||
        ld_kube_path_deployments(q->ns, q->finding->find_by, &path, NULL) ||
        ld_ask_cluster(q->base.asking, path, &q->find_url, &q->find_request, NULL))
        return;
    send(q, &q->find_request, found);
}

static void deployment_answered(ld_http_request *request, void *payload)
{
    workload_question *q = payload;
    ld_ask_note(q->base.asking, request);
    q->deployment_status = ld_ask_unanswered(request, &q->no_deployment);
    if (!q->deployment_status) {
        ld_answer answer = ld_exchange_answer(request);
        ld_kube_asked asked = {"get", "deployments", "apps", q->ns, q->name};
        q->deployment_status =
            ld_kube_read_deployment(&asked, &answer, &q->deployment, &q->no_deployment);
    }
    note_failure(q, q->deployment_status);
    q->has_deployment = !q->deployment_status;
    if (q->deployment_status == LEAKDIAG_E_NOT_FOUND)
        look_for_it(q);
    const char *own = q->has_deployment ? q->deployment.selector : NULL;
    if (own && !q->fixed_selector && !ld_text_equal(own, q->selector)) {
        if (keep_selector(q, own))
            ask_again(q);
        return;
    }
    if (own)
        keep_selector(q, own);
    go_on(q);
}

/* --- the beginning --- */

static bool choose_selector(workload_question *q)
{
    const ld_attributes *attributes = &q->base.spec->attributes;
    char key[128];
    snprintf(key, sizeof key, "selector %.100s", q->as);
    ld_memory_of *memory = ld_memories_of(q->base.asking->memories, key);
    if (!memory)
        return false;
    q->fixed_selector = ld_attribute_text(attributes, "selector", NULL);
    const char *usual = ld_attribute_text(attributes, "usual_selector", NULL);
    const char *selector = q->fixed_selector ? q->fixed_selector
                           : memory->text    ? memory->text
                                             : usual;
    q->selector = selector ? ld_copy_text(selector) : NULL;
    return !selector || q->selector;
}

static leakdiag_status prepare(workload_question *q)
{
    LD_CLEANUP(ld_releasep) char *path = NULL;
    leakdiag_status status = LEAKDIAG_OK;
    if (!q->pod[0] && q->name[0]) {
        status = ld_kube_path_deployment(q->ns, q->name, &path, &q->no_pods);
        if (!status)
            status = ld_ask_cluster(q->base.asking, path, &q->deployment_url,
                                    &q->deployment_request, &q->no_pods);
        if (status)
            return status;
        send(q, &q->deployment_request, deployment_answered);
    }
    return q->pod[0] || q->selector ? ask_both(q, &q->no_pods) : LEAKDIAG_OK;
}

static leakdiag_status begin(ld_question *question, leakdiag_error *err)
{
    workload_question *q = (workload_question *)question;
    const ld_attributes *attributes = &question->spec->attributes;
    q->as = ld_attribute_text(attributes, "as", "app");
    q->ns = ld_attribute_text(attributes, "namespace", "");
    q->name = ld_attribute_text(attributes, "deployment", "");
    q->pod = ld_attribute_text(attributes, "pod", "");
    q->container = ld_attribute_text(attributes, "container", "");
    q->is_app = strcmp(q->as, "app") == 0;
    if (!choose_selector(q))
        return ld_fail_nomem(err);
    if (q->pod[0])
        q->name = "";
    q->pods_status = prepare(q);
    return q->pods_status == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err) : LEAKDIAG_OK;
}

/* --- facts --- */

static leakdiag_status add_workload(const workload_question *q, ld_facts *facts,
                                    leakdiag_error *err)
{
    int64_t now_ms = q->base.asking->now_ms;
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    ld_fact *fact = NULL;
    leakdiag_status status;
    if (!q->name[0])
        return LEAKDIAG_OK;
    if (q->has_deployment) {
        status =
            ld_fact_from_deployment(&q->deployment, q->has_pods ? &q->pods : NULL, q->container,
                                    q->as, q->base.asking->scenario, now_ms, &fact, err);
        if (status)
            return status;
        fact->latency_ms = q->deployment_request.latency_ms;
        fact->of.workload.clock_skew_ms = q->base.asking->skew_ms;
        return ld_facts_add(facts, fact, err);
    }
    ld_text_addf(&source, "deployment %s/%s", q->ns, q->name);
    if (source.failed)
        return ld_fail_nomem(err);
    const leakdiag_error *why = q->deployment_status ? &q->no_deployment : &q->no_pods;
    return ld_facts_add_failed(facts, LD_FACT_WORKLOAD, source.data, q->as, now_ms,
                               q->deployment_status ? q->deployment_status : LEAKDIAG_E_INVALID,
                               why->message[0] ? why->message : "it was not asked", err);
}

static const ld_kube_sample *find_sample(const workload_question *q, const char *pod,
                                         const char *container)
{
    for (size_t i = 0; q->has_samples && i < q->samples.n; i++)
        if (ld_text_equal(q->samples.list[i].pod, pod) &&
            ld_text_equal(q->samples.list[i].container, container))
            return &q->samples.list[i];
    return NULL;
}

static leakdiag_status add_no_pods(const workload_question *q, leakdiag_status failed,
                                   const char *why, ld_facts *facts, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    ld_text_addf(&source, "pods %s/%s", q->ns,
                 q->pod[0]     ? q->pod
                 : q->selector ? q->selector
                               : q->name);
    if (source.failed)
        return ld_fail_nomem(err);
    return ld_facts_add_failed(facts, LD_FACT_MEMORY, source.data, NULL, q->base.asking->now_ms,
                               failed, why, err);
}

static leakdiag_status add_pod(const workload_question *q, const ld_kube_pod *pod, ld_facts *facts,
                               leakdiag_error *err)
{
    static const char too_young[] =
        "metrics.k8s.io has no sample of it yet: two scrapes must have seen the same instance";
    leakdiag_error why = {0};
    ld_fact *fact = NULL;
    const ld_kube_instance *instance = ld_pod_container(pod, q->container, q->name, &why);
    if (!instance)
        return add_no_pods(q, LEAKDIAG_E_NOT_FOUND, why.message, facts, err);
    const ld_kube_sample *sample = find_sample(q, pod->name, instance->name);
    leakdiag_status status = ld_fact_from_pod(pod, instance, sample,
                                              q->samples_status ? q->no_samples.message : too_young,
                                              q->base.asking->now_ms, &fact, err);
    if (status)
        return status;
    fact->latency_ms = q->metrics_requests[q->round].latency_ms;
    return ld_facts_add(facts, fact, err);
}

static leakdiag_status add_pods(const workload_question *q, ld_facts *facts, leakdiag_error *err)
{
    char why[256];
    if (!q->has_pods && q->pods_status)
        return add_no_pods(q, q->pods_status, q->no_pods.message, facts, err);
    if (!q->has_pods) /* not asked: the Deployment did not say for what */
        return add_no_pods(q, q->deployment_status ? q->deployment_status : LEAKDIAG_E_TIMEOUT,
                           q->no_deployment.message[0] ? q->no_deployment.message
                                                       : "there was no time to ask for them",
                           facts, err);
    if (q->pods.n == 0) {
        snprintf(why, sizeof why, "no pod in namespace %.64s has the labels %.120s%s", q->ns,
                 q->selector ? q->selector : "",
                 q->has_deployment && q->deployment.replicas == 0 ? ": it is scaled to 0"
                                                                  : "; is the namespace right?");
        return add_no_pods(q, LEAKDIAG_E_NOT_FOUND, why, facts, err);
    }
    leakdiag_status status = LEAKDIAG_OK;
    for (size_t i = 0; !status && i < q->pods.n && i < PODS_MAX; i++)
        status = add_pod(q, &q->pods.list[i], facts, err);
    return status;
}

static leakdiag_status finish(ld_question *question, ld_facts *facts, leakdiag_error *err)
{
    workload_question *q = (workload_question *)question;
    leakdiag_status status = add_workload(q, facts, err);
    if (!status && q->is_app)
        status = add_pods(q, facts, err);
    for (size_t i = 0; !status && i < q->n_logs; i++)
        status = ld_pod_log_finish(&q->logs[i], facts, err);
    /* Only a list that has all of them says that the others are gone. */
    if (!status && q->has_asked_logs && !q->pods.is_partial && q->pods.n <= PODS_MAX)
        status = ld_pod_logs_gone(q->base.asking, facts, err);
    return status;
}

leakdiag_status ld_workload_question_new(ld_question **ret, leakdiag_error *err)
{
    static const ld_question_type type = {begin, finish, done};
    workload_question *q = ld_alloc_zero(sizeof *q);
    if (!q)
        return ld_fail_nomem(err);
    q->base.type = &type;
    *ret = &q->base;
    return LEAKDIAG_OK;
}
