/* Judge a workload by a scenario, once. Usage: diagnose SCENARIO [name=value...] */
#include <leakdiag.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    leakdiag_scenario *scenario = NULL;
    leakdiag_session *session = NULL;
    leakdiag_diagnosis *diagnosis = NULL;
    leakdiag_error err = {0};
    char *report = NULL;
    int status = 2;

    const char *name = argc > 1 ? argv[1] : "otel-demo/checkout";
    const char *const *set = (const char *const *)(argv + 2);
    size_t n = argc > 2 ? (size_t)argc - 2 : 0;
    if (leakdiag_scenario_builtin(name, set, n, &scenario, &err) ||
        leakdiag_session_new(scenario, NULL, &session, &err) ||
        leakdiag_session_watch(session, NULL, NULL, &diagnosis, &err) ||
        leakdiag_report_render(diagnosis, LEAKDIAG_FORMAT_TEXT, NULL, &report, &err))
        fprintf(stderr, "%s\n", err.message);
    else
        status = (fputs(report, stdout), leakdiag_diagnosis_exit_code(diagnosis));
    leakdiag_free(report);
    leakdiag_diagnosis_free(diagnosis);
    leakdiag_session_free(session);
    leakdiag_scenario_unref(scenario);
    return status;
}
