/* Any bytes as a scenario: read, linted, written as JSON, and read again as a series shorthand. */
#include <leakdiag/scenario.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/shorthand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void read_scenario(const char *text, size_t len)
{
    static const char *const set[] = {"a=${b}", "users=7"};
    leakdiag_error err = {0};
    for (size_t n_set = 0; n_set <= 2; n_set += 2) {
        leakdiag_scenario *scenario = NULL;
        if (leakdiag_scenario_parse(text, len, "fuzz", set, n_set, &scenario, &err) ==
            LEAKDIAG_OK) {
            char *json = NULL;
            if (leakdiag_scenario_to_json(scenario, &json, &err) != LEAKDIAG_OK)
                abort();
            leakdiag_free(json);
        } else if (scenario || !err.message[0] || strchr(err.message, '\n')) {
            abort();
        }
        leakdiag_scenario_unref(scenario);
    }
}

/* What the parser takes, the linter finds no error in, and the other way round. */
static void lint_scenario(const char *text, size_t len)
{
    leakdiag_scenario *scenario = NULL;
    leakdiag_lint *lint = NULL;
    leakdiag_status status = leakdiag_scenario_parse(text, len, NULL, NULL, 0, &scenario, NULL);
    leakdiag_scenario_unref(scenario);
    if (leakdiag_scenario_lint(text, len, &lint, NULL) != LEAKDIAG_OK)
        abort();
    size_t errors = 0;
    for (size_t i = 0; i < leakdiag_lint_len(lint); i++)
        errors += (size_t)leakdiag_lint_is_error(lint, i);
    if ((status == LEAKDIAG_OK) != (errors == 0))
        abort();
    leakdiag_lint_free(lint);
}

static void read_shorthand(const char *data, size_t len)
{
    char text[256];
    size_t n = len < sizeof text - 1 ? len : sizeof text - 1;
    memcpy(text, data, n);
    text[n] = '\0';
    ld_shorthand series = {0};
    int64_t end_ms = 0;
    leakdiag_status status = ld_shorthand_parse(text, 1000, &series, NULL);
    if (status != ld_shorthand_check(text, 1000, &end_ms, NULL) ||
        (status == LEAKDIAG_OK && end_ms != series.end_ms))
        abort();
    ld_shorthand_done(&series);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = malloc(len ? len : 1); /* no NUL at the end: reading beyond it must show */
    if (!text)
        return 0;
    memcpy(text, data, len);
    read_scenario(text, len);
    lint_scenario(text, len);
    read_shorthand(text, len);
    free(text);
    return 0;
}
