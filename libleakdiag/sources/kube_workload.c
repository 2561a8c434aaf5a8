/* A workload of a cluster as a question of a look: its Deployment, its pods and their memory, and
 * their logs. Under another version's names it is looked for by its labels. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "sources/asking.h"
#include "sources/exchange.h"
#include "sources/kube_facts.h"
#include "sources/kube_log.h"
#include "sources/kube_look.h"
#include "sources/pod_watch.h"

typedef struct workload_question {
    ld_question base;
    const char *as, *container;
    bool is_app; /* its memory is wanted, not only its state */
    bool reads_logs;
    ld_kube_look look;
    const ld_profile *finding; /* the profile that find_request looks for */
    ld_http_request find_request;
    char *find_url;
    ld_pod_log logs[LD_PODS_MAX];
    size_t n_logs;
    bool has_asked_logs;
    ld_pod_watch watch;
} workload_question;

static void done(ld_question *question)
{
    workload_question *q = (workload_question *)question;
    ld_kube_look_done(&q->look);
    ld_http_request_done(&q->find_request);
    ld_release(q->find_url);
    for (size_t i = 0; i < q->n_logs; i++)
        ld_pod_log_done(&q->logs[i]);
    ld_pod_watch_done(&q->watch);
}

static void note_failure(workload_question *q, leakdiag_status status)
{
    if (status == LEAKDIAG_E_NOMEM)
        q->base.asking->failed = status;
}

/* --- logs, when the pods are known --- */

static void ask_logs(workload_question *q)
{
    for (size_t i = 0; i < q->look.pods.n && i < LD_PODS_MAX; i++) {
        const ld_kube_pod *pod = &q->look.pods.list[i];
        const ld_kube_instance *instance =
            ld_pod_container(pod, q->container, q->look.deployment, NULL);
        if (instance)
            note_failure(
                q, ld_pod_log_begin(&q->logs[q->n_logs++], q->base.asking, pod, instance, NULL));
    }
    q->has_asked_logs = true;
}

static void pods_are_known(ld_kube_look *look)
{
    workload_question *q = look->payload;
    if (q->reads_logs && !q->has_asked_logs)
        ask_logs(q);
    if (q->is_app && !q->watch.memory)
        note_failure(q, ld_pod_watch_begin(&q->watch, look, q->container, q->reads_logs));
}

/* --- under another name --- */

static void found(ld_http_request *request, void *payload)
{
    workload_question *q = payload;
    ld_asking *asking = q->base.asking;
    LD_CLEANUP(ld_kube_deployments_done) ld_kube_deployments list = {0};
    ld_kube_asked asked = {"list", "deployments", "apps", q->look.ns, NULL};
    ld_answer answer = ld_exchange_answer(request);
    if (request->end != LD_HTTP_ANSWERED)
        return;
    leakdiag_status status = ld_kube_read_deployments(&asked, &answer, &list, NULL);
    note_failure(q, status);
    if (status || list.n == 0)
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
    if (!q->is_app || !q->finding)
        return;
    leakdiag_status status = ld_kube_path_deployments(q->look.ns, q->finding->find_by, &path, NULL);
    if (!status)
        status = ld_ask_cluster(q->base.asking, path, &q->find_url, &q->find_request, NULL);
    note_failure(q, status);
    if (status)
        return;
    q->find_request.on_done = found;
    q->find_request.payload = q;
    ld_ask_send(q->base.asking, &q->find_request);
}

/* The next look knows it from the beginning. */
static void remember_selector(workload_question *q, const char *selector)
{
    char key[128];
    snprintf(key, sizeof key, "selector %.100s", q->as);
    ld_memory_of *memory = ld_memories_of(q->base.asking->memories, key);
    if (!memory || !ld_memory_set_text(memory, selector, strlen(selector)))
        note_failure(q, LEAKDIAG_E_NOMEM);
}

