#include "observation/fact.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/redact.h"
#include "base/text.h"

static const char *const kind_names[LD_FACT_KINDS] = {"flag", "memory",   "series", "log",
                                                      "load", "workload", "service"};

const char *ld_fact_kind_name(ld_fact_kind kind)
{
    return kind_names[kind];
}

bool ld_series_is_memory(const ld_series_fact *series)
{
    return !series->name || strcmp(series->name, "memory") == 0;
}

/* Zero would be an answer; not known must not look like one. */
static void set_unknown(ld_fact *fact)
{
    switch (fact->kind) {
    case LD_FACT_FLAG:
        fact->of.flag.number = NAN;
        fact->of.flag.state = LEAKDIAG_FLAG_UNREACHABLE;
        break;
    case LD_FACT_MEMORY:
        fact->of.memory.working_set_bytes = NAN;
        fact->of.memory.limit_bytes = NAN;
        fact->of.memory.has_limit = -1;
        fact->of.memory.oom_kills = -1;
        fact->of.memory.pod.restarts = -1;
        break;
    case LD_FACT_WORKLOAD:
        fact->of.workload.replicas = fact->of.workload.updated = fact->of.workload.ready = -1;
        fact->of.workload.available = fact->of.workload.total = -1;
        fact->of.workload.has_limit = -1;
        fact->of.workload.limit_bytes = NAN;
        break;
    case LD_FACT_SERVICE:
        fact->of.service.ready = fact->of.service.not_ready = -1;
        break;
    case LD_FACT_LOAD:
        fact->of.load.users = fact->of.load.target_users = -1;
        fact->of.load.spawn_per_s = fact->of.load.fail_ratio = NAN;
        fact->of.load.age_ms = -1;
        break;
    case LD_FACT_SERIES:
    case LD_FACT_LOG:
    case LD_FACT_KINDS:
    default:
        break;
    }
}

leakdiag_status ld_fact_new(ld_fact_kind kind, const char *source, int64_t time_ms, ld_fact **ret,
                            leakdiag_error *err)
{
    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = ld_alloc_zero(sizeof *fact);
    if (!fact)
        return ld_fail_nomem(err);
    fact->references = 1;
    fact->kind = kind;
    fact->time_ms = time_ms;
    fact->latency_ms = -1;
    set_unknown(fact);
    leakdiag_status status =
        ld_fact_text(source, strlen(source), LD_FACT_LINE_BYTES, &fact->source, err);
    if (status)
        return status;
    *ret = ld_steal(&fact);
    return LEAKDIAG_OK;
}

leakdiag_status ld_fact_new_failed(ld_fact_kind kind, const char *source, int64_t time_ms,
                                   leakdiag_status failed, const char *why, ld_fact **ret,
                                   leakdiag_error *err)
{
    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = NULL;
    leakdiag_status status = ld_fact_new(kind, source, time_ms, &fact, err);
    if (status)
        return status;
    fact->failed = failed;
    status = ld_fact_text(why, strlen(why), LD_FACT_LINE_BYTES, &fact->error, err);
    if (status)
        return status;
    *ret = ld_steal(&fact);
    return LEAKDIAG_OK;
}

/* --- bounds --- */

static void bound_count(int64_t *count, int64_t unknown)
{
    if (*count < 0 || *count > LD_FACT_COUNT_MAX)
        *count = unknown;
}

static void bound_limit(int *has_limit, double *bytes)
{
    if (*has_limit != 1 || (*bytes > 0 && *bytes <= LD_FACT_BYTES_MAX))
        return;
    *has_limit = -1;
    *bytes = NAN;
}

static void bound_memory(ld_memory_fact *memory)
{
    if (!(memory->working_set_bytes >= 0 && memory->working_set_bytes <= LD_FACT_BYTES_MAX))
        memory->working_set_bytes = NAN;
    bound_limit(&memory->has_limit, &memory->limit_bytes);
    bound_count(&memory->window_ms, 0);
    bound_count(&memory->oom_kills, -1);
    bound_count(&memory->pid, 0);
    bound_count(&memory->pod.restarts, -1);
    int64_t *code = &memory->pod.end_code;
    *code = *code > LD_WHOLE_MAX ? LD_WHOLE_MAX : *code < -LD_WHOLE_MAX ? -LD_WHOLE_MAX : *code;
}

static void bound_workload(ld_workload_fact *workload)
{
    bound_limit(&workload->has_limit, &workload->limit_bytes);
    bound_count(&workload->replicas, -1);
    bound_count(&workload->updated, -1);
    bound_count(&workload->ready, -1);
    bound_count(&workload->available, -1);
    bound_count(&workload->total, -1);
}

static void bound_load(ld_load_fact *load)
{
    bound_count(&load->users, -1);
    bound_count(&load->target_users, -1);
    bound_count(&load->age_ms, -1);
    for (size_t i = 0; i < load->n_rows; i++) {
        bound_count(&load->rows[i].requests, -1);
        bound_count(&load->rows[i].failures, -1);
    }
}

