/* Pods: which instance of each container runs, waits or has ended, and how. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "wire/kube_read.h"

#define INSTANCES_MAX 20000 /* of one list */
#define LABELS_MAX    1000  /* of one pod */
#define PORTS_MAX     1000

/* --- one container --- */

static void end_done(ld_kube_end *end)
{
    ld_release(end->reason);
    ld_release(end->container_id);
}

static void instance_done(ld_kube_instance *i)
{
    ld_release(i->name);
    ld_release(i->container_id);
    ld_release(i->image);
    ld_release(i->waiting_reason);
    ld_release(i->waiting_message);
    ld_release(i->limit_text);
    end_done(&i->ended);
    end_done(&i->last);
    ld_kube_env_done(i->env, i->n_env);
}

/* Exit codes may be negative elsewhere than on Linux. */
static int64_t number(const json_t *object, const char *key)
{
    int64_t value = 0;
    ld_json_get_int(object, key, &value);
    return value;
}

static bool read_end(const json_t *terminated, ld_kube_end *end)
{
    if (!json_is_object(terminated))
        return true;
    end->has_ended = true;
    end->exit_code = number(terminated, "exitCode");
    end->signal = number(terminated, "signal");
    end->started_ms = ld_kube_time(terminated, "startedAt");
    end->finished_ms = ld_kube_time(terminated, "finishedAt");
    return ld_kube_copy(terminated, "reason", &end->reason) &&
           ld_kube_copy(terminated, "containerID", &end->container_id);
}

static bool read_state(const json_t *state, ld_kube_instance *i)
{
    const json_t *waiting = json_object_get(state, "waiting");
    const json_t *running = json_object_get(state, "running");
    const json_t *terminated = json_object_get(state, "terminated");
    if (json_is_object(running)) {
        i->state = LD_KUBE_RUNNING;
        i->started_ms = ld_kube_time(running, "startedAt");
    } else if (json_is_object(terminated))
        i->state = LD_KUBE_TERMINATED;
    else if (json_is_object(waiting))
        i->state = LD_KUBE_WAITING;
    return read_end(terminated, &i->ended) && ld_kube_copy(waiting, "reason", &i->waiting_reason) &&
           ld_kube_copy(waiting, "message", &i->waiting_message);
}

/* What the kubelet says; its limit wins over the spec's: that one may not be in force yet. */
static leakdiag_status read_status(const json_t *status, ld_kube_instance *i, leakdiag_error *err)
{
    const json_t *resources = json_object_get(status, "resources");
    const json_t *last = json_object_get(status, "lastState");
    LD_CLEANUP(ld_releasep) char *limit = NULL;
    double bytes = NAN;
    i->restarts = ld_kube_count(status, "restartCount", -1);
    ld_json_get_bool(status, "ready", &i->is_ready);
    if (!read_state(json_object_get(status, "state"), i) ||
        !read_end(json_object_get(last, "terminated"), &i->last) ||
        !ld_kube_copy(status, "image", &i->image) ||
        !ld_kube_copy(status, "containerID", &i->container_id))
        return ld_fail_nomem(err);
    leakdiag_status read = ld_kube_read_memory(resources, "limits", &limit, &bytes, NULL, err);
    if (read || !limit)
        return read;
    ld_release(i->limit_text);
    i->limit_text = ld_steal(&limit);
    i->limit_bytes = bytes;
    return LEAKDIAG_OK;
}

static const json_t *find_status(const json_t *status, const ld_kube_instance *i)
{
    size_t at;
    const json_t *one;
    const char *list = i->is_init ? "initContainerStatuses" : "containerStatuses";
    json_array_foreach(json_object_get(status, list), at, one)
    {
        if (ld_kube_is_text(one, "name", i->name))
            return one;
    }
    return NULL;
}

/* Takes what it needs out of the container. */
static void take_spec(ld_kube_container *c, ld_kube_instance *i)
{
    i->name = ld_steal(&c->name);
    i->image = ld_steal(&c->image);
    i->is_init = c->is_init;
    i->limit_text = ld_steal(&c->limit_text);
    i->limit_bytes = c->limit_bytes;
    i->env = ld_steal(&c->env);
    i->n_env = c->n_env;
    i->has_env_from = c->n_env_from > 0;
    c->n_env = 0;
    i->restarts = -1;
}

/* --- one pod --- */

