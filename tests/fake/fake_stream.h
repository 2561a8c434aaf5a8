/* How the fake server's bytes travel: as they are, or through TLS. */
#ifndef FAKE_STREAM_H
#define FAKE_STREAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "fake/fake_http.h"

typedef struct fake_stream {
    const char *scheme;
    void *(*open)(void *payload, int fd); /* of one connection; NULL is a value like any */
    /* Like recv() and send() on a socket that does not block. */
    ssize_t (*receive)(void *stream, int fd, void *buffer, size_t len);
    ssize_t (*send)(void *stream, int fd, const void *data, size_t len);
    void (*close)(void *stream, bool reset); /* the socket is closed by the server */
    void (*stop)(void *payload);
} fake_stream;

/* The payload is handed to open() and given to stop() in the end. */
fake_http *fake_http_start_over(const fake_stream *stream, void *payload, const fake_rule *rules,
                                size_t n);

#endif
