/* From bytes to a scenario. */
#include <string.h>

#include "base/alloc.h"
#include "scenario/reader.h"

#define MAX_SET 1024

LD_DEFINE_CLEANUP(leakdiag_scenario, leakdiag_scenario_unref, scenario_unrefp)

static void read_version(ld_reader *r)
{
    static const char *const version = "leakdiag/v1", *const kind = "Scenario";
    static const char *const keys[] = {"apiVersion", "kind"};
    const char *const wanted[] = {version, kind};
    for (size_t i = 0; i < 2; i++) {
        const char *text = ld_reader_text(r, r->root, keys[i], r->all_known, "the scenario");
        const ld_node *at = ld_node_get(r->root, keys[i]);
        if (text && strcmp(text, wanted[i]) != 0)
            ld_reader_error(r, at->line, at->column, "%s is \"%.80s\", but this reads only \"%s\"",
                            keys[i], text, wanted[i]);
    }
}

static void check_name(ld_reader *r, const ld_node *metadata, const char *name)
{
    const ld_node *at = ld_node_get(metadata, "name");
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._");
    if (name[n] || n > 128)
        ld_reader_error(r, at->line, at->column,
                        "\"%.80s\" is no name for a scenario: 1 to 128 letters, digits, '/', '-', "
                        "'.' and '_'",
                        name);
}

static void read_metadata(ld_reader *r)
{
    static const char *const known[] = {"name", "title", "summary"};
    static const char where[] = "\"metadata\"";
    leakdiag_scenario *s = r->scenario;
    const ld_node *section = ld_reader_section(r, "metadata", true);
    if (!section)
        return;
    bool all_known = ld_reader_known_keys(r, section, known, 3, where);
    const char *name = ld_reader_text(r, section, "name", all_known, where);
    const char *title = ld_reader_text(r, section, "title", all_known, where);
    const char *summary = ld_reader_text(r, section, "summary", false, where);
    if (name)
        check_name(r, section, name);
    s->name = name ? ld_reader_copy(r, name) : NULL;
    s->title = title ? ld_reader_copy(r, title) : NULL;
    s->summary = summary ? ld_reader_copy(r, summary) : NULL;
}

void ld_reader_read(ld_reader *r, const char *const *set, size_t n_set)
{
    static const char *const known[] = {"apiVersion", "kind",     "metadata", "params",
                                        "pace",       "profiles", "sources",  "patterns",
                                        "checks",     "timeline", "causes",   "tests"};
    /* In this order: what comes later refers to what comes before it. */
    static void (*const sections[])(ld_reader *) = {
        ld_fill_params,  read_metadata,  ld_read_pace,     ld_read_profiles, ld_read_patterns,
        ld_read_sources, ld_read_checks, ld_read_timeline, ld_read_causes,   ld_read_tests,
    };
    if (!ld_reader_expect(r, r->root, LD_NODE_MAP, "a scenario"))
        return;
    r->all_known =
        ld_reader_known_keys(r, r->root, known, sizeof known / sizeof known[0], "the scenario");
    read_version(r);
    ld_read_params(r, set, n_set);
    for (size_t i = 0; !r->no_memory && i < sizeof sections / sizeof sections[0]; i++)
        sections[i](r);
}

static leakdiag_status check_arguments(const char *data, size_t len, const char *const *set,
                                       size_t n_set, const void *ret, leakdiag_error *err)
{
    if (!data || !ret || (n_set && !set))
        return ld_fail(err, LEAKDIAG_E_INVALID, "an argument is NULL");
    if (len > LEAKDIAG_SCENARIO_MAX_BYTES)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "%zu bytes are too many: a scenario may have %d", len,
                       LEAKDIAG_SCENARIO_MAX_BYTES);
    if (n_set > MAX_SET)
        return ld_fail(err, LEAKDIAG_E_LIMIT, "more than %d values to set", MAX_SET);
    for (size_t i = 0; i < n_set; i++)
        if (!set[i])
            return ld_fail(err, LEAKDIAG_E_INVALID, "value %zu to set is NULL", i + 1);
    return LEAKDIAG_OK;
}

/* Only the first n_read bytes are looked at; all are kept. */
static leakdiag_status parse(const char *data, size_t len, size_t n_read, const char *origin,
                             const char *const *set, size_t n_set, leakdiag_scenario **ret,
                             leakdiag_error *err)
{
    leakdiag_status status = check_arguments(data, len, set, n_set, ret, err);
    if (status)
        return status;
    LD_CLEANUP(scenario_unrefp) leakdiag_scenario *s = ld_alloc_zero(sizeof *s);
    if (!s)
        return ld_fail_nomem(err);
    s->references = 1;
    s->text = ld_copy_bytes(data, len);
    s->text_len = len;
    s->has_unread_tests = n_read < len;
    s->origin = ld_copy_text(origin ? origin : "");
    if (!s->text || !s->origin)
        return ld_fail_nomem(err);

    LD_CLEANUP(ld_reader_done) ld_reader reader = {.scenario = s};
    status = ld_node_parse(data, n_read, &reader.root, err);
    if (status)
        return ld_reader_place(err, status, origin);
    ld_reader_read(&reader, set, n_set);
    status = ld_reader_status(&reader, origin, err);
    if (status)
        return status;
    *ret = ld_steal(&s);
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_scenario_parse(const char *data, size_t len, const char *origin,
                                        const char *const *set, size_t n_set,
                                        leakdiag_scenario **ret, leakdiag_error *err)
{
    return parse(data, len, len, origin, set, n_set, ret, err);
}

leakdiag_status ld_scenario_parse_builtin(const char *data, size_t len, const char *origin,
                                          const char *const *set, size_t n_set,
                                          leakdiag_scenario **ret, leakdiag_error *err)
{
    const char *tests = memmem(data, len, "\ntests:", strlen("\ntests:"));
    return parse(data, len, tests ? (size_t)(tests + 1 - data) : len, origin, set, n_set, ret, err);
}

leakdiag_status ld_scenario_with_tests(const leakdiag_scenario *scenario, leakdiag_scenario **ret,
                                       leakdiag_error *err)
{
    if (scenario->has_unread_tests)
        return leakdiag_scenario_parse(scenario->text, scenario->text_len, scenario->origin,
                                       (const char *const *)scenario->set, scenario->n_set, ret,
                                       err);
    *ret = leakdiag_scenario_ref((leakdiag_scenario *)(uintptr_t)scenario);
    return LEAKDIAG_OK;
}
