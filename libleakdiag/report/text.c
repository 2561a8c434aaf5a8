/* The report for people: verdict, checks, memory against its band, causes, what to do next. */
#include <math.h>

#include "base/alloc.h"
#include "base/number.h"
#include "report/forms.h"
#include "report/memory_plot.h"

#define ID_COLUMN 8 /* behind the marker and the outcome */

typedef struct table {
    size_t finding_column, text_column;
    size_t margin; /* where a row goes on that does not fit */
} table;

static bool is_shown(const leakdiag_diagnosis *d, size_t i, bool verbose)
{
    return verbose || d->answers[i].is_configured;
}

/* The columns of the table, from what will stand in it. */
static table measure(const leakdiag_diagnosis *d, const ld_paper *paper, bool verbose)
{
    size_t widest_id = 0, widest_finding = 0;
    for (size_t i = 0; i < d->n_answers; i++) {
        if (!is_shown(d, i, verbose))
            continue;
        const char *finding = leakdiag_check_finding(d, i);
        size_t id = ld_paper_width(paper, leakdiag_check_id(d, i));
        size_t word = finding ? strlen(finding) : 1;
        widest_id = id > widest_id && id <= 24 ? id : widest_id;
        widest_finding = word > widest_finding ? word : widest_finding;
    }
    table t = {.finding_column = ID_COLUMN + widest_id + 2};
    t.text_column = t.finding_column + widest_finding + 2;
    t.margin = t.text_column + 24 <= paper->columns ? t.text_column : ID_COLUMN;
    return t;
}

/* "100 (variant on); expected 300". What passes keeps to its line: there the expectation is shown
 * only when it says more and fits. */
static bool shows_expected(const leakdiag_diagnosis *d, size_t i, const ld_paper *paper)
{
    const char *observed = leakdiag_check_observed(d, i);
    const char *expected = leakdiag_check_expected(d, i);
    if (!*expected || strcmp(observed, expected) == 0)
        return false;
    size_t width = paper->column + paper->gap + ld_paper_width(paper, observed) +
                   strlen("; expected ") + ld_paper_width(paper, expected);
    return leakdiag_check_outcome(d, i) != LEAKDIAG_OUTCOME_PASS || width <= paper->columns;
}

static void add_observed(const leakdiag_diagnosis *d, size_t i, ld_paper *paper)
{
    const char *observed = leakdiag_check_observed(d, i);
    bool with_expected = shows_expected(d, i, paper);
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    ld_text_addf(&text, "%s%s", observed, with_expected ? ";" : "");
    paper->text.failed = paper->text.failed || text.failed;
    if (*observed && !text.failed)
        ld_paper_words(paper, LD_INK_PLAIN, text.data);
    if (with_expected) {
        ld_paper_words(paper, LD_INK_DIM, "expected");
        ld_paper_words(paper, LD_INK_DIM, leakdiag_check_expected(d, i));
    }
}

static void add_blocked(const leakdiag_diagnosis *d, size_t i, ld_paper *paper)
{
    const char *observed = leakdiag_check_observed(d, i);
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    ld_text_addf(&text, "%s%sblocked by %s", observed, *observed ? "; " : "",
                 leakdiag_check_blocked_by(d, i));
    paper->text.failed = paper->text.failed || text.failed;
    if (!text.failed)
        ld_paper_words(paper, LD_INK_DIM, text.data);
}

static void add_answer(const leakdiag_diagnosis *d, size_t i, ld_paper *paper)
{
    leakdiag_outcome outcome = leakdiag_check_outcome(d, i);
    if (outcome == LEAKDIAG_OUTCOME_BLOCKED && leakdiag_check_blocked_by(d, i))
        add_blocked(d, i, paper);
    else if (ld_report_says_nothing(d, i))
        ld_paper_words(paper, LD_INK_PLAIN, leakdiag_check_reason(d, i));
    else
        add_observed(d, i, paper);
}

