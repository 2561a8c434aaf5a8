#include "diagnosis/given.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "observation/observation.h"
#include "scenario/shorthand.h"

#define EPOCH_MS INT64_C(1733220000000) /* time 0 of a test: any day will do */
#define SOURCE   "given"

/* The facts of one test, growing. */
typedef struct making {
    const leakdiag_scenario *scenario;
    const ld_attributes *given;
    int64_t now_ms;
    ld_fact **facts;
    size_t n, room;
    leakdiag_error *err;
} making;

static void making_done(making *m)
{
    for (size_t i = 0; i < m->n; i++)
        ld_fact_unref(m->facts[i]);
    ld_release(m->facts);
}

static const char *text_of(const making *m, const char *key)
{
    return ld_attribute_text(m->given, key, NULL);
}

static double number_of(const making *m, const char *key, double fallback)
{
    return ld_attribute_number(m->given, key, fallback);
}

static bool has(const making *m, const char *key)
{
    return ld_attribute_find(m->given, key) != NULL;
}

static leakdiag_status add(making *m, ld_fact_kind kind, int64_t time_ms, ld_fact **ret)
{
    if (m->n == m->room) {
        size_t room = m->room ? m->room * 2 : 64;
        ld_fact **facts = ld_resize_array(m->facts, m->room, room, sizeof(ld_fact *));
        if (!facts)
            return ld_fail_nomem(m->err);
        m->facts = facts;
        m->room = room;
    }
    leakdiag_status status = ld_fact_new(kind, SOURCE, time_ms, ret, m->err);
    if (!status)
        m->facts[m->n++] = *ret;
    return status;
}

static leakdiag_status set_text(making *m, char **slot, const char *text)
{
    *slot = ld_copy_text(text);
    return *slot ? LEAKDIAG_OK : ld_fail_nomem(m->err);
}

/* key's text as a flag; *ret stays NULL when it was not given. */
static leakdiag_status make_flag_of(making *m, const char *key, ld_fact **ret)
{
    const char *text = text_of(m, key);
    *ret = NULL;
    if (!text)
        return LEAKDIAG_OK;
    leakdiag_status status = add(m, LD_FACT_FLAG, m->now_ms, ret);
    if (status)
        return status;
    ld_flag_fact *flag = &(*ret)->of.flag;
    if (ld_number_parse(text, strlen(text), &flag->number)) {
        flag->state = LEAKDIAG_FLAG_VALUE;
        flag->type = LEAKDIAG_FLAG_TYPE_NUMBER;
        return set_text(m, &flag->value_json, text);
    }
    for (int s = LEAKDIAG_FLAG_CODE_DEFAULT; s <= LEAKDIAG_FLAG_UNREACHABLE; s++)
        if (strcmp(leakdiag_flag_state_name((leakdiag_flag_state)s), text) == 0)
            flag->state = (leakdiag_flag_state)s;
    return LEAKDIAG_OK;
}

static leakdiag_status make_flag(making *m)
{
    ld_fact *fact;
    leakdiag_status status = make_flag_of(m, "flag", &fact);
    if (!status)
        status = make_flag_of(m, "ui_flag", &fact);
    if (!status && fact)
        status = set_text(m, &fact->of.flag.method, "ui");
    if (!status)
        status = make_flag_of(m, "stored_flag", &fact);
    if (status || !fact)
        return status;
    if (has(m, "stored_age"))
        fact->of.flag.changed_ms = m->now_ms - (int64_t)number_of(m, "stored_age", 0);
    return set_text(m, &fact->of.flag.method, "configmap");
}

/* What the scenario's first check of that kind is about. */
static const char *subject_of(const making *m, ld_kind_id kind)
{
    for (size_t i = 0; i < m->scenario->n_checks; i++)
        if (m->scenario->checks[i].kind->id == kind)
            return ld_check_subject(&m->scenario->checks[i]);
    return "";
}

/* No policy lets anything out. */
static leakdiag_status make_blocked(making *m, ld_service_fact *service)
{
    service->ways = ld_alloc_array(1, sizeof *service->ways);
    if (!service->ways)
        return ld_fail_nomem(m->err);
    service->n_ways = 1;
    service->ways[0].port = 8013;
    leakdiag_status status = set_text(m, &service->ways[0].verdict, "blocked");
    return status ? status : set_text(m, &service->ways[0].policy, "egress by deny-all");
}

