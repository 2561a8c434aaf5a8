/* RFC 3339 times, without timegm() and the host's time zone. */
#include <stdio.h>

#include "base/number.h"

/* Days since 1970-01-01 of a proleptic Gregorian date (the era method: 400 years are 146,097 days,
 * the year starts in March so that the leap day is its last). */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *y, int64_t *m, int64_t *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *d = doy - (153 * mp + 2) / 5 + 1;
    *m = mp < 10 ? mp + 3 : mp - 9;
    *y = yoe + era * 400 + (*m <= 2);
}

/* n digits at p, or -1. */
static int digits(const char *p, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return -1;
        value = value * 10 + (p[i] - '0');
    }
    return value;
}

static int days_in_month(int y, int m)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return m == 2 && leap ? 29 : days[m - 1];
}

/* ".123456789" → 123; returns the bytes read (0 when there is no fraction). */
static size_t fraction_ms(const char *data, size_t len, int *ret)
{
    *ret = 0;
    if (len < 2 || data[0] != '.' || data[1] < '0' || data[1] > '9')
        return 0;
    size_t i = 1;
    int scale = 100;
    for (; i < len && data[i] >= '0' && data[i] <= '9'; i++, scale /= 10)
        *ret += (data[i] - '0') * scale;
    return i;
}

/* "Z" or "+hh:mm"; returns the bytes read, 0 when there is no offset (which is an error). */
static size_t offset_minutes(const char *data, size_t len, int *ret)
{
    *ret = 0;
    if (len >= 1 && (data[0] == 'Z' || data[0] == 'z'))
        return 1;
    if (len < 6 || (data[0] != '+' && data[0] != '-') || data[3] != ':')
        return 0;
    int h = digits(data + 1, 2), m = digits(data + 4, 2);
    if (h < 0 || h > 23 || m < 0 || m > 59)
        return 0;
    *ret = (data[0] == '-' ? -1 : 1) * (h * 60 + m);
    return 6;
}

size_t ld_rfc3339_parse(const char *data, size_t len, int64_t *ret_ms)
{
    if (len < 20 || data[4] != '-' || data[7] != '-' || data[13] != ':' || data[16] != ':' ||
        (data[10] != 'T' && data[10] != 't' && data[10] != ' '))
        return 0;
    int y = digits(data, 4), mo = digits(data + 5, 2), d = digits(data + 8, 2);
    int h = digits(data + 11, 2), mi = digits(data + 14, 2), s = digits(data + 17, 2);
    if (y < 1 || mo < 1 || mo > 12 || d < 1 || d > days_in_month(y, mo) || h < 0 || h > 23 ||
        mi < 0 || mi > 59 || s < 0 || s > 60)
        return 0;

    int ms, offset;
    size_t at = 19;
    at += fraction_ms(data + at, len - at, &ms);
    size_t zone = offset_minutes(data + at, len - at, &offset);
    if (zone == 0)
        return 0;
    if (s == 60) { /* a leap second is the last instant of the minute */
        s = 59;
        ms = 999;
    }
    int64_t minutes = (days_from_civil(y, mo, d) * 24 + h) * 60 + mi - offset;
    *ret_ms = (minutes * 60 + s) * 1000 + ms;
    return at + zone;
}

void ld_rfc3339_format(int64_t time_ms, char out[LD_NUMBER_BYTES])
{
    int64_t days = time_ms / 86400000, ms = time_ms % 86400000;
    if (ms < 0) {
        ms += 86400000;
        days--;
    }
    int64_t y, m, d;
    civil_from_days(days, &y, &m, &d);
    if (y < 1 || y > 9999) {
        snprintf(out, LD_NUMBER_BYTES, "%lldms", (long long)time_ms);
        return;
    }
    int n = snprintf(out, LD_NUMBER_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d", (int)y, (int)m, (int)d,
                     (int)(ms / 3600000), (int)(ms / 60000 % 60), (int)(ms / 1000 % 60));
    if (ms % 1000)
        n += snprintf(out + n, (size_t)(LD_NUMBER_BYTES - n), ".%03d", (int)(ms % 1000));
    snprintf(out + n, (size_t)(LD_NUMBER_BYTES - n), "Z");
}
