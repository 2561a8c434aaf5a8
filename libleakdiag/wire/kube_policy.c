/* NetworkPolicies, and whether they let one pod speak to another.
 *
 * Only what the objects say: whether the cluster's network enforces them, nobody can read. A pod is
 * open in a direction until some policy selects it for that direction; then only what one of those
 * policies allows may pass. Where a rule needs what is not known here (addresses, labels of other
 * namespaces) and no other rule allows it, the answer is that it is not known. */
#include <string.h>

#include "base/alloc.h"
#include "wire/kube_read.h"

#define RULES_MAX                                                                                  \
    1000 /* of one policy, and peers or ports of one rule: what is beyond is unknown */

/* Three-valued: what is not known is neither. */
typedef enum truth { NO, UNKNOWN, YES } truth;

static truth both(truth a, truth b)
{
    return a < b ? a : b;
}

static truth either(truth a, truth b)
{
    return a > b ? a : b;
}

static truth negated(truth a)
{
    return (truth)(YES - a);
}

/* --- selectors --- */

static const char *label_of(const ld_kube_pod_label *labels, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(labels[i].key, key) == 0)
            return labels[i].value;
    return NULL;
}

static bool is_among(const json_t *values, const char *value)
{
    size_t i;
    const json_t *one;
    json_array_foreach(values, i, one)
    {
        const char *text = json_string_value(one);
        if (text && strcmp(text, value) == 0)
            return true;
    }
    return false;
}

/* One of matchExpressions against the value that a label has; NULL: it has none. */
static truth meets(const json_t *expression, const char *value)
{
    const char *sign = "";
    const json_t *values = json_object_get(expression, "values");
    ld_json_get_text(expression, "operator", &sign);
    if (strcmp(sign, "Exists") == 0)
        return value ? YES : NO;
    if (strcmp(sign, "DoesNotExist") == 0)
        return value ? NO : YES;
    if (json_array_size(values) == 0)
        return UNKNOWN;
    if (strcmp(sign, "In") == 0)
        return value && is_among(values, value) ? YES : NO;
    if (strcmp(sign, "NotIn") == 0)
        return value && is_among(values, value) ? NO : YES;
    return UNKNOWN;
}

/* Labels of which all are known, or only those that are named. */
typedef struct labels {
    const ld_kube_pod_label *list;
    size_t n;
    bool is_partial;
} labels;

static truth meets_label(const labels *of, const char *key, const json_t *expression,
                         const char *wanted)
{
    const char *value = label_of(of->list, of->n, key);
    if (!value && of->is_partial)
        return UNKNOWN;
    if (expression)
        return meets(expression, value);
    return value && strcmp(value, wanted) == 0 ? YES : NO;
}

/* An empty selector chooses everything. */
static truth chooses(const json_t *selector, const labels *of)
{
    truth all = YES;
    size_t i;
    const char *key;
    const json_t *value, *expression, *list = json_object_get(selector, "matchExpressions");
    const json_t *plain = json_object_get(selector, "matchLabels");
    if (!json_is_object(selector) || (plain && !json_is_object(plain) && !json_is_null(plain)) ||
        (list && !json_is_array(list) && !json_is_null(list)))
        return UNKNOWN;
    json_object_foreach((json_t *)(uintptr_t)plain, key, value)
    {
        const char *wanted = json_string_value(value);
        all = both(all, wanted ? meets_label(of, key, NULL, wanted) : UNKNOWN);
    }
    json_array_foreach(list, i, expression)
    {
        bool has_key = ld_json_get_text(expression, "key", &key);
        all = both(all, has_key ? meets_label(of, key, expression, NULL) : UNKNOWN);
    }
    return all;
}

/* --- rules --- */

/* The end that a rule speaks of, and the port of the pod that is spoken to. */
typedef struct meeting {
    const ld_kube_pod *peer, *target;
    const char *ns; /* of both */
    int64_t port;
} meeting;

static truth is_peer(const json_t *peer, const meeting *m)
{
    const json_t *pods = json_object_get(peer, "podSelector");
    const json_t *spaces = json_object_get(peer, "namespaceSelector");
    const ld_kube_pod_label name = {(char *)(uintptr_t) "kubernetes.io/metadata.name",
                                    (char *)(uintptr_t)m->ns};
    const labels of_ns = {&name, 1, true}, of_pod = {m->peer->labels, m->peer->n_labels, false};
    if (json_object_get(peer, "ipBlock") || (!pods && !spaces))
        return UNKNOWN; /* an address is not a pod; nor is a kind of peer that is newer than this */
    return both(spaces ? chooses(spaces, &of_ns) : YES, pods ? chooses(pods, &of_pod) : YES);
}

static truth is_named_port(const ld_kube_pod *pod, const char *name, int64_t port)
{
    for (size_t i = 0; i < pod->n_ports; i++)
        if (pod->ports[i].name && strcmp(pod->ports[i].name, name) == 0)
            return pod->ports[i].port == port ? YES : NO;
    return NO; /* it names no port of this pod */
}

