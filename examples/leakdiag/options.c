#include "options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const option common_options[] = {
    {"color", 0, "WHEN", "auto|always|never", HINT_NONE, false,
     "colours: auto (a terminal, and NO_COLOR is not set), always, never"},
    {"help", 'h', NULL, NULL, HINT_NONE, false, "show this help"},
    {0},
};

/* The i-th of one table; NULL when it is beyond its end, and i is then what is left. */
static const option *nth_option(const option *table, size_t *i)
{
    for (const option *o = table; o && o->name; o++) {
        if ((*i)-- == 0)
            return o;
    }
    return NULL;
}

const option *verb_option(const cli_verb *verb, size_t i)
{
    const option *found = nth_option(verb->options, &i);
    for (const option_group *const *g = verb->more; !found && g && *g; g++)
        found = nth_option((*g)->options, &i);
    return found ? found : nth_option(common_options, &i);
}

/* --- words -------------------------------------------------------------------------------------
 */

#define WORD_MAX 64

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

static size_t edit_distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1], n = strlen(b);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[n];
}

const char *nearest_word(const char *word, const char *const *candidates, size_t n)
{
    const char *best = NULL;
    size_t len = strlen(word), best_distance = SIZE_MAX;
    if (len == 0 || len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t other = strlen(candidates[i]);
        if (other > WORD_MAX)
            continue;
        size_t distance = edit_distance(word, candidates[i]);
        if (distance < best_distance && distance <= 1 + (len > other ? len : other) / 4) {
            best = candidates[i];
            best_distance = distance;
        }
    }
    return best;
}

bool is_choice(const char *word, size_t len, const char *choices)
{
    for (const char *c = choices; len && *c;) {
        size_t n = strcspn(c, "|");
        if (n == len && strncmp(c, word, n) == 0)
            return true;
        c += n + (c[n] == '|');
    }
    return false;
}

/* --- parsing -----------------------------------------------------------------------------------
 */

static const option *find_long(const cli_verb *verb, const char *name, size_t len)
{
    const option *o;
    for (size_t i = 0; (o = verb_option(verb, i)); i++) {
        if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
            return o;
    }
    return NULL;
}

static const option *find_short(const cli_verb *verb, char letter)
{
    const option *o;
    for (size_t i = 0; (o = verb_option(verb, i)); i++) {
        if (o->letter == letter)
            return o;
    }
    return NULL;
}

static int unknown_option(const cli_verb *verb, const char *text)
{
    const char *names[WORD_MAX];
    size_t n = 0, len = strcspn(text, "=");
    const option *o;
    for (size_t i = 0; (o = verb_option(verb, i)) && n < WORD_MAX; i++)
        names[n++] = o->name;
    char word[WORD_MAX + 1] = "";
    if (text[1] == '-' && len - 2 <= WORD_MAX)
        memcpy(word, text + 2, len - 2);
    const char *near = nearest_word(word, names, n);
    if (near)
        return fail(EXIT_USAGE, "%s (%.*s): no such option; did you mean --%s?", verb->name,
                    (int)len, text, near);
    return fail(EXIT_USAGE, "%s (%.*s): no such option; leakdiag help %s lists them", verb->name,
                (int)len, text, verb->name);
}

static int add_given(cli_args *args, const option *o, const char *value)
{
    if (o->choices && !is_choice(value, strlen(value), o->choices))
        return fail(EXIT_USAGE, "--%s (%s): must be one of %s; leakdiag help %s shows examples",
                    o->name, value, o->choices, args->verb->name);
    args->given[args->given_count] = o;
    args->values[args->given_count++] = value;
    return 0;
}

static int missing_value(const cli_args *args, const option *o)
{
    return fail(EXIT_USAGE, "--%s: needs a value (%s); leakdiag help %s shows examples", o->name,
                o->value, args->verb->name);
}

