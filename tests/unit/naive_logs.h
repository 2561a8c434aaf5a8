/* Log counting the slow and obvious way: what the scanner is compared with. */
#ifndef TESTS_NAIVE_LOGS_H
#define TESTS_NAIVE_LOGS_H

#include <leakdiag/logs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct naive_line {
    const char *text;
    size_t len; /* searched */
    bool truncated;
} naive_line;

/* Takes the line at *at; false at the end of the input. */
static inline bool naive_next(const char *data, size_t len, size_t *at, naive_line *ret)
{
    if (*at >= len)
        return false;
    size_t begin = *at, end = begin;
    while (end < len && data[end] != '\n')
        end++;
    *at = end + 1;
    if (end < len && end > begin && data[end - 1] == '\r')
        end--;
    ret->text = data + begin;
    ret->truncated = end - begin > LEAKDIAG_LINE_MAX_BYTES;
    ret->len = ret->truncated ? LEAKDIAG_LINE_MAX_BYTES : end - begin;
    return true;
}

static inline int naive_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static inline bool naive_contains(naive_line line, const char *needle, size_t needle_len,
                                  bool ignore_case)
{
    for (size_t from = 0; from + needle_len <= line.len; from++) {
        size_t same = 0;
        while (same < needle_len) {
            char a = line.text[from + same], b = needle[same];
            if (ignore_case ? naive_lower(a) != naive_lower(b) : a != b)
                break;
            same++;
        }
        if (same == needle_len)
            return true;
    }
    return false;
}

#endif
