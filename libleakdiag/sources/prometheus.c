/* What Prometheus remembers: the memory of the workload's pods, and counters. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "sources/asking.h"
#include "sources/copier.h"
#include "sources/exchange.h"
#include "wire/prometheus.h"

#define REACH_BACK_MS INT64_C(1800000) /* the runbook looks at 30 minutes */
#define STEP_MS       INT64_C(15000)
#define LOOK_BACK_MS  INT64_C(300000) /* Prometheus repeats the last value of a series so long */
#define SERIES_MAX    64              /* containers of pods */

typedef struct prometheus_question {
    ld_question base;
    const char *name;
    bool is_memory;
    ld_endpoint endpoint;
    ld_memory_of *memory; /* how far it was read */
    int64_t told_from_ms; /* what is older was told by an earlier look */
    char *url;
    ld_http_request request;
    leakdiag_error why;
    leakdiag_status invalid;
} prometheus_question;

static void done(ld_question *question)
{
    prometheus_question *q = (prometheus_question *)question;
    ld_http_request_done(&q->request);
    ld_release(q->url);
    ld_endpoint_done(&q->endpoint);
}

static const ld_source_spec *workload_of(const ld_question *question)
{
    const char *of = ld_attribute_text(&question->spec->attributes, "of", "app");
    const ld_role *role = ld_scenario_role(question->asking->scenario, "workload");
    for (size_t i = 0; role && i < role->n; i++)
        if (strcmp(ld_attribute_text(&role->sources[i].attributes, "as", ""), of) == 0)
            return &role->sources[i];
    return NULL;
}

/* The names of a regular expression's own characters do not occur in names of the cluster but '.'.
 */
static void add_pod_pattern(ld_text *query, const char *pod, const char *deployment)
{
    LD_CLEANUP(ld_text_done) ld_text pattern = {0};
    for (const char *at = pod[0] ? pod : deployment; *at; at++)
        ld_text_addf(&pattern, *at == '.' ? "\\." : "%c", *at);
    if (!pod[0])
        ld_text_add(&pattern, "-[a-z0-9]+(-[a-z0-9]+)?");
    ld_prometheus_add_literal(query, pattern.data ? pattern.data : "");
    query->failed = query->failed || pattern.failed;
}

/* cAdvisor's series, and those that a collector's kubeletstats brings over OTLP with and without
 * the unit in the name. The series of the pod as a whole and of its pause container are not asked
 * for. */
static leakdiag_status memory_query(const ld_question *question, ld_text *query,
                                    leakdiag_error *err)
{
    static const struct {
        const char *metric, *ns, *pod, *container;
    } names[] = {
        {"container_memory_working_set_bytes", "namespace", "pod", "container"},
        {"k8s_pod_memory_working_set_bytes", "k8s_namespace_name", "k8s_pod_name", NULL},
        {"k8s_pod_memory_working_set", "k8s_namespace_name", "k8s_pod_name", NULL},
    };
    const ld_source_spec *workload = workload_of(question);
    if (!workload)
        return ld_fail(err, LEAKDIAG_E_INVALID, "no workload source is called like its \"of\"");
    const ld_attributes *a = &workload->attributes;
    const char *container = ld_attribute_text(a, "container", "");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ld_text_addf(query, "%s%s{%s=", i ? " or " : "", names[i].metric, names[i].ns);
        ld_prometheus_add_literal(query, ld_attribute_text(a, "namespace", ""));
        ld_text_addf(query, ",%s=~", names[i].pod);
        add_pod_pattern(query, ld_attribute_text(a, "pod", ""),
                        ld_attribute_text(a, "deployment", ""));
        if (names[i].container && container[0]) {
            ld_text_addf(query, ",%s=", names[i].container);
            ld_prometheus_add_literal(query, container);
        } else if (names[i].container) {
            ld_text_addf(query, ",%s!=\"\",%s!=\"POD\"", names[i].container, names[i].container);
        }
        ld_text_add(query, "}");
    }
    return query->failed ? ld_fail_nomem(err) : LEAKDIAG_OK;
}

static leakdiag_status make_query(prometheus_question *q, ld_text *query)
{
    if (q->is_memory)
        return memory_query(&q->base, query, &q->why);
    const char *text = ld_attribute_text(&q->base.spec->attributes, "query", NULL);
    if (!text)
        return ld_fail(&q->why, LEAKDIAG_E_INVALID, "counter \"%s\" has no query", q->name);
    ld_text_add(query, text);
    return query->failed ? ld_fail_nomem(&q->why) : LEAKDIAG_OK;
}

/* The first time that is asked for. After a restart the series of both instances have values: which
 * one is the younger shows only where it begins, so a later look asks from before that. */
static int64_t first_ms(prometheus_question *q)
{
    int64_t now_ms = q->base.asking->now_ms, next_ms = q->memory->ms + STEP_MS;
    if (!q->is_memory)
        return now_ms - q->base.asking->scenario->window_ms;
    if (!q->memory->ms)
        return now_ms - REACH_BACK_MS;
    q->told_from_ms = next_ms < now_ms ? next_ms : now_ms;
    return q->told_from_ms - STEP_MS - LOOK_BACK_MS;
}

