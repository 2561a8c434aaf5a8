/* What objects of the Kubernetes API mean: recorded bytes of a 1.34 on a real node, and what else
 * may come. */
#include <math.h>

#include "base/alloc.h"
#include "base/json.h"
#include "kube_recorded.h"
#include "wire/kube.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define JSON         "application/json"
#define MI           1048576.0

static const ld_kube_asked get_deployment = {"get", "deployments", "apps", "otel-demo", "checkout"};
static const ld_kube_asked list_deployments = {"list", "deployments", "apps", "otel-demo", NULL};
static const ld_kube_asked list_pods = {"list", "pods", "", "otel-demo", NULL};
static const ld_kube_asked list_metrics = {"list", "pods", "metrics.k8s.io", "otel-demo", NULL};
static const ld_kube_asked get_service = {"get", "services", "", "otel-demo", "flagd"};
static const ld_kube_asked list_slices = {"list", "endpointslices", "discovery.k8s.io", "otel-demo",
                                          NULL};
static const ld_kube_asked get_map = {"get", "configmaps", "", "otel-demo", "flagd-config"};

static void assert_text(const char *what, const char *got, const char *wanted)
{
    ck_assert_msg(ld_text_equal(got, wanted), "%s is %s, not %s", what, got ? got : "NULL",
                  wanted ? wanted : "NULL");
}

static void assert_fine(leakdiag_status status, const leakdiag_error *err)
{
    ck_assert_msg(status == LEAKDIAG_OK, "%s: %s", leakdiag_status_name(status), err->message);
}

static ld_kube_deployment deployment_of(const ld_answer *answer)
{
    ld_kube_deployment d;
    leakdiag_error err = {0};
    assert_fine(ld_kube_read_deployment(&get_deployment, answer, &d, &err), &err);
    return d;
}

static ld_kube_deployment deployment_text(const char *body)
{
    const ld_answer answer = answer_of(200, JSON, body);
    return deployment_of(&answer);
}

static ld_kube_pods pods_of(const ld_answer *answer)
{
    ld_kube_pods pods;
    leakdiag_error err = {0};
    assert_fine(ld_kube_read_pods(&list_pods, answer, &pods, &err), &err);
    return pods;
}

static ld_kube_pods pods_text(const char *body)
{
    const ld_answer answer = answer_of(200, JSON, body);
    return pods_of(&answer);
}

/* --- Deployment --- */

START_TEST(the_recorded_deployment_has_its_facts)
{
    kube_recorded *r = kube_read("deployment-get");
    ld_kube_deployment d = deployment_of(&r->answer);
    assert_text("name", d.name, "checkout");
    assert_text("ns", d.ns, "otel-demo");
    assert_text("uid", d.uid, "bd9e0523-23f8-4660-808d-8c8225da0558");
    assert_text("selector", d.selector, "opentelemetry.io/name=checkout");
    assert_text("version", d.version, NULL);
    ck_assert(d.generation == 1 && d.observed_generation == 1 && d.replicas == 1);
    ck_assert(d.updated == 1 && d.status_replicas == 1 && d.unavailable == 1);
    ck_assert(d.ready == 0 && d.available == 0 && !d.is_paused); /* absent is how 0 is written */
    assert_text("reason", d.progressing_reason, "NewReplicaSetAvailable");
    assert_text("message", d.progressing_message,
                "ReplicaSet \"checkout-558fcdb47f\" has successfully progressed.");
    ck_assert(!d.is_progress_failed);
    ck_assert_int_eq(d.progressing_ms, 1795439937000);
    ck_assert_int_eq(d.created_ms, 1795439935000);
    ck_assert_int_eq(d.restarted_ms, 0);
    ck_assert_uint_eq(d.n_containers, 1);
    const ld_kube_container *c = &d.containers[0];
    assert_text("container", c->name, "checkout");
    assert_text("image", c->image, "localhost/checkout:1");
    assert_text("limit", c->limit_text, "20Mi");
    assert_text("request", c->request_text, "20Mi");
    ck_assert(c->limit_bytes == 20 * MI && c->request_bytes == 20 * MI && !c->limit_why);
    ck_assert(!c->is_init && !c->is_sidecar && c->n_env_from == 0);
    ck_assert_uint_eq(c->n_env, 1); /* of five variables one is wanted */
    assert_text("variable", c->env[0].name, "GOMEMLIMIT");
    assert_text("value", c->env[0].value, "16MiB");
    ld_kube_deployment_done(&d);
    kube_done(r);
}
END_TEST

START_TEST(a_restart_is_read_from_the_template)
{
    kube_recorded *r = kube_read("deployment-rolling");
    ld_kube_deployment d = deployment_of(&r->answer);
    ck_assert_int_eq(d.restarted_ms, 1795440393000);
    ck_assert(d.generation == 3 && d.observed_generation == 3);
    ck_assert(d.ready == 1 && d.available == 1 && d.unavailable == 0);
    ld_kube_deployment_done(&d);
    kube_done(r);
}
END_TEST

#define DEPLOYMENT(meta, spec, status)                                                             \
    "{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"checkout\"" meta "},\"spec\":{" spec        \
    "},\"status\":{" status "}}"

START_TEST(an_empty_deployment_knows_nothing)
{
    ld_kube_deployment d =
        deployment_text("{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"x\"}}");
    ck_assert(d.generation == -1 && d.observed_generation == -1);
    ck_assert(d.replicas == 1); /* the API's default */
    ck_assert(!d.selector && !d.version && !d.progressing_reason && d.progressing_ms == 0);
    ck_assert(d.n_containers == 0 && d.created_ms == 0);
    ld_kube_deployment_done(&d);
}
END_TEST

START_TEST(the_state_of_a_rollout_is_read)
{
    ld_kube_deployment d = deployment_text(
        DEPLOYMENT(",\"labels\":{\"app.kubernetes.io/version\":\"1.0\"}",
                   "\"replicas\":0,\"paused\":true,\"template\":{\"metadata\":{\"labels\":{"
                   "\"app.kubernetes.io/version\":\"2.1.3\"},\"annotations\":{"
                   "\"kubectl.kubernetes.io/restartedAt\":\"2026-11-23T14:26:33+01:00\"}}}",
                   "\"conditions\":[{\"type\":\"Available\",\"status\":\"True\",\"reason\":\"a\"},"
                   "{\"type\":\"Progressing\",\"status\":\"False\",\"reason\":"
                   "\"ProgressDeadlineExceeded\"}]"));
    assert_text("version", d.version, "2.1.3"); /* the template's wins */
    ck_assert(d.replicas == 0 && d.is_paused && d.is_progress_failed);
    assert_text("reason", d.progressing_reason, "ProgressDeadlineExceeded");
    ck_assert_int_eq(d.restarted_ms, 1795440393000);
    ld_kube_deployment_done(&d);
    d = deployment_text(
        DEPLOYMENT(",\"labels\":{\"app.kubernetes.io/version\":\"1.0\"}", "\"replicas\":-3", ""));
    assert_text("version", d.version, "1.0");
    ck_assert(d.replicas == 1);
    ld_kube_deployment_done(&d);
}
END_TEST

