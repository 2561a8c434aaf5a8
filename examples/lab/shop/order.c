/* An order, in the order of the demo's PlaceOrder. */
#include "shop.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { FIELD_BYTES = 64 };

static bool hand_over(void)
{
    int64_t offset = 0;
    struct timespec from;
    struct timespec to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    if (opt.handoff == HANDOFF_FAIL) {
        shop_log("error", "Failed to send message to Kafka within context deadline: %s",
                 "context canceled");
        return false;
    }
    if (!shop_queue_order(opt.handoff != HANDOFF_BLOCK, &offset)) {
        shop_log("error", "Failed to send message to Kafka within context deadline: %s",
                 "context deadline exceeded");
        return false;
    }
    if (opt.handoff == HANDOFF_REJECT) {
        /* The demo goes on to the flag after a refused write, so this does too. */
        shop_log("error", "Failed to write message: %s",
                 "kafka: client has run out of available brokers to talk to");
        return true;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    struct text took = {.len = 0};
    shop_put_duration(&took, (uint64_t)(to.tv_sec - from.tv_sec) * 1000000000u +
                                 (uint64_t)to.tv_nsec - (uint64_t)from.tv_nsec);
    took.bytes[took.len] = '\0';
    shop_log("info", "Successful to write message. offset: %" PRId64 ", duration: %s", offset,
             took.bytes);
    return true;
}

/* Copies a string member; what is not plain printable text is replaced, so that no client can
 * write control bytes into the log. */
static void order_field(const char *body, const char *name, const char *fallback,
                        char out[FIELD_BYTES])
{
    const char *value = shop_json_member(body, name);
    size_t len = 0;
    if (value && *value == '"') {
        for (value++; *value && *value != '"' && len < FIELD_BYTES - 1; value++)
            out[len++] = (*value >= ' ' && *value <= '~' && *value != '\\') ? *value : '?';
    }
    if (len == 0)
        len = (size_t)snprintf(out, FIELD_BYTES, "%s", fallback);
    out[len] = '\0';
}

static void random_id(char out[SHOP_ID_BYTES])
{
    static _Atomic uint64_t counter = 1;
    uint64_t x = (uint64_t)shop_now_ms() * 0x9e3779b97f4a7c15u + counter++ * 0xbf58476d1ce4e5b9u;
    snprintf(out, SHOP_ID_BYTES, "%08x-%04x-11f0-8000-%012" PRIx64, (unsigned)(x >> 32),
             (unsigned)(x >> 16) & 0xffffu, (x * 0x94d049bb133111ebu) >> 16);
}

void shop_place_order(const char *body, char id[SHOP_ID_BYTES], int *link)
{
    char user[FIELD_BYTES];
    char currency[FIELD_BYTES];
    char email[FIELD_BYTES];
    char payment[SHOP_ID_BYTES];
    random_id(id);
    random_id(payment);
    order_field(body, "userId", id, user);
    order_field(body, "userCurrency", "USD", currency);
    order_field(body, "email", "someone@example.com", email);

    shop_log("info", "[PlaceOrder] user_id=\"%s\" user_currency=\"%s\"", user, currency);
    shop_log("info", "payment went through (transaction_id: %s)", payment);
    shop_log("info", "order placed"); /* ours: 2.0.2 does not print it */
    shop_log("info", "order confirmation email sent to \"%s\"", email);
    if (!opt.kafka)
        return;
    shop_log("info", "sending to postProcessor");
    if (!hand_over())
        return;
    int64_t value = shop_flag_value(link);
    if (value <= 0)
        return;
    shop_log("info", "Warning: FeatureFlag 'kafkaQueueProblems' is activated, "
                     "overloading queue now.");
    shop_queue_pile_up(value);
    shop_log("info", "Done with #%" PRId64 " messages for overload simulation.", value);
}
