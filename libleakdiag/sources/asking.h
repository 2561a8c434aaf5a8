/* How a look asks: every source is a question that sends requests, may send more when answers come,
 * and in the end gives facts. All questions of a look are under way at once. */
#ifndef LD_SOURCES_ASKING_H
#define LD_SOURCES_ASKING_H

#include "net/http.h"
#include "sources/facts.h"
#include "sources/memories.h"
#include "wire/answer.h"

typedef struct ld_kube_look ld_kube_look;

#define LD_LOOKS_MAX          16
#define LD_FIRST_REQUESTS_MAX 64 /* sent before the first answer */
/* Of a service behind the API server: its 503 says that nothing is there, and waiting 200 ms for
 * the same answer would make every look of a cluster without Prometheus late. */
#define LD_SERVICE_RETRIES_MAX (-1)

/* What the questions of one look share. */
typedef struct ld_asking {
    ld_http_client *client;
    const ld_origin *cluster; /* the API server; NULL: there is none */
    const leakdiag_scenario *scenario;
    leakdiag_patterns *patterns;
    ld_log *log;           /* who is told; NULL: nobody */
    ld_memories *memories; /* what later looks need of earlier ones */
    int64_t now_ms;
    int64_t begun_ms;     /* the monotonic clock at that time */
    int64_t deadline_ms;  /* of the look; what others wait for may take half of it. 0: all of it */
    bool is_time_virtual; /* nobody waits for anything: a test's clock */
    int64_t skew_ms;      /* what the cluster's clock, which now is, is ahead of this machine's */
    bool is_running;      /* answers are coming in: further requests join them */
    ld_http_request *first[LD_FIRST_REQUESTS_MAX];
    size_t n_first;
    leakdiag_status failed; /* out of memory in a callback; ends the look */
    /* Seen on the way. */
    bool has_clock;            /* the API server said what time it is */
    int64_t ahead_ms;          /* by how much that is later; 0 when it is nothing to speak of */
    bool was_refused;          /* the API server answered 401 */
    const ld_profile *profile; /* the application was found under this profile's names */
    char release[128];         /* and "{release}" of its settings is this */
    /* Workloads that are asked for, by what the scenario calls them. */
    struct {
        const char *as;
        const ld_kube_look *look;
    } looks[LD_LOOKS_MAX];
    size_t n_looks;
} ld_asking;

/* Of a workload, as far as it has come; NULL: it is not asked for. */
const ld_kube_look *ld_asking_look(const ld_asking *asking, const char *as);

typedef struct ld_question ld_question;

typedef struct ld_question_type {
    /* Sends the first requests. What cannot even be asked is a fact of finish(); fails only when
     * out of memory. */
    leakdiag_status (*begin)(ld_question *question, leakdiag_error *err);
    /* After the last answer: the facts, in the order of the scenario. */
    leakdiag_status (*finish)(ld_question *question, ld_facts *facts, leakdiag_error *err);
    void (*done)(ld_question *question); /* frees what it holds, not itself */
} ld_question_type;

/* The beginning of every kind of question. */
struct ld_question {
    const ld_question_type *type;
    ld_asking *asking;
    const ld_source_spec *spec;
};

/* A new question for a source, or NULL in *ret when it is none that is asked over the network.
 * E_NOMEM only. */
leakdiag_status ld_question_new(ld_asking *asking, const ld_source_spec *spec, ld_question **ret,
                                leakdiag_error *err);
void ld_question_free(ld_question *question);
LD_DEFINE_CLEANUP(ld_question, ld_question_free, ld_question_freep)

/* The kinds, one file each. */
leakdiag_status ld_flag_question_new(ld_question **ret, leakdiag_error *err);
leakdiag_status ld_rpc_question_new(ld_question **ret, leakdiag_error *err);
leakdiag_status ld_ui_question_new(ld_question **ret, leakdiag_error *err);
leakdiag_status ld_config_map_question_new(ld_question **ret, leakdiag_error *err);
leakdiag_status ld_load_question_new(ld_question **ret, leakdiag_error *err);
leakdiag_status ld_workload_question_new(ld_question **ret, leakdiag_error *err);
leakdiag_status ld_service_question_new(ld_question **ret, leakdiag_error *err);
leakdiag_status ld_prometheus_question_new(ld_question **ret, leakdiag_error *err);

/* Sends a request, at once or with the first ones; it must stay where it is. A failure to send is
 * remembered in asking->failed when it is out of memory, else in request->why with end NO_CONNECT:
 * then it is false, and on_done does not come. */
bool ld_ask_send(ld_asking *asking, ld_http_request *request);

/* Where a service is asked. */
typedef struct ld_endpoint {
    char *base_url;
    const ld_origin *origin; /* NULL: plain */
    char *where;         /* for facts: the URL, or "otel-demo/flagd:8016 through the API server" */
    const char *ns;      /* of a proxied service, else NULL; borrowed */
    const char *service; /* the same */
    ld_asking *asking;   /* is told of a 401 of the API server; NULL: nobody is */
} ld_endpoint;

void ld_endpoint_done(ld_endpoint *endpoint);
/* By the attributes url, service, namespace and local of a source. E_INVALID, E_NOMEM. */
leakdiag_status ld_endpoint_of(ld_asking *asking, const ld_source_spec *spec, ld_endpoint *ret,
                               leakdiag_error *err);
/* A service behind the API server at that URL, which is "NAME:PORT" or "SCHEME:NAME:PORT"; its
 * origin is left NULL. */
leakdiag_status ld_endpoint_of_service(const char *server, const char *ns, const char *service,
                                       ld_endpoint *ret, leakdiag_error *err);
/* base + path, with the API server's credentials where it is asked. *url from ld_alloc. */
leakdiag_status ld_endpoint_url(const ld_endpoint *endpoint, const char *path, char **url,
                                leakdiag_error *err);
/* An answer of a proxied service that is the API server's own: it says why in err. LEAKDIAG_OK: the
 * service itself has answered. */
leakdiag_status ld_endpoint_check(const ld_endpoint *endpoint, const ld_http_request *request,
                                  leakdiag_error *err);

/* An error of the API server itself: its objects begin with their kind, and no service behind it
 * speaks so. */
bool ld_ask_is_status(const ld_answer *answer);

/* A GET of the API server: path as wire/kube.h makes it. */
leakdiag_status ld_ask_cluster(ld_asking *asking, const char *path, char **url,
                               ld_http_request *request, leakdiag_error *err);
/* Notes what an answer of the API server says beside its content: its clock, a 401. */
void ld_ask_note(ld_asking *asking, const ld_http_request *request);
/* Why the API server gave no answer, as a status and a message; LEAKDIAG_OK when it did. */
leakdiag_status ld_ask_unanswered(const ld_http_request *request, leakdiag_error *err);

#endif
