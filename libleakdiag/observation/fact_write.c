/* A fact as JSON. What is not known is left out: a missing key reads back as unknown. */
#include <math.h>

#include "base/json.h"
#include "observation/observation.h"

/* Remembers that something could not be put: half a fact must never be written as a whole one. */
typedef struct writer {
    bool failed;
} writer;

static void put(writer *w, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value))
        w->failed = true;
}

static void append(writer *w, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value))
        w->failed = true;
}

static void put_text(writer *w, json_t *object, const char *key, const char *text)
{
    if (text)
        put(w, object, key, ld_json_text(text));
}

static void put_number(writer *w, json_t *object, const char *key, double value)
{
    if (isfinite(value))
        put(w, object, key, ld_json_number(value));
}

static void put_int(writer *w, json_t *object, const char *key, int64_t value)
{
    put(w, object, key, json_integer(value));
}

/* A count that is always known. */
static void put_count(writer *w, json_t *object, const char *key, int64_t value)
{
    put_int(w, object, key, value < LD_FACT_COUNT_MAX ? value : LD_FACT_COUNT_MAX);
}

/* -1 stands for not known in all other counts of a fact; so does a count beyond reason. */
static void put_known(writer *w, json_t *object, const char *key, int64_t value)
{
    if (value >= 0 && value <= LD_FACT_COUNT_MAX)
        put_int(w, object, key, value);
}

static void put_true(writer *w, json_t *object, const char *key, bool value)
{
    if (value)
        put(w, object, key, json_true());
}

/* 0 stands for not known in all times of a fact but its own. */
static void put_time(writer *w, json_t *object, const char *key, int64_t value)
{
    if (value)
        put_int(w, object, key, value);
}

/* null: known to have none. */
static void put_limit(writer *w, json_t *object, const char *key, int has_limit, double bytes)
{
    if (has_limit == 0)
        put(w, object, key, json_null());
    else if (bytes > 0 && bytes <= LD_FACT_BYTES_MAX) /* 0: not known */
        put_number(w, object, key, bytes);
}

static json_t *flag_json(writer *w, const ld_flag_fact *flag)
{
    json_t *o = json_object();
    put_text(w, o, "key", flag->key);
    put_text(w, o, "state", leakdiag_flag_state_name(flag->state));
    put_text(w, o, "type", leakdiag_flag_type_name(flag->type));
    put_text(w, o, "value", flag->value_json);
    put_number(w, o, "number", flag->number);
    put_text(w, o, "variant", flag->variant);
    put_text(w, o, "reason", flag->reason);
    put_text(w, o, "error_code", flag->error_code);
    put_text(w, o, "detail", flag->detail);
    put_text(w, o, "method", flag->method);
    put_int(w, o, "http_status", flag->http_status);
    put_true(w, o, "has_targeting", flag->has_targeting);
    put_time(w, o, "changed_ms", flag->changed_ms);
    return o;
}

static json_t *pod_json(writer *w, const ld_pod_fact *pod)
{
    json_t *o = json_object();
    put_text(w, o, "name", pod->name);
    put_text(w, o, "uid", pod->uid);
    put_text(w, o, "container", pod->container);
    put_text(w, o, "phase", pod->phase);
    put_text(w, o, "reason", pod->reason);
    put_true(w, o, "is_ready", pod->is_ready);
    put_true(w, o, "is_terminating", pod->is_terminating);
    put_true(w, o, "is_between_looks", pod->is_between_looks);
    put_known(w, o, "restarts", pod->restarts);
    put_text(w, o, "end_reason", pod->end_reason);
    if (pod->end_reason)
        put_int(w, o, "end_code", pod->end_code);
    put_time(w, o, "end_started_ms", pod->end_started_ms);
    put_time(w, o, "ended_ms", pod->ended_ms);
    put_text(w, o, "limit", pod->limit_text);
    put_text(w, o, "no_events", pod->no_events);
    return o;
}

static json_t *workload_json(writer *w, const ld_workload_fact *workload)
{
    json_t *o = json_object();
    put_text(w, o, "object", workload->object);
    put_text(w, o, "selector", workload->selector);
    put_text(w, o, "version", workload->version);
    put_text(w, o, "profile", workload->profile);
    put_known(w, o, "replicas", workload->replicas);
    put_known(w, o, "updated", workload->updated);
    put_known(w, o, "ready", workload->ready);
    put_known(w, o, "available", workload->available);
    put_known(w, o, "total", workload->total);
    put_true(w, o, "is_observed", workload->is_observed);
    put_true(w, o, "is_paused", workload->is_paused);
    put_true(w, o, "is_stuck", workload->is_stuck);
    put_text(w, o, "reason", workload->reason);
    put_limit(w, o, "limit_bytes", workload->has_limit, workload->limit_bytes);
    put_text(w, o, "limit", workload->limit_text);
    put_time(w, o, "changed_ms", workload->changed_ms);
    put_time(w, o, "started_ms", workload->started_ms);
    put_time(w, o, "pod_started_ms", workload->pod_started_ms);
    put_time(w, o, "clock_skew_ms", workload->clock_skew_ms);
    return o;
}

