#include "sources/flag.h"

#include <string.h>

#include "base/alloc.h"
#include "sources/errand.h"
#include "sources/exchange.h"
#include "wire/ofrep.h"

#define DEFAULT_DEADLINE_MS 5000
#define SERVICE             "flagd"
#define SERVICE_PORT        8016

#define BEARER           "Authorization: Bearer "
#define API_KEY          "X-API-Key: "
#define MASKED_BYTES_MIN 6 /* shorter ones stand everywhere */

struct ld_flag_ask {
    char *key;      /* NULL: all */
    char *url;      /* of the flag; NULL: all */
    char *bulk_url; /* of all flags */
    char *body;
    char *bearer, *api_key; /* whole headers; NULL for none */
    const char *to_post[4]; /* Content-Type first, then the credentials */
};

/* Credentials do not stay in freed memory. */
static void forget(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    ld_release(secret);
}

void ld_flag_ask_free(ld_flag_ask *ask)
{
    if (!ask)
        return;
    forget(ask->bearer);
    forget(ask->api_key);
    ld_release(ask->key);
    ld_release(ask->url);
    ld_release(ask->bulk_url);
    ld_release(ask->body);
    ld_release(ask);
}

/* "Name: secret" without the blanks and newline that a token file ends with. */
static leakdiag_status credential(const char *name, const char *secret, char **ret,
                                  leakdiag_error *err)
{
    if (!secret)
        return LEAKDIAG_OK;
    size_t len = strlen(secret), name_len = strlen(name);
    while (len > 0 && (secret[len - 1] == '\n' || secret[len - 1] == '\r' ||
                       secret[len - 1] == ' ' || secret[len - 1] == '\t'))
        len--;
    if (len == 0)
        return ld_fail(err, LEAKDIAG_E_INVALID, "credential for \"%.*s\" is empty",
                       (int)strcspn(name, ":"), name);
    char *header = ld_alloc(name_len + len + 1); /* never resized: no copy of it stays behind */
    if (!header)
        return ld_fail_nomem(err);
    memcpy(header, name, name_len);
    memcpy(header + name_len, secret, len);
    header[name_len + len] = '\0';
    *ret = header;
    return LEAKDIAG_OK;
}

static leakdiag_status set_headers(ld_flag_ask *ask, const leakdiag_flag_options *options,
                                   leakdiag_error *err)
{
    size_t n = 0;
    leakdiag_status status = credential(BEARER, options->bearer_token, &ask->bearer, err);
    if (!status)
        status = credential(API_KEY, options->api_key, &ask->api_key, err);
    ask->to_post[n++] = "Content-Type: application/json";
    if (ask->bearer)
        ask->to_post[n++] = ask->bearer;
    if (ask->api_key)
        ask->to_post[n++] = ask->api_key;
    return status;
}

static leakdiag_status set_target(ld_flag_ask *ask, const char *url, const char *key,
                                  leakdiag_error *err)
{
    leakdiag_status status = ld_url_join(url, LD_OFREP_BULK_PATH, &ask->bulk_url, err);
    if (status || !key)
        return status;
    LD_CLEANUP(ld_releasep) char *path = NULL;
    status = ld_ofrep_path(key, &path, err);
    if (!status)
        status = ld_url_join(url, path, &ask->url, err);
    if (!status && !(ask->key = ld_copy_text(key)))
        status = ld_fail_nomem(err);
    return status;
}

