#include "net/surroundings.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int64_t read_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t wall_ms(void *payload)
{
    (void)payload;
    return read_ms(CLOCK_REALTIME);
}

int64_t ld_monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

ld_surroundings ld_surroundings_of_process(void)
{
    return (ld_surroundings){
        .home = getenv("HOME"),
        .kubeconfig = getenv("KUBECONFIG"),
        .service_host = getenv("KUBERNETES_SERVICE_HOST"),
        .service_port = getenv("KUBERNETES_SERVICE_PORT"),
        .service_account_folder = "/var/run/secrets/kubernetes.io/serviceaccount",
        .path = getenv("PATH"),
        .environment = environ,
        .uid = geteuid(),
        .now_ms = wall_ms,
    };
}
