#include "soak/node.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_PER_LOOK 8 /* at most: 25 users write less */
#define SCRAPE_MS      15000

uint32_t node_draw(node *n, uint32_t below)
{
    n->random = n->random * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(n->random >> 4) * below) >> 28);
}

/* --- pods --- */

static void write_stamp(char *out, int64_t ns)
{
    int64_t s = ns / 1000000000, day = s / 86400, part = ns % 1000000000;
    static const int64_t first_day = 20780; /* 2026-11-23 */
    sprintf(out, "2026-11-%02dT%02d:%02d:%02d.%09dZ ", (int)(23 + day - first_day),
            (int)(s / 3600 % 24), (int)(s / 60 % 60), (int)(s % 60), (int)part);
}

static void make_room(pod *p)
{
    if (p->n_lines == p->room) {
        p->room = p->room ? 2 * p->room : 1024;
        p->lines = realloc(p->lines, (p->room + 1) * sizeof *p->lines);
    }
    if (p->text_room - p->text_len < 128) {
        p->text_room = p->text_room ? 2 * p->text_room : 65536;
        p->text = realloc(p->text, p->text_room);
    }
    ck_assert_ptr_nonnull(p->lines);
    ck_assert_ptr_nonnull(p->text);
}

/* One in ten lines is the one before it once more, of the same nanosecond. */
static void write_line(node *n, pod *p)
{
    make_room(p);
    bool repeats = p->n_lines > p->now.begin && node_draw(n, 10) == 0;
    uint8_t kind = repeats ? p->lines[p->n_lines - 1].kind : (uint8_t)node_draw(n, CLASSES);
    int64_t ns = (n->now_ms + n->clock_step_ms) * 1000000 + node_draw(n, 1000000);
    if (repeats)
        ns = p->last_stamp_ns;
    p->last_stamp_ns = ns;
    p->lines[p->n_lines++] = (line){.at = p->text_len, .kind = kind};
    write_stamp(p->text + p->text_len, ns);
    p->text_len += strlen(p->text + p->text_len);
    p->text_len +=
        (size_t)sprintf(p->text + p->text_len, "kind %d of checkout: order placed\n", kind);
    p->lines[p->n_lines].at = p->text_len;
    p->now.end = p->n_lines;
}

static const char *time_text(int64_t ms, char *out)
{
    write_stamp(out, ms / 1000 * 1000000000);
    strcpy(out + 19, "Z"); /* the API server writes whole seconds */
    return out;
}

static int add_pod(char *out, const pod *p)
{
    char started[64], ended[64], deleted[64], text[512] = "", going[128] = "";
    if (p->restarts)
        sprintf(text,
                ",\"lastState\":{\"terminated\":{\"exitCode\":137,\"reason\":\"OOMKilled\","
                "\"startedAt\":\"%s\",\"finishedAt\":\"%s\"}}",
                time_text(p->before_started_ms, started), time_text(p->ended_ms, ended));
    if (p->deleted_ms)
        sprintf(going, ",\"deletionTimestamp\":\"%s\"", time_text(p->deleted_ms, deleted));
    return sprintf(
        out,
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"otel-demo\",\"uid\":\"uid-"
        "%s\","
        "\"resourceVersion\":\"%lld\"%s},"
        "\"spec\":{\"containers\":[{\"name\":\"checkout\",\"resources\":{\"limits\":{"
        "\"memory\":\"20Mi\"}}}]},\"status\":{\"phase\":\"Running\","
        "\"containerStatuses\":[{\"name\":\"checkout\",\"ready\":true,\"restartCount\":%d,"
        "\"state\":{\"running\":{\"startedAt\":\"%s\"}}%s}]}}",
        p->name, p->name, (long long)p->version, going, p->restarts,
        time_text(p->started_ms, started), text);
}

/* --- what the API server remembers --- */

static void tell(node *n, pod *p, const char *type)
{
    event *e = &n->events[n->n_events++ % EVENTS_MAX];
    char object[700];
    p->version = e->version = ++n->version;
    if (n->n_events > EVENTS_MAX)
        n->forgotten_version = n->events[n->n_events % EVENTS_MAX].version;
    add_pod(object, p);
    snprintf(e->text, sizeof e->text, "{\"type\":\"%s\",\"object\":%s}\n", type, object);
}

static void note_news(node *n, const pod *p, int64_t ended_ms)
{
    ck_assert_uint_lt(n->n_news, NEWS_MAX);
    news *one = &n->news[n->n_news++];
    one->ended_ms = ended_ms;
    strcpy(one->pod, p->name);
}

