/* Completions for three shells, made from the tables of verbs and options. */
#include <string.h>

#include "cli.h"
#include "verbs.h"

/* Text inside single quotes; bash and zsh leave and enter the quotes, fish escapes. */
static void print_quoted(const char *text, bool fish)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs(fish ? "\\'" : "'\\''", stdout);
        else if (*text == '\\' && fish)
            fputs("\\\\", stdout);
        else
            putchar(*text);
    }
}

static void print_choices(const char *choices)
{
    for (; *choices; choices++)
        putchar(*choices == '|' ? ' ' : *choices);
}

/* The first words of all verbs, each once. */
static void print_first_words(void)
{
    const char *before = "";
    for (const cli_verb *const *v = all_verbs; *v; v++) {
        size_t len = strcspn((*v)->name, " ");
        if (strncmp(before, (*v)->name, len) != 0 || before[len] != ' ')
            printf("%.*s ", (int)len, (*v)->name);
        before = (*v)->name;
    }
}

static void print_builtin_scenarios(void)
{
    const char *name;
    for (size_t i = 0; (name = leakdiag_scenario_builtin_name(i)); i++)
        printf("%s ", name);
}

/* --- bash --------------------------------------------------------------------------------------
 */

static void bash_options(const cli_verb *verb)
{
    const option *o;
    printf("    '%s') options='", verb->name);
    for (size_t i = 0; (o = verb_option(verb, i)); i++) {
        printf("--%s ", o->name);
        if (o->letter)
            printf("-%c ", o->letter);
    }
    printf("' words='");
    if (verb->choices)
        print_choices(verb->choices);
    if (verb->offers == HINT_VERB)
        print_first_words();
    if (verb->offers == HINT_SCENARIO)
        print_builtin_scenarios();
    printf("' ;;\n");
}

/* What stands after an option that takes a value; the same name means the same in all verbs but for
 * the choices of --output. */
static void bash_values(const cli_verb *verb)
{
    const option *o;
    for (size_t i = 0; (o = verb_option(verb, i)); i++) {
        if (!o->value)
            continue;
        printf("    '%s --%s'", verb->name, o->name);
        if (o->letter)
            printf(" | '%s -%c'", verb->name, o->letter);
        printf(") words='");
        if (o->choices)
            print_choices(o->choices);
        else if (o->offers == HINT_SCENARIO)
            print_builtin_scenarios();
        printf("' ; value=1 ;;\n");
    }
}

static void print_bash(void)
{
    printf("# bash completion of leakdiag, made by: leakdiag completion bash\n"
           "_leakdiag() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local verb=${COMP_WORDS[1]} options='' words='' value='' files\n"
           "    COMPREPLY=()\n"
           "    if ((COMP_CWORD == 1)); then\n"
           "        COMPREPLY=($(compgen -W '");
    print_first_words();
    printf("' -- \"$current\"))\n        return\n    fi\n    case $verb in\n");
    for (const cli_verb *const *v = all_verbs; *v; v++) {
        size_t len = strcspn((*v)->name, " ");
        if (!(*v)->name[len] || (v != all_verbs && strncmp(v[-1]->name, (*v)->name, len + 1) == 0))
            continue;
        printf("    %.*s)\n        if ((COMP_CWORD == 2)); then\n"
               "            COMPREPLY=($(compgen -W '",
               (int)len, (*v)->name);
        for (const cli_verb *const *w = v; *w && strncmp((*w)->name, (*v)->name, len + 1) == 0; w++)
            printf("%s ", (*w)->name + len + 1);
        printf("' -- \"$current\"))\n            return\n        fi\n"
               "        verb+=\" ${COMP_WORDS[2]}\"\n        ;;\n");
    }
    printf("    esac\n    case \"$verb $previous\" in\n");
    for (const cli_verb *const *v = all_verbs; *v; v++)
        bash_values(*v);
    printf("    esac\n    [ -n \"$value\" ] || case $verb in\n");
    for (const cli_verb *const *v = all_verbs; *v; v++)
        bash_options(*v);
    printf("    esac\n"
           "    if [[ $current == -* && -z $value ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
           "        return\n"
           "    fi\n"
           "    [ -z \"$words\" ] || COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
           "    mapfile -t files < <(compgen -f -- \"$current\")\n"
           "    COMPREPLY+=(\"${files[@]}\")\n"
           "}\n"
           "complete -o filenames -F _leakdiag leakdiag kubectl-leakdiag\n");
}

/* --- zsh ---------------------------------------------------------------------------------------
 */

/* "[text]" of an _arguments specification: brackets and colons are its own signs. */
static void zsh_about(const char *about)
{
    for (; *about; about++) {
        if (strchr("[]:\\", *about))
            putchar('\\');
        char one[] = {*about, '\0'};
        print_quoted(one, false);
    }
}

static void zsh_value(const option *o)
{
    if (!o->value)
        return;
    printf(":%s:", o->value);
    if (o->choices) {
        putchar('(');
        print_choices(o->choices);
        putchar(')');
    } else if (o->offers == HINT_SCENARIO) {
        printf("{_alternative \"n\\:name\\:(");
        print_builtin_scenarios();
        printf(")\" \"f\\:file\\:_files\"}");
    } else if (o->offers != HINT_NONE) {
        printf("_files");
    }
}

