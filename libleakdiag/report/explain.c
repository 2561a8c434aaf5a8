/* What a check or a cause of a scenario means, without any observation. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "report/forms.h"

#define LABEL_COLUMN 2
#define COLUMN       14

static ld_outcome outcome_of(const ld_check *check, const ld_finding *finding)
{
    for (size_t i = 0; i < check->n_overrides; i++)
        if (strcmp(check->overrides[i].finding, finding->name) == 0)
            return check->overrides[i].outcome;
    return finding->outcome;
}

static void add_title(ld_paper *paper, const char *what, const char *id, const char *kind)
{
    LD_CLEANUP(ld_text_done) ld_text line = {0};
    ld_text_addf(&line, "%s %s", what, id);
    if (kind)
        ld_text_addf(&line, " (kind %s)", kind);
    if (!line.failed)
        ld_paper_line(paper, 0, LD_INK_STRONG, line.data);
    paper->text.failed = paper->text.failed || line.failed;
}

static void add_findings(const ld_check *check, ld_paper *paper)
{
    const ld_kind *kind = check->kind;
    size_t widest = 0;
    for (size_t i = 0; i < kind->n_findings; i++)
        if (strlen(kind->findings[i].name) > widest)
            widest = strlen(kind->findings[i].name);
    for (size_t i = 0; i < kind->n_findings; i++) {
        const ld_finding *finding = &kind->findings[i];
        leakdiag_outcome outcome = (leakdiag_outcome)outcome_of(check, finding);
        const char *meaning = ld_finding_meaning(kind->id, finding->name);
        ld_paper_margin(paper, LABEL_COLUMN);
        ld_paper_words(paper, ld_outcome_ink(outcome), ld_outcome_word(outcome));
        ld_paper_margin(paper, 8);
        ld_paper_words(paper, LD_INK_PLAIN, finding->name);
        ld_paper_margin(paper, 8 + widest + 2);
        ld_paper_words(paper, LD_INK_DIM, meaning ? meaning : "");
        ld_paper_end(paper);
    }
}

static void add_item(ld_text *list, const char *item)
{
    ld_text_addf(list, "%s%s", list->len ? ", " : "", item);
}

/* A labelled list; nothing when it is empty and `otherwise` is NULL. */
static void add_list(ld_paper *paper, const char *label, const ld_text *list, const char *otherwise)
{
    paper->text.failed = paper->text.failed || list->failed;
    if (list->len && !list->failed)
        ld_report_field(paper, LABEL_COLUMN, COLUMN, label, LD_INK_PLAIN, list->data);
    else if (otherwise)
        ld_report_field(paper, LABEL_COLUMN, COLUMN, label, LD_INK_DIM, otherwise);
}

static void add_expectations(const ld_check *check, ld_paper *paper)
{
    LD_CLEANUP(ld_text_done) ld_text list = {0};
    for (size_t i = 0; i < check->expect.n; i++) {
        const ld_attribute *a = &check->expect.list[i];
        ld_text_addf(&list, "%s%s ", list.len ? ", " : "", a->key);
        if (a->items) {
            ld_text_add(&list, "[");
            for (size_t k = 0; k < a->n_items; k++)
                ld_text_addf(&list, "%s%s", k ? ", " : "", a->items[k]);
            ld_text_add(&list, "]");
        } else
            ld_text_add(&list, a->text ? a->text : "");
    }
    add_list(paper, "expects", &list, NULL);
}

static bool needs(const ld_check *check, size_t other)
{
    for (size_t i = 0; i < check->n_needs; i++)
        if (check->needs[i] == other)
            return true;
    return false;
}

static void add_chain(const leakdiag_scenario *scenario, size_t at, ld_paper *paper)
{
    LD_CLEANUP(ld_text_done) ld_text before = {0};
    LD_CLEANUP(ld_text_done) ld_text behind = {0};
    const ld_check *check = &scenario->checks[at];
    for (size_t i = 0; i < check->n_needs; i++)
        add_item(&before, scenario->checks[check->needs[i]].id);
    for (size_t i = 0; i < scenario->n_checks; i++)
        if (needs(&scenario->checks[i], at))
            add_item(&behind, scenario->checks[i].id);
    add_list(paper, "needs", &before, "nothing before it");
    add_list(paper, "blocks", &behind, NULL);
    if (check->supporting)
        ld_report_field(paper, LABEL_COLUMN, COLUMN, "supporting", LD_INK_PLAIN,
                        "without an answer the verdict can still be conclusive");
}

/* "flag.value is lower or higher" */
static void add_condition(const leakdiag_scenario *scenario, const ld_condition *condition,
                          ld_text *ret)
{
    ld_text_addf(ret, "%s is ", scenario->checks[condition->check].id);
    for (size_t i = 0; i < condition->n; i++)
        ld_text_addf(ret, "%s%s",
                     i == 0                  ? ""
                     : i + 1 == condition->n ? " or "
                                             : ", ",
                     condition->findings[i]);
}

