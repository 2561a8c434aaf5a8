/* Asking a flag service, in steps that a gather can send together with other requests:
 *
 *   ld_flag_ask_new()      once
 *   ld_flag_ask_first()    round 1: one request
 *   ld_flag_ask_decode()   what it says, already a usable result
 *   ld_flag_ask_next()     round 2, if it says so: one more request
 *   ld_flag_ask_refine()   the final result
 */
#ifndef LD_SOURCES_FLAG_H
#define LD_SOURCES_FLAG_H

#include <leakdiag/flag.h>

#include "base/cleanup.h"
#include "net/http.h"

/* What is asked, of whom, as whom. Immutable; one may be asked many times. */
typedef struct ld_flag_ask ld_flag_ask;

/* key NULL asks for all flags: then only first() and decode_all() apply. options may be NULL; their
 * timeout and cancel are the caller's business. E_INVALID for a bad URL, key, context or header. */
leakdiag_status ld_flag_ask_new(const char *url, const char *key,
                                const leakdiag_flag_options *options, ld_flag_ask **ret,
                                leakdiag_error *err);
void ld_flag_ask_free(ld_flag_ask *ask);
LD_DEFINE_CLEANUP(ld_flag_ask, ld_flag_ask_free, ld_flag_ask_freep)

/* *ret borrows from ask. */
void ld_flag_ask_first(const ld_flag_ask *ask, ld_http_request *ret);
/* The performed first request as a flag. Only E_NOMEM fails. */
leakdiag_status ld_flag_ask_decode(const ld_flag_ask *ask, const ld_http_request *first,
                                   leakdiag_flag **ret, leakdiag_error *err);
/* Whether one more question makes the result better (a GET when POST is not taken; all flags when
 * this one is missing). *ret is set, borrowing from ask, when true. */
bool ld_flag_ask_next(const ld_flag_ask *ask, const ld_http_request *first,
                      const leakdiag_flag *flag, ld_http_request *ret);
/* Replaces *flag (and frees the old one) where the performed second request says more; leaves it
 * alone otherwise, also when that request did not answer. Only E_NOMEM fails. */
leakdiag_status ld_flag_ask_refine(const ld_flag_ask *ask, const ld_http_request *first,
                                   const ld_http_request *next, leakdiag_flag **flag,
                                   leakdiag_error *err);

/* The performed first request as a list of flags. Only E_NOMEM fails. */
leakdiag_status ld_flag_ask_decode_all(const ld_flag_ask *ask, const ld_http_request *first,
                                       leakdiag_flags **ret, leakdiag_error *err);

#endif
