#include "base/json.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"

#define DEFAULT_BYTES  ((size_t)16 << 20)
#define DEFAULT_DEPTH  64
#define DEFAULT_VALUES 2000000

static leakdiag_status too_much(leakdiag_error *err, const char *data, size_t at, const char *what,
                                size_t limit)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at; i++) {
        line += data[i] == '\n';
        column = data[i] == '\n' ? 1 : column + 1;
    }
    return ld_fail_at(err, LEAKDIAG_E_LIMIT, line, column, "JSON has more than %zu %s", limit,
                      what);
}

/* One pass over the bytes: jansson needs up to 79 bytes of heap per input byte, so depth and number
 * of values are bounded before it sees them. */
static leakdiag_status prescan(const char *data, size_t len, const ld_json_limits *limits,
                               leakdiag_error *err)
{
    size_t depth = 0, values = 1;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        char c = data[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
            continue;
        }
        if (c == '"')
            in_string = true;
        else if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
        if (c == '{' || c == '[' || c == ',' || c == ':')
            values++;
        if (depth > limits->depth)
            return too_much(err, data, i, "nested levels", limits->depth);
        if (values > limits->values)
            return too_much(err, data, i, "values", limits->values);
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_json_check_limits(const char *data, size_t len, const ld_json_limits *limits,
                                     leakdiag_error *err)
{
    ld_json_limits used = limits ? *limits : (ld_json_limits){0};
    used.bytes = used.bytes ? used.bytes : DEFAULT_BYTES;
    used.depth = used.depth ? used.depth : DEFAULT_DEPTH;
    used.values = used.values ? used.values : DEFAULT_VALUES;
    if (len > used.bytes)
        return too_much(err, data, 0, "bytes", used.bytes);
    return prescan(data, len, &used, err);
}

leakdiag_status ld_json_parse(const char *data, size_t len, const ld_json_limits *limits,
                              json_t **ret, leakdiag_error *err)
{
    leakdiag_status status = ld_json_check_limits(data, len, limits, err);
    if (status)
        return status;

    json_error_t why;
    size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    if (limits && limits->all_real)
        flags |= JSON_DECODE_INT_AS_REAL;
    json_t *json = json_loadb(data, len, flags, &why);
    if (!json && json_error_code(&why) == json_error_out_of_memory)
        return ld_fail_nomem(err);
    if (!json)
        return ld_fail_at(err, LEAKDIAG_E_INVALID, why.line > 0 ? (size_t)why.line : 0,
                          why.column > 0 ? (size_t)why.column : 0, "not valid JSON: %s", why.text);
    *ret = json;
    return LEAKDIAG_OK;
}

typedef struct dump {
    ld_text text;
    bool pretty;
} dump;

static void dump_value(dump *d, const json_t *json, size_t level);

static void new_line(dump *d, size_t level)
{
    if (!d->pretty)
        return;
    ld_text_add_char(&d->text, '\n');
    for (size_t i = 0; i < level; i++)
        ld_text_add(&d->text, "  ");
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void dump_object(dump *d, const json_t *json, size_t level)
{
    size_t n = json_object_size(json), i = 0;
    const char **keys = ld_alloc_array(n ? n : 1, sizeof *keys);
    if (!keys) {
        d->text.failed = true;
        return;
    }
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)json, key, member) keys[i++] = key;
    qsort(keys, n, sizeof *keys, compare_keys);

    ld_text_add_char(&d->text, '{');
    for (i = 0; i < n; i++) {
        if (i)
            ld_text_add_char(&d->text, ',');
        new_line(d, level + 1);
        ld_text_add_json(&d->text, keys[i], strlen(keys[i]));
        ld_text_add(&d->text, d->pretty ? ": " : ":");
        dump_value(d, json_object_get(json, keys[i]), level + 1);
    }
    if (n)
        new_line(d, level);
    ld_text_add_char(&d->text, '}');
    ld_release(keys);
}

static void dump_array(dump *d, const json_t *json, size_t level)
{
    size_t n = json_array_size(json);
    ld_text_add_char(&d->text, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            ld_text_add_char(&d->text, ',');
        new_line(d, level + 1);
        dump_value(d, json_array_get(json, i), level + 1);
    }
    if (n)
        new_line(d, level);
    ld_text_add_char(&d->text, ']');
}

static void dump_value(dump *d, const json_t *json, size_t level)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        dump_object(d, json, level);
        break;
    case JSON_ARRAY:
        dump_array(d, json, level);
        break;
    case JSON_STRING:
        ld_text_add_json(&d->text, json_string_value(json), json_string_length(json));
        break;
    case JSON_INTEGER:
        ld_text_addf(&d->text, "%lld", (long long)json_integer_value(json));
        break;
    case JSON_REAL:
        ld_text_add_number(&d->text, json_real_value(json));
        break;
    case JSON_TRUE:
        ld_text_add(&d->text, "true");
        break;
    case JSON_FALSE:
        ld_text_add(&d->text, "false");
        break;
    case JSON_NULL:
    default:
        ld_text_add(&d->text, "null");
        break;
    }
}

static leakdiag_status dump_all(const json_t *json, bool pretty, char **ret, leakdiag_error *err)
{
    dump d = {.pretty = pretty};
    dump_value(&d, json, 0);
    leakdiag_status status = ld_text_take(&d.text, ret, err);
    ld_text_done(&d.text);
    return status;
}

leakdiag_status ld_json_dump(const json_t *json, char **ret, leakdiag_error *err)
{
    return dump_all(json, false, ret, err);
}

leakdiag_status ld_json_dump_pretty(const json_t *json, char **ret, leakdiag_error *err)
{
    return dump_all(json, true, ret, err);
}

json_t *ld_json_number(double value)
{
    if (!isfinite(value))
        return json_null();
    if (value == trunc(value) && fabs(value) < 9007199254740992.0)
        return json_integer((json_int_t)value);
    return json_real(value);
}

json_t *ld_json_bytes(const char *data, size_t len)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    for (size_t i = 0; i < len;) {
        size_t n = ld_utf8_len(data + i, len - i);
        if (n == 0 || data[i] == '\0') /* jansson takes NUL only on special request */
            ld_text_add(&text, "\xef\xbf\xbd");
        else
            ld_text_add_bytes(&text, data + i, n);
        i += n ? n : 1;
    }
    if (text.failed)
        return NULL;
    return json_stringn_nocheck(text.data ? text.data : "", text.len);
}

json_t *ld_json_text(const char *text)
{
    return text ? ld_json_bytes(text, strlen(text)) : json_null();
}

bool ld_json_get_text(const json_t *object, const char *key, const char **ret)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text)
        *ret = text;
    return text != NULL;
}

bool ld_json_get_number(const json_t *object, const char *key, double *ret)
{
    const json_t *member = json_object_get(object, key);
    if (!json_is_number(member))
        return false;
    *ret = json_number_value(member);
    return true;
}

bool ld_json_get_int(const json_t *object, const char *key, int64_t *ret)
{
    const json_t *member = json_object_get(object, key);
    if (json_is_integer(member)) {
        *ret = json_integer_value(member);
        return true;
    }
    double value = json_is_real(member) ? json_real_value(member) : 0.5;
    if (value != trunc(value) || fabs(value) >= 9007199254740992.0)
        return false;
    *ret = (int64_t)value;
    return true;
}

bool ld_json_get_bool(const json_t *object, const char *key, bool *ret)
{
    const json_t *member = json_object_get(object, key);
    if (!json_is_boolean(member))
        return false;
    *ret = json_is_true(member);
    return true;
}
