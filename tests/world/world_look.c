/* From a world's bytes through the real decoders to an observation. */
#include <check.h>
#include <leakdiag/series.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "observation/observation.h"
#include "sources/facts.h"
#include "wire/cgroup.h"
#include "wire/locust.h"
#include "wire/memory.h"
#include "wire/ofrep.h"
#include "world/world.h"

#define FACTS_MAX 4096
#define OK(call)                                                                                   \
    do {                                                                                           \
        leakdiag_error err = {0};                                                                  \
        leakdiag_status status_ = (call);                                                          \
        ck_assert_msg(status_ == LEAKDIAG_OK, #call ": %s", err.message);                          \
    } while (0)

const world_places world_usual_places = {
    .ofrep_url = "http://localhost:8016",
    .locust_url = "http://localhost:8089",
    .flag_file = "/etc/flagd/demo.flagd.json",
    .log_file = "/var/log/checkout.log",
    .cgroup = "/sys/fs/cgroup/checkout",
    .pid = "4242",
    .csv = "/var/tmp/memory.csv",
};

/* One look that is being taken. */
typedef struct look {
    const world *w;
    const leakdiag_scenario *scenario;
    leakdiag_patterns *patterns;
    const world_places *places;
    int64_t base_ms, at_ms, before_ms; /* relative; before: the look before, or INT64_MIN */
    ld_fact **facts;
    size_t *n;
} look;

static void add(const look *l, ld_fact *fact)
{
    ck_assert(*l->n < FACTS_MAX);
    l->facts[(*l->n)++] = fact;
}

static void add_failed(const look *l, ld_fact_kind kind, const char *source, bool is_forbidden)
{
    ld_fact *fact = NULL;
    OK(ld_fact_new_failed(kind, source, l->base_ms + l->at_ms,
                          is_forbidden ? LEAKDIAG_E_AUTH : LEAKDIAG_E_NOT_FOUND,
                          is_forbidden ? "cannot open it: Permission denied"
                                       : "cannot open it: No such file or directory",
                          &fact, &err));
    add(l, fact);
}

/* --- the flag -----------------------------------------------------------------------------------
 */

/* Missing, or is there no flag at all? */
static void refine_flag(const look *l, const world_state *state, leakdiag_flag *flag)
{
    leakdiag_flags *all = NULL;
    world_answer bulk = world_flag_answer(l->w, state->flag_bulk, "POST");
    bulk.answer.content_type = bulk.content_type;
    OK(ld_ofrep_decode_bulk(&bulk.answer, &all, &err));
    OK(ld_ofrep_refine(flag, all, &err));
    leakdiag_flags_free(all);
    world_answer_done(&bulk);
}

static leakdiag_flag *decode_flag(const look *l, const world_state *state)
{
    const char *key = ld_scenario_param(l->scenario, "flag");
    leakdiag_flag *flag = NULL;
    if (strcmp(state->flag_post, "dead") == 0) {
        ld_flag_fields fields = {.state = LEAKDIAG_FLAG_UNREACHABLE,
                                 .key = key,
                                 .detail = "connection refused",
                                 .method = "POST",
                                 .latency_ms = 1};
        OK(ld_flag_new(&fields, &flag, &err));
        return flag;
    }
    world_answer post = world_flag_answer(l->w, state->flag_post, "POST");
    post.answer.content_type = post.content_type;
    if (ld_ofrep_wants_get(&post.answer)) {
        world_answer get = world_flag_answer(l->w, state->flag_get, "GET");
        get.answer.content_type = get.content_type;
        OK(ld_ofrep_decode_both(key, &post.answer, &get.answer, &flag, &err));
        world_answer_done(&get);
    } else {
        OK(ld_ofrep_decode(key, &post.answer, &flag, &err));
    }
    if (leakdiag_flag_get_state(flag) == LEAKDIAG_FLAG_MISSING)
        refine_flag(l, state, flag);
    world_answer_done(&post);
    return flag;
}

static void look_at_flag(const look *l)
{
    char source[256];
    snprintf(source, sizeof source, "ofrep %s", l->places->ofrep_url);
    leakdiag_flag *flag = decode_flag(l, world_at(l->w, l->at_ms));
    ld_fact *fact = NULL;
    OK(ld_fact_from_flag(flag, source, l->base_ms + l->at_ms, &fact, &err));
    leakdiag_flag_free(flag);
    add(l, fact);
}

static void look_at_flag_file(const look *l)
{
    if (!l->w->flag_file)
        return;
    char source[256], *data = world_flag_file(l->w);
    leakdiag_flag *flag = NULL;
    ld_fact *fact = NULL;
    OK(leakdiag_flag_from_file(data, strlen(data), ld_scenario_param(l->scenario, "flag"), &flag,
                               &err));
    snprintf(source, sizeof source, "flagd-file %s", l->places->flag_file);
    OK(ld_fact_from_flag(flag, source, l->base_ms + l->at_ms, &fact, &err));
    leakdiag_flag_free(flag);
    free(data);
    add(l, fact);
}

/* --- the load -----------------------------------------------------------------------------------
 */

static leakdiag_load *decode_load(const look *l, const world_state *state)
{
    leakdiag_load *load = NULL;
    if (strcmp(state->load, "dead") == 0) {
        ld_load_fields fields = LD_LOAD_FIELDS_UNKNOWN;
        fields.state = LEAKDIAG_LOAD_UNREACHABLE;
        fields.detail = "connection refused";
        OK(ld_load_new(&fields, &load, &err));
        return load;
    }
    world_answer stats = world_load_stats(l->w, l->base_ms, l->at_ms);
    world_answer page = world_load_page(l->w, l->base_ms, l->at_ms);
    stats.answer.content_type = stats.content_type;
    page.answer.content_type = page.content_type;
    OK(ld_locust_decode(&stats.answer, &page.answer, &load, &err));
    world_answer_done(&stats);
    world_answer_done(&page);
    return load;
}

static void look_at_load(const look *l)
{
    const world_state *state = world_at(l->w, l->at_ms);
    if (strcmp(state->load, "none") == 0)
        return;
    char source[256];
    snprintf(source, sizeof source, "locust %s", l->places->locust_url);
    leakdiag_load *load = decode_load(l, state);
    ld_fact *fact = NULL;
    OK(ld_fact_from_load(load, source, l->base_ms + l->at_ms, &fact, &err));
    leakdiag_load_free(load);
    add(l, fact);
}

/* --- the log ------------------------------------------------------------------------------------
 */

static void look_at_log(const look *l)
{
    const char *log = world_at(l->w, l->at_ms)->log;
    bool is_first = l->before_ms == INT64_MIN;
    char source[256];
    if (strcmp(log, "none") == 0)
        return;
    snprintf(source, sizeof source, "log-file %s", l->places->log_file);
    if (strcmp(log, "missing") == 0 || strcmp(log, "forbidden") == 0) {
        add_failed(l, LD_FACT_LOG, source, strcmp(log, "forbidden") == 0);
        return;
    }
    ld_text bytes = {0};
    world_log(l->w, l->base_ms, l->before_ms, l->at_ms, &bytes);
    leakdiag_scan_options options = LEAKDIAG_SCAN_OPTIONS_INIT;
    options.window_from_ms = l->base_ms + l->at_ms - l->scenario->window_ms;
    options.window_to_ms = l->base_ms + l->at_ms;
    options.recent = LEAKDIAG_RECENT_MAX;
    leakdiag_scan *scan = NULL;
    OK(leakdiag_scan_new(l->patterns, &options, &scan, &err));
    OK(leakdiag_scan_push(scan, bytes.data, bytes.len, &err));
    OK(leakdiag_scan_finish(scan, &err));
    ld_fact *fact = NULL;
    bool has_gap = l->w->has_log_gap && l->at_ms == l->w->at_ms;
    OK(ld_fact_from_scan(scan, l->scenario, source, l->base_ms + l->at_ms, is_first, has_gap, &fact,
                         &err));
    add(l, fact);
    leakdiag_scan_free(scan);
    ld_text_done(&bytes);
}

/* --- memory -------------------------------------------------------------------------------------
 */

static void decode_cgroup(const world_files *files, bool is_v1, ld_memory_fields *ret)
{
    double usage, limit;
    ld_cgroup_stat stat;
    OK(ld_cgroup_bytes(files->usage, strlen(files->usage), &usage, &err));
    OK(ld_cgroup_limit(files->limit, strlen(files->limit), &limit, &err));
    if (is_v1)
        OK(ld_cgroup_read_stat_v1(files->stat, strlen(files->stat), &stat, &err));
    else
        OK(ld_cgroup_read_stat_v2(files->stat, strlen(files->stat), &stat, &err));
    ret->usage_bytes = usage;
    ret->anonymous_bytes = stat.anonymous_bytes;
    ret->working_set_bytes = ld_cgroup_working_set(usage, stat.inactive_file_bytes);
    ret->has_limit = !isnan(limit);
    ret->limit_bytes = limit;
    ret->oom_kills = ld_cgroup_oom_kills(files->oom, strlen(files->oom));
}

static void look_at_process(const look *l)
{
    char source[256];
    char *env[LD_PROC_ENVIRONMENT_NAMES] = {NULL};
    ld_memory_fields fields = LD_MEMORY_FIELDS_UNKNOWN;
    bool is_process = strcmp(l->w->memory_kind, "process") == 0;
    world_files files;
    world_files_at(l->w, l->at_ms, &files);
    if (is_process)
        fields.working_set_bytes = ld_proc_kib_line(files.process, strlen(files.process), "VmRSS");
    else
        decode_cgroup(&files, strcmp(l->w->memory_kind, "cgroup-v1") == 0, &fields);
    fields.time_ms = l->base_ms + l->at_ms;
    fields.started_ms = l->base_ms + files.started_ms;
    fields.pid = files.pid;
    fields.process_count = 1;
    fields.kind = l->w->memory_kind;
    fields.has_environment = l->w->has_env;
    for (size_t i = 0; l->w->has_env && i < LD_PROC_ENVIRONMENT_NAMES; i++) {
        OK(ld_proc_environment(files.environ.data ? files.environ.data : "", files.environ.len,
                               ld_proc_environment_names[i], &env[i], &err));
        fields.environment[i] = env[i];
    }
    leakdiag_memory *memory = NULL;
    ld_fact *fact = NULL;
    OK(ld_memory_new(&fields, &memory, &err));
    snprintf(source, sizeof source, "%s %s", is_process ? "process" : "cgroup",
             is_process ? l->places->pid : l->places->cgroup);
    OK(ld_fact_from_memory(memory, source, l->base_ms + l->at_ms, &fact, &err));
    add(l, fact);
    leakdiag_memory_free(memory);
    for (size_t i = 0; i < LD_PROC_ENVIRONMENT_NAMES; i++)
        ld_release(env[i]);
    ld_text_done(&files.environ);
}

static void look_at_csv(const look *l)
{
    char source[256];
    ld_text csv = {0};
    leakdiag_series *series = NULL;
    ld_fact *fact = NULL;
    world_csv(l->w, l->base_ms, l->at_ms, &csv);
    OK(leakdiag_series_from_csv(csv.data, csv.len, &series, &err));
    snprintf(source, sizeof source, "csv %s", l->places->csv);
    OK(ld_fact_from_series(series, source, l->base_ms + l->at_ms, &fact, &err));
    add(l, fact);
    leakdiag_series_unref(series);
    ld_text_done(&csv);
}

static void look_at_memory(const look *l)
{
    char source[256];
    snprintf(source, sizeof source, "cgroup %s", l->places->cgroup);
    if (l->w->memory && strcmp(l->w->memory, "none") == 0)
        return;
    if (l->w->memory)
        add_failed(l, LD_FACT_MEMORY, source, strcmp(l->w->memory, "forbidden") == 0);
    else if (strcmp(l->w->memory_kind, "csv") == 0)
        look_at_csv(l);
    else if (l->at_ms <= l->w->memory_until_ms)
        look_at_process(l);
}

/* --- the whole ----------------------------------------------------------------------------------
 */

static void add_set(char sets[][512], const char **list, size_t *n, const char *name,
                    const char *value)
{
    snprintf(sets[*n], 512, "%s=%s", name, value);
    list[*n] = sets[*n];
    (*n)++;
}

static char *read_scenario(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "no scenario %s", path);
    char *data = malloc(LEAKDIAG_SCENARIO_MAX_BYTES);
    *ret_len = fread(data, 1, LEAKDIAG_SCENARIO_MAX_BYTES, file);
    fclose(file);
    return data;
}

