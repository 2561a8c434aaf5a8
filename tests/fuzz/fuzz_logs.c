/* The log scanner: any cut gives the result of the whole, and fixed strings are found as by looking
 * at every byte.
 *
 * Input: a line that seeds the cuts and options, then patterns, one a line (first letter f fixed,
 * i fixed without case, r expression, R expression without case), an empty line, then the log. */
#include <leakdiag/logs.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/naive_logs.h"

#define PATTERNS_MAX 4
#define TEXT_MAX     64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

typedef struct input {
    uint64_t seed;
    leakdiag_pattern list[PATTERNS_MAX];
    char texts[PATTERNS_MAX][TEXT_MAX + 1];
    size_t n;
    const char *log;
    size_t len;
} input;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Takes the text up to the next newline; false when there is none. */
static bool take_row(const char **at, const char *end, const char **row, size_t *row_len)
{
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));
    if (!newline)
        return false;
    *row = *at;
    *row_len = (size_t)(newline - *at);
    *at = newline + 1;
    return true;
}

static bool take_pattern(input *in, const char *row, size_t len)
{
    static const char *const names[PATTERNS_MAX] = {"d", "b", "c", "a"};
    static const char kinds[] = "firR";
    const char *kind = memchr(kinds, row[0], sizeof kinds - 1);
    if (!kind || len < 2 || len - 1 > TEXT_MAX || in->n == PATTERNS_MAX)
        return false;
    memcpy(in->texts[in->n], row + 1, len - 1);
    uint64_t flags = (row[0] == 'i' || row[0] == 'R' ? LEAKDIAG_PATTERN_IGNORE_CASE : 0) |
                     (row[0] == 'r' || row[0] == 'R' ? LEAKDIAG_PATTERN_REGEX : 0);
    in->list[in->n] = (leakdiag_pattern){names[in->n], in->texts[in->n], flags};
    in->n++;
    return true;
}

static bool read_input(const uint8_t *data, size_t len, input *in)
{
    const char *at = (const char *)data, *end = at + len, *row;
    size_t row_len;
    if (len == 0 || !take_row(&at, end, &row, &row_len))
        return false;
    in->seed = 1469598103934665603u;
    for (size_t i = 0; i < row_len; i++)
        in->seed = (in->seed ^ (unsigned char)row[i]) * 1099511628211u;
    in->seed |= 1;
    while (at < end && take_row(&at, end, &row, &row_len)) {
        if (row_len == 0)
            break;
        if (!take_pattern(in, row, row_len))
            return false;
    }
    in->log = at;
    in->len = (size_t)(end - at);
    return true;
}

static leakdiag_scan *scan_in_chunks(leakdiag_patterns *patterns, const input *in, size_t chunk_max)
{
    uint64_t seed = in->seed;
    leakdiag_scan_options options = LEAKDIAG_SCAN_OPTIONS_INIT;
    options.recent = next_random(&seed) % 4;
    options.window_from_ms = next_random(&seed) % 2 ? 0 : 1733220000000;
    leakdiag_scan *scan = NULL;
    require(leakdiag_scan_new(patterns, &options, &scan, NULL) == LEAKDIAG_OK);
    for (size_t at = 0; at < in->len;) {
        size_t n = chunk_max ? next_random(&seed) % (chunk_max + 1) : in->len;
        n = n < in->len - at ? n : in->len - at;
        char *chunk = malloc(n ? n : 1); /* of its own, so that reading beyond it is seen */
        memcpy(chunk, in->log + at, n);
        require(leakdiag_scan_push(scan, chunk, n, NULL) == LEAKDIAG_OK);
        free(chunk);
        at += n;
        require(leakdiag_scan_pending_bytes(scan) <= at);
    }
    require(leakdiag_scan_finish(scan, NULL) == LEAKDIAG_OK);
    require(leakdiag_scan_bytes(scan) == in->len);
    return scan;
}

static bool same_number(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

static void require_same_line(leakdiag_log_line a, leakdiag_log_line b)
{
    require(a.len == b.len && a.number == b.number && a.has_time == b.has_time &&
            a.time_ms == b.time_ms && memcmp(a.text, b.text, a.len + 1) == 0);
}

static void require_same(const leakdiag_scan *a, const leakdiag_scan *b, size_t n)
{
    char *x = NULL, *y = NULL;
    require(leakdiag_scan_to_json(a, &x, NULL) == LEAKDIAG_OK);
    require(leakdiag_scan_to_json(b, &y, NULL) == LEAKDIAG_OK);
    require(strcmp(x, y) == 0);
    leakdiag_free(x);
    leakdiag_free(y);
    require(leakdiag_scan_lines(a) == leakdiag_scan_lines(b));
    require(leakdiag_scan_truncated(a) == leakdiag_scan_truncated(b));
    for (size_t i = 0; i < n; i++) {
        require(leakdiag_scan_window_count(a, i) == leakdiag_scan_window_count(b, i));
        require(leakdiag_scan_window_count(a, i) <= leakdiag_scan_count(a, i));
        require(same_number(leakdiag_scan_rate_per_min(a, i), leakdiag_scan_rate_per_min(b, i)));
    }
    require(leakdiag_scan_recent_len(a) == leakdiag_scan_recent_len(b));
    for (size_t i = 0; i < leakdiag_scan_recent_len(a); i++)
        require_same_line(leakdiag_scan_recent(a, i, NULL), leakdiag_scan_recent(b, i, NULL));
    int64_t from_a = 0, to_a = 0, from_b = 0, to_b = 0;
    require(leakdiag_scan_time_span(a, &from_a, &to_a) ==
            leakdiag_scan_time_span(b, &from_b, &to_b));
    require(from_a == from_b && to_a == to_b && from_a <= to_a);
}

static void require_found(const leakdiag_scan *scan, size_t i, const input *in)
{
    const leakdiag_pattern *pattern = &in->list[i];
    uint64_t count = 0, number = 0;
    naive_line line;
    for (size_t at = 0; naive_next(in->log, in->len, &at, &line); number++)
        count += naive_contains(line, pattern->text, strlen(pattern->text),
                                pattern->flags & LEAKDIAG_PATTERN_IGNORE_CASE);
    require(leakdiag_scan_lines(scan) == number);
    require(leakdiag_scan_expensive(scan, i) == 0);
    require(leakdiag_scan_count(scan, i) == count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static input in;
    memset(&in, 0, sizeof in);
    leakdiag_patterns *patterns = NULL;
    leakdiag_error err = {0};
    if (!read_input(data, len, &in) ||
        leakdiag_patterns_new(in.list, in.n, &patterns, &err) != LEAKDIAG_OK)
        return 0;
    leakdiag_scan *whole = scan_in_chunks(patterns, &in, 0);
    for (size_t chunk_max = 1; chunk_max <= 64; chunk_max *= 8) {
        leakdiag_scan *cut = scan_in_chunks(patterns, &in, chunk_max);
        require_same(whole, cut, in.n);
        leakdiag_scan_free(cut);
    }
    for (size_t i = 0; i < in.n; i++)
        if (!(in.list[i].flags & LEAKDIAG_PATTERN_REGEX))
            require_found(whole, i, &in);
    leakdiag_scan_free(whole);
    leakdiag_patterns_unref(patterns);
    return 0;
}
