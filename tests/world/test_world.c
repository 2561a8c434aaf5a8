/* The world matrix: small worlds through the real decoders, and what must be said about them. */
#include <check.h>
#include <leakdiag/diagnosis.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "observation/observation.h"
#include "world/cluster.h"
#include "world/live.h"
#include "world/world.h"

#define CASES_MAX 256

static ld_node *answers;
static ld_node *documents[5]; /* the last one is of clusters only */
static const ld_node *cases[CASES_MAX], *live_cases[CASES_MAX], *cluster_cases[CASES_MAX];
static int n_cases, n_live_cases, n_cluster_cases;

/* --- what is wrong with a judgement
 * --------------------------------------------------------------- */

/* A side of "FINDING/OUTCOME": any, one of, any but. */
static bool is_one_of(const char *pattern, size_t len, const char *word)
{
    if (len == 1 && pattern[0] == '*')
        return true;
    if (len > 0 && pattern[0] == '!')
        return !is_one_of(pattern + 1, len - 1, word);
    for (const char *end = pattern + len; pattern < end;) {
        const char *bar = memchr(pattern, '|', (size_t)(end - pattern));
        size_t n = (size_t)((bar ? bar : end) - pattern);
        if (strlen(word) == n && memcmp(word, pattern, n) == 0)
            return true;
        pattern += n + 1;
    }
    return false;
}

static void compare_check(const leakdiag_diagnosis *d, const ld_node *expected, ld_text *wrong)
{
    size_t i = leakdiag_diagnosis_find_check(d, expected->key);
    const char *slash = strchr(expected->text, '/');
    if (i == leakdiag_diagnosis_check_count(d) || !slash) {
        ld_text_addf(wrong, "\n  %s: no such check, or no FINDING/OUTCOME", expected->key);
        return;
    }
    const char *finding = leakdiag_check_finding(d, i);
    const char *outcome = leakdiag_outcome_name(leakdiag_check_outcome(d, i));
    if (is_one_of(expected->text, (size_t)(slash - expected->text), finding ? finding : "-") &&
        is_one_of(slash + 1, strlen(slash + 1), outcome))
        return;
    ld_text_addf(wrong, "\n  %s is %s/%s, not %s (%s; %s)", expected->key, finding ? finding : "-",
                 outcome, expected->text, leakdiag_check_observed(d, i),
                 leakdiag_check_reason(d, i));
}

static bool fires(const leakdiag_diagnosis *d, const char *id)
{
    for (size_t i = 0; i < leakdiag_diagnosis_cause_count(d); i++)
        if (strcmp(leakdiag_cause_id(d, i), id) == 0)
            return true;
    return false;
}

static void compare_list(const leakdiag_diagnosis *d, const ld_node *list, bool wanted,
                         ld_text *wrong)
{
    for (size_t i = 0; i < list->n; i++)
        if (fires(d, list->children[i].text) != wanted)
            ld_text_addf(wrong, "\n  the cause %s %s", list->children[i].text,
                         wanted ? "is missing" : "must not be there");
}

static void compare_first(const leakdiag_diagnosis *d, const char *expected, ld_text *wrong)
{
    const char *first = leakdiag_diagnosis_cause_count(d) ? leakdiag_cause_id(d, 0) : "none";
    if (strcmp(first, expected) != 0)
        ld_text_addf(wrong, "\n  the first cause is %s, not %s", first, expected);
}

static void compare_sure(const leakdiag_diagnosis *d, const char *expected, ld_text *wrong)
{
    const char *sure = leakdiag_diagnosis_cause_count(d)
                           ? leakdiag_confidence_name(leakdiag_cause_confidence(d, 0))
                           : "none";
    if (strcmp(sure, expected) != 0)
        ld_text_addf(wrong, "\n  the first cause is %s, not %s", sure, expected);
}

static void compare_verdict(const leakdiag_diagnosis *d, const char *expected, ld_text *wrong)
{
    const char *verdict = leakdiag_verdict_name(leakdiag_diagnosis_verdict(d));
    if (!is_one_of(expected, strlen(expected), verdict))
        ld_text_addf(wrong, "\n  the verdict is %s, not %s (%s)", verdict, expected,
                     leakdiag_diagnosis_summary(d));
}

