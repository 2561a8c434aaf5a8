/* Prometheus' HTTP API: recorded bytes of 2.42, and what else may come. */
#include <math.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "recorded.h"
#include "wire/prometheus.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define JSON         "application/json"
#define HTML         "text/html"
#define TEXT         "text/plain; charset=utf-8"

static void assert_text(const char *what, const char *got, const char *wanted)
{
    ck_assert_msg(ld_text_equal(got, wanted), "%s is %s, not %s", what, got ? got : "NULL",
                  wanted ? wanted : "NULL");
}

static leakdiag_status read_status(const ld_answer *answer, leakdiag_error *err)
{
    ld_prometheus_matrix m;
    leakdiag_status status = ld_prometheus_read_range(answer, &m, err);
    if (!status)
        ld_prometheus_matrix_done(&m);
    return status;
}

static ld_prometheus_matrix matrix_of(const ld_answer *answer)
{
    ld_prometheus_matrix m;
    leakdiag_error err = {0};
    leakdiag_status status = ld_prometheus_read_range(answer, &m, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s: %s", leakdiag_status_name(status), err.message);
    return m;
}

static recorded recording(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "prometheus/%s.resp.http", name);
    return recorded_read("GET", path);
}

static ld_prometheus_matrix recorded_matrix(const char *name)
{
    recorded r = recording(name);
    ld_prometheus_matrix m = matrix_of(recorded_answer(&r));
    recorded_done(&r);
    return m;
}

/* One line per recorded exchange: what a person reads in it. */
static const struct {
    const char *file;
    leakdiag_status status;
    size_t series, points, left_out; /* of the first series */
    const char *in_message;
} recordings[] = {
    {"01_query_range_ws", LEAKDIAG_OK, 1, 61, 0, NULL},
    {"02_query_range_gap", LEAKDIAG_OK, 1, 29, 0, NULL},
    {"03_query_range_empty", LEAKDIAG_OK, 0, 0, 0, NULL},
    {"04_query_range_naninf", LEAKDIAG_OK, 3, 0, 3, NULL},
    {"05_query_range_post", LEAKDIAG_OK, 1, 61, 0, NULL},
    {"06_query_range_too_many", LEAKDIAG_E_INVALID, 0, 0, 0, "exceeded maximum resolution"},
    {"07_bad_step", LEAKDIAG_E_INVALID, 0, 0, 0, "step widths are not accepted"},
    {"08_bad_promql", LEAKDIAG_E_INVALID, 0, 0, 0,
     "HTTP 400 bad_data: 1:5: parse error: unclosed left parenthesis"},
    {"09_missing_params", LEAKDIAG_E_INVALID, 0, 0, 0, "invalid parameter \"start\""},
    {"10_end_before_start", LEAKDIAG_E_INVALID, 0, 0, 0, "before start"},
    {"11_instant_vector", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "no matrix"},
    {"12_instant_scalar", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "no matrix"},
    {"13_instant_nan", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "no matrix"},
    {"14_instant_matrix", LEAKDIAG_OK, 1, 5, 0, NULL},
    {"15_instant_string", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "no matrix"},
    {"16_exec_error_422", LEAKDIAG_E_INVALID, 0, 0, 0, "HTTP 422 execution: found duplicate"},
    {"17_timeout", LEAKDIAG_E_INVALID, 0, 0, 0, "timeout"},
    {"18_series", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "no matrix"},
    {"19_label_values", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "no matrix"},
    {"20_metadata", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "no matrix"},
    {"21_targets", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "no matrix"},
    {"22_buildinfo", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "no matrix"},
    {"23_404", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "404 page not found"},
    {"24_ready", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "Prometheus Server is Ready"},
    {"25_otlp_name", LEAKDIAG_OK, 1, 31, 0, NULL},
    {"26_deriv", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "no matrix"},
    {"27_stale_marker_gone_series", LEAKDIAG_OK, 1, 31, 0, NULL},
    {"28_stale_matrix_selector", LEAKDIAG_OK, 2, 79, 0, NULL},
    {"29_resets", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "no matrix"},
    {"30_gzip", LEAKDIAG_E_PROTOCOL, 0, 0, 0, "not Prometheus"}, /* never asked for */
};

