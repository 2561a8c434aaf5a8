#include "world/live.h"

#include <check.h>
#include <dirent.h>
#include <leakdiag/session.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fake/fake_http.h"
#include "observation/observation.h"

#define PATH_BYTES 256

typedef struct live {
    const world *w;
    int64_t base_ms;
    char folder[PATH_BYTES], flags[PATH_BYTES], log[PATH_BYTES], cgroup[PATH_BYTES],
        csv[PATH_BYTES];
    world_answer answers[5];
    size_t n_answers;
    fake_http *flag, *load;
    pid_t process; /* the application's stand-in; 0 none */
    char *dead_flag, *dead_load;
} live;

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_file(const char *folder, const char *name, const char *data, size_t len)
{
    char path[2 * PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "cannot write %s", path);
    ck_assert_uint_eq(fwrite(data, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

static fake_rule rule(live *l, const char *method, const char *path, world_answer answer)
{
    l->answers[l->n_answers++] = answer;
    return (fake_rule){
        .method = method, .path = path, .bytes = answer.bytes.data, .len = answer.bytes.len};
}

static void start_flag(live *l)
{
    const world_state *state = world_at(l->w, l->w->at_ms);
    const char *path = "/ofrep/v1/evaluate/flags/kafkaQueueProblems";
    if (strcmp(state->flag_post, "dead") == 0) {
        l->dead_flag = fake_dead_url();
        return;
    }
    fake_rule rules[] = {
        rule(l, "POST", path, world_flag_answer(l->w, state->flag_post, "POST")),
        rule(l, "GET", path, world_flag_answer(l->w, state->flag_get, "GET")),
        rule(l, "POST", "/ofrep/v1/evaluate/flags",
             world_flag_answer(l->w, state->flag_bulk, "POST")),
    };
    l->flag = fake_http_start(rules, 3);
}

static void start_load(live *l)
{
    const world_state *state = world_at(l->w, l->w->at_ms);
    if (strcmp(state->load, "dead") == 0) {
        l->dead_load = fake_dead_url();
        return;
    }
    fake_rule rules[] = {
        rule(l, "GET", "/stats/requests", world_load_stats(l->w, l->base_ms, l->w->at_ms)),
        rule(l, "GET", "/", world_load_page(l->w, l->base_ms, l->w->at_ms)),
    };
    l->load = fake_http_start(rules, 2);
}

static void write_flags(live *l)
{
    snprintf(l->flags, sizeof l->flags, "%.200s/flags.json", l->folder);
    if (!l->w->flag_file)
        return;
    char *data = world_flag_file(l->w);
    write_file(l->folder, "flags.json", data, strlen(data));
    free(data);
}

static void write_log(live *l)
{
    ld_text bytes = {0};
    snprintf(l->log, sizeof l->log, "%.200s/checkout.log", l->folder);
    if (strcmp(world_at(l->w, l->w->at_ms)->log, "missing") == 0)
        return;
    world_log(l->w, l->base_ms, INT64_MIN, l->w->at_ms, &bytes);
    write_file(l->folder, "checkout.log", bytes.data ? bytes.data : "", bytes.len);
    ld_text_done(&bytes);
}

/* With a history the application is gone in the last look: a process started now would be another
 * instance. */
static void start_process(live *l, ld_text *pid)
{
    char *arguments[] = {(char[]){"sleep"}, (char[]){"600"}, NULL}, *environ[WORLD_ENVS + 1] = {0};
    if (!l->w->only_last)
        return;
    for (size_t i = 0; i < l->w->n_env; i++) {
        size_t room = strlen(l->w->env_name[i]) + strlen(l->w->env_value[i]) + 2;
        environ[i] = malloc(room);
        snprintf(environ[i], room, "%s=%s", l->w->env_name[i], l->w->env_value[i]);
    }
    ck_assert_int_eq(posix_spawnp(&l->process, arguments[0], NULL, NULL, arguments, environ), 0);
    for (size_t i = 0; i < l->w->n_env; i++)
        free(environ[i]);
    ld_text_addf(pid, "%d\n", (int)l->process);
}

static void write_memory(live *l)
{
    snprintf(l->cgroup, sizeof l->cgroup, "%.200s/cgroup", l->folder);
    snprintf(l->csv, sizeof l->csv, "%.200s/memory.csv", l->folder);
    if (l->w->memory)
        return;
    ld_text csv = {0};
    world_csv(l->w, l->base_ms, l->w->at_ms, &csv);
    write_file(l->folder, "memory.csv", csv.data, csv.len);
    ld_text_done(&csv);

    world_files files;
    world_files_at(l->w, l->w->at_ms, &files);
    ck_assert_int_eq(mkdir(l->cgroup, 0755), 0);
    write_file(l->cgroup, "memory.current", files.usage, strlen(files.usage));
    write_file(l->cgroup, "memory.max", files.limit, strlen(files.limit));
    write_file(l->cgroup, "memory.stat", files.stat, strlen(files.stat));
    write_file(l->cgroup, "memory.events", files.oom, strlen(files.oom));
    write_file(l->cgroup, "cgroup.controllers", "memory\n", 7);
    ld_text pid = {0};
    start_process(l, &pid);
    write_file(l->cgroup, "cgroup.procs", pid.data ? pid.data : "", pid.len);
    ld_text_done(&pid);
    ld_text_done(&files.environ);
}

static void remove_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    ck_assert(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[2 * PATH_BYTES];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%.200s/%.255s", folder, entry->d_name);
        if (unlink(path) != 0)
            remove_folder(path);
    }
    closedir(dir);
    rmdir(folder);
}

static void stop(live *l)
{
    if (l->flag)
        fake_http_stop(l->flag);
    if (l->load)
        fake_http_stop(l->load);
    if (l->process) {
        kill(l->process, SIGKILL);
        waitpid(l->process, NULL, 0);
    }
    for (size_t i = 0; i < l->n_answers; i++)
        world_answer_done(&l->answers[i]);
    free(l->dead_flag);
    free(l->dead_load);
    remove_folder(l->folder);
}

static leakdiag_observation *gather(const live *l, leakdiag_scenario *scenario,
                                    const world_places *places)
{
    leakdiag_error err = {0};
    leakdiag_session *session = NULL;
    leakdiag_observation *observation = NULL, *history = NULL;
    leakdiag_status status = leakdiag_session_new(scenario, NULL, &session, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    if (!l->w->only_last) {
        history = world_observe(l->w, scenario, places, l->base_ms, l->w->at_ms, false);
        status = leakdiag_session_add_history(session, history, &err);
        ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    }
    status = leakdiag_session_gather(session, &observation, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    leakdiag_observation_unref(history);
    leakdiag_session_free(session);
    return observation;
}

leakdiag_observation *live_observe(const world *w, leakdiag_scenario **ret_scenario)
{
    live l = {.w = w, .base_ms = now_ms() - w->at_ms};
    const char *tmp = getenv("TMPDIR");
    snprintf(l.folder, sizeof l.folder, "%.100s/leakdiag-world-XXXXXX", tmp ? tmp : "/tmp");
    ck_assert(mkdtemp(l.folder) != NULL);
    start_flag(&l);
    start_load(&l);
    write_flags(&l);
    write_log(&l);
    write_memory(&l);
    world_places places = {
        .ofrep_url = l.flag ? fake_http_url(l.flag) : l.dead_flag,
        .locust_url = l.load ? fake_http_url(l.load) : l.dead_load,
        .flag_file = l.flags,
        .log_file = l.log,
        .cgroup = l.cgroup,
        .csv = l.csv,
        .pid = "",
    };
    leakdiag_scenario *scenario = world_scenario(w, &places);
    leakdiag_observation *observation = gather(&l, scenario, &places);
    stop(&l);
    *ret_scenario = scenario;
    return observation;
}
