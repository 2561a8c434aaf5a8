/* logs count: how often, first and last, of any number of patterns in one pass. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "verbs.h"

#define CHUNK_BYTES 65536

static void scan_free(leakdiag_scan **p)
{
    leakdiag_scan_free(*p);
}

static void patterns_free(leakdiag_patterns **p)
{
    leakdiag_patterns_unref(*p);
}

static void list_free(leakdiag_pattern **p)
{
    for (leakdiag_pattern *at = *p; at && at->name; at++)
        free((char *)(size_t)at->name);
    free(*p);
}

/* -e NAME=PATTERN: the name ends at the first '='. */
static int split_pattern(const char *given, uint64_t flags, leakdiag_pattern *ret)
{
    const char *equals = strchr(given, '=');
    if (!equals)
        return fail(EXIT_USAGE, "-e (%s): has no '='; write -e NAME=PATTERN", given);
    char *name = strndup(given, (size_t)(equals - given));
    if (!name)
        return fail(EXIT_TOOL, "logs count: out of memory");
    *ret = (leakdiag_pattern){.name = name, .text = equals + 1, .flags = flags};
    return 0;
}

static int compile_patterns(const cli_args *args, leakdiag_patterns **ret)
{
    size_t n = args_count(args, "expression");
    uint64_t flags = (args_has(args, "ignore-case") ? LEAKDIAG_PATTERN_IGNORE_CASE : 0) |
                     (args_has(args, "regex") ? LEAKDIAG_PATTERN_REGEX : 0);
    if (n == 0)
        return fail(EXIT_USAGE, "logs count: needs -e NAME=PATTERN; leakdiag help logs count shows "
                                "examples");
    if (args_has(args, "regex") && args_has(args, "fixed-strings"))
        return fail(EXIT_USAGE, "logs count: --regex and -F exclude each other; leave out one");
    CLEANUP(list_free) leakdiag_pattern *list = calloc(n + 1, sizeof *list);
    if (!list)
        return fail(EXIT_TOOL, "logs count: out of memory");
    for (size_t i = 0; i < n; i++) {
        int status = split_pattern(args_value_at(args, "expression", i), flags, &list[i]);
        if (status)
            return status;
    }
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_patterns_new(list, n, ret, &err);
    return status ? fail_with(exit_for(status), "-e", &err, NULL) : 0;
}

/* *last is the last byte that was pushed. */
static int scan_file(leakdiag_scan *scan, const char *path, char *chunk, char *last)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail(EXIT_USAGE, "%s: %s; is the name right?", path, strerror(errno));
    int status = 0;
    while (!status && !interrupted()) {
        leakdiag_error err = {0};
        ssize_t n = read(fd, chunk, CHUNK_BYTES);
        if (n == 0)
            break;
        if (n > 0)
            *last = chunk[n - 1];
        if (n < 0 && errno == EISDIR)
            status = fail(EXIT_USAGE, "%s: is a folder; name a log file", path);
        else if (n < 0 && errno != EINTR)
            status = fail(EXIT_TOOL, "%s: %s; the counts are not complete", path, strerror(errno));
        else if (n > 0 && leakdiag_scan_push(scan, chunk, (size_t)n, &err))
            status = fail_with(EXIT_TOOL, path, &err, NULL);
    }
    if (!standard)
        close(fd);
    return status;
}

static int scan_all(const cli_args *args, leakdiag_scan *scan)
{
    static char chunk[CHUNK_BYTES];
    leakdiag_error err = {0};
    for (size_t i = 0; i < args->operand_count && !interrupted(); i++) {
        char last = '\n';
        int status = scan_file(scan, args->operands[i], chunk, &last);
        if (status)
            return status;
        /* The last line of one file is not the beginning of the next. */
        if (last != '\n' && i + 1 < args->operand_count && leakdiag_scan_push(scan, "\n", 1, &err))
            return fail_with(EXIT_TOOL, "logs count", &err, NULL);
    }
    if (leakdiag_scan_finish(scan, &err))
        return fail_with(EXIT_TOOL, "logs count", &err, NULL);
    return 0;
}

/* --- text --------------------------------------------------------------------------------------
 */

static void print_line(const char *word, const leakdiag_log_line *line)
{
    size_t shown = line->len > 200 ? 200 : line->len;
    printf("    %s%-5s%s line %llu: ", paint_on(PAINT_DIM), word, paint_off(),
           (unsigned long long)line->number);
    print_safe_bytes(stdout, line->text, shown);
    printf("%s\n", shown < line->len ? "..." : "");
}

