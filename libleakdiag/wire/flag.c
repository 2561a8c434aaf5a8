#include "wire/flag.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "wire/object.h"

struct leakdiag_flag {
    leakdiag_flag_state state;
    leakdiag_flag_type type;
    double number;
    char *key, *string, *value_json, *variant, *reason, *error_code, *detail, *method;
    int http_status;
    bool has_targeting;
    int64_t latency_ms;
    char *body;
    size_t body_len;
};

struct leakdiag_flags {
    leakdiag_flag_state state;
    char *detail;
    leakdiag_flag **list;
    size_t len, room;
};

static leakdiag_flag_type type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_TRUE:
    case JSON_FALSE:
        return LEAKDIAG_FLAG_TYPE_BOOLEAN;
    case JSON_INTEGER:
    case JSON_REAL:
        return LEAKDIAG_FLAG_TYPE_NUMBER;
    case JSON_STRING:
        return LEAKDIAG_FLAG_TYPE_STRING;
    case JSON_OBJECT:
    case JSON_ARRAY:
        return LEAKDIAG_FLAG_TYPE_OBJECT;
    case JSON_NULL:
    default:
        return LEAKDIAG_FLAG_TYPE_NONE;
    }
}

/* false = out of memory */
static bool copy(char **ret, const char *text)
{
    if (!text)
        return true;
    *ret = ld_copy_text(text);
    return *ret != NULL;
}

static leakdiag_status set_value(leakdiag_flag *flag, const char *value_json, leakdiag_error *err)
{
    LD_JSON *value = NULL;
    leakdiag_status status = ld_json_parse(value_json, strlen(value_json), NULL, &value, err);
    if (status)
        return ld_error_prefix(err, status, "value of a flag");
    flag->type = type_of(value);
    if (flag->type == LEAKDIAG_FLAG_TYPE_NONE)
        return ld_fail(err, LEAKDIAG_E_INVALID, "value of a flag: null is no value");
    if (flag->type == LEAKDIAG_FLAG_TYPE_NUMBER)
        flag->number = json_number_value(value);
    if (flag->type == LEAKDIAG_FLAG_TYPE_BOOLEAN)
        flag->number = json_is_true(value) ? 1 : 0;
    if (!copy(&flag->string, json_string_value(value)))
        return ld_fail_nomem(err);
    return ld_json_dump(value, &flag->value_json, err);
}

leakdiag_status ld_flag_new(const ld_flag_fields *fields, leakdiag_flag **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_flag_freep) leakdiag_flag *flag = ld_alloc_zero(sizeof *flag);
    if (!flag)
        return ld_fail_nomem(err);
    flag->state = fields->state;
    flag->number = NAN;
    flag->http_status = fields->http_status;
    flag->has_targeting = fields->has_targeting;
    flag->latency_ms = fields->latency_ms;
    flag->body_len = fields->body_len;
    flag->body = ld_copy_bytes(fields->body ? fields->body : "", fields->body_len);
    if (!flag->body || !copy(&flag->key, fields->key ? fields->key : "") ||
        !copy(&flag->variant, fields->variant) || !copy(&flag->reason, fields->reason) ||
        !copy(&flag->error_code, fields->error_code) ||
        !copy(&flag->detail, fields->detail ? fields->detail : "") ||
        !copy(&flag->method, fields->method ? fields->method : ""))
        return ld_fail_nomem(err);
    if (fields->value_json) {
        leakdiag_status status = set_value(flag, fields->value_json, err);
        if (status)
            return status;
    }
    *ret = ld_steal(&flag);
    return LEAKDIAG_OK;
}

leakdiag_status ld_flag_restate(leakdiag_flag *flag, leakdiag_flag_state state, const char *detail,
                                leakdiag_error *err)
{
    char *copied = ld_copy_text(detail);
    if (!copied)
        return ld_fail_nomem(err);
    ld_release(flag->detail);
    flag->detail = copied;
    flag->state = state;
    return LEAKDIAG_OK;
}

