/* What a person is told of a kubeconfig that is wrong: where, why and what next; never a secret. */
#include "base/node.h"
#include "base/text.h"
#include "fake/torture.h"
#include "sources/clusters.h"

#define PEM_CERT "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
#define PEM_KEY  "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
#define CANARY   "canary7c1f2e9b"

static place p;

static void set_up(void)
{
    place_make(&p);
}

static void tear_down(void)
{
    place_remove(&p);
}

/* The message, with DIR for the folder; freed by the caller. */
static char *message_with(leakdiag_cluster_options options, leakdiag_status expected)
{
    leakdiag_cluster *cluster = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = place_open_with(&p, options, &cluster, &err);
    ck_assert_msg(status == expected, "status %d: %s", (int)status, err.message);
    ck_assert_ptr_null(cluster);
    ck_assert_ptr_null(strchr(err.message, '\n'));
    return replaced(err.message, p.dir, "DIR");
}

static const leakdiag_cluster_options defaults = LEAKDIAG_CLUSTER_OPTIONS_INIT;

static void assert_message(leakdiag_status status, const char *expected)
{
    char *message = message_with(defaults, status);
    ck_assert_str_eq(message, expected);
    free(message);
}

/* As defaults, but the list, or the home folder, of the surroundings. */
static void assert_found_message(leakdiag_status status, const char *expected)
{
    leakdiag_cluster_options options = defaults;
    leakdiag_cluster *cluster = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(ld_cluster_open_in(&options, &p.around, &cluster, &err), status);
    char *message = replaced(err.message, p.dir, "DIR");
    ck_assert_str_eq(message, expected);
    free(message);
}

/* ---- rows 1 to 3: which file, which context ---- */

START_TEST(a_list_of_missing_files_names_each_and_says_not_in_a_cluster_either)
{
    char *list = replaced("DIR/one:DIR/two", "DIR", p.dir);
    p.around.kubeconfig = list;
    assert_found_message(LEAKDIAG_E_NOT_FOUND,
                         "no kubeconfig: DIR/one: not found; DIR/two: not found; not in a cluster "
                         "either; name one, or set KUBECONFIG");
    free(list);
}
END_TEST

START_TEST(without_anything_the_home_folder_is_named)
{
    assert_found_message(LEAKDIAG_E_NOT_FOUND,
                         "no kubeconfig: DIR/.kube/config: not found; not in a cluster either; "
                         "name one, or set KUBECONFIG");
    p.around.home = NULL;
    assert_found_message(LEAKDIAG_E_NOT_FOUND,
                         "no kubeconfig: neither KUBECONFIG nor HOME is set; not in a cluster "
                         "either; name one, or set KUBECONFIG");
}
END_TEST

START_TEST(a_list_as_the_one_kubeconfig_is_told_where_lists_go)
{
    leakdiag_cluster_options options = defaults;
    options.kubeconfig = "a:b";
    char *message = message_with(options, LEAKDIAG_E_INVALID);
    ck_assert_str_eq(message, "kubeconfig a:b: one file expected; use KUBECONFIG for a list");
    free(message);
    options.kubeconfig = "/nowhere/config";
    message = message_with(options, LEAKDIAG_E_NOT_FOUND);
    ck_assert_str_eq(message,
                     "kubeconfig /nowhere/config: not found; is the path right from here?");
    free(message);
}
END_TEST

START_TEST(an_undefined_context_comes_with_at_most_ten_that_are_defined)
{
    ld_text text = {0};
    ld_text_add(&text, "current-context: gone\ncontexts:\n");
    for (int i = 1; i <= 12; i++)
        ld_text_addf(&text, "- {name: c%d, context: {}}\n", i);
    place_write(&p, "config", text.data);
    ld_text_done(&text);
    assert_message(LEAKDIAG_E_NOT_FOUND,
                   "context gone (current-context) is not defined in DIR/config; defined: c1, c2, "
                   "c3, c4, c5, c6, c7, c8, c9, c10 and 2 more");
}
END_TEST

START_TEST(without_a_current_context_the_contexts_are_named)
{
    place_write(&p, "config", "contexts: [{name: a, context: {}}, {name: b, context: {}}]\n");
    assert_message(LEAKDIAG_E_NOT_FOUND, "DIR/config: no current-context, and not in a cluster "
                                         "either; name a context: a, b");
    place_write(&p, "config", "");
    assert_message(LEAKDIAG_E_NOT_FOUND, "DIR/config: no current-context, and not in a cluster "
                                         "either; name a context: none");
}
END_TEST

