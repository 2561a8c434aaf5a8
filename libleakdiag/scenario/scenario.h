/* The scenario as other rooms see it. */
#ifndef LD_SCENARIO_SCENARIO_H
#define LD_SCENARIO_SCENARIO_H

#include <leakdiag/logs.h>
#include <leakdiag/scenario.h>
#include <leakdiag/timeline.h>
#include <stdbool.h>

#include "scenario/kinds.h"

/* One value under `expect` or of a source, with its type resolved (see kinds.h). */
typedef struct ld_attribute {
    char *key;
    char *text;    /* as written, parameters filled in */
    double number; /* number, bytes or ms by the key's type; NAN for text */
    char **items;  /* of a list; else NULL */
    size_t n_items;
    size_t line, column;
} ld_attribute;

typedef struct ld_attributes {
    ld_attribute *list;
    size_t n;
} ld_attributes;

/* What is known of a parameter beside its value. */
typedef struct ld_param_info {
    ld_value_type type; /* TEXT, NUMBER, BYTES or DURATION */
    char *about;        /* may be NULL */
    char *fallback;     /* its default */
} ld_param_info;

const ld_attribute *ld_attribute_find(const ld_attributes *attributes, const char *key);
/* The text, or fallback when the key is missing or empty. */
const char *ld_attribute_text(const ld_attributes *attributes, const char *key,
                              const char *fallback);
double ld_attribute_number(const ld_attributes *attributes, const char *key, double fallback);

/* One place facts of a role may come from. Entries whose `requires` text is empty are skipped. */
typedef struct ld_source_spec {
    char *type; /* "ofrep", "flagd-file", "cgroup", "process", "csv", "log-file", "locust", … */
    ld_attributes attributes;
} ld_source_spec;

/* flag, memory, log, load, …: alternatives in the order of preference. */
typedef struct ld_role {
    char *name;
    ld_source_spec *sources;
    size_t n;
} ld_role;

typedef struct ld_scenario_pattern {
    char *name;
    char *text;
    uint64_t flags; /* LEAKDIAG_PATTERN_… */
} ld_scenario_pattern;

typedef struct ld_outcome_override {
    const char *finding; /* points into the kind's table */
    ld_outcome outcome;
} ld_outcome_override;

typedef struct ld_check {
    char *id;
    const ld_kind *kind;
    char *asks;
    char *command;   /* the equivalent by hand (kubectl, curl); may be NULL */
    bool supporting; /* its missing data does not make the verdict inconclusive */
    size_t *needs;   /* indices of checks that come before it in the chain */
    size_t n_needs;
    ld_attributes expect;
    ld_outcome_override *overrides;
    size_t n_overrides;
} ld_check;

/* `check in {findings}`: one line of when/any/supports/against/unless. */
typedef struct ld_condition {
    size_t check;
    const char **findings; /* point into the kind's table */
    size_t n;
} ld_condition;

typedef struct ld_conditions {
    ld_condition *list;
    size_t n;
} ld_conditions;

typedef struct ld_cause {
    char *id;
    char *title;
    ld_conditions when;     /* all must hold */
    ld_conditions any;      /* at least one must hold (when there are any) */
    ld_conditions supports; /* raise the confidence */
    ld_conditions against;  /* lower it */
    ld_conditions unless;   /* rule it out */
    char *refuted_by;       /* what would refute it, for people */
    char *fix;              /* what to do, for people */
    char *command;          /* first command of it; may be NULL */
    bool predicts_limit;    /* says the predicted time to the limit */
} ld_cause;

/* One embedded test: facts as data, and what must come out. All keys and words are checked when the
 * scenario is read. What `given` leaves out was not observed: no such source is configured.
 *
 * given:
 * - memory: text, samples in the series shorthand (scenario/shorthand.h), from time 0
 * - every: ms, their spacing; always there when memory is
 * - now: ms, the time of judgement; left out: the last slot of memory, or 0
 * - flag: text; number when it is one, else a flag state ("disabled", ...)
 * - load.state: text, a load state ("running", "stopped", ...); always there when a load.* key is
 * - load.users, load.target_users, load.spawn_rate, load.fail_ratio: numbers
 * - load.age: ms
 * - orders_per_min, requests_per_min: numbers; the log (unless silent) has so many lines of the
 *   order and the request pattern, and Locust (when load is given) so many requests in the row
 * - flag_lines: number of activation lines in the window; flag_seen_value: the value they name
 * - hand_off: text; configured, not-configured, failing, silent
 * - log: text, only "silent": it was read and not one line came. Left out: when a key that counts
 *   lines is given, it was read and had other lines as well
 * - limit, soft_limit: text; bytes, or NAN with the text "none": known to have none
 * - oom_at: list of durations since time 0, rising, none after now; empty: known that none was
 * - app_age: ms since the last start of the application
 * - stored_flag, ui_flag: as flag: what the ConfigMap and flagd-ui hold; stored_age: ms since the
 *   ConfigMap was changed
 * - flagd_age: ms since the flag service's pod started
 * - frontend: text; ready, no-endpoints, missing: the service of the check of kind service
 * - reach: text; reachable, no-endpoints, config-mismatch, policy-blocks: that of the check of kind
 *   reach
 *
 * expect:
 * - verdict: text; as-expected, warning, not-as-expected, inconclusive
 * - first_cause: text; the id of a cause, or "none"
 * - causes: list of exactly these ids, in any order
 * - checks.ID: text; a finding of the check's kind, or an outcome
 */
