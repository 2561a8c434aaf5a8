/* What the Kubernetes API says when it does not give what was asked for, and what may be asked:
 * names, selectors, paths. */
#include "base/alloc.h"
#include "base/json.h"
#include "kube_recorded.h"
#include "wire/kube.h"
#include "wire/percent.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define JSON         "application/json"
#define TEXT         "text/plain; charset=utf-8"
#define HTML         "text/html"

static const ld_kube_asked list_pods = {"list", "pods", "", "otel-demo", NULL};
static const ld_kube_asked get_absent = {"get", "deployments", "apps", "otel-demo", "absent"};
static const ld_kube_asked patch_checkout = {"patch", "deployments", "apps", "otel-demo",
                                             "checkout"};
static const ld_kube_asked create_exec = {"create", "pods/exec", "", "otel-demo", "checkout-1"};
static const ld_kube_asked list_metrics = {"list", "pods", "metrics.k8s.io", "otel-demo", NULL};

static void assert_message(const leakdiag_error *err, const char *wanted)
{
    ck_assert_msg(!wanted || strstr(err->message, wanted), "'%s' is not in: %s", wanted,
                  err->message);
    ck_assert(!strchr(err->message, '\n') && strlen(err->message) < sizeof err->message - 1);
}

/* One line per recorded exchange: what a person reads in it. */
static const struct {
    const char *file;
    const ld_kube_asked *asked;
    leakdiag_status status;
    const char *first, *second; /* in the message */
} recordings[] = {
    {"auth-200-viewer", &list_pods, LEAKDIAG_OK, NULL, NULL},
    {"version", &list_pods, LEAKDIAG_OK, NULL, NULL},
    {"auth-401-badtoken", &list_pods, LEAKDIAG_E_AUTH, "list pods in namespace otel-demo: HTTP 401",
     "kubeconfig"},
    {"auth-401-nouser", &list_pods, LEAKDIAG_E_AUTH, "system:anonymous", "no credentials"},
    {"auth-403-dev-cert", &list_pods, LEAKDIAG_E_AUTH,
     "list pods in namespace otel-demo: HTTP 403: user dev has no right to do that",
     "bind a Role with the rule {apiGroups: [\"\"], resources: [pods], verbs: [list]}"},
    {"auth-403-nobody", &list_pods, LEAKDIAG_E_AUTH, "user e2e-nobody", "verbs: [list]"},
    {"auth-403-serviceaccount", &list_pods, LEAKDIAG_E_AUTH,
     "user system:serviceaccount:otel-demo:otel-demo", "resources: [pods]"},
    {"auth-403-viewer-exec", &create_exec, LEAKDIAG_E_AUTH, "user e2e-viewer",
     "resources: [pods/exec], verbs: [create]"},
    {"auth-403-viewer-patch", &patch_checkout, LEAKDIAG_E_AUTH,
     "patch deployments.apps checkout in namespace otel-demo", "apiGroups: [\"apps\"]"},
    {"deployment-404", &get_absent, LEAKDIAG_E_NOT_FOUND,
     "HTTP 404: deployments.apps \"absent\" not found", NULL},
    {"metrics-pod-404", &list_metrics, LEAKDIAG_E_NOT_FOUND, "pods \"absent\" not found", NULL},
    {"logs-404", &list_pods, LEAKDIAG_E_NOT_FOUND, "not found", NULL},
    {"service-proxy-503", &list_pods, LEAKDIAG_E_NOT_FOUND, "services \"absent\"", NULL},
    {"group-404", &list_metrics, LEAKDIAG_E_UNSUPPORTED, "does not serve metrics.k8s.io",
     "is metrics-server installed?"},
    {"path-404", &list_pods, LEAKDIAG_E_UNSUPPORTED, "does not serve pods", "404 page not found"},
    {"list-continue-410", &list_pods, LEAKDIAG_E_CONFLICT, "HTTP 410", "ask again"},
    {"list-exact-410", &list_pods, LEAKDIAG_E_CONFLICT, "too old", NULL},
    {"list-rv-future-504", &list_pods, LEAKDIAG_E_IO, "Too large resource version", "after 1s"},
    {"method-405", &list_pods, LEAKDIAG_E_UNSUPPORTED, "does not allow this method", NULL},
    {"metrics-watch-405", &list_metrics, LEAKDIAG_E_UNSUPPORTED, "watch is not supported", NULL},
    {"patch-409", &patch_checkout, LEAKDIAG_E_CONFLICT, "has been modified", NULL},
    {"patch-415", &patch_checkout, LEAKDIAG_E_INVALID, "Unsupported Media Type", NULL},
    {"patch-422", &patch_checkout, LEAKDIAG_E_INVALID, "spec.replicas", NULL},
    {"selector-400", &list_pods, LEAKDIAG_E_INVALID, "found '=='", NULL},
    {"kubelet-resource-metrics", &list_pods, LEAKDIAG_E_INVALID, "address not allowed", NULL},
    {"logs-since0-422", &list_pods, LEAKDIAG_E_INVALID, "sinceSeconds", NULL},
    {"pods-list-protobuf", &list_pods, LEAKDIAG_E_PROTOCOL, "not the Kubernetes API", NULL},
    {"readyz", &list_pods, LEAKDIAG_E_PROTOCOL, "text/plain", NULL},
};