static void add_details(const leakdiag_diagnosis *d, size_t i, ld_paper *paper)
{
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    bool is_said = i == d->first_broken || ld_report_says_nothing(d, i);
    if (*leakdiag_check_reason(d, i) && !is_said)
        ld_report_field(paper, ID_COLUMN, 17, "why", LD_INK_DIM, leakdiag_check_reason(d, i));
    ld_text_add(&source, leakdiag_check_source(d, i));
    if (source.len && leakdiag_check_time_ms(d, i)) {
        ld_text_add(&source, ", ");
        ld_report_age(d, leakdiag_check_time_ms(d, i), &source);
    }
    if (source.len)
        ld_report_field(paper, ID_COLUMN, 17, "source", LD_INK_DIM, source.data);
    paper->text.failed = paper->text.failed || source.failed;
    if (*leakdiag_check_command(d, i))
        ld_report_command(paper, ID_COLUMN, 17, "by hand", leakdiag_check_command(d, i));
}

static bool blocks_others(const leakdiag_diagnosis *d, size_t i)
{
    for (size_t k = 0; k < d->n_answers; k++)
        if (d->answers[k].blocked_by == i)
            return true;
    return false;
}

/* Why the mark: in words, where others hang on it, and the reason. */
static void add_first_broken(const leakdiag_diagnosis *d, size_t i, ld_paper *paper)
{
    const char *reason = leakdiag_check_reason(d, i);
    unsigned ink = ld_outcome_ink(leakdiag_check_outcome(d, i)) & ~(unsigned)LD_INK_STRONG;
    bool is_link = blocks_others(d, i);
    if (!is_link && !*reason)
        return;
    ld_paper_margin(paper, ID_COLUMN);
    if (is_link)
        ld_paper_words(paper, ink, *reason ? "first broken link:" : "first broken link");
    ld_paper_words(paper, LD_INK_PLAIN, reason);
    ld_paper_end(paper);
}

static void add_check(const leakdiag_diagnosis *d, size_t i, const table *t, bool verbose,
                      ld_paper *paper)
{
    leakdiag_outcome outcome = leakdiag_check_outcome(d, i);
    const char *finding = leakdiag_check_finding(d, i);
    bool is_dim = outcome == LEAKDIAG_OUTCOME_BLOCKED;
    bool is_first_broken = i == d->first_broken;
    if (is_first_broken)
        ld_paper_glyphs(paper, ld_outcome_ink(outcome), paper->ascii ? ">" : "\xe2\x96\xb8");
    ld_paper_at(paper, 2);
    ld_paper_glyphs(paper, ld_outcome_ink(outcome), ld_outcome_word(outcome));
    ld_paper_margin(paper, ID_COLUMN);
    ld_paper_words(paper, is_dim ? LD_INK_DIM : LD_INK_PLAIN, leakdiag_check_id(d, i));
    ld_paper_at(paper, t->finding_column);
    ld_paper_words(paper, is_dim ? LD_INK_DIM : LD_INK_PLAIN, finding ? finding : "-");
    ld_paper_at(paper, t->text_column);
    paper->indent = t->margin;
    add_answer(d, i, paper);
    ld_paper_end(paper);
    if (is_first_broken)
        add_first_broken(d, i, paper);
    if (verbose)
        add_details(d, i, paper);
}

static bool some_failed(const leakdiag_diagnosis *d)
{
    for (size_t i = 0; i < d->observation->n_facts; i++)
        if (d->observation->facts[i]->error)
            return true;
    return false;
}

/* Checks that no source of the scenario can answer, in one line: as many names as fit, and how many
 * more. */
static void add_not_looked_at(const leakdiag_diagnosis *d, ld_paper *paper)
{
    const char *why = some_failed(d) ? " (no source, or no answer)"
                                     : " (no source configured)";
    LD_CLEANUP(ld_text_done) ld_text line = {0};
    size_t n = 0, shown = 0;
    for (size_t i = 0; i < d->n_answers; i++)
        n += !d->answers[i].is_configured;
    if (n == 0)
        return;
    ld_text_add(&line, "not looked at: ");
    for (size_t i = 0; i < d->n_answers; i++) {
        if (d->answers[i].is_configured)
            continue;
        const char *id = leakdiag_check_id(d, i);
        size_t width = 2 + line.len + strlen(id) + strlen(why) + strlen(",  and 99 more");
        if (shown && width > paper->columns)
            break;
        ld_text_addf(&line, "%s%s", shown ? ", " : "", id);
        shown++;
    }
    if (shown < n)
        ld_text_addf(&line, " and %zu more", n - shown);
    ld_text_add(&line, why);
    if (!line.failed)
        ld_paper_line(paper, 2, LD_INK_DIM, line.data);
    paper->text.failed = paper->text.failed || line.failed;
}

