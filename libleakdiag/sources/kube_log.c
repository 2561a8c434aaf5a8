#include "sources/kube_log.h"

#include <string.h>

#include "base/alloc.h"
#include "sources/copier.h"
#include "sources/exchange.h"
#include "sources/kube_facts.h"

#define FIRST_LINES      2000 /* how far the first look reaches back */
#define TAIL_LINES       32   /* of a later look, and three times the new ones of the last */
#define TAIL_LINES_MAX   INT64_C(5000)
#define LOG_MAX_BYTES    ((size_t)16 << 20) /* of one answer */
#define RECENT_LINES     64
#define RECORD_BYTES_MIN 4096 /* no runtime cuts a line into shorter records */

enum { TAIL, WHOLE, PREVIOUS_TAIL, PREVIOUS_WHOLE };

LD_DEFINE_CLEANUP(leakdiag_scan, leakdiag_scan_free, scan_freep)

void ld_pod_log_done(ld_pod_log *log)
{
    for (size_t i = 0; i < sizeof log->readings / sizeof log->readings[0]; i++) {
        ld_http_request_done(&log->readings[i].request);
        ld_release(log->readings[i].url);
    }
    ld_release(log->ns);
    ld_release(log->pod);
    ld_release(log->container);
}

/* --- what is remembered of it --- */

static ld_log_memory *remember(ld_memories *memories, const char *key, const char *source)
{
    ld_memory_of *memory = ld_memories_of(memories, key);
    if (!memory || memory->log)
        return memory ? memory->log : NULL;
    ld_log_memory *log = ld_alloc_zero(sizeof *log);
    char *copy = ld_copy_text(source);
    if (!log || !copy) {
        ld_release(log);
        ld_release(copy);
        return NULL;
    }
    log->source = copy;
    log->now.restarts = -1;
    memory->log = log;
    return log;
}

/* One stream for all instances: a container's log is one with cuts in it. */
static void add_key(ld_text *key, const ld_kube_pod *pod, const char *container)
{
    ld_text_addf(key, "log %s/%s", pod->uid ? pod->uid : pod->name, container);
}

static void add_source(ld_text *source, const ld_kube_pod *pod, const char *container)
{
    ld_text_addf(source, "pod-log %s/%s/%s", pod->ns ? pod->ns : "", pod->name, container);
}

bool ld_pod_log_is_known(const ld_memories *memories, const ld_kube_pod *pod, const char *container)
{
    LD_CLEANUP(ld_text_done) ld_text key = {0};
    add_key(&key, pod, container);
    const ld_memory_of *memory = key.failed ? NULL : ld_memories_find(memories, key.data);
    return key.failed || (memory && memory->log && memory->log->now.stitch.is_opened);
}

static leakdiag_status remember_names(ld_pod_log *log, const ld_kube_pod *pod,
                                      const char *container, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text source = {0}, key = {0};
    log->ns = ld_copy_text(pod->ns ? pod->ns : "");
    log->pod = ld_copy_text(pod->name);
    log->container = ld_copy_text(container);
    add_source(&source, pod, container);
    add_key(&key, pod, container);
    if (!log->ns || !log->pod || !log->container || source.failed || key.failed)
        return ld_fail_nomem(err);
    log->memory = remember(log->asking->memories, key.data, source.data);
    if (!log->memory)
        return ld_fail_nomem(err);
    log->memory->asked_ms = log->asking->now_ms;
    return LEAKDIAG_OK;
}

/* --- asking --- */

static int64_t tail_lines(const ld_pod_log *log)
{
    if (!log->memory->now.stitch.is_opened)
        return FIRST_LINES;
    int64_t lines = TAIL_LINES + 3 * (int64_t)log->memory->now.new_lines;
    return lines < TAIL_LINES_MAX ? lines : TAIL_LINES_MAX;
}

static void answered(ld_http_request *request, void *payload);

