/* What happened to pods between two looks: from the events since the list before, each once, and
 * what is not known of that time is told. */
#include <stdarg.h>

#include "base/alloc.h"
#include "diagnosis/diagnosis.h"
#include "diagnosis/view_parts.h"
#include "observation/compact.h"
#include "observation/observation.h"
#include "run/session.h"
#include "sources/clusters.h"

#define OK(call)                                                                                   \
    do {                                                                                           \
        leakdiag_error err = {0};                                                                  \
        leakdiag_status status_ = (call);                                                          \
        ck_assert_msg(status_ == LEAKDIAG_OK, #call ": %s", err.message);                          \
    } while (0)

static const char scenario_text[] =
    "apiVersion: leakdiag/v1\nkind: Scenario\nmetadata: {name: w, title: W, summary: W.}\n"
    "pace: {every: 5s, window: 5m, settle: 1m, stale: 2m}\n"
    "sources:\n  workload:\n"
    "    - {type: kubernetes, as: app, namespace: otel-demo, deployment: checkout,"
    " usual_selector: app=checkout, container: checkout}\n"
    "  log:\n    - {type: pod-log, of: app}\n"
    "patterns:\n  order: {text: order}\n"
    "checks:\n"
    "  orders: {kind: rate, asks: 'Are there orders?', expect: {of: ['log:order'],"
    " min_per_min: 1, max_per_min: 1000}}\n"
    "  termination: {kind: termination, asks: 'How did it end?'}\n";

static const char deployment[] =
    "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":\"checkout\","
    "\"namespace\":\"otel-demo\",\"uid\":\"d\",\"generation\":1},\"spec\":{\"replicas\":1,"
    "\"selector\":{\"matchLabels\":{\"app\":\"checkout\"}},\"template\":{\"spec\":{\"containers\":["
    "{\"name\":\"checkout\"}]}}},\"status\":{\"observedGeneration\":1,\"replicas\":1,"
    "\"updatedReplicas\":1,\"readyReplicas\":1,\"availableReplicas\":1}}";

/* An API server that says what it is told. */
typedef struct server {
    place place;
    leakdiag_cluster *cluster;
    leakdiag_session *session;
    leakdiag_observation *seen;
    char pods[1 << 18], events[1 << 18], body[(1 << 18) + 256];
    const char *version; /* of the list; NULL: none is said */
    bool is_partial;     /* the list has more */
    int status;          /* of the watch; 0: no answer */
    int log_status;      /* of the logs; 0: 200 */
    int n_watches;
    char asked_from[32], watch_url[512];
} server;

static void say(leakdiag_http_answer *ret, int status, const char *type, const char *body)
{
    ret->status = status;
    ret->content_type = type;
    ret->body = body;
    ret->body_len = strlen(body);
}

static void answer_watch(server *v, const char *url, leakdiag_http_answer *ret)
{
    const char *from = strstr(url, "resourceVersion=");
    ck_assert_ptr_nonnull(from);
    v->n_watches++;
    snprintf(v->watch_url, sizeof v->watch_url, "%s", url);
    snprintf(v->asked_from, sizeof v->asked_from, "%.*s", (int)strcspn(from + 16, "&"), from + 16);
    if (v->status) {
        say(ret, v->status, "application/json", v->events);
        return;
    }
    ret->failure = "connection reset by peer";
    ret->failure_kind = LEAKDIAG_HTTP_FAILURE_CUT_OFF;
}

static int answer(const leakdiag_http_request *request, leakdiag_http_answer *ret, void *payload)
{
    server *v = payload;
    const char *url = request->url;
    *ret = (leakdiag_http_answer){.size = ret->size, .latency_ms = 1, .date_ms = v->place.now_ms};
    if (strstr(url, "watch=true"))
        answer_watch(v, url, ret);
    else if (strstr(url, "/deployments/"))
        say(ret, 200, "application/json", deployment);
    else if (strstr(url, "metrics.k8s.io"))
        say(ret, 200, "application/json",
            "{\"kind\":\"PodMetricsList\",\"apiVersion\":\"metrics.k8s.io/v1beta1\",\"items\":[]}");
    else if (strstr(url, "/log?") && v->log_status)
        say(ret, v->log_status, "application/json",
            "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":"
            "\"not now\",\"code\":0}");
    else if (strstr(url, "/log?"))
        say(ret, 200, "text/plain", "2026-11-23T10:00:00.000000001Z order\n");
    else {
        snprintf(
            v->body, sizeof v->body,
            "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{%s%s%s%s},\"items\":[%s]}",
            v->version ? "\"resourceVersion\":\"" : "", v->version ? v->version : "",
            v->version ? "\"" : "", v->is_partial ? ",\"continue\":\"more\"" : "", v->pods);
        say(ret, 200, "application/json", v->body);
    }
    return 0;
}

static int64_t now(void *payload)
{
    return ((server *)payload)->place.now_ms;
}

static void begin(server *v)
{
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    leakdiag_scenario *scenario = NULL;
    *v = (server){.version = "100", .status = 200};
    place_make(&v->place);
    place_config(&v->place, HTTPS, "token: t");
    v->cluster = place_open(&v->place, 0);
    transport.answer = answer;
    transport.payload = v;
    options.transport = &transport;
    options.cluster = v->cluster;
    OK(leakdiag_scenario_parse(scenario_text, strlen(scenario_text), "w", NULL, 0, &scenario,
                               &err));
    OK(leakdiag_session_new(scenario, &options, &v->session, &err));
    leakdiag_scenario_unref(scenario);
    v->session->clock_ms = now;
    v->session->clock_payload = v;
}

static void end(server *v)
{
    leakdiag_observation_unref(v->seen);
    leakdiag_session_free(v->session);
    leakdiag_cluster_free(v->cluster);
    place_remove(&v->place);
}

static void look(server *v)
{
    leakdiag_observation_unref(v->seen);
    v->seen = NULL;
    v->place.now_ms += 30000;
    OK(leakdiag_session_gather(v->session, &v->seen, &err));
}

/* One pod; state and last are members of the container's status. */
static const char *pod(const char *name, const char *version, int restarts, const char *states)
{
    static char text[4][1024];
    static int at;
    char *out = text[at++ % 4];
    snprintf(
        out, sizeof text[0],
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"otel-demo\",\"uid\":"
        "\"uid-%s\",\"resourceVersion\":\"%s\",\"creationTimestamp\":\"2026-11-23T10:00:00Z\"},"
        "\"spec\":{\"containers\":[{\"name\":\"checkout\"}]},\"status\":{\"phase\":\"Running\","
        "\"containerStatuses\":[{\"name\":\"checkout\",\"ready\":true,\"restartCount\":%d%s}]}}",
        name, name, version, restarts, states);
    return out;
}

#define RUNNING    ",\"state\":{\"running\":{\"startedAt\":\"2026-11-23T10:00:00Z\"}}"
#define LAST(m, r) ",\"lastState\":{" DEATH(m, r) "}"
#define DOWN(m, r) ",\"state\":{" DEATH(m, r) "}"
#define DEATH(minute, reason)                                                                      \
    "\"terminated\":{\"exitCode\":137,\"reason\":\"" reason                                        \
    "\",\"startedAt\":\"2026-11-23T10:00:00Z\",\"finishedAt\":\"2026-11-23T10:" minute ":00Z\"}"

static void happen(server *v, const char *type, const char *object)
{
    size_t len = strlen(v->events);
    snprintf(v->events + len, sizeof v->events - len, "{\"type\":\"%s\",\"object\":%s}\n", type,
             object);
}

static void list(server *v, const char *version, const char *pods)
{
    v->version = version;
    snprintf(v->pods, sizeof v->pods, "%s", pods);
}

/* Facts of the time between looks, and gaps of logs. */
static size_t ends_between(const server *v, const char *reason)
{
    size_t n = 0;
    for (size_t i = 0; i < v->seen->n_facts; i++) {
        const ld_fact *fact = v->seen->facts[i];
        n += fact->kind == LD_FACT_MEMORY && !fact->error && fact->of.memory.pod.is_between_looks &&
             strcmp(fact->of.memory.pod.end_reason, reason) == 0;
    }
    return n;
}

static const ld_fact *gap(const server *v, const char *source)
{
    const ld_fact *found = NULL;
    for (size_t i = 0; i < v->seen->n_facts; i++) {
        const ld_fact *fact = v->seen->facts[i];
        if (fact->kind != LD_FACT_LOG || fact->error || !fact->of.log.has_gap)
            continue;
        ck_assert_msg(!found && strcmp(fact->source, source) == 0, "%s: %s", fact->source,
                      fact->of.log.gap_reason);
        found = fact;
    }
    return found;
}

static const char *termination(server *v)
{
    static char text[256];
    leakdiag_diagnosis *d = NULL;
    OK(leakdiag_diagnose(v->session->scenario, v->seen, &d, &err));
    for (size_t i = 0; i < leakdiag_diagnosis_check_count(d); i++)
        if (strcmp(leakdiag_check_id(d, i), "termination") == 0)
            snprintf(text, sizeof text, "%s: %s", leakdiag_check_finding(d, i),
                     leakdiag_check_observed(d, i));
    leakdiag_diagnosis_free(d);
    return text;
}

static server v;

/* Why nothing is known of the time before the last look; NULL: it is. */
static const char *unknown(void)
{
    const ld_fact *last = NULL;
    for (size_t i = 0; i < v.seen->n_facts; i++) {
        const ld_fact *fact = v.seen->facts[i];
        if (fact->kind == LD_FACT_MEMORY && !fact->error && !fact->of.memory.pod.is_between_looks)
            last = fact;
    }
    ck_assert_ptr_nonnull(last);
    return last->of.memory.pod.no_events;
}

static void assert_unknown(const char *part)
{
    ck_assert_msg(unknown() && strstr(unknown(), part), "%s", unknown() ? unknown() : "known");
}

static const char *reason(const char *id)
{
    static char text[512];
    leakdiag_diagnosis *d = NULL;
    OK(leakdiag_diagnose(v.session->scenario, v.seen, &d, &err));
    const char *said = leakdiag_check_reason(d, leakdiag_diagnosis_find_check(d, id));
    snprintf(text, sizeof text, "%s", said ? said : "");
    leakdiag_diagnosis_free(d);
    return text;
}

static void look_often(int n)
{
    static char version[16];
    for (int i = 0; i < n; i++) {
        snprintf(version, sizeof version, "%d", 200 + i);
        list(&v, version, pod("a", "90", 0, RUNNING));
        look(&v);
    }
}

START_TEST(the_second_look_asks_for_what_happened_since_the_first_list)
{
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_int_eq(v.n_watches, 0);
    list(&v, "120", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_int_eq(v.n_watches, 1);
    ck_assert_str_eq(v.asked_from, "100");
    ck_assert_ptr_nonnull(strstr(v.watch_url, "/namespaces/otel-demo/pods?"));
    ck_assert_ptr_nonnull(strstr(v.watch_url, "labelSelector=app%3Dcheckout"));
    ck_assert_ptr_nonnull(strstr(v.watch_url, "timeoutSeconds=1"));
    list(&v, "130", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_str_eq(v.asked_from, "120");
    look(&v); /* nothing at all has changed in the cluster */
    ck_assert_int_eq(v.n_watches, 2);
    ck_assert_ptr_null(gap(&v, ""));
    ck_assert_ptr_null(unknown());
    ck_assert_str_eq(reason("termination"), "");
}
END_TEST

START_TEST(a_pod_that_came_and_went_is_told_with_its_end_and_its_log)
{
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_str_eq(termination(&v), "none: no OOM kill, no restart");
    happen(&v, "ADDED", pod("b", "101", 0, RUNNING));
    happen(&v, "MODIFIED", pod("b", "102", 0, DOWN("01", "OOMKilled")));
    happen(&v, "DELETED", pod("b", "103", 0, DOWN("01", "OOMKilled")));
    list(&v, "120", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_uint_eq(ends_between(&v, "OOMKilled"), 1);
    ck_assert_str_eq(termination(&v), "oom-killed: 1 OOM kill");
    const ld_fact *told = gap(&v, "pod-log otel-demo/b/checkout");
    ck_assert_ptr_nonnull(told);
    ck_assert_str_eq(told->of.log.gap_reason, "its pod is gone, and no look has read its log");
    ck_assert_int_eq(told->of.log.gap_to_ms - told->of.log.gap_from_ms, 60000);
    /* It is not what is judged, nor is it asked for again. */
    ck_assert_str_eq(ld_latest_memory(v.seen)->of.memory.pod.name, "a");
    v.events[0] = '\0';
    list(&v, "130", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_uint_eq(ends_between(&v, "OOMKilled"), 1);
}
END_TEST

START_TEST(a_container_that_was_killed_twice_between_two_looks_was_killed_twice)
{
    list(&v, "100", pod("a", "90", 1, RUNNING LAST("01", "OOMKilled")));
    look(&v);
    happen(&v, "MODIFIED", pod("a", "101", 1, DOWN("02", "OOMKilled") LAST("01", "OOMKilled")));
    happen(&v, "MODIFIED", pod("a", "102", 2, RUNNING LAST("02", "OOMKilled")));
    happen(&v, "MODIFIED", pod("a", "103", 2, DOWN("03", "OOMKilled") LAST("02", "OOMKilled")));
    happen(&v, "MODIFIED", pod("a", "104", 3, RUNNING LAST("03", "OOMKilled")));
    list(&v, "120", pod("a", "104", 3, RUNNING LAST("03", "OOMKilled")));
    look(&v);
    ck_assert_uint_eq(ends_between(&v, "OOMKilled"), 1); /* the last one is in the list */
    leakdiag_diagnosis *d = NULL;
    OK(leakdiag_diagnose(v.session->scenario, v.seen, &d, &err));
    ck_assert_uint_eq(d->view.n_ooms, 3);
    for (size_t i = 1; i < 3; i++)
        ck_assert_int_eq(d->view.oom_ms[i] - d->view.oom_ms[i - 1], 60000);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(the_kills_of_another_pod_that_is_still_there_bend_no_curve)
{
    char both[2048];
    snprintf(both, sizeof both, "%s,%s", pod("a", "90", 0, RUNNING), pod("b", "91", 0, RUNNING));
    list(&v, "100", both);
    look(&v);
    happen(&v, "MODIFIED", pod("b", "102", 1, RUNNING LAST("02", "OOMKilled")));
    happen(&v, "MODIFIED", pod("b", "104", 2, RUNNING LAST("03", "OOMKilled")));
    snprintf(both, sizeof both, "%s,%s", pod("a", "90", 0, RUNNING),
             pod("b", "104", 2, RUNNING LAST("03", "OOMKilled")));
    list(&v, "120", both);
    look(&v);
    ck_assert_uint_eq(ends_between(&v, "OOMKilled"), 1);
    leakdiag_diagnosis *d = NULL;
    OK(leakdiag_diagnose(v.session->scenario, v.seen, &d, &err));
    ck_assert_str_eq(d->view.memory->of.memory.pod.name, "a");
    ck_assert_uint_eq(d->view.n_ooms, 0);
    ck_assert_uint_eq(d->view.n_restarts, 0);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(a_pod_that_looks_have_met_is_no_missed_one)
{
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    happen(&v, "ADDED", pod("b", "101", 0, RUNNING));
    happen(&v, "DELETED", pod("a", "102", 0, DOWN("01", "Completed")));
    list(&v, "120", pod("b", "101", 0, RUNNING));
    look(&v);
    const ld_fact *told = gap(&v, "pod-log otel-demo/a/checkout");
    ck_assert_ptr_nonnull(told);
    ck_assert_str_eq(told->of.log.gap_reason,
                     "its pod is gone: what it wrote after the last look was not read");
    ck_assert_str_eq(termination(&v), "none: no OOM kill, no restart");
}
END_TEST

START_TEST(events_that_are_no_longer_there_are_a_gap_and_the_next_look_goes_on)
{
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    happen(
        &v, "ERROR",
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"too old "
        "resource version: 100 (110)\",\"reason\":\"Expired\",\"code\":410}");
    list(&v, "120", pod("a", "90", 0, RUNNING));
    look(&v);
    const ld_fact *told = gap(&v, "pod-log otel-demo/app=checkout");
    ck_assert_ptr_nonnull(told);
    ck_assert_ptr_nonnull(strstr(told->of.log.gap_reason, "no longer has the events"));
    ck_assert_int_eq(told->of.log.gap_to_ms - told->of.log.gap_from_ms, 30000);
    assert_unknown("no longer has the events");
    v.events[0] = '\0';
    list(&v, "130", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_str_eq(v.asked_from, "120");
    ck_assert_ptr_null(unknown()); /* of the last look; of the one before it stays so */
    look_often(40);
    leakdiag_observation *fewer = NULL;
    OK(ld_observation_compact(v.seen, v.seen->now_ms, &fewer, &err));
    ck_assert_uint_lt(fewer->n_facts, v.seen->n_facts / 4);
    leakdiag_observation_unref(v.seen);
    v.seen = fewer;
    ck_assert_ptr_nonnull(strstr(reason("termination"), "no longer has the events"));
}
END_TEST

START_TEST(who_may_not_watch_is_not_asked_again)
{
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    v.status = 403;
    snprintf(
        v.events, sizeof v.events,
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"pods is "
        "forbidden\",\"reason\":\"Forbidden\",\"code\":403}");
    list(&v, "120", pod("a", "90", 0, RUNNING));
    look(&v);
    assert_unknown("not permitted (403)");
    for (int i = 0; i < 2; i++) {
        list(&v, i ? "140" : "130", pod("a", "90", 0, RUNNING));
        look(&v);
        ck_assert_int_eq(v.n_watches, 1);
        assert_unknown("not permitted (403)");
    }
    ck_assert_ptr_null(gap(&v, ""));
    ck_assert_str_eq(termination(&v), "none: no OOM kill, no restart");
    ck_assert_ptr_nonnull(strstr(reason("termination"), "the verb watch of pods"));
}
END_TEST

START_TEST(a_watch_in_vain_rests_and_is_tried_again)
{
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    v.status = 0;
    static char version[16];
    for (int i = 0; i < 3; i++) {
        snprintf(version, sizeof version, "%d", 120 + i);
        list(&v, version, pod("a", "90", 0, RUNNING));
        look(&v);
        ck_assert_str_eq(v.asked_from, "100"); /* nothing is lost as yet */
        ck_assert(!unknown() == (i < 2));
    }
    assert_unknown("asking for its events fails: ");
    for (int i = 0; i < 11; i++) {
        snprintf(version, sizeof version, "%d", 130 + i);
        list(&v, version, pod("a", "90", 0, RUNNING));
        look(&v);
        ck_assert_int_eq(v.n_watches, 3);
        assert_unknown("rests");
    }
    v.status = 200;
    list(&v, "150", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_str_eq(v.asked_from, "140");
    ck_assert_ptr_null(unknown());
    list(&v, "160", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_str_eq(v.asked_from, "150");
    v.status = 0;
    list(&v, "170", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_ptr_null(unknown()); /* what was in vain before is forgotten */
}
END_TEST

START_TEST(events_that_are_gone_are_no_failure_to_ask)
{
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    for (int i = 0; i < 6; i++) {
        static char version[16];
        snprintf(version, sizeof version, "%d", 120 + 10 * i);
        v.status = i % 3 == 2 ? 410 : 0;
        snprintf(v.events, sizeof v.events,
                 "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\","
                 "\"message\":\"too old\",\"reason\":\"Expired\",\"code\":410}");
        list(&v, version, pod("a", "90", 0, RUNNING));
        look(&v);
        ck_assert(!unknown() == (i % 3 < 2));
    }
    look(&v); /* nothing has changed: nothing is asked, and nothing is unknown */
    ck_assert_int_eq(v.n_watches, 6);
    ck_assert_ptr_null(unknown());
}
END_TEST

START_TEST(a_kill_beside_the_pod_that_is_judged_bends_no_curve)
{
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    happen(&v, "ADDED", pod("b", "101", 0, RUNNING));
    happen(&v, "DELETED", pod("b", "103", 0, DOWN("01", "OOMKilled")));
    list(&v, "120", pod("a", "90", 0, RUNNING));
    look(&v);
    leakdiag_diagnosis *d = NULL;
    OK(leakdiag_diagnose(v.session->scenario, v.seen, &d, &err));
    ck_assert_uint_eq(d->view.n_ooms, 0);
    ck_assert_uint_eq(d->view.n_restarts, 0);
    ck_assert_uint_eq(d->view.n_gone_ooms, 1);
    leakdiag_diagnosis_free(d);
    ck_assert_str_eq(termination(&v), "oom-killed: 1 OOM kill");
}
END_TEST

START_TEST(a_kill_while_no_pod_is_there_is_told_and_the_pod_stays_missing)
{
    list(&v, "100", "");
    look(&v);
    happen(&v, "ADDED", pod("b", "101", 0, RUNNING));
    happen(&v, "DELETED", pod("b", "103", 0, DOWN("01", "OOMKilled")));
    list(&v, "120", "");
    look(&v);
    leakdiag_diagnosis *d = NULL;
    OK(leakdiag_diagnose(v.session->scenario, v.seen, &d, &err));
    ck_assert_ptr_null(d->view.memory);
    ck_assert_ptr_nonnull(d->view.memory_error);
    leakdiag_diagnosis_free(d);
    ck_assert_str_eq(termination(&v), "oom-killed: 1 OOM kill");
}
END_TEST

START_TEST(how_it_ended_last_is_not_taken_for_the_kill_before)
{
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    list(&v, "110", pod("a", "105", 1, RUNNING LAST("01", "OOMKilled")));
    look(&v);
    v.events[0] = '\0';
    list(&v, "120", pod("a", "115", 2, RUNNING LAST("03", "Error")));
    look(&v);
    ck_assert_str_eq(termination(&v), "oom-killed: 1 OOM kill");
}
END_TEST

START_TEST(a_pod_whose_log_could_not_be_read_before_it_went_is_told)
{
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    v.log_status = 400;
    char both[2048];
    snprintf(both, sizeof both, "%s,%s", pod("a", "90", 0, RUNNING),
             pod("b", "101", 0, ",\"state\":{\"waiting\":{\"reason\":\"ContainerCreating\"}}"));
    list(&v, "110", both);
    look(&v);
    v.log_status = 0;
    happen(&v, "MODIFIED", pod("b", "111", 0, RUNNING));
    happen(&v, "DELETED", pod("b", "112", 0, RUNNING));
    list(&v, "120", pod("a", "90", 0, RUNNING));
    look(&v);
    const ld_fact *told = gap(&v, "pod-log otel-demo/b/checkout");
    ck_assert_ptr_nonnull(told);
    ck_assert_str_eq(told->of.log.gap_reason, "its pod is gone, and no look has read its log");
    ck_assert(told->of.log.is_gap_only);
}
END_TEST

START_TEST(a_gap_is_no_log_that_was_read)
{
    v.log_status = 403;
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    happen(&v, "ADDED", pod("b", "101", 0, RUNNING));
    happen(&v, "DELETED", pod("b", "112", 0, RUNNING));
    list(&v, "120", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_ptr_nonnull(gap(&v, "pod-log otel-demo/b/checkout"));
    leakdiag_diagnosis *d = NULL;
    OK(leakdiag_diagnose(v.session->scenario, v.seen, &d, &err));
    ck_assert(!d->view.log.is_read && d->view.log.has_gap);
    ck_assert(d->view.log.fact && d->view.log.fact->failed == LEAKDIAG_E_AUTH);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(a_list_that_is_not_whole_or_says_no_version_leaves_a_time_unknown)
{
    for (int i = 0; i < 2; i++) {
        list(&v, i ? "200" : "100", pod("a", "90", 0, RUNNING));
        look(&v);
        list(&v, i ? NULL : "120", pod("a", "90", 0, RUNNING));
        v.is_partial = !i;
        look(&v);
        assert_unknown("or is not whole");
        v.is_partial = false;
        list(&v, "140", pod("a", "90", 0, RUNNING));
        look(&v);
        assert_unknown("or was not whole");
        int asked = v.n_watches;
        list(&v, "160", pod("a", "90", 0, RUNNING));
        look(&v);
        ck_assert_ptr_null(unknown());
        ck_assert_int_eq(v.n_watches, asked + 1);
        ck_assert_str_eq(v.asked_from, "140");
    }
}
END_TEST

START_TEST(a_version_that_is_no_number_is_none)
{
    static const char *const versions[] = {"-", "~", "?", "12a", ""};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        list(&v, versions[i], pod("a", "90", 0, RUNNING));
        look(&v);
        list(&v, "120", pod("a", "90", 0, RUNNING));
        look(&v);
        assert_unknown("named no version to begin at");
    }
    ck_assert_int_eq(v.n_watches, 0);
}
END_TEST

START_TEST(what_a_server_says_of_its_failure_shows_no_secret)
{
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    v.status = 500;
    snprintf(v.events, sizeof v.events,
             "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":"
             "\"no etcd with password=CANARY1234\",\"reason\":\"InternalError\",\"code\":500}");
    for (int i = 0; i < 3; i++) {
        static const char *const next[] = {"120", "130", "140"};
        list(&v, next[i], pod("a", "90", 0, RUNNING));
        look(&v);
    }
    assert_unknown("no etcd with");
    char *text = NULL;
    OK(leakdiag_observation_to_json(v.seen, &text, &err));
    ck_assert_ptr_nonnull(strstr(text, "no etcd with"));
    ck_assert_ptr_null(strstr(text, "CANARY1234"));
    leakdiag_free(text);
}
END_TEST

START_TEST(a_short_deadline_leaves_it_unknown)
{
    v.session->clock_ms = NULL; /* a virtual clock waits for nothing */
    v.session->options.deadline_ms = 1000;
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_ptr_null(unknown());
    list(&v, "120", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_int_eq(v.n_watches, 0);
    assert_unknown("2.5 s");
}
END_TEST

START_TEST(a_watch_that_was_cut_off_is_taken_up_where_it_broke)
{
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    v.status = 0;
    list(&v, "120", pod("a", "90", 0, RUNNING));
    look(&v); /* no answer at all */
    v.status = 200;
    happen(&v, "ADDED", pod("b", "101", 0, RUNNING));
    happen(&v, "DELETED", pod("b", "103", 0, DOWN("01", "OOMKilled")));
    strcat(v.events, "{\"type\":\"ADD"); /* a line that ends nowhere is no event */
    list(&v, "130", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_str_eq(v.asked_from, "100");
    ck_assert_uint_eq(ends_between(&v, "OOMKilled"), 1);
    strcat(v.events, "\n"); /* now it is one, and it is broken: what came before it counts */
    happen(&v, "DELETED", pod("c", "131", 0, DOWN("02", "OOMKilled")));
    char *broken = strstr(v.events, "{\"type\":\"ADD\n"), *rest = strchr(broken, '\n') + 1;
    char first[1024];
    snprintf(first, sizeof first, "%s", rest);
    snprintf(v.events, sizeof v.events, "%s{\"type\":\"ADD\n", first);
    list(&v, "140", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_str_eq(v.asked_from, "103"); /* what may have followed it is asked for again */
    ck_assert_uint_eq(ends_between(&v, "OOMKilled"), 2);
    v.events[0] = '\0';
    list(&v, "150", pod("a", "90", 0, RUNNING));
    look(&v);
    ck_assert_str_eq(v.asked_from, "131");
}
END_TEST

START_TEST(what_came_after_the_list_counts_once)
{
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    happen(&v, "MODIFIED", pod("a", "1021", 1, RUNNING LAST("01", "OOMKilled")));
    list(&v, "999", pod("a", "90", 0, RUNNING)); /* that a number is longer counts, too */
    look(&v);
    ck_assert_uint_eq(ends_between(&v, "OOMKilled"), 1);
    v.events[0] = '\0';
    list(&v, "1100", pod("a", "1021", 1, RUNNING LAST("01", "OOMKilled")));
    look(&v);
    ck_assert_str_eq(v.asked_from, "1021");
    leakdiag_diagnosis *d = NULL;
    OK(leakdiag_diagnose(v.session->scenario, v.seen, &d, &err));
    ck_assert_uint_eq(d->view.n_ooms, 1);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(a_capture_keeps_what_was_between_looks)
{
    char *text = NULL, *again = NULL;
    leakdiag_observation *read = NULL;
    list(&v, "100", pod("a", "90", 0, RUNNING));
    look(&v);
    happen(&v, "DELETED", pod("b", "103", 0, DOWN("01", "OOMKilled")));
    list(&v, "120", pod("a", "90", 0, RUNNING));
    look(&v);
    v.status = 403;
    snprintf(v.events, sizeof v.events,
             "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":403}");
    list(&v, "130", pod("a", "90", 0, RUNNING));
    look(&v);
    OK(leakdiag_observation_to_json(v.seen, &text, &err));
    ck_assert_ptr_nonnull(strstr(text, "\"is_between_looks\":true"));
    ck_assert_ptr_nonnull(strstr(text, "\"is_gap_only\":true"));
    ck_assert_ptr_nonnull(strstr(text, "\"no_events\":\"watching pods is not permitted"));
    OK(leakdiag_observation_from_json(text, strlen(text), &read, &err));
    OK(leakdiag_observation_to_json(read, &again, &err));
    ck_assert_str_eq(text, again);
    leakdiag_observation_unref(read);
    leakdiag_free(text);
    leakdiag_free(again);
}
END_TEST

/* Many pods. */
static void list_many(server *w, const char *version, int n, const char *states)
{
    char name[16];
    size_t len = 0;
    w->version = version;
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "p%d", i);
        len += (size_t)snprintf(w->pods + len, sizeof w->pods - len, "%s%s", i ? "," : "",
                                pod(name, "90", 0, states));
    }
}

static void happen_to_many(server *w, const char *type, int from, int to, const char *states)
{
    char name[16];
    for (int i = from; i < to; i++) {
        snprintf(name, sizeof name, "p%d", i);
        happen(w, type, pod(name, "101", 1, states));
    }
}

static int64_t lines_read(const server *w)
{
    int64_t n = 0;
    for (size_t i = 0; i < w->seen->n_facts; i++)
        if (w->seen->facts[i]->kind == LD_FACT_LOG && !w->seen->facts[i]->error)
            n += w->seen->facts[i]->of.log.lines;
    return n;
}

START_TEST(what_happens_to_many_pods_takes_no_room_from_what_is_known_of_their_logs)
{
    list_many(&v, "100", 300, RUNNING);
    look(&v);
    int64_t n = lines_read(&v);
    ck_assert_int_eq(n, 16);
    happen_to_many(&v, "MODIFIED", 0, 300, RUNNING LAST("01", "OOMKilled"));
    list_many(&v, "120", 300, RUNNING LAST("01", "OOMKilled"));
    look(&v);
    ck_assert_uint_eq(ends_between(&v, "OOMKilled"), 255); /* of those that no fact shows */
    v.events[0] = '\0';
    list_many(&v, "130", 300, RUNNING LAST("01", "OOMKilled"));
    look(&v);
    ck_assert_str_eq(v.asked_from, "120");
    ck_assert_int_eq(lines_read(&v), n);
    happen_to_many(&v, "MODIFIED", 300, 600, DOWN("02", "OOMKilled"));
    list_many(&v, "140", 300, RUNNING LAST("01", "OOMKilled"));
    look(&v);
    ck_assert_uint_eq(ends_between(&v, "OOMKilled"), 510);
    v.events[0] = '\0';
    list_many(&v, "150", 300, RUNNING LAST("01", "OOMKilled"));
    look(&v);
    ck_assert_str_eq(v.asked_from, "140");
    ck_assert_int_eq(lines_read(&v), n);
}
END_TEST

static void ask_for_many(ld_memories *memories)
{
    char key[16];
    for (int i = 0; i < LD_MEMORIES_MAX; i++) {
        snprintf(key, sizeof key, "end %d", i);
        ck_assert_ptr_nonnull(ld_memories_of(memories, key));
    }
}

START_TEST(a_log_makes_room_only_when_its_look_is_over)
{
    ld_memories *memories = &v.session->memories;
    for (int over = 0; over < 2; over++) {
        ld_memory_of *memory = ld_memories_of(memories, "log uid/checkout");
        if (!memory->log)
            memory->log = ld_alloc_zero(sizeof *memory->log);
        ck_assert_ptr_nonnull(memory->log);
        if (over)
            ld_memories_keep(memories);
        ask_for_many(memories);
        ck_assert_int_eq(ld_memories_find(memories, "log uid/checkout") == NULL, over);
    }
}
END_TEST

START_TEST(logs_that_are_not_read_because_there_are_so_many_are_told)
{
    list_many(&v, "100", 17, RUNNING);
    look(&v);
    const ld_fact *told = gap(&v, "pod-log otel-demo/app=checkout");
    ck_assert_ptr_nonnull(told);
    ck_assert_str_eq(told->of.log.gap_reason, "of 17 pods only the logs of the first 16 are read");
}
END_TEST

static void set_up(void)
{
    begin(&v);
}

static void tear_down(void)
{
    end(&v);
}

int main(void)
{
    TCase *tc = tcase_create("watch");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, the_second_look_asks_for_what_happened_since_the_first_list);
    tcase_add_test(tc, a_pod_that_came_and_went_is_told_with_its_end_and_its_log);
    tcase_add_test(tc, a_container_that_was_killed_twice_between_two_looks_was_killed_twice);
    tcase_add_test(tc, the_kills_of_another_pod_that_is_still_there_bend_no_curve);
    tcase_add_test(tc, a_pod_that_looks_have_met_is_no_missed_one);
    tcase_add_test(tc, events_that_are_no_longer_there_are_a_gap_and_the_next_look_goes_on);
    tcase_add_test(tc, who_may_not_watch_is_not_asked_again);
    tcase_add_test(tc, a_watch_in_vain_rests_and_is_tried_again);
    tcase_add_test(tc, events_that_are_gone_are_no_failure_to_ask);
    tcase_add_test(tc, a_kill_beside_the_pod_that_is_judged_bends_no_curve);
    tcase_add_test(tc, a_kill_while_no_pod_is_there_is_told_and_the_pod_stays_missing);
    tcase_add_test(tc, how_it_ended_last_is_not_taken_for_the_kill_before);
    tcase_add_test(tc, a_pod_whose_log_could_not_be_read_before_it_went_is_told);
    tcase_add_test(tc, a_gap_is_no_log_that_was_read);
    tcase_add_test(tc, a_list_that_is_not_whole_or_says_no_version_leaves_a_time_unknown);
    tcase_add_test(tc, a_version_that_is_no_number_is_none);
    tcase_add_test(tc, what_a_server_says_of_its_failure_shows_no_secret);
    tcase_add_test(tc, a_short_deadline_leaves_it_unknown);
    tcase_add_test(tc, a_watch_that_was_cut_off_is_taken_up_where_it_broke);
    tcase_add_test(tc, what_came_after_the_list_counts_once);
    tcase_add_test(tc, logs_that_are_not_read_because_there_are_so_many_are_told);
    tcase_add_test(tc, a_capture_keeps_what_was_between_looks);
    tcase_add_test(tc, what_happens_to_many_pods_takes_no_room_from_what_is_known_of_their_logs);
    tcase_add_test(tc, a_log_makes_room_only_when_its_look_is_over);
    Suite *suite = suite_create("pod watch");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
