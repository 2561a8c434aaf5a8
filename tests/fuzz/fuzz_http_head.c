/* Any bytes as a URL (the first line) and as header lines that follow. What is taken as a URL must
 * mean the same to libcurl, or a credential could go where nobody looked. */
#include <curl/curl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/intake.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool fine)
{
    if (!fine)
        abort();
}

static void require_part(CURLU *url, CURLUPart part, const char *text, size_t len)
{
    char *other = NULL;
    require(curl_url_get(url, part, &other, CURLU_DEFAULT_PORT) == CURLUE_OK);
    require(strlen(other) == len && ld_text_same_word(other, text, len));
    curl_free(other);
}

/* libcurl writes "127.1" and "[0::1]" in their usual forms. */
static bool may_be_rewritten(const ld_url *url)
{
    return url->host[0] == '[' || (url->host[0] >= '0' && url->host[0] <= '9');
}

static void check_url(const char *text)
{
    ld_url url;
    char port[8], *unwanted = NULL;
    if (ld_url_parse(text, &url, NULL))
        return;
    CURLU *other = curl_url();
    require(other != NULL);
    require(curl_url_set(other, CURLUPART_URL, text, CURLU_PATH_AS_IS) == CURLUE_OK);
    snprintf(port, sizeof port, "%d", url.port);
    require_part(other, CURLUPART_SCHEME, url.is_tls ? "https" : "http", url.is_tls ? 5 : 4);
    require_part(other, CURLUPART_PORT, port, strlen(port));
    if (!may_be_rewritten(&url))
        require_part(other, CURLUPART_HOST, url.host, url.host_len);
    require(curl_url_get(other, CURLUPART_USER, &unwanted, 0) == CURLUE_NO_USER);
    require(curl_url_get(other, CURLUPART_FRAGMENT, &unwanted, 0) == CURLUE_NO_FRAGMENT);
    require(ld_url_same_origin(&url, &url));
    curl_url_cleanup(other);
}

static void check_head(const char *data, size_t len)
{
    ld_http_request request = {.url = "http://h/"};
    ld_intake intake;
    ld_intake_start(&intake, &request, false);
    for (size_t at = 0; at < len;) {
        const char *end = memchr(data + at, '\n', len - at);
        size_t n = end ? (size_t)(end - data) - at + 1 : len - at;
        if (!ld_intake_header(&intake, data + at, n))
            break;
        at += n;
    }
    int64_t wait_ms = ld_intake_retry_after_ms(&intake);
    require(wait_ms >= -1 && wait_ms <= LD_HTTP_RETRY_AFTER_MAX_MS);
    require(intake.date_ms >= 0);
    require(intake.status >= 0 && intake.status <= 999);
    require(memchr(intake.content_type, '\0', sizeof intake.content_type) != NULL);
    require(memchr(intake.redirect_host, '\0', sizeof intake.redirect_host) != NULL);
    require(!strpbrk(intake.audit_id, "\r\n\x1b") && !strpbrk(intake.encoding, "\r\n\x1b"));
    bool is_taken = ld_intake_body(&intake, "x", 1);
    require(is_taken == (intake.encoding[0] == '\0'));
    ld_http_request_done(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *bytes = (const char *)data;
    const char *end = len ? memchr(bytes, '\n', len) : NULL;
    size_t url_len = end ? (size_t)(end - bytes) : len;
    char *url = strndup(bytes, url_len);
    require(url != NULL);
    check_url(url);
    free(url);
    if (end) {
        char *head = malloc(len - url_len); /* of its own, so that a byte too far is seen */
        require(head != NULL);
        memcpy(head, end + 1, len - url_len - 1);
        check_head(head, len - url_len - 1);
        free(head);
    }
    return 0;
}
