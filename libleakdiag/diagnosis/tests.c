/* The scenario's embedded tests: made-up facts in, expected judgement out. */
#include <string.h>

#include "base/alloc.h"
#include "diagnosis/given.h"

struct leakdiag_test_results {
    leakdiag_scenario *scenario; /* whose names are shown */
    char **messages;             /* "" when it came out as expected */
    size_t n;
};

LD_DEFINE_CLEANUP(leakdiag_diagnosis, leakdiag_diagnosis_free, diagnosis_freep)
LD_DEFINE_CLEANUP(leakdiag_test_results, leakdiag_test_results_free, results_freep)

static void differs(ld_text *text, const char *what, const char *got, const char *want)
{
    ld_text_addf(text, "%s%s is %s, expected %s", text->len ? "; " : "", what, got, want);
}

static const char *or_none(const char *text)
{
    return text ? text : "none";
}

/* A check's word may be its finding or its outcome. */
static void compare_check(const leakdiag_diagnosis *d, const char *id, const char *want,
                          ld_text *text)
{
    size_t i = leakdiag_diagnosis_find_check(d, id);
    const char *finding = or_none(leakdiag_check_finding(d, i));
    const char *outcome = leakdiag_outcome_name(leakdiag_check_outcome(d, i));
    if (strcmp(finding, want) == 0 || strcmp(outcome, want) == 0)
        return;
    ld_text_addf(text, "%s%s is %s (%s), expected %s", text->len ? "; " : "", id, finding, outcome,
                 want);
}

static bool has_cause(const leakdiag_diagnosis *d, const char *id)
{
    for (size_t i = 0; i < d->n_causes; i++)
        if (strcmp(d->causes[i].cause->id, id) == 0)
            return true;
    return false;
}

static void compare_causes(const leakdiag_diagnosis *d, const ld_attribute *want, ld_text *text)
{
    bool same = want->n_items == d->n_causes;
    for (size_t i = 0; i < want->n_items && same; i++)
        same = has_cause(d, want->items[i]);
    if (same)
        return;
    ld_text_addf(text, "%scauses are", text->len ? "; " : "");
    for (size_t i = 0; i < d->n_causes; i++)
        ld_text_addf(text, " %s", d->causes[i].cause->id);
    ld_text_add(text, d->n_causes ? ", expected" : " none, expected");
    for (size_t i = 0; i < want->n_items; i++)
        ld_text_addf(text, " %s", want->items[i]);
    ld_text_add(text, want->n_items ? "" : " none");
}

static void compare(const leakdiag_diagnosis *d, const ld_attribute *want, ld_text *text)
{
    const char *verdict = leakdiag_verdict_name(d->verdict);
    const char *first = or_none(leakdiag_cause_id(d, 0));
    if (strcmp(want->key, "verdict") == 0 && strcmp(want->text, verdict) != 0)
        differs(text, "verdict", verdict, want->text);
    if (strcmp(want->key, "first_cause") == 0 && strcmp(want->text, first) != 0)
        differs(text, "first cause", first, want->text);
    if (strcmp(want->key, "causes") == 0)
        compare_causes(d, want, text);
    if (strncmp(want->key, "checks.", 7) == 0)
        compare_check(d, want->key + 7, want->text, text);
}

static leakdiag_status run(leakdiag_scenario *scenario, const ld_scenario_test *test, char **ret,
                           leakdiag_error *err)
{
    LD_CLEANUP(ld_observation_unrefp) leakdiag_observation *observation = NULL;
    LD_CLEANUP(diagnosis_freep) leakdiag_diagnosis *diagnosis = NULL;
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    leakdiag_status status = ld_given_observation(scenario, test, &observation, err);
    if (!status)
        status = leakdiag_diagnose(scenario, observation, &diagnosis, err);
    if (status)
        return status;
    for (size_t i = 0; i < test->expect.n; i++)
        compare(diagnosis, &test->expect.list[i], &text);
    return ld_text_take(&text, ret, err);
}

leakdiag_status leakdiag_scenario_test(leakdiag_scenario *scenario, leakdiag_test_results **ret,
                                       leakdiag_error *err)
{
    LD_CLEANUP(results_freep) leakdiag_test_results *results = ld_alloc_zero(sizeof *results);
    if (!results)
        return ld_fail_nomem(err);
    leakdiag_status status = ld_scenario_with_tests(scenario, &results->scenario, err);
    if (status)
        return status;
    scenario = results->scenario;
    results->messages = ld_alloc_array(scenario->n_tests + 1, sizeof *results->messages);
    if (!results->messages)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < scenario->n_tests; i++) {
        status = run(scenario, &scenario->tests[i], &results->messages[i], err);
        if (status)
            return ld_error_prefix(err, status, "test \"%s\"", scenario->tests[i].name);
        results->n++;
    }
    *ret = ld_steal(&results);
    return LEAKDIAG_OK;
}

size_t leakdiag_test_count(const leakdiag_test_results *results)
{
    return results->n;
}

const char *leakdiag_test_name(const leakdiag_test_results *results, size_t i)
{
    return i < results->n ? results->scenario->tests[i].name : NULL;
}

int leakdiag_test_passed(const leakdiag_test_results *results, size_t i)
{
    return i < results->n && results->messages[i][0] == '\0';
}

const char *leakdiag_test_message(const leakdiag_test_results *results, size_t i)
{
    return i < results->n ? results->messages[i] : NULL;
}

void leakdiag_test_results_free(leakdiag_test_results *results)
{
    if (!results)
        return;
    for (size_t i = 0; i < results->n; i++)
        ld_release(results->messages[i]);
    ld_release(results->messages);
    leakdiag_scenario_unref(results->scenario);
    ld_release(results);
}
