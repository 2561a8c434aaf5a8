#include "net/surroundings.h"

#include <stdlib.h>
#include <unistd.h>

#include "net/clock.h"

static int64_t wall_ms(void *payload)
{
    (void)payload;
    return ld_wall_ms();
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
