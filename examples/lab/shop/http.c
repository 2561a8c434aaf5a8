/* HTTP: the main thread reads requests, a few workers place orders. */
#include "shop.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_CONNECTIONS = 64,
    REQUEST_BYTES = 4096, /* head and body together */
    IDLE_MS = 60000,
    SEND_TIMEOUT_S = 1,
};

enum conn_state { CONN_FREE, CONN_READING, CONN_WORKING };

struct conn {
    enum conn_state state;
    int fd;
    int64_t seen_ms;
    size_t used;
    size_t body_at; /* offset of the body of the request being worked on */
    size_t whole;   /* bytes of that request, head and body */
    bool close_after;
    char *buf; /* REQUEST_BYTES + 1 */
};

static struct conn conns[MAX_CONNECTIONS];

static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    uint8_t ring[MAX_CONNECTIONS]; /* a connection waits at most once, so this cannot overflow */
    size_t first;
    size_t count;
} jobs = {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};

static void respond(struct conn *c, const char *status, const char *type, const char *body)
{
    char head[512];
    int len = snprintf(head, sizeof(head),
                       "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n%s", status,
                       type, strlen(body), c->close_after ? "Connection: close\r\n" : "", body);
    if (len < 0 || send(c->fd, head, (size_t)len, MSG_NOSIGNAL) != len)
        c->close_after = true; /* a client that does not take its answer is given up */
}

void *shop_http_worker(void *unused)
{
    (void)unused;
    int link = -1;
    pthread_mutex_lock(&jobs.lock);
    while (!shop_is_stopping()) {
        if (jobs.count == 0) {
            pthread_cond_wait(&jobs.filled, &jobs.lock);
            continue;
        }
        uint8_t index = jobs.ring[jobs.first];
        jobs.first = (jobs.first + 1) % MAX_CONNECTIONS;
        jobs.count--;
        pthread_mutex_unlock(&jobs.lock);

        struct conn *c = &conns[index];
        char id[SHOP_ID_BYTES];
        char body[128];
        char saved = c->buf[c->whole]; /* what follows may be the next request already */
        c->buf[c->whole] = '\0';
        shop_place_order(c->buf + c->body_at, id, &link);
        c->buf[c->whole] = saved;
        snprintf(body, sizeof(body), "{\"orderId\":\"%s\"}", id);
        respond(c, "200 OK", "application/json", body);
        if (write(shop_wake_fds[1], &index, 1) != 1)
            abort(); /* 64 single bytes always fit: the pipe itself is broken */
        pthread_mutex_lock(&jobs.lock);
    }
    pthread_mutex_unlock(&jobs.lock);
    if (link >= 0)
        close(link);
    return NULL;
}

static void conn_close(struct conn *c)
{
    close(c->fd);
    free(c->buf);
    *c = (struct conn){.state = CONN_FREE};
}

static void conn_consume(struct conn *c)
{
    c->used -= c->whole;
    memmove(c->buf, c->buf + c->whole, c->used);
    c->buf[c->used] = '\0';
    c->state = CONN_READING;
}

static void enqueue(struct conn *c)
{
    c->state = CONN_WORKING;
    pthread_mutex_lock(&jobs.lock);
    jobs.ring[(jobs.first + jobs.count++) % MAX_CONNECTIONS] = (uint8_t)(c - conns);
    pthread_cond_signal(&jobs.filled);
    pthread_mutex_unlock(&jobs.lock);
}

static bool refuse(struct conn *c, const char *status)
{
    c->close_after = true;
    respond(c, status, "text/plain", "");
    /* Unread bytes at a close become a reset, which can overtake the answer. */
    for (int i = 0; i < 16 && recv(c->fd, c->buf, REQUEST_BYTES, MSG_DONTWAIT) > 0; i++)
        c->used = 0;
    return false;
}

static bool head_has(const char *head, const char *head_end, const char *line)
{
    const char *at = strcasestr(head, line);
    return at && at < head_end;
}

