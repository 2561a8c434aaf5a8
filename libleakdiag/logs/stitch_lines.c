#include "logs/stitch_lines.h"

#include <string.h>

#include "base/alloc.h"
#include "base/number.h"

#define STAMP_BYTES_MAX 64

/* --- one line --- */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ (x >> 33);
}

static void stir(ld_mark *h, uint64_t word)
{
    h->a = (h->a ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    h->a ^= h->a >> 29;
    h->b = ((h->b << 27) | (h->b >> 37)) + word;
    h->b = h->b * UINT64_C(0x4cf5ad432745937f) + h->a;
}

static ld_mark hash(const char *data, size_t len)
{
    ld_mark h = {UINT64_C(0x243f6a8885a308d3) ^ len, UINT64_C(0x13198a2e03707344) + len, 0, len};
    uint64_t word;
    size_t at = 0;
    for (; len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, data + at, sizeof word);
        stir(&h, word);
    }
    word = 0;
    if (at < len)
        memcpy(&word, data + at, len - at);
    stir(&h, word);
    h.a = mix(h.a + h.b);
    h.b = mix(h.b + h.a);
    return h;
}

static size_t stamp_len(const char *line, size_t len)
{
    const char *blank = memchr(line, ' ', len < STAMP_BYTES_MAX ? len : STAMP_BYTES_MAX);
    return blank ? (size_t)(blank - line) : 0;
}

ld_mark ld_mark_of(const char *data, size_t len)
{
    ld_mark mark = hash(data, len);
    mark.stamp = hash(data, stamp_len(data, len)).a;
    return mark;
}

bool ld_mark_equal(ld_mark a, ld_mark b)
{
    return a.a == b.a && a.b == b.b;
}

bool ld_line_stamp(const char *line, size_t len, int64_t *ret_ms)
{
    size_t n = stamp_len(line, len);
    return n && ld_rfc3339_parse(line, n, ret_ms) == n;
}

/* --- the lines of a piece --- */

void ld_marks_done(ld_marks *marks)
{
    ld_release(marks->list);
    ld_release(marks->begins);
}

static size_t count_lines(const char *data, size_t len)
{
    size_t n = 0;
    for (const char *at = data, *end = data + len; at < end; n++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at)
            break;
        at++;
    }
    return n;
}

leakdiag_status ld_marks_read(const ld_piece *piece, ld_marks *ret, leakdiag_error *err)
{
    bool is_there = piece->kind >= LD_PIECE_TAIL && piece->len > 0;
    size_t n = is_there ? count_lines(piece->data, piece->len) : 0, at = 0;
    *ret = (ld_marks){.is_tail = piece->kind != LD_PIECE_WHOLE, .piece = piece};
    if (n > LD_STITCH_LINES_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT,
                       "the log's answer has more than %zu lines; what it holds is not told apart",
                       LD_STITCH_LINES_MAX);
    ret->list = ld_alloc_array(n + 1, sizeof *ret->list);
    ret->begins = ld_alloc_array(n + 1, sizeof *ret->begins);
    if (!ret->list || !ret->begins)
        return ld_fail_nomem(err);
    for (; ret->n < n; ret->n++) {
        const char *line = piece->data + at;
        const char *newline = memchr(line, '\n', piece->len - at);
        ret->begins[ret->n] = at;
        at = (size_t)(newline + 1 - piece->data);
    }
    ret->begins[n] = at;
    return LEAKDIAG_OK;
}

static bool stamp_of(const ld_marks *marks, size_t i, int64_t *ret_ms)
{
    size_t begin = marks->begins[i];
    return ld_line_stamp(marks->piece->data + begin, marks->begins[i + 1] - begin, ret_ms);
}

int64_t ld_marks_first_ms(const ld_marks *marks, size_t from)
{
    int64_t ms;
    for (size_t i = from; i < marks->n; i++)
        if (stamp_of(marks, i, &ms))
            return ms;
    return 0;
}

int64_t ld_marks_last_ms(const ld_marks *marks)
{
    int64_t ms;
    for (size_t i = marks->n; i-- > 0;)
        if (stamp_of(marks, i, &ms))
            return ms;
    return 0;
}

static size_t line_len(const ld_marks *marks, size_t i)
{
    return marks->begins[i + 1] - marks->begins[i] - 1;
}