leakdiag_scenario *world_scenario(const world *w, const world_places *places)
{
    char sets[8][512];
    const char *list[8 + WORLD_SETS];
    size_t n = 0;
    add_set(sets, list, &n, "ofrep_url", places->ofrep_url);
    add_set(sets, list, &n, "locust_url", strcmp(w->first.load, "none") ? places->locust_url : "");
    if (w->flag_file)
        add_set(sets, list, &n, "flag_file", places->flag_file);
    if (strcmp(w->first.log, "none") != 0)
        add_set(sets, list, &n, "log_file", places->log_file);
    if (strcmp(w->memory_kind, "csv") == 0)
        add_set(sets, list, &n, "csv", places->csv);
    else if (strcmp(w->memory_kind, "process") == 0)
        add_set(sets, list, &n, "pid", places->pid);
    else if (!w->memory || strcmp(w->memory, "none") != 0)
        add_set(sets, list, &n, "cgroup", places->cgroup);
    for (size_t i = 0; i < w->n_set; i++)
        list[n++] = w->set[i];
    return world_scenario_with(list, n);
}

leakdiag_scenario *world_scenario_with(const char *const *set, size_t n)
{
    size_t len;
    leakdiag_scenario *scenario = NULL;
    const char *path = getenv("LEAKDIAG_WORLD_SCENARIO");
    if (!path) {
        OK(leakdiag_scenario_builtin("otel-demo/checkout", set, n, &scenario, &err));
        return scenario;
    }
    char *text = read_scenario(path, &len);
    OK(leakdiag_scenario_parse(text, len, path, set, n, &scenario, &err));
    free(text);
    return scenario;
}

