#include "report_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/memory_plot.h"
#include "report/plot.h"

#define MINUTE 60000

/* The runbook's curve, its times divided by `pace`. */
static leakdiag_timeline *runbook_curve(int64_t pace)
{
    static const int64_t minutes[] = {0, 3, 6, 9, 12, 15, 18, 20};
    static const double mi[] = {8, 10, 12, 14, 16, 18, 19, 20};
    leakdiag_timeline_point points[COUNT(minutes)];
    for (size_t i = 0; i < COUNT(minutes); i++)
        points[i] = (leakdiag_timeline_point){minutes[i] * MINUTE / pace, mi[i] * MI, NULL};
    leakdiag_timeline_options options = LEAKDIAG_TIMELINE_OPTIONS_INIT;
    options.tolerance_bytes = 1.5 * MI;
    options.tolerance_ms = 90000 / pace;
    options.oom_at_end = 1;
    leakdiag_timeline *timeline = NULL;
    ck_assert_int_eq(leakdiag_timeline_new(points, COUNT(points), &options, &timeline, NULL), 0);
    return timeline;
}

/* What a terminal of 100 columns shows, as rows of cells: one glyph each. */
typedef struct picture {
    ld_plot_frame frame;
    char cells[40][200][5];
    size_t rows; /* of the whole text */
} picture;

#define COLUMNS 100

static picture draw(const ld_plot *plot, bool ascii)
{
    picture p = {.rows = 0};
    LD_CLEANUP(ld_paper_done) ld_paper paper = {.columns = COLUMNS, .ascii = ascii};
    ck_assert(ld_plot_measure(plot, COLUMNS, &p.frame));
    ld_plot_draw(&paper, plot);
    size_t column = 0;
    for (size_t i = 0; i < paper.text.len;) {
        size_t n = ld_utf8_len(paper.text.data + i, paper.text.len - i);
        if (paper.text.data[i] == '\n') {
            p.rows++;
            column = 0;
        } else {
            ck_assert_uint_lt(column, COLUMNS);
            memcpy(p.cells[p.rows][column++], paper.text.data + i, n);
        }
        i += n;
    }
    return p;
}

/* A glyph of the plot itself: row 0 is the top one, cell 0 is right of the axis. A note above the
 * plot moves everything down by `above`. */
static const char *glyph(const picture *p, size_t above, size_t row, size_t cell)
{
    return p->cells[above + row][p->frame.gutter + 1 + cell];
}

static bool is_braille(const char *glyph)
{
    return (unsigned char)glyph[0] == 0xe2 && (unsigned char)glyph[1] >= 0xa0 &&
           (unsigned char)glyph[1] <= 0xa3;
}

static bool is_observed(const char *glyph)
{
    return is_braille(glyph) || strcmp(glyph, "\xe2\x80\xa2") == 0;
}

static bool is_band(const char *glyph)
{
    return strcmp(glyph, "\xe2\x96\x91") == 0;
}

/* Text of the gutter in a row. */
static void label(const picture *p, size_t row, char out[64])
{
    out[0] = '\0';
    for (size_t i = 0; i + 1 < p->frame.gutter; i++)
        strcat(out, p->cells[row][i]);
}

static ld_plot plot_of(const int64_t *times_ms, const double *bytes, size_t n)
{
    return (ld_plot){
        .times_ms = times_ms, .bytes = bytes, .n = n, .limit_bytes = NAN, .soft_limit_bytes = NAN};
}

/* 21 samples, one a minute. */
static void climb(int64_t *times_ms, double *bytes, double from, double to)
{
    for (int i = 0; i < 21; i++) {
        times_ms[i] = i * MINUTE;
        bytes[i] = from + (to - from) * i / 20;
    }
}

