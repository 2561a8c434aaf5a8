/* The next command, about what this one was about. */
#ifndef CLI_AGAIN_H
#define CLI_AGAIN_H

#include <stdlib.h>

#include "cli.h"

/* What says which cluster, workload and scenario is meant, for the verb `to`, quoted for a shell:
 * " deploy/cart --kubeconfig kc -n shop"; "" for nothing. NULL without memory. To be freed
 * (place_free). */
char *same_place(const cli_args *args, const char *to);
static inline void place_free(char **p)
{
    free(*p);
}
/* Only the cluster and the namespace: " --kubeconfig kc -n shop". To be freed (place_free). */
char *same_cluster(const cli_args *args);
/* A report whose last line, "next: COMMAND", says it too. */
void print_with_place(const cli_args *args, const char *report);

#endif
