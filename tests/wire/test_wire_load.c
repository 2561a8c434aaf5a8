/* What Locust answers mean: recorded bytes of 2.18.2, 2.33.0 and 2.47.0, and what else may come. */
#include <math.h>

#include "recorded.h"
#include "wire/locust.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static leakdiag_load *decode(const ld_answer *stats, const ld_answer *page)
{
    leakdiag_load *load = NULL;
    leakdiag_error err = {0};
    ck_assert_msg(ld_locust_decode(stats, page, &load, &err) == LEAKDIAG_OK, "%s", err.message);
    return load;
}

static void assert_state(const leakdiag_load *load, leakdiag_load_state state, const char *where)
{
    leakdiag_load_state got = leakdiag_load_get_state(load);
    ck_assert_msg(got == state, "%s: state is %s, not %s (%s)", where,
                  leakdiag_load_state_name(got), leakdiag_load_state_name(state),
                  leakdiag_load_detail(load));
}

static const char *const versions[] = {"v2.18.2", "v2.33.0", "v2.47.0"};

/* State and users in all versions, as a person reads them in the recordings. */
static const struct {
    const char *file;
    leakdiag_load_state states[3];
    int64_t users[3];
} recordings[] = {
    {"01_stats_ready", {LEAKDIAG_LOAD_READY, LEAKDIAG_LOAD_READY, LEAKDIAG_LOAD_READY}, {0, 0, 0}},
    {"10_stats_spawning",
     {LEAKDIAG_LOAD_SPAWNING, LEAKDIAG_LOAD_SPAWNING, LEAKDIAG_LOAD_SPAWNING},
     {9, 9, 9}},
    {"11_stats_running",
     {LEAKDIAG_LOAD_RUNNING, LEAKDIAG_LOAD_RUNNING, LEAKDIAG_LOAD_RUNNING},
     {25, 25, 25}},
    {"18_stats_stopped",
     {LEAKDIAG_LOAD_STOPPED, LEAKDIAG_LOAD_STOPPED, LEAKDIAG_LOAD_STOPPED},
     {0, 0, 0}},
    {"21_stats_after_runtime",
     {LEAKDIAG_LOAD_STOPPED, LEAKDIAG_LOAD_STOPPED, LEAKDIAG_LOAD_STOPPED},
     {0, 0, 0}},
    {"27_404",
     {LEAKDIAG_LOAD_NOT_LOCUST, LEAKDIAG_LOAD_NOT_LOCUST, LEAKDIAG_LOAD_NOT_LOCUST},
     {-1, -1, -1}},
    {"28_worker_count",
     {LEAKDIAG_LOAD_NOT_LOCUST, LEAKDIAG_LOAD_NOT_LOCUST, LEAKDIAG_LOAD_NOT_LOCUST},
     {-1, -1, -1}},
};

START_TEST(each_recorded_answer_has_its_state_and_users)
{
    for (size_t v = 0; v < COUNT(versions); v++) {
        char path[256];
        snprintf(path, sizeof path, "locust/%s/%s.resp.http", versions[v], recordings[_i].file);
        recorded r = recorded_read("GET", path);
        leakdiag_load *load = decode(recorded_answer(&r), NULL);
        assert_state(load, recordings[_i].states[v], path);
        ck_assert_msg(leakdiag_load_users(load) == recordings[_i].users[v], "%s: %lld users", path,
                      (long long)leakdiag_load_users(load));
        ck_assert_int_eq(leakdiag_load_http_status(load), r.answer.status);
        ck_assert_int_eq(leakdiag_load_latency_ms(load), 7);
        leakdiag_load_free(load);
        recorded_done(&r);
    }
}
END_TEST

START_TEST(users_that_finish_are_seen_as_stopping)
{
    recorded r = recorded_read("GET", "locust/v2.47.0/17_stats_stopping.resp.http");
    leakdiag_load *load = decode(recorded_answer(&r), NULL);
    assert_state(load, LEAKDIAG_LOAD_STOPPING, "cleanup");
    ck_assert_int_eq(leakdiag_load_age_ms(load), -1);
    leakdiag_load_free(load);
    recorded_done(&r);
}
END_TEST

