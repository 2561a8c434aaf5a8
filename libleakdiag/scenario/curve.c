/* Pace and timeline. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "scenario/reader.h"

static void read_duration(ld_reader *r, const ld_node *section, const char *key, int64_t smallest,
                          int64_t *ret)
{
    double ms;
    if (!ld_reader_number(r, section, key, LD_VALUE_DURATION, "\"pace\"", &ms))
        return;
    *ret = (int64_t)ms;
    const ld_node *at = ld_node_get(section, key);
    if (*ret < smallest)
        ld_reader_error(r, at->line, at->column, "\"%s\" of \"pace\" must be at least %lldms", key,
                        (long long)smallest);
}

void ld_read_pace(ld_reader *r)
{
    static const char *const known[] = {"every", "window", "settle", "stale", "time_scale"};
    leakdiag_scenario *s = r->scenario;
    s->every_ms = 5000;
    s->window_ms = 300000;
    s->settle_ms = 300000;
    s->stale_ms = 120000;
    s->time_scale = 1;
    const ld_node *section = ld_reader_section(r, "pace", false);
    if (!section)
        return;
    ld_reader_known_keys(r, section, known, sizeof known / sizeof known[0], "\"pace\"");
    read_duration(r, section, "every", 10, &s->every_ms);
    read_duration(r, section, "window", 100, &s->window_ms);
    read_duration(r, section, "settle", 0, &s->settle_ms);
    read_duration(r, section, "stale", 100, &s->stale_ms);
    const ld_node *scale = ld_node_get(section, "time_scale");
    if (ld_reader_number(r, section, "time_scale", LD_VALUE_NUMBER, "\"pace\"", &s->time_scale) &&
        (s->time_scale < 0.001 || s->time_scale > 1e6)) {
        ld_reader_error(r, scale->line, scale->column,
                        "\"time_scale\" of \"pace\" must be from 0.001 to 1000000");
        s->time_scale = 1;
    }
}

/* One point; false when something is wrong with it. */
static bool read_point(ld_reader *r, const ld_node *node, size_t number,
                       leakdiag_timeline_point *ret)
{
    static const char *const known[] = {"at", "value", "phase"};
    char where[LD_WHERE_BYTES];
    snprintf(where, sizeof where, "point %zu of \"timeline\"", number);
    if (!ld_reader_expect(r, node, LD_NODE_MAP, where))
        return false;
    if (!ld_reader_known_keys(r, node, known, 3, where))
        return false;
    double at_ms, bytes;
    bool ok = ld_reader_text(r, node, "at", true, where) != NULL;
    ok &= ld_reader_text(r, node, "value", true, where) != NULL;
    const char *phase = ld_reader_text(r, node, "phase", false, where);
    if (!ok || !ld_reader_number(r, node, "at", LD_VALUE_DURATION, where, &at_ms) ||
        !ld_reader_number(r, node, "value", LD_VALUE_BYTES, where, &bytes))
        return false;
    *ret = (leakdiag_timeline_point){(int64_t)at_ms, bytes, phase};
    return true;
}

/* Times must rise; said here, where the place is known. */
static bool read_points(ld_reader *r, const ld_node *list, leakdiag_timeline_point *points)
{
    bool ok = true;
    for (size_t i = 0; i < list->n; i++) {
        const ld_node *node = &list->children[i];
        if (!read_point(r, node, i + 1, &points[i])) {
            ok = false;
        } else if (ok && i > 0 && points[i].at_ms <= points[i - 1].at_ms) {
            ld_reader_error(r, node->line, node->column,
                            "point %zu of \"timeline\" is not later than the one before it", i + 1);
            ok = false;
        }
    }
    return ok;
}

static void read_tolerance(ld_reader *r, const ld_node *section)
{
    static const char *const known[] = {"value", "time"};
    static const char where[] = "\"tolerance\" of \"timeline\"";
    leakdiag_scenario *s = r->scenario;
    const ld_node *node = ld_node_get(section, "tolerance");
    if (!node || !ld_reader_expect(r, node, LD_NODE_MAP, where))
        return;
    ld_reader_known_keys(r, node, known, 2, where);
    double ms = 0;
    ld_reader_number(r, node, "value", LD_VALUE_BYTES, where, &s->timeline_tolerance_bytes);
    ld_reader_number(r, node, "time", LD_VALUE_DURATION, where, &ms);
    s->timeline_tolerance_ms = (int64_t)ms;
}

static void read_start(ld_reader *r, const ld_node *section)
{
    static const char *const known[] = {"after"};
    static const char where[] = "\"starts\" of \"timeline\"";
    const ld_node *node = ld_node_get(section, "starts");
    if (!node || !ld_reader_expect(r, node, LD_NODE_MAP, where))
        return;
    ld_reader_known_keys(r, node, known, 1, where);
    const ld_node *after = ld_node_get(node, "after");
    if (after)
        r->scenario->n_starts_after =
            ld_reader_check_list(r, after, "\"after\" of \"timeline\"", &r->scenario->starts_after);
}

static void make_timeline(ld_reader *r, const ld_node *list)
{
    leakdiag_scenario *s = r->scenario;
    LD_CLEANUP(ld_releasep)
    leakdiag_timeline_point *points = ld_reader_array(r, list->n, sizeof *points);
    if (!points || !read_points(r, list, points))
        return;
    leakdiag_timeline_options options = LEAKDIAG_TIMELINE_OPTIONS_INIT;
    options.tolerance_bytes = s->timeline_tolerance_bytes;
    options.tolerance_ms = s->timeline_tolerance_ms;
    options.oom_at_end = s->timeline_oom_at_end;
    options.time_scale = s->time_scale;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_timeline_new(points, list->n, &options, &s->timeline, &err);
    if (status == LEAKDIAG_E_NOMEM)
        r->no_memory = true;
    else if (status)
        ld_reader_error(r, list->line, list->column, "\"points\" of \"timeline\": %s", err.message);
}

void ld_read_timeline(ld_reader *r)
{
    static const char *const known[] = {"starts", "valid_for_flag_value", "oom_at_end", "tolerance",
                                        "points"};
    static const char where[] = "\"timeline\"";
    leakdiag_scenario *s = r->scenario;
    s->timeline_flag_value = NAN;
    const ld_node *section = ld_reader_section(r, "timeline", false);
    if (!section)
        return;
    s->expects_growth = true;
    bool all_known = ld_reader_known_keys(r, section, known, sizeof known / sizeof known[0], where);
    double oom_at_end = 0;
    ld_reader_number(r, section, "valid_for_flag_value", LD_VALUE_NUMBER, where,
                     &s->timeline_flag_value);
    ld_reader_number(r, section, "oom_at_end", LD_VALUE_BOOL, where, &oom_at_end);
    s->timeline_oom_at_end = oom_at_end > 0;
    read_tolerance(r, section);
    read_start(r, section);
    const ld_node *points = ld_node_get(section, "points");
    if (!points && all_known)
        ld_reader_error(r, section->line, section->column, "\"points\" is missing in %s", where);
    if (!points)
        return;
    if (points->n > LEAKDIAG_TIMELINE_MAX_POINTS)
        ld_reader_limit(r, points, "more than %d points", LEAKDIAG_TIMELINE_MAX_POINTS);
    else if (ld_reader_expect(r, points, LD_NODE_LIST, "\"points\" of \"timeline\""))
        make_timeline(r, points);
}