static void deployment_is_known(ld_kube_look *look)
{
    workload_question *q = look->payload;
    if (look->deployment_status == LEAKDIAG_E_NOT_FOUND)
        look_for_it(q);
    if (look->has_deployment && look->found.selector)
        remember_selector(q, look->found.selector);
}

/* --- the beginning --- */

static leakdiag_status begin(ld_question *question, leakdiag_error *err)
{
    workload_question *q = (workload_question *)question;
    const ld_attributes *attributes = &question->spec->attributes;
    char key[128];
    q->as = ld_attribute_text(attributes, "as", "app");
    q->container = ld_attribute_text(attributes, "container", "");
    q->is_app = strcmp(q->as, "app") == 0;
    q->reads_logs = q->is_app && ld_scenario_reads_pod_logs(question->asking->scenario, q->as);
    snprintf(key, sizeof key, "selector %.100s", q->as);
    const ld_memory_of *memory = ld_memories_of(question->asking->memories, key);
    if (!memory)
        return ld_fail_nomem(err);
    q->look.asking = question->asking;
    q->look.ns = ld_attribute_text(attributes, "namespace", "");
    q->look.deployment = ld_attribute_text(attributes, "deployment", "");
    q->look.pod = ld_attribute_text(attributes, "pod", "");
    q->look.fixed_selector = ld_attribute_text(attributes, "selector", NULL);
    q->look.usual_selector =
        memory->text ? memory->text : ld_attribute_text(attributes, "usual_selector", NULL);
    q->look.wants_metrics = q->is_app;
    q->look.on_deployment = deployment_is_known;
    q->look.on_known = pods_are_known;
    q->look.payload = q;
    ld_asking *asking = question->asking;
    if (asking->n_looks < LD_LOOKS_MAX) {
        asking->looks[asking->n_looks].as = q->as;
        asking->looks[asking->n_looks++].look = &q->look;
    }
    return ld_kube_look_begin(&q->look) == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err) : LEAKDIAG_OK;
}

/* --- facts --- */

static leakdiag_status add_workload(const workload_question *q, ld_facts *facts,
                                    leakdiag_error *err)
{
    int64_t now_ms = q->base.asking->now_ms;
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    ld_fact *fact = NULL;
    leakdiag_status status;
    if (!q->look.deployment[0])
        return LEAKDIAG_OK;
    if (q->look.has_deployment) {
        status = ld_fact_from_deployment(&q->look.found, q->look.has_pods ? &q->look.pods : NULL,
                                         q->container, q->as, q->base.asking->scenario, now_ms,
                                         &fact, err);
        if (status)
            return status;
        fact->latency_ms = q->look.deployment_request.latency_ms;
        fact->of.workload.clock_skew_ms = q->base.asking->skew_ms;
        return ld_facts_add(facts, fact, err);
    }
    ld_text_addf(&source, "deployment %s/%s", q->look.ns, q->look.deployment);
    if (source.failed)
        return ld_fail_nomem(err);
    const leakdiag_error *why =
        q->look.deployment_status ? &q->look.no_deployment : &q->look.no_pods;
    return ld_facts_add_failed(facts, LD_FACT_WORKLOAD, source.data, q->as, now_ms,
                               q->look.deployment_status ? q->look.deployment_status
                                                         : LEAKDIAG_E_INVALID,
                               why->message[0] ? why->message : "it was not asked", err);
}

static leakdiag_status add_no_pods(const workload_question *q, leakdiag_status failed,
                                   const char *why, ld_facts *facts, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    ld_text_addf(&source, "pods %s/%s", q->look.ns,
                 q->look.pod[0]     ? q->look.pod
                 : q->look.selector ? q->look.selector
                                    : q->look.deployment);
    if (source.failed)
        return ld_fail_nomem(err);
    leakdiag_status status = ld_facts_add_failed(facts, LD_FACT_MEMORY, source.data, NULL,
                                                 q->base.asking->now_ms, failed, why, err);
    if (!status && q->reads_logs && q->n_logs == 0) /* nobody knows whose log to read */
        status = ld_facts_add_failed(facts, LD_FACT_LOG, source.data, NULL, q->base.asking->now_ms,
                                     failed, why, err);
    return status;
}

