/* A ConfigMap: its data, and when it was changed last. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "wire/kube_read.h"

#define KEYS_MAX       1000
#define DATA_MAX_BYTES ((size_t)2 << 20) /* the API server itself takes 1 MiB */

static int64_t latest_change(const json_t *metadata)
{
    size_t i;
    const json_t *field;
    int64_t latest = 0;
    json_array_foreach(json_object_get(metadata, "managedFields"), i, field)
    {
        int64_t ms = ld_kube_time(field, "time");
        latest = ms > latest ? ms : latest;
    }
    return latest;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys, sorted and borrowed. */
static leakdiag_status sorted_keys(const json_t *data, const char ***ret, leakdiag_error *err)
{
    size_t n = 0, bytes = 0;
    const char *key;
    const json_t *value;
    if (json_object_size(data) > KEYS_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "more than %d keys", KEYS_MAX);
    LD_CLEANUP(ld_releasep)
    const char **keys = ld_alloc_array(json_object_size(data), sizeof *keys);
    if (!keys)
        return ld_fail_nomem(err);
    json_object_foreach((json_t *)(uintptr_t)data, key, value)
    {
        if (!json_is_string(value))
            return ld_fail(err, LEAKDIAG_E_PROTOCOL, "data \"%.80s\" is no text", key);
        bytes += json_string_length(value) + strlen(key);
        keys[n++] = key;
    }
    if (bytes > DATA_MAX_BYTES)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "more than %zu bytes of data", DATA_MAX_BYTES);
    qsort(keys, n, sizeof *keys, compare_keys);
    *ret = ld_steal(&keys);
    return LEAKDIAG_OK;
}

static leakdiag_status read_data(const json_t *data, ld_kube_config_map *ret, leakdiag_error *err)
{
    size_t n = json_object_size(data);
    LD_CLEANUP(ld_releasep) const char **keys = NULL;
    leakdiag_status status = sorted_keys(data, &keys, err);
    if (status || n == 0)
        return status;
    ret->keys = ld_alloc_array(n, sizeof *ret->keys);
    ret->values = ld_alloc_array(n, sizeof *ret->values);
    if (!ret->keys || !ret->values)
        return ld_fail_nomem(err);
    ret->n = n;
    for (size_t i = 0; i < n; i++) {
        ret->keys[i] = ld_copy_text(keys[i]);
        ret->values[i] = ld_copy_text(json_string_value(json_object_get(data, keys[i])));
        if (!ret->keys[i] || !ret->values[i])
            return ld_fail_nomem(err);
    }
    return LEAKDIAG_OK;
}

void ld_kube_config_map_done(ld_kube_config_map *config_map)
{
    for (size_t i = 0; i < config_map->n; i++) {
        ld_release(config_map->keys[i]);
        ld_release(config_map->values[i]);
    }
    ld_release(config_map->keys);
    ld_release(config_map->values);
    ld_release(config_map->name);
    *config_map = (ld_kube_config_map){0};
}

leakdiag_status ld_kube_read_config_map(const ld_kube_asked *asked, const ld_answer *answer,
                                        ld_kube_config_map *ret, leakdiag_error *err)
{
    LD_JSON *json = NULL;
    ld_kube_config_map made = {0};
    leakdiag_error why = {0};
    leakdiag_status status = ld_kube_parse_whole(asked, answer, "ConfigMap", NULL, &json, err);
    if (status)
        return status;
    const json_t *metadata = json_object_get(json, "metadata");
    made.changed_ms = latest_change(metadata);
    status = ld_kube_copy(metadata, "name", &made.name) ? LEAKDIAG_OK : LEAKDIAG_E_NOMEM;
    if (!status)
        status = read_data(json_object_get(json, "data"), &made, &why);
    if (!status) {
        *ret = made;
        return LEAKDIAG_OK;
    }
    ld_kube_config_map_done(&made);
    return status == LEAKDIAG_E_NOMEM ? ld_fail_nomem(err)
                                      : ld_kube_fail(asked, status, why.message, err);
}