static void print_pattern(const leakdiag_scan *scan, const char *name, size_t i)
{
    char rate[FIGURE_BYTES];
    leakdiag_log_line line;
    uint64_t count = leakdiag_scan_count(scan, i);
    double per_min = leakdiag_scan_rate_per_min(scan, i);
    fputs(paint_on(PAINT_BOLD), stdout);
    print_safe(stdout, name);
    printf("%s: %llu line%s", paint_off(), (unsigned long long)count, count == 1 ? "" : "s");
    if (!isnan(per_min)) {
        format_number(per_min, rate);
        printf(", %s/min", rate);
    }
    if (leakdiag_scan_expensive(scan, i))
        printf(" %s(at least: too expensive on %llu lines)%s", paint_on(PAINT_WARN),
               (unsigned long long)leakdiag_scan_expensive(scan, i), paint_off());
    putchar('\n');
    if (leakdiag_scan_first(scan, i, &line))
        print_line("first", &line);
    if (count > 1 && leakdiag_scan_last(scan, i, &line))
        print_line("last", &line);
}

static void print_text(const leakdiag_scan *scan, const leakdiag_patterns *patterns)
{
    char bytes[FIGURE_BYTES], from[FIGURE_BYTES], to[FIGURE_BYTES], span[FIGURE_BYTES];
    int64_t from_ms, to_ms;
    for (size_t i = 0; i < leakdiag_patterns_len(patterns); i++)
        print_pattern(scan, leakdiag_patterns_name(patterns, i), i);
    format_bytes((double)leakdiag_scan_bytes(scan), bytes);
    printf("of %llu lines (%s)", (unsigned long long)leakdiag_scan_lines(scan), bytes);
    if (leakdiag_scan_time_span(scan, &from_ms, &to_ms)) {
        format_time(from_ms, from);
        format_time(to_ms, to);
        format_duration((double)(to_ms - from_ms) / 1e3, span);
        printf(", %s to %s (%s)", from, to, span);
    }
    putchar('\n');
    if (leakdiag_scan_truncated(scan))
        printf("%llu lines are longer than 64 KiB; only their beginning was searched\n",
               (unsigned long long)leakdiag_scan_truncated(scan));
}

static int print_scan(const cli_args *args, const leakdiag_scan *scan,
                      const leakdiag_patterns *patterns)
{
    if (!wants(args, "json")) {
        print_text(scan, patterns);
        return 0;
    }
    CLEANUP(text_free) char *json = NULL;
    leakdiag_error err = {0};
    if (leakdiag_scan_to_json(scan, &json, &err))
        return fail_with(EXIT_TOOL, "logs count", &err, NULL);
    puts(json);
    return 0;
}

static int run_logs_count(const cli_args *args)
{
    CLEANUP(patterns_free) leakdiag_patterns *patterns = NULL;
    CLEANUP(scan_free) leakdiag_scan *scan = NULL;
    leakdiag_error err = {0};
    int status = interrupts_setup();
    if (!status)
        status = compile_patterns(args, &patterns);
    if (status)
        return status;
    if (leakdiag_scan_new(patterns, NULL, &scan, &err))
        return fail_with(EXIT_TOOL, "logs count", &err, NULL);
    status = scan_all(args, scan);
    if (!status)
        status = print_scan(args, scan, patterns);
    return status ? status : interrupted();
}

static const option logs_options[] = {
    {"expression", 'e', "NAME=PATTERN", NULL, HINT_NONE, true,
     "count the lines that hold PATTERN; the name ends at the first '='"},
    {"ignore-case", 'i', NULL, NULL, HINT_NONE, false, "letters match either case"},
    {"fixed-strings", 'F', NULL, NULL, HINT_NONE, false, "patterns are fixed strings (default)"},
    {"regex", 'E', NULL, NULL, HINT_NONE, false, "patterns are regular expressions (PCRE2)"},
    {"output", 'o', "FORMAT", "text|json", HINT_NONE, false, "how to print"},
    {0},
};

const cli_verb verb_logs_count = {
    .name = "logs count",
    .about = "count patterns in a log, in one pass",
    .operands = "FILE...",
    .examples =
        "  leakdiag logs count -i -e orders='order placed' checkout.log\n"
        "  kubectl logs deploy/checkout --timestamps | leakdiag logs count -e flag=Queue -\n"
        "  leakdiag logs count --regex -e done='Done with #([0-9]+)' -o json *.log\n",
    .notes = "FILE \"-\" is standard input. Several files are counted together. A line counts once "
             "however\noften it matches. Rates need lines with times (RFC 3339, or a JSON line "
             "with one).\n",
    .options = logs_options,
    .operands_min = 1,
    .operands_max = (size_t)-1,
    .offers = HINT_FILE,
    .run = run_logs_count,
};
