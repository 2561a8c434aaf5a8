/* What the headers promise of threads: pods, rights and flags of one cluster from many at once. */
#include "sources/clusters.h"

#include <leakdiag/access.h>
#include <leakdiag/flag.h>
#include <leakdiag/pods.h>
#include <pthread.h>

#include "wire/kube_recorded.h"

#define THREADS 8
#define CALLS   10

static kube_recorded *pod, *sample;

static const char config[] =
    "apiVersion: v1\nkind: Config\ncurrent-context: lab\n"
    "clusters: [{name: c, cluster: {server: \"https://api.lab:6443\"}}]\n"
    "contexts: [{name: lab, context: {cluster: c, user: dev, namespace: otel-demo}}]\n"
    "users: [{name: dev, user: {tokenFile: token}}]\n";

/* Assertions of Check are for the main thread: here only what is wrong is said. */
static int answer(const leakdiag_http_request *request, leakdiag_http_answer *ret, void *payload)
{
    static const char review[] =
        "{\"kind\":\"SelfSubjectAccessReview\",\"status\":{\"allowed\":true}}";
    static const char flag[] = "{\"key\":\"f\",\"value\":300,\"reason\":\"STATIC\"}";
    (void)payload;
    ret->status = 200;
    ret->content_type = "application/json";
    ret->body = strstr(request->url, "selfsubject") ? review : flag;
    ret->body_len = strlen(ret->body);
    if (strcmp(request->method, "GET") != 0)
        return 0;
    const kube_recorded *r = strstr(request->url, "metrics.k8s.io") ? sample : pod;
    ret->body = r->body;
    ret->body_len = r->len;
    return 0;
}

typedef struct worker {
    leakdiag_cluster *cluster;
    size_t right; /* calls that gave what they should */
    size_t told;  /* records of its own calls */
} worker;

static int count_record(const leakdiag_log_record *record, void *payload)
{
    ((worker *)payload)->told += strcmp(record->event, "request") == 0;
    return 0;
}

static void ask_all(worker *w, const leakdiag_transport *transport)
{
    leakdiag_pods_options how = LEAKDIAG_PODS_OPTIONS_INIT;
    leakdiag_access_options asking = LEAKDIAG_ACCESS_OPTIONS_INIT;
    leakdiag_flag_options options = LEAKDIAG_FLAG_OPTIONS_INIT;
    leakdiag_pods *pods = NULL;
    leakdiag_access *access = NULL;
    leakdiag_flag *flag = NULL;
    const leakdiag_log log = {sizeof log, count_record, w, LEAKDIAG_LOG_LEVEL_DEBUG};
    how.transport = asking.transport = options.transport = transport;
    how.log = asking.log = options.log = &log;
    options.cluster = w->cluster;
    if (!leakdiag_pods_read(w->cluster, "pod/steady-698bf88575-sd5pq", &how, &pods, NULL))
        w->right += leakdiag_pods_working_set_bytes(pods, 0) == 6660 * 1024.0;
    if (!leakdiag_access_review(w->cluster, NULL, NULL, &asking, &access, NULL))
        w->right += leakdiag_access_denied_count(access) == 0;
    if (!leakdiag_flag_evaluate("flagd:8016", "f", &options, &flag, NULL))
        w->right += leakdiag_flag_get_state(flag) == LEAKDIAG_FLAG_VALUE;
    leakdiag_pods_free(pods);
    leakdiag_access_free(access);
    leakdiag_flag_free(flag);
}

static void *ask_often(void *payload)
{
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    transport.answer = answer;
    for (int i = 0; i < CALLS; i++)
        ask_all(payload, &transport);
    return NULL;
}

START_TEST(one_cluster_is_asked_from_many_threads)
{
    place here;
    leakdiag_cluster *cluster = NULL;
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    leakdiag_error err = {0};
    pthread_t threads[THREADS];
    worker workers[THREADS];
    place_make(&here);
    place_write(&here, "config", config);
    place_write(&here, "token", "canary");
    pod = kube_read("pod-ephemeral");
    sample = kube_read("metrics-pod");
    ck_assert_msg(!place_open_with(&here, options, &cluster, &err), "%s", err.message);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (worker){.cluster = cluster};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_often, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(workers[i].right, 3 * CALLS);
        ck_assert_uint_eq(workers[i].told, workers[0].told);
        ck_assert_uint_gt(workers[i].told, 3 * CALLS);
    }
    leakdiag_cluster_free(cluster);
    kube_done(pod);
    kube_done(sample);
    place_remove(&here);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pods in threads");
    TCase *tests = tcase_create("pods in threads");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, one_cluster_is_asked_from_many_threads);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
