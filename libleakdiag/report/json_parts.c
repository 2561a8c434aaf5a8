/* Parts of the JSON report: memory, the five answers, the sources. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/number.h"
#include "report/json.h"

static void set_times(const ld_object *o, const char *key, const leakdiag_trend *trend, size_t n,
                      int64_t (*get)(const leakdiag_trend *, size_t))
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(list, ld_json_number((double)get(trend, i) / 1000)))
            *o->failed = true;
    ld_object_set(o, key, list);
}

static void set_trend(const leakdiag_trend *trend, const ld_object *o)
{
    ld_object_text(o, "class",
                   trend ? leakdiag_trace_class_name(leakdiag_trend_trace_class(trend)) : NULL);
    set_times(o, "oom_times_s", trend, trend ? leakdiag_trend_oom_count(trend) : 0,
              leakdiag_trend_oom_time_ms);
    set_times(o, "restart_times_s", trend, trend ? leakdiag_trend_restart_count(trend) : 0,
              leakdiag_trend_restart_time_ms);
    ld_object_number(o, "slope_bytes_per_s", trend ? leakdiag_trend_slope_bytes_per_s(trend) : NAN,
                     3);
    ld_object_number(o, "slope_hi_bytes_per_s",
                     trend ? leakdiag_trend_slope_hi_bytes_per_s(trend) : NAN, 3);
    ld_object_number(o, "slope_lo_bytes_per_s",
                     trend ? leakdiag_trend_slope_lo_bytes_per_s(trend) : NAN, 3);
}

static void set_comparison(const leakdiag_comparison *c, const ld_object *o)
{
    ld_object_number(o, "first_deviation_s", c ? leakdiag_comparison_first_deviation_s(c) : NAN, 3);
    ld_object_number(o, "fitted_time_ratio", c ? leakdiag_comparison_fitted_time_ratio(c) : NAN, 6);
    ld_object_number(o, "position_s", c ? (double)leakdiag_comparison_position_ms(c) / 1000 : NAN,
                     3);
    ld_object_number(o, "start_s", c ? (double)leakdiag_comparison_start_ms(c) / 1000 : NAN, 3);
}

void ld_json_memory(const leakdiag_diagnosis *diagnosis, const ld_object *object)
{
    const ld_view *view = &diagnosis->view;
    size_t n = leakdiag_series_len(view->series);
    const int64_t *times_ms = leakdiag_series_times_ms(view->series);
    ld_object_number(object, "from_s", n ? (double)times_ms[0] / 1000 : NAN, 3);
    ld_object_number(object, "to_s", n ? (double)times_ms[n - 1] / 1000 : NAN, 3);
    ld_object_int(object, "samples", (int64_t)n);
    ld_object_number(object, "limit_bytes", view->limit_bytes, 0);
    ld_object_number(object, "soft_limit_bytes", view->soft_limit_bytes, 0);
    ld_object_number(object, "oom_kills", view->oom_kills >= 0 ? (double)view->oom_kills : NAN, 0);
    set_trend(diagnosis->trend, object);
    set_comparison(diagnosis->comparison, object);
}

/* What every one of the five has; all null for one that the scenario does not ask. */
static ld_object quick_answer(const leakdiag_diagnosis *d, const ld_object *quick, const char *key,
                              size_t check)
{
    ld_object o = ld_object_in(quick, key);
    bool is_asked = check < d->n_answers;
    ld_object_text(&o, "check", is_asked ? leakdiag_check_id(d, check) : NULL);
    ld_object_text(&o, "expected", is_asked ? leakdiag_check_expected(d, check) : NULL);
    ld_object_text(&o, "finding", is_asked ? leakdiag_check_finding(d, check) : NULL);
    ld_object_text(&o, "observed", is_asked ? leakdiag_check_observed(d, check) : NULL);
    ld_object_text(&o, "outcome",
                   is_asked ? leakdiag_outcome_name(leakdiag_check_outcome(d, check)) : NULL);
    ld_object_text(&o, "reason", is_asked ? leakdiag_check_reason(d, check) : NULL);
    return o;
}

static void set_flag(const leakdiag_diagnosis *d, const ld_five *five, const ld_object *quick)
{
    ld_object o = quick_answer(d, quick, "flag", five->flag);
    const ld_fact *fact = d->view.flag;
    bool is_known = fact && !fact->error;
    const ld_flag_fact *flag = is_known ? &fact->of.flag : NULL;
    ld_object_text(&o, "state", flag ? leakdiag_flag_state_name(flag->state) : NULL);
    ld_object_text(&o, "value_json", flag ? flag->value_json : NULL);
    ld_object_text(&o, "variant", flag ? flag->variant : NULL);
}

static void set_memory(const leakdiag_diagnosis *d, const ld_five *five, const ld_object *quick)
{
    ld_object o = quick_answer(d, quick, "memory", five->memory);
    ld_object_number(&o, "bytes", five->memory_bytes, 0);
    ld_object_number(&o, "expected_bytes", five->expected_bytes, 0);
    ld_object_number(&o, "expected_hi_bytes", five->expected_hi_bytes, 0);
    ld_object_number(&o, "expected_lo_bytes", five->expected_lo_bytes, 0);
    ld_object_number(&o, "time_s",
                     isfinite(five->memory_bytes) ? (double)five->memory_ms / 1000 : NAN, 3);
}

