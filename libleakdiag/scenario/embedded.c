/* The scenario's own tests: what was observed, what must come out. The runner is elsewhere; here
 * everything that can be wrong in their text is found. */
#include <leakdiag/flag.h>
#include <leakdiag/load.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "scenario/reader.h"
#include "scenario/shorthand.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const ld_key given_keys[] = {
    {"every", LD_VALUE_DURATION, false},
    {"now", LD_VALUE_DURATION, false},
    {"memory", LD_VALUE_TEXT, false},
    {"flag", LD_VALUE_TEXT, false},
    {"orders_per_min", LD_VALUE_NUMBER, false},
    {"requests_per_min", LD_VALUE_NUMBER, false},
    {"flag_lines", LD_VALUE_NUMBER, false},
    {"flag_seen_value", LD_VALUE_NUMBER, false},
    {"hand_off", LD_VALUE_TEXT, false},
    {"log", LD_VALUE_TEXT, false},
    {"limit", LD_VALUE_TEXT, false}, /* a quantity or "none" */
    {"soft_limit", LD_VALUE_TEXT, false},
    {"oom_at", LD_VALUE_LIST, false},
    {"app_age", LD_VALUE_DURATION, false},
    {"stored_flag", LD_VALUE_TEXT, false}, /* what a cluster has: see scenario.h */
    {"stored_age", LD_VALUE_DURATION, false},
    {"ui_flag", LD_VALUE_TEXT, false},
    {"flagd_age", LD_VALUE_DURATION, false},
    {"frontend", LD_VALUE_TEXT, false},
    {"reach", LD_VALUE_TEXT, false},
};

static const ld_key load_keys[] = {
    {"state", LD_VALUE_TEXT, true},           {"users", LD_VALUE_NUMBER, false},
    {"target_users", LD_VALUE_NUMBER, false}, {"spawn_rate", LD_VALUE_NUMBER, false},
    {"age", LD_VALUE_DURATION, false},        {"fail_ratio", LD_VALUE_NUMBER, false},
};

static const ld_key expect_keys[] = {
    {"verdict", LD_VALUE_TEXT, false},
    {"first_cause", LD_VALUE_TEXT, false},
    {"causes", LD_VALUE_LIST, false},
};

static ld_attribute *find(ld_attributes *attributes, const char *key)
{
    for (size_t i = 0; i < attributes->n; i++)
        if (attributes->list[i].key && strcmp(attributes->list[i].key, key) == 0)
            return &attributes->list[i];
    return NULL;
}

/* Is the attribute (when given) one of these words? */
static void check_word(ld_reader *r, const ld_attribute *a, const char *const *words, size_t n,
                       const char *where)
{
    if (!a)
        return;
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], a->text) == 0)
            return;
    ld_reader_unknown(r, a->line, a->column, a->key, a->text, where, words, n);
}

static void check_flag(ld_reader *r, ld_attribute *a, const char *where)
{
    const char *states[LEAKDIAG_FLAG_UNREACHABLE];
    size_t n = 0;
    if (!a || ld_number_parse(a->text, strlen(a->text), &a->number))
        return;
    for (int s = LEAKDIAG_FLAG_CODE_DEFAULT; s <= LEAKDIAG_FLAG_UNREACHABLE; s++)
        states[n++] = leakdiag_flag_state_name((leakdiag_flag_state)s);
    check_word(r, a, states, n, where);
}

static void check_load_state(ld_reader *r, const ld_attribute *a, const char *where)
{
    const char *states[LEAKDIAG_LOAD_UNREACHABLE + 1];
    for (int s = LEAKDIAG_LOAD_UNKNOWN; s <= LEAKDIAG_LOAD_UNREACHABLE; s++)
        states[s] = leakdiag_load_state_name((leakdiag_load_state)s);
    check_word(r, a, states, COUNT(states), where);
}

static void check_size(ld_reader *r, ld_attribute *a, const char *where)
{
    leakdiag_error err = {0};
    int64_t bytes;
    if (!a || strcmp(a->text, "none") == 0)
        return;
    if (leakdiag_quantity_parse(a->text, &bytes, &err))
        ld_reader_error(r, a->line, a->column, "\"%s\" of %s: %s, or \"none\"", a->key, where,
                        err.message);
    else
        a->number = (double)bytes;
}

