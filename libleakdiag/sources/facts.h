/* From what a tool read to a fact of the observation. */
#ifndef LD_SOURCES_FACTS_H
#define LD_SOURCES_FACTS_H

#include <leakdiag/flag.h>
#include <leakdiag/load.h>
#include <leakdiag/logs.h>
#include <leakdiag/memory.h>

#include "observation/fact.h"
#include "scenario/scenario.h"

/* The facts of one look, growing. */
typedef struct ld_facts {
    ld_fact **list;
    size_t n;
} ld_facts;

void ld_facts_done(ld_facts *facts);
/* Takes the reference, also when it fails. */
leakdiag_status ld_facts_add(ld_facts *facts, ld_fact *fact, leakdiag_error *err);
/* What could not be collected, and why. subject may be NULL. Out of memory is no fact: it comes
 * back. */
leakdiag_status ld_facts_add_failed(ld_facts *facts, ld_fact_kind kind, const char *source,
                                    const char *subject, int64_t time_ms, leakdiag_status failed,
                                    const char *why, leakdiag_error *err);

leakdiag_status ld_fact_from_flag(const leakdiag_flag *flag, const char *source, int64_t time_ms,
                                  ld_fact **ret, leakdiag_error *err);
leakdiag_status ld_fact_from_load(const leakdiag_load *load, const char *source, int64_t time_ms,
                                  ld_fact **ret, leakdiag_error *err);
leakdiag_status ld_fact_from_memory(const leakdiag_memory *memory, const char *source,
                                    int64_t time_ms, ld_fact **ret, leakdiag_error *err);
leakdiag_status ld_fact_from_series(leakdiag_series *series, const char *source, int64_t time_ms,
                                    ld_fact **ret, leakdiag_error *err);
/* The scan must have been made with the scenario's patterns in their order
 * (ld_scenario_patterns()). is_first and has_gap are the reader's knowledge. */
leakdiag_status ld_fact_from_scan(const leakdiag_scan *scan, const leakdiag_scenario *scenario,
                                  const char *source, int64_t time_ms, bool is_first, bool has_gap,
                                  ld_fact **ret, leakdiag_error *err);

/* The scenario's patterns, compiled in their order. */
leakdiag_status ld_scenario_patterns(const leakdiag_scenario *scenario, leakdiag_patterns **ret,
                                     leakdiag_error *err);

#endif
