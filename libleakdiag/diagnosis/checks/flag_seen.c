/* Does the application act on the flag? It reads the flag last: after the order and its hand-off.
 */
#include <math.h>

#include "diagnosis/checks/checks.h"

/* Any pattern of the scenario that ever matched shows that the log is of the kind we know. */
static bool knows_this_log(const ld_view *view)
{
    for (size_t i = 0; i < view->scenario->n_patterns; i++)
        if (view->log.patterns[i].count > 0)
            return true;
    return false;
}

static int64_t last_time(const ld_pattern_view *pattern)
{
    return pattern && pattern->last && pattern->last->has_time ? pattern->last->time_ms : 0;
}

/* The newest line of any other pattern: what the application did since it last acted on the flag.
 */
static int64_t last_other_line(const ld_view *view, const ld_pattern_view *active,
                               const ld_pattern_view *value)
{
    int64_t newest = 0;
    for (size_t i = 0; i < view->scenario->n_patterns; i++) {
        const ld_pattern_view *other = &view->log.patterns[i];
        if (other != active && other != value && last_time(other) > newest)
            newest = last_time(other);
    }
    return newest;
}

static int64_t later_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* It went on working without the flag: lines for a fifth of the window, none of them an activation.
 */
static bool went_on_without(const ld_view *view, const ld_pattern_view *active,
                            const ld_pattern_view *value)
{
    int64_t acted = later_of(last_time(active), last_time(value));
    return acted && last_other_line(view, active, value) - acted > view->scenario->window_ms / 5;
}

static double served_number(const leakdiag_diagnosis *d)
{
    const ld_fact *flag = d->view.flag;
    if (flag && !flag->error && flag->of.flag.state == LEAKDIAG_FLAG_VALUE)
        return flag->of.flag.number;
    return NAN;
}

static void judge_lines(leakdiag_diagnosis *d, ld_answer *answer, const ld_pattern_view *active,
                        const ld_pattern_view *value)
{
    double used = ld_pattern_lines(&d->view, value) > 0 ? value->capture : NAN;
    int64_t lines = ld_pattern_lines(&d->view, active);
    double served = served_number(d);
    ld_text_addf(&answer->observed, "%lld line%s", (long long)lines, lines == 1 ? "" : "s");
    if (isfinite(used)) {
        ld_text_add(&answer->observed, ", value ");
        ld_text_add_number(&answer->observed, used);
    }
    if (isfinite(used) && isfinite(served) && used != served) {
        ld_find(answer, "other-value");
        ld_text_add(&answer->reason, "the application last used another value than is served now");
        return;
    }
    ld_find(answer, "seen");
}

leakdiag_status ld_judge_flag_seen(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    const ld_view *view = &d->view;
    ld_text_add(&answer->expected, "activation lines");
    if (!view->log.fact)
        return ld_not_configured(answer, "the application's log");
    if (!view->log.is_read)
        return ld_not_collected(answer, view->log.fact);
    ld_rest_on(answer, view->log.fact);

    const ld_attributes *expect = &answer->check->expect;
    const ld_pattern_view *active = ld_view_pattern(view, ld_attribute_text(expect, "active", ""));
    const ld_pattern_view *value = ld_view_pattern(view, ld_attribute_text(expect, "value", ""));
    bool acts = ld_pattern_lines(view, active) > 0 || ld_pattern_lines(view, value) > 0;
    ld_counter counter =
        ld_count(view, ld_attribute_text(expect, "active", ""), d->scenario->window_ms, false);
    if (view->log.lines == 0) {
        ld_find(answer, "silent-source");
        ld_add_silence(d, answer);
    } else if (acts && !ld_has_stopped(view, &counter) && !went_on_without(view, active, value)) {
        judge_lines(d, answer, active, value);
    } else if (view->log.is_idle) {
        ld_find(answer, "silent-source");
        ld_text_add(&answer->reason, "nothing was added to the log lately: the application may log "
                                     "elsewhere by now");
    } else if (!knows_this_log(view)) {
        ld_find(answer, "unverified-pattern");
        ld_text_add(&answer->reason, "the log has lines, but none that this scenario knows: it may "
                                     "be of another version or another program");
    } else {
        ld_find(answer, "not-seen");
        ld_text_add(&answer->observed, active->count ? "none since the last one" : "none");
    }
    return LEAKDIAG_OK;
}
