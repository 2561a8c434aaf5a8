#include "net/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <threads.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "net/explain.h"
#include "net/sigpipe.h"

#define REQUESTS_MAX   256
#define CANCEL_SEEN_MS 50   /* a cancelled call returns within this */
#define POLL_MS        1000 /* without a token only curl's own timers matter */
#define GRACE_MS       200  /* curl ends its transfers itself; this is for when it does not */

static once_flag curl_once = ONCE_FLAG_INIT;
static _Atomic(CURLcode) curl_started;

/* Once, and only when a request is really made: it costs some 0.7 ms. Never undone: other users of
 * libcurl in the process may still need it. */
static void start_curl(void)
{
    curl_started = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- what was asked ---- */

static leakdiag_status check_header(const char *header, leakdiag_error *err)
{
    size_t name = strcspn(header, ": \t");
    if (name == 0 || header[name] != ':')
        return ld_fail(err, LEAKDIAG_E_INVALID, "header: \"Name: value\" is needed");
    for (size_t i = 0; header[i]; i++) {
        unsigned char c = (unsigned char)header[i];
        if (c < 0x20 || c == 0x7f) /* libcurl would send it: one more header, or request */
            return ld_fail(err, LEAKDIAG_E_INVALID, "header %.*s has control byte 0x%02x at %zu",
                           name > 64 ? 64 : (int)name, header, c, i);
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_http_check(const ld_http_request *request, leakdiag_error *err)
{
    bool is_get = ld_text_equal(request->method, "GET");
    if (!is_get && !ld_text_equal(request->method, "POST"))
        return ld_fail(err, LEAKDIAG_E_INVALID, "only GET and POST are sent");
    if (is_get && request->body)
        return ld_fail(err, LEAKDIAG_E_INVALID, "a GET has no body");
    if (request->timeout_ms < 0)
        return ld_fail(err, LEAKDIAG_E_INVALID, "a timeout is negative");
    for (size_t i = 0; request->headers && request->headers[i]; i++) {
        leakdiag_status status = check_header(request->headers[i], err);
        if (status)
            return status;
    }
    return ld_url_check(request->url, err);
}

void ld_http_request_done(ld_http_request *request)
{
    ld_text_done(&request->answer);
}

static void forget_answer(ld_http_request *request)
{
    request->end = LD_HTTP_CANCELLED;
    request->status = 0;
    request->content_type[0] = request->redirect_host[0] = request->why[0] = '\0';
    request->answer = (ld_text){0};
    request->latency_ms = 0;
    request->date_ms = 0;
}

/* ---- one transfer ---- */

typedef struct transfer {
    ld_http_request *request;
    CURL *easy;
    struct curl_slist *headers;
    int64_t timeout_ms;
    size_t body_max_bytes;
    bool too_large, out_of_memory, is_done;
    char error[CURL_ERROR_SIZE];
} transfer;

/* CURLOPT_MAXFILESIZE does not see a chunked body: count what really arrives. */
static size_t take_body(char *data, size_t size, size_t n, void *payload)
{
    transfer *t = payload;
    size_t len = size * n;
    ld_text *answer = &t->request->answer;
    if (len > t->body_max_bytes - answer->len) {
        t->too_large = true;
        return 0;
    }
    ld_text_add_bytes(answer, data, len);
    t->out_of_memory = answer->failed;
    return answer->failed ? 0 : len;
}

static size_t take_header(char *data, size_t size, size_t n, void *payload)
{
    static const char name[] = "Date:";
    transfer *t = payload;
    size_t len = size * n;
    char value[64];
    if (len > sizeof name - 1 && len < sizeof value &&
        ld_text_same_word(data, name, sizeof name - 1)) {
        snprintf(value, sizeof value, "%.*s", (int)(len - sizeof name + 1), data + sizeof name - 1);
        time_t seconds = curl_getdate(value, NULL);
        t->request->date_ms = seconds > 0 ? (int64_t)seconds * 1000 : 0;
    }
    return len;
}

#define SET(option, value)                                                                         \
    do {                                                                                           \
        if (code == CURLE_OK)                                                                      \
            code = curl_easy_setopt(t->easy, option, value);                                       \
    } while (0)

/* Nothing is taken from the environment, and nothing beyond this one exchange is done. */
static CURLcode set_limits(transfer *t)
{
    CURLcode code = CURLE_OK;
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_TIMEOUT_MS, (long)t->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS,
        (long)(t->timeout_ms < LD_HTTP_CONNECT_TIMEOUT_MS ? t->timeout_ms
                                                          : LD_HTTP_CONNECT_TIMEOUT_MS));
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L); /* do not wait for a resolver that hangs */
#endif
    return code;
}

static CURLcode add_header(transfer *t, const char *header)
{
    struct curl_slist *longer = curl_slist_append(t->headers, header);
    if (!longer)
        return CURLE_OUT_OF_MEMORY;
    t->headers = longer;
    return CURLE_OK;
}

static CURLcode set_request(transfer *t)
{
    const ld_http_request *request = t->request;
    CURLcode code = add_header(t, "Expect:"); /* never wait for 100-continue */
    for (size_t i = 0; code == CURLE_OK && request->headers && request->headers[i]; i++)
        code = add_header(t, request->headers[i]);
    SET(CURLOPT_HTTPHEADER, t->headers);
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_USERAGENT, "leakdiag/" LEAKDIAG_VERSION);
    if (strcmp(request->method, "POST") == 0) {
        const char *body = request->body ? request->body : "";
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
        SET(CURLOPT_POSTFIELDS, body);
    }
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_ERRORBUFFER, t->error);
    SET(CURLOPT_PRIVATE, t);
    return code;
}

