/* An in-process HTTP server on 127.0.0.1:0 with scripted answers, for tests. */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

typedef struct fake_http fake_http;

/* One scripted answer. The first rule whose method and path match the request answers (method or
 * path NULL matches any); `bytes` are sent as they are (status line, headers, body). */
typedef struct fake_rule {
    const char *method;
    const char *path; /* exact, without the query */
    const char *bytes;
    size_t len;       /* 0 = strlen(bytes) */
    long delay_ms;    /* before the answer; ended early by fake_http_stop() */
    size_t cut_after; /* close (RST when `reset`) after so many bytes; 0 = send all */
    bool reset;
    bool chunk_bytes;    /* send one byte at a time */
    bool hang;           /* never answer */
    bool keep;           /* leave the connection open for the next request */
    bool stall;          /* leave it open, and say nothing more */
    size_t times;        /* answer only so many requests; 0 = all */
    const char *endless; /* after the bytes, this text again and again */
    /* Instead of bytes: makes them, with malloc(), for the request. Runs on the server's thread,
     * one request after the other. */
    char *(*make)(const char *request, size_t *ret_len, void *payload);
    void *payload;
} fake_rule;

fake_http *fake_http_start(const fake_rule *rules,
                           size_t n); /* copies the rules; aborts on failure */
void fake_http_set_rules(fake_http *server, const fake_rule *rules, size_t n);
const char *fake_http_url(const fake_http *server); /* "http://127.0.0.1:PORT" */
size_t fake_http_request_count(fake_http *server);
size_t fake_http_accept_count(fake_http *server); /* connections */
/* Copy of the i-th request's bytes (head and body); NULL beyond the end. free() it. */
char *fake_http_request(fake_http *server, size_t i);
void fake_http_stop(fake_http *server);

/* A rule's bytes from a recorded .resp.http file; aborts when it is missing. free() it. */
char *fake_read_file(const char *path, size_t *ret_len);
/* A URL on which nothing listens (a port that was bound and closed). free() it. */
char *fake_dead_url(void);

#endif
