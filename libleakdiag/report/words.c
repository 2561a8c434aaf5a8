/* What the forms share: words, colours, the first and the last lines. */
#include "base/number.h"
#include "report/forms.h"

const char *ld_outcome_word(leakdiag_outcome outcome)
{
    static const char *const words[] = {"PASS", "WARN", "FAIL", "????", "BLKD"};
    return words[outcome];
}

unsigned ld_outcome_ink(leakdiag_outcome outcome)
{
    static const unsigned inks[] = {LD_INK_GREEN, LD_INK_YELLOW, LD_INK_RED | LD_INK_STRONG,
                                    LD_INK_MAGENTA, LD_INK_DIM};
    return inks[outcome];
}

const char *ld_verdict_word(leakdiag_verdict verdict)
{
    static const char *const words[] = {"AS EXPECTED", "WARNING", "NOT AS EXPECTED",
                                        "INCONCLUSIVE"};
    return words[verdict];
}

unsigned ld_verdict_ink(leakdiag_verdict verdict)
{
    static const unsigned inks[] = {LD_INK_GREEN, LD_INK_YELLOW, LD_INK_RED, LD_INK_MAGENTA};
    return inks[verdict] | LD_INK_STRONG;
}

const char *ld_confidence_word(leakdiag_confidence confidence)
{
    static const char *const words[] = {"POSSIBLE", "LIKELY", "CONFIRMED"};
    return words[confidence];
}

unsigned ld_confidence_ink(leakdiag_confidence confidence)
{
    static const unsigned inks[] = {LD_INK_DIM, LD_INK_YELLOW, LD_INK_RED | LD_INK_STRONG};
    return inks[confidence];
}

static void add_label(ld_paper *paper, size_t label_column, size_t column, const char *label)
{
    ld_paper_margin(paper, label_column);
    ld_paper_words(paper, LD_INK_DIM, label);
    ld_paper_margin(paper, column);
}

void ld_report_field(ld_paper *paper, size_t label_column, size_t column, const char *label,
                     unsigned ink, const char *text)
{
    add_label(paper, label_column, column, label);
    ld_paper_words(paper, ink, text);
    ld_paper_end(paper);
}

void ld_report_command(ld_paper *paper, size_t label_column, size_t column, const char *label,
                       const char *command)
{
    add_label(paper, label_column, column, label);
    ld_paper_command(paper, LD_INK_CYAN, command);
    ld_paper_end(paper);
}

bool ld_report_says_nothing(const leakdiag_diagnosis *diagnosis, size_t check)
{
    const char *observed = leakdiag_check_observed(diagnosis, check);
    const char *finding = leakdiag_check_finding(diagnosis, check);
    bool is_bare = !*observed || (finding && strcmp(observed, finding) == 0);
    return leakdiag_check_outcome(diagnosis, check) == LEAKDIAG_OUTCOME_UNKNOWN && is_bare &&
           *leakdiag_check_reason(diagnosis, check);
}

void ld_report_age(const leakdiag_diagnosis *diagnosis, int64_t time_ms, ld_text *ret)
{
    ld_text_add(ret, "");
    if (time_ms == 0)
        return;
    double age_ms = (double)leakdiag_observation_now_ms(diagnosis->observation) - (double)time_ms;
    char age[LD_NUMBER_BYTES];
    ld_duration_format(age_ms / 1000, age);
    if (age_ms < 1000)
        ld_text_add(ret, "now");
    else
        ld_text_addf(ret, "%s ago", age);
}

/* ", deploy/cart in shop,": what was looked at, unless the scenario is called like it. */
static void add_workload(const leakdiag_diagnosis *diagnosis, ld_text *line)
{
    const ld_role *role = ld_scenario_role(diagnosis->scenario, "workload");
    if (!role || role->n == 0)
        return;
    const ld_attributes *a = &role->sources[0].attributes;
    const char *ns = ld_attribute_text(a, "namespace", "");
    const char *pod = ld_attribute_text(a, "pod", "");
    const char *deployment = ld_attribute_text(a, "deployment", "");
    const char *selector = ld_attribute_text(a, "selector", "");
    LD_CLEANUP(ld_text_done) ld_text usual = {0};
    ld_text_addf(&usual, "%s/%s", ns, deployment);
    line->failed = line->failed || usual.failed;
    if (!ns[0] || usual.failed ||
        (!pod[0] && !selector[0] &&
         strcmp(usual.data, leakdiag_scenario_name(diagnosis->scenario)) == 0))
        return;
    if (pod[0])
        ld_text_addf(line, ", pod/%s", pod);
    else if (selector[0])
        ld_text_addf(line, ", pods %s", selector);
    else if (deployment[0])
        ld_text_addf(line, ", deploy/%s", deployment);
    ld_text_addf(line, " in %s,", ns);
}

/* "otel-demo/checkout at 2026-11-23T14:31:00Z, 81 samples over 20m" */
static void add_where(const leakdiag_diagnosis *diagnosis, ld_paper *paper)
{
    LD_CLEANUP(ld_text_done) ld_text line = {0};
    char now[LD_NUMBER_BYTES], span[LD_NUMBER_BYTES];
    ld_rfc3339_format(leakdiag_observation_now_ms(diagnosis->observation) / 1000 * 1000, now);
    ld_text_add(&line, leakdiag_scenario_name(diagnosis->scenario));
    add_workload(diagnosis, &line);
    ld_text_addf(&line, " at %s", now);
    const leakdiag_series *series = diagnosis->view.series;
    size_t n = series ? leakdiag_series_len(series) : 0;
    if (n == 1)
        ld_text_add(&line, ", 1 memory sample");
    if (n > 1) {
        const int64_t *times_ms = leakdiag_series_times_ms(series);
        ld_duration_format(((double)times_ms[n - 1] - (double)times_ms[0]) / 1000, span);
        ld_text_addf(&line, ", %zu memory samples over %s", n, span);
    }
    if (!line.failed)
        ld_paper_line(paper, 0, LD_INK_DIM, line.data);
    paper->text.failed = paper->text.failed || line.failed;
}

void ld_report_headline(const leakdiag_diagnosis *diagnosis, ld_paper *paper)
{
    leakdiag_verdict verdict = leakdiag_diagnosis_verdict(diagnosis);
    const char *word = ld_verdict_word(verdict);
    ld_paper_words(paper, ld_verdict_ink(verdict), word);
    /* Under the sentence where there is room, under the verdict where there is not. */
    size_t column = strlen(word) + 2;
    ld_paper_at(paper, column);
    paper->indent = paper->columns >= 60 ? column : 2;
    ld_paper_words(paper, LD_INK_STRONG, leakdiag_diagnosis_summary(diagnosis));
    ld_paper_end(paper);
    add_where(diagnosis, paper);
}

void ld_report_next(const leakdiag_diagnosis *diagnosis, ld_paper *paper)
{
    const char *next = leakdiag_diagnosis_next(diagnosis);
    if (!*next)
        return;
    ld_paper_words(paper, LD_INK_STRONG, "next:");
    paper->indent = 6;
    ld_paper_command(paper, LD_INK_CYAN, next);
    ld_paper_end(paper);
}
