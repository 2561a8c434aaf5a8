#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

/* Made once and kept: strtod() and printf() follow the host's locale, these do not. */
static _Atomic(locale_t) c_locale;
static once_flag c_locale_once = ONCE_FLAG_INIT;

static void make_c_locale(void)
{
    atomic_store(&c_locale, newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

static bool has_c_locale(void)
{
    call_once(&c_locale_once, make_c_locale);
    return c_locale != (locale_t)0;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* sign? digits? (. digits)? (e sign? digits)?, with at least one digit before the exponent. */
static bool is_decimal(const char *p, const char *end)
{
    if (p < end && (*p == '+' || *p == '-'))
        p++;
    const char *whole = p;
    p = skip_digits(p, end);
    size_t digits = (size_t)(p - whole);
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        p = skip_digits(p, end);
        digits += (size_t)(p - fraction);
    }
    if (digits == 0)
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        const char *exponent = p;
        p = skip_digits(p, end);
        if (p == exponent)
            return false;
    }
    return p == end;
}

bool ld_number_parse(const char *data, size_t len, double *ret)
{
    char copy[512];
    if (len == 0 || len >= sizeof copy || !is_decimal(data, data + len) || !has_c_locale())
        return false;
    memcpy(copy, data, len);
    copy[len] = '\0';
    double value = strtod_l(copy, NULL, c_locale);
    if (!isfinite(value))
        return false;
    *ret = value;
    return true;
}

/* printf's %g or %f under the C locale. */
static void print_c(char *out, char style, int digits, double value)
{
    if (!has_c_locale()) {
        strcpy(out, "?");
        return;
    }
    locale_t before = uselocale(c_locale);
    if (style == 'g')
        snprintf(out, LD_NUMBER_BYTES, "%.*g", digits, value);
    else
        snprintf(out, LD_NUMBER_BYTES, "%.*f", digits, value);
    uselocale(before);
}

void ld_number_format(double value, char out[LD_NUMBER_BYTES])
{
    if (!isfinite(value)) {
        strcpy(out, "?");
        return;
    }
    if (value == 0) /* also -0 */
        value = 0;
    if (value == trunc(value) && fabs(value) < 9007199254740992.0) {
        snprintf(out, LD_NUMBER_BYTES, "%lld", (long long)value);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        double back;
        print_c(out, 'g', digits, value);
        if (ld_number_parse(out, strlen(out), &back) && back == value)
            return;
    }
}

void ld_number_format_fixed(double value, int decimals, char out[LD_NUMBER_BYTES])
{
    if (!isfinite(value) || fabs(value) >= 1e20) {
        strcpy(out, isfinite(value) ? "huge" : "?");
        return;
    }
    double rounded = ld_number_round(value, decimals);
    print_c(out, 'f', decimals, rounded == 0 ? 0 : rounded);
}

double ld_number_round(double value, int decimals)
{
    double factor = pow(10, decimals);
    double scaled = value * factor;
    if (!isfinite(scaled) || fabs(scaled) > 9007199254740992.0)
        return value;
    return round(scaled) / factor;
}

int64_t ld_ms_from_double(double ms)
{
    if (isnan(ms))
        return 0;
    if (ms >= 9223372036854775808.0)
        return INT64_MAX;
    return ms <= -9223372036854775808.0 ? INT64_MIN : (int64_t)ms;
}

void ld_bytes_format(double bytes, char out[LD_NUMBER_BYTES])
{
    static const char *const units[] = {"B", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    if (!isfinite(bytes)) {
        strcpy(out, "?");
        return;
    }
    size_t unit = 0;
    double value = bytes;
    while (fabs(value) >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        unit++;
    }
    char number[LD_NUMBER_BYTES];
    double shown = ld_number_round(value, 1);
    if (fabs(shown) >= 1024 && unit + 1 < sizeof units / sizeof units[0]) { /* 1023.99Ki is 1Mi */
        shown /= 1024;
        unit++;
    }
    ld_number_format_fixed(shown, shown == trunc(shown) ? 0 : 1, number);
    snprintf(out, LD_NUMBER_BYTES, "%.30s%s", number, units[unit]);
}

void ld_duration_format(double seconds, char out[LD_NUMBER_BYTES])
{
    if (!isfinite(seconds) || fabs(seconds) > 1e10) {
        strcpy(out, isfinite(seconds) ? "more than 300 years" : "?");
        return;
    }
    const char *sign = seconds < 0 ? "-" : "";
    double s = fabs(seconds);
    char number[LD_NUMBER_BYTES];
    if (s == 0) {
        strcpy(out, "0s");
        return;
    }
    if (s < 0.9995) { /* else it is 1s when rounded */
        snprintf(out, LD_NUMBER_BYTES, "%s%dms", sign, (int)(s * 1000 + 0.5));
        return;
    }
    if (s < 10) {
        double shown = ld_number_round(s, 1);
        ld_number_format_fixed(shown, shown == trunc(shown) ? 0 : 1, number);
        snprintf(out, LD_NUMBER_BYTES, "%s%.30ss", sign, number);
        return;
    }
    long long whole = (long long)(s + 0.5);
    if (whole < 120)
        snprintf(out, LD_NUMBER_BYTES, "%s%llds", sign, whole);
    else if (whole < 7200)
        snprintf(out, LD_NUMBER_BYTES, whole < 600 && whole % 60 ? "%s%lldm%llds" : "%s%lldm", sign,
                 whole < 600 ? whole / 60 : (whole + 30) / 60, whole % 60);
    else if (whole < 172800)
        snprintf(out, LD_NUMBER_BYTES, whole % 3600 >= 60 ? "%s%lldh%lldm" : "%s%lldh", sign,
                 whole / 3600, whole % 3600 / 60);
    else
        snprintf(out, LD_NUMBER_BYTES, "%s%lldd%lldh", sign, whole / 86400, whole % 86400 / 3600);
}
