/* The runbook's five answers, each beside its expectation, in the runbook's order. One that is
 * missing says so and hides none of the others. */
#include <math.h>

#include "base/number.h"
#include "report/forms.h"

#define LABEL_COLUMN 6

typedef struct page {
    const leakdiag_diagnosis *d;
    const ld_five *five;
    ld_paper *paper;
    size_t column;   /* of the answers */
    size_t expected; /* of the expectations, where there is room */
    bool verbose;
} page;

/* "FAIL  flag value" and where the answer goes. */
static void begin(const page *p, size_t check, const char *label)
{
    bool is_asked = check < p->d->n_answers;
    leakdiag_outcome outcome =
        is_asked ? leakdiag_check_outcome(p->d, check) : LEAKDIAG_OUTCOME_UNKNOWN;
    ld_paper_glyphs(p->paper, is_asked ? ld_outcome_ink(outcome) : LD_INK_DIM,
                    is_asked ? ld_outcome_word(outcome) : "----");
    ld_paper_at(p->paper, LABEL_COLUMN);
    ld_paper_words(p->paper, LD_INK_PLAIN, label);
    ld_paper_margin(p->paper, p->column);
}

static void add_expected(const page *p, const char *expected)
{
    if (!*expected)
        return;
    ld_paper *paper = p->paper;
    size_t needed = ld_paper_width(paper, expected) + strlen("expected ");
    bool fits = paper->column + 2 <= p->expected && p->expected + needed <= paper->columns;
    bool fits_behind = paper->column + 2 + needed <= paper->columns;
    if (fits)
        ld_paper_margin(paper, p->expected);
    else if (fits_behind)
        ld_paper_at(paper, paper->column + 2);
    else {
        ld_paper_end(paper);
        ld_paper_margin(paper, p->column);
    }
    ld_paper_words(paper, LD_INK_DIM, "expected");
    ld_paper_words(paper, LD_INK_DIM, expected);
}

static void add_by_hand(const page *p, size_t check)
{
    const char *command = leakdiag_check_command(p->d, check);
    if (*command)
        ld_report_command(p->paper, LABEL_COLUMN, p->column, "by hand", command);
}

static bool is_one_of_five(const page *p, size_t check)
{
    const ld_five *five = p->five;
    return check == five->flag || check == five->memory || check == five->seen ||
           check == five->orders || check == five->limit;
}

/* "blocked by load: stopped"; false when nothing blocks it. */
static bool add_blocker(const page *p, size_t check)
{
    const char *id = leakdiag_check_blocked_by(p->d, check);
    if (!id)
        return false;
    size_t blocker = leakdiag_diagnosis_find_check(p->d, id);
    const char *finding = leakdiag_check_finding(p->d, blocker);
    LD_CLEANUP(ld_text_done) ld_text line = {0};
    ld_text_addf(&line, "blocked by %s: %s", id, finding ? finding : "not known");
    if (!line.failed)
        ld_paper_words(p->paper, LD_INK_DIM, line.data);
    p->paper->text.failed = p->paper->text.failed || line.failed;
    return true;
}

/* True when there is no answer; then the block is finished. */
static bool end_without_answer(const page *p, size_t check, bool has_answer, const char *expected)
{
    if (check == p->d->n_answers) {
        ld_paper_words(p->paper, LD_INK_DIM, "this scenario does not ask for it");
        ld_paper_end(p->paper);
        return true;
    }
    if (has_answer)
        return false;
    const char *reason = leakdiag_check_reason(p->d, check);
    bool is_configured = p->d->answers[check].is_configured;
    bool is_blocked = add_blocker(p, check);
    if (!is_blocked)
        ld_paper_words(p->paper, LD_INK_PLAIN,
                       *reason         ? reason
                       : is_configured ? "not known"
                                       : "no source configured");
    add_expected(p, expected);
    ld_paper_end(p->paper);
    if (!is_blocked || p->verbose)
        add_by_hand(p, check);
    return true;
}

