/* A fact from JSON: everything is checked, since a capture may come from anybody. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/number.h"
#include "base/text.h"
#include "observation/observation.h"

#define MANY 100000 /* rows, patterns, lines of one fact */

/* Reading a fact: first error wins, everything after it is skipped. */
typedef struct reader {
    leakdiag_status status;
    leakdiag_error *err;
} reader;

static void refuse(reader *r, const char *key, const char *want)
{
    if (!r->status)
        r->status = ld_fail(r->err, LEAKDIAG_E_INVALID, "\"%s\" should be %s", key, want);
}

static void read_text(reader *r, const json_t *o, const char *key, char **ret)
{
    const json_t *member = json_object_get(o, key);
    if (r->status || !member || json_is_null(member))
        return;
    if (!json_is_string(member)) {
        refuse(r, key, "a text");
        return;
    }
    r->status = ld_fact_text(json_string_value(member), json_string_length(member),
                             LD_FACT_LINE_BYTES, ret, r->err);
}

static void read_number(reader *r, const json_t *o, const char *key, double *ret)
{
    const json_t *member = json_object_get(o, key);
    if (r->status || !member || json_is_null(member))
        return;
    if (!json_is_number(member))
        refuse(r, key, "a number");
    else
        *ret = json_number_value(member);
}

/* Whole numbers; times and counts never need more than 2^53. */
static void read_int(reader *r, const json_t *o, const char *key, int64_t *ret)
{
    const json_t *member = json_object_get(o, key);
    int64_t value;
    if (r->status || !member || json_is_null(member))
        return;
    if (!ld_json_get_int(o, key, &value) || value > LD_WHOLE_MAX || value < -LD_WHOLE_MAX)
        refuse(r, key, "a whole number below 2^53");
    else
        *ret = value;
}

static void read_count(reader *r, const json_t *o, const char *key, int64_t *ret)
{
    int64_t value = *ret;
    read_int(r, o, key, &value);
    if (!r->status && value < 0 && value != *ret)
        refuse(r, key, "not negative");
    if (!r->status && value > LD_FACT_COUNT_MAX)
        refuse(r, key, "a count of at most 2^40");
    if (!r->status)
        *ret = value;
}

static void read_bool(reader *r, const json_t *o, const char *key, bool *ret)
{
    const json_t *member = json_object_get(o, key);
    if (r->status || !member)
        return;
    if (!json_is_boolean(member))
        refuse(r, key, "true or false");
    else
        *ret = json_is_true(member);
}

/* A required word out of a closed set; its index goes to *ret. */
static void read_word(reader *r, const json_t *o, const char *key, const char *(*name)(int), int n,
                      int *ret)
{
    const char *word;
    if (r->status)
        return;
    if (!ld_json_get_text(o, key, &word)) {
        refuse(r, key, "a word");
        return;
    }
    for (int i = 0; i < n; i++)
        if (strcmp(name(i), word) == 0) {
            *ret = i;
            return;
        }
    r->status =
        ld_fail(r->err, LEAKDIAG_E_INVALID, "\"%s\" has the unknown word \"%.60s\"", key, word);
}

/* The list under key, or NULL; *ret_n elements of item_bytes are allocated zeroed. */
static const json_t *read_list(reader *r, const json_t *o, const char *key, size_t item_bytes,
                               void **ret, size_t *ret_n)
{
    const json_t *list = json_object_get(o, key);
    if (r->status || !list)
        return NULL;
    if (!json_is_array(list) || json_array_size(list) > MANY) {
        refuse(r, key, "a list of reasonable length");
        return NULL;
    }
    *ret = ld_alloc_array(json_array_size(list) + 1, item_bytes);
    if (!*ret) {
        r->status = ld_fail_nomem(r->err);
        return NULL;
    }
    *ret_n = json_array_size(list);
    return list;
}

static const char *flag_state(int i)
{
    return leakdiag_flag_state_name((leakdiag_flag_state)i);
}

static const char *flag_type(int i)
{
    return leakdiag_flag_type_name((leakdiag_flag_type)i);
}

static const char *load_state(int i)
{
    return leakdiag_load_state_name((leakdiag_load_state)i);
}

