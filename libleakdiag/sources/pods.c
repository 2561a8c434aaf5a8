/* Pods of a cluster without a scenario: one question, one answer. */
#include "sources/pods.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/soft_limit.h"
#include "sources/copier.h"
#include "sources/errand.h"
#include "sources/kube_facts.h"
#include "sources/kube_look.h"

/* --- one row --- */

/* Init containers matter while they hold the pod up, and sidecars as long as they run. */
static bool is_wanted(const ld_kube_instance *instance, const char *container)
{
    if (container)
        return ld_text_equal(instance->name, container);
    return !instance->is_init || instance->state == LD_KUBE_RUNNING ||
           instance->state == LD_KUBE_WAITING;
}

static void fill_soft_limit(ld_copier *c, const ld_kube_instance *instance, ld_pods_row *row)
{
    for (size_t i = 0; i < instance->n_env; i++) {
        if (strcmp(instance->env[i].name, "GOMEMLIMIT") != 0)
            continue;
        const char *value = instance->env[i].value;
        ld_copy_to(c, value ? value : LD_ENV_SET_ELSEWHERE, &row->soft_limit_text);
        if (value && !ld_soft_limit_parse(value, &row->soft_limit_bytes))
            row->soft_limit_bytes = NAN;
    }
}

static void fill_end(ld_copier *c, const ld_kube_instance *instance, ld_pods_row *row)
{
    const ld_kube_end *end = ld_pod_latest_end(instance);
    if (!end)
        return;
    ld_copy_to(c, end->reason ? end->reason : "Unknown", &row->end_reason);
    row->end_code = end->exit_code;
    row->ended_ms = end->finished_ms;
}

static void fill_sample(ld_copier *c, const ld_kube_look *look, const ld_kube_pod *pod,
                        const ld_kube_instance *instance, ld_pods_row *row)
{
    const ld_kube_sample *sample = ld_kube_look_sample(look, pod->name, instance->name);
    const char *without = look->samples_status ? look->no_samples.message : ld_kube_too_young;
    if (instance->state != LD_KUBE_RUNNING && !look->samples_status)
        without = "it does not run";
    const char *why = ld_pod_no_sample(sample, instance, without);
    row->working_set_bytes = NAN;
    ld_copy_to(c, why ? why : "", &row->no_sample);
    if (why)
        return;
    row->working_set_bytes = sample->working_set_bytes;
    row->sample_ms = sample->time_ms;
    row->window_ms = sample->window_ms;
}

static leakdiag_status fill_row(const ld_kube_look *look, const ld_kube_pod *pod,
                                const ld_kube_instance *instance, ld_pods_row *row,
                                leakdiag_error *err)
{
    ld_copier c = {.err = err};
    ld_copy_to(&c, pod->ns ? pod->ns : look->ns, &row->ns);
    ld_copy_to(&c, pod->name, &row->pod);
    ld_copy_to(&c, pod->uid, &row->uid);
    ld_copy_to(&c, pod->node, &row->node);
    ld_copy_to(&c, pod->phase, &row->phase);
    ld_copy_to(&c, pod->is_unschedulable ? "Unschedulable" : pod->reason, &row->reason);
    ld_copy_to(&c, instance->name, &row->container);
    ld_copy_to(&c, instance->limit_text, &row->limit_text);
    ld_copy_to(&c, instance->waiting_reason, &row->waiting_reason);
    row->has_limit = instance->limit_text ? isfinite(instance->limit_bytes) ? 1 : -1 : 0;
    row->limit_bytes = row->has_limit == 1 ? instance->limit_bytes : NAN;
    row->soft_limit_bytes = NAN;
    row->is_ready = instance->is_ready;
    row->is_terminating = pod->deleted_ms != 0;
    row->restarts = instance->restarts;
    row->started_ms = instance->state == LD_KUBE_RUNNING ? instance->started_ms : 0;
    fill_soft_limit(&c, instance, row);
    fill_end(&c, instance, row);
    fill_sample(&c, look, pod, instance, row);
    return c.status;
}

