/* What the API server answers: paths to objects, rights, and services behind the proxy. */
#include "world/cluster.h"

#include <check.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"

#define NAMESPACE "otel-demo"
#define STEP_MS   15000

/* --- answers --- */

char *cluster_keep(cluster *c, char *text)
{
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_lt(c->n_texts, CLUSTER_TEXTS);
    c->texts[c->n_texts++] = text;
    return text;
}

void cluster_done(cluster *c)
{
    while (c->n_texts)
        free(c->texts[--c->n_texts]);
}

static cluster_answer say(cluster *c, int status, const char *type, char *body)
{
    cluster_keep(c, body);
    return (cluster_answer){status, type, body, strlen(body), NULL};
}

static cluster_answer status(cluster *c, int code, const char *reason, const char *message)
{
    return say(c, code, "application/json", cluster_status(code, reason, message));
}

/* NULL: there is no such object. */
static cluster_answer object(cluster *c, char *body, const char *resource, const char *name)
{
    char message[256];
    if (body)
        return say(c, 200, "application/json", body);
    snprintf(message, sizeof message, "%s \"%s\" not found", resource, name);
    return status(c, 404, "NotFound", message);
}

static cluster_answer not_served(cluster *c)
{
    return say(c, 404, "text/plain; charset=utf-8", strdup("404 page not found\n"));
}

static bool is_forbidden(const cluster *c, const char *resource)
{
    for (size_t i = 0; i < c->w->cluster.n_forbid; i++)
        if (strcmp(c->w->cluster.forbid[i], resource) == 0)
            return true;
    return false;
}

static cluster_answer forbidden(cluster *c, const char *verb, const char *resource,
                                const char *group)
{
    char message[400];
    snprintf(message, sizeof message,
             "%s is forbidden: User \"system:serviceaccount:otel-demo:viewer\" cannot %s resource "
             "\"%s\" in API group \"%s\" in the namespace \"otel-demo\"",
             resource, verb, resource, group);
    return status(c, 403, "Forbidden", message);
}

/* --- paths --- */

/* The part between a beginning and the next '/' or '?', and what comes behind it; false when the
 * path begins otherwise. */
static bool take(const char **path, const char *beginning, char *out, size_t room)
{
    size_t n = strlen(beginning);
    if (strncmp(*path, beginning, n) != 0)
        return false;
    size_t len = strcspn(*path + n, "/?");
    snprintf(out, room, "%.*s", (int)len, *path + n);
    *path += n + len;
    return true;
}

