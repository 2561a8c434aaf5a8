/* Enum values as the words of the vocabulary. */
#include <leakdiag/series.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *leakdiag_leak_verdict_name(leakdiag_leak_verdict verdict)
{
    static const char *const names[] = {
        [LEAKDIAG_LEAK_TOO_EARLY] = "too-early",
        [LEAKDIAG_LEAK_NO] = "no-leak",
        [LEAKDIAG_LEAK_YES] = "leak",
    };
    return (size_t)verdict < COUNT(names) ? names[verdict] : "too-early";
}

const char *leakdiag_trace_class_name(leakdiag_trace_class trace_class)
{
    static const char *const names[] = {
        [LEAKDIAG_TRACE_UNKNOWN] = "unknown",
        [LEAKDIAG_TRACE_FLAT] = "flat",
        [LEAKDIAG_TRACE_STEADY] = "steady",
        [LEAKDIAG_TRACE_BURSTY] = "bursty",
        [LEAKDIAG_TRACE_HIDDEN] = "hidden",
        [LEAKDIAG_TRACE_GC_BOUND] = "gc-bound",
        [LEAKDIAG_TRACE_OOM_SAWTOOTH] = "oom-sawtooth",
        [LEAKDIAG_TRACE_WARM_UP] = "warm-up",
        [LEAKDIAG_TRACE_CACHE_FILL] = "cache-fill",
        [LEAKDIAG_TRACE_PERIODIC] = "periodic",
        [LEAKDIAG_TRACE_STEP] = "step",
        [LEAKDIAG_TRACE_PLATEAU] = "plateau",
        [LEAKDIAG_TRACE_DRAIN] = "drain",
        [LEAKDIAG_TRACE_NOISY] = "noisy",
    };
    return (size_t)trace_class < COUNT(names) ? names[trace_class] : "unknown";
}

const char *leakdiag_memory_finding_name(leakdiag_memory_finding finding)
{
    static const char *const names[] = {
        [LEAKDIAG_MEMORY_NO_SAMPLES] = "no-samples",
        [LEAKDIAG_MEMORY_STALE] = "stale",
        [LEAKDIAG_MEMORY_TOO_EARLY] = "too-early",
        [LEAKDIAG_MEMORY_ON_TRACK] = "on-track",
        [LEAKDIAG_MEMORY_AHEAD] = "ahead",
        [LEAKDIAG_MEMORY_BEHIND] = "behind",
        [LEAKDIAG_MEMORY_FLAT] = "flat",
        [LEAKDIAG_MEMORY_PLATEAU] = "plateau",
        [LEAKDIAG_MEMORY_GC_BOUND] = "gc-bound",
        [LEAKDIAG_MEMORY_STEP] = "step",
        [LEAKDIAG_MEMORY_SHRINKING] = "shrinking",
        [LEAKDIAG_MEMORY_OOM_SAWTOOTH] = "oom-sawtooth",
    };
    return (size_t)finding < COUNT(names) ? names[finding] : "no-samples";
}
