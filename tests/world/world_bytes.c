/* The bytes that each source of a world gives. Recorded ones where there are any; only the numbers
 * in them are replaced. */
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "world/world.h"

#define TICK_MS        100
#define INACTIVE_BYTES 131072.0 /* page cache beside the working set */
#define STATS          "locust/v2.33.0/lab_stats_running_later.resp.http"
#define PAGE           "locust/v2.33.0/lab_root_running_later.resp.http"

const world_state *world_at(const world *w, int64_t at_ms)
{
    return at_ms >= w->then_at_ms ? &w->then : &w->first;
}

char *world_file(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "no fixture %s", path);
    fseek(file, 0, SEEK_END);
    long len = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)len + 1);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)len, file), (size_t)len);
    bytes[len] = '\0';
    fclose(file);
    *ret_len = (size_t)len;
    return bytes;
}

static char *read_fixture(const char *name)
{
    char path[1024];
    size_t len;
    snprintf(path, sizeof path, "%s/%s", FIXTURES, name);
    return world_file(path, &len);
}

/* Every `from` becomes `to`; a text that is not there is a mistake of the matrix. */
static char *replaced(char *text, const char *from, const char *to)
{
    ld_text out = {0};
    const char *rest = text, *found;
    ck_assert_msg(strstr(text, from) != NULL, "\"%s\" is not in %.200s", from, text);
    for (; (found = strstr(rest, from)) != NULL; rest = found + strlen(from)) {
        ld_text_add_bytes(&out, rest, (size_t)(found - rest));
        ld_text_add(&out, to);
    }
    ld_text_add(&out, rest);
    char *copy = strdup(out.data);
    ld_text_done(&out);
    free(text);
    return copy;
}

static void read_header(const char *head, const char *name, char *out, size_t room)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\r\n%s: ", name);
    const char *found = strstr(head, wanted);
    out[0] = '\0';
    if (found) {
        found += strlen(wanted);
        snprintf(out, room, "%.*s", (int)strcspn(found, "\r"), found);
    }
}

/* The answer with a Content-Length that fits its body again. */
static world_answer answer_of(const char *raw, const char *method, int64_t now_ms)
{
    world_answer a = {0};
    const char *body = strstr(raw, "\r\n\r\n");
    ck_assert_msg(body != NULL, "no HTTP answer: %.80s", raw);
    read_header(raw, "Content-Type", a.content_type, sizeof a.content_type);
    ld_text_add_bytes(&a.bytes, raw, (size_t)(strstr(raw, "\r\n") - raw));
    ld_text_addf(&a.bytes, "\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n",
                 a.content_type, strlen(body + 4));
    if (now_ms) {
        char date[64];
        time_t seconds = (time_t)(now_ms / 1000);
        struct tm parts;
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&seconds, &parts));
        ld_text_addf(&a.bytes, "Date: %s\r\n", date);
    }
    ld_text_add(&a.bytes, "\r\n");
    size_t head = a.bytes.len;
    ld_text_add(&a.bytes, body + 4);
    ck_assert(!a.bytes.failed);
    a.answer = (ld_answer){.method = method,
                           .status = atoi(raw + strlen("HTTP/1.1 ")),
                           .body = a.bytes.data + head,
                           .len = a.bytes.len - head,
                           .latency_ms = 3,
                           .now_ms = now_ms / 1000 * 1000};
    return a;
}

void world_answer_done(world_answer *answer)
{
    ld_text_done(&answer->bytes);
}

static const ld_node *find_answer(const world *w, const char *name)
{
    const ld_node *spec = ld_node_get(w->answers, name);
    ck_assert_msg(spec != NULL, "no answer is called %s", name);
    return spec;
}

/* A recording with what its entry replaces in it; NULL when the entry is none. */
static char *recorded(const ld_node *spec)
{
    const ld_node *replace = ld_node_get(spec, "replace");
    const char *file = ld_node_text(ld_node_get(spec, "file"));
    char *raw = file ? read_fixture(file) : NULL;
    for (size_t i = 0; raw && replace && i < replace->n; i++)
        raw = replaced(raw, replace->children[i].key, replace->children[i].text);
    return raw;
}

char *world_flag_file(const world *w)
{
    return recorded(find_answer(w, w->flag_file));
}

