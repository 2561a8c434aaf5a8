/* The objects of a world's cluster, out of recorded ones. */
#include <check.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "world/cluster.h"

#define NS         "otel-demo"
#define DAY_MS     INT64_C(86400000)
#define RESOLUTION 15000 /* metrics-server's default */
#define INIT_LIMIT "8Mi"

/* --- recorded objects --- */

static char *dechunked(const char *body)
{
    ld_text out = {0};
    for (;;) {
        char *end = NULL;
        unsigned long n = strtoul(body, &end, 16);
        if (n == 0)
            break;
        ck_assert(end[0] == '\r' && end[1] == '\n');
        ld_text_add_bytes(&out, end + 2, n);
        body = end + 2 + n + 2;
    }
    char *copy = strdup(out.data);
    ld_text_done(&out);
    return copy;
}

/* Half of the bytes, which no decoder of ours looks at but in a ConfigMap, where they are made. */
static void forget_managers(json_t *json)
{
    size_t i;
    json_t *item;
    json_object_del(json_object_get(json, "metadata"), "managedFields");
    json_array_foreach(json_object_get(json, "items"), i, item)
    {
        json_object_del(json_object_get(item, "metadata"), "managedFields");
    }
}

/* Each is read once for the life of the process. */
static json_t *recorded(const char *name)
{
    static struct {
        char name[64];
        json_t *json;
    } known[16];
    size_t i = 0;
    while (known[i].json && strcmp(known[i].name, name) != 0)
        i++;
    if (!known[i].json) {
        char path[512];
        snprintf(path, sizeof path, "%s/kubernetes/%s.http", FIXTURES, name);
        size_t len;
        char *bytes = world_file(path, &len), *body = strstr(bytes, "\r\n\r\n");
        ck_assert_msg(body != NULL, "%s is no HTTP answer", path);
        char *plain =
            strstr(bytes, "ransfer-Encoding: chunked") ? dechunked(body + 4) : strdup(body + 4);
        snprintf(known[i].name, sizeof known[i].name, "%s", name);
        known[i].json = json_loads(plain, 0, NULL);
        ck_assert_msg(known[i].json != NULL, "%s holds no JSON", path);
        forget_managers(known[i].json);
        free(plain);
        free(bytes);
    }
    return json_deep_copy(known[i].json);
}

/* "a.b.0.c" */
static json_t *at(json_t *json, const char *path)
{
    char copy[128], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", path);
    for (char *word = strtok_r(copy, ".", &rest); json && word; word = strtok_r(NULL, ".", &rest))
        json = json_is_array(json) ? json_array_get(json, (size_t)atoi(word))
                                   : json_object_get(json, word);
    ck_assert_msg(json != NULL, "no %s", path);
    return json;
}

static void put(json_t *json, const char *path, const char *key, json_t *value)
{
    json_t *where = path[0] ? at(json, path) : json;
    ck_assert_int_eq(json_object_set_new(where, key, value), 0);
}

static char *printed(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    ck_assert_ptr_nonnull(text);
    json_decref(json);
    return text;
}

static json_t *time_at(const cluster *c, int64_t at_ms)
{
    char text[LD_NUMBER_BYTES];
    ld_rfc3339_format((c->base_ms + at_ms) / 1000 * 1000, text);
    return json_string(text);
}

/* --- names --- */

const char *cluster_app(const cluster *c)
{
    return c->w->cluster.release ? "checkoutservice" : "checkout";
}

/* Until 1.12 names begin with the release's and some end otherwise. */
void cluster_name(const cluster *c, const char *service, char *out, size_t room)
{
    const char *release = c->w->cluster.release;
    if (!release)
        snprintf(out, room, "%s", service);
    else if (strcmp(service, "load-generator") == 0)
        snprintf(out, room, "%sloadgenerator", release);
    else if (strcmp(service, "prometheus") == 0)
        snprintf(out, room, "%sprometheus-server", release);
    else
        snprintf(out, room, "%s%s%s", release, service,
                 strcmp(service, "checkout") == 0 ? "service" : "");
}

