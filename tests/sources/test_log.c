/* What the library tells whoever listens: what happened, at which level, and no secret. */
#include <leakdiag/flag.h>
#include <leakdiag/load.h>

#include "base/alloc.h"
#include "clusters.h"
#include "fake/torture.h"
#include "net/http.h"
#include "sessions.h"

#define CANARY "hunter22hunter22"
#define KEPT   64

/* Copies of the records, and when to stop. */
typedef struct kept {
    struct {
        int64_t level, http_status, duration_ms, bytes, attempt;
        char event[16], source[200], message[1200], method[8], url[400], connection[8];
    } list[KEPT];
    size_t n, stop_at; /* counted from 1; 0: never */
} kept;

static void copy(char *to, size_t room, const char *from)
{
    snprintf(to, room, "%s", from ? from : "-");
}

static int keep(const leakdiag_log_record *record, void *payload)
{
    kept *k = payload;
    ck_assert_uint_eq(record->size, sizeof *record);
    ck_assert_int_gt(record->time_ms, INT64_C(1500000000000));
    ck_assert_uint_lt(k->n, KEPT);
    const char *texts[] = {record->event,  record->source, record->message,
                           record->method, record->url,    record->connection};
    for (size_t i = 0; i < COUNT(texts); i++) {
        ck_assert_msg(!texts[i] || !strstr(texts[i], CANARY), "a secret in: %s", texts[i]);
        ck_assert_msg(!texts[i] || !strpbrk(texts[i], "\r\n\x1b"), "not one line: %s", texts[i]);
    }
    k->list[k->n].level = record->level;
    k->list[k->n].http_status = record->http_status;
    k->list[k->n].duration_ms = record->duration_ms;
    k->list[k->n].bytes = record->bytes;
    k->list[k->n].attempt = record->attempt;
    copy(k->list[k->n].event, sizeof k->list->event, record->event);
    copy(k->list[k->n].source, sizeof k->list->source, record->source);
    copy(k->list[k->n].message, sizeof k->list->message, record->message);
    copy(k->list[k->n].method, sizeof k->list->method, record->method);
    copy(k->list[k->n].url, sizeof k->list->url, record->url);
    copy(k->list[k->n].connection, sizeof k->list->connection, record->connection);
    k->n++;
    return k->stop_at && k->n >= k->stop_at;
}

static leakdiag_log log_to(kept *k, leakdiag_log_level level)
{
    leakdiag_log log = LEAKDIAG_LOG_INIT;
    log.write = keep;
    log.payload = k;
    log.level = level;
    return log;
}

/* The i-th record of an event; ends the test when there is none. */
static size_t find(const kept *k, const char *event, size_t i)
{
    for (size_t at = 0; at < k->n; at++)
        if (strcmp(k->list[at].event, event) == 0 && i-- == 0)
            return at;
    ck_abort_msg("no record of \"%s\" among %zu", event, k->n);
}

static size_t count(const kept *k, const char *event, int64_t level)
{
    size_t n = 0;
    for (size_t at = 0; at < k->n; at++)
        n += strcmp(k->list[at].event, event) == 0 && k->list[at].level == level;
    return n;
}

/* ---- requests ---- */

