/* The memory of the workload over all looks: one series, and when its instances ended. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "diagnosis/view_parts.h"

static bool is_memory(const ld_fact *fact)
{
    return fact->kind == LD_FACT_MEMORY && !fact->error && !fact->of.memory.pod.is_between_looks;
}

/* An end that the cluster told of the time between two looks. */
static bool is_end(const ld_fact *fact)
{
    return fact->kind == LD_FACT_MEMORY && !fact->error && fact->of.memory.pod.is_between_looks &&
           fact->of.memory.pod.ended_ms;
}

bool ld_same_pod(const ld_memory_fact *a, const ld_memory_fact *b)
{
    return a->has_pod && b->has_pod && ld_text_equal(a->pod.uid, b->pod.uid) &&
           ld_text_equal(a->pod.container, b->pod.container);
}

static bool stays(const ld_memory_fact *memory)
{
    return !memory->has_pod || (!memory->pod.is_terminating && memory->started_ms);
}

/* Which of several pods speaks for the workload: one that runs and stays, and of those the fullest.
 */
static bool speaks_more(const ld_memory_fact *a, const ld_memory_fact *b)
{
    if (stays(a) != stays(b))
        return stays(a);
    if (!isfinite(a->working_set_bytes) || !isfinite(b->working_set_bytes))
        return isfinite(a->working_set_bytes) && !isfinite(b->working_set_bytes);
    return a->working_set_bytes > b->working_set_bytes;
}

/* The facts of one look have one time. *end is behind its last fact; NULL when it saw no memory. */
static const ld_fact *lead(const leakdiag_observation *o, size_t from, const ld_fact *like,
                           size_t *end)
{
    const ld_fact *best = NULL;
    size_t i = from;
    for (; i < o->n_facts && o->facts[i]->time_ms == o->facts[from]->time_ms; i++) {
        const ld_fact *fact = o->facts[i];
        if (!is_memory(fact))
            continue;
        bool is_same = like && ld_same_pod(&fact->of.memory, &like->of.memory);
        bool best_is_same = like && best && ld_same_pod(&best->of.memory, &like->of.memory);
        if (!best || (is_same && !best_is_same) ||
            (is_same == best_is_same && speaks_more(&fact->of.memory, &best->of.memory)))
            best = fact;
    }
    *end = i;
    return best;
}

const ld_fact *ld_latest_memory(const leakdiag_observation *o)
{
    size_t i = o->n_facts, end;
    while (i > 0 && !is_memory(o->facts[i - 1]))
        i--;
    if (i == 0)
        return NULL;
    int64_t time_ms = o->facts[i - 1]->time_ms;
    while (i > 0 && o->facts[i - 1]->time_ms == time_ms)
        i--;
    return lead(o, i, NULL, &end);
}

/* --- how instances ended --- */

/* What a memory fact says of restarts, against the one before it. */
typedef struct instance {
    const ld_memory_fact *fact; /* NULL: none yet */
    int64_t sample_ms, started_ms, pid, oom_kills, ended_ms, restarts;
} instance;

static bool is_other_instance(const instance *a, const ld_memory_fact *b)
{
    if (a->started_ms && b->started_ms)
        return a->started_ms != b->started_ms;
    return a->pid && b->pid && a->pid != b->pid;
}

static int64_t restart_time(const instance *a, const ld_memory_fact *b)
{
    if (b->started_ms > a->sample_ms && b->started_ms <= b->sample_ms)
        return b->started_ms;
    return a->sample_ms + (b->sample_ms - a->sample_ms) / 2;
}

/* In order and once: a look may tell late what the cluster told of the time before it. */
static void insert(int64_t *times_ms, size_t *n, int64_t at_ms)
{
    size_t i = *n;
    while (i > 0 && times_ms[i - 1] > at_ms)
        i--;
    if (i > 0 && times_ms[i - 1] == at_ms)
        return;
    memmove(times_ms + i + 1, times_ms + i, (*n - i) * sizeof *times_ms);
    times_ms[i] = at_ms;
    ++*n;
}

static void note_end(ld_view *view, int64_t at_ms, bool killed)
{
    insert(view->restart_ms, &view->n_restarts, at_ms);
    if (killed)
        insert(view->oom_ms, &view->n_ooms, at_ms);
}

static bool was_oom_killed(const ld_pod_fact *pod)
{
    return pod->end_reason && strcmp(pod->end_reason, "OOMKilled") == 0;
}

