/* How did earlier instances end? From the kernel's counter or the pod's own record, never from a
 * sample near the limit. */
#include <string.h>

#include "diagnosis/checks/checks.h"

/* A pod that was evicted stays as a record of it; the judged pod may be its successor. */
static const ld_memory_fact *evicted(const ld_view *view)
{
    const leakdiag_observation *o = view->observation;
    for (size_t i = o->n_facts; i-- > 0;) {
        const ld_fact *fact = o->facts[i];
        if (fact->time_ms != view->memory->time_ms)
            break;
        if (fact->kind == LD_FACT_MEMORY && !fact->error && fact->of.memory.pod.reason &&
            strcmp(fact->of.memory.pod.reason, "Evicted") == 0)
            return &fact->of.memory;
    }
    return NULL;
}

/* A pod that came and went in a time that nobody knows of may have been killed. */
static void add_unknown(const ld_view *view, ld_text *reason)
{
    const leakdiag_observation *o = view->observation;
    for (size_t i = o->n_facts; i-- > 0;) {
        const ld_fact *fact = o->facts[i];
        if (fact->kind != LD_FACT_MEMORY || fact->error || !fact->of.memory.pod.no_events)
            continue;
        ld_text_add(reason, "of pods that came and went before the look ");
        ld_add_duration(reason, (double)(view->now_ms - fact->time_ms) / 1e3);
        ld_text_addf(reason, " ago nothing is known: %s", fact->of.memory.pod.no_events);
        return;
    }
}

static size_t count_kills(const ld_view *view)
{
    return view->n_ooms + view->n_gone_ooms;
}

static void add_kills(ld_text *text, size_t n)
{
    ld_text_addf(text, "%zu OOM kill%s", n, n == 1 ? "" : "s");
}

static void add_end(const ld_view *view, ld_text *text, const ld_pod_fact *pod)
{
    ld_text_addf(text, "%s (exit code %lld) ", pod->end_reason, (long long)pod->end_code);
    ld_add_duration(text, (double)(view->now_ms - pod->ended_ms) / 1e3);
    ld_text_add(text, " ago");
    if (pod->restarts > 1)
        ld_text_addf(text, ", %lld restarts", (long long)pod->restarts);
}

/* An earlier look may have seen a kill that lastState has forgotten since. */
static void judge_pod(const ld_view *view, ld_answer *answer, const ld_pod_fact *pod)
{
    const ld_memory_fact *gone = evicted(view);
    bool was_killed = pod->end_reason && strcmp(pod->end_reason, "OOMKilled") == 0;
    if (was_killed || count_kills(view) > 0) {
        ld_find(answer, "oom-killed");
        if (was_killed)
            add_end(view, &answer->observed, pod);
        else
            add_kills(&answer->observed, count_kills(view));
    } else if (gone) {
        ld_find(answer, "evicted");
        ld_text_addf(&answer->observed, "pod %s was evicted", gone->pod.name);
    } else if (pod->end_reason && strcmp(pod->end_reason, "Completed") != 0) {
        ld_find(answer, "crashed");
        add_end(view, &answer->observed, pod);
    } else if (pod->restarts == 0 || pod->end_reason) {
        ld_find(answer, "none");
        ld_text_add(&answer->observed, pod->end_reason ? "completed" : "no OOM kill, no restart");
        add_unknown(view, &answer->reason);
    } else {
        ld_text_add(&answer->reason, "it was restarted, but how the instance before ended is not "
                                     "recorded");
    }
    if (pod->reason && !gone)
        ld_text_addf(&answer->reason, "%sthe container waits: %s", answer->reason.len ? "; " : "",
                     pod->reason);
}

leakdiag_status ld_judge_termination(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    const ld_view *view = &d->view;
    if (!view->memory && count_kills(view) > 0) {
        ld_find(answer, "oom-killed");
        add_kills(&answer->observed, count_kills(view));
        return LEAKDIAG_OK;
    }
    if (!view->memory && view->memory_error)
        return ld_not_collected(answer, view->memory_error);
    if (!view->memory)
        return ld_not_configured(answer, "restarts");
    ld_rest_on(answer, view->memory);
    if (view->memory->of.memory.has_pod) {
        judge_pod(view, answer, &view->memory->of.memory.pod);
        return LEAKDIAG_OK;
    }
    if (view->oom_kills > 0) {
        ld_find(answer, "oom-killed");
        ld_text_addf(&answer->observed, "%lld OOM kill%s", (long long)view->oom_kills,
                     view->oom_kills == 1 ? "" : "s");
        return LEAKDIAG_OK;
    }
    if (view->n_restarts > view->n_ooms) {
        ld_find(answer, "crashed");
        ld_text_addf(&answer->observed, "%zu restart%s without an OOM kill",
                     view->n_restarts - view->n_ooms,
                     view->n_restarts - view->n_ooms == 1 ? "" : "s");
        return LEAKDIAG_OK;
    }
    if (view->memory_error && view->memory_error->failed == LEAKDIAG_E_NOT_FOUND) {
        ld_text_add(&answer->observed, "gone");
        ld_text_add(&answer->reason, "it has ended; how is not known here");
        return LEAKDIAG_OK;
    }
    if (view->oom_kills < 0) {
        ld_text_add(&answer->reason, "no restart was seen, but the kernel's count of OOM kills is "
                                     "not known here");
        return LEAKDIAG_OK;
    }
    ld_find(answer, "none");
    ld_text_add(&answer->observed, "no OOM kill, no restart");
    return LEAKDIAG_OK;
}
