/* A Deployment: what is wanted, and how far its rollout is. */
#include <string.h>

#include "base/alloc.h"
#include "wire/kube_read.h"

#define VERSION   "app.kubernetes.io/version"
#define RESTARTED "kubectl.kubernetes.io/restartedAt"

static void read_numbers(const json_t *json, ld_kube_deployment *d)
{
    const json_t *spec = json_object_get(json, "spec"), *status = json_object_get(json, "status");
    d->generation = ld_kube_count(json_object_get(json, "metadata"), "generation", -1);
    d->observed_generation = ld_kube_count(status, "observedGeneration", -1);
    d->replicas = ld_kube_count(spec, "replicas", 1);
    d->status_replicas = ld_kube_count(status, "replicas", 0);
    d->updated = ld_kube_count(status, "updatedReplicas", 0);
    d->ready = ld_kube_count(status, "readyReplicas", 0);
    d->available = ld_kube_count(status, "availableReplicas", 0);
    d->unavailable = ld_kube_count(status, "unavailableReplicas", 0);
    ld_json_get_bool(spec, "paused", &d->is_paused);
}

static bool read_texts(const json_t *json, ld_kube_deployment *d)
{
    const json_t *metadata = json_object_get(json, "metadata");
    const json_t *template = json_object_get(json_object_get(json, "spec"), "template");
    const json_t *inner = json_object_get(template, "metadata");
    const json_t *progressing = ld_kube_condition(json_object_get(json, "status"), "Progressing");
    const char *version = ld_kube_label(inner, "labels", VERSION);
    d->created_ms = ld_kube_time(metadata, "creationTimestamp");
    d->restarted_ms = ld_kube_time(json_object_get(inner, "annotations"), RESTARTED);
    d->progressing_ms = ld_kube_time(progressing, "lastUpdateTime");
    d->is_progress_failed = ld_kube_is_text(progressing, "status", "False");
    if (!version)
        version = ld_kube_label(metadata, "labels", VERSION);
    if (version && !(d->version = ld_copy_text(version)))
        return false;
    return ld_kube_copy(metadata, "name", &d->name) &&
           ld_kube_copy(metadata, "namespace", &d->ns) && ld_kube_copy(metadata, "uid", &d->uid) &&
           ld_kube_copy(progressing, "reason", &d->progressing_reason) &&
           ld_kube_copy(progressing, "message", &d->progressing_message);
}

/* On failure the caller frees what is there. */
static leakdiag_status read_one(const json_t *json, ld_kube_deployment *d, leakdiag_error *err)
{
    const json_t *spec = json_object_get(json, "spec");
    read_numbers(json, d);
    if (!read_texts(json, d))
        return ld_fail_nomem(err);
    if (!d->name)
        return ld_fail(err, LEAKDIAG_E_PROTOCOL, "it has no name");
    leakdiag_status status =
        ld_kube_selector_text(json_object_get(spec, "selector"), &d->selector, err);
    if (status)
        return status;
    return ld_kube_read_containers(json_object_get(json_object_get(spec, "template"), "spec"),
                                   &d->containers, &d->n_containers, err);
}

void ld_kube_deployment_done(ld_kube_deployment *deployment)
{
    ld_kube_deployment *d = deployment;
    ld_release(d->name);
    ld_release(d->ns);
    ld_release(d->uid);
    ld_release(d->selector);
    ld_release(d->version);
    ld_release(d->progressing_reason);
    ld_release(d->progressing_message);
    ld_kube_containers_done(d->containers, d->n_containers);
    *d = (ld_kube_deployment){0};
}

/* Out of memory needs no place; everything else does. */
static leakdiag_status with_place(const ld_kube_asked *asked, leakdiag_status status,
                                  const leakdiag_error *why, leakdiag_error *err)
{
    return status == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err)
                                      : ld_kube_fail(asked, status, why->message, err);
}

leakdiag_status ld_kube_read_deployment(const ld_kube_asked *asked, const ld_answer *answer,
                                        ld_kube_deployment *ret, leakdiag_error *err)
{
    LD_JSON *json = NULL;
    ld_kube_deployment made = {0};
    leakdiag_error why = {0};
    leakdiag_status status = ld_kube_parse(asked, answer, "Deployment", NULL, &json, err);
    if (status)
        return status;
    status = read_one(json, &made, &why);
    if (status) {
        ld_kube_deployment_done(&made);
        return with_place(asked, status, &why, err);
    }
    *ret = made;
    return LEAKDIAG_OK;
}

void ld_kube_deployments_done(ld_kube_deployments *deployments)
{
    for (size_t i = 0; i < deployments->n; i++)
        ld_kube_deployment_done(&deployments->list[i]);
    ld_release(deployments->list);
    *deployments = (ld_kube_deployments){0};
}

static leakdiag_status read_all(const json_t *items, ld_kube_deployments *ret, leakdiag_error *err)
{
    size_t n = json_array_size(items);
    ret->list = ld_alloc_array(n, sizeof *ret->list);
    if (!ret->list)
        return ld_fail_nomem(err);
    while (ret->n < n) {
        size_t at = ret->n++;
        leakdiag_status status = read_one(json_array_get(items, at), &ret->list[at], err);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_kube_read_deployments(const ld_kube_asked *asked, const ld_answer *answer,
                                         ld_kube_deployments *ret, leakdiag_error *err)
{
    LD_JSON *json = NULL;
    const json_t *items;
    ld_kube_deployments made = {0};
    leakdiag_error why = {0};
    leakdiag_status status =
        ld_kube_parse_list(asked, answer, "DeploymentList", &json, &items, err);
    if (status)
        return status;
    status = read_all(items, &made, &why);
    if (status) {
        ld_kube_deployments_done(&made);
        return with_place(asked, status, &why, err);
    }
    *ret = made;
    return LEAKDIAG_OK;
}