/* POST /api/checkout while it runs: requests, failures, and the rate of now. */
static const struct {
    const char *file;
    size_t rows;
    int64_t requests, failures;
    double rate_per_s, fail_ratio;
} checkouts[] = {
    {"locust/v2.18.2/11_stats_running.resp.http", 3, 85, 0, 5.1, 0.09644670050761421},
    {"locust/v2.33.0/11_stats_running.resp.http", 3, 76, 0, 5.9, 0.08982035928143713},
    {"locust/v2.47.0/11_stats_running.resp.http", 3, 81, 0, 5.5, 0.09227871939736347},
    {"locust/v2.18.2/32_stats_running.resp.http", 1, 392, 10, 21.8, 0.025510204081632654},
    {"locust/v2.33.0/32_stats_running.resp.http", 1, 406, 1, 23.3, 0.0024630541871921183},
    {"locust/v2.47.0/32_stats_running.resp.http", 1, 389, 3, 22.8, 0.007712082262210797},
};

START_TEST(the_checkout_row_has_the_rate_of_now_not_the_average)
{
    recorded r = recorded_read("GET", checkouts[_i].file);
    leakdiag_load *load = decode(recorded_answer(&r), NULL);
    ck_assert_uint_eq(leakdiag_load_row_count(load), checkouts[_i].rows);
    ck_assert(leakdiag_load_fail_ratio(load) == checkouts[_i].fail_ratio);
    bool found = false;
    for (size_t i = 0; i < leakdiag_load_row_count(load); i++) {
        ck_assert_str_ne(leakdiag_load_row_name(load, i), "Aggregated");
        if (strcmp(leakdiag_load_row_name(load, i), "/api/checkout") != 0)
            continue;
        found = true;
        ck_assert_str_eq(leakdiag_load_row_method(load, i), "POST");
        ck_assert_int_eq(leakdiag_load_row_requests(load, i), checkouts[_i].requests);
        ck_assert_int_eq(leakdiag_load_row_failures(load, i), checkouts[_i].failures);
        ck_assert(leakdiag_load_row_rate_per_s(load, i) == checkouts[_i].rate_per_s);
    }
    ck_assert(found);
    leakdiag_load_free(load);
    recorded_done(&r);
}
END_TEST

/* What the index page adds. The load was asked for at 15:00:59.979 (2.47.0), 15:01:00.156 (2.33.0)
 * and 15:01:00.372 (2.18.2), 25 users at 3 per second; Date and the statistics' own numbers tell
 * when each answer was given. */
static const struct {
    const char *version, *moment;
    int64_t target_users;
    double spawn_per_s;
    int64_t age_from_ms, age_to_ms; /* -1, -1: not known */
} pages[] = {
    {"v2.47.0", "31_%s_spawning", 25, 3, 2500, 4000},
    {"v2.47.0", "32_%s_running", 25, 3, 19000, 21000},
    {"v2.47.0", "33_%s_stopped", 25, 3, -1, -1},
    {"v2.33.0", "31_%s_spawning", -1, 3, 2500, 4000},
    {"v2.33.0", "32_%s_running", -1, 3, 19000, 21000},
    {"v2.33.0", "33_%s_stopped", -1, 3, -1, -1},
    {"v2.18.2", "31_%s_spawning", -1, NAN, -1, -1},
    {"v2.18.2", "32_%s_running", -1, NAN, -1, -1},
    {"v2.18.2", "33_%s_stopped", -1, NAN, -1, -1},
};

static void fixture_path(char *out, size_t room, const char *version, const char *moment,
                         const char *what)
{
    const char *mark = strstr(moment, "%s");
    snprintf(out, room, "locust/%s/%.*s%s%s.resp.http", version, (int)(mark - moment), moment, what,
             mark + 2);
}