/* Kills must rise and lie in the past of the moment that is judged. */
static void check_kills(ld_reader *r, const ld_attribute *a, double now_ms, const char *where)
{
    int64_t before = -1;
    for (size_t i = 0; a && i < a->n_items; i++) {
        int64_t at;
        leakdiag_error err = {0};
        if (leakdiag_duration_parse(a->items[i], &at, &err)) {
            ld_reader_error(r, a->line, a->column, "\"oom_at\" of %s: %s", where, err.message);
            return;
        }
        if (at <= before || (double)at > now_ms) {
            ld_reader_error(r, a->line, a->column,
                            "\"oom_at\" of %s: %s is not later than the one before, or is later "
                            "than the end",
                            where, a->items[i]);
            return;
        }
        before = at;
    }
}

/* The time of the last slot. */
static double check_memory(ld_reader *r, ld_attributes *given, const char *where)
{
    const ld_attribute *memory = find(given, "memory"), *every = find(given, "every");
    if (!memory)
        return 0;
    if (!every) {
        ld_reader_error(r, memory->line, memory->column, "\"memory\" of %s needs \"every\"", where);
        return INFINITY;
    }
    int64_t end_ms;
    leakdiag_error err = {0};
    leakdiag_status status =
        ld_shorthand_check(memory->text, (int64_t)every->number, &end_ms, &err);
    if (status) {
        ld_reader_error(r, memory->line, memory->column, "\"memory\" of %s: %s", where,
                        err.message);
        return INFINITY;
    }
    return (double)end_ms;
}

static void check_given(ld_reader *r, ld_attributes *given, const char *where)
{
    static const char *const hand_off[] = {"configured", "not-configured", "failing", "silent"};
    static const char *const silent[] = {"silent"};
    static const char *const services[] = {"ready", "no-endpoints", "missing"};
    static const char *const ways[] = {"reachable", "no-endpoints", "config-mismatch",
                                       "policy-blocks"};
    double end_ms = check_memory(r, given, where);
    const ld_attribute *now = find(given, "now"), *ratio = find(given, "load.fail_ratio");
    if (now && isfinite(end_ms) && now->number < end_ms)
        ld_reader_error(r, now->line, now->column,
                        "\"now\" of %s lies before the last sample of \"memory\"", where);
    if (ratio && ratio->number > 1)
        ld_reader_error(r, ratio->line, ratio->column,
                        "\"fail_ratio\" of %s is a share from 0 to 1", where);
    check_kills(r, find(given, "oom_at"), now ? now->number : end_ms, where);
    check_flag(r, find(given, "flag"), where);
    check_flag(r, find(given, "stored_flag"), where);
    check_flag(r, find(given, "ui_flag"), where);
    check_word(r, find(given, "frontend"), services, COUNT(services), where);
    check_word(r, find(given, "reach"), ways, COUNT(ways), where);
    check_load_state(r, find(given, "load.state"), where);
    check_word(r, find(given, "hand_off"), hand_off, COUNT(hand_off), where);
    check_word(r, find(given, "log"), silent, COUNT(silent), where);
    check_size(r, find(given, "limit"), where);
    check_size(r, find(given, "soft_limit"), where);
}

static void read_given(ld_reader *r, const ld_node *node, const char *test, ld_attributes *given)
{
    char where[LD_WHERE_BYTES + 40];
    snprintf(where, sizeof where, "\"given\" of %s", test);
    const ld_node *map = ld_node_get(node, "given");
    if (!map) {
        ld_reader_error(r, node->line, node->column, "%s is missing", where);
        return;
    }
    ld_key_set keys = {given_keys, COUNT(given_keys), "", "load"};
    ld_key_set load = {load_keys, COUNT(load_keys), "load.", NULL};
    ld_reader_attributes(r, map, keys, where, given);
    ld_reader_attributes(r, ld_node_get(map, "load"), load, where, given);
    if (!r->no_memory)
        check_given(r, given, where);
}

static bool is_cause(const leakdiag_scenario *s, const char *id)
{
    for (size_t i = 0; i < s->n_causes; i++)
        if (strcmp(s->causes[i].id, id) == 0)
            return true;
    return false;
}

static void check_cause(ld_reader *r, const ld_attribute *a, const char *id, const char *where)
{
    const leakdiag_scenario *s = r->scenario;
    const char *names[LD_MAX_CAUSES];
    if (is_cause(s, id))
        return;
    for (size_t i = 0; i < s->n_causes; i++)
        names[i] = s->causes[i].id;
    ld_reader_unknown(r, a->line, a->column, "cause", id, where, names, s->n_causes);
}