/* A pod says itself how its last instance ended, also of the time before the first look. */
static void note_pod(ld_view *view, const instance *before, const ld_memory_fact *now)
{
    const ld_pod_fact *pod = &now->pod;
    bool is_same = before->fact && ld_same_pod(before->fact, now);
    if (pod->ended_ms && (!is_same || pod->ended_ms > before->ended_ms))
        note_end(view, pod->ended_ms, was_oom_killed(pod));
    else if (before->fact && !is_same && now->started_ms)
        note_end(view, now->started_ms, false); /* a rollout: another pod took over */
    else if (is_same && before->restarts >= 0 && pod->restarts > before->restarts &&
             !pod->ended_ms && now->started_ms)
        note_end(view, now->started_ms, false);
}

static bool is_looked_at(const leakdiag_observation *o, size_t from, size_t end,
                         const ld_memory_fact *pod)
{
    for (size_t i = from; i < end; i++)
        if (is_memory(o->facts[i]) && ld_same_pod(&o->facts[i]->of.memory, pod))
            return true;
    return false;
}

/* It ran at that time already: what ended then was no predecessor of it. */
static bool ran_beside(const ld_memory_fact *lead, const ld_memory_fact *before, int64_t ended_ms)
{
    return (before && ld_same_pod(before, lead)) ||
           (lead->started_ms && lead->started_ms < ended_ms);
}

/* Of the pod that leads the look all ends count. Of one that has gone only a kill does: what else
 * ended it is how a rollout ends pods; and it bends no curve when the pod that leads ran beside it.
 * Another one that is still there has a curve of its own. */
static void note_ends_between(ld_view *view, size_t from, size_t end, const ld_fact *lead,
                              const ld_memory_fact *before)
{
    const leakdiag_observation *o = view->observation;
    for (size_t i = from; i < end; i++) {
        const ld_memory_fact *of = &o->facts[i]->of.memory;
        if (!is_end(o->facts[i]))
            continue;
        bool killed = was_oom_killed(&of->pod);
        bool leads = lead && ld_same_pod(of, &lead->of.memory);
        if (!leads && (!killed || is_looked_at(o, from, end, of)))
            continue;
        if (!leads && lead && ran_beside(&lead->of.memory, before, of->pod.ended_ms))
            insert(view->gone_oom_ms, &view->n_gone_ooms, of->pod.ended_ms);
        else
            note_end(view, of->pod.ended_ms, killed);
    }
}

static void note_restart(ld_view *view, const instance *before, const ld_memory_fact *now)
{
    if (now->has_pod) {
        note_pod(view, before, now);
        return;
    }
    if (!before->fact)
        return;
    bool killed = before->oom_kills >= 0 && now->oom_kills > before->oom_kills;
    if (killed || is_other_instance(before, now))
        note_end(view, restart_time(before, now), killed);
}

/* What happened before the first sample bends no curve. */
static void forget_before(int64_t *times_ms, size_t *n, int64_t first_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (times_ms[i] >= first_ms)
            times_ms[kept++] = times_ms[i];
    *n = kept;
}

/* --- the series --- */

typedef struct points {
    int64_t *times_ms;
    double *values;
    size_t n, room;
} points;

static void points_done(points *p)
{
    ld_release(p->times_ms);
    ld_release(p->values);
}

static void add_point(points *p, int64_t time_ms, double value)
{
    if (!isfinite(value)) /* the workload is known, its memory is not */
        return;
    if (p->n && time_ms <= p->times_ms[p->n - 1]) /* the same sample asked for again */
        return;
    if (p->n == p->room)
        return;
    p->times_ms[p->n] = time_ms;
    p->values[p->n++] = value;
}

static bool is_series(const ld_fact *fact)
{
    return fact->kind == LD_FACT_SERIES && !fact->error && ld_series_is_memory(&fact->of.series);
}

static size_t count_points(const leakdiag_observation *o, size_t *n_memory)
{
    size_t n = 0;
    *n_memory = 0;
    for (size_t i = 0; i < o->n_facts; i++) {
        const ld_fact *fact = o->facts[i];
        if (is_series(fact))
            n += leakdiag_series_len(fact->of.series.series);
        *n_memory += is_memory(fact) || is_end(fact);
    }
    return n + *n_memory;
}

