/* Is the memory limit the one that the experiment needs? */
#include <math.h>

#include "diagnosis/checks/checks.h"

/* "20M" where "20Mi" was meant: the same number with the decimal unit. */
static bool is_decimal_twin(double bytes, double expected)
{
    static const double binary[] = {1024, 1048576, 1073741824}, decimal[] = {1e3, 1e6, 1e9};
    for (size_t i = 0; i < 3; i++)
        if (fmod(expected, binary[i]) == 0 && bytes == expected / binary[i] * decimal[i])
            return true;
    return false;
}

static const char *compare(double bytes, double expected)
{
    if (!isfinite(expected) || bytes == expected)
        return "expected";
    if (is_decimal_twin(bytes, expected))
        return "decimal-unit";
    return bytes > expected ? "higher" : "lower";
}

/* The pods of the latest look and the template, where one has another limit than the judged pod.
 * A rollout in progress is the usual reason. */
static bool limits_differ(const ld_view *view, ld_text *reason)
{
    const ld_memory_fact *judged = &view->memory->of.memory;
    const ld_fact *app = ld_view_workload(view, "app");
    const leakdiag_observation *o = view->observation;
    for (size_t i = o->n_facts; judged->has_pod && i-- > 0;) {
        const ld_fact *fact = o->facts[i];
        if (fact->time_ms != view->memory->time_ms)
            break;
        const ld_memory_fact *other = &fact->of.memory;
        if (fact->kind != LD_FACT_MEMORY || fact->error || other->pod.is_terminating ||
            other->pod.is_between_looks ||
            !ld_text_equal(other->pod.container, judged->pod.container))
            continue;
        if (other->has_limit != judged->has_limit ||
            (judged->has_limit == 1 && other->limit_bytes != judged->limit_bytes)) {
            ld_text_addf(reason, "pod %s has %s", other->pod.name,
                         other->pod.limit_text ? other->pod.limit_text : "none");
            return true;
        }
    }
    if (!judged->has_pod || !app || app->error || app->of.workload.has_limit < 0)
        return false;
    const ld_workload_fact *wanted = &app->of.workload;
    if (wanted->has_limit == judged->has_limit &&
        (judged->has_limit == 0 || wanted->limit_bytes == judged->limit_bytes))
        return false;
    ld_text_addf(reason, "%s asks for %s, pod %s has another one", wanted->object,
                 wanted->limit_text ? wanted->limit_text : "none", judged->pod.name);
    return true;
}

leakdiag_status ld_judge_limit(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    const ld_view *view = &d->view;
    double expected = ld_attribute_number(&answer->check->expect, "bytes", NAN);
    if (isfinite(expected))
        ld_add_bytes(&answer->expected, expected);
    if (!view->memory && view->memory_error)
        return ld_not_collected(answer, view->memory_error);
    if (!view->memory)
        return ld_not_configured(answer, "the memory limit");

    const ld_memory_fact *memory = &view->memory->of.memory;
    ld_rest_on(answer, view->memory);
    if (memory->has_limit < 0) {
        ld_text_add(&answer->reason,
                    memory->detail ? memory->detail : "the source does not tell the limit");
        return LEAKDIAG_OK;
    }
    if (limits_differ(view, &answer->reason)) {
        ld_find(answer, "pods-differ");
        if (memory->has_limit)
            ld_add_bytes(&answer->observed, memory->limit_bytes);
        else
            ld_text_add(&answer->observed, "none");
        return LEAKDIAG_OK;
    }
    if (memory->has_limit == 0) {
        ld_find(answer, "none");
        ld_text_add(&answer->observed, "none");
        return LEAKDIAG_OK;
    }
    ld_find(answer, compare(memory->limit_bytes, expected));
    if (memory->pod.limit_text)
        ld_text_add(&answer->observed, memory->pod.limit_text);
    else
        ld_add_bytes(&answer->observed, memory->limit_bytes);
    if (is_decimal_twin(memory->limit_bytes, expected))
        ld_text_add(&answer->reason, "written with the decimal unit M (or G): 20M is not 20Mi");
    return LEAKDIAG_OK;
}
