/* Parameters: declared with a type and a default, set from outside, filled in everywhere as
 * ${name}. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "scenario/reader.h"

static const char *const type_names[] = {"text", "number", "quantity", "duration"};
static const ld_value_type types[] = {LD_VALUE_TEXT, LD_VALUE_NUMBER, LD_VALUE_BYTES,
                                      LD_VALUE_DURATION};
#define TYPES (sizeof types / sizeof types[0])

const char *leakdiag_scenario_param_type(const leakdiag_scenario *scenario, size_t i)
{
    for (size_t t = 0; i < scenario->params.n && t < TYPES; t++)
        if (types[t] == scenario->param_info[i].type)
            return type_names[t];
    return NULL;
}

static size_t find_param(const leakdiag_scenario *s, const char *name, size_t len)
{
    size_t i = 0;
    while (i < s->params.n &&
           (strncmp(s->params.list[i].key, name, len) != 0 || s->params.list[i].key[len] != '\0'))
        i++;
    return i;
}

static ld_value_type read_type(ld_reader *r, const ld_node *node, const char *where)
{
    const char *name = ld_reader_text(r, node, "type", true, where);
    for (size_t t = 0; name && t < TYPES; t++)
        if (strcmp(type_names[t], name) == 0)
            return types[t];
    const ld_node *at = ld_node_get(node, "type");
    if (name)
        ld_reader_unknown(r, at->line, at->column, "type", name, where, type_names, TYPES);
    return LD_VALUE_TEXT;
}

static void read_default(ld_reader *r, const ld_node *node, const char *where, ld_param_info *info,
                         ld_attribute *value)
{
    const ld_node *at = ld_node_get(node, "default");
    if (!at) {
        ld_reader_error(r, node->line, node->column,
                        "\"default\" is missing in %s (\"\" is one for a text)", where);
        return;
    }
    char member[LD_WHERE_BYTES + 80];
    snprintf(member, sizeof member, "\"default\" of %s", where);
    ld_attribute typed = {0};
    if (!ld_reader_value(r, at, info->type, member, &typed))
        return;
    if (strstr(at->text, "${"))
        ld_reader_error(r, at->line, at->column, "%s: a parameter cannot use another", member);
    if (strlen(at->text) > LD_MAX_PARAM_BYTES)
        ld_reader_limit(r, at, "%s: more than %d bytes", member, LD_MAX_PARAM_BYTES);
    info->fallback = ld_reader_copy(r, at->text);
    typed.key = ld_steal(&value->key);
    *value = typed;
}

static void read_param(ld_reader *r, const ld_node *node, ld_param_info *info, ld_attribute *value)
{
    static const char *const known[] = {"type", "default", "about"};
    char where[LD_WHERE_BYTES];
    snprintf(where, sizeof where, "parameter \"%.80s\"", node->key);
    *value = (ld_attribute){.key = ld_reader_copy(r, node->key),
                            .number = NAN,
                            .line = node->line,
                            .column = node->column};
    if (!ld_reader_is_id(r, node, "a parameter") || !ld_reader_expect(r, node, LD_NODE_MAP, where))
        return;
    if (!ld_reader_known_keys(r, node, known, 3, where))
        return;
    info->type = read_type(r, node, where);
    const char *about = ld_reader_text(r, node, "about", false, where);
    info->about = about ? ld_reader_copy(r, about) : NULL;
    read_default(r, node, where, info, value);
}

static void unknown_param(ld_reader *r, size_t line, size_t column, const char *name,
                          const char *where)
{
    const char *names[LD_MAX_PARAMS];
    for (size_t i = 0; i < r->scenario->params.n; i++)
        names[i] = r->scenario->params.list[i].key;
    ld_reader_unknown(r, line, column, "parameter", name, where, names, r->scenario->params.n);
}

/* One "name=value" from outside: it has no place in the document. */
static void set_param(ld_reader *r, const char *text)
{
    leakdiag_scenario *s = r->scenario;
    const char *equals = strchr(text, '=');
    size_t len = equals ? (size_t)(equals - text) : strlen(text);
    char name[80], where[LD_WHERE_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)(len < 79 ? len : 79), text);
    snprintf(where, sizeof where, "--set %s", name);
    if (!equals) {
        ld_reader_error(r, 0, 0, "%s: write it as name=value", where);
        return;
    }
    size_t i = find_param(s, text, len);
    if (i == s->params.n) {
        unknown_param(r, 0, 0, name, "--set");
        return;
    }
    ld_node value = {.kind = LD_NODE_SCALAR, .text = ld_reader_copy(r, equals + 1)};
    ld_attribute typed = {0};
    if (value.text && strlen(value.text) > LD_MAX_PARAM_BYTES)
        ld_reader_limit(r, &value, "%s: more than %d bytes", where, LD_MAX_PARAM_BYTES);
    else if (value.text && ld_reader_value(r, &value, s->param_info[i].type, where, &typed)) {
        typed.key = ld_steal(&s->params.list[i].key);
        typed.line = s->params.list[i].line;
        typed.column = s->params.list[i].column;
        ld_attribute_done(&s->params.list[i]);
        s->params.list[i] = typed;
    }
    ld_release(value.text);
}

