/* Reading a diagnosis: nothing is computed here. */
#include <string.h>

#include "diagnosis/by_hand.h"

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

const char *leakdiag_outcome_name(leakdiag_outcome outcome)
{
    return (unsigned)outcome <= LEAKDIAG_OUTCOME_BLOCKED ? ld_outcome_name((ld_outcome)outcome)
                                                         : "unknown";
}

const char *leakdiag_verdict_name(leakdiag_verdict verdict)
{
    static const char *const names[] = {"as-expected", "warning", "not-as-expected",
                                        "inconclusive"};
    return (unsigned)verdict <= LEAKDIAG_VERDICT_INCONCLUSIVE ? names[verdict] : "inconclusive";
}

const char *leakdiag_confidence_name(leakdiag_confidence confidence)
{
    static const char *const names[] = {"possible", "likely", "confirmed"};
    return (unsigned)confidence <= LEAKDIAG_CONFIDENCE_CONFIRMED ? names[confidence] : "possible";
}

leakdiag_verdict leakdiag_diagnosis_verdict(const leakdiag_diagnosis *diagnosis)
{
    return diagnosis->verdict;
}

int leakdiag_diagnosis_exit_code(const leakdiag_diagnosis *diagnosis)
{
    static const int codes[] = {0, 4, 3, 5};
    return codes[diagnosis->verdict];
}

const char *leakdiag_diagnosis_summary(const leakdiag_diagnosis *diagnosis)
{
    return diagnosis->summary;
}

const char *leakdiag_diagnosis_next(const leakdiag_diagnosis *diagnosis)
{
    return diagnosis->next;
}

int leakdiag_diagnosis_is_decided(const leakdiag_diagnosis *diagnosis)
{
    return diagnosis->is_decided;
}

int64_t leakdiag_diagnosis_decides_at_ms(const leakdiag_diagnosis *diagnosis)
{
    return diagnosis->is_decided ? 0 : diagnosis->decides_at_ms;
}

static bool answered(const ld_fact *fact)
{
    if (fact->error)
        return false;
    if (fact->kind == LD_FACT_FLAG)
        return fact->of.flag.state != LEAKDIAG_FLAG_UNREACHABLE;
    if (fact->kind == LD_FACT_LOAD)
        return fact->of.load.state != LEAKDIAG_LOAD_UNREACHABLE;
    return true;
}

int leakdiag_diagnosis_has_evidence(const leakdiag_diagnosis *diagnosis)
{
    const leakdiag_observation *o = diagnosis->observation;
    for (size_t i = 0; i < o->n_facts; i++)
        if (answered(o->facts[i]))
            return 1;
    return 0;
}

size_t leakdiag_diagnosis_check_count(const leakdiag_diagnosis *diagnosis)
{
    return diagnosis->n_answers;
}

size_t leakdiag_diagnosis_find_check(const leakdiag_diagnosis *diagnosis, const char *id)
{
    return ld_scenario_check(diagnosis->scenario, id);
}

const char *leakdiag_check_id(const leakdiag_diagnosis *diagnosis, size_t i)
{
    return i < diagnosis->n_answers ? diagnosis->answers[i].check->id : NULL;
}

const char *leakdiag_check_kind(const leakdiag_diagnosis *diagnosis, size_t i)
{
    return i < diagnosis->n_answers ? diagnosis->answers[i].check->kind->name : NULL;
}

const char *leakdiag_check_asks(const leakdiag_diagnosis *diagnosis, size_t i)
{
    return i < diagnosis->n_answers ? or_empty(diagnosis->answers[i].check->asks) : NULL;
}

const char *leakdiag_check_finding(const leakdiag_diagnosis *diagnosis, size_t i)
{
    if (i >= diagnosis->n_answers || !diagnosis->answers[i].finding)
        return NULL;
    return diagnosis->answers[i].finding->name;
}

leakdiag_outcome leakdiag_check_outcome(const leakdiag_diagnosis *diagnosis, size_t i)
{
    return i < diagnosis->n_answers ? (leakdiag_outcome)diagnosis->answers[i].outcome
                                    : LEAKDIAG_OUTCOME_UNKNOWN;
}

const char *leakdiag_check_observed(const leakdiag_diagnosis *diagnosis, size_t i)
{
    return i < diagnosis->n_answers ? or_empty(diagnosis->answers[i].observed.data) : NULL;
}

const char *leakdiag_check_expected(const leakdiag_diagnosis *diagnosis, size_t i)
{
    return i < diagnosis->n_answers ? or_empty(diagnosis->answers[i].expected.data) : NULL;
}

const char *leakdiag_check_reason(const leakdiag_diagnosis *diagnosis, size_t i)
{
    return i < diagnosis->n_answers ? or_empty(diagnosis->answers[i].reason.data) : NULL;
}

