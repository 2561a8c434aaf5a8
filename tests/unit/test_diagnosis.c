/* The stated rules of the engine: blocking, confidence, ranking, evidence, and the judges' edges.
 */
#include <check.h>
#include <leakdiag/diagnosis.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW "1000000"

static const char scenario_text[] =
    "apiVersion: leakdiag/v1\n"
    "kind: Scenario\n"
    "metadata: {name: rules, title: rules}\n"
    "pace: {every: 5s, window: 5m, settle: 5m, stale: 2m}\n"
    "sources:\n"
    "  flag: [{type: ofrep, url: \"http://x\", key: k}]\n"
    "  log: [{type: log-file, path: x}]\n"
    "  load: [{type: locust, url: \"http://y\"}]\n"
    "patterns:\n"
    "  active: {text: activated}\n"
    "  done: {regex: \"Done ([0-9]+)\"}\n"
    "  order: {text: order}\n"
    "checks:\n"
    "  flag.value: {kind: flag-value, asks: a, expect: {value: 300}}\n"
    "  load: {kind: load, asks: b, expect: {users: 25, spawn_per_s: 3, min_age: 10m}, command: "
    "look}\n"
    "  orders: {kind: rate, asks: c, needs: [load], expect: {of: [\"load:/api/checkout\", "
    "\"log:order\"],"
    " min_per_min: 10, max_per_min: 20}}\n"
    "  flag.seen: {kind: flag-seen, asks: d, needs: [flag.value, orders],"
    " expect: {active: active, value: done}}\n"
    "  limit: {kind: limit, asks: e, supporting: true, expect: {bytes: 20Mi}}\n"
    "causes:\n"
    "  first: {title: First, when: {flag.value: [lower, not-enabled]}, fix: x, command: mend "
    "first}\n"
    "  second: {title: Second, when: {orders: [zero]}, supports: {load: [stopped]}, fix: x, "
    "command: y}\n"
    "  third: {title: Third, when: {orders: [zero]}, any: {load: [stopped]}, against: {flag.value: "
    "[lower]},"
    " fix: x}\n"
    "  ruled-out: {title: Out, when: {orders: [zero]}, unless: {load: [stopped]}, fix: x}\n";

#define FLAG(value)                                                                                \
    "{\"kind\":\"flag\",\"source\":\"ofrep\",\"t_ms\":" NOW ",\"flag\":{\"state\":\"value\","      \
    "\"type\":\"number\",\"value\":\"" value "\",\"number\":" value ",\"method\":\"POST\"}}"
#define LOAD(fields)                                                                               \
    "{\"kind\":\"load\",\"source\":\"locust\",\"t_ms\":" NOW ",\"load\":{" fields "}}"
#define LOG(patterns)                                                                              \
    "{\"kind\":\"log\",\"source\":\"log\",\"t_ms\":" NOW ",\"log\":{\"is_first\":true,"            \
    "\"from_ms\":700000,\"to_ms\":1000000,\"lines\":50,\"patterns\":[" patterns "]}}"
#define PATTERN(name, n, at)                                                                       \
    "{\"name\":\"" name "\",\"count\":" n ",\"window_count\":" n ",\"last\":{\"line\":\"x\","      \
    "\"t_ms\":" at "}}"
#define OLD_ORDER                                                                                  \
    "{\"name\":\"order\",\"count\":9,\"window_count\":0,\"last\":{\"line\":\"x\",\"t_ms\":1}}"
#define RUNNING "\"state\":\"running\",\"users\":25,\"age_ms\":900000,\"spawn_per_s\":3"
#define LIMIT(text)                                                                                \
    "{\"kind\":\"memory\",\"source\":\"cgroup\",\"t_ms\":" NOW                                     \
    ",\"memory\":{\"limit_bytes\":" text "}}"