START_TEST(each_recorded_answer_has_its_meaning)
{
    recorded r = recording(recordings[_i].file);
    ld_prometheus_matrix m = {0};
    leakdiag_error err = {0};
    leakdiag_status status = ld_prometheus_read_range(recorded_answer(&r), &m, &err);
    ck_assert_msg(status == recordings[_i].status, "%s: %s: %s", recordings[_i].file,
                  leakdiag_status_name(status), err.message);
    ck_assert(!strchr(err.message, '\n'));
    if (recordings[_i].in_message)
        ck_assert_msg(strstr(err.message, recordings[_i].in_message), "%s", err.message);
    ck_assert_uint_eq(m.n, recordings[_i].series);
    if (m.n) {
        ck_assert_uint_eq(m.list[0].n, recordings[_i].points);
        ck_assert_uint_eq(m.list[0].n_left_out, recordings[_i].left_out);
    }
    ck_assert_uint_eq(m.n_warnings, 0);
    ld_prometheus_matrix_done(&m);
    recorded_done(&r);
}
END_TEST

START_TEST(the_recorded_series_has_its_labels_times_and_samples)
{
    ld_prometheus_matrix m = recorded_matrix("01_query_range_ws");
    const ld_prometheus_series *s = &m.list[0];
    ck_assert_uint_eq(s->n_labels, 7);
    assert_text("first label", s->names[0], "__name__");
    assert_text("last label", s->names[6], "pod");
    assert_text("pod", ld_prometheus_label(s, "pod"), "checkout-7d9c5c9b5c-abcde");
    assert_text("namespace", ld_prometheus_label(s, "namespace"), "otel-demo");
    assert_text("nothing", ld_prometheus_label(s, "nope"), NULL);
    ck_assert(s->times_ms[0] == 1795436655000 && s->samples[0] == 8388608);
    ck_assert(s->times_ms[1] == 1795436685000 && s->samples[1] == 8703180.8);
    ck_assert(s->times_ms[60] == 1795438455000 && s->samples[60] == 14680064);
    ld_prometheus_matrix_done(&m);
}
END_TEST

START_TEST(times_with_decimals_are_milliseconds)
{
    ld_prometheus_matrix m = recorded_matrix("28_stale_matrix_selector");
    const ld_prometheus_series *s = &m.list[0];
    ck_assert(s->times_ms[0] == 1795438461600 && s->times_ms[1] == 1795438462603);
    ck_assert_uint_eq(m.list[1].n, 3); /* a series that vanished ends: no marker is shown */
    for (size_t i = 1; i < s->n; i++)
        ck_assert(s->times_ms[i] > s->times_ms[i - 1]);
    ld_prometheus_matrix_done(&m);
}
END_TEST

START_TEST(a_gap_is_a_gap)
{
    ld_prometheus_matrix m = recorded_matrix("02_query_range_gap");
    const ld_prometheus_series *s = &m.list[0];
    size_t gaps = 0;
    for (size_t i = 1; i < s->n; i++) {
        int64_t step = s->times_ms[i] - s->times_ms[i - 1];
        ck_assert(step == 60000 || step == 180000);
        gaps += step == 180000;
    }
    ck_assert_uint_eq(gaps, 1);
    ld_prometheus_matrix_done(&m);
}
END_TEST

#define MATRIX(series)                                                                             \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" series "]}}"
#define ONE(values) MATRIX("{\"metric\":{},\"values\":[" values "]}")
#define ERROR(type) "{\"status\":\"error\",\"errorType\":\"" type "\",\"error\":\"words\"}"

