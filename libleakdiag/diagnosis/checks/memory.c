/* Does memory climb along the expected curve; without one, is it growing at all? */
#include <math.h>
#include <string.h>

#include "diagnosis/checks/checks.h"
#include "series/bounds.h"

#define MOST_EVENTS ((size_t)1024) /* as many as an analysis takes; the newest speak of now */

/* The newest of n times, of which there are *ret_n. */
static const int64_t *newest(const int64_t *times_ms, size_t n, size_t *ret_n)
{
    *ret_n = n < MOST_EVENTS ? n : MOST_EVENTS;
    return times_ms + (n - *ret_n);
}

static double or_none(double bytes)
{
    return isfinite(bytes) ? bytes : 0;
}

static leakdiag_status analyze(leakdiag_diagnosis *d, leakdiag_error *err)
{
    const ld_view *view = &d->view;
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = or_none(view->limit_bytes);
    options.soft_limit_bytes = or_none(view->soft_limit_bytes);
    options.restart_times_ms = newest(view->restart_ms, view->n_restarts, &options.restart_count);
    options.oom_times_ms = newest(view->oom_ms, view->n_ooms, &options.oom_count);
    options.time_scale = d->scenario->time_scale;
    return leakdiag_series_analyze(view->series, &options, &d->trend, err);
}

static leakdiag_status compare(leakdiag_diagnosis *d, leakdiag_error *err)
{
    const ld_view *view = &d->view;
    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    options.has_start = view->has_start;
    options.start_ms = view->start_ms;
    options.has_now = view->series_is_live;
    options.now_ms = view->now_ms;
    options.stale_after_ms = view->series_is_live ? d->scenario->stale_ms : 0;
    options.limit_bytes = or_none(view->limit_bytes);
    options.soft_limit_bytes = or_none(view->soft_limit_bytes);
    options.restart_times_ms = newest(view->restart_ms, view->n_restarts, &options.restart_count);
    options.oom_times_ms = newest(view->oom_ms, view->n_ooms, &options.oom_count);
    return leakdiag_timeline_compare(d->scenario->timeline, view->series, &options, &d->comparison,
                                     err);
}

/* A slope beside "flat" or "too-early" would contradict it: there it is noise. Beside "plateau" it
 * would be that of the way up, which is over. */
static bool has_pace(leakdiag_memory_finding finding)
{
    return finding != LEAKDIAG_MEMORY_FLAT && finding != LEAKDIAG_MEMORY_PLATEAU &&
           finding != LEAKDIAG_MEMORY_TOO_EARLY;
}

/* The newest sample is older than the instance that runs now. */
static bool is_of_instance_before(const leakdiag_diagnosis *d)
{
    return d->comparison && !isfinite(leakdiag_comparison_expected_bytes(d->comparison));
}

static void describe_now(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_memory_finding finding)
{
    size_t n = leakdiag_series_len(d->view.series);
    ld_add_bytes(&answer->observed, leakdiag_series_values(d->view.series)[n - 1]);
    if (is_of_instance_before(d)) {
        ld_text_add(&answer->observed, " before the restart");
        return;
    }
    double slope = leakdiag_trend_slope_bytes_per_s(d->trend);
    if (!isfinite(slope) || !has_pace(finding) ||
        leakdiag_trend_verdict(d->trend) == LEAKDIAG_LEAK_TOO_EARLY)
        return;
    ld_text_add(&answer->observed, slope < 0 ? ", " : ", +");
    ld_add_bytes(&answer->observed, slope * 60);
    ld_text_add(&answer->observed, "/min");
}

static void describe_curve(leakdiag_diagnosis *d, ld_answer *answer)
{
    double ratio = leakdiag_comparison_fitted_time_ratio(d->comparison);
    int64_t at_ms = leakdiag_comparison_position_ms(d->comparison);
    ld_add_bytes(&answer->expected, leakdiag_timeline_bytes_at(d->scenario->timeline, at_ms));
    ld_text_add(&answer->expected, " at ");
    ld_add_duration(&answer->expected, (double)at_ms / 1e3);
    const char *phase = leakdiag_timeline_phase_at(d->scenario->timeline, at_ms);
    if (phase[0])
        ld_text_addf(&answer->expected, " (%s)", phase);
    if (isfinite(ratio) && (ratio > 1.2 || ratio < 0.8)) {
        ld_text_add(&answer->reason, "it takes ");
        ld_text_add_fixed(&answer->reason, ratio, ratio < 0.1 ? 2 : 1);
        ld_text_add(&answer->reason, " times as long as the timeline");
    }
    d->decides_at_ms = leakdiag_comparison_decides_at_ms(d->comparison);
}

/* From here on the instance that runs now was seen: its first sample, and how many there are. */
static size_t first_of_instance(const leakdiag_diagnosis *d)
{
    const int64_t *times_ms = leakdiag_series_times_ms(d->view.series);
    size_t n = leakdiag_series_len(d->view.series), from = 0;
    size_t n_restarts = leakdiag_trend_restart_count(d->trend);
    if (n_restarts == 0)
        return 0;
    int64_t last_ms = leakdiag_trend_restart_time_ms(d->trend, n_restarts - 1);
    while (from < n && times_ms[from] < last_ms)
        from++;
    return from;
}

