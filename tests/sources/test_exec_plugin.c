/* Credential plugins, good and hostile: small shell scripts in the test's own folder. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "net/cluster_state.h"
#include "sources/clusters.h"

#define CANARY "canary7c1f2e9b"
#define GOOD                                                                                       \
    "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\","       \
    "\"status\":{\"token\":\"" CANARY "\"}}'\n"

static place p;

static void set_up(void)
{
    place_make(&p);
}

static void tear_down(void)
{
    place_remove(&p);
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The plugin, and a kubeconfig that names it, with more of its exec entry. */
static void plugin(const char *script, const char *more)
{
    char *text = NULL, *user = NULL;
    ck_assert_int_gt(asprintf(&text, "#!/bin/sh\n%s", script), 0);
    place_write(&p, "plugin", text);
    place_chmod(&p, "plugin", 0700);
    ck_assert_int_gt(asprintf(&user,
                              "exec: {apiVersion: client.authentication.k8s.io/v1, command: "
                              "./plugin, interactiveMode: Never%s%s}",
                              *more ? ", " : "", more),
                     0);
    place_config(&p, HTTPS, user);
    free(user);
    free(text);
}

/* The message of a run, with DIR and N for what changes; freed by the caller. */
static char *failure(leakdiag_cluster *cluster, int64_t deadline_ms, leakdiag_status expected)
{
    ld_origin *origin = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = ld_cluster_origin(cluster, deadline_ms, NULL, NULL, &origin, &err);
    ck_assert_msg(status == expected, "status %d: %s", (int)status, err.message);
    ck_assert_ptr_null(origin);
    ck_assert_msg(!strstr(err.message, CANARY), "a secret in: %s", err.message);
    char *message = replaced(err.message, p.dir, "DIR"), *after = strstr(message, "(after ");
    if (after) {
        size_t digits = strspn(after + 7, "0123456789");
        ck_assert_uint_gt(digits, 0);
        after[7] = 'N';
        memmove(after + 8, after + 7 + digits, strlen(after + 7 + digits) + 1);
    }
    return message;
}

static void assert_failure(const char *script, const char *expected)
{
    plugin(script, "");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    char *message = failure(cluster, 20000, LEAKDIAG_E_AUTH);
    ck_assert_str_eq(message, expected);
    free(message);
    leakdiag_cluster_free(cluster);
}

/* What the plugin left in a file; freed by the caller. */
static char *left(const char *name)
{
    char *path = place_path(&p, name), *text = NULL;
    size_t len;
    ck_assert_int_eq(ld_secret_read_file(path, &text, &len, NULL, NULL), LEAKDIAG_OK);
    free(path);
    return text;
}

static size_t runs(void)
{
    char *text = left("runs");
    size_t n = strlen(text);
    leakdiag_free(text);
    return n;
}

#define COUNT_RUN "printf x >> \"$(dirname \"$0\")/runs\"\n"

/* ---- what works ---- */

