/**
 * @file leakdiag/cluster.h
 * Which cluster is meant, and as whom: a kubeconfig, or what a pod knows of its own cluster.
 *
 * Opening one reads files and nothing else. Credentials are shown to the cluster's own scheme, host
 * and port only; none of them reaches a message, a warning or the JSON. One cluster may be used
 * from any thread.
 */
#ifndef LEAKDIAG_CLUSTER_H
#define LEAKDIAG_CLUSTER_H

#include <leakdiag/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** May the kubeconfig's exec plugin be run? It is any program that the kubeconfig names. */
typedef enum leakdiag_exec_policy {
    LEAKDIAG_EXEC_DENY = 0,   /**< never: the library's default */
    LEAKDIAG_EXEC_ALLOW = 1,  /**< yes, unless others may write the kubeconfig */
    LEAKDIAG_EXEC_ALLOWED = 2 /**< only programs named in exec_allowed */
} leakdiag_exec_policy;

/** What is meant. Start from LEAKDIAG_CLUSTER_OPTIONS_INIT. */
typedef struct leakdiag_cluster_options {
    size_t size;
    /** One file. NULL: the list in $KUBECONFIG, else ~/.kube/config, else the cluster that this
     * process is a pod of. */
    const char *kubeconfig;
    const char *context;        /**< NULL: the kubeconfig's current-context */
    const char *cluster;        /**< NULL: that of the context */
    const char *user;           /**< NULL: that of the context */
    const char *namespace_name; /**< NULL: that of the context, of the pod, or "default" */
    const char *impersonate;    /**< the user to act as; NULL: as the kubeconfig says */
    int64_t exec_policy;        /**< a #leakdiag_exec_policy */
    /** Absolute paths, NULL-terminated; for LEAKDIAG_EXEC_ALLOWED. */
    const char *const *exec_allowed;
} leakdiag_cluster_options;

/* clang-format off */
#define LEAKDIAG_CLUSTER_OPTIONS_INIT {sizeof(leakdiag_cluster_options), NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL}
/* clang-format on */

/** A cluster, whom it is trusted by, and as whom it is asked. */
typedef struct leakdiag_cluster leakdiag_cluster;

/**
 * Read what is known of the cluster. Files are read; nobody is asked and no plugin is run.
 *
 * The rules are those of kubectl, with these exceptions: a server without http:// or https://, a
 * context whose user is not defined, and YAML anchors, aliases and tags are errors.
 *
 * @param options  NULL for the defaults. Borrowed for the call.
 * @param[out] ret Owned by the caller; free with leakdiag_cluster_free().
 * @retval LEAKDIAG_OK             *ret is set
 * @retval LEAKDIAG_E_INVALID      a file that is no kubeconfig or contradicts itself, or bad
 * options
 * @retval LEAKDIAG_E_NOT_FOUND    no kubeconfig, and not in a cluster; no such context, cluster,
 *                                 user or file
 * @retval LEAKDIAG_E_LIMIT        a file is too large or nested too deeply
 * @retval LEAKDIAG_E_AUTH         a file may not be read
 * @retval LEAKDIAG_E_IO           a file cannot be read, or libcurl is missing
 * @retval LEAKDIAG_E_UNSUPPORTED  a kind of credential that is not known any more, or not here
 * @retval LEAKDIAG_E_NOMEM        out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_cluster_open(
    const leakdiag_cluster_options *options, leakdiag_cluster **ret, leakdiag_error *err);

/** The API server: "https://host:port/prefix". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cluster_server(const leakdiag_cluster *cluster);
/** Name of the context; NULL for none, or in a pod. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cluster_context(const leakdiag_cluster *cluster);
/** The namespace that is meant when none is said. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cluster_namespace_name(const leakdiag_cluster *cluster);
/** Where that comes from: "option", "context", "service account" or "default". Borrowed.
 * @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cluster_namespace_source(const leakdiag_cluster *cluster);
/** The user's name in the kubeconfig, not in the cluster; NULL for none, or in a pod. Borrowed.
 * @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cluster_user(const leakdiag_cluster *cluster);
/** "kubeconfig PATH" (of the file that defines the cluster) or "in-cluster". Borrowed.
 * @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cluster_origin(const leakdiag_cluster *cluster);
/** 1 when the server's certificate is checked; 0 over http or when the kubeconfig says not to.
 * @since 0.1.0 */
LEAKDIAG_API int leakdiag_cluster_is_tls_verified(const leakdiag_cluster *cluster);
/** Number of things that a person should know although it works. @since 0.1.0 */
LEAKDIAG_API size_t leakdiag_cluster_warning_count(const leakdiag_cluster *cluster);
/** One line, safe for a terminal; NULL beyond the end. Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_cluster_warning(const leakdiag_cluster *cluster, size_t i);
/**
 * One JSON object, schema leakdiag.cluster/1: all of the above, and the kind of credential. No
 * secret is in it. Free with leakdiag_free().
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status
leakdiag_cluster_to_json(const leakdiag_cluster *cluster, char **ret, leakdiag_error *err);
/** Wipe its secrets and free it; nobody may be using it. NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_cluster_free(leakdiag_cluster *cluster);

#ifdef __cplusplus
}
#endif
#endif
