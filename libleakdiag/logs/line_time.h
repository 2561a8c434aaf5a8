/* When a log line says it was written. */
#ifndef LD_LOGS_LINE_TIME_H
#define LD_LOGS_LINE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The rules stand at the top of leakdiag/logs.h. */
bool ld_line_time(const char *line, size_t len, int64_t *ret_ms);

#endif
