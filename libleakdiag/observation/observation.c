#include "observation/observation.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"

static leakdiag_status copy_set(leakdiag_observation *o, char *const *set, size_t n,
                                leakdiag_error *err)
{
    o->set = ld_alloc_array(n ? n : 1, sizeof *o->set);
    if (!o->set)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        o->set[i] = ld_copy_text(set[i]);
        if (!o->set[i])
            return ld_fail_nomem(err);
        o->n_set++;
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_observation_new(int64_t now_ms, const char *scenario, size_t scenario_len,
                                   char *const *set, size_t n_set, leakdiag_observation **ret,
                                   leakdiag_error *err)
{
    if (now_ms > LD_WHOLE_MAX || now_ms < -LD_WHOLE_MAX)
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "now is %lld: it must be within 2^53 milliseconds of 1970",
                       (long long)now_ms);
    LD_CLEANUP(ld_observation_unrefp) leakdiag_observation *o = ld_alloc_zero(sizeof *o);
    if (!o)
        return ld_fail_nomem(err);
    o->references = 1;
    o->now_ms = now_ms;
    if (scenario) {
        o->scenario = ld_copy_bytes(scenario, scenario_len);
        o->scenario_len = scenario_len;
        if (!o->scenario)
            return ld_fail_nomem(err);
    }
    leakdiag_status status = copy_set(o, set, n_set, err);
    if (status)
        return status;
    *ret = ld_steal(&o);
    return LEAKDIAG_OK;
}

/* Merge two runs of facts, each in the order of its times, the first before the second at equal
 * times. */
static void merge(ld_fact **out, ld_fact *const *a, size_t na, ld_fact *const *b, size_t nb)
{
    size_t i = 0, j = 0;
    while (i < na || j < nb) {
        bool first = j == nb || (i < na && a[i]->time_ms <= b[j]->time_ms);
        *out++ = ld_fact_ref(first ? a[i++] : b[j++]);
    }
}

/* Of the recordings of one source only the newest is used, and each holds all that the one before
 * it held: the others go. A handful of sources is remembered, more of them lose nothing. */
static void drop_old_recordings(leakdiag_observation *o)
{
    const char *seen[8];
    size_t n_seen = 0, kept = o->n_facts;
    for (size_t i = o->n_facts; i-- > 0;) {
        ld_fact *fact = o->facts[i];
        if (fact->kind == LD_FACT_SERIES && !fact->error && !fact->of.series.pod &&
            !fact->of.series.is_of_looks) {
            size_t k = 0;
            while (k < n_seen && strcmp(seen[k], fact->source) != 0)
                k++;
            if (k < n_seen) {
                ld_fact_unref(fact);
                continue;
            }
            if (n_seen < sizeof seen / sizeof seen[0])
                seen[n_seen++] = fact->source;
        }
        o->facts[--kept] = fact;
    }
    o->n_facts -= kept;
    memmove(o->facts, o->facts + kept, o->n_facts * sizeof(ld_fact *));
}

leakdiag_status ld_observation_extend(const leakdiag_observation *base, ld_fact *const *facts,
                                      size_t n, int64_t now_ms, leakdiag_observation **ret,
                                      leakdiag_error *err)
{
    if (base->n_facts + n > LEAKDIAG_FACTS_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "more than %d facts: start a new capture",
                       LEAKDIAG_FACTS_MAX);
    LD_CLEANUP(ld_observation_unrefp) leakdiag_observation *o = NULL;
    leakdiag_status status = ld_observation_new(now_ms, base->scenario, base->scenario_len,
                                                base->set, base->n_set, &o, err);
    if (status)
        return status;
    o->facts = ld_alloc_array(base->n_facts + n + 1, sizeof(ld_fact *));
    if (!o->facts)
        return ld_fail_nomem(err);
    merge(o->facts, base->facts, base->n_facts, facts, n);
    o->n_facts = base->n_facts + n;
    drop_old_recordings(o);
    *ret = ld_steal(&o);
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_observation_until(const leakdiag_observation *observation, int64_t now_ms,
                                           leakdiag_observation **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_observation_unrefp) leakdiag_observation *empty = NULL;
    leakdiag_status status =
        ld_observation_new(now_ms, observation->scenario, observation->scenario_len,
                           observation->set, observation->n_set, &empty, err);
    if (status)
        return status;
    size_t n = 0;
    while (n < observation->n_facts && observation->facts[n]->time_ms <= now_ms)
        n++;
    return ld_observation_extend(empty, observation->facts, n, now_ms, ret, err);
}