START_TEST(each_recorded_answer_has_its_meaning)
{
    kube_recorded *r = kube_read(recordings[_i].file);
    leakdiag_error err = {0};
    leakdiag_status status = ld_kube_check(recordings[_i].asked, &r->answer, &err);
    ck_assert_msg(status == recordings[_i].status, "%s: %s: %s", recordings[_i].file,
                  leakdiag_status_name(status), err.message);
    assert_message(&err, recordings[_i].first);
    assert_message(&err, recordings[_i].second);
    kube_done(r);
}
END_TEST

#define STATUS(code, message)                                                                      \
    "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"" message "\",\"code\":" #code "}"

static const struct {
    int status;
    int64_t retry_after_s;
    const char *type, *body;
    leakdiag_status wanted;
    const char *first, *second; /* in the message */
} answers[] = {
    {200, 0, HTML, "<html>Sign in", LEAKDIAG_E_PROTOCOL, "text/html", "login page"},
    {204, 0, "", "", LEAKDIAG_E_PROTOCOL, "empty body", NULL},
    {300, 0, HTML, "", LEAKDIAG_E_PROTOCOL, "HTTP 300: redirect", NULL},
    {301, 0, HTML, "", LEAKDIAG_E_PROTOCOL, "redirect to login.example", NULL},
    {302, 0, JSON, STATUS(403, "x"), LEAKDIAG_E_PROTOCOL, "redirect to login.example", NULL},
    {400, 0, HTML, "<html>", LEAKDIAG_E_PROTOCOL, "not the Kubernetes API", NULL},
    {401, 0, HTML, "<html>", LEAKDIAG_E_AUTH, "HTTP 401", NULL},
    {403, 0, "", "", LEAKDIAG_E_AUTH, "HTTP 403 with an empty body", "in front of Kubernetes"},
    {403, 0, JSON, STATUS(403, "no"), LEAKDIAG_E_AUTH, "HTTP 403: no", "verbs: [list]"},
    {403, 0, JSON, STATUS(403, "User \\\"\\\" cannot"), LEAKDIAG_E_AUTH, "User \"\" cannot", NULL},
    {403, 0, JSON, STATUS(403, "User \\\"never ends"), LEAKDIAG_E_AUTH, "verbs: [list]", NULL},
    {403, 0, JSON, STATUS(403, "User \\\"a\\u001b[2Jb\\\" x"), LEAKDIAG_E_AUTH, "a\\x1b[2Jb", NULL},
    {404, 0, HTML, " <html>", LEAKDIAG_E_PROTOCOL, "not the Kubernetes API", NULL},
    {404, 0, "", "", LEAKDIAG_E_UNSUPPORTED, "does not serve pods", NULL},
    {404, 0, JSON, "{\"error\":\"x\"}", LEAKDIAG_E_UNSUPPORTED, "does not serve", NULL},
    {404, 0, JSON, STATUS(404, "the server could not find the requested resource"),
     LEAKDIAG_E_UNSUPPORTED, "does not serve", NULL},
    {407, 0, "", "", LEAKDIAG_E_AUTH, "HTTP 407", NULL},
    {413, 0, JSON, STATUS(413, "too large"), LEAKDIAG_E_INVALID, "too large", NULL},
    {418, 0, TEXT, "teapot", LEAKDIAG_E_PROTOCOL, "teapot", NULL},
    /* the API server's own 429 is no Status: only the header says when */
    {429, 5, TEXT, "Too many requests, please try again later.", LEAKDIAG_E_LIMIT,
     "HTTP 429 (text/plain", "again after 5s"},
    {429, 0, JSON,
     "{\"kind\":\"Status\",\"message\":\"slow\",\"details\":{\"retryAfterSeconds\":7},\"code\":"
     "429}",
     LEAKDIAG_E_LIMIT, "HTTP 429: slow", "again after 7s"},
    {429, -1, TEXT, "x", LEAKDIAG_E_LIMIT, "try again later", NULL},
    {429, 1000000000, TEXT, "x", LEAKDIAG_E_LIMIT, "again after 11574d", NULL},
    {429, INT64_MAX, TEXT, "x", LEAKDIAG_E_LIMIT, "more than 300 years", NULL},
    {500, 0, JSON, STATUS(500, "etcd"), LEAKDIAG_E_IO, "HTTP 500: etcd", NULL},
    {502, 0, HTML, "<html>Bad Gateway", LEAKDIAG_E_IO, "HTTP 502", NULL},
    {503, 0, JSON, STATUS(503, "the server is currently unable to handle the request"),
     LEAKDIAG_E_IO, "unable to handle", "try again later"},
    {500, 0, JSON, STATUS(500, "Authorization: Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl"),
     LEAKDIAG_E_IO, "HTTP 500", NULL},
    {100, 0, "", "", LEAKDIAG_E_PROTOCOL, "HTTP 100", NULL},
};

