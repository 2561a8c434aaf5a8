#include "sources/pod_watch.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sources/exchange.h"
#include "sources/kube_facts.h"
#include "sources/kube_log.h"

#define WATCH_S       1
#define TIMEOUT_MS    1800 /* the API server ends it after a second */
#define DEADLINE_MS   2500 /* a look that may not last so long asks for no events */
#define BODY_MAX      ((size_t)16 << 20)
#define LISTED_MAX    64  /* pods of a list whose ends are remembered */
#define NOT_PERMITTED "-" /* in place of a version: this session does not ask again */

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

static const ld_kube_pod *listed(const ld_pod_watch *watch, const ld_kube_pod *pod)
{
    const ld_kube_pods *pods = &watch->look->pods;
    for (size_t i = 0; i < pods->n; i++)
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
    watch->is_answered = true;
    bool is_whole = watch->events.line.len == 0; /* else it was cut off within an event */
    watch->is_gapless = !status && !watch->status && is_whole;
    if (!watch->status) {
        watch->status = status;
        watch->why = why;
    }
    if (watch->status == LEAKDIAG_E_NOMEM)
        look->asking->failed = watch->status;
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
    watch->is_asked = ld_ask_send(look->asking, &watch->request);
    return look->asking->failed;
}

leakdiag_status ld_pod_watch_begin(ld_pod_watch *watch, const ld_kube_look *look,
                                   const char *container, bool reads_logs)
{
    LD_CLEANUP(ld_text_done) ld_text key = {0};
    if (look->pod[0] || look->pods.is_partial || !look->pods.resource_version)
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
    bool has_time = look->asking->is_time_virtual || look->asking->deadline_ms >= DEADLINE_MS;
    if (!has_time || !memory->text || strcmp(memory->text, NOT_PERMITTED) == 0 ||
        strcmp(memory->text, look->pods.resource_version) == 0)
        return LEAKDIAG_OK;
    leakdiag_status status = ask(watch, memory->text);
    return status == LEAKDIAG_E_NOMEM ? status : LEAKDIAG_OK;
}

/* --- the end --- */

/* Both are decimal numbers of one count (KEP-5504). */
static bool is_newer(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    return a_len != b_len ? a_len > b_len : strcmp(a, b) > 0;
}

/* From where the next look goes on; NULL: from where this one did. */
static const char *next_version(const ld_pod_watch *watch)
{
    const char *list = watch->look->pods.resource_version, *event = watch->events.resource_version;
    bool is_first = !watch->memory->text;
    bool is_lost = watch->status == LEAKDIAG_E_CONFLICT;
    if (watch->status == LEAKDIAG_E_AUTH && watch->request.status == 403)
        return NOT_PERMITTED;
    if (is_first || is_lost)
        return list;
    if (!watch->is_gapless)
        return event;
    return event && is_newer(event, list) ? event : list;
}

static leakdiag_status add_unknown(ld_pod_watch *watch, const char *why, ld_facts *facts,
                                   leakdiag_error *err)
{
    const ld_kube_look *look = watch->look;
    if (!watch->reads_logs)
        return LEAKDIAG_OK;
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
    if (!status && watch->is_too_much)
        status = add_unknown(watch, "more happened to its pods between two looks than is kept",
                             facts, err);
    if (!status && watch->status == LEAKDIAG_E_CONFLICT)
        status = add_unknown(watch,
                             "the API server no longer has the events since the last look: whether "
                             "a pod came and went in between is not known",
                             facts, err);
    return status;
}
