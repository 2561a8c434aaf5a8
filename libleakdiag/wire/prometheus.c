#include "wire/prometheus.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/number.h"
#include "wire/percent.h"

#define QUERY_MAX_BYTES 16384
#define LABELS_MAX      256 /* of one series */
#define WARNINGS_MAX    100

/* --- asking --- */

/* Seconds, with decimals only when they are needed. */
static void add_seconds(ld_text *path, const char *name, int64_t ms)
{
    char text[LD_NUMBER_BYTES];
    ld_number_format((double)ms / 1000, text);
    ld_percent_add_query(path, name, text);
}

leakdiag_status ld_prometheus_range_path(const char *query, int64_t start_ms, int64_t end_ms,
                                         int64_t step_ms, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text path = {0};
    if (!query || !*query || strnlen(query, QUERY_MAX_BYTES + 1) > QUERY_MAX_BYTES)
        return ld_fail(err, LEAKDIAG_E_INVALID, "Prometheus query is empty or longer than %d bytes",
                       QUERY_MAX_BYTES);
    if (start_ms < 0 || end_ms < start_ms || end_ms > LD_WHOLE_MAX || step_ms < 1000)
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "Prometheus range: the end is before the start, or the step below 1s");
    if ((end_ms - start_ms) / step_ms >= LD_PROMETHEUS_POINTS_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT,
                       "Prometheus range: more than %d points of each series; take a larger step",
                       LD_PROMETHEUS_POINTS_MAX);
    ld_text_add(&path, "/api/v1/query_range");
    ld_percent_add_query(&path, "query", query);
    add_seconds(&path, "start", start_ms);
    add_seconds(&path, "end", end_ms);
    add_seconds(&path, "step", step_ms);
    return ld_text_take(&path, ret, err);
}

void ld_prometheus_add_literal(ld_text *query, const char *text)
{
    size_t len = strlen(text);
    ld_text_add_char(query, '"');
    for (size_t i = 0; i < len;) {
        size_t n = ld_utf8_len(text + i, len - i);
        unsigned char c = (unsigned char)text[i];
        if (n > 1)
            ld_text_add_bytes(query, text + i, n);
        else if (c == '"' || c == '\\')
            ld_text_addf(query, "\\%c", c);
        else if (n == 0 || c < 0x20 || c == 0x7f)
            ld_text_addf(query, "\\x%02x", (unsigned)c);
        else
            ld_text_add_char(query, (char)c);
        i += n ? n : 1;
    }
    ld_text_add_char(query, '"');
}

/* --- answers that are none --- */

static leakdiag_status fail(leakdiag_status status, const ld_text *detail, leakdiag_error *err)
{
    if (detail->failed)
        return ld_fail_nomem(err);
    return ld_fail(err, status, "Prometheus: %s", detail->data);
}

static leakdiag_status not_prometheus(const ld_answer *answer, const char *why, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    ld_detail_add_answer(&detail, answer);
    ld_text_addf(&detail, ": %s; does the URL end where /api/v1 begins?", why);
    return fail(LEAKDIAG_E_PROTOCOL, &detail, err);
}

/* {"status":"error","errorType":…,"error":…}; errors of the query itself are the asker's to mend.
 */
static leakdiag_status said_error(const ld_answer *answer, const json_t *json, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    const char *type = "", *words = "";
    ld_json_get_text(json, "errorType", &type);
    ld_json_get_text(json, "error", &words);
    bool mine = strcmp(type, "bad_data") == 0 || strcmp(type, "execution") == 0;
    if (answer->status != 200)
        mine = answer->status == 400 || answer->status == 422;
    ld_text_addf(&detail, "HTTP %d", answer->status);
    if (*type) {
        ld_text_add(&detail, " ");
        ld_detail_add(&detail, type, strlen(type));
    }
    ld_text_add(&detail, ": ");
    ld_detail_add(&detail, words, strlen(words));
    ld_text_add(&detail, mine ? "; the query is refused" : "; ask again, or for less");
    return fail(mine ? LEAKDIAG_E_INVALID : LEAKDIAG_E_IO, &detail, err);
}

/* Every status but 200. */
static leakdiag_status refused(const ld_answer *answer, const json_t *json, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    const char *status = "";
    if (ld_detail_add_refusal(&detail, answer))
        return fail(answer->status < 400    ? LEAKDIAG_E_PROTOCOL
                    : answer->status == 429 ? LEAKDIAG_E_LIMIT
                                            : LEAKDIAG_E_AUTH,
                    &detail, err);
    ld_json_get_text(json, "status", &status);
    if (strcmp(status, "error") == 0 && answer->status >= 400 && answer->status != 404)
        return said_error(answer, json, err);
    if (answer->status < 500)
        return not_prometheus(answer, "this is not Prometheus' API", err);
    ld_detail_add_answer(&detail, answer);
    ld_text_add(&detail, "; ask again, or look at what stands in front of it");
    return fail(LEAKDIAG_E_IO, &detail, err);
}

