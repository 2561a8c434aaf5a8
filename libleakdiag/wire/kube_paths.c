/* Names, selectors, and the paths that are made of them. A name never reaches a path unchecked:
 * HTTP clients and servers squash "..", also when it is encoded. */
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "wire/kube_read.h"
#include "wire/percent.h"

#define LABEL_MAX     63
#define SUBDOMAIN_MAX 253
#define PORT_NAME_MAX 15
#define PAGE_ITEMS    "500"

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static leakdiag_status bad_byte(const char *what, const char *name, size_t at, const char *rule,
                                leakdiag_error *err)
{
    return ld_fail(err, LEAKDIAG_E_INVALID, "%s \"%.80s\": byte 0x%02x at %zu: %s", what, name,
                   (unsigned)(unsigned char)name[at], at, rule);
}

static leakdiag_status check_name(const char *what, const char *name, size_t max, bool dots,
                                  leakdiag_error *err)
{
    size_t len = name ? strnlen(name, max + 1) : 0;
    if (len == 0)
        return ld_fail(err, LEAKDIAG_E_INVALID, "%s is empty", what);
    if (len > max)
        return ld_fail(err, LEAKDIAG_E_INVALID, "%s \"%.40s…\" is longer than %zu bytes", what,
                       name, max);
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool first = i == 0 || (dots && name[i - 1] == '.');
        bool last = i + 1 == len || (dots && name[i + 1] == '.');
        if (dots && c == '.' && !first && i + 1 < len)
            continue;
        if (!is_lower_or_digit(c) && c != '-')
            return bad_byte(what, name, i,
                            dots ? "only lower-case letters, digits, '-' and single '.' between "
                                   "them are allowed"
                                 : "only lower-case letters, digits and '-' are allowed",
                            err);
        if (c == '-' && (first || last))
            return bad_byte(what, name, i, "'-' may not be first or last", err);
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_kube_check_label(const char *what, const char *name, leakdiag_error *err)
{
    return check_name(what, name, LABEL_MAX, false, err);
}

leakdiag_status ld_kube_check_subdomain(const char *what, const char *name, leakdiag_error *err)
{
    return check_name(what, name, SUBDOMAIN_MAX, true, err);
}

/* --- paths --- */

typedef struct place {
    const char *root, *ns, *resource, *name; /* name NULL: the list */
} place;

static leakdiag_status add_place(ld_text *path, const place *p, leakdiag_error *err)
{
    leakdiag_status status = ld_kube_check_label("namespace", p->ns, err);
    if (!status && p->name)
        status = ld_kube_check_subdomain("name", p->name, err);
    if (status)
        return status;
    ld_text_addf(path, "%s/namespaces/%s/%s", p->root, p->ns, p->resource);
    if (p->name)
        ld_text_addf(path, "/%s", p->name);
    return LEAKDIAG_OK;
}

static leakdiag_status object_path(const place *p, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text path = {0};
    place named = *p;
    named.name = p->name ? p->name : "";
    leakdiag_status status = add_place(&path, &named, err);
    return status ? status : ld_text_take(&path, ret, err);
}

static leakdiag_status list_path(const place *p, const char *selector, bool paged, char **ret,
                                 leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text path = {0};
    leakdiag_status status = add_place(&path, p, err);
    if (!status && selector)
        status = ld_kube_check_selector(selector, err);
    if (status)
        return status;
    if (selector)
        ld_percent_add_query(&path, "labelSelector", selector);
    if (paged)
        ld_percent_add_query(&path, "limit", PAGE_ITEMS);
    return ld_text_take(&path, ret, err);
}

#define CORE       "/api/v1"
#define APPS       "/apis/apps/v1"
#define METRICS    "/apis/metrics.k8s.io/v1beta1"
#define NETWORKING "/apis/networking.k8s.io/v1"
#define DISCOVERY  "/apis/discovery.k8s.io/v1"

leakdiag_status ld_kube_path_deployment(const char *ns, const char *name, char **ret,
                                        leakdiag_error *err)
{
    return object_path(&(place){APPS, ns, "deployments", name}, ret, err);
}

leakdiag_status ld_kube_path_deployments(const char *ns, const char *selector, char **ret,
                                         leakdiag_error *err)
{
    return list_path(&(place){APPS, ns, "deployments", NULL}, selector, false, ret, err);
}

leakdiag_status ld_kube_path_pod(const char *ns, const char *name, char **ret, leakdiag_error *err)
{
    return object_path(&(place){CORE, ns, "pods", name}, ret, err);
}

leakdiag_status ld_kube_path_pod_list(const char *ns, const char *selector, char **ret,
                                      leakdiag_error *err)
{
    return list_path(&(place){CORE, ns, "pods", NULL}, selector, false, ret, err);
}

leakdiag_status ld_kube_path_pods(const char *ns, const char *selector, char **ret,
                                  leakdiag_error *err)
{
    return list_path(&(place){CORE, ns, "pods", NULL}, selector, true, ret, err);
}

leakdiag_status ld_kube_path_metrics(const char *ns, const char *pod, const char *selector,
                                     char **ret, leakdiag_error *err)
{
    const place p = {METRICS, ns, "pods", pod};
    return pod ? object_path(&p, ret, err) : list_path(&p, selector, false, ret, err);
}

leakdiag_status ld_kube_path_replica_sets(const char *ns, const char *selector, char **ret,
                                          leakdiag_error *err)
{
    return list_path(&(place){APPS, ns, "replicasets", NULL}, selector, false, ret, err);
}

leakdiag_status ld_kube_path_service(const char *ns, const char *name, char **ret,
                                     leakdiag_error *err)
{
    leakdiag_status status = ld_kube_check_label("service", name, err);
    return status ? status : object_path(&(place){CORE, ns, "services", name}, ret, err);
}

leakdiag_status ld_kube_path_endpoint_slices(const char *ns, const char *service, char **ret,
                                             leakdiag_error *err)
{
    leakdiag_status status = ld_kube_check_label("service", service, err);
    if (status)
        return status;
    char selector[128] = "kubernetes.io/service-name=";
    strcat(selector, service);
    return list_path(&(place){DISCOVERY, ns, "endpointslices", NULL}, selector, false, ret, err);
}

leakdiag_status ld_kube_path_policies(const char *ns, char **ret, leakdiag_error *err)
{
    return list_path(&(place){NETWORKING, ns, "networkpolicies", NULL}, NULL, false, ret, err);
}

leakdiag_status ld_kube_path_config_map(const char *ns, const char *name, char **ret,
                                        leakdiag_error *err)
{
    return object_path(&(place){CORE, ns, "configmaps", name}, ret, err);
}

leakdiag_status ld_kube_path_access_review(char **ret, leakdiag_error *err)
{
    *ret = ld_copy_text("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
    return *ret ? LEAKDIAG_OK : ld_fail_nomem(err);
}

static leakdiag_status check_log_query(const ld_kube_log_query *query, leakdiag_error *err)
{
    leakdiag_status status = LEAKDIAG_OK;
    if (query->container)
        status = ld_kube_check_label("container", query->container, err);
    if (status)
        return status;
    if (query->since_ms < 0 || query->since_s < 0 || query->tail_lines < 0 ||
        query->limit_bytes < 0 || query->since_ms > LD_WHOLE_MAX / 100)
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "log query: a time, a number of lines or of bytes is negative or too large");
    if (query->since_ms && query->since_s)
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "log query: since a time or since some seconds, not both");
    return LEAKDIAG_OK;
}

