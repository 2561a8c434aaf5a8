/* Any bytes as Locust's statistics and as its page: a NUL separates them. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/locust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool fine)
{
    if (!fine)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *bytes = (const char *)data;
    const char *nul = len ? memchr(bytes, '\0', len) : NULL;
    size_t stats_len = nul ? (size_t)(nul - bytes) : len;
    const ld_answer stats = {.method = "GET",
                             .status = 200,
                             .content_type = "application/json",
                             .body = bytes,
                             .len = stats_len};
    const ld_answer page = {.method = "GET",
                            .status = 200,
                            .content_type = "text/html",
                            .body = nul ? nul + 1 : "",
                            .len = nul ? len - stats_len - 1 : 0,
                            .now_ms = INT64_C(1795446079000)};
    leakdiag_load *load = NULL;
    require(ld_locust_decode(&stats, &page, &load, NULL) == LEAKDIAG_OK);
    require(leakdiag_load_users(load) >= -1);
    require(leakdiag_load_target_users(load) >= -1);
    require(leakdiag_load_age_ms(load) >= -1);
    require(!(leakdiag_load_spawn_per_s(load) <= 0));
    double ratio = leakdiag_load_fail_ratio(load);
    require(isnan(ratio) || (ratio >= 0 && ratio <= 1));
    char *text = NULL;
    require(leakdiag_load_to_json(load, &text, NULL) == LEAKDIAG_OK);
    leakdiag_free(text);
    leakdiag_load_free(load);
    return 0;
}
