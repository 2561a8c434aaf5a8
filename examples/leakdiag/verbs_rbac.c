/* rbac: the least Role that looking at a cluster needs. */
#include <string.h>

#include "cluster.h"
#include "verbs.h"

#define RUNBOOK "otel-demo/checkout"
#define ANY     "any-workload"

static int run_rbac(const cli_args *args)
{
    CLEANUP(scenario_free) leakdiag_scenario *scenario = NULL;
    CLEANUP(text_free) char *yaml = NULL;
    leakdiag_error err = {0};
    const char *ns = args_value(args, "namespace"), *parts = args_value(args, "for");
    int code = check_workload(args);
    if (!code)
        code = load_scenario(args, workload_operand(args) ? ANY : RUNBOOK, NULL, &scenario);
    if (code)
        return code;
    leakdiag_status status = leakdiag_rbac_yaml(scenario, ns, parts, &yaml, &err);
    if (status)
        return fail_with(exit_for(status), "rbac", &err,
                         ns ? NULL : "name the namespace with -n, and parts with --for read,proxy");
    fputs(yaml, stdout);
    return 0;
}

static const option rbac_options[] = {
    {"namespace", 'n', "NAME", NULL, HINT_NONE, false, "default: the scenario's"},
    {"for", 'f', "PARTS", NULL, HINT_NONE, false,
     "read (the Kubernetes API), proxy (services behind it); default both"},
    {"scenario", 's', "NAME|FILE", NULL, HINT_SCENARIO, false, "what is to be looked at"},
    {"set", 0, "NAME=VALUE", NULL, HINT_NONE, true, "give a parameter of the scenario a value"},
    {0},
};

const cli_verb verb_rbac = {
    .name = "rbac",
    .about = "the least Role that looking at a cluster needs, as YAML",
    .operands = "[deploy/NAME|pod/NAME]",
    .examples = "  leakdiag rbac > role.yaml   # name who in it, then: kubectl apply -f role.yaml\n"
                "  leakdiag rbac deploy/cart -n shop\n"
                "  leakdiag rbac --for read\n",
    .notes = "Nobody is asked: it is made from the scenario, " RUNBOOK " when none is given. What\n"
             "these credentials lack of it, leakdiag doctor says.\n",
    .options = rbac_options,
    .operands_max = 1,
    .run = run_rbac,
};