leakdiag_status ld_flag_ask_new(const char *url, const char *key,
                                const leakdiag_flag_options *options, ld_flag_ask **ret,
                                leakdiag_error *err)
{
    leakdiag_flag_options used = LEAKDIAG_FLAG_OPTIONS_INIT;
    leakdiag_status status = ld_options_copy(&used, sizeof used, sizeof used, options, err);
    if (status)
        return status;
    LD_CLEANUP(ld_flag_ask_freep) ld_flag_ask *ask = ld_alloc_zero(sizeof *ask);
    if (!ask)
        return ld_fail_nomem(err);
    status = set_target(ask, url, key, err);
    if (!status)
        status = ld_ofrep_body(used.context_json, &ask->body, err);
    if (!status)
        status = set_headers(ask, &used, err);
    if (status)
        return status;
    ld_http_request request;
    ld_flag_ask_first(ask, &request);
    status = ld_http_check(&request, err);
    if (status)
        return status;
    *ret = ld_steal(&ask);
    return LEAKDIAG_OK;
}

static void post(const ld_flag_ask *ask, const char *url, ld_http_request *ret)
{
    *ret = (ld_http_request){
        .method = "POST",
        .url = url,
        .body = ask->body,
        .headers = ask->to_post,
        .body_max_bytes = LD_OFREP_BODY_MAX_BYTES,
    };
}

void ld_flag_ask_first(const ld_flag_ask *ask, ld_http_request *ret)
{
    post(ask, ask->key ? ask->url : ask->bulk_url, ret);
}

static leakdiag_flag_state unanswered_state(ld_http_end end)
{
    if (end == LD_HTTP_NOT_HTTP)
        return LEAKDIAG_FLAG_NOT_OFREP;
    bool is_unusable = end == LD_HTTP_TOO_LARGE || end == LD_HTTP_ENCODED;
    return is_unusable ? LEAKDIAG_FLAG_MALFORMED : LEAKDIAG_FLAG_UNREACHABLE;
}

static leakdiag_status unanswered(const ld_flag_ask *ask, const ld_http_request *request,
                                  leakdiag_flag **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    ld_exchange_explain(&detail, request, SERVICE, SERVICE_PORT);
    if (detail.failed)
        return ld_fail_nomem(err);
    const ld_flag_fields fields = {
        .state = unanswered_state(request->end),
        .key = ask->key,
        .detail = detail.data,
        .method = request->method,
        .latency_ms = request->latency_ms,
    };
    return ld_flag_new(&fields, ret, err);
}

leakdiag_status ld_flag_ask_decode(const ld_flag_ask *ask, const ld_http_request *first,
                                   leakdiag_flag **ret, leakdiag_error *err)
{
    if (first->end != LD_HTTP_ANSWERED)
        return unanswered(ask, first, ret, err);
    ld_answer answer = ld_exchange_answer(first);
    return ld_ofrep_decode(ask->key, &answer, ret, err);
}

bool ld_flag_ask_next(const ld_flag_ask *ask, const ld_http_request *first,
                      const leakdiag_flag *flag, ld_http_request *ret)
{
    if (first->end != LD_HTTP_ANSWERED)
        return false;
    if (leakdiag_flag_get_state(flag) == LEAKDIAG_FLAG_MISSING) {
        post(ask, ask->bulk_url, ret);
        return true;
    }
    ld_answer answer = ld_exchange_answer(first);
    if (!ld_ofrep_wants_get(&answer))
        return false;
    *ret = (ld_http_request){
        .method = "GET",
        .url = ask->url,
        .headers = ask->to_post + 1,
        .body_max_bytes = LD_OFREP_BODY_MAX_BYTES,
    };
    return true;
}

static leakdiag_status refine_by_bulk(const ld_http_request *next, leakdiag_flag *flag,
                                      leakdiag_error *err)
{
    LD_CLEANUP(ld_flags_freep) leakdiag_flags *all = NULL;
    ld_answer answer = ld_exchange_answer(next);
    leakdiag_status status = ld_ofrep_decode_bulk(&answer, &all, err);
    return status ? status : ld_ofrep_refine(flag, all, err);
}