START_TEST(a_request_is_told_with_its_figures)
{
    fake_http *server = fake_http_start(GOOD_RULES);
    kept k = {0};
    leakdiag_log log = log_to(&k, LEAKDIAG_LOG_LEVEL_DEBUG);
    leakdiag_flag_options options = LEAKDIAG_FLAG_OPTIONS_INIT;
    leakdiag_flag *flag = NULL;
    options.log = &log;
    ck_assert(!leakdiag_flag_evaluate(fake_http_url(server), "kafkaQueueProblems", &options, &flag,
                                      NULL));
    ck_assert_uint_eq(k.n, 1);
    ck_assert_str_eq(k.list[0].event, "request");
    ck_assert_int_eq(k.list[0].level, LEAKDIAG_LOG_LEVEL_DEBUG);
    ck_assert_str_eq(k.list[0].source, fake_http_url(server) + strlen("http://"));
    ck_assert_str_eq(k.list[0].method, "POST");
    ck_assert_ptr_nonnull(strstr(k.list[0].url, FLAG_PATH));
    ck_assert_int_eq(k.list[0].http_status, 200);
    ck_assert_int_ge(k.list[0].duration_ms, 0);
    ck_assert_int_eq(k.list[0].bytes, (int64_t)strlen(strstr(FLAG_300, "\r\n\r\n") + 4));
    ck_assert_int_eq(k.list[0].attempt, 1);
    ck_assert_str_eq(k.list[0].connection, "new");
    ck_assert_ptr_nonnull(strstr(k.list[0].message, FLAG_PATH ": 200 in "));
    leakdiag_flag_free(flag);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_request_without_an_answer_says_why_at_another_level)
{
    char *url = fake_dead_url();
    kept k = {0};
    leakdiag_log log = log_to(&k, LEAKDIAG_LOG_LEVEL_INFO);
    leakdiag_load_options options = LEAKDIAG_LOAD_OPTIONS_INIT;
    leakdiag_load *load = NULL;
    options.log = &log;
    ck_assert(!leakdiag_load_read(url, &options, &load, NULL));
    ck_assert_uint_eq(k.n, 2); /* statistics and page */
    ck_assert_str_eq(k.list[0].event, "request");
    ck_assert_int_eq(k.list[0].level, LEAKDIAG_LOG_LEVEL_INFO);
    ck_assert_int_eq(k.list[0].http_status, 0);
    ck_assert_str_eq(k.list[0].connection, "-");
    ck_assert_ptr_nonnull(strstr(k.list[0].message, "refused"));
    leakdiag_load_free(load);
    free(url);
}
END_TEST

