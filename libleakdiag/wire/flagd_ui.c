#include "wire/flagd_ui.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

#define BODY_MAX_BYTES ((size_t)4 << 20)
#define VALUES_MAX     500000

/* Why this is no document of flags; state VALUE when it is one. */
typedef struct verdict {
    leakdiag_flag_state state;
    ld_text detail;
} verdict;

static void verdict_done(verdict *v)
{
    ld_text_done(&v->detail);
}

static void judge_status(const ld_answer *answer, const json_t *json, verdict *v)
{
    const char *error = NULL;
    if (ld_detail_add_refusal(&v->detail, answer)) {
        v->state = answer->status < 400 ? LEAKDIAG_FLAG_NOT_OFREP : LEAKDIAG_FLAG_REFUSED;
        return;
    }
    if (answer->status >= 502 && answer->status <= 504) {
        v->state = LEAKDIAG_FLAG_UNREACHABLE;
        ld_text_addf(&v->detail, "HTTP %d: a gateway answers, but flagd-ui behind it does not",
                     answer->status);
        return;
    }
    if (ld_json_get_text(json, "error", &error)) {
        v->state = LEAKDIAG_FLAG_MALFORMED;
        ld_text_addf(&v->detail, "HTTP %d: flagd-ui says: ", answer->status);
        ld_detail_add(&v->detail, error, strlen(error));
        return;
    }
    v->state = LEAKDIAG_FLAG_NOT_OFREP;
    ld_detail_add_answer(&v->detail, answer);
    ld_text_add(&v->detail, ": this is not flagd-ui's API");
}

static void judge_document(const ld_answer *answer, const json_t *json, const leakdiag_error *why,
                           verdict *v)
{
    bool meant = ld_answer_says_json(answer) || ld_answer_looks_like_json(answer);
    if (!json && meant) {
        v->state = LEAKDIAG_FLAG_MALFORMED;
        if (why->line)
            ld_text_addf(&v->detail, "line %u, column %u: ", why->line, why->column);
        ld_detail_add(&v->detail, why->message, strlen(why->message));
    } else if (!json_object_get(json, "flags")) {
        v->state = LEAKDIAG_FLAG_NOT_OFREP;
        ld_detail_add_answer(&v->detail, answer);
        ld_text_add(&v->detail, ": this is not flagd-ui's API: no flags");
    }
}

/* The same flag with what is known about the exchange. */
static leakdiag_status with_answer(const leakdiag_flag *flag, const ld_answer *answer,
                                   leakdiag_flag **ret, leakdiag_error *err)
{
    const ld_flag_fields fields = {
        .state = leakdiag_flag_get_state(flag),
        .key = leakdiag_flag_key(flag),
        .value_json = leakdiag_flag_value_json(flag),
        .variant = leakdiag_flag_variant(flag),
        .reason = leakdiag_flag_reason(flag),
        .error_code = leakdiag_flag_error_code(flag),
        .detail = leakdiag_flag_detail(flag),
        .method = "ui",
        .http_status = answer->status,
        .has_targeting = leakdiag_flag_has_targeting(flag),
        .latency_ms = answer->latency_ms,
        .body = answer->body,
        .body_len = answer->len,
    };
    return ld_flag_new(&fields, ret, err);
}

static leakdiag_status evaluate(const char *key, const ld_answer *answer, leakdiag_flag **ret,
                                leakdiag_error *err)
{
    LD_CLEANUP(ld_flag_freep) leakdiag_flag *flag = NULL;
    leakdiag_error why = {0};
    leakdiag_status status = leakdiag_flag_from_file(answer->body, answer->len, key, &flag, &why);
    if (status == LEAKDIAG_E_INVALID) { /* a key that no flag can have */
        const ld_flag_fields fields = {
            .state = LEAKDIAG_FLAG_MISSING, .key = key, .detail = why.message};
        status = ld_flag_new(&fields, &flag, err);
    }
    return status ? ld_fail_nomem(err) : with_answer(flag, answer, ret, err);
}

leakdiag_status ld_flagd_ui_decode(const char *key, const ld_answer *answer, leakdiag_flag **ret,
                                   leakdiag_error *err)
{
    LD_JSON *json = NULL;
    LD_CLEANUP(verdict_done) verdict v = {.state = LEAKDIAG_FLAG_VALUE};
    leakdiag_error why = {0};
    const ld_json_limits limits = {.bytes = BODY_MAX_BYTES, .values = VALUES_MAX};
    const char *body = answer->body ? answer->body : "";
    if (ld_json_parse(body, answer->len, &limits, &json, &why) == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (answer->status == 200)
        judge_document(answer, json, &why, &v);
    else
        judge_status(answer, json, &v);
    if (v.detail.failed)
        return ld_fail_nomem(err);
    if (v.state == LEAKDIAG_FLAG_VALUE)
        return evaluate(key, answer, ret, err);
    const ld_flag_fields fields = {
        .state = v.state,
        .key = key,
        .detail = v.detail.data,
        .method = "ui",
        .http_status = answer->status,
        .latency_ms = answer->latency_ms,
        .body = answer->body,
        .body_len = answer->len,
    };
    return ld_flag_new(&fields, ret, err);
}