const char *cluster_pod_name(const cluster *c)
{
    return c->w->cluster.release ? "demo-checkoutservice-558fcdb47f-gq2n7"
                                 : "checkout-558fcdb47f-gq2n7";
}

static bool is_named(const cluster *c, const char *service, const char *name)
{
    char own[128];
    cluster_name(c, service, own, sizeof own);
    return strcmp(own, name) == 0;
}

static const char *version_of(const cluster *c)
{
    return c->w->cluster.version ? c->w->cluster.version : "2.0.2";
}

/* All pods of a workload are chosen by one label, as in the chart. */
static json_t *labels_of(const cluster *c, const char *service)
{
    char name[128];
    cluster_name(c, service, name, sizeof name);
    bool is_app = strcmp(service, "checkout") == 0;
    json_t *labels =
        json_pack("{s:s, s:s, s:s}", "opentelemetry.io/name", name, "app.kubernetes.io/component",
                  is_app ? cluster_app(c) : service, "app.kubernetes.io/version", version_of(c));
    if (is_app && c->w->cluster.image) /* then the image alone tells its version */
        json_object_del(labels, "app.kubernetes.io/version");
    return labels;
}

/* Equality terms only; all of them must hold. */
static bool chooses(const char *selector, json_t *labels)
{
    char copy[256], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", selector);
    for (char *term = strtok_r(copy, ",", &rest); term; term = strtok_r(NULL, ",", &rest)) {
        char *value = strchr(term, '=');
        ck_assert_msg(value != NULL, "a selector this cluster does not know: %s", selector);
        *value++ = '\0';
        const char *label = json_string_value(json_object_get(labels, term));
        if (!label || strcmp(label, value) != 0)
            return false;
    }
    return true;
}

static bool selects(const cluster *c, const char *selector, const char *service)
{
    json_t *labels = labels_of(c, service);
    bool does = chooses(selector, labels);
    json_decref(labels);
    return does;
}

char *cluster_status(int code, const char *reason, const char *message)
{
    return printed(json_pack("{s:s, s:s, s:{}, s:s, s:s, s:s, s:i}", "kind", "Status", "apiVersion",
                             "v1", "metadata", "status", "Failure", "message", message, "reason",
                             reason, "code", code));
}

/* --- instances --- */

static int by_time(const void *a, const void *b)
{
    const cluster_instance *x = a, *y = b;
    return x->ended_ms < y->ended_ms ? -1 : x->ended_ms > y->ended_ms;
}

size_t cluster_instances(const cluster *c, cluster_instance ret[2 * WORLD_ENDS + 1])
{
    size_t n = 0;
    const world *w = c->w;
    for (size_t i = 0; i < w->n_oom + w->n_crash; i++) {
        int64_t end_ms = i < w->n_oom ? w->oom_ms[i] : w->crash_ms[i - w->n_oom];
        if (end_ms <= c->at_ms)
            ret[n++] = (cluster_instance){0, end_ms, i < w->n_oom};
    }
    qsort(ret, n, sizeof *ret, by_time);
    for (size_t i = 0; i < n; i++)
        ret[i].started_ms = i ? ret[i - 1].ended_ms : w->started_ms;
    ret[n] = (cluster_instance){n ? ret[n - 1].ended_ms : w->started_ms, INT64_MAX, false};
    return n + 1;
}

static json_t *end_of(const cluster *c, const cluster_instance *i)
{
    return json_pack("{s:i, s:s, s:o, s:o, s:s}", "exitCode", i->is_oom ? 137 : 1, "reason",
                     i->is_oom ? "OOMKilled" : "Error", "startedAt", time_at(c, i->started_ms),
                     "finishedAt", time_at(c, i->ended_ms), "containerID", "containerd://23728a0b");
}

/* --- containers --- */

static json_t *limits(const char *limit)
{
    return limit ? json_pack("{s:{s:s}, s:{s:s}}", "limits", "memory", limit, "requests", "memory",
                             limit)
                 : json_object();
}

