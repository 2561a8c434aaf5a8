#include "wire/ofrep.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "wire/percent.h"

#define CONTEXT_MAX_BYTES ((size_t)64 << 10)
#define VALUES_MAX        100000

leakdiag_status ld_ofrep_path(const char *key, char **ret, leakdiag_error *err)
{
    leakdiag_status status = ld_flag_check_key(key, err);
    if (status)
        return status;
    LD_CLEANUP(ld_text_done) ld_text path = {0};
    ld_text_add(&path, LD_OFREP_BULK_PATH "/");
    ld_percent_add(&path, key);
    return ld_text_take(&path, ret, err);
}

leakdiag_status ld_ofrep_body(const char *context_json, char **ret, leakdiag_error *err)
{
    LD_JSON *context = NULL;
    if (context_json) {
        const ld_json_limits limits = {.bytes = CONTEXT_MAX_BYTES};
        leakdiag_status status =
            ld_json_parse(context_json, strlen(context_json), &limits, &context, err);
        if (status)
            return ld_error_prefix(err, status, "context");
        if (!json_is_object(context))
            return ld_fail(err, LEAKDIAG_E_INVALID, "context: a JSON object is needed, like {}");
    } else if (!(context = json_object()))
        return ld_fail_nomem(err);

    LD_CLEANUP(ld_releasep) char *text = NULL;
    leakdiag_status status = ld_json_dump(context, &text, err);
    if (status)
        return status;
    LD_CLEANUP(ld_text_done) ld_text body = {0};
    ld_text_add(&body, "{\"context\":");
    ld_text_add(&body, text);
    ld_text_add_char(&body, '}');
    return ld_text_take(&body, ret, err);
}

/* What one evaluation says; the texts live in the parsed answer. */
typedef struct verdict {
    leakdiag_flag_state state;
    ld_text detail;
    const json_t *value; /* NULL for none */
    const char *variant, *reason, *code;
} verdict;

static void verdict_done(verdict *v)
{
    ld_text_done(&v->detail);
}

static void judge_error(const json_t *object, verdict *v)
{
    const char *details = NULL;
    ld_json_get_text(object, "errorDetails", &details);
    if (v->code && strcmp(v->code, "FLAG_NOT_FOUND") == 0) {
        /* flagd before 0.16 answers a disabled flag like this. */
        bool disabled = details && strstr(details, "is disabled");
        v->state = disabled ? LEAKDIAG_FLAG_DISABLED : LEAKDIAG_FLAG_MISSING;
    } else
        v->state = LEAKDIAG_FLAG_MALFORMED;
    if (v->code)
        ld_detail_add(&v->detail, v->code, strlen(v->code));
    if (v->code && details)
        ld_text_add(&v->detail, ": ");
    if (details)
        ld_detail_add(&v->detail, details, strlen(details));
    if (v->detail.len == 0) /* both may be there and empty */
        ld_text_add(&v->detail, "an error answer that says neither code nor details");
}

/* True when the object is about another flag than was asked for. */
static bool is_about_another(const json_t *object, const char *key, verdict *v)
{
    const char *named = NULL;
    if (!key || !ld_json_get_text(object, "key", &named) || strcmp(named, key) == 0)
        return false;
    v->state = LEAKDIAG_FLAG_MALFORMED;
    ld_text_add(&v->detail, "the answer is about another flag: '");
    ld_detail_add(&v->detail, named, strlen(named));
    ld_text_add_char(&v->detail, '\'');
    return true;
}

