/* Memory of processes and cgroups: trees of kernel files made at run time, and this very process.
 * Part of test_sources.c. */
#ifndef MEMORY_CASES_H
#define MEMORY_CASES_H

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <leakdiag/memory.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake/torture.h"

#define V1        "/sys/fs/cgroup/memory"
#define V2        "/sys/fs/cgroup"
#define NO_LIMIT  "9223372036854771712\n"
#define BOOT_MS   INT64_C(1795000000000)
#define AFTER_PID " S %d 3 3 0 -1 4194304 1 0 0 0 5 6 0 0 20 0 1 0 %d 2990080 421 1844 0\n"

static char tree[64];

static void plant(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A file of the tree, with its folders. */
static void plant(const char *path, const char *format, ...)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s%s", tree, path);
    for (char *slash = strchr(whole + strlen(tree) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ck_assert(mkdir(whole, 0755) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(whole, "wb");
    ck_assert_ptr_nonnull(file);
    va_list args;
    va_start(args, format);
    vfprintf(file, format, args);
    va_end(args);
    fclose(file);
}

static void uproot_file(const char *path)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s%s", tree, path);
    ck_assert_int_eq(unlink(whole), 0);
}

static void plant_bytes(const char *path, const char *data, size_t len)
{
    plant(path, "%s", "");
    char whole[512];
    snprintf(whole, sizeof whole, "%s%s", tree, path);
    FILE *file = fopen(whole, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, len, file), len);
    fclose(file);
}

static void plant_process(int pid, int parent, int ticks, const char *cgroup)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    plant(path, "%d (my ) (shop)" AFTER_PID, pid, parent, ticks);
    snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
    plant(path, "%s", cgroup);
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    plant(path, "Name:\tshop\nVmRSS:\t    9000 kB\nRssAnon:\t    8000 kB\n");
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    plant(path, "55-7f ---p 00 00:00 0  [rollup]\nRss:    9216 kB\nAnonymous:    8192 kB\n");
    snprintf(path, sizeof path, "/proc/%d/environ", pid);
    static const char environment[] = "PATH=/bin\0GOMEMLIMIT=16MiB\0SECRET=canary\0";
    plant_bytes(path, environment, sizeof environment - 1);
}

