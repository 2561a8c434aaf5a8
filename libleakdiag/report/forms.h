/* The forms of a report, and what they share. */
#ifndef LD_REPORT_FORMS_H
#define LD_REPORT_FORMS_H

#include <leakdiag/report.h>

#include "diagnosis/diagnosis.h"
#include "report/paper.h"

/* Each writes onto the paper; what it could not is in paper->text.failed. */
void ld_report_text(const leakdiag_diagnosis *diagnosis, bool verbose, ld_paper *paper);
void ld_report_quick(const leakdiag_diagnosis *diagnosis, bool verbose, ld_paper *paper);
leakdiag_status ld_report_json(const leakdiag_diagnosis *diagnosis, char **ret,
                               leakdiag_error *err);
leakdiag_status ld_report_junit(const leakdiag_diagnosis *diagnosis, char **ret,
                                leakdiag_error *err);

/* Words and colours of outcomes, verdicts and confidence. */
const char *ld_outcome_word(leakdiag_outcome outcome); /* "PASS", "WARN", "FAIL", "????", "BLKD" */
unsigned ld_outcome_ink(leakdiag_outcome outcome);
const char *ld_verdict_word(leakdiag_verdict verdict); /* "NOT AS EXPECTED" */
unsigned ld_verdict_ink(leakdiag_verdict verdict);
const char *ld_confidence_word(leakdiag_confidence confidence); /* "LIKELY" */
unsigned ld_confidence_ink(leakdiag_confidence confidence);

/* A dim label, and its text from another column on. */
void ld_report_field(ld_paper *paper, size_t label_column, size_t column, const char *label,
                     unsigned ink, const char *text);
void ld_report_command(ld_paper *paper, size_t label_column, size_t column, const char *label,
                       const char *command);
/* The verdict with its reason; then where and when. */
void ld_report_headline(const leakdiag_diagnosis *diagnosis, ld_paper *paper);
/* "next: COMMAND", or nothing. */
void ld_report_next(const leakdiag_diagnosis *diagnosis, ld_paper *paper);
/* True when the reason is all there is to say of a check: it is unknown, and nothing beyond its
 * finding was observed. */
bool ld_report_says_nothing(const leakdiag_diagnosis *diagnosis, size_t check);
/* "2m ago" for a time before the diagnosis' now; "" when there is no time. */
void ld_report_age(const leakdiag_diagnosis *diagnosis, int64_t time_ms, ld_text *ret);

#define LD_FIVE_LINES 3

/* The runbook's five answers: which check gives each (check_count: none), and what no getter has.
 */
typedef struct ld_five {
    size_t flag, memory, seen, orders, limit;
    const ld_line *lines[LD_FIVE_LINES]; /* of the flag, oldest first; borrowed */
    size_t n_lines;
    double memory_bytes; /* now, NAN not known */
    int64_t memory_ms;   /* when it was so; in the samples' clock; 0 not known */
    double expected_bytes, expected_lo_bytes, expected_hi_bytes; /* NAN nothing expected */
} ld_five;

void ld_five_find(const leakdiag_diagnosis *diagnosis, ld_five *ret);

/* What a finding of a kind means, one sentence; NULL for a word that is not the kind's. */
const char *ld_finding_meaning(ld_kind_id kind, const char *finding);

#endif