static const struct {
    int status;
    const char *type, *body;
    leakdiag_status wanted;
    const char *in_message;
} answers[] = {
    {200, JSON, ERROR("bad_data"), LEAKDIAG_E_INVALID, "words"},
    {200, JSON, ERROR("timeout"), LEAKDIAG_E_IO, "words"},
    {400, JSON, ERROR("bad_data"), LEAKDIAG_E_INVALID, "bad_data: words"},
    {422, JSON, ERROR("execution"), LEAKDIAG_E_INVALID, "the query is refused"},
    {503, JSON, ERROR("timeout"), LEAKDIAG_E_IO, "HTTP 503 timeout: words"},
    {503, JSON, "{\"kind\":\"Status\",\"message\":\"no endpoints available\"}", LEAKDIAG_E_IO,
     "no endpoints"},
    {500, TEXT, "oops", LEAKDIAG_E_IO, "oops"},
    {502, HTML, "<html>", LEAKDIAG_E_IO, "HTTP 502"},
    {401, TEXT, "no org id", LEAKDIAG_E_AUTH, "HTTP 401"},
    {403, JSON, ERROR("bad_data"), LEAKDIAG_E_AUTH, "HTTP 403"},
    {429, TEXT, "slow", LEAKDIAG_E_LIMIT, "HTTP 429"},
    {302, HTML, "", LEAKDIAG_E_PROTOCOL, "redirect to login.example"},
    {400, HTML, "<html>", LEAKDIAG_E_PROTOCOL, "not Prometheus"},
    {404, JSON, "{\"kind\":\"Status\"}", LEAKDIAG_E_PROTOCOL, "/api/v1"},
    {404, JSON, ERROR("not_found"), LEAKDIAG_E_PROTOCOL, "404"},
    {200, HTML, "<html>Sign in", LEAKDIAG_E_PROTOCOL, "text/html"},
    {200, JSON, "", LEAKDIAG_E_PROTOCOL, "not Prometheus"},
    {200, JSON, "[]", LEAKDIAG_E_PROTOCOL, "not of Prometheus"},
    {200, JSON, "{\"status\":\"success\"}", LEAKDIAG_E_PROTOCOL, "no matrix"},
    {200, JSON, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":null}}",
     LEAKDIAG_E_PROTOCOL, "no matrix"},
    {200, JSON, "{\"status\":\"success\",\"data\":{", LEAKDIAG_E_PROTOCOL, "cut off"},
    {200, JSON, "{\"status\":\"success\",\"status\":\"error\"}", LEAKDIAG_E_PROTOCOL, "duplicate"},
    {200, JSON, MATRIX("7"), LEAKDIAG_E_PROTOCOL, "no labels"},
    {200, JSON, MATRIX("{\"values\":[]}"), LEAKDIAG_E_PROTOCOL, "no labels"},
    {200, JSON, MATRIX("{\"metric\":{}}"), LEAKDIAG_E_PROTOCOL, "no values"},
    {200, JSON, MATRIX("{\"metric\":{\"a\":1},\"values\":[]}"), LEAKDIAG_E_PROTOCOL, "label"},
    {200, JSON, ONE("7"), LEAKDIAG_E_PROTOCOL, "[time, value]"},
    {200, JSON, ONE("[1]"), LEAKDIAG_E_PROTOCOL, "[time, value]"},
    {200, JSON, ONE("[1,\"2\",3]"), LEAKDIAG_E_PROTOCOL, "[time, value]"},
    {200, JSON, ONE("[\"1\",\"2\"]"), LEAKDIAG_E_PROTOCOL, "[time, value]"},
    {200, JSON, ONE("[1e300,\"2\"]"), LEAKDIAG_E_PROTOCOL, "[time, value]"},
    {200, JSON, ONE("[99999999999999999999,\"2\"]"), LEAKDIAG_E_PROTOCOL, "[time, value]"},
    {200, JSON, ONE("[1,2]"), LEAKDIAG_E_PROTOCOL, "no number"},
    {200, JSON, ONE("[1,\"\"]"), LEAKDIAG_E_PROTOCOL, "no number"},
    {200, JSON, ONE("[1,\"0x10\"]"), LEAKDIAG_E_PROTOCOL, "no number"},
    {200, JSON, ONE("[1,\"nan\"]"), LEAKDIAG_E_PROTOCOL, "no number"},
    {200, JSON, ONE("[1,NaN]"), LEAKDIAG_E_PROTOCOL, "cut off or broken"},
    {200, JSON, ONE("[1,null]"), LEAKDIAG_E_PROTOCOL, "no number"},
};

START_TEST(each_other_answer_has_its_meaning)
{
    ld_answer answer = answer_of(answers[_i].status, answers[_i].type, answers[_i].body);
    answer.redirect_host = "login.example";
    leakdiag_error err = {0};
    leakdiag_status status = read_status(&answer, &err);
    ck_assert_msg(status == answers[_i].wanted, "%s: %s: %s", answers[_i].body,
                  leakdiag_status_name(status), err.message);
    ck_assert_msg(strstr(err.message, answers[_i].in_message), "%s", err.message);
    ck_assert(!strchr(err.message, '\n'));
}
END_TEST

