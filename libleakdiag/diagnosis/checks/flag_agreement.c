/* Do the stored definition, the flag service and the application tell the same story? */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "diagnosis/checks/checks.h"

/* Targeting rules only the service itself can follow: with them nothing can be compared. */
static bool same_flag(const ld_flag_fact *a, const ld_flag_fact *b)
{
    if (a->has_targeting || b->has_targeting)
        return true;
    return a->state == b->state && ld_text_equal(a->value_json, b->value_json);
}

static const char *story(const ld_flag_fact *flag)
{
    return flag->value_json ? flag->value_json : leakdiag_flag_state_name(flag->state);
}

/* The number the application last said it used, or NAN. */
static double used_value(const leakdiag_diagnosis *d)
{
    for (size_t i = 0; i < d->scenario->n_checks; i++) {
        const ld_check *check = &d->scenario->checks[i];
        if (check->kind->id != LD_KIND_FLAG_SEEN)
            continue;
        const ld_pattern_view *value =
            ld_view_pattern(&d->view, ld_attribute_text(&check->expect, "value", ""));
        if (value && value->last && value->last->has_time &&
            d->view.now_ms - value->last->time_ms - d->view.log.skew_ms <=
                d->scenario->window_ms / 5)
            return value->capture; /* an older line speaks of an older flag */
    }
    return NAN;
}

/* A kubelet that has lost its watch of the ConfigMap, e.g. because the API server was restarted,
 * tries again after up to 30 s, doubled by chance at most; what it starts until then gets the one
 * it has. */
#define KUBELET_LAG_MS 60000

/* Since when flagd has the definition that it copied as its pod started; 0 not known. */
static int64_t copied_ms(const leakdiag_diagnosis *d)
{
    const ld_fact *flagd = ld_view_workload(&d->view, "flagd");
    if (!flagd || flagd->error)
        return 0;
    const ld_workload_fact *workload = &flagd->of.workload;
    return workload->pod_started_ms ? workload->pod_started_ms : workload->started_ms;
}

/* How long before flagd last started the definition was changed; negative: after that. */
static bool changed_before_start(const leakdiag_diagnosis *d, const ld_flag_fact *stored,
                                 int64_t *ret_ms)
{
    int64_t started_ms = copied_ms(d);
    if (!stored->changed_ms || !started_ms)
        return false;
    *ret_ms = started_ms - stored->changed_ms;
    return true;
}

static bool is_served(const ld_fact *fact)
{
    const char *method = fact->of.flag.method ? fact->of.flag.method : "";
    return fact->kind == LD_FACT_FLAG && !fact->error &&
           fact->of.flag.state == LEAKDIAG_FLAG_VALUE &&
           (strcmp(method, "POST") == 0 || strcmp(method, "GET") == 0 ||
            strcmp(method, "rpc") == 0);
}

/* An earlier look at this flagd saw the stored value served. */
static bool was_loaded(const leakdiag_diagnosis *d, const ld_flag_fact *stored, int64_t started_ms)
{
    const leakdiag_observation *o = d->view.observation;
    for (size_t i = 0; i < o->n_facts; i++)
        if (o->facts[i]->time_ms >= started_ms && is_served(o->facts[i]) &&
            same_flag(&o->facts[i]->of.flag, stored))
            return true;
    return false;
}

/* A change of a moment before the start that was to bring what is expected, and is not served: who
 * makes it hardly turns it back in the UI. The pod got the ConfigMap of before, and keeps it. */
static bool is_copy_of_before(const leakdiag_diagnosis *d, const ld_flag_fact *stored,
                              int64_t before_ms)
{
    return before_ms <= KUBELET_LAG_MS && ld_is_flag_expected(d->scenario, stored) &&
           !was_loaded(d, stored, stored->changed_ms + before_ms);
}

static void add_story(ld_answer *answer, const char *where, const ld_fact *fact)
{
    if (fact)
        ld_text_addf(&answer->observed, ", %s %s", where, story(&fact->of.flag));
}

/* What the file or the UI holds is what flagd should serve. */
static bool judge_loaded(const leakdiag_diagnosis *d, ld_answer *answer, const ld_flag_fact *served)
{
    const ld_fact *file = d->view.flag_file, *ui = d->view.flag_ui;
    const ld_fact *held = file ? file : ui;
    if (!held || same_flag(served, &held->of.flag))
        return false;
    const ld_fact *stored = d->view.flag_stored;
    if (held == ui && stored && same_flag(served, &stored->of.flag)) {
        ld_find(answer, "not-loaded");
        ld_text_add(&answer->reason, "the UI shows another value than is served: its edit was not "
                                     "taken, or its own copy is old and would overwrite the file");
        return true;
    }
    ld_find(answer, "not-loaded");
    ld_text_add(&answer->reason, "the flag service has not loaded what the file says: it keeps "
                                 "the old values when the file is not valid");
    return true;
}