/* Whole requests only. False: the connection is done with. */
static bool serve_buffered(struct conn *c)
{
    while (c->state == CONN_READING) {
        const char *head_end = strstr(c->buf, "\r\n\r\n");
        if (!head_end)
            return c->used < REQUEST_BYTES || refuse(c, "431 Request Header Fields Too Large");
        if (head_has(c->buf, head_end, "\r\nTransfer-Encoding:"))
            return refuse(c, "411 Length Required");
        long length = shop_content_length(c->buf, head_end);
        c->body_at = (size_t)(head_end + 4 - c->buf);
        if (length > (long)(REQUEST_BYTES - c->body_at))
            return refuse(c, "413 Content Too Large");
        c->whole = c->body_at + (length > 0 ? (size_t)length : 0);
        if (c->used < c->whole)
            return true;
        c->close_after = head_has(c->buf, head_end, "\r\nConnection: close");

        if (strncmp(c->buf, "POST /api/checkout ", 19) == 0) {
            enqueue(c);
            return true;
        }
        if (strncmp(c->buf, "GET / ", 6) == 0)
            respond(c, "200 OK", "text/plain", "shop\n");
        else if (strncmp(c->buf, "GET /healthz ", 13) == 0)
            respond(c, "200 OK", "text/plain", "ok\n");
        else if (strstr(c->buf, " /api/checkout ") && strstr(c->buf, " /api/checkout ") < head_end)
            respond(c, "405 Method Not Allowed", "text/plain", "");
        else
            respond(c, "404 Not Found", "text/plain", "");
        if (c->close_after)
            return false;
        conn_consume(c);
    }
    return true;
}

static bool conn_read(struct conn *c)
{
    ssize_t n = recv(c->fd, c->buf + c->used, REQUEST_BYTES - c->used, MSG_DONTWAIT);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    c->used += (size_t)n;
    c->buf[c->used] = '\0';
    c->seen_ms = shop_now_ms();
    return serve_buffered(c);
}

static void accept_one(int listen_fd)
{
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    size_t i = 0;
    while (i < MAX_CONNECTIONS && conns[i].state != CONN_FREE)
        i++;
    char *buf = i < MAX_CONNECTIONS ? malloc(REQUEST_BYTES + 1) : NULL;
    if (!buf) {
        close(fd);
        return;
    }
    buf[0] = '\0';
    int yes = 1;
    struct timeval patience = {.tv_sec = SEND_TIMEOUT_S};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    conns[i] = (struct conn){.state = CONN_READING, .fd = fd, .seen_ms = shop_now_ms(), .buf = buf};
}

/* A worker has answered; the same bytes may hold the next request. */
static void take_back(uint8_t index)
{
    if (index >= MAX_CONNECTIONS)
        return;
    struct conn *c = &conns[index];
    c->seen_ms = shop_now_ms();
    if (c->close_after) {
        conn_close(c);
        return;
    }
    conn_consume(c);
    if (!serve_buffered(c))
        conn_close(c);
}

void shop_http_serve(int listen_fd)
{
    while (!shop_is_stopping()) {
        struct pollfd p[MAX_CONNECTIONS + 2] = {{.fd = shop_wake_fds[0], .events = POLLIN}};
        nfds_t n = 2;
        uint8_t which[MAX_CONNECTIONS + 2] = {0};
        bool room = false;
        for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
            room = room || conns[i].state == CONN_FREE;
            if (conns[i].state != CONN_READING)
                continue;
            which[n] = (uint8_t)i;
            p[n++] = (struct pollfd){.fd = conns[i].fd, .events = POLLIN};
        }
        p[1] = (struct pollfd){.fd = room ? listen_fd : -1, .events = POLLIN};
        if (poll(p, n, 1000) < 0 && errno != EINTR)
            return;
        for (nfds_t k = 2; k < n; k++) {
            struct conn *c = &conns[which[k]];
            bool keep = p[k].revents ? conn_read(c) : shop_now_ms() - c->seen_ms < IDLE_MS;
            if (!keep)
                conn_close(c);
        }
        uint8_t done[MAX_CONNECTIONS];
        ssize_t got = (p[0].revents & POLLIN) ? read(shop_wake_fds[0], done, sizeof(done)) : 0;
        for (ssize_t k = 0; k < got; k++)
            take_back(done[k]);
        if (p[1].revents & POLLIN)
            accept_one(listen_fd);
    }
}

void shop_http_wake(void)
{
    pthread_mutex_lock(&jobs.lock);
    pthread_cond_broadcast(&jobs.filled);
    pthread_mutex_unlock(&jobs.lock);
}

void shop_http_free(void)
{
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        if (conns[i].state != CONN_FREE)
            conn_close(&conns[i]);
    }
}
