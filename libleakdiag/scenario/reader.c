#include "scenario/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

void ld_reader_done(ld_reader *r)
{
    ld_node_free(r->root);
    ld_release(r->problems);
    ld_release(r->param_used);
    ld_release(r->pattern_used);
    *r = (ld_reader){0};
}

/* The next free place in the list, or NULL when it is full or there is no memory. */
static ld_problem *next_problem(ld_reader *r)
{
    if (r->n_problems == LD_PROBLEMS_MAX)
        return NULL;
    if (r->n_problems == r->room) {
        size_t room = r->room ? r->room * 2 : 4;
        ld_problem *grown = ld_resize_array(r->problems, r->room, room, sizeof *grown);
        if (!grown) {
            r->no_memory = true;
            return NULL;
        }
        r->problems = grown;
        r->room = room;
    }
    return &r->problems[r->n_problems++];
}

/* One fault per place: what follows from it (a misspelt key is also a missing one) only hides it.
 */
static bool was_said(const ld_reader *r, size_t line, size_t column)
{
    for (size_t i = 0; line > 0 && i < r->n_problems; i++) {
        const ld_problem *p = &r->problems[i];
        if (!p->is_warning && p->error.line == line && p->error.column == column)
            return true;
    }
    return false;
}

static void report(ld_reader *r, bool is_warning, leakdiag_status status, size_t line,
                   size_t column, const char *format, va_list args) LD_PRINTF(6, 0);

static void report(ld_reader *r, bool is_warning, leakdiag_status status, size_t line,
                   size_t column, const char *format, va_list args)
{
    r->n_errors += !is_warning;
    r->n_warnings += is_warning;
    if (is_warning && r->n_warnings > LD_PROBLEMS_MAX / 2) /* they must not crowd errors out */
        return;
    ld_problem *problem = was_said(r, line, column) ? NULL : next_problem(r);
    if (!problem)
        return;
    char message[sizeof problem->error.message];
    vsnprintf(message, sizeof message, format, args);
    problem->is_warning = is_warning;
    (void)ld_fail_at(&problem->error, status, line, column, "%s", message);
}

void ld_reader_error(ld_reader *r, size_t line, size_t column, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(r, false, LEAKDIAG_E_INVALID, line, column, format, args);
    va_end(args);
}

void ld_reader_limit(ld_reader *r, const ld_node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(r, false, LEAKDIAG_E_LIMIT, node->line, node->column, format, args);
    va_end(args);
}

void ld_reader_warning(ld_reader *r, size_t line, size_t column, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(r, true, LEAKDIAG_OK, line, column, format, args);
    va_end(args);
}

void ld_reader_unknown(ld_reader *r, size_t line, size_t column, const char *what, const char *word,
                       const char *where, const char *const *known, size_t n)
{
    if (r->n_problems == LD_PROBLEMS_MAX) { /* looking for neighbours is dear */
        r->n_errors++;
        return;
    }
    const char *nearest = ld_text_nearest(word, known, n);
    char advice[300] = "";
    size_t len = 0;
    if (nearest)
        snprintf(advice, sizeof advice, ": did you mean \"%.80s\"?", nearest);
    for (size_t i = 0; !nearest && i < n && len + 40 < sizeof advice; i++)
        len += (size_t)snprintf(advice + len, sizeof advice - len, "%s%.30s",
                                i ? ", " : ": there are ", known[i]);
    ld_reader_error(r, line, column, "unknown %s \"%.80s\" in %s%s", what, word, where, advice);
}

void *ld_reader_array(ld_reader *r, size_t n, size_t item_bytes)
{
    void *memory = ld_alloc_array(n, item_bytes);
    r->no_memory |= !memory;
    return memory;
}

char *ld_reader_copy(ld_reader *r, const char *text)
{
    char *copy = ld_copy_text(text);
    r->no_memory |= !copy;
    return copy;
}

static int by_place(const void *a, const void *b)
{
    const leakdiag_error *x = &((const ld_problem *)a)->error, *y = &((const ld_problem *)b)->error;
    if (x->line != y->line)
        return (x->line > y->line) - (x->line < y->line);
    if (x->column != y->column)
        return (x->column > y->column) - (x->column < y->column);
    return strcmp(x->message, y->message);
}

