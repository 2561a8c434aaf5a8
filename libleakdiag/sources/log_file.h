/* Following a log file or pipe: each look reads what was added since the last one. */
#ifndef LD_SOURCES_LOG_FILE_H
#define LD_SOURCES_LOG_FILE_H

#include <sys/types.h>

#include "base/text.h"
#include "sources/facts.h"

typedef struct ld_log_file {
    char *path;
    bool was_read; /* a look succeeded before */
    bool is_fifo;
    int fifo;     /* kept open between looks; -1 */
    ld_text tail; /* of a pipe: the unfinished last line */
    dev_t device; /* of a file: what was read, and how far */
    ino_t inode;
    int64_t offset;
} ld_log_file;

leakdiag_status ld_log_file_init(ld_log_file *log, const char *path, leakdiag_error *err);
void ld_log_file_done(ld_log_file *log);

/* One look. The fact says why when the file cannot be read. */
leakdiag_status ld_log_file_look(ld_log_file *log, leakdiag_patterns *patterns,
                                 const leakdiag_scenario *scenario, int64_t now_ms, ld_fact **ret,
                                 leakdiag_error *err);

#endif