leakdiag_status ld_flag_ask_refine(const ld_flag_ask *ask, const ld_http_request *first,
                                   const ld_http_request *next, leakdiag_flag **flag,
                                   leakdiag_error *err)
{
    if (next->end != LD_HTTP_ANSWERED)
        return LEAKDIAG_OK;
    if (strcmp(next->method, "POST") == 0)
        return refine_by_bulk(next, *flag, err);
    ld_answer by_post = ld_exchange_answer(first), by_get = ld_exchange_answer(next);
    leakdiag_flag *both = NULL;
    leakdiag_status status = ld_ofrep_decode_both(ask->key, &by_post, &by_get, &both, err);
    if (status)
        return status;
    leakdiag_flag_free(*flag);
    *flag = both;
    return LEAKDIAG_OK;
}

leakdiag_status ld_flag_ask_decode_all(const ld_flag_ask *ask, const ld_http_request *first,
                                       leakdiag_flags **ret, leakdiag_error *err)
{
    (void)ask;
    if (first->end == LD_HTTP_ANSWERED) {
        ld_answer answer = ld_exchange_answer(first);
        return ld_ofrep_decode_bulk(&answer, ret, err);
    }
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    ld_exchange_explain(&detail, first, SERVICE, SERVICE_PORT);
    if (detail.failed)
        return ld_fail_nomem(err);
    return ld_flags_new(unanswered_state(first->end), detail.data, ret, err);
}

/* ---- the public functions: the same steps, one after the other ---- */

/* What is asked, and on which way. */
typedef struct call {
    leakdiag_flag_options used;
    ld_endpoint endpoint;
    ld_flag_ask *ask;
    int64_t deadline_ms;
} call;

static void call_done(call *c)
{
    ld_endpoint_done(&c->endpoint);
    ld_flag_ask_free(c->ask);
}

static leakdiag_status prepare(const char *url, const char *key,
                               const leakdiag_flag_options *options, call *ret, leakdiag_error *err)
{
    leakdiag_flag_options *used = &ret->used;
    *used = (leakdiag_flag_options)LEAKDIAG_FLAG_OPTIONS_INIT;
    leakdiag_status status = ld_options_copy(used, sizeof *used, sizeof *used, options, err);
    if (!status)
        status = ld_errand_endpoint(used->cluster, used->namespace_name, url, &ret->endpoint, err);
    if (!status && ret->endpoint.service && used->bearer_token)
        status = ld_fail(err, LEAKDIAG_E_INVALID,
                         "a bearer token cannot be sent to a service through the API server, which "
                         "takes that header for itself; ask a URL, or leave the token out");
    if (!status)
        status = ld_flag_ask_new(ret->endpoint.base_url, key, used, &ret->ask, err);
    ret->deadline_ms = used->deadline_ms ? used->deadline_ms : DEFAULT_DEADLINE_MS;
    return status;
}

static void mask(ld_text *answer, const char *secret)
{
    size_t len = strlen(secret);
    char *at = answer->data, *end = at + answer->len;
    while (len >= MASKED_BYTES_MIN && at && (at = memmem(at, (size_t)(end - at), secret, len)))
        memset(at, '*', len);
}

/* Who refuses a credential may repeat it in its reason. */
static void mask_credentials(const ld_flag_ask *ask, ld_http_request *request)
{
    if (request->end != LD_HTTP_ANSWERED || request->status < 400 || !request->answer.data)
        return;
    if (ask->bearer)
        mask(&request->answer, ask->bearer + strlen(BEARER));
    if (ask->api_key)
        mask(&request->answer, ask->api_key + strlen(API_KEY));
}

static leakdiag_status perform(const call *c, ld_http_request *request, int64_t deadline_ms,
                               leakdiag_error *err)
{
    ld_errand errand = {.cluster = c->endpoint.service ? c->used.cluster : NULL,
                        .transport = c->used.transport,
                        .log = c->used.log,
                        .cancel = c->used.cancel,
                        .deadline_ms = deadline_ms};
    leakdiag_status status = ld_errand_perform(&errand, request, 1, err);
    if (!status)
        mask_credentials(c->ask, request);
    return status;
}