START_TEST(what_is_no_number_is_left_out_and_counted)
{
    const ld_answer answer = answer_of(
        200, JSON,
        MATRIX("{\"metric\":{\"b\":\"2\",\"a\":\"1\"},\"values\":[[1,\"NaN\"],[2,\"+Inf\"],"
               "[3,\"1e+21\"],[4,\"-Inf\"],[5.0004,\"-0.5\"],[-6,\"007\"]],"
               "\"histograms\":[[1,{}],[2,{}]]},"
               "{\"metric\":{},\"histograms\":[[1,{}]]}"));
    ld_prometheus_matrix m = matrix_of(&answer);
    ck_assert(m.n == 2 && m.list[0].n == 3 && m.list[0].n_left_out == 5);
    ck_assert(m.list[0].samples[0] == 1e21 && m.list[0].times_ms[0] == 3000);
    ck_assert(m.list[0].samples[1] == -0.5 && m.list[0].times_ms[1] == 5000);
    ck_assert(m.list[0].samples[2] == 7 && m.list[0].times_ms[2] == -6000);
    assert_text("labels are sorted", m.list[0].names[0], "a");
    assert_text("with their values", m.list[0].values[0], "1");
    ck_assert(m.list[1].n == 0 && m.list[1].n_left_out == 1);
    ld_prometheus_matrix_done(&m);
}
END_TEST

START_TEST(a_whole_number_beyond_64_bits_does_not_cost_the_document)
{
    const ld_answer answer = answer_of(
        200, JSON,
        "{\"status\":\"success\",\"stats\":123456789012345678901234567890,\"data\":{\"resultType\":"
        "\"matrix\",\"result\":[{\"metric\":{},\"values\":[[1795436655,\"1\"]]}]}}");
    ld_prometheus_matrix m = matrix_of(&answer);
    ck_assert(m.n == 1 && m.list[0].times_ms[0] == 1795436655000);
    ld_prometheus_matrix_done(&m);
}
END_TEST

START_TEST(warnings_are_kept)
{
    const ld_answer answer = answer_of(
        200, JSON,
        "{\"status\":\"success\",\"warnings\":[\"partial\",\"slow store\"],\"infos\":[\"x\"],"
        "\"data\":{\"resultType\":\"matrix\",\"result\":[]}}");
    ld_prometheus_matrix m = matrix_of(&answer);
    ck_assert(m.n == 0 && m.n_warnings == 2);
    assert_text("warning", m.warnings[0], "partial");
    assert_text("warning", m.warnings[1], "slow store");
    ld_prometheus_matrix_done(&m);
}
END_TEST

/* `before`, then n times `one` with commas between, then `after`. */
static char *repeated(const char *before, const char *one, size_t n, const char *after)
{
    char *text = malloc(strlen(before) + n * (strlen(one) + 1) + strlen(after) + 1);
    char *at = stpcpy(text, before);
    for (size_t i = 0; i < n; i++) {
        if (i)
            *at++ = ',';
        at = stpcpy(at, one);
    }
    stpcpy(at, after);
    return text;
}

static const struct {
    const char *before, *one, *after;
    size_t most;
} bounds[] = {
    {"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},"
     "\"values\":[",
     "[1,\"2\"]", "]}]}}", 11000},
    {"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[",
     "{\"metric\":{},\"values\":[]}", "]}}", 1000},
};

START_TEST(each_number_of_things_is_read_up_to_its_limit_and_no_further)
{
    for (int more = -1; more <= 1; more++) {
        char *body = repeated(bounds[_i].before, bounds[_i].one, bounds[_i].most + (size_t)more,
                              bounds[_i].after);
        const ld_answer answer = answer_of(200, JSON, body);
        leakdiag_error err = {0};
        leakdiag_status status = read_status(&answer, &err);
        ck_assert_msg(status == (more > 0 ? LEAKDIAG_E_LIMIT : LEAKDIAG_OK), "%+d: %s", more,
                      err.message);
        free(body);
    }
}
END_TEST

