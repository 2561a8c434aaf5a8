/* A recorded HTTP answer as the codecs take it, and an allocator that fails when told. */
#ifndef RECORDED_H
#define RECORDED_H

#include <check.h>
#include <leakdiag/base.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

typedef struct torture {
    size_t calls, fail_at; /* counted from 1; 0 = never */
    bool for_ever;
    size_t live;
} torture;

static inline bool torture_fails(torture *t)
{
    t->calls++;
    return t->fail_at && (t->calls == t->fail_at || (t->for_ever && t->calls > t->fail_at));
}

static inline void *torture_alloc(size_t bytes, void *payload)
{
    torture *t = payload;
    void *memory = torture_fails(t) ? NULL : malloc(bytes);
    t->live += memory != NULL;
    return memory;
}

static inline void *torture_resize(void *memory, size_t old_bytes, size_t bytes, void *payload)
{
    (void)old_bytes;
    return torture_fails(payload) ? NULL : realloc(memory, bytes);
}

static inline void torture_release(void *memory, void *payload)
{
    torture *t = payload;
    t->live--;
    free(memory);
}

/* Runs `scenario` with the k-th allocation failing, once and from there on, for every k until none
 * fails any more. The scenario returns its status and frees what it made; it must give E_NOMEM
 * whenever something failed, and leak nothing. Returns how many failures were tried. */
static inline size_t torture_run(leakdiag_status (*scenario)(void))
{
    size_t tried = 0;
    for (int for_ever = 0; for_ever <= 1; for_ever++) {
        for (size_t k = 1;; k++) {
            torture t = {.fail_at = k, .for_ever = for_ever};
            const leakdiag_allocator allocator = {.size = sizeof allocator,
                                                  .alloc = torture_alloc,
                                                  .resize = torture_resize,
                                                  .release = torture_release,
                                                  .payload = &t};
            ck_assert_int_eq(leakdiag_set_allocator(&allocator), LEAKDIAG_OK);
            leakdiag_status status = scenario();
            ck_assert_int_eq(leakdiag_set_allocator(NULL), LEAKDIAG_OK);
            ck_assert_msg(t.live == 0, "%zu blocks leaked when allocation %zu failed", t.live, k);
            if (t.calls < k) {
                ck_assert_int_eq(status, LEAKDIAG_OK);
                break;
            }
            ck_assert_msg(status == LEAKDIAG_E_NOMEM, "status %d when allocation %zu failed",
                          (int)status, k);
            tried++;
        }
    }
    return tried;
}

#endif