/* word: ready (or reachable, config-mismatch, policy-blocks), no-endpoints, missing. */
static leakdiag_status make_service(making *m, ld_kind_id kind, const char *word)
{
    ld_fact *fact;
    if (!word)
        return LEAKDIAG_OK;
    leakdiag_status status = add(m, LD_FACT_SERVICE, m->now_ms, &fact);
    if (status)
        return status;
    ld_service_fact *service = &fact->of.service;
    service->exists = strcmp(word, "missing") != 0;
    service->ready = strcmp(word, "no-endpoints") == 0 ? 0 : 1;
    status = set_text(m, &fact->subject, subject_of(m, kind));
    if (!status && strcmp(word, "policy-blocks") == 0)
        status = make_blocked(m, service);
    if (!status)
        status = set_text(m, &service->ports,
                          strcmp(word, "config-mismatch") == 0 ? "8016" : "8013,8016");
    return status ? status : set_text(m, &service->object, "service/given");
}

static leakdiag_status make_flagd(making *m)
{
    ld_fact *fact;
    if (!has(m, "flagd_age"))
        return LEAKDIAG_OK;
    leakdiag_status status = add(m, LD_FACT_WORKLOAD, m->now_ms, &fact);
    if (status)
        return status;
    ld_workload_fact *workload = &fact->of.workload;
    workload->replicas = workload->updated = workload->ready = 1;
    workload->available = workload->total = 1;
    workload->is_observed = true;
    workload->started_ms = m->now_ms - (int64_t)number_of(m, "flagd_age", 0);
    return set_text(m, &fact->subject, "flagd");
}

static leakdiag_status make_cluster(making *m)
{
    leakdiag_status status = make_service(m, LD_KIND_SERVICE, text_of(m, "frontend"));
    if (!status)
        status = make_service(m, LD_KIND_REACH, text_of(m, "reach"));
    return status ? status : make_flagd(m);
}

/* The first "KIND:NAME" counter of the rate check of that id; its NAME. */
static const char *rate_counter(const leakdiag_scenario *scenario, const char *id, const char *kind)
{
    size_t at = ld_scenario_check(scenario, id), n = strlen(kind);
    const ld_attribute *of =
        at < scenario->n_checks ? ld_attribute_find(&scenario->checks[at].expect, "of") : NULL;
    for (size_t i = 0; of && i < of->n_items; i++)
        if (strncmp(of->items[i], kind, n) == 0)
            return of->items[i] + n;
    return NULL;
}

/* Where the log is silent, orders can only have been counted by the load generator. */
static leakdiag_status make_row(making *m, ld_load_fact *load)
{
    const char *name = rate_counter(m->scenario, "orders", "load:");
    double per_min = number_of(m, "orders_per_min", NAN);
    if (!has(m, "log") || !name || !isfinite(per_min))
        return LEAKDIAG_OK;
    load->rows = ld_alloc_array(1, sizeof *load->rows);
    if (!load->rows)
        return ld_fail_nomem(m->err);
    load->n_rows = 1;
    load->rows[0].rate_per_s = per_min / 60;
    load->rows[0].requests =
        load->age_ms > 0 ? (int64_t)(per_min * (double)load->age_ms / 60000) : 0;
    return set_text(m, &load->rows[0].name, name);
}

static leakdiag_status make_load(making *m)
{
    const char *state = text_of(m, "load.state");
    ld_fact *fact;
    if (!state)
        return LEAKDIAG_OK;
    leakdiag_status status = add(m, LD_FACT_LOAD, m->now_ms, &fact);
    if (status)
        return status;
    ld_load_fact *load = &fact->of.load;
    for (int s = LEAKDIAG_LOAD_UNKNOWN; s <= LEAKDIAG_LOAD_UNREACHABLE; s++)
        if (strcmp(leakdiag_load_state_name((leakdiag_load_state)s), state) == 0)
            load->state = (leakdiag_load_state)s;
    load->users = (int64_t)number_of(m, "load.users", -1);
    load->target_users = (int64_t)number_of(m, "load.target_users", -1);
    load->spawn_per_s = number_of(m, "load.spawn_rate", NAN);
    load->fail_ratio = number_of(m, "load.fail_ratio", NAN);
    load->age_ms = (int64_t)number_of(m, "load.age", -1);
    return make_row(m, load);
}

/* Kills until a time, and the last of them. */
static int64_t kills_until(const making *m, int64_t time_ms, int64_t *last_ms)
{
    const ld_attribute *kills = ld_attribute_find(m->given, "oom_at");
    int64_t n = 0, at;
    *last_ms = 0;
    for (size_t i = 0; kills && i < kills->n_items; i++)
        if (!leakdiag_duration_parse(kills->items[i], &at, NULL) && EPOCH_MS + at <= time_ms) {
            *last_ms = EPOCH_MS + at;
            n++;
        }
    return n;
}