static void plant_v1(const char *folder, const char *limit)
{
    char path[256];
    snprintf(path, sizeof path, "%s/memory.usage_in_bytes", folder);
    plant(path, "9437184\n");
    snprintf(path, sizeof path, "%s/memory.limit_in_bytes", folder);
    plant(path, "%s", limit);
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    plant(path, "rss 7\ninactive_file 1\ntotal_rss 7340032\ntotal_inactive_file 1048576\n");
    snprintf(path, sizeof path, "%s/memory.oom_control", folder);
    plant(path, "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    snprintf(path, sizeof path, "%s/cgroup.procs", folder);
    plant(path, "%s", "");
}

static void plant_v2(const char *folder, const char *limit)
{
    char path[256];
    snprintf(path, sizeof path, "%s/memory.current", folder);
    plant(path, "9437184\n");
    snprintf(path, sizeof path, "%s/memory.max", folder);
    plant(path, "%s", limit);
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    plant(path, "anon 7340032\nfile 2097152\ninactive_file 1048576\n");
    snprintf(path, sizeof path, "%s/memory.events", folder);
    plant(path, "low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\n");
    snprintf(path, sizeof path, "%s/cgroup.procs", folder);
    plant(path, "%s", "");
}

static void plant_tree(void)
{
    strcpy(tree, "/tmp/leakdiag-tree-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(tree));
    plant("/proc/stat", "cpu 1 2\nintr 1 2 3\nbtime 1795000000\n");
}

static int uproot_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void uproot_tree(void)
{
    nftw(tree, uproot_one, 16, FTW_DEPTH | FTW_PHYS);
}

static leakdiag_memory *of_cgroup(const char *path)
{
    leakdiag_memory *memory = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_memory_of_cgroup(path, tree, &memory, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return memory;
}

static leakdiag_memory *of_process(int64_t pid)
{
    leakdiag_memory *memory = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_memory_of_process(pid, tree, &memory, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return memory;
}

static void assert_numbers_of_cgroup(const leakdiag_memory *memory, const char *kind)
{
    ck_assert_str_eq(leakdiag_memory_kind(memory), kind);
    ck_assert(leakdiag_memory_usage_bytes(memory) == 9437184);
    ck_assert(leakdiag_memory_working_set_bytes(memory) == 8388608); /* the runbook's 8Mi */
    ck_assert(leakdiag_memory_anonymous_bytes(memory) == 7340032);
    ck_assert_int_eq(leakdiag_memory_oom_kills(memory), 2);
    ck_assert_int_gt(leakdiag_memory_time_ms(memory), BOOT_MS);
    ck_assert_str_eq(leakdiag_memory_detail(memory), "");
}

static void assert_limit(const leakdiag_memory *memory, int has_limit, double bytes)
{
    ck_assert_int_eq(leakdiag_memory_has_limit(memory), has_limit);
    if (has_limit == 1)
        ck_assert(leakdiag_memory_limit_bytes(memory) == bytes);
    else
        ck_assert(isnan(leakdiag_memory_limit_bytes(memory)));
}

START_TEST(a_cgroup_of_either_version_has_its_numbers)
{
    for (int version = 1; version <= 2; version++) {
        const char *path = version == 1 ? V1 "/shop" : V2 "/shop";
        version == 1 ? plant_v1(path, "20971520\n") : plant_v2(path, "20971520\n");
        char procs[128];
        snprintf(procs, sizeof procs, "%s/cgroup.procs", path);
        plant(procs, "43\n42\n");
        plant_process(42, 1, 300, "");
        plant_process(43, 42, 500, "");
        leakdiag_memory *memory = of_cgroup(path);
        assert_numbers_of_cgroup(memory, version == 1 ? "cgroup-v1" : "cgroup-v2");
        assert_limit(memory, 1, 20971520);
        ck_assert_str_eq(leakdiag_memory_cgroup(memory), path);
        ck_assert_int_eq(leakdiag_memory_pid(memory), 42); /* the older one */
        ck_assert_int_eq(leakdiag_memory_process_count(memory), 2);
        ck_assert_int_eq(leakdiag_memory_started_ms(memory),
                         BOOT_MS + 300 * 1000 / sysconf(_SC_CLK_TCK));
        ck_assert_int_eq(leakdiag_memory_has_environment(memory), 1);
        ck_assert_str_eq(leakdiag_memory_environment(memory, "GOMEMLIMIT"), "16MiB");
        ck_assert_ptr_null(leakdiag_memory_environment(memory, "SECRET"));
        char *json = NULL;
        ck_assert_int_eq(leakdiag_memory_to_json(memory, &json, NULL), LEAKDIAG_OK);
        ck_assert_ptr_null(strstr(json, "canary"));
        leakdiag_free(json);
        leakdiag_memory_free(memory);
    }
}
END_TEST

START_TEST(a_cgroup_without_a_process_is_between_two_lives)
{
    plant_v1(V1 "/shop", "20971520\n");
    leakdiag_memory *memory = of_cgroup(V1 "/shop/");
    assert_numbers_of_cgroup(memory, "cgroup-v1");
    ck_assert_str_eq(leakdiag_memory_cgroup(memory), V1 "/shop");
    ck_assert_int_eq(leakdiag_memory_pid(memory), 0);
    ck_assert_int_eq(leakdiag_memory_process_count(memory), 0);
    ck_assert_int_eq(leakdiag_memory_started_ms(memory), 0);
    ck_assert_int_eq(leakdiag_memory_has_environment(memory), 0);
    leakdiag_memory_free(memory);
}
END_TEST

START_TEST(processes_below_a_cgroup_count_and_those_of_other_namespaces_too)
{
    plant_v2(V2 "/pod", "max\n");
    plant_v2(V2 "/pod/a", "max\n");
    plant(V2 "/pod/a/cgroup.procs", "51\n0\n");
    plant_v2(V2 "/pod/b/c", "max\n");
    plant(V2 "/pod/b/c/cgroup.procs", "50\n77\n"); /* 77 has just ended */
    plant_process(50, 1, 900, "");
    plant_process(51, 1, 800, "");
    leakdiag_memory *memory = of_cgroup(V2 "/pod");
    ck_assert_int_eq(leakdiag_memory_pid(memory), 51);
    /* b itself has no cgroup.procs, so there may be more */
    ck_assert_int_eq(leakdiag_memory_process_count(memory), -1);
    leakdiag_memory_free(memory);
    plant(V2 "/pod/b/cgroup.procs", "%s", "");
    memory = of_cgroup(V2 "/pod");
    ck_assert_int_eq(leakdiag_memory_process_count(memory), 4);
    leakdiag_memory_free(memory);
}
END_TEST

START_TEST(the_limit_is_the_lowest_from_here_up)
{
    plant_v2(V2 "/a", "31457280\n");
    plant_v2(V2 "/a/b", "max\n");
    plant_v2(V2 "/a/b/c", "max\n");
    plant_v2(V2 "/a/b/d", "41943040\n");
    plant_v2(V2 "/a/b/e", "20971520\n");
    plant_v2(V2 "/f", "max\n");
    static const struct {
        const char *path;
        int has_limit;
        double bytes;
    } rows[] = {{V2 "/a/b/c", 1, 31457280},
                {V2 "/a/b/d", 1, 31457280},
                {V2 "/a/b/e", 1, 20971520},
                {V2 "/f", 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        leakdiag_memory *memory = of_cgroup(rows[i].path);
        assert_limit(memory, rows[i].has_limit, rows[i].bytes);
        leakdiag_memory_free(memory);
    }
    plant_v1(V1, NO_LIMIT);
    plant_v1(V1 "/g", NO_LIMIT);
    leakdiag_memory *memory = of_cgroup(V1 "/g");
    assert_limit(memory, 0, 0);
    leakdiag_memory_free(memory);
}
END_TEST

START_TEST(what_an_old_kernel_or_missing_rights_hide_is_not_known)
{
    plant_v1(V1 "/shop", "20971520\n");
    plant(V1 "/shop/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n");
    plant(V1 "/shop/cgroup.procs", "42\n");
    plant_process(42, 1, 300, "");
    uproot_file("/proc/42/environ");
    uproot_file("/proc/stat");
    leakdiag_memory *memory = of_cgroup(V1 "/shop");
    ck_assert_int_eq(leakdiag_memory_oom_kills(memory), -1);
    ck_assert_int_eq(leakdiag_memory_pid(memory), 42);
    ck_assert_int_eq(leakdiag_memory_started_ms(memory), 0);
    ck_assert_int_eq(leakdiag_memory_has_environment(memory), 0);
    leakdiag_memory_free(memory);
    uproot_file(V1 "/shop/memory.oom_control");
    memory = of_cgroup(V1 "/shop");
    ck_assert_int_eq(leakdiag_memory_oom_kills(memory), -1);
    leakdiag_memory_free(memory);
}
END_TEST

static void assert_no_cgroup(const char *path, leakdiag_status status, const char *in_message)
{
    leakdiag_memory *memory = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_memory_of_cgroup(path, tree, &memory, &err), status);
    ck_assert_ptr_null(memory);
    ck_assert_msg(strstr(err.message, in_message), "message is: %s", err.message);
}

START_TEST(what_is_no_cgroup_is_an_error_that_names_the_file)
{
    plant(V2 "/other/cgroup.procs", "%s", "");
    plant_v2(V2 "/broken", "max\n");
    plant(V2 "/broken/memory.current", "many\n");
    plant_v2(V2 "/huge", "max\n");
    char *stat = malloc(70001);
    memset(stat, '\n', 70000);
    plant_bytes(V2 "/huge/memory.stat", stat, 65537);
    char longest[4200];
    memset(longest, 'x', sizeof longest);
    longest[0] = '/';
    longest[4097] = '\0';
    assert_no_cgroup(NULL, LEAKDIAG_E_INVALID, "a path like");
    assert_no_cgroup("shop", LEAKDIAG_E_INVALID, "a path like");
    assert_no_cgroup("/a/../b", LEAKDIAG_E_INVALID, "'..'");
    assert_no_cgroup("/a/..", LEAKDIAG_E_INVALID, "'..'");
    assert_no_cgroup(longest, LEAKDIAG_E_INVALID, "longer than 4096");
    assert_no_cgroup(V2 "/none", LEAKDIAG_E_NOT_FOUND, "no such folder");
    assert_no_cgroup(V2 "/other", LEAKDIAG_E_NOT_FOUND, "neither memory.current");
    assert_no_cgroup(V2 "/broken", LEAKDIAG_E_PROTOCOL, V2 "/broken/memory.current: not a number");
    assert_no_cgroup(V2 "/huge", LEAKDIAG_E_LIMIT, V2 "/huge/memory.stat: more than 65536 bytes");
    plant(V2 "/broken/memory.current", "1\n");
    plant(V2 "/broken/memory.stat", "anon 3\n");
    assert_no_cgroup(V2 "/broken", LEAKDIAG_E_PROTOCOL, V2 "/broken/memory.stat: no line inactive");
    plant(V2 "/broken/memory.stat", "inactive_file 3\n");
    plant(V2 "/broken/memory.max", "-1\n");
    assert_no_cgroup(V2 "/broken", LEAKDIAG_E_PROTOCOL, V2 "/broken/memory.max: neither");
    uproot_file(V2 "/broken/memory.stat");
    assert_no_cgroup(V2 "/broken", LEAKDIAG_E_NOT_FOUND, V2 "/broken/memory.stat: not there");
    free(stat);
}
END_TEST

/* ---- processes ---- */

START_TEST(a_process_with_a_cgroup_of_its_own_has_the_cgroups_numbers)
{
    static const struct {
        const char *folder, *lines, *kind;
        bool is_v1;
    } rows[] = {
        {V1 "/shop", "4:memory:/shop\n0::/\n", "cgroup-v1", true},
        {V2 "/shop", "0::/shop\n", "cgroup-v2", false},
        {V2 "/unified/hybrid", "4:cpu:/x\n0::/hybrid\n", "cgroup-v2", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char procs[128];
        rows[i].is_v1 ? plant_v1(rows[i].folder, NO_LIMIT) : plant_v2(rows[i].folder, "max\n");
        snprintf(procs, sizeof procs, "%s/cgroup.procs", rows[i].folder);
        plant(procs, "42\n43\n44\n");
        plant_process(42, 1, 300, rows[i].lines);
        plant_process(43, 42, 310, rows[i].lines);
        plant_process(44, 43, 320, rows[i].lines);
        leakdiag_memory *memory = of_process(42);
        assert_numbers_of_cgroup(memory, rows[i].kind);
        assert_limit(memory, 0, 0);
        ck_assert_str_eq(leakdiag_memory_cgroup(memory), rows[i].folder);
        ck_assert_int_eq(leakdiag_memory_pid(memory), 42);
        ck_assert_int_eq(leakdiag_memory_process_count(memory), 3);
        leakdiag_memory_free(memory);
    }
}
END_TEST

START_TEST(a_limit_makes_a_cgroup_the_processes_own_even_with_an_init_beside_it)
{
    plant_v2(V2 "/box", "20971520\n");
    plant(V2 "/box/cgroup.procs", "7\n42\n");
    plant_process(7, 1, 200, "0::/box\n");
    plant_process(42, 7, 300, "0::/box\n");
    leakdiag_memory *memory = of_process(42);
    assert_numbers_of_cgroup(memory, "cgroup-v2");
    assert_limit(memory, 1, 20971520);
    ck_assert_int_eq(leakdiag_memory_pid(memory), 42); /* the one asked for, not the oldest */
    ck_assert_int_eq(leakdiag_memory_started_ms(memory),
                     BOOT_MS + 300 * 1000 / sysconf(_SC_CLK_TCK));
    leakdiag_memory_free(memory);
}
END_TEST

static void assert_alone(const leakdiag_memory *memory, const char *in_detail)
{
    ck_assert_str_eq(leakdiag_memory_kind(memory), "process");
    ck_assert(leakdiag_memory_working_set_bytes(memory) == 9216 * 1024);
    ck_assert(leakdiag_memory_anonymous_bytes(memory) == 8192 * 1024);
    ck_assert(isnan(leakdiag_memory_usage_bytes(memory)));
    ck_assert_int_eq(leakdiag_memory_oom_kills(memory), -1);
    ck_assert_str_eq(leakdiag_memory_cgroup(memory), "");
    ck_assert_int_eq(leakdiag_memory_pid(memory), 42);
    ck_assert_int_eq(leakdiag_memory_process_count(memory), 1);
    ck_assert_msg(strstr(leakdiag_memory_detail(memory), in_detail), "detail is: %s",
                  leakdiag_memory_detail(memory));
    ck_assert_ptr_nonnull(
        strstr(leakdiag_memory_detail(memory), "these are the numbers of the process alone"));
}

START_TEST(a_process_in_a_shared_cgroup_is_seen_alone_with_the_limit_above)
{
    plant_v2(V2 "/user", "31457280\n");
    plant_v2(V2 "/user/session", "max\n");
    plant(V2 "/user/session/cgroup.procs", "41\n42\n");
    plant_process(41, 1, 100, "0::/user/session\n");
    plant_process(42, 1, 300, "0::/user/session\n");
    leakdiag_memory *memory = of_process(42);
    assert_alone(memory, "it shares the cgroup " V2 "/user/session with 1 others");
    assert_limit(memory, 1, 31457280);
    leakdiag_memory_free(memory);
}
END_TEST

START_TEST(a_cgroup_that_cannot_be_seen_leaves_the_process_alone)
{
    static const struct {
        const char *lines, *in_detail;
    } rows[] = {
        {"4:memory:/docker/abc\n0::/\n", "its memory cgroup /docker/abc cannot be seen"},
        {"0::/../other\n", "its memory cgroup cannot be seen from here"},
        {"0::/\n", "it is in the root cgroup"},
        {"", "its memory cgroup cannot be seen from here"},
    };
    plant_v2(V2 "/box", "20971520\n"); /* somebody else's */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        plant_process(42, 1, 300, rows[i].lines);
        leakdiag_memory *memory = of_process(42);
        assert_alone(memory, rows[i].in_detail);
        assert_limit(memory, -1, 0);
        leakdiag_memory_free(memory);
    }
    uproot_file("/proc/42/cgroup");
    leakdiag_memory *memory = of_process(42);
    assert_alone(memory, "its cgroup cannot be read");
    leakdiag_memory_free(memory);
}
END_TEST

START_TEST(the_root_of_v1_is_the_machine_but_a_limited_one_is_a_container)
{
    plant_v1(V1, NO_LIMIT);
    plant_process(42, 1, 300, "4:memory:/\n0::/\n");
    leakdiag_memory *memory = of_process(42);
    assert_alone(memory, "it is in the root cgroup");
    assert_limit(memory, 0, 0);
    leakdiag_memory_free(memory);
    plant_v1(V1, "20971520\n");
    memory = of_process(42);
    assert_numbers_of_cgroup(memory, "cgroup-v1");
    assert_limit(memory, 1, 20971520);
    leakdiag_memory_free(memory);
}
END_TEST

START_TEST(without_the_exact_sum_the_status_tells_the_resident_set)
{
    plant_process(42, 1, 300, "");
    uproot_file("/proc/42/smaps_rollup");
    leakdiag_memory *memory = of_process(42);
    ck_assert(leakdiag_memory_working_set_bytes(memory) == 9000 * 1024);
    ck_assert(leakdiag_memory_anonymous_bytes(memory) == 8000 * 1024);
    leakdiag_memory_free(memory);
}
END_TEST

static void assert_no_process(int64_t pid, leakdiag_status status, const char *in_message)
{
    leakdiag_memory *memory = NULL;
    leakdiag_error err = {0};
    ck_assert_int_eq(leakdiag_memory_of_process(pid, tree, &memory, &err), status);
    ck_assert_ptr_null(memory);
    ck_assert_msg(strstr(err.message, in_message), "message is: %s", err.message);
}

START_TEST(what_is_no_process_is_an_error_with_its_reason)
{
    plant_process(42, 1, 300, "");
    assert_no_process(0, LEAKDIAG_E_INVALID, "positive");
    assert_no_process(-42, LEAKDIAG_E_INVALID, "positive");
    assert_no_process(41, LEAKDIAG_E_NOT_FOUND, "process 41: there is none");
    assert_no_process(INT64_MAX, LEAKDIAG_E_NOT_FOUND, "there is none");
    plant("/proc/42/stat", "42 (shop) Z 1 3 3 0 -1 4 1 0 0 0 5 6 0 0 20 0 1 0 300 0\n");
    assert_no_process(42, LEAKDIAG_E_NOT_FOUND, "it has ended");
    plant("/proc/42/stat", "nonsense\n");
    assert_no_process(42, LEAKDIAG_E_PROTOCOL, "process 42: its stat");
    plant_process(42, 1, 300, "");
    plant("/proc/42/smaps_rollup", "%s", "");
    plant("/proc/42/status", "Name:\tkthreadd\n");
    assert_no_process(42, LEAKDIAG_E_NOT_FOUND, "no memory of its own");
}
END_TEST

START_TEST(this_very_process_is_read)
{
    leakdiag_memory *memory = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_memory_of_process(getpid(), NULL, &memory, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    ck_assert(leakdiag_memory_working_set_bytes(memory) > 500e3);
    ck_assert_int_eq(leakdiag_memory_pid(memory), getpid());
    ck_assert_int_eq(leakdiag_memory_has_environment(memory), 1);
    int64_t age_ms = leakdiag_memory_time_ms(memory) - leakdiag_memory_started_ms(memory);
    ck_assert_int_gt(age_ms, -2000); /* the boot time is cut to a second */
    ck_assert_int_lt(age_ms, 600000);
    leakdiag_memory_free(memory);
}
END_TEST

static leakdiag_status read_both(void)
{
    leakdiag_memory *cgroup = NULL, *process = NULL, *alone = NULL;
    leakdiag_status status = leakdiag_memory_of_cgroup(V2 "/box", tree, &cgroup, NULL);
    if (!status)
        status = leakdiag_memory_of_process(42, tree, &process, NULL);
    if (!status)
        status = leakdiag_memory_of_process(43, tree, &alone, NULL);
    leakdiag_memory_free(cgroup);
    leakdiag_memory_free(process);
    leakdiag_memory_free(alone);
    return status;
}

START_TEST(every_allocation_of_a_sample_may_fail)
{
    plant_v2(V2 "/box", "20971520\n");
    plant(V2 "/box/cgroup.procs", "42\n");
    plant_process(42, 1, 300, "0::/box\n");
    plant_process(43, 1, 300, "0::/nowhere\n");
    ck_assert_uint_gt(torture_run(read_both), 60);
}
END_TEST

static TCase *memory_cases(void)
{
    TCase *tc = tcase_create("memory");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, plant_tree, uproot_tree);
    tcase_add_test(tc, a_cgroup_of_either_version_has_its_numbers);
    tcase_add_test(tc, a_cgroup_without_a_process_is_between_two_lives);
    tcase_add_test(tc, processes_below_a_cgroup_count_and_those_of_other_namespaces_too);
    tcase_add_test(tc, the_limit_is_the_lowest_from_here_up);
    tcase_add_test(tc, what_an_old_kernel_or_missing_rights_hide_is_not_known);
    tcase_add_test(tc, what_is_no_cgroup_is_an_error_that_names_the_file);
    tcase_add_test(tc, a_process_with_a_cgroup_of_its_own_has_the_cgroups_numbers);
    tcase_add_test(tc, a_limit_makes_a_cgroup_the_processes_own_even_with_an_init_beside_it);
    tcase_add_test(tc, a_process_in_a_shared_cgroup_is_seen_alone_with_the_limit_above);
    tcase_add_test(tc, a_cgroup_that_cannot_be_seen_leaves_the_process_alone);
    tcase_add_test(tc, the_root_of_v1_is_the_machine_but_a_limited_one_is_a_container);
    tcase_add_test(tc, without_the_exact_sum_the_status_tells_the_resident_set);
    tcase_add_test(tc, what_is_no_process_is_an_error_with_its_reason);
    tcase_add_test(tc, this_very_process_is_read);
    tcase_add_test(tc, every_allocation_of_a_sample_may_fail);
    return tc;
}

#endif
