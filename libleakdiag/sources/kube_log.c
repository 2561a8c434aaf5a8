#include "sources/kube_log.h"

#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "sources/exchange.h"

#define FIRST_LINES   2000               /* how far the first look reaches back */
#define LOG_MAX_BYTES ((size_t)16 << 20) /* of one look */
#define RECENT_LINES  64

LD_DEFINE_CLEANUP(leakdiag_scan, leakdiag_scan_free, scan_freep)

void ld_pod_log_done(ld_pod_log *log)
{
    ld_http_request_done(&log->request);
    ld_release(log->ns);
    ld_release(log->pod);
    ld_release(log->container);
    ld_release(log->source);
    ld_release(log->url);
}

static leakdiag_status remember_names(ld_pod_log *log, const ld_kube_pod *pod,
                                      const char *container, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text source = {0}, key = {0};
    log->ns = ld_copy_text(pod->ns ? pod->ns : "");
    log->pod = ld_copy_text(pod->name);
    log->container = ld_copy_text(container);
    ld_text_addf(&source, "pod-log %s/%s/%s%s", log->ns ? log->ns : "", pod->name, container,
                 log->is_previous ? " previous" : "");
    /* One cursor for both instances: a container's log is one stream with a cut in it. */
    ld_text_addf(&key, "log %s/%s", pod->uid ? pod->uid : pod->name, container);
    if (!log->ns || !log->pod || !log->container || source.failed || key.failed)
        return ld_fail_nomem(err);
    log->memory = ld_memories_of(log->asking->memories, key.data);
    if (!log->memory)
        return ld_fail_nomem(err);
    return ld_text_take(&source, &log->source, err);
}

/* When the instance whose log it is lived. */
static void note_times(ld_pod_log *log, const ld_kube_pod *pod, const char *container)
{
    const ld_kube_instance *i = NULL;
    for (size_t k = 0; k < pod->n_instances && !i; k++)
        if (strcmp(pod->instances[k].name, container) == 0)
            i = &pod->instances[k];
    if (!i)
        return;
    int64_t now_ms = i->started_ms ? i->started_ms : i->ended.started_ms;
    log->started_ms = log->is_previous ? i->last.started_ms : now_ms;
    log->next_ms = log->is_previous ? now_ms : 0;
}

leakdiag_status ld_pod_log_begin(ld_pod_log *log, ld_asking *asking, const ld_kube_pod *pod,
                                 const char *container, bool previous, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *path = NULL;
    *log = (ld_pod_log){.asking = asking, .is_previous = previous};
    leakdiag_status status = remember_names(log, pod, container, err);
    if (status)
        return status;
    note_times(log, pod, container);
    ld_kube_log_query query = {
        .ns = log->ns, .pod = log->pod, .container = log->container, .previous = previous};
    if (log->memory->is_opened)
        query.since_ms = log->memory->ms;
    else
        query.tail_lines = FIRST_LINES;
    log->invalid = ld_kube_path_log(&query, &path, &log->why);
    if (!log->invalid)
        log->invalid = ld_ask_cluster(asking, path, &log->url, &log->request, &log->why);
    if (log->invalid)
        return log->invalid == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err) : LEAKDIAG_OK;
    log->request.headers = NULL; /* it is text */
    log->request.body_max_bytes = LOG_MAX_BYTES;
    ld_ask_send(asking, &log->request);
    return LEAKDIAG_OK;
}

/* --- lines that were counted before --- */

/* The time before the first blank, as the kubelet writes it; 0 bytes when there is none. */
static size_t stamp_len(const char *line, size_t len)
{
    const char *blank = memchr(line, ' ', len < 64 ? len : 64);
    int64_t ms;
    size_t n = blank ? (size_t)(blank - line) : 0;
    return n && ld_rfc3339_parse(line, n, &ms) == n ? n : 0;
}

/* Digits behind the point of the seconds. */
static size_t fraction(const char *stamp, size_t len, const char **digits)
{
    const char *point = memchr(stamp, '.', len);
    size_t n = 0;
    *digits = point ? point + 1 : "";
    while (point && (size_t)(*digits + n - stamp) < len && (*digits)[n] >= '0' &&
           (*digits)[n] <= '9')
        n++;
    return n;
}

/* Milliseconds do not tell neighbouring lines apart: their fractions are compared digit by digit.
 */
