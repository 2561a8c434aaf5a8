#include "sources/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "sources/kernel_file.h"
#include "wire/cgroup.h"
#include "wire/keyed.h"

#define FILE_MAX_BYTES  ((size_t)64 << 10)
#define PROCS_MAX_BYTES ((size_t)1 << 20)
#define FOLDERS_MAX     256
#define DEPTH_MAX       8
#define LEVELS_MAX      64

static const char *usage_file(ld_cgroup_version version)
{
    return version == LD_CGROUP_V1 ? "memory.usage_in_bytes" : "memory.current";
}

/* path/name, appended to *ret. */
static leakdiag_status read_member(const char *root, const char *path, const char *name,
                                   ld_text *ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text member = {0};
    ld_text_addf(&member, "%s/%s", strcmp(path, "/") == 0 ? "" : path, name);
    if (member.failed)
        return ld_fail_nomem(err);
    return ld_kernel_file_read(root, member.data, FILE_MAX_BYTES, ret, err);
}

leakdiag_status ld_cgroup_version_of(const char *root, const char *path, ld_cgroup_version *ret,
                                     leakdiag_error *err)
{
    *ret = LD_CGROUP_NONE;
    for (int version = LD_CGROUP_V1; version <= LD_CGROUP_V2; version++) {
        LD_CLEANUP(ld_text_done) ld_text whole = {0};
        struct stat unused;
        ld_text_addf(&whole, "%s%s/%s", root, path, usage_file((ld_cgroup_version)version));
        if (whole.failed)
            return ld_fail_nomem(err);
        if (*ret == LD_CGROUP_NONE && stat(whole.data, &unused) == 0)
            *ret = (ld_cgroup_version)version;
    }
    return LEAKDIAG_OK;
}

static leakdiag_status named(leakdiag_status status, const char *path, const char *name,
                             leakdiag_error *err)
{
    return status ? ld_error_prefix(err, status, "%s/%s", path, name) : LEAKDIAG_OK;
}

static leakdiag_status read_usage(const char *root, const char *path, ld_cgroup_version version,
                                  double *ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text file = {0};
    leakdiag_status status = read_member(root, path, usage_file(version), &file, err);
    if (status)
        return status;
    return named(ld_cgroup_bytes(file.data, file.len, ret, err), path, usage_file(version), err);
}

static leakdiag_status read_stat(const char *root, const char *path, ld_cgroup_version version,
                                 ld_cgroup_stat *ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text file = {0};
    leakdiag_status status = read_member(root, path, "memory.stat", &file, err);
    if (status)
        return status;
    status = version == LD_CGROUP_V1 ? ld_cgroup_read_stat_v1(file.data, file.len, ret, err)
                                     : ld_cgroup_read_stat_v2(file.data, file.len, ret, err);
    return named(status, path, "memory.stat", err);
}

static leakdiag_status read_limit(const char *root, const char *path, ld_cgroup_version version,
                                  double *ret, leakdiag_error *err)
{
    const char *name = version == LD_CGROUP_V1 ? "memory.limit_in_bytes" : "memory.max";
    LD_CLEANUP(ld_text_done) ld_text file = {0};
    leakdiag_status status = read_member(root, path, name, &file, err);
    if (status)
        return status;
    return named(ld_cgroup_limit(file.data, file.len, ret, err), path, name, err);
}

/* Optional: -1 when the file is not there or may not be read. */
static leakdiag_status read_oom_kills(const char *root, const char *path, ld_cgroup_version version,
                                      int64_t *ret, leakdiag_error *err)
{
    const char *name = version == LD_CGROUP_V1 ? "memory.oom_control" : "memory.events";
    LD_CLEANUP(ld_text_done) ld_text file = {0};
    leakdiag_status status = read_member(root, path, name, &file, NULL);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    *ret = status ? -1 : ld_cgroup_oom_kills(file.data, file.len);
    return LEAKDIAG_OK;
}

/* The folder above; false at the top. */
static bool go_up(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return false;
    *slash = '\0';
    return true;
}

leakdiag_status ld_cgroup_effective_limit(const char *root, const char *path,
                                          ld_cgroup_version version, double *ret_limit,
                                          bool *ret_is_own, leakdiag_error *err)
{
    double lowest = NAN;
    LD_CLEANUP(ld_releasep) char *level = ld_copy_text(path);
    if (!level)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < LEVELS_MAX; i++) {
        double limit;
        leakdiag_status status = read_limit(root, level, version, &limit, i ? NULL : err);
        if (status == LEAKDIAG_E_NOMEM)
            return ld_fail_nomem(err);
        if (status && i == 0)
            return status;
        if (status) /* above the mount, or not for us to see */
            break;
        if (i == 0)
            *ret_is_own = !isnan(limit);
        lowest = fmin(lowest, limit); /* NAN only when both are */
        if (!go_up(level))
            break;
    }
    *ret_limit = lowest;
    return LEAKDIAG_OK;
}