static leakdiag_status prepare(prometheus_question *q)
{
    ld_asking *asking = q->base.asking;
    LD_CLEANUP(ld_text_done) ld_text query = {0}, key = {0};
    LD_CLEANUP(ld_releasep) char *path = NULL;
    ld_text_addf(&key, "prometheus %s", q->name);
    q->memory = key.failed ? NULL : ld_memories_of(asking->memories, key.data);
    if (!q->memory)
        return LEAKDIAG_E_NOMEM;
    leakdiag_status status = make_query(q, &query);
    if (!status)
        status = ld_prometheus_range_path(query.data, first_ms(q), asking->now_ms, STEP_MS, &path,
                                          &q->why);
    if (!status)
        status = ld_endpoint_url(&q->endpoint, path, &q->url, &q->why);
    if (status)
        return status;
    q->request = (ld_http_request){.method = "GET",
                                   .url = q->url,
                                   .origin = q->endpoint.origin,
                                   .retries_max = LD_SERVICE_RETRIES_MAX,
                                   .body_max_bytes = LD_PROMETHEUS_BODY_MAX_BYTES};
    ld_ask_send(asking, &q->request);
    return LEAKDIAG_OK;
}

static leakdiag_status begin(ld_question *question, leakdiag_error *err)
{
    prometheus_question *q = (prometheus_question *)question;
    q->name = ld_attribute_text(&question->spec->attributes, "name", "memory");
    q->is_memory = strcmp(q->name, "memory") == 0;
    q->invalid = ld_endpoint_of(question->asking, question->spec, &q->endpoint, &q->why);
    if (!q->invalid)
        q->invalid = prepare(q);
    return q->invalid == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err) : LEAKDIAG_OK;
}

/* --- facts --- */

static const char *pod_of(const ld_prometheus_series *series)
{
    const char *pod = ld_prometheus_label(series, "pod");
    return pod ? pod : ld_prometheus_label(series, "k8s_pod_name");
}

static bool are_of_one(const ld_prometheus_series *a, const ld_prometheus_series *b)
{
    return ld_text_equal(pod_of(a), pod_of(b)) &&
           ld_text_equal(ld_prometheus_label(a, "container"), ld_prometheus_label(b, "container"));
}

typedef struct points {
    int64_t *times_ms;
    double *values;
    size_t n;
} points;

static void points_done(points *p)
{
    ld_release(p->times_ms);
    ld_release(p->values);
}

/* After a restart a pod has two series that overlap by the look-back of five minutes: the younger
 * one is right where both are. It begins later, or goes on for longer where both were there before
 * what was asked for. */
static bool is_younger(const ld_prometheus_series *a, const ld_prometheus_series *b)
{
    int64_t first_a = a->times_ms[0], first_b = b->times_ms[0];
    return first_a != first_b ? first_a > first_b : a->times_ms[a->n - 1] > b->times_ms[b->n - 1];
}

static void put_over(points *p, const ld_prometheus_series *younger)
{
    size_t kept = 0;
    while (kept < p->n && p->times_ms[kept] < younger->times_ms[0])
        kept++;
    p->n = kept;
    for (size_t i = 0; i < younger->n; i++) {
        p->times_ms[p->n] = younger->times_ms[i];
        p->values[p->n++] = younger->samples[i];
    }
}

/* All series of one container, the oldest first. */
static leakdiag_status join_all(const ld_prometheus_matrix *matrix,
                                const ld_prometheus_series *like, points *p, leakdiag_error *err)
{
    size_t room = 1;
    for (size_t i = 0; i < matrix->n; i++)
        room += matrix->list[i].n;
    p->times_ms = ld_alloc_array(room, sizeof *p->times_ms);
    p->values = ld_alloc_array(room, sizeof *p->values);
    if (!p->times_ms || !p->values)
        return ld_fail_nomem(err);
    const ld_prometheus_series *last = NULL;
    for (;;) {
        const ld_prometheus_series *next = NULL;
        for (size_t i = 0; i < matrix->n; i++) {
            const ld_prometheus_series *one = &matrix->list[i];
            if (one->n && are_of_one(one, like) && (!last || is_younger(one, last)) &&
                (!next || is_younger(next, one)))
                next = one;
        }
        if (!next)
            return LEAKDIAG_OK;
        put_over(p, next);
        last = next;
    }
}

static void drop_told(points *p, int64_t told_from_ms)
{
    size_t n_told = 0;
    while (n_told < p->n && p->times_ms[n_told] < told_from_ms)
        n_told++;
    if (n_told == 0) /* there may be no points at all */
        return;
    p->n -= n_told;
    memmove(p->times_ms, p->times_ms + n_told, p->n * sizeof *p->times_ms);
    memmove(p->values, p->values + n_told, p->n * sizeof *p->values);
}

