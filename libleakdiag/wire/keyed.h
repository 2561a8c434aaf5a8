/* Lines of "key value" in kernel files, and single numbers. */
#ifndef LD_WIRE_KEYED_H
#define LD_WIRE_KEYED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ld_line_piece {
    const char *data;
    size_t len; /* without the newline */
} ld_line_piece;

/* Takes the next line off the beginning; false at the end. */
bool ld_line_next(const char **data, size_t *len, ld_line_piece *ret);
/* The whole of data must be digits; false also beyond UINT64_MAX. */
bool ld_digits(const char *data, size_t len, uint64_t *ret);
/* The number of the first line "key N". */
bool ld_keyed_number(const char *data, size_t len, const char *key, uint64_t *ret);

#endif