static leakdiag_status parse_failed(const ld_answer *answer, leakdiag_status status,
                                    const leakdiag_error *why, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text detail = {0};
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (answer->status != 200)
        return refused(answer, NULL, err);
    if (!ld_answer_looks_like_json(answer))
        return not_prometheus(answer, "this is not Prometheus' API", err);
    ld_text_addf(&detail, "line %u, column %u: ", why->line, why->column);
    ld_detail_add(&detail, why->message, strlen(why->message));
    ld_text_add(&detail, status == LEAKDIAG_E_LIMIT ? "; take a larger step or fewer series"
                                                    : "; the answer is cut off or broken");
    return fail(status == LEAKDIAG_E_LIMIT ? status : LEAKDIAG_E_PROTOCOL, &detail, err);
}

/* --- samples --- */

static void series_done(ld_prometheus_series *s)
{
    for (size_t i = 0; i < s->n_labels; i++) {
        ld_release(s->names[i]);
        ld_release(s->values[i]);
    }
    ld_release(s->names);
    ld_release(s->values);
    ld_release(s->times_ms);
    ld_release(s->samples);
}

void ld_prometheus_matrix_done(ld_prometheus_matrix *matrix)
{
    for (size_t i = 0; i < matrix->n; i++)
        series_done(&matrix->list[i]);
    for (size_t i = 0; i < matrix->n_warnings; i++)
        ld_release(matrix->warnings[i]);
    ld_release(matrix->list);
    ld_release(matrix->warnings);
    *matrix = (ld_prometheus_matrix){0};
}

static leakdiag_status malformed(const char *what, leakdiag_error *err)
{
    return ld_fail(err, LEAKDIAG_E_PROTOCOL, "Prometheus: %s; is this Prometheus' API?", what);
}

/* Values are texts, because JSON has no NaN and no infinity. */
static bool read_value(const json_t *value, double *ret)
{
    static const char *const not_finite[] = {"NaN", "+Inf", "-Inf", "Inf"};
    const char *text = json_string_value(value);
    if (!text)
        return false;
    *ret = NAN;
    for (size_t i = 0; i < sizeof not_finite / sizeof not_finite[0]; i++)
        if (strcmp(text, not_finite[i]) == 0)
            return true;
    return ld_number_parse(text, json_string_length(value), ret);
}

static leakdiag_status read_point(const json_t *point, ld_prometheus_series *s, leakdiag_error *err)
{
    const json_t *time = json_array_get(point, 0);
    double seconds = json_number_value(time), value;
    if (json_array_size(point) != 2 || !json_is_number(time) || !(fabs(seconds) < 9e12))
        return malformed("a point is not [time, value]", err);
    if (!read_value(json_array_get(point, 1), &value))
        return malformed("the value of a point is no number", err);
    if (isnan(value)) {
        s->n_left_out++;
        return LEAKDIAG_OK;
    }
    s->times_ms[s->n] = ld_ms_from_double(round(seconds * 1000));
    s->samples[s->n++] = value;
    return LEAKDIAG_OK;
}