static void add_env(json_t *list, const char *name, const char *value)
{
    json_array_append_new(list, json_pack("{s:s, s:s}", "name", name, "value", value));
}

static json_t *env_of(const world *w)
{
    json_t *list = json_array();
    bool has_host = false;
    for (size_t i = 0; i < w->n_env; i++) {
        add_env(list, w->env_name[i], w->env_value[i]);
        has_host = has_host || strcmp(w->env_name[i], "FLAGD_HOST") == 0;
    }
    if (!has_host)
        add_env(list, "FLAGD_HOST", "flagd");
    add_env(list, "FLAGD_PORT", "8013");
    add_env(list, "OTEL_SERVICE_NAME", "checkout");
    if (w->cluster.secret)
        add_env(list, "DB_PASSWORD", w->cluster.secret);
    return list;
}

static char *image_of(const cluster *c, const char *service, char out[160])
{
    snprintf(out, 160, "ghcr.io/open-telemetry/demo:%s-%s", version_of(c), service);
    return out;
}

static void set_container(const cluster *c, json_t *container, const char *limit)
{
    char image[160];
    put(container, "", "name", json_string(cluster_app(c)));
    put(container, "", "image",
        json_string(c->w->cluster.image ? c->w->cluster.image
                                        : image_of(c, cluster_app(c), image)));
    put(container, "", "resources", limits(limit));
    if (c->w->has_env) {
        put(container, "", "env", env_of(c->w));
        return;
    }
    json_object_del(container, "env");
    put(container, "", "envFrom", json_pack("[{s:{s:s}}]", "configMapRef", "name", "checkout-env"));
}

/* Containers are chosen by name, so one more before and one to begin with change nothing. */
static void add_sidecar(const cluster *c, json_t *spec)
{
    const char *limit = c->w->cluster.sidecar;
    json_t *init = json_pack("[{s:s, s:s, s:o}]", "name", "wait-for-kafka", "image", "busybox",
                             "resources", limits(INIT_LIMIT));
    put(spec, "", "initContainers", init);
    if (limit)
        json_array_insert_new(at(spec, "containers"), 0,
                              json_pack("{s:s, s:s, s:o, s:[{s:s, s:s}]}", "name", "istio-proxy",
                                        "image", "istio/proxyv2:1.24", "resources", limits(limit),
                                        "env", "name", "GOMEMLIMIT", "value", "1MiB"));
}

/* --- Deployments --- */

static void set_status(json_t *json, const cluster *c, int64_t wanted, int64_t updated,
                       int64_t ready)
{
    put(json, "spec", "replicas", json_integer(wanted));
    json_t *status = json_pack(
        "{s:i, s:[{s:s, s:s, s:o, s:s, s:s}]}", "observedGeneration", 1, "conditions", "type",
        "Progressing", "status", "True", "lastUpdateTime", time_at(c, c->w->started_ms), "reason",
        updated < wanted ? "ReplicaSetUpdated" : "NewReplicaSetAvailable", "message", "…");
    /* 0 is written by leaving it out */
    if (wanted)
        json_object_set_new(status, "replicas", json_integer(wanted));
    if (updated)
        json_object_set_new(status, "updatedReplicas", json_integer(updated));
    if (ready) {
        json_object_set_new(status, "readyReplicas", json_integer(ready));
        json_object_set_new(status, "availableReplicas", json_integer(ready));
    }
    put(json, "", "status", status);
}

static json_t *deployment(const cluster *c, const char *service)
{
    char name[128];
    json_t *json = recorded("deployment-get");
    cluster_name(c, service, name, sizeof name);
    put(json, "metadata", "name", json_string(name));
    put(json, "metadata", "creationTimestamp", time_at(c, -DAY_MS));
    put(json, "metadata", "labels", labels_of(c, service));
    put(json, "spec", "selector",
        json_pack("{s:{s:s}}", "matchLabels", "opentelemetry.io/name", name));
    put(json, "spec.template.metadata", "labels", labels_of(c, service));
    return json;
}

