/* The getters and the JSON of pods. */
#include <math.h>

#include "base/alloc.h"
#include "base/json.h"
#include "sources/pods.h"
#include "wire/object.h"

static void row_done(ld_pods_row *row)
{
    char *const texts[] = {row->ns,        row->pod,        row->uid,
                           row->container, row->node,       row->phase,
                           row->reason,    row->limit_text, row->soft_limit_text,
                           row->no_sample, row->end_reason, row->waiting_reason};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ld_release(texts[i]);
}

void leakdiag_pods_free(leakdiag_pods *pods)
{
    if (!pods)
        return;
    for (size_t i = 0; i < pods->n; i++)
        row_done(&pods->rows[i]);
    ld_release(pods->rows);
    ld_release(pods->ns);
    ld_release(pods->selector);
    ld_release(pods->rollout);
    ld_release(pods->detail);
    ld_release(pods);
}

size_t leakdiag_pods_len(const leakdiag_pods *pods)
{
    return pods->n;
}

int64_t leakdiag_pods_time_ms(const leakdiag_pods *pods)
{
    return pods->time_ms;
}

int64_t leakdiag_pods_skew_ms(const leakdiag_pods *pods)
{
    return pods->skew_ms;
}

const char *leakdiag_pods_namespace_name(const leakdiag_pods *pods)
{
    return pods->ns;
}

const char *leakdiag_pods_selector(const leakdiag_pods *pods)
{
    return pods->selector;
}

const char *leakdiag_pods_rollout(const leakdiag_pods *pods)
{
    return pods->rollout;
}

int64_t leakdiag_pods_replicas(const leakdiag_pods *pods)
{
    return pods->replicas;
}

const char *leakdiag_pods_detail(const leakdiag_pods *pods)
{
    return pods->detail;
}

static int64_t age_ms(const leakdiag_pods *pods, const ld_pods_row *row)
{
    if (!row->sample_ms)
        return -1;
    return row->sample_ms < pods->time_ms ? pods->time_ms - row->sample_ms : 0;
}

/* Beyond the end: what "not known" is for the type. */
#define GETTER(type, name, expression, beyond)                                                     \
    type leakdiag_pods_##name(const leakdiag_pods *pods, size_t i)                                 \
    {                                                                                              \
        const ld_pods_row *row = i < pods->n ? &pods->rows[i] : NULL;                              \
        return row ? (expression) : (beyond);                                                      \
    }

GETTER(const char *, pod, row->pod, NULL)
GETTER(const char *, uid, row->uid, NULL)
GETTER(const char *, container, row->container, NULL)
GETTER(double, working_set_bytes, row->working_set_bytes, NAN)
GETTER(int64_t, sample_ms, row->sample_ms, 0)
GETTER(int64_t, sample_age_ms, age_ms(pods, row), -1)
GETTER(int64_t, window_ms, row->window_ms, 0)
GETTER(const char *, no_sample, row->no_sample, NULL)
GETTER(int, has_limit, row->has_limit, -1)
GETTER(double, limit_bytes, row->limit_bytes, NAN)
GETTER(const char *, limit_text, row->limit_text, NULL)
GETTER(double, soft_limit_bytes, row->soft_limit_bytes, NAN)
GETTER(const char *, soft_limit_text, row->soft_limit_text, NULL)
GETTER(int64_t, restarts, row->restarts, -1)
GETTER(const char *, end_reason, row->end_reason, NULL)
GETTER(int64_t, end_code, row->end_code, 0)
GETTER(int64_t, ended_ms, row->ended_ms, 0)
GETTER(const char *, waiting_reason, row->waiting_reason, NULL)
GETTER(int, is_ready, row->is_ready, 0)
GETTER(int, is_terminating, row->is_terminating, 0)
GETTER(const char *, phase, row->phase, NULL)
GETTER(const char *, reason, row->reason, NULL)
GETTER(int64_t, started_ms, row->started_ms, 0)
GETTER(const char *, node, row->node, NULL)

/* --- JSON --- */