static leakdiag_flag_state refused_state(leakdiag_status refused)
{
    return refused == LEAKDIAG_E_AUTH ? LEAKDIAG_FLAG_REFUSED : LEAKDIAG_FLAG_UNREACHABLE;
}

/* Why the service was not reached, in the API server's words; LEAKDIAG_OK: it was, or there is no
 * answer at all. E_NOMEM fails. */
static leakdiag_status not_reached(const call *c, const ld_http_request *request,
                                   leakdiag_error *why, leakdiag_error *err)
{
    leakdiag_status refused = ld_endpoint_check(&c->endpoint, request, why);
    if (refused == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (!refused && c->endpoint.service)
        refused = ld_ask_unanswered(request, why);
    return refused;
}

static leakdiag_status decode(const call *c, const ld_http_request *first, leakdiag_flag **ret,
                              leakdiag_error *err)
{
    leakdiag_error why = {0};
    leakdiag_status refused = not_reached(c, first, &why, err);
    if (refused == LEAKDIAG_E_NOMEM)
        return refused;
    if (!refused)
        return ld_flag_ask_decode(c->ask, first, ret, err);
    const ld_flag_fields fields = {.state = refused_state(refused),
                                   .key = c->ask->key,
                                   .detail = why.message,
                                   .method = first->method,
                                   .http_status = first->status,
                                   .latency_ms = first->latency_ms};
    return ld_flag_new(&fields, ret, err);
}

/* The second question gets what the first has left of the time; without any the result stays. */
static leakdiag_status ask_again(const call *c, const ld_http_request *first, leakdiag_flag **flag,
                                 leakdiag_error *err)
{
    LD_CLEANUP(ld_http_request_done) ld_http_request next = {0};
    int64_t left_ms = c->deadline_ms - first->latency_ms;
    if (left_ms <= 0 || ld_endpoint_check(&c->endpoint, first, NULL) ||
        !ld_flag_ask_next(c->ask, first, *flag, &next))
        return LEAKDIAG_OK;
    leakdiag_status status = perform(c, &next, left_ms, err);
    if (status || ld_endpoint_check(&c->endpoint, &next, NULL))
        return status;
    return ld_flag_ask_refine(c->ask, first, &next, flag, err);
}

leakdiag_status leakdiag_flag_evaluate(const char *url, const char *key,
                                       const leakdiag_flag_options *options, leakdiag_flag **ret,
                                       leakdiag_error *err)
{
    LD_CLEANUP(call_done) call c = {0};
    LD_CLEANUP(ld_http_request_done) ld_http_request first = {0};
    LD_CLEANUP(ld_flag_freep) leakdiag_flag *flag = NULL;
    leakdiag_status status = prepare(url, key ? key : "", options, &c, err);
    if (status)
        return status;
    ld_flag_ask_first(c.ask, &first);
    status = perform(&c, &first, c.deadline_ms, err);
    if (!status)
        status = decode(&c, &first, &flag, err);
    if (!status)
        status = ask_again(&c, &first, &flag, err);
    if (status)
        return status;
    *ret = ld_steal(&flag);
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_flag_evaluate_all(const char *url, const leakdiag_flag_options *options,
                                           leakdiag_flags **ret, leakdiag_error *err)
{
    LD_CLEANUP(call_done) call c = {0};
    LD_CLEANUP(ld_http_request_done) ld_http_request request = {0};
    leakdiag_error why = {0};
    leakdiag_status status = prepare(url, NULL, options, &c, err);
    if (status)
        return status;
    ld_flag_ask_first(c.ask, &request);
    status = perform(&c, &request, c.deadline_ms, err);
    if (status)
        return status;
    leakdiag_status refused = not_reached(&c, &request, &why, err);
    if (refused == LEAKDIAG_E_NOMEM)
        return refused;
    return refused ? ld_flags_new(refused_state(refused), why.message, ret, err)
                   : ld_flag_ask_decode_all(c.ask, &request, ret, err);
}
