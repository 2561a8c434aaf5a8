/* Any bytes as a capture: read, written and read again as the same bytes, diagnosed, reported. */
#include <leakdiag/diagnosis.h>
#include <leakdiag/observation.h>
#include <leakdiag/report.h>
#include <leakdiag/scenario.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(leakdiag_status status, const leakdiag_error *err)
{
    if (status == LEAKDIAG_OK)
        return;
    fprintf(stderr, "%s\n", err->message);
    abort();
}

/* Read once: it is the capture that is tried. */
static leakdiag_scenario *scenario(void)
{
    static leakdiag_scenario *checkout;
    leakdiag_error err = {0};
    if (!checkout)
        require(leakdiag_scenario_builtin("otel-demo/checkout", NULL, 0, &checkout, &err), &err);
    return checkout;
}

/* What is written must be readable, and must say the same. */
static void write_and_read(const leakdiag_observation *observation)
{
    leakdiag_error err = {0};
    leakdiag_observation *again = NULL;
    char *first = NULL, *second = NULL;
    require(leakdiag_observation_to_json(observation, &first, &err), &err);
    require(leakdiag_observation_from_json(first, strlen(first), &again, &err), &err);
    require(leakdiag_observation_to_json(again, &second, &err), &err);
    if (strcmp(first, second) != 0)
        abort();
    leakdiag_free(first);
    leakdiag_free(second);
    leakdiag_observation_unref(again);
}

static void diagnose(leakdiag_observation *observation)
{
    static const leakdiag_format formats[] = {LEAKDIAG_FORMAT_JSON, LEAKDIAG_FORMAT_TEXT};
    leakdiag_error err = {0};
    leakdiag_diagnosis *diagnosis = NULL;
    require(leakdiag_diagnose(scenario(), observation, &diagnosis, &err), &err);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        char *text = NULL;
        require(leakdiag_report_render(diagnosis, formats[i], NULL, &text, &err), &err);
        leakdiag_free(text);
    }
    leakdiag_diagnosis_free(diagnosis);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    leakdiag_observation *observation = NULL;
    leakdiag_error err = {0};
    char *text = malloc(len ? len : 1); /* no NUL at the end: reading beyond it must show */
    if (!text)
        return 0;
    memcpy(text, data, len);
    if (leakdiag_observation_from_json(text, len, &observation, &err) == LEAKDIAG_OK) {
        write_and_read(observation);
        diagnose(observation);
    } else if (observation || !err.message[0]) {
        abort();
    }
    leakdiag_observation_unref(observation);
    free(text);
    return 0;
}
