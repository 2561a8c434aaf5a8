/* What happened to the pods of a selector between two looks: the events since the list of the look
 * before. A list says what is there now; a pod that came and went in between, or a container that
 * ended twice, is only in the events.
 *
 * It is a watch of one second that begins where the list before ended, asked for when the list of
 * this look is known: the API server sends at once what it remembers, so that no stream has to be
 * kept open and nothing is lost when it restarts. What it no longer remembers (410) is told. */
#ifndef LD_SOURCES_POD_WATCH_H
#define LD_SOURCES_POD_WATCH_H

#include "sources/asking.h"
#include "sources/kube_look.h"
#include "wire/kube_watch.h"

#define LD_POD_WATCH_FACTS_MAX 256 /* of one look */

typedef struct ld_pod_watch {
    const ld_kube_look *look; /* what is there now */
    const char *container;
    bool reads_logs;
    ld_memory_of *memory; /* the version of the last list; NULL: not begun */
    int64_t since_ms;     /* when that was */
    char *url;
    ld_http_request request;
    ld_kube_watch events;
    ld_facts found; /* ends of instances, and logs that nobody has read */
    leakdiag_status status;
    leakdiag_error why;
    bool is_gapless;     /* all events up to the list of this look were seen */
    bool is_too_much;    /* there were more than LD_POD_WATCH_FACTS_MAX */
    char no_events[256]; /* why nobody knows what happened since the last look; "": it is known, or
                            the next look asks for it again */
    bool is_gap;         /* so logs may have been missed */
} ld_pod_watch;

/* When the list of the look is known. It asks only from the second look on, and not about one pod,
 * nor when a look has less time than such a watch takes. E_NOMEM only. */
leakdiag_status ld_pod_watch_begin(ld_pod_watch *watch, const ld_kube_look *look,
                                   const char *container, bool reads_logs);
/* Moves its facts to the others, and remembers how far the events were seen. */
leakdiag_status ld_pod_watch_finish(ld_pod_watch *watch, ld_facts *facts, leakdiag_error *err);
void ld_pod_watch_done(ld_pod_watch *watch);

#endif
