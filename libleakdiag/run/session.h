/* A session from the inside. */
#ifndef LD_RUN_SESSION_H
#define LD_RUN_SESSION_H

#include <leakdiag/session.h>

#include "observation/observation.h"
#include "scenario/scenario.h"
#include "sources/log_file.h"

struct leakdiag_session {
    leakdiag_scenario *scenario;
    leakdiag_session_options options;
    leakdiag_patterns *patterns;              /* the scenario's, compiled once */
    leakdiag_observation *observation;        /* all that is known */
    int64_t started_ms, started_monotonic_ms; /* its clock */
    ld_log_file *logs;                        /* one per configured log source of the scenario */
    size_t n_logs;
};

int64_t ld_session_now_ms(const leakdiag_session *session);

/* The facts of one look, growing. */
typedef struct ld_facts {
    ld_fact **list;
    size_t n;
} ld_facts;

void ld_facts_done(ld_facts *facts);
/* Takes the reference, also when it fails. */
leakdiag_status ld_facts_add(ld_facts *facts, ld_fact *fact, leakdiag_error *err);

/* The sources of a role that are configured: their `requires` key has a text. i counts them. */
const ld_source_spec *ld_configured(const leakdiag_scenario *scenario, const char *role, size_t i);

/* What needs the network: flags and load generators, all together. */
leakdiag_status ld_gather_remote(leakdiag_session *session, ld_facts *facts, leakdiag_error *err);
/* What is on this machine: memory, recordings, logs, flag files. */
leakdiag_status ld_gather_local(leakdiag_session *session, ld_facts *facts, leakdiag_error *err);

#endif
