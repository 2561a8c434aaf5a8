/* Hypotheses over findings. Data decides which; the confidence follows from stated rules. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "diagnosis/checks/checks.h"
#include "diagnosis/funnel.h"

/* Findings of a kind are compared by their words. */
static bool holds(const leakdiag_diagnosis *d, const ld_condition *condition)
{
    const ld_finding *finding = d->answers[condition->check].finding;
    if (!finding)
        return false;
    for (size_t i = 0; i < condition->n; i++)
        if (strcmp(condition->findings[i], finding->name) == 0)
            return true;
    return false;
}

static size_t count_holding(const leakdiag_diagnosis *d, const ld_conditions *conditions)
{
    size_t n = 0;
    for (size_t i = 0; i < conditions->n; i++)
        n += holds(d, &conditions->list[i]);
    return n;
}

static bool fires(const leakdiag_diagnosis *d, const ld_cause *cause)
{
    return count_holding(d, &cause->when) == cause->when.n &&
           (cause->any.n == 0 || count_holding(d, &cause->any) > 0) &&
           count_holding(d, &cause->unless) == 0;
}

/* confirmed: an independent finding supports it and none speaks against it; possible: one speaks
 * against it and none supports it; likely: all between. */
static bool is_condition(const ld_conditions *conditions, size_t check)
{
    for (size_t i = 0; i < conditions->n; i++)
        if (conditions->list[i].check == check)
            return true;
    return false;
}

/* A check that made the cause fire cannot support it too; one of several under `any` can. */
static bool is_supported(const leakdiag_diagnosis *d, const ld_cause *cause)
{
    bool spare_any = count_holding(d, &cause->any) > 1;
    for (size_t i = 0; i < cause->supports.n; i++) {
        const ld_condition *support = &cause->supports.list[i];
        if (holds(d, support) && !is_condition(&cause->when, support->check) &&
            (spare_any || !is_condition(&cause->any, support->check)))
            return true;
    }
    return false;
}

static leakdiag_confidence confidence_of(const leakdiag_diagnosis *d, const ld_cause *cause)
{
    bool supported = is_supported(d, cause);
    bool contested = count_holding(d, &cause->against) > 0;
    if (supported == contested)
        return LEAKDIAG_CONFIDENCE_LIKELY;
    return supported ? LEAKDIAG_CONFIDENCE_CONFIRMED : LEAKDIAG_CONFIDENCE_POSSIBLE;
}

/* "flag.value is lower: 100 (variant on), expected 300" */
static leakdiag_status sentence(const ld_answer *answer, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    ld_text_addf(&text, "%s is %s", answer->check->id, answer->finding->name);
    if (answer->observed.len)
        ld_text_addf(&text, ": %s", answer->observed.data);
    if (answer->expected.len && answer->outcome != LD_PASS)
        ld_text_addf(&text, "%s expected %s", answer->observed.len ? "," : ":",
                     answer->expected.data);
    return ld_text_take(&text, ret, err);
}

static bool is_listed(const ld_evidence *evidence, const char *text)
{
    for (size_t i = 0; i < evidence->n; i++)
        if (strcmp(evidence->list[i], text) == 0)
            return true;
    return false;
}

static leakdiag_status add_evidence(const leakdiag_diagnosis *d, const ld_conditions *conditions,
                                    ld_evidence *evidence, leakdiag_error *err)
{
    for (size_t i = 0; i < conditions->n; i++) {
        if (!holds(d, &conditions->list[i]))
            continue;
        LD_CLEANUP(ld_releasep) char *text = NULL;
        leakdiag_status status = sentence(&d->answers[conditions->list[i].check], &text, err);
        if (status)
            return status;
        if (is_listed(evidence, text)) /* one finding may hold several conditions */
            continue;
        char **list =
            ld_resize_array(evidence->list, evidence->n, evidence->n + 1, sizeof *evidence->list);
        if (!list)
            return ld_fail_nomem(err);
        evidence->list = list;
        evidence->list[evidence->n++] = ld_steal(&text);
    }
    return LEAKDIAG_OK;
}

/* Time to the end of the curve at a fraction of the flag value: growth is proportional to it. The
 * runbook's curve bends, so its first slope and its whole length give two answers: a range. */
static void predict_from_curve(const leakdiag_diagnosis *d, ld_text *text)
{
    const leakdiag_timeline *timeline = d->scenario->timeline;
    const ld_fact *flag = d->view.flag;
    double valid_for = d->scenario->timeline_flag_value;
    if (!timeline || !flag || flag->error || !(flag->of.flag.number > 0) || !(valid_for > 0))
        return;
    double ratio = valid_for / flag->of.flag.number;
    size_t n = leakdiag_timeline_len(timeline);
    leakdiag_timeline_point first = leakdiag_timeline_point_at(timeline, 0);
    leakdiag_timeline_point second = leakdiag_timeline_point_at(timeline, 1);
    leakdiag_timeline_point last = leakdiag_timeline_point_at(timeline, n - 1);
    double whole_s = (double)last.at_ms / 1e3 * ratio;
    double slope = (second.bytes - first.bytes) / (double)(second.at_ms - first.at_ms) * 1e3;
    double straight_s = slope > 0 ? (last.bytes - first.bytes) / slope * ratio : whole_s;

    ld_text_add(text, "at ");
    ld_text_add_number(text, flag->of.flag.number);
    ld_text_add(text, " the limit is reached ");
    ld_add_duration(text, fmin(straight_s, whole_s));
    ld_text_add(text, " to ");
    ld_add_duration(text, fmax(straight_s, whole_s));
    ld_text_add(text, " after the start instead of ");
    ld_add_duration(text, whole_s / ratio);
}

static leakdiag_status predict(const leakdiag_diagnosis *d, const ld_cause *cause, char **ret,
                               leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    if (cause->predicts_limit) {
        predict_from_curve(d, &text);
        ld_add_time_to_limit(&text, d,
                             text.len ? "; as it climbs now, in " : "the limit is reached in ");
    }
    return ld_text_take(&text, ret, err);
}

static leakdiag_status add_cause(leakdiag_diagnosis *d, const ld_cause *cause, leakdiag_error *err)
{
    ld_verdict_cause *found = &d->causes[d->n_causes++];
    found->cause = cause;
    found->confidence = confidence_of(d, cause);
    leakdiag_status status = add_evidence(d, &cause->when, &found->in_favour, err);
    if (!status)
        status = add_evidence(d, &cause->any, &found->in_favour, err);
    if (!status)
        status = add_evidence(d, &cause->supports, &found->in_favour, err);
    if (!status)
        status = add_evidence(d, &cause->against, &found->against, err);
    if (!status)
        status = predict(d, cause, &found->prediction, err);
    return status;
}

/* Most sure first; among equals the scenario's order. Few enough for an insertion sort, which is
 * stable. */
static void rank(ld_verdict_cause *causes, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        ld_verdict_cause moving = causes[i];
        size_t at = i;
        for (; at > 0 && causes[at - 1].confidence < moving.confidence; at--)
            causes[at] = causes[at - 1];
        causes[at] = moving;
    }
}

leakdiag_status ld_find_causes(leakdiag_diagnosis *d, leakdiag_error *err)
{
    d->causes = ld_alloc_array(d->scenario->n_causes + 1, sizeof *d->causes);
    if (!d->causes)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < d->scenario->n_causes; i++) {
        if (!fires(d, &d->scenario->causes[i]))
            continue;
        leakdiag_status status = add_cause(d, &d->scenario->causes[i], err);
        if (status)
            return status;
    }
    rank(d->causes, d->n_causes);
    return LEAKDIAG_OK;
}