/* of NULL: a counter. */
static leakdiag_status add_points(prometheus_question *q, const points *p,
                                  const ld_prometheus_series *of, ld_facts *facts,
                                  leakdiag_error *err)
{
    const char *pod = of ? pod_of(of) : NULL;
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    LD_CLEANUP(ld_fact_unrefp) ld_fact *fact = NULL;
    ld_copier c = {.err = err};
    ld_text_addf(&source, "prometheus %s%s%s", q->endpoint.where, pod ? " pod " : " ",
                 pod ? pod : q->name);
    if (source.failed)
        return ld_fail_nomem(err);
    c.status = ld_fact_new(LD_FACT_SERIES, source.data, q->base.asking->now_ms, &fact, err);
    if (c.status)
        return c.status;
    fact->latency_ms = q->request.latency_ms;
    fact->of.series.is_live = true;
    ld_copy_to(&c, q->name, &fact->subject);
    ld_copy_to(&c, q->name, &fact->of.series.name);
    ld_copy_to(&c, pod, &fact->of.series.pod);
    ld_copy_to(&c, of ? ld_prometheus_label(of, "container") : NULL, &fact->of.series.container);
    if (c.status)
        return c.status;
    leakdiag_error why = {0};
    leakdiag_status status =
        leakdiag_series_new(p->times_ms, p->values, p->n, &fact->of.series.series, &why);
    if (status) /* negative, or too large: this series says nothing */
        return ld_facts_add_failed(facts, LD_FACT_SERIES, source.data, q->name,
                                   q->base.asking->now_ms, status, why.message, err);
    if (p->n && p->times_ms[p->n - 1] > q->memory->ms && p->times_ms[p->n - 1] > q->memory->next_ms)
        q->memory->next_ms = p->times_ms[p->n - 1];
    return ld_facts_add(facts, ld_steal(&fact), err);
}

static bool is_repeated(const ld_prometheus_matrix *matrix, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (are_of_one(&matrix->list[k], &matrix->list[i]))
            return true;
    return false;
}

static leakdiag_status add_memory(prometheus_question *q, const ld_prometheus_matrix *matrix,
                                  ld_facts *facts, leakdiag_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < matrix->n && n < SERIES_MAX; i++) {
        const ld_prometheus_series *series = &matrix->list[i];
        LD_CLEANUP(points_done) points p = {0};
        if (!pod_of(series) || is_repeated(matrix, i))
            continue;
        n++;
        leakdiag_status status = join_all(matrix, series, &p, err);
        drop_told(&p, q->told_from_ms);
        if (!status && p.n)
            status = add_points(q, &p, series, facts, err);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

static leakdiag_status add_counter(prometheus_question *q, const ld_prometheus_matrix *matrix,
                                   ld_facts *facts, leakdiag_error *err)
{
    const ld_prometheus_series *first = matrix->n ? &matrix->list[0] : NULL;
    const points p = {first ? first->times_ms : NULL, first ? first->samples : NULL,
                      first ? first->n : 0};
    /* No series at all is no zero: nothing counts that. */
    return first ? add_points(q, &p, NULL, facts, err) : LEAKDIAG_OK;
}

static leakdiag_status read_matrix(prometheus_question *q, ld_prometheus_matrix *matrix,
                                   leakdiag_error *why)
{
    if (q->invalid) {
        *why = q->why;
        return q->invalid;
    }
    leakdiag_status status = ld_ask_unanswered(&q->request, why);
    if (!status)
        status = ld_endpoint_check(&q->endpoint, &q->request, why);
    if (status)
        return status;
    ld_answer answer = ld_exchange_answer(&q->request);
    return ld_prometheus_read_range(&answer, matrix, why);
}

static leakdiag_status finish(ld_question *question, ld_facts *facts, leakdiag_error *err)
{
    prometheus_question *q = (prometheus_question *)question;
    LD_CLEANUP(ld_prometheus_matrix_done) ld_prometheus_matrix matrix = {0};
    LD_CLEANUP(ld_text_done) ld_text source = {0};
    leakdiag_error why = {0};
    leakdiag_status status = read_matrix(q, &matrix, &why);
    if (!status)
        return q->is_memory ? add_memory(q, &matrix, facts, err)
                            : add_counter(q, &matrix, facts, err);
    ld_text_addf(&source, "prometheus %s %s", q->endpoint.where ? q->endpoint.where : "", q->name);
    if (source.failed)
        return ld_fail_nomem(err);
    return ld_facts_add_failed(facts, LD_FACT_SERIES, source.data, q->name,
                               question->asking->now_ms, status, why.message, err);
}

leakdiag_status ld_prometheus_question_new(ld_question **ret, leakdiag_error *err)
{
    static const ld_question_type type = {begin, finish, done};
    prometheus_question *q = ld_alloc_zero(sizeof *q);
    if (!q)
        return ld_fail_nomem(err);
    q->base.type = &type;
    *ret = &q->base;
    return LEAKDIAG_OK;
}