static pod *new_pod(node *n)
{
    pod *p = n->pods;
    while (p->is_listed)
        p++;
    ck_assert(p < n->pods + PODS_AT_ONCE);
    free(p->text);
    free(p->lines);
    *p = (pod){.is_there = true, .is_listed = true, .started_ms = n->now_ms};
    snprintf(p->name, sizeof p->name, "checkout-57c594b948-%05d", n->n_made++);
    make_room(p);
    tell(n, p, "ADDED");
    return p;
}

void node_init(node *n, uint32_t seed, int64_t now_ms)
{
    *n = (node){.random = seed * 2654435761u + 12345,
                .now_ms = now_ms,
                .version = 1000,
                .has_faults = true,
                .has_rollouts = true};
    new_pod(n);
}

void node_done(node *n)
{
    for (size_t i = 0; i < PODS_AT_ONCE; i++) {
        free(n->pods[i].text);
        free(n->pods[i].lines);
    }
}

static void restart(node *n, pod *p)
{
    p->before = p->now;
    p->has_before = true;
    p->now = (span){p->n_lines, p->n_lines};
    p->restarts++;
    p->before_started_ms = p->started_ms;
    p->started_ms = p->ended_ms = n->now_ms;
    p->sample_ms = 0;
    n->n_restarts++;
    tell(n, p, "MODIFIED");
    note_news(n, p, p->ended_ms);
}

/* A rollout: the new one is there before the old one is told to go. */
static void replace(node *n, pod *old)
{
    new_pod(n);
    old->deleted_ms = n->now_ms;
    old->gone_ms = n->now_ms + node_draw(n, 20000);
    n->n_replaced++;
    tell(n, old, "MODIFIED");
}

/* Scaled up and down again: it writes its lines and is gone after a few seconds. */
static void come_and_go(node *n)
{
    size_t n_listed = 0;
    for (size_t i = 0; i < PODS_AT_ONCE; i++)
        n_listed += n->pods[i].is_listed;
    if (n_listed > 1)
        return;
    pod *p = new_pod(n);
    p->deleted_ms = n->now_ms;
    p->gone_ms = n->now_ms + 1000 + 1000 * (int64_t)node_draw(n, 6);
    n->n_short_lived++;
}

static void go(node *n, pod *p)
{
    p->is_listed = p->is_there = false;
    tell(n, p, "DELETED");
    if (!p->was_in_list)
        note_news(n, p, 0);
}

static void happen(node *n, pod *p)
{
    switch (node_draw(n, 400)) {
    case 0:
        restart(n, p);
        break;
    case 1:
        if (p->n_lines - p->now.begin > 300) { /* a file is not rotated as soon as it is there */
            p->now.begin = p->n_lines;
            n->n_rotations++;
        }
        break;
    case 2:
        if (n->has_rollouts && !p->deleted_ms && node_draw(n, 2) == 0)
            replace(n, p);
        break;
    case 3:
        n->clock_step_ms += ((int64_t)node_draw(n, 61) - 30) * 1000;
        n->n_steps++;
        break;
    case 4:
        p->has_before = node_draw(n, 4) > 0 && p->has_before; /* removed by the kubelet */
        break;
    case 5:
        n->down_until_ms = n->now_ms + 3000 + node_draw(n, 9000);
        if (node_draw(n, 2)) /* what it had in memory is gone with it */
            n->forgotten_version = n->version;
        break;
    case 6:
        if (n->has_rollouts)
            come_and_go(n);
        break;
    case 7: /* as soon as it is there again */
        restart(n, p);
        p->again_ms = n->now_ms + 1000 + 1000 * (int64_t)node_draw(n, 3);
        break;
    default:
        break;
    }
}

/* As the metrics API does: only what was there for a scrape, and it is kept till the next. */
static void scrape(node *n, pod *p)
{
    if (n->now_ms % SCRAPE_MS >= 1000 || n->now_ms - p->started_ms < SCRAPE_MS)
        return;
    p->sample_ms = n->now_ms / SCRAPE_MS * SCRAPE_MS;
    p->sample_bytes = (8 << 20) + (n->now_ms - p->started_ms) / 1000 * 8192 % (12 << 20);
}

