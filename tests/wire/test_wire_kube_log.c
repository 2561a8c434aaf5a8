/* Logs of the Kubernetes API: what is one, what only looks like one, and that no chunking changes
 * what is counted. */
#include "kube_recorded.h"

#include <leakdiag/logs.h>

#include "wire/kube.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const ld_kube_asked get_log = {"get", "pods/log", "", "otel-demo", "checkout-1"};

static const struct {
    const char *file;
    leakdiag_status status;
    const char *in_message;
} recordings[] = {
    {"logs-tail5", LEAKDIAG_OK, NULL},
    {"logs-tail5-timestamps", LEAKDIAG_OK, NULL},
    {"logs-follow", LEAKDIAG_OK, NULL},
    {"logs-follow-until-oom", LEAKDIAG_OK, NULL},
    {"logs-limitbytes", LEAKDIAG_OK, NULL},
    {"logs-previous", LEAKDIAG_OK, NULL},
    {"logs-since2s", LEAKDIAG_OK, NULL},
    {"logs-sincetime", LEAKDIAG_OK, NULL},
    {"logs-accept-json", LEAKDIAG_OK, NULL},
    {"logs-previous-gone", LEAKDIAG_E_NOT_FOUND, "containerd://9247c3ea"},
    {"logs-previous-400", LEAKDIAG_E_NOT_FOUND, "previous terminated container \"steady\""},
    {"logs-badcontainer-400", LEAKDIAG_E_NOT_FOUND, "container nope is not valid"},
    {"logs-404", LEAKDIAG_E_NOT_FOUND, "pods \"absent\" not found"},
    {"logs-since0-422", LEAKDIAG_E_INVALID, "sinceSeconds"},
    {"logs-stream-stderr", LEAKDIAG_E_INVALID, "stream"},
    {"auth-401-badtoken", LEAKDIAG_E_AUTH, "HTTP 401"},
    {"auth-403-dev-cert", LEAKDIAG_E_AUTH, "resources: [pods/log], verbs: [get]"},
    {"path-404", LEAKDIAG_E_UNSUPPORTED, "404 page not found"},
};

START_TEST(each_recorded_answer_is_a_log_or_says_why_not)
{
    kube_recorded *r = kube_read(recordings[_i].file);
    leakdiag_error err = {0};
    leakdiag_status status = ld_kube_check_log(&get_log, &r->answer, &err);
    ck_assert_msg(status == recordings[_i].status, "%s: %s: %s", recordings[_i].file,
                  leakdiag_status_name(status), err.message);
    if (recordings[_i].in_message) {
        ck_assert_msg(strstr(err.message, recordings[_i].in_message), "%s", err.message);
        ck_assert(!strchr(err.message, '\n'));
        ck_assert_ptr_nonnull(strstr(err.message, "get pods/log checkout-1 in namespace"));
    }
    kube_done(r);
}
END_TEST

#define TEXT "text/plain"
#define JSON "application/json"
#define TIME "2026-11-23T13:19:41.301250225Z "
#define ID   "9247c3ea40f72983872671bc3b9cb5045adeccd286029532333e775a4025b61a"
#define GONE "unable to retrieve container logs for containerd://" ID
#define REFUSE(message)                                                                            \
    "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"" message "\",\"code\":400}"

