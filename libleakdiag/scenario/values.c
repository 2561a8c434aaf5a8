/* Typed values out of texts. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "scenario/reader.h"

void ld_attribute_done(ld_attribute *attribute)
{
    ld_release(attribute->key);
    ld_release(attribute->text);
    for (size_t i = 0; i < attribute->n_items; i++)
        ld_release(attribute->items[i]);
    ld_release(attribute->items);
    *attribute = (ld_attribute){0};
}

void ld_attributes_done(ld_attributes *attributes)
{
    for (size_t i = 0; i < attributes->n; i++)
        ld_attribute_done(&attributes->list[i]);
    ld_release(attributes->list);
    *attributes = (ld_attributes){0};
}

static bool wrong(ld_reader *r, const ld_node *node, const char *where, const char *why)
{
    ld_reader_error(r, node->line, node->column, "%s: %s", where, why);
    return false;
}

static bool read_number(ld_reader *r, const ld_node *node, const char *where, double *ret)
{
    char why[160];
    if (!ld_number_parse(node->text, strlen(node->text), ret)) {
        snprintf(why, sizeof why, "\"%.80s\" is not a number", node->text);
        return wrong(r, node, where, why);
    }
    if (*ret >= 0)
        return true;
    snprintf(why, sizeof why, "%.80s is negative", node->text);
    return wrong(r, node, where, why);
}

static bool read_bool(ld_reader *r, const ld_node *node, const char *where, double *ret)
{
    bool is_true = strcmp(node->text, "true") == 0;
    if (!is_true && strcmp(node->text, "false") != 0)
        return wrong(r, node, where, "write true or false");
    *ret = is_true;
    return true;
}

/* Bytes and durations: base's own words say what is wrong. */
static bool read_whole(ld_reader *r, const ld_node *node, ld_value_type type, const char *where,
                       double *ret)
{
    leakdiag_error err = {0};
    int64_t value;
    leakdiag_status status = type == LD_VALUE_BYTES
                                 ? leakdiag_quantity_parse(node->text, &value, &err)
                                 : leakdiag_duration_parse(node->text, &value, &err);
    if (status)
        return wrong(r, node, where, err.message);
    *ret = (double)value;
    return true;
}

static void unknown_pattern(ld_reader *r, const ld_node *node, const char *name, const char *where)
{
    const leakdiag_scenario *s = r->scenario;
    const char *names[LEAKDIAG_PATTERNS_MAX];
    for (size_t i = 0; i < s->n_patterns; i++)
        names[i] = s->patterns[i].name;
    ld_reader_unknown(r, node->line, node->column, "pattern", name, where, names, s->n_patterns);
}

static bool use_pattern(ld_reader *r, const ld_node *node, const char *name, const char *where)
{
    size_t i = ld_scenario_pattern_index(r->scenario, name);
    if (i == r->scenario->n_patterns) {
        unknown_pattern(r, node, name, where);
        return false;
    }
    if (r->pattern_used)
        r->pattern_used[i] = true;
    return true;
}

static bool check_counter(ld_reader *r, const ld_node *node, const char *where)
{
    if (strncmp(node->text, "log:", 4) == 0)
        return use_pattern(r, node, node->text + 4, where);
    if (strncmp(node->text, "load:", 5) == 0 && node->text[5])
        return true;
    if (strncmp(node->text, "prometheus:", 11) == 0 && node->text[11])
        return true;
    char why[200];
    snprintf(why, sizeof why,
             "\"%.80s\" is neither \"log:PATTERN\" nor \"load:ROW\" nor \"prometheus:NAME\"",
             node->text);
    return wrong(r, node, where, why);
}

static bool read_list(ld_reader *r, const ld_node *node, ld_value_type type, const char *where,
                      ld_attribute *ret)
{
    if (!ld_reader_expect(r, node, LD_NODE_LIST, where))
        return false;
    if (node->n > LD_MAX_ITEMS) {
        ld_reader_limit(r, node, "%s: more than %d items", where, LD_MAX_ITEMS);
        return false;
    }
    ret->items = ld_reader_array(r, node->n, sizeof *ret->items);
    bool ok = ret->items != NULL;
    for (size_t i = 0; ret->items && i < node->n; i++) {
        const ld_node *item = &node->children[i];
        if (!ld_reader_expect(r, item, LD_NODE_SCALAR, where) ||
            (type == LD_VALUE_COUNTERS && !check_counter(r, item, where))) {
            ok = false;
            continue;
        }
        char *copy = ld_reader_copy(r, item->text);
        if (copy)
            ret->items[ret->n_items++] = copy;
    }
    return ok;
}

