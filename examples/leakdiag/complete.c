#include "complete.h"

#include <string.h>

#include "cli.h"
#include "verbs.h"

enum { FILES = 0, NO_FILES = 4 }; /* kubectl's own numbers */

static void offer_n(const char *begun, const char *word, size_t len, const char *about)
{
    if (strncmp(word, begun, strlen(begun)) != 0 || strlen(begun) > len)
        return;
    printf("%.*s%s%s\n", (int)len, word, about ? "\t" : "", about ? about : "");
}

static void offer(const char *begun, const char *word, const char *about)
{
    offer_n(begun, word, strlen(word), about);
}

/* The first words of all verbs, each once; or the second ones of a group. */
static void offer_verbs(const char *begun, const char *group)
{
    const char *before = "";
    for (const cli_verb *const *v = all_verbs; *v; v++) {
        const char *name = (*v)->name;
        size_t len = strcspn(name, " ");
        bool is_member = group && strlen(group) == len && strncmp(name, group, len) == 0;
        bool is_new = strncmp(before, name, len) != 0 || before[len] != ' ';
        if (is_member)
            offer(begun, name + len + 1, (*v)->about);
        else if (!group && is_new)
            offer_n(begun, name, len, name[len] ? NULL : (*v)->about);
        before = name;
    }
}

static void offer_choices(const char *begun, const char *choices)
{
    for (const char *c = choices; *c; c += *c == '|') {
        size_t len = strcspn(c, "|");
        offer_n(begun, c, len, NULL);
        c += len;
    }
}

static void offer_scenarios(const char *begun)
{
    const char *name;
    for (size_t i = 0; (name = leakdiag_scenario_builtin_name(i)); i++)
        offer(begun, name, NULL);
}

static int offer_value(const char *begun, const option *o)
{
    if (o->choices)
        offer_choices(begun, o->choices);
    if (o->offers == HINT_SCENARIO)
        offer_scenarios(begun);
    return o->choices || o->offers == HINT_NONE ? NO_FILES : FILES;
}

static int offer_operands(const char *begun, const cli_verb *verb)
{
    if (verb->choices)
        offer_choices(begun, verb->choices);
    if (verb->offers == HINT_VERB)
        offer_verbs(begun, NULL);
    if (verb->offers == HINT_SCENARIO)
        offer_scenarios(begun);
    if (strstr(verb->operands, "deploy/NAME"))
        offer_choices(begun, "deploy/|pod/");
    return verb->offers == HINT_FILE || verb->offers == HINT_SCENARIO ? FILES : NO_FILES;
}

static void offer_options(const char *begun, const cli_verb *verb)
{
    const option *o;
    for (size_t i = 0; (o = verb_option(verb, i)); i++) {
        char word[80];
        snprintf(word, sizeof word, "--%s", o->name);
        offer(begun, word, o->about);
    }
}

/* The option that this word leaves waiting for its value, or NULL. */
static const option *waiting(const cli_verb *verb, const char *word)
{
    const option *o;
    if (word[0] != '-' || strchr(word, '='))
        return NULL;
    for (size_t i = 0; (o = verb_option(verb, i)); i++) {
        bool is_long = word[1] == '-' && strcmp(word + 2, o->name) == 0;
        bool is_short = o->letter && word[1] == o->letter && !word[2];
        if (o->value && (is_long || is_short))
            return o;
    }
    return NULL;
}

static int offer_for(const char *const *words, int n)
{
    const char *begun = n ? words[n - 1] : "";
    int taken = 0;
    const cli_verb *verb = find_verb(n - 1, words, &taken);
    if (n < 2) {
        offer_verbs(begun, NULL);
        return NO_FILES;
    }
    if (!verb) {
        if (n == 2 && is_group(words[0]))
            offer_verbs(begun, words[0]);
        return NO_FILES;
    }
    const option *o = n - 1 > taken ? waiting(verb, words[n - 2]) : NULL;
    if (o)
        return offer_value(begun, o);
    if (begun[0] == '-') {
        offer_options(begun, verb);
        return NO_FILES;
    }
    return offer_operands(begun, verb);
}

int complete_words(int n, const char *const *words)
{
    printf(":%d\n", offer_for(words, n));
    return 0;
}
