/* Is this the answer that was asked for? If not: which kind of no, in words that help. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "wire/kube_read.h"

#define STATUS_MAX_BYTES ((size_t)1 << 20)
#define ASKED_BYTES      200
#define USER_BYTES       100

/* What a Status object says; the texts live in the parsed answer. */
typedef struct said {
    bool is_status;
    const char *message;
    int64_t code, retry_s; /* 0 not said */
} said;

/* The text behind a separator, or nothing at all. */
static void add_part(char out[ASKED_BYTES], const char *before, const char *text)
{
    size_t len = strlen(out);
    if (text && *text)
        snprintf(out + len, ASKED_BYTES - len, "%s%.80s", before, text);
}

/* "list pods.metrics.k8s.io in namespace otel-demo" */
static void asked_text(const ld_kube_asked *asked, char out[ASKED_BYTES])
{
    out[0] = '\0';
    add_part(out, "", asked->verb);
    add_part(out, " ", asked->resource);
    add_part(out, ".", asked->group);
    add_part(out, " ", asked->name);
    add_part(out, " in namespace ", asked->ns);
}

leakdiag_status ld_kube_fail(const ld_kube_asked *asked, leakdiag_status status, const char *text,
                             leakdiag_error *err)
{
    char what[ASKED_BYTES];
    asked_text(asked, what);
    return ld_fail(err, status, "%s: %s", what, text);
}

static leakdiag_status fail_detail(const ld_kube_asked *asked, leakdiag_status status,
                                   const ld_text *detail, leakdiag_error *err)
{
    if (detail->failed)
        return ld_fail_nomem(err);
    return ld_kube_fail(asked, status, detail->data ? detail->data : "", err);
}

static void read_said(const json_t *json, said *ret)
{
    ret->is_status = ld_kube_is_text(json, "kind", "Status");
    if (!ret->is_status)
        return;
    ld_json_get_text(json, "message", &ret->message);
    ret->code = ld_kube_count(json, "code", 0);
    ret->retry_s = ld_kube_count(json_object_get(json, "details"), "retryAfterSeconds", 0);
}

/* "HTTP 404: WORDS", with the server's own words, or the beginning of whatever it sent. */
static void add_words(ld_text *detail, const ld_answer *answer, const said *s)
{
    if (!s->is_status) {
        ld_detail_add_answer(detail, answer);
        return;
    }
    ld_text_addf(detail, "HTTP %d", answer->status);
    if (s->message && *s->message) {
        ld_text_add(detail, ": ");
        ld_detail_add(detail, s->message, strlen(s->message));
    }
}

/* The user in: … is forbidden: User "dev" cannot list … */
static const char *find_user(const char *message, size_t *ret_len)
{
    static const char before[] = "User \"";
    const char *found = message ? strstr(message, before) : NULL;
    if (!found)
        return NULL;
    found += sizeof before - 1;
    const char *end = strchr(found, '"');
    *ret_len = end ? (size_t)(end - found) : 0;
    return end && *ret_len ? found : NULL;
}

static void add_rule(ld_text *detail, const ld_kube_asked *asked)
{
    bool has_ns = asked->ns && *asked->ns;
    ld_text_addf(detail, "; to grant it, bind a %s with the rule {apiGroups: [\"%s\"], ",
                 has_ns ? "Role" : "ClusterRole", asked->group ? asked->group : "");
    ld_text_addf(detail, "resources: [%s], verbs: [%s]}", asked->resource, asked->verb);
}

static leakdiag_status forbidden(const ld_kube_asked *asked, const ld_answer *answer, const said *s,
                                 leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    size_t len = 0;
    const char *user = find_user(s->message, &len);
    static const char anonymous[] = "system:anonymous";
    if (!s->is_status) {
        add_words(&detail, answer, s);
        ld_text_add(&detail, ": refused by something in front of Kubernetes, or before it was "
                             "asked; are these credentials for this server?");
    } else if (user && len == sizeof anonymous - 1 && memcmp(user, anonymous, len) == 0) {
        ld_text_add(&detail, "HTTP 403: user system:anonymous has no right to: no credentials "
                             "reached the server; look at the user of this kubeconfig context");
    } else if (user) {
        ld_text_add(&detail, "HTTP 403: user ");
        ld_detail_add(&detail, user, len < USER_BYTES ? len : USER_BYTES);
        ld_text_add(&detail, " has no right to do that");
        add_rule(&detail, asked);
    } else {
        add_words(&detail, answer, s);
        add_rule(&detail, asked);
    }
    return fail_detail(asked, LEAKDIAG_E_AUTH, &detail, err);
}

/* A Status in general words is about the path, not about an object. */
static bool is_unknown_path(const said *s)
{
    static const char general[] = "the server could not find the requested resource";
    return s->is_status && s->message && strncmp(s->message, general, sizeof general - 1) == 0;
}

/* The first byte that is not blank. */
static bool begins_with(const ld_answer *answer, char c)
{
    size_t i = 0;
    while (i < answer->len && answer->body[i] && strchr(" \t\r\n", answer->body[i]))
        i++;
    return i < answer->len && answer->body[i] == c;
}

