/* The log: one logrus JSON line per event, keys sorted, RFC 3339 with nanoseconds. */
#include "shop.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int shop_log_fd = 1;

static void put(struct text *t, char c)
{
    if (t->len < sizeof(t->bytes) - 1)
        t->bytes[t->len++] = c;
}

static void put_str(struct text *t, const char *s)
{
    while (*s)
        put(t, *s++);
}

/* The message is ours or checked to be printable, so quote, backslash and Go's HTML-safe three
 * are all that JSON needs here. */
static void put_json(struct text *t, const char *s)
{
    for (; *s; s++) {
        char hex[8];
        if (*s == '"' || *s == '\\') {
            put(t, '\\');
            put(t, *s);
        } else if (*s == '<' || *s == '>' || *s == '&') {
            snprintf(hex, sizeof(hex), "\\u%04x", (unsigned)*s);
            put_str(t, hex);
        } else {
            put(t, *s);
        }
    }
}

/* Go prints fractions without trailing zeros, and none at all when they are zero. */
static void put_fraction(struct text *t, uint64_t fraction, int digits)
{
    char s[24];
    snprintf(s, sizeof(s), ".%0*" PRIu64, digits, fraction);
    size_t len = strlen(s);
    while (len > 1 && s[len - 1] == '0')
        len--;
    s[len > 1 ? len : 0] = '\0';
    put_str(t, s);
}

void shop_log(const char *severity, const char *fmt, ...)
{
    char message[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);

    struct timespec ts;
    struct tm tm;
    char when[32];
    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);

    struct text line = {.len = 0};
    put_str(&line, "{\"message\":\"");
    put_json(&line, message);
    put_str(&line, "\",\"severity\":\"");
    put_str(&line, severity);
    put_str(&line, "\",\"timestamp\":\"");
    put_str(&line, when);
    put_fraction(&line, (uint64_t)ts.tv_nsec, 9);
    put_str(&line, "Z\"}\n");
    /* One write per line keeps lines whole; a log that is gone must not stop the shop. */
    if (write(shop_log_fd, line.bytes, line.len) < 0)
        return;
}

void shop_put_duration(struct text *t, uint64_t ns)
{
    static const struct {
        uint64_t unit;
        int digits;
        const char *name;
    } scales[] = {{1000000000, 9, "s"}, {1000000, 6, "ms"}, {1000, 3, "\u00b5s"}, {1, 0, "ns"}};
    size_t i = 0;
    while (i < 3 && ns < scales[i].unit)
        i++;
    char whole[24];
    snprintf(whole, sizeof(whole), "%" PRIu64, ns / scales[i].unit);
    put_str(t, whole);
    if (scales[i].digits > 0)
        put_fraction(t, ns % scales[i].unit, scales[i].digits);
    put_str(t, scales[i].name);
}
