/* Cases of the matrix: from YAML to a world. */
#include <check.h>
#include <leakdiag/base.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "world/world.h"

#define RUNBOOK "0m=8Mi 3m=10Mi 6m=12Mi 9m=14Mi 12m=16Mi 15m=18Mi 18m=19Mi 20m=20Mi"
#define KIB     1024.0

/* Documents are read before Check runs anything. */
static void stop(const char *path, unsigned line, unsigned column, const char *why)
{
    fprintf(stderr, "%s:%u:%u: %s\n", path, line, column, why);
    exit(EXIT_FAILURE);
}

ld_node *world_document(const char *file)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/world/matrix/%s", TESTS_DIR, file);
    FILE *stream = fopen(path, "rb");
    if (!stream)
        stop(path, 0, 0, "cannot be read");
    char *data = malloc(LD_NODE_MAX_BYTES);
    size_t len = fread(data, 1, LD_NODE_MAX_BYTES, stream);
    fclose(stream);
    ld_node *root = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = ld_node_parse(data, len, &root, &err);
    free(data);
    if (status)
        stop(path, err.line, err.column, err.message);
    return root;
}

int64_t world_duration(const char *text)
{
    bool is_negative = text[0] == '-';
    int64_t ms;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_duration_parse(text + is_negative, &ms, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return is_negative ? -ms : ms;
}

static double quantity(const char *text)
{
    int64_t bytes;
    leakdiag_error err = {0};
    leakdiag_status status = leakdiag_quantity_parse(text, &bytes, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return (double)bytes;
}

static double number(const char *text)
{
    double value;
    ck_assert_msg(ld_number_parse(text, strlen(text), &value), "%s is no number", text);
    return value;
}

void world_set_points(world *w, const char *text)
{
    char copy[512];
    ck_assert(strlen(text) < sizeof copy);
    strcpy(copy, text);
    w->n_points = 0;
    char *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        ck_assert_msg(value != NULL && w->n_points < WORLD_POINTS, "bad points: %s", text);
        *value++ = '\0';
        w->points[w->n_points++] = (world_point){world_duration(word), quantity(value)};
    }
}

world world_healthy(const ld_node *answers)
{
    world w = {
        .name = "the healthy run",
        .row = "numbers",
        .fact = "off",
        .first = {.flag_post = "on-300",
                  .flag_get = "get-405",
                  .flag_bulk = "bulk",
                  .load = "running",
                  .log = "2.0.2",
                  .hand_off = "ok",
                  .users = 25,
                  .spawn = 3,
                  .load_orders = 15,
                  .log_orders = 15,
                  .seen = 300},
        .then_at_ms = INT64_MAX,
        .at_ms = 12 * 60000,
        .every_ms = 10000,
        .started_ms = -10 * 60000,
        .log_from_ms = INT64_MIN,
        .memory_until_ms = INT64_MAX,
        .memory_kind = "cgroup-v2",
        .noise_bytes = 96 * KIB,
        .limit_bytes = 20 * KIB * KIB,
        .limit_text = "20Mi",
        .cluster = {.stored_changed_ms = -3 * 3600000,
                    .flagd_started_ms = -2 * 3600000,
                    .flagd_restarted_ms = INT64_MIN,
                    .flagd_copied_ms = INT64_MIN,
                    .prometheus_orders = NAN},
        .has_env = true,
        .env_name = {"KAFKA_ADDR"},
        .env_value = {"kafka:9092"},
        .n_env = 1,
        .answers = answers,
    };
    world_set_points(&w, RUNBOOK);
    return w;
}

static void read_flag(const ld_node *node, world_state *state)
{
    if (node->text) {
        state->flag_post = node->text;
        return;
    }
    const char *post = ld_node_text(ld_node_get(node, "post"));
    const char *get = ld_node_text(ld_node_get(node, "get"));
    const char *bulk = ld_node_text(ld_node_get(node, "bulk"));
    state->flag_post = post ? post : state->flag_post;
    state->flag_get = get ? get : state->flag_get;
    state->flag_bulk = bulk ? bulk : state->flag_bulk;
}

/* One key that may also stand under `then`; false when it is none. */
static bool read_state(const ld_node *node, world_state *state)
{
    const struct {
        const char *key;
        const char **text;
        double *number, *also;
    } keys[] = {
        {"load", &state->load, NULL, NULL},
        {"log", &state->log, NULL, NULL},
        {"hand_off", &state->hand_off, NULL, NULL},
        {"users", NULL, &state->users, NULL},
        {"spawn", NULL, &state->spawn, NULL},
        {"failures", NULL, &state->failures, NULL},
        {"orders", NULL, &state->load_orders, &state->log_orders},
        {"load_orders", NULL, &state->load_orders, NULL},
        {"log_orders", NULL, &state->log_orders, NULL},
    };
    if (strcmp(node->key, "flag") == 0) {
        read_flag(node, state);
        return true;
    }
    if (strcmp(node->key, "seen") == 0) {
        state->seen = strcmp(node->text, "no") == 0 ? NAN : number(node->text);
        return true;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(node->key, keys[i].key) != 0)
            continue;
        if (keys[i].text)
            *keys[i].text = node->text;
        if (keys[i].number)
            *keys[i].number = number(node->text);
        if (keys[i].also)
            *keys[i].also = *keys[i].number;
        return true;
    }
    return false;
}

