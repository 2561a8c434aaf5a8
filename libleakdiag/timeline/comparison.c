/* Getters of a comparison, and its JSON. */
#include "timeline/comparison.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"

leakdiag_memory_finding leakdiag_comparison_finding(const leakdiag_comparison *c)
{
    return c->finding;
}

int leakdiag_comparison_is_match(const leakdiag_comparison *c)
{
    return c->is_match;
}

double leakdiag_comparison_first_deviation_s(const leakdiag_comparison *c)
{
    return c->first_deviation_s;
}

double leakdiag_comparison_fitted_time_ratio(const leakdiag_comparison *c)
{
    return c->fitted_time_ratio;
}

int64_t leakdiag_comparison_decides_at_ms(const leakdiag_comparison *c)
{
    return c->decides_at_ms;
}

int64_t leakdiag_comparison_position_ms(const leakdiag_comparison *c)
{
    return c->position_ms;
}

int64_t leakdiag_comparison_start_ms(const leakdiag_comparison *c)
{
    return c->start_ms;
}

double leakdiag_comparison_observed_bytes(const leakdiag_comparison *c)
{
    return c->observed_bytes;
}

double leakdiag_comparison_expected_bytes(const leakdiag_comparison *c)
{
    return c->expected_bytes;
}

const leakdiag_trend *leakdiag_comparison_trend(const leakdiag_comparison *c)
{
    return c->trend;
}

static void add_number(ld_text *text, const char *key, double value)
{
    ld_text_addf(text, ",\"%s\":", key);
    ld_text_add_number(text, ld_number_round(value, 3));
}

leakdiag_status leakdiag_comparison_to_json(const leakdiag_comparison *c, const char *file,
                                            char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    ld_text_add_char(&text, '{');
    if (file) {
        ld_text_add(&text, "\"file\":");
        ld_text_add_json(&text, file, strlen(file));
        ld_text_add_char(&text, ',');
    }
    ld_text_addf(&text, "\"finding\":\"%s\"", leakdiag_memory_finding_name(c->finding));
    add_number(&text, "first_deviation_s", c->first_deviation_s);
    add_number(&text, "fitted_time_ratio", c->fitted_time_ratio);
    ld_text_addf(&text, ",\"match\":%s}", c->is_match ? "true" : "false");
    return ld_text_take(&text, ret, err);
}

void leakdiag_comparison_free(leakdiag_comparison *c)
{
    if (!c)
        return;
    leakdiag_trend_free(c->trend);
    ld_release(c);
}
