#include "sources/pod_watch.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sources/exchange.h"
#include "sources/kube_facts.h"
#include "sources/kube_log.h"

#define WATCH_S     1
#define TIMEOUT_MS  1800 /* the API server ends it after a second */
#define DEADLINE_MS 2500 /* a look that may not last so long asks for no events */
#define BODY_MAX    ((size_t)16 << 20)
#define LISTED_MAX  64 /* pods of a list whose ends are remembered */
#define TRIES_MAX   3  /* in vain, one after the other; then it rests */
#define REST_LOOKS  10

/* In place of a version: */
#define NOT_PERMITTED "-" /* it rests */
#define IN_VAIN       "~" /* it rests, too */
#define NO_VERSION    "?" /* the list said none, or was not whole */

#define AGAIN (-1) /* tries: the first one after a rest */

static const char not_permitted[] =
    "watching pods is not permitted (403): the verb watch of pods is needed";

/* A look holds on to what is remembered of its logs and sources: those must not make room. */
_Static_assert(LD_POD_WATCH_FACTS_MAX + LISTED_MAX + 64 <= LD_MEMORIES_MAX,
               "what one look asks for has room");

void ld_pod_watch_done(ld_pod_watch *watch)
{
    ld_http_request_done(&watch->request);
    ld_release(watch->url);
    ld_kube_watch_done(&watch->events);
    ld_facts_done(&watch->found);
}

/* --- one event --- */

/* Among those of the list whose facts this look tells. */
static const ld_kube_pod *listed(const ld_pod_watch *watch, const ld_kube_pod *pod)
{
    const ld_kube_pods *pods = &watch->look->pods;
    for (size_t i = 0; i < pods->n && i < LD_PODS_MAX; i++)
        if (ld_text_equal(pods->list[i].uid, pod->uid))
            return &pods->list[i];
    return NULL;
}

static const ld_kube_instance *container_of(const ld_pod_watch *watch, const ld_kube_pod *pod)
{
    return ld_pod_container(pod, watch->container, watch->look->deployment, NULL);
}

static bool add_key(ld_text *key, const ld_kube_pod *pod, const ld_kube_instance *instance)
{
    ld_text_addf(key, "end %s/%s", pod->uid ? pod->uid : pod->name, instance->name);
    return !key->failed;
}

/* It is the last end of the container that was told: they come in their order. E_NOMEM. */
static leakdiag_status remember_end(const ld_pod_watch *watch, const ld_kube_pod *pod,
                                    const ld_kube_instance *instance, int64_t finished_ms)
{
    LD_CLEANUP(ld_text_done) ld_text key = {0};
    ld_memories *memories = watch->look->asking->memories;
    ld_memory_of *told = add_key(&key, pod, instance) ? ld_memories_of(memories, key.data) : NULL;
    if (!told)
        return LEAKDIAG_E_NOMEM;
    if (finished_ms > told->ms && finished_ms > told->next_ms)
        told->next_ms = finished_ms;
    return LEAKDIAG_OK;
}

/* A look before this one told that end, or the list of this one does, or an event before. */
static bool is_told(const ld_pod_watch *watch, const ld_kube_pod *pod, const ld_kube_end *end,
                    const ld_memory_of *told)
{
    if (end->finished_ms <= (told ? told->ms : 0))
        return true;
    const ld_kube_pod *now = listed(watch, pod);
    const ld_kube_instance *instance = now ? container_of(watch, now) : NULL;
    const ld_kube_end *latest = instance ? ld_pod_latest_end(instance) : NULL;
    if (latest && latest->finished_ms == end->finished_ms)
        return true;
    for (size_t i = 0; i < watch->found.n; i++) {
        const ld_fact *fact = watch->found.list[i];
        if (fact->kind == LD_FACT_MEMORY && ld_text_equal(fact->of.memory.pod.uid, pod->uid) &&
            fact->of.memory.pod.ended_ms == end->finished_ms)
            return true;
    }
    return false;
}

