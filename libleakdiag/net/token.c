#include "net/token.h"

#include <string.h>

#include "base/json.h"
#include "base/number.h"
#include "net/secret.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void ld_token_trim(char *token)
{
    size_t len = strlen(token), from = 0, to = len;
    while (from < to && is_space(token[from]))
        from++;
    while (to > from && is_space(token[to - 1]))
        to--;
    memmove(token, token + from, to - from);
    explicit_bzero(token + (to - from), len - (to - from));
}

leakdiag_status ld_token_check(const char *token, leakdiag_error *err)
{
    if (!*token)
        return ld_fail(err, LEAKDIAG_E_INVALID, "token is empty");
    for (size_t i = 0; token[i]; i++) {
        unsigned char c = (unsigned char)token[i];
        if (c < 0x20 || c == 0x7f)
            return ld_fail(err, LEAKDIAG_E_INVALID, "token has control byte at offset %zu", i);
    }
    return LEAKDIAG_OK;
}

int64_t ld_token_expires_ms(const char *token)
{
    static const ld_json_limits limits = {.bytes = 65536, .depth = 16, .values = 10000};
    const char *claims = strchr(token, '.');
    const char *end = claims ? strchr(claims + 1, '.') : NULL;
    LD_SECRET *text = NULL;
    LD_JSON *json = NULL;
    size_t len;
    double exp;
    if (!end || ld_base64_decode(claims + 1, (size_t)(end - claims - 1), &text, &len, NULL) ||
        ld_json_parse(text, len, &limits, &json, NULL) || !ld_json_get_number(json, "exp", &exp))
        return 0;
    return exp > 0 ? ld_ms_from_double(exp * 1000) : 0;
}