static const struct {
    const char *selector, *query; /* NULL: the answer is refused */
    bool is_refused;
} selectors[] = {
    {"{\"matchLabels\":{\"a\":\"b\",\"x.io/c\":\"\"}}", "a=b,x.io/c=", false},
    {"{\"matchExpressions\":[{\"key\":\"c\",\"operator\":\"In\",\"values\":[\"d\",\"e\"]},"
     "{\"key\":\"g\",\"operator\":\"NotIn\",\"values\":[\"h\"]},"
     "{\"key\":\"f\",\"operator\":\"DoesNotExist\"},{\"key\":\"i\",\"operator\":\"Exists\"}]}",
     "c in (d,e),g notin (h),!f,i", false},
    {"{\"matchLabels\":{\"a\":\"b\"},\"matchExpressions\":[{\"key\":\"c\",\"operator\":\"Exists\"}]"
     "}",
     "a=b,c", false},
    {"{}", NULL, false},
    {"null", NULL, false},
    {"{\"matchLabels\":null,\"matchExpressions\":null}", NULL, false},
    /* what would select something else when it is written down */
    {"{\"matchLabels\":{\"a\":\"b,c=d\"}}", NULL, true},
    {"{\"matchLabels\":{\"a,b\":\"c\"}}", NULL, true},
    {"{\"matchLabels\":{\"a\":1}}", NULL, true},
    {"{\"matchLabels\":[\"a\"]}", NULL, true},
    {"{\"matchLabels\":{\"../../x\":\"c\"}}", NULL, true},
    {"{\"matchExpressions\":[{\"key\":\"c\",\"operator\":\"Near\",\"values\":[\"d\"]}]}", NULL,
     true},
    {"{\"matchExpressions\":[{\"key\":\"c\",\"operator\":\"In\",\"values\":[]}]}", NULL, true},
    {"{\"matchExpressions\":[{\"key\":\"c\",\"operator\":\"In\",\"values\":[\"d)\"]}]}", NULL,
     true},
    {"{\"matchExpressions\":{}}", NULL, true},
    {"{\"matchExpressions\":[3]}", NULL, true},
};

START_TEST(each_selector_is_a_query_or_refused)
{
    char body[1024];
    snprintf(body, sizeof body,
             "{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"c\"},\"spec\":{\"selector\":%s}}",
             selectors[_i].selector);
    const ld_answer answer = answer_of(200, JSON, body);
    ld_kube_deployment d;
    leakdiag_error err = {0};
    leakdiag_status status = ld_kube_read_deployment(&get_deployment, &answer, &d, &err);
    ck_assert_msg((status == LEAKDIAG_E_PROTOCOL) == selectors[_i].is_refused, "%s: %s",
                  selectors[_i].selector, err.message);
    if (status)
        return;
    assert_text(selectors[_i].selector, d.selector, selectors[_i].query);
    if (d.selector)
        ck_assert_int_eq(ld_kube_check_selector(d.selector, NULL), LEAKDIAG_OK);
    ld_kube_deployment_done(&d);
}
END_TEST

static const struct {
    const char *memory; /* JSON */
    const char *text;
    double bytes; /* NAN: none */
    const char *why;
} limits[] = {
    {"\"20Mi\"", "20Mi", 20971520, NULL},
    {"\"20M\"", "20M", 20000000, NULL},
    {"\"20971520000m\"", "20971520000m", 20971520, NULL},
    {"\"0.5\"", "0.5", 1, NULL},
    {"20971520", "20971520", 20971520, NULL},
    {"\"20mi\"", "20mi", NAN, "not a quantity"},
    {"\"Ki\"", "Ki", NAN, "not a quantity"},
    {"\"\"", "", NAN, "empty"},
    {"\"-1\"", "-1", NAN, "negative"},
    {"\"12E\"", "12E", NAN, "out of range"},
    {"\"9223372036854775808\"", "9223372036854775808", NAN, "out of range"},
    {"\"0\"", "0", NAN, "no limit"},
    {"null", NULL, NAN, NULL},
    {"[1]", NULL, NAN, NULL},
};

START_TEST(each_limit_keeps_its_text_and_is_bytes_or_says_why_not)
{
    char body[1024];
    snprintf(
        body, sizeof body,
        "{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"c\"},\"spec\":{\"template\":{\"spec\":{"
        "\"containers\":[{\"name\":\"c\",\"resources\":{\"limits\":{\"memory\":%s}}}]}}}}",
        limits[_i].memory);
    ld_kube_deployment d = deployment_text(body);
    ck_assert_uint_eq(d.n_containers, 1);
    const ld_kube_container *c = &d.containers[0];
    assert_text("limit", c->limit_text, limits[_i].text);
    ck_assert_msg(isnan(limits[_i].bytes) ? isnan(c->limit_bytes)
                                          : c->limit_bytes == limits[_i].bytes,
                  "%s", limits[_i].memory);
    ck_assert(!c->limit_why == !limits[_i].why);
    if (limits[_i].why)
        ck_assert_msg(strstr(c->limit_why, limits[_i].why), "%s", c->limit_why);
    ck_assert(isnan(c->request_bytes) && !c->request_text);
    ld_kube_deployment_done(&d);
}
END_TEST

START_TEST(only_listed_variables_are_kept_and_no_secret_among_them)
{
    ld_kube_deployment d = deployment_text(DEPLOYMENT(
        "",
        "\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"env\":["
        "{\"name\":\"API_TOKEN\",\"value\":\"canary\"},"
        "{\"name\":\"GOGC\",\"value\":\"50\"},{\"name\":\"GOGC\",\"value\":\"80\"},"
        "{\"name\":\"KAFKA_ADDR\",\"value\":\"user:canary@kafka:9092\"},"
        "{\"name\":\"FLAGD_HOST\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"k\"}}},"
        "{\"name\":\"FLAGD_PORT\"},{\"value\":\"x\"},7],"
        "\"envFrom\":[{\"configMapRef\":{\"name\":\"cm\"}},{\"secretRef\":{\"name\":\"sec\"}},{}]}]"
        "}}",
        ""));
    const ld_kube_container *c = &d.containers[0];
    ck_assert_uint_eq(c->n_env, 4);
    assert_text("first", c->env[0].name, "FLAGD_HOST");
    ck_assert_ptr_null(c->env[0].value);
    assert_text("second", c->env[1].name, "FLAGD_PORT");
    assert_text("empty", c->env[1].value, "");
    assert_text("third", c->env[2].name, "GOGC");
    assert_text("the last one counts", c->env[2].value, "80");
    assert_text("fourth", c->env[3].name, "KAFKA_ADDR");
    assert_text("password", c->env[3].value, "***@kafka:9092");
    ck_assert_uint_eq(c->n_env_from, 2);
    assert_text("config map", c->env_from[0], "cm");
    assert_text("secret", c->env_from[1], "sec");
    ld_kube_deployment_done(&d);
}
END_TEST

