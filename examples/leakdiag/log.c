/* --log: what the library does, told on stderr. */
#include <string.h>

#include "cli.h"

static int write_record(const leakdiag_log_record *record, void *payload)
{
    (void)payload;
    fprintf(stderr, "leakdiag: %s: ", leakdiag_log_level_name((leakdiag_log_level)record->level));
    print_safe(stderr, record->message);
    fputc('\n', stderr);
    return 0;
}

const leakdiag_log *log_option(const cli_args *args)
{
    static leakdiag_log log = LEAKDIAG_LOG_INIT;
    const char *level = args_value(args, "log");
    if (!level)
        return NULL;
    log.write = write_record;
    log.level = LEAKDIAG_LOG_LEVEL_DEBUG;
    while (strcmp(leakdiag_log_level_name((leakdiag_log_level)log.level), level) != 0)
        log.level++; /* it is one of LOG_OPTION's choices */
    return &log;
}
