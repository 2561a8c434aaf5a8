/* Watches: recorded ones in any chunking, and what breaks them off. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube_recorded.h"
#include "wire/kube_watch.h"

static const ld_kube_asked asked = {"watch", "pods", "", "otel-demo", NULL};

typedef struct seen {
    char text[4096];
    size_t len;
    int stop_after, n;
} seen;

static bool note(const ld_kube_event *event, void *payload)
{
    static const char *const names[] = {"added", "modified", "deleted", "bookmark"};
    seen *s = payload;
    const ld_kube_pod *pod = event->pods.n ? &event->pods.list[0] : NULL;
    s->len += (size_t)snprintf(s->text + s->len, sizeof s->text - s->len, "%s %s %lld\n",
                               names[event->kind], pod ? pod->name : "-",
                               pod && pod->n_instances ? (long long)pod->instances[0].restarts : 0);
    return ++s->n != s->stop_after;
}

static leakdiag_status push(ld_kube_watch *watch, const char *text, seen *s, leakdiag_error *err)
{
    return ld_kube_watch_push(watch, &asked, text, strlen(text), note, s, err);
}

START_TEST(a_recorded_watch_is_the_same_in_any_chunks)
{
    kube_recorded *r = kube_read("watch-pods-bookmark");
    seen whole = {0};
    for (size_t step = r->len; step > 0; step = step > 1000 ? step / 3 : step / 2) {
        ld_kube_watch watch = {0};
        seen s = {0};
        for (size_t at = 0; at < r->len; at += step)
            ck_assert_int_eq(ld_kube_watch_push(&watch, &asked, r->body + at,
                                                r->len - at < step ? r->len - at : step, note, &s,
                                                NULL),
                             LEAKDIAG_OK);
        ck_assert_int_eq(watch.n_events, 9); /* seven changes and two bookmarks */
        ck_assert_str_eq(watch.resource_version, "750");
        if (step == r->len)
            whole = s;
        ck_assert_str_eq(s.text, whole.text);
        ld_kube_watch_done(&watch);
    }
    ck_assert_ptr_nonnull(strstr(whole.text, "modified checkout-558fcdb47f-gq2n7 "));
    ck_assert_ptr_nonnull(strstr(whole.text, "bookmark - 0\n"));
    kube_done(r);
}
END_TEST

static void check_break(const char *name, leakdiag_status expected, const char *in_message)
{
    kube_recorded *r = kube_read(name);
    ld_kube_watch watch = {0};
    seen s = {0};
    leakdiag_error err = {0};
    ck_assert_int_eq(ld_kube_watch_push(&watch, &asked, r->body, r->len, note, &s, &err), expected);
    ck_assert_msg(strstr(err.message, in_message) != NULL, "%s", err.message);
    ck_assert_int_eq(s.n, 0);
    ld_kube_watch_done(&watch);
    kube_done(r);
}

START_TEST(an_error_event_inside_a_200_is_the_status_that_it_says)
{
    check_break("watch-410-event", LEAKDIAG_E_CONFLICT, "too old resource version: 1 (1040)");
    check_break("watch-sendinitialevents", LEAKDIAG_E_IO, "RequestWatchProgress is disabled");
}
END_TEST

#define POD(version, more)                                                                         \
    "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"resourceVersion\":\"" version "\"}" more "}"

START_TEST(a_deleted_pod_says_how_it_ended)
{
    ld_kube_watch watch = {0};
    seen s = {0};
    ck_assert_int_eq(
        push(&watch, "{\"type\":\"DELETED\",\"object\":" POD("7", "") "}\n\n \r\n", &s, NULL),
        LEAKDIAG_OK);
    ck_assert_str_eq(s.text, "deleted p 0\n");
    ck_assert_str_eq(watch.resource_version, "7");
    ld_kube_watch_done(&watch);
}
END_TEST

