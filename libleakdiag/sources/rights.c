#include "sources/rights.h"

#include <string.h>

#include "wire/kube.h"

#define CORE       ""
#define APPS       "apps"
#define METRICS    "metrics.k8s.io"
#define DISCOVERY  "discovery.k8s.io"
#define NETWORKING "networking.k8s.io"

/* When a line of the table applies to a source. */
typedef enum when {
    ALWAYS,
    WITH_DEPLOYMENT, /* the source names a Deployment */
    WITH_POD,        /* it names one pod */
    WITH_PODS,       /* it means pods by labels */
    APP_POD,         /* the same, and it is the application itself */
    APP_PODS,
    LOG_POD, /* the same, and its logs are read */
    LOG_PODS,
    CALLED,      /* a service that the application asks */
    THROUGH_API, /* a service that has no URL of its own */
    WITH_NAMES   /* other versions call the Deployment otherwise */
} when;

/* attribute: the source's key that holds the object's name; NULL: any object. */
static const struct {
    const char *source;
    when when;
    const char *verb, *group, *resource, *subresource, *attribute, *purpose;
} table[] = {
    {"kubernetes", WITH_DEPLOYMENT, "get", APPS, "deployments", "", "deployment",
     "rollout, limit and environment of a Deployment"},
    {"kubernetes", WITH_NAMES, "list", APPS, "deployments", "", NULL,
     "the Deployment under another version's name"},
    {"kubernetes", WITH_PODS, "list", CORE, "pods", "", NULL, "pods, restarts and OOM kills"},
    {"kubernetes", APP_PODS, "watch", CORE, "pods", "", NULL,
     "pods that come and go between two looks"},
    {"kubernetes", WITH_POD, "get", CORE, "pods", "", "pod", "the pod, its restarts and OOM kills"},
    {"kubernetes", APP_PODS, "list", METRICS, "pods", "", NULL, "memory of the pods"},
    {"kubernetes", APP_POD, "get", METRICS, "pods", "", "pod", "memory of the pod"},
    {"kubernetes", LOG_PODS, "get", CORE, "pods", "log", NULL, "orders and flag lines in the log"},
    {"kubernetes", LOG_POD, "get", CORE, "pods", "log", "pod", "orders and flag lines in the log"},
    {"kubernetes-service", ALWAYS, "get", CORE, "services", "", "name", "whether a Service exists"},
    {"kubernetes-service", ALWAYS, "list", DISCOVERY, "endpointslices", "", NULL,
     "whether anything is ready behind a Service"},
    {"kubernetes-service", CALLED, "list", NETWORKING, "networkpolicies", "", NULL,
     "whether a network policy forbids the way to a Service"},
    {"flagd-configmap", ALWAYS, "get", CORE, "configmaps", "", "name",
     "the stored definition of the flag"},
    {"ofrep", THROUGH_API, "create", CORE, "services", "proxy", "service",
     "the flag's value (a POST)"},
    {"flagd-rpc", THROUGH_API, "create", CORE, "services", "proxy", "service",
     "the flag's value as the application gets it (a POST)"},
    {"flagd-ui", THROUGH_API, "get", CORE, "services", "proxy", "service",
     "the flag as its UI stores it"},
    {"locust", THROUGH_API, "get", CORE, "services", "proxy", "service", "the load test"},
    {"prometheus", THROUGH_API, "get", CORE, "services", "proxy", "service", "memory in the past"},
};

/* Any workload: nothing is known of names. */
static const ld_right any[] = {
    {"get", APPS, "deployments", "", "", NULL, "read", "rollout, limit and environment"},
    {"list", CORE, "pods", "", "", NULL, "read", "pods, restarts and OOM kills"},
    {"get", CORE, "pods", "", "", NULL, "read", "one pod"},
    {"list", METRICS, "pods", "", "", NULL, "read", "memory of pods"},
    {"get", METRICS, "pods", "", "", NULL, "read", "memory of one pod"},
};

static bool same(const ld_right *a, const ld_right *b)
{
    return strcmp(a->verb, b->verb) == 0 && strcmp(a->group, b->group) == 0 &&
           strcmp(a->resource, b->resource) == 0 && strcmp(a->subresource, b->subresource) == 0 &&
           strcmp(a->name, b->name) == 0 && strcmp(a->ns, b->ns) == 0;
}

