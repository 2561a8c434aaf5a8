/* Reading a file in a look, which has a deadline. */
#ifndef LD_SOURCES_FILE_H
#define LD_SOURCES_FILE_H

#include <leakdiag/file.h>

/* leakdiag_file_read() without waiting for anybody: a pipe is LEAKDIAG_E_INVALID, "-" a file. */
leakdiag_status ld_file_read_now(const char *path, size_t max_bytes, char **ret, size_t *ret_len,
                                 leakdiag_error *err);

#endif
