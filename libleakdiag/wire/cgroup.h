/* Files of the memory cgroups, v1 and v2, as the kernel writes them. Pure: bytes and facts. Errors
 * do not name the file: who has read it does. */
#ifndef LD_WIRE_CGROUP_H
#define LD_WIRE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* memory.usage_in_bytes, memory.current: one number. E_PROTOCOL. */
leakdiag_status ld_cgroup_bytes(const char *data, size_t len, double *ret, leakdiag_error *err);

/* memory.limit_in_bytes, memory.max: "max", v1's 9223372036854771712 and all from 2^60 on are no
 * limit: *ret is then NAN. E_PROTOCOL. */
leakdiag_status ld_cgroup_limit(const char *data, size_t len, double *ret, leakdiag_error *err);

typedef struct ld_cgroup_stat {
    double inactive_file_bytes; /* page cache the kernel can take back without asking */
    double anonymous_bytes;     /* NAN when not known */
} ld_cgroup_stat;

/* memory.stat; v1 counts its children in the total_ lines. E_PROTOCOL without inactive_file. */
leakdiag_status ld_cgroup_read_stat_v1(const char *data, size_t len, ld_cgroup_stat *ret,
                                       leakdiag_error *err);
leakdiag_status ld_cgroup_read_stat_v2(const char *data, size_t len, ld_cgroup_stat *ret,
                                       leakdiag_error *err);

/* memory.oom_control (v1), memory.events (v2); -1 when the kernel does not count (v1 before 4.13).
 */
int64_t ld_cgroup_oom_kills(const char *data, size_t len);

/* usage without the inactive page cache, not below 0: the working set as Kubernetes counts it. */
double ld_cgroup_working_set(double usage_bytes, double inactive_file_bytes);

#endif
