/**
 * @file leakdiag/access.h
 * What one may see in a cluster, and the Role that grants just what is needed.
 *
 * leakdiag_access_review() uses the network and may be called from any thread: it shares no state.
 * All else is pure.
 */
#ifndef LEAKDIAG_ACCESS_H
#define LEAKDIAG_ACCESS_H

#include <leakdiag/cluster.h>
#include <leakdiag/log.h>
#include <leakdiag/scenario.h>
#include <leakdiag/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Is a right there? Values never change. */
typedef enum leakdiag_access_state {
    LEAKDIAG_ACCESS_UNKNOWN = 0, /**< the server did not say; leakdiag_access_reason() says why */
    LEAKDIAG_ACCESS_ALLOWED = 1,
    LEAKDIAG_ACCESS_DENIED = 2
} leakdiag_access_state;

/** "unknown", "allowed", "denied". @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_access_state_name(leakdiag_access_state state);

/** How to ask. Start from LEAKDIAG_ACCESS_OPTIONS_INIT. */
typedef struct leakdiag_access_options {
    size_t size;
    int64_t deadline_ms;     /**< for everything together; default 5,000 */
    leakdiag_cancel *cancel; /**< may be NULL */
    /** Who answers instead of the network; NULL: the network. */
    const leakdiag_transport *transport;
    const leakdiag_log *log; /**< who hears of it; NULL: nobody */
} leakdiag_access_options;

/* clang-format off */
#define LEAKDIAG_ACCESS_OPTIONS_INIT {sizeof(leakdiag_access_options), 0, NULL, NULL, NULL}
/* clang-format on */

/** The rights that looking at a scenario needs, and which of them are there. Immutable. */
typedef struct leakdiag_access leakdiag_access;

/**
 * Ask the API server whether the cluster's user has each right that a look needs
 * (SelfSubjectAccessReview, all at once; asking needs no right of its own and changes nothing).
 *
 * @param cluster   Where to ask, and as whom. Not NULL; borrowed for the call.
 * @param scenario  What is to be looked at: rights are narrowed to the names of its objects. NULL:
 *                  any workload of the namespace.
 * @param namespace_name  NULL: what the scenario says, else the cluster's. When it is given it
 *                        takes the place of the scenario's namespaces.
 * @param options   NULL for the defaults. Borrowed for the call.
 * @param[out] ret  Owned by the caller; free with leakdiag_access_free().
 * @retval LEAKDIAG_OK             *ret is set; single answers may be `unknown`
 * @retval LEAKDIAG_E_INVALID      bad namespace or deadline, or options of a wrong size
 * @retval LEAKDIAG_E_AUTH         there is no credential
 * @retval LEAKDIAG_E_TIMEOUT      the credential did not come in time
 * @retval LEAKDIAG_E_CANCELLED    the token was triggered
 * @retval LEAKDIAG_E_CALLBACK     the transport is broken, or the log asked to stop
 * @retval LEAKDIAG_E_IO           libcurl is missing or does not start
 * @retval LEAKDIAG_E_UNSUPPORTED  an option that only a newer version knows, or libcurl lacks what
 *                                 is needed
 * @retval LEAKDIAG_E_LIMIT        the scenario needs more rights than are asked for at once
 * @retval LEAKDIAG_E_NOMEM        out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_access_review(
    leakdiag_cluster *cluster, const leakdiag_scenario *scenario, const char *namespace_name,
    const leakdiag_access_options *options, leakdiag_access **ret, leakdiag_error *err);

/** Number of rights. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_access_len(const leakdiag_access *access);
/** Number of rights that are denied. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_access_denied_count(const leakdiag_access *access);
/** What the cluster's clock is ahead of this machine's, ms; 0 when that is less than 3 s or not
 * known. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_access_skew_ms(const leakdiag_access *access);
/** Is this right there? `unknown` beyond the end. @since 0.1.0 */
LEAKDIAG_API leakdiag_access_state leakdiag_access_get_state(const leakdiag_access *access,
                                                             size_t i);
/** "get", "list" or "create"; NULL beyond the end, as all texts below. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_access_verb(const leakdiag_access *access, size_t i);
/** API group; "" is the core. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_access_group(const leakdiag_access *access, size_t i);
/** "pods", "services", … Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_access_resource(const leakdiag_access *access, size_t i);
/** "log", "proxy" or "". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_access_subresource(const leakdiag_access *access, size_t i);
/** The one object that it is needed for; "" for any. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_access_name(const leakdiag_access *access, size_t i);
/** The namespace. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_access_namespace_name(const leakdiag_access *access, size_t i);
/** "read" or "proxy": which part of the Role grants it. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_access_part(const leakdiag_access *access, size_t i);
/** What is not seen without it, in a few words. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_access_purpose(const leakdiag_access *access, size_t i);
/** The server's own reason, or why it did not answer; safe for a terminal, may be "". Borrowed.
 * @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_access_reason(const leakdiag_access *access, size_t i);
/**
 * One JSON object, schema leakdiag.access/1. Free with leakdiag_free().
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_access_to_json(const leakdiag_access *access,
                                                                    char **ret,
                                                                    leakdiag_error *err);
/**
 * The rules of a Role that grant what is denied, as YAML lines, each "- {apiGroups: …}"; "" when
 * nothing is denied. Free with leakdiag_free().
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_access_missing_rules(const leakdiag_access *access, char **ret, leakdiag_error *err);
/** Free it; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_access_free(leakdiag_access *access);

/**
 * The least Role that looking at a scenario needs, as YAML for kubectl apply, with a RoleBinding
 * whose subject is to be filled in. A scenario over several namespaces gives one Role for each.
 *
 * @param scenario  As for leakdiag_access_review(); its objects' names become resourceNames. Names
 *                  that other versions of the application have are not among them.
 * @param namespace_name  NULL: what the scenario says; it takes the place of that when given.
 * @param parts     "read" (the Kubernetes API), "proxy" (services behind it), or several with
 *                  commas; NULL: all.
 * @param[out] ret  Free with leakdiag_free().
 * @retval LEAKDIAG_OK         *ret is set
 * @retval LEAKDIAG_E_INVALID  an unknown part, a bad namespace, or none is known
 * @retval LEAKDIAG_E_LIMIT    the scenario needs more rights than one Role is made of
 * @retval LEAKDIAG_E_NOMEM    out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_rbac_yaml(const leakdiag_scenario *scenario,
                                                               const char *namespace_name,
                                                               const char *parts, char **ret,
                                                               leakdiag_error *err);

#ifdef __cplusplus
}
#endif
#endif
