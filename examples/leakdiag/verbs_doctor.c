/* doctor: what can be reached from here, and what to do about what cannot. */
#include <string.h>
#include <unistd.h>

#include "again.h"
#include "cluster.h"
#include "look.h"
#include "verbs.h"

static void looked(cli_look *look)
{
    look_done(look);
}

static void memory_free(leakdiag_memory **p)
{
    leakdiag_memory_free(*p);
}

typedef enum cli_health { HEALTH_OK, HEALTH_MISSING, HEALTH_NOTE, HEALTH_UNKNOWN } cli_health;

static void print_item(cli_health health, const char *what, const char *detail, const char *next)
{
    static const char *const words[] = {"ok", "missing", "note", "unknown"};
    static const paint paints[] = {PAINT_GOOD, PAINT_BAD, PAINT_DIM, PAINT_WARN};
    printf("%s%-8s%s", paint_on(paints[health]), words[health], paint_off());
    print_safe(stdout, what);
    if (detail[0]) {
        printf(": ");
        print_safe(stdout, detail);
    }
    putchar('\n');
    if (!next)
        return;
    printf("        next: ");
    print_command(stdout, next);
    putchar('\n');
}

/* --- this machine --------------------------------------------------------------------------------
 */

static void print_cgroups(void)
{
    bool v2 = access("/sys/fs/cgroup/cgroup.controllers", R_OK) == 0;
    bool v2_beside = access("/sys/fs/cgroup/unified/cgroup.controllers", R_OK) == 0;
    bool v1 = access("/sys/fs/cgroup/memory/memory.usage_in_bytes", R_OK) == 0;
    if (v2)
        print_item(HEALTH_OK, "cgroup v2", "/sys/fs/cgroup", NULL);
    if (v1)
        print_item(HEALTH_OK, "cgroup v1", "/sys/fs/cgroup/memory", NULL);
    if (!v2 && !v1)
        print_item(HEALTH_MISSING, "memory cgroups",
                   v2_beside ? "only the empty v2 tree beside v1" : "not mounted",
                   "limits and OOM kills cannot be seen; --pid still shows the resident set");
}

static void print_own_memory(void)
{
    CLEANUP(memory_free) leakdiag_memory *memory = NULL;
    leakdiag_error err = {0};
    char text[128];
    if (leakdiag_memory_of_process(getpid(), NULL, &memory, &err)) {
        print_item(HEALTH_MISSING, "memory of a process", err.message, "is /proc mounted?");
        return;
    }
    snprintf(text, sizeof text, "by %s", leakdiag_memory_kind(memory));
    print_item(HEALTH_OK, "memory of a process", text, NULL);
}

/* --- sources of the scenario ---------------------------------------------------------------------
 */

typedef struct step {
    const char *kind, *next;
} step;

static const step local_steps[] = {
    {"flag", "kubectl -n otel-demo port-forward svc/flagd 8016, or --set ofrep_url=URL"},
    {"load", "kubectl -n otel-demo port-forward svc/load-generator 8089, or --set locust_url=URL"},
    {"log", "--set log_file=FILE"},
    {"memory", "--pid N, --cgroup PATH or --csv FILE"},
    {"series", "--csv FILE"},
    {NULL, NULL},
};
/* In a cluster the messages name the right that is missing; what is left is another place. */
static const step cluster_steps[] = {
    {"flag", "if it is elsewhere: --set flagd=NAME, or --set ofrep_url=URL"},
    {"load", "if it is elsewhere: --set load_generator=NAME, or --set locust_url=URL"},
    {"series",
     "if it is elsewhere: --set prometheus_url=URL; without it nothing is known of before"},
    {"workload", "leakdiag top shows what is there; --set deployment=NAME or "
                 "--set flagd=NAME"},
    {NULL, NULL},
};

/* A right that is missing is told above with its rule, a server that does not answer with its
 * address, and a Service without a pod is no other place.
 */
static const char *next_step(const cli_look *look, bool is_reached, const char *kind,
                             const char *error)
{
    if (look->cluster && (!is_reached || strstr(error, ": HTTP 403: ")))
        return NULL;
    if (look->cluster && strstr(error, "no endpoints available"))
        return "leakdiag top shows whether its pod is ready";
    for (const step *s = look->cluster ? cluster_steps : local_steps; s->kind; s++) {
        if (strcmp(s->kind, kind) == 0)
            return s->next;
    }
    return NULL;
}

