/* 200 kubeconfigs, read as client-go reads them. tests/kubernetes/clientcmd-oracle wrote them and
 * what client-go makes of each. */
#include "base/json.h"
#include "net/cluster_state.h"
#include "sources/clusters.h"

/* Where we differ on purpose; each is checked to differ, so that none is listed in vain. */
static const struct {
    const char *name, *ours, *why; /* ours: NULL for an error */
} different[] = {
    {"server: no scheme", NULL, "http would be guessed, and the token silently not sent"},
    {"server: bare host", NULL, "the same"},
    {"server: fragment", "Bearer t1", "it is cut off; client-go makes %23 of it"},
    {"server: IPv6 without brackets", NULL, "where the address ends is a guess"},
    {"user: token is a number", "Bearer 12345", "a token of digits is a token"},
    {"user: token with blanks", "Bearer abc", "as in a token file, blanks around it are not meant"},
    {"shape: block text", "Bearer abc", "the same with a line break, which no header may have"},
    {"user: http drops all", "", "nothing goes over plain http: impersonation neither"},
    {"choice: undefined user", NULL, "client-go asks as anonymous, which nobody means"},
    {"shape: anchor alone", NULL, "no anchors and aliases: bombs and cycles are made of them"},
};

static json_t *read_cases(void)
{
    json_error_t why;
    json_t *all = json_load_file(FIXTURES "/kubeconfig/cases.json", 0, &why);
    ck_assert_msg(all != NULL, "%s", why.text);
    return all;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static char *fill(const char *text, const json_t *pems, const char *dir)
{
    const char *name;
    json_t *pem;
    char *filled = replaced(text, "@DIR@", dir);
    json_object_foreach((json_t *)(uintptr_t)pems, name, pem)
    {
        char plain[32], encoded[32];
        snprintf(plain, sizeof plain, "@%s@", name);
        snprintf(encoded, sizeof encoded, "@%s.b64@", name);
        char *base64 = ld_base64_encode(json_string_value(pem), json_string_length(pem));
        char *once = replaced(filled, encoded, base64);
        free(filled);
        filled = replaced(once, plain, json_string_value(pem));
        free(once);
        leakdiag_free(base64);
    }
    return filled;
}

static const char *pem_of(const json_t *pems, const json_t *expect, const char *key)
{
    const char *name = text_of(expect, key);
    return *name ? text_of(pems, name) : NULL;
}

static void write_files(const place *p, const json_t *one, const json_t *pems)
{
    const char *name;
    json_t *text;
    json_object_foreach(json_object_get(one, "files"), name, text)
    {
        char *filled = fill(json_string_value(text), pems, p->dir);
        place_write(p, name, filled);
        free(filled);
    }
}

/* KUBECONFIG as the case has it; freed by the caller. */
static char *list_of(const place *p, const json_t *one)
{
    char *list = strdup("");
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(one, "list"), i, name)
    {
        char *longer = NULL;
        bool is_empty = !*json_string_value(name);
        ck_assert_int_ge(asprintf(&longer, "%s%s%s%s%s", list, i ? ":" : "", is_empty ? "" : p->dir,
                                  is_empty ? "" : "/", json_string_value(name)),
                         0);
        free(list);
        list = longer;
    }
    return list;
}

