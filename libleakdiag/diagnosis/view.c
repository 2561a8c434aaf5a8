#include "diagnosis/view.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "diagnosis/soft_limit.h"

/* All facts of one look carry the same time. The latest look of a kind: the first alternative with
 * evidence, or the first at all when none has any. */
static const ld_fact *latest(const leakdiag_observation *o, ld_fact_kind kind,
                             bool (*has_evidence)(const ld_fact *))
{
    const ld_fact *best = NULL;
    for (size_t i = o->n_facts; i-- > 0;) {
        const ld_fact *fact = o->facts[i];
        if (fact->kind != kind)
            continue;
        if (best && fact->time_ms != best->time_ms)
            break;
        if (!best || has_evidence(fact) || !has_evidence(best))
            best = fact; /* walking backwards: an earlier alternative wins among equals */
    }
    return best;
}

static bool is_collected(const ld_fact *fact)
{
    return !fact->error;
}

static bool flag_answered(const ld_fact *fact)
{
    return !fact->error && fact->of.flag.state != LEAKDIAG_FLAG_UNREACHABLE &&
           fact->of.flag.state != LEAKDIAG_FLAG_REFUSED &&
           fact->of.flag.state != LEAKDIAG_FLAG_NOT_OFREP;
}

static bool is_flag_file(const ld_fact *fact)
{
    return !fact->error && fact->of.flag.method && strcmp(fact->of.flag.method, "file") == 0;
}

static bool load_answered(const ld_fact *fact)
{
    return !fact->error && fact->of.load.state < LEAKDIAG_LOAD_NOT_LOCUST;
}

static const ld_fact *latest_collected(const leakdiag_observation *o, ld_fact_kind kind)
{
    for (size_t i = o->n_facts; i-- > 0;)
        if (o->facts[i]->kind == kind && !o->facts[i]->error)
            return o->facts[i];
    return NULL;
}

/* A look of another time (a joined history) says nothing about now. */
static const ld_fact *if_fresh(const ld_view *view, const ld_fact *fact)
{
    int64_t stale_ms = view->scenario->stale_ms;
    return fact && stale_ms > 0 && view->now_ms - fact->time_ms > stale_ms ? NULL : fact;
}

static void pick_facts(ld_view *view)
{
    const leakdiag_observation *o = view->observation;
    view->flag = if_fresh(view, latest(o, LD_FACT_FLAG, flag_answered));
    const ld_fact *file = if_fresh(view, latest(o, LD_FACT_FLAG, is_flag_file));
    view->flag_file = file && is_flag_file(file) ? file : NULL;
    view->load = if_fresh(view, latest(o, LD_FACT_LOAD, load_answered));
    view->memory = latest_collected(o, LD_FACT_MEMORY);
    const ld_fact *look = latest(o, LD_FACT_MEMORY, is_collected);
    view->memory_error = look && look->error ? look : NULL;
}

/* What a memory fact says of restarts, against the one before it. */
typedef struct instance {
    int64_t sample_ms, started_ms, pid, oom_kills;
} instance;

static bool is_other_instance(const instance *a, const ld_memory_fact *b)
{
    if (a->started_ms && b->started_ms)
        return a->started_ms != b->started_ms;
    return a->pid && b->pid && a->pid != b->pid;
}

static int64_t restart_time(const instance *a, const ld_memory_fact *b)
{
    if (b->started_ms > a->sample_ms && b->started_ms <= b->sample_ms)
        return b->started_ms;
    return a->sample_ms + (b->sample_ms - a->sample_ms) / 2;
}

static void note_restart(ld_view *view, const instance *before, const ld_memory_fact *now)
{
    bool killed = before->oom_kills >= 0 && now->oom_kills > before->oom_kills;
    if (!killed && !is_other_instance(before, now))
        return;
    int64_t at = restart_time(before, now);
    view->restart_ms[view->n_restarts++] = at;
    if (killed)
        view->oom_ms[view->n_ooms++] = at;
}

typedef struct points {
    int64_t *times_ms;
    double *values;
    size_t n, room;
} points;

static void points_done(points *p)
{
    ld_release(p->times_ms);
    ld_release(p->values);
}

static void add_point(points *p, int64_t time_ms, double value)
{
    if (!isfinite(value)) /* the workload is known, its memory is not */
        return;
    if (p->n && time_ms <= p->times_ms[p->n - 1]) /* the same sample asked for again */
        return;
    if (p->n == p->room)
        return;
    p->times_ms[p->n] = time_ms;
    p->values[p->n++] = value;
}

static size_t count_points(const leakdiag_observation *o, size_t *n_memory)
{
    size_t n = 0;
    *n_memory = 0;
    for (size_t i = 0; i < o->n_facts; i++) {
        const ld_fact *fact = o->facts[i];
        if (fact->error)
            continue;
        if (fact->kind == LD_FACT_SERIES)
            n += leakdiag_series_len(fact->of.series.series);
        *n_memory += fact->kind == LD_FACT_MEMORY;
    }
    return n + *n_memory;
}

