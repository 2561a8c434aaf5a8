#include "net/intake.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "net/clock.h"
#include "net/url.h"

#define DELAY_MAX_S 1000000000 /* reading stops there */

void ld_intake_start(ld_intake *intake, ld_http_request *request, bool may_retry)
{
    *intake = (ld_intake){
        .request = request,
        .may_retry = may_retry,
        .body_max_bytes =
            request->body_max_bytes ? request->body_max_bytes : LD_HTTP_BODY_MAX_BYTES,
    };
    ld_text_done(&request->answer);
    request->answer = (ld_text){0};
    request->wire_bytes = 0;
}

bool ld_intake_asks_for_retry(int status)
{
    return status == 429 || (status >= 502 && status <= 504);
}

/* ---- the head ---- */

int64_t ld_http_date(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int day, year;
    char month[4], clock[9], zone[4], rfc3339[LD_NUMBER_BYTES];
    if (sscanf(text, "%*3c, %2d %3s %4d %8s %3s", &day, month, &year, clock, zone) != 5 ||
        strcmp(zone, "GMT") != 0)
        return 0;
    const char *at = strlen(month) == 3 ? strstr(months, month) : NULL;
    if (!at || (at - months) % 3 != 0 || day < 1 || year < 1970)
        return 0;
    int64_t ms = 0;
    int n = snprintf(rfc3339, sizeof rfc3339, "%04d-%02d-%02dT%sZ", year,
                     (int)(at - months) / 3 + 1, day, clock);
    return ld_rfc3339_parse(rfc3339, (size_t)n, &ms) == (size_t)n ? ms : 0;
}

static int64_t at_most(int64_t ms)
{
    return ms < 0 ? 0 : ms < LD_HTTP_RETRY_AFTER_MAX_MS ? ms : LD_HTTP_RETRY_AFTER_MAX_MS;
}

/* Seconds, or a date that is held against the other side's clock when it said one. */
int64_t ld_intake_retry_after_ms(const ld_intake *intake)
{
    const char *value = intake->retry_after;
    if (value[0] >= '0' && value[0] <= '9') {
        int64_t seconds = 0;
        for (; *value >= '0' && *value <= '9'; value++)
            seconds = seconds < DELAY_MAX_S ? seconds * 10 + (*value - '0') : DELAY_MAX_S;
        return *value ? -1 : at_most(seconds * 1000);
    }
    int64_t at_ms = ld_http_date(value);
    if (at_ms == 0)
        return -1;
    return at_most(at_ms - (intake->date_ms ? intake->date_ms : ld_wall_ms()));
}

