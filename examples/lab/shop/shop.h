/*
 * shop: the service of the lab. It answers POST /api/checkout the way the demo's checkout does
 * (opentelemetry-demo 2.0.2): it logs the order, hands it over to a post-processor, and only then
 * asks the flag service for kafkaQueueProblems. A value above zero piles up that many messages in
 * memory for every order. README.md in the folder above says what is real and what is not.
 *
 * Everything is bounded: connections, workers, request sizes, waits, the pile, the life time.
 */
#ifndef LAB_SHOP_H
#define LAB_SHOP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SHOP_WORKERS = 4,
    SHOP_ID_BYTES = 37, /* a UUID and its end */
};

enum handoff { HANDOFF_OK, HANDOFF_FAIL, HANDOFF_BLOCK, HANDOFF_REJECT };
enum flag_api { FLAG_OFREP, FLAG_CONNECT };

/* Written by main before any thread starts, read-only afterwards. */
struct shop_options {
    struct in_addr listen;
    uint64_t port;
    struct sockaddr_in flagd; /* port 0: its name is not known, so every answer is the default */
    enum flag_api flag_api;
    const char *log_path;
    enum handoff handoff;
    uint64_t handoff_deadline_ms;
    uint64_t flag_timeout_ms;
    uint64_t ballast_bytes;
    uint64_t message_bytes;
    uint64_t drain_per_s;
    uint64_t queue_max_bytes;
    uint64_t max_life_s;
    bool with_parent;
    bool kafka;
};
extern struct shop_options opt;

/* main.c */
/* A pipe that wakes the main thread: one byte, a connection's index or something larger. */
extern int shop_wake_fds[2];
bool shop_is_stopping(void);
int64_t shop_now_ms(void);

/* log.c */
struct text {
    char bytes[2048];
    size_t len;
};
extern int shop_log_fd;
void shop_log(const char *severity, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Duration as Go's %v prints it: 312.5µs, 2.1ms, 1.5s. */
void shop_put_duration(struct text *t, uint64_t ns);

/* queue.c */
void *shop_post_processor(void *unused);
/* Waits for the acknowledgement, at most the hand-off deadline. accepted: put it in at all. */
bool shop_queue_order(bool accepted, int64_t *ret_offset);
void shop_queue_pile_up(int64_t count);
void shop_queue_wake(void);
void shop_queue_free(void);

/* flag.c */
/* link: this worker's kept connection, -1 for none. Any error is silently the default 0. */
int64_t shop_flag_value(int *link);
/* Value of `"NAME":` at the top level of a JSON object, NULL when it is not there. */
const char *shop_json_member(const char *json, const char *name);
/* Bytes of body that the head announces; -1 when it does not say. */
long shop_content_length(const char *head, const char *head_end);

/* order.c */
void shop_place_order(const char *body, char id[SHOP_ID_BYTES], int *link);

/* http.c */
void *shop_http_worker(void *unused);
void shop_http_serve(int listen_fd);
void shop_http_wake(void);
void shop_http_free(void);

#endif