static leakdiag_status add(ld_rights *rights, const ld_right *right, leakdiag_error *err)
{
    for (size_t i = 0; i < rights->n; i++)
        if (same(&rights->list[i], right))
            return LEAKDIAG_OK;
    if (rights->n == LD_RIGHTS_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "the scenario needs more than %d rights",
                       LD_RIGHTS_MAX);
    leakdiag_status status = ld_kube_check_label("namespace", right->ns, err);
    if (!status)
        rights->list[rights->n++] = *right;
    return status;
}

static bool finds_by_labels(const leakdiag_scenario *scenario)
{
    for (size_t i = 0; i < scenario->n_profiles; i++)
        if (scenario->profiles[i].find_by)
            return true;
    return false;
}

/* Behind it stands a workload of the scenario that is not the application. */
bool ld_is_called(const leakdiag_scenario *scenario, const char *as)
{
    for (size_t i = 0; i < scenario->n_roles; i++) {
        const ld_role *role = &scenario->roles[i];
        for (size_t k = 0; k < role->n && strcmp(as, "app") != 0; k++)
            if (strcmp(role->sources[k].type, "kubernetes") == 0 &&
                strcmp(ld_attribute_text(&role->sources[k].attributes, "as", ""), as) == 0)
                return true;
    }
    return false;
}

static bool applies(const leakdiag_scenario *scenario, const ld_source_spec *spec, when condition)
{
    const ld_attributes *a = &spec->attributes;
    bool has_pod = ld_attribute_text(a, "pod", NULL) != NULL;
    bool has_deployment = !has_pod && ld_attribute_text(a, "deployment", NULL) != NULL;
    bool has_pods = has_deployment || (!has_pod && ld_attribute_text(a, "selector", NULL));
    bool is_app = strcmp(ld_attribute_text(a, "as", "app"), "app") == 0;
    bool reads_logs = is_app && ld_scenario_reads_pod_logs(scenario, "app");
    switch (condition) {
    case ALWAYS:
        return true;
    case WITH_DEPLOYMENT:
        return has_deployment;
    case WITH_POD:
        return has_pod;
    case WITH_PODS:
        return has_pods;
    case APP_POD:
        return is_app && has_pod;
    case APP_PODS:
        return is_app && has_pods;
    case LOG_POD:
        return reads_logs && has_pod;
    case LOG_PODS:
        return reads_logs && has_pods;
    case THROUGH_API:
        return !ld_attribute_text(a, "url", NULL) && ld_attribute_text(a, "service", NULL);
    case CALLED:
        return ld_is_called(scenario, ld_attribute_text(a, "as", ""));
    case WITH_NAMES:
        return is_app && has_deployment && finds_by_labels(scenario);
    default:
        return false;
    }
}

static leakdiag_status add_source(const leakdiag_scenario *scenario, const ld_source_spec *spec,
                                  const char *ns, const char *fallback, ld_rights *rights,
                                  leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    for (size_t i = 0; !status && i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(table[i].source, spec->type) != 0 || !applies(scenario, spec, table[i].when))
            continue;
        ld_right right = {table[i].verb,
                          table[i].group,
                          table[i].resource,
                          table[i].subresource,
                          "",
                          ns ? ns : ld_attribute_text(&spec->attributes, "namespace", fallback),
                          table[i].when == THROUGH_API ? "proxy" : "read",
                          table[i].purpose};
        if (table[i].attribute)
            right.name = ld_attribute_text(&spec->attributes, table[i].attribute, "");
        status = add(rights, &right, err);
    }
    return status;
}

static leakdiag_status add_any(const char *ns, ld_rights *rights, leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    for (size_t i = 0; !status && i < sizeof any / sizeof any[0]; i++) {
        ld_right right = any[i];
        right.ns = ns;
        status = add(rights, &right, err);
    }
    return status;
}

