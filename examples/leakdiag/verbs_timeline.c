/* timeline analyze, timeline compare: what a recorded series says. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "verbs.h"

#define CSV_MAX_BYTES ((size_t)256 << 20)

static void trend_free(leakdiag_trend **p)
{
    leakdiag_trend_free(*p);
}

static void timeline_free(leakdiag_timeline **p)
{
    leakdiag_timeline_free(*p);
}

static void comparison_free(leakdiag_comparison **p)
{
    leakdiag_comparison_free(*p);
}

static int read_series(const char *path, leakdiag_series **ret)
{
    CLEANUP(text_free) char *data = NULL;
    size_t len = 0;
    leakdiag_error err = {0};
    int code = read_file(path, CSV_MAX_BYTES, &data, &len);
    if (code)
        return code;
    leakdiag_status status = leakdiag_series_from_csv(data, len, ret, &err);
    return status ? fail_with(exit_for(status), path, &err, NULL) : 0;
}

static int limit_option(const cli_args *args, double *ret_bytes)
{
    const char *text = args_value(args, "limit");
    *ret_bytes = 0;
    return text ? parse_limit(text, ret_bytes) : 0;
}

/* --- analyze -------------------------------------------------------------------------------------
 */

/* "+0.7Mi/min (0.6Mi to 0.8Mi)" */
static void print_slope(const leakdiag_trend *trend)
{
    char slope[FIGURE_BYTES], lo[FIGURE_BYTES], hi[FIGURE_BYTES];
    double per_s = leakdiag_trend_slope_bytes_per_s(trend);
    if (isnan(per_s))
        return;
    format_bytes(per_s * 60, slope);
    format_bytes(leakdiag_trend_slope_lo_bytes_per_s(trend) * 60, lo);
    format_bytes(leakdiag_trend_slope_hi_bytes_per_s(trend) * 60, hi);
    printf(", %s%s/min (%s to %s)", per_s > 0 ? "+" : "", slope, lo, hi);
}

static void print_time_to_limit(const leakdiag_trend *trend)
{
    char ttl[FIGURE_BYTES], lo[FIGURE_BYTES], hi[FIGURE_BYTES];
    double seconds = leakdiag_trend_ttl_s(trend);
    if (isnan(seconds))
        return;
    format_duration(seconds, ttl);
    format_duration(leakdiag_trend_ttl_lo_s(trend), lo);
    format_duration(leakdiag_trend_ttl_hi_s(trend), hi);
    printf(", limit in %s (%s to %s)", ttl, lo, hi);
}

static void print_trend(const char *file, const leakdiag_trend *trend)
{
    static const paint paints[] = {PAINT_WARN, PAINT_GOOD, PAINT_BAD}; /* by verdict */
    leakdiag_leak_verdict verdict = leakdiag_trend_verdict(trend);
    size_t ooms = leakdiag_trend_oom_count(trend), restarts = leakdiag_trend_restart_count(trend);
    print_safe(stdout, file);
    printf(": %s%s%s%s (%s)", paint_on(paints[verdict]), leakdiag_leak_verdict_name(verdict),
           paint_off(), leakdiag_trend_is_unsure(trend) ? ", unsure" : "",
           leakdiag_trace_class_name(leakdiag_trend_trace_class(trend)));
    print_slope(trend);
    print_time_to_limit(trend);
    if (ooms)
        printf(", %zu OOM kill%s", ooms, ooms == 1 ? "" : "s");
    if (restarts > ooms)
        printf(", %zu other restart%s", restarts - ooms, restarts - ooms == 1 ? "" : "s");
    putchar('\n');
}

static int analyze_file(const cli_args *args, const char *path, double limit_bytes)
{
    CLEANUP(series_free) leakdiag_series *series = NULL;
    CLEANUP(trend_free) leakdiag_trend *trend = NULL;
    CLEANUP(text_free) char *json = NULL;
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    leakdiag_error err = {0};
    options.limit_bytes = limit_bytes;
    int code = read_series(path, &series);
    if (code)
        return code;
    leakdiag_status status = leakdiag_series_analyze(series, &options, &trend, &err);
    if (!status && wants(args, "json"))
        status = leakdiag_trend_to_json(trend, path, &json, &err);
    if (status)
        return fail_with(exit_for(status), path, &err, NULL);
    if (json)
        puts(json);
    else
        print_trend(path, trend);
    return 0;
}

static int run_timeline_analyze(const cli_args *args)
{
    double limit_bytes;
    int worst = limit_option(args, &limit_bytes);
    if (worst)
        return worst;
    for (size_t i = 0; i < args->operand_count; i++) {
        int code = analyze_file(args, args->operands[i], limit_bytes);
        worst = code > worst ? code : worst;
    }
    return worst;
}

static const option analyze_options[] = {
    {"limit", 'l', "BYTES", NULL, HINT_NONE, false, "memory limit (bytes, 20Mi, or none)"},
    {"output", 'o', "FORMAT", "text|json", HINT_NONE, false, "how to print"},
    {0},
};