static void read_flag(reader *r, const json_t *o, ld_flag_fact *flag)
{
    int state = 0, type = 0;
    read_word(r, o, "state", flag_state, LEAKDIAG_FLAG_UNREACHABLE + 1, &state);
    read_word(r, o, "type", flag_type, LEAKDIAG_FLAG_TYPE_OBJECT + 1, &type);
    flag->state = (leakdiag_flag_state)state;
    flag->type = (leakdiag_flag_type)type;
    read_text(r, o, "key", &flag->key);
    read_text(r, o, "value", &flag->value_json);
    read_number(r, o, "number", &flag->number);
    read_text(r, o, "variant", &flag->variant);
    read_text(r, o, "reason", &flag->reason);
    read_text(r, o, "error_code", &flag->error_code);
    read_text(r, o, "detail", &flag->detail);
    read_text(r, o, "method", &flag->method);
    read_count(r, o, "http_status", &flag->http_status);
    read_bool(r, o, "has_targeting", &flag->has_targeting);
    read_int(r, o, "changed_ms", &flag->changed_ms);
}

static void read_env(reader *r, const json_t *o, ld_memory_fact *memory)
{
    json_t *env = json_object_get(o, "env");
    if (r->status || !env)
        return;
    if (!json_is_object(env) || json_object_size(env) > 100) {
        refuse(r, "env", "an object of names and texts");
        return;
    }
    memory->has_env = true;
    memory->env = ld_alloc_array(json_object_size(env) + 1, sizeof *memory->env);
    if (!memory->env) {
        r->status = ld_fail_nomem(r->err);
        return;
    }
    const char *name;
    json_t *value;
    json_object_foreach(env, name, value)
    {
        ld_env *entry = &memory->env[memory->n_env++];
        entry->name = ld_copy_text(name);
        if (!entry->name)
            r->status = ld_fail_nomem(r->err);
        read_text(r, env, name, &entry->value);
        if (!r->status && !entry->value)
            refuse(r, name, "a text");
        if (r->status)
            return;
    }
}

static void read_limit(reader *r, const json_t *o, int *has_limit, double *bytes)
{
    const json_t *limit = json_object_get(o, "limit_bytes");
    read_number(r, o, "limit_bytes", bytes);
    *has_limit = !limit ? -1 : json_is_null(limit) ? 0 : 1;
    if (!r->status && *has_limit == 1 && !(*bytes > 0 && *bytes <= LD_FACT_BYTES_MAX))
        refuse(r, "limit_bytes", "positive and at most 2^63, or null");
}

static void read_pod(reader *r, const json_t *o, ld_memory_fact *memory)
{
    ld_pod_fact *pod = &memory->pod;
    if (r->status || !o)
        return;
    if (!json_is_object(o)) {
        refuse(r, "pod", "an object");
        return;
    }
    memory->has_pod = true;
    read_text(r, o, "name", &pod->name);
    if (!r->status && !pod->name)
        refuse(r, "name of a pod", "a text");
    read_text(r, o, "uid", &pod->uid);
    read_text(r, o, "container", &pod->container);
    read_text(r, o, "phase", &pod->phase);
    read_text(r, o, "reason", &pod->reason);
    read_bool(r, o, "is_ready", &pod->is_ready);
    read_bool(r, o, "is_terminating", &pod->is_terminating);
    read_bool(r, o, "is_between_looks", &pod->is_between_looks);
    read_count(r, o, "restarts", &pod->restarts);
    read_text(r, o, "end_reason", &pod->end_reason);
    read_int(r, o, "end_code", &pod->end_code);
    read_int(r, o, "end_started_ms", &pod->end_started_ms);
    read_int(r, o, "ended_ms", &pod->ended_ms);
    read_text(r, o, "limit", &pod->limit_text);
    read_text(r, o, "no_events", &pod->no_events);
}

static void read_workload(reader *r, const json_t *o, ld_workload_fact *workload)
{
    read_text(r, o, "object", &workload->object);
    read_text(r, o, "selector", &workload->selector);
    read_text(r, o, "version", &workload->version);
    read_text(r, o, "profile", &workload->profile);
    read_count(r, o, "replicas", &workload->replicas);
    read_count(r, o, "updated", &workload->updated);
    read_count(r, o, "ready", &workload->ready);
    read_count(r, o, "available", &workload->available);
    read_count(r, o, "total", &workload->total);
    read_bool(r, o, "is_observed", &workload->is_observed);
    read_bool(r, o, "is_paused", &workload->is_paused);
    read_bool(r, o, "is_stuck", &workload->is_stuck);
    read_text(r, o, "reason", &workload->reason);
    read_limit(r, o, &workload->has_limit, &workload->limit_bytes);
    read_text(r, o, "limit", &workload->limit_text);
    read_int(r, o, "changed_ms", &workload->changed_ms);
    read_int(r, o, "started_ms", &workload->started_ms);
    read_int(r, o, "pod_started_ms", &workload->pod_started_ms);
    read_int(r, o, "clock_skew_ms", &workload->clock_skew_ms);
}

