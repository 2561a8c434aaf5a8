#include <assert.h>
#include <string.h>

#include "base/number.h"
#include "diagnosis/checks/checks.h"

void ld_find(ld_answer *answer, const char *finding)
{
    answer->finding = ld_kind_finding(answer->check->kind, finding);
    assert(answer->finding);
}

void ld_rest_on(ld_answer *answer, const ld_fact *fact)
{
    answer->fact = fact;
    answer->is_configured = answer->is_configured || fact != NULL;
}

leakdiag_status ld_not_configured(ld_answer *answer, const char *what)
{
    ld_text_addf(&answer->reason, "no source for %s is configured", what);
    return LEAKDIAG_OK;
}

leakdiag_status ld_not_collected(ld_answer *answer, const ld_fact *fact)
{
    ld_rest_on(answer, fact);
    ld_text_add(&answer->reason, fact->error);
    return LEAKDIAG_OK;
}

void ld_add_silence(const leakdiag_diagnosis *d, ld_answer *answer)
{
    const ld_profile *profile = ld_view_profile(&d->view);
    if (profile && profile->logs_elsewhere)
        ld_text_addf(&answer->reason,
                     "this version (%s) writes nothing to its container's log, it logs over OTLP "
                     "only: an empty log is no zero",
                     profile->id);
    else
        ld_text_add(&answer->reason, "the log source gave no line at all, which is no zero: the "
                                     "application may log elsewhere (OTLP)");
}

void ld_add_bytes(ld_text *text, double bytes)
{
    char out[LD_NUMBER_BYTES];
    ld_bytes_format(bytes, out);
    ld_text_add(text, out);
}

void ld_add_duration(ld_text *text, double seconds)
{
    char out[LD_NUMBER_BYTES];
    ld_duration_format(seconds, out);
    ld_text_add(text, out);
}

leakdiag_status ld_judge_nothing(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)d;
    (void)err;
    return ld_not_configured(answer, answer->check->kind->name);
}