static void check_causes(ld_reader *r, ld_attributes *expect, const char *where)
{
    const ld_attribute *first = find(expect, "first_cause"), *all = find(expect, "causes");
    bool none = first && strcmp(first->text, "none") == 0, listed = false;
    if (first && !none)
        check_cause(r, first, first->text, where);
    for (size_t i = 0; all && i < all->n_items; i++) {
        check_cause(r, all, all->items[i], where);
        listed |= first && strcmp(first->text, all->items[i]) == 0;
    }
    if (first && all && (none ? all->n_items > 0 : !listed))
        ld_reader_error(r, first->line, first->column,
                        "\"first_cause\" and \"causes\" of %s contradict each other", where);
}

/* A finding of the check's kind, or an outcome. */
static void read_expected_check(ld_reader *r, const ld_node *node, const char *where,
                                ld_attributes *expect)
{
    const leakdiag_scenario *s = r->scenario;
    char key[128];
    size_t check = ld_reader_check(r, node, where);
    ld_outcome outcome;
    if (check == s->n_checks || !ld_reader_expect(r, node, LD_NODE_SCALAR, where))
        return;
    if (!ld_outcome_find(node->text, &outcome) && s->checks[check].kind &&
        !ld_reader_finding(r, node, node->text, s->checks[check].kind, where))
        return;
    ld_attribute attribute = {0};
    if (!ld_reader_value(r, node, LD_VALUE_TEXT, where, &attribute))
        return;
    snprintf(key, sizeof key, "checks.%.100s", node->key);
    attribute.key = ld_reader_copy(r, key);
    ld_reader_append(r, expect, &attribute);
}

static void read_expected(ld_reader *r, const ld_node *node, const char *test,
                          ld_attributes *expect)
{
    static const char *const verdicts[] = {"as-expected", "warning", "not-as-expected",
                                           "inconclusive"};
    char where[LD_WHERE_BYTES + 40];
    snprintf(where, sizeof where, "\"expect\" of %s", test);
    const ld_node *map = ld_node_get(node, "expect");
    ld_key_set keys = {expect_keys, COUNT(expect_keys), "", "checks"};
    ld_reader_attributes(r, map, keys, where, expect);
    const ld_node *checks = ld_node_get(map, "checks");
    if (checks && ld_reader_expect(r, checks, LD_NODE_MAP, where))
        for (size_t i = 0; i < checks->n && i < LD_MAX_CHECKS; i++)
            read_expected_check(r, &checks->children[i], where, expect);
    if (r->no_memory)
        return;
    if (!map || map->n == 0)
        ld_reader_error(r, node->line, node->column, "%s: nothing is expected", test);
    check_word(r, find(expect, "verdict"), verdicts, COUNT(verdicts), where);
    check_causes(r, expect, where);
}

static void read_test(ld_reader *r, const ld_node *node, size_t number, ld_scenario_test *test)
{
    static const char *const known[] = {"name", "given", "expect"};
    char where[LD_WHERE_BYTES];
    snprintf(where, sizeof where, "test %zu", number);
    test->line = node->line;
    if (!ld_reader_expect(r, node, LD_NODE_MAP, where))
        return;
    if (!ld_reader_known_keys(r, node, known, COUNT(known), where))
        return;
    const char *name = ld_reader_text(r, node, "name", true, where);
    test->name = name ? ld_reader_copy(r, name) : NULL;
    if (name)
        snprintf(where, sizeof where, "test \"%.80s\"", name);
    read_given(r, node, where, &test->given);
    read_expected(r, node, where, &test->expect);
}

void ld_read_tests(ld_reader *r)
{
    leakdiag_scenario *s = r->scenario;
    const ld_node *section = ld_reader_section(r, "tests", false);
    if (!section)
        return;
    if (section->n > LD_MAX_TESTS) {
        ld_reader_limit(r, section, "more than %d tests", LD_MAX_TESTS);
        return;
    }
    s->tests = ld_reader_array(r, section->n, sizeof *s->tests);
    for (size_t i = 0; !r->no_memory && i < section->n; i++) {
        s->n_tests = i + 1;
        read_test(r, &section->children[i], i + 1, &s->tests[i]);
    }
}
