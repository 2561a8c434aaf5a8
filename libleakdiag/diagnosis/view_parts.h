/* The parts of the view, one file each. */
#ifndef LD_DIAGNOSIS_VIEW_PARTS_H
#define LD_DIAGNOSIS_VIEW_PARTS_H

#include "diagnosis/view.h"

/* All facts of one look carry the same time. The latest look of a kind: the first alternative with
 * evidence, or the first at all when none has any. Only of those that count (NULL: all). */
const ld_fact *ld_latest_fact(const leakdiag_observation *o, ld_fact_kind kind,
                              bool (*counts)(const ld_fact *),
                              bool (*has_evidence)(const ld_fact *));
bool ld_is_collected(const ld_fact *fact);

/* view_memory.c: of the latest look that saw memory, the instance that speaks for the workload. */
const ld_fact *ld_latest_memory(const leakdiag_observation *o);
/* Needs view->memory. */
leakdiag_status ld_view_make_series(ld_view *view, leakdiag_error *err);

/* view_log.c */
leakdiag_status ld_view_collect_log(ld_view *view, leakdiag_error *err);
size_t ld_view_find_pattern(const leakdiag_scenario *scenario, const char *name);

#endif
