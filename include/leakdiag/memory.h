/**
 * @file leakdiag/memory.h
 * Memory of a local process or cgroup (v1 and v2), now: working set, limit, OOM kills, start.
 *
 * leakdiag_memory_of_process() and leakdiag_memory_of_cgroup() read /proc and the cgroup file
 * systems and may be called from any thread: they share no state. A finished sample never changes
 * and may be read from any thread.
 */
#ifndef LEAKDIAG_MEMORY_H
#define LEAKDIAG_MEMORY_H

#include <leakdiag/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One sample. Immutable. */
typedef struct leakdiag_memory leakdiag_memory;

/**
 * Memory of a process.
 *
 * When it has a memory cgroup of its own, the numbers are the cgroup's, as Kubernetes counts them.
 * A cgroup is its own when it has a limit itself, or holds nothing but this process and what it
 * started. Otherwise (a login session, a cgroup that cannot be seen from inside a container) the
 * working set is the resident set of the process, and leakdiag_memory_detail() says why. The limit
 * is in both cases the lowest of its cgroup and those above it, as far as they can be seen.
 *
 * @param root     Prefix for /proc and /sys ("" or NULL for none): a mounted host, or a test's
 * tree.
 * @param[out] ret Owned by the caller.
 * @retval LEAKDIAG_OK            *ret is set
 * @retval LEAKDIAG_E_INVALID     pid is not positive, or root is too long
 * @retval LEAKDIAG_E_NOT_FOUND   no such process; also one that has ended but was not waited for
 * @retval LEAKDIAG_E_AUTH        may not be read
 * @retval LEAKDIAG_E_IO          a file could not be read
 * @retval LEAKDIAG_E_PROTOCOL    a file does not look as the kernel writes it (names it)
 * @retval LEAKDIAG_E_LIMIT       a file is larger than the kernel makes it
 * @retval LEAKDIAG_E_NOMEM       out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_memory_of_process(int64_t pid,
                                                                       const char *root,
                                                                       leakdiag_memory **ret,
                                                                       leakdiag_error *err);
/**
 * Memory of a cgroup and of those below it.
 *
 * @param path     Its folder: "/sys/fs/cgroup/memory/shop" (v1) or "/sys/fs/cgroup/shop" (v2).
 * @param root     Prefix for the path and for /proc ("" or NULL for none).
 * @param[out] ret Owned by the caller.
 * @retval LEAKDIAG_OK            *ret is set, also when no process is left in it
 * @retval LEAKDIAG_E_INVALID     the path does not begin with '/', has "..", or is too long
 * @retval LEAKDIAG_E_NOT_FOUND   no such folder, or not one of a memory cgroup
 * @retval LEAKDIAG_E_AUTH        may not be read
 * @retval LEAKDIAG_E_IO          a file could not be read
 * @retval LEAKDIAG_E_PROTOCOL    a file does not look as the kernel writes it (names it)
 * @retval LEAKDIAG_E_LIMIT       a file is larger than the kernel makes it
 * @retval LEAKDIAG_E_NOMEM       out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_memory_of_cgroup(const char *path,
                                                                      const char *root,
                                                                      leakdiag_memory **ret,
                                                                      leakdiag_error *err);

/** When it was read, Unix ms. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_memory_time_ms(const leakdiag_memory *memory);
/** usage - inactive file cache (cgroup), or resident set (process): what Kubernetes calls working
 * set. @since 0.1.0 */
LEAKDIAG_API double leakdiag_memory_working_set_bytes(const leakdiag_memory *memory);
/** Usage with all of the page cache; NAN when only a process is seen. @since 0.1.0 */
LEAKDIAG_API double leakdiag_memory_usage_bytes(const leakdiag_memory *memory);
/** Anonymous memory (v1 rss, v2 anon, a process's anonymous pages), or NAN. @since 0.1.0 */
LEAKDIAG_API double leakdiag_memory_anonymous_bytes(const leakdiag_memory *memory);
/** 1 there is a limit, 0 there is none, -1 not known. @since 0.1.0 */
LEAKDIAG_API int leakdiag_memory_has_limit(const leakdiag_memory *memory);
/** The limit that holds: the lowest of the cgroup and those above it. NAN when there is none or it
 * is not known. @since 0.1.0 */
LEAKDIAG_API double leakdiag_memory_limit_bytes(const leakdiag_memory *memory);
/** OOM kills in this cgroup since it was made; -1 when not known (process; v1 before Linux 4.13).
 * @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_memory_oom_kills(const leakdiag_memory *memory);
/** Start of the (oldest) process, Unix ms, to the second; 0 when not known or no process is left.
 * @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_memory_started_ms(const leakdiag_memory *memory);
/** The (oldest) process; 0 when none is left. A change of it is a restart. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_memory_pid(const leakdiag_memory *memory);
/** Number of processes in it (1 for a process); -1 when not known. @since 0.1.0 */
LEAKDIAG_API int64_t leakdiag_memory_process_count(const leakdiag_memory *memory);
/** "cgroup-v1", "cgroup-v2" or "process". Borrowed. @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_memory_kind(const leakdiag_memory *memory);
/** Folder of the cgroup the numbers are of, without the root; "" for a process. Borrowed.
 * @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_memory_cgroup(const leakdiag_memory *memory);
/** One line that says why the numbers are those of the process alone; else "". Borrowed.
 * @since 0.1.0 */
LEAKDIAG_API const char *leakdiag_memory_detail(const leakdiag_memory *memory);
/**
 * Environment of the (oldest) process, of which only these names are ever kept: GOMEMLIMIT, GOGC,
 * KAFKA_ADDR, KAFKA_SERVICE_ADDR, FLAGD_HOST, FLAGD_PORT. NULL when it is not set;
 * leakdiag_memory_has_environment() says whether it could be read at all. Of a value with an '@'
 * only what follows is shown. Borrowed. @since 0.1.0
 */
LEAKDIAG_API const char *leakdiag_memory_environment(const leakdiag_memory *memory,
                                                     const char *name);
/** 1 when the environment could be read. @since 0.1.0 */
LEAKDIAG_API int leakdiag_memory_has_environment(const leakdiag_memory *memory);
/**
 * One JSON object, schema leakdiag.memory/1; what is not known is null. Free with leakdiag_free().
 * @retval LEAKDIAG_OK       *ret is set
 * @retval LEAKDIAG_E_NOMEM  out of memory
 * @since 0.1.0
 */
LEAKDIAG_API LEAKDIAG_CHECK leakdiag_status leakdiag_memory_to_json(const leakdiag_memory *memory,
                                                                    char **ret,
                                                                    leakdiag_error *err);
/** Free it; NULL is fine. @since 0.1.0 */
LEAKDIAG_API void leakdiag_memory_free(leakdiag_memory *memory);

#ifdef __cplusplus
}
#endif
#endif