static leakdiag_status tell_end(ld_pod_watch *watch, const ld_kube_pod *pod,
                                const ld_kube_instance *instance)
{
    ld_fact *fact = NULL;
    leakdiag_status status =
        ld_fact_from_pod(pod, instance, NULL, "no look saw it: this is from the cluster's events",
                         watch->look->asking->now_ms, &fact, &watch->why);
    if (status)
        return status;
    fact->of.memory.pod.is_between_looks = true;
    fact->of.memory.started_ms = 0; /* what ran then is not what is judged now */
    return ld_facts_add(&watch->found, fact, &watch->why);
}

/* If nobody told it yet. */
static leakdiag_status add_end(ld_pod_watch *watch, const ld_kube_pod *pod,
                               const ld_kube_instance *instance, const ld_kube_end *end)
{
    LD_CLEANUP(ld_text_done) ld_text key = {0};
    if (!add_key(&key, pod, instance))
        return LEAKDIAG_E_NOMEM;
    if (is_told(watch, pod, end, ld_memories_find(watch->look->asking->memories, key.data)))
        return LEAKDIAG_OK;
    leakdiag_status status = remember_end(watch, pod, instance, end->finished_ms);
    return status ? status : tell_end(watch, pod, instance);
}

static bool has_run(const ld_kube_instance *instance)
{
    return instance->started_ms || ld_pod_latest_end(instance);
}

static bool take(const ld_kube_event *event, void *payload)
{
    ld_pod_watch *watch = payload;
    if (event->kind == LD_KUBE_BOOKMARK)
        return true;
    const ld_kube_pod *pod = &event->pods.list[0];
    const ld_kube_instance *instance = container_of(watch, pod);
    const ld_kube_end *end = instance ? ld_pod_latest_end(instance) : NULL;
    if (!instance)
        return true;
    if (watch->found.n + 2 > LD_POD_WATCH_FACTS_MAX) {
        watch->is_too_much = true;
        return true;
    }
    if (end)
        watch->status = add_end(watch, pod, instance, end);
    bool is_missed = event->kind == LD_KUBE_DELETED && watch->reads_logs && has_run(instance) &&
                     !ld_pod_log_is_known(watch->look->asking->memories, pod, instance->name);
    if (!watch->status && is_missed)
        watch->status =
            ld_pod_log_add_missed(watch->look->asking, pod, instance, &watch->found, &watch->why);
    return !watch->status;
}

/* --- what nobody knows --- */

static bool is_refused(const ld_pod_watch *watch)
{
    return watch->status == LEAKDIAG_E_AUTH && watch->request.status == 403;
}

/* A decimal number (KEP-5504); nothing else that a server may call one is asked from, or taken for
 * one of the words that stand in its place. */
static bool is_version(const char *text)
{
    return text && text[0] && strspn(text, "0123456789") == strlen(text);
}

static void say_unknown(ld_pod_watch *watch, leakdiag_log_level level, bool is_gap, const char *why)
{
    const ld_kube_look *look = watch->look;
    snprintf(watch->no_events, sizeof watch->no_events, "%s", why);
    watch->is_gap = is_gap;
    ld_log_say(look->asking->log, level, "source", look->ns,
               "what happened to the pods of %s since the last look is not known: %s",
               look->deployment[0] ? look->deployment : look->ns, why);
}

/* What is in the way of asking at all. What the caller or the cluster does not allow makes no log's
 * count a lower bound: it would do so in every look. */
static void find_obstacle(ld_pod_watch *watch)
{
    const leakdiag_log_level level = LEAKDIAG_LOG_LEVEL_DEBUG;
    const ld_asking *asking = watch->look->asking;
    const char *from = watch->memory->text;
    if (strcmp(from, NOT_PERMITTED) == 0)
        say_unknown(watch, level, false, not_permitted);
    else if (strcmp(from, IN_VAIN) == 0)
        say_unknown(watch, level, true, "asking for its events fails, and rests for some looks");
    else if (strcmp(from, NO_VERSION) == 0)
        say_unknown(watch, level, true,
                    "the list of pods before named no version to begin at, or was not whole");
    else if (!is_version(watch->look->pods.resource_version) || watch->look->pods.is_partial)
        say_unknown(watch, level, true,
                    "the list of pods names no version to end at, or is not whole");
    else if (!asking->is_time_virtual && asking->deadline_ms < DEADLINE_MS)
        say_unknown(watch, level, false, "a look must be allowed 2.5 s to ask for its events");
}

