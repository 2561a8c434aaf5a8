#include "scenario/builtin.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "scenario/scenario.h"

size_t leakdiag_scenario_builtin_count(void)
{
    return ld_builtin_count;
}

const char *leakdiag_scenario_builtin_name(size_t i)
{
    return i < ld_builtin_count ? ld_builtins[i].name : NULL;
}

const char *leakdiag_scenario_builtin_text(size_t i, size_t *ret_len)
{
    if (i >= ld_builtin_count)
        return NULL;
    if (ret_len)
        *ret_len = ld_builtins[i].len;
    return ld_builtins[i].text;
}

static leakdiag_status no_such(const char *name, leakdiag_error *err)
{
    const char *names[32] = {0};
    size_t n = 0;
    for (; n < ld_builtin_count && n < 32; n++)
        names[n] = ld_builtins[n].name;
    const char *nearest = ld_text_nearest(name, names, n);
    char known[200] = "";
    for (size_t i = 0, len = 0; i < n && len + 40 < sizeof known; i++)
        len +=
            (size_t)snprintf(known + len, sizeof known - len, "%s%.30s", i ? ", " : "", names[i]);
    if (nearest)
        return ld_fail(err, LEAKDIAG_E_NOT_FOUND,
                       "no built-in scenario \"%.80s\": did you mean \"%s\"?", name, nearest);
    return ld_fail(err, LEAKDIAG_E_NOT_FOUND, "no built-in scenario \"%.80s\": there are %s", name,
                   known);
}

leakdiag_status leakdiag_scenario_builtin(const char *name, const char *const *set, size_t n_set,
                                          leakdiag_scenario **ret, leakdiag_error *err)
{
    if (!name)
        return ld_fail(err, LEAKDIAG_E_INVALID, "an argument is NULL");
    for (size_t i = 0; i < ld_builtin_count; i++)
        if (strcmp(ld_builtins[i].name, name) == 0)
            return ld_scenario_parse_builtin(ld_builtins[i].text, ld_builtins[i].len, name, set,
                                             n_set, ret, err);
    return no_such(name, err);
}
