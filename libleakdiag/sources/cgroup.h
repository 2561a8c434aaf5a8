/* One memory cgroup of this machine: its files, its limit, its processes. */
#ifndef LD_SOURCES_CGROUP_H
#define LD_SOURCES_CGROUP_H

#include <stdbool.h>

#include "base/error.h"
#include "wire/memory.h"

#define LD_CGROUP_PROCESSES_MAX 1024

typedef enum ld_cgroup_version { LD_CGROUP_NONE = 0, LD_CGROUP_V1, LD_CGROUP_V2 } ld_cgroup_version;

/* Whether the folder is one of a memory cgroup. E_NOMEM only. */
leakdiag_status ld_cgroup_version_of(const char *root, const char *path, ld_cgroup_version *ret,
                                     leakdiag_error *err);

/* Fills what the cgroup's files tell: working set, usage, anonymous, limit, OOM kills, kind. */
leakdiag_status ld_cgroup_read(const char *root, const char *path, ld_cgroup_version version,
                               ld_memory_fields *fields, leakdiag_error *err);

/* The lowest limit of the cgroup and those above it. *ret_limit is NAN when there is none, and
 * *ret_is_own says whether the cgroup itself has one. E_NOT_FOUND when it cannot be seen. */
leakdiag_status ld_cgroup_effective_limit(const char *root, const char *path,
                                          ld_cgroup_version version, double *ret_limit,
                                          bool *ret_is_own, leakdiag_error *err);

typedef struct ld_process {
    int64_t pid, parent, start_ticks;
} ld_process;

typedef struct ld_processes {
    ld_process list[LD_CGROUP_PROCESSES_MAX];
    size_t n;         /* those that could be looked at */
    size_t count;     /* all that were seen */
    bool is_complete; /* false when there are more than are looked at */
} ld_processes;

/* The processes of the cgroup and of those below it. What vanishes meanwhile is left out; only
 * E_NOMEM fails. */
leakdiag_status ld_cgroup_processes(const char *root, const char *path, ld_processes *ret,
                                    leakdiag_error *err);
/* The one that started first; NULL when there is none. */
const ld_process *ld_processes_oldest(const ld_processes *processes);
/* True when every process is this one or was started by it, directly or not. */
bool ld_processes_are_of(const ld_processes *processes, int64_t pid);

#endif