static bool set_texts(json_t *json, const ld_pods_row *row)
{
    bool made = ld_object_set(json, "namespace", ld_json_text(row->ns));
    made &= ld_object_set(json, "pod", ld_json_text(row->pod));
    made &= ld_object_set(json, "uid", ld_json_text(row->uid));
    made &= ld_object_set(json, "container", ld_json_text(row->container));
    made &= ld_object_set(json, "node", ld_json_text(row->node));
    made &= ld_object_set(json, "phase", ld_json_text(row->phase));
    made &= ld_object_set(json, "reason", ld_json_text(row->reason));
    made &= ld_object_set(json, "limit", ld_json_text(row->limit_text));
    made &= ld_object_set(json, "soft_limit", ld_json_text(row->soft_limit_text));
    made &= ld_object_set(json, "no_sample", ld_json_text(row->no_sample));
    made &= ld_object_set(json, "waiting_reason", ld_json_text(row->waiting_reason));
    return made;
}

static json_t *end_json(const ld_pods_row *row)
{
    if (!row->end_reason)
        return json_null();
    json_t *json = json_object();
    bool made = ld_object_set(json, "reason", ld_json_text(row->end_reason));
    made &= ld_object_set(json, "exit_code", json_integer(row->end_code));
    made &= ld_object_set(json, "finished_ms", ld_object_known(row->ended_ms, 1));
    if (made)
        return json;
    json_decref(json);
    return NULL;
}

static json_t *row_json(const leakdiag_pods *pods, const ld_pods_row *row)
{
    json_t *json = json_object();
    bool made = json && set_texts(json, row);
    json_t *has_limit = row->has_limit < 0 ? json_null() : json_boolean(row->has_limit);
    made &= ld_object_set(json, "has_limit", has_limit);
    made &= ld_object_set(json, "working_set_bytes", ld_json_number(row->working_set_bytes));
    made &= ld_object_set(json, "limit_bytes", ld_json_number(row->limit_bytes));
    made &= ld_object_set(json, "soft_limit_bytes", ld_json_number(row->soft_limit_bytes));
    made &= ld_object_set(json, "sample_ms", ld_object_known(row->sample_ms, 1));
    made &= ld_object_set(json, "sample_age_ms", ld_object_known(age_ms(pods, row), 0));
    made &= ld_object_set(json, "window_ms", ld_object_known(row->window_ms, 1));
    made &= ld_object_set(json, "restarts", ld_object_known(row->restarts, 0));
    made &= ld_object_set(json, "started_ms", ld_object_known(row->started_ms, 1));
    made &= ld_object_set(json, "ready", json_boolean(row->is_ready));
    made &= ld_object_set(json, "terminating", json_boolean(row->is_terminating));
    made &= ld_object_set(json, "last_end", end_json(row));
    if (made)
        return json;
    json_decref(json);
    return NULL;
}

leakdiag_status leakdiag_pods_to_json(const leakdiag_pods *pods, char **ret, leakdiag_error *err)
{
    LD_JSON *json = json_object();
    json_t *rows = json_array();
    bool made = rows != NULL;
    for (size_t i = 0; made && i < pods->n; i++)
        made = json_array_append_new(rows, row_json(pods, &pods->rows[i])) == 0;
    made &= ld_object_set(json, "containers", rows);
    made &= ld_object_set(json, "schema", ld_json_text("leakdiag.pods/1"));
    made &= ld_object_set(json, "time_ms", json_integer(pods->time_ms));
    made &= ld_object_set(json, "skew_ms", json_integer(pods->skew_ms));
    made &= ld_object_set(json, "namespace", ld_json_text(pods->ns));
    made &= ld_object_set(json, "selector", ld_json_text(pods->selector));
    made &= ld_object_set(json, "rollout", ld_json_text(pods->rollout));
    made &= ld_object_set(json, "replicas", ld_object_known(pods->replicas, 0));
    made &= ld_object_set(json, "detail", ld_json_text(pods->detail));
    return made ? ld_json_dump(json, ret, err) : ld_fail_nomem(err);
}