static void compare_ttl(const leakdiag_diagnosis *d, const ld_node *expected, ld_text *wrong)
{
    double wanted, lo = leakdiag_diagnosis_ttl_lo_s(d), hi = leakdiag_diagnosis_ttl_hi_s(d);
    double ttl = leakdiag_diagnosis_ttl_s(d);
    ck_assert(ld_number_parse(expected->text, strlen(expected->text), &wanted));
    bool is_right = strcmp(expected->key, "ttl_has") == 0 ? lo <= wanted && wanted <= hi && lo < hi
                                                          : ttl >= wanted;
    if (is_right)
        return;
    ld_text_addf(wrong, "\n  %s %s, but it is ", expected->key, expected->text);
    ld_text_add_fixed(wrong, lo, 0);
    ld_text_add(wrong, " to ");
    ld_text_add_fixed(wrong, hi, 0);
    ld_text_add(wrong, ", most likely ");
    ld_text_add_fixed(wrong, ttl, 0);
}

/* What the first cause says beside its name. */
static void compare_advice(const leakdiag_diagnosis *d, const ld_node *expected, ld_text *wrong)
{
    const char *fix = leakdiag_diagnosis_cause_count(d) ? leakdiag_cause_fix(d, 0) : "";
    const char *predicts = leakdiag_diagnosis_cause_count(d) ? leakdiag_cause_prediction(d, 0) : "";
    for (size_t i = 0; i < expected->n; i++)
        if (!strstr(fix, expected->children[i].text))
            ld_text_addf(wrong, "\n  the fix does not say %s: %s", expected->children[i].text, fix);
    if (strcmp(expected->key, "predicts") == 0 && !*predicts)
        ld_text_add(wrong, "\n  the first cause predicts nothing");
}

/* What is observed of a check, or why it is not known. */
static void compare_words(const leakdiag_diagnosis *d, const ld_node *expected, ld_text *wrong)
{
    for (size_t i = 0; i < expected->n; i++) {
        const ld_node *e = &expected->children[i];
        size_t at = leakdiag_diagnosis_find_check(d, e->key);
        const char *observed = leakdiag_check_observed(d, at);
        const char *reason = leakdiag_check_reason(d, at);
        if (!strstr(observed, e->text) && !strstr(reason, e->text))
            ld_text_addf(wrong, "\n  %s does not say \"%s\": %s; %s", e->key, e->text, observed,
                         reason);
    }
}

static bool holds(const ld_node *list, const char *text)
{
    for (size_t i = 0; list && i < list->n; i++)
        if (strcmp(list->children[i].text, text) == 0)
            return true;
    return false;
}

static void compare(const leakdiag_diagnosis *d, const ld_node *expect, const ld_node *leave_out,
                    const ld_node *instead, ld_text *wrong)
{
    for (size_t i = 0; i < expect->n; i++) {
        const ld_node *e = &expect->children[i];
        if (holds(leave_out, e->key) || ld_node_get(instead, e->key))
            continue;
        if (strcmp(e->key, "why") == 0)
            continue;
        if (strcmp(e->key, "first") == 0)
            compare_first(d, e->text, wrong);
        else if (strcmp(e->key, "sure") == 0)
            compare_sure(d, e->text, wrong);
        else if (strcmp(e->key, "fires") == 0 || strcmp(e->key, "not") == 0)
            compare_list(d, e, e->key[0] == 'f', wrong);
        else if (strcmp(e->key, "verdict") == 0)
            compare_verdict(d, e->text, wrong);
        else if (strcmp(e->key, "ttl_has") == 0 || strcmp(e->key, "ttl_at_least") == 0)
            compare_ttl(d, e, wrong);
        else if (strcmp(e->key, "fix_says") == 0 || strcmp(e->key, "predicts") == 0)
            compare_advice(d, e, wrong);
        else if (strcmp(e->key, "says") == 0)
            compare_words(d, e, wrong);
        else if (strcmp(e->key, "evidence") == 0) {
            if (leakdiag_diagnosis_has_evidence(d))
                ld_text_add(wrong, "\n  there is no evidence, but it says there is");
        } else
            compare_check(d, e, wrong);
    }
}

