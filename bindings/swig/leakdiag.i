/* The public headers of libleakdiag for Python and Go, as private raw modules.
 *
 * A new header costs: one line under "handles" for each opaque type in it, one under "options" for
 * each options struct, one under "headers"; a function that may wait goes into blocking.i. The rest
 * follows from the conventions of base.h: an error is the last parameter, outputs are called
 * `ret...`, bytes are (const char *data, size_t len).
 */
#if defined(SWIGPYTHON)
%module(package="leakdiag", threads="1") capi
%nothread;
#else
%module capi
#endif

%{
#include <leakdiag.h>
#include <stdlib.h>
#include <string.h>
%}

#if !defined(SWIGWORDSIZE64)
#error "int64_t must be long: run swig with -DSWIGWORDSIZE64"
#endif
%include <stdint.i>

/* Attributes mean nothing here. */
#define LEAKDIAG_API
#define LEAKDIAG_CHECK

%rename("%(strip:[leakdiag_])s") "";
/* Constants stand in the public layers, and a test holds them against the headers. */
%rename("$ignore", %$isenumitem) "";
%rename("$ignore", %$isconstant) "";

#if defined(SWIGPYTHON)
%include "python.i"
%include "blocking.i"
#else
%include "go.i"
#endif

/* --- handles: the opaque types and what gives one back ---------------------------------------- */
HANDLE(cancel, leakdiag_cancel_free)
HANDLE(flag, leakdiag_flag_free)
HANDLE(flags, leakdiag_flags_free)
HANDLE(patterns, leakdiag_patterns_unref)
HANDLE(scan, leakdiag_scan_free)
HANDLE(series, leakdiag_series_unref)
HANDLE(trend, leakdiag_trend_free)
HANDLE(timeline, leakdiag_timeline_free)
HANDLE(comparison, leakdiag_comparison_free)
HANDLE(memory, leakdiag_memory_free)
HANDLE(load, leakdiag_load_free)
HANDLE(scenario, leakdiag_scenario_unref)
HANDLE(lint, leakdiag_lint_free)
HANDLE(observation, leakdiag_observation_unref)
HANDLE(diagnosis, leakdiag_diagnosis_free)
HANDLE(test_results, leakdiag_test_results_free)
HANDLE(session, leakdiag_session_free)
HANDLE(cluster, leakdiag_cluster_free)
HANDLE(pods, leakdiag_pods_free)
HANDLE(access, leakdiag_access_free)

/* --- options: structs that say their size ------------------------------------------------------ */
OPTIONS(flag_options, LEAKDIAG_FLAG_OPTIONS_INIT)
OPTIONS(scan_options, LEAKDIAG_SCAN_OPTIONS_INIT)
OPTIONS(trend_options, LEAKDIAG_TREND_OPTIONS_INIT)
OPTIONS(timeline_options, LEAKDIAG_TIMELINE_OPTIONS_INIT)
OPTIONS(compare_options, LEAKDIAG_COMPARE_OPTIONS_INIT)
OPTIONS(load_options, LEAKDIAG_LOAD_OPTIONS_INIT)
OPTIONS(session_options, LEAKDIAG_SESSION_OPTIONS_INIT)
OPTIONS(watch_options, LEAKDIAG_WATCH_OPTIONS_INIT)
OPTIONS(report_options, LEAKDIAG_REPORT_OPTIONS_INIT)
OPTIONS(cluster_options, LEAKDIAG_CLUSTER_OPTIONS_INIT)
OPTIONS(pods_options, LEAKDIAG_PODS_OPTIONS_INIT)
OPTIONS(access_options, LEAKDIAG_ACCESS_OPTIONS_INIT)
OPTIONS(transport, LEAKDIAG_TRANSPORT_INIT)
OPTIONS(log, LEAKDIAG_LOG_INIT)

/* Function pointers are set by the trampolines of each language. */
%ignore leakdiag_watch_options::on_look;
%ignore leakdiag_watch_options::payload;
%ignore leakdiag_transport::answer;
%ignore leakdiag_transport::payload;
%ignore leakdiag_log::write;
%ignore leakdiag_log::payload;
%ignore leakdiag_log_record;
%ignore leakdiag_http_request;
%ignore leakdiag_http_answer;
%ignore leakdiag_cluster_options::reserved;
%ignore leakdiag_allocator;
%ignore leakdiag_set_allocator; /* reached through count_memory() below */

/* --- headers ------------------------------------------------------------------------------------ */
%include <leakdiag/base.h>
%include <leakdiag/file.h>
%include <leakdiag/cluster.h>
%include <leakdiag/transport.h>
%include <leakdiag/log.h>
%include <leakdiag/flag.h>
%include <leakdiag/logs.h>
%include <leakdiag/series.h>
%include <leakdiag/timeline.h>
%include <leakdiag/memory.h>
%include <leakdiag/load.h>
%include <leakdiag/scenario.h>
%include <leakdiag/observation.h>
%include <leakdiag/diagnosis.h>
%include <leakdiag/report.h>
%include <leakdiag/session.h>
%include <leakdiag/pods.h>
/* Without a scenario: any workload. */
%apply const leakdiag_scenario *NULLABLE { const leakdiag_scenario *scenario };
%include <leakdiag/access.h>
%clear const leakdiag_scenario *scenario;
#if defined(SWIGGO)
%include "values.i"
#endif

/* --- memory of the library, counted: what the leak tests look at -------------------------------- */
%{
static long ld_blocks;

static void *ld_count_alloc(size_t bytes, void *payload)
{
    void *memory = malloc(bytes);
    (void)payload;
    if (memory)
        __atomic_add_fetch(&ld_blocks, 1, __ATOMIC_RELAXED);
    return memory;
}

static void *ld_count_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    void *more = realloc(memory, bytes);
    (void)old_bytes, (void)payload;
    if (more && !memory)
        __atomic_add_fetch(&ld_blocks, 1, __ATOMIC_RELAXED);
    return more;
}

static void ld_count_release(void *memory, void *payload)
{
    (void)payload;
    if (memory)
        __atomic_sub_fetch(&ld_blocks, 1, __ATOMIC_RELAXED);
    free(memory);
}
%}

%rename(count_memory) ld_count_memory;
%rename(live_blocks) ld_live_blocks;
%rename(nothing) ld_nothing;
%inline %{
/* Count the blocks of the library's own memory from now on. Before anything else. */
int ld_count_memory(void)
{
    const leakdiag_allocator counting = {sizeof counting, ld_count_alloc, ld_count_resize,
                                         ld_count_release, NULL};
    return leakdiag_set_allocator(&counting);
}

/* Blocks that are not given back yet. */
long ld_live_blocks(void)
{
    return __atomic_load_n(&ld_blocks, __ATOMIC_RELAXED);
}

/* What a call costs that does nothing: the measure for getters. */
void ld_nothing(void)
{
}
%}