START_TEST(whoever_has_seen_enough_reads_no_further)
{
    ld_kube_watch watch = {0};
    seen s = {.stop_after = 1};
    ck_assert_int_eq(push(&watch,
                          "{\"type\":\"ADDED\",\"object\":" POD(
                              "7", "") "}\n"
                                       "{\"type\":\"ADDED\",\"object\":" POD("8", "") "}\n",
                          &s, NULL),
                     LEAKDIAG_OK);
    ck_assert_int_eq(s.n, 1);
    ck_assert_str_eq(watch.resource_version, "7");
    ld_kube_watch_done(&watch);
}
END_TEST

static const char *const no_events[] = {
    "nonsense\n",
    "[]\n",
    "{\"type\":\"ADDED\"}\n",
    "{\"type\":\"added\",\"object\":" POD("7", "") "}\n",
    "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Node\",\"metadata\":{\"name\":\"n\"}}}\n",
    "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"}}}\n",
    "{\"type\":\"ADDED\",\"object\":" POD("7&x=1", "") "}\n",
    "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":\"7\"}}}\n",
    "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\"}}\n",
    "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":200}}\n",
};

START_TEST(what_is_no_event_is_refused)
{
    ld_kube_watch watch = {0};
    seen s = {0};
    leakdiag_error err = {0};
    ck_assert_int_eq(push(&watch, no_events[_i], &s, &err), LEAKDIAG_E_PROTOCOL);
    ck_assert_ptr_nonnull(strstr(err.message, "otel-demo"));
    ck_assert_ptr_null(strchr(err.message, '\n'));
    ck_assert_int_eq(s.n, 0);
    ck_assert_ptr_null(watch.resource_version);
    ld_kube_watch_done(&watch);
}
END_TEST

START_TEST(a_line_without_an_end_is_bounded)
{
    ld_kube_watch watch = {0};
    seen s = {0};
    char *blanks = malloc(LD_KUBE_EVENT_MAX_BYTES + 1);
    memset(blanks, ' ', LD_KUBE_EVENT_MAX_BYTES + 1);
    ck_assert_int_eq(
        ld_kube_watch_push(&watch, &asked, blanks, LD_KUBE_EVENT_MAX_BYTES, note, &s, NULL),
        LEAKDIAG_OK);
    ck_assert_int_eq(ld_kube_watch_push(&watch, &asked, blanks, 1, note, &s, NULL),
                     LEAKDIAG_E_LIMIT);
    free(blanks);
    ld_kube_watch_done(&watch);
}
END_TEST

START_TEST(a_watch_is_asked_for_from_a_version_on)
{
    char *path = NULL;
    ck_assert_int_eq(ld_kube_path_watch("otel-demo", "app=checkout", "1040", 5, &path, NULL),
                     LEAKDIAG_OK);
    ck_assert_str_eq(path, "/api/v1/namespaces/otel-demo/pods?labelSelector=app%3Dcheckout&"
                           "watch=true&allowWatchBookmarks=true&resourceVersion=1040&"
                           "timeoutSeconds=5");
    leakdiag_free(path);
    ck_assert_int_eq(ld_kube_path_watch("otel-demo", NULL, "", 5, &path, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_watch("otel-demo", NULL, "1&x", 5, &path, NULL),
                     LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_watch("otel-demo", NULL, "1", 0, &path, NULL),
                     LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_watch("Otel", NULL, "1", 5, &path, NULL), LEAKDIAG_E_INVALID);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("watch");
    tcase_add_test(tc, a_recorded_watch_is_the_same_in_any_chunks);
    tcase_add_test(tc, an_error_event_inside_a_200_is_the_status_that_it_says);
    tcase_add_test(tc, a_deleted_pod_says_how_it_ended);
    tcase_add_test(tc, whoever_has_seen_enough_reads_no_further);
    tcase_add_loop_test(tc, what_is_no_event_is_refused, 0, sizeof no_events / sizeof no_events[0]);
    tcase_add_test(tc, a_line_without_an_end_is_bounded);
    tcase_add_test(tc, a_watch_is_asked_for_from_a_version_on);
    Suite *suite = suite_create("kube watch");
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