static leakdiag_diagnosis *diagnose_by(const char *text, const char *facts)
{
    char capture[4096];
    leakdiag_scenario *scenario = NULL;
    leakdiag_observation *observation = NULL;
    leakdiag_diagnosis *diagnosis = NULL;
    leakdiag_error err = {0};
    snprintf(capture, sizeof capture,
             "{\"schema\":\"leakdiag.capture/1\",\"now_ms\":" NOW ",\"facts\":[%s]}", facts);
    leakdiag_status status =
        leakdiag_scenario_parse(text, strlen(text), "rules", NULL, 0, &scenario, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    status = leakdiag_observation_from_json(capture, strlen(capture), &observation, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    ck_assert_int_eq(leakdiag_diagnose(scenario, observation, &diagnosis, &err), LEAKDIAG_OK);
    leakdiag_scenario_unref(scenario); /* the diagnosis keeps its own references */
    leakdiag_observation_unref(observation);
    return diagnosis;
}

static leakdiag_diagnosis *diagnose(const char *facts)
{
    return diagnose_by(scenario_text, facts);
}

static void expect(const leakdiag_diagnosis *d, const char *id, const char *finding,
                   leakdiag_outcome outcome)
{
    size_t i = leakdiag_diagnosis_find_check(d, id);
    const char *got = leakdiag_check_finding(d, i);
    ck_assert_msg(got ? finding && strcmp(got, finding) == 0 : finding == NULL, "%s: %s", id,
                  got ? got : "none");
    ck_assert_msg(leakdiag_check_outcome(d, i) == outcome, "%s: %s", id,
                  leakdiag_outcome_name(leakdiag_check_outcome(d, i)));
}

START_TEST(behind_a_broken_link_the_rest_is_blocked_and_keeps_its_finding)
{
    leakdiag_diagnosis *d =
        diagnose(FLAG("300") "," LOAD("\"state\":\"stopped\",\"users\":0") "," LOG(OLD_ORDER));
    expect(d, "load", "stopped", LEAKDIAG_OUTCOME_FAIL);
    expect(d, "orders", "zero", LEAKDIAG_OUTCOME_BLOCKED);
    expect(d, "flag.seen", "not-seen", LEAKDIAG_OUTCOME_BLOCKED);
    ck_assert_str_eq(leakdiag_check_blocked_by(d, leakdiag_diagnosis_find_check(d, "flag.seen")),
                     "load");
    ck_assert_int_eq(leakdiag_diagnosis_exit_code(d), 3);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(what_is_seen_to_work_is_not_blocked)
{
    leakdiag_diagnosis *d = diagnose(FLAG("100") "," LOAD(RUNNING) "," LOG(
        PATTERN("active", "75", "1000000") "," PATTERN("order", "75", "1000000")));
    expect(d, "flag.value", "lower", LEAKDIAG_OUTCOME_FAIL);
    expect(d, "flag.seen", "seen", LEAKDIAG_OUTCOME_PASS);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(absence_proves_nothing_while_orders_are_not_known)
{
    leakdiag_diagnosis *d =
        diagnose(FLAG("300") "," LOG(PATTERN("done", "0", "1") "," PATTERN("active", "1", "1000")));
    expect(d, "orders", "silent-source", LEAKDIAG_OUTCOME_UNKNOWN);
    expect(d, "flag.seen", "seen", LEAKDIAG_OUTCOME_PASS);
    leakdiag_diagnosis_free(d);

    d = diagnose(FLAG("300") "," LOG("{\"name\":\"active\",\"count\":1,\"window_count\":0}"));
    expect(d, "flag.seen", "not-seen", LEAKDIAG_OUTCOME_UNKNOWN);
    ck_assert_int_eq(leakdiag_diagnosis_exit_code(d), 5);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(a_supporting_check_without_a_source_does_not_make_it_inconclusive)
{
    leakdiag_diagnosis *d = diagnose(FLAG("300") "," LOAD(RUNNING) "," LOG(
        PATTERN("active", "75", "1000000") "," PATTERN("order", "75", "1000000")));
    expect(d, "limit", NULL, LEAKDIAG_OUTCOME_UNKNOWN);
    ck_assert_int_eq(leakdiag_diagnosis_verdict(d), LEAKDIAG_VERDICT_AS_EXPECTED);
    ck_assert_int_eq(leakdiag_diagnosis_exit_code(d), 0);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(nothing_observed_is_inconclusive_and_never_green)
{
    leakdiag_diagnosis *d = diagnose("");
    for (size_t i = 0; i < leakdiag_diagnosis_check_count(d); i++)
        ck_assert_int_eq(leakdiag_check_outcome(d, i), LEAKDIAG_OUTCOME_UNKNOWN);
    ck_assert_int_eq(leakdiag_diagnosis_verdict(d), LEAKDIAG_VERDICT_INCONCLUSIVE);
    ck_assert_int_eq(leakdiag_diagnosis_has_evidence(d), 0);
    ck_assert_uint_eq(leakdiag_diagnosis_cause_count(d), 0);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(causes_are_ranked_by_stated_rules_with_their_evidence)
{
    leakdiag_diagnosis *d =
        diagnose(FLAG("100") "," LOAD("\"state\":\"stopped\",\"users\":0") "," LOG(OLD_ORDER));
    ck_assert_uint_eq(leakdiag_diagnosis_cause_count(d), 3);
    ck_assert_str_eq(leakdiag_cause_id(d, 0), "second"); /* supported, nothing against it */
    ck_assert_int_eq(leakdiag_cause_confidence(d, 0), LEAKDIAG_CONFIDENCE_CONFIRMED);
    ck_assert_str_eq(leakdiag_cause_id(d, 1), "first"); /* neither */
    ck_assert_int_eq(leakdiag_cause_confidence(d, 1), LEAKDIAG_CONFIDENCE_LIKELY);
    ck_assert_str_eq(leakdiag_cause_id(d, 2), "third"); /* something speaks against it */
    ck_assert_int_eq(leakdiag_cause_confidence(d, 2), LEAKDIAG_CONFIDENCE_POSSIBLE);

    ck_assert_str_eq(leakdiag_cause_supporting(d, 1, 0), "flag.value is lower: 100, expected 300");
    ck_assert_uint_eq(leakdiag_cause_supporting_count(d, 0), 2);
    ck_assert_uint_eq(leakdiag_cause_contradicting_count(d, 2), 1);
    ck_assert_ptr_null(leakdiag_cause_supporting(d, 1, 1));
    ck_assert_str_eq(leakdiag_diagnosis_next(d), "y");
    ck_assert_str_eq(leakdiag_diagnosis_summary(d), "Second");
    leakdiag_diagnosis_free(d);
}
END_TEST

typedef struct load_case {
    const char *fields, *finding;
    leakdiag_outcome outcome;
} load_case;

static const load_case load_cases[] = {
    {RUNNING, "running", LEAKDIAG_OUTCOME_PASS},
    {"\"state\":\"running\",\"users\":50,\"age_ms\":900000", "users-differ", LEAKDIAG_OUTCOME_WARN},
    {"\"state\":\"running\",\"users\":24,\"age_ms\":900000", "users-differ", LEAKDIAG_OUTCOME_WARN},
    {"\"state\":\"running\",\"users\":25,\"age_ms\":900000,\"spawn_per_s\":1", "rate-differs",
     LEAKDIAG_OUTCOME_WARN},
    {"\"state\":\"running\",\"users\":25,\"age_ms\":599000", "too-young", LEAKDIAG_OUTCOME_WARN},
    {"\"state\":\"running\",\"users\":25,\"age_ms\":600000", "running", LEAKDIAG_OUTCOME_PASS},
    {"\"state\":\"running\",\"users\":25", "running",
     LEAKDIAG_OUTCOME_PASS}, /* its age is not known */
    {"\"state\":\"running\",\"users\":0", "stopped", LEAKDIAG_OUTCOME_FAIL},
    {"\"state\":\"spawning\",\"users\":4", "spawning", LEAKDIAG_OUTCOME_PASS},
    {"\"state\":\"running\",\"users\":25,\"age_ms\":900000,\"fail_ratio\":0.9", "failing",
     LEAKDIAG_OUTCOME_FAIL},
    {"\"state\":\"ready\",\"users\":0", "stopped", LEAKDIAG_OUTCOME_FAIL},
    {"\"state\":\"stopping\",\"users\":3", "stopped", LEAKDIAG_OUTCOME_FAIL},
    {"\"state\":\"running\",\"age_ms\":900000,\"spawn_per_s\":3", NULL, LEAKDIAG_OUTCOME_UNKNOWN},
    {"\"state\":\"unreachable\",\"detail\":\"refused\"", "absent", LEAKDIAG_OUTCOME_UNKNOWN},
    {"\"state\":\"not-locust\"", "absent", LEAKDIAG_OUTCOME_UNKNOWN},
};

START_TEST(the_load_is_judged_by_state_and_users)
{
    char facts[1024];
    const load_case *c = &load_cases[_i];
    snprintf(facts, sizeof facts,
             "{\"kind\":\"load\",\"source\":\"locust\",\"t_ms\":" NOW ",\"load\":{%s}}", c->fields);
    leakdiag_diagnosis *d = diagnose(facts);
    expect(d, "load", c->finding, c->outcome);
    leakdiag_diagnosis_free(d);
}
END_TEST

static const char memory_text[] =
    "apiVersion: leakdiag/v1\n"
    "kind: Scenario\n"
    "metadata: {name: memory, title: memory}\n"
    "pace: {every: 5s, window: 5m, settle: 5m, stale: 2m}\n"
    "sources:\n"
    "  workload: [{type: kubernetes, as: app, namespace: a, deployment: b}]\n"
    "timeline: {points: [{at: 0m, value: 8Mi}, {at: 20m, value: 20Mi}], oom_at_end: true}\n"
    "checks:\n"
    "  memory: {kind: memory, asks: a}\n";

/* Killed at 900 s; the backend says 19Mi until its next scrape, at 920 s or later. */
#define KILLED_POD                                                                                 \
    "{\"kind\":\"memory\",\"source\":\"pod a/b/c\",\"t_ms\":" NOW ",\"memory\":{"                  \
    "\"kind\":\"kubernetes\",\"limit_bytes\":20971520,\"started_ms\":901000,"                      \
    "\"sample_ms\":1000000,\"pod\":{\"name\":\"b\",\"container\":\"c\",\"uid\":\"u\","             \
    "\"restarts\":1,\"end_reason\":\"OOMKilled\",\"end_code\":137,\"ended_ms\":900000}}}"
#define HISTORY(times, values)                                                                     \
    "{\"kind\":\"series\",\"source\":\"prometheus\",\"t_ms\":" NOW ",\"subject\":\"memory\","      \
    "\"series\":{\"name\":\"memory\",\"is_live\":true,\"pod\":\"b\",\"container\":\"c\","          \
    "\"times_ms\":[" times "],\"values_bytes\":[" values "]}}"

START_TEST(what_a_backend_holds_of_a_killed_instance_is_not_of_the_next)
{
    leakdiag_diagnosis *d =
        diagnose_by(memory_text, KILLED_POD "," HISTORY("870000,885000,900500,915500,930500,945500",
                                                        "9e6,19e6,19.5e6,19.5e6,9e6,10e6"));
    ck_assert_uint_eq(leakdiag_series_len(leakdiag_diagnosis_series(d)), 4);
    leakdiag_diagnosis_free(d);

    d = diagnose_by(memory_text, KILLED_POD
                    "," HISTORY("870000,885000,900500,970500", "9e6,19e6,19.5e6,19.5e6"));
    ck_assert_uint_eq(leakdiag_series_len(leakdiag_diagnosis_series(d)), 3); /* that is its own */
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(a_sample_of_the_instance_before_is_said_to_be_one)
{
    leakdiag_diagnosis *d =
        diagnose_by(memory_text, KILLED_POD "," HISTORY("870000,885000,900500", "9e6,19e6,19.5e6"));
    size_t memory = leakdiag_diagnosis_find_check(d, "memory");
    ck_assert_str_eq(leakdiag_check_observed(d, memory), "18.1Mi before the restart");
    ck_assert_str_eq(leakdiag_check_expected(d, memory), "8Mi at 0s");
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(a_frozen_rate_of_a_stopped_test_is_zero)
{
    leakdiag_diagnosis *d = diagnose(LOAD(
        "\"state\":\"stopped\",\"users\":0,\"rows\":[{\"name\":\"/api/checkout\",\"requests\":900,"
        "\"failures\":0,\"rate_per_s\":33.6}]"));
    expect(d, "orders", "zero", LEAKDIAG_OUTCOME_BLOCKED);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(orders_while_the_generator_is_stopped_come_from_another_one)
{
    leakdiag_diagnosis *d = diagnose(
        LOAD("\"state\":\"stopped\",\"users\":0") "," LOG(PATTERN("order", "75", "999000")));
    expect(d, "load", "other-generator", LEAKDIAG_OUTCOME_WARN);
    expect(d, "orders", "in-range", LEAKDIAG_OUTCOME_PASS);
    leakdiag_diagnosis_free(d);
}
END_TEST

/* 300 orders, and then none: how long after is another generator still likely? */
#define ORDERS_UNTIL(at)                                                                           \
    "{\"name\":\"order\",\"count\":300,\"window_count\":300,"                                      \
    "\"first\":{\"line\":\"x\",\"t_ms\":700000},\"last\":{\"line\":\"x\",\"t_ms\":" at "}}"

START_TEST(orders_that_ceased_with_the_generator_were_its_own)
{
    leakdiag_diagnosis *d =
        diagnose(LOAD("\"state\":\"stopped\",\"users\":0") "," LOG(ORDERS_UNTIL("989000")));
    expect(d, "load", "stopped", LEAKDIAG_OUTCOME_FAIL);
    expect(d, "orders", "zero", LEAKDIAG_OUTCOME_BLOCKED);
    leakdiag_diagnosis_free(d);

    d = diagnose(LOAD("\"state\":\"stopped\",\"users\":0") "," LOG(ORDERS_UNTIL("991000")));
    size_t load = leakdiag_diagnosis_find_check(d, "load");
    expect(d, "load", "other-generator", LEAKDIAG_OUTCOME_WARN);
    ck_assert_str_eq(leakdiag_check_reason(d, load),
                     "the last order came 9s ago: from something else, or from just before it "
                     "stopped");
    leakdiag_diagnosis_free(d);
}
END_TEST

typedef struct rate_case {
    const char *lines, *finding;
} rate_case;

/* 5 minutes of log: 10 to 20 a minute are 50 to 100 lines. */
static const rate_case rate_cases[] = {
    {"49", "low"},
    {"50", "in-range"},
    {"100", "in-range"},
    {"101", "high"},
};

START_TEST(a_rate_is_counted_over_the_time_that_the_log_covers)
{
    char facts[1024];
    snprintf(facts, sizeof facts, LOG("%s"),
             "{\"name\":\"order\",\"count\":500,\"window_count\":@}");
    char *at = strchr(facts, '@');
    char rest[256];
    snprintf(rest, sizeof rest, "%s", at + 1);
    snprintf(at, sizeof facts - (size_t)(at - facts), "%s%s", rate_cases[_i].lines, rest);
    leakdiag_diagnosis *d = diagnose(facts);
    const char *finding = leakdiag_check_finding(d, leakdiag_diagnosis_find_check(d, "orders"));
    ck_assert_str_eq(finding, rate_cases[_i].finding);
    leakdiag_diagnosis_free(d);
}
END_TEST

typedef struct limit_case {
    const char *facts, *finding;
    leakdiag_outcome outcome;
} limit_case;

static const limit_case limit_cases[] = {
    {LIMIT("20971520"), "expected", LEAKDIAG_OUTCOME_PASS},
    {LIMIT("20000000"), "decimal-unit", LEAKDIAG_OUTCOME_WARN},
    {LIMIT("20971521"), "higher", LEAKDIAG_OUTCOME_FAIL},
    {LIMIT("20971519"), "lower", LEAKDIAG_OUTCOME_WARN},
    {LIMIT("null"), "none", LEAKDIAG_OUTCOME_FAIL},
    {"{\"kind\":\"memory\",\"source\":\"x\",\"t_ms\":" NOW ",\"memory\":{}}", NULL,
     LEAKDIAG_OUTCOME_UNKNOWN},
};

START_TEST(a_limit_that_is_not_known_is_neither_none_nor_expected)
{
    leakdiag_diagnosis *d = diagnose(limit_cases[_i].facts);
    expect(d, "limit", limit_cases[_i].finding, limit_cases[_i].outcome);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(rules_that_nobody_followed_leave_the_value_unknown)
{
    leakdiag_diagnosis *d = diagnose(
        "{\"kind\":\"flag\",\"source\":\"file\",\"t_ms\":" NOW ",\"flag\":{\"state\":\"value\","
        "\"type\":\"number\",\"value\":\"300\",\"number\":300,\"method\":\"file\","
        "\"has_targeting\":true}}");
    expect(d, "flag.value", NULL, LEAKDIAG_OUTCOME_UNKNOWN);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(an_old_look_says_nothing_about_now)
{
    /* Two minutes are the scenario's limit; the log is of now. */
    leakdiag_diagnosis *d = diagnose(
        "{\"kind\":\"flag\",\"source\":\"ofrep\",\"t_ms\":879999,\"flag\":{\"state\":"
        "\"value\",\"type\":\"number\",\"value\":\"300\",\"number\":300}},"
        "{\"kind\":\"load\",\"source\":\"locust\",\"t_ms\":879999,\"load\":{" RUNNING "}}");
    expect(d, "flag.value", NULL, LEAKDIAG_OUTCOME_UNKNOWN);
    expect(d, "load", NULL, LEAKDIAG_OUTCOME_UNKNOWN);
    leakdiag_diagnosis_free(d);
}
END_TEST

#define ORDERED(at)                                                                                \
    "{\"kind\":\"load\",\"source\":\"locust\",\"t_ms\":" at ",\"load\":{" RUNNING                  \
    ",\"rows\":[{\"method\":\"POST\",\"name\":\"/api/checkout\",\"requests\":100,"                 \
    "\"rate_per_s\":0}]}}"

/* A fifth of the window without a request is a zero. Locust's page is up to two seconds old, so
 * that much of the time between two looks is not known. */
START_TEST(that_none_came_is_known_only_up_to_the_page_that_locust_made_last)
{
    leakdiag_diagnosis *d = diagnose(ORDERED("939000") "," ORDERED(NOW));
    expect(d, "orders", "silent-source", LEAKDIAG_OUTCOME_UNKNOWN);
    leakdiag_diagnosis_free(d);
    d = diagnose(ORDERED("937000") "," ORDERED(NOW));
    expect(d, "orders", "zero", LEAKDIAG_OUTCOME_FAIL);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(orders_are_what_was_posted)
{
    leakdiag_diagnosis *d = diagnose(LOAD(
        RUNNING ",\"rows\":[{\"method\":\"GET\",\"name\":\"/api/checkout\",\"requests\":100,"
                "\"rate_per_s\":0.25},{\"method\":\"POST\",\"name\":\"/api/checkout\",\"requests\":"
                "0,\"rate_per_s\":0}]"));
    expect(d, "orders", "zero", LEAKDIAG_OUTCOME_FAIL);
    leakdiag_diagnosis_free(d);
}
END_TEST

#define LOOK(at, first, from, to, n)                                                               \
    "{\"kind\":\"log\",\"source\":\"log\",\"t_ms\":" at ",\"log\":{" first "\"from_ms\":" from     \
    ",\"to_ms\":" to ",\"lines\":" n ",\"patterns\":[{\"name\":\"order\",\"count\":" n             \
    ",\"window_count\":" n ",\"first\":{\"line\":\"x\",\"t_ms\":" from                             \
    "},\"last\":{\"line\":\"x\","                                                                  \
    "\"t_ms\":" to "}}]}}"

START_TEST(a_log_whose_clock_is_two_hours_behind_still_shows_orders)
{
    leakdiag_diagnosis *d =
        diagnose(LOOK("700000", "\"is_first\":true,", "-7000000", "-6500000",
                      "100") "," LOOK("850000", "", "-6499000", "-6350000",
                                      "38") "," LOOK("1000000", "", "-6349000", "-6200000", "37"));
    expect(d, "orders", "in-range", LEAKDIAG_OUTCOME_PASS);
    leakdiag_diagnosis_free(d);
}
END_TEST

START_TEST(a_log_that_does_not_grow_is_silent)
{
    leakdiag_diagnosis *d = diagnose(FLAG("300") "," LOAD(
        RUNNING
        ",\"rows\":[{\"method\":\"POST\",\"name\":\"/api/checkout\","
        "\"requests\":100,\"rate_per_s\":0.25}]") ","
                                                  "{\"kind\":\"log\",\"source\":\"log\",\"t_"
                                                  "ms\":" NOW ",\"log\":{\"is_first\":true,"
                                                  "\"modified_ms\":1000,\"lines\":9,\"patterns\":[{"
                                                  "\"name\":\"active\",\"count\":4,"
                                                  "\"window_count\":4,\"last\":{\"line\":\"x\"}}]}"
                                                  "}");
    expect(d, "orders", "in-range", LEAKDIAG_OUTCOME_PASS);
    expect(d, "flag.seen", "silent-source", LEAKDIAG_OUTCOME_UNKNOWN);
    leakdiag_diagnosis_free(d);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array)[0])

/* Every look finds another process, killed since the last: more than an analysis takes. */
START_TEST(thousands_of_restarts_are_judged_by_the_newest)
{
    enum { N = 3000, ROOM = 200 };
    char *text = malloc((size_t)N * ROOM + 200);
    ck_assert_ptr_nonnull(text);
    size_t len = (size_t)sprintf(
        text, "{\"schema\":\"leakdiag.capture/1\",\"now_ms\":%d,\"facts\":[", N * 15000);
    for (int i = 0; i < N; i++)
        len += (size_t)snprintf(text + len, ROOM,
                                "%s{\"kind\":\"memory\",\"source\":\"x\",\"t_ms\":%d,\"memory\":"
                                "{\"sample_ms\":%d,\"pid\":%d,\"oom_kills\":%d,"
                                "\"working_set_bytes\":8388608}}",
                                i ? "," : "", i * 15000, i * 15000, i + 1, i);
    strcpy(text + len, "]}");
    leakdiag_scenario *scenario = NULL;
    leakdiag_observation *observation = NULL;
    leakdiag_diagnosis *d = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_scenario_builtin("any-workload", NULL, 0, &scenario, &err),
                     LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_observation_from_json(text, strlen(text), &observation, &err),
                     LEAKDIAG_OK);
    leakdiag_status status = leakdiag_diagnose(scenario, observation, &d, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    leakdiag_diagnosis_free(d);
    leakdiag_observation_unref(observation);
    leakdiag_scenario_unref(scenario);
    free(text);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("diagnosis");
    tcase_add_test(tc, behind_a_broken_link_the_rest_is_blocked_and_keeps_its_finding);
    tcase_add_test(tc, what_is_seen_to_work_is_not_blocked);
    tcase_add_test(tc, absence_proves_nothing_while_orders_are_not_known);
    tcase_add_test(tc, a_supporting_check_without_a_source_does_not_make_it_inconclusive);
    tcase_add_test(tc, nothing_observed_is_inconclusive_and_never_green);
    tcase_add_test(tc, causes_are_ranked_by_stated_rules_with_their_evidence);
    tcase_add_loop_test(tc, the_load_is_judged_by_state_and_users, 0, COUNT(load_cases));
    tcase_add_test(tc, a_frozen_rate_of_a_stopped_test_is_zero);
    tcase_add_test(tc, orders_while_the_generator_is_stopped_come_from_another_one);
    tcase_add_test(tc, orders_that_ceased_with_the_generator_were_its_own);
    tcase_add_test(tc, what_a_backend_holds_of_a_killed_instance_is_not_of_the_next);
    tcase_add_test(tc, a_sample_of_the_instance_before_is_said_to_be_one);
    tcase_add_loop_test(tc, a_rate_is_counted_over_the_time_that_the_log_covers, 0,
                        COUNT(rate_cases));
    tcase_add_loop_test(tc, a_limit_that_is_not_known_is_neither_none_nor_expected, 0,
                        COUNT(limit_cases));
    tcase_add_test(tc, rules_that_nobody_followed_leave_the_value_unknown);
    tcase_add_test(tc, thousands_of_restarts_are_judged_by_the_newest);
    tcase_add_test(tc, an_old_look_says_nothing_about_now);
    tcase_add_test(tc, that_none_came_is_known_only_up_to_the_page_that_locust_made_last);
    tcase_add_test(tc, orders_are_what_was_posted);
    tcase_add_test(tc, a_log_whose_clock_is_two_hours_behind_still_shows_orders);
    tcase_add_test(tc, a_log_that_does_not_grow_is_silent);
    Suite *suite = suite_create("diagnosis");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
