/* promtool's shorthand for a series: terms with blanks between them.
 *
 *   a+bxn   a, a+b, … a+n*b: n + 1 samples      a-bxn   the same downwards
 *   axn     n + 1 times a                       a       one sample
 *   _xn     n missing samples                   _       one of them
 *
 * a and b are decimal numbers or quantities ("8Mi+344064x36"); samples must not be negative.
 */
#ifndef LD_SCENARIO_SHORTHAND_H
#define LD_SCENARIO_SHORTHAND_H

#include "base/error.h"

#define LD_SHORTHAND_MAX_SAMPLES 100000

/* The samples that are there; slot i of the text has the time i * every_ms. */
typedef struct ld_shorthand {
    int64_t *times_ms;
    double *values;
    size_t n;
    int64_t end_ms; /* time of the last slot, missing or not; 0 without slots */
} ld_shorthand;

/* every_ms from 1 to a year. err has the column of the mistake, from 1. */
leakdiag_status ld_shorthand_parse(const char *text, int64_t every_ms, ld_shorthand *ret,
                                   leakdiag_error *err);
/* The same without the samples: is it right, and how long is it? */
leakdiag_status ld_shorthand_check(const char *text, int64_t every_ms, int64_t *ret_end_ms,
                                   leakdiag_error *err);
void ld_shorthand_done(ld_shorthand *series); /* free the content; for LD_CLEANUP */

#endif
