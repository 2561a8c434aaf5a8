#include "run/session.h"

#include <string.h>

#include "base/alloc.h"
#include "diagnosis/diagnosis.h"
#include "run/clock.h"

#define DEFAULT_DEADLINE_MS 5000
#define DEFAULT_WATCH_MS    3600000

LD_DEFINE_CLEANUP(leakdiag_session, leakdiag_session_free, session_freep)
LD_DEFINE_CLEANUP(leakdiag_diagnosis, leakdiag_diagnosis_free, diagnosis_freep)

const ld_source_spec *ld_configured(const leakdiag_scenario *scenario, const char *role, size_t i)
{
    const ld_role *sources = ld_scenario_role(scenario, role);
    for (size_t k = 0; sources && k < sources->n; k++) {
        const ld_source_spec *spec = &sources->sources[k];
        const ld_source_type *type = ld_source_type_find(spec->type);
        if (type && ld_attribute_text(&spec->attributes, type->requires, "")[0] && i-- == 0)
            return spec;
    }
    return NULL;
}

/* A log is followed from one look to the next, so its place in the file belongs to the session. */
static leakdiag_status open_logs(leakdiag_session *session, leakdiag_error *err)
{
    const ld_source_spec *spec = ld_configured(session->scenario, "log", 0);
    if (!spec)
        return LEAKDIAG_OK;
    session->logs = ld_alloc_array(1, sizeof *session->logs);
    if (!session->logs)
        return ld_fail_nomem(err);
    leakdiag_status status =
        ld_log_file_init(session->logs, ld_attribute_text(&spec->attributes, "path", ""), err);
    if (!status)
        session->n_logs = 1;
    return status;
}

leakdiag_status leakdiag_session_new(leakdiag_scenario *scenario,
                                     const leakdiag_session_options *options,
                                     leakdiag_session **ret, leakdiag_error *err)
{
    if (!scenario)
        return ld_fail(err, LEAKDIAG_E_INVALID, "a scenario is needed");
    LD_CLEANUP(session_freep) leakdiag_session *session = ld_alloc_zero(sizeof *session);
    if (!session)
        return ld_fail_nomem(err);
    session->scenario = leakdiag_scenario_ref(scenario);
    session->started_ms = ld_clock_now_ms();
    session->started_monotonic_ms = ld_clock_monotonic_ms();
    session->options = (leakdiag_session_options)LEAKDIAG_SESSION_OPTIONS_INIT;
    leakdiag_status status = ld_options_copy(&session->options, sizeof session->options,
                                             sizeof session->options, options, err);
    if (!status && session->options.deadline_ms < 0)
        status = ld_fail(err, LEAKDIAG_E_INVALID, "a deadline is not negative");
    if (!status && session->options.deadline_ms == 0)
        session->options.deadline_ms = DEFAULT_DEADLINE_MS;
    if (!status)
        status = ld_scenario_patterns(scenario, &session->patterns, err);
    if (!status)
        status = open_logs(session, err);
    if (!status)
        status = ld_observation_new(ld_clock_now_ms(), scenario->text, scenario->text_len,
                                    scenario->set, scenario->n_set, &session->observation, err);
    if (status)
        return status;
    *ret = ld_steal(&session);
    return LEAKDIAG_OK;
}

void leakdiag_session_free(leakdiag_session *session)
{
    if (!session)
        return;
    for (size_t i = 0; i < session->n_logs; i++)
        ld_log_file_done(&session->logs[i]);
    ld_release(session->logs);
    leakdiag_patterns_unref(session->patterns);
    leakdiag_observation_unref(session->observation);
    leakdiag_scenario_unref(session->scenario);
    ld_release(session);
}

static void replace_observation(leakdiag_session *session, leakdiag_observation *observation)
{
    leakdiag_observation_unref(session->observation);
    session->observation = observation;
}

leakdiag_status leakdiag_session_add_history(leakdiag_session *session,
                                             leakdiag_observation *earlier, leakdiag_error *err)
{
    leakdiag_observation *joined = NULL;
    leakdiag_status status = leakdiag_observation_join(earlier, session->observation, &joined, err);
    if (!status)
        replace_observation(session, joined);
    return status;
}

/* The wall clock at the start and the monotonic clock since: somebody may set the former back. */
int64_t ld_session_now_ms(const leakdiag_session *session)
{
    return session->started_ms + ld_clock_monotonic_ms() - session->started_monotonic_ms;
}

static void stamp(ld_fact *fact, int64_t now_ms)
{
    if (fact->kind == LD_FACT_MEMORY && !fact->error)
        fact->of.memory.sample_ms = now_ms;
    fact->time_ms = now_ms;
}

