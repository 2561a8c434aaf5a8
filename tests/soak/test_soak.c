/* A day of looks at a workload whose node, API server and clock misbehave: no line and no sample
 * that an answer had is lost or counted twice, every gap is told, and nothing grows. */
#include <check.h>
#include <dirent.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "diagnosis/diagnosis.h"
#include "observation/observation.h"
#include "run/session.h"
#include "soak/node.h"
#include "sources/clusters.h"

#define START_MS       INT64_C(1795392000000) /* 2026-11-23 */
#define PACE_MS        5000
#define LOOKS          17280 /* a day */
#define CALM_LOOKS     40    /* without faults, at the end: what is open is closed */
#define SEEDS          20    /* or SOAK_SEEDS of the environment: 2,000 for a night */
#define TELL_LOOKS     40    /* within which a gap must be told */
#define EARLY          1440  /* two hours: all that it keeps is there */
#define BYTES_PER_HOUR 8192  /* samples of 16 bytes, and the gaps that are told */
/* The looks before and behind a restart, a rollout, a pod that came and went. */
#define BYTES_PER_CHANGE 10240
#define HOLES_MAX        256
#define GAPS_MAX         256
#define DUES_MAX         256

static const char scenario_text[] =
    "apiVersion: leakdiag/v1\nkind: Scenario\nmetadata: {name: soak, title: Soak, summary: Soak.}\n"
    "pace: {every: 5s, window: 5m, settle: 1m, stale: 2m}\n"
    "sources:\n  workload:\n"
    "    - {type: kubernetes, as: app, namespace: otel-demo, deployment: checkout,"
    " usual_selector: app=checkout, container: checkout}\n"
    "  log:\n    - {type: pod-log, of: app}\n"
    "patterns:\n"
    "  kind0: {text: kind 0}\n  kind1: {text: kind 1}\n"
    "checks:\n"
    "  orders: {kind: rate, asks: 'Are there orders?', expect: {of: ['log:kind0'],"
    " min_per_min: 1, max_per_min: 1000}}\n"
    "  memory: {kind: memory, asks: 'Does memory grow?'}\n";

/* What this test knows of one pod's log. */
typedef struct follower {
    char name[32];
    bool is_open;
    size_t frontier; /* up to where looks have read */
    int64_t counted[CLASSES], answered[CLASSES];
} follower;

/* Lines that no look has had: that must be told, now or soon. */
typedef struct hole {
    char name[32];
    size_t slot;
    span lines;
    int look;
} hole;

/* What happened and must be told. */
typedef struct due {
    news of;
    int look;
} due;

typedef struct sample {
    char pod[32];
    int64_t time_ms;
} sample;

typedef struct soak {
    node node;
    leakdiag_session *session;
    leakdiag_observation *observation;
    place place;
    leakdiag_cluster *cluster;
    follower followers[PODS_AT_ONCE]; /* of the node's pods, at the same places */
    hole holes[HOLES_MAX];
    size_t n_holes;
    hole gaps[GAPS_MAX]; /* that were told lately; a ring */
    size_t n_gaps;
    int look;
    due dues[DUES_MAX];
    size_t n_dues, n_told; /* told: only by events */
    int64_t n_lines, n_lost, n_failed;
    sample samples[SAMPLES_MAX]; /* that an answer had */
    size_t n_samples;
    sample observed[2 * SAMPLES_MAX];
    size_t bytes_early;
    uint64_t changes_early;
    int n_descriptors;
} soak;

static soak s;
static int part; /* of the seeds: two processes have half of them each */

/* --- what the library holds --- */

typedef struct block {
    size_t bytes;
    max_align_t data[];
} block;

static size_t live_bytes;

static void *counted_alloc(size_t bytes, void *payload)
{
    (void)payload;
    block *b = malloc(sizeof *b + bytes);
    if (!b)
        return NULL;
    b->bytes = bytes;
    live_bytes += bytes;
    return b->data;
}

static void counted_release(void *memory, void *payload)
{
    (void)payload;
    block *b = (block *)(void *)((char *)memory - offsetof(block, data));
    live_bytes -= b->bytes;
    free(b);
}

