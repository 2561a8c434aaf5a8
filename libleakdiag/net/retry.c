#include "net/exchange.h"

#define BACKOFF_MS 200

/* Nothing came: the server has seen the request at most, and a GET does no harm twice. */
static bool is_reset_before_any_byte(const ld_exchange *x)
{
    return x->request->end == LD_HTTP_CUT_OFF && x->intake.head_bytes == 0;
}

bool ld_retry_after(const ld_exchange *x, int64_t left_ms, int64_t *ret_wait_ms)
{
    const ld_http_request *request = x->request;
    bool asks = request->end == LD_HTTP_ANSWERED && ld_intake_asks_for_retry(x->intake.status);
    if (request->retries >= x->retries_max || (!asks && !is_reset_before_any_byte(x)))
        return false;
    int64_t wait_ms = (int64_t)BACKOFF_MS << request->retries;
    int64_t said_ms = asks ? ld_intake_retry_after_ms(&x->intake) : -1;
    if (said_ms > wait_ms)
        wait_ms = said_ms;
    *ret_wait_ms = wait_ms;
    return wait_ms < left_ms;
}
