/* A trend as one line of JSON. Rounded, so that the text is the same wherever it is made. */
#include <leakdiag/series.h>

#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"

static void add_number(ld_text *text, const char *key, double value, int decimals)
{
    ld_text_addf(text, ",\"%s\":", key);
    ld_text_add_number(text, ld_number_round(value, decimals));
}

static void add_word(ld_text *text, const char *key, const char *word)
{
    ld_text_addf(text, ",\"%s\":\"%s\"", key, word);
}

static void add_bool(ld_text *text, const char *key, int value)
{
    ld_text_addf(text, ",\"%s\":%s", key, value ? "true" : "false");
}

static void add_times(ld_text *text, const char *key, const leakdiag_trend *trend, size_t n,
                      int64_t (*time_ms)(const leakdiag_trend *, size_t))
{
    ld_text_addf(text, ",\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            ld_text_add_char(text, ',');
        ld_text_add_number(text, (double)time_ms(trend, i) / 1000);
    }
    ld_text_add_char(text, ']');
}

leakdiag_status leakdiag_trend_to_json(const leakdiag_trend *trend, const char *file, char **ret,
                                       leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    ld_text_addf(&text, "{\"class\":\"%s\"",
                 leakdiag_trace_class_name(leakdiag_trend_trace_class(trend)));
    if (file) {
        ld_text_add(&text, ",\"file\":");
        ld_text_add_json(&text, file, strlen(file));
    }
    add_bool(&text, "leak", leakdiag_trend_verdict(trend) == LEAKDIAG_LEAK_YES);
    add_times(&text, "oom_times", trend, leakdiag_trend_oom_count(trend),
              leakdiag_trend_oom_time_ms);
    add_times(&text, "restart_times", trend, leakdiag_trend_restart_count(trend),
              leakdiag_trend_restart_time_ms);
    add_number(&text, "score", leakdiag_trend_score(trend), 4);
    add_number(&text, "slope", leakdiag_trend_slope_bytes_per_s(trend), 3);
    add_number(&text, "slope_hi", leakdiag_trend_slope_hi_bytes_per_s(trend), 3);
    add_number(&text, "slope_lo", leakdiag_trend_slope_lo_bytes_per_s(trend), 3);
    add_number(&text, "ttl", leakdiag_trend_ttl_s(trend), 3);
    add_number(&text, "ttl_hi", leakdiag_trend_ttl_hi_s(trend), 3);
    add_number(&text, "ttl_lo", leakdiag_trend_ttl_lo_s(trend), 3);
    add_bool(&text, "unsure", leakdiag_trend_is_unsure(trend));
    add_word(&text, "verdict", leakdiag_leak_verdict_name(leakdiag_trend_verdict(trend)));
    ld_text_add_char(&text, '}');
    return ld_text_take(&text, ret, err);
}