START_TEST(labels_and_warnings_are_bounded)
{
    for (size_t n = 255; n <= 257; n++) {
        char body[8192], *at = body;
        at += sprintf(at, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["
                          "{\"values\":[],\"metric\":{");
        for (size_t i = 0; i < n; i++)
            at += sprintf(at, "%s\"l%zu\":\"\"", i ? "," : "", i);
        stpcpy(at, "}}]}}");
        const ld_answer answer = answer_of(200, JSON, body);
        ck_assert_int_eq(read_status(&answer, NULL), n <= 256 ? LEAKDIAG_OK : LEAKDIAG_E_LIMIT);
    }
    char *body =
        repeated("{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]},"
                 "\"warnings\":[",
                 "\"w\"", 5000, "]}");
    const ld_answer answer = answer_of(200, JSON, body);
    ld_prometheus_matrix m = matrix_of(&answer);
    ck_assert_uint_eq(m.n_warnings, 100);
    ld_prometheus_matrix_done(&m);
    free(body);
}
END_TEST

START_TEST(a_body_of_16_mib_is_read_and_one_more_byte_is_not)
{
    static const char text[] = MATRIX("");
    char *body = malloc(LD_PROMETHEUS_BODY_MAX_BYTES + 2);
    memset(body, ' ', LD_PROMETHEUS_BODY_MAX_BYTES + 1);
    memcpy(body, text, sizeof text - 1);
    for (int more = -1; more <= 1; more++) {
        ld_answer answer = answer_of(200, JSON, "");
        answer.body = body;
        answer.len = LD_PROMETHEUS_BODY_MAX_BYTES + (size_t)more;
        ck_assert_int_eq(read_status(&answer, NULL), more > 0 ? LEAKDIAG_E_LIMIT : LEAKDIAG_OK);
    }
    free(body);
}
END_TEST

START_TEST(no_beginning_of_a_recorded_body_is_taken_for_the_whole)
{
    recorded r = recording("01_query_range_ws");
    ld_answer answer = *recorded_answer(&r);
    ck_assert_int_eq(read_status(&answer, NULL), LEAKDIAG_OK);
    while (answer.len-- > 0) {
        char *exact = malloc(answer.len + 1); /* so that reading beyond is seen */
        memcpy(exact, r.answer.body, answer.len);
        ld_answer cut = answer;
        cut.body = exact;
        ck_assert_int_eq(read_status(&cut, NULL), LEAKDIAG_E_PROTOCOL);
        free(exact);
    }
    recorded_done(&r);
}
END_TEST

/* --- asking --- */

START_TEST(a_path_has_the_query_encoded_and_times_in_seconds)
{
    char *path = NULL;
    ck_assert_int_eq(ld_prometheus_range_path("a{b=~\"c.+\"} / 2", 1795436655000, 1795438461600,
                                              30500, &path, NULL),
                     LEAKDIAG_OK);
    ck_assert_str_eq(path, "/api/v1/query_range?query=a%7Bb%3D~%22c.%2B%22%7D%20%2F%202&start="
                           "1795436655&end=1795438461.6&step=30.5");
    ld_release(path);
}
END_TEST

START_TEST(a_bad_range_is_not_sent)
{
    static const struct {
        const char *query;
        int64_t start, end, step;
        leakdiag_status wanted;
    } rows[] = {
        {"up", 1000, 1000, 1000, LEAKDIAG_OK},
        {"up", 0, 10999000, 1000, LEAKDIAG_OK}, /* 11,000 points with both ends */
        {"up", 0, 11000000, 1000, LEAKDIAG_E_LIMIT},
        {"up", 0, 11000000, 1001, LEAKDIAG_OK},
        {"up", 1000, 999, 1000, LEAKDIAG_E_INVALID},
        {"up", -1, 1000, 1000, LEAKDIAG_E_INVALID},
        {"up", 0, 1000, 999, LEAKDIAG_E_INVALID},
        {"up", 0, 1000, 0, LEAKDIAG_E_INVALID},
        {"up", 0, 1000, -1, LEAKDIAG_E_INVALID},
        {"up", 0, INT64_MAX, 1000, LEAKDIAG_E_INVALID},
        {"", 0, 1000, 1000, LEAKDIAG_E_INVALID},
        {NULL, 0, 1000, 1000, LEAKDIAG_E_INVALID},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *path = NULL;
        leakdiag_status status = ld_prometheus_range_path(rows[i].query, rows[i].start, rows[i].end,
                                                          rows[i].step, &path, NULL);
        ck_assert_msg(status == rows[i].wanted, "row %zu: %d", i, status);
        ld_release(path);
    }
    char query[16386];
    memset(query, 'q', sizeof query);
    for (size_t len = 16383; len <= 16385; len++) {
        char *path = NULL;
        query[len] = '\0';
        ck_assert_int_eq(ld_prometheus_range_path(query, 0, 1000, 1000, &path, NULL),
                         len <= 16384 ? LEAKDIAG_OK : LEAKDIAG_E_INVALID);
        ld_release(path);
        query[len] = 'q';
    }
}
END_TEST

START_TEST(no_text_leaves_its_literal)
{
    static const char *const rows[][2] = {
        {"checkout", "\"checkout\""},
        {"", "\"\""},
        {"a\"} or b{c=\"", "\"a\\\"} or b{c=\\\"\""},
        {"a\\", "\"a\\\\\""},
        {"a\nb\tc\x7f", "\"a\\x0ab\\x09c\\x7f\""},
        {"h\xc3\xa9", "\"h\xc3\xa9\""},
        {"\xff\xc3", "\"\\xff\\xc3\""},
        {"`'{}", "\"`'{}\""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        LD_CLEANUP(ld_text_done) ld_text query = {0};
        ld_prometheus_add_literal(&query, rows[i][0]);
        ck_assert_str_eq(query.data, rows[i][1]);
    }
}
END_TEST

static ld_answer torture_answer;

static leakdiag_status scenario(void)
{
    char *path = NULL;
    leakdiag_status status = ld_prometheus_range_path("a b", 0, 1000, 1000, &path, NULL);
    ld_release(path);
    if (!status)
        status = read_status(&torture_answer, NULL);
    return status == LEAKDIAG_E_INVALID ? LEAKDIAG_OK : status;
}

START_TEST(every_allocation_may_fail)
{
    torture_answer = answer_of(
        200, JSON,
        "{\"status\":\"success\",\"warnings\":[\"w\"],\"data\":{\"resultType\":\"matrix\","
        "\"result\":[{\"metric\":{\"a\":\"b\"},\"values\":[[1,\"2\"]]}]}}");
    ck_assert_uint_gt(torture_run(scenario), 20);
    torture_answer = answer_of(400, JSON, ERROR("bad_data"));
    ck_assert_uint_gt(torture_run(scenario), 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prometheus");
    TCase *tc = tcase_create("answers");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, each_recorded_answer_has_its_meaning, 0, (int)COUNT(recordings));
    tcase_add_test(tc, the_recorded_series_has_its_labels_times_and_samples);
    tcase_add_test(tc, times_with_decimals_are_milliseconds);
    tcase_add_test(tc, a_gap_is_a_gap);
    tcase_add_loop_test(tc, each_other_answer_has_its_meaning, 0, (int)COUNT(answers));
    tcase_add_test(tc, what_is_no_number_is_left_out_and_counted);
    tcase_add_test(tc, a_whole_number_beyond_64_bits_does_not_cost_the_document);
    tcase_add_test(tc, warnings_are_kept);
    tcase_add_loop_test(tc, each_number_of_things_is_read_up_to_its_limit_and_no_further, 0,
                        (int)COUNT(bounds));
    tcase_add_test(tc, labels_and_warnings_are_bounded);
    tcase_add_test(tc, a_body_of_16_mib_is_read_and_one_more_byte_is_not);
    tcase_add_test(tc, no_beginning_of_a_recorded_body_is_taken_for_the_whole);
    tcase_add_test(tc, every_allocation_may_fail);
    suite_add_tcase(suite, tc);
    tc = tcase_create("asking");
    tcase_add_test(tc, a_path_has_the_query_encoded_and_times_in_seconds);
    tcase_add_test(tc, a_bad_range_is_not_sent);
    tcase_add_test(tc, no_text_leaves_its_literal);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
