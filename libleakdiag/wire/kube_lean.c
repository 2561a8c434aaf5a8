/* Half of what the API server says of an object is who has changed which field of it, and only of a
 * ConfigMap does anybody here ask. That part goes before the bytes become a tree, which takes
 * eleven times their room. */
#include <string.h>

#include "wire/kube_read.h"

static const char key[] = "\"managedFields\"";

static size_t skip_blanks(const char *body, size_t len, size_t at)
{
    while (at < len &&
           (body[at] == ' ' || body[at] == '\n' || body[at] == '\t' || body[at] == '\r'))
        at++;
    return at;
}

/* `at` stands at the opening quote. Behind the closing one, or len. */
static size_t skip_string(const char *body, size_t len, size_t at)
{
    for (at++; at < len; at++) {
        const char *quote = memchr(body + at, '"', len - at);
        if (!quote)
            return len;
        size_t end = (size_t)(quote - body), slashes = 0;
        while (end - slashes > at && body[end - slashes - 1] == '\\')
            slashes++;
        if (slashes % 2 == 0)
            return end + 1;
        at = end;
    }
    return len;
}

/* `at` stands at the opening bracket. Where the one is that closes it, or len. */
static size_t closing_bracket(const char *body, size_t len, size_t at)
{
    for (size_t depth = 0; at < len;) {
        char c = body[at];
        if (c == '"') {
            at = skip_string(body, len, at);
            continue;
        }
        depth += c == '[' || c == '{';
        depth -= c == ']' || c == '}';
        if (depth == 0)
            return at;
        at++;
    }
    return len;
}

/* The next list of that name: its opening bracket, or len. Within a string the quotes would have
 * backslashes, so that what looks like the key is a whole string; before a colon it is a key. */
static size_t next_list(const char *body, size_t len, size_t at)
{
    while (at < len) {
        const char *found = memmem(body + at, len - at, key, sizeof key - 1);
        if (!found)
            return len;
        at = skip_blanks(body, len, (size_t)(found - body) + sizeof key - 1);
        if (at == len || body[at] != ':')
            continue;
        at = skip_blanks(body, len, at + 1);
        if (at < len && body[at] == '[')
            return at;
    }
    return len;
}

leakdiag_status ld_kube_lean(const char *body, size_t len, ld_text *ret, leakdiag_error *err)
{
    size_t kept = 0;
    for (size_t open; (open = next_list(body, len, kept)) < len;) {
        size_t close = closing_bracket(body, len, open);
        if (close == len) /* it is cut: the parser says so better */
            break;
        ld_text_add_bytes(ret, body + kept, open + 1 - kept);
        kept = close;
    }
    if (kept)
        ld_text_add_bytes(ret, body + kept, len - kept);
    return ret->failed ? ld_fail_nomem(err) : LEAKDIAG_OK;
}
