/* The scenario as JSON, schema leakdiag.scenario/1: parameters filled in, values as they were
 * written. */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "scenario/scenario.h"

LD_DEFINE_CLEANUP(leakdiag_scenario, leakdiag_scenario_unref, scenario_unrefp)

/* Out of memory sticks, so that every line below may ignore it. */
typedef struct writer {
    bool failed;
} writer;

static void put(writer *w, json_t *object, const char *key, json_t *taken)
{
    w->failed |= json_object_set_new(object, key, taken) != 0;
}

static void add(writer *w, json_t *array, json_t *taken)
{
    w->failed |= json_array_append_new(array, taken) != 0;
}

/* "https://name:password@host" says its password to nobody. */
static json_t *text_json(const char *text)
{
    if (!text || !strstr(text, "://"))
        return ld_json_text(text);
    LD_CLEANUP(ld_text_done) ld_text out = {0};
    for (const char *scheme; (scheme = strstr(text, "://")) != NULL;) {
        const char *host = scheme + 3;
        const char *at = memrchr(host, '@', strcspn(host, "/ \t\"'<>"));
        ld_text_add_bytes(&out, text, (size_t)(host - text));
        if (at)
            ld_text_add(&out, "***");
        text = at ? at : host;
    }
    ld_text_add(&out, text);
    return out.failed ? NULL : ld_json_text(out.data);
}

static json_t *attribute_json(writer *w, const ld_attribute *attribute)
{
    if (!attribute->items)
        return text_json(attribute->text);
    json_t *list = json_array();
    for (size_t i = 0; i < attribute->n_items; i++)
        add(w, list, text_json(attribute->items[i]));
    return list;
}

static json_t *attributes_json(writer *w, const ld_attributes *attributes)
{
    json_t *object = json_object();
    for (size_t i = 0; i < attributes->n; i++)
        put(w, object, attributes->list[i].key, attribute_json(w, &attributes->list[i]));
    return object;
}

static json_t *params_json(writer *w, const leakdiag_scenario *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->params.n; i++) {
        json_t *param = json_object();
        put(w, param, "name", text_json(s->params.list[i].key));
        put(w, param, "value", text_json(s->params.list[i].text));
        put(w, param, "default", text_json(s->param_info[i].fallback));
        put(w, param, "type", text_json(leakdiag_scenario_param_type(s, i)));
        put(w, param, "about", text_json(s->param_info[i].about));
        add(w, list, param);
    }
    return list;
}

static json_t *pace_json(writer *w, const leakdiag_scenario *s)
{
    json_t *pace = json_object();
    put(w, pace, "every_ms", json_integer(s->every_ms));
    put(w, pace, "window_ms", json_integer(s->window_ms));
    put(w, pace, "settle_ms", json_integer(s->settle_ms));
    put(w, pace, "stale_ms", json_integer(s->stale_ms));
    put(w, pace, "time_scale", ld_json_number(s->time_scale));
    return pace;
}

static json_t *sources_json(writer *w, const leakdiag_scenario *s)
{
    json_t *roles = json_object();
    for (size_t i = 0; i < s->n_roles; i++) {
        json_t *list = json_array();
        for (size_t k = 0; k < s->roles[i].n; k++) {
            json_t *source = attributes_json(w, &s->roles[i].sources[k].attributes);
            put(w, source, "type", text_json(s->roles[i].sources[k].type));
            add(w, list, source);
        }
        put(w, roles, s->roles[i].name, list);
    }
    return roles;
}

static json_t *profiles_json(writer *w, const leakdiag_scenario *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_profiles; i++) {
        const ld_profile *p = &s->profiles[i];
        json_t *profile = json_object(), *set = json_array();
        for (size_t k = 0; k < p->n_set; k++)
            add(w, set, text_json(p->set[k]));
        put(w, profile, "id", text_json(p->id));
        put(w, profile, "about", text_json(p->about));
        put(w, profile, "from", text_json(p->from));
        put(w, profile, "below", text_json(p->below));
        put(w, profile, "find_by", text_json(p->find_by));
        put(w, profile, "suffix", text_json(p->suffix));
        put(w, profile, "set", set);
        put(w, profile, "logs_elsewhere", json_boolean(p->logs_elsewhere));
        put(w, profile, "has_other_generator", json_boolean(p->has_other_generator));
        add(w, list, profile);
    }
    return list;
}

static json_t *patterns_json(writer *w, const leakdiag_scenario *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_patterns; i++) {
        const ld_scenario_pattern *p = &s->patterns[i];
        json_t *pattern = json_object();
        put(w, pattern, "name", text_json(p->name));
        put(w, pattern, p->flags & LEAKDIAG_PATTERN_REGEX ? "regex" : "text", text_json(p->text));
        put(w, pattern, "ignore_case", json_boolean(p->flags & LEAKDIAG_PATTERN_IGNORE_CASE));
        add(w, list, pattern);
    }
    return list;
}

static json_t *ids_json(writer *w, const leakdiag_scenario *s, const size_t *checks, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        add(w, list, text_json(s->checks[checks[i]].id));
    return list;
}

