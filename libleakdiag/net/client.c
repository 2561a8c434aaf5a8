#include <poll.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "net/clock.h"
#include "net/explain.h"
#include "net/http.h"
#include "net/sigpipe.h"
#include "net/transfer.h"
#include "net/transport.h"

#define CANCEL_SEEN_MS 25   /* how long a wait is at most while somebody may cancel */
#define WAIT_MS        1000 /* without a token only libcurl's own timers matter */
#define GRACE_MS       50   /* after it libcurl ends a transfer itself; end_late() comes before */
#define RUNNING_MAX    64
#define BULK_MAX       16 /* a connection each */

struct ld_http_client {
    leakdiag_transport transport; /* without an answer(): the network */
    CURLM *multi;                 /* from the first call on */
    ld_log *log;                  /* borrowed; NULL: nobody listens */
    /* of the call that runs */
    ld_exchange **exchanges;
    size_t n, room;
    size_t n_running, n_bulk, n_ended;
    size_t first; /* all before it have ended */
    int64_t end_ms;
    const leakdiag_cancel *cancel;
    bool is_in_on_done, is_ending;
};

leakdiag_status ld_http_client_new(const leakdiag_transport *transport, ld_http_client **ret,
                                   leakdiag_error *err)
{
    LD_CLEANUP(ld_http_client_freep) ld_http_client *client = ld_alloc_zero(sizeof *client);
    if (!client)
        return ld_fail_nomem(err);
    leakdiag_status status = ld_options_copy(&client->transport, sizeof client->transport,
                                             sizeof client->transport, transport, err);
    if (status)
        return status;
    if (transport && !client->transport.answer)
        return ld_fail(err, LEAKDIAG_E_INVALID, "the transport has no function answer()");
    *ret = ld_steal(&client);
    return LEAKDIAG_OK;
}

void ld_http_client_free(ld_http_client *client)
{
    ld_sigpipe guard;
    if (!client)
        return;
    if (client->multi) {
        ld_sigpipe_block(&guard); /* TLS says goodbye to whoever may have gone */
        curl_multi_cleanup(client->multi);
        ld_sigpipe_restore(&guard);
    }
    ld_release(client);
}

void ld_http_client_set_log(ld_http_client *client, ld_log *log)
{
    client->log = log;
}

static bool is_network(const ld_http_client *client)
{
    return !client->transport.answer;
}

/* ---- what is to be done ---- */

static void forget_answer(ld_http_request *request)
{
    request->end = LD_HTTP_CANCELLED;
    request->status = 0;
    request->content_type[0] = request->redirect_host[0] = request->why[0] = '\0';
    request->audit_id[0] = '\0';
    request->answer = (ld_text){0};
    request->latency_ms = request->date_ms = request->retries = request->wire_bytes = 0;
    request->retry_after_ms = -1;
}

static leakdiag_status grow(ld_http_client *client, size_t n, leakdiag_error *err)
{
    if (n > LD_HTTP_REQUESTS_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "more than %d requests in one call",
                       LD_HTTP_REQUESTS_MAX);
    if (n <= client->room)
        return LEAKDIAG_OK;
    size_t room = client->room * 2 > n ? client->room * 2 : n;
    void *more = ld_resize_array(client->exchanges, client->room, room, sizeof *client->exchanges);
    if (!more)
        return ld_fail_nomem(err);
    client->exchanges = more;
    client->room = room;
    return LEAKDIAG_OK;
}

/* -1 = never; 0 = what fits. */
static int64_t retries_of(const ld_http_request *request)
{
    if (strcmp(request->method, "GET") != 0 || request->retries_max < 0)
        return 0;
    return request->retries_max ? request->retries_max : request->origin ? 1 : 0;
}

/* The request has been checked. */
static leakdiag_status append(ld_http_client *client, ld_http_request *request, leakdiag_error *err)
{
    leakdiag_status status = grow(client, client->n + 1, err);
    if (status)
        return status;
    ld_exchange *x = ld_alloc_zero(sizeof *x);
    if (!x)
        return ld_fail_nomem(err);
    int64_t now_ms = ld_monotonic_ms(), own_ms = request->timeout_ms;
    *x = (ld_exchange){.request = request,
                       .start_ms = now_ms,
                       .due_ms = now_ms,
                       .end_ms = client->end_ms,
                       .retries_max = retries_of(request)};
    if (own_ms > 0 && own_ms < client->end_ms - now_ms)
        x->end_ms = now_ms + own_ms;
    client->exchanges[client->n++] = x;
    request->asked_ms = now_ms;
    return ld_url_parse(request->url, &x->url, err);
}