static void read_way(reader *r, const json_t *o, ld_way *way)
{
    read_int(r, o, "port", &way->port);
    read_text(r, o, "verdict", &way->verdict);
    read_text(r, o, "policy", &way->policy);
    if (!r->status && !way->verdict)
        refuse(r, "verdict of a way", "a text");
}

static void read_service(reader *r, const json_t *o, ld_service_fact *service)
{
    void *list = NULL;
    const json_t *ways = read_list(r, o, "ways", sizeof *service->ways, &list, &service->n_ways);
    service->ways = list;
    for (size_t i = 0; ways && i < service->n_ways && !r->status; i++)
        read_way(r, json_array_get(ways, i), &service->ways[i]);
    read_text(r, o, "no_ways", &service->no_ways);
    read_text(r, o, "object", &service->object);
    read_bool(r, o, "exists", &service->exists);
    read_text(r, o, "ports", &service->ports);
    read_count(r, o, "ready", &service->ready);
    read_count(r, o, "not_ready", &service->not_ready);
    read_bool(r, o, "is_external", &service->is_external);
    read_bool(r, o, "is_proxied", &service->is_proxied);
    read_text(r, o, "detail", &service->detail);
}

static void read_memory(reader *r, const json_t *o, ld_memory_fact *memory)
{
    read_int(r, o, "sample_ms", &memory->sample_ms);
    read_number(r, o, "working_set_bytes", &memory->working_set_bytes);
    if (!r->status &&
        (memory->working_set_bytes < 0 || memory->working_set_bytes > LD_FACT_BYTES_MAX))
        refuse(r, "working_set_bytes", "a number from 0 to 2^63");
    read_count(r, o, "window_ms", &memory->window_ms);
    read_limit(r, o, &memory->has_limit, &memory->limit_bytes);
    read_count(r, o, "oom_kills", &memory->oom_kills);
    read_int(r, o, "started_ms", &memory->started_ms);
    read_count(r, o, "pid", &memory->pid);
    read_text(r, o, "kind", &memory->kind);
    read_text(r, o, "detail", &memory->detail);
    read_pod(r, json_object_get(o, "pod"), memory);
    read_env(r, o, memory);
    read_bool(r, o, "env_is_partial", &memory->env_is_partial);
}

static bool copy_points(const json_t *times, const json_t *values, int64_t *t, double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const json_t *time = json_array_get(times, i), *value = json_array_get(values, i);
        if (!json_is_integer(time) || !json_is_number(value))
            return false;
        t[i] = json_integer_value(time);
        if (t[i] > LD_WHOLE_MAX || t[i] < -LD_WHOLE_MAX)
            return false;
        v[i] = json_number_value(value);
    }
    return true;
}

static void read_series(reader *r, const json_t *o, ld_series_fact *fact)
{
    read_text(r, o, "name", &fact->name);
    read_text(r, o, "pod", &fact->pod);
    read_text(r, o, "container", &fact->container);
    read_bool(r, o, "is_live", &fact->is_live);
    read_bool(r, o, "is_of_looks", &fact->is_of_looks);
    const char *unit = ld_series_is_memory(fact) ? "values_bytes" : "values_per_min";
    const json_t *times = json_object_get(o, "times_ms");
    const json_t *values = json_object_get(o, unit);
    size_t n = json_array_size(times);
    if (r->status)
        return;
    if (!json_is_array(times) || !json_is_array(values) || json_array_size(values) != n ||
        n > LEAKDIAG_SERIES_MAX_POINTS) {
        refuse(r, "times_ms", "a list as long as its values");
        return;
    }
    LD_CLEANUP(ld_releasep) int64_t *t = ld_alloc_array(n + 1, sizeof *t);
    LD_CLEANUP(ld_releasep) double *v = ld_alloc_array(n + 1, sizeof *v);
    if (!t || !v)
        r->status = ld_fail_nomem(r->err);
    else if (!copy_points(times, values, t, v, n))
        refuse(r, "times_ms and its values", "numbers, the times whole and below 2^53");
    else
        r->status = leakdiag_series_new(t, v, n, &fact->series, r->err);
}

