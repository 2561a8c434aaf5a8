#include "sources/kube_facts.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "sources/copier.h"

/* --- which container: the wanted one, the one named like the workload, or the only one --- */

static const ld_kube_instance *find_instance(const ld_kube_pod *pod, const char *name)
{
    for (size_t i = 0; name && name[0] && i < pod->n_instances; i++)
        if (strcmp(pod->instances[i].name, name) == 0)
            return &pod->instances[i];
    return NULL;
}

static const ld_kube_instance *only_instance(const ld_kube_pod *pod)
{
    const ld_kube_instance *only = NULL;
    for (size_t i = 0; i < pod->n_instances; i++) {
        if (pod->instances[i].is_init)
            continue;
        if (only)
            return NULL;
        only = &pod->instances[i];
    }
    return only;
}

const ld_kube_instance *ld_pod_container(const ld_kube_pod *pod, const char *wanted,
                                         const char *workload, leakdiag_error *err)
{
    const ld_kube_instance *found = find_instance(pod, wanted);
    if (!found)
        found = find_instance(pod, workload);
    if (!found)
        found = only_instance(pod);
    if (found)
        return found;
    LD_CLEANUP(ld_text_done) ld_text names = {0};
    ld_pod_name_containers(pod, &names);
    ld_fail(err, LEAKDIAG_E_NOT_FOUND,
            "pod %s has no container \"%.80s\"; it has %s; name one of them with --container",
            pod->name,
            wanted && wanted[0] ? wanted
            : workload          ? workload
                                : "",
            names.data ? names.data : "none");
    return NULL;
}

void ld_pod_name_containers(const ld_kube_pod *pod, ld_text *ret)
{
    for (size_t i = 0; i < pod->n_instances; i++)
        ld_text_addf(ret, "%s%s", i ? ", " : "", pod->instances[i].name);
}

/* The same in a Deployment's template, before there are pods. */
static const ld_kube_container *template_container(const ld_kube_deployment *deployment,
                                                   const char *wanted)
{
    const char *const names[] = {wanted, deployment->name};
    const ld_kube_container *list = deployment->containers, *only = NULL;
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; names[k] && i < deployment->n_containers; i++)
            if (strcmp(list[i].name, names[k]) == 0)
                return &list[i];
    for (size_t i = 0; i < deployment->n_containers; i++) {
        if (list[i].is_init)
            continue;
        if (only)
            return NULL;
        only = &list[i];
    }
    return only;
}

/* --- one pod --- */

/* While a container is down, state.terminated is the newest death and lastState the one before. */
const ld_kube_end *ld_pod_latest_end(const ld_kube_instance *instance)
{
    return instance->ended.has_ended  ? &instance->ended
           : instance->last.has_ended ? &instance->last
                                      : NULL;
}

static void copy_pod(ld_copier *c, const ld_kube_pod *pod, const ld_kube_instance *instance,
                     ld_pod_fact *of)
{
    const ld_kube_end *end = ld_pod_latest_end(instance);
    ld_copy_to(c, pod->name, &of->name);
    ld_copy_to(c, pod->uid, &of->uid);
    ld_copy_to(c, instance->name, &of->container);
    ld_copy_to(c, pod->phase, &of->phase);
    ld_copy_to(c, pod->reason ? pod->reason : instance->waiting_reason, &of->reason);
    ld_copy_to(c, instance->limit_text, &of->limit_text);
    of->is_ready = instance->is_ready;
    of->is_terminating = pod->deleted_ms != 0;
    of->restarts = instance->restarts;
    if (!end)
        return;
    ld_copy_to(c, end->reason ? end->reason : "Unknown", &of->end_reason);
    of->end_code = end->exit_code;
    of->end_started_ms = end->started_ms;
    of->ended_ms = end->finished_ms;
}