/* Of a look's thousands of lines few are asked for. */
static ld_mark mark_at(const ld_marks *marks, size_t i)
{
    ld_mark *mark = &marks->list[i];
    if (!mark->a && !mark->b)
        *mark = ld_mark_of(marks->piece->data + marks->begins[i], line_len(marks, i));
    return *mark;
}

static bool is_line(const ld_marks *marks, size_t i, ld_mark mark)
{
    return line_len(marks, i) == mark.len && ld_mark_equal(mark_at(marks, i), mark);
}

/* --- the window --- */

/* How a window lies over a piece when the line at p is the first behind it. */
typedef struct overlay {
    size_t n_times; /* of lines that it lies over */
    bool is_exact;  /* both begin where the file begins */
    bool is_cut;    /* the piece begins inside of the window */
} overlay;

static bool lies_over(const ld_window *window, const ld_marks *marks, size_t p, overlay *ret)
{
    size_t j = window->n - 1, i = p;
    uint64_t left = window->runs[j].n, stamp = 0; /* no line's: it is a hash */
    *ret = (overlay){0};
    while (i > 0) {
        if (!is_line(marks, i - 1, window->runs[j].mark))
            /* The first line of a tail may be the rest of one that was taken as a whole. */
            return i == 1 && marks->is_tail && ret->n_times > 1;
        ret->n_times += stamp != window->runs[j].mark.stamp;
        stamp = window->runs[j].mark.stamp;
        i--;
        if (--left > 0)
            continue;
        if (j == 0)
            break;
        left = window->runs[--j].n;
    }
    ret->is_cut = i == 0;
    if (j > 0 || left > 0)
        return true;
    ret->is_exact = i == 0 && window->is_whole && !marks->is_tail;
    return i == 0 || window->is_open || !is_line(marks, i - 1, window->runs[0].mark);
}

ld_found ld_window_find(const ld_window *window, const ld_marks *marks, size_t *ret_at)
{
    *ret_at = 0;
    if (window->n == 0)
        return marks->is_tail ? LD_FOUND_UNSURE : LD_FOUND;
    size_t n_places = 0;
    overlay best = {0}, over;
    for (size_t p = marks->n; p > 0; p--) {
        if (!is_line(marks, p - 1, window->runs[window->n - 1].mark) ||
            !lies_over(window, marks, p, &over))
            continue;
        if (n_places++ == 0 || over.is_exact) { /* else the last place: no line counts twice */
            best = over;
            *ret_at = p;
        }
    }
    if (n_places == 0)
        return LD_FOUND_NOT;
    /* Within one time lines may repeat themselves; over two times they do not. */
    bool is_sure = n_places == 1 && (best.n_times > 1 || (!marks->is_tail && !best.is_cut));
    return is_sure || best.is_exact ? LD_FOUND : LD_FOUND_UNSURE;
}

static void add_line(ld_window *window, ld_mark mark)
{
    if (window->n && ld_mark_equal(window->runs[window->n - 1].mark, mark)) {
        window->runs[window->n - 1].n++;
        return;
    }
    if (window->n == LD_STITCH_RUNS) {
        memmove(window->runs, window->runs + 1, (LD_STITCH_RUNS - 1) * sizeof window->runs[0]);
        window->n--;
        window->is_open = window->is_whole = false;
    }
    window->runs[window->n++] = (ld_run){mark, 1};
}

/* How many lines at the end make up as many runs as a window holds. */
static size_t tail_of_runs(const ld_marks *marks, size_t from)
{
    size_t runs = 0, i = marks->n;
    for (; i > from; i--) {
        if (i < marks->n && is_line(marks, i - 1, mark_at(marks, i)))
            continue;
        if (++runs > LD_STITCH_RUNS)
            break;
    }
    return i;
}

void ld_window_add(ld_window *window, const ld_marks *marks, size_t from)
{
    size_t at = tail_of_runs(marks, from);
    if (at > from) {
        window->n = 0;
        window->is_open = window->is_whole = false;
    }
    for (size_t i = at; i < marks->n; i++)
        add_line(window, mark_at(marks, i));
    int64_t last_ms = from < marks->n ? ld_marks_last_ms(marks) : 0;
    if (last_ms)
        window->last_ms = last_ms;
}

void ld_window_begin(ld_window *window, const ld_marks *marks)
{
    int64_t last_ms = window->last_ms;
    *window = (ld_window){.is_whole = !marks->is_tail, .is_open = marks->is_tail};
    ld_window_add(window, marks, 0);
    if (!window->last_ms) /* an empty file does not set the clock back */
        window->last_ms = last_ms;
}
