/* What needs the network: all questions of one look are under way together, under one deadline. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "net/clock.h"
#include "net/cluster.h"
#include "run/session.h"
#include "sources/asking.h"

#define QUESTIONS_MAX 48
#define TRIES_MAX     4 /* of one look: a profile, a clock and a credential may each be found */

/* In the order of the facts. */
static const char *const roles[] = {"workload", "flag", "service", "history", "load"};

typedef struct questions {
    ld_question *list[QUESTIONS_MAX];
    size_t n;
} questions;

static void questions_done(questions *q)
{
    for (size_t i = 0; i < q->n; i++)
        ld_question_free(q->list[i]);
}

/* Of the load only the first that can be asked: two generators would be two loads. */
static bool is_alternative(const char *role)
{
    return strcmp(role, "load") == 0;
}

static void tell_source(ld_asking *asking, const ld_source_spec *spec, const char *role)
{
    static const char *const places[] = {"url", "service", "name", "local"};
    const char *place = NULL;
    for (size_t i = 0; !place && i < sizeof places / sizeof *places; i++)
        place = ld_attribute_text(&spec->attributes, places[i], NULL);
    ld_log_say(asking->log, LEAKDIAG_LOG_LEVEL_DEBUG, "source", place ? place : spec->type,
               "%s: %s is asked%s%s", role, spec->type, place ? ": " : "", place ? place : "");
}

static leakdiag_status collect(questions *q, ld_asking *asking, const char *role,
                               leakdiag_error *err)
{
    const ld_source_spec *spec;
    for (size_t i = 0;
         (spec = ld_scenario_source(asking->scenario, role, asking->cluster != NULL, i)) != NULL;
         i++) {
        if (q->n == QUESTIONS_MAX)
            return ld_fail(err, LEAKDIAG_E_LIMIT, "more than %d sources", QUESTIONS_MAX);
        leakdiag_status status = ld_question_new(asking, spec, &q->list[q->n], err);
        if (status)
            return status;
        if (!q->list[q->n]) /* a file: not asked over the network */
            continue;
        ld_question *question = q->list[q->n++];
        tell_source(asking, spec, role);
        status = question->type->begin(question, err);
        if (status || is_alternative(role))
            return status;
    }
    return LEAKDIAG_OK;
}

static leakdiag_status perform(leakdiag_session *session, ld_asking *asking, int64_t until_ms,
                               leakdiag_error *err)
{
    int64_t left_ms = until_ms - ld_monotonic_ms();
    if (asking->n_first == 0)
        return LEAKDIAG_OK;
    asking->is_running = true;
    leakdiag_status status =
        ld_http_client_perform(session->client, asking->first, asking->n_first,
                               left_ms > 0 ? left_ms : 1, session->options.cancel, err);
    if (!status && asking->failed)
        status = ld_fail_nomem(err);
    return status;
}

/* All questions once. *facts is empty before. */
static leakdiag_status ask_all(leakdiag_session *session, ld_asking *asking, int64_t until_ms,
                               ld_facts *facts, leakdiag_error *err)
{
    LD_CLEANUP(questions_done) questions q = {0};
    leakdiag_status status = LEAKDIAG_OK;
    for (size_t i = 0; !status && i < sizeof roles / sizeof roles[0]; i++)
        status = collect(&q, asking, roles[i], err);
    if (!status)
        status = perform(session, asking, until_ms, err);
    for (size_t i = 0; !status && i < q.n; i++)
        status = q.list[i]->type->finish(q.list[i], facts, err);
    return status;
}

static ld_asking new_asking(leakdiag_session *session, const ld_origin *cluster)
{
    return (ld_asking){.client = session->client,
                       .cluster = cluster,
                       .scenario = session->scenario,
                       .patterns = session->patterns,
                       .memories = &session->memories,
                       .log = &session->log,
                       .now_ms = ld_session_now_ms(session),
                       .begun_ms = ld_monotonic_ms(),
                       .deadline_ms = session->options.deadline_ms,
                       .is_time_virtual = session->clock_ms != NULL,
                       .skew_ms = session->skew_ms};
}

/* Without a credential nothing of the cluster can be asked; the rest still can. */
static leakdiag_status no_credential(leakdiag_session *session, leakdiag_status failed,
                                     const leakdiag_error *why, ld_facts *facts,
                                     leakdiag_error *err)
{
    char source[300];
    snprintf(source, sizeof source, "cluster %.256s", leakdiag_cluster_server(session->cluster));
    return ld_facts_add_failed(facts, LD_FACT_MEMORY, source, NULL, ld_session_now_ms(session),
                               failed, why->message, err);
}

