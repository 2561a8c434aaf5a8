/* replay, explain: judge what was captured; say what a check or cause means. */
#include <stdlib.h>
#include <string.h>

#include "look.h"
#include "verbs.h"

/* The scenario of the capture, or the one that is asked for. */
static int replay_scenario(const cli_args *args, const leakdiag_observation *observation,
                           leakdiag_scenario **ret)
{
    size_t len = 0, n = leakdiag_observation_setting_count(observation),
           more = args_count(args, "set");
    const char *text = leakdiag_observation_scenario(observation, &len);
    leakdiag_error err = {0};
    if (args_has(args, "scenario"))
        return load_scenario(args, NULL, NULL, ret);
    if (len == 0)
        return fail(EXIT_USAGE, "%s: names no scenario; add --scenario NAME", args->operands[0]);
    const char **set = calloc(n + more + 1, sizeof *set);
    if (!set)
        return fail(EXIT_TOOL, "replay: out of memory");
    for (size_t i = 0; i < n; i++)
        set[i] = leakdiag_observation_setting(observation, i);
    for (size_t i = 0; i < more; i++)
        set[n + i] = args_value_at(args, "set", i);
    leakdiag_status status =
        leakdiag_scenario_parse(text, len, "scenario of the capture", set, n + more, ret, &err);
    free(set);
    return status ? fail_with(exit_for(status), args->operands[0], &err, NULL) : 0;
}

/* A point in time, or a duration since the first fact. */
static int parse_at(const char *text, const leakdiag_observation *observation, int64_t *ret_ms)
{
    leakdiag_error err = {0};
    if (parse_time(text, ret_ms))
        return 0;
    if (leakdiag_duration_parse(text, ret_ms, &err))
        return fail(EXIT_USAGE,
                    "--at (%s): is neither a time like 2026-11-23T14:31:00Z nor a "
                    "duration since the first fact like 12m",
                    text);
    *ret_ms += leakdiag_observation_first_ms(observation);
    return 0;
}

static int turn_back(const cli_args *args, leakdiag_observation **observation)
{
    const char *at = args_value(args, "at");
    leakdiag_observation *earlier = NULL;
    leakdiag_error err = {0};
    int64_t now_ms;
    if (!at)
        return 0;
    int code = parse_at(at, *observation, &now_ms);
    if (code)
        return code;
    leakdiag_status status = leakdiag_observation_until(*observation, now_ms, &earlier, &err);
    if (status)
        return fail_with(exit_for(status), "--at", &err, NULL);
    leakdiag_observation_unref(*observation);
    *observation = earlier;
    return 0;
}

static int run_replay(const cli_args *args)
{
    CLEANUP(observation_free) leakdiag_observation *observation = NULL;
    CLEANUP(scenario_free) leakdiag_scenario *scenario = NULL;
    CLEANUP(diagnosis_free) leakdiag_diagnosis *diagnosis = NULL;
    leakdiag_error err = {0};
    int code = load_capture(args->operands[0], &observation);
    if (!code)
        code = replay_scenario(args, observation, &scenario);
    if (!code)
        code = turn_back(args, &observation);
    if (code)
        return code;
    if (leakdiag_diagnose(scenario, observation, &diagnosis, &err))
        return fail_with(EXIT_TOOL, args->operands[0], &err, NULL);
    code = print_report(args, diagnosis,
                        args_has(args, "quick") ? LEAKDIAG_FORMAT_QUICK : LEAKDIAG_FORMAT_TEXT);
    return code ? code : verdict_status(args, diagnosis);
}

static const option replay_options[] = {
    {"at", 'a', "TIME", NULL, HINT_NONE, false,
     "judge what was known then: a time, or a duration since the first fact"},
    {"scenario", 's', "NAME|FILE", NULL, HINT_SCENARIO, false,
     "another scenario than that of the capture"},
    {"set", 0, "NAME=VALUE", NULL, HINT_NONE, true, "give a parameter of the scenario a value"},
    {"quick", 'q', NULL, NULL, HINT_NONE, false, "in text: the five answers of quick"},
    {"output", 'o', "FORMAT", "text|json|junit", HINT_NONE, false, "how to print"},
    {"verbose", 'v', NULL, NULL, HINT_NONE, false,
     "in text: sources, the same by hand, checks without a source"},
    {0},
};

const cli_verb verb_replay = {
    .name = "replay",
    .about = "judge a capture again, as it was at any time",
    .operands = "FILE",
    .examples = "  leakdiag replay run.json\n"
                "  leakdiag replay run.json --at 12m        # after twelve minutes\n"
                "  leakdiag replay run.json --scenario mine.yaml -o junit\n",
    .notes = "The same capture gives the same bytes on every machine. Exit status as diagnose.\n",
    .options = replay_options,
    .operands_min = 1,
    .operands_max = 1,
    .offers = HINT_FILE,
    .run = run_replay,
};

/* --- explain -------------------------------------------------------------------------------------
 */

/* Without a scenario named, the id may be of any built-in one. */
static bool explain_elsewhere(const char *id, char **text)
{
    for (size_t i = 0; i < leakdiag_scenario_builtin_count(); i++) {
        CLEANUP(scenario_free) leakdiag_scenario *scenario = NULL;
        if (!leakdiag_scenario_builtin(leakdiag_scenario_builtin_name(i), NULL, 0, &scenario,
                                       NULL) &&
            !leakdiag_report_explain(scenario, id, text, NULL))
            return true;
    }
    return false;
}

static int run_explain(const cli_args *args)
{
    CLEANUP(scenario_free) leakdiag_scenario *scenario = NULL;
    CLEANUP(text_free) char *text = NULL;
    const char *id = args->operands[0];
    leakdiag_error err = {0};
    int code = load_scenario(args, "otel-demo/checkout", NULL, &scenario);
    if (code)
        return code;
    leakdiag_status status = leakdiag_report_explain(scenario, id, &text, &err);
    if (status == LEAKDIAG_E_NOT_FOUND && !args_value(args, "scenario"))
        status = explain_elsewhere(id, &text) ? LEAKDIAG_OK : status;
    if (status == LEAKDIAG_E_NOT_FOUND)
        return fail_with(EXIT_USAGE, id, &err, "leakdiag scenario show lists checks and causes");
    if (status)
        return fail_with(exit_for(status), id, &err, NULL);
    fputs(text, stdout);
    return 0;
}

static const option explain_options[] = {
    {"scenario", 's', "NAME|FILE", NULL, HINT_SCENARIO, false, "where the id is from"},
    {"set", 0, "NAME=VALUE", NULL, HINT_NONE, true, "give a parameter of the scenario a value"},
    {0},
};

const cli_verb verb_explain = {
    .name = "explain",
    .about = "what a check or a cause means, and how to look by hand",
    .operands = "ID",
    .examples = "  leakdiag explain flag.value\n"
                "  leakdiag explain limit-too-high\n",
    .options = explain_options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run_explain,
};
