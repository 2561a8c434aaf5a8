#include "observation/compact.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

/* --- what says the same as the fact before it --- */

static bool is_same_flag(const ld_flag_fact *a, const ld_flag_fact *b)
{
    return a->state == b->state && ld_text_equal(a->value_json, b->value_json) &&
           ld_text_equal(a->method, b->method) && ld_text_equal(a->variant, b->variant) &&
           a->changed_ms == b->changed_ms;
}

static bool is_same_load(const ld_load_fact *a, const ld_load_fact *b)
{
    return a->state == b->state && a->users == b->users && a->target_users == b->target_users;
}

/* A look that did not see the pods does not know since when they run. */
static bool is_same_start(int64_t a_ms, int64_t b_ms)
{
    return a_ms == b_ms || a_ms == 0 || b_ms == 0;
}

static bool is_same_workload(const ld_workload_fact *a, const ld_workload_fact *b)
{
    return is_same_start(a->started_ms, b->started_ms) && a->changed_ms == b->changed_ms &&
           a->replicas == b->replicas && a->ready == b->ready && a->is_stuck == b->is_stuck &&
           ld_text_equal(a->version, b->version) && ld_text_equal(a->limit_text, b->limit_text);
}

static bool is_same_service(const ld_service_fact *a, const ld_service_fact *b)
{
    return a->exists == b->exists && a->ready == b->ready && ld_text_equal(a->ports, b->ports);
}

static bool is_same(const ld_fact *a, const ld_fact *b)
{
    switch (a->kind) {
    case LD_FACT_FLAG:
        return is_same_flag(&a->of.flag, &b->of.flag);
    case LD_FACT_LOAD:
        return is_same_load(&a->of.load, &b->of.load);
    case LD_FACT_WORKLOAD:
        return is_same_workload(&a->of.workload, &b->of.workload);
    case LD_FACT_SERVICE:
        return is_same_service(&a->of.service, &b->of.service);
    case LD_FACT_SERIES: /* of a counter: its newest value is all that is asked of it */
        return true;
    case LD_FACT_MEMORY:
    case LD_FACT_LOG:
    case LD_FACT_KINDS:
    default:
        return false;
    }
}

/* --- the looks around each change --- */

#define KEYS_MAX 128 /* sources told apart; facts of more all stay */

typedef struct state {
    size_t last;  /* the latest fact of its source */
    bool is_same; /* as the one before it: it is not where a run begins */
} state;

static bool is_of_one_source(const ld_fact *a, const ld_fact *b)
{
    return a->kind == b->kind && !a->error == !b->error && ld_text_equal(a->subject, b->subject) &&
           strcmp(a->source, b->source) == 0;
}

/* Neither logs nor memory, whose facts add up; but the failures of all. */
static bool is_state(const ld_fact *fact)
{
    if (fact->error)
        return true;
    if (fact->kind == LD_FACT_SERIES)
        return !ld_series_is_memory(&fact->of.series);
    return fact->kind != LD_FACT_LOG && fact->kind != LD_FACT_MEMORY;
}

static void take_state(ld_compaction *c, state *states, size_t *n, size_t i)
{
    const ld_fact *fact = c->facts[i];
    size_t k = 0;
    while (k < *n && !is_of_one_source(c->facts[states[k].last], fact))
        k++;
    c->keeps[i] = true;
    if (k == *n && *n < KEYS_MAX)
        states[(*n)++] = (state){i, false};
    if (k >= *n || states[k].last == i)
        return;
    bool is_same_again = !fact->error && is_same(c->facts[states[k].last], fact);
    if (fact->error || (is_same_again && states[k].is_same))
        c->keeps[states[k].last] = false;
    states[k] = (state){i, is_same_again};
}

leakdiag_status ld_compact_states(ld_compaction *c)
{
    state states[KEYS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        if (is_state(c->facts[i]))
            take_state(c, states, &n, i);
    return LEAKDIAG_OK;
}

/* --- all of it --- */

static void compaction_done(ld_compaction *c)
{
    for (size_t i = 0; i < c->n_made; i++)
        ld_fact_unref(c->made[i]);
    ld_release(c->made);
    ld_release(c->keeps);
}

static int by_time(const void *a, const void *b)
{
    const ld_fact *const *x = a, *const *y = b;
    if ((*x)->time_ms != (*y)->time_ms)
        return (*x)->time_ms < (*y)->time_ms ? -1 : 1;
    int order = (int)(*x)->kind - (int)(*y)->kind;
    return order ? order : strcmp((*x)->source, (*y)->source);
}

/* Those that stay keep their order, since what comes first of one time wins; the new ones go before
 * those of their time. */
static leakdiag_status join(const leakdiag_observation *o, ld_compaction *c,
                            leakdiag_observation **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_observation_unrefp) leakdiag_observation *made = NULL;
    LD_CLEANUP(ld_releasep) ld_fact **kept = ld_alloc_array(o->n_facts + 1, sizeof(ld_fact *));
    size_t n = 0;
    if (!kept)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < o->n_facts; i++)
        if (i >= c->n || c->keeps[i])
            kept[n++] = o->facts[i];
    if (c->n_made > 1)
        qsort(c->made, c->n_made, sizeof(ld_fact *), by_time);
    leakdiag_status status =
        ld_observation_new(o->now_ms, o->scenario, o->scenario_len, o->set, o->n_set, &made, err);
    if (!status)
        status = ld_observation_extend(made, c->made, c->n_made, o->now_ms, ret, err);
    if (status)
        return status;
    leakdiag_observation_unref(made);
    made = *ret;
    *ret = NULL;
    return ld_observation_extend(made, kept, n, o->now_ms, ret, err);
}

leakdiag_status ld_observation_compact(const leakdiag_observation *observation, int64_t before_ms,
                                       leakdiag_observation **ret, leakdiag_error *err)
{
    LD_CLEANUP(compaction_done) ld_compaction c = {.facts = observation->facts, .err = err};
    while (c.n < observation->n_facts && observation->facts[c.n]->time_ms < before_ms)
        c.n++;
    c.keeps = ld_alloc_array(c.n + 1, sizeof *c.keeps);
    c.made = ld_alloc_array(c.n + 1, sizeof(ld_fact *));
    if (!c.keeps || !c.made)
        return ld_fail_nomem(err);
    leakdiag_status status = ld_compact_states(&c);
    if (!status)
        status = ld_compact_logs(&c);
    if (!status)
        status = ld_compact_memory(&c);
    return status ? status : join(observation, &c, ret, err);
}