static bool read_scalar(ld_reader *r, const ld_node *node, ld_value_type type, const char *where,
                        double *ret)
{
    switch (type) {
    case LD_VALUE_NUMBER:
        return read_number(r, node, where, ret);
    case LD_VALUE_BYTES:
    case LD_VALUE_DURATION:
        return read_whole(r, node, type, where, ret);
    case LD_VALUE_BOOL:
        return read_bool(r, node, where, ret);
    case LD_VALUE_PATTERN:
        return use_pattern(r, node, node->text, where);
    case LD_VALUE_TEXT:
    case LD_VALUE_LIST:
    case LD_VALUE_COUNTERS:
    default:
        return true;
    }
}

bool ld_reader_value(ld_reader *r, const ld_node *node, ld_value_type type, const char *where,
                     ld_attribute *ret)
{
    ld_attribute value = {.number = NAN, .line = node->line, .column = node->column};
    bool ok;
    if (type == LD_VALUE_LIST || type == LD_VALUE_COUNTERS) {
        ok = read_list(r, node, type, where, &value);
    } else {
        ok = ld_reader_expect(r, node, LD_NODE_SCALAR, where) &&
             read_scalar(r, node, type, where, &value.number);
        value.text = ok ? ld_reader_copy(r, node->text) : NULL;
    }
    if (!ok) {
        ld_attribute_done(&value);
        return false;
    }
    *ret = value;
    return true;
}

bool ld_reader_number(ld_reader *r, const ld_node *map, const char *key, ld_value_type type,
                      const char *where, double *ret)
{
    const ld_node *node = ld_node_get(map, key);
    char member[LD_WHERE_BYTES + 80];
    snprintf(member, sizeof member, "\"%s\" of %s", key, where);
    return node && ld_reader_expect(r, node, LD_NODE_SCALAR, member) &&
           read_scalar(r, node, type, member, ret);
}

void ld_reader_append(ld_reader *r, ld_attributes *attributes, ld_attribute *taken)
{
    ld_attribute *grown = ld_resize_array(attributes->list, attributes->n, attributes->n + 1,
                                          sizeof *attributes->list);
    if (!grown) {
        r->no_memory = true;
        ld_attribute_done(taken);
        return;
    }
    attributes->list = grown;
    attributes->list[attributes->n++] = *taken;
    *taken = (ld_attribute){0};
}

static const ld_key *find_key(ld_key_set set, const char *name)
{
    for (size_t i = 0; i < set.n; i++)
        if (strcmp(set.keys[i].name, name) == 0)
            return &set.keys[i];
    return NULL;
}

static void unknown_key(ld_reader *r, const ld_node *child, ld_key_set set, const char *where)
{
    const char *names[32];
    size_t n = 0;
    for (size_t i = 0; i < set.n && n < 31; i++)
        names[n++] = set.keys[i].name;
    if (set.nested)
        names[n++] = set.nested;
    ld_reader_unknown(r, child->key_line, child->key_column, "key", child->key, where, names, n);
}

static void read_member(ld_reader *r, const ld_node *child, const ld_key *key, const char *prefix,
                        const char *where, ld_attributes *ret)
{
    char member[LD_WHERE_BYTES + 80], name[128];
    snprintf(member, sizeof member, "\"%s\" of %s", key->name, where);
    snprintf(name, sizeof name, "%s%s", prefix, key->name);
    ld_attribute attribute = {0};
    if (!ld_reader_value(r, child, key->type, member, &attribute))
        return;
    attribute.key = ld_reader_copy(r, name);
    ld_reader_append(r, ret, &attribute);
}

void ld_reader_attributes(ld_reader *r, const ld_node *map, ld_key_set set, const char *where,
                          ld_attributes *ret)
{
    if (!map || !ld_reader_expect(r, map, LD_NODE_MAP, where))
        return;
    bool all_known = true;
    for (size_t i = 0; i < map->n; i++) {
        const ld_node *child = &map->children[i];
        const ld_key *key = find_key(set, child->key);
        if (key) {
            read_member(r, child, key, set.prefix, where, ret);
        } else if (!set.nested || strcmp(set.nested, child->key) != 0) {
            unknown_key(r, child, set, where);
            all_known = false;
        }
    }
    for (size_t i = 0; all_known && i < set.n; i++)
        if (set.keys[i].required && !ld_node_get(map, set.keys[i].name))
            ld_reader_error(r, map->line, map->column, "\"%s\" is missing in %s", set.keys[i].name,
                            where);
}