START_TEST(the_limit_line_is_at_the_height_of_its_label)
{
    static const double limits[] = {12, 15, 18, 20, 24};
    int64_t times_ms[21];
    double bytes[21];
    climb(times_ms, bytes, 8 * MI, 11 * MI);
    ld_plot plot = plot_of(times_ms, bytes, 21);
    plot.limit_bytes = limits[_i] * MI;
    picture p = draw(&plot, false);
    size_t above = p.rows - p.frame.rows - 3; /* axis, its labels, legend */
    if (limits[_i] > 22) {                    /* twice the highest: only named */
        ck_assert_uint_eq(above, 1);
        return;
    }
    size_t row = ld_plot_row(&p.frame, plot.limit_bytes);
    double middle = (p.frame.bottom_rows + (double)(p.frame.rows - 1 - row)) * p.frame.step_bytes;
    ck_assert_double_le(fabs(middle - plot.limit_bytes), p.frame.step_bytes / 2);
    char text[64];
    label(&p, row, text);
    ck_assert_ptr_nonnull(strstr(text, "limit "));
    for (size_t cell = 0; cell < p.frame.cells; cell++)
        ck_assert_str_eq(glyph(&p, above, row, cell), "\xe2\x95\x8c");
    for (size_t other = 0; other < p.frame.rows; other++)
        ck_assert(other == row || strcmp(glyph(&p, above, other, 0), "\xe2\x95\x8c") != 0);
}
END_TEST

START_TEST(a_sample_is_drawn_at_its_value_and_time)
{
    int64_t times_ms[21];
    double bytes[21];
    climb(times_ms, bytes, 8 * MI, 19 * MI);
    ld_plot plot = plot_of(times_ms, bytes, 21);
    picture p = draw(&plot, false);
    for (size_t i = 0; i < 21; i++) {
        size_t row = ld_plot_row(&p.frame, bytes[i]);
        size_t cell = ld_plot_cell(&p.frame, (double)times_ms[i]);
        ck_assert_uint_lt(row, p.frame.rows);
        ck_assert_uint_lt(cell, p.frame.cells);
        ck_assert_msg(is_observed(glyph(&p, 0, row, cell)), "sample %zu", i);
    }
    ck_assert_uint_eq(ld_plot_cell(&p.frame, 0), 0);
    ck_assert_uint_eq(ld_plot_cell(&p.frame, 20 * MINUTE), p.frame.cells - 1);
    ck_assert(ld_plot_row(&p.frame, 19 * MI) < ld_plot_row(&p.frame, 8 * MI));
}
END_TEST

START_TEST(every_cell_across_shows_a_line_without_holes)
{
    int64_t times_ms[21];
    double bytes[21];
    climb(times_ms, bytes, 8 * MI, 19 * MI);
    ld_plot plot = plot_of(times_ms, bytes, 21);
    picture p = draw(&plot, false);
    for (size_t cell = 0; cell < p.frame.cells; cell++) {
        size_t n = 0;
        for (size_t row = 0; row < p.frame.rows; row++)
            n += is_observed(glyph(&p, 0, row, cell));
        ck_assert_msg(n >= 1 && n <= 2, "%zu cells of the line at %zu", n, cell);
    }
}
END_TEST

START_TEST(labels_are_round_and_every_other_row)
{
    int64_t times_ms[21];
    double bytes[21];
    climb(times_ms, bytes, 8 * MI, 20 * MI);
    ld_plot plot = plot_of(times_ms, bytes, 21);
    picture p = draw(&plot, false);
    static const char *const labels[] = {"18Mi", "15Mi", "12Mi", "9Mi"};
    size_t next = 0;
    for (size_t row = 0; row < p.frame.rows; row++) {
        char text[64];
        label(&p, row, text);
        const char *word = text + strspn(text, " ");
        if (!*word)
            continue;
        ck_assert_uint_lt(next, COUNT(labels));
        ck_assert_int_eq(strncmp(word, labels[next], strlen(labels[next])), 0);
        next++;
    }
    ck_assert_uint_eq(next, COUNT(labels));
    ck_assert_double_eq(p.frame.step_bytes, 1.5 * MI);
}
END_TEST

START_TEST(one_sample_is_a_point_and_none_is_no_plot)
{
    int64_t times_ms[] = {1700000000000};
    double bytes[] = {9 * MI};
    ld_plot plot = plot_of(times_ms, bytes, 1);
    picture p = draw(&plot, false);
    size_t points = 0;
    for (size_t row = 0; row < p.frame.rows; row++)
        for (size_t cell = 0; cell < p.frame.cells; cell++)
            points += is_observed(glyph(&p, 0, row, cell));
    ck_assert_uint_eq(points, 1);
    ck_assert_str_eq(glyph(&p, 0, ld_plot_row(&p.frame, 9 * MI), 0), "\xe2\x80\xa2");

    plot.n = 0;
    LD_CLEANUP(ld_paper_done) ld_paper paper = {.columns = COLUMNS};
    ld_plot_draw(&paper, &plot);
    ck_assert_uint_eq(paper.text.len, 0);
}
END_TEST

