/* What the log says over all looks: counts in the window, of one log or of one per pod. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "diagnosis/view_parts.h"

static int64_t window_covered(const ld_log_view *log, int64_t from_ms, int64_t now_ms,
                              int64_t window_ms)
{
    if (!log->is_read || from_ms == INT64_MAX)
        return -1;
    int64_t covered = now_ms - from_ms;
    return covered < window_ms ? (covered > 0 ? covered : 0) : window_ms;
}

/* Lines of a first look that are still in the window: it looked back from another now. A slice
 * counts when its middle does. */
static int64_t still_in_window(const ld_pattern_fact *fact, int64_t age_ms, int64_t window_ms)
{
    int64_t count = 0;
    for (size_t i = 0; i < LEAKDIAG_SCAN_SLICES; i++) {
        double middle = ((double)i + 0.5) / LEAKDIAG_SCAN_SLICES; /* 1 is the time of the look */
        if ((1 - middle) * (double)window_ms + (double)age_ms < (double)window_ms)
            count += fact->slices[i];
    }
    return count;
}

/* What is known of when the lines of a look were written. */
typedef enum dating { DATED, UNDATED, OLD } dating;

static void add_pattern(ld_pattern_view *view, const ld_pattern_fact *fact, int64_t age_ms,
                        int64_t window_ms, dating when)
{
    view->count += fact->count;
    if (when == OLD)
        return;
    if (when == UNDATED)
        view->undated_count += fact->count;
    else if (fact->has_slices)
        view->window_count += still_in_window(fact, age_ms, window_ms);
    else if (age_ms < window_ms)
        view->window_count += fact->window_count;
    view->is_lower_bound = view->is_lower_bound || fact->expensive > 0;
    if (isfinite(fact->capture))
        view->capture = fact->capture;
    if (fact->last.text)
        view->last = &fact->last;
    if (fact->first.text && !view->first)
        view->first = &fact->first;
}

size_t ld_view_find_pattern(const leakdiag_scenario *scenario, const char *name)
{
    size_t i = 0;
    while (i < scenario->n_patterns && strcmp(scenario->patterns[i].name, name) != 0)
        i++;
    return i;
}

static void add_log(ld_view *view, const ld_fact *fact, int64_t *from_ms)
{
    const ld_log_fact *log = &fact->of.log;
    int64_t age_ms = view->now_ms - fact->time_ms, window_ms = view->scenario->window_ms;
    /* Lines without times, or with those of a clock that is wrong, are anywhere before the look; in
     * a log to which nothing was added lately they are not of now. */
    view->log.has_gap = view->log.has_gap || (log->has_gap && age_ms < window_ms);
    if (log->is_gap_only)
        return;
    bool is_undated = log->is_first && (!log->has_span || view->log.skew_ms);
    bool is_old = log->modified_ms && view->now_ms - log->modified_ms > window_ms;
    view->log.is_read = true;
    view->log.is_idle = is_old && log->lines + view->log.lines > 0;
    view->log.n_looks++;
    view->log.lines += log->lines;
    /* The first look reaches back as far as its lines do; without times only the looks count. */
    int64_t begins = log->is_first && log->has_span ? log->from_ms : fact->time_ms;
    if (begins < *from_ms)
        *from_ms = begins;
    for (size_t i = 0; i < log->n_patterns; i++) {
        size_t at = ld_view_find_pattern(view->scenario, log->patterns[i].name);
        if (at < view->scenario->n_patterns)
            add_pattern(&view->log.patterns[at], &log->patterns[i], age_ms, window_ms,
                        is_undated ? is_old ? OLD : UNDATED : DATED);
    }
}

static bool is_log(const ld_fact *fact)
{
    return fact->kind == LD_FACT_LOG && !fact->error;
}

/* A look at a log, be it in vain. */
static bool is_log_look(const ld_fact *fact)
{
    return fact->error || !fact->of.log.is_gap_only;
}

#define SOURCES_MAX 64 /* logs told apart: one per container of a pod */

typedef struct log_source {
    const char *name;
    int64_t from_ms; /* the earliest time that a later first look reaches back to */
} log_source;

/* The log's place in the list; the last one stands for all beyond. */
static log_source *find_source(log_source *list, size_t *n, const char *name)
{
    size_t i = 0;
    while (i < *n && strcmp(list[i].name, name) != 0)
        i++;
    if (i == *n && *n < SOURCES_MAX)
        list[(*n)++] = (log_source){name, INT64_MAX};
    return &list[i < SOURCES_MAX ? i : SOURCES_MAX - 1];
}

/* A later session begins with the log's beginning: what looks before it counted of that part is in
 * its first look again. For each fact the earliest time that a later first look at the same log
 * reaches back to. */
static int64_t *read_again_from(const leakdiag_observation *o)
{
    int64_t *list = ld_alloc_array(o->n_facts + 1, sizeof *list);
    log_source sources[SOURCES_MAX];
    size_t n = 0;
    for (size_t i = o->n_facts; list && i-- > 0;) {
        const ld_log_fact *log = &o->facts[i]->of.log;
        if (!is_log(o->facts[i]))
            continue;
        log_source *source = find_source(sources, &n, o->facts[i]->source);
        list[i] = source->from_ms;
        if (!log->is_first || log->lines == 0)
            continue;
        int64_t begins = log->has_span ? log->from_ms : INT64_MIN;
        source->from_ms = begins < source->from_ms ? begins : source->from_ms;
    }
    return list;
}

/* How far the log's times lie behind (or before) the clock of the looks, from lines that were seen
 * to come; 0 when no more than a buffer explains. */
static int64_t find_skew(const ld_view *view)
{
    const leakdiag_observation *o = view->observation;
    for (size_t i = o->n_facts; i-- > 0;) {
        const ld_log_fact *log = &o->facts[i]->of.log;
        if (!is_log(o->facts[i]) || log->is_first || !log->has_span || log->lines == 0)
            continue;
        int64_t skew_ms = o->facts[i]->time_ms - log->to_ms,
                most_ms = view->scenario->window_ms / 5;
        return skew_ms > most_ms || skew_ms < -most_ms ? skew_ms : 0;
    }
    return 0;
}

leakdiag_status ld_view_collect_log(ld_view *view, leakdiag_error *err)
{
    const leakdiag_observation *o = view->observation;
    size_t n = view->scenario->n_patterns;
    LD_CLEANUP(ld_releasep) int64_t *again_ms = read_again_from(o);
    if (!again_ms)
        return ld_fail_nomem(err);
    view->log.patterns = ld_alloc_array(n + 1, sizeof *view->log.patterns);
    if (!view->log.patterns)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < n; i++)
        view->log.patterns[i].capture = NAN;

    view->log.fact = ld_latest_fact(o, LD_FACT_LOG, is_log_look, ld_is_collected);
    view->log.skew_ms = find_skew(view);
    int64_t from_ms = INT64_MAX;
    for (size_t i = 0; i < o->n_facts; i++)
        if (is_log(o->facts[i]) && o->facts[i]->time_ms < again_ms[i])
            add_log(view, o->facts[i], &from_ms);
    view->log.from_ms = from_ms;
    view->log.window_ms =
        window_covered(&view->log, from_ms, view->now_ms, view->scenario->window_ms);
    return LEAKDIAG_OK;
}
