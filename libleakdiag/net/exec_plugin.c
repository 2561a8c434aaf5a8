#include "net/exec_plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/redact.h"
#include "base/text.h"
#include "net/clock.h"
#include "net/secret.h"

#define SLICE_MS      20  /* how late the end of the program, or a cancel, may be noticed */
#define PIPE_GRACE_MS 500 /* the program ended, but somebody it started holds its output open */
#define TERM_GRACE_MS 2000
#define KILL_WAIT_MS  1000
#define SHOWN_LINES   3
#define SHOWN_BYTES   200
#define LONG_RUN      24 /* so many letters and digits in a row are rather a token than a word */

static void free_list(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        ld_secret_release(list[i]);
    ld_release(list);
}

void ld_exec_plugin_free(ld_exec_plugin *plugin)
{
    if (!plugin)
        return;
    free_list(plugin->args);
    free_list(plugin->env);
    free_list(plugin->allowed);
    ld_release(plugin->command);
    ld_release(plugin->api_version);
    ld_secret_release(plugin->info);
    ld_release(plugin->install_hint);
    ld_release(plugin->refused);
    ld_release(plugin);
}

/* ---- where the program is ---- */

static bool is_program(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISREG(found.st_mode) && access(path, X_OK) == 0;
}

/* As in a shell, but never in the current folder or one relative to it. NULL in *ret: not there. */
static leakdiag_status find_in_path(const char *name, const char *path, char **ret,
                                    leakdiag_error *err)
{
    for (const char *p = path ? path : ""; *p; p += *p == ':') {
        LD_CLEANUP(ld_text_done) ld_text text = {0};
        size_t n = strcspn(p, ":");
        if (*p == '/') {
            ld_text_add_bytes(&text, p, n);
            ld_text_addf(&text, "/%s", name);
            if (text.failed)
                return ld_fail_nomem(err);
            if (is_program(text.data))
                return ld_text_take(&text, ret, err);
        }
        p += n;
    }
    return LEAKDIAG_OK;
}

/* Sanitised: a kubeconfig may come from anywhere. */
static void add_hint(ld_text *text, const char *hint)
{
    if (!hint)
        return;
    ld_text_add(text, "; its kubeconfig says: ");
    for (size_t i = 0; hint[i] && i < SHOWN_BYTES; i++) {
        if (hint[i] == '\n' || hint[i] == '\r')
            ld_text_add_char(text, ' ');
        else
            ld_text_add_char(text, hint[i]);
    }
}

static leakdiag_status not_found(const ld_exec_plugin *plugin, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    LD_CLEANUP(ld_text_done) ld_text safe = {0};
    bool is_name = !strchr(plugin->command, '/');
    ld_text_addf(&text, "%.100s is not %s; install it%s", plugin->command,
                 is_name ? "in PATH" : "there, or is no program",
                 is_name ? " or put its folder into PATH" : "");
    add_hint(&text, plugin->install_hint);
    if (text.failed)
        return ld_fail_nomem(err);
    ld_text_add_safe(&safe, text.data, text.len);
    if (safe.failed)
        return ld_fail_nomem(err);
    return ld_fail(err, LEAKDIAG_E_AUTH, "%s", safe.data);
}

static leakdiag_status check_allowed(const ld_exec_plugin *plugin, const char *program,
                                     leakdiag_error *err)
{
    if (!plugin->allowed)
        return LEAKDIAG_OK;
    for (size_t i = 0; plugin->allowed[i]; i++)
        if (plugin->allowed[i][0] == '/' && strcmp(plugin->allowed[i], program) == 0)
            return LEAKDIAG_OK;
    return ld_fail(err, LEAKDIAG_E_AUTH,
                   "%.200s is not in the list of allowed plugins; add this absolute path to it",
                   program);
}

