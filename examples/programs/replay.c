/* Judge a capture again, by a built-in scenario. Usage: replay FILE SCENARIO */
#include <leakdiag.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    leakdiag_scenario *scenario = NULL;
    leakdiag_observation *observation = NULL;
    leakdiag_diagnosis *diagnosis = NULL;
    leakdiag_error err = {0};
    char *data = NULL, *json = NULL;
    size_t len = 0;
    int status = 2;

    if (argc != 3 || leakdiag_file_read(argv[1], LEAKDIAG_CAPTURE_MAX_BYTES, &data, &len, &err) ||
        leakdiag_observation_from_json(data, len, &observation, &err) ||
        leakdiag_scenario_builtin(argv[2], NULL, 0, &scenario, &err) ||
        leakdiag_diagnose(scenario, observation, &diagnosis, &err) ||
        leakdiag_report_render(diagnosis, LEAKDIAG_FORMAT_JSON, NULL, &json, &err))
        fprintf(stderr, "%s\n", argc == 3 ? err.message : "usage: replay FILE SCENARIO");
    else
        status = (fputs(json, stdout), leakdiag_diagnosis_exit_code(diagnosis));
    leakdiag_free(json);
    leakdiag_free(data);
    leakdiag_diagnosis_free(diagnosis);
    leakdiag_observation_unref(observation);
    leakdiag_scenario_unref(scenario);
    return status;
}
