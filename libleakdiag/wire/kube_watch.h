/* A watch of the Kubernetes API: one event is one line of JSON, and lines come in any chunks. Pure.
 *
 * A watch ends cleanly when its time is over: go on from resource_version. It breaks off with an
 * ERROR event or a status before any: E_CONFLICT says that the version is too old (410), so that
 * the list must be read again; all others as in wire/kube.h. */
#ifndef LD_WIRE_KUBE_WATCH_H
#define LD_WIRE_KUBE_WATCH_H

#include "base/text.h"
#include "wire/kube.h"

#define LD_KUBE_EVENT_MAX_BYTES ((size_t)4 << 20) /* an object is at most 1.5 MiB in the store */

typedef enum ld_kube_event_kind {
    LD_KUBE_ADDED,
    LD_KUBE_MODIFIED,
    LD_KUBE_DELETED, /* the pod as it was last */
    LD_KUBE_BOOKMARK /* nothing but a newer version */
} ld_kube_event_kind;

typedef struct ld_kube_event {
    ld_kube_event_kind kind;
    ld_kube_pods pods; /* the one pod; none for a BOOKMARK */
} ld_kube_event;

typedef struct ld_kube_watch {
    ld_text line;           /* the unfinished one */
    char *resource_version; /* of the last event; NULL none yet */
    int64_t n_events;
} ld_kube_watch;

void ld_kube_watch_done(ld_kube_watch *watch);

/* "…/pods?watch=true&…" from that version on, for so many seconds; selector may be NULL. */
leakdiag_status ld_kube_path_watch(const char *ns, const char *selector,
                                   const char *resource_version, int64_t timeout_s, char **ret,
                                   leakdiag_error *err);

/* More bytes. on_event borrows the event; false stops it: LEAKDIAG_OK, and the rest is not read. A
 * failure is final, and so is what was read of its chunk before it: those events were given.
 * E_CONFLICT and the others of an ERROR event; E_PROTOCOL for what is no event; E_LIMIT for a line
 * beyond LD_KUBE_EVENT_MAX_BYTES; E_NOMEM. */
leakdiag_status ld_kube_watch_push(ld_kube_watch *watch, const ld_kube_asked *asked,
                                   const char *data, size_t len,
                                   bool (*on_event)(const ld_kube_event *event, void *payload),
                                   void *payload, leakdiag_error *err);

#endif
