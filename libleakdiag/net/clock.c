#include "net/clock.h"

#include <time.h>

#define SLICE_MS 50 /* how late a cancel may be noticed: it may come from a signal handler */

static int64_t read_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t ld_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

int64_t ld_monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

bool ld_clock_wait(int64_t until_monotonic_ms, const leakdiag_cancel *cancel)
{
    for (;;) {
        if (leakdiag_cancel_is_triggered(cancel))
            return false;
        int64_t left = until_monotonic_ms - ld_monotonic_ms();
        if (left <= 0)
            return true;
        if (left > SLICE_MS)
            left = SLICE_MS;
        struct timespec slice = {.tv_nsec = left * 1000000};
        nanosleep(&slice, NULL); /* woken by a signal: the loop looks again */
    }
}