static void copy_text(char *out, size_t room, const char *text)
{
    snprintf(out, room, "%s", text ? text : "");
}

static void note_redirect(transfer *t)
{
    char *target = NULL, *host = NULL;
    curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &target);
    CURLU *url = target ? curl_url() : NULL;
    if (url && !curl_url_set(url, CURLUPART_URL, target, CURLU_NON_SUPPORT_SCHEME) &&
        !curl_url_get(url, CURLUPART_HOST, &host, 0))
        copy_text(t->request->redirect_host, sizeof t->request->redirect_host, host);
    curl_free(host);
    curl_url_cleanup(url);
}

static void note_answer(transfer *t)
{
    ld_http_request *request = t->request;
    char *type = NULL;
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
    request->status = (int)status;
    copy_text(request->content_type, sizeof request->content_type, type);
    if (status >= 300 && status < 400)
        note_redirect(t);
}

static void finish(transfer *t, CURLcode code)
{
    ld_http_request *request = t->request;
    curl_off_t total_us = 0;
    curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    request->latency_ms = (int64_t)(total_us + 500) / 1000;
    t->is_done = true;
    if (code == CURLE_OUT_OF_MEMORY)
        t->out_of_memory = true;
    request->end = t->too_large ? LD_HTTP_TOO_LARGE : ld_http_end_of(code);
    if (request->end == LD_HTTP_ANSWERED)
        note_answer(t);
    else {
        ld_http_explain(t->easy, request, t->error, code, t->body_max_bytes);
        ld_text_done(&request->answer);
    }
}

/* ---- all of them ---- */

typedef struct batch {
    CURLM *multi;
    transfer *transfers;
    size_t n;
} batch;

static void batch_done(batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        transfer *t = &b->transfers[i];
        if (t->easy && b->multi)
            curl_multi_remove_handle(b->multi, t->easy);
        curl_easy_cleanup(t->easy);
        curl_slist_free_all(t->headers);
    }
    curl_multi_cleanup(b->multi);
    ld_release(b->transfers);
}