leakdiag_observation *world_observe(const world *w, leakdiag_scenario *scenario,
                                    const world_places *places, int64_t base_ms, int64_t until_ms,
                                    bool with_until)
{
    ld_fact **facts = calloc(FACTS_MAX, sizeof *facts);
    size_t n = 0;
    look l = {w, scenario, NULL, places, base_ms, 0, INT64_MIN, facts, &n};
    OK(ld_scenario_patterns(scenario, &l.patterns, &err));
    for (int64_t t = w->only_last ? until_ms : until_ms % w->every_ms; t <= until_ms;
         t += w->every_ms) {
        if (t == until_ms && !with_until)
            break;
        l.at_ms = t;
        look_at_flag(&l);
        look_at_flag_file(&l);
        look_at_load(&l);
        look_at_log(&l);
        look_at_memory(&l);
        l.before_ms = t;
    }
    leakdiag_observation *empty = NULL, *all = NULL;
    int64_t now_ms = base_ms + (with_until ? until_ms : l.before_ms);
    OK(ld_observation_new(now_ms, scenario->text, scenario->text_len, scenario->set,
                          scenario->n_set, &empty, &err));
    OK(ld_observation_extend(empty, facts, n, now_ms, &all, &err));
    for (size_t i = 0; i < n; i++)
        ld_fact_unref(facts[i]);
    free(facts);
    leakdiag_observation_unref(empty);
    leakdiag_patterns_unref(l.patterns);
    return all;
}