/* instead: what is expected otherwise than by the world's own `expect`; NULL. */
static void judge(const world *w, leakdiag_scenario *scenario, leakdiag_observation *observation,
                  const ld_node *leave_out, const ld_node *instead)
{
    leakdiag_diagnosis *diagnosis = NULL;
    leakdiag_error err = {0};
    ld_text wrong = {0};
    leakdiag_status status = leakdiag_diagnose(scenario, observation, &diagnosis, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s: %s", w->name, err.message);
    compare(diagnosis, w->expect, leave_out, instead, &wrong);
    if (instead)
        compare(diagnosis, instead, NULL, NULL, &wrong);
    for (size_t i = 0; wrong.len && i < leakdiag_diagnosis_cause_count(diagnosis); i++)
        ld_text_addf(&wrong, "\n  cause: %s", leakdiag_cause_id(diagnosis, i));
    leakdiag_diagnosis_free(diagnosis);
    ck_assert_msg(!wrong.len, "%s (%s): %s%s", w->row, w->fact, w->name, wrong.data);
    ld_text_done(&wrong);
}

/* --- the cases
 * ------------------------------------------------------------------------------------ */

START_TEST(every_decoded_world_is_judged_as_the_matrix_says)
{
    world w = world_read(cases[_i], answers);
    leakdiag_scenario *scenario = world_scenario(&w, &world_usual_places);
    leakdiag_observation *observation =
        world_observe(&w, scenario, &world_usual_places, WORLD_EPOCH, w.at_ms, true);
    judge(&w, scenario, observation, NULL, NULL);
    leakdiag_observation_unref(observation);
    leakdiag_scenario_unref(scenario);
}
END_TEST

START_TEST(a_world_behind_sockets_and_files_is_judged_the_same)
{
    world w = world_read(live_cases[_i], answers);
    leakdiag_scenario *scenario = NULL;
    leakdiag_observation *observation = live_observe(&w, &scenario);
    judge(&w, scenario, observation, ld_node_get(ld_node_get(live_cases[_i], "live"), "not"), NULL);
    leakdiag_observation_unref(observation);
    leakdiag_scenario_unref(scenario);
}
END_TEST

START_TEST(a_world_in_a_cluster_is_judged_from_a_kubeconfig_alone)
{
    world w = world_read(cluster_cases[_i], answers);
    leakdiag_scenario *scenario = NULL;
    leakdiag_observation *observation = cluster_observe(&w, &scenario);
    judge(&w, scenario, observation, NULL, ld_node_get(cluster_cases[_i], "cluster_expect"));
    leakdiag_observation_unref(observation);
    leakdiag_scenario_unref(scenario);
}
END_TEST

/* Every third: what differs from the test above is the way of the bytes, not what they say. */
#define TLS_STEP 3

START_TEST(a_world_behind_tls_is_judged_the_same)
{
    const ld_node *one = cluster_cases[_i * TLS_STEP];
    world w = world_read(one, answers);
    leakdiag_scenario *scenario = NULL;
    if (w.has_log_gap) /* a session that begins now cannot know what was rotated away before */
        return;
    leakdiag_observation *observation = cluster_observe_tls(&w, &scenario);
    judge(&w, scenario, observation, NULL, ld_node_get(one, "cluster_expect"));
    leakdiag_observation_unref(observation);
    leakdiag_scenario_unref(scenario);
}
END_TEST

static bool has_case(const ld_node *const *list, int n, const char *row, const char *fact)
{
    for (int i = 0; i < n; i++)
        if (strcmp(ld_node_text(ld_node_get(list[i], "row")), row) == 0 &&
            strcmp(ld_node_text(ld_node_get(list[i], "fact")), fact) == 0)
            return true;
    return false;
}

START_TEST(no_row_of_the_cluster_is_missing)
{
    static const char *const rows[] = {"R3", "R5", "R6", "R8", "R15", "R18", "pods", "services"};
    static const char *const facts[] = {"on", "off", "near miss"};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
        for (size_t f = 0; f < sizeof facts / sizeof facts[0]; f++)
            ck_assert_msg(has_case(cluster_cases, n_cluster_cases, rows[r], facts[f]),
                          "%s has no case with the fact %s", rows[r], facts[f]);
    /* what is left out says why */
    ck_assert_int_ge(n_cluster_cases, n_cases - 5);
}
END_TEST

/* Rows and facts that the matrix must hold: at least one case each. */
START_TEST(no_row_of_the_matrix_is_missing)
{
    static const char *const rows[] = {
        "R1",  "R2",  "R7",      "R9",      "R10",     "R11",     "R12",     "R13",    "R14",
        "R19", "R20", "issue 1", "issue 2", "issue 3", "issue 4", "issue 5", "numbers"};
    static const char *const facts[] = {"on", "off", "near miss"};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
        for (size_t f = 0; f < sizeof facts / sizeof facts[0]; f++) {
            bool found = strcmp(rows[r], "numbers") == 0 && f == 1; /* off is the healthy run */
            found |= has_case(cases, n_cases, rows[r], facts[f]);
            ck_assert_msg(found, "%s has no case with the fact %s", rows[r], facts[f]);
        }
    ck_assert_int_ge(n_live_cases, 12);
}
END_TEST

/* LEAKDIAG_WORLD_ROWS="R13,issue 5" leaves out the other rows: for the mutation run. */
static bool is_wanted(const ld_node *one)
{
    const char *rows = getenv("LEAKDIAG_WORLD_ROWS");
    const char *row = ld_node_text(ld_node_get(one, "row"));
    for (const char *rest = rows; rest && row; rest = strchr(rest, ',')) {
        rest += *rest == ',';
        if (strncmp(rest, row, strlen(row)) == 0 && strchr(",", rest[strlen(row)]))
            return true;
    }
    return !rows;
}

static void load_matrix(void)
{
    static const char *const files[] = {"flag.yaml", "application.yaml", "orders.yaml",
                                        "memory.yaml", "cluster.yaml"};
    answers = world_document("answers.yaml");
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        documents[f] = world_document(files[f]);
        for (size_t i = 0; i < documents[f]->n; i++) {
            const ld_node *one = &documents[f]->children[i];
            if (n_cases == CASES_MAX)
                abort();
            if (!is_wanted(one))
                continue;
            if (f + 1 < sizeof files / sizeof files[0])
                cases[n_cases++] = one;
            if (ld_node_get(one, "live"))
                live_cases[n_live_cases++] = one;
            if (!ld_node_get(ld_node_get(one, "cluster"), "not"))
                cluster_cases[n_cluster_cases++] = one;
        }
    }
}

