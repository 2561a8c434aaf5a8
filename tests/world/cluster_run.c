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
#include "sources/temporary.h"
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
    temporary_template(path, "kubeconfig");
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
    leakdiag_scenario *scenario = world_scenario_with(c->w->set, c->w->n_set);
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

/* Of a cluster nobody looks as often as of a file: metrics-server has a sample every 15 s. */
#define USUAL_EVERY_MS   10000
#define CLUSTER_EVERY_MS 30000

static int64_t pace_of(const world *w)
{
    return w->every_ms == USUAL_EVERY_MS ? CLUSTER_EVERY_MS : w->every_ms;
}

/* All looks until a time; the last is at it, or before it. NULL when there was none. */
static leakdiag_observation *look_often(leakdiag_session *session, cluster *c, bool with_last)
{
    const world *w = c->w;
    leakdiag_observation *seen = NULL;
    for (int64_t t = w->only_last ? w->at_ms : w->at_ms % pace_of(w); t <= w->at_ms;
         t += pace_of(w)) {
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

/* --- over TLS --- */

static char *make_answer(const char *request, size_t *ret_len, void *payload)
{
    char method[16] = "", target[4096] = "";
    sscanf(request, "%15s %4095[^ ]", method, target);
    return cluster_bytes(payload, method, target, ret_len);
}

static void write_ca(char path[64])
{
    temporary_template(path, "ca");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    FILE *file = fdopen(fd, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(fake_tls_ca_pem(), file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The last look by a session of its own, which knows what the ones before have seen. */
static leakdiag_observation *look_over_tls(const char *url, const char *ca_file,
                                           leakdiag_observation *history,
                                           leakdiag_scenario *scenario,
                                           leakdiag_scenario **ret_scenario)
{
    leakdiag_cluster *opened = open_cluster(url, ca_file);
    leakdiag_session *session = NULL;
    leakdiag_observation *seen = NULL;
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    options.cluster = opened;
    options.deadline_ms = 60000;
    OK(leakdiag_session_new(scenario, &options, &session, &err));
    if (history)
        OK(leakdiag_session_add_history(session, history, &err));
    OK(leakdiag_session_gather(session, &seen, &err));
    *ret_scenario = leakdiag_scenario_ref(session->scenario);
    leakdiag_session_free(session);
    leakdiag_cluster_free(opened);
    return seen;
}

leakdiag_observation *cluster_observe_tls(const world *w, leakdiag_scenario **ret_scenario)
{
    char ca_file[64];
    /* The session has this machine's clock: it is the cluster's that is another one. */
    cluster c = {.w = w, .base_ms = (now_ms() - w->at_ms - w->cluster.clock_ms) / 1000 * 1000};
    leakdiag_cluster *opened = open_cluster("https://kubernetes.invalid:6443", NULL);
    leakdiag_session *session = session_of(&c, opened);
    leakdiag_observation *history = look_often(session, &c, false);
    leakdiag_scenario *scenario = leakdiag_scenario_ref(session->scenario);
    leakdiag_session_free(session);
    leakdiag_cluster_free(opened);
    c.at_ms = w->at_ms;
    const fake_rule rule = {.make = make_answer, .payload = &c, .keep = true};
    fake_http *server = fake_tls_start(&rule, 1, NULL);
    write_ca(ca_file);
    leakdiag_observation *seen =
        look_over_tls(fake_http_url(server), ca_file, history, scenario, ret_scenario);
    unlink(ca_file);
    fake_http_stop(server);
    leakdiag_observation_unref(history);
    leakdiag_scenario_unref(scenario);
    cluster_done(&c);
    return seen;
}