static void judge_value(verdict *v)
{
    if (v->reason && strcmp(v->reason, "ERROR") == 0) {
        v->state = LEAKDIAG_FLAG_MALFORMED;
        ld_text_add(&v->detail, "reason ERROR without an error code");
    } else if (v->reason && strcmp(v->reason, "DISABLED") == 0) {
        v->state = LEAKDIAG_FLAG_DISABLED;
        ld_text_add(&v->detail, "the flag's state is DISABLED");
    } else if (v->value)
        v->state = LEAKDIAG_FLAG_VALUE;
    else {
        v->state = LEAKDIAG_FLAG_CODE_DEFAULT;
        ld_text_add(&v->detail, "the flag exists but has no value");
        if (v->reason) {
            ld_text_add(&v->detail, " (reason ");
            ld_detail_add(&v->detail, v->reason, strlen(v->reason));
            ld_text_add_char(&v->detail, ')');
        }
        ld_text_add(&v->detail, ": the application uses its own default");
    }
}

static void judge_evaluation(const json_t *object, const char *key, verdict *v)
{
    const json_t *value = json_object_get(object, "value");
    v->value = json_is_null(value) ? NULL : value;
    ld_json_get_text(object, "variant", &v->variant);
    ld_json_get_text(object, "reason", &v->reason);
    ld_json_get_text(object, "errorCode", &v->code);
    if (!value && !v->reason && !v->code && !json_object_get(object, "key")) {
        v->state = LEAKDIAG_FLAG_NOT_OFREP;
        ld_text_add(&v->detail, "JSON, but not an OFREP answer: no key, value, reason or error");
    } else if (is_about_another(object, key, v))
        v->value = NULL;
    else if (v->code)
        judge_error(object, v);
    else
        judge_value(v);
    if (v->state == LEAKDIAG_FLAG_MISSING || v->state == LEAKDIAG_FLAG_MALFORMED)
        v->value = NULL;
}

/* Every status but 200, with or without a JSON body. */
static void judge_status(const ld_answer *answer, const json_t *json, const char *key, verdict *v)
{
    int status = answer->status;
    const char *details;
    bool redirect = status >= 300 && status < 400;
    if (ld_detail_add_refusal(&v->detail, answer))
        v->state = redirect ? LEAKDIAG_FLAG_NOT_OFREP : LEAKDIAG_FLAG_REFUSED;
    else if (status >= 400 && (ld_json_get_text(json, "errorCode", &v->code) ||
                               ld_json_get_text(json, "errorDetails", &details))) {
        if (!is_about_another(json, key, v))
            judge_error(json, v);
    } else if (status >= 502 && status <= 504) {
        v->state = LEAKDIAG_FLAG_UNREACHABLE;
        ld_text_addf(&v->detail, "HTTP %d: a gateway answers, but the service behind it does not",
                     status);
    } else {
        v->state = LEAKDIAG_FLAG_NOT_OFREP;
        ld_detail_add_answer(&v->detail, answer);
        ld_text_add(&v->detail, status == 404   ? ": nothing speaks OFREP at this address"
                                : status == 405 ? ": this method is not taken here"
                                                : ": not an OFREP answer");
    }
}

static void judge_broken(const ld_answer *answer, const leakdiag_error *why, verdict *v)
{
    bool meant = ld_answer_says_json(answer) || ld_answer_looks_like_json(answer);
    if (answer->status != 200)
        judge_status(answer, NULL, NULL, v);
    else if (meant) {
        v->state = LEAKDIAG_FLAG_MALFORMED;
        if (why->line)
            ld_text_addf(&v->detail, "line %u, column %u: ", why->line, why->column);
        ld_detail_add(&v->detail, why->message, strlen(why->message));
    } else {
        v->state = LEAKDIAG_FLAG_NOT_OFREP;
        ld_detail_add_answer(&v->detail, answer);
        ld_text_add(&v->detail, ": not an OFREP answer");
    }
}

static leakdiag_status parse_body(const ld_answer *answer, json_t **ret, leakdiag_error *err)
{
    const ld_json_limits limits = {.bytes = LD_OFREP_BODY_MAX_BYTES, .values = VALUES_MAX};
    return ld_json_parse(answer->body ? answer->body : "", answer->len, &limits, ret, err);
}

