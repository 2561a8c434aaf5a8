/* The HTTP client: faults, credentials, retries, connections. */
#include "fault_cases.h"

int main(void)
{
    Suite *suite = suite_create("client");
    suite_add_tcase(suite, fault_cases());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
