/* What is told of the past in fewer facts. A session that watches for hours has thousands of looks;
 * what only the window before now needs of them is left out, and nothing that counts. */
#ifndef LD_OBSERVATION_COMPACT_H
#define LD_OBSERVATION_COMPACT_H

#include "observation/observation.h"

/* The facts before before_ms in fewer:
 *   - looks at a log within five minutes are one, with all their counts. First looks stay: they
 *     reach back, and say what a later session reads again.
 *   - samples of memory are in a series for each source. The looks around everything that changed
 *     (an instance, its limit, how it ended) stay.
 *   - of all else the looks around each change stay, and of failures only the latest one.
 * The same facts give the same result; what was compacted before may be compacted again. */
leakdiag_status ld_observation_compact(const leakdiag_observation *observation, int64_t before_ms,
                                       leakdiag_observation **ret, leakdiag_error *err);

/* The parts, one file each: each takes what it handles of facts[0, n) and marks those that stay in
 * keeps; what it makes instead goes to made. */
typedef struct ld_compaction {
    ld_fact *const *facts;
    size_t n; /* of the past */
    bool *keeps;
    ld_fact **made; /* room for n */
    size_t n_made;
    leakdiag_error *err;
} ld_compaction;

leakdiag_status ld_compact_logs(ld_compaction *c);
leakdiag_status ld_compact_memory(ld_compaction *c);
leakdiag_status ld_compact_states(ld_compaction *c);

#endif
