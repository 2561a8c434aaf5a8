#include "base/redact.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

#define MASK             "[masked]"
#define MASK_BYTES       (sizeof MASK - 1)
#define MIN_BEARER_BYTES 6 /* "bearer of news" is none */
#define MIN_KNOWN_BYTES  8 /* after a known beginning */

typedef struct span {
    const char *data;
    size_t len;
} span;

static span from(span s, size_t n)
{
    return (span){s.data + n, s.len - n};
}

static bool starts(span s, const char *word)
{
    size_t n = strlen(word);
    return s.len >= n && ld_text_same_word(s.data, word, n);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '-';
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

static bool ends_secret(char c)
{
    return (unsigned char)c <= ' ' || strchr("\"',;&<>)]}\\", c) != NULL;
}

static bool ends_url(char c)
{
    return (unsigned char)c <= ' ' || strchr("\"'`<>\\", c) != NULL;
}

static size_t word_len(span s)
{
    size_t n = 0;
    while (n < s.len && is_word(s.data[n]))
        n++;
    return n;
}

/* A '=' or ':' within a URL that is itself the value of a parameter. */
static size_t encoded_separator_len(span s)
{
    return starts(s, "%3d") || starts(s, "%3a") ? 3 : 0;
}

/* "name=", "name: ", "name%3D": something else begins. */
static bool is_assignment(span s)
{
    size_t n = word_len(s);
    return n > 0 && n < s.len &&
           (s.data[n] == '=' || s.data[n] == ':' || encoded_separator_len(from(s, n)));
}

/* What may stand within a secret that nobody quoted, and between it and what follows: it is within
 * when text follows that is no other name with a value. */
static bool is_within(span s)
{
    if (!s.len || !strchr(",;')]}", s.data[0]))
        return false;
    span rest = from(s, 1);
    return rest.len && !ends_secret(rest.data[0]) && !is_assignment(rest);
}

/* A mask is a secret already masked: its bracket does not end it. */
static size_t secret_len(span s)
{
    size_t n = s.len >= MASK_BYTES && memcmp(s.data, MASK, MASK_BYTES) == 0 ? MASK_BYTES : 0;
    while (n < s.len && (!ends_secret(s.data[n]) || (n && s.data[n] && is_within(from(s, n)))))
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

/* The key ids of AWS: four letters and sixteen capitals or digits. */
static bool is_aws_key(span word)
{
    if (word.len != 20 || (memcmp(word.data, "AKIA", 4) != 0 && memcmp(word.data, "ASIA", 4) != 0))
        return false;
    for (size_t i = 4; i < word.len; i++)
        if (!is_digit(word.data[i]) && !(word.data[i] >= 'A' && word.data[i] <= 'Z'))
            return false;
    return true;
}

/* Tokens that are known by how they begin. */
static size_t known_len(span s)
{
    static const char *const begin[] = {"ghp_", "gho_", "github_pat_", "xoxb-", "xoxp-"};
    size_t jwt = jwt_len(s), n = word_len(s);
    if (jwt)
        return jwt;
    for (size_t i = 0; i < sizeof begin / sizeof begin[0]; i++) {
        size_t len = strlen(begin[i]);
        if (n >= len + MIN_KNOWN_BYTES && memcmp(s.data, begin[i], len) == 0)
            return n;
    }
    return is_aws_key((span){s.data, n}) ? n : 0;
}

/* Does what stands before the first '/' end in a port, or is it a bare host? */
static bool is_host_port(span s)
{
    size_t at = 0;
    if (s.len && s.data[0] == '[') /* an IPv6 address */
        while (at < s.len && s.data[at] != ']')
            at++;
    while (at < s.len && s.data[at] != ':')
        at++;
    if (at == s.len)
        return true;
    size_t digits = at + 1;
    while (digits < s.len && is_digit(s.data[digits]))
        digits++;
    return digits == s.len && digits > at + 1;
}

/* scheme://user:password@host: how many bytes of userinfo follow "://", 0 for none. A password may
 * have '@', and one that nobody percent-encoded '/', '?' or '#' too. */
static size_t userinfo_len(span s)
{
    size_t authority = 0, end = 0, userinfo = 0;
    while (authority < s.len && !ends_url(s.data[authority]) && !strchr("/?#", s.data[authority]))
        authority++;
    while (end < s.len && !ends_url(s.data[end]))
        end++;
    bool plain = memchr(s.data, '@', authority) || is_host_port((span){s.data, authority});
    for (size_t n = 0; n < (plain ? authority : end); n++)
        if (s.data[n] == '@')
            userinfo = n;
    return userinfo;
}

static bool ends_with(span name, const char *word)
{
    size_t n = strlen(word);
    return name.len >= n && ld_text_same_word(name.data + name.len - n, word, n);
}

/* Their values have blanks and commas in them. */
static bool is_header_name(span name)
{
    return ends_with(name, "authorization") || ends_with(name, "cookie");
}

static bool is_dsn_name(span name)
{
    return ends_with(name, "dsn") || ends_with(name, "connection_string") ||
           ends_with(name, "connectionstring");
}

static bool is_secret_name(span name)
{
    static const char *const parts[] = {"token",          "secret",     "passw",      "apikey",
                                        "api_key",        "api-key",    "credential", "private_key",
                                        "authorization",  "access_key", "cookie",     "session_id",
                                        "session-id",     "sessionid",  "sessid",     "session_key",
                                        "honeycomb-team", "passphrase"};
    /* Short words: within others, like compass and bypass, they mean nothing. */
    static const char *const whole[] = {"session", "pass", "pwd"};
    static const char *const last[] = {"_pass", "-pass", "_pwd", "-pwd"};
    if (is_dsn_name(name))
        return true;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (name.len == strlen(whole[i]) && ends_with(name, whole[i]))
            return true;
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++)
        if (ends_with(name, last[i]))
            return true;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t n = strlen(parts[i]);
        for (size_t at = 0; at + n <= name.len; at++)
            if (ld_text_same_word(name.data + at, parts[i], n))
                return true;
    }
    return false;
}