START_TEST(init_containers_come_last_and_a_sidecar_is_known)
{
    ld_kube_deployment d = deployment_text(
        DEPLOYMENT("",
                   "\"template\":{\"spec\":{\"initContainers\":[{\"name\":\"wait\"},"
                   "{\"name\":\"side\",\"restartPolicy\":\"Always\"}],"
                   "\"containers\":[{\"name\":\"c\",\"restartPolicy\":\"Always\"}]}}",
                   ""));
    ck_assert_uint_eq(d.n_containers, 3);
    assert_text("first", d.containers[0].name, "c");
    ck_assert(!d.containers[0].is_init && !d.containers[0].is_sidecar);
    assert_text("second", d.containers[1].name, "wait");
    ck_assert(d.containers[1].is_init && !d.containers[1].is_sidecar);
    assert_text("third", d.containers[2].name, "side");
    ck_assert(d.containers[2].is_init && d.containers[2].is_sidecar);
    ld_kube_deployment_done(&d);
}
END_TEST

/* `before`, then n times `one` with commas between, then `after`. */
static char *repeated(const char *before, const char *one, size_t n, const char *after)
{
    size_t room = strlen(before) + n * (strlen(one) + 1) + strlen(after) + 1;
    char *text = malloc(room), *at = text;
    at = stpcpy(at, before);
    for (size_t i = 0; i < n; i++) {
        if (i)
            *at++ = ',';
        at = stpcpy(at, one);
    }
    stpcpy(at, after);
    return text;
}

typedef leakdiag_status (*reader)(const ld_answer *answer, leakdiag_error *err);

static leakdiag_status read_deployment(const ld_answer *answer, leakdiag_error *err)
{
    ld_kube_deployment d;
    leakdiag_status status = ld_kube_read_deployment(&get_deployment, answer, &d, err);
    if (!status)
        ld_kube_deployment_done(&d);
    return status;
}

static leakdiag_status read_deployments(const ld_answer *answer, leakdiag_error *err)
{
    ld_kube_deployments d;
    leakdiag_status status = ld_kube_read_deployments(&list_deployments, answer, &d, err);
    if (!status)
        ld_kube_deployments_done(&d);
    return status;
}

static leakdiag_status read_pods(const ld_answer *answer, leakdiag_error *err)
{
    ld_kube_pods pods;
    leakdiag_status status = ld_kube_read_pods(&list_pods, answer, &pods, err);
    if (!status)
        ld_kube_pods_done(&pods);
    return status;
}

static leakdiag_status read_metrics(const ld_answer *answer, leakdiag_error *err)
{
    ld_kube_samples samples;
    leakdiag_status status = ld_kube_read_metrics(&list_metrics, answer, &samples, err);
    if (!status)
        ld_kube_samples_done(&samples);
    return status;
}

static leakdiag_status read_service(const ld_answer *answer, leakdiag_error *err)
{
    ld_kube_service service;
    leakdiag_status status = ld_kube_read_service(&get_service, answer, &service, err);
    if (!status)
        ld_kube_service_done(&service);
    return status;
}

static leakdiag_status read_slices(const ld_answer *answer, leakdiag_error *err)
{
    ld_kube_endpoints endpoints;
    leakdiag_status status = ld_kube_read_endpoint_slices(&list_slices, answer, &endpoints, err);
    if (!status)
        ld_kube_endpoints_done(&endpoints);
    return status;
}

static leakdiag_status read_map(const ld_answer *answer, leakdiag_error *err)
{
    ld_kube_config_map map;
    leakdiag_status status = ld_kube_read_config_map(&get_map, answer, &map, err);
    if (!status)
        ld_kube_config_map_done(&map);
    return status;
}

static leakdiag_status read_access(const ld_answer *answer, leakdiag_error *err)
{
    ld_kube_access access;
    leakdiag_status status = ld_kube_read_access_review(answer, &access, err);
    if (!status)
        ld_kube_access_done(&access);
    return status;
}

static const struct {
    const char *before, *one, *after;
    size_t most;
    reader read;
} bounds[] = {
    {"{\"kind\":\"PodList\",\"items\":[", "{\"metadata\":{\"name\":\"p\"}}", "]}", 5000, read_pods},
    {"{\"kind\":\"DeploymentList\",\"items\":[", "{\"metadata\":{\"name\":\"d\"}}", "]}", 5000,
     read_deployments},
    {"{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"},\"spec\":{\"template\":{\"spec\":{"
     "\"containers\":[",
     "{\"name\":\"c\"}", "]}}}}", 64, read_deployment},
    {"{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"},\"spec\":{\"template\":{\"spec\":{"
     "\"containers\":[{\"name\":\"c\",\"envFrom\":[",
     "{\"secretRef\":{\"name\":\"s\"}}", "]}]}}}}", 100, read_deployment},
    {"{\"kind\":\"PodMetricsList\",\"items\":[{\"metadata\":{\"name\":\"p\"},"
     "\"timestamp\":\"2026-11-23T13:26:25Z\",\"containers\":[",
     "{\"name\":\"c\"}", "]}]}", 20000, read_metrics},
    {"{\"kind\":\"Service\",\"metadata\":{\"name\":\"s\"},\"spec\":{\"ports\":[", "{\"port\":1}",
     "]}}", 200, read_service},
    {"{\"kind\":\"EndpointSliceList\",\"items\":[", "{\"metadata\":{\"name\":\"s\"}}", "]}", 5000,
     read_slices},
    /* values of the whole document: the object, three keys and values, two lists count as 8 */
    {"{\"kind\":\"PodList\",\"items\":[],\"x\":[", "0", "]}", 1999992, read_pods},
};

START_TEST(each_number_of_things_is_read_up_to_its_limit_and_no_further)
{
    for (int more = -1; more <= 1; more++) {
        char *body = repeated(bounds[_i].before, bounds[_i].one, bounds[_i].most + (size_t)more,
                              bounds[_i].after);
        const ld_answer answer = answer_of(200, JSON, body);
        leakdiag_error err = {0};
        leakdiag_status status = bounds[_i].read(&answer, &err);
        ck_assert_msg(status == (more > 0 ? LEAKDIAG_E_LIMIT : LEAKDIAG_OK), "row %d, %+d: %s", _i,
                      more, err.message);
        free(body);
    }
}
END_TEST

START_TEST(a_list_with_too_many_containers_in_all_is_refused)
{
    char *pod = repeated("{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[",
                         "{\"name\":\"c\"}", 50, "]}}");
    for (size_t n = 400; n <= 401; n++) { /* 20,000 and 20,050 */
        char *body = repeated("{\"kind\":\"PodList\",\"items\":[", pod, n, "]}");
        const ld_answer answer = answer_of(200, JSON, body);
        ck_assert_int_eq(read_pods(&answer, NULL), n == 400 ? LEAKDIAG_OK : LEAKDIAG_E_LIMIT);
        free(body);
    }
    free(pod);
}
END_TEST

START_TEST(depth_up_to_64_is_read_and_65_is_not)
{
    for (size_t depth = 63; depth <= 65; depth++) { /* the object itself is one level */
        char body[256], *at = stpcpy(body, "{\"kind\":\"PodList\",\"items\":[],\"x\":");
        for (size_t i = 1; i < depth; i++)
            *at++ = '[';
        for (size_t i = 1; i < depth; i++)
            *at++ = ']';
        stpcpy(at, "}");
        const ld_answer answer = answer_of(200, JSON, body);
        ck_assert_int_eq(read_pods(&answer, NULL), depth <= 64 ? LEAKDIAG_OK : LEAKDIAG_E_LIMIT);
    }
}
END_TEST

