#include "look.h"

#include "again.h"
#include "cluster.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CSV_MAX_BYTES ((size_t)256 << 20)

static const option local_options[] = {
    {"pid", 'p', "N", NULL, HINT_NONE, false, "a process to watch"},
    {"cgroup", 0, "PATH", NULL, HINT_FOLDER, false, "a memory cgroup to watch"},
    {"csv", 0, "FILE", NULL, HINT_FILE, false, "recorded memory (columns t,ws)"},
    {0},
};
static const option scenario_options[] = {
    {"scenario", 's', "NAME|FILE", NULL, HINT_SCENARIO, false, "the experiment"},
    {"set", 0, "NAME=VALUE", NULL, HINT_NONE, true, "give a parameter of the scenario a value"},
    {0},
};
static const option time_options[] = {
    {"for", 'f', "TIME", NULL, HINT_NONE, false, "look again and again for so long (3m, 1h20m)"},
    {"until", 'u', "WHEN", "decided", HINT_NONE, false,
     "look until memory can be judged (at most --for, or one hour)"},
    {"history", 0, "FILE", NULL, HINT_FILE, true, "an earlier capture of the same workload"},
    {"request-timeout", 0, "TIME", NULL, HINT_NONE, false,
     "for all answers of one look (default 5s)"},
    LOG_OPTION,
    {0},
};

static const option_group local_group = {"Something of this machine", local_options};
static const option_group scenario_group = {"What is expected", scenario_options};
static const option_group time_group = {"How long", time_options};
const option_group *const look_groups[] = {&local_group,    &cluster_group, &workload_group,
                                           &scenario_group, &time_group,    NULL};

void look_done(cli_look *look)
{
    leakdiag_diagnosis_free(look->diagnosis);
    leakdiag_observation_unref(look->observation);
    leakdiag_scenario_unref(look->scenario);
    leakdiag_cluster_free(look->cluster);
}

/* --- progress ------------------------------------------------------------------------------------
 */

#define SAY_EVERY_S 15 /* where no line can be written over */

typedef struct progress {
    bool is_terminal;
    bool shown;
    struct timespec started;
    double said_s; /* since then, when the last line was written */
} progress;

static double seconds_since(const struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

static const char *memory_finding(const leakdiag_diagnosis *diagnosis)
{
    size_t i = leakdiag_diagnosis_find_check(diagnosis, "memory");
    const char *finding =
        i < leakdiag_diagnosis_check_count(diagnosis) ? leakdiag_check_finding(diagnosis, i) : NULL;
    return finding ? finding : "unknown";
}

/* Elapsed, samples, memory now, when it can be judged. */
static void write_progress(const leakdiag_diagnosis *diagnosis, double elapsed_s)
{
    const leakdiag_series *series = leakdiag_diagnosis_series(diagnosis);
    size_t n = series ? leakdiag_series_len(series) : 0;
    char elapsed[FIGURE_BYTES], now[FIGURE_BYTES], decides[FIGURE_BYTES];
    format_duration(floor(elapsed_s), elapsed);
    format_bytes(n ? leakdiag_series_values(series)[n - 1] : NAN, now);
    fprintf(stderr, "%s, %zu sample%s, memory %s, %s", elapsed, n, n == 1 ? "" : "s", now,
            memory_finding(diagnosis));
    if (leakdiag_diagnosis_decides_at_ms(diagnosis)) {
        format_time(leakdiag_diagnosis_decides_at_ms(diagnosis), decides);
        fprintf(stderr, ", can be judged at %s", decides);
    }
}

/* One line on stderr that is written over; in a file or a pipe one now and then. */
static int show_progress(const leakdiag_diagnosis *diagnosis, void *payload)
{
    progress *p = payload;
    double elapsed_s = seconds_since(&p->started);
    if (!p->is_terminal && elapsed_s - p->said_s < SAY_EVERY_S)
        return 0;
    fputs(p->is_terminal ? "\r\x1b[K" : "leakdiag: ", stderr);
    write_progress(diagnosis, elapsed_s);
    if (!p->is_terminal)
        fputc('\n', stderr);
    fflush(stderr);
    p->said_s = elapsed_s;
    p->shown = p->is_terminal;
    return 0;
}

/* --- before looking ------------------------------------------------------------------------------
 */

static int check_pid(const cli_args *args)
{
    const char *text = args_value(args, "pid");
    char *end = NULL;
    int named =
        (text != NULL) + (args_value(args, "cgroup") != NULL) + (args_value(args, "csv") != NULL);
    if (named && means_cluster(args))
        return fail(EXIT_USAGE,
                    "--pid, --cgroup, --csv: are of this machine; leave them out to look "
                    "at a cluster");
    if (named > 1)
        return fail(EXIT_USAGE, "--pid, --cgroup, --csv: one of them says what to watch; name one");
    if (!text)
        return 0;
    long long pid = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || pid < 1 || pid > INT32_MAX)
        return fail(EXIT_USAGE, "--pid (%s): is no process id; give a number, as ps shows it",
                    text);
    return 0;
}

