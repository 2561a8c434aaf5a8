/* metrics.k8s.io: the latest sample of each container. A pod that is not there has no sample yet:
 * that is no error, and not zero. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "wire/kube_read.h"

#define SAMPLES_MAX 20000 /* of one list */

static double quantity(const json_t *usage, const char *key)
{
    const char *text = NULL;
    double value = NAN;
    if (!ld_json_get_text(usage, key, &text) || ld_quantity_number(text, &value, NULL))
        return NAN;
    return value;
}

/* "10.006s", as Go writes it; 0 when it is none. */
static int64_t window_ms(const json_t *pod)
{
    const char *text = NULL;
    int64_t ms = 0;
    if (!ld_json_get_text(pod, "window", &text) || leakdiag_duration_parse(text, &ms, NULL))
        return 0;
    return ms;
}

static leakdiag_status read_sample(const json_t *pod, const json_t *container, ld_kube_sample *ret,
                                   leakdiag_error *err)
{
    const json_t *usage = json_object_get(container, "usage");
    ret->time_ms = ld_kube_time(pod, "timestamp");
    ret->window_ms = window_ms(pod);
    ret->working_set_bytes = quantity(usage, "memory");
    ret->cpu_cores = quantity(usage, "cpu");
    if (!ld_kube_copy(json_object_get(pod, "metadata"), "name", &ret->pod) ||
        !ld_kube_copy(container, "name", &ret->container))
        return ld_fail_nomem(err);
    if (!ret->pod || !ret->container)
        return ld_fail(err, LEAKDIAG_E_PROTOCOL, "a sample has no pod or no container");
    if (!ret->time_ms)
        return ld_fail(err, LEAKDIAG_E_PROTOCOL, "a sample of pod %.80s has no time", ret->pod);
    return LEAKDIAG_OK;
}

static leakdiag_status read_pod(const json_t *pod, ld_kube_samples *ret, leakdiag_error *err)
{
    size_t i;
    const json_t *container;
    json_array_foreach(json_object_get(pod, "containers"), i, container)
    {
        leakdiag_status status = read_sample(pod, container, &ret->list[ret->n++], err);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

/* items is a list of pods, or one pod. */
static leakdiag_status read_all(const json_t *items, ld_kube_samples *ret, leakdiag_error *err)
{
    bool single = json_is_object(items);
    size_t n = single ? 1 : json_array_size(items), samples = 0;
    for (size_t i = 0; i < n; i++)
        samples += json_array_size(
            json_object_get(single ? items : json_array_get(items, i), "containers"));
    if (samples > SAMPLES_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT,
                       "more than %d containers; ask for less, with a narrower selector",
                       SAMPLES_MAX);
    ret->list = ld_alloc_array(samples, sizeof *ret->list);
    if (!ret->list)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        leakdiag_status status = read_pod(single ? items : json_array_get(items, i), ret, err);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

void ld_kube_samples_done(ld_kube_samples *samples)
{
    for (size_t i = 0; i < samples->n; i++) {
        ld_release(samples->list[i].pod);
        ld_release(samples->list[i].container);
    }
    ld_release(samples->list);
    *samples = (ld_kube_samples){0};
}

leakdiag_status ld_kube_read_metrics(const ld_kube_asked *asked, const ld_answer *answer,
                                     ld_kube_samples *ret, leakdiag_error *err)
{
    LD_JSON *json = NULL;
    ld_kube_samples made = {0};
    leakdiag_error why = {0};
    leakdiag_status status =
        ld_kube_parse(asked, answer, "PodMetricsList", "PodMetrics", &json, err);
    if (status)
        return status;
    bool single = ld_kube_is_text(json, "kind", "PodMetrics");
    const json_t *items = single ? json : json_object_get(json, "items");
    if (!single && !json_is_array(items) && !json_is_null(items))
        return ld_kube_fail(asked, LEAKDIAG_E_PROTOCOL, "the list has no items", err);
    status = read_all(items, &made, &why);
    if (!status) {
        *ret = made;
        return LEAKDIAG_OK;
    }
    ld_kube_samples_done(&made);
    return status == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err)
                                      : ld_kube_fail(asked, status, why.message, err);
}
