/**
 * @file leakdiag/pods.h
 * Memory of the pods of a workload in a cluster, now: working set, limit, restarts, last end.
 *
 * leakdiag_pods_read() uses the network and may be called from any thread: it shares no state. The
 * getters are pure; a finished answer never changes and may be read from any thread.
 */
#ifndef LEAKDIAG_PODS_H
#define LEAKDIAG_PODS_H

#include <leakdiag/cluster.h>
#include <leakdiag/log.h>
#include <leakdiag/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How to read. Start from LEAKDIAG_PODS_OPTIONS_INIT. */
typedef struct leakdiag_pods_options {
    size_t size;
    int64_t deadline_ms;        /**< for everything together; default 5,000 */
    leakdiag_cancel *cancel;    /**< may be NULL */
    const char *namespace_name; /**< NULL: the cluster's (leakdiag_cluster_namespace_name()) */
    const char *selector;       /**< pods by labels, as kubectl -l; NULL: the Deployment's own */
    const char *container;      /**< only containers of this name; NULL: all that run or should */
    /** Who answers instead of the network; NULL: the network. */
    const leakdiag_transport *transport;
    const leakdiag_log *log; /**< who hears of it; NULL: nobody */
} leakdiag_pods_options;

/* clang-format off */
#define LEAKDIAG_PODS_OPTIONS_INIT {sizeof(leakdiag_pods_options), 0, NULL, NULL, NULL, NULL, NULL, NULL}
/* clang-format on */

/** One answer: a row for each container of each pod, in the order of namespace, pod and container.
 * Immutable. */
typedef struct leakdiag_pods leakdiag_pods;

