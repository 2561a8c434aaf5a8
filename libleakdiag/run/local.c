/* What is on this machine: memory, recordings, logs, flag files. */
#include <leakdiag/memory.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "net/clock.h"
#include "run/session.h"
#include "sources/facts.h"
#include "sources/file.h"

#define CSV_MAX_BYTES       ((size_t)64 << 20)
#define FLAG_FILE_MAX_BYTES ((size_t)1 << 20)

LD_DEFINE_CLEANUP(leakdiag_memory, leakdiag_memory_free, memory_freep)
LD_DEFINE_CLEANUP(leakdiag_flag, leakdiag_flag_free, flag_freep)
LD_DEFINE_CLEANUP(leakdiag_series, leakdiag_series_unref, series_unrefp)

static leakdiag_status read_memory(const ld_source_spec *spec, const char *where,
                                   leakdiag_memory **ret, leakdiag_error *err)
{
    if (strcmp(spec->type, "cgroup") == 0)
        return leakdiag_memory_of_cgroup(where, NULL, ret, err);
    double pid;
    if (!ld_number_parse(where, strlen(where), &pid) || pid < 1 || pid > 4194304 ||
        pid != (double)(int64_t)pid)
        return ld_fail(err, LEAKDIAG_E_INVALID, "\"%s\" is no process id", where);
    return leakdiag_memory_of_process((int64_t)pid, NULL, ret, err);
}

static leakdiag_status gather_memory(const ld_source_spec *spec, ld_facts *facts,
                                     leakdiag_error *err)
{
    bool is_cgroup = strcmp(spec->type, "cgroup") == 0;
    const char *where = ld_attribute_text(&spec->attributes, is_cgroup ? "path" : "pid", "");
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    LD_CLEANUP(memory_freep) leakdiag_memory *memory = NULL;
    ld_text_addf(&source, "%s %s", spec->type, where);
    if (source.failed)
        return ld_fail_nomem(err);

    leakdiag_error why = {0};
    leakdiag_status status = read_memory(spec, where, &memory, &why);
    if (status)
        return ld_facts_add_failed(facts, LD_FACT_MEMORY, source.data, NULL, ld_wall_ms(), status,
                                   why.message, err);
    ld_fact *fact = NULL;
    status = ld_fact_from_memory(memory, source.data, ld_wall_ms(), &fact, err);
    return status ? status : ld_facts_add(facts, fact, err);
}

static leakdiag_status read_csv(const char *path, leakdiag_series **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *data = NULL;
    size_t len;
    leakdiag_status status = ld_file_read_now(path, CSV_MAX_BYTES, &data, &len, err);
    if (status)
        return status;
    status = leakdiag_series_from_csv(data, len, ret, err);
    if (!status)
        return LEAKDIAG_OK;
    if (err && err->line)
        return ld_error_prefix(err, status, "%s:%u:%u", path, err->line, err->column);
    return ld_error_prefix(err, status, "%s", path);
}

static leakdiag_status gather_csv(const ld_source_spec *spec, ld_facts *facts, leakdiag_error *err)
{
    const char *path = ld_attribute_text(&spec->attributes, "path", "");
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    LD_CLEANUP(series_unrefp) leakdiag_series *series = NULL;
    ld_text_addf(&source, "csv %s", path);
    if (source.failed)
        return ld_fail_nomem(err);

    leakdiag_error why = {0};
    leakdiag_status status = read_csv(path, &series, &why);
    if (status)
        return ld_facts_add_failed(facts, LD_FACT_SERIES, source.data, NULL, ld_wall_ms(), status,
                                   why.message, err);
    ld_fact *fact = NULL;
    status = ld_fact_from_series(series, source.data, ld_wall_ms(), &fact, err);
    return status ? status : ld_facts_add(facts, fact, err);
}