START_TEST(each_other_answer_has_its_meaning)
{
    ld_answer answer = answer_of(answers[_i].status, answers[_i].type, answers[_i].body);
    answer.redirect_host = "login.example";
    answer.retry_after_s = answers[_i].retry_after_s;
    leakdiag_error err = {0};
    leakdiag_status status = ld_kube_check(&list_pods, &answer, &err);
    ck_assert_msg(status == answers[_i].wanted, "row %d: %s: %s", _i, leakdiag_status_name(status),
                  err.message);
    assert_message(&err, answers[_i].first);
    assert_message(&err, answers[_i].second);
    assert_message(&err, "list pods in namespace otel-demo: HTTP ");
    ck_assert_ptr_null(strstr(err.message, "c2lnbmF0dXJl")); /* no token, wherever it stood */
}
END_TEST

START_TEST(a_rule_that_is_not_of_a_namespace_is_one_of_the_cluster)
{
    const ld_kube_asked nodes = {"list", "nodes", NULL, NULL, NULL};
    const ld_answer answer = answer_of(403, JSON, STATUS(403, "User \\\"dev\\\" cannot"));
    leakdiag_error err = {0};
    ck_assert_int_eq(ld_kube_check(&nodes, &answer, &err), LEAKDIAG_E_AUTH);
    assert_message(&err, "list nodes: HTTP 403: user dev");
    assert_message(&err, "ClusterRole with the rule {apiGroups: [\"\"], resources: [nodes]");
}
END_TEST

START_TEST(long_words_leave_room_for_the_next_step)
{
    char body[4096], words[2000];
    memset(words, 'w', sizeof words);
    memcpy(words, "User \\\"", 7);
    memcpy(words + sizeof words - 3, "\\\"", 3);
    snprintf(body, sizeof body, "{\"kind\":\"Status\",\"message\":\"%s\",\"code\":403}", words);
    const ld_answer answer = answer_of(403, JSON, body);
    char name[254];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const ld_kube_asked asked = {"get", "deployments", "apps", "otel-demo", name};
    leakdiag_error err = {0};
    ck_assert_int_eq(ld_kube_check(&asked, &answer, &err), LEAKDIAG_E_AUTH);
    assert_message(&err, "verbs: [get]}");
}
END_TEST

/* --- names --- */