static size_t blanks_len(span s)
{
    size_t n = 0;
    while (n < s.len && s.data[n] == ' ')
        n++;
    return n;
}

/* A quote, plain or behind backslashes: JSON within a text has them. 0 when there is none. */
static size_t quote_len(span s)
{
    size_t n = 0;
    while (n < s.len && s.data[n] == '\\')
        n++;
    return n < s.len && is_quote(s.data[n]) ? n + 1 : 0;
}

/* name=value, name: value, "name": "value", name%3Dvalue: bytes between the end of the name and the
 * value, and the quote that opens the value. 0 when no value follows. */
static size_t separator_len(span s, span *quote)
{
    size_t n = encoded_separator_len(s);
    if (n)
        return n;
    n = quote_len(s);
    size_t blanks = blanks_len(from(s, n));
    if (n || (blanks < s.len && s.data[blanks] == '='))
        n += blanks;
    if (n == s.len || (s.data[n] != '=' && s.data[n] != ':'))
        return 0;
    n++;
    n += blanks_len(from(s, n));
    *quote = (span){s.data + n, quote_len(from(s, n))};
    return n + quote->len;
}

/* To the closing quote; to the end of the line when there is none: it was cut. */
static size_t quoted_len(span s, span quote)
{
    size_t n = 0;
    for (; n < s.len && s.data[n] != '\n'; n++) {
        size_t close = quote_len(from(s, n));
        if (close == quote.len && s.data[n + close - 1] == quote.data[quote.len - 1])
            return n;
        if (close) /* another quote, or an escaped one: part of the value */
            n += close - 1;
    }
    return n;
}

/* A header: to the end of the line or the quote around it; name="value" within it is its part. */
static size_t header_len(span s)
{
    size_t n = 0;
    while (n < s.len && s.data[n] != '\n' && s.data[n] != '\r') {
        span quote = {s.data + n, quote_len(from(s, n))};
        if (quote.len && (n == 0 || s.data[n - 1] != '='))
            return n;
        n += quote.len ? quote.len + quoted_len(from(s, n + quote.len), quote) : 1;
        n += quote.len ? quote_len(from(s, n)) : 0;
    }
    return n;
}

static size_t value_len(span name, span value, span quote)
{
    if (quote.len)
        return quoted_len(value, quote);
    if (is_header_name(name))
        return header_len(value);
    if (!is_dsn_name(name))
        return secret_len(value);
    size_t n = 0;
    while (n < value.len && !ends_url(value.data[n]))
        n++;
    return n;
}

/* The name and its value, or the name alone when it is no secret. */
static size_t step_name(span s, ld_text *out)
{
    span name = {s.data, word_len(s)}, quote = {NULL, 0};
    size_t n = name.len, separator = separator_len(from(s, n), &quote);
    if (!separator || !is_secret_name(name)) {
        ld_text_add_bytes(out, s.data, n);
        return n;
    }
    n += separator;
    n += scheme_len(from(s, n));
    ld_text_add_bytes(out, s.data, n);
    size_t secret = value_len(name, from(s, n), quote);
    ld_text_add(out, secret ? MASK : "");
    return n + secret;
}

static size_t step_scheme(span s, size_t scheme, ld_text *out)
{
    size_t n = secret_len(from(s, scheme));
    ld_text_add_bytes(out, s.data, scheme);
    if (n < MIN_BEARER_BYTES)
        return scheme;
    ld_text_add(out, MASK);
    return scheme + n;
}

/* Copies one piece to out and returns how many bytes of the input it stood for. */
static size_t step(span s, bool at_word, bool names, ld_text *out)
{
    if (names && starts(s, "-----BEGIN ")) { /* key material to the end, whatever it is */
        ld_text_add(out, MASK);
        return s.len;
    }
    if (starts(s, "://")) {
        size_t n = userinfo_len(from(s, 3));
        ld_text_add(out, n ? "://" MASK : "://");
        return 3 + n;
    }
    size_t known = at_word ? known_len(s) : 0;
    if (known) {
        ld_text_add(out, MASK);
        return known;
    }
    size_t scheme = at_word && names ? scheme_len(s) : 0;
    if (scheme)
        return step_scheme(s, scheme, out);
    if (at_word && names && is_word(s.data[0]))
        return step_name(s, out);
    if (s.data[0] == '\0')
        ld_text_add(out, "\xef\xbf\xbd");
    else
        ld_text_add_bytes(out, s.data, 1);
    return 1;
}

static leakdiag_status redact(span s, bool names, char **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text out = {0};
    for (size_t i = 0; i < s.len;) {
        bool at_word = i == 0 || !is_word(s.data[i - 1]);
        i += step(from(s, i), at_word, names, &out);
    }
    return ld_text_take(&out, ret, err);
}

leakdiag_status ld_redact(const char *data, size_t len, char **ret, leakdiag_error *err)
{
    return redact((span){data, len}, true, ret, err);
}

leakdiag_status ld_redact_known(const char *data, size_t len, char **ret, leakdiag_error *err)
{
    return redact((span){data, len}, false, ret, err);
}
