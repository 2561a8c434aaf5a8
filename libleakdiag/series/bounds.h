/* What a series may hold. */
#ifndef LD_SERIES_BOUNDS_H
#define LD_SERIES_BOUNDS_H

#define LD_MOST_BYTES 9223372036854775808.0 /* 2^63: nothing counts more, and no sum overflows */

/* A life of the process that is shorter, in the seconds of a real run, is not judged. */
#define LD_LEAST_SAMPLES 6
#define LD_LEAST_S       60.0

#endif
