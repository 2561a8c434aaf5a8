/* load status: is the load test running? */
#include <math.h>
#include <string.h>

#include "cluster.h"
#include "verbs.h"

#define LOCUST_URL     "http://localhost:8089"
#define LOCUST_SERVICE "load-generator:8089"

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

static int print_status(const cli_args *args, const leakdiag_load *load,
                        const service_target *target)
{
    const char *where = target->where;
    CLEANUP(text_free) char *json = NULL;
    leakdiag_error err = {0};
    if (!wants(args, "json"))
        print_load(load, where);
    else if (leakdiag_load_to_json(load, &json, &err))
        return fail_with(EXIT_TOOL, "load status", &err, NULL);
    else
        puts(json);
    if (leakdiag_load_get_state(load) == LEAKDIAG_LOAD_UNREACHABLE)
        return fail(EXIT_TOOL, "load (%s): %s%s", where,
                    leakdiag_load_detail(load)[0] ? leakdiag_load_detail(load) : "no answer",
                    target->hint);
    return 0;
}

static int run_load_status(const cli_args *args)
{
    CLEANUP(load_free) leakdiag_load *load = NULL;
    CLEANUP(target_done) service_target target = {0};
    leakdiag_load_options options = LEAKDIAG_LOAD_OPTIONS_INIT;
    leakdiag_error err = {0};
    int code = interrupts_setup();
    if (!code)
        code = duration_option(args, "request-timeout", 0, &options.deadline_ms);
    if (!code)
        code = choose_service(args, LOCUST_URL, LOCUST_SERVICE, &target);
    if (code)
        return code;
    options.cancel = interrupts_cancel();
    options.log = log_option(args);
    options.cluster = target.cluster;
    options.namespace_name = target.namespace_name;
    leakdiag_status status = leakdiag_load_read(target.url, &options, &load, &err);
    if (interrupted())
        return interrupted();
    if (status)
        return fail_with(exit_for(status), target.where, &err, NULL);
    return print_status(args, load, &target);
}

static const option load_options[] = {
    {"url", 'u', "URL", NULL, HINT_NONE, false, "Locust (default " LOCUST_URL ")"},
    {"service", 0, "NAME:PORT", NULL, HINT_NONE, false,
     "a Service, through the API server (default " LOCUST_SERVICE ")"},
    {"request-timeout", 0, "TIME", NULL, HINT_NONE, false, "for everything together (default 5s)"},
    LOG_OPTION,
    {"output", 'o', "FORMAT", "text|json", HINT_NONE, false, "how to print"},
    {0},
};

const cli_verb verb_load_status = {
    .name = "load status",
    .about = "is the load test running, with how many users?",
    .operands = "",
    .examples = "  leakdiag load status\n"
                "  leakdiag load status -n otel-demo        # through the API server\n"
                "  leakdiag load status --url http://locust:8089 -o json\n",
    .options = load_options,
    .more = cluster_groups,
    .run = run_load_status,
};
