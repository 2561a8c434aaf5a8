/* Any bytes as a kubeconfig: opened, described, and turned into an origin; no plugin is run. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/cluster.h"

#define INPUT_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int64_t fixed_ms(void *payload)
{
    (void)payload;
    return INT64_C(1795439371000);
}

/* What is told is one line, and as long as its place. */
static void check_line(const char *line)
{
    if (!line || strpbrk(line, "\n\r\x1b"))
        abort();
}

static void use(leakdiag_cluster *cluster)
{
    char *json = NULL;
    ld_origin *origin = NULL;
    leakdiag_error err = {0};
    for (size_t i = 0; i < leakdiag_cluster_warning_count(cluster); i++)
        check_line(leakdiag_cluster_warning(cluster, i));
    if (leakdiag_cluster_to_json(cluster, &json, &err) == LEAKDIAG_OK)
        check_line(json);
    leakdiag_free(json);
    if (ld_cluster_origin(cluster, 1000, NULL, NULL, &origin, &err))
        check_line(err.message);
    else if (origin->authorization && strncmp(origin->base_url, "https://", 8) != 0 &&
             strncmp(origin->base_url, "HTTPS://", 8) != 0 && (origin->base_url[0] | 32) == 'h' &&
             origin->base_url[4] == ':')
        abort(); /* a credential over plain http */
    ld_origin_free(origin);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char path[64];
    const ld_surroundings around = {.path = "", .uid = geteuid(), .now_ms = fixed_ms};
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    leakdiag_cluster *cluster = NULL;
    leakdiag_error err = {0};
    int fd = memfd_create("kubeconfig", MFD_CLOEXEC);
    if (fd < 0 || len > INPUT_MAX || write(fd, data, len) != (ssize_t)len) {
        close(fd);
        return 0;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    options.kubeconfig = path;
    if (ld_cluster_open_in(&options, &around, &cluster, &err))
        check_line(err.message);
    else
        use(cluster);
    leakdiag_cluster_free(cluster);
    close(fd);
    return 0;
}
