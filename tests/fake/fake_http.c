#include "fake/fake_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fake/fake_stream.h"

#define CLIENTS_MAX  128
#define REQUESTS_MAX 4096
#define HEAD_MAX     65536

typedef enum client_state { READING, WAITING, SENDING, HANGING } client_state;

typedef struct client {
    int fd;
    void *stream;
    client_state state;
    char *request;
    size_t request_len;
    fake_rule rule; /* its bytes are owned by the client */
    size_t sent;
    int64_t due_ms; /* while WAITING */
} client;

struct fake_http {
    pthread_t thread;
    int listener, wake[2]; /* closing wake[1] ends the thread */
    char url[64];
    const fake_stream *stream;
    void *payload;
    pthread_mutex_t lock; /* guards the rest */
    fake_rule *rules;
    size_t n_rules;
    char *requests[REQUESTS_MAX];
    size_t n_requests;
    size_t n_accepted;
};

static void must(bool fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "fake_http: %s: %s\n", what, strerror(errno));
        abort();
    }
}

static void *copy(const void *data, size_t len)
{
    char *memory = malloc(len + 1);
    must(memory != NULL, "malloc");
    if (len)
        memcpy(memory, data, len);
    memory[len] = '\0';
    return memory;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void free_rules(fake_rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free((void *)(uintptr_t)rules[i].method);
        free((void *)(uintptr_t)rules[i].path);
        free((void *)(uintptr_t)rules[i].bytes);
        free((void *)(uintptr_t)rules[i].endless);
    }
    free(rules);
}

static fake_rule copy_rule(const fake_rule *rule)
{
    fake_rule own = *rule;
    own.len = rule->len || !rule->bytes ? rule->len : strlen(rule->bytes);
    own.bytes = copy(rule->bytes ? rule->bytes : "", own.len);
    own.method = rule->method ? copy(rule->method, strlen(rule->method)) : NULL;
    own.path = rule->path ? copy(rule->path, strlen(rule->path)) : NULL;
    own.endless = rule->endless ? copy(rule->endless, strlen(rule->endless)) : NULL;
    return own;
}

void fake_http_set_rules(fake_http *server, const fake_rule *rules, size_t n)
{
    fake_rule *own = malloc((n ? n : 1) * sizeof *own);
    must(own != NULL, "malloc");
    for (size_t i = 0; i < n; i++)
        own[i] = copy_rule(&rules[i]);
    pthread_mutex_lock(&server->lock);
    fake_rule *old = server->rules;
    size_t n_old = server->n_rules;
    server->rules = own;
    server->n_rules = n;
    pthread_mutex_unlock(&server->lock);
    free_rules(old, n_old);
}

/* ---- bytes as they are ---- */

static void *open_plain(void *payload, int fd)
{
    (void)payload, (void)fd;
    return NULL;
}

static ssize_t receive_plain(void *stream, int fd, void *buffer, size_t len)
{
    (void)stream;
    return recv(fd, buffer, len, 0);
}

static ssize_t send_plain(void *stream, int fd, const void *data, size_t len)
{
    (void)stream;
    return send(fd, data, len, MSG_NOSIGNAL);
}

static void close_plain(void *stream, bool reset)
{
    (void)stream, (void)reset;
}

static void stop_plain(void *payload)
{
    (void)payload;
}

static const fake_stream plain = {.scheme = "http",
                                  .open = open_plain,
                                  .receive = receive_plain,
                                  .send = send_plain,
                                  .close = close_plain,
                                  .stop = stop_plain};

/* ---- one client; all on the server's thread ---- */

static void forget_request(client *c)
{
    free(c->request);
    free((void *)(uintptr_t)c->rule.bytes);
    free((void *)(uintptr_t)c->rule.endless);
    *c = (client){.fd = c->fd, .stream = c->stream, .state = READING};
}