static bool is_app_state(const cluster *c, const char *word)
{
    return c->w->cluster.app && strcmp(c->w->cluster.app, word) == 0;
}

static json_t *app_deployment(const cluster *c)
{
    const world_cluster *own = &c->w->cluster;
    json_t *json = deployment(c, "checkout");
    const char *limit = own->template_limit ? own->template_limit : c->w->limit_text;
    set_container(c, at(json, "spec.template.spec.containers.0"), limit);
    add_sidecar(c, at(json, "spec.template.spec"));
    int64_t n = is_app_state(c, "scaled-to-0") ? 0 : own->second ? 2 : 1;
    bool is_up = n && !is_app_state(c, "crash-loop") && !is_app_state(c, "waiting");
    set_status(json, c, n, is_app_state(c, "rolling") ? 0 : n, is_up ? n : 0);
    if (is_app_state(c, "scaling-up")) /* the second pod is not even made */
        put(json, "spec", "replicas", json_integer(2));
    if (is_app_state(c, "unobserved"))
        put(json, "metadata", "generation", json_integer(2));
    if (is_app_state(c, "stuck")) {
        put(json, "status.conditions.0", "status", json_string("False"));
        put(json, "status.conditions.0", "reason", json_string("ProgressDeadlineExceeded"));
    }
    return json;
}

static json_t *flagd_deployment(const cluster *c)
{
    json_t *json = deployment(c, "flagd");
    json_t *container = at(json, "spec.template.spec.containers.0");
    put(container, "", "name", json_string("flagd"));
    put(container, "", "image", json_string("ghcr.io/open-feature/flagd:v0.11.1"));
    set_status(json, c, 1, 1, 1);
    return json;
}

char *cluster_deployment(const cluster *c, const char *name)
{
    if (is_named(c, "checkout", name) && !is_app_state(c, "missing"))
        return printed(app_deployment(c));
    return is_named(c, "flagd", name) ? printed(flagd_deployment(c)) : NULL;
}

char *cluster_deployments(const cluster *c, const char *selector)
{
    json_t *items = json_array();
    if (selects(c, selector, "checkout") && !is_app_state(c, "missing"))
        json_array_append_new(items, app_deployment(c));
    return printed(json_pack("{s:s, s:s, s:{s:s}, s:o}", "kind", "DeploymentList", "apiVersion",
                             "apps/v1", "metadata", "resourceVersion", "482", "items", items));
}

/* --- pods --- */

static json_t *pod(const cluster *c, const char *service, const char *name, const char *uid)
{
    json_t *list = recorded("pods-list"), *json = json_incref(at(list, "items.0"));
    json_decref(list);
    put(json, "metadata", "name", json_string(name));
    put(json, "metadata", "uid", json_string(uid));
    put(json, "metadata", "labels", labels_of(c, service));
    if (c->w->cluster.secret)
        put(json, "metadata", "annotations",
            json_pack("{s:s}", "example.com/token", c->w->cluster.secret));
    return json;
}

static json_t *state_of(const cluster *c, const cluster_instance *now)
{
    if (is_app_state(c, "crash-loop"))
        return json_pack("{s:{s:s, s:s}}", "waiting", "reason", "CrashLoopBackOff", "message",
                         "back-off 5m0s restarting failed container=checkout");
    if (is_app_state(c, "waiting"))
        return json_pack("{s:{s:s, s:s}}", "waiting", "reason", "ImagePullBackOff", "message",
                         "Back-off pulling image");
    return json_pack("{s:{s:o}}", "running", "startedAt", time_at(c, now->started_ms));
}

