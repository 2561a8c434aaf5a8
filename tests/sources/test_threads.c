/* What the headers promise of threads, for ThreadSanitizer: shared scenario, patterns, observation
 * and diagnosis; one session a thread; a cancel from anywhere. */
#include <leakdiag/logs.h>
#include <pthread.h>

#include "net/http.h"
#include "sources/gathers.h"

#define THREADS 4
#define CLIENTS 8
#define CALLS   20
#define LOOKS   5

typedef struct worker {
    leakdiag_scenario *scenario;
    leakdiag_cancel *cancel;
    leakdiag_status status;
    int expected;
} worker;

/* Assertions of Check are for the main thread: a worker only counts. */
static void *look_often(void *payload)
{
    worker *w = payload;
    leakdiag_session *session = NULL;
    w->status = leakdiag_session_new(w->scenario, NULL, &session, NULL);
    for (int i = 0; !w->status && i < LOOKS; i++) {
        leakdiag_observation *o = NULL;
        leakdiag_diagnosis *d = NULL;
        w->status = leakdiag_session_gather(session, &o, NULL);
        if (!w->status)
            w->status = leakdiag_diagnose(w->scenario, o, &d, NULL);
        if (!w->status)
            w->expected += strcmp(finding(d, "flag.value"), "expected") == 0;
        leakdiag_diagnosis_free(d);
        leakdiag_observation_unref(o);
    }
    leakdiag_session_free(session);
    return NULL;
}

START_TEST(sessions_of_one_scenario_run_side_by_side)
{
    fake_http *server = fake_http_start(GOOD_RULES);
    leakdiag_scenario *scenario = scenario_for(fake_http_url(server), fake_http_url(server), NULL);
    pthread_t threads[THREADS];
    worker workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){.scenario = scenario};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, look_often, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(workers[i].status, LEAKDIAG_OK);
        ck_assert_int_eq(workers[i].expected, LOOKS);
    }
    leakdiag_scenario_unref(scenario);
    fake_http_stop(server);
}
END_TEST

/* --- one cluster, a session a thread --- */

#define CLUSTER_THREADS 8

typedef struct cluster_worker {
    leakdiag_cluster *opened;
    leakdiag_scenario *scenario;
    leakdiag_status status;
    int seen;
    char missed[512]; /* what another look found; "" for none */
} cluster_worker;

static void note_look(cluster_worker *w, const leakdiag_observation *o, const leakdiag_diagnosis *d)
{
    const char *value = finding(d, "flag.value"), *seen = finding(d, "flag.seen");
    const char *memory = finding(d, "memory");
    if (strcmp(value, "expected") == 0 && strcmp(seen, "seen") == 0 &&
        strcmp(memory, "on-track") == 0) {
        w->seen++;
        return;
    }
    int n = snprintf(w->missed, sizeof w->missed, "%s, %s, %s", value, seen, memory);
    for (size_t i = 0; i < leakdiag_observation_fact_count(o) && n < (int)sizeof w->missed; i++)
        if (*leakdiag_observation_fact_error(o, i))
            n += snprintf(w->missed + n, sizeof w->missed - (size_t)n, "; %s",
                          leakdiag_observation_fact_error(o, i));
}

static void *look_at_cluster(void *payload)
{
    cluster_worker *w = payload;
    leakdiag_session *session = NULL;
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    options.cluster = w->opened;
    options.deadline_ms = 60000;
    w->status = leakdiag_session_new(w->scenario, &options, &session, NULL);
    for (int i = 0; !w->status && i < LOOKS; i++) {
        leakdiag_observation *o = NULL;
        leakdiag_diagnosis *d = NULL;
        w->status = leakdiag_session_gather(session, &o, NULL);
        if (!w->status)
            w->status = leakdiag_diagnose(w->scenario, o, &d, NULL);
        if (!w->status)
            note_look(w, o, d);
        leakdiag_diagnosis_free(d);
        leakdiag_observation_unref(o);
    }
    leakdiag_session_free(session);
    return NULL;
}

/* One of them meets the 401; all of them renew the one token, and nobody sees less for it. */
START_TEST(sessions_of_one_cluster_run_side_by_side)
{
    const fake_rule once = {.path = "/apis/apps/v1/namespaces/otel-demo/deployments/checkout",
                            .bytes = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
                                     "Connection: close\r\n\r\n",
                            .times = 1};
    place p = {0};
    pthread_t threads[CLUSTER_THREADS];
    cluster_worker workers[CLUSTER_THREADS];
    place_make(&p);
    place_serve(&p, &once, 1, NULL);
    leakdiag_cluster *opened = place_open(&p, fake_http_url(p.server));
    leakdiag_scenario *scenario = place_scenario();
    for (int i = 0; i < CLUSTER_THREADS; i++) {
        workers[i] = (cluster_worker){.opened = opened, .scenario = scenario};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, look_at_cluster, &workers[i]), 0);
    }
    for (int i = 0; i < CLUSTER_THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(workers[i].status, LEAKDIAG_OK);
        ck_assert_msg(workers[i].seen == LOOKS, "a look found %s", workers[i].missed);
    }
    leakdiag_scenario_unref(scenario);
    leakdiag_cluster_free(opened);
    place_remove(&p);
}
END_TEST

static void *watch_until_cancelled(void *payload)
{
    worker *w = payload;
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    leakdiag_watch_options watch = LEAKDIAG_WATCH_OPTIONS_INIT;
    leakdiag_session *session = NULL;
    leakdiag_diagnosis *d = NULL;
    options.deadline_ms = 60000;
    options.cancel = w->cancel;
    watch.for_ms = 60000;
    w->status = leakdiag_session_new(w->scenario, &options, &session, NULL);
    if (!w->status)
        w->status = leakdiag_session_watch(session, &watch, NULL, &d, NULL);
    leakdiag_diagnosis_free(d);
    leakdiag_session_free(session);
    return NULL;
}