/* What is missing: time, or samples in it. */
static void explain_lack(const leakdiag_diagnosis *d, ld_answer *answer)
{
    const int64_t *times_ms = leakdiag_series_times_ms(d->view.series);
    size_t from = first_of_instance(d), n = leakdiag_series_len(d->view.series) - from;
    double seen_s = n ? (double)(times_ms[from + n - 1] - times_ms[from]) / 1e3 : 0;
    double scale = d->scenario->time_scale > 0 ? d->scenario->time_scale : 1;
    ld_text *reason = &answer->reason;
    if (seen_s < LD_LEAST_S / scale) {
        ld_add_duration(reason, seen_s);
        ld_text_add(reason, " seen; about ");
        ld_add_duration(reason, LD_LEAST_S / scale);
        ld_text_add(reason, " is needed");
    } else if (n < LD_LEAST_SAMPLES) {
        ld_text_addf(reason, "%zu sample%s; %d are needed", n, n == 1 ? "" : "s", LD_LEAST_SAMPLES);
    } else {
        ld_text_addf(reason, "%zu samples over ", n);
        ld_add_duration(reason, seen_s);
        ld_text_add(reason, " do not tell growth from rest yet");
    }
}

static void explain_too_early(leakdiag_diagnosis *d, ld_answer *answer)
{
    if (d->decides_at_ms > d->view.now_ms) {
        ld_text_add(&answer->reason, "it can be told in ");
        ld_add_duration(&answer->reason, (double)(d->decides_at_ms - d->view.now_ms) / 1e3);
        return;
    }
    d->decides_at_ms = 0;
    explain_lack(d, answer);
}

/* One look cannot tell growth, but the record of the instance before bounds it. */
static void explain_last_life(const ld_view *view, ld_answer *answer)
{
    if (!view->memory || !view->memory->of.memory.has_pod)
        return;
    const ld_memory_fact *memory = &view->memory->of.memory;
    const ld_pod_fact *pod = &memory->pod;
    if (!pod->end_reason || strcmp(pod->end_reason, "OOMKilled") != 0 || pod->end_started_ms == 0 ||
        pod->ended_ms <= pod->end_started_ms)
        return;
    ld_text_add(&answer->reason, answer->reason.len ? "; " : "");
    ld_text_add(&answer->reason, "the instance before reached ");
    if (memory->has_limit == 1)
        ld_add_bytes(&answer->reason, memory->limit_bytes);
    else
        ld_text_add(&answer->reason, "its limit");
    ld_text_add(&answer->reason, " within ");
    ld_add_duration(&answer->reason, (double)(pod->ended_ms - pod->end_started_ms) / 1e3);
}

/* Too old to speak of now; with an expected curve the comparison says so itself. */
static bool is_stale(const leakdiag_diagnosis *d)
{
    const ld_view *view = &d->view;
    size_t n = leakdiag_series_len(view->series);
    return view->series_is_live && d->scenario->stale_ms > 0 && n > 0 &&
           view->now_ms - leakdiag_series_times_ms(view->series)[n - 1] > d->scenario->stale_ms;
}

static leakdiag_memory_finding find(leakdiag_diagnosis *d)
{
    if (is_stale(d))
        return LEAKDIAG_MEMORY_STALE;
    return d->comparison ? leakdiag_comparison_finding(d->comparison)
                         : leakdiag_trend_finding(d->trend);
}

static const ld_fact *recording(const ld_view *view, bool is_collected)
{
    for (size_t i = view->observation->n_facts; i-- > 0;) {
        const ld_fact *fact = view->observation->facts[i];
        if (fact->kind == LD_FACT_SERIES && (fact->error == NULL) == is_collected &&
            !fact->subject && !fact->of.series.is_live && ld_series_is_memory(&fact->of.series))
            return fact;
    }
    return NULL;
}

/* What is judged, or why there is nothing to judge. That a backend has no history is no reason
 * while the memory itself was asked for. */
static const ld_fact *evidence(const ld_view *view)
{
    const ld_fact *read = recording(view, true);
    if (read)
        return read;
    if (view->memory || view->memory_error)
        return view->memory ? view->memory : view->memory_error;
    return recording(view, false);
}

leakdiag_status ld_judge_memory(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    const ld_view *view = &d->view;
    ld_rest_on(answer, evidence(view));
    if (leakdiag_series_len(view->series) == 0) {
        if (!answer->is_configured)
            return ld_not_configured(answer, "memory");
        ld_find(answer, "no-samples");
        const char *detail =
            view->memory && !answer->fact->error ? view->memory->of.memory.detail : NULL;
        ld_text_add(&answer->reason, answer->fact->error ? answer->fact->error
                                     : detail            ? detail
                                                         : "no sample came");
        explain_last_life(view, answer);
        return LEAKDIAG_OK;
    }
    leakdiag_status status = analyze(d, err);
    if (!status && d->scenario->timeline)
        status = compare(d, err);
    if (status)
        return status;

    leakdiag_memory_finding finding = find(d);
    ld_find(answer, leakdiag_memory_finding_name(finding));
    describe_now(d, answer, finding);
    if (d->comparison)
        describe_curve(d, answer);
    else
        ld_text_add(&answer->expected, "no growth");
    if (finding == LEAKDIAG_MEMORY_TOO_EARLY) {
        explain_too_early(d, answer);
        explain_last_life(view, answer);
    }
    if (finding == LEAKDIAG_MEMORY_STALE && view->memory_error)
        ld_text_add(&answer->reason, view->memory_error->error);
    d->is_decided = finding != LEAKDIAG_MEMORY_TOO_EARLY && finding != LEAKDIAG_MEMORY_STALE;
    return LEAKDIAG_OK;
}
