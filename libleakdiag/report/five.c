/* The runbook's five answers: where they stand in a diagnosis. */
#include <math.h>

#include "report/forms.h"

static size_t find_kind(const leakdiag_diagnosis *d, ld_kind_id kind)
{
    size_t i = 0;
    while (i < d->n_answers && d->answers[i].check->kind->id != kind)
        i++;
    return i;
}

/* The check named "orders", or the last rate that the verdict hangs on, or any. */
static size_t find_orders(const leakdiag_diagnosis *d)
{
    size_t best = d->n_answers;
    for (size_t i = 0; i < d->n_answers; i++) {
        const ld_check *check = d->answers[i].check;
        if (check->kind->id != LD_KIND_RATE)
            continue;
        if (strcmp(check->id, "orders") == 0)
            return i;
        if (best == d->n_answers || !check->supporting)
            best = i;
    }
    return best;
}

/* The newest lines of the flag, walking back from the latest look: of a log's lines the sources
 * keep just those. */
static void find_kept_lines(const leakdiag_diagnosis *d, ld_five *ret)
{
    const ld_line *newest[LD_FIVE_LINES];
    size_t n = 0;
    for (size_t i = d->observation->n_facts; i-- > 0 && n < LD_FIVE_LINES;) {
        const ld_fact *fact = d->observation->facts[i];
        if (fact->kind != LD_FACT_LOG || fact->error)
            continue;
        for (size_t k = fact->of.log.n_recent; k-- > 0 && n < LD_FIVE_LINES;)
            if (fact->of.log.recent[k].text)
                newest[n++] = &fact->of.log.recent[k];
    }
    for (size_t i = 0; i < n; i++)
        ret->lines[i] = newest[n - 1 - i];
    ret->n_lines = n;
}

static void find_flag_lines(const leakdiag_diagnosis *d, ld_five *ret)
{
    if (ret->seen == d->n_answers)
        return;
    find_kept_lines(d, ret);
    const char *name = ld_attribute_text(&d->answers[ret->seen].check->expect, "active", "");
    const ld_pattern_view *view = ld_view_pattern(&d->view, name);
    if (ret->n_lines == 0 && view && view->last) /* the last one is always known */
        ret->lines[ret->n_lines++] = view->last;
}

static void find_memory(const leakdiag_diagnosis *d, ld_five *ret)
{
    const leakdiag_series *series = d->view.series;
    size_t n = series ? leakdiag_series_len(series) : 0;
    ret->memory_bytes = ret->expected_bytes = NAN;
    ret->expected_lo_bytes = ret->expected_hi_bytes = NAN;
    if (n) {
        ret->memory_bytes = leakdiag_series_values(series)[n - 1];
        ret->memory_ms = leakdiag_series_times_ms(series)[n - 1];
    }
    const leakdiag_timeline *expected = d->scenario->timeline;
    if (!d->comparison || !expected)
        return;
    int64_t at_ms = leakdiag_comparison_position_ms(d->comparison);
    ret->expected_bytes = leakdiag_comparison_expected_bytes(d->comparison);
    ret->expected_lo_bytes = leakdiag_timeline_lo_bytes_at(expected, at_ms);
    ret->expected_hi_bytes = leakdiag_timeline_hi_bytes_at(expected, at_ms);
}

void ld_five_find(const leakdiag_diagnosis *diagnosis, ld_five *ret)
{
    *ret = (ld_five){
        .flag = find_kind(diagnosis, LD_KIND_FLAG_VALUE),
        .memory = find_kind(diagnosis, LD_KIND_MEMORY),
        .seen = find_kind(diagnosis, LD_KIND_FLAG_SEEN),
        .orders = find_orders(diagnosis),
        .limit = find_kind(diagnosis, LD_KIND_LIMIT),
    };
    find_memory(diagnosis, ret);
    find_flag_lines(diagnosis, ret);
}