/* The latest recording; a recording is read again at each look, so only the last one counts. */
static const leakdiag_series *recording(const leakdiag_observation *o)
{
    const ld_fact *fact = latest_collected(o, LD_FACT_SERIES);
    return fact ? fact->of.series.series : NULL;
}

static void collect_looks(ld_view *view, points *p)
{
    const leakdiag_observation *o = view->observation;
    instance before = {.oom_kills = -1};
    bool has_before = false;
    for (size_t i = 0; i < o->n_facts; i++) {
        const ld_fact *fact = o->facts[i];
        if (fact->kind != LD_FACT_MEMORY || fact->error)
            continue;
        const ld_memory_fact *memory = &fact->of.memory;
        if (has_before)
            note_restart(view, &before, memory);
        /* Between a kill and the restart a cgroup is empty: its zero is no memory of the workload.
         */
        bool is_empty = memory->kind && memory->started_ms == 0 && memory->pid == 0 &&
                        strncmp(memory->kind, "cgroup", 6) == 0;
        if (!is_empty)
            add_point(p, memory->sample_ms, memory->working_set_bytes);
        int64_t kills = memory->oom_kills;
        if (is_empty && has_before) /* keep the instance: its successor is a restart */
            before.oom_kills = kills >= 0 ? kills : before.oom_kills;
        else
            before = (instance){memory->sample_ms, memory->started_ms, memory->pid, kills};
        has_before = has_before || !is_empty;
    }
}

static leakdiag_status make_series(ld_view *view, leakdiag_error *err)
{
    size_t n_memory;
    LD_CLEANUP(points_done) points p = {0};
    p.room = count_points(view->observation, &n_memory) + 1;
    p.times_ms = ld_alloc_array(p.room, sizeof *p.times_ms);
    p.values = ld_alloc_array(p.room, sizeof *p.values);
    view->restart_ms = ld_alloc_array(n_memory + 1, sizeof *view->restart_ms);
    view->oom_ms = ld_alloc_array(n_memory + 1, sizeof *view->oom_ms);
    if (!p.times_ms || !p.values || !view->restart_ms || !view->oom_ms)
        return ld_fail_nomem(err);

    const leakdiag_series *recorded = recording(view->observation);
    if (recorded) {
        view->series = leakdiag_series_ref((leakdiag_series *)(uintptr_t)recorded);
        return LEAKDIAG_OK;
    }
    collect_looks(view, &p);
    view->series_is_live = true;
    return leakdiag_series_new(p.times_ms, p.values, p.n, &view->series, err);
}

static void note_limits(ld_view *view)
{
    view->limit_bytes = view->soft_limit_bytes = NAN;
    view->oom_kills = -1;
    if (!view->memory)
        return;
    const ld_memory_fact *memory = &view->memory->of.memory;
    view->oom_kills = memory->oom_kills;
    if (memory->has_limit == 1)
        view->limit_bytes = memory->limit_bytes;
    bool known;
    const char *soft = ld_view_env(view, "GOMEMLIMIT", &known);
    ld_soft_limit_parse(soft, &view->soft_limit_bytes);
}

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

static size_t find_pattern(const leakdiag_scenario *scenario, const char *name)
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
    bool is_undated = log->is_first && (!log->has_span || view->log.skew_ms);
    bool is_old = log->modified_ms && view->now_ms - log->modified_ms > window_ms;
    view->log.is_read = true;
    view->log.is_idle = is_old && log->lines + view->log.lines > 0;
    view->log.n_looks++;
    view->log.lines += log->lines;
    view->log.has_gap = view->log.has_gap || (log->has_gap && age_ms < window_ms);
    /* The first look reaches back as far as its lines do; without times only the looks count. */
    int64_t begins = log->is_first && log->has_span ? log->from_ms : fact->time_ms;
    if (begins < *from_ms)
        *from_ms = begins;
    for (size_t i = 0; i < log->n_patterns; i++) {
        size_t at = find_pattern(view->scenario, log->patterns[i].name);
        if (at < view->scenario->n_patterns)
            add_pattern(&view->log.patterns[at], &log->patterns[i], age_ms, window_ms,
                        is_undated ? is_old ? OLD : UNDATED : DATED);
    }
}

static bool is_log(const ld_fact *fact)
{
    return fact->kind == LD_FACT_LOG && !fact->error;
}

/* A later session begins with the log's beginning: what looks before it counted of that part is in
 * its first look again. For each fact the earliest time that a later first look reaches back to. */