START_TEST(no_room_is_no_plot)
{
    int64_t times_ms[21];
    double bytes[21];
    climb(times_ms, bytes, 8 * MI, 20 * MI);
    ld_plot plot = plot_of(times_ms, bytes, 21);
    plot.limit_bytes = 20 * MI;
    for (size_t columns = 0; columns < 200; columns++) {
        LD_CLEANUP(ld_paper_done) ld_paper paper = {.columns = columns};
        ld_plot_draw(&paper, &plot);
        ck_assert_int_eq(paper.text.len > 0, columns >= 29); /* gutter 12, axis 1, 16 cells */
    }
}
END_TEST

START_TEST(whole_mebibytes_are_steps_at_the_right_heights)
{
    int64_t times_ms[80];
    double bytes[80];
    for (int i = 0; i < 80; i++) {
        times_ms[i] = i * 15000;
        bytes[i] = floor(8 + i * 12.0 / 80) * MI; /* 8 to 19, as `kubectl top` rounds down */
    }
    ld_plot plot = plot_of(times_ms, bytes, 80);
    picture p = draw(&plot, false);
    for (size_t i = 0; i < 80; i++)
        ck_assert(is_observed(glyph(&p, 0, ld_plot_row(&p.frame, bytes[i]),
                                    ld_plot_cell(&p.frame, (double)times_ms[i]))));
}
END_TEST

START_TEST(a_hundred_thousand_samples_keep_their_extremes)
{
    enum { N = 100000 };
    int64_t *times_ms = ld_alloc_array(N, sizeof *times_ms);
    double *bytes = ld_alloc_array(N, sizeof *bytes);
    for (int i = 0; i < N; i++) {
        times_ms[i] = i * 1000;
        bytes[i] = 100 * MI;
    }
    bytes[50000] = 190 * MI; /* one sample between a hundred thousand */
    ld_plot plot = plot_of(times_ms, bytes, N);
    picture p = draw(&plot, false);
    size_t cell = ld_plot_cell(&p.frame, 50000.0 * 1000);
    ck_assert(is_observed(glyph(&p, 0, ld_plot_row(&p.frame, 190 * MI), cell)));
    ck_assert(is_observed(glyph(&p, 0, ld_plot_row(&p.frame, 100 * MI), cell)));
    ck_assert(!is_observed(glyph(&p, 0, ld_plot_row(&p.frame, 190 * MI), cell + 2)));
    ld_release(times_ms);
    ld_release(bytes);
}
END_TEST

/* Three climbs of 40 s, killed at the end of the first two. */
typedef struct sawtooth {
    leakdiag_timeline *timeline;
    int64_t times_ms[120], climbs_ms[3], ooms_ms[2];
    double bytes[120];
    ld_plot plot;
} sawtooth;

static void sawtooth_make(sawtooth *s)
{
    s->timeline = runbook_curve(30);
    for (int i = 0; i < 120; i++) {
        s->times_ms[i] = i * 1000;
        s->bytes[i] = leakdiag_timeline_bytes_at(s->timeline, i % 40 * 1000);
    }
    for (int i = 0; i < 3; i++)
        s->climbs_ms[i] = i * 40000;
    s->ooms_ms[0] = 39500;
    s->ooms_ms[1] = 79500;
    s->plot = plot_of(s->times_ms, s->bytes, 120);
    s->plot.expected = s->timeline;
    s->plot.climbs_ms = s->climbs_ms;
    s->plot.n_climbs = 3;
    s->plot.limit_bytes = 20 * MI;
    s->plot.oom_ms = s->ooms_ms;
    s->plot.n_ooms = 2;
    s->plot.restart_ms = s->climbs_ms + 1;
    s->plot.n_restarts = 2;
}

static size_t count_band(const picture *p, size_t cell)
{
    size_t n = 0;
    for (size_t row = 0; row < p->frame.rows; row++)
        n += is_band(glyph(p, 0, row, cell));
    return n;
}