START_TEST(the_page_tells_spawn_rate_target_and_age_where_it_can)
{
    char path[256];
    fixture_path(path, sizeof path, pages[_i].version, pages[_i].moment, "stats");
    recorded stats = recorded_read("GET", path);
    fixture_path(path, sizeof path, pages[_i].version, pages[_i].moment, "index");
    recorded page = recorded_read("GET", path);
    leakdiag_load *load = decode(recorded_answer(&stats), recorded_answer(&page));

    ck_assert_int_eq(leakdiag_load_target_users(load), pages[_i].target_users);
    if (isnan(pages[_i].spawn_per_s))
        ck_assert(isnan(leakdiag_load_spawn_per_s(load)));
    else
        ck_assert(leakdiag_load_spawn_per_s(load) == pages[_i].spawn_per_s);
    ck_assert_int_ge(leakdiag_load_age_ms(load), pages[_i].age_from_ms);
    ck_assert_int_le(leakdiag_load_age_ms(load), pages[_i].age_to_ms);
    leakdiag_load_free(load);
    recorded_done(&stats);
    recorded_done(&page);
}
END_TEST

START_TEST(a_page_before_the_first_start_tells_nothing)
{
    for (size_t v = 0; v < COUNT(versions); v++) {
        char path[256];
        snprintf(path, sizeof path, "locust/%s/30_index_ready.resp.http", versions[v]);
        recorded r = recorded_read("GET", path);
        ld_locust_page page;
        ld_locust_read_page(r.answer.body, r.answer.len, &page);
        ck_assert_int_eq(page.target_users, -1);
        ck_assert(isnan(page.spawn_per_s));
        ck_assert_int_eq(page.first_ms, 0);
        recorded_done(&r);
    }
}
END_TEST

START_TEST(the_first_entry_of_the_history_is_read)
{
    recorded r = recorded_read("GET", "locust/v2.33.0/32_index_running.resp.http");
    ld_locust_page page;
    ld_locust_read_page(r.answer.body, r.answer.len, &page);
    ck_assert_int_eq(page.first_ms, 1795446061000); /* 2026-11-23T15:01:01Z */
    recorded_done(&r);
}
END_TEST

#define STATS(state, requests, rps)                                                                \
    "{\"stats\":[{\"name\":\"Aggregated\",\"method\":\"\",\"num_requests\":" requests              \
    ",\"total_rps\":" rps "}],\"state\":\"" state "\",\"user_count\":25}"
#define PAGE(arguments) "<script>\n window.templateArgs = {" arguments "}\n</script>"
#define NOON            INT64_C(1795435200000) /* 2026-11-23T12:00:00Z */

static const struct {
    const char *stats, *page;
    int64_t now_ms, age_ms;
} ages[] = {
    /* by the requests */
    {STATS("running", "600", "1"), "", 0, 600000},
    {STATS("spawning", "15", "10"), "", 0, 1500},
    {STATS("running", "0", "0"), "", 0, -1},
    {STATS("running", "600", "0"), "", 0, -1},
    {STATS("running", "600", "null"), "", 0, -1},
    {STATS("running", "600", "1e-300"), "", 0, -1},
    /* by the history: one second less, because both times are cut to seconds */
    {STATS("running", "0", "0"), PAGE("\"history\": [{\"time\": \"2026-11-23T11:50:00Z\"}]"), NOON,
     599000},
    {STATS("running", "0", "0"), PAGE("\"history\": [{\"time\": \"2026-11-23T11:59:59Z\"}]"), NOON,
     0},
    {STATS("running", "0", "0"), PAGE("\"history\": [{\"time\": \"2026-11-23T12:00:01Z\"}]"), NOON,
     -1},
    {STATS("running", "0", "0"), PAGE("\"history\": [{\"time\": \"2026-11-23T11:50:00Z\"}]"), 0,
     -1},
    {STATS("running", "0", "0"), PAGE("\"history\": [{\"time\": \"11:50:00\"}]"), NOON, -1},
    {STATS("running", "0", "0"), PAGE("\"history\": []"), NOON, -1},
    {STATS("running", "0", "0"), PAGE("\"history\": {}"), NOON, -1},
    {STATS("running", "0", "0"), PAGE("\"history\": [{\"time\": 3}]"), NOON, -1},
    {STATS("running", "0", "0"), PAGE("\"history\": [{\"time\": \"2026-11-23T11:50:00Z?\"}]"), NOON,
     -1},
    /* the larger of both */
    {STATS("running", "600", "1"), PAGE("\"history\": [{\"time\": \"2026-11-23T11:40:00Z\"}]"),
     NOON, 1199000},
    {STATS("running", "1200", "1"), PAGE("\"history\": [{\"time\": \"2026-11-23T11:50:00Z\"}]"),
     NOON, 1200000},
    /* a test that does not run has no age */
    {STATS("stopped", "600", "1"), PAGE("\"history\": [{\"time\": \"2026-11-23T11:50:00Z\"}]"),
     NOON, -1},
    {STATS("ready", "600", "1"), "", 0, -1},
};

