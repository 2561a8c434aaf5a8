#include "sources/facts.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "sources/copier.h"

#define FLAG_LINES 3 /* the runbook shows the last three */

leakdiag_status ld_fact_from_flag(const leakdiag_flag *flag, const char *source, int64_t time_ms,
                                  ld_fact **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = NULL;
    ld_copier c = {.err = err};
    c.status = ld_fact_new(LD_FACT_FLAG, source, time_ms, &fact, err);
    if (c.status)
        return c.status;
    ld_flag_fact *of = &fact->of.flag;
    fact->latency_ms = leakdiag_flag_latency_ms(flag);
    of->state = leakdiag_flag_get_state(flag);
    of->type = leakdiag_flag_get_type(flag);
    of->number = leakdiag_flag_number(flag);
    of->http_status = leakdiag_flag_http_status(flag);
    of->has_targeting = leakdiag_flag_has_targeting(flag);
    ld_copy_to(&c, leakdiag_flag_key(flag), &of->key);
    ld_copy_to(&c, leakdiag_flag_value_json(flag), &of->value_json);
    ld_copy_to(&c, leakdiag_flag_variant(flag), &of->variant);
    ld_copy_to(&c, leakdiag_flag_reason(flag), &of->reason);
    ld_copy_to(&c, leakdiag_flag_error_code(flag), &of->error_code);
    ld_copy_to(&c, leakdiag_flag_detail(flag), &of->detail);
    ld_copy_to(&c, leakdiag_flag_method(flag), &of->method);
    if (c.status)
        return c.status;
    *ret = ld_steal(&fact);
    return LEAKDIAG_OK;
}

static void copy_rows(ld_copier *c, const leakdiag_load *load, ld_load_fact *of)
{
    size_t n = leakdiag_load_row_count(load);
    of->rows = ld_alloc_array(n + 1, sizeof *of->rows);
    if (!of->rows) {
        c->status = ld_fail_nomem(c->err);
        return;
    }
    of->n_rows = n;
    for (size_t i = 0; i < n; i++) {
        ld_load_row *row = &of->rows[i];
        ld_copy_to(c, leakdiag_load_row_method(load, i), &row->method);
        ld_copy_to(c, leakdiag_load_row_name(load, i), &row->name);
        row->requests = leakdiag_load_row_requests(load, i);
        row->failures = leakdiag_load_row_failures(load, i);
        row->rate_per_s = ld_number_round(leakdiag_load_row_rate_per_s(load, i), 6);
    }
}

leakdiag_status ld_fact_from_load(const leakdiag_load *load, const char *source, int64_t time_ms,
                                  ld_fact **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = NULL;
    ld_copier c = {.err = err};
    c.status = ld_fact_new(LD_FACT_LOAD, source, time_ms, &fact, err);
    if (c.status)
        return c.status;
    ld_load_fact *of = &fact->of.load;
    of->state = leakdiag_load_get_state(load);
    of->users = leakdiag_load_users(load);
    of->target_users = leakdiag_load_target_users(load);
    of->spawn_per_s = ld_number_round(leakdiag_load_spawn_per_s(load), 6);
    of->age_ms = leakdiag_load_age_ms(load);
    of->fail_ratio = ld_number_round(leakdiag_load_fail_ratio(load), 6);
    of->http_status = leakdiag_load_http_status(load);
    ld_copy_to(&c, leakdiag_load_detail(load), &of->detail);
    copy_rows(&c, load, of);
    if (c.status)
        return c.status;
    *ret = ld_steal(&fact);
    return LEAKDIAG_OK;
}

static void copy_environment(ld_copier *c, const leakdiag_memory *memory, ld_memory_fact *of)
{
    static const char *const names[] = {"FLAGD_HOST", "FLAGD_PORT",         "GOGC",
                                        "GOMEMLIMIT", "KAFKA_SERVICE_ADDR", "KAFKA_ADDR"};
    size_t n = sizeof names / sizeof names[0];
    of->has_env = leakdiag_memory_has_environment(memory);
    of->env = of->has_env ? ld_alloc_array(n, sizeof *of->env) : NULL;
    if (of->has_env && !of->env)
        c->status = ld_fail_nomem(c->err);
    for (size_t i = 0; of->env && i < n && !c->status; i++) {
        const char *value = leakdiag_memory_environment(memory, names[i]);
        if (!value)
            continue;
        ld_env *entry = &of->env[of->n_env++];
        ld_copy_to(c, names[i], &entry->name);
        ld_copy_to(c, value, &entry->value);
    }
}

leakdiag_status ld_fact_from_memory(const leakdiag_memory *memory, const char *source,
                                    int64_t time_ms, ld_fact **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = NULL;
    ld_copier c = {.err = err};
    c.status = ld_fact_new(LD_FACT_MEMORY, source, time_ms, &fact, err);
    if (c.status)
        return c.status;
    ld_memory_fact *of = &fact->of.memory;
    of->sample_ms = leakdiag_memory_time_ms(memory);
    of->working_set_bytes = leakdiag_memory_working_set_bytes(memory);
    of->has_limit = leakdiag_memory_has_limit(memory);
    of->limit_bytes = leakdiag_memory_limit_bytes(memory);
    of->oom_kills = leakdiag_memory_oom_kills(memory);
    of->started_ms = leakdiag_memory_started_ms(memory);
    of->pid = leakdiag_memory_pid(memory);
    ld_copy_to(&c, leakdiag_memory_kind(memory), &of->kind);
    copy_environment(&c, memory, of);
    if (c.status)
        return c.status;
    *ret = ld_steal(&fact);
    return LEAKDIAG_OK;
}