leakdiag_status ld_flag_check_key(const char *key, leakdiag_error *err)
{
    size_t len = key ? strlen(key) : 0;
    if (len == 0)
        return ld_fail(err, LEAKDIAG_E_INVALID, "flag key is empty");
    if (len > LEAKDIAG_FLAG_KEY_MAX_BYTES)
        return ld_fail(err, LEAKDIAG_E_INVALID, "flag key has %zu bytes; at most %d are allowed",
                       len, LEAKDIAG_FLAG_KEY_MAX_BYTES);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)key[i];
        if (c < 0x20 || c >= 0x7f)
            return ld_fail(err, LEAKDIAG_E_INVALID,
                           "flag key has byte 0x%02x at %zu; only printable ASCII is allowed", c,
                           i);
        if (c == '/')
            return ld_fail(err, LEAKDIAG_E_INVALID, "flag key has '/' at %zu", i);
        if (c == '.' && key[i + 1] == '.')
            return ld_fail(err, LEAKDIAG_E_INVALID, "flag key has '..' at %zu", i);
    }
    if (strcmp(key, ".") == 0)
        return ld_fail(err, LEAKDIAG_E_INVALID, "flag key is only '.'");
    return LEAKDIAG_OK;
}

void leakdiag_flag_free(leakdiag_flag *flag)
{
    if (!flag)
        return;
    ld_release(flag->key);
    ld_release(flag->string);
    ld_release(flag->value_json);
    ld_release(flag->variant);
    ld_release(flag->reason);
    ld_release(flag->error_code);
    ld_release(flag->detail);
    ld_release(flag->method);
    ld_release(flag->body);
    ld_release(flag);
}

leakdiag_flag_state leakdiag_flag_get_state(const leakdiag_flag *flag)
{
    return flag->state;
}

const char *leakdiag_flag_key(const leakdiag_flag *flag)
{
    return flag->key;
}

leakdiag_flag_type leakdiag_flag_get_type(const leakdiag_flag *flag)
{
    return flag->type;
}

double leakdiag_flag_number(const leakdiag_flag *flag)
{
    return flag->number;
}

const char *leakdiag_flag_string(const leakdiag_flag *flag)
{
    return flag->string;
}

const char *leakdiag_flag_value_json(const leakdiag_flag *flag)
{
    return flag->value_json;
}

const char *leakdiag_flag_variant(const leakdiag_flag *flag)
{
    return flag->variant;
}

const char *leakdiag_flag_reason(const leakdiag_flag *flag)
{
    return flag->reason;
}

const char *leakdiag_flag_error_code(const leakdiag_flag *flag)
{
    return flag->error_code;
}

const char *leakdiag_flag_detail(const leakdiag_flag *flag)
{
    return flag->detail;
}

const char *leakdiag_flag_method(const leakdiag_flag *flag)
{
    return flag->method;
}

int leakdiag_flag_http_status(const leakdiag_flag *flag)
{
    return flag->http_status;
}

int leakdiag_flag_has_targeting(const leakdiag_flag *flag)
{
    return flag->has_targeting ? 1 : 0;
}

int64_t leakdiag_flag_latency_ms(const leakdiag_flag *flag)
{
    return flag->latency_ms;
}

const char *leakdiag_flag_body(const leakdiag_flag *flag, size_t *ret_len)
{
    if (ret_len)
        *ret_len = flag->body_len;
    return flag->body;
}