static leakdiag_status read_points(const json_t *values, ld_prometheus_series *s,
                                   leakdiag_error *err)
{
    size_t i, n = json_array_size(values);
    const json_t *point;
    if (n > LD_PROMETHEUS_POINTS_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT,
                       "Prometheus: more than %d points of one series; take a larger step",
                       LD_PROMETHEUS_POINTS_MAX);
    s->times_ms = ld_alloc_array(n, sizeof *s->times_ms);
    s->samples = ld_alloc_array(n, sizeof *s->samples);
    if (!s->times_ms || !s->samples)
        return ld_fail_nomem(err);
    json_array_foreach(values, i, point)
    {
        leakdiag_status status = read_point(point, s, err);
        if (status)
            return status;
    }
    return LEAKDIAG_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static leakdiag_status read_labels(const json_t *metric, ld_prometheus_series *s,
                                   leakdiag_error *err)
{
    size_t n = json_object_size(metric), i = 0;
    const char *name;
    const json_t *value;
    if (n > LABELS_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "Prometheus: more than %d labels of one series",
                       LABELS_MAX);
    LD_CLEANUP(ld_releasep) const char **sorted = ld_alloc_array(n, sizeof *sorted);
    s->names = ld_alloc_array(n, sizeof *s->names);
    s->values = ld_alloc_array(n, sizeof *s->values);
    if (!sorted || !s->names || !s->values)
        return ld_fail_nomem(err);
    s->n_labels = n;
    json_object_foreach((json_t *)(uintptr_t)metric, name, value)
    {
        if (!json_is_string(value))
            return malformed("a label is no text", err);
        sorted[i++] = name;
    }
    qsort(sorted, n, sizeof *sorted, compare_names);
    for (i = 0; i < n; i++) {
        s->names[i] = ld_copy_text(sorted[i]);
        s->values[i] = ld_copy_text(json_string_value(json_object_get(metric, sorted[i])));
        if (!s->names[i] || !s->values[i])
            return ld_fail_nomem(err);
    }
    return LEAKDIAG_OK;
}

static leakdiag_status read_series(const json_t *json, ld_prometheus_series *s, leakdiag_error *err)
{
    const json_t *metric = json_object_get(json, "metric");
    const json_t *values = json_object_get(json, "values");
    const json_t *histograms = json_object_get(json, "histograms");
    if (!json_is_object(metric) || !(json_is_array(values) || json_is_array(histograms)))
        return malformed("a series has no labels or no values", err);
    s->n_left_out = json_array_size(histograms);
    leakdiag_status status = read_labels(metric, s, err);
    return status ? status : read_points(values, s, err);
}

/* "infos" say the same of newer versions, without the answer being partial. */
static leakdiag_status read_warnings(const json_t *json, ld_prometheus_matrix *matrix,
                                     leakdiag_error *err)
{
    const json_t *list = json_object_get(json, "warnings");
    size_t n = json_array_size(list);
    n = n < WARNINGS_MAX ? n : WARNINGS_MAX;
    matrix->warnings = ld_alloc_array(n, sizeof *matrix->warnings);
    if (!matrix->warnings)
        return ld_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (!text)
            return malformed("a warning is no text", err);
        matrix->warnings[matrix->n_warnings] = ld_copy_text(text);
        if (!matrix->warnings[matrix->n_warnings])
            return ld_fail_nomem(err);
        matrix->n_warnings++;
    }
    return LEAKDIAG_OK;
}

static leakdiag_status read_matrix(const json_t *json, ld_prometheus_matrix *matrix,
                                   leakdiag_error *err)
{
    const json_t *list = json_object_get(json_object_get(json, "data"), "result");
    size_t n = json_array_size(list);
    if (n > LD_PROMETHEUS_SERIES_MAX)
        return ld_fail(err, LEAKDIAG_E_LIMIT,
                       "Prometheus: more than %d series; ask for fewer, with more labels",
                       LD_PROMETHEUS_SERIES_MAX);
    matrix->list = ld_alloc_array(n, sizeof *matrix->list);
    if (!matrix->list)
        return ld_fail_nomem(err);
    while (matrix->n < n) {
        size_t at = matrix->n++;
        leakdiag_status status = read_series(json_array_get(list, at), &matrix->list[at], err);
        if (status)
            return status;
    }
    return read_warnings(json, matrix, err);
}

/* Is this what was asked for? */
static leakdiag_status check_matrix(const ld_answer *answer, const json_t *json,
                                    leakdiag_error *err)
{
    const char *status = "", *type = "";
    const json_t *data = json_object_get(json, "data");
    ld_json_get_text(json, "status", &status);
    if (strcmp(status, "error") == 0)
        return said_error(answer, json, err);
    if (strcmp(status, "success") != 0)
        return not_prometheus(answer, "JSON, but not of Prometheus' API", err);
    ld_json_get_text(data, "resultType", &type);
    if (strcmp(type, "matrix") != 0 || !json_is_array(json_object_get(data, "result")))
        return not_prometheus(answer, "an answer of Prometheus, but no matrix", err);
    return LEAKDIAG_OK;
}

leakdiag_status ld_prometheus_read_range(const ld_answer *answer, ld_prometheus_matrix *ret,
                                         leakdiag_error *err)
{
    LD_JSON *json = NULL;
    ld_prometheus_matrix made = {0};
    leakdiag_error why = {0};
    const ld_json_limits limits = {.bytes = LD_PROMETHEUS_BODY_MAX_BYTES, .all_real = true};
    const char *body = answer->body ? answer->body : "";
    leakdiag_status status = ld_json_parse(body, answer->len, &limits, &json, &why);
    if (status)
        return parse_failed(answer, status, &why, err);
    if (answer->status != 200)
        return refused(answer, json, err);
    status = check_matrix(answer, json, err);
    if (!status)
        status = read_matrix(json, &made, err);
    if (status) {
        ld_prometheus_matrix_done(&made);
        return status;
    }
    *ret = made;
    return LEAKDIAG_OK;
}

const char *ld_prometheus_label(const ld_prometheus_series *series, const char *name)
{
    for (size_t i = 0; i < series->n_labels; i++)
        if (strcmp(series->names[i], name) == 0)
            return series->values[i];
    return NULL;
}
