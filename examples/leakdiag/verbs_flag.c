/* flag get: what a feature flag evaluates to. */
#include <string.h>

#include "cluster.h"
#include "verbs.h"

#define DEFAULT_URL     "http://localhost:8016"
#define DEFAULT_SERVICE "flagd:8016"
#define FILE_MAX_BYTES  ((size_t)16 << 20)
#define TOKEN_MAX_BYTES ((size_t)64 << 10)

static void flag_free(leakdiag_flag **p)
{
    leakdiag_flag_free(*p);
}

static void flags_free(leakdiag_flags **p)
{
    leakdiag_flags_free(*p);
}

/* Who answered, for people. */
typedef struct answerer {
    const char *where, *hint; /* hint: the next step when it does not answer; "" */
    bool is_file;
} answerer;

/* --- one flag ------------------------------------------------------------------------------------
 */

static void print_flag(const leakdiag_flag *flag, const char *where)
{
    leakdiag_flag_state state = leakdiag_flag_get_state(flag);
    const char *detail = leakdiag_flag_detail(flag), *value = leakdiag_flag_value_json(flag);
    fputs(paint_on(PAINT_BOLD), stdout);
    print_safe(stdout, leakdiag_flag_key(flag));
    printf("%s: ", paint_off());
    if (state == LEAKDIAG_FLAG_VALUE && value)
        print_safe(stdout, value);
    else
        printf("%s%s%s", paint_on(PAINT_BAD), leakdiag_flag_state_name(state), paint_off());
    if (leakdiag_flag_variant(flag)) {
        printf(" (variant ");
        print_safe(stdout, leakdiag_flag_variant(flag));
        if (leakdiag_flag_reason(flag)) {
            printf(", reason ");
            print_safe(stdout, leakdiag_flag_reason(flag));
        }
        putchar(')');
    }
    if (detail[0]) {
        printf(" %s ", sign_dash());
        print_safe(stdout, detail);
    }
    putchar('\n');
    if (!where)
        return;
    printf("  %s%s ", paint_on(PAINT_DIM), leakdiag_flag_method(flag));
    print_safe(stdout, where);
    if (leakdiag_flag_http_status(flag))
        printf(", HTTP %d", leakdiag_flag_http_status(flag));
    if (leakdiag_flag_latency_ms(flag) >= 0)
        printf(", %lld ms", (long long)leakdiag_flag_latency_ms(flag));
    printf("%s\n", paint_off());
}

/* A file that is no usable JSON is bad input; one that flagd would turn down is an answer. The
 * detail of the former begins with the place, and what only the library's limits refuse has no
 * error code. */
static bool is_bad_file(leakdiag_flag_state state, const char *detail, const char *error_code)
{
    return (state == LEAKDIAG_FLAG_FILE_REJECTED && strncmp(detail, "line ", 5) == 0) ||
           (state == LEAKDIAG_FLAG_MALFORMED && !error_code);
}

static int judge(leakdiag_flag_state state, const char *detail, const char *error_code,
                 const answerer *from)
{
    const char *where = from->where;
    if (state == LEAKDIAG_FLAG_UNREACHABLE)
        return fail(EXIT_TOOL, "flag (%s): %s%s", where, detail[0] ? detail : "no answer",
                    from->hint);
    if (from->is_file && is_bad_file(state, detail, error_code))
        return fail(EXIT_USAGE, "flag file (%s): %s; correct the file", where, detail);
    return 0;
}

static int print_one(const cli_args *args, const leakdiag_flag *flag, const answerer *from)
{
    CLEANUP(text_free) char *json = NULL;
    leakdiag_error err = {0};
    if (!wants(args, "json")) {
        print_flag(flag, from->where);
    } else if (leakdiag_flag_to_json(flag, &json, &err)) {
        return fail_with(EXIT_TOOL, "flag get", &err, NULL);
    } else {
        puts(json);
    }
    return judge(leakdiag_flag_get_state(flag), leakdiag_flag_detail(flag),
                 leakdiag_flag_error_code(flag), from);
}

/* --- all flags -----------------------------------------------------------------------------------
 */

static int print_all_json(const leakdiag_flags *flags)
{
    CLEANUP(text_free) char *json = NULL;
    leakdiag_error err = {0};
    if (leakdiag_flags_to_json(flags, &json, &err))
        return fail_with(EXIT_TOOL, "flag get", &err, NULL);
    puts(json);
    return 0;
}

static int print_all(const cli_args *args, const leakdiag_flags *flags, const answerer *from)
{
    leakdiag_flag_state state = leakdiag_flags_state(flags);
    if (wants(args, "json")) {
        int code = print_all_json(flags);
        if (code)
            return code;
    } else {
        for (size_t i = 0; i < leakdiag_flags_len(flags); i++)
            print_flag(leakdiag_flags_at(flags, i), NULL);
        if (state != LEAKDIAG_FLAG_VALUE) {
            printf("%s%s%s %s ", paint_on(PAINT_BAD), leakdiag_flag_state_name(state), paint_off(),
                   sign_dash());
            print_safe(stdout, leakdiag_flags_detail(flags));
            putchar('\n');
        } else if (leakdiag_flags_len(flags) == 0) {
            printf("no flags\n");
        }
    }
    return judge(state, leakdiag_flags_detail(flags), NULL, from);
}

/* --- asking --------------------------------------------------------------------------------------
 */

