/* No secret reaches any output: what looks like one is masked when text becomes part of a fact. */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/text.h"
#include "observation/fact.h"

#define MASK "[masked]"

typedef struct span {
    const char *data;
    size_t len;
} span;

static bool starts(span s, const char *word)
{
    size_t n = strlen(word);
    return s.len >= n && strncasecmp(s.data, word, n) == 0;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool ends_secret(char c)
{
    return c <= ' ' || strchr("\"',;&<>)]}\\", c) != NULL;
}

static size_t secret_len(span s)
{
    size_t n = 0;
    while (n < s.len && !ends_secret(s.data[n]))
        n++;
    return n;
}

/* "Bearer xyz", "Basic xyz": the length of the word and its blank, 0 when it is none. */
static size_t scheme_len(span s)
{
    static const char *const schemes[] = {"bearer ", "basic "};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (starts(s, schemes[i]))
            return strlen(schemes[i]);
    return 0;
}

/* A JSON web token: eyJ… with at least one dot. */
static size_t jwt_len(span s)
{
    if (s.len < 20 || strncmp(s.data, "eyJ", 3) != 0)
        return 0;
    size_t n = 0, dots = 0;
    while (n < s.len && (is_word(s.data[n]) || s.data[n] == '.'))
        dots += s.data[n++] == '.';
    return dots >= 1 && n >= 20 ? n : 0;
}

/* scheme://user:password@host: how many bytes of userinfo follow "://", 0 for none. */
static size_t userinfo_len(span s)
{
    for (size_t n = 0; n < s.len; n++) {
        if (s.data[n] == '@')
            return n;
        if (ends_secret(s.data[n]) || s.data[n] == '/' || s.data[n] == '?')
            return 0;
    }
    return 0;
}

static bool is_secret_name(span name)
{
    static const char *const parts[] = {"token",       "secret",    "passw",         "apikey",
                                        "api_key",     "api-key",   "authorization", "credential",
                                        "private_key", "access_key"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t n = strlen(parts[i]);
        for (size_t at = 0; at + n <= name.len; at++)
            if (strncasecmp(name.data + at, parts[i], n) == 0)
                return true;
    }
    return false;
}

/* name=value, name: value, "name":"value": bytes between the end of the name and the value. */
static size_t separator_len(span s)
{
    size_t n = 0;
    while (n < s.len && (s.data[n] == '"' || s.data[n] == '\\' || s.data[n] == '\''))
        n++;
    if (n == s.len || (s.data[n] != '=' && s.data[n] != ':'))
        return 0;
    n++;
    while (n < s.len &&
           (s.data[n] == ' ' || s.data[n] == '"' || s.data[n] == '\\' || s.data[n] == '\''))
        n++;
    return n;
}

static bool is_pem(span s)
{
    return starts(s, "-----BEGIN ");
}

/* Copies one piece to out and returns how many bytes of the input it stood for. */
static size_t step(span s, bool at_word, ld_text *out)
{
    if (is_pem(s)) { /* key material to the end of the line, whatever it is */
        ld_text_add(out, MASK);
        return s.len;
    }
    size_t scheme = at_word ? scheme_len(s) : 0;
    if (scheme) {
        span rest = {s.data + scheme, s.len - scheme};
        size_t n = secret_len(rest);
        ld_text_add_bytes(out, s.data, scheme);
        ld_text_add(out, n >= 6 ? MASK : "");
        return n >= 6 ? scheme + n : scheme;
    }
    size_t jwt = at_word ? jwt_len(s) : 0;
    if (jwt) {
        ld_text_add(out, MASK);
        return jwt;
    }
    if (starts(s, "://")) {
        span rest = {s.data + 3, s.len - 3};
        size_t n = userinfo_len(rest);
        ld_text_add(out, n ? "://" MASK : "://");
        return 3 + n;
    }
    size_t name = 0;
    while (at_word && name < s.len && is_word(s.data[name]))
        name++;
    if (name == 0) {
        ld_text_add_bytes(out, s.data, 1);
        return 1;
    }
    ld_text_add_bytes(out, s.data, name);
    size_t separator = separator_len((span){s.data + name, s.len - name});
    if (!separator || !is_secret_name((span){s.data, name}))
        return name;
    span value = {s.data + name + separator, s.len - name - separator};
    value.data += scheme_len(value);
    value.len = s.len - (size_t)(value.data - s.data);
    ld_text_add_bytes(out, s.data + name, (size_t)(value.data - s.data) - name);
    size_t n = secret_len(value);
    ld_text_add(out, n ? MASK : "");
    return (size_t)(value.data - s.data) + n;
}

leakdiag_status ld_redact(const char *data, size_t len, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text out = {0};
    for (size_t i = 0; i < len;) {
        bool at_word = i == 0 || !is_word(data[i - 1]);
        if (data[i] == '\0') {
            ld_text_add(&out, "\xef\xbf\xbd");
            i++;
            continue;
        }
        i += step((span){data + i, len - i}, at_word, &out);
    }
    return ld_text_take(&out, ret, err);
}