START_TEST(a_body_of_16_mib_is_read_and_one_more_byte_is_not)
{
    static const char text[] = "{\"kind\":\"PodList\",\"items\":[]}";
    char *body = malloc(LD_KUBE_BODY_MAX_BYTES + 2);
    memset(body, ' ', LD_KUBE_BODY_MAX_BYTES + 1);
    memcpy(body, text, sizeof text - 1);
    for (int more = -1; more <= 1; more++) {
        ld_answer answer = answer_of(200, JSON, "");
        answer.body = body;
        answer.len = LD_KUBE_BODY_MAX_BYTES + (size_t)more;
        ck_assert_int_eq(read_pods(&answer, NULL), more > 0 ? LEAKDIAG_E_LIMIT : LEAKDIAG_OK);
    }
    free(body);
}
END_TEST

/* --- pods --- */

START_TEST(the_recorded_kill_is_the_last_end_of_a_running_instance)
{
    kube_recorded *r = kube_read("pod-oomkilled");
    ld_kube_pods pods;
    leakdiag_error err = {0};
    assert_fine(ld_kube_read_pod(&list_pods, &r->answer, &pods, &err), &err);
    ck_assert(pods.n == 1 && !pods.is_partial);
    const ld_kube_pod *pod = &pods.list[0];
    assert_text("name", pod->name, "checkout-57c594b948-nrhgj");
    assert_text("uid", pod->uid, "c10fbc3e-7f8c-4da5-8590-ae3922a269fd");
    assert_text("node", pod->node, "127.0.0.1");
    assert_text("phase", pod->phase, "Running");
    assert_text("reason", pod->reason, NULL);
    assert_text("hash", pod->template_hash, "57c594b948");
    assert_text("owner", pod->owner, "checkout-57c594b948");
    ck_assert(pod->created_ms == 1795440393000 && pod->started_ms == 1795440393000);
    ck_assert(pod->deleted_ms == 0 && pod->is_ready && !pod->is_unschedulable);
    ck_assert_uint_eq(pod->n_instances, 1);
    const ld_kube_instance *i = &pod->instances[0];
    assert_text("container", i->name, "checkout");
    ck_assert(i->state == LD_KUBE_RUNNING && i->is_ready && !i->is_init && i->restarts == 1);
    ck_assert_int_eq(i->started_ms, 1795440469000);
    ck_assert(!i->ended.has_ended && i->last.has_ended);
    assert_text("end", i->last.reason, "OOMKilled");
    ck_assert(i->last.exit_code == 137 && i->last.signal == 0);
    ck_assert(i->last.started_ms == 1795440394000 && i->last.finished_ms == 1795440468000);
    ck_assert_ptr_nonnull(strstr(i->last.container_id, "containerd://801dff90"));
    ck_assert_ptr_nonnull(strstr(i->container_id, "containerd://af332fe2"));
    assert_text("limit", i->limit_text, "20Mi");
    ck_assert(i->limit_bytes == 20 * MI && i->n_env == 1);
    assert_text("variable", i->env[0].value, "16MiB");
    ld_kube_pods_done(&pods);
    kube_done(r);
}
END_TEST

START_TEST(the_recorded_list_has_the_newest_death_in_the_state)
{
    kube_recorded *r = kube_read("pods-list");
    ld_kube_pods pods = pods_of(&r->answer);
    ck_assert(pods.n == 1 && !pods.is_partial);
    const ld_kube_instance *i = &pods.list[0].instances[0];
    ck_assert(i->state == LD_KUBE_TERMINATED && !i->is_ready && i->started_ms == 0);
    ck_assert(i->ended.has_ended && i->last.has_ended);
    ck_assert_int_eq(i->ended.finished_ms, 1795439966000);
    ck_assert_int_eq(i->last.finished_ms, 1795439951000);
    ck_assert(!pods.list[0].is_ready);
    ld_kube_pods_done(&pods);
    kube_done(r);
}
END_TEST

START_TEST(a_continue_token_says_that_the_list_is_not_whole)
{
    kube_recorded *r = kube_read("auth-200-viewer");
    ld_kube_pods pods = pods_of(&r->answer);
    ck_assert(pods.n == 1 && pods.is_partial);
    ld_kube_pods_done(&pods);
    kube_done(r);
}
END_TEST

START_TEST(a_namespace_that_is_not_there_is_an_empty_list)
{
    kube_recorded *r = kube_read("namespace-404-empty-list");
    ld_kube_pods pods = pods_of(&r->answer);
    ck_assert(pods.n == 0 && !pods.is_partial);
    ld_kube_pods_done(&pods);
    kube_done(r);
    pods = pods_text("{\"kind\":\"PodList\",\"items\":null}"); /* how Go writes an empty list */
    ck_assert_uint_eq(pods.n, 0);
    ld_kube_pods_done(&pods);
}
END_TEST

START_TEST(an_ephemeral_container_is_not_one_of_the_workload)
{
    kube_recorded *r = kube_read("pod-ephemeral");
    ld_kube_pods pods;
    leakdiag_error err = {0};
    assert_fine(ld_kube_read_pod(&list_pods, &r->answer, &pods, &err), &err);
    ck_assert_uint_eq(pods.list[0].n_instances, 1);
    assert_text("container", pods.list[0].instances[0].name, "steady");
    ck_assert_int_eq(pods.list[0].instances[0].restarts, 0);
    ld_kube_pods_done(&pods);
    kube_done(r);
}
END_TEST

#define POD(spec, status)                                                                          \
    "{\"kind\":\"PodList\",\"items\":[{\"metadata\":{\"name\":\"p\"},\"spec\":{" spec              \
    "},\"status\":{" status "}}]}"

START_TEST(containers_without_a_status_are_there_and_unknown)
{
    ld_kube_pods pods = pods_text(POD("\"initContainers\":[{\"name\":\"i\"}],\"containers\":["
                                      "{\"name\":\"c\",\"resources\":{\"limits\":{\"memory\":"
                                      "\"1Gi\"}}}]",
                                      "\"phase\":\"Pending\",\"conditions\":[{\"type\":"
                                      "\"PodScheduled\",\"status\":\"False\",\"reason\":"
                                      "\"Unschedulable\"}]"));
    const ld_kube_pod *pod = &pods.list[0];
    ck_assert(pod->is_unschedulable && !pod->is_ready && pod->n_instances == 2);
    ck_assert(pod->instances[0].state == LD_KUBE_UNKNOWN && pod->instances[0].restarts == -1);
    ck_assert(pod->instances[0].limit_bytes == 1024 * MI && isnan(pod->instances[1].limit_bytes));
    ck_assert(pod->instances[1].is_init && !pod->owner && !pod->node);
    ld_kube_pods_done(&pods);
}
END_TEST

START_TEST(the_limit_in_force_wins_over_the_one_that_is_wanted)
{
    ld_kube_pods pods = pods_text(POD("\"containers\":[{\"name\":\"c\",\"resources\":{\"limits\":{"
                                      "\"memory\":\"40Mi\"}}}]",
                                      "\"containerStatuses\":[{\"name\":\"x\",\"restartCount\":9},"
                                      "{\"name\":\"c\",\"resources\":{\"limits\":{\"memory\":"
                                      "\"20Mi\"}}}]"));
    assert_text("limit", pods.list[0].instances[0].limit_text, "20Mi");
    ck_assert(pods.list[0].instances[0].limit_bytes == 20 * MI);
    ck_assert(pods.list[0].instances[0].restarts == -1);
    ld_kube_pods_done(&pods);
}
END_TEST

