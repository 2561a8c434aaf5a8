/* Text from outside, made harmless for where it goes. */
#include <stdint.h>

#include "base/text.h"

static uint32_t decode(const unsigned char *p, size_t n)
{
    if (n == 1)
        return p[0];
    uint32_t code = p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        code = code << 6 | (p[i] & 0x3fu);
    return code;
}

size_t ld_utf8_len(const char *data, size_t len)
{
    const unsigned char *p = (const unsigned char *)data;
    if (len == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n > len)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code = decode(p, n);
    if (code < smallest[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return n;
}

static bool is_unsafe(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe007f);
}

bool ld_utf8_is_unsafe(const char *data, size_t n)
{
    return is_unsafe(decode((const unsigned char *)data, n));
}

void ld_text_add_safe(ld_text *text, const char *data, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = ld_utf8_len(data + i, len - i);
        if (n == 0) {
            ld_text_addf(text, "\\x%02x", (unsigned)(unsigned char)data[i]);
            i++;
            continue;
        }
        uint32_t c = decode((const unsigned char *)data + i, n);
        if (c == '\t')
            ld_text_add_char(text, ' ');
        else if (!is_unsafe(c))
            ld_text_add_bytes(text, data + i, n);
        else if (c < 0x100)
            ld_text_addf(text, "\\x%02x", (unsigned)c);
        else
            ld_text_addf(text, "\\u{%x}", (unsigned)c);
        i += n;
    }
}

static const char *xml_entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    default:
        return NULL;
    }
}

void ld_text_add_xml(ld_text *text, const char *data, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = ld_utf8_len(data + i, len - i);
        uint32_t c = n ? decode((const unsigned char *)data + i, n) : 0;
        const char *entity = n == 1 ? xml_entity(data[i]) : NULL;
        if (entity)
            ld_text_add(text, entity);
        else if (n == 0 || (c < 0x20 && c != '\n' && c != '\t') || c == 0xfffe || c == 0xffff ||
                 is_unsafe(c))
            ld_text_add(text, c == '\n' || c == '\t' ? " " : "\xef\xbf\xbd");
        else
            ld_text_add_bytes(text, data + i, n);
        i += n ? n : 1;
    }
}

/* What JSON must escape, and what a terminal would obey if the JSON were shown there. */
static void add_json_escape(ld_text *text, uint32_t c)
{
    if (c < 0x10000) {
        ld_text_addf(text, "\\u%04x", (unsigned)c);
        return;
    }
    ld_text_addf(text, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
                 (unsigned)(0xdc00 + ((c - 0x10000) & 0x3ff)));
}

void ld_text_add_json(ld_text *text, const char *data, size_t len)
{
    ld_text_add_char(text, '"');
    for (size_t i = 0; i < len;) {
        size_t n = ld_utf8_len(data + i, len - i);
        uint32_t c = n ? decode((const unsigned char *)data + i, n) : 0;
        if (n == 0)
            ld_text_add(text, "\xef\xbf\xbd");
        else if (c == '"' || c == '\\')
            ld_text_addf(text, "\\%c", (char)c);
        else if (c == '\n')
            ld_text_add(text, "\\n");
        else if (is_unsafe(c))
            add_json_escape(text, c);
        else
            ld_text_add_bytes(text, data + i, n);
        i += n ? n : 1;
    }
    ld_text_add_char(text, '"');
}
