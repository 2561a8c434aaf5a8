#include "report/plot.h"

#include <math.h>

#include "base/cleanup.h"
#include "base/number.h"

/* A braille cell has two dots across and four down. */
#define DOTS_ACROSS 2
#define DOTS_DOWN   4

typedef struct canvas {
    ld_plot_frame frame;
    unsigned char dots[LD_PLOT_ROWS_MAX][LD_PLOT_CELLS_MAX]; /* braille bits of the observed line */
    bool point[LD_PLOT_ROWS_MAX][LD_PLOT_CELLS_MAX];         /* a sample joined to no other */
    bool band[LD_PLOT_ROWS_MAX][LD_PLOT_CELLS_MAX];
    size_t limit_row, soft_row; /* frame.rows: not on it */
    bool has_band;
} canvas;

/* Dots are counted from the left and from the bottom. */
static void set_dot(canvas *c, long across, long up)
{
    static const unsigned char bits[DOTS_DOWN][DOTS_ACROSS] = {
        {0x40, 0x80}, {0x04, 0x20}, {0x02, 0x10}, {0x01, 0x08}};
    long width = (long)c->frame.cells * DOTS_ACROSS, height = (long)c->frame.rows * DOTS_DOWN;
    if (across < 0 || across >= width || up < 0 || up >= height)
        return;
    size_t row = c->frame.rows - 1 - (size_t)(up / DOTS_DOWN);
    c->dots[row][across / DOTS_ACROSS] |= bits[up % DOTS_DOWN][across % DOTS_ACROSS];
}

static long clamp(double value, long most)
{
    if (!(value > 0))
        return 0;
    return value >= (double)most ? most : (long)value;
}

static long dot_of_time(const canvas *c, double time_ms)
{
    const ld_plot_frame *f = &c->frame;
    long width = (long)f->cells * DOTS_ACROSS;
    double share = (time_ms - f->from_ms) / (f->to_ms - f->from_ms);
    return clamp(floor(share * (double)width), width - 1);
}

static long dot_of_bytes(const canvas *c, double bytes)
{
    const ld_plot_frame *f = &c->frame;
    double rows = bytes / f->step_bytes - f->bottom_rows + 0.5;
    return clamp(floor(rows * DOTS_DOWN), (long)f->rows * DOTS_DOWN - 1);
}

static void draw_down(canvas *c, long across, long from, long to)
{
    for (long up = from < to ? from : to; up <= (from < to ? to : from); up++)
        set_dot(c, across, up);
}

/* From one sample to the next: never a hole, however steep. */
static void draw_line(canvas *c, long x0, long y0, long x1, long y1)
{
    if (x0 == x1) {
        draw_down(c, x0, y0, y1);
        return;
    }
    long before = y0;
    for (long x = x0; x <= x1; x++) {
        long y = y0 + (y1 - y0) * (x - x0) / (x1 - x0);
        long from = y > before ? before + 1 : y < before ? before - 1 : y;
        draw_down(c, x, from, y);
        before = y;
    }
}

