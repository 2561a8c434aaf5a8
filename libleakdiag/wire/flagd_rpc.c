#include "wire/flagd_rpc.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

#define BODY_MAX_BYTES ((size_t)1 << 20)
#define VALUES_MAX     100000
#define INT_DIGITS_MAX 20 /* of an int64, with its sign */

leakdiag_status ld_flagd_rpc_body(const char *key, char **ret, leakdiag_error *err)
{
    leakdiag_status status = ld_flag_check_key(key, err);
    if (status)
        return status;
    LD_CLEANUP(ld_text_done) ld_text body = {0};
    ld_text_add(&body, "{\"flagKey\":");
    ld_text_add_json(&body, key, strlen(key));
    ld_text_add(&body, ",\"context\":{}}");
    return ld_text_take(&body, ret, err);
}

/* What the answer says; the texts live in the parsed answer. */
typedef struct verdict {
    leakdiag_flag_state state;
    ld_text detail;
    const char *value, *variant, *reason, *code;
    char number[INT_DIGITS_MAX + 1];
} verdict;

static void verdict_done(verdict *v)
{
    ld_text_done(&v->detail);
}

static void malformed(verdict *v, const char *why)
{
    v->state = LEAKDIAG_FLAG_MALFORMED;
    v->value = NULL;
    ld_text_add(&v->detail, why);
}

/* An int64 is a text in this protocol; a number is taken too. NULL: neither, or beyond int64. */
static const char *int_text(const json_t *value, verdict *v)
{
    const char *text = json_string_value(value);
    size_t len = text ? strnlen(text, INT_DIGITS_MAX + 1) : 0;
    LD_JSON *number = NULL;
    if (!text && !json_is_integer(value))
        return NULL;
    if (text && (len > INT_DIGITS_MAX || ld_json_parse(text, len, NULL, &number, NULL)))
        return NULL;
    LD_CLEANUP(ld_releasep) char *digits = NULL;
    if (!json_is_integer(number ? number : value))
        return NULL;
    if (ld_json_dump(number ? number : value, &digits, NULL)) {
        v->detail.failed = true;
        return NULL;
    }
    strncpy(v->number, digits, INT_DIGITS_MAX);
    return v->number;
}

static void judge_value(const json_t *value, verdict *v)
{
    bool disabled = v->reason && strcmp(v->reason, "DISABLED") == 0;
    if (v->reason && strcmp(v->reason, "ERROR") == 0)
        malformed(v, "reason ERROR without an error");
    else if (value && !v->value)
        malformed(v, "the value is no whole number of 64 bits");
    else if (disabled) {
        v->state = LEAKDIAG_FLAG_DISABLED;
        ld_text_add(&v->detail, "the flag's state is DISABLED");
    } else if (v->value)
        v->state = LEAKDIAG_FLAG_VALUE;
    else {
        v->state = LEAKDIAG_FLAG_CODE_DEFAULT;
        ld_text_add(&v->detail, "the flag exists but has no value: the application uses its own "
                                "default");
    }
}

static void judge_success(const json_t *json, verdict *v)
{
    const json_t *value = json_object_get(json, "value");
    ld_json_get_text(json, "reason", &v->reason);
    ld_json_get_text(json, "variant", &v->variant);
    if (v->variant && !*v->variant)
        v->variant = NULL; /* how this protocol writes that there is none */
    if (json_is_null(value))
        value = NULL;
    if (!value && !v->reason) {
        v->state = LEAKDIAG_FLAG_NOT_OFREP;
        ld_text_add(&v->detail, "JSON, but not an answer of flagd: no value and no reason");
        return;
    }
    v->value = value ? int_text(value, v) : NULL;
    judge_value(value, v);
}

/* {"code":…,"message":…} */
static void judge_error(const ld_answer *answer, const json_t *json, verdict *v)
{
    const char *message = "";
    ld_json_get_text(json, "message", &message);
    bool disabled = strstr(message, "isabled") != NULL; /* flagd before 0.16 */
    ld_detail_add(&v->detail, v->code, strlen(v->code));
    if (*message)
        ld_text_add(&v->detail, ": ");
    ld_detail_add(&v->detail, message, strlen(message));
    if (disabled)
        v->state = LEAKDIAG_FLAG_DISABLED;
    else if (strcmp(v->code, "not_found") == 0) {
        v->state = LEAKDIAG_FLAG_MISSING;
        ld_text_add(&v->detail, "; this port says so of a flag without a default variant too");
    } else if (answer->status >= 502 && answer->status <= 504)
        v->state = LEAKDIAG_FLAG_UNREACHABLE;
    else
        v->state = LEAKDIAG_FLAG_MALFORMED;
}

static void judge_other(const ld_answer *answer, verdict *v)
{
    int status = answer->status;
    if (status >= 502 && status <= 504) {
        v->state = LEAKDIAG_FLAG_UNREACHABLE;
        ld_text_addf(&v->detail, "HTTP %d: a gateway answers, but the service behind it does not",
                     status);
        return;
    }
    v->state = LEAKDIAG_FLAG_NOT_OFREP;
    ld_detail_add_answer(&v->detail, answer);
    ld_text_add(&v->detail, status == 404   ? ": nothing speaks flagd's protocol at this address"
                            : status == 405 ? ": this method is not taken here"
                            : status == 415 ? ": this content type is not taken here"
                                            : ": not an answer of flagd");
}

static void judge_broken(const ld_answer *answer, const leakdiag_error *why, verdict *v)
{
    if (answer->status != 200 ||
        !(ld_answer_says_json(answer) || ld_answer_looks_like_json(answer))) {
        judge_other(answer, v);
        return;
    }
    v->state = LEAKDIAG_FLAG_MALFORMED;
    if (why->line)
        ld_text_addf(&v->detail, "line %u, column %u: ", why->line, why->column);
    ld_detail_add(&v->detail, why->message, strlen(why->message));
}

static void judge(const ld_answer *answer, const json_t *json, const leakdiag_error *why,
                  verdict *v)
{
    if (ld_detail_add_refusal(&v->detail, answer))
        v->state = answer->status < 400 ? LEAKDIAG_FLAG_NOT_OFREP : LEAKDIAG_FLAG_REFUSED;
    else if (!json)
        judge_broken(answer, why, v);
    else if (answer->status == 200 && json_is_object(json))
        judge_success(json, v);
    else if (answer->status >= 400 && ld_json_get_text(json, "code", &v->code) && *v->code)
        judge_error(answer, json, v);
    else
        judge_other(answer, v);
}

leakdiag_status ld_flagd_rpc_decode(const char *key, const ld_answer *answer, leakdiag_flag **ret,
                                    leakdiag_error *err)
{
    LD_JSON *json = NULL;
    LD_CLEANUP(verdict_done) verdict v = {0};
    leakdiag_error why = {0};
    const ld_json_limits limits = {.bytes = BODY_MAX_BYTES, .values = VALUES_MAX};
    const char *body = answer->body ? answer->body : "";
    if (ld_json_parse(body, answer->len, &limits, &json, &why) == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    judge(answer, json, &why, &v);
    if (v.detail.failed)
        return ld_fail_nomem(err);
    const ld_flag_fields fields = {
        .state = v.state,
        .key = key,
        .value_json = v.value,
        .variant = v.variant,
        .reason = v.reason,
        .error_code = v.code,
        .detail = v.detail.data,
        .method = "rpc",
        .http_status = answer->status,
        .latency_ms = answer->latency_ms,
        .body = answer->body,
        .body_len = answer->len,
    };
    return ld_flag_new(&fields, ret, err);
}
