/* Reading files of /proc and the cgroup file systems: they have no size, and may vanish. */
#ifndef LD_SOURCES_KERNEL_FILE_H
#define LD_SOURCES_KERNEL_FILE_H

#include "base/error.h"
#include "base/text.h"

/* root + path, at most max bytes, appended to *ret. E_NOT_FOUND (also: it has just ended), E_AUTH,
 * E_IO, E_LIMIT, E_NOMEM; the errors name the path. */
leakdiag_status ld_kernel_file_read(const char *root, const char *path, size_t max, ld_text *ret,
                                    leakdiag_error *err);

#endif