/* "--name", "--name=value" or "--name value". */
static int parse_long(cli_args *args, int argc, char **argv, int *at)
{
    const char *text = argv[*at] + 2;
    size_t len = strcspn(text, "=");
    const option *o = find_long(args->verb, text, len);
    if (!o)
        return unknown_option(args->verb, argv[*at]);
    if (!o->value && text[len] == '=')
        return fail(EXIT_USAGE, "--%s: takes no value; leave out %s", o->name, text + len);
    if (!o->value)
        return add_given(args, o, NULL);
    if (text[len] == '=')
        return add_given(args, o, text + len + 1);
    if (*at + 1 >= argc)
        return missing_value(args, o);
    return add_given(args, o, argv[++*at]);
}

/* "-i", "-iF", "-ojson", "-o json". */
static int parse_short(cli_args *args, int argc, char **argv, int *at)
{
    for (const char *c = argv[*at] + 1; *c; c++) {
        const option *o = find_short(args->verb, *c);
        char word[] = {'-', *c, '\0'};
        if (!o)
            return unknown_option(args->verb, word);
        if (!o->value) {
            int status = add_given(args, o, NULL);
            if (status)
                return status;
            continue;
        }
        if (c[1])
            return add_given(args, o, c + 1 + (c[1] == '='));
        if (*at + 1 >= argc)
            return missing_value(args, o);
        return add_given(args, o, argv[++*at]);
    }
    return 0;
}

static int check_operands(const cli_args *args)
{
    const cli_verb *verb = args->verb;
    if (args->operand_count < verb->operands_min)
        return fail(EXIT_USAGE, "%s: needs %s; leakdiag help %s shows examples", verb->name,
                    verb->operands, verb->name);
    if (args->operand_count > verb->operands_max)
        return fail(EXIT_USAGE, "%s (%s): one argument too many; usage: leakdiag %s [OPTIONS] %s",
                    verb->name, args->operands[verb->operands_max], verb->name, verb->operands);
    for (size_t i = 0; verb->choices && i < args->operand_count; i++) {
        if (!is_choice(args->operands[i], strlen(args->operands[i]), verb->choices))
            return fail(EXIT_USAGE, "%s (%s): must be one of %s; leakdiag help %s shows examples",
                        verb->name, args->operands[i], verb->choices, verb->name);
    }
    return 0;
}

int args_parse(const cli_verb *verb, int argc, char **argv, cli_args *ret)
{
    size_t room = (size_t)argc + 1;
    size_t letters = 0; /* "-iFi" gives more options than words */
    for (int i = 0; i < argc; i++)
        letters += strlen(argv[i]);
    *ret = (cli_args){.verb = verb};
    ret->operands = calloc(room, sizeof *ret->operands);
    ret->given = calloc(room + letters, sizeof *ret->given);
    ret->values = calloc(room + letters, sizeof *ret->values);
    if (!ret->operands || !ret->given || !ret->values)
        return fail(EXIT_TOOL, "%s: out of memory", verb->name);
    bool only_operands = false;
    for (int i = 0; i < argc; i++) {
        int status = 0;
        if (only_operands || argv[i][0] != '-' || !argv[i][1])
            ret->operands[ret->operand_count++] = argv[i];
        else if (strcmp(argv[i], "--") == 0)
            only_operands = true;
        else if (argv[i][1] == '-')
            status = parse_long(ret, argc, argv, &i);
        else
            status = parse_short(ret, argc, argv, &i);
        if (status)
            return status;
    }
    return args_has(ret, "help") ? 0 : check_operands(ret);
}

void args_done(cli_args *args)
{
    free(args->operands);
    free(args->given);
    free(args->values);
}

/* --- reading -----------------------------------------------------------------------------------
 */

bool args_has(const cli_args *args, const char *name)
{
    return args_count(args, name) > 0;
}

size_t args_count(const cli_args *args, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < args->given_count; i++)
        n += strcmp(args->given[i]->name, name) == 0;
    return n;
}

const char *args_value_at(const cli_args *args, const char *name, size_t k)
{
    for (size_t i = 0; i < args->given_count; i++) {
        if (strcmp(args->given[i]->name, name) == 0 && k-- == 0)
            return args->values[i];
    }
    return NULL;
}

const char *args_value(const cli_args *args, const char *name)
{
    size_t n = args_count(args, name);
    return n ? args_value_at(args, name, n - 1) : NULL;
}
