/* Errors, interrupts, files, and scenarios by name. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "cluster.h"

/* --- errors ------------------------------------------------------------------------------------
 */

static const char *name_of(leakdiag_error const *err)
{
    return err->message[0] ? err->message : leakdiag_status_name(err->status);
}

/* "http://user:password@host" may be anywhere in what was typed: the part before '@' is not
 * repeated.
 */
static void mask_credentials(char *text)
{
    static const char mask[] = "***";
    for (char *at = strstr(text, "://"); at; at = strstr(at + 1, "://")) {
        char *user = at + 3, *end = user + strcspn(user, " \t\"'"), *host = NULL;
        for (char *p = user; p < end; p++)
            host = *p == '@' ? p : host;
        if (!host || host - user < (long)sizeof mask - 1)
            continue;
        memcpy(user, mask, sizeof mask - 1);
        memmove(user + sizeof mask - 1, host, strlen(host) + 1);
    }
}

int fail(int status, const char *format, ...)
{
    char said[2048], text[2048];
    va_list list;
    va_start(list, format);
    vsnprintf(said, sizeof said, format, list);
    va_end(list);
    format_command(said, text, sizeof text);
    fflush(stdout); /* what was found so far stands before the reason why it ends */
    mask_credentials(text);
    fputs("leakdiag: ", stderr);
    print_safe(stderr, text);
    fputc('\n', stderr);
    return status;
}

int fail_with(int status, const char *where, const leakdiag_error *err, const char *next)
{
    const char *message = name_of(err);
    bool named = !where || strstr(message, where);
    char place[64] = "";
    if (err->line && !named && !strstr(message, "line ") && !strstr(message, "column "))
        snprintf(place, sizeof place, ":%u:%u", err->line, err->column);
    return fail(status, "%s%s%s%s%s%s", named ? "" : where, place, named ? "" : ": ", message,
                next ? "; " : "", next ? next : "");
}

int exit_for(leakdiag_status status)
{
    switch (status) {
    case LEAKDIAG_OK:
        return 0;
    case LEAKDIAG_E_INVALID:
    case LEAKDIAG_E_LIMIT:
    case LEAKDIAG_E_UNSUPPORTED:
        return EXIT_USAGE;
    default:
        return EXIT_TOOL;
    }
}

/* --- interrupts --------------------------------------------------------------------------------
 */

static leakdiag_cancel *cancel;
static volatile sig_atomic_t signal_seen;

static void on_signal(int number)
{
    if (signal_seen)
        _exit(128 + number);
    signal_seen = number;
    leakdiag_cancel_trigger(cancel);
}

static void cancel_free(void)
{
    leakdiag_cancel *gone = cancel;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    cancel = NULL;
    leakdiag_cancel_free(gone);
}

