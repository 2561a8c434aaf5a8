#include "wire/kube_watch.h"

#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "wire/kube_read.h"
#include "wire/percent.h"

#define TIMEOUT_MAX_S INT64_C(86400)

void ld_kube_watch_done(ld_kube_watch *watch)
{
    ld_text_done(&watch->line);
    ld_release(watch->resource_version);
    *watch = (ld_kube_watch){0};
}

/* What is given out by the API server is opaque, but never anything else than this. */
static bool is_version(const char *text)
{
    size_t len = strnlen(text, 65);
    return len > 0 && len <= 64 && strspn(text, "0123456789") == len;
}

leakdiag_status ld_kube_path_watch(const char *ns, const char *selector,
                                   const char *resource_version, int64_t timeout_s, char **ret,
                                   leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text path = {0};
    LD_CLEANUP(ld_releasep) char *list = NULL;
    char seconds[LD_NUMBER_BYTES];
    if (!resource_version || !is_version(resource_version))
        return ld_fail(err, LEAKDIAG_E_INVALID, "a watch begins at a version of the list");
    if (timeout_s < 1 || timeout_s > TIMEOUT_MAX_S)
        return ld_fail(err, LEAKDIAG_E_INVALID, "a watch lasts from a second to a day");
    leakdiag_status status = ld_kube_path_pod_list(ns, selector, &list, err);
    if (status)
        return status;
    ld_number_format((double)timeout_s, seconds);
    ld_text_add(&path, list);
    ld_percent_add_query(&path, "watch", "true");
    ld_percent_add_query(&path, "allowWatchBookmarks", "true");
    ld_percent_add_query(&path, "resourceVersion", resource_version);
    ld_percent_add_query(&path, "timeoutSeconds", seconds);
    return ld_text_take(&path, ret, err);
}

/* --- one event --- */

static leakdiag_status no_event(const ld_kube_asked *asked, const char *what, leakdiag_error *err)
{
    return ld_kube_fail(asked, LEAKDIAG_E_PROTOCOL, what, err);
}

static bool read_kind(const char *type, ld_kube_event_kind *ret)
{
    static const char *const names[] = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(type, names[i]) == 0) {
            *ret = (ld_kube_event_kind)i;
            return true;
        }
    return false;
}

/* The object is a Status, as it would come with that code. */
static leakdiag_status read_error(const ld_kube_asked *asked, const json_t *object,
                                  leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *body = NULL;
    int64_t code = 0;
    leakdiag_status status = ld_json_dump(object, &body, err);
    if (status)
        return status;
    if (!ld_json_get_int(object, "code", &code) || code < 400 || code > 599)
        return no_event(asked, "an ERROR event without a code", err);
    ld_answer answer = {.method = "GET",
                        .status = (int)code,
                        .content_type = "application/json",
                        .body = body,
                        .len = strlen(body)};
    status = ld_kube_check(asked, &answer, err);
    return status ? status : no_event(asked, "an ERROR event that says no error", err);
}

static leakdiag_status note_version(ld_kube_watch *watch, const ld_kube_asked *asked,
                                    const json_t *object, leakdiag_error *err)
{
    const char *version = NULL;
    ld_json_get_text(json_object_get(object, "metadata"), "resourceVersion", &version);
    if (!version || !is_version(version))
        return no_event(asked, "an event without a resourceVersion", err);
    char *copy = ld_copy_text(version);
    if (!copy)
        return ld_fail_nomem(err);
    ld_release(watch->resource_version);
    watch->resource_version = copy;
    watch->n_events++;
    return LEAKDIAG_OK;
}

static leakdiag_status read_event(ld_kube_watch *watch, const ld_kube_asked *asked,
                                  const char *line, size_t len, ld_kube_event *event,
                                  leakdiag_error *err)
{
    LD_JSON *json = NULL;
    const char *type = "";
    leakdiag_error why = {0};
    leakdiag_status status = ld_json_parse(line, len, NULL, &json, &why);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (status) /* too deep, too many values; all else is no JSON */
        return ld_kube_fail(asked, status == LEAKDIAG_E_LIMIT ? status : LEAKDIAG_E_PROTOCOL,
                            why.message, err);
    const json_t *object = json_object_get(json, "object");
    ld_json_get_text(json, "type", &type);
    if (!json_is_object(object))
        return no_event(asked, "a line of the watch that is no event", err);
    if (strcmp(type, "ERROR") == 0)
        return read_error(asked, object, err);
    if (!read_kind(type, &event->kind))
        return no_event(asked, "an event of an unknown type", err);
    if (!ld_kube_is_text(object, "kind", "Pod"))
        return no_event(asked, "an event of another kind of object", err);
    if (event->kind != LD_KUBE_BOOKMARK)
        status = ld_kube_read_pod_object(asked, object, &event->pods, err);
    if (!status)
        status = note_version(watch, asked, object, err);
    if (status)
        ld_kube_pods_done(&event->pods);
    return status;
}

/* --- lines --- */

static bool is_blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (line[i] != ' ' && line[i] != '\r' && line[i] != '\t')
            return false;
    return true;
}

static leakdiag_status add_to_line(ld_kube_watch *watch, const ld_kube_asked *asked,
                                   const char *data, size_t len, leakdiag_error *err)
{
    if (len > LD_KUBE_EVENT_MAX_BYTES - watch->line.len)
        return ld_kube_fail(asked, LEAKDIAG_E_LIMIT, "an event of more than 4 MiB", err);
    ld_text_add_bytes(&watch->line, data, len);
    return watch->line.failed ? ld_fail_nomem(err) : LEAKDIAG_OK;
}

leakdiag_status ld_kube_watch_push(ld_kube_watch *watch, const ld_kube_asked *asked,
                                   const char *data, size_t len,
                                   bool (*on_event)(const ld_kube_event *event, void *payload),
                                   void *payload, leakdiag_error *err)
{
    const char *end = data + len;
    while (data < end) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        size_t n = newline ? (size_t)(newline - data) : (size_t)(end - data);
        leakdiag_status status = add_to_line(watch, asked, data, n, err);
        if (status || !newline)
            return status;
        data = newline + 1;
        if (is_blank(watch->line.data ? watch->line.data : "", watch->line.len)) {
            watch->line.len = 0;
            continue;
        }
        ld_kube_event event = {0};
        status = read_event(watch, asked, watch->line.data, watch->line.len, &event, err);
        watch->line.len = 0;
        if (status)
            return status;
        bool goes_on = on_event(&event, payload);
        ld_kube_pods_done(&event.pods);
        if (!goes_on)
            return LEAKDIAG_OK;
    }
    return LEAKDIAG_OK;
}
