/* CSV in: a header with the columns t (seconds) and ws (bytes), one sample per row. */
#include <leakdiag/series.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/number.h"
#include "series/bounds.h"

#define MAX_ROW_BYTES ((size_t)64 * 1024)
#define MAX_SECONDS   4e12 /* beyond it milliseconds lose their place in a double */

typedef struct table {
    size_t line; /* of the input, from 1 */
    size_t t_column, ws_column;
    size_t n, room;
    int64_t *times_ms;
    double *values;
} table;

typedef struct cell {
    const char *data;
    size_t len;
    size_t at; /* byte in its row, from 1 */
} cell;

static void table_done(table *csv)
{
    ld_release(csv->times_ms);
    ld_release(csv->values);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static cell trimmed(const char *row, size_t from, size_t to)
{
    while (from < to && is_blank(row[from]))
        from++;
    while (to > from && is_blank(row[to - 1]))
        to--;
    if (to - from >= 2 && row[from] == '"' && row[to - 1] == '"') {
        from++;
        to--;
    }
    return (cell){row + from, to - from, from + 1};
}

/* The cell that begins at *at; moves *at behind its comma. False behind the last one. */
static bool next_cell(const char *row, size_t len, size_t *at, cell *ret)
{
    if (*at > len)
        return false;
    bool quoted = false;
    size_t end = *at;
    while (end < len && (quoted || row[end] != ',')) {
        quoted ^= row[end] == '"';
        end++;
    }
    *ret = trimmed(row, *at, end);
    *at = end + 1;
    return true;
}

static bool cell_is(const cell *c, const char *text)
{
    return c->len == strlen(text) && memcmp(c->data, text, c->len) == 0;
}

static leakdiag_status read_header(table *csv, const char *row, size_t len, leakdiag_error *err)
{
    csv->t_column = csv->ws_column = SIZE_MAX;
    cell c;
    size_t at = 0;
    for (size_t column = 0; next_cell(row, len, &at, &c); column++) {
        size_t *place = cell_is(&c, "t") ? &csv->t_column : cell_is(&c, "ws") ? &csv->ws_column : 0;
        if (!place)
            continue;
        if (*place != SIZE_MAX)
            return ld_fail_at(err, LEAKDIAG_E_INVALID, csv->line, c.at,
                              "the CSV header has the column \"%s\" twice",
                              cell_is(&c, "t") ? "t" : "ws");
        *place = column;
    }
    if (csv->t_column == SIZE_MAX || csv->ws_column == SIZE_MAX)
        return ld_fail_at(err, LEAKDIAG_E_INVALID, csv->line, 1,
                          "the CSV has no column \"%s\": its first line must be a header with t "
                          "(seconds) and ws (bytes)",
                          csv->t_column == SIZE_MAX ? "t" : "ws");
    return LEAKDIAG_OK;
}

static leakdiag_status read_number(const table *csv, const cell *c, const char *name, double *ret,
                                   leakdiag_error *err)
{
    if (c->len == 0)
        return ld_fail_at(err, LEAKDIAG_E_INVALID, csv->line, c->at ? c->at : 1,
                          "line %zu has no value in the column \"%s\"", csv->line, name);
    if (!ld_number_parse(c->data, c->len, ret))
        return ld_fail_at(err, LEAKDIAG_E_INVALID, csv->line, c->at,
                          "line %zu: \"%.*s\" in the column \"%s\" is not a decimal number",
                          csv->line, (int)(c->len < 40 ? c->len : 40), c->data, name);
    return LEAKDIAG_OK;
}

static leakdiag_status add_sample(table *csv, int64_t time_ms, double value, leakdiag_error *err)
{
    if (csv->n == LEAKDIAG_SERIES_MAX_POINTS)
        return ld_fail_at(err, LEAKDIAG_E_LIMIT, csv->line, 0, "the CSV has more than %d samples",
                          LEAKDIAG_SERIES_MAX_POINTS);
    if (csv->n == csv->room) {
        size_t room = csv->room ? csv->room * 2 : 256;
        int64_t *times = ld_resize_array(csv->times_ms, csv->room, room, sizeof *times);
        if (!times)
            return ld_fail_nomem(err);
        csv->times_ms = times;
        double *values = ld_resize_array(csv->values, csv->room, room, sizeof *values);
        if (!values)
            return ld_fail_nomem(err);
        csv->values = values;
        csv->room = room;
    }
    csv->times_ms[csv->n] = time_ms;
    csv->values[csv->n++] = value;
    return LEAKDIAG_OK;
}

static leakdiag_status read_row(table *csv, const char *row, size_t len, leakdiag_error *err)
{
    cell c, t = {0}, ws = {0};
    size_t at = 0, columns = 0;
    for (; next_cell(row, len, &at, &c); columns++) {
        if (columns == csv->t_column)
            t = c;
        if (columns == csv->ws_column)
            ws = c;
    }
    if (columns == 1 && c.len == 0) /* an empty line */
        return LEAKDIAG_OK;
    if (ws.data && ws.len == 0) /* a missing sample is left out, never zero */
        return LEAKDIAG_OK;

    double seconds, bytes;
    leakdiag_status status = read_number(csv, &t, "t", &seconds, err);
    if (!status)
        status = read_number(csv, &ws, "ws", &bytes, err);
    if (status)
        return status;
    if (!(fabs(seconds) <= MAX_SECONDS))
        return ld_fail_at(err, LEAKDIAG_E_INVALID, csv->line, t.at,
                          "line %zu: the time is out of range; t is in seconds", csv->line);
    if (bytes < 0 || bytes > LD_MOST_BYTES)
        return ld_fail_at(err, LEAKDIAG_E_INVALID, csv->line, ws.at, "line %zu: ws is %s",
                          csv->line, bytes < 0 ? "negative" : "above 2^63 bytes");
    return add_sample(csv, (int64_t)floor(seconds * 1000 + 0.5), bytes, err);
}

static size_t skip_byte_order_mark(const char *data, size_t len)
{
    return len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

leakdiag_status leakdiag_series_from_csv(const char *data, size_t len, leakdiag_series **ret,
                                         leakdiag_error *err)
{
    LD_CLEANUP(table_done) table csv = {.line = 1};
    bool has_header = false;
    for (size_t at = skip_byte_order_mark(data, len); at < len; csv.line++) {
        const char *row = data + at;
        const char *end = memchr(row, '\n', len - at);
        size_t row_len = end ? (size_t)(end - row) : len - at;
        if (row_len > MAX_ROW_BYTES)
            return ld_fail_at(err, LEAKDIAG_E_LIMIT, csv.line, 0, "line %zu is longer than 64 KiB",
                              csv.line);
        leakdiag_status status =
            has_header ? read_row(&csv, row, row_len, err) : read_header(&csv, row, row_len, err);
        if (status)
            return status;
        has_header = true;
        at += row_len + 1;
    }
    if (!has_header)
        return ld_fail_at(err, LEAKDIAG_E_INVALID, 1, 1,
                          "the CSV is empty: its first line must be a header with t (seconds) and "
                          "ws (bytes)");
    return leakdiag_series_new(csv.times_ms, csv.values, csv.n, ret, err);
}