leakdiag_status ld_cgroup_read(const char *root, const char *path, ld_cgroup_version version,
                               ld_memory_fields *fields, leakdiag_error *err)
{
    double usage, limit;
    int64_t oom_kills = -1;
    ld_cgroup_stat stat;
    bool is_own;
    leakdiag_status status = read_usage(root, path, version, &usage, err);
    if (!status)
        status = read_stat(root, path, version, &stat, err);
    if (!status)
        status = ld_cgroup_effective_limit(root, path, version, &limit, &is_own, err);
    if (!status)
        status = read_oom_kills(root, path, version, &oom_kills, err);
    if (status)
        return status;
    fields->kind = version == LD_CGROUP_V1 ? "cgroup-v1" : "cgroup-v2";
    fields->usage_bytes = usage;
    fields->working_set_bytes = ld_cgroup_working_set(usage, stat.inactive_file_bytes);
    fields->anonymous_bytes = stat.anonymous_bytes;
    fields->has_limit = isnan(limit) ? 0 : 1;
    fields->limit_bytes = limit;
    fields->oom_kills = oom_kills;
    return LEAKDIAG_OK;
}

/* ---- processes ---- */

typedef struct walk {
    const char *root;
    ld_processes *found;
    size_t folders;
    leakdiag_error *err;
} walk;

static leakdiag_status look_at(walk *w, uint64_t pid)
{
    char path[64];
    LD_CLEANUP(ld_text_done) ld_text file = {0};
    ld_proc_stat stat;
    snprintf(path, sizeof path, "/proc/%llu/stat", (unsigned long long)pid);
    leakdiag_status status = ld_kernel_file_read(w->root, path, FILE_MAX_BYTES, &file, NULL);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(w->err);
    if (status || ld_proc_read_stat(file.data, file.len, &stat, NULL))
        return LEAKDIAG_OK;
    w->found->list[w->found->n++] = (ld_process){stat.pid, stat.parent, stat.start_ticks};
    return LEAKDIAG_OK;
}

static leakdiag_status take_processes(walk *w, const char *path)
{
    LD_CLEANUP(ld_text_done) ld_text member = {0};
    LD_CLEANUP(ld_text_done) ld_text file = {0};
    ld_text_addf(&member, "%s/cgroup.procs", path);
    if (member.failed)
        return ld_fail_nomem(w->err);
    leakdiag_status status =
        ld_kernel_file_read(w->root, member.data, PROCS_MAX_BYTES, &file, NULL);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(w->err);
    if (status)
        w->found->is_complete = false;
    const char *data = file.data;
    size_t len = status ? 0 : file.len;
    uint64_t pid;
    for (ld_line_piece line; ld_line_next(&data, &len, &line);) {
        if (!ld_digits(line.data, line.len, &pid))
            continue;
        w->found->count++;
        if (pid == 0) /* in another pid namespace: it cannot be looked at */
            continue;
        if (w->found->n == LD_CGROUP_PROCESSES_MAX) {
            w->found->is_complete = false;
            return LEAKDIAG_OK;
        }
        status = look_at(w, pid);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

static bool is_folder(int folder, const struct dirent *entry)
{
    struct stat info;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return fstatat(folder, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

static void close_folder(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

static leakdiag_status visit(walk *w, const char *path, size_t depth)
{
    if (depth == DEPTH_MAX || w->folders == FOLDERS_MAX) {
        w->found->is_complete = false;
        return LEAKDIAG_OK;
    }
    w->folders++;
    leakdiag_status status = take_processes(w, path);
    if (status)
        return status;
    LD_CLEANUP(ld_text_done) ld_text whole = {0};
    ld_text_addf(&whole, "%s%s", w->root, path);
    if (whole.failed)
        return ld_fail_nomem(w->err);
    LD_CLEANUP(close_folder) DIR *folder = opendir(whole.data);
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.' || !is_folder(dirfd(folder), entry))
            continue;
        LD_CLEANUP(ld_text_done) ld_text child = {0};
        ld_text_addf(&child, "%s/%s", path, entry->d_name);
        status = child.failed ? ld_fail_nomem(w->err) : visit(w, child.data, depth + 1);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_cgroup_processes(const char *root, const char *path, ld_processes *ret,
                                    leakdiag_error *err)
{
    walk w = {.root = root, .found = ret, .err = err};
    ret->n = ret->count = 0;
    ret->is_complete = true;
    return visit(&w, strcmp(path, "/") == 0 ? "" : path, 0);
}

const ld_process *ld_processes_oldest(const ld_processes *processes)
{
    const ld_process *oldest = NULL;
    for (size_t i = 0; i < processes->n; i++) {
        const ld_process *p = &processes->list[i];
        if (!oldest || p->start_ticks < oldest->start_ticks ||
            (p->start_ticks == oldest->start_ticks && p->pid < oldest->pid))
            oldest = p;
    }
    return oldest;
}

static const ld_process *find(const ld_processes *processes, int64_t pid)
{
    for (size_t i = 0; i < processes->n; i++)
        if (processes->list[i].pid == pid)
            return &processes->list[i];
    return NULL;
}

static bool descends(const ld_processes *processes, const ld_process *from, int64_t pid)
{
    for (size_t steps = 0; from && steps <= processes->n; steps++) {
        if (from->pid == pid)
            return true;
        from = find(processes, from->parent);
    }
    return false;
}

bool ld_processes_are_of(const ld_processes *processes, int64_t pid)
{
    if (!processes->is_complete || processes->n == 0 || processes->n != processes->count)
        return false;
    for (size_t i = 0; i < processes->n; i++)
        if (!descends(processes, &processes->list[i], pid))
            return false;
    return true;
}
