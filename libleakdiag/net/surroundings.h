/* What the process stands in: its environment, its user, its clock. Read in one place, so that the
 * tests can give another. */
#ifndef LD_NET_SURROUNDINGS_H
#define LD_NET_SURROUNDINGS_H

#include <stdint.h>
#include <sys/types.h>

typedef struct ld_surroundings {
    const char *home;                        /* $HOME; NULL: unknown */
    const char *kubeconfig;                  /* $KUBECONFIG; NULL or "": not set */
    const char *service_host, *service_port; /* $KUBERNETES_SERVICE_HOST and _PORT; NULL */
    const char *service_account_folder;      /* with token, ca.crt and namespace */
    const char *path;                        /* $PATH; NULL: none */
    const char *certificate_file;            /* $SSL_CERT_FILE; NULL or "": not set */
    const char *certificate_folder;          /* $SSL_CERT_DIR; NULL or "": not set */
    /* Where distributions keep the certificates of public authorities; NULL ends the list. */
    const char *const *certificate_places;
    char *const *environment;                /* what a plugin inherits */
    uid_t uid;
    int64_t (*now_ms)(void *payload); /* the wall clock */
    void *payload;
} ld_surroundings;

/* Those of this process. The texts are borrowed from its environment: use them at once. */
ld_surroundings ld_surroundings_of_process(void);

#endif
