/* Bytes as a CSV; what reads as one is analysed and compared, and its numbers must be in order. */
#include <leakdiag/series.h>
#include <leakdiag/timeline.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(int truth)
{
    if (!truth)
        abort();
}

static void check_trend(const leakdiag_trend *trend)
{
    double score = leakdiag_trend_score(trend);
    must(isnan(score) || (score >= 0 && score <= 1));
    double slope = leakdiag_trend_slope_bytes_per_s(trend);
    must(isnan(slope) || (leakdiag_trend_slope_lo_bytes_per_s(trend) <= slope &&
                          leakdiag_trend_slope_hi_bytes_per_s(trend) >= slope));
    double ttl_s = leakdiag_trend_ttl_s(trend);
    must(isnan(ttl_s) ||
         (leakdiag_trend_ttl_lo_s(trend) <= ttl_s && leakdiag_trend_ttl_hi_s(trend) >= ttl_s));
    must(leakdiag_trend_oom_count(trend) <= leakdiag_trend_restart_count(trend));
}

static void check_json(char *json)
{
    must(json[0] == '{' && json[strlen(json) - 1] == '}');
    must(!strstr(json, "nan") && !strstr(json, "inf") && !strchr(json, '\n'));
    leakdiag_free(json);
}

static void analyze(const leakdiag_series *series)
{
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    options.limit_bytes = 20971520;
    leakdiag_trend *trend = NULL;
    must(leakdiag_series_analyze(series, &options, &trend, NULL) == LEAKDIAG_OK);
    check_trend(trend);
    char *json = NULL;
    must(leakdiag_trend_to_json(trend, NULL, &json, NULL) == LEAKDIAG_OK);
    check_json(json);
    leakdiag_trend_free(trend);
}

static void compare(const leakdiag_series *series)
{
    leakdiag_timeline_options options = LEAKDIAG_TIMELINE_OPTIONS_INIT;
    options.oom_at_end = 1;
    leakdiag_timeline *timeline = NULL;
    must(leakdiag_timeline_parse("0m=8Mi,15m=18Mi,20m=20Mi", &options, &timeline, NULL) ==
         LEAKDIAG_OK);
    leakdiag_comparison *comparison = NULL;
    must(leakdiag_timeline_compare(timeline, series, NULL, &comparison, NULL) == LEAKDIAG_OK);
    double ratio = leakdiag_comparison_fitted_time_ratio(comparison);
    must(isnan(ratio) || ratio > 0);
    char *json = NULL;
    must(leakdiag_comparison_to_json(comparison, NULL, &json, NULL) == LEAKDIAG_OK);
    check_json(json);
    leakdiag_comparison_free(comparison);
    leakdiag_timeline_free(timeline);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    leakdiag_series *series = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_series_from_csv((const char *)data, len, &series, &err);
    if (status) {
        must(status == LEAKDIAG_E_INVALID || status == LEAKDIAG_E_LIMIT);
        must(err.status == status && err.message[0] && !series);
        return 0;
    }
    analyze(series);
    compare(series);
    leakdiag_series_unref(series);
    return 0;
}
