/* A small world: what each source would say at each time. See matrix/README.md. */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/node.h"
#include "base/text.h"
#include "observation/fact.h"
#include "scenario/scenario.h"
#include "wire/answer.h"

#define WORLD_POINTS  24
#define WORLD_SETS    8
#define WORLD_ENVS    4
#define WORLD_ENDS    4
#define WORLD_FORBIDS 12
#define WORLD_EPOCH   1795435200000 /* 2026-11-23T12:00:00Z: time 0 of a world that is not live */

/* What can change in the middle of a run. */
typedef struct world_state {
    const char *flag_post, *flag_get, *flag_bulk; /* names in answers.yaml; "dead" */
    const char *load, *log, *hand_off;
    double users, spawn, failures;
    double load_orders, log_orders; /* a minute */
    double seen;                    /* NAN: no flag lines */
} world_state;

typedef struct world_point {
    int64_t at_ms;
    double bytes;
} world_point;

/* What only a cluster has. NULL: as in a healthy one. */
typedef struct world_cluster {
    const char *rpc, *stored, *ui; /* names in answers.yaml, or a word; as OFREP answers */
    int64_t stored_changed_ms, flagd_started_ms;
    int64_t flagd_restarted_ms;        /* its container within its pod; INT64_MIN: it was not */
    int64_t flagd_copied_ms;           /* its init container ran again; INT64_MIN: it did not */
    const char *forbid[WORLD_FORBIDS]; /* resources that may not be read */
    size_t n_forbid;
    const char *metrics;                 /* "not-installed", "unavailable", "absent" */
    const char *ports;                   /* of the Service flagd */
    const char *flagd, *frontend;        /* "missing", "no-endpoints"; frontend: "external" */
    const char *policies;                /* "deny-all", "allow", "by-address" */
    const char *app;                     /* "missing", "scaled-to-0", "crash-loop", … */
    const char *second, *template_limit; /* another pod's limit; the Deployment's */
    const char *old_limit;               /* of the pod that is going */
    const char *sidecar;                 /* a container before the application's: its limit */
    const char *version, *release;       /* of the demo; before its names */
    const char *image;
    const char *prometheus;   /* "as-metrics", points, "empty" */
    const char *secret;       /* put where a cluster may hold one; only by a test */
    const char *load;         /* "missing" */
    double prometheus_orders; /* a minute; NAN: not counted */
    int64_t clock_ms;         /* what this machine's clock is ahead of the cluster's */
} world_cluster;

/* All times are relative to the beginning of load and flag. */
typedef struct world {
    const char *name, *row, *fact;
    bool is_live;
    world_state first, then;
    int64_t then_at_ms; /* INT64_MAX: never */
    int64_t at_ms, every_ms, started_ms, log_from_ms, load_since_ms, memory_until_ms;
    bool only_last, has_log_gap;
    const char *flag_file; /* in answers.yaml; NULL: none */
    const char *memory;    /* NULL: the points; "missing", "forbidden", "none" */
    const char *memory_kind;
    world_point points[WORLD_POINTS];
    size_t n_points;
    double floor_bytes, noise_bytes, limit_bytes; /* limit NAN: none */
    const char *limit_text;
    uint64_t noise_seed;
    int64_t oom_ms[WORLD_ENDS], crash_ms[WORLD_ENDS];
    size_t n_oom, n_crash;
    bool has_env;
    const char *env_name[WORLD_ENVS], *env_value[WORLD_ENVS];
    size_t n_env;
    const char *set[WORLD_SETS];
    size_t n_set;
    world_cluster cluster;
    const ld_node *expect;
    const ld_node *answers; /* the document answers.yaml */
} world;

/* The runbook's healthy run. */
world world_healthy(const ld_node *answers);
/* One case of the matrix; ends the test when the case is not written right. */
world world_read(const ld_node *node, const ld_node *answers);
/* The keys of `world: {cluster: …}`. */
void world_read_cluster(const ld_node *node, world *w);
/* A document of matrix/; ends the test when it cannot be read. */
ld_node *world_document(const char *file);
/* "12m", "-10s"; ends the test when it is none. */
int64_t world_duration(const char *text);
/* Points like "0m=8Mi 3m=10Mi". */
void world_set_points(world *w, const char *text);

const world_state *world_at(const world *w, int64_t at_ms);

/* Bytes of an HTTP answer and what the codecs want to know of it. */
typedef struct world_answer {
    ld_text bytes; /* status line, headers, body */
    char content_type[128];
    ld_answer answer; /* points into bytes */
} world_answer;

void world_answer_done(world_answer *answer);
/* A flag service's answer by its name in answers.yaml. */
world_answer world_flag_answer(const world *w, const char *name, const char *method);
/* The bytes of a flagd file by its name in answers.yaml; free() them. */
char *world_flag_file(const world *w);
/* Locust's statistics and its page at a time; base_ms is the world's time 0 in Unix ms. */
world_answer world_load_stats(const world *w, int64_t base_ms, int64_t at_ms);
world_answer world_load_page(const world *w, int64_t base_ms, int64_t at_ms);
/* The lines logged after from and until to. */
void world_log(const world *w, int64_t base_ms, int64_t from_ms, int64_t to_ms, ld_text *out);
/* "t,ws" with Unix seconds. */
void world_csv(const world *w, int64_t base_ms, int64_t at_ms, ld_text *out);

/* A whole file, ended by a 0; free() it. Ends the test when it cannot be read. */
char *world_file(const char *path, size_t *ret_len);
/* Working set at a time. */
double world_bytes_at(const world *w, int64_t at_ms);

/* Files of the application's cgroup (or process) at a time. */
typedef struct world_files {
    char usage[32], limit[32], stat[256], oom[128], process[128];
    ld_text environ;
    int64_t started_ms, pid; /* started: relative */
} world_files;

void world_files_at(const world *w, int64_t at_ms, world_files *ret);

/* Where the sources are: what the scenario is told, and the facts are called. */
typedef struct world_places {
    const char *ofrep_url, *locust_url, *flag_file, *log_file, *cgroup, *pid, *csv;
} world_places;

extern const world_places world_usual_places;

/* The built-in scenario of the checkout (or the file named by LEAKDIAG_WORLD_SCENARIO) with what
 * the world sets. */
leakdiag_scenario *world_scenario(const world *w, const world_places *places);
/* The same with these settings and no others. */
leakdiag_scenario *world_scenario_with(const char *const *set, size_t n);
/* All looks before until_ms, or at it too, decoded by the real codecs. */
leakdiag_observation *world_observe(const world *w, leakdiag_scenario *scenario,
                                    const world_places *places, int64_t base_ms, int64_t until_ms,
                                    bool with_until);

#endif