static void zsh_verb(const cli_verb *verb)
{
    const option *o;
    printf("    ('%s') _arguments \\\n", verb->name);
    for (size_t i = 0; (o = verb_option(verb, i)); i++) {
        for (int letter = 0; letter < (o->letter ? 2 : 1); letter++) {
            printf("        '%s", o->many ? "*" : "");
            if (letter)
                printf("-%c", o->letter);
            else
                printf("--%s%s", o->name, o->value ? "=" : "");
            putchar('[');
            zsh_about(o->about);
            putchar(']');
            zsh_value(o);
            printf("' \\\n");
        }
    }
    printf("        '*:%s:", verb->operands[0] ? "argument" : "nothing");
    if (verb->choices || verb->offers == HINT_VERB) {
        putchar('(');
        if (verb->choices)
            print_choices(verb->choices);
        else
            print_first_words();
        putchar(')');
    } else if (verb->offers != HINT_NONE) {
        printf("_files");
    }
    printf("' ;;\n");
}

static void print_zsh(void)
{
    printf("#compdef leakdiag\n# zsh completion of leakdiag, made by: leakdiag completion zsh\n"
           "_leakdiag() {\n    local verb=${words[2]}\n"
           "    if ((CURRENT == 2)); then\n        compadd -- ");
    print_first_words();
    printf("\n        return\n    fi\n    case $verb in\n");
    for (const cli_verb *const *v = all_verbs; *v; v++) {
        size_t len = strcspn((*v)->name, " ");
        if (!(*v)->name[len] || (v != all_verbs && strncmp(v[-1]->name, (*v)->name, len + 1) == 0))
            continue;
        printf("    (%.*s)\n        if ((CURRENT == 3)); then\n            compadd -- ", (int)len,
               (*v)->name);
        for (const cli_verb *const *w = v; *w && strncmp((*w)->name, (*v)->name, len + 1) == 0; w++)
            printf("%s ", (*w)->name + len + 1);
        printf("\n            return\n        fi\n        verb+=\" ${words[3]}\"\n"
               "        shift words\n        ((CURRENT--))\n        ;;\n");
    }
    printf("    esac\n    shift words\n    ((CURRENT--))\n    case $verb in\n");
    for (const cli_verb *const *v = all_verbs; *v; v++)
        zsh_verb(*v);
    printf("    esac\n}\n"
           "if [ \"$funcstack[1]\" = _leakdiag ]; then _leakdiag \"$@\"; "
           "else compdef _leakdiag leakdiag; fi\n");
}

/* --- fish --------------------------------------------------------------------------------------
 */

static void fish_condition(const cli_verb *verb)
{
    size_t len = strcspn(verb->name, " ");
    printf("-n '__fish_seen_subcommand_from %.*s", (int)len, verb->name);
    if (verb->name[len])
        printf("; and __fish_seen_subcommand_from %s", verb->name + len + 1);
    printf("'");
}

static void fish_verb(const cli_verb *verb)
{
    const option *o;
    for (size_t i = 0; (o = verb_option(verb, i)); i++) {
        printf("complete -c leakdiag ");
        fish_condition(verb);
        printf(" -l %s", o->name);
        if (o->letter)
            printf(" -s %c", o->letter);
        if (o->value)
            printf(" -r");
        if (o->choices || o->offers == HINT_SCENARIO) {
            printf(" -f -a '");
            if (o->choices)
                print_choices(o->choices);
            else
                print_builtin_scenarios();
            putchar('\'');
        }
        printf(" -d '");
        print_quoted(o->about, true);
        printf("'\n");
    }
    if (!verb->choices && verb->offers != HINT_VERB)
        return;
    printf("complete -c leakdiag ");
    fish_condition(verb);
    printf(" -f -a '");
    if (verb->choices)
        print_choices(verb->choices);
    else
        print_first_words();
    printf("'\n");
}

static void print_fish(void)
{
    printf("# fish completion of leakdiag, made by: leakdiag completion fish\n");
    for (const cli_verb *const *v = all_verbs; *v; v++) {
        size_t len = strcspn((*v)->name, " ");
        const char *second = (*v)->name[len] ? (*v)->name + len + 1 : NULL;
        if (second)
            printf("complete -c leakdiag -n '__fish_seen_subcommand_from %.*s' -f -a %s -d '",
                   (int)len, (*v)->name, second);
        else
            printf("complete -c leakdiag -n __fish_use_subcommand -f -a %s -d '", (*v)->name);
        print_quoted((*v)->about, true);
        printf("'\n");
        if (second && (v == all_verbs || strncmp(v[-1]->name, (*v)->name, len + 1) != 0))
            printf("complete -c leakdiag -n __fish_use_subcommand -f -a %.*s\n", (int)len,
                   (*v)->name);
    }
    for (const cli_verb *const *v = all_verbs; *v; v++)
        fish_verb(*v);
}

static int run_completion(const cli_args *args)
{
    const char *shell = args->operands[0];
    if (strcmp(shell, "bash") == 0)
        print_bash();
    else if (strcmp(shell, "zsh") == 0)
        print_zsh();
    else
        print_fish();
    return 0;
}

const cli_verb verb_completion = {
    .name = "completion",
    .about = "completions for a shell",
    .operands = "bash|zsh|fish",
    .examples = "  source <(leakdiag completion bash)   # for this shell\n"
                "  leakdiag completion fish > ~/.config/fish/completions/leakdiag.fish\n",
    .operands_min = 1,
    .operands_max = 1,
    .choices = "bash|zsh|fish",
    .run = run_completion,
};

/* --- version -----------------------------------------------------------------------------------
 */

static int run_version(const cli_args *args)
{
    (void)args;
    printf("leakdiag %s\n", LEAKDIAG_VERSION);
    if (strcmp(LEAKDIAG_VERSION, leakdiag_version()) != 0)
        printf("libleakdiag %s\n", leakdiag_version());
    return 0;
}

const cli_verb verb_version = {
    .name = "version",
    .about = "version of the command and of the library",
    .operands = "",
    .examples = "  leakdiag version\n",
    .run = run_version,
};
