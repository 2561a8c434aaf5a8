/* What network policies say of the application's way to a service. */
#ifndef LD_SOURCES_KUBE_WAY_H
#define LD_SOURCES_KUBE_WAY_H

#include "sources/asking.h"
#include "wire/kube.h"

typedef struct ld_ways_asked {
    const ld_asking *asking;
    const char *as; /* what the scenario calls the service, and the workload behind it */
    const char *ns;
    const ld_http_request *policies; /* the answer to the list of them */
    const ld_kube_service *service;
    const ld_kube_endpoints *endpoints;
} ld_ways_asked;

/* Adds one way for each port of the service, or why nobody knows. E_NOMEM only. */
leakdiag_status ld_ways_add(const ld_ways_asked *asked, ld_service_fact *of, leakdiag_error *err);

#endif
