/* Kubernetes quantities and Go-like durations. */
#include <string.h>

#include "base/error.h"
#include "base/number.h"

#define CENTURY_MS (100LL * 366 * 86400 * 1000)

__extension__ typedef unsigned __int128 wide;

/* What a suffix stands for: numerator / denominator. */
typedef struct scale {
    wide up;
    wide down;
} scale;

static bool power(wide base, int exponent, wide *ret)
{
    *ret = 1;
    for (int i = 0; i < exponent; i++)
        if (__builtin_mul_overflow(*ret, base, ret))
            return false;
    return true;
}

static bool exponent_scale(const char *p, scale *ret)
{
    bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    int value = 0;
    size_t n = strspn(p, "0123456789");
    if (n == 0 || n > 3 || p[n])
        return false;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (p[i] - '0');
    *ret = (scale){1, 1};
    return power(10, value, negative ? &ret->down : &ret->up);
}

static bool suffix_scale(const char *suffix, scale *ret)
{
    static const char binary[] = "KMGTPE", decimal[] = "kMGTPE";
    *ret = (scale){1, 1};
    if (!suffix[0])
        return true;
    const char *found = strchr(binary, suffix[0]);
    if (found && suffix[1] == 'i' && !suffix[2])
        return power(1024, (int)(found - binary) + 1, &ret->up);
    found = strchr(decimal, suffix[0]);
    if (found && !suffix[1])
        return power(1000, (int)(found - decimal) + 1, &ret->up);
    if (strchr("num", suffix[0]) && !suffix[1])
        return power(1000, suffix[0] == 'm' ? 1 : suffix[0] == 'u' ? 2 : 3, &ret->down);
    if (suffix[0] == 'e' || suffix[0] == 'E')
        return exponent_scale(suffix + 1, ret);
    return false;
}

/* Reads digits[.digits] into value and the scale of its fraction. NULL when it is not a number or
 * has more digits than any size needs. */
static const char *mantissa(const char *p, wide *value, wide *down)
{
    int digits = 0, significant = 0;
    bool fraction = false;
    *value = 0;
    *down = 1;
    for (;; p++) {
        if (*p == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (*p < '0' || *p > '9')
            break;
        digits++;
        significant += *value || *p != '0';
        if (significant > 24 || digits > 200)
            return NULL;
        *value = *value * 10 + (unsigned)(*p - '0');
        if (fraction && __builtin_mul_overflow(*down, (wide)10, down))
            return NULL;
    }
    return digits ? p : NULL;
}

/* The quantity as up / down. */
static leakdiag_status parse(const char *text, scale *ret, leakdiag_error *err)
{
    if (!text || !text[0])
        return ld_fail(err, LEAKDIAG_E_INVALID, "empty quantity: write a size like 20Mi");
    if (strlen(text) > 200)
        return ld_fail(err, LEAKDIAG_E_INVALID, "quantity is longer than 200 bytes");
    if (text[0] == '-')
        return ld_fail(err, LEAKDIAG_E_INVALID, "\"%s\" is negative; a size is not", text);

    wide value, down, total;
    scale unit;
    const char *suffix = mantissa(text + (text[0] == '+'), &value, &down);
    if (!suffix || !suffix_scale(suffix, &unit))
        return ld_fail(
            err, LEAKDIAG_E_INVALID,
            "\"%s\" is not a quantity: a number and one of Ki Mi Gi Ti Pi Ei k M G T P E "
            "(upper and lower case differ), like 20Mi",
            text);
    if (__builtin_mul_overflow(down, unit.down, &down) ||
        __builtin_mul_overflow(value, unit.up, &total))
        return ld_fail(err, LEAKDIAG_E_INVALID, "\"%s\" is out of range", text);
    *ret = (scale){total, down};
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_quantity_parse(const char *text, int64_t *ret, leakdiag_error *err)
{
    scale q;
    leakdiag_status status = parse(text, &q, err);
    if (status)
        return status;
    wide total = q.up / q.down + (wide)(q.up % q.down != 0); /* as Kubernetes does: round up */
    if (total > INT64_MAX)
        return ld_fail(err, LEAKDIAG_E_INVALID, "\"%s\" is out of range", text);
    *ret = (int64_t)total;
    return LEAKDIAG_OK;
}

leakdiag_status ld_quantity_number(const char *text, double *ret, leakdiag_error *err)
{
    scale q;
    leakdiag_status status = parse(text, &q, err);
    if (!status)
        *ret = (double)q.up / (double)q.down;
    return status;
}

typedef struct duration_unit {
    const char *name;
    double ms;
} duration_unit;

static const duration_unit *find_unit(const char *p)
{
    static const duration_unit units[] = {
        {"ms", 1}, {"us", 0.001}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strncmp(p, units[i].name, strlen(units[i].name)) == 0)
            return &units[i];
    return NULL;
}

static leakdiag_status bad_duration(const char *text, leakdiag_error *err)
{
    return ld_fail(err, LEAKDIAG_E_INVALID,
                   "\"%.60s\" is not a duration: write it like 90s, 3m, 1h20m or 250ms", text);
}

leakdiag_status leakdiag_duration_parse(const char *text, int64_t *ret_ms, leakdiag_error *err)
{
    if (!text || !text[0] || strlen(text) > 100)
        return bad_duration(text ? text : "", err);
    double total = 0;
    for (const char *p = text; *p;) {
        size_t n = strspn(p, "0123456789.");
        double value;
        if (!ld_number_parse(p, n, &value))
            return bad_duration(text, err);
        p += n;
        const duration_unit *unit = find_unit(p);
        if (!unit && !(*p == '\0' && p - n == text)) /* only a lone number may lack its unit */
            return bad_duration(text, err);
        total += value * (unit ? unit->ms : 1000);
        p += unit ? strlen(unit->name) : 0;
    }
    if (!(total <= (double)CENTURY_MS))
        return ld_fail(err, LEAKDIAG_E_INVALID, "\"%.60s\" is longer than 100 years", text);
    *ret_ms = (int64_t)(total + 0.5);
    return LEAKDIAG_OK;
}
