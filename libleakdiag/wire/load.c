#include "wire/load.h"

#include <math.h>

#include "base/alloc.h"
#include "base/json.h"
#include "wire/object.h"

typedef struct row {
    char *method, *name;
    int64_t requests, failures;
    double rate_per_s;
} row;

struct leakdiag_load {
    leakdiag_load_state state;
    int64_t users, target_users;
    double spawn_per_s;
    int64_t age_ms;
    double fail_ratio;
    row *rows;
    size_t n_rows;
    char *detail;
    int http_status;
    int64_t latency_ms;
};

static leakdiag_status copy_rows(leakdiag_load *load, const ld_load_fields *fields,
                                 leakdiag_error *err)
{
    load->rows = ld_alloc_array(fields->n_rows, sizeof *load->rows);
    if (!load->rows)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < fields->n_rows; i++) {
        const ld_load_row_fields *from = &fields->rows[i];
        row *to = &load->rows[load->n_rows++];
        to->requests = from->requests;
        to->failures = from->failures;
        to->rate_per_s = from->rate_per_s;
        to->method = ld_copy_text(from->method ? from->method : "");
        to->name = ld_copy_text(from->name ? from->name : "");
        if (!to->method || !to->name)
            return ld_fail_nomem(err);
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_load_new(const ld_load_fields *fields, leakdiag_load **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_load_freep) leakdiag_load *load = ld_alloc_zero(sizeof *load);
    if (!load)
        return ld_fail_nomem(err);
    load->state = fields->state;
    load->users = fields->users;
    load->target_users = fields->target_users;
    load->spawn_per_s = fields->spawn_per_s;
    load->age_ms = fields->age_ms;
    load->fail_ratio = fields->fail_ratio;
    load->http_status = fields->http_status;
    load->latency_ms = fields->latency_ms;
    load->detail = ld_copy_text(fields->detail ? fields->detail : "");
    if (!load->detail)
        return ld_fail_nomem(err);
    leakdiag_status status = copy_rows(load, fields, err);
    if (status)
        return status;
    *ret = ld_steal(&load);
    return LEAKDIAG_OK;
}

void leakdiag_load_free(leakdiag_load *load)
{
    if (!load)
        return;
    for (size_t i = 0; i < load->n_rows; i++) {
        ld_release(load->rows[i].method);
        ld_release(load->rows[i].name);
    }
    ld_release(load->rows);
    ld_release(load->detail);
    ld_release(load);
}

leakdiag_load_state leakdiag_load_get_state(const leakdiag_load *load)
{
    return load->state;
}

int64_t leakdiag_load_users(const leakdiag_load *load)
{
    return load->users;
}

int64_t leakdiag_load_target_users(const leakdiag_load *load)
{
    return load->target_users;
}

double leakdiag_load_spawn_per_s(const leakdiag_load *load)
{
    return load->spawn_per_s;
}

int64_t leakdiag_load_age_ms(const leakdiag_load *load)
{
    return load->age_ms;
}

double leakdiag_load_fail_ratio(const leakdiag_load *load)
{
    return load->fail_ratio;
}

size_t leakdiag_load_row_count(const leakdiag_load *load)
{
    return load->n_rows;
}

const char *leakdiag_load_row_name(const leakdiag_load *load, size_t i)
{
    return i < load->n_rows ? load->rows[i].name : NULL;
}

const char *leakdiag_load_row_method(const leakdiag_load *load, size_t i)
{
    return i < load->n_rows ? load->rows[i].method : NULL;
}

int64_t leakdiag_load_row_requests(const leakdiag_load *load, size_t i)
{
    return i < load->n_rows ? load->rows[i].requests : -1;
}

int64_t leakdiag_load_row_failures(const leakdiag_load *load, size_t i)
{
    return i < load->n_rows ? load->rows[i].failures : -1;
}

double leakdiag_load_row_rate_per_s(const leakdiag_load *load, size_t i)
{
    return i < load->n_rows ? load->rows[i].rate_per_s : NAN;
}

const char *leakdiag_load_detail(const leakdiag_load *load)
{
    return load->detail;
}

int leakdiag_load_http_status(const leakdiag_load *load)
{
    return load->http_status;
}

int64_t leakdiag_load_latency_ms(const leakdiag_load *load)
{
    return load->latency_ms;
}

static json_t *row_json(const row *r)
{
    json_t *json = json_object();
    bool made = ld_object_set(json, "method", ld_json_text(r->method));
    made &= ld_object_set(json, "name", ld_json_text(r->name));
    made &= ld_object_set(json, "requests", ld_object_known(r->requests, 0));
    made &= ld_object_set(json, "failures", ld_object_known(r->failures, 0));
    made &= ld_object_set(json, "rate_per_s", ld_json_number(r->rate_per_s));
    if (made)
        return json;
    json_decref(json);
    return NULL;
}

leakdiag_status leakdiag_load_to_json(const leakdiag_load *load, char **ret, leakdiag_error *err)
{
    LD_JSON *json = json_object();
    json_t *rows = json_array();
    bool made = ld_object_set(json, "rows", rows);
    made &= ld_object_set(json, "schema", ld_json_text("leakdiag.load/1"));
    made &= ld_object_set(json, "state", ld_json_text(leakdiag_load_state_name(load->state)));
    made &= ld_object_set(json, "users", ld_object_known(load->users, 0));
    made &= ld_object_set(json, "target_users", ld_object_known(load->target_users, 0));
    made &= ld_object_set(json, "spawn_per_s", ld_json_number(load->spawn_per_s));
    made &= ld_object_set(json, "age_ms", ld_object_known(load->age_ms, 0));
    made &= ld_object_set(json, "fail_ratio", ld_json_number(load->fail_ratio));
    made &= ld_object_set(json, "detail", ld_json_text(load->detail));
    made &= ld_object_set(json, "http_status", json_integer(load->http_status));
    made &= ld_object_set(json, "latency_ms", ld_object_known(load->latency_ms, 0));
    for (size_t i = 0; made && i < load->n_rows; i++)
        made = json_array_append_new(rows, row_json(&load->rows[i])) == 0;
    if (!made)
        return ld_fail_nomem(err);
    return ld_json_dump(json, ret, err);
}
