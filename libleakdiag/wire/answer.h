/* One HTTP answer, as the codecs take it: bytes and what stood around them. No I/O. */
#ifndef LD_WIRE_ANSWER_H
#define LD_WIRE_ANSWER_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

#define LD_DETAIL_BYTES 200 /* at most so much outside text in one detail */

/* All borrowed. */
typedef struct ld_answer {
    const char *method; /* "GET" or "POST" */
    int status;
    const char *content_type;  /* "" or NULL when it was not said */
    const char *redirect_host; /* of a 3xx; "" or NULL for none */
    const char *body;
    size_t len;
    int64_t latency_ms;
    int64_t now_ms; /* when it was given: the other side's clock if it said so; 0 = not known */
    int64_t retry_after_s; /* header Retry-After; 0 = not said */
} ld_answer;

/* application/json, application/problem+json, … */
bool ld_answer_says_json(const ld_answer *answer);
/* The first non-blank byte opens an object or a list. */
bool ld_answer_looks_like_json(const ld_answer *answer);

/* Outside text on one line, made safe, cut to LD_DETAIL_BYTES with a "…". */
void ld_detail_add(ld_text *detail, const char *data, size_t len);
/* "HTTP 502 (text/html: <html>…)": status, type and the beginning of the body. */
void ld_detail_add_answer(ld_text *detail, const ld_answer *answer);
/* For a status that says no more than itself: false when it is none of 3xx, 401, 403, 407, 429. */
bool ld_detail_add_refusal(ld_text *detail, const ld_answer *answer);

#endif
