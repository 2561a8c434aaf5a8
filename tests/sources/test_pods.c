/* Pods and rights over a transport of one's own: recorded answers of a Kubernetes API. */
#include "sources/clusters.h"

#include <leakdiag/access.h>
#include <leakdiag/flag.h>
#include <leakdiag/load.h>
#include <leakdiag/pods.h>
#include <leakdiag/session.h>
#include <math.h>

#include "wire/kube_recorded.h"

#define POD_STEADY "steady-698bf88575-sd5pq"
#define NS         "/api/v1/namespaces/otel-demo"
#define APPS       "/apis/apps/v1/namespaces/otel-demo"
#define METRICS    "/apis/metrics.k8s.io/v1beta1/namespaces/otel-demo/pods"
#define REVIEW     "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

static place here;
static leakdiag_cluster *cluster;

static const char config[] =
    "apiVersion: v1\nkind: Config\ncurrent-context: lab\n"
    "clusters: [{name: c, cluster: {server: \"https://api.lab:6443/prefix\"}}]\n"
    "contexts: [{name: lab, context: {cluster: c, user: dev, namespace: otel-demo}}]\n"
    "users: [{name: dev, user: {token: canary}}]\n";

static void setup(void)
{
    place_make(&here);
    place_write(&here, "config", config);
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    leakdiag_error err = {0};
    ck_assert_msg(!place_open_with(&here, options, &cluster, &err), "%s", err.message);
}

static void teardown(void)
{
    leakdiag_cluster_free(cluster);
    cluster = NULL;
    place_remove(&here);
}

/* --- answers by path --- */

typedef struct rule {
    const char *path, *fixture; /* the path without its query; fixture NULL: status and body */
    int status;
    const char *body;
} rule;

typedef struct api {
    const rule *rules;
    size_t n, calls, reviews, logs;
    kube_recorded *kept[16];
    int64_t date_ms;
    const char *denied; /* rights with this text in their review are */
    int token_is_bad;
    char last_url[512];
} api;

static int answer_review(api *a, const leakdiag_http_request *request, leakdiag_http_answer *ret)
{
    static const char yes[] =
        "{\"kind\":\"SelfSubjectAccessReview\",\"status\":{\"allowed\":true}}";
    static const char no[] = "{\"kind\":\"SelfSubjectAccessReview\",\"status\":{\"allowed\":false,"
                             "\"reason\":\"no\\u001b[2J rule\"}}";
    a->reviews++;
    bool is_denied = a->denied && strstr(request->body, a->denied);
    ret->status = 201;
    ret->content_type = "application/json";
    ret->body = is_denied ? no : yes;
    ret->body_len = strlen(ret->body);
    return 0;
}

static int answer_rule(api *a, size_t i, leakdiag_http_answer *ret)
{
    const rule *r = &a->rules[i];
    ret->content_type = "application/json";
    ret->date_ms = a->date_ms;
    if (!r->fixture) {
        ret->status = r->status;
        ret->body = r->body;
        ret->body_len = strlen(r->body);
        return 0;
    }
    if (!a->kept[i])
        a->kept[i] = kube_read(r->fixture);
    ret->status = a->kept[i]->answer.status;
    ret->content_type = a->kept[i]->answer.content_type;
    ret->body = a->kept[i]->answer.body;
    ret->body_len = a->kept[i]->answer.len;
    return 0;
}

static int answer(const leakdiag_http_request *request, leakdiag_http_answer *ret, void *payload)
{
    static const char base[] = "https://api.lab:6443/prefix";
    api *a = payload;
    a->calls++;
    snprintf(a->last_url, sizeof a->last_url, "%s", request->url);
    ck_assert_int_eq(strncmp(request->url, base, sizeof base - 1), 0);
    a->logs += strstr(request->url, "/log?") != NULL;
    const char *path = request->url + sizeof base - 1;
    size_t len = strcspn(path, "?");
    if (strncmp(path, REVIEW, len) == 0)
        return answer_review(a, request, ret);
    for (size_t i = 0; i < a->n; i++)
        if (strlen(a->rules[i].path) == len && strncmp(a->rules[i].path, path, len) == 0)
            return answer_rule(a, i, ret);
    ret->failure = "nobody answers there";
    return 0;
}