static const struct {
    const char *name;
    bool is_label, is_subdomain;
    const char *why; /* of the label */
} names[] = {
    {"otel-demo", true, true, NULL},
    {"a", true, true, NULL},
    {"0", true, true, NULL},
    {"z9-a0z", true, true, NULL},
    {"9z.0a", false, true, "0x2e at 2"},
    {"a{", false, false, "0x7b at 1"},
    {"a:", false, false, "0x3a at 1"},
    {"a.b", false, true, "0x2e at 1"},
    {"a.b-c.d", false, true, "0x2e at 1"},
    {"", false, false, "is empty"},
    {NULL, false, false, "is empty"},
    {"-a", false, false, "0x2d at 0"},
    {"a-", false, false, "0x2d at 1"},
    {"a-.b", false, false, "0x2e at 2"},
    {"a.-b", false, false, "0x2e at 1"},
    {".a", false, false, "0x2e at 0"},
    {"a.", false, false, "0x2e at 1"},
    {"a..b", false, false, "0x2e at 1"},
    {"..", false, false, "0x2e at 0"},
    {"../../x", false, false, "0x2e at 0"},
    {"Otel_Demo", false, false, "0x4f at 0"},
    {"a/b", false, false, "0x2f at 1"},
    {"a?b", false, false, "0x3f at 1"},
    {"a#b", false, false, "0x23 at 1"},
    {"a%2e", false, false, "0x25 at 1"},
    {"a b", false, false, "0x20 at 1"},
    {"a\nb", false, false, "0x0a at 1"},
    {"a\r\nX: y", false, false, "0x0d at 1"},
    {"\xc3\xa4", false, false, "0xc3 at 0"},
};

START_TEST(each_name_is_one_or_the_first_wrong_byte_is_named)
{
    leakdiag_error err = {0};
    leakdiag_status label = ld_kube_check_label("namespace", names[_i].name, &err);
    ck_assert_msg((label == LEAKDIAG_OK) == names[_i].is_label, "%s", names[_i].name);
    ck_assert(label == LEAKDIAG_OK || label == LEAKDIAG_E_INVALID);
    if (label) {
        assert_message(&err, "namespace");
        assert_message(&err, names[_i].why);
    }
    leakdiag_status subdomain = ld_kube_check_subdomain("pod", names[_i].name, NULL);
    ck_assert_msg((subdomain == LEAKDIAG_OK) == names[_i].is_subdomain, "%s", names[_i].name);
}
END_TEST

START_TEST(the_rule_that_a_name_breaks_is_told)
{
    leakdiag_error err = {0};
    ck_assert_int_eq(ld_kube_check_label("namespace", "a.b", &err), LEAKDIAG_E_INVALID);
    assert_message(&err, "only lower-case letters, digits and '-' are allowed");
    ck_assert_int_eq(ld_kube_check_subdomain("pod", "a..b", &err), LEAKDIAG_E_INVALID);
    assert_message(&err, "single '.' between them");
    ck_assert_int_eq(ld_kube_check_subdomain("pod", "a.-b", &err), LEAKDIAG_E_INVALID);
    assert_message(&err, "'-' may not be first or last");
}
END_TEST

START_TEST(a_label_has_up_to_63_bytes_and_a_subdomain_up_to_253)
{
    char name[256];
    memset(name, 'a', sizeof name);
    for (size_t len = 62; len <= 254; len++) {
        name[len] = '\0';
        ck_assert_int_eq(ld_kube_check_label("x", name, NULL),
                         len <= 63 ? LEAKDIAG_OK : LEAKDIAG_E_INVALID);
        ck_assert_int_eq(ld_kube_check_subdomain("x", name, NULL),
                         len <= 253 ? LEAKDIAG_OK : LEAKDIAG_E_INVALID);
        name[len] = 'a';
    }
}
END_TEST

/* --- selectors --- */

static const struct {
    const char *selector;
    size_t column; /* of the first wrong byte, from 1; 0: fine */
} selectors[] = {
    {"app=checkout", 0},
    {"app==checkout", 0},
    {"app!=checkout", 0},
    {"app = checkout , b != c", 0},
    {"opentelemetry.io/name=checkout", 0},
    {"app", 0},
    {"a-z_A.Z09=9Z.0_z-a", 0},
    {"z=Z,Z=z,9=0,0=9", 0},
    {"a=b@c", 3}, /* where the bad value begins */
    {"a[=b", 1},
    {"a{=b", 1},
    {"a:=b", 1},
    {"!app", 0},
    {"! app", 0},
    {"a in (b)", 0},
    {"a in(b,c)", 0},
    {"a notin ( b , c ),d", 0},
    {"a in (,b)", 0},
    {"a in ()", 0}, /* one value: the empty one */
    {"a=", 0},
    {"a=,b", 0},
    {"a=in", 0},
    {"notin=x", 0}, /* these words are labels too */
    {"in in (a),!in", 0},
    {"a in (in)", 0},
    {"a>5,b<7", 0},
    {"app=x,,", 7},
    {"app=x,", 7},
    {",a", 1},
    {" ", 2},
    {"a=b c", 5},
    {"a b", 3},
    {"a in (b", 8},
    {"a in b", 6},
    {"in (a)", 4},
    {"=b", 1},
    {"a=b=c", 4},
    {"a=-b", 3},
    {"a=b/c", 3},
    {"a/b/c=d", 1},
    {"/b=c", 1},
    {"A_b./c=d", 1},
    {"a=b)", 4},
    {"a>b", 3},
    {"a>", 3},
    {"a>123456789012345678", 0},
    {"a>1234567890123456789", 3}, /* may be beyond 64 bits */
    {"a>-1", 3},
    {"../../x=y", 1},
    {"a=b&limit=1", 3},
    {"a=b\nc", 5},
    {"a=\xc3\xa4", 3},
};