static json_t *ways_json(writer *w, const ld_service_fact *service)
{
    json_t *list = json_array();
    for (size_t i = 0; i < service->n_ways; i++) {
        json_t *way = json_object();
        put_int(w, way, "port", service->ways[i].port);
        put_text(w, way, "verdict", service->ways[i].verdict);
        put_text(w, way, "policy", service->ways[i].policy);
        append(w, list, way);
    }
    return list;
}

static json_t *service_json(writer *w, const ld_service_fact *service)
{
    json_t *o = json_object();
    put_text(w, o, "object", service->object);
    put(w, o, "exists", json_boolean(service->exists));
    put_text(w, o, "ports", service->ports);
    put_known(w, o, "ready", service->ready);
    put_known(w, o, "not_ready", service->not_ready);
    put_true(w, o, "is_external", service->is_external);
    put_true(w, o, "is_proxied", service->is_proxied);
    put_text(w, o, "detail", service->detail);
    if (service->n_ways)
        put(w, o, "ways", ways_json(w, service));
    put_text(w, o, "no_ways", service->no_ways);
    return o;
}

static json_t *memory_json(writer *w, const ld_memory_fact *memory)
{
    json_t *o = json_object();
    put_int(w, o, "sample_ms", memory->sample_ms);
    if (memory->working_set_bytes <= LD_FACT_BYTES_MAX)
        put_number(w, o, "working_set_bytes", memory->working_set_bytes);
    put_time(w, o, "window_ms", memory->window_ms);
    put_limit(w, o, "limit_bytes", memory->has_limit, memory->limit_bytes);
    put_known(w, o, "oom_kills", memory->oom_kills);
    put_time(w, o, "started_ms", memory->started_ms);
    if (memory->pid)
        put_int(w, o, "pid", memory->pid);
    put_text(w, o, "kind", memory->kind);
    put_text(w, o, "detail", memory->detail);
    if (memory->has_pod)
        put(w, o, "pod", pod_json(w, &memory->pod));
    if (memory->has_env) {
        json_t *env = json_object();
        for (size_t i = 0; i < memory->n_env; i++)
            put_text(w, env, memory->env[i].name, memory->env[i].value);
        put(w, o, "env", env);
        put_true(w, o, "env_is_partial", memory->env_is_partial);
    }
    return o;
}

static json_t *series_json(writer *w, const ld_series_fact *fact)
{
    json_t *o = json_object(), *times = json_array(), *values = json_array();
    for (size_t i = 0; i < leakdiag_series_len(fact->series); i++) {
        append(w, times, json_integer(leakdiag_series_times_ms(fact->series)[i]));
        append(w, values, ld_json_number(leakdiag_series_values(fact->series)[i]));
    }
    put(w, o, "times_ms", times);
    put(w, o, ld_series_is_memory(fact) ? "values_bytes" : "values_per_min", values);
    put_text(w, o, "name", fact->name);
    put_text(w, o, "pod", fact->pod);
    put_text(w, o, "container", fact->container);
    put_true(w, o, "is_live", fact->is_live);
    put_true(w, o, "is_of_looks", fact->is_of_looks);
    return o;
}

static json_t *line_json(writer *w, const ld_line *line)
{
    json_t *o = json_object();
    put_text(w, o, "line", line->text);
    if (line->has_time)
        put_int(w, o, "t_ms", line->time_ms);
    return o;
}

static json_t *slices_json(writer *w, const ld_pattern_fact *pattern)
{
    json_t *list = json_array();
    for (size_t i = 0; i < LEAKDIAG_SCAN_SLICES; i++)
        append(w, list,
               json_integer(pattern->slices[i] < LD_FACT_COUNT_MAX ? pattern->slices[i]
                                                                   : LD_FACT_COUNT_MAX));
    return list;
}