static void api_done(api *a)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->kept[i])
            kube_done(a->kept[i]);
}

#define RECORDED_MS INT64_C(1795440392000) /* 2026-11-23T13:26:32Z */

static leakdiag_status read_pods(api *a, const char *workload, leakdiag_pods_options options,
                                 leakdiag_pods **ret, leakdiag_error *err)
{
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    transport.answer = answer;
    transport.payload = a;
    options.transport = &transport;
    return leakdiag_pods_read(cluster, workload, &options, ret, err);
}

static const leakdiag_pods_options defaults = LEAKDIAG_PODS_OPTIONS_INIT;

static const rule steady[] = {{NS "/pods/" POD_STEADY, "pod-ephemeral", 0, NULL},
                              {METRICS "/" POD_STEADY, "metrics-pod", 0, NULL}};

START_TEST(one_pod_has_the_figures_of_its_recording)
{
    api a = {.rules = steady, .n = COUNT(steady), .date_ms = RECORDED_MS};
    leakdiag_pods *pods = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(!read_pods(&a, "pod/" POD_STEADY, defaults, &pods, &err), "%s", err.message);
    ck_assert_uint_eq(a.calls, 2);
    ck_assert_uint_eq(leakdiag_pods_len(pods), 1);
    ck_assert_str_eq(leakdiag_pods_pod(pods, 0), POD_STEADY);
    ck_assert_str_eq(leakdiag_pods_container(pods, 0), "steady");
    ck_assert_str_eq(leakdiag_pods_uid(pods, 0), "e31a65bd-8ca8-44b7-abcf-e0728416a95d");
    ck_assert_double_eq(leakdiag_pods_working_set_bytes(pods, 0), 6660 * 1024.0);
    ck_assert_double_eq(leakdiag_pods_limit_bytes(pods, 0), 20 * 1048576.0);
    ck_assert_str_eq(leakdiag_pods_limit_text(pods, 0), "20Mi");
    ck_assert_int_eq(leakdiag_pods_has_limit(pods, 0), 1);
    ck_assert_int_eq(leakdiag_pods_restarts(pods, 0), 0);
    ck_assert_ptr_null(leakdiag_pods_end_reason(pods, 0));
    ck_assert_ptr_null(leakdiag_pods_soft_limit_text(pods, 0));
    ck_assert_str_eq(leakdiag_pods_phase(pods, 0), "Running");
    ck_assert_str_eq(leakdiag_pods_no_sample(pods, 0), "");
    ck_assert_int_eq(leakdiag_pods_sample_ms(pods, 0), RECORDED_MS - 7000);
    ck_assert_int_ge(leakdiag_pods_sample_age_ms(pods, 0), 6500);
    ck_assert_int_le(leakdiag_pods_sample_age_ms(pods, 0), 9000);
    ck_assert_str_eq(leakdiag_pods_rollout(pods), "");
    ck_assert_int_eq(leakdiag_pods_replicas(pods), -1);
    leakdiag_pods_free(pods);
    api_done(&a);
}
END_TEST

START_TEST(beyond_the_end_nothing_is_known)
{
    api a = {.rules = steady, .n = COUNT(steady)};
    leakdiag_pods *pods = NULL;
    ck_assert_int_eq(read_pods(&a, "pod/" POD_STEADY, defaults, &pods, NULL), LEAKDIAG_OK);
    ck_assert_ptr_null(leakdiag_pods_pod(pods, 1));
    ck_assert_ptr_null(leakdiag_pods_no_sample(pods, 1));
    ck_assert(isnan(leakdiag_pods_working_set_bytes(pods, 1)));
    ck_assert_int_eq(leakdiag_pods_has_limit(pods, 1), -1);
    ck_assert_int_eq(leakdiag_pods_restarts(pods, SIZE_MAX), -1);
    ck_assert_int_eq(leakdiag_pods_sample_age_ms(pods, 1), -1);
    leakdiag_pods_free(pods);
    leakdiag_pods_free(NULL);
    api_done(&a);
}
END_TEST