leakdiag_status ld_fact_from_series(leakdiag_series *series, const char *source, int64_t time_ms,
                                    ld_fact **ret, leakdiag_error *err)
{
    ld_fact *fact = NULL;
    leakdiag_status status = ld_fact_new(LD_FACT_SERIES, source, time_ms, &fact, err);
    if (status)
        return status;
    fact->of.series.series = leakdiag_series_ref(series);
    *ret = fact;
    return LEAKDIAG_OK;
}

static void copy_line(ld_copier *c, const leakdiag_log_line *line, ld_line *ret)
{
    ld_copy_bytes_to(c, line->text, line->len, &ret->text);
    ret->has_time = line->has_time != 0;
    ret->time_ms = line->has_time ? line->time_ms : 0;
}

static void copy_pattern(ld_copier *c, const leakdiag_scan *scan, size_t i, const char *name,
                         bool has_slices, ld_pattern_fact *of)
{
    leakdiag_log_line line;
    ld_copy_to(c, name, &of->name);
    of->count = (int64_t)leakdiag_scan_count(scan, i);
    of->window_count = (int64_t)leakdiag_scan_window_count(scan, i);
    of->has_slices = has_slices;
    for (size_t k = 0; k < LEAKDIAG_SCAN_SLICES; k++)
        of->slices[k] = (int64_t)leakdiag_scan_slice_count(scan, i, k);
    of->expensive = (int64_t)leakdiag_scan_expensive(scan, i);
    of->capture = leakdiag_scan_capture_last(scan, i, 1);
    if (leakdiag_scan_first(scan, i, &line))
        copy_line(c, &line, &of->first);
    if (leakdiag_scan_last(scan, i, &line))
        copy_line(c, &line, &of->last);
}

static void copy_patterns(ld_copier *c, const leakdiag_scan *scan,
                          const leakdiag_scenario *scenario, ld_log_fact *of)
{
    of->patterns = ld_alloc_array(scenario->n_patterns + 1, sizeof *of->patterns);
    if (!of->patterns) {
        c->status = ld_fail_nomem(c->err);
        return;
    }
    of->n_patterns = scenario->n_patterns;
    for (size_t i = 0; i < of->n_patterns; i++)
        copy_pattern(c, scan, i, scenario->patterns[i].name, of->is_first && of->has_span,
                     &of->patterns[i]);
}

/* Only what the flag-seen check looks for is worth keeping as text. */
static bool is_flag_pattern(const leakdiag_scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->n_checks; i++) {
        const ld_check *check = &scenario->checks[i];
        if (check->kind->id != LD_KIND_FLAG_SEEN)
            continue;
        if (strcmp(ld_attribute_text(&check->expect, "active", ""), name) == 0 ||
            strcmp(ld_attribute_text(&check->expect, "value", ""), name) == 0)
            return true;
    }
    return false;
}

static void copy_recent(ld_copier *c, const leakdiag_scan *scan, const leakdiag_scenario *scenario,
                        ld_log_fact *of)
{
    size_t n = leakdiag_scan_recent_len(scan), kept = 0, pattern;
    of->recent = ld_alloc_array(FLAG_LINES, sizeof *of->recent);
    if (!of->recent) {
        c->status = ld_fail_nomem(c->err);
        return;
    }
    leakdiag_log_line lines[FLAG_LINES];
    for (size_t i = n; i-- > 0 && kept < FLAG_LINES;) {
        leakdiag_log_line line = leakdiag_scan_recent(scan, i, &pattern);
        if (is_flag_pattern(scenario, scenario->patterns[pattern].name))
            lines[kept++] = line;
    }
    of->n_recent = kept;
    for (size_t i = 0; i < kept; i++)
        copy_line(c, &lines[kept - 1 - i], &of->recent[i]);
}

leakdiag_status ld_fact_from_scan(const leakdiag_scan *scan, const leakdiag_scenario *scenario,
                                  const char *source, int64_t time_ms, bool is_first, bool has_gap,
                                  ld_fact **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = NULL;
    ld_copier c = {.err = err};
    c.status = ld_fact_new(LD_FACT_LOG, source, time_ms, &fact, err);
    if (c.status)
        return c.status;
    ld_log_fact *of = &fact->of.log;
    of->is_first = is_first;
    of->has_gap = has_gap;
    of->has_span = leakdiag_scan_time_span(scan, &of->from_ms, &of->to_ms);
    of->lines = (int64_t)leakdiag_scan_lines(scan);
    of->bytes = (int64_t)leakdiag_scan_bytes(scan);
    of->truncated = (int64_t)leakdiag_scan_truncated(scan);
    copy_patterns(&c, scan, scenario, of);
    if (!c.status)
        copy_recent(&c, scan, scenario, of);
    if (c.status)
        return c.status;
    *ret = ld_steal(&fact);
    return LEAKDIAG_OK;
}

leakdiag_status ld_scenario_patterns(const leakdiag_scenario *scenario, leakdiag_patterns **ret,
                                     leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep)
    leakdiag_pattern *list = ld_alloc_array(scenario->n_patterns + 1, sizeof *list);
    if (!list)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < scenario->n_patterns; i++)
        list[i] = (leakdiag_pattern){scenario->patterns[i].name, scenario->patterns[i].text,
                                     scenario->patterns[i].flags};
    return leakdiag_patterns_new(list, scenario->n_patterns, ret, err);
}
