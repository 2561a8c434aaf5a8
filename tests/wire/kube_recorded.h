/* A recorded answer of the Kubernetes API, without its chunks. */
#ifndef KUBE_RECORDED_H
#define KUBE_RECORDED_H

#include "recorded.h"

#define CHUNKS_MAX 128

typedef struct kube_recorded {
    recorded base;
    char *body;
    size_t len, ends[CHUNKS_MAX], n_ends; /* where each chunk ended, as it was sent */
    ld_answer answer;
} kube_recorded;

static inline void dechunk(kube_recorded *r)
{
    const char *at = r->base.answer.body, *end = at + r->base.answer.len;
    while (at < end) { /* a stream that was left early has no last chunk */
        char *digits_end;
        size_t n = (size_t)strtoul(at, &digits_end, 16);
        ck_assert(digits_end > at && memcmp(digits_end, "\r\n", 2) == 0);
        at = digits_end + 2;
        if (n == 0)
            break;
        ck_assert(n + 2 <= (size_t)(end - at) && r->n_ends < CHUNKS_MAX);
        memcpy(r->body + r->len, at, n);
        r->len += n;
        r->ends[r->n_ends++] = r->len;
        at += n + 2;
    }
}

static inline kube_recorded *kube_read(const char *name)
{
    char path[256], text[64];
    kube_recorded *r = calloc(1, sizeof *r);
    snprintf(path, sizeof path, "kubernetes/%s.http", name);
    r->base = recorded_read("GET", path);
    r->body = malloc(r->base.answer.len + 1);
    read_header(r->base.bytes, "Transfer-Encoding", text, sizeof text);
    if (strcmp(text, "chunked") == 0)
        dechunk(r);
    else {
        r->len = r->ends[r->n_ends++] = r->base.answer.len;
        memcpy(r->body, r->base.answer.body, r->len);
    }
    r->body[r->len] = '\0';
    r->answer = *recorded_answer(&r->base);
    r->answer.body = r->body;
    r->answer.len = r->len;
    read_header(r->base.bytes, "Retry-After", text, sizeof text);
    r->answer.retry_after_s = atol(text);
    return r;
}

static inline void kube_done(kube_recorded *r)
{
    recorded_done(&r->base);
    free(r->body);
    free(r);
}

#endif