const char *leakdiag_check_blocked_by(const leakdiag_diagnosis *diagnosis, size_t i)
{
    if (i >= diagnosis->n_answers || diagnosis->answers[i].blocked_by == SIZE_MAX)
        return NULL;
    return diagnosis->answers[diagnosis->answers[i].blocked_by].check->id;
}

const char *leakdiag_check_source(const leakdiag_diagnosis *diagnosis, size_t i)
{
    if (i >= diagnosis->n_answers)
        return NULL;
    return diagnosis->answers[i].fact ? diagnosis->answers[i].fact->source : "";
}

int64_t leakdiag_check_time_ms(const leakdiag_diagnosis *diagnosis, size_t i)
{
    if (i >= diagnosis->n_answers || !diagnosis->answers[i].fact)
        return 0;
    return diagnosis->answers[i].fact->time_ms;
}

const char *leakdiag_check_command(const leakdiag_diagnosis *diagnosis, size_t i)
{
    if (i >= diagnosis->n_answers)
        return NULL;
    return ld_command_of(&diagnosis->answers[i]);
}

size_t leakdiag_diagnosis_cause_count(const leakdiag_diagnosis *diagnosis)
{
    return diagnosis->n_causes;
}

static const ld_verdict_cause *cause_at(const leakdiag_diagnosis *diagnosis, size_t i)
{
    return i < diagnosis->n_causes ? &diagnosis->causes[i] : NULL;
}

const char *leakdiag_cause_id(const leakdiag_diagnosis *diagnosis, size_t i)
{
    const ld_verdict_cause *c = cause_at(diagnosis, i);
    return c ? c->cause->id : NULL;
}

const char *leakdiag_cause_title(const leakdiag_diagnosis *diagnosis, size_t i)
{
    const ld_verdict_cause *c = cause_at(diagnosis, i);
    return c ? c->cause->title : NULL;
}

leakdiag_confidence leakdiag_cause_confidence(const leakdiag_diagnosis *diagnosis, size_t i)
{
    const ld_verdict_cause *c = cause_at(diagnosis, i);
    return c ? c->confidence : LEAKDIAG_CONFIDENCE_POSSIBLE;
}

size_t leakdiag_cause_supporting_count(const leakdiag_diagnosis *diagnosis, size_t i)
{
    const ld_verdict_cause *c = cause_at(diagnosis, i);
    return c ? c->in_favour.n : 0;
}

const char *leakdiag_cause_supporting(const leakdiag_diagnosis *diagnosis, size_t i, size_t k)
{
    const ld_verdict_cause *c = cause_at(diagnosis, i);
    return c && k < c->in_favour.n ? c->in_favour.list[k] : NULL;
}

size_t leakdiag_cause_contradicting_count(const leakdiag_diagnosis *diagnosis, size_t i)
{
    const ld_verdict_cause *c = cause_at(diagnosis, i);
    return c ? c->against.n : 0;
}

const char *leakdiag_cause_contradicting(const leakdiag_diagnosis *diagnosis, size_t i, size_t k)
{
    const ld_verdict_cause *c = cause_at(diagnosis, i);
    return c && k < c->against.n ? c->against.list[k] : NULL;
}

const char *leakdiag_cause_refuted_by(const leakdiag_diagnosis *diagnosis, size_t i)
{
    const ld_verdict_cause *c = cause_at(diagnosis, i);
    return c ? or_empty(c->cause->refuted_by) : NULL;
}

const char *leakdiag_cause_fix(const leakdiag_diagnosis *diagnosis, size_t i)
{
    const ld_verdict_cause *c = cause_at(diagnosis, i);
    return c ? or_empty(c->cause->fix) : NULL;
}

const char *leakdiag_cause_command(const leakdiag_diagnosis *diagnosis, size_t i)
{
    const ld_verdict_cause *c = cause_at(diagnosis, i);
    return c ? or_empty(c->cause->command) : NULL;
}

const char *leakdiag_cause_prediction(const leakdiag_diagnosis *diagnosis, size_t i)
{
    const ld_verdict_cause *c = cause_at(diagnosis, i);
    return c ? c->prediction : NULL;
}

double leakdiag_diagnosis_ttl_s(const leakdiag_diagnosis *diagnosis)
{
    return diagnosis->ttl_s;
}

double leakdiag_diagnosis_ttl_lo_s(const leakdiag_diagnosis *diagnosis)
{
    return diagnosis->ttl_lo_s;
}

double leakdiag_diagnosis_ttl_hi_s(const leakdiag_diagnosis *diagnosis)
{
    return diagnosis->ttl_hi_s;
}

const leakdiag_series *leakdiag_diagnosis_series(const leakdiag_diagnosis *diagnosis)
{
    return leakdiag_series_len(diagnosis->view.series) ? diagnosis->view.series : NULL;
}