static void copy_env(ld_copier *c, const ld_kube_instance *instance, ld_memory_fact *of)
{
    of->has_env = true;
    of->env_is_partial = instance->has_env_from;
    of->env = ld_alloc_array(instance->n_env + 1, sizeof *of->env);
    if (!of->env) {
        c->status = ld_fail_nomem(c->err);
        return;
    }
    for (size_t i = 0; i < instance->n_env && !c->status; i++) {
        /* Set from a secret or a field: that it is set is all that is known. */
        const char *value = instance->env[i].value ? instance->env[i].value : LD_ENV_SET_ELSEWHERE;
        ld_env *entry = &of->env[of->n_env++];
        ld_copy_to(c, instance->env[i].name, &entry->name);
        ld_copy_to(c, value, &entry->value);
    }
}

/* After a restart the metrics API shows the old instance's sample for one resolution more. */
const char *ld_pod_no_sample(const ld_kube_sample *sample, const ld_kube_instance *instance,
                             const char *without)
{
    if (!sample)
        return without;
    if (!instance->started_ms || sample->time_ms >= instance->started_ms)
        return NULL;
    return "the newest sample is of the instance before; two scrapes see the new one";
}

static void copy_sample(ld_copier *c, const ld_kube_instance *instance,
                        const ld_kube_sample *sample, const char *no_sample, int64_t time_ms,
                        ld_memory_fact *of)
{
    const char *why = ld_pod_no_sample(sample, instance, no_sample);
    of->sample_ms = time_ms;
    if (why) {
        ld_copy_to(c, why, &of->detail);
        return;
    }
    of->sample_ms = sample->time_ms;
    of->window_ms = sample->window_ms;
    of->working_set_bytes = sample->working_set_bytes;
}

leakdiag_status ld_fact_from_pod(const ld_kube_pod *pod, const ld_kube_instance *instance,
                                 const ld_kube_sample *sample, const char *no_sample,
                                 int64_t time_ms, ld_fact **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = NULL;
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    ld_copier c = {.err = err};
    ld_text_addf(&source, "pod %s/%s/%s", pod->ns ? pod->ns : "", pod->name, instance->name);
    if (source.failed)
        return ld_fail_nomem(err);
    c.status = ld_fact_new(LD_FACT_MEMORY, source.data, time_ms, &fact, err);
    if (c.status)
        return c.status;
    ld_memory_fact *of = &fact->of.memory;
    of->has_pod = true;
    ld_copy_to(&c, "kubernetes", &of->kind);
    of->has_limit = instance->limit_text ? isfinite(instance->limit_bytes) ? 1 : -1 : 0;
    of->limit_bytes = instance->limit_bytes;
    of->started_ms = instance->state == LD_KUBE_RUNNING ? instance->started_ms : 0;
    copy_pod(&c, pod, instance, &of->pod);
    copy_env(&c, instance, of);
    copy_sample(&c, instance, sample, no_sample, time_ms, of);
    if (c.status)
        return c.status;
    *ret = ld_steal(&fact);
    return LEAKDIAG_OK;
}

/* --- the workload --- */

/* "registry:5000/demo:2.1.0-checkout@sha256:…" says 2.1.0; NULL when the tag is no version. What it
 * returns is from ld_alloc. */
static char *image_version(ld_copier *c, const char *image)
{
    int64_t parts[3];
    const char *slash = image ? strrchr(image, '/') : NULL;
    const char *colon = image ? strchr(slash ? slash : image, ':') : NULL;
    if (!colon)
        return NULL;
    char *tag = ld_copy_bytes(colon + 1, strcspn(colon + 1, "@"));
    if (!tag && !c->status)
        c->status = ld_fail_nomem(c->err);
    if (tag && !ld_version_parse(tag, parts)) {
        ld_release(tag);
        return NULL;
    }
    return tag;
}