START_TEST(waiting_eviction_and_deletion_are_read)
{
    ld_kube_pods pods = pods_text(
        "{\"kind\":\"PodList\",\"items\":[{\"metadata\":{\"name\":\"p\",\"deletionTimestamp\":"
        "\"2026-11-23T13:18:55Z\",\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"name\":\"no\"},"
        "{\"kind\":\"Job\",\"name\":\"no\",\"controller\":true},"
        "{\"kind\":\"ReplicaSet\",\"name\":\"rs\",\"controller\":true}]},"
        "\"spec\":{\"containers\":[{\"name\":\"c\"}]},\"status\":{\"phase\":\"Failed\","
        "\"reason\":\"Evicted\",\"message\":\"low on "
        "memory\",\"containerStatuses\":[{\"name\":\"c\","
        "\"restartCount\":4,\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\",\"message\":"
        "\"back-off 5s\"}},\"lastState\":{\"terminated\":{\"exitCode\":-1,\"signal\":9,\"reason\":"
        "\"Error\",\"startedAt\":null,\"finishedAt\":\"0001-01-01T00:00:00Z\"}}}]}}]}");
    const ld_kube_pod *pod = &pods.list[0];
    const ld_kube_instance *i = &pod->instances[0];
    ck_assert_int_eq(pod->deleted_ms, 1795439935000);
    assert_text("owner", pod->owner, "rs");
    assert_text("reason", pod->reason, "Evicted");
    assert_text("message", pod->message, "low on memory");
    ck_assert(i->state == LD_KUBE_WAITING && i->restarts == 4 && !i->ended.has_ended);
    assert_text("waiting", i->waiting_reason, "CrashLoopBackOff");
    assert_text("why", i->waiting_message, "back-off 5s");
    ck_assert(i->last.has_ended && i->last.exit_code == -1 && i->last.signal == 9);
    ck_assert(i->last.started_ms == 0 && i->last.finished_ms == 0); /* year 1 is Go's "never" */
    ld_kube_pods_done(&pods);
}
END_TEST

/* --- metrics --- */

START_TEST(the_recorded_metrics_are_samples)
{
    kube_recorded *r = kube_read("metrics-pods");
    ld_kube_samples s;
    leakdiag_error err = {0};
    assert_fine(ld_kube_read_metrics(&list_metrics, &r->answer, &s, &err), &err);
    ck_assert_uint_eq(s.n, 2);
    assert_text("pod", s.list[0].pod, "checkout-7db8b9cd4b-hb5vc");
    assert_text("container", s.list[0].container, "checkout");
    ck_assert_int_eq(s.list[0].time_ms, 1795440385000);
    ck_assert_int_eq(s.list[0].window_ms, 10006);
    ck_assert(s.list[0].working_set_bytes == 12008 * 1024.0);
    ck_assert(s.list[0].cpu_cores == 344608e-9);
    assert_text("pod", s.list[1].pod, "steady-698bf88575-sd5pq");
    ck_assert(s.list[1].working_set_bytes == 6660 * 1024.0 && s.list[1].window_ms == 10003);
    ld_kube_samples_done(&s);
    kube_done(r);
    r = kube_read("metrics-pod");
    assert_fine(ld_kube_read_metrics(&list_metrics, &r->answer, &s, &err), &err);
    ck_assert(s.n == 1 && s.list[0].cpu_cores == 270970e-9);
    ld_kube_samples_done(&s);
    kube_done(r);
}
END_TEST

START_TEST(the_documented_metrics_are_samples_too)
{
    size_t len;
    char *body = read_fixture("k8s/pod_metrics_list.handwritten.json", &len);
    const ld_answer answer = answer_of(200, JSON, body);
    ld_kube_samples s;
    leakdiag_error err = {0};
    assert_fine(ld_kube_read_metrics(&list_metrics, &answer, &s, &err), &err);
    ck_assert(s.n == 1 && s.list[0].window_ms == 15021);
    ck_assert(s.list[0].working_set_bytes == 8604 * 1024.0);
    ld_kube_samples_done(&s);
    free(body);
}
END_TEST

#define SAMPLE(container)                                                                          \
    "{\"kind\":\"PodMetrics\",\"metadata\":{\"name\":\"p\"},\"timestamp\":"                        \
    "\"2026-11-23T13:26:25Z\",\"window\":\"1m0.5s\",\"containers\":[" container "]}"

START_TEST(a_quantity_of_a_sample_is_known_or_not_and_never_zero)
{
    const ld_answer answer = answer_of(
        200, JSON,
        SAMPLE("{\"name\":\"a\",\"usage\":{\"cpu\":\"1\",\"memory\":\"6Mi\"}},"
               "{\"name\":\"b\",\"usage\":{\"memory\":\"12E\"}},{\"name\":\"c\",\"usage\":{\"cpu\":"
               "\"-1n\",\"memory\":\"Ki\"}},{\"name\":\"d\",\"usage\":{\"memory\":\"0\"}}"));
    ld_kube_samples s;
    leakdiag_error err = {0};
    assert_fine(ld_kube_read_metrics(&list_metrics, &answer, &s, &err), &err);
    ck_assert(s.n == 4 && s.list[0].window_ms == 60500);
    ck_assert(s.list[0].working_set_bytes == 6 * MI && s.list[0].cpu_cores == 1);
    ck_assert(isnan(s.list[1].cpu_cores) && isnan(s.list[2].cpu_cores));
    ck_assert(isnan(s.list[2].working_set_bytes) && s.list[3].working_set_bytes == 0);
    ld_kube_samples_done(&s);
}
END_TEST

/* --- services --- */

START_TEST(a_service_has_its_ports_and_what_it_selects)
{
    const ld_answer answer = answer_of(
        200, JSON,
        "{\"kind\":\"Service\",\"metadata\":{\"name\":\"flagd\"},\"spec\":{\"type\":\"ClusterIP\","
        "\"clusterIP\":\"None\",\"selector\":{\"opentelemetry.io/name\":\"flagd\"},\"ports\":["
        "{\"name\":\"rpc\",\"port\":8013,\"targetPort\":8013},{\"name\":\"ofrep\",\"port\":8016,"
        "\"targetPort\":\"ofrep\"},{\"port\":-1}]}}");
    ld_kube_service s;
    leakdiag_error err = {0};
    assert_fine(ld_kube_read_service(&get_service, &answer, &s, &err), &err);
    assert_text("name", s.name, "flagd");
    assert_text("type", s.type, "ClusterIP");
    assert_text("selector", s.selector, "opentelemetry.io/name=flagd");
    ck_assert(s.is_headless && s.n_ports == 3);
    ck_assert(s.ports[0].port == 8013 && s.ports[1].port == 8016 && s.ports[2].port == 0);
    assert_text("target", s.ports[0].target, "8013");
    assert_text("target", s.ports[1].target, "ofrep");
    assert_text("target", s.ports[2].target, NULL);
    ld_kube_service_done(&s);
}
END_TEST

