/* What the files of the command share: exit statuses, errors, text for people, input, interrupts.
 *
 * The locale is never set, so printf() writes numbers as C does, with a point. */
#ifndef CLI_H
#define CLI_H

#include <leakdiag.h>
#include <stdbool.h>
#include <stdio.h>

#include "options.h"

#define CLEANUP(fn)       __attribute__((cleanup(fn)))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Exit statuses besides those of a diagnosis (0, 3, 4, 5). */
enum { EXIT_TOOL = 1, EXIT_USAGE = 2 };

/* --- errors: one line on stderr, "leakdiag: what (where): why; next step" -----------------------
 */

/* Returns the status it was given. */
int fail(int status, const char *format, ...) PRINTF(2, 3);
/* The same from an error of the library. `where` is put in front when the message does not name it
 * already; NULL for none. `next` is the next step, or NULL. */
int fail_with(int status, const char *where, const leakdiag_error *err, const char *next);
/* The exit status that fits a status of the library: bad input is 2, all else 1. */
int exit_for(leakdiag_status status);

/* --- the name it was called by ---------------------------------------------------------------- */

/* "kubectl-leakdiag" is how kubectl calls its plugin: then people are shown "kubectl leakdiag". */
void name_setup(const char *called);
bool name_is_completer(void); /* called as kubectl_complete-leakdiag */
/* Text of our own about the command: "leakdiag VERB …" as the caller would type it. */
void print_command(FILE *file, const char *text);
/* The same into out, cut to room bytes with its NUL. */
void format_command(const char *text, char *out, size_t room);

/* --- output ----------------------------------------------------------------------------------- */

/* "auto", "always" or "never"; NULL is "auto". */
void term_setup(const char *color);
bool term_color(void);  /* stdout */
bool term_ascii(void);  /* the locale is not UTF-8 */
int term_columns(void); /* 0 when stdout is no terminal */

typedef enum paint { PAINT_BOLD, PAINT_GOOD, PAINT_BAD, PAINT_WARN, PAINT_DIM } paint;
/* Begins and ends a colour on stdout; "" when there is none. */
const char *paint_on(paint color);
const char *paint_off(void);
/* A dash between two clauses, a range, a plus-minus: in ASCII where it must be. */
const char *sign_dash(void);

/* Text from outside: control, bidi and broken bytes become visible escapes. */
void print_safe(FILE *file, const char *text);
void print_safe_bytes(FILE *file, const char *data, size_t len);
/* A JSON string with its quotes; NULL is null. */
void print_json(FILE *file, const char *text);

#define FIGURE_BYTES 48
/* "19.3Mi", "512Ki", "?" for NAN. */
void format_bytes(double bytes, char out[FIGURE_BYTES]);
/* "19732Ki": what kubectl top would round away. */
void format_kibibytes(double bytes, char out[FIGURE_BYTES]);
/* "40s", "12m30s", "1h20m", "?" for NAN, "never" for INFINITY. */
void format_duration(double seconds, char out[FIGURE_BYTES]);
/* "2026-11-23T14:31:00Z" */
void format_time(int64_t time_ms, char out[FIGURE_BYTES]);
/* Shortest decimal that says it to three digits: "0.667", "15.2", "300". */
void format_number(double value, char out[FIGURE_BYTES]);
/* RFC 3339 with an offset, as captures and logs have it. */
bool parse_time(const char *text, int64_t *ret_ms);

/* Flush stdout. Returns the status given, or 1 when it could not be written. A reader that closed
 * the pipe had enough: no error. */
int finish_output(int status);

/* --- interrupts ---------------------------------------------------------------------------------
 */

/* The first Ctrl-C ends waiting (the token is triggered), the second the program. */
int interrupts_setup(void);
leakdiag_cancel *interrupts_cancel(void);
/* 0, or the exit status (130 for Ctrl-C). */
int interrupted(void);

/* --- input
 * ---------------------------------------------------------------------------------------- */

/* Whole text file; messages are already told when it returns nonzero (the exit status). */
int read_file(const char *path, size_t max_bytes, char **ret, size_t *ret_len);
/* --limit: a quantity, or "none" for 0. */
int parse_limit(const char *text, double *ret_bytes);
/* A duration option, or `fallback_ms` when it was not given. */
int duration_option(const cli_args *args, const char *name, int64_t fallback_ms, int64_t *ret_ms);
/* An option of each verb that asks somebody; what it says, for the library's options. NULL: not
 * given. */
#define LOG_OPTION                                                                                 \
    {                                                                                              \
        "log", 0, "LEVEL", "debug|info|warning", HINT_NONE, false,                                 \
            "tell on stderr what is asked, retried and missing"                                    \
    }
const leakdiag_log *log_option(const cli_args *args);
/* The value of --output, "text" when it was not given. */
bool wants(const cli_args *args, const char *format);

/* A scenario by name or file, with --set and the shorthands: --pid, --cgroup, --csv, the workload
 * of a cluster and its namespace. cluster may be NULL. */
int load_scenario(const cli_args *args, const char *fallback, const leakdiag_cluster *cluster,
                  leakdiag_scenario **ret);
/* Whether it is read otherwise once the cluster is known: the runbook's scenario has a namespace of
 * its own; any other workload is where kubectl would look. */
bool scenario_follows_cluster(const cli_args *args, const char *fallback);
int load_scenario_named(const char *name, const char *const *set, size_t set_count,
                        leakdiag_scenario **ret);
/* Text of a scenario as it was written. *ret_owned is to be freed (leakdiag_free), NULL for a
 * built-in one. */
int load_scenario_text(const char *name, char **ret_owned, const char **ret_text, size_t *ret_len);
/* A capture from a file, "-" is standard input. */
int load_capture(const char *path, leakdiag_observation **ret);

/* --- cleanups --------------------------------------------------------------------------------- */

static inline void text_free(char **p)
{
    leakdiag_free(*p);
}
static inline void scenario_free(leakdiag_scenario **p)
{
    leakdiag_scenario_unref(*p);
}
static inline void observation_free(leakdiag_observation **p)
{
    leakdiag_observation_unref(*p);
}
static inline void diagnosis_free(leakdiag_diagnosis **p)
{
    leakdiag_diagnosis_free(*p);
}
static inline void session_free(leakdiag_session **p)
{
    leakdiag_session_free(*p);
}
static inline void series_free(leakdiag_series **p)
{
    leakdiag_series_unref(*p);
}

#endif
