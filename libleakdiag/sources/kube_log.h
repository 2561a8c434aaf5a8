/* The log of one container of one pod, from one look to the next. */
#ifndef LD_SOURCES_KUBE_LOG_H
#define LD_SOURCES_KUBE_LOG_H

#include "sources/asking.h"
#include "wire/kube.h"

typedef struct ld_pod_log {
    ld_asking *asking;
    char *ns, *pod, *container;
    char *source; /* of the facts */
    char *url;
    ld_http_request request;
    ld_memory_of *memory; /* how far it was read; NULL: out of memory */
    bool is_previous;     /* of the instance before */
    int64_t started_ms;   /* of the instance whose log it is; 0 not known */
    int64_t next_ms;      /* of a previous one: when its successor started; 0 not known */
    bool has_overlap;     /* the line that was counted last is there again: nothing was lost */
    leakdiag_error why;
    leakdiag_status invalid;
} ld_pod_log;

/* Asks for the lines since the last look, or for the last ones at the first look. previous: of the
 * instance that ended. E_NOMEM only. */
leakdiag_status ld_pod_log_begin(ld_pod_log *log, ld_asking *asking, const ld_kube_pod *pod,
                                 const char *container, bool previous, leakdiag_error *err);
leakdiag_status ld_pod_log_finish(ld_pod_log *log, ld_facts *facts, leakdiag_error *err);
void ld_pod_log_done(ld_pod_log *log);

#endif
