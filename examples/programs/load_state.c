/* Does Locust run, with how many users, and what does it ask for? load_state http://localhost:8089
 */
#include <leakdiag/load.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    leakdiag_load *load = NULL;
    leakdiag_error err = {0};
    if (leakdiag_load_read(argc > 1 ? argv[1] : "", NULL, &load, &err)) {
        fprintf(stderr, "usage: load_state URL\n%s\n", err.message);
        return 1;
    }
    printf("%s %s\n", leakdiag_load_state_name(leakdiag_load_get_state(load)),
           leakdiag_load_detail(load));
    if (leakdiag_load_users(load) >= 0)
        printf("%lld users\n", (long long)leakdiag_load_users(load));
    for (size_t i = 0; i < leakdiag_load_row_count(load); i++)
        printf("%s %s: %lld requests, %.1f per minute\n", leakdiag_load_row_method(load, i),
               leakdiag_load_row_name(load, i), (long long)leakdiag_load_row_requests(load, i),
               60 * leakdiag_load_row_rate_per_s(load, i));
    leakdiag_load_free(load);
    return 0;
}