static leakdiag_status find_program(const ld_exec_plugin *plugin, const ld_surroundings *around,
                                    char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *program = NULL;
    leakdiag_status status = LEAKDIAG_OK;
    if (!strchr(plugin->command, '/'))
        status = find_in_path(plugin->command, around->path, &program, err);
    else if (is_program(plugin->command) && !(program = ld_copy_text(plugin->command)))
        return ld_fail_nomem(err);
    if (!status && !program)
        status = not_found(plugin, err);
    if (!status)
        status = check_allowed(plugin, program, err);
    if (!status)
        *ret = ld_steal(&program);
    return status;
}

/* ---- what it is given ---- */

/* The variable's name, up to '='. */
static bool same_name(const char *a, const char *b)
{
    size_t n = strcspn(a, "=");
    return strncmp(a, b, n) == 0 && b[n] == '=';
}

static bool is_replaced(const char *variable, char *const *own)
{
    for (size_t i = 0; own && own[i]; i++)
        if (same_name(variable, own[i]))
            return true;
    return strncmp(variable, "KUBERNETES_EXEC_INFO=", 21) == 0;
}

static size_t count(char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

/* The parent's environment, the kubeconfig's variables over it, and the info. Only the list is
 * new, the texts are borrowed. */
static char **environment_of(const ld_exec_plugin *plugin, const ld_surroundings *around,
                             char *info)
{
    char *const *parent = around->environment;
    char **list = ld_alloc_array(count(parent) + count(plugin->env) + 2, sizeof *list);
    size_t n = 0;
    if (!list)
        return NULL;
    for (size_t i = 0; parent && parent[i]; i++)
        if (!is_replaced(parent[i], plugin->env))
            list[n++] = parent[i];
    for (size_t i = 0; plugin->env && plugin->env[i]; i++)
        list[n++] = plugin->env[i];
    list[n] = info;
    return list;
}

static char **arguments_of(const ld_exec_plugin *plugin)
{
    size_t n = count(plugin->args);
    char **list = ld_alloc_array(n + 2, sizeof *list);
    if (!list)
        return NULL;
    list[0] = plugin->command;
    for (size_t i = 0; i < n; i++)
        list[i + 1] = plugin->args[i];
    return list;
}

/* ---- the process ---- */

typedef struct process {
    pid_t pid;
    int out, err;                   /* reading ends; -1 when at their end */
    ld_secret_text said, complaint; /* standard output and error */
    bool out_too_long;
    bool has_ended;
    bool has_code; /* the exit status is known: not when the host ignores SIGCHLD */
    siginfo_t end;
    int64_t started_ms;
} process;

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void process_done(process *p)
{
    close_fd(&p->out);
    close_fd(&p->err);
    ld_secret_text_done(&p->said);
    ld_secret_text_done(&p->complaint);
}

/* Nothing of the host's signals and files reaches the program. */
static int prepare(posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes, int out,
                   int err)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int failed = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(files, out, 1);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(files, err, 2);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    failed = failed ? failed : posix_spawn_file_actions_addclosefrom_np(files, 3);
#endif
    failed = failed ? failed : posix_spawnattr_setsigmask(attributes, &none);
    failed = failed ? failed : posix_spawnattr_setsigdefault(attributes, &all);
    failed = failed ? failed : posix_spawnattr_setpgroup(attributes, 0);
    return failed ? failed
                  : posix_spawnattr_setflags(attributes, (short)(POSIX_SPAWN_SETSIGMASK |
                                                                 POSIX_SPAWN_SETSIGDEF |
                                                                 POSIX_SPAWN_SETPGROUP));
}

static int spawn(process *p, const char *program, char **args, char **env, int out, int err)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&files);
    if (failed)
        return failed;
    failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        failed = prepare(&files, &attributes, out, err);
        failed = failed ? failed : posix_spawn(&p->pid, program, &files, &attributes, args, env);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

/* A pipe whose writing end is none of 0, 1, 2: those are replaced in the child one by one. */
static int open_pipe(int *read_end, int *write_end)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    *read_end = ends[0];
    *write_end = ends[1];
    if (ends[1] <= 2) {
        *write_end = fcntl(ends[1], F_DUPFD_CLOEXEC, 3);
        close(ends[1]);
        if (*write_end < 0)
            return errno;
    }
    return fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? errno : 0;
}

