/* Memory over time in a terminal, against the expected band. */
#ifndef LD_REPORT_PLOT_H
#define LD_REPORT_PLOT_H

#include <leakdiag/timeline.h>

#include "report/paper.h"

#define LD_PLOT_ROWS_MAX  16
#define LD_PLOT_CELLS_MAX 112
#define LD_PLOT_CELLS_MIN 16 /* fewer are no picture: nothing is drawn */

/* What to draw; all borrowed. Times are in the clock of the samples. */
typedef struct ld_plot {
    const int64_t *times_ms; /* in rising order, else they are drawn as points */
    const double *bytes;
    size_t n;
    const leakdiag_timeline *expected; /* NULL: no band */
    const int64_t *climbs_ms;          /* where its clock starts again and again, rising */
    size_t n_climbs;
    int64_t zero_ms;         /* what the time axis counts from */
    double limit_bytes;      /* NAN: none */
    double soft_limit_bytes; /* NAN: none */
    const int64_t *oom_ms;
    size_t n_ooms;
    const int64_t *restart_ms; /* may repeat the OOM kills */
    size_t n_restarts;
    unsigned ink; /* of the observed line */
} ld_plot;

/* Where the picture lies; made once, read by all that draws. */
typedef struct ld_plot_frame {
    double from_ms, to_ms;
    size_t cells;       /* across */
    size_t rows;        /* down */
    double step_bytes;  /* from the middle of a row to that of the next */
    double bottom_rows; /* the middle of the lowest row is this times step_bytes */
    double unit_bytes;  /* 1Ki, 1Mi, … of the labels */
    const char *unit;
    size_t gutter; /* columns left of the axis */
} ld_plot_frame;

/* False when there is nothing to draw, or no room. */
bool ld_plot_measure(const ld_plot *plot, size_t columns, ld_plot_frame *ret);
/* The row (0 is the top) whose middle is nearest to a value; rows when it is above or below. */
size_t ld_plot_row(const ld_plot_frame *frame, double bytes);
/* The cell of a time; cells when it lies outside. */
size_t ld_plot_cell(const ld_plot_frame *frame, double time_ms);
/* The band at a time; false when nothing is expected there. */
bool ld_plot_band(const ld_plot *plot, double time_ms, double *lo, double *hi);
/* Draws it, about ten rows with axes and legend; nothing when there is nothing to draw. */
void ld_plot_draw(ld_paper *paper, const ld_plot *plot);

#endif
