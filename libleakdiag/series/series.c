/* The series object: two arrays behind a reference count. */
#include <leakdiag/series.h>

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "series/bounds.h"

struct leakdiag_series {
    atomic_size_t references;
    size_t n;
    int64_t *times_ms;
    double *values;
};

LD_DEFINE_CLEANUP(leakdiag_series, leakdiag_series_unref, series_unrefp)

static leakdiag_status check_arrays(const int64_t *times_ms, const double *values, size_t n,
                                    leakdiag_error *err)
{
    if (n > LEAKDIAG_SERIES_MAX_POINTS)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "a series of %zu points: at most %d are allowed", n,
                       LEAKDIAG_SERIES_MAX_POINTS);
    if (n > 0 && (!times_ms || !values))
        return ld_fail(err, LEAKDIAG_E_INVALID, "a series of %zu points without its arrays", n);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i]) || values[i] < 0)
            return ld_fail(err, LEAKDIAG_E_INVALID,
                           "value %zu is %s: bytes must be finite and not negative; leave a "
                           "missing sample out",
                           i, isfinite(values[i]) ? "negative" : "not finite");
        if (values[i] > LD_MOST_BYTES)
            return ld_fail(err, LEAKDIAG_E_INVALID,
                           "value %zu is above 2^63: no memory has so many bytes", i);
    }
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_series_new(const int64_t *times_ms, const double *values, size_t n,
                                    leakdiag_series **ret, leakdiag_error *err)
{
    leakdiag_status status = check_arrays(times_ms, values, n, err);
    if (status)
        return status;

    LD_CLEANUP(series_unrefp) leakdiag_series *series = ld_alloc_zero(sizeof *series);
    if (!series)
        return ld_fail_nomem(err);
    atomic_init(&series->references, 1);
    series->times_ms = ld_alloc_array(n, sizeof *series->times_ms);
    series->values = ld_alloc_array(n, sizeof *series->values);
    if (!series->times_ms || !series->values)
        return ld_fail_nomem(err);
    series->n = n;
    if (n > 0) {
        memcpy(series->times_ms, times_ms, n * sizeof *times_ms);
        memcpy(series->values, values, n * sizeof *values);
    }
    *ret = ld_steal(&series);
    return LEAKDIAG_OK;
}

leakdiag_series *leakdiag_series_ref(leakdiag_series *series)
{
    atomic_fetch_add_explicit(&series->references, 1, memory_order_relaxed);
    return series;
}

void leakdiag_series_unref(leakdiag_series *series)
{
    if (!series || atomic_fetch_sub_explicit(&series->references, 1, memory_order_acq_rel) > 1)
        return;
    ld_release(series->times_ms);
    ld_release(series->values);
    ld_release(series);
}

size_t leakdiag_series_len(const leakdiag_series *series)
{
    return series->n;
}

const int64_t *leakdiag_series_times_ms(const leakdiag_series *series)
{
    return series->times_ms;
}

const double *leakdiag_series_values(const leakdiag_series *series)
{
    return series->values;
}