static leakdiag_status not_found(const ld_kube_asked *asked, const ld_answer *answer, const said *s,
                                 leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    add_words(&detail, answer, s);
    if (s->is_status && !is_unknown_path(s))
        return fail_detail(asked, LEAKDIAG_E_NOT_FOUND, &detail, err);
    if (!s->is_status && begins_with(answer, '<')) {
        ld_text_add(&detail, ": this is not the Kubernetes API");
        return fail_detail(asked, LEAKDIAG_E_PROTOCOL, &detail, err);
    }
    bool is_metrics = ld_text_equal(asked->group, "metrics.k8s.io");
    ld_text_addf(&detail, ": this server does not serve %s%s",
                 asked->group && *asked->group ? asked->group : asked->resource,
                 is_metrics ? "; is metrics-server installed?" : "");
    return fail_detail(asked, LEAKDIAG_E_UNSUPPORTED, &detail, err);
}

static void add_retry(ld_text *detail, const ld_answer *answer, const said *s)
{
    int64_t seconds = answer->retry_after_s > 0 ? answer->retry_after_s : s->retry_s;
    char text[LD_NUMBER_BYTES];
    if (seconds <= 0) {
        ld_text_add(detail, "; try again later");
        return;
    }
    ld_duration_format((double)seconds, text);
    ld_text_addf(detail, "; it wants to be asked again after %s", text);
}

/* What is left: the statuses whose words are the server's own. */
static leakdiag_status refused(const ld_kube_asked *asked, const ld_answer *answer, int code,
                               const said *s, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    leakdiag_status status = s->is_status ? LEAKDIAG_E_INVALID : LEAKDIAG_E_PROTOCOL;
    add_words(&detail, answer, s);
    if (code == 429 || code >= 500) {
        status = code == 429 ? LEAKDIAG_E_LIMIT : LEAKDIAG_E_IO;
        add_retry(&detail, answer, s);
    } else if (code == 405)
        status = LEAKDIAG_E_UNSUPPORTED;
    else if (code == 409 || code == 410) {
        status = LEAKDIAG_E_CONFLICT;
        ld_text_add(&detail, "; ask again from the start");
    } else if (!s->is_status)
        ld_text_add(&detail, ": this is not the Kubernetes API");
    return fail_detail(asked, status, &detail, err);
}

static leakdiag_status turned_away(const ld_kube_asked *asked, const ld_answer *answer,
                                   leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    ld_detail_add_refusal(&detail, answer);
    bool redirect = answer->status < 400;
    if (!redirect)
        ld_text_add(&detail, " or does not take these (expired, or of another cluster); renew "
                             "those of this kubeconfig context");
    return fail_detail(asked, redirect ? LEAKDIAG_E_PROTOCOL : LEAKDIAG_E_AUTH, &detail, err);
}

static leakdiag_status judge(const ld_kube_asked *asked, const ld_answer *answer, int code,
                             const said *s, leakdiag_error *err)
{
    if (answer->status >= 300 && answer->status < 400)
        return turned_away(asked, answer, err);
    if (code == 401 || code == 407) {
        ld_answer as_said = *answer;
        as_said.status = code;
        return turned_away(asked, &as_said, err);
    }
    if (code == 403)
        return forbidden(asked, answer, s, err);
    if (code == 404)
        return not_found(asked, answer, s, err);
    return refused(asked, answer, code, s, err);
}

static bool is_success(int status)
{
    return status >= 200 && status < 300;
}

static leakdiag_status not_kubernetes(const ld_kube_asked *asked, const ld_answer *answer,
                                      leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    ld_detail_add_answer(&detail, answer);
    ld_text_add(&detail, ": this is not the Kubernetes API; is there a proxy or a login page in "
                         "front of it?");
    return fail_detail(asked, LEAKDIAG_E_PROTOCOL, &detail, err);
}

