/* What a flag service answers: OFREP, the port of the applications, and the UI's own copy. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "sources/asking.h"
#include "sources/exchange.h"
#include "sources/flag.h"
#include "wire/flagd_rpc.h"
#include "wire/flagd_ui.h"

typedef struct flag_question {
    ld_question base;
    const char *name; /* "ofrep", "flagd-rpc", "flagd-ui" */
    const char *key;
    ld_endpoint endpoint;
    leakdiag_error why; /* why it could not even be asked */
    leakdiag_status invalid;
    ld_flag_ask *ask; /* ofrep */
    char *url, *url2, *body;
    ld_http_request first, next;
    leakdiag_flag *flag; /* so far */
    bool has_next;
} flag_question;

static void done(ld_question *question)
{
    flag_question *q = (flag_question *)question;
    ld_http_request_done(&q->first);
    ld_http_request_done(&q->next);
    leakdiag_flag_free(q->flag);
    ld_flag_ask_free(q->ask);
    ld_release(q->url);
    ld_release(q->url2);
    ld_release(q->body);
    ld_endpoint_done(&q->endpoint);
}

static leakdiag_status make(const ld_question_type *type, const char *name, ld_question **ret,
                            leakdiag_error *err)
{
    flag_question *q = ld_alloc_zero(sizeof *q);
    if (!q)
        return ld_fail_nomem(err);
    q->base.type = type;
    q->name = name;
    *ret = &q->base;
    return LEAKDIAG_OK;
}

static void send(flag_question *q, ld_http_request *request,
                 void (*on_done)(ld_http_request *, void *))
{
    request->origin = q->endpoint.origin;
    request->retries_max = LD_SERVICE_RETRIES_MAX;
    request->on_done = on_done;
    request->payload = q;
    ld_ask_send(q->base.asking, request);
}

static leakdiag_status begin_with(ld_question *question,
                                  leakdiag_status (*prepare)(flag_question *), leakdiag_error *err)
{
    flag_question *q = (flag_question *)question;
    q->key = ld_attribute_text(&question->spec->attributes, "key", "");
    q->invalid = ld_endpoint_of(question->asking, question->spec, &q->endpoint, &q->why);
    if (!q->invalid)
        q->invalid = prepare(q);
    return q->invalid == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err) : LEAKDIAG_OK;
}

/* --- facts --- */

static leakdiag_status unanswered(const flag_question *q, leakdiag_flag_state state,
                                  const char *detail, const char *method,
                                  const ld_http_request *request, leakdiag_flag **ret,
                                  leakdiag_error *err)
{
    const ld_flag_fields fields = {.state = state,
                                   .key = q->key,
                                   .detail = detail,
                                   .method = method,
                                   .http_status = request->status,
                                   .latency_ms = request->latency_ms};
    return ld_flag_new(&fields, ret, err);
}

static leakdiag_flag_state state_of(leakdiag_status refused)
{
    return refused == LEAKDIAG_E_AUTH ? LEAKDIAG_FLAG_REFUSED : LEAKDIAG_FLAG_UNREACHABLE;
}