START_TEST(a_cancel_from_another_thread_ends_a_look_that_hangs)
{
    const fake_rule hang[] = {{.hang = true}};
    fake_http *server = fake_http_start(hang, 1);
    worker w = {.scenario = scenario_for(fake_http_url(server), fake_http_url(server), NULL)};
    pthread_t thread;
    ck_assert_int_eq(leakdiag_cancel_new(&w.cancel, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, watch_until_cancelled, &w), 0);
    leakdiag_cancel_trigger(w.cancel); /* before, in or after the first question: all must end */
    pthread_join(thread, NULL);
    ck_assert_int_eq(w.status, LEAKDIAG_OK); /* with what was known: nothing */
    leakdiag_cancel_free(w.cancel);
    leakdiag_scenario_unref(w.scenario);
    fake_http_stop(server);
}
END_TEST

static void *scan_shared(void *payload)
{
    leakdiag_patterns *patterns = payload;
    leakdiag_scan *scan = NULL;
    uint64_t count = 0;
    if (!leakdiag_scan_new(patterns, NULL, &scan, NULL)) {
        for (int i = 0; i < 200; i++)
            if (leakdiag_scan_push(scan, "order 12\nother\n", 15, NULL))
                break;
        if (!leakdiag_scan_finish(scan, NULL))
            count = leakdiag_scan_count(scan, 0) + leakdiag_scan_count(scan, 1);
    }
    leakdiag_scan_free(scan);
    leakdiag_patterns_unref(patterns);
    return (void *)(uintptr_t)count;
}

START_TEST(a_compiled_set_is_shared_by_scans_of_many_threads)
{
    const leakdiag_pattern list[] = {{"a", "ORDER", LEAKDIAG_PATTERN_IGNORE_CASE},
                                     {"b", "order ([0-9]+)", LEAKDIAG_PATTERN_REGEX}};
    leakdiag_patterns *patterns = NULL;
    pthread_t threads[THREADS];
    ck_assert_int_eq(leakdiag_patterns_new(list, 2, &patterns, NULL), LEAKDIAG_OK);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, scan_shared, leakdiag_patterns_ref(patterns)), 0);
    leakdiag_patterns_unref(patterns);
    for (int i = 0; i < THREADS; i++) {
        void *count;
        pthread_join(threads[i], &count);
        ck_assert_uint_eq((uintptr_t)count, 400);
    }
}
END_TEST

/* ---- one client a thread ---- */

typedef struct asker {
    char url[64];
    const leakdiag_transport *transport;
    size_t answered;
} asker;

static void add_one_more(ld_http_request *request, void *payload)
{
    ld_http_request *next = (ld_http_request *)request->payload;
    (void)payload;
    request->payload = NULL;
    if (next && ld_http_client_add((ld_http_client *)(void *)next->payload, next, NULL))
        next->end = LD_HTTP_CANCELLED;
}

static void *ask_over_one_client(void *payload)
{
    asker *a = payload;
    ld_http_client *client = NULL;
    leakdiag_status status = ld_http_client_new(a->transport, &client, NULL);
    for (int i = 0; !status && i < CALLS; i++) {
        ld_http_request second = {.method = "GET", .url = a->url, .is_bulk = i % 2 == 1};
        ld_http_request first = second;
        second.payload = client;
        first.on_done = add_one_more;
        first.payload = &second;
        ld_http_request *pointers[] = {&first};
        status = ld_http_client_perform(client, pointers, 1, 20000, NULL, NULL);
        a->answered += !status && first.end == LD_HTTP_ANSWERED && first.status == 200;
        a->answered += !status && second.end == LD_HTTP_ANSWERED && second.status == 200;
        ld_http_request_done(&first);
        ld_http_request_done(&second);
    }
    ld_http_client_free(client);
    return NULL;
}

static void ask_from_many_threads(const char *url, const leakdiag_transport *transport)
{
    pthread_t threads[CLIENTS];
    asker askers[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        askers[i] = (asker){.transport = transport};
        snprintf(askers[i].url, sizeof askers[i].url, "%s", url);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_over_one_client, &askers[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(askers[i].answered, 2 * CALLS);
    }
}

START_TEST(each_thread_may_have_a_client)
{
    const fake_rule rule = {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                            .keep = true};
    fake_http *server = fake_http_start(&rule, 1);
    ask_from_many_threads(fake_http_url(server), NULL);
    ck_assert_uint_eq(fake_http_request_count(server), CLIENTS * CALLS * 2);
    fake_http_stop(server);
}
END_TEST

static int answer_200(const leakdiag_http_request *request, leakdiag_http_answer *ret,
                      void *payload)
{
    (void)request, (void)payload;
    ret->status = 200;
    return 0;
}

START_TEST(a_transport_may_serve_clients_of_many_threads)
{
    const leakdiag_transport transport = {.size = sizeof transport, .answer = answer_200};
    ask_from_many_threads("http://h/", &transport);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("threads");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, sessions_of_one_scenario_run_side_by_side);
    tcase_add_test(tc, sessions_of_one_cluster_run_side_by_side);
    tcase_add_test(tc, a_cancel_from_another_thread_ends_a_look_that_hangs);
    tcase_add_test(tc, a_compiled_set_is_shared_by_scans_of_many_threads);
    tcase_add_test(tc, each_thread_may_have_a_client);
    tcase_add_test(tc, a_transport_may_serve_clients_of_many_threads);
    Suite *suite = suite_create("threads");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
