/* The words of the closed sets that more than one room speaks. */
#include <leakdiag/flag.h>
#include <leakdiag/load.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *word(const char *const *words, size_t n, int i)
{
    return i >= 0 && (size_t)i < n ? words[i] : "unknown";
}

const char *leakdiag_flag_state_name(leakdiag_flag_state state)
{
    static const char *const words[] = {"value",     "code-default",  "disabled",
                                        "missing",   "file-rejected", "malformed",
                                        "not-ofrep", "refused",       "unreachable"};
    return word(words, COUNT(words), (int)state);
}

const char *leakdiag_flag_type_name(leakdiag_flag_type type)
{
    static const char *const words[] = {"none", "boolean", "number", "string", "object"};
    return word(words, COUNT(words), (int)type);
}

const char *leakdiag_load_state_name(leakdiag_load_state state)
{
    static const char *const words[] = {"unknown",  "ready",      "spawning", "running",
                                        "stopping", "stopped",    "missing",  "not-locust",
                                        "refused",  "unreachable"};
    return word(words, COUNT(words), (int)state);
}