/* "leakdiag top" of a step is about the cluster that was asked. */
static void print_step(const cli_args *args, const char *next)
{
    static const char top[] = "leakdiag top";
    size_t len = strncmp(next, top, sizeof top - 1) == 0 ? sizeof top - 1 : 0;
    CLEANUP(place_free) char *place = len ? same_cluster(args) : NULL;
    printf("        next: ");
    if (len)
        print_command(stdout, top);
    print_safe(stdout, place ? place : "");
    print_command(stdout, next + len);
    putchar('\n');
}

static void print_fact(const cli_args *args, const cli_look *look, bool is_reached, size_t i)
{
    const leakdiag_observation *observation = look->observation;
    const char *kind = leakdiag_observation_fact_kind(observation, i);
    const char *error = leakdiag_observation_fact_error(observation, i);
    int64_t latency_ms = leakdiag_observation_fact_latency_ms(observation, i);
    char what[512], answered[64] = "answered";
    if (!error[0])
        error = leakdiag_observation_fact_trouble(observation, i);
    snprintf(what, sizeof what, "%s from %s", kind,
             leakdiag_observation_fact_source(observation, i));
    if (latency_ms >= 0)
        snprintf(answered, sizeof answered, "answered in %lld ms", (long long)latency_ms);
    print_item(error[0] ? HEALTH_MISSING : HEALTH_OK, what, error[0] ? error : answered, NULL);
    const char *next = error[0] ? next_step(look, is_reached, kind, error) : NULL;
    if (next)
        print_step(args, next);
}

/* What a look may be given, and the parameter by which a scenario takes it; NULL: each does. */
static const struct {
    const char *kind, *param;
} givable[] = {
    {"flag", "ofrep_url"}, {"memory", NULL}, {"log", "log_file"}, {"load", "locust_url"}};

static bool takes(const leakdiag_scenario *scenario, const char *param)
{
    size_t n = leakdiag_scenario_param_count(scenario);
    for (size_t i = 0; param && i < n; i++)
        if (strcmp(leakdiag_scenario_param_name(scenario, i), param) == 0)
            return true;
    return !param;
}

static bool is_seen(const leakdiag_observation *observation, const char *kind)
{
    for (size_t i = 0; i < leakdiag_observation_fact_count(observation); i++)
        if (strcmp(leakdiag_observation_fact_kind(observation, i), kind) == 0)
            return true;
    return false;
}

static void print_unnamed(const cli_look *look, bool is_reached)
{
    for (size_t k = 0; k < sizeof givable / sizeof *givable; k++) {
        const char *kind = givable[k].kind;
        if (!is_seen(look->observation, kind) && takes(look->scenario, givable[k].param))
            print_item(HEALTH_NOTE, kind, "no source is named",
                       next_step(look, is_reached, kind, ""));
    }
}

static void print_sources(const cli_args *args, const cli_look *look, bool is_reached)
{
    size_t n = leakdiag_observation_fact_count(look->observation);
    const char *name = leakdiag_scenario_name(look->scenario);
    const char *space = look->cluster ? leakdiag_cluster_namespace_name(look->cluster) : "";
    size_t len = strlen(space);
    bool is_said = !len || (strncmp(name, space, len) == 0 && name[len] == '/');
    printf("\n%sSources%s of %s%s%s\n", paint_on(PAINT_BOLD), paint_off(), name,
           is_said ? "" : " in namespace ", is_said ? "" : space);
    for (size_t i = 0; i < n; i++)
        print_fact(args, look, is_reached, i);
    print_unnamed(look, is_reached);
}

/* --- the cluster ---------------------------------------------------------------------------------
 */

/* A certificate is checked in a handshake: before one, it is only known what will be done. */
static void print_tls(const leakdiag_cluster *cluster, bool is_reached)
{
    bool is_tls = strncmp(leakdiag_cluster_server(cluster), "https", 5) == 0;
    if (!is_tls)
        print_item(HEALTH_NOTE, "TLS", "none: plain http, so no credentials are sent", NULL);
    else if (!leakdiag_cluster_is_tls_verified(cluster))
        print_item(HEALTH_NOTE, "TLS",
                   "the server's certificate is not checked, as the kubeconfig says", NULL);
    else if (is_reached)
        print_item(HEALTH_OK, "TLS", "the server's certificate is checked", NULL);
    else
        print_item(HEALTH_UNKNOWN, "TLS",
                   "no answer; the server's certificate will be checked when one comes", NULL);
}

