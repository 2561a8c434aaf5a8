/* Is this a log? A kubelet that cannot read one may say so with 200 and its words as the body. */
#include <string.h>

#include "base/number.h"
#include "wire/kube_read.h"

#define WORDS_MAX_BYTES 4096 /* a longer body is a log */
#define STATUS_MAX      ((size_t)1 << 20)

/* How the kubelet's own words begin. Lines of a log begin with a time: it is always asked for. */
static const char *const error_beginnings[] = {
    "unable to retrieve container logs for ",
    "failed to try resolving symlinks in path ",
    "failed to open log file ",
    "failed to get container status ",
    "failed to create fsnotify watcher",
    "rpc error: code = ",
    "Get \"http",
};

static bool begins_with(const char *data, size_t len, const char *text)
{
    size_t n = strlen(text);
    return len >= n && memcmp(data, text, n) == 0;
}

/* The whole body is one line of the kubelet's. */
static bool is_error_text(const ld_answer *answer)
{
    size_t len = answer->len;
    if (len > 0 && answer->body[len - 1] == '\n')
        len--;
    if (len == 0 || len > WORDS_MAX_BYTES || memchr(answer->body, '\n', len))
        return false;
    for (size_t i = 0; i < sizeof error_beginnings / sizeof error_beginnings[0]; i++)
        if (begins_with(answer->body, len, error_beginnings[i]))
            return true;
    return false;
}

static leakdiag_status words(const ld_kube_asked *asked, leakdiag_status status, const char *before,
                             const char *said, size_t len, const char *after, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    ld_text_add(&detail, before);
    ld_detail_add(&detail, said, len);
    ld_text_add(&detail, after);
    if (detail.failed)
        return ld_fail_nomem(err);
    return ld_kube_fail(asked, status, detail.data, err);
}

static leakdiag_status check_ok(const ld_kube_asked *asked, const ld_answer *answer,
                                leakdiag_error *err)
{
    static const char html[] = "text/html";
    const char *type = answer->content_type ? answer->content_type : "";
    bool is_html = strnlen(type, sizeof html) >= sizeof html - 1 &&
                   ld_text_same_word(type, html, sizeof html - 1);
    if (is_error_text(answer))
        return words(asked, LEAKDIAG_E_NOT_FOUND,
                     "HTTP 200, but instead of the log: ", answer->body, answer->len,
                     "; the container's log is gone or not there yet, ask again when it runs", err);
    if (!is_html && !ld_answer_says_json(answer))
        return LEAKDIAG_OK;
    LD_JSON *json = NULL; /* a Status says why; anything else is no log */
    leakdiag_status status = ld_kube_parse(asked, answer, "Log", NULL, &json, err);
    return status ? status : ld_kube_fail(asked, LEAKDIAG_E_PROTOCOL, "the answer is no log", err);
}

/* Which words of a 400 mean that there is no such log. */
static bool is_absence(const char *message)
{
    return strstr(message, "is waiting to start") || strstr(message, "is not valid for pod") ||
           (strstr(message, "previous terminated container") && strstr(message, "not found")) ||
           strstr(message, "is terminated") || strstr(message, "not available");
}

leakdiag_status ld_kube_check_log(const ld_kube_asked *asked, const ld_answer *answer,
                                  leakdiag_error *err)
{
    if (answer->status >= 200 && answer->status < 300)
        return check_ok(asked, answer, err);
    if (answer->status != 400 || !ld_answer_looks_like_json(answer))
        return ld_kube_check(asked, answer, err);
    LD_JSON *json = NULL;
    const ld_json_limits limits = {.bytes = STATUS_MAX};
    const char *message = "";
    if (ld_json_parse(answer->body, answer->len, &limits, &json, NULL) == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    ld_json_get_text(json, "message", &message);
    if (!is_absence(message))
        return ld_kube_check(asked, answer, err);
    return words(asked, LEAKDIAG_E_NOT_FOUND, "HTTP 400: ", message, strlen(message), "", err);
}