static ld_kube_endpoints endpoints_of(const char *items)
{
    char body[2048];
    snprintf(body, sizeof body, "{\"kind\":\"EndpointSliceList\",\"items\":%s}", items);
    const ld_answer answer = answer_of(200, JSON, body);
    ld_kube_endpoints e;
    leakdiag_error err = {0};
    assert_fine(ld_kube_read_endpoint_slices(&list_slices, &answer, &e, &err), &err);
    return e;
}

START_TEST(endpoints_are_ready_not_ready_or_terminating)
{
    ld_kube_endpoints e = endpoints_of(
        "[{\"metadata\":{\"name\":\"a\"},\"addressType\":\"IPv4\",\"endpoints\":["
        "{\"conditions\":{\"ready\":true}},{\"conditions\":{\"ready\":false}},"
        "{\"conditions\":{\"ready\":false,\"serving\":true,\"terminating\":true}},{}],"
        "\"ports\":[{\"name\":\"rpc\",\"port\":8013},{\"name\":\"ofrep\",\"port\":8016}]},"
        "{\"metadata\":{\"name\":\"b\"},\"addressType\":\"IPv6\",\"endpoints\":[{},{}],"
        "\"ports\":[{\"name\":\"rpc\",\"port\":8013},{\"name\":\"rpc\",\"port\":9},{\"name\":"
        "\"ofrep\",\"port\":8016}]},"
        "{\"metadata\":{\"name\":\"c\"},\"addressType\":\"IPv4\",\"endpoints\":null,"
        "\"ports\":null}]");
    ck_assert(e.ready == 2 && e.not_ready == 1 && e.terminating == 1); /* one family is counted */
    ck_assert_uint_eq(e.n_ports, 3);
    ck_assert(e.ports[0].port == 8013 && e.ports[1].port == 8016 && e.ports[2].port == 9);
    ld_kube_endpoints_done(&e);
    e = endpoints_of(
        "[{\"metadata\":{\"name\":\"a\"},\"addressType\":\"Moon\",\"endpoints\":[{}]}]");
    ck_assert_int_eq(e.ready, 1); /* of a family that is not known yet */
    ld_kube_endpoints_done(&e);
    e = endpoints_of("[]");
    ck_assert(e.ready == 0 && e.not_ready == 0 && e.terminating == 0 && e.n_ports == 0);
    ld_kube_endpoints_done(&e);
}
END_TEST

/* --- config map, rights --- */

START_TEST(the_recorded_config_map_has_its_data_and_its_last_change)
{
    kube_recorded *r = kube_read("configmap-patch");
    ld_kube_config_map m;
    leakdiag_error err = {0};
    assert_fine(ld_kube_read_config_map(&get_map, &r->answer, &m, &err), &err);
    assert_text("name", m.name, "flagd-config");
    ck_assert_int_eq(m.changed_ms, 1795440393000); /* the later one of two */
    ck_assert_uint_eq(m.n, 2);
    assert_text("key", m.keys[0], "demo.flagd.json");
    ck_assert_ptr_nonnull(strstr(m.values[0], "\"defaultVariant\":\"off\""));
    assert_text("key", m.keys[1], "x");
    assert_text("value", m.values[1], "1");
    ld_kube_config_map_done(&m);
    kube_done(r);
}
END_TEST

START_TEST(keys_of_a_config_map_are_sorted_and_it_may_be_empty)
{
    ld_answer answer = answer_of(200, JSON,
                                 "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"m\"},\"data\":{"
                                 "\"b\":\"2\",\"a\":\"1\"}}");
    ld_kube_config_map m;
    leakdiag_error err = {0};
    assert_fine(ld_kube_read_config_map(&get_map, &answer, &m, &err), &err);
    ck_assert(m.n == 2 && m.changed_ms == 0);
    assert_text("first", m.keys[0], "a");
    assert_text("first", m.values[0], "1");
    ld_kube_config_map_done(&m);
    answer = answer_of(200, JSON, "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"m\"}}");
    assert_fine(ld_kube_read_config_map(&get_map, &answer, &m, &err), &err);
    ck_assert_uint_eq(m.n, 0);
    ld_kube_config_map_done(&m);
}
END_TEST

START_TEST(data_of_a_config_map_is_bounded_in_keys_and_bytes)
{
    for (size_t n = 999; n <= 1001; n++) {
        char *body = malloc(64 + n * 12), *at = stpcpy(body, "{\"kind\":\"ConfigMap\",\"data\":{");
        for (size_t i = 0; i < n; i++)
            at += sprintf(at, "%s\"%zu\":\"\"", i ? "," : "", i);
        stpcpy(at, "}}");
        const ld_answer answer = answer_of(200, JSON, body);
        ck_assert_int_eq(read_map(&answer, NULL), n <= 1000 ? LEAKDIAG_OK : LEAKDIAG_E_LIMIT);
        free(body);
    }
    const size_t most = (size_t)2 << 20; /* the key is one of the bytes */
    for (size_t n = most - 2; n <= most; n++) {
        char *body = malloc(n + 64),
             *at = stpcpy(body, "{\"kind\":\"ConfigMap\",\"data\":{\"k\":\"");
        memset(at, 'x', n);
        stpcpy(at + n, "\"}}");
        const ld_answer answer = answer_of(200, JSON, body);
        ck_assert_int_eq(read_map(&answer, NULL), n < most ? LEAKDIAG_OK : LEAKDIAG_E_LIMIT);
        free(body);
    }
}
END_TEST

START_TEST(the_recorded_review_says_no)
{
    kube_recorded *r = kube_read("can-i-exec");
    ld_kube_access access;
    leakdiag_error err = {0};
    assert_fine(ld_kube_read_access_review(&r->answer, &access, &err), &err);
    ck_assert(!access.is_allowed && !access.is_denied && !access.reason);
    kube_done(r);
    const ld_answer answer = answer_of(
        201, JSON,
        "{\"kind\":\"SelfSubjectAccessReview\",\"status\":{\"allowed\":true,\"reason\":\"RBAC\"}}");
    assert_fine(ld_kube_read_access_review(&answer, &access, &err), &err);
    ck_assert(access.is_allowed);
    assert_text("reason", access.reason, "RBAC");
    ld_kube_access_done(&access);
}
END_TEST

START_TEST(the_body_of_a_review_is_what_was_asked_and_no_more)
{
    char *body = NULL;
    const ld_kube_asked asked = {"get", "pods", "", "otel-demo", NULL};
    ck_assert_int_eq(ld_kube_access_review_body(&asked, "log", &body, NULL), LEAKDIAG_OK);
    assert_text(
        "body", body,
        "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SelfSubjectAccessReview\","
        "\"spec\":{\"resourceAttributes\":{\"namespace\":\"otel-demo\",\"resource\":\"pods\","
        "\"subresource\":\"log\",\"verb\":\"get\"}}}");
    ld_release(body);
    const ld_kube_asked odd = {"patch", "deployments", "apps", NULL, "a\"b"};
    ck_assert_int_eq(ld_kube_access_review_body(&odd, NULL, &body, NULL), LEAKDIAG_OK);
    assert_text("body", body,
                "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SelfSubjectAccessReview\","
                "\"spec\":{\"resourceAttributes\":{\"group\":\"apps\",\"name\":\"a\\\"b\","
                "\"resource\":\"deployments\",\"verb\":\"patch\"}}}");
    ld_release(body);
}
END_TEST