static void print_clock(bool is_reached, int64_t skew_ms)
{
    char text[128], figure[FIGURE_BYTES];
    if (!is_reached) {
        print_item(HEALTH_UNKNOWN, "clock", "no answer", NULL);
        return;
    }
    format_duration((skew_ms < 0 ? -1.0 : 1.0) * (double)skew_ms / 1e3, figure);
    snprintf(text, sizeof text, "the cluster's is %s %s this machine's; times are told by it",
             figure, skew_ms > 0 ? "ahead of" : "behind");
    print_item(skew_ms ? HEALTH_NOTE : HEALTH_OK, "clock",
               skew_ms ? text : "the cluster's and this machine's agree within 3 s", NULL);
}

static void print_server(const leakdiag_cluster *cluster, bool is_reached)
{
    char text[512], next[512];
    snprintf(text, sizeof text, "%s (%s)%s", leakdiag_cluster_server(cluster),
             leakdiag_cluster_origin(cluster), is_reached ? "" : ", which does not answer");
    snprintf(next, sizeof next,
             "is %s the right address, and is it running? --kubeconfig FILE or --context NAME "
             "name another",
             leakdiag_cluster_server(cluster));
    print_item(is_reached ? HEALTH_OK : HEALTH_MISSING, "server", text, is_reached ? NULL : next);
}

static void print_cluster(const leakdiag_cluster *cluster, bool is_reached, int64_t skew_ms)
{
    const char *source = leakdiag_cluster_namespace_source(cluster);
    const char *context = leakdiag_cluster_context(cluster), *user = leakdiag_cluster_user(cluster);
    char text[512];
    printf("\n%sCluster%s\n", paint_on(PAINT_BOLD), paint_off());
    print_server(cluster, is_reached);
    if (context)
        print_item(HEALTH_OK, "context", context, NULL);
    snprintf(text, sizeof text, "%s (%s%s)", leakdiag_cluster_namespace_name(cluster),
             strcmp(source, "default") == 0 ? "by " : "from the ", source);
    print_item(HEALTH_OK, "namespace", text, NULL);
    print_item(user ? HEALTH_OK : HEALTH_NOTE, "user", user ? user : "none in the kubeconfig",
               NULL);
    print_tls(cluster, is_reached);
    print_clock(is_reached, skew_ms);
}

static void print_right(const leakdiag_access *access, size_t i)
{
    char what[600], why[700];
    const char *group = leakdiag_access_group(access, i), *name = leakdiag_access_name(access, i);
    const char *sub = leakdiag_access_subresource(access, i);
    const char *reason = leakdiag_access_reason(access, i);
    leakdiag_access_state state = leakdiag_access_get_state(access, i);
    snprintf(what, sizeof what, "%s %s%s%s%s%s%s%s in %s", leakdiag_access_verb(access, i),
             leakdiag_access_resource(access, i), sub[0] ? "/" : "", sub, group[0] ? "." : "",
             group, name[0] ? " " : "", name, leakdiag_access_namespace_name(access, i));
    if (state == LEAKDIAG_ACCESS_ALLOWED) {
        print_item(HEALTH_OK, what, "", NULL);
        return;
    }
    bool is_denied = state == LEAKDIAG_ACCESS_DENIED;
    snprintf(why, sizeof why, "%s%s; not seen without it: %s%s%s",
             is_denied ? "denied" : "not known", is_denied ? "" : " whether it is there",
             leakdiag_access_purpose(access, i), reason[0] ? "; " : "", reason);
    print_item(is_denied ? HEALTH_MISSING : HEALTH_NOTE, what, why, NULL);
}

static void print_rules(const cli_args *args, const leakdiag_access *access)
{
    CLEANUP(text_free) char *rules = NULL;
    leakdiag_error err = {0};
    if (leakdiag_access_missing_rules(access, &rules, &err) || !rules[0])
        return;
    CLEANUP(place_free) char *place = same_place(args, "rbac");
    print_command(stdout, "        next: add these rules to a Role; leakdiag rbac");
    print_safe(stdout, place ? place : "");
    printf(" prints all of it\n");
    for (const char *line = rules; *line;) {
        size_t len = strcspn(line, "\n");
        printf("        ");
        print_safe_bytes(stdout, line, len);
        putchar('\n');
        line += len + (line[len] == '\n');
    }
}

