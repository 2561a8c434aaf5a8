/* The Kubernetes API: answers to facts. Pure; one .c file per kind of object.
 *
 * Every decoder takes whatever came. Not the object that was asked for is a status:
 *
 *   LEAKDIAG_E_AUTH         401, 403: names verb, resource, namespace and user, and what to grant
 *   LEAKDIAG_E_NOT_FOUND    404 of a Status: no such object
 *   LEAKDIAG_E_UNSUPPORTED  404 of no Status: the API group is not served; 405
 *   LEAKDIAG_E_LIMIT        too large, too deep, too many; 429 with what Retry-After says
 *   LEAKDIAG_E_IO           5xx
 *   LEAKDIAG_E_CONFLICT     409; 410: version or continue token too old, ask again
 *   LEAKDIAG_E_INVALID      400, 415, 422 and other 4xx of a Status, in the server's own words
 *   LEAKDIAG_E_PROTOCOL     something else answers there (HTML, a login page, a 3xx), broken JSON,
 *                           another kind of object, a selector that cannot be written down
 *   LEAKDIAG_E_NOMEM
 *
 * Texts in the results are as they came (not made safe: ld_fact_text() does that), NULL when
 * absent. Values of variables are the exception: safe, short, without what stands before an '@'.
 * Times are Unix ms, 0 when absent. Bytes are NAN when absent. */
#ifndef LD_WIRE_KUBE_H
#define LD_WIRE_KUBE_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "wire/answer.h"

#define LD_KUBE_BODY_MAX_BYTES ((size_t)16 << 20)
#define LD_KUBE_ITEMS_MAX      5000 /* of one list */

/* What was asked, for messages: "list", "pods", "otel-demo", NULL or a name. */
typedef struct ld_kube_asked {
    const char *verb, *resource, *group, *ns, *name; /* group "" is the core */
} ld_kube_asked;

/* LEAKDIAG_OK for a 2xx with a JSON body; else the status above with its message. */
leakdiag_status ld_kube_check(const ld_kube_asked *asked, const ld_answer *answer,
                              leakdiag_error *err);

/* --- names and paths --- */

/* A DNS label (namespace, service) or subdomain (pod, deployment, config map) of RFC 1123.
 * E_INVALID says which rule and at which byte. what is "namespace", "pod", … */
leakdiag_status ld_kube_check_label(const char *what, const char *name, leakdiag_error *err);
leakdiag_status ld_kube_check_subdomain(const char *what, const char *name, leakdiag_error *err);
/* A label selector as kubectl -l takes it: equality and set based. E_INVALID with the position
 * (also err->column), and for an empty one: that would select everything. */
leakdiag_status ld_kube_check_selector(const char *selector, leakdiag_error *err);

/* Paths below the API server's base URL; names are checked, queries encoded. *ret from ld_alloc. A
 * selector may be NULL: all. The list of pods ends after 500: see is_partial. */
leakdiag_status ld_kube_path_deployment(const char *ns, const char *name, char **ret,
                                        leakdiag_error *err);
leakdiag_status ld_kube_path_deployments(const char *ns, const char *selector, char **ret,
                                         leakdiag_error *err);
leakdiag_status ld_kube_path_pod(const char *ns, const char *name, char **ret, leakdiag_error *err);
leakdiag_status ld_kube_path_pods(const char *ns, const char *selector, char **ret,
                                  leakdiag_error *err);
/* pod NULL: the list, narrowed by selector (may be NULL). */
leakdiag_status ld_kube_path_metrics(const char *ns, const char *pod, const char *selector,
                                     char **ret, leakdiag_error *err);
leakdiag_status ld_kube_path_replica_sets(const char *ns, const char *selector, char **ret,
                                          leakdiag_error *err);
leakdiag_status ld_kube_path_service(const char *ns, const char *name, char **ret,
                                     leakdiag_error *err);
leakdiag_status ld_kube_path_endpoint_slices(const char *ns, const char *service, char **ret,
                                             leakdiag_error *err);
