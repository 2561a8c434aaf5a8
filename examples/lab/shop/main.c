/* The shop: options, start and end. */
#include "shop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024, STOP_BYTE = 255 };

static const char *const HANDOFF_NAMES[] = {"ok", "fail", "block", "reject"};
static const char *const FLAG_API_NAMES[] = {"ofrep", "connect"};

struct shop_options opt = {
    .port = 8080,
    .handoff_deadline_ms = 500,
    .flag_timeout_ms = 250,
    .ballast_bytes = 8u << 20,
    .message_bytes = 128,
    .drain_per_s = 100,
    .queue_max_bytes = 512u << 20,
};

int shop_wake_fds[2] = {-1, -1};
static atomic_bool stopping;

bool shop_is_stopping(void)
{
    return stopping;
}

int64_t shop_now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void on_signal(int number)
{
    (void)number;
    int saved = errno;
    uint8_t stop = STOP_BYTE;
    stopping = true;
    if (write(shop_wake_fds[1], &stop, 1) < 0)
        stopping = true; /* poll still wakes within a second */
    errno = saved;
}

static int fail(const char *what, const char *next)
{
    fprintf(stderr, "shop: %s: %s; %s\n", what, errno ? strerror(errno) : "not usable", next);
    return 1;
}

static bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || n < min || n > max)
        return false;
    *out = n;
    return true;
}

/* Names are looked up once, here: the address of a Service stays. An unknown one is no failure, as
 * in the demo: the shop starts and knows only the default of its flag. */
static bool parse_flagd(const char *text)
{
    char host[256];
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    if (!colon || (size_t)(colon - text) >= sizeof(host) ||
        !parse_number(colon + 1, 1, 65535, &port))
        return false;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, NULL, &want, &found) != 0)
        return true;
    memcpy(&opt.flagd, found->ai_addr, sizeof(opt.flagd));
    opt.flagd.sin_port = htons((uint16_t)port);
    freeaddrinfo(found);
    return true;
}

static bool parse_name(const char *text, const char *const *names, size_t count, int *out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (int)i;
            return true;
        }
    }
    return false;
}

static bool parse_handoff(const char *text)
{
    int which = 0;
    size_t count = sizeof(HANDOFF_NAMES) / sizeof(HANDOFF_NAMES[0]);
    bool ok = parse_name(text, HANDOFF_NAMES, count, &which);
    opt.handoff = (enum handoff)which;
    return ok;
}

static bool parse_flag_api(const char *text)
{
    int which = 0;
    size_t count = sizeof(FLAG_API_NAMES) / sizeof(FLAG_API_NAMES[0]);
    bool ok = parse_name(text, FLAG_API_NAMES, count, &which);
    opt.flag_api = (enum flag_api)which;
    return ok;
}

static bool parse_option(const char *name, const char *value)
{
    const struct {
        const char *name;
        uint64_t min;
        uint64_t max;
        uint64_t *out;
    } numbers[] = {
        {"--port", 1, 65535, &opt.port},
        {"--handoff-deadline-ms", 1, 60000, &opt.handoff_deadline_ms},
        {"--flag-timeout-ms", 1, 10000, &opt.flag_timeout_ms},
        {"--ballast-bytes", 0, 1u << 30, &opt.ballast_bytes},
        {"--message-bytes", 16, 1u << 20, &opt.message_bytes},
        {"--drain-per-s", 0, 1000000, &opt.drain_per_s},
        {"--queue-max-bytes", 1 << 20, (uint64_t)4 << 30, &opt.queue_max_bytes},
        {"--max-life-s", 1, 86400, &opt.max_life_s},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(name, numbers[i].name) == 0)
            return parse_number(value, numbers[i].min, numbers[i].max, numbers[i].out);
    }
    if (strcmp(name, "--flagd") == 0)
        return parse_flagd(value);
    if (strcmp(name, "--handoff") == 0)
        return parse_handoff(value);
    if (strcmp(name, "--flag-api") == 0)
        return parse_flag_api(value);
    if (strcmp(name, "--listen") == 0)
        return inet_pton(AF_INET, value, &opt.listen) == 1;
    opt.log_path = value;
    return strcmp(name, "--log") == 0;
}

