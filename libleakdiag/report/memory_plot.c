#include "report/memory_plot.h"

#include "base/alloc.h"
#include "report/forms.h"
#include "report/plot.h"

typedef struct times {
    int64_t *list;
    size_t n;
} times;

static void times_done(times *t)
{
    ld_release(t->list);
}

static bool times_make(times *t, size_t room)
{
    t->list = ld_alloc_array(room + 1, sizeof *t->list);
    return t->list != NULL;
}

/* Into a rising list, once. Room for it is there. */
static void times_add(times *t, int64_t time_ms)
{
    size_t at = t->n;
    while (at > 0 && t->list[at - 1] > time_ms)
        at--;
    if (at > 0 && t->list[at - 1] == time_ms)
        return;
    memmove(t->list + at + 1, t->list + at, (t->n - at) * sizeof *t->list);
    t->list[at] = time_ms;
    t->n++;
}

/* What the samples show of restarts (their drops), joined with what was seen otherwise: the trend
 * has both. Without a trend only the latter. */
static bool find_marks(const leakdiag_diagnosis *d, times *ooms, times *restarts)
{
    const leakdiag_trend *trend = d->trend;
    size_t n_ooms = trend ? leakdiag_trend_oom_count(trend) : 0;
    size_t n_restarts = trend ? leakdiag_trend_restart_count(trend) : 0;
    if (!times_make(ooms, n_ooms + d->view.n_ooms) ||
        !times_make(restarts, n_restarts + d->view.n_restarts))
        return false;
    for (size_t i = 0; i < n_ooms; i++)
        times_add(ooms, leakdiag_trend_oom_time_ms(trend, i));
    for (size_t i = 0; i < n_restarts; i++)
        times_add(restarts, leakdiag_trend_restart_time_ms(trend, i));
    for (size_t i = 0; i < d->view.n_ooms && !trend; i++)
        times_add(ooms, d->view.oom_ms[i]);
    for (size_t i = 0; i < d->view.n_restarts && !trend; i++)
        times_add(restarts, d->view.restart_ms[i]);
    return true;
}

/* The expected curve begins when its clock does, and again at each restart behind that. */
static bool find_climbs(const leakdiag_diagnosis *d, const times *restarts, int64_t first_ms,
                        times *ret)
{
    if (!times_make(ret, restarts->n + 2))
        return false;
    int64_t start_ms = d->view.has_start ? d->view.start_ms : first_ms;
    if (d->comparison && restarts->n == 0)
        start_ms = leakdiag_comparison_start_ms(d->comparison);
    times_add(ret, start_ms);
    for (size_t i = 0; i < restarts->n; i++)
        if (restarts->list[i] > start_ms)
            times_add(ret, restarts->list[i]);
    if (d->comparison)
        times_add(ret, leakdiag_comparison_start_ms(d->comparison));
    return true;
}

static unsigned line_ink(const leakdiag_diagnosis *d)
{
    for (size_t i = 0; i < d->n_answers; i++)
        if (d->answers[i].check->kind->id == LD_KIND_MEMORY)
            switch (d->answers[i].outcome) {
            case LD_PASS:
                return LD_INK_GREEN;
            case LD_WARN:
                return LD_INK_YELLOW;
            case LD_FAIL:
                return LD_INK_RED;
            case LD_UNKNOWN:
            case LD_BLOCKED:
            default:
                return LD_INK_CYAN;
            }
    return LD_INK_CYAN;
}

void ld_memory_plot(const leakdiag_diagnosis *diagnosis, ld_paper *paper)
{
    const leakdiag_series *series = diagnosis->view.series;
    size_t n = series ? leakdiag_series_len(series) : 0;
    if (n == 0)
        return;
    LD_CLEANUP(times_done) times ooms = {0};
    LD_CLEANUP(times_done) times restarts = {0};
    LD_CLEANUP(times_done) times climbs = {0};
    int64_t first_ms = leakdiag_series_times_ms(series)[0];
    if (!find_marks(diagnosis, &ooms, &restarts) ||
        !find_climbs(diagnosis, &restarts, first_ms, &climbs)) {
        paper->text.failed = true;
        return;
    }
    const leakdiag_timeline *expected = diagnosis->scenario->timeline;
    ld_plot plot = {
        .times_ms = leakdiag_series_times_ms(series),
        .bytes = leakdiag_series_values(series),
        .n = n,
        .expected = expected,
        .climbs_ms = climbs.list,
        .n_climbs = climbs.n,
        .zero_ms = expected ? climbs.list[0] : first_ms,
        .limit_bytes = diagnosis->view.limit_bytes,
        .soft_limit_bytes = diagnosis->view.soft_limit_bytes,
        .oom_ms = ooms.list,
        .n_ooms = ooms.n,
        .restart_ms = restarts.list,
        .n_restarts = restarts.n,
        .ink = line_ink(diagnosis),
    };
    ld_plot_draw(paper, &plot);
}