/* How often it failed without a step ahead, and whether that leaves a time unknown for good: else
 * the next look asks for it again. */
static void note_outcome(ld_pod_watch *watch)
{
    char why[sizeof watch->no_events];
    ld_memory_of *memory = watch->memory;
    bool is_lost = watch->status == LEAKDIAG_E_CONFLICT; /* 410 */
    leakdiag_log_level level =
        memory->tries == AGAIN ? LEAKDIAG_LOG_LEVEL_DEBUG : LEAKDIAG_LOG_LEVEL_WARNING;
    bool has_come_on = watch->is_gapless || watch->events.resource_version;
    memory->next_tries = has_come_on || is_lost                        ? 0
                         : is_refused(watch) || memory->tries == AGAIN ? TRIES_MAX
                                                                       : memory->tries + 1;
    if (is_lost)
        say_unknown(watch, level, true,
                    "the API server no longer has the events since the last look");
    else if (is_refused(watch))
        say_unknown(watch, level, false, not_permitted);
    else if (memory->next_tries >= TRIES_MAX) {
        snprintf(why, sizeof why, "asking for its events fails: %.180s",
                 watch->status ? watch->why.message : "the answer ends within an event");
        say_unknown(watch, level, true, why);
    } else if (watch->is_too_much)
        say_unknown(watch, level, true, "more happened to them than is kept");
}

/* --- the answer --- */

static void answered(ld_http_request *request, void *payload)
{
    ld_pod_watch *watch = payload;
    const ld_kube_look *look = watch->look;
    ld_kube_asked asked = {"watch", "pods", "", look->ns, NULL};
    leakdiag_error why = {0};
    ld_ask_note(look->asking, request);
    leakdiag_status status = ld_ask_unanswered(request, &why);
    ld_answer answer = ld_exchange_answer(request);
    if (!status && request->status != 200) {
        status = ld_kube_check(&asked, &answer, &why);
        if (!status) /* another success is no watch */
            status =
                ld_fail(&why, LEAKDIAG_E_PROTOCOL, "HTTP %d instead of events", request->status);
    }
    if (!status)
        status =
            ld_kube_watch_push(&watch->events, &asked, answer.body, answer.len, take, watch, &why);
    bool is_whole = watch->events.line.len == 0; /* else it was cut off within an event */
    watch->is_gapless = !status && !watch->status && is_whole;
    if (!watch->status) {
        watch->status = status;
        watch->why = why;
    }
    if (watch->status == LEAKDIAG_E_NOMEM)
        look->asking->failed = watch->status;
    note_outcome(watch);
}

static leakdiag_status ask(ld_pod_watch *watch, const char *version)
{
    const ld_kube_look *look = watch->look;
    LD_CLEANUP(ld_releasep) char *path = NULL;
    leakdiag_status status =
        ld_kube_path_watch(look->ns, look->selector, version, WATCH_S, &path, &watch->why);
    if (!status)
        status = ld_ask_cluster(look->asking, path, &watch->url, &watch->request, &watch->why);
    if (status)
        return status;
    watch->request.body_max_bytes = BODY_MAX;
    watch->request.timeout_ms = TIMEOUT_MS;
    watch->request.retries_max = -1; /* the next look asks again, and nothing is lost by then */
    watch->request.on_done = answered;
    watch->request.payload = watch;
    if (ld_ask_send(look->asking, &watch->request) || look->asking->failed)
        return look->asking->failed;
    return ld_fail(&watch->why, LEAKDIAG_E_INVALID, "%s", watch->request.why);
}