leakdiag_status ld_rights_of(const leakdiag_scenario *scenario, const char *ns,
                             const char *fallback, ld_rights *ret, leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    ret->n = 0;
    for (size_t i = 0; scenario && i < scenario->n_roles; i++) {
        const ld_role *role = &scenario->roles[i];
        for (size_t k = 0; !status && k < role->n; k++)
            status = add_source(scenario, &role->sources[k], ns, fallback, ret, err);
    }
    if (!status && ret->n == 0)
        status = add_any(ns ? ns : fallback, ret, err);
    return status;
}

/* --- rules --- */

static bool same_object(const ld_right *a, const ld_right *b)
{
    return strcmp(a->group, b->group) == 0 && strcmp(a->resource, b->resource) == 0 &&
           strcmp(a->subresource, b->subresource) == 0 && strcmp(a->ns, b->ns) == 0 &&
           strcmp(a->part, b->part) == 0;
}

typedef struct selection {
    const ld_rights *rights;
    const char *ns, *part;
    const bool *wanted;
} selection;

static bool counts(const selection *s, size_t i)
{
    const ld_right *right = &s->rights->list[i];
    return (!s->wanted || s->wanted[i]) && strcmp(right->ns, s->ns) == 0 &&
           strcmp(right->part, s->part) == 0;
}

static const char *const verbs[] = {"get", "list", "watch", "create"};
#define VERBS (sizeof verbs / sizeof verbs[0])

/* All that is needed of the object that this right is of, as a bit for each verb. */
static unsigned verbs_of(const selection *s, const ld_right *of)
{
    unsigned bits = 0;
    for (size_t i = 0; i < s->rights->n; i++) {
        const ld_right *right = &s->rights->list[i];
        if (!counts(s, i) || !same_object(right, of) || strcmp(right->name, of->name) != 0)
            continue;
        for (size_t v = 0; v < VERBS; v++)
            bits |= strcmp(verbs[v], right->verb) == 0 ? 1u << v : 0;
    }
    return bits;
}

static void add_verbs(unsigned bits, ld_text *ret)
{
    for (size_t v = 0; v < VERBS; v++)
        if (bits & 1u << v)
            ld_text_addf(ret, "%s%s", bits & ((1u << v) - 1) ? ", " : "", verbs[v]);
}

/* Names in one rule have the same verbs, so that none gets more than it needs; any name, and one
 * name, are two rules. */
static bool share_a_rule(const selection *s, const ld_right *a, const ld_right *b)
{
    return same_object(a, b) && !a->name[0] == !b->name[0] && verbs_of(s, a) == verbs_of(s, b);
}

static bool is_named_before(const selection *s, size_t first, size_t i)
{
    for (size_t k = first; k < i; k++)
        if (counts(s, k) && same_object(&s->rights->list[k], &s->rights->list[i]) &&
            strcmp(s->rights->list[k].name, s->rights->list[i].name) == 0)
            return true;
    return false;
}

static void add_names(const selection *s, size_t first, ld_text *ret)
{
    bool is_first = true;
    if (!s->rights->list[first].name[0])
        return;
    ld_text_add(ret, ", resourceNames: [");
    for (size_t i = first; i < s->rights->n; i++) {
        if (!counts(s, i) || !share_a_rule(s, &s->rights->list[first], &s->rights->list[i]) ||
            is_named_before(s, first, i))
            continue;
        ld_text_addf(ret, "%s\"%s\"", is_first ? "" : ", ", s->rights->list[i].name);
        is_first = false;
    }
    ld_text_add(ret, "]");
}

static bool is_ruled_before(const selection *s, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (counts(s, k) && share_a_rule(s, &s->rights->list[k], &s->rights->list[i]))
            return true;
    return false;
}

void ld_rights_add_rules(const ld_rights *rights, const char *ns, const char *part,
                         const bool *wanted, ld_text *ret)
{
    const selection s = {rights, ns, part, wanted};
    for (size_t i = 0; i < rights->n; i++) {
        const ld_right *right = &rights->list[i];
        if (!counts(&s, i) || is_ruled_before(&s, i))
            continue;
        ld_text_addf(ret, "- {apiGroups: [\"%s\"], resources: [%s%s%s]", right->group,
                     right->resource, right->subresource[0] ? "/" : "", right->subresource);
        add_names(&s, i, ret);
        ld_text_add(ret, ", verbs: [");
        add_verbs(verbs_of(&s, right), ret);
        ld_text_add(ret, "]}\n");
    }
}