static leakdiag_status add_pod(const workload_question *q, const ld_kube_pod *pod, ld_facts *facts,
                               leakdiag_error *err)
{
    leakdiag_error why = {0};
    ld_fact *fact = NULL;
    const ld_kube_instance *instance =
        ld_pod_container(pod, q->container, q->look.deployment, &why);
    if (!instance)
        return add_no_pods(q, LEAKDIAG_E_NOT_FOUND, why.message, facts, err);
    const ld_kube_sample *sample = ld_kube_look_sample(&q->look, pod->name, instance->name);
    leakdiag_status status =
        ld_fact_from_pod(pod, instance, sample,
                         q->look.samples_status ? q->look.no_samples.message : ld_kube_too_young,
                         q->base.asking->now_ms, &fact, err);
    if (status)
        return status;
    fact->latency_ms = q->look.metrics_requests[q->look.round].latency_ms;
    const char *unknown = q->watch.no_events;
    if (unknown[0])
        status = ld_fact_text(unknown, strlen(unknown), LD_FACT_LINE_BYTES,
                              &fact->of.memory.pod.no_events, err);
    if (status) {
        ld_fact_unref(fact);
        return status;
    }
    return ld_facts_add(facts, fact, err);
}

static leakdiag_status add_pods(const workload_question *q, ld_facts *facts, leakdiag_error *err)
{
    leakdiag_error why = {0};
    LD_CLEANUP(ld_text_done) ld_text none = {0};
    leakdiag_status status = ld_kube_look_without_pods(&q->look, &why);
    if (status)
        return add_no_pods(q, status, why.message, facts, err);
    if (q->look.pods.n == 0) {
        ld_kube_look_describe_none(&q->look, &none);
        return none.failed ? ld_fail_nomem(err)
                           : add_no_pods(q, LEAKDIAG_E_NOT_FOUND, none.data, facts, err);
    }
    for (size_t i = 0; !status && i < q->look.pods.n && i < LD_PODS_MAX; i++)
        status = add_pod(q, &q->look.pods.list[i], facts, err);
    return status;
}

/* Of a great many pods only the first are looked at closely: what is counted is a lower bound. */
static leakdiag_status add_unread_logs(const workload_question *q, ld_facts *facts,
                                       leakdiag_error *err)
{
    const ld_kube_look *look = &q->look;
    char why[128];
    bool is_all = look->pods.n <= LD_PODS_MAX && !look->pods.is_partial;
    if (!q->has_asked_logs || is_all)
        return LEAKDIAG_OK;
    snprintf(why, sizeof why, "of %zu%s pods only the logs of the first %d are read", look->pods.n,
             look->pods.is_partial ? " and more" : "", LD_PODS_MAX);
    return ld_pod_logs_add_unknown(q->base.asking, look->ns, look->selector ? look->selector : "",
                                   0, why, facts, err);
}

static leakdiag_status finish(ld_question *question, ld_facts *facts, leakdiag_error *err)
{
    workload_question *q = (workload_question *)question;
    leakdiag_status status = add_workload(q, facts, err);
    if (!status && q->is_app)
        status = add_pods(q, facts, err);
    for (size_t i = 0; !status && i < q->n_logs; i++)
        status = ld_pod_log_finish(&q->logs[i], facts, err);
    if (!status)
        status = add_unread_logs(q, facts, err);
    if (!status)
        status = ld_pod_watch_finish(&q->watch, facts, err);
    /* Only a list that has all of them says that the others are gone. */
    if (!status && q->has_asked_logs && !q->look.pods.is_partial && q->look.pods.n <= LD_PODS_MAX)
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