void node_live(node *n, int64_t ms)
{
    for (int64_t end = n->now_ms + ms; n->now_ms < end; n->now_ms += 1000) {
        n->version += node_draw(n, 3); /* the rest of the cluster lives too */
        for (size_t i = 0; i < PODS_AT_ONCE; i++) {
            pod *p = &n->pods[i];
            if (!p->is_listed)
                continue;
            if (p->gone_ms && n->now_ms >= p->gone_ms) {
                go(n, p);
                continue;
            }
            for (uint32_t k = node_draw(n, LINES_PER_LOOK) / 3; k > 0; k--)
                write_line(n, p);
            if (p->again_ms && n->now_ms >= p->again_ms) {
                p->again_ms = 0;
                restart(n, p);
            }
            if (n->has_faults && node_draw(n, 5) == 0)
                happen(n, p);
            scrape(n, p);
        }
    }
}

void node_begin_look(node *n)
{
    n->sent_list = n->sent_samples = false;
    for (size_t i = 0; i < PODS_AT_ONCE; i++)
        n->pods[i].was_sent = n->pods[i].was_sent_before = false;
}

/* --- answers --- */

static void give_up(node *n, leakdiag_http_failure kind, const char *why)
{
    n->answer.failure = why;
    n->answer.failure_kind = kind;
}

static void answer_status(node *n, int status, const char *body)
{
    n->answer.status = status;
    n->answer.content_type = "application/json";
    n->answer.body = body;
    n->answer.body_len = strlen(body);
}

static const char not_there[] =
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"previous "
    "terminated container \\\"checkout\\\" in pod \\\"checkout\\\" not found\",\"reason\":"
    "\"BadRequest\",\"code\":400}";
static const char unavailable[] =
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"the server is "
    "busy\",\"reason\":\"ServiceUnavailable\",\"code\":503}";
static const char throttled[] =
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"too many "
    "requests\",\"reason\":\"TooManyRequests\",\"code\":429}";

/* One request in a hundred goes wrong. */
static bool goes_wrong(node *n)
{
    static const char *const headers[] = {"Retry-After: 5", NULL};
    if (n->now_ms < n->down_until_ms) {
        give_up(n, LEAKDIAG_HTTP_FAILURE_CONNECT, "connection refused");
        return true;
    }
    if (!n->has_faults || node_draw(n, 100) > 0)
        return false;
    n->n_faults++;
    switch (node_draw(n, 4)) {
    case 0:
        give_up(n, LEAKDIAG_HTTP_FAILURE_CUT_OFF, "connection reset by peer");
        break;
    case 1:
        give_up(n, LEAKDIAG_HTTP_FAILURE_TIMEOUT, "nothing within the deadline");
        break;
    case 2:
        answer_status(n, 503, unavailable);
        break;
    default:
        answer_status(n, 429, throttled);
        n->answer.headers = headers;
        break;
    }
    return true;
}

static int64_t number_of(const char *url, const char *name)
{
    const char *at = strstr(url, name);
    return at ? strtoll(at + strlen(name), NULL, 10) : 0;
}

/* Whole lines that are in an answer which ends after these bytes. */
static size_t lines_within(const pod *p, span f, size_t bytes)
{
    size_t i = f.begin;
    while (i < f.end && p->lines[i + 1].at - p->lines[f.begin].at <= bytes)
        i++;
    return i;
}

static void answer_log(node *n, pod *p, const char *url)
{
    bool previous = strstr(url, "previous=true") != NULL;
    if (previous && !p->has_before) {
        answer_status(n, 400, not_there);
        return;
    }
    span f = previous ? p->before : p->now;
    size_t tail = (size_t)number_of(url, "tailLines=");
    if (tail && f.end - f.begin > tail)
        f.begin = f.end - tail;
    size_t begin = f.begin < p->n_lines ? p->lines[f.begin].at : p->text_len;
    size_t end = f.end < p->n_lines ? p->lines[f.end].at : p->text_len;
    if (n->has_faults && end > begin && node_draw(n, 200) == 0) { /* cut off, and nobody says so */
        n->n_faults++;
        end = begin + node_draw(n, (uint32_t)(end - begin));
        f.end = lines_within(p, f, end - begin);
    }
    n->answer.status = 200;
    n->answer.content_type = "text/plain";
    n->answer.body = p->text + begin;
    n->answer.body_len = end - begin;
    *(previous ? &p->sent_before : &p->sent) = f;
    *(previous ? &p->was_sent_before : &p->was_sent) = true;
}

static void answer_pods(node *n)
{
    char *out = n->body;
    out += sprintf(out,
                   "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":"
                   "\"%lld\"},\"items\":[",
                   (long long)n->version);
    bool is_first = true;
    for (size_t i = 0; i < PODS_AT_ONCE; i++) {
        if (!n->pods[i].is_listed)
            continue;
        if (!is_first)
            *out++ = ',';
        is_first = false;
        out += add_pod(out, &n->pods[i]);
        n->pods[i].was_in_list = true;
    }
    strcpy(out, "]}");
    n->sent_list = true;
    answer_status(n, 200, n->body);
}

