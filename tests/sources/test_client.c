/* The HTTP client: faults, credentials, authorities, retries, connections. */
#include "authority_cases.h"
#include "connection_cases.h"
#include "credential_cases.h"
#include "fault_cases.h"
#include "retry_cases.h"

int main(void)
{
    Suite *suite = suite_create("client");
    suite_add_tcase(suite, fault_cases());
    suite_add_tcase(suite, retry_cases());
    suite_add_tcase(suite, credential_cases());
    suite_add_tcase(suite, authority_cases());
    suite_add_tcase(suite, connection_cases());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