static json_t *app_pod(const cluster *c, const char *name, const char *uid, const char *limit)
{
    cluster_instance instances[2 * WORLD_ENDS + 1];
    size_t n = cluster_instances(c, instances);
    json_t *json = pod(c, "checkout", name, uid), *status = at(json, "status.containerStatuses.0");
    bool is_up = !is_app_state(c, "crash-loop") && !is_app_state(c, "waiting");
    put(json, "metadata", "creationTimestamp", time_at(c, c->w->started_ms));
    set_container(c, at(json, "spec.containers.0"), limit);
    add_sidecar(c, at(json, "spec"));
    put(status, "", "name", json_string(cluster_app(c)));
    put(status, "", "ready", json_boolean(is_up));
    put(status, "", "restartCount", json_integer((json_int_t)n - 1));
    put(status, "", "resources", limits(limit));
    put(status, "", "state", state_of(c, &instances[n - 1]));
    put(status, "", "lastState",
        n > 1 ? json_pack("{s:o}", "terminated", end_of(c, &instances[n - 2])) : json_object());
    return json;
}

/* Another one that began with the first, and is smaller. */
#define SECOND "checkout-558fcdb47f-zzzz2"
/* One of the rollout before, which is going. */
#define OLD "checkout-7db8b9cd4b-aaaa1"

static json_t *old_pod(const cluster *c)
{
    const char *limit = c->w->cluster.old_limit ? c->w->cluster.old_limit : c->w->limit_text;
    json_t *json = app_pod(c, OLD, "00000000-0000-0000-0000-000000000001", limit);
    put(json, "metadata", "deletionTimestamp", time_at(c, c->at_ms - 5000));
    put(json, "metadata", "deletionGracePeriodSeconds", json_integer(30));
    put(json, "status.containerStatuses.0", "restartCount", json_integer(0));
    put(json, "status.containerStatuses.0", "lastState", json_object());
    put(json, "status.containerStatuses.0.state.running", "startedAt", time_at(c, -DAY_MS));
    return json;
}

static json_t *evicted_pod(const cluster *c)
{
    json_t *json = app_pod(c, OLD, "00000000-0000-0000-0000-000000000001", c->w->limit_text);
    json_t *status =
        json_pack("{s:s, s:s, s:s, s:o}", "phase", "Failed", "reason", "Evicted", "message",
                  "The node was low on resource: memory.", "startTime", time_at(c, -DAY_MS));
    put(json, "", "status", status);
    return json;
}

/* What copies the definition before flagd starts. */
static void add_copier(const cluster *c, json_t *flagd, int64_t at_ms)
{
    put(flagd, "spec", "initContainers",
        json_pack("[{s:s, s:s}]", "name", "init-config", "image", "busybox"));
    put(flagd, "status", "initContainerStatuses",
        json_pack("[{s:s, s:i, s:{s:{s:i, s:s, s:o, s:o}}}]", "name", "init-config", "restartCount",
                  0, "state", "terminated", "exitCode", 0, "reason", "Completed", "startedAt",
                  time_at(c, at_ms - 1000), "finishedAt", time_at(c, at_ms)));
}

static json_t *flagd_pod(const cluster *c)
{
    json_t *json =
        pod(c, "flagd", "flagd-6b9c5d7f8c-x2x4z", "00000000-0000-0000-0000-00000000f1a9");
    const world_cluster *own = &c->w->cluster;
    int64_t started_ms = own->flagd_started_ms <= c->at_ms ? own->flagd_started_ms : -DAY_MS;
    bool is_restarted = own->flagd_restarted_ms > started_ms && own->flagd_restarted_ms <= c->at_ms;
    json_t *state = json_pack("{s:{s:o}}", "running", "startedAt",
                              time_at(c, is_restarted ? own->flagd_restarted_ms : started_ms));
    put(json, "status", "startTime", time_at(c, started_ms));
    put(json, "spec.containers.0", "name", json_string("flagd"));
    put(json, "status.containerStatuses.0", "name", json_string("flagd"));
    put(json, "status.containerStatuses.0", "state", state);
    put(json, "status.containerStatuses.0", "lastState", json_object());
    put(json, "status.containerStatuses.0", "restartCount", json_integer(is_restarted));
    add_copier(c, json, own->flagd_copied_ms > started_ms ? own->flagd_copied_ms : started_ms);
    return json;
}