/* The latest recording; a recording is read again at each look, so only the last one counts. */
static const ld_series_fact *recording(const leakdiag_observation *o)
{
    for (size_t i = o->n_facts; i-- > 0;)
        if (is_series(o->facts[i]) && !o->facts[i]->of.series.pod &&
            !o->facts[i]->of.series.is_of_looks)
            return &o->facts[i]->of.series;
    return NULL;
}

/* What a backend remembers of this pod. */
static void collect_history(const ld_view *view, points *p)
{
    const leakdiag_observation *o = view->observation;
    const ld_memory_fact *judged = view->memory ? &view->memory->of.memory : NULL;
    for (size_t i = 0; judged && judged->has_pod && i < o->n_facts; i++) {
        const ld_fact *fact = o->facts[i];
        const ld_series_fact *of = &fact->of.series;
        if (!is_series(fact) || !of->pod || of->is_of_looks ||
            !ld_text_equal(of->pod, judged->pod.name) ||
            (of->container && !ld_text_equal(of->container, judged->pod.container)))
            continue;
        const leakdiag_series *series = fact->of.series.series;
        for (size_t k = 0; k < leakdiag_series_len(series); k++)
            add_point(p, leakdiag_series_times_ms(series)[k], leakdiag_series_values(series)[k]);
    }
}

/* A backend repeats the last value of an instance until a scrape sees the next one: what follows a
 * kill without being lower is memory of the killed instance. */
#define HELD_MS INT64_C(60000) /* the usual pause between two scrapes is no longer */

static void drop_held(points *p, size_t n_history, const int64_t *oom_ms, size_t n_ooms)
{
    size_t kept = 0, k = 0;
    for (size_t i = 0; i < p->n; i++) {
        int64_t time_ms = p->times_ms[i];
        while (k + 1 < n_ooms && oom_ms[k + 1] <= time_ms)
            k++;
        bool is_after =
            i < n_history && k < n_ooms && time_ms >= oom_ms[k] && time_ms - oom_ms[k] <= HELD_MS;
        if (is_after && kept && p->times_ms[kept - 1] <= oom_ms[k] &&
            p->values[i] >= p->values[kept - 1])
            continue;
        p->times_ms[kept] = time_ms;
        p->values[kept++] = p->values[i];
    }
    p->n = kept;
}

/* Between a kill and the restart there is no instance: a zero then is no memory of the workload. */
static bool is_empty(const ld_memory_fact *memory)
{
    if (!memory->kind || memory->started_ms || memory->pid)
        return false;
    return memory->has_pod || strncmp(memory->kind, "cgroup", 6) == 0;
}

static void take_look(ld_view *view, points *p, instance *before, const ld_memory_fact *memory)
{
    note_restart(view, before, memory);
    bool empty = is_empty(memory);
    if (!empty)
        add_point(p, memory->sample_ms, memory->working_set_bytes);
    int64_t kills = memory->oom_kills;
    if (empty && before->fact) { /* keep the instance: its successor is a restart */
        before->oom_kills = kills >= 0 ? kills : before->oom_kills;
        before->ended_ms =
            memory->pod.ended_ms > before->ended_ms ? memory->pod.ended_ms : before->ended_ms;
    } else if (!empty || memory->has_pod) {
        *before = (instance){memory, memory->sample_ms,    memory->started_ms,  memory->pid,
                             kills,  memory->pod.ended_ms, memory->pod.restarts};
    } else {
        before->oom_kills = kills;
    }
}

static void collect_looks(ld_view *view, points *p)
{
    const leakdiag_observation *o = view->observation;
    instance before = {.oom_kills = -1, .restarts = -1};
    for (size_t i = 0, end; i < o->n_facts; i = end) {
        const ld_fact *fact = lead(o, i, view->memory, &end);
        note_ends_between(view, i, end, fact, before.fact);
        if (!fact)
            continue;
        if (!view->first_memory)
            view->first_memory = fact;
        take_look(view, p, &before, &fact->of.memory);
    }
}

/* --- looks that are not kept one by one --- */

#define SERIES_MAX 256 /* pods that followed each other; what is older bends no curve */

typedef struct part { /* the first n points of a series */
    const leakdiag_series *series;
    size_t n;
} part;