START_TEST(the_expected_band_is_repeated_for_each_climb)
{
    sawtooth s;
    sawtooth_make(&s);
    picture p = draw(&s.plot, false);
    for (int climb = 0; climb < 3; climb++)
        for (int at_s = 2; at_s < 38; at_s += 6) {
            size_t cell = ld_plot_cell(&p.frame, climb * 40000 + at_s * 1000.0);
            double expected = leakdiag_timeline_bytes_at(s.timeline, at_s * 1000);
            const char *seen = glyph(&p, 0, ld_plot_row(&p.frame, expected), cell);
            /* What was seen lies on top of what was expected. */
            ck_assert_msg(is_band(seen) || is_observed(seen), "climb %d at %d s", climb, at_s);
            ck_assert_msg(count_band(&p, cell) > 0, "climb %d at %d s", climb, at_s);
        }
    for (size_t row = 0; row < p.frame.rows; row++) { /* far from the curve there is no band */
        double middle =
            (p.frame.bottom_rows + (double)(p.frame.rows - 1 - row)) * p.frame.step_bytes;
        if (middle > 13 * MI)
            ck_assert(!is_band(glyph(&p, 0, row, ld_plot_cell(&p.frame, 42000))));
    }
    leakdiag_timeline_free(s.timeline);
}
END_TEST

START_TEST(kills_and_restarts_are_marked_at_their_times)
{
    sawtooth s;
    sawtooth_make(&s);
    int64_t restarts_ms[] = {20000, 40000, 80000}; /* one that no kill explains */
    s.plot.restart_ms = restarts_ms;
    s.plot.n_restarts = 3;
    picture p = draw(&s.plot, false);
    size_t kills = 0, restarts = 0;
    for (size_t cell = 0; cell < p.frame.cells; cell++) {
        const char *mark = glyph(&p, 0, p.frame.rows, cell);
        bool is_kill = strcmp(mark, "\xc3\x97") == 0;
        bool is_restart = strcmp(mark, "\xe2\x96\xb4") == 0;
        kills += is_kill;
        restarts += is_restart;
        ck_assert(!is_kill || cell == ld_plot_cell(&p.frame, 39500) ||
                  cell == ld_plot_cell(&p.frame, 79500));
        ck_assert(!is_restart || cell == ld_plot_cell(&p.frame, 20000));
    }
    ck_assert_uint_eq(kills, 2);
    ck_assert_uint_eq(restarts, 1);
    leakdiag_timeline_free(s.timeline);
}
END_TEST

START_TEST(no_line_is_drawn_across_a_restart_or_a_hole)
{
    /* 10 samples low, then 10 high, one a second; between them a restart, or ten minutes. */
    int64_t times_ms[20], restart_ms = 9500;
    double bytes[20];
    for (int i = 0; i < 20; i++) {
        times_ms[i] = i * 1000 + (_i == 1 && i >= 10 ? 10 * MINUTE : 0);
        bytes[i] = (i < 10 ? 8 : 18) * MI;
    }
    ld_plot plot = plot_of(times_ms, bytes, 20);
    if (_i == 0) {
        plot.restart_ms = &restart_ms;
        plot.n_restarts = 1;
    }
    picture p = draw(&plot, false);
    size_t row = ld_plot_row(&p.frame, 13 * MI);
    for (size_t cell = 0; cell < p.frame.cells; cell++)
        ck_assert_int_eq(is_observed(glyph(&p, 0, row, cell)),
                         _i == 2 && cell == ld_plot_cell(&p.frame, 9500));
}
END_TEST

START_TEST(what_is_still_expected_takes_at_most_half)
{
    leakdiag_timeline *timeline = runbook_curve(1);
    int64_t times_ms[21], start_ms = 0;
    double bytes[21];
    climb(times_ms, bytes, 8 * MI, 9 * MI);
    for (int i = 0; i < 21; i++)
        times_ms[i] = i * 45000; /* 15 of 20 minutes */
    ld_plot plot = plot_of(times_ms, bytes, 21);
    plot.expected = timeline;
    plot.climbs_ms = &start_ms;
    plot.n_climbs = 1;
    ld_plot_frame frame;
    ck_assert(ld_plot_measure(&plot, COLUMNS, &frame));
    ck_assert_double_eq(frame.to_ms, 20 * MINUTE);
    plot.n = 2; /* 45 seconds: half of the curve is shown ahead */
    ck_assert(ld_plot_measure(&plot, COLUMNS, &frame));
    ck_assert_double_eq(frame.to_ms, 10 * MINUTE + 45000);
    leakdiag_timeline_free(timeline);
}
END_TEST

