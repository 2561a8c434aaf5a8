/* Counts two patterns in what comes in: kubectl logs deploy/checkout | example_count_logs */
#include <leakdiag/logs.h>
#include <stdio.h>

int main(void)
{
    leakdiag_pattern list[] = {{"orders", "order placed", LEAKDIAG_PATTERN_IGNORE_CASE},
                               {"queued", "Done with #(\\d+) messages", LEAKDIAG_PATTERN_REGEX}};
    leakdiag_patterns *patterns = NULL;
    leakdiag_scan *scan = NULL;
    leakdiag_error err = {0};
    int status = leakdiag_patterns_new(list, 2, &patterns, &err);
    if (status == LEAKDIAG_OK)
        status = leakdiag_scan_new(patterns, NULL, &scan, &err);

    char data[65536];
    size_t len;
    while (status == LEAKDIAG_OK && (len = fread(data, 1, sizeof data, stdin)) > 0)
        status = leakdiag_scan_push(scan, data, len, &err);
    if (status == LEAKDIAG_OK)
        status = leakdiag_scan_finish(scan, &err);
    if (status != LEAKDIAG_OK)
        fprintf(stderr, "%s\n", err.message);
    for (size_t i = 0; status == LEAKDIAG_OK && i < 2; i++)
        printf("%s: %llu\n", list[i].name, (unsigned long long)leakdiag_scan_count(scan, i));
    leakdiag_scan_free(scan);
    leakdiag_patterns_unref(patterns);
    return status == LEAKDIAG_OK ? 0 : 1;
}
