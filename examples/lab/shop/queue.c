/* The queue: real orders are acknowledged at once, the overload drains slowly. */
#include "shop.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct message {
    struct message *next;
    char payload[];
};

struct order {
    struct order *next;
    int64_t offset;
    bool acked;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t work;
    pthread_cond_t acked;
    struct order *orders;
    struct message *head;
    struct message *tail;
    uint64_t bytes;
    int64_t next_offset;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .work = PTHREAD_COND_INITIALIZER,
           .acked = PTHREAD_COND_INITIALIZER};

static void realtime_after(struct timespec *ts, uint64_t ms)
{
    clock_gettime(CLOCK_REALTIME, ts);
    ts->tv_sec += (time_t)(ms / 1000);
    ts->tv_nsec += (long)(ms % 1000) * 1000000;
    if (ts->tv_nsec >= 1000000000) {
        ts->tv_nsec -= 1000000000;
        ts->tv_sec++;
    }
}

static void drain(uint64_t count)
{
    while (count-- > 0 && queue.head) {
        struct message *first = queue.head;
        queue.head = first->next;
        if (!queue.head)
            queue.tail = NULL;
        queue.bytes -= opt.message_bytes;
        free(first);
    }
}

void *shop_post_processor(void *unused)
{
    (void)unused;
    int64_t last_ms = shop_now_ms();
    uint64_t owed = 0; /* thousandths of a message that may leave */
    pthread_mutex_lock(&queue.lock);
    while (!shop_is_stopping()) {
        for (; queue.orders; queue.orders = queue.orders->next) {
            queue.orders->offset = queue.next_offset++;
            queue.orders->acked = true;
        }
        pthread_cond_broadcast(&queue.acked);

        int64_t now = shop_now_ms();
        owed += (uint64_t)(now - last_ms) * opt.drain_per_s;
        last_ms = now;
        drain(owed / 1000);
        owed %= 1000;

        struct timespec until;
        realtime_after(&until, 100);
        pthread_cond_timedwait(&queue.work, &queue.lock, &until);
    }
    pthread_mutex_unlock(&queue.lock);
    return NULL;
}

bool shop_queue_order(bool accepted, int64_t *ret_offset)
{
    struct order order = {.acked = false};
    struct timespec until;
    realtime_after(&until, opt.handoff_deadline_ms);
    pthread_mutex_lock(&queue.lock);
    if (accepted) {
        order.next = queue.orders;
        queue.orders = &order;
        pthread_cond_signal(&queue.work);
    }
    int rc = 0;
    while (!order.acked && !shop_is_stopping() && rc == 0)
        rc = pthread_cond_timedwait(&queue.acked, &queue.lock, &until);
    /* The order lives on this stack: take it out before leaving. */
    for (struct order **at = &queue.orders; *at; at = &(*at)->next) {
        if (*at == &order) {
            *at = order.next;
            break;
        }
    }
    pthread_mutex_unlock(&queue.lock);
    if (order.acked)
        *ret_offset = order.offset;
    return order.acked;
}

void shop_queue_pile_up(int64_t count)
{
    struct message *head = NULL;
    struct message *tail = NULL;
    uint64_t made = 0;
    pthread_mutex_lock(&queue.lock);
    /* What is left, shared, so that all workers at once cannot pass the bound. */
    uint64_t share = (opt.queue_max_bytes - queue.bytes) / opt.message_bytes / SHOP_WORKERS;
    pthread_mutex_unlock(&queue.lock);
    for (; (int64_t)made < count && made < share; made++) {
        struct message *m = malloc(opt.message_bytes);
        if (!m)
            break;
        memset(m->payload, 'm', opt.message_bytes - sizeof(*m));
        m->next = head;
        head = m;
        if (!tail)
            tail = m;
    }
    if (!head)
        return;
    pthread_mutex_lock(&queue.lock);
    if (queue.tail)
        queue.tail->next = head;
    else
        queue.head = head;
    queue.tail = tail;
    queue.bytes += made * opt.message_bytes;
    pthread_mutex_unlock(&queue.lock);
}

void shop_queue_wake(void)
{
    pthread_mutex_lock(&queue.lock);
    pthread_cond_broadcast(&queue.work);
    pthread_cond_broadcast(&queue.acked);
    pthread_mutex_unlock(&queue.lock);
}

void shop_queue_free(void)
{
    drain(UINT64_MAX);
}
