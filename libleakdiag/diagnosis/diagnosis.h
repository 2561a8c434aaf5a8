/* A diagnosis from the inside. */
#ifndef LD_DIAGNOSIS_DIAGNOSIS_H
#define LD_DIAGNOSIS_DIAGNOSIS_H

#include <leakdiag/diagnosis.h>

#include "base/text.h"
#include "diagnosis/view.h"

/* One check, judged. */
typedef struct ld_answer {
    const ld_check *check;
    const ld_finding *finding; /* NULL: nothing to find */
    ld_outcome outcome;
    bool is_configured; /* false: no source of this scenario could answer it */
    ld_text observed, expected, reason;
    ld_text command;     /* the same by hand, where the scenario cannot know it; empty */
    const ld_fact *fact; /* where it came from, or NULL */
    bool is_settled;     /* its outcome is final */
    size_t blocked_by;   /* index of a check, or SIZE_MAX */
} ld_answer;

/* A rate as found by the rate check: for quick's fourth answer. */
typedef struct ld_rate {
    bool is_known;
    double per_min;
    double window_s; /* NAN not known */
    double count;    /* NAN not known */
    const char *of;  /* "load:/api/checkout", "log:order"; borrowed from the scenario */
} ld_rate;

typedef struct ld_evidence {
    char **list;
    size_t n;
} ld_evidence;

/* A cause that fired. */
typedef struct ld_verdict_cause {
    const ld_cause *cause;
    leakdiag_confidence confidence;
    ld_evidence in_favour, against;
    char *prediction; /* never NULL */
} ld_verdict_cause;

struct leakdiag_diagnosis {
    leakdiag_scenario *scenario;
    leakdiag_observation *observation;
    ld_view view;
    ld_answer *answers; /* one per check of the scenario, in its order */
    size_t n_answers;
    size_t first_broken;             /* index, or SIZE_MAX */
    leakdiag_trend *trend;           /* of the memory series; NULL without samples */
    leakdiag_comparison *comparison; /* against the expected curve; NULL without curve or samples */
    ld_rate *rates;                  /* one per check; only rate checks fill theirs */
    ld_verdict_cause *causes;        /* most likely first */
    size_t n_causes;
    leakdiag_verdict verdict;
    double ttl_s, ttl_lo_s, ttl_hi_s; /* until the limit; NAN none predicted */
    bool is_decided;
    int64_t decides_at_ms;
    char *summary, *next;
};

#endif