/* Cut where the room ends. */
static void copy_text(char *out, size_t room, const char *text)
{
    size_t len = strnlen(text, room - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

static void copy_safe(ld_intake *intake, char *out, size_t room, const char *value)
{
    LD_CLEANUP(ld_text_done) ld_text safe = {0};
    ld_text_add_safe(&safe, value, strlen(value));
    snprintf(out, room, "%s", safe.data ? safe.data : "");
    intake->out_of_memory |= safe.failed;
}

static void note_location(ld_intake *intake, const char *value)
{
    char absolute[LD_HTTP_URL_MAX_BYTES + 8];
    ld_url url;
    const char *text = value;
    if (value[0] == '/' && value[1] == '/') {
        snprintf(absolute, sizeof absolute, "https:%s", value);
        text = absolute;
    } else if (!strstr(value, ":") || value[0] == '/')
        text = intake->request->url; /* a path of the same host */
    snprintf(absolute, sizeof absolute, "%.*s", (int)strcspn(text, "#"), text);
    if (!ld_url_parse(absolute, &url, NULL))
        snprintf(intake->redirect_host, sizeof intake->redirect_host, "%.*s", (int)url.host_len,
                 url.host);
}

/* Only "identity" is what was asked for; "chunked" is how it is sent, not what. */
static void note_encoding(ld_intake *intake, const char *value, const char *plain)
{
    size_t len = strlen(plain);
    if (value[0] && !(strlen(value) == len && ld_text_same_word(value, plain, len)))
        copy_safe(intake, intake->encoding, sizeof intake->encoding, value);
}

static bool is_named(const char *line, size_t name_len, const char *name)
{
    return strlen(name) == name_len && ld_text_same_word(line, name, name_len);
}

static void note_field(ld_intake *intake, const char *line, size_t name_len, const char *value)
{
    if (is_named(line, name_len, "Date"))
        intake->date_ms = ld_http_date(value);
    else if (is_named(line, name_len, "Content-Type"))
        copy_text(intake->content_type, sizeof intake->content_type, value);
    else if (is_named(line, name_len, "Location"))
        note_location(intake, value);
    else if (is_named(line, name_len, "Content-Encoding"))
        note_encoding(intake, value, "identity");
    else if (is_named(line, name_len, "Transfer-Encoding"))
        note_encoding(intake, value, "chunked");
    else if (is_named(line, name_len, "Audit-Id"))
        copy_safe(intake, intake->audit_id, sizeof intake->audit_id, value);
    else if (is_named(line, name_len, "Retry-After"))
        copy_text(intake->retry_after, sizeof intake->retry_after, value);
}

/* "HTTP/1.1 200 OK": another head begins, and what the one before said is void. */
static bool is_status_line(ld_intake *intake, const char *line, size_t len)
{
    if (len < 9 || memcmp(line, "HTTP/", 5) != 0)
        return false;
    const char *blank = memchr(line, ' ', len);
    size_t at = blank ? (size_t)(blank - line) + 1 : len;
    int status = 0;
    for (size_t i = at; i < len && i < at + 3 && line[i] >= '0' && line[i] <= '9'; i++)
        status = status * 10 + (line[i] - '0');
    intake->status = status;
    intake->has_head = false;
    intake->date_ms = 0;
    intake->retry_after[0] = intake->content_type[0] = intake->redirect_host[0] =
        intake->audit_id[0] = intake->encoding[0] = '\0';
    return true;
}

bool ld_intake_header(ld_intake *intake, const char *line, size_t len)
{
    intake->head_bytes += len;
    if (intake->head_bytes > LD_HTTP_HEAD_MAX_BYTES) {
        intake->head_too_large = true;
        return false;
    }
    const char *colon = memchr(line, ':', len);
    intake->has_head |= len == 0 || line[0] == '\r' || line[0] == '\n';
    if (intake->has_body || is_status_line(intake, line, len) || !colon)
        return true; /* trailers are counted only */
    char value[LD_HTTP_URL_MAX_BYTES];
    const char *from = colon + 1, *end = line + len;
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (end > from && (unsigned char)end[-1] <= 0x20)
        end--;
    snprintf(value, sizeof value, "%.*s", (int)(end - from), from);
    note_field(intake, line, (size_t)(colon - line), value);
    return !intake->out_of_memory;
}

/* ---- the body ---- */

static bool hand_on(ld_intake *intake, const char *data, size_t len)
{
    ld_http_request *request = intake->request;
    intake->is_stopped = !request->on_body(request, data, len, request->payload);
    return !intake->is_stopped;
}

static bool is_held_back(const ld_intake *intake)
{
    return intake->may_retry && ld_intake_asks_for_retry(intake->status);
}

/* CURLOPT_MAXFILESIZE does not see a chunked body: count what really arrives. */
bool ld_intake_body(ld_intake *intake, const char *data, size_t len)
{
    ld_http_request *request = intake->request;
    size_t before = (size_t)request->wire_bytes;
    request->wire_bytes += (int64_t)len;
    intake->has_body = true;
    intake->is_encoded = intake->encoding[0] != '\0';
    intake->body_too_large = len > intake->body_max_bytes - before;
    if (intake->is_encoded || intake->body_too_large)
        return false;
    request->status = intake->status; /* on_body may look at it */
    if (request->on_body && !is_held_back(intake))
        return hand_on(intake, data, len);
    ld_text_add_bytes(&request->answer, data, len);
    intake->out_of_memory |= request->answer.failed;
    return !request->answer.failed;
}

void ld_intake_keep(ld_intake *intake)
{
    ld_http_request *request = intake->request;
    ld_text held = request->answer;
    if (!request->on_body || !is_held_back(intake) || held.len == 0)
        return;
    request->answer = (ld_text){0};
    hand_on(intake, held.data, held.len);
    ld_text_done(&held);
}
