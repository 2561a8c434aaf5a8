/* Which part of time and memory the plot shows, in round numbers. */
#include <math.h>

#include "base/number.h"
#include "report/plot.h"

#define ROWS_WANTED 12

typedef struct extent {
    double lo, hi;
} extent;

static void widen(extent *e, double value)
{
    if (!isfinite(value))
        return;
    if (value < e->lo)
        e->lo = value;
    if (value > e->hi)
        e->hi = value;
}

/* The climb that a time belongs to, or NULL before the first. */
static const int64_t *climb_at(const ld_plot *plot, double time_ms)
{
    const int64_t *climb = NULL;
    for (size_t lo = 0, hi = plot->n_climbs; lo < hi;) {
        size_t middle = lo + (hi - lo) / 2;
        if ((double)plot->climbs_ms[middle] <= time_ms) {
            climb = &plot->climbs_ms[middle];
            lo = middle + 1;
        } else
            hi = middle;
    }
    return climb;
}

bool ld_plot_band(const ld_plot *plot, double time_ms, double *lo, double *hi)
{
    const int64_t *climb = plot->expected ? climb_at(plot, time_ms) : NULL;
    if (!climb)
        return false;
    double at = time_ms - (double)*climb;
    if (at > (double)leakdiag_timeline_end_ms(plot->expected))
        return false;
    *lo = leakdiag_timeline_lo_bytes_at(plot->expected, (int64_t)at);
    *hi = leakdiag_timeline_hi_bytes_at(plot->expected, (int64_t)at);
    return isfinite(*lo) && isfinite(*hi);
}

/* What was seen, and of what is still expected at most as much again: the observed line shall have
 * half of the plot. */
static extent time_extent(const ld_plot *plot)
{
    extent e = {HUGE_VAL, -HUGE_VAL};
    for (size_t i = 0; i < plot->n; i++)
        widen(&e, (double)plot->times_ms[i]);
    for (size_t i = 0; i < plot->n_ooms; i++)
        widen(&e, (double)plot->oom_ms[i]);
    if (plot->expected && plot->n_climbs) {
        double end = (double)leakdiag_timeline_end_ms(plot->expected);
        double ends = (double)plot->climbs_ms[plot->n_climbs - 1] + end;
        widen(&e, fmin(ends, e.hi + fmax(e.hi - e.lo, end / 2)));
    }
    if (e.hi - e.lo < 1000)
        e.hi = e.lo + 60000;
    if (e.lo - (double)plot->zero_ms < (e.hi - e.lo) / 4)
        widen(&e, (double)plot->zero_ms);
    return e;
}

static extent value_extent(const ld_plot *plot, const ld_plot_frame *frame)
{
    extent e = {HUGE_VAL, -HUGE_VAL};
    for (size_t i = 0; i < plot->n; i++)
        widen(&e, plot->bytes[i]);
    for (size_t cell = 0; cell <= frame->cells; cell++) {
        double t =
            frame->from_ms + (frame->to_ms - frame->from_ms) * (double)cell / (double)frame->cells;
        double lo, hi;
        if (ld_plot_band(plot, t, &lo, &hi)) {
            widen(&e, fmax(lo, 0));
            widen(&e, hi);
        }
    }
    /* A limit far above would press everything else flat; it is then only named. */
    if (plot->limit_bytes <= 2 * e.hi)
        widen(&e, plot->limit_bytes);
    /* Noise must not look like a climb: a quarter of the level is the least that is shown. */
    if (e.hi - e.lo < e.hi / 4) {
        double middle = (e.lo + e.hi) / 2, least = e.hi / 4;
        e = (extent){middle - least / 2, middle + least / 2};
    }
    if (e.lo < e.hi / 4)
        e.lo = 0;
    return e;
}

