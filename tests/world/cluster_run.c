/* A world looked at by a session that has nothing but a kubeconfig. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fake/fake_http.h"
#include "fake/fake_tls.h"
#include "run/session.h"
#include "world/cluster.h"

#define OK(call)                                                                                   \
    do {                                                                                           \
        leakdiag_error err = {0};                                                                  \
        leakdiag_status status_ = (call);                                                          \
        ck_assert_msg(status_ == LEAKDIAG_OK, #call ": %s", err.message);                          \
    } while (0)

/* --- the kubeconfig --- */

static void write_kubeconfig(char path[64], const char *server, const char *ca_file)
{
    snprintf(path, 64, "/tmp/leakdiag-kubeconfig-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    FILE *file = fdopen(fd, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file,
            "apiVersion: v1\nkind: Config\ncurrent-context: demo\n"
            "clusters:\n- name: demo\n  cluster: {server: '%s'%s%s}\n"
            "users:\n- name: viewer\n  user: {token: 'viewer-token'}\n"
            "contexts:\n- name: demo\n  context: {cluster: demo, user: viewer}\n",
            server, ca_file ? ", certificate-authority: " : "", ca_file ? ca_file : "");
    ck_assert_int_eq(fclose(file), 0);
}

static leakdiag_cluster *open_cluster(const char *server, const char *ca_file)
{
    char path[64];
    leakdiag_cluster *opened = NULL;
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    write_kubeconfig(path, server, ca_file);
    options.kubeconfig = path;
    OK(leakdiag_cluster_open(&options, &opened, &err));
    unlink(path);
    return opened;
}

static leakdiag_scenario *scenario_of(const world *w)
{
    leakdiag_scenario *scenario = NULL;
    OK(leakdiag_scenario_builtin("otel-demo/checkout", w->set, w->n_set, &scenario, &err));
    return scenario;
}

/* --- over the transport --- */

static int64_t local_now(void *payload)
{
    const cluster *c = payload;
    return c->base_ms + c->at_ms + c->w->cluster.clock_ms;
}

static leakdiag_session *session_of(cluster *c, leakdiag_cluster *opened)
{
    leakdiag_session *session = NULL;
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    leakdiag_scenario *scenario = scenario_of(c->w);
    transport.answer = cluster_transport;
    transport.payload = c;
    options.transport = &transport;
    options.cluster = opened;
    options.deadline_ms = 60000; /* the tests' machine may be slow; nothing here waits */
    OK(leakdiag_session_new(scenario, &options, &session, &err));
    leakdiag_scenario_unref(scenario);
    session->clock_ms = local_now;
    session->clock_payload = c;
    return session;
}

/* All looks until a time; the last is at it, or before it. NULL when there was none. */
static leakdiag_observation *look_often(leakdiag_session *session, cluster *c, bool with_last)
{
    const world *w = c->w;
    leakdiag_observation *seen = NULL;
    for (int64_t t = w->only_last ? w->at_ms : w->at_ms % w->every_ms; t <= w->at_ms;
         t += w->every_ms) {
        if (t == w->at_ms && !with_last)
            break;
        leakdiag_observation_unref(seen);
        c->at_ms = t;
        OK(leakdiag_session_gather(session, &seen, &err));
    }
    return seen;
}

leakdiag_observation *cluster_observe(const world *w, leakdiag_scenario **ret_scenario)
{
    cluster c = {.w = w, .base_ms = WORLD_EPOCH};
    leakdiag_cluster *opened = open_cluster("https://kubernetes.invalid:6443", NULL);
    leakdiag_session *session = session_of(&c, opened);
    leakdiag_observation *seen = look_often(session, &c, true);
    *ret_scenario = leakdiag_scenario_ref(session->scenario);
    leakdiag_session_free(session);
    leakdiag_cluster_free(opened);
    cluster_done(&c);
    return seen;
}