/* --- what is not the object --- */

static const reader readers[] = {read_deployment, read_deployments, read_pods, read_metrics,
                                 read_service,    read_slices,      read_map,  read_access};

static const struct {
    int status;
    const char *type, *body;
    leakdiag_status wanted;
} strangers[] = {
    {200, "text/html", "<html>Sign in</html>", LEAKDIAG_E_PROTOCOL},
    {200, JSON, "", LEAKDIAG_E_PROTOCOL},
    {200, JSON, "{", LEAKDIAG_E_PROTOCOL},
    {200, JSON, "{\"kind\":\"Pod\",\"kind\":\"PodList\"}", LEAKDIAG_E_PROTOCOL},
    {200, JSON, "{\"service\":\"checkout\"}", LEAKDIAG_E_PROTOCOL},
    {200, JSON, "[]", LEAKDIAG_E_PROTOCOL},
    {200, JSON, "{\"kind\":\"Table\"}", LEAKDIAG_E_PROTOCOL},
    {200, JSON, "{\"kind\":7}", LEAKDIAG_E_PROTOCOL},
    {200, JSON, "{\"kind\":\"Status\",\"status\":\"Failure\",\"code\":403}", LEAKDIAG_E_AUTH},
    {200, JSON, "{\"kind\":\"Status\",\"status\":\"Failure\",\"code\":410}", LEAKDIAG_E_CONFLICT},
    {200, JSON, "{\"kind\":\"Status\",\"status\":\"Success\"}", LEAKDIAG_E_PROTOCOL},
    {200, JSON, "{\"kind\":\"Status\",\"code\":399}", LEAKDIAG_E_PROTOCOL},
    {200, JSON, "{\"kind\":\"Status\",\"code\":400}", LEAKDIAG_E_INVALID},
    {200, JSON, "{\"kind\":\"Status\",\"code\":599}", LEAKDIAG_E_IO},
    {200, JSON, "{\"kind\":\"Status\",\"code\":600}", LEAKDIAG_E_PROTOCOL},
    {200, JSON, "{\"kind\":\"x\",\"n\":1e400}", LEAKDIAG_E_PROTOCOL},
    {503, JSON, "{\"kind\":\"Status\",\"code\":503}", LEAKDIAG_E_IO},
};

START_TEST(no_decoder_takes_a_stranger)
{
    const ld_answer answer =
        answer_of(strangers[_i].status, strangers[_i].type, strangers[_i].body);
    for (size_t i = 0; i < COUNT(readers); i++) {
        leakdiag_error err = {0};
        leakdiag_status status = readers[i](&answer, &err);
        ck_assert_msg(status == strangers[_i].wanted, "reader %zu, %s: %s: %s", i,
                      strangers[_i].body, leakdiag_status_name(status), err.message);
        ck_assert(*err.message && !strchr(err.message, '\n'));
    }
}
END_TEST

static const char *const prefixes[] = {"deployment-get", "pods-list", "metrics-pods",
                                       "configmap-patch", "can-i-exec"};

START_TEST(no_beginning_of_a_recorded_body_is_taken_for_the_whole)
{
    static const size_t reader_of[] = {0, 2, 3, 6, 7};
    kube_recorded *r = kube_read(prefixes[_i]);
    ld_answer answer = r->answer;
    while (answer.len > 0 && (r->body[answer.len - 1] == '\n' || r->body[answer.len - 1] == ' '))
        answer.len--;
    ck_assert_int_eq(readers[reader_of[_i]](&answer, NULL), LEAKDIAG_OK);
    while (answer.len-- > 0) {
        char *exact = malloc(answer.len + 1); /* so that reading beyond is seen */
        memcpy(exact, r->body, answer.len);
        ld_answer cut = answer;
        cut.body = exact;
        ck_assert_int_eq(readers[reader_of[_i]](&cut, NULL), LEAKDIAG_E_PROTOCOL);
        free(exact);
    }
    kube_done(r);
}
END_TEST

START_TEST(each_item_of_a_list_needs_a_name)
{
    static const struct {
        const char *kind;
        reader read;
    } lists[] = {{"PodList", read_pods},
                 {"DeploymentList", read_deployments},
                 {"EndpointSliceList", read_slices}};
    for (size_t i = 0; i < COUNT(lists); i++)
        for (size_t bad = 0; bad < 4; bad++) { /* the one without; 3: none */
            char body[512], *at = body;
            at += sprintf(at, "{\"kind\":\"%s\",\"items\":[", lists[i].kind);
            for (size_t k = 0; k < 3; k++)
                at += sprintf(at, "%s{\"metadata\":{\"%s\":\"x\"}}", k ? "," : "",
                              k == bad ? "no" : "name");
            stpcpy(at, "]}");
            const ld_answer answer = answer_of(200, JSON, body);
            ck_assert_int_eq(lists[i].read(&answer, NULL),
                             bad == 3 ? LEAKDIAG_OK : LEAKDIAG_E_PROTOCOL);
        }
}
END_TEST

/* Members of the wrong type, where each decoder expects something else. */
static const char *const twisted[] = {
    "{\"kind\":\"%s\",\"metadata\":7,\"spec\":\"x\",\"status\":[],\"items\":{}}",
    "{\"kind\":\"%s\",\"metadata\":{\"name\":[]},\"spec\":null,\"status\":null,\"items\":[7]}",
    "{\"kind\":\"%s\",\"metadata\":{\"name\":\"x\",\"managedFields\":{}},\"items\":[{\"metadata\":{"
    "\"name\":\"p\"},\"spec\":{\"containers\":[{}]},\"containers\":[{}],\"ports\":[7],"
    "\"endpoints\":[7]}],\"spec\":{\"containers\":{},\"ports\":[7],\"selector\":3},"
    "\"data\":{\"a\":7},\"containers\":7}",
};

START_TEST(members_of_a_wrong_type_never_crash)
{
    static const char *const kinds[] = {"Deployment", "DeploymentList", "PodList",
                                        "PodMetrics", "Service",        "EndpointSliceList",
                                        "ConfigMap",  "PodMetricsList", "SelfSubjectAccessReview",
                                        "Pod"};
    for (size_t k = 0; k < COUNT(kinds); k++) {
        char body[1024];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(body, sizeof body, twisted[_i], kinds[k]);
#pragma GCC diagnostic pop
        const ld_answer answer = answer_of(200, JSON, body);
        for (size_t i = 0; i < COUNT(readers); i++)
            (void)readers[i](&answer, NULL);
    }
}
END_TEST

static kube_recorded *tortured;
static reader torture_reader;

static leakdiag_status scenario(void)
{
    return torture_reader(&tortured->answer, NULL);
}

START_TEST(every_allocation_may_fail)
{
    static const size_t reader_of[] = {0, 2, 3, 6};
    tortured = kube_read(prefixes[_i]);
    torture_reader = readers[reader_of[_i]];
    ck_assert_uint_gt(torture_run(scenario), 4);
    kube_done(tortured);
}
END_TEST