START_TEST(an_undefined_cluster_or_user_is_told_with_who_names_it)
{
    place_write(&p, "config",
                "current-context: x\ncontexts: [{name: x, context: {cluster: k, user: me}}]\n"
                "clusters: [{name: c, cluster: {" HTTPS "}}]\n");
    assert_message(LEAKDIAG_E_NOT_FOUND, "cluster k (named by context x) is not defined in "
                                         "DIR/config; defined: c");
    leakdiag_cluster_options options = defaults;
    options.cluster = "c";
    char *message = message_with(options, LEAKDIAG_E_NOT_FOUND);
    ck_assert_str_eq(message, "user me (named by context x) is not defined in DIR/config; "
                              "defined: none");
    free(message);
    options.user = "joe";
    message = message_with(options, LEAKDIAG_E_NOT_FOUND);
    ck_assert_str_eq(message, "user joe (option) is not defined in DIR/config; defined: none");
    free(message);
}
END_TEST

/* ---- rows 4 to 6: what is in the file ---- */

START_TEST(a_syntax_error_has_its_line_and_column_and_nothing_of_the_file)
{
    place_write(&p, "config", "apiVersion: v1\nusers:\n- name: u\n  user:\n\ttoken: " CANARY "\n");
    leakdiag_error err = {0};
    leakdiag_cluster *cluster = NULL;
    ck_assert_int_eq(place_open_with(&p, defaults, &cluster, &err), LEAKDIAG_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.message, "/config:5:1: not valid YAML: "));
    ck_assert_ptr_nonnull(strstr(err.message, "indent with blanks, not with tabs"));
    ck_assert_uint_eq(err.line, 5);
    ck_assert_uint_eq(err.column, 1);
    ck_assert_ptr_null(strstr(err.message, CANARY));
}
END_TEST

START_TEST(deep_large_and_cyclic_files_are_refused_at_once)
{
    char *deep = malloc(20001), *large = malloc(LD_NODE_MAX_BYTES + 2);
    memset(deep, '[', 20000);
    memset(large, ' ', LD_NODE_MAX_BYTES + 1);
    deep[20000] = large[LD_NODE_MAX_BYTES + 1] = '\0';
    place_write(&p, "config", deep);
    assert_message(LEAKDIAG_E_LIMIT, "DIR/config:1:33: nested deeper than 32 levels");
    place_write(&p, "config", large);
    assert_message(LEAKDIAG_E_LIMIT,
                   "DIR/config: larger than 1048576 bytes; is this the right file?");
    place_write(&p, "config", "a: &a [*a]\n");
    assert_message(LEAKDIAG_E_INVALID, "DIR/config:1:4: anchors (&name) are not supported: write "
                                       "the value out, or quote it");
    place_write(&p, "config", "users: *a\n");
    assert_message(LEAKDIAG_E_INVALID, "DIR/config:1:8: aliases (*name) are not supported: write "
                                       "the value out, or quote it");
    free(deep);
    free(large);
}
END_TEST

START_TEST(a_name_defined_twice_is_told_with_both_lines)
{
    place_write(&p, "config",
                "clusters:\n- {name: c, cluster: {}}\n- {name: d, cluster: {}}\n"
                "- {name: c, cluster: {}}\n");
    assert_message(LEAKDIAG_E_INVALID, "DIR/config:4:3: cluster c is defined twice, on line 2 and "
                                       "on line 4: rename or remove one");
}
END_TEST

