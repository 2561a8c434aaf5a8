/* Which rights of those that a look needs are there, and the Role that grants them. */
#include <leakdiag/access.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "sources/copier.h"
#include "sources/errand.h"
#include "sources/exchange.h"
#include "sources/rights.h"
#include "wire/kube.h"
#include "wire/object.h"

typedef struct answer_to {
    leakdiag_access_state state;
    char *reason;
} answer_to;

struct leakdiag_access {
    ld_rights rights;
    char *texts; /* names and namespaces, which the rights borrow otherwise */
    answer_to answers[LD_RIGHTS_MAX];
    int64_t skew_ms;
};

LD_DEFINE_CLEANUP(leakdiag_access, leakdiag_access_free, access_freep)

const char *leakdiag_access_state_name(leakdiag_access_state state)
{
    static const char *const names[] = {"unknown", "allowed", "denied"};
    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

void leakdiag_access_free(leakdiag_access *access)
{
    if (!access)
        return;
    for (size_t i = 0; i < access->rights.n; i++)
        ld_release(access->answers[i].reason);
    ld_release(access->texts);
    ld_release(access);
}

/* --- asking --- */

/* The scenario may be gone before the answer is: its texts are copied into one block. */
static leakdiag_status keep_texts(leakdiag_access *access, leakdiag_error *err)
{
    size_t room = 0;
    for (size_t i = 0; i < access->rights.n; i++)
        room += strlen(access->rights.list[i].name) + strlen(access->rights.list[i].ns) + 2;
    char *at = access->texts = ld_alloc(room + 1);
    if (!at)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < access->rights.n; i++) {
        const char **const texts[] = {&access->rights.list[i].name, &access->rights.list[i].ns};
        for (size_t k = 0; k < 2; k++) {
            size_t len = strlen(*texts[k]) + 1;
            memcpy(at, *texts[k], len);
            *texts[k] = at;
            at += len;
        }
    }
    return LEAKDIAG_OK;
}

typedef struct review {
    char *url;
    char *bodies[LD_RIGHTS_MAX];
    ld_http_request requests[LD_RIGHTS_MAX];
    size_t n;
} review;

static void review_done(review *r)
{
    for (size_t i = 0; i < r->n; i++) {
        ld_http_request_done(&r->requests[i]);
        ld_release(r->bodies[i]);
    }
    ld_release(r->url);
}

static leakdiag_status prepare(const leakdiag_cluster *cluster, const ld_rights *rights, review *r,
                               leakdiag_error *err)
{
    static const char *const headers[] = {"Accept: application/json",
                                          "Content-Type: application/json", NULL};
    LD_CLEANUP(ld_releasep) char *path = NULL;
    leakdiag_status status = ld_kube_path_access_review(&path, err);
    if (!status)
        status = ld_url_join(leakdiag_cluster_server(cluster), path, &r->url, err);
    for (size_t i = 0; !status && i < rights->n; i++) {
        const ld_right *right = &rights->list[i];
        ld_kube_asked asked = {right->verb, right->resource, right->group, right->ns, right->name};
        status = ld_kube_access_review_body(&asked, right->subresource, &r->bodies[i], err);
        r->requests[i] = (ld_http_request){
            .method = "POST", .url = r->url, .body = r->bodies[i], .headers = headers};
        r->n++;
    }
    return status;
}

static leakdiag_status decode(const ld_http_request *request, answer_to *ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_kube_access_done) ld_kube_access access = {0};
    ld_copier c = {.err = err};
    leakdiag_error why = {0};
    leakdiag_status status = ld_ask_unanswered(request, &why);
    if (!status) {
        ld_answer answer = ld_exchange_answer(request);
        status = ld_kube_read_access_review(&answer, &access, &why);
    }
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    ld_copy_to(&c, status ? why.message : access.reason ? access.reason : "", &ret->reason);
    if (!status)
        ret->state = access.is_allowed ? LEAKDIAG_ACCESS_ALLOWED : LEAKDIAG_ACCESS_DENIED;
    return c.status;
}

