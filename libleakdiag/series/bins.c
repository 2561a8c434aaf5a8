/* Equal stretches of time, each with its median or its lowest value. */
#include <math.h>
#include <string.h>

#include "series/shape.h"

static double bin_end(const ld_samples *s, ld_segment segment, size_t bins, size_t k)
{
    if (k + 1 == bins)
        return INFINITY;
    return s->t_s[segment.from] +
           ld_segment_duration_s(s, segment) * (double)(k + 1) / (double)bins;
}

void ld_bin_medians(const ld_samples *s, ld_segment segment, size_t bins, double *scratch,
                    ld_points *ret)
{
    ret->n = 0;
    size_t i = segment.from;
    for (size_t k = 0; k < bins; k++) {
        double end_s = bin_end(s, segment, bins, k);
        size_t n = 0, from = i;
        for (; i < segment.to && s->t_s[i] < end_s; i++)
            scratch[n++] = s->bytes[i];
        if (n == 0)
            continue;
        ret->bytes[ret->n] = ld_median(scratch, n);
        memcpy(scratch, s->t_s + from, n * sizeof *scratch);
        ret->t_s[ret->n++] = ld_median(scratch, n);
    }
}

void ld_bin_troughs(const ld_samples *s, ld_segment segment, size_t bins, ld_points *ret)
{
    ret->n = 0;
    size_t i = segment.from;
    for (size_t k = 0; k < bins; k++) {
        double end_s = bin_end(s, segment, bins, k);
        size_t lowest = i;
        size_t from = i;
        for (; i < segment.to && s->t_s[i] < end_s; i++)
            if (s->bytes[i] < s->bytes[lowest])
                lowest = i;
        if (i == from)
            continue;
        ret->t_s[ret->n] = s->t_s[lowest];
        ret->bytes[ret->n++] = s->bytes[lowest];
    }
}