leakdiag_status ld_kube_path_policies(const char *ns, char **ret, leakdiag_error *err);
leakdiag_status ld_kube_path_config_map(const char *ns, const char *name, char **ret,
                                        leakdiag_error *err);
leakdiag_status ld_kube_path_access_review(char **ret, leakdiag_error *err);

typedef struct ld_kube_log_query {
    const char *ns, *pod, *container; /* container NULL: the only one */
    int64_t since_ms;                 /* sinceTime, rounded down to the second; 0: none */
    int64_t since_s;                  /* sinceSeconds; 0: none; not with since_ms */
    int64_t tail_lines;               /* 0: all */
    int64_t limit_bytes;              /* 0: none */
    bool previous, follow;            /* timestamps are always asked for */
} ld_kube_log_query;
leakdiag_status ld_kube_path_log(const ld_kube_log_query *query, char **ret, leakdiag_error *err);

/* "/api/v1/namespaces/NS/services/[SCHEME:]NAME:PORT/proxy": a base path to ask a service through
 * the API server. service is "NAME:PORT" or "SCHEME:NAME:PORT". */
leakdiag_status ld_kube_path_service_proxy(const char *ns, const char *service, char **ret,
                                           leakdiag_error *err);

/* --- Deployment --- */

typedef struct ld_kube_env {
    char *name, *value; /* value NULL: from a secret, config map or field, which is not read */
} ld_kube_env;

typedef struct ld_kube_container {
    char *name, *image;
    bool is_init, is_sidecar;          /* sidecar: an init container with restartPolicy Always */
    char *limit_text, *request_text;   /* memory, as written; NULL: none */
    double limit_bytes, request_bytes; /* NAN: none, or not readable (limit_why says why) */
    char *limit_why;
    ld_kube_env *env; /* only the names of ld_kube_env_names */
    size_t n_env;
    char *
        *env_from; /* names of config maps and secrets taken whole: variables may come from there */
    size_t n_env_from;
} ld_kube_container;

/* The only variables whose values are ever kept: FLAGD_HOST FLAGD_PORT GOGC GOMEMLIMIT KAFKA_ADDR
 * KAFKA_SERVICE_ADDR LOCUST_USERS LOCUST_SPAWN_RATE LOCUST_AUTOSTART. NULL-terminated. */
extern const char *const ld_kube_env_names[];

typedef struct ld_kube_deployment {
    char *name, *ns, *uid;
    char *selector; /* as a query: "a=b,c in (d,e),!f"; NULL: none, which selects nothing */
    char *version;  /* label app.kubernetes.io/version of the template, else of the object */
    int64_t generation, observed_generation; /* -1 not said */
    int64_t replicas;                        /* wanted; 1 when absent */
    int64_t updated, ready, available, unavailable,
        status_replicas; /* 0 when absent: that is how 0 is written */
    bool is_paused;
    char *progressing_reason, *progressing_message; /* condition Progressing */
    bool is_progress_failed;                        /* its status is False */
    int64_t progressing_ms;                         /* lastUpdateTime of it */
    int64_t created_ms, restarted_ms; /* restarted: annotation kubectl.kubernetes.io/restartedAt */
    ld_kube_container *containers;    /* containers first, then init containers, in their order */
    size_t n_containers;
} ld_kube_deployment;

leakdiag_status ld_kube_read_deployment(const ld_kube_asked *asked, const ld_answer *answer,
                                        ld_kube_deployment *ret, leakdiag_error *err);
void ld_kube_deployment_done(ld_kube_deployment *deployment);

typedef struct ld_kube_deployments {
    ld_kube_deployment *list;
    size_t n;
} ld_kube_deployments;
leakdiag_status ld_kube_read_deployments(const ld_kube_asked *asked, const ld_answer *answer,
                                         ld_kube_deployments *ret, leakdiag_error *err);
