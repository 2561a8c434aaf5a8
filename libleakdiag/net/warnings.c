#include "net/warnings.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

#define LINE_BYTES 1024

void ld_warn(ld_warnings *warnings, const char *format, ...)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    char line[LINE_BYTES];
    if (warnings->n == LD_WARNINGS_MAX)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    ld_text_add_safe(&text, line, strlen(line));
    if (ld_text_take(&text, &warnings->list[warnings->n], NULL))
        warnings->failed = true;
    else
        warnings->n++;
}

void ld_warnings_done(ld_warnings *warnings)
{
    for (size_t i = 0; i < warnings->n; i++)
        ld_release(warnings->list[i]);
    *warnings = (ld_warnings){0};
}
