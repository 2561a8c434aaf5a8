/* A flagd file, evaluated offline as flagd would without a context. The rules are those of flagd's
 * own loader: the schema only warns, a wrong type or one wrong defaultVariant rejects the file. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "wire/answer.h"
#include "wire/flag.h"

#define FILE_MAX_BYTES ((size_t)4 << 20)
#define VALUES_MAX     500000

/* Why the file as a whole cannot be used; state VALUE while it can. */
typedef struct file_verdict {
    leakdiag_flag_state state;
    ld_text detail;
} file_verdict;

static void file_verdict_done(file_verdict *v)
{
    ld_text_done(&v->detail);
}

static bool reject(file_verdict *v, const char *what)
{
    v->state = LEAKDIAG_FLAG_FILE_REJECTED;
    ld_text_add(&v->detail, what);
    return false;
}

static bool reject_flag(file_verdict *v, const char *key, const char *what)
{
    v->state = LEAKDIAG_FLAG_FILE_REJECTED;
    ld_text_add(&v->detail, "flag '");
    ld_detail_add(&v->detail, key, strlen(key));
    ld_text_addf(&v->detail, "': %s: flagd rejects the whole file", what);
    return false;
}

/* Missing and null are as good as the type that is wanted. */
static bool is_absent(const json_t *member)
{
    return !member || json_is_null(member);
}

static bool is_fit(const json_t *flag, const char *key, file_verdict *v)
{
    if (json_is_null(flag))
        return true;
    if (!json_is_object(flag))
        return reject_flag(v, key, "is no object");
    const json_t *state = json_object_get(flag, "state");
    const json_t *variants = json_object_get(flag, "variants");
    const json_t *variant = json_object_get(flag, "defaultVariant");
    const json_t *metadata = json_object_get(flag, "metadata");
    if (!is_absent(state) && !json_is_string(state))
        return reject_flag(v, key, "state is no string");
    if (!is_absent(variants) && !json_is_object(variants))
        return reject_flag(v, key, "variants is no object");
    if (!is_absent(variant) && !json_is_string(variant))
        return reject_flag(v, key, "defaultVariant is no string");
    if (!is_absent(metadata) && !json_is_object(metadata))
        return reject_flag(v, key, "metadata is no object");
    const char *name = json_string_value(variant);
    if (!name || !*name || json_object_get(variants, name))
        return true;
    LD_CLEANUP(ld_text_done) ld_text what = {0};
    ld_text_add(&what, "defaultVariant '");
    ld_detail_add(&what, name, strlen(name));
    ld_text_add(&what, "' is not among its variants");
    v->detail.failed |= what.failed;
    return reject_flag(v, key, what.data ? what.data : "");
}

/* "flags" is an object by key, or a list whose entries have a "key": the last one of a key counts.
 */
static json_t *by_key(json_t *flags)
{
    if (!json_is_array(flags))
        return json_is_object(flags) ? json_incref(flags) : NULL;
    json_t *map = json_object();
    size_t i;
    json_t *flag;
    json_array_foreach(flags, i, flag)
    {
        const char *key = "";
        ld_json_get_text(flag, "key", &key);
        json_object_set(map, key, flag);
    }
    return map;
}

static bool are_fit(json_t *flags, file_verdict *v)
{
    const char *key;
    json_t *flag;
    if (json_object_size(flags) == 0)
        return reject(v, "the file has no flags");
    json_object_foreach(flags, key, flag)
    {
        if (!is_fit(flag, key, v))
            return false;
    }
    return true;
}

/* What jansson refuses but flagd takes: then nothing is known about flagd's answer. */
static bool is_only_our_limit(const leakdiag_error *why)
{
    return why->status == LEAKDIAG_E_LIMIT || strstr(why->message, "duplicate") ||
           strstr(why->message, "too big integer") || strstr(why->message, "u0000");
}

/* *ret is the flags by key; it stays NULL when v says why there are none. */
static leakdiag_status load(const char *data, size_t len, json_t **ret, file_verdict *v,
                            leakdiag_error *err)
{
    const ld_json_limits limits = {.bytes = FILE_MAX_BYTES, .values = VALUES_MAX};
    LD_JSON *json = NULL;
    leakdiag_error why = {0};
    leakdiag_status status = ld_json_parse(data, len, &limits, &json, &why);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (status) {
        bool ours = is_only_our_limit(&why);
        v->state = ours ? LEAKDIAG_FLAG_MALFORMED : LEAKDIAG_FLAG_FILE_REJECTED;
        if (why.line)
            ld_text_addf(&v->detail, "line %u, column %u: ", why.line, why.column);
        ld_detail_add(&v->detail, why.message, strlen(why.message));
        if (!ours)
            ld_text_add(&v->detail, "; a running flagd keeps the values it had");
        return v->detail.failed ? ld_fail_nomem(err) : LEAKDIAG_OK;
    }
    json_t *listed = json_object_get(json, "flags");
    LD_JSON *flags = by_key(listed);
    if (!flags && json_is_null(listed))
        reject(v, "the file has no flags");
    else if (!flags)
        reject(v, "the file has no object or list 'flags'");
    else if (are_fit(flags, v))
        *ret = ld_steal(&flags);
    return v->detail.failed ? ld_fail_nomem(err) : LEAKDIAG_OK;
}

