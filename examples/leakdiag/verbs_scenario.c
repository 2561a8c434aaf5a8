/* scenario list, show, lint, test. */
#include <string.h>

#include "cli.h"
#include "verbs.h"

/* --- list ----------------------------------------------------------------------------------------
 */

static int run_list(const cli_args *args)
{
    const char *name;
    bool json = wants(args, "json");
    if (json)
        printf("{\"scenarios\": [");
    for (size_t i = 0; (name = leakdiag_scenario_builtin_name(i)); i++) {
        CLEANUP(scenario_free) leakdiag_scenario *scenario = NULL;
        int code = load_scenario_named(name, NULL, 0, &scenario);
        if (code)
            return code;
        if (json) {
            printf("%s{\"name\": ", i ? ", " : "");
            print_json(stdout, name);
            printf(", \"title\": ");
            print_json(stdout, leakdiag_scenario_title(scenario));
            putchar('}');
        } else {
            printf("%s%-20s%s %s\n", paint_on(PAINT_BOLD), name, paint_off(),
                   leakdiag_scenario_title(scenario));
        }
    }
    if (json)
        printf("], \"schema\": \"leakdiag.scenarios/1\"}\n");
    return 0;
}

static const option list_options[] = {
    {"output", 'o', "FORMAT", "text|json", HINT_NONE, false, "how to print"},
    {0},
};

const cli_verb verb_scenario_list = {
    .name = "scenario list",
    .about = "the built-in scenarios",
    .operands = "",
    .examples = "  leakdiag scenario list\n",
    .options = list_options,
    .run = run_list,
};

/* --- show ----------------------------------------------------------------------------------------
 */

static void print_params(const leakdiag_scenario *scenario)
{
    printf("%sParameters%s (--set name=value)\n", paint_on(PAINT_BOLD), paint_off());
    for (size_t i = 0; i < leakdiag_scenario_param_count(scenario); i++) {
        const char *value = leakdiag_scenario_param_value(scenario, i);
        printf("  %-12s ", leakdiag_scenario_param_name(scenario, i));
        print_safe(stdout, value[0] ? value : "-");
        printf("%*s  ", strlen(value) < 24 ? (int)(24 - strlen(value)) - !value[0] : 0, "");
        print_safe(stdout, leakdiag_scenario_param_about(scenario, i));
        putchar('\n');
    }
}

static void print_scenario(const leakdiag_scenario *scenario)
{
    printf("%s", paint_on(PAINT_BOLD));
    print_safe(stdout, leakdiag_scenario_name(scenario));
    printf("%s: ", paint_off());
    print_safe(stdout, leakdiag_scenario_title(scenario));
    printf("\n\n");
    if (leakdiag_scenario_summary(scenario)[0]) {
        print_safe(stdout, leakdiag_scenario_summary(scenario));
        printf("\n\n");
    }
    print_params(scenario);
    printf("\n%sChecks%s, in causal order\n", paint_on(PAINT_BOLD), paint_off());
    for (size_t i = 0; i < leakdiag_scenario_check_count(scenario); i++) {
        printf("  %-18s ", leakdiag_scenario_check_id(scenario, i));
        print_safe(stdout, leakdiag_scenario_check_asks(scenario, i));
        putchar('\n');
    }
    printf("\n%sCauses%s\n", paint_on(PAINT_BOLD), paint_off());
    for (size_t i = 0; i < leakdiag_scenario_cause_count(scenario); i++) {
        printf("  %-20s ", leakdiag_scenario_cause_id(scenario, i));
        print_safe(stdout, leakdiag_scenario_cause_title(scenario, i));
        putchar('\n');
    }
}

/* The text as it was written, to begin an own scenario with. */
static int print_source(const char *name)
{
    CLEANUP(text_free) char *owned = NULL;
    const char *text = NULL;
    size_t len = 0;
    int code = load_scenario_text(name, &owned, &text, &len);
    if (!code)
        fwrite(text, 1, len, stdout);
    return code;
}

static int run_show(const cli_args *args)
{
    const char *name = args->operands[0];
    size_t n = args_count(args, "set");
    const char *set[256];
    if (wants(args, "yaml"))
        return print_source(name);
    if (n > sizeof set / sizeof *set)
        return fail(EXIT_USAGE, "--set: given %zu times, at most %zu make sense", n,
                    sizeof set / sizeof *set);
    for (size_t i = 0; i < n; i++)
        set[i] = args_value_at(args, "set", i);
    CLEANUP(scenario_free) leakdiag_scenario *scenario = NULL;
    CLEANUP(text_free) char *json = NULL;
    leakdiag_error err = {0};
    int code = load_scenario_named(name, set, n, &scenario);
    if (code)
        return code;
    if (!wants(args, "json")) {
        print_scenario(scenario);
        return 0;
    }
    if (leakdiag_scenario_to_json(scenario, &json, &err))
        return fail_with(EXIT_TOOL, name, &err, NULL);
    puts(json);
    return 0;
}

static const option show_options[] = {
    {"set", 0, "NAME=VALUE", NULL, HINT_NONE, true, "give a parameter a value"},
    {"output", 'o', "FORMAT", "text|json|yaml", HINT_NONE, false,
     "how to print; yaml is the scenario as it was written"},
    {0},
};

