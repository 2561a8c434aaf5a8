/* What a series may hold. */
#ifndef LD_SERIES_BOUNDS_H
#define LD_SERIES_BOUNDS_H

#define LD_MOST_BYTES 9223372036854775808.0 /* 2^63: nothing counts more, and no sum overflows */

#endif
