#include <check.h>
#include <leakdiag/observation.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/redact.h"
#include "observation/observation.h"

/* One fact of each kind, with what is special about it: unknowns, escapes, a gap, no limit. */
static const char capture[] =
    "{\"facts\":[\n"
    "{\"flag\":{\"http_status\":200,\"key\":\"kafkaQueueProblems\",\"method\":\"POST\","
    "\"number\":300,\"reason\":\"STATIC\",\"state\":\"value\",\"type\":\"number\","
    "\"value\":\"300\",\"variant\":\"on\"},\"kind\":\"flag\",\"latency_ms\":3,"
    "\"source\":\"ofrep http://localhost:8016\",\"t_ms\":1000},\n"
    "{\"kind\":\"memory\",\"memory\":{\"env\":{\"GOMEMLIMIT\":\"16MiB\"},\"kind\":\"cgroup-v1\","
    "\"limit_bytes\":null,\"oom_kills\":0,\"pid\":7,\"sample_ms\":990,\"started_ms\":10,"
    "\"working_set_bytes\":8388608},\"source\":\"cgroup /x\",\"t_ms\":1000},\n"
    "{\"kind\":\"log\",\"log\":{\"bytes\":20,\"from_ms\":1,\"has_gap\":true,\"is_first\":true,"
    "\"lines\":2,\"patterns\":[{\"capture\":300,\"count\":1,\"last\":{\"line\":\"Done \\\"x\\\"\","
    "\"t_ms\":5},\"name\":\"done\",\"window_count\":1}],\"recent\":[{\"line\":\"a\"}],"
    "\"to_ms\":9,\"truncated\":0},\"source\":\"log-file a.log\",\"t_ms\":1000},\n"
    "{\"error\":\"http://localhost:8089: connection refused\",\"failed\":\"io\",\"kind\":\"load\","
    "\"source\":\"locust http://localhost:8089\",\"t_ms\":1000},\n"
    "{\"kind\":\"load\",\"load\":{\"fail_ratio\":0.25,\"http_status\":200,\"rows\":[{"
    "\"failures\":1,\"method\":\"POST\",\"name\":\"/api/checkout\",\"rate_per_s\":0.3,"
    "\"requests\":4}],\"spawn_per_s\":3,\"state\":\"running\",\"users\":25},"
    "\"source\":\"locust x\",\"t_ms\":2000},\n"
    "{\"kind\":\"service\",\"service\":{\"exists\":true,\"no_ways\":\"of others\",\"object\":"
    "\"service/flagd\",\"ports\":\"8013\",\"ready\":1,\"ways\":[{\"policy\":\"egress by deny\","
    "\"port\":8013,\"verdict\":\"blocked\"}]},\"source\":\"service otel-demo/flagd\","
    "\"t_ms\":2000},\n"
    "{\"kind\":\"series\",\"series\":{\"times_ms\":[0,15000],\"values_bytes\":[1,2.5]},"
    "\"source\":\"csv x.csv\",\"t_ms\":2000}\n"
    "],\n"
    "\"now_ms\":3000,\n"
    "\"scenario\":{\"set\":[\"a=b\"],\"text\":\"kind: x\\n\"},\n"
    "\"schema\":\"leakdiag.capture/1\"}\n";