const cli_verb verb_scenario_show = {
    .name = "scenario show",
    .about = "parameters, checks and causes of a scenario",
    .operands = "NAME|FILE",
    .examples = "  leakdiag scenario show otel-demo/checkout\n"
                "  leakdiag scenario show otel-demo/checkout -o yaml > mine.yaml\n",
    .options = show_options,
    .operands_min = 1,
    .operands_max = 1,
    .offers = HINT_SCENARIO,
    .run = run_show,
};

/* --- lint ----------------------------------------------------------------------------------------
 */

static void lint_free(leakdiag_lint **p)
{
    leakdiag_lint_free(*p);
}

static void print_lint(const char *file, const leakdiag_lint *lint, bool json)
{
    for (size_t i = 0; i < leakdiag_lint_len(lint); i++) {
        const char *word = leakdiag_lint_is_error(lint, i) ? "error" : "warning";
        size_t line = leakdiag_lint_line(lint, i), column = leakdiag_lint_column(lint, i);
        if (json) {
            printf("{\"column\": %zu, \"file\": ", column);
            print_json(stdout, file);
            printf(", \"line\": %zu, \"message\": ", line);
            print_json(stdout, leakdiag_lint_message(lint, i));
            printf(", \"severity\": \"%s\"}\n", word);
            continue;
        }
        print_safe(stdout, file);
        printf(":%zu:%zu: %s%s%s: ", line, column,
               paint_on(leakdiag_lint_is_error(lint, i) ? PAINT_BAD : PAINT_WARN), word,
               paint_off());
        print_safe(stdout, leakdiag_lint_message(lint, i));
        putchar('\n');
    }
}

static int lint_one(const cli_args *args, const char *name)
{
    CLEANUP(text_free) char *owned = NULL;
    CLEANUP(lint_free) leakdiag_lint *lint = NULL;
    const char *text = NULL;
    size_t len = 0;
    leakdiag_error err = {0};
    int code = load_scenario_text(name, &owned, &text, &len);
    if (code)
        return code;
    leakdiag_status status = leakdiag_scenario_lint(text, len, &lint, &err);
    if (status)
        return fail_with(exit_for(status), name, &err, NULL);
    print_lint(name, lint, wants(args, "json"));
    for (size_t i = 0; i < leakdiag_lint_len(lint); i++)
        code = leakdiag_lint_is_error(lint, i) ? EXIT_USAGE : code;
    if (leakdiag_lint_len(lint) == 0 && !wants(args, "json")) {
        print_safe(stdout, name);
        printf(": %sno problems%s\n", paint_on(PAINT_GOOD), paint_off());
    }
    return code;
}

static int run_lint(const cli_args *args)
{
    int worst = 0;
    for (size_t i = 0; i < args->operand_count; i++) {
        int code = lint_one(args, args->operands[i]);
        worst = code > worst ? code : worst;
    }
    return worst;
}

static const option lint_options[] = {
    {"output", 'o', "FORMAT", "text|json", HINT_NONE, false,
     "how to print; json is one object for each problem"},
    {0},
};

const cli_verb verb_scenario_lint = {
    .name = "scenario lint",
    .about = "all faults of a scenario, with their places",
    .operands = "FILE...",
    .examples = "  leakdiag scenario lint mine.yaml\n",
    .notes = "Exit status 2 when there is an error, 0 when there are only warnings.\n",
    .options = lint_options,
    .operands_min = 1,
    .operands_max = (size_t)-1,
    .offers = HINT_SCENARIO,
    .run = run_lint,
};

/* --- test ----------------------------------------------------------------------------------------
 */

static void results_free(leakdiag_test_results **p)
{
    leakdiag_test_results_free(*p);
}

static int test_one(const char *name, size_t *passed, size_t *failed)
{
    CLEANUP(scenario_free) leakdiag_scenario *scenario = NULL;
    CLEANUP(results_free) leakdiag_test_results *results = NULL;
    leakdiag_error err = {0};
    int code = load_scenario_named(name, NULL, 0, &scenario);
    if (code)
        return code;
    leakdiag_status status = leakdiag_scenario_test(scenario, &results, &err);
    if (status)
        return fail_with(exit_for(status), name, &err, NULL);
    for (size_t i = 0; i < leakdiag_test_count(results); i++) {
        bool ok = leakdiag_test_passed(results, i);
        *(ok ? passed : failed) += 1;
        printf("%s%s%s ", paint_on(ok ? PAINT_GOOD : PAINT_BAD), ok ? "ok    " : "FAILED",
               paint_off());
        print_safe(stdout, leakdiag_test_name(results, i));
        if (!ok) {
            printf(": ");
            print_safe(stdout, leakdiag_test_message(results, i));
        }
        putchar('\n');
    }
    return 0;
}

static int run_test(const cli_args *args)
{
    size_t passed = 0, failed = 0;
    int worst = 0;
    for (size_t i = 0; i < args->operand_count; i++) {
        int code = test_one(args->operands[i], &passed, &failed);
        worst = code > worst ? code : worst;
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    if (worst)
        return worst;
    return failed ? 3 : passed ? 0 : 5;
}

const cli_verb verb_scenario_test = {
    .name = "scenario test",
    .about = "run the tests that are written into a scenario",
    .operands = "NAME|FILE...",
    .examples = "  leakdiag scenario test mine.yaml\n",
    .notes = "Exit status 0 when all passed, 3 when one failed, 5 when there is no test.\n",
    .operands_min = 1,
    .operands_max = (size_t)-1,
    .offers = HINT_SCENARIO,
    .run = run_test,
};
