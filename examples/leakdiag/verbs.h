/* All verbs, in the order of the help. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include <stdio.h>

#include "options.h"

extern const cli_verb verb_quick, verb_diagnose, verb_capture, verb_replay, verb_check,
    verb_explain, verb_flag_get, verb_top, verb_logs_count, verb_load_status, verb_timeline_analyze,
    verb_timeline_compare, verb_scenario_list, verb_scenario_show, verb_scenario_lint,
    verb_scenario_test, verb_doctor, verb_rbac, verb_completion, verb_version, verb_help;

/* Ended by NULL. */
extern const cli_verb *const all_verbs[];

/* The verb named by the first one or two words, and how many words that took; NULL when there is
 * none. */
const cli_verb *find_verb(int argc, const char *const *argv, int *ret_words);
/* Whether some verb begins with this word: "flag" of "flag get". */
bool is_group(const char *word);
/* Tells that there is no such verb, with the nearest one. Returns the exit status. */
int unknown_verb(int argc, const char *const *argv);

void print_overview(FILE *file);
void print_group(FILE *file, const char *word);
void print_verb_help(FILE *file, const cli_verb *verb);

#endif
