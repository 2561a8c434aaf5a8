/* Samples of memory as series, and the looks around what changed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "observation/compact.h"

static bool is_look(const ld_fact *fact)
{
    return fact->kind == LD_FACT_MEMORY && !fact->error;
}

static bool is_series(const ld_fact *fact)
{
    return fact->kind == LD_FACT_SERIES && !fact->error && ld_series_is_memory(&fact->of.series) &&
           (fact->of.series.pod || fact->of.series.is_of_looks);
}

/* --- what changed --- */

static bool is_same_pod(const ld_pod_fact *a, const ld_pod_fact *b)
{
    return ld_text_equal(a->uid, b->uid) && ld_text_equal(a->name, b->name) &&
           ld_text_equal(a->container, b->container) && ld_text_equal(a->reason, b->reason) &&
           a->is_terminating == b->is_terminating && a->is_between_looks == b->is_between_looks &&
           a->restarts == b->restarts && a->ended_ms == b->ended_ms &&
           ld_text_equal(a->end_reason, b->end_reason) &&
           ld_text_equal(a->limit_text, b->limit_text) && ld_text_equal(a->no_events, b->no_events);
}

/* All but the sample. */
static bool is_same(const ld_fact *x, const ld_fact *y)
{
    const ld_memory_fact *a = &x->of.memory, *b = &y->of.memory;
    return strcmp(x->source, y->source) == 0 && a->has_limit == b->has_limit &&
           (a->has_limit != 1 || a->limit_bytes == b->limit_bytes) &&
           a->oom_kills == b->oom_kills && a->started_ms == b->started_ms && a->pid == b->pid &&
           a->has_pod == b->has_pod && (!a->has_pod || is_same_pod(&a->pod, &b->pod));
}

/* The facts of one look have one time; i is its first one. */
static size_t end_of_look(const ld_compaction *c, size_t i)
{
    size_t end = i;
    while (end < c->n && c->facts[end]->time_ms == c->facts[i]->time_ms)
        end++;
    return end;
}

static size_t next_memory(const ld_compaction *c, size_t i, size_t end)
{
    while (i < end && !is_look(c->facts[i]))
        i++;
    return i;
}

/* Both looks saw the same containers in the same state. */
static bool are_same_looks(const ld_compaction *c, size_t a, size_t b)
{
    size_t a_end = end_of_look(c, a), b_end = end_of_look(c, b);
    a = next_memory(c, a, a_end);
    b = next_memory(c, b, b_end);
    while (a < a_end && b < b_end && is_same(c->facts[a], c->facts[b])) {
        a = next_memory(c, a + 1, a_end);
        b = next_memory(c, b + 1, b_end);
    }
    return a == a_end && b == b_end;
}

static void keep_look(ld_compaction *c, size_t i)
{
    size_t end = end_of_look(c, i);
    for (i = next_memory(c, i, end); i < end; i = next_memory(c, i + 1, end))
        c->keeps[i] = true;
}

/* The first look, the last one, and both around each change. */
static void keep_changes(ld_compaction *c)
{
    size_t before = c->n;
    for (size_t i = 0, end; i < c->n; i = end) {
        end = end_of_look(c, i);
        if (next_memory(c, i, end) == end)
            continue;
        if (before == c->n) {
            keep_look(c, i);
        } else if (!are_same_looks(c, before, i)) {
            keep_look(c, before);
            keep_look(c, i);
        }
        before = i;
    }
    if (before < c->n)
        keep_look(c, before);
}

/* --- the samples --- */

typedef struct point {
    int64_t time_ms;
    double value;
} point;

typedef struct points {
    point *list;
    size_t n;
} points;

static void points_done(points *p)
{
    ld_release(p->list);
}

static void add_point(points *p, int64_t time_ms, double value)
{
    if (isfinite(value))
        p->list[p->n++] = (point){time_ms, value};
}

