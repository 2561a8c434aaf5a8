/* A fixed string to look for in short lines. memmem() spends more on getting ready than a line of a
 * log takes to walk through: here the walk stops only where the string's rarest byte is. */
#ifndef LD_LOGS_NEEDLE_H
#define LD_LOGS_NEEDLE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ld_needle {
    const char *text; /* borrowed */
    size_t len;       /* 1 or more */
    size_t rarest;    /* where in it */
} ld_needle;

ld_needle ld_needle_of(const char *text, size_t len);
bool ld_needle_is_in(const ld_needle *needle, const char *text, size_t len);

#endif