static ld_answer handmade;

static leakdiag_status handmade_scenario(void)
{
    return torture_reader(&handmade, NULL);
}

static const struct {
    reader read;
    const char *body;
} torments[] = {
    {read_service,
     "{\"kind\":\"Service\",\"metadata\":{\"name\":\"s\"},\"spec\":{\"type\":\"t\","
     "\"selector\":{\"a\":\"b\"},\"ports\":[{\"name\":\"p\",\"port\":1,\"targetPort\":2},"
     "{\"targetPort\":\"x\"}]}}"},
    {read_slices, "{\"kind\":\"EndpointSliceList\",\"items\":[{\"metadata\":{\"name\":\"s\"},"
                  "\"endpoints\":[{}],\"ports\":[{\"name\":\"p\",\"port\":1},{\"name\":\"q\"}]}]}"},
    {read_access, "{\"kind\":\"SelfSubjectAccessReview\",\"status\":{\"allowed\":true,\"reason\":"
                  "\"r\"}}"},
    {read_deployments,
     "{\"kind\":\"DeploymentList\",\"items\":[{\"metadata\":{\"name\":\"d\"},\"spec\":{"
     "\"selector\":{"
     "\"matchExpressions\":[{\"key\":\"c\",\"operator\":\"In\",\"values\":[\"d\"]}]},\"template\":{"
     "\"metadata\":{\"labels\":{\"app.kubernetes.io/version\":\"1\"}},"
     "\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":{\"limits\":{\"memory\":\"x\"},"
     "\"requests\":{\"memory\":5}},\"env\":[{\"name\":\"GOGC\",\"value\":\"5\"}],\"envFrom\":[{"
     "\"secretRef\":{\"name\":\"s\"}}]}]}}}}]}"},
};

START_TEST(every_allocation_of_other_objects_may_fail)
{
    handmade = answer_of(200, JSON, torments[_i].body);
    torture_reader = torments[_i].read;
    ck_assert_uint_gt(torture_run(handmade_scenario), 1);
}
END_TEST

static leakdiag_status path_scenario(void)
{
    char *path = NULL;
    leakdiag_status status = ld_kube_path_service_proxy("ns", "http:flagd:8016", &path, NULL);
    ld_release(path);
    path = NULL;
    if (!status)
        status = ld_kube_path_pods("ns", "a in (b,c),!d", &path, NULL);
    ld_release(path);
    path = NULL;
    if (!status)
        status = ld_kube_access_review_body(&list_pods, NULL, &path, NULL);
    ld_release(path);
    return status;
}

static leakdiag_status refusal_scenario(void)
{
    leakdiag_error err = {0};
    leakdiag_status status = ld_kube_check(&list_pods, &tortured->answer, &err);
    return status == LEAKDIAG_E_AUTH ? LEAKDIAG_OK : status;
}

START_TEST(every_allocation_of_paths_and_messages_may_fail)
{
    ck_assert_uint_gt(torture_run(path_scenario), 4);
    tortured = kube_read("auth-403-dev-cert");
    ck_assert_uint_gt(torture_run(refusal_scenario), 2);
    kube_done(tortured);
}
END_TEST

static Suite *objects(void)
{
    Suite *suite = suite_create("kube");
    TCase *tc = tcase_create("deployment");
    tcase_add_test(tc, the_recorded_deployment_has_its_facts);
    tcase_add_test(tc, a_restart_is_read_from_the_template);
    tcase_add_test(tc, an_empty_deployment_knows_nothing);
    tcase_add_test(tc, the_state_of_a_rollout_is_read);
    tcase_add_loop_test(tc, each_selector_is_a_query_or_refused, 0, (int)COUNT(selectors));
    tcase_add_loop_test(tc, each_limit_keeps_its_text_and_is_bytes_or_says_why_not, 0,
                        (int)COUNT(limits));
    tcase_add_test(tc, only_listed_variables_are_kept_and_no_secret_among_them);
    tcase_add_test(tc, init_containers_come_last_and_a_sidecar_is_known);
    suite_add_tcase(suite, tc);
    tc = tcase_create("pods");
    tcase_add_test(tc, the_recorded_kill_is_the_last_end_of_a_running_instance);
    tcase_add_test(tc, the_recorded_list_has_the_newest_death_in_the_state);
    tcase_add_test(tc, a_continue_token_says_that_the_list_is_not_whole);
    tcase_add_test(tc, a_namespace_that_is_not_there_is_an_empty_list);
    tcase_add_test(tc, an_ephemeral_container_is_not_one_of_the_workload);
    tcase_add_test(tc, containers_without_a_status_are_there_and_unknown);
    tcase_add_test(tc, the_limit_in_force_wins_over_the_one_that_is_wanted);
    tcase_add_test(tc, waiting_eviction_and_deletion_are_read);
    suite_add_tcase(suite, tc);
    tc = tcase_create("others");
    tcase_add_test(tc, the_recorded_metrics_are_samples);
    tcase_add_test(tc, the_documented_metrics_are_samples_too);
    tcase_add_test(tc, a_quantity_of_a_sample_is_known_or_not_and_never_zero);
    tcase_add_test(tc, a_service_has_its_ports_and_what_it_selects);
    tcase_add_test(tc, endpoints_are_ready_not_ready_or_terminating);
    tcase_add_test(tc, the_recorded_config_map_has_its_data_and_its_last_change);
    tcase_add_test(tc, keys_of_a_config_map_are_sorted_and_it_may_be_empty);
    tcase_add_test(tc, data_of_a_config_map_is_bounded_in_keys_and_bytes);
    tcase_add_test(tc, the_recorded_review_says_no);
    tcase_add_test(tc, the_body_of_a_review_is_what_was_asked_and_no_more);
    suite_add_tcase(suite, tc);
    return suite;
}

static void add_hostile(Suite *suite)
{
    TCase *tc = tcase_create("hostile");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, each_number_of_things_is_read_up_to_its_limit_and_no_further, 0,
                        (int)COUNT(bounds));
    tcase_add_test(tc, a_list_with_too_many_containers_in_all_is_refused);
    tcase_add_test(tc, depth_up_to_64_is_read_and_65_is_not);
    tcase_add_test(tc, a_body_of_16_mib_is_read_and_one_more_byte_is_not);
    tcase_add_loop_test(tc, no_decoder_takes_a_stranger, 0, (int)COUNT(strangers));
    tcase_add_loop_test(tc, no_beginning_of_a_recorded_body_is_taken_for_the_whole, 0,
                        (int)COUNT(prefixes));
    tcase_add_loop_test(tc, members_of_a_wrong_type_never_crash, 0, (int)COUNT(twisted));
    tcase_add_loop_test(tc, every_allocation_may_fail, 0, 4);
    tcase_add_test(tc, each_item_of_a_list_needs_a_name);
    tcase_add_loop_test(tc, every_allocation_of_other_objects_may_fail, 0, (int)COUNT(torments));
    tcase_add_test(tc, every_allocation_of_paths_and_messages_may_fail);
    suite_add_tcase(suite, tc);
}

int main(void)
{
    Suite *suite = objects();
    add_hostile(suite);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
