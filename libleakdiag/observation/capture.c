/* A capture: an observation in a file. One fact a line, so that a diff shows what changed. */
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/number.h"
#include "base/redact.h"
#include "base/text.h"
#include "observation/observation.h"

#define SCHEMA         "leakdiag.capture/1"
#define SCHEMA_NAME    "leakdiag.capture/"
#define SET_MAX        256
#define CAPTURE_VALUES ((size_t)3 * LEAKDIAG_SERIES_MAX_POINTS) /* a recording and a long run */

/* What is read, and so what may be written. */
static const ld_json_limits limits = {
    .bytes = LEAKDIAG_CAPTURE_MAX_BYTES, .depth = 16, .values = CAPTURE_VALUES};

static leakdiag_status write_json(ld_text *out, const json_t *json, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *text = NULL;
    leakdiag_status status = ld_json_dump(json, &text, err);
    if (!status)
        ld_text_add(out, text);
    return status;
}

static leakdiag_status write_facts(ld_text *out, const leakdiag_observation *o, leakdiag_error *err)
{
    for (size_t i = 0; i < o->n_facts; i++) {
        LD_JSON *json = NULL;
        leakdiag_status status = ld_fact_to_json(o->facts[i], &json, err);
        if (status)
            return status;
        ld_text_add(out, i ? ",\n" : "\n");
        status = write_json(out, json, err);
        if (status)
            return status;
        if (out->len > LEAKDIAG_CAPTURE_MAX_BYTES) /* the rest need not be written */
            break;
    }
    return LEAKDIAG_OK;
}

/* What is plainly a secret is masked; names and numbers stay, so that it reads back as a scenario.
 */
static leakdiag_status write_masked(ld_text *out, const char *data, size_t len, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *masked = NULL;
    leakdiag_status status = ld_redact_known(data, len, &masked, err);
    if (!status)
        ld_text_add_json(out, masked, strlen(masked));
    return status;
}

static leakdiag_status write_scenario(ld_text *out, const leakdiag_observation *o,
                                      leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    if (!o->scenario)
        return LEAKDIAG_OK;
    ld_text_add(out, "\"scenario\":{\"set\":[");
    for (size_t i = 0; !status && i < o->n_set; i++) {
        ld_text_add(out, i ? "," : "");
        status = write_masked(out, o->set[i], strlen(o->set[i]), err);
    }
    ld_text_add(out, "],\"text\":");
    if (!status)
        status = write_masked(out, o->scenario, o->scenario_len, err);
    ld_text_add(out, "},\n");
    return status;
}

leakdiag_status leakdiag_observation_to_json(const leakdiag_observation *observation, char **ret,
                                             leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text out = {0};
    ld_text_add(&out, "{\"facts\":[");
    leakdiag_status status = write_facts(&out, observation, err);
    if (status)
        return status;
    ld_text_addf(&out, "\n],\n\"now_ms\":%lld,\n", (long long)observation->now_ms);
    status = write_scenario(&out, observation, err);
    if (status)
        return status;
    ld_text_add(&out, "\"schema\":\"" SCHEMA "\"}\n");
    if (out.failed)
        return ld_fail_nomem(err);
    status = ld_json_check_limits(out.data, out.len, &limits, err);
    if (status)
        return ld_error_prefix(err, status, "too large for a capture: start a new one");
    return ld_text_take(&out, ret, err);
}

static leakdiag_status check_schema(const json_t *json, leakdiag_error *err)
{
    const char *schema;
    if (!json_is_object(json) || !ld_json_get_text(json, "schema", &schema))
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "not a capture: there is no \"schema\": \"" SCHEMA "\"");
    if (strcmp(schema, SCHEMA) == 0)
        return LEAKDIAG_OK;
    if (strncmp(schema, SCHEMA_NAME, strlen(SCHEMA_NAME)) == 0)
        return ld_fail(err, LEAKDIAG_E_UNSUPPORTED,
                       "a capture of schema \"%.60s\"; this version reads " SCHEMA, schema);
    return ld_fail(err, LEAKDIAG_E_INVALID, "not a capture: its schema is \"%.60s\"", schema);
}

/* The texts of a list of strings, borrowed from the JSON. */
static leakdiag_status read_set(const json_t *list, const char **set, size_t *n,
                                leakdiag_error *err)
{
    *n = json_array_size(list);
    if (*n > SET_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "scenario.set has more than %d entries", SET_MAX);
    for (size_t i = 0; i < *n; i++) {
        set[i] = json_string_value(json_array_get(list, i));
        if (!set[i])
            return ld_fail(err, LEAKDIAG_E_INVALID, "scenario.set[%zu] should be a text", i);
    }
    return LEAKDIAG_OK;
}

static leakdiag_status read_frame(const json_t *json, leakdiag_observation **ret,
                                  leakdiag_error *err)
{
    int64_t now_ms;
    if (!ld_json_get_int(json, "now_ms", &now_ms) || now_ms > LD_WHOLE_MAX ||
        now_ms < -LD_WHOLE_MAX)
        return ld_fail(err, LEAKDIAG_E_INVALID, "\"now_ms\" should be a whole number below 2^53");
    const json_t *scenario = json_object_get(json, "scenario");
    const json_t *text = json_object_get(scenario, "text");
    if (scenario && !json_is_string(text))
        return ld_fail(err, LEAKDIAG_E_INVALID, "\"scenario\" should have a \"text\"");

    const char *set[SET_MAX];
    size_t n = 0;
    leakdiag_status status = read_set(json_object_get(scenario, "set"), set, &n, err);
    if (status)
        return status;
    char *copies[SET_MAX]; /* the constness of the borrowed texts is kept by the copy */
    memcpy(copies, set, n * sizeof *copies);
    return ld_observation_new(now_ms, json_string_value(text), json_string_length(text), copies, n,
                              ret, err);
}

/* Times may not go back: an observation is in the order of its times. */
static leakdiag_status read_facts(const json_t *list, leakdiag_observation *o, leakdiag_error *err)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list))
        return ld_fail(err, LEAKDIAG_E_INVALID, "\"facts\" should be a list");
    if (n > LEAKDIAG_FACTS_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "more than %d facts", LEAKDIAG_FACTS_MAX);
    o->facts = ld_alloc_array(n + 1, sizeof(ld_fact *));
    if (!o->facts)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        leakdiag_status status = ld_fact_from_json(json_array_get(list, i), &o->facts[i], err);
        if (status)
            return ld_error_prefix(err, status, "facts[%zu]", i);
        o->n_facts++;
        if (i && o->facts[i]->time_ms < o->facts[i - 1]->time_ms)
            return ld_fail(err, LEAKDIAG_E_INVALID, "facts[%zu] is older than the one before it",
                           i);
    }
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_observation_from_json(const char *data, size_t len,
                                               leakdiag_observation **ret, leakdiag_error *err)
{
    LD_JSON *json = NULL;
    leakdiag_status status = ld_json_parse(data, len, &limits, &json, err);
    if (!status)
        status = check_schema(json, err);
    if (status)
        return status;

    LD_CLEANUP(ld_observation_unrefp) leakdiag_observation *o = NULL;
    status = read_frame(json, &o, err);
    if (!status)
        status = read_facts(json_object_get(json, "facts"), o, err);
    if (status)
        return status;
    *ret = ld_steal(&o);
    return LEAKDIAG_OK;
}