typedef struct ld_scenario_test {
    char *name;
    size_t line;
    ld_attributes given;  /* flat keys: "flag", "load.state", "memory", "every", … */
    ld_attributes expect; /* "verdict", "first_cause", "checks.ID", … */
} ld_scenario_test;

/* What is different about a range of versions of the application. */
typedef struct ld_profile {
    char *id;
    char *about;        /* may be NULL */
    char *from, *below; /* versions: from <= version < below; NULL: no bound */
    char *find_by;      /* selector of its Deployment where the usual name finds none; or NULL */
    char *suffix;       /* "{release}" in set is the found name without this end */
    char **set;         /* "name=value" of parameters that are other than usual */
    size_t n_set;
    bool logs_elsewhere;      /* nothing is written to the container's log */
    bool has_other_generator; /* the load does not come from Locust */
} ld_profile;

struct leakdiag_scenario {
    int references; /* atomic */
    char *name, *title, *summary;
    char *origin;
    char *text; /* as read, for captures */
    size_t text_len;
    ld_attributes params;      /* name → value, declared order */
    ld_param_info *param_info; /* params.n entries */
    char **set;                /* the "name=value" texts that were given */
    size_t n_set;
    ld_role *roles;
    size_t n_roles;
    ld_profile *profiles;
    size_t n_profiles;
    ld_scenario_pattern *patterns;
    size_t n_patterns;
    ld_check *checks;
    size_t n_checks;
    leakdiag_timeline *timeline; /* NULL when none is expected */
    double timeline_flag_value;  /* the flag value it is valid for, or NAN */
    bool timeline_oom_at_end;
    double timeline_tolerance_bytes; /* as written; 0 = the timeline's own default */
    int64_t timeline_tolerance_ms;   /* the same */
    size_t *starts_after; /* its clock starts when the last of these checks began to hold */
    size_t n_starts_after;
    bool expects_growth; /* false: nothing should grow (any-workload) */
    double time_scale;   /* 1; 30 for a timeline compressed 30 times */
    int64_t every_ms;    /* pace of gathering */
    int64_t window_ms;   /* of rates */
    int64_t settle_ms;   /* after a restart nothing is judged for so long */
    int64_t stale_ms;    /* newest memory sample older than this is stale */
    ld_cause *causes;
    size_t n_causes;
    ld_scenario_test *tests;
    size_t n_tests;
    bool has_unread_tests; /* a built-in one's: see ld_scenario_with_tests() */
};

/* The same with its tests. They are two thirds of a built-in scenario and only looked at when they
 * are run or shown, so that one is read without them. *ret is a reference. */
leakdiag_status ld_scenario_with_tests(const leakdiag_scenario *scenario, leakdiag_scenario **ret,
                                       leakdiag_error *err);
/* leakdiag_scenario_parse() of what comes with the library, but for the tests, which are its last
 * section. */
leakdiag_status ld_scenario_parse_builtin(const char *data, size_t len, const char *origin,
                                          const char *const *set, size_t n_set,
                                          leakdiag_scenario **ret, leakdiag_error *err);

const ld_role *ld_scenario_role(const leakdiag_scenario *scenario, const char *name); /* or NULL */
const char *ld_scenario_param(const leakdiag_scenario *scenario, const char *name);   /* or NULL */
/* The i-th source of a role that can be asked, or NULL. What needs a cluster needs has_cluster. */
const ld_source_spec *ld_scenario_source(const leakdiag_scenario *scenario, const char *role,
                                         bool has_cluster, size_t i);
/* In a cluster: are the logs of this workload's pods read? They are when they are the first source
 * of logs that can be asked: two sources would count one order twice. */
bool ld_scenario_reads_pod_logs(const leakdiag_scenario *scenario, const char *as);
/* The profile of a version, or NULL. */
const ld_profile *ld_scenario_profile(const leakdiag_scenario *scenario, const char *version);
const ld_profile *ld_scenario_profile_named(const leakdiag_scenario *scenario, const char *id);
/* A dotted version, at least "1": false when it is none ("latest"). "v" before and "-…" behind are
 * taken. */
bool ld_version_parse(const char *text, int64_t ret[3]);
/* The application's name of a thing that a check is about: `of`, else the last part of its id. */
const char *ld_check_subject(const ld_check *check);
/* Index of a check by id, or n_checks. */
size_t ld_scenario_check(const leakdiag_scenario *scenario, const char *id);

#endif
