/* The answer of leakdiag_pods_read() from the inside. */
#ifndef LD_SOURCES_PODS_H
#define LD_SOURCES_PODS_H

#include <leakdiag/pods.h>
#include <stdbool.h>

#include "base/cleanup.h"

#define LD_PODS_ROWS_MAX 5000

/* Texts are safe for a terminal. */
typedef struct ld_pods_row {
    char *ns, *pod, *uid, *container, *node, *phase, *reason;
    char *limit_text, *soft_limit_text, *no_sample, *end_reason, *waiting_reason;
    bool is_ready, is_terminating;
    int has_limit;
    double working_set_bytes, limit_bytes, soft_limit_bytes;
    int64_t sample_ms, window_ms, restarts, end_code, ended_ms, started_ms;
} ld_pods_row;

struct leakdiag_pods {
    char *ns, *selector, *rollout, *detail;
    int64_t time_ms, skew_ms, replicas;
    ld_pods_row *rows;
    size_t n;
};

LD_DEFINE_CLEANUP(leakdiag_pods, leakdiag_pods_free, ld_pods_freep)

#endif