static void *counted_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    void *made = counted_alloc(bytes, payload);
    if (!made)
        return NULL;
    memcpy(made, memory, old_bytes < bytes ? old_bytes : bytes);
    counted_release(memory, payload);
    return made;
}

static int count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* --- a session --- */

static int64_t virtual_now(void *payload)
{
    return ((node *)payload)->now_ms;
}

static void open_session(uint32_t seed)
{
    memset(&s, 0, sizeof s);
    node_init(&s.node, seed, START_MS);
    place_make(&s.place);
    place_config(&s.place, "server: 'https://api.invalid:6443'", "token: t");
    s.cluster = place_open(&s.place, LEAKDIAG_EXEC_DENY);
    leakdiag_transport transport = node_transport(&s.node);
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    options.cluster = s.cluster;
    options.transport = &transport;
    options.deadline_ms =
        100; /* less than the first pause before a retry: time is not waited for */
    leakdiag_scenario *scenario = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_scenario_parse(scenario_text, strlen(scenario_text), NULL,
                                                     NULL, 0, &scenario, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    status = leakdiag_session_new(scenario, &options, &s.session, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    leakdiag_scenario_unref(scenario);
    s.session->clock_ms = virtual_now;
    s.session->clock_payload = &s.node;
}

static void close_session(void)
{
    leakdiag_observation_unref(s.observation);
    leakdiag_session_free(s.session);
    leakdiag_cluster_free(s.cluster);
    place_remove(&s.place);
    node_done(&s.node);
}

/* --- the truth --- */

static void mark_answered(follower *f, pod *p, span lines)
{
    for (size_t i = lines.begin; i < lines.end; i++) {
        f->answered[p->lines[i].kind] += !p->lines[i].is_answered;
        p->lines[i].is_answered = true;
    }
}

static bool has_all(const pod *p, span lines)
{
    for (size_t i = lines.begin; i < lines.end; i++)
        if (!p->lines[i].is_answered)
            return false;
    return true;
}

static void note_hole(size_t slot, const char *name, span lines)
{
    ck_assert_uint_lt(s.n_holes, HOLES_MAX);
    hole *h = &s.holes[s.n_holes++];
    *h = (hole){.slot = slot, .lines = lines, .look = s.look};
    strcpy(h->name, name);
}

/* A look has read the log of this pod: what its answers had is counted, what lies between is not.
 */
static void note_look(size_t slot)
{
    follower *f = &s.followers[slot];
    pod *p = &s.node.pods[slot];
    size_t end = f->frontier, begin = f->is_open ? f->frontier : p->sent.begin;
    f->is_open = true;
    if (p->was_sent_before) {
        mark_answered(f, p, p->sent_before);
        end = p->sent_before.end > end ? p->sent_before.end : end;
    }
    mark_answered(f, p, p->sent);
    end = p->sent.end > end ? p->sent.end : end;
    if (begin < end && !has_all(p, (span){begin, end}))
        note_hole(slot, p->name, (span){begin, end});
    f->frontier = end;
}

static void note_gap(const char *name)
{
    hole *g = &s.gaps[s.n_gaps++ % GAPS_MAX];
    *g = (hole){.look = s.look};
    strcpy(g->name, name);
}

static bool is_told(const hole *h)
{
    for (size_t i = 0; i < GAPS_MAX && i < s.n_gaps; i++)
        if (strcmp(s.gaps[i].name, h->name) == 0 && s.gaps[i].look >= h->look - TELL_LOOKS)
            return true;
    return false;
}

static void check_holes(bool all)
{
    size_t kept = 0;
    for (size_t i = 0; i < s.n_holes; i++) {
        hole *h = &s.holes[i];
        const pod *p = &s.node.pods[h->slot];
        bool is_there = strcmp(p->name, h->name) == 0;
        if (is_there && has_all(p, h->lines)) /* the rest of an answer that was cut off has come */
            continue;
        if (!all && s.look - h->look < TELL_LOOKS) {
            s.holes[kept++] = *h;
            continue;
        }
        s.n_lost++;
        ck_assert_msg(is_told(h), "look %d: lines %zu to %zu of %s are missing, and no gap is told",
                      h->look, h->lines.begin, h->lines.end, h->name);
    }
    s.n_holes = kept;
}

/* Pods that have gone since the last look: what they wrote at their end is missing. */
static void settle_gone(void)
{
    for (size_t i = 0; i < PODS_AT_ONCE; i++) {
        follower *f = &s.followers[i];
        const pod *p = &s.node.pods[i];
        if (!f->name[0] || (p->is_listed && strcmp(f->name, p->name) == 0))
            continue;
        if (f->is_open && strcmp(f->name, p->name) == 0 && f->frontier < p->n_lines)
            note_hole(i, f->name, (span){f->frontier, p->n_lines});
        *f = (follower){0};
    }
    for (size_t i = 0; i < PODS_AT_ONCE; i++)
        if (s.node.pods[i].is_listed)
            strcpy(s.followers[i].name, s.node.pods[i].name);
}

/* --- what was observed --- */

static size_t slot_of(const char *text)
{
    for (size_t i = 0; i < PODS_AT_ONCE; i++)
        if (s.node.pods[i].is_listed && strstr(text, s.node.pods[i].name))
            return i;
    return PODS_AT_ONCE;
}

static void take_log(const ld_fact *fact)
{
    size_t slot = slot_of(fact->source);
    char name[32] = "";
    sscanf(fact->source, "pod-log otel-demo/%31[^/]", name);
    if (fact->error) {
        s.n_failed++;
        return;
    }
    if (fact->of.log.gap_reason && strstr(fact->of.log.gap_reason, "reads it again")) {
        ck_assert_int_eq(fact->of.log.lines, 0); /* not believed: it tells no gap yet */
        return;
    }
    if (fact->of.log.has_gap) {
        ck_assert_ptr_nonnull(fact->of.log.gap_reason);
        note_gap(name);
    }
    s.n_lines += fact->of.log.lines;
    if (slot == PODS_AT_ONCE) { /* its last fact: it is gone */
        ck_assert_int_eq(fact->of.log.lines, 0);
        return;
    }
    note_look(slot);
    follower *f = &s.followers[slot];
    for (size_t k = 0; k < CLASSES; k++) {
        f->counted[k] += fact->of.log.patterns[k].count;
        ck_assert_msg(f->counted[k] == f->answered[k],
                      "look %d, %s: %lld lines of kind %zu counted, %lld were in answers", s.look,
                      fact->source, (long long)f->counted[k], k, (long long)f->answered[k]);
    }
}

/* --- what happened between looks --- */

static void take_news(void)
{
    for (size_t i = 0; i < s.node.n_news; i++) {
        ck_assert_uint_lt(s.n_dues, DUES_MAX);
        s.dues[s.n_dues++] = (due){s.node.news[i], s.look};
    }
    s.node.n_news = 0;
}

static bool tells(const ld_fact *fact, const news *of)
{
    if (fact->error)
        return false;
    if (of->ended_ms)
        return fact->kind == LD_FACT_MEMORY && fact->of.memory.pod.ended_ms == of->ended_ms &&
               strcmp(fact->of.memory.pod.name, of->pod) == 0;
    return fact->kind == LD_FACT_LOG && fact->of.log.has_gap && strstr(fact->source, of->pod);
}

/* That something may have happened which nobody knows of. */
static bool is_unknown(const ld_fact *fact)
{
    return fact->kind == LD_FACT_LOG && !fact->error && fact->of.log.has_gap &&
           strstr(fact->source, "app=checkout");
}

static bool is_paid(const due *d)
{
    const leakdiag_observation *o = s.observation;
    for (size_t i = o->n_facts; i-- > 0 && o->facts[i]->time_ms == s.node.now_ms;)
        if (tells(o->facts[i], &d->of) || is_unknown(o->facts[i]))
            return true;
    return false;
}

/* Each kill once: the list of a look has it, or an event of the time before it. */
static void check_once(void)
{
    const leakdiag_observation *o = s.observation;
    for (size_t i = o->n_facts; i-- > 0 && o->facts[i]->time_ms == s.node.now_ms;) {
        const ld_fact *a = o->facts[i];
        if (a->kind != LD_FACT_MEMORY || a->error || !a->of.memory.pod.is_between_looks)
            continue;
        s.n_told++;
        for (size_t k = 0; k < o->n_facts; k++)
            ck_assert_msg(k == i || o->facts[k]->kind != LD_FACT_MEMORY || o->facts[k]->error ||
                              !o->facts[k]->of.memory.pod.is_between_looks ||
                              o->facts[k]->of.memory.pod.ended_ms != a->of.memory.pod.ended_ms ||
                              strcmp(o->facts[k]->source, a->source) != 0,
                          "look %d: the end of %s is told twice", s.look, a->source);
    }
}

static void check_dues(void)
{
    size_t kept = 0;
    for (size_t i = 0; i < s.n_dues; i++) {
        if (is_paid(&s.dues[i]))
            continue;
        ck_assert_msg(s.look - s.dues[i].look < TELL_LOOKS,
                      "look %d: nothing is told of %s (%lld) and no gap", s.dues[i].look,
                      s.dues[i].of.pod, (long long)s.dues[i].of.ended_ms);
        s.dues[kept++] = s.dues[i];
    }
    s.n_dues = kept;
    check_once();
}

static void take_memory(const ld_fact *fact)
{
    if (!fact->error && fact->of.memory.pod.is_between_looks)
        return;
    size_t slot = fact->error ? PODS_AT_ONCE : slot_of(fact->source);
    const pod *p = &s.node.pods[slot % PODS_AT_ONCE];
    if (slot == PODS_AT_ONCE || !s.node.sent_samples || !p->sample_ms)
        return;
    for (size_t i = s.n_samples; i-- > 0 && i + 2 * PODS_AT_ONCE > s.n_samples;)
        if (s.samples[i].time_ms == p->sample_ms && strcmp(s.samples[i].pod, p->name) == 0)
            return;
    ck_assert_uint_lt(s.n_samples, SAMPLES_MAX);
    sample *now = &s.samples[s.n_samples++];
    now->time_ms = p->sample_ms;
    strcpy(now->pod, p->name);
}

static void look_once(void)
{
    leakdiag_observation *o = NULL;
    leakdiag_error err = {0};
    node_begin_look(&s.node);
    settle_gone();
    leakdiag_status status = leakdiag_session_gather(s.session, &o, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "look %d: %s", s.look, err.message);
    leakdiag_observation_unref(s.observation);
    s.observation = o;
    for (size_t i = o->n_facts; i-- > 0 && o->facts[i]->time_ms == s.node.now_ms;) {
        if (o->facts[i]->kind == LD_FACT_LOG)
            take_log(o->facts[i]);
        else if (o->facts[i]->kind == LD_FACT_MEMORY)
            take_memory(o->facts[i]);
    }
    check_holes(false);
    take_news();
    check_dues();
}

static void diagnose(void)
{
    leakdiag_diagnosis *d = NULL;
    ck_assert_int_eq(leakdiag_diagnose(s.session->scenario, s.observation, &d, NULL), LEAKDIAG_OK);
    leakdiag_diagnosis_free(d);
}

/* --- what is left of it in the end --- */

static int64_t lines_observed(void)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.observation->n_facts; i++)
        if (s.observation->facts[i]->kind == LD_FACT_LOG && !s.observation->facts[i]->error)
            n += s.observation->facts[i]->of.log.lines;
    return n;
}

