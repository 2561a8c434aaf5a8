/* Services, and what stands behind them. */
#include <string.h>

#include "base/alloc.h"
#include "wire/kube_read.h"

#define PORTS_MAX 200

static void ports_done(ld_kube_port *ports, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ld_release(ports[i].name);
        ld_release(ports[i].target);
    }
    ld_release(ports);
}

/* targetPort is a number or a name. */
static bool copy_target(const json_t *json, char **ret)
{
    const json_t *target = json_object_get(json, "targetPort");
    if (json_is_integer(target))
        return ld_json_dump(target, ret, NULL) == LEAKDIAG_OK;
    return ld_kube_copy(json, "targetPort", ret);
}

static leakdiag_status too_many_ports(leakdiag_error *err)
{
    return ld_fail(err, LEAKDIAG_E_LIMIT, "more than %d ports", PORTS_MAX);
}

static leakdiag_status read_ports(const json_t *list, ld_kube_service *ret, leakdiag_error *err)
{
    size_t n = json_array_size(list);
    if (n == 0)
        return LEAKDIAG_OK;
    if (n > PORTS_MAX)
        return too_many_ports(err);
    ret->ports = ld_alloc_array(n, sizeof *ret->ports);
    if (!ret->ports)
        return ld_fail_nomem(err);
    while (ret->n_ports < n) {
        const json_t *json = json_array_get(list, ret->n_ports);
        ld_kube_port *port = &ret->ports[ret->n_ports++];
        port->port = ld_kube_count(json, "port", 0);
        if (!ld_kube_copy(json, "name", &port->name) || !copy_target(json, &port->target))
            return ld_fail_nomem(err);
    }
    return LEAKDIAG_OK;
}

static leakdiag_status read_service(const json_t *json, ld_kube_service *ret, leakdiag_error *err)
{
    const json_t *spec = json_object_get(json, "spec");
    ret->is_headless = ld_kube_is_text(spec, "clusterIP", "None");
    if (!ld_kube_copy(json_object_get(json, "metadata"), "name", &ret->name) ||
        !ld_kube_copy(spec, "type", &ret->type))
        return ld_fail_nomem(err);
    leakdiag_status status =
        ld_kube_labels_text(json_object_get(spec, "selector"), &ret->selector, err);
    return status ? status : read_ports(json_object_get(spec, "ports"), ret, err);
}

static leakdiag_status with_place(const ld_kube_asked *asked, leakdiag_status status,
                                  const leakdiag_error *why, leakdiag_error *err)
{
    return status == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err)
                                      : ld_kube_fail(asked, status, why->message, err);
}

void ld_kube_service_done(ld_kube_service *service)
{
    ld_release(service->name);
    ld_release(service->type);
    ld_release(service->selector);
    ports_done(service->ports, service->n_ports);
    *service = (ld_kube_service){0};
}

leakdiag_status ld_kube_read_service(const ld_kube_asked *asked, const ld_answer *answer,
                                     ld_kube_service *ret, leakdiag_error *err)
{
    LD_JSON *json = NULL;
    ld_kube_service made = {0};
    leakdiag_error why = {0};
    leakdiag_status status = ld_kube_parse(asked, answer, "Service", NULL, &json, err);
    if (status)
        return status;
    status = read_service(json, &made, &why);
    if (status) {
        ld_kube_service_done(&made);
        return with_place(asked, status, &why, err);
    }
    *ret = made;
    return LEAKDIAG_OK;
}

/* --- endpoint slices --- */

/* A service with two address families has each endpoint once per family: one family is counted. */
typedef struct family {
    const char *name;
    ld_kube_endpoints count;
} family;

#define FAMILIES 3

static family *find_family(family list[FAMILIES], const json_t *slice)
{
    for (size_t i = 0; i < FAMILIES; i++)
        if (ld_kube_is_text(slice, "addressType", list[i].name))
            return &list[i];
    return &list[0];
}

static void count_endpoint(const json_t *endpoint, ld_kube_endpoints *count)
{
    const json_t *conditions = json_object_get(endpoint, "conditions");
    bool is_ready = true, is_terminating = false; /* not said is ready, by the API's own rule */
    ld_json_get_bool(conditions, "ready", &is_ready);
    ld_json_get_bool(conditions, "terminating", &is_terminating);
    if (is_terminating)
        count->terminating++;
    else if (is_ready)
        count->ready++;
    else
        count->not_ready++;
}

static bool has_port(const ld_kube_endpoints *e, const char *name, int64_t port)
{
    for (size_t i = 0; i < e->n_ports; i++)
        if (e->ports[i].port == port && ld_text_equal(e->ports[i].name, name))
            return true;
    return false;
}

static leakdiag_status add_port(const json_t *json, ld_kube_endpoints *ret, leakdiag_error *err)
{
    const char *name = NULL;
    int64_t port = ld_kube_count(json, "port", 0);
    ld_json_get_text(json, "name", &name);
    if (has_port(ret, name, port))
        return LEAKDIAG_OK;
    if (ret->n_ports == PORTS_MAX)
        return too_many_ports(err);
    ld_kube_port *ports =
        ld_resize_array(ret->ports, ret->n_ports, ret->n_ports + 1, sizeof *ports);
    if (!ports)
        return ld_fail_nomem(err);
    ret->ports = ports;
    ports[ret->n_ports] = (ld_kube_port){.port = port};
    if (!ld_kube_copy(json, "name", &ports[ret->n_ports++].name))
        return ld_fail_nomem(err);
    return LEAKDIAG_OK;
}

static leakdiag_status read_slices(const json_t *items, ld_kube_endpoints *ret, leakdiag_error *err)
{
    family families[FAMILIES] = {{.name = "IPv4"}, {.name = "IPv6"}, {.name = "FQDN"}};
    size_t i, k;
    const json_t *slice, *one;
    json_array_foreach(items, i, slice)
    {
        family *f = find_family(families, slice);
        json_array_foreach(json_object_get(slice, "endpoints"), k, one)
        {
            count_endpoint(one, &f->count);
        }
        json_array_foreach(json_object_get(slice, "ports"), k, one)
        {
            leakdiag_status status = add_port(one, ret, err);
            if (status)
                return status;
        }
    }
    for (i = 0; i < FAMILIES; i++) {
        const ld_kube_endpoints *c = &families[i].count;
        if (c->ready + c->not_ready + c->terminating <=
            ret->ready + ret->not_ready + ret->terminating)
            continue;
        ret->ready = c->ready;
        ret->not_ready = c->not_ready;
        ret->terminating = c->terminating;
    }
    return LEAKDIAG_OK;
}

void ld_kube_endpoints_done(ld_kube_endpoints *endpoints)
{
    ports_done(endpoints->ports, endpoints->n_ports);
    *endpoints = (ld_kube_endpoints){0};
}

leakdiag_status ld_kube_read_endpoint_slices(const ld_kube_asked *asked, const ld_answer *answer,
                                             ld_kube_endpoints *ret, leakdiag_error *err)
{
    LD_JSON *json = NULL;
    const json_t *items;
    ld_kube_endpoints made = {0};
    leakdiag_error why = {0};
    leakdiag_status status =
        ld_kube_parse_list(asked, answer, "EndpointSliceList", &json, &items, err);
    if (status)
        return status;
    status = read_slices(items, &made, &why);
    if (status) {
        ld_kube_endpoints_done(&made);
        return with_place(asked, status, &why, err);
    }
    *ret = made;
    return LEAKDIAG_OK;
}
