/* The questions, their order, and what is expected of each. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "scenario/reader.h"

size_t ld_scenario_check(const leakdiag_scenario *scenario, const char *id)
{
    size_t i = 0;
    while (i < scenario->n_checks && strcmp(scenario->checks[i].id, id) != 0)
        i++;
    return i;
}

size_t ld_reader_check(ld_reader *r, const ld_node *node, const char *where)
{
    const leakdiag_scenario *s = r->scenario;
    bool is_key = node->key != NULL; /* a condition has the id as its key, a list as its text */
    const char *id = is_key ? node->key : node->text;
    size_t i = ld_scenario_check(s, id);
    if (i < s->n_checks)
        return i;
    const char *names[LD_MAX_CHECKS];
    for (size_t k = 0; k < s->n_checks; k++)
        names[k] = s->checks[k].id;
    ld_reader_unknown(r, is_key ? node->key_line : node->line,
                      is_key ? node->key_column : node->column, "check", id, where, names,
                      s->n_checks);
    return s->n_checks;
}

static const ld_kind *read_kind(ld_reader *r, const ld_node *node, bool required, const char *where)
{
    const char *name = ld_reader_text(r, node, "kind", required, where);
    const ld_kind *kind = name ? ld_kind_find(name) : NULL;
    if (name && !kind) {
        const ld_node *at = ld_node_get(node, "kind");
        const char *names[LD_KINDS];
        for (size_t i = 0; i < LD_KINDS; i++)
            names[i] = ld_kind_at(i)->name;
        ld_reader_unknown(r, at->line, at->column, "kind", name, where, names, LD_KINDS);
    }
    return kind;
}

static void compare_bounds(ld_reader *r, const ld_check *check, const char *where)
{
    const ld_attribute *lo = ld_attribute_find(&check->expect, "min_per_min");
    const ld_attribute *hi = ld_attribute_find(&check->expect, "max_per_min");
    if (lo && hi && lo->number > hi->number)
        ld_reader_error(r, lo->line, lo->column, "%s: min_per_min %s is above max_per_min %s",
                        where, lo->text, hi->text);
    const ld_attribute *ratio = ld_attribute_find(&check->expect, "max_fail_ratio");
    if (ratio && ratio->number > 1)
        ld_reader_error(r, ratio->line, ratio->column,
                        "%s: max_fail_ratio is a share from 0 to 1, not %s", where, ratio->text);
}

static void read_expect(ld_reader *r, const ld_node *node, ld_check *check, const char *where)
{
    const ld_node *expect = ld_node_get(node, "expect");
    char member[LD_WHERE_BYTES + 80];
    snprintf(member, sizeof member, "\"expect\" of %s", where);
    ld_key_set keys = {check->kind->keys, check->kind->n_keys, "", NULL};
    if (expect && keys.n == 0) {
        ld_reader_error(r, expect->key_line, expect->key_column,
                        "%s: kind %s takes no expectations", member, check->kind->name);
        return;
    }
    for (size_t i = 0; !expect && i < keys.n; i++)
        if (keys.keys[i].required)
            ld_reader_error(r, node->line, node->column, "\"%s\" is missing in %s",
                            keys.keys[i].name, member);
    ld_reader_attributes(r, expect, keys, member, &check->expect);
    if (!r->no_memory)
        compare_bounds(r, check, where);
}

static void unknown_finding(ld_reader *r, const ld_node *at, const char *word, const ld_kind *kind,
                            const char *where)
{
    const char *names[32];
    size_t n = 0;
    for (size_t i = 0; i < kind->n_findings && n < 32; i++)
        names[n++] = kind->findings[i].name;
    bool is_key = at->key && word == at->key;
    ld_reader_unknown(r, is_key ? at->key_line : at->line, is_key ? at->key_column : at->column,
                      "finding", word, where, names, n);
}

