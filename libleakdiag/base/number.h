/* Numbers, quantities, durations and times as text. Nothing here looks at the locale. */
#ifndef LD_BASE_NUMBER_H
#define LD_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define LD_NUMBER_BYTES 40 /* room for any formatted number */
/* Times and whole numbers from outside are at most this, either sign: a double holds them exactly,
 * and the difference of two does not overflow. */
#define LD_WHOLE_MAX INT64_C(9007199254740992)

/* The whole of data must be one decimal number (JSON's grammar, and also "+1", "007", ".5", "5.");
 * false otherwise, also when it is infinite. */
bool ld_number_parse(const char *data, size_t len, double *ret);
/* Shortest text that reads back the same; whole numbers below 2^53 without a point. */
void ld_number_format(double value, char out[LD_NUMBER_BYTES]);
void ld_number_format_fixed(double value, int decimals, char out[LD_NUMBER_BYTES]);
/* Round to so many decimals: what goes into a capture must read back as the same bytes. */
double ld_number_round(double value, int decimals);

/* Towards zero, and the nearest time there is for what is beyond; NAN gives 0. */
int64_t ld_ms_from_double(double ms);

/* "8.0Mi", "20Mi", "512Ki", "100B": at most one decimal, whole when whole. "?" for NAN. */
void ld_bytes_format(double bytes, char out[LD_NUMBER_BYTES]);
/* "40s", "12m", "1h20m", "3.5s", "250ms": for people. */
void ld_duration_format(double seconds, char out[LD_NUMBER_BYTES]);

/* A quantity that need not be whole: "270970n" of a CPU. Rules and errors of
 * leakdiag_quantity_parse(). */
leakdiag_status ld_quantity_number(const char *text, double *ret, leakdiag_error *err);

/* RFC 3339 at the beginning of data ("2024-12-03T10:00:00.1Z", any offset, also a blank instead
 * of T). Returns the bytes read, 0 if there is none. */
size_t ld_rfc3339_parse(const char *data, size_t len, int64_t *ret_ms);
/* "2026-11-23T14:31:00.250Z"; milliseconds only when not zero. */
void ld_rfc3339_format(int64_t time_ms, char out[LD_NUMBER_BYTES]);

#endif