static leakdiag_status open_case(place *p, const json_t *one, const json_t *pems,
                                 leakdiag_cluster **ret, leakdiag_error *err)
{
    const json_t *options = json_object_get(one, "options");
    const char *name = text_of(options, "kubeconfig");
    char *list = list_of(p, one), *path = *name ? place_path(p, name) : NULL;
    leakdiag_cluster_options own = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    own.kubeconfig = path;
    own.context = text_of(options, "context");
    own.cluster = text_of(options, "cluster");
    own.user = text_of(options, "user");
    own.namespace_name = text_of(options, "namespace_name");
    own.impersonate = text_of(options, "impersonate");
    write_files(p, one, pems);
    p->around.kubeconfig = list;
    p->around.service_host = text_of(one, "service_host");
    p->around.service_port = text_of(one, "service_port");
    place_write(p, "serviceaccount/token", "pod");
    place_write(p, "serviceaccount/ca.crt", text_of(pems, "ca1"));
    leakdiag_status status = ld_cluster_open_in(&own, &p->around, ret, err);
    free(list);
    free(path);
    return status;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "name: value" with the name in lower case, sorted, one a line; freed by the caller. */
static char *headers_of(char **headers)
{
    size_t n = 0;
    char *all = strdup("");
    for (; headers && headers[n]; n++)
        for (char *c = headers[n]; *c && *c != ':'; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    if (n)
        qsort(headers, n, sizeof *headers, by_text);
    for (size_t i = 0; i < n; i++) {
        char *longer = NULL;
        ck_assert_int_gt(asprintf(&longer, "%s%s\n", all, headers[i]), 0);
        free(all);
        all = longer;
    }
    return all;
}

static char *expected_headers(const json_t *expect)
{
    size_t i;
    json_t *header;
    char *all = strdup("");
    json_array_foreach(json_object_get(expect, "headers"), i, header)
    {
        char *longer = NULL;
        ck_assert_int_gt(asprintf(&longer, "%s%s\n", all, json_string_value(header)), 0);
        free(all);
        all = longer;
    }
    return all;
}

/* "" when the two are equal. */
static const char *compare_text(const char *what, const char *ours, const char *theirs)
{
    return strcmp(ours ? ours : "", theirs ? theirs : "") == 0 ? "" : what;
}

static const char *compare_exec(const place *p, const leakdiag_cluster *cluster,
                                const json_t *expect, const json_t *pems)
{
    const ld_exec_plugin *exec = cluster->credentials.exec;
    char *theirs = fill(text_of(expect, "exec"), pems, p->dir);
    char *ours = exec ? replaced(exec->command, "/./", "/") : strdup("");
    const char *result = compare_text("exec", ours, theirs);
    free(ours);
    free(theirs);
    return result;
}

static const char *compare_origin(ld_origin *origin, const json_t *expect, const json_t *pems)
{
    char *ours = headers_of(origin->headers), *theirs = expected_headers(expect);
    const char *results[] = {
        compare_text("server", origin->base_url, text_of(expect, "server")),
        compare_text("ca", origin->ca_pem, pem_of(pems, expect, "ca")),
        compare_text("certificate", origin->certificate_pem, pem_of(pems, expect, "certificate")),
        compare_text("key", origin->key_pem, pem_of(pems, expect, "key")),
        compare_text("server name", origin->server_name, text_of(expect, "server_name")),
        compare_text("proxy", origin->proxy_url, text_of(expect, "proxy")),
        compare_text("authorization", origin->authorization, text_of(expect, "authorization")),
        compare_text("headers", ours, theirs),
        origin->is_insecure == json_is_true(json_object_get(expect, "insecure")) ? "" : "insecure",
    };
    free(ours);
    free(theirs);
    for (size_t i = 0; i < COUNT(results); i++)
        if (*results[i])
            return results[i];
    return "";
}

static const char *compare_pod(leakdiag_cluster *cluster, const json_t *expect, const json_t *pems)
{
    ld_origin *origin = origin_of(cluster);
    const char *result = strcmp(leakdiag_cluster_origin(cluster), "in-cluster") ? "origin" : "";
    if (strcmp(origin->base_url, text_of(expect, "server")) != 0)
        result = "server";
    if (strcmp(origin->authorization, "Bearer pod") != 0 ||
        strcmp(origin->ca_pem, text_of(pems, "ca1")) != 0)
        result = "service account";
    ld_origin_free(origin);
    return result;
}

/* "", or what is not as client-go has it. */
static const char *compare(const place *p, leakdiag_cluster *cluster, const json_t *expect,
                           const json_t *pems)
{
    if (json_is_true(json_object_get(expect, "in_cluster")))
        return compare_pod(cluster, expect, pems);
    const char *result = compare_exec(p, cluster, expect, pems);
    if (!*result)
        result = compare_text("namespace", leakdiag_cluster_namespace_name(cluster),
                              text_of(expect, "namespace_name"));
    if (*result || cluster->credentials.exec) /* nothing is run here */
        return result;
    ld_origin *origin = origin_of(cluster);
    result = compare_origin(origin, expect, pems);
    ld_origin_free(origin);
    return result;
}

static size_t is_different(const char *name)
{
    size_t i = 0;
    while (i < COUNT(different) && strcmp(different[i].name, name) != 0)
        i++;
    return i;
}

static void check_different(size_t i, leakdiag_cluster *cluster, const char *message)
{
    const char *name = different[i].name;
    ck_assert_msg(!different[i].ours == !cluster, "%s: ours is now: %s", name, message);
    if (!cluster)
        return;
    ld_origin *origin = origin_of(cluster);
    ck_assert_str_eq(origin->authorization ? origin->authorization : "", different[i].ours);
    ck_assert_ptr_null(origin->headers);
    ld_origin_free(origin);
}

/* Returns whether it is as with client-go. */
static bool run_case(const json_t *one, const json_t *pems)
{
    const char *name = text_of(one, "name");
    const json_t *expect = json_object_get(one, "expect");
    place p;
    leakdiag_cluster *cluster = NULL;
    leakdiag_error err = {0};
    place_make(&p);
    leakdiag_status status = open_case(&p, one, pems, &cluster, &err);
    const char *fails = text_of(expect, "error"), *result;
    if (!status == !*fails)
        result = status ? "" : compare(&p, cluster, expect, pems);
    else
        result = *fails ? "it should fail" : "it should not fail";
    size_t known = is_different(name);
    if (known < COUNT(different))
        check_different(known, cluster, err.message);
    else
        ck_assert_msg(!*result, "%s: %s; client-go: %s; ours: %s", name, result, fails,
                      err.message);
    leakdiag_cluster_free(cluster);
    place_remove(&p);
    return !*result;
}

START_TEST(two_hundred_kubeconfigs_are_read_as_client_go_reads_them)
{
    json_t *all = read_cases(), *one;
    const json_t *cases = json_object_get(all, "cases"), *pems = json_object_get(all, "pems");
    size_t i, same = 0;
    ck_assert_uint_eq(json_array_size(cases), 200);
    json_array_foreach(cases, i, one) same += run_case(one, pems);
    ck_assert_uint_eq(same, 200 - COUNT(different));
    json_decref(all);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kubeconfig cases");
    TCase *tests = tcase_create("client-go");
    tcase_set_timeout(tests, 100);
    tcase_add_test(tests, two_hundred_kubeconfigs_are_read_as_client_go_reads_them);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
