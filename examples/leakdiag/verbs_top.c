/* top and load status: one look at memory, one look at the load. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "verbs.h"

#define LOCUST_URL "http://localhost:8089"

/* --- top
 * ------------------------------------------------------------------------------------------ */

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

static int run_top(const cli_args *args)
{
    const char *pid_text = args_value(args, "pid"), *cgroup = args_value(args, "cgroup");
    CLEANUP(memory_free) leakdiag_memory *memory = NULL;
    CLEANUP(text_free) char *json = NULL;
    leakdiag_error err = {0};
    int64_t pid = 0;
    if (!pid_text == !cgroup)
        return fail(EXIT_USAGE, "top: needs either --pid N or --cgroup PATH; leakdiag help top "
                                "shows examples");
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

static const option top_options[] = {
    {"pid", 'p', "N", NULL, HINT_NONE, false, "a process"},
    {"cgroup", 'c', "PATH", NULL, HINT_FOLDER, false, "a memory cgroup's folder"},
    {"output", 'o', "FORMAT", "text|json", HINT_NONE, false, "how to print"},
    {0},
};

const cli_verb verb_top = {
    .name = "top",
    .about = "memory of a process or cgroup, exact",
    .operands = "",
    .examples = "  leakdiag top --pid $(pidof checkout)\n"
                "  leakdiag top --cgroup /sys/fs/cgroup/shop\n",
    .options = top_options,
    .run = run_top,
};

/* --- load status ---------------------------------------------------------------------------------
 */

static void load_free(leakdiag_load **p)
{
    leakdiag_load_free(*p);
}

static void print_rows(const leakdiag_load *load)
{
    char rate[FIGURE_BYTES];
    int width = 4;
    for (size_t i = 0; i < leakdiag_load_row_count(load); i++) {
        size_t len = strlen(leakdiag_load_row_name(load, i));
        width = len > (size_t)width && len < 40 ? (int)len : width;
    }
    for (size_t i = 0; i < leakdiag_load_row_count(load); i++) {
        const char *name = leakdiag_load_row_name(load, i);
        int64_t failures = leakdiag_load_row_failures(load, i);
        format_number(leakdiag_load_row_rate_per_s(load, i) * 60, rate);
        printf("  ");
        print_safe(stdout, leakdiag_load_row_method(load, i));
        putchar(' ');
        print_safe(stdout, name);
        printf("%*s  %s/min, %lld requests",
               (int)strlen(name) < width ? width - (int)strlen(name) : 0, "", rate,
               (long long)leakdiag_load_row_requests(load, i));
        if (failures)
            printf(", %s%lld failed%s", paint_on(PAINT_BAD), (long long)failures, paint_off());
        putchar('\n');
    }
}

static void print_load(const leakdiag_load *load, const char *url)
{
    char figure[FIGURE_BYTES];
    leakdiag_load_state state = leakdiag_load_get_state(load);
    bool running = state == LEAKDIAG_LOAD_RUNNING;
    printf("%s%s%s", paint_on(running ? PAINT_GOOD : PAINT_BAD), leakdiag_load_state_name(state),
           paint_off());
    if (leakdiag_load_users(load) >= 0)
        printf(", %lld users", (long long)leakdiag_load_users(load));
    if (leakdiag_load_target_users(load) >= 0)
        printf(" (%lld wanted)", (long long)leakdiag_load_target_users(load));
    if (!isnan(leakdiag_load_spawn_per_s(load))) {
        format_number(leakdiag_load_spawn_per_s(load), figure);
        printf(", %s/s started", figure);
    }
    if (leakdiag_load_age_ms(load) >= 0) {
        format_duration((double)leakdiag_load_age_ms(load) / 1e3, figure);
        printf(", for %s", figure);
    }
    if (!isnan(leakdiag_load_fail_ratio(load)))
        printf(", %.1f %% failed", leakdiag_load_fail_ratio(load) * 100);
    printf(" (");
    print_safe(stdout, url);
    printf(")\n");
    if (leakdiag_load_detail(load)[0]) {
        printf("  ");
        print_safe(stdout, leakdiag_load_detail(load));
        putchar('\n');
    }
    print_rows(load);
}

static int run_load_status(const cli_args *args)
{
    const char *given = args_value(args, "url"), *url = given ? given : LOCUST_URL;
    CLEANUP(load_free) leakdiag_load *load = NULL;
    CLEANUP(text_free) char *json = NULL;
    leakdiag_load_options options = LEAKDIAG_LOAD_OPTIONS_INIT;
    leakdiag_error err = {0};
    int code = interrupts_setup();
    if (!code)
        code = duration_option(args, "request-timeout", 0, &options.timeout_ms);
    if (code)
        return code;
    options.cancel = interrupts_cancel();
    leakdiag_status status = leakdiag_load_read(url, &options, &load, &err);
    if (interrupted())
        return interrupted();
    if (!status && wants(args, "json"))
        status = leakdiag_load_to_json(load, &json, &err);
    if (status)
        return fail_with(exit_for(status), url, &err, NULL);
    if (json)
        puts(json);
    else
        print_load(load, url);
    if (leakdiag_load_get_state(load) == LEAKDIAG_LOAD_UNREACHABLE)
        return fail(EXIT_TOOL, "load (%s): %s", url,
                    leakdiag_load_detail(load)[0] ? leakdiag_load_detail(load) : "no answer");
    return 0;
}

static const option load_options[] = {
    {"url", 'u', "URL", NULL, HINT_NONE, false, "Locust (default " LOCUST_URL ")"},
    {"request-timeout", 0, "TIME", NULL, HINT_NONE, false, "for everything together (default 5s)"},
    {"output", 'o', "FORMAT", "text|json", HINT_NONE, false, "how to print"},
    {0},
};

const cli_verb verb_load_status = {
    .name = "load status",
    .about = "is the load test running, with how many users?",
    .operands = "",
    .examples = "  leakdiag load status\n"
                "  leakdiag load status --url http://locust:8089 -o json\n",
    .options = load_options,
    .run = run_load_status,
};
