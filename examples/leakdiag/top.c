#include "top.h"

#include <math.h>
#include <string.h>

#define CELL_BYTES 300

enum { POD, CONTAINER, MEMORY, LIMIT, USED, SOFT, AGE, WINDOW, RESTARTS, STATE, LAST_END, COLUMNS };

static const char *const headings[COLUMNS] = {"POD",      "CONTAINER", "MEMORY",  "LIMIT",
                                              "USED",     "SOFT",      "AGE",     "WINDOW",
                                              "RESTARTS", "STATE",     "LAST END"};

typedef struct cells {
    char text[COLUMNS][CELL_BYTES];
    double share; /* of the limit; NAN */
} cells;

static void say(cells *row, int column, const char *text)
{
    snprintf(row->text[column], CELL_BYTES, "%s", text ? text : "?");
}

static void say_memory(const leakdiag_pods *pods, size_t i, cells *row)
{
    char figure[FIGURE_BYTES];
    double used = leakdiag_pods_working_set_bytes(pods, i);
    double limit = leakdiag_pods_limit_bytes(pods, i);
    int has_limit = leakdiag_pods_has_limit(pods, i);
    format_kibibytes(used, figure);
    say(row, MEMORY, figure);
    say(row, LIMIT, has_limit == 0 ? "none" : leakdiag_pods_limit_text(pods, i));
    row->share = has_limit == 1 && limit > 0 ? used / limit : NAN;
    if (isnan(row->share))
        say(row, USED, has_limit == 0 ? "-" : "?");
    else
        snprintf(row->text[USED], CELL_BYTES, "%.1f%%", floor(row->share * 1000) / 10);
    const char *soft = leakdiag_pods_soft_limit_text(pods, i);
    say(row, SOFT, soft ? soft : "none");
}

static void say_sample(const leakdiag_pods *pods, size_t i, cells *row)
{
    char figure[FIGURE_BYTES];
    int64_t age_ms = leakdiag_pods_sample_age_ms(pods, i);
    int64_t window_ms = leakdiag_pods_window_ms(pods, i);
    format_duration(age_ms < 0 ? NAN : floor((double)age_ms / 1e3), figure);
    say(row, AGE, figure);
    format_duration(window_ms ? round((double)window_ms / 1e3) : NAN, figure);
    say(row, WINDOW, figure);
}

static const char *state_of(const leakdiag_pods *pods, size_t i)
{
    if (leakdiag_pods_is_terminating(pods, i))
        return "Terminating";
    if (leakdiag_pods_waiting_reason(pods, i))
        return leakdiag_pods_waiting_reason(pods, i);
    if (leakdiag_pods_reason(pods, i))
        return leakdiag_pods_reason(pods, i);
    if (leakdiag_pods_started_ms(pods, i))
        return leakdiag_pods_is_ready(pods, i) ? "ready" : "not ready";
    return leakdiag_pods_phase(pods, i);
}

static void say_end(const leakdiag_pods *pods, size_t i, cells *row)
{
    char ago[FIGURE_BYTES];
    const char *reason = leakdiag_pods_end_reason(pods, i);
    int64_t ended_ms = leakdiag_pods_ended_ms(pods, i);
    if (!reason) {
        say(row, LAST_END, "none");
        return;
    }
    format_duration(ended_ms ? floor((double)(leakdiag_pods_time_ms(pods) - ended_ms) / 1e3) : NAN,
                    ago);
    snprintf(row->text[LAST_END], CELL_BYTES, "%s (%lld) %s ago", reason,
             (long long)leakdiag_pods_end_code(pods, i), ago);
}

static void fill(const leakdiag_pods *pods, size_t i, cells *row)
{
    int64_t restarts = leakdiag_pods_restarts(pods, i);
    say(row, POD, leakdiag_pods_pod(pods, i));
    say(row, CONTAINER, leakdiag_pods_container(pods, i));
    say_memory(pods, i, row);
    say_sample(pods, i, row);
    if (restarts < 0)
        say(row, RESTARTS, NULL);
    else
        snprintf(row->text[RESTARTS], CELL_BYTES, "%lld", (long long)restarts);
    say(row, STATE, state_of(pods, i));
    say_end(pods, i, row);
}

/* A column that says nothing of any pod is left out. */
static bool is_shown(const leakdiag_pods *pods, int column)
{
    if (column != SOFT)
        return true;
    for (size_t i = 0; i < leakdiag_pods_len(pods); i++)
        if (leakdiag_pods_soft_limit_text(pods, i))
            return true;
    return false;
}