static bool is_word(const char *text)
{
    return strcmp(text, "missing") == 0 || strcmp(text, "forbidden") == 0 ||
           strcmp(text, "none") == 0;
}

static void read_memory(const ld_node *node, world *w)
{
    if (is_word(node->text))
        w->memory = node->text;
    else
        world_set_points(w, node->text);
}

static void read_limit(const ld_node *node, world *w)
{
    w->limit_text = strcmp(node->text, "none") == 0 ? NULL : node->text;
    w->limit_bytes = w->limit_text ? quantity(node->text) : NAN;
}

static void read_env(const ld_node *node, world *w)
{
    w->n_env = 0;
    w->has_env = !node->text; /* the only word is "unreadable" */
    for (size_t i = 0; i < node->n; i++, w->n_env++) {
        ck_assert(i < WORLD_ENVS);
        w->env_name[i] = node->children[i].key;
        w->env_value[i] = node->children[i].text;
    }
}

static void read_set(const ld_node *node, world *w)
{
    for (size_t i = 0; i < node->n; i++, w->n_set++) {
        ck_assert(i < WORLD_SETS);
        w->set[i] = node->children[i].text;
    }
}

static void read_end(const ld_node *node, int64_t *list, size_t *n)
{
    ck_assert(*n < WORLD_ENDS);
    list[(*n)++] = world_duration(node->text);
}

/* One key of a cluster; false when it is none. */
static bool read_cluster_key(const ld_node *node, world_cluster *c)
{
    const struct {
        const char *key;
        const char **text;
        int64_t *ms;
    } keys[] = {
        {"rpc", &c->rpc, NULL},
        {"stored", &c->stored, NULL},
        {"ui", &c->ui, NULL},
        {"stored_changed", NULL, &c->stored_changed_ms},
        {"flagd_started", NULL, &c->flagd_started_ms},
        {"flagd_restarted", NULL, &c->flagd_restarted_ms},
        {"flagd_copied", NULL, &c->flagd_copied_ms},
        {"metrics", &c->metrics, NULL},
        {"ports", &c->ports, NULL},
        {"flagd", &c->flagd, NULL},
        {"frontend", &c->frontend, NULL},
        {"app", &c->app, NULL},
        {"second", &c->second, NULL},
        {"template_limit", &c->template_limit, NULL},
        {"old_limit", &c->old_limit, NULL},
        {"sidecar", &c->sidecar, NULL},
        {"policies", &c->policies, NULL},
        {"version", &c->version, NULL},
        {"release", &c->release, NULL},
        {"image", &c->image, NULL},
        {"prometheus", &c->prometheus, NULL},
        {"load", &c->load, NULL},
        {"clock", NULL, &c->clock_ms},
    };
    size_t k = 0, n = sizeof keys / sizeof keys[0];
    while (k < n && strcmp(keys[k].key, node->key) != 0)
        k++;
    if (k < n && keys[k].text)
        *keys[k].text = node->text;
    else if (k < n)
        *keys[k].ms = world_duration(node->text);
    return k < n;
}

