#include "net/certificate.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "net/secret.h"

#define BEGIN            "-----BEGIN CERTIFICATE-----"
#define END              "-----END CERTIFICATE-----"
#define CERTIFICATES_MAX 1000

enum { SEQUENCE = 0x30, UTC_TIME = 0x17, GENERALIZED_TIME = 0x18, VERSION = 0xa0 };

typedef struct der {
    const unsigned char *data;
    size_t len;
} der;

/* Takes one element off; its tag, or -1 when it is cut or too long. */
static int take(der *from, der *content)
{
    if (from->len < 2)
        return -1;
    int tag = from->data[0];
    size_t len = from->data[1], head = 2;
    if (len & 0x80) {
        size_t n = len & 0x7f;
        if (n == 0 || n > 3 || from->len < 2 + n)
            return -1;
        for (len = 0; head < 2 + n; head++)
            len = len << 8 | from->data[head];
    }
    if (len > from->len - head)
        return -1;
    *content = (der){from->data + head, len};
    *from = (der){from->data + head + len, from->len - head - len};
    return tag;
}

/* "241203100000Z" or "20241203100000Z"; 0 for what is neither. */
static int64_t time_of(int tag, der text)
{
    char rfc3339[32];
    size_t year = tag == UTC_TIME ? 2 : 4;
    int64_t ms = 0;
    if ((tag != UTC_TIME && tag != GENERALIZED_TIME) || text.len != year + 11)
        return 0;
    const char *p = (const char *)text.data;
    const char *century = tag == GENERALIZED_TIME ? "" : *p >= '5' ? "19" : "20";
    snprintf(rfc3339, sizeof rfc3339, "%s%.*s-%.2s-%.2sT%.2s:%.2s:%.2sZ", century, (int)year, p,
             p + year, p + year + 2, p + year + 4, p + year + 6, p + year + 8);
    return ld_rfc3339_parse(rfc3339, strlen(rfc3339), &ms) == strlen(rfc3339) ? ms : 0;
}

/* Certificate { tbsCertificate { [version], serial, signature, issuer, validity { , notAfter … */
static int64_t not_after(der certificate)
{
    der outer, inner, skipped, validity, text;
    if (take(&certificate, &outer) != SEQUENCE || take(&outer, &inner) != SEQUENCE)
        return 0;
    if (inner.len && inner.data[0] == VERSION && take(&inner, &skipped) < 0)
        return 0;
    for (int i = 0; i < 3; i++)
        if (take(&inner, &skipped) < 0)
            return 0;
    if (take(&inner, &validity) != SEQUENCE || take(&validity, &skipped) < 0)
        return 0;
    int tag = take(&validity, &text);
    return tag < 0 ? 0 : time_of(tag, text);
}

leakdiag_status ld_certificate_expires(const char *pem, bool latest_of_all, int64_t *ret_ms,
                                       leakdiag_error *err)
{
    int64_t latest = 0;
    const char *begin = strstr(pem, BEGIN), *end;
    for (int i = 0; begin && i < CERTIFICATES_MAX; i++, begin = strstr(end, BEGIN)) {
        begin += sizeof BEGIN - 1;
        end = strstr(begin, END);
        if (!end)
            break;
        LD_SECRET *data = NULL;
        size_t len = 0;
        leakdiag_status status = ld_base64_decode(begin, (size_t)(end - begin), &data, &len, NULL);
        if (status == LEAKDIAG_E_NOMEM)
            return ld_fail_nomem(err);
        int64_t ms = status ? 0 : not_after((der){(const unsigned char *)data, len});
        latest = ms > latest ? ms : latest;
        if (!latest_of_all)
            break;
    }
    *ret_ms = latest;
    return LEAKDIAG_OK;
}