static size_t points_before(const leakdiag_series *series, int64_t before_ms)
{
    const int64_t *times_ms = leakdiag_series_times_ms(series);
    size_t low = 0, high = leakdiag_series_len(series);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (times_ms[middle] < before_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_judged(const ld_view *view, const ld_series_fact *of)
{
    const ld_memory_fact *judged = view->memory ? &view->memory->of.memory : NULL;
    return judged && ld_text_equal(of->pod, judged->pod.name) &&
           ld_text_equal(of->container, judged->pod.container);
}

/* The newest samples before that time: the judged pod's, or those of the pod before it. */
static part part_before(const ld_view *view, int64_t before_ms)
{
    const leakdiag_observation *o = view->observation;
    part best = {0};
    int64_t best_ms = INT64_MIN;
    for (size_t i = 0; i < o->n_facts; i++) {
        const ld_series_fact *of = &o->facts[i]->of.series;
        if (!is_series(o->facts[i]) || !of->is_of_looks)
            continue;
        size_t n = points_before(of->series, before_ms);
        int64_t last_ms = n ? leakdiag_series_times_ms(of->series)[n - 1] : 0;
        bool is_first = before_ms == INT64_MAX && is_judged(view, of);
        if (n && (is_first || last_ms > best_ms)) {
            best = (part){of->series, n};
            best_ms = is_first ? INT64_MAX : last_ms;
        }
    }
    return best;
}

static void collect_kept(const ld_view *view, points *p)
{
    part parts[SERIES_MAX];
    size_t n = 0;
    int64_t before_ms = INT64_MAX;
    while (n < SERIES_MAX && (parts[n] = part_before(view, before_ms)).n > 0)
        before_ms = leakdiag_series_times_ms(parts[n++].series)[0];
    while (n-- > 0)
        for (size_t i = 0; i < parts[n].n; i++)
            add_point(p, leakdiag_series_times_ms(parts[n].series)[i],
                      leakdiag_series_values(parts[n].series)[i]);
}

static bool points_init(points *p, size_t room)
{
    p->room = room;
    p->times_ms = ld_alloc_array(room, sizeof *p->times_ms);
    p->values = ld_alloc_array(room, sizeof *p->values);
    return p->times_ms && p->values;
}

static void merge(points *p, const points *a, const points *b)
{
    size_t i = 0, k = 0;
    while (i < a->n || k < b->n) {
        bool first = k == b->n || (i < a->n && a->times_ms[i] <= b->times_ms[k]);
        if (first)
            add_point(p, a->times_ms[i], a->values[i]);
        else
            add_point(p, b->times_ms[k], b->values[k]);
        i += first;
        k += !first;
    }
}

/* What a backend remembers, and behind it what was seen. */
static leakdiag_status collect(ld_view *view, points *p, leakdiag_error *err)
{
    LD_CLEANUP(points_done) points kept = {0}, looks = {0};
    if (!points_init(&kept, p->room) || !points_init(&looks, p->room))
        return ld_fail_nomem(err);
    collect_history(view, p);
    size_t n_history = p->n;
    collect_kept(view, &kept);
    collect_looks(view, &looks);
    merge(p, &kept, &looks);
    drop_held(p, n_history, view->oom_ms, view->n_ooms);
    return LEAKDIAG_OK;
}

leakdiag_status ld_view_make_series(ld_view *view, leakdiag_error *err)
{
    size_t n_memory;
    LD_CLEANUP(points_done) points p = {0};
    bool has_room = points_init(&p, count_points(view->observation, &n_memory) + 1);
    view->restart_ms = ld_alloc_array(n_memory + 1, sizeof *view->restart_ms);
    view->oom_ms = ld_alloc_array(n_memory + 1, sizeof *view->oom_ms);
    view->gone_oom_ms = ld_alloc_array(n_memory + 1, sizeof *view->gone_oom_ms);
    if (!has_room || !view->restart_ms || !view->oom_ms || !view->gone_oom_ms)
        return ld_fail_nomem(err);

    const ld_series_fact *recorded = recording(view->observation);
    if (recorded) {
        view->series = leakdiag_series_ref(recorded->series);
        view->series_is_live = recorded->is_live;
        return LEAKDIAG_OK;
    }
    leakdiag_status status = collect(view, &p, err);
    if (status)
        return status;
    if (p.n) {
        forget_before(view->restart_ms, &view->n_restarts, p.times_ms[0]);
        forget_before(view->oom_ms, &view->n_ooms, p.times_ms[0]);
    }
    view->series_is_live = true;
    return leakdiag_series_new(p.times_ms, p.values, p.n, &view->series, err);
}