/* The Deployment's recorded selector is asked for pods, and nothing is asked with a guess. */
START_TEST(pods_of_a_deployment_are_those_of_its_own_selector)
{
    static const rule rules[] = {{APPS "/deployments/checkout", "deployment-get", 0, NULL},
                                 {NS "/pods", "pods-list", 0, NULL},
                                 {METRICS, "group-404", 0, NULL}};
    api a = {.rules = rules, .n = COUNT(rules), .date_ms = RECORDED_MS};
    leakdiag_pods *pods = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = read_pods(&a, "deploy/checkout", defaults, &pods, &err);
    ck_assert_msg(!status, "%s", err.message);
    ck_assert_uint_eq(a.calls, 3);
    ck_assert_str_eq(leakdiag_pods_selector(pods), "opentelemetry.io/name=checkout");
    ck_assert_ptr_nonnull(strstr(a.last_url, "labelSelector=opentelemetry.io%2Fname%3Dcheckout"));
    ck_assert_uint_eq(leakdiag_pods_len(pods), 1);
    ck_assert(isnan(leakdiag_pods_working_set_bytes(pods, 0)));
    ck_assert_ptr_nonnull(strstr(leakdiag_pods_no_sample(pods, 0), "metrics-server"));
    ck_assert_str_eq(leakdiag_pods_end_reason(pods, 0), "OOMKilled");
    ck_assert_int_eq(leakdiag_pods_end_code(pods, 0), 137);
    ck_assert_int_eq(leakdiag_pods_started_ms(pods, 0), 0); /* it has ended again */
    ck_assert_int_eq(leakdiag_pods_replicas(pods), 1);
    leakdiag_pods_free(pods);
    api_done(&a);
}
END_TEST

typedef struct bad {
    const char *workload, *selector, *ns, *words;
    leakdiag_status status;
} bad;