static int hex(char c)
{
    return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

/* The decoded value of a query's key; "" without it. */
static void query(const char *path, const char *key, char *out, size_t room)
{
    size_t n = strlen(key), len = 0;
    const char *at = strchr(path, '?');
    while (at && !(strncmp(at + 1, key, n) == 0 && at[1 + n] == '='))
        at = strchr(at + 1, '&');
    for (at = at ? at + n + 2 : ""; *at && *at != '&' && len + 1 < room; at++) {
        bool is_coded = *at == '%';
        out[len++] = is_coded ? (char)(hex(at[1]) * 16 + hex(at[2])) : *at == '+' ? ' ' : *at;
        at += is_coded ? 2 : 0;
    }
    out[len] = '\0';
}

/* --- logs --- */

/* Each line with the time that the kubelet puts before it: nine digits, and within one millisecond
 * no two are the same. */
static void add_stamped(const cluster *c, const char *line, size_t len, int64_t *last_ms, int *nth,
                        ld_text *out)
{
    static const char key[] = "\"timestamp\":\"";
    char second[LD_NUMBER_BYTES];
    const char *at = memmem(line, len, key, sizeof key - 1);
    int64_t ms = 0;
    ck_assert_ptr_nonnull(at);
    at += sizeof key - 1;
    ck_assert_uint_gt(ld_rfc3339_parse(at, strcspn(at, "\""), &ms), 0);
    *nth = ms == *last_ms ? *nth + 1 : 0;
    *last_ms = ms;
    ld_rfc3339_format(ms / 1000 * 1000, second);
    ld_text_addf(out, "%.*s.%09" PRId64 "Z ", (int)(strlen(second) - 1), second,
                 ms % 1000 * 1000000 + *nth * 1000 + 17);
    ld_text_add_bytes(out, line, len);
    (void)c;
}

/* Only the last n lines. */
static const char *tail_of(const ld_text *text, long n)
{
    const char *at = text->data + text->len;
    while (at > text->data && n > 0) {
        at = memrchr(text->data, '\n', (size_t)(at - text->data) - 1);
        at = at ? at + 1 : text->data;
        n--;
    }
    return at;
}

/* Lines of one instance since a time. */
static char *log_of(const cluster *c, const cluster_instance *i, int64_t since_ms, long tail)
{
    ld_text plain = {0}, stamped = {0};
    int64_t from_ms = i->started_ms - 1, to_ms = c->at_ms, last_ms = INT64_MIN;
    int nth = 0;
    if (since_ms - c->base_ms > from_ms + 1)
        from_ms = since_ms - c->base_ms - 1;
    if (i->ended_ms - 1 < to_ms)
        to_ms = i->ended_ms - 1;
    if (c->w->has_log_gap && c->at_ms == c->w->at_ms) /* the file was rotated since */
        from_ms = c->at_ms - c->w->every_ms / 2;
    world_log(c->w, c->base_ms, from_ms, to_ms, &plain);
    for (const char *line = plain.data, *end; line && *line; line = end) {
        end = strchr(line, '\n') + 1;
        add_stamped(c, line, (size_t)(end - line), &last_ms, &nth, &stamped);
    }
    char *text = strdup(!stamped.data ? "" : tail > 0 ? tail_of(&stamped, tail) : stamped.data);
    ld_text_done(&plain);
    ld_text_done(&stamped);
    return text;
}

static cluster_answer no_previous(cluster *c, const char *pod)
{
    char message[256];
    snprintf(message, sizeof message,
             "previous terminated container \"%s\" in pod \"%s\" not found", cluster_app(c), pod);
    return status(c, 400, "BadRequest", message);
}

static cluster_answer answer_log(cluster *c, const char *pod, const char *path)
{
    const char *word = world_at(c->w, c->at_ms)->log;
    char previous[16], since[64], tail[32], container[64];
    int64_t since_ms = INT64_MIN / 2;
    cluster_instance instances[2 * WORLD_ENDS + 1];
    size_t n = cluster_instances(c, instances);
    query(path, "previous", previous, sizeof previous);
    query(path, "sinceTime", since, sizeof since);
    query(path, "tailLines", tail, sizeof tail);
    query(path, "container", container, sizeof container);
    bool is_old = strcmp(previous, "true") == 0;
    ck_assert_str_eq(container, cluster_app(c));
    if (is_forbidden(c, "pods/log") || strcmp(word, "forbidden") == 0)
        return forbidden(c, "get", "pods/log", "");
    if (strcmp(word, "missing") == 0)
        return say(c, 200, "text/plain",
                   strdup("unable to retrieve container logs for containerd://23728a0b2252c32020fc"
                          "992b95b821f72f1d392e24c839f4909b44b5ec00add8"));
    if (is_old && (n < 2 || strcmp(pod, cluster_pod_name(c)) != 0))
        return no_previous(c, pod);
    if (strcmp(pod, cluster_pod_name(c)) != 0) /* only one of them is asked by the shop */
        return say(c, 200, "text/plain", strdup(""));
    if (since[0])
        ck_assert_uint_gt(ld_rfc3339_parse(since, strlen(since), &since_ms), 0);
    return say(c, 200, "text/plain",
               log_of(c, &instances[is_old ? n - 2 : n - 1], since_ms, atol(tail)));
}

/* --- services behind the proxy --- */

static cluster_answer no_endpoints(cluster *c, const char *service)
{
    char message[200];
    snprintf(message, sizeof message, "no endpoints available for service \"%s\"", service);
    return status(c, 503, "ServiceUnavailable", message);
}

static cluster_answer no_port(cluster *c, const char *service, const char *port)
{
    char message[200];
    snprintf(message, sizeof message, "no service port \"%.20s\" found for service \"%.80s\"", port,
             service);
    return status(c, 503, "ServiceUnavailable", message);
}

static cluster_answer no_connection(cluster *c, const char *port)
{
    char message[200];
    snprintf(message, sizeof message,
             "error trying to reach service: dial tcp 10.244.0.3:%s: connect: connection refused",
             port);
    return status(c, 503, "ServiceUnavailable", message);
}

static cluster_answer replay(cluster *c, world_answer answer)
{
    char *body = strndup(answer.answer.body, answer.answer.len);
    char *type = cluster_keep(c, strdup(answer.content_type));
    int code = answer.answer.status;
    world_answer_done(&answer);
    return say(c, code, type, body);
}

static cluster_answer answer_ofrep(cluster *c, const char *method, const char *rest)
{
    const world_state *state = world_at(c->w, c->at_ms);
    if (strcmp(state->flag_post, "dead") == 0)
        return no_connection(c, "8016");
    if (strcmp(rest, "/ofrep/v1/evaluate/flags/kafkaQueueProblems") == 0)
        return replay(c, strcmp(method, "POST") == 0
                             ? world_flag_answer(c->w, state->flag_post, "POST")
                             : world_flag_answer(c->w, state->flag_get, "GET"));
    ck_assert_str_eq(rest, "/ofrep/v1/evaluate/flags");
    return replay(c, world_flag_answer(c->w, state->flag_bulk, "POST"));
}

/* Recorded ones with the number put in. */
static char *rpc_body(cluster_story story, double value)
{
    char body[200], digits[LD_NUMBER_BYTES];
    ld_number_format(story == STORY_VALUE ? value : 0, digits);
    if (story != STORY_VALUE && story != STORY_DISABLED)
        return strdup("{\"code\":\"not_found\",\"message\":\"Flag not found\"}");
    snprintf(body, sizeof body,
             "{\"value\":\"%s\",\"reason\":\"%s\",\"variant\":\"%s\",\"metadata\":{\"flagSetId\":"
             "\"otel-demo\",\"version\":\"v1\"}}",
             digits, story == STORY_DISABLED ? "DISABLED" : "STATIC",
             story == STORY_DISABLED ? ""
             : value > 0             ? "on"
                                     : "off");
    return strdup(body);
}

/* Where OFREP's answer tells nothing of the flag, this port does not answer either. */
static cluster_answer answer_rpc(cluster *c, const char *method, const char *rest)
{
    const world_state *state = world_at(c->w, c->at_ms);
    const char *name = c->w->cluster.rpc ? c->w->cluster.rpc : state->flag_post;
    double value;
    cluster_story story = cluster_story_of(c->w, name, state->flag_bulk, &value);
    ck_assert_str_eq(method, "POST");
    ck_assert_str_eq(rest, "/flagd.evaluation.v1.Service/ResolveInt");
    if (story == STORY_OTHER)
        return no_connection(c, "8013");
    return say(c, story == STORY_VALUE || story == STORY_DISABLED ? 200 : 404, "application/json",
               rpc_body(story, value));
}

/* The UI as it is since 2.1; before, it answers below /feature. */
static cluster_answer answer_ui(cluster *c, const char *rest)
{
    const char *ui = c->w->cluster.ui, *version = c->w->cluster.version;
    bool is_new = version && strcmp(version, "2.1.0") >= 0;
    if (ui && strcmp(ui, "dead") == 0)
        return no_connection(c, "4000");
    if (strcmp(rest, is_new ? "/api/read" : "/feature/api/read-file?file_name=demo.flagd.json"))
        return say(c, 404, "text/html; charset=utf-8", strdup("<!DOCTYPE html><html>404</html>"));
    return say(c, 200, "application/json",
               cluster_flags(c->w, ui ? ui : world_at(c->w, c->at_ms)->flag_post));
}

static cluster_answer answer_load(cluster *c, const char *rest)
{
    const char *load = world_at(c->w, c->at_ms)->load;
    if (strcmp(load, "dead") == 0)
        return no_connection(c, "8089");
    if (strcmp(rest, "/stats/requests") == 0)
        return replay(c, world_load_stats(c->w, c->base_ms, c->at_ms));
    ck_assert_str_eq(rest, "/");
    return replay(c, world_load_page(c->w, c->base_ms, c->at_ms));
}

/* --- Prometheus --- */

static double history_at(const cluster *c, int64_t at_ms)
{
    const char *points = c->w->cluster.prometheus;
    if (strcmp(points, "as-metrics") == 0)
        return world_bytes_at(c->w, at_ms);
    world other = *c->w;
    world_set_points(&other, points);
    return world_bytes_at(&other, at_ms);
}

static int64_t time_of(const char *path, const char *key)
{
    char text[64];
    double seconds;
    query(path, key, text, sizeof text);
    ck_assert(ld_number_parse(text, strlen(text), &seconds));
    return (int64_t)(seconds * 1000);
}

static cluster_answer matrix(cluster *c, const char *path, bool is_memory)
{
    ld_text body = {0};
    size_t n = 0;
    int64_t first_ms = time_of(path, "start") - c->base_ms, last_ms = time_of(path, "end");
    bool is_empty = strcmp(c->w->cluster.prometheus, "empty") == 0 ||
                    (!is_memory && isnan(c->w->cluster.prometheus_orders));
    ld_text_add(&body, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[");
    if (!is_empty && is_memory)
        ld_text_addf(
            &body,
            "{\"metric\":{\"__name__\":\"container_memory_working_set_bytes\","
            "\"container\":\"%s\",\"namespace\":\"otel-demo\",\"pod\":\"%s\"},\"values\":[",
            cluster_app(c), cluster_pod_name(c));
    else if (!is_empty)
        ld_text_add(&body, "{\"metric\":{},\"values\":[");
    for (int64_t t = first_ms; !is_empty && t <= last_ms - c->base_ms; t += STEP_MS) {
        if (t < c->w->started_ms)
            continue;
        ld_text_addf(&body, "%s[", n++ ? "," : "");
        ld_text_add_number(&body, (double)(c->base_ms + t) / 1e3);
        ld_text_add(&body, ",\"");
        ld_text_add_number(&body, is_memory ? history_at(c, t) : c->w->cluster.prometheus_orders);
        ld_text_add(&body, "\"]");
    }
    ld_text_add(&body, is_empty ? "]}}" : "]}]}}");
    char *text = strdup(body.data);
    ld_text_done(&body);
    return say(c, 200, "application/json", text);
}

static cluster_answer answer_prometheus(cluster *c, const char *rest)
{
    char promql[2048];
    query(rest, "query", promql, sizeof promql);
    ck_assert(strncmp(rest, "/api/v1/query_range?", 20) == 0);
    return matrix(c, rest, strstr(promql, "memory_working_set") != NULL);
}

static bool is_gone(const char *word, const char *than)
{
    return word && strcmp(word, than) == 0;
}

static cluster_answer answer_proxy(cluster *c, const char *service, const char *method,
                                   const char *rest)
{
    const world_cluster *own = &c->w->cluster;
    char flagd[128], load[128], prometheus[128], name[128];
    const char *port = strchr(service, ':') ? strchr(service, ':') + 1 : "";
    snprintf(name, sizeof name, "%.*s", (int)strcspn(service, ":"), service);
    cluster_name(c, "flagd", flagd, sizeof flagd);
    cluster_name(c, "load-generator", load, sizeof load);
    cluster_name(c, "prometheus", prometheus, sizeof prometheus);
    if (is_forbidden(c, "services/proxy"))
        return forbidden(c, strcmp(method, "POST") == 0 ? "create" : "get", "services/proxy", "");
    if (strcmp(name, prometheus) == 0)
        return own->prometheus ? answer_prometheus(c, rest) : no_endpoints(c, name);
    if (strcmp(name, load) == 0 && !is_gone(own->load, "missing"))
        return answer_load(c, rest);
    if (strcmp(name, flagd) != 0 || is_gone(own->flagd, "missing"))
        return object(c, NULL, "services", name);
    if (own->ports && !strstr(own->ports, port))
        return no_port(c, name, port);
    if (is_gone(own->flagd, "no-endpoints"))
        return no_endpoints(c, service);
    if (strcmp(port, "8016") == 0)
        return answer_ofrep(c, method, rest);
    return strcmp(port, "8013") == 0 ? answer_rpc(c, method, rest) : answer_ui(c, rest);
}

/* --- the API --- */

static cluster_answer answer_metrics(cluster *c, const char *path)
{
    char selector[256];
    const char *metrics = c->w->cluster.metrics, *memory = c->w->memory;
    if ((metrics && strcmp(metrics, "not-installed") == 0) ||
        (memory && strcmp(memory, "forbidden") != 0))
        return not_served(c);
    if (metrics && strcmp(metrics, "unavailable") == 0)
        return say(c, 503, "text/plain; charset=utf-8", strdup("service unavailable\n"));
    if (memory || is_forbidden(c, "pods.metrics.k8s.io"))
        return forbidden(c, "list", "pods", "metrics.k8s.io");
    query(path, "labelSelector", selector, sizeof selector);
    return say(c, 200, "application/json", cluster_metrics(c, selector));
}

static cluster_answer answer_core(cluster *c, const char *method, const char *path)
{
    char name[256], selector[256];
    query(path, "labelSelector", selector, sizeof selector);
    if (take(&path, "/services/", name, sizeof name)) {
        if (strncmp(path, "/proxy", 6) == 0)
            return answer_proxy(c, name, method, path + 6);
        return is_forbidden(c, "services") ? forbidden(c, "get", "services", "")
                                           : object(c, cluster_service(c, name), "services", name);
    }
    if (take(&path, "/configmaps/", name, sizeof name))
        return is_forbidden(c, "configmaps")
                   ? forbidden(c, "get", "configmaps", "")
                   : object(c, cluster_config_map(c, name), "configmaps", name);
    if (take(&path, "/pods/", name, sizeof name) && strncmp(path, "/log", 4) == 0)
        return answer_log(c, name, path);
    ck_assert_msg(strncmp(path, "/pods?", 6) == 0, "not of this cluster: %s", path);
    return is_forbidden(c, "pods") ? forbidden(c, "list", "pods", "")
                                   : say(c, 200, "application/json", cluster_pods(c, selector));
}

static cluster_answer answer_apps(cluster *c, const char *path)
{
    char name[256], selector[256];
    bool is_list = strncmp(path, "/deployments?", 13) == 0;
    query(path, "labelSelector", selector, sizeof selector);
    if (is_forbidden(c, "deployments"))
        return forbidden(c, is_list ? "list" : "get", "deployments", "apps");
    if (is_list)
        return say(c, 200, "application/json", cluster_deployments(c, selector));
    ck_assert(take(&path, "/deployments/", name, sizeof name));
    return object(c, cluster_deployment(c, name), "deployments.apps", name);
}

/* A namespace that is not there has empty lists and no objects. */
static cluster_answer elsewhere(cluster *c, const char *path)
{
    const char *list = strstr(path, "/pods?")            ? "PodList"
                       : strstr(path, "/deployments?")   ? "DeploymentList"
                       : strstr(path, "endpointslices?") ? "EndpointSliceList"
                       : strstr(path, "networkpolicies") ? "NetworkPolicyList"
                                                         : NULL;
    char body[160], name[128];
    const char *service = strstr(path, "/services/");
    if (service && take(&service, "/services/", name, sizeof name)) {
        name[strcspn(name, ":")] = '\0';
        return object(c, NULL, "services", name);
    }
    if (!list)
        return object(c, NULL, strstr(path, "/deployments/") ? "deployments.apps" : "configmaps",
                      strrchr(path, '/') + 1);
    snprintf(body, sizeof body, "{\"kind\":\"%s\",\"metadata\":{},\"items\":[]}",
             strncmp(path, "/apis/metrics", 13) == 0 ? "PodMetricsList" : list);
    return say(c, 200, "application/json", strdup(body));
}

cluster_answer cluster_ask(cluster *c, const char *method, const char *target)
{
    static const char *const groups[] = {"/api/v1/namespaces/", "/apis/apps/v1/namespaces/",
                                         "/apis/metrics.k8s.io/v1beta1/namespaces/",
                                         "/apis/networking.k8s.io/v1/namespaces/",
                                         "/apis/discovery.k8s.io/v1/namespaces/"};
    const char *path = target;
    char ns[128], service[256];
    size_t group = 0;
    cluster_done(c);
    c->n_asked++;
    while (group < 5 && !take(&path, groups[group], ns, sizeof ns))
        group++;
    ck_assert_msg(group < 5, "no API server has %s", target);
    if (strcmp(ns, NAMESPACE) != 0)
        return elsewhere(c, target);
    if (group == 0)
        return answer_core(c, method, path);
    if (group == 1)
        return answer_apps(c, path);
    if (group == 2)
        return answer_metrics(c, path);
    if (group == 3)
        return is_forbidden(c, "networkpolicies")
                   ? forbidden(c, "list", "networkpolicies", "networking.k8s.io")
                   : say(c, 200, "application/json", cluster_network_policies(c));
    query(path, "labelSelector", service, sizeof service);
    const char *name = strchr(service, '=');
    ck_assert_ptr_nonnull(name);
    return is_forbidden(c, "endpointslices")
               ? forbidden(c, "list", "endpointslices", "discovery.k8s.io")
               : say(c, 200, "application/json", cluster_slices(c, name + 1));
}

/* --- ways in --- */

int cluster_transport(const leakdiag_http_request *request, leakdiag_http_answer *ret,
                      void *payload)
{
    cluster *c = payload;
    const char *path = strstr(request->url, "://");
    ck_assert_ptr_nonnull(path);
    path = strchr(path + 3, '/');
    ck_assert_ptr_nonnull(path);
    cluster_answer answer = cluster_ask(c, request->method, path);
    ret->status = answer.status;
    ret->content_type = answer.content_type;
    ret->body = answer.body;
    ret->body_len = answer.len;
    ret->date_ms = (c->base_ms + c->at_ms) / 1000 * 1000;
    ret->latency_ms = 3;
    ret->failure = answer.failure;
    return 0;
}

char *cluster_bytes(cluster *c, const char *method, const char *target, size_t *ret_len)
{
    cluster_answer answer = cluster_ask(c, method, target);
    time_t seconds = (time_t)((c->base_ms + c->at_ms) / 1000);
    char date[64], head[512];
    struct tm parts;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&seconds, &parts));
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %d Said\r\nContent-Type: %s\r\nContent-Length: %zu\r\nDate: %s\r\n"
                     "\r\n",
                     answer.status, answer.content_type, answer.len, date);
    char *bytes = malloc((size_t)n + answer.len + 1);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, head, (size_t)n);
    memcpy(bytes + n, answer.body, answer.len);
    *ret_len = (size_t)n + answer.len;
    return bytes;
}
