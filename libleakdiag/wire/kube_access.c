/* May these credentials do that? SelfSubjectAccessReview: asking needs no right of its own. */
#include "base/alloc.h"
#include "wire/kube_read.h"
#include "wire/object.h"

static const ld_kube_asked review = {
    .verb = "create", .resource = "selfsubjectaccessreviews", .group = "authorization.k8s.io"};

static bool set_known(json_t *object, const char *name, const char *text)
{
    return !text || !*text || ld_object_set(object, name, ld_json_text(text));
}

leakdiag_status ld_kube_access_review_body(const ld_kube_asked *asked, const char *subresource,
                                           char **ret, leakdiag_error *err)
{
    LD_JSON *body = json_object();
    json_t *attributes = json_object(), *spec = json_object();
    bool made = set_known(attributes, "namespace", asked->ns);
    made &= set_known(attributes, "verb", asked->verb);
    made &= set_known(attributes, "group", asked->group);
    made &= set_known(attributes, "resource", asked->resource);
    made &= set_known(attributes, "subresource", subresource);
    made &= set_known(attributes, "name", asked->name);
    made &= ld_object_set(spec, "resourceAttributes", attributes);
    made &= ld_object_set(body, "spec", spec);
    made &= ld_object_set(body, "apiVersion", json_string("authorization.k8s.io/v1"));
    made &= ld_object_set(body, "kind", json_string("SelfSubjectAccessReview"));
    return made ? ld_json_dump(body, ret, err) : ld_fail_nomem(err);
}

leakdiag_status ld_kube_read_access_review(const ld_answer *answer, ld_kube_access *ret,
                                           leakdiag_error *err)
{
    LD_JSON *json = NULL;
    ld_kube_access made = {0};
    leakdiag_status status =
        ld_kube_parse(&review, answer, "SelfSubjectAccessReview", NULL, &json, err);
    if (status)
        return status;
    const json_t *verdict = json_object_get(json, "status");
    if (!ld_json_get_bool(verdict, "allowed", &made.is_allowed))
        return ld_kube_fail(&review, LEAKDIAG_E_PROTOCOL, "the review does not say allowed or not",
                            err);
    ld_json_get_bool(verdict, "denied", &made.is_denied);
    if (!ld_kube_copy(verdict, "reason", &made.reason))
        return ld_fail_nomem(err);
    *ret = made;
    return LEAKDIAG_OK;
}

void ld_kube_access_done(ld_kube_access *access)
{
    ld_release(access->reason);
    *access = (ld_kube_access){0};
}