static leakdiag_status ask(leakdiag_cluster *cluster, const leakdiag_access_options *used,
                           leakdiag_access *access, leakdiag_error *err)
{
    LD_CLEANUP(review_done) review r = {0};
    ld_errand errand = {.cluster = cluster,
                        .transport = used->transport,
                        .log = used->log,
                        .cancel = used->cancel,
                        .deadline_ms = used->deadline_ms};
    leakdiag_status status = prepare(cluster, &access->rights, &r, err);
    if (!status)
        status = ld_errand_perform(&errand, r.requests, r.n, err);
    for (size_t i = 0; !status && i < r.n; i++)
        status = decode(&r.requests[i], &access->answers[i], err);
    access->skew_ms = errand.skew_ms;
    return status;
}

leakdiag_status leakdiag_access_review(leakdiag_cluster *cluster, const leakdiag_scenario *scenario,
                                       const char *namespace_name,
                                       const leakdiag_access_options *options,
                                       leakdiag_access **ret, leakdiag_error *err)
{
    leakdiag_access_options used = LEAKDIAG_ACCESS_OPTIONS_INIT;
    LD_CLEANUP(access_freep) leakdiag_access *access = ld_alloc_zero(sizeof *access);
    if (!access)
        return ld_fail_nomem(err);
    leakdiag_status status = ld_options_copy(&used, sizeof used, sizeof used, options, err);
    if (!status && !cluster)
        status = ld_fail(err, LEAKDIAG_E_INVALID, "a cluster is needed");
    if (!status)
        status = ld_rights_of(scenario, namespace_name, leakdiag_cluster_namespace_name(cluster),
                              &access->rights, err);
    if (!status)
        status = keep_texts(access, err);
    if (!status)
        status = ask(cluster, &used, access, err);
    if (!status)
        *ret = ld_steal(&access);
    return status;
}

/* --- getters --- */

size_t leakdiag_access_len(const leakdiag_access *access)
{
    return access->rights.n;
}

size_t leakdiag_access_denied_count(const leakdiag_access *access)
{
    size_t n = 0;
    for (size_t i = 0; i < access->rights.n; i++)
        n += access->answers[i].state == LEAKDIAG_ACCESS_DENIED;
    return n;
}

int64_t leakdiag_access_skew_ms(const leakdiag_access *access)
{
    return access->skew_ms;
}

leakdiag_access_state leakdiag_access_get_state(const leakdiag_access *access, size_t i)
{
    return i < access->rights.n ? access->answers[i].state : LEAKDIAG_ACCESS_UNKNOWN;
}

const char *leakdiag_access_reason(const leakdiag_access *access, size_t i)
{
    return i < access->rights.n ? access->answers[i].reason : NULL;
}

#define GETTER(name, member)                                                                       \
    const char *leakdiag_access_##name(const leakdiag_access *access, size_t i)                    \
    {                                                                                              \
        return i < access->rights.n ? access->rights.list[i].member : NULL;                        \
    }

GETTER(verb, verb)
GETTER(group, group)
GETTER(resource, resource)
GETTER(subresource, subresource)
GETTER(name, name)
GETTER(namespace_name, ns)
GETTER(part, part)
GETTER(purpose, purpose)

static json_t *right_json(const leakdiag_access *access, size_t i)
{
    const ld_right *right = &access->rights.list[i];
    json_t *json = json_object();
    const char *state = leakdiag_access_state_name(access->answers[i].state);
    bool made = ld_object_set(json, "verb", ld_json_text(right->verb));
    made &= ld_object_set(json, "group", ld_json_text(right->group));
    made &= ld_object_set(json, "resource", ld_json_text(right->resource));
    made &= ld_object_set(json, "subresource", ld_json_text(right->subresource));
    made &= ld_object_set(json, "name", ld_json_text(right->name));
    made &= ld_object_set(json, "namespace", ld_json_text(right->ns));
    made &= ld_object_set(json, "part", ld_json_text(right->part));
    made &= ld_object_set(json, "purpose", ld_json_text(right->purpose));
    made &= ld_object_set(json, "state", ld_json_text(state));
    made &= ld_object_set(json, "reason", ld_json_text(access->answers[i].reason));
    if (made)
        return json;
    json_decref(json);
    return NULL;
}

leakdiag_status leakdiag_access_to_json(const leakdiag_access *access, char **ret,
                                        leakdiag_error *err)
{
    LD_JSON *json = json_object();
    json_t *rights = json_array();
    bool made = rights != NULL;
    for (size_t i = 0; made && i < access->rights.n; i++)
        made = json_array_append_new(rights, right_json(access, i)) == 0;
    made &= ld_object_set(json, "rights", rights);
    made &= ld_object_set(json, "schema", ld_json_text("leakdiag.access/1"));
    made &= ld_object_set(json, "skew_ms", json_integer(access->skew_ms));
    return made ? ld_json_dump(json, ret, err) : ld_fail_nomem(err);
}

