/* The only clocks of the library. */
#ifndef LD_NET_CLOCK_H
#define LD_NET_CLOCK_H

#include <leakdiag/base.h>
#include <stdbool.h>

int64_t ld_wall_ms(void);      /* Unix ms: for facts, and to hold against the other side's */
int64_t ld_monotonic_ms(void); /* for deadlines and paces */
/* Waits until that monotonic time. False when cancelled before. */
bool ld_clock_wait(int64_t until_monotonic_ms, const leakdiag_cancel *cancel);

#endif