void ld_reader_sort(ld_reader *r)
{
    if (r->n_problems)
        qsort(r->problems, r->n_problems, sizeof *r->problems, by_place);
}

leakdiag_status ld_reader_place(leakdiag_error *err, leakdiag_status status, const char *origin)
{
    if (!err || status == LEAKDIAG_E_NOMEM)
        return status;
    leakdiag_error made = *err;
    char place[320];
    if (origin && made.line)
        snprintf(place, sizeof place, "%.256s:%u:%u", origin, made.line, made.column);
    else if (made.line)
        snprintf(place, sizeof place, "%u:%u", made.line, made.column);
    else
        snprintf(place, sizeof place, "%.256s", origin ? origin : "scenario");
    return ld_error_prefix(err, status, "%s", place);
}

leakdiag_status ld_reader_status(const ld_reader *r, const char *origin, leakdiag_error *err)
{
    if (r->no_memory)
        return ld_fail_nomem(err);
    const ld_problem *first = NULL;
    for (size_t i = 0; i < r->n_problems; i++)
        if (!r->problems[i].is_warning && (!first || by_place(&r->problems[i], first) < 0))
            first = &r->problems[i];
    if (!first)
        return LEAKDIAG_OK;
    if (err)
        *err = first->error;
    return ld_reader_place(err, (leakdiag_status)first->error.status, origin);
}

static const char *kind_name(ld_node_kind kind)
{
    static const char *const names[] = {"a single value", "a list", "a map"};
    return names[kind];
}

bool ld_reader_expect(ld_reader *r, const ld_node *node, ld_node_kind kind, const char *where)
{
    if (node->kind == kind)
        return true;
    ld_reader_error(r, node->line, node->column, "%s must be %s, not %s", where, kind_name(kind),
                    kind_name(node->kind));
    return false;
}

const ld_node *ld_reader_section(ld_reader *r, const char *key, bool required)
{
    const ld_node *node = ld_node_get(r->root, key);
    if (!node) {
        if (required && r->all_known)
            ld_reader_error(r, 1, 1, "the section \"%s\" is missing", key);
        return NULL;
    }
    char where[LD_WHERE_BYTES];
    snprintf(where, sizeof where, "the section \"%s\"", key);
    ld_node_kind kind = strcmp(key, "tests") == 0 ? LD_NODE_LIST : LD_NODE_MAP;
    return ld_reader_expect(r, node, kind, where) ? node : NULL;
}

bool ld_reader_known_keys(ld_reader *r, const ld_node *map, const char *const *known, size_t n,
                          const char *where)
{
    bool all_known = true;
    for (size_t i = 0; i < map->n; i++) {
        const ld_node *child = &map->children[i];
        size_t k = 0;
        while (k < n && strcmp(known[k], child->key) != 0)
            k++;
        if (k < n)
            continue;
        ld_reader_unknown(r, child->key_line, child->key_column, "key", child->key, where, known,
                          n);
        all_known = false;
    }
    return all_known;
}

const char *ld_reader_text(ld_reader *r, const ld_node *map, const char *key, bool required,
                           const char *where)
{
    const ld_node *node = ld_node_get(map, key);
    if (!node) {
        if (required)
            ld_reader_error(r, map->line, map->column, "\"%s\" is missing in %s", key, where);
        return NULL;
    }
    char member[LD_WHERE_BYTES + 80];
    snprintf(member, sizeof member, "\"%s\" of %s", key, where);
    if (!ld_reader_expect(r, node, LD_NODE_SCALAR, member))
        return NULL;
    if (required && !node->text[0]) {
        ld_reader_error(r, node->line, node->column, "%s is empty", member);
        return NULL;
    }
    return node->text;
}

bool ld_reader_is_id(ld_reader *r, const ld_node *node, const char *what)
{
    size_t n = strspn(node->key, "abcdefghijklmnopqrstuvwxyz0123456789-._");
    if (node->key[n] == '\0' && n > 0 && n <= 64)
        return true;
    ld_reader_error(r, node->key_line, node->key_column,
                    "\"%.80s\" is no name for %s: 1 to 64 small letters, digits, '-', '.' and '_'",
                    node->key, what);
    return false;
}