static leakdiag_status add_env(making *m, ld_memory_fact *memory, const char *name,
                               const char *value)
{
    leakdiag_status status = set_text(m, &memory->env[memory->n_env].name, name);
    if (!status)
        status = set_text(m, &memory->env[memory->n_env].value, value);
    memory->n_env++;
    return status;
}

/* The environment was read when the test says something that only it tells. */
static leakdiag_status make_env(making *m, ld_memory_fact *memory)
{
    const char *hand_off = text_of(m, "hand_off");
    bool none = hand_off && strcmp(hand_off, "not-configured") == 0;
    memory->has_env = has(m, "soft_limit") || has(m, "reach") || none;
    if (!memory->has_env)
        return LEAKDIAG_OK;
    memory->env = ld_alloc_array(4, sizeof *memory->env);
    if (!memory->env)
        return ld_fail_nomem(m->err);
    leakdiag_status status = none ? LEAKDIAG_OK : add_env(m, memory, "KAFKA_ADDR", "kafka:9092");
    if (!status && has(m, "reach"))
        status = add_env(m, memory, "FLAGD_HOST", "given");
    if (!status && has(m, "reach"))
        status = add_env(m, memory, "FLAGD_PORT", "8013");
    double soft = number_of(m, "soft_limit", NAN);
    if (status || !isfinite(soft))
        return status;
    char bytes[LD_NUMBER_BYTES];
    ld_number_format(soft, bytes);
    return add_env(m, memory, "GOMEMLIMIT", bytes);
}

static leakdiag_status make_sample(making *m, int64_t time_ms, double bytes)
{
    ld_fact *fact;
    leakdiag_status status = add(m, LD_FACT_MEMORY, time_ms, &fact);
    if (status)
        return status;
    ld_memory_fact *memory = &fact->of.memory;
    double limit = number_of(m, "limit", NAN);
    int64_t last_kill_ms;
    memory->sample_ms = time_ms;
    memory->working_set_bytes = bytes;
    memory->has_limit = isfinite(limit) ? 1 : has(m, "limit") ? 0 : -1;
    memory->limit_bytes = limit;
    memory->oom_kills = kills_until(m, time_ms, &last_kill_ms);
    memory->pid = 1 + memory->oom_kills; /* another process after each kill */
    if (last_kill_ms)
        memory->started_ms = last_kill_ms + 1;
    else if (has(m, "app_age") && !has(m, "oom_at")) /* the age is the latest instance's */
        memory->started_ms = m->now_ms - (int64_t)number_of(m, "app_age", 0);
    return make_env(m, memory);
}

static leakdiag_status make_memory(making *m)
{
    const char *text = text_of(m, "memory");
    const char *hand_off = text_of(m, "hand_off");
    LD_CLEANUP(ld_shorthand_done) ld_shorthand series = {0};
    leakdiag_status status = LEAKDIAG_OK;
    if (text)
        status = ld_shorthand_parse(text, (int64_t)number_of(m, "every", 1000), &series, m->err);
    for (size_t i = 0; !status && i < series.n; i++)
        status = make_sample(m, EPOCH_MS + series.times_ms[i], series.values[i]);
    bool told = has(m, "limit") || has(m, "soft_limit") || has(m, "app_age") || has(m, "oom_at") ||
                has(m, "reach") || (hand_off && strcmp(hand_off, "not-configured") == 0);
    if (!status && series.n == 0 && told) /* a workload is seen, but no sample of its memory */
        status = make_sample(m, m->now_ms, NAN);
    return status;
}

static ld_pattern_fact *pattern_named(ld_log_fact *log, const char *name)
{
    for (size_t i = 0; i < log->n_patterns; i++)
        if (strcmp(log->patterns[i].name, name) == 0)
            return &log->patterns[i];
    return NULL;
}

/* So many lines of a pattern in the window; none still means that it is known from before. */
static leakdiag_status make_lines(making *m, ld_log_fact *log, const char *name, double lines,
                                  bool known_before)
{
    ld_pattern_fact *pattern = name ? pattern_named(log, name) : NULL;
    if (!pattern || !isfinite(lines))
        return LEAKDIAG_OK;
    pattern->window_count = (int64_t)(lines + 0.5);
    pattern->count = pattern->window_count + known_before;
    log->lines += pattern->count;
    if (pattern->count == 0)
        return LEAKDIAG_OK;
    pattern->last.has_time = true;
    pattern->last.time_ms =
        pattern->window_count ? m->now_ms : m->now_ms - 2 * m->scenario->window_ms;
    return set_text(m, &pattern->last.text, name);
}