void ld_kube_deployments_done(ld_kube_deployments *deployments);

/* --- pods --- */

/* How an instance of a container ended. */
typedef struct ld_kube_end {
    bool has_ended;
    char *reason; /* OOMKilled, Error, Completed, … */
    int64_t exit_code, signal;
    int64_t started_ms, finished_ms;
    char *container_id;
} ld_kube_end;

typedef enum ld_kube_state {
    LD_KUBE_UNKNOWN = 0,
    LD_KUBE_WAITING,
    LD_KUBE_RUNNING,
    LD_KUBE_TERMINATED
} ld_kube_state;

typedef struct ld_kube_instance { /* of one container of one pod */
    char *name, *container_id, *image;
    bool is_init, is_ready;
    ld_kube_state state;
    char *waiting_reason, *waiting_message;
    int64_t started_ms; /* of the running instance; 0 */
    int64_t restarts;   /* -1 not said */
    ld_kube_end ended;  /* state.terminated */
    ld_kube_end last;   /* lastState.terminated */
    char *limit_text;   /* status.containerStatuses[].resources.limits.memory, else the spec's */
    double limit_bytes; /* NAN: none */
    ld_kube_env *env;   /* from the spec, as in ld_kube_container */
    size_t n_env;
    bool has_env_from; /* more variables come from config maps or secrets, which are not read */
} ld_kube_instance;

typedef struct ld_kube_port {
    char *name, *target; /* target port as text; NULL */
    int64_t port;
} ld_kube_port;

typedef struct ld_kube_pod_label {
    char *key, *value;
} ld_kube_pod_label;

typedef struct ld_kube_pod {
    char *name, *ns, *uid, *node, *phase, *reason, *message; /* reason: Evicted, … */
    char *template_hash;                                     /* label pod-template-hash */
    char *owner;                                /* name of the controlling ReplicaSet */
    int64_t created_ms, started_ms, deleted_ms; /* deleted: deletionTimestamp */
    bool is_ready;
    bool is_unschedulable;
    ld_kube_instance
        *instances; /* as in the spec, also without a status yet: containers, then init */
    size_t n_instances;
    ld_kube_pod_label *labels;
    size_t n_labels;
    ld_kube_port *ports; /* of all its containers; target NULL */
    size_t n_ports;
} ld_kube_pod;

typedef struct ld_kube_pods {
    ld_kube_pod *list;
    size_t n;
    bool is_partial;        /* metadata.continue: the server has more */
    char *resource_version; /* of the list: a watch goes on from here; NULL not said */
} ld_kube_pods;

leakdiag_status ld_kube_read_pods(const ld_kube_asked *asked, const ld_answer *answer,
                                  ld_kube_pods *ret, leakdiag_error *err);
/* One pod as a list of one. */
leakdiag_status ld_kube_read_pod(const ld_kube_asked *asked, const ld_answer *answer,
                                 ld_kube_pods *ret, leakdiag_error *err);
void ld_kube_pods_done(ld_kube_pods *pods);

/* --- metrics.k8s.io --- */

typedef struct ld_kube_sample {
    char *pod, *container;
    int64_t time_ms, window_ms;          /* the end of the sample; window 0 not said */
    double working_set_bytes, cpu_cores; /* NAN not said */
} ld_kube_sample;

typedef struct ld_kube_samples {
    ld_kube_sample *list;
    size_t n;
} ld_kube_samples;

/* A list or a single PodMetrics. */
leakdiag_status ld_kube_read_metrics(const ld_kube_asked *asked, const ld_answer *answer,
                                     ld_kube_samples *ret, leakdiag_error *err);
void ld_kube_samples_done(ld_kube_samples *samples);

/* --- services --- */

typedef struct ld_kube_service {
    char *name, *type; /* ClusterIP, ExternalName, … */
    char *selector;    /* as a query; NULL: none */
    bool is_headless;
    ld_kube_port *ports;
    size_t n_ports;
} ld_kube_service;