static leakdiag_status start(process *p, const ld_exec_plugin *plugin, const char *program,
                             char **env, leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char **args = arguments_of(plugin);
    LD_CLEANUP(close_fd) int out = -1;
    LD_CLEANUP(close_fd) int complaint = -1;
    char text[128];
    if (!args)
        return ld_fail_nomem(err);
    int failed = open_pipe(&p->out, &out);
    failed = failed ? failed : open_pipe(&p->err, &complaint);
    if (failed)
        return ld_fail(err, LEAKDIAG_E_IO, "no pipe can be made: %s",
                       strerror_r(failed, text, sizeof text));
    p->started_ms = ld_monotonic_ms();
    failed = spawn(p, program, args, env, out, complaint);
    if (failed)
        return ld_fail(err, LEAKDIAG_E_AUTH, "%.200s cannot be started: %s", program,
                       strerror_r(failed, text, sizeof text));
    return LEAKDIAG_OK;
}

/* Looked at, not collected: its number, and that of its group, must not be given to others while
 * they may still be ended. */
static void look_at(process *p)
{
    siginfo_t end = {0};
    if (p->has_ended)
        return;
    if (waitid(P_PID, (id_t)p->pid, &end, WEXITED | WNOWAIT | WNOHANG) < 0) {
        p->has_ended = errno == ECHILD; /* the host ignores SIGCHLD: its code is lost */
    } else if (end.si_pid == p->pid) {
        p->has_ended = p->has_code = true;
        p->end = end;
    }
}

static void collect(process *p)
{
    siginfo_t end;
    if (p->has_code)
        while (waitid(P_PID, (id_t)p->pid, &end, WEXITED | WNOHANG) < 0 && errno == EINTR)
            ;
}

static bool wait_for_end(process *p, int64_t ms)
{
    int64_t until_ms = ld_monotonic_ms() + ms;
    for (look_at(p); !p->has_ended && ld_monotonic_ms() < until_ms; look_at(p))
        poll(NULL, 0, SLICE_MS);
    return p->has_ended;
}

static void end_group(process *p)
{
    kill(-p->pid, SIGTERM);
    wait_for_end(p, TERM_GRACE_MS);
    kill(-p->pid, SIGKILL); /* also what it started, and did not end */
    wait_for_end(p, KILL_WAIT_MS);
}

/* Reads what is there. More than fits: of the output a failure, of the complaint dropped. */
static void drain(process *p, int *fd, ld_secret_text *into, size_t max_bytes)
{
    char chunk[16384];
    while (*fd >= 0) {
        ssize_t n = read(*fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0) {
            close_fd(fd);
            break;
        }
        size_t room = max_bytes - into->len;
        bool fits = (size_t)n <= room;
        ld_secret_add(into, chunk, fits ? (size_t)n : room);
        if (into == &p->said && !fits) {
            p->out_too_long = true;
            break;
        }
    }
    explicit_bzero(chunk, sizeof chunk);
}

typedef enum outcome { DONE, TOO_LATE, TOO_LONG, CANCELLED } outcome;

static void wait_for_output(const process *p)
{
    struct pollfd fds[2] = {{.fd = p->out, .events = POLLIN}, {.fd = p->err, .events = POLLIN}};
    poll(fds, 2, SLICE_MS); /* a negative fd is passed over */
}

/* Until the program has ended and its output too, or a bit later when somebody holds it open. */
static outcome follow(process *p, int64_t deadline_ms, const leakdiag_cancel *cancel)
{
    int64_t end_ms = p->started_ms + deadline_ms, ended_ms = 0;
    for (;;) {
        drain(p, &p->out, &p->said, LD_EXEC_STDOUT_MAX_BYTES);
        drain(p, &p->err, &p->complaint, LD_EXEC_STDERR_MAX_BYTES);
        look_at(p);
        int64_t now_ms = ld_monotonic_ms();
        if (p->has_ended && ended_ms == 0)
            ended_ms = now_ms;
        if (p->out_too_long)
            return TOO_LONG;
        if (p->has_ended && ((p->out < 0 && p->err < 0) || now_ms - ended_ms >= PIPE_GRACE_MS))
            return DONE;
        if (leakdiag_cancel_is_triggered(cancel))
            return CANCELLED;
        if (now_ms >= end_ms)
            return TOO_LATE;
        wait_for_output(p);
    }
}