START_TEST(bad_questions_are_refused_and_nothing_is_sent)
{
    static const bad rows[] = {
        {"checkout", NULL, NULL, "deploy/NAME", LEAKDIAG_E_INVALID},
        {"deploy/", NULL, NULL, "deploy/NAME", LEAKDIAG_E_INVALID},
        {"deploy/A", NULL, NULL, "\"A\"", LEAKDIAG_E_INVALID},
        {"pod/a/b", NULL, NULL, "0x2f", LEAKDIAG_E_INVALID},
        {"pod/a", "a=b", NULL, "exclude", LEAKDIAG_E_INVALID},
        {NULL, "a=b,,", NULL, "a=b,,", LEAKDIAG_E_INVALID},
        {NULL, NULL, "../x", "namespace", LEAKDIAG_E_INVALID},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        api a = {0};
        leakdiag_pods_options options = defaults;
        leakdiag_pods *pods = NULL;
        leakdiag_error err = {0};
        options.selector = rows[i].selector;
        options.namespace_name = rows[i].ns;
        ck_assert_int_eq(read_pods(&a, rows[i].workload, options, &pods, &err), rows[i].status);
        ck_assert_msg(strstr(err.message, rows[i].words), "%zu: %s", i, err.message);
        ck_assert_uint_eq(a.calls, 0);
        ck_assert_ptr_null(pods);
    }
    leakdiag_pods *pods = NULL;
    leakdiag_pods_options late = defaults;
    late.deadline_ms = -1;
    ck_assert_int_eq(leakdiag_pods_read(NULL, NULL, NULL, &pods, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(leakdiag_pods_read(cluster, NULL, &late, &pods, NULL), LEAKDIAG_E_INVALID);
}
END_TEST

/* Found when it is about to be sent, and not a time-out. */
START_TEST(what_cannot_be_sent_says_why)
{
    static const char *const workloads[] = {NULL, "pod/x", "deploy/x"};
    static const struct {
        const char *cluster, *user, *why;
    } kinds[] = {{"", "token: \"can\u00e4ry\"", "byte 0xc3"},
                 {", tls-server-name: \"a b\"", "token: canary", "tls-server-name"}};
    api a = {0};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        char cluster_text[200];
        leakdiag_cluster *other = NULL;
        leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
        leakdiag_error err = {0};
        snprintf(cluster_text, sizeof cluster_text, "server: \"https://api.lab:6443/prefix\"%s",
                 kinds[i].cluster);
        place_config(&here, cluster_text, kinds[i].user);
        ck_assert_msg(!place_open_with(&here, options, &other, &err), "%s", err.message);
        for (size_t k = 0; k < COUNT(workloads); k++) {
            leakdiag_pods *pods = NULL;
            leakdiag_pods_options how = LEAKDIAG_PODS_OPTIONS_INIT;
            leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
            transport.answer = answer;
            transport.payload = &a;
            how.transport = &transport;
            ck_assert_int_eq(leakdiag_pods_read(other, workloads[k], &how, &pods, &err),
                             LEAKDIAG_E_INVALID);
            ck_assert_msg(strstr(err.message, kinds[i].why) != NULL, "%s", err.message);
            ck_assert_ptr_null(strstr(err.message, "ry"));
        }
        leakdiag_cluster_free(other);
    }
    ck_assert_uint_eq(a.calls, 0);
}
END_TEST

START_TEST(what_the_server_says_no_to_is_a_status_with_its_words)
{
    static const struct {
        const char *fixture, *words;
        leakdiag_status status;
        int32_t http_status;
        uint32_t flags;
    } rows[] = {
        {"auth-403-nobody", "to grant it", LEAKDIAG_E_AUTH, 403, 0},
        {"auth-401-badtoken", "HTTP 401", LEAKDIAG_E_AUTH, 401, 0},
        {"readyz", "not the Kubernetes API", LEAKDIAG_E_PROTOCOL, 200, 0},
        {"list-rv-future-504", "HTTP 504", LEAKDIAG_E_IO, 504, LEAKDIAG_ERROR_RETRIABLE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const rule rules[] = {{NS "/pods", rows[i].fixture, 0, NULL}};
        api a = {.rules = rules, .n = 1};
        leakdiag_pods *pods = NULL;
        leakdiag_error err = {0};
        ck_assert_int_eq(read_pods(&a, NULL, defaults, &pods, &err), rows[i].status);
        ck_assert_msg(strstr(err.message, rows[i].words), "%zu: %s", i, err.message);
        ck_assert_ptr_null(strstr(err.message, "canary"));
        ck_assert_int_eq(err.status, rows[i].status);
        ck_assert_int_eq(err.http_status, rows[i].http_status);
        ck_assert_uint_eq(err.flags, rows[i].flags);
        api_done(&a);
    }
    api a = {0};
    leakdiag_pods *pods = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(read_pods(&a, NULL, defaults, &pods, &err), LEAKDIAG_E_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "nobody answers there"));
}
END_TEST

static int fail_as_told(const leakdiag_http_request *request, leakdiag_http_answer *ret,
                        void *payload)
{
    (void)request;
    ret->failure = "it failed";
    ret->failure_kind = *(leakdiag_http_failure *)payload;
    return 0;
}

START_TEST(only_what_may_pass_by_itself_is_worth_another_try)
{
    static const struct {
        leakdiag_http_failure failure;
        leakdiag_status status;
        uint32_t flags;
    } rows[] = {
        {LEAKDIAG_HTTP_FAILURE_CONNECT, LEAKDIAG_E_IO, LEAKDIAG_ERROR_RETRIABLE},
        {LEAKDIAG_HTTP_FAILURE_CUT_OFF, LEAKDIAG_E_IO, LEAKDIAG_ERROR_RETRIABLE},
        {LEAKDIAG_HTTP_FAILURE_TIMEOUT, LEAKDIAG_E_TIMEOUT, LEAKDIAG_ERROR_RETRIABLE},
        {LEAKDIAG_HTTP_FAILURE_NAME, LEAKDIAG_E_IO, 0},
        {LEAKDIAG_HTTP_FAILURE_TLS, LEAKDIAG_E_IO, 0},
        {LEAKDIAG_HTTP_FAILURE_NOT_HTTP, LEAKDIAG_E_PROTOCOL, 0},
    };
    /* The Deployment, and pods alone: the error comes another way. */
    static const char *const workloads[] = {"deploy/checkout", NULL};
    for (size_t i = 0; i < COUNT(rows) * 2; i++) {
        leakdiag_http_failure failure = rows[i / 2].failure;
        leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
        leakdiag_pods_options options = defaults;
        leakdiag_pods *pods = NULL;
        leakdiag_error err = {0};
        transport.answer = fail_as_told;
        transport.payload = &failure;
        options.transport = &transport;
        ck_assert_int_eq(leakdiag_pods_read(cluster, workloads[i % 2], &options, &pods, &err),
                         rows[i / 2].status);
        ck_assert_msg(err.flags == rows[i / 2].flags, "%zu: %s", i, err.message);
        ck_assert_int_eq(err.http_status, 0);
    }
}
END_TEST

START_TEST(a_cancelled_question_ends_as_cancelled)
{
    api a = {.rules = steady, .n = COUNT(steady)};
    leakdiag_pods_options options = defaults;
    leakdiag_pods *pods = NULL;
    ck_assert_int_eq(leakdiag_cancel_new(&options.cancel, NULL), LEAKDIAG_OK);
    leakdiag_cancel_trigger(options.cancel);
    ck_assert_int_eq(read_pods(&a, NULL, options, &pods, NULL), LEAKDIAG_E_CANCELLED);
    ck_assert_ptr_null(pods);
    leakdiag_cancel_free(options.cancel);
}
END_TEST

/* --- rights --- */

static leakdiag_status review(api *a, const leakdiag_scenario *scenario, const char *ns,
                              leakdiag_access **ret, leakdiag_error *err)
{
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    leakdiag_access_options options = LEAKDIAG_ACCESS_OPTIONS_INIT;
    transport.answer = answer;
    transport.payload = a;
    options.transport = &transport;
    return leakdiag_access_review(cluster, scenario, ns, &options, ret, err);
}

START_TEST(each_right_is_asked_once_and_what_is_denied_has_its_rule)
{
    api a = {.denied = "\"resource\":\"configmaps\""};
    leakdiag_scenario *scenario = NULL;
    leakdiag_access *access = NULL;
    leakdiag_error err = {0};
    char *rules = NULL;
    ck_assert_int_eq(leakdiag_scenario_builtin("otel-demo/checkout", NULL, 0, &scenario, &err), 0);
    ck_assert_msg(!review(&a, scenario, NULL, &access, &err), "%s", err.message);
    leakdiag_scenario_unref(scenario); /* the answer does not need it */
    ck_assert_uint_eq(leakdiag_access_len(access), 17);
    ck_assert_uint_eq(a.reviews, 17);
    ck_assert_uint_eq(leakdiag_access_denied_count(access), 1);
    for (size_t i = 0; i < leakdiag_access_len(access); i++) {
        bool is_map = strcmp(leakdiag_access_resource(access, i), "configmaps") == 0;
        ck_assert_int_eq(leakdiag_access_get_state(access, i),
                         is_map ? LEAKDIAG_ACCESS_DENIED : LEAKDIAG_ACCESS_ALLOWED);
        ck_assert_str_eq(leakdiag_access_namespace_name(access, i), "otel-demo");
        if (is_map)
            ck_assert_str_eq(leakdiag_access_reason(access, i), "no\\x1b[2J rule");
    }
    ck_assert_int_eq(leakdiag_access_missing_rules(access, &rules, &err), LEAKDIAG_OK);
    ck_assert_str_eq(rules, "- {apiGroups: [\"\"], resources: [configmaps], "
                            "resourceNames: [\"flagd-config\"], verbs: [get]}\n");
    leakdiag_free(rules);
    leakdiag_access_free(access);
}
END_TEST

START_TEST(any_workload_needs_no_more_than_to_read_its_namespace)
{
    api a = {0};
    leakdiag_access *access = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(!review(&a, NULL, "shop", &access, &err), "%s", err.message);
    for (size_t i = 0; i < leakdiag_access_len(access); i++) {
        ck_assert_str_eq(leakdiag_access_namespace_name(access, i), "shop");
        ck_assert_str_eq(leakdiag_access_part(access, i), "read");
        ck_assert_str_eq(leakdiag_access_name(access, i), "");
        ck_assert_str_ne(leakdiag_access_verb(access, i), "create");
    }
    ck_assert_ptr_null(leakdiag_access_verb(access, leakdiag_access_len(access)));
    leakdiag_access_free(access);
    ck_assert_int_eq(review(&a, NULL, "A", &access, &err), LEAKDIAG_E_INVALID);
}
END_TEST

START_TEST(a_role_of_no_part_and_no_namespace_is_refused)
{
    char *yaml = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_rbac_yaml(NULL, "shop", "write", &yaml, &err), LEAKDIAG_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.message, "read and proxy"));
    ck_assert_int_eq(leakdiag_rbac_yaml(NULL, NULL, NULL, &yaml, &err), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(leakdiag_rbac_yaml(NULL, "shop", "proxy", &yaml, &err), LEAKDIAG_OK);
    ck_assert_ptr_nonnull(strstr(yaml, "rules: []\n")); /* YAML of an empty list, not of null */
    leakdiag_free(yaml);
}
END_TEST