/* --- all of them --- */

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_rows(const void *a, const void *b)
{
    const ld_pods_row *one = a, *other = b;
    int order = compare_text(one->ns, other->ns);
    order = order ? order : compare_text(one->pod, other->pod);
    order = order ? order : compare_text(one->container, other->container);
    return order ? order : compare_text(one->uid, other->uid);
}

static size_t count_rows(const ld_kube_pods *list, const char *container)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        for (size_t k = 0; k < list->list[i].n_instances; k++)
            n += is_wanted(&list->list[i].instances[k], container);
    return n;
}

static leakdiag_status add_rows(const ld_kube_look *look, const char *container,
                                leakdiag_pods *pods, leakdiag_error *err)
{
    size_t n = count_rows(&look->pods, container);
    if (n > LD_PODS_ROWS_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "more than %d containers; name a narrower selector",
                       LD_PODS_ROWS_MAX);
    pods->rows = ld_alloc_array(n + 1, sizeof *pods->rows);
    if (!pods->rows)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < look->pods.n; i++) {
        const ld_kube_pod *pod = &look->pods.list[i];
        for (size_t k = 0; k < pod->n_instances; k++) {
            if (!is_wanted(&pod->instances[k], container))
                continue;
            leakdiag_status status =
                fill_row(look, pod, &pod->instances[k], &pods->rows[pods->n++], err);
            if (status)
                return status;
        }
    }
    qsort(pods->rows, pods->n, sizeof *pods->rows, compare_rows);
    return LEAKDIAG_OK;
}

/* A name that none of the pods has is a mistake, not an empty answer. */
static leakdiag_status check_container(const ld_kube_look *look, const char *container,
                                       const leakdiag_pods *pods, leakdiag_error *err)
{
    if (!container || pods->n > 0 || look->pods.n == 0)
        return LEAKDIAG_OK;
    LD_CLEANUP(ld_text_done) ld_text names = {0};
    const ld_kube_pod *pod = &look->pods.list[0];
    ld_pod_name_containers(pod, &names);
    if (names.failed)
        return ld_fail_nomem(err);
    return ld_fail(err, LEAKDIAG_E_NOT_FOUND, "no pod has a container \"%.80s\"; %s has %s",
                   container, pod->name, names.data ? names.data : "none");
}

/* --- the Deployment --- */

/* What kubectl rollout status asks, and that no old pod is left. */
static bool is_rolled_out(const ld_kube_look *look)
{
    const ld_kube_deployment *d = &look->found;
    for (size_t i = 0; i < look->pods.n; i++)
        if (look->pods.list[i].deleted_ms)
            return false;
    return d->observed_generation >= d->generation && d->updated >= d->replicas &&
           d->status_replicas == d->updated && d->available >= d->updated;
}

static const char *rollout_of(const ld_kube_look *look)
{
    if (!look->deployment[0])
        return "";
    if (!look->has_deployment)
        return "unknown";
    if (look->found.is_progress_failed)
        return "stuck";
    return is_rolled_out(look) ? "settled" : "in-progress";
}

static leakdiag_status describe(const ld_kube_look *look, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    if (look->deployment_status)
        ld_text_add(&detail, look->no_deployment.message);
    else if (look->pods.n == 0)
        ld_kube_look_describe_none(look, &detail);
    else if (look->pods.is_partial)
        ld_text_addf(&detail, "only the first %zu pods; name a narrower selector", look->pods.n);
    return ld_text_take(&detail, ret, err);
}

/* container NULL: all. E_NOT_FOUND: no pod has that container. */
static leakdiag_status make_answer(const ld_kube_look *look, const char *container, int64_t now_ms,
                                   leakdiag_pods **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_pods_freep) leakdiag_pods *pods = ld_alloc_zero(sizeof *pods);
    ld_copier c = {.err = err};
    if (!pods)
        return ld_fail_nomem(err);
    pods->time_ms = now_ms;
    pods->replicas = look->has_deployment ? look->found.replicas : -1;
    ld_copy_to(&c, look->ns, &pods->ns);
    ld_copy_to(&c, look->pod[0] || !look->selector ? "" : look->selector, &pods->selector);
    ld_copy_to(&c, rollout_of(look), &pods->rollout);
    leakdiag_status status = c.status;
    if (!status)
        status = describe(look, &pods->detail, err);
    if (!status)
        status = add_rows(look, container, pods, err);
    if (!status)
        status = check_container(look, container, pods, err);
    if (!status)
        *ret = ld_steal(&pods);
    return status;
}

