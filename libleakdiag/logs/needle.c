#include "logs/needle.h"

#include <string.h>

#define MISSES_MAX 32 /* then memmem() goes on, whose work is bounded whatever the text */

/* From the most usual bytes of logs to rarer ones; what is not among them is the rarest. */
static const char usual[] =
    " \"etaoinsrldcmupgfhybvkwxqjz:0123456789,.-_/{}[]ETAOINSRLDCMUPGFHYBVKWXQJZ";

static size_t rarity(char byte)
{
    const char *at = byte ? strchr(usual, byte) : NULL;
    return at ? (size_t)(at - usual) : sizeof usual;
}

ld_needle ld_needle_of(const char *text, size_t len)
{
    ld_needle needle = {.text = text, .len = len};
    for (size_t i = 1; i < len; i++)
        if (rarity(text[i]) > rarity(text[needle.rarest]))
            needle.rarest = i;
    return needle;
}

bool ld_needle_is_in(const ld_needle *needle, const char *text, size_t len)
{
    if (len < needle->len)
        return false;
    const char *at = text + needle->rarest, *end = text + len - needle->len + needle->rarest + 1;
    for (size_t misses = 0; misses < MISSES_MAX; misses++, at++) {
        at = memchr(at, needle->text[needle->rarest], (size_t)(end - at));
        if (!at)
            return false;
        if (memcmp(at - needle->rarest, needle->text, needle->len) == 0)
            return true;
    }
    at -= needle->rarest;
    return memmem(at, (size_t)(text + len - at), needle->text, needle->len) != NULL;
}
