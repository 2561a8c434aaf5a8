/* Locust's web API: /stats/requests, and what its index page tells beyond it. Pure. */
#ifndef LD_WIRE_LOCUST_H
#define LD_WIRE_LOCUST_H

#include "wire/answer.h"
#include "wire/load.h"

#define LD_LOCUST_STATS_PATH      "/stats/requests"
#define LD_LOCUST_STATS_MAX_BYTES ((size_t)1 << 20)
#define LD_LOCUST_PAGE_PATH       "/"
/* The page carries one entry of some 400 bytes per 5 s of the test: enough for a day. */
#define LD_LOCUST_PAGE_MAX_BYTES ((size_t)8 << 20)

/* What the index page tells. Absent is unknown: -1, NAN, 0. */
typedef struct ld_locust_page {
    int64_t target_users;
    double spawn_per_s;
    int64_t first_ms; /* time of the first entry of the history, up to 5 s after the start */
} ld_locust_page;

/* The arguments of the page's script (Locust 2.27 and later; the page before has none). Never
 * fails.
 */
void ld_locust_read_page(const char *data, size_t len, ld_locust_page *ret);

/* Whatever came is a state; only E_NOMEM fails. page may be NULL: then spawn rate and target are
 * not known, and the age is what the statistics tell. */
leakdiag_status ld_locust_decode(const ld_answer *stats, const ld_answer *page, leakdiag_load **ret,
                                 leakdiag_error *err);

#endif
