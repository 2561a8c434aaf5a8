/* Numbers for people, and times from people. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "cli.h"

void format_bytes(double bytes, char out[FIGURE_BYTES])
{
    static const char *const units[] = {"B", "Ki", "Mi", "Gi", "Ti", "Pi"};
    if (isnan(bytes)) {
        snprintf(out, FIGURE_BYTES, "?");
        return;
    }
    size_t unit = 0;
    double value = bytes;
    while (fabs(value) >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    bool whole = fabs(value - round(value)) < 0.05;
    snprintf(out, FIGURE_BYTES, whole ? "%.0f%s" : "%.1f%s", value, units[unit]);
}

void format_kibibytes(double bytes, char out[FIGURE_BYTES])
{
    if (isnan(bytes))
        snprintf(out, FIGURE_BYTES, "?");
    else
        snprintf(out, FIGURE_BYTES, "%.0fKi", floor(bytes / 1024));
}

void format_duration(double seconds, char out[FIGURE_BYTES])
{
    if (isnan(seconds) || seconds > 1e10) {
        snprintf(out, FIGURE_BYTES, "%s", isnan(seconds) ? "?" : "never");
        return;
    }
    long long s = (long long)(seconds < 0 ? 0 : seconds);
    if (seconds < 10 && seconds != floor(seconds))
        snprintf(out, FIGURE_BYTES, "%.1fs", seconds);
    else if (s < 60)
        snprintf(out, FIGURE_BYTES, "%llds", s);
    else if (s < 3600 && s % 60)
        snprintf(out, FIGURE_BYTES, "%lldm%llds", s / 60, s % 60);
    else if (s < 3600)
        snprintf(out, FIGURE_BYTES, "%lldm", s / 60);
    else if (s < 48 * 3600)
        snprintf(out, FIGURE_BYTES, "%lldh%lldm", s / 3600, s / 60 % 60);
    else
        snprintf(out, FIGURE_BYTES, "%lldd%lldh", s / 86400, s / 3600 % 24);
}

void format_number(double value, char out[FIGURE_BYTES])
{
    if (isnan(value))
        snprintf(out, FIGURE_BYTES, "?");
    else if (fabs(value) >= 100)
        snprintf(out, FIGURE_BYTES, "%.0f", value);
    else
        snprintf(out, FIGURE_BYTES, "%.3g", value);
}

void format_time(int64_t time_ms, char out[FIGURE_BYTES])
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm tm;
    if (!gmtime_r(&seconds, &tm) || !strftime(out, FIGURE_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm))
        snprintf(out, FIGURE_BYTES, "?");
}

/* Fixed digits, so that no blank or sign slips in as with strtol(). */
static bool take_digits(const char **text, int n, int lowest, int highest, int *ret)
{
    int value = 0;
    for (int i = 0; i < n; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        value = value * 10 + (**text - '0');
    }
    *ret = value;
    return value >= lowest && value <= highest;
}

static bool take_char(const char **text, const char *any)
{
    if (!**text || !strchr(any, **text))
        return false;
    (*text)++;
    return true;
}

static bool take_fraction_ms(const char **text, int *ret_ms)
{
    int weight = 100, digits = 0;
    *ret_ms = 0;
    if (!take_char(text, "."))
        return true;
    for (; **text >= '0' && **text <= '9'; (*text)++, digits++) {
        *ret_ms += weight * (**text - '0');
        weight /= 10;
    }
    return digits > 0;
}

static bool take_offset_s(const char **text, int *ret_s)
{
    int hours, minutes, sign = **text == '-' ? -1 : 1;
    *ret_s = 0;
    if (take_char(text, "Zz"))
        return true;
    if (!take_char(text, "+-") || !take_digits(text, 2, 0, 23, &hours) || !take_char(text, ":") ||
        !take_digits(text, 2, 0, 59, &minutes))
        return false;
    *ret_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool parse_time(const char *text, int64_t *ret_ms)
{
    struct tm tm = {0};
    int fraction_ms, offset_s;
    if (!take_digits(&text, 4, 1, 9999, &tm.tm_year) || !take_char(&text, "-") ||
        !take_digits(&text, 2, 1, 12, &tm.tm_mon) || !take_char(&text, "-") ||
        !take_digits(&text, 2, 1, 31, &tm.tm_mday) || !take_char(&text, "Tt ") ||
        !take_digits(&text, 2, 0, 23, &tm.tm_hour) || !take_char(&text, ":") ||
        !take_digits(&text, 2, 0, 59, &tm.tm_min) || !take_char(&text, ":") ||
        !take_digits(&text, 2, 0, 60, &tm.tm_sec) || !take_fraction_ms(&text, &fraction_ms) ||
        !take_offset_s(&text, &offset_s) || *text)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *ret_ms = ((int64_t)timegm(&tm) - offset_s) * 1000 + fraction_ms;
    return true;
}
