/* The flag: OFREP, or flagd's own RPC as the demo uses it, over a kept connection; as silent about
 * errors as the demo is. */
#include "shop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REPLY_BYTES = 4096 };

static bool wait_fd(int fd, short events, int64_t deadline_ms)
{
    int64_t left = deadline_ms - shop_now_ms();
    struct pollfd p = {.fd = fd, .events = events};
    return left > 0 && poll(&p, 1, (int)left) == 1;
}

static int flag_connect(int64_t deadline_ms)
{
    if (opt.flagd.sin_port == 0)
        return -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int rc = connect(fd, (const struct sockaddr *)&opt.flagd, sizeof(opt.flagd));
    if (rc < 0 && errno == EINPROGRESS && wait_fd(fd, POLLOUT, deadline_ms)) {
        socklen_t len = sizeof(rc);
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &rc, &len) < 0)
            rc = -1;
    }
    if (rc == 0)
        return fd;
    close(fd);
    return -1;
}

const char *shop_json_member(const char *json, const char *name)
{
    size_t name_len = strlen(name);
    int depth = 0;
    for (const char *p = json; *p; p++) {
        if (*p == '{' || *p == '[') {
            depth++;
        } else if (*p == '}' || *p == ']') {
            depth--;
        } else if (*p == '"') {
            const char *start = ++p;
            while (*p && *p != '"')
                p += (*p == '\\' && p[1]) ? 2 : 1;
            if (!*p)
                return NULL;
            const char *after = p + 1 + strspn(p + 1, " \t\r\n");
            if (depth == 1 && *after == ':' && (size_t)(p - start) == name_len &&
                memcmp(start, name, name_len) == 0)
                return after + 1 + strspn(after + 1, " \t\r\n");
        }
    }
    return NULL;
}

/* A real number is cut to its whole part, as flagd's ResolveInt does; that one puts an int64 into
 * a string. */
static int64_t reply_value(const char *reply, const char *body)
{
    if (strncmp(reply, "HTTP/1.1 200 ", 13) != 0)
        return 0;
    const char *value = shop_json_member(body, "value");
    if (value && *value == '"' && opt.flag_api == FLAG_CONNECT)
        value++;
    if (!value || (*value != '-' && (*value < '0' || *value > '9')))
        return 0;
    char *end = NULL;
    errno = 0;
    long long n = strtoll(value, &end, 10);
    return (errno || *end == 'e' || *end == 'E') ? 0 : n;
}

long shop_content_length(const char *head, const char *head_end)
{
    for (const char *line = strstr(head, "\r\n"); line && line < head_end;
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, "Content-Length:", 15) == 0)
            return strtol(line + 17, NULL, 10);
    }
    return -1;
}

/* Returns the received bytes, 0 when the other side had closed or nothing came in time. */
static size_t flag_exchange(int fd, char reply[REPLY_BYTES], int64_t deadline_ms)
{
    static const char ofrep[] = "POST /ofrep/v1/evaluate/flags/kafkaQueueProblems HTTP/1.1\r\n"
                                "Host: flagd\r\nContent-Type: application/json\r\n"
                                "Content-Length: 14\r\n\r\n{\"context\":{}}";
    static const char connect_json[] = "POST /flagd.evaluation.v1.Service/ResolveInt HTTP/1.1\r\n"
                                       "Host: flagd\r\nContent-Type: application/json\r\n"
                                       "Content-Length: 45\r\n\r\n"
                                       "{\"flagKey\":\"kafkaQueueProblems\",\"context\":{}}";
    const char *request = opt.flag_api == FLAG_CONNECT ? connect_json : ofrep;
    size_t used = 0;
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
        return 0;
    while (used < REPLY_BYTES - 1 && wait_fd(fd, POLLIN, deadline_ms)) {
        ssize_t n = recv(fd, reply + used, REPLY_BYTES - 1 - used, 0);
        if (n <= 0)
            return 0;
        used += (size_t)n;
        reply[used] = '\0';
        const char *head_end = strstr(reply, "\r\n\r\n");
        if (!head_end)
            continue;
        long body = shop_content_length(reply, head_end);
        if (body < 0 || body > REPLY_BYTES)
            return 0;
        if (used >= (size_t)(head_end + 4 - reply) + (size_t)body)
            return used;
    }
    return 0;
}

int64_t shop_flag_value(int *link)
{
    int64_t deadline_ms = shop_now_ms() + (int64_t)opt.flag_timeout_ms;
    /* Two tries: a kept connection may have been closed by the other side. */
    for (int tries = 0; tries < 2; tries++) {
        bool kept = *link >= 0;
        if (!kept)
            *link = flag_connect(deadline_ms);
        if (*link < 0)
            return 0;
        char reply[REPLY_BYTES];
        if (flag_exchange(*link, reply, deadline_ms) > 0)
            return reply_value(reply, strstr(reply, "\r\n\r\n") + 4);
        close(*link);
        *link = -1;
        if (!kept)
            return 0;
    }
    return 0;
}
