/* The pipeline: view, checks, funnel, causes, conclusion. */
#include <string.h>

#include "base/alloc.h"
#include "diagnosis/by_hand.h"
#include "diagnosis/checks/checks.h"
#include "diagnosis/funnel.h"

LD_DEFINE_CLEANUP(leakdiag_diagnosis, leakdiag_diagnosis_free, diagnosis_freep)

static leakdiag_status new_diagnosis(leakdiag_scenario *scenario, leakdiag_observation *observation,
                                     leakdiag_diagnosis **ret, leakdiag_error *err)
{
    LD_CLEANUP(diagnosis_freep) leakdiag_diagnosis *d = ld_alloc_zero(sizeof *d);
    if (!d)
        return ld_fail_nomem(err);
    d->scenario = leakdiag_scenario_ref(scenario);
    d->observation = leakdiag_observation_ref(observation);
    d->first_broken = SIZE_MAX;
    d->answers = ld_alloc_array(scenario->n_checks + 1, sizeof *d->answers);
    d->rates = ld_alloc_array(scenario->n_checks + 1, sizeof *d->rates);
    if (!d->answers || !d->rates)
        return ld_fail_nomem(err);
    d->n_answers = scenario->n_checks;
    for (size_t i = 0; i < d->n_answers; i++) {
        d->answers[i].check = &scenario->checks[i];
        d->answers[i].outcome = LD_UNKNOWN;
        d->answers[i].blocked_by = SIZE_MAX;
    }
    leakdiag_status status = ld_view_make(scenario, observation, &d->view, err);
    if (status)
        return status;
    *ret = ld_steal(&d);
    return LEAKDIAG_OK;
}

static leakdiag_status judge_all(leakdiag_diagnosis *d, leakdiag_error *err)
{
    for (size_t i = 0; i < d->n_answers; i++) {
        ld_answer *answer = &d->answers[i];
        leakdiag_status status = ld_judge_of(answer->check->kind->id)(d, answer, err);
        if (status)
            return status;
        ld_by_hand(answer);
        if (answer->command.failed || answer->observed.failed || answer->expected.failed ||
            answer->reason.failed)
            return ld_fail_nomem(err);
    }
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_diagnose(leakdiag_scenario *scenario, leakdiag_observation *observation,
                                  leakdiag_diagnosis **ret, leakdiag_error *err)
{
    if (!scenario || !observation)
        return ld_fail(err, LEAKDIAG_E_INVALID, "a scenario and an observation are needed");
    LD_CLEANUP(diagnosis_freep) leakdiag_diagnosis *d = NULL;
    leakdiag_status status = new_diagnosis(scenario, observation, &d, err);
    if (!status)
        status = judge_all(d, err);
    if (status)
        return status;
    ld_funnel(d);
    ld_time_to_limit(d);
    status = ld_find_causes(d, err);
    if (!status)
        status = ld_conclude(d, err);
    if (status)
        return status;
    *ret = ld_steal(&d);
    return LEAKDIAG_OK;
}

static void evidence_done(ld_evidence *evidence)
{
    for (size_t i = 0; i < evidence->n; i++)
        ld_release(evidence->list[i]);
    ld_release(evidence->list);
}

void leakdiag_diagnosis_free(leakdiag_diagnosis *diagnosis)
{
    if (!diagnosis)
        return;
    for (size_t i = 0; i < diagnosis->n_answers; i++) {
        ld_text_done(&diagnosis->answers[i].command);
        ld_text_done(&diagnosis->answers[i].observed);
        ld_text_done(&diagnosis->answers[i].expected);
        ld_text_done(&diagnosis->answers[i].reason);
    }
    for (size_t i = 0; i < diagnosis->n_causes; i++) {
        evidence_done(&diagnosis->causes[i].in_favour);
        evidence_done(&diagnosis->causes[i].against);
        ld_release(diagnosis->causes[i].prediction);
    }
    ld_release(diagnosis->causes);
    ld_release(diagnosis->answers);
    ld_release(diagnosis->rates);
    leakdiag_trend_free(diagnosis->trend);
    leakdiag_comparison_free(diagnosis->comparison);
    ld_view_done(&diagnosis->view);
    ld_release(diagnosis->summary);
    ld_release(diagnosis->next);
    leakdiag_scenario_unref(diagnosis->scenario);
    leakdiag_observation_unref(diagnosis->observation);
    ld_release(diagnosis);
}