START_TEST(noise_does_not_look_like_a_climb)
{
    int64_t times_ms[21];
    double bytes[21];
    climb(times_ms, bytes, 100 * MI, 100.4 * MI);
    ld_plot plot = plot_of(times_ms, bytes, 21);
    picture p = draw(&plot, false);
    size_t rows = 0;
    for (size_t row = 0; row < p.frame.rows; row++)
        rows +=
            is_observed(glyph(&p, 0, row, 0)) || is_observed(glyph(&p, 0, row, p.frame.cells - 1));
    ck_assert_uint_eq(rows, 1);
}
END_TEST

START_TEST(the_time_axis_counts_from_the_start_in_round_steps)
{
    static const struct {
        int64_t step_ms;
        const char *first, *second;
    } cases[] = {{1000, "0s", "2s"},      {15000, "0s", "30s"},   {60000, "0m", "2m"},
                 {3600000, "0h", "2h"},   {60000000, "0d", "2d"}, {100, "0s", "0.2s"},
                 {86400000LL, "0d", "2d"}};
    int64_t times_ms[21];
    double bytes[21];
    climb(times_ms, bytes, 8 * MI, 20 * MI);
    for (int i = 0; i < 21; i++)
        times_ms[i] = 1700000000000 + i * cases[_i].step_ms;
    ld_plot plot = plot_of(times_ms, bytes, 21);
    plot.zero_ms = times_ms[0];
    picture p = draw(&plot, false);
    char axis[400] = "";
    for (size_t i = 0; i < COLUMNS && p.cells[p.frame.rows + 1][i][0]; i++)
        strcat(axis, p.cells[p.frame.rows + 1][i]);
    char first[16], second[16];
    ck_assert_int_eq(sscanf(axis, "%15s %15s", first, second), 2);
    ck_assert_str_eq(first, cases[_i].first);
    ck_assert_str_eq(second, cases[_i].second);
    ck_assert_str_eq(p.cells[p.frame.rows + 1][p.frame.gutter + 1], "0");
}
END_TEST

START_TEST(ascii_has_the_same_shape)
{
    sawtooth s;
    sawtooth_make(&s);
    picture drawn = draw(&s.plot, false), ascii = draw(&s.plot, true);
    for (size_t row = 0; row < drawn.frame.rows; row++)
        for (size_t cell = 0; cell < drawn.frame.cells; cell++) {
            const char *a = glyph(&drawn, 0, row, cell), *b = glyph(&ascii, 0, row, cell);
            ck_assert_int_eq(is_observed(a), *b == '*');
            ck_assert_int_eq(is_band(a), *b == ':');
        }
    leakdiag_timeline_free(s.timeline);
}
END_TEST

START_TEST(senseless_values_are_survived)
{
    static const struct {
        int64_t times_ms[3];
        double bytes[3];
    } cases[] = {
        {{0, 0, 0}, {0, 0, 0}},
        {{INT64_MIN, 0, INT64_MAX}, {1, 2, 3}},
        {{3000, 2000, 1000}, {1 * MI, 2 * MI, 3 * MI}}, /* the clock runs back */
        {{1, 2, 3}, {1e300, 0, 1e-300}},
        {{1, 2, 3}, {1e17, 1e17, 1e17}},
        {{1, 2, 3}, {1, 1, 1}},
    };
    leakdiag_timeline *timeline = runbook_curve(1);
    int64_t start_ms = 0;
    ld_plot plot = plot_of(cases[_i].times_ms, cases[_i].bytes, 3);
    for (int with = 0; with < 4; with++) {
        plot.expected = with & 1 ? timeline : NULL;
        plot.climbs_ms = &start_ms;
        plot.n_climbs = with & 1;
        plot.limit_bytes = with & 2 ? 1 : INFINITY;
        plot.oom_ms = plot.restart_ms = cases[_i].times_ms;
        plot.n_ooms = plot.n_restarts = with & 2 ? 3 : 0;
        LD_CLEANUP(ld_paper_done) ld_paper paper = {.columns = COLUMNS};
        ld_plot_draw(&paper, &plot);
        ck_assert(!paper.text.failed);
    }
    leakdiag_timeline_free(timeline);
}
END_TEST