/* ---- what went wrong ---- */

static bool is_run_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '=';
}

/* What no name gives away: long runs with digits in them. */
static void mask_runs(ld_text *out, const char *text)
{
    for (size_t i = 0; text[i];) {
        size_t n = 0, digits = 0;
        for (; is_run_char(text[i + n]); n++)
            digits += text[i + n] >= '0' && text[i + n] <= '9';
        if (n >= LONG_RUN && digits)
            ld_text_add(out, "[masked]");
        else
            ld_text_add_bytes(out, text + i, n ? n : 1);
        i += n ? n : 1;
    }
}

/* The values that the kubeconfig gives the program are often secrets. */
static const char *value_at(const ld_exec_plugin *plugin, const char *at, size_t *ret_len)
{
    for (size_t i = 0; plugin->env && plugin->env[i]; i++) {
        const char *value = strchr(plugin->env[i], '=') + 1;
        *ret_len = strlen(value);
        if (*ret_len >= 6 && strncmp(at, value, *ret_len) == 0)
            return value;
    }
    for (size_t i = 0; plugin->args && plugin->args[i]; i++) {
        *ret_len = strlen(plugin->args[i]);
        if (*ret_len >= 12 && strncmp(at, plugin->args[i], *ret_len) == 0)
            return plugin->args[i];
    }
    return NULL;
}

static void mask_values(ld_text *out, const ld_exec_plugin *plugin, const char *text)
{
    for (size_t i = 0, n; text[i];) {
        bool found = value_at(plugin, text + i, &n);
        if (found)
            ld_text_add(out, "[masked]");
        else
            ld_text_add_char(out, text[i]);
        i += found ? n : 1;
    }
}

/* Where its last lines begin. */
static size_t last_lines(const char *data, size_t len)
{
    size_t lines = 0;
    while (len > 0 && (data[len - 1] == '\n' || data[len - 1] == '\r' || data[len - 1] == ' '))
        len--;
    for (size_t i = len; i > 0; i--)
        if (data[i - 1] == '\n' && ++lines == SHOWN_LINES)
            return i;
    return 0;
}

/* "; it said: …": the last lines of its standard error, masked, safe and short. */
static leakdiag_status add_complaint(ld_text *text, const ld_exec_plugin *plugin, const process *p,
                                     leakdiag_error *err)
{
    LD_CLEANUP(ld_releasep) char *redacted = NULL;
    LD_CLEANUP(ld_text_done) ld_text values = {0};
    LD_CLEANUP(ld_text_done) ld_text runs = {0};
    LD_CLEANUP(ld_text_done) ld_text safe = {0};
    leakdiag_status status =
        ld_redact(p->complaint.data ? p->complaint.data : "", p->complaint.len, &redacted, err);
    if (status)
        return status;
    mask_values(&values, plugin, redacted);
    if (!values.failed && values.data)
        mask_runs(&runs, values.data);
    if (values.failed || runs.failed)
        return ld_fail_nomem(err);
    size_t from = runs.len ? last_lines(runs.data, runs.len) : 0, end = runs.len;
    while (end > from && strchr(" \r\n", runs.data[end - 1]))
        end--;
    for (size_t i = from; i < end; i++)
        if (runs.data[i] == '\n')
            runs.data[i] = ' ';
    if (end > from)
        ld_text_add_safe(&safe, runs.data + from, end - from);
    if (safe.failed)
        return ld_fail_nomem(err);
    if (safe.len)
        ld_text_addf(text, "; it said: %.*s", SHOWN_BYTES, safe.data);
    return LEAKDIAG_OK;
}