/* How many of a rising list are not later than a time. */
static size_t count_until(const int64_t *list, size_t n, int64_t time_ms)
{
    size_t lo = 0;
    for (size_t hi = n; lo < hi;) {
        size_t middle = lo + (hi - lo) / 2;
        if (list[middle] <= time_ms)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

static bool is_between(const int64_t *list, size_t n, int64_t from, int64_t to)
{
    return count_until(list, n, from) != count_until(list, n, to);
}

/* A line between two samples says that nothing else happened there: not across a restart, and not
 * across a hole in the samples. */
static bool is_joined(const canvas *c, const ld_plot *plot, size_t i)
{
    int64_t from = plot->times_ms[i - 1], to = plot->times_ms[i];
    if (to < from || is_between(plot->oom_ms, plot->n_ooms, from, to) ||
        is_between(plot->restart_ms, plot->n_restarts, from, to))
        return false;
    double seen = (double)plot->times_ms[plot->n - 1] - (double)plot->times_ms[0];
    double usual = seen / (double)(plot->n - 1);
    double gap = (double)to - (double)from;
    return gap <= 5 * usual || dot_of_time(c, (double)to) - dot_of_time(c, (double)from) <= 4;
}

/* One dot of braille alone is easily missed. */
static void draw_point(canvas *c, long across, long up)
{
    size_t row = c->frame.rows - 1 - (size_t)(up / DOTS_DOWN);
    c->point[row][across / DOTS_ACROSS] = true;
}

static void draw_samples(canvas *c, const ld_plot *plot)
{
    long x0 = 0, y0 = 0;
    bool was_joined = false;
    for (size_t i = 0; i < plot->n; i++) {
        long x = dot_of_time(c, (double)plot->times_ms[i]), y = dot_of_bytes(c, plot->bytes[i]);
        bool joins = i > 0 && is_joined(c, plot, i);
        set_dot(c, x, y);
        if (joins)
            draw_line(c, x0, y0, x, y);
        else if (i > 0 && !was_joined)
            draw_point(c, x0, y0);
        was_joined = joins;
        x0 = x;
        y0 = y;
    }
    if (!was_joined)
        draw_point(c, x0, y0);
}

static void draw_band(canvas *c, const ld_plot *plot)
{
    const ld_plot_frame *f = &c->frame;
    for (size_t cell = 0; cell < f->cells; cell++) {
        double t = f->from_ms + (f->to_ms - f->from_ms) * ((double)cell + 0.5) / (double)f->cells;
        double lo, hi;
        if (!ld_plot_band(plot, t, &lo, &hi))
            continue;
        for (size_t row = 0; row < f->rows; row++) {
            double middle = (f->bottom_rows + (double)(f->rows - 1 - row)) * f->step_bytes;
            bool is_in = middle >= lo && middle <= hi;
            /* A band thinner than a row still shows once. */
            is_in = is_in || ld_plot_row(f, (lo + hi) / 2) == row;
            c->band[row][cell] = is_in;
            c->has_band = c->has_band || is_in;
        }
    }
}

static void add_braille(ld_paper *paper, unsigned ink, unsigned char bits)
{
    char glyph[] = {(char)0xe2, (char)(0xa0 | bits >> 6), (char)(0x80 | (bits & 0x3f)), '\0'};
    ld_paper_glyphs(paper, ink, glyph);
}

/* A glyph and its stand-in where only ASCII is allowed. */
static void add_glyph(ld_paper *paper, unsigned ink, const char *glyph, const char *ascii)
{
    ld_paper_glyphs(paper, ink, paper->ascii ? ascii : glyph);
}

#define POINT    "\xe2\x80\xa2"
#define BAND     "\xe2\x96\x91", ":" /* light shade */
#define LEVEL    "\xe2\x95\x8c", "-" /* dashed line */
#define KILLED   "\xc3\x97", "X"
#define RESTART  "\xe2\x96\xb4", "^"
#define AXIS     "\xe2\x94\x82", "|"
#define AXIS_TIC "\xe2\x94\xa4", "+"

static void draw_cell(ld_paper *paper, const canvas *c, const ld_plot *plot, size_t row,
                      size_t cell)
{
    unsigned char dots = c->dots[row][cell];
    if (dots && paper->ascii)
        ld_paper_glyphs(paper, plot->ink, "*");
    else if (c->point[row][cell])
        ld_paper_glyphs(paper, plot->ink, POINT);
    else if (dots)
        add_braille(paper, plot->ink, dots);
    else if (row == c->limit_row)
        add_glyph(paper, LD_INK_RED, LEVEL);
    else if (row == c->soft_row)
        add_glyph(paper, LD_INK_YELLOW, LEVEL);
    else if (c->band[row][cell])
        add_glyph(paper, LD_INK_DIM, BAND);
    else
        paper->gap++; /* a blank that is not written when nothing comes behind it */
}

/* The label of a row, or "" for none; the named lines come first. */
static void row_label(const canvas *c, const ld_plot *plot, size_t row, ld_text *ret)
{
    const ld_plot_frame *f = &c->frame;
    char number[LD_NUMBER_BYTES];
    ld_text_add(ret, "");
    if (row == c->limit_row || row == c->soft_row) {
        bool is_limit = row == c->limit_row;
        ld_bytes_format(is_limit ? plot->limit_bytes : plot->soft_limit_bytes, number);
        ld_text_addf(ret, "%s%s", is_limit ? "limit " : "soft ", number);
        return;
    }
    double up = f->bottom_rows + (double)(f->rows - 1 - row);
    if (fmod(up, 2) != 0)
        return;
    ld_number_format(ld_number_round(up * f->step_bytes / f->unit_bytes, 3), number);
    ld_text_addf(ret, "%s%s", number, up == 0 ? "" : f->unit);
}

static void draw_row(ld_paper *paper, const canvas *c, const ld_plot *plot, size_t row)
{
    LD_CLEANUP(ld_text_done) ld_text label = {0};
    row_label(c, plot, row, &label);
    size_t last = c->frame.cells;
    unsigned ink = row == c->limit_row  ? LD_INK_RED
                   : row == c->soft_row ? LD_INK_YELLOW
                                        : LD_INK_DIM;
    if (label.len) {
        ld_paper_at(paper, c->frame.gutter - 1 - label.len);
        ld_paper_glyphs(paper, ink, label.data);
        paper->gap = 1;
        add_glyph(paper, LD_INK_DIM, AXIS_TIC);
    } else {
        ld_paper_at(paper, c->frame.gutter);
        add_glyph(paper, LD_INK_DIM, AXIS);
    }
    for (size_t cell = 0; cell < last; cell++)
        draw_cell(paper, c, plot, row, cell);
    ld_paper_end(paper);
}

/* Distance of the labels below: as many as fit with two blanks between them. */
static double tick_ms(const ld_plot_frame *f)
{
    static const double day = 8.64e7;
    const double steps[] = {1e2,   2e2,     5e2,     1e3,      2e3,      5e3,       1e4,
                            1.5e4, 3e4,     6e4,     1.2e5,    1.8e5,    3e5,       6e5,
                            9e5,   1.8e6,   3.6e6,   7.2e6,    1.08e7,   2.16e7,    4.32e7,
                            day,   2 * day, 5 * day, 10 * day, 30 * day, 100 * day, 365 * day};
    double per_cell = (f->to_ms - f->from_ms) / (double)f->cells;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i] / per_cell >= 9)
            return steps[i];
    return ceil(9 * per_cell / (365 * day)) * 365 * day;
}