static leakdiag_status batch_start(batch *b, ld_http_request *requests, size_t n,
                                   int64_t deadline_ms, leakdiag_error *err)
{
    call_once(&curl_once, start_curl);
    if (curl_started)
        return ld_fail(err, LEAKDIAG_E_IO, "libcurl does not start: %s",
                       curl_easy_strerror(curl_started));
    b->multi = curl_multi_init();
    b->transfers = ld_alloc_array(n, sizeof *b->transfers);
    if (!b->multi || !b->transfers)
        return ld_fail_nomem(err);
    for (; b->n < n; b->n++) {
        transfer *t = &b->transfers[b->n];
        int64_t own_ms = requests[b->n].timeout_ms;
        t->request = &requests[b->n];
        t->timeout_ms = own_ms > 0 && own_ms < deadline_ms ? own_ms : deadline_ms;
        t->body_max_bytes =
            t->request->body_max_bytes ? t->request->body_max_bytes : LD_HTTP_BODY_MAX_BYTES;
        t->easy = curl_easy_init();
        CURLcode code = t->easy ? set_limits(t) : CURLE_OUT_OF_MEMORY;
        if (!code)
            code = set_request(t);
        if (!code && curl_multi_add_handle(b->multi, t->easy))
            code = CURLE_OUT_OF_MEMORY;
        if (code) {
            b->n++; /* what it has is freed with the others */
            return code == CURLE_OUT_OF_MEMORY ? ld_fail_nomem(err)
                                               : ld_fail(err, LEAKDIAG_E_UNSUPPORTED, "libcurl: %s",
                                                         curl_easy_strerror(code));
        }
    }
    return LEAKDIAG_OK;
}

static void take_finished(batch *b)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(b->multi, &left)) != NULL;) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *payload = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &payload);
        for (size_t i = 0; i < b->n; i++) /* the pointer comes back as a char * */
            if ((char *)&b->transfers[i] == payload)
                finish(&b->transfers[i], message->data.result);
    }
}

static leakdiag_status batch_run(batch *b, int64_t end_ms, const leakdiag_cancel *cancel,
                                 leakdiag_error *err)
{
    int running = 1;
    while (running) {
        if (leakdiag_cancel_is_triggered(cancel))
            return ld_fail(err, LEAKDIAG_E_CANCELLED, "cancelled");
        CURLMcode code = curl_multi_perform(b->multi, &running);
        if (code)
            return code == CURLM_OUT_OF_MEMORY
                       ? ld_fail_nomem(err)
                       : ld_fail(err, LEAKDIAG_E_IO, "libcurl: %s", curl_multi_strerror(code));
        take_finished(b);
        if (!running || monotonic_ms() > end_ms + GRACE_MS)
            break;
        curl_multi_poll(b->multi, NULL, 0, cancel ? CANCEL_SEEN_MS : POLL_MS, NULL);
    }
    for (size_t i = 0; i < b->n; i++) {
        if (!b->transfers[i].is_done)
            finish(&b->transfers[i], CURLE_OPERATION_TIMEDOUT);
        if (b->transfers[i].out_of_memory)
            return ld_fail_nomem(err);
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_http_perform(ld_http_request *requests, size_t n, int64_t deadline_ms,
                                const leakdiag_cancel *cancel, leakdiag_error *err)
{
    LD_CLEANUP(batch_done) batch b = {0};
    if (n == 0)
        return LEAKDIAG_OK;
    if (n > REQUESTS_MAX || deadline_ms <= 0 || deadline_ms > INT32_MAX)
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       n > REQUESTS_MAX ? "too many requests at once"
                                        : "the deadline is not positive, or too far away");
    for (size_t i = 0; i < n; i++) {
        leakdiag_status status = ld_http_check(&requests[i], err);
        if (status)
            return status;
    }
    for (size_t i = 0; i < n; i++)
        forget_answer(&requests[i]);

    int64_t end_ms = monotonic_ms() + deadline_ms;
    ld_sigpipe guard;
    ld_sigpipe_block(&guard);
    leakdiag_status status = batch_start(&b, requests, n, deadline_ms, err);
    if (!status)
        status = batch_run(&b, end_ms, cancel, err);
    ld_sigpipe_restore(&guard);
    for (size_t i = 0; status && i < n; i++) {
        ld_http_request_done(&requests[i]);
        forget_answer(&requests[i]);
    }
    return status;
}