static leakdiag_status read_instances(const json_t *json, ld_kube_pod *pod, leakdiag_error *err)
{
    ld_kube_container *containers = NULL;
    size_t n = 0;
    leakdiag_status status =
        ld_kube_read_containers(json_object_get(json, "spec"), &containers, &n, err);
    if (!status && n > 0) {
        pod->instances = ld_alloc_array(n, sizeof *pod->instances);
        status = pod->instances ? LEAKDIAG_OK : ld_fail_nomem(err);
    }
    while (!status && pod->n_instances < n) {
        size_t at = pod->n_instances++;
        take_spec(&containers[at], &pod->instances[at]);
    }
    ld_kube_containers_done(containers, n);
    for (size_t i = 0; !status && i < pod->n_instances; i++)
        status = read_status(find_status(json_object_get(json, "status"), &pod->instances[i]),
                             &pod->instances[i], err);
    return status;
}

static const json_t *controller(const json_t *metadata)
{
    size_t i;
    const json_t *owner;
    json_array_foreach(json_object_get(metadata, "ownerReferences"), i, owner)
    {
        bool controls = false;
        if (ld_json_get_bool(owner, "controller", &controls) && controls &&
            ld_kube_is_text(owner, "kind", "ReplicaSet"))
            return owner;
    }
    return NULL;
}

static bool read_texts(const json_t *json, ld_kube_pod *pod)
{
    const json_t *metadata = json_object_get(json, "metadata");
    const json_t *spec = json_object_get(json, "spec"), *status = json_object_get(json, "status");
    const json_t *scheduled = ld_kube_condition(status, "PodScheduled");
    pod->created_ms = ld_kube_time(metadata, "creationTimestamp");
    pod->deleted_ms = ld_kube_time(metadata, "deletionTimestamp");
    pod->started_ms = ld_kube_time(status, "startTime");
    pod->is_ready = ld_kube_is_text(ld_kube_condition(status, "Ready"), "status", "True");
    pod->is_unschedulable = ld_kube_is_text(scheduled, "status", "False") &&
                            ld_kube_is_text(scheduled, "reason", "Unschedulable");
    return ld_kube_copy(metadata, "name", &pod->name) &&
           ld_kube_copy(metadata, "namespace", &pod->ns) &&
           ld_kube_copy(metadata, "uid", &pod->uid) && ld_kube_copy(spec, "nodeName", &pod->node) &&
           ld_kube_copy(status, "phase", &pod->phase) &&
           ld_kube_copy(status, "reason", &pod->reason) &&
           ld_kube_copy(status, "message", &pod->message) &&
           ld_kube_copy(json_object_get(metadata, "labels"), "pod-template-hash",
                        &pod->template_hash) &&
           ld_kube_copy(controller(metadata), "name", &pod->owner);
}

/* What is no text is no label. */
static leakdiag_status read_labels(const json_t *labels, ld_kube_pod *pod, leakdiag_error *err)
{
    size_t n = json_object_size(labels);
    const char *key;
    const json_t *value;
    if (n > LABELS_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "a pod has more than %d labels", LABELS_MAX);
    pod->labels = n ? ld_alloc_array(n, sizeof *pod->labels) : NULL;
    if (n && !pod->labels)
        return ld_fail_nomem(err);
    json_object_foreach((json_t *)(uintptr_t)labels, key, value)
    {
        if (!json_is_string(value))
            continue;
        ld_kube_pod_label *label = &pod->labels[pod->n_labels++];
        label->key = ld_copy_text(key);
        label->value = ld_copy_text(json_string_value(value));
        if (!label->key || !label->value)
            return ld_fail_nomem(err);
    }
    return LEAKDIAG_OK;
}

static leakdiag_status add_port(const json_t *json, ld_kube_pod *pod, leakdiag_error *err)
{
    if (pod->n_ports == PORTS_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "a pod has more than %d ports", PORTS_MAX);
    ld_kube_port *ports =
        ld_resize_array(pod->ports, pod->n_ports, pod->n_ports + 1, sizeof *ports);
    if (!ports)
        return ld_fail_nomem(err);
    pod->ports = ports;
    ports[pod->n_ports] = (ld_kube_port){.port = ld_kube_count(json, "containerPort", 0)};
    return ld_kube_copy(json, "name", &ports[pod->n_ports++].name) ? LEAKDIAG_OK
                                                                   : ld_fail_nomem(err);
}

static leakdiag_status read_ports(const json_t *containers, ld_kube_pod *pod, leakdiag_error *err)
{
    size_t i, k;
    const json_t *container, *port;
    json_array_foreach(containers, i, container)
    {
        json_array_foreach(json_object_get(container, "ports"), k, port)
        {
            leakdiag_status status = add_port(port, pod, err);
            if (status)
                return status;
        }
    }
    return LEAKDIAG_OK;
}

