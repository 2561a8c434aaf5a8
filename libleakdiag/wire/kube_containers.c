/* Containers of a pod's spec: memory, and the few variables that matter. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "wire/kube_read.h"
#include "wire/proc.h"

#define ENV_FROM_MAX 100
#define ENV_NAMES    9

const char *const ld_kube_env_names[] = {
    "FLAGD_HOST",   "FLAGD_PORT",        "GOGC",
    "GOMEMLIMIT",   "KAFKA_ADDR",        "KAFKA_SERVICE_ADDR",
    "LOCUST_USERS", "LOCUST_SPAWN_RATE", "LOCUST_AUTOSTART",
    NULL,
};

/* --- memory --- */

static leakdiag_status copy_quantity(const json_t *quantity, char **ret, leakdiag_error *err)
{
    if (json_is_string(quantity))
        *ret = ld_copy_text(json_string_value(quantity));
    else /* a plain number of bytes is taken by Kubernetes too */
        return ld_json_dump(quantity, ret, err);
    return *ret ? LEAKDIAG_OK : ld_fail_nomem(err);
}

leakdiag_status ld_kube_read_memory(const json_t *resources, const char *which, char **text,
                                    double *bytes, char **why, leakdiag_error *err)
{
    const json_t *quantity = json_object_get(json_object_get(resources, which), "memory");
    *bytes = NAN;
    if (!json_is_string(quantity) && !json_is_number(quantity))
        return LEAKDIAG_OK;
    leakdiag_error reason = {0};
    int64_t value = 0;
    leakdiag_status status = copy_quantity(quantity, text, err);
    if (status)
        return status;
    status = leakdiag_quantity_parse(*text, &value, &reason);
    if (!status && value > 0)
        *bytes = (double)value;
    else if (why) {
        *why = ld_copy_text(status ? reason.message : "0 is no limit");
        if (!*why)
            return ld_fail_nomem(err);
    }
    return LEAKDIAG_OK;
}

/* --- variables --- */

static int env_index(const char *name)
{
    for (int i = 0; ld_kube_env_names[i]; i++)
        if (strcmp(ld_kube_env_names[i], name) == 0)
            return i;
    return -1;
}

static leakdiag_status set_env(ld_kube_env *env, const char *name, const json_t *entry,
                               leakdiag_error *err)
{
    const char *value = "";
    ld_release(env->value);
    env->value = NULL;
    if (!env->name && !(env->name = ld_copy_text(name)))
        return ld_fail_nomem(err);
    ld_json_get_text(entry, "value", &value);
    const json_t *from = json_object_get(entry, "valueFrom");
    if (from && !json_is_null(from))
        return LEAKDIAG_OK;
    return ld_environment_value(value, strlen(value), &env->value, err);
}

/* Of a name that is there twice the last one counts, as for the kubelet. */
static leakdiag_status read_env(const json_t *container, ld_kube_env **ret, size_t *ret_n,
                                leakdiag_error *err)
{
    const json_t *found[ENV_NAMES] = {0}, *entry;
    size_t i, n = 0;
    const char *name;
    json_array_foreach(json_object_get(container, "env"), i, entry)
    {
        int at = ld_json_get_text(entry, "name", &name) ? env_index(name) : -1;
        if (at >= 0)
            found[at] = entry;
    }
    for (i = 0; i < ENV_NAMES; i++)
        n += found[i] != NULL;
    if (n == 0)
        return LEAKDIAG_OK;
    *ret = ld_alloc_array(n, sizeof **ret);
    if (!*ret)
        return ld_fail_nomem(err);
    for (i = 0; i < ENV_NAMES; i++) {
        if (!found[i])
            continue;
        leakdiag_status status = set_env(&(*ret)[(*ret_n)++], ld_kube_env_names[i], found[i], err);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

void ld_kube_env_done(ld_kube_env *env, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ld_release(env[i].name);
        ld_release(env[i].value);
    }
    ld_release(env);
}

static leakdiag_status read_env_from(const json_t *container, ld_kube_container *ret,
                                     leakdiag_error *err)
{
    const json_t *list = json_object_get(container, "envFrom");
    size_t n = json_array_size(list);
    if (n == 0)
        return LEAKDIAG_OK;
    if (n > ENV_FROM_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "a container has more than %d entries in envFrom",
                       ENV_FROM_MAX);
    ret->env_from = ld_alloc_array(n, sizeof *ret->env_from);
    if (!ret->env_from)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *entry = json_array_get(list, i);
        const json_t *from = json_object_get(entry, "configMapRef");
        const char *name;
        if (!ld_json_get_text(from ? from : json_object_get(entry, "secretRef"), "name", &name))
            continue;
        ret->env_from[ret->n_env_from] = ld_copy_text(name);
        if (!ret->env_from[ret->n_env_from])
            return ld_fail_nomem(err);
        ret->n_env_from++;
    }
    return LEAKDIAG_OK;
}

/* --- containers --- */

static leakdiag_status read_container(const json_t *json, bool is_init, ld_kube_container *ret,
                                      leakdiag_error *err)
{
    const json_t *resources = json_object_get(json, "resources");
    ret->is_init = is_init;
    ret->is_sidecar = is_init && ld_kube_is_text(json, "restartPolicy", "Always");
    if (!ld_kube_copy(json, "name", &ret->name) || !ld_kube_copy(json, "image", &ret->image))
        return ld_fail_nomem(err);
    if (!ret->name)
        return ld_fail(err, LEAKDIAG_E_PROTOCOL, "a container has no name");
    leakdiag_status status = ld_kube_read_memory(resources, "limits", &ret->limit_text,
                                                 &ret->limit_bytes, &ret->limit_why, err);
    if (!status)
        status = ld_kube_read_memory(resources, "requests", &ret->request_text, &ret->request_bytes,
                                     NULL, err);
    if (!status)
        status = read_env(json, &ret->env, &ret->n_env, err);
    return status ? status : read_env_from(json, ret, err);
}

leakdiag_status ld_kube_read_containers(const json_t *spec, ld_kube_container **ret, size_t *ret_n,
                                        leakdiag_error *err)
{
    const json_t *lists[] = {json_object_get(spec, "containers"),
                             json_object_get(spec, "initContainers")};
    size_t n = json_array_size(lists[0]) + json_array_size(lists[1]);
    if (n == 0)
        return LEAKDIAG_OK;
    if (n > LD_KUBE_CONTAINERS_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "a pod has more than %d containers",
                       LD_KUBE_CONTAINERS_MAX);
    *ret = ld_alloc_array(n, sizeof **ret);
    if (!*ret)
        return ld_fail_nomem(err);
    for (int is_init = 0; is_init <= 1; is_init++) {
        size_t i;
        const json_t *json;
        json_array_foreach(lists[is_init], i, json)
        {
            leakdiag_status status = read_container(json, is_init, &(*ret)[(*ret_n)++], err);
            if (status)
                return status;
        }
    }
    return LEAKDIAG_OK;
}

void ld_kube_containers_done(ld_kube_container *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ld_kube_container *c = &list[i];
        ld_release(c->name);
        ld_release(c->image);
        ld_release(c->limit_text);
        ld_release(c->request_text);
        ld_release(c->limit_why);
        ld_kube_env_done(c->env, c->n_env);
        for (size_t k = 0; k < c->n_env_from; k++)
            ld_release(c->env_from[k]);
        ld_release(c->env_from);
    }
    ld_release(list);
}