/* A token is read from a file: on a command line every user of the machine could see it. */
static int read_token(const cli_args *args, char **ret)
{
    const char *path = args_value(args, "token-file");
    size_t len = 0;
    if (!path)
        return 0;
    int code = read_file(path, TOKEN_MAX_BYTES, ret, &len);
    if (code)
        return code;
    if (memchr(*ret, '\0', len))
        return fail(EXIT_USAGE, "--token-file (%s): has a NUL byte; is it the right file?", path);
    while (len && strchr("\r\n\t ", (*ret)[len - 1]))
        (*ret)[--len] = '\0';
    return len ? 0 : fail(EXIT_USAGE, "--token-file (%s): is empty", path);
}

static int ask(const cli_args *args, const char *key)
{
    CLEANUP(target_done) service_target target = {0};
    CLEANUP(flag_free) leakdiag_flag *flag = NULL;
    CLEANUP(flags_free) leakdiag_flags *flags = NULL;
    CLEANUP(text_free) char *token = NULL;
    leakdiag_flag_options options = LEAKDIAG_FLAG_OPTIONS_INIT;
    leakdiag_error err = {0};
    int code = interrupts_setup();
    if (!code)
        code = duration_option(args, "request-timeout", 0, &options.deadline_ms);
    if (!code)
        code = read_token(args, &token);
    if (!code)
        code = choose_service(args, DEFAULT_URL, DEFAULT_SERVICE, &target);
    if (code)
        return code;
    options.cancel = interrupts_cancel();
    options.log = log_option(args);
    options.context_json = args_value(args, "evaluation-context");
    options.bearer_token = token;
    options.cluster = target.cluster;
    options.namespace_name = target.namespace_name;
    leakdiag_status status = key ? leakdiag_flag_evaluate(target.url, key, &options, &flag, &err)
                                 : leakdiag_flag_evaluate_all(target.url, &options, &flags, &err);
    if (interrupted())
        return interrupted();
    if (status)
        return fail_with(exit_for(status), key ? key : target.where, &err, NULL);
    const answerer from = {target.where, target.hint, false};
    return key ? print_one(args, flag, &from) : print_all(args, flags, &from);
}

static int read_offline(const cli_args *args, const char *key, const char *path)
{
    CLEANUP(flag_free) leakdiag_flag *flag = NULL;
    CLEANUP(flags_free) leakdiag_flags *flags = NULL;
    CLEANUP(text_free) char *data = NULL;
    size_t len = 0;
    leakdiag_error err = {0};
    int code = read_file(path, FILE_MAX_BYTES, &data, &len);
    if (code)
        return code;
    leakdiag_status status = key ? leakdiag_flag_from_file(data, len, key, &flag, &err)
                                 : leakdiag_flags_from_file(data, len, &flags, &err);
    if (status)
        return fail_with(exit_for(status), key ? key : path, &err, NULL);
    const answerer from = {path, "", true};
    return key ? print_one(args, flag, &from) : print_all(args, flags, &from);
}

static int run_flag_get(const cli_args *args)
{
    const char *key = args->operand_count ? args->operands[0] : NULL;
    const char *url = args_value(args, "url"), *path = args_value(args, "file");
    if (!key == !args_has(args, "all"))
        return fail(EXIT_USAGE,
                    key ? "flag get (%s): a key and --all exclude each other"
                        : "flag get: needs a KEY or --all; leakdiag help flag get "
                          "shows examples%s",
                    key ? key : "");
    if (path && (url || args_has(args, "service") || means_cluster(args)))
        return fail(EXIT_USAGE, "flag get: --file excludes --url and the cluster; leave out one");
    return path ? read_offline(args, key, path) : ask(args, key);
}

static const option flag_options[] = {
    {"url", 'u', "URL", NULL, HINT_NONE, false, "OFREP endpoint (default " DEFAULT_URL ")"},
    {"service", 0, "NAME:PORT", NULL, HINT_NONE, false,
     "a Service, through the API server (default " DEFAULT_SERVICE ")"},
    {"file", 'f', "FILE", NULL, HINT_FILE, false, "evaluate a flagd file offline"},
    {"all", 'a', NULL, NULL, HINT_NONE, false, "all flags"},
    {"evaluation-context", 0, "JSON", NULL, HINT_NONE, false,
     "what the rules are asked with (default {})"},
    {"token-file", 0, "FILE", NULL, HINT_FILE, false, "file with a bearer token"},
    {"request-timeout", 0, "TIME", NULL, HINT_NONE, false, "for everything together (default 5s)"},
    LOG_OPTION,
    {"output", 'o', "FORMAT", "text|json", HINT_NONE, false, "how to print"},
    {0},
};

const cli_verb verb_flag_get = {
    .name = "flag get",
    .about = "what a feature flag evaluates to, and why",
    .operands = "KEY",
    .examples = "  leakdiag flag get kafkaQueueProblems\n"
                "  leakdiag flag get kafkaQueueProblems -n otel-demo   # through the API server\n"
                "  leakdiag flag get --url http://flagd:8016 --all\n"
                "  leakdiag flag get --file demo.flagd.json kafkaQueueProblems -o json\n",
    .notes = "Asks with POST, and with GET where only that is answered; says which one it was.\n"
             "Exit status 0 when somebody answered, whatever the answer: an error of the flag\n"
             "service, as HTTP 500 with an errorCode, is one. 1 when nobody did.\n",
    .options = flag_options,
    .more = cluster_groups,
    .operands_max = 1,
    .run = run_flag_get,
};