leakdiag_status ld_http_client_add(ld_http_client *client, ld_http_request *request,
                                   leakdiag_error *err)
{
    if (!client->is_in_on_done)
        return ld_fail(err, LEAKDIAG_E_INVALID, "a request is added from on_done only");
    if (client->is_ending || leakdiag_cancel_is_triggered(client->cancel))
        return ld_fail(err, LEAKDIAG_E_CANCELLED, "cancelled");
    leakdiag_status status = ld_http_check(request, err);
    if (!status)
        status = grow(client, client->n + 1, err);
    if (status)
        return status;
    forget_answer(request);
    return append(client, request, err);
}

/* ---- the end of one ---- */

ld_http_end ld_exchange_own_end(const ld_exchange *x)
{
    if (x->intake.is_encoded)
        return LD_HTTP_ENCODED;
    if (x->intake.head_too_large || x->intake.body_too_large)
        return LD_HTTP_TOO_LARGE;
    return x->intake.is_stopped ? LD_HTTP_STOPPED : LD_HTTP_ANSWERED;
}

static void tell(ld_http_client *client, ld_http_request *request)
{
    if (!request->on_done)
        return;
    client->is_in_on_done = true;
    request->on_done(request, request->payload);
    client->is_in_on_done = false;
}

static void note_answer(ld_exchange *x)
{
    ld_http_request *request = x->request;
    const ld_intake *intake = &x->intake;
    request->status = intake->status;
    request->date_ms = intake->date_ms;
    memcpy(request->content_type, intake->content_type, sizeof request->content_type);
    memcpy(request->audit_id, intake->audit_id, sizeof request->audit_id);
    if (intake->status >= 300 && intake->status < 400)
        memcpy(request->redirect_host, intake->redirect_host, sizeof request->redirect_host);
    if (intake->status == 429 || intake->status == 503)
        request->retry_after_ms = ld_intake_retry_after_ms(intake);
}

/* A try has ended, and request->end says how: again, or that was it. */
static void conclude(ld_http_client *client, ld_exchange *x)
{
    ld_http_request *request = x->request;
    int64_t wait_ms, now_ms = ld_monotonic_ms();
    if (ld_retry_after(x, x->end_ms - now_ms, &wait_ms)) {
        request->retries++;
        ld_exchange_log_retry(client->log, x, wait_ms);
        x->due_ms = now_ms + wait_ms;
        x->state = LD_EXCHANGE_WAITING;
        return;
    }
    bool is_answer = request->end == LD_HTTP_ANSWERED;
    if (is_answer)
        ld_intake_keep(&x->intake);
    if (is_answer && x->intake.is_stopped)
        request->end = LD_HTTP_STOPPED;
    request->status = 0;
    if (is_answer || request->end == LD_HTTP_STOPPED)
        note_answer(x);
    else
        ld_text_done(&request->answer);
    x->state = LD_EXCHANGE_ENDED;
    client->n_ended++;
    ld_exchange_log_end(client->log, x);
    tell(client, request);
}

/* How far the connection of others has come that this one waits for, if it does. */
static ld_stage stage_of_shared(const ld_http_client *client, const ld_exchange *x)
{
    ld_stage furthest = LD_STAGE_QUEUE;
    for (size_t i = 0; ld_exchange_shares(x) && i < client->n; i++) {
        const ld_exchange *other = client->exchanges[i];
        if (!ld_exchange_shares(other) || !ld_url_same_origin(&other->url, &x->url))
            continue;
        ld_stage stage = ld_transfer_stage(other);
        if (stage > furthest && stage <= LD_STAGE_TLS)
            furthest = stage;
    }
    return furthest;
}

/* Over the network: what libcurl says of the try that ran. False: out of memory. */
static bool end_transfer(ld_http_client *client, ld_exchange *x, CURLcode code)
{
    x->request->latency_ms = ld_monotonic_ms() - x->start_ms;
    bool is_late = code == CURLE_OPERATION_TIMEDOUT;
    bool is_fine = ld_transfer_end(x, code, is_late ? stage_of_shared(client, x) : LD_STAGE_QUEUE);
    ld_transfer_clear(x, client->multi);
    client->n_running--;
    client->n_bulk -= x->request->is_bulk;
    return is_fine;
}

