#include "scenario/shorthand.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/number.h"

#define YEAR_MS     (366LL * 86400 * 1000)
#define MAX_REPEATS 1000000000u /* far beyond LD_SHORTHAND_MAX_SAMPLES: said as too many there */

/* One term: `slots` samples from `first` with `step` between them, or missing ones. */
typedef struct term {
    bool missing;
    double first, step;
    size_t slots;
} term;

static const char blanks[] = " \t\r\n";

static leakdiag_status wrong(const char *text, const char *at, const char *why, leakdiag_error *err)
{
    return ld_fail_at(err, LEAKDIAG_E_INVALID, 0, (size_t)(at - text) + 1,
                      "column %zu of the series: %s", (size_t)(at - text) + 1, why);
}

/* A number or a quantity of len bytes. */
static bool read_size(const char *p, size_t len, double *ret)
{
    char copy[64];
    int64_t bytes;
    if (len == 0 || len >= sizeof copy)
        return false;
    memcpy(copy, p, len);
    copy[len] = '\0';
    if (ld_number_parse(copy, len, ret))
        return true;
    if (leakdiag_quantity_parse(copy, &bytes, NULL))
        return false;
    *ret = (double)bytes;
    return true;
}

static bool read_repeats(const char *p, size_t len, size_t *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        if (n < MAX_REPEATS)
            n = n * 10 + (size_t)(p[i] - '0');
    }
    *ret = n;
    return len > 0;
}

/* The term of len bytes at p. */
static leakdiag_status read_term(const char *text, const char *p, size_t len, term *ret,
                                 leakdiag_error *err)
{
    const char *x = memchr(p, 'x', len), *end = p + len;
    const char *body_end = x ? x : end;
    size_t repeats = 0;
    if (x && !read_repeats(x + 1, (size_t)(end - x) - 1, &repeats))
        return wrong(text, x, "after x comes a whole number", err);
    if (*p == '_') {
        if (body_end != p + 1)
            return wrong(text, p, "a missing sample is _ or _xN", err);
        *ret = (term){.missing = true, .slots = x ? repeats : 1};
        return LEAKDIAG_OK;
    }
    const char *sign = p + (*p == '-' || *p == '+');
    while (sign < body_end && *sign != '+' && *sign != '-')
        sign++;
    *ret = (term){.slots = x ? repeats + 1 : 1};
    if (!read_size(p, (size_t)(sign - p), &ret->first))
        return wrong(text, p, "neither a number nor a size like 8Mi (nor _ for a missing one)",
                     err);
    if (sign == body_end)
        return LEAKDIAG_OK;
    if (!x)
        return wrong(text, sign, "a step needs a number of repeats, like 8Mi+1Mix10", err);
    bool signed_twice = sign + 1 < body_end && (sign[1] == '+' || sign[1] == '-');
    if (signed_twice || !read_size(sign + 1, (size_t)(body_end - sign) - 1, &ret->step))
        return wrong(text, sign, "the step is neither a number nor a size like 512Ki", err);
    ret->step = *sign == '-' ? -ret->step : ret->step;
    return LEAKDIAG_OK;
}

static leakdiag_status check_term(const char *text, const char *p, const term *t, size_t before,
                                  leakdiag_error *err)
{
    if (t->slots > LD_SHORTHAND_MAX_SAMPLES - before)
        return ld_fail_at(err, LEAKDIAG_E_LIMIT, 0, (size_t)(p - text) + 1,
                          "column %zu of the series: more than %d samples", (size_t)(p - text) + 1,
                          LD_SHORTHAND_MAX_SAMPLES);
    double last = t->slots ? t->first + t->step * (double)(t->slots - 1) : 0;
    if (t->first < 0 || last < 0)
        return wrong(text, p, "a sample would be negative", err);
    if (!isfinite(last))
        return wrong(text, p, "a sample would be infinite", err);
    return LEAKDIAG_OK;
}

static void fill(ld_shorthand *series, const term *t, size_t before, int64_t every_ms)
{
    for (size_t i = 0; !t->missing && i < t->slots; i++) {
        series->times_ms[series->n] = (int64_t)(before + i) * every_ms;
        series->values[series->n++] = t->first + t->step * (double)i;
    }
}

/* Goes over all terms; series is NULL for the pass that only checks and counts. */
static leakdiag_status each_term(const char *text, int64_t every_ms, ld_shorthand *series,
                                 size_t *ret_slots, leakdiag_error *err)
{
    size_t slots = 0;
    for (const char *p = text + strspn(text, blanks); *p; p += strspn(p, blanks)) {
        size_t len = strcspn(p, blanks);
        term t;
        leakdiag_status status = read_term(text, p, len, &t, err);
        if (!status)
            status = check_term(text, p, &t, slots, err);
        if (status)
            return status;
        if (series)
            fill(series, &t, slots, every_ms);
        slots += t.slots;
        p += len;
    }
    *ret_slots = slots;
    return LEAKDIAG_OK;
}

static leakdiag_status count(const char *text, int64_t every_ms, size_t *ret_slots,
                             leakdiag_error *err)
{
    if (every_ms < 1 || every_ms > YEAR_MS)
        return ld_fail(err, LEAKDIAG_E_INVALID, "the spacing must be from 1ms to a year");
    return each_term(text, every_ms, NULL, ret_slots, err);
}

leakdiag_status ld_shorthand_check(const char *text, int64_t every_ms, int64_t *ret_end_ms,
                                   leakdiag_error *err)
{
    size_t slots;
    leakdiag_status status = count(text, every_ms, &slots, err);
    if (!status)
        *ret_end_ms = slots ? (int64_t)(slots - 1) * every_ms : 0;
    return status;
}

leakdiag_status ld_shorthand_parse(const char *text, int64_t every_ms, ld_shorthand *ret,
                                   leakdiag_error *err)
{
    size_t slots;
    leakdiag_status status = count(text, every_ms, &slots, err);
    if (status)
        return status;
    LD_CLEANUP(ld_shorthand_done)
    ld_shorthand series = {
        .times_ms = ld_alloc_array(slots, sizeof *series.times_ms),
        .values = ld_alloc_array(slots, sizeof *series.values),
        .end_ms = slots ? (int64_t)(slots - 1) * every_ms : 0,
    };
    if (!series.times_ms || !series.values)
        return ld_fail_nomem(err);
    status = each_term(text, every_ms, &series, &slots, err);
    if (status)
        return status;
    *ret = series;
    series = (ld_shorthand){0};
    return LEAKDIAG_OK;
}

void ld_shorthand_done(ld_shorthand *series)
{
    ld_release(series->times_ms);
    ld_release(series->values);
    *series = (ld_shorthand){0};
}
