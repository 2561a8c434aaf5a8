/* A cluster once it is open: what it says of itself, token files that are renewed, pods, threads.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>

#include "base/json.h"
#include "net/certificate.h"
#include "net/cluster_state.h"
#include "net/token.h"
#include "sources/clusters.h"

#define PEM(text) "-----BEGIN CERTIFICATE-----\n" text "\n-----END CERTIFICATE-----\n"

static place p;

static void set_up(void)
{
    place_make(&p);
}

static void tear_down(void)
{
    place_remove(&p);
}

START_TEST(a_cluster_says_what_it_is_and_where_that_comes_from)
{
    place_write(&p, "config",
                "current-context: x\nclusters: [{name: k, cluster: {server: 'https://h:1/p/'}}]\n"
                "users: [{name: u, user: {token: t, as: a}}]\n"
                "contexts: [{name: x, context: {cluster: k, user: u, namespace: n}}]\n");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    char *path = place_path(&p, "config"), *json = NULL, *expected = NULL;
    ck_assert_str_eq(leakdiag_cluster_server(cluster), "https://h:1/p");
    ck_assert_str_eq(leakdiag_cluster_context(cluster), "x");
    ck_assert_str_eq(leakdiag_cluster_user(cluster), "u");
    ck_assert_str_eq(leakdiag_cluster_namespace_name(cluster), "n");
    ck_assert_str_eq(leakdiag_cluster_namespace_source(cluster), "context");
    ck_assert_int_eq(leakdiag_cluster_is_tls_verified(cluster), 1);
    ck_assert_int_gt(asprintf(&expected, "kubeconfig %s", path), 0);
    ck_assert_str_eq(leakdiag_cluster_origin(cluster), expected);
    ck_assert_int_eq(leakdiag_cluster_to_json(cluster, &json, NULL), LEAKDIAG_OK);
    char *short_form = replaced(json, p.dir, "DIR");
    ck_assert_str_eq(short_form,
                     "{\"cluster\":\"k\",\"context\":\"x\",\"credential\":\"token\","
                     "\"impersonates\":true,\"namespace_name\":\"n\",\"namespace_source\":"
                     "\"context\",\"origin\":\"kubeconfig DIR/config\",\"proxy\":false,\"schema\":"
                     "\"leakdiag.cluster/1\",\"server\":\"https://h:1/p\",\"tls_verified\":true,"
                     "\"user\":\"u\",\"warnings\":[]}");
    free(short_form);
    leakdiag_free(json);
    free(expected);
    free(path);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(a_namespace_comes_from_the_option_or_is_the_default)
{
    place_config(&p, HTTPS, "");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    ck_assert_str_eq(leakdiag_cluster_namespace_name(cluster), "default");
    ck_assert_str_eq(leakdiag_cluster_namespace_source(cluster), "default");
    leakdiag_cluster_free(cluster);
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    options.namespace_name = "otel-demo";
    ck_assert_int_eq(place_open_with(&p, options, &cluster, NULL), LEAKDIAG_OK);
    ck_assert_str_eq(leakdiag_cluster_namespace_name(cluster), "otel-demo");
    ck_assert_str_eq(leakdiag_cluster_namespace_source(cluster), "option");
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(impersonation_is_sent_as_headers_with_encoded_keys)
{
    static const char *const expected[] = {
        "Impersonate-User: jane",      "Impersonate-Uid: u-1",
        "Impersonate-Group: dev",      "Impersonate-Group: a b",
        "Impersonate-Extra-scopes: x", "Impersonate-Extra-a%2Fb%25%C3%BC: y"};
    place_config(&p, HTTPS,
                 "token: t, as: jane, as-uid: u-1, as-groups: [dev, a b], "
                 "as-user-extra: {ScoPes: [x], 'a/b%ü': [y]}");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    ld_origin *origin = origin_of(cluster);
    for (size_t i = 0; i < COUNT(expected); i++)
        ck_assert_str_eq(origin->headers[i], expected[i]);
    ck_assert_ptr_null(origin->headers[COUNT(expected)]);
    ld_origin_free(origin);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(wrong_options_are_refused)
{
    leakdiag_cluster *cluster = NULL;
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    options.exec_policy = 3;
    ck_assert_int_eq(leakdiag_cluster_open(&options, &cluster, NULL), LEAKDIAG_E_INVALID);
    options.exec_policy = -1;
    ck_assert_int_eq(leakdiag_cluster_open(&options, &cluster, NULL), LEAKDIAG_E_INVALID);
    options = (leakdiag_cluster_options){0};
    ck_assert_int_eq(leakdiag_cluster_open(&options, &cluster, NULL), LEAKDIAG_E_INVALID);
    leakdiag_cluster_free(NULL);
    place_config(&p, HTTPS, "");
    cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    ld_origin *origin = NULL;
    ck_assert_int_eq(ld_cluster_origin(cluster, 0, NULL, NULL, &origin, NULL), LEAKDIAG_E_INVALID);
    leakdiag_cluster_free(cluster);
}
END_TEST

/* ---- token files ---- */

