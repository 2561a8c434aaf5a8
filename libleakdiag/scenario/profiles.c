/* Profiles: what is different about a range of versions of the application. */
#include <stdio.h>
#include <string.h>

#include "scenario/reader.h"

bool ld_version_parse(const char *text, int64_t ret[3])
{
    const char *at = text && text[0] == 'v' ? text + 1 : text;
    ret[0] = ret[1] = ret[2] = 0;
    if (!at || *at < '0' || *at > '9')
        return false;
    for (size_t part = 0; part < 3 && *at >= '0' && *at <= '9'; part++) {
        for (size_t digits = 0; *at >= '0' && *at <= '9'; at++, digits++) {
            if (digits == 9)
                return false;
            ret[part] = ret[part] * 10 + (*at - '0');
        }
        at += *at == '.';
    }
    return *at == '\0' || *at == '-' || *at == '+';
}

static int compare_versions(const int64_t a[3], const int64_t b[3])
{
    for (size_t i = 0; i < 3; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

static bool is_within(const ld_profile *profile, const int64_t version[3])
{
    int64_t bound[3];
    if (profile->from && ld_version_parse(profile->from, bound) &&
        compare_versions(version, bound) < 0)
        return false;
    return !profile->below || !ld_version_parse(profile->below, bound) ||
           compare_versions(version, bound) < 0;
}

const ld_profile *ld_scenario_profile(const leakdiag_scenario *scenario, const char *version)
{
    int64_t wanted[3];
    if (!version || !ld_version_parse(version, wanted))
        return NULL;
    for (size_t i = 0; i < scenario->n_profiles; i++)
        if (is_within(&scenario->profiles[i], wanted))
            return &scenario->profiles[i];
    return NULL;
}

const ld_profile *ld_scenario_profile_named(const leakdiag_scenario *scenario, const char *id)
{
    for (size_t i = 0; id && i < scenario->n_profiles; i++)
        if (strcmp(scenario->profiles[i].id, id) == 0)
            return &scenario->profiles[i];
    return NULL;
}

static char *read_text(ld_reader *r, const ld_node *node, const char *key, const char *where)
{
    const char *text = ld_reader_text(r, node, key, false, where);
    return text && text[0] ? ld_reader_copy(r, text) : NULL;
}

static char *read_version(ld_reader *r, const ld_node *node, const char *key, const char *where)
{
    int64_t parts[3];
    char *text = read_text(r, node, key, where);
    const ld_node *at = ld_node_get(node, key);
    if (text && !ld_version_parse(text, parts))
        ld_reader_error(r, at->line, at->column, "\"%s\" of %s: \"%.40s\" is no version like 2.1.0",
                        key, where, text);
    return text;
}

static bool is_param(const leakdiag_scenario *s, const char *name)
{
    for (size_t i = 0; i < s->params.n; i++)
        if (strcmp(s->params.list[i].key, name) == 0)
            return true;
    return false;
}

static void read_setting(ld_reader *r, const ld_node *node, ld_profile *profile, const char *where)
{
    char text[LD_MAX_PARAM_BYTES + 80];
    if (!ld_reader_expect(r, node, LD_NODE_SCALAR, where))
        return;
    if (!is_param(r->scenario, node->key)) {
        ld_reader_error(r, node->key_line, node->key_column, "%s: there is no parameter \"%.80s\"",
                        where, node->key);
        return;
    }
    if (strlen(node->key) + strlen(node->text) + 2 > sizeof text) {
        ld_reader_limit(r, node, "%s: more than %d bytes", where, LD_MAX_PARAM_BYTES);
        return;
    }
    snprintf(text, sizeof text, "%s=%s", node->key, node->text);
    profile->set[profile->n_set] = ld_reader_copy(r, text);
    profile->n_set += profile->set[profile->n_set] != NULL;
}

static void read_set(ld_reader *r, const ld_node *node, ld_profile *profile, const char *where)
{
    const ld_node *set = ld_node_get(node, "set");
    char member[LD_WHERE_BYTES + 80];
    snprintf(member, sizeof member, "\"set\" of %s", where);
    if (!set || !ld_reader_expect(r, set, LD_NODE_MAP, member))
        return;
    profile->set = ld_reader_array(r, set->n + 1, sizeof *profile->set);
    for (size_t i = 0; profile->set && i < set->n; i++)
        read_setting(r, &set->children[i], profile, member);
}

static void read_profile(ld_reader *r, const ld_node *node, ld_profile *profile)
{
    static const char *const known[] = {"about",  "from", "below",          "find_by",
                                        "suffix", "set",  "logs_elsewhere", "has_other_generator"};
    char where[LD_WHERE_BYTES];
    snprintf(where, sizeof where, "profile \"%.80s\"", node->key);
    profile->id = ld_reader_copy(r, node->key);
    if (!ld_reader_is_id(r, node, "a profile") || !ld_reader_expect(r, node, LD_NODE_MAP, where))
        return;
    if (!ld_reader_known_keys(r, node, known, sizeof known / sizeof known[0], where))
        return;
    profile->about = read_text(r, node, "about", where);
    profile->from = read_version(r, node, "from", where);
    profile->below = read_version(r, node, "below", where);
    profile->find_by = read_text(r, node, "find_by", where);
    profile->suffix = read_text(r, node, "suffix", where);
    double elsewhere = 0, other = 0;
    ld_reader_number(r, node, "logs_elsewhere", LD_VALUE_BOOL, where, &elsewhere);
    ld_reader_number(r, node, "has_other_generator", LD_VALUE_BOOL, where, &other);
    profile->logs_elsewhere = elsewhere > 0;
    profile->has_other_generator = other > 0;
    read_set(r, node, profile, where);
}

void ld_read_profiles(ld_reader *r)
{
    leakdiag_scenario *s = r->scenario;
    const ld_node *section = ld_reader_section(r, "profiles", false);
    if (!section)
        return;
    if (section->n > LD_MAX_PROFILES) {
        ld_reader_limit(r, section, "more than %d profiles", LD_MAX_PROFILES);
        return;
    }
    s->profiles = ld_reader_array(r, section->n, sizeof *s->profiles);
    for (size_t i = 0; !r->no_memory && i < section->n; i++) {
        s->n_profiles = i + 1;
        read_profile(r, &section->children[i], &s->profiles[i]);
    }
}