static void end(const page *p, size_t check)
{
    if (p->paper->column)
        ld_paper_end(p->paper);
    leakdiag_outcome outcome = leakdiag_check_outcome(p->d, check);
    if (outcome == LEAKDIAG_OUTCOME_UNKNOWN && *leakdiag_check_reason(p->d, check))
        ld_paper_line(p->paper, p->column, LD_INK_PLAIN, leakdiag_check_reason(p->d, check));
    if (outcome == LEAKDIAG_OUTCOME_BLOCKED &&
        !is_one_of_five(p, p->d->answers[check].blocked_by)) {
        ld_paper_margin(p->paper, p->column);
        if (add_blocker(p, check))
            ld_paper_end(p->paper);
    }
    /* A memory that is known but cannot be judged yet needs time, not another question. */
    if (p->verbose || (outcome == LEAKDIAG_OUTCOME_UNKNOWN && check != p->five->memory))
        add_by_hand(p, check);
}

/* The answer of a check as the check itself puts it. */
static void add_simple(const page *p, size_t check, const char *label)
{
    begin(p, check, label);
    bool is_asked = check < p->d->n_answers;
    const char *observed = is_asked ? leakdiag_check_observed(p->d, check) : "";
    const char *expected = is_asked ? leakdiag_check_expected(p->d, check) : "";
    bool has_answer = is_asked && *observed && !ld_report_says_nothing(p->d, check);
    if (end_without_answer(p, check, has_answer, expected))
        return;
    ld_paper_words(p->paper, LD_INK_STRONG, observed);
    add_expected(p, expected);
    end(p, check);
}

/* "12Mi (10.5Mi to 13.5Mi)" of the curve now, or what the check expects. */
static void expected_memory(const page *p, ld_text *ret)
{
    const ld_five *five = p->five;
    if (!isfinite(five->expected_bytes)) {
        ld_text_add(ret, leakdiag_check_expected(p->d, five->memory));
        return;
    }
    char at[LD_NUMBER_BYTES], lo[LD_NUMBER_BYTES], hi[LD_NUMBER_BYTES];
    ld_bytes_format(five->expected_bytes, at);
    ld_bytes_format(five->expected_lo_bytes, lo);
    ld_bytes_format(five->expected_hi_bytes, hi);
    ld_text_addf(ret, "%s (%s to %s)", at, lo, hi);
}

static void add_memory(const page *p)
{
    const ld_five *five = p->five;
    LD_CLEANUP(ld_text_done) ld_text observed = {0};
    LD_CLEANUP(ld_text_done) ld_text expected = {0};
    begin(p, five->memory, "memory now");
    ld_text_add(&expected, "");
    if (five->memory < p->d->n_answers)
        expected_memory(p, &expected);
    bool is_known = isfinite(five->memory_bytes);
    if (end_without_answer(p, five->memory, is_known && !expected.failed,
                           expected.failed ? "" : expected.data))
        return;
    char bytes[LD_NUMBER_BYTES];
    ld_bytes_format(five->memory_bytes, bytes);
    ld_text_add(&observed, bytes);
    const char *finding = leakdiag_check_finding(p->d, five->memory);
    if (finding)
        ld_text_addf(&observed, ", %s", finding);
    if (!observed.failed)
        ld_paper_words(p->paper, LD_INK_STRONG, observed.data);
    add_expected(p, expected.data);
    end(p, five->memory);
    p->paper->text.failed = p->paper->text.failed || observed.failed;
}

#define LINE_COLUMN 8

static void add_line(const page *p, const ld_line *line)
{
    LD_CLEANUP(ld_text_done) ld_text age = {0};
    ld_report_age(p->d, line->has_time ? line->time_ms : 0, &age);
    ld_paper_margin(p->paper, LINE_COLUMN);
    if (!age.failed)
        ld_paper_words(p->paper, LD_INK_DIM, age.data);
    if (age.len)
        ld_paper_at(p->paper, LINE_COLUMN + age.len + 2);
    ld_paper_words(p->paper, LD_INK_PLAIN, line->text);
    ld_paper_end(p->paper);
    p->paper->text.failed = p->paper->text.failed || age.failed;
}