/* --- Roles --- */

static const char *const parts[] = {"read", "proxy"};
#define PARTS (sizeof parts / sizeof parts[0])

static bool is_first_of(const ld_rights *rights, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(rights->list[k].ns, rights->list[i].ns) == 0)
            return false;
    return true;
}

leakdiag_status leakdiag_access_missing_rules(const leakdiag_access *access, char **ret,
                                              leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text rules = {0};
    bool denied[LD_RIGHTS_MAX];
    for (size_t i = 0; i < access->rights.n; i++)
        denied[i] = access->answers[i].state == LEAKDIAG_ACCESS_DENIED;
    for (size_t i = 0; i < access->rights.n; i++)
        for (size_t p = 0; is_first_of(&access->rights, i) && p < PARTS; p++)
            ld_rights_add_rules(&access->rights, access->rights.list[i].ns, parts[p], denied,
                                &rules);
    return ld_text_take(&rules, ret, err);
}

/* Which parts are wanted, as a bit each. */
static leakdiag_status read_parts(const char *text, unsigned *ret, leakdiag_error *err)
{
    *ret = text ? 0 : ~0u;
    while (text) {
        size_t len = strcspn(text, ","), p = 0;
        while (p < PARTS && (strlen(parts[p]) != len || strncmp(parts[p], text, len) != 0))
            p++;
        if (p == PARTS)
            return ld_fail(err, LEAKDIAG_E_INVALID,
                           "\"%.40s\" is no part; there are read and proxy", text);
        *ret |= 1u << p;
        text = text[len] ? text + len + 1 : NULL;
    }
    return LEAKDIAG_OK;
}

static void add_role(const ld_rights *rights, const char *ns, unsigned wanted, ld_text *yaml)
{
    static const char *const about[] = {"the Kubernetes API", "services through the API server"};
    ld_text_add(yaml, "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n");
    ld_text_addf(yaml, "metadata: {name: leakdiag, namespace: %s}\nrules:", ns);
    size_t before = yaml->len;
    for (size_t p = 0; p < PARTS; p++) {
        LD_CLEANUP(ld_text_done) ld_text rules = {0};
        if (wanted & 1u << p)
            ld_rights_add_rules(rights, ns, parts[p], NULL, &rules);
        if (rules.data)
            ld_text_addf(yaml, "%s# %s: %s\n%s", yaml->len == before ? "\n" : "", parts[p],
                         about[p], rules.data);
        yaml->failed = yaml->failed || rules.failed;
    }
    ld_text_add(yaml, yaml->len == before ? " []\n" : "");
    ld_text_add(yaml, "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n");
    ld_text_addf(yaml, "metadata: {name: leakdiag, namespace: %s}\n", ns);
    ld_text_add(yaml, "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: leakdiag}\n"
                      "subjects: # who runs leakdiag: fill it in\n"
                      "- {apiGroup: rbac.authorization.k8s.io, kind: User, name: SOMEBODY}\n"
                      "# - {kind: ServiceAccount, name: leakdiag, namespace: ");
    ld_text_addf(yaml, "%s}\n", ns);
}

leakdiag_status leakdiag_rbac_yaml(const leakdiag_scenario *scenario, const char *namespace_name,
                                   const char *wanted_parts, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text yaml = {0};
    ld_rights rights;
    unsigned wanted;
    leakdiag_status status = read_parts(wanted_parts, &wanted, err);
    if (!status)
        status = ld_rights_of(scenario, namespace_name, "", &rights, err);
    if (status)
        return status;
    ld_text_addf(&yaml, "# What looking at %s needs. It reads, and changes nothing.\n",
                 scenario ? leakdiag_scenario_name(scenario) : "any workload");
    for (size_t i = 0, n = 0; i < rights.n; i++) {
        if (!is_first_of(&rights, i))
            continue;
        ld_text_add(&yaml, n++ ? "---\n" : "");
        add_role(&rights, rights.list[i].ns, wanted, &yaml);
    }
    return ld_text_take(&yaml, ret, err);
}