/* All that happened since then; now and then the connection breaks in the middle of it. */
static void answer_watch(node *n, const char *url)
{
    static const char expired[] =
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":"
        "\"Failure\",\"message\":\"too old resource "
        "version\",\"reason\":\"Expired\",\"code\":410}}\n";
    int64_t since = number_of(url, "resourceVersion=");
    size_t len = 0, first = n->n_events > EVENTS_MAX ? n->n_events - EVENTS_MAX : 0;
    n->n_watches++;
    if (since < n->forgotten_version) {
        n->n_expired++;
        answer_status(n, 200, expired);
        return;
    }
    for (size_t i = first; i < n->n_events; i++) {
        const event *e = &n->events[i % EVENTS_MAX];
        if (e->version <= since)
            continue;
        ck_assert_uint_lt(len + sizeof e->text, sizeof n->body);
        len += (size_t)sprintf(n->body + len, "%s", e->text);
        if (n->has_faults && node_draw(n, 40) == 0) {
            n->n_faults++;
            strcpy(n->body + len, "{\"type\":\"MODIF\n");
            break;
        }
    }
    n->body[len] = len ? n->body[len] : '\0';
    answer_status(n, 200, n->body);
}

static void answer_metrics(node *n)
{
    char *out = n->body, time[64];
    bool is_first = true, is_absent = n->has_faults && node_draw(n, 100) == 0;
    out += sprintf(out, "{\"kind\":\"PodMetricsList\",\"apiVersion\":\"metrics.k8s.io/v1beta1\","
                        "\"metadata\":{},\"items\":[");
    for (size_t i = 0; i < PODS_AT_ONCE && !is_absent; i++) {
        const pod *p = &n->pods[i];
        if (!p->is_listed || !p->sample_ms)
            continue;
        out += sprintf(out,
                       "%s{\"metadata\":{\"name\":\"%s\",\"namespace\":\"otel-demo\"},"
                       "\"timestamp\":\"%s\",\"window\":\"15s\",\"containers\":[{\"name\":"
                       "\"checkout\",\"usage\":{\"cpu\":\"1n\",\"memory\":\"%d\"}}]}",
                       is_first ? "" : ",", p->name, time_text(p->sample_ms, time),
                       (int)p->sample_bytes);
        is_first = false;
    }
    strcpy(out, "]}");
    n->sent_samples = !is_absent;
    answer_status(n, 200, n->body);
}

static const char deployment[] =
    "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":\"checkout\","
    "\"namespace\":\"otel-demo\",\"uid\":\"d\",\"generation\":1},\"spec\":{\"replicas\":1,"
    "\"selector\":{\"matchLabels\":{\"app\":\"checkout\"}},\"template\":{\"metadata\":{\"labels\":{"
    "\"app\":\"checkout\"}},\"spec\":{\"containers\":[{\"name\":\"checkout\",\"image\":"
    "\"demo:2.0.0\",\"resources\":{\"limits\":{\"memory\":\"20Mi\"}}}]}}},\"status\":{"
    "\"observedGeneration\":1,\"replicas\":1,\"updatedReplicas\":1,\"readyReplicas\":1,"
    "\"availableReplicas\":1}}";

static int answer(const leakdiag_http_request *request, leakdiag_http_answer *ret, void *payload)
{
    node *n = payload;
    const char *url = request->url, *log = strstr(url, "/log?");
    n->answer = (leakdiag_http_answer){.size = ret->size, .latency_ms = 1, .date_ms = n->now_ms};
    n->n_requests++;
    if (!goes_wrong(n)) {
        if (strstr(url, "/apis/metrics.k8s.io/"))
            answer_metrics(n);
        else if (strstr(url, "/deployments/"))
            answer_status(n, 200, deployment);
        else if (strstr(url, "watch=true"))
            answer_watch(n, url);
        else if (!log)
            answer_pods(n);
        for (size_t i = 0; log && i < PODS_AT_ONCE; i++)
            if (n->pods[i].is_listed && strstr(url, n->pods[i].name))
                answer_log(n, &n->pods[i], url);
    }
    if (!n->answer.status && !n->answer.failure)
        answer_status(n, 404, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"code\":404}");
    *ret = n->answer;
    return 0;
}

leakdiag_transport node_transport(node *n)
{
    return (leakdiag_transport){sizeof(leakdiag_transport), answer, n};
}
