/* The fake server behind TLS, with certificates that are made when they are first needed. */
#ifndef FAKE_TLS_H
#define FAKE_TLS_H

#include "fake/fake_http.h"

/* Zero: a good certificate for "127.0.0.1", "localhost" and "kubernetes.default". */
typedef struct fake_tls_options {
    bool is_expired, is_not_yet_valid;
    bool is_for_another_host; /* "other.example" only */
    bool is_of_another_authority;
    bool wants_client; /* a certificate of fake_tls_ca_pem(), or no answer */
    bool is_tls12;     /* at most */
    bool is_tls11;     /* at most, which is too old */
} fake_tls_options;

/* Like fake_http_start(); the URL is "https://127.0.0.1:PORT". */
fake_http *fake_tls_start(const fake_rule *rules, size_t n, const fake_tls_options *options);

/* The authority that signed all but is_of_another_authority. Lives as long as the process. */
const char *fake_tls_ca_pem(void);

typedef enum fake_tls_client {
    FAKE_CLIENT_GOOD,
    FAKE_CLIENT_EXPIRED,
    FAKE_CLIENT_OTHER
} fake_tls_client;
const char *fake_tls_client_pem(fake_tls_client which); /* the certificate */
const char *fake_tls_client_key_pem(void);              /* the key of each of them */
const char *fake_tls_other_key_pem(void);               /* a key that belongs to none of them */

#endif