/* --- asking --- */

typedef struct question {
    ld_kube_look asked; /* what is meant: each try begins with it */
    ld_kube_look look;
} question;

static leakdiag_status begin(ld_asking *asking, void *payload, leakdiag_error *err)
{
    question *q = payload;
    ld_kube_look_done(&q->look);
    q->look = q->asked;
    q->look.asking = asking;
    leakdiag_status status = ld_kube_look_begin(&q->look);
    return status ? ld_fail_as(err, status, &q->look.no_pods) : LEAKDIAG_OK;
}

static leakdiag_status read_workload(const char *text, ld_kube_look *ret, leakdiag_error *err)
{
    static const char *const deployments[] = {"deploy/", "deployment/", "deployments/",
                                              "deployment.apps/"};
    static const char *const pods[] = {"pod/", "pods/", "po/"};
    ret->deployment = ret->pod = "";
    ret->wants_all = true;
    for (size_t i = 0; text && i < sizeof deployments / sizeof deployments[0]; i++)
        if (strncmp(text, deployments[i], strlen(deployments[i])) == 0)
            ret->deployment = text + strlen(deployments[i]);
    for (size_t i = 0; text && i < sizeof pods / sizeof pods[0]; i++)
        if (strncmp(text, pods[i], strlen(pods[i])) == 0)
            ret->pod = text + strlen(pods[i]);
    if (text && !ret->deployment[0] && !ret->pod[0])
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "\"%.80s\" names no workload; write deploy/NAME or pod/NAME", text);
    return LEAKDIAG_OK;
}

static leakdiag_status prepare(const leakdiag_cluster *cluster, const char *workload,
                               const leakdiag_pods_options *used, ld_kube_look *ret,
                               leakdiag_error *err)
{
    leakdiag_status status = read_workload(workload, ret, err);
    if (!status && used->selector && ret->pod[0])
        status = ld_fail(err, LEAKDIAG_E_INVALID,
                         "a selector and one pod exclude each other; leave out one");
    ret->ns =
        used->namespace_name ? used->namespace_name : leakdiag_cluster_namespace_name(cluster);
    ret->fixed_selector = used->selector;
    ret->wants_metrics = true;
    return status;
}

leakdiag_status leakdiag_pods_read(leakdiag_cluster *cluster, const char *workload,
                                   const leakdiag_pods_options *options, leakdiag_pods **ret,
                                   leakdiag_error *err)
{
    leakdiag_pods_options used = LEAKDIAG_PODS_OPTIONS_INIT;
    question q = {0};
    leakdiag_pods *pods = NULL;
    leakdiag_status status = ld_options_copy(&used, sizeof used, sizeof used, options, err);
    if (!status && !cluster)
        status = ld_fail(err, LEAKDIAG_E_INVALID, "a cluster is needed");
    if (!status)
        status = prepare(cluster, workload, &used, &q.asked, err);
    if (status)
        return status;
    ld_errand errand = {.cluster = cluster,
                        .transport = used.transport,
                        .log = used.log,
                        .cancel = used.cancel,
                        .deadline_ms = used.deadline_ms,
                        .begin = begin,
                        .payload = &q};
    status = ld_errand_run(&errand, err);
    if (!status) /* without the pods there is no answer; all else is part of it */
        status = ld_kube_look_without_pods(&q.look, err);
    if (!status)
        status = make_answer(&q.look, used.container, errand.now_ms, &pods, err);
    ld_kube_look_done(&q.look);
    if (status)
        return status;
    pods->skew_ms = errand.skew_ms;
    *ret = pods;
    return LEAKDIAG_OK;
}
