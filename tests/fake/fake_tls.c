#include "fake/fake_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake/fake_stream.h"

#define DAY (24L * 60 * 60)

static struct {
    EVP_PKEY *ca_key, *other_ca_key, *server_key, *client_key, *other_key;
    X509 *ca, *other_ca;
    char *ca_pem, *client_pem[3], *client_key_pem, *other_key_pem;
} made;

static void must(bool fine, const char *what)
{
    if (fine)
        return;
    fprintf(stderr, "fake_tls: %s\n", what);
    ERR_print_errors_fp(stderr);
    abort();
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(extension != NULL, value);
    must(X509_add_ext(certificate, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

/* Of a certificate: who, and from when to when (seconds from now). */
typedef struct paper {
    const char *name, *alt_names; /* no alt_names: an authority */
    long from, to;
} paper;

static X509 *sign(const paper *p, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
    static long serial = 1000;
    X509 *certificate = X509_new();
    must(certificate != NULL, "X509_new");
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), p->from);
    X509_gmtime_adj(X509_getm_notAfter(certificate), p->to);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)p->name, -1,
                                    -1, 0) == 1,
         p->name);
    if (!issuer)
        issuer = certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    add_extension(certificate, issuer, NID_basic_constraints,
                  p->alt_names ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (p->alt_names)
        add_extension(certificate, issuer, NID_subject_alt_name, p->alt_names);
    must(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "X509_sign");
    return certificate;
}

static char *pem_of(X509 *certificate, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data, *pem;
    must(bio != NULL, "BIO_new");
    if (certificate)
        must(PEM_write_bio_X509(bio, certificate) == 1, "PEM_write_bio_X509");
    else
        must(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1, "write key");
    long len = BIO_get_mem_data(bio, &data);
    pem = malloc((size_t)len + 1);
    must(pem != NULL, "malloc");
    memcpy(pem, data, (size_t)len);
    pem[len] = '\0';
    BIO_free(bio);
    return pem;
}

static char *client_pem(const paper *p, X509 *issuer, EVP_PKEY *issuer_key)
{
    X509 *certificate = sign(p, made.client_key, issuer, issuer_key);
    char *pem = pem_of(certificate, NULL);
    X509_free(certificate);
    return pem;
}

static void make_all(void)
{
    static const paper ca = {"fake authority", NULL, -DAY, 10 * DAY};
    static const paper other_ca = {"another authority", NULL, -DAY, 10 * DAY};
    static const paper good = {"fake client", "DNS:client", -DAY, DAY};
    static const paper expired = {"fake client", "DNS:client", -10 * DAY, -DAY};
    EVP_PKEY **keys[] = {&made.ca_key, &made.other_ca_key, &made.server_key, &made.client_key,
                         &made.other_key};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        must((*keys[i] = EVP_EC_gen("P-256")) != NULL, "EVP_EC_gen");
    made.ca = sign(&ca, made.ca_key, NULL, made.ca_key);
    made.other_ca = sign(&other_ca, made.other_ca_key, NULL, made.other_ca_key);
    made.ca_pem = pem_of(made.ca, NULL);
    made.client_pem[FAKE_CLIENT_GOOD] = client_pem(&good, made.ca, made.ca_key);
    made.client_pem[FAKE_CLIENT_EXPIRED] = client_pem(&expired, made.ca, made.ca_key);
    made.client_pem[FAKE_CLIENT_OTHER] = client_pem(&good, made.other_ca, made.other_ca_key);
    made.client_key_pem = pem_of(NULL, made.client_key);
    made.other_key_pem = pem_of(NULL, made.other_key);
}

static void make(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    must(pthread_once(&once, make_all) == 0, "pthread_once");
}

const char *fake_tls_ca_pem(void)
{
    make();
    return made.ca_pem;
}

const char *fake_tls_client_pem(fake_tls_client which)
{
    make();
    return made.client_pem[which];
}

const char *fake_tls_client_key_pem(void)
{
    make();
    return made.client_key_pem;
}

const char *fake_tls_other_key_pem(void)
{
    make();
    return made.other_key_pem;
}

/* ---- the stream ---- */

static void *open_tls(void *payload, int fd)
{
    SSL *ssl = SSL_new(payload);
    must(ssl != NULL && SSL_set_fd(ssl, fd) == 1, "SSL_new");
    SSL_set_accept_state(ssl);
    return ssl;
}

static ssize_t result_of(SSL *ssl, int n)
{
    if (n > 0)
        return n;
    int error = SSL_get_error(ssl, n);
    ERR_clear_error();
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EIO;
    return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t receive_tls(void *stream, int fd, void *buffer, size_t len)
{
    (void)fd;
    return result_of(stream, SSL_read(stream, buffer, (int)len));
}

static ssize_t send_tls(void *stream, int fd, const void *data, size_t len)
{
    (void)fd;
    return result_of(stream, SSL_write(stream, data, len > 65536 ? 65536 : (int)len));
}

static void close_tls(void *stream, bool reset)
{
    if (!reset)
        SSL_shutdown(stream);
    ERR_clear_error();
    SSL_free(stream);
}

static void stop_tls(void *payload)
{
    SSL_CTX_free(payload);
}

static void use_certificate(SSL_CTX *context, const fake_tls_options *options)
{
    paper p = {.name = "fake server",
               .alt_names = options->is_for_another_host
                                ? "DNS:other.example"
                                : "IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default",
               .from = options->is_not_yet_valid ? DAY : -2 * DAY,
               .to = options->is_expired ? -DAY : 2 * DAY};
    bool other = options->is_of_another_authority;
    X509 *certificate = sign(&p, made.server_key, other ? made.other_ca : made.ca,
                             other ? made.other_ca_key : made.ca_key);
    must(SSL_CTX_use_certificate(context, certificate) == 1, "use certificate");
    must(SSL_CTX_use_PrivateKey(context, made.server_key) == 1, "use key");
    X509_free(certificate);
}

fake_http *fake_tls_start(const fake_rule *rules, size_t n, const fake_tls_options *options)
{
    static const fake_stream stream = {.scheme = "https",
                                       .open = open_tls,
                                       .receive = receive_tls,
                                       .send = send_tls,
                                       .close = close_tls,
                                       .stop = stop_tls};
    static const fake_tls_options plain = {0};
    if (!options)
        options = &plain;
    make();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    must(context != NULL, "SSL_CTX_new");
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    use_certificate(context, options);
    if (options->is_tls12)
        SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    if (options->is_tls11) {
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    }
    if (options->wants_client) {
        must(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), made.ca) == 1, "add authority");
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return fake_http_start_over(&stream, context, rules, n);
}
