/* Label selectors: the grammar of kubectl -l, and selectors of objects written in it. */
#include <string.h>

#include "base/alloc.h"
#include "wire/kube_read.h"

#define SELECTOR_MAX 4096
#define LABEL_MAX    63

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters and digits, and '-', '_', '.' between them. */
static bool is_name(const char *text, size_t len)
{
    if (len == 0 || len > LABEL_MAX || !is_alnum(text[0]) || !is_alnum(text[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_alnum(text[i]) && text[i] != '-' && text[i] != '_' && text[i] != '.')
            return false;
    return true;
}

bool ld_kube_is_label_value(const char *text, size_t len)
{
    return len == 0 || is_name(text, len);
}

bool ld_kube_is_label_key(const char *text, size_t len)
{
    const char *slash = memchr(text, '/', len);
    if (!slash)
        return is_name(text, len);
    size_t before = (size_t)(slash - text);
    char prefix[254];
    if (before >= sizeof prefix)
        return false;
    memcpy(prefix, text, before);
    prefix[before] = '\0';
    return ld_kube_check_subdomain("prefix", prefix, NULL) == LEAKDIAG_OK &&
           is_name(slash + 1, len - before - 1);
}

/* --- the grammar --- */

typedef struct word {
    const char *data;
    size_t len;
} word;

typedef struct cursor {
    const char *text, *at;
} cursor;

static void skip_blanks(cursor *c)
{
    c->at += strspn(c->at, " \t\r\n");
}

static leakdiag_status bad(const cursor *c, const char *expected, leakdiag_error *err)
{
    return ld_fail_at(err, LEAKDIAG_E_INVALID, 1, (size_t)(c->at - c->text) + 1,
                      "selector \"%.120s\": %s at byte %zu", c->text, expected,
                      (size_t)(c->at - c->text) + 1);
}

static bool take(cursor *c, const char *token)
{
    skip_blanks(c);
    size_t n = strlen(token);
    if (strncmp(c->at, token, n) != 0)
        return false;
    c->at += n;
    return true;
}

/* Everything up to a blank or one of the signs. May be empty. */
static word peek_word(cursor *c)
{
    skip_blanks(c);
    return (word){c->at, strcspn(c->at, " \t\r\n=!(),<>")};
}

static bool is_word(word w, const char *text)
{
    return w.len == strlen(text) && memcmp(w.data, text, w.len) == 0;
}

static leakdiag_status take_key(cursor *c, leakdiag_error *err)
{
    word key = peek_word(c);
    if (!ld_kube_is_label_key(key.data, key.len))
        return bad(c, "a label is expected, like app or example.com/app", err);
    c->at += key.len;
    return LEAKDIAG_OK;
}

static leakdiag_status take_value(cursor *c, leakdiag_error *err)
{
    word value = peek_word(c);
    if (!ld_kube_is_label_value(value.data, value.len))
        return bad(c, "a value is expected: at most 63 letters, digits, '-', '_', '.'", err);
    c->at += value.len;
    return LEAKDIAG_OK;
}

static leakdiag_status take_number(cursor *c, leakdiag_error *err)
{
    word value = peek_word(c);
    if (value.len == 0 || value.len > 18 || strspn(value.data, "0123456789") < value.len)
        return bad(c, "a whole number is expected", err);
    c->at += value.len;
    return LEAKDIAG_OK;
}

/* Values may be empty, also the only one. */
static leakdiag_status take_set(cursor *c, leakdiag_error *err)
{
    if (!take(c, "("))
        return bad(c, "'(' is expected", err);
    do {
        leakdiag_status status = take_value(c, err);
        if (status)
            return status;
    } while (take(c, ","));
    return take(c, ")") ? LEAKDIAG_OK : bad(c, "',' or ')' is expected", err);
}

static bool is_at_end(cursor *c)
{
    skip_blanks(c);
    return *c->at == '\0' || *c->at == ',';
}

static leakdiag_status take_requirement(cursor *c, leakdiag_error *err)
{
    bool negated = take(c, "!");
    leakdiag_status status = take_key(c, err);
    if (status || negated || is_at_end(c))
        return status;
    if (take(c, "==") || take(c, "!=") || take(c, "="))
        return take_value(c, err);
    if (take(c, "<") || take(c, ">"))
        return take_number(c, err);
    word sign = peek_word(c);
    if (!is_word(sign, "in") && !is_word(sign, "notin"))
        return bad(c, "one of = == != in notin is expected", err);
    c->at += sign.len;
    return take_set(c, err);
}

leakdiag_status ld_kube_check_selector(const char *selector, leakdiag_error *err)
{
    cursor c = {selector, selector};
    if (!selector || !*selector)
        return ld_fail(err, LEAKDIAG_E_INVALID, "selector is empty: it would select everything");
    if (strnlen(selector, SELECTOR_MAX + 1) > SELECTOR_MAX)
        return ld_fail(err, LEAKDIAG_E_INVALID, "selector is longer than %d bytes", SELECTOR_MAX);
    do {
        leakdiag_status status = take_requirement(&c, err);
        if (status)
            return status;
        if (!is_at_end(&c))
            return bad(&c, "',' or the end is expected", err);
    } while (take(&c, ","));
    return LEAKDIAG_OK;
}

/* --- of objects --- */

static void add_comma(ld_text *text)
{
    if (text->len)
        ld_text_add_char(text, ',');
}

static bool is_key(const char *key)
{
    return ld_kube_is_label_key(key, strlen(key));
}

static bool add_labels(ld_text *text, const json_t *labels)
{
    const char *key;
    const json_t *value;
    if (labels && !json_is_object(labels) && !json_is_null(labels))
        return false;
    json_object_foreach((json_t *)(uintptr_t)labels, key, value)
    {
        const char *wanted = json_string_value(value);
        if (!wanted || !is_key(key) || !ld_kube_is_label_value(wanted, strlen(wanted)))
            return false;
        add_comma(text);
        ld_text_add(text, key);
        ld_text_add_char(text, '=');
        ld_text_add(text, wanted);
    }
    return true;
}

static bool add_set(ld_text *text, const json_t *values)
{
    size_t i;
    const json_t *value;
    if (json_array_size(values) == 0)
        return false;
    ld_text_add_char(text, '(');
    json_array_foreach(values, i, value)
    {
        const char *wanted = json_string_value(value);
        if (!wanted || !ld_kube_is_label_value(wanted, strlen(wanted)))
            return false;
        if (i)
            ld_text_add_char(text, ',');
        ld_text_add(text, wanted);
    }
    ld_text_add_char(text, ')');
    return true;
}

static bool add_expression(ld_text *text, const json_t *expression)
{
    const char *key = NULL, *sign = NULL;
    if (!ld_json_get_text(expression, "key", &key) || !is_key(key) ||
        !ld_json_get_text(expression, "operator", &sign))
        return false;
    add_comma(text);
    if (strcmp(sign, "DoesNotExist") == 0)
        ld_text_add_char(text, '!');
    ld_text_add(text, key);
    if (strcmp(sign, "Exists") == 0 || strcmp(sign, "DoesNotExist") == 0)
        return true;
    if (strcmp(sign, "In") != 0 && strcmp(sign, "NotIn") != 0)
        return false;
    ld_text_add(text, strcmp(sign, "In") == 0 ? " in " : " notin ");
    return add_set(text, json_object_get(expression, "values"));
}

static leakdiag_status take_text(ld_text *text, bool readable, char **ret, leakdiag_error *err)
{
    if (text->failed)
        return ld_fail_nomem(err);
    if (!readable)
        return ld_fail(err, LEAKDIAG_E_PROTOCOL,
                       "its label selector is not one of Kubernetes: it cannot be asked for");
    if (text->len > SELECTOR_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "its label selector is longer than %d bytes",
                       SELECTOR_MAX);
    return text->len ? ld_text_take(text, ret, err) : LEAKDIAG_OK;
}

leakdiag_status ld_kube_labels_text(const json_t *labels, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    bool readable = add_labels(&text, labels);
    return take_text(&text, readable, ret, err);
}

leakdiag_status ld_kube_selector_text(const json_t *selector, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    size_t i;
    const json_t *expression, *list = json_object_get(selector, "matchExpressions");
    bool readable = add_labels(&text, json_object_get(selector, "matchLabels"));
    readable = readable && (!list || json_is_array(list) || json_is_null(list));
    json_array_foreach(list, i, expression)
    {
        readable = readable && add_expression(&text, expression);
    }
    return take_text(&text, readable, ret, err);
}
