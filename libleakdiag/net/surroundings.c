#include "net/surroundings.h"

#include <stdlib.h>
#include <unistd.h>

#include "net/clock.h"

static int64_t wall_ms(void *payload)
{
    (void)payload;
    return ld_wall_ms();
}

static const char *const certificate_places[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Arch, Gentoo */
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, Red Hat */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem", /* SUSE */
    "/etc/ssl/cert.pem",      /* Alpine, and what copies it */
    NULL,
};

ld_surroundings ld_surroundings_of_process(void)
{
    return (ld_surroundings){
        .home = getenv("HOME"),
        .kubeconfig = getenv("KUBECONFIG"),
        .service_host = getenv("KUBERNETES_SERVICE_HOST"),
        .service_port = getenv("KUBERNETES_SERVICE_PORT"),
        .service_account_folder = "/var/run/secrets/kubernetes.io/serviceaccount",
        .path = getenv("PATH"),
        .certificate_file = getenv("SSL_CERT_FILE"),
        .certificate_folder = getenv("SSL_CERT_DIR"),
        .certificate_places = certificate_places,
        .environment = environ,
        .uid = geteuid(),
        .now_ms = wall_ms,
    };
}
