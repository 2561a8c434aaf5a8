/* Any bytes as an answer to a range query: the first byte picks status and content type, the rest
 * is the body. The same bytes as a text must stay inside of their literal. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "wire/prometheus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const int statuses[] = {200, 200, 200, 400, 422, 404, 503, 302};
static const char *const types[] = {"application/json", "text/html", "text/plain", NULL};

static void require(bool fine)
{
    if (!fine)
        abort();
}

static void check_series(const ld_prometheus_series *s)
{
    require(s->n <= LD_PROMETHEUS_POINTS_MAX);
    for (size_t i = 0; i < s->n; i++)
        require(isfinite(s->samples[i]));
    for (size_t i = 0; i < s->n_labels; i++) {
        require(i == 0 || strcmp(s->names[i - 1], s->names[i]) < 0);
        require(ld_prometheus_label(s, s->names[i]) == s->values[i]);
    }
}

static void check_literal(const char *text)
{
    LD_CLEANUP(ld_text_done) ld_text query = {0};
    ld_prometheus_add_literal(&query, text);
    require(!query.failed && query.len >= 2 && query.data[0] == '"');
    size_t i = 1;
    while (query.data[i] != '"') {
        require((unsigned char)query.data[i] >= 0x20);
        i += query.data[i] == '\\' ? 2 : 1;
        require(i < query.len);
    }
    require(i + 1 == query.len); /* the first quote that is not escaped is the last byte */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    const ld_answer answer = {
        .method = "GET",
        .status = statuses[data[0] & 7],
        .content_type = types[data[0] >> 3 & 3],
        .redirect_host = "login.example",
        .body = (const char *)data + 1,
        .len = len - 1,
    };
    ld_prometheus_matrix m;
    leakdiag_error err = {0};
    leakdiag_status status = ld_prometheus_read_range(&answer, &m, &err);
    require(status == LEAKDIAG_OK || (*err.message && !strchr(err.message, '\n')));
    for (size_t i = 0; !status && i < m.n; i++)
        check_series(&m.list[i]);
    if (!status)
        ld_prometheus_matrix_done(&m);
    LD_CLEANUP(ld_releasep) char *text = ld_copy_bytes(answer.body, answer.len);
    require(text != NULL);
    check_literal(text);
    return 0;
}