/* What cannot be asked is an answer too: it says why. False: nothing is under way. */
static bool ask(ld_pod_log *log, int which)
{
    LD_CLEANUP(ld_releasep) char *path = NULL;
    ld_log_reading *reading = &log->readings[which];
    bool is_whole = which == WHOLE || which == PREVIOUS_WHOLE;
    reading->tail_lines = is_whole ? 0 : tail_lines(log);
    ld_kube_log_query query = {.ns = log->ns,
                               .pod = log->pod,
                               .container = log->container,
                               .tail_lines = reading->tail_lines,
                               .limit_bytes = is_whole ? (int64_t)LOG_MAX_BYTES : 0,
                               .previous = which >= PREVIOUS_TAIL};
    reading->status = ld_kube_path_log(&query, &path, &reading->why);
    if (!reading->status)
        reading->status =
            ld_ask_cluster(log->asking, path, &reading->url, &reading->request, &reading->why);
    if (reading->status)
        return false;
    reading->request.headers = NULL; /* it is text */
    reading->request.body_max_bytes = LOG_MAX_BYTES;
    reading->request.on_done = answered;
    reading->request.payload = log;
    reading->is_under_way = ld_ask_send(log->asking, &reading->request);
    if (!reading->is_under_way)
        reading->status = ld_ask_unanswered(&reading->request, &reading->why);
    return reading->is_under_way;
}

static leakdiag_status read_answer(const ld_pod_log *log, const ld_http_request *request,
                                   leakdiag_error *why)
{
    leakdiag_status status = ld_ask_unanswered(request, why);
    if (status)
        return status;
    ld_ask_note(log->asking, request);
    ld_kube_asked asked = {"get", "pods/log", "", log->ns, log->pod};
    ld_answer answer = ld_exchange_answer(request);
    return ld_kube_check_log(&asked, &answer, why);
}

/* --- what is new --- */

/* Would fewer records than were asked for explain it? A line may be several. */
static bool is_all(const ld_text *text, int64_t asked)
{
    int64_t n = (int64_t)(text->len / RECORD_BYTES_MIN) + 1;
    for (const char *at = text->data, *end = at + text->len; text->len && at < end; n++) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : end;
    }
    return n < asked;
}

static bool was_asked(const ld_log_reading *reading)
{
    return reading->url || reading->status;
}

static ld_piece piece_of(const ld_pod_log *log, int tail)
{
    const ld_log_reading *last = &log->readings[tail + 1], *first = &log->readings[tail];
    if (!was_asked(first))
        return (ld_piece){0};
    bool is_too_long =
        was_asked(last) && !last->status && last->request.answer.len >= LOG_MAX_BYTES;
    const ld_log_reading *best = was_asked(last) && !is_too_long ? last : first;
    if (best->status)
        return (ld_piece){.kind = best->status == LEAKDIAG_E_NOT_FOUND ? LD_PIECE_ABSENT
                                                                       : LD_PIECE_UNREAD};
    const ld_text *text = &best->request.answer;
    bool is_whole =
        best == last || (!log->memory->now.stitch.is_opened && is_all(text, best->tail_lines));
    return (ld_piece){is_too_long ? LD_PIECE_END_TAIL
                      : is_whole  ? LD_PIECE_WHOLE
                                  : LD_PIECE_TAIL,
                      text->data ? text->data : "", text->len};
}

static leakdiag_status stitch(ld_pod_log *log, leakdiag_error *err)
{
    ld_piece current = piece_of(log, TAIL), previous = piece_of(log, PREVIOUS_TAIL);
    ld_hint hint = {log->has_previous && log->restarts != log->memory->now.restarts,
                    log->started_ms};
    return ld_stitch_look(&log->memory->now.stitch, &current, &previous, &hint, &log->seam, err);
}

/* The answers so far lead to the next question, or to what is new. */
static void go_on(ld_pod_log *log)
{
    static const int next[] = {[LD_NEED_WHOLE] = WHOLE,
                               [LD_NEED_PREVIOUS] = PREVIOUS_TAIL,
                               [LD_NEED_PREVIOUS_WHOLE] = PREVIOUS_WHOLE};
    for (;;) {
        const ld_log_reading *current = &log->readings[was_asked(&log->readings[WHOLE])];
        log->status = current->status;
        if (log->status) {
            log->why = current->why;
            return;
        }
        log->status = stitch(log, &log->why);
        if (log->status || log->seam.need == LD_NEED_NOTHING || log->seam.need == LD_NEED_LATER)
            return;
        int which = next[log->seam.need];
        log->status =
            ld_fail(&log->why, LEAKDIAG_E_TIMEOUT, "there was no time to ask for all of it");
        if (ask(log, which))
            return;
    }
}

static void answered(ld_http_request *request, void *payload)
{
    ld_pod_log *log = payload;
    bool is_waiting = false;
    for (size_t i = 0; i < sizeof log->readings / sizeof log->readings[0]; i++) {
        ld_log_reading *reading = &log->readings[i];
        if (request == &reading->request) {
            reading->is_under_way = false;
            reading->status = read_answer(log, request, &reading->why);
        }
        is_waiting = is_waiting || reading->is_under_way;
    }
    if (!is_waiting)
        go_on(log);
    if (log->status == LEAKDIAG_E_NOMEM)
        log->asking->failed = log->status;
}

