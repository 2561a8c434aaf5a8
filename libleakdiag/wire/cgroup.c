#include "wire/cgroup.h"

#include <math.h>
#include <string.h>

#include "wire/keyed.h"

#define NO_LIMIT_FROM ((uint64_t)1 << 60)

/* Without the newline at the end. */
static size_t trimmed(const char *data, size_t len)
{
    return len > 0 && data[len - 1] == '\n' ? len - 1 : len;
}

leakdiag_status ld_cgroup_bytes(const char *data, size_t len, double *ret, leakdiag_error *err)
{
    uint64_t value;
    if (!ld_digits(data, trimmed(data, len), &value))
        return ld_fail(err, LEAKDIAG_E_PROTOCOL, "not a number of bytes");
    *ret = (double)value;
    return LEAKDIAG_OK;
}

leakdiag_status ld_cgroup_limit(const char *data, size_t len, double *ret, leakdiag_error *err)
{
    uint64_t value = 0;
    size_t n = trimmed(data, len);
    bool none = n == 3 && memcmp(data, "max", 3) == 0;
    if (!none && !ld_digits(data, n, &value))
        return ld_fail(err, LEAKDIAG_E_PROTOCOL, "neither a number of bytes nor \"max\"");
    *ret = none || value >= NO_LIMIT_FROM ? NAN : (double)value;
    return LEAKDIAG_OK;
}

/* The first of two names that is there; NAN without either. */
static double either(const char *data, size_t len, const char *name, const char *other)
{
    uint64_t value;
    if (ld_keyed_number(data, len, name, &value) ||
        (other && ld_keyed_number(data, len, other, &value)))
        return (double)value;
    return NAN;
}

static leakdiag_status finish(ld_cgroup_stat stat, ld_cgroup_stat *ret, leakdiag_error *err)
{
    if (isnan(stat.inactive_file_bytes))
        return ld_fail(err, LEAKDIAG_E_PROTOCOL, "no line inactive_file with a number");
    *ret = stat;
    return LEAKDIAG_OK;
}

leakdiag_status ld_cgroup_read_stat_v1(const char *data, size_t len, ld_cgroup_stat *ret,
                                       leakdiag_error *err)
{
    return finish((ld_cgroup_stat){either(data, len, "total_inactive_file", "inactive_file"),
                                   either(data, len, "total_rss", "rss")},
                  ret, err);
}

leakdiag_status ld_cgroup_read_stat_v2(const char *data, size_t len, ld_cgroup_stat *ret,
                                       leakdiag_error *err)
{
    return finish(
        (ld_cgroup_stat){either(data, len, "inactive_file", NULL), either(data, len, "anon", NULL)},
        ret, err);
}

int64_t ld_cgroup_oom_kills(const char *data, size_t len)
{
    uint64_t value;
    if (!ld_keyed_number(data, len, "oom_kill", &value) || value > INT64_MAX)
        return -1;
    return (int64_t)value;
}

double ld_cgroup_working_set(double usage_bytes, double inactive_file_bytes)
{
    return fmax(0, usage_bytes - inactive_file_bytes);
}
