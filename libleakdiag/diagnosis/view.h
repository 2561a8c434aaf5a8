/* What an observation says at its "now": the latest facts, the memory series, the log's counts.
 * Derived once, read by all checks. */
#ifndef LD_DIAGNOSIS_VIEW_H
#define LD_DIAGNOSIS_VIEW_H

#include "observation/observation.h"
#include "scenario/scenario.h"

/* One pattern over the whole run of looks. */
typedef struct ld_pattern_view {
    int64_t count;               /* ever */
    int64_t window_count;        /* within the scenario's window before now */
    int64_t undated_count;       /* of a first look at lines without times: anywhere before it */
    bool is_lower_bound;         /* lines were lost or too expensive */
    double capture;              /* last number of group 1, or NAN */
    const ld_line *first, *last; /* NULL when it never matched */
} ld_pattern_view;

typedef struct ld_log_view {
    const ld_fact *fact; /* latest look at the log, NULL when there is no log source */
    bool is_read;        /* at least one look succeeded */
    bool has_gap;
    int64_t n_looks;
    bool is_idle;              /* nothing was added to it for a window */
    int64_t skew_ms;           /* to be added to the times of its lines */
    int64_t lines;             /* ever */
    int64_t from_ms;           /* the earliest time it is known for; INT64_MAX none */
    int64_t window_ms;         /* how much of the window before now the log covers; -1 not known */
    ld_pattern_view *patterns; /* one per pattern of the scenario */
} ld_log_view;

typedef struct ld_view {
    const leakdiag_scenario *scenario;
    const leakdiag_observation *observation;
    int64_t now_ms;
    const ld_fact
        *flag; /* latest look: the first alternative with evidence; NULL none configured */
    bool is_flag_served;        /* that alternative has evidence */
    const ld_fact *flag_file;   /* latest look at a flagd file; NULL none */
    const ld_fact *load;        /* latest look; NULL none configured */
    const ld_fact *flag_stored; /* latest look at a ConfigMap; NULL none */
    const ld_fact *flag_ui;     /* latest look at flagd-ui; NULL none */
    const ld_fact *flag_rpc;    /* latest look at the port that applications use; NULL none */
    const ld_fact
        *memory; /* latest that was collected, of the pod that speaks for all; NULL none */
    const ld_fact *first_memory; /* the first look at it, or at its predecessor; NULL none */
    const ld_fact *memory_error; /* latest look at memory when it failed; NULL otherwise */
    ld_log_view log;
    leakdiag_series *series; /* all memory samples, deduplicated; never NULL */
    bool series_is_live;     /* from looks (the clock is now's); false: from a recording */
    int64_t *restart_ms;     /* seen in the looks, OOM kills included */
    size_t n_restarts;
    int64_t *oom_ms;
    size_t n_ooms;
    int64_t *gone_oom_ms; /* of pods that came and went beside the one that is judged */
    size_t n_gone_ooms;
    int64_t oom_kills;       /* counter of the latest sample; -1 not known */
    double limit_bytes;      /* NAN none or not known */
    double soft_limit_bytes; /* NAN none or not known */
    bool has_start;          /* the expected curve's clock */
    int64_t start_ms;
} ld_view;

leakdiag_status ld_view_make(const leakdiag_scenario *scenario,
                             const leakdiag_observation *observation, ld_view *ret,
                             leakdiag_error *err);
void ld_view_done(ld_view *view);

/* The view of a pattern by name, or NULL when the scenario has no such pattern or no log was read.
 */
const ld_pattern_view *ld_view_pattern(const ld_view *view, const char *name);
/* Its lines in the window; in a single look at a log without times, its lines at all. 0 for NULL.
 */
int64_t ld_pattern_lines(const ld_view *view, const ld_pattern_view *pattern);
/* A row of a load fact by name, POST before others, or NULL. */
const ld_load_row *ld_find_row(const ld_fact *fact, const char *name);
/* The same of the latest load fact. */
const ld_load_row *ld_view_row(const ld_view *view, const char *name);
/* The latest look at a workload or a service, by the scenario's name for it; NULL none. */
const ld_fact *ld_view_workload(const ld_view *view, const char *name);
const ld_fact *ld_view_service(const ld_view *view, const char *name);
/* Neither the application's workload nor a pod of it is there: is it looked for in the right place?
 */
bool ld_view_lacks_app(const ld_view *view);
/* The profile of the application's version; NULL when not known. */
const ld_profile *ld_view_profile(const ld_view *view);
/* Both are of the same container of the same pod. */
bool ld_same_pod(const ld_memory_fact *a, const ld_memory_fact *b);
/* Value of an environment variable of the workload; *known says whether it could be read at all. */
const char *ld_view_env(const ld_view *view, const char *name, bool *known);

#endif
