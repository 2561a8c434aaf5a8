#include "wire/keyed.h"

#include <string.h>

bool ld_line_next(const char **data, size_t *len, ld_line_piece *ret)
{
    if (*len == 0)
        return false;
    const char *end = memchr(*data, '\n', *len);
    size_t n = end ? (size_t)(end - *data) : *len;
    *ret = (ld_line_piece){*data, n};
    size_t taken = end ? n + 1 : n;
    *data += taken;
    *len -= taken;
    return true;
}

bool ld_digits(const char *data, size_t len, uint64_t *ret)
{
    uint64_t value = 0;
    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (data[i] < '0' || data[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(data[i] - '0'), &value))
            return false;
    }
    *ret = value;
    return true;
}

bool ld_keyed_number(const char *data, size_t len, const char *key, uint64_t *ret)
{
    size_t n = strlen(key);
    ld_line_piece line;
    while (ld_line_next(&data, &len, &line))
        if (line.len > n + 1 && memcmp(line.data, key, n) == 0 && line.data[n] == ' ')
            return ld_digits(line.data + n + 1, line.len - n - 1, ret);
    return false;
}