/* --- logs --- */

/* A file takes the place of the pods' own logs; where no pattern is counted none are read. */
static const struct {
    const char *scenario, *set[3];
    size_t n_set;
    bool reads_logs;
} readers[] = {
    {"any-workload", {"namespace=otel-demo", "pod=" POD_STEADY}, 2, false},
    {"otel-demo/checkout", {"pod=" POD_STEADY}, 1, true},
    {"otel-demo/checkout", {"pod=" POD_STEADY, "log_file=/dev/null"}, 2, false},
};

START_TEST(logs_of_pods_are_read_where_the_scenario_has_them_and_only_then)
{
    api a = {.rules = steady, .n = COUNT(steady), .date_ms = RECORDED_MS};
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    leakdiag_scenario *scenario = NULL;
    leakdiag_session *session = NULL;
    leakdiag_observation *seen = NULL;
    leakdiag_error err = {0};
    char *yaml = NULL;
    transport.answer = answer;
    transport.payload = &a;
    options.cluster = cluster;
    options.transport = &transport;
    ck_assert_msg(!leakdiag_scenario_builtin(readers[_i].scenario, readers[_i].set,
                                             readers[_i].n_set, &scenario, &err),
                  "%s", err.message);
    ck_assert_int_eq(leakdiag_rbac_yaml(scenario, NULL, NULL, &yaml, &err), LEAKDIAG_OK);
    ck_assert_int_eq(strstr(yaml, "pods/log") != NULL, readers[_i].reads_logs);
    ck_assert_int_eq(leakdiag_session_new(scenario, &options, &session, &err), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_session_gather(session, &seen, &err), LEAKDIAG_OK);
    ck_assert_int_eq(a.logs > 0, readers[_i].reads_logs);
    leakdiag_free(yaml);
    leakdiag_observation_unref(seen);
    leakdiag_session_free(session);
    leakdiag_scenario_unref(scenario);
    api_done(&a);
}
END_TEST