static void add_app_pods(const cluster *c, json_t *items)
{
    const world_cluster *own = &c->w->cluster;
    bool has_old = is_app_state(c, "rolling") || is_app_state(c, "old-pod-going");
    if (is_app_state(c, "missing") || is_app_state(c, "scaled-to-0"))
        return;
    if (has_old)
        json_array_append_new(items, old_pod(c));
    if (is_app_state(c, "evicted"))
        json_array_append_new(items, evicted_pod(c));
    if (!is_app_state(c, "rolling"))
        json_array_append_new(items,
                              app_pod(c, cluster_pod_name(c),
                                      "75133358-e0a9-4826-bf63-b6a6a71c16f5", c->w->limit_text));
    if (own->second)
        json_array_append_new(items, app_pod(c, SECOND, "75133358-0000-0000-0000-b6a6a71c16f5",
                                             strcmp(own->second, "none") ? own->second : NULL));
}

char *cluster_pods(const cluster *c, const char *selector)
{
    json_t *items = json_array();
    if (selects(c, selector, "checkout"))
        add_app_pods(c, items);
    if (selects(c, selector, "flagd"))
        json_array_append_new(items, flagd_pod(c));
    return printed(json_pack("{s:s, s:s, s:{s:s}, s:o}", "kind", "PodList", "apiVersion", "v1",
                             "metadata", "resourceVersion", "482", "items", items));
}

/* --- metrics.k8s.io --- */

/* The newest sample there is: none until two scrapes have seen the instance; for one resolution the
 * old one's stays. False: the pod is absent. */
static bool newest_sample(const cluster *c, int64_t *ret_ms)
{
    cluster_instance instances[2 * WORLD_ENDS + 1];
    size_t n = cluster_instances(c, instances);
    int64_t now = c->at_ms < c->w->memory_until_ms ? c->at_ms : c->w->memory_until_ms;
    int64_t scrape = now >= 0 ? now / RESOLUTION * RESOLUTION
                              : -((-now + RESOLUTION - 1) / RESOLUTION) * RESOLUTION;
    int64_t started = instances[n - 1].started_ms;
    if (scrape - RESOLUTION >= started) {
        *ret_ms = scrape;
        return true;
    }
    *ret_ms = started / RESOLUTION * RESOLUTION - RESOLUTION;
    return n > 1 && scrape < started;
}

static void add_sample(const cluster *c, json_t *items, const char *name, double share)
{
    char memory[64];
    int64_t at_ms;
    if (!newest_sample(c, &at_ms))
        return;
    double bytes = world_bytes_at(c->w, at_ms) * share;
    double unit = c->w->floor_bytes >= 1048576 ? 1048576 : 1024;
    snprintf(memory, sizeof memory, "%" PRId64 "%s", (int64_t)(bytes / unit),
             unit > 1024 ? "Mi" : "Ki");
    json_t *containers = json_array();
    if (c->w->cluster.sidecar)
        json_array_append_new(containers, json_pack("{s:s, s:{s:s, s:s}}", "name", "istio-proxy",
                                                    "usage", "cpu", "3m", "memory", "61Mi"));
    json_array_append_new(containers, json_pack("{s:s, s:{s:s, s:s}}", "name", cluster_app(c),
                                                "usage", "cpu", "344608n", "memory", memory));
    json_array_append_new(items, json_pack("{s:{s:s, s:s, s:o}, s:o, s:s, s:o}", "metadata", "name",
                                           name, "namespace", NS, "creationTimestamp",
                                           time_at(c, c->at_ms), "timestamp", time_at(c, at_ms),
                                           "window", "14.998s", "containers", containers));
}

