/* A node and its API server that know the truth: every line that was ever written, what of it can
 * still be read, and what was in an answer. Time passes only when the test says so. */
#ifndef TESTS_SOAK_NODE_H
#define TESTS_SOAK_NODE_H

#include <leakdiag/transport.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLASSES      2 /* lines are of one of these, so that one lost and one doubled do not cancel */
#define PODS_AT_ONCE 4
#define SAMPLES_MAX  8192

typedef struct line {
    size_t at; /* in the text */
    uint8_t kind;
    bool is_answered; /* a look that succeeded had it */
} line;

typedef struct span { /* lines [begin, end) of one log */
    size_t begin, end;
} span;

#define EVENTS_MAX 512 /* that the API server remembers */
#define NEWS_MAX   64

typedef struct event {
    int64_t version;
    char text[768];
} event;

/* What a look must tell: that an instance was killed, or that a pod was there. */
typedef struct news {
    char pod[32];
    int64_t ended_ms; /* 0: the pod went, and no list had it */
} news;

typedef struct pod {
    bool is_there, is_listed; /* listed: the API server still knows it */
    bool was_in_list;         /* that a look got */
    int64_t version;
    char name[32];
    char *text; /* of all lines */
    size_t text_len, text_room;
    line *lines;
    size_t n_lines, room;
    span now, before;
    bool has_before;
    int restarts;
    int64_t again_ms; /* it is killed once more then */
    int64_t started_ms, before_started_ms, ended_ms, deleted_ms, gone_ms, last_stamp_ns;
    span sent, sent_before; /* of this look's last answers */
    bool was_sent, was_sent_before;
    int64_t sample_ms; /* what the metrics API has of it; 0 nothing */
    int64_t sample_bytes;
} pod;

typedef struct node {
    uint32_t random;
    int64_t now_ms, clock_step_ms; /* the API server's clock; what the node's is ahead of it */
    int64_t down_until_ms;         /* the API server is restarting */
    pod pods[PODS_AT_ONCE];
    int n_made;
    bool has_faults, has_rollouts;
    bool sent_list, sent_samples; /* in this look */
    uint64_t n_requests, n_faults, n_restarts, n_rotations, n_replaced, n_steps;
    uint64_t n_short_lived, n_expired, n_watches;
    int64_t version, forgotten_version; /* of the cluster; events up to there are forgotten */
    event events[EVENTS_MAX];           /* a ring */
    size_t n_events;
    news news[NEWS_MAX]; /* since the test took them */
    size_t n_news;
    char body[EVENTS_MAX * sizeof(event) / 4];
    leakdiag_http_answer answer;
} node;

void node_init(node *n, uint32_t seed, int64_t now_ms);
void node_done(node *n);
uint32_t node_draw(node *n, uint32_t below);
/* Lines are written, and things happen. */
void node_live(node *n, int64_t ms);
/* Before each look. */
void node_begin_look(node *n);
leakdiag_transport node_transport(node *n);

#endif