/* --- services --- */

START_TEST(flag_and_load_of_a_service_go_through_the_api_server)
{
    static const rule rules[] = {
        {NS "/services/flagd:8016/proxy/ofrep/v1/evaluate/flags/f", NULL, 200,
         "{\"key\":\"f\",\"value\":300,\"variant\":\"on\",\"reason\":\"STATIC\"}"},
        {NS "/services/load:8089/proxy/stats/requests", "service-proxy-503", 0, NULL}};
    api a = {.rules = rules, .n = COUNT(rules)};
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    leakdiag_flag_options options = LEAKDIAG_FLAG_OPTIONS_INIT;
    leakdiag_load_options how = LEAKDIAG_LOAD_OPTIONS_INIT;
    leakdiag_flag *flag = NULL;
    leakdiag_load *load = NULL;
    leakdiag_error err = {0};
    transport.answer = answer;
    transport.payload = &a;
    how.transport = options.transport = &transport;
    how.cluster = options.cluster = cluster;
    ck_assert_msg(!leakdiag_flag_evaluate("flagd:8016", "f", &options, &flag, &err), "%s",
                  err.message);
    ck_assert_str_eq(leakdiag_flag_value_json(flag), "300");
    ck_assert_int_eq(leakdiag_load_read("load:8089", &how, &load, &err), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_load_get_state(load), LEAKDIAG_LOAD_UNREACHABLE);
    ck_assert_ptr_nonnull(strstr(leakdiag_load_detail(load), "services/proxy load:8089"));
    leakdiag_flag_free(flag);
    leakdiag_load_free(load);
    api_done(&a);

    size_t calls = a.calls;
    options.bearer_token = "x";
    ck_assert_int_eq(leakdiag_flag_evaluate("flagd:8016", "f", &options, &flag, &err),
                     LEAKDIAG_E_INVALID);
    ck_assert_int_eq(leakdiag_load_read("load", &how, &load, &err), LEAKDIAG_E_INVALID);
    ck_assert_uint_eq(a.calls, calls);
}
END_TEST

/* --- out of memory, at any point --- */

