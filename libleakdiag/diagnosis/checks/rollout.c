/* Was the last restart long enough ago to judge? */
#include <string.h>

#include "diagnosis/checks/checks.h"

/* Only the application's own start is known without a cluster. */
static bool is_about_the_app(const ld_check *check)
{
    size_t n = strlen(check->id);
    return n >= 4 && strcmp(check->id + n - 4, ".app") == 0;
}

leakdiag_status ld_judge_rollout(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    const ld_view *view = &d->view;
    double settle_s =
        ld_attribute_number(&answer->check->expect, "settle", (double)d->scenario->settle_ms) / 1e3;
    ld_text_add(&answer->expected, "started more than ");
    ld_add_duration(&answer->expected, settle_s);
    ld_text_add(&answer->expected, " ago");
    if (!is_about_the_app(answer->check) || !view->memory ||
        view->memory->of.memory.started_ms == 0)
        return ld_not_configured(answer, "its last restart");

    ld_rest_on(answer, view->memory);
    double age_s = (double)(view->now_ms - view->memory->of.memory.started_ms) / 1e3;
    ld_text_add(&answer->observed, "started ");
    ld_add_duration(&answer->observed, age_s);
    ld_text_add(&answer->observed, " ago");
    ld_find(answer, age_s < settle_s ? "settling" : "settled");
    return LEAKDIAG_OK;
}
