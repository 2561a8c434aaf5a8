/* quick, diagnose, capture, check: look now, and judge. */
#include <string.h>

#include "cluster.h"
#include "look.h"
#include "verbs.h"

#define RUNBOOK   "otel-demo/checkout"
#define ANY       "any-workload"
#define EXIT_FAIL 3
#define EXIT_WARN 4
#define EXIT_OPEN 5

static void looked(cli_look *look)
{
    look_done(look);
}

static int judge_now(const cli_args *args, const char *scenario, leakdiag_format format)
{
    CLEANUP(looked) cli_look look = {0};
    const char *save = args_value(args, "save");
    if (save && strcmp(save, "-") == 0)
        return fail(EXIT_USAGE,
                    "--save (-): the report is on standard output already; name a file");
    int code = check_save(args, save);
    if (!code)
        code = look_now(args, scenario, &look);
    if (code)
        return code;
    code = print_report(args, look.diagnosis, format);
    if (!code && save)
        code = save_capture(args, save, look.observation);
    if (code)
        return code;
    code = verdict_status(args, look.diagnosis);
    return interrupted() ? interrupted() : code;
}

#define SAVE_OPTIONS                                                                               \
    {"save", 0, "FILE", NULL, HINT_FILE, false, "write the capture: replay judges it again"},      \
    {                                                                                              \
        "force", 0, NULL, NULL, HINT_NONE, false, "write over an existing file"                    \
    }
#define OUTPUT_OPTIONS                                                                             \
    {"output", 'o', "FORMAT", "text|json|junit", HINT_NONE, false, "how to print"},                \
    {                                                                                              \
        "verbose", 'v', NULL, NULL, HINT_NONE, false,                                              \
            "in text: sources, the same by hand, checks without a source"                          \
    }

static const option judge_options[] = {OUTPUT_OPTIONS, SAVE_OPTIONS, {0}};

#define VERDICTS                                                                                   \
    "Exit status: 0 as expected, 4 warning, 3 not as expected, 5 inconclusive, 1 nothing\n"        \
    "answered, 130 interrupted (the report so far is printed).\n"

/* --- quick ---------------------------------------------------------------------------------------
 */

static int run_quick(const cli_args *args)
{
    return judge_now(args, RUNBOOK, LEAKDIAG_FORMAT_QUICK);
}

const cli_verb verb_quick = {
    .name = "quick",
    .about = "the runbook's five answers, each beside what is expected",
    .operands = "",
    .examples = "  leakdiag quick\n"
                "  leakdiag quick --pid $(pidof checkout) --set log_file=checkout.log\n"
                "  leakdiag quick --set ofrep_url=http://flagd:8016 -o json\n",
    .notes = "Flag value, memory, last flag lines, orders, limit: one that cannot be had never\n"
             "hides the others. One look, unless --for or --until says otherwise. The scenario\n"
             "is " RUNBOOK " when none is given.\n" VERDICTS,
    .options = judge_options,
    .more = look_groups,
    .run = run_quick,
};

/* --- diagnose ------------------------------------------------------------------------------------
 */

static bool names_a_workload(const cli_args *args)
{
    return args_has(args, "pid") || args_has(args, "cgroup") || args_has(args, "csv") ||
           args_has(args, "selector") || workload_operand(args);
}

static int run_diagnose(const cli_args *args)
{
    int code = check_workload(args);
    return code ? code
                : judge_now(args, names_a_workload(args) ? ANY : RUNBOOK, LEAKDIAG_FORMAT_TEXT);
}

const cli_verb verb_diagnose = {
    .name = "diagnose",
    .about = "all checks, the likely causes, what to do next",
    .operands = "[deploy/NAME|pod/NAME]",
    .examples = "  leakdiag diagnose\n"
                "  leakdiag diagnose deploy/cart -n shop --until decided\n"
                "  leakdiag diagnose --pid 4711 --until decided\n"
                "  leakdiag diagnose --scenario mine.yaml --for 20m --save run.json\n",
    .notes = "The scenario is " ANY
             " when a workload, process, cgroup or CSV is named, else\n" RUNBOOK ".\n" VERDICTS,
    .options = judge_options,
    .more = look_groups,
    .operands_max = 1,
    .run = run_diagnose,
};

/* --- capture -------------------------------------------------------------------------------------
 */

static int run_capture(const cli_args *args)
{
    CLEANUP(looked) cli_look look = {0};
    const char *path = args->operands[0];
    int code = check_save(args, path);
    if (!code)
        code = look_now(args, names_a_workload(args) ? ANY : RUNBOOK, &look);
    if (!code)
        code = save_capture(args, path, look.observation);
    if (code || interrupted())
        return code ? code : interrupted();
    code = verdict_status(args, look.diagnosis);
    return code == EXIT_TOOL ? code : 0;
}

static const option capture_options[] = {
    {"force", 0, NULL, NULL, HINT_NONE, false, "write over an existing file"},
    {0},
};

const cli_verb verb_capture = {
    .name = "capture",
    .about = "look, and write what was seen to a file",
    .operands = "FILE|-",
    .examples =
        "  leakdiag capture --for 20m run.json      # judge it later: leakdiag replay run.json\n"
        "  leakdiag capture --pid 4711 - | jq .\n",
    .notes = "FILE \"-\" is standard output. The file is readable by its owner only, and holds no\n"
             "secrets. Exit status 0 when something was captured, 1 when nothing answered.\n",
    .options = capture_options,
    .more = look_groups,
    .operands_min = 1,
    .operands_max = 1,
    .offers = HINT_FILE,
    .run = run_capture,
};

/* --- check ---------------------------------------------------------------------------------------
 */