/* Every finding and what it means here, also where the scenario says nothing of its own. */
static json_t *outcomes_json(writer *w, const ld_check *check)
{
    json_t *object = json_object();
    for (size_t i = 0; i < check->kind->n_findings; i++)
        put(w, object, check->kind->findings[i].name,
            text_json(ld_outcome_name(check->kind->findings[i].outcome)));
    for (size_t i = 0; i < check->n_overrides; i++)
        put(w, object, check->overrides[i].finding,
            text_json(ld_outcome_name(check->overrides[i].outcome)));
    return object;
}

static json_t *checks_json(writer *w, const leakdiag_scenario *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_checks; i++) {
        const ld_check *c = &s->checks[i];
        json_t *check = json_object();
        put(w, check, "id", text_json(c->id));
        put(w, check, "kind", text_json(c->kind->name));
        put(w, check, "asks", text_json(c->asks));
        put(w, check, "command", text_json(c->command));
        put(w, check, "supporting", json_boolean(c->supporting));
        put(w, check, "needs", ids_json(w, s, c->needs, c->n_needs));
        put(w, check, "expect", attributes_json(w, &c->expect));
        put(w, check, "outcomes", outcomes_json(w, c));
        add(w, list, check);
    }
    return list;
}

static json_t *timeline_json(writer *w, const leakdiag_scenario *s)
{
    if (!s->timeline)
        return json_null();
    json_t *timeline = json_object(), *points = json_array();
    for (size_t i = 0; i < leakdiag_timeline_len(s->timeline); i++) {
        leakdiag_timeline_point p = leakdiag_timeline_point_at(s->timeline, i);
        json_t *point = json_object();
        put(w, point, "at_ms", json_integer(p.at_ms));
        put(w, point, "bytes", ld_json_number(p.bytes));
        put(w, point, "phase", text_json(p.phase));
        add(w, points, point);
    }
    put(w, timeline, "points", points);
    put(w, timeline, "oom_at_end", json_boolean(s->timeline_oom_at_end));
    put(w, timeline, "tolerance_bytes", ld_json_number(s->timeline_tolerance_bytes));
    put(w, timeline, "tolerance_ms", json_integer(s->timeline_tolerance_ms));
    put(w, timeline, "valid_for_flag_value", ld_json_number(s->timeline_flag_value));
    put(w, timeline, "starts_after", ids_json(w, s, s->starts_after, s->n_starts_after));
    return timeline;
}

static json_t *conditions_json(writer *w, const leakdiag_scenario *s,
                               const ld_conditions *conditions)
{
    json_t *object = json_object();
    for (size_t i = 0; i < conditions->n; i++) {
        const ld_condition *c = &conditions->list[i];
        json_t *findings = json_array();
        for (size_t k = 0; k < c->n; k++)
            add(w, findings, text_json(c->findings[k]));
        put(w, object, s->checks[c->check].id, findings);
    }
    return object;
}

static json_t *causes_json(writer *w, const leakdiag_scenario *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_causes; i++) {
        const ld_cause *c = &s->causes[i];
        json_t *cause = json_object();
        put(w, cause, "id", text_json(c->id));
        put(w, cause, "title", text_json(c->title));
        put(w, cause, "when", conditions_json(w, s, &c->when));
        put(w, cause, "any", conditions_json(w, s, &c->any));
        put(w, cause, "supports", conditions_json(w, s, &c->supports));
        put(w, cause, "against", conditions_json(w, s, &c->against));
        put(w, cause, "unless", conditions_json(w, s, &c->unless));
        put(w, cause, "refuted_by", text_json(c->refuted_by));
        put(w, cause, "fix", text_json(c->fix));
        put(w, cause, "command", text_json(c->command));
        put(w, cause, "predicts_limit", json_boolean(c->predicts_limit));
        add(w, list, cause);
    }
    return list;
}

static json_t *tests_json(writer *w, const leakdiag_scenario *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_tests; i++) {
        json_t *test = json_object();
        put(w, test, "name", text_json(s->tests[i].name));
        put(w, test, "given", attributes_json(w, &s->tests[i].given));
        put(w, test, "expect", attributes_json(w, &s->tests[i].expect));
        add(w, list, test);
    }
    return list;
}

leakdiag_status leakdiag_scenario_to_json(const leakdiag_scenario *scenario, char **ret,
                                          leakdiag_error *err)
{
    writer w = {0};
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *whole = NULL;
    leakdiag_status status = ld_scenario_with_tests(scenario, &whole, err);
    if (status)
        return status;
    LD_JSON *root = json_object();
    put(&w, root, "schema", ld_json_text("leakdiag.scenario/1"));
    put(&w, root, "name", text_json(scenario->name));
    put(&w, root, "title", text_json(scenario->title));
    put(&w, root, "summary", text_json(scenario->summary));
    put(&w, root, "params", params_json(&w, scenario));
    put(&w, root, "pace", pace_json(&w, scenario));
    put(&w, root, "profiles", profiles_json(&w, scenario));
    put(&w, root, "sources", sources_json(&w, scenario));
    put(&w, root, "patterns", patterns_json(&w, scenario));
    put(&w, root, "checks", checks_json(&w, scenario));
    put(&w, root, "timeline", timeline_json(&w, scenario));
    put(&w, root, "causes", causes_json(&w, scenario));
    put(&w, root, "tests", tests_json(&w, whole));
    if (!root || w.failed)
        return ld_fail_nomem(err);
    return ld_json_dump(root, ret, err);
}