leakdiag_status ld_pod_watch_begin(ld_pod_watch *watch, const ld_kube_look *look,
                                   const char *container, bool reads_logs)
{
    LD_CLEANUP(ld_text_done) ld_text key = {0};
    if (look->pod[0])
        return LEAKDIAG_OK;
    ld_text_addf(&key, "events %s/%s", look->ns, look->selector ? look->selector : "");
    ld_memory_of *memory = key.failed ? NULL : ld_memories_of(look->asking->memories, key.data);
    if (!memory)
        return LEAKDIAG_E_NOMEM;
    watch->look = look;
    watch->container = container;
    watch->reads_logs = reads_logs;
    watch->memory = memory;
    watch->since_ms = memory->ms;
    if (!memory->text) /* the first look: there is no time before it */
        return LEAKDIAG_OK;
    find_obstacle(watch);
    if (watch->no_events[0] || strcmp(memory->text, look->pods.resource_version) == 0)
        return LEAKDIAG_OK;
    watch->status = ask(watch, memory->text);
    if (watch->status)
        note_outcome(watch);
    return watch->status == LEAKDIAG_E_NOMEM ? watch->status : LEAKDIAG_OK;
}

/* --- the end --- */

/* Both are decimal numbers of one count (KEP-5504). */
static bool is_newer(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    return a_len != b_len ? a_len > b_len : strcmp(a, b) > 0;
}

/* After some looks it is tried once more. */
static void rest(ld_pod_watch *watch)
{
    ld_memory_of *memory = watch->memory;
    if (memory->text && !is_version(memory->text) && memory->tries >= TRIES_MAX)
        memory->next_tries = memory->tries < TRIES_MAX + REST_LOOKS ? memory->tries + 1 : AGAIN;
}

/* From where the next look goes on; NULL: from where this one did. */
static const char *next_version(const ld_pod_watch *watch)
{
    const ld_kube_pods *pods = &watch->look->pods;
    const ld_memory_of *memory = watch->memory;
    const char *event = watch->events.resource_version;
    const char *list = is_version(pods->resource_version) && !pods->is_partial
                           ? pods->resource_version
                           : NO_VERSION;
    bool may_not = memory->text && strcmp(memory->text, NOT_PERMITTED) == 0;
    if (memory->next_tries >= TRIES_MAX)
        return is_refused(watch) || may_not ? NOT_PERMITTED : IN_VAIN;
    if (watch->status == LEAKDIAG_E_CONFLICT || !is_version(list) || !is_version(memory->text))
        return list;
    if (!watch->is_gapless)
        return event;
    return event && is_newer(event, list) ? event : list;
}

/* The logs of pods that came and went in a time that nobody knows of are not counted. */
static leakdiag_status add_gap(ld_pod_watch *watch, ld_facts *facts, leakdiag_error *err)
{
    const ld_kube_look *look = watch->look;
    char why[sizeof watch->no_events + 80];
    if (!watch->reads_logs || !watch->is_gap)
        return LEAKDIAG_OK;
    snprintf(why, sizeof why, "whether a pod came and went since the last look is not known: %s",
             watch->no_events);
    return ld_pod_logs_add_unknown(look->asking, look->ns, look->selector ? look->selector : "",
                                   watch->since_ms, why, facts, err);
}

/* Only with all events before it does a list tell all ends up to its own. */
static leakdiag_status remember_list(const ld_pod_watch *watch, leakdiag_error *err)
{
    const ld_kube_pods *pods = &watch->look->pods;
    for (size_t i = 0; i < pods->n && i < LISTED_MAX; i++) {
        const ld_kube_instance *instance = container_of(watch, &pods->list[i]);
        const ld_kube_end *end = instance ? ld_pod_latest_end(instance) : NULL;
        if (end && remember_end(watch, &pods->list[i], instance, end->finished_ms))
            return ld_fail_nomem(err);
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_pod_watch_finish(ld_pod_watch *watch, ld_facts *facts, leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    if (!watch->memory)
        return LEAKDIAG_OK;
    rest(watch);
    const char *next = next_version(watch);
    if (next && !ld_memory_set_next_text(watch->memory, next))
        return ld_fail_nomem(err);
    if (next)
        watch->memory->next_ms = watch->look->asking->now_ms;
    if (next == watch->look->pods.resource_version || watch->is_gapless)
        status = remember_list(watch, err);
    for (size_t i = 0; !status && i < watch->found.n; i++) {
        status = ld_facts_add(facts, watch->found.list[i], err);
        watch->found.list[i] = NULL;
    }
    return status ? status : add_gap(watch, facts, err);
}