static leakdiag_status flag_of(const verdict *v, const char *key, const ld_answer *answer,
                               bool with_body, leakdiag_flag **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *value_json = NULL;
    if (v->detail.failed)
        return ld_fail_nomem(err);
    if (v->value) {
        leakdiag_status status = ld_json_dump(v->value, &value_json, err);
        if (status)
            return status;
    }
    const ld_flag_fields fields = {
        .state = v->state,
        .key = key,
        .value_json = value_json,
        .variant = v->variant,
        .reason = v->reason,
        .error_code = v->code,
        .detail = v->detail.data,
        .method = answer->method,
        .http_status = answer->status,
        .latency_ms = answer->latency_ms,
        .body = with_body ? answer->body : NULL,
        .body_len = with_body ? answer->len : 0,
    };
    return ld_flag_new(&fields, ret, err);
}

leakdiag_status ld_ofrep_decode(const char *key, const ld_answer *answer, leakdiag_flag **ret,
                                leakdiag_error *err)
{
    LD_JSON *json = NULL;
    LD_CLEANUP(verdict_done) verdict v = {0};
    leakdiag_error why = {0};
    leakdiag_status status = parse_body(answer, &json, &why);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (status)
        judge_broken(answer, &why, &v);
    else if (answer->status != 200)
        judge_status(answer, json, key, &v);
    else if (json_is_object(json))
        judge_evaluation(json, key, &v);
    else {
        v.state = LEAKDIAG_FLAG_NOT_OFREP;
        ld_text_add(&v.detail, "JSON, but not an object: not an OFREP answer");
    }
    return flag_of(&v, key, answer, true, ret, err);
}

bool ld_ofrep_wants_get(const ld_answer *post)
{
    if (post->status == 405)
        return true;
    if (post->status != 404)
        return false;
    LD_JSON *json = NULL;
    return parse_body(post, &json, NULL) != LEAKDIAG_OK;
}

leakdiag_status ld_ofrep_decode_both(const char *key, const ld_answer *post, const ld_answer *get,
                                     leakdiag_flag **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_flag_freep) leakdiag_flag *by_get = NULL;
    leakdiag_status status = ld_ofrep_decode(key, get, &by_get, err);
    if (status)
        return status;
    if (leakdiag_flag_get_state(by_get) != LEAKDIAG_FLAG_NOT_OFREP) {
        *ret = ld_steal(&by_get);
        return LEAKDIAG_OK;
    }

    LD_CLEANUP(ld_flag_freep) leakdiag_flag *by_post = NULL;
    status = ld_ofrep_decode(key, post, &by_post, err);
    if (status)
        return status;
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    ld_text_addf(&detail, "POST: %s; GET: HTTP %d", leakdiag_flag_detail(by_post), get->status);
    if (detail.failed)
        return ld_fail_nomem(err);
    status = ld_flag_restate(by_post, LEAKDIAG_FLAG_NOT_OFREP, detail.data, err);
    if (status)
        return status;
    *ret = ld_steal(&by_post);
    return LEAKDIAG_OK;
}

static leakdiag_status add_entry(const json_t *entry, const ld_answer *answer,
                                 leakdiag_flags *flags, leakdiag_error *err)
{
    LD_CLEANUP(ld_flag_freep) leakdiag_flag *flag = NULL;
    LD_CLEANUP(verdict_done) verdict v = {0};
    const char *key = NULL;
    ld_json_get_text(entry, "key", &key);
    judge_evaluation(entry, key, &v);
    leakdiag_status status = flag_of(&v, key, answer, false, &flag, err);
    if (!status)
        status = ld_flags_add(flags, flag, err);
    if (!status)
        (void)ld_steal(&flag);
    return status;
}