static const char *kind_pattern(const leakdiag_scenario *scenario, ld_kind_id kind, const char *key)
{
    for (size_t i = 0; i < scenario->n_checks; i++)
        if (scenario->checks[i].kind->id == kind)
            return ld_attribute_text(&scenario->checks[i].expect, key, NULL);
    return NULL;
}

static leakdiag_status make_hand_off(making *m, ld_log_fact *log)
{
    const char *word = text_of(m, "hand_off");
    if (!word)
        return LEAKDIAG_OK;
    if (strcmp(word, "configured") == 0)
        return make_lines(m, log, kind_pattern(m->scenario, LD_KIND_HAND_OFF, "ok"), 5, false);
    if (strcmp(word, "failing") == 0)
        return make_lines(m, log, kind_pattern(m->scenario, LD_KIND_HAND_OFF, "failed"), 5, false);
    return LEAKDIAG_OK;
}

static leakdiag_status make_log_lines(making *m, ld_log_fact *log)
{
    const leakdiag_scenario *s = m->scenario;
    double minutes = (double)s->window_ms / 60000;
    leakdiag_status status = make_lines(m, log, rate_counter(s, "orders", "log:"),
                                        number_of(m, "orders_per_min", NAN) * minutes, true);
    if (!status)
        status = make_lines(m, log, rate_counter(s, "requests", "log:"),
                            number_of(m, "requests_per_min", NAN) * minutes, true);
    double flag_lines = number_of(m, "flag_lines", has(m, "flag_seen_value") ? 1 : NAN);
    const char *active = kind_pattern(s, LD_KIND_FLAG_SEEN, "active");
    const char *value = kind_pattern(s, LD_KIND_FLAG_SEEN, "value");
    if (!status)
        status = make_lines(m, log, active, flag_lines, false);
    if (!status && has(m, "flag_seen_value"))
        status = make_lines(m, log, value, flag_lines, false);
    ld_pattern_fact *captured = value ? pattern_named(log, value) : NULL;
    if (captured)
        captured->capture = number_of(m, "flag_seen_value", NAN);
    return status ? status : make_hand_off(m, log);
}

static leakdiag_status make_log(making *m)
{
    static const char *const keys[] = {"orders_per_min",  "requests_per_min", "flag_lines",
                                       "flag_seen_value", "hand_off",         "log"};
    bool told = false;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        told = told || has(m, keys[i]);
    ld_fact *fact;
    if (!told)
        return LEAKDIAG_OK;
    leakdiag_status status = add(m, LD_FACT_LOG, m->now_ms, &fact);
    if (status)
        return status;
    ld_log_fact *log = &fact->of.log;
    log->is_first = log->has_span = true;
    log->from_ms = m->now_ms - m->scenario->window_ms;
    log->to_ms = m->now_ms;
    log->patterns = ld_alloc_array(m->scenario->n_patterns + 1, sizeof *log->patterns);
    if (!log->patterns)
        return ld_fail_nomem(m->err);
    log->n_patterns = m->scenario->n_patterns;
    for (size_t i = 0; !status && i < log->n_patterns; i++) {
        log->patterns[i].capture = NAN;
        status = set_text(m, &log->patterns[i].name, m->scenario->patterns[i].name);
    }
    if (status || has(m, "log")) /* silent: not one line came */
        return status;
    return make_log_lines(m, log);
}

static int64_t end_of(const making *m)
{
    int64_t end_ms = 0;
    const char *memory = text_of(m, "memory");
    if (memory && ld_shorthand_check(memory, (int64_t)number_of(m, "every", 1000), &end_ms, NULL))
        end_ms = 0;
    return EPOCH_MS + (int64_t)number_of(m, "now", (double)end_ms);
}

leakdiag_status ld_given_observation(const leakdiag_scenario *scenario,
                                     const ld_scenario_test *test, leakdiag_observation **ret,
                                     leakdiag_error *err)
{
    LD_CLEANUP(making_done) making m = {.scenario = scenario, .given = &test->given, .err = err};
    LD_CLEANUP(ld_observation_unrefp) leakdiag_observation *empty = NULL;
    m.now_ms = end_of(&m);
    leakdiag_status status = make_memory(&m);
    if (!status)
        status = make_cluster(&m);
    if (!status)
        status = make_flag(&m);
    if (!status)
        status = make_load(&m);
    if (!status)
        status = make_log(&m);
    if (!status)
        status = ld_observation_new(m.now_ms, NULL, 0, NULL, 0, &empty, err);
    if (status)
        return status;
    return ld_observation_extend(empty, m.facts, m.n, m.now_ms, ret, err);
}