const cli_verb verb_timeline_analyze = {
    .name = "timeline analyze",
    .about = "is a recorded series leaking, how fast, until when?",
    .operands = "FILE.csv...",
    .examples = "  leakdiag timeline analyze --limit 20Mi run.csv\n"
                "  leakdiag timeline analyze -o json *.csv      # one JSON object a line\n",
    .notes = "A CSV has a header with the columns t (seconds) and ws (bytes). A file that cannot "
             "be read is\ntold on standard error, the others go on, and the exit status is 2.\n",
    .options = analyze_options,
    .operands_min = 1,
    .operands_max = (size_t)-1,
    .offers = HINT_FILE,
    .run = run_timeline_analyze,
};

/* --- compare -------------------------------------------------------------------------------------
 */

static int expected_curve(const cli_args *args, leakdiag_timeline **ret)
{
    const char *text = args_value(args, "expect");
    leakdiag_timeline_options options = LEAKDIAG_TIMELINE_OPTIONS_INIT;
    leakdiag_error err = {0};
    options.oom_at_end = args_has(args, "oom-at-end");
    if (!text)
        return fail(EXIT_USAGE, "timeline compare: needs --expect; for example --expect "
                                "\"0m=8Mi,20m=20Mi\"");
    leakdiag_status status = leakdiag_timeline_parse(text, &options, ret, &err);
    return status ? fail_with(exit_for(status), "--expect", &err, NULL) : 0;
}

static void print_comparison(const char *file, const leakdiag_comparison *c)
{
    char observed[FIGURE_BYTES], expected[FIGURE_BYTES], at[FIGURE_BYTES], ratio[FIGURE_BYTES];
    format_bytes(leakdiag_comparison_observed_bytes(c), observed);
    format_bytes(leakdiag_comparison_expected_bytes(c), expected);
    print_safe(stdout, file);
    printf(": %s%s%s, %s where %s is expected", paint_on(PAINT_BOLD),
           leakdiag_memory_finding_name(leakdiag_comparison_finding(c)), paint_off(), observed,
           expected);
    if (!isnan(leakdiag_comparison_first_deviation_s(c))) {
        format_duration(leakdiag_comparison_first_deviation_s(c), at);
        printf(", left the band at %s", at);
    }
    if (!isnan(leakdiag_comparison_fitted_time_ratio(c))) {
        format_number(leakdiag_comparison_fitted_time_ratio(c), ratio);
        printf(", takes %s times as long", ratio);
    }
    puts(leakdiag_comparison_is_match(c) ? "; the first OOM kill came in time" : "");
}

static int run_timeline_compare(const cli_args *args)
{
    const char *path = args->operands[0];
    CLEANUP(timeline_free) leakdiag_timeline *timeline = NULL;
    CLEANUP(series_free) leakdiag_series *series = NULL;
    CLEANUP(comparison_free) leakdiag_comparison *comparison = NULL;
    CLEANUP(text_free) char *json = NULL;
    leakdiag_compare_options options = LEAKDIAG_COMPARE_OPTIONS_INIT;
    leakdiag_error err = {0};
    int code = limit_option(args, &options.limit_bytes);
    if (!code)
        code = expected_curve(args, &timeline);
    if (!code)
        code = read_series(path, &series);
    if (code)
        return code;
    leakdiag_status status =
        leakdiag_timeline_compare(timeline, series, &options, &comparison, &err);
    if (!status && wants(args, "json"))
        status = leakdiag_comparison_to_json(comparison, NULL, &json, &err);
    if (status)
        return fail_with(exit_for(status), path, &err, NULL);
    if (json)
        puts(json);
    else
        print_comparison(path, comparison);
    return 0;
}

static const option compare_options[] = {
    {"expect", 'e', "CURVE", NULL, HINT_NONE, false, "\"TIME=SIZE,TIME=SIZE,...\""},
    {"oom-at-end", 0, NULL, NULL, HINT_NONE, false, "the last point is an OOM kill"},
    {"limit", 'l', "BYTES", NULL, HINT_NONE, false, "memory limit (bytes, 20Mi, or none)"},
    {"output", 'o', "FORMAT", "text|json", HINT_NONE, false, "how to print"},
    {0},
};

const cli_verb verb_timeline_compare = {
    .name = "timeline compare",
    .about = "hold a recorded series against an expected curve",
    .operands = "FILE.csv",
    .examples = "  leakdiag timeline compare --expect \"0m=8Mi,15m=18Mi,20m=20Mi\" --oom-at-end "
                "run.csv\n"
                "  leakdiag timeline compare --expect \"0m=8Mi,20m=20Mi\" --limit 20Mi run.csv "
                "-o json\n",
    .notes = "The clock of the curve starts at the first sample.\n",
    .options = compare_options,
    .operands_min = 1,
    .operands_max = 1,
    .offers = HINT_FILE,
    .run = run_timeline_compare,
};
