#include "net/in_cluster.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "net/secret.h"

static bool is_set(const char *text)
{
    return text && *text;
}

static char *below(const ld_surroundings *around, const char *name)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    char *path = NULL;
    ld_text_addf(&text, "%s/%s", around->service_account_folder, name);
    return ld_text_take(&text, &path, NULL) ? NULL : path;
}

void ld_in_cluster_done(ld_in_cluster *in)
{
    ld_release(in->server);
    ld_release(in->token_path);
    ld_release(in->ca_path);
    ld_release(in->ca_pem);
    ld_release(in->namespace_name);
    *in = (ld_in_cluster){0};
}

leakdiag_status ld_in_cluster_is_possible(const ld_surroundings *around, bool *ret,
                                          leakdiag_error *err)
{
    ld_file_about about;
    *ret = false;
    if (!is_set(around->service_host) || !is_set(around->service_port) ||
        !is_set(around->service_account_folder))
        return LEAKDIAG_OK;
    LD_CLEANUP(ld_releasep) char *token = below(around, "token");
    if (!token)
        return ld_fail_nomem(err);
    *ret = ld_file_look(token, &about);
    return LEAKDIAG_OK;
}

static leakdiag_status read_ca(ld_in_cluster *in, leakdiag_error *err)
{
    size_t len = 0;
    leakdiag_status status = ld_secret_read_file(in->ca_path, &in->ca_pem, &len, NULL, err);
    if (status)
        return ld_error_prefix(err, status,
                               "in-cluster: without it no server can be trusted; "
                               "mount the service account");
    if (!strstr(in->ca_pem, "-----BEGIN CERTIFICATE-----"))
        return ld_fail(err, LEAKDIAG_E_INVALID, "in-cluster: %s is not PEM: no certificate in it",
                       in->ca_path);
    return LEAKDIAG_OK;
}

/* Missing or unreadable is the same as in client-go: not told. */
static leakdiag_status read_namespace(const ld_surroundings *around, ld_in_cluster *in,
                                      leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *path = below(around, "namespace");
    LD_CLEANUP(ld_releasep) char *text = NULL;
    size_t len = 0;
    if (!path)
        return ld_fail_nomem(err);
    leakdiag_status status = ld_secret_read_file(path, &text, &len, NULL, NULL);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (status)
        return LEAKDIAG_OK;
    size_t from = strspn(text, " \t\r\n"), n = strlen(text);
    while (n > from && strchr(" \t\r\n", text[n - 1]))
        n--;
    if (n > from && !(in->namespace_name = ld_copy_bytes(text + from, n - from)))
        return ld_fail_nomem(err);
    return LEAKDIAG_OK;
}

leakdiag_status ld_in_cluster_read(const ld_surroundings *around, ld_in_cluster *ret,
                                   leakdiag_error *err)
{
    LD_CLEANUP(ld_in_cluster_done) ld_in_cluster in = {0};
    LD_CLEANUP(ld_text_done) ld_text server = {0};
    const char *host = around->service_host;
    bool is_bare_ipv6 = strchr(host, ':') && host[0] != '[';
    ld_text_addf(&server, "https://%s%s%s:%s", is_bare_ipv6 ? "[" : "", host,
                 is_bare_ipv6 ? "]" : "", around->service_port);
    leakdiag_status status = ld_text_take(&server, &in.server, err);
    if (status)
        return status;
    in.token_path = below(around, "token");
    in.ca_path = below(around, "ca.crt");
    if (!in.token_path || !in.ca_path)
        return ld_fail_nomem(err);
    status = read_ca(&in, err);
    if (!status)
        status = read_namespace(around, &in, err);
    if (status)
        return status;
    *ret = in;
    in = (ld_in_cluster){0};
    return LEAKDIAG_OK;
}
