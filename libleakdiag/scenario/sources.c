/* Where facts come from, and which log lines count. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "scenario/reader.h"

size_t ld_scenario_pattern_index(const leakdiag_scenario *scenario, const char *name)
{
    size_t i = 0;
    while (i < scenario->n_patterns && strcmp(scenario->patterns[i].name, name) != 0)
        i++;
    return i;
}

/* Compiled only to see whether it can be; whoever scans compiles all of them together. A long
 * regular expression takes PCRE2 10 ms, so all of them together are bounded too. */
static void try_pattern(ld_reader *r, const ld_node *at, const ld_scenario_pattern *pattern)
{
    if (pattern->flags & LEAKDIAG_PATTERN_REGEX)
        r->regex_bytes += strlen(pattern->text);
    if (r->regex_bytes > LD_MAX_REGEX_BYTES) {
        ld_reader_limit(r, at, "regular expressions of more than %d bytes together",
                        LD_MAX_REGEX_BYTES);
        return;
    }
    leakdiag_pattern one = {pattern->name, pattern->text, pattern->flags};
    leakdiag_patterns *compiled = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_patterns_new(&one, 1, &compiled, &err);
    leakdiag_patterns_unref(compiled);
    if (status == LEAKDIAG_E_NOMEM)
        r->no_memory = true;
    else if (status == LEAKDIAG_E_LIMIT)
        ld_reader_limit(r, at, "%s", err.message);
    else if (status)
        ld_reader_error(r, at->line, at->column, "%s", err.message);
}

static void read_pattern(ld_reader *r, const ld_node *node, ld_scenario_pattern *pattern)
{
    static const char *const known[] = {"text", "regex", "ignore_case"};
    char where[LD_WHERE_BYTES];
    snprintf(where, sizeof where, "pattern \"%.80s\"", node->key);
    if (!ld_reader_is_id(r, node, "a pattern") || !ld_reader_expect(r, node, LD_NODE_MAP, where))
        return;
    if (!ld_reader_known_keys(r, node, known, 3, where))
        return;
    const ld_node *fixed = ld_node_get(node, "text"), *regex = ld_node_get(node, "regex");
    if (!fixed == !regex) {
        ld_reader_error(r, node->line, node->column, "%s needs \"text\" or \"regex\", one of them",
                        where);
        return;
    }
    const char *text = ld_reader_text(r, node, fixed ? "text" : "regex", true, where);
    if (!text)
        return;
    double ignore_case = 0;
    ld_reader_number(r, node, "ignore_case", LD_VALUE_BOOL, where, &ignore_case);
    pattern->flags =
        (regex ? LEAKDIAG_PATTERN_REGEX : 0) | (ignore_case > 0 ? LEAKDIAG_PATTERN_IGNORE_CASE : 0);
    pattern->text = ld_reader_copy(r, text);
    if (pattern->name && pattern->text)
        try_pattern(r, fixed ? fixed : regex, pattern);
}

void ld_read_patterns(ld_reader *r)
{
    leakdiag_scenario *s = r->scenario;
    const ld_node *section = ld_reader_section(r, "patterns", false);
    if (!section)
        return;
    if (section->n > LEAKDIAG_PATTERNS_MAX) {
        ld_reader_limit(r, section, "more than %d patterns", LEAKDIAG_PATTERNS_MAX);
        return;
    }
    s->patterns = ld_reader_array(r, section->n, sizeof *s->patterns);
    r->pattern_used = ld_reader_array(r, section->n, sizeof *r->pattern_used);
    for (size_t i = 0; !r->no_memory && i < section->n; i++) {
        s->n_patterns = i + 1;
        s->patterns[i].name = ld_reader_copy(r, section->children[i].key);
        read_pattern(r, &section->children[i], &s->patterns[i]);
    }
}

static void unknown_source_type(ld_reader *r, const ld_node *at, const char *role,
                                const char *where)
{
    const char *names[32];
    size_t n = 0;
    for (size_t i = 0; i < ld_source_type_count() && n < 32; i++)
        if (strcmp(ld_source_type_at(i)->role, role) == 0)
            names[n++] = ld_source_type_at(i)->name;
    ld_reader_unknown(r, at->line, at->column, "type", at->text, where, names, n);
}

