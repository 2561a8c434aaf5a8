/* A Kubernetes API that says what a world's cluster would, and the services behind it. Objects are
 * recorded ones with the world's values put in. */
#ifndef WORLD_CLUSTER_H
#define WORLD_CLUSTER_H

#include <leakdiag/session.h>
#include <leakdiag/transport.h>

#include "world/world.h"

#define CLUSTER_TEXTS 8

typedef struct cluster {
    const world *w;
    int64_t base_ms;            /* the world's time 0 in Unix ms, by the cluster's clock */
    int64_t at_ms;              /* now, relative to it */
    char *texts[CLUSTER_TEXTS]; /* of the last answer */
    size_t n_texts;
    size_t n_asked;
    char last_unknown[256]; /* a path that no API server of ours has; "" */
} cluster;

/* One answer: status, content type and a body that lives until the next one. */
typedef struct cluster_answer {
    int status;
    const char *content_type, *body;
    size_t len;
    const char *failure; /* not NULL: there is none */
} cluster_answer;

/* target: path and query. */
cluster_answer cluster_ask(cluster *c, const char *method, const char *target);
void cluster_done(cluster *c);

/* As leakdiag_transport.answer, with a cluster as payload. */
int cluster_transport(const leakdiag_http_request *request, leakdiag_http_answer *ret,
                      void *payload);
/* The whole HTTP answer, for a socket. free() it. */
char *cluster_bytes(cluster *c, const char *method, const char *target, size_t *ret_len);

/* --- the objects; free() them --- */

char *cluster_keep(cluster *c, char *text); /* until the next answer */
char *cluster_status(int code, const char *reason, const char *message);
/* NULL: there is none of that name. */
char *cluster_deployment(const cluster *c, const char *name);
char *cluster_deployments(const cluster *c, const char *selector);
char *cluster_pods(const cluster *c, const char *selector);
char *cluster_metrics(const cluster *c, const char *selector);
char *cluster_service(const cluster *c, const char *name);
char *cluster_network_policies(const cluster *c);
char *cluster_slices(const cluster *c, const char *service);
char *cluster_config_map(const cluster *c, const char *name);
/* The flagd document of an answer's name. */
char *cluster_flags(const world *w, const char *name);

/* What an OFREP answer means for the same flag elsewhere. */
typedef enum cluster_story {
    STORY_OTHER, /* it tells nothing of the flag */
    STORY_VALUE,
    STORY_DISABLED,
    STORY_CODE_DEFAULT,
    STORY_MISSING,
    STORY_REJECTED
} cluster_story;
cluster_story cluster_story_of(const world *w, const char *post, const char *bulk, double *value);

/* One instance of the application's container: which the k-th is, newest last. */
typedef struct cluster_instance {
    int64_t started_ms, ended_ms; /* INT64_MAX: it runs */
    bool is_oom;
} cluster_instance;
/* All until now, and how many. */
size_t cluster_instances(const cluster *c, cluster_instance ret[2 * WORLD_ENDS + 1]);

/* Names by the demo's version. */
const char *cluster_app(const cluster *c);
void cluster_name(const cluster *c, const char *service, char *out, size_t room);
const char *cluster_pod_name(const cluster *c);

/* --- looking at it --- */

/* Every look of the world is a session's, over the transport, at the world's times. The scenario
 * that was used in the end is *ret_scenario. */
leakdiag_observation *cluster_observe(const world *w, leakdiag_scenario **ret_scenario);
/* All looks but the last are like that; the last one goes over TLS, at the time of now, with
 * nothing but a kubeconfig file. */
leakdiag_observation *cluster_observe_tls(const world *w, leakdiag_scenario **ret_scenario);

#endif
