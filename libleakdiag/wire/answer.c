#include "wire/answer.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/redact.h"

#define BODY_SHOWN_BYTES 80
#define MASKED_BYTES     4096 /* looked at for secrets: far more than is shown */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool ld_answer_says_json(const ld_answer *answer)
{
    const char *type = answer->content_type;
    if (!type)
        return false;
    size_t len = strcspn(type, "; \t");
    static const char whole[] = "application/json", end[] = "+json";
    const size_t n = sizeof end - 1;
    bool plain = len == sizeof whole - 1 && ld_text_same_word(type, whole, len);
    bool suffix = len > n && ld_text_same_word(type + len - n, end, n);
    return plain || suffix;
}

bool ld_answer_looks_like_json(const ld_answer *answer)
{
    size_t i = 0;
    while (i < answer->len && is_blank(answer->body[i]))
        i++;
    return i < answer->len && (answer->body[i] == '{' || answer->body[i] == '[');
}

/* Cut between characters, so that no half of one is left to be escaped. */
static size_t cut(const char *data, size_t len, size_t max)
{
    if (len <= max)
        return len;
    size_t n = max;
    while (n > 0 && ((unsigned char)data[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/* Masking comes before cutting: the beginning of a secret would not be known as one. */
static void add_cut(ld_text *detail, const char *data, size_t len, size_t max)
{
    LD_CLEANUP(ld_releasep) char *masked = NULL;
    LD_CLEANUP(ld_text_done) ld_text safe = {0};
    if (ld_redact(data, len < MASKED_BYTES ? len : MASKED_BYTES, &masked, NULL)) {
        detail->failed = true;
        return;
    }
    size_t shown = strlen(masked);
    ld_text_add_safe(&safe, masked, cut(masked, shown, max));
    detail->failed |= safe.failed;
    /* Escapes are longer than what they stand for, so the safe text is bounded too. */
    size_t n = cut(safe.data ? safe.data : "", safe.len, max);
    ld_text_add_bytes(detail, safe.data ? safe.data : "", n);
    if (shown > max || len > MASKED_BYTES || safe.len > n)
        ld_text_add(detail, "…");
}

void ld_detail_add(ld_text *detail, const char *data, size_t len)
{
    add_cut(detail, data, len, LD_DETAIL_BYTES);
}

/* The first bytes of a body, each run of blanks and newlines as one blank. */
static void add_beginning(ld_text *detail, const char *body, size_t len)
{
    char shown[MASKED_BYTES];
    size_t n = 0;
    for (size_t i = 0; i < len && n < sizeof shown; i++)
        if (!is_blank(body[i]))
            shown[n++] = body[i];
        else if (n > 0 && shown[n - 1] != ' ')
            shown[n++] = ' ';
    if (n > 0 && n < sizeof shown && shown[n - 1] == ' ')
        n--;
    add_cut(detail, shown, n, BODY_SHOWN_BYTES);
}

void ld_detail_add_answer(ld_text *detail, const ld_answer *answer)
{
    const char *type = answer->content_type ? answer->content_type : "";
    ld_text_addf(detail, "HTTP %d", answer->status);
    if (!*type && answer->len == 0) {
        ld_text_add(detail, " with an empty body");
        return;
    }
    ld_text_add(detail, " (");
    add_cut(detail, *type ? type : "no content type", *type ? strlen(type) : 15, 60);
    ld_text_add(detail, answer->len ? ": " : ", empty");
    add_beginning(detail, answer->body, answer->len);
    ld_text_add(detail, ")");
}

bool ld_detail_add_refusal(ld_text *detail, const ld_answer *answer)
{
    int status = answer->status;
    if (status >= 300 && status < 400) {
        const char *host = answer->redirect_host ? answer->redirect_host : "";
        ld_text_addf(detail, "HTTP %d: redirect", status);
        if (*host) {
            ld_text_add(detail, " to ");
            add_cut(detail, host, strlen(host), 80);
        }
        ld_text_add(detail, " not followed; is there a login in front of it?");
    } else if (status == 401 || status == 407)
        ld_text_addf(detail, "HTTP %d: it wants credentials", status);
    else if (status == 403)
        ld_text_add(detail, "HTTP 403: these credentials have no right to ask");
    else if (status == 429)
        ld_text_add(detail, "HTTP 429: asked too often; try again later");
    else
        return false;
    return true;
}
