/* The report for programs, schema leakdiag.diagnosis/1. */
#include "report/json.h"

#include <math.h>

#include "base/alloc.h"
#include "base/number.h"

void ld_object_set(const ld_object *object, const char *key, json_t *value)
{
    if (json_object_set_new(object->json, key, value)) /* takes NULL for either, and fails */
        *object->failed = true;
}

ld_object ld_object_in(const ld_object *parent, const char *key)
{
    ld_object child = {json_object(), parent->failed};
    json_t *json = child.json;
    ld_object_set(parent, key, json);
    if (*parent->failed)
        child.json = NULL; /* it was freed, or never was */
    return child;
}

void ld_object_text(const ld_object *object, const char *key, const char *text)
{
    ld_object_set(object, key, ld_json_text(text));
}

void ld_object_number(const ld_object *object, const char *key, double value, int decimals)
{
    ld_object_set(object, key, ld_json_number(ld_number_round(value, decimals)));
}

void ld_object_int(const ld_object *object, const char *key, int64_t value)
{
    ld_object_set(object, key, json_integer(value));
}

void ld_object_bool(const ld_object *object, const char *key, bool value)
{
    ld_object_set(object, key, json_boolean(value));
}

void ld_object_time(const ld_object *object, const char *key, int64_t time_ms)
{
    char text[LD_NUMBER_BYTES];
    ld_rfc3339_format(time_ms, text);
    ld_object_text(object, key, time_ms ? text : NULL);
}

static json_t *check_json(const leakdiag_diagnosis *d, size_t i, bool *failed)
{
    ld_object o = {json_object(), failed};
    ld_object_text(&o, "asks", leakdiag_check_asks(d, i));
    ld_object_text(&o, "blocked_by", leakdiag_check_blocked_by(d, i));
    ld_object_text(&o, "command", leakdiag_check_command(d, i));
    ld_object_bool(&o, "configured", d->answers[i].is_configured);
    ld_object_text(&o, "expected", leakdiag_check_expected(d, i));
    ld_object_text(&o, "finding", leakdiag_check_finding(d, i));
    ld_object_bool(&o, "first_broken", i == d->first_broken);
    ld_object_text(&o, "id", leakdiag_check_id(d, i));
    ld_object_text(&o, "kind", leakdiag_check_kind(d, i));
    ld_object_text(&o, "observed", leakdiag_check_observed(d, i));
    ld_object_text(&o, "outcome", leakdiag_outcome_name(leakdiag_check_outcome(d, i)));
    ld_object_text(&o, "reason", leakdiag_check_reason(d, i));
    ld_object_text(&o, "source", leakdiag_check_source(d, i));
    ld_object_time(&o, "time", leakdiag_check_time_ms(d, i));
    return o.json;
}

typedef const char *(*evidence_getter)(const leakdiag_diagnosis *, size_t, size_t);

static void set_evidence(const ld_object *o, const char *key, const leakdiag_diagnosis *d, size_t i,
                         size_t n, evidence_getter get)
{
    json_t *list = json_array();
    for (size_t k = 0; k < n; k++)
        if (json_array_append_new(list, ld_json_text(get(d, i, k))))
            *o->failed = true;
    ld_object_set(o, key, list);
}

static json_t *cause_json(const leakdiag_diagnosis *d, size_t i, bool *failed)
{
    ld_object o = {json_object(), failed};
    set_evidence(&o, "against", d, i, leakdiag_cause_contradicting_count(d, i),
                 leakdiag_cause_contradicting);
    ld_object_text(&o, "command", leakdiag_cause_command(d, i));
    ld_object_text(&o, "confidence", leakdiag_confidence_name(leakdiag_cause_confidence(d, i)));
    ld_object_text(&o, "fix", leakdiag_cause_fix(d, i));
    set_evidence(&o, "for", d, i, leakdiag_cause_supporting_count(d, i), leakdiag_cause_supporting);
    ld_object_text(&o, "id", leakdiag_cause_id(d, i));
    ld_object_text(&o, "prediction", leakdiag_cause_prediction(d, i));
    ld_object_text(&o, "refuted_by", leakdiag_cause_refuted_by(d, i));
    ld_object_text(&o, "title", leakdiag_cause_title(d, i));
    return o.json;
}

typedef json_t *(*item_maker)(const leakdiag_diagnosis *, size_t, bool *);

static void set_list(const ld_object *o, const char *key, const leakdiag_diagnosis *d, size_t n,
                     item_maker make)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(list, make(d, i, o->failed)))
            *o->failed = true;
    ld_object_set(o, key, list);
}

static void set_predictions(const leakdiag_diagnosis *d, const ld_object *root)
{
    ld_object o = ld_object_in(root, "predictions");
    ld_object_number(&o, "ttl_hi_s", leakdiag_diagnosis_ttl_hi_s(d), 3);
    ld_object_number(&o, "ttl_lo_s", leakdiag_diagnosis_ttl_lo_s(d), 3);
    ld_object_number(&o, "ttl_s", leakdiag_diagnosis_ttl_s(d), 3);
}

static void set_root(const leakdiag_diagnosis *d, const ld_object *o)
{
    leakdiag_verdict verdict = leakdiag_diagnosis_verdict(d);
    set_list(o, "causes", d, leakdiag_diagnosis_cause_count(d), cause_json);
    set_list(o, "checks", d, leakdiag_diagnosis_check_count(d), check_json);
    ld_object_bool(o, "decided", leakdiag_diagnosis_is_decided(d));
    ld_object_time(o, "decides_at", leakdiag_diagnosis_decides_at_ms(d));
    ld_object_int(o, "exit_code", leakdiag_diagnosis_exit_code(d));
    ld_object_text(o, "first_broken",
                   d->first_broken < d->n_answers ? leakdiag_check_id(d, d->first_broken) : NULL);
    ld_object_bool(o, "has_evidence", leakdiag_diagnosis_has_evidence(d));
    ld_object_text(o, "next", leakdiag_diagnosis_next(d));
    ld_object_time(o, "now", leakdiag_observation_now_ms(d->observation));
    set_predictions(d, o);
    ld_object_text(o, "scenario", leakdiag_scenario_name(d->scenario));
    ld_object_text(o, "schema", "leakdiag.diagnosis/1");
    ld_object_set(o, "sources", ld_json_sources(d));
    ld_object_text(o, "summary", leakdiag_diagnosis_summary(d));
    ld_object_text(o, "verdict", leakdiag_verdict_name(verdict));
}

leakdiag_status ld_report_json(const leakdiag_diagnosis *diagnosis, char **ret, leakdiag_error *err)
{
    ld_five five;
    ld_five_find(diagnosis, &five);
    bool failed = false;
    LD_JSON *json = json_object();
    ld_object root = {json, &failed};
    set_root(diagnosis, &root);
    ld_object memory = ld_object_in(&root, "memory");
    ld_json_memory(diagnosis, &memory);
    ld_object quick = ld_object_in(&root, "quick");
    ld_json_quick(diagnosis, &five, &quick);
    if (failed)
        return ld_fail_nomem(err);

    LD_CLEANUP(ld_text_done) ld_text out = {0};
    LD_CLEANUP(ld_releasep) char *dumped = NULL;
    leakdiag_status status = ld_json_dump(json, &dumped, err);
    if (status)
        return status;
    ld_text_add(&out, dumped);
    ld_text_add_char(&out, '\n');
    return ld_text_take(&out, ret, err);
}