/* Why this is no list of flags; false when it is one. */
static bool judge_bulk(const ld_answer *answer, const json_t *json, const leakdiag_error *why,
                       verdict *v)
{
    if (!json)
        judge_broken(answer, why, v);
    else if (answer->status != 200)
        judge_status(answer, json, NULL, v);
    else if (!json_is_array(json_object_get(json, "flags"))) {
        v->state = LEAKDIAG_FLAG_NOT_OFREP;
        ld_text_add(&v->detail, "JSON, but not an OFREP answer: no list of flags");
    } else {
        size_t i;
        const json_t *entry;
        json_array_foreach(json_object_get(json, "flags"), i, entry)
        {
            if (json_is_string(json_object_get(entry, "key")))
                continue;
            v->state = LEAKDIAG_FLAG_MALFORMED;
            ld_text_addf(&v->detail, "entry %zu of the list of flags has no key", i + 1);
            return true;
        }
        return false;
    }
    return true;
}

leakdiag_status ld_ofrep_decode_bulk(const ld_answer *answer, leakdiag_flags **ret,
                                     leakdiag_error *err)
{
    LD_JSON *json = NULL;
    LD_CLEANUP(verdict_done) verdict v = {0};
    LD_CLEANUP(ld_flags_freep) leakdiag_flags *flags = NULL;
    leakdiag_error why = {0};
    if (parse_body(answer, &json, &why) == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    bool broken = judge_bulk(answer, json, &why, &v);
    if (v.detail.failed)
        return ld_fail_nomem(err);
    leakdiag_status status = ld_flags_new(broken ? v.state : LEAKDIAG_FLAG_VALUE,
                                          broken ? v.detail.data : "", &flags, err);
    if (status)
        return status;
    size_t i;
    const json_t *entry;
    json_array_foreach(broken ? NULL : json_object_get(json, "flags"), i, entry)
    {
        status = add_entry(entry, answer, flags, err);
        if (status)
            return status;
    }
    *ret = ld_steal(&flags);
    return LEAKDIAG_OK;
}

/* "; did you mean 'x'?", or that it is there after all. */
static leakdiag_status add_nearest(ld_text *detail, const char *key, const leakdiag_flags *all,
                                   leakdiag_error *err)
{
    size_t n = leakdiag_flags_len(all);
    LD_CLEANUP(ld_releasep) const char **keys = ld_alloc_array(n, sizeof *keys);
    if (!keys)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < n; i++)
        keys[i] = leakdiag_flag_key(leakdiag_flags_at(all, i));
    const char *nearest = ld_text_nearest(key, keys, n);
    if (nearest) {
        ld_text_add(detail, "; did you mean '");
        ld_detail_add(detail, nearest, strlen(nearest));
        ld_text_add(detail, "'?");
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_ofrep_refine(leakdiag_flag *flag, const leakdiag_flags *all, leakdiag_error *err)
{
    if (leakdiag_flag_get_state(flag) != LEAKDIAG_FLAG_MISSING ||
        leakdiag_flags_state(all) != LEAKDIAG_FLAG_VALUE)
        return LEAKDIAG_OK;
    size_t n = leakdiag_flags_len(all);
    if (n == 0)
        return ld_flag_restate(flag, LEAKDIAG_FLAG_FILE_REJECTED,
                               "the service has no flag at all: its file was rejected as a whole "
                               "(one bad defaultVariant is enough) or is empty; its log says which",
                               err);
    const char *key = leakdiag_flag_key(flag);
    for (size_t i = 0; i < n; i++)
        if (strcmp(leakdiag_flag_key(leakdiag_flags_at(all, i)), key) == 0)
            return ld_flag_restate(flag, LEAKDIAG_FLAG_MISSING,
                                   "not found, but in the list of all flags a moment later: "
                                   "it has just changed; ask again",
                                   err);
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    ld_text_addf(&detail, "the service knows %zu flag%s, but not '%s'", n, n == 1 ? "" : "s", key);
    leakdiag_status status = add_nearest(&detail, key, all, err);
    if (!status && detail.failed)
        status = ld_fail_nomem(err);
    return status ? status : ld_flag_restate(flag, LEAKDIAG_FLAG_MISSING, detail.data, err);
}
