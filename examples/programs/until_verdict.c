/* Look at a process until memory can be judged. Usage: until_verdict PID [TIME_SCALE] */
#include <leakdiag.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    leakdiag_scenario *scenario = NULL;
    leakdiag_session *session = NULL;
    leakdiag_diagnosis *diagnosis = NULL;
    leakdiag_watch_options options = LEAKDIAG_WATCH_OPTIONS_INIT;
    leakdiag_error err = {0};
    char pid[32] = "pid=", scale[32] = "time_scale=1";
    const char *const set[] = {pid, scale};
    int status = 2;

    snprintf(pid, sizeof pid, "pid=%s", argc > 1 ? argv[1] : "");
    snprintf(scale, sizeof scale, "time_scale=%s", argc > 2 ? argv[2] : "1");
    options.until_decided = 1;
    if (leakdiag_scenario_builtin("any-workload", set, 2, &scenario, &err) ||
        leakdiag_session_new(scenario, NULL, &session, &err) ||
        leakdiag_session_watch(session, &options, NULL, &diagnosis, &err))
        fprintf(stderr, "%s\n", err.message);
    else
        status =
            (puts(leakdiag_diagnosis_summary(diagnosis)), leakdiag_diagnosis_exit_code(diagnosis));
    leakdiag_diagnosis_free(diagnosis);
    leakdiag_session_free(session);
    leakdiag_scenario_unref(scenario);
    return status;
}
