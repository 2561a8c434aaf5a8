#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/number.h"

void ld_text_done(ld_text *text)
{
    ld_release(text->data);
    *text = (ld_text){0};
}

/* Room for `more` further bytes and the NUL; false sets `failed`. */
static bool reserve(ld_text *text, size_t more)
{
    if (text->failed)
        return false;
    size_t need;
    if (__builtin_add_overflow(text->len, more, &need) ||
        __builtin_add_overflow(need, (size_t)1, &need)) {
        text->failed = true;
        return false;
    }
    if (need <= text->room)
        return true;
    size_t room = text->room ? text->room : 64;
    while (room < need)
        room = room > SIZE_MAX / 2 ? need : room * 2;
    char *data = ld_resize_array(text->data, text->room, room, 1);
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->room = room;
    return true;
}

void ld_text_add_bytes(ld_text *text, const char *data, size_t len)
{
    if (!reserve(text, len))
        return;
    if (len)
        memcpy(text->data + text->len, data, len);
    text->len += len;
    text->data[text->len] = '\0';
}

void ld_text_add(ld_text *text, const char *more)
{
    ld_text_add_bytes(text, more, strlen(more));
}

void ld_text_add_char(ld_text *text, char c)
{
    ld_text_add_bytes(text, &c, 1);
}

void ld_text_addf(ld_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        text->failed = true;
    else if (reserve(text, (size_t)n)) {
        vsnprintf(text->data + text->len, (size_t)n + 1, format, again);
        text->len += (size_t)n;
    }
    va_end(again);
}

void ld_text_add_number(ld_text *text, double value)
{
    if (!__builtin_isfinite(value)) {
        ld_text_add(text, "null");
        return;
    }
    char out[LD_NUMBER_BYTES];
    ld_number_format(value, out);
    ld_text_add(text, out);
}

void ld_text_add_fixed(ld_text *text, double value, int decimals)
{
    char out[LD_NUMBER_BYTES];
    ld_number_format_fixed(value, decimals, out);
    ld_text_add(text, out);
}

leakdiag_status ld_text_take(ld_text *text, char **ret, leakdiag_error *err)
{
    if (!text->failed && !text->data)
        ld_text_add(text, "");
    if (text->failed)
        return ld_fail_nomem(err);
    *ret = text->data;
    *text = (ld_text){0};
    return LEAKDIAG_OK;
}

bool ld_text_equal(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    return strcmp(a, b) == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool ld_text_same_word(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (lower(a[i]) != lower(b[i]))
            return false;
        if (a[i] == '\0')
            return true;
    }
    return true;
}
