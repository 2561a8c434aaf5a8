#include "base/node.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static void node_done(ld_node *node)
{
    for (size_t i = 0; i < node->n; i++)
        node_done(&node->children[i]); /* depth is bounded by LD_NODE_MAX_DEPTH */
    ld_release(node->children);
    ld_release(node->text);
    ld_release(node->key);
}

void ld_node_free(ld_node *node)
{
    if (!node)
        return;
    node_done(node);
    ld_release(node);
}

const ld_node *ld_node_get(const ld_node *map, const char *key)
{
    if (!map || map->kind != LD_NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->children[i].key, key) == 0)
            return &map->children[i];
    return NULL;
}

const char *ld_node_text(const ld_node *node)
{
    return node && node->kind == LD_NODE_SCALAR ? node->text : NULL;
}

void ld_node_builder_done(ld_node_builder *builder)
{
    ld_node_free(builder->root);
    node_done(&builder->key);
    *builder = (ld_node_builder){0};
}

static ld_node *innermost(const ld_node_builder *builder)
{
    return builder->depth ? builder->open[builder->depth - 1] : NULL;
}

/* Only the innermost list or map ever grows, so pointers to the open ones stay valid. */
static ld_node *append(ld_node *parent)
{
    if (parent->n == parent->room) {
        size_t room = parent->room ? parent->room * 2 : 4;
        ld_node *grown =
            ld_resize_array(parent->children, parent->room, room, sizeof *parent->children);
        if (!grown)
            return NULL;
        parent->children = grown;
        parent->room = room;
    }
    ld_node *child = &parent->children[parent->n++];
    *child = (ld_node){0};
    return child;
}

static leakdiag_status count_event(ld_node_builder *builder, size_t line, size_t column,
                                   leakdiag_error *err)
{
    if (++builder->events > LD_NODE_MAX_EVENTS)
        return ld_fail_at(err, LEAKDIAG_E_LIMIT, line, column,
                          "more than %d values: split the file", LD_NODE_MAX_EVENTS);
    return LEAKDIAG_OK;
}

/* An empty place for the next value: the root, the next item of a list, or a key's value. */
static leakdiag_status next_place(ld_node_builder *builder, size_t line, size_t column,
                                  ld_node **ret, leakdiag_error *err)
{
    ld_node *parent = innermost(builder), *node;
    if (!parent) {
        if (builder->root)
            return ld_fail_at(err, LEAKDIAG_E_INVALID, line, column,
                              "a second document begins here: only one is allowed");
        node = builder->root = ld_alloc_zero(sizeof *node);
    } else {
        node = append(parent);
    }
    if (!node)
        return ld_fail_nomem(err);
    if (parent && parent->kind == LD_NODE_MAP) {
        *node = builder->key; /* with its place in the text; the value's own place follows */
        builder->key = (ld_node){0};
    }
    node->line = line;
    node->column = column;
    *ret = node;
    return LEAKDIAG_OK;
}

static bool key_is_due(const ld_node_builder *builder)
{
    const ld_node *parent = innermost(builder);
    return parent && parent->kind == LD_NODE_MAP && !builder->key.key;
}

static leakdiag_status check_scalar(ld_scalar scalar, size_t line, size_t column,
                                    leakdiag_error *err)
{
    if (scalar.len > LD_NODE_MAX_SCALAR_BYTES)
        return ld_fail_at(err, LEAKDIAG_E_LIMIT, line, column, "a text of more than %d bytes",
                          LD_NODE_MAX_SCALAR_BYTES);
    if (scalar.len && memchr(scalar.data, '\0', scalar.len))
        return ld_fail_at(err, LEAKDIAG_E_INVALID, line, column, "a text with a NUL byte");
    return LEAKDIAG_OK;
}

