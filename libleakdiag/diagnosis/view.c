#include "diagnosis/view.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/soft_limit.h"
#include "base/text.h"
#include "diagnosis/view_parts.h"

const ld_fact *ld_latest_fact(const leakdiag_observation *o, ld_fact_kind kind,
                              bool (*counts)(const ld_fact *),
                              bool (*has_evidence)(const ld_fact *))
{
    const ld_fact *best = NULL;
    for (size_t i = o->n_facts; i-- > 0;) {
        const ld_fact *fact = o->facts[i];
        if (fact->kind != kind || (counts && !counts(fact)))
            continue;
        if (best && fact->time_ms != best->time_ms)
            break;
        if (!best || has_evidence(fact) || !has_evidence(best))
            best = fact; /* walking backwards: an earlier alternative wins among equals */
    }
    return best;
}

bool ld_is_collected(const ld_fact *fact)
{
    return !fact->error;
}

static bool is_method(const ld_fact *fact, const char *method)
{
    return !fact->error && fact->of.flag.method && strcmp(fact->of.flag.method, method) == 0;
}

static bool is_flag_file(const ld_fact *fact)
{
    return is_method(fact, "file");
}

static bool is_flag_stored(const ld_fact *fact)
{
    return is_method(fact, "configmap");
}

static bool is_flag_ui(const ld_fact *fact)
{
    return is_method(fact, "ui");
}

static bool is_flag_rpc(const ld_fact *fact)
{
    return is_method(fact, "rpc");
}

/* Somebody who knows the flag spoke. */
static bool is_evidence(const ld_fact *fact)
{
    return !fact->error && fact->of.flag.state != LEAKDIAG_FLAG_UNREACHABLE &&
           fact->of.flag.state != LEAKDIAG_FLAG_REFUSED &&
           fact->of.flag.state != LEAKDIAG_FLAG_NOT_OFREP;
}

/* What is stored somewhere in the cluster is not yet served. */
static bool flag_answered(const ld_fact *fact)
{
    return is_evidence(fact) && !is_flag_stored(fact) && !is_flag_ui(fact);
}

static bool load_answered(const ld_fact *fact)
{
    return !fact->error && fact->of.load.state < LEAKDIAG_LOAD_NOT_LOCUST;
}

/* A look of another time (a joined history) says nothing about now. */
static const ld_fact *if_fresh(const ld_view *view, const ld_fact *fact)
{
    int64_t stale_ms = view->scenario->stale_ms;
    return fact && stale_ms > 0 && view->now_ms - fact->time_ms > stale_ms ? NULL : fact;
}

/* The latest look at the flag in one certain way, or NULL. */
static const ld_fact *flag_by(const ld_view *view, bool (*is_way)(const ld_fact *))
{
    const ld_fact *fact =
        if_fresh(view, ld_latest_fact(view->observation, LD_FACT_FLAG, NULL, is_way));
    return fact && is_way(fact) ? fact : NULL;
}

/* It said something of the flag: an answer that is none contradicts nobody. */
static bool tells(const ld_fact *fact)
{
    return is_evidence(fact) && fact->of.flag.state != LEAKDIAG_FLAG_MALFORMED;
}

static const ld_fact *if_tells(const ld_fact *fact)
{
    return fact && tells(fact) ? fact : NULL;
}

/* What the cluster told of the time between two looks is none. */
static bool is_memory_look(const ld_fact *fact)
{
    return fact->error || !fact->of.memory.pod.is_between_looks;
}