static const struct {
    int status;
    const char *type, *body;
    leakdiag_status wanted;
} answers[] = {
    {200, TEXT, "", LEAKDIAG_OK}, /* no output yet, or not scheduled: the pod's status says which */
    {200, "", "line\n", LEAKDIAG_OK},
    {200, NULL, "line\n", LEAKDIAG_OK},
    {204, TEXT, "", LEAKDIAG_OK},
    {200, TEXT, GONE, LEAKDIAG_E_NOT_FOUND},
    {200, TEXT, GONE "\n", LEAKDIAG_E_NOT_FOUND},
    {200, TEXT, "unable to retrieve container logs for cri-o://" ID, LEAKDIAG_E_NOT_FOUND},
    {200, TEXT, "failed to open log file \"/var/log/pods/x/0.log\": no such file",
     LEAKDIAG_E_NOT_FOUND},
    {200, TEXT, "failed to try resolving symlinks in path \"/var/log/pods/x/0.log\": lstat",
     LEAKDIAG_E_NOT_FOUND},
    {200, TEXT, "rpc error: code = Unknown desc = x", LEAKDIAG_E_NOT_FOUND},
    {200, TEXT, "Get \"https://10.0.0.1:10250/containerLogs/x\": dial tcp: refused",
     LEAKDIAG_E_NOT_FOUND},
    /* a program may print the same words: its lines have a time, and mostly there are more */
    {200, TEXT, TIME GONE, LEAKDIAG_OK},
    {200, TEXT, TIME GONE "\n", LEAKDIAG_OK},
    {200, TEXT, GONE "\n" TIME "x\n", LEAKDIAG_OK},
    {200, TEXT, "the words: " GONE, LEAKDIAG_OK},
    {200, "text/html; charset=utf-8", "<html>Sign in</html>", LEAKDIAG_E_PROTOCOL},
    {200, "TEXT/HTML", "", LEAKDIAG_E_PROTOCOL},
    {200, JSON, "{\"kind\":\"Status\",\"status\":\"Failure\",\"code\":403}", LEAKDIAG_E_AUTH},
    {200, JSON, "{\"kind\":\"PodList\"}", LEAKDIAG_E_PROTOCOL},
    {200, JSON, "{\"a\":", LEAKDIAG_E_PROTOCOL},
    {400, JSON,
     REFUSE("container \\\"c\\\" in pod \\\"p\\\" is waiting to start: "
            "trying and failing to pull image"),
     LEAKDIAG_E_NOT_FOUND},
    {400, JSON, REFUSE("a container name must be specified for pod p, choose one of: [a b]"),
     LEAKDIAG_E_INVALID},
    {400, JSON, REFUSE("something else"), LEAKDIAG_E_INVALID},
    {400, JSON, "{", LEAKDIAG_E_PROTOCOL},
    {400, "text/html", "<html>", LEAKDIAG_E_PROTOCOL},
    {429, TEXT, "Too many requests, please try again later.", LEAKDIAG_E_LIMIT},
    {500, JSON, REFUSE("Get \\\"https://node:10250/x\\\": EOF"), LEAKDIAG_E_IO},
    {502, "", "", LEAKDIAG_E_IO},
    {302, TEXT, "", LEAKDIAG_E_PROTOCOL},
};

START_TEST(each_other_answer_is_a_log_or_says_why_not)
{
    const ld_answer answer = answer_of(answers[_i].status, answers[_i].type, answers[_i].body);
    leakdiag_error err = {0};
    leakdiag_status status = ld_kube_check_log(&get_log, &answer, &err);
    ck_assert_msg(status == answers[_i].wanted, "row %d: %s: %s", _i, leakdiag_status_name(status),
                  err.message);
    ck_assert(!strchr(err.message, '\n') && (status == LEAKDIAG_OK || *err.message));
}
END_TEST

START_TEST(a_long_body_is_a_log_whatever_its_first_words_are)
{
    for (size_t len = 4095; len <= 4097; len++) {
        char *body = calloc(1, len + 1);
        memset(body, 'x', len);
        memcpy(body, "rpc error: code = ", 18);
        const ld_answer answer = answer_of(200, TEXT, body);
        ck_assert_int_eq(ld_kube_check_log(&get_log, &answer, NULL),
                         len <= 4096 ? LEAKDIAG_E_NOT_FOUND : LEAKDIAG_OK);
        free(body);
    }
}
END_TEST

/* --- chunks --- */

static uint64_t state = 88172645463325252;

static size_t below(size_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % n);
}

