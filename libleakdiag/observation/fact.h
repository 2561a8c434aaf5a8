/* Facts: what a source said, when, and why not. One struct per kind; an observation is a list. */
#ifndef LD_OBSERVATION_FACT_H
#define LD_OBSERVATION_FACT_H

#include <leakdiag/flag.h>
#include <leakdiag/load.h>
#include <leakdiag/logs.h>
#include <leakdiag/observation.h>
#include <leakdiag/series.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/error.h"

#define LD_FACT_LINE_BYTES 512 /* kept of one log line */

typedef enum ld_fact_kind {
    LD_FACT_FLAG,
    LD_FACT_MEMORY,
    LD_FACT_SERIES,
    LD_FACT_LOG,
    LD_FACT_LOAD,
    LD_FACT_WORKLOAD,
    LD_FACT_SERVICE,
    LD_FACT_KINDS
} ld_fact_kind;

/* Value of a variable that is set from where it was not read: a secret, a field. */
#define LD_ENV_SET_ELSEWHERE "(set elsewhere)"

/* Texts may be NULL where a source did not say. */
typedef struct ld_flag_fact {
    char *key;
    leakdiag_flag_state state;
    leakdiag_flag_type type;
    char *value_json;
    double number; /* NAN when the value is no number */
    char *variant, *reason, *error_code, *detail, *method;
    int64_t http_status;
    bool has_targeting;
    int64_t changed_ms; /* when a stored definition was last changed; 0 not known */
} ld_flag_fact;

typedef struct ld_env {
    char *name, *value;
} ld_env;

/* A container of a pod, as the cluster tells it: what a kernel's counter cannot. */
typedef struct ld_pod_fact {
    char *name, *uid, *container;
    char *phase;  /* Pending, Running, … */
    char *reason; /* of the pod: Evicted, …; or why the container waits; NULL */
    bool is_ready, is_terminating;
    bool is_between_looks; /* no look saw it so: the cluster told it of the time between two */
    int64_t restarts;      /* -1 not known */
    /* How the latest instance that ended did so; NULL and 0 when none has. */
    char *end_reason; /* OOMKilled, Error, … */
    int64_t end_code, end_started_ms, ended_ms;
    char *limit_text; /* as written: 20M is not 20Mi */
    char *no_events;  /* why nobody knows what happened to pods of its workload since the look
                         before; NULL: it is known, or will be */
} ld_pod_fact;

typedef struct ld_memory_fact {
    int64_t sample_ms;
    int64_t window_ms;        /* what the sample was taken over; 0 not known */
    double working_set_bytes; /* NAN: the workload is known, its memory is not (detail says why) */
    int has_limit;            /* 1, 0, -1 not known */
    double limit_bytes;
    int64_t oom_kills;  /* -1 not known */
    int64_t started_ms; /* 0 not known */
    int64_t pid;        /* 0 not known */
    char *kind;         /* "cgroup-v1", "cgroup-v2", "process", "kubernetes" */
    char *detail;       /* NULL for none */
    bool has_env;
    bool env_is_partial; /* other variables are set too, from where it was not read */
    ld_env *env;
    size_t n_env;
    bool has_pod; /* of kind "kubernetes" */
    ld_pod_fact pod;
} ld_memory_fact;

/* What is wanted of a workload, and how far its controller has come. */
typedef struct ld_workload_fact {
    char *object;   /* "deployment/checkout" */
    char *selector; /* its own */
    char *version;  /* of the application, as labels or the image tell it */
    char *profile;  /* of the scenario, by that version */
    int64_t replicas, updated, ready, available, total; /* -1 not known */
    bool is_observed; /* the controller has seen the latest change */
    bool is_paused, is_stuck;
    char *reason;  /* of the condition Progressing */
    int has_limit; /* of the template's container: 1, 0, -1 not known */
    double limit_bytes;
    char *limit_text;
    int64_t changed_ms; /* the latest rollout; 0 not known */
    int64_t started_ms; /* the youngest running instance; 0 not known */
    int64_t
        pod_started_ms;    /* its pod, which keeps its volumes when an instance ends; 0 not known */
    int64_t clock_skew_ms; /* the cluster's clock is ahead of this machine's by so much; 0: not */
} ld_workload_fact;

/* What the network policies say of the application's way to one port of a service. */
typedef struct ld_way {
    int64_t port;  /* of the service */
    char *verdict; /* "open", "blocked", "unknown" */
    char *policy;  /* "egress by NAME": the one that decides, or cannot be decided; NULL */
} ld_way;

typedef struct ld_service_fact {
    char *object; /* "service/frontend" */
    bool exists;
    char *ports;                  /* "8013,8016"; NULL not known */
    int64_t ready, not_ready;     /* endpoints; -1 not known */
    bool is_external, is_proxied; /* ExternalName; it answered through the API server */
    char *detail;
    ld_way *ways; /* none: nobody asked */
    size_t n_ways;
    char *no_ways; /* why nobody knows; NULL */
} ld_service_fact;

