#include "again.h"

#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "verbs.h"

/* A word as a shell reads it back. */
static void add_quoted(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./:=,@%+";
    if (*word && word[strspn(word, plain)] == '\0') {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    }
    fputc('\'', out);
}

static const option *option_of(const cli_verb *verb, const char *name)
{
    const option *o;
    for (size_t i = 0; (o = verb_option(verb, i)) != NULL; i++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

static void add_option(FILE *out, const cli_args *args, const cli_verb *to, const char *name)
{
    const option *o = to ? option_of(to, name) : NULL;
    const char *value = args_value(args, name);
    if (!value || (to && !o))
        return;
    if (o && o->letter)
        fprintf(out, " -%c ", o->letter);
    else
        fprintf(out, " --%s ", name);
    add_quoted(out, value);
}

static void add_options(FILE *out, const cli_args *args, const cli_verb *to,
                        const char *const *names)
{
    for (; *names; names++)
        add_option(out, args, to, *names);
}

static const char *const cluster_names[] = {"kubeconfig", "context", "as", NULL};
static const char *const place_names[] = {"pid",       "cgroup",   "csv",      "namespace",
                                          "container", "selector", "scenario", NULL};

static void add_place(FILE *out, const cli_args *args, const cli_verb *to)
{
    const char *workload = workload_operand(args);
    if (workload && strstr(to->operands, "deploy/NAME")) {
        fputc(' ', out);
        add_quoted(out, workload);
    }
    add_options(out, args, to, cluster_names);
    add_options(out, args, to, place_names);
}

char *same_place(const cli_args *args, const char *to)
{
    char *text = NULL;
    size_t len;
    int words;
    const cli_verb *verb = find_verb(1, &to, &words);
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    if (verb)
        add_place(out, args, verb);
    fclose(out);
    return text;
}

char *same_cluster(const cli_args *args)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    add_options(out, args, args->verb, cluster_names);
    if (args_has(args, "namespace"))
        add_option(out, args, args->verb, "namespace");
    else
        fputs(" -n NAMESPACE", out);
    fclose(out);
    return text;
}

/* kubectl takes the same options for its cluster; what it is asked for names its own namespace. */
static void print_cluster_options(const cli_args *args)
{
    add_options(stdout, args, NULL, cluster_names);
}

/* Where the last line that begins with these words does. */
static const char *last_line_with(const char *text, const char *words)
{
    const char *found = NULL;
    for (const char *at = strstr(text, words); at; at = strstr(at + 1, words))
        if (at == text || at[-1] == '\n' || at[-1] == 'm') /* 'm' ends a colour */
            found = at;
    return found;
}

static void print_own(const cli_args *args, const char *verb, size_t len)
{
    char name[32];
    snprintf(name, sizeof name, "%.*s", len < sizeof name ? (int)len : 0, verb);
    CLEANUP(place_free) char *place = same_place(args, name);
    printf("%.*s%s", (int)len, verb, place ? place : "");
}

void print_with_place(const cli_args *args, const char *report)
{
    static const char own[] = "leakdiag ", kubectl[] = "kubectl ";
    const char *next = last_line_with(report, "next:");
    const char *command = next ? next + strcspn(next, "lk") : report; /* behind blanks and colour */
    if (strncmp(command, own, sizeof own - 1) == 0) {
        command += sizeof own - 1;
        size_t len = strspn(command, "abcdefghijklmnopqrstuvwxyz");
        printf("%.*s", (int)(command - report), report);
        print_own(args, command, len);
        fputs(command + len, stdout);
    } else if (strncmp(command, kubectl, sizeof kubectl - 1) == 0) {
        command += sizeof kubectl - 2;
        printf("%.*s", (int)(command - report), report);
        print_cluster_options(args);
        fputs(command, stdout);
    } else {
        fputs(report, stdout);
    }
}