static int by_pod_and_time(const void *a, const void *b)
{
    const sample *x = a, *y = b;
    int order = strcmp(x->pod, y->pod);
    return order ? order : (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
}

static void observe(const char *name, int64_t time_ms, size_t *n)
{
    ck_assert_uint_lt(*n, 2 * SAMPLES_MAX);
    s.observed[*n].time_ms = time_ms;
    strcpy(s.observed[(*n)++].pod, name);
}

/* What the observation has of them, in looks (where the same sample asked again is one) and in
 * series (where it may not be again). */
static size_t samples_observed(void)
{
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < s.observation->n_facts; i++) {
        const ld_fact *fact = s.observation->facts[i];
        if (fact->kind == LD_FACT_MEMORY && !fact->error &&
            isfinite(fact->of.memory.working_set_bytes))
            observe(fact->of.memory.pod.name, fact->of.memory.sample_ms, &n);
        if (fact->kind == LD_FACT_SERIES)
            for (size_t k = 0; k < leakdiag_series_len(fact->of.series.series); k++)
                observe(fact->of.series.pod, leakdiag_series_times_ms(fact->of.series.series)[k],
                        &n);
    }
    qsort(s.observed, n, sizeof s.observed[0], by_pod_and_time);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || by_pod_and_time(&s.observed[i], &s.observed[i - 1]) != 0)
            s.observed[kept++] = s.observed[i];
    return kept;
}

