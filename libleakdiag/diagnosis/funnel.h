/* Checks in causal order: behind the first broken one the rest are blocked, not failed. */
#ifndef LD_DIAGNOSIS_FUNNEL_H
#define LD_DIAGNOSIS_FUNNEL_H

#include "diagnosis/diagnosis.h"

/* Outcomes of all answers from their findings, then the blocking. Sets first_broken. */
void ld_funnel(leakdiag_diagnosis *d);

/* ttl_s and its interval. */
void ld_time_to_limit(leakdiag_diagnosis *d);
/* "INTRO 8m (6m to 11m)"; false and nothing when none is predicted. */
bool ld_add_time_to_limit(ld_text *text, const leakdiag_diagnosis *d, const char *intro);

/* Which causes fire, with their evidence, most likely first. */
leakdiag_status ld_find_causes(leakdiag_diagnosis *d, leakdiag_error *err);

/* Verdict, summary and next command. */
leakdiag_status ld_conclude(leakdiag_diagnosis *d, leakdiag_error *err);

#endif