static void tick_label(double at_ms, double step_ms, char out[LD_NUMBER_BYTES + 2])
{
    double unit = step_ms < 6e4 ? 1e3 : step_ms < 3.6e6 ? 6e4 : step_ms < 8.64e7 ? 3.6e6 : 8.64e7;
    const char *name = unit == 1e3 ? "s" : unit == 6e4 ? "m" : unit == 3.6e6 ? "h" : "d";
    ld_number_format(ld_number_round(at_ms / unit, 1), out);
    memcpy(out + strlen(out), name, 2);
}

typedef struct marks {
    bool kill[LD_PLOT_CELLS_MAX], restart[LD_PLOT_CELLS_MAX];
    bool has_kill, has_restart;
} marks;

/* A restart beside a kill is the kill's own and needs no second sign. */
static void make_marks(const canvas *c, const ld_plot *plot, marks *ret)
{
    const ld_plot_frame *f = &c->frame;
    *ret = (marks){.has_kill = false};
    for (size_t i = 0; i < plot->n_ooms; i++) {
        size_t cell = ld_plot_cell(f, (double)plot->oom_ms[i]);
        if (cell < f->cells)
            ret->kill[cell] = ret->has_kill = true;
    }
    for (size_t i = 0; i < plot->n_restarts; i++) {
        size_t cell = ld_plot_cell(f, (double)plot->restart_ms[i]);
        bool is_own = cell < f->cells && (ret->kill[cell] || (cell > 0 && ret->kill[cell - 1]) ||
                                          (cell + 1 < f->cells && ret->kill[cell + 1]));
        if (cell < f->cells && !is_own)
            ret->restart[cell] = ret->has_restart = true;
    }
}

typedef struct axis {
    char label[LD_PLOT_CELLS_MAX + 1]; /* blanks and labels */
    bool is_tick[LD_PLOT_CELLS_MAX];
} axis;

static void make_axis(const canvas *c, const ld_plot *plot, axis *ret)
{
    const ld_plot_frame *f = &c->frame;
    memset(ret->label, ' ', f->cells);
    ret->label[f->cells] = '\0';
    memset(ret->is_tick, 0, sizeof ret->is_tick);
    double step = tick_ms(f), zero = (double)plot->zero_ms;
    double first = ceil((f->from_ms - zero) / step) * step;
    for (double at = first; zero + at <= f->to_ms; at += step) {
        char text[LD_NUMBER_BYTES + 2];
        size_t cell = ld_plot_cell(f, zero + at);
        if (cell == f->cells)
            continue;
        tick_label(at, step, text);
        ret->is_tick[cell] = true;
        if (cell + strlen(text) <= f->cells)
            memcpy(ret->label + cell, text, strlen(text));
    }
}