leakdiag_status ld_pod_log_begin(ld_pod_log *log, ld_asking *asking, const ld_kube_pod *pod,
                                 const ld_kube_instance *instance, leakdiag_error *err)
{
    *log = (ld_pod_log){.asking = asking,
                        .restarts = instance->restarts,
                        .started_ms = instance->started_ms,
                        .has_previous = instance->restarts > 0 || instance->last.has_ended};
    log->is_ended = instance->state == LD_KUBE_TERMINATED && pod->deleted_ms;
    log->counts_previous = instance->last.has_ended && asking->now_ms - instance->last.finished_ms <
                                                           asking->scenario->window_ms;
    leakdiag_status status = remember_names(log, pod, instance->name, err);
    if (status)
        return status;
    log->status = ld_fail(&log->why, LEAKDIAG_E_TIMEOUT, "there was no time to ask for it");
    bool is_asked = ask(log, TAIL);
    if (is_asked && !log->memory->now.stitch.is_opened && log->has_previous)
        ask(log, PREVIOUS_TAIL); /* where that fails, its reading says so */
    if (is_asked)
        return LEAKDIAG_OK;
    log->status = log->readings[TAIL].status;
    log->why = log->readings[TAIL].why;
    return log->status == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err) : LEAKDIAG_OK;
}

/* --- the fact --- */

static leakdiag_status push(leakdiag_scan *scan, const ld_pod_log *log, int tail, size_t from,
                            size_t to, leakdiag_error *err)
{
    ld_piece piece = piece_of(log, tail);
    if (from == to)
        return LEAKDIAG_OK;
    leakdiag_status status = leakdiag_scan_push(scan, piece.data + from, to - from, err);
    if (!status && piece.data[to - 1] != '\n') /* the last line of an instance that is no more */
        status = leakdiag_scan_push(scan, "\n", 1, err);
    return status;
}

static leakdiag_status push_previous(leakdiag_scan *scan, const ld_pod_log *log,
                                     leakdiag_error *err)
{
    if (!log->memory->now.stitch.is_opened && !log->counts_previous)
        return LEAKDIAG_OK;
    return push(scan, log, PREVIOUS_TAIL, log->seam.previous_from, log->seam.previous_to, err);
}

static leakdiag_status scan_new_lines(const ld_pod_log *log, leakdiag_scan *scan,
                                      leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    if (!log->seam.is_previous_behind)
        status = push_previous(scan, log, err);
    if (!status)
        status = push(scan, log, TAIL, log->seam.current_from, log->seam.current_to, err);
    if (!status && log->seam.is_previous_behind)
        status = push_previous(scan, log, err);
    return status ? status : leakdiag_scan_finish(scan, err);
}

static leakdiag_status new_scan(const ld_asking *asking, leakdiag_scan **ret, leakdiag_error *err)
{
    leakdiag_scan_options options = LEAKDIAG_SCAN_OPTIONS_INIT;
    options.window_from_ms = asking->now_ms - asking->scenario->window_ms;
    options.window_to_ms = asking->now_ms;
    options.recent = RECENT_LINES;
    return leakdiag_scan_new(asking->patterns, &options, ret, err);
}

static leakdiag_status add_fact(const ld_asking *asking, const leakdiag_scan *scan,
                                const char *source, bool is_first, bool is_gap_only,
                                const ld_gap *gap, int64_t latency_ms, ld_facts *facts,
                                leakdiag_error *err)
{
    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = NULL;
    ld_copier c = {.err = err};
    c.status = ld_fact_from_scan(scan, asking->scenario, source, asking->now_ms, is_first,
                                 gap->reason != NULL, &fact, err);
    if (c.status)
        return c.status;
    fact->latency_ms = latency_ms;
    fact->of.log.is_gap_only = is_gap_only;
    ld_copy_to(&c, gap->reason, &fact->of.log.gap_reason);
    fact->of.log.gap_from_ms = gap->from_ms;
    fact->of.log.gap_to_ms = gap->to_ms;
    return c.status ? c.status : ld_facts_add(facts, ld_steal(&fact), err);
}

