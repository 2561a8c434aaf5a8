/* The help, made from the tables: examples first. */
#include <string.h>

#include "cli.h"
#include "verbs.h"

#define INDENT 30

void print_overview(FILE *file)
{
    print_command(file,
                  "leakdiag says why the memory of a service is (not) growing, and proves it.\n\n"
                  "  leakdiag quick                      the runbook's five answers, now\n"
                  "  leakdiag diagnose deploy/cart       is this leaking? (or --pid 4711)\n"
                  "  leakdiag replay run.json            judge a recorded run again\n\n");
    fprintf(file, "%sVerbs%s\n", paint_on(PAINT_BOLD), paint_off());
    for (const cli_verb *const *v = all_verbs; *v; v++)
        fprintf(file, "  %-18s %s\n", (*v)->name, (*v)->about);
    print_command(
        file, "\nleakdiag help VERB shows examples and options. Exit status: 0 as expected,\n"
              "4 warning, 3 not as expected, 5 inconclusive, 1 failed, 2 bad usage or input.\n");
}

void print_group(FILE *file, const char *word)
{
    size_t len = strlen(word);
    for (const cli_verb *const *v = all_verbs; *v; v++) {
        if (strncmp((*v)->name, word, len) != 0 || (*v)->name[len] != ' ')
            continue;
        fprintf(file, "%s%s%s: %s\n", paint_on(PAINT_BOLD), (*v)->name, paint_off(), (*v)->about);
        print_command(file, (*v)->examples);
        fputc('\n', file);
    }
    print_command(file, "leakdiag help ");
    fprintf(file, "%s VERB shows the options.\n", word);
}

static void print_option(FILE *file, const option *o)
{
    char left[96] = "      ";
    if (o->letter)
        snprintf(left, sizeof left, "  -%c, ", o->letter);
    const char *value = o->choices ? o->choices : o->value;
    snprintf(left + strlen(left), sizeof left - strlen(left), "--%s%s%s", o->name, value ? " " : "",
             value ? value : "");
    if (strlen(left) < INDENT)
        fprintf(file, "%-*s%s\n", INDENT, left, o->about);
    else
        fprintf(file, "%s\n%*s%s\n", left, INDENT, "", o->about);
}

static void print_options(FILE *file, const option *table)
{
    for (const option *o = table; o && o->name; o++)
        print_option(file, o);
}

void print_verb_help(FILE *file, const cli_verb *verb)
{
    fputs(paint_on(PAINT_BOLD), file);
    print_command(file, "leakdiag ");
    fprintf(file, "%s%s: %s\n\n%sExamples%s\n", verb->name, paint_off(), verb->about,
            paint_on(PAINT_BOLD), paint_off());
    print_command(file, verb->examples);
    fputc('\n', file);
    fprintf(file, "%sUsage%s\n  ", paint_on(PAINT_BOLD), paint_off());
    print_command(file, "leakdiag ");
    fprintf(file, "%s [OPTIONS]%s%s\n\n%sOptions%s\n", verb->name, verb->operands[0] ? " " : "",
            verb->operands, paint_on(PAINT_BOLD), paint_off());
    print_options(file, verb->options);
    print_options(file, common_options);
    for (const option_group *const *g = verb->more; g && *g; g++) {
        fprintf(file, "\n%s%s%s\n", paint_on(PAINT_BOLD), (*g)->title, paint_off());
        print_options(file, (*g)->options);
    }
    if (verb->notes)
        fputc('\n', file);
    print_command(file, verb->notes ? verb->notes : "");
}

/* --- the verb help -----------------------------------------------------------------------------
 */

static int run_help(const cli_args *args)
{
    int words = 0, argc = (int)args->operand_count;
    if (argc == 0) {
        print_overview(stdout);
        return 0;
    }
    const char *const *argv = args->operands;
    const cli_verb *verb = find_verb(argc, argv, &words);
    if (verb && words == argc)
        print_verb_help(stdout, verb);
    else if (argc == 1 && is_group(argv[0]))
        print_group(stdout, argv[0]);
    else
        return unknown_verb(argc, argv);
    return 0;
}

const cli_verb verb_help = {
    .name = "help",
    .about = "show examples and options of a verb",
    .operands = "[VERB]",
    .examples = "  leakdiag help              # all verbs\n"
                "  leakdiag help logs count   # one of them\n",
    .operands_max = 2,
    .offers = HINT_VERB,
    .run = run_help,
};
