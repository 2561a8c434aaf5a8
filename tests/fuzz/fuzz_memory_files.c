/* Any bytes as each of the kernel's files of memory. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "wire/cgroup.h"
#include "wire/proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool fine)
{
    if (!fine)
        abort();
}

static void read_cgroup(const char *data, size_t len)
{
    double bytes = -1;
    ld_cgroup_stat stat = {-1, -1};
    require(ld_cgroup_bytes(data, len, &bytes, NULL) ? bytes == -1 : bytes >= 0);
    bytes = -1;
    require(ld_cgroup_limit(data, len, &bytes, NULL) ? bytes == -1 : isnan(bytes) || bytes >= 0);
    if (!ld_cgroup_read_stat_v1(data, len, &stat, NULL))
        require(stat.inactive_file_bytes >= 0 && !(stat.anonymous_bytes < 0));
    if (!ld_cgroup_read_stat_v2(data, len, &stat, NULL))
        require(stat.inactive_file_bytes >= 0 && !(stat.anonymous_bytes < 0));
    require(ld_cgroup_oom_kills(data, len) >= -1);
}

static void read_proc(const char *data, size_t len)
{
    ld_proc_stat stat = {.pid = -1};
    char *text = NULL;
    require(ld_proc_read_stat(data, len, &stat, NULL)
                ? stat.pid == -1
                : stat.pid >= 0 && stat.parent >= 0 && stat.start_ticks >= 0);
    require(!(ld_proc_kib_line(data, len, "VmRSS") < 0));
    require(ld_proc_boot_ms(data, len) >= 0);
    require(ld_proc_cgroup_v1(data, len, &text, NULL) == LEAKDIAG_OK);
    require(!text || text[0] == '/');
    leakdiag_free(text);
    require(ld_proc_cgroup_v2(data, len, &text, NULL) == LEAKDIAG_OK);
    require(!text || text[0] == '/');
    leakdiag_free(text);
    require(ld_proc_environment(data, len, "GOGC", &text, NULL) == LEAKDIAG_OK);
    leakdiag_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    read_cgroup((const char *)data, len);
    read_proc((const char *)data, len);
    return 0;
}