int interrupts_setup(void)
{
    leakdiag_error err = {0};
    if (leakdiag_cancel_new(&cancel, &err))
        return fail_with(EXIT_TOOL, NULL, &err, NULL);
    atexit(cancel_free);
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: a read() shall end */
    struct sigaction before;
    sigemptyset(&action.sa_mask);
    /* A shell starts background jobs with Ctrl-C ignored: so it stays. */
    if (sigaction(SIGINT, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return 0;
}

leakdiag_cancel *interrupts_cancel(void)
{
    return cancel;
}

int interrupted(void)
{
    return signal_seen ? 128 + signal_seen : 0;
}

/* --- files and values ----------------------------------------------------------------------------
 */

int read_file(const char *path, size_t max_bytes, char **ret, size_t *ret_len)
{
    leakdiag_error err = {0};
    if (leakdiag_file_read(path, max_bytes, ret, ret_len, &err) == LEAKDIAG_OK)
        return 0;
    return fail_with(err.status == LEAKDIAG_E_NOMEM ? EXIT_TOOL : EXIT_USAGE, path, &err,
                     err.status == LEAKDIAG_E_NOT_FOUND ? "is the name right?" : NULL);
}

int parse_limit(const char *text, double *ret_bytes)
{
    leakdiag_error err = {0};
    int64_t bytes = 0;
    if (strcasecmp(text, "none") != 0 && leakdiag_quantity_parse(text, &bytes, &err))
        return fail(EXIT_USAGE, "--limit (%s): %s; give bytes, a quantity like 20Mi, or none", text,
                    name_of(&err));
    *ret_bytes = (double)bytes;
    return 0;
}

int duration_option(const cli_args *args, const char *name, int64_t fallback_ms, int64_t *ret_ms)
{
    leakdiag_error err = {0};
    const char *text = args_value(args, name);
    *ret_ms = fallback_ms;
    if (!text || leakdiag_duration_parse(text, ret_ms, &err) == LEAKDIAG_OK)
        return 0;
    return fail(EXIT_USAGE, "--%s (%s): %s; give a duration like 90s, 3m or 1h20m", name, text,
                name_of(&err));
}

bool wants(const cli_args *args, const char *format)
{
    const char *output = args_value(args, "output");
    return strcmp(output ? output : "text", format) == 0;
}

/* --- scenarios -----------------------------------------------------------------------------------
 */

static bool is_builtin(const char *name, size_t *ret_i)
{
    const char *builtin;
    for (size_t i = 0; (builtin = leakdiag_scenario_builtin_name(i)); i++) {
        if (strcmp(builtin, name) == 0) {
            *ret_i = i;
            return true;
        }
    }
    return false;
}

/* "otel-demo/chekout" is a mistyped name, "./shop.yml" a missing file. */
static bool means_file(const char *name)
{
    struct stat info;
    const char *dot = strrchr(name, '.');
    return strcmp(name, "-") == 0 || name[0] == '/' || name[0] == '.' ||
           (dot && is_choice(dot, strlen(dot), ".yaml|.yml|.json")) || stat(name, &info) == 0;
}

int load_scenario_text(const char *name, char **ret_owned, const char **ret_text, size_t *ret_len)
{
    size_t i;
    if (is_builtin(name, &i)) {
        *ret_text = leakdiag_scenario_builtin_text(i, ret_len);
        return 0;
    }
    if (!means_file(name)) {
        CLEANUP(scenario_free) leakdiag_scenario *none = NULL;
        leakdiag_error err = {0};
        if (leakdiag_scenario_builtin(name, NULL, 0, &none, &err))
            return fail_with(EXIT_USAGE, name, &err, "leakdiag scenario list shows the names");
    }
    int code = read_file(name, LEAKDIAG_SCENARIO_MAX_BYTES, ret_owned, ret_len);
    *ret_text = *ret_owned;
    return code;
}

int load_scenario_named(const char *name, const char *const *set, size_t set_count,
                        leakdiag_scenario **ret)
{
    size_t i, len = 0;
    CLEANUP(text_free) char *text = NULL;
    leakdiag_error err = {0};
    leakdiag_status status;
    if (!is_builtin(name, &i) && means_file(name)) {
        int code = read_file(name, LEAKDIAG_SCENARIO_MAX_BYTES, &text, &len);
        if (code)
            return code;
        status = leakdiag_scenario_parse(text, len, name, set, set_count, ret, &err);
    } else {
        status = leakdiag_scenario_builtin(name, set, set_count, ret, &err);
    }
    if (status == LEAKDIAG_E_NOT_FOUND)
        return fail_with(EXIT_USAGE, name, &err, "leakdiag scenario list shows the names");
    return status ? fail_with(exit_for(status), name, &err, NULL) : 0;
}

/* The settings of a scenario, growing. */
typedef struct settings {
    char **list;
    size_t n;
    bool failed;
} settings;

static void settings_done(settings *set)
{
    for (size_t i = 0; i < set->n; i++)
        free(set->list[i]);
    free(set->list);
}

static void add_setting(settings *set, const char *name, const char *value)
{
    if (value && !set->failed && asprintf(&set->list[set->n], "%s=%s", name, value) >= 0)
        set->n++;
    else if (value)
        set->failed = true;
}

static const char *scenario_name(const cli_args *args, const char *fallback)
{
    const char *given = args_value(args, "scenario");
    return given ? given : fallback;
}

bool scenario_follows_cluster(const cli_args *args, const char *fallback)
{
    return !args_has(args, "namespace") &&
           strcmp(scenario_name(args, fallback), "any-workload") == 0;
}

int load_scenario(const cli_args *args, const char *fallback, const leakdiag_cluster *cluster,
                  leakdiag_scenario **ret)
{
    static const char *const shorthands[] = {"pid", "cgroup", "csv", "selector", "container"};
    const size_t n_short = sizeof shorthands / sizeof *shorthands;
    const char *name = scenario_name(args, fallback), *param, *workload;
    size_t n_set = args_count(args, "set");
    CLEANUP(settings_done)
    settings set = {.list = calloc(n_set + n_short + 4, sizeof *set.list)};
    if (!set.list)
        return fail(EXIT_TOOL, "scenario: out of memory");
    for (size_t i = 0; i < n_short; i++)
        add_setting(&set, shorthands[i], args_value(args, shorthands[i]));
    add_setting(&set, "namespace",
                cluster && scenario_follows_cluster(args, fallback)
                    ? leakdiag_cluster_namespace_name(cluster)
                    : args_value(args, "namespace"));
    if (workload_operand(args) && parse_workload(workload_operand(args), &param, &workload))
        add_setting(&set, param, workload);
    for (size_t i = 0; i < n_set; i++) {
        const char *text = args_value_at(args, "set", i);
        set.list[set.n] = strdup(text);
        set.failed = set.failed || !set.list[set.n];
        set.n += set.list[set.n] != NULL;
    }
    if (set.failed)
        return fail(EXIT_TOOL, "scenario: out of memory");
    return load_scenario_named(name, (const char *const *)set.list, set.n, ret);
}

int load_capture(const char *path, leakdiag_observation **ret)
{
    CLEANUP(text_free) char *data = NULL;
    size_t len = 0;
    leakdiag_error err = {0};
    int code = read_file(path, LEAKDIAG_CAPTURE_MAX_BYTES, &data, &len);
    if (code)
        return code;
    leakdiag_status status = leakdiag_observation_from_json(data, len, ret, &err);
    if (!status)
        return 0;
    return fail_with(exit_for(status), path, &err, "leakdiag capture FILE makes a capture");
}