static void keep_set(ld_reader *r, const char *const *set, size_t n_set)
{
    leakdiag_scenario *s = r->scenario;
    s->set = ld_reader_array(r, n_set, sizeof *s->set);
    for (size_t i = 0; s->set && i < n_set; i++) {
        char *copy = ld_reader_copy(r, set[i]);
        if (copy)
            s->set[s->n_set++] = copy;
    }
}

static void read_declarations(ld_reader *r, const ld_node *section)
{
    leakdiag_scenario *s = r->scenario;
    if (section->n > LD_MAX_PARAMS) {
        ld_reader_limit(r, section, "more than %d parameters", LD_MAX_PARAMS);
        return;
    }
    s->params.list = ld_reader_array(r, section->n, sizeof *s->params.list);
    s->param_info = ld_reader_array(r, section->n, sizeof *s->param_info);
    r->param_used = ld_reader_array(r, section->n, sizeof *r->param_used);
    for (size_t i = 0; !r->no_memory && i < section->n; i++) {
        s->params.n = i + 1;
        read_param(r, &section->children[i], &s->param_info[i], &s->params.list[i]);
    }
}

void ld_read_params(ld_reader *r, const char *const *set, size_t n_set)
{
    const ld_node *section = ld_reader_section(r, "params", false);
    if (section)
        read_declarations(r, section);
    keep_set(r, set, n_set);
    for (size_t i = 0; !r->no_memory && i < n_set; i++)
        set_param(r, set[i]);
}

/* Appends the value of ${name} at p; returns the bytes it took, 0 after an error. */
static size_t fill_one(ld_reader *r, const ld_node *node, const char *p, ld_text *out)
{
    const leakdiag_scenario *s = r->scenario;
    const char *end = strchr(p, '}');
    if (!end) {
        ld_reader_error(r, node->line, node->column,
                        "\"${\" without its \"}\" (write $${ for the characters themselves)");
        return 0;
    }
    size_t len = (size_t)(end - p) - 2, i = find_param(s, p + 2, len);
    if (i == s->params.n) {
        char name[80];
        snprintf(name, sizeof name, "%.*s", (int)(len < 79 ? len : 79), p + 2);
        unknown_param(r, node->line, node->column, name, "${…}");
        return 0;
    }
    r->param_used[i] = true;
    if (s->params.list[i].text) /* else its default is wrong, which was said */
        ld_text_add(out, s->params.list[i].text);
    return len + 3;
}

static bool fill_text(ld_reader *r, const ld_node *node, ld_text *out)
{
    for (const char *p = node->text; *p;) {
        const char *dollar = strchr(p, '$');
        size_t plain = dollar ? (size_t)(dollar - p) : strlen(p);
        ld_text_add_bytes(out, p, plain);
        p += plain;
        if (!*p)
            break;
        size_t taken = 1;
        if (strncmp(p, "$${", 3) == 0) {
            ld_text_add(out, "${");
            taken = 3;
        } else if (strncmp(p, "${", 2) == 0) {
            taken = fill_one(r, node, p, out);
        } else {
            ld_text_add_char(out, '$');
        }
        p += taken;
        if (taken == 0)
            return false;
        if (out->len > LD_NODE_MAX_SCALAR_BYTES ||
            r->filled_bytes + out->len > LD_MAX_FILLED_BYTES) {
            ld_reader_limit(r, node, "too long after the parameters were filled in");
            return false;
        }
    }
    return true;
}

static void fill_scalar(ld_reader *r, ld_node *node)
{
    if (!strstr(node->text, "${"))
        return;
    LD_CLEANUP(ld_text_done) ld_text out = {0};
    if (!fill_text(r, node, &out))
        return;
    r->filled_bytes += out.len;
    char *filled;
    if (ld_text_take(&out, &filled, NULL)) {
        r->no_memory = true;
        return;
    }
    ld_release(node->text);
    node->text = filled;
}

static void fill_node(ld_reader *r, ld_node *node)
{
    if (node->kind == LD_NODE_SCALAR)
        fill_scalar(r, node);
    for (size_t i = 0; i < node->n; i++)
        fill_node(r, &node->children[i]);
}

void ld_fill_params(ld_reader *r)
{
    for (size_t i = 0; i < r->root->n; i++)
        if (strcmp(r->root->children[i].key, "params") != 0)
            fill_node(r, &r->root->children[i]);
}