static int compare_stamps(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int64_t a_ms = 0, b_ms = 0;
    ld_rfc3339_parse(a, a_len, &a_ms);
    ld_rfc3339_parse(b, b_len, &b_ms);
    if (a_ms != b_ms)
        return a_ms < b_ms ? -1 : 1;
    const char *a_digits, *b_digits;
    size_t an = fraction(a, a_len, &a_digits), bn = fraction(b, b_len, &b_digits);
    for (size_t i = 0; i < an || i < bn; i++) {
        char x = i < an ? a_digits[i] : '0', y = i < bn ? b_digits[i] : '0';
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

/* What an earlier look has counted: since a time the kubelet sends the whole second again. */
static size_t skip_counted(ld_pod_log *log, const char *data, size_t len)
{
    const char *last = log->memory->text;
    size_t at = 0, last_len = last ? strlen(last) : 0;
    while (last && at < len) {
        size_t n = stamp_len(data + at, len - at);
        int order = n ? compare_stamps(data + at, n, last, last_len) : -1;
        if (order > 0)
            break;
        log->has_overlap = log->has_overlap || order == 0;
        const char *newline = memchr(data + at, '\n', len - at);
        at = newline ? (size_t)(newline + 1 - data) : len;
    }
    return at;
}

/* The time of the last line that has one. */
static leakdiag_status remember_last(ld_pod_log *log, const char *data, size_t len,
                                     leakdiag_error *err)
{
    while (len > 0) {
        const char *newline = memrchr(data, '\n', len - 1);
        const char *line = newline ? newline + 1 : data;
        size_t n = stamp_len(line, (size_t)(data + len - line));
        if (n) {
            ld_rfc3339_parse(line, n, &log->memory->ms);
            return ld_memory_set_text(log->memory, line, n) ? LEAKDIAG_OK : ld_fail_nomem(err);
        }
        len = (size_t)(line - data);
    }
    return LEAKDIAG_OK;
}

/* Were lines lost between the last one that was counted and the first of these? That line must come
 * again, unless it was of the instance before: then that one's log has it. A file that was rotated
 * does not have it any more. Times of instances are whole seconds. */
static bool has_gap(const ld_pod_log *log)
{
    const ld_memory_of *memory = log->memory;
    if (!memory->is_opened || !memory->text || !log->started_ms || log->has_overlap)
        return false;
    if (log->is_previous)
        return memory->ms >= log->started_ms + 1000 && memory->ms < log->next_ms;
    if (memory->ms >= log->started_ms + 1000)
        return true;
    return memory->ms < log->started_ms && !memory->is_bridged &&
           log->asking->now_ms - log->started_ms < log->asking->scenario->window_ms;
}

/* --- the fact --- */

static leakdiag_status scan_body(ld_pod_log *log, leakdiag_scan *scan, bool *ret_gap,
                                 leakdiag_error *err)
{
    const char *data = log->request.answer.data ? log->request.answer.data : "";
    size_t len = log->request.answer.len, skip = skip_counted(log, data, len);
    *ret_gap = has_gap(log);
    leakdiag_status status = leakdiag_scan_push(scan, data + skip, len - skip, err);
    if (!status)
        status = leakdiag_scan_finish(scan, err);
    return status ? status : remember_last(log, data + skip, len - skip, err);
}

static leakdiag_status make_fact(ld_pod_log *log, ld_facts *facts, leakdiag_error *err)
{
    const ld_asking *asking = log->asking;
    LD_CLEANUP(scan_freep) leakdiag_scan *scan = NULL;
    leakdiag_scan_options options = LEAKDIAG_SCAN_OPTIONS_INIT;
    options.window_from_ms = asking->now_ms - asking->scenario->window_ms;
    options.window_to_ms = asking->now_ms;
    options.recent = RECENT_LINES;
    leakdiag_status status = leakdiag_scan_new(asking->patterns, &options, &scan, err);
    bool is_first = !log->memory->is_opened || log->is_previous, gap = false;
    if (!status)
        status = scan_body(log, scan, &gap, err);
    ld_fact *fact = NULL;
    if (!status)
        status = ld_fact_from_scan(scan, asking->scenario, log->source, asking->now_ms, is_first,
                                   gap, &fact, err);
    if (status)
        return status;
    fact->latency_ms = log->request.latency_ms;
    if (!log->is_previous)
        log->memory->is_opened = true;
    log->memory->is_bridged = log->is_previous;
    if (!log->memory->ms)
        log->memory->ms = asking->now_ms;
    return ld_facts_add(facts, fact, err);
}

static leakdiag_status check(const ld_pod_log *log, leakdiag_error *why)
{
    if (log->invalid) {
        *why = log->why;
        return log->invalid;
    }
    leakdiag_status status = ld_ask_unanswered(&log->request, why);
    if (status)
        return status;
    ld_ask_note(log->asking, &log->request);
    ld_kube_asked asked = {"get", "pods/log", "", log->ns, log->pod};
    ld_answer answer = ld_exchange_answer(&log->request);
    return ld_kube_check_log(&asked, &answer, why);
}

leakdiag_status ld_pod_log_finish(ld_pod_log *log, ld_facts *facts, leakdiag_error *err)
{
    leakdiag_error why = {0};
    leakdiag_status status = check(log, &why);
    if (!status)
        return make_fact(log, facts, err);
    if (log->is_previous && status == LEAKDIAG_E_NOT_FOUND)
        return LEAKDIAG_OK; /* its log is gone with it: nothing to count, and nothing wrong */
    return ld_facts_add_failed(facts, LD_FACT_LOG, log->source, NULL, log->asking->now_ms, status,
                               why.message, err);
}