/**
 * Ask the API server for pods and for their memory (metrics.k8s.io), and for the Deployment when
 * one is named: its pods are those that its own selector chooses.
 *
 * What cannot be had beside the pods themselves is part of the answer: without metrics
 * leakdiag_pods_no_sample() says why, without the Deployment leakdiag_pods_detail(). That there are
 * no pods is an answer too. Init containers are listed only while they run or wait. Credentials
 * are renewed once when the server does not take them.
 *
 * @param cluster  Where to ask, and as whom. Not NULL; borrowed for the call.
 * @param workload "deploy/NAME", "deployment/NAME" or "pod/NAME"; NULL: the pods that
 *                 options->selector chooses, or all pods of the namespace.
 * @param options  NULL for the defaults. Borrowed for the call.
 * @param[out] ret Owned by the caller; free with leakdiag_pods_free().
 * @retval LEAKDIAG_OK             *ret is set
 * @retval LEAKDIAG_E_INVALID      bad workload, name, selector or deadline, or options of a wrong
 *                                 size: nothing was sent
 * @retval LEAKDIAG_E_NOT_FOUND    no such Deployment or pod, or no pod has such a container (the
 *                                 message names those there are)
 * @retval LEAKDIAG_E_AUTH         no credential, or no right to see pods (says which is missing)
 * @retval LEAKDIAG_E_TIMEOUT      no answer in time
 * @retval LEAKDIAG_E_PROTOCOL     what answers is not the Kubernetes API
 * @retval LEAKDIAG_E_LIMIT        more pods than are taken; name a narrower selector
 * @retval LEAKDIAG_E_CANCELLED    the token was triggered
 * @retval LEAKDIAG_E_CALLBACK     the transport is broken, or the log asked to stop
 * @retval LEAKDIAG_E_IO           the server cannot be reached, or libcurl is missing
 * @retval LEAKDIAG_E_UNSUPPORTED  an option that only a newer version knows, or libcurl lacks what
 *                                 is needed
 * @retval LEAKDIAG_E_NOMEM        out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_pods_read(leakdiag_cluster *cluster,
                                                               const char *workload,
                                                               const leakdiag_pods_options *options,
                                                               leakdiag_pods **ret,
                                                               leakdiag_error *err);

/** Number of rows: containers of pods. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_pods_len(const leakdiag_pods *pods);
/** When it was asked, Unix ms, by the cluster's clock where it told the time. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_pods_time_ms(const leakdiag_pods *pods);
/** What the cluster's clock is ahead of this machine's, ms; 0 when that is less than 3 s or not
 * known. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_pods_skew_ms(const leakdiag_pods *pods);
/** The namespace that was asked. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_namespace_name(const leakdiag_pods *pods);
/** The labels that the pods were chosen by; "" for one pod, and for all. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_selector(const leakdiag_pods *pods);
/** Of the Deployment: "settled" (all pods are of the latest template and available), "in-progress",
 * "stuck" (the controller gave up) or "unknown" (it could not be read); "" when none was asked for.
 * Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_rollout(const leakdiag_pods *pods);
/** Pods that the Deployment wants; -1 when not known. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_pods_replicas(const leakdiag_pods *pods);
/** One line on what is to be known of all rows: no pods and why, a Deployment that could not be
 * read, a list that was cut; else "". Safe for a terminal. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_detail(const leakdiag_pods *pods);

/** Name of the pod; NULL beyond the end, as all texts below. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_pod(const leakdiag_pods *pods, size_t i);
/** Uid of the pod: another pod of the same name has another one; NULL: not said. Borrowed.
 * @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_uid(const leakdiag_pods *pods, size_t i);
/** Name of the container. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_container(const leakdiag_pods *pods, size_t i);
/** Working set of the newest sample; NAN when there is none. @since 0.1.0 */
LEAKDIAG_API double leakdiag_pods_working_set_bytes(const leakdiag_pods *pods, size_t i);
/** End of the sample's window, Unix ms; 0 without a sample. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_pods_sample_ms(const leakdiag_pods *pods, size_t i);
/** How old the sample was when it was asked for, ms; -1 without a sample. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_pods_sample_age_ms(const leakdiag_pods *pods, size_t i);
/** Window of the sample, ms: the metrics server's resolution; 0 when not said. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_pods_window_ms(const leakdiag_pods *pods, size_t i);
/** Why there is no sample, safe for a terminal; "" when there is one. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_no_sample(const leakdiag_pods *pods, size_t i);
/** 1 there is a memory limit, 0 there is none, -1 not known. @since 0.1.0 */
LEAKDIAG_API int leakdiag_pods_has_limit(const leakdiag_pods *pods, size_t i);
/** The memory limit that is in force; NAN when there is none or it is not known. @since 0.1.0 */
LEAKDIAG_API double leakdiag_pods_limit_bytes(const leakdiag_pods *pods, size_t i);
/** The limit as it is written ("20M" is not "20Mi"); NULL: none. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_limit_text(const leakdiag_pods *pods, size_t i);
/** GOMEMLIMIT in bytes; NAN when it is not set, "off", or not known. @since 0.1.0 */
LEAKDIAG_API double leakdiag_pods_soft_limit_bytes(const leakdiag_pods *pods, size_t i);
/** GOMEMLIMIT as it is written, "(set elsewhere)" when it comes from a secret or a config map;
 * NULL: not set. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_soft_limit_text(const leakdiag_pods *pods, size_t i);
/** How often the container was started again; -1 when not known. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_pods_restarts(const leakdiag_pods *pods, size_t i);
/** Why the last instance ended: "OOMKilled", "Error", "Completed", …; NULL: none has ended.
 * Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_end_reason(const leakdiag_pods *pods, size_t i);
/** Exit code of that instance; 0 when none has ended. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_pods_end_code(const leakdiag_pods *pods, size_t i);
/** When it ended, Unix ms; 0 when none has or it is not said. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_pods_ended_ms(const leakdiag_pods *pods, size_t i);
/** Why the container does not run: "ContainerCreating", "CrashLoopBackOff", …; NULL: it does not
 * wait. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_waiting_reason(const leakdiag_pods *pods, size_t i);
/** 1 when the container is ready. @since 0.1.0 */
LEAKDIAG_API int leakdiag_pods_is_ready(const leakdiag_pods *pods, size_t i);
/** 1 when the pod is being deleted. @since 0.1.0 */
LEAKDIAG_API int leakdiag_pods_is_terminating(const leakdiag_pods *pods, size_t i);
/** Phase of the pod: "Pending", "Running", "Succeeded", "Failed", "Unknown"; NULL: not said.
 * Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_phase(const leakdiag_pods *pods, size_t i);
/** Why the pod is in that phase, like "Evicted"; NULL: not said. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_reason(const leakdiag_pods *pods, size_t i);
/** Start of the instance that runs, Unix ms; 0 when none does. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_pods_started_ms(const leakdiag_pods *pods, size_t i);
/** The node of the pod; NULL: none yet. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_pods_node(const leakdiag_pods *pods, size_t i);
/**
 * One JSON object, schema leakdiag.pods/1; what is not known is null. Free with leakdiag_free().
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_pods_to_json(const leakdiag_pods *pods,
                                                                  char **ret, leakdiag_error *err);
/** Free it; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_pods_free(leakdiag_pods *pods);

#ifdef __cplusplus
}
#endif
#endif