/* Once is enough. */
static bool is_said_elsewhere(const leakdiag_diagnosis *d)
{
    static const char words[] = "the limit is reached";
    return strstr(leakdiag_diagnosis_summary(d), words) ||
           (leakdiag_diagnosis_cause_count(d) && strstr(leakdiag_cause_prediction(d, 0), words));
}

/* "the limit 20Mi is reached in 6m (5m to 8m)" */
static void add_prediction(const leakdiag_diagnosis *d, ld_paper *paper)
{
    double ttl_s = leakdiag_diagnosis_ttl_s(d);
    if (!isfinite(ttl_s) || is_said_elsewhere(d))
        return;
    double lo_s = leakdiag_diagnosis_ttl_lo_s(d), hi_s = leakdiag_diagnosis_ttl_hi_s(d);
    char limit[LD_NUMBER_BYTES], at[LD_NUMBER_BYTES], lo[LD_NUMBER_BYTES], hi[LD_NUMBER_BYTES];
    ld_bytes_format(d->view.limit_bytes, limit);
    ld_duration_format(ttl_s, at);
    ld_duration_format(lo_s, lo);
    ld_duration_format(hi_s, hi);
    LD_CLEANUP(ld_text_done) ld_text line = {0};
    ld_text_addf(&line, "in %s", at);
    if (isfinite(lo_s) && isfinite(hi_s))
        ld_text_addf(&line, " (%s to %s)", lo, hi);
    else if (isfinite(lo_s))
        ld_text_addf(&line, " (%s or later)", lo);
    ld_paper_margin(paper, 2);
    ld_paper_words(paper, LD_INK_PLAIN, "the limit");
    if (isfinite(d->view.limit_bytes))
        ld_paper_words(paper, LD_INK_PLAIN, limit);
    ld_paper_words(paper, LD_INK_PLAIN, "is reached");
    if (!line.failed)
        ld_paper_words(paper, LD_INK_STRONG, line.data);
    ld_paper_end(paper);
    paper->text.failed = paper->text.failed || line.failed;
}

/* "memory can be judged from 2026-11-23T14:36:00Z (in 5m)" */
static void add_decides(const leakdiag_diagnosis *d, ld_paper *paper)
{
    int64_t at_ms = leakdiag_diagnosis_decides_at_ms(d);
    if (at_ms == 0)
        return;
    char at[LD_NUMBER_BYTES], wait[LD_NUMBER_BYTES];
    double wait_s = ((double)at_ms - (double)leakdiag_observation_now_ms(d->observation)) / 1000;
    ld_rfc3339_format((at_ms + 999) / 1000 * 1000, at);
    ld_duration_format(wait_s, wait);
    LD_CLEANUP(ld_text_done) ld_text line = {0};
    ld_text_addf(&line, "memory can be judged from %s on", at);
    if (wait_s > 0)
        ld_text_addf(&line, " (in %s)", wait);
    if (!line.failed)
        ld_paper_line(paper, 2, LD_INK_PLAIN, line.data);
    paper->text.failed = paper->text.failed || line.failed;
}

#define LABEL_COLUMN 4
#define CAUSE_COLUMN 16

static void add_evidence(const leakdiag_diagnosis *d, size_t i, ld_paper *paper)
{
    for (size_t k = 0; k < leakdiag_cause_supporting_count(d, i); k++)
        ld_report_field(paper, LABEL_COLUMN, CAUSE_COLUMN, k ? "" : "for", LD_INK_PLAIN,
                        leakdiag_cause_supporting(d, i, k));
    for (size_t k = 0; k < leakdiag_cause_contradicting_count(d, i); k++)
        ld_report_field(paper, LABEL_COLUMN, CAUSE_COLUMN, k ? "" : "against", LD_INK_PLAIN,
                        leakdiag_cause_contradicting(d, i, k));
    if (leakdiag_cause_contradicting_count(d, i) == 0)
        ld_report_field(paper, LABEL_COLUMN, CAUSE_COLUMN, "against", LD_INK_DIM, "nothing seen");
}