world_answer world_flag_answer(const world *w, const char *name, const char *method)
{
    const ld_node *spec = find_answer(w, name);
    char *raw = recorded(spec);
    if (!raw) {
        ld_text made = {0};
        ld_text_addf(&made, "HTTP/1.1 %s\r\nContent-Type: %s\r\n\r\n%s",
                     ld_node_text(ld_node_get(spec, "http")),
                     ld_node_text(ld_node_get(spec, "type")),
                     ld_node_text(ld_node_get(spec, "body")));
        raw = strdup(made.data);
        ld_text_done(&made);
    }
    world_answer answer = answer_of(raw, method, 0);
    free(raw);
    return answer;
}

/* --- Locust -------------------------------------------------------------------------------------
 */

static bool makes_requests(const world_state *state)
{
    return strcmp(state->load, "running") == 0 || strcmp(state->load, "spawning") == 0 ||
           strcmp(state->load, "dead") == 0 || strcmp(state->load, "login") == 0 ||
           strcmp(state->load, "html") == 0 || strcmp(state->load, "none") == 0;
}

static double ms_between(int64_t from_ms, int64_t to_ms)
{
    return to_ms > from_ms ? (double)(to_ms - from_ms) : 0;
}

/* Requests since the statistics began, and the rate that they show. */
static double requests_until(const world *w, int64_t at_ms, double *ret_per_s)
{
    bool has_changed = at_ms > w->then_at_ms;
    int64_t change_ms = has_changed ? w->then_at_ms : at_ms;
    double first_s = makes_requests(&w->first) ? ms_between(w->load_since_ms, change_ms) / 1e3 : 0;
    double then_s =
        has_changed && makes_requests(&w->then) ? ms_between(change_ms, at_ms) / 1e3 : 0;
    *ret_per_s = (then_s > 0 ? w->then.load_orders : first_s > 0 ? w->first.load_orders : 0) / 60;
    return floor((first_s * w->first.load_orders + then_s * w->then.load_orders) / 60 + 1e-6);
}

static char *with_number(char *text, const char *from, const char *key, double value)
{
    char to[128], digits[LD_NUMBER_BYTES];
    ld_number_format(value, digits);
    snprintf(to, sizeof to, "\"%s\": %s", key, digits);
    return replaced(text, from, to);
}

static char *frozen(void)
{
    return read_fixture("locust/v2.33.0/lab_stats_stopped.resp.http");
}

/* Locust's state and users beside its counts. */
static char *stats_of(const world *w, int64_t at_ms)
{
    const world_state *state = world_at(w, at_ms);
    double per_s, requests = requests_until(w, at_ms, &per_s);
    bool is_stopped = strcmp(state->load, "stopped") == 0;
    if (strcmp(state->load, "ready") == 0)
        return read_fixture("locust/v2.33.0/lab_stats_ready.resp.http");
    if (is_stopped && requests == 0)
        return frozen();
    double age_s = (double)(at_ms - w->load_since_ms) / 1e3;
    char *text = read_fixture(STATS);
    text = with_number(text, "\"total_rps\": 6.906700520214021", "total_rps",
                       age_s > 0 ? requests / age_s : 0);
    text = with_number(text, "\"total_rps\": 7.5", "total_rps", per_s);
    text = with_number(text, "\"current_rps\": 7.5", "current_rps", per_s);
    text = with_number(text, "\"num_requests\": 152", "num_requests", requests);
    text =
        with_number(text, "\"num_failures\": 0", "num_failures", floor(requests * state->failures));
    text = with_number(text, "\"fail_ratio\": 0.0", "fail_ratio", state->failures);
    if (is_stopped)
        text = replaced(text, "\"state\": \"running\"", "\"state\": \"stopped\"");
    if (strcmp(state->load, "spawning") == 0)
        text = replaced(text, "\"state\": \"running\"", "\"state\": \"spawning\"");
    double users = is_stopped || strcmp(state->load, "idle") == 0 ? 0 : state->users;
    return with_number(text, "\"user_count\": 25", "user_count", users);
}

/* Something that is not Locust's statistics; NULL when it is Locust. */
static char *stranger(const world_state *state)
{
    if (strcmp(state->load, "login") == 0)
        return read_fixture("locust/extras/login_stats.resp.http");
    if (strcmp(state->load, "html") == 0)
        return strdup("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>k6 report</html>");
    return NULL;
}

world_answer world_load_stats(const world *w, int64_t base_ms, int64_t at_ms)
{
    char *raw = stranger(world_at(w, at_ms));
    if (!raw)
        raw = stats_of(w, at_ms);
    world_answer answer = answer_of(raw, "GET", base_ms + at_ms);
    free(raw);
    return answer;
}

