#include "net/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/redact.h"
#include "base/text.h"
#include "net/clock.h"

const char *leakdiag_log_level_name(leakdiag_log_level level)
{
    static const char *const names[] = {"debug", "info", "warning"};
    size_t i = (size_t)level;
    return i < sizeof names / sizeof *names ? names[i] : "unknown-level";
}

leakdiag_status ld_log_init(ld_log *ret, const leakdiag_log *given, leakdiag_error *err)
{
    ld_log log = {.to = LEAKDIAG_LOG_INIT};
    leakdiag_status status = ld_options_copy(&log.to, sizeof log.to, sizeof log.to, given, err);
    if (status)
        return status;
    if (given && !log.to.write)
        return ld_fail(err, LEAKDIAG_E_INVALID, "the log has no function write()");
    if (log.to.level < LEAKDIAG_LOG_LEVEL_DEBUG || log.to.level > LEAKDIAG_LOG_LEVEL_WARNING)
        return ld_fail(err, LEAKDIAG_E_INVALID, "the level of the log is none");
    *ret = log;
    return LEAKDIAG_OK;
}

bool ld_log_wants(const ld_log *log, leakdiag_log_level level)
{
    return log && log->to.write && !log->status && (int64_t)level >= log->to.level;
}

/* Outside text as it may be shown: without secrets, on one line. NULL stays NULL. */
static bool clean(const char *text, char **ret)
{
    LD_CLEANUP(ld_releasep) char *masked = NULL;
    LD_CLEANUP(ld_text_done) ld_text safe = {0};
    if (!text)
        return true;
    if (ld_redact(text, strlen(text), &masked, NULL))
        return false;
    ld_text_add_safe(&safe, masked, strlen(masked));
    return ld_text_take(&safe, ret, NULL) == LEAKDIAG_OK;
}

/* Nothing is cut: half a secret would not be known as one. *ret is from ld_alloc. */
static bool format_text(const char *format, va_list args, char **ret) LD_PRINTF(1, 0);

static bool format_text(const char *format, va_list args, char **ret)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *text = len < 0 ? NULL : ld_alloc((size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    *ret = text;
    return text != NULL;
}

static void hand_over(ld_log *log, leakdiag_log_record *record, const char *format, va_list args)
    LD_PRINTF(3, 0);

static void hand_over(ld_log *log, leakdiag_log_record *record, const char *format, va_list args)
{
    LD_CLEANUP(ld_releasep) char *said = NULL;
    LD_CLEANUP(ld_releasep) char *message = NULL;
    LD_CLEANUP(ld_releasep) char *source = NULL;
    LD_CLEANUP(ld_releasep) char *url = NULL;
    if (!format_text(format, args, &said) || !clean(said, &message) ||
        !clean(record->source, &source) || !clean(record->url, &url)) {
        log->status = LEAKDIAG_E_NOMEM;
        return;
    }
    record->size = sizeof *record;
    record->time_ms = ld_wall_ms();
    record->source = source ? source : "";
    record->url = url;
    record->message = message;
    if (log->to.write(record, log->to.payload))
        log->status = LEAKDIAG_E_CALLBACK;
}

void ld_log_write(ld_log *log, leakdiag_log_record record, const char *format, ...)
{
    va_list args;
    if (!ld_log_wants(log, (leakdiag_log_level)record.level))
        return;
    va_start(args, format);
    hand_over(log, &record, format, args);
    va_end(args);
}

void ld_log_say(ld_log *log, leakdiag_log_level level, const char *event, const char *source,
                const char *format, ...)
{
    va_list args;
    if (!ld_log_wants(log, level))
        return;
    leakdiag_log_record record = {
        .level = level, .event = event, .source = source, .duration_ms = -1, .bytes = -1};
    va_start(args, format);
    hand_over(log, &record, format, args);
    va_end(args);
}

leakdiag_status ld_log_status(const ld_log *log, leakdiag_error *err)
{
    if (!log || !log->status)
        return LEAKDIAG_OK;
    return log->status == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err)
                                           : ld_fail(err, log->status, "the log asked to stop");
}
