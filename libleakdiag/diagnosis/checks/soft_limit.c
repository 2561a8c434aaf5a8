/* Does a soft limit of the runtime bend the curve before the container limit is met? */
#include <math.h>
#include <string.h>

#include "base/soft_limit.h"
#include "diagnosis/checks/checks.h"

static double hard_limit(const leakdiag_diagnosis *d)
{
    if (isfinite(d->view.limit_bytes))
        return d->view.limit_bytes;
    for (size_t i = 0; i < d->scenario->n_checks; i++)
        if (d->scenario->checks[i].kind->id == LD_KIND_LIMIT)
            return ld_attribute_number(&d->scenario->checks[i].expect, "bytes", NAN);
    return NAN;
}

leakdiag_status ld_judge_soft_limit(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    bool known;
    const char *name = ld_attribute_text(&answer->check->expect, "env", "GOMEMLIMIT");
    const char *text = ld_view_env(&d->view, name, &known);
    ld_text_addf(&answer->expected, "no %s", name);
    if (!d->view.memory && d->view.memory_error)
        return ld_not_collected(answer, d->view.memory_error);
    if (!known)
        return ld_not_configured(answer, "the environment of the workload");
    ld_rest_on(answer, d->view.memory);

    double soft;
    if (!ld_soft_limit_parse(text, &soft)) {
        ld_text_addf(&answer->observed, "%s=%s", name, text);
        ld_text_add(&answer->reason, strcmp(text, LD_ENV_SET_ELSEWHERE) == 0
                                         ? "its value comes from a secret or a field, which is not "
                                           "read"
                                         : "the runtime will not understand this value");
        return LEAKDIAG_OK;
    }
    if (!isfinite(soft)) {
        ld_find(answer, "none");
        ld_text_add(&answer->observed, "none");
        return LEAKDIAG_OK;
    }
    ld_text_addf(&answer->observed, "%s=%s", name, text);
    bool roomy = isfinite(hard_limit(d)) && soft > hard_limit(d);
    ld_find(answer, roomy ? "roomy" : "tight");
    if (!roomy)
        ld_text_add(&answer->reason, "near it the garbage collector works against the climb, so "
                                     "memory may stay below the container limit");
    return LEAKDIAG_OK;
}