world_answer world_load_page(const world *w, int64_t base_ms, int64_t at_ms)
{
    const world_state *state = world_at(w, at_ms);
    char *raw = stranger(state);
    if (!raw) {
        char since[LD_NUMBER_BYTES];
        ld_rfc3339_format((base_ms + w->load_since_ms) / 1000 * 1000, since);
        raw = replaced(read_fixture(PAGE), "2026-11-23T15:09:53Z", since);
        raw = with_number(raw, "\"spawn_rate\": 3.0", "spawn_rate", state->spawn);
    }
    world_answer answer = answer_of(raw, "GET", base_ms + at_ms);
    free(raw);
    return answer;
}

/* --- the log ------------------------------------------------------------------------------------
 */

typedef struct piece {
    ld_text *out;
    int64_t base_ms, from_ms, to_ms;
} piece;

/* A line as logrus writes it in 2.0.2, when it belongs to the piece. */
static void log_line(const piece *p, int64_t at_ms, const char *message)
{
    if (at_ms <= p->from_ms || at_ms > p->to_ms)
        return;
    char when[LD_NUMBER_BYTES];
    ld_rfc3339_format(p->base_ms + at_ms, when);
    ld_text_add(p->out, "{\"message\":");
    ld_text_add_json(p->out, message, strlen(message));
    ld_text_addf(p->out, ",\"severity\":\"info\",\"timestamp\":\"%s\"}\n", when);
}

static void log_hand_off(const piece *p, const world_state *state, int64_t at_ms)
{
    if (strcmp(state->hand_off, "silent") == 0)
        return;
    log_line(p, at_ms - 60, "sending to postProcessor");
    if (strcmp(state->hand_off, "failing") == 0)
        log_line(p, at_ms - 50, "Failed to send message to Kafka within context deadline");
    else
        log_line(p, at_ms - 50, "Successful to write message. offset: 0, duration: 2.1ms");
}

static void log_flag(const piece *p, const world_state *state, int64_t at_ms)
{
    if (isnan(state->seen))
        return;
    char done[96], digits[LD_NUMBER_BYTES];
    ld_number_format(state->seen, digits);
    snprintf(done, sizeof done, "Done with #%s messages for overload simulation.", digits);
    log_line(p, at_ms - 40,
             "Warning: FeatureFlag 'kafkaQueueProblems' is activated, overloading queue now.");
    log_line(p, at_ms - 10, done);
}

/* One order that is through at a time. */
static void log_order(const piece *p, const world_state *state, int64_t at_ms)
{
    if (strcmp(state->log, "other") == 0) {
        log_line(p, at_ms, "GET /healthz 200");
        return;
    }
    log_line(p, at_ms - 90, "[PlaceOrder] user_id=\"3b1\" user_currency=\"USD\"");
    log_line(p, at_ms - 80, "payment went through (transaction_id: 0f1c)");
    if (strcmp(state->log, "lab") == 0)
        log_line(p, at_ms - 75, "order placed");
    if (strcmp(state->log, "unconfirmed") != 0)
        log_line(p, at_ms - 70, "order confirmation email sent to \"a@example.com\"");
    log_hand_off(p, state, at_ms);
    log_flag(p, state, at_ms);
}

static void log_start(const piece *p, const char *log, int64_t at_ms)
{
    if (strcmp(log, "empty") != 0)
        log_line(p, at_ms, "starting to listen on tcp: \"[::]:8080\"");
}

/* Orders that are through until a time. */
static int64_t orders_until(const world *w, int64_t at_ms)
{
    double first =
        w->first.log_orders * ms_between(0, at_ms < w->then_at_ms ? at_ms : w->then_at_ms);
    double then = w->then.log_orders * ms_between(w->then_at_ms, at_ms);
    return (int64_t)floor((first + then) / 60000 + 0.5 + 1e-6);
}

static void log_restarts(const piece *p, const world *w)
{
    for (size_t i = 0; i < w->n_oom + w->n_crash; i++) {
        int64_t at_ms = i < w->n_oom ? w->oom_ms[i] : w->crash_ms[i - w->n_oom];
        log_start(p, world_at(w, at_ms)->log, at_ms);
    }
}

void world_log(const world *w, int64_t base_ms, int64_t from_ms, int64_t to_ms, ld_text *out)
{
    piece p = {out, base_ms, from_ms < w->log_from_ms ? w->log_from_ms : from_ms, to_ms};
    log_start(&p, w->first.log, w->started_ms);
    log_restarts(&p, w);
    int64_t from = p.from_ms > 0 ? p.from_ms / TICK_MS * TICK_MS : 0;
    int64_t done = from > 0 ? orders_until(w, from) : 0;
    for (int64_t t = from; t <= to_ms; t += TICK_MS) {
        const world_state *state = world_at(w, t);
        int64_t now = orders_until(w, t);
        for (; done < now; done++)
            if (strcmp(state->log, "empty") != 0)
                log_order(&p, state, t);
    }
}