static void choose_unit(double hi, ld_plot_frame *frame)
{
    static const char *const units[] = {"B", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    size_t i = 0;
    frame->unit_bytes = 1;
    while (hi / frame->unit_bytes >= 2048 && i + 1 < sizeof units / sizeof units[0]) {
        frame->unit_bytes *= 1024;
        i++;
    }
    frame->unit = units[i];
}

/* Steps of which the double is round too, because every other row has a label. */
static void choose_rows(extent e, ld_plot_frame *frame)
{
    static const double steps[] = {1, 1.5, 2, 2.5, 3, 4, 5, 6, 8};
    double span = fmax(e.hi - e.lo, 1) / frame->unit_bytes;
    double scale = pow(10, floor(log10(span / ROWS_WANTED)));
    for (size_t i = 0;; i++) {
        if (i == sizeof steps / sizeof steps[0]) {
            i = 0;
            scale *= 10;
        }
        double step = steps[i] * scale * frame->unit_bytes;
        double bottom = floor(e.lo / step + 0.5), top = ceil(e.hi / step - 0.5);
        if (top - bottom + 1 > ROWS_WANTED)
            continue;
        frame->step_bytes = step;
        frame->bottom_rows = bottom;
        frame->rows = top > bottom ? (size_t)(top - bottom + 1) : 1;
        return;
    }
}

/* Room for the widest label: "limit 20Mi" or "10.5Mi". */
static size_t label_columns(const ld_plot *plot, const ld_plot_frame *frame)
{
    size_t widest = 0;
    double lines[] = {plot->limit_bytes, plot->soft_limit_bytes};
    static const size_t words[] = {6, 5}; /* "limit ", "soft " */
    for (size_t i = 0; i < 2; i++) {
        char text[LD_NUMBER_BYTES];
        ld_bytes_format(lines[i], text);
        if (isfinite(lines[i]) && strlen(text) + words[i] > widest)
            widest = strlen(text) + words[i];
    }
    for (size_t row = 0; row < frame->rows; row++) {
        char text[LD_NUMBER_BYTES];
        double value = (frame->bottom_rows + (double)row) * frame->step_bytes / frame->unit_bytes;
        ld_number_format(ld_number_round(value, 3), text);
        if (strlen(text) + strlen(frame->unit) > widest)
            widest = strlen(text) + strlen(frame->unit);
    }
    return widest;
}

bool ld_plot_measure(const ld_plot *plot, size_t columns, ld_plot_frame *ret)
{
    if (plot->n == 0 || columns < LD_PLOT_CELLS_MIN + 4)
        return false;
    extent time = time_extent(plot);
    ld_plot_frame f = {.from_ms = time.lo, .to_ms = time.hi, .cells = LD_PLOT_CELLS_MAX};
    extent value = value_extent(plot, &f);
    if (!(value.hi < 1e18)) /* an exbibyte: no memory, and beyond what labels can say */
        return false;
    choose_unit(value.hi, &f);
    choose_rows(value, &f);
    f.gutter = label_columns(plot, &f) + 2; /* one blank before, one behind */
    if (f.gutter + 1 + LD_PLOT_CELLS_MIN > columns)
        return false;
    f.cells = columns - f.gutter - 1;
    if (f.cells > LD_PLOT_CELLS_MAX)
        f.cells = LD_PLOT_CELLS_MAX;
    *ret = f;
    return true;
}

size_t ld_plot_row(const ld_plot_frame *frame, double bytes)
{
    double from_bottom = floor(bytes / frame->step_bytes - frame->bottom_rows + 0.5);
    if (!(from_bottom >= 0) || from_bottom >= (double)frame->rows)
        return frame->rows;
    return frame->rows - 1 - (size_t)from_bottom;
}

size_t ld_plot_cell(const ld_plot_frame *frame, double time_ms)
{
    double share = (time_ms - frame->from_ms) / (frame->to_ms - frame->from_ms);
    if (!(share >= 0) || share > 1)
        return frame->cells;
    double cell = floor(share * (double)frame->cells);
    return cell >= (double)frame->cells ? frame->cells - 1 : (size_t)cell;
}
