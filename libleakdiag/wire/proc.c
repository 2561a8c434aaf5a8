#include "wire/proc.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "wire/answer.h"
#include "wire/keyed.h"

#define PATH_MAX_BYTES 4096

const char *const ld_proc_environment_names[] = {
    "GOMEMLIMIT", "GOGC", "KAFKA_ADDR", "KAFKA_SERVICE_ADDR", "FLAGD_HOST", "FLAGD_PORT", NULL};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* The n-th (from 0) of the fields, which blanks separate. */
static bool field(const char *data, size_t len, size_t n, ld_line_piece *ret)
{
    size_t i = 0;
    for (size_t at = 0;; at++) {
        while (i < len && is_blank(data[i]))
            i++;
        size_t start = i;
        while (i < len && !is_blank(data[i]))
            i++;
        if (i == start)
            return false;
        if (at == n) {
            *ret = (ld_line_piece){data + start, i - start};
            return true;
        }
    }
}

static bool number_field(const char *data, size_t len, size_t n, int64_t *ret)
{
    ld_line_piece text;
    uint64_t value;
    if (!field(data, len, n, &text) || !ld_digits(text.data, text.len, &value) || value > INT64_MAX)
        return false;
    *ret = (int64_t)value;
    return true;
}

leakdiag_status ld_proc_read_stat(const char *data, size_t len, ld_proc_stat *ret,
                                  leakdiag_error *err)
{
    /* The name is in parentheses and may hold any byte, so its end is the last one. */
    const char *end = len ? memrchr(data, ')', len) : NULL;
    ld_proc_stat stat;
    ld_line_piece state;
    if (!end || !number_field(data, len, 0, &stat.pid))
        return ld_fail(err, LEAKDIAG_E_PROTOCOL, "no \"PID (name)\" at its beginning");
    const char *rest = end + 1;
    size_t rest_len = len - (size_t)(rest - data);
    if (!field(rest, rest_len, 0, &state) || state.len != 1 ||
        !number_field(rest, rest_len, 1, &stat.parent) ||
        !number_field(rest, rest_len, 19, &stat.start_ticks))
        return ld_fail(err, LEAKDIAG_E_PROTOCOL, "no state, parent or start time after the name");
    stat.state = state.data[0];
    *ret = stat;
    return LEAKDIAG_OK;
}

double ld_proc_kib_line(const char *data, size_t len, const char *name)
{
    size_t n = strlen(name);
    ld_line_piece line, number, unit;
    uint64_t kib;
    while (ld_line_next(&data, &len, &line)) {
        if (line.len <= n || memcmp(line.data, name, n) != 0 || line.data[n] != ':')
            continue;
        const char *rest = line.data + n + 1;
        size_t rest_len = line.len - n - 1;
        if (!field(rest, rest_len, 0, &number) || !field(rest, rest_len, 1, &unit) ||
            unit.len != 2 || memcmp(unit.data, "kB", 2) != 0 ||
            !ld_digits(number.data, number.len, &kib))
            return NAN;
        return (double)kib * 1024;
    }
    return NAN;
}

int64_t ld_proc_boot_ms(const char *data, size_t len)
{
    uint64_t seconds;
    if (!ld_keyed_number(data, len, "btime", &seconds) || seconds > INT64_MAX / 1000)
        return 0;
    return (int64_t)seconds * 1000;
}

/* "a,memory,b" names memory */
static bool lists_memory(ld_line_piece list)
{
    static const char word[] = "memory";
    const size_t n = sizeof word - 1;
    while (list.len >= n) {
        const char *comma = memchr(list.data, ',', list.len);
        size_t item = comma ? (size_t)(comma - list.data) : list.len;
        if (item == n && memcmp(list.data, word, n) == 0)
            return true;
        if (!comma)
            return false;
        list = (ld_line_piece){comma + 1, list.len - item - 1};
    }
    return false;
}

/* A path of a cgroup outside of our namespace starts with "/..": it cannot be opened from here. */
static bool is_usable(ld_line_piece path)
{
    bool outside = path.len >= 3 && memcmp(path.data, "/..", 3) == 0;
    return path.len > 0 && path.len < PATH_MAX_BYTES && path.data[0] == '/' && !outside &&
           !memchr(path.data, '\0', path.len) && !memmem(path.data, path.len, "/../", 4);
}

static leakdiag_status cgroup_path(const char *data, size_t len, bool v1, char **ret,
                                   leakdiag_error *err)
{
    ld_line_piece line;
    *ret = NULL;
    while (ld_line_next(&data, &len, &line)) {
        const char *first = memchr(line.data, ':', line.len);
        size_t before = first ? (size_t)(first - line.data) + 1 : 0;
        const char *second = first ? memchr(first + 1, ':', line.len - before) : NULL;
        if (!second)
            continue;
        ld_line_piece list = {first + 1, (size_t)(second - first) - 1};
        ld_line_piece path = {second + 1, line.len - (size_t)(second + 1 - line.data)};
        bool wanted = v1 ? lists_memory(list) : list.len == 0;
        if (!wanted || !is_usable(path))
            continue;
        *ret = ld_copy_bytes(path.data, path.len);
        return *ret ? LEAKDIAG_OK : ld_fail_nomem(err);
    }
    return LEAKDIAG_OK;
}

leakdiag_status ld_proc_cgroup_v1(const char *data, size_t len, char **ret, leakdiag_error *err)
{
    return cgroup_path(data, len, true, ret, err);
}

leakdiag_status ld_proc_cgroup_v2(const char *data, size_t len, char **ret, leakdiag_error *err)
{
    return cgroup_path(data, len, false, ret, err);
}

leakdiag_status ld_environment_value(const char *data, size_t len, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text text = {0};
    const char *at = memrchr(data, '@', len);
    size_t skipped = at ? (size_t)(at - data) : 0;
    if (at)
        ld_text_add(&text, "***");
    ld_detail_add(&text, data + skipped, len - skipped);
    return ld_text_take(&text, ret, err);
}

leakdiag_status ld_proc_environment(const char *data, size_t len, const char *name, char **ret,
                                    leakdiag_error *err)
{
    size_t n = strlen(name);
    *ret = NULL;
    while (len > 0) {
        const char *end = memchr(data, '\0', len);
        size_t item = end ? (size_t)(end - data) : len;
        if (item > n && memcmp(data, name, n) == 0 && data[n] == '=')
            return ld_environment_value(data + n + 1, item - n - 1, ret, err);
        size_t taken = end ? item + 1 : item;
        data += taken;
        len -= taken;
    }
    return LEAKDIAG_OK;
}
