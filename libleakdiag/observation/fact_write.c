/* A fact as JSON. What is not known is left out: a missing key reads back as unknown. */
#include <math.h>

#include "base/json.h"
#include "observation/observation.h"

static void put_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_object_set_new(object, key, ld_json_text(text));
}

static void put_number(json_t *object, const char *key, double value)
{
    if (isfinite(value))
        json_object_set_new(object, key, ld_json_number(value));
}

static void put_int(json_t *object, const char *key, int64_t value)
{
    json_object_set_new(object, key, json_integer(value));
}

/* -1 stands for not known in all counts of a fact. */
static void put_known(json_t *object, const char *key, int64_t value)
{
    if (value >= 0)
        put_int(object, key, value);
}

static void put_true(json_t *object, const char *key, bool value)
{
    if (value)
        json_object_set_new(object, key, json_true());
}

static json_t *flag_json(const ld_flag_fact *flag)
{
    json_t *o = json_object();
    put_text(o, "key", flag->key);
    put_text(o, "state", leakdiag_flag_state_name(flag->state));
    put_text(o, "type", leakdiag_flag_type_name(flag->type));
    put_text(o, "value", flag->value_json);
    put_number(o, "number", flag->number);
    put_text(o, "variant", flag->variant);
    put_text(o, "reason", flag->reason);
    put_text(o, "error_code", flag->error_code);
    put_text(o, "detail", flag->detail);
    put_text(o, "method", flag->method);
    put_int(o, "http_status", flag->http_status);
    put_true(o, "has_targeting", flag->has_targeting);
    return o;
}

static json_t *memory_json(const ld_memory_fact *memory)
{
    json_t *o = json_object();
    put_int(o, "sample_ms", memory->sample_ms);
    put_number(o, "working_set_bytes", memory->working_set_bytes);
    if (memory->has_limit == 0)
        json_object_set_new(o, "limit_bytes", json_null());
    put_number(o, "limit_bytes", memory->limit_bytes);
    put_known(o, "oom_kills", memory->oom_kills);
    if (memory->started_ms)
        put_int(o, "started_ms", memory->started_ms);
    if (memory->pid)
        put_int(o, "pid", memory->pid);
    put_text(o, "kind", memory->kind);
    if (memory->has_env) {
        json_t *env = json_object();
        for (size_t i = 0; i < memory->n_env; i++)
            put_text(env, memory->env[i].name, memory->env[i].value);
        json_object_set_new(o, "env", env);
    }
    return o;
}

static json_t *series_json(const ld_series_fact *fact)
{
    json_t *o = json_object(), *times = json_array(), *values = json_array();
    for (size_t i = 0; i < leakdiag_series_len(fact->series); i++) {
        json_array_append_new(times, json_integer(leakdiag_series_times_ms(fact->series)[i]));
        json_array_append_new(values, ld_json_number(leakdiag_series_values(fact->series)[i]));
    }
    json_object_set_new(o, "times_ms", times);
    json_object_set_new(o, "values_bytes", values);
    return o;
}

static json_t *line_json(const ld_line *line)
{
    json_t *o = json_object();
    put_text(o, "line", line->text);
    if (line->has_time)
        put_int(o, "t_ms", line->time_ms);
    return o;
}

static json_t *slices_json(const ld_pattern_fact *pattern)
{
    json_t *list = json_array();
    for (size_t i = 0; i < LEAKDIAG_SCAN_SLICES; i++)
        json_array_append_new(list, json_integer(pattern->slices[i]));
    return list;
}

static json_t *pattern_json(const ld_pattern_fact *pattern)
{
    json_t *o = json_object();
    put_text(o, "name", pattern->name);
    put_int(o, "count", pattern->count);
    put_int(o, "window_count", pattern->window_count);
    if (pattern->expensive)
        put_int(o, "expensive", pattern->expensive);
    if (pattern->has_slices)
        json_object_set_new(o, "slices", slices_json(pattern));
    put_number(o, "capture", pattern->capture);
    if (pattern->first.text)
        json_object_set_new(o, "first", line_json(&pattern->first));
    if (pattern->last.text)
        json_object_set_new(o, "last", line_json(&pattern->last));
    return o;
}

static json_t *log_json(const ld_log_fact *log)
{
    json_t *o = json_object(), *patterns = json_array(), *recent = json_array();
    put_true(o, "is_first", log->is_first);
    put_true(o, "has_gap", log->has_gap);
    if (log->has_span) {
        put_int(o, "from_ms", log->from_ms);
        put_int(o, "to_ms", log->to_ms);
    }
    put_int(o, "lines", log->lines);
    put_int(o, "bytes", log->bytes);
    put_int(o, "truncated", log->truncated);
    for (size_t i = 0; i < log->n_patterns; i++)
        json_array_append_new(patterns, pattern_json(&log->patterns[i]));
    json_object_set_new(o, "patterns", patterns);
    for (size_t i = 0; i < log->n_recent; i++)
        json_array_append_new(recent, line_json(&log->recent[i]));
    json_object_set_new(o, "recent", recent);
    return o;
}

static json_t *load_json(const ld_load_fact *load)
{
    json_t *o = json_object(), *rows = json_array();
    put_text(o, "state", leakdiag_load_state_name(load->state));
    put_known(o, "users", load->users);
    put_known(o, "target_users", load->target_users);
    put_number(o, "spawn_per_s", load->spawn_per_s);
    put_known(o, "age_ms", load->age_ms);
    put_number(o, "fail_ratio", load->fail_ratio);
    for (size_t i = 0; i < load->n_rows; i++) {
        json_t *row = json_object();
        put_text(row, "method", load->rows[i].method);
        put_text(row, "name", load->rows[i].name);
        put_int(row, "requests", load->rows[i].requests);
        put_int(row, "failures", load->rows[i].failures);
        put_number(row, "rate_per_s", load->rows[i].rate_per_s);
        json_array_append_new(rows, row);
    }
    json_object_set_new(o, "rows", rows);
    put_text(o, "detail", load->detail);
    put_int(o, "http_status", load->http_status);
    return o;
}

static json_t *content_json(const ld_fact *fact)
{
    switch (fact->kind) {
    case LD_FACT_FLAG:
        return flag_json(&fact->of.flag);
    case LD_FACT_MEMORY:
        return memory_json(&fact->of.memory);
    case LD_FACT_SERIES:
        return series_json(&fact->of.series);
    case LD_FACT_LOG:
        return log_json(&fact->of.log);
    case LD_FACT_LOAD:
        return load_json(&fact->of.load);
    case LD_FACT_KINDS:
    default:
        return NULL;
    }
}

leakdiag_status ld_fact_to_json(const ld_fact *fact, json_t **ret, leakdiag_error *err)
{
    LD_JSON *o = json_object();
    put_text(o, "kind", ld_fact_kind_name(fact->kind));
    put_text(o, "source", fact->source);
    put_int(o, "t_ms", fact->time_ms);
    put_known(o, "latency_ms", fact->latency_ms);
    put_text(o, "error", fact->error);
    if (fact->error)
        put_text(o, "failed", leakdiag_status_name(fact->failed));
    if (!fact->error)
        json_object_set_new(o, ld_fact_kind_name(fact->kind), content_json(fact));
    if (!o)
        return ld_fail_nomem(err);
    *ret = ld_steal(&o);
    return LEAKDIAG_OK;
}