static void copy_version(ld_copier *c, const ld_kube_deployment *deployment,
                         const ld_kube_container *container, const leakdiag_scenario *scenario,
                         ld_workload_fact *of)
{
    LD_CLEANUP(ld_releasep)
    char *tag = !deployment->version && container ? image_version(c, container->image) : NULL;
    const char *version = deployment->version ? deployment->version : tag;
    const ld_profile *profile = ld_scenario_profile(scenario, version);
    ld_copy_to(c, version, &of->version);
    ld_copy_to(c, profile ? profile->id : NULL, &of->profile);
}

static void copy_counts(const ld_kube_deployment *deployment, ld_workload_fact *of)
{
    of->replicas = deployment->replicas;
    of->updated = deployment->updated;
    of->ready = deployment->ready;
    of->available = deployment->available;
    of->total = deployment->status_replicas;
    of->is_observed = deployment->observed_generation >= deployment->generation;
    of->is_paused = deployment->is_paused;
    of->is_stuck = deployment->is_progress_failed;
    of->changed_ms = deployment->restarted_ms ? deployment->restarted_ms : deployment->created_ms;
}

/* What a pod copies as it starts it keeps when one of its containers is restarted; when all of it
 * is, as after its node was, the containers that copy run again. */
static int64_t copied_ms(const ld_kube_pod *pod, const ld_kube_instance *instance)
{
    int64_t at_ms = pod->started_ms;
    if (instance->restarts == 0 || !at_ms)
        return instance->started_ms;
    for (size_t i = 0; i < pod->n_instances; i++) {
        const ld_kube_end *end = ld_pod_latest_end(&pod->instances[i]);
        if (pod->instances[i].is_init && end && end->finished_ms > at_ms)
            at_ms = end->finished_ms;
    }
    return at_ms;
}

/* The youngest instance; pods that are going do not count, but keep the rollout from being done. */
static void copy_pods(const ld_kube_pods *pods, const char *container, ld_workload_fact *of)
{
    int64_t going = 0;
    for (size_t i = 0; pods && i < pods->n; i++) {
        const ld_kube_pod *pod = &pods->list[i];
        const ld_kube_instance *instance = ld_pod_container(pod, container, NULL, NULL);
        if (pod->deleted_ms)
            going++;
        else if (instance && instance->state == LD_KUBE_RUNNING &&
                 instance->started_ms > of->started_ms) {
            of->started_ms = instance->started_ms;
            of->pod_started_ms = copied_ms(pod, instance);
        }
    }
    of->total += going;
}

leakdiag_status ld_fact_from_deployment(const ld_kube_deployment *deployment,
                                        const ld_kube_pods *pods, const char *container,
                                        const char *name, const leakdiag_scenario *scenario,
                                        int64_t time_ms, ld_fact **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = NULL;
    LD_CLEANUP(ld_text_done) ld_text source = {0}, object = {0};
    ld_copier c = {.err = err};
    ld_text_addf(&source, "deployment %s/%s", deployment->ns ? deployment->ns : "",
                 deployment->name);
    ld_text_addf(&object, "deployment/%s", deployment->name);
    if (source.failed || object.failed)
        return ld_fail_nomem(err);
    c.status = ld_fact_new(LD_FACT_WORKLOAD, source.data, time_ms, &fact, err);
    if (c.status)
        return c.status;
    ld_workload_fact *of = &fact->of.workload;
    const ld_kube_container *own = template_container(deployment, container);
    ld_copy_to(&c, name, &fact->subject);
    ld_copy_to(&c, object.data, &of->object);
    ld_copy_to(&c, deployment->selector, &of->selector);
    ld_copy_to(&c, deployment->progressing_reason, &of->reason);
    copy_version(&c, deployment, own, scenario, of);
    copy_counts(deployment, of);
    copy_pods(pods, own ? own->name : container, of);
    if (own) {
        of->has_limit = own->limit_text ? isfinite(own->limit_bytes) ? 1 : -1 : 0;
        of->limit_bytes = own->limit_bytes;
        ld_copy_to(&c, own->limit_text, &of->limit_text);
    }
    if (c.status)
        return c.status;
    *ret = ld_steal(&fact);
    return LEAKDIAG_OK;
}
