/* The plot of a diagnosis. */
#ifndef LD_REPORT_MEMORY_PLOT_H
#define LD_REPORT_MEMORY_PLOT_H

#include "diagnosis/diagnosis.h"
#include "report/paper.h"

/* Draws the judged series against the scenario's curve, one band per climb; nothing without a
 * sample. */
void ld_memory_plot(const leakdiag_diagnosis *diagnosis, ld_paper *paper);

#endif