/* The same samples as a diagnosis has them: the kills are known, or only seen as drops. */
START_TEST(a_diagnosis_gives_the_plot_its_kills_and_climbs)
{
    sawtooth s;
    world w;
    sawtooth_make(&s);
    world_make(&w);
    world_samples(&w, s.times_ms, s.bytes, 120);
    w.scenario.timeline = s.timeline;
    w.d.view.has_start = true;
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 20 * MI;
    options.time_scale = 30;
    options.oom_times_ms = options.restart_times_ms = s.ooms_ms;
    options.oom_count = options.restart_count = 2;
    ck_assert_int_eq(leakdiag_series_analyze(w.d.view.series, &options, &w.d.trend, NULL), 0);

    LD_CLEANUP(ld_paper_done) ld_paper paper = {.columns = COLUMNS};
    ld_memory_plot(&w.d, &paper);
    s.plot.restart_ms = s.ooms_ms; /* what the trend knows of restarts */
    int64_t climbs_ms[] = {0, 39500, 79500};
    s.plot.climbs_ms = climbs_ms;
    LD_CLEANUP(ld_paper_done) ld_paper expected = {.columns = COLUMNS};
    s.plot.ink = LD_INK_CYAN;
    ld_plot_draw(&expected, &s.plot);
    ck_assert_str_eq(paper.text.data, expected.text.data);
    ck_assert_ptr_nonnull(strstr(paper.text.data, "OOM kill"));
    world_done(&w);
}
END_TEST

START_TEST(a_recording_without_a_trend_shows_what_the_looks_knew)
{
    sawtooth s;
    world w;
    sawtooth_make(&s);
    world_make(&w);
    world_samples(&w, s.times_ms, s.bytes, 120);
    leakdiag_timeline_free(s.timeline); /* nothing is expected */
    w.d.view.oom_ms = w.d.view.restart_ms = s.ooms_ms;
    w.d.view.n_ooms = w.d.view.n_restarts = 2;
    LD_CLEANUP(ld_paper_done) ld_paper paper = {.columns = COLUMNS};
    ld_memory_plot(&w.d, &paper);
    ck_assert_ptr_nonnull(strstr(paper.text.data, "\xc3\x97 OOM kill"));
    ck_assert_ptr_null(strstr(paper.text.data, "expected"));
    world_done(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report plot");
    TCase *tc = tcase_create("plot");
    suite_add_tcase(suite, tc);
    tcase_add_loop_test(tc, the_limit_line_is_at_the_height_of_its_label, 0, 5);
    tcase_add_test(tc, a_sample_is_drawn_at_its_value_and_time);
    tcase_add_test(tc, every_cell_across_shows_a_line_without_holes);
    tcase_add_test(tc, labels_are_round_and_every_other_row);
    tcase_add_test(tc, one_sample_is_a_point_and_none_is_no_plot);
    tcase_add_test(tc, no_room_is_no_plot);
    tcase_add_test(tc, whole_mebibytes_are_steps_at_the_right_heights);
    tcase_add_test(tc, a_hundred_thousand_samples_keep_their_extremes);
    tcase_add_test(tc, the_expected_band_is_repeated_for_each_climb);
    tcase_add_test(tc, kills_and_restarts_are_marked_at_their_times);
    tcase_add_test(tc, a_diagnosis_gives_the_plot_its_kills_and_climbs);
    tcase_add_test(tc, a_recording_without_a_trend_shows_what_the_looks_knew);
    tcase_add_loop_test(tc, no_line_is_drawn_across_a_restart_or_a_hole, 0, 3);
    tcase_add_test(tc, what_is_still_expected_takes_at_most_half);
    tcase_add_test(tc, noise_does_not_look_like_a_climb);
    tcase_add_loop_test(tc, the_time_axis_counts_from_the_start_in_round_steps, 0, 7);
    tcase_add_test(tc, ascii_has_the_same_shape);
    tcase_add_loop_test(tc, senseless_values_are_survived, 0, 6);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
