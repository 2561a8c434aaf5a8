/* Does the application hand orders over? Only behind that it reads the flag. */
#include "diagnosis/checks/checks.h"

static int64_t last_time(const ld_pattern_view *pattern)
{
    return pattern && pattern->last && pattern->last->has_time ? pattern->last->time_ms : 0;
}

/* Failures with no success after them. Without times the counts in the window decide. */
static bool is_failing(const ld_view *view, const ld_pattern_view *ok,
                       const ld_pattern_view *failed)
{
    int64_t n_failed = ld_pattern_lines(view, failed), n_ok = ld_pattern_lines(view, ok);
    if (n_failed == 0 || n_ok == 0)
        return n_failed > 0;
    return last_time(failed) && last_time(ok) ? last_time(failed) > last_time(ok) : n_failed > n_ok;
}

/* The first of the named variables that is set to something; *known: the environment was read. */
static const char *address(const ld_view *view, const ld_attribute *names, bool *known)
{
    *known = false;
    for (size_t i = 0; names && i < names->n_items; i++) {
        const char *value = ld_view_env(view, names->items[i], known);
        if (value && value[0])
            return names->items[i];
    }
    return NULL;
}

leakdiag_status ld_judge_hand_off(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    const ld_view *view = &d->view;
    const ld_attributes *expect = &answer->check->expect;
    const ld_pattern_view *ok = ld_view_pattern(view, ld_attribute_text(expect, "ok", ""));
    const ld_pattern_view *failed = ld_view_pattern(view, ld_attribute_text(expect, "failed", ""));
    bool known;
    const char *variable = address(view, ld_attribute_find(expect, "env"), &known);

    ld_text_add(&answer->expected, "configured");
    if (!view->log.fact && !known)
        return ld_not_configured(answer, "the hand-off");
    ld_rest_on(answer, view->log.fact ? view->log.fact : view->memory);
    if (is_failing(view, ok, failed)) {
        ld_find(answer, "failing");
        ld_text_addf(&answer->observed, "%lld failed", (long long)ld_pattern_lines(view, failed));
    } else if (ld_pattern_lines(view, ok) > 0) {
        ld_find(answer, "configured");
        ld_text_addf(&answer->observed, "%lld written", (long long)ld_pattern_lines(view, ok));
    } else if (variable) {
        ld_rest_on(answer, view->memory);
        ld_find(answer, "configured");
        ld_text_addf(&answer->observed, "%s is set", variable);
    } else if (known) {
        ld_rest_on(answer, view->memory);
        ld_find(answer, "not-configured");
        ld_text_add(&answer->observed, "no address is set");
        ld_text_add(&answer->reason, "without an address the application skips the hand-off, and "
                                     "the flag behind it");
    } else {
        ld_find(answer, "silent-source");
        ld_text_add(&answer->reason, "neither the environment nor a log line tells");
    }
    return LEAKDIAG_OK;
}
