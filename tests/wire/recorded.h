/* A recorded HTTP answer as the codecs take it. */
#ifndef RECORDED_H
#define RECORDED_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake/torture.h"
#include "wire/answer.h"

typedef struct recorded {
    char *bytes;
    char content_type[128];
    ld_answer answer;
} recorded;

static inline char *read_fixture(const char *name, size_t *ret_len)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", FIXTURES, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "no fixture %s", path);
    fseek(file, 0, SEEK_END);
    long len = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)len + 1);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)len, file), (size_t)len);
    bytes[len] = '\0';
    fclose(file);
    *ret_len = (size_t)len;
    return bytes;
}

static inline void read_header(const char *bytes, const char *name, char *out, size_t room)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\r\n%s: ", name);
    const char *found = strstr(bytes, wanted);
    out[0] = '\0';
    if (found) {
        found += strlen(wanted);
        snprintf(out, room, "%.*s", (int)strcspn(found, "\r"), found);
    }
}

static inline recorded recorded_read(const char *method, const char *name)
{
    recorded r = {0};
    size_t len;
    r.bytes = read_fixture(name, &len);
    const char *body = strstr(r.bytes, "\r\n\r\n");
    ck_assert_msg(body != NULL, "%s is no HTTP answer", name);
    body += 4;
    read_header(r.bytes, "Content-Type", r.content_type, sizeof r.content_type);
    r.answer = (ld_answer){
        .method = method,
        .status = atoi(r.bytes + strlen("HTTP/1.1 ")),
        .content_type = "",
        .body = body,
        .len = len - (size_t)(body - r.bytes),
        .latency_ms = 7,
    };
    return r;
}

/* Points into the struct, so only once it has its place. */
static inline const ld_answer *recorded_answer(recorded *r)
{
    r->answer.content_type = r->content_type;
    return &r->answer;
}

static inline void recorded_done(recorded *r)
{
    free(r->bytes);
}

static inline ld_answer answer_of(int status, const char *content_type, const char *body)
{
    return (ld_answer){.method = "POST",
                       .status = status,
                       .content_type = content_type,
                       .body = body,
                       .len = strlen(body),
                       .latency_ms = 1};
}

#endif