static void close_client(const fake_http *server, client *c, bool reset)
{
    server->stream->close(c->stream, reset);
    if (reset) {
        const struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    close(c->fd);
    forget_request(c);
    *c = (client){.fd = -1};
}

static bool fits(const fake_rule *rule, const char *method, const char *path)
{
    return rule->times != SIZE_MAX && (!rule->method || strcmp(rule->method, method) == 0) &&
           (!rule->path || strcmp(rule->path, path) == 0);
}

static void answer(fake_http *server, client *c)
{
    static const char no_rule[] = "HTTP/1.1 599 No Rule\r\nContent-Length: 0\r\n\r\n";
    char method[16] = "", path[4096] = "";
    sscanf(c->request, "%15s %4095[^? ]", method, path);
    c->rule = (fake_rule){0};
    bool found = false;
    pthread_mutex_lock(&server->lock);
    if (server->n_requests < REQUESTS_MAX)
        server->requests[server->n_requests++] = copy(c->request, c->request_len);
    for (size_t i = 0; i < server->n_rules && !found; i++) {
        found = fits(&server->rules[i], method, path);
        if (!found)
            continue;
        c->rule = server->rules[i];
        if (c->rule.times)
            server->rules[i].times = c->rule.times > 1 ? c->rule.times - 1 : SIZE_MAX;
    }
    if (!found)
        c->rule = (fake_rule){.bytes = no_rule, .len = sizeof no_rule - 1};
    c->rule.bytes = c->rule.make ? c->rule.make(c->request, &c->rule.len, c->rule.payload)
                                 : copy(c->rule.bytes, c->rule.len);
    if (c->rule.endless)
        c->rule.endless = copy(c->rule.endless, strlen(c->rule.endless));
    pthread_mutex_unlock(&server->lock);
    c->sent = 0;
    c->due_ms = now_ms() + c->rule.delay_ms;
    c->state = c->rule.hang ? HANGING : WAITING;
}

/* Head and, by its Content-Length, body. A TLS hello is complete too: it gets the plain answer. */
static bool is_complete(const client *c)
{
    if (c->request[0] == 0x16)
        return true;
    const char *end = strstr(c->request, "\r\n\r\n");
    if (!end)
        return false;
    size_t head = (size_t)(end - c->request) + 4, body = 0;
    for (const char *line = c->request; line && line < end; line = strstr(line, "\r\n")) {
        line += line == c->request ? 0 : 2;
        if (strncasecmp(line, "Content-Length:", 15) == 0)
            body = (size_t)strtoul(line + 15, NULL, 10);
    }
    return c->request_len >= head + body;
}

/* False: nothing more for now. */
static bool receive_some(fake_http *server, client *c)
{
    char buffer[16384];
    ssize_t n = server->stream->receive(c->stream, c->fd, buffer, sizeof buffer);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n <= 0) {
        close_client(server, c, false);
        return false;
    }
    if (c->request_len > HEAD_MAX * 64 || c->state != READING)
        return true; /* bytes after a complete request are dropped */
    c->request = realloc(c->request, c->request_len + (size_t)n + 1);
    must(c->request != NULL, "realloc");
    memcpy(c->request + c->request_len, buffer, (size_t)n);
    c->request_len += (size_t)n;
    c->request[c->request_len] = '\0';
    if (is_complete(c))
        answer(server, c);
    return true;
}

static void receive(fake_http *server, client *c)
{
    while (c->fd >= 0 && receive_some(server, c))
        ;
}

/* All of it was sent. */
static void end_answer(const fake_http *server, client *c)
{
    if (c->rule.stall)
        c->state = HANGING;
    else if (c->rule.keep)
        forget_request(c);
    else
        close_client(server, c, c->rule.reset);
}

static void transmit(const fake_http *server, client *c)
{
    size_t end =
        c->rule.cut_after && c->rule.cut_after < c->rule.len ? c->rule.cut_after : c->rule.len;
    const char *data = c->rule.bytes + c->sent;
    size_t want = c->rule.chunk_bytes && end > c->sent ? 1 : end - c->sent;
    if (want == 0 && c->rule.endless) {
        data = c->rule.endless;
        want = strlen(data);
    }
    ssize_t n = want ? server->stream->send(c->stream, c->fd, data, want) : 0;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        close_client(server, c, false);
        return;
    }
    if (data == c->rule.endless)
        return;
    c->sent += (size_t)n;
    if (c->sent == end && !c->rule.endless)
        end_answer(server, c);
}

static void accept_client(fake_http *server, client *clients)
{
    int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (clients[i].fd >= 0)
            continue;
        void *stream = server->stream->open(server->payload, fd);
        clients[i] = (client){.fd = fd, .stream = stream, .state = READING};
        pthread_mutex_lock(&server->lock);
        server->n_accepted++;
        pthread_mutex_unlock(&server->lock);
        return;
    }
    close(fd);
}

/* ---- the thread ---- */

/* Fills fds (the first two are wake and listener) and says how long to wait for them. */
static int prepare_poll(const fake_http *server, client *clients, struct pollfd *fds)
{
    int64_t wait_ms = -1, now = now_ms();
    fds[0] = (struct pollfd){.fd = server->wake[0], .events = POLLIN};
    fds[1] = (struct pollfd){.fd = server->listener, .events = POLLIN};
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        client *c = &clients[i];
        fds[i + 2] = (struct pollfd){.fd = c->fd, .events = POLLIN};
        if (c->fd >= 0 && c->state == WAITING) {
            int64_t left = c->due_ms > now ? c->due_ms - now : 0;
            if (left == 0)
                c->state = SENDING;
            else if (wait_ms < 0 || left < wait_ms)
                wait_ms = left;
        }
        if (c->fd >= 0 && c->state == SENDING)
            fds[i + 2].events = POLLOUT;
    }
    return (int)wait_ms;
}

