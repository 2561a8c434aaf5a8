/* What a look did not get, told to whoever listens. */
#include "base/text.h"
#include "run/session.h"

static bool is_same_thing(const ld_fact *a, const ld_fact *b)
{
    return a->kind == b->kind && ld_text_equal(a->source, b->source) &&
           ld_text_equal(a->subject, b->subject);
}

static const char *lack_of_flag(const ld_flag_fact *flag)
{
    bool is_answer =
        flag->state != LEAKDIAG_FLAG_MALFORMED && flag->state != LEAKDIAG_FLAG_NOT_OFREP &&
        flag->state != LEAKDIAG_FLAG_REFUSED && flag->state != LEAKDIAG_FLAG_UNREACHABLE;
    return is_answer ? NULL : flag->detail;
}

static const char *lack_of_load(const ld_load_fact *load)
{
    bool is_answer = load->state != LEAKDIAG_LOAD_NOT_LOCUST &&
                     load->state != LEAKDIAG_LOAD_REFUSED &&
                     load->state != LEAKDIAG_LOAD_UNREACHABLE;
    return is_answer ? NULL : load->detail;
}

/* Why a fact says nothing; NULL: it says something. */
static const char *lack_of(const ld_fact *fact)
{
    if (fact->error)
        return fact->error;
    if (fact->kind == LD_FACT_FLAG)
        return lack_of_flag(&fact->of.flag);
    return fact->kind == LD_FACT_LOAD ? lack_of_load(&fact->of.load) : NULL;
}

/* Whether the look before said so already. In a watch of hours only what begins is news. */
static bool was_told(const leakdiag_observation *earlier, const ld_fact *fact)
{
    for (size_t i = earlier->n_facts; i-- > 0;)
        if (is_same_thing(earlier->facts[i], fact))
            return lack_of(earlier->facts[i]) != NULL;
    return false;
}

static void tell_missing(leakdiag_session *session, const ld_fact *fact, const char *why)
{
    bool is_news = !was_told(session->observation, fact);
    ld_log_say(&session->log, is_news ? LEAKDIAG_LOG_LEVEL_WARNING : LEAKDIAG_LOG_LEVEL_DEBUG,
               "missing", fact->source, "%s%s%s from %s was not collected: %s",
               ld_fact_kind_name(fact->kind), fact->subject ? " of " : "",
               fact->subject ? fact->subject : "", fact->source, why);
}

static bool was_gap_told(const leakdiag_observation *earlier, const ld_fact *fact)
{
    for (size_t i = earlier->n_facts; i-- > 0;)
        if (is_same_thing(earlier->facts[i], fact))
            return !earlier->facts[i]->error && earlier->facts[i]->of.log.has_gap &&
                   ld_text_equal(earlier->facts[i]->of.log.gap_reason, fact->of.log.gap_reason);
    return false;
}

static void tell_gap(leakdiag_session *session, const ld_fact *fact)
{
    const char *reason = fact->of.log.gap_reason;
    bool is_news = !was_gap_told(session->observation, fact);
    ld_log_say(&session->log, is_news ? LEAKDIAG_LOG_LEVEL_WARNING : LEAKDIAG_LOG_LEVEL_DEBUG,
               "gap", fact->source, "the log from %s has a gap before this look%s%s", fact->source,
               reason ? ": " : "", reason ? reason : "");
}

void ld_session_tell(leakdiag_session *session, const ld_facts *facts)
{
    if (!ld_log_wants(&session->log, LEAKDIAG_LOG_LEVEL_WARNING))
        return;
    for (size_t i = 0; i < facts->n; i++) {
        const ld_fact *fact = facts->list[i];
        const char *why = lack_of(fact);
        if (why)
            tell_missing(session, fact, why);
        else if (fact->kind == LD_FACT_LOG && fact->of.log.has_gap)
            tell_gap(session, fact);
    }
}