const ld_finding *ld_reader_finding(ld_reader *r, const ld_node *at, const char *word,
                                    const ld_kind *kind, const char *where)
{
    const ld_finding *finding = ld_kind_finding(kind, word);
    if (!finding)
        unknown_finding(r, at, word, kind, where);
    return finding;
}

static void read_outcome(ld_reader *r, const ld_node *node, ld_check *check, const char *where)
{
    static const char *const words[] = {"pass", "warn", "fail", "unknown"};
    char member[LD_WHERE_BYTES + 80];
    snprintf(member, sizeof member, "\"outcomes\" of %s", where);
    const ld_finding *finding = ld_reader_finding(r, node, node->key, check->kind, member);
    if (!finding || !ld_reader_expect(r, node, LD_NODE_SCALAR, member))
        return;
    ld_outcome outcome;
    if (!ld_outcome_find(node->text, &outcome) || outcome == LD_BLOCKED) {
        ld_reader_unknown(r, node->line, node->column, "outcome", node->text, member, words, 4);
        return;
    }
    check->overrides[check->n_overrides++] = (ld_outcome_override){finding->name, outcome};
}

static void read_outcomes(ld_reader *r, const ld_node *node, ld_check *check, const char *where)
{
    const ld_node *outcomes = ld_node_get(node, "outcomes");
    if (!outcomes || !ld_reader_expect(r, outcomes, LD_NODE_MAP, where))
        return;
    check->overrides = ld_reader_array(r, outcomes->n, sizeof *check->overrides);
    for (size_t i = 0; check->overrides && i < outcomes->n; i++)
        read_outcome(r, &outcomes->children[i], check, where);
}

static void read_check(ld_reader *r, const ld_node *node, ld_check *check)
{
    static const char *const known[] = {"kind",  "asks",   "command", "supporting",
                                        "needs", "expect", "outcomes"};
    char where[LD_WHERE_BYTES];
    snprintf(where, sizeof where, "check \"%.80s\"", node->key);
    if (!ld_reader_is_id(r, node, "a check") || !ld_reader_expect(r, node, LD_NODE_MAP, where))
        return;
    bool all_known = ld_reader_known_keys(r, node, known, sizeof known / sizeof known[0], where);
    const char *asks = ld_reader_text(r, node, "asks", all_known, where);
    const char *command = ld_reader_text(r, node, "command", false, where);
    check->asks = asks ? ld_reader_copy(r, asks) : NULL;
    check->command = command && command[0] ? ld_reader_copy(r, command) : NULL;
    double supporting = 0;
    ld_reader_number(r, node, "supporting", LD_VALUE_BOOL, where, &supporting);
    check->supporting = supporting > 0;
    check->kind = read_kind(r, node, all_known, where);
    if (!check->kind || r->no_memory)
        return;
    read_expect(r, node, check, where);
    read_outcomes(r, node, check, where);
}

/* A list of check ids without repeats. */
size_t ld_reader_check_list(ld_reader *r, const ld_node *list, const char *where, size_t **ret)
{
    size_t n = 0;
    if (!ld_reader_expect(r, list, LD_NODE_LIST, where))
        return 0;
    if (list->n > LD_MAX_CHECKS) {
        ld_reader_limit(r, list, "%s: more than %d ids", where, LD_MAX_CHECKS);
        return 0;
    }
    size_t *indices = *ret = ld_reader_array(r, list->n, sizeof *indices);
    for (size_t i = 0; indices && i < list->n; i++) {
        const ld_node *item = &list->children[i];
        if (!ld_reader_expect(r, item, LD_NODE_SCALAR, where))
            continue;
        size_t check = ld_reader_check(r, item, where), k = 0;
        if (check == r->scenario->n_checks)
            continue;
        while (k < n && indices[k] != check)
            k++;
        if (k < n)
            ld_reader_error(r, item->line, item->column, "%s names \"%.80s\" twice", where,
                            item->text);
        else
            indices[n++] = check;
    }
    return n;
}