START_TEST(the_age_is_the_larger_of_two_lower_bounds)
{
    ld_answer stats = answer_of(200, "application/json", ages[_i].stats);
    ld_answer page = answer_of(200, "text/html", ages[_i].page);
    page.now_ms = ages[_i].now_ms;
    leakdiag_load *load = decode(&stats, &page);
    ck_assert_int_eq(leakdiag_load_age_ms(load), ages[_i].age_ms);
    leakdiag_load_free(load);
}
END_TEST

static const struct {
    const char *page;
    int64_t target_users;
    double spawn_per_s;
} arguments[] = {
    {PAGE("\"num_users\": 25, \"spawn_rate\": 3.0, \"version\": \"2.47.0\""), 25, 3},
    {PAGE("\"num_users\": 25, \"spawn_rate\": 0.5, \"version\": \"2.47.1.dev3\""), 25, 0.5},
    {PAGE("\"num_users\": 25, \"spawn_rate\": 3, \"version\": \"2.46.9\""), -1, 3},
    {PAGE("\"num_users\": 25, \"spawn_rate\": 3, \"version\": \"3.0\""), 25, 3},
    {PAGE("\"num_users\": 25, \"spawn_rate\": 3, \"version\": \"1.99\""), -1, 3},
    {PAGE("\"num_users\": 25, \"spawn_rate\": 3"), -1, 3},
    {PAGE("\"version\":\"2.47.0\",\"num_users\":0,\"spawn_rate\":0"), 0, NAN},
    {PAGE("\"version\":\"2.47.0\",\"num_users\":2.5,\"spawn_rate\":-1"), -1, NAN},
    {PAGE("\"version\":\"2.47.0\",\"num_users\":\"25\",\"spawn_rate\":\"3\""), -1, NAN},
    {PAGE("\"version\":\"2.47.0\",\"num_users\":null,\"spawn_rate\":null"), -1, NAN},
    {PAGE("\"version\":47,\"num_users\":25"), -1, NAN},
    /* a name inside of a value is no member */
    {PAGE("\"host\": \"\\\"spawn_rate\\\": 9\", \"spawn_rate\": 3"), -1, 3},
    {PAGE("\"users\": {\"spawn_rate\": 9}, \"spawn_rate\": 3"), -1, 3},
    {PAGE("\"users\": [{\"spawn_rate\": 9}, \"}]\"], \"spawn_rate\": 3"), -1, 3},
    {PAGE("\"host\": \"a\\\"\", \"spawn_rate\": 3"), -1, 3},
    {PAGE("\"a\\\"b\": 1, \"spawn_rate\": 3"), -1, 3},
    /* cut, broken, hostile */
    {"window.templateArgs = {\"spawn_rate\": 3", -1, NAN},
    {"window.templateArgs = {\"spawn_rate\"", -1, NAN},
    {"window.templateArgs = {\"spawn_rate", -1, NAN},
    {"window.templateArgs = {", -1, NAN},
    {"window.templateArgs = {\"a\": [[[[{", -1, NAN},
    {"window.templateArgs = {\"a\": \"\\", -1, NAN},
    {"window.templateArgs", -1, NAN},
    {"", -1, NAN},
};

START_TEST(each_page_is_read_as_far_as_it_goes)
{
    ld_locust_page page;
    ld_locust_read_page(arguments[_i].page, strlen(arguments[_i].page), &page);
    ck_assert_int_eq(page.target_users, arguments[_i].target_users);
    if (isnan(arguments[_i].spawn_per_s))
        ck_assert(isnan(page.spawn_per_s));
    else
        ck_assert(page.spawn_per_s == arguments[_i].spawn_per_s);
}
END_TEST