START_TEST(each_selector_is_one_or_its_first_wrong_byte_is_named)
{
    leakdiag_error err = {0};
    leakdiag_status status = ld_kube_check_selector(selectors[_i].selector, &err);
    ck_assert_msg(status == (selectors[_i].column ? LEAKDIAG_E_INVALID : LEAKDIAG_OK), "%s: %s",
                  selectors[_i].selector, err.message);
    ck_assert_msg(err.column == selectors[_i].column, "%s: column %u", selectors[_i].selector,
                  err.column);
    char place[32];
    snprintf(place, sizeof place, "at byte %zu", selectors[_i].column);
    ck_assert_msg(!status || strstr(err.message, place), "%s", err.message);
}
END_TEST

START_TEST(an_empty_selector_would_select_everything_and_is_refused)
{
    leakdiag_error err = {0};
    ck_assert_int_eq(ld_kube_check_selector("", &err), LEAKDIAG_E_INVALID);
    assert_message(&err, "everything");
    ck_assert_int_eq(ld_kube_check_selector(NULL, NULL), LEAKDIAG_E_INVALID);
}
END_TEST

START_TEST(a_selector_is_bounded_in_all_its_parts)
{
    char text[4200] = "";
    memset(text, 'a', 63);
    ck_assert_int_eq(ld_kube_check_selector(text, NULL), LEAKDIAG_OK);
    text[63] = 'a';
    ck_assert_int_eq(ld_kube_check_selector(text, NULL), LEAKDIAG_E_INVALID);
    memset(text, 0, sizeof text);
    memset(text, 'a', 253);
    memcpy(text + 253, "/b", 3);
    ck_assert_int_eq(ld_kube_check_selector(text, NULL), LEAKDIAG_OK);
    memcpy(text + 253, "a/b", 4);
    ck_assert_int_eq(ld_kube_check_selector(text, NULL), LEAKDIAG_E_INVALID);
    for (size_t len = 4095; len <= 4097; len++) {
        memset(text, 0, sizeof text);
        for (size_t i = 0; i < len; i++)
            text[i] = i % 2 && i + 1 < len ? ',' : 'a';
        ck_assert_int_eq(ld_kube_check_selector(text, NULL),
                         len <= 4096 ? LEAKDIAG_OK : LEAKDIAG_E_INVALID);
    }
}
END_TEST

/* --- paths --- */

static void assert_path(leakdiag_status status, char *path, const char *wanted)
{
    ck_assert_int_eq(status, LEAKDIAG_OK);
    ck_assert_str_eq(path, wanted);
    ld_release(path);
}

