/* Any bytes as an answer of the Kubernetes API: the first byte picks the decoder, the second status
 * and content type, the rest is the body. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/kube.h"

#define KINDS 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const int statuses[] = {200, 200, 200, 400, 401, 403, 404, 405,
                               409, 410, 429, 500, 503, 302, 201, 422};
static const char *const types[] = {"application/json", "text/plain", "text/html", NULL};
static const ld_kube_asked asked = {"get", "pods", "metrics.k8s.io", "otel-demo", "checkout"};

static void require(bool fine)
{
    if (!fine)
        abort();
}

/* A failure says so on one line. */
static bool is_fine(leakdiag_status status, const leakdiag_error *err)
{
    require(status == LEAKDIAG_OK || (*err->message && !strchr(err->message, '\n')));
    require(status == LEAKDIAG_OK || err->status == status);
    return status == LEAKDIAG_OK;
}

static void check_container(const ld_kube_container *c)
{
    require(c->name != NULL);
    require(isnan(c->limit_bytes) || (c->limit_text && c->limit_bytes > 0 && !c->limit_why));
    require(!c->limit_why || c->limit_text);
    for (size_t i = 0; i < c->n_env; i++)
        require(c->env[i].name != NULL);
}

static void check_deployment(const ld_kube_deployment *d)
{
    require(d->name != NULL);
    require(!d->selector || ld_kube_check_selector(d->selector, NULL) == LEAKDIAG_OK);
    require(d->replicas >= 0 && d->generation >= -1 && d->created_ms >= 0);
    for (size_t i = 0; i < d->n_containers; i++)
        check_container(&d->containers[i]);
}

static void deployments(const ld_answer *answer, bool list)
{
    leakdiag_error err = {0};
    ld_kube_deployment d;
    ld_kube_deployments all;
    if (list && is_fine(ld_kube_read_deployments(&asked, answer, &all, &err), &err)) {
        for (size_t i = 0; i < all.n; i++)
            check_deployment(&all.list[i]);
        ld_kube_deployments_done(&all);
    }
    if (!list && is_fine(ld_kube_read_deployment(&asked, answer, &d, &err), &err)) {
        check_deployment(&d);
        ld_kube_deployment_done(&d);
    }
}

static void check_instance(const ld_kube_instance *i)
{
    require(i->name != NULL && i->restarts >= -1);
    require(i->state == LD_KUBE_RUNNING || i->started_ms == 0);
    require(i->ended.has_ended || (!i->ended.reason && i->ended.finished_ms == 0));
    require(isnan(i->limit_bytes) || i->limit_text);
}

static void pods(const ld_answer *answer, bool list)
{
    leakdiag_error err = {0};
    ld_kube_pods all;
    if (!is_fine(list ? ld_kube_read_pods(&asked, answer, &all, &err)
                      : ld_kube_read_pod(&asked, answer, &all, &err),
                 &err))
        return;
    require(list || all.n == 1);
    for (size_t i = 0; i < all.n; i++) {
        require(all.list[i].name != NULL && all.list[i].started_ms >= 0);
        for (size_t k = 0; k < all.list[i].n_instances; k++)
            check_instance(&all.list[i].instances[k]);
    }
    ld_kube_pods_done(&all);
}

static void metrics(const ld_answer *answer)
{
    leakdiag_error err = {0};
    ld_kube_samples s;
    if (!is_fine(ld_kube_read_metrics(&asked, answer, &s, &err), &err))
        return;
    for (size_t i = 0; i < s.n; i++) {
        require(s.list[i].pod && s.list[i].container && s.list[i].time_ms > 0);
        require(s.list[i].window_ms >= 0 && !isinf(s.list[i].working_set_bytes));
        require(!(s.list[i].working_set_bytes < 0) && !(s.list[i].cpu_cores < 0));
    }
    ld_kube_samples_done(&s);
}

static void services(const ld_answer *answer, bool slices)
{
    leakdiag_error err = {0};
    ld_kube_service s;
    ld_kube_endpoints e;
    if (!slices && is_fine(ld_kube_read_service(&asked, answer, &s, &err), &err)) {
        require(!s.selector || ld_kube_check_selector(s.selector, NULL) == LEAKDIAG_OK);
        ld_kube_service_done(&s);
    }
    if (slices && is_fine(ld_kube_read_endpoint_slices(&asked, answer, &e, &err), &err)) {
        require(e.ready >= 0 && e.not_ready >= 0 && e.terminating >= 0);
        ld_kube_endpoints_done(&e);
    }
}

/* Each verdict but "open" names a policy, and the same list gives the same verdict. */
static void policies(const ld_answer *answer)
{
    static ld_kube_pod_label labels[] = {{"app", "checkout"}};
    static ld_kube_port ports[] = {{"rpc", NULL, 8013}};
    static const ld_kube_pod pod = {
        .name = "x", .labels = labels, .n_labels = 1, .ports = ports, .n_ports = 1};
    const ld_kube_way way = {&pod, &pod, "otel-demo", 8013};
    leakdiag_error err = {0};
    ld_kube_policies list;
    ld_kube_passage first, again;
    if (!is_fine(ld_kube_read_policies(&asked, answer, &list, &err), &err))
        return;
    ld_kube_policies_judge(&list, &way, &first);
    ld_kube_policies_judge(&list, &way, &again);
    require(first.verdict == again.verdict && first.policy == again.policy && first.direction);
    require((first.verdict == LD_KUBE_PASSAGE_OPEN) == !first.policy);
    ld_kube_policies_done(&list);
}

static void config_map(const ld_answer *answer)
{
    leakdiag_error err = {0};
    ld_kube_config_map m;
    if (!is_fine(ld_kube_read_config_map(&asked, answer, &m, &err), &err))
        return;
    for (size_t i = 0; i < m.n; i++)
        require(m.keys[i] && m.values[i] && (i == 0 || strcmp(m.keys[i - 1], m.keys[i]) < 0));
    ld_kube_config_map_done(&m);
}

static void access_review(const ld_answer *answer)
{
    leakdiag_error err = {0};
    ld_kube_access a;
    if (is_fine(ld_kube_read_access_review(answer, &a, &err), &err))
        ld_kube_access_done(&a);
}

static void checks(const ld_answer *answer, bool log)
{
    leakdiag_error err = {0};
    (void)is_fine(
        log ? ld_kube_check_log(&asked, answer, &err) : ld_kube_check(&asked, answer, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2)
        return 0;
    const ld_answer answer = {
        .method = "GET",
        .status = statuses[data[1] & 15],
        .content_type = types[data[1] >> 4 & 3],
        .redirect_host = "login.example",
        .body = (const char *)data + 2,
        .len = len - 2,
        .retry_after_s = data[1] >> 6,
    };
    switch (data[0] % KINDS) {
    case 0:
    case 1:
        deployments(&answer, data[0] % KINDS);
        break;
    case 2:
    case 3:
        pods(&answer, data[0] % KINDS == 2);
        break;
    case 4:
        metrics(&answer);
        break;
    case 5:
    case 6:
        services(&answer, data[0] % KINDS == 6);
        break;
    case 7:
        config_map(&answer);
        break;
    case 8:
        access_review(&answer);
        break;
    case 11:
        policies(&answer);
        break;
    default:
        checks(&answer, data[0] % KINDS == 10);
    }
    return 0;
}