void world_read_cluster(const ld_node *node, world *w)
{
    world_cluster *c = &w->cluster;
    for (size_t i = 0; i < node->n; i++) {
        const ld_node *child = &node->children[i];
        if (read_cluster_key(child, c))
            continue;
        if (strcmp(child->key, "prometheus_orders") == 0)
            c->prometheus_orders = number(child->text);
        else if (strcmp(child->key, "forbid") == 0)
            for (size_t f = 0; f < child->n && f < WORLD_FORBIDS; f++)
                c->forbid[c->n_forbid++] = child->children[f].text;
        else
            ck_abort_msg("line %zu: a cluster has no %s", child->line, child->key);
    }
}

/* One key of the whole world; false when it is none. */
static bool read_world(const ld_node *node, world *w)
{
    const char *key = node->key;
    if (strcmp(key, "at") == 0)
        w->at_ms = world_duration(node->text);
    else if (strcmp(key, "looks") == 0)
        w->only_last = strcmp(node->text, "last") == 0;
    else if (strcmp(key, "every") == 0)
        w->every_ms = world_duration(node->text);
    else if (strcmp(key, "started") == 0)
        w->started_ms = world_duration(node->text);
    else if (strcmp(key, "log_from") == 0)
        w->log_from_ms = world_duration(node->text);
    else if (strcmp(key, "log_gap") == 0)
        w->has_log_gap = strcmp(node->text, "yes") == 0;
    else if (strcmp(key, "flag_file") == 0)
        w->flag_file = node->text;
    else if (strcmp(key, "memory") == 0)
        read_memory(node, w);
    else if (strcmp(key, "memory_kind") == 0)
        w->memory_kind = node->text;
    else if (strcmp(key, "memory_until") == 0)
        w->memory_until_ms = world_duration(node->text);
    else if (strcmp(key, "floor") == 0)
        w->floor_bytes = quantity(node->text);
    else if (strcmp(key, "limit") == 0)
        read_limit(node, w);
    else if (strcmp(key, "oom") == 0)
        read_end(node, w->oom_ms, &w->n_oom);
    else if (strcmp(key, "crash") == 0)
        read_end(node, w->crash_ms, &w->n_crash);
    else if (strcmp(key, "env") == 0)
        read_env(node, w);
    else if (strcmp(key, "set") == 0)
        read_set(node, w);
    else if (strcmp(key, "cluster") == 0)
        world_read_cluster(node, w);
    else
        return false;
    return true;
}

static void read_then(const ld_node *node, world *w)
{
    w->then = w->first;
    for (size_t i = 0; i < node->n; i++) {
        const ld_node *child = &node->children[i];
        if (strcmp(child->key, "at") == 0)
            w->then_at_ms = world_duration(child->text);
        else
            ck_assert_msg(read_state(child, &w->then), "line %zu: `then` cannot change %s",
                          child->line, child->key);
    }
}

world world_read(const ld_node *node, const ld_node *answers)
{
    world w = world_healthy(answers);
    w.name = ld_node_text(ld_node_get(node, "name"));
    w.row = ld_node_text(ld_node_get(node, "row"));
    w.fact = ld_node_text(ld_node_get(node, "fact"));
    w.is_live = ld_node_get(node, "live") != NULL;
    w.expect = ld_node_get(node, "expect");
    ck_assert_msg(w.name && w.row && w.fact && w.expect, "line %zu: half a case", node->line);
    const ld_node *own = ld_node_get(node, "world"), *then = ld_node_get(own, "then");
    const ld_node *load_age = ld_node_get(own, "load_age");
    for (size_t i = 0; i < own->n; i++) {
        const ld_node *child = &own->children[i];
        if (child != then && child != load_age)
            ck_assert_msg(read_state(child, &w.first) || read_world(child, &w),
                          "line %zu: no such key: %s", child->line, child->key);
    }
    if (load_age)
        w.load_since_ms = w.at_ms - world_duration(load_age->text);
    if (then)
        read_then(then, &w);
    return w;
}
