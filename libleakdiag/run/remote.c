/* What needs the network: all first questions of one look go out together, then all second ones,
 * under one deadline. */
#include <string.h>

#include "run/clock.h"
#include "run/session.h"
#include "sources/flag.h"
#include "sources/load.h"

#define FLAG_MAX    4 /* flag services of one scenario */
#define REQUEST_MAX (FLAG_MAX + LD_LOAD_ASK_REQUESTS)

LD_DEFINE_CLEANUP(leakdiag_load, leakdiag_load_free, load_freep)

/* The questions of one look and their answers. */
typedef struct questions {
    ld_flag_ask *flag_asks[FLAG_MAX];
    const char *flag_urls[FLAG_MAX];
    leakdiag_flag *flags[FLAG_MAX];
    ld_http_request nexts[FLAG_MAX];
    size_t n_flags;
    ld_load_ask *load_ask; /* NULL: none is configured */
    const char *load_url;
    /* Round 1: one request per flag, then those of the load. */
    ld_http_request firsts[REQUEST_MAX];
    size_t n_firsts;
} questions;

static void questions_done(questions *q)
{
    for (size_t i = 0; i < q->n_firsts; i++)
        ld_http_request_done(&q->firsts[i]);
    for (size_t i = 0; i < q->n_flags; i++) {
        ld_http_request_done(&q->nexts[i]);
        leakdiag_flag_free(q->flags[i]);
        ld_flag_ask_free(q->flag_asks[i]);
    }
    ld_load_ask_free(q->load_ask);
}

/* A source that cannot even be asked is a fact of the look, like one that does not answer. */
static leakdiag_status add_invalid(ld_facts *facts, ld_fact_kind kind, const char *type,
                                   const char *url, leakdiag_status failed,
                                   const leakdiag_error *why, leakdiag_error *err)
{
    if (failed == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    ld_text_addf(&source, "%s %s", type, url);
    if (source.failed)
        return ld_fail_nomem(err);
    ld_fact *fact = NULL;
    leakdiag_status status =
        ld_fact_new_failed(kind, source.data, ld_clock_now_ms(), failed, why->message, &fact, err);
    return status ? status : ld_facts_add(facts, fact, err);
}

static leakdiag_status ask_flag(questions *q, const ld_source_spec *spec, ld_facts *facts,
                                leakdiag_error *err)
{
    const char *url = ld_attribute_text(&spec->attributes, "url", "");
    leakdiag_error why = {0};
    leakdiag_status status = ld_flag_ask_new(url, ld_attribute_text(&spec->attributes, "key", ""),
                                             NULL, &q->flag_asks[q->n_flags], &why);
    if (status)
        return add_invalid(facts, LD_FACT_FLAG, spec->type, url, status, &why, err);
    q->flag_urls[q->n_flags] = url;
    ld_flag_ask_first(q->flag_asks[q->n_flags++], &q->firsts[q->n_firsts++]);
    return LEAKDIAG_OK;
}

static leakdiag_status ask_load(questions *q, const ld_source_spec *spec, ld_facts *facts,
                                leakdiag_error *err)
{
    const char *url = ld_attribute_text(&spec->attributes, "url", "");
    leakdiag_error why = {0};
    leakdiag_status status = ld_load_ask_new(url, &q->load_ask, &why);
    if (status)
        return add_invalid(facts, LD_FACT_LOAD, spec->type, url, status, &why, err);
    q->load_url = url;
    ld_load_ask_requests(q->load_ask, &q->firsts[q->n_firsts]);
    q->n_firsts += LD_LOAD_ASK_REQUESTS;
    return LEAKDIAG_OK;
}

static leakdiag_status collect_questions(questions *q, const leakdiag_scenario *scenario,
                                         ld_facts *facts, leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    const ld_source_spec *spec;
    for (size_t i = 0; !status && (spec = ld_configured(scenario, "flag", i)) != NULL; i++)
        if (strcmp(spec->type, "ofrep") == 0 && q->n_flags < FLAG_MAX)
            status = ask_flag(q, spec, facts, err);
    spec = ld_configured(scenario, "load", 0);
    return spec && !status ? ask_load(q, spec, facts, err) : status;
}

/* Round 2: what makes the flags' answers better; none in the usual case. */
static leakdiag_status ask_again(questions *q, int64_t deadline_ms, const leakdiag_cancel *cancel,
                                 leakdiag_error *err)
{
    ld_http_request round[FLAG_MAX];
    size_t of[FLAG_MAX], n = 0;
    for (size_t i = 0; i < q->n_flags; i++)
        if (ld_flag_ask_next(q->flag_asks[i], &q->firsts[i], q->flags[i], &round[n]))
            of[n++] = i;
    if (n == 0 || deadline_ms <= 0)
        return LEAKDIAG_OK;
    leakdiag_status status = ld_http_perform(round, n, deadline_ms, cancel, err);
    for (size_t i = 0; i < n; i++) { /* from here on they belong to the questions */
        q->nexts[of[i]] = round[i];
        if (!status)
            status = ld_flag_ask_refine(q->flag_asks[of[i]], &q->firsts[of[i]], &q->nexts[of[i]],
                                        &q->flags[of[i]], err);
    }
    return status;
}

static leakdiag_status perform(questions *q, const leakdiag_session_options *options,
                               leakdiag_error *err)
{
    int64_t until_ms = ld_clock_monotonic_ms() + options->deadline_ms;
    leakdiag_status status =
        ld_http_perform(q->firsts, q->n_firsts, options->deadline_ms, options->cancel, err);
    for (size_t i = 0; !status && i < q->n_flags; i++)
        status = ld_flag_ask_decode(q->flag_asks[i], &q->firsts[i], &q->flags[i], err);
    if (status)
        return status;
    return ask_again(q, until_ms - ld_clock_monotonic_ms(), options->cancel, err);
}

static leakdiag_status add_flag(const questions *q, size_t i, ld_facts *facts, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    ld_fact *fact = NULL;
    ld_text_addf(&source, "ofrep %s", q->flag_urls[i]);
    if (source.failed)
        return ld_fail_nomem(err);
    leakdiag_status status =
        ld_fact_from_flag(q->flags[i], source.data, ld_clock_now_ms(), &fact, err);
    return status ? status : ld_facts_add(facts, fact, err);
}

static leakdiag_status add_load(const questions *q, ld_facts *facts, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    LD_CLEANUP(load_freep) leakdiag_load *load = NULL;
    const ld_http_request *answers = &q->firsts[q->n_flags];
    ld_fact *fact = NULL;
    ld_text_addf(&source, "locust %s", q->load_url);
    if (source.failed)
        return ld_fail_nomem(err);
    leakdiag_status status = ld_load_ask_decode(&answers[0], &answers[1], &load, err);
    if (status)
        return status;
    status = ld_fact_from_load(load, source.data, ld_clock_now_ms(), &fact, err);
    if (status)
        return status;
    fact->latency_ms = answers[0].latency_ms;
    return ld_facts_add(facts, fact, err);
}

leakdiag_status ld_gather_remote(leakdiag_session *session, ld_facts *facts, leakdiag_error *err)
{
    LD_CLEANUP(questions_done) questions q = {0};
    leakdiag_status status = collect_questions(&q, session->scenario, facts, err);
    if (status || q.n_firsts == 0)
        return status;
    status = perform(&q, &session->options, err);
    for (size_t i = 0; !status && i < q.n_flags; i++)
        status = add_flag(&q, i, facts, err);
    if (!status && q.load_ask)
        status = add_load(&q, facts, err);
    return status;
}
