/* The judges: one per check kind, one file each, one line in table.c. */
#ifndef LD_DIAGNOSIS_CHECKS_CHECKS_H
#define LD_DIAGNOSIS_CHECKS_CHECKS_H

#include "diagnosis/diagnosis.h"

/* Judges answer->check over d->view: sets finding and texts. Leaves finding NULL when there is
 * nothing to find, with the reason. The outcome follows from the finding; a judge may set it only
 * to LD_UNKNOWN by leaving the finding out. An error is out of memory only. */
typedef leakdiag_status (*ld_judge)(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);

ld_judge ld_judge_of(ld_kind_id kind);

leakdiag_status ld_judge_flag_value(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);
leakdiag_status ld_judge_flag_agreement(leakdiag_diagnosis *d, ld_answer *answer,
                                        leakdiag_error *err);
leakdiag_status ld_judge_flag_seen(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);
leakdiag_status ld_judge_rate(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);
leakdiag_status ld_judge_load(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);
leakdiag_status ld_judge_hand_off(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);
leakdiag_status ld_judge_rollout(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);
leakdiag_status ld_judge_reach(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);
leakdiag_status ld_judge_service(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);
leakdiag_status ld_judge_limit(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);
leakdiag_status ld_judge_soft_limit(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);
leakdiag_status ld_judge_memory(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);
leakdiag_status ld_judge_termination(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);
/* Kinds whose sources come later: nothing is known, and says so. */
leakdiag_status ld_judge_nothing(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err);

/* Sets the finding by its word, which must be one of the kind's. */
void ld_find(ld_answer *answer, const char *finding);
/* The fact the answer rests on; also marks the check as configured. */
void ld_rest_on(ld_answer *answer, const ld_fact *fact);
/* "no source …": nothing configured that could answer. */
leakdiag_status ld_not_configured(ld_answer *answer, const char *what);
/* A source was asked and failed: its error is the reason. */
leakdiag_status ld_not_collected(ld_answer *answer, const ld_fact *fact);

/* Whether the first check of a flag's value would call it "expected"; false without such a check.
 */
bool ld_is_flag_expected(const leakdiag_scenario *scenario, const ld_flag_fact *flag);

/* Why a log without a line is no zero, as far as the application's version tells. */
void ld_add_silence(const leakdiag_diagnosis *d, ld_answer *answer);

void ld_add_bytes(ld_text *text, double bytes);
void ld_add_duration(ld_text *text, double seconds);

/* What the orders (or requests) of a "load:ROW"/"log:PATTERN" counter say; see rate.c. */
typedef struct ld_counter {
    bool has_evidence;  /* a number can be given */
    bool is_silent;     /* the log has no line at all */
    bool is_unverified; /* the pattern was never seen, so its absence means nothing */
    bool is_lower_bound;
    double per_min;         /* NAN when the covered time is not known but count is */
    double count, window_s; /* NAN not known */
    double mean_per_s;      /* over all its lines; 0 not known */
    int64_t last_ms;        /* when it last moved; 0 not known */
    const ld_fact *fact;
} ld_counter;

/* successful: requests that failed do not count (a log counter is what its pattern says). */
ld_counter ld_count(const ld_view *view, const char *of, int64_t window_ms, bool successful);
/* The counter is silent for longer than chance explains, although its window holds lines. */
bool ld_has_stopped(const ld_view *view, const ld_counter *counter);
/* Whether a log counter that any rate check uses moved lately: orders come, whoever makes them.
 * ret_last_ms, which may be NULL: when it last did. */
bool ld_orders_in_log(const ld_view *view, int64_t *ret_last_ms);
/* A stopped generator makes no orders, whatever its frozen numbers say. */
bool ld_load_is_idle(const ld_load_fact *load);

#endif
