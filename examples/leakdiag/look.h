/* Looking at the world once or for a while: what quick, diagnose, capture, check and doctor share.
 */
#ifndef CLI_LOOK_H
#define CLI_LOOK_H

#include "cli.h"

/* Options of every verb that looks: where, and how long. */
extern const option_group *const look_groups[];

typedef struct cli_look {
    leakdiag_cluster *cluster; /* NULL: none */
    leakdiag_scenario *scenario;
    leakdiag_observation *observation;
    leakdiag_diagnosis *diagnosis;
} cli_look;

/* Load the scenario and look. 0, or the exit status after the reason was told. An interrupt after
 * the first look is no failure: interrupted() says it. */
int look_now(const cli_args *args, const char *fallback_scenario, cli_look *ret);
void look_done(cli_look *look);

/* The diagnosis on stdout in the format of --output. */
int print_report(const cli_args *args, const leakdiag_diagnosis *diagnosis, leakdiag_format text);
/* Exit status of a verb that judges; tells it when nothing answered at all. */
int verdict_status(const cli_args *args, const leakdiag_diagnosis *diagnosis);

/* Before a long look: refuse a file that could not be written after it. */
int check_save(const cli_args *args, const char *path);
int save_capture(const cli_args *args, const char *path, const leakdiag_observation *observation);

#endif