static void check_samples(void)
{
    size_t n = samples_observed();
    ck_assert_uint_eq(n, s.n_samples);
    qsort(s.samples, s.n_samples, sizeof s.samples[0], by_pod_and_time);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(by_pod_and_time(&s.samples[i], &s.observed[i]), 0);
}

static uint64_t changes(void)
{
    return s.node.n_restarts + s.node.n_replaced + s.node.n_short_lived;
}

/* What the cluster did may be remembered; that time passes may not. */
static size_t bytes_allowed(void)
{
    return (LOOKS - EARLY) / 720 * BYTES_PER_HOUR +
           (changes() - s.changes_early) * BYTES_PER_CHANGE;
}

static void look_on(int looks)
{
    for (int end = s.look + looks; s.look < end; s.look++) {
        node_live(&s.node, PACE_MS);
        look_once();
        if (s.look % 120 == 0)
            diagnose();
        if (s.look == EARLY) {
            s.bytes_early = live_bytes;
            s.changes_early = changes();
            s.n_descriptors = count_descriptors();
        }
    }
}

static void run_day(uint32_t seed)
{
    open_session(seed);
    look_on(LOOKS);
    s.node.has_faults = false;
    look_on(CALM_LOOKS);
    check_holes(true);
}

/* The same bytes after they were written and read again. */
static void check_capture(void)
{
    char *text = NULL, *again = NULL;
    leakdiag_observation *read = NULL;
    ck_assert_int_eq(leakdiag_observation_to_json(s.observation, &text, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_observation_from_json(text, strlen(text), &read, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_observation_to_json(read, &again, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(text, again);
    leakdiag_observation_unref(read);
    leakdiag_free(text);
    leakdiag_free(again);
}

START_TEST(a_day_of_faults_loses_and_doubles_nothing_and_tells_every_gap)
{
    int seed = 2 * _i + part;
    run_day((uint32_t)seed);
    ck_assert_int_eq(lines_observed(), s.n_lines);
    check_samples();
    check_capture();
    ck_assert_int_eq(count_descriptors(), s.n_descriptors);
    ck_assert_uint_lt(live_bytes - s.bytes_early, bytes_allowed());
    ck_assert_uint_gt(s.node.n_faults, 500); /* there was something to lose */
    ck_assert_uint_gt(s.node.n_restarts + s.node.n_rotations + s.node.n_replaced, 40);
    ck_assert_int_gt(s.n_lost, 0);
    ck_assert_uint_gt(s.node.n_short_lived, 20);
    ck_assert_uint_gt(s.node.n_expired, 5);
    ck_assert_uint_gt(s.n_told, 5);
    ck_assert_int_gt(s.n_lines, 60000);
    ck_assert_uint_gt(s.n_samples, 5000);
    printf(
        "seed %d: %lld lines, %zu samples, %llu requests, %llu faults, %lld holes, %zu gaps told, "
        "%zu ends between looks, %llu changes, %zu of %zu KiB more\n",
        seed, (long long)s.n_lines, s.n_samples, (unsigned long long)s.node.n_requests,
        (unsigned long long)s.node.n_faults, (long long)s.n_lost, s.n_gaps, s.n_told,
        (unsigned long long)(changes() - s.changes_early), (live_bytes - s.bytes_early) / 1024,
        bytes_allowed() / 1024);
    close_session();
}
END_TEST

/* --- a past in fewer facts --- */

/* What a diagnosis rests on, after so many looks. */
static leakdiag_diagnosis *diagnosis_after(int looks, size_t compact_at)
{
    leakdiag_diagnosis *d = NULL;
    open_session(77);
    s.session->compact_at = compact_at;
    s.node.has_rollouts =
        false; /* of two pods at once fewer facts know more of the one that goes */
    look_on(looks);
    ck_assert_int_eq(leakdiag_diagnose(s.session->scenario, s.observation, &d, NULL), LEAKDIAG_OK);
    close_session();
    return d;
}

static void check_same_series(const leakdiag_series *a, const leakdiag_series *b)
{
    size_t n = leakdiag_series_len(a);
    ck_assert_uint_eq(n, leakdiag_series_len(b));
    ck_assert_mem_eq(leakdiag_series_times_ms(a), leakdiag_series_times_ms(b), n * sizeof(int64_t));
    ck_assert_mem_eq(leakdiag_series_values(a), leakdiag_series_values(b), n * sizeof(double));
}

START_TEST(fewer_facts_mean_the_same)
{
    leakdiag_diagnosis *all = diagnosis_after(3000, SIZE_MAX), *few = diagnosis_after(3000, 0);
    ck_assert_uint_gt(all->observation->n_facts, 8000);
    ck_assert_uint_lt(few->observation->n_facts, 1200);
    const ld_view *a = &all->view, *b = &few->view;
    check_same_series(a->series, b->series);
    ck_assert_uint_gt(a->n_restarts, 2);
    ck_assert_uint_eq(a->n_ooms, b->n_ooms);
    ck_assert_mem_eq(a->oom_ms, b->oom_ms, a->n_ooms * sizeof *a->oom_ms);
    ck_assert_uint_eq(a->n_restarts, b->n_restarts);
    ck_assert_mem_eq(a->restart_ms, b->restart_ms, a->n_restarts * sizeof *a->restart_ms);
    ck_assert_int_eq(a->log.lines, b->log.lines);
    ck_assert_int_eq(a->log.has_gap, b->log.has_gap);
    for (size_t i = 0; i < CLASSES; i++) {
        ck_assert_int_eq(a->log.patterns[i].count, b->log.patterns[i].count);
        ck_assert_int_eq(a->log.patterns[i].window_count, b->log.patterns[i].window_count);
        ck_assert_str_eq(a->log.patterns[i].first->text, b->log.patterns[i].first->text);
        ck_assert_str_eq(a->log.patterns[i].last->text, b->log.patterns[i].last->text);
    }
    for (size_t i = 0; i < leakdiag_diagnosis_check_count(all); i++)
        ck_assert_str_eq(leakdiag_check_observed(all, i), leakdiag_check_observed(few, i));
    leakdiag_diagnosis_free(all);
    leakdiag_diagnosis_free(few);
}
END_TEST

static void count_memory(void)
{
    static const leakdiag_allocator allocator = {sizeof(leakdiag_allocator), counted_alloc,
                                                 counted_resize, counted_release, NULL};
    ck_assert_int_eq(leakdiag_set_allocator(&allocator), LEAKDIAG_OK);
}

static int run_half(int seeds)
{
    TCase *tc = tcase_create("soak");
    tcase_set_timeout(tc, 110);
    tcase_add_unchecked_fixture(tc, count_memory, NULL);
    tcase_add_loop_test(tc, a_day_of_faults_loses_and_doubles_nothing_and_tells_every_gap, 0,
                        (seeds + 1 - part) / 2);
    if (part == 0)
        tcase_add_test(tc, fewer_facts_mean_the_same);
    Suite *suite = suite_create("soak");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(void)
{
    const char *text = getenv("SOAK_SEEDS");
    int seeds = text ? atoi(text) : SEEDS, other = EXIT_FAILURE;
    pid_t child = fork();
    part = child == 0;
    int mine = run_half(seeds);
    if (child == 0)
        return mine;
    bool is_good = child > 0 && waitpid(child, &other, 0) == child && other == EXIT_SUCCESS;
    return is_good ? mine : EXIT_FAILURE;
}
