#include "cluster.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const option cluster_options[] = {
    {"kubeconfig", 0, "FILE", NULL, HINT_FILE, false,
     "default: $KUBECONFIG, ~/.kube/config, or the pod's own cluster"},
    {"context", 0, "NAME", NULL, HINT_NONE, false, "a context of the kubeconfig"},
    {"namespace", 'n', "NAME", NULL, HINT_NONE, false, "the namespace"},
    {"as", 0, "USER", NULL, HINT_NONE, false, "act as somebody else (impersonation)"},
    {0},
};
static const option workload_options[] = {
    {"selector", 'l', "LABELS", NULL, HINT_NONE, false,
     "pods by labels (default: the Deployment's own selector)"},
    {"container", 'c', "NAME", NULL, HINT_NONE, false, "a container of the pod"},
    {0},
};

const option_group cluster_group = {"Which cluster", cluster_options};
const option_group workload_group = {"Which pods", workload_options};
const option_group *const cluster_groups[] = {&cluster_group, NULL};

bool parse_workload(const char *text, const char **ret_param, const char **ret_name)
{
    static const struct {
        const char *kind, *param;
    } kinds[] = {{"deploy/", "deployment"},
                 {"deployment/", "deployment"},
                 {"deployments/", "deployment"},
                 {"deployment.apps/", "deployment"},
                 {"pod/", "pod"},
                 {"pods/", "pod"},
                 {"po/", "pod"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(kinds[i].kind);
        if (strncmp(text, kinds[i].kind, n) != 0 || !text[n])
            continue;
        *ret_param = kinds[i].param;
        *ret_name = text + n;
        return true;
    }
    return false;
}

const char *workload_operand(const cli_args *args)
{
    bool is_taken = strstr(args->verb->operands, "deploy/NAME") != NULL;
    return is_taken && args->operand_count ? args->operands[0] : NULL;
}

int check_workload(const cli_args *args)
{
    const char *text = workload_operand(args), *param, *name;
    if (!text || parse_workload(text, &param, &name))
        return 0;
    return fail(EXIT_USAGE, "%s (%s): names no workload; write deploy/NAME or pod/NAME, or choose "
                            "pods of another kind by their labels: -l LABELS",
                args->verb->name, text);
}

bool means_cluster(const cli_args *args)
{
    static const char *const options[] = {"kubeconfig", "context",  "namespace",
                                          "as",         "selector", "container"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (args_has(args, options[i]))
            return true;
    return workload_operand(args) != NULL;
}

/* What is wrong with a kubeconfig is bad input; that it may not be read, or that there is no
 * memory, is not. */
static int tell_no_cluster(leakdiag_status status, const leakdiag_error *err, const char *otherwise)
{
    bool is_path = err->message[0] == '/';
    return fail(status == LEAKDIAG_E_NOT_FOUND ? EXIT_USAGE : exit_for(status), "%s%s%s%s",
                is_path ? "kubeconfig: " : "", err->message, otherwise ? "; " : "",
                otherwise ? otherwise : "");
}

static int tell_warnings(const leakdiag_cluster *cluster)
{
    for (size_t i = 0; i < leakdiag_cluster_warning_count(cluster); i++) {
        fputs("leakdiag: note: ", stderr);
        print_safe(stderr, leakdiag_cluster_warning(cluster, i));
        fputc('\n', stderr);
    }
    return 0;
}

/* Whether there is a kubeconfig that somebody may have meant. */
static bool has_kubeconfig(void)
{
    const char *list = getenv("KUBECONFIG"), *home = getenv("HOME");
    char path[4096];
    if (list && *list)
        return true;
    int len = snprintf(path, sizeof path, "%s/.kube/config", home ? home : "");
    return home && len > 0 && (size_t)len < sizeof path && access(path, F_OK) == 0;
}

static leakdiag_status open_it(const cli_args *args, leakdiag_cluster **ret, leakdiag_error *err)
{
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    options.kubeconfig = args_value(args, "kubeconfig");
    options.context = args_value(args, "context");
    options.namespace_name = args_value(args, "namespace");
    options.impersonate = args_value(args, "as");
    options.exec_policy = LEAKDIAG_EXEC_ALLOW; /* as kubectl does; the library itself denies */
    return leakdiag_cluster_open(&options, ret, err);
}

int open_cluster(const cli_args *args, leakdiag_cluster **ret)
{
    leakdiag_error err = {0};
    leakdiag_status status = open_it(args, ret, &err);
    if (status == LEAKDIAG_E_NOT_FOUND && !means_cluster(args) && !has_kubeconfig())
        return 0;
    return status ? tell_no_cluster(status, &err, NULL) : tell_warnings(*ret);
}

int need_cluster(const cli_args *args, const char *otherwise, leakdiag_cluster **ret)
{
    leakdiag_error err = {0};
    leakdiag_status status = open_it(args, ret, &err);
    bool is_none =
        status == LEAKDIAG_E_NOT_FOUND && !args_has(args, "kubeconfig") && !has_kubeconfig();
    return status ? tell_no_cluster(status, &err, is_none ? otherwise : NULL) : tell_warnings(*ret);
}

/* --- a service -----------------------------------------------------------------------------------
 */

#define DEMO_NAMESPACE "otel-demo"

void target_done(service_target *target)
{
    leakdiag_cluster_free(target->cluster);
}

/* Who says neither service nor namespace, nor has one in the kubeconfig, means the demo's. */
static const char *namespace_of(const cli_args *args, const leakdiag_cluster *cluster)
{
    bool is_said = args_has(args, "service") || args_has(args, "namespace") ||
                   strcmp(leakdiag_cluster_namespace_source(cluster), "default") != 0;
    return is_said ? leakdiag_cluster_namespace_name(cluster) : DEMO_NAMESPACE;
}

int choose_service(const cli_args *args, const char *url, const char *service, service_target *ret)
{
    const char *given_url = args_value(args, "url"), *given = args_value(args, "service");
    bool is_cluster = given || means_cluster(args);
    if (given_url && is_cluster)
        return fail(EXIT_USAGE, "--url: is asked as it is, without a cluster; leave it out, or the "
                                "cluster's options");
    if (!is_cluster) {
        ret->url = given_url ? given_url : url;
        ret->hint = given_url ? "" : "; or add -n otel-demo, to ask through the API server";
        snprintf(ret->where, sizeof ret->where, "%s", ret->url);
        return 0;
    }
    ret->hint = "";
    int code = need_cluster(args, "a URL needs none: --url URL", &ret->cluster);
    if (code)
        return code;
    ret->url = given ? given : service;
    ret->namespace_name = namespace_of(args, ret->cluster);
    snprintf(ret->where, sizeof ret->where, "%s/%s through the API server", ret->namespace_name,
             ret->url);
    return 0;
}
