#include "run/session.h"

#include <string.h>

#include "base/alloc.h"
#include "diagnosis/diagnosis.h"
#include "net/clock.h"
#include "observation/compact.h"

#define DEFAULT_DEADLINE_MS 5000
#define DEFAULT_WATCH_MS    3600000

LD_DEFINE_CLEANUP(leakdiag_session, leakdiag_session_free, session_freep)
LD_DEFINE_CLEANUP(leakdiag_scenario, leakdiag_scenario_unref, scenario_unrefp)
LD_DEFINE_CLEANUP(leakdiag_patterns, leakdiag_patterns_unref, patterns_unrefp)
LD_DEFINE_CLEANUP(leakdiag_diagnosis, leakdiag_diagnosis_free, diagnosis_freep)

const ld_source_spec *ld_configured(const leakdiag_session *session, const char *role, size_t i)
{
    return ld_scenario_source(session->scenario, role, session->cluster != NULL, i);
}

/* A file's log is followed from one look to the next, so its place belongs to the session. */
static leakdiag_status open_logs(leakdiag_session *session, leakdiag_error *err)
{
    const ld_source_spec *spec = ld_configured(session, "log", 0);
    if (!spec || strcmp(spec->type, "log-file") != 0)
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

static leakdiag_status set_up(leakdiag_session *session, const leakdiag_session_options *options,
                              leakdiag_error *err)
{
    session->options = (leakdiag_session_options)LEAKDIAG_SESSION_OPTIONS_INIT;
    leakdiag_status status = ld_options_copy(&session->options, sizeof session->options,
                                             sizeof session->options, options, err);
    if (!status && (session->options.deadline_ms < 0 || session->options.deadline_ms > INT32_MAX))
        status = ld_fail(err, LEAKDIAG_E_INVALID, "the deadline is negative, or too far away");
    if (status)
        return status;
    if (session->options.deadline_ms == 0)
        session->options.deadline_ms = DEFAULT_DEADLINE_MS;
    session->cluster = session->options.cluster;
    status = ld_http_client_new(session->options.transport, &session->client, err);
    session->options.transport = NULL; /* copied: the caller's need not live on */
    if (!status)
        status = ld_log_init(&session->log, session->options.log, err);
    session->options.log = NULL;
    if (!status)
        ld_http_client_set_log(session->client, &session->log);
    return status;
}

static leakdiag_status start_observation(leakdiag_session *session, leakdiag_error *err)
{
    const leakdiag_scenario *scenario = session->scenario;
    leakdiag_observation *observation = NULL;
    leakdiag_status status = ld_observation_new(ld_wall_ms(), scenario->text, scenario->text_len,
                                                scenario->set, scenario->n_set, &observation, err);
    if (status)
        return status;
    leakdiag_observation_unref(session->observation);
    session->observation = observation;
    return LEAKDIAG_OK;
}

/* "{release}" in a profile's setting. *ret is from ld_alloc. */
static leakdiag_status fill_release(const char *setting, const char *release, char **ret,
                                    leakdiag_error *err)
{
    static const char mark[] = "{release}";
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    for (const char *at; (at = strstr(setting, mark)) != NULL; setting = at + sizeof mark - 1) {
        ld_text_add_bytes(&text, setting, (size_t)(at - setting));
        ld_text_add(&text, release);
    }
    ld_text_add(&text, setting);
    return ld_text_take(&text, ret, err);
}

typedef struct settings {
    char **list;
    size_t n;
} settings;

static void settings_done(settings *set)
{
    for (size_t i = 0; i < set->n; i++)
        ld_release(set->list[i]);
    ld_release(set->list);
}

/* The profile's come first: what the caller has set wins. */
static leakdiag_status join_settings(const leakdiag_scenario *scenario, const ld_profile *profile,
                                     const char *release, settings *ret, leakdiag_error *err)
{
    ret->list = ld_alloc_array(profile->n_set + scenario->n_set + 1, sizeof *ret->list);
    if (!ret->list)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < profile->n_set; i++, ret->n++) {
        leakdiag_status status = fill_release(profile->set[i], release, &ret->list[ret->n], err);
        if (status)
            return status;
    }
    for (size_t i = 0; i < scenario->n_set; i++, ret->n++) {
        ret->list[ret->n] = ld_copy_text(scenario->set[i]);
        if (!ret->list[ret->n])
            return ld_fail_nomem(err);
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_session_use_profile(leakdiag_session *session, const ld_profile *profile,
                                       const char *release, leakdiag_error *err)
{
    leakdiag_scenario *old = session->scenario;
    LD_CLEANUP(settings_done) settings set = {0};
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *scenario = NULL;
    LD_CLEANUP(ld_releasep) char *id = ld_copy_text(profile->id);
    LD_CLEANUP(patterns_unrefp) leakdiag_patterns *patterns = NULL;
    if (!id)
        return ld_fail_nomem(err);
    leakdiag_status status = join_settings(old, profile, release, &set, err);
    if (!status)
        status = leakdiag_scenario_parse(old->text, old->text_len, old->origin,
                                         (const char *const *)set.list, set.n, &scenario, err);
    if (!status)
        status = ld_scenario_patterns(scenario, &patterns, err);
    if (status)
        return status;
    leakdiag_patterns_unref(session->patterns);
    session->patterns = ld_steal(&patterns);
    session->scenario = ld_steal(&scenario);
    leakdiag_scenario_unref(old);
    session->profile = ld_steal(&id);
    ld_memories_done(&session->memories);
    return session->observation->n_facts ? LEAKDIAG_OK : start_observation(session, err);
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
    session->started_ms = ld_wall_ms();
    session->started_monotonic_ms = ld_monotonic_ms();
    leakdiag_status status = set_up(session, options, err);
    if (!status)
        status = ld_scenario_patterns(scenario, &session->patterns, err);
    if (!status)
        status = open_logs(session, err);
    if (!status)
        status = start_observation(session, err);
    if (status)
        return status;
    *ret = ld_steal(&session);
    return LEAKDIAG_OK;
}

leakdiag_scenario *leakdiag_session_scenario(const leakdiag_session *session)
{
    return leakdiag_scenario_ref(session->scenario);
}

const char *leakdiag_session_namespace_name(const leakdiag_session *session)
{
    const ld_source_spec *spec = session->cluster ? ld_configured(session, "workload", 0) : NULL;
    return spec ? ld_attribute_text(&spec->attributes, "namespace", NULL) : NULL;
}

void leakdiag_session_free(leakdiag_session *session)
{
    if (!session)
        return;
    for (size_t i = 0; i < session->n_logs; i++)
        ld_log_file_done(&session->logs[i]);
    ld_release(session->logs);
    ld_http_client_free(session->client);
    ld_memories_done(&session->memories);
    ld_release(session->profile);
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
    int64_t own_ms = session->clock_ms
                         ? session->clock_ms(session->clock_payload)
                         : session->started_ms + ld_monotonic_ms() - session->started_monotonic_ms;
    return own_ms + session->skew_ms;
}

static void stamp(ld_fact *fact, int64_t now_ms)
{
    ld_fact_bound(fact);
    if (fact->kind == LD_FACT_MEMORY && !fact->error && !fact->of.memory.has_pod)
        fact->of.memory.sample_ms = now_ms;
    fact->time_ms = now_ms;
}

/* All that is seen now, behind all that was seen before. */
static leakdiag_status extend(leakdiag_session *session, ld_facts *facts,
                              leakdiag_observation **ret, leakdiag_error *err)
{
    leakdiag_status status = ld_gather_remote(session, facts, err);
    if (!status)
        status = ld_gather_local(session, facts, err);
    if (status)
        return status;
    int64_t now_ms = ld_session_now_ms(session);
    for (size_t i = 0; i < facts->n; i++) /* one look, one time: its facts belong together */
        stamp(facts->list[i], now_ms);
    ld_session_tell(session, facts);
    status = ld_log_status(&session->log, err);
    if (status)
        return status;
    return ld_observation_extend(session->observation, facts->list, facts->n, now_ms, ret, err);
}

#define COMPACT_FACTS 512

/* A watch of hours keeps what its verdict needs. Twice the window stays as it is, and the work is
 * done when half as many facts have come again. */
static leakdiag_status compact(leakdiag_session *session, leakdiag_error *err)
{
    const leakdiag_scenario *scenario = session->scenario;
    int64_t keep_ms =
        scenario->window_ms > scenario->stale_ms ? scenario->window_ms : scenario->stale_ms;
    size_t most = session->compact_at ? session->compact_at : COMPACT_FACTS;
    leakdiag_observation *fewer = NULL;
    if (session->observation->n_facts < most)
        return LEAKDIAG_OK;
    leakdiag_status status = ld_observation_compact(
        session->observation, session->observation->now_ms - 2 * keep_ms, &fewer, err);
    if (status)
        return status;
    replace_observation(session, fewer);
    most = fewer->n_facts + fewer->n_facts / 2;
    session->compact_at = most > COMPACT_FACTS ? most : COMPACT_FACTS;
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_session_gather(leakdiag_session *session, leakdiag_observation **ret,
                                        leakdiag_error *err)
{
    LD_CLEANUP(ld_facts_done) ld_facts facts = {0};
    if (leakdiag_cancel_is_triggered(session->options.cancel))
        return ld_fail(err, LEAKDIAG_E_CANCELLED, "the look was cancelled");
    leakdiag_observation *extended = NULL;
    session->log.status = LEAKDIAG_OK; /* what ended an earlier look does not end this one */
    leakdiag_status status = extend(session, &facts, &extended, err);
    if (status) {
        ld_memories_drop(&session->memories);
        return status;
    }
    ld_memories_keep(&session->memories);
    replace_observation(session, extended);
    status = compact(session, err);
    if (!status)
        *ret = leakdiag_observation_ref(session->observation);
    return status;
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
static bool is_hopeless(const leakdiag_session *session, const leakdiag_diagnosis *diagnosis)
{
    const ld_view *view = &diagnosis->view;
    if (view->memory_error)
        return view->memory_error->failed == LEAKDIAG_E_NOT_FOUND ||
               view->memory_error->failed == LEAKDIAG_E_INVALID;
    return !view->series_is_live || (!session->cluster && !ld_configured(session, "memory", 0));
}

static bool is_enough(const leakdiag_session *session, const leakdiag_watch_options *options,
                      const leakdiag_diagnosis *diagnosis)
{
    if (options->on_look && options->on_look(diagnosis, options->payload))
        return true;
    return options->until_decided &&
           (leakdiag_diagnosis_is_decided(diagnosis) || is_hopeless(session, diagnosis));
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
    int64_t start = ld_monotonic_ms(), next = start;
    for (;;) {
        status = look(session, &observation, &diagnosis, err);
        if (status == LEAKDIAG_E_CANCELLED && !diagnosis)
            status = judge_known(session, &observation, &diagnosis, err);
        else if (status && !(diagnosis && is_an_end(status)))
            return status;
        if (!diagnosis)
            return status;
        if (status || leakdiag_cancel_is_triggered(session->options.cancel) ||
            is_enough(session, &own, diagnosis))
            break;
        /* Keep the pace; a look that took longer than a step skips what it missed. */
        int64_t now = ld_monotonic_ms();
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
