/* Does a service exist, and does anything answer behind it? */
#include "diagnosis/checks/checks.h"

leakdiag_status ld_judge_service(leakdiag_diagnosis *d, ld_answer *answer, leakdiag_error *err)
{
    (void)err;
    const ld_fact *fact = ld_view_service(&d->view, ld_check_subject(answer->check));
    ld_text_add(&answer->expected, "ready endpoints");
    if (!fact)
        return ld_not_configured(answer, "services");
    if (fact->error)
        return ld_not_collected(answer, fact);
    const ld_service_fact *service = &fact->of.service;
    ld_rest_on(answer, fact);
    if (!service->exists && ld_view_lacks_app(&d->view)) {
        ld_text_addf(&answer->reason, "no %s, and no application: is the namespace right?",
                     service->object);
        return LEAKDIAG_OK;
    }
    if (!service->exists) {
        ld_find(answer, "missing");
        ld_text_addf(&answer->observed, "no %s", service->object);
        return LEAKDIAG_OK;
    }
    if (service->is_external) { /* it has no endpoints of its own */
        ld_find(answer, "ready");
        ld_text_add(&answer->observed, "a name outside of the cluster");
        return LEAKDIAG_OK;
    }
    if (service->ready < 0) {
        ld_text_add(&answer->reason,
                    service->detail ? service->detail : "its endpoints are not known");
        return LEAKDIAG_OK;
    }
    ld_text_addf(&answer->observed, "%lld ready", (long long)service->ready);
    if (service->not_ready > 0)
        ld_text_addf(&answer->observed, ", %lld not ready", (long long)service->not_ready);
    ld_find(answer, service->ready > 0 ? "ready" : "no-endpoints");
    return LEAKDIAG_OK;
}