START_TEST(a_token_file_is_read_again_when_it_was_replaced)
{
    place_write(&p, "t", " one\n");
    place_config(&p, HTTPS, "tokenFile: t");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    ck_assert(ld_cluster_can_refresh(cluster));
    assert_authorization(cluster, "Bearer one");
    place_write(&p, "t", "two\r\n");
    assert_authorization(cluster, "Bearer two");
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(a_token_file_of_the_same_size_and_time_but_another_inode_is_read_again)
{
    place_write(&p, "t", "one");
    place_config(&p, HTTPS, "tokenFile: t");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    char *path = place_path(&p, "t"), *fresh = place_path(&p, "fresh");
    struct stat before;
    ck_assert_int_eq(stat(path, &before), 0);
    place_write(&p, "fresh", "two");
    const struct timespec times[2] = {before.st_atim, before.st_mtim};
    ck_assert_int_eq(utimensat(AT_FDCWD, fresh, times, 0), 0);
    ck_assert_int_eq(rename(fresh, path), 0);
    assert_authorization(cluster, "Bearer two");
    leakdiag_cluster_free(cluster);
    free(fresh);
    free(path);
}
END_TEST

/* Overwritten with as many bytes and the old time: only a minute or a 401 can tell. */
static void overwrite_unseen(const char *text)
{
    char *path = place_path(&p, "t");
    struct stat before;
    ck_assert_int_eq(stat(path, &before), 0);
    FILE *file = fopen(path, "r+");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fflush(file);
    const struct timespec times[2] = {before.st_atim, before.st_mtim};
    ck_assert_int_eq(futimens(fileno(file), times), 0);
    fclose(file);
    free(path);
}

START_TEST(a_token_file_is_read_again_after_a_minute_and_at_once_after_a_401)
{
    place_write(&p, "t", "one");
    place_config(&p, HTTPS, "tokenFile: t");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    overwrite_unseen("two");
    p.now_ms += 59999;
    assert_authorization(cluster, "Bearer one");
    p.now_ms += 1;
    assert_authorization(cluster, "Bearer two");
    overwrite_unseen("six");
    assert_authorization(cluster, "Bearer two");
    ld_cluster_refused(cluster);
    assert_authorization(cluster, "Bearer six");
    overwrite_unseen("ten");
    assert_authorization(cluster, "Bearer six"); /* one 401, one reading */
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(the_last_good_token_stays_while_its_file_is_gone_empty_or_broken)
{
    place_write(&p, "t", "one");
    place_config(&p, HTTPS, "tokenFile: t");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    char *path = place_path(&p, "t");
    place_write(&p, "t", "");
    assert_authorization(cluster, "Bearer one");
    place_write(&p, "t", "a\x01z");
    assert_authorization(cluster, "Bearer one");
    ck_assert_int_eq(unlink(path), 0);
    ld_cluster_refused(cluster);
    assert_authorization(cluster, "Bearer one");
    place_write(&p, "t", "two");
    assert_authorization(cluster, "Bearer two");
    leakdiag_cluster_free(cluster);
    free(path);
}
END_TEST

START_TEST(a_fixed_token_is_not_renewed)
{
    place_config(&p, HTTPS, "token: t");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    ck_assert(!ld_cluster_can_refresh(cluster));
    ld_cluster_refused(cluster);
    assert_authorization(cluster, "Bearer t");
    leakdiag_cluster_free(cluster);
}
END_TEST

/* ---- a pod ---- */

static void be_a_pod(const char *host, const char *port)
{
    place_write(&p, "serviceaccount/token", "pod-1\n");
    place_write(&p, "serviceaccount/ca.crt", PEM("A"));
    place_write(&p, "serviceaccount/namespace", "otel-demo\n");
    p.around.service_host = host;
    p.around.service_port = port;
}

static leakdiag_cluster *open_pod(void)
{
    leakdiag_cluster *cluster = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = ld_cluster_open_in(NULL, &p.around, &cluster, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return cluster;
}

START_TEST(a_pod_knows_its_cluster)
{
    be_a_pod("10.0.0.1", "443");
    leakdiag_cluster *cluster = open_pod();
    ck_assert_str_eq(leakdiag_cluster_server(cluster), "https://10.0.0.1:443");
    ck_assert_str_eq(leakdiag_cluster_origin(cluster), "in-cluster");
    ck_assert_str_eq(leakdiag_cluster_namespace_name(cluster), "otel-demo");
    ck_assert_str_eq(leakdiag_cluster_namespace_source(cluster), "service account");
    ck_assert_ptr_null(leakdiag_cluster_context(cluster));
    ck_assert_ptr_null(leakdiag_cluster_user(cluster));
    ck_assert_uint_eq(leakdiag_cluster_warning_count(cluster), 0);
    ld_origin *origin = origin_of(cluster);
    ck_assert_str_eq(origin->base_url, "https://10.0.0.1:443");
    ck_assert_str_eq(origin->ca_pem, PEM("A"));
    ck_assert_str_eq(origin->authorization, "Bearer pod-1");
    ck_assert(!origin->is_insecure);
    ld_origin_free(origin);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(the_token_and_authority_of_a_pod_are_renewed)
{
    be_a_pod("10.0.0.1", "443");
    leakdiag_cluster *cluster = open_pod();
    place_write(&p, "serviceaccount/ca.crt", PEM("B"));
    place_write(&p, "serviceaccount/token", "pod-2");
    ld_origin *origin = origin_of(cluster);
    ck_assert_str_eq(origin->authorization, "Bearer pod-2");
    ck_assert_str_eq(origin->ca_pem, PEM("B"));
    ld_origin_free(origin);
    place_write(&p, "serviceaccount/ca.crt", "half written");
    place_write(&p, "serviceaccount/token", "pod-3");
    origin = origin_of(cluster);
    ck_assert_str_eq(origin->authorization, "Bearer pod-3");
    ck_assert_str_eq(origin->ca_pem, PEM("B"));
    ld_origin_free(origin);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(an_ipv6_address_gets_brackets_once)
{
    be_a_pod("fd00::1", "6443");
    leakdiag_cluster *cluster = open_pod();
    ck_assert_str_eq(leakdiag_cluster_server(cluster), "https://[fd00::1]:6443");
    leakdiag_cluster_free(cluster);
    be_a_pod("[fd00::1]", "6443");
    cluster = open_pod();
    ck_assert_str_eq(leakdiag_cluster_server(cluster), "https://[fd00::1]:6443");
    leakdiag_cluster_free(cluster);
}
END_TEST

static void assert_no_pod(leakdiag_status expected, const char *in_message)
{
    leakdiag_cluster *cluster = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(ld_cluster_open_in(NULL, &p.around, &cluster, &err), expected);
    char *message = replaced(err.message, p.dir, "DIR");
    ck_assert_msg(strstr(message, in_message) != NULL, "%s", message);
    free(message);
}

START_TEST(a_pod_without_an_authority_trusts_nobody)
{
    be_a_pod("10.0.0.1", "443");
    char *ca = place_path(&p, "serviceaccount/ca.crt");
    ck_assert_int_eq(unlink(ca), 0);
    assert_no_pod(LEAKDIAG_E_NOT_FOUND,
                  "in-cluster: without it no server can be trusted; mount the service account: "
                  "DIR/serviceaccount/ca.crt: cannot open it: No such file or directory");
    place_write(&p, "serviceaccount/ca.crt", "nonsense");
    assert_no_pod(LEAKDIAG_E_INVALID,
                  "in-cluster: DIR/serviceaccount/ca.crt is not PEM: no certificate in it");
    free(ca);
}
END_TEST

START_TEST(half_an_environment_is_no_pod)
{
    be_a_pod("10.0.0.1", "");
    assert_no_pod(LEAKDIAG_E_NOT_FOUND, "not in a cluster either");
    be_a_pod(NULL, "443");
    assert_no_pod(LEAKDIAG_E_NOT_FOUND, "not in a cluster either");
    be_a_pod("10.0.0.1", "443");
    char *token = place_path(&p, "serviceaccount/token");
    ck_assert_int_eq(unlink(token), 0);
    assert_no_pod(LEAKDIAG_E_NOT_FOUND, "not in a cluster either");
    free(token);
    be_a_pod("a b", "443");
    assert_no_pod(LEAKDIAG_E_INVALID, "in-cluster: KUBERNETES_SERVICE_HOST and _PORT make no URL");
}
END_TEST

START_TEST(an_explicit_kubeconfig_is_never_replaced_by_the_pods_cluster)
{
    leakdiag_cluster *cluster = NULL;
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    be_a_pod("10.0.0.1", "443");
    options.kubeconfig = "/nowhere/config";
    ck_assert_int_eq(ld_cluster_open_in(&options, &p.around, &cluster, NULL), LEAKDIAG_E_NOT_FOUND);
    options.kubeconfig = NULL;
    options.context = "gone"; /* in no kubeconfig: not a pod's either */
    ck_assert_int_eq(ld_cluster_open_in(&options, &p.around, &cluster, NULL), LEAKDIAG_E_NOT_FOUND);
}
END_TEST

/* ---- oidc ---- */

/* {"alg":"none"} . {"exp":1795439372} . x: one second after the place's clock. */
#define JWT "eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTU0MzkzNzJ9.eA"

START_TEST(an_oidc_token_is_shown_until_it_expires)
{
    ck_assert_int_eq(ld_token_expires_ms(JWT), INT64_C(1795439372000));
    ck_assert_int_eq(ld_token_expires_ms("abc"), 0);
    ck_assert_int_eq(ld_token_expires_ms("a.!.c"), 0);
    ck_assert_int_eq(ld_token_expires_ms("a.e30.c"), 0);
    place_config(&p, HTTPS, "auth-provider: {name: oidc, config: {id-token: " JWT "}}");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    assert_authorization(cluster, "Bearer " JWT);
    p.now_ms += 721000;
    ld_origin *origin = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(ld_cluster_origin(cluster, 1000, NULL, NULL, &origin, &err), LEAKDIAG_E_AUTH);
    ck_assert_ptr_nonnull(strstr(err.message, "its id-token expired 12m ago (exp "
                                              "2026-11-23T13:09:32Z), and nobody is asked for "
                                              "another; use an exec plugin (kubelogin)"));
    leakdiag_cluster_free(cluster);
}
END_TEST

/* ---- what expires ---- */

/* notAfter Nov 20 12:56:05 2036 GMT, as openssl says. */
static const char utc_time[] = "-----BEGIN CERTIFICATE-----\n"
                               "MIIBjjCCATWgAwIBAgIURrKhsvMDww6jbx55V97vA0trwTowCgYIKoZIzj0EAwIw\n"
                               "FTETMBEGA1UEAwwKa3ViZXJuZXRlczAeFw0yNjExMjMxMjU2MDVaFw0zNjExMjAx\n"
                               "MjU2MDVaMBUxEzARBgNVBAMMCmt1YmVybmV0ZXMwWTATBgcqhkjOPQIBBggqhkjO\n"
                               "PQMBBwNCAAQY9werNh1RvFladJmOJjcoecGptOnX0lFp1BPzgjpQoMbi9xTr5h8J\n"
                               "K+WJ4+MwFxwwRJ1ixnxsDP0n5vuTnUrCo2MwYTAdBgNVHQ4EFgQUh5/SrKBfKJZJ\n"
                               "V2jXYmwKosClww0wHwYDVR0jBBgwFoAUh5/SrKBfKJZJV2jXYmwKosClww0wDgYD\n"
                               "VR0PAQH/BAQDAgGGMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIg\n"
                               "DL8tPb3Z5bxVAS/O38nkXE5P7ERWKBTGeordzwVPhHcCID1/tNB+2s+f/oUzFB1u\n"
                               "3zUMy3lqK+3WIuQH+XjOClix\n"
                               "-----END CERTIFICATE-----\n";
/* notAfter Oct  2 07:06:40 2096 GMT: beyond 2049 a certificate writes the whole year. */
static const char generalized_time[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBBDCBt6ADAgECAgEBMAUGAytlcDARMQ8wDQYDVQQDEwZ0ZXN0IDEwIBcNMjMx\n"
    "MTE0MjIxMzIwWhgPMjA5NjEwMDIwNzA2NDBaMBExDzANBgNVBAMTBnRlc3QgMTAq\n"
    "MAUGAytlcAMhAF6oFwVV87Ina0r9mwSG3oux9uwZcGFu7F4weFqXZ0gMozIwMDAP\n"
    "BgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBRfNMP0CsWDb2qsEH9YKUG/oYQyWjAF\n"
    "BgMrZXADQQBXxU5S9MCAo5kjboP+dj13BB9lVVbAyHm5hnVJ9VpFrEVMqRlrI3tQ\n"
    "rFBS/FlN+daavG0dHzZ/vc2PtVHs5wEH\n"
    "-----END CERTIFICATE-----\n";
#define KEY "-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n"

static int64_t expires(const char *pem, bool latest)
{
    int64_t ms = -1;
    ck_assert_int_eq(ld_certificate_expires(pem, latest, &ms, NULL), LEAKDIAG_OK);
    return ms;
}

START_TEST(a_certificates_last_day_is_read_and_of_a_bundle_the_latest)
{
    char both[4096];
    ck_assert_int_eq(expires(utc_time, false), INT64_C(2110798565000));
    ck_assert_int_eq(expires(generalized_time, false), INT64_C(4000000000000));
    snprintf(both, sizeof both, "# a comment\n%s%s", utc_time, generalized_time);
    ck_assert_int_eq(expires(both, false), INT64_C(2110798565000));
    ck_assert_int_eq(expires(both, true), INT64_C(4000000000000));
    ck_assert_int_eq(expires("nonsense", true), 0);
    ck_assert_int_eq(expires(PEM("AAAA"), true), 0);
    ck_assert_int_eq(expires("-----BEGIN CERTIFICATE-----\nAAAA", true), 0);
}
END_TEST

/* Cut anywhere and with any byte changed: a time or none, and nothing is read beyond its end. */
START_TEST(broken_certificates_are_read_within_their_bounds)
{
    char *data = NULL;
    size_t len;
    const char *begin = strchr(utc_time, '\n');
    ck_assert_int_eq(
        ld_base64_decode(begin, (size_t)(strstr(begin, "-----END") - begin), &data, &len, NULL),
        LEAKDIAG_OK);
    for (size_t i = 0; i < len; i++) {
        char was = data[i], *pem = NULL;
        data[i] = (char)(was ^ (1 << (i % 8)));
        for (int cut = 0; cut <= 1; cut++) {
            char *text = ld_base64_encode(data, cut ? i : len);
            ck_assert_int_gt(asprintf(&pem,
                                      "-----BEGIN CERTIFICATE-----\n%s\n"
                                      "-----END CERTIFICATE-----\n",
                                      text),
                             0);
            (void)expires(pem, true);
            leakdiag_free(text);
            free(pem);
        }
        data[i] = was;
    }
    leakdiag_free(data);
}
END_TEST

static void assert_why(leakdiag_cluster *cluster, const char *expected)
{
    char *why = NULL;
    ck_assert_int_eq(ld_cluster_why_refused(cluster, &why, NULL), LEAKDIAG_OK);
    char *short_form = replaced(why, p.dir, "DIR");
    ck_assert_str_eq(short_form, expected);
    free(short_form);
    leakdiag_free(why);
}

START_TEST(certificates_that_expired_are_warned_of_when_opened)
{
    place_write(&p, "ca", utc_time);
    place_write(&p, "k", KEY);
    place_config(&p, HTTPS ", certificate-authority: ca", "client-certificate: ca, client-key: k");
    p.now_ms = INT64_C(2110798564999);
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    ck_assert_uint_eq(leakdiag_cluster_warning_count(cluster), 0);
    assert_why(cluster, "user u of DIR/config: its client certificate was refused, although it is "
                        "good until 2036-11-20T12:56:05Z; get a new kubeconfig");
    leakdiag_cluster_free(cluster);
    p.now_ms += 3600001;
    cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    ck_assert_uint_eq(leakdiag_cluster_warning_count(cluster), 2);
    ck_assert_str_eq(leakdiag_cluster_warning(cluster, 0),
                     "cluster c: the certificate authority expired at 2036-11-20T12:56:05Z; get a "
                     "new kubeconfig, or is this machine's clock wrong?");
    ck_assert_str_eq(leakdiag_cluster_warning(cluster, 1),
                     "user u: the client certificate expired at 2036-11-20T12:56:05Z; get a new "
                     "kubeconfig, or is this machine's clock wrong?");
    assert_why(cluster, "user u of DIR/config: client certificate expired 60m ago (exp "
                        "2036-11-20T12:56:05Z); get a new kubeconfig");
    leakdiag_cluster_free(cluster);
}
END_TEST

static void assert_why_of(const char *cluster, const char *user, const char *expected)
{
    place_config(&p, cluster, user);
    leakdiag_cluster *opened = place_open(&p, LEAKDIAG_EXEC_DENY);
    assert_why(opened, expected);
    leakdiag_cluster_free(opened);
}

START_TEST(a_refused_credential_says_whether_it_expired_and_what_to_do)
{
    assert_why_of(HTTPS, "token: " JWT,
                  "user u of DIR/config: its token was refused, although it "
                  "is good until 2026-11-23T13:09:32Z; get a new token");
    p.now_ms += 721000;
    assert_why_of(HTTPS, "token: " JWT,
                  "user u of DIR/config: token expired 12m ago (exp "
                  "2026-11-23T13:09:32Z); get a new token");
    assert_why_of(HTTPS, "token: t",
                  "user u of DIR/config: its token was refused; get a new token");
    place_write(&p, "t", "t");
    assert_why_of(HTTPS, "tokenFile: t",
                  "user u of DIR/config: its token was refused; is its file renewed?");
    assert_why_of(
        HTTPS, "username: me, password: p",
        "user u of DIR/config: its user name with its password was refused; are user name and "
        "password right?");
    assert_why_of(HTTPS, "",
                  "asked as anonymous: there is no credential; name a user that has one");
    assert_why_of("server: 'http://h'", "token: t",
                  "asked as anonymous: credentials are not sent over plain http; use https");
}
END_TEST

/* ---- nothing stays in memory ---- */

#define CANARY "canary7c1f2e9b"

typedef struct watched {
    size_t bytes; /* of the block that follows */
    max_align_t block[];
} watched;

static size_t found_in_freed;

static void *watched_alloc(size_t bytes, void *payload)
{
    (void)payload;
    watched *made = malloc(sizeof *made + bytes);
    if (!made)
        return NULL;
    made->bytes = bytes;
    return made->block;
}

static void watched_release(void *memory, void *payload)
{
    (void)payload;
    watched *made = (watched *)(void *)((char *)memory - offsetof(watched, block));
    if (memmem(memory, made->bytes, CANARY, sizeof CANARY - 1))
        found_in_freed++;
    free(made);
}

static void *watched_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    void *made = watched_alloc(bytes, payload);
    if (!made)
        return NULL;
    memcpy(made, memory, old_bytes < bytes ? old_bytes : bytes);
    watched_release(memory, payload);
    return made;
}

START_TEST(no_freed_memory_of_ours_holds_a_secret)
{
    static const char *const users[] = {
        "token: " CANARY, "tokenFile: t", "username: me, password: " CANARY,
        "client-certificate: c, client-key: k",
        "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./run, "
        "env: [{name: A, value: " CANARY "}]}"};
    const leakdiag_allocator allocator = {.size = sizeof allocator,
                                          .alloc = watched_alloc,
                                          .resize = watched_resize,
                                          .release = watched_release};
    place_write(&p, "t", CANARY "\n");
    place_write(&p, "c", utc_time);
    place_write(&p, "k", "-----BEGIN PRIVATE KEY-----\n" CANARY "\n-----END PRIVATE KEY-----\n");
    place_write(&p, "run",
                "#!/bin/sh\necho '{\"kind\":\"ExecCredential\",\"apiVersion\":"
                "\"client.authentication.k8s.io/v1beta1\",\"status\":{\"token\":\"" CANARY
                "\"}}'\n");
    place_chmod(&p, "run", 0700);
    for (size_t i = 0; i < COUNT(users); i++) {
        place_config(&p, HTTPS, users[i]);
        found_in_freed = 0;
        ck_assert_int_eq(leakdiag_set_allocator(&allocator), LEAKDIAG_OK);
        leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
        ld_origin_free(origin_of(cluster));
        ld_cluster_refused(cluster);
        ld_origin_free(origin_of(cluster));
        leakdiag_cluster_free(cluster);
        ck_assert_int_eq(leakdiag_set_allocator(NULL), LEAKDIAG_OK);
        ck_assert_msg(found_in_freed == 0, "%zu blocks with a secret: %s", found_in_freed,
                      users[i]);
    }
}
END_TEST

/* ---- base64 ---- */

static void assert_base64(const char *text, const char *expected)
{
    char *data = NULL;
    size_t len = 99;
    leakdiag_status status = ld_base64_decode(text, strlen(text), &data, &len, NULL);
    ck_assert_msg(!status == (expected != NULL), "%s", text);
    if (expected) {
        ck_assert_uint_eq(len, strlen(expected));
        ck_assert_str_eq(data, expected);
    }
    leakdiag_free(data);
}

START_TEST(base64_is_read_and_written_as_in_rfc_4648)
{
    static const char *const cases[][2] = {{"", ""},
                                           {"Zg==", "f"},
                                           {"Zm8=", "fo"},
                                           {"Zm9v", "foo"},
                                           {"Zm9vYg==", "foob"},
                                           {"Zm9vYmE=", "fooba"},
                                           {"Zm9vYmFy", "foobar"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = ld_base64_encode(cases[i][1], strlen(cases[i][1]));
        ck_assert_str_eq(text, cases[i][0]);
        leakdiag_free(text);
        assert_base64(cases[i][0], cases[i][1]);
    }
    assert_base64("Zm9\nvYm\r\n Fy\n", "foobar");
    assert_base64("Zg", "f");
    assert_base64("_-8", "\xff\xef");
    static const char *const wrong[] = {
        "Z", "Zg=", "Zg==Zg==", "Zm9v=", "Zg===", "Z%==", "====", "="};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_base64(wrong[i], NULL);
}
END_TEST

/* ---- threads ---- */

#define THREADS 4
#define ROUNDS  200

static leakdiag_cluster *shared;

static void *use(void *payload)
{
    for (int i = 0; i < ROUNDS; i++) {
        ld_origin *origin = origin_of(shared);
        ck_assert_int_eq(strncmp(origin->authorization, "Bearer t-", 9), 0);
        ck_assert_uint_eq(strlen(origin->authorization), 13);
        ld_origin_free(origin);
        if (i % 5 == 0)
            ld_cluster_refused(shared);
        ck_assert(ld_cluster_can_refresh(shared));
        ck_assert_str_eq(leakdiag_cluster_user(shared), "u");
    }
    return payload;
}

START_TEST(threads_share_a_cluster_while_its_token_changes)
{
    pthread_t threads[THREADS];
    char text[16];
    place_config(&p, HTTPS, "tokenFile: t");
    place_write(&p, "t", "t-1000");
    shared = place_open(&p, LEAKDIAG_EXEC_DENY);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use, NULL), 0);
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(text, sizeof text, "t-%d", 1000 + i);
        place_write(&p, "t", text);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_authorization(shared, "Bearer t-1199");
    leakdiag_cluster_free(shared);
}
END_TEST

/* ---- this process ---- */

START_TEST(the_surroundings_of_the_process_are_read)
{
    place_config(&p, HTTPS, "token: t");
    char *path = place_path(&p, "config"), *before = getenv("KUBECONFIG");
    before = before ? strdup(before) : NULL;
    ck_assert_int_eq(setenv("KUBECONFIG", path, 1), 0);
    leakdiag_cluster *cluster = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_cluster_open(NULL, &cluster, &err);
    if (before)
        setenv("KUBECONFIG", before, 1);
    else
        unsetenv("KUBECONFIG");
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    ck_assert_str_eq(leakdiag_cluster_server(cluster), "https://127.0.0.1:6443");
    assert_authorization(cluster, "Bearer t");
    leakdiag_cluster_free(cluster);
    free(before);
    free(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster");
    TCase *tests = tcase_create("open");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_cluster_says_what_it_is_and_where_that_comes_from);
    tcase_add_test(tests, a_namespace_comes_from_the_option_or_is_the_default);
    tcase_add_test(tests, impersonation_is_sent_as_headers_with_encoded_keys);
    tcase_add_test(tests, wrong_options_are_refused);
    tcase_add_test(tests, a_token_file_is_read_again_when_it_was_replaced);
    tcase_add_test(tests, a_token_file_of_the_same_size_and_time_but_another_inode_is_read_again);
    tcase_add_test(tests, a_token_file_is_read_again_after_a_minute_and_at_once_after_a_401);
    tcase_add_test(tests, the_last_good_token_stays_while_its_file_is_gone_empty_or_broken);
    tcase_add_test(tests, a_fixed_token_is_not_renewed);
    tcase_add_test(tests, a_pod_knows_its_cluster);
    tcase_add_test(tests, the_token_and_authority_of_a_pod_are_renewed);
    tcase_add_test(tests, an_ipv6_address_gets_brackets_once);
    tcase_add_test(tests, a_pod_without_an_authority_trusts_nobody);
    tcase_add_test(tests, half_an_environment_is_no_pod);
    tcase_add_test(tests, an_explicit_kubeconfig_is_never_replaced_by_the_pods_cluster);
    tcase_add_test(tests, an_oidc_token_is_shown_until_it_expires);
    tcase_add_test(tests, a_certificates_last_day_is_read_and_of_a_bundle_the_latest);
    tcase_add_test(tests, broken_certificates_are_read_within_their_bounds);
    tcase_add_test(tests, certificates_that_expired_are_warned_of_when_opened);
    tcase_add_test(tests, a_refused_credential_says_whether_it_expired_and_what_to_do);
    tcase_add_test(tests, no_freed_memory_of_ours_holds_a_secret);
    tcase_add_test(tests, base64_is_read_and_written_as_in_rfc_4648);
    tcase_add_test(tests, threads_share_a_cluster_while_its_token_changes);
    tcase_add_test(tests, the_surroundings_of_the_process_are_read);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