static bool parse_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--with-parent") == 0) {
            opt.with_parent = true;
            continue;
        }
        if (i + 1 < argc && parse_option(argv[i], argv[i + 1])) {
            i++;
            continue;
        }
        fprintf(stderr,
                "shop: %s: unknown or not usable\n"
                "usage: shop [--listen IPV4] [--port N] [--log FILE]\n"
                "  [--flagd HOST:PORT] [--flag-api ofrep|connect]\n"
                "  [--handoff ok|fail|block|reject] [--handoff-deadline-ms N]\n"
                "  [--message-bytes N] [--drain-per-s N] [--queue-max-bytes N]\n"
                "  [--ballast-bytes N] [--flag-timeout-ms N] [--max-life-s N] [--with-parent]\n"
                "orders are handed over only when the environment has a KAFKA_ADDR\n",
                argv[i]);
        return false;
    }
    return true;
}

static int listen_on(uint16_t port)
{
    int yes = 1;
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = opt.listen};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 64) == 0)
        return fd;
    close(fd);
    return -1;
}

/* One heap and no huge pages: the climb must come from messages, not from how pages are dealt. */
static void *take_ballast(void)
{
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    mallopt(M_ARENA_MAX, 1);
    if (opt.ballast_bytes == 0)
        return NULL;
    void *ballast =
        mmap(NULL, opt.ballast_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ballast != MAP_FAILED)
        memset(ballast, 'b', opt.ballast_bytes);
    return ballast;
}

static size_t start_threads(pthread_t threads[SHOP_WORKERS + 1])
{
    pthread_attr_t attr;
    sigset_t all;
    sigset_t before;
    size_t started = 0;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals go to the main thread */
    while (started < SHOP_WORKERS + 1 &&
           pthread_create(&threads[started], &attr,
                          started == 0 ? shop_post_processor : shop_http_worker, NULL) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return started;
}

static void stop_threads(pthread_t threads[SHOP_WORKERS + 1], size_t started)
{
    stopping = true;
    shop_http_wake();
    shop_queue_wake();
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

static bool prepare_process(void)
{
    const char *kafka = getenv("KAFKA_ADDR");
    opt.kafka = kafka && *kafka;
    if (opt.with_parent)
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (pipe2(shop_wake_fds, O_CLOEXEC) < 0)
        return false;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction stop = {.sa_handler = on_signal};
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGALRM, &stop, NULL);
    alarm((unsigned)opt.max_life_s);
    return true;
}

int main(int argc, char **argv)
{
    opt.listen.s_addr = htonl(INADDR_LOOPBACK);
    if (!parse_options(argc, argv))
        return 2;
    if (!prepare_process())
        return fail("pipe", "raise the limit on open files");
    if (opt.log_path)
        shop_log_fd = open(opt.log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (shop_log_fd < 0)
        return fail(opt.log_path, "give --log a file that can be written");
    void *ballast = take_ballast();
    if (ballast == MAP_FAILED)
        return fail("--ballast-bytes", "give less");
    int listen_fd = listen_on((uint16_t)opt.port);
    if (listen_fd < 0)
        return fail("--port", "give a port that is free");

    pthread_t threads[SHOP_WORKERS + 1];
    size_t started = start_threads(threads);
    if (started == SHOP_WORKERS + 1) {
        char address[INET_ADDRSTRLEN];
        shop_log("info", "starting to listen on tcp: \"%s:%" PRIu64 "\"",
                 inet_ntop(AF_INET, &opt.listen, address, sizeof(address)), opt.port);
        shop_http_serve(listen_fd);
    }
    stop_threads(threads, started);
    close(listen_fd);
    shop_http_free();
    shop_queue_free();
    if (ballast)
        munmap(ballast, opt.ballast_bytes);
    return started == SHOP_WORKERS + 1 ? 0 : fail("pthread_create", "raise the limit on threads");
}
