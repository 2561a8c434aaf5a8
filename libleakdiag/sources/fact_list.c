/* The list of facts of one look. */
#include "base/alloc.h"
#include "sources/facts.h"

void ld_facts_done(ld_facts *facts)
{
    for (size_t i = 0; i < facts->n; i++)
        ld_fact_unref(facts->list[i]);
    ld_release(facts->list);
    *facts = (ld_facts){0};
}

leakdiag_status ld_facts_add(ld_facts *facts, ld_fact *fact, leakdiag_error *err)
{
    ld_fact **list = ld_resize_array(facts->list, facts->n, facts->n + 1, sizeof *list);
    if (!list) {
        ld_fact_unref(fact);
        return ld_fail_nomem(err);
    }
    facts->list = list;
    facts->list[facts->n++] = fact;
    return LEAKDIAG_OK;
}

leakdiag_status ld_facts_add_failed(ld_facts *facts, ld_fact_kind kind, const char *source,
                                    const char *subject, int64_t time_ms, leakdiag_status failed,
                                    const char *why, leakdiag_error *err)
{
    if (failed == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    ld_fact *fact = NULL;
    leakdiag_status status = ld_fact_new_failed(kind, source, time_ms, failed, why, &fact, err);
    if (status)
        return status;
    fact->subject = subject ? ld_copy_text(subject) : NULL;
    if (!subject || fact->subject)
        return ld_facts_add(facts, fact, err);
    ld_fact_unref(fact);
    return ld_fail_nomem(err);
}
