/* How wide is a character? wcwidth() asks the locale; this does not. */
#include <stdint.h>

#include "report/paper.h"

typedef struct range {
    uint32_t from, to;
} range;

/* The blocks that matter. Emoji of the basic plane count as wide as a whole: a line that wraps a
 * little early is better than one that runs over. */
static const range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23f3},
    {0x25fd, 0x25fe},   {0x2600, 0x27bf},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b55},
    {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
    {0xffe0, 0xffe6},   {0x16fe0, 0x18cff}, {0x1aff0, 0x1b2ff}, {0x1f004, 0x1f004},
    {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f19a}, {0x1f200, 0x1f64f}, {0x1f680, 0x1f6ff},
    {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1faff}, {0x20000, 0x3fffd},
};

static const range combining[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},   {0x064b, 0x065f},
    {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff},   {0x1dc0, 0x1dff},
    {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_in(uint32_t c, const range *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (c >= list[i].from && c <= list[i].to)
            return true;
    return false;
}

static uint32_t decode(const char *data, size_t n)
{
    const unsigned char *p = (const unsigned char *)data;
    if (n == 1)
        return p[0];
    uint32_t c = p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3fu);
    return c;
}

size_t ld_text_columns(const char *data, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len;) {
        size_t n = ld_utf8_len(data + i, len - i);
        if (n <= 1) {
            columns++;
            i++;
            continue;
        }
        uint32_t c = decode(data + i, n);
        if (!is_in(c, combining, COUNT(combining)))
            columns += is_in(c, wide, COUNT(wide)) ? 2 : 1;
        i += n;
    }
    return columns;
}