static leakdiag_status make_fact(ld_pod_log *log, ld_facts *facts, leakdiag_error *err)
{
    LD_CLEANUP(scan_freep) leakdiag_scan *scan = NULL;
    ld_log_memory *memory = log->memory;
    leakdiag_status status = new_scan(log->asking, &scan, err);
    if (!status)
        status = scan_new_lines(log, scan, err);
    if (!status)
        status = add_fact(log->asking, scan, memory->source, !memory->now.stitch.is_opened, false,
                          &log->seam.gap, log->readings[TAIL].request.latency_ms, facts, err);
    if (status)
        return status;
    bool is_joined = log->seam.is_previous_closed || !log->has_previous;
    memory->next = (ld_log_state){log->seam.next, is_joined ? log->restarts : memory->now.restarts,
                                  log->seam.current_lines, log->is_ended};
    memory->has_next = true;
    return LEAKDIAG_OK;
}

/* Nothing of it can be counted yet; the next look reads it again. What is counted so far may not be
 * all. */
static leakdiag_status make_empty_fact(ld_pod_log *log, ld_facts *facts, leakdiag_error *err)
{
    LD_CLEANUP(scan_freep) leakdiag_scan *scan = NULL;
    ld_log_memory *memory = log->memory;
    ld_gap gap = {"its answer does not join what was read before, as if it were cut off; the next "
                  "look reads it again",
                  memory->now.stitch.now.last_ms, 0};
    leakdiag_status status = new_scan(log->asking, &scan, err);
    if (!status)
        status = leakdiag_scan_finish(scan, err);
    if (!status)
        status = add_fact(log->asking, scan, memory->source, false, false, &gap,
                          log->readings[TAIL].request.latency_ms, facts, err);
    if (status)
        return status;
    memory->next = memory->now;
    memory->next.stitch = log->seam.next;
    memory->has_next = true;
    return LEAKDIAG_OK;
}

leakdiag_status ld_pod_log_finish(ld_pod_log *log, ld_facts *facts, leakdiag_error *err)
{
    if (!log->status && log->seam.need == LD_NEED_LATER)
        return make_empty_fact(log, facts, err);
    if (!log->status)
        return make_fact(log, facts, err);
    return ld_facts_add_failed(facts, LD_FACT_LOG, log->memory->source, NULL, log->asking->now_ms,
                               log->status, log->why.message, err);
}

/* --- pods that are gone --- */

/* Nothing but a gap. */
static leakdiag_status add_gap(ld_asking *asking, const char *source, const ld_gap *gap,
                               ld_facts *facts, leakdiag_error *err)
{
    LD_CLEANUP(scan_freep) leakdiag_scan *scan = NULL;
    leakdiag_status status = new_scan(asking, &scan, err);
    if (!status)
        status = leakdiag_scan_finish(scan, err);
    return status ? status : add_fact(asking, scan, source, false, true, gap, -1, facts, err);
}

static leakdiag_status add_end(ld_asking *asking, const ld_log_memory *memory, ld_facts *facts,
                               leakdiag_error *err)
{
    ld_gap gap = {"its pod is gone: what it wrote after the last look was not read",
                  memory->now.stitch.now.last_ms, 0};
    return add_gap(asking, memory->source, &gap, facts, err);
}

leakdiag_status ld_pod_log_add_missed(ld_asking *asking, const ld_kube_pod *pod,
                                      const ld_kube_instance *instance, ld_facts *facts,
                                      leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    const ld_kube_end *end = ld_pod_latest_end(instance);
    ld_gap gap = {"its pod is gone, and no look has read its log",
                  end && end->started_ms ? end->started_ms : pod->created_ms,
                  end ? end->finished_ms : 0};
    add_source(&source, pod, instance->name);
    return source.failed ? ld_fail_nomem(err) : add_gap(asking, source.data, &gap, facts, err);
}

leakdiag_status ld_pod_logs_add_unknown(ld_asking *asking, const char *ns, const char *selector,
                                        int64_t since_ms, const char *why, ld_facts *facts,
                                        leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    ld_gap gap = {why, since_ms, asking->now_ms};
    ld_text_addf(&source, "pod-log %s/%s", ns, selector);
    return source.failed ? ld_fail_nomem(err) : add_gap(asking, source.data, &gap, facts, err);
}

leakdiag_status ld_pod_logs_gone(ld_asking *asking, ld_facts *facts, leakdiag_error *err)
{
    ld_memories *memories = asking->memories;
    for (size_t i = 0; i < memories->n; i++) {
        ld_log_memory *memory = memories->list[i].log;
        if (!memory || memory->asked_ms == asking->now_ms)
            continue;
        memory->is_gone = true;
        leakdiag_status status = LEAKDIAG_OK;
        if (memory->now.stitch.is_opened && !memory->now.is_ended)
            status = add_end(asking, memory, facts, err);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}
