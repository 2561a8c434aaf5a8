/* Memory of the pods of a Deployment. Usage: deployment_memory NAMESPACE NAME */
#include <leakdiag/pods.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    leakdiag_cluster *cluster = NULL;
    leakdiag_pods *pods = NULL;
    leakdiag_pods_options options = LEAKDIAG_PODS_OPTIONS_INIT;
    leakdiag_error err = {0};
    char workload[300];

    options.namespace_name = argc > 1 ? argv[1] : NULL;
    snprintf(workload, sizeof workload, "deploy/%s", argc > 2 ? argv[2] : "checkout");
    if (leakdiag_cluster_open(NULL, &cluster, &err) ||
        leakdiag_pods_read(cluster, workload, &options, &pods, &err)) {
        fprintf(stderr, "%s\n", err.message);
        leakdiag_cluster_free(cluster);
        return 1;
    }
    for (size_t i = 0; i < leakdiag_pods_len(pods); i++)
        printf("%s/%s: %.0f of %.0f bytes %s\n", leakdiag_pods_pod(pods, i),
               leakdiag_pods_container(pods, i), leakdiag_pods_working_set_bytes(pods, i),
               leakdiag_pods_limit_bytes(pods, i), leakdiag_pods_no_sample(pods, i));
    leakdiag_pods_free(pods);
    leakdiag_cluster_free(cluster);
    return 0;
}