leakdiag_status ld_kube_read_service(const ld_kube_asked *asked, const ld_answer *answer,
                                     ld_kube_service *ret, leakdiag_error *err);
void ld_kube_service_done(ld_kube_service *service);

typedef struct ld_kube_endpoints { /* of all EndpointSlices of one service */
    int64_t ready, not_ready, terminating;
    ld_kube_port *ports; /* target NULL */
    size_t n_ports;
} ld_kube_endpoints;

leakdiag_status ld_kube_read_endpoint_slices(const ld_kube_asked *asked, const ld_answer *answer,
                                             ld_kube_endpoints *ret, leakdiag_error *err);
void ld_kube_endpoints_done(ld_kube_endpoints *endpoints);

/* --- network policies --- */

struct json_t;
typedef struct ld_kube_policies { /* all of one namespace */
    struct json_t *json;
    const struct json_t *items; /* borrowed from json */
} ld_kube_policies;

/* E_LIMIT also for a list that the server cut: without all of them nothing is known. */
leakdiag_status ld_kube_read_policies(const ld_kube_asked *asked, const ld_answer *answer,
                                      ld_kube_policies *ret, leakdiag_error *err);
void ld_kube_policies_done(ld_kube_policies *policies);

typedef struct ld_kube_way { /* over TCP, within one namespace */
    const ld_kube_pod *from, *to;
    const char *ns;
    int64_t port; /* that the pod `to` listens on */
} ld_kube_way;

typedef enum ld_kube_verdict {
    LD_KUBE_PASSAGE_UNKNOWN = 0, /* it hangs on addresses, or on labels of namespaces */
    LD_KUBE_PASSAGE_OPEN,
    LD_KUBE_PASSAGE_BLOCKED
} ld_kube_verdict;

typedef struct ld_kube_passage {
    ld_kube_verdict verdict;
    const char *policy;    /* the first that blocks it, or that cannot be decided; NULL; borrowed */
    const char *direction; /* "egress" of the one pod, or "ingress" of the other */
} ld_kube_passage;

/* What the policies say of a way; whether anything enforces them no object says. */
void ld_kube_policies_judge(const ld_kube_policies *policies, const ld_kube_way *way,
                            ld_kube_passage *ret);

/* --- config map --- */

typedef struct ld_kube_config_map {
    char *name;
    int64_t changed_ms;    /* the latest time in managedFields; 0 not said */
    char **keys, **values; /* of data, in the order of the keys */
    size_t n;
} ld_kube_config_map;

leakdiag_status ld_kube_read_config_map(const ld_kube_asked *asked, const ld_answer *answer,
                                        ld_kube_config_map *ret, leakdiag_error *err);
void ld_kube_config_map_done(ld_kube_config_map *config_map);

/* --- rights --- */

/* Body of a SelfSubjectAccessReview. subresource and name may be NULL. *ret from ld_alloc. */
leakdiag_status ld_kube_access_review_body(const ld_kube_asked *asked, const char *subresource,
                                           char **ret, leakdiag_error *err);
typedef struct ld_kube_access {
    bool is_allowed, is_denied;
    char *reason; /* NULL: none given */
} ld_kube_access;
leakdiag_status ld_kube_read_access_review(const ld_answer *answer, ld_kube_access *ret,
                                           leakdiag_error *err);
void ld_kube_access_done(ld_kube_access *access);

/* --- logs --- */

/* What a log request answered when it is not the log: a Status (also 400 "is waiting to start", "a
 * container name must be specified", "previous terminated container … not found"), or a 200 whose
 * whole body is an error text of the kubelet ("unable to retrieve container logs for
 * containerd://…" and the others). LEAKDIAG_OK: these are lines. E_NOT_FOUND: there is no such log
 * (gone, never was, still waiting), with the reason. */
leakdiag_status ld_kube_check_log(const ld_kube_asked *asked, const ld_answer *answer,
                                  leakdiag_error *err);

#endif