static leakdiag_observation *read_capture(const char *text)
{
    leakdiag_observation *o = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_observation_from_json(text, strlen(text), &o, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return o;
}

START_TEST(a_capture_is_written_as_it_was_read)
{
    leakdiag_observation *o = read_capture(capture);
    char *text = NULL;
    ck_assert_int_eq(leakdiag_observation_to_json(o, &text, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(text, capture);
    leakdiag_free(text);
    leakdiag_observation_unref(o);
}
END_TEST

START_TEST(what_a_capture_leaves_out_is_unknown_and_not_zero)
{
    leakdiag_observation *o = read_capture(capture);
    const ld_memory_fact *memory = &o->facts[1]->of.memory;
    ck_assert_int_eq(memory->has_limit, 0); /* null: known to have none */
    ck_assert_int_eq(o->facts[4]->of.load.age_ms, -1);
    ck_assert_int_eq(o->facts[4]->of.load.target_users, -1);
    ck_assert(isnan(memory->limit_bytes));
    ck_assert_str_eq(leakdiag_observation_fact_error(o, 3),
                     "http://localhost:8089: connection refused");
    ck_assert_int_eq(o->facts[3]->failed, LEAKDIAG_E_IO);
    ck_assert_int_eq(leakdiag_observation_fact_latency_ms(o, 1), -1);
    leakdiag_observation_unref(o);
}
END_TEST

START_TEST(an_earlier_now_forgets_the_later_facts)
{
    leakdiag_observation *o = read_capture(capture), *then = NULL;
    ck_assert_int_eq(leakdiag_observation_until(o, 1500, &then, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_observation_now_ms(then), 1500);
    ck_assert_uint_eq(leakdiag_observation_fact_count(then), 4);
    ck_assert_str_eq(leakdiag_observation_setting(then, 0), "a=b");
    leakdiag_observation_unref(o); /* the facts are shared: the later one must not own them alone */
    ck_assert_str_eq(leakdiag_observation_fact_source(then, 1), "cgroup /x");
    leakdiag_observation_unref(then);
}
END_TEST

START_TEST(a_join_keeps_the_order_of_times_and_the_later_now)
{
    leakdiag_observation *a = read_capture(capture), *b = read_capture(capture), *both = NULL;
    ck_assert_int_eq(leakdiag_observation_join(a, b, &both, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_observation_fact_count(both), 13); /* one recording */
    for (size_t i = 1; i < 11; i++)
        ck_assert_int_ge(leakdiag_observation_fact_time_ms(both, i),
                         leakdiag_observation_fact_time_ms(both, i - 1));
    leakdiag_observation_unref(a);
    leakdiag_observation_unref(b);
    leakdiag_observation_unref(both);
}
END_TEST

typedef struct bad_capture {
    const char *text;
    leakdiag_status status;
    const char *message;
} bad_capture;

#define FACT(content) "{\"schema\":\"leakdiag.capture/1\",\"now_ms\":1,\"facts\":[" content "]}"

static const bad_capture bad_captures[] = {
    {"", LEAKDIAG_E_INVALID, "not valid JSON"},
    {"[]", LEAKDIAG_E_INVALID, "not a capture"},
    {"{\"schema\":\"leakdiag.diagnosis/1\"}", LEAKDIAG_E_INVALID, "leakdiag.diagnosis/1"},
    {"{\"schema\":\"leakdiag.capture/2\"}", LEAKDIAG_E_UNSUPPORTED, "leakdiag.capture/2"},
    {"{\"schema\":\"leakdiag.capture/1\"}", LEAKDIAG_E_INVALID, "now_ms"},
    {"{\"schema\":\"leakdiag.capture/1\",\"now_ms\":1e300}", LEAKDIAG_E_INVALID, "now_ms"},
    {"{\"schema\":\"leakdiag.capture/1\",\"now_ms\":1}", LEAKDIAG_E_INVALID, "facts"},
    {"{\"schema\":\"a\",\"schema\":\"b\"}", LEAKDIAG_E_INVALID, "duplicate"},
    {FACT("7"), LEAKDIAG_E_INVALID, "facts[0]"},
    {FACT("{\"kind\":\"spam\"}"), LEAKDIAG_E_UNSUPPORTED,
     "facts[0]: \"kind\" is \"spam\", which only a newer version may know"},
    {FACT("{\"kind\":\"memory\",\"source\":\"x\"}"), LEAKDIAG_E_INVALID, "t_ms"},
    {FACT("{\"kind\":\"memory\",\"source\":\"x\",\"t_ms\":1}"), LEAKDIAG_E_INVALID, "memory"},
    {FACT(
         "{\"kind\":\"memory\",\"source\":\"x\",\"t_ms\":1,\"memory\":{\"working_set_bytes\":-1}}"),
     LEAKDIAG_E_INVALID, "working_set_bytes"},
    {FACT("{\"kind\":\"memory\",\"source\":\"x\",\"t_ms\":1,\"memory\":{\"pid\":-5}}"),
     LEAKDIAG_E_INVALID, "pid"},
    {FACT("{\"kind\":\"memory\",\"source\":\"x\",\"t_ms\":1,\"memory\":{\"limit_bytes\":0}}"),
     LEAKDIAG_E_INVALID, "limit_bytes"},
    {FACT("{\"kind\":\"flag\",\"source\":\"x\",\"t_ms\":1,\"flag\":{\"state\":\"on\"}}"),
     LEAKDIAG_E_INVALID, "state"},
    {FACT("{\"kind\":\"series\",\"source\":\"x\",\"t_ms\":1,\"series\":{\"times_ms\":[1],"
          "\"values_bytes\":[]}}"),
     LEAKDIAG_E_INVALID, "times_ms"},
    {FACT("{\"kind\":\"log\",\"source\":\"x\",\"t_ms\":1,\"log\":{\"patterns\":{}}}"),
     LEAKDIAG_E_INVALID, "patterns"},
    {FACT("{\"kind\":\"load\",\"source\":\"x\",\"t_ms\":5,\"error\":\"e\",\"failed\":\"io\"},"
          "{\"kind\":\"load\",\"source\":\"x\",\"t_ms\":4,\"error\":\"e\",\"failed\":\"io\"}"),
     LEAKDIAG_E_INVALID, "older"},
    {FACT("{\"kind\":\"log\",\"source\":\"x\",\"t_ms\":1,\"log\":{\"lines\":1099511627777}}"),
     LEAKDIAG_E_INVALID, "lines"},
    {FACT("{\"kind\":\"log\",\"source\":\"x\",\"t_ms\":1,\"log\":{\"patterns\":[{\"name\":\"p\","
          "\"slices\":[9223372036854775807,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}]}}"),
     LEAKDIAG_E_INVALID, "slices"},
    {FACT("{\"kind\":\"series\",\"source\":\"x\",\"t_ms\":1,\"series\":{\"times_ms\":["
          "9007199254740993],\"values_bytes\":[1]}}"),
     LEAKDIAG_E_INVALID, "times_ms"},
    {FACT("{\"kind\":\"memory\",\"source\":\"x\",\"t_ms\":1,\"memory\":{\"working_set_bytes\":1e19}"
          "}"),
     LEAKDIAG_E_INVALID, "working_set_bytes"},
};

/* What a source may give and a capture has no word for is written as not known. */
START_TEST(what_a_source_does_not_know_is_written_so_that_it_can_be_read)
{
    leakdiag_observation *o = read_capture(capture), *again = NULL;
    ld_load_row *row = &o->facts[4]->of.load.rows[0];
    ld_memory_fact *memory = &o->facts[1]->of.memory;
    row->requests = row->failures = -1;
    memory->has_limit = 1;
    memory->limit_bytes = 0;
    memory->oom_kills = INT64_MAX;
    o->facts[2]->of.log.bytes = INT64_MAX;
    char *text = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_observation_to_json(o, &text, NULL), LEAKDIAG_OK);
    ck_assert_msg(leakdiag_observation_from_json(text, strlen(text), &again, &err) == LEAKDIAG_OK,
                  "%s", err.message);
    row = &again->facts[4]->of.load.rows[0];
    memory = &again->facts[1]->of.memory;
    ck_assert_int_eq(row->requests, -1);
    ck_assert_int_eq(row->failures, -1);
    ck_assert_int_eq(memory->has_limit, -1);
    ck_assert_int_eq(memory->oom_kills, -1);
    ck_assert_int_eq(again->facts[2]->of.log.bytes, INT64_C(1) << 40);
    leakdiag_free(text);
    leakdiag_observation_unref(o);
    leakdiag_observation_unref(again);
}
END_TEST

START_TEST(a_now_beyond_all_clocks_is_refused)
{
    static const int64_t times_ms[] = {INT64_MAX, INT64_MIN, (INT64_C(1) << 53) + 1,
                                       -(INT64_C(1) << 53) - 1};
    leakdiag_observation *o = read_capture(capture), *then = NULL;
    for (size_t i = 0; i < sizeof times_ms / sizeof times_ms[0]; i++) {
        ck_assert_int_eq(leakdiag_observation_until(o, times_ms[i], &then, NULL),
                         LEAKDIAG_E_INVALID);
        ck_assert_ptr_null(then);
    }
    leakdiag_observation_unref(o);
}
END_TEST

/* A look that reads the recording again; one that fails to takes nothing away. */
START_TEST(of_a_recording_that_is_read_again_the_newest_is_kept)
{
    leakdiag_observation *o = read_capture(capture), *more = NULL, *failed = NULL;
    static const int64_t times_ms[] = {0, 15000, 30000};
    static const double values[] = {1, 2.5, 4};
    ld_fact *fact = NULL, *failure = NULL;
    ck_assert_int_eq(ld_fact_new(LD_FACT_SERIES, "csv x.csv", 4000, &fact, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_series_new(times_ms, values, 3, &fact->of.series.series, NULL),
                     LEAKDIAG_OK);
    ck_assert_int_eq(ld_observation_extend(o, &fact, 1, 4000, &more, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(more->n_facts, 7);
    ck_assert_ptr_eq(more->facts[6], fact);
    ck_assert_int_eq(ld_fact_new_failed(LD_FACT_SERIES, "csv x.csv", 5000, LEAKDIAG_E_IO, "gone",
                                        &failure, NULL),
                     LEAKDIAG_OK);
    ck_assert_int_eq(ld_observation_extend(more, &failure, 1, 5000, &failed, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(failed->n_facts, 8);
    ck_assert_ptr_eq(failed->facts[6], fact);
    ld_fact_unref(fact);
    ld_fact_unref(failure);
    leakdiag_observation_unref(o);
    leakdiag_observation_unref(more);
    leakdiag_observation_unref(failed);
}
END_TEST

/* An observation with one series of n points at times of 13 digits and values of so many. */
static leakdiag_observation *recorded(size_t n, double value)
{
    int64_t *times_ms = malloc(n * sizeof *times_ms);
    double *values = malloc(n * sizeof *values);
    ck_assert(times_ms && values);
    for (size_t i = 0; i < n; i++) {
        times_ms[i] = INT64_C(1795446079000) + (int64_t)i * 1000;
        values[i] = value * (double)(i + 1);
    }
    leakdiag_observation *empty = NULL, *o = NULL;
    ld_fact *fact = NULL;
    ck_assert_int_eq(ld_observation_new(1, NULL, 0, NULL, 0, &empty, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(ld_fact_new(LD_FACT_SERIES, "csv", 1, &fact, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(leakdiag_series_new(times_ms, values, n, &fact->of.series.series, NULL),
                     LEAKDIAG_OK);
    ck_assert_int_eq(ld_observation_extend(empty, &fact, 1, 1, &o, NULL), LEAKDIAG_OK);
    ld_fact_unref(fact);
    leakdiag_observation_unref(empty);
    free(times_ms);
    free(values);
    return o;
}

START_TEST(a_capture_of_the_longest_recording_is_readable_or_refused)
{
    leakdiag_observation *o = recorded(LEAKDIAG_SERIES_MAX_POINTS, 8), *again = NULL;
    char *text = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_observation_to_json(o, &text, &err), LEAKDIAG_OK);
    ck_assert_msg(leakdiag_observation_from_json(text, strlen(text), &again, &err) == LEAKDIAG_OK,
                  "%s", err.message);
    leakdiag_free(text);
    leakdiag_observation_unref(again);
    leakdiag_observation_unref(o);

    o = recorded(LEAKDIAG_SERIES_MAX_POINTS, 1 / 3e30); /* some 20 digits */
    text = NULL;
    ck_assert_int_eq(leakdiag_observation_to_json(o, &text, &err), LEAKDIAG_E_LIMIT);
    ck_assert_ptr_null(text);
    ck_assert_ptr_nonnull(strstr(err.message, "too large for a capture"));
    leakdiag_observation_unref(o);
}
END_TEST

START_TEST(a_bad_capture_is_refused_with_its_place)
{
    const bad_capture *bad = &bad_captures[_i];
    leakdiag_observation *o = (leakdiag_observation *)1;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_observation_from_json(bad->text, strlen(bad->text), &o, &err),
                     bad->status);
    ck_assert_ptr_eq(o, (void *)1);
    ck_assert_msg(strstr(err.message, bad->message), "%s lacks %s", err.message, bad->message);
}
END_TEST

START_TEST(deep_and_huge_captures_meet_a_limit)
{
    size_t n = 200000;
    char *text = malloc(n);
    ck_assert_ptr_nonnull(text);
    memset(text, '[', n);
    leakdiag_observation *o = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_observation_from_json(text, n, &o, &err), LEAKDIAG_E_LIMIT);
    ck_assert_ptr_nonnull(strstr(err.message, "nested"));
    for (size_t i = 0; i + 1 < n; i += 2)
        memcpy(text + i, "{}", 2);
    ck_assert_int_eq(leakdiag_observation_from_json(text, n, &o, &err), LEAKDIAG_E_INVALID);
    free(text);
    ck_assert_int_eq(leakdiag_observation_from_json("x", LEAKDIAG_CAPTURE_MAX_BYTES + 1u, &o, &err),
                     LEAKDIAG_E_LIMIT);
}
END_TEST

typedef struct secret {
    const char *text, *want;
} secret;

static const secret secrets[] = {
    {"order placed", "order placed"},
    {"Authorization: Bearer abcdef123456", "Authorization: Bearer [masked]"},
    {"say bearer of news", "say bearer of news"},
    {"token=abc123 next", "token=[masked] next"},
    {"{\"password\":\"hunter22\",\"n\":1}", "{\"password\":\"[masked]\",\"n\":1}"},
    {"DB_PASS=hunter22 ok", "DB_PASS=[masked] ok"},
    {"pwd=hunter22;passphrase: \"a b\"", "pwd=[masked];passphrase: \"[masked]\""},
    {"compass=north bypass: 3", "compass=north bypass: 3"},
    {"api_key: xyz, ok", "api_key: [masked], ok"},
    {"http://user:pass@host/x", "http://[masked]@host/x"},
    {"http://host/x@y", "http://host/x@y"},
    {"got eyJhbGciOi.eyJzdWIiOi.c2ln end", "got [masked] end"},
    {"-----BEGIN PRIVATE KEY----- abc", "[masked]"},
    {"user_id=\"7b2c\" user_currency=\"USD\"", "user_id=\"7b2c\" user_currency=\"USD\""},
    {"X-API-Key: 123456", "X-API-Key: [masked]"},
    {"tokens used: ", "tokens used: "},
    {"token=[masked]", "token=[masked]"},
    {"token=", "token="},
    {"token=[x]y", "token=[masked]"},
    {"{token=abc} [token=abc]", "{token=[masked]} [token=[masked]]"},
    {"token=geh\xc3\xa9im next", "token=[masked] next"},
    {"Bearer", "Bearer"},
    {"Bearer abcdef123456, ok", "Bearer [masked], ok"},
    {"\"password\":\"\",\"n\":1", "\"password\":\"\",\"n\":1"},
    {"\"password\" : \"a b\\\"c\", \"n\":1", "\"password\" : \"[masked]\", \"n\":1"},
    {"{\\\"password\\\":\\\"a b\\\",\\\"n\\\":1}",
     "{\\\"password\\\":\\\"[masked]\\\",\\\"n\\\":1}"},
    {"Authorization: ApiKey SECRET", "Authorization: [masked]"},
    {"-H 'Authorization: token ghp_x' -v", "-H 'Authorization: [masked]' -v"},
    {"authorization: Digest user=\"a\", response=\"b c\"\nnext", "authorization: [masked]\nnext"},
    {"password=\"correct horse battery\" n=1", "password=\"[masked]\" n=1"},
    {"password=\"correct horse", "password=\"[masked]"},
    {"password = hunter22", "password = [masked]"},
    {"dsn=postgres://u:pa/SECRET4@db x", "dsn=[masked] x"},
    {"postgres://u:pa/SECRET4@db/x y", "postgres://[masked]@db/x y"},
    {"http://u:/SECRET@h", "http://[masked]@h"},
    {"http://u:p@ss@h/x@y", "http://[masked]@h/x@y"},
    {"http://h:80/x@y", "http://h:80/x@y"},
    {"http://[::1]:80/x@y", "http://[::1]:80/x@y"},
    {"http://u:p@h,http://v:q@i", "http://[masked]@h,http://[masked]@i"},
    {"Set-Cookie: a=b; c=\"d e\"; Path=/", "Set-Cookie: [masked]"},
    {"session=abc, n=1", "session=[masked], n=1"},
    {"password=ab,cd%20ef next", "password=[masked] next"},
    {"password=ab,cd next", "password=[masked] next"},
    {"password=ab;cd)e'f", "password=[masked]"},
    {"f(token=abc, n) f(token=abc).g", "f(token=[masked], n) f(token=[masked]"},
    {"token=abc;n:1", "token=[masked];n:1"},
    {"token=abc,", "token=[masked],"},
    {"token%3Dabc%26n%3D1 next", "token%3D[masked] next"},
    {"?next=https%3A%2F%2Fh%2F%3Faccess%5Ftoken%3dabc%26n",
     "?next=https%3A%2F%2Fh%2F%3Faccess%5Ftoken%3d[masked]"},
    {"name%3Dabc token%20abc", "name%3Dabc token%20abc"},
    {"x-honeycomb-team=KEY,a=b", "x-honeycomb-team=[masked],a=b"},
    {"got ghp_0123456789abcdef", "got [masked]"},
    {"got xoxb-1234-5678-abcd.", "got [masked]."},
    {"id AKIAIOSFODNN7EXAMPLE end", "id [masked] end"},
    {"AKIAIOSFODNN7EXAMPLEX", "AKIAIOSFODNN7EXAMPLEX"},
};

START_TEST(what_looks_like_a_secret_is_masked_and_nothing_else)
{
    char *masked = NULL;
    const char *text = secrets[_i].text;
    ck_assert_int_eq(ld_redact(text, strlen(text), &masked, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(masked, secrets[_i].want);
    ld_release(masked);
}
END_TEST

START_TEST(masking_twice_changes_no_more)
{
    char *twice = NULL;
    const char *want = secrets[_i].want;
    ck_assert_int_eq(ld_redact(want, strlen(want), &twice, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(twice, want);
    ld_release(twice);
}
END_TEST

START_TEST(text_that_is_read_again_keeps_its_names_and_numbers)
{
    static const char text[] = "max_tokens=5\ntoken: {a: 1}\nhttp://u:p@h ghp_0123456789abcdef";
    char *masked = NULL;
    ck_assert_int_eq(ld_redact_known(text, sizeof text - 1, &masked, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(masked, "max_tokens=5\ntoken: {a: 1}\nhttp://[masked]@h [masked]");
    ld_release(masked);
}
END_TEST

START_TEST(a_fact_keeps_no_control_byte_and_no_half_character)
{
    char *text = NULL;
    ck_assert_int_eq(ld_fact_text("a\033[31m\r\n\0b", 9, 100, &text, NULL), LEAKDIAG_OK);
    for (const char *p = text; *p; p++)
        ck_assert_int_ge((unsigned char)*p, 0x20);
    ld_release(text);
    ck_assert_int_eq(ld_fact_text("ab\xc3\xa9", 4, 3, &text, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(text, "ab");
    ld_release(text);
}
END_TEST

/* An allocator that fails at the n-th call: nothing may leak or change. */
static size_t allocations_left;

static void *poor_alloc(size_t bytes, void *payload)
{
    (void)payload;
    if (allocations_left == 0)
        return NULL;
    allocations_left--;
    return malloc(bytes);
}

static void *poor_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    (void)old_bytes;
    (void)payload;
    if (allocations_left == 0)
        return NULL;
    allocations_left--;
    return realloc(memory, bytes);
}

static void poor_release(void *memory, void *payload)
{
    (void)payload;
    free(memory);
}

START_TEST(running_out_of_memory_anywhere_leaves_nothing_behind)
{
    leakdiag_allocator poor = {sizeof poor, poor_alloc, poor_resize, poor_release, NULL};
    leakdiag_status status = LEAKDIAG_E_NOMEM;
    ck_assert_int_eq(leakdiag_set_allocator(&poor), LEAKDIAG_OK);
    size_t n = 0;
    for (; status == LEAKDIAG_E_NOMEM; n++) {
        leakdiag_observation *o = NULL;
        char *text = NULL;
        allocations_left = n;
        status = leakdiag_observation_from_json(capture, strlen(capture), &o, NULL);
        if (!status)
            status = leakdiag_observation_to_json(o, &text, NULL);
        ck_assert(status == LEAKDIAG_OK ? text != NULL : text == NULL);
        allocations_left = SIZE_MAX;
        leakdiag_free(text);
        leakdiag_observation_unref(o);
    }
    ck_assert_int_eq(leakdiag_set_allocator(NULL), LEAKDIAG_OK);
    ck_assert_int_eq(status, LEAKDIAG_OK);
    ck_assert_uint_gt(n, 50);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("observation");
    tcase_set_timeout(tc, 60); /* a recording of a million points, also under a sanitizer */
    tcase_add_test(tc, a_capture_is_written_as_it_was_read);
    tcase_add_test(tc, what_a_capture_leaves_out_is_unknown_and_not_zero);
    tcase_add_test(tc, an_earlier_now_forgets_the_later_facts);
    tcase_add_test(tc, a_join_keeps_the_order_of_times_and_the_later_now);
    tcase_add_loop_test(tc, a_bad_capture_is_refused_with_its_place, 0,
                        sizeof bad_captures / sizeof bad_captures[0]);
    tcase_add_test(tc, what_a_source_does_not_know_is_written_so_that_it_can_be_read);
    tcase_add_test(tc, a_now_beyond_all_clocks_is_refused);
    tcase_add_test(tc, of_a_recording_that_is_read_again_the_newest_is_kept);
    tcase_add_test(tc, a_capture_of_the_longest_recording_is_readable_or_refused);
    tcase_add_test(tc, deep_and_huge_captures_meet_a_limit);
    tcase_add_loop_test(tc, what_looks_like_a_secret_is_masked_and_nothing_else, 0,
                        sizeof secrets / sizeof secrets[0]);
    tcase_add_loop_test(tc, masking_twice_changes_no_more, 0, sizeof secrets / sizeof secrets[0]);
    tcase_add_test(tc, text_that_is_read_again_keeps_its_names_and_numbers);
    tcase_add_test(tc, a_fact_keeps_no_control_byte_and_no_half_character);
    tcase_add_test(tc, running_out_of_memory_anywhere_leaves_nothing_behind);
    Suite *suite = suite_create("observation");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