static leakdiag_status pods_and_their_json(void)
{
    static const rule rules[] = {{APPS "/deployments/checkout", "deployment-get", 0, NULL},
                                 {NS "/pods", "pods-list", 0, NULL},
                                 {METRICS, "metrics-pods-selector", 0, NULL}};
    api a = {.rules = rules, .n = COUNT(rules), .date_ms = RECORDED_MS};
    leakdiag_pods *pods = NULL;
    char *json = NULL;
    leakdiag_status status = read_pods(&a, "deploy/checkout", defaults, &pods, NULL);
    if (!status)
        status = leakdiag_pods_to_json(pods, &json, NULL);
    leakdiag_free(json);
    leakdiag_pods_free(pods);
    api_done(&a);
    return status;
}

static leakdiag_status rights_and_their_texts(void)
{
    api a = {.denied = "\"resource\":\"pods\""};
    leakdiag_access *access = NULL;
    char *json = NULL, *rules = NULL, *yaml = NULL;
    leakdiag_status status = review(&a, NULL, NULL, &access, NULL);
    if (!status)
        status = leakdiag_access_to_json(access, &json, NULL);
    if (!status)
        status = leakdiag_access_missing_rules(access, &rules, NULL);
    if (!status)
        status = leakdiag_rbac_yaml(NULL, "shop", "read,proxy", &yaml, NULL);
    leakdiag_free(json);
    leakdiag_free(rules);
    leakdiag_free(yaml);
    leakdiag_access_free(access);
    return status;
}

static leakdiag_status a_flag_through_the_api_server(void)
{
    static const rule rules[] = {
        {NS "/services/flagd:8016/proxy/ofrep/v1/evaluate/flags/f", NULL, 200,
         "{\"key\":\"f\",\"value\":300,\"variant\":\"on\",\"reason\":\"STATIC\"}"},
        {NS "/services/load:8089/proxy/stats/requests", "service-proxy-503", 0, NULL}};
    api a = {.rules = rules, .n = COUNT(rules)};
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    leakdiag_flag_options options = LEAKDIAG_FLAG_OPTIONS_INIT;
    leakdiag_load_options how = LEAKDIAG_LOAD_OPTIONS_INIT;
    leakdiag_flag *flag = NULL;
    leakdiag_load *load = NULL;
    transport.answer = answer;
    transport.payload = &a;
    how.transport = options.transport = &transport;
    how.cluster = options.cluster = cluster;
    leakdiag_status status = leakdiag_flag_evaluate("flagd:8016", "f", &options, &flag, NULL);
    if (!status)
        status = leakdiag_load_read("load:8089", &how, &load, NULL);
    leakdiag_flag_free(flag);
    leakdiag_load_free(load);
    api_done(&a);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    ck_assert_uint_ge(torture_run(pods_and_their_json), 200);
    ck_assert_uint_ge(torture_run(rights_and_their_texts), 100);
    ck_assert_uint_ge(torture_run(a_flag_through_the_api_server), 50);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pods");
    TCase *tests = tcase_create("pods");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, one_pod_has_the_figures_of_its_recording);
    tcase_add_test(tests, beyond_the_end_nothing_is_known);
    tcase_add_test(tests, pods_of_a_deployment_are_those_of_its_own_selector);
    tcase_add_test(tests, bad_questions_are_refused_and_nothing_is_sent);
    tcase_add_test(tests, what_cannot_be_sent_says_why);
    tcase_add_test(tests, what_the_server_says_no_to_is_a_status_with_its_words);
    tcase_add_test(tests, only_what_may_pass_by_itself_is_worth_another_try);
    tcase_add_test(tests, a_cancelled_question_ends_as_cancelled);
    tcase_add_test(tests, each_right_is_asked_once_and_what_is_denied_has_its_rule);
    tcase_add_test(tests, any_workload_needs_no_more_than_to_read_its_namespace);
    tcase_add_test(tests, a_role_of_no_part_and_no_namespace_is_refused);
    tcase_add_loop_test(tests, logs_of_pods_are_read_where_the_scenario_has_them_and_only_then, 0,
                        (int)COUNT(readers));
    tcase_add_test(tests, flag_and_load_of_a_service_go_through_the_api_server);
    tcase_add_test(tests, every_allocation_may_fail);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
