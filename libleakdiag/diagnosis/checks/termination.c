/* How did earlier instances end? From the kernel's counter, never from a sample near the limit. */
#include "diagnosis/checks/checks.h"

leakdiag_status ld_judge_termination(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    const ld_view *view = &d->view;
    if (!view->memory)
        return ld_not_configured(answer, "restarts");
    ld_rest_on(answer, view->memory);
    if (view->oom_kills > 0) {
        ld_find(answer, "oom-killed");
        ld_text_addf(&answer->observed, "%lld OOM kill%s", (long long)view->oom_kills,
                     view->oom_kills == 1 ? "" : "s");
        return LEAKDIAG_OK;
    }
    if (view->n_restarts > view->n_ooms) {
        ld_find(answer, "crashed");
        ld_text_addf(&answer->observed, "%zu restart%s without an OOM kill",
                     view->n_restarts - view->n_ooms,
                     view->n_restarts - view->n_ooms == 1 ? "" : "s");
        return LEAKDIAG_OK;
    }
    if (view->memory_error && view->memory_error->failed == LEAKDIAG_E_NOT_FOUND) {
        ld_text_add(&answer->observed, "gone");
        ld_text_add(&answer->reason, "it has ended; how is not known here");
        return LEAKDIAG_OK;
    }
    if (view->oom_kills < 0) {
        ld_text_add(&answer->reason, "no restart was seen, but the kernel's count of OOM kills is "
                                     "not known here");
        return LEAKDIAG_OK;
    }
    ld_find(answer, "none");
    ld_text_add(&answer->observed, "no OOM kill, no restart");
    return LEAKDIAG_OK;
}