static int by_time(const void *a, const void *b)
{
    const point *x = a, *y = b;
    return (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
}

/* A series of earlier looks ends behind looks that stayed: what is of one time is one sample. */
static void put_in_order(points *p)
{
    size_t kept = 0;
    qsort(p->list, p->n, sizeof *p->list, by_time);
    for (size_t i = 0; i < p->n; i++)
        if (kept == 0 || p->list[i].time_ms != p->list[kept - 1].time_ms)
            p->list[kept++] = p->list[i];
    p->n = kept;
}

/* Facts that go into one series: of the same source, and backends' apart from looks. */
static bool goes_with(const ld_fact *a, const ld_fact *b)
{
    bool a_looks = is_look(a) || (is_series(a) && a->of.series.is_of_looks);
    bool b_looks = is_look(b) || (is_series(b) && b->of.series.is_of_looks);
    return (is_look(b) || is_series(b)) && a_looks == b_looks &&
           strcmp(a->source, b->source) == 0 &&
           (a_looks || ld_text_equal(a->of.series.container, b->of.series.container));
}

static size_t count_points(const ld_compaction *c, size_t i)
{
    size_t n = 0;
    for (size_t k = i; k < c->n; k++)
        if (goes_with(c->facts[i], c->facts[k]))
            n += is_look(c->facts[k]) ? 1 : leakdiag_series_len(c->facts[k]->of.series.series);
    return n;
}

static void collect(const ld_compaction *c, size_t i, points *p, bool *done, const ld_fact **last)
{
    for (size_t k = i; k < c->n; k++) {
        const ld_fact *fact = c->facts[k];
        if (done[k] || !goes_with(c->facts[i], fact))
            continue;
        done[k] = true;
        *last = fact;
        const leakdiag_series *series = is_look(fact) ? NULL : fact->of.series.series;
        if (!series) {
            add_point(p, fact->of.memory.sample_ms, fact->of.memory.working_set_bytes);
            continue;
        }
        for (size_t j = 0; j < leakdiag_series_len(series); j++)
            add_point(p, leakdiag_series_times_ms(series)[j], leakdiag_series_values(series)[j]);
    }
}

static bool copy_text(const char *text, char **ret)
{
    *ret = text ? ld_copy_text(text) : NULL;
    return !text || *ret;
}

static leakdiag_status new_series(const points *p, leakdiag_series **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) int64_t *times_ms = ld_alloc_array(p->n + 1, sizeof *times_ms);
    LD_CLEANUP(ld_releasep) double *values = ld_alloc_array(p->n + 1, sizeof *values);
    if (!times_ms || !values)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < p->n; i++) {
        times_ms[i] = p->list[i].time_ms;
        values[i] = p->list[i].value;
    }
    return leakdiag_series_new(times_ms, values, p->n, ret, err);
}

static leakdiag_status make_series(const ld_fact *like, const points *p, int64_t time_ms,
                                   ld_fact **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = NULL;
    leakdiag_status status = ld_fact_new(LD_FACT_SERIES, like->source, time_ms, &fact, err);
    if (status)
        return status;
    bool is_of_look = is_look(like);
    const ld_series_fact *from = is_of_look ? NULL : &like->of.series;
    const ld_pod_fact *pod = is_of_look ? &like->of.memory.pod : NULL;
    ld_series_fact *to = &fact->of.series;
    to->is_live = true;
    to->is_of_looks = is_of_look || from->is_of_looks;
    if (!copy_text(from ? like->subject : "memory", &fact->subject) ||
        !copy_text(from ? from->name : "memory", &to->name) ||
        !copy_text(from ? from->pod : pod->name, &to->pod) ||
        !copy_text(from ? from->container : pod->container, &to->container))
        return ld_fail_nomem(err);
    status = new_series(p, &to->series, err);
    if (!status)
        *ret = ld_steal(&fact);
    return status;
}

static leakdiag_status make_one(ld_compaction *c, size_t i, bool *done)
{
    LD_CLEANUP(points_done) points p = {0};
    const ld_fact *last = c->facts[i];
    p.list = ld_alloc_array(count_points(c, i) + 1, sizeof *p.list);
    if (!p.list)
        return ld_fail_nomem(c->err);
    collect(c, i, &p, done, &last);
    put_in_order(&p);
    if (p.n == 0)
        return LEAKDIAG_OK;
    ld_fact *made = NULL;
    leakdiag_status status = make_series(c->facts[i], &p, last->time_ms, &made, c->err);
    if (!status)
        c->made[c->n_made++] = made;
    return status;
}

leakdiag_status ld_compact_memory(ld_compaction *c)
{
    LD_CLEANUP(ld_releasep) bool *done = ld_alloc_array(c->n + 1, sizeof *done);
    leakdiag_status status = done ? LEAKDIAG_OK : ld_fail_nomem(c->err);
    keep_changes(c);
    for (size_t i = 0; !status && i < c->n; i++) {
        const ld_fact *fact = c->facts[i];
        if (fact->kind == LD_FACT_SERIES && !fact->error && ld_series_is_memory(&fact->of.series) &&
            !is_series(fact))
            c->keeps[i] = true; /* a recording */
        else if (!done[i] && (is_look(fact) || is_series(fact)))
            status = make_one(c, i, done);
    }
    return status;
}
