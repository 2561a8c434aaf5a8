/* A whole look at a healthy cluster whose answers are recorded once and then given again, so that
 * nothing but the library allocates, and any of them can be made another. */
#ifndef RECORDED_LOOK_H
#define RECORDED_LOOK_H

#include <check.h>
#include <leakdiag/report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/session.h"
#include "world/cluster.h"

#define RECORDED_MAX 64

typedef struct recorded_answer {
    char *method, *url, *type, *body;
    size_t len;
    int64_t status, date_ms;
} recorded_answer;

typedef struct recorded_look {
    ld_node *answers;
    world w;
    cluster c;
    leakdiag_cluster *opened;
    recorded_answer list[RECORDED_MAX];
    size_t n;
    bool is_recording;
    size_t n_asked, n_strange; /* what was not recorded is not found */
    /* Another answer than the recorded one; may be NULL. */
    void (*change)(const leakdiag_http_request *request, leakdiag_http_answer *ret, void *payload);
    void *payload;
} recorded_look;

static inline void recorded_note(recorded_look *r, const leakdiag_http_request *request,
                                 const leakdiag_http_answer *answer)
{
    ck_assert_uint_lt(r->n, RECORDED_MAX);
    recorded_answer *a = &r->list[r->n++];
    *a = (recorded_answer){.method = strdup(request->method),
                           .url = strdup(request->url),
                           .type = strdup(answer->content_type),
                           .body = malloc(answer->body_len + 1),
                           .len = answer->body_len,
                           .status = answer->status,
                           .date_ms = answer->date_ms};
    ck_assert_ptr_nonnull(a->body);
    memcpy(a->body, answer->body, answer->body_len);
    a->body[a->len] = '\0';
}

static inline int recorded_transport(const leakdiag_http_request *request,
                                     leakdiag_http_answer *ret, void *payload)
{
    recorded_look *r = payload;
    size_t i = 0;
    r->n_asked++;
    while (i < r->n && (strcmp(r->list[i].url, request->url) != 0 ||
                        strcmp(r->list[i].method, request->method) != 0))
        i++;
    if (i == r->n && r->is_recording) {
        cluster_transport(request, ret, &r->c);
        recorded_note(r, request, ret);
        return 0;
    }
    r->n_strange += i == r->n;
    ret->status = i < r->n ? r->list[i].status : 404;
    ret->content_type = i < r->n ? r->list[i].type : "text/plain";
    ret->body = i < r->n ? r->list[i].body : "404 page not found\n";
    ret->body_len = i < r->n ? r->list[i].len : strlen(ret->body);
    ret->date_ms = r->c.base_ms + r->c.at_ms;
    ret->latency_ms = 3;
    if (r->change)
        r->change(request, ret, r->payload);
    return 0;
}

static inline int64_t recorded_now(void *payload)
{
    const recorded_look *r = payload;
    return r->c.base_ms + r->c.at_ms;
}

/* A session that has not looked yet; E_NOMEM is the only failure. */
static inline leakdiag_status recorded_session(recorded_look *r, leakdiag_scenario *scenario,
                                               leakdiag_cancel *cancel, leakdiag_session **ret)
{
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    const leakdiag_transport transport = {sizeof transport, recorded_transport, r};
    options.transport = &transport;
    options.cluster = r->opened;
    options.cancel = cancel;
    options.deadline_ms = 60000; /* the tests' machine may be slow; nothing here waits */
    leakdiag_status status = leakdiag_session_new(scenario, &options, ret, NULL);
    if (status)
        return status;
    (*ret)->clock_ms = recorded_now;
    (*ret)->clock_payload = r;
    return LEAKDIAG_OK;
}

static inline void recorded_open(recorded_look *r)
{
    char path[] = "/tmp/leakdiag-recorded-XXXXXX";
    static const char config[] =
        "apiVersion: v1\nkind: Config\ncurrent-context: demo\n"
        "clusters: [{name: demo, cluster: {server: 'https://kubernetes.invalid:6443'}}]\n"
        "users: [{name: viewer, user: {token: 'viewer-token'}}]\n"
        "contexts: [{name: demo, context: {cluster: demo, user: viewer}}]\n";
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    leakdiag_error err = {0};
    int fd = mkstemp(path);
    ck_assert_int_eq(write(fd, config, sizeof config - 1), sizeof config - 1);
    close(fd);
    options.kubeconfig = path;
    ck_assert_msg(!leakdiag_cluster_open(&options, &r->opened, &err), "%s", err.message);
    unlink(path);
}

static inline leakdiag_scenario *recorded_scenario(void)
{
    leakdiag_scenario *scenario = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(!leakdiag_scenario_builtin("otel-demo/checkout", NULL, 0, &scenario, &err), "%s",
                  err.message);
    return scenario;
}

/* set: what is changed of the healthy world before it is recorded; may be NULL. */
static inline void recorded_make(recorded_look *r, void (*set)(world *w))
{
    *r = (recorded_look){.answers = world_document("answers.yaml"), .is_recording = true};
    r->w = world_healthy(r->answers);
    r->w.only_last = true;
    r->w.cluster.prometheus = "as-metrics";
    if (set)
        set(&r->w);
    r->c = (cluster){.w = &r->w, .base_ms = WORLD_EPOCH, .at_ms = r->w.at_ms};
    recorded_open(r);
    leakdiag_scenario *scenario = recorded_scenario();
    leakdiag_session *session = NULL;
    leakdiag_observation *seen = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(recorded_session(r, scenario, NULL, &session), LEAKDIAG_OK);
    ck_assert_msg(!leakdiag_session_gather(session, &seen, &err), "%s", err.message);
    leakdiag_observation_unref(seen);
    leakdiag_session_free(session);
    leakdiag_scenario_unref(scenario);
    r->is_recording = false;
    ck_assert_uint_gt(r->n, 8);
}

static inline void recorded_done(recorded_look *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->list[i].method);
        free(r->list[i].url);
        free(r->list[i].type);
        free(r->list[i].body);
    }
    leakdiag_cluster_free(r->opened);
    cluster_done(&r->c);
    ld_node_free(r->answers);
}

#endif
