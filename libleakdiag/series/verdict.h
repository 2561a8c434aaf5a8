/* From numbers to words: leak or not, class, finding. */
#ifndef LD_SERIES_VERDICT_H
#define LD_SERIES_VERDICT_H

#include "series/slope.h"

typedef struct ld_verdict {
    double score; /* 0..1 */
    bool is_leak;
    bool is_unsure;
} ld_verdict;

ld_verdict ld_verdict_of(const ld_shape *shape, double level_bytes);

/* What the class is read from. */
typedef struct ld_case {
    const ld_shape *shape;
    bool is_leak;
    bool climbs_to_kill; /* an OOM kill ended a climb, or one follows a kill */
    double level_bytes;
    double soft_limit_bytes; /* 0 = not known */
} ld_case;

leakdiag_trace_class ld_class_of(const ld_case *c);
leakdiag_memory_finding ld_finding_of(leakdiag_trace_class trace_class, bool is_leak);

#endif