/* *ret is a new reference. */
static leakdiag_status json_of(const leakdiag_flag *flag, json_t **ret, leakdiag_error *err)
{
    LD_JSON *json = json_object();
    json_t *value = json_null();
    if (flag->value_json) {
        leakdiag_status status =
            ld_json_parse(flag->value_json, strlen(flag->value_json), NULL, &value, err);
        if (status)
            return status;
    }
    json_t *latency = flag->latency_ms < 0 ? json_null() : json_integer(flag->latency_ms);
    bool made = ld_object_set(json, "value", value);
    made &= ld_object_set(json, "latency_ms", latency);
    made &= ld_object_set(json, "schema", ld_json_text("leakdiag.flag/1"));
    made &= ld_object_set(json, "key", ld_json_text(flag->key));
    made &= ld_object_set(json, "state", ld_json_text(leakdiag_flag_state_name(flag->state)));
    made &= ld_object_set(json, "type", ld_json_text(leakdiag_flag_type_name(flag->type)));
    made &= ld_object_set(json, "variant", ld_json_text(flag->variant));
    made &= ld_object_set(json, "reason", ld_json_text(flag->reason));
    made &= ld_object_set(json, "error_code", ld_json_text(flag->error_code));
    made &= ld_object_set(json, "detail", ld_json_text(flag->detail));
    made &= ld_object_set(json, "method", ld_json_text(flag->method));
    made &= ld_object_set(json, "http_status", json_integer(flag->http_status));
    made &= ld_object_set(json, "has_targeting", json_boolean(flag->has_targeting));
    if (!made)
        return ld_fail_nomem(err);
    *ret = ld_steal(&json);
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_flag_to_json(const leakdiag_flag *flag, char **ret, leakdiag_error *err)
{
    LD_JSON *json = NULL;
    leakdiag_status status = json_of(flag, &json, err);
    return status ? status : ld_json_dump(json, ret, err);
}

leakdiag_status leakdiag_flags_to_json(const leakdiag_flags *flags, char **ret, leakdiag_error *err)
{
    LD_JSON *json = json_object();
    json_t *list = json_array();
    bool made = ld_object_set(json, "flags", list);
    for (size_t i = 0; made && i < flags->len; i++) {
        json_t *one = NULL;
        leakdiag_status status = json_of(flags->list[i], &one, err);
        if (status)
            return status;
        made = json_array_append_new(list, one) == 0;
    }
    made &= ld_object_set(json, "schema", ld_json_text("leakdiag.flags/1"));
    made &= ld_object_set(json, "state", ld_json_text(leakdiag_flag_state_name(flags->state)));
    made &= ld_object_set(json, "detail", ld_json_text(flags->detail));
    return made ? ld_json_dump(json, ret, err) : ld_fail_nomem(err);
}

leakdiag_status ld_flags_new(leakdiag_flag_state state, const char *detail, leakdiag_flags **ret,
                             leakdiag_error *err)
{
    LD_CLEANUP(ld_flags_freep) leakdiag_flags *flags = ld_alloc_zero(sizeof *flags);
    if (!flags || !(flags->detail = ld_copy_text(detail)))
        return ld_fail_nomem(err);
    flags->state = state;
    *ret = ld_steal(&flags);
    return LEAKDIAG_OK;
}

leakdiag_status ld_flags_add(leakdiag_flags *flags, leakdiag_flag *flag, leakdiag_error *err)
{
    if (flags->len == flags->room) {
        size_t room = flags->room ? flags->room * 2 : 16;
        leakdiag_flag **list =
            ld_resize_array(flags->list, flags->room, room, sizeof(leakdiag_flag *));
        if (!list)
            return ld_fail_nomem(err);
        flags->list = list;
        flags->room = room;
    }
    flags->list[flags->len++] = flag;
    return LEAKDIAG_OK;
}

leakdiag_flag_state leakdiag_flags_state(const leakdiag_flags *flags)
{
    return flags->state;
}

const char *leakdiag_flags_detail(const leakdiag_flags *flags)
{
    return flags->detail;
}

size_t leakdiag_flags_len(const leakdiag_flags *flags)
{
    return flags->len;
}

const leakdiag_flag *leakdiag_flags_at(const leakdiag_flags *flags, size_t i)
{
    return i < flags->len ? flags->list[i] : NULL;
}

void leakdiag_flags_free(leakdiag_flags *flags)
{
    if (!flags)
        return;
    for (size_t i = 0; i < flags->len; i++)
        leakdiag_flag_free(flags->list[i]);
    ld_release(flags->list);
    ld_release(flags->detail);
    ld_release(flags);
}
