/* Has a workload come to rest after its last change, and long enough ago to judge? */
#include <string.h>

#include "diagnosis/checks/checks.h"

static bool is_the_app(const ld_check *check)
{
    return strcmp(ld_check_subject(check), "app") == 0;
}

static void judge_age(leakdiag_diagnosis *d, ld_answer *answer, int64_t started_ms, double settle_s)
{
    double age_s = (double)(d->view.now_ms - started_ms) / 1e3;
    ld_text_add(&answer->observed, "started ");
    ld_add_duration(&answer->observed, age_s);
    ld_text_add(&answer->observed, " ago");
    ld_find(answer, age_s < settle_s ? "settling" : "settled");
}

/* What kubectl rollout status asks, and that no old pod is left: done says it too early. */
static bool is_rolled_out(const ld_workload_fact *w)
{
    return w->is_observed && w->updated >= w->replicas && w->total == w->updated &&
           w->available >= w->updated;
}

static void describe_progress(ld_answer *answer, const ld_workload_fact *w)
{
    ld_text_addf(&answer->observed, "%lld of %lld updated, %lld available", (long long)w->updated,
                 (long long)w->replicas, (long long)w->available);
    if (w->total > w->updated)
        ld_text_addf(&answer->observed, ", %lld old", (long long)(w->total - w->updated));
    if (!w->is_observed)
        ld_text_add(&answer->reason, "the controller has not seen the latest change yet");
    else if (w->reason && strcmp(w->reason, "NewReplicaSetAvailable") != 0) /* of the time before */
        ld_text_add(&answer->reason, w->reason);
}

static void note_clock(ld_answer *answer, const ld_workload_fact *w)
{
    int64_t skew_ms = w->clock_skew_ms;
    if (!skew_ms)
        return;
    ld_text_addf(&answer->reason, "%sthe clock of the machine that looked is ",
                 answer->reason.len ? "; " : "");
    ld_add_duration(&answer->reason, (double)(skew_ms < 0 ? -skew_ms : skew_ms) / 1e3);
    ld_text_addf(&answer->reason, " %s the cluster's, which is used",
                 skew_ms > 0 ? "behind" : "ahead of");
}

static void judge_workload(leakdiag_diagnosis *d, ld_answer *answer, const ld_workload_fact *w,
                           double settle_s)
{
    if (w->replicas < 0)
        return;
    if (w->is_stuck || !is_rolled_out(w)) {
        describe_progress(answer, w);
        ld_find(answer, w->is_stuck ? "stuck" : "in-progress");
        return;
    }
    if (w->replicas == 0) {
        ld_find(answer, "settled");
        ld_text_add(&answer->observed, "scaled to 0");
        ld_text_add(&answer->reason, "no pod is wanted");
        return;
    }
    if (w->started_ms)
        judge_age(d, answer, w->started_ms, settle_s);
    else
        ld_text_add(&answer->reason, "when its pods started is not known");
}

/* Only the memory of something on this machine is looked at, and it ran all the time: nothing is
 * waited for, and a start that somebody made on purpose is no change to settle after. */
static bool has_only_begun(const ld_view *view)
{
    bool is_alone = !view->flag && !view->load && !view->log.fact;
    return is_alone && !view->memory->of.memory.has_pod && view->n_restarts == 0;
}

static void judge_local(leakdiag_diagnosis *d, ld_answer *answer, double settle_s)
{
    const ld_view *view = &d->view;
    if (!has_only_begun(view)) {
        judge_age(d, answer, view->memory->of.memory.started_ms, settle_s);
        return;
    }
    judge_age(d, answer, view->memory->of.memory.started_ms, 0);
    answer->expected.len = 0;
    ld_text_add(&answer->expected, "no restart");
}

leakdiag_status ld_judge_rollout(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    const ld_view *view = &d->view;
    const ld_fact *workload = ld_view_workload(view, ld_check_subject(answer->check));
    double settle_s =
        ld_attribute_number(&answer->check->expect, "settle", (double)d->scenario->settle_ms) / 1e3;
    ld_text_add(&answer->expected, "started more than ");
    ld_add_duration(&answer->expected, settle_s);
    ld_text_add(&answer->expected, " ago");
    if (workload && workload->error)
        return ld_not_collected(answer, workload);
    if (workload) {
        ld_rest_on(answer, workload);
        judge_workload(d, answer, &workload->of.workload, settle_s);
        note_clock(answer, &workload->of.workload);
        return LEAKDIAG_OK;
    }
    /* Without a cluster only the application's own start is known. */
    if (!is_the_app(answer->check) || !view->memory || view->memory->of.memory.started_ms == 0)
        return ld_not_configured(answer, "its last restart");
    ld_rest_on(answer, view->memory);
    judge_local(d, answer, settle_s);
    return LEAKDIAG_OK;
}