static void add_cause_text(ld_paper *paper, const char *label, const char *text)
{
    if (*text)
        ld_report_field(paper, LABEL_COLUMN, CAUSE_COLUMN, label, LD_INK_PLAIN, text);
}

/* The confidence, the id and the title in the columns of the checks. */
static void add_cause(const leakdiag_diagnosis *d, size_t i, size_t id_column, size_t title_column,
                      ld_paper *paper)
{
    leakdiag_confidence confidence = leakdiag_cause_confidence(d, i);
    ld_paper_margin(paper, 2);
    ld_paper_words(paper, ld_confidence_ink(confidence), ld_confidence_word(confidence));
    ld_paper_at(paper, id_column);
    ld_paper_words(paper, LD_INK_PLAIN, leakdiag_cause_id(d, i));
    ld_paper_at(paper, title_column);
    paper->indent = title_column + 20 <= paper->columns ? title_column : LABEL_COLUMN;
    ld_paper_words(paper, i == 0 ? LD_INK_STRONG : LD_INK_DIM, leakdiag_cause_title(d, i));
    ld_paper_end(paper);
    if (i > 0)
        return;
    add_evidence(d, i, paper);
    add_cause_text(paper, "refuted by", leakdiag_cause_refuted_by(d, i));
    add_cause_text(paper, "predicts", leakdiag_cause_prediction(d, i));
    add_cause_text(paper, "fix", leakdiag_cause_fix(d, i));
    const char *command = leakdiag_cause_command(d, i);
    if (*command && strcmp(command, leakdiag_diagnosis_next(d)) != 0)
        ld_report_command(paper, LABEL_COLUMN, CAUSE_COLUMN, "", command);
}

static void add_causes(const leakdiag_diagnosis *d, ld_paper *paper)
{
    size_t n = leakdiag_diagnosis_cause_count(d), widest_id = 0, widest_word = 0;
    for (size_t i = 0; i < n; i++) {
        size_t id = ld_paper_width(paper, leakdiag_cause_id(d, i));
        size_t word = strlen(ld_confidence_word(leakdiag_cause_confidence(d, i)));
        widest_id = id > widest_id && id <= 24 ? id : widest_id;
        widest_word = word > widest_word ? word : widest_word;
    }
    if (n)
        ld_paper_blank(paper);
    size_t id_column = 2 + widest_word + 2;
    for (size_t i = 0; i < n; i++)
        add_cause(d, i, id_column, id_column + widest_id + 2, paper);
}

static void add_memory(const leakdiag_diagnosis *d, ld_paper *paper)
{
    LD_CLEANUP(ld_paper_done)
    ld_paper part = {.columns = paper->columns, .color = paper->color, .ascii = paper->ascii};
    ld_memory_plot(d, &part);
    add_prediction(d, &part);
    add_decides(d, &part);
    if (part.text.len) {
        ld_paper_blank(paper);
        ld_text_add_bytes(&paper->text, part.text.data, part.text.len);
    }
    paper->text.failed = paper->text.failed || part.text.failed;
}

void ld_report_text(const leakdiag_diagnosis *diagnosis, bool verbose, ld_paper *paper)
{
    table t = measure(diagnosis, paper, verbose);
    ld_report_headline(diagnosis, paper);
    ld_paper_blank(paper);
    for (size_t i = 0; i < diagnosis->n_answers; i++)
        if (is_shown(diagnosis, i, verbose))
            add_check(diagnosis, i, &t, verbose, paper);
    if (!verbose)
        add_not_looked_at(diagnosis, paper);
    add_memory(diagnosis, paper);
    add_causes(diagnosis, paper);
    if (*leakdiag_diagnosis_next(diagnosis)) {
        ld_paper_blank(paper);
        ld_report_next(diagnosis, paper);
    }
}