/* The same reason for all of them is told once. */
static bool none_is_known(const leakdiag_access *access)
{
    size_t n = leakdiag_access_len(access);
    for (size_t i = 0; i < n; i++)
        if (leakdiag_access_get_state(access, i) != LEAKDIAG_ACCESS_UNKNOWN)
            return false;
    return n > 0;
}

/* What asking for the rights told. */
typedef struct review {
    leakdiag_access *access; /* NULL: nobody was asked, and err says why */
    leakdiag_error err;
    bool is_reached; /* the server answered, if only with a refusal */
} review;

static void review_done(review *r)
{
    leakdiag_access_free(r->access);
}

static int ask_rights(const cli_args *args, const cli_look *look, review *ret)
{
    leakdiag_access_options options = LEAKDIAG_ACCESS_OPTIONS_INIT;
    options.cancel = interrupts_cancel();
    options.log = log_option(args);
    int code = duration_option(args, "request-timeout", 0, &options.deadline_ms);
    if (code)
        return code;
    if (leakdiag_access_review(look->cluster, look->scenario, NULL, &options, &ret->access,
                               &ret->err))
        return 0;
    ret->is_reached = !none_is_known(ret->access) ||
                      strstr(leakdiag_access_reason(ret->access, 0), "HTTP ") != NULL;
    return 0;
}

static void print_rights(const cli_args *args, const review *r)
{
    printf("\n%sRights%s\n", paint_on(PAINT_BOLD), paint_off());
    if (!r->access || none_is_known(r->access)) {
        print_item(HEALTH_MISSING, "rights",
                   r->access ? leakdiag_access_reason(r->access, 0) : r->err.message, NULL);
        return;
    }
    for (size_t i = 0; i < leakdiag_access_len(r->access); i++)
        print_right(r->access, i);
    print_rules(args, r->access);
}

/* Whether the cluster answered; true without one. */
static int print_place(const cli_args *args, const cli_look *look, bool is_local, bool *ret_reached)
{
    CLEANUP(review_done) review r = {0};
    *ret_reached = true;
    if (!look->cluster) {
        if (!is_local)
            print_item(HEALTH_NOTE, "cluster", "no kubeconfig",
                       "--kubeconfig FILE, or set KUBECONFIG");
        return 0;
    }
    int code = ask_rights(args, look, &r);
    if (code)
        return code;
    print_cluster(look->cluster, r.is_reached, r.access ? leakdiag_access_skew_ms(r.access) : 0);
    print_rights(args, &r);
    *ret_reached = r.is_reached;
    return 0;
}

static int answered_status(const leakdiag_observation *observation)
{
    size_t n = leakdiag_observation_fact_count(observation);
    for (size_t i = 0; i < n; i++)
        if (!leakdiag_observation_fact_error(observation, i)[0] &&
            !leakdiag_observation_fact_trouble(observation, i)[0])
            return 0;
    return fail(EXIT_TOOL, "nothing answered; what is said above of each source is the next step");
}

static int run_doctor(const cli_args *args)
{
    CLEANUP(looked) cli_look look = {0};
    bool workload = args_has(args, "pid") || args_has(args, "cgroup") || args_has(args, "csv") ||
                    args_has(args, "selector") || workload_operand(args);
    int code = check_workload(args);
    if (code)
        return code;
    printf("leakdiag %s, libleakdiag %s (built with %s)\n", LEAKDIAG_VERSION, leakdiag_version(),
           BUILT_WITH);
    print_cgroups();
    print_own_memory();
    code = look_now(args, workload ? "any-workload" : "otel-demo/checkout", &look);
    bool is_reached = true;
    if (!code)
        code = print_place(args, &look, workload, &is_reached);
    if (code)
        return code;
    print_sources(args, &look, is_reached);
    if (interrupted())
        return interrupted();
    return answered_status(look.observation);
}

const cli_verb verb_doctor = {
    .name = "doctor",
    .about = "what can be reached from here, and the next steps",
    .operands = "[deploy/NAME|pod/NAME]",
    .operands_max = 1,
    .examples = "  leakdiag doctor\n"
                "  leakdiag doctor --context staging -n otel-demo\n"
                "  leakdiag doctor --set ofrep_url=http://flagd:8016\n",
    .notes = "Exit status 0 when something answered, 1 when nothing did.\n",
    .more = look_groups,
    .run = run_doctor,
};