START_TEST(a_token_of_a_plugin_is_shown_and_got_once)
{
    plugin(COUNT_RUN GOOD, "");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    char *path = place_path(&p, "runs");
    ck_assert_msg(access(path, F_OK) != 0, "opening must run nothing");
    free(path);
    ck_assert(ld_cluster_can_refresh(cluster));
    for (int i = 0; i < 3; i++)
        assert_authorization(cluster, "Bearer " CANARY);
    ck_assert_uint_eq(runs(), 1);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(a_certificate_of_a_plugin_is_shown)
{
    plugin("cat <<'E'\n{\"kind\":\"ExecCredential\",\"apiVersion\":"
           "\"client.authentication.k8s.io/v1\",\"status\":{\"clientCertificateData\":"
           "\"-----BEGIN CERTIFICATE-----\\nA\\n-----END CERTIFICATE-----\\n\",\"clientKeyData\":"
           "\"-----BEGIN PRIVATE KEY-----\\nA\\n-----END PRIVATE KEY-----\\n\"}}\nE\n",
           "");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    ld_origin *origin = origin_of(cluster);
    ck_assert_ptr_null(origin->authorization);
    ck_assert_str_eq(origin->certificate_pem,
                     "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n");
    ck_assert_str_eq(origin->key_pem,
                     "-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n");
    ld_origin_free(origin);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(a_plugin_gets_its_arguments_variables_and_info_and_the_parents_environment)
{
    char *const environment[] = {(char[]){"KEPT=parent"}, (char[]){"OVER=parent"},
                                 (char[]){"KUBERNETES_EXEC_INFO=old"}, NULL};
    p.around.environment = environment;
    plugin("d=${0%/*}\nfor a in \"$@\"; do echo \"$a\"; done > \"$d/args\"\n"
           "echo \"$KEPT $OVER $OWN\" > \"$d/env\"\necho \"$KUBERNETES_EXEC_INFO\" > \"$d/info\"\n"
           "cat > \"$d/stdin\"\n" GOOD,
           "args: ['a b', '$(touch x)', ''], provideClusterInfo: true, "
           "env: [{name: OVER, value: kubeconfig}, {name: OWN, value: 'x;y'}]");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    assert_authorization(cluster, "Bearer " CANARY);
    leakdiag_cluster_free(cluster);
    static const char *const expected[][2] = {
        {"args", "a b\n$(touch x)\n\n"},
        {"env", "parent kubeconfig x;y\n"},
        {"info", "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\","
                 "\"spec\":{\"cluster\":{\"server\":\"https://127.0.0.1:6443\"},"
                 "\"interactive\":false}}\n"},
        {"stdin", ""},
    };
    for (size_t i = 0; i < COUNT(expected); i++) {
        char *text = left(expected[i][0]);
        ck_assert_str_eq(text, expected[i][1]);
        leakdiag_free(text);
    }
}
END_TEST

START_TEST(what_a_plugin_is_told_of_the_cluster_has_its_authority_and_its_own_config)
{
    static const char config[] =
        "current-context: x\nclusters:\n- name: c\n  cluster:\n    server: https://127.0.0.1:1/p\n"
        "    tls-server-name: inner\n    certificate-authority: ca\n    extensions:\n"
        "    - {name: other, extension: {a: b}}\n    - name: client.authentication.k8s.io/exec\n"
        "      extension: {audience: me, n: 5, q: '5', on: true, none: null, list: [1, a]}\n"
        "users:\n- name: u\n  user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, "
        "command: p, provideClusterInfo: true}}\n"
        "contexts: [{name: x, context: {cluster: c, user: u}}]\n";
    place_write(&p, "ca", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    place_write(&p, "config", config);
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    ck_assert_str_eq(
        cluster->credentials.exec->info,
        "{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"kind\":\"ExecCredential\","
        "\"spec\":{\"cluster\":{\"certificate-authority-data\":"
        "\"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=\","
        "\"config\":{\"audience\":\"me\",\"list\":[1,\"a\"],\"n\":5,\"none\":null,\"on\":true,"
        "\"q\":\"5\"},\"server\":\"https://127.0.0.1:1/p\",\"tls-server-name\":\"inner\"},"
        "\"interactive\":false}}");
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(a_bare_name_is_looked_for_in_path_and_not_in_the_current_folder)
{
    char *path = replaced(".::DIR:/bin:/usr/bin", "DIR", p.dir);
    plugin(GOOD, "");
    p.around.path = path;
    place_config(&p, HTTPS,
                 "exec: {apiVersion: client.authentication.k8s.io/v1, command: plugin, "
                 "interactiveMode: IfAvailable}");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    assert_authorization(cluster, "Bearer " CANARY);
    leakdiag_cluster_free(cluster);
    p.around.path = ".::/nowhere";
    char before[4096];
    ck_assert_ptr_nonnull(getcwd(before, sizeof before));
    ck_assert_int_eq(chdir(p.dir), 0);
    cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    char *message = failure(cluster, 5000, LEAKDIAG_E_AUTH);
    ck_assert_int_eq(chdir(before), 0);
    ck_assert_str_eq(message, "user u of DIR/config: exec plugin: plugin is not in PATH; install "
                              "it or put its folder into PATH");
    free(message);
    leakdiag_cluster_free(cluster);
    free(path);
}
END_TEST

START_TEST(a_plugin_inherits_no_file_and_no_blocked_signal_of_the_host)
{
    sigset_t set, before;
    int leaky[2];
    ck_assert_int_eq(pipe(leaky), 0); /* without O_CLOEXEC: a careless host */
    sigfillset(&set);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    plugin("ls /proc/self/fd > \"${0%/*}/fds\"\n" GOOD, "");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    assert_authorization(cluster, "Bearer " CANARY);
    leakdiag_cluster_free(cluster);
    /* Not through a shell: that one empties its mask itself. */
    char *user = replaced("exec: {apiVersion: client.authentication.k8s.io/v1, command: cp, "
                          "interactiveMode: Never, args: [/proc/self/status, 'DIR/status']}",
                          "DIR", p.dir);
    place_config(&p, HTTPS, user);
    cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    free(failure(cluster, 5000, LEAKDIAG_E_AUTH)); /* it says nothing */
    leakdiag_cluster_free(cluster);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(leaky[0]);
    close(leaky[1]);
    char *fds = left("fds"), *status = left("status");
    ck_assert_str_eq(fds, "0\n1\n2\n3\n"); /* 3: that of ls itself */
    ck_assert_ptr_nonnull(strstr(status, "SigBlk:\t0000000000000000\n"));
    leakdiag_free(fds);
    leakdiag_free(status);
    free(user);
}
END_TEST

/* ---- row 11: not there ---- */

START_TEST(a_missing_plugin_is_told_with_its_hint_made_safe)
{
    place_config(&p, HTTPS,
                 "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, "
                 "command: no-such-plugin, installHint: \"get it:\\n\\e[31mhttps://x\"}");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    char *message = failure(cluster, 5000, LEAKDIAG_E_AUTH);
    ck_assert_str_eq(message, "user u of DIR/config: exec plugin: no-such-plugin is not in PATH; "
                              "install it or put its folder into PATH; its kubeconfig says: get "
                              "it: \\x1b[31mhttps://x");
    free(message);
    leakdiag_cluster_free(cluster);
    plugin(GOOD, "");
    place_chmod(&p, "plugin", 0600);
    cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    message = failure(cluster, 5000, LEAKDIAG_E_AUTH);
    ck_assert_str_eq(message, "user u of DIR/config: exec plugin: DIR/plugin is not there, or is "
                              "no program; install it");
    free(message);
    leakdiag_cluster_free(cluster);
}
END_TEST

/* ---- row 12: hostile ones ---- */

START_TEST(an_exit_code_comes_with_the_last_lines_masked)
{
    assert_failure("echo one >&2; echo two >&2\nprintf 'th\\033ree\\n' >&2\n"
                   "echo 'token=" CANARY "' >&2\necho " CANARY "\nexit 3\n",
                   "user u of DIR/config: exec plugin: DIR/plugin exited with 3 (after N ms); it "
                   "said: two th\\x1bree token=[masked]; run it by hand to see why");
    assert_failure("kill -9 $$\n", "user u of DIR/config: exec plugin: DIR/plugin was killed by "
                                   "signal 9 (after N ms); run it by hand to see why");
}
END_TEST

START_TEST(what_the_kubeconfig_gave_the_plugin_and_long_tokens_are_masked_too)
{
    plugin("echo \"bad $SECRET and $1 and abcdefghijklmnop0123456789\" >&2\nexit 1\n",
           "args: ['an-argument-" CANARY "'], env: [{name: SECRET, value: " CANARY "}]");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    char *message = failure(cluster, 5000, LEAKDIAG_E_AUTH);
    ck_assert_str_eq(message, "user u of DIR/config: exec plugin: DIR/plugin exited with 1 (after "
                              "N ms); it said: bad [masked] and [masked] and [masked]; "
                              "run it by hand to see why");
    free(message);
    leakdiag_cluster_free(cluster);
}
END_TEST

static void assert_no_use(const char *answer, const char *why)
{
    char *script = NULL, *expected = NULL;
    ck_assert_int_gt(asprintf(&script, "cat <<'E'\n%s\nE\n", answer), 0);
    ck_assert_int_gt(asprintf(&expected,
                              "user u of DIR/config: exec plugin: DIR/plugin ended, but "
                              "its answer is no use: %s (after N ms)",
                              why),
                     0);
    assert_failure(script, expected);
    free(script);
    free(expected);
}

#define ANSWER(status)                                                                             \
    "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\"," status "}"

START_TEST(answers_that_are_no_use_each_have_their_text)
{
    assert_failure("true\n", "user u of DIR/config: exec plugin: DIR/plugin ended, but its answer "
                             "is no use: it said nothing on its standard output (after N ms)");
    assert_no_use("{\"token\": \"" CANARY "\"", "not one JSON object");
    assert_no_use("[]", "not one JSON object");
    assert_no_use("{\"kind\":\"Config\"}", "its kind is not ExecCredential");
    assert_no_use("{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/"
                  "v1beta1\",\"status\":{\"token\":\"" CANARY "\"}}",
                  "the kubeconfig says apiVersion client.authentication.k8s.io/v1, the plugin "
                  "another; make the kubeconfig anew with the plugin's own tool");
    assert_no_use(ANSWER("\"spec\":{}"), "it has no status; is the plugin logged in?");
    assert_no_use(ANSWER("\"status\":{}"),
                  "status has no token and no client certificate; is the plugin logged in?");
    assert_no_use(ANSWER("\"status\":{\"clientKeyData\":\"" CANARY "\"}"),
                  "clientCertificateData and clientKeyData go together, one is missing");
    assert_no_use(ANSWER("\"status\":{\"token\":\"" CANARY "\\n\"}"),
                  "token has control byte at offset 14");
    assert_no_use(ANSWER("\"status\":{\"token\":\"t\",\"expirationTimestamp\":\"soon\"}"),
                  "expirationTimestamp is not a time like 2026-11-23T14:31:00Z");
}
END_TEST

/* Gone, or a zombie that its parent, not ours, has yet to collect. */
static void assert_ends(int pid)
{
    char path[64], state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    for (int64_t end_ms = monotonic_ms() + 5000; monotonic_ms() < end_ms;) {
        FILE *file = fopen(path, "r");
        if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
            state = 'Z';
        if (file)
            fclose(file);
        if (!file || state == 'Z')
            return;
    }
    ck_abort_msg("process %d still runs, state %c", pid, state);
}

START_TEST(a_plugin_that_hangs_is_ended_with_its_children)
{
    plugin("sleep 600 &\necho $! > \"${0%/*}/pid\"\nwait\n", "");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    int64_t started_ms = monotonic_ms();
    char *message = failure(cluster, 500, LEAKDIAG_E_AUTH);
    int64_t took_ms = monotonic_ms() - started_ms;
    ck_assert_str_eq(message, "user u of DIR/config: exec plugin: DIR/plugin did not end in time "
                              "and was ended (after N ms); does it wait for a login? run it by "
                              "hand once");
    ck_assert_int_ge(took_ms, 500);
    ck_assert_int_lt(took_ms, 2400);
    char *pid = left("pid");
    assert_ends(atoi(pid));
    leakdiag_free(pid);
    free(message);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(a_plugin_that_ignores_the_first_signal_is_killed)
{
    plugin("trap '' TERM\necho $$ > \"${0%/*}/pid\"\nwhile :; do sleep 0.1; done\n", "");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    free(failure(cluster, 300, LEAKDIAG_E_AUTH));
    char *pid = left("pid");
    assert_ends(atoi(pid));
    leakdiag_free(pid);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(too_much_output_is_stopped)
{
    assert_failure("yes " CANARY "\n",
                   "user u of DIR/config: exec plugin: DIR/plugin wrote more than 1 MiB to its "
                   "standard output (after N ms); is it a credential plugin?");
}
END_TEST

START_TEST(a_flood_of_complaints_is_no_failure)
{
    plugin("yes | head -c 300000 >&2\n" GOOD, "");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    assert_authorization(cluster, "Bearer " CANARY);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(a_grandchild_that_keeps_the_pipe_open_does_not_keep_us)
{
    plugin("sleep 600 &\n" GOOD, "");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    int64_t started_ms = monotonic_ms();
    assert_authorization(cluster, "Bearer " CANARY);
    ck_assert_int_lt(monotonic_ms() - started_ms, 5000);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(a_host_that_ignores_sigchld_gets_its_token_too)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGCHLD, &ignore, &before);
    plugin(GOOD, "");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    assert_authorization(cluster, "Bearer " CANARY);
    leakdiag_cluster_free(cluster);
    sigaction(SIGCHLD, &before, NULL);
}
END_TEST

START_TEST(no_plugin_is_left_as_a_zombie)
{
    plugin("exit 1\n", "");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    free(failure(cluster, 5000, LEAKDIAG_E_AUTH));
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* ECHILD: there is no child */
    leakdiag_cluster_free(cluster);
}
END_TEST

/* ---- may it be run? ---- */

START_TEST(the_default_policy_runs_nothing)
{
    plugin(GOOD, "");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_DENY);
    ck_assert(!ld_cluster_can_refresh(cluster));
    char *message = failure(cluster, 5000, LEAKDIAG_E_AUTH);
    ck_assert_str_eq(message, "user u of DIR/config: exec plugin: DIR/plugin is not run: the "
                              "policy is to run no exec plugin; allow it, or use a token");
    free(message);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(only_listed_programs_are_run_when_there_is_a_list)
{
    char *path = place_path(&p, "plugin");
    const char *const wrong[] = {"plugin", "/usr/bin/plugin", NULL}, *const right[] = {path, NULL};
    plugin(GOOD, "");
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    leakdiag_cluster *cluster = NULL;
    options.exec_policy = LEAKDIAG_EXEC_ALLOWED;
    options.exec_allowed = wrong;
    ck_assert_int_eq(place_open_with(&p, options, &cluster, NULL), LEAKDIAG_OK);
    char *message = failure(cluster, 5000, LEAKDIAG_E_AUTH);
    ck_assert_str_eq(message, "user u of DIR/config: exec plugin: DIR/plugin is not in the list of "
                              "allowed plugins; add this absolute path to it");
    free(message);
    leakdiag_cluster_free(cluster);
    options.exec_allowed = NULL; /* an empty list allows none */
    ck_assert_int_eq(place_open_with(&p, options, &cluster, NULL), LEAKDIAG_OK);
    free(failure(cluster, 5000, LEAKDIAG_E_AUTH));
    leakdiag_cluster_free(cluster);
    options.exec_allowed = right;
    ck_assert_int_eq(place_open_with(&p, options, &cluster, NULL), LEAKDIAG_OK);
    assert_authorization(cluster, "Bearer " CANARY);
    leakdiag_cluster_free(cluster);
    free(path);
}
END_TEST

static void assert_refused(const char *expected)
{
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    char *message = failure(cluster, 5000, LEAKDIAG_E_AUTH);
    ck_assert_str_eq(message, expected);
    free(message);
    leakdiag_cluster_free(cluster);
}

START_TEST(a_kubeconfig_that_others_may_write_runs_nothing)
{
    static const mode_t modes[] = {0620, 0602, 0666};
    plugin(GOOD, "");
    for (size_t i = 0; i < COUNT(modes); i++) {
        place_chmod(&p, "config", modes[i]);
        assert_refused("user u of DIR/config: exec plugin: DIR/plugin is not run: DIR/config is "
                       "writable by others; chmod go-w it");
    }
    place_chmod(&p, "config", 0644);
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    assert_authorization(cluster, "Bearer " CANARY);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(a_kubeconfig_of_another_user_runs_nothing_unless_it_is_of_root)
{
    plugin(GOOD, "");
    uid_t own = p.around.uid;
    p.around.uid = own + 12345; /* as if we were another user */
    if (own != 0) {
        char *expected = NULL;
        ck_assert_int_gt(asprintf(&expected,
                                  "user u of DIR/config: exec plugin: DIR/plugin is not "
                                  "run: DIR/config belongs to user %lu; make a copy "
                                  "that is yours",
                                  (unsigned long)own),
                         0);
        assert_refused(expected);
        free(expected);
        return;
    }
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    assert_authorization(cluster, "Bearer " CANARY);
    leakdiag_cluster_free(cluster);
    char *path = place_path(&p, "config");
    ck_assert_int_eq(chown(path, 4711, (gid_t)-1), 0);
    free(path);
    assert_refused("user u of DIR/config: exec plugin: DIR/plugin is not run: DIR/config belongs "
                   "to user 4711; make a copy that is yours");
}
END_TEST

START_TEST(a_plugin_that_must_talk_to_somebody_is_not_run)
{
    plugin(GOOD, "");
    place_config(&p, HTTPS,
                 "exec: {apiVersion: client.authentication.k8s.io/v1, command: "
                 "./plugin, interactiveMode: Always}");
    assert_refused("user u of DIR/config: exec plugin: DIR/plugin is not run: its interactiveMode "
                   "is Always, and there is nobody to type; log in with it by hand, or set "
                   "IfAvailable");
}
END_TEST

/* ---- when it is run again ---- */

/* A plugin whose token has its run number in it, and expires at that time. */
static void counting_plugin(const char *expires)
{
    char *script = NULL;
    ck_assert_int_gt(
        asprintf(&script,
                 COUNT_RUN
                 "n=$(wc -c < \"${0%%/*}/runs\")\n[ -e \"${0%%/*}/fail\" ] && exit 9\n"
                 "cat <<E\n{\"kind\":\"ExecCredential\",\"apiVersion\":"
                 "\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"t$n\"%s%s%s}"
                 "}\nE\n",
                 *expires ? ",\"expirationTimestamp\":\"" : "", expires, *expires ? "\"" : ""),
        0);
    plugin(script, "");
    free(script);
}

START_TEST(a_token_is_renewed_before_it_expires_and_not_sooner)
{
    counting_plugin("2026-11-23T14:09:31Z"); /* an hour after the place's clock */
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    int64_t start_ms = p.now_ms;
    assert_authorization(cluster, "Bearer t1");
    p.now_ms = start_ms + 3600000 - 60001; /* a minute is less than a tenth of the hour */
    assert_authorization(cluster, "Bearer t1");
    p.now_ms = start_ms + 3600000 - 60000;
    assert_authorization(cluster, "Bearer t2");
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(a_short_token_is_renewed_in_its_last_tenth)
{
    counting_plugin("2026-11-23T13:11:11Z"); /* 100 s */
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    int64_t start_ms = p.now_ms;
    assert_authorization(cluster, "Bearer t1");
    p.now_ms = start_ms + 89999;
    assert_authorization(cluster, "Bearer t1");
    p.now_ms = start_ms + 90000;
    assert_authorization(cluster, "Bearer t2");
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(a_failing_renewal_uses_the_old_token_while_it_holds)
{
    counting_plugin("2026-11-23T14:09:31Z");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    int64_t start_ms = p.now_ms;
    assert_authorization(cluster, "Bearer t1");
    place_write(&p, "fail", "");
    p.now_ms = start_ms + 3600000 - 30000;
    assert_authorization(cluster, "Bearer t1");
    assert_authorization(cluster, "Bearer t1"); /* and it is not tried each time */
    ck_assert_uint_eq(runs(), 2);
    p.now_ms = start_ms + 3600000;
    char *message = failure(cluster, 5000, LEAKDIAG_E_AUTH);
    ck_assert_ptr_nonnull(strstr(message, "exited with 9"));
    free(message);
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(a_token_without_expiry_holds_until_it_is_refused)
{
    counting_plugin("");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    assert_authorization(cluster, "Bearer t1");
    p.now_ms += INT64_C(86400000) * 365;
    assert_authorization(cluster, "Bearer t1");
    ld_cluster_refused(cluster);
    assert_authorization(cluster, "Bearer t2");
    assert_authorization(cluster, "Bearer t2");
    place_write(&p, "fail", "");
    ld_cluster_refused(cluster);
    free(failure(cluster, 5000, LEAKDIAG_E_AUTH));
    leakdiag_cluster_free(cluster);
}
END_TEST

START_TEST(a_token_that_has_expired_already_is_used_once)
{
    counting_plugin("2020-01-01T00:00:00Z"); /* a skewed clock: the server decides */
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    assert_authorization(cluster, "Bearer t1");
    assert_authorization(cluster, "Bearer t2");
    leakdiag_cluster_free(cluster);
}
END_TEST

/* ---- threads ---- */

#define THREADS 8

static leakdiag_cluster *shared;
static pthread_barrier_t barrier;

static void *ask_for_origin(void *payload)
{
    leakdiag_status *ret = payload;
    ld_origin *origin = NULL;
    pthread_barrier_wait(&barrier);
    *ret = ld_cluster_origin(shared, 20000, NULL, NULL, &origin, NULL);
    if (!*ret && strcmp(origin->authorization, "Bearer " CANARY) != 0)
        *ret = LEAKDIAG_E_PROTOCOL;
    ld_origin_free(origin);
    return NULL;
}

static void ask_with_threads(leakdiag_status expected)
{
    pthread_t threads[THREADS];
    leakdiag_status status[THREADS];
    shared = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_for_origin, &status[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(status[i], expected);
    pthread_barrier_destroy(&barrier);
    leakdiag_cluster_free(shared);
    ck_assert_uint_eq(runs(), 1);
}

/* The plugin waits until all threads wait for it or, at the latest, a second. */
START_TEST(eight_threads_run_a_plugin_once)
{
    plugin(COUNT_RUN "sleep 1\n" GOOD, "");
    ask_with_threads(LEAKDIAG_OK);
}
END_TEST

START_TEST(eight_threads_share_the_failure_of_one_run)
{
    plugin(COUNT_RUN "sleep 1\nexit 1\n", "");
    ask_with_threads(LEAKDIAG_E_AUTH);
}
END_TEST

static void *ask_alone(void *payload)
{
    *(leakdiag_status *)payload = LEAKDIAG_OK;
    ld_origin *origin = NULL;
    *(leakdiag_status *)payload = ld_cluster_origin(shared, 20000, NULL, NULL, &origin, NULL);
    ld_origin_free(origin);
    return NULL;
}

START_TEST(who_waits_for_another_threads_run_keeps_its_own_deadline_and_cancel)
{
    pthread_t thread;
    leakdiag_status status = LEAKDIAG_OK, first = LEAKDIAG_E_IO;
    leakdiag_cancel *cancel = NULL;
    ld_origin *origin = NULL;
    leakdiag_error err = {0};
    plugin("touch \"${0%/*}/started\"\nuntil [ -e \"${0%/*}/go\" ]; do sleep 0.02; done\n" GOOD,
           "");
    shared = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    ck_assert_int_eq(pthread_create(&thread, NULL, ask_alone, &first), 0);
    char *started = place_path(&p, "started");
    for (int64_t end_ms = monotonic_ms() + 10000; access(started, F_OK) != 0;)
        ck_assert_int_lt(monotonic_ms(), end_ms);
    status = ld_cluster_origin(shared, 100, NULL, NULL, &origin, &err);
    ck_assert_int_eq(status, LEAKDIAG_E_TIMEOUT);
    ck_assert_uint_eq(err.flags, LEAKDIAG_ERROR_RETRIABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "its exec plugin is still running"));
    ck_assert_int_eq(leakdiag_cancel_new(&cancel, NULL), LEAKDIAG_OK);
    leakdiag_cancel_trigger(cancel);
    ck_assert_int_eq(ld_cluster_origin(shared, 10000, cancel, NULL, &origin, NULL),
                     LEAKDIAG_E_CANCELLED);
    place_write(&p, "go", "");
    pthread_join(thread, NULL);
    ck_assert_int_eq(first, LEAKDIAG_OK);
    leakdiag_cancel_free(cancel);
    leakdiag_cluster_free(shared);
    free(started);
}
END_TEST

static void *cancel_when_started(void *payload)
{
    char *started = place_path(&p, "started");
    while (access(started, F_OK) != 0)
        ;
    leakdiag_cancel_trigger(payload);
    free(started);
    return NULL;
}

START_TEST(a_cancelled_run_ends_the_plugin)
{
    pthread_t thread;
    leakdiag_cancel *cancel = NULL;
    ld_origin *origin = NULL;
    plugin("touch \"${0%/*}/started\"\nsleep 600\n", "");
    leakdiag_cluster *cluster = place_open(&p, LEAKDIAG_EXEC_ALLOW);
    ck_assert_int_eq(leakdiag_cancel_new(&cancel, NULL), LEAKDIAG_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel_when_started, cancel), 0);
    ck_assert_int_eq(ld_cluster_origin(cluster, 20000, cancel, NULL, &origin, NULL),
                     LEAKDIAG_E_CANCELLED);
    pthread_join(thread, NULL);
    leakdiag_cancel_free(cancel);
    leakdiag_cluster_free(cluster);
}
END_TEST

static void add_hostile(TCase *tests)
{
    tcase_add_test(tests, a_missing_plugin_is_told_with_its_hint_made_safe);
    tcase_add_test(tests, an_exit_code_comes_with_the_last_lines_masked);
    tcase_add_test(tests, what_the_kubeconfig_gave_the_plugin_and_long_tokens_are_masked_too);
    tcase_add_test(tests, answers_that_are_no_use_each_have_their_text);
    tcase_add_test(tests, a_plugin_that_hangs_is_ended_with_its_children);
    tcase_add_test(tests, a_plugin_that_ignores_the_first_signal_is_killed);
    tcase_add_test(tests, too_much_output_is_stopped);
    tcase_add_test(tests, a_flood_of_complaints_is_no_failure);
    tcase_add_test(tests, a_grandchild_that_keeps_the_pipe_open_does_not_keep_us);
    tcase_add_test(tests, a_host_that_ignores_sigchld_gets_its_token_too);
    tcase_add_test(tests, no_plugin_is_left_as_a_zombie);
    tcase_add_test(tests, the_default_policy_runs_nothing);
    tcase_add_test(tests, only_listed_programs_are_run_when_there_is_a_list);
    tcase_add_test(tests, a_kubeconfig_that_others_may_write_runs_nothing);
    tcase_add_test(tests, a_kubeconfig_of_another_user_runs_nothing_unless_it_is_of_root);
    tcase_add_test(tests, a_plugin_that_must_talk_to_somebody_is_not_run);
}

int main(void)
{
    Suite *suite = suite_create("exec plugin");
    TCase *tests = tcase_create("plugins");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_token_of_a_plugin_is_shown_and_got_once);
    tcase_add_test(tests, a_certificate_of_a_plugin_is_shown);
    tcase_add_test(tests,
                   a_plugin_gets_its_arguments_variables_and_info_and_the_parents_environment);
    tcase_add_test(tests,
                   what_a_plugin_is_told_of_the_cluster_has_its_authority_and_its_own_config);
    tcase_add_test(tests, a_bare_name_is_looked_for_in_path_and_not_in_the_current_folder);
    tcase_add_test(tests, a_plugin_inherits_no_file_and_no_blocked_signal_of_the_host);
    add_hostile(tests);
    tcase_add_test(tests, a_token_is_renewed_before_it_expires_and_not_sooner);
    tcase_add_test(tests, a_short_token_is_renewed_in_its_last_tenth);
    tcase_add_test(tests, a_failing_renewal_uses_the_old_token_while_it_holds);
    tcase_add_test(tests, a_token_without_expiry_holds_until_it_is_refused);
    tcase_add_test(tests, a_token_that_has_expired_already_is_used_once);
    tcase_add_test(tests, eight_threads_run_a_plugin_once);
    tcase_add_test(tests, eight_threads_share_the_failure_of_one_run);
    tcase_add_test(tests, who_waits_for_another_threads_run_keeps_its_own_deadline_and_cancel);
    tcase_add_test(tests, a_cancelled_run_ends_the_plugin);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