static json_t *pattern_json(writer *w, const ld_pattern_fact *pattern)
{
    json_t *o = json_object();
    put_text(w, o, "name", pattern->name);
    put_count(w, o, "count", pattern->count);
    put_count(w, o, "window_count", pattern->window_count);
    if (pattern->expensive)
        put_count(w, o, "expensive", pattern->expensive);
    if (pattern->has_slices)
        put(w, o, "slices", slices_json(w, pattern));
    put_number(w, o, "capture", pattern->capture);
    if (pattern->first.text)
        put(w, o, "first", line_json(w, &pattern->first));
    if (pattern->last.text)
        put(w, o, "last", line_json(w, &pattern->last));
    return o;
}

static json_t *log_json(writer *w, const ld_log_fact *log)
{
    json_t *o = json_object(), *patterns = json_array(), *recent = json_array();
    put_true(w, o, "is_first", log->is_first);
    put_true(w, o, "has_gap", log->has_gap);
    put_true(w, o, "is_gap_only", log->is_gap_only);
    put_text(w, o, "gap_reason", log->gap_reason);
    put_time(w, o, "gap_from_ms", log->gap_from_ms);
    put_time(w, o, "gap_to_ms", log->gap_to_ms);
    if (log->has_span) {
        put_int(w, o, "from_ms", log->from_ms);
        put_int(w, o, "to_ms", log->to_ms);
    }
    if (log->modified_ms)
        put_int(w, o, "modified_ms", log->modified_ms);
    put_count(w, o, "lines", log->lines);
    put_count(w, o, "bytes", log->bytes);
    put_count(w, o, "truncated", log->truncated);
    for (size_t i = 0; i < log->n_patterns; i++)
        append(w, patterns, pattern_json(w, &log->patterns[i]));
    put(w, o, "patterns", patterns);
    for (size_t i = 0; i < log->n_recent; i++)
        append(w, recent, line_json(w, &log->recent[i]));
    put(w, o, "recent", recent);
    return o;
}

static json_t *load_json(writer *w, const ld_load_fact *load)
{
    json_t *o = json_object(), *rows = json_array();
    put_text(w, o, "state", leakdiag_load_state_name(load->state));
    put_known(w, o, "users", load->users);
    put_known(w, o, "target_users", load->target_users);
    put_number(w, o, "spawn_per_s", load->spawn_per_s);
    put_known(w, o, "age_ms", load->age_ms);
    put_number(w, o, "fail_ratio", load->fail_ratio);
    for (size_t i = 0; i < load->n_rows; i++) {
        json_t *row = json_object();
        put_text(w, row, "method", load->rows[i].method);
        put_text(w, row, "name", load->rows[i].name);
        put_known(w, row, "requests", load->rows[i].requests);
        put_known(w, row, "failures", load->rows[i].failures);
        put_number(w, row, "rate_per_s", load->rows[i].rate_per_s);
        append(w, rows, row);
    }
    put(w, o, "rows", rows);
    put_text(w, o, "detail", load->detail);
    put_int(w, o, "http_status", load->http_status);
    return o;
}

static json_t *content_json(writer *w, const ld_fact *fact)
{
    switch (fact->kind) {
    case LD_FACT_FLAG:
        return flag_json(w, &fact->of.flag);
    case LD_FACT_MEMORY:
        return memory_json(w, &fact->of.memory);
    case LD_FACT_SERIES:
        return series_json(w, &fact->of.series);
    case LD_FACT_LOG:
        return log_json(w, &fact->of.log);
    case LD_FACT_LOAD:
        return load_json(w, &fact->of.load);
    case LD_FACT_WORKLOAD:
        return workload_json(w, &fact->of.workload);
    case LD_FACT_SERVICE:
        return service_json(w, &fact->of.service);
    case LD_FACT_KINDS:
    default:
        return NULL;
    }
}

leakdiag_status ld_fact_to_json(const ld_fact *fact, json_t **ret, leakdiag_error *err)
{
    writer writing = {0}, *w = &writing;
    LD_JSON *o = json_object();
    put_text(w, o, "kind", ld_fact_kind_name(fact->kind));
    put_text(w, o, "source", fact->source);
    put_text(w, o, "subject", fact->subject);
    put_int(w, o, "t_ms", fact->time_ms);
    put_known(w, o, "latency_ms", fact->latency_ms);
    put_text(w, o, "error", fact->error);
    if (fact->error)
        put_text(w, o, "failed", leakdiag_status_name(fact->failed));
    if (!fact->error)
        put(w, o, ld_fact_kind_name(fact->kind), content_json(w, fact));
    if (w->failed)
        return ld_fail_nomem(err);
    *ret = ld_steal(&o);
    return LEAKDIAG_OK;
}
