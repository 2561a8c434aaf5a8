#include "cluster.h"

#include <string.h>

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

bool means_cluster(const cli_args *args)
{
    static const char *const options[] = {"kubeconfig", "context",  "namespace",
                                          "as",         "selector", "container"};
    const char *param, *name;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (args_has(args, options[i]))
            return true;
    return args->operand_count && parse_workload(args->operands[0], &param, &name);
}

static void tell_warnings(const leakdiag_cluster *cluster)
{
    for (size_t i = 0; i < leakdiag_cluster_warning_count(cluster); i++) {
        fputs("leakdiag: note: ", stderr);
        print_safe(stderr, leakdiag_cluster_warning(cluster, i));
        fputc('\n', stderr);
    }
}

int open_cluster(const cli_args *args, leakdiag_cluster **ret)
{
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    leakdiag_error err = {0};
    options.kubeconfig = args_value(args, "kubeconfig");
    options.context = args_value(args, "context");
    options.namespace_name = args_value(args, "namespace");
    options.impersonate = args_value(args, "as");
    options.exec_policy = LEAKDIAG_EXEC_ALLOW; /* as kubectl does; the library itself denies */
    leakdiag_status status = leakdiag_cluster_open(&options, ret, &err);
    if (status == LEAKDIAG_E_NOT_FOUND && !means_cluster(args))
        return 0;
    if (status)
        return fail_with(status == LEAKDIAG_E_NOT_FOUND ? EXIT_USAGE : exit_for(status),
                         "kubeconfig", &err, NULL);
    tell_warnings(*ret);
    return 0;
}