void ld_fact_bound(ld_fact *fact)
{
    bound_count(&fact->latency_ms, -1);
    switch (fact->kind) {
    case LD_FACT_MEMORY:
        bound_memory(&fact->of.memory);
        break;
    case LD_FACT_WORKLOAD:
        bound_workload(&fact->of.workload);
        break;
    case LD_FACT_LOAD:
        bound_load(&fact->of.load);
        break;
    case LD_FACT_SERVICE:
        bound_count(&fact->of.service.ready, -1);
        bound_count(&fact->of.service.not_ready, -1);
        break;
    case LD_FACT_FLAG:
    case LD_FACT_SERIES:
    case LD_FACT_LOG:
    case LD_FACT_KINDS:
    default:
        break;
    }
}

static void flag_done(ld_flag_fact *flag)
{
    ld_release(flag->key);
    ld_release(flag->value_json);
    ld_release(flag->variant);
    ld_release(flag->reason);
    ld_release(flag->error_code);
    ld_release(flag->detail);
    ld_release(flag->method);
}

static void pod_done(ld_pod_fact *pod)
{
    ld_release(pod->name);
    ld_release(pod->uid);
    ld_release(pod->container);
    ld_release(pod->phase);
    ld_release(pod->reason);
    ld_release(pod->end_reason);
    ld_release(pod->no_events);
    ld_release(pod->limit_text);
}

static void workload_done(ld_workload_fact *workload)
{
    ld_release(workload->object);
    ld_release(workload->selector);
    ld_release(workload->version);
    ld_release(workload->profile);
    ld_release(workload->reason);
    ld_release(workload->limit_text);
}

static void service_done(ld_service_fact *service)
{
    ld_release(service->object);
    ld_release(service->ports);
    ld_release(service->detail);
    for (size_t i = 0; i < service->n_ways; i++) {
        ld_release(service->ways[i].verdict);
        ld_release(service->ways[i].policy);
    }
    ld_release(service->ways);
    ld_release(service->no_ways);
}

static void series_done(ld_series_fact *series)
{
    leakdiag_series_unref(series->series);
    ld_release(series->name);
    ld_release(series->pod);
    ld_release(series->container);
}

static void memory_done(ld_memory_fact *memory)
{
    pod_done(&memory->pod);
    ld_release(memory->kind);
    ld_release(memory->detail);
    for (size_t i = 0; i < memory->n_env; i++) {
        ld_release(memory->env[i].name);
        ld_release(memory->env[i].value);
    }
    ld_release(memory->env);
}

static void log_done(ld_log_fact *log)
{
    ld_release(log->gap_reason);
    for (size_t i = 0; i < log->n_patterns; i++) {
        ld_release(log->patterns[i].name);
        ld_release(log->patterns[i].first.text);
        ld_release(log->patterns[i].last.text);
    }
    ld_release(log->patterns);
    for (size_t i = 0; i < log->n_recent; i++)
        ld_release(log->recent[i].text);
    ld_release(log->recent);
}

static void load_done(ld_load_fact *load)
{
    for (size_t i = 0; i < load->n_rows; i++) {
        ld_release(load->rows[i].method);
        ld_release(load->rows[i].name);
    }
    ld_release(load->rows);
    ld_release(load->detail);
}

static void content_done(ld_fact *fact)
{
    switch (fact->kind) {
    case LD_FACT_FLAG:
        flag_done(&fact->of.flag);
        break;
    case LD_FACT_MEMORY:
        memory_done(&fact->of.memory);
        break;
    case LD_FACT_SERIES:
        series_done(&fact->of.series);
        break;
    case LD_FACT_WORKLOAD:
        workload_done(&fact->of.workload);
        break;
    case LD_FACT_SERVICE:
        service_done(&fact->of.service);
        break;
    case LD_FACT_LOG:
        log_done(&fact->of.log);
        break;
    case LD_FACT_LOAD:
        load_done(&fact->of.load);
        break;
    case LD_FACT_KINDS:
    default:
        break;
    }
}

ld_fact *ld_fact_ref(ld_fact *fact)
{
    __atomic_add_fetch(&fact->references, 1, __ATOMIC_RELAXED);
    return fact;
}

void ld_fact_unref(ld_fact *fact)
{
    if (!fact || __atomic_sub_fetch(&fact->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    content_done(fact);
    ld_release(fact->source);
    ld_release(fact->subject);
    ld_release(fact->error);
    ld_release(fact);
}

/* Longest prefix of at most max bytes that does not cut a UTF-8 character. */
static size_t whole_characters(const char *data, size_t len, size_t max)
{
    if (len <= max)
        return len;
    while (max > 0 && ((unsigned char)data[max] & 0xc0) == 0x80)
        max--;
    return max;
}

leakdiag_status ld_fact_text(const char *data, size_t len, size_t max, char **ret,
                             leakdiag_error *err)
{
    if (!data) {
        *ret = NULL;
        return LEAKDIAG_OK;
    }
    /* Masking comes first: a cut in the middle of a secret would leave its beginning unmasked. The
     * input is bounded before, generously, since escapes only make it longer. */
    LD_CLEANUP(ld_releasep) char *masked = NULL;
    leakdiag_status status = ld_redact(data, len < 65536 ? len : 65536, &masked, err);
    if (status)
        return status;
    LD_CLEANUP(ld_text_done) ld_text safe = {0};
    ld_text_add_safe(&safe, masked, strlen(masked));
    if (!safe.failed && safe.len > max) {
        safe.len = whole_characters(safe.data, safe.len, max);
        safe.data[safe.len] = '\0';
    }
    return ld_text_take(&safe, ret, err);
}