leakdiag_status ld_node_add_scalar(ld_node_builder *builder, ld_scalar scalar, size_t line,
                                   size_t column, leakdiag_error *err)
{
    leakdiag_status status = count_event(builder, line, column, err);
    if (!status)
        status = check_scalar(scalar, line, column, err);
    if (status)
        return status;
    char *text = ld_copy_bytes(scalar.data, scalar.len);
    if (!text)
        return ld_fail_nomem(err);
    if (key_is_due(builder)) {
        builder->key = (ld_node){
            .key = text, .key_quoted = scalar.quoted, .key_line = line, .key_column = column};
        return LEAKDIAG_OK;
    }
    ld_node *node;
    status = next_place(builder, line, column, &node, err);
    if (status) {
        ld_release(text);
        return status;
    }
    node->text = text;
    node->quoted = scalar.quoted;
    return LEAKDIAG_OK;
}

leakdiag_status ld_node_open(ld_node_builder *builder, ld_node_kind kind, size_t line,
                             size_t column, leakdiag_error *err)
{
    leakdiag_status status = count_event(builder, line, column, err);
    if (status)
        return status;
    if (builder->depth == LD_NODE_MAX_DEPTH)
        return ld_fail_at(err, LEAKDIAG_E_LIMIT, line, column, "nested deeper than %d levels",
                          LD_NODE_MAX_DEPTH);
    if (key_is_due(builder))
        return ld_fail_at(err, LEAKDIAG_E_INVALID, line, column,
                          "a key must be a text, not a list or a map (quote it if it is one)");
    ld_node *node;
    status = next_place(builder, line, column, &node, err);
    if (status)
        return status;
    node->kind = kind;
    builder->open[builder->depth++] = node;
    return LEAKDIAG_OK;
}

static int by_key_then_place(const void *a, const void *b)
{
    const ld_node *x = *(const ld_node *const *)a, *y = *(const ld_node *const *)b;
    int order = strcmp(x->key, y->key);
    return order ? order : (x > y) - (x < y);
}

/* Sorted, because comparing each with each would take hours for the keys that fit into the limits.
 */
static leakdiag_status refuse_doubled_keys(const ld_node *map, leakdiag_error *err)
{
    const ld_node **sorted = ld_alloc_array(map->n ? map->n : 1, sizeof *sorted);
    if (!sorted)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < map->n; i++)
        sorted[i] = &map->children[i];
    qsort(sorted, map->n, sizeof *sorted, by_key_then_place);

    const ld_node *first = NULL, *second = NULL;
    for (size_t i = 1; i < map->n; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) != 0 || (second && sorted[i] > second))
            continue;
        first = sorted[i - 1];
        second = sorted[i];
    }
    ld_release(sorted);
    if (!second)
        return LEAKDIAG_OK;
    return ld_fail_at(err, LEAKDIAG_E_INVALID, second->key_line, second->key_column,
                      "key \"%.80s\" is there twice: first on line %zu, again on line %zu",
                      second->key, first->key_line, second->key_line);
}

leakdiag_status ld_node_close(ld_node_builder *builder, leakdiag_error *err)
{
    ld_node *closed = innermost(builder);
    if (!closed) /* a reader's mistake, not the document's */
        return ld_fail(err, LEAKDIAG_E_INVALID, "more ends than beginnings");
    leakdiag_status status = count_event(builder, closed->line, closed->column, err);
    if (!status && closed->kind == LD_NODE_MAP)
        status = refuse_doubled_keys(closed, err);
    builder->depth--;
    return status;
}

leakdiag_status ld_node_parse(const char *data, size_t len, ld_node **ret, leakdiag_error *err)
{
    if (len > LD_NODE_MAX_BYTES)
        return ld_fail_at(err, LEAKDIAG_E_LIMIT, 1, 1, "%zu bytes are too many: a file may have %d",
                          len, LD_NODE_MAX_BYTES);
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    if (len >= 3 && memcmp(data, byte_order_mark, 3) == 0) {
        data += 3;
        len -= 3;
    }
    size_t at = 0;
    while (at < len && data[at] != '\0' && strchr(" \t\r\n", data[at]))
        at++;
    if (at < len && data[at] == '{')
        return ld_json_read(data, len, ret, err);
    return ld_yaml_read(data, len, ret, err);
}
