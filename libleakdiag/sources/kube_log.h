/* The log of one container of one pod, from one look to the next.
 *
 * It is asked for by its last lines: those that were counted before are found in them, and what
 * follows is new (logs/stitch.h). More is only asked for when they are not there. The first look
 * asks for the instance before at once, so that whoever looks once waits for two rounds and not for
 * three; later ones ask for it when the current log was read. */
#ifndef LD_SOURCES_KUBE_LOG_H
#define LD_SOURCES_KUBE_LOG_H

#include "sources/asking.h"
#include "wire/kube.h"

typedef struct ld_log_reading {
    char *url;
    ld_http_request request;
    int64_t tail_lines; /* 0: all of it */
    bool is_under_way;
    leakdiag_status status;
    leakdiag_error why;
} ld_log_reading;

typedef struct ld_pod_log {
    ld_asking *asking;
    char *ns, *pod, *container;
    ld_log_memory *memory; /* how far it was read */
    int64_t restarts, started_ms;
    bool is_ended;        /* what the cluster said before it was asked */
    bool counts_previous; /* at the first look: the instance before ended in the window */
    bool has_previous;
    /* The last lines and all, of the current instance and of the one before. */
    ld_log_reading readings[4];
    ld_seam seam;
    leakdiag_status status; /* of it all */
    leakdiag_error why;
} ld_pod_log;

/* Asks for the lines since the last look, or for the last ones at the first look. E_NOMEM only. */
leakdiag_status ld_pod_log_begin(ld_pod_log *log, ld_asking *asking, const ld_kube_pod *pod,
                                 const ld_kube_instance *instance, leakdiag_error *err);
leakdiag_status ld_pod_log_finish(ld_pod_log *log, ld_facts *facts, leakdiag_error *err);
void ld_pod_log_done(ld_pod_log *log);

/* Some look has asked for it. */
bool ld_pod_log_is_known(const ld_memories *memories, const ld_kube_pod *pod,
                         const char *container);
/* A pod that has gone, and whose log no look has asked for. */
leakdiag_status ld_pod_log_add_missed(ld_asking *asking, const ld_kube_pod *pod,
                                      const ld_kube_instance *instance, ld_facts *facts,
                                      leakdiag_error *err);
/* What happened to the pods of that selector since the last look is not known, and why: there may
 * have been pods, and nobody has read their logs. */
leakdiag_status ld_pod_logs_add_unknown(ld_asking *asking, const char *ns, const char *selector,
                                        int64_t since_ms, const char *why, ld_facts *facts,
                                        leakdiag_error *err);

/* The pods of this look are all known: what was followed and not asked for now has gone, and what
 * it wrote last was not seen. */
leakdiag_status ld_pod_logs_gone(ld_asking *asking, ld_facts *facts, leakdiag_error *err);

#endif