/* Worst first: broken, then not known, then a warning. */
static int outcome_status(leakdiag_outcome outcome)
{
    switch (outcome) {
    case LEAKDIAG_OUTCOME_PASS:
        return 0;
    case LEAKDIAG_OUTCOME_WARN:
        return EXIT_WARN;
    case LEAKDIAG_OUTCOME_FAIL:
        return EXIT_FAIL;
    default:
        return EXIT_OPEN;
    }
}

static int worse(int a, int b)
{
    static const int order[] = {EXIT_FAIL, EXIT_OPEN, EXIT_WARN};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (a == order[i] || b == order[i])
            return order[i];
    }
    return 0;
}

static void print_check_json(const leakdiag_diagnosis *d, size_t i)
{
    const struct {
        const char *name, *value;
    } fields[] = {
        {"asks", leakdiag_check_asks(d, i)},
        {"blocked_by", leakdiag_check_blocked_by(d, i)},
        {"expected", leakdiag_check_expected(d, i)},
        {"finding", leakdiag_check_finding(d, i)},
        {"id", leakdiag_check_id(d, i)},
        {"observed", leakdiag_check_observed(d, i)},
        {"outcome", leakdiag_outcome_name(leakdiag_check_outcome(d, i))},
        {"reason", leakdiag_check_reason(d, i)},
    };
    for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
        printf("%s\"%s\": ", k ? ", " : "{", fields[k].name);
        print_json(stdout, fields[k].value);
    }
    putchar('}');
}

static void print_check(const leakdiag_diagnosis *d, size_t i)
{
    static const paint paints[] = {PAINT_GOOD, PAINT_WARN, PAINT_BAD, PAINT_WARN, PAINT_DIM};
    leakdiag_outcome outcome = leakdiag_check_outcome(d, i);
    const char *finding = leakdiag_check_finding(d, i), *observed = leakdiag_check_observed(d, i);
    printf("%s%-7s%s %s: %s", paint_on(paints[outcome]), leakdiag_outcome_name(outcome),
           paint_off(), leakdiag_check_id(d, i), finding ? finding : "nothing found");
    if (observed[0]) {
        printf(", ");
        print_safe(stdout, observed);
    }
    if (leakdiag_check_expected(d, i)[0]) {
        printf(" (expected ");
        print_safe(stdout, leakdiag_check_expected(d, i));
        putchar(')');
    }
    const char *by = leakdiag_check_blocked_by(d, i);
    if (by)
        printf(" %s by %s", sign_dash(), by);
    if (leakdiag_check_reason(d, i)[0]) {
        if (by)
            printf("; ");
        else
            printf(" %s ", sign_dash());
        print_safe(stdout, leakdiag_check_reason(d, i));
    }
    putchar('\n');
}

/* Before looking, so that a mistyped id costs no waiting. */
static int check_ids(const cli_args *args, const leakdiag_scenario *scenario)
{
    const char *ids[256];
    size_t n = 0;
    for (; n < 256 && leakdiag_scenario_check_id(scenario, n); n++)
        ids[n] = leakdiag_scenario_check_id(scenario, n);
    for (size_t k = 0; k < args->operand_count; k++) {
        const char *id = args->operands[k];
        size_t i = 0;
        while (i < n && strcmp(ids[i], id) != 0)
            i++;
        if (i < n)
            continue;
        const char *near = nearest_word(id, ids, n);
        if (near)
            return fail(EXIT_USAGE, "check (%s): no such check in %s; did you mean %s?", id,
                        leakdiag_scenario_name(scenario), near);
        return fail(EXIT_USAGE,
                    "check (%s): no such check in %s; leakdiag scenario show lists them", id,
                    leakdiag_scenario_name(scenario));
    }
    return 0;
}

static int print_checks(const cli_args *args, const leakdiag_diagnosis *diagnosis)
{
    int worst = 0;
    bool json = wants(args, "json");
    if (json)
        printf("{\"checks\": [");
    for (size_t k = 0; k < args->operand_count; k++) {
        size_t i = leakdiag_diagnosis_find_check(diagnosis, args->operands[k]);
        worst = worse(worst, outcome_status(leakdiag_check_outcome(diagnosis, i)));
        if (json) {
            printf("%s", k ? ", " : "");
            print_check_json(diagnosis, i);
        } else {
            print_check(diagnosis, i);
        }
    }
    if (json)
        printf("], \"schema\": \"leakdiag.checks/1\"}\n");
    return worst;
}

static int run_check(const cli_args *args)
{
    CLEANUP(looked) cli_look look = {0};
    CLEANUP(scenario_free) leakdiag_scenario *scenario = NULL;
    const char *fallback = names_a_workload(args) ? ANY : RUNBOOK;
    int code = load_scenario(args, fallback, NULL, &scenario);
    if (!code)
        code = check_ids(args, scenario);
    if (!code)
        code = look_now(args, fallback, &look);
    if (code)
        return code;
    int worst = print_checks(args, look.diagnosis);
    if (interrupted())
        return interrupted();
    return verdict_status(args, look.diagnosis) == EXIT_TOOL ? EXIT_TOOL : worst;
}

static const option check_options[] = {
    {"output", 'o', "FORMAT", "text|json", HINT_NONE, false, "how to print"},
    {0},
};

const cli_verb verb_check = {
    .name = "check",
    .about = "just these checks; the exit status is the worst of them",
    .operands = "ID...",
    .examples = "  leakdiag check flag.value limit\n"
                "  leakdiag check memory --pid 4711 --for 2m || echo look at it\n",
    .notes = "leakdiag scenario show lists the ids. Exit status: 0 all pass, 4 a warning, 3 one "
             "fails,\n5 one could not be judged, 1 nothing answered.\n",
    .options = check_options,
    .more = look_groups,
    .operands_min = 1,
    .operands_max = 64,
    .run = run_check,
};