static leakdiag_status gather_flag_file(const ld_source_spec *spec, ld_facts *facts,
                                        leakdiag_error *err)
{
    const char *path = ld_attribute_text(&spec->attributes, "path", "");
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    LD_CLEANUP(ld_releasep) char *data = NULL;
    LD_CLEANUP(flag_freep) leakdiag_flag *flag = NULL;
    ld_text_addf(&source, "flagd-file %s", path);
    if (source.failed)
        return ld_fail_nomem(err);

    size_t len;
    leakdiag_error why = {0};
    leakdiag_status status = ld_file_read_now(path, FLAG_FILE_MAX_BYTES, &data, &len, &why);
    if (!status)
        status = leakdiag_flag_from_file(data, len, ld_attribute_text(&spec->attributes, "key", ""),
                                         &flag, &why);
    if (status)
        return ld_facts_add_failed(facts, LD_FACT_FLAG, source.data, NULL, ld_wall_ms(), status,
                                   why.message, err);
    ld_fact *fact = NULL;
    status = ld_fact_from_flag(flag, source.data, ld_wall_ms(), &fact, err);
    return status ? status : ld_facts_add(facts, fact, err);
}

/* As its fact calls it: "process 4711". */
static leakdiag_status tell_source(leakdiag_session *session, const char *role, const char *type,
                                   const char *where, leakdiag_error *err)
{
    if (!ld_log_wants(&session->log, LEAKDIAG_LOG_LEVEL_DEBUG))
        return LEAKDIAG_OK;
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    ld_text_addf(&source, "%s %s", type, where);
    if (source.failed)
        return ld_fail_nomem(err);
    ld_log_say(&session->log, LEAKDIAG_LOG_LEVEL_DEBUG, "source", source.data, "%s: %s is read",
               role, source.data);
    return ld_log_status(&session->log, err);
}

static leakdiag_status tell_spec(leakdiag_session *session, const ld_source_spec *spec,
                                 const char *role, leakdiag_error *err)
{
    const char *name = strcmp(spec->type, "process") == 0 ? "pid" : "path";
    return tell_source(session, role, spec->type, ld_attribute_text(&spec->attributes, name, ""),
                       err);
}

static leakdiag_status gather_logs(leakdiag_session *session, ld_facts *facts, leakdiag_error *err)
{
    for (size_t i = 0; i < session->n_logs; i++) {
        ld_fact *fact = NULL;
        leakdiag_status status =
            tell_source(session, "log", "log-file", session->logs[i].path, err);
        if (!status)
            status = ld_log_file_look(&session->logs[i], session->patterns, session->scenario,
                                      ld_session_now_ms(session), &fact, err);
        if (!status)
            status = ld_facts_add(facts, fact, err);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

/* Memory comes from the first configured source: two would be two different things in one series.
 */
static leakdiag_status gather_first_memory(leakdiag_session *session, ld_facts *facts,
                                           leakdiag_error *err)
{
    const ld_source_spec *memory = ld_configured(session, "memory", 0);
    if (!memory)
        return LEAKDIAG_OK;
    leakdiag_status status = tell_spec(session, memory, "memory", err);
    if (status)
        return status;
    return strcmp(memory->type, "csv") == 0 ? gather_csv(memory, facts, err)
                                            : gather_memory(memory, facts, err);
}

static leakdiag_status gather_flag_files(leakdiag_session *session, ld_facts *facts,
                                         leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    const ld_source_spec *flag;
    for (size_t i = 0; !status && (flag = ld_configured(session, "flag", i)) != NULL; i++) {
        if (strcmp(flag->type, "flagd-file") != 0)
            continue;
        status = tell_spec(session, flag, "flag", err);
        if (!status)
            status = gather_flag_file(flag, facts, err);
    }
    return status;
}

leakdiag_status ld_gather_local(leakdiag_session *session, ld_facts *facts, leakdiag_error *err)
{
    leakdiag_status status = gather_first_memory(session, facts, err);
    if (!status)
        status = gather_logs(session, facts, err);
    return status ? status : gather_flag_files(session, facts, err);
}