static leakdiag_status say(const ld_exec_plugin *plugin, const process *p, const char *what,
                           const char *next, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    ld_text_addf(&text, "%.100s %s (after %lld ms)", plugin->command, what,
                 (long long)(ld_monotonic_ms() - p->started_ms));
    leakdiag_status status = add_complaint(&text, plugin, p, err);
    ld_text_add(&text, next);
    if (status || text.failed)
        return status ? status : ld_fail_nomem(err);
    return ld_fail(err, LEAKDIAG_E_AUTH, "%s", text.data);
}

static leakdiag_status judge_end(const ld_exec_plugin *plugin, const process *p,
                                 leakdiag_error *err)
{
    char what[64];
    bool was_killed = p->end.si_code == CLD_KILLED || p->end.si_code == CLD_DUMPED;
    if (!p->has_code || (!was_killed && p->end.si_status == 0))
        return LEAKDIAG_OK;
    snprintf(what, sizeof what, was_killed ? "was killed by signal %d" : "exited with %d",
             p->end.si_status);
    return say(plugin, p, what, "; run it by hand to see why", err);
}

static leakdiag_status judge(const ld_exec_plugin *plugin, const process *p, outcome how,
                             ld_exec_credential *ret, leakdiag_error *err)
{
    if (p->said.failed || p->complaint.failed)
        return ld_fail_nomem(err);
    if (how == CANCELLED)
        return ld_fail(err, LEAKDIAG_E_CANCELLED, "cancelled");
    if (how == TOO_LATE)
        return say(plugin, p, "did not end in time and was ended",
                   "; does it wait for a login? run it by hand once", err);
    if (how == TOO_LONG)
        return say(plugin, p, "wrote more than 1 MiB to its standard output",
                   "; is it a credential plugin?", err);
    leakdiag_status status = judge_end(plugin, p, err);
    if (status)
        return status;
    leakdiag_error why = {0};
    status = ld_exec_credential_read(plugin->api_version, p->said.data ? p->said.data : "",
                                     p->said.len, ret, &why);
    if (status == LEAKDIAG_E_NOMEM)
        return ld_fail_nomem(err);
    if (!status)
        return LEAKDIAG_OK;
    LD_CLEANUP(ld_text_done) ld_text what = {0};
    ld_text_addf(&what, "ended, but %s", why.message);
    return what.failed ? ld_fail_nomem(err) : say(plugin, p, what.data, "", err);
}

leakdiag_status ld_exec_plugin_run(const ld_exec_plugin *plugin, const ld_surroundings *around,
                                   int64_t deadline_ms, const leakdiag_cancel *cancel,
                                   ld_exec_credential *ret, leakdiag_error *err)
{
    LD_CLEANUP(process_done) process p = {.out = -1, .err = -1};
    LD_CLEANUP(ld_releasep) char *program = NULL;
    LD_CLEANUP(ld_releasep) char **env = NULL;
    LD_CLEANUP(ld_text_done) ld_text info = {0};
    if (plugin->refused)
        return ld_fail(err, LEAKDIAG_E_AUTH, "%.100s is not run: %s", plugin->command,
                       plugin->refused);
    leakdiag_status status = find_program(plugin, around, &program, err);
    if (status)
        return status;
    ld_text_addf(&info, "KUBERNETES_EXEC_INFO=%s", plugin->info);
    if (!info.failed)
        env = environment_of(plugin, around, info.data);
    if (!env)
        return ld_fail_nomem(err);
    status = start(&p, plugin, program, env, err);
    if (status)
        return status;
    int64_t limit_ms = deadline_ms < LD_EXEC_DEADLINE_MS ? deadline_ms : LD_EXEC_DEADLINE_MS;
    outcome how = follow(&p, limit_ms, cancel);
    if (how != DONE)
        end_group(&p);
    else if (p.out >= 0 || p.err >= 0)
        kill(-p.pid,
             SIGKILL); /* what holds the pipes open is of its group, or gives up its output */
    collect(&p);
    return judge(plugin, &p, how, ret, err);
}