leakdiag_status leakdiag_session_gather(leakdiag_session *session, leakdiag_observation **ret,
                                        leakdiag_error *err)
{
    LD_CLEANUP(ld_facts_done) ld_facts facts = {0};
    leakdiag_status status = ld_gather_remote(session, &facts, err);
    if (!status)
        status = ld_gather_local(session, &facts, err);
    if (status)
        return status;

    int64_t now_ms = ld_session_now_ms(session);
    for (size_t i = 0; i < facts.n; i++) /* one look, one time: its facts belong together */
        stamp(facts.list[i], now_ms);
    leakdiag_observation *extended = NULL;
    status =
        ld_observation_extend(session->observation, facts.list, facts.n, now_ms, &extended, err);
    if (status)
        return status;
    replace_observation(session, extended);
    *ret = leakdiag_observation_ref(extended);
    return LEAKDIAG_OK;
}

/* One look and its judgement, put in place of the earlier ones. */
static leakdiag_status look(leakdiag_session *session, leakdiag_observation **observation,
                            leakdiag_diagnosis **diagnosis, leakdiag_error *err)
{
    LD_CLEANUP(ld_observation_unrefp) leakdiag_observation *seen = NULL;
    leakdiag_diagnosis *judged = NULL;
    leakdiag_status status = leakdiag_session_gather(session, &seen, err);
    if (!status)
        status = leakdiag_diagnose(session->scenario, seen, &judged, err);
    if (status)
        return status;
    leakdiag_observation_unref(*observation);
    leakdiag_diagnosis_free(*diagnosis);
    *observation = ld_steal(&seen);
    *diagnosis = judged;
    return LEAKDIAG_OK;
}

/* Cancelled before anything came: judge what is known, be it nothing. */
static leakdiag_status judge_known(leakdiag_session *session, leakdiag_observation **observation,
                                   leakdiag_diagnosis **diagnosis, leakdiag_error *err)
{
    leakdiag_status status =
        leakdiag_diagnose(session->scenario, session->observation, diagnosis, err);
    if (!status)
        *observation = leakdiag_observation_ref(session->observation);
    return status;
}

/* What ends a watch without taking away what it has seen. */
static bool is_an_end(leakdiag_status status)
{
    return status == LEAKDIAG_E_CANCELLED || status == LEAKDIAG_E_LIMIT;
}

/* Looking longer cannot decide anything: there is no memory to look at, what was looked at has
 * gone, or it is a recording, which does not grow. */
static bool is_hopeless(const leakdiag_diagnosis *diagnosis)
{
    const ld_view *view = &diagnosis->view;
    if (view->memory_error)
        return view->memory_error->failed == LEAKDIAG_E_NOT_FOUND ||
               view->memory_error->failed == LEAKDIAG_E_INVALID;
    return !view->series_is_live || !ld_configured(diagnosis->scenario, "memory", 0);
}

static bool is_enough(const leakdiag_watch_options *options, const leakdiag_diagnosis *diagnosis)
{
    if (options->on_look && options->on_look(diagnosis, options->payload))
        return true;
    return options->until_decided &&
           (leakdiag_diagnosis_is_decided(diagnosis) || is_hopeless(diagnosis));
}

leakdiag_status leakdiag_session_watch(leakdiag_session *session,
                                       const leakdiag_watch_options *options,
                                       leakdiag_observation **ret_observation,
                                       leakdiag_diagnosis **ret_diagnosis, leakdiag_error *err)
{
    leakdiag_watch_options own = LEAKDIAG_WATCH_OPTIONS_INIT;
    leakdiag_status status = ld_options_copy(&own, sizeof own, sizeof own, options, err);
    if (status)
        return status;
    if (own.for_ms < 0)
        return ld_fail(err, LEAKDIAG_E_INVALID, "the time to look is not negative");
    int64_t for_ms = own.for_ms || !own.until_decided ? own.for_ms : DEFAULT_WATCH_MS;

    LD_CLEANUP(ld_observation_unrefp) leakdiag_observation *observation = NULL;
    LD_CLEANUP(diagnosis_freep) leakdiag_diagnosis *diagnosis = NULL;
    int64_t start = ld_clock_monotonic_ms(), next = start;
    for (;;) {
        status = look(session, &observation, &diagnosis, err);
        if (status == LEAKDIAG_E_CANCELLED && !diagnosis)
            status = judge_known(session, &observation, &diagnosis, err);
        else if (status && !(diagnosis && is_an_end(status)))
            return status;
        if (!diagnosis)
            return status;
        if (status || leakdiag_cancel_is_triggered(session->options.cancel) ||
            is_enough(&own, diagnosis))
            break;
        /* Keep the pace; a look that took longer than a step skips what it missed. */
        int64_t now = ld_clock_monotonic_ms();
        do
            next += session->scenario->every_ms;
        while (next <= now);
        if (next - start > for_ms || !ld_clock_wait(next, session->options.cancel))
            break;
    }
    if (ret_observation)
        *ret_observation = ld_steal(&observation);
    *ret_diagnosis = ld_steal(&diagnosis);
    return LEAKDIAG_OK;
}