/* ---- all of them ---- */

static leakdiag_status try_one(ld_http_client *client, ld_exchange *x, leakdiag_error *err)
{
    int64_t left_ms = x->end_ms - ld_monotonic_ms();
    if (left_ms < 1) /* for libcurl 0 is for ever */
        left_ms = 1;
    ld_intake_start(&x->intake, x->request, x->request->retries < x->retries_max);
    x->connection = NULL;
    if (!is_network(client)) {
        leakdiag_status status = ld_transport_try(&client->transport, x, left_ms, err);
        if (!status)
            conclude(client, x);
        return status;
    }
    client->n_running++; /* also when it does not start: it is cleared with the others */
    client->n_bulk += x->request->is_bulk;
    return ld_transfer_start(x, client->multi, left_ms + GRACE_MS, err);
}

static bool has_its_turn(const ld_http_client *client, const ld_exchange *x, int64_t now_ms)
{
    return x->state == LD_EXCHANGE_WAITING && x->due_ms <= now_ms && now_ms < x->end_ms &&
           client->n_running < RUNNING_MAX && (!x->request->is_bulk || client->n_bulk < BULK_MAX);
}

static leakdiag_status start_due(ld_http_client *client, leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    for (size_t i = client->first; !status && i < client->n; i++) {
        if (leakdiag_cancel_is_triggered(client->cancel))
            return ld_fail(err, LEAKDIAG_E_CANCELLED, "cancelled");
        status = ld_log_status(client->log, err);
        if (!status && has_its_turn(client, client->exchanges[i], ld_monotonic_ms()))
            status = try_one(client, client->exchanges[i], err);
    }
    return status;
}

static leakdiag_status take_finished(ld_http_client *client, leakdiag_error *err)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(client->multi, &left)) != NULL;) {
        char *payload = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &payload);
        ld_exchange *x = (ld_exchange *)(void *)payload;
        if (!end_transfer(client, x, code))
            return ld_fail_nomem(err);
        conclude(client, x);
    }
    return LEAKDIAG_OK;
}

static leakdiag_status move_on(ld_http_client *client, leakdiag_error *err)
{
    int running;
    if (client->n_running == 0)
        return LEAKDIAG_OK;
    CURLMcode code = curl_multi_perform(client->multi, &running);
    if (code)
        return code == CURLM_OUT_OF_MEMORY
                   ? ld_fail_nomem(err)
                   : ld_fail(err, LEAKDIAG_E_IO, "libcurl: %s", curl_multi_strerror(code));
    return take_finished(client, err);
}

/* All that has one deadline ends at once. libcurl would end one after the other, and who waits for
 * the connection of another would open one of its own meanwhile. */
static leakdiag_status end_late(ld_http_client *client, leakdiag_error *err)
{
    int64_t now_ms = ld_monotonic_ms();
    for (size_t i = client->first; i < client->n; i++) {
        ld_exchange *x = client->exchanges[i];
        bool is_running = x->state == LD_EXCHANGE_RUNNING;
        if (x->state == LD_EXCHANGE_ENDED || now_ms < x->end_ms)
            continue;
        bool is_fine = true;
        if (is_running)
            is_fine = end_transfer(client, x, CURLE_OPERATION_TIMEDOUT);
        else {
            x->request->end = LD_HTTP_TIMED_OUT;
            x->request->latency_ms = now_ms - x->start_ms;
            x->stage = LD_STAGE_QUEUE;
            is_fine = ld_http_explain(x, CURLE_OPERATION_TIMEDOUT);
        }
        if (!is_fine)
            return ld_fail_nomem(err);
        conclude(client, x);
    }
    while (client->first < client->n &&
           client->exchanges[client->first]->state == LD_EXCHANGE_ENDED)
        client->first++;
    return LEAKDIAG_OK;
}

