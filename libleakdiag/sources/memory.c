#include <errno.h>
#include <leakdiag/memory.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/clock.h"
#include "sources/cgroup.h"
#include "sources/kernel_file.h"
#include "wire/cgroup.h"

#define FILE_MAX_BYTES        ((size_t)64 << 10)
#define PROC_STAT_MAX_BYTES   ((size_t)4 << 20) /* one number per interrupt of the machine */
#define ENVIRONMENT_MAX_BYTES ((size_t)4 << 20)
#define PATH_MAX_BYTES        4096
#define MOUNT_V1              "/sys/fs/cgroup/memory"
#define MOUNT_V2              "/sys/fs/cgroup"
#define MOUNT_HYBRID          "/sys/fs/cgroup/unified"

/* One sample on its way; owns the texts that fields points to. */
typedef struct sample {
    const char *root;
    ld_memory_fields fields;
    ld_processes *processes; /* large */
    ld_text cgroup, detail;
    char *environment[LD_PROC_ENVIRONMENT_NAMES];
} sample;

static void sample_done(sample *s)
{
    ld_release(s->processes);
    ld_text_done(&s->cgroup);
    ld_text_done(&s->detail);
    for (size_t i = 0; i < LD_PROC_ENVIRONMENT_NAMES; i++)
        ld_release(s->environment[i]);
}

static leakdiag_status sample_begin(sample *s, const char *root, leakdiag_error *err)
{
    *s = (sample){.root = root ? root : "", .fields = LD_MEMORY_FIELDS_UNKNOWN};
    if (strlen(s->root) > PATH_MAX_BYTES)
        return ld_fail(err, LEAKDIAG_E_INVALID, "the root is longer than %d bytes", PATH_MAX_BYTES);
    s->processes = ld_alloc(sizeof *s->processes);
    if (!s->processes)
        return ld_fail_nomem(err);
    s->fields.time_ms = ld_wall_ms();
    return LEAKDIAG_OK;
}

static leakdiag_status sample_end(sample *s, leakdiag_memory **ret, leakdiag_error *err)
{
    if (s->cgroup.failed || s->detail.failed)
        return ld_fail_nomem(err);
    s->fields.cgroup = s->cgroup.data;
    s->fields.detail = s->detail.data;
    for (size_t i = 0; i < LD_PROC_ENVIRONMENT_NAMES; i++)
        s->fields.environment[i] = s->environment[i];
    return ld_memory_new(&s->fields, ret, err);
}

/* Everything optional is read like this: only running out of memory ends the sample. */
static leakdiag_status unless_nomem(leakdiag_status status, leakdiag_error *err)
{
    return status == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err) : LEAKDIAG_OK;
}

static leakdiag_status read_of_process(const sample *s, int64_t pid, const char *name, size_t max,
                                       ld_text *ret, leakdiag_error *err)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, name);
    return ld_kernel_file_read(s->root, path, max, ret, err);
}

/* From clock ticks since the boot. The boot time is a whole second, but stays the same from sample
 * to sample: a change would look like a restart. */
static leakdiag_status set_started(sample *s, int64_t start_ticks, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text file = {0};
    leakdiag_status status =
        ld_kernel_file_read(s->root, "/proc/stat", PROC_STAT_MAX_BYTES, &file, NULL);
    int64_t boot_ms = status ? 0 : ld_proc_boot_ms(file.data, file.len);
    long hz = sysconf(_SC_CLK_TCK);
    if (boot_ms > 0 && hz > 0 && start_ticks < INT64_MAX / 2000)
        s->fields.started_ms = boot_ms + start_ticks * 1000 / hz;
    return unless_nomem(status, err);
}

static void forget(ld_text *text)
{
    if (text->data)
        explicit_bzero(text->data, text->room);
    ld_text_done(text);
}

