/* A session from the inside. */
#ifndef LD_RUN_SESSION_H
#define LD_RUN_SESSION_H

#include <leakdiag/session.h>

#include "net/http.h"
#include "observation/observation.h"
#include "scenario/scenario.h"
#include "sources/facts.h"
#include "sources/log_file.h"
#include "sources/memories.h"

struct leakdiag_session {
    leakdiag_scenario *scenario;
    leakdiag_session_options options;
    leakdiag_patterns *patterns;              /* the scenario's, compiled once */
    leakdiag_observation *observation;        /* all that is known */
    size_t compact_at;                        /* so many facts are made fewer */
    int64_t started_ms, started_monotonic_ms; /* its clock */
    int64_t (*clock_ms)(void *payload);       /* another one, for tests; NULL */
    void *clock_payload;
    ld_http_client *client; /* keeps its connections between looks */
    ld_log log;
    leakdiag_cluster *cluster; /* borrowed; NULL: none */
    ld_memories memories;
    bool has_skew;     /* the cluster's clock was read */
    int64_t skew_ms;   /* what it is ahead of this machine's; 0 when that is nothing to speak of */
    char *profile;     /* whose names are used; NULL: the scenario's own */
    ld_log_file *logs; /* one per configured log source of the scenario */
    size_t n_logs;
};

int64_t ld_session_now_ms(const leakdiag_session *session);

/* The sources of a role that can be asked. i counts them. */
const ld_source_spec *ld_configured(const leakdiag_session *session, const char *role, size_t i);

/* Goes on with the names of another version of the application: reads the scenario again with them.
 * Before the first look is done. */
leakdiag_status ld_session_use_profile(leakdiag_session *session, const ld_profile *profile,
                                       const char *release, leakdiag_error *err);

/* What needs the network, all together. */
leakdiag_status ld_gather_remote(leakdiag_session *session, ld_facts *facts, leakdiag_error *err);
/* What is on this machine: memory, recordings, logs, flag files. */
leakdiag_status ld_gather_local(leakdiag_session *session, ld_facts *facts, leakdiag_error *err);

/* What is missing among the facts of a look, and gaps of logs: to the log, before they join what
 * was seen earlier. */
void ld_session_tell(leakdiag_session *session, const ld_facts *facts);

#endif
