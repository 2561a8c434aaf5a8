/* Files under /proc as the kernel writes them. Pure: bytes and facts. Errors do not name the file:
 * who has read it does. */
#ifndef LD_WIRE_PROC_H
#define LD_WIRE_PROC_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

typedef struct ld_proc_stat {
    int64_t pid, parent;
    char state;          /* R S D Z T … */
    int64_t start_ticks; /* since the boot */
} ld_proc_stat;

/* /proc/PID/stat. The name may hold blanks, newlines and ')'. E_PROTOCOL. */
leakdiag_status ld_proc_read_stat(const char *data, size_t len, ld_proc_stat *ret,
                                  leakdiag_error *err);

/* A "Name:   123 kB" line of /proc/PID/status or smaps_rollup, in bytes; NAN when there is none. */
double ld_proc_kib_line(const char *data, size_t len, const char *name);

/* The line "btime N" of /proc/stat, in ms; 0 when there is none. */
int64_t ld_proc_boot_ms(const char *data, size_t len);

/* The memory cgroup in /proc/PID/cgroup. *ret is its path, from ld_alloc; NULL when there is none
 * of that kind. Both may be there at once: then v1 has the memory. E_NOMEM only. */
leakdiag_status ld_proc_cgroup_v1(const char *data, size_t len, char **ret, leakdiag_error *err);
leakdiag_status ld_proc_cgroup_v2(const char *data, size_t len, char **ret, leakdiag_error *err);

/* The names that are ever taken from an environment; NULL-terminated. */
extern const char *const ld_proc_environment_names[];
#define LD_PROC_ENVIRONMENT_NAMES 6
/* The value of one of them in /proc/PID/environ, made safe, without what stands before an '@' (a
 * password could), cut. *ret is from ld_alloc, NULL when it is not set. E_NOMEM only. */
leakdiag_status ld_proc_environment(const char *data, size_t len, const char *name, char **ret,
                                    leakdiag_error *err);

/* The same for a value from elsewhere. */
leakdiag_status ld_environment_value(const char *data, size_t len, char **ret, leakdiag_error *err);

#endif