START_TEST(a_connection_that_is_used_again_is_told_so)
{
    static const char body[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    const fake_rule rules[] = {{.bytes = body, .keep = true}};
    fake_http *server = fake_http_start(rules, 1);
    kept k = {0};
    const leakdiag_log given = log_to(&k, LEAKDIAG_LOG_LEVEL_DEBUG);
    ld_log log;
    LD_CLEANUP(ld_http_client_freep) ld_http_client *client = NULL;
    ck_assert(!ld_log_init(&log, &given, NULL));
    ck_assert(!ld_http_client_new(NULL, &client, NULL));
    ld_http_client_set_log(client, &log);
    for (int i = 0; i < 2; i++) {
        ld_http_request request = {.method = "GET", .url = fake_http_url(server)}, *one = &request;
        ck_assert(!ld_http_client_perform(client, &one, 1, 5000, NULL, NULL));
        ld_http_request_done(&request);
    }
    ck_assert_uint_eq(k.n, 2);
    ck_assert_str_eq(k.list[0].connection, "new");
    ck_assert_str_eq(k.list[1].connection, "reused");
    ck_assert_ptr_nonnull(strstr(k.list[1].message, ", reused connection"));
    fake_http_stop(server);
}
END_TEST

START_TEST(a_retry_says_why_and_when)
{
    static const fake_rule rules[] = {
        {.bytes = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
         .times = 1},
        {.cut_after = 1, .bytes = "", .reset = true, .times = 1},
        {.bytes = JSON_ANSWER("{}")},
    };
    fake_http *server = fake_http_start(rules, COUNT(rules));
    kept k = {0};
    const leakdiag_log given = log_to(&k, LEAKDIAG_LOG_LEVEL_DEBUG);
    ld_log log;
    LD_CLEANUP(ld_http_client_freep) ld_http_client *client = NULL;
    ck_assert(!ld_log_init(&log, &given, NULL));
    ck_assert(!ld_http_client_new(NULL, &client, NULL));
    ld_http_client_set_log(client, &log);
    ld_http_request request = {.method = "GET", .url = fake_http_url(server), .retries_max = 2};
    ld_http_request *one = &request;
    ck_assert(!ld_http_client_perform(client, &one, 1, 5000, NULL, NULL));
    ld_http_request_done(&request);
    ck_assert_uint_eq(k.n, 3);
    ck_assert_str_eq(k.list[0].event, "retry");
    ck_assert_int_eq(k.list[0].level, LEAKDIAG_LOG_LEVEL_INFO);
    ck_assert_int_eq(k.list[0].attempt, 1);
    ck_assert_int_eq(k.list[0].http_status, 503);
    ck_assert_ptr_nonnull(strstr(k.list[0].message, "the answer was 503; asked again in 200 ms"));
    ck_assert_str_eq(k.list[1].event, "retry");
    ck_assert_int_eq(k.list[1].attempt, 2);
    ck_assert_int_eq(k.list[1].http_status, 0);
    ck_assert_ptr_nonnull(strstr(k.list[1].message, "cut the connection"));
    ck_assert_str_eq(k.list[2].event, "request");
    ck_assert_int_eq(k.list[2].attempt, 3);
    ck_assert_int_eq(k.list[2].http_status, 200);
    fake_http_stop(server);
}
END_TEST

/* ---- who listens ---- */

static size_t asked;

static int answer_200(const leakdiag_http_request *request, leakdiag_http_answer *ret,
                      void *payload)
{
    (void)request, (void)payload;
    asked++;
    ret->status = 200;
    ret->body = "{}";
    ret->body_len = 2;
    return 0;
}

START_TEST(a_log_that_wants_no_more_ends_the_call_before_the_next_request)
{
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    kept k = {.stop_at = 1};
    leakdiag_log log = log_to(&k, LEAKDIAG_LOG_LEVEL_DEBUG);
    leakdiag_load_options options = LEAKDIAG_LOAD_OPTIONS_INIT;
    leakdiag_load *load = NULL;
    leakdiag_error err = {0};
    transport.answer = answer_200;
    options.transport = &transport;
    options.log = &log;
    asked = 0;
    ck_assert_int_eq(leakdiag_load_read("http://h:1", &options, &load, &err), LEAKDIAG_E_CALLBACK);
    ck_assert_str_eq(err.message, "the log asked to stop");
    ck_assert_ptr_null(load);
    ck_assert_uint_eq(asked, 1); /* of two */
    ck_assert_uint_eq(k.n, 1);
}
END_TEST

START_TEST(a_log_is_checked_when_it_is_given)
{
    leakdiag_log mute = LEAKDIAG_LOG_INIT, loud = log_to(NULL, (leakdiag_log_level)3);
    leakdiag_log low = log_to(NULL, (leakdiag_log_level)-1), small = log_to(NULL, 0);
    small.size = 8;
    const leakdiag_log *const bad[] = {&mute, &loud, &low, &small};
    leakdiag_scenario *scenario = NULL;
    ck_assert(!leakdiag_scenario_builtin("any-workload", NULL, 0, &scenario, NULL));
    for (size_t i = 0; i < COUNT(bad); i++) {
        leakdiag_flag_options options = LEAKDIAG_FLAG_OPTIONS_INIT;
        leakdiag_session_options of_session = LEAKDIAG_SESSION_OPTIONS_INIT;
        leakdiag_flag *flag = NULL;
        leakdiag_session *session = NULL;
        options.log = of_session.log = bad[i];
        ck_assert_int_eq(leakdiag_flag_evaluate("http://127.0.0.1:9", "k", &options, &flag, NULL),
                         LEAKDIAG_E_INVALID);
        ck_assert_int_eq(leakdiag_session_new(scenario, &of_session, &session, NULL),
                         LEAKDIAG_E_INVALID);
    }
    leakdiag_scenario_unref(scenario);
}
END_TEST

START_TEST(levels_have_names)
{
    ck_assert_str_eq(leakdiag_log_level_name(LEAKDIAG_LOG_LEVEL_DEBUG), "debug");
    ck_assert_str_eq(leakdiag_log_level_name(LEAKDIAG_LOG_LEVEL_INFO), "info");
    ck_assert_str_eq(leakdiag_log_level_name(LEAKDIAG_LOG_LEVEL_WARNING), "warning");
    ck_assert_str_eq(leakdiag_log_level_name((leakdiag_log_level)3), "unknown-level");
}
END_TEST

/* ---- looks ---- */

static leakdiag_session *listening(leakdiag_scenario *scenario, kept *k, leakdiag_log_level level)
{
    leakdiag_log log = log_to(k, level); /* copied: it need not live on */
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    leakdiag_session *session = NULL;
    options.log = &log;
    ck_assert(!leakdiag_session_new(scenario, &options, &session, NULL));
    leakdiag_scenario_unref(scenario);
    return session;
}

static void gather(leakdiag_session *session)
{
    leakdiag_observation *seen = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_session_gather(session, &seen, &err);
    ck_assert_msg(!status, "%s", err.message);
    leakdiag_observation_unref(seen);
}

START_TEST(what_is_missing_is_a_warning_once)
{
    fake_http *server = fake_http_start(GOOD_RULES);
    char *dead = fake_dead_url();
    kept k = {0};
    leakdiag_session *session =
        listening(scenario_for(fake_http_url(server), dead, "log_file=/no/such.log"), &k,
                  LEAKDIAG_LOG_LEVEL_DEBUG);
    ck_assert_ptr_null(leakdiag_session_namespace_name(session)); /* there is no cluster */
    gather(session);
    ck_assert_uint_eq(count(&k, "missing", LEAKDIAG_LOG_LEVEL_WARNING), 2);
    size_t load = find(&k, "missing", 0), log = find(&k, "missing", 1);
    ck_assert_ptr_nonnull(strstr(k.list[load].source, dead));
    ck_assert_ptr_nonnull(strstr(k.list[load].message, "load from locust http://127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(k.list[load].message, "was not collected: "));
    ck_assert_ptr_nonnull(strstr(k.list[load].message, "refused"));
    ck_assert_ptr_nonnull(strstr(k.list[log].message, "/no/such.log"));
    ck_assert_str_eq(k.list[log].method, "-");
    ck_assert_int_eq(k.list[log].bytes, -1);
    ck_assert_int_eq(k.list[log].duration_ms, -1);
    ck_assert_uint_eq(count(&k, "source", LEAKDIAG_LOG_LEVEL_DEBUG), 3);
    ck_assert_ptr_nonnull(strstr(k.list[find(&k, "source", 0)].message, "flag: ofrep is asked: "));
    ck_assert_ptr_nonnull(strstr(k.list[find(&k, "source", 1)].message, "load: locust is asked: "));
    ck_assert_str_eq(k.list[find(&k, "source", 2)].source, "log-file /no/such.log");

    k.n = 0; /* the same again is no news */
    gather(session);
    ck_assert_uint_eq(count(&k, "missing", LEAKDIAG_LOG_LEVEL_WARNING), 0);
    ck_assert_uint_eq(count(&k, "missing", LEAKDIAG_LOG_LEVEL_DEBUG), 2);
    leakdiag_session_free(session);
    fake_http_stop(server);
    free(dead);
}
END_TEST

START_TEST(a_look_that_the_log_ended_can_be_done_again)
{
    fake_http *server = fake_http_start(GOOD_RULES);
    kept k = {.stop_at = 1};
    leakdiag_session *session =
        listening(scenario_for(fake_http_url(server), fake_http_url(server), NULL), &k,
                  LEAKDIAG_LOG_LEVEL_DEBUG);
    leakdiag_observation *seen = NULL;
    ck_assert_int_eq(leakdiag_session_gather(session, &seen, NULL), LEAKDIAG_E_CALLBACK);
    ck_assert_ptr_null(seen);
    k.stop_at = 0;
    gather(session);
    leakdiag_session_free(session);
    fake_http_stop(server);
}
END_TEST

START_TEST(a_gap_of_a_log_is_a_warning)
{
    place p;
    char set[128];
    place_make(&p);
    place_write(&p, "app.log", "one\ntwo\n");
    snprintf(set, sizeof set, "log_file=%s/app.log", p.dir);
    kept k = {0};
    fake_http *server = fake_http_start(GOOD_RULES);
    leakdiag_session *session =
        listening(scenario_for(fake_http_url(server), fake_http_url(server), set), &k,
                  LEAKDIAG_LOG_LEVEL_WARNING);
    gather(session);
    ck_assert_uint_eq(count(&k, "gap", LEAKDIAG_LOG_LEVEL_WARNING), 0);
    place_write(&p, "app.log", "three\n"); /* another file by that name */
    gather(session);
    ck_assert_uint_eq(count(&k, "gap", LEAKDIAG_LOG_LEVEL_WARNING), 1);
    ck_assert_ptr_nonnull(strstr(k.list[find(&k, "gap", 0)].source, "app.log"));
    leakdiag_session_free(session);
    fake_http_stop(server);
    place_remove(&p);
}
END_TEST

/* ---- credentials ---- */

static void plugin(place *p, const char *script)
{
    char text[400];
    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    place_write(p, "plugin", text);
    place_chmod(p, "plugin", 0700);
    place_config(p, HTTPS,
                 "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, "
                 "interactiveMode: Never}");
}

static leakdiag_status get_origin(place *p, kept *k)
{
    const leakdiag_log given = log_to(k, LEAKDIAG_LOG_LEVEL_DEBUG);
    leakdiag_cluster *cluster = place_open(p, LEAKDIAG_EXEC_ALLOW);
    ld_origin *origin = NULL;
    ld_log log;
    ck_assert(!ld_log_init(&log, &given, NULL));
    leakdiag_status status = ld_cluster_origin(cluster, 20000, NULL, &log, &origin, NULL);
    ld_origin_free(origin);
    leakdiag_cluster_free(cluster);
    return status;
}

START_TEST(a_plugin_that_ran_is_told_without_what_it_gave)
{
    place p;
    kept k = {0};
    place_make(&p);
    plugin(&p, "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\","
               "\"kind\":\"ExecCredential\",\"status\":{\"token\":\"" CANARY "\"}}'");
    ck_assert_int_eq(get_origin(&p, &k), LEAKDIAG_OK);
    ck_assert_uint_eq(k.n, 1);
    ck_assert_str_eq(k.list[0].event, "credential");
    ck_assert_int_eq(k.list[0].level, LEAKDIAG_LOG_LEVEL_INFO);
    ck_assert_int_ge(k.list[0].duration_ms, 0);
    ck_assert_ptr_nonnull(strstr(k.list[0].source, "user u of "));
    ck_assert_ptr_nonnull(strstr(k.list[0].message, "its exec plugin gave a credential in "));

    plugin(&p, "echo 'token=" CANARY "' >&2; exit 3");
    k.n = 0;
    ck_assert_int_eq(get_origin(&p, &k), LEAKDIAG_E_AUTH);
    ck_assert_uint_eq(k.n, 1);
    ck_assert_int_eq(k.list[0].level, LEAKDIAG_LOG_LEVEL_WARNING);
    ck_assert_ptr_nonnull(strstr(k.list[0].message, "exec plugin"));

    plugin(&p, "exit 3");
    k = (kept){.stop_at = 1};
    ck_assert_int_eq(get_origin(&p, &k), LEAKDIAG_E_AUTH); /* the first cause wins */
    place_remove(&p);
}
END_TEST

START_TEST(a_token_file_that_is_read_again_is_told)
{
    place p;
    char user[128];
    kept k = {0};
    const leakdiag_log given = log_to(&k, LEAKDIAG_LOG_LEVEL_DEBUG);
    ld_log log;
    place_make(&p);
    place_write(&p, "token", CANARY);
    snprintf(user, sizeof user, "tokenFile: %s/token", p.dir);
    place_config(&p, HTTPS, user);
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    ck_assert(!ld_log_init(&log, &given, NULL));
    for (int i = 0; i < 2; i++) {
        ld_origin *origin = NULL;
        ck_assert(!ld_cluster_origin(cluster, 20000, NULL, &log, &origin, NULL));
        ld_origin_free(origin);
        ck_assert_uint_eq(k.n, (size_t)i);
        ld_cluster_refused(cluster); /* after a 401 it is read at once */
    }
    ck_assert_int_eq(k.list[0].level, LEAKDIAG_LOG_LEVEL_DEBUG);
    ck_assert_ptr_nonnull(strstr(k.list[0].message, "its token file was read again"));
    leakdiag_cluster_free(cluster);
    place_remove(&p);
}
END_TEST

static int get_another(const leakdiag_log_record *record, void *payload)
{
    ld_origin *origin = NULL;
    ck_assert_str_eq(record->event, "credential");
    ck_assert(!ld_cluster_origin(payload, 20000, NULL, NULL, &origin, NULL));
    ld_origin_free(origin);
    return 0;
}

START_TEST(who_listens_may_use_the_same_cluster)
{
    place p;
    ld_log log = {.to = LEAKDIAG_LOG_INIT};
    ld_origin *origin = NULL;
    place_make(&p);
    plugin(&p, "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\","
               "\"kind\":\"ExecCredential\",\"status\":{\"token\":\"x\"}}'");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    log.to.write = get_another;
    log.to.payload = cluster;
    ck_assert(!ld_cluster_origin(cluster, 20000, NULL, &log, &origin, NULL));
    ld_origin_free(origin);
    leakdiag_cluster_free(cluster);
    place_remove(&p);
}
END_TEST

/* ---- secrets (keep() looks for the canary in all that it is told) ---- */

START_TEST(no_secret_is_told)
{
    static const fake_rule rules[] = {{.bytes = "HTTP/1.1 302 Found\r\nLocation: http://bob:" CANARY
                                                "@h/?token=" CANARY "\r\nX-Key: " CANARY
                                                "\r\nConnection: close\r\n\r\npassword=" CANARY}};
    fake_http *server = fake_http_start(rules, 1);
    kept k = {0};
    leakdiag_log log = log_to(&k, LEAKDIAG_LOG_LEVEL_DEBUG);
    leakdiag_flag_options options = LEAKDIAG_FLAG_OPTIONS_INIT;
    leakdiag_flag *flag = NULL;
    char url[200];
    options.bearer_token = options.api_key = CANARY;
    options.context_json = "{\"password\":\"" CANARY "\"}";
    options.log = &log;
    ck_assert(!leakdiag_flag_evaluate(fake_http_url(server), "k", &options, &flag, NULL));
    leakdiag_flag_free(flag);
    snprintf(url, sizeof url, "%s/x?token=" CANARY, fake_http_url(server));
    ld_log own;
    LD_CLEANUP(ld_http_client_freep) ld_http_client *client = NULL;
    ck_assert(!ld_log_init(&own, &log, NULL));
    ck_assert(!ld_http_client_new(NULL, &client, NULL));
    ld_http_client_set_log(client, &own);
    ld_http_request request = {.method = "GET", .url = url}, *one = &request;
    ck_assert(!ld_http_client_perform(client, &one, 1, 5000, NULL, NULL));
    ld_http_request_done(&request);
    ld_log_say(&own, LEAKDIAG_LOG_LEVEL_WARNING, "missing", "http://bob:" CANARY "@h/",
               "Authorization: Bearer " CANARY "\x1b[31m\nsecret=%s", CANARY);
    ck_assert_uint_ge(k.n, 3);
    ck_assert_ptr_nonnull(strstr(k.list[k.n - 1].message, "[masked]"));
    fake_http_stop(server);
}
END_TEST

/* ---- memory ---- */

static int count_one(const leakdiag_log_record *record, void *payload)
{
    (void)record;
    ++*(size_t *)payload;
    return 0;
}

static leakdiag_status read_load_with_a_log(void)
{
    size_t n = 0;
    leakdiag_transport transport = LEAKDIAG_TRANSPORT_INIT;
    const leakdiag_log log = {sizeof log, count_one, &n, 0};
    leakdiag_load_options options = LEAKDIAG_LOAD_OPTIONS_INIT;
    leakdiag_load *load = NULL;
    transport.answer = answer_200;
    options.transport = &transport;
    options.log = &log;
    leakdiag_status status = leakdiag_load_read("http://h:1", &options, &load, NULL);
    ck_assert(status || n == 2);
    leakdiag_load_free(load);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    ck_assert_uint_ge(torture_run(read_load_with_a_log), 20);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("log");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_request_is_told_with_its_figures);
    tcase_add_test(tc, a_request_without_an_answer_says_why_at_another_level);
    tcase_add_test(tc, a_connection_that_is_used_again_is_told_so);
    tcase_add_test(tc, a_retry_says_why_and_when);
    tcase_add_test(tc, a_log_that_wants_no_more_ends_the_call_before_the_next_request);
    tcase_add_test(tc, a_log_is_checked_when_it_is_given);
    tcase_add_test(tc, levels_have_names);
    tcase_add_test(tc, what_is_missing_is_a_warning_once);
    tcase_add_test(tc, a_look_that_the_log_ended_can_be_done_again);
    tcase_add_test(tc, a_gap_of_a_log_is_a_warning);
    tcase_add_test(tc, a_plugin_that_ran_is_told_without_what_it_gave);
    tcase_add_test(tc, a_token_file_that_is_read_again_is_told);
    tcase_add_test(tc, who_listens_may_use_the_same_cluster);
    tcase_add_test(tc, no_secret_is_told);
    tcase_add_test(tc, every_allocation_may_fail);
    Suite *suite = suite_create("log");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