/* --- memory -------------------------------------------------------------------------------------
 */

/* The same every time: made of the time and the seed alone. */
static double noise(const world *w, int64_t at_ms)
{
    uint64_t x = (uint64_t)at_ms * 2654435761u + 97u + w->noise_seed * 40503u;
    x ^= x >> 13;
    x *= 0x9E3779B97F4A7C15u;
    x ^= x >> 32;
    return (double)(x % 20001) / 10000 - 1;
}

double world_bytes_at(const world *w, int64_t at_ms)
{
    size_t i = 0;
    while (i + 1 < w->n_points && w->points[i + 1].at_ms <= at_ms)
        i++;
    const world_point *a = &w->points[i];
    double bytes = a->bytes;
    if (i + 1 < w->n_points && at_ms > a->at_ms) {
        const world_point *b = a + 1;
        bytes += (b->bytes - a->bytes) * (double)(at_ms - a->at_ms) / (double)(b->at_ms - a->at_ms);
    }
    bytes = floor(bytes + w->noise_bytes * noise(w, at_ms));
    return w->floor_bytes > 0 ? floor(bytes / w->floor_bytes) * w->floor_bytes : bytes;
}

static void find_start(const world *w, int64_t at_ms, world_files *ret)
{
    ret->started_ms = w->started_ms;
    ret->pid = 4242;
    for (size_t i = 0; i < w->n_oom + w->n_crash; i++) {
        int64_t end_ms = i < w->n_oom ? w->oom_ms[i] : w->crash_ms[i - w->n_oom];
        if (end_ms > at_ms)
            continue;
        ret->pid++;
        if (end_ms > ret->started_ms)
            ret->started_ms = end_ms;
    }
}

void world_files_at(const world *w, int64_t at_ms, world_files *ret)
{
    *ret = (world_files){0};
    bool is_v1 = strcmp(w->memory_kind, "cgroup-v1") == 0;
    double bytes = world_bytes_at(w, at_ms);
    int oom_kills = 0;
    for (size_t i = 0; i < w->n_oom; i++)
        oom_kills += w->oom_ms[i] <= at_ms;
    find_start(w, at_ms, ret);
    snprintf(ret->usage, sizeof ret->usage, "%" PRId64 "\n", (int64_t)(bytes + INACTIVE_BYTES));
    if (isnan(w->limit_bytes))
        snprintf(ret->limit, sizeof ret->limit, is_v1 ? "9223372036854771712\n" : "max\n");
    else
        snprintf(ret->limit, sizeof ret->limit, "%" PRId64 "\n", (int64_t)w->limit_bytes);
    snprintf(ret->stat, sizeof ret->stat, "%s %" PRId64 "\n%sinactive_file %d\n",
             is_v1 ? "total_rss" : "anon", (int64_t)bytes, is_v1 ? "total_" : "",
             (int)INACTIVE_BYTES);
    if (is_v1)
        snprintf(ret->oom, sizeof ret->oom, "oom_kill_disable 0\nunder_oom 0\noom_kill %d\n",
                 oom_kills);
    else
        snprintf(ret->oom, sizeof ret->oom, "low 0\nhigh 0\nmax 12\noom %d\noom_kill %d\n",
                 oom_kills, oom_kills);
    snprintf(ret->process, sizeof ret->process, "Name:\tcheckout\nVmRSS:\t%8" PRId64 " kB\n",
             (int64_t)(bytes / 1024));
    for (size_t i = 0; i < w->n_env; i++) {
        ld_text_addf(&ret->environ, "%s=%s", w->env_name[i], w->env_value[i]);
        ld_text_add_char(&ret->environ, '\0');
    }
}

void world_csv(const world *w, int64_t base_ms, int64_t at_ms, ld_text *out)
{
    ld_text_add(out, "t,ws\n");
    for (int64_t t = 0; t <= at_ms && t <= w->memory_until_ms; t += w->every_ms) {
        ld_text_add_number(out, (double)(base_ms + t) / 1e3);
        ld_text_add_char(out, ',');
        ld_text_add_number(out, world_bytes_at(w, t));
        ld_text_add_char(out, '\n');
    }
}
