/* Whole looks at a healthy cluster of which one answer is not what it should be. */
#ifndef GATHERS_H
#define GATHERS_H

#include <check.h>
#include <leakdiag/report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fake/fake_http.h"
#include "fake/fake_tls.h"
#include "sources/sessions.h"
#include "sources/temporary.h"
#include "world/cluster.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static inline int64_t clock_of(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The world, and where it is. */
typedef struct place {
    ld_node *answers;
    world w;
    cluster c;
    fake_http *server;
    char ca[64], token[64], config[64];
} place;

static inline void write_temporary(char path[64], const char *text)
{
    temporary_template(path, "gather");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(close(fd), 0);
}

/* One look sees all: Prometheus has the past. The UI says nothing. */
static inline void place_make(place *p)
{
    p->answers = world_document("answers.yaml");
    p->w = world_healthy(p->answers);
    p->w.only_last = true;
    p->w.cluster.prometheus = "as-metrics";
    p->w.cluster.ui = "dead";
    p->c = (cluster){.w = &p->w, .at_ms = p->w.at_ms};
    p->c.base_ms = (clock_of(CLOCK_REALTIME) - p->w.at_ms) / 1000 * 1000;
    write_temporary(p->ca, fake_tls_ca_pem());
    write_temporary(p->token, "viewer-token\n");
}

static inline void place_remove(place *p)
{
    if (p->server)
        fake_http_stop(p->server);
    unlink(p->ca);
    unlink(p->token);
    cluster_done(&p->c);
    ld_node_free(p->answers);
}

static inline char *place_answer(const char *request, size_t *ret_len, void *payload)
{
    char method[16] = "", target[4096] = "";
    sscanf(request, "%15s %4095[^ ]", method, target);
    return cluster_bytes(payload, method, target, ret_len);
}

/* The faulty rules come first. */
static inline void place_serve(place *p, const fake_rule *faults, size_t n,
                               const fake_tls_options *tls)
{
    fake_rule rules[8];
    ck_assert_uint_lt(n, COUNT(rules));
    for (size_t i = 0; i < n; i++)
        rules[i] = faults[i];
    rules[n] = (fake_rule){.make = place_answer, .payload = &p->c, .keep = true};
    p->server = fake_tls_start(rules, n + 1, tls);
}

static inline leakdiag_cluster *place_open(place *p, const char *url)
{
    char text[1024];
    leakdiag_cluster *opened = NULL;
    leakdiag_error err = {0};
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    snprintf(text, sizeof text,
             "apiVersion: v1\nkind: Config\ncurrent-context: x\n"
             "clusters:\n- name: c\n  cluster: {server: '%s', certificate-authority: %s}\n"
             "users:\n- name: u\n  user: {tokenFile: %s}\n"
             "contexts:\n- name: x\n  context: {cluster: c, user: u}\n",
             url, p->ca, p->token);
    write_temporary(p->config, text);
    options.kubeconfig = p->config;
    leakdiag_status status = leakdiag_cluster_open(&options, &opened, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    unlink(p->config);
    return opened;
}

static inline leakdiag_scenario *place_scenario(void)
{
    leakdiag_scenario *scenario = NULL;
    leakdiag_error err = {0};
    leakdiag_status status =
        leakdiag_scenario_builtin("otel-demo/checkout", NULL, 0, &scenario, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return scenario;
}

/* What one look came to. */
typedef struct looked {
    leakdiag_scenario *scenario;
    leakdiag_observation *seen;
    leakdiag_diagnosis *diagnosis;
    int64_t took_ms;
} looked;

static inline looked place_look(place *p, const char *url, int64_t deadline_ms)
{
    looked l = {.scenario = place_scenario()};
    leakdiag_cluster *opened = place_open(p, url);
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    leakdiag_session *session = NULL;
    leakdiag_error err = {0};
    options.cluster = opened;
    options.deadline_ms = deadline_ms;
    ck_assert_int_eq(leakdiag_session_new(l.scenario, &options, &session, &err), LEAKDIAG_OK);
    int64_t start = clock_of(CLOCK_MONOTONIC);
    leakdiag_status status = leakdiag_session_gather(session, &l.seen, &err);
    l.took_ms = clock_of(CLOCK_MONOTONIC) - start;
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    status = leakdiag_diagnose(l.scenario, l.seen, &l.diagnosis, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    leakdiag_session_free(session);
    leakdiag_cluster_free(opened);
    return l;
}

static inline void looked_done(looked *l)
{
    leakdiag_diagnosis_free(l->diagnosis);
    leakdiag_observation_unref(l->seen);
    leakdiag_scenario_unref(l->scenario);
}

static inline const char *outcome(const looked *l, const char *check)
{
    size_t at = leakdiag_diagnosis_find_check(l->diagnosis, check);
    return leakdiag_outcome_name(leakdiag_check_outcome(l->diagnosis, at));
}

static inline char *rendered(const leakdiag_diagnosis *d, leakdiag_format format)
{
    char *text = NULL;
    leakdiag_report_options options = LEAKDIAG_REPORT_OPTIONS_INIT;
    options.verbose = 1;
    ck_assert_int_eq(leakdiag_report_render(d, format, &options, &text, NULL), LEAKDIAG_OK);
    return text;
}

/* The capture gives itself and the same report again. */
static inline void assert_replays(const looked *l)
{
    char *first = NULL, *second = NULL;
    leakdiag_observation *again = NULL;
    leakdiag_diagnosis *diagnosis = NULL;
    ck_assert_int_eq(leakdiag_observation_to_json(l->seen, &first, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_observation_from_json(first, strlen(first), &again, NULL),
                     LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_observation_to_json(again, &second, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(first, second);
    ck_assert_int_eq(leakdiag_diagnose(l->scenario, again, &diagnosis, NULL), LEAKDIAG_OK);
    char *report = rendered(l->diagnosis, LEAKDIAG_FORMAT_JSON);
    char *replayed = rendered(diagnosis, LEAKDIAG_FORMAT_JSON);
    ck_assert_str_eq(report, replayed);
    leakdiag_free(report);
    leakdiag_free(replayed);
    leakdiag_diagnosis_free(diagnosis);
    leakdiag_observation_unref(again);
    leakdiag_free(first);
    leakdiag_free(second);
}

/* Why the fact of a source is of no use; "" when it is fine; the test ends when there is none. */
static inline const char *trouble_of(const looked *l, const char *source)
{
    for (size_t i = 0; i < leakdiag_observation_fact_count(l->seen); i++) {
        const char *found = leakdiag_observation_fact_source(l->seen, i);
        const char *error = leakdiag_observation_fact_error(l->seen, i);
        if (strncmp(found, source, strlen(source)) == 0)
            return error[0] ? error : leakdiag_observation_fact_trouble(l->seen, i);
    }
    ck_abort_msg("there is no fact of %s", source);
}

#endif
