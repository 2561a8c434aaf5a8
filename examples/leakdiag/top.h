/* Pods as a table. */
#ifndef CLI_TOP_H
#define CLI_TOP_H

#include "cli.h"

/* The pods of a workload (NULL: of a namespace) in the format of --output. The exit status. */
int print_pods(const cli_args *args, const char *workload, const leakdiag_pods *pods);

static inline void pods_free(leakdiag_pods **p)
{
    leakdiag_pods_free(*p);
}

#endif