static void add_flag_lines(const page *p)
{
    const ld_five *five = p->five;
    begin(p, five->seen, "flag in log");
    bool is_asked = five->seen < p->d->n_answers;
    const char *observed = is_asked ? leakdiag_check_observed(p->d, five->seen) : "";
    const char *expected = is_asked ? leakdiag_check_expected(p->d, five->seen) : "";
    if (end_without_answer(p, five->seen, five->n_lines > 0 || *observed, expected))
        return;
    const char *finding = leakdiag_check_finding(p->d, five->seen);
    ld_paper_words(p->paper, LD_INK_STRONG, *observed ? observed : finding ? finding : "not known");
    add_expected(p, expected);
    ld_paper_end(p->paper);
    for (size_t i = 0; i < five->n_lines; i++)
        add_line(p, five->lines[i]);
    end(p, five->seen);
}

/* "14.2/min, 71 in 5m": a rate without its window and its count says little. */
static void observed_rate(const ld_rate *rate, ld_text *ret)
{
    char window[LD_NUMBER_BYTES];
    ld_text_add_number(ret, ld_number_round(rate->per_min, 1));
    ld_text_add(ret, "/min");
    ld_duration_format(rate->window_s, window);
    if (isfinite(rate->count) && isfinite(rate->window_s)) {
        ld_text_add(ret, ", ");
        ld_text_add_number(ret, ld_number_round(rate->count, 1));
        ld_text_addf(ret, " in %s", window);
    } else if (isfinite(rate->window_s)) {
        ld_text_addf(ret, " over %s", window);
    } else if (rate->count > 0) {
        ld_text_add(ret, ", ");
        ld_text_add_number(ret, ld_number_round(rate->count, 1));
        ld_text_add(ret, " in all");
    }
}

static void add_orders(const page *p)
{
    const leakdiag_diagnosis *d = p->d;
    size_t check = p->five->orders;
    const ld_rate *rate = check < d->n_answers && d->rates ? &d->rates[check] : NULL;
    bool is_known = rate && rate->is_known && isfinite(rate->per_min);
    LD_CLEANUP(ld_text_done) ld_text observed = {0};
    begin(p, check, "orders");
    const char *expected = check < d->n_answers ? leakdiag_check_expected(d, check) : "";
    if (end_without_answer(p, check, is_known, expected))
        return;
    observed_rate(rate, &observed);
    if (!observed.failed)
        ld_paper_words(p->paper, LD_INK_STRONG, observed.data);
    add_expected(p, expected);
    end(p, check);
    p->paper->text.failed = p->paper->text.failed || observed.failed;
}

/* The verdict with its first cause, in one line. */
static void add_verdict(const page *p)
{
    const leakdiag_diagnosis *d = p->d;
    ld_paper *paper = p->paper;
    LD_CLEANUP(ld_text_done) ld_text why = {0};
    leakdiag_verdict verdict = leakdiag_diagnosis_verdict(d);
    if (leakdiag_diagnosis_cause_count(d))
        ld_text_addf(&why, "%s (%s): %s", leakdiag_cause_id(d, 0),
                     leakdiag_confidence_name(leakdiag_cause_confidence(d, 0)),
                     leakdiag_cause_title(d, 0));
    else
        ld_text_add(&why, leakdiag_diagnosis_summary(d));
    ld_paper_blank(paper);
    ld_paper_words(paper, ld_verdict_ink(verdict), ld_verdict_word(verdict));
    ld_paper_at(paper, paper->column + 2);
    paper->indent = 2;
    if (!why.failed)
        ld_paper_words(paper, LD_INK_PLAIN, why.data);
    ld_paper_end(paper);
    paper->text.failed = paper->text.failed || why.failed;
    ld_report_next(d, paper);
}

void ld_report_quick(const leakdiag_diagnosis *diagnosis, bool verbose, ld_paper *paper)
{
    ld_five five;
    ld_five_find(diagnosis, &five);
    page p = {.d = diagnosis, .five = &five, .paper = paper, .column = 20, .verbose = verbose};
    p.expected = p.column + (paper->columns - p.column) * 13 / 30;
    if (paper->columns < 50)
        p.column = LABEL_COLUMN + 2;
    add_simple(&p, five.flag, "flag value");
    add_memory(&p);
    add_flag_lines(&p);
    add_orders(&p);
    add_simple(&p, five.limit, "memory limit");
    add_verdict(&p);
}