START_TEST(a_page_of_a_day_is_walked_at_once)
{
    ld_text page = {0};
    ld_text_add(&page, "window.templateArgs = {\"history\": [{\"time\": \"2026-11-23T11:50:00Z\"}");
    for (int i = 0; i < 17280; i++)
        ld_text_addf(&page,
                     ", {\"current_rps\": [\"2026-11-23T11:50:00Z\", %d], \"pad\": \"%0300d\"}", i,
                     i);
    ld_text_add(&page, "], \"spawn_rate\": 3}");
    ld_locust_page read;
    ld_locust_read_page(page.data, page.len, &read);
    ck_assert_int_eq(read.first_ms, NOON - 600000);
    ck_assert(read.spawn_per_s == 3);
    ck_assert_uint_lt(page.len, LD_LOCUST_PAGE_MAX_BYTES);
    ld_text_done(&page);
}
END_TEST

#define JSON "application/json"
#define HTML "text/html; charset=utf-8"
static const struct {
    int status;
    const char *type, *body;
    leakdiag_load_state state;
    const char *in_detail;
} answers[] = {
    {200, JSON, "{\"stats\":[],\"state\":\"running\",\"user_count\":25}", LEAKDIAG_LOAD_RUNNING,
     NULL},
    {200, JSON, "{\"stats\":[],\"state\":\"running\"}", LEAKDIAG_LOAD_RUNNING, "no user_count"},
    {200, JSON, "{\"stats\":[],\"state\":\"running\",\"user_count\":-3}", LEAKDIAG_LOAD_RUNNING,
     "no user_count"},
    {200, JSON, "{\"stats\":[],\"user_count\":25}", LEAKDIAG_LOAD_UNKNOWN, "no state"},
    {200, JSON, "{\"stats\":[],\"state\":\"dancing\\u001b\",\"user_count\":25}",
     LEAKDIAG_LOAD_UNKNOWN, "dancing\\x1b"},
    {200, JSON, "{\"stats\":[],\"state\":\"stopping\",\"user_count\":3}", LEAKDIAG_LOAD_STOPPING,
     NULL},
    {200, JSON, "{\"stats\":[],\"state\":\"missing\",\"user_count\":0}", LEAKDIAG_LOAD_MISSING,
     "no runner"},
    {200, JSON, "{\"stats\":[],\"state\":\"ready\",\"user_count\":0,\"worker_count\":0}",
     LEAKDIAG_LOAD_READY, "no worker"},
    {200, JSON, "{\"stats\":{}}", LEAKDIAG_LOAD_NOT_LOCUST, "not an answer of Locust"},
    {200, JSON, "{\"status\":\"ok\"}", LEAKDIAG_LOAD_NOT_LOCUST, "not an answer of Locust"},
    {200, JSON, "[]", LEAKDIAG_LOAD_NOT_LOCUST, "not an answer of Locust"},
    {200, JSON, "{\"stats\":[", LEAKDIAG_LOAD_NOT_LOCUST, "cannot be read"},
    {200, JSON, "", LEAKDIAG_LOAD_NOT_LOCUST, "cannot be read"},
    {200, HTML, "<html><h1>Grafana</h1>", LEAKDIAG_LOAD_NOT_LOCUST, "Grafana"},
    {401, HTML, "", LEAKDIAG_LOAD_REFUSED, "401"},
    {403, HTML, "", LEAKDIAG_LOAD_REFUSED, "403"},
    {429, HTML, "", LEAKDIAG_LOAD_REFUSED, "429"},
    {302, HTML, "<a href=/login>", LEAKDIAG_LOAD_REFUSED, "login"},
    {308, HTML, "", LEAKDIAG_LOAD_NOT_LOCUST, "redirect"},
    {404, HTML, "<h1>Not Found</h1>", LEAKDIAG_LOAD_NOT_LOCUST, "--web-base-path"},
    {500, HTML, "oops", LEAKDIAG_LOAD_NOT_LOCUST, "HTTP 500"},
    {502, HTML, "", LEAKDIAG_LOAD_UNREACHABLE, "gateway"},
    {503, HTML, "", LEAKDIAG_LOAD_UNREACHABLE, "gateway"},
    {404, JSON, "{\"stats\":[],\"state\":\"running\",\"user_count\":25}", LEAKDIAG_LOAD_NOT_LOCUST,
     "404"},
};