static void set_flag_lines(const leakdiag_diagnosis *d, const ld_five *five, const ld_object *quick)
{
    quick_answer(d, quick, "flag_seen", five->seen);
    json_t *list = json_array();
    for (size_t i = 0; i < five->n_lines; i++) {
        const ld_line *line = five->lines[i];
        ld_object o = {json_object(), quick->failed};
        ld_object_text(&o, "line", line->text);
        ld_object_time(&o, "time", line->has_time ? line->time_ms : 0);
        if (json_array_append_new(list, o.json))
            *quick->failed = true;
    }
    ld_object_set(quick, "flag_lines", list);
}

static void set_orders(const leakdiag_diagnosis *d, const ld_five *five, const ld_object *quick)
{
    ld_object o = quick_answer(d, quick, "orders", five->orders);
    static const ld_rate unknown = {.per_min = NAN, .window_s = NAN, .count = NAN};
    const ld_rate *rate = five->orders < d->n_answers ? &d->rates[five->orders] : &unknown;
    rate = rate->is_known ? rate : &unknown;
    ld_object_number(&o, "count", rate->count, 3);
    ld_object_text(&o, "of", rate->of);
    ld_object_number(&o, "rate_per_min", rate->per_min, 6);
    ld_object_number(&o, "window_s", rate->window_s, 3);
}

void ld_json_quick(const leakdiag_diagnosis *diagnosis, const ld_five *five,
                   const ld_object *object)
{
    set_flag(diagnosis, five, object);
    set_memory(diagnosis, five, object);
    set_flag_lines(diagnosis, five, object);
    set_orders(diagnosis, five, object);
    ld_object limit = quick_answer(diagnosis, object, "limit", five->limit);
    ld_object_number(&limit, "bytes", diagnosis->view.limit_bytes, 0);
}

/* A fact and its place in the observation, so that the order never hangs on the sort. */
typedef struct placed {
    const ld_fact *fact;
    size_t at;
} placed;

/* Facts of one source together, the oldest first. */
static int compare_facts(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    if (x->fact->kind != y->fact->kind)
        return x->fact->kind < y->fact->kind ? -1 : 1;
    int by_source = strcmp(x->fact->source, y->fact->source);
    if (by_source)
        return by_source;
    return x->at < y->at ? -1 : x->at > y->at;
}

static bool is_same_source(const ld_fact *a, const ld_fact *b)
{
    return a->kind == b->kind && strcmp(a->source, b->source) == 0;
}

/* Why a fact tells nothing, or NULL: some sources answer that they do not answer. */
static const char *problem(const ld_fact *fact)
{
    if (fact->error)
        return fact->error;
    if (fact->kind == LD_FACT_FLAG && fact->of.flag.state >= LEAKDIAG_FLAG_MALFORMED)
        return fact->of.flag.detail ? fact->of.flag.detail
                                    : leakdiag_flag_state_name(fact->of.flag.state);
    if (fact->kind == LD_FACT_LOAD && fact->of.load.state >= LEAKDIAG_LOAD_NOT_LOCUST)
        return fact->of.load.detail ? fact->of.load.detail
                                    : leakdiag_load_state_name(fact->of.load.state);
    return NULL;
}

static json_t *source_json(const placed *facts, size_t n, bool *failed)
{
    const ld_fact *latest = facts[n - 1].fact;
    size_t n_failed = 0;
    for (size_t i = 0; i < n; i++)
        n_failed += problem(facts[i].fact) != NULL;
    ld_object o = {json_object(), failed};
    ld_object_text(&o, "error", problem(latest));
    ld_object_text(&o, "kind", ld_fact_kind_name(latest->kind));
    ld_object_number(&o, "latency_ms", latest->latency_ms >= 0 ? (double)latest->latency_ms : NAN,
                     0);
    ld_object_int(&o, "looks", (int64_t)n);
    ld_object_int(&o, "looks_failed", (int64_t)n_failed);
    ld_object_text(&o, "source", latest->source);
    ld_object_text(&o, "status", leakdiag_status_name(latest->error ? latest->failed : 0));
    ld_object_time(&o, "time", latest->time_ms);
    return o.json;
}

json_t *ld_json_sources(const leakdiag_diagnosis *diagnosis)
{
    const leakdiag_observation *o = diagnosis->observation;
    LD_CLEANUP(ld_releasep) placed *sorted = ld_alloc_array(o->n_facts + 1, sizeof *sorted);
    LD_JSON *list = json_array();
    if (!sorted || !list)
        return NULL;
    for (size_t i = 0; i < o->n_facts; i++)
        sorted[i] = (placed){o->facts[i], i};
    qsort(sorted, o->n_facts, sizeof *sorted, compare_facts);
    bool failed = false;
    for (size_t from = 0, to; from < o->n_facts; from = to) {
        for (to = from + 1; to < o->n_facts && is_same_source(sorted[from].fact, sorted[to].fact);)
            to++;
        if (json_array_append_new(list, source_json(sorted + from, to - from, &failed)))
            failed = true;
    }
    return failed ? NULL : json_incref(list);
}
