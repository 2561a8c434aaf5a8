/* Do the stored definition, the flag service and the application tell the same story? */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "diagnosis/checks/checks.h"

static bool same_flag(const ld_flag_fact *a, const ld_flag_fact *b)
{
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

leakdiag_status ld_judge_flag_agreement(leakdiag_diagnosis *d, ld_answer *answer,
                                        leakdiag_error *err)
{
    (void)err;
    const ld_fact *service = d->view.flag, *file = d->view.flag_file;
    double used = used_value(d);
    bool has_service = service && !service->error && service != file;
    if (!has_service || (!file && !isfinite(used)))
        return ld_not_configured(answer, "a second place that knows the flag");

    const ld_flag_fact *served = &service->of.flag;
    ld_rest_on(answer, service);
    ld_text_addf(&answer->observed, "served %s", story(served));
    if (file)
        ld_text_addf(&answer->observed, ", stored %s", story(&file->of.flag));
    if (isfinite(used)) {
        ld_text_add(&answer->observed, ", used ");
        ld_text_add_number(&answer->observed, used);
    }
    if (file && !same_flag(served, &file->of.flag)) {
        ld_find(answer, "not-loaded");
        ld_text_add(&answer->reason, "the flag service has not loaded what the file says: it keeps "
                                     "the old values when the file is not valid");
    } else if (isfinite(used) && isfinite(served->number) && used != served->number) {
        ld_find(answer, "app-differs");
        ld_text_add(&answer->reason, "the application last used another value than is served now");
    } else {
        ld_find(answer, "agree");
    }
    return LEAKDIAG_OK;
}