static void measure(const leakdiag_pods *pods, int width[COLUMNS])
{
    for (int c = 0; c < COLUMNS; c++)
        width[c] = (int)strlen(headings[c]);
    for (size_t i = 0; i < leakdiag_pods_len(pods); i++) {
        cells row;
        fill(pods, i, &row);
        for (int c = 0; c < COLUMNS; c++) {
            int len = (int)strlen(row.text[c]);
            width[c] = len > width[c] ? len : width[c];
        }
    }
}

static const char *color_of(const cells *row, int column)
{
    if (column != USED || isnan(row->share))
        return "";
    return paint_on(row->share >= 0.9 ? PAINT_BAD : row->share >= 0.7 ? PAINT_WARN : PAINT_GOOD);
}

static void print_row(const leakdiag_pods *pods, const int width[COLUMNS], const cells *row)
{
    for (int c = 0; c < COLUMNS; c++) {
        const char *text = row ? row->text[c] : headings[c], *color = row ? color_of(row, c) : "";
        if (!is_shown(pods, c))
            continue;
        int blanks = c == LAST_END ? 0 : width[c] - (int)strlen(text) + 2;
        fputs(color, stdout);
        print_safe(stdout, text);
        printf("%s%*s", color[0] ? paint_off() : "", blanks, "");
    }
    putchar('\n');
}

/* Why a figure is missing, once for all the pods that miss it for the same reason. */
static void print_reasons(const leakdiag_pods *pods)
{
    for (size_t i = 0; i < leakdiag_pods_len(pods); i++) {
        const char *why = leakdiag_pods_no_sample(pods, i);
        size_t first = 0, n = 0;
        while (strcmp(leakdiag_pods_no_sample(pods, first), why) != 0)
            first++;
        if (!why[0] || first != i)
            continue;
        for (size_t k = i; k < leakdiag_pods_len(pods); k++)
            n += strcmp(leakdiag_pods_no_sample(pods, k), why) == 0;
        printf("no sample of ");
        if (n > 1)
            printf("%zu containers: ", n);
        else
            printf("%s/%s: ", leakdiag_pods_pod(pods, i), leakdiag_pods_container(pods, i));
        print_safe(stdout, why);
        putchar('\n');
    }
}

static void print_rollout(const leakdiag_pods *pods, const char *workload)
{
    const char *rollout = leakdiag_pods_rollout(pods);
    bool is_fine = strcmp(rollout, "settled") == 0;
    if (!rollout[0])
        return;
    print_safe(stdout, workload);
    printf(" in namespace %s: rollout %s%s%s", leakdiag_pods_namespace_name(pods),
           is_fine ? "" : paint_on(PAINT_WARN), rollout, is_fine ? "" : paint_off());
    if (leakdiag_pods_replicas(pods) >= 0)
        printf(", %lld wanted", (long long)leakdiag_pods_replicas(pods));
    putchar('\n');
}

static void print_table(const leakdiag_pods *pods, const char *workload)
{
    int width[COLUMNS];
    char skew[FIGURE_BYTES];
    int64_t skew_ms = leakdiag_pods_skew_ms(pods);
    measure(pods, width);
    if (leakdiag_pods_len(pods))
        print_row(pods, width, NULL);
    for (size_t i = 0; i < leakdiag_pods_len(pods); i++) {
        cells row;
        fill(pods, i, &row);
        print_row(pods, width, &row);
    }
    print_rollout(pods, workload);
    print_reasons(pods);
    if (leakdiag_pods_detail(pods)[0]) {
        print_safe(stdout, leakdiag_pods_detail(pods));
        putchar('\n');
    }
    if (!skew_ms)
        return;
    format_duration(fabs((double)skew_ms) / 1e3, skew);
    printf("the cluster's clock is %s %s this machine's; ages are told by the cluster's\n", skew,
           skew_ms > 0 ? "ahead of" : "behind");
}

int print_pods(const cli_args *args, const char *workload, const leakdiag_pods *pods)
{
    CLEANUP(text_free) char *json = NULL;
    leakdiag_error err = {0};
    if (!wants(args, "json"))
        print_table(pods, workload);
    else if (leakdiag_pods_to_json(pods, &json, &err))
        return fail_with(EXIT_TOOL, "top", &err, NULL);
    else
        puts(json);
    return 0;
}
