/* The two clocks: one for waiting, one to hold against the other side's. */
#ifndef LD_NET_MOMENT_H
#define LD_NET_MOMENT_H

#include <stdint.h>
#include <time.h>

static inline int64_t ld_clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int64_t ld_monotonic_ms(void)
{
    return ld_clock_ms(CLOCK_MONOTONIC);
}

static inline int64_t ld_wall_ms(void)
{
    return ld_clock_ms(CLOCK_REALTIME);
}

#endif