static void *serve(void *payload)
{
    fake_http *server = payload;
    client clients[CLIENTS_MAX];
    struct pollfd fds[CLIENTS_MAX + 2];
    sigset_t no_pipe;
    sigemptyset(&no_pipe);
    sigaddset(&no_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &no_pipe, NULL); /* TLS writes to whoever has gone */
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        clients[i] = (client){.fd = -1};
    for (;;) {
        int wait_ms = prepare_poll(server, clients, fds);
        if (poll(fds, CLIENTS_MAX + 2, wait_ms) < 0 && errno != EINTR)
            break;
        if (fds[0].revents)
            break;
        for (size_t i = 0; i < CLIENTS_MAX; i++) {
            client *c = &clients[i];
            short events = fds[i + 2].revents;
            if (c->fd < 0 || !events)
                continue;
            if (c->state == SENDING && (events & POLLOUT))
                transmit(server, c);
            else if (events & (POLLIN | POLLHUP | POLLERR))
                receive(server, c);
        }
        if (fds[1].revents)
            accept_client(server, clients);
    }
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (clients[i].fd >= 0)
            close_client(server, &clients[i], false);
    return NULL;
}

static int listen_on_loopback(unsigned short *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0, "socket");
    must(bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    /* Eight sessions open more than a hundred connections at once; who finds no room waits a
     * second. */
    must(listen(fd, SOMAXCONN) == 0, "listen");
    must(getsockname(fd, (struct sockaddr *)&address, &len) == 0, "getsockname");
    *ret_port = ntohs(address.sin_port);
    return fd;
}

fake_http *fake_http_start(const fake_rule *rules, size_t n)
{
    return fake_http_start_over(&plain, NULL, rules, n);
}

fake_http *fake_http_start_over(const fake_stream *stream, void *payload, const fake_rule *rules,
                                size_t n)
{
    fake_http *server = calloc(1, sizeof *server);
    must(server != NULL, "calloc");
    server->stream = stream;
    server->payload = payload;
    unsigned short port;
    server->listener = listen_on_loopback(&port);
    must(fcntl(server->listener, F_SETFL, O_NONBLOCK) == 0, "fcntl");
    snprintf(server->url, sizeof server->url, "%s://127.0.0.1:%u", stream->scheme, port);
    must(pipe2(server->wake, O_CLOEXEC) == 0, "pipe2");
    must(pthread_mutex_init(&server->lock, NULL) == 0, "pthread_mutex_init");
    fake_http_set_rules(server, rules, n);
    must(pthread_create(&server->thread, NULL, serve, server) == 0, "pthread_create");
    return server;
}

const char *fake_http_url(const fake_http *server)
{
    return server->url;
}

size_t fake_http_request_count(fake_http *server)
{
    pthread_mutex_lock(&server->lock);
    size_t n = server->n_requests;
    pthread_mutex_unlock(&server->lock);
    return n;
}

size_t fake_http_accept_count(fake_http *server)
{
    pthread_mutex_lock(&server->lock);
    size_t n = server->n_accepted;
    pthread_mutex_unlock(&server->lock);
    return n;
}

char *fake_http_request(fake_http *server, size_t i)
{
    char *request = NULL;
    pthread_mutex_lock(&server->lock);
    if (i < server->n_requests)
        request = copy(server->requests[i], strlen(server->requests[i]));
    pthread_mutex_unlock(&server->lock);
    return request;
}

void fake_http_stop(fake_http *server)
{
    if (!server)
        return;
    close(server->wake[1]);
    pthread_join(server->thread, NULL);
    close(server->wake[0]);
    close(server->listener);
    free_rules(server->rules, server->n_rules);
    for (size_t i = 0; i < server->n_requests; i++)
        free(server->requests[i]);
    pthread_mutex_destroy(&server->lock);
    server->stream->stop(server->payload);
    free(server);
}

char *fake_read_file(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    must(file != NULL, path);
    char *bytes = NULL;
    size_t len = 0, room = 0;
    do {
        room += 65536;
        bytes = realloc(bytes, room + 1);
        must(bytes != NULL, "realloc");
        len += fread(bytes + len, 1, room - len, file);
    } while (len == room);
    must(!ferror(file), path);
    fclose(file);
    bytes[len] = '\0';
    if (ret_len)
        *ret_len = len;
    return bytes;
}

char *fake_dead_url(void)
{
    unsigned short port;
    int fd = listen_on_loopback(&port);
    close(fd);
    char *url = malloc(64);
    must(url != NULL, "malloc");
    snprintf(url, 64, "http://127.0.0.1:%u", port);
    return url;
}
