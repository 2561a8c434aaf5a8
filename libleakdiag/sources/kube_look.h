/* A workload asked for: its Deployment, the pods that its own selector chooses, and their memory.
 *
 * The selector is only known when the Deployment has answered. Where a usual one is known, pods and
 * metrics are asked for with it at once, not to lose a round trip; when the Deployment says another
 * one, they are asked for again. */
#ifndef LD_SOURCES_KUBE_LOOK_H
#define LD_SOURCES_KUBE_LOOK_H

#include "sources/asking.h"
#include "wire/kube.h"

#define LD_PODS_MAX         16 /* looked at closely; all are counted */
#define LD_KUBE_LOOK_ROUNDS 2  /* the usual selector, the Deployment's own */

struct ld_kube_look {
    /* What is meant; set before ld_kube_look_begin(), borrowed until it is done. */
    ld_asking *asking;
    const char *ns;
    const char *deployment, *pod; /* "" for none; a pod wins */
    const char *fixed_selector; /* said by the caller: the Deployment's own does not count; NULL */
    const char *usual_selector; /* what is probably the Deployment's own; NULL: not known */
    bool wants_metrics, wants_all;             /* all: every pod when nothing else says which */
    void (*on_deployment)(ld_kube_look *look); /* it has answered, or it has not; may be NULL */
    void (*on_known)(
        ld_kube_look *look); /* pods are in, and they are the right ones; may be NULL */
    void *payload;
    /* What came. A status beside has_… says why not; LEAKDIAG_OK: not asked, or no answer yet. */
    char *selector; /* what pods and metrics were last asked with; NULL: none */
    bool has_deployment, has_pods, has_samples;
    ld_kube_deployment found;
    ld_kube_pods pods;
    ld_kube_samples samples;
    leakdiag_status deployment_status, pods_status, samples_status;
    leakdiag_error no_deployment, no_pods, no_samples;
    size_t round; /* answers to an earlier one are of the wrong selector */
    ld_http_request deployment_request;
    ld_http_request pods_requests[LD_KUBE_LOOK_ROUNDS], metrics_requests[LD_KUBE_LOOK_ROUNDS];
    char *deployment_url;
    char *pods_urls[LD_KUBE_LOOK_ROUNDS], *metrics_urls[LD_KUBE_LOOK_ROUNDS];
};

/* Sends the first requests. A failure is also remembered in pods_status and no_pods. */
leakdiag_status ld_kube_look_begin(ld_kube_look *look);
/* The sample of a container of a pod; NULL: none. */
const ld_kube_sample *ld_kube_look_sample(const ld_kube_look *look, const char *pod,
                                          const char *container);
/* Why it has no pods, as a status and a message; LEAKDIAG_OK when it has a list of them, be it
 * empty. */
leakdiag_status ld_kube_look_without_pods(const ld_kube_look *look, leakdiag_error *why);
/* What to say of an empty list; safe for a terminal. */
void ld_kube_look_describe_none(const ld_kube_look *look, ld_text *ret);
void ld_kube_look_done(ld_kube_look *look);

/* Why a pod that runs has no sample although metrics.k8s.io answers. */
extern const char ld_kube_too_young[];

#endif
