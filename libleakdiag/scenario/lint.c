/* The linter: everything the parser would refuse, and what it would take although it is likely to
 * be a mistake. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "scenario/reader.h"

struct leakdiag_lint {
    ld_problem *list;
    size_t n;
};

LD_DEFINE_CLEANUP(leakdiag_scenario, leakdiag_scenario_unref, scenario_unrefp)

/* YAML 1.1 readers turn these into booleans; here they are texts, in other tools they are not. */
static bool is_yaml_boolean(const char *text)
{
    static const char *const words[] = {"on", "off", "yes", "no"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (ld_text_same_word(words[i], text, strlen(words[i]) + 1))
            return true;
    return false;
}

static void warn_unquoted(ld_reader *r, const ld_node *node)
{
    static const char advice[] =
        "%s is a text here, but a boolean to other readers of YAML: quote it, \"%s\"";
    if (node->key && !node->key_quoted && is_yaml_boolean(node->key))
        ld_reader_warning(r, node->key_line, node->key_column, advice, node->key, node->key);
    if (node->kind == LD_NODE_SCALAR && !node->quoted && is_yaml_boolean(node->text))
        ld_reader_warning(r, node->line, node->column, advice, node->text, node->text);
    for (size_t i = 0; i < node->n; i++)
        warn_unquoted(r, &node->children[i]);
}

static void warn_unused(ld_reader *r, const char *section, const char *what, const bool *used)
{
    const ld_node *map = ld_node_get(r->root, section);
    for (size_t i = 0; used && map && i < map->n; i++)
        if (!used[i])
            ld_reader_warning(r, map->children[i].key_line, map->children[i].key_column,
                              "%s \"%.80s\" is not used", what, map->children[i].key);
}

static void warn_causes(ld_reader *r)
{
    const ld_node *section = ld_node_get(r->root, "causes");
    for (size_t i = 0; i < r->scenario->n_causes; i++) {
        const ld_node *node = &section->children[i];
        if (!r->scenario->causes[i].fix)
            ld_reader_warning(r, node->key_line, node->key_column,
                              "cause \"%.80s\" has no \"fix\": say what to do", node->key);
        if (!r->scenario->causes[i].refuted_by)
            ld_reader_warning(r, node->key_line, node->key_column,
                              "cause \"%.80s\" has no \"refuted_by\": say what would speak "
                              "against it",
                              node->key);
    }
}

static const ld_check *check_of_kind(const leakdiag_scenario *s, ld_kind_id kind)
{
    for (size_t i = 0; i < s->n_checks; i++)
        if (s->checks[i].kind && s->checks[i].kind->id == kind)
            return &s->checks[i];
    return NULL;
}

static void warn_end(ld_reader *r, const ld_node *at)
{
    const leakdiag_scenario *s = r->scenario;
    const ld_check *check = check_of_kind(s, LD_KIND_LIMIT);
    double limit = check ? ld_attribute_number(&check->expect, "bytes", NAN) : NAN;
    size_t n = leakdiag_timeline_len(s->timeline);
    double top = leakdiag_timeline_point_at(s->timeline, n - 1).bytes;
    if (!s->timeline_oom_at_end || isnan(limit) || top == limit)
        return;
    char top_text[LD_NUMBER_BYTES], limit_text[LD_NUMBER_BYTES];
    ld_bytes_format(top, top_text);
    ld_bytes_format(limit, limit_text);
    ld_reader_warning(r, at->line, at->column,
                      "the timeline ends with an OOM kill at %s, but check \"%s\" expects the "
                      "limit %s",
                      top_text, check->id, limit_text);
}

static void warn_flag_value(ld_reader *r, const ld_node *at)
{
    const leakdiag_scenario *s = r->scenario;
    const ld_check *check = check_of_kind(s, LD_KIND_FLAG_VALUE);
    const char *text = check ? ld_attribute_text(&check->expect, "value", NULL) : NULL;
    double value;
    if (isnan(s->timeline_flag_value) || !text || !ld_number_parse(text, strlen(text), &value) ||
        value == s->timeline_flag_value)
        return;
    ld_reader_warning(r, at->line, at->column,
                      "the timeline is valid for another flag value than check \"%s\" expects (%s)",
                      check->id, text);
}

static void warn_timeline(ld_reader *r)
{
    const ld_node *section = ld_node_get(r->root, "timeline");
    const ld_node *points = ld_node_get(section, "points");
    const ld_node *valid = ld_node_get(section, "valid_for_flag_value");
    if (!r->scenario->timeline)
        return;
    warn_end(r, &points->children[points->n - 1]);
    if (valid)
        warn_flag_value(r, valid);
}

static void warn_pace(ld_reader *r)
{
    const ld_node *section = ld_node_get(r->root, "pace");
    const leakdiag_scenario *s = r->scenario;
    if (!section)
        return;
    if (s->window_ms < s->every_ms)
        ld_reader_warning(r, section->line, section->column,
                          "\"window\" is shorter than \"every\": rates will miss what happened "
                          "between two looks");
    if (s->stale_ms < s->every_ms)
        ld_reader_warning(r, section->line, section->column,
                          "\"stale\" is shorter than \"every\": memory will be stale at each look");
}

static void warn_all(ld_reader *r)
{
    warn_unused(r, "patterns", "pattern", r->pattern_used);
    warn_unused(r, "params", "parameter", r->param_used);
    warn_causes(r);
    warn_timeline(r);
    warn_pace(r);
}

/* A document that is no YAML or JSON at all has this one fault. */
static void add_syntax_error(ld_reader *r, const leakdiag_error *err)
{
    ld_reader_error(r, err->line, err->column, "%s", err->message);
}

static void examine(ld_reader *r, const char *data, size_t len)
{
    leakdiag_error err = {0};
    leakdiag_status status = len > LEAKDIAG_SCENARIO_MAX_BYTES
                                 ? ld_fail_at(&err, LEAKDIAG_E_LIMIT, 1, 1,
                                              "%zu bytes are too many: a scenario may have %d", len,
                                              LEAKDIAG_SCENARIO_MAX_BYTES)
                                 : ld_node_parse(data, len, &r->root, &err);
    r->no_memory = status == LEAKDIAG_E_NOMEM;
    if (status && !r->no_memory)
        add_syntax_error(r, &err);
    if (status)
        return;
    warn_unquoted(r, r->root); /* before parameters are filled in: their values have no quotes */
    ld_reader_read(r, NULL, 0);
    if (!r->no_memory && r->n_errors == 0)
        warn_all(r);
}

leakdiag_status leakdiag_scenario_lint(const char *data, size_t len, leakdiag_lint **ret,
                                       leakdiag_error *err)
{
    if (!data || !ret)
        return ld_fail(err, LEAKDIAG_E_INVALID, "an argument is NULL");
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = ld_alloc_zero(sizeof *s);
    if (!s)
        return ld_fail_nomem(err);
    s->references = 1;
    LD_CLEANUP(ld_reader_done) ld_reader reader = {.scenario = s};
    examine(&reader, data, len);
    leakdiag_lint *lint = reader.no_memory ? NULL : ld_alloc_zero(sizeof *lint);
    if (!lint)
        return ld_fail_nomem(err);
    ld_reader_sort(&reader);
    lint->list = ld_steal(&reader.problems);
    lint->n = reader.n_problems;
    *ret = lint;
    return LEAKDIAG_OK;
}

size_t leakdiag_lint_len(const leakdiag_lint *lint)
{
    return lint->n;
}

int leakdiag_lint_is_error(const leakdiag_lint *lint, size_t i)
{
    return i < lint->n && !lint->list[i].is_warning;
}

size_t leakdiag_lint_line(const leakdiag_lint *lint, size_t i)
{
    return i < lint->n ? lint->list[i].error.line : 0;
}

size_t leakdiag_lint_column(const leakdiag_lint *lint, size_t i)
{
    return i < lint->n ? lint->list[i].error.column : 0;
}

const char *leakdiag_lint_message(const leakdiag_lint *lint, size_t i)
{
    return i < lint->n ? lint->list[i].error.message : NULL;
}

void leakdiag_lint_free(leakdiag_lint *lint)
{
    if (!lint)
        return;
    ld_release(lint->list);
    ld_release(lint);
}
