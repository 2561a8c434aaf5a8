/* top: one look at memory, of pods or of this machine. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "top.h"
#include "verbs.h"

/* --- of this machine -----------------------------------------------------------------------------
 */

static void memory_free(leakdiag_memory **p)
{
    leakdiag_memory_free(*p);
}

static void print_limit(const leakdiag_memory *memory)
{
    char exact[FIGURE_BYTES], rounded[FIGURE_BYTES];
    double limit = leakdiag_memory_limit_bytes(memory);
    double share = leakdiag_memory_working_set_bytes(memory) / limit;
    if (leakdiag_memory_has_limit(memory) != 1) {
        printf("limit        %s\n", leakdiag_memory_has_limit(memory) ? "not known" : "none");
        return;
    }
    format_kibibytes(limit, exact);
    format_bytes(limit, rounded);
    printf("limit        %s (%s), %s%.1f %% used%s\n", exact, rounded,
           paint_on(share >= 0.9   ? PAINT_BAD
                    : share >= 0.7 ? PAINT_WARN
                                   : PAINT_GOOD),
           floor(share * 1000) / 10, paint_off());
}

static void print_memory(const leakdiag_memory *memory)
{
    char exact[FIGURE_BYTES], rounded[FIGURE_BYTES], age[FIGURE_BYTES], since[FIGURE_BYTES];
    double working_set = leakdiag_memory_working_set_bytes(memory);
    int64_t started_ms = leakdiag_memory_started_ms(memory), kills;
    format_kibibytes(working_set, exact);
    format_bytes(working_set, rounded);
    printf("working set  %s%s%s (%s)\n", paint_on(PAINT_BOLD), exact, paint_off(), rounded);
    print_limit(memory);
    kills = leakdiag_memory_oom_kills(memory);
    if (kills < 0)
        printf("OOM kills    not known\n");
    else
        printf("OOM kills    %s%lld%s\n", kills ? paint_on(PAINT_BAD) : "", (long long)kills,
               kills ? paint_off() : "");
    if (started_ms) {
        format_duration((double)(leakdiag_memory_time_ms(memory) - started_ms) / 1e3, age);
        format_time(started_ms, since);
        printf("running      %s, since %s (pid %lld", age, since,
               (long long)leakdiag_memory_pid(memory));
        if (leakdiag_memory_process_count(memory) > 1)
            printf(", the oldest of %lld", (long long)leakdiag_memory_process_count(memory));
        printf(")\n");
    } else {
        printf("running      no process\n");
    }
    printf("seen by      %s%s", leakdiag_memory_kind(memory),
           leakdiag_memory_cgroup(memory)[0] ? " " : "");
    print_safe(stdout, leakdiag_memory_cgroup(memory));
    putchar('\n');
}

static int parse_pid(const char *text, int64_t *ret)
{
    char *end;
    long long pid = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || pid < 1 || pid > INT32_MAX)
        return fail(EXIT_USAGE, "--pid (%s): is no process id; give a number, as ps shows it",
                    text);
    *ret = pid;
    return 0;
}

static int top_local(const cli_args *args, const char *pid_text, const char *cgroup)
{
    CLEANUP(memory_free) leakdiag_memory *memory = NULL;
    CLEANUP(text_free) char *json = NULL;
    leakdiag_error err = {0};
    int64_t pid = 0;
    int code = pid_text ? parse_pid(pid_text, &pid) : 0;
    if (code)
        return code;
    leakdiag_status status = pid_text ? leakdiag_memory_of_process(pid, NULL, &memory, &err)
                                      : leakdiag_memory_of_cgroup(cgroup, NULL, &memory, &err);
    if (!status && wants(args, "json"))
        status = leakdiag_memory_to_json(memory, &json, &err);
    if (status)
        return fail_with(exit_for(status), pid_text ? pid_text : cgroup, &err, NULL);
    if (json)
        puts(json);
    else
        print_memory(memory);
    return 0;
}

/* --- of a cluster --------------------------------------------------------------------------------
 */

static int top_cluster(const cli_args *args)
{
    CLEANUP(cluster_free) leakdiag_cluster *cluster = NULL;
    CLEANUP(pods_free) leakdiag_pods *pods = NULL;
    leakdiag_pods_options options = LEAKDIAG_PODS_OPTIONS_INIT;
    leakdiag_error err = {0};
    const char *workload = workload_operand(args);
    int code = duration_option(args, "request-timeout", 0, &options.deadline_ms);
    if (!code)
        code = interrupts_setup();
    if (!code)
        code =
            need_cluster(args, "for something of this machine: --pid N or --cgroup PATH", &cluster);
    if (code)
        return code;
    options.cancel = interrupts_cancel();
    options.log = log_option(args);
    options.selector = args_value(args, "selector");
    options.container = args_value(args, "container");
    leakdiag_status status = leakdiag_pods_read(cluster, workload, &options, &pods, &err);
    if (interrupted())
        return interrupted();
    if (status)
        return fail_with(exit_for(status), workload ? workload : "pods", &err, NULL);
    return print_pods(args, workload, pods);
}

static int run_top(const cli_args *args)
{
    const char *pid = args_value(args, "pid"), *cgroup = args_value(args, "cgroup");
    if (pid && cgroup)
        return fail(EXIT_USAGE, "top: --pid and --cgroup exclude each other; leave out one");
    if ((pid || cgroup) && means_cluster(args))
        return fail(EXIT_USAGE, "--pid, --cgroup: are of this machine; leave them out to look at "
                                "a cluster");
    int code = check_workload(args);
    if (code)
        return code;
    return pid || cgroup ? top_local(args, pid, cgroup) : top_cluster(args);
}

static const option top_options[] = {
    {"pid", 'p', "N", NULL, HINT_NONE, false, "a process of this machine"},
    {"cgroup", 0, "PATH", NULL, HINT_FOLDER, false, "a memory cgroup of this machine"},
    {"request-timeout", 0, "TIME", NULL, HINT_NONE, false, "for everything together (default 5s)"},
    LOG_OPTION,
    {"output", 'o', "FORMAT", "text|json", HINT_NONE, false, "how to print"},
    {0},
};
static const option_group *const top_groups[] = {&cluster_group, &workload_group, NULL};

const cli_verb verb_top = {
    .name = "top",
    .about = "memory of pods, of a process or a cgroup, exact",
    .operands = "[deploy/NAME|pod/NAME]",
    .examples = "  leakdiag top deploy/checkout -n otel-demo\n"
                "  leakdiag top -l app=cart -o json | jq .containers\n"
                "  leakdiag top --pid $(pidof checkout)\n"
                "  leakdiag top --cgroup /sys/fs/cgroup/shop\n",
    .notes =
        "Without a workload, a process or a cgroup: all pods of the namespace. AGE is the age\n"
        "of the sample and WINDOW what it is the average of, as metrics.k8s.io says.\n",
    .options = top_options,
    .more = top_groups,
    .operands_max = 1,
    .run = run_top,
};