static leakdiag_scan *begin(void)
{
    static const leakdiag_pattern list[] = {
        {"orders", "order placed", 0},
        {"requests", "[PlaceOrder]", 0},
        {"payments", "transaction_id\":\"([0-9a-f]+)", LEAKDIAG_PATTERN_REGEX},
    };
    leakdiag_patterns *patterns = NULL;
    leakdiag_scan *scan = NULL;
    leakdiag_scan_options options = LEAKDIAG_SCAN_OPTIONS_INIT;
    options.recent = 5;
    ck_assert_int_eq(leakdiag_patterns_new(list, COUNT(list), &patterns, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_scan_new(patterns, &options, &scan, NULL), LEAKDIAG_OK);
    leakdiag_patterns_unref(patterns);
    return scan;
}

static char *end(leakdiag_scan *scan)
{
    char *json = NULL;
    ck_assert_int_eq(leakdiag_scan_finish(scan, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_scan_to_json(scan, &json, NULL), LEAKDIAG_OK);
    leakdiag_scan_free(scan);
    return json;
}

static void push(leakdiag_scan *scan, const char *data, size_t len)
{
    ck_assert_int_eq(leakdiag_scan_push(scan, data, len, NULL), LEAKDIAG_OK);
}

static char *scan_at_once(const kube_recorded *r)
{
    leakdiag_scan *scan = begin();
    push(scan, r->body, r->len);
    return end(scan);
}

static char *scan_as_sent(const kube_recorded *r)
{
    leakdiag_scan *scan = begin();
    for (size_t i = 0, at = 0; i < r->n_ends; at = r->ends[i++])
        push(scan, r->body + at, r->ends[i] - at);
    return end(scan);
}

/* Pieces of at most `most` bytes, some of them empty. */
static char *scan_cut(const kube_recorded *r, size_t most)
{
    leakdiag_scan *scan = begin();
    for (size_t at = 0; at < r->len;) {
        size_t n = below(most + 1);
        n = n < r->len - at ? n : r->len - at;
        char *exact = malloc(n + 1); /* so that reading beyond is seen */
        memcpy(exact, r->body + at, n);
        push(scan, exact, n);
        free(exact);
        at += n;
    }
    return end(scan);
}

static void assert_same(char *json, const char *whole)
{
    ck_assert_str_eq(json, whole);
    leakdiag_free(json);
}

static const struct {
    const char *file;
    uint64_t lines, orders, requests;
    int64_t first_ms, last_ms;
} logs[] = {
    /* counted with grep -c; the times are those at the beginning of the first and last line */
    {"logs-follow", 25, 9, 8, 1795439977058, 1795439981066},
    {"logs-follow-until-oom", 83, 27, 28, 1795439981301, 1795439994891},
    {"logs-previous", 12, 4, 4, 1795440465969, 1795440467974},
    {"logs-sincetime", 18, 6, 6, 1795440507084, 1795440509588},
    {"logs-since2s", 12, 4, 4, 1795440508087, 1795440509588},
    {"logs-tail5-timestamps", 5, 1, 2, 1795439965536, 1795439966040},
    {"logs-limitbytes", 3, 0, 0, 1795439951991, 1795439952499},
};

START_TEST(a_recorded_log_is_counted_the_same_in_any_chunking)
{
    kube_recorded *r = kube_read(logs[_i].file);
    char *whole = scan_at_once(r);
    assert_same(scan_as_sent(r), whole);
    assert_same(scan_cut(r, 1), whole);
    for (int round = 0; round < 200; round++)
        assert_same(scan_cut(r, 1 + below(400)), whole);
    leakdiag_free(whole);
    kube_done(r);
}
END_TEST

START_TEST(a_recorded_log_has_the_lines_and_times_that_are_in_it)
{
    kube_recorded *r = kube_read(logs[_i].file);
    leakdiag_scan *scan = begin();
    int64_t from = 0, to = 0;
    push(scan, r->body, r->len);
    ck_assert_int_eq(leakdiag_scan_finish(scan, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_scan_lines(scan), logs[_i].lines);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), logs[_i].orders);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 1), logs[_i].requests);
    ck_assert(leakdiag_scan_time_span(scan, &from, &to));
    ck_assert_int_eq(from, logs[_i].first_ms);
    ck_assert_int_eq(to, logs[_i].last_ms);
    leakdiag_scan_free(scan);
    kube_done(r);
}
END_TEST

/* The kubelet keeps the offset of whoever wrote the log. */
START_TEST(times_with_an_offset_and_nanoseconds_are_read)
{
    static const char text[] = "2026-11-23T14:19:41.301250225+01:00 order placed\n"
                               "2026-11-23T08:49:42.3+04:30 x\n" /* earlier: 04:19:42.3Z */
                               "2026-11-23T13:19:43Z order placed\n"
                               "2026-11-23T13:19:44.123456789012Z order placed\n"
                               "2026-11-23T13:19:45.5 no offset, no time\n";
    leakdiag_scan *scan = begin();
    int64_t from = 0, to = 0;
    push(scan, text, sizeof text - 1);
    ck_assert_int_eq(leakdiag_scan_finish(scan, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_scan_lines(scan), 5);
    ck_assert_uint_eq(leakdiag_scan_count(scan, 0), 3);
    ck_assert(leakdiag_scan_time_span(scan, &from, &to));
    ck_assert_int_eq(from, 1795407582300);
    ck_assert_int_eq(to, 1795439984123);
    leakdiag_scan_free(scan);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kube log");
    TCase *tc = tcase_create("check");
    tcase_add_loop_test(tc, each_recorded_answer_is_a_log_or_says_why_not, 0,
                        (int)COUNT(recordings));
    tcase_add_loop_test(tc, each_other_answer_is_a_log_or_says_why_not, 0, (int)COUNT(answers));
    tcase_add_test(tc, a_long_body_is_a_log_whatever_its_first_words_are);
    suite_add_tcase(suite, tc);
    tc = tcase_create("chunks");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, a_recorded_log_is_counted_the_same_in_any_chunking, 0,
                        (int)COUNT(logs));
    tcase_add_loop_test(tc, a_recorded_log_has_the_lines_and_times_that_are_in_it, 0,
                        (int)COUNT(logs));
    tcase_add_test(tc, times_with_an_offset_and_nanoseconds_are_read);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