START_TEST(what_is_no_kubeconfig_is_told_so)
{
    static const char *const cases[][2] = {
        {"kind: Pod\n", "DIR/config:1:1: kind is not Config: this is no kubeconfig"},
        {"apiVersion: apps/v1\n", "DIR/config:1:1: apiVersion is not v1: this is no kubeconfig"},
        {"- a\n", "DIR/config:1:1: no map at its top: this is no kubeconfig"},
        {"hello\n", "DIR/config:1:1: no map at its top: this is no kubeconfig"},
        {"users: {a: b}\n", "DIR/config:1:1: users must be a list"},
        {"users: [a]\n", "DIR/config:1:9: an item of users must be a map with name and user"},
        {"users: [{name: [a]}]\n", "DIR/config:1:10: the name of a user must be a text"},
        {"users: [{name: a, user: b}]\n", "DIR/config:1:19: user must be a map"},
        {"current-context: [a]\n", "DIR/config:1:1: current-context must be a text"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        place_write(&p, "config", cases[i][0]);
        assert_message(LEAKDIAG_E_INVALID, cases[i][1]);
    }
}
END_TEST

START_TEST(a_folder_or_device_is_no_kubeconfig)
{
    leakdiag_cluster_options options = defaults;
    options.kubeconfig = p.dir;
    char *message = message_with(options, LEAKDIAG_E_INVALID);
    ck_assert_str_eq(message, "DIR: is a folder; a file is needed");
    free(message);
    options.kubeconfig = "/dev/zero";
    message = message_with(options, LEAKDIAG_E_INVALID);
    ck_assert_str_eq(message, "/dev/zero: is a device or socket; a file is needed");
    free(message);
}
END_TEST

/* ---- rows 7 to 10: servers, authorities, certificates ---- */

static void assert_parts(const char *cluster, const char *user, leakdiag_status status,
                         const char *expected)
{
    place_config(&p, cluster, user);
    assert_message(status, expected);
}

START_TEST(a_missing_or_wrong_authority_names_its_path_and_what_it_is_relative_to)
{
    assert_parts(HTTPS ", certificate-authority: pki/ca.pem", "", LEAKDIAG_E_NOT_FOUND,
                 "DIR/config:5:57: cluster c: certificate-authority: DIR/pki/ca.pem: cannot open "
                 "it: No such file or directory (relative paths count from DIR)");
    place_write(&p, "ca.pem", "nonsense");
    assert_parts(HTTPS ", certificate-authority: ca.pem", "", LEAKDIAG_E_INVALID,
                 "DIR/config:5:57: cluster c: DIR/ca.pem is not PEM: no -----BEGIN … "
                 "CERTIFICATE----- to its end in it");
    assert_parts(HTTPS ", certificate-authority-data: 'a%'", "", LEAKDIAG_E_INVALID,
                 "DIR/config:5:57: cluster c: certificate-authority-data: not base64 at byte 1");
}
END_TEST

START_TEST(an_authority_and_insecure_contradict_each_other)
{
    place_write(&p, "ca.pem", PEM_CERT);
    assert_parts(HTTPS ", insecure-skip-tls-verify: true, certificate-authority: ca.pem", "",
                 LEAKDIAG_E_INVALID,
                 "DIR/config:5:57: cluster c: specifying a root certificates file with the "
                 "insecure flag is not allowed; remove insecure-skip-tls-verify");
}
END_TEST

START_TEST(servers_that_are_no_url_are_told_what_one_looks_like)
{
    assert_parts("server: '10.0.0.1:6443'", "", LEAKDIAG_E_INVALID,
                 "DIR/config:5:23: cluster c: server must begin with https:// (or http://, "
                 "without credentials)");
    assert_parts("server: 'https://me:" CANARY "@host'", "", LEAKDIAG_E_INVALID,
                 "DIR/config:5:23: cluster c: server URL: no user:password@ is taken; write it "
                 "like https://10.0.0.1:6443");
    assert_parts("", "", LEAKDIAG_E_INVALID,
                 "DIR/config:5:3: cluster c: it has no server; write it like server: "
                 "https://10.0.0.1:6443");
}
END_TEST

START_TEST(certificates_and_keys_that_are_no_use_say_why)
{
    place_write(&p, "c.pem", PEM_CERT);
    place_write(&p, "k.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" CANARY "\n-----END -----\n");
    assert_parts(HTTPS, "client-certificate: c.pem, client-key: k.pem", LEAKDIAG_E_UNSUPPORTED,
                 "DIR/config:7:47: user u: the key in DIR/k.pem is encrypted, and nobody can be "
                 "asked for its passphrase; store it decrypted (openssl pkey)");
    assert_parts(HTTPS, "client-certificate: c.pem", LEAKDIAG_E_INVALID,
                 "DIR/config:7:3: user u: the client certificate needs client-key or "
                 "client-key-data");
    leakdiag_cluster_options options = defaults;
    options.kubeconfig = FIXTURES "/kubeconfig/redacted-key.yaml";
    char *message = message_with(options, LEAKDIAG_E_INVALID);
    ck_assert_ptr_nonnull(strstr(message, "redacted-key.yaml:12:5: user dev: client-key-data is "
                                          "not PEM"));
    free(message);
}
END_TEST

/* ---- rows 13 to 15: credentials ---- */

START_TEST(kinds_of_credentials_that_are_gone_say_what_took_their_place)
{
    assert_parts(HTTPS, "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: aws}",
                 LEAKDIAG_E_UNSUPPORTED,
                 "DIR/config:7:27: user u: exec apiVersion v1alpha1 was removed in 1.24; make the "
                 "kubeconfig anew (for EKS run: aws eks update-kubeconfig)");
    assert_parts(HTTPS, "auth-provider: {name: gcp}", LEAKDIAG_E_UNSUPPORTED,
                 "DIR/config:7:20: user u: auth-provider gcp was removed in client-go 1.26; use "
                 "gke-gcloud-auth-plugin or kubelogin (an exec plugin)");
    assert_parts(HTTPS, "auth-provider: {name: azure}", LEAKDIAG_E_UNSUPPORTED,
                 "DIR/config:7:20: user u: auth-provider azure was removed in client-go 1.26; use "
                 "gke-gcloud-auth-plugin or kubelogin (an exec plugin)");
    assert_parts(HTTPS, "auth-provider: {name: oidc, config: {refresh-token: " CANARY "}}",
                 LEAKDIAG_E_UNSUPPORTED,
                 "DIR/config:7:20: user u: auth-provider oidc has no id-token, and nobody is asked "
                 "for one; use an exec plugin (kubelogin)");
}
END_TEST

START_TEST(token_files_that_no_header_can_carry_say_the_offset_and_not_the_token)
{
    place_write(&p, "t", " \n");
    assert_parts(HTTPS, "tokenFile: t", LEAKDIAG_E_INVALID,
                 "DIR/config:7:20: user u: DIR/t: token file is empty (relative paths count from "
                 "DIR)");
    place_write(&p, "t", "\n " CANARY "\r\nX-Injected: 1\n");
    assert_parts(HTTPS, "tokenFile: t", LEAKDIAG_E_INVALID,
                 "DIR/config:7:20: user u: DIR/t: token file has control byte at offset 16 "
                 "(relative paths count from DIR)");
    place_write_bytes(&p, "t", CANARY "\0x", sizeof CANARY + 1);
    assert_parts(HTTPS, "tokenFile: t", LEAKDIAG_E_INVALID,
                 "DIR/config:7:20: user u: DIR/t: token file has control byte at offset 14 "
                 "(relative paths count from DIR)");
    assert_parts(HTTPS, "token: \"" CANARY "\\tb\"", LEAKDIAG_E_INVALID,
                 "DIR/config:7:20: user u: token has control byte at offset 14");
}
END_TEST

START_TEST(a_namespace_that_would_make_another_path_is_refused)
{
    leakdiag_cluster_options options = defaults;
    place_config(&p, HTTPS, "");
    options.namespace_name = "Otel_Demo";
    char *message = message_with(options, LEAKDIAG_E_INVALID);
    ck_assert_str_eq(message, "namespace Otel_Demo (from option): byte 1 is not allowed; "
                              "lower-case letters, digits, and '-' within, are");
    free(message);
    options.namespace_name = "a/../b";
    message = message_with(options, LEAKDIAG_E_INVALID);
    ck_assert_str_eq(message, "namespace a/../b (from option): byte 2 is not allowed; lower-case "
                              "letters, digits, and '-' within, are");
    free(message);
}
END_TEST

START_TEST(headers_cannot_be_injected_through_impersonation)
{
    assert_parts(HTTPS, "token: t, as: \"a\\r\\nX: 1\"", LEAKDIAG_E_INVALID,
                 "DIR/config:7:30: user u: as has a control byte: no header may have it");
    assert_parts(HTTPS, "token: t, as: a, as-groups: [\"a\\nb\"]", LEAKDIAG_E_INVALID,
                 "DIR/config:7:37: user u: as-groups has a control byte: no header may have it");
}
END_TEST

/* ---- warnings ---- */

static void assert_warning(const leakdiag_cluster *cluster, size_t i, const char *expected)
{
    const char *warning = leakdiag_cluster_warning(cluster, i);
    ck_assert_ptr_nonnull(warning);
    char *short_form = replaced(warning, p.dir, "DIR");
    ck_assert_str_eq(short_form, expected);
    free(short_form);
}

START_TEST(over_plain_http_nothing_is_sent_and_that_is_said)
{
    place_config(&p, "server: 'http://127.0.0.1:80'", "token: " CANARY ", as: jane");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    ck_assert_uint_eq(leakdiag_cluster_warning_count(cluster), 1);
    assert_warning(cluster, 0,
                   "credentials are not sent over plain http: http://127.0.0.1:80 is "
                   "asked as anonymous; use https");
    ld_origin *origin = origin_of(cluster);
    ck_assert_ptr_null(origin->authorization);
    ck_assert_ptr_null(origin->headers);
    ck_assert_ptr_null(origin->key_pem);
    ck_assert_int_eq(leakdiag_cluster_is_tls_verified(cluster), 0);
    ld_origin_free(origin);
    leakdiag_cluster_free(cluster);
    leakdiag_cluster_options options = defaults;
    options.impersonate = "joe";
    char *message = message_with(options, LEAKDIAG_E_INVALID);
    ck_assert_str_eq(message, "acting as joe needs https: over plain http to http://127.0.0.1:80 "
                              "nothing of it is sent");
    free(message);
}
END_TEST

START_TEST(a_key_file_that_others_can_read_is_warned_of)
{
    place_write(&p, "c.pem", PEM_CERT);
    place_write(&p, "k.pem", PEM_KEY);
    place_chmod(&p, "k.pem", 0640);
    place_config(&p, HTTPS, "client-certificate: c.pem, client-key: k.pem");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    ck_assert_uint_eq(leakdiag_cluster_warning_count(cluster), 1);
    assert_warning(cluster, 0, "key file DIR/k.pem is readable by others; chmod 600 it");
    leakdiag_cluster_free(cluster);
    place_chmod(&p, "k.pem", 0600);
    cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    ck_assert_uint_eq(leakdiag_cluster_warning_count(cluster), 0);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(missing_files_of_the_list_and_unchecked_certificates_are_warned_of)
{
    place_config(&p, HTTPS ", insecure-skip-tls-verify: true", "token: t");
    char *list = replaced("DIR/gone:DIR/config:DIR/gone", "DIR", p.dir);
    p.around.kubeconfig = list;
    leakdiag_cluster *cluster = NULL;
    ck_assert_int_eq(ld_cluster_open_in(NULL, &p.around, &cluster, NULL), LEAKDIAG_OK);
    ck_assert_uint_eq(leakdiag_cluster_warning_count(cluster), 2);
    assert_warning(cluster, 0, "KUBECONFIG names DIR/gone, which is not there");
    assert_warning(cluster, 1,
                   "cluster c: the server's certificate is not checked "
                   "(insecure-skip-tls-verify): anybody may answer for it");
    ck_assert_ptr_null(leakdiag_cluster_warning(cluster, 2));
    ck_assert_int_eq(leakdiag_cluster_is_tls_verified(cluster), 0);
    leakdiag_cluster_free(cluster);
    free(list);
}
END_TEST

START_TEST(a_plugin_beside_another_credential_is_not_run_and_that_is_said)
{
    place_config(&p, HTTPS,
                 "token: t, exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: p}");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    assert_warning(cluster, 0,
                   "user u of DIR/config: the exec plugin is not run: there is a token too");
    assert_authorization(cluster, "Bearer t");
    ck_assert(!ld_cluster_can_refresh(cluster));
    leakdiag_cluster_free(cluster);
}
END_TEST

/* ---- secrets ---- */

static void assert_no_canary(const char *text)
{
    ck_assert_msg(!text || !strstr(text, CANARY), "a secret in: %s", text);
}

static void assert_quiet(const char *config)
{
    leakdiag_cluster *cluster = NULL;
    leakdiag_error err = {0};
    leakdiag_cluster_options options = defaults;
    options.exec_policy = LEAKDIAG_EXEC_ALLOW;
    place_write(&p, "config", config);
    if (place_open_with(&p, options, &cluster, &err)) {
        assert_no_canary(err.message);
        return;
    }
    char *json = NULL;
    ck_assert_int_eq(leakdiag_cluster_to_json(cluster, &json, NULL), LEAKDIAG_OK);
    assert_no_canary(json);
    leakdiag_free(json);
    for (size_t i = 0; i < leakdiag_cluster_warning_count(cluster); i++)
        assert_no_canary(leakdiag_cluster_warning(cluster, i));
    ld_origin *origin = NULL;
    if (ld_cluster_origin(cluster, 20000, NULL, NULL, &origin, &err))
        assert_no_canary(err.message);
    ld_origin_free(origin);
    leakdiag_cluster_free(cluster);
}

static const char with_canaries[] =
    "apiVersion: v1\nkind: Config\ncurrent-context: x\n"
    "clusters:\n- name: c\n  cluster:\n    server: https://127.0.0.1:1/" CANARY "x\n"
    "    proxy-url: http://me:" CANARY "@proxy:1\n"
    "users:\n- name: u\n  user:\n    username: me\n    password: " CANARY "\n"
    "- name: t\n  user:\n    token: " CANARY "\n"
    "- name: k\n  user: {client-certificate-data: " CANARY ", client-key-data: " CANARY "}\n"
    "- name: e\n  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1\n"
    "      interactiveMode: Never\n      command: sh\n"
    "      args: [-c, 'echo " CANARY "; echo " CANARY "1 >&2; exit 3']\n"
    "      env: [{name: SECRET, value: " CANARY "}]\n"
    "- name: o\n  user: {auth-provider: {name: oidc, config: {id-token: " CANARY "}}}\n"
    "contexts:\n- name: x\n  context: {cluster: c, user: u}\n";

START_TEST(no_secret_is_told_whichever_user_is_meant)
{
    /* The server's path is no secret: it is asked for in what follows. */
    char *base = replaced(with_canaries, "/" CANARY "x", "");
    static const char *const users[] = {"u", "t", "k", "e", "o"};
    for (size_t i = 0; i < COUNT(users); i++) {
        char named[64];
        snprintf(named, sizeof named, "cluster: c, user: %s}", users[i]);
        char *config = replaced(base, "cluster: c, user: u}", named);
        assert_quiet(config);
        free(config);
    }
    free(base);
}
END_TEST

/* Every prefix, and every byte replaced by ones that break YAML: the error is near the secret. */
START_TEST(no_secret_is_told_of_a_broken_file)
{
    static const char breaking[] = "\t:{[\"'&*!%@`\x01\xff,";
    char *base = replaced(with_canaries, "/" CANARY "x", "");
    size_t len = strlen(base);
    for (size_t i = 0; i < len; i++) {
        char *broken = strdup(base);
        broken[i] = breaking[i % (sizeof breaking - 1)];
        assert_quiet(broken);
        broken[i] = '\0';
        assert_quiet(broken);
        free(broken);
    }
    free(base);
}
END_TEST

START_TEST(no_secret_is_told_of_broken_json)
{
    static const char json[] =
        "{\"current-context\":\"x\",\"clusters\":[{\"name\":\"c\",\"cluster\":{\"server\":"
        "\"https://h\"}}],\"users\":[{\"name\":\"u\",\"user\":{\"token\":\"" CANARY "\","
        "\"" CANARY "\":1,\"" CANARY "\":2}}],\"contexts\":[{\"name\":\"x\",\"context\":"
        "{\"cluster\":\"c\",\"user\":\"u\"}}]}";
    assert_quiet(json);
    for (size_t i = 1; i < sizeof json - 1; i++) {
        char *broken = strdup(json);
        broken[i] = i % 2 ? '"' : '{';
        assert_quiet(broken);
        broken[i] = '\0';
        assert_quiet(broken);
        free(broken);
    }
    assert_quiet("users: [{name: u, user: {" CANARY ", " CANARY "}}]\n");
}
END_TEST

/* ---- out of memory ---- */

static leakdiag_status open_and_ask(void)
{
    leakdiag_cluster *cluster = NULL;
    ld_origin *origin = NULL;
    char *json = NULL;
    leakdiag_cluster_options options = defaults;
    options.impersonate = "joe";
    leakdiag_status status = ld_cluster_open_in(&options, &p.around, &cluster, NULL);
    if (!status)
        status = ld_cluster_origin(cluster, 1000, NULL, NULL, &origin, NULL);
    if (!status)
        status = leakdiag_cluster_to_json(cluster, &json, NULL);
    char *why = NULL;
    if (!status)
        status = ld_cluster_why_refused(cluster, &why, NULL);
    leakdiag_free(why);
    leakdiag_free(json);
    ld_origin_free(origin);
    leakdiag_cluster_free(cluster);
    return status;
}

START_TEST(every_failing_allocation_is_out_of_memory_and_leaks_nothing)
{
    place_write(&p, "ca", PEM_CERT);
    place_write(&p, "k", PEM_KEY);
    place_write(&p, "t", "token");
    place_chmod(&p, "k", 0644);
    place_config(&p,
                 HTTPS ", certificate-authority: ca, tls-server-name: n, proxy-url: 'socks5://p'",
                 "client-certificate: ca, client-key: k, tokenFile: t, as: a, as-groups: [g], "
                 "as-user-extra: {k: [v]}");
    char *list = replaced("DIR/gone:DIR/config", "DIR", p.dir);
    p.around.kubeconfig = list;
    ck_assert_uint_gt(torture_run(open_and_ask), 100);
    free(list);
}
END_TEST

START_TEST(every_failing_allocation_in_a_pod_is_out_of_memory_and_leaks_nothing)
{
    place_write(&p, "serviceaccount/token", "t");
    place_write(&p, "serviceaccount/ca.crt", PEM_CERT);
    place_write(&p, "serviceaccount/namespace", "n");
    p.around.service_host = "::1";
    p.around.service_port = "443";
    ck_assert_uint_gt(torture_run(open_and_ask), 30);
}
END_TEST

static void add_messages(TCase *tests)
{
    tcase_add_test(tests, a_list_of_missing_files_names_each_and_says_not_in_a_cluster_either);
    tcase_add_test(tests, without_anything_the_home_folder_is_named);
    tcase_add_test(tests, a_list_as_the_one_kubeconfig_is_told_where_lists_go);
    tcase_add_test(tests, an_undefined_context_comes_with_at_most_ten_that_are_defined);
    tcase_add_test(tests, without_a_current_context_the_contexts_are_named);
    tcase_add_test(tests, an_undefined_cluster_or_user_is_told_with_who_names_it);
    tcase_add_test(tests, a_syntax_error_has_its_line_and_column_and_nothing_of_the_file);
    tcase_add_test(tests, deep_large_and_cyclic_files_are_refused_at_once);
    tcase_add_test(tests, a_name_defined_twice_is_told_with_both_lines);
    tcase_add_test(tests, what_is_no_kubeconfig_is_told_so);
    tcase_add_test(tests, a_folder_or_device_is_no_kubeconfig);
    tcase_add_test(tests, a_missing_or_wrong_authority_names_its_path_and_what_it_is_relative_to);
    tcase_add_test(tests, an_authority_and_insecure_contradict_each_other);
    tcase_add_test(tests, servers_that_are_no_url_are_told_what_one_looks_like);
    tcase_add_test(tests, certificates_and_keys_that_are_no_use_say_why);
    tcase_add_test(tests, kinds_of_credentials_that_are_gone_say_what_took_their_place);
    tcase_add_test(tests, token_files_that_no_header_can_carry_say_the_offset_and_not_the_token);
    tcase_add_test(tests, a_namespace_that_would_make_another_path_is_refused);
    tcase_add_test(tests, headers_cannot_be_injected_through_impersonation);
}

int main(void)
{
    Suite *suite = suite_create("kubeconfig");
    TCase *tests = tcase_create("messages");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 100);
    add_messages(tests);
    tcase_add_test(tests, over_plain_http_nothing_is_sent_and_that_is_said);
    tcase_add_test(tests, a_key_file_that_others_can_read_is_warned_of);
    tcase_add_test(tests, missing_files_of_the_list_and_unchecked_certificates_are_warned_of);
    tcase_add_test(tests, a_plugin_beside_another_credential_is_not_run_and_that_is_said);
    tcase_add_test(tests, no_secret_is_told_whichever_user_is_meant);
    tcase_add_test(tests, no_secret_is_told_of_a_broken_file);
    tcase_add_test(tests, no_secret_is_told_of_broken_json);
    tcase_add_test(tests, every_failing_allocation_is_out_of_memory_and_leaks_nothing);
    tcase_add_test(tests, every_failing_allocation_in_a_pod_is_out_of_memory_and_leaks_nothing);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
