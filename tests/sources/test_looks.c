/* Many looks at one cluster: each line of a pod's log counts once, whatever the kubelet sends
 * again, and what Prometheus remembers of a pod that was restarted becomes one series. */
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "run/session.h"
#include "sources/kube_facts.h"
#include "sources/temporary.h"
#include "world/cluster.h"

#define OK(call)                                                                                   \
    do {                                                                                           \
        leakdiag_error err = {0};                                                                  \
        leakdiag_status status_ = (call);                                                          \
        ck_assert_msg(status_ == LEAKDIAG_OK, #call ": %s", err.message);                          \
    } while (0)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* What Prometheus has of one instance. */
typedef struct remembered {
    const char *pod;
    int64_t from_ms, to_ms; /* its last value is repeated until then */
    double first;
} remembered;

/* One session, and what it is told otherwise than by the world. */
typedef struct place {
    ld_node *answers;
    world w;
    cluster c;
    leakdiag_cluster *opened;
    leakdiag_session *session;
    leakdiag_observation *seen;
    size_t n_unwritten;       /* lines at the log's end that the kubelet does not have yet */
    char newest[31];          /* the newest line's time */
    size_t n_rotated;         /* lines at the beginning that the log of the instance before lost */
    bool is_previous_gone;    /* that log */
    size_t n_tails, n_wholes; /* times that a log was asked for from its end, and all of it */
    const remembered *series; /* of memory, as Prometheus has it; NULL: the world's */
    size_t n_series;
    ld_text matrix;        /* its last answer */
    int64_t asked_from_ms; /* for what of it was asked last */
    char token[64];        /* a file */
    size_t n_refusals;     /* times that Deployments are answered with 401 */
} place;

/* --- what Prometheus remembers --- */

#define STEP_MS 15000

/* Series of 10 MB and up: a value names its series and its step. */
static void add_series(ld_text *out, const place *p, const remembered *r, int64_t to_ms)
{
    size_t n = 0;
    for (int64_t t = p->asked_from_ms; t <= to_ms; t += STEP_MS) {
        if (t < r->from_ms || t > r->to_ms)
            continue;
        if (n++ == 0)
            ld_text_addf(out,
                         "%s{\"metric\":{\"__name__\":\"container_memory_working_set_bytes\","
                         "\"container\":\"checkout\",\"namespace\":\"otel-demo\",\"pod\":\"%s\"},"
                         "\"values\":[",
                         out->data[out->len - 1] == '[' ? "" : ",", r->pod);
        int64_t ms = p->c.base_ms + t;
        ld_text_addf(out, "%s[%" PRId64 ".%03d,\"%.0f\"]", n > 1 ? "," : "", ms / 1000,
                     (int)(ms % 1000), r->first + (double)((t - r->from_ms) / STEP_MS));
    }
    ld_text_add(out, n ? "]}" : "");
}

static void make_matrix(place *p, int64_t to_ms)
{
    ld_text_done(&p->matrix);
    p->matrix = (ld_text){0};
    ld_text_add(&p->matrix,
                "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[");
    for (size_t i = 0; i < p->n_series; i++)
        add_series(&p->matrix, p, &p->series[i], to_ms);
    ld_text_add(&p->matrix, "]}}");
    ck_assert(!p->matrix.failed);
}

/* --- the place --- */

static int64_t place_now(void *payload)
{
    const place *p = payload;
    return p->c.base_ms + p->c.at_ms;
}

/* All lines of a second within its first millisecond: only the digits behind it tell them apart. */
static void crowd(char *text)
{
    for (char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
        char *digits = strchr(line, '.') + 1;
        memmove(digits + 3, digits, 6);
        memset(digits, '0', 3);
    }
}

/* The lines that the kubelet has: not the last n, but what it has shown once it has for good. */
static size_t written_lines(place *p, const char *text, size_t len)
{
    for (size_t n = p->n_unwritten; n > 0 && len > 0; n--) {
        const char *newline = memrchr(text, '\n', len - 1);
        const char *line = newline ? newline + 1 : text;
        if (strncmp(line, p->newest, sizeof p->newest - 1) == 0)
            break;
        len = (size_t)(line - text);
    }
    const char *newline = len ? memrchr(text, '\n', len - 1) : NULL;
    if (len)
        snprintf(p->newest, sizeof p->newest, "%s", newline ? newline + 1 : text);
    return len;
}

static void log_answer(place *p, const char *url, leakdiag_http_answer *ret)
{
    static const char gone[] =
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":"
        "\"previous terminated container \\\"checkout\\\" in pod \\\"checkout\\\" not found\","
        "\"reason\":\"BadRequest\",\"code\":400}";
    bool is_previous = strstr(url, "previous=true") != NULL;
    bool is_tail = strstr(url, "tailLines=") != NULL;
    p->n_tails += is_tail;
    p->n_wholes += !is_tail;
    if (is_previous && p->is_previous_gone) {
        *ret = (leakdiag_http_answer){.size = ret->size,
                                      .status = 400,
                                      .body = gone,
                                      .content_type = "application/json",
                                      .body_len = sizeof gone - 1};
        return;
    }
    if (ret->status != 200)
        return;
    char *text = cluster_keep(&p->c, strndup(ret->body, ret->body_len));
    crowd(text);
    for (size_t i = 0; is_previous && i < p->n_rotated && strchr(text, '\n'); i++)
        text = strchr(text, '\n') + 1;
    ret->body = text;
    ret->body_len = written_lines(p, text, strlen(text));
}

static int place_answer(const leakdiag_http_request *request, leakdiag_http_answer *ret,
                        void *payload)
{
    place *p = payload;
    double seconds = 0;
    const char *start = strstr(request->url, "start=");
    int status = cluster_transport(request, ret, &p->c);
    if (p->n_refusals && strstr(request->url, "/deployments/")) {
        p->n_refusals--;
        ret->status = 401;
        ret->body_len = 0;
    }
    if (strstr(request->url, "/log?"))
        log_answer(p, request->url, ret);
    if (!p->series || !start || !strstr(request->url, "memory_working_set"))
        return status;
    ck_assert(ld_number_parse(start + 6, strcspn(start + 6, "&"), &seconds));
    p->asked_from_ms = (int64_t)round(seconds * 1e3) - p->c.base_ms;
    make_matrix(p, p->c.at_ms);
    ret->body = p->matrix.data;
    ret->body_len = p->matrix.len;
    return status;
}

static void write_temporary(char path[64], const char *text)
{
    temporary_template(path, "looks");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(close(fd), 0);
}

static leakdiag_cluster *open_cluster(place *p)
{
    char path[64], config[512];
    leakdiag_cluster *opened = NULL;
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    write_temporary(p->token, "viewer-token\n");
    snprintf(config, sizeof config,
             "apiVersion: v1\nkind: Config\ncurrent-context: x\n"
             "clusters: [{name: c, cluster: {server: \"https://kubernetes.invalid:6443\"}}]\n"
             "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
             "users: [{name: u, user: {tokenFile: \"%s\"}}]\n",
             p->token);
    write_temporary(path, config);
    options.kubeconfig = path;
    OK(leakdiag_cluster_open(&options, &opened, &err));
    unlink(path);
    return opened;
}

static void place_make(place *p)
{
    p->answers = world_document("answers.yaml");
    p->w = world_healthy(p->answers);
    p->c = (cluster){.w = &p->w, .base_ms = WORLD_EPOCH};
}

static void place_begin(place *p)
{
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    leakdiag_scenario *scenario = NULL;
    transport.answer = place_answer;
    transport.payload = p;
    p->opened = open_cluster(p);
    options.transport = &transport;
    options.cluster = p->opened;
    options.deadline_ms = 60000; /* nothing here waits */
    OK(leakdiag_scenario_builtin("otel-demo/checkout", NULL, 0, &scenario, &err));
    OK(leakdiag_session_new(scenario, &options, &p->session, &err));
    leakdiag_scenario_unref(scenario);
    p->session->clock_ms = place_now;
    p->session->clock_payload = p;
}

static void place_look(place *p, int64_t at_ms)
{
    leakdiag_observation_unref(p->seen);
    p->seen = NULL;
    p->c.at_ms = at_ms;
    OK(leakdiag_session_gather(p->session, &p->seen, &err));
}

static void place_remove(place *p)
{
    leakdiag_observation_unref(p->seen);
    leakdiag_session_free(p->session);
    leakdiag_cluster_free(p->opened);
    unlink(p->token);
    cluster_done(&p->c);
    ld_node_free(p->answers);
    ld_text_done(&p->matrix);
}

/* --- lines --- */

typedef struct counts {
    int64_t lines, n_first, n_gaps;
} counts;

static counts counted(const place *p)
{
    counts sum = {0};
    for (size_t i = 0; i < p->seen->n_facts; i++) {
        const ld_fact *fact = p->seen->facts[i];
        if (fact->kind != LD_FACT_LOG)
            continue;
        ck_assert_msg(!fact->error, "%s", fact->error);
        sum.lines += fact->of.log.lines;
        sum.n_first += fact->of.log.is_first && fact->of.log.lines > 0;
        sum.n_gaps += fact->of.log.has_gap;
    }
    return sum;
}

/* Lines that all instances wrote until now. */
static int64_t written(const place *p)
{
    int64_t lines = 0;
    cluster_instance instances[2 * WORLD_ENDS + 1];
    size_t n = cluster_instances(&p->c, instances);
    for (size_t i = 0; i < n; i++) {
        ld_text text = {0};
        bool is_last = instances[i].ended_ms > p->c.at_ms;
        world_log(&p->w, p->c.base_ms, instances[i].started_ms - 1,
                  is_last ? p->c.at_ms : instances[i].ended_ms - 1, &text);
        for (const char *at = text.data; at && (at = strchr(at, '\n')); at++)
            lines++;
        ld_text_done(&text);
    }
    return lines;
}

#define FIRST_MS INT64_C(120000)

START_TEST(each_line_counts_once_wherever_a_look_cuts_the_log)
{
    static const int64_t steps_ms[] = {1700, 30, 970, 4001, 250, 30000, 1};
    place p = {0};
    place_make(&p);
    place_begin(&p);
    int64_t at_ms = FIRST_MS;
    for (size_t i = 0; i < 40; i++) {
        p.n_unwritten = i % 4;
        place_look(&p, at_ms);
        at_ms += steps_ms[i % COUNT(steps_ms)];
    }
    p.n_unwritten = 0;
    place_look(&p, at_ms);
    counts sum = counted(&p);
    ck_assert_int_gt(written(&p), 300);
    ck_assert_int_lt(written(&p), 2000); /* the first look's tail has them all */
    ck_assert_int_eq(sum.lines, written(&p));
    ck_assert_int_eq(sum.n_first, 1);
    ck_assert_uint_eq(p.n_tails, 41);
    ck_assert_uint_eq(p.n_wholes, 5); /* after each 30 s: more lines than a short tail has */
    ck_assert_int_eq(sum.n_gaps, 0);
    place_remove(&p);
}
END_TEST

/* A look that is done again, because a token had expired meanwhile, counts nothing of the first
 * try. */
START_TEST(a_renewed_token_in_a_later_look_reads_no_line_twice)
{
    place p = {0};
    place_make(&p);
    place_begin(&p);
    place_look(&p, FIRST_MS);
    ck_assert_int_eq(p.session->skew_ms, 0); /* part of a second is no difference of clocks */
    p.n_refusals = 1;
    place_look(&p, FIRST_MS + 10000);
    ck_assert_uint_eq(p.n_refusals, 0);
    counts sum = counted(&p);
    ck_assert_int_eq(sum.lines, written(&p));
    ck_assert_int_eq(sum.n_gaps, 0);
    ck_assert_uint_eq(p.n_wholes, 0);
    place_remove(&p);
}
END_TEST

START_TEST(a_kill_between_two_looks_loses_no_line_and_counts_none_twice)
{
    place p = {0};
    place_make(&p);
    p.w.oom_ms[p.w.n_oom++] = FIRST_MS + 14500;
    place_begin(&p);
    for (int i = 0; i < 5; i++)
        place_look(&p, FIRST_MS + i * 10000);
    counts sum = counted(&p);
    ck_assert_int_eq(sum.lines, written(&p));
    ck_assert_int_eq(sum.n_gaps, 0);
    ck_assert_int_eq(sum.n_first, 1); /* both instances are one stream */
    place_remove(&p);
}
END_TEST

START_TEST(a_first_look_after_a_kill_has_the_lines_of_both_instances)
{
    place p = {0};
    place_make(&p);
    p.w.oom_ms[p.w.n_oom++] = FIRST_MS - 14500;
    place_begin(&p);
    place_look(&p, FIRST_MS);
    place_look(&p, FIRST_MS + 10000);
    counts sum = counted(&p);
    ck_assert_int_eq(sum.lines, written(&p));
    ck_assert_int_eq(sum.n_gaps, 0);
    place_remove(&p);
}
END_TEST

START_TEST(a_file_that_was_rotated_between_two_looks_has_a_gap)
{
    place p = {0};
    place_make(&p);
    p.w.has_log_gap = true;
    p.w.every_ms = 10000;
    p.w.at_ms = FIRST_MS + 30000;
    place_begin(&p);
    place_look(&p, FIRST_MS);
    place_look(&p, FIRST_MS + 10000);
    ck_assert_int_eq(counted(&p).n_gaps, 0);
    place_look(&p, p.w.at_ms);
    ck_assert_int_eq(counted(&p).n_gaps, 1);
    ck_assert_int_lt(counted(&p).lines, written(&p));
    place_remove(&p);
}
END_TEST

START_TEST(lines_of_the_instance_before_that_are_gone_are_a_gap)
{
    place p = {0};
    place_make(&p);
    p.w.oom_ms[p.w.n_oom++] = FIRST_MS + 14500;
    p.is_previous_gone = _i == 1;
    place_begin(&p);
    place_look(&p, FIRST_MS);
    p.n_rotated = _i == 0 ? (size_t)written(&p) + 8 : 0;
    place_look(&p, FIRST_MS + 20000);
    counts sum = counted(&p);
    ck_assert_int_lt(sum.lines, written(&p));
    ck_assert_int_eq(sum.n_gaps, 1);
    place_remove(&p);
}
END_TEST

/* --- which container, and how it ended last --- */

START_TEST(the_only_container_is_found_beside_those_that_come_before_it)
{
    leakdiag_error err = {0};
    ld_kube_instance instances[] = {{.name = (char[]){"wait"}, .is_init = true},
                                    {.name = (char[]){"app"}},
                                    {.name = (char[]){"proxy"}}};
    ld_kube_pod pod = {.name = (char[]){"p"}, .instances = instances, .n_instances = 2};
    ck_assert_ptr_eq(ld_pod_container(&pod, NULL, NULL, &err), &instances[1]);
    pod.n_instances = 3; /* of two nobody can say which is meant */
    ck_assert_ptr_null(ld_pod_container(&pod, "other", "shop", &err));
    ck_assert_ptr_eq(ld_pod_container(&pod, "other", "proxy", &err), &instances[2]);
    ck_assert_ptr_eq(ld_pod_container(&pod, "app", "proxy", &err), &instances[1]);
}
END_TEST

START_TEST(while_a_container_is_down_its_own_end_is_the_newest)
{
    ld_kube_instance instance = {.name = (char[]){"app"}};
    ck_assert_ptr_null(ld_pod_latest_end(&instance));
    instance.last.has_ended = true;
    ck_assert_ptr_eq(ld_pod_latest_end(&instance), &instance.last);
    instance.ended.has_ended = true;
    ck_assert_ptr_eq(ld_pod_latest_end(&instance), &instance.ended);
}
END_TEST

/* --- what Prometheus remembers --- */

/* What the newest look was told of a pod. */
static const leakdiag_series *series_of(const place *p, const char *pod)
{
    const leakdiag_series *found = NULL;
    for (size_t i = 0; i < p->seen->n_facts; i++) {
        const ld_fact *fact = p->seen->facts[i];
        const char *of = fact->kind == LD_FACT_SERIES ? fact->of.series.pod : NULL;
        if (!of || strcmp(of, pod) != 0 || fact->time_ms != p->c.base_ms + p->c.at_ms)
            continue;
        ck_assert_msg(!found, "two facts of %s", pod);
        found = fact->of.series.series;
    }
    ck_assert_msg(found != NULL, "no series of %s", pod);
    return found;
}

/* For five minutes a dead instance's last value goes on beside the new one's: where both are the
 * younger is right, whichever is told first. */
START_TEST(two_series_of_a_restarted_pod_are_one)
{
    enum { MIN = 60000, RESTART = 10 * MIN, OLD = 10000000, YOUNG = 20000000, OTHER = 30000000 };
    place p = {0};
    place_make(&p);
    place_begin(&p);
    const char *pod = cluster_pod_name(&p.c), *other = "checkout-558fcdb47f-zzzz2";
    const remembered old = {pod, 0, RESTART + 5 * MIN, OLD},
                     young = {pod, RESTART, INT64_MAX, YOUNG};
    const remembered series[] = {
        _i == 0 ? young : old, {other, 0, INT64_MAX, OTHER}, _i == 0 ? old : young};
    p.w.cluster.prometheus = "as-metrics";
    p.series = series;
    p.n_series = COUNT(series);
    place_look(&p, 18 * MIN);
    const leakdiag_series *found = series_of(&p, pod);
    ck_assert_uint_eq(leakdiag_series_len(series_of(&p, other)), 18 * MIN / STEP_MS + 1);
    ck_assert_uint_eq(leakdiag_series_len(found), 18 * MIN / STEP_MS + 1);
    for (size_t i = 0; i < leakdiag_series_len(found); i++) {
        size_t k = RESTART / STEP_MS;
        ck_assert_double_eq(leakdiag_series_values(found)[i],
                            i < k ? OLD + (double)i : YOUNG + (double)(i - k));
    }
    place_remove(&p);
}
END_TEST

/* The same in looks a few seconds apart: at one point of time nothing tells which is younger. */
START_TEST(a_look_after_a_restart_tells_the_young_series_from_the_old)
{
    enum { MIN = 60000, RESTART = 10 * MIN, OLD = 10000000, YOUNG = 20000000 };
    place p = {0};
    place_make(&p);
    place_begin(&p);
    const char *pod = cluster_pod_name(&p.c);
    const remembered old = {pod, 0, RESTART + 5 * MIN, OLD},
                     young = {pod, RESTART, INT64_MAX, YOUNG};
    const remembered series[] = {_i == 0 ? young : old, _i == 0 ? old : young};
    p.w.cluster.prometheus = "as-metrics";
    p.series = series;
    p.n_series = COUNT(series);
    place_look(&p, RESTART - STEP_MS);
    for (int64_t at_ms = RESTART; at_ms <= RESTART + 6 * MIN; at_ms += STEP_MS) {
        place_look(&p, at_ms);
        const leakdiag_series *found = series_of(&p, pod);
        ck_assert_uint_eq(leakdiag_series_len(found), 1);
        ck_assert_double_eq(leakdiag_series_values(found)[0],
                            YOUNG + (double)((at_ms - RESTART) / STEP_MS));
    }
    place_remove(&p);
}
END_TEST

/* Asked for again only as far back as two instances may overlap, and told once. */
START_TEST(history_is_told_only_once)
{
    enum { MIN = 60000, FIRST = 12 * MIN + 7000 };
    place p = {0};
    place_make(&p);
    place_begin(&p);
    const remembered series[] = {{cluster_pod_name(&p.c), 0, INT64_MAX, 1e7}};
    p.w.cluster.prometheus = "as-metrics";
    p.series = series;
    p.n_series = 1;
    place_look(&p, FIRST);
    ck_assert_int_eq(p.asked_from_ms, FIRST - 30 * MIN);
    place_look(&p, 13 * MIN);
    ck_assert_int_eq(p.asked_from_ms, FIRST - 5 * MIN);
    const leakdiag_series *found = series_of(&p, series[0].pod);
    ck_assert_uint_eq(leakdiag_series_len(found), (13 * MIN - FIRST) / STEP_MS);
    ck_assert_int_eq(leakdiag_series_times_ms(found)[0], p.c.base_ms + FIRST + STEP_MS);
    place_remove(&p);
}
END_TEST

int main(void)
{
    TCase *log = tcase_create("log"), *prometheus = tcase_create("prometheus");
    TCase *pods = tcase_create("pods");
    tcase_set_timeout(log, 60);
    tcase_set_timeout(prometheus, 60);
    tcase_add_test(log, each_line_counts_once_wherever_a_look_cuts_the_log);
    tcase_add_test(log, a_renewed_token_in_a_later_look_reads_no_line_twice);
    tcase_add_test(log, a_kill_between_two_looks_loses_no_line_and_counts_none_twice);
    tcase_add_test(log, a_first_look_after_a_kill_has_the_lines_of_both_instances);
    tcase_add_test(log, a_file_that_was_rotated_between_two_looks_has_a_gap);
    tcase_add_loop_test(log, lines_of_the_instance_before_that_are_gone_are_a_gap, 0, 2);
    tcase_add_test(pods, the_only_container_is_found_beside_those_that_come_before_it);
    tcase_add_test(pods, while_a_container_is_down_its_own_end_is_the_newest);
    tcase_add_loop_test(prometheus, two_series_of_a_restarted_pod_are_one, 0, 2);
    tcase_add_loop_test(prometheus, a_look_after_a_restart_tells_the_young_series_from_the_old, 0,
                        2);
    tcase_add_test(prometheus, history_is_told_only_once);
    Suite *suite = suite_create("looks");
    suite_add_tcase(suite, log);
    suite_add_tcase(suite, pods);
    suite_add_tcase(suite, prometheus);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
