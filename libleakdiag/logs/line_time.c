#include "logs/line_time.h"

#include <string.h>

#include "base/number.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blanks(const char *line, size_t len, size_t i)
{
    while (i < len && is_blank(line[i]))
        i++;
    return i;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool time_at_start(const char *line, size_t len, int64_t *ret_ms)
{
    int64_t time_ms;
    size_t n = ld_rfc3339_parse(line, len, &time_ms);
    /* "…10:00:00Zulu" is a longer word, not a time. */
    if (n == 0 || (n < len && is_word(line[n])))
        return false;
    *ret_ms = time_ms;
    return true;
}

/* `i` stands behind the opening quote. Returns the closing one, or len when the line ends before.
 */
static size_t string_end(const char *line, size_t len, size_t i)
{
    for (size_t begin = i; i < len; i++) {
        const char *quote = memchr(line + i, '"', len - i);
        if (!quote)
            return len;
        i = (size_t)(quote - line);
        size_t slashes = 0;
        while (i - slashes > begin && line[i - slashes - 1] == '\\')
            slashes++;
        if (slashes % 2 == 0)
            return i;
    }
    return len;
}

static bool is_time_key(const char *key, size_t len)
{
    static const char *const keys[] = {"timestamp", "time", "ts", "@timestamp"};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
        if (len == strlen(keys[k]) && memcmp(key, keys[k], len) == 0)
            return true;
    return false;
}

/* `i` stands behind a key. */
static bool value_is_time(const char *line, size_t len, size_t i, int64_t *ret_ms)
{
    i = skip_blanks(line, len, i);
    if (i >= len || line[i] != ':')
        return false;
    i = skip_blanks(line, len, i + 1);
    if (i >= len || line[i] != '"')
        return false;
    i++;
    int64_t time_ms;
    size_t n = ld_rfc3339_parse(line + i, len - i, &time_ms);
    if (n == 0 || n >= len - i || line[i + n] != '"')
        return false;
    *ret_ms = time_ms;
    return true;
}

/* `i` stands at the brace. A walk, not a parser: lines may be cut or glued together by the runtime
 * that wrote the log, and what was read up to there is still true. */
static bool time_in_object(const char *line, size_t len, size_t i, int64_t *ret_ms)
{
    for (size_t depth = 0; i < len; i++) {
        char c = line[i];
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return false;
        else if (c == '"') {
            size_t begin = i + 1;
            i = string_end(line, len, begin);
            if (i < len && depth == 1 && is_time_key(line + begin, i - begin) &&
                value_is_time(line, len, i + 1, ret_ms))
                return true;
        }
    }
    return false;
}

bool ld_line_time(const char *line, size_t len, int64_t *ret_ms)
{
    if (len > 0 && line[0] >= '0' && line[0] <= '9')
        return time_at_start(line, len, ret_ms);
    size_t i = skip_blanks(line, len, 0);
    return i < len && line[i] == '{' && time_in_object(line, len, i, ret_ms);
}