static void pick_facts(ld_view *view)
{
    const leakdiag_observation *o = view->observation;
    view->flag = if_fresh(view, ld_latest_fact(o, LD_FACT_FLAG, NULL, flag_answered));
    view->is_flag_served = view->flag && flag_answered(view->flag) && tells(view->flag);
    view->flag_file = flag_by(view, is_flag_file);
    view->flag_stored = if_tells(flag_by(view, is_flag_stored));
    view->flag_ui = if_tells(flag_by(view, is_flag_ui));
    view->flag_rpc = flag_by(view, is_flag_rpc);
    view->load = if_fresh(view, ld_latest_fact(o, LD_FACT_LOAD, NULL, load_answered));
    view->memory = ld_latest_memory(o);
    const ld_fact *look = ld_latest_fact(o, LD_FACT_MEMORY, is_memory_look, ld_is_collected);
    view->memory_error = look && look->error ? look : NULL;
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

static void later(ld_view *view, int64_t time_ms)
{
    if (!view->has_start || time_ms > view->start_ms)
        view->start_ms = time_ms;
    view->has_start = true;
}

/* Start of the instance that was seen first; 0 when that is not known, whatever came after it. A
 * backend's history may reach back to the instance before it. */
static int64_t first_start(const ld_view *view)
{
    if (!view->first_memory)
        return 0;
    const ld_memory_fact *memory = &view->first_memory->of.memory;
    int64_t before_ms = memory->pod.end_started_ms;
    bool is_seen = before_ms && leakdiag_series_len(view->series) &&
                   leakdiag_series_times_ms(view->series)[0] < memory->pod.ended_ms;
    return is_seen ? before_ms : memory->started_ms;
}

/* The first activation that the log still has is the first there was: the log goes back to the
 * application's start, or it shows a time without one before it. */
static bool is_first_of_all(const ld_view *view, int64_t active_ms, int64_t app_ms)
{
    int64_t from_ms = view->log.from_ms, slack_ms = view->scenario->window_ms / 5;
    return !app_ms || from_ms <= app_ms + slack_ms || active_ms - from_ms > slack_ms;
}

/* The curve's clock starts when all of it is there: the first instance that was seen, the load, and
 * the application acting on the flag. What is not known does not delay it; but where the load does
 * not tell either, the first activation that is left is nearer than the application's start. */
static void find_start(ld_view *view)
{
    int64_t app_ms = first_start(view);
    if (app_ms)
        later(view, app_ms);
    bool has_load = view->load && load_answered(view->load) && view->load->of.load.age_ms >= 0;
    if (has_load)
        later(view, view->load->time_ms - view->load->of.load.age_ms);
    for (size_t i = 0; i < view->scenario->n_checks; i++) {
        const ld_check *check = &view->scenario->checks[i];
        if (check->kind->id != LD_KIND_FLAG_SEEN)
            continue;
        const ld_pattern_view *active =
            ld_view_pattern(view, ld_attribute_text(&check->expect, "active", ""));
        if (active && active->first && active->first->has_time &&
            active->first->time_ms >= app_ms &&
            (!has_load || is_first_of_all(view, active->first->time_ms, app_ms)))
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
    leakdiag_status status = ld_view_make_series(ret, err);
    if (!status)
        status = ld_view_collect_log(ret, err);
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
    ld_release(view->gone_oom_ms);
    ld_release(view->log.patterns);
    *view = (ld_view){0};
}

const ld_pattern_view *ld_view_pattern(const ld_view *view, const char *name)
{
    size_t at = ld_view_find_pattern(view->scenario, name);
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
    *known = !memory->env_is_partial; /* it may be among those that were not read */
    return NULL;
}

static const ld_fact *latest_named(const ld_view *view, ld_fact_kind kind, const char *name)
{
    const leakdiag_observation *o = view->observation;
    for (size_t i = o->n_facts; i-- > 0;) {
        const ld_fact *fact = o->facts[i];
        if (fact->kind == kind && ld_text_equal(fact->subject, name))
            return if_fresh(view, fact);
    }
    return NULL;
}

const ld_fact *ld_view_workload(const ld_view *view, const char *name)
{
    return latest_named(view, LD_FACT_WORKLOAD, name);
}

const ld_fact *ld_view_service(const ld_view *view, const char *name)
{
    return latest_named(view, LD_FACT_SERVICE, name);
}

bool ld_view_lacks_app(const ld_view *view)
{
    const ld_fact *app = ld_view_workload(view, "app");
    return app && app->error && app->failed == LEAKDIAG_E_NOT_FOUND && !view->memory;
}

const ld_profile *ld_view_profile(const ld_view *view)
{
    const ld_fact *app = ld_view_workload(view, "app");
    return app && !app->error ? ld_scenario_profile_named(view->scenario, app->of.workload.profile)
                              : NULL;
}