static leakdiag_status check(const ld_kube_asked *asked, const ld_answer *answer,
                             leakdiag_error *err)
{
    if (is_success(answer->status))
        return begins_with(answer, '{') ? LEAKDIAG_OK : not_kubernetes(asked, answer, err);
    LD_JSON *json = NULL;
    said s = {0};
    const ld_json_limits limits = {.bytes = STATUS_MAX_BYTES};
    if (begins_with(answer, '{') &&
        ld_json_parse(answer->body, answer->len, &limits, &json, NULL) == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    read_said(json, &s);
    return judge(asked, answer, answer->status, &s, err);
}

leakdiag_status ld_kube_check(const ld_kube_asked *asked, const ld_answer *answer,
                              leakdiag_error *err)
{
    return ld_error_http(err, check(asked, answer, err), answer->status);
}

static leakdiag_status parse_failed(const ld_kube_asked *asked, leakdiag_status status,
                                    const leakdiag_error *why, leakdiag_error *err)
{
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    bool limit = status == LEAKDIAG_E_LIMIT;
    ld_text_addf(&detail, "line %u, column %u: ", why->line, why->column);
    ld_detail_add(&detail, why->message, strlen(why->message));
    ld_text_add(&detail, limit ? "; ask for less, with a narrower selector"
                               : "; the answer is cut off or broken");
    return fail_detail(asked, limit ? LEAKDIAG_E_LIMIT : LEAKDIAG_E_PROTOCOL, &detail, err);
}

static leakdiag_status wrong_kind(const ld_kube_asked *asked, const ld_answer *answer,
                                  const json_t *json, const char *kind, leakdiag_error *err)
{
    said s = {0};
    read_said(json, &s);
    if (s.is_status && s.code >= 400 && s.code <= 599)
        return judge(asked, answer, (int)s.code, &s, err);
    const char *came = NULL;
    if (!ld_json_get_text(json, "kind", &came))
        return not_kubernetes(asked, answer, err);
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    ld_text_addf(&detail, "the answer is no %s but a ", kind);
    ld_detail_add(&detail, came, strlen(came));
    return fail_detail(asked, LEAKDIAG_E_PROTOCOL, &detail, err);
}

leakdiag_status ld_kube_parse_whole(const ld_kube_asked *asked, const ld_answer *answer,
                                    const char *kind, const char *or_kind, json_t **ret,
                                    leakdiag_error *err)
{
    leakdiag_status status = ld_kube_check(asked, answer, err);
    if (status)
        return status;
    LD_JSON *json = NULL;
    leakdiag_error why = {0};
    const ld_json_limits limits = {.bytes = LD_KUBE_BODY_MAX_BYTES};
    status = ld_json_parse(answer->body, answer->len, &limits, &json, &why);
    if (status)
        return ld_error_http(err, parse_failed(asked, status, &why, err), answer->status);
    if (!ld_kube_is_text(json, "kind", kind) &&
        !(or_kind && ld_kube_is_text(json, "kind", or_kind)))
        return ld_error_http(err, wrong_kind(asked, answer, json, kind, err), answer->status);
    *ret = ld_steal(&json);
    return LEAKDIAG_OK;
}

leakdiag_status ld_kube_parse(const ld_kube_asked *asked, const ld_answer *answer, const char *kind,
                              const char *or_kind, json_t **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text lean = {0};
    ld_answer less = *answer;
    leakdiag_status status = ld_kube_lean(answer->body, answer->len, &lean, err);
    if (status)
        return status;
    if (lean.len) {
        less.body = lean.data;
        less.len = lean.len;
    }
    return ld_kube_parse_whole(asked, &less, kind, or_kind, ret, err);
}

leakdiag_status ld_kube_parse_list(const ld_kube_asked *asked, const ld_answer *answer,
                                   const char *kind, json_t **ret, const json_t **ret_items,
                                   leakdiag_error *err)
{
    LD_JSON *json = NULL;
    leakdiag_status status = ld_kube_parse(asked, answer, kind, NULL, &json, err);
    if (status)
        return status;
    const json_t *items = json_object_get(json, "items");
    if (!json_is_array(items) && !json_is_null(items))
        return ld_kube_fail(asked, LEAKDIAG_E_PROTOCOL, "the list has no items", err);
    if (json_array_size(items) > LD_KUBE_ITEMS_MAX)
        return ld_kube_fail(asked, LEAKDIAG_E_LIMIT,
                            "more than 5000 items; ask for less, with a narrower selector", err);
    for (size_t i = 0; i < json_array_size(items); i++)
        if (!json_is_string(
                json_object_get(json_object_get(json_array_get(items, i), "metadata"), "name")))
            return ld_kube_fail(asked, LEAKDIAG_E_PROTOCOL, "an item of the list has no name", err);
    *ret_items = items;
    *ret = ld_steal(&json);
    return LEAKDIAG_OK;
}

bool ld_kube_copy(const json_t *object, const char *key, char **ret)
{
    const char *text = NULL;
    if (!ld_json_get_text(object, key, &text))
        return true;
    ld_release(*ret);
    *ret = ld_copy_text(text);
    return *ret != NULL;
}

int64_t ld_kube_time(const json_t *object, const char *key)
{
    const char *text = NULL;
    int64_t ms = 0;
    if (!ld_json_get_text(object, key, &text))
        return 0;
    size_t len = strlen(text);
    return ld_rfc3339_parse(text, len, &ms) == len && len > 0 && ms > 0 ? ms : 0;
}

int64_t ld_kube_count(const json_t *object, const char *key, int64_t absent)
{
    int64_t value = 0;
    if (!ld_json_get_int(object, key, &value) || value < 0 || value > LD_WHOLE_MAX)
        return absent;
    return value;
}

const char *ld_kube_label(const json_t *metadata, const char *map, const char *key)
{
    const char *text = NULL;
    ld_json_get_text(json_object_get(metadata, map), key, &text);
    return text;
}

const json_t *ld_kube_condition(const json_t *status, const char *type)
{
    size_t i;
    const json_t *condition;
    json_array_foreach(json_object_get(status, "conditions"), i, condition)
    {
        if (ld_kube_is_text(condition, "type", type))
            return condition;
    }
    return NULL;
}

bool ld_kube_is_text(const json_t *object, const char *key, const char *wanted)
{
    const char *text = NULL;
    return ld_json_get_text(object, key, &text) && strcmp(text, wanted) == 0;
}