static bool judge_stored(const leakdiag_diagnosis *d, ld_answer *answer, const ld_flag_fact *served)
{
    const ld_fact *stored = d->view.flag_stored;
    if (!stored || same_flag(served, &stored->of.flag))
        return false;
    int64_t before_ms;
    bool is_dated = changed_before_start(d, &stored->of.flag, &before_ms);
    /* It copies the definition only when its pod starts. */
    if (is_dated && before_ms < 0) {
        ld_find(answer, "not-loaded");
        ld_text_add(&answer->reason,
                    "the ConfigMap was changed after flagd had started; flagd copies "
                    "it when its pod starts");
    } else if (is_dated && is_copy_of_before(d, &stored->of.flag, before_ms)) {
        ld_find(answer, "not-loaded");
        ld_text_add(&answer->reason, "the ConfigMap was changed ");
        ld_add_duration(&answer->reason, (double)before_ms / 1e3);
        ld_text_add(&answer->reason,
                    " before flagd started, and its node may have given the pod the one of before, "
                    "which it keeps (if nobody changed the value in the UI since): restart flagd "
                    "once more");
    } else {
        ld_find(answer, "edit-not-durable");
        ld_text_add(&answer->reason,
                    "the value was changed in the UI only, in a folder that dies with "
                    "the pod: a restart of flagd brings the ConfigMap's back");
    }
    return true;
}

/* The port of the applications may lead to another flag service than OFREP's. */
static bool judge_rpc(const leakdiag_diagnosis *d, ld_answer *answer, const ld_flag_fact *served)
{
    const ld_fact *rpc = d->view.flag_rpc;
    if (!rpc || rpc->error || !isfinite(rpc->of.flag.number) || !isfinite(served->number) ||
        rpc->of.flag.number == served->number)
        return false;
    ld_find(answer, "app-differs");
    ld_text_addf(&answer->reason, "the port that applications use serves %s", story(&rpc->of.flag));
    return true;
}

/* An earlier look saw another value served than the ConfigMap's of now, and flagd was restarted
 * since: that was an edit in the UI, and the restart threw it away. */
static bool judge_lost(const leakdiag_diagnosis *d, ld_answer *answer, const ld_flag_fact *served)
{
    const ld_view *view = &d->view;
    int64_t started_ms = copied_ms(d);
    const leakdiag_observation *o = view->observation;
    if (!view->flag_stored || !started_ms || view->flag_stored->of.flag.changed_ms > started_ms)
        return false;
    for (size_t i = o->n_facts; i-- > 0;) {
        const ld_fact *fact = o->facts[i];
        if (fact->time_ms >= started_ms || !is_served(fact))
            continue;
        if (same_flag(&fact->of.flag, served) ||
            (view->flag_stored->of.flag.changed_ms > fact->time_ms))
            return false;
        ld_find(answer, "edit-not-durable");
        ld_text_addf(&answer->reason, "%s was served until flagd restarted ",
                     story(&fact->of.flag));
        ld_add_duration(&answer->reason, (double)(view->now_ms - started_ms) / 1e3);
        ld_text_add(&answer->reason, " ago: an edit made in the UI, which the restart threw away");
        return true;
    }
    return false;
}

leakdiag_status ld_judge_flag_agreement(leakdiag_diagnosis *d, ld_answer *answer,
                                        leakdiag_error *err)
{
    (void)err;
    const ld_view *view = &d->view;
    const ld_fact *service = view->flag;
    double used = used_value(d);
    bool has_service = view->is_flag_served && service != view->flag_file;
    bool has_second = view->flag_file || view->flag_stored || view->flag_ui || isfinite(used);
    if (!has_service || !has_second)
        return ld_not_configured(answer, "a second place that knows the flag");

    const ld_flag_fact *served = &service->of.flag;
    ld_rest_on(answer, service);
    ld_text_addf(&answer->observed, "served %s", story(served));
    add_story(answer, "stored", view->flag_file ? view->flag_file : view->flag_stored);
    add_story(answer, "UI", view->flag_ui);
    if (isfinite(used)) {
        ld_text_add(&answer->observed, ", used ");
        ld_text_add_number(&answer->observed, used);
    }
    if (judge_loaded(d, answer, served) || judge_stored(d, answer, served) ||
        judge_lost(d, answer, served) || judge_rpc(d, answer, served))
        return LEAKDIAG_OK;
    if (isfinite(used) && isfinite(served->number) && used != served->number) {
        ld_find(answer, "app-differs");
        ld_text_add(&answer->reason, "the application last used another value than is served now");
    } else {
        ld_find(answer, "agree");
    }
    return LEAKDIAG_OK;
}
