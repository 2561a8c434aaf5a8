/* Does this recording (t,ws on standard input) climb as expected, like "0m=8Mi,15m=18Mi,20m=20Mi"?
 */
#include <leakdiag/timeline.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    static char csv[1 << 20];
    size_t len = fread(csv, 1, sizeof csv, stdin);
    leakdiag_series *memory = NULL;
    leakdiag_timeline *expected = NULL;
    leakdiag_comparison *result = NULL;
    leakdiag_error err = {0};

    if (argc != 2 || leakdiag_timeline_parse(argv[1], NULL, &expected, &err) ||
        leakdiag_series_from_csv(csv, len, &memory, &err) ||
        leakdiag_timeline_compare(expected, memory, NULL, &result, &err))
        fprintf(stderr, "usage: on_time CURVE < t,ws.csv\n%s\n", err.message);
    else
        printf("%s, at %.1f times the expected duration\n",
               leakdiag_memory_finding_name(leakdiag_comparison_finding(result)),
               leakdiag_comparison_fitted_time_ratio(result));
    leakdiag_comparison_free(result);
    leakdiag_series_unref(memory);
    leakdiag_timeline_free(expected);
    return result == NULL;
}