static truth is_port(const json_t *port, const meeting *m)
{
    const json_t *wanted = json_object_get(port, "port");
    const char *protocol = "TCP";
    int64_t end;
    ld_json_get_text(port, "protocol", &protocol);
    if (strcmp(protocol, "TCP") != 0)
        return NO;
    if (!wanted || json_is_null(wanted))
        return YES;
    if (json_is_string(wanted))
        return is_named_port(m->target, json_string_value(wanted), m->port);
    if (!json_is_integer(wanted))
        return UNKNOWN;
    end = ld_kube_count(port, "endPort", json_integer_value(wanted));
    return m->port >= json_integer_value(wanted) && m->port <= end ? YES : NO;
}

/* Whether one of a list allows it; without a list, or with an empty one, all do. */
static truth any_of(const json_t *list, truth (*allows)(const json_t *, const meeting *),
                    const meeting *m)
{
    truth any = NO;
    size_t i;
    const json_t *one;
    if (json_array_size(list) == 0)
        return !list || json_is_array(list) || json_is_null(list) ? YES : UNKNOWN;
    json_array_foreach(list, i, one)
    {
        any = either(any, i < RULES_MAX ? allows(one, m) : UNKNOWN);
    }
    return any;
}

typedef struct direction {
    const char *type, *rules, *peers;
} direction;

static const direction egress = {"Egress", "egress", "to"},
                       ingress = {"Ingress", "ingress", "from"};

/* Without policyTypes it is for ingress, and for egress when it has such rules. */
static bool is_for(const json_t *spec, const direction *d)
{
    const json_t *types = json_object_get(spec, "policyTypes");
    if (json_array_size(types) > 0)
        return is_among(types, d->type);
    return d == &ingress || json_array_size(json_object_get(spec, "egress")) > 0;
}

/* Whether a policy that selects the pod lets it through. */
static truth lets_through(const json_t *spec, const direction *d, const meeting *m)
{
    truth any = NO;
    size_t i;
    const json_t *rule, *rules = json_object_get(spec, d->rules);
    json_array_foreach(rules, i, rule)
    {
        truth peer = any_of(json_object_get(rule, d->peers), is_peer, m);
        truth port = any_of(json_object_get(rule, "ports"), is_port, m);
        any = either(any, i < RULES_MAX ? both(peer, port) : UNKNOWN);
    }
    return any;
}

static const char *name_of(const json_t *policy)
{
    const char *name = "";
    ld_json_get_text(json_object_get(policy, "metadata"), "name", &name);
    return name;
}

/* One direction: the pod that policies select, and the other end. */
static void judge(const ld_kube_policies *policies, const direction *d, const ld_kube_pod *pod,
                  const meeting *m, ld_kube_passage *ret)
{
    const labels of_pod = {pod->labels, pod->n_labels, false};
    const char *closed = NULL, *unsure = NULL;
    truth selected = NO, allowed = NO;
    size_t i;
    const json_t *policy;
    json_array_foreach(policies->items, i, policy)
    {
        const json_t *spec = json_object_get(policy, "spec");
        truth is_meant = chooses(json_object_get(spec, "podSelector"), &of_pod);
        if (is_meant == NO || !is_for(spec, d))
            continue;
        truth lets = lets_through(spec, d, m);
        closed = closed ? closed : name_of(policy);
        unsure = !unsure && (is_meant == UNKNOWN || lets == UNKNOWN) ? name_of(policy) : unsure;
        selected = either(selected, is_meant);
        allowed = either(allowed, both(is_meant, lets));
    }
    *ret = (ld_kube_passage){.verdict = LD_KUBE_PASSAGE_OPEN, .direction = d->rules};
    truth open = either(negated(selected), allowed);
    if (open == YES)
        return;
    ret->verdict = open == NO ? LD_KUBE_PASSAGE_BLOCKED : LD_KUBE_PASSAGE_UNKNOWN;
    ret->policy = open == UNKNOWN && unsure ? unsure : closed;
}

void ld_kube_policies_judge(const ld_kube_policies *policies, const ld_kube_way *way,
                            ld_kube_passage *ret)
{
    ld_kube_passage in;
    const meeting out_of = {way->to, way->to, way->ns, way->port};
    const meeting into = {way->from, way->to, way->ns, way->port};
    judge(policies, &egress, way->from, &out_of, ret);
    judge(policies, &ingress, way->to, &into, &in);
    bool is_worse = in.verdict == LD_KUBE_PASSAGE_BLOCKED ? ret->verdict != LD_KUBE_PASSAGE_BLOCKED
                                                          : ret->verdict == LD_KUBE_PASSAGE_OPEN;
    if (is_worse)
        *ret = in;
}

/* --- reading --- */

void ld_kube_policies_done(ld_kube_policies *policies)
{
    json_decref(policies->json);
    *policies = (ld_kube_policies){0};
}

leakdiag_status ld_kube_read_policies(const ld_kube_asked *asked, const ld_answer *answer,
                                      ld_kube_policies *ret, leakdiag_error *err)
{
    LD_JSON *json = NULL;
    const json_t *items;
    const char *more = "";
    leakdiag_status status =
        ld_kube_parse_list(asked, answer, "NetworkPolicyList", &json, &items, err);
    if (status)
        return status;
    ld_json_get_text(json_object_get(json, "metadata"), "continue", &more);
    if (*more)
        return ld_kube_fail(asked, LEAKDIAG_E_LIMIT, "the list goes on: not all were read", err);
    *ret = (ld_kube_policies){.json = json_incref(json), .items = items};
    return LEAKDIAG_OK;
}
