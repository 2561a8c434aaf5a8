/* What is told to whoever listens (leakdiag/log.h). Everything goes through here, so that no secret
 * gets out and no record breaks a line. */
#ifndef LD_NET_LOG_H
#define LD_NET_LOG_H

#include <leakdiag/log.h>
#include <stdbool.h>

#include "base/error.h"

typedef struct ld_log {
    leakdiag_log to; /* without its write(): nobody listens */
    leakdiag_status
        status; /* why the call is to end: E_CALLBACK, E_NOMEM; LEAKDIAG_OK: it is not */
} ld_log;

/* given: NULL: nobody listens; copied. E_INVALID: no function, or a level that is none;
 * E_UNSUPPORTED. */
leakdiag_status ld_log_init(ld_log *ret, const leakdiag_log *given, leakdiag_error *err);
/* Whether it is worth making such a record. log may be NULL. */
bool ld_log_wants(const ld_log *log, leakdiag_log_level level);
/* level, event, source and what belongs to a request are the caller's; size, time and message are
 * filled in. Texts of it may come from outside. log may be NULL. */
void ld_log_write(ld_log *log, leakdiag_log_record record, const char *format, ...) LD_PRINTF(3, 4);
/* A record that is not about a request. */
void ld_log_say(ld_log *log, leakdiag_log_level level, const char *event, const char *source,
                const char *format, ...) LD_PRINTF(5, 6);
/* Why the call is to end. log may be NULL. */
leakdiag_status ld_log_status(const ld_log *log, leakdiag_error *err);

#endif
