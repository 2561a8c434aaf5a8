/* leakdiag: why is the memory of this service (not) growing? A thin layer over libleakdiag. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "complete.h"
#include "verbs.h"

const cli_verb *const all_verbs[] = {
    &verb_quick,
    &verb_diagnose,
    &verb_capture,
    &verb_replay,
    &verb_check,
    &verb_explain,
    &verb_flag_get,
    &verb_top,
    &verb_logs_count,
    &verb_load_status,
    &verb_timeline_analyze,
    &verb_timeline_compare,
    &verb_scenario_list,
    &verb_scenario_show,
    &verb_scenario_lint,
    &verb_scenario_test,
    &verb_doctor,
    &verb_rbac,
    &verb_completion,
    &verb_version,
    &verb_help,
    NULL,
};

/* Length of the first word of a verb's name. */
static size_t group_len(const cli_verb *verb)
{
    return strcspn(verb->name, " ");
}

bool is_group(const char *word)
{
    for (const cli_verb *const *v = all_verbs; *v; v++) {
        size_t len = group_len(*v);
        if ((*v)->name[len] && strlen(word) == len && strncmp((*v)->name, word, len) == 0)
            return true;
    }
    return false;
}

const cli_verb *find_verb(int argc, const char *const *argv, int *ret_words)
{
    for (const cli_verb *const *v = all_verbs; argc > 0 && *v; v++) {
        size_t len = group_len(*v);
        if (strlen(argv[0]) != len || strncmp((*v)->name, argv[0], len) != 0)
            continue;
        bool two = (*v)->name[len] == ' ';
        if (two && (argc < 2 || strcmp((*v)->name + len + 1, argv[1]) != 0))
            continue;
        *ret_words = two ? 2 : 1;
        return *v;
    }
    return NULL;
}

/* The second words of a group, or the first words of all verbs. */
static size_t candidate_words(const char *group, char words[][32], const char *pointers[], size_t n)
{
    size_t count = 0;
    for (const cli_verb *const *v = all_verbs; *v && count < n; v++) {
        size_t len = group_len(*v);
        bool member = group && strlen(group) == len && strncmp((*v)->name, group, len) == 0;
        if (group && !member)
            continue;
        const char *from = group ? (*v)->name + len + 1 : (*v)->name;
        snprintf(words[count], 32, "%.*s", group ? 31 : (int)len, from);
        pointers[count] = words[count];
        count++;
    }
    return count;
}

int unknown_verb(int argc, const char *const *argv)
{
    char words[32][32];
    const char *pointers[32];
    const char *group = is_group(argv[0]) ? argv[0] : NULL;
    const char *word = group ? (argc > 1 ? argv[1] : NULL) : argv[0];
    size_t n = candidate_words(group, words, pointers, 32);
    if (!word || word[0] == '-') {
        char list[256] = "";
        for (size_t i = 0; i < n; i++)
            snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "",
                     pointers[i]);
        return fail(EXIT_USAGE, "%s: needs one of %s; leakdiag help %s shows examples", group, list,
                    group);
    }
    const char *near = nearest_word(word, pointers, n);
    if (near)
        return fail(EXIT_USAGE, "%s%s%s: no such verb; did you mean %s%s%s?", group ? group : "",
                    group ? " " : "", word, group ? group : "", group ? " " : "", near);
    return fail(EXIT_USAGE, "%s%s%s: no such verb; leakdiag help lists them", group ? group : "",
                group ? " " : "", word);
}

static int run_verb(const cli_verb *verb, int argc, char **argv)
{
    cli_args args;
    int status = args_parse(verb, argc, argv, &args);
    if (!status) {
        term_setup(args_value(&args, "color"));
        if (args_has(&args, "help"))
            print_verb_help(stdout, verb);
        else
            status = verb->run(&args);
        status = finish_output(status);
    }
    args_done(&args);
    return status;
}

/* A closed standard stream would be taken by the next file that is opened. */
static void open_standard_streams(void)
{
    FILE *const streams[] = {stdin, stdout, stderr};
    for (int fd = 0; fd < 3; fd++) {
        if (isatty(fd) || errno != EBADF)
            continue;
        if (!freopen("/dev/null", fd == 0 ? "r" : "w", streams[fd]))
            _exit(EXIT_TOOL);
    }
}

static bool is_word(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* C does not turn char ** into const char *const * by itself. */
static const char *const *words_of(char **argv)
{
    return (const char *const *)argv;
}

static int run(int argc, char **argv)
{
    int words = 0;
    errno = 0;
    open_standard_streams();
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is seen when writing */
    term_setup(NULL);
    name_setup(argv[0]);
    if (name_is_completer())
        return finish_output(complete_words(argc - 1, words_of(argv + 1)));
    if (argc < 2 || is_word(argv[1], "--help", "-h")) {
        print_overview(stdout);
        return finish_output(0);
    }
    argv++;
    argc--;
    if (is_word(argv[0], "--version", "-V"))
        return run_verb(&verb_version, 0, argv);
    const cli_verb *verb = find_verb(argc, words_of(argv), &words);
    if (verb)
        return run_verb(verb, argc - words, argv + words);
    if (is_group(argv[0]) && argc > 1 && is_word(argv[1], "--help", "-h")) {
        print_group(stdout, argv[0]);
        return finish_output(0);
    }
    if (argv[0][0] == '-')
        return fail(EXIT_USAGE, "%s: options come after the verb; leakdiag help lists the verbs",
                    argv[0]);
    return unknown_verb(argc, words_of(argv));
}

/* What libraries do at exit only gives memory back, and OpenSSL takes its time. */
int main(int argc, char **argv)
{
    int status = run(argc, argv);
#ifdef NEEDS_EXIT_HANDLERS
    return status;
#else
    fflush(stdout);
    _exit(status);
#endif
}
