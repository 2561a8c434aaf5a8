/* One request of a call, from its first try to its end. */
#ifndef LD_NET_EXCHANGE_H
#define LD_NET_EXCHANGE_H

#include <curl/curl.h>

#include "net/intake.h"
#include "net/log.h"
#include "net/url.h"

/* The step a try did not get beyond, in the order of time. */
typedef enum ld_stage {
    LD_STAGE_QUEUE, /* not begun, or another request's connection is waited for */
    LD_STAGE_DNS,
    LD_STAGE_CONNECT,
    LD_STAGE_TLS,
    LD_STAGE_FIRST_BYTE,
    LD_STAGE_HEAD,
    LD_STAGE_BODY
} ld_stage;

const char *ld_stage_name(ld_stage stage);

typedef enum ld_exchange_state {
    LD_EXCHANGE_WAITING, /* for due_ms, or for its turn */
    LD_EXCHANGE_RUNNING,
    LD_EXCHANGE_ENDED
} ld_exchange_state;

typedef struct ld_exchange {
    ld_http_request *request;
    ld_url url;
    ld_exchange_state state;
    int64_t start_ms, due_ms, end_ms;
    int64_t retries_max;
    ld_intake intake;       /* of the last try */
    ld_stage stage;         /* of the last try, once it ended */
    const char *connection; /* of the last try: "new" or "reused"; NULL: none, or not known */
    /* of the try that runs, when it is libcurl's */
    CURL *easy;
    struct curl_slist *headers, *connect_to;
    char *rewritten_url;
    char error[CURL_ERROR_SIZE];
} ld_exchange;

/* Whether it uses a connection together with others. */
static inline bool ld_exchange_shares(const ld_exchange *x)
{
    return x->url.is_tls && !x->request->is_bulk;
}

/* Why it was stopped by us, or LD_HTTP_ANSWERED when it was not. */
ld_http_end ld_exchange_own_end(const ld_exchange *x);
/* Whether a try that ended so is made again, and after how long; left_ms is what is left of its
 * time. */
bool ld_retry_after(const ld_exchange *x, int64_t left_ms, int64_t *ret_wait_ms);

/* Tells the log of its end, or that it is tried again after so long. */
void ld_exchange_log_end(ld_log *log, const ld_exchange *x);
void ld_exchange_log_retry(ld_log *log, const ld_exchange *x, int64_t wait_ms);

#endif