leakdiag_status leakdiag_observation_join(const leakdiag_observation *earlier,
                                          const leakdiag_observation *later,
                                          leakdiag_observation **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_observation_unrefp) leakdiag_observation *empty = NULL;
    LD_CLEANUP(ld_observation_unrefp) leakdiag_observation *first = NULL;
    leakdiag_status status = ld_observation_new(later->now_ms, later->scenario, later->scenario_len,
                                                later->set, later->n_set, &empty, err);
    if (!status)
        status = ld_observation_extend(empty, earlier->facts, earlier->n_facts, later->now_ms,
                                       &first, err);
    if (status)
        return status;
    return ld_observation_extend(first, later->facts, later->n_facts, later->now_ms, ret, err);
}

leakdiag_observation *leakdiag_observation_ref(leakdiag_observation *observation)
{
    __atomic_add_fetch(&observation->references, 1, __ATOMIC_RELAXED);
    return observation;
}

void leakdiag_observation_unref(leakdiag_observation *observation)
{
    if (!observation || __atomic_sub_fetch(&observation->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (size_t i = 0; i < observation->n_facts; i++)
        ld_fact_unref(observation->facts[i]);
    ld_release(observation->facts);
    for (size_t i = 0; i < observation->n_set; i++)
        ld_release(observation->set[i]);
    ld_release(observation->set);
    ld_release(observation->scenario);
    ld_release(observation);
}

int64_t leakdiag_observation_now_ms(const leakdiag_observation *observation)
{
    return observation->now_ms;
}

int64_t leakdiag_observation_first_ms(const leakdiag_observation *observation)
{
    return observation->n_facts ? observation->facts[0]->time_ms : observation->now_ms;
}

const char *leakdiag_observation_scenario(const leakdiag_observation *observation, size_t *ret_len)
{
    if (ret_len)
        *ret_len = observation->scenario_len;
    return observation->scenario ? observation->scenario : "";
}

size_t leakdiag_observation_setting_count(const leakdiag_observation *observation)
{
    return observation->n_set;
}

const char *leakdiag_observation_setting(const leakdiag_observation *observation, size_t i)
{
    return i < observation->n_set ? observation->set[i] : NULL;
}

size_t leakdiag_observation_fact_count(const leakdiag_observation *observation)
{
    return observation->n_facts;
}

const char *leakdiag_observation_fact_kind(const leakdiag_observation *observation, size_t i)
{
    return i < observation->n_facts ? ld_fact_kind_name(observation->facts[i]->kind) : NULL;
}

const char *leakdiag_observation_fact_source(const leakdiag_observation *observation, size_t i)
{
    return i < observation->n_facts ? observation->facts[i]->source : NULL;
}

int64_t leakdiag_observation_fact_time_ms(const leakdiag_observation *observation, size_t i)
{
    return i < observation->n_facts ? observation->facts[i]->time_ms : 0;
}

int64_t leakdiag_observation_fact_latency_ms(const leakdiag_observation *observation, size_t i)
{
    return i < observation->n_facts ? observation->facts[i]->latency_ms : -1;
}

const char *leakdiag_observation_fact_error(const leakdiag_observation *observation, size_t i)
{
    const char *error = i < observation->n_facts ? observation->facts[i]->error : NULL;
    return error ? error : "";
}

static const char *detail_or(const char *detail, const char *otherwise)
{
    return detail && detail[0] ? detail : otherwise;
}

static const char *flag_trouble(const ld_flag_fact *flag)
{
    bool is_an_answer =
        flag->state <= LEAKDIAG_FLAG_MISSING || flag->state == LEAKDIAG_FLAG_FILE_REJECTED;
    return is_an_answer ? "" : detail_or(flag->detail, leakdiag_flag_state_name(flag->state));
}

static const char *load_trouble(const ld_load_fact *load)
{
    bool is_an_answer = load->state < LEAKDIAG_LOAD_MISSING;
    return is_an_answer ? "" : detail_or(load->detail, leakdiag_load_state_name(load->state));
}

const char *leakdiag_observation_fact_trouble(const leakdiag_observation *observation, size_t i)
{
    const ld_fact *fact = i < observation->n_facts ? observation->facts[i] : NULL;
    if (!fact || fact->error)
        return "";
    switch (fact->kind) {
    case LD_FACT_FLAG:
        return flag_trouble(&fact->of.flag);
    case LD_FACT_LOAD:
        return load_trouble(&fact->of.load);
    case LD_FACT_MEMORY:
        return isnan(fact->of.memory.working_set_bytes) && !fact->of.memory.pod.is_between_looks
                   ? detail_or(fact->of.memory.detail, "no sample")
                   : "";
    case LD_FACT_SERVICE:
        return fact->of.service.exists ? detail_or(fact->of.service.detail, "")
                                       : "there is no such Service";
    case LD_FACT_SERIES:
    case LD_FACT_LOG:
    case LD_FACT_WORKLOAD:
    case LD_FACT_KINDS:
    default:
        return "";
    }
}