static void read_line(reader *r, const json_t *o, ld_line *line)
{
    if (r->status || !o)
        return;
    if (!json_is_object(o)) {
        refuse(r, "line", "an object");
        return;
    }
    read_text(r, o, "line", &line->text);
    if (!r->status && !line->text)
        refuse(r, "line", "a text");
    line->has_time = json_object_get(o, "t_ms") != NULL;
    read_int(r, o, "t_ms", &line->time_ms);
}

static void read_slices(reader *r, const json_t *o, ld_pattern_fact *pattern)
{
    const json_t *list = json_object_get(o, "slices");
    if (r->status || !list)
        return;
    pattern->has_slices = json_array_size(list) == LEAKDIAG_SCAN_SLICES;
    for (size_t i = 0; i < LEAKDIAG_SCAN_SLICES && pattern->has_slices; i++) {
        const json_t *count = json_array_get(list, i);
        pattern->has_slices = json_is_integer(count) && json_integer_value(count) >= 0 &&
                              json_integer_value(count) <= LD_FACT_COUNT_MAX;
        pattern->slices[i] = json_integer_value(count);
    }
    if (!pattern->has_slices)
        refuse(r, "slices", "twenty counts of at most 2^40");
}

static void read_pattern(reader *r, const json_t *o, ld_pattern_fact *pattern)
{
    pattern->capture = NAN;
    read_text(r, o, "name", &pattern->name);
    if (!r->status && !pattern->name)
        refuse(r, "name", "a text");
    read_count(r, o, "count", &pattern->count);
    read_count(r, o, "window_count", &pattern->window_count);
    read_slices(r, o, pattern);
    read_count(r, o, "expensive", &pattern->expensive);
    read_number(r, o, "capture", &pattern->capture);
    read_line(r, json_object_get(o, "first"), &pattern->first);
    read_line(r, json_object_get(o, "last"), &pattern->last);
}

static void read_log(reader *r, const json_t *o, ld_log_fact *log)
{
    void *list = NULL;
    read_bool(r, o, "is_first", &log->is_first);
    read_bool(r, o, "has_gap", &log->has_gap);
    read_bool(r, o, "is_gap_only", &log->is_gap_only);
    read_text(r, o, "gap_reason", &log->gap_reason);
    read_int(r, o, "gap_from_ms", &log->gap_from_ms);
    read_int(r, o, "gap_to_ms", &log->gap_to_ms);
    log->has_span = json_object_get(o, "from_ms") && json_object_get(o, "to_ms");
    read_int(r, o, "from_ms", &log->from_ms);
    read_int(r, o, "to_ms", &log->to_ms);
    read_int(r, o, "modified_ms", &log->modified_ms);
    read_count(r, o, "lines", &log->lines);
    read_count(r, o, "bytes", &log->bytes);
    read_count(r, o, "truncated", &log->truncated);

    const json_t *patterns =
        read_list(r, o, "patterns", sizeof *log->patterns, &list, &log->n_patterns);
    log->patterns = list;
    for (size_t i = 0; patterns && i < log->n_patterns && !r->status; i++)
        read_pattern(r, json_array_get(patterns, i), &log->patterns[i]);

    list = NULL;
    const json_t *recent = read_list(r, o, "recent", sizeof *log->recent, &list, &log->n_recent);
    log->recent = list;
    for (size_t i = 0; recent && i < log->n_recent && !r->status; i++)
        read_line(r, json_array_get(recent, i), &log->recent[i]);
}

static void read_row(reader *r, const json_t *o, ld_load_row *row)
{
    row->requests = row->failures = -1;
    row->rate_per_s = NAN;
    read_text(r, o, "method", &row->method);
    read_text(r, o, "name", &row->name);
    if (!r->status && !row->name)
        refuse(r, "name", "a text");
    read_count(r, o, "requests", &row->requests);
    read_count(r, o, "failures", &row->failures);
    read_number(r, o, "rate_per_s", &row->rate_per_s);
}