/* All keys but the one that says whether the source is meant at all must have a value then. */
static void refuse_empty(ld_reader *r, const ld_source_type *type, const ld_source_spec *source,
                         const char *where)
{
    if (!ld_attribute_text(&source->attributes, type->requires, NULL))
        return;
    for (size_t i = 0; i < type->n_keys; i++) {
        const ld_attribute *a = ld_attribute_find(&source->attributes, type->keys[i].name);
        if (type->keys[i].required && a && a->text && !a->text[0])
            ld_reader_error(r, a->line, a->column, "\"%s\" of %s is empty", a->key, where);
    }
}

/* Credentials do not belong into a URL: every report would show them. The URL is not repeated. */
static void refuse_credentials(ld_reader *r, const ld_source_spec *source, const char *where)
{
    const ld_attribute *url = ld_attribute_find(&source->attributes, "url");
    if (!url || !url->text)
        return;
    const char *authority = strstr(url->text, "://");
    authority = authority ? authority + 3 : url->text;
    if (strpbrk(authority, "@?#"))
        ld_reader_error(r, url->line, url->column,
                        "\"url\" of %s: no user:password@, query or fragment is taken", where);
}

static void read_source(ld_reader *r, const ld_node *node, const char *role, size_t number,
                        ld_source_spec *source)
{
    char where[LD_WHERE_BYTES];
    snprintf(where, sizeof where, "source %zu of \"%.60s\"", number, role);
    if (!ld_reader_expect(r, node, LD_NODE_MAP, where))
        return;
    const char *name = ld_reader_text(r, node, "type", true, where);
    if (!name)
        return;
    const ld_source_type *type = ld_source_type_find(name);
    if (!type || strcmp(type->role, role) != 0) {
        unknown_source_type(r, ld_node_get(node, "type"), role, where);
        return;
    }
    source->type = ld_reader_copy(r, name);
    ld_key_set keys = {type->keys, type->n_keys, "", "type"};
    ld_reader_attributes(r, node, keys, where, &source->attributes);
    if (!r->no_memory)
        refuse_empty(r, type, source, where);
    if (!r->no_memory)
        refuse_credentials(r, source, where);
}

static bool is_role(const char *name)
{
    for (size_t i = 0; i < ld_source_type_count(); i++)
        if (strcmp(ld_source_type_at(i)->role, name) == 0)
            return true;
    return false;
}

static void unknown_role(ld_reader *r, const ld_node *node)
{
    const char *names[32];
    size_t n = 0;
    for (size_t i = 0; i < ld_source_type_count() && n < 32; i++) {
        const char *role = ld_source_type_at(i)->role;
        if (n == 0 || strcmp(names[n - 1], role) != 0) /* types of one role stand together */
            names[n++] = role;
    }
    ld_reader_unknown(r, node->key_line, node->key_column, "key", node->key, "\"sources\"", names,
                      n);
}

static void read_role(ld_reader *r, const ld_node *node, ld_role *role)
{
    char where[LD_WHERE_BYTES];
    snprintf(where, sizeof where, "\"%.60s\" of \"sources\"", node->key);
    role->name = ld_reader_copy(r, node->key);
    if (!is_role(node->key)) {
        unknown_role(r, node);
        return;
    }
    if (!ld_reader_expect(r, node, LD_NODE_LIST, where))
        return;
    if (node->n > LD_MAX_SOURCES) {
        ld_reader_limit(r, node, "more than %d sources in %s", LD_MAX_SOURCES, where);
        return;
    }
    role->sources = ld_reader_array(r, node->n, sizeof *role->sources);
    for (size_t i = 0; !r->no_memory && i < node->n; i++) {
        role->n = i + 1;
        read_source(r, &node->children[i], node->key, i + 1, &role->sources[i]);
    }
}

void ld_read_sources(ld_reader *r)
{
    leakdiag_scenario *s = r->scenario;
    const ld_node *section = ld_reader_section(r, "sources", false);
    if (!section)
        return;
    s->roles = ld_reader_array(r, section->n, sizeof *s->roles);
    for (size_t i = 0; !r->no_memory && i < section->n; i++) {
        s->n_roles = i + 1;
        read_role(r, &section->children[i], &s->roles[i]);
    }
}