/* The cluster's clock is the one that samples, logs and restarts are told in. */
static void note_clock(leakdiag_session *session, const ld_asking *asking)
{
    if (session->has_skew || !asking->has_clock)
        return;
    session->has_skew = true;
    session->skew_ms = asking->ahead_ms;
}

static leakdiag_status ask_cluster(leakdiag_session *session, int64_t until_ms, ld_facts *facts,
                                   bool *was_refused, leakdiag_error *err)
{
    LD_CLEANUP(ld_origin_freep) ld_origin *origin = NULL;
    leakdiag_error why = {0};
    leakdiag_status status = LEAKDIAG_OK;
    if (session->cluster)
        status = ld_cluster_origin(session->cluster, until_ms - ld_monotonic_ms(),
                                   session->options.cancel, &session->log, &origin, &why);
    if (status == LEAKDIAG_E_CANCELLED || status == LEAKDIAG_E_NOMEM ||
        status == LEAKDIAG_E_CALLBACK)
        return ld_fail_as(err, status, &why);
    if (status)
        status = no_credential(session, status, &why, facts, err);
    if (status)
        return status;
    ld_asking asking = new_asking(session, origin);
    status = ask_all(session, &asking, until_ms, facts, err);
    *was_refused = asking.was_refused;
    if (!status)
        note_clock(session, &asking);
    if (!status && asking.profile && !session->profile) {
        ld_log_say(&session->log, LEAKDIAG_LOG_LEVEL_INFO, "source", asking.profile->id,
                   "the application has the names of profile %s%s%s: its settings are used",
                   asking.profile->id, asking.release[0] ? ", release " : "", asking.release);
        status = ld_session_use_profile(session, asking.profile, asking.release, err);
    }
    return status;
}

/* "401" alone helps nobody: as whom it was asked, and what has expired. */
static leakdiag_status explain_refusal(leakdiag_session *session, ld_facts *facts,
                                       leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *why = NULL;
    leakdiag_status status = ld_cluster_why_refused(session->cluster, &why, err);
    for (size_t i = 0; !status && why && i < facts->n; i++) {
        ld_fact *fact = facts->list[i];
        if (!fact->error || fact->failed != LEAKDIAG_E_AUTH || !strstr(fact->error, "401"))
            continue;
        LD_CLEANUP(ld_text_done) ld_text text = {0};
        char *longer = NULL;
        ld_text_addf(&text, "%s; %s", fact->error, why);
        if (text.failed)
            return ld_fail_nomem(err);
        status = ld_fact_text(text.data, text.len, LD_FACT_LINE_BYTES, &longer, err);
        if (status)
            return status;
        ld_release(fact->error);
        fact->error = longer;
    }
    return status;
}

/* What has changed by asking, so that the same questions now have better answers. */
static bool is_worth_another(leakdiag_session *session, bool had_profile, int64_t skew_ms,
                             bool was_refused, bool *is_renewed)
{
    bool is_better = (!had_profile && session->profile) || session->skew_ms != skew_ms;
    if (was_refused && !*is_renewed && ld_cluster_can_refresh(session->cluster)) {
        ld_cluster_say_refused(session->cluster, &session->log);
        ld_cluster_refused(session->cluster);
        *is_renewed = true;
        return true;
    }
    return is_better;
}

/* After a 401 once more with a new credential; under another version's names once more with those;
 * and once more when windows and ranges were asked for by a clock that is wrong. Of a look that is
 * done again nothing is kept, how far logs were read neither. */
leakdiag_status ld_gather_remote(leakdiag_session *session, ld_facts *facts, leakdiag_error *err)
{
    int64_t until_ms = ld_monotonic_ms() + session->options.deadline_ms;
    bool is_renewed = false;
    for (int tries = 0;; tries++) {
        bool was_refused = false, had_profile = session->profile != NULL;
        int64_t skew_ms = session->skew_ms;
        leakdiag_status status = ask_cluster(session, until_ms, facts, &was_refused, err);
        if (!status)
            status = ld_log_status(&session->log, err);
        bool is_last = status || tries == TRIES_MAX - 1 || ld_monotonic_ms() >= until_ms ||
                       !is_worth_another(session, had_profile, skew_ms, was_refused, &is_renewed);
        if (!status && is_last && was_refused)
            status = explain_refusal(session, facts, err);
        if (is_last)
            return status;
        ld_facts_done(facts);
        ld_memories_drop(&session->memories);
    }
}
