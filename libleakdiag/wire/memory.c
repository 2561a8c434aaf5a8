#include "wire/memory.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "wire/object.h"

struct leakdiag_memory {
    int64_t time_ms;
    double working_set_bytes, usage_bytes, anonymous_bytes;
    int has_limit;
    double limit_bytes;
    int64_t oom_kills, started_ms, pid, process_count;
    char *kind, *cgroup, *detail;
    bool has_environment;
    char *environment[LD_PROC_ENVIRONMENT_NAMES];
};

/* false = out of memory */
static bool copy(char **ret, const char *text)
{
    *ret = ld_copy_text(text ? text : "");
    return *ret != NULL;
}

leakdiag_status ld_memory_new(const ld_memory_fields *fields, leakdiag_memory **ret,
                              leakdiag_error *err)
{
    LD_CLEANUP(ld_memory_freep) leakdiag_memory *memory = ld_alloc_zero(sizeof *memory);
    if (!memory)
        return ld_fail_nomem(err);
    memory->time_ms = fields->time_ms;
    memory->working_set_bytes = fields->working_set_bytes;
    memory->usage_bytes = fields->usage_bytes;
    memory->anonymous_bytes = fields->anonymous_bytes;
    memory->has_limit = fields->has_limit;
    memory->limit_bytes = fields->has_limit == 1 ? fields->limit_bytes : NAN;
    memory->oom_kills = fields->oom_kills;
    memory->started_ms = fields->started_ms;
    memory->pid = fields->pid;
    memory->process_count = fields->process_count;
    memory->has_environment = fields->has_environment;
    if (!copy(&memory->kind, fields->kind) || !copy(&memory->cgroup, fields->cgroup) ||
        !copy(&memory->detail, fields->detail))
        return ld_fail_nomem(err);
    for (size_t i = 0; i < LD_PROC_ENVIRONMENT_NAMES; i++)
        if (fields->environment[i] && !copy(&memory->environment[i], fields->environment[i]))
            return ld_fail_nomem(err);
    *ret = ld_steal(&memory);
    return LEAKDIAG_OK;
}

void leakdiag_memory_free(leakdiag_memory *memory)
{
    if (!memory)
        return;
    ld_release(memory->kind);
    ld_release(memory->cgroup);
    ld_release(memory->detail);
    for (size_t i = 0; i < LD_PROC_ENVIRONMENT_NAMES; i++)
        ld_release(memory->environment[i]);
    ld_release(memory);
}

int64_t leakdiag_memory_time_ms(const leakdiag_memory *memory)
{
    return memory->time_ms;
}

double leakdiag_memory_working_set_bytes(const leakdiag_memory *memory)
{
    return memory->working_set_bytes;
}

double leakdiag_memory_usage_bytes(const leakdiag_memory *memory)
{
    return memory->usage_bytes;
}

double leakdiag_memory_anonymous_bytes(const leakdiag_memory *memory)
{
    return memory->anonymous_bytes;
}

int leakdiag_memory_has_limit(const leakdiag_memory *memory)
{
    return memory->has_limit;
}

double leakdiag_memory_limit_bytes(const leakdiag_memory *memory)
{
    return memory->limit_bytes;
}

int64_t leakdiag_memory_oom_kills(const leakdiag_memory *memory)
{
    return memory->oom_kills;
}

int64_t leakdiag_memory_started_ms(const leakdiag_memory *memory)
{
    return memory->started_ms;
}

int64_t leakdiag_memory_pid(const leakdiag_memory *memory)
{
    return memory->pid;
}

int64_t leakdiag_memory_process_count(const leakdiag_memory *memory)
{
    return memory->process_count;
}

const char *leakdiag_memory_kind(const leakdiag_memory *memory)
{
    return memory->kind;
}

const char *leakdiag_memory_cgroup(const leakdiag_memory *memory)
{
    return memory->cgroup;
}

const char *leakdiag_memory_detail(const leakdiag_memory *memory)
{
    return memory->detail;
}

const char *leakdiag_memory_environment(const leakdiag_memory *memory, const char *name)
{
    for (size_t i = 0; i < LD_PROC_ENVIRONMENT_NAMES; i++)
        if (name && strcmp(name, ld_proc_environment_names[i]) == 0)
            return memory->environment[i];
    return NULL;
}

int leakdiag_memory_has_environment(const leakdiag_memory *memory)
{
    return memory->has_environment ? 1 : 0;
}

static json_t *environment_json(const leakdiag_memory *memory)
{
    if (!memory->has_environment)
        return json_null();
    json_t *json = json_object();
    bool made = json != NULL;
    for (size_t i = 0; i < LD_PROC_ENVIRONMENT_NAMES; i++)
        if (memory->environment[i])
            made &= ld_object_set(json, ld_proc_environment_names[i],
                                  ld_json_text(memory->environment[i]));
    if (made)
        return json;
    json_decref(json);
    return NULL;
}

leakdiag_status leakdiag_memory_to_json(const leakdiag_memory *memory, char **ret,
                                        leakdiag_error *err)
{
    LD_JSON *json = json_object();
    json_t *has_limit = memory->has_limit < 0 ? json_null() : json_boolean(memory->has_limit);
    bool made = ld_object_set(json, "has_limit", has_limit);
    made &= ld_object_set(json, "schema", ld_json_text("leakdiag.memory/1"));
    made &= ld_object_set(json, "time_ms", json_integer(memory->time_ms));
    made &= ld_object_set(json, "working_set_bytes", ld_json_number(memory->working_set_bytes));
    made &= ld_object_set(json, "usage_bytes", ld_json_number(memory->usage_bytes));
    made &= ld_object_set(json, "anonymous_bytes", ld_json_number(memory->anonymous_bytes));
    made &= ld_object_set(json, "limit_bytes", ld_json_number(memory->limit_bytes));
    made &= ld_object_set(json, "oom_kills", ld_object_known(memory->oom_kills, 0));
    made &= ld_object_set(json, "started_ms", ld_object_known(memory->started_ms, 1));
    made &= ld_object_set(json, "pid", ld_object_known(memory->pid, 1));
    made &= ld_object_set(json, "process_count", ld_object_known(memory->process_count, 0));
    made &= ld_object_set(json, "kind", ld_json_text(memory->kind));
    made &= ld_object_set(json, "cgroup", ld_json_text(memory->cgroup));
    made &= ld_object_set(json, "detail", ld_json_text(memory->detail));
    made &= ld_object_set(json, "environment", environment_json(memory));
    if (!made)
        return ld_fail_nomem(err);
    return ld_json_dump(json, ret, err);
}
