/* Is this recording leaking? Reads t,ws from standard input; an optional argument is the limit. */
#include <leakdiag/series.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    static char csv[1 << 20];
    size_t len = fread(csv, 1, sizeof csv, stdin);
    leakdiag_series *memory = NULL;
    leakdiag_trend *trend = NULL;
    leakdiag_trend_options options = LEAKDIAG_TREND_OPTIONS_INIT;
    leakdiag_error err = {0};
    int64_t limit_bytes = 0;

    if ((argc > 1 && leakdiag_quantity_parse(argv[1], &limit_bytes, &err)) ||
        leakdiag_series_from_csv(csv, len, &memory, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    options.limit_bytes = (double)limit_bytes;
    if (!leakdiag_series_analyze(memory, &options, &trend, &err))
        printf("%s: %.0f bytes/s, limit in %.0f s\n",
               leakdiag_leak_verdict_name(leakdiag_trend_verdict(trend)),
               leakdiag_trend_slope_bytes_per_s(trend), leakdiag_trend_ttl_s(trend));
    leakdiag_trend_free(trend);
    leakdiag_series_unref(memory);
    return 0;
}