int main(void)
{
    load_matrix();
    Suite *suite = suite_create("world");
    TCase *decoded = tcase_create("decoded"), *live = tcase_create("live");
    TCase *in_cluster = tcase_create("cluster"), *tls = tcase_create("tls");
    tcase_set_timeout(tls, 60);
    tcase_add_loop_test(tls, a_world_behind_tls_is_judged_the_same, 0,
                        (n_cluster_cases + TLS_STEP - 1) / TLS_STEP);
    tcase_set_timeout(in_cluster, 60);
    tcase_add_loop_test(in_cluster, a_world_in_a_cluster_is_judged_from_a_kubeconfig_alone, 0,
                        n_cluster_cases);
    tcase_set_timeout(decoded, 60);
    tcase_set_timeout(live, 60);
    if (!getenv("LEAKDIAG_WORLD_ROWS")) {
        tcase_add_test(decoded, no_row_of_the_matrix_is_missing);
        tcase_add_test(in_cluster, no_row_of_the_cluster_is_missing);
    }
    tcase_add_loop_test(decoded, every_decoded_world_is_judged_as_the_matrix_says, 0, n_cases);
    tcase_add_loop_test(live, a_world_behind_sockets_and_files_is_judged_the_same, 0, n_live_cases);
    suite_add_tcase(suite, decoded);
    suite_add_tcase(suite, live);
    suite_add_tcase(suite, in_cluster);
    suite_add_tcase(suite, tls);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    for (size_t f = 0; f < sizeof documents / sizeof documents[0]; f++)
        ld_node_free(documents[f]);
    ld_node_free(answers);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
