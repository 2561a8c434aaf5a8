/* Options of a verb as a table. The same table parses, prints the help and makes the completions;
 * a test holds the man page against it. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* What the shell may offer as a value or an operand. */
typedef enum hint { HINT_NONE, HINT_FILE, HINT_FOLDER, HINT_SCENARIO, HINT_VERB } hint;

typedef struct option {
    const char *name;    /* without dashes */
    char letter;         /* 0 for none */
    const char *value;   /* what its value is called in the help; NULL for a switch */
    const char *choices; /* the only values, "text|json"; NULL for any */
    hint offers;
    bool many; /* may be given more than once; otherwise the last one counts */
    const char *about;
} option;

/* Options that belong together, under a heading of the help. */
typedef struct option_group {
    const char *title;
    const option *options; /* ended by a name of NULL */
} option_group;

typedef struct cli_args cli_args;

typedef struct cli_verb {
    const char *name;      /* one or two words: "quick", "flag get" */
    const char *about;     /* one line for the list */
    const char *operands;  /* "FILE..." for the usage line, or "" */
    const char *examples;  /* lines of "command # what it does" */
    const char *notes;     /* what else is to be known, may be NULL */
    const option *options; /* its own, ended by a name of NULL; the common ones are added */
    const option_group *const *more; /* groups that several verbs share, ended by NULL; or NULL */
    size_t operands_min, operands_max;
    hint offers;         /* for operands */
    const char *choices; /* the only operands, "bash|zsh|fish", or NULL */
    int (*run)(const cli_args *args);
} cli_verb;

/* Options that every verb has. */
extern const option common_options[];

struct cli_args {
    const cli_verb *verb;
    const char **operands;
    size_t operand_count;
    const option **given;
    const char **values; /* one for each given option; NULL for a switch */
    size_t given_count;
};

/* Options may stand before, between and after the operands; "--" ends them and "-" is an operand.
 * Returns 0, or the exit status after it told what is wrong. Free with args_done() in any case. */
int args_parse(const cli_verb *verb, int argc, char **argv, cli_args *ret);
void args_done(cli_args *args);

bool args_has(const cli_args *args, const char *name);
/* The value given last, or NULL. */
const char *args_value(const cli_args *args, const char *name);
size_t args_count(const cli_args *args, const char *name);
/* The i-th value given, in the order of the command line. */
const char *args_value_at(const cli_args *args, const char *name, size_t i);

/* The i-th option of a verb over all its tables, or NULL beyond the end. */
const option *verb_option(const cli_verb *verb, size_t i);

/* The candidate that is nearest to a mistyped word, or NULL when none is near. */
const char *nearest_word(const char *word, const char *const *candidates, size_t n);
/* Whether a word is one of "a|b|c". */
bool is_choice(const char *word, size_t len, const char *choices);

#endif
