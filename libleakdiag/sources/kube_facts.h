/* From what the Kubernetes API says to facts. */
#ifndef LD_SOURCES_KUBE_FACTS_H
#define LD_SOURCES_KUBE_FACTS_H

#include "sources/facts.h"
#include "wire/kube.h"

/* name: what the scenario calls it. pods may be NULL. */
leakdiag_status ld_fact_from_deployment(const ld_kube_deployment *deployment,
                                        const ld_kube_pods *pods, const char *container,
                                        const char *name, const leakdiag_scenario *scenario,
                                        int64_t time_ms, ld_fact **ret, leakdiag_error *err);

/* One container of a pod and its sample; sample NULL: none, and no_sample says why. */
leakdiag_status ld_fact_from_pod(const ld_kube_pod *pod, const ld_kube_instance *instance,
                                 const ld_kube_sample *sample, const char *no_sample,
                                 int64_t time_ms, ld_fact **ret, leakdiag_error *err);

/* Why this sample does not count; NULL: it does. sample NULL: without says why there is none. */
const char *ld_pod_no_sample(const ld_kube_sample *sample, const ld_kube_instance *instance,
                             const char *without);
/* How the last instance that has ended did so; NULL: none has. */
const ld_kube_end *ld_pod_latest_end(const ld_kube_instance *instance);

/* The container that is meant, or NULL with a message that names those there are: the wanted one,
 * the one named like the workload, or the only one. */
const ld_kube_instance *ld_pod_container(const ld_kube_pod *pod, const char *wanted,
                                         const char *workload, leakdiag_error *err);
/* Adds "a, b, c". */
void ld_pod_name_containers(const ld_kube_pod *pod, ld_text *ret);

#endif
