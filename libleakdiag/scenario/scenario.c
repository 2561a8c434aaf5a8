/* The finished scenario: getters and its end. */
#include "scenario/scenario.h"

#include <string.h>

#include "base/alloc.h"
#include "scenario/reader.h"

const ld_attribute *ld_attribute_find(const ld_attributes *attributes, const char *key)
{
    for (size_t i = 0; i < attributes->n; i++)
        if (strcmp(attributes->list[i].key, key) == 0)
            return &attributes->list[i];
    return NULL;
}

const char *ld_attribute_text(const ld_attributes *attributes, const char *key,
                              const char *fallback)
{
    const ld_attribute *found = ld_attribute_find(attributes, key);
    return found && found->text && found->text[0] ? found->text : fallback;
}

double ld_attribute_number(const ld_attributes *attributes, const char *key, double fallback)
{
    const ld_attribute *found = ld_attribute_find(attributes, key);
    return found && found->number == found->number ? found->number : fallback;
}

const ld_role *ld_scenario_role(const leakdiag_scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->n_roles; i++)
        if (strcmp(scenario->roles[i].name, name) == 0)
            return &scenario->roles[i];
    return NULL;
}

static bool can_be_asked(const ld_source_spec *spec, bool has_cluster)
{
    const ld_source_type *type = ld_source_type_find(spec->type);
    if (!type || (type->needs_cluster && !has_cluster))
        return false;
    return ld_attribute_text(&spec->attributes, type->requires, NULL) ||
           ld_attribute_text(&spec->attributes, "local", NULL) ||
           (has_cluster && ld_attribute_text(&spec->attributes, "service", NULL));
}

const ld_source_spec *ld_scenario_source(const leakdiag_scenario *scenario, const char *role,
                                         bool has_cluster, size_t i)
{
    const ld_role *sources = ld_scenario_role(scenario, role);
    for (size_t k = 0; sources && k < sources->n; k++)
        if (can_be_asked(&sources->sources[k], has_cluster) && i-- == 0)
            return &sources->sources[k];
    return NULL;
}

bool ld_scenario_reads_pod_logs(const leakdiag_scenario *scenario, const char *as)
{
    const ld_source_spec *log = ld_scenario_source(scenario, "log", true, 0);
    return log && strcmp(log->type, "pod-log") == 0 &&
           strcmp(ld_attribute_text(&log->attributes, "of", ""), as) == 0;
}

int leakdiag_scenario_uses_cluster(const leakdiag_scenario *scenario)
{
    for (size_t i = 0; i < scenario->n_roles; i++)
        for (size_t k = 0; k < scenario->roles[i].n; k++) {
            const ld_source_spec *spec = &scenario->roles[i].sources[k];
            const ld_source_type *type = ld_source_type_find(spec->type);
            if (type &&
                (type->needs_cluster || ld_attribute_text(&spec->attributes, "service", NULL)))
                return 1;
        }
    return 0;
}

const char *ld_check_subject(const ld_check *check)
{
    const char *dot = strrchr(check->id, '.');
    return ld_attribute_text(&check->expect, "of", dot ? dot + 1 : check->id);
}

const char *ld_scenario_param(const leakdiag_scenario *scenario, const char *name)
{
    const ld_attribute *found = ld_attribute_find(&scenario->params, name);
    return found ? found->text : NULL;
}

static void role_done(ld_role *role)
{
    for (size_t i = 0; i < role->n; i++) {
        ld_release(role->sources[i].type);
        ld_attributes_done(&role->sources[i].attributes);
    }
    ld_release(role->sources);
    ld_release(role->name);
}

static void check_done(ld_check *check)
{
    ld_release(check->id);
    ld_release(check->asks);
    ld_release(check->command);
    ld_release(check->needs);
    ld_attributes_done(&check->expect);
    ld_release(check->overrides);
}

static void conditions_done(ld_conditions *conditions)
{
    for (size_t i = 0; i < conditions->n; i++)
        ld_release(conditions->list[i].findings);
    ld_release(conditions->list);
}

static void cause_done(ld_cause *cause)
{
    ld_release(cause->id);
    ld_release(cause->title);
    conditions_done(&cause->when);
    conditions_done(&cause->any);
    conditions_done(&cause->supports);
    conditions_done(&cause->against);
    conditions_done(&cause->unless);
    ld_release(cause->refuted_by);
    ld_release(cause->fix);
    ld_release(cause->command);
}