static void add_number(ld_text *path, const char *name, int64_t value)
{
    char text[LD_NUMBER_BYTES];
    ld_number_format((double)value, text);
    if (value > 0)
        ld_percent_add_query(path, name, text);
}

leakdiag_status ld_kube_path_log(const ld_kube_log_query *query, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text path = {0};
    char since[LD_NUMBER_BYTES];
    leakdiag_status status =
        add_place(&path, &(place){CORE, query->ns, "pods", query->pod ? query->pod : ""}, err);
    if (!status)
        status = check_log_query(query, err);
    if (status)
        return status;
    ld_text_add(&path, "/log?timestamps=true");
    if (query->container)
        ld_percent_add_query(&path, "container", query->container);
    if (query->since_ms) {
        ld_rfc3339_format(query->since_ms - query->since_ms % 1000, since);
        ld_percent_add_query(&path, "sinceTime", since);
    }
    add_number(&path, "sinceSeconds", query->since_s);
    add_number(&path, "tailLines", query->tail_lines);
    add_number(&path, "limitBytes", query->limit_bytes);
    if (query->previous)
        ld_percent_add_query(&path, "previous", "true");
    if (query->follow)
        ld_percent_add_query(&path, "follow", "true");
    return ld_text_take(&path, ret, err);
}

/* A number from 1 to 65535, or the name of a port. */
static bool is_port(const char *port)
{
    size_t len = strnlen(port, PORT_NAME_MAX + 1), digits = strspn(port, "0123456789");
    int64_t number = 0;
    if (len == 0 || len > PORT_NAME_MAX)
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (port[i] - '0');
    if (digits == len)
        return number >= 1 && number <= 65535;
    for (size_t i = 0; i < len; i++)
        if (!is_lower_or_digit(port[i]) && port[i] != '-')
            return false;
    return port[0] != '-' && port[len - 1] != '-';
}

leakdiag_status ld_kube_path_service_proxy(const char *ns, const char *service, char **ret,
                                           leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *name = ld_copy_text(service ? service : "");
    if (!name)
        return ld_fail_nomem(err);
    char *first = strchr(name, ':'), *last = strrchr(name, ':'), *bare = name;
    if (first && first != last) {
        *first = '\0';
        if (strcmp(name, "http") != 0 && strcmp(name, "https") != 0)
            return ld_fail(err, LEAKDIAG_E_INVALID,
                           "service \"%.120s\": the scheme is http or https", service);
        bare = first + 1;
    }
    if (!last || !is_port(last + 1))
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "service \"%.120s\": write it as NAME:PORT, with a port from 1 to 65535 or "
                       "its name",
                       service ? service : "");
    *last = '\0';
    leakdiag_status status = ld_kube_check_label("service", bare, err);
    if (!status)
        status = ld_kube_check_label("namespace", ns, err);
    if (status)
        return status;
    LD_CLEANUP(ld_text_done) ld_text path = {0};
    ld_text_addf(&path, CORE "/namespaces/%s/services/%s/proxy", ns, service);
    return ld_text_take(&path, ret, err);
}