/* A file that cannot be read is bad input here, not a source that happens to be silent. */
static int check_csv(const cli_args *args)
{
    const char *path = args_value(args, "csv");
    struct stat info;
    if (!path)
        return 0;
    CLEANUP(text_free) char *data = NULL;
    CLEANUP(series_free) leakdiag_series *series = NULL;
    leakdiag_error err = {0};
    size_t len = 0;
    if (strcmp(path, "-") == 0)
        return fail(EXIT_USAGE, "--csv (-): must be a file, as each look reads it again");
    if (stat(path, &info) == 0 && S_ISFIFO(info.st_mode))
        return fail(EXIT_USAGE, "--csv (%s): is a pipe; each look reads it again, give a file",
                    path);
    int code = read_file(path, CSV_MAX_BYTES, &data, &len);
    if (code)
        return code;
    leakdiag_status status = leakdiag_series_from_csv(data, len, &series, &err);
    return status ? fail_with(exit_for(status), path, &err, NULL) : 0;
}

static int add_history(const cli_args *args, leakdiag_session *session)
{
    for (size_t i = 0; i < args_count(args, "history"); i++) {
        const char *path = args_value_at(args, "history", i);
        CLEANUP(observation_free) leakdiag_observation *earlier = NULL;
        leakdiag_error err = {0};
        int code = load_capture(path, &earlier);
        if (code)
            return code;
        leakdiag_status status = leakdiag_session_add_history(session, earlier, &err);
        if (status)
            return fail_with(exit_for(status), path, &err, NULL);
    }
    return 0;
}

static int open_session(const cli_args *args, leakdiag_scenario *scenario,
                        leakdiag_cluster *cluster, leakdiag_session **ret)
{
    leakdiag_session_options options = LEAKDIAG_SESSION_OPTIONS_INIT;
    leakdiag_error err = {0};
    int code = duration_option(args, "request-timeout", 0, &options.deadline_ms);
    if (!code)
        code = interrupts_setup();
    if (code)
        return code;
    options.cancel = interrupts_cancel();
    options.log = log_option(args);
    options.cluster = cluster;
    leakdiag_status status = leakdiag_session_new(scenario, &options, ret, &err);
    if (status)
        return fail_with(exit_for(status), leakdiag_scenario_name(scenario), &err, NULL);
    return add_history(args, *ret);
}

/* --- looking -------------------------------------------------------------------------------------
 */

static int watch(const cli_args *args, leakdiag_session *session, cli_look *ret)
{
    leakdiag_watch_options options = LEAKDIAG_WATCH_OPTIONS_INIT;
    leakdiag_error err = {0};
    progress p = {0};
    int code = duration_option(args, "for", 0, &options.for_ms);
    if (code)
        return code;
    options.until_decided = args_has(args, "until");
    clock_gettime(CLOCK_MONOTONIC, &p.started);
    p.is_terminal = isatty(STDERR_FILENO);
    if (options.for_ms || options.until_decided) {
        options.on_look = show_progress;
        options.payload = &p;
    }
    leakdiag_status status =
        leakdiag_session_watch(session, &options, &ret->observation, &ret->diagnosis, &err);
    if (p.shown)
        fputs("\r\x1b[K", stderr);
    if (status && interrupted())
        return interrupted();
    if (status)
        return fail_with(exit_for(status), leakdiag_scenario_name(ret->scenario), &err, NULL);
    return 0;
}

static bool is_local(const cli_args *args)
{
    return args_has(args, "pid") || args_has(args, "cgroup") || args_has(args, "csv");
}

/* A scenario that has nothing to do with a cluster is not held up by a broken kubeconfig. */
static int choose_cluster(const cli_args *args, const leakdiag_scenario *scenario,
                          leakdiag_cluster **ret)
{
    bool is_wanted = means_cluster(args) || leakdiag_scenario_uses_cluster(scenario);
    return is_wanted && !is_local(args) ? open_cluster(args, ret) : 0;
}

