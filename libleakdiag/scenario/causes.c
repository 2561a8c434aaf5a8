/* Hypotheses over findings: data, no expression language. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "scenario/reader.h"

/* One list of findings. Of a check whose kind is wrong nothing can be said. */
static void read_findings(ld_reader *r, const ld_node *list, const char *where,
                          ld_condition *condition)
{
    const ld_kind *kind = r->scenario->checks[condition->check].kind;
    if (!ld_reader_expect(r, list, LD_NODE_LIST, where) || !kind)
        return;
    if (list->n == 0)
        ld_reader_error(r, list->line, list->column, "%s lists no finding", where);
    condition->findings = ld_reader_array(r, kind->n_findings, sizeof *condition->findings);
    for (size_t i = 0; condition->findings && i < list->n; i++) {
        const ld_node *item = &list->children[i];
        if (!ld_reader_expect(r, item, LD_NODE_SCALAR, where))
            continue;
        const ld_finding *finding = ld_reader_finding(r, item, item->text, kind, where);
        size_t k = 0;
        while (finding && k < condition->n && condition->findings[k] != finding->name)
            k++;
        if (finding && k < condition->n)
            ld_reader_error(r, item->line, item->column, "%s lists \"%s\" twice", where,
                            item->text);
        else if (finding)
            condition->findings[condition->n++] = finding->name;
    }
}

static void read_conditions(ld_reader *r, const ld_node *cause, const char *key,
                            ld_conditions *conditions)
{
    const ld_node *node = ld_node_get(cause, key);
    char where[LD_WHERE_BYTES];
    snprintf(where, sizeof where, "\"%s\" of cause \"%.60s\"", key, cause->key);
    if (!node || !ld_reader_expect(r, node, LD_NODE_MAP, where))
        return;
    if (node->n > LD_MAX_CHECKS) {
        ld_reader_limit(r, node, "%s: more than %d checks", where, LD_MAX_CHECKS);
        return;
    }
    conditions->list = ld_reader_array(r, node->n, sizeof *conditions->list);
    for (size_t i = 0; !r->no_memory && i < node->n; i++) {
        const ld_node *child = &node->children[i];
        size_t check = ld_reader_check(r, child, where);
        if (check == r->scenario->n_checks)
            continue;
        char member[LD_WHERE_BYTES + 80];
        snprintf(member, sizeof member, "\"%.60s\" in %s", child->key, where);
        ld_condition *condition = &conditions->list[conditions->n++];
        condition->check = check;
        read_findings(r, child, member, condition);
    }
}

static void read_words(ld_reader *r, const ld_node *node, bool all_known, const char *where,
                       ld_cause *cause)
{
    const char *title = ld_reader_text(r, node, "title", all_known, where);
    const char *refuted_by = ld_reader_text(r, node, "refuted_by", false, where);
    const char *fix = ld_reader_text(r, node, "fix", false, where);
    const char *command = ld_reader_text(r, node, "command", false, where);
    cause->title = title ? ld_reader_copy(r, title) : NULL;
    cause->refuted_by = refuted_by ? ld_reader_copy(r, refuted_by) : NULL;
    cause->fix = fix ? ld_reader_copy(r, fix) : NULL;
    cause->command = command && command[0] ? ld_reader_copy(r, command) : NULL;
}

static void read_cause(ld_reader *r, const ld_node *node, ld_cause *cause)
{
    static const char *const known[] = {"title",   "when",          "any",        "supports",
                                        "against", "unless",        "refuted_by", "fix",
                                        "command", "predicts_limit"};
    char where[LD_WHERE_BYTES];
    snprintf(where, sizeof where, "cause \"%.80s\"", node->key);
    if (!ld_reader_is_id(r, node, "a cause") || !ld_reader_expect(r, node, LD_NODE_MAP, where))
        return;
    if (strcmp(node->key, "none") == 0)
        ld_reader_error(r, node->key_line, node->key_column,
                        "\"none\" is no name for a cause: it means that there is none");
    bool all_known = ld_reader_known_keys(r, node, known, sizeof known / sizeof known[0], where);
    read_words(r, node, all_known, where, cause);
    double predicts = 0;
    ld_reader_number(r, node, "predicts_limit", LD_VALUE_BOOL, where, &predicts);
    cause->predicts_limit = predicts > 0;
    read_conditions(r, node, "when", &cause->when);
    read_conditions(r, node, "any", &cause->any);
    read_conditions(r, node, "supports", &cause->supports);
    read_conditions(r, node, "against", &cause->against);
    read_conditions(r, node, "unless", &cause->unless);
    const ld_node *when = ld_node_get(node, "when"), *any = ld_node_get(node, "any");
    if (all_known && !(when && when->n) && !(any && any->n))
        ld_reader_error(r, node->key_line, node->key_column,
                        "%s has neither \"when\" nor \"any\": it would always fire", where);
}

void ld_read_causes(ld_reader *r)
{
    leakdiag_scenario *s = r->scenario;
    const ld_node *section = ld_reader_section(r, "causes", false);
    if (!section)
        return;
    if (section->n > LD_MAX_CAUSES) {
        ld_reader_limit(r, section, "more than %d causes", LD_MAX_CAUSES);
        return;
    }
    s->causes = ld_reader_array(r, section->n, sizeof *s->causes);
    for (size_t i = 0; !r->no_memory && i < section->n; i++) {
        s->n_causes = i + 1;
        s->causes[i].id = ld_reader_copy(r, section->children[i].key);
        read_cause(r, &section->children[i], &s->causes[i]);
    }
}