static void draw_axis(ld_paper *paper, const canvas *c, const ld_plot *plot, const marks *m)
{
    axis a;
    make_axis(c, plot, &a);
    ld_paper_at(paper, c->frame.gutter);
    add_glyph(paper, LD_INK_DIM, "\xe2\x94\x94", "+");
    for (size_t cell = 0; cell < c->frame.cells; cell++) {
        if (m->kill[cell])
            add_glyph(paper, LD_INK_RED | LD_INK_STRONG, KILLED);
        else if (m->restart[cell])
            add_glyph(paper, LD_INK_YELLOW | LD_INK_STRONG, RESTART);
        else if (a.is_tick[cell])
            add_glyph(paper, LD_INK_DIM, "\xe2\x94\xac", "+");
        else
            add_glyph(paper, LD_INK_DIM, "\xe2\x94\x80", "-");
    }
    ld_paper_end(paper);
    size_t len = c->frame.cells;
    while (len && a.label[len - 1] == ' ')
        a.label[--len] = '\0';
    const char *label = a.label;
    while (*label == ' ')
        label++;
    ld_paper_at(paper, c->frame.gutter + 1 + (size_t)(label - a.label));
    ld_paper_glyphs(paper, LD_INK_DIM, label);
    ld_paper_end(paper);
}

static void add_legend(ld_paper *paper, unsigned ink, const char *glyph, const char *ascii,
                       const char *what)
{
    paper->gap = paper->column ? 3 : paper->gap;
    if (paper->column && paper->column + 5 + strlen(what) > paper->columns) {
        size_t margin = paper->indent;
        ld_paper_end(paper);
        ld_paper_margin(paper, margin);
    }
    add_glyph(paper, ink, glyph, ascii);
    paper->gap = 1;
    ld_paper_glyphs(paper, LD_INK_DIM, what);
}

static void draw_legend(ld_paper *paper, const canvas *c, const ld_plot *plot, const marks *m)
{
    ld_paper_margin(paper, c->frame.gutter + 1);
    add_legend(paper, plot->ink, plot->n == 1 ? POINT : "\xe2\xa0\xa4", "*", "observed");
    if (c->has_band)
        add_legend(paper, LD_INK_DIM, BAND, "expected");
    if (m->has_kill)
        add_legend(paper, LD_INK_RED | LD_INK_STRONG, KILLED, "OOM kill");
    if (m->has_restart)
        add_legend(paper, LD_INK_YELLOW | LD_INK_STRONG, RESTART, "restart");
    ld_paper_end(paper);
}

/* A limit that is far above what was seen is named instead of drawn. */
static void draw_limit_note(ld_paper *paper, const canvas *c, const ld_plot *plot)
{
    if (!isfinite(plot->limit_bytes) || c->limit_row < c->frame.rows)
        return;
    char limit[LD_NUMBER_BYTES];
    ld_bytes_format(plot->limit_bytes, limit);
    ld_paper_margin(paper, c->frame.gutter + 1);
    ld_paper_words(paper, LD_INK_RED, "limit");
    ld_paper_words(paper, LD_INK_RED, limit);
    ld_paper_words(paper, LD_INK_DIM, "is above this plot");
    ld_paper_end(paper);
}

void ld_plot_draw(ld_paper *paper, const ld_plot *plot)
{
    canvas c = {.frame = {0}};
    if (!ld_plot_measure(plot, paper->columns, &c.frame))
        return;
    c.limit_row = c.soft_row = c.frame.rows;
    if (isfinite(plot->limit_bytes))
        c.limit_row = ld_plot_row(&c.frame, plot->limit_bytes);
    if (isfinite(plot->soft_limit_bytes))
        c.soft_row = ld_plot_row(&c.frame, plot->soft_limit_bytes);
    draw_band(&c, plot);
    draw_samples(&c, plot);
    draw_limit_note(paper, &c, plot);
    for (size_t row = 0; row < c.frame.rows; row++)
        draw_row(paper, &c, plot, row);
    marks m;
    make_marks(&c, plot, &m);
    draw_axis(paper, &c, plot, &m);
    draw_legend(paper, &c, plot, &m);
}