static leakdiag_status set_environment(sample *s, int64_t pid, leakdiag_error *err)
{
    LD_CLEANUP(forget) ld_text file = {0};
    leakdiag_status status = read_of_process(s, pid, "environ", ENVIRONMENT_MAX_BYTES, &file, NULL);
    if (status)
        return unless_nomem(status, err);
    s->fields.has_environment = true;
    for (size_t i = 0; i < LD_PROC_ENVIRONMENT_NAMES; i++) {
        status = ld_proc_environment(file.data, file.len, ld_proc_environment_names[i],
                                     &s->environment[i], err);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

static leakdiag_status set_process(sample *s, const ld_process *process, leakdiag_error *err)
{
    s->fields.pid = process->pid;
    leakdiag_status status = set_started(s, process->start_ticks, err);
    return status ? status : set_environment(s, process->pid, err);
}

/* ---- a cgroup ---- */

static leakdiag_status check_path(const char *path, leakdiag_error *err)
{
    if (!path || path[0] != '/')
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "cgroup: a path like /sys/fs/cgroup/memory/shop is needed");
    if (strlen(path) > PATH_MAX_BYTES)
        return ld_fail(err, LEAKDIAG_E_INVALID, "cgroup: its path is longer than %d bytes",
                       PATH_MAX_BYTES);
    for (const char *p = path; p; p = strchr(p + 1, '/'))
        if (strcmp(p, "/..") == 0 || strncmp(p, "/../", 4) == 0)
            return ld_fail(err, LEAKDIAG_E_INVALID, "cgroup: no '..' is taken in its path");
    return LEAKDIAG_OK;
}

static leakdiag_status no_cgroup(const char *root, const char *path, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text whole = {0};
    ld_text_addf(&whole, "%s%s", root, path);
    if (whole.failed)
        return ld_fail_nomem(err);
    if (access(whole.data, X_OK) != 0)
        return errno == EACCES
                   ? ld_fail(err, LEAKDIAG_E_AUTH, "cgroup %s: may not be entered", path)
                   : ld_fail(err, LEAKDIAG_E_NOT_FOUND, "cgroup %s: no such folder", path);
    return ld_fail(err, LEAKDIAG_E_NOT_FOUND,
                   "cgroup %s: neither memory.current nor memory.usage_in_bytes is in it; it is "
                   "no memory cgroup (v1: look below " MOUNT_V1 ")",
                   path);
}

leakdiag_status leakdiag_memory_of_cgroup(const char *path, const char *root, leakdiag_memory **ret,
                                          leakdiag_error *err)
{
    leakdiag_status status = check_path(path, err);
    if (status)
        return status;
    LD_CLEANUP(sample_done) sample s = {0};
    status = sample_begin(&s, root, err);
    if (status)
        return status;
    ld_text_add_bytes(&s.cgroup, path, strlen(path));
    while (s.cgroup.len > 1 && s.cgroup.data[s.cgroup.len - 1] == '/')
        s.cgroup.data[--s.cgroup.len] = '\0';
    if (s.cgroup.failed)
        return ld_fail_nomem(err);
    ld_cgroup_version version;
    status = ld_cgroup_version_of(s.root, s.cgroup.data, &version, err);
    if (!status && version == LD_CGROUP_NONE)
        status = no_cgroup(s.root, s.cgroup.data, err);
    if (!status)
        status = ld_cgroup_read(s.root, s.cgroup.data, version, &s.fields, err);
    if (!status)
        status = ld_cgroup_processes(s.root, s.cgroup.data, s.processes, err);
    if (status)
        return status;
    if (s.processes->is_complete)
        s.fields.process_count = (int64_t)s.processes->count;
    const ld_process *oldest = ld_processes_oldest(s.processes);
    if (oldest)
        status = set_process(&s, oldest, err);
    return status ? status : sample_end(&s, ret, err);
}

/* ---- a process ---- */

static leakdiag_status find_process(const sample *s, int64_t pid, ld_process *ret,
                                    leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text file = {0};
    ld_proc_stat stat;
    leakdiag_status status = read_of_process(s, pid, "stat", FILE_MAX_BYTES, &file, err);
    if (status == LEAKDIAG_E_NOT_FOUND)
        return ld_fail(err, status, "process %lld: there is none", (long long)pid);
    if (!status)
        status = ld_proc_read_stat(file.data, file.len, &stat, err);
    if (status)
        return ld_error_prefix(err, status, "process %lld: its stat", (long long)pid);
    if (stat.state == 'Z' || stat.state == 'X')
        return ld_fail(err, LEAKDIAG_E_NOT_FOUND,
                       "process %lld: it has ended (its parent has not waited for it yet)",
                       (long long)pid);
    *ret = (ld_process){pid, stat.parent, stat.start_ticks};
    return LEAKDIAG_OK;
}

/* mount + path into s->cgroup when a memory cgroup is there. */
static leakdiag_status try_mount(sample *s, const char *mount, const char *path,
                                 ld_cgroup_version *ret, leakdiag_error *err)
{
    ld_text_done(&s->cgroup);
    ld_text_addf(&s->cgroup, "%s%s", mount, strcmp(path, "/") == 0 ? "" : path);
    if (s->cgroup.failed)
        return ld_fail_nomem(err);
    return ld_cgroup_version_of(s->root, s->cgroup.data, ret, err);
}

/* The folder of the process's memory cgroup in s->cgroup; the detail says why there is none. */
static leakdiag_status find_cgroup(sample *s, int64_t pid, ld_cgroup_version *ret,
                                   leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text file = {0};
    LD_CLEANUP(ld_releasep) char *v1 = NULL;
    LD_CLEANUP(ld_releasep) char *v2 = NULL;
    *ret = LD_CGROUP_NONE;
    leakdiag_status status = read_of_process(s, pid, "cgroup", FILE_MAX_BYTES, &file, NULL);
    if (status) {
        ld_text_add(&s->detail, "its cgroup cannot be read");
        return unless_nomem(status, err);
    }
    status = ld_proc_cgroup_v1(file.data, file.len, &v1, err);
    if (!status)
        status = ld_proc_cgroup_v2(file.data, file.len, &v2, err);
    if (status)
        return status;
    if (v1)
        status = try_mount(s, MOUNT_V1, v1, ret, err);
    else if (v2)
        status = try_mount(s, MOUNT_V2, v2, ret, err);
    if (!status && !v1 && v2 && *ret == LD_CGROUP_NONE)
        status = try_mount(s, MOUNT_HYBRID, v2, ret, err);
    if (status)
        return status;
    const char *path = v1 ? v1 : v2;
    if (*ret != LD_CGROUP_NONE)
        return LEAKDIAG_OK;
    if (path && strcmp(path, "/") == 0)
        ld_text_add(&s->detail, "it is in the root cgroup");
    else {
        ld_text_add(&s->detail, "its memory cgroup ");
        if (path)
            ld_text_add_safe(&s->detail, path, strlen(path));
        ld_text_add(&s->detail, path ? " cannot be seen from here" : "cannot be seen from here");
    }
    return LEAKDIAG_OK;
}

/* Whether the numbers of the cgroup are those of the process; the detail says why not. */
static leakdiag_status is_its_own(sample *s, int64_t pid, bool has_own_limit, bool *ret,
                                  leakdiag_error *err)
{
    *ret = false;
    /* v1's root has files too, of the whole machine; inside of a container it has a limit. v2's has
     * none, so what is found there is a container's. */
    if (strcmp(s->cgroup.data, MOUNT_V1) == 0 && !has_own_limit) {
        ld_text_add(&s->detail, "it is in the root cgroup");
        return LEAKDIAG_OK;
    }
    leakdiag_status status = ld_cgroup_processes(s->root, s->cgroup.data, s->processes, err);
    if (status)
        return status;
    *ret = has_own_limit || ld_processes_are_of(s->processes, pid);
    if (!*ret) {
        ld_text_add(&s->detail, "it shares the cgroup ");
        ld_text_add_safe(&s->detail, s->cgroup.data, s->cgroup.len);
        ld_text_addf(&s->detail, " with %zu others",
                     s->processes->count > 0 ? s->processes->count - 1 : 0);
    }
    return LEAKDIAG_OK;
}

/* Resident set: smaps_rollup is exact; status may lag by 32 pages per CPU, but needs no rights. */
static leakdiag_status read_resident(sample *s, int64_t pid, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text rollup = {0};
    LD_CLEANUP(ld_text_done) ld_text status_file = {0};
    leakdiag_status status = read_of_process(s, pid, "smaps_rollup", FILE_MAX_BYTES, &rollup, NULL);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    double resident = status ? NAN : ld_proc_kib_line(rollup.data, rollup.len, "Rss");
    double anonymous = status ? NAN : ld_proc_kib_line(rollup.data, rollup.len, "Anonymous");
    if (isnan(resident)) {
        status = read_of_process(s, pid, "status", FILE_MAX_BYTES, &status_file, err);
        if (status)
            return status;
        resident = ld_proc_kib_line(status_file.data, status_file.len, "VmRSS");
        anonymous = ld_proc_kib_line(status_file.data, status_file.len, "RssAnon");
    }
    if (isnan(resident))
        return ld_fail(err, LEAKDIAG_E_NOT_FOUND,
                       "process %lld: it has no memory of its own (it is ending, or part of the "
                       "kernel)",
                       (long long)pid);
    s->fields.kind = "process";
    s->fields.working_set_bytes = resident;
    s->fields.anonymous_bytes = anonymous;
    s->fields.process_count = 1;
    return LEAKDIAG_OK;
}

static leakdiag_status read_alone(sample *s, int64_t pid, leakdiag_error *err)
{
    ld_text_add(&s->detail, ": these are the numbers of the process alone");
    ld_text_done(&s->cgroup);
    return read_resident(s, pid, err);
}

/* The cgroup's numbers when it is the process's own, else the process's and the cgroup's limit. */
static leakdiag_status read_numbers(sample *s, int64_t pid, leakdiag_error *err)
{
    ld_cgroup_version version;
    double limit = NAN;
    bool has_own_limit = false, is_own = false;
    leakdiag_status status = find_cgroup(s, pid, &version, err);
    if (status)
        return status;
    if (version == LD_CGROUP_NONE)
        return read_alone(s, pid, err);
    leakdiag_status limited =
        ld_cgroup_effective_limit(s->root, s->cgroup.data, version, &limit, &has_own_limit, NULL);
    status = unless_nomem(limited, err);
    if (!status)
        status = is_its_own(s, pid, has_own_limit, &is_own, err);
    if (!status && is_own) {
        status = ld_cgroup_read(s->root, s->cgroup.data, version, &s->fields, err);
        if (s->processes->is_complete)
            s->fields.process_count = (int64_t)s->processes->count;
        return status;
    }
    if (!limited) {
        s->fields.has_limit = isnan(limit) ? 0 : 1;
        s->fields.limit_bytes = limit;
    }
    return status ? status : read_alone(s, pid, err);
}

leakdiag_status leakdiag_memory_of_process(int64_t pid, const char *root, leakdiag_memory **ret,
                                           leakdiag_error *err)
{
    if (pid <= 0)
        return ld_fail(err, LEAKDIAG_E_INVALID, "process %lld: a process id is positive",
                       (long long)pid);
    LD_CLEANUP(sample_done) sample s = {0};
    ld_process process;
    leakdiag_status status = sample_begin(&s, root, err);
    if (!status)
        status = find_process(&s, pid, &process, err);
    if (!status)
        status = read_numbers(&s, pid, err);
    if (!status)
        status = set_process(&s, &process, err);
    return status ? status : sample_end(&s, ret, err);
}
