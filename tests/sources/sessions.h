/* Sessions against scripted servers and files that a test makes itself. */
#ifndef TESTS_SOURCES_SESSIONS_H
#define TESTS_SOURCES_SESSIONS_H

#include <check.h>
#include <leakdiag/session.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake/fake_http.h"

#define JSON_ANSWER(body)                                                                          \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" body
#define NOT_ALLOWED                                                                                \
    "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define NOT_FOUND(body)                                                                            \
    "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" body
#define FLAG_PATH "/ofrep/v1/evaluate/flags/kafkaQueueProblems"
#define FLAG_300                                                                                   \
    JSON_ANSWER("{\"value\":300,\"key\":\"kafkaQueueProblems\",\"reason\":\"STATIC\",\"variant\":" \
                "\"on\",\"metadata\":{}}")
#define STATS_RUNNING                                                                              \
    JSON_ANSWER("{\"stats\":[{\"method\":\"POST\",\"name\":\"/api/checkout\",\"num_requests\":90," \
                "\"num_failures\":0,\"current_rps\":0.25,\"total_rps\":0.25},{\"method\":\"\","    \
                "\"name\":\"Aggregated\",\"num_requests\":240,\"num_failures\":0,"                 \
                "\"current_rps\":0.25,\"total_rps\":0.25}],\"errors\":[],\"fail_ratio\":0,"        \
                "\"state\":\"running\",\"user_count\":25,\"total_rps\":0.25}")

static const fake_rule good_rules[] = {
    {.method = "POST", .path = FLAG_PATH, .bytes = FLAG_300},
    {.method = "GET", .path = "/stats/requests", .bytes = STATS_RUNNING},
    {.bytes = NOT_FOUND("{}")},
};

#define GOOD_RULES good_rules, sizeof good_rules / sizeof good_rules[0]

static inline leakdiag_scenario *scenario_for(const char *flag_url, const char *load_url,
                                              const char *more)
{
    char flag[200], load[200];
    snprintf(flag, sizeof flag, "ofrep_url=%s", flag_url);
    snprintf(load, sizeof load, "locust_url=%s", load_url);
    const char *set[] = {flag, load, more};
    leakdiag_scenario *scenario = NULL;
    leakdiag_error err = {0};
    leakdiag_status status =
        leakdiag_scenario_builtin("otel-demo/checkout", set, more ? 3 : 2, &scenario, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return scenario;
}

static inline leakdiag_session *session_for(leakdiag_scenario *scenario, int64_t deadline_ms,
                                            leakdiag_cancel *cancel)
{
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    leakdiag_session *session = NULL;
    leakdiag_error err = {0};
    options.deadline_ms = deadline_ms;
    options.cancel = cancel;
    leakdiag_status status = leakdiag_session_new(scenario, &options, &session, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    leakdiag_scenario_unref(scenario);
    return session;
}

/* One look and its judgement. The observation goes to *observation unless that is NULL. */
static inline leakdiag_diagnosis *look(leakdiag_session *session, leakdiag_scenario *scenario,
                                       leakdiag_observation **observation)
{
    leakdiag_observation *seen = NULL;
    leakdiag_diagnosis *diagnosis = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_session_gather(session, &seen, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    ck_assert_int_eq(leakdiag_diagnose(scenario, seen, &diagnosis, &err), LEAKDIAG_OK);
    if (observation)
        *observation = seen;
    else
        leakdiag_observation_unref(seen);
    return diagnosis;
}

static inline const char *finding(const leakdiag_diagnosis *d, const char *id)
{
    const char *word = leakdiag_check_finding(d, leakdiag_diagnosis_find_check(d, id));
    return word ? word : "none";
}

#endif