START_TEST(each_path_is_that_of_the_api)
{
    char *path = NULL;
    leakdiag_status s = ld_kube_path_deployment("otel-demo", "checkout", &path, NULL);
    assert_path(s, path, "/apis/apps/v1/namespaces/otel-demo/deployments/checkout");
    s = ld_kube_path_deployments("otel-demo", NULL, &path, NULL);
    assert_path(s, path, "/apis/apps/v1/namespaces/otel-demo/deployments");
    s = ld_kube_path_pod("otel-demo", "checkout-1.x", &path, NULL);
    assert_path(s, path, "/api/v1/namespaces/otel-demo/pods/checkout-1.x");
    s = ld_kube_path_pods("otel-demo", "a=b,c in (d,e),!f", &path, NULL);
    assert_path(s, path,
                "/api/v1/namespaces/otel-demo/pods?labelSelector="
                "a%3Db%2Cc%20in%20%28d%2Ce%29%2C%21f&limit=500");
    s = ld_kube_path_metrics("otel-demo", NULL, "a=b", &path, NULL);
    assert_path(s, path,
                "/apis/metrics.k8s.io/v1beta1/namespaces/otel-demo/pods?labelSelector=a%3Db");
    s = ld_kube_path_metrics("otel-demo", "p", NULL, &path, NULL);
    assert_path(s, path, "/apis/metrics.k8s.io/v1beta1/namespaces/otel-demo/pods/p");
    s = ld_kube_path_replica_sets("otel-demo", "a", &path, NULL);
    assert_path(s, path, "/apis/apps/v1/namespaces/otel-demo/replicasets?labelSelector=a");
    s = ld_kube_path_service("otel-demo", "flagd", &path, NULL);
    assert_path(s, path, "/api/v1/namespaces/otel-demo/services/flagd");
    s = ld_kube_path_endpoint_slices("otel-demo", "flagd", &path, NULL);
    assert_path(s, path,
                "/apis/discovery.k8s.io/v1/namespaces/otel-demo/endpointslices?labelSelector="
                "kubernetes.io%2Fservice-name%3Dflagd");
    s = ld_kube_path_config_map("otel-demo", "flagd-config", &path, NULL);
    assert_path(s, path, "/api/v1/namespaces/otel-demo/configmaps/flagd-config");
    s = ld_kube_path_access_review(&path, NULL);
    assert_path(s, path, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
}
END_TEST

START_TEST(the_path_of_a_log_asks_for_what_is_set)
{
    char *path = NULL;
    ld_kube_log_query q = {.ns = "n", .pod = "p"};
    leakdiag_status s = ld_kube_path_log(&q, &path, NULL);
    assert_path(s, path, "/api/v1/namespaces/n/pods/p/log?timestamps=true");
    q = (ld_kube_log_query){.ns = "n",
                            .pod = "p",
                            .container = "c",
                            .since_ms = 1795440393999, /* down to the second */
                            .tail_lines = 5000,
                            .limit_bytes = INT64_C(9007199254740991),
                            .previous = true,
                            .follow = true};
    s = ld_kube_path_log(&q, &path, NULL);
    assert_path(s, path,
                "/api/v1/namespaces/n/pods/p/log?timestamps=true&container=c&sinceTime="
                "2026-11-23T13%3A26%3A33Z&tailLines=5000&limitBytes=9007199254740991&previous=true"
                "&follow=true");
    q = (ld_kube_log_query){.ns = "n", .pod = "p", .since_s = 300};
    s = ld_kube_path_log(&q, &path, NULL);
    assert_path(s, path, "/api/v1/namespaces/n/pods/p/log?timestamps=true&sinceSeconds=300");
}
END_TEST

START_TEST(a_bad_log_query_is_not_sent)
{
    const ld_kube_log_query bad[] = {
        {.ns = NULL, .pod = "p"},
        {.ns = "n", .pod = NULL},
        {.ns = "n", .pod = "../p"},
        {.ns = "n/x", .pod = "p"},
        {.ns = "n", .pod = "p", .container = "a.b"},
        {.ns = "n", .pod = "p", .container = ""},
        {.ns = "n", .pod = "p", .since_ms = 1000, .since_s = 1},
        {.ns = "n", .pod = "p", .since_ms = -1},
        {.ns = "n", .pod = "p", .since_ms = INT64_MAX},
        {.ns = "n", .pod = "p", .since_s = -1},
        {.ns = "n", .pod = "p", .tail_lines = -1},
        {.ns = "n", .pod = "p", .limit_bytes = -1},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        char *path = NULL;
        leakdiag_error err = {0};
        ck_assert_int_eq(ld_kube_path_log(&bad[i], &path, &err), LEAKDIAG_E_INVALID);
        ck_assert(!path && *err.message);
    }
}
END_TEST

static const char *const bad_names[] = {"", "../../x", "a/b", "A", "a?b", "a%2f", "a b", ".."};

START_TEST(no_path_is_made_of_a_bad_name)
{
    const char *bad = bad_names[_i];
    char *path = NULL;
    ck_assert_int_eq(ld_kube_path_deployment("n", bad, &path, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_deployment("n", NULL, &path, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_deployment(bad, "d", &path, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_deployments(bad, NULL, &path, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_pod("n", bad, &path, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_pods(bad, NULL, &path, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_metrics("n", bad, NULL, &path, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_replica_sets(bad, NULL, &path, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_service("n", bad, &path, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_endpoint_slices("n", bad, &path, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_config_map("n", bad, &path, NULL), LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_service_proxy(bad, "flagd:8016", &path, NULL),
                     LEAKDIAG_E_INVALID);
    ck_assert_int_eq(ld_kube_path_pods("n", "a=b,,", &path, NULL), LEAKDIAG_E_INVALID);
    ck_assert_ptr_null(path);
}
END_TEST

static const struct {
    const char *service;
    bool is_fine;
} proxies[] = {
    {"flagd:8016", true},
    {"http:flagd:8016", true},
    {"https:flagd:8016", true},
    {"load-generator:web", true},
    {"flagd:1", true},
    {"flagd:65535", true},
    {"flagd:65536", false},
    {"flagd:0", false},
    {"flagd", false},
    {"flagd:", false},
    {":8016", false},
    {"ftp:flagd:8016", false},
    {"http:flagd:", false},
    {"a:b:c:d", false},
    {"flagd:80/16", false},
    {"../x:80", false},
    {"flagd:-a", false},
    {"flagd:0123456789012345", false},
    {"", false},
    {NULL, false},
    {"flagd:8016/../x", false},
    {"Flagd:8016", false},
    {"a.b:80", false},
    {"flagd:abcdefghijklmno", true},
    {"flagd:abcdefghijklmnop", false},
    {"flagd:aBc", false},
    {"flagd:a_", false},
};

START_TEST(a_service_behind_the_proxy_is_a_name_and_a_port)
{
    char *path = NULL, wanted[128];
    leakdiag_error err = {0};
    leakdiag_status status = ld_kube_path_service_proxy("ns", proxies[_i].service, &path, &err);
    ck_assert_msg(status == (proxies[_i].is_fine ? LEAKDIAG_OK : LEAKDIAG_E_INVALID), "%s: %s",
                  proxies[_i].service, err.message);
    if (!proxies[_i].is_fine)
        return;
    snprintf(wanted, sizeof wanted, "/api/v1/namespaces/ns/services/%s/proxy", proxies[_i].service);
    assert_path(status, path, wanted);
}
END_TEST

START_TEST(all_but_unreserved_bytes_are_encoded)
{
    LD_CLEANUP(ld_text_done) ld_text url = {0};
    for (int c = 1; c < 256; c++) {
        const char text[] = {(char)c, '\0'};
        ld_text_done(&url);
        ld_percent_add(&url, text);
        bool plain = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~",
                            (char)c) != NULL;
        char wanted[8];
        snprintf(wanted, sizeof wanted, plain ? "%c" : "%%%02X", (unsigned)c);
        ck_assert_str_eq(url.data, wanted);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kube status");
    TCase *tc = tcase_create("status");
    tcase_add_loop_test(tc, each_recorded_answer_has_its_meaning, 0, (int)COUNT(recordings));
    tcase_add_loop_test(tc, each_other_answer_has_its_meaning, 0, (int)COUNT(answers));
    tcase_add_test(tc, a_rule_that_is_not_of_a_namespace_is_one_of_the_cluster);
    tcase_add_test(tc, long_words_leave_room_for_the_next_step);
    suite_add_tcase(suite, tc);
    tc = tcase_create("asking");
    tcase_add_loop_test(tc, each_name_is_one_or_the_first_wrong_byte_is_named, 0,
                        (int)COUNT(names));
    tcase_add_test(tc, the_rule_that_a_name_breaks_is_told);
    tcase_add_test(tc, a_label_has_up_to_63_bytes_and_a_subdomain_up_to_253);
    tcase_add_loop_test(tc, each_selector_is_one_or_its_first_wrong_byte_is_named, 0,
                        (int)COUNT(selectors));
    tcase_add_test(tc, an_empty_selector_would_select_everything_and_is_refused);
    tcase_add_test(tc, a_selector_is_bounded_in_all_its_parts);
    tcase_add_test(tc, each_path_is_that_of_the_api);
    tcase_add_test(tc, the_path_of_a_log_asks_for_what_is_set);
    tcase_add_test(tc, a_bad_log_query_is_not_sent);
    tcase_add_loop_test(tc, no_path_is_made_of_a_bad_name, 0, (int)COUNT(bad_names));
    tcase_add_loop_test(tc, a_service_behind_the_proxy_is_a_name_and_a_port, 0,
                        (int)COUNT(proxies));
    tcase_add_test(tc, all_but_unreserved_bytes_are_encoded);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