static void read_load(reader *r, const json_t *o, ld_load_fact *load)
{
    int state = 0;
    read_word(r, o, "state", load_state, LEAKDIAG_LOAD_UNREACHABLE + 1, &state);
    load->state = (leakdiag_load_state)state;
    read_count(r, o, "users", &load->users);
    read_count(r, o, "target_users", &load->target_users);
    read_number(r, o, "spawn_per_s", &load->spawn_per_s);
    read_count(r, o, "age_ms", &load->age_ms);
    read_number(r, o, "fail_ratio", &load->fail_ratio);
    read_text(r, o, "detail", &load->detail);
    read_count(r, o, "http_status", &load->http_status);

    void *list = NULL;
    const json_t *rows = read_list(r, o, "rows", sizeof *load->rows, &list, &load->n_rows);
    load->rows = list;
    for (size_t i = 0; rows && i < load->n_rows && !r->status; i++)
        read_row(r, json_array_get(rows, i), &load->rows[i]);
}

static void read_content(reader *r, const json_t *o, ld_fact *fact)
{
    const json_t *content = json_object_get(o, ld_fact_kind_name(fact->kind));
    if (!json_is_object(content)) {
        refuse(r, ld_fact_kind_name(fact->kind),
               "an object (there is no error that explains why "
               "it is missing)");
        return;
    }
    switch (fact->kind) {
    case LD_FACT_FLAG:
        read_flag(r, content, &fact->of.flag);
        break;
    case LD_FACT_MEMORY:
        read_memory(r, content, &fact->of.memory);
        break;
    case LD_FACT_SERIES:
        read_series(r, content, &fact->of.series);
        break;
    case LD_FACT_LOG:
        read_log(r, content, &fact->of.log);
        break;
    case LD_FACT_LOAD:
        read_load(r, content, &fact->of.load);
        break;
    case LD_FACT_WORKLOAD:
        read_workload(r, content, &fact->of.workload);
        break;
    case LD_FACT_SERVICE:
        read_service(r, content, &fact->of.service);
        break;
    case LD_FACT_KINDS:
    default:
        break;
    }
}

/* Kinds are added within a schema version, so an unknown one is a newer version's. */
static void read_kind(reader *r, const json_t *o, ld_fact_kind *ret)
{
    const char *word;
    if (!ld_json_get_text(o, "kind", &word)) {
        refuse(r, "kind", "a word");
        return;
    }
    for (int i = 0; i < LD_FACT_KINDS; i++)
        if (strcmp(ld_fact_kind_name((ld_fact_kind)i), word) == 0) {
            *ret = (ld_fact_kind)i;
            return;
        }
    r->status = ld_fail(r->err, LEAKDIAG_E_UNSUPPORTED,
                        "\"kind\" is \"%.60s\", which only a newer version may know", word);
}

/* Statuses are 0, -1, -2, …: their words are found by counting up. */
static const char *status_name(int i)
{
    return leakdiag_status_name(-i);
}

leakdiag_status ld_fact_from_json(const json_t *json, ld_fact **ret, leakdiag_error *err)
{
    reader r = {.err = err};
    ld_fact_kind kind = LD_FACT_FLAG;
    int failed = 0;
    const char *source = "";
    if (!json_is_object(json))
        return ld_fail(err, LEAKDIAG_E_INVALID, "should be an object");
    read_kind(&r, json, &kind);
    if (!r.status && !ld_json_get_text(json, "source", &source))
        refuse(&r, "source", "a text");
    if (r.status)
        return r.status;

    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = NULL;
    leakdiag_status status = ld_fact_new(kind, source, 0, &fact, err);
    if (status)
        return status;
    if (!json_is_integer(json_object_get(json, "t_ms")))
        refuse(&r, "t_ms", "a whole number");
    read_int(&r, json, "t_ms", &fact->time_ms);
    read_count(&r, json, "latency_ms", &fact->latency_ms);
    read_text(&r, json, "subject", &fact->subject);
    read_text(&r, json, "error", &fact->error);
    if (fact->error)
        read_word(&r, json, "failed", status_name, -LEAKDIAG_E_CALLBACK + 1, &failed);
    fact->failed = (leakdiag_status)-failed;
    if (!r.status && !fact->error)
        read_content(&r, json, fact);
    if (r.status)
        return r.status;
    *ret = ld_steal(&fact);
    return LEAKDIAG_OK;
}