char *cluster_metrics(const cluster *c, const char *selector)
{
    json_t *items = json_array();
    const char *metrics = c->w->cluster.metrics;
    bool is_up = !is_app_state(c, "crash-loop") && !is_app_state(c, "waiting") &&
                 !is_app_state(c, "missing") && !is_app_state(c, "scaled-to-0");
    if (is_up && selects(c, selector, "checkout") && !(metrics && !strcmp(metrics, "absent"))) {
        if (is_app_state(c, "old-pod-going"))
            add_sample(c, items, OLD, 1.2);
        add_sample(c, items, cluster_pod_name(c), 1);
        if (c->w->cluster.second)
            add_sample(c, items, SECOND, 0.9);
    }
    return printed(json_pack("{s:s, s:s, s:{}, s:o}", "kind", "PodMetricsList", "apiVersion",
                             "metrics.k8s.io/v1beta1", "metadata", "items", items));
}

/* --- services --- */

static bool is_word(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

char *cluster_service(const cluster *c, const char *name)
{
    const world_cluster *own = &c->w->cluster;
    bool is_flagd = is_named(c, "flagd", name), is_frontend = is_named(c, "frontend", name);
    if ((!is_flagd && !is_frontend) || (is_flagd && is_word(own->flagd, "missing")) ||
        (is_frontend && is_word(own->frontend, "missing")))
        return NULL;
    json_t *ports = json_array();
    char list[64], *rest = NULL;
    snprintf(list, sizeof list, "%s",
             is_frontend  ? "8080"
             : own->ports ? own->ports
                          : "8013 8016 4000");
    for (char *port = strtok_r(list, " ", &rest); port; port = strtok_r(NULL, " ", &rest))
        json_array_append_new(ports,
                              json_pack("{s:s, s:s, s:i, s:i}", "name", port, "protocol", "TCP",
                                        "port", atoi(port), "targetPort", atoi(port)));
    return printed(json_pack(
        "{s:s, s:s, s:{s:s, s:s}, s:{s:o, s:{s:s}, s:s, s:s}}", "kind", "Service", "apiVersion",
        "v1", "metadata", "name", name, "namespace", NS, "spec", "ports", ports, "selector",
        "opentelemetry.io/name", name, "clusterIP", "10.96.12.7", "type",
        is_frontend && is_word(own->frontend, "external") ? "ExternalName" : "ClusterIP"));
}

char *cluster_slices(const cluster *c, const char *service)
{
    const world_cluster *own = &c->w->cluster;
    const char *word = is_named(c, "flagd", service) ? own->flagd : own->frontend;
    json_t *endpoints = json_array();
    if (!is_word(word, "missing") && !is_word(word, "no-endpoints") && !is_word(word, "external"))
        json_array_append_new(endpoints,
                              json_pack("{s:[s], s:{s:b, s:b, s:b}}", "addresses", "10.244.0.3",
                                        "conditions", "ready", 1, "serving", 1, "terminating", 0));
    json_t *item = json_pack("{s:{s:s, s:s}, s:s, s:o, s:[{s:s, s:i}]}", "metadata", "name",
                             "slice-1", "namespace", NS, "addressType", "IPv4", "endpoints",
                             endpoints, "ports", "name", "8013", "port", 8013);
    return printed(json_pack("{s:s, s:s, s:{}, s:[o]}", "kind", "EndpointSliceList", "apiVersion",
                             "discovery.k8s.io/v1", "metadata", "items", item));
}

/* What may leave the pods: nothing, what goes to flagd's port, or what goes to some addresses. */
char *cluster_network_policies(const cluster *c)
{
    const char *word = c->w->cluster.policies;
    json_t *items = json_array();
    if (word) {
        json_t *rules = json_array();
        char name[128];
        cluster_name(c, "flagd", name, sizeof name);
        if (is_word(word, "allow"))
            json_array_append_new(rules,
                                  json_pack("{s:[{s:{s:{s:s}}}], s:[{s:i}]}", "to", "podSelector",
                                            "matchLabels", "opentelemetry.io/name", name, "ports",
                                            "port", 8013));
        if (is_word(word, "by-address"))
            json_array_append_new(
                rules, json_pack("{s:[{s:{s:s}}]}", "to", "ipBlock", "cidr", "10.0.0.0/8"));
        json_array_append_new(items, json_pack("{s:{s:s}, s:{s:{}, s:[s], s:o}}", "metadata",
                                               "name", word, "spec", "podSelector", "policyTypes",
                                               "Egress", "egress", rules));
    }
    return printed(json_pack("{s:s, s:s, s:{}, s:o}", "kind", "NetworkPolicyList", "apiVersion",
                             "networking.k8s.io/v1", "metadata", "items", items));
}

/* --- the flag elsewhere --- */

cluster_story cluster_story_of(const world *w, const char *post, const char *bulk, double *value)
{
    *value = NAN;
    if (strcmp(post, "dead") == 0)
        return STORY_OTHER;
    world_answer answer = world_flag_answer(w, post, "POST");
    json_t *json = json_loadb(answer.answer.body, answer.answer.len, 0, NULL);
    const json_t *number = json_object_get(json, "value");
    const char *details = json_string_value(json_object_get(json, "errorDetails"));
    const char *key = json_string_value(json_object_get(json, "key"));
    cluster_story story = STORY_OTHER;
    bool is_other = key && strcmp(key, "kafkaQueueProblems") != 0;
    if (answer.answer.status == 200 && json_is_number(number) && !is_other) {
        story = STORY_VALUE;
        *value = json_number_value(number);
    } else if (answer.answer.status == 200 && json && !is_other)
        story = strstr(answer.answer.body, "DISABLED") ? STORY_DISABLED : STORY_CODE_DEFAULT;
    else if (answer.answer.status == 404 && json)
        story = details && strstr(details, "disabled") ? STORY_DISABLED
                : strcmp(bulk, "bulk-none") == 0       ? STORY_REJECTED
                                                       : STORY_MISSING;
    json_decref(json);
    world_answer_done(&answer);
    return story;
}

static char *flags_of(cluster_story story, double value)
{
    const char *variant = value > 0 ? "on" : "off";
    json_t *flag = json_pack("{s:s, s:{s:f, s:i}, s:s}", "state",
                             story == STORY_DISABLED ? "DISABLED" : "ENABLED", "variants", "on",
                             value > 0 ? value : 300, "off", 0, "defaultVariant", variant);
    if (story == STORY_CODE_DEFAULT)
        json_object_del(flag, "defaultVariant");
    if (story == STORY_REJECTED)
        json_object_set_new(flag, "defaultVariant", json_string("nonsense"));
    return printed(json_pack("{s:s, s:{s:o}}", "$schema", "https://flagd.dev/schema/v0/flags.json",
                             "flags", story == STORY_MISSING ? "otherFlag" : "kafkaQueueProblems",
                             flag));
}

char *cluster_flags(const world *w, const char *name)
{
    double value = NAN;
    if (strncmp(name, "file-", 5) == 0) {
        world own = *w;
        own.flag_file = name;
        return world_flag_file(&own);
    }
    cluster_story story = cluster_story_of(w, name, w->first.flag_bulk, &value);
    return flags_of(story, story == STORY_OTHER ? 300 : value);
}

char *cluster_config_map(const cluster *c, const char *name)
{
    const world *w = c->w;
    const char *stored = w->cluster.stored;
    char own[128];
    cluster_name(c, "flagd", own, sizeof own);
    strncat(own, "-config", sizeof own - strlen(own) - 1);
    if (strcmp(own, name) != 0 || is_word(stored, "missing"))
        return NULL;
    json_t *json = recorded("configmap-get");
    if (!stored && w->flag_file)
        stored = w->flag_file;
    char *flags = cluster_flags(w, stored ? stored : world_at(w, c->at_ms)->flag_post);
    put(json, "metadata", "name", json_string(name));
    put(json, "metadata", "managedFields",
        json_pack("[{s:s, s:s, s:o}]", "manager", "kubectl-edit", "operation", "Update", "time",
                  time_at(c, w->cluster.stored_changed_ms)));
    put(json, "data", "demo.flagd.json", json_string(flags));
    if (w->cluster.secret)
        put(json, "data", "password", json_string(w->cluster.secret));
    free(flags);
    return printed(json);
}