static void params_done(leakdiag_scenario *s)
{
    for (size_t i = 0; i < s->params.n; i++) {
        ld_release(s->param_info[i].about);
        ld_release(s->param_info[i].fallback);
    }
    ld_release(s->param_info);
    ld_attributes_done(&s->params);
    for (size_t i = 0; i < s->n_set; i++)
        ld_release(s->set[i]);
    ld_release(s->set);
}

static void questions_done(leakdiag_scenario *s)
{
    for (size_t i = 0; i < s->n_checks; i++)
        check_done(&s->checks[i]);
    ld_release(s->checks);
    for (size_t i = 0; i < s->n_causes; i++)
        cause_done(&s->causes[i]);
    ld_release(s->causes);
    for (size_t i = 0; i < s->n_tests; i++) {
        ld_release(s->tests[i].name);
        ld_attributes_done(&s->tests[i].given);
        ld_attributes_done(&s->tests[i].expect);
    }
    ld_release(s->tests);
}

static void profile_done(ld_profile *profile)
{
    ld_release(profile->id);
    ld_release(profile->about);
    ld_release(profile->from);
    ld_release(profile->below);
    ld_release(profile->find_by);
    ld_release(profile->suffix);
    for (size_t i = 0; i < profile->n_set; i++)
        ld_release(profile->set[i]);
    ld_release(profile->set);
}

static void scenario_free(leakdiag_scenario *s)
{
    params_done(s);
    for (size_t i = 0; i < s->n_profiles; i++)
        profile_done(&s->profiles[i]);
    ld_release(s->profiles);
    for (size_t i = 0; i < s->n_roles; i++)
        role_done(&s->roles[i]);
    ld_release(s->roles);
    for (size_t i = 0; i < s->n_patterns; i++) {
        ld_release(s->patterns[i].name);
        ld_release(s->patterns[i].text);
    }
    ld_release(s->patterns);
    questions_done(s);
    leakdiag_timeline_free(s->timeline);
    ld_release(s->starts_after);
    ld_release(s->name);
    ld_release(s->title);
    ld_release(s->summary);
    ld_release(s->origin);
    ld_release(s->text);
    ld_release(s);
}

leakdiag_scenario *leakdiag_scenario_ref(leakdiag_scenario *scenario)
{
    if (scenario)
        __atomic_add_fetch(&scenario->references, 1, __ATOMIC_RELAXED);
    return scenario;
}

void leakdiag_scenario_unref(leakdiag_scenario *scenario)
{
    if (scenario && __atomic_sub_fetch(&scenario->references, 1, __ATOMIC_ACQ_REL) == 0)
        scenario_free(scenario);
}

const char *leakdiag_scenario_name(const leakdiag_scenario *scenario)
{
    return scenario->name;
}

const char *leakdiag_scenario_title(const leakdiag_scenario *scenario)
{
    return scenario->title;
}

const char *leakdiag_scenario_summary(const leakdiag_scenario *scenario)
{
    return scenario->summary ? scenario->summary : "";
}

size_t leakdiag_scenario_param_count(const leakdiag_scenario *scenario)
{
    return scenario->params.n;
}

const char *leakdiag_scenario_param_name(const leakdiag_scenario *scenario, size_t i)
{
    return i < scenario->params.n ? scenario->params.list[i].key : NULL;
}

const char *leakdiag_scenario_param_value(const leakdiag_scenario *scenario, size_t i)
{
    return i < scenario->params.n ? scenario->params.list[i].text : NULL;
}

const char *leakdiag_scenario_param_about(const leakdiag_scenario *scenario, size_t i)
{
    if (i >= scenario->params.n)
        return NULL;
    return scenario->param_info[i].about ? scenario->param_info[i].about : "";
}

size_t leakdiag_scenario_check_count(const leakdiag_scenario *scenario)
{
    return scenario->n_checks;
}

const char *leakdiag_scenario_check_id(const leakdiag_scenario *scenario, size_t i)
{
    return i < scenario->n_checks ? scenario->checks[i].id : NULL;
}

const char *leakdiag_scenario_check_asks(const leakdiag_scenario *scenario, size_t i)
{
    return i < scenario->n_checks ? scenario->checks[i].asks : NULL;
}

size_t leakdiag_scenario_cause_count(const leakdiag_scenario *scenario)
{
    return scenario->n_causes;
}

const char *leakdiag_scenario_cause_id(const leakdiag_scenario *scenario, size_t i)
{
    return i < scenario->n_causes ? scenario->causes[i].id : NULL;
}

const char *leakdiag_scenario_cause_title(const leakdiag_scenario *scenario, size_t i)
{
    return i < scenario->n_causes ? scenario->causes[i].title : NULL;
}