static leakdiag_status read_one(const json_t *json, ld_kube_pod *pod, leakdiag_error *err)
{
    const json_t *metadata = json_object_get(json, "metadata");
    const json_t *containers = json_object_get(json_object_get(json, "spec"), "containers");
    if (!read_texts(json, pod))
        return ld_fail_nomem(err);
    if (!pod->name)
        return ld_fail(err, LEAKDIAG_E_PROTOCOL, "a pod has no name");
    leakdiag_status status = read_labels(json_object_get(metadata, "labels"), pod, err);
    if (!status)
        status = read_ports(containers, pod, err);
    return status ? status : read_instances(json, pod, err);
}

static void pod_done(ld_kube_pod *pod)
{
    ld_release(pod->name);
    ld_release(pod->ns);
    ld_release(pod->uid);
    ld_release(pod->node);
    ld_release(pod->phase);
    ld_release(pod->reason);
    ld_release(pod->message);
    ld_release(pod->template_hash);
    ld_release(pod->owner);
    for (size_t i = 0; i < pod->n_instances; i++)
        instance_done(&pod->instances[i]);
    ld_release(pod->instances);
    for (size_t i = 0; i < pod->n_labels; i++) {
        ld_release(pod->labels[i].key);
        ld_release(pod->labels[i].value);
    }
    ld_release(pod->labels);
    for (size_t i = 0; i < pod->n_ports; i++)
        ld_release(pod->ports[i].name);
    ld_release(pod->ports);
}

/* --- lists --- */

void ld_kube_pods_done(ld_kube_pods *pods)
{
    for (size_t i = 0; i < pods->n; i++)
        pod_done(&pods->list[i]);
    ld_release(pods->list);
    ld_release(pods->resource_version);
    *pods = (ld_kube_pods){0};
}

/* items is a list of pods, or one pod. */
static leakdiag_status read_all(const json_t *items, ld_kube_pods *ret, leakdiag_error *err)
{
    size_t n = json_is_object(items) ? 1 : json_array_size(items), instances = 0;
    ret->list = ld_alloc_array(n, sizeof *ret->list);
    if (!ret->list)
        return ld_fail_nomem(err);
    while (ret->n < n) {
        size_t at = ret->n++;
        const json_t *one = json_is_object(items) ? items : json_array_get(items, at);
        leakdiag_status status = read_one(one, &ret->list[at], err);
        if (status)
            return status;
        instances += ret->list[at].n_instances;
        if (instances > INSTANCES_MAX)
            return ld_fail(err, LEAKDIAG_E_LIMIT,
                           "more than %d containers; ask for less, with a narrower selector",
                           INSTANCES_MAX);
    }
    return LEAKDIAG_OK;
}

static leakdiag_status hand_out(const ld_kube_asked *asked, const json_t *items, bool is_partial,
                                ld_kube_pods *ret, leakdiag_error *err)
{
    ld_kube_pods made = {.is_partial = is_partial};
    leakdiag_error why = {0};
    leakdiag_status status = read_all(items, &made, &why);
    if (!status) {
        *ret = made;
        return LEAKDIAG_OK;
    }
    ld_kube_pods_done(&made);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    return ld_kube_fail(asked, status, why.message, err);
}

leakdiag_status ld_kube_read_pods(const ld_kube_asked *asked, const ld_answer *answer,
                                  ld_kube_pods *ret, leakdiag_error *err)
{
    LD_JSON *json = NULL;
    const json_t *items;
    const char *more = "";
    leakdiag_status status = ld_kube_parse_list(asked, answer, "PodList", &json, &items, err);
    if (status)
        return status;
    const json_t *metadata = json_object_get(json, "metadata");
    ld_json_get_text(metadata, "continue", &more);
    status = hand_out(asked, items, *more != '\0', ret, err);
    if (status || ld_kube_copy(metadata, "resourceVersion", &ret->resource_version))
        return status;
    ld_kube_pods_done(ret);
    return ld_fail_nomem(err);
}

leakdiag_status ld_kube_read_pod(const ld_kube_asked *asked, const ld_answer *answer,
                                 ld_kube_pods *ret, leakdiag_error *err)
{
    LD_JSON *json = NULL;
    leakdiag_status status = ld_kube_parse(asked, answer, "Pod", NULL, &json, err);
    return status ? status : hand_out(asked, json, false, ret, err);
}

leakdiag_status ld_kube_read_pod_object(const ld_kube_asked *asked, const json_t *pod,
                                        ld_kube_pods *ret, leakdiag_error *err)
{
    return hand_out(asked, pod, false, ret, err);
}