static bool mentions(const ld_conditions *conditions, size_t check)
{
    for (size_t i = 0; i < conditions->n; i++)
        if (conditions->list[i].check == check)
            return true;
    return false;
}

static void add_users(const leakdiag_scenario *scenario, size_t at, ld_paper *paper)
{
    LD_CLEANUP(ld_text_done) ld_text list = {0};
    for (size_t i = 0; i < scenario->n_causes; i++) {
        const ld_cause *c = &scenario->causes[i];
        if (mentions(&c->when, at) || mentions(&c->any, at) || mentions(&c->unless, at) ||
            mentions(&c->supports, at) || mentions(&c->against, at))
            add_item(&list, c->id);
    }
    add_list(paper, "causes", &list, "no cause looks at it");
}

static void explain_check(const leakdiag_scenario *scenario, size_t at, ld_paper *paper)
{
    const ld_check *check = &scenario->checks[at];
    add_title(paper, "check", check->id, check->kind->name);
    ld_paper_line(paper, 0, LD_INK_PLAIN, check->asks ? check->asks : "");
    ld_paper_blank(paper);
    add_findings(check, paper);
    ld_paper_blank(paper);
    add_expectations(check, paper);
    add_chain(scenario, at, paper);
    add_users(scenario, at, paper);
    if (check->command)
        ld_report_command(paper, LABEL_COLUMN, COLUMN, "by hand", check->command);
}

static void add_conditions(const leakdiag_scenario *scenario, const char *label,
                           const ld_conditions *conditions, ld_paper *paper)
{
    for (size_t i = 0; i < conditions->n; i++) {
        LD_CLEANUP(ld_text_done) ld_text text = {0};
        add_condition(scenario, &conditions->list[i], &text);
        add_list(paper, i ? "" : label, &text, NULL);
    }
}

static void add_text(ld_paper *paper, const char *label, const char *text)
{
    if (text && *text)
        ld_report_field(paper, LABEL_COLUMN, COLUMN, label, LD_INK_PLAIN, text);
}

static void explain_cause(const leakdiag_scenario *scenario, const ld_cause *cause, ld_paper *paper)
{
    add_title(paper, "cause", cause->id, NULL);
    ld_paper_line(paper, 0, LD_INK_PLAIN, cause->title ? cause->title : "");
    ld_paper_blank(paper);
    add_conditions(scenario, "when", &cause->when, paper);
    add_conditions(scenario, "and one of", &cause->any, paper);
    add_conditions(scenario, "unless", &cause->unless, paper);
    add_conditions(scenario, "supports", &cause->supports, paper);
    add_conditions(scenario, "against", &cause->against, paper);
    add_text(paper, "refuted by", cause->refuted_by);
    if (cause->predicts_limit)
        add_text(paper, "predicts", "the time until the memory limit is reached");
    add_text(paper, "fix", cause->fix);
    if (cause->command)
        ld_report_command(paper, LABEL_COLUMN, COLUMN, "", cause->command);
    add_text(paper, "confidence",
             "confirmed when something supports it and nothing speaks against it; possible when "
             "something speaks against it and nothing supports it; else likely");
}

static leakdiag_status not_found(const leakdiag_scenario *scenario, const char *id,
                                 leakdiag_error *err)
{
    size_t n = 0;
    LD_CLEANUP(ld_releasep)
    const char **ids = ld_alloc_array(scenario->n_checks + scenario->n_causes + 1, sizeof *ids);
    if (!ids)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < scenario->n_checks; i++)
        ids[n++] = scenario->checks[i].id;
    for (size_t i = 0; i < scenario->n_causes; i++)
        ids[n++] = scenario->causes[i].id;
    const char *nearest = ld_text_nearest(id, ids, n);
    if (nearest)
        return ld_fail(err, LEAKDIAG_E_NOT_FOUND,
                       "%s has no check or cause \"%.100s\"; did you mean \"%s\"?", scenario->name,
                       id, nearest);
    return ld_fail(err, LEAKDIAG_E_NOT_FOUND, "%s has no check or cause \"%.100s\"", scenario->name,
                   id);
}

leakdiag_status leakdiag_report_explain(const leakdiag_scenario *scenario, const char *id,
                                        char **ret, leakdiag_error *err)
{
    if (!scenario || !id || !ret)
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "a scenario, an id and a place for the text are "
                       "needed");
    LD_CLEANUP(ld_paper_done) ld_paper paper = {.columns = 80};
    size_t check = ld_scenario_check(scenario, id);
    if (check < scenario->n_checks)
        explain_check(scenario, check, &paper);
    for (size_t i = 0; i < scenario->n_causes; i++) {
        if (strcmp(scenario->causes[i].id, id) != 0)
            continue;
        if (paper.text.len) /* a check and a cause may share their name */
            ld_paper_blank(&paper);
        explain_cause(scenario, &scenario->causes[i], &paper);
    }
    if (!paper.text.len && !paper.text.failed)
        return not_found(scenario, id, err);
    return ld_text_take(&paper.text, ret, err);
}
