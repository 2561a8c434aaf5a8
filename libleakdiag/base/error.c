#include "base/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Quoted input may hold anything: what could move a cursor, reorder or hide text becomes '?', and
 * so does a character that the end of the buffer cut in two. */
static void one_line(char *text)
{
    size_t len = strlen(text), to = 0;
    for (size_t from = 0; from < len;) {
        size_t n = ld_utf8_len(text + from, len - from);
        if (n == 0 || ld_utf8_is_unsafe(text + from, n)) {
            text[to++] = '?';
        } else {
            memmove(text + to, text + from, n);
            to += n;
        }
        from += n ? n : 1;
    }
    text[to] = '\0';
}

static void fill(leakdiag_error *err, leakdiag_status status, size_t line, size_t column,
                 const char *format, va_list args) LD_PRINTF(5, 0);

static void fill(leakdiag_error *err, leakdiag_status status, size_t line, size_t column,
                 const char *format, va_list args)
{
    leakdiag_error made = {.status = status, .line = (uint32_t)line, .column = (uint32_t)column};
    if (status == LEAKDIAG_E_TIMEOUT)
        made.flags = LEAKDIAG_ERROR_RETRIABLE;
    vsnprintf(made.message, sizeof made.message, format, args);
    one_line(made.message);
    *err = made;
}

leakdiag_status ld_fail(leakdiag_error *err, leakdiag_status status, const char *format, ...)
{
    if (!err)
        return status;
    va_list args;
    va_start(args, format);
    fill(err, status, 0, 0, format, args);
    va_end(args);
    return status;
}

leakdiag_status ld_fail_at(leakdiag_error *err, leakdiag_status status, size_t line, size_t column,
                           const char *format, ...)
{
    if (!err)
        return status;
    va_list args;
    va_start(args, format);
    fill(err, status, line, column, format, args);
    va_end(args);
    return status;
}

leakdiag_status ld_fail_nomem(leakdiag_error *err)
{
    return ld_fail(err, LEAKDIAG_E_NOMEM, "out of memory");
}

/* What the server cannot do now, it may do later; what it does not know how to do it never will. */
static bool may_pass(int http_status)
{
    return http_status == 408 || http_status == 429 ||
           (http_status >= 500 && http_status != 501 && http_status != 505);
}

leakdiag_status ld_error_http(leakdiag_error *err, leakdiag_status status, int http_status)
{
    if (!err || !status || status == LEAKDIAG_E_NOMEM)
        return status;
    err->http_status = http_status;
    return may_pass(http_status) ? ld_error_retriable(err, status) : status;
}

leakdiag_status ld_error_retriable(leakdiag_error *err, leakdiag_status status)
{
    if (err)
        err->flags |= LEAKDIAG_ERROR_RETRIABLE;
    return status;
}

leakdiag_status ld_fail_as(leakdiag_error *err, leakdiag_status status, const leakdiag_error *why)
{
    if (!err)
        return status;
    *err = *why;
    err->status = status;
    return status;
}

leakdiag_status ld_error_prefix(leakdiag_error *err, leakdiag_status status, const char *format,
                                ...)
{
    if (!err)
        return status;
    char inner[sizeof err->message];
    memcpy(inner, err->message, sizeof inner);

    va_list args;
    va_start(args, format);
    int n = vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);

    if (n < 0 || (size_t)n + 3 > sizeof err->message) { /* no room: the first cause matters more */
        memcpy(err->message, inner, sizeof inner);
        return status;
    }
    size_t room = sizeof err->message - (size_t)n;
    snprintf(err->message + n, room, ": %.*s", (int)(room - 3), inner);
    one_line(err->message);
    return status;
}

leakdiag_status ld_options_copy(void *own, size_t own_size, size_t smallest, const void *options,
                                leakdiag_error *err)
{
    if (!options)
        return LEAKDIAG_OK;
    size_t given;
    memcpy(&given, options, sizeof given);
    if (given < smallest || given > 4096)
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "options have size %zu: start from the _OPTIONS_INIT macro", given);
    const unsigned char *bytes = options;
    for (size_t i = own_size; i < given; i++)
        if (bytes[i])
            return ld_fail(err, LEAKDIAG_E_UNSUPPORTED,
                           "an option of a newer version is set (byte %zu); this is version %s", i,
                           LEAKDIAG_VERSION);
    memcpy(own, options, given < own_size ? given : own_size);
    memcpy(own, &own_size, sizeof own_size);
    return LEAKDIAG_OK;
}

const char *leakdiag_version(void)
{
    return LEAKDIAG_VERSION;
}

const char *leakdiag_status_name(int status)
{
    switch (status) {
    case LEAKDIAG_OK:
        return "ok";
    case LEAKDIAG_E_INVALID:
        return "invalid";
    case LEAKDIAG_E_NOMEM:
        return "no-memory";
    case LEAKDIAG_E_IO:
        return "io";
    case LEAKDIAG_E_TIMEOUT:
        return "timeout";
    case LEAKDIAG_E_CANCELLED:
        return "cancelled";
    case LEAKDIAG_E_AUTH:
        return "auth";
    case LEAKDIAG_E_NOT_FOUND:
        return "not-found";
    case LEAKDIAG_E_CONFLICT:
        return "conflict";
    case LEAKDIAG_E_PROTOCOL:
        return "protocol";
    case LEAKDIAG_E_LIMIT:
        return "limit";
    case LEAKDIAG_E_UNSUPPORTED:
        return "unsupported";
    case LEAKDIAG_E_CALLBACK:
        return "callback";
    default:
        return "unknown-status";
    }
}