static void read_needs(ld_reader *r, const ld_node *node, ld_check *check)
{
    const ld_node *needs = ld_node_get(node, "needs");
    char where[LD_WHERE_BYTES];
    snprintf(where, sizeof where, "\"needs\" of check \"%.80s\"", node->key);
    if (needs)
        check->n_needs = ld_reader_check_list(r, needs, where, &check->needs);
}

typedef struct search {
    ld_reader *r;
    const ld_node *section;
    size_t path[LD_MAX_CHECKS];
    size_t depth;
    unsigned char state[LD_MAX_CHECKS]; /* 0 not seen, 1 on the path, 2 done */
} search;

static void report_circle(search *s, size_t from)
{
    if (s->r->n_problems == LD_PROBLEMS_MAX)
        return;
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    size_t i = 0;
    while (s->path[i] != from)
        i++;
    for (; i < s->depth; i++)
        ld_text_addf(&text, "%s -> ", s->r->scenario->checks[s->path[i]].id);
    ld_text_add(&text, s->r->scenario->checks[from].id);
    const ld_node *node = &s->section->children[from];
    ld_reader_error(s->r, node->key_line, node->key_column, "checks need each other: %s",
                    text.failed ? "a circle" : text.data);
}

static void visit(search *s, size_t check)
{
    const ld_check *c = &s->r->scenario->checks[check];
    s->state[check] = 1;
    s->path[s->depth++] = check;
    for (size_t i = 0; i < c->n_needs; i++) {
        if (s->state[c->needs[i]] == 0)
            visit(s, c->needs[i]);
        else if (s->state[c->needs[i]] == 1)
            report_circle(s, c->needs[i]);
    }
    s->depth--;
    s->state[check] = 2;
}

static void refuse_circles(ld_reader *r, const ld_node *section)
{
    search s = {.r = r, .section = section};
    for (size_t i = 0; i < r->scenario->n_checks; i++)
        if (s.state[i] == 0)
            visit(&s, i);
}

/* There is one series and one curve, so a second answer to the same question would be the first. */
static void refuse_second_memory(ld_reader *r, const ld_node *section)
{
    const ld_check *first = NULL;
    for (size_t i = 0; i < r->scenario->n_checks; i++) {
        const ld_check *check = &r->scenario->checks[i];
        if (!check->kind || check->kind->id != LD_KIND_MEMORY)
            continue;
        const ld_node *node = &section->children[i];
        if (first)
            ld_reader_error(r, node->key_line, node->key_column,
                            "check \"%.80s\" is a second one of kind memory, after \"%.80s\": a "
                            "scenario has one",
                            check->id, first->id);
        else
            first = check;
    }
}

void ld_read_checks(ld_reader *r)
{
    leakdiag_scenario *s = r->scenario;
    const ld_node *section = ld_reader_section(r, "checks", true);
    if (!section)
        return;
    if (section->n > LD_MAX_CHECKS) {
        ld_reader_limit(r, section, "more than %d checks", LD_MAX_CHECKS);
        return;
    }
    if (section->n == 0)
        ld_reader_error(r, section->line, section->column, "there is no check in \"checks\"");
    s->checks = ld_reader_array(r, section->n, sizeof *s->checks);
    for (size_t i = 0; !r->no_memory && i < section->n; i++) {
        s->n_checks = i + 1;
        s->checks[i].id = ld_reader_copy(r, section->children[i].key);
    }
    for (size_t i = 0; !r->no_memory && i < s->n_checks; i++)
        read_check(r, &section->children[i], &s->checks[i]);
    for (size_t i = 0; !r->no_memory && i < s->n_checks; i++)
        if (section->children[i].kind == LD_NODE_MAP)
            read_needs(r, &section->children[i], &s->checks[i]);
    if (r->no_memory)
        return;
    refuse_second_memory(r, section);
    refuse_circles(r, section);
}
