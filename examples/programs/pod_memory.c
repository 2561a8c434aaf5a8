/* How much memory do the pods of a workload have? pod_memory deploy/NAME [NAMESPACE] */
#include <leakdiag/pods.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    leakdiag_cluster_options where = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    leakdiag_cluster *cluster = NULL;
    leakdiag_pods *pods = NULL;
    leakdiag_error err = {0};
    where.namespace_name = argc > 2 ? argv[2] : NULL;
    where.exec_policy = LEAKDIAG_EXEC_ALLOW; /* as kubectl: run the login that it names */
    if (leakdiag_cluster_open(&where, &cluster, &err) ||
        leakdiag_pods_read(cluster, argc > 1 ? argv[1] : NULL, NULL, &pods, &err))
        fprintf(stderr, "%s\n", err.message);
    for (size_t i = 0; pods && i < leakdiag_pods_len(pods); i++) {
        printf("%s/%s: ", leakdiag_pods_pod(pods, i), leakdiag_pods_container(pods, i));
        if (leakdiag_pods_no_sample(pods, i)[0])
            printf("unknown: %s\n", leakdiag_pods_no_sample(pods, i));
        else
            printf("%.0f bytes, limit %s\n", leakdiag_pods_working_set_bytes(pods, i),
                   leakdiag_pods_limit_text(pods, i) ? leakdiag_pods_limit_text(pods, i) : "none");
    }
    leakdiag_pods_free(pods);
    leakdiag_cluster_free(cluster);
    return err.status != LEAKDIAG_OK;
}