static bool has_rules(const json_t *flag)
{
    const json_t *targeting = json_object_get(flag, "targeting");
    return !is_absent(targeting) && !(json_is_object(targeting) && !json_object_size(targeting));
}

/* flagd holds every number as a double: 9007199254740993 is served as …992. */
static leakdiag_status value_text(const json_t *value, char **ret, leakdiag_error *err)
{
    LD_JSON *number = json_is_number(value) ? ld_json_number(json_number_value(value)) : NULL;
    return ld_json_dump(number ? number : value, ret, err);
}

static leakdiag_status evaluate(const json_t *flag, const char *key, leakdiag_flag **ret,
                                leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *value_json = NULL;
    ld_flag_fields fields = {.key = key, .method = "file", .latency_ms = -1};
    const char *state = "", *variant = "";
    ld_json_get_text(flag, "state", &state);
    ld_json_get_text(flag, "defaultVariant", &variant);
    fields.has_targeting = has_rules(flag);
    const json_t *value = json_object_get(json_object_get(flag, "variants"), variant);
    if (strcmp(state, "DISABLED") == 0) {
        fields.state = LEAKDIAG_FLAG_DISABLED;
        fields.reason = "DISABLED";
        fields.detail = "the flag's state is DISABLED";
    } else if (!*variant) {
        fields.state = LEAKDIAG_FLAG_CODE_DEFAULT;
        fields.reason = "DEFAULT";
        fields.detail = "the flag has no defaultVariant: the application uses its own default";
    } else if (json_is_null(value)) {
        fields.state = LEAKDIAG_FLAG_MALFORMED;
        fields.error_code = "TYPE_MISMATCH";
        fields.detail = "the value of its defaultVariant is null";
    } else {
        leakdiag_status status = value_text(value, &value_json, err);
        if (status)
            return status;
        fields.value_json = value_json;
        fields.variant = variant;
        fields.reason = fields.has_targeting ? "DEFAULT" : "STATIC";
        if (fields.has_targeting)
            fields.detail = "its targeting rules were not followed; this is the default";
    }
    return ld_flag_new(&fields, ret, err);
}

static leakdiag_status flag_without(const char *key, leakdiag_flag_state state, const char *detail,
                                    leakdiag_flag **ret, leakdiag_error *err)
{
    const ld_flag_fields fields = {
        .state = state, .key = key, .detail = detail, .method = "file", .latency_ms = -1};
    return ld_flag_new(&fields, ret, err);
}

leakdiag_status leakdiag_flag_from_file(const char *data, size_t len, const char *key,
                                        leakdiag_flag **ret, leakdiag_error *err)
{
    leakdiag_status status = ld_flag_check_key(key, err);
    if (status)
        return status;
    LD_JSON *flags = NULL;
    LD_CLEANUP(file_verdict_done) file_verdict v = {.state = LEAKDIAG_FLAG_VALUE};
    status = load(data, len, &flags, &v, err);
    if (status)
        return status;
    if (!flags)
        return flag_without(key, v.state, v.detail.data, ret, err);
    const json_t *flag = json_object_get(flags, key);
    if (!flag)
        return flag_without(key, LEAKDIAG_FLAG_MISSING,
                            "the file has other flags, but not this one", ret, err);
    return evaluate(flag, key, ret, err);
}

static leakdiag_status add_evaluated(const json_t *flag, const char *key, leakdiag_flags *flags,
                                     leakdiag_error *err)
{
    LD_CLEANUP(ld_flag_freep) leakdiag_flag *made = NULL;
    leakdiag_status status = evaluate(flag, key, &made, err);
    if (!status)
        status = ld_flags_add(flags, made, err);
    if (!status)
        (void)ld_steal(&made);
    return status;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their keys, as flagd lists them. */
static leakdiag_status add_all(json_t *map, leakdiag_flags *flags, leakdiag_error *err)
{
    size_t n = 0;
    LD_CLEANUP(ld_releasep) const char **keys = ld_alloc_array(json_object_size(map), sizeof *keys);
    if (!keys)
        return ld_fail_nomem(err);
    const char *key;
    json_t *flag;
    json_object_foreach(map, key, flag) keys[n++] = key;
    qsort(keys, n, sizeof *keys, compare_keys);
    for (size_t i = 0; i < n; i++) {
        leakdiag_status status = add_evaluated(json_object_get(map, keys[i]), keys[i], flags, err);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_flags_from_file(const char *data, size_t len, leakdiag_flags **ret,
                                         leakdiag_error *err)
{
    LD_JSON *map = NULL;
    LD_CLEANUP(ld_flags_freep) leakdiag_flags *flags = NULL;
    LD_CLEANUP(file_verdict_done) file_verdict v = {.state = LEAKDIAG_FLAG_VALUE};
    leakdiag_status status = load(data, len, &map, &v, err);
    if (!status)
        status = ld_flags_new(map ? LEAKDIAG_FLAG_VALUE : v.state, map ? "" : v.detail.data, &flags,
                              err);
    if (!status && map)
        status = add_all(map, flags, err);
    if (status)
        return status;
    *ret = ld_steal(&flags);
    return LEAKDIAG_OK;
}
