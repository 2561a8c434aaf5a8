/* What comes in as an answer, counted and put where it belongs: the same for libcurl and for a
 * transport of one's own. */
#ifndef LD_NET_INTAKE_H
#define LD_NET_INTAKE_H

#include "net/http.h"

typedef struct ld_intake {
    ld_http_request *request;
    size_t body_max_bytes;
    bool may_retry; /* an answer that asks for it is retried: its body is held back */
    /* what came; of the last head when there were several (100 Continue) */
    size_t head_bytes;
    int status;
    bool has_head; /* to its end */
    bool has_body; /* some of it came */
    int64_t date_ms;
    char retry_after[40]; /* as it came, cut */
    char content_type[sizeof((ld_http_request *)0)->content_type];
    char redirect_host[sizeof((ld_http_request *)0)->redirect_host];
    char audit_id[sizeof((ld_http_request *)0)->audit_id];
    char encoding[32]; /* "" or what the body is compressed with, made safe */
    /* why it was stopped */
    bool head_too_large, body_too_large, is_encoded, is_stopped, out_of_memory;
} ld_intake;

void ld_intake_start(ld_intake *intake, ld_http_request *request, bool may_retry);
/* One header line, with or without its line end; also the status line. False: stop. */
bool ld_intake_header(ld_intake *intake, const char *line, size_t len);
/* Some of the body. False: stop. */
bool ld_intake_body(ld_intake *intake, const char *data, size_t len);
/* The answer is whole, and it stays: a body that was held back goes where it belongs. */
void ld_intake_keep(ld_intake *intake);
/* What Retry-After says, at most LD_HTTP_RETRY_AFTER_MAX_MS; -1 when it says nothing. */
int64_t ld_intake_retry_after_ms(const ld_intake *intake);
/* 429, 502, 503, 504. */
bool ld_intake_asks_for_retry(int status);
/* "Mon, 23 Nov 2026 13:09:31 GMT" in ms; 0 when it is none. */
int64_t ld_http_date(const char *text);

#endif
