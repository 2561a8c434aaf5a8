/* An observation from the inside. */
#ifndef LD_OBSERVATION_OBSERVATION_H
#define LD_OBSERVATION_OBSERVATION_H

#include <jansson.h>

#include "observation/fact.h"

struct leakdiag_observation {
    int references; /* atomic */
    int64_t now_ms;
    ld_fact **facts; /* in the order of their times */
    size_t n_facts;
    char *scenario; /* text, or NULL */
    size_t scenario_len;
    char **set;
    size_t n_set;
};

LD_DEFINE_CLEANUP(leakdiag_observation, leakdiag_observation_unref, ld_observation_unrefp)

/* An observation without facts. scenario may be NULL; texts are copied. */
leakdiag_status ld_observation_new(int64_t now_ms, const char *scenario, size_t scenario_len,
                                   char *const *set, size_t n_set, leakdiag_observation **ret,
                                   leakdiag_error *err);
/* base and more facts (of which it takes references), judged at now_ms. */
leakdiag_status ld_observation_extend(const leakdiag_observation *base, ld_fact *const *facts,
                                      size_t n, int64_t now_ms, leakdiag_observation **ret,
                                      leakdiag_error *err);

/* One fact as JSON and back. */
leakdiag_status ld_fact_to_json(const ld_fact *fact, json_t **ret, leakdiag_error *err);
leakdiag_status ld_fact_from_json(const json_t *json, ld_fact **ret, leakdiag_error *err);

#endif
