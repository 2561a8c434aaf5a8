/* One answer of a whole look is late, cut, refused or something else: what it was for is unknown
 * and says why, all other facts are there, in time, and the capture replays to the same bytes. */
#include "sources/gathers.h"

#define API   "/api/v1/namespaces/otel-demo"
#define PROXY API "/services/"

#define STATUS_BODY(code, reason, message)                                                         \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","           \
    "\"message\":\"" message "\",\"reason\":\"" reason "\",\"code\":" code "}"
#define SAID(line, code, reason, message)                                                          \
    "HTTP/1.1 " line                                                                               \
    "\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" STATUS_BODY(code, reason,    \
                                                                                  message)
#define BLANK "                                                                                "

/* What is asked, the source of its fact, and the check that rests on it alone. */
static const struct resource {
    const char *name, *path, *source, *check;
} resources[] = {
    {"deployment", "/apis/apps/v1/namespaces/otel-demo/deployments/checkout",
     "deployment otel-demo/checkout", "rollout.app"},
    {"pods", API "/pods", "pods otel-demo/", "limit"},
    {"metrics", "/apis/metrics.k8s.io/v1beta1/namespaces/otel-demo/pods", "pod otel-demo/", NULL},
    {"log", API "/pods/checkout-558fcdb47f-gq2n7/log", "pod-log otel-demo/", "flag.seen"},
    {"ofrep", PROXY "flagd:8016/proxy/ofrep/v1/evaluate/flags/kafkaQueueProblems", "ofrep ",
     "flag.value"},
    {"locust", PROXY "load-generator:8089/proxy/stats/requests", "locust ", NULL},
    {"configmap", API "/configmaps/flagd-config", "configmap ", NULL},
};

enum { DEPLOYMENT, PODS, METRICS, LOG, OFREP, LOCUST, CONFIGMAP };

