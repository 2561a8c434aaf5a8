/* JSON as a tree with places. jansson judges the text first (its tree has no places and no order of
 * doubled keys); the walk here then only meets valid JSON, and stops at anything else. */
#include <string.h>

#include "base/json.h"
#include "base/node.h"
#include "base/text.h"

typedef struct walk {
    const char *data;
    size_t len, at;
    size_t line, column;
    ld_node_builder builder;
} walk;

static char here(const walk *w)
{
    return w->at < w->len ? w->data[w->at] : '\0';
}

static void step(walk *w)
{
    char c = here(w);
    w->at++;
    if (c == '\n') {
        w->line++;
        w->column = 1;
    } else if (((unsigned char)c & 0xc0) != 0x80) { /* not inside a character */
        w->column++;
    }
}

static void skip_between(walk *w)
{
    while (w->at < w->len && here(w) && strchr(" \t\r\n,:", here(w)))
        step(w);
}

static unsigned hex4(const walk *w)
{
    unsigned value = 0;
    for (size_t i = 0; i < 4 && w->at + i < w->len; i++) {
        unsigned char c = (unsigned char)w->data[w->at + i];
        value = value * 16 + (c <= '9' ? c - 0x30u : (c | 0x20u) - 0x57u);
    }
    return value;
}

static void add_code_point(ld_text *text, unsigned code)
{
    if (code < 0x80) {
        ld_text_add_char(text, (char)code);
        return;
    }
    if (code >= 0x10000)
        ld_text_add_char(text, (char)(0xf0 | code >> 18));
    if (code >= 0x800)
        ld_text_add_char(text, (char)((code >= 0x10000 ? 0x80 : 0xe0) | (code >> 12 & 0x3f)));
    ld_text_add_char(text, (char)((code >= 0x800 ? 0x80 : 0xc0) | (code >> 6 & 0x3f)));
    ld_text_add_char(text, (char)(0x80 | (code & 0x3f)));
}

/* At the character after the backslash. */
static void read_escape(walk *w, ld_text *text)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    char c = here(w);
    step(w);
    if (c != 'u') {
        const char *found = c ? strchr(from, c) : NULL;
        ld_text_add_char(text, found ? to[found - from] : c);
        return;
    }
    unsigned code = hex4(w);
    for (int i = 0; i < 4; i++)
        step(w);
    if (code >= 0xd800 && code < 0xdc00) { /* jansson has seen to it that the second half follows */
        step(w);
        step(w);
        code = 0x10000 + ((code - 0xd800) << 10) + ((hex4(w) - 0xdc00) & 0x3ff);
        for (int i = 0; i < 4; i++)
            step(w);
    }
    add_code_point(text, code);
}

static leakdiag_status read_string(walk *w, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    size_t line = w->line, column = w->column;
    step(w);
    while (w->at < w->len && here(w) != '"') {
        char c = here(w);
        step(w);
        if (c == '\\')
            read_escape(w, &text);
        else
            ld_text_add_char(&text, c);
    }
    step(w);
    if (text.failed)
        return ld_fail_nomem(err);
    ld_scalar scalar = {text.data ? text.data : "", text.len, true};
    return ld_node_add_scalar(&w->builder, scalar, line, column, err);
}

/* A number, true, false or null. The last is an empty text, as an empty value is in YAML. */
static leakdiag_status read_word(walk *w, leakdiag_error *err)
{
    size_t line = w->line, column = w->column, from = w->at;
    while (w->at < w->len && here(w) && !strchr(" \t\r\n,:]}", here(w)))
        step(w);
    ld_scalar scalar = {w->data + from, w->at - from, false};
    if (scalar.len == 4 && memcmp(scalar.data, "null", 4) == 0)
        scalar.len = 0;
    return ld_node_add_scalar(&w->builder, scalar, line, column, err);
}

static leakdiag_status read_value(walk *w, leakdiag_error *err)
{
    size_t line = w->line, column = w->column;
    switch (here(w)) {
    case '"':
        return read_string(w, err);
    case '{':
        step(w);
        return ld_node_open(&w->builder, LD_NODE_MAP, line, column, err);
    case '[':
        step(w);
        return ld_node_open(&w->builder, LD_NODE_LIST, line, column, err);
    case '}':
    case ']':
        step(w);
        return ld_node_close(&w->builder, err);
    case '\0':
        return ld_fail_at(err, LEAKDIAG_E_INVALID, line, column, "not valid JSON: a NUL byte");
    default:
        return read_word(w, err);
    }
}

leakdiag_status ld_json_read(const char *data, size_t len, ld_node **ret, leakdiag_error *err)
{
    const ld_json_limits limits = {
        .bytes = LD_NODE_MAX_BYTES, .depth = LD_NODE_MAX_DEPTH, .values = LD_NODE_MAX_EVENTS};
    json_t *judged = NULL;
    leakdiag_status status = ld_json_parse(data, len, &limits, &judged, err);
    if (status)
        return status;
    json_decref(judged);

    walk w = {.data = data, .len = len, .line = 1, .column = 1};
    for (skip_between(&w); !status && w.at < w.len; skip_between(&w))
        status = read_value(&w, err);
    if (!status)
        *ret = ld_steal(&w.builder.root);
    ld_node_builder_done(&w.builder);
    return status;
}
