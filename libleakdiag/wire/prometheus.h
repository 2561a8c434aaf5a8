/* Prometheus' HTTP API: query_range in, samples out. Pure. */
#ifndef LD_WIRE_PROMETHEUS_H
#define LD_WIRE_PROMETHEUS_H

#include "wire/answer.h"

#define LD_PROMETHEUS_BODY_MAX_BYTES ((size_t)16 << 20)
#define LD_PROMETHEUS_POINTS_MAX     11000 /* of one series: the server's own limit */
#define LD_PROMETHEUS_SERIES_MAX     1000

typedef struct ld_prometheus_series {
    /* Labels as pairs, in the order of the names, as they came. */
    char **names, **values;
    size_t n_labels;
    int64_t *times_ms;
    double *samples; /* no NAN, no infinity: those points are left out and counted */
    size_t n, n_left_out;
} ld_prometheus_series;

typedef struct ld_prometheus_matrix {
    ld_prometheus_series *list;
    size_t n;
    char **warnings; /* the answer may be partial */
    size_t n_warnings;
} ld_prometheus_matrix;

/* "/api/v1/query_range?query=…&start=…&end=…&step=…"; step_ms at least 1000. *ret from ld_alloc. */
leakdiag_status ld_prometheus_range_path(const char *query, int64_t start_ms, int64_t end_ms,
                                         int64_t step_ms, char **ret, leakdiag_error *err);
/* A PromQL string literal with its quotes: the only way text gets into a query. */
void ld_prometheus_add_literal(ld_text *query, const char *text);

/* A matrix (also of a 200 with warnings). E_INVALID the query is refused (400, 422) with the
 * server's own words; E_AUTH 401, 403; E_IO 5xx; E_LIMIT; E_PROTOCOL anything that is not
 * Prometheus; E_NOMEM. */
leakdiag_status ld_prometheus_read_range(const ld_answer *answer, ld_prometheus_matrix *ret,
                                         leakdiag_error *err);
void ld_prometheus_matrix_done(ld_prometheus_matrix *matrix);
/* Value of a label, or NULL. */
const char *ld_prometheus_label(const ld_prometheus_series *series, const char *name);

#endif