/* The scenario, the cluster it is about, and its names there. */
static int prepare(const cli_args *args, const char *fallback, cli_look *ret)
{
    int code = load_scenario(args, fallback, NULL, &ret->scenario);
    if (!code)
        code = choose_cluster(args, ret->scenario, &ret->cluster);
    if (code || !ret->cluster || !scenario_follows_cluster(args, fallback))
        return code;
    leakdiag_scenario_unref(ret->scenario);
    ret->scenario = NULL;
    return load_scenario(args, fallback, ret->cluster, &ret->scenario);
}

int look_now(const cli_args *args, const char *fallback_scenario, cli_look *ret)
{
    CLEANUP(session_free) leakdiag_session *session = NULL;
    int code = check_pid(args);
    if (!code)
        code = check_csv(args);
    if (!code)
        code = prepare(args, fallback_scenario, ret);
    if (!code)
        code = open_session(args, ret->scenario, ret->cluster, &session);
    if (!code)
        code = watch(args, session, ret);
    return code;
}

/* --- after looking -------------------------------------------------------------------------------
 */

int print_report(const cli_args *args, const leakdiag_diagnosis *diagnosis, leakdiag_format text)
{
    CLEANUP(text_free) char *report = NULL;
    leakdiag_report_options options = LEAKDIAG_REPORT_OPTIONS_INIT;
    leakdiag_error err = {0};
    leakdiag_format format = wants(args, "json")    ? LEAKDIAG_FORMAT_JSON
                             : wants(args, "junit") ? LEAKDIAG_FORMAT_JUNIT
                                                    : text;
    options.color = term_color();
    options.ascii = term_ascii();
    options.columns = term_columns();
    options.verbose = args_has(args, "verbose");
    if (leakdiag_report_render(diagnosis, format, &options, &report, &err))
        return fail_with(EXIT_TOOL, "report", &err, NULL);
    if (format == text)
        print_with_place(args, report);
    else
        fputs(report, stdout);
    return 0;
}

static bool names_no_process(const cli_args *args)
{
    const char *pid = args_value(args, "pid");
    return pid && kill((pid_t)strtol(pid, NULL, 10), 0) && errno == ESRCH;
}

int verdict_status(const cli_args *args, const leakdiag_diagnosis *diagnosis)
{
    if (leakdiag_diagnosis_has_evidence(diagnosis))
        return leakdiag_diagnosis_exit_code(diagnosis);
    if (names_no_process(args))
        return fail(EXIT_TOOL,
                    "nothing answered: --pid (%s): there is no such process; ps -e lists "
                    "those that run",
                    args_value(args, "pid"));
    CLEANUP(place_free) char *place = same_place(args, "doctor");
    return fail(EXIT_TOOL,
                "nothing answered: no source of the scenario could be read; leakdiag doctor%s says "
                "what can be reached from here",
                place ? place : "");
}

int check_save(const cli_args *args, const char *path)
{
    struct stat info;
    if (!path || strcmp(path, "-") == 0)
        return 0;
    const char *slash = strrchr(path, '/');
    char folder[4096] = ".";
    if (slash && (size_t)(slash - path) >= sizeof folder)
        return fail(EXIT_USAGE, "%s: the name is too long; choose another", path);
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (!path[0] || (slash && !slash[1]) || (stat(path, &info) == 0 && S_ISDIR(info.st_mode)))
        return fail(EXIT_USAGE, "%s: is a folder; name a file in it", path);
    if (lstat(path, &info) == 0 && !args_has(args, "force"))
        return fail(EXIT_USAGE, "%s: exists already; choose another name or add --force", path);
    if (stat(folder, &info) || access(folder, W_OK | X_OK))
        return fail(EXIT_USAGE, "%s: cannot be written: %s; choose another folder", path,
                    strerror(errno));
    return 0;
}

int save_capture(const cli_args *args, const char *path, const leakdiag_observation *observation)
{
    CLEANUP(text_free) char *json = NULL;
    leakdiag_error err = {0};
    if (leakdiag_observation_to_json(observation, &json, &err))
        return fail_with(EXIT_TOOL, path, &err, NULL);
    size_t len = strlen(json);
    if (strcmp(path, "-") == 0) {
        fwrite(json, 1, len, stdout);
        return 0;
    }
    leakdiag_status status = leakdiag_file_write(path, json, len, args_has(args, "force"), &err);
    if (!status)
        return 0;
    return fail_with(status == LEAKDIAG_E_CONFLICT ? EXIT_USAGE : EXIT_TOOL, path, &err,
                     "the capture was not saved");
}