/* Without an answer of the service itself: *ret is set to what that means. NULL: it did answer. */
static leakdiag_status no_answer(const flag_question *q, const ld_http_request *request,
                                 const char *method, leakdiag_flag **ret, leakdiag_error *err)
{
    leakdiag_error why = {0};
    leakdiag_status refused = ld_endpoint_check(&q->endpoint, request, &why);
    if (refused == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (refused)
        return unanswered(q, state_of(refused), why.message, method, request, ret, err);
    if (request->end == LD_HTTP_ANSWERED)
        return LEAKDIAG_OK;
    return unanswered(q, LEAKDIAG_FLAG_UNREACHABLE, request->why[0] ? request->why : "no answer",
                      method, request, ret, err);
}

static leakdiag_status add_fact(const flag_question *q, ld_facts *facts, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    ld_fact *fact = NULL;
    ld_text_addf(&source, "%s %s", q->name, q->endpoint.where ? q->endpoint.where : "");
    if (source.failed)
        return ld_fail_nomem(err);
    int64_t now_ms = q->base.asking->now_ms;
    if (q->invalid)
        return ld_facts_add_failed(facts, LD_FACT_FLAG, source.data, NULL, now_ms, q->invalid,
                                   q->why.message, err);
    leakdiag_status status = ld_fact_from_flag(q->flag, source.data, now_ms, &fact, err);
    return status ? status : ld_facts_add(facts, fact, err);
}

/* --- OFREP --- */

static leakdiag_status decode_first(flag_question *q, leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    if (q->endpoint.service) /* the API server's words; of a plain URL the ask's own are better */
        status = no_answer(q, &q->first, "POST", &q->flag, err);
    if (status || q->flag)
        return status;
    return ld_flag_ask_decode(q->ask, &q->first, &q->flag, err);
}

static void ofrep_answered(ld_http_request *request, void *payload)
{
    flag_question *q = payload;
    (void)request;
    if (decode_first(q, NULL)) {
        q->base.asking->failed = LEAKDIAG_E_NOMEM;
        return;
    }
    leakdiag_flag_state state = leakdiag_flag_get_state(q->flag);
    if (state == LEAKDIAG_FLAG_REFUSED || state == LEAKDIAG_FLAG_UNREACHABLE ||
        !ld_flag_ask_next(q->ask, &q->first, q->flag, &q->next))
        return;
    q->has_next = true;
    send(q, &q->next, NULL);
}

static leakdiag_status ofrep_prepare(flag_question *q)
{
    leakdiag_status status = ld_flag_ask_new(q->endpoint.base_url, q->key, NULL, &q->ask, &q->why);
    if (status)
        return status;
    ld_flag_ask_first(q->ask, &q->first);
    send(q, &q->first, ofrep_answered);
    return LEAKDIAG_OK;
}

static leakdiag_status ofrep_begin(ld_question *question, leakdiag_error *err)
{
    return begin_with(question, ofrep_prepare, err);
}

static leakdiag_status ofrep_finish(ld_question *question, ld_facts *facts, leakdiag_error *err)
{
    flag_question *q = (flag_question *)question;
    leakdiag_status status = LEAKDIAG_OK;
    if (!q->invalid && !q->flag)
        status = decode_first(q, err);
    if (!status && q->has_next && q->next.end == LD_HTTP_ANSWERED)
        status = ld_flag_ask_refine(q->ask, &q->first, &q->next, &q->flag, err);
    return status ? status : add_fact(q, facts, err);
}

leakdiag_status ld_flag_question_new(ld_question **ret, leakdiag_error *err)
{
    static const ld_question_type type = {ofrep_begin, ofrep_finish, done};
    return make(&type, "ofrep", ret, err);
}

/* --- the applications' port --- */

static leakdiag_status rpc_prepare(flag_question *q)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    leakdiag_status status = ld_flagd_rpc_body(q->key, &q->body, &q->why);
    if (!status)
        status = ld_endpoint_url(&q->endpoint, LD_FLAGD_RPC_INT_PATH, &q->url, &q->why);
    if (status)
        return status;
    q->first =
        (ld_http_request){.method = "POST", .url = q->url, .body = q->body, .headers = headers};
    send(q, &q->first, NULL);
    return LEAKDIAG_OK;
}

static leakdiag_status rpc_begin(ld_question *question, leakdiag_error *err)
{
    return begin_with(question, rpc_prepare, err);
}

static leakdiag_status rpc_finish(ld_question *question, ld_facts *facts, leakdiag_error *err)
{
    flag_question *q = (flag_question *)question;
    leakdiag_status status = LEAKDIAG_OK;
    if (!q->invalid)
        status = no_answer(q, &q->first, "rpc", &q->flag, err);
    if (!status && !q->invalid && !q->flag) {
        ld_answer answer = ld_exchange_answer(&q->first);
        status = ld_flagd_rpc_decode(q->key, &answer, &q->flag, err);
    }
    return status ? status : add_fact(q, facts, err);
}

leakdiag_status ld_rpc_question_new(ld_question **ret, leakdiag_error *err)
{
    static const ld_question_type type = {rpc_begin, rpc_finish, done};
    return make(&type, "flagd-rpc", ret, err);
}

/* --- the UI --- */

/* The UI before demo 2.1 answers below another path. */
static void ui_answered(ld_http_request *request, void *payload)
{
    flag_question *q = payload;
    if (request->end != LD_HTTP_ANSWERED || request->status != 404 ||
        ld_endpoint_check(&q->endpoint, request, NULL) ||
        ld_endpoint_url(&q->endpoint, LD_FLAGD_UI_READ_PATH_OLD, &q->url2, NULL))
        return;
    q->has_next = true;
    q->next = (ld_http_request){.method = "GET", .url = q->url2};
    send(q, &q->next, NULL);
}

static leakdiag_status ui_prepare(flag_question *q)
{
    leakdiag_status status = ld_endpoint_url(&q->endpoint, LD_FLAGD_UI_READ_PATH, &q->url, &q->why);
    if (status)
        return status;
    q->first = (ld_http_request){.method = "GET", .url = q->url};
    send(q, &q->first, ui_answered);
    return LEAKDIAG_OK;
}

static leakdiag_status ui_begin(ld_question *question, leakdiag_error *err)
{
    return begin_with(question, ui_prepare, err);
}

static leakdiag_status ui_finish(ld_question *question, ld_facts *facts, leakdiag_error *err)
{
    flag_question *q = (flag_question *)question;
    const ld_http_request *last = q->has_next ? &q->next : &q->first;
    leakdiag_status status = LEAKDIAG_OK;
    if (!q->invalid)
        status = no_answer(q, last, "ui", &q->flag, err);
    if (!status && !q->invalid && !q->flag) {
        ld_answer answer = ld_exchange_answer(last);
        status = ld_flagd_ui_decode(q->key, &answer, &q->flag, err);
    }
    return status ? status : add_fact(q, facts, err);
}

leakdiag_status ld_ui_question_new(ld_question **ret, leakdiag_error *err)
{
    static const ld_question_type type = {ui_begin, ui_finish, done};
    return make(&type, "flagd-ui", ret, err);
}
