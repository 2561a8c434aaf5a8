#include "diagnosis/funnel.h"

#include <string.h>

static ld_outcome outcome_of(const ld_answer *answer)
{
    if (!answer->finding)
        return LD_UNKNOWN;
    const ld_check *check = answer->check;
    for (size_t i = 0; i < check->n_overrides; i++)
        if (strcmp(check->overrides[i].finding, answer->finding->name) == 0)
            return check->overrides[i].outcome;
    return answer->finding->outcome;
}

static bool is_broken(const ld_answer *answer)
{
    return answer->outcome == LD_FAIL || answer->outcome == LD_BLOCKED;
}

/* Index of the root that breaks one of the needs, or SIZE_MAX. Needs come before in a valid
 * scenario's order of judgement, so their outcomes are final. */
static size_t broken_need(const leakdiag_diagnosis *d, const ld_check *check)
{
    for (size_t i = 0; i < check->n_needs; i++) {
        const ld_answer *need = &d->answers[check->needs[i]];
        if (need->outcome == LD_FAIL)
            return check->needs[i];
        if (need->outcome == LD_BLOCKED)
            return need->blocked_by;
    }
    return SIZE_MAX;
}

/* A line that is missing says nothing while it is not known whether anything should have written
 * it. */
static bool is_unexplained_absence(const leakdiag_diagnosis *d, const ld_answer *answer)
{
    if (!answer->finding || strcmp(answer->finding->name, "not-seen") != 0)
        return false;
    for (size_t i = 0; i < answer->check->n_needs; i++) {
        const ld_answer *need = &d->answers[answer->check->needs[i]];
        if (need->outcome == LD_UNKNOWN && !need->check->supporting)
            return true;
    }
    return false;
}

static void settle(leakdiag_diagnosis *d, ld_answer *answer)
{
    answer->outcome = outcome_of(answer);
    answer->blocked_by = SIZE_MAX;
    if (answer->outcome == LD_PASS) /* what is seen to work needs no explanation */
        return;
    size_t root = broken_need(d, answer->check);
    if (root != SIZE_MAX) {
        answer->outcome = LD_BLOCKED;
        answer->blocked_by = root;
        return;
    }
    if (is_unexplained_absence(d, answer)) {
        answer->outcome = LD_UNKNOWN;
        ld_text_addf(&answer->reason,
                     "%sit is not known whether orders come, so its absence "
                     "proves nothing",
                     answer->reason.len ? "; " : "");
    }
}

/* Settles an answer after all that it needs; the scenario guarantees that needs have no cycle. */
static void settle_deep(leakdiag_diagnosis *d, size_t i)
{
    if (d->answers[i].is_settled)
        return;
    d->answers[i].is_settled = true;
    const ld_check *check = d->answers[i].check;
    for (size_t k = 0; k < check->n_needs; k++)
        settle_deep(d, check->needs[k]);
    settle(d, &d->answers[i]);
}

/* The first broken link is the one that the most distant effect goes back to: among the failed
 * checks the first that others need, or else the first at all. */
static size_t first_broken(const leakdiag_diagnosis *d)
{
    for (size_t i = 0; i < d->n_answers; i++)
        if (d->answers[i].blocked_by != SIZE_MAX)
            return d->answers[i].blocked_by;
    for (size_t i = 0; i < d->n_answers; i++)
        if (is_broken(&d->answers[i]))
            return i;
    return SIZE_MAX;
}

void ld_funnel(leakdiag_diagnosis *d)
{
    for (size_t i = 0; i < d->n_answers; i++)
        settle_deep(d, i);
    d->first_broken = first_broken(d);
}