/* A recording, or what a backend has of the past. */
typedef struct ld_series_fact {
    leakdiag_series *series;
    char *name; /* what it is of: NULL (or "memory") bytes of memory; else a counter's name, per
                   minute */
    char *pod;  /* of a backend's series; NULL: a recording, whose clock is its own */
    char *container;  /* NULL: of the pod as a whole */
    bool is_live;     /* its times are of the same clock as the looks */
    bool is_of_looks; /* its samples were seen in looks that are not kept one by one */
} ld_series_fact;

typedef struct ld_line {
    char *text; /* NULL when there is none; safe UTF-8, redacted, at most LD_FACT_LINE_BYTES */
    bool has_time;
    int64_t time_ms;
} ld_line;

typedef struct ld_pattern_fact {
    char *name;
    int64_t count;        /* lines of this piece of log */
    int64_t window_count; /* those within the scenario's window before the look */
    bool has_slices;      /* of a first look that reaches back: the same in twenty equal parts */
    int64_t slices[LEAKDIAG_SCAN_SLICES];
    int64_t expensive;
    double capture; /* last number of group 1, or NAN */
    ld_line first, last;
} ld_pattern_fact;

typedef struct ld_log_fact {
    bool is_first;    /* the first look at this log: it may reach far back */
    bool has_gap;     /* lines may have been lost before it (rotation, too much at once) */
    char *gap_reason; /* of a gap; NULL: not told */
    int64_t gap_from_ms,
        gap_to_ms;    /* the last line before it, the first one behind it; 0 not known */
    bool is_gap_only; /* nothing was read: it only tells of a gap */
    bool has_span;    /* from/to were read from the lines */
    int64_t from_ms, to_ms;
    int64_t modified_ms; /* when something was last added to the source; 0 not known */
    int64_t lines, bytes, truncated;
    ld_pattern_fact *patterns;
    size_t n_patterns;
    ld_line *recent;
    size_t n_recent;
} ld_log_fact;

typedef struct ld_load_row {
    char *method, *name;
    int64_t requests, failures;
    double rate_per_s; /* NAN not known */
} ld_load_row;

typedef struct ld_load_fact {
    leakdiag_load_state state;
    int64_t users, target_users; /* -1 not known */
    double spawn_per_s;          /* NAN not known */
    int64_t age_ms;              /* -1 not known */
    double fail_ratio;           /* NAN not known */
    ld_load_row *rows;
    size_t n_rows;
    char *detail;
    int64_t http_status;
} ld_load_fact;

typedef struct ld_fact {
    int references; /* atomic */
    ld_fact_kind kind;
    char *source;
    char *subject; /* of workloads and services: what the scenario calls it ("app"); else NULL */
    int64_t time_ms;
    int64_t latency_ms;     /* -1 not measured */
    char *error;            /* NULL when collected; then the rest is set */
    leakdiag_status failed; /* the kind of error */
    union {
        ld_flag_fact flag;
        ld_memory_fact memory;
        ld_series_fact series;
        ld_log_fact log;
        ld_load_fact load;
        ld_workload_fact workload;
        ld_service_fact service;
    } of;
} ld_fact;

/* An empty fact of a kind; unknowns are set to unknown. The source text is copied and redacted. */
leakdiag_status ld_fact_new(ld_fact_kind kind, const char *source, int64_t time_ms, ld_fact **ret,
                            leakdiag_error *err);
/* The same for something that could not be collected, and why. */
leakdiag_status ld_fact_new_failed(ld_fact_kind kind, const char *source, int64_t time_ms,
                                   leakdiag_status failed, const char *why, ld_fact **ret,
                                   leakdiag_error *err);
ld_fact *ld_fact_ref(ld_fact *fact);
void ld_fact_unref(ld_fact *fact);
LD_DEFINE_CLEANUP(ld_fact, ld_fact_unref, ld_fact_unrefp)
const char *ld_fact_kind_name(ld_fact_kind kind);
bool ld_series_is_memory(const ld_series_fact *series);

/* Numbers from outside as a capture can hold them: what is beyond reason is not known. So a capture
 * of what was seen says the same as what was seen. */
#define LD_FACT_COUNT_MAX                                                                          \
    (INT64_C(1) << 40) /* no sum over all the facts of a capture overflows                         \
                        */
#define LD_FACT_BYTES_MAX 9223372036854775808.0 /* 2^63: as much as a series takes */
void ld_fact_bound(ld_fact *fact);

/* Text from outside as a fact may keep it: safe for terminals, secrets masked, cut to max bytes.
 * NULL gives NULL. */
leakdiag_status ld_fact_text(const char *data, size_t len, size_t max, char **ret,
                             leakdiag_error *err);

#endif
