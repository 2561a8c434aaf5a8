/* The rights that the sources of a scenario need: one table, from which both the review and the
 * printed Role are made. */
#ifndef LD_SOURCES_RIGHTS_H
#define LD_SOURCES_RIGHTS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "scenario/scenario.h"

#define LD_RIGHTS_MAX 64 /* asked for at once */

/* All borrowed, from the scenario or from constants. */
typedef struct ld_right {
    const char *verb, *group, *resource, *subresource; /* group "": the core; subresource "" */
    const char *name;                                  /* "": any */
    const char *ns;
    const char *part;    /* "read", "proxy" */
    const char *purpose; /* what is not seen without it */
} ld_right;

typedef struct ld_rights {
    ld_right list[LD_RIGHTS_MAX];
    size_t n;
} ld_rights;

/* scenario NULL, or one that names no workload of a cluster: any workload. ns takes the place of
 * the scenario's namespaces; NULL: those, and fallback where it says none. E_LIMIT, E_INVALID. */
leakdiag_status ld_rights_of(const leakdiag_scenario *scenario, const char *ns,
                             const char *fallback, ld_rights *ret, leakdiag_error *err);

/* Whether the application asks the service that the scenario calls so: then a workload of the same
 * name stands behind it. */
bool ld_is_called(const leakdiag_scenario *scenario, const char *as);

/* The rules of a Role in one namespace for one part, each a line "- {apiGroups: …}". wanted says
 * which rights count; NULL: all. */
void ld_rights_add_rules(const ld_rights *rights, const char *ns, const char *part,
                         const bool *wanted, ld_text *ret);

#endif