static int64_t *read_again_from(const leakdiag_observation *o)
{
    int64_t *list = ld_alloc_array(o->n_facts + 1, sizeof *list);
    int64_t from_ms = INT64_MAX;
    for (size_t i = o->n_facts; list && i-- > 0;) {
        const ld_log_fact *log = &o->facts[i]->of.log;
        list[i] = from_ms;
        if (!is_log(o->facts[i]) || !log->is_first || log->lines == 0)
            continue;
        int64_t begins = log->has_span ? log->from_ms : INT64_MIN;
        from_ms = begins < from_ms ? begins : from_ms;
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

static leakdiag_status collect_log(ld_view *view, leakdiag_error *err)
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

    view->log.fact = latest(o, LD_FACT_LOG, is_collected);
    view->log.skew_ms = find_skew(view);
    int64_t from_ms = INT64_MAX;
    for (size_t i = 0; i < o->n_facts; i++)
        if (is_log(o->facts[i]) && o->facts[i]->time_ms < again_ms[i])
            add_log(view, o->facts[i], &from_ms);
    view->log.window_ms =
        window_covered(&view->log, from_ms, view->now_ms, view->scenario->window_ms);
    return LEAKDIAG_OK;
}

static void later(ld_view *view, int64_t time_ms)
{
    if (!view->has_start || time_ms > view->start_ms)
        view->start_ms = time_ms;
    view->has_start = true;
}

/* Start of the instance that was seen first; 0 when that is not known, whatever came after it. */
static int64_t first_start(const leakdiag_observation *o)
{
    for (size_t i = 0; i < o->n_facts; i++)
        if (o->facts[i]->kind == LD_FACT_MEMORY && !o->facts[i]->error)
            return o->facts[i]->of.memory.started_ms;
    return 0;
}

/* The curve's clock starts when all of it is there: the first instance that was seen, the load, and
 * the application acting on the flag. What is not known does not delay it. */
static void find_start(ld_view *view)
{
    const leakdiag_observation *o = view->observation;
    int64_t app_ms = first_start(o);
    if (app_ms)
        later(view, app_ms);
    if (view->load && load_answered(view->load) && view->load->of.load.age_ms >= 0)
        later(view, view->load->time_ms - view->load->of.load.age_ms);
    for (size_t i = 0; i < view->scenario->n_checks; i++) {
        const ld_check *check = &view->scenario->checks[i];
        if (check->kind->id != LD_KIND_FLAG_SEEN)
            continue;
        const ld_pattern_view *active =
            ld_view_pattern(view, ld_attribute_text(&check->expect, "active", ""));
        if (active && active->first && active->first->has_time && active->first->time_ms >= app_ms)
            later(view, active->first->time_ms);
    }
}

leakdiag_status ld_view_make(const leakdiag_scenario *scenario,
                             const leakdiag_observation *observation, ld_view *ret,
                             leakdiag_error *err)
{
    *ret =
        (ld_view){.scenario = scenario, .observation = observation, .now_ms = observation->now_ms};
    pick_facts(ret);
    leakdiag_status status = make_series(ret, err);
    if (!status)
        status = collect_log(ret, err);
    if (status)
        return status;
    note_limits(ret);
    if (ret->series_is_live)
        find_start(ret);
    return LEAKDIAG_OK;
}

void ld_view_done(ld_view *view)
{
    leakdiag_series_unref(view->series);
    ld_release(view->restart_ms);
    ld_release(view->oom_ms);
    ld_release(view->log.patterns);
    *view = (ld_view){0};
}

const ld_pattern_view *ld_view_pattern(const ld_view *view, const char *name)
{
    size_t at = find_pattern(view->scenario, name);
    if (at == view->scenario->n_patterns || !view->log.is_read)
        return NULL;
    return &view->log.patterns[at];
}

int64_t ld_pattern_lines(const ld_view *view, const ld_pattern_view *pattern)
{
    if (!pattern)
        return 0;
    return pattern->window_count + (view->log.n_looks == 1 ? pattern->undated_count : 0);
}

const ld_load_row *ld_find_row(const ld_fact *fact, const char *name)
{
    const ld_load_row *found = NULL;
    for (size_t i = 0; i < fact->of.load.n_rows; i++) {
        const ld_load_row *row = &fact->of.load.rows[i];
        if (strcmp(row->name, name) != 0)
            continue;
        if (row->method && strcmp(row->method, "POST") == 0)
            return row;
        found = found ? found : row;
    }
    return found;
}

const ld_load_row *ld_view_row(const ld_view *view, const char *name)
{
    return view->load && !view->load->error ? ld_find_row(view->load, name) : NULL;
}

const char *ld_view_env(const ld_view *view, const char *name, bool *known)
{
    *known = view->memory && view->memory->of.memory.has_env;
    if (!*known)
        return NULL;
    const ld_memory_fact *memory = &view->memory->of.memory;
    for (size_t i = 0; i < memory->n_env; i++)
        if (strcmp(memory->env[i].name, name) == 0)
            return memory->env[i].value;
    return NULL;
}
