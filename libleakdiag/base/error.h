/* Filling a leakdiag_error. First cause wins; outer layers only prefix. */
#ifndef LD_BASE_ERROR_H
#define LD_BASE_ERROR_H

#include <leakdiag/base.h>

#define LD_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Fill err (may be NULL) and return status. No %f and kin: they follow the locale.
 * Control bytes in the text are replaced, so that outside text cannot break the line. */
leakdiag_status ld_fail(leakdiag_error *err, leakdiag_status status, const char *format, ...)
    LD_PRINTF(3, 4);
/* The same with a place in the input, counted from 1 (0 = not known). */
leakdiag_status ld_fail_at(leakdiag_error *err, leakdiag_status status, size_t line, size_t column,
                           const char *format, ...) LD_PRINTF(5, 6);
leakdiag_status ld_fail_nomem(leakdiag_error *err);
/* The failure that err was just filled with came of an answer with this status; status is returned.
 * Says whether trying again may help. */
leakdiag_status ld_error_http(leakdiag_error *err, leakdiag_status status, int http_status);
/* Trying again may help; status is returned. */
leakdiag_status ld_error_retriable(leakdiag_error *err, leakdiag_status status);
/* The failure that `why` tells of, as that of another call: status is returned. */
leakdiag_status ld_fail_as(leakdiag_error *err, leakdiag_status status, const leakdiag_error *why);
/* "text: earlier message"; returns the status it was given. */
leakdiag_status ld_error_prefix(leakdiag_error *err, leakdiag_status status, const char *format,
                                ...) LD_PRINTF(3, 4);

/* Copies the caller's options over the defaults in *own. A longer struct of a newer caller is fine
 * as long as the part that is not known here is zero. */
leakdiag_status ld_options_copy(void *own, size_t own_size, size_t smallest, const void *options,
                                leakdiag_error *err);

#endif
