#include "series/samples.h"

#include <math.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/number.h"
#include "series/stats.h"

/* Nothing measures a container more often than this: it is asked, not measured. */
#define POLLING_STEP_S 9.0
/* metrics-server's resolution and a little */
#define KEEP_ONE_S 16.0

void ld_samples_done(ld_samples *samples)
{
    ld_release(samples->t_s);
    ld_release(samples->bytes);
    *samples = (ld_samples){0};
}

double ld_samples_to_s(const ld_samples *samples, int64_t time_ms)
{
    return ((double)time_ms - samples->origin_ms) * samples->time_scale / 1000;
}

int64_t ld_samples_to_ms(const ld_samples *samples, double t_s)
{
    return ld_ms_from_double(floor(samples->origin_ms + t_s / samples->time_scale * 1000 + 0.5));
}

static leakdiag_status measure_steps(ld_samples *samples, leakdiag_error *err)
{
    samples->step_s = samples->long_step_s = 0;
    if (samples->n < 2)
        return LEAKDIAG_OK;
    LD_CLEANUP(ld_releasep) double *steps = ld_alloc_array(samples->n - 1, sizeof *steps);
    if (!steps)
        return ld_fail_nomem(err);
    for (size_t i = 1; i < samples->n; i++)
        steps[i - 1] = samples->t_s[i] - samples->t_s[i - 1];
    samples->step_s = ld_median(steps, samples->n - 1);
    samples->long_step_s = ld_quantile(steps, samples->n - 1, 0.9);
    return LEAKDIAG_OK;
}

static void keep_advancing(const leakdiag_series *series, ld_samples *samples)
{
    const int64_t *times_ms = leakdiag_series_times_ms(series);
    const double *values = leakdiag_series_values(series);
    for (size_t i = 0; i < leakdiag_series_len(series); i++) {
        double t_s = ld_samples_to_s(samples, times_ms[i]);
        if (samples->n > 0 && t_s <= samples->t_s[samples->n - 1])
            continue;
        samples->t_s[samples->n] = t_s;
        samples->bytes[samples->n++] = values[i];
    }
}

/* Polling faster than the source measures repeats its old value; the repeats are no evidence. */
static void drop_polled_repeats(ld_samples *samples)
{
    size_t kept = 1;
    for (size_t i = 1; i < samples->n; i++) {
        bool repeats = samples->bytes[i] == samples->bytes[kept - 1];
        bool is_last = i + 1 == samples->n;
        if (repeats && !is_last && samples->t_s[i] - samples->t_s[kept - 1] < KEEP_ONE_S)
            continue;
        samples->t_s[kept] = samples->t_s[i];
        samples->bytes[kept++] = samples->bytes[i];
    }
    samples->n = kept;
}

leakdiag_status ld_samples_clean(const leakdiag_series *series, double time_scale, ld_samples *ret,
                                 leakdiag_error *err)
{
    size_t n = leakdiag_series_len(series);
    LD_CLEANUP(ld_samples_done) ld_samples samples = {.time_scale = time_scale};
    samples.origin_ms = n > 0 ? (double)leakdiag_series_times_ms(series)[0] : 0;
    samples.t_s = ld_alloc_array(n, sizeof *samples.t_s);
    samples.bytes = ld_alloc_array(n, sizeof *samples.bytes);
    if (!samples.t_s || !samples.bytes)
        return ld_fail_nomem(err);

    keep_advancing(series, &samples);
    leakdiag_status status = measure_steps(&samples, err);
    if (status)
        return status;
    if (samples.n > 1 && samples.step_s < POLLING_STEP_S) {
        drop_polled_repeats(&samples);
        status = measure_steps(&samples, err);
        if (status)
            return status;
    }
    *ret = samples;
    samples = (ld_samples){0};
    return LEAKDIAG_OK;
}