static const struct fault {
    const char *name;
    fake_rule rule;
    const char *in_why; /* what was seen, in its words */
} faults[] = {
    {"reset", {.bytes = "", .reset = true}, "first byte"},
    {"cut", {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"kind\":"}, "body"},
    {"slow", {.hang = true}, "as far as"},
    {"huge", {.bytes = "HTTP/1.1 200 OK\r\n\r\n{", .endless = BLANK BLANK BLANK BLANK}, "larger"},
    {"gzip",
     {.bytes = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", .endless = BLANK},
     "gzip"},
    {"302",
     {.bytes = "HTTP/1.1 302 Found\r\nLocation: https://sso.example/?t=s3cret\r\n"
               "Content-Length: 0\r\nConnection: close\r\n\r\n"},
     "sso.example"},
    {"HTML",
     {.bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
               "<html>log in</html>"},
     "html"},
    {"401", {.bytes = SAID("401 Unauthorized", "401", "Unauthorized", "Unauthorized")}, "401"},
    {"403",
     {.bytes = SAID("403 Forbidden", "403", "Forbidden",
                    "x is forbidden: User \\\"viewer\\\" cannot get resource \\\"x\\\"")},
     "403"},
    {"404", {.bytes = SAID("404 Not Found", "404", "NotFound", "x \\\"y\\\" not found")}, "404"},
    {"409", {.bytes = SAID("409 Conflict", "409", "Conflict", "it changed")}, "409"},
    {"410", {.bytes = SAID("410 Gone", "410", "Expired", "too old")}, "410"},
    {"429",
     {.bytes = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 20\r\nContent-Type: "
               "application/json\r\nConnection: close\r\n\r\n" STATUS_BODY("429", "TooManyRequests",
                                                                           "slow down")},
     "429"},
    {"500", {.bytes = SAID("500 Internal Server Error", "500", "InternalError", "boom")}, "500"},
    {"503",
     {.bytes = SAID("503 Service Unavailable", "503", "ServiceUnavailable", "not now")},
     "503"},
};

static void assert_one_line(const struct resource *r, const struct fault *f, const char *why)
{
    ck_assert_msg(why[0] != '\0', "%s, %s: nothing is said", r->name, f->name);
    ck_assert_msg(!strpbrk(why, "\r\n\x1b"), "%s, %s: not one line: %s", r->name, f->name, why);
    ck_assert_msg(!strstr(why, "s3cret"), "%s, %s: a secret in: %s", r->name, f->name, why);
    ck_assert_msg(strstr(why, f->in_why) != NULL, "%s, %s: \"%s\" is not in: %s", r->name, f->name,
                  f->in_why, why);
}

/* All that does not rest on the faulty answer. */
static void assert_rest(const struct resource *r, const struct fault *f, const looked *l)
{
    static const struct {
        const char *check;
        bool needs[COUNT(resources)];
    } rests[] = {
        {"flag.value", {[OFREP] = true}},
        {"flag.seen", {[LOG] = true, [PODS] = true, [OFREP] = true}},
        {"load", {[LOCUST] = true}},
        {"orders", {[LOCUST] = true}},
        {"limit", {[PODS] = true}},
        {"memory", {[PODS] = true, [METRICS] = true, [OFREP] = true}},
        {"termination", {[PODS] = true}},
        {"frontend", {false}},
        {"rollout.app", {[DEPLOYMENT] = true, [PODS] = true}},
        {"rollout.flagd", {[PODS] = true}},
    };
    size_t at = (size_t)(r - resources);
    for (size_t i = 0; i < COUNT(rests); i++)
        if (!rests[i].needs[at])
            ck_assert_msg(strcmp(outcome(l, rests[i].check), "pass") == 0, "%s, %s: %s is %s",
                          r->name, f->name, rests[i].check, outcome(l, rests[i].check));
}

static void assert_fault(const struct resource *r, const struct fault *f, const looked *l)
{
    assert_one_line(r, f, trouble_of(l, r->source));
    if (r->check) {
        size_t at = leakdiag_diagnosis_find_check(l->diagnosis, r->check);
        ck_assert_msg(strcmp(outcome(l, r->check), "unknown") == 0, "%s, %s: %s is %s", r->name,
                      f->name, r->check, outcome(l, r->check));
        ck_assert_msg(leakdiag_check_reason(l->diagnosis, at)[0] != '\0', "%s, %s: %s: no reason",
                      r->name, f->name, r->check);
    }
    ck_assert_str_ne(outcome(l, "load"), "fail");
    ck_assert_str_ne(outcome(l, "flag.agreement"), "fail");
    ck_assert_uint_eq(leakdiag_diagnosis_cause_count(l->diagnosis), 0);
    assert_rest(r, f, l);
    assert_replays(l);
}

START_TEST(each_fault_of_each_answer_is_unknown_in_time_and_leaves_the_rest)
{
    enum { LATE_MS = 100, TRIES = 4 };
    const struct resource *r = &resources[(size_t)_i / COUNT(faults)];
    const struct fault *f = &faults[(size_t)_i % COUNT(faults)];
    bool is_slow = f->rule.hang;
    int64_t deadline_ms = is_slow ? 2000 : 10000, least = INT64_MAX;
    /* A loaded machine may schedule us late once, but not each time. */
    for (int try = 0; try < TRIES && least > deadline_ms + LATE_MS; try++) {
        place p = {0};
        fake_rule rule = f->rule;
        rule.path = r->path;
        place_make(&p);
        /* else it would speak for OFREP */
        p.w.cluster.rpc = r == &resources[OFREP] ? "dead" : "on-300";
        place_serve(&p, &rule, 1, NULL);
        looked l = place_look(&p, fake_http_url(p.server), deadline_ms);
        least = l.took_ms < least ? l.took_ms : least;
        if (l.took_ms <= deadline_ms + LATE_MS) /* else the rest may have been late too */
            assert_fault(r, f, &l);
        looked_done(&l);
        place_remove(&p);
    }
    ck_assert_msg(least <= deadline_ms + LATE_MS, "%s, %s took %ld ms at best", r->name, f->name,
                  (long)least);
}
END_TEST

START_TEST(without_a_fault_all_is_seen_in_one_look)
{
    place p = {0};
    place_make(&p);
    place_serve(&p, NULL, 0, NULL);
    looked l = place_look(&p, fake_http_url(p.server), 10000);
    for (size_t i = 0; i < COUNT(resources); i++)
        ck_assert_str_eq(trouble_of(&l, resources[i].source[0] == 'p' && i == PODS
                                            ? "pod otel-demo/"
                                            : resources[i].source),
                         "");
    ck_assert_str_eq(leakdiag_verdict_name(leakdiag_diagnosis_verdict(l.diagnosis)), "as-expected");
    assert_replays(&l);
    looked_done(&l);
    place_remove(&p);
}
END_TEST

/* Once refused, the token is read again, and nothing of the first try is counted twice. */
START_TEST(a_token_that_expires_within_a_look_is_renewed)
{
    const struct resource *r = &resources[_i];
    const fake_rule once = {
        .path = r->path,
        .bytes = SAID("401 Unauthorized", "401", "Unauthorized", "Unauthorized"),
        .times = 1,
    };
    place p = {0};
    place_make(&p);
    place_serve(&p, &once, 1, NULL);
    looked l = place_look(&p, fake_http_url(p.server), 10000);
    ck_assert_str_eq(outcome(&l, "flag.seen"), "pass");
    ck_assert_str_eq(outcome(&l, "orders"), "pass");
    ck_assert_str_eq(outcome(&l, "memory"), "pass");
    ck_assert_str_eq(trouble_of(&l, r == &resources[PODS] ? "pod otel-demo/" : r->source), "");
    assert_replays(&l);
    looked_done(&l);
    place_remove(&p);
}
END_TEST

/* --- the cluster as a whole --- */

static const struct whole {
    const char *name;
    fake_tls_options tls;
    bool is_dead;
    const char *in_why;
} wholes[] = {
    {"refused", {false}, true, "connect"},
    {"expired", {.is_expired = true}, false, "has expired"},
    {"not yet valid", {.is_not_yet_valid = true}, false, "not yet valid"},
    {"another host", {.is_for_another_host = true}, false, "another host"},
    {"another authority", {.is_of_another_authority = true}, false, "not trusted"},
    {"a client certificate is wanted",
     {.wants_client = true, .is_tls12 = true},
     false,
     "client certificate"},
};

START_TEST(a_cluster_that_cannot_be_asked_is_told_and_is_no_verdict)
{
    const struct whole *one = &wholes[_i];
    place p = {0};
    char *dead = fake_dead_url(), url[128];
    place_make(&p);
    place_serve(&p, NULL, 0, &one->tls);
    snprintf(url, sizeof url, "https%s", dead + 4);
    looked l = place_look(&p, one->is_dead ? url : fake_http_url(p.server), 5000);
    ck_assert_int_le(l.took_ms, 5100);
    for (size_t i = 0; i < leakdiag_observation_fact_count(l.seen); i++) {
        const char *error = leakdiag_observation_fact_error(l.seen, i);
        if (!error[0])
            error = leakdiag_observation_fact_trouble(l.seen, i);
        ck_assert_msg(strstr(error, one->in_why) != NULL, "%s: %s: %s", one->name,
                      leakdiag_observation_fact_source(l.seen, i), error);
    }
    ck_assert_uint_eq(leakdiag_diagnosis_cause_count(l.diagnosis), 0);
    ck_assert(!leakdiag_diagnosis_has_evidence(l.diagnosis));
    assert_replays(&l);
    free(dead);
    looked_done(&l);
    place_remove(&p);
}
END_TEST

static size_t count_requests(fake_http *server, const char *what)
{
    size_t n = 0;
    for (size_t i = 0; i < fake_http_request_count(server); i++) {
        char *request = fake_http_request(server, i);
        n += strstr(request, what) != NULL;
        free(request);
    }
    return n;
}

START_TEST(a_token_that_is_never_taken_is_told_for_each_question)
{
    const fake_rule always = {.bytes =
                                  SAID("401 Unauthorized", "401", "Unauthorized", "Unauthorized")};
    place p = {0};
    place_make(&p);
    place_serve(&p, &always, 1, NULL);
    looked l = place_look(&p, fake_http_url(p.server), 5000);
    ck_assert_uint_eq(leakdiag_diagnosis_cause_count(l.diagnosis), 0);
    /* the deployments of two workloads, each asked for twice: a new credential is got once */
    ck_assert_uint_eq(count_requests(p.server, "/deployments/checkout "), 2);
    ck_assert_ptr_nonnull(strstr(trouble_of(&l, "deployment "), "401"));
    ck_assert_ptr_nonnull(strstr(trouble_of(&l, "ofrep "), "401"));
    looked_done(&l);
    place_remove(&p);
}
END_TEST

/* --- secrets --- */

#define CANARY "hunter22canary"

/* The transport's answers with secrets in all places where a cluster may have some. */
static int poisoned(const leakdiag_http_request *request, leakdiag_http_answer *ret, void *payload)
{
    static const char *const headers[] = {"Www-Authenticate: Bearer realm=\"" CANARY "\"",
                                          "X-Secret: " CANARY, NULL};
    cluster *c = payload;
    int broken = cluster_transport(request, ret, payload);
    const char *body = ret->body;
    char *text = NULL;
    if (strstr(request->url, "/log?"))
        ck_assert_int_gt(
            asprintf(
                &text,
                "%s2027-01-01T00:00:00.000000001Z FeatureFlag 'kafkaQueueProblems' is activated "
                "Authorization: Bearer " CANARY "\n2027-01-01T00:00:00.000000002Z order placed "
                "password=" CANARY " FeatureFlag 'kafkaQueueProblems' is activated "
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI" CANARY "In0.c2lnbmF0dXJl" CANARY "\n",
                body),
            0);
    else if (strstr(request->url, "prometheus"))
        ck_assert_int_gt(asprintf(&text, STATUS_BODY("500", "InternalError",
                                                     "https://bob:" CANARY "@backend refused; "
                                                     "token=" CANARY)),
                         0);
    if (strstr(request->url, "prometheus"))
        ret->status = 500;
    ret->headers = headers;
    if (text) {
        ret->body = cluster_keep(c, text);
        ret->body_len = strlen(text);
    }
    return broken;
}

static void assert_clean(const char *what, const char *text)
{
    const char *hit = strstr(text, CANARY);
    ck_assert_msg(hit == NULL, "%s holds the secret: %.200s", what, hit ? hit - 60 : "");
}

static void assert_outputs_clean(const looked *l)
{
    static const leakdiag_format formats[] = {LEAKDIAG_FORMAT_TEXT, LEAKDIAG_FORMAT_JSON,
                                              LEAKDIAG_FORMAT_JUNIT, LEAKDIAG_FORMAT_QUICK};
    char *capture = NULL;
    for (size_t i = 0; i < COUNT(formats); i++) {
        char *text = rendered(l->diagnosis, formats[i]);
        assert_clean("a report", text);
        leakdiag_free(text);
    }
    ck_assert_int_eq(leakdiag_observation_to_json(l->seen, &capture, NULL), LEAKDIAG_OK);
    assert_clean("the capture", capture);
    /* the lines and the message that held it are there, without it */
    ck_assert_ptr_nonnull(strstr(capture, "is activated Authorization"));
    ck_assert_ptr_nonnull(strstr(capture, "backend refused"));
    leakdiag_free(capture);
}

START_TEST(no_secret_of_the_cluster_reaches_a_report_or_a_capture)
{
    place p = {0};
    place_make(&p);
    p.w.env_name[1] = "GOMEMLIMIT"; /* one of the variables that are kept */
    p.w.env_value[0] = "bob:" CANARY "@kafka:9092";
    p.w.env_value[1] = "postgres://bob:" CANARY "@db/x";
    p.w.n_env = 2;
    p.w.cluster.secret = CANARY; /* another variable, an annotation, a flag's description */
    looked l = {.scenario = place_scenario()};
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    leakdiag_session *session = NULL;
    leakdiag_error err = {0};
    unlink(p.token);
    write_temporary(p.token, CANARY "token\n");
    leakdiag_cluster *opened = place_open(&p, "https://kubernetes.invalid:6443");
    transport.answer = poisoned;
    transport.payload = &p.c;
    options.transport = &transport;
    options.cluster = opened;
    ck_assert_int_eq(leakdiag_session_new(l.scenario, &options, &session, &err), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_session_gather(session, &l.seen, &err), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_diagnose(l.scenario, l.seen, &l.diagnosis, &err), LEAKDIAG_OK);
    ck_assert_str_eq(outcome(&l, "flag.seen"), "pass"); /* the poisoned lines were read */
    assert_outputs_clean(&l);
    leakdiag_session_free(session);
    leakdiag_cluster_free(opened);
    looked_done(&l);
    place_remove(&p);
}
END_TEST

int main(void)
{
    TCase *answers = tcase_create("answers"), *cluster_wide = tcase_create("cluster");
    TCase *token = tcase_create("token"); /* apart, because it is quick */
    tcase_set_timeout(answers, 60);
    tcase_set_timeout(cluster_wide, 60);
    tcase_set_timeout(token, 60);
    tcase_add_test(answers, without_a_fault_all_is_seen_in_one_look);
    tcase_add_loop_test(answers, each_fault_of_each_answer_is_unknown_in_time_and_leaves_the_rest,
                        0, (int)(COUNT(resources) * COUNT(faults)));
    tcase_add_loop_test(token, a_token_that_expires_within_a_look_is_renewed, 0,
                        (int)COUNT(resources));
    tcase_add_loop_test(cluster_wide, a_cluster_that_cannot_be_asked_is_told_and_is_no_verdict, 0,
                        (int)COUNT(wholes));
    tcase_add_test(token, a_token_that_is_never_taken_is_told_for_each_question);
    tcase_add_test(cluster_wide, no_secret_of_the_cluster_reaches_a_report_or_a_capture);
    Suite *suite = suite_create("gather");
    suite_add_tcase(suite, answers);
    suite_add_tcase(suite, token);
    suite_add_tcase(suite, cluster_wide);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