START_TEST(each_other_answer_has_its_meaning)
{
    ld_answer answer = answer_of(answers[_i].status, answers[_i].type, answers[_i].body);
    leakdiag_load *load = decode(&answer, NULL);
    assert_state(load, answers[_i].state, answers[_i].body);
    if (answers[_i].in_detail)
        ck_assert_msg(strstr(leakdiag_load_detail(load), answers[_i].in_detail), "detail is: %s",
                      leakdiag_load_detail(load));
    else
        ck_assert_str_eq(leakdiag_load_detail(load), "");
    leakdiag_load_free(load);
}
END_TEST

START_TEST(a_login_that_is_not_set_up_is_refused_and_says_why)
{
    recorded r = recorded_read("GET", "locust/extras/login_stats.resp.http");
    leakdiag_load *load = decode(recorded_answer(&r), NULL);
    assert_state(load, LEAKDIAG_LOAD_REFUSED, "login");
    ck_assert_ptr_nonnull(strstr(leakdiag_load_detail(load), "no secret key was set"));
    leakdiag_load_free(load);
    recorded_done(&r);
}
END_TEST

START_TEST(a_base_path_an_autostart_and_a_lone_master_are_understood)
{
    static const struct {
        const char *file;
        leakdiag_load_state state;
        int64_t users;
    } rows[] = {
        {"locust/extras/basepath_root_404.resp.http", LEAKDIAG_LOAD_NOT_LOCUST, -1},
        {"locust/extras/basepath_stats.resp.http", LEAKDIAG_LOAD_READY, 0},
        {"locust/extras/autostart_stats.resp.http", LEAKDIAG_LOAD_RUNNING, 5},
        {"locust/extras/master_stats_noworkers.resp.http", LEAKDIAG_LOAD_READY, 0},
        {"locust/extras/master_stats_after.resp.http", LEAKDIAG_LOAD_READY, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        recorded r = recorded_read("GET", rows[i].file);
        leakdiag_load *load = decode(recorded_answer(&r), NULL);
        assert_state(load, rows[i].state, rows[i].file);
        ck_assert_int_eq(leakdiag_load_users(load), rows[i].users);
        leakdiag_load_free(load);
        recorded_done(&r);
    }
}
END_TEST

START_TEST(what_a_row_lacks_is_not_known_and_never_zero)
{
    ld_answer answer =
        answer_of(200, JSON,
                  "{\"state\":\"running\",\"fail_ratio\":1.5,\"stats\":["
                  "{},{\"name\":null,\"method\":3,\"num_requests\":-3,\"num_failures\":1.5,"
                  "\"current_rps\":\"x\"},7,{\"num_requests\":1099511627777,"
                  "\"num_failures\":9223372036854775807}]}");
    leakdiag_load *load = decode(&answer, NULL);
    ck_assert_uint_eq(leakdiag_load_row_count(load), 4);
    for (size_t i = 0; i < 5; i++) { /* the fifth is beyond the end */
        ck_assert_int_eq(leakdiag_load_row_requests(load, i), -1);
        ck_assert_int_eq(leakdiag_load_row_failures(load, i), -1);
        ck_assert(isnan(leakdiag_load_row_rate_per_s(load, i)));
    }
    ck_assert_str_eq(leakdiag_load_row_name(load, 1), "");
    ck_assert_str_eq(leakdiag_load_row_method(load, 1), "");
    ck_assert_ptr_null(leakdiag_load_row_name(load, 4));
    ck_assert(isnan(leakdiag_load_fail_ratio(load)));
    leakdiag_load_free(load);
    leakdiag_load_free(NULL);
}
END_TEST

START_TEST(a_body_of_the_limit_is_read_and_one_more_byte_is_not)
{
    for (int more = -1; more <= 1; more++) {
        static const char begin[] = "{\"stats\":[],\"state\":\"running\",\"user_count\":1}";
        size_t len = LD_LOCUST_STATS_MAX_BYTES + (size_t)more;
        char *body = malloc(len + 1);
        memset(body, ' ', len);
        body[len] = '\0';
        memcpy(body, begin, sizeof begin - 1);
        ld_answer answer = answer_of(200, JSON, body);
        leakdiag_load *load = decode(&answer, NULL);
        assert_state(load, more == 1 ? LEAKDIAG_LOAD_NOT_LOCUST : LEAKDIAG_LOAD_RUNNING, "limit");
        leakdiag_load_free(load);
        free(body);
    }
}
END_TEST

START_TEST(the_json_of_a_load_is_sorted_and_unknowns_are_null)
{
    ld_answer answer = answer_of(200, JSON,
                                 "{\"stats\":[{\"method\":\"POST\",\"name\":\"/api/checkout\","
                                 "\"num_requests\":7,\"current_rps\":0.25}],\"state\":\"running\","
                                 "\"user_count\":25,\"fail_ratio\":0.5}");
    leakdiag_load *load = decode(&answer, NULL);
    char *text = NULL;
    ck_assert_int_eq(leakdiag_load_to_json(load, &text, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(text,
                     "{\"age_ms\":null,\"detail\":\"\",\"fail_ratio\":0.5,\"http_status\":200,"
                     "\"latency_ms\":1,\"rows\":[{\"failures\":null,\"method\":\"POST\","
                     "\"name\":\"/api/checkout\",\"rate_per_s\":0.25,\"requests\":7}],"
                     "\"schema\":\"leakdiag.load/1\",\"spawn_per_s\":null,\"state\":\"running\","
                     "\"target_users\":null,\"users\":25}");
    leakdiag_free(text);
    leakdiag_load_free(load);
}
END_TEST

static ld_answer tortured_stats, tortured_page;

static leakdiag_status decode_all(void)
{
    leakdiag_load *load = NULL, *other = NULL;
    char *text = NULL;
    ld_answer login = answer_of(401, HTML, "no");
    leakdiag_status status = ld_locust_decode(&tortured_stats, &tortured_page, &load, NULL);
    if (!status)
        status = leakdiag_load_to_json(load, &text, NULL);
    if (!status)
        status = ld_locust_decode(&login, NULL, &other, NULL);
    leakdiag_load_free(load);
    leakdiag_load_free(other);
    leakdiag_free(text);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    recorded stats = recorded_read("GET", "locust/v2.47.0/11_stats_running.resp.http");
    recorded page = recorded_read("GET", "locust/v2.47.0/32_index_running.resp.http");
    tortured_stats = *recorded_answer(&stats);
    tortured_page = *recorded_answer(&page);
    ck_assert_uint_gt(torture_run(decode_all), 20);
    recorded_done(&stats);
    recorded_done(&page);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire: load");
    TCase *tc = tcase_create("Locust");
    tcase_add_loop_test(tc, each_recorded_answer_has_its_state_and_users, 0,
                        (int)COUNT(recordings));
    tcase_add_test(tc, users_that_finish_are_seen_as_stopping);
    tcase_add_loop_test(tc, the_checkout_row_has_the_rate_of_now_not_the_average, 0,
                        (int)COUNT(checkouts));
    tcase_add_loop_test(tc, the_page_tells_spawn_rate_target_and_age_where_it_can, 0,
                        (int)COUNT(pages));
    tcase_add_test(tc, a_page_before_the_first_start_tells_nothing);
    tcase_add_test(tc, the_first_entry_of_the_history_is_read);
    tcase_add_loop_test(tc, the_age_is_the_larger_of_two_lower_bounds, 0, (int)COUNT(ages));
    tcase_add_loop_test(tc, each_page_is_read_as_far_as_it_goes, 0, (int)COUNT(arguments));
    tcase_add_test(tc, a_page_of_a_day_is_walked_at_once);
    tcase_add_loop_test(tc, each_other_answer_has_its_meaning, 0, (int)COUNT(answers));
    tcase_add_test(tc, a_login_that_is_not_set_up_is_refused_and_says_why);
    tcase_add_test(tc, a_base_path_an_autostart_and_a_lone_master_are_understood);
    tcase_add_test(tc, what_a_row_lacks_is_not_known_and_never_zero);
    tcase_add_test(tc, a_body_of_the_limit_is_read_and_one_more_byte_is_not);
    tcase_add_test(tc, the_json_of_a_load_is_sorted_and_unknowns_are_null);
    tcase_add_test(tc, every_allocation_may_fail);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