/* Until something moves, or is due. */
static void rest(ld_http_client *client)
{
    int64_t now_ms = ld_monotonic_ms();
    int64_t wait_ms = client->cancel ? CANCEL_SEEN_MS : WAIT_MS;
    for (size_t i = client->first; i < client->n; i++) {
        const ld_exchange *x = client->exchanges[i];
        bool is_due_later = x->state != LD_EXCHANGE_RUNNING && x->due_ms > now_ms;
        int64_t at_ms = is_due_later ? x->due_ms : x->end_ms;
        if (x->state != LD_EXCHANGE_ENDED && at_ms - now_ms < wait_ms)
            wait_ms = at_ms > now_ms ? at_ms - now_ms : 0;
    }
    if (client->n_running)
        curl_multi_poll(client->multi, NULL, 0, (int)wait_ms, NULL);
    else if (client->n_ended < client->n)
        poll(NULL, 0, (int)wait_ms);
}

static leakdiag_status run(ld_http_client *client, leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    while (!status && client->n_ended < client->n) {
        if (leakdiag_cancel_is_triggered(client->cancel))
            return ld_fail(err, LEAKDIAG_E_CANCELLED, "cancelled");
        status = start_due(client, err);
        if (!status)
            status = move_on(client, err);
        if (!status)
            status = end_late(client, err);
        if (!status)
            status = ld_log_status(client->log, err);
        bool is_new_due = false;
        for (size_t i = client->first; !status && !is_new_due && i < client->n; i++)
            is_new_due = has_its_turn(client, client->exchanges[i], ld_monotonic_ms());
        if (!status && !is_new_due)
            rest(client);
    }
    return status;
}

/* Nobody keeps an answer after a failure, and all are told. */
static void give_up(ld_http_client *client, ld_http_request *const *requests, size_t n)
{
    size_t n_begun = client->n;
    client->is_ending = true;
    for (size_t i = 0; i < n_begun; i++) {
        ld_exchange *x = client->exchanges[i];
        ld_http_request_done(x->request);
        forget_answer(x->request);
        if (x->state != LD_EXCHANGE_ENDED)
            tell(client, x->request);
    }
    for (size_t i = n_begun; i < n; i++) /* out of memory came before their turn */
        tell(client, requests[i]);
    client->is_ending = false;
}

static void end_call(ld_http_client *client)
{
    for (size_t i = 0; i < client->n; i++) {
        ld_transfer_clear(client->exchanges[i], client->multi);
        ld_release(client->exchanges[i]);
    }
    ld_release(client->exchanges);
    client->exchanges = NULL;
    client->n = client->room = client->first = 0;
    client->n_running = client->n_bulk = client->n_ended = 0;
    client->cancel = NULL;
}

static leakdiag_status check_all(ld_http_request *const *requests, size_t n, int64_t deadline_ms,
                                 leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    if (n > LD_HTTP_REQUESTS_MAX)
        return ld_fail(err, LEAKDIAG_E_INVALID, "too many requests at once");
    if (deadline_ms <= 0 || deadline_ms > INT32_MAX)
        return ld_fail(err, LEAKDIAG_E_INVALID, "the deadline is not positive, or too far away");
    for (size_t i = 0; !status && i < n; i++)
        status = ld_http_check(requests[i], err);
    return status;
}

/* The call proper, once everything was checked. */
static leakdiag_status perform(ld_http_client *client, ld_http_request *const *requests, size_t n,
                               leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    for (size_t i = 0; !status && i < n; i++)
        status = append(client, requests[i], err);
    if (!status && is_network(client) && !client->multi)
        status = ld_transfer_open(&client->multi, err);
    if (!status)
        status = run(client, err);
    return status;
}

leakdiag_status ld_http_client_perform(ld_http_client *client, ld_http_request *const *requests,
                                       size_t n, int64_t deadline_ms, const leakdiag_cancel *cancel,
                                       leakdiag_error *err)
{
    ld_sigpipe guard;
    if (n == 0)
        return LEAKDIAG_OK;
    if (client->n > 0)
        return ld_fail(err, LEAKDIAG_E_INVALID, "the client is in use; on_done adds requests");
    leakdiag_status status = check_all(requests, n, deadline_ms, err);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++)
        forget_answer(requests[i]);
    client->end_ms = ld_monotonic_ms() + deadline_ms;
    client->cancel = cancel;
    if (is_network(client))
        ld_sigpipe_block(&guard);
    status = perform(client, requests, n, err);
    if (status)
        give_up(client, requests, n);
    end_call(client);
    if (is_network(client))
        ld_sigpipe_restore(&guard);
    return status;
}
