/* What the load generator answers, as a question of a look. */
#include <math.h>

#include "base/alloc.h"
#include "sources/asking.h"
#include "sources/load.h"
#include "wire/load.h"

typedef struct load_question {
    ld_question base;
    ld_endpoint endpoint;
    ld_load_ask *ask;
    ld_http_request requests[LD_LOAD_ASK_REQUESTS];
    leakdiag_error why;
    leakdiag_status invalid;
} load_question;

static void done(ld_question *question)
{
    load_question *q = (load_question *)question;
    for (size_t i = 0; i < LD_LOAD_ASK_REQUESTS; i++)
        ld_http_request_done(&q->requests[i]);
    ld_load_ask_free(q->ask);
    ld_endpoint_done(&q->endpoint);
}

static leakdiag_status begin(ld_question *question, leakdiag_error *err)
{
    load_question *q = (load_question *)question;
    q->invalid = ld_endpoint_of(question->asking, question->spec, &q->endpoint, &q->why);
    if (!q->invalid)
        q->invalid = ld_load_ask_new(q->endpoint.base_url, &q->ask, &q->why);
    if (q->invalid)
        return q->invalid == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err) : LEAKDIAG_OK;
    ld_load_ask_requests(q->ask, q->requests);
    for (size_t i = 0; i < LD_LOAD_ASK_REQUESTS; i++) {
        q->requests[i].origin = q->endpoint.origin;
        q->requests[i].retries_max = LD_SERVICE_RETRIES_MAX;
        ld_ask_send(question->asking, &q->requests[i]);
    }
    return LEAKDIAG_OK;
}

static leakdiag_status finish(ld_question *question, ld_facts *facts, leakdiag_error *err)
{
    load_question *q = (load_question *)question;
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    LD_CLEANUP(ld_load_freep) leakdiag_load *load = NULL;
    int64_t now_ms = question->asking->now_ms;
    ld_text_addf(&source, "locust %s", q->endpoint.where ? q->endpoint.where : "");
    if (source.failed)
        return ld_fail_nomem(err);
    if (q->invalid)
        return ld_facts_add_failed(facts, LD_FACT_LOAD, source.data, NULL, now_ms, q->invalid,
                                   q->why.message, err);
    ld_fact *fact = NULL;
    leakdiag_status status = ld_load_ask_decode_from(&q->endpoint, q->requests, &load, err);
    if (!status)
        status = ld_fact_from_load(load, source.data, now_ms, &fact, err);
    if (status)
        return status;
    fact->latency_ms = q->requests[0].latency_ms;
    return ld_facts_add(facts, fact, err);
}

leakdiag_status ld_load_question_new(ld_question **ret, leakdiag_error *err)
{
    static const ld_question_type type = {begin, finish, done};
    load_question *q = ld_alloc_zero(sizeof *q);
    if (!q)
        return ld_fail_nomem(err);
    q->base.type = &type;
    *ret = &q->base;
    return LEAKDIAG_OK;
}
